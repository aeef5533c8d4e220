"""The screens of /settings: one message that its own buttons edit, each with a way back.

What a button changes is named by `callbacks.Change` and takes the same values as the typed forms.
Where a value can be typed, the screen says so: in a private chat the next text is the answer, in
a group it is a command.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.messages import forms
from bot.messages.callbacks import (
    AskSetting,
    Change,
    DigestTime,
    Find,
    Screen,
    SetDigestTime,
    Setting,
    Settings,
    SetZone,
)
from bot.messages.forms import ZONES
from bot.messages.keyboards import button, rows_of
from bot.messages.markup import Run, line, payload
from bot.messages.payloads import Button, Payload
from bot.messages.screens import own_name
from bot.messages.texts import DAILY, WEEKDAYS, WEEKEND, Texts, Viewer, clock_of
from storage import Alerts, Layout, Slot, Subscriber

_HOURS = tuple(range(6, 24))
_QUIET = ("22:00-07:00", "22:00-08:00", "23:00-07:00", "23:00-08:00", "00:00-08:00", "00:00-09:00")
_HOURLY = ("1", "2", "3", "5", "10")
_DAILY = ("3", "6", "12", "20", "50")
_HEADLINES = ("5", "7", "10", "15")
_SILENT_MARK = "🔕"
TYPED = {
    Setting.DIGEST: range(0),
    Setting.QUIET: range(0),
    Setting.HOURLY: forms.HOURLY,
    Setting.DAILY: forms.PER_DAY,
    Setting.HEADLINES: forms.HEADLINES,
}
"""What is asked for by `question`, with the numbers that would do, where they are numbers."""


@dataclass(frozen=True, slots=True)
class Place:
    """A city that may be meant: its name as it was typed, its country's code and its zone."""

    name: str
    country: str
    zone: str


def _on_off(texts: Texts, on: bool) -> str:
    return texts.pgettext("toggle", "on") if on else texts.pgettext("toggle", "off")


def _slot_text(slot: Slot, texts: Texts) -> str:
    silent = ", " + texts.gettext("silent") if slot.silent else ""
    return f"{clock_of(slot.minute)} {texts.weekdays(slot.weekdays)}{silent}"


def _off(texts: Texts) -> str:
    return texts.pgettext("toggle", "off")


def _values(
    subscriber: Subscriber, slots: Sequence[Slot], viewer: Viewer
) -> Mapping[Setting, tuple[str, str]]:
    """Return each setting's name and present value."""
    texts = viewer.texts
    _ = texts.gettext
    quiet = _off(texts)
    if subscriber.quiet_from is not None and subscriber.quiet_to is not None:
        quiet = f"{clock_of(subscriber.quiet_from)}–{clock_of(subscriber.quiet_to)}"
    hourly, daily = (
        _off(texts)
        if limit is None
        else texts.ngettext("{n} alert", "{n} alerts", limit).format(n=limit)
        for limit in (subscriber.hourly, subscriber.daily)
    )
    size = texts.ngettext("{n} headline", "{n} headlines", subscriber.headlines)
    news = (
        _("all languages")
        if subscriber.news_language == "all"
        else texts.language_name(subscriber.news_language)
    )
    now_there = texts.clock(viewer.now, ZoneInfo(subscriber.zone))
    return {
        Setting.ALERTS: (_("Alerts"), texts.alerts(subscriber.alerts)),
        Setting.DIGEST: (
            _("Digest"),
            "; ".join(_slot_text(slot, texts) for slot in slots) or _off(texts),
        ),
        Setting.HEADLINES: (_("Digest size"), size.format(n=subscriber.headlines)),
        Setting.QUIET: (_("Quiet hours"), quiet),
        Setting.HOURLY: (_("Hourly limit"), hourly),
        Setting.DAILY: (_("Daily limit"), daily),
        Setting.ZONE: (_("Time zone"), f"{texts.city(subscriber.zone)}, {now_there}"),
        Setting.LANGUAGE: (_("Language"), texts.language_name(subscriber.language)),
        Setting.NEWS: (_("News in"), news),
        Setting.LAYOUT: (_("Full texts"), texts.layout(subscriber.layout)),
        Setting.SILENT: (_("No sound at all"), _on_off(texts, subscriber.silent)),
        Setting.PICTURES: (_("Pictures"), _on_off(texts, subscriber.pictures)),
    }


