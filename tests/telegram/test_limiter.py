"""The limits as Telegram counts them, in virtual time: no test here really waits."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.limiter import BULK_LANES, ChatId, Lane, Limiter, Pace
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


class TestLanes:
    def test_each_lower_lane_is_sure_of_its_share(self) -> None:
        async def main() -> list[Lane]:
            log = Log(Limiter(28, clock=now))
            waiting = [
                asyncio.create_task(log.send(1000 * number + chat, lane))
                for number, lane in enumerate(BULK_LANES)
                for chat in range(1, 401)
            ]
            await asyncio.sleep(15.5)
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)
            return [lane for _, _, lane in log.sends]

        lanes = run(main())
        assert len(lanes) > 400
        for start in range(len(lanes) - 100):  # whichever hundred one looks at
            count = Counter(lanes[start : start + 100])
            assert count[Lane.INSTANT] >= 67
            assert count[Lane.DIGEST] >= 14
            assert count[Lane.BROADCAST] >= 9
            assert count[Lane.EDIT] >= 4

    @pytest.mark.parametrize("lane", BULK_LANES)
    def test_a_lane_alone_has_all_of_the_budget(self, lane: Lane) -> None:
        async def main() -> list[float]:
            log = Log(Limiter(28, clock=now))
            await log.send_all(range(1, 101), lane)
            return log.times

        assert run(main())[-1] < 100 / 27 + 0.1

    def test_the_more_urgent_goes_first(self) -> None:
        async def main() -> list[Lane]:
            log = Log(Limiter(10, clock=now))
            first = asyncio.create_task(log.send(1, Lane.EDIT))  # nobody else waits yet
            await asyncio.sleep(0)
            late_first = (*reversed(BULK_LANES), Lane.INTERACTIVE)
            await asyncio.gather(first, *(log.send(2 + n, la) for n, la in enumerate(late_first)))
            return [lane for _, _, lane in log.sends]

        assert run(main()) == [Lane.EDIT, Lane.INTERACTIVE, *BULK_LANES]

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(
            st.tuples(st.floats(0, 5), st.integers(1, 8), st.sampled_from(BULK_LANES)),
            min_size=1,
            max_size=80,
        ),
        st.data(),
    )
    def test_nobody_starves_and_who_leaves_takes_nothing(
        self, asks: list[tuple[float, int, Lane]], data: st.DataObject
    ) -> None:
        leaving = data.draw(st.sets(st.integers(0, len(asks) - 1)))

        async def main() -> list[tuple[float, ChatId, Lane]]:
            log = Log(Limiter(28, clock=now))

            async def one(number: int, after: float, chat: int, lane: Lane) -> None:
                await asyncio.sleep(after)
                if number not in leaving:
                    await log.send(chat, lane)
                    return
                log.limiter.pause_chat(-chat, seconds=60)
                with pytest.raises(TimeoutError):
                    await log.limiter.acquire(-chat, lane, patience=0.5)

            await asyncio.gather(*(one(number, *ask) for number, ask in enumerate(asks)))
            return log.sends

        sends = run(main())
        stayed = [ask for number, ask in enumerate(asks) if number not in leaving]
        assert len(sends) == len(stayed)
        if stayed:
            busiest = max(Counter(chat for _, chat, _ in stayed).values())
            # Its chat's own limit, or everybody's: nothing else may hold the last one up.
            assert sends[-1][0] <= 5 + max(busiest, len(stayed) / 25) + 0.2

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.integers(1, 5), min_size=5, max_size=60))
    def test_chats_that_wait_get_equally_many(self, chats: list[int]) -> None:
        async def main() -> Log:
            log = Log(Limiter(2, clock=now))
            await log.send_all(chats, Lane.DIGEST)
            return log

        log, left = run(main()), Counter(chats)
        served = Counter[ChatId]()
        for _, chat, _ in log.sends[1:]:  # the first went when nobody else waited yet
            served[chat] += 1
            for other, number in left.items():
                # At two a second no chat's own limit is in the way of five, but of fewer.
                if len(left) >= 3 and served[other] < number - 1:
                    assert served[chat] - served[other] <= 3
        assert sum(served.values()) == len(chats) - 1


class TestPeopleAndBulk:
    def test_an_answer_waits_for_no_interval_of_bulks(self) -> None:
        async def main() -> tuple[list[float], list[float]]:
            log = Log(Limiter(28, clock=now))
            bulk = asyncio.create_task(log.send_all(range(1, 700), Lane.INSTANT))
            waits = []
            for person in range(1000, 1060):
                await asyncio.sleep(0.1 + person % 7 * 0.03)
                asked = now()
                await log.send(person)
                waits.append(now() - asked)
            bulk.cancel()
            await asyncio.wait([bulk])
            return waits, log.times

        waits, times = run(main())
        assert max(waits) < 0.01
        assert worst(times, 0.9999) <= 28

    def test_three_at_once_are_answered_at_once_while_people_are_about(self) -> None:
        async def main() -> float:
            log = Log(Limiter(28, clock=now))
            bulk = asyncio.create_task(log.send_all(range(1, 200), Lane.INSTANT))
            await asyncio.sleep(1.5)
            await log.send(1000)
            await asyncio.sleep(1.5)
            asked = now()
            await log.send_all([1001, 1002, 1003])
            bulk.cancel()
            await asyncio.wait([bulk])
            return now() - asked

        assert run(main()) < 0.01

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.tuples(st.floats(0, 6), st.integers(1000, 1100)), max_size=120))
    def test_no_second_holds_more_however_people_come(self, asks: list[tuple[float, int]]) -> None:
        async def main() -> list[float]:
            log = Log(Limiter(28, clock=now))

            async def one(after: float, chat: int) -> None:
                await asyncio.sleep(after)
                await log.send(chat)

            bulk = asyncio.create_task(log.send_all(range(1, 160), Lane.INSTANT))
            await asyncio.gather(*(one(*ask) for ask in asks))
            await bulk
            return log.times

        assert worst(run(main()), 0.9999) <= 28

    def test_at_a_thousand_a_second_lateness_is_made_good(self) -> None:
        async def main() -> list[float]:
            log = Log(Limiter(1000, clock=now))

            async def one(chat: int) -> None:
                await log.send(chat, Lane.INSTANT)
                if chat % 730 == 0:  # the loop is busy with something else
                    loop = asyncio.get_running_loop()
                    loop._virtual.now += 0.03  # type: ignore[attr-defined]  # virtual time's own

            await asyncio.gather(*(one(chat) for chat in range(1, 5001)))
            return log.times

        times = run(main())
        assert worst(times[:2000], 0.9999) <= 1000
        assert times[-1] <= 5000 / 990

    def test_what_ran_on_late_is_followed_at_a_distance(self) -> None:
        async def main() -> list[float]:
            log = Log(Limiter(10, clock=now))

            async def one(chat: int) -> None:
                if chat == 3:
                    asyncio.get_running_loop().call_at(0.19999, busy)
                await log.send(chat, Lane.INSTANT)

            def busy() -> None:
                loop = asyncio.get_running_loop()
                loop._virtual.now += 0.09  # type: ignore[attr-defined]  # virtual time's own

            await asyncio.gather(*(one(chat) for chat in range(1, 7)))
            return log.times

        times = run(main())
        assert all(later - earlier >= 0.097 for earlier, later in pairwise(times))


class TestPatience:
    def test_who_gives_up_takes_nothing(self) -> None:
        async def main() -> float:
            limiter = Limiter(2, clock=now)
            await limiter.acquire(1, Lane.INSTANT)
            with pytest.raises(TimeoutError):
                await limiter.acquire(2, Lane.INSTANT, patience=0.3)
            assert now() == pytest.approx(0.3)
            await limiter.acquire(3, Lane.INSTANT, patience=0.3)
            return now()

        assert run(main()) == pytest.approx(0.5, abs=0.01)

    def test_room(self) -> None:
        async def main() -> None:
            limiter = Limiter(28, clock=now)
            assert limiter.room(2) == 56
            assert limiter.room(0.001) == 1  # else a slow bot would never claim
            limiter.pause_bulk(seconds=5)
            assert limiter.room(60) == 0
            await asyncio.sleep(5)
            assert limiter.room(1) == 28
            assert Limiter(None, clock=now).room(0.001) == sys.maxsize
            assert Limiter(None, clock=now).rate == inf

        run(main())


class TestFloods:
    def test_the_pace_falls_and_climbs_back(self) -> None:
        pace = Pace(28)
        assert pace.at(0) == 28
        pace.lower(0, rest=30)
        assert [pace.at(t) for t in (0, 30, 39.9)] == pytest.approx([19.6] * 3)
        assert [pace.at(t) for t in (40, 50, 60)] == pytest.approx([21, 22.4, 23.8])
        pace.lower(60, rest=0)
        assert pace.at(60) == pytest.approx(23.8 * 0.7)
        assert pace.at(200) == 28
        assert pace.at(100) == 28  # once it is whole, it is

    def test_the_pace_has_a_floor(self) -> None:
        pace = Pace(28)
        for _ in range(50):
            pace.lower(0, rest=1)
        assert pace.at(1) == pytest.approx(2.8)

    def test_after_a_flood_bulk_goes_on_at_the_lower_rate_without_a_storm(self) -> None:
        async def main() -> list[float]:
            log = Log(Limiter(28, clock=now))
            for chat in range(500, 540):  # all that was in flight comes back refused
                log.limiter.flooded(chat, retry_after=30)
            assert log.limiter.rate == pytest.approx(19.6)  # lowered once, not forty times
            await log.send_all(range(1, 200), Lane.INSTANT)
            return log.times

        times = run(main())
        assert times[0] == pytest.approx(30, abs=0.01)
        assert worst(times[:100], 0.9999) <= 20
        gaps = [later - earlier for earlier, later in pairwise(times[:50])]
        assert min(gaps) >= 1 / 19.6 - 0.003
        assert worst(times, 0.9999) <= 28

    def test_a_flood_after_the_pause_makes_it_slower_still(self) -> None:
        async def main() -> None:
            limiter = Limiter(28, clock=now)
            limiter.flooded(1, retry_after=3)
            limiter.flooded(2, retry_after=3)
            await asyncio.sleep(4)
            limiter.flooded(3, retry_after=3)
            limiter.flooded(4, retry_after=3)
            assert limiter.rate == pytest.approx(28 * 0.49)

        run(main())

    def test_an_outages_pause_costs_no_rate_and_a_restored_floods_does(self) -> None:
        async def main() -> None:
            limiter = Limiter(28, clock=now)
            limiter.pause_bulk(seconds=10)
            assert limiter.rate == 28
            limiter.pause_bulk(seconds=3600, flood=True)
            assert limiter.rate == pytest.approx(19.6)
            await asyncio.sleep(3600)
            assert limiter.rate == pytest.approx(19.6)

        run(main())

    def test_people_who_are_refused_in_a_flood_do_not_each_ask(self) -> None:
        async def main() -> list[float]:
            log = Log(Limiter(28, clock=now))
            log.limiter.flooded(1, retry_after=60)
            log.limiter.flooded(2, retry_after=60)

            async def ask(chat: int) -> None:
                await log.send(chat)
                await asyncio.sleep(0.12)
                log.limiter.flooded(chat, retry_after=60, lane=Lane.INTERACTIVE)

            asking = [asyncio.create_task(ask(chat)) for chat in range(10, 110)]
            await asyncio.sleep(50)
            assert log.limiter.interactive_delay() > 0
            for task in asking:
                task.cancel()
            await asyncio.wait(asking)
            return log.times

        assert len(run(main())) <= 5 * 8

    def test_a_single_chats_flood_holds_up_nobody_else(self) -> None:
        async def main() -> None:
            limiter = Limiter(28, clock=now)
            limiter.flooded(7, retry_after=60, lane=Lane.INTERACTIVE)
            assert limiter.interactive_delay() == 0
            assert limiter.bulk_delay() == 0
            assert limiter.rate == 28
            pauses = limiter.pauses()
            assert (pauses.bulk, pauses.interactive, pauses.chats) == (0, 0, {7: 60})

        run(main())
