"""When a feed is asked again: pure, with the clock and the dice passed in.

The rule, in the order in which it is applied:

- A feed whose newest entry is under a day old is asked at the floor (POLL_SECONDS): news comes in
  bursts, and an unchanged feed costs its server a 304 and us a fraction of a millisecond.
- Silence lengthens the interval gently: by a forty-eighth of the silence beyond the first day, or
  by that share of itself at each poll that found nothing new. Never beyond an hour. An interval is
  whole seconds, so one under 25 stays: who asks every two seconds wants to know within them.
- What the feed and its server ask for (ttl, max-age, Retry-After, skipHours, skipDays) only
  lengthens the wait, to a day at most. It is no part of the interval: once taken back it is gone.
- A failure waits floor × 2ⁿ, to a day at most; Retry-After and skipped hours lengthen that too.
- ±10 % of jitter keeps feeds from marching in step, but never goes below the floor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = 3600
DAY = 86_400
_SHARE = 48  # of the silence: two quiet days after the first one make an hour


@dataclass(frozen=True, slots=True)
class Hints:
    """What a feed and its server ask for; seconds, UTC hours 0–23, weekdays from 0 Monday."""

    ttl: int | None = None
    max_age: int | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class NextPoll:
    """The interval that the feed has now, in seconds, and the instant of its next poll."""

    interval: int
    due: datetime


def after_change(
    newest: datetime | None, *, floor: int, hints: Hints, now: datetime, dice: float
) -> NextPoll:
    """The next poll of a feed that was read whole; `newest` is its newest entry's date.

    `dice` is a random number in [0, 1).
    """
    silence = max(0.0, (now - newest).total_seconds() - DAY) if newest else 0.0
    rhythm = min(floor + silence / _SHARE, max(floor, HOUR))
    return _poll(rhythm, floor, hints, now, dice)


def after_no_change(
    interval: int, *, floor: int, hints: Hints, now: datetime, dice: float
) -> NextPoll:
    """The next poll of a feed that had nothing new; `interval` is the one that it had."""
    grown = min(interval + interval / _SHARE, max(floor, HOUR))
    return _poll(max(interval, grown), floor, hints, now, dice)


def after_failure(
    failures: int,
    interval: int,
    *,
    floor: int,
    hints: Hints,
    now: datetime,
    dice: float,
) -> NextPoll:
    """The next poll of a feed that failed for the `failures`-th time in a row (1 is the first).

    Its ttl says how long an answer holds, and there was none.
    """
    wait = min(floor * 2 ** min(max(failures, 1), 20), DAY)
    asked = min(hints.retry_after or 0, DAY)
    due = now + timedelta(seconds=max(_jittered(wait, dice), asked, floor))
    return NextPoll(interval=max(floor, interval), due=_outside_skipped(due, hints))


def _poll(rhythm: float, floor: int, hints: Hints, now: datetime, dice: float) -> NextPoll:
    asked = min(max(hints.ttl or 0, hints.max_age or 0, hints.retry_after or 0), DAY)
    interval = max(rhythm, floor)
    # Feeds of one server ask for the same: jitter on top keeps them from coming back together.
    longer = max(_jittered(interval, dice), asked * (1 + 0.1 * dice), floor)
    due = now + timedelta(seconds=longer)
    return NextPoll(interval=round(interval), due=_outside_skipped(due, hints))


def _jittered(seconds: float, dice: float) -> float:
    return seconds * (0.9 + 0.2 * dice)


def _outside_skipped(due: datetime, hints: Hints) -> datetime:
    """The first instant from `due` on that the feed does not ask to be left alone in.

    A feed that skips so much that no hour within a day is left is asked all the same.
    """
    for hours in range(24):
        moment = due
        if hours:
            moment = due.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
        if moment.hour not in hints.skip_hours and moment.weekday() not in hints.skip_days:
            return moment
    return due + timedelta(days=1) if hints.skip_days else due
