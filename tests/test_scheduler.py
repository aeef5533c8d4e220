"""Ticks come, do not overlap, survive errors, and are let finish."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.scheduler import Scheduler
from storage import DiskFullError


@pytest.fixture
async def scheduler() -> AsyncIterator[Scheduler]:
    scheduler = Scheduler()
    yield scheduler
    await scheduler.stop(drain_seconds=0)


class Work:
    """A tick that counts its calls and can take its time."""

    def __init__(self, seconds: float = 0.0, error: Exception | None = None) -> None:
        self.seconds = seconds
        self.error = error
        self.started = self.finished = self.at_once = self.most_at_once = 0

    async def __call__(self) -> None:
        self.started += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            if self.error is not None:
                raise self.error
            self.finished += 1
        finally:
            self.at_once -= 1


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - a tick tells nobody
            await asyncio.sleep(0.005)


async def test_ticks_at_once_and_then_regularly(scheduler: Scheduler) -> None:
    work = Work()
    scheduler.every(0.05, work, "work")
    scheduler.start()
    begun = asyncio.get_running_loop().time()
    await until(lambda: work.finished >= 5)
    assert asyncio.get_running_loop().time() - begun > 0.15


async def test_the_minutes_tick_comes_at_start_too(scheduler: Scheduler) -> None:
    work = Work()
    scheduler.each_minute(work, "minute")
    scheduler.start()
    await until(lambda: work.finished >= 1)


async def test_the_nightly_tick_waits_for_its_hour(scheduler: Scheduler) -> None:
    work = Work()
    zone = ZoneInfo("Europe/Moscow")
    in_six_hours = (datetime.now(zone) + timedelta(hours=6)).hour
    scheduler.nightly(in_six_hours, zone, work, "upkeep")
    scheduler.start()
    await asyncio.sleep(0.05)
    assert work.started == 0


async def test_a_tick_never_overlaps_itself_and_says_nothing_of_it(
    scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(seconds=0.15)
    scheduler.every(0.02, work, "slow")
    scheduler.start()
    await until(lambda: work.started >= 3)
    assert work.most_at_once == 1
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_slow_tick_holds_no_other_up(scheduler: Scheduler) -> None:
    slow, quick = Work(seconds=10), Work()
    scheduler.every(0.02, slow, "slow")
    scheduler.every(0.02, quick, "quick")
    scheduler.start()
    await until(lambda: quick.finished >= 4)
    assert slow.finished == 0


async def test_an_error_is_logged_and_the_tick_comes_again(
    scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(error=RuntimeError("no such thing"))
    scheduler.every(0.03, work, "upkeep")
    scheduler.start()
    await until(lambda: work.started >= 3)
    assert "tick upkeep failed" in caplog.text
    assert "no such thing" in caplog.text
    assert "Traceback" in caplog.text


async def test_a_full_disk_is_one_line_and_no_traceback(
    scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(error=DiskFullError("the disk is full: free some space"))
    scheduler.every(0.03, work, "upkeep")
    scheduler.start()
    await until(lambda: work.started >= 3)
    assert "tick upkeep failed, it comes again: the disk is full: free some space" in caplog.text
    assert "Traceback" not in caplog.text


async def test_stop_lets_running_ticks_finish_and_starts_none(scheduler: Scheduler) -> None:
    work = Work(seconds=0.5)
    scheduler.every(0.02, work, "work")
    scheduler.start()
    await until(lambda: work.started == 1)
    await scheduler.stop()
    assert (work.started, work.finished) == (1, 1)
    await asyncio.sleep(0.1)
    assert work.started == 1


async def test_stop_right_after_start_loses_no_tick(
    scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(seconds=0.05)
    scheduler.every(10, work, "work")
    scheduler.start()
    await asyncio.sleep(0)
    await scheduler.stop()
    assert work.finished == work.started
    assert not caplog.records


async def test_stop_is_bounded(scheduler: Scheduler, caplog: pytest.LogCaptureFixture) -> None:
    work = Work(seconds=3600)
    scheduler.every(10, work, "stuck")
    scheduler.start()
    await until(lambda: work.at_once == 1)
    await scheduler.stop(drain_seconds=0.05)
    assert (work.finished, work.at_once) == (0, 0)
    assert [record.getMessage() for record in caplog.records] == ["tick stuck was cut off"]


async def test_stopping_what_never_started() -> None:
    await Scheduler().stop()
