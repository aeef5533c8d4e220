"""From feeds that are due to articles stored and pushes owed: the shell around the decider.

    feeds due ─▶ fetch ─▶ parse (worker) ─▶ `bot.ingest.intake`: entries become articles
    pages due ─▶ fetch ─▶ extract and compose (worker) ─▶ the better body replaces the feed's

Feeds run side by side, a dozen at most. No failure leaves its feed: it is stored with the feed,
shown, and tried again later; what the admins should know is owed to them as a notice.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.feeds.errors import FeedError
from bot.ingest.clustering import Clustering
from bot.ingest.composing import Composer
from bot.ingest.decider import (
    body_hash,
    fault,
    is_failing,
    next_check,
    outcome_of_change,
    outcome_of_failure,
    outcome_of_no_change,
)
from bot.ingest.intake import Intake
from bot.ingest.pictures import Pictures
from bot.ingest.reading import read_feed
from bot.ingest.scouting import Scout
from bot.ingest.vanishing import Vanishing
from bot.ingest.websub import SLOW_POLL_SECONDS, Hubs, is_announced
from bot.ingest.workers import WorkerError, Workers
from bot.web.errors import FetchError, HostPausedError
from bot.web.fetcher import Fetcher
from bot.web.robots import Robots
from storage import (
    BodyFrom,
    Feed,
    NotFoundError,
    NoticeKind,
    PendingPage,
    Storage,
    StorageError,
)

log = logging.getLogger(__name__)

FEEDS_AT_ONCE = 12
RETRIES_AT_ONCE = 4  # pages; they have places of their own, so that a dead host holds no feed up
_FOR_GOOD = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What one poll of one feed did. `error` is None where it succeeded.

    `stored` counts new articles, `corrected` changed ones, `without_page` those of the new ones
    whose page could not be had; `seconds` is what the poll took.
    """

    feed_id: int
    url: str
    title: str = ""
    unchanged: bool = False
    entries: int = 0
    stored: int = 0
    corrected: int = 0
    without_page: int = 0
    pushes: int = 0
    error: str | None = None
    problems: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Way:
    """What reads the addresses of one kind of owner, as far as its fetcher may go."""

    fetcher: Fetcher
    pictures: Pictures
    composer: Composer
    vanishing: Vanishing
    intake: Intake
    scout: Scout


