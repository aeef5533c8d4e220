"""The worker pool: results, errors, time and memory limits, and no orphans."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.ingest.workers import SLOW_AT_ONCE, WorkerCrashedError, Workers, WorkerTimeoutError
from tests.ingest import sample_jobs

ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    pool = Workers(size=2, seconds=2.5, memory_bytes=300_000_000)
    yield pool
    await pool.stop()


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie that waits for its parent has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def until_gone(pid: int) -> bool:
    for _ in range(1000):
        if gone(pid):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_runs_a_function_elsewhere_and_keeps_its_worker(workers: Workers) -> None:
    first = await workers.run(sample_jobs.pid)
    assert first != os.getpid()
    assert await workers.run(sample_jobs.pid) == first
    assert await workers.run(sample_jobs.double, [1, "я"] * 100_000) == [1, "я"] * 200_000


async def test_what_the_function_prints_does_not_spoil_its_result(workers: Workers) -> None:
    assert await workers.run(sample_jobs.noisy) == "quiet"


async def test_the_functions_own_error_comes_back_as_it_was(workers: Workers) -> None:
    with pytest.raises(sample_jobs.OwnError, match="the cause") as caught:
        await workers.run(sample_jobs.fail)
    assert "in fail" in caught.value.__notes__[0], "the note shows where in the worker"
    with pytest.raises(RuntimeError, match="CannotTravelError"):
        await workers.run(sample_jobs.fail_untransportably)
    assert await workers.run(sample_jobs.double, [1]) == [1, 1]


async def test_a_job_that_takes_too_long_is_killed_and_the_next_one_runs(workers: Workers) -> None:
    pid = await workers.run(sample_jobs.pid)
    begun = time.monotonic()
    with pytest.raises(WorkerTimeoutError, match=r"hang was stopped after 2\.5 s"):
        await workers.run(sample_jobs.hang)
    assert time.monotonic() - begun < 30
    assert gone(pid)
    assert await workers.run(sample_jobs.pid) != pid


async def test_a_worker_that_dies_fails_its_job_alone(workers: Workers) -> None:
    with pytest.raises(WorkerCrashedError):
        await workers.run(sample_jobs.die)
    assert await workers.run(sample_jobs.double, [1]) == [1, 1]


async def test_an_idle_worker_that_was_killed_costs_nothing(workers: Workers) -> None:
    pid = await workers.run(sample_jobs.pid)
    os.kill(pid, signal.SIGKILL)
    assert await until_gone(pid)
    assert await workers.run(sample_jobs.double, [1]) == [1, 1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits allocated memory")
async def test_a_job_that_wants_too_much_memory_fails_and_its_worker_goes(
    workers: Workers,
) -> None:
    pid = await workers.run(sample_jobs.pid)
    with pytest.raises(WorkerCrashedError, match="stopped at 300 MB"):
        await workers.run(sample_jobs.allocate, 400_000_000)
    assert gone(pid)


async def test_no_more_jobs_at_once_than_workers(workers: Workers) -> None:
    pids = await asyncio.gather(*(workers.run(sample_jobs.pid) for _ in range(6)))
    assert 1 <= len(set(pids)) <= 2


@pytest.mark.parametrize("ending", ["done", "killed"])
async def test_slow_jobs_go_on_beside_the_pool(ending: str) -> None:
    pool = Workers(size=1, slow_seconds=0.1, seconds=4.0)
    slow = [
        asyncio.create_task(pool.run(sample_jobs.rest, 2 if ending == "done" else 60))
        for _ in range(SLOW_AT_ONCE)
    ]
    assert await pool.run(sample_jobs.double, [1]) == [1, 1]
    assert not any(task.done() for task in slow), "it did not wait for the slow ones"
    third = asyncio.create_task(pool.run(sample_jobs.rest, 0.4))
    await asyncio.sleep(0.2)
    waiting = asyncio.create_task(pool.run(sample_jobs.double, [2]))
    ends = await asyncio.gather(*slow, third, waiting, return_exceptions=True)
    expected = [None] * 2 if ending == "done" else [WorkerTimeoutError] * 2
    assert [type(one) if isinstance(one, Exception) else one for one in ends[:2]] == expected
    assert ends[2:] == [None, [2, 2]], "every place was given back"
    assert await asyncio.gather(*(pool.run(sample_jobs.double, [n]) for n in range(3)))
    await pool.stop()


async def test_a_cancelled_job_frees_its_place(workers: Workers) -> None:
    pid = await workers.run(sample_jobs.pid)
    job = asyncio.create_task(workers.run(sample_jobs.hang))
    await asyncio.sleep(0.1)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert gone(pid)
    assert await workers.run(sample_jobs.double, [1]) == [1, 1]


async def test_idle_workers_leave() -> None:
    pool = Workers(size=1, idle_seconds=0.05)
    pid = await pool.run(sample_jobs.pid)
    assert await until_gone(pid)
    assert await pool.run(sample_jobs.pid) != pid
    await pool.stop()


async def test_stop_ends_busy_workers_and_refuses_new_jobs() -> None:
    pool = Workers(size=1)
    pid = await pool.run(sample_jobs.pid)
    job = asyncio.create_task(pool.run(sample_jobs.hang))
    await asyncio.sleep(0.1)
    await pool.stop()
    with pytest.raises(WorkerCrashedError):
        await job
    assert gone(pid)
    with pytest.raises(WorkerCrashedError, match="stopping"):
        await pool.run(sample_jobs.pid)


async def test_workers_do_not_see_the_bots_secrets(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", "123:secret")
    assert "BOT_TOKEN" not in await workers.run(sample_jobs.environment)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no niceness")
async def test_workers_leave_the_processor_to_the_bot(workers: Workers) -> None:
    assert await workers.run(sample_jobs.niceness) > os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("busy", [False, True])
async def test_workers_die_with_a_killed_parent(busy: bool) -> None:
    program = textwrap.dedent(f"""
        import asyncio
        from bot.ingest.workers import Workers
        from tests.ingest import sample_jobs

        async def main():
            pool = Workers(size=1)
            print(await pool.run(sample_jobs.pid), flush=True)
            if {busy}:
                await pool.run(sample_jobs.hang)
            await asyncio.sleep(60)

        asyncio.run(main())
    """)
    with subprocess.Popen(  # noqa: ASYNC220, S603 - our own text, and its one line comes at once
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        await asyncio.sleep(0.1)
        parent.kill()
    assert await until_gone(pid)
