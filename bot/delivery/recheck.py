"""What is to be done with a claimed delivery, decided at the last moment. Pure.

Between owing and sending a reader may have stopped, muted, unfollowed, or been told by a digest;
the article may have gone; the hour may have become quiet. Nothing followed is lost: what is held
back or late becomes a line of one merged message, or of the next digest:

    quiet hours, expired, old news  ─▶ the digest that comes within two hours of when it may go;
                                       else one merged message then
    over a cap                      ─▶ the next digest; a merged message where there is none
    late, and the reader is owed others too ─▶ one merged message of them all, now

A channel has neither: each of its posts waits for its turn, and is dropped once it is no news. One
that somebody has to approve of is held back for that, and goes at once when they did.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.delivery.schedule import URGENT_A_DAY, held, in_quiet, quiet_ends
from storage import (
    AWAITS_APPROVAL,
    Claim,
    DeliveryKind,
    DeliveryState,
    EditionMode,
    Subscriber,
    SubscriberState,
)

NEAR = timedelta(hours=2)
"""A digest that comes so soon brings what may not go now; a message of its own would be a second
bell for the same news."""

STALE = timedelta(hours=2)
"""An article published before that is no alert: the bot was down, or the feed slow, and there may
be dozens of them."""

STALE_POST = timedelta(hours=12)
"""The same of a post in a channel, which may have waited for the end of quiet hours."""

GATHER = timedelta(minutes=2)
"""How long old news is gathered into one message: after a long silence feeds come back one by
one."""


@dataclass(frozen=True, slots=True)
class Go:
    """Send it."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Do not send it now: the state and reason that its line gets.

    `due` is when one that stays owed is tried again, and when a merged message of what is held
    back is due.
    """

    state: DeliveryState
    reason: str
    due: datetime | None = None


GO = Go()


def recheck(claim: Claim, now: datetime, *, already: int = 0, urged: int = 0) -> Go | Drop:
    """Whether a claimed delivery is still wanted.

    `already` counts the pushes to the same subscriber that are on their way, `urged` of these the
    ones that come for being important alone.
    """
    if claim.subscriber.state is SubscriberState.STOPPED:
        return Drop(DeliveryState.CANCELLED, "stopped")
    if claim.edition is not None:
        return _post(claim, claim.edition, now, already)
    if claim.delivery.kind is DeliveryKind.PUSH:
        return _push(claim, now, already, urged)
    # A digest moves no watermark until it is sent: the next one brings the same stories.
    if claim.subscriber.state is SubscriberState.PAUSED:
        return Drop(DeliveryState.CANCELLED, "paused")
    if now >= claim.delivery.expires:
        return late(claim, now)
    if claim.delivery.kind is DeliveryKind.BROADCAST:
        if not claim.live:
            return Drop(DeliveryState.CANCELLED, "called off")
        ends = _quiet_ends(now, claim.subscriber)
        return GO if ends <= now else Drop(DeliveryState.OWED, "quiet", ends)
    return _unless_it_wakes(claim, now)


def _push(claim: Claim, now: datetime, already: int, urged: int) -> Go | Drop:
    subscriber = claim.subscriber
    # First what is not wanted at all: deferred, it would come all the same, with a digest.
    for reason, holds in (
        ("told", claim.told),
        ("gone", not claim.live),
        ("muted", claim.muted),
        ("unfollowed", not claim.followed),
        ("language", not claim.understood),
    ):
        if holds:
            return Drop(DeliveryState.CANCELLED, reason)
    if subscriber.state is SubscriberState.PAUSED:
        return Drop(DeliveryState.DEFERRED, "paused")
    if now >= claim.delivery.expires:
        return late(claim, now)
    sent_hour, sent_day = claim.sent_hour + already, claim.sent_day + already
    urged_day = claim.urged_day + urged if claim.urged else 0
    later = held(
        now, subscriber, sent_last_hour=sent_hour, sent_today=sent_day, urged_today=urged_day
    )
    if later is not None:
        capped = (
            _reached(subscriber.hourly, sent_hour)
            or _reached(subscriber.daily, sent_day)
            or urged_day >= URGENT_A_DAY
        )
        near = claim.next_digest is not None if capped else _digest_near(claim, later)
        reason = "held" if capped else "quiet"
        return Drop(DeliveryState.DEFERRED, reason, None if near else later)
    if claim.published is not None and now - claim.published > STALE:
        return _merge(claim, now + GATHER, now, "old")
    if claim.others:
        return Drop(DeliveryState.DEFERRED, "merged", claim.delivery.due)  # in its own place
    return GO


def _post(claim: Claim, mode: EditionMode, now: datetime, already: int) -> Go | Drop:
    """Of a post in a channel; somebody's approval is above caps, quiet hours and follows."""
    if not claim.live:
        return Drop(DeliveryState.CANCELLED, "gone")
    if claim.subscriber.state is SubscriberState.PAUSED:
        return Drop(DeliveryState.DEFERRED, "paused")
    if now >= claim.delivery.expires:
        return late(claim, now)
    if claim.approved:
        return GO
    for reason, holds in (
        ("stopped", mode is EditionMode.OFF),
        ("muted", claim.muted),
        ("unfollowed", not claim.followed),
        ("language", not claim.understood),
        ("old", claim.published is not None and now - claim.published > STALE_POST),
    ):
        if holds:
            return Drop(DeliveryState.CANCELLED, reason)
    sent_hour, sent_day = claim.sent_hour + already, claim.sent_day + already
    later = held(now, claim.subscriber, sent_last_hour=sent_hour, sent_today=sent_day)
    if later is not None:
        return Drop(DeliveryState.OWED, "held", later)
    if mode is EditionMode.APPROVAL:
        return Drop(DeliveryState.DEFERRED, AWAITS_APPROVAL)
    return GO


