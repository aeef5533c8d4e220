"""Typed forms: what a reader writes after /settings.

Pure parsing: text in; a frozen intent out, or a `Wrong` that names the values that would do. What
may be typed stands in the catalogues as lists of words, of which the first is the one that readers
are shown; the words of all languages are understood at once. Buttons of /settings write the same
values and pass through the same parser.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale

from bot.messages.callbacks import Setting
from bot.messages.texts import DAILY, WEEKDAYS, WEEKEND, Texts
from storage import Alerts, Layout, SlotPlan

_Key = TypeVar("_Key")

MAX_SLOTS = 6
HEADLINES = range(3, 16)
HOURLY = range(1, 31)
PER_DAY = range(1, 101)
ZONES = (
    "America/Los_Angeles",
    "America/New_York",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)
"""The zones that are offered by what time it is there, from west to east."""

_LATE = 15  # minutes by which somebody's clock, or their answer, may be behind


# ---------------------------------------------------------------- intents


@dataclass(frozen=True, slots=True)
class SetAlerts:
    """`/settings alerts on|important|off`."""

    alerts: Alerts


@dataclass(frozen=True, slots=True)
class SetDigest:
    """`/settings digest 08:00 mon-fri 19:00 daily`; no plans: off."""

    plans: tuple[SlotPlan, ...]


@dataclass(frozen=True, slots=True)
class SetQuiet:
    """`/settings quiet 23:00-08:00|off`: minutes of the day, or None."""

    hours: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class SetHourly:
    """`/settings hourly 3|off`."""

    hourly: int | None


@dataclass(frozen=True, slots=True)
class SetDaily:
    """`/settings daily 12|off`."""

    daily: int | None


@dataclass(frozen=True, slots=True)
class SetZone:
    """`/settings zone Asia/Tokyo`: an IANA name."""

    zone: str


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """`/settings language en`."""

    language: str


@dataclass(frozen=True, slots=True)
class SetNews:
    """`/settings news both`: a language's code, or "all"."""

    language: str


@dataclass(frozen=True, slots=True)
class SetLayout:
    """`/settings layout rich|classic`."""

    layout: Layout


@dataclass(frozen=True, slots=True)
class SetHeadlines:
    """`/settings headlines 7`."""

    headlines: int


@dataclass(frozen=True, slots=True)
class SetSilent:
    """`/settings silent on`."""

    silent: bool


@dataclass(frozen=True, slots=True)
class SetPictures:
    """`/settings pictures off`."""

    pictures: bool


SettingIntent = (
    SetAlerts
    | SetDigest
    | SetQuiet
    | SetHourly
    | SetDaily
    | SetZone
    | SetLanguage
    | SetNews
    | SetLayout
    | SetHeadlines
    | SetSilent
    | SetPictures
)


