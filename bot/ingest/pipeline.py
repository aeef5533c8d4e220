"""From feeds that are due to articles stored and pushes owed: the shell around the decider.

    feeds due ─▶ fetch ─▶ parse (worker) ─▶ decide ─▶ page by page, newest first:
        fetch ─▶ extract and compose (worker) ─▶ same story? ─▶ one transaction
    and in the feed's last transaction its validators, so that a crash reads it again

Feeds run side by side, a dozen at most; within a feed articles are stored one after another,
while the next few pages are already being fetched. No failure leaves its feed: it is stored with
the feed, shown, and tried again later.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.articles.metadata import default_zone
from bot.articles.newsroom import Desk
from bot.feeds.entries import ParsedFeed
from bot.feeds.errors import FeedError, NotAFeedError
from bot.ingest import jobs
from bot.ingest.clustering import Clustering
from bot.ingest.composing import Composer
from bot.ingest.decider import (
    Candidate,
    body_hash,
    decide,
    fault,
    is_silent,
    outcome_of_change,
    outcome_of_failure,
    outcome_of_no_change,
    owed_push,
)
from bot.ingest.jobs import Composed
from bot.ingest.workers import WorkerError, Workers, WorkerTimeoutError
from bot.web.errors import FetchError
from bot.web.fetcher import Fetcher, Response
from storage import (
    ArticleDraft,
    BodyFrom,
    DatabaseCorruptError,
    DatabaseLockedError,
    DiskFullError,
    Feed,
    FeedOutcome,
    NotFoundError,
    PendingPage,
    Source,
    Storage,
    StorageError,
)

log = logging.getLogger(__name__)

FEEDS_AT_ONCE = 12
RETRIES_AT_ONCE = 4  # pages; they have places of their own, so that a dead host holds no feed up
PAGES_AHEAD = 3  # of one feed, while an article is being stored
CHECKED_PAGES = 3  # that `check` reads


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
class CheckReport:
    """What a feed's address would give; nothing of it is stored.

    `drafts` are its newest articles as they would be stored, fewer than `entries`; `found` are
    the feeds that the page announces where the address is a web page and no feed.
    """

    url: str  # where the redirects ended
    title: str = ""
    language: str = ""
    entries: int = 0
    drafts: tuple[ArticleDraft, ...] = ()
    problems: tuple[str, ...] = ()
    error: str | None = None
    found: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    """A poll's counts while they grow."""

    stored: int = 0
    corrected: int = 0
    without_page: int = 0
    pushes: int = 0
    lost: int = 0
    outcome_saved: bool = False


