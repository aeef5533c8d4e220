"""Days that readers type: «2026-11-22», «22.11», «22 ноября», «вчера», in any language."""

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Literal

from babel.dates import get_month_names

from bot.messages.texts import Texts

EARLIEST = date(1990, 1, 1)
_NUMBERS = re.compile(r"(\d{1,2})[./](\d{1,2})(?:[./](\d{4}))?", re.ASCII)
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

    A day without its year is this year's, or the last one's where that is still to come.
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


def _dated(typed: str, today: date, texts: Collection[Texts]) -> date | None:
    if match := _NUMBERS.fullmatch(typed):
        return _day(int(match[1]), int(match[2]), match[3], today)
    if match := _DAY_MONTH.fullmatch(typed) or _MONTH_DAY.fullmatch(typed):
        month = _months(texts).get(match["month"])
        return _day(int(match["day"]), month, match["year"], today) if month else None
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