class Fault(StrEnum):
    """What a typed form got wrong."""

    SETTING = "setting"
    VALUE = "value"
    TIMES = "times"
    TOO_MANY_TIMES = "too_many_times"
    TOPIC = "topic"
    SOURCE = "source"
    WORDS = "words"
    COMMON = "common"
    ZONE = "zone"
    ADDRESS = "address"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A form that cannot be followed: what was typed, and values that would do."""

    fault: Fault
    given: str
    values: tuple[str, ...] = ()
    setting: Setting | None = None


# ---------------------------------------------------------------- words of the forms


def _settings(texts: Texts) -> Mapping[Setting, str]:
    pgettext = texts.pgettext
    return {
        Setting.ALERTS: pgettext("typed", "alerts alert notifications"),
        Setting.DIGEST: pgettext("typed", "digest digests"),
        Setting.QUIET: pgettext("typed", "quiet silence quiet_hours"),
        Setting.HOURLY: pgettext("typed", "hourly an_hour"),
        Setting.ZONE: pgettext("typed", "zone timezone time_zone tz city"),
        Setting.LANGUAGE: pgettext("typed", "language lang"),
        Setting.NEWS: pgettext("typed", "news"),
        Setting.LAYOUT: pgettext("typed", "layout view"),
        Setting.HEADLINES: pgettext("typed", "headlines titles"),
        Setting.SILENT: pgettext("typed", "silent mute"),
        Setting.PICTURES: pgettext("typed", "pictures images photos"),
        Setting.DAILY: pgettext("typed", "daily a_day"),
    }


def _switch(texts: Texts) -> Mapping[bool, str]:
    return {
        True: texts.pgettext("typed", "on yes 1 true"),
        False: texts.pgettext("typed", "off no 0 false none"),
    }


def _alerts(texts: Texts) -> Mapping[Alerts, str]:
    pgettext = texts.pgettext
    return {
        Alerts.ON: pgettext("typed", "on yes 1 true") + " " + pgettext("typed", "all everything"),
        Alerts.IMPORTANT: pgettext("typed", "important"),
        Alerts.OFF: pgettext("typed", "off no 0 false none"),
    }


def _layouts(texts: Texts) -> Mapping[Layout, str]:
    return {
        Layout.CLASSIC: texts.pgettext("typed", "classic plain"),
        Layout.RICH: texts.pgettext("typed", "rich"),
    }


def _both(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "both all any")}


def _masks(texts: Texts) -> Mapping[int, str]:
    pgettext = texts.pgettext
    return {
        DAILY: pgettext("typed", "daily everyday every_day"),
        WEEKDAYS: pgettext("typed", "weekdays workdays on_weekdays"),
        WEEKEND: pgettext("typed", "weekend weekends at_weekends"),
    }


def _weekday_words(texts: Texts) -> Mapping[int, str]:
    pgettext = texts.pgettext
    return {
        0: pgettext("typed", "mon monday mondays"),
        1: pgettext("typed", "tue tuesday tuesdays"),
        2: pgettext("typed", "wed wednesday wednesdays"),
        3: pgettext("typed", "thu thursday thursdays"),
        4: pgettext("typed", "fri friday fridays"),
        5: pgettext("typed", "sat saturday saturdays"),
        6: pgettext("typed", "sun sunday sundays"),
    }


def _silent(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "silent silently quietly")}


def _fillers(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "at on and")}


def _from(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "from since")}


def _until(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "to till until")}


def _in(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "in the_city_of city")}


_TABLES: tuple[Callable[[Texts], Mapping[Any, str]], ...] = (
    _settings,
    _switch,
    _alerts,
    _layouts,
    _both,
    _masks,
    _weekday_words,
    _silent,
    _fillers,
    _from,
    _until,
    _in,
)


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("ё", "е").split())


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words of the forms in all languages. Words of several are written as one, by `_`."""

    languages: tuple[Texts, ...]

    def meant(self, word: str, table: Callable[[Texts], Mapping[_Key, str]]) -> _Key | None:
        """Return what of a table this word says in any language."""
        for texts in self.languages:
            for key, forms in table(texts).items():
                if word in _plain(forms).split():
                    return key
        return None

    def words(self, text: str) -> list[str]:
        """Return a text's words in lower case: «без звука» is one, where a form has it."""
        found = " ".join(text.split()).lower().replace("ё", "е")
        several = {
            form.replace("_", " "): form
            for texts in self.languages
            for table in _TABLES
            for forms in table(texts).values()
            for form in _plain(forms).split()
            if "_" in form
        }
        for spaced in sorted(several, key=len, reverse=True):
            found = re.sub(rf"(?<!\w){re.escape(spaced)}(?!\w)", several[spaced], found)
        return found.split()


def spoken(texts: Mapping[str, Texts]) -> Spoken:
    """Return the words of these languages."""
    return Spoken(tuple(texts.values()))


def shown(value: str, texts: Texts) -> str:
    """Return a value as a reader of this language would type it: «важные» for "important"."""
    tables: Mapping[str, str] = {
        **{str(key): forms for key, forms in _settings(texts).items()},
        **{str(key): forms for key, forms in _alerts(texts).items()},
        **{str(key): forms for key, forms in _layouts(texts).items()},
        "both": _both(texts)[True],
    }
    return tables[value].split()[0].replace("_", " ") if value in tables else value


_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")
_CLOCK_RANGE = re.compile(r"(\S+?)\s*(?:-|–|—|\s)\s*(\S+)")
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])\s*(\d{1,2})(?::00)?")


def _clock(word: str) -> int | None:
    """Return the minute of the day of «8», «8:00» or «08.00»."""
    match = _TIME.fullmatch(word)
    if not match:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if hour == 24 and minute == 0:
        return 0
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def _days(word: str, words: Spoken) -> int | None:
    """Return the mask of «mon-fri», «пн,ср» or «daily»."""
    if (known := words.meant(word, _masks)) is not None:
        return known
    mask = 0
    for piece in word.split(","):
        first, dash, last = re.sub("[–—]", "-", piece).partition("-")
        start = words.meant(first, _weekday_words)
        end = words.meant(last, _weekday_words) if dash else start
        if start is None or end is None:
            return None
        for step in range((end - start) % 7 + 1):
            mask |= 1 << (start + step) % 7
    return mask


