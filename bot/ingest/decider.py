"""What a poll means: which entries are new or changed, whether a push is owed, what comes next.

Pure: records in, records out, with the clock and the dice passed in. The shell around it is
`bot.ingest.pipeline`. "New" here is only a guess that saves fetching pages; the store's insert
decides.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.feeds.entries import ParsedEntry, ParsedFeed
from bot.feeds.interval import Hints, after_change, after_failure, after_no_change
from bot.web.addresses import canonical_url, url_key
from bot.web.fetcher import Response
from storage import EntryKey, Feed, FeedOutcome, PushPlan

RETURN_AFTER = timedelta(weeks=1)  # of failure: what piled up is no breaking news
FRESH = timedelta(hours=6)  # a push is owed only for what was published since
PUSH_LIFE = timedelta(hours=6)  # later, a push is a line of the next digest
CORRECTIONS_FOR = timedelta(days=3)  # a story stops growing after that
CORRECTIONS_A_POLL = 5  # a feed that rewrites its texts at every poll must not cost every page
PAGE_TRIES = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))

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
        changed=tuple(changed)[:CORRECTIONS_A_POLL],
    )


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
    hints = Hints(parsed.ttl, response.max_age, parsed.skip_hours, parsed.skip_days)
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
    )


def outcome_of_no_change(
    feed: Feed, response: Response, *, floor: int, now: datetime, dice: float
) -> FeedOutcome:
    """A poll that found nothing new: a 304, or the very bytes that were read last time."""
    hints = Hints(max_age=response.max_age)
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
        retry_after=retry_after,
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


def body_hash(body: bytes) -> str:
    """What tells that a server without validators sent the same bytes again."""
    return hashlib.sha256(body).hexdigest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
