"""When something may or must be sent: digest slots, quiet hours, caps. Pure.

Instants come in and go out as aware UTC datetimes; a reader's wall clock appears only in between,
as a minute of the day in an IANA zone. Two rules settle what summer time does to a wall time: one
that happens twice means the earlier occurrence, one that does not happen at all is shifted by the
length of the gap, as zoneinfo does (02:30 in a gap of an hour is 03:30).

A clock that was set back is no reason to fire again: what fired keeps its rest, unless it fired so
far ahead of now that the clock must have been wrong then.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from storage import Slot, SlotPlan, Subscriber

REST = timedelta(hours=12)
"""A slot never fires sooner than this after it last did: a reader who flies west meets the same
wall time twice in a day, and wants one digest."""

SAME_MORNING = timedelta(hours=3)
"""A new time that comes so soon after a digest was moved from there, or would repeat it."""

JUST_BEGUN = timedelta(minutes=2)
"""A time that a reader sets within it is still meant: «08:00» was typed before the clock said so,
and to wait for tomorrow's would be a digest lost without a word."""

FARTHEST = timedelta(days=10)
"""No slot is due later from now: a week, a rest, and what zones shift."""

URGENT_A_DAY = 3
"""Of important stories no more come at once to whoever asked for these alone."""

EVERY_DAY = 0b111_1111

_DAY = timedelta(days=1)


def next_due(
    minute: int, weekdays: int, zone: ZoneInfo, after: datetime, last_fired: datetime | None
) -> datetime:
    """The first instant strictly after `after` at which a slot is due.

    `minute` is of the local day, `weekdays` a mask with bit 0 for Monday; `last_fired` is the
    instant that it was last due at, not when a late tick saw it (a digest caught up in the evening
    must not cost the next morning's). One that is further ahead of `after` than a rest is of a
    clock that was wrong, and counts for nothing. ValueError where the mask or the minute names no
    time, or an instant is naive.
    """
    if not 0 <= minute < 24 * 60:
        raise ValueError(f"a day has no minute {minute}")
    if not weekdays & EVERY_DAY:
        raise ValueError("a slot needs a weekday")
    after = _utc(after)
    rested = after
    if last_fired is not None and last_fired <= after + REST:
        rested = _utc(last_fired) + REST
    start = max(after, rested).astimezone(zone).date() - _DAY
    days = (start + n * _DAY for n in range(11))  # a week, and what a fold or a gap may shift
    dues = (_instant(day, minute, zone) for day in days if weekdays >> day.weekday() & 1)
    return next(due for due in dues if due > after and due >= rested)


def first_due(
    plan: SlotPlan,
    zone: ZoneInfo,
    now: datetime,
    former: Slot | None = None,
    last_digest: datetime | None = None,
    *,
    begun: timedelta = timedelta(0),
) -> datetime:
    """The first instant of a slot that a reader sets, moves or takes along to another zone.

    `former` is the slot of the same minute that was there before: what came due and was not seen
    yet stays due, and what fired rests. A new one leaves out what would come within `SAME_MORNING`
    of the reader's last digest: 08:00 moved to 08:05 at 08:02 is no second digest that morning. One
    that came no longer than `begun` ago is due.
    """
    if former is not None:
        if former.due <= now:
            return former.due
        return next_due(plan.minute, plan.weekdays, zone, now, former.fired)
    due = next_due(plan.minute, plan.weekdays, zone, now - begun, None)
    if last_digest is not None and abs(due - last_digest) < SAME_MORNING:
        due = next_due(plan.minute, plan.weekdays, zone, max(now, last_digest), last_digest)
    return due


def rests(due: datetime, fired: datetime | None) -> bool:
    """Whether a slot that is due has fired so lately that it must not again.

    So it is where it was set anew by somebody who did not know yet that it had just fired, or where
    the clock was set back.
    """
    return fired is not None and fired <= due < fired + REST


def in_quiet(now: datetime, zone: ZoneInfo, start: int | None, end: int | None) -> bool:
    """Whether the reader's wall clock is within quiet hours, [start, end) in minutes of the day.

    They may pass midnight. None, or equal ends, means that there are none.
    """
    if start is None or end is None or start == end:
        return False
    local = _utc(now).astimezone(zone)
    minute = local.hour * 60 + local.minute
    return start <= minute < end if start < end else minute >= start or minute < end


def quiet_ends(now: datetime, zone: ZoneInfo, start: int | None, end: int | None) -> datetime:
    """When the quiet hours that hold at `now` end; `now` itself where none hold."""
    if end is None or not in_quiet(now, zone, start, end):
        return _utc(now)
    today = _utc(now).astimezone(zone).date()
    # Both occurrences of a wall time that happens twice: `now` may lie between them.
    ends = (_instant(today + n * _DAY, end, zone, fold) for n in range(3) for fold in (0, 1))
    return min(at for at in ends if at > now and not in_quiet(at, zone, start, end))


def held(
    now: datetime,
    subscriber: Subscriber,
    *,
    sent_last_hour: int,
    sent_today: int,
    urged_today: int = 0,
) -> datetime | None:
    """When to look again at a push that may not go now; None where it may.

    `sent_last_hour` counts the subscriber's pushes of the last sixty minutes, `sent_today` those
    of the last 24 hours, `urged_today` of these the important ones, where this one comes for
    nothing else. Quiet hours hold until they end, the hourly cap until the reader's next
    full hour, the daily cap until the reader's midnight, and quiet hours after those count too.
    """
    zone = ZoneInfo(subscriber.zone)
    at = now = _utc(now)
    if subscriber.hourly is not None and sent_last_hour >= subscriber.hourly:
        local = now.astimezone(zone)
        into_hour = timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        at = now + timedelta(hours=1) - into_hour
    full = subscriber.daily is not None and sent_today >= subscriber.daily
    if full or urged_today >= URGENT_A_DAY:
        tomorrow = now.astimezone(zone).date() + _DAY
        at = max(at, _instant(tomorrow, 0, zone))
    at = quiet_ends(at, zone, subscriber.quiet_from, subscriber.quiet_to)
    return at if at > now else None


def _instant(day: date, minute: int, zone: ZoneInfo, fold: int = 0) -> datetime:
    """The UTC instant of a wall time."""
    wall = time(minute // 60, minute % 60, fold=fold)
    return datetime.combine(day, wall, zone).astimezone(UTC)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC)
