"""What else was written of a subject."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.articles.related import related
from bot.words.normaliser import Normaliser
from storage import Feed, Paragraph, Span, Storage, Stored
from tests.storage.newsroom import DAY, NOW, feed, private_feed, publish

BRIDGE = (
    "Реставрация Каменного моста в Заречье началась в понедельник. Мост закрыт для грузовиков.",
    "Подрядчик обещает открыть Каменный мост в Заречье к зиме, реставрация идёт по графику.",
    "Жители Заречья жалуются на объезд: Каменный мост закрыт, автобусы идут вкругаля.",
)
OTHERS = (
    "Сборная по шахматам выиграла олимпиаду, решающую партию сыграла Анна Лебедева.",
    "Центральный банк сохранил ключевую ставку, инфляция замедлилась второй месяц подряд.",
    "Учёные описали новый вид бабочек, найденный студентами в горах Алтая.",
)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with Storage.open(tmp_path / "newsboy.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


async def write(
    storage: Storage,
    normaliser: Normaliser,
    of: Feed,
    text: str,
    *,
    age: timedelta = DAY,
    story_id: int | None = None,
) -> Stored:
    title, _, rest = text.partition(". ")
    return await publish(
        storage,
        of,
        f"{text[:20]} {of.id}",
        title=title,
        standfirst="",
        summary=rest or title,
        body=(Paragraph((Span(text),)),),
        published=NOW - age,
        search_title=normaliser.text(title),
        search_body=normaliser.text(text),
        story_id=story_id,
    )


async def ask(
    storage: Storage, normaliser: Normaliser, stored: Stored, reader: int | None = None
) -> list[int]:
    article = await storage.articles.get(stored.article_id)
    found = await related(storage, normaliser, article, now=NOW, limit=5, reader=reader)
    return [one.article_id for one in found]


async def test_other_stories_of_the_subject_and_nothing_else(
    storage: Storage, normaliser: Normaliser
) -> None:
    of = await feed(storage)
    bridge = [await write(storage, normaliser, of, text) for text in BRIDGE]
    for text in OTHERS:
        await write(storage, normaliser, of, text)
    ids = [one.article_id for one in bridge]
    assert set(await ask(storage, normaliser, bridge[0])) == set(ids[1:])
    assert set(await ask(storage, normaliser, bridge[2])) == set(ids[:2])


async def test_what_nobody_else_wrote_of_has_no_relatives(
    storage: Storage, normaliser: Normaliser
) -> None:
    of = await feed(storage)
    alone = await write(storage, normaliser, of, OTHERS[0])
    for text in BRIDGE:
        await write(storage, normaliser, of, text)
    assert await ask(storage, normaliser, alone) == []


async def test_its_own_story_is_left_out_and_others_come_once(
    storage: Storage, normaliser: Normaliser
) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    first = await write(storage, normaliser, one, BRIDGE[0])
    await write(storage, normaliser, two, BRIDGE[0], story_id=first.story_id)
    other = await write(storage, normaliser, one, BRIDGE[1])
    await write(storage, normaliser, two, BRIDGE[1], story_id=other.story_id)
    assert await ask(storage, normaliser, first) == [other.article_id]


async def test_after_a_month_it_is_history(storage: Storage, normaliser: Normaliser) -> None:
    of = await feed(storage)
    first = await write(storage, normaliser, of, BRIDGE[0])
    await write(storage, normaliser, of, BRIDGE[1], age=31 * DAY)
    assert await ask(storage, normaliser, first) == []


async def test_of_readers_own_sources_only_the_readers(
    storage: Storage, normaliser: Normaliser
) -> None:
    of, own = await feed(storage), await private_feed(storage, 7)
    first = await write(storage, normaliser, of, BRIDGE[0])
    mine = await write(storage, normaliser, own, BRIDGE[1])
    assert await ask(storage, normaliser, first, reader=7) == [mine.article_id]
    assert await ask(storage, normaliser, first, reader=8) == []
    assert await ask(storage, normaliser, first) == []
    assert await ask(storage, normaliser, mine, reader=7) == [first.article_id]
