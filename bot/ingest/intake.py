"""What a feed brought becomes articles: the second half of a poll.

    entries ─▶ decide ─▶ brakes ─▶ known addresses aside ─▶ page by page, newest first:
        fetch ─▶ extract and compose (worker) ─▶ same story? ─▶ one transaction
    then what reads otherwise now, a few a poll: compose ─▶ compare ─▶ a revision, or nothing
    and in the feed's last transaction its outcome, so that a crash reads it again

Articles of a feed are stored one after another, while the next few pages are already being
fetched. An article that cannot be read or stored costs itself alone.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.articles.blocks import plain_text
from bot.articles.changes import changed_parts
from bot.articles.newsroom import Desk
from bot.feeds.entries import FeedKind, ParsedFeed
from bot.ingest.clustering import Clustering
from bot.ingest.composing import Composer
from bot.ingest.decider import (
    CORRECTIONS_A_POLL,
    PROBLEMS,
    SITEMAP_BEGINS,
    Again,
    Candidate,
    again,
    asks_page,
    decide,
    habit,
    is_braked,
    is_burst,
    is_silent,
    next_check,
    next_look,
    owed_push,
    page_later,
    read_again,
)
from bot.ingest.jobs import Composed
from bot.ingest.vanishing import Vanishing
from storage import (
    Article,
    ArticleDraft,
    BodyFrom,
    DatabaseCorruptError,
    DatabaseLockedError,
    DiskFullError,
    EntryKey,
    Feed,
    FeedOutcome,
    NotFoundError,
    NoticeKind,
    Reading,
    Source,
    Storage,
    ToldEntry,
)

log = logging.getLogger(__name__)

_NO_ARTICLE = 0  # of an entry that is only to be known
FIRST_PUT_OFF, LONGEST_PUT_OFF = timedelta(minutes=10), timedelta(hours=6)
_PUT_OFF_KEPT = 10_000
PAGES_AHEAD = 3  # of one feed, while an article is being stored


@dataclass(slots=True)
class Tally:
    """A poll's counts while they grow; `lost` counts what could not be read or stored."""

    stored: int = 0
    corrected: int = 0
    without_page: int = 0
    pushes: int = 0
    lost: int = 0
    problems: tuple[str, ...] = ()
    outcome_saved: bool = False


@dataclass(frozen=True, slots=True)
class Second:
    """A second look at an article that is stored: why, and at which one."""

    one: Candidate
    why: Again
    article: Article


@dataclass(frozen=True, slots=True)
class _Brakes:
    """Whether a reading's news are pushed.

    `why` says why not, "" where they are; `usual` is the feed's habit from now on; `known` are the
    guids that were noted as known articles.
    """

    why: str
    usual: tuple[float, int]
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Sorted:
    """A feed's entries by what is to be done with them."""

    fresh: tuple[Candidate, ...]
    seconds: tuple[Second, ...]
    braked: str  # why nothing is pushed, "" where that is not so
    usual: tuple[float, int]


@dataclass(frozen=True, slots=True)
class _Failure:
    """How often an entry that reads otherwise could not be looked at, and until when it waits."""

    item_hash: str
    times: int
    until: datetime


