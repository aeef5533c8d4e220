"""What a poll means: which entries are new or changed, whether a push is owed, what comes next.

Pure: records in, records out, with the clock and the dice passed in. The shell around it is
`bot.ingest.pipeline`. "New" here is only a guess that saves fetching pages; the store's insert
decides.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.articles.blocks import plain_text
from bot.feeds.entries import ParsedEntry, ParsedFeed
from bot.feeds.interval import Hints, after_change, after_failure, after_no_change
from bot.web.addresses import canonical_url, url_key
from bot.web.fetcher import Response
from storage import (
    Article,
    BodyFrom,
    EntryKey,
    Feed,
    FeedHints,
    FeedOutcome,
    PushPlan,
    Reading,
    ToldEntry,
)

RETURN_AFTER = timedelta(weeks=1)  # of failure: what piled up is no breaking news
FRESH = timedelta(hours=6)  # a push is owed only for what was published since
PUSH_LIFE = timedelta(hours=6)  # later, a push is a line of the next digest
CORRECTIONS_FOR = timedelta(days=3)  # a story stops growing after that
CORRECTIONS_A_POLL = 5  # a feed that rewrites its texts at every poll must not cost every page
PAGE_TRIES = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))

PAGE_CHECKS = (timedelta(hours=2), timedelta(hours=24))  # after the push: is it still there?
MISSING = frozenset({404, 410})
GONE_AFTER = timedelta(days=1)  # a 404 that is one still
VANISHED_AT_ONCE = 5  # pages of a source within a day: more is an outage, or a site's move
VANISHED_SHARE = 0.05  # of what it published: so many are believed where that is more

PAGES_A_POLL = 100  # asked for at once; a sitemap of thousands must not hammer its host
SITEMAP_BEGINS = 200  # newest entries of a sitemap at first sight: without pages they say little
PAGE_SPREAD = timedelta(seconds=30)  # between the pages of a feed that are asked for later

BURST = 10  # times the usual number of new entries
BRAKES_AFTER = 3  # readings that brought something: before, nobody knows what is usual
SHARE = 0.2  # of the latest reading in the average
BRAKED_COUNTS = 3  # times the usual: what a braked reading counts for at most
_SHORTEST_RHYTHM = timedelta(minutes=1)
GAP = timedelta(hours=1)  # a pause as long as this is a reason for more news than usual

FAILING_AFTER = timedelta(hours=24)
FAILING_FROM_START = 8  # failures of a feed that never worked: with their waits, about a day

SHORT_TEXT = 800  # characters: a channel's post, not an article
PROBLEMS, PROBLEM_LENGTH = 10, 200

_FAULTS = {
    401: "asks for a password",
    402: "asks for payment",
    403: "refuses newsboy. Setting CONTACT may help, or asking the publisher",
    404: "has nothing at this address. Look for the feed's new one",
    406: "does not serve this in a form that newsboy reads",
    410: "says that this is gone for good",
    429: "asks to be asked less often",
    451: "may not show this for legal reasons",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry with its identity and the hash of what the feed says of it."""

    entry: ParsedEntry
    key: EntryKey
    item_hash: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a feed brought: entries never seen, and seen ones that read otherwise now.

    Both newest first; what has no date comes first, in the feed's order.
    """

    new: tuple[Candidate, ...]
    changed: tuple[Candidate, ...]


class Again(Enum):
    """What is to be done with a new entry at the address of a known article."""

    KNOWN = auto()  # the same article once more: note the entry, ask for nothing
    CHANGED = auto()  # the feed corrects its article under a new guid
    COMPLETED = auto()  # only a short post was told so far: this entry has the page


def decide(parsed: ParsedFeed, known: Mapping[str, str], now: datetime) -> Decision:
    """Compare a feed with what is stored: `known` maps its guids to the hashes seen last.

    A hash that is "" was never taken, and an entry with a date long past is not corrected. An
    address that several entries share (a live page, a changelog) identifies none of them.
    """
    all_of_them = [candidate(entry) for entry in parsed.entries]
    pages = Counter(one.key.url for one in all_of_them)
    candidates = sorted(
        (
            one if pages[one.key.url] == 1 else replace(one, key=replace(one.key, url=""))
            for one in all_of_them
        ),
        key=lambda one: one.entry.published or now,
        reverse=True,
    )
    changed = (
        one
        for one in candidates
        if known.get(one.entry.guid) not in {None, "", one.item_hash}
        and now - (one.entry.published or now) <= CORRECTIONS_FOR
    )
    return Decision(
        new=tuple(one for one in candidates if one.entry.guid not in known),
        changed=tuple(changed),
    )


def again(
    one: Candidate, told: Sequence[ToldEntry], article: Article | None, feed: Feed, now: datetime
) -> Again:
    """What a new entry means whose address is known: `told` are the entries that had it before.

    `article` is what they are about, None where its text is not kept.
    """
    if article is None or now - article.published > CORRECTIONS_FOR:
        return Again.KNOWN
    if any(entry.feed_id == feed.id for entry in told):
        same = any(entry.item_hash == one.item_hash for entry in told)
        return Again.KNOWN if same else Again.CHANGED
    # A publisher's own feeds share its pages' fate; a channel may be ahead of the page.
    posted = article.source_id != feed.source_id and article.body_from is not BodyFrom.PAGE
    if posted and not one.entry.whole and len(plain_text(article.body)) < SHORT_TEXT:
        return Again.COMPLETED
    return Again.KNOWN


def is_burst(feed: Feed, new: int) -> bool:
    """Whether a reading, not the first, brought ten times what its feed usually brings."""
    return feed.succeeded is not None and new >= BURST * max(feed.usual, 1.0)


def is_braked(feed: Feed, new: int, matched: int, now: datetime) -> bool:
    """Whether a reading's news must not be pushed: `matched` of them are known otherwise.

    A burst whose entries are known by address or title is a changed guid scheme or a site's move.
    One that is unknown counts once it is known what is usual, and may be honest even so, after a
    pause without newsboy or without the server: each reading that was missed makes room for twice
    the usual more, by the feed's own rhythm. An election night that is louder still loses its
    pushes for a few readings, until the average has followed; its articles are stored and in the
    digests all the same.
    """
    if not is_burst(feed, new):
        return False
    too_many = new >= (BURST + 2 * _missed(feed, now)) * max(feed.usual, 1.0)
    return matched * 2 >= new or (too_many and feed.readings >= BRAKES_AFTER)


def habit(feed: Feed, new: int, *, braked: bool, now: datetime) -> tuple[float, int]:
    """What a reading usually brings, and over how many readings, after one more of `new` entries.

    A moving average over the readings that brought something: a quiet night does not make a busy
    morning a burst. The first sight tells nothing, and what piled up counts as an hour's share. No
    reading counts for more than ten times the usual, a braked one for three: no burst spoils the
    average, and yet it follows within a few readings a feed that has become busier, or that makes
    up new guids at every reading.
    """
    if feed.succeeded is None or new == 0:
        return feed.usual, feed.readings
    most = (BRAKED_COUNTS if braked else BURST) * max(feed.usual, 1.0)
    counted = min(new / _hours(feed, now), most)
    share = max(SHARE, 1 / (feed.readings + 1))
    return feed.usual + share * (counted - feed.usual), feed.readings + 1


def _missed(feed: Feed, now: datetime) -> float:
    """How many readings fell out since the last one, as often as the feed is read otherwise."""
    rhythm = max(timedelta(seconds=feed.interval), _SHORTEST_RHYTHM)
    return max(0.0, (now - (feed.succeeded or now)) / rhythm - 1)


def _hours(feed: Feed, now: datetime) -> float:
    """How many gaps long the pause since the last reading was; at least one."""
    return max(1.0, (now - (feed.succeeded or now)) / GAP)


def is_failing(feed: Feed, now: datetime) -> bool:
    """Whether a feed that has failed once more failed for a day: the admins are told once."""
    if feed.succeeded is None:
        return feed.failures + 1 >= FAILING_FROM_START
    return feed.failures >= 2 and now - feed.succeeded >= FAILING_AFTER


def page_later(place: int, now: datetime) -> datetime | None:
    """When the page of a reading's `place`-th new entry (from 0) is asked for; None: at once."""
    late = place - PAGES_A_POLL
    return None if late < 0 else now + PAGE_TRIES[0] + late * PAGE_SPREAD


