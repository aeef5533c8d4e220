"""Work on strangers' bytes in processes that can be killed.

A parser meets documents that keep it busy for minutes or eat all memory, and a thread cannot be
stopped. So parsing and extracting run in a few child processes:

    run(function, …) ─▶ an idle worker, or a new one ─▶ reply ─▶ idle ─▶ gone after a minute's rest
                                                    ├─▶ slow: its place goes to the next job
                                                    └─▶ late, crashed or cancelled: killed

Most jobs take milliseconds. One that takes seconds goes on beside the pool, so that two hostile
documents do not hold everybody's news up for as long as they are allowed to take.

Pebble, the kept library for this, was tried: it polls from three threads (1.6 % of a core at
rest), breaks as a whole when an idle worker is killed, imports the caller's main module into
every worker and adds a tracker process, and its workers never leave. See `bot.ingest.worker`
for the child's side.
"""

import asyncio
import contextlib
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from bot.ingest.worker import SIZE, Begun, Done, Failed, Job

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 10.0
SIZE_OF_POOL = 2
SLOW_SECONDS = 1.5
SLOW_AT_ONCE = 2
IDLE_SECONDS = 60.0
# The dictionaries take 60 MB of it, a page of 5 MB 150; with the libraries' own 40 MB, which do not
# count, a worker stays under 300.
MEMORY_BYTES = 250_000_000

_START_SECONDS = 60.0  # a cold import on a small, busy machine
_PASSED_ON = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class WorkerError(Exception):
    """A job ended without a result, through no error of its own function."""


class WorkerTimeoutError(WorkerError):
    """The job took too long, and its worker was killed."""


class WorkerCrashedError(WorkerError):
    """The worker died in the middle of the job, or the pool was stopped."""


