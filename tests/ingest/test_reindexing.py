"""After an upgrade of the normaliser the index is made anew, beside everything else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.ingest import reindexing
from bot.ingest.reindexing import PROGRESS, index_in_step, rebuild
from bot.words.normaliser import NORMALISER_VERSION, Normaliser
from storage import FollowKind, Heading, Level, Mute, Paragraph, Span, Storage, Subscription
from tests.storage.newsroom import NOW, draft, feed, reader

OLD, NEW = "0", NORMALISER_VERSION


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with Storage.open(tmp_path / "newsboy.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


async def publish(storage: Storage, count: int) -> list[int]:
    """Articles that an older version indexed by words of its own."""
    of = await feed(storage)
    ids = []
    for number in range(count):
        made = draft(
            of,
            str(number),
            title=f"Найдены бабочки {number}",
            standfirst="Учёные довольны.",
            body=(Heading("Подробности"), Paragraph((Span("Их было двенадцать."),))),
            search_title="прежний",
            search_body="способ",
        )
        ids.append((await storage.articles.store(made, now=NOW)).article_id)
    return ids


async def found(storage: Storage, normaliser: Normaliser, words: str) -> int:
    keys, _ = await storage.search.keys(normaliser.query_terms(words), now=NOW)
    return len(keys)


async def test_an_empty_store_only_notes_the_version(
    storage: Storage, normaliser: Normaliser
) -> None:
    assert await rebuild(storage, normaliser) == 0
    assert await storage.search.normaliser_version() == str(NEW)


async def test_an_index_that_names_no_version_is_the_first_ones(
    storage: Storage, normaliser: Normaliser
) -> None:
    await publish(storage, 2)
    assert await rebuild(storage, normaliser, version=1) == 0
    assert await found(storage, normaliser, "бабочка") == 0
    await storage.search.set_normaliser_version("1")
    assert await rebuild(storage, normaliser, version=2) == 2


async def test_all_articles_are_found_by_their_words_again(
    storage: Storage, normaliser: Normaliser
) -> None:
    await publish(storage, 3)
    await storage.search.set_normaliser_version(OLD)
    assert await rebuild(storage, normaliser) == 3
    for words in ("бабочкой", "учёный", "подробность", "двенадцати"):
        assert await found(storage, normaliser, words) == 3, words
    assert (await storage.search.keys(["прежний"], now=NOW))[0] == []
    assert await storage.search.normaliser_version() == str(NEW)
    assert await rebuild(storage, normaliser) == 0, "once is enough"


async def test_it_goes_on_where_it_was(storage: Storage, normaliser: Normaliser) -> None:
    ids = await publish(storage, 4)
    await storage.search.set_normaliser_version(OLD)
    await storage.meta.set(PROGRESS, f"{NEW} {ids[2]}")
    assert await rebuild(storage, normaliser) == 1
    assert await found(storage, normaliser, "бабочка") == 1


async def test_another_versions_progress_counts_for_nothing(
    storage: Storage, normaliser: Normaliser
) -> None:
    ids = await publish(storage, 2)
    await storage.search.set_normaliser_version(OLD)
    await storage.meta.set(PROGRESS, f"{NEW + 1} {ids[1]}")
    assert await rebuild(storage, normaliser) == 2


async def test_followed_and_muted_words_meet_the_news_again(
    storage: Storage, normaliser: Normaliser
) -> None:
    one = await reader(storage)
    words = FollowKind.WORDS
    await storage.subscribers.follow(
        Subscription(one.id, words, "прежний", "Редкие бабочки", Level.NOW)
    )
    await storage.subscribers.mute(Mute(one.id, words, "иной", "Курсы валют", None))
    await storage.search.set_normaliser_version(OLD)
    await publish(storage, 1)
    await rebuild(storage, normaliser)
    follows = await storage.subscribers.subscriptions(one.id)
    (follow,) = [follow for follow in follows if follow.kind is words]
    assert (follow.key, follow.label) == (normaliser.phrase("редкая бабочка"), "Редкие бабочки")
    (mute,) = await storage.subscribers.mutes(one.id, NOW)
    assert mute.key == normaliser.phrase("курс валюты")


MANY = 60  # so many that the stop comes in the middle, whatever the machine's speed


async def test_a_stop_leaves_what_is_done_and_the_next_start_does_the_rest(
    storage: Storage, normaliser: Normaliser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "ARTICLES_AT_ONCE", 1)
    await publish(storage, MANY)
    await storage.search.set_normaliser_version(OLD)
    async with index_in_step(storage, normaliser), asyncio.timeout(30):
        while await storage.meta.get(PROGRESS) is None:  # noqa: ASYNC110  # the store has no events
            await asyncio.sleep(0.01)
    done = await found(storage, normaliser, "бабочка")
    assert 0 < done < MANY
    assert await storage.search.normaliser_version() == OLD
    assert await rebuild(storage, normaliser) == MANY - done
    assert await found(storage, normaliser, "бабочка") == MANY
