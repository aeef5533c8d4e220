"""The screens that buttons lead through: help, /settings, /subscribe, /stop.

A screen is one message that its own buttons edit; every one has a way back. What a button changes
is named by `callbacks.Change` or `callbacks.Follow` and takes the same values as the typed forms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.messages.callbacks import (
    Change,
    DropSource,
    Follow,
    Follows,
    FollowScreen,
    Greet,
    Screen,
    Setting,
    Settings,
    Stop,
    word_token,
)
from bot.messages.keyboards import button, rows_of
from bot.messages.markup import Passage, Run, clean, clip, fits, line, payload
from bot.messages.payloads import Button, Keyboard, Payload
from bot.messages.texts import Texts, Viewer, clock_of
from storage import Alerts, FollowKind, Layout, Level, Slot, Source, Subscriber, Subscription, Topic

SOURCES_PAGE = 20
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
_NEXT_LEVEL = {
    Level.OFF: Level.DIGEST,
    Level.DIGEST: Level.NOW,
    Level.NOW: Level.SOUND,
    Level.SOUND: Level.OFF,
}
_MARK = {Level.OFF: "○", Level.DIGEST: "📰", Level.NOW: "⚡", Level.SOUND: "🔔"}


@dataclass(frozen=True, slots=True)
class Followed:
    """What a subscriber follows, and what there is to follow."""

    subscriptions: tuple[Subscription, ...]
    sources: tuple[Source, ...]
    alerts: Alerts = Alerts.OFF

    def level(self, kind: FollowKind, key: str = "") -> Level:
        """Return the level of a follow: its own, else that of everything, else off."""
        levels = {(one.kind, one.key): one.level for one in self.subscriptions}
        everything = levels.get((FollowKind.EVERYTHING, ""), Level.OFF)
        return levels.get((kind, key), everything)

    @property
    def words(self) -> tuple[Subscription, ...]:
        """The words followed."""
        return tuple(
            one
            for one in self.subscriptions
            if one.kind is FollowKind.WORDS and one.level is not Level.OFF
        )


# ---------------------------------------------------------------- help, greeting, stop


def help_screen(
    viewer: Viewer, *, group: bool = False, own_sources: bool = False, admin: bool = False
) -> Payload:
    """Return /help: one screen by purpose; a group's is the reading part."""
    _ = viewer.texts.gettext
    sections = [
        (
            _("Read"),
            (
                _("/latest: the newest headlines"),
                _("/top: the top stories of 24 hours"),
                _("/digest: what's new since the last digest"),
                _("/archive: all news of a day, by date too: /archive 2026-11-22"),
                _("Tap the command under a headline to open the whole text"),
            ),
        ),
        (
            _("Search"),
            (_("/search words, or simply write the words in a private chat"),),
        ),
    ]
    if not group:
        own = _("To add a source of your own, send the address of its site, feed or channel")
        sections += [
            (
                _("Choose"),
                (
                    _("/subscribe: topics, sources and words, and how each comes"),
                    _("/unsubscribe: what no longer to follow"),
                    *((own,) if own_sources else ()),
                ),
            ),
            (
                _("Set up"),
                (
                    _("/settings: digest times, alerts, quiet hours, time zone, language"),
                    _("/stop: no more messages; /start brings them back"),
                ),
            ),
        ]
        if admin:
            whose = (
                _("/invite: a link that lets people in, also several: /invite 20"),
                _("/broadcast: a message to all readers, shown to you first"),
            )
            sections.append((_("For admins"), whose))
    passages: list[Passage] = []
    for title, lines in sections:
        passages.append(line(Run(title, bold=True), tight=False))
        passages.extend(map(line, lines))
    return payload(passages)


def greeting_keyboard(texts: Texts, languages: Mapping[str, Texts]) -> Keyboard:
    """Выбрать темы · Изменить время · Русский | English."""
    _ = texts.gettext
    return (
        (
            button(_("Choose topics"), Follows(FollowScreen.TOPICS)),
            button(_("Change times"), Settings(Screen.DIGEST)),
        ),
        tuple(
            button(_own_name(languages[code]), Greet(code))
            for code in sorted(languages, key=lambda code: code != texts.language)
        ),
    )


def _own_name(texts: Texts) -> str:
    name = texts.language_name(texts.language)
    return name[:1].upper() + name[1:]


def stop_question(viewer: Viewer) -> Payload:
    """Return the question of /stop."""
    _ = viewer.texts.gettext
    asked = _("Stop all messages? Your settings are kept, and /start brings the news back.")
    return payload(
        [line(asked)],
        (
            (
                button(_("Stop"), Stop(confirmed=True)),
                button(_("Leave it on"), Stop(confirmed=False)),
            ),
        ),
    )


# ---------------------------------------------------------------- /settings


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
            choices = [(_own_name(one), code) for code, one in languages.items()]
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


# ---------------------------------------------------------------- /subscribe


def follows_screen(
    screen: FollowScreen, followed: Followed, viewer: Viewer, page: int = 0
) -> Payload:
    """Return a screen of /subscribe."""
    match screen:
        case FollowScreen.HOME:
            return _follows_home(followed, viewer)
        case FollowScreen.TOPICS:
            return _follows_topics(followed, viewer)
        case FollowScreen.SOURCES:
            return _follows_sources(followed, viewer, page)
        case FollowScreen.WORDS:
            return _follows_words(followed, viewer)


