"""Telegram's sending limits."""

from __future__ import annotations

from bot.sandbox.rates import Limits, Rates


def admitted(rates: Rates, chat: int, times: list[float], *, group: bool = False) -> int:
    return sum(rates.admit(chat, group=group, now=now) is None for now in times)


def test_a_chat_has_a_burst_of_three_and_one_a_second() -> None:
    rates = Rates()
    assert admitted(rates, 1, [100.0] * 3) == 3
    assert rates.admit(1, group=False, now=100.1) == 1
    # A bot that goes on during the wait is refused until the wait is over.
    assert rates.admit(1, group=False, now=100.9) == 1
    assert rates.admit(1, group=False, now=101.2) is None


def test_a_chat_gets_at_most_thirteen_in_ten_seconds() -> None:
    assert admitted(Rates(), 1, [100 + n / 20 for n in range(200)]) <= 13


def test_one_a_second_with_jitter_passes() -> None:
    times = [100 + n + (0.1 if n % 2 else 0.0) for n in range(60)]
    assert admitted(Rates(), 1, times) == 60


def test_thirty_a_second_in_all() -> None:
    rates = Rates()
    assert sum(rates.admit(n, group=False, now=100 + n / 100) is None for n in range(50)) == 30
    assert rates.admit(999, group=False, now=100.6) == 1
    assert rates.admit(999, group=False, now=101.6) is None


def test_a_stalled_machine_is_not_blamed_on_the_sender() -> None:
    rates = Rates()
    # Twenty-eight a second, but what comes in some fifths of a second arrives at their ends.
    sent = [100 + n / 28 for n in range(28 * 20)]
    arrived = [at if int(at * 5) % 3 else (int(at * 5) + 1) / 5 for at in sent]
    assert sum(rates.admit(n, group=False, now=at) is None for n, at in enumerate(arrived)) == 560


def test_slightly_too_many_for_long_are_noticed() -> None:
    rates = Rates()
    times = [100 + n / 33 for n in range(33 * 8)]
    assert sum(rates.admit(n, group=False, now=at) is None for n, at in enumerate(times)) < 264


def test_a_group_gets_twenty_a_minute() -> None:
    rates = Rates()
    assert admitted(rates, -1, [100.0 + 1.1 * n for n in range(25)], group=True) == 20
    wait = rates.admit(-1, group=True, now=128.0)
    assert wait is not None
    assert 30 < wait <= 33
    assert rates.admit(-1, group=True, now=161.0) is None


def test_lifted_limits_admit_all() -> None:
    assert admitted(Rates(Limits(enabled=False)), 1, [100.0] * 500) == 500
