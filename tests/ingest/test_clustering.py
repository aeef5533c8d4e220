"""One story told by two sources is found; neighbours in the same town are not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.ingest.clustering import Clustering
from bot.words.normaliser import Normaliser
from storage import ArticleDraft, EntryKey, Storage

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

BRIDGE = (
    "В Заречном открыли мост через Велью после четырёх лет стройки",
    "Движение по мосту через Велью в Заречном открыли утром, путь в центр занимает девять минут.",
)
SAME_BRIDGE = (
    "Мост через Велью в Заречном открыт: стройка шла четыре года",
    "В Заречном открыто движение по новому мосту через Велью, дорога в центр стала короче.",
)
TOWN = (
    "В Заречном выбрали лучшую ёлку города",
    "Жители Заречного три недели голосовали за ёлку, победила самая низкая.",
)


class Desk:
    """Stores drafts of two sources and asks which story a new one tells."""

    def __init__(self, storage: Storage, feeds: list[tuple[int, int]]) -> None:
        self.storage = storage
        self.feeds = feeds
        self.clustering = Clustering(storage, Normaliser())
        self._words = Normaliser()
        self._count = 0

    def draft(self, texts: tuple[str, str], source: int = 0) -> ArticleDraft:
        self._count += 1
        feed, publisher = self.feeds[source]
        title, summary = texts
        return ArticleDraft(
            feed_id=feed,
            source_id=publisher,
            key=EntryKey(f"g{self._count}", f"u{self._count}", f"t{self._count}"),
            url=f"https://example.org/{self._count}",
            title=title,
            summary=summary,
            published=NOW,
            fetched=NOW,
            language="ru",
            search_title=self._words.text(title),
            search_body=self._words.text(summary),
        )

    async def store(self, draft: ArticleDraft, story: int | None = None) -> int:
        stored = await self.storage.articles.store(draft, now=NOW, story_id=story)
        return stored.story_id


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Storage.open(tmp_path / "newsboy.db") as storage:
        feeds = []
        for domain in ("vestnik.example", "hronika.example", "third.example"):
            feed = await storage.feeds.add(f"https://{domain}/feed", domain, NOW)
            feeds.append((feed.id, feed.source_id))
        yield Desk(storage, feeds)


async def test_another_sources_article_joins_the_story(desk: Desk) -> None:
    story = await desk.store(desk.draft(BRIDGE))
    await desk.store(desk.draft(TOWN))
    assert await desk.clustering.story_of(desk.draft(SAME_BRIDGE, source=1), NOW) == story


async def test_another_story_of_the_same_town_does_not(desk: Desk) -> None:
    await desk.store(desk.draft(BRIDGE))
    assert await desk.clustering.story_of(desk.draft(TOWN, source=1), NOW) is None


async def test_a_source_is_never_merged_with_itself(desk: Desk) -> None:
    story = await desk.store(desk.draft(BRIDGE))
    await desk.store(desk.draft(SAME_BRIDGE, source=1), story)
    for source in (0, 1):
        assert await desk.clustering.story_of(desk.draft(BRIDGE, source), NOW) is None
    assert await desk.clustering.story_of(desk.draft(SAME_BRIDGE, source=2), NOW) == story


async def test_a_story_stops_growing_after_three_days(desk: Desk) -> None:
    await desk.store(desk.draft(BRIDGE))
    later = NOW + timedelta(days=3, minutes=1)
    assert await desk.clustering.story_of(desk.draft(SAME_BRIDGE, source=1), later) is None


async def test_languages_are_not_mixed_and_an_empty_archive_has_no_story(desk: Desk) -> None:
    assert await desk.clustering.story_of(desk.draft(BRIDGE), NOW) is None
    await desk.store(desk.draft(BRIDGE))
    english = replace(desk.draft(SAME_BRIDGE, source=1), language="en")
    assert await desk.clustering.story_of(english, NOW) is None
