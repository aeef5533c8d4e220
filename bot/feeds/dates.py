"""Dates as feeds write them, Russian ones and broken ones too.

feedparser knows two dozen formats, but reads `MSK` and `UTC+3` as UTC, has no Russian months,
and takes a date that names no zone for UTC. So the usual formats are read here, with the feed's
own zone for those that name none, and feedparser's reading serves for the rest.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january янв января январь",
            "feb february фев февр февраля февраль",
            "mar march мар марта март",
            "apr april апр апреля апрель",
            "may мая май",
            "jun june июн июня июнь",
            "jul july июл июля июль",
            "aug august авг августа август",
            "sep sept september сен сент сентября сентябрь",
            "oct october окт октября октябрь",
            "nov november ноя нояб ноября ноябрь",
            "dec december дек декабря декабрь",
        ),
        start=1,
    )
    for name in names.split()
}
# RFC 822 5.1, and the names that Russian and European publishers use; hours east of Greenwich.
_ZONES: Final = {
    name: float(hours)
    for hours, names in (
        (-8, "pst"),
        (-7, "pdt mst"),
        (-6, "mdt cst"),
        (-5, "cdt est"),
        (-4, "edt"),
        (0, "z ut utc gmt wet"),
        (1, "bst cet west"),
        (2, "cest eet"),
        (3, "msk мск eest idt"),
        (4, "msd samt"),
        (5, "yekt"),
        (6, "omst"),
        (7, "krat novt"),
        (8, "irkt"),
        (9, "yakt"),
        (10, "vlat"),
    )
    for name in names.split()
}
_CLOCK = (
    r"(?:(?:в|at)\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,:]\d+)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?"
)
_GAP = r"[,\s–—-]+"
_NAME = r"(?P<name>[^\W\d_]{3,})\.?"
_ZONE = r"\s*(?P<zone>.*)"
_AMERICAN = re.compile(r"\d{1,2}/\d{1,2}/")  # the month first, where the clock has a.m. and p.m.
_HALF_DAY = re.compile(r"\d\s*[ap]\.?m\b", re.IGNORECASE)
_FORMATS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # ISO 8601, with a space or slashes too
        rf"(?P<year>\d{{4}})[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)(?:(?:T|{_GAP}){_CLOCK}{_ZONE})?",
        # RFC 822, and as people write
        rf"(?:[^\W\d]+[.,\s]+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s.-]+{_NAME}[\s,.-]+"
        rf"(?P<year>\d{{4}}|\d\d)(?:\s*(?:г\.|г\b|года\b))?(?:{_GAP}{_CLOCK}{_ZONE})?",
        # asctime, with the zone that `date` puts before the year
        rf"\w+\s+{_NAME}\s+(?P<day>\d{{1,2}})\s+{_CLOCK}(?P<zone>\s+[^\W\d]\w{{1,4}})?\s+(?P<year>\d{{4}})",
        rf"(?:[^\W\d]+[.,\s]+)?{_NAME}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})"
        rf"(?:{_GAP}{_CLOCK}{_ZONE})?",
        # ISO 8601 without its marks
        r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)"
        r"(?:T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?P<half>)(?P<zone>\D.*)?)?",
        # the day first, as in Europe
        rf"(?P<day>\d{{1,2}})[./](?P<month>\d{{1,2}})[./](?P<year>\d{{4}}|\d\d)"
        rf"(?:{_GAP}{_CLOCK}{_ZONE})?",
        # the time first: the library would take the day of reading for the date's
        rf"{_CLOCK}{_GAP}(?P<day>\d{{1,2}})[./](?P<month>\d{{1,2}})[./](?P<year>\d{{4}}|\d\d)(?P<zone>)",
        rf"{_CLOCK}{_GAP}(?P<day>\d{{1,2}})\s+{_NAME}\s+(?P<year>\d{{4}})(?:\s*(?:г\.|года))?(?P<zone>)",
    )
)
_EPOCH = re.compile(r"1[0-9]{9}(?:[0-9]{3}|\.[0-9]{1,9})?")  # seconds or milliseconds, since 2001
_LONGEST = 100  # characters
_OFFSET = re.compile(r"(?:utc?|gmt|msk)?\s*(?P<sign>[+\-−])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?")


def parse_date(text: str, zone: tzinfo) -> datetime | None:
    """The UTC instant that `text` names, or None where the format is not one of the usual.

    `zone` is the feed's, for a date that names none. A date without a time is its midnight.
    """
    trimmed = " ".join(text[:_LONGEST].split())
    if _EPOCH.fullmatch(trimmed):
        return datetime.fromtimestamp(int(trimmed[:10]), UTC)
    for pattern in _FORMATS:
        found = pattern.fullmatch(trimmed)
        if found is None:
            continue
        parts = found.groupdict()
        month = _MONTHS.get(parts["name"].lower()) if "name" in parts else int(parts["month"])
        offset = _zone(parts["zone"] or "", zone)
        if month is None or offset is None:
            return None
        year, day, hour = int(parts["year"]), int(parts["day"]), int(parts["hour"] or 0)
        if _AMERICAN.match(trimmed) and (month > 12 or (day <= 12 and _HALF_DAY.search(trimmed))):
            month, day = day, month
        if parts["half"]:
            hour = hour % 12 + (12 if parts["half"].lower() == "p" else 0)
        midnight = hour == 24  # ISO 8601 writes the end of a day so
        try:
            local = datetime(
                year + (2000 if year < 70 else 1900) if len(parts["year"]) == 2 else year,
                month,
                day,
                0 if midnight else hour,
                int(parts["minute"] or 0),
                min(int(parts["second"] or 0), 59),  # a leap second is written as 60
                tzinfo=offset,
            )
            return (local + timedelta(days=midnight)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    return None


def _zone(text: str, default: tzinfo) -> tzinfo | None:
    """What a date's last word says; None where it says something unknown."""
    name = text.strip().strip("()[]").strip().lower()
    if not name:
        return default
    if name in _ZONES:
        return timezone(timedelta(hours=_ZONES[name]))
    found = _OFFSET.match(name)
    if found is None:
        return _named_zone(text.strip().strip("()[]"))
    hours = int(found["hours"]) + int(found["minutes"] or 0) / 60
    if hours > 15:
        return None
    return timezone(timedelta(hours=hours if found["sign"] == "+" else -hours))


def _named_zone(name: str) -> tzinfo | None:
    """A zone of the tz database («Europe/Moscow»)."""
    if re.fullmatch(r"[A-Z][A-Za-z_]+/[A-Za-z_/+-]{3,30}", name) is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
