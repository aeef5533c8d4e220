"""Dates as feeds write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.dates import parse_date

MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("Mon, 02 Jun 2025 10:00:00 +0300", "2025-06-02 07:00:00"),
        ("Mon, 02 Jun 2025 10:00:00 GMT", "2025-06-02 10:00:00"),
        ("Mon, 02 Jun 2025 10:00:00 MSK", "2025-06-02 07:00:00"),
        ("Mon, 02 Jun 2025 10:00:00 МСК", "2025-06-02 07:00:00"),
        ("Mon, 02 Jun 2025 10:00:00 UTC+3", "2025-06-02 07:00:00"),
        ("Mon, 02 Jun 2025 10:00:00 GMT+03:00", "2025-06-02 07:00:00"),
        ("Mon, 02 Jun 2025 10:00:00 EST", "2025-06-02 15:00:00"),
        ("Mon, 02 Jun 2025 10:00:00", "2025-06-02 07:00:00"),
        ("2 Jun 25 10:00", "2025-06-02 07:00:00"),
        ("02 Jun 98 10:00 Z", "1998-06-02 10:00:00"),
        ("Пн, 02 июн 2025 10:00:00 +0300", "2025-06-02 07:00:00"),
        ("2 июня 2025 г., 10:00", "2025-06-02 07:00:00"),
        ("2 мая 2025, 10:00 МСК", "2025-05-02 07:00:00"),
        ("02.06.2025 10:00", "2025-06-02 07:00:00"),
        ("2025-06-02T10:00:00Z", "2025-06-02 10:00:00"),
        ("2025-06-02T10:00:00.123+03:00", "2025-06-02 07:00:00"),
        ("2025-06-02 10:00:00", "2025-06-02 07:00:00"),
        ("2025-06-02", "2025-06-01 21:00:00"),
        ("Tue, 31 Dec 2024 23:59:60 GMT", "2024-12-31 23:59:59"),
        ("Mon, 14 Jul 2008 10:00:00 MSK", "2008-07-14 07:00:00"),
    ],
)
def test_a_date_is_read(text: str, utc: str) -> None:
    assert parse_date(text, MOSCOW) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "32 Jun 2025 10:00", "2 Foo 2025", "2025-06-02T10:00:00 Mars/Base"]
)
def test_what_is_no_date_is_left_to_the_library(text: str) -> None:
    assert parse_date(text, MOSCOW) is None


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    found = parse_date(text, MOSCOW)
    assert found is None or found.tzinfo is UTC
