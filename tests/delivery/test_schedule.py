"""Slots, quiet hours and caps over many zones, with every odd thing clocks have done."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.delivery.schedule import (
    EVERY_DAY,
    REST,
    held,
    in_quiet,
    next_due,
    quiet_ends,
)
from storage import Subscriber
from tests.delivery.conftest import READER

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")

# Half-hour summer time, a transition at 00:01, gaps at midnight, a day that never was, odd offsets.
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Moscow",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "America/Sao_Paulo",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Pacific/Chatham",
        "UTC",
    )
]
zones = st.sampled_from(ZONES)
minutes = st.integers(0, 1439)
masks = st.integers(1, EVERY_DAY)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1)).map(  # noqa: DTZ001  # set next
    lambda at: at.replace(tzinfo=UTC)
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)


def missing(day: date, minute: int, zone: ZoneInfo) -> bool:
    """Whether clocks jumped over that wall time."""
    wall = local(day, minute, zone)
    return wall.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None)


class TestNextDue:
    @given(minutes, masks, zones, instants)
    def test_is_later_and_at_the_readers_time(
        self, minute: int, mask: int, zone: ZoneInfo, after: datetime
    ) -> None:
        due = next_due(minute, mask, zone, after, None)
        assert due.tzinfo is UTC
        assert after < due <= after + timedelta(days=9)
        wall = due.astimezone(zone)
        near = [wall.date() + timedelta(days=n) for n in (-1, 0)]
        if not any(missing(day, minute, zone) for day in near):
            assert wall.hour * 60 + wall.minute == minute
            assert mask >> wall.weekday() & 1
            assert wall.fold == 0

    @given(minutes, masks, zones, instants, st.timedeltas(timedelta(0), timedelta(days=3)))
    def test_rests_after_firing(
        self, minute: int, mask: int, zone: ZoneInfo, after: datetime, ago: timedelta
    ) -> None:
        assert next_due(minute, mask, zone, after, after - ago) >= after - ago + REST

    @settings(max_examples=60)
    @given(minutes, masks, zones, instants)
    def test_a_chain_of_slots_skips_no_day_and_repeats_none(
        self, minute: int, mask: int, zone: ZoneInfo, start: datetime
    ) -> None:
        end = start + timedelta(days=60)
        chain: list[datetime] = []
        at, fired = start, None
        while (at := next_due(minute, mask, zone, at, fired)) < end:
            chain.append(at)
            fired = at
        first = start.astimezone(zone).date() - timedelta(days=2)
        days = [first + timedelta(days=n) for n in range(66)]
        wanted = {
            local(day, minute, zone).astimezone(UTC) for day in days if mask >> day.weekday() & 1
        }
        assert chain == sorted(due for due in wanted if start < due < end)

    def test_weekdays(self) -> None:
        friday = utc("2026-11-20T12:00")
        weekdays, weekend = 0b0011111, 0b1100000
        assert next_due(480, weekdays, MOSCOW, friday, None) == utc("2026-11-23T05:00")
        assert next_due(600, weekend, MOSCOW, friday, None) == utc("2026-11-21T07:00")

    def test_exactly_now_is_not_after_now(self) -> None:
        due = utc("2026-11-20T05:00")
        assert next_due(480, EVERY_DAY, MOSCOW, due, None) == due + timedelta(days=1)

    def test_a_time_in_the_gap_is_shifted(self) -> None:
        night = utc("2026-03-28T23:00")
        assert next_due(150, EVERY_DAY, BERLIN, night, None) == utc("2026-03-29T01:30")  # 03:30

    def test_a_time_that_comes_twice_fires_once_and_first(self) -> None:
        night = utc("2026-10-24T22:00")
        first = next_due(150, EVERY_DAY, BERLIN, night, None)
        assert first == utc("2026-10-25T00:30")  # 02:30, still summer
        between = first + timedelta(minutes=10)
        assert next_due(150, EVERY_DAY, BERLIN, between, None) == utc("2026-10-26T01:30")

    def test_flying_west_brings_no_second_morning(self) -> None:
        fired = utc("2026-11-20T05:00")  # 08:00 in Moscow; seven hours later it is so in New York
        due = next_due(480, EVERY_DAY, NEW_YORK, fired, fired)
        assert due == utc("2026-11-21T13:00")

    def test_flying_east_brings_the_next_morning(self) -> None:
        fired = utc("2026-11-20T13:00")  # 08:00 in New York
        due = next_due(480, EVERY_DAY, MOSCOW, fired, fired)
        assert due == utc("2026-11-21T05:00")

    def test_a_day_that_never_was(self) -> None:
        apia = ZoneInfo("Pacific/Apia")  # went from 29 to 31 December 2011
        first = next_due(480, EVERY_DAY, apia, utc("2011-12-29T17:00"), None)
        assert first == utc("2011-12-29T18:00")
        second = next_due(480, EVERY_DAY, apia, first, first)
        assert second == utc("2011-12-30T18:00")
        assert next_due(480, EVERY_DAY, apia, second, second) == utc("2011-12-31T18:00")

    @pytest.mark.parametrize(("minute", "mask"), [(480, 0), (480, 128), (1440, 1), (-1, 1)])
    def test_refuses_what_is_no_time(self, minute: int, mask: int) -> None:
        with pytest.raises(ValueError, match=r"minute|weekday"):
            next_due(minute, mask, MOSCOW, utc("2026-11-20T05:00"), None)

    def test_refuses_naive_instants(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            next_due(480, 1, MOSCOW, datetime(2026, 1, 1), None)  # noqa: DTZ001  # what is tested


EVERY_ZONE = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
# Each with something that others have not: see the tests' names for what.
ODD_YEARS = [
    ("Africa/Cairo", 2023),  # summer time again, from a midnight
    ("Africa/Casablanca", 2026),  # winter time for Ramadan alone
    ("America/Asuncion", 2024),  # gaps at midnight, the last change ever
    ("America/Nuuk", 2024),  # a gap that ends the day
    ("America/St_Johns", 2010),  # changes at one past midnight
    ("Antarctica/Troll", 2026),  # by two hours
    ("Asia/Gaza", 2024),
    ("Asia/Kathmandu", 2026),  # +05:45
    ("Asia/Pyongyang", 2018),  # half an hour for good
    ("Australia/Lord_Howe", 2026),  # half an hour twice a year
    ("Europe/Lisbon", 2026),
    ("Pacific/Apia", 2011),  # no 30 December
    ("Pacific/Fakaofo", 2011),
]
_HOUR = timedelta(hours=1)


def occurrence(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """When a wall time comes, found from UTC alone: no wall time is turned into an instant here."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001  # is one
    near = (wall.replace(tzinfo=UTC) + n * _HOUR for n in range(-40, 41))
    shifts = {at.astimezone(zone).utcoffset() or timedelta(0) for at in near}
    candidates = [(wall - shift).replace(tzinfo=UTC) for shift in shifts]
    met = [at for at in candidates if at.astimezone(zone).replace(tzinfo=None) == wall]
    # Shown twice, the first counts; never shown, the one that is later by the gap.
    return min(met) if met else max(candidates)


