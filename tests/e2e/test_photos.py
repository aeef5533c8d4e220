"""Pushes as photos: the real bot, the newspaper's pictures, the strict sandbox."""

import asyncio
from dataclasses import replace

from tests.e2e.conftest import Town
from tests.e2e.test_day import buttons, ready


async def test_a_push_is_a_photo_whose_text_is_read_below_it(town: Town) -> None:
    """One file serves all readers; the text comes below the photo, and folds again."""
    await town.newsboy(PUSH_PICTURES="photo")
    readers = [await town.people.create_user(language_code="ru") for _ in range(3)]
    for person in readers:
        await town.people.ask(person, "/start")
    await ready(town, readers[0])
    seen = [(await town.people.messages(person))[-1]["id"] for person in readers]
    paper = town.newspaper
    illustrated = next(
        one.manuscript
        for one in paper.edition("vestnik").newest(30)
        if one.manuscript.picture is not None and len(one.manuscript.body) > 4
    )
    paper.publish(replace(illustrated, slug="falcon", title="Над городом кружит редкий сокол"))
    pushes = await asyncio.gather(
        *(
            town.people.wait_message(person, after=last, contains="сокол", timeout=20)
            for person, last in zip(readers, seen, strict=True)
        )
    )
    assert len({push["photo"]["file_id"] for push in pushes}) == 1
    anna, push = readers[0], pushes[0]
    assert buttons(push)[:1] == ["Читать"]

    await town.people.press(anna, push["id"], "Читать")
    text = await town.people.wait_message(anna, after=push["id"])
    assert "photo" not in text
    assert len(text["text"]) > len(push["text"])

    async def photo_with(label: str) -> bool:
        shown = {one["id"]: one for one in await town.people.messages(anna)}[push["id"]]
        return "photo" in shown and label in buttons(shown)

    await town.until(lambda: photo_with("Свернуть"))
    await town.people.press(anna, push["id"], "Свернуть")
    await town.until(lambda: photo_with("Читать"))

    async def gone() -> bool:
        return text["id"] not in {one["id"] for one in await town.people.messages(anna)}

    await town.until(gone)  # the card first: should the text stay, the screen is only longer
