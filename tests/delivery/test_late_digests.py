"""A digest that could not go out: it is owed until its next time, and then that one's turn."""

from datetime import timedelta

from bot.delivery.schedule import EVERY_DAY
from storage import Alerts, SlotPlan
from storage import DeliveryState as State
from tests.delivery.conftest import NOW, Newsroom, Start
from tests.delivery.test_sender import texts
from tests.telegram.conftest import Server

SUNDAY = 0b1000000
THREE_DAYS = 3


async def cut_off(
    newsroom: Newsroom, start: Start, weekdays: int
) -> list[tuple[State, str | None]]:
    """Three days of ticks while nothing can be sent, then all is; returns how each digest ended."""
    await newsroom.reader(
        alerts=Alerts.OFF, slots=(SlotPlan(720, weekdays, False),), slot_dues=(NOW,)
    )
    await newsroom.article("В воскресенье", push=False)
    async with start(own_run=False) as desk:
        for _ in range(THREE_DAYS):
            await desk.outbox.owe_digests(newsroom.clock.now)
            newsroom.clock.forward(days=1)
    await newsroom.article("В среду", push=False)
    newsroom.clock.forward(hours=-1)  # before the fourth morning's own
    async with start() as desk:
        await desk.settle()
        await desk.settle()
        lines = []
        for number in range(1, len(await desk.states()) + 1):
            line = await desk.storage.outbox.delivery(number)
            assert line is not None
            lines.append((line.state, line.reason))
    return lines


async def test_a_weekly_one_is_sent_after_three_days(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    assert await cut_off(newsroom, start, SUNDAY) == [(State.SENT, None)]
    (text,) = texts(server)
    assert "В воскресенье" in text
    assert "В среду" in text


async def test_a_daily_one_gives_way_to_the_next_which_covers_the_gap(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    late = (State.CANCELLED, "late")
    assert await cut_off(newsroom, start, EVERY_DAY) == [late, late, (State.SENT, None)]
    (text,) = texts(server)
    assert "В воскресенье" in text
    assert "В среду" in text


async def test_the_next_time_ends_it_to_the_second(newsroom: Newsroom, start: Start) -> None:
    reader = await newsroom.reader(
        alerts=Alerts.OFF, slots=(SlotPlan(720, EVERY_DAY, False),), slot_dues=(NOW,)
    )
    await newsroom.article(push=False)
    async with start() as desk:
        await desk.outbox.owe_digests(NOW)
        line = await desk.storage.outbox.delivery(1)
        (slot,) = await desk.storage.subscribers.slots(reader.id)
        assert line is not None
        assert line.expires == slot.due == NOW + timedelta(days=1)
