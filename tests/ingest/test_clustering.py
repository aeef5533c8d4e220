"""One story told by two sources is found; neighbours in the same town are not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.articles.likeness import fingerprint, signature
from bot.ingest.clustering import Clustering, Place, Rival, likest, new_lead
from bot.words.normaliser import Normaliser
from storage import (
    ArticleDraft,
    EntryKey,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Quote,
    Span,
    Storage,
    StoryCandidate,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

BRIDGE = (
    "В Заречном открыли мост через Велью после четырёх лет стройки",
    "Движение по мосту через Велью в Заречном открыли утром, путь в центр занимает девять минут.",
)
SAME_BRIDGE = (
    "Мост через Велью в Заречном открыт: стройка шла четыре года",
    "В Заречном открыто движение по новому мосту через Велью, дорога в центр стала короче.",
)
AGAIN_BRIDGE = (
    "В Заречном раньше срока пустили машины по мосту через Велью",
    "Мост через Велью в Заречном открыли после четырёх лет стройки, путь в центр стал короче.",
)
TOWN = (
    "В Заречном выбрали лучшую ёлку города",
    "Жители Заречного три недели голосовали за ёлку, победила самая низкая.",
)


class Desk:
    """Stores drafts of three sources and asks which story a new one tells."""

    def __init__(self, storage: Storage, feeds: list[tuple[int, int]]) -> None:
        self.storage = storage
        self.feeds = feeds
        self.clustering = Clustering(storage, Normaliser())
        self._words = Normaliser()
        self._count = 0

    def draft(self, texts: tuple[str, str], source: int = 0, text: str = "") -> ArticleDraft:
        self._count += 1
        feed, publisher = self.feeds[source]
        title, summary = texts
        search_body = self._words.text(f"{summary} {text}")
        return ArticleDraft(
            feed_id=feed,
            source_id=publisher,
            key=EntryKey(f"g{self._count}", f"u{self._count}", f"t{self._count}"),
            url=f"https://example.org/{self._count}",
            title=title,
            summary=summary,
            body=(Paragraph((Span(text),)),) if text else (),
            published=NOW,
            fetched=NOW,
            language="ru",
            signature=signature(search_body),
            search_title=self._words.text(title),
            search_body=search_body,
        )

    async def story_of(self, draft: ArticleDraft, now: datetime = NOW) -> int | None:
        return (await self.clustering.story_of(draft, now)).story_id

    async def store(self, draft: ArticleDraft, story: int | None = None) -> int:
        stored = await self.storage.articles.store(draft, now=NOW, story_id=story)
        return stored.story_id

    async def take(self, draft: ArticleDraft) -> int:
        """Store a draft where it belongs, as the pipeline does; returns its story."""
        place = await self.clustering.story_of(draft, NOW)
        stored = await self.storage.articles.store(
            draft, now=NOW, story_id=place.story_id, lead=place.lead
        )
        return stored.story_id

    async def headline(self, story: int) -> str:
        """The title of the article that stands for the story."""
        titles = [
            one.title
            for one in await self.storage.articles.latest(language="all", limit=50)
            if one.story_id == story
        ]
        assert len(titles) == 1
        return titles[0]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Storage.open(tmp_path / "newsboy.db") as storage:
        feeds = []
        for domain in ("vestnik.example", "hronika.example", "third.example", "fourth.example"):
            feed = await storage.feeds.add(f"https://{domain}/feed", domain, NOW)
            feeds.append((feed.id, feed.source_id))
        yield Desk(storage, feeds)


async def test_another_sources_article_joins_the_story(desk: Desk) -> None:
    story = await desk.store(desk.draft(BRIDGE))
    await desk.store(desk.draft(TOWN))
    assert await desk.story_of(desk.draft(SAME_BRIDGE, source=1)) == story


async def test_another_story_of_the_same_town_does_not(desk: Desk) -> None:
    await desk.store(desk.draft(BRIDGE))
    assert await desk.clustering.story_of(desk.draft(TOWN, source=1), NOW) == Place()


async def test_a_source_is_never_merged_with_itself(desk: Desk) -> None:
    story = await desk.store(desk.draft(BRIDGE))
    await desk.store(desk.draft(SAME_BRIDGE, source=1), story)
    for source in (0, 1):
        assert await desk.story_of(desk.draft(BRIDGE, source)) is None
    assert await desk.story_of(desk.draft(SAME_BRIDGE, source=2)) == story


async def test_a_story_stops_growing_after_three_days(desk: Desk) -> None:
    await desk.store(desk.draft(BRIDGE))
    later = NOW + timedelta(days=3, minutes=1)
    assert await desk.story_of(desk.draft(SAME_BRIDGE, source=1), later) is None


async def test_languages_are_not_mixed_and_an_empty_archive_has_no_story(desk: Desk) -> None:
    assert await desk.story_of(desk.draft(BRIDGE)) is None
    await desk.store(desk.draft(BRIDGE))
    english = replace(desk.draft(SAME_BRIDGE, source=1), language="en")
    assert await desk.story_of(english) is None


async def test_a_readers_own_source_meets_only_that_readers_others(desk: Desk) -> None:
    mine = []
    for name in ("own", "other"):
        feed = await desk.storage.feeds.add(
            f"https://{name}.example/feed", f"{name}.example", NOW, owner=7
        )
        mine.append((feed.id, feed.source_id))
    desk.feeds += mine
    await desk.store(desk.draft(BRIDGE))
    first = desk.draft(SAME_BRIDGE, source=4)
    assert await desk.clustering.story_of(first, NOW, owner=7) == Place()
    story = await desk.store(first)
    again = desk.draft(AGAIN_BRIDGE, source=5)
    assert (await desk.clustering.story_of(again, NOW, owner=7)).story_id == story
    assert (await desk.clustering.story_of(again, NOW, owner=8)).story_id is None
    assert await desk.story_of(desk.draft(SAME_BRIDGE, source=1)) != story


AGENCY = (
    "Мэр Заречного Орлов перерезал ленту в девять утра. Первыми по мосту проехали автобус и "
    "двенадцать велосипедистов. Стройка шла четыре года и обошлась в полтора миллиарда рублей. "
    "Прежний мост разберут к осени, а набережную под ним отдадут пешеходам. Подрядчик обещает "
    "следить за опорами ещё десять лет. Жители левого берега ждали переправы с прошлого века."
)


async def test_a_reprint_joins_whatever_its_headline_says(desk: Desk) -> None:
    story = await desk.store(desk.draft(("Дождались!", ""), text=AGENCY))
    shorter = AGENCY.rpartition(". ")[0] + "."
    assert await desk.story_of(
        desk.draft(("На левый берег — за девять минут", ""), 1, shorter)
    ) == (story)


async def test_the_most_central_article_stands_for_the_story(desk: Desk) -> None:
    outlier = (
        "Мост через Велью открыли в Заречном песнями и пирогами",
        "Новый мост через Велью в Заречном открыли утром. Горожане ждали переправы с прошлого "
        "века: пекли пироги, пели и раздавали прохожим флажки.",
    )
    story = await desk.take(desk.draft(outlier))
    assert await desk.headline(story) == outlier[0]
    for source, texts in enumerate((BRIDGE, SAME_BRIDGE, AGAIN_BRIDGE), start=1):
        assert await desk.take(desk.draft(texts, source)) == story
    assert await desk.headline(story) in {BRIDGE[0], SAME_BRIDGE[0], AGAIN_BRIDGE[0]}


async def test_an_article_with_its_text_stands_before_a_bare_headline(desk: Desk) -> None:
    story = await desk.take(desk.draft(BRIDGE))
    whole = desk.draft(SAME_BRIDGE, source=1, text=SAME_BRIDGE[1])
    assert await desk.take(whole) == story
    assert await desk.headline(story) == SAME_BRIDGE[0]
    another = desk.draft(AGAIN_BRIDGE, source=2, text=AGAIN_BRIDGE[1])
    assert await desk.take(another) == story
    assert await desk.headline(story) in {SAME_BRIDGE[0], AGAIN_BRIDGE[0]}


async def test_a_fingerprint_is_made_once(desk: Desk) -> None:
    """What is read of a stored article is what was read of its draft."""
    body = (
        PictureBlock("https://example.org/bridge.png", "Мост"),
        Paragraph((Span("Мост "), Span("открыт", bold=True), Span("."))),
        Heading("Как строили", 2),
        Quote(((Span("Наконец-то."),), (Span("Ждали."),)), "Орлов"),
        ListBlock(((Span("Опоры"),), (Span("Пролёты"),))),
        Paragraph((Span("Движение открыли утром. " * 100),)),
    )
    first = replace(desk.draft(BRIDGE), body=body, standfirst=BRIDGE[1])
    story = await desk.store(first)
    await desk.clustering.story_of(replace(first, source_id=desk.feeds[3][1]), NOW)
    assert desk.clustering._fingerprint.cache_info().misses == 1
    assert await desk.story_of(desk.draft(SAME_BRIDGE, source=1)) == story
    assert desk.clustering._fingerprint.cache_info().misses == 2


def _rival(story: int, likeness: float, article: int = 1, *, leads: bool = True) -> Rival:
    candidate = StoryCandidate(
        article_id=article,
        story_id=story,
        source_id=1,
        title="",
        summary="",
        language="ru",
        published=NOW,
        story_begun=NOW,
        leads=leads,
    )
    return Rival(candidate, fingerprint("", "", Normaliser()), likeness)


def test_one_outlier_brings_nobody_into_a_story() -> None:
    assert likest([_rival(7, 0.9), _rival(7, 0.05), _rival(7, 0.1)]) is None
    assert likest([_rival(7, 0.9), _rival(7, 0.4), _rival(7, 0.5)]) == 7


def test_the_likeliest_story_is_chosen_and_the_older_one_of_equals() -> None:
    assert likest([]) is None
    assert likest([_rival(8, 0.74)]) is None
    assert likest([_rival(8, 0.8), _rival(7, 0.9), _rival(9, 0.85)]) == 7
    assert likest([_rival(9, 0.9), _rival(8, 0.9)]) == 8


def test_a_reprint_is_enough() -> None:
    assert likest([_rival(7, 1.0), _rival(7, 0.05), _rival(7, 0.1)]) == 7


def test_a_leader_out_of_sight_stays() -> None:
    mine = fingerprint(*BRIDGE, Normaliser())
    story = [_rival(7, 0.9, 1, leads=False), _rival(7, 0.9, 2, leads=False)]
    assert new_lead(story, mine, {}, has_text=True) is None
