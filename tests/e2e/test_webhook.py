"""Telegram posts the updates; then the bot is started without the address, and polls again."""

import asyncio
import socket

import pytest

from tests.e2e.conftest import Town
from tests.web.pem import make_pair


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_webhook_and_back_to_polling(town: Town) -> None:
    """Nothing is lost on the way, whoever had the updates before."""
    port = free_port()
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
    assert "a webhook was set for this bot; it was removed" in bot.output()
    assert await bot.stop() == 0


async def test_a_certificate_of_its_own(town: Town) -> None:
    """Telegram trusts what it was shown and nothing else; what waits while polling stops comes."""
    port = free_port()
    pair = await asyncio.to_thread(make_pair, town.folder)
    reader = await town.people.create_user(language_code="ru")
    bot = await town.newsboy()
    assert await bot.stop() == 0
    await town.people.send_text(reader, "/start")
    bot = await town.newsboy(
        said="updates come to",
        WEBHOOK_URL=f"https://localhost:{port}",
        WEBHOOK_LISTEN=f"127.0.0.1:{port}",
        WEBHOOK_CERTIFICATE=str(pair.certificate),
        WEBHOOK_KEY=str(pair.key),
    )
    await town.people.wait_message(reader, contains="Здравствуйте")
    hook = town.sandbox.state.webhook
    assert hook is not None
    assert hook.certificate == pair.certificate.read_text()
    # Somebody else's certificate in Telegram's hands: nothing gets through, and Telegram says why.
    (town.folder / "other").mkdir()
    other = await asyncio.to_thread(make_pair, town.folder / "other")
    hook.certificate = other.certificate.read_text()
    await town.people.send_text(reader, "/help")
    await town.until(lambda: "certificate verify failed" in (hook.last_error or (0, ""))[1])
    assert await bot.stop() == 0


async def test_a_certificate_that_will_not_do_is_one_line(town: Town) -> None:
    pair = await asyncio.to_thread(make_pair, town.folder, "other.example")
    with pytest.raises(
        AssertionError, match=r"is not for localhost, the host in WEBHOOK_URL"
    ) as end:
        await town.newsboy(
            WEBHOOK_URL="https://localhost:8443",
            WEBHOOK_CERTIFICATE=str(pair.certificate),
            WEBHOOK_KEY=str(pair.key),
        )
    assert "Traceback" not in str(end.value)
