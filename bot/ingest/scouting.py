"""What an address would give, and where a site's news may be read; nothing of it is stored.

    address ─▶ a feed ─▶ its newest articles as they would be stored
            ─▶ an index of sitemaps ─▶ its children, a choice
            ─▶ a web page ─▶ the feeds that it announces or links, a choice
                          └▶ none: robots.txt, then the usual places one by one, up to the first hit

One request at a time: who adds a feed is no reason to knock at all of a site's doors at once.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from bot.articles.newsroom import Desk
from bot.feeds.entries import FeedKind, FoundFeed, ParsedFeed
from bot.feeds.errors import FeedError, NotAFeedError
from bot.feeds.places import sitemaps_in_robots, well_known
from bot.ingest import jobs
from bot.ingest.decider import decide, fault
from bot.ingest.intake import Intake
from bot.ingest.reading import read_feed
from bot.ingest.workers import WorkerError, Workers
from bot.web.errors import FetchError, ForbiddenAddressError
from bot.web.fetcher import Fetcher, Response
from storage import ArticleDraft

CHECKED_PAGES = 3  # whose articles a check shows
PLACES = 16  # that are asked at a site that announces nothing
SECONDS = 60.0  # for all of them

_FEEDS_FIRST = 6
"""Usual places of feeds that are asked before sitemaps: a sitemap has headlines alone."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a feed's address would give; nothing of it is stored.

    `titles` and `drafts` are its newest articles, fewer than `entries`; drafts are as they would
    be stored. `found` are the feeds to choose from where the address is none itself. `readable`
    says that the address has something to read, though perhaps no feed; `forbidden` that it leads
    into a private network.
    """

    url: str  # where the redirects ended
    title: str = ""
    language: str = ""
    entries: int = 0
    titles: tuple[str, ...] = ()
    drafts: tuple[ArticleDraft, ...] = ()
    problems: tuple[str, ...] = ()
    error: str | None = None
    found: tuple[FoundFeed, ...] = ()
    readable: bool = True
    forbidden: bool = False


class Scout:
    """Tries addresses, as far as its fetcher may go."""

    def __init__(self, *, fetcher: Fetcher, workers: Workers, intake: Intake) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._intake = intake

    async def check(self, url: str, now: datetime, *, pages: int = CHECKED_PAGES) -> CheckReport:
        """Read a feed, and so many of its newest pages, as a poll would; or find a site's feeds."""
        try:
            response = await self._fetcher.fetch(url)
        except FetchError as error:
            forbidden = isinstance(error, ForbiddenAddressError)
            return CheckReport(url, error=str(error), readable=False, forbidden=forbidden)
        if not 200 <= response.status < 300:
            said = fault(response.status, _host(response.url))
            return CheckReport(response.url, error=said, readable=False)
        try:
            parsed = await read_feed(self._workers, response, language="", now=now)
        except NotAFeedError as error:
            found = await self._feeds_of(response, now)
            return CheckReport(response.url, error=str(error), found=found)
        except (FeedError, WorkerError) as error:
            return CheckReport(response.url, error=str(error))
        if parsed.children:
            error_text = "This is a list of sitemaps. Choose the one with news."
            return CheckReport(response.url, error=error_text, found=parsed.children)
        return await self._report(response, parsed, now, pages)

    async def _report(
        self, response: Response, parsed: ParsedFeed, now: datetime, pages: int
    ) -> CheckReport:
        newest = decide(parsed, {}, now).new[:CHECKED_PAGES]
        desk = Desk(0, 0, parsed.title, parsed.language)
        async with aclosing(self._intake.composed(newest[:pages], desk, now)) as composed:
            drafts = tuple([article.draft async for _, article in composed if article])
        return CheckReport(
            response.url,
            title=parsed.title,
            language=parsed.language,
            entries=len(parsed.entries),
            titles=tuple(one.entry.title for one in newest),
            drafts=drafts,
            problems=parsed.problems,
        )

    # ------------------------------------------------------------ a site's feeds

    async def _feeds_of(self, page: Response, now: datetime) -> tuple[FoundFeed, ...]:
        """The feeds of the site that a web page belongs to, the likeliest first."""
        announced = await self._announced(page)
        if any(one.kind is FeedKind.FEED for one in announced):
            return announced
        # Its sitemap or channel has less to read than a feed: worth a look at the usual places.
        try:
            async with asyncio.timeout(SECONDS):
                hit = await self._in_usual_places(page.url, announced, now)
        except TimeoutError:
            hit = None
        others = tuple(one for one in announced if hit is None or one.url != hit.url)
        return others if hit is None else (hit, *others)

    async def _announced(self, page: Response) -> tuple[FoundFeed, ...]:
        try:
            return await self._workers.run(
                jobs.find_feeds,
                page.body,
                url=page.url,
                content_type=page.full_content_type,
            )
        except WorkerError:
            return ()

    async def _in_usual_places(
        self, url: str, announced: Iterable[FoundFeed], now: datetime
    ) -> FoundFeed | None:
        """The first of the usual places that has news."""
        usual = well_known(url)
        feeds = [one for one in usual if one.kind is not FeedKind.SITEMAP]
        named = [one for one in announced if one.kind is FeedKind.SITEMAP]
        if any(one.kind is FeedKind.SITEMAP for one in usual):
            named += await self._in_robots(url)
        sitemaps = named[:2] + [one for one in usual if one.kind is FeedKind.SITEMAP]
        places = deque((*feeds[:_FEEDS_FIRST], *sitemaps[:2], *feeds[_FEEDS_FIRST:], *sitemaps[2:]))
        tried: set[str] = set()
        while places and len(tried) < PLACES:
            place = places.popleft()
            if place.url in tried:
                continue
            tried.add(place.url)
            parsed, listed = await self._tried(place, now)
            if parsed is not None and parsed.entries:
                return FoundFeed(place.url, parsed.title, parsed.kind)
            # A list of feeds, or of sitemaps: its first ones are likelier than any place.
            places.extendleft(reversed(listed[:2]))
        return None

    async def _in_robots(self, url: str) -> list[FoundFeed]:
        address = urljoin(url, "/robots.txt")
        try:
            response = await self._fetcher.fetch(address)
        except FetchError:
            return []
        if not 200 <= response.status < 300:
            return []
        return [*sitemaps_in_robots(response.body, url=response.url)]

    async def _tried(
        self, place: FoundFeed, now: datetime
    ) -> tuple[ParsedFeed | None, tuple[FoundFeed, ...]]:
        """What a place holds: a feed, or addresses of feeds."""
        try:
            response = await self._fetcher.fetch(place.url)
            if not 200 <= response.status < 300:
                return None, ()
            parsed = await read_feed(self._workers, response, language="", now=now)
        except NotAFeedError:
            listed = await self._announced(response)
            return None, tuple(one for one in listed if one.kind is FeedKind.FEED)
        except (FetchError, FeedError, WorkerError):
            return None, ()
        return parsed, parsed.children


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