def occurrences(
    minute: int, mask: int, zone: ZoneInfo, start: datetime, end: datetime
) -> list[datetime]:
    """All instants within (start, end); a day that does not exist adds none."""
    first, last = start.date() - timedelta(days=2), end.date() + timedelta(days=2)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    found = {occurrence(day, minute, zone) for day in days if mask >> day.weekday() & 1}
    return sorted(at for at in found if start < at < end)


def chain(minute: int, mask: int, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """What a slot fires at within (start, end), each time planned when it last fired."""
    fired: list[datetime] = []
    due = next_due(minute, mask, zone, start, None)
    while due < end:
        fired.append(due)
        due = next_due(minute, mask, zone, due, due)
    return fired


class TestEveryZone:
    """`next_due` against an oracle that goes from UTC to the wall and never back."""

    @settings(max_examples=300, deadline=None)
    @given(
        minutes,
        masks,
        EVERY_ZONE,
        st.datetimes(datetime(2010, 1, 1), datetime(2036, 1, 1)),  # noqa: DTZ001  # set next
        st.none() | st.timedeltas(timedelta(hours=-30), timedelta(days=9)),
    )
    @example(150, EVERY_DAY, ZoneInfo("Europe/Berlin"), datetime(2026, 10, 25, 0, 40), None)  # noqa: DTZ001  # set next
    @example(125, EVERY_DAY, ZoneInfo("Australia/Lord_Howe"), datetime(2026, 10, 3, 15), None)  # noqa: DTZ001  # set next
    @example(0, 0b1000000, ZoneInfo("America/Santiago"), datetime(2026, 9, 5, 12), None)  # noqa: DTZ001  # set next
    @example(1410, EVERY_DAY, ZoneInfo("America/Nuuk"), datetime(2024, 3, 31, 1, 10), None)  # noqa: DTZ001  # set next
    @example(480, 0b0010000, ZoneInfo("Pacific/Apia"), datetime(2011, 12, 24), None)  # noqa: DTZ001  # set next
    def test_it_is_the_first_that_is_later_and_rested(
        self, minute: int, mask: int, zone: ZoneInfo, naive: datetime, ago: timedelta | None
    ) -> None:
        after = naive.replace(tzinfo=UTC)
        fired = None if ago is None else after - ago
        due = next_due(minute, mask, zone, after, fired)
        coming = occurrences(minute, mask, zone, after, after + timedelta(days=10))
        # What fired more than a rest ahead was fired by a clock that was wrong.
        rests = fired is not None and fired <= after + REST
        assert due == next(
            at for at in coming if not rests or (fired is not None and at >= fired + REST)
        )
        assert due.tzinfo is UTC
        wall = due.astimezone(zone)
        if wall.hour * 60 + wall.minute == minute and mask >> wall.weekday() & 1:
            assert (wall.second, wall.fold) == (0, 0)
        else:  # only where clocks jumped over it
            day_before = (due - timedelta(hours=25)).astimezone(zone)
            assert wall.utcoffset() != day_before.utcoffset()

    @settings(max_examples=15, deadline=None)
    @given(minutes, masks, EVERY_ZONE, instants)
    def test_a_year_brings_each_allowed_day_once(
        self, minute: int, mask: int, zone: ZoneInfo, start: datetime
    ) -> None:
        end = start + timedelta(days=366)
        fired = chain(minute, mask, zone, start, end)
        assert fired == occurrences(minute, mask, zone, start, end)

    @pytest.mark.parametrize(("name", "year"), ODD_YEARS)
    @pytest.mark.parametrize("minute", [0, 30, 150, 480, 1439])
    def test_so_does_an_odd_one(self, name: str, year: int, minute: int) -> None:
        zone = ZoneInfo(name)
        start, end = (datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 10, tzinfo=UTC))
        fired = chain(minute, EVERY_DAY, zone, start, end)
        assert fired == occurrences(minute, EVERY_DAY, zone, start, end)
        # A local day has one; but for the day that never was, each has.
        days = [at.astimezone(zone).date() for at in fired]
        assert len(fired) >= (end - start).days - 1
        assert all(timedelta(hours=22) <= b - a <= timedelta(hours=26) for a, b in pairwise(fired))
        assert len(set(days)) >= len(days) - 1  # a gap that ends the day lends it one