def asks_page(entry: ParsedEntry, reading: Reading) -> bool:
    """Whether an entry's page is to be read.

    Not where the entry is the whole text, nor where the operator keeps a source to headlines: what
    is never shown need not be asked for. A source kept to summaries is read whole all the same:
    its readers see no more than the summary, but search, stories and topics need the words.
    """
    return bool(entry.url) and not entry.whole and reading is not Reading.HEADLINE


def candidate(entry: ParsedEntry) -> Candidate:
    """The entry with what identifies it."""
    said = "\x00".join((entry.title, entry.summary_html, entry.content_html))
    return Candidate(
        entry=entry,
        key=EntryKey(
            guid=entry.guid,
            url=url_key(entry.url),
            title_hash=title_hash(entry.title),
        ),
        item_hash=_hash(said),
    )


def title_hash(title: str) -> str:
    """Equal for titles that differ in case and punctuation only."""
    return _hash(" ".join(re.findall(r"\w+", title.casefold())))


def article_url(entry: ParsedEntry) -> str:
    """The address under which an article is stored and shown."""
    return canonical_url(entry.url)


def is_silent(feed: Feed, now: datetime) -> bool:
    """Whether a feed's entries owe no push: its first sight, or its return after a week."""
    return feed.succeeded is None or now - feed.succeeded > RETURN_AFTER


