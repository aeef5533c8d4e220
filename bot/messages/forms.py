"""Typed forms: what a reader writes after /settings.

Pure parsing, Russian and English alike: text in; a frozen intent out, or a `Wrong` that names the
values that would do. Names that readers see (topics, cities) come from the catalogues, so that a
new language brings its own; the words of the forms themselves stand here in both languages.
Buttons of /settings write the same values and pass through the same parser.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from zoneinfo import available_timezones

from babel import Locale

from bot.messages.callbacks import Setting
from bot.messages.texts import DAILY, WEEKDAYS, WEEKEND, Texts
from storage import Alerts, Layout, SlotPlan

_Key = TypeVar("_Key")

MAX_SLOTS = 6
HEADLINES = range(3, 16)
HOURLY = range(1, 31)


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

_SETTINGS = {
    Setting.ALERTS: ("alerts", "alert", "notifications", "уведомления", "срочные", "пуши"),
    Setting.DIGEST: ("digest", "digests", "дайджест", "дайджесты"),
    Setting.QUIET: ("quiet", "silence", "тишина", "тихо", "тихие", "ночь"),
    Setting.HOURLY: ("hourly", "cap", "вчас", "лимит", "предел"),
    Setting.ZONE: ("zone", "timezone", "tz", "зона", "пояс", "город", "время"),
    Setting.LANGUAGE: ("language", "lang", "язык"),
    Setting.NEWS: ("news", "новости"),
    Setting.LAYOUT: ("layout", "view", "вид", "оформление"),
    Setting.HEADLINES: ("headlines", "titles", "заголовки", "заголовков"),
    Setting.SILENT: ("silent", "mute", "беззвука", "беззвучно"),
    Setting.PICTURES: ("pictures", "images", "photos", "картинки", "фото"),
}
_ON = ("on", "yes", "1", "true", "вкл", "включить", "включены", "да")
OFF = ("off", "no", "0", "false", "none", "выкл", "выключить", "выключены", "нет", "без")
_ALERTS = {
    Alerts.ON: (*_ON, "all", "все", "всё"),
    Alerts.IMPORTANT: ("important", "важные", "важное", "важно", "главное"),
    Alerts.OFF: OFF,
}
_LAYOUTS = {
    Layout.CLASSIC: ("classic", "plain", "классический", "обычный", "простой"),
    Layout.RICH: ("rich", "богатый", "расширенный", "оформленный"),
}
_BOTH = ("both", "all", "any", "оба", "обе", "все", "всё", "любые", "любой")
_WEEKDAY_WORDS = (
    ("mon", "monday", "пн", "понедельник"),
    ("tue", "tuesday", "вт", "вторник"),
    ("wed", "wednesday", "ср", "среда", "среду"),
    ("thu", "thursday", "чт", "четверг"),
    ("fri", "friday", "пт", "пятница", "пятницу"),
    ("sat", "saturday", "сб", "суббота", "субботу"),
    ("sun", "sunday", "вс", "воскресенье"),
)
_WEEKDAY = {word: day for day, words in enumerate(_WEEKDAY_WORDS) for word in words}
_DAYS = {
    **dict.fromkeys(("daily", "everyday", "ежедневно", "каждыйдень"), DAILY),
    **dict.fromkeys(("weekdays", "workdays", "будни", "побудням"), WEEKDAYS),
    **dict.fromkeys(("weekend", "weekends", "выходные", "повыходным"), WEEKEND),
}
_SILENT_WORDS = frozenset({"silent", "quietly", "тихо", "беззвука", "беззвучно"})
_FILLERS = frozenset({"at", "on", "and", "в", "и", "по", "каждый"})
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")
_CLOCK_RANGE = re.compile(r"(\S+?)\s*(?:-|–|—|\s)\s*(\S+)")
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])\s*(\d{1,2})(?::00)?")
# The two-word forms are written as one, so that a form can be read word by word.
_TWO_WORDS = re.compile(
    r"\b(без звука|в час|каждый день|по будням|по выходным|со звуком|в дайджесте|every day)\b"
)


def words_of(text: str) -> list[str]:
    lowered = " ".join(text.lower().replace("ё", "е").split())
    return _TWO_WORDS.sub(lambda match: match[0].replace(" ", ""), lowered).split()


def lookup(table: Mapping[_Key, Iterable[str]], word: str) -> _Key | None:
    plain = word.lower().replace("ё", "е")
    return next(
        (key for key, words in table.items() if plain in {w.replace("ё", "е") for w in words}),
        None,
    )


def _clock(word: str) -> int | None:
    """Return the minute of the day of «8», «8:00» or «08.00»."""
    match = _TIME.fullmatch(word)
    if not match:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if hour == 24 and minute == 0:
        return 0
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def _days(word: str) -> int | None:
    """Return the mask of «mon-fri», «пн,ср» or «daily»."""
    if word in _DAYS:
        return _DAYS[word]
    mask = 0
    for piece in word.split(","):
        first, dash, last = piece.replace("–", "-").partition("-")
        if first not in _WEEKDAY or (dash and last not in _WEEKDAY):
            return None
        start, end = _WEEKDAY[first], _WEEKDAY[last if dash else first]
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
    name, _space, value = " ".join(words_of(text)).partition(" ")
    setting = lookup(_SETTINGS, name)
    if setting is None:
        return Wrong(Fault.SETTING, name, tuple(one.value for one in Setting))
    return parse_setting(setting, value, texts, news_languages)


def parse_setting(
    setting: Setting,
    value: str,
    texts: Mapping[str, Texts],
    news_languages: Sequence[str],
) -> SettingIntent | Wrong:
    """Return the intent of one setting's typed value (a button's value is one too)."""
    value = " ".join(words_of(value))

    def wrong(*values: str, fault: Fault = Fault.VALUE) -> Wrong:
        return Wrong(fault, value, values, setting)

    match setting:
        case Setting.ALERTS:
            alerts = lookup(_ALERTS, value)
            return SetAlerts(alerts) if alerts else wrong("on", "important", "off")
        case Setting.DIGEST:
            return _digest(value)
        case Setting.QUIET:
            return _quiet(value) or wrong("23:00-08:00", "off")
        case Setting.HOURLY:
            return _hourly(value) or wrong(f"{HOURLY.start}–{HOURLY.stop - 1}", "off")
        case Setting.ZONE:
            zone = find_zone(value, texts)
            return SetZone(zone) if zone else wrong("Europe/Moscow", "+3", fault=Fault.ZONE)
        case Setting.LANGUAGE:
            found = _language(value, texts, texts)
            return SetLanguage(found) if found else wrong(*texts)
        case Setting.NEWS:
            if value in _BOTH:
                return SetNews("all")
            found = _language(value, news_languages, texts)
            return SetNews(found) if found else wrong(*news_languages, "both")
        case Setting.LAYOUT:
            layout = lookup(_LAYOUTS, value)
            return SetLayout(layout) if layout else wrong("classic", "rich")
        case Setting.HEADLINES:
            if value.isascii() and value.isdigit() and int(value) in HEADLINES:
                return SetHeadlines(int(value))
            return wrong(f"{HEADLINES.start}–{HEADLINES.stop - 1}")
        case Setting.SILENT | Setting.PICTURES:
            if value not in (*_ON, *OFF):
                return wrong("on", "off")
            on = value in _ON
            return SetSilent(on) if setting is Setting.SILENT else SetPictures(on)


def _digest(value: str) -> SetDigest | Wrong:
    if value in OFF:
        return SetDigest(())
    plans: list[SlotPlan] = []
    for word in value.replace(", ", ",").strip(",").split():
        for piece in _unglued(word):
            minute, days = _clock(piece), _days(piece)
            if minute is not None:
                plans.append(SlotPlan(minute, DAILY, silent=False))
            elif days is not None and plans:
                plans[-1] = SlotPlan(plans[-1].minute, days, plans[-1].silent)
            elif piece in _SILENT_WORDS and plans:
                plans[-1] = SlotPlan(plans[-1].minute, plans[-1].weekdays, silent=True)
            elif piece not in _FILLERS:
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


def _quiet(value: str) -> SetQuiet | None:
    if value in OFF:
        return SetQuiet(None)
    match = _CLOCK_RANGE.fullmatch(value.removeprefix("с ").replace(" до ", "-"))
    if not match:
        return None
    start, end = _clock(match[1]), _clock(match[2])
    if start is None or end is None or start == end:
        return None
    return SetQuiet((start, end))


def _hourly(value: str) -> SetHourly | None:
    if value in OFF:
        return SetHourly(None)
    if value.isascii() and value.isdigit() and int(value) in HOURLY:
        return SetHourly(int(value))
    return None


def _language(value: str, codes: Iterable[str], texts: Mapping[str, Texts]) -> str | None:
    """Return the code among `codes` that `value` names, in its own or any interface language."""
    for code in codes:
        names = {code, *(one.language_name(code) for one in texts.values())}
        if code in texts:
            names.add(texts[code].language_name(code))
        if value in {name.lower() for name in names}:
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


def find_zone(value: str, texts: Mapping[str, Texts]) -> str | None:
    """Return the IANA zone of an IANA name, a city, or a whole-hour offset («+3»)."""
    plain = " ".join(value.lower().replace("ё", "е").split())
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