class PutOff:
    """Entries that read otherwise and whose pages fail: each waits, longer every time.

    In memory: after a restart each is tried once more.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[int, str], _Failure] = OrderedDict()

    def waits(self, feed_id: int, one: Candidate, now: datetime) -> bool:
        """Whether it is not to be looked at yet; one that changed once more is."""
        known = self._failures.get((feed_id, one.key.guid))
        return known is not None and known.item_hash == one.item_hash and now < known.until

    def note(self, feed_id: int, one: Candidate, now: datetime, *, failed: bool) -> None:
        """Note how looking at an entry ended."""
        known = self._failures.pop((feed_id, one.key.guid), None)
        if not failed:
            return
        times = known.times + 1 if known is not None and known.item_hash == one.item_hash else 1
        wait = min(FIRST_PUT_OFF * 2 ** min(times - 1, 10), LONGEST_PUT_OFF)
        self._failures[feed_id, one.key.guid] = _Failure(one.item_hash, times, now + wait)
        while len(self._failures) > _PUT_OFF_KEPT:
            self._failures.popitem(last=False)


class Intake:
    """Stores what a feed brought. `on_push` is called whenever a push was owed."""

    def __init__(
        self,
        *,
        storage: Storage,
        composer: Composer,
        clustering: Clustering,
        vanishing: Vanishing,
        on_push: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._composer = composer
        self._clustering = clustering
        self._vanishing = vanishing
        self._on_push = on_push
        self._storing = asyncio.Lock()
        self._put_off = PutOff()

    async def take(
        self, feed: Feed, source: Source, parsed: ParsedFeed, outcome: FeedOutcome, now: datetime
    ) -> Tally:
        """Store a feed's entries, and then its outcome, unless none of them could be read."""
        tally = Tally()
        entries = await self._sort(feed, source, parsed, now)
        outcome = replace(outcome, usual=entries.usual[0], readings=entries.usual[1])
        if entries.braked:
            tally.problems = (entries.braked,)
            problems = (entries.braked, *(outcome.problems or ()))[:PROBLEMS]
            outcome = replace(outcome, problems=problems)
        silent = bool(entries.braked) or is_silent(feed, now)
        desk = Desk(feed.id, source.id, source.title, parsed.language or source.language)
        left = len(entries.fresh)
        composing = self.composed(entries.fresh, desk, now, reading=source.reading)
        async with aclosing(composing) as composed:
            async for one, article in composed:
                left -= 1
                if article is None:
                    tally.lost += 1
                    continue
                if article.site:
                    outcome = replace(outcome, source_title=article.site)
                last = not left and not entries.seconds and not tally.lost
                try:
                    await self._store(
                        one,
                        article.draft,
                        outcome if last else None,
                        tally,
                        silent=silent,
                        owner=source.owner,
                        now=now,
                    )
                except (DatabaseCorruptError, DatabaseLockedError, DiskFullError):
                    raise  # no fault of the article's
                except Exception:  # an article costs itself alone
                    log.exception("storing %s failed", one.entry.url)
                    tally.lost += 1
        for second in entries.seconds[:CORRECTIONS_A_POLL]:
            looked, corrected = await self._look_again(feed, source, second, desk, now)
            self._put_off.note(feed.id, second.one, now, failed=not looked)
            tally.corrected += corrected
        dates = [entry.published for entry in parsed.entries if entry.published]
        if dates:
            guids = [entry.guid for entry in parsed.entries]
            await self._vanishing.dropped(feed, guids, min(dates), now)
        if len(entries.seconds) > CORRECTIONS_A_POLL:
            outcome = read_again(outcome)  # the rest comes next time, whether or not it changes
        if tally.lost:
            error = f"{tally.lost} of its articles could not be read. They are tried again."
            # Without the validators the feed is read again, and with it what is missing; but the
            # rest keeps coming in time, and with pushes.
            outcome = replace(read_again(outcome), error=error)
            tally.problems = (error, *tally.problems)
        if not tally.outcome_saved and tally.lost < max(len(parsed.entries), 1):
            await self._storage.feeds.save_outcome(outcome)
        return tally

    # ------------------------------------------------------------ what is new

    async def _sort(self, feed: Feed, source: Source, parsed: ParsedFeed, now: datetime) -> _Sorted:
        known = await self._storage.entries.known(feed.id, [entry.guid for entry in parsed.entries])
        decision = decide(parsed, known, now)
        new = decision.new
        told = await self._storage.entries.told_before(
            feed.id,
            source.id,
            [(one.key.guid, one.key.url, one.entry.published or now) for one in new],
        )
        # What other feeds told first is nothing unusual: publishers have rubrics and channels.
        own = [
            one
            for one in new
            if one.key.guid not in told or any(e.feed_id == feed.id for e in told[one.key.guid])
        ]
        brakes = await self._brake(feed, source, own, now)
        new = tuple(one for one in new if one.key.guid not in brakes.known)
        fresh, seconds = await self._unknown(feed, new, told, now)
        if feed.succeeded is None and parsed.kind is FeedKind.SITEMAP:
            await self._adopt(feed, [(one, _NO_ARTICLE) for one in fresh[SITEMAP_BEGINS:]], now)
            fresh = fresh[:SITEMAP_BEGINS]
        # Whoever failed waits longer each time, so that five bad pages do not keep all others.
        seconds = [one for one in seconds if not self._put_off.waits(feed.id, one.one, now)]
        for one in decision.changed:
            if len(seconds) > CORRECTIONS_A_POLL:
                break  # they wait for the next poll, like the last of these
            if self._put_off.waits(feed.id, one, now):
                continue
            article = await self._own_article(feed, one, parsed)
            if article is not None:
                seconds.append(Second(one, Again.CHANGED, article))
            else:
                await self._storage.entries.note(feed.id, one.key.guid, one.item_hash)
        return _Sorted(tuple(fresh), tuple(seconds), brakes.why, brakes.usual)

    async def _brake(
        self, feed: Feed, source: Source, new: Sequence[Candidate], now: datetime
    ) -> _Brakes:
        """Whether so many new entries may be pushed; if not, those known otherwise are noted."""
        count = len(new)
        matched: dict[str, int] = {}
        if is_burst(feed, count):
            matched = await self._storage.entries.known_otherwise(
                source.id,
                [
                    (one.key.guid, one.key.url, one.key.title_hash, one.entry.published or now)
                    for one in new
                ],
            )
        braked = is_braked(feed, count, len(matched), now)
        usual = habit(feed, count, braked=braked, now=now)
        if not braked:
            return _Brakes("", usual, frozenset())
        expected = str(max(round(feed.usual), 1))
        why = (
            f"{count} new entries at once, where {expected} are usual, "
            f"{len(matched)} of them known otherwise: nothing was pushed."
        )
        log.warning("%s: %s", feed.url, why)
        await self._adopt(feed, [(one, matched.get(one.key.guid)) for one in new], now)
        if feed.owner is None:
            details = {"new": str(count), "usual": expected, "matched": str(len(matched))}
            await self._storage.notices.owe(NoticeKind.BRAKED, feed.url, details, now)
        return _Brakes(why, usual, frozenset(matched))

    async def _unknown(
        self,
        feed: Feed,
        new: Sequence[Candidate],
        told: Mapping[str, Sequence[ToldEntry]],
        now: datetime,
    ) -> tuple[list[Candidate], list[Second]]:
        """Of the new entries those at new addresses, and those that a known article needs."""
        fresh: list[Candidate] = []
        seconds: list[Second] = []
        known: list[tuple[Candidate, int | None]] = []
        renamed: list[tuple[int, EntryKey, datetime, str]] = []
        for one in new:
            before = told.get(one.key.guid)
            if not before:
                fresh.append(one)
                continue
            article = await self._kept(before[0].article_id)
            why = again(one, before, article, feed, now)
            here = next((entry for entry in before if entry.feed_id == feed.id), None)
            if article is not None and why is not Again.KNOWN:
                seconds.append(Second(one, why, article))
            elif here is not None:
                published = one.entry.published or now
                renamed.append((here.entry_id, one.key, published, one.item_hash))
            else:
                known.append((one, before[0].article_id))
        await self._adopt(feed, known, now)
        if renamed:
            await self._storage.entries.rename(renamed, now)
        return fresh, seconds

    async def _adopt(
        self, feed: Feed, entries: Sequence[tuple[Candidate, int | None]], now: datetime
    ) -> None:
        """Note entries as known, each with its article (0: pruned); None leaves one out."""
        rows = [
            (one.key, one.entry.published or now, one.item_hash, article)
            for one, article in entries
            if article is not None
        ]
        if rows:
            await self._storage.entries.adopt(feed.id, feed.source_id, rows, now)

    async def _kept(self, article_id: int) -> Article | None:
        try:
            return await self._storage.articles.get(article_id)
        except NotFoundError:
            return None

    async def _own_article(self, feed: Feed, one: Candidate, parsed: ParsedFeed) -> Article | None:
        """The article that a changed entry speaks for; None where another entry does.

        Where the entry is another address of an article, that article's own entry tells, as long
        as its feed has it.
        """
        article = await self._storage.articles.by_entry(feed.id, one.key.guid)
        if article is None or article.guid == one.key.guid:
            return article
        listed = any(entry.guid == article.guid for entry in parsed.entries)
        return article if article.feed_id == feed.id and not listed else None

    # ------------------------------------------------------------ storing

    async def composed(
        self,
        candidates: Sequence[Candidate],
        desk: Desk,
        now: datetime,
        *,
        reading: Reading = Reading.FULL,
    ) -> AsyncGenerator[tuple[Candidate, Composed | None], None]:
        """The candidates in their order, each composed; the next few are under way meanwhile.

        None stands for one that no worker could compose.
        """
        waiting = iter(candidates)
        ahead: deque[tuple[Candidate, asyncio.Task[Composed]]] = deque()
        pages = 0
        try:
            while True:
                while len(ahead) <= PAGES_AHEAD and (one := next(waiting, None)):
                    later = page_later(pages, now)
                    pages += asks_page(one.entry, reading)
                    task = asyncio.create_task(
                        self._composer.article(one, desk, now, reading=reading, later=later)
                    )
                    ahead.append((one, task))
                if not ahead:
                    return
                one, task = ahead[0]
                try:
                    composed: Composed | None = await task
                except Exception:  # as above: the others are stored
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
        tally: Tally,
        *,
        silent: bool,
        owner: int | None,
        now: datetime,
    ) -> None:
        # Two sources that break one story in the same second must meet: looking and storing are
        # one step.
        push = owed_push(draft.published, silent=silent, now=now)
        if push is not None and draft.body_from is BodyFrom.PAGE:
            draft = replace(draft, page_due=next_check(now, now))  # is it still there?
        async with self._storing:
            place = await self._clustering.story_of(draft, now, owner=owner)
            stored = await self._storage.articles.store(
                draft,
                now=now,
                item_hash=one.item_hash,
                story_id=place.story_id,
                lead=place.lead,
                push=push,
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

    # ------------------------------------------------------------ what reads otherwise

    async def _look_again(
        self, feed: Feed, source: Source, second: Second, desk: Desk, now: datetime
    ) -> tuple[bool, bool]:
        """Compose a stored article anew: whether that could be done, and whether it is corrected.

        What is not noted is looked at again when the feed changes next, or a while after that.
        """
        one, article = second.one, second.article
        try:
            draft = (
                await self._composer.article(one, desk, now, reading=source.reading, known=article)
            ).draft
        except Exception as error:  # noqa: BLE001 - the stored text stays
            log.warning("%s: %s", one.entry.url, error)
            return False, False
        corrected = False
        was_read = article.body_from is BodyFrom.PAGE
        if second.why is Again.COMPLETED:
            if len(plain_text(draft.body)) > len(plain_text(article.body)):
                await self._storage.articles.replace(article.id, draft, now=now, revision=False)
        else:
            if was_read:
                await self._note_absence(article, draft, source, now)
            worse = draft.page_error and was_read
            if worse or (draft.body_from is BodyFrom.NONE and article.body):
                return False, False
            changed = changed_parts(article, draft)
            if changed:
                await self._storage.articles.replace(
                    article.id, draft, now=now, revision=True, changed=changed
                )
                corrected = True
            elif draft.body_from is BodyFrom.PAGE and not was_read:
                await self._storage.articles.replace(article.id, draft, now=now, revision=False)
        await self._adopt(feed, [(one, article.id)], now)
        await self._storage.entries.note(feed.id, one.key.guid, one.item_hash)
        return True, corrected

    async def _note_absence(
        self, article: Article, draft: ArticleDraft, source: Source, now: datetime
    ) -> None:
        """Note that the page of an article, asked for anew, is missing, gone, or there again."""
        if draft.missing is None:
            if article.missing is not None:
                await self._storage.articles.page_found(article.id, now=now, due=None)
        elif draft.gone:
            await self._vanishing.lost(article.id, source, draft.missing, article.state, now)
        elif article.missing is None:
            due = next_look(draft.missing, now)
            await self._storage.articles.page_missed(article.id, since=draft.missing, due=due)
