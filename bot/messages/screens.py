"""The first screens: help, the buttons of the greeting, /stop.

A screen is one message that its own buttons edit; every one has a way back. What a button changes
is named by `callbacks.Change` or `callbacks.Follow` and takes the same values as the typed forms.
"""

from collections.abc import Mapping

from bot.messages.callbacks import (
    Follows,
    FollowScreen,
    Greet,
    Screen,
    Settings,
    Stop,
)
from bot.messages.keyboards import button
from bot.messages.markup import Passage, Run, line, payload
from bot.messages.payloads import Keyboard, Payload
from bot.messages.texts import Texts, Viewer

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
                _("/top: the top stories of the last 24 hours"),
                _("/digest: what's new since the last digest"),
                _("/archive: all of a day's news; of another day: /archive 2026-11-22"),
                _("Tap the command under a headline to open the full text"),
                *((_("/saved: what you saved for later"),) if not group else ()),
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
                    _("/subscribe: topics, sources, words: what comes, and how"),
                    _("/unsubscribe: what to stop following"),
                    _("/mute: what to hide, for a month or forever"),
                    *((own,) if own_sources else ()),
                ),
            ),
            (
                _("Set up"),
                (
                    _("/settings: digest times, alerts, quiet hours, time zone, language"),
                    _("/channels: news for a channel of yours"),
                    _("/stop: no more messages; to have them back: /start"),
                    _("/privacy: what is stored about you; export or delete it"),
                ),
            ),
        ]
        if admin:
            whose = (
                _("/admin: readers, invitations, people, feeds"),
                _("/invite: a link that lets people in; for twenty of them: /invite 20"),
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
            button(own_name(languages[code]), Greet(code))
            for code in sorted(languages, key=lambda code: code != texts.language)
        ),
    )


def own_name(texts: Texts) -> str:
    name = texts.language_name(texts.language)
    return name[:1].upper() + name[1:]


def stop_question(viewer: Viewer) -> Payload:
    """Return the question of /stop."""
    _ = viewer.texts.gettext
    asked = _("Stop all messages? Your settings are kept. To have the news back: /start")
    return payload(
        [line(asked)],
        (
            (
                button(_("Stop"), Stop(confirmed=True)),
                button(_("Keep them coming"), Stop(confirmed=False)),
            ),
        ),
    )
