"""When a feed is asked again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.interval import (
    DAY,
    HOUR,
    Hints,
    NextPoll,
    after_change,
    after_failure,
    after_no_change,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # a Sunday
MIDDLE = 0.5  # dice without jitter


def seconds(poll: NextPoll) -> float:
    return (poll.due - NOW).total_seconds()


def change(age: timedelta | None, floor: int = 300, hints: Hints | None = None) -> NextPoll:
    newest = NOW - age if age is not None else None
    return after_change(newest, floor=floor, hints=hints or Hints(), now=NOW, dice=MIDDLE)


@pytest.mark.parametrize("floor", [2, 300, 900])
@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=10), timedelta(hours=23), None])
def test_a_living_feed_is_asked_at_the_floor(floor: int, age: timedelta | None) -> None:
    assert change(age, floor) == NextPoll(floor, NOW + timedelta(seconds=floor))


def test_silence_lengthens_gently_and_never_beyond_an_hour() -> None:
    days = [change(timedelta(days=n)).interval for n in (1, 2, 3, 30, 3000)]
    assert days == [300, 2100, 3600, 3600, 3600]


def test_nothing_new_lengthens_gently_and_never_beyond_an_hour() -> None:
    interval, silent, polls = 300, 0, 0
    while interval < HOUR:
        silent += interval
        polls += 1
        interval = after_no_change(
            interval, floor=300, hints=Hints(), now=NOW, dice=MIDDLE
        ).interval
    assert interval == HOUR
    assert 1 <= silent / DAY <= 3
    assert polls < 150


def test_a_small_floor_stays_while_nothing_changes() -> None:
    interval = 2
    for _ in range(100):
        interval = after_no_change(interval, floor=2, hints=Hints(), now=NOW, dice=MIDDLE).interval
    assert interval == 2


@pytest.mark.parametrize(
    ("hints", "wait"),
    [
        (Hints(ttl=60), 300),
        (Hints(ttl=1800), 1800),
        (Hints(max_age=7200), 7200),
        (Hints(ttl=1800, max_age=900), 1800),
        (Hints(retry_after=4000), 4000),
        (Hints(ttl=10 * DAY), DAY),
    ],
)
def test_hints_only_lengthen_to_a_day_at_most(hints: Hints, wait: int) -> None:
    for dice in (0.0, 0.999):
        polls = (
            after_change(NOW, floor=300, hints=hints, now=NOW, dice=dice),
            after_no_change(300, floor=300, hints=hints, now=NOW, dice=dice),
        )
        for poll in polls:
            assert wait <= seconds(poll) <= 1.13 * wait
            assert poll.interval <= 310, "a hint that is taken back leaves nothing behind"


def test_skipped_hours_and_days_are_passed_over() -> None:
    hours = change(timedelta(0), hints=Hints(skip_hours=frozenset({12, 13})))
    assert hours.due == datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
    days = change(timedelta(0), hints=Hints(skip_days=frozenset({6})))
    assert days.due == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def test_a_feed_that_skips_everything_is_asked_within_a_day() -> None:
    everything = Hints(skip_hours=frozenset(range(24)), skip_days=frozenset(range(7)))
    assert change(timedelta(0), hints=everything).due <= NOW + timedelta(days=1, minutes=5)


def test_failures_back_off_to_a_day() -> None:
    waits = [
        seconds(after_failure(n, 300, floor=300, hints=Hints(), now=NOW, dice=MIDDLE))
        for n in (1, 2, 3, 9, 1000)
    ]
    assert waits == [600, 1200, 2400, DAY, DAY]


def test_retry_after_only_lengthens() -> None:
    for asked, wait in ((10, 600), (5000, 5000), (10 * DAY, DAY)):
        hints = Hints(retry_after=asked, ttl=9000)
        poll = after_failure(1, 300, floor=300, hints=hints, now=NOW, dice=MIDDLE)
        assert seconds(poll) == wait
        assert poll.interval == 300, "the feed's own rhythm is kept for its return"


def test_a_failure_keeps_out_of_skipped_hours() -> None:
    hints = Hints(skip_hours=frozenset({12, 13}))
    poll = after_failure(1, 300, floor=300, hints=hints, now=NOW, dice=MIDDLE)
    assert poll.due == datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@given(
    floor=st.integers(1, DAY),
    age=st.integers(0, 10**9),
    dice=st.floats(0, 1, exclude_max=True),
    ttl=st.none() | st.integers(0, 10**7),
    failures=st.integers(1, 10**6),
)
def test_never_below_the_floor_nor_beyond_reason(
    floor: int, age: int, dice: float, ttl: int | None, failures: int
) -> None:
    hints = Hints(ttl=ttl, retry_after=ttl)
    polls = (
        after_change(NOW - timedelta(seconds=age), floor=floor, hints=hints, now=NOW, dice=dice),
        after_no_change(floor, floor=floor, hints=hints, now=NOW, dice=dice),
        after_failure(failures, floor, floor=floor, hints=hints, now=NOW, dice=dice),
    )
    for poll in polls:
        assert floor <= seconds(poll) <= 1.1 * DAY
        assert floor <= poll.interval <= DAY
