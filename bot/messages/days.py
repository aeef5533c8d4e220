"""Days that readers type: «2026-11-22», «22.11», «ноябрь», «вчера», in any language."""

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Literal

from babel.dates import get_month_names

from bot.messages.texts import Texts

EARLIEST = date(1990, 1, 1)
_MONTHS = 12
_SHORT_YEAR = 2  # digits
_NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d{2}))?\.?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[./-](\d{1,2})(?:[./-](\d{1,2}))?", re.ASCII)
_MONTH_YEAR = re.compile(r"(\d{1,2})[./](\d{4})", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_MONTH = re.compile(r"(?P<month>[^\W\d_]+)\.?,?(?:\s+(?P<year>\d{4}))?")
_DAY_MONTH = re.compile(r"(?P<day>\d{1,2})\s+(?P<month>[^\W\d_]+)\.?,?(?:\s+(?P<year>\d{4}))?")
_MONTH_DAY = re.compile(r"(?P<month>[^\W\d_]+)\.?\s+(?P<day>\d{1,2})(?:,?\s+(?P<year>\d{4}))?")
_WIDTHS: tuple[Literal["wide", "abbreviated"], ...] = ("wide", "abbreviated")
_CONTEXTS: tuple[Literal["format", "stand-alone"], ...] = ("format", "stand-alone")


def plain(text: str) -> str:
    """Return typed text as names are compared: lower case, one space, ё as е."""
    return " ".join(text.lower().replace("ё", "е").split())


def said_as(names: str) -> frozenset[str]:
    """Return the words of a catalogue's list: parted by spaces, an underscore is a space in one."""
    return frozenset(plain(name.replace("_", " ")) for name in names.split())


def read_day(text: str, today: date, texts: Collection[Texts]) -> date | None:
    """Return the day that a reader means; None for what is no day, or is still to come.

    A day without its year is this year's, or the last one's where that is still to come; a month
    or a year is its first day.
    """
    typed = plain(text)
    for one in texts:
        back = {
            0: one.pgettext("typed", "today"),
            1: one.pgettext("typed", "yesterday"),
            2: one.pgettext("typed", "day_before_yesterday"),
        }
        for days, names in back.items():
            if typed in said_as(names):
                return today - timedelta(days=days)
    try:
        day = _dated(typed, today, texts)
    except ValueError:  # no such day in the calendar
        return None
    return day if day is not None and EARLIEST <= day <= today else None


def is_to_come(text: str, today: date, texts: Collection[Texts]) -> bool:
    """Whether a reader means a day after today; without its year none is."""
    try:
        day = _dated(plain(text), today, texts)
    except ValueError:
        return False
    return day is not None and day > today


def _dated(typed: str, today: date, texts: Collection[Texts]) -> date | None:
    if match := _NUMBERS.fullmatch(typed):
        day, month = int(match[1]), int(match[2])
        if month > _MONTHS >= day:  # «11/22», as Americans write it
            day, month = month, day
        year = f"20{match[3]}" if match[3] and len(match[3]) == _SHORT_YEAR else match[3]
        return _day(day, month, year, today)
    if match := _YEAR_FIRST.fullmatch(typed):
        return date(int(match[1]), int(match[2]), int(match[3] or 1))
    if match := _MONTH_YEAR.fullmatch(typed):
        return date(int(match[2]), int(match[1]), 1)
    if _YEAR.fullmatch(typed):
        return date(int(typed), 1, 1)
    if match := _DAY_MONTH.fullmatch(typed) or _MONTH_DAY.fullmatch(typed):
        named = _months(texts).get(match["month"])
        return _day(int(match["day"]), named, match["year"], today) if named else None
    if match := _MONTH.fullmatch(typed):
        named = _months(texts).get(match["month"])
        return _day(1, named, match["year"], today) if named else None
    return date.fromisoformat(typed)


def _day(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year), month, day)
    # «22.12» said in November is last year's, «29.02» that of the last leap year.
    for back in range(5):
        try:
            found = date(today.year - back, month, day)
        except ValueError:
            continue
        if found <= today:
            return found
    raise ValueError(f"no day {day} of month {month}")


def _months(texts: Collection[Texts]) -> Mapping[str, int]:
    """The months by their names in all languages, whole and abbreviated."""
    return {
        plain(name).rstrip("."): number
        for one in texts
        for width in _WIDTHS
        for context in _CONTEXTS
        for number, name in get_month_names(width, context, one.language).items()
    }