def _legend(texts: Texts) -> Passage:
    legend = " · ".join(f"{mark} {texts.level(level)}" for level, mark in _MARK.items())
    return line(legend, tight=False)


def _cycle(
    kind: FollowKind, key: str, token: str, name: str, level: Level, page: int = 0
) -> Button:
    """Return a button that shows a follow's level and sets the next one."""
    shown = clip(f"{_MARK[level]} {name}", 30)
    return button(shown, Follow(kind, token or key, _NEXT_LEVEL[level], page))


def _back(texts: Texts) -> tuple[Button, ...]:
    return (button(texts.gettext("◀ Back"), Follows(FollowScreen.HOME)),)


def _follows_home(followed: Followed, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    everything = followed.level(FollowKind.EVERYTHING)
    passages = [
        line(Run(_("What you follow"), bold=True)),
        line(f"{_('All news')}: ", Run(texts.level(everything), bold=True), tight=False),
    ]
    titles = {source.domain: source.title for source in followed.sources}
    for one in followed.subscriptions:
        name = ""
        if one.kind is FollowKind.TOPIC and one.key in set(Topic):
            name = texts.topic(Topic(one.key))
        elif one.kind is FollowKind.SOURCE:
            name = clean(titles.get(one.key, one.label))
        elif one.kind is FollowKind.WORDS:
            name = texts.quoted(clean(one.label))
        entry = line(f"{clip(name, 80)}: ", Run(texts.level(one.level), bold=True))
        if name and fits([*passages, entry, _legend(texts)], limit=3500, entities=90):
            passages.append(entry)
    if followed.alerts is Alerts.ON:
        # Otherwise the levels above would contradict what comes.
        said = _("Alerts are on: all of this comes at once. Change that: /settings")
        passages.append(line(said, tight=False))
    passages.append(_legend(texts))
    return payload(
        passages,
        (
            (_cycle(FollowKind.EVERYTHING, "", "", _("All news"), everything),),
            (
                button(_("Topics"), Follows(FollowScreen.TOPICS)),
                button(_("Sources"), Follows(FollowScreen.SOURCES)),
                button(_("Words"), Follows(FollowScreen.WORDS)),
            ),
        ),
    )


def _follows_topics(followed: Followed, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    buttons = [
        _cycle(
            FollowKind.TOPIC,
            topic.value,
            "",
            texts.topic(topic),
            followed.level(FollowKind.TOPIC, topic.value),
        )
        for topic in Topic
    ]
    passages = [
        line(Run(_("Topics"), bold=True)),
        line(_("Tap a topic to change how it comes.")),
        _legend(texts),
    ]
    return payload(passages, (*rows_of(buttons, 2), _back(texts)))


def _follows_sources(followed: Followed, viewer: Viewer, page: int) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Sources"), bold=True))]
    if not followed.sources:
        empty = _("There is no source yet: the operator adds them with “newsboy feed add”.")
        return payload([*passages, line(empty)], (_back(texts),))
    pages = -(-len(followed.sources) // SOURCES_PAGE)
    page = min(page, pages - 1)
    shown = followed.sources[page * SOURCES_PAGE : (page + 1) * SOURCES_PAGE]
    passages.append(line(_("Tap a source to change how it comes.")))
    for index, source in enumerate(shown):
        newest = (
            _("newest {ago}").format(ago=texts.ago(source.newest, viewer.now))
            if source.newest
            else _("nothing yet")
        )
        name = clip(clean(source.title) or source.domain, 80)
        if source.owner is not None:
            name = _("{name} (your own)").format(name=name)
        passages.append(line(f"{name}: {newest}", tight=index > 0))
    passages.append(_legend(texts))
    buttons = [
        _cycle(
            FollowKind.SOURCE,
            source.domain,
            str(source.id),
            clean(source.title) or source.domain,
            followed.level(FollowKind.SOURCE, source.domain),
            page,
        )
        for source in shown
    ]
    arrows: list[Button] = []
    if page:
        arrows.append(button("◀", Follows(FollowScreen.SOURCES, page - 1)))
    if page < pages - 1:
        arrows.append(button("▶", Follows(FollowScreen.SOURCES, page + 1)))
    drops = [
        button(_("Drop {name}").format(name=clean(source.title)), DropSource(source.id))
        for source in shown
        if source.owner is not None
    ]
    rows = (
        *rows_of(buttons, 2),
        *rows_of(drops, 2),
        *((tuple(arrows),) if arrows else ()),
        _back(texts),
    )
    return payload(passages, rows)


def _follows_words(followed: Followed, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Words"), bold=True))]
    hint = _("To follow words: {example}").format(
        example="/subscribe " + _("words earthquake in kamchatka")
    )
    if followed.words:
        passages.append(line(_("Tap words to change how they come, ✕ to follow them no more.")))
        passages.append(_legend(texts))
    else:
        passages.append(line(_("You follow no words.")))
    passages.append(line(hint, tight=False))
    rows = tuple(
        (
            _cycle(FollowKind.WORDS, one.key, word_token(one.key), clean(one.label), one.level),
            button("✕", Follow(FollowKind.WORDS, word_token(one.key), Level.OFF)),
        )
        for one in followed.words[:40]
    )
    return payload(passages, (*rows, _back(texts)))