def owed_push(published: datetime, *, silent: bool, now: datetime) -> PushPlan | None:
    """The push that a new story owes, if any."""
    if silent or now - published >= FRESH:
        return None
    return PushPlan(expires=now + PUSH_LIFE)


def next_page_try(tries: int, now: datetime) -> datetime | None:
    """When a page that failed `tries` times is asked for again; None: never."""
    return now + PAGE_TRIES[tries - 1] if 0 < tries <= len(PAGE_TRIES) else None


def next_check(told: datetime, now: datetime) -> datetime | None:
    """When the page of an article whose push was owed at `told` is looked for; None: no more.

    Twice: most pages that are withdrawn go within hours, and the second look is the last that a
    reader who was told at once may care for. A look costs its publisher a few bytes.
    """
    return next((told + after for after in PAGE_CHECKS if told + after > now), None)


@dataclass(frozen=True, slots=True)
class Absence:
    """Since when a page answers that it is not there (None: it does not); whether for good."""

    since: datetime | None = None
    gone: bool = False


def absence(status: int, since: datetime | None, *, read: bool, now: datetime) -> Absence:
    """What a page's answer (0: none) says, that was missing `since` so far, if it was.

    A 410 is believed at once where the page was `read` before, and where it was not, at the second
    sight: a server that answers so to a stranger alone must not cost its readers the news. A 404
    is believed after a day, and what fails otherwise says nothing. Any success ends the absence.
    """
    if 200 <= status < 300 or status == 304:
        return Absence()
    if status not in MISSING:
        return Absence(since)
    first = since or now
    for_good = status == 410 and (read or since is not None)
    return Absence(first, for_good or now - first >= GONE_AFTER)


def next_look(since: datetime, now: datetime) -> datetime | None:
    """When a page that is missing since then is asked for again: a day later, and then a few times
    a day as long as nobody answers; None: its story is over.
    """
    if now < since + GONE_AFTER:
        return since + GONE_AFTER
    return now + GONE_AFTER / 4 if now - since < CORRECTIONS_FOR else None


