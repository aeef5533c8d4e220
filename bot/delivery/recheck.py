"""What is to be done with a claimed delivery, decided at the last moment. Pure.

Between owing and sending a reader may have stopped, muted, unfollowed, or been told by a digest;
the article may have gone; the hour may have become quiet. Nothing followed is lost: what is held
back or late becomes a line of the next digest, or of one merged message where there is none.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.delivery.schedule import held, in_quiet, quiet_ends
from storage import Claim, DeliveryKind, DeliveryState, SubscriberState


@dataclass(frozen=True, slots=True)
class Go:
    """Send it."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Do not send it now: the state and reason that its line gets.

    `due` is when one that stays owed is tried again, and when a merged message is due to a reader
    without digests.
    """

    state: DeliveryState
    reason: str
    due: datetime | None = None


def recheck(claim: Claim, now: datetime, *, already: int = 0) -> Go | Drop:
    """Whether a claimed delivery is still wanted.

    `already` counts the pushes to the same subscriber that are on their way.
    """
    delivery, subscriber = claim.delivery, claim.subscriber
    if subscriber.state is SubscriberState.STOPPED:
        return Drop(DeliveryState.CANCELLED, "stopped")
    if now >= delivery.expires:
        return late(claim, now)
    if delivery.kind is DeliveryKind.DIGEST:
        # A digest moves no watermark until it is sent: the next one brings the same stories.
        if subscriber.state is SubscriberState.PAUSED:
            return Drop(DeliveryState.CANCELLED, "paused")
        return _unless_it_wakes(claim, now)
    if subscriber.state is SubscriberState.PAUSED:
        return Drop(DeliveryState.DEFERRED, "paused")
    for reason, holds in (
        ("told", claim.told),
        ("gone", not claim.live),
        ("muted", claim.muted),
        ("unfollowed", not claim.followed),
    ):
        if holds:
            return Drop(DeliveryState.CANCELLED, reason)
    later = held(
        now,
        subscriber,
        sent_last_hour=claim.sent_hour + already,
        sent_today=claim.sent_day + already,
    )
    if later is not None:
        return Drop(DeliveryState.DEFERRED, "held", later if claim.next_digest is None else None)
    return Go()


def late(claim: Claim, now: datetime, reason: str = "late") -> Drop:
    """What becomes of a delivery that could not go out in time, or must not be tried for ever."""
    if claim.delivery.kind is DeliveryKind.DIGEST:
        return Drop(DeliveryState.CANCELLED, reason)
    subscriber = claim.subscriber
    ends = quiet_ends(now, ZoneInfo(subscriber.zone), subscriber.quiet_from, subscriber.quiet_to)
    return Drop(DeliveryState.DEFERRED, reason, ends if claim.next_digest is None else None)


def _unless_it_wakes(claim: Claim, now: datetime) -> Go | Drop:
    """A digest that missed its time waits for quiet hours to end; one set within them goes."""
    subscriber, meant = claim.subscriber, claim.delivery.scheduled or now
    zone, start, end = ZoneInfo(subscriber.zone), subscriber.quiet_from, subscriber.quiet_to
    if in_quiet(now, zone, start, end) and not in_quiet(meant, zone, start, end):
        return Drop(DeliveryState.OWED, "quiet", quiet_ends(now, zone, start, end))
    return Go()
