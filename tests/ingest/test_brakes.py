"""When a feed's news are not pushed, and what is usual for it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ingest.decider import BRAKES_AFTER, BURST, habit, is_braked, is_burst
from storage import Feed
from tests.ingest.test_decider import HOUR, NOW, feed

MINUTES = timedelta(minutes=5)
usuals = st.floats(0, 500)
counts = st.integers(0, 5000)


def used_to(usual: float, *, ago: timedelta = MINUTES, readings: int = 10) -> Feed:
    return feed(usual=usual, readings=readings, succeeded=NOW - ago)


def after(one: Feed, new: int) -> Feed:
    """The feed after a reading of unknown entries, read again five minutes later."""
    braked = is_braked(one, new, 0, NOW)
    usual, readings = habit(one, new, braked=braked, now=NOW)
    return replace(one, usual=usual, readings=readings)


@pytest.mark.parametrize(
    ("usual", "new", "braked"),
    [(0.2, 9, False), (0.2, 10, True), (2, 19, False), (2, 20, True), (30, 299, False)],
)
def test_ten_times_the_usual_brakes(usual: float, new: int, braked: bool) -> None:
    assert is_braked(used_to(usual), new, 0, NOW) is braked


def test_before_a_few_readings_only_known_entries_brake() -> None:
    young = used_to(1, readings=BRAKES_AFTER - 1)
    assert not is_braked(young, 1000, 0, NOW)
    assert is_braked(young, 1000, 500, NOW)
    assert is_braked(used_to(1, readings=BRAKES_AFTER), 1000, 0, NOW)
    assert not is_burst(feed(succeeded=None), 1000), "a first sight"


def test_what_piled_up_over_a_night_is_no_burst_unless_it_is_known_otherwise() -> None:
    night = used_to(2, ago=9 * HOUR)
    assert not is_braked(night, 100, 0, NOW)
    assert not is_braked(night, 100, 49, NOW)
    assert is_braked(night, 100, 50, NOW), "a site's move, after a night off"
    assert is_braked(night, 500, 0, NOW)


@pytest.mark.parametrize(
    ("minutes", "interval", "new"),
    [
        (50, 300, 12),  # a publisher of twelve an hour, away for most of one
        (8, 2, 19),  # one that is read all the time
        (180, 3600, 11),
    ],
)
def test_an_honest_pause_brings_what_was_missed_and_pushes_it(
    minutes: int, interval: int, new: int
) -> None:
    one = replace(used_to(1, ago=timedelta(minutes=minutes)), interval=interval)
    assert not is_braked(one, new, 0, NOW)
    assert is_braked(one, 20 * new, 0, NOW)


@given(usual=usuals, new=counts, matched=counts, hours=st.floats(0, 1000))
def test_a_pause_and_a_higher_usual_never_bring_brakes_on(
    usual: float, new: int, matched: int, hours: float
) -> None:
    one = used_to(usual, ago=hours * HOUR)
    if not is_braked(one, new, matched, NOW):
        assert not is_braked(replace(one, usual=usual * 2), new, matched, NOW)
        assert not is_braked(used_to(usual, ago=hours * 2 * HOUR), new, matched, NOW)
        assert not is_braked(one, new, 0, NOW)


@given(usual=usuals, new=counts, readings=st.integers(0, 100), hours=st.floats(0, 1000))
def test_no_reading_spoils_the_average(usual: float, new: int, readings: int, hours: float) -> None:
    one = used_to(usual, ago=hours * HOUR, readings=readings)
    braked = is_braked(one, new, 0, NOW)
    average, counted = habit(one, new, braked=braked, now=NOW)
    assert counted in {readings, readings + 1}
    assert 0 <= average <= BURST * max(usual, 1.0)
    if braked:
        assert average <= usual + 0.25 * 3 * max(usual, 1.0)
    assert min(usual, new / max(1.0, hours)) - 1e-6 <= average <= max(usual, new) + 1e-6


@given(usual=usuals, new=counts)
def test_silence_and_a_first_sight_tell_nothing_of_what_is_usual(usual: float, new: int) -> None:
    assert habit(used_to(usual), 0, braked=False, now=NOW) == (usual, 10)
    fresh = feed(usual=0.0, readings=0, succeeded=None)
    assert habit(fresh, new, braked=False, now=NOW) == (0.0, 0)


@given(before=st.integers(1, 30), now=st.integers(1, 2000))
def test_a_feed_that_has_become_busier_is_braked_for_a_few_readings_only(
    before: int, now: int
) -> None:
    one = feed(usual=0.0, readings=0, succeeded=NOW - MINUTES)
    for _ in range(5):
        one = after(one, before)
    held = 0
    while is_braked(one, now, 0, NOW):
        one = after(one, now)
        held += 1
        assert held < 25
    for _ in range(5):
        one = after(one, now)
        assert not is_braked(one, now, 0, NOW)


@given(steady=st.integers(1, 500))
def test_a_feed_that_is_always_as_busy_is_not_braked(steady: int) -> None:
    one = feed(usual=0.0, readings=0, succeeded=NOW - MINUTES)
    for _ in range(30):
        assert not is_braked(one, steady, 0, NOW)
        one = after(one, steady)