def settings_home(
    subscriber: Subscriber,
    slots: Sequence[Slot],
    viewer: Viewer,
    news_languages: Sequence[str],
) -> Payload:
    """Return the first screen of /settings; the news language only where sources differ."""
    values = dict(_values(subscriber, slots, viewer))
    if len(news_languages) < 2:
        del values[Setting.NEWS]
    passages = [line(Run(viewer.texts.gettext("Settings"), bold=True))]
    for index, (name, value) in enumerate(values.values()):
        passages.append(line(f"{name}: ", Run(value, bold=True), tight=index > 0))
    buttons: list[Button] = []
    for setting, (name, _value) in values.items():
        if setting in (Setting.SILENT, Setting.PICTURES):
            on = subscriber.silent if setting is Setting.SILENT else subscriber.pictures
            mark = "☑ " if on else "☐ "
            buttons.append(button(mark + name, Change(setting, "off" if on else "on")))
        else:
            buttons.append(button(name, Settings(Screen(setting.value))))
    return payload(passages, rows_of(buttons, 2))


def settings_screen(
    screen: Screen,
    subscriber: Subscriber,
    slots: Sequence[Slot],
    viewer: Viewer,
    languages: Mapping[str, Texts],
    news_languages: Sequence[str],
    *,
    group: bool = False,
) -> Payload:
    """Return a screen of /settings."""
    if screen is Screen.HOME:
        return settings_home(subscriber, slots, viewer, news_languages)
    if screen is Screen.DIGEST:
        return digest_screen(slots, viewer, group=group)
    if screen is Screen.ZONE:
        return zone_screen(subscriber, viewer, group=group)
    texts = viewer.texts
    _ = texts.gettext
    setting = Setting(screen.value)
    name, value = _values(subscriber, slots, viewer)[setting]
    off = _off(texts)
    choices: list[tuple[str, str]]  # what a button says, and the value that it sets
    other = ""  # the button that asks for a typed value
    width = 3
    current = ""
    match screen:
        case Screen.ALERTS:
            said = _(
                "On: everything you follow comes at once. Important only: what at least three "
                "sources report within an hour. Off: only what you follow “at once”."
            )
            choices = [(texts.alerts(one), one.value) for one in Alerts]
            current, width = subscriber.alerts.value, 1
        case Screen.QUIET:
            said = _("No alerts come in quiet hours. What they hold back comes later.")
            choices = [(one.replace("-", "–"), one) for one in _QUIET] + [(off, "off")]
            current = "off" if subscriber.quiet_from is None else value.replace("–", "-")
            other, width = _("Other hours…"), 2
        case Screen.HOURLY:
            said = _("How many alerts an hour? The rest goes into the next digest.")
            choices = [(one, one) for one in _HOURLY] + [(_("no limit"), "off")]
            current = "off" if subscriber.hourly is None else str(subscriber.hourly)
            other = _("Another number…")
        case Screen.DAILY:
            said = _("How many alerts a day? The rest goes into the next digest.")
            choices = [(one, one) for one in _DAILY] + [(_("no limit"), "off")]
            current = "off" if subscriber.daily is None else str(subscriber.daily)
            other = _("Another number…")
        case Screen.LANGUAGE:
            said = _("The language of the menus and messages.")
            choices = [(own_name(one), code) for code, one in languages.items()]
            current = subscriber.language
        case Screen.NEWS:
            said = _("News in other languages is left out.")
            choices = [(texts.language_name(code), code) for code in news_languages]
            choices.append((_("all languages"), "all"))
            current = subscriber.news_language
        case Screen.LAYOUT:
            said = _(
                "The rich layout has headings, pictures and quotes, but older apps cannot show it."
            )
            choices = [(texts.layout(one), one.value) for one in (Layout.CLASSIC, Layout.RICH)]
            current = subscriber.layout.value
        case Screen.HEADLINES:
            said = _("A button under the digest shows the rest.")
            choices = [(one, one) for one in _HEADLINES]
            current, width = str(subscriber.headlines), 4
            other = _("Another number…")
    buttons = [
        button(_ticked(text, chosen == current), Change(setting, _carried(chosen)))
        for text, chosen in choices
    ]
    rows = rows_of(buttons, width)
    if other:
        rows = (*rows, (button(other, AskSetting(setting)),))
    return payload(
        [line(Run(name, bold=True), f": {value}"), line(said, tight=False)],
        (*rows, _back(Screen.HOME, texts)),
    )


