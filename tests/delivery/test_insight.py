"""The delivery's figures: what was counted on the way, and what the ledger says."""

from datetime import timedelta

import pytest
from prometheus_client import generate_latest

from bot.delivery.insight import Insight
from bot.delivery.sender import Sender
from bot.telegram.faults import FaultKind
from bot.telegram.limiter import Limiter
from storage import ALL_CHATS, ClaimBatch, DeliveryKind, DeliveryState, FollowKind, Outcome, Storage
from tests.delivery.conftest import Clock, Newsroom, Start
from tests.telegram.conftest import Server, error


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(None, clock=lambda: clock.now.timestamp())


@pytest.fixture
def insight(storage: Storage, limiter: Limiter, clock: Clock) -> Insight:
    return Insight(storage, limiter, clock=clock)


async def test_before_anything_happened_all_is_nought(insight: Insight) -> None:
    taken = await insight.snapshot()
    assert [(one.queue, one.owed) for one in taken.depths] == [
        ("push", 0),
        ("merged", 0),
        ("digest", 0),
        ("broadcast", 0),
    ]
    assert (taken.oldest_due, taken.lag, taken.bulk_paused_until) == (None, None, None)
    assert (taken.sent, taken.faults, taken.floods, taken.edited) == ({}, {}, 0, 0)


async def test_what_is_counted_is_read_by_code_and_by_a_page(insight: Insight) -> None:
    insight.sent(DeliveryKind.PUSH, 40.0)
    insight.sent(DeliveryKind.PUSH, 50.0)
    insight.sent(DeliveryKind.DIGEST)
    insight.edited()
    insight.retried("retry")
    insight.fault(FaultKind.BLOCKED)
    insight.flooded(3, everybody=False)
    taken = await insight.snapshot()
    assert taken.sent == {"push": 2, "digest": 1}
    assert (taken.edited, taken.retried, taken.floods) == (1, {"retry": 1}, 1)
    assert taken.faults == {"blocked": 1, "flood": 1}
    assert taken.bulk_pauses == 0
    page = generate_latest(insight.registry).decode()
    assert 'newsboy_sent_total{kind="push"} 2.0' in page
    assert 'newsboy_lag_seconds_bucket{le="60.0"} 2.0' in page
    assert 'newsboy_faults_total{kind="flood"} 1.0' in page


async def test_pauses_that_overlap_are_one_and_its_time_counts_once(
    insight: Insight, limiter: Limiter, clock: Clock
) -> None:
    limiter.pause_bulk(seconds=100)
    insight.flooded(100, everybody=True)
    clock.forward(seconds=40)
    insight.flooded(100, everybody=True)  # 40 s more than known
    insight.flooded(5, everybody=True)  # over before the other
    taken = await insight.snapshot()
    assert (taken.bulk_pauses, taken.bulk_paused_seconds, taken.floods) == (1, 140, 3)
    assert taken.bulk_paused_until == clock.now + timedelta(seconds=60)
    clock.forward(seconds=200)
    insight.paused(10)
    taken = await insight.snapshot()
    assert (taken.bulk_pauses, taken.bulk_paused_seconds) == (2, 150)
    assert taken.bulk_paused_until is None


async def test_a_pause_of_before_the_start_is_known(
    storage: Storage, insight: Insight, clock: Clock
) -> None:
    until = clock.now + timedelta(hours=3)
    await storage.outbox.pause(ALL_CHATS, until)
    taken = await insight.snapshot()
    assert taken.bulk_paused_until == until
    page = generate_latest(insight.registry).decode()
    assert "newsboy_bulk_pause_left_seconds 10800.0" in page


async def test_two_bots_in_one_process_do_not_add_up(
    storage: Storage, limiter: Limiter, clock: Clock, insight: Insight
) -> None:
    Insight(storage, limiter, clock=clock).edited()
    assert (await insight.snapshot()).edited == 0


async def test_depth_and_oldest_are_told_by_queue(
    newsroom: Newsroom, insight: Insight, clock: Clock
) -> None:
    for _ in range(3):
        await newsroom.reader()
    await owe_push(newsroom)
    waits = clock.now
    clock.forward(minutes=7)
    taken = await insight.snapshot()
    push = taken.depths[0]
    assert (push.queue, push.owed, push.due, push.oldest, push.counted_all) == (
        "push", 3, 3, waits, True,
    )  # fmt: skip
    assert taken.oldest_due == waits
    assert (await newsroom.storage.insight.depths(clock.now, most=2))[0].counted_all is False
    claims = await newsroom.storage.outbox.tick(ClaimBatch(limit=2), now=clock.now)
    later = Outcome(
        claims[0].delivery.id,
        DeliveryState.OWED,
        clock.now,
        due=clock.now + timedelta(hours=1),
    )
    await newsroom.storage.outbox.acknowledge([later])
    taken = await insight.snapshot()
    assert (taken.depths[0].owed, taken.depths[0].due, taken.in_flight) == (2, 1, 1)


async def owe_push(newsroom: Newsroom) -> int:
    """An article published a minute ago, owed to all; returns its push."""
    await newsroom.article()
    owing = newsroom.storage.owing
    (push,) = await owing.open_pushes()
    await owing.match_push(push.id, [(FollowKind.EVERYTHING, "")])
    (push,) = await owing.open_pushes()
    await owing.expand(push, now=newsroom.clock.now)
    return push.id


async def test_each_tenth_of_readers_has_its_lag(
    newsroom: Newsroom, insight: Insight, clock: Clock
) -> None:
    for _ in range(20):
        await newsroom.reader()
    push = await owe_push(newsroom)
    outbox = newsroom.storage.outbox
    claims = await outbox.tick(ClaimBatch(limit=100), now=clock.now)
    for number, claim in enumerate(claims, 1):  # one a minute, 2 to 21 minutes old
        clock.forward(minutes=1)
        sent = Outcome(claim.delivery.id, DeliveryState.SENT, clock.now, message_id=number)
        await outbox.acknowledge([sent])
    taken = await insight.snapshot()
    assert taken.lag is not None
    assert taken.lag.sample == 20
    published = [seconds / 60 for seconds in taken.lag.from_publication]
    assert published == pytest.approx([2.0 + 1.9 * tenth for tenth in range(1, 11)])
    assert taken.lag.from_storing == tuple(one - 60 for one in taken.lag.from_publication)
    (one,) = taken.pushes
    assert (one.push_id, one.lag) == (push, taken.lag)
    clock.forward(hours=25)
    taken = await insight.snapshot()
    assert (taken.lag, taken.pushes) == (None, ())


async def test_the_sender_counts_what_telegram_said(
    newsroom: Newsroom, server: Server, start: Start
) -> None:
    for _ in range(3):
        await newsroom.reader()
    await newsroom.article()
    server.script(
        "sendMessage",
        error(500, "Internal Server Error"),
        error(403, "Forbidden: bot was blocked by the user"),
    )
    async with start() as desk:
        sender: Sender = desk.sender
        await desk.outbox.expand(newsroom.clock.now)
        await desk.until(lambda: _sent(sender, 1))
    taken = await sender._insight.snapshot()
    assert taken.faults == {"retry": 1, "blocked": 1}
    assert taken.retried == {"retry": 1}


async def _sent(sender: Sender, count: int) -> bool:
    return (await sender._insight.snapshot()).sent == {"push": count}
