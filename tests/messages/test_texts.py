"""Dates, times, names and the choice of a language."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.messages.texts import DAILY, WEEKDAYS, WEEKEND, clock_of, closest
from storage import Level, Topic
from tests.messages.samples import EN, MOSCOW, NOW, RU


def test_day_names_its_year_only_where_it_is_another() -> None:
    today = date(2026, 11, 22)
    assert RU.day(today, today) == "22 ноября"
    assert EN.day(today, today) == "November 22"
    assert "2025" in RU.day(date(2025, 1, 2), today)


def test_moment_is_the_readers_time() -> None:
    assert RU.moment(datetime(2026, 11, 22, 4, 5, tzinfo=UTC), NOW, MOSCOW) == "07:05"
    # 22:30 UTC of the 21st is the 22nd in Moscow.
    assert RU.moment(datetime(2026, 11, 21, 22, 30, tzinfo=UTC), NOW, MOSCOW) == "01:30"
    assert RU.moment(datetime(2026, 11, 21, 1, 0, tzinfo=UTC), NOW, MOSCOW) == "21 ноября, 04:00"


def test_ago() -> None:
    assert RU.ago(NOW - timedelta(minutes=5), NOW) == "5 минут назад"
    assert EN.ago(NOW - timedelta(hours=2), NOW) == "2 hours ago"
    assert "назад" in RU.ago(NOW + timedelta(minutes=1), NOW), "a clock ahead of ours"


@pytest.mark.parametrize(
    ("mask", "ru", "en"),
    [
        (DAILY, "ежедневно", "every day"),
        (WEEKDAYS, "по будням", "on weekdays"),
        (WEEKEND, "по выходным", "at weekends"),
        (0b0000101, "пн, ср", "Mon, Wed"),
    ],
)
def test_weekdays(mask: int, ru: str, en: str) -> None:
    assert RU.weekdays(mask) == ru
    assert EN.weekdays(mask) == en


def test_every_topic_and_level_has_a_name() -> None:
    for texts in (RU, EN):
        assert len({texts.topic(topic) for topic in Topic}) == len(Topic)
        assert len({texts.level(level) for level in Level}) == len(Level)


def test_names_from_cldr() -> None:
    assert RU.city("Europe/Moscow") == "Москва"
    assert EN.city("Asia/Tokyo") == "Tokyo"
    assert RU.language_name("en") == "английский"
    assert RU.language_name("zz-unknown") == "zz-unknown"


@pytest.mark.parametrize(
    ("code", "chosen"), [("ru", "ru"), ("en-GB", "en"), ("de", "ru"), (None, "ru"), ("EN", "en")]
)
def test_closest_language(code: str | None, chosen: str) -> None:
    assert closest(code, ("ru", "en"), "ru") == chosen


def test_clock() -> None:
    assert clock_of(0) == "00:00"
    assert clock_of(485) == "08:05"