# ---------------------------------------------------------------- /settings


def parse_settings(
    text: str,
    texts: Mapping[str, Texts],
    news_languages: Sequence[str],
) -> SettingIntent | Wrong:
    """Return what `/settings <text>` asks for.

    `texts` are all languages of the interface, `news_languages` the codes that sources write in.
    """
    words = spoken(texts)
    name, *rest = words.words(text) or [""]
    setting = words.meant(name, _settings)
    if setting is None:
        given = text.split()[0] if text.split() else ""
        return Wrong(Fault.SETTING, given, tuple(one.value for one in Setting))
    # As it was typed, where the name is one word: an answer must not change anybody's capitals.
    typed = text.split(maxsplit=1)[1:]
    value = typed[0] if typed and "_" not in name else " ".join(rest)
    return parse_setting(setting, value, texts, news_languages)


def parse_setting(
    setting: Setting,
    typed: str,
    texts: Mapping[str, Texts],
    news_languages: Sequence[str],
) -> SettingIntent | Wrong:
    """Return the intent of one setting's typed value (a button's value is one too)."""
    words = spoken(texts)
    value = " ".join(words.words(typed.strip(" .!?")))

    def wrong(*values: str, fault: Fault = Fault.VALUE) -> Wrong:
        return Wrong(fault, " ".join(typed.split()), values, setting)

    match setting:
        case Setting.ALERTS:
            alerts = words.meant(value, _alerts)
            return SetAlerts(alerts) if alerts else wrong("on", "important", "off")
        case Setting.DIGEST:
            return _digest(value, words)
        case Setting.QUIET:
            return _quiet(value, words) or wrong("23:00-08:00", "off")
        case Setting.HOURLY:
            limit = _limit(value, HOURLY, words)
            return wrong(_span(HOURLY), "off") if limit is None else SetHourly(limit or None)
        case Setting.DAILY:
            limit = _limit(value, PER_DAY, words)
            return wrong(_span(PER_DAY), "off") if limit is None else SetDaily(limit or None)
        case Setting.ZONE:
            zone = find_zone(typed, texts)
            return SetZone(zone) if zone else wrong("Europe/Moscow", "+3", fault=Fault.ZONE)
        case Setting.LANGUAGE:
            found = _language(value, texts, texts)
            return SetLanguage(found) if found else wrong(*texts)
        case Setting.NEWS:
            if words.meant(value, _both):
                return SetNews("all")
            found = _language(value, news_languages, texts)
            return SetNews(found) if found else wrong(*news_languages, "both")
        case Setting.LAYOUT:
            layout = words.meant(value, _layouts)
            return SetLayout(layout) if layout else wrong("classic", "rich")
        case Setting.HEADLINES:
            number = _number(value, HEADLINES)
            return wrong(_span(HEADLINES)) if number is None else SetHeadlines(number)
        case Setting.SILENT | Setting.PICTURES:
            on = words.meant(value, _switch)
            if on is None:
                return wrong("on", "off")
            return SetSilent(on) if setting is Setting.SILENT else SetPictures(on)


def _digest(value: str, words: Spoken) -> SetDigest | Wrong:
    if words.meant(value, _switch) is False:
        return SetDigest(())
    plans: list[SlotPlan] = []
    named = 0  # the days said of the last time, which are all where none is
    for word in value.replace(", ", ",").strip(",").split():
        for piece in _unglued(word):
            minute, days = _clock(piece), _days(piece, words)
            if minute is not None:
                named = 0
                plans.append(SlotPlan(minute, DAILY, silent=False))
            elif days is not None and plans:
                named |= days
                plans[-1] = SlotPlan(plans[-1].minute, named, plans[-1].silent)
            elif words.meant(piece, _silent) and plans:
                plans[-1] = SlotPlan(plans[-1].minute, plans[-1].weekdays, silent=True)
            elif not words.meant(piece, _fillers):
                return Wrong(Fault.TIMES, piece, setting=Setting.DIGEST)
    unique = tuple(dict.fromkeys(plans))
    if not unique:
        return Wrong(Fault.TIMES, value, setting=Setting.DIGEST)
    if len(unique) > MAX_SLOTS:
        return Wrong(Fault.TOO_MANY_TIMES, value, (str(MAX_SLOTS),), Setting.DIGEST)
    return SetDigest(unique)


