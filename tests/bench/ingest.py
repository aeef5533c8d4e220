"""From the local newspaper into the store, and what its two slow parts cost by themselves.

The newspaper is in a process of its own. First every feed is read and every article stored by the
real pipeline, workers and all; then the same bytes go through the parser and the extractor alone,
in this process, one after another; then a hundred feeds that have not changed are polled.
"""

import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot.articles.metadata import default_zone
from bot.config import Settings
from bot.feeds.entries import ParsedFeed
from bot.ingest.assembly import open_pipeline
from bot.ingest.jobs import PageBytes, extract_page, parse_feed
from bot.ingest.pipeline import FeedReport
from bot.web.addresses import source_domain
from bot.words.normaliser import Normaliser
from storage import Storage
from tests.bench.report import Figure, cpu_seconds
from tests.bench.servers import server

FEEDS, ARTICLES = 12, 50
PAGES_ALONE = 200
QUIET_FEEDS, QUIET_ARTICLES, QUIET_POLLS = 100, 5, 3


def _now() -> datetime:
    return datetime.now(UTC)


async def measure() -> list[Figure]:
    """Articles a second, the parser and the extractor alone, CPU of a feed that is unchanged."""
    async with server(
        "tests.bench.paper", "--feeds", str(FEEDS), "--articles", str(ARTICLES)
    ) as paper:
        figures = await _ingest(paper["feeds"])
        figures += await _alone(paper["feeds"])
    async with server(
        "tests.bench.paper", "--feeds", str(QUIET_FEEDS - 3), "--articles", str(QUIET_ARTICLES)
    ) as paper:
        return figures + await _unchanged(paper["feeds"])


async def _ingest(feeds: Sequence[str]) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(Path(folder))
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
    return [
        Figure(f"{stored} articles of {len(feeds)} feeds stored", f"{stored / taken:.0f} a second"),
        Figure("of them without their page", str(without), "0", without == 0),
        Figure("CPU an article, workers included", f"{cpu / stored * 1000:.1f} ms"),
    ]


async def _alone(feeds: Sequence[str]) -> list[Figure]:
    """Parser and extractor as plain calls in this process."""
    async with aiohttp.ClientSession() as session:
        bodies = [await _bytes(session, url) for url in feeds]
        parsed, parse_cpu = _parse_all(list(zip(feeds, bodies, strict=True)))
        urls = [entry.url for feed in parsed for entry in feed.entries]
        pages = [
            PageBytes(await _bytes(session, url), url, "text/html; charset=utf-8")
            for url in urls[:: len(urls) // PAGES_ALONE]
        ]
    extract_cpu = _extract_all(pages)
    entries = len(urls)
    return [
        Figure(
            f"parsing alone, feeds of {entries / len(feeds):.0f} entries",
            f"{parse_cpu / len(feeds) * 1000:.1f} ms a feed, "
            f"{parse_cpu / entries * 1000:.2f} ms an entry",
        ),
        Figure("extraction alone", f"{extract_cpu / len(pages) * 1000:.1f} ms a page"),
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
    extract_page(pages[0])
    begun = time.process_time()
    for page in pages:
        extract_page(page)
    return time.process_time() - begun


async def _unchanged(feeds: Sequence[str]) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(Path(folder))
        async with Storage.open(settings.database) as storage:
            await storage.feeds.ensure([(url, source_domain(url)) for url in feeds], _now())
            async with open_pipeline(settings, storage, Normaliser()) as pipeline:
                _refuse_errors(await pipeline.poll(_now()))
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


async def _bytes(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as response:
        return await response.read()
