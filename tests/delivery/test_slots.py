"""Digest times through whatever befalls them: each occurrence brings one digest, and only one.

A machine plays a reader's life on a real store: time passes, clocks jump, the bot dies between any
two steps or in the middle of a tick, the reader travels, moves digest times, stops and comes back.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bot.delivery.outbox import Outbox
from bot.delivery.schedule import REST, SAME_MORNING
from bot.handlers.desk import dues
from storage import Alerts, ChatKind, Slot, SlotPlan, Storage, SubscriberDefaults, SubscriberState

T = TypeVar("T")

EVERY_DAY = 0b111_1111
# While the machine runs summer time ends or begins in these: by an hour, half an hour, at midnight.
ZONES = (
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
BEGINNINGS = (
    datetime(2026, 10, 23, 12, tzinfo=UTC),
    datetime(2026, 3, 27, 12, tzinfo=UTC),
    datetime(2026, 4, 3, 12, tzinfo=UTC),
)
plans = st.lists(
    st.builds(
        SlotPlan,
        st.sampled_from((0, 120, 150, 480, 485, 1140)),
        st.sampled_from((EVERY_DAY, EVERY_DAY, 0b0011111, 0b1000000)),
        st.just(False),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda plan: plan.minute,
)


def occurrences(slot: Slot, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """When a slot's wall time comes within (start, end), said in another way than the product."""
    day = start.astimezone(zone).date() - timedelta(days=1)
    found = []
    while day <= end.astimezone(zone).date():
        wall = datetime(
            day.year, day.month, day.day, slot.minute // 60, slot.minute % 60, tzinfo=zone
        )
        if slot.weekdays >> day.weekday() & 1 and start < wall.astimezone(UTC) < end:
            found.append(wall.astimezone(UTC))
        day += timedelta(days=1)
    return found


