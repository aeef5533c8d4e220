"""The clock of the process: a handful of ticks that call injected coroutines.

The app names each tick and how often it comes; APScheduler keeps the time. A tick that is still
running is never started a second time, ticks missed meanwhile become one, and an error is logged
and ends nothing. Readers' digests are no jobs of their own: one tick asks the store who is due
(100,000 cron jobs cost 383 MB, and cron fires twice in the autumn fold). APScheduler cancels what
runs when it shuts down, so `stop` waits for the running ticks first.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from storage import DiskFullError

Tick = Callable[[], Awaitable[object]]

DRAIN_SECONDS = 6.0

_log = logging.getLogger(__name__)


class Scheduler:
    """Ticks of one event loop; add them before or after `start`, each under its own name."""

    def __init__(self) -> None:
        # It warns each time that a tick is due while it still runs, which is as it should be.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        self._jobs = AsyncIOScheduler(
            timezone=UTC,
            # However late a tick is seen (a suspended laptop), it still runs, once.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._running: set[asyncio.Task[object]] = set()

    def every(self, seconds: float, tick: Tick, name: str) -> None:
        """Call the tick at once and then every so many seconds."""
        self._add(tick, name, IntervalTrigger(seconds=seconds, timezone=UTC), now=True)

    def each_minute(self, tick: Tick, name: str) -> None:
        """Call the tick at once and then at the start of every minute."""
        self._add(tick, name, CronTrigger(second=0, timezone=UTC), now=True)

    def nightly(self, hour: int, zone: ZoneInfo, tick: Tick, name: str) -> None:
        """Call the tick once a night, at a full hour of the zone.

        Clock changes may shift it by an hour or repeat it: it must bear that.
        """
        self._add(tick, name, CronTrigger(hour=hour, timezone=zone), now=False)

    def start(self) -> None:
        """Begin to tick, in the running event loop."""
        self._jobs.start()

    async def stop(self, *, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Start no more ticks, let the running ones finish for so long, then cancel the rest."""
        if not self._jobs.running:
            return
        self._jobs.pause()
        await asyncio.sleep(0)  # a tick that was started this very moment counts as running
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=drain_seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        self._jobs.shutdown(wait=False)
        await asyncio.sleep(0)  # it shuts down in the loop's next turn

    def _add(
        self, tick: Tick, name: str, trigger: IntervalTrigger | CronTrigger, *, now: bool
    ) -> None:
        async def run() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101  # APScheduler runs coroutines as tasks
            self._running.add(task)
            try:
                await tick()
            except asyncio.CancelledError:  # by `stop` alone; APScheduler would log a traceback
                _log.warning("tick %s was cut off", name)
            except DiskFullError as error:  # no bug: the line says what to do
                _log.error("tick %s failed, it comes again: %s", name, error)
            except Exception:  # noqa: BLE001  # an error ends no tick for good, whatever it is
                _log.exception("tick %s failed; it comes again", name)
            finally:
                self._running.discard(task)

        first = {"next_run_time": datetime.now(UTC)} if now else {}
        self._jobs.add_job(run, trigger, id=name, name=name, **first)