class Pipeline:
    """Polls feeds and stores their articles.

    `floor` is the shortest interval of a feed in seconds. `on_push` is called whenever a push was
    owed, so that the outbox need not wait for its tick.
    """

    def __init__(
        self,
        *,
        storage: Storage,
        fetcher: Fetcher,
        workers: Workers,
        clustering: Clustering,
        floor: int,
        on_push: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._fetcher = fetcher
        self._workers = workers
        self._composer = Composer(fetcher, workers)
        self._clustering = clustering
        self._floor = floor
        self._on_push = on_push
        self._places = asyncio.Semaphore(FEEDS_AT_ONCE)
        self._retry_places = asyncio.Semaphore(RETRIES_AT_ONCE)
        self._busy: set[int] = set()
        self._resting: dict[int, datetime] = {}  # feeds whose outcome could not be stored
        self._tasks: set[asyncio.Task[FeedReport]] = set()
        self._storing = asyncio.Lock()

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
        except (FetchError, FeedError, WorkerError) as error:
            report = await self._failed(feed, str(error), now)
        except StorageError as error:
            log.error("%s: %s", feed.url, error)
            self._rest(feed, now)
            report = FeedReport(feed.id, feed.url, feed.title, error=str(error))
        except Exception as error:
            log.exception("polling %s failed", feed.url)
            report = await self._failed(feed, f"newsboy's own fault: {error!r}", now)
        finally:
            self._busy.discard(feed.id)
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
        log.warning("%s: %s", feed.url, error)
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
        except StorageError:  # the poll's own error is the one to tell
            self._rest(feed, now)
        return FeedReport(feed.id, feed.url, feed.title, error=error)

    def _rest(self, feed: Feed, now: datetime) -> None:
        """Spare a feed's server while the store (a full disk) cannot note that it was asked."""
        self._resting[feed.id] = now + timedelta(seconds=self._floor)

    async def _poll(self, feed: Feed, now: datetime) -> FeedReport:
        response = await self._fetcher.fetch(feed.url, etag=feed.etag, last_modified=feed.modified)
        if response.status == 304 or (
            response.status == 200 and body_hash(response.body) == feed.body_hash
        ):
            await self._storage.feeds.save_outcome(
                outcome_of_no_change(feed, response, floor=self._floor, now=now, dice=_dice())
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
        parsed = await self._parse(response, source.language, now)
        return await self._store_entries(feed, source, response, parsed, now)

    async def _parse(self, response: Response, language: str, now: datetime) -> ParsedFeed:
        try:
            return await self._workers.run(
                jobs.parse_feed,
                response.body,
                url=response.url,
                content_type=response.full_content_type,
                zone=default_zone(response.url, language),
                now=now,
            )
        except WorkerTimeoutError as error:
            raise FeedError(
                "The feed takes too long to read: it is broken, or far too large. Look for a "
                "shorter one of the same site."
            ) from error

    # ------------------------------------------------------------ entries to articles

    async def _store_entries(
        self, feed: Feed, source: Source, response: Response, parsed: ParsedFeed, now: datetime
    ) -> FeedReport:
        known = await self._storage.feeds.known_entries(
            feed.id, [entry.guid for entry in parsed.entries]
        )
        decision = decide(parsed, known, now)
        outcome = outcome_of_change(
            feed, response, parsed, floor=self._floor, now=now, dice=_dice()
        )
        tally = _Tally()
        left = len(decision.new)
        silent = is_silent(feed, now)
        desk = Desk(feed.id, source.id, source.title, parsed.language or source.language)
        async with aclosing(self._composed(decision.new, desk, now)) as composed:
            async for one, article in composed:
                left -= 1
                if article is None:
                    tally.lost += 1
                    continue
                if article.site:
                    outcome = replace(outcome, source_title=article.site)
                last = not left and not decision.changed and not tally.lost
                try:
                    await self._store(
                        one, article.draft, outcome if last else None, tally, silent=silent, now=now
                    )
                except (DatabaseCorruptError, DatabaseLockedError, DiskFullError):
                    raise  # no fault of the article's
                except Exception:
                    log.exception("storing %s failed", one.entry.url)
                    tally.lost += 1
        for one in decision.changed:
            tally.corrected += await self._correct(feed, one, desk, now)
        problems = parsed.problems
        if tally.lost:
            error = f"{tally.lost} of its articles could not be read. They are tried again."
            if tally.lost == len(parsed.entries):
                return await self._failed(feed, error, now)
            # Without the validators the feed is read again, and with it what is missing; but the
            # rest keeps coming in time, and with pushes.
            outcome = replace(outcome, etag=None, modified=None, body_hash=None, error=error)
            problems = (error, *problems)
        if not tally.outcome_saved:
            await self._storage.feeds.save_outcome(outcome)
        return FeedReport(
            feed.id,
            feed.url,
            parsed.title or feed.title,
            entries=len(parsed.entries),
            stored=tally.stored,
            corrected=tally.corrected,
            without_page=tally.without_page,
            pushes=tally.pushes,
            problems=problems,
        )

    async def _composed(
        self, candidates: Sequence[Candidate], desk: Desk, now: datetime
    ) -> AsyncGenerator[tuple[Candidate, Composed | None], None]:
        """The candidates in their order, each composed; the next few are under way meanwhile.

        None stands for one that no worker could compose.
        """
        waiting = iter(candidates)
        ahead: deque[tuple[Candidate, asyncio.Task[Composed]]] = deque()
        try:
            while True:
                while len(ahead) <= PAGES_AHEAD and (one := next(waiting, None)):
                    task = asyncio.create_task(self._composer.article(one, desk, now))
                    ahead.append((one, task))
                if not ahead:
                    return
                one, task = ahead[0]
                try:
                    composed: Composed | None = await task
                except Exception:
                    log.exception("composing %s failed", one.entry.url)
                    composed = None
                ahead.popleft()
                yield one, composed
        finally:
            for _, task in ahead:
                task.cancel()
            await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)

    async def _store(
        self,
        one: Candidate,
        draft: ArticleDraft,
        outcome: FeedOutcome | None,
        tally: _Tally,
        *,
        silent: bool,
        now: datetime,
    ) -> None:
        # Two sources that break one story in the same second must meet: looking and storing are
        # one step.
        async with self._storing:
            story_id = await self._clustering.story_of(draft, now)
            stored = await self._storage.articles.store(
                draft,
                now=now,
                item_hash=one.item_hash,
                story_id=story_id,
                push=owed_push(draft.published, silent=silent, now=now),
                outcome=outcome,
            )
        tally.outcome_saved = outcome is not None
        if not stored.new:
            return
        tally.stored += 1
        tally.without_page += draft.page_error is not None
        if stored.push_id is not None:
            tally.pushes += 1
            self._on_push()

    async def _correct(self, feed: Feed, one: Candidate, desk: Desk, now: datetime) -> bool:
        """Store a publisher's change as a revision; whether there was any."""
        article = await self._storage.articles.by_entry(feed.id, one.entry.guid)
        changed = False
        # Where the entry is another address of an article, that article's own entry tells.
        if article is not None and article.guid == one.entry.guid:
            try:
                draft = (await self._composer.article(one, desk, now)).draft
            except Exception as error:  # noqa: BLE001 - the stored text stays
                log.warning("%s: %s", one.entry.url, error)
                return False
            worse = draft.page_error and article.body_from is BodyFrom.PAGE
            if worse or (draft.body_from is BodyFrom.NONE and article.body):
                return False  # not noted, so that the feed's next change looks again
            if draft.content_hash != article.content_hash:
                await self._storage.articles.replace(article.id, draft, now=now, revision=True)
                changed = True
        await self._storage.articles.note_item(feed.id, one.entry.guid, one.item_hash)
        return changed

    # ------------------------------------------------------------ pages that failed

    async def retry_pages(self, now: datetime) -> int:
        """Ask again for the pages that failed and are due; returns how many came.

        The better body replaces the feed's text without a word to anyone.
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
        async with self._retry_places:
            draft = await self._composer.complete(pending.draft, source, now)
        came = draft.body_from is BodyFrom.PAGE
        with suppress(NotFoundError):  # pruned meanwhile
            if came:
                await self._storage.articles.replace(
                    pending.article_id, draft, now=now, revision=False
                )
            else:
                await self._storage.articles.page_failed(
                    pending.article_id,
                    error=draft.page_error or "The page says less than the feed.",
                    tries=pending.draft.page_tries + 1,
                    due=draft.page_due,
                )
        return came

    # ------------------------------------------------------------ trying an address

    async def check(self, url: str, now: datetime) -> CheckReport:
        """Read a feed and its newest pages as a poll would, and store nothing."""
        try:
            response = await self._fetcher.fetch(url)
        except FetchError as error:
            return CheckReport(url, error=str(error))
        if not 200 <= response.status < 300:
            return CheckReport(response.url, error=fault(response.status, _host(response.url)))
        try:
            parsed = await self._parse(response, "", now)
        except NotAFeedError as error:
            found = await self._announced(response)
            return CheckReport(response.url, error=str(error), found=found)
        except (FeedError, WorkerError) as error:
            return CheckReport(response.url, error=str(error))
        newest = decide(parsed, {}, now).new[:CHECKED_PAGES]
        desk = Desk(0, 0, parsed.title, parsed.language)
        async with aclosing(self._composed(newest, desk, now)) as composed:
            drafts = tuple([article.draft async for _, article in composed if article])
        return CheckReport(
            response.url,
            title=parsed.title,
            language=parsed.language,
            entries=len(parsed.entries),
            drafts=drafts,
            problems=parsed.problems,
        )

    async def _announced(self, response: Response) -> tuple[str, ...]:
        try:
            return await self._workers.run(
                jobs.find_feeds,
                response.body,
                url=response.url,
                content_type=response.full_content_type,
            )
        except WorkerError:
            return ()


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _dice() -> float:
    """Where in the jitter a poll falls, in [0, 1)."""
    return random.random()  # noqa: S311 - spreads polls, guards nothing
