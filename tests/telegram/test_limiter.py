"""The limits as Telegram counts them, in virtual time: no test here really waits."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.limiter import ChatId, Lane, Limiter
from tests.telegram.virtual import now, run


class Log:
    """Who was let through, and when."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.sends: list[tuple[float, ChatId, Lane]] = []

    async def send(self, chat_id: ChatId, lane: Lane = Lane.INTERACTIVE) -> None:
        await self.limiter.acquire(chat_id, lane)
        self.sends.append((now(), chat_id, lane))

    async def send_all(self, chats: Sequence[ChatId], lane: Lane = Lane.INTERACTIVE) -> None:
        await asyncio.gather(*(self.send(chat, lane) for chat in chats))

    @property
    def times(self) -> list[float]:
        return [when for when, _, _ in self.sends]


def worst(times: Sequence[float], window: float) -> int:
    """The most sends in any closed window of so many seconds."""
    return max(sum(start <= t <= start + window for t in times) for start in times)


@pytest.mark.parametrize("rate", [28, 30, 5.5])
def test_no_second_holds_more_than_rate_and_one(rate: float) -> None:
    async def main() -> list[float]:
        log = Log(Limiter(rate, clock=now))
        await log.send_all(range(1, 101), Lane.INSTANT)
        await asyncio.sleep(0.31)
        await log.send_all(range(101, 201))
        return log.times

    times = run(main())
    assert worst(times, 0.9999) <= rate + 1
    assert times[-1] <= 200 / rate + 1  # and the budget is used up to the brim


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.sampled_from([1, 2, -5, 7]), st.sampled_from(list(Lane))),
        max_size=60,
    )
)
def test_every_limit_holds_whatever_comes_when(asks: list[tuple[float, int, Lane]]) -> None:
    async def main() -> Log:
        log = Log(Limiter(28, clock=now))

        async def one(after: float, chat: int, lane: Lane) -> None:
            await asyncio.sleep(after)
            await log.send(chat, lane)

        await asyncio.gather(*(one(*ask) for ask in asks))
        return log

    log = run(main())
    assert len(log.sends) == len(asks)
    if not asks:
        return
    assert worst(log.times, 0.9999) <= 29
    for chat in {chat for _, chat, _ in asks}:
        times = [when for when, who, _ in log.sends if who == chat]
        assert worst(times, 9.9999) <= 13
        if chat < 0:
            assert worst(times, 60) <= 20


def test_a_chat_gets_three_at_once_then_one_a_second() -> None:
    async def main() -> list[float]:
        log = Log(Limiter(1000, clock=now))
        await log.send_all([7] * 6)
        return log.times

    assert run(main()) == pytest.approx([0, 0.001, 0.002, 1, 2, 3], abs=0.01)


@pytest.mark.parametrize("chat", [-100200300, "@channel"])
def test_a_group_gets_twenty_a_minute(chat: ChatId) -> None:
    async def main() -> list[float]:
        log = Log(Limiter(28, clock=now))
        await log.send_all([chat] * 45)
        return log.times

    times = run(main())
    assert worst(times, 60) == 20
    assert times[20] == pytest.approx(61, abs=0.1)


def test_interactive_goes_before_bulk_within_the_same_budget() -> None:
    async def main() -> Log:
        log = Log(Limiter(10, clock=now))
        bulk = asyncio.create_task(log.send_all(range(100, 140), Lane.INSTANT))
        await asyncio.sleep(1.05)
        asked = now()
        await log.send_all(range(1, 4))
        assert now() - asked < 0.4
        await bulk
        return log

    log = run(main())
    assert worst(log.times, 0.9999) <= 11
    lanes = [lane for _, _, lane in log.sends]
    first = lanes.index(Lane.INTERACTIVE)
    assert lanes[first : first + 3] == [Lane.INTERACTIVE] * 3


def test_interactive_that_must_wait_for_its_chat_does_not_hold_bulk_up() -> None:
    async def main() -> list[float]:
        log = Log(Limiter(28, clock=now))
        noisy = asyncio.create_task(log.send_all([7] * 10))
        await asyncio.sleep(0.2)
        bulk = Log(log.limiter)
        await bulk.send_all(range(100, 120), Lane.INSTANT)
        await noisy
        return bulk.times

    assert run(main())[-1] < 1.0


def test_chats_take_turns() -> None:
    async def main() -> list[ChatId]:
        log = Log(Limiter(2, clock=now))
        await log.send_all([1, 1, 1, 1, 2, 3])
        return [chat for _, chat, _ in log.sends]

    assert run(main()) == [1, 1, 2, 3, 1, 1]  # the first went at once, when nobody else waited


