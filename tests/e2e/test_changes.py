"""A story that was told and then changed: its message says so, where it stands, without a sound."""

from typing import Any

from storage import Storage
from tests.e2e.conftest import Town
from tests.e2e.test_day import ready


async def told(town: Town, url: str, person: int) -> dict[str, Any]:
    """The push that told a reader of a newspaper's article."""
    title = next(
        one.manuscript.title
        for key in ("vestnik", "chronicle", "courier")
        for one in town.newspaper.edition(key).newest()
        if url.endswith(one.path)
    )
    message: dict[str, Any] = await town.people.wait_message(person, contains=title, timeout=30)
    return message


async def shown(town: Town, person: int, message_id: int) -> str:
    return next(
        str(one["text"]) for one in await town.people.messages(person) if one["id"] == message_id
    )


async def test_a_told_story_is_corrected_and_then_withdrawn(town: Town) -> None:
    await town.newsboy()
    reader, opener = await town.people.create_users(2)
    for one in (reader, opener):
        await town.people.ask(one, "/start")
    await ready(town, reader)
    url = town.newspaper.publish()
    push, opened = await told(town, url, reader), await told(town, url, opener)
    await town.people.press(opener, opened["id"], "Читать")
    before = len(await town.people.messages(reader))
    town.newspaper.correct(url, title="Совсем другой заголовок")

    async def both_say(*words: str) -> bool:
        texts = [
            await shown(town, reader, push["id"]),
            await shown(town, opener, opened["id"]),
        ]
        return all(word in text for word in words for text in texts)

    await town.until(lambda: both_say("Совсем другой заголовок", "Обновлено"), 40)
    town.newspaper.remove(url)
    await town.until(lambda: both_say("Страница недоступна"), 40)
    assert len(await town.people.messages(reader)) == before, "nothing came anew"
    latest = await town.people.ask(reader, "/latest", contains="/full_")
    assert "Совсем другой заголовок" not in latest["text"]

    async def all_done() -> bool:
        async with Storage.open_readonly(town.folder / "newsboy.db") as storage:
            return await storage.corrections.open_corrections() == []

    await town.until(all_done, 10)
