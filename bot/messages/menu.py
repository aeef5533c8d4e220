"""The command menu (Bot API, setMyCommands) and the commands that exist."""

from collections.abc import Iterable, Mapping

from bot.messages.texts import Texts

# A group's admins give these to the bot alone.
WHISPERED = ("subscribe", "settings", "stop")


def reading_commands(texts: Texts) -> tuple[tuple[str, str], ...]:
    """Return the menu of a group, as (command, description): it only reads."""
    _ = texts.gettext
    return (
        ("latest", _("Latest news")),
        ("top", _("Top stories, 24 hours")),
        ("digest", _("Digest: what's new")),
        ("search", _("Search the news")),
        ("help", _("What this bot does")),
    )


def admins_commands(texts: Texts) -> tuple[tuple[str, str], ...]:
    """Return what an admin's menu has besides, as (command, description)."""
    _ = texts.gettext
    return (
        ("admin", _("Readers, invitations, feeds")),
        ("invite", _("A link that lets people in")),
        ("broadcast", _("Write to all readers")),
    )


def commands(texts: Texts) -> tuple[tuple[str, str], ...]:
    """Return the menu of a private chat, as (command, description)."""
    _ = texts.gettext
    *reading, helping = reading_commands(texts)
    return (
        *reading,
        ("subscribe", _("Topics, sources, words")),
        ("saved", _("Saved for later")),
        ("settings", _("Times, alerts, language")),
        ("stop", _("Stop all messages")),
        helping,
    )


def _called(texts: Texts) -> Mapping[str, str]:
    """What commands are called in a language: lists of words.

    Telegram takes Latin letters alone for a command, but whoever types «/настройки» means it.
    """
    pgettext = texts.pgettext
    return {
        "latest": pgettext("command", "latest news"),
        "top": pgettext("command", "top"),
        "digest": pgettext("command", "digest"),
        "search": pgettext("command", "search find"),
        "subscribe": pgettext("command", "subscribe follow topics"),
        "saved": pgettext("command", "saved bookmarks"),
        "settings": pgettext("command", "settings preferences"),
        "stop": pgettext("command", "stop"),
        "help": pgettext("command", "help"),
        "start": pgettext("command", "start begin"),
        "summary": pgettext("command", "summary card"),
        "full": pgettext("command", "full read"),
        "archive": pgettext("command", "archive"),
        "unsubscribe": pgettext("command", "unsubscribe unfollow"),
        "mute": pgettext("command", "mute hide"),
        "unmute": pgettext("command", "unmute unhide"),
        "privacy": pgettext("command", "privacy"),
        "channels": pgettext("command", "channels channel"),
    }


def names(languages: Iterable[Texts]) -> Mapping[str, str]:
    """Return the commands by what they are called in any language, and by their own names."""
    called = [(command, words) for texts in languages for command, words in _called(texts).items()]
    found = {word.lower(): command for command, words in called for word in words.split()}
    return found | {command: command for command, _words in called}


def meant(typed: str, languages: Iterable[Texts]) -> str:
    """Return the command that «/настройки» or «/Help@bot» means, "" where it means none."""
    word = typed.removeprefix("/").partition("@")[0].lower().replace("ё", "е")
    return names(languages).get(word, "")