def test_a_noisy_chat_delays_only_itself() -> None:
    async def main() -> float:
        log = Log(Limiter(28, clock=now))
        noisy = asyncio.create_task(log.send_all([7] * 50))
        await asyncio.sleep(0.5)
        asked = now()
        await log.send(8)
        waited = now() - asked
        noisy.cancel()
        await asyncio.wait([noisy])
        return waited

    assert run(main()) < 0.05


def test_one_chats_own_order_is_kept() -> None:
    async def main() -> list[int]:
        limiter = Limiter(28, clock=now)
        order: list[int] = []

        async def one(number: int) -> None:
            await limiter.acquire(7, Lane.INTERACTIVE)
            order.append(number)

        await asyncio.gather(*(one(number) for number in range(8)))
        return order

    assert run(main()) == list(range(8))


def test_a_paused_chat_waits_and_the_others_do_not() -> None:
    async def main() -> Log:
        log = Log(Limiter(28, clock=now))
        log.limiter.pause_chat(7, seconds=30)
        log.limiter.pause_chat(7, seconds=5)  # a shorter pause does not cut a longer one
        assert log.limiter.delay(7) == 30
        await log.send_all([7, 8], Lane.INSTANT)
        return log

    (first, eight, _), (second, seven, _) = run(main()).sends
    assert (eight, seven) == (8, 7)
    assert first < 0.1
    assert second == pytest.approx(30, abs=0.1)


def test_a_pause_counts_where_the_limits_are_lifted() -> None:
    async def main() -> list[float]:
        log = Log(Limiter(None, clock=now))
        await log.send_all([7] * 500)
        log.limiter.pause_chat(7, seconds=4)
        await log.send(7)
        return log.times

    times = run(main())
    assert times[499] == 0
    assert times[500] == pytest.approx(4)


def test_paused_bulk_lets_interactive_through() -> None:
    async def main() -> Log:
        log = Log(Limiter(28, clock=now))
        log.limiter.pause_bulk(seconds=10)
        assert log.limiter.bulk_delay() == 10
        bulk = asyncio.create_task(log.send(5, Lane.INSTANT))
        await asyncio.sleep(1)
        await log.send(6)
        await bulk
        assert log.limiter.bulk_delay() == 0
        return log

    sends = run(main()).sends
    assert [(round(when), chat) for when, chat, _ in sends] == [(1, 6), (10, 5)]


def test_a_second_chats_flood_within_a_second_pauses_bulk() -> None:
    async def main() -> None:
        limiter = Limiter(28, clock=now)
        assert not limiter.flooded(1, retry_after=3)
        assert not limiter.flooded(1, retry_after=3)
        assert limiter.bulk_delay() == 0
        await asyncio.sleep(1.5)
        assert not limiter.flooded(2, retry_after=3)
        await asyncio.sleep(0.5)
        assert limiter.flooded(3, retry_after=8)
        assert limiter.bulk_delay() == 8
        assert limiter.delay(3) == 8
        assert limiter.delay(9) == 0

    run(main())


def test_bulk_can_see_that_a_chat_must_wait() -> None:
    async def main() -> None:
        limiter = Limiter(28, clock=now)
        for _ in range(3):
            assert limiter.delay(7) == 0
            await limiter.acquire(7, Lane.INSTANT)
        assert 0.8 < limiter.delay(7) < 1
        assert limiter.delay(8) == 0

    run(main())


def test_whoever_waits_for_a_chat_counts_in_its_delay() -> None:
    async def main() -> None:
        limiter = Limiter(28, clock=now)
        people = [asyncio.create_task(limiter.acquire(7, Lane.INTERACTIVE)) for _ in range(10)]
        await asyncio.sleep(0.5)
        asked = now()
        assert limiter.delay(7) == pytest.approx(7.5, abs=0.01)
        await asyncio.wait(people)
        assert now() - asked + 1 == pytest.approx(7.5, abs=0.01)

    run(main())


def test_a_cancelled_wait_takes_no_place() -> None:
    async def main() -> list[float]:
        log = Log(Limiter(1, clock=now))
        await log.send(1)
        leaving = [asyncio.create_task(log.send(chat)) for chat in (2, 3, 4)]
        staying = asyncio.create_task(log.send(5))
        await asyncio.sleep(0.1)
        for task in leaving:
            task.cancel()
        await asyncio.wait([*leaving, staying])
        return log.times

    assert run(main()) == pytest.approx([0, 1])


def test_state_of_chats_expires() -> None:
    async def main() -> int:
        limiter = Limiter(1000, clock=now)
        for chat in range(1, 5001):
            await limiter.acquire(chat, Lane.INSTANT)
            await asyncio.sleep(0.01)
        remembered = limiter.chats_remembered
        await asyncio.sleep(120)
        await limiter.acquire(1, Lane.INSTANT)
        assert limiter.chats_remembered == 1
        return remembered

    assert run(main()) <= 1200
