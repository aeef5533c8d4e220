"""A language's texts: translated strings, dates, numbers and names.

Strings in the code are English and pass through `gettext` or `ngettext`; the catalogues in
`bot/locales/<language>/LC_MESSAGES/newsboy.po` hold them in each language, English included, and
the build compiles them. Dates, lists and cities come from Babel (Unicode CLDR). A new language is
one new folder.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from gettext import GNUTranslations
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_skeleton,
    format_timedelta,
    get_day_names,
    get_timezone_location,
)
from babel.lists import format_list
from babel.numbers import format_decimal

from storage import Alerts, Layout, Level, Topic

LOCALES = Path(__file__).parent.parent / "locales"
DOMAIN = "newsboy"
WEEKDAYS = 0b0011111
WEEKEND = 0b1100000
DAILY = 0b1111111
_OFFSET_ZONE = re.compile(r"Etc/GMT([+-])([1-9]\d?)")


class CatalogueMissingError(Exception):
    """A language has no compiled catalogue."""


class Texts:
    """The texts of one language. Immutable; share it between tasks."""

    def __init__(self, language: str, translations: GNUTranslations) -> None:
        self.language = language
        self.gettext = translations.gettext
        self.ngettext = translations.ngettext
        self.pgettext = translations.pgettext
        self._locale = Locale.parse(language)

    @classmethod
    def load(cls, language: str) -> "Texts":
        """Read the compiled catalogue of `language`; raises CatalogueMissingError."""
        path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
        try:
            with path.open("rb") as file:
                return cls(language, GNUTranslations(file))
        except FileNotFoundError as error:
            raise CatalogueMissingError(
                f"The language catalogue {path} is not compiled: install the package, or run "
                f"pybabel compile --directory {LOCALES} --domain {DOMAIN}"
            ) from error

    # ---------------------------------------------------------------- dates and numbers

    def day(self, day: date, today: date) -> str:
        """Return «22 ноября», with the year where it is another one than today's."""
        if day.year == today.year:
            return format_skeleton("MMMMd", day, locale=self._locale)
        return format_date(day, "long", locale=self._locale)

    def clock(self, moment: datetime, zone: tzinfo) -> str:
        """Return the time of day in `zone`: «14:05»."""
        return moment.astimezone(zone).strftime("%H:%M")

    def moment(self, moment: datetime, now: datetime, zone: tzinfo) -> str:
        """Return «14:05» for today, «21 ноября, 14:05» for another day."""
        local, today = moment.astimezone(zone), now.astimezone(zone).date()
        clock = self.clock(moment, zone)
        return clock if local.date() == today else f"{self.day(local.date(), today)}, {clock}"

    def ago(self, moment: datetime, now: datetime) -> str:
        """Return «5 минут назад»."""
        span = min(moment - now, timedelta(seconds=-1))
        return format_timedelta(span, locale=self._locale, add_direction=True)

    def weekdays(self, mask: int) -> str:
        """Return the days of a mask (bit 0 Monday): «по будням», «пн, ср»."""
        _ = self.gettext
        named = {
            DAILY: _("every day"),
            WEEKDAYS: _("on weekdays"),
            WEEKEND: _("at weekends"),
        }
        if mask in named:
            return named[mask]
        names = get_day_names("abbreviated", context="stand-alone", locale=self._locale)
        return ", ".join(names[day] for day in range(7) if mask >> day & 1)

    def join(self, items: Iterable[str]) -> str:
        """Return «a, b и c»."""
        return format_list(list(items), locale=self._locale)

    def quoted(self, text: str) -> str:
        """Return a text in the language's quotation marks: «слова»."""
        return self.gettext("“{text}”").format(text=text)

    def city(self, zone: str) -> str:
        """Return the name of an IANA zone's city: «Москва»; of an offset, «UTC+3»."""
        if match := _OFFSET_ZONE.fullmatch(zone):
            # POSIX turned the sign round: Etc/GMT-3 is three hours ahead of Greenwich.
            return f"UTC{'+' if match[1] == '-' else '−'}{match[2]}"
        return get_timezone_location(ZoneInfo(zone), locale=self._locale, return_city=True)

    def local(self, zone: str) -> str:
        """Return whose time it is, for use after a time: «по Москве»."""
        pgettext = self.pgettext
        named = {
            "Europe/Kaliningrad": pgettext("zone", "Kaliningrad time"),
            "Europe/Moscow": pgettext("zone", "Moscow time"),
            "Europe/Samara": pgettext("zone", "Samara time"),
            "Asia/Yekaterinburg": pgettext("zone", "Yekaterinburg time"),
            "Asia/Omsk": pgettext("zone", "Omsk time"),
            "Asia/Krasnoyarsk": pgettext("zone", "Krasnoyarsk time"),
            "Asia/Irkutsk": pgettext("zone", "Irkutsk time"),
            "Asia/Yakutsk": pgettext("zone", "Yakutsk time"),
            "Asia/Vladivostok": pgettext("zone", "Vladivostok time"),
        }
        if zone in named:
            return named[zone]
        if zone == "UTC" or _OFFSET_ZONE.fullmatch(zone):
            return pgettext("zone", "{offset} time").format(offset=self.city(zone))
        return pgettext("zone", "{city} time").format(city=self.city(zone))

    def country(self, code: str) -> str:
        """Return the name of a country by its ISO 3166 code: «Россия»."""
        return str(self._locale.territories.get(code, code))

    def number(self, value: int) -> str:
        """Return a number with its groups: «12 345»."""
        return format_decimal(value, locale=self._locale)

    def language_name(self, code: str) -> str:
        """Return the name of a language in this one: «английский»."""
        return str(self._locale.languages.get(code, code))

    # ---------------------------------------------------------------- names of values

    def topic(self, topic: Topic) -> str:
        """Return a topic's name."""
        _ = self.gettext
        return {
            Topic.POLITICS: _("Politics"),
            Topic.ECONOMY: _("Economy"),
            Topic.SOCIETY: _("Society"),
            Topic.WORLD: _("World"),
            Topic.INCIDENTS: _("Incidents"),
            Topic.SPORT: _("Sport"),
            Topic.CULTURE: _("Culture"),
            Topic.SCIENCE: _("Science"),
            Topic.TECHNOLOGY: _("Technology"),
            Topic.LIFE: _("Life"),
            Topic.OTHER: _("Other"),
        }[topic]

    def level(self, level: Level) -> str:
        """Return how what is followed comes."""
        pgettext = self.pgettext
        return {
            Level.OFF: pgettext("level", "off"),
            Level.DIGEST: pgettext("level", "in the digest"),
            Level.NOW: pgettext("level", "at once"),
            Level.SOUND: pgettext("level", "at once with sound"),
        }[level]

    def alerts(self, alerts: Alerts) -> str:
        """Return a state of the alerts."""
        pgettext = self.pgettext
        return {
            Alerts.ON: pgettext("alerts", "on"),
            Alerts.IMPORTANT: pgettext("alerts", "important only"),
            Alerts.OFF: pgettext("alerts", "off"),
        }[alerts]

    def layout(self, layout: Layout) -> str:
        """Return a layout of long texts."""
        pgettext = self.pgettext
        return {
            Layout.CLASSIC: pgettext("layout", "classic"),
            Layout.RICH: pgettext("layout", "rich"),
        }[layout]


def clock_of(minute: int) -> str:
    """Return a minute of the day as «08:00»."""
    return f"{minute // 60:02}:{minute % 60:02}"


def languages() -> tuple[str, ...]:
    """Return the codes of all languages: the folders that hold a catalogue."""
    return tuple(sorted(path.parent.name for path in LOCALES.glob("*/LC_MESSAGES")))


def load_all() -> Mapping[str, Texts]:
    """Read the catalogues of all languages, by code."""
    return {language: Texts.load(language) for language in languages()}


def closest(code: str | None, known: Iterable[str], default: str) -> str:
    """Return which known language a client's `language_code` («pt-BR») asks for, or `default`."""
    primary = (code or "").split("-")[0].lower()
    return primary if primary in set(known) else default


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom and when something is rendered: language, zone, moment, pictures or none.

    `bot` is the bot's own username, for links into it; "" where it is not known yet.
    """

    texts: Texts
    zone: tzinfo
    now: datetime
    pictures: bool = True
    bot: str = ""
