"""From the local newspaper into the store: what an article costs, step by step, and a quiet poll.

The newspaper is in a process of its own. First three hundred feeds are read and every article is
stored by the real pipeline, workers and all. Then each step goes once more by itself, in this
process, over the same bytes, to say what share it has; the rest is what holds the steps together
(workers started and fed, waiting, the feeds' own requests). Last, feeds that have not changed are
polled.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.articles.metadata import default_zone
from bot.articles.newsroom import Desk
from bot.config import Settings
from bot.feeds.entries import ParsedFeed
from bot.ingest.assembly import open_pipeline
from bot.ingest.clustering import Clustering
from bot.ingest.composing import item_of
from bot.ingest.decider import Candidate, decide
from bot.ingest.jobs import PageBytes, PageState, compose, extract_page, parse_feed
from bot.ingest.pipeline import FeedReport
from bot.web.addresses import source_domain
from bot.web.fetcher import Fetcher
from bot.words.normaliser import Normaliser
from storage import ArticleDraft, Storage
from tests.bench.report import Figure, cpu_seconds
from tests.bench.servers import server

FEEDS = 300
A_DAY, QUICK_DAY = 24, 3  # articles a feed
ALONE = 200  # articles that go through the steps one by one
QUIET_POLLS = 3


def _now() -> datetime:
    return datetime.now(UTC)


async def measure(*, quick: bool = False) -> list[Figure]:
    """CPU of an article all in, with each step's share, and of a feed that is unchanged."""
    articles = QUICK_DAY if quick else A_DAY
    with tempfile.TemporaryDirectory() as folder:
        async with server(
            "tests.bench.paper", "--feeds", str(FEEDS - 3), "--articles", str(articles)
        ) as paper:
            feeds = paper["feeds"]
            whole = await _ingest(feeds, Path(folder))
            return [
                *whole.figures,
                *await _steps(feeds, Path(folder), whole.cpu),
                *await _unchanged(feeds, Path(folder)),
            ]


@dataclass(frozen=True)
class _Whole:
    """The pipeline's run: its figures, and the CPU of one article in seconds."""

    figures: list[Figure]
    cpu: float


async def _ingest(feeds: Sequence[str], folder: Path) -> _Whole:
    settings = _settings(folder)
    async with Storage.open(settings.database) as storage:
        await storage.feeds.ensure([(url, source_domain(url)) for url in feeds], _now())
        begun, cpu = time.perf_counter(), cpu_seconds()
        async with open_pipeline(settings, storage, Normaliser()) as pipeline:
            reports = await pipeline.poll(_now())
            taken = time.perf_counter() - begun
        # The workers' CPU is known once they have ended.
        cpu = cpu_seconds() - cpu
    _refuse_errors(reports)
    stored = sum(report.stored for report in reports)
    without = sum(report.without_page for report in reports)
    figures = [
        Figure(f"{stored} articles of {len(feeds)} feeds stored", f"{stored / taken:.0f} a second"),
        Figure("of them without their page", str(without), "0", without == 0),
        Figure("CPU an article, workers included", f"{cpu / stored * 1000:.1f} ms"),
    ]
    return _Whole(figures, cpu / stored)


# ---------------------------------------------------------------- the steps by themselves


