"""The command menu (Bot API, setMyCommands) and the commands that exist."""

from bot.messages.texts import Texts

# Beyond the menu: known, and offered as the nearest to a mistyped one.
HIDDEN = (
    "start",
    "summary",
    "full",
    "archive",
    "unsubscribe",
    "mute",
    "unmute",
    "privacy",
    "channels",
)

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