class TestQuiet:
    @pytest.mark.parametrize(
        ("at", "quiet"),
        [("22:59", False), ("23:00", True), ("03:00", True), ("07:59", True), ("08:00", False)],
    )
    def test_over_midnight(self, at: str, quiet: bool) -> None:
        now = datetime.fromisoformat(f"2026-11-20T{at}").replace(tzinfo=MOSCOW)
        assert in_quiet(now, MOSCOW, 23 * 60, 8 * 60) is quiet

    def test_within_a_day(self) -> None:
        assert in_quiet(utc("2026-11-20T10:30"), MOSCOW, 13 * 60, 14 * 60)
        assert not in_quiet(utc("2026-11-20T11:00"), MOSCOW, 13 * 60, 14 * 60)

    @pytest.mark.parametrize(("start", "end"), [(None, None), (60, None), (None, 60), (60, 60)])
    def test_none(self, start: int | None, end: int | None) -> None:
        now = utc("2026-11-19T22:00")
        assert not in_quiet(now, MOSCOW, start, end)
        assert quiet_ends(now, MOSCOW, start, end) == now

    def test_ends_in_the_morning(self) -> None:
        assert quiet_ends(utc("2026-11-20T20:30"), MOSCOW, 1380, 480) == utc("2026-11-21T05:00")
        assert quiet_ends(utc("2026-11-20T22:30"), MOSCOW, 1380, 480) == utc("2026-11-21T05:00")

    def test_an_end_that_comes_twice(self) -> None:
        again = utc("2026-10-25T01:10")  # 02:10 for the second time
        assert quiet_ends(again, BERLIN, 1380, 150) == utc("2026-10-25T01:30")

    def test_an_end_in_the_gap(self) -> None:
        assert quiet_ends(utc("2026-03-29T00:30"), BERLIN, 1380, 150) == utc("2026-03-29T01:30")

    @given(instants, zones, minutes, minutes, st.floats(0, 0.999))
    def test_quiet_until_it_ends(
        self, now: datetime, zone: ZoneInfo, start: int, end: int, part: float
    ) -> None:
        until = quiet_ends(now, zone, start, end)
        assert not in_quiet(until, zone, start, end)
        if in_quiet(now, zone, start, end):
            assert until > now
            between = now + (until - now) * part
            if now.astimezone(zone).utcoffset() == until.astimezone(zone).utcoffset():
                assert in_quiet(between, zone, start, end)
        else:
            assert until == now


