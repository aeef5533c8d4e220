"""The screens of /settings: one message that its own buttons edit, each with a way back.

What a button changes is named by `callbacks.Change` and takes the same values as the typed forms.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from bot.messages.callbacks import (
    Change,
    Screen,
    Setting,
    Settings,
)
from bot.messages.keyboards import button, rows_of
from bot.messages.markup import Run, line, payload
from bot.messages.payloads import Button, Payload
from bot.messages.screens import own_name
from bot.messages.texts import Texts, Viewer, clock_of
from storage import Alerts, Layout, Slot, Subscriber

_HOURS = tuple(range(6, 24))
_QUIET = ("22:00-07:00", "22:00-08:00", "23:00-07:00", "23:00-08:00", "00:00-08:00", "00:00-09:00")
_HOURLY = ("1", "2", "3", "5", "10")
_HEADLINES = ("5", "7", "10", "15")
_ZONES = (
    "America/Los_Angeles",
    "America/New_York",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Tashkent",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)


def _on_off(texts: Texts, on: bool) -> str:
    return texts.pgettext("toggle", "on") if on else texts.pgettext("toggle", "off")


def _slot_text(slot: Slot, texts: Texts) -> str:
    silent = ", " + texts.gettext("silent") if slot.silent else ""
    return f"{clock_of(slot.minute)} {texts.weekdays(slot.weekdays)}{silent}"


def _values(
    subscriber: Subscriber, slots: Sequence[Slot], viewer: Viewer
) -> Mapping[Setting, tuple[str, str]]:
    """Return each setting's name and present value."""
    texts = viewer.texts
    _ = texts.gettext
    quiet = texts.pgettext("toggle", "off")
    if subscriber.quiet_from is not None and subscriber.quiet_to is not None:
        quiet = f"{clock_of(subscriber.quiet_from)}–{clock_of(subscriber.quiet_to)}"
    hourly = (
        _("no limit")
        if subscriber.hourly is None
        else texts.ngettext("{n} an hour", "{n} an hour", subscriber.hourly).format(
            n=subscriber.hourly
        )
    )
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
            "; ".join(_slot_text(slot, texts) for slot in slots) or texts.pgettext("toggle", "off"),
        ),
        Setting.HEADLINES: (_("Headlines in a digest"), str(subscriber.headlines)),
        Setting.QUIET: (_("Quiet hours"), quiet),
        Setting.HOURLY: (_("Alerts at most"), hourly),
        Setting.ZONE: (_("Time zone"), f"{texts.city(subscriber.zone)}, {now_there}"),
        Setting.LANGUAGE: (_("Language"), texts.language_name(subscriber.language)),
        Setting.NEWS: (_("News in"), news),
        Setting.LAYOUT: (_("Whole texts"), texts.layout(subscriber.layout)),
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
) -> Payload:
    """Return a screen of /settings."""
    if screen is Screen.HOME:
        return settings_home(subscriber, slots, viewer, news_languages)
    texts = viewer.texts
    _ = texts.gettext
    setting = Setting(screen.value)
    name, value = _values(subscriber, slots, viewer)[setting]
    off = texts.pgettext("toggle", "off")
    choices: list[tuple[str, str]]  # what a button says, and the value that it sets
    width = 3
    current = ""
    match screen:
        case Screen.ALERTS:
            said = _(
                "on: everything you follow comes at once; important only: what at least three "
                "sources tell within an hour; off: only what you follow “at once”."
            )
            choices = [(texts.alerts(one), one.value) for one in Alerts]
            current, width = subscriber.alerts.value, 1
        case Screen.DIGEST:
            said = _(
                "Tap an hour to add or remove a digest. Other times and weekdays can be typed: "
                "{example}"
            ).format(example="/settings " + _("digest 08:00 mon-fri 10:00 sat-sun 19:00 daily"))
            taken = {slot.minute for slot in slots}
            choices = [
                (("✓ " if hour * 60 in taken else "") + clock_of(hour * 60), clock_of(hour * 60))
                for hour in _HOURS
            ]
            odd = sorted(minute for minute in taken if minute // 60 not in _HOURS or minute % 60)
            choices += [("✓ " + clock_of(minute), clock_of(minute)) for minute in odd]
            choices.append((_("No digests"), "off"))
            width = 6
        case Screen.QUIET:
            said = _("No alert comes in quiet hours; what they hold back comes later.")
            choices = [(one.replace("-", "–"), one) for one in _QUIET] + [(off, "off")]
            current = "off" if subscriber.quiet_from is None else value.replace("–", "-")
            width = 2
        case Screen.HOURLY:
            said = _("What is over the limit goes into the next digest.")
            choices = [(one, one) for one in _HOURLY] + [(_("no limit"), "off")]
            current = "off" if subscriber.hourly is None else str(subscriber.hourly)
        case Screen.ZONE:
            said = _(
                "What time is it for you? Tap the button that shows it, "
                "or type your city: {example}"
            ).format(example="/settings " + _("zone Tokyo"))
            by_time = [(zone, ZoneInfo(zone)) for zone in _ZONES]
            choices = [
                (f"{texts.clock(viewer.now, zone)} {texts.city(key)}", key) for key, zone in by_time
            ]
            current, width = subscriber.zone, 2
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
            said = _("Rich has headings, pictures and quotes, but older apps do not show it.")
            choices = [(texts.layout(one), one.value) for one in (Layout.CLASSIC, Layout.RICH)]
            current = subscriber.layout.value
        case Screen.HEADLINES:
            said = _("The rest is a button away, under the digest.")
            choices = [(one, one) for one in _HEADLINES]
            current, width = str(subscriber.headlines), 4
    buttons = [
        # A colon parts the fields of callback data; the forms read «08.00» as well.
        button(
            ("✓ " if chosen == current else "") + text, Change(setting, chosen.replace(":", "."))
        )
        for text, chosen in choices
    ]
    back = (button(_("◀ Back"), Settings(Screen.HOME)),)
    return payload(
        [line(Run(name, bold=True), f": {value}"), line(said, tight=False)],
        (*rows_of(buttons, width), back),
    )