class Life(RuleBasedStateMachine):
    """One reader, one store, one clock that may be wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.now = BEGINNINGS[0]
        self.zone = ZONES[0]
        self.reader = 0
        self.fired: dict[int, list[datetime]] = {}  # by the minute, while the reader keeps it
        self.digests: list[datetime] = []
        self.lines = 0

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(step)

    async def open(self) -> None:
        self.stack = AsyncExitStack()
        self.storage = await self.stack.enter_async_context(
            Storage.open(Path(self.folder.name) / "newsboy.db")
        )
        writer = self.storage.outbox._database._writer
        assert writer is not None
        await writer.execute("PRAGMA synchronous = OFF")  # the machine's power does not fail
        self.outbox = Outbox(self.storage, owed=lambda: None)

    @initialize(begun=st.sampled_from(BEGINNINGS), zone=st.sampled_from(ZONES), first=plans)
    def begin(self, begun: datetime, zone: str, first: list[SlotPlan]) -> None:
        self.now, self.zone = begun, zone
        self.run(self.open())
        defaults = SubscriberDefaults(
            language="ru",
            news_language="ru",
            zone=zone,
            alerts=Alerts.OFF,
            quiet_from=None,
            quiet_to=None,
            hourly=None,
            daily=None,
            slots=tuple(first),
            slot_dues=dues(tuple(first), zone, begun),
        )
        made, _ = self.run(
            self.storage.subscribers.create(
                1,
                kind=ChatKind.PRIVATE,
                title="",
                defaults=defaults,
                now=begun,
                covered_before=begun,
            )
        )
        self.reader = made.id
        self.tick()

    # ------------------------------------------------------------ what befalls

    @rule(minutes=st.one_of(st.integers(1, 90), st.integers(60, 30 * 60), st.integers(1, 9 * 1440)))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.tick()

    @rule(minutes=st.one_of(st.integers(2, 150), st.integers(2, 8 * 1440)), back=st.booleans())
    def the_clock_jumps(self, minutes: int, back: bool) -> None:
        self.now += timedelta(minutes=-minutes if back else minutes)
        self.tick()

    @rule(minutes=st.integers(1, 26 * 60), steps=st.integers(0, 40))
    def a_tick_is_cut_off(self, minutes: int, steps: int) -> None:
        self.now += timedelta(minutes=minutes)

        async def cut() -> None:
            task = asyncio.create_task(self.outbox.owe_digests(self.now))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        before = self.slots()
        self.run(cut())
        self.crash()
        self.look(before, whole=False)
        self.tick()

    @rule()
    def crash(self) -> None:
        self.run(self.stack.aclose())
        self.run(self.open())

    @rule(zone=st.sampled_from(ZONES))
    def the_reader_travels(self, zone: str) -> None:
        self.zone = zone
        self.run(self.storage.subscribers.change(self.reader, zone=zone))
        self.set([SlotPlan(one.minute, one.weekdays, one.silent) for one in self.slots()])

    @rule(chosen=plans)
    def the_reader_chooses_times(self, chosen: list[SlotPlan]) -> None:
        self.set(chosen)

    @rule(state=st.sampled_from((SubscriberState.ACTIVE, SubscriberState.STOPPED)))
    def the_reader_stops_or_returns(self, state: SubscriberState) -> None:
        self.run(self.storage.subscribers.change(self.reader, state=state))

    # ------------------------------------------------------------ what must hold

    def set(self, chosen: list[SlotPlan]) -> None:
        """As /settings does."""
        last = self.run(self.storage.subscribers.last_digest(self.reader))
        first = dues(tuple(chosen), self.zone, self.now, tuple(self.slots()), last)
        self.run(self.storage.subscribers.set_slots(self.reader, chosen, first))
        kept = {plan.minute for plan in chosen}
        self.fired = {minute: at for minute, at in self.fired.items() if minute in kept}

    def slots(self) -> list[Slot]:
        return self.run(self.storage.subscribers.slots(self.reader))

    def tick(self) -> None:
        before = self.slots()
        self.run(self.outbox.owe_digests(self.now))
        self.look(before, whole=True)
        self.none_is_passed_over()
        self.run(self.outbox.owe_digests(self.now))
        assert self.new_lines() == [], "the same tick again owes nothing"

    def new_lines(self) -> list[tuple[int, datetime]]:
        found = []
        while line := self.run(self.storage.outbox.delivery(self.lines + 1)):
            self.lines += 1
            assert line.slot_id is not None
            assert line.scheduled is not None
            found.append((line.slot_id, line.scheduled))
        return found

    def look(self, before: list[Slot], *, whole: bool) -> None:
        """What a tick owed: of each slot that was due one digest, if its reader wants any."""
        minutes = {slot.id: slot.minute for slot in before}
        due = {slot.id: slot.due for slot in before if slot.due <= self.now}
        lines = self.new_lines()
        assert len({slot for slot, _ in lines}) == len(lines), "one digest covers a gap"
        for slot, scheduled in lines:
            earlier = self.fired.setdefault(minutes[slot], [])
            assert not earlier or not earlier[-1] <= scheduled < earlier[-1] + REST
            earlier.append(scheduled)
            self.digests.append(scheduled)
        active = self.run(self.storage.subscribers.get(self.reader)).state
        if active is not SubscriberState.ACTIVE:
            assert lines == []
        elif whole:
            owed = dict(lines)
            for slot, instant in due.items():
                told = self.fired.get(minutes[slot], [])
                assert slot in owed or any(at <= instant < at + REST for at in told)

    def none_is_passed_over(self) -> None:
        """Between now and when a slot is due next it has no time that is to bring a digest."""
        zone = ZoneInfo(self.zone)
        for slot in self.slots():
            assert slot.due > self.now
            for at in occurrences(slot, zone, self.now, slot.due):
                rested = any(
                    abs(at - one) < REST for one in self.fired.get(slot.minute, [])
                ) or any(abs(at - one) < SAME_MORNING for one in self.digests)
                assert rested, (slot, at)

    def teardown(self) -> None:
        if self.reader:
            self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()


Life.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLife = Life.TestCase