def digest_screen(slots: Sequence[Slot], viewer: Viewer, *, group: bool = False) -> Payload:
    """Return the digest times: each leads to its own screen, an hour adds or removes one."""
    texts = viewer.texts
    _ = texts.gettext
    taken = {slot.minute for slot in slots}
    passages = [line(Run(_("Digest"), bold=True), "" if slots else f": {_off(texts)}")]
    passages += [line(_slot_text(slot, texts)) for slot in slots]
    said = _("Tap a line with an arrow to choose days and sound, an hour to add or remove it.")
    passages.append(
        line(said if slots else _("Tap the hour at which a digest should come."), tight=False)
    )
    if group:
        passages.append(line(_by_command(texts, Setting.DIGEST)))
    times = [
        button(_slot_button(slot, texts), DigestTime(slot.minute, slot.weekdays)) for slot in slots
    ]
    hours = [
        button(
            _ticked(clock_of(hour * 60), hour * 60 in taken),
            Change(
                Setting.DIGEST,
                ("-" if hour * 60 in taken else "+") + _carried(clock_of(hour * 60)),
            ),
        )
        for hour in _HOURS
    ]
    last = [button(_("Another time…"), AskSetting(Setting.DIGEST))]
    if slots:
        last.append(button(_("No digests"), Change(Setting.DIGEST, "off")))
    rows = (*rows_of(times, 1), *rows_of(hours, 4), tuple(last), _back(Screen.HOME, texts))
    return payload(passages, rows)


def digest_time_screen(slot: Slot, viewer: Viewer) -> Payload:
    """Return the screen of one digest time: its days, its sound, and its end."""
    texts = viewer.texts
    _ = texts.gettext

    def to(days: int, *, silent: bool = slot.silent) -> SetDigestTime:
        return SetDigestTime(slot.minute, slot.weekdays, days, silent)

    ready = [
        button(_ticked(texts.weekdays(days), slot.weekdays == days), to(days))
        for days in (WEEKDAYS, WEEKEND, DAILY)
    ]
    single = [
        button(
            _ticked(texts.weekdays(1 << day), bool(slot.weekdays >> day & 1)),
            to(slot.weekdays ^ 1 << day or slot.weekdays),
        )
        for day in range(7)
    ]
    sound = (
        button(_ticked(_("with sound"), not slot.silent), to(slot.weekdays, silent=False)),
        button(_ticked(_("silent"), slot.silent), to(slot.weekdays, silent=True)),
    )
    remove = (button(_("Remove {time}").format(time=clock_of(slot.minute)), to(0)),)
    rows = (*rows_of(ready, 3), tuple(single[:4]), tuple(single[4:]), sound, remove)
    said = _("On which days, and how?")
    return payload(
        [
            line(Run(_("Digest"), bold=True), f": {_slot_text(slot, texts)}"),
            line(said, tight=False),
        ],
        (*rows, _back(Screen.DIGEST, texts)),
    )


def zone_screen(
    subscriber: Subscriber, viewer: Viewer, *, back: Screen = Screen.HOME, group: bool = False
) -> Payload:
    """Return «Который у вас час?»; the answer leads to the screen `back`."""
    texts = viewer.texts
    _ = texts.gettext
    name, value = _values(subscriber, (), viewer)[Setting.ZONE]
    said = (
        _("Tap the button that shows your time.") + " " + _by_command(texts, Setting.ZONE)
        if group
        else _("Tap the button that shows your time, or write your city.")
    )
    buttons = [
        # The buttons of this screen stay where they are, as the others do.
        button(label, Change(Setting.ZONE, zone) if back is Screen.HOME else SetZone(zone, back))
        for zone, label in zone_choices(subscriber.zone, viewer)
    ]
    return payload(
        [
            line(Run(_("What time is it for you?"), bold=True)),
            line(said, tight=False),
            line(f"{name}: {value}", tight=False),
        ],
        (*rows_of(buttons, 2), _back(back, texts)),
    )


def zone_choices(current: str, viewer: Viewer) -> list[tuple[str, str]]:
    """Return the zones to tap, from west to east, and what their buttons say."""
    zones = list(ZONES)
    if current not in zones:
        zones.append(current)
    zones.sort(key=lambda zone: viewer.now.astimezone(ZoneInfo(zone)).utcoffset())  # type: ignore[arg-type,return-value]  # aware, so never None
    texts = viewer.texts
    return [
        (zone, _ticked(_zone_button(zone, texts.city(zone), viewer), zone == current))
        for zone in zones
    ]