async def _steps(feeds: Sequence[str], folder: Path, whole: float) -> list[Figure]:
    """The share of each step in the CPU of an article, `whole` seconds."""
    async with Fetcher(agent="newsboy-bench", allow_private=True) as fetcher:
        bodies = [(await fetcher.fetch(url)).body for url in feeds]
        parsed, parsing = _parse_all(list(zip(feeds, bodies, strict=True)))
        entries = [one for feed in parsed for one in decide(feed, {}, _now()).new]
        chosen = entries[:: max(1, len(entries) // ALONE)]
        begun = time.process_time()
        answers = [await fetcher.fetch(one.entry.url) for one in chosen]
        fetching = (time.process_time() - begun) / len(chosen)
    pages = [PageBytes(one.body, one.url, one.full_content_type) for one in answers]
    extracting = _extract_all(pages)
    drafts, composing = _compose_all(chosen, pages)
    telling, storing = await _replay(drafts, folder / "again.db")
    steps = {
        "fetch its page": fetching,
        "parse its feed": parsing / len(entries),
        "extract its text": extracting,
        "compose it": composing - extracting,
        "find its story": telling,
        "store and index it": storing,
    }
    steps["the rest"] = whole - sum(steps.values())
    return [
        Figure(f"· {name}", f"{seconds * 1000:5.2f} ms, {seconds / whole * 100:2.0f} %")
        for name, seconds in steps.items()
    ]


def _parse_all(feeds: Sequence[tuple[str, bytes]]) -> tuple[list[ParsedFeed], float]:
    def parse(url: str, body: bytes) -> ParsedFeed:
        zone = default_zone(url, "ru")
        return parse_feed(body, url=url, content_type=None, zone=zone, now=_now())

    parse(*feeds[0])  # what the parser imports at its first call is no part of the figure
    begun = time.process_time()
    parsed = [parse(url, body) for url, body in feeds]
    return parsed, time.process_time() - begun


def _extract_all(pages: Sequence[PageBytes]) -> float:
    """CPU seconds a page."""
    extract_page(pages[0])
    begun = time.process_time()
    for page in pages:
        extract_page(page)
    return (time.process_time() - begun) / len(pages)


def _compose_all(
    entries: Sequence[Candidate], pages: Sequence[PageBytes]
) -> tuple[list[ArticleDraft], float]:
    """The articles, and CPU seconds each, extraction included."""

    def composed(one: Candidate, page: PageBytes) -> ArticleDraft:
        return compose(
            item_of(one.entry),
            page,
            desk=Desk(1, 1, "Bench", "ru"),
            key=one.key,
            now=_now(),
            state=PageState(),
        ).draft

    for one, page in list(zip(entries, pages, strict=True))[: ALONE // 4]:
        composed(one, page)  # dictionaries load, and the day's words become known
    begun = time.process_time()
    drafts = [composed(one, page) for one, page in zip(entries, pages, strict=True)]
    return drafts, (time.process_time() - begun) / len(drafts)


async def _replay(drafts: Sequence[ArticleDraft], database: Path) -> tuple[float, float]:
    """CPU seconds an article of finding its story and of storing it, as the store fills."""
    telling = storing = 0.0
    async with Storage.open(database) as storage:
        clustering = Clustering(storage, Normaliser())
        feeds = [
            await storage.feeds.add(f"https://{number}.example/rss", f"{number}.example", _now())
            for number in range(20)
        ]
        for number, draft in enumerate(drafts):
            feed = feeds[number % len(feeds)]
            of_feed = replace(draft, feed_id=feed.id, source_id=feed.source_id)
            begun = time.process_time()
            place = await clustering.story_of(of_feed, _now())
            told = time.process_time()
            await storage.articles.store(
                of_feed, now=_now(), story_id=place.story_id, lead=place.lead
            )
            telling, storing = telling + told - begun, storing + time.process_time() - told
    return telling / len(drafts), storing / len(drafts)


# ---------------------------------------------------------------- feeds that have not changed


async def _unchanged(feeds: Sequence[str], folder: Path) -> list[Figure]:
    settings = _settings(folder)
    async with Storage.open(settings.database) as storage:
        begun, cpu = time.perf_counter(), cpu_seconds()
        async with open_pipeline(settings, storage, Normaliser()) as pipeline:
            for days in range(1, QUIET_POLLS + 1):
                reports = await pipeline.poll(_now() + timedelta(days=days))
                if sum(report.unchanged for report in reports) != len(feeds):
                    raise AssertionError("not every feed was polled and found unchanged")
        polls = QUIET_POLLS * len(feeds)
        taken, cpu = time.perf_counter() - begun, cpu_seconds() - cpu
    return [
        Figure(f"{len(feeds)} unchanged feeds (304), CPU a feed", f"{cpu / polls * 1000:.2f} ms"),
        Figure(f"{len(feeds)} unchanged feeds, time for all", f"{taken / QUIET_POLLS:.2f} s"),
    ]


def _settings(folder: Path) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        database=folder / "newsboy.db",
        allow_private_networks=True,
        poll_seconds=1,
    )


def _refuse_errors(reports: Sequence[FeedReport]) -> None:
    for report in reports:
        if report.error is not None:
            raise AssertionError(f"{report.url}: {report.error}")