def is_outage(vanished: int, published: int) -> bool:
    """Whether so many pages of a source went at once that none of them is believed to be gone.

    A broken deployment or a changed scheme of addresses takes all of them; a publisher takes a few.
    """
    return vanished > max(VANISHED_AT_ONCE, VANISHED_SHARE * published)


def fault(status: int, host: str) -> str:
    """What an HTTP status that is no success means, for the operator."""
    if status in _FAULTS:
        return f"{host} {_FAULTS[status]} (status {status})."
    if status >= 500:
        return f"{host} has trouble of its own (status {status}). It is tried again later."
    return f"{host} answers with status {status}, which newsboy does not understand."


# ---------------------------------------------------------------- outcomes


def outcome_of_change(
    feed: Feed,
    response: Response,
    parsed: ParsedFeed,
    *,
    floor: int,
    now: datetime,
    dice: float,
) -> FeedOutcome:
    """A poll that read the feed whole.

    A feed that moved for good is followed once two polls in a row ended at the same place.
    """
    dates = [entry.published for entry in parsed.entries if entry.published]
    said = FeedHints(parsed.ttl, parsed.skip_hours, parsed.skip_days)
    hints = _hints(said, response.retry_after, response.max_age)
    poll = after_change(max(dates, default=None), floor=floor, hints=hints, now=now, dice=dice)
    moved = response.url if response.permanent and response.url != feed.url else None
    return FeedOutcome(
        feed_id=feed.id,
        checked=now,
        due=poll.due,
        interval=poll.interval,
        ok=True,
        etag=response.etag,
        modified=response.last_modified,
        body_hash=body_hash(response.body),
        title=parsed.title or None,
        language=parsed.language or None,
        moved_to=moved,
        new_url=moved if moved is not None and moved == feed.moved_to else None,
        problems=tuple(_line(problem) for problem in parsed.problems[:PROBLEMS]),
        hints=said,
    )


def read_again(outcome: FeedOutcome) -> FeedOutcome:
    """The outcome without validators: the next poll reads the feed whole, changed or not."""
    return replace(outcome, etag=None, modified=None, body_hash=None)


def outcome_of_no_change(
    feed: Feed, response: Response, *, floor: int, now: datetime, dice: float
) -> FeedOutcome:
    """A poll that found nothing new: a 304, or the very bytes that were read last time."""
    hints = _hints(feed.hints, response.retry_after, response.max_age)
    poll = after_no_change(feed.interval, floor=floor, hints=hints, now=now, dice=dice)
    return FeedOutcome(
        feed_id=feed.id,
        checked=now,
        due=poll.due,
        interval=poll.interval,
        ok=True,
        etag=response.etag or feed.etag,
        modified=response.last_modified or feed.modified,
        body_hash=feed.body_hash,
        moved_to=feed.moved_to,
    )


def outcome_of_failure(
    feed: Feed,
    error: str,
    *,
    floor: int,
    now: datetime,
    dice: float,
    retry_after: int | None = None,
    gone: bool = False,
) -> FeedOutcome:
    """A poll that failed; the store keeps the validators and counts the failure."""
    poll = after_failure(
        feed.failures + 1,
        feed.interval,
        floor=floor,
        hints=_hints(feed.hints, retry_after),
        now=now,
        dice=dice,
    )
    return FeedOutcome(
        feed_id=feed.id,
        checked=now,
        due=poll.due,
        interval=poll.interval,
        ok=False,
        error=error,
        gone=gone,
    )


def _hints(said: FeedHints, retry_after: int | None, max_age: int | None = None) -> Hints:
    """What the feed said when it was read last, and its server with this answer."""
    return Hints(
        ttl=said.ttl,
        max_age=max_age,
        skip_hours=said.skip_hours,
        skip_days=said.skip_days,
        retry_after=retry_after,
    )


def body_hash(body: bytes) -> str:
    """What tells that a server without validators sent the same bytes again."""
    return hashlib.sha256(body).hexdigest()


def _line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= PROBLEM_LENGTH else f"{flat[: PROBLEM_LENGTH - 1]}…"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
