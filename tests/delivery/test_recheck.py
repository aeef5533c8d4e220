"""What becomes of a claimed delivery: the decision table."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.delivery.recheck import GATHER, Drop, Go, given_up, recheck
from storage import (
    Claim,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Subscriber,
    SubscriberState,
)
from tests.delivery.conftest import NOW, READER

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

QUIET = replace(READER, quiet_from=11 * 60, quiet_to=13 * 60)  # it is noon; they end in an hour
QUIET_ENDS = NOW + HOUR


def push(subscriber: Subscriber = READER, expires: datetime = NOW + HOUR, **more: Any) -> Claim:
    """A push that nothing stands in the way of, but for `more`."""
    claim = Claim(
        delivery=Delivery(
            id=1,
            subscriber_id=subscriber.id,
            kind=DeliveryKind.PUSH,
            state=DeliveryState.CLAIMED,
            due=NOW,
            expires=expires,
            attempts=0,
            story_id=1,
            article_id=1,
        ),
        subscriber=subscriber,
        followed=True,
        muted=False,
        told=False,
        live=True,
        revision=1,
        sent_hour=0,
        sent_day=0,
        next_digest=None,
        published=NOW - MINUTE,
    )
    return replace(claim, **more)


def other(kind: DeliveryKind, subscriber: Subscriber = READER, **fields: Any) -> Claim:
    delivery = Delivery(
        id=2,
        subscriber_id=subscriber.id,
        kind=kind,
        state=DeliveryState.CLAIMED,
        due=NOW,
        expires=NOW + HOUR,
        attempts=0,
        scheduled=NOW if kind is DeliveryKind.DIGEST else None,
    )
    return replace(push(subscriber), delivery=replace(delivery, **fields))


def test_what_nothing_stands_in_the_way_of_goes() -> None:
    assert recheck(push(), NOW) == Go()
    for kind in (DeliveryKind.DIGEST, DeliveryKind.BROADCAST):
        assert recheck(other(kind), NOW) == Go()


@pytest.mark.parametrize(
    ("unwanted", "reason"),
    [
        ({"told": True}, "told"),
        ({"live": False}, "gone"),
        ({"muted": True}, "muted"),
        ({"followed": False}, "unfollowed"),
        ({"understood": False}, "language"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_what_is_not_wanted_any_more_is_cancelled_late_or_not(
    unwanted: dict[str, bool], reason: str, late: bool
) -> None:
    """Deferred, it would come with the next digest all the same."""
    expires = NOW - MINUTE if late else NOW + HOUR
    assert recheck(push(QUIET, expires, **unwanted), NOW) == Drop(DeliveryState.CANCELLED, reason)


def test_who_stopped_gets_nothing_and_who_is_paused_finds_it_later() -> None:
    stopped = replace(READER, state=SubscriberState.STOPPED)
    paused = replace(READER, state=SubscriberState.PAUSED)
    cancelled = Drop(DeliveryState.CANCELLED, "stopped")
    for kind in (DeliveryKind.DIGEST, DeliveryKind.BROADCAST):
        assert recheck(other(kind, stopped), NOW) == cancelled
        assert recheck(other(kind, paused), NOW) == Drop(DeliveryState.CANCELLED, "paused")
    assert recheck(push(stopped), NOW) == cancelled
    assert recheck(push(paused), NOW) == Drop(DeliveryState.DEFERRED, "paused")


@pytest.mark.parametrize(
    ("next_digest", "due"),
    [
        (None, NOW),
        (NOW, None),  # one is owed already
        (NOW + 2 * HOUR, None),
        (NOW + 2 * HOUR + MINUTE, NOW),
    ],
)
def test_an_expired_push_is_merged_unless_a_digest_is_near(
    next_digest: datetime | None, due: datetime | None
) -> None:
    claim = push(expires=NOW, next_digest=next_digest)
    assert recheck(claim, NOW) == Drop(DeliveryState.DEFERRED, "late", due)


@pytest.mark.parametrize("reader", [QUIET, replace(QUIET, hourly=3)])
@pytest.mark.parametrize(
    ("next_digest", "due"),
    [
        (None, QUIET_ENDS),
        (QUIET_ENDS - MINUTE, None),
        (QUIET_ENDS + 2 * HOUR, None),
        (QUIET_ENDS + 2 * HOUR + MINUTE, QUIET_ENDS),
    ],
)
def test_quiet_hours_that_end_near_a_digest_leave_it_to_that(
    next_digest: datetime | None, due: datetime | None, reader: Subscriber
) -> None:
    for expires, reason in ((NOW + HOUR, "quiet"), (NOW, "late")):
        claim = push(reader, expires, next_digest=next_digest)
        assert recheck(claim, NOW) == Drop(DeliveryState.DEFERRED, reason, due)


@pytest.mark.parametrize(
    ("next_digest", "due"), [(None, NOW + HOUR), (NOW + MINUTE, None), (NOW + 9 * HOUR, None)]
)
def test_a_cap_leaves_the_rest_to_the_next_digest(
    next_digest: datetime | None, due: datetime | None
) -> None:
    capped = replace(READER, hourly=3)
    deferred = Drop(DeliveryState.DEFERRED, "held", due)
    assert recheck(push(capped, sent_hour=3, next_digest=next_digest), NOW) == deferred
    on_its_way = push(capped, sent_hour=2, next_digest=next_digest)
    assert recheck(on_its_way, NOW, already=1) == deferred
    assert recheck(on_its_way, NOW) == Go()


def test_the_daily_cap_holds_until_midnight() -> None:
    capped = push(replace(READER, daily=1), sent_day=1)
    assert recheck(capped, NOW) == Drop(DeliveryState.DEFERRED, "held", NOW + 12 * HOUR)


def test_important_stories_alone_come_three_a_day() -> None:
    urged = push(urged=True, urged_day=3, next_digest=NOW + 9 * HOUR)
    assert recheck(urged, NOW) == Drop(DeliveryState.DEFERRED, "held", None)
    without_digests = replace(urged, next_digest=None)
    assert recheck(without_digests, NOW) == Drop(DeliveryState.DEFERRED, "held", NOW + 12 * HOUR)
    two = replace(urged, urged_day=2)
    assert recheck(two, NOW) == Go()
    assert recheck(two, NOW, already=1, urged=0) == Go()
    assert isinstance(recheck(two, NOW, already=1, urged=1), Drop)
    # What comes at once by its follow's level is not counted, nor held back.
    assert recheck(replace(urged, urged=False), NOW) == Go()


def test_old_news_is_gathered() -> None:
    old = push(published=NOW - 2 * HOUR - MINUTE)
    gathered = Drop(DeliveryState.DEFERRED, "old", NOW + GATHER)
    assert recheck(old, NOW) == gathered
    assert recheck(replace(old, next_digest=NOW + 3 * HOUR), NOW) == gathered
    near = replace(old, next_digest=NOW + HOUR)
    assert recheck(near, NOW) == Drop(DeliveryState.DEFERRED, "old")
    assert recheck(push(published=NOW - 2 * HOUR), NOW) == Go()


def test_a_late_one_joins_the_others_in_its_own_place() -> None:
    claim = push(others=True, next_digest=NOW + HOUR)
    assert recheck(claim, NOW + MINUTE) == Drop(DeliveryState.DEFERRED, "merged", NOW)


def test_a_broadcast_waits_for_the_quiet_hours_to_end_and_then_may_be_too_late() -> None:
    waiting = other(DeliveryKind.BROADCAST, QUIET)
    assert recheck(waiting, NOW) == Drop(DeliveryState.OWED, "quiet", QUIET_ENDS)
    assert recheck(waiting, QUIET_ENDS) == Drop(DeliveryState.CANCELLED, "late")


def test_a_digest_waits_only_where_it_missed_its_hour() -> None:
    missed = other(DeliveryKind.DIGEST, QUIET, scheduled=NOW - 2 * HOUR)
    assert recheck(missed, NOW) == Drop(DeliveryState.OWED, "quiet", QUIET_ENDS)
    assert recheck(other(DeliveryKind.DIGEST, QUIET), NOW) == Go()


def test_what_is_given_up_is_left_to_the_next_digest() -> None:
    with_digests = push(next_digest=NOW + 9 * HOUR)
    assert given_up(with_digests, NOW, "bad") == Drop(DeliveryState.DEFERRED, "bad")
    assert given_up(push(), NOW, "bad") == Drop(DeliveryState.DEFERRED, "bad", NOW)
    assert given_up(push(QUIET), NOW, "bad") == Drop(DeliveryState.DEFERRED, "bad", QUIET_ENDS)
    digest = other(DeliveryKind.DIGEST)
    assert given_up(digest, NOW, "bad") == Drop(DeliveryState.FAILED, "bad")
