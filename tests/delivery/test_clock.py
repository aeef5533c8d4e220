"""A machine whose clock was wrong: no reader waits for a time that it planned."""

from datetime import datetime, timedelta

import pytest

from bot.delivery.outbox import Outbox
from bot.delivery.schedule import EVERY_DAY, first_due
from storage import Alerts, SlotPlan, Storage
from tests.delivery.conftest import NOW, Newsroom
from tests.delivery.test_schedule import MOSCOW

YEARS = timedelta(days=1500)
WEEKLY = 0b0000001
EIGHT = NOW + timedelta(hours=20)  # tomorrow's, in Moscow


async def planned(newsroom: Newsroom, now: datetime, weekdays: int = EVERY_DAY) -> int:
    """A reader who chooses eight o'clock while the clock says so."""
    plan = SlotPlan(480, weekdays, False)
    due = first_due(plan, MOSCOW, now)
    return (await newsroom.reader(alerts=Alerts.OFF, slots=(plan,), slot_dues=(due,))).id


async def due_of(storage: Storage, reader: int) -> datetime:
    (slot,) = await storage.subscribers.slots(reader)
    return slot.due


async def test_ahead_when_the_bot_first_starts(newsroom: Newsroom) -> None:
    outbox = Outbox(newsroom.storage, owed=lambda: None)
    ahead = NOW + timedelta(days=3)
    await outbox.owe_digests(ahead)  # the tick at start
    reader = await planned(newsroom, ahead)
    await outbox.owe_digests(NOW)
    assert await due_of(newsroom.storage, reader) == EIGHT


@pytest.mark.parametrize("again", [True, False])
async def test_ahead_by_years_between_two_ticks(newsroom: Newsroom, again: bool) -> None:
    """Or it was set right, and the bot started anew, before any tick."""
    outbox = Outbox(newsroom.storage, owed=lambda: None)
    if again:
        await outbox.owe_digests(NOW)
    reader = await planned(newsroom, NOW + YEARS)
    await outbox.owe_digests(NOW + timedelta(minutes=1))
    assert await due_of(newsroom.storage, reader) == EIGHT


async def test_what_a_right_clock_plans_is_left_alone(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(newsroom.storage, owed=lambda: None)
    assert await outbox.owe_digests(NOW) == 0
    reader = await planned(newsroom, NOW, WEEKLY)
    due = await due_of(newsroom.storage, reader)
    for fired in range(3):
        assert await outbox.owe_digests(due) == 1, fired
        due = await due_of(newsroom.storage, reader)
    assert due == EIGHT + timedelta(weeks=3)
    assert caplog.records == []
