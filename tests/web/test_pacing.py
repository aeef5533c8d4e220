"""How hard a host is leaned on: places, pace, gaps and pauses, by a clock that is moved by hand."""

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.web.errors import HostPausedError
from bot.web.pacing import (
    A_SECOND,
    BURST,
    IN_ALL,
    LONGEST_PAUSE,
    LONGEST_TURN,
    PER_HOST,
    Pacer,
    is_own,
)


@dataclass
class Bench:
    """A pacer whose waits are noted and not waited for; `moves` lets them pass."""

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)
    moves: bool = True

    def __post_init__(self) -> None:
        self.pacer = Pacer(lambda: self.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))
        if self.moves:
            self.now += seconds

    async def ask(self, host: str = "a.example", *, gap: float = 0.0) -> float:
        """How long one request waited."""
        async with self.pacer.place(host, 443, gap=gap):
            return self.waits[-1] if self.waits else 0.0


async def test_a_burst_passes_and_then_a_few_a_second() -> None:
    bench = Bench()
    assert [await bench.ask() for _ in range(BURST)] == [0.0] * BURST
    assert [await bench.ask() for _ in range(3)] == [1 / A_SECOND] * 3
    assert await bench.ask("b.example") == 0.0, "another host's burst is its own"
    bench.now += BURST / A_SECOND
    assert [await bench.ask() for _ in range(BURST)] == [0.0] * BURST, "rest earns a new burst"


async def test_no_second_sees_more_than_burst_and_pace() -> None:
    bench = Bench()
    times = []
    for _ in range(60):
        await bench.ask()
        times.append(bench.now)
    most = max(sum(1 for other in times if 0 <= other - one < 1) for one in times)
    assert most <= BURST + A_SECOND


async def test_pages_keep_the_gap_that_was_asked_for_and_feeds_do_not() -> None:
    bench = Bench()
    assert await bench.ask(gap=2.0) == 0.0
    assert await bench.ask(gap=2.0) == 2.0
    assert await bench.ask() == 0.0
    bench.now += 5
    assert await bench.ask(gap=2.0) == 0.0


async def test_a_turn_too_far_off_is_refused_and_takes_nobodys_place() -> None:
    bench = Bench(moves=False)
    assert [await bench.ask(gap=LONGEST_TURN) for _ in range(2)] == [0.0, LONGEST_TURN]
    for _ in range(5):
        with pytest.raises(HostPausedError) as caught:
            await bench.ask(gap=LONGEST_TURN)
        assert caught.value.seconds == 2 * LONGEST_TURN, "refusals do not add up"
    bench.now += 2 * LONGEST_TURN
    assert await bench.ask(gap=LONGEST_TURN) == 0.0


async def test_a_pause_holds_for_the_whole_host_and_ends() -> None:
    bench = Bench()
    bench.pacer.pause("a.example", 443, 30)
    bench.pacer.pause("a.example", 8080, 10)
    with pytest.raises(HostPausedError, match=r"a\.example") as caught:
        await bench.ask()
    assert caught.value.seconds == 30, "the longer one, whatever the port"
    await bench.ask("b.example")
    bench.now += 30
    await bench.ask()


async def test_no_answer_closes_a_host_for_longer_than_an_hour() -> None:
    bench = Bench()
    bench.pacer.pause("a.example", 443, 10**9)
    bench.now += LONGEST_PAUSE
    await bench.ask()


async def test_whoever_waits_when_the_pause_begins_is_refused_too() -> None:
    bench = Bench()

    async def hold() -> None:
        async with bench.pacer.place("a.example", 443):
            entered.release()
            await done.wait()

    entered, done = asyncio.Semaphore(0), asyncio.Event()
    holding = [asyncio.create_task(hold()) for _ in range(PER_HOST)]
    for _ in holding:
        await entered.acquire()
    waiting = asyncio.create_task(bench.ask())
    await asyncio.sleep(0)
    bench.pacer.pause("a.example", 443, 30)
    done.set()
    with pytest.raises(HostPausedError):
        await waiting
    await asyncio.gather(*holding)


async def test_two_a_host_and_a_dozen_in_all() -> None:
    bench, done = Bench(), asyncio.Event()
    running: list[str] = []

    async def hold(host: str) -> None:
        async with bench.pacer.place(host, 443):
            running.append(host)
            await done.wait()

    tasks = [asyncio.create_task(hold(f"{name}.example")) for name in "abcdefgh" for _ in range(3)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(running) == IN_ALL
    assert max(running.count(host) for host in running) == PER_HOST
    async with bench.pacer.place_apart("z.example", 443):
        pass  # what stands apart waits for none of them
    done.set()
    await asyncio.gather(*tasks)
    assert len(running) == len(tasks)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "192.168.1.5", "fd00::1", "localhost", "news", "nas.local"]
)
async def test_the_operators_own_hosts_are_spared_pace_and_pauses(host: str) -> None:
    bench = Bench()
    assert is_own(host)
    bench.pacer.pause(host, 443, 30)
    assert [await bench.ask(host) for _ in range(3 * BURST)] == [0.0] * 3 * BURST
    assert [await bench.ask(host, gap=2.0) for _ in range(2)] == [0.0, 2.0], "a gap was asked for"


@pytest.mark.parametrize("host", ["example.com", "8.8.8.8", "2a00:1450::1", "localhost.example"])
def test_strangers_are_strangers(host: str) -> None:
    assert not is_own(host)


async def test_what_is_remembered_is_bounded_and_forgets_no_pause() -> None:
    bench = Bench()
    bench.pacer.pause("paused.example", 443, 3000)
    for number in range(2_500):
        await bench.ask(f"h{number}.example")
    assert len(bench.pacer._hosts) <= 1_001
    with pytest.raises(HostPausedError):
        await bench.ask("paused.example")