def late(claim: Claim, now: datetime) -> Drop:
    """What becomes of a delivery that could not go out in time."""
    if claim.edition is not None:
        return Drop(DeliveryState.CANCELLED, "late")
    if claim.delivery.kind is DeliveryKind.PUSH:
        return _merge(claim, now, now, "late")
    return Drop(DeliveryState.CANCELLED, "late")


def given_up(claim: Claim, now: datetime, reason: str) -> Drop:
    """What becomes of a delivery that must not be tried for ever.

    A push's story is left to the next digest, which says it otherwise, or at least later; where
    there is none, to a merged message. A digest's, to the one after it.
    """
    match claim.delivery.kind:
        case DeliveryKind.PUSH if claim.edition is None:
            due = None if claim.next_digest is not None else _quiet_ends(now, claim.subscriber)
            return Drop(DeliveryState.DEFERRED, reason, due)
        case _:
            return Drop(DeliveryState.FAILED, reason)


def _merge(claim: Claim, at: datetime, now: datetime, reason: str) -> Drop:
    """A line of the merged message that may go from `at` on, or of the digest that is near."""
    at = max(at, _quiet_ends(now, claim.subscriber))
    return Drop(DeliveryState.DEFERRED, reason, None if _digest_near(claim, at) else at)


def _digest_near(claim: Claim, at: datetime) -> bool:
    return claim.next_digest is not None and claim.next_digest <= at + NEAR


def _reached(cap: int | None, sent: int) -> bool:
    return cap is not None and sent >= cap


def _quiet_ends(now: datetime, subscriber: Subscriber) -> datetime:
    if subscriber.quiet_from is None:
        return now
    zone = ZoneInfo(subscriber.zone)
    return quiet_ends(now, zone, subscriber.quiet_from, subscriber.quiet_to)


def _unless_it_wakes(claim: Claim, now: datetime) -> Go | Drop:
    """A digest that missed its time waits for quiet hours to end; one set within them goes."""
    subscriber, meant = claim.subscriber, claim.delivery.scheduled or now
    if subscriber.quiet_from is None:
        return GO
    zone, start, end = ZoneInfo(subscriber.zone), subscriber.quiet_from, subscriber.quiet_to
    if in_quiet(now, zone, start, end) and not in_quiet(meant, zone, start, end):
        return Drop(DeliveryState.OWED, "quiet", quiet_ends(now, zone, start, end))
    return GO