class Workers:
    """At most `size` child processes, started when there is work and ended when there is none.

    `seconds` is the longest that a job may run, `memory_bytes` the most that a worker may
    allocate (where the system can limit it; beyond it the worker counts as crashed). Beside the
    `size` there are as many as SLOW_AT_ONCE whose job has run for `slow_seconds`.
    """

    def __init__(
        self,
        *,
        size: int = SIZE_OF_POOL,
        seconds: float = SECONDS,
        slow_seconds: float = SLOW_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._memory_bytes = memory_bytes
        self._slow_seconds = slow_seconds
        self._size = size
        self._places = asyncio.Semaphore(size)
        self._slow = 0
        self._idle: list[_Worker] = []
        self._alive: set[_Worker] = set()
        self._endings: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` (at the top of an importable module) in a worker.

        Arguments and result are pickled. Raises what the function raises, WorkerTimeoutError,
        or WorkerCrashedError.
        """
        job = Job(function.__module__, function.__qualname__, pickle.dumps((args, kwargs)))
        async with self._place() as may_give_way:
            worker = await self._begin(job)
            try:
                with may_give_way():
                    async with asyncio.timeout(self._seconds):
                        reply = await worker.reply()
            except TimeoutError:
                await self._end(worker)
                raise WorkerTimeoutError(
                    f"{function.__name__} was stopped after {self._seconds:g} s."
                ) from None
            except BaseException:
                await self._end(worker)
                raise
            if isinstance(reply, Failed) and isinstance(reply.error, MemoryError):
                # What it has allocated it may keep, to the harm of the jobs that follow.
                await self._end(worker)
                raise WorkerCrashedError(
                    f"{function.__name__} was stopped at {self._memory_bytes / 1e6:g} MB of memory."
                ) from reply.error
            self._rest(worker)
        if isinstance(reply, Failed):
            raise reply.error
        if not isinstance(reply, Done):
            raise WorkerCrashedError(f"{function.__name__} answered out of turn.")
        value: T = reply.value
        return value

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[Callable[[], AbstractContextManager[None]]]:
        """A place in the pool; inside what it yields the job may give it way, once it is slow."""
        await self._places.acquire()
        slow = False

        def give_way() -> None:
            nonlocal slow
            if self._slow < SLOW_AT_ONCE:
                slow = True
                self._slow += 1
                self._places.release()

        @contextmanager
        def may_give_way() -> Iterator[None]:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(self._slow_seconds, give_way)
            try:
                yield
            finally:
                timer.cancel()

        try:
            yield may_give_way
        finally:
            if slow:
                self._slow -= 1
            else:
                self._places.release()

    async def stop(self) -> None:
        """End all workers, busy ones too; jobs in flight raise WorkerCrashedError."""
        self._stopped = True
        await asyncio.gather(*(self._end(worker) for worker in tuple(self._alive)))
        await asyncio.gather(*self._endings)

    async def _begin(self, job: Job) -> "_Worker":
        """A worker that has imported the job's function and begun it.

        An idle worker may have died unnoticed (the kernel, short of memory, picks such ones);
        nothing has been run yet, so the job goes to the next, and at last to a new one.
        """
        while True:
            if self._stopped:
                raise WorkerCrashedError("newsboy is stopping.")
            rested = bool(self._idle)
            worker = self._idle.pop() if rested else await self._start()
            worker.stay()
            try:
                async with asyncio.timeout(_START_SECONDS):
                    await worker.send(job)
                    reply = await worker.reply()
            except (WorkerCrashedError, TimeoutError) as error:
                await self._end(worker)
                if rested:
                    continue
                raise WorkerCrashedError(f"No worker could be started for {job.name}.") from error
            except BaseException:
                await self._end(worker)
                raise
            if isinstance(reply, Begun):
                return worker
            self._rest(worker)
            raise reply.error if isinstance(reply, Failed) else WorkerCrashedError(job.name)

    async def _start(self) -> "_Worker":
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(Path(__file__).parents[2]), *(path for path in sys.path if path)]
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a file in the working directory must not shadow a module
            "-c",
            f"from bot.ingest.worker import main; main({self._memory_bytes})",
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            # Ctrl-C in a terminal goes to the whole group; workers end when the bot says so.
            start_new_session=True,
        )
        worker = _Worker(process)
        self._alive.add(worker)
        return worker

    def _rest(self, worker: "_Worker") -> None:
        if self._stopped or len(self._idle) >= self._size:
            self._retire(worker)
            return
        self._idle.append(worker)
        worker.leave_after(self._idle_seconds, lambda: self._retire(worker))

    def _retire(self, worker: "_Worker") -> None:
        if worker in self._idle:
            self._idle.remove(worker)
        ending = asyncio.create_task(self._end(worker))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def _end(self, worker: "_Worker") -> None:
        self._alive.discard(worker)
        await worker.kill()


class _Worker:
    """A child process and the frames that go to it and come from it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._departure: asyncio.TimerHandle | None = None

    async def send(self, job: Job) -> None:
        frame = pickle.dumps(job)
        stream = self._process.stdin
        if stream is None:
            raise WorkerCrashedError("The worker has no input.")
        try:
            stream.write(SIZE.pack(len(frame)) + frame)
            await stream.drain()
        except OSError as error:
            raise WorkerCrashedError("The worker is gone.") from error

    async def reply(self) -> Any:
        stream = self._process.stdout
        if stream is None:
            raise WorkerCrashedError("The worker has no output.")
        try:
            head = await stream.readexactly(SIZE.size)
            frame = await stream.readexactly(SIZE.unpack(head)[0])
        except asyncio.IncompleteReadError as error:
            raise WorkerCrashedError("The worker died in the middle of a job.") from error
        return pickle.loads(frame)  # noqa: S301 - from our own child

    def leave_after(self, seconds: float, leave: Callable[[], None]) -> None:
        self._departure = asyncio.get_running_loop().call_later(seconds, leave)

    def stay(self) -> None:
        if self._departure is not None:
            self._departure.cancel()

    async def kill(self) -> None:
        self.stay()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(OSError):
                await self._process.stdin.wait_closed()
