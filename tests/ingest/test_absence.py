"""What a page's absence says, and when it is asked for."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.ingest.decider import (
    GONE_AFTER,
    PAGE_CHECKS,
    Absence,
    absence,
    is_outage,
    next_check,
    next_look,
)
from tests.ingest.newspaper import NOW

HOUR = timedelta(hours=1)


@given(published=st.integers(0, 2000))
def test_a_few_are_believed_and_many_are_not(published: int) -> None:
    assert not is_outage(5, published)
    assert is_outage(published // 20 + 6, published)


@given(
    statuses=st.lists(st.sampled_from([0, 200, 304, 301, 403, 404, 410, 500]), max_size=12),
    hours=st.floats(0.1, 30),
    read=st.booleans(),
)
def test_nothing_is_gone_that_was_there_within_a_day_but_by_a_410(
    statuses: list[int], hours: float, read: bool
) -> None:
    known, now = Absence(), NOW
    for status in statuses:
        known = absence(status, known.since, read=read, now=now)
        if known.gone:
            assert status in {404, 410}
            assert known.since is not None
            assert status == 410 or now - known.since >= GONE_AFTER
        if status in {200, 304}:
            assert known == Absence()
        now += hours * HOUR


def test_a_look_is_due_later_and_at_last_never() -> None:
    assert [next_check(NOW, NOW), next_check(NOW, NOW + PAGE_CHECKS[0])] == [
        NOW + one for one in PAGE_CHECKS
    ]
    assert next_check(NOW, NOW + PAGE_CHECKS[1]) is None
    assert next_look(NOW, NOW + HOUR) == NOW + GONE_AFTER
    assert (next_look(NOW, NOW + 30 * HOUR) or NOW) > NOW + 30 * HOUR
    assert next_look(NOW, NOW + timedelta(days=4)) is None