class Pipeline:
    """Polls feeds and stores their articles.

    `floor` is the shortest interval of a feed in seconds. `on_push` is called whenever a push was
    owed, so that the outbox need not wait for its tick. `hubs`, where the bot can be reached from
    outside, announce feeds that are then polled slowly. `guest_fetcher` goes for readers' own
    feeds, who may not read the operator's house; without it they go the way of all.
    """

    def __init__(
        self,
        *,
        storage: Storage,
        fetcher: Fetcher,
        guest_fetcher: Fetcher | None = None,
        workers: Workers,
        clustering: Clustering,
        floor: int,
        on_push: Callable[[], None] = lambda: None,
        hubs: Hubs | None = None,
    ) -> None:
        self.hubs = hubs
        self._storage = storage
        self._workers = workers

        def way(fetcher: Fetcher) -> _Way:
            pictures = Pictures(storage, fetcher)
            robots = Robots(fetcher)
            composer = Composer(fetcher, workers, robots, pictures)
            vanishing = Vanishing(storage, fetcher, robots)
            intake = Intake(
                storage=storage,
                composer=composer,
                clustering=clustering,
                vanishing=vanishing,
                on_push=on_push,
            )
            scout = Scout(fetcher=fetcher, workers=workers, intake=intake)
            return _Way(fetcher, pictures, composer, vanishing, intake, scout)

        self._everybodys = way(fetcher)
        self._guests = self._everybodys if guest_fetcher is None else way(guest_fetcher)
        self._floor = floor
        self._places = asyncio.Semaphore(FEEDS_AT_ONCE)
        self._retry_places = asyncio.Semaphore(RETRIES_AT_ONCE)
        self._busy: set[int] = set()
        self._announced: set[int] = set()  # of the busy ones: their hub spoke meanwhile
        self._resting: dict[int, datetime] = {}  # feeds whose outcome could not be stored
        self._tasks: set[asyncio.Task[FeedReport]] = set()

    @property
    def scout(self) -> Scout:
        """Who tries addresses for the operator."""
        return self._everybodys.scout

    @property
    def guest_scout(self) -> Scout:
        """Who tries addresses for readers."""
        return self._guests.scout

    async def picture(self, url: str, owner: int | None) -> bytes | None:
        """The file of an article's picture, None where it cannot be had.

        `owner` is the reader whose own source shows it.
        """
        return await self._way(owner).pictures.whole(url)

    def _way(self, owner: int | None) -> _Way:
        return self._everybodys if owner is None else self._guests

    # ------------------------------------------------------------ polling

    async def start_due(self, now: datetime) -> list[asyncio.Task[FeedReport]]:
        """Begin to poll the feeds that are due and not being polled yet; returns at once.

        A slow feed so never keeps the others from their next poll.
        """
        feeds = [
            feed
            for feed in await self._storage.feeds.due(now)
            if feed.id not in self._busy and self._resting.get(feed.id, now) <= now
        ]
        tasks = [asyncio.create_task(self.fetch_feed(feed, now)) for feed in feeds]
        for task in tasks:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._busy.update(feed.id for feed in feeds)
        return tasks

    async def poll(self, now: datetime) -> list[FeedReport]:
        """Poll the feeds that are due, and wait for all of them."""
        return list(await asyncio.gather(*await self.start_due(now)))

    async def hurry(self, feed_id: int, now: datetime) -> None:
        """Poll a feed soon, since its hub announced news.

        A poll under way may have asked before they were there, so another one follows it.
        """
        if feed_id in self._busy:
            self._announced.add(feed_id)
        else:
            await self._storage.feeds.hurry(feed_id, now)

    async def stop(self) -> None:
        """Cancel the polls in flight; what they had not stored is read again at the next start."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def fetch_feed(self, feed: Feed, now: datetime) -> FeedReport:
        """Poll one feed; every failure ends in the report and, where possible, in the store."""
        begun = time.monotonic()
        self._busy.add(feed.id)
        try:
            async with self._places:
                report = await self._poll(feed, now)
            if report.error is None and feed.failures:
                log.info("%s is read again; failures before: %d", feed.url, feed.failures)
        except HostPausedError as error:
            wait = math.ceil(error.seconds)
            report = await self._failed(feed, str(error), now, retry_after=wait)
        except (FetchError, FeedError, WorkerError) as error:
            report = await self._failed(feed, str(error), now)
        except StorageError as error:
            log.error("%s: %s", feed.url, error)
            self._rest(feed, now)
            report = FeedReport(feed.id, feed.url, feed.title, error=str(error))
        except Exception as error:  # one feed's fault must not end the polling
            log.exception("polling %s failed", feed.url)
            report = await self._failed(feed, f"newsboy's own fault: {error!r}", now)
        finally:
            self._busy.discard(feed.id)
        if feed.id in self._announced:
            self._announced.discard(feed.id)
            with suppress(StorageError):  # a full disk: then it is due as before
                await self._storage.feeds.hurry(feed.id, now)
        return replace(report, seconds=time.monotonic() - begun)

    async def _failed(
        self,
        feed: Feed,
        error: str,
        now: datetime,
        *,
        retry_after: int | None = None,
        gone: bool = False,
    ) -> FeedReport:
        # Said once: how it goes on stands in `newsboy feed list` and /status.
        log.log(logging.DEBUG if feed.failures else logging.WARNING, "%s: %s", feed.url, error)
        outcome = outcome_of_failure(
            feed,
            error,
            floor=self._floor,
            now=now,
            dice=_dice(),
            retry_after=retry_after,
            gone=gone,
        )
        try:
            await self._storage.feeds.save_outcome(outcome)
            if gone:
                await self._tell(feed, NoticeKind.GONE, {"title": feed.title}, now)
            elif is_failing(feed, now):
                since = feed.succeeded.isoformat() if feed.succeeded else ""
                details = {"error": error, "since": since}
                # Once for as long as it fails: told since the last success is told.
                quiet = now - feed.succeeded if feed.succeeded else _FOR_GOOD
                await self._tell(feed, NoticeKind.FAILING, details, now, quiet=quiet)
        except StorageError:  # the poll's own error is the one to tell
            self._rest(feed, now)
        return FeedReport(feed.id, feed.url, feed.title, error=error)

    async def _tell(
        self,
        feed: Feed,
        kind: NoticeKind,
        details: Mapping[str, str],
        now: datetime,
        *,
        quiet: timedelta = timedelta(days=1),
    ) -> None:
        """Owe the admins a line about a feed, unless it is a reader's own."""
        if feed.owner is None:
            await self._storage.notices.owe(kind, feed.url, details, now, quiet=quiet)

    def _rest(self, feed: Feed, now: datetime) -> None:
        """Spare a feed's server while the store (a full disk) cannot note that it was asked."""
        self._resting[feed.id] = now + timedelta(seconds=self._floor)

    async def _poll(self, feed: Feed, now: datetime) -> FeedReport:
        way = self._way(feed.owner)
        response = await way.fetcher.fetch(feed.url, etag=feed.etag, last_modified=feed.modified)
        if response.status == 304 or (
            response.status == 200 and body_hash(response.body) == feed.body_hash
        ):
            floor = await self._floor_of(feed, now)
            await self._storage.feeds.save_outcome(
                outcome_of_no_change(feed, response, floor=floor, now=now, dice=_dice())
            )
            return FeedReport(feed.id, feed.url, feed.title, unchanged=True, entries=feed.entries)
        if not 200 <= response.status < 300:
            return await self._failed(
                feed,
                fault(response.status, _host(feed.url)),
                now,
                retry_after=response.retry_after,
                gone=response.status == 410,
            )
        source = await self._storage.feeds.source(feed.source_id)
        parsed = await read_feed(self._workers, response, language=source.language, now=now)
        if parsed.children and not parsed.entries:
            places = ", ".join(child.url for child in parsed.children[:3])
            raise FeedError(
                f"This is a list of sitemaps, without news. Add what it lists: {places}"
            )
        hub, topic = parsed.hub or response.hub, parsed.self_url or response.self_url
        if self.hubs is not None and hub:
            await self.hubs.offer(feed.id, hub, topic or feed.url)
        floor = await self._floor_of(feed, now)
        outcome = outcome_of_change(feed, response, parsed, floor=floor, now=now, dice=_dice())
        tally = await way.intake.take(feed, source, parsed, outcome, now)
        if tally.lost and tally.lost == len(parsed.entries):
            return await self._failed(feed, tally.problems[0], now)
        if outcome.new_url is not None:
            await self._tell(feed, NoticeKind.MOVED, {"to": outcome.new_url}, now)
        return FeedReport(
            feed.id,
            feed.url,
            parsed.title or feed.title,
            entries=len(parsed.entries),
            stored=tally.stored,
            corrected=tally.corrected,
            without_page=tally.without_page,
            pushes=tally.pushes,
            problems=(*tally.problems, *parsed.problems),
        )

    async def _floor_of(self, feed: Feed, now: datetime) -> int:
        """The feed's shortest interval, in seconds."""
        announced = self.hubs is not None and await is_announced(self._storage, feed.id, now)
        return max(self._floor, SLOW_POLL_SECONDS) if announced else self._floor

    # ------------------------------------------------------------ pages that failed, or may go

    async def retry_pages(self, now: datetime) -> int:
        """Ask again for the pages that failed and are due; returns how many came.

        The better body replaces the feed's text without a word to anyone. Pages that were read
        before are looked for: their article may be gone.
        """
        due = await self._storage.articles.pages_due(now)
        tries = (self._retry_page(pending, now) for pending in due)
        came = 0
        for result in await asyncio.gather(*tries, return_exceptions=True):
            if isinstance(result, BaseException):
                log.error("a page could not be tried again: %s", result)
            else:
                came += result
        return came

    async def _retry_page(self, pending: PendingPage, now: datetime) -> bool:
        source = await self._storage.feeds.source(pending.draft.source_id)
        way = self._way(source.owner)
        if pending.draft.body_from is BodyFrom.PAGE:
            async with self._retry_places:
                await way.vanishing.look(pending, source, now)
            return False
        async with self._retry_places:
            draft = await way.composer.complete(pending.draft, source, now)
        came = draft.body_from is BodyFrom.PAGE
        # A correction that the feed brought meanwhile is newer than what was composed here.
        content_hash = pending.draft.content_hash
        with suppress(NotFoundError):  # pruned meanwhile
            if came:
                if pending.told is not None:
                    draft = replace(draft, page_due=next_check(pending.told, now))
                await self._storage.articles.replace(
                    pending.article_id, draft, now=now, revision=False, content_hash=content_hash
                )
                return True
            await self._storage.articles.page_failed(
                pending.article_id,
                error=draft.page_error or "The page says less than the feed.",
                tries=draft.page_tries,
                due=draft.page_due,
                missing=draft.missing,
                content_hash=content_hash,
            )
            if draft.gone and draft.missing is not None:
                await way.vanishing.lost(
                    pending.article_id, source, draft.missing, pending.state, now
                )
        return False


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _dice() -> float:
    """Where in the jitter a poll falls, in [0, 1)."""
    return random.random()  # noqa: S311 - spreads polls, guards nothing
