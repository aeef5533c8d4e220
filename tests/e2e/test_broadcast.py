"""The operator writes to all readers: the real process, killed in the middle, tells each once."""

from storage import Storage
from tests.e2e.conftest import Town


async def test_a_broadcast_reaches_each_reader_once_through_a_kill(town: Town) -> None:
    people = [await town.people.create_user(language_code="ru") for _ in range(8)]
    admin, *readers = people
    settings = {"ADMINS": str(admin), "MESSAGES_PER_SECOND": "4", "DEFAULT_ALERTS": "off"}
    newsboy = await town.newsboy(**settings)
    for person in people:
        await town.people.ask(person, "/start")
    await town.people.ask(admin, "/broadcast Завтра бот отдыхает", contains="Отправить?")
    question = await town.people.ask(
        admin, "/broadcast Сегодня бот работает", contains="Отправить?"
    )
    await town.people.press(admin, question["id"], "Отправить")

    async def some_sent() -> bool:
        return await _sent(town) >= 2

    await town.until(some_sent, 30)
    await newsboy.kill()
    await town.newsboy(**settings)

    async def all_sent() -> bool:
        return await _sent(town) == len(people)

    await town.until(all_sent, 30)
    told: list[int] = []
    for reader in readers:
        texts = [one.get("text", "") for one in await town.people.messages(reader)]
        told.append(sum("Сегодня бот работает" in text for text in texts))
        assert not any("отдыхает" in text for text in texts)
    assert min(told) == 1
    assert sum(told) - len(told) <= 2  # what was in flight


async def _sent(town: Town) -> int:
    async with Storage.open_readonly(town.folder / "newsboy.db") as storage:
        return sum(one.sent for one in await storage.insight.broadcasts())