def question(setting: Setting, texts: Texts, *, group: bool, alone: bool) -> Payload:
    """Return the question for a value that is to be typed: one of `TYPED`.

    In a group its answer is a reply, or a command where the asker `alone` sees the question.
    """
    _ = texts.gettext
    allowed = TYPED[setting]
    span = {"first": allowed.start, "last": allowed.stop - 1}
    if setting is Setting.DIGEST:
        asked, example = _("At what time?"), _("07:30 on weekdays")
    elif setting is Setting.QUIET:
        asked, example = _("From when until when?"), "22:30–07:15"
    elif setting is Setting.HOURLY:
        asked, example = _("How many alerts an hour? From {first} to {last}."), "4"
    elif setting is Setting.DAILY:
        asked, example = _("How many alerts a day? From {first} to {last}."), "8"
    else:
        asked, example = _("How many headlines? From {first} to {last}."), "12"
    command = f"/settings {forms.shown(setting.value, texts)} {example}"
    if alone:
        how = _("By a command: {example}").format(example=command)
    elif group:
        how = _("Reply to this message, for example: {example}").format(example=example)
    else:
        how = _("Write it, for example: {example}").format(example=example)
    passages = [line(asked.format(**span)), line(how, tight=False)]
    return payload(passages, (_back(Screen(setting.value), texts),))


def which_place(places: Sequence[Place], back: Screen, viewer: Viewer) -> Payload:
    """Return the question which of several cities, or zones, is meant."""
    texts = viewer.texts
    rows = [(button(label, SetZone(zone, back)),) for zone, label in place_choices(places, viewer)]
    return payload([line(texts.gettext("Which one?"))], (*rows, _back(back, texts)))


def place_choices(places: Sequence[Place], viewer: Viewer) -> list[tuple[str, str]]:
    """Return the zones of places that may be meant, and what their buttons say: no two the same.

    Places of one name in one country are told apart by whose time they keep: that is what is
    chosen, and their region alone would turn away who lives in another of the same zone.
    """
    texts = viewer.texts

    def called(place: Place) -> str:
        name = place.name or texts.city(place.zone)
        return f"{name}, {texts.country(place.country)}" if place.country else name

    several = Counter(called(place) for place in places)
    choices: dict[str, str] = {}
    for place in places:
        name = called(place)
        if several[name] > 1:
            said = texts.gettext("{place} (time of {city})")
            name = said.format(place=name, city=texts.city(place.zone))
        choices.setdefault(_zone_button(place.zone, name, viewer), place.zone)
    return [(zone, label) for label, zone in choices.items()]


def not_an_answer(said: str, typed: str, query: int, back: Screen, texts: Texts) -> Payload:
    """Return what would do as an answer, with the way to search for what was typed."""
    find = texts.gettext("Search for {words}").format(words=texts.quoted(typed))
    return payload([line(said)], ((button(find, Find(query)),), _back(back, texts)))


def zone_set(name: str, zone: str, viewer: Viewer) -> str:
    """The confirmation of a zone, with the time there: a wrong one shows at once."""
    texts = viewer.texts
    clock = texts.clock(viewer.now, ZoneInfo(zone))
    city = texts.city(zone)
    _ = texts.gettext
    if name and name != city:
        said = _("{place}: the time of {city}, it is {time} now.")
        return said.format(place=name, city=city, time=clock)
    return _("Time zone: {city}, it is {time} now.").format(city=city, time=clock)


def _by_command(texts: Texts, setting: Setting) -> str:
    _ = texts.gettext
    example = {
        Setting.DIGEST: _("digest 08:00 mon-fri 10:00 sat-sun 19:00 daily"),
        Setting.ZONE: _("zone Tokyo"),
    }[setting]
    return _("By a command: {example}").format(example=f"/settings {example}")


def _zone_button(zone: str, name: str, viewer: Viewer) -> str:
    return f"{viewer.texts.clock(viewer.now, ZoneInfo(zone))} {name}"


def _slot_button(slot: Slot, texts: Texts) -> str:
    mark = f" {_SILENT_MARK}" if slot.silent else ""
    return f"{clock_of(slot.minute)} {texts.weekdays(slot.weekdays)}{mark} ▸"


def _ticked(text: str, chosen: bool) -> str:
    return f"✓ {text}" if chosen else text


def _carried(value: str) -> str:
    """A colon parts the fields of callback data; the forms read «08.00» as well."""
    return value.replace(":", ".")


def _back(screen: Screen, texts: Texts) -> tuple[Button, ...]:
    return (button(texts.gettext("◀ Back"), Settings(screen)),)