def _unglued(word: str) -> list[str]:
    """Return «8:00,19:00» as its times; «пн,ср» stays one word."""
    pieces = word.split(",")
    return pieces if any(_clock(piece) is not None for piece in pieces) else [word]


def _quiet(value: str, words: Spoken) -> SetQuiet | None:
    if words.meant(value, _switch) is False:
        return SetQuiet(None)
    pieces = value.split()
    if len(pieces) > 1 and words.meant(pieces[0], _from):
        del pieces[0]
    if len(pieces) == 3 and words.meant(pieces[1], _until):
        del pieces[1]
    match = _CLOCK_RANGE.fullmatch(" ".join(pieces))
    if not match:
        return None
    start, end = _clock(match[1]), _clock(match[2])
    if start is None or end is None or start == end:
        return None
    return SetQuiet((start, end))


def _limit(value: str, allowed: range, words: Spoken) -> int | None:
    """Return a limit, 0 for none, None for what is no limit."""
    if words.meant(value, _switch) is False:
        return 0
    return _number(value, allowed)


def _number(value: str, allowed: range) -> int | None:
    """Return a number that is allowed; Python refuses to read thousands of digits."""
    short = len(value) <= len(str(allowed.stop)) and value.isascii() and value.isdigit()
    return int(value) if short and int(value) in allowed else None


def _span(allowed: range) -> str:
    return f"{allowed.start}–{allowed.stop - 1}"


def _language(value: str, codes: Iterable[str], texts: Mapping[str, Texts]) -> str | None:
    """Return the code among `codes` that `value` names, in its own or any interface language."""
    for code in codes:
        names = {code, *(one.language_name(code) for one in texts.values())}
        if code in texts:
            names.add(texts[code].language_name(code))
        if value in map(_plain, names):
            return code
    return None


@lru_cache(maxsize=8)
def _cities(language: str) -> Mapping[str, str]:
    """Return the zones by the lower-case names of their cities in `language` (CLDR)."""
    zones = available_timezones()
    return {
        str(names["city"]).lower().replace("ё", "е"): zone
        for zone, names in Locale.parse(language).time_zones.items()
        if "city" in names and zone in zones
    }


@lru_cache(maxsize=1)
def _zones() -> Mapping[str, str]:
    """Return the IANA names by their lower-case form and by their last part («tokyo»)."""
    names = sorted(name for name in available_timezones() if "/" in name)
    by_city = {name.rsplit("/", 1)[1].lower().replace("_", " "): name for name in names}
    return by_city | {name.lower(): name for name in names} | {"utc": "UTC"}


def place_of(typed: str, texts: Mapping[str, Texts]) -> str:
    """Return what was typed without the words that lead up to a city: «в Омске» is «Омске»."""
    words = spoken(texts)
    pieces = typed.strip(" .,!?").split()
    while len(pieces) > 1 and words.meant(_plain(pieces[0]), _in):
        del pieces[0]
    return " ".join(pieces)


def find_zone(typed: str, texts: Mapping[str, Texts]) -> str | None:
    """Return the IANA zone of an IANA name, a zone's own city, or a whole-hour offset («+3»)."""
    plain = _plain(place_of(typed, texts))
    if match := _OFFSET.fullmatch(plain):
        hours = int(match[2])
        if hours == 0:
            return "UTC"
        # POSIX turned the sign round: Etc/GMT-3 is three hours ahead of Greenwich.
        zone = f"Etc/GMT{'-' if match[1] == '+' else '+'}{hours}"
        return zone if zone in available_timezones() else None
    for language in texts:
        if plain in (cities := _cities(language)):
            return cities[plain]
    return _zones().get(plain) or _zones().get(plain.replace(" ", "_"))


def zones_at(typed: str, now: datetime, texts: Mapping[str, Texts]) -> list[str] | None:
    """Return the zones on offer whose clocks show the typed time; None for what is no time."""
    words = spoken(texts)
    pieces = words.words(typed.strip(" .,!?"))
    if len(pieces) > 1 and words.meant(pieces[0], _fillers):
        del pieces[0]
    minute = _clock(" ".join(pieces))
    if minute is None:
        return None
    found = []
    for zone in ZONES:
        local = now.astimezone(ZoneInfo(zone))
        behind = (local.hour * 60 + local.minute - minute + _LATE) % (24 * 60)
        # «14» is said of the whole hour.
        if behind <= 2 * _LATE or (
            ":" not in typed and "." not in typed and local.hour * 60 == minute
        ):
            found.append(zone)
    return found
