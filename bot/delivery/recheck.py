"""What is to be done with a claimed delivery, decided at the last moment. Pure.

Between owing and sending a reader may have stopped, muted, unfollowed, or been told by a digest;
the article may have gone; the hour may have become quiet. Nothing followed is lost: what is held
back or late becomes a line of the next digest, or of one merged message where there is none.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.delivery.schedule import held, quiet_ends
from storage import Claim, DeliveryKind, DeliveryState, SubscriberState


@dataclass(frozen=True, slots=True)
class Go:
    """Send it."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Do not send it: the state and reason that its line gets.

    `merge_at` is when a merged message is due, for a reader without digests.
    """

    state: DeliveryState
    reason: str
    merge_at: datetime | None = None


def recheck(claim: Claim, now: datetime, *, already: int = 0) -> Go | Drop:
    """Whether a claimed delivery is still wanted.

    `already` counts the pushes of the same batch that go to the same subscriber before this one.
    """
    delivery, subscriber = claim.delivery, claim.subscriber
    if subscriber.state is SubscriberState.STOPPED:
        return Drop(DeliveryState.CANCELLED, "stopped")
    if now >= delivery.expires:
        return late(claim, now)
    if delivery.kind is DeliveryKind.DIGEST:
        # A digest moves no watermark until it is sent: the next one brings the same stories.
        paused = subscriber.state is SubscriberState.PAUSED
        return Drop(DeliveryState.CANCELLED, "paused") if paused else Go()
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
        merge_at = later if claim.next_digest is None else None
        return Drop(DeliveryState.DEFERRED, "held", merge_at)
    return Go()


def late(claim: Claim, now: datetime) -> Drop:
    """What becomes of a delivery that could not go out in time."""
    if claim.delivery.kind is DeliveryKind.DIGEST:
        return Drop(DeliveryState.CANCELLED, "expired")
    subscriber = claim.subscriber
    zone = ZoneInfo(subscriber.zone)
    merge_at = quiet_ends(now, zone, subscriber.quiet_from, subscriber.quiet_to)
    return Drop(DeliveryState.DEFERRED, "late", merge_at if claim.next_digest is None else None)