def reader(
    *, quiet: tuple[int, int] | None = None, hourly: int | None = 3, daily: int | None = 12
) -> Subscriber:
    start, end = quiet or (None, None)
    return replace(READER, quiet_from=start, quiet_to=end, hourly=hourly, daily=daily)


class TestHeld:
    NOON = utc("2026-11-20T09:10")  # 12:10 in Moscow

    def test_goes_at_once(self) -> None:
        assert held(self.NOON, reader(quiet=(1380, 480)), sent_last_hour=2, sent_today=11) is None

    def test_no_caps(self) -> None:
        free = reader(hourly=None, daily=None)
        assert held(self.NOON, free, sent_last_hour=999, sent_today=999) is None

    def test_the_hourly_cap_holds_until_the_full_hour(self) -> None:
        until = held(self.NOON, reader(), sent_last_hour=3, sent_today=3)
        assert until == utc("2026-11-20T10:00")

    def test_the_daily_cap_holds_until_midnight(self) -> None:
        until = held(self.NOON, reader(), sent_last_hour=3, sent_today=12)
        assert until == utc("2026-11-20T21:00")

    def test_quiet_hours_hold_until_they_end(self) -> None:
        night = utc("2026-11-20T22:00")
        until = held(night, reader(quiet=(1380, 480)), sent_last_hour=0, sent_today=0)
        assert until == utc("2026-11-21T05:00")

    def test_quiet_hours_after_a_cap_count_too(self) -> None:
        quiet = reader(quiet=(1380, 480))
        assert held(self.NOON, quiet, sent_last_hour=0, sent_today=12) == utc("2026-11-21T05:00")
        late = utc("2026-11-20T19:40")  # 22:40: the full hour is where the quiet hours begin
        assert held(late, quiet, sent_last_hour=3, sent_today=3) == utc("2026-11-21T05:00")
