"""Telegram posts the updates; then the bot is started without the address, and polls again."""

import socket

from tests.e2e.conftest import Town


async def test_webhook_and_back_to_polling(town: Town) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bot = await town.newsboy(
        said="updates come to",
        WEBHOOK_URL=f"http://127.0.0.1:{port}",
        WEBHOOK_LISTEN=f"127.0.0.1:{port}",
    )
    reader = await town.people.create_user(language_code="ru")
    await town.people.send_text(reader, "/start")

    async def greeted(times: int) -> bool:
        return (await town.people.tally("Здравствуйте")).get(reader, 0) >= times

    await town.until(lambda: greeted(1))
    assert await bot.stop() == 0
    await town.people.send_text(reader, "/start")
    bot = await town.newsboy()
    await town.until(lambda: greeted(2))
    assert await bot.stop() == 0
