"""/privacy: what is stored about a chat and how long, its export, and its deletion."""

from bot.messages.callbacks import Privacy, PrivacyStep
from bot.messages.keyboards import button
from bot.messages.markup import Passage, Run, line, payload
from bot.messages.notices import note
from bot.messages.payloads import Payload
from bot.messages.texts import Texts, Viewer


def home(viewer: Viewer, *, group: bool, ledger_days: int, copy_days: int) -> Payload:
    """Return the first screen; a group's is about the group."""
    texts = viewer.texts
    _ = texts.gettext
    kept = (
        _(
            "The group's number and name; its language, time zone and other settings; what it "
            "follows and hides; its own sources: until an admin deletes them here."
        )
        if group
        else _(
            "Your number in Telegram and the name of this chat; language, time zone and other "
            "settings; what you follow and hide; your own sources; what you saved: until you "
            "delete it here."
        )
    )
    passages: list[Passage] = [line(Run(_("What the bot stores"), bold=True))]
    passages.append(line(kept, tight=False))
    about = (
        texts.ngettext(
            "What was sent and when: {n} day.", "What was sent and when: {n} days.", ledger_days
        ).format(n=ledger_days),
        _(
            "Messages to the bot: until it has answered, after a failure for two days at most. "
            "Search words: 30 days, without saying whose."
        ),
        _("The server's log holds neither chat numbers nor messages."),
        texts.ngettext(
            "The copy of the database made before an upgrade: {n} day. Backups made earlier keep "
            "all of this until the operator replaces them with newer ones.",
            "The copy of the database made before an upgrade: {n} days. Backups made earlier keep "
            "all of this until the operator replaces them with newer ones.",
            copy_days,
        ).format(n=copy_days),
    )
    passages.extend(line(f"• {said}") for said in about)
    keyboard = (
        (
            button(_("Export (JSON)"), PrivacyStep(Privacy.EXPORT)),
            button(_("Delete everything…"), PrivacyStep(Privacy.ASK)),
        ),
    )
    return payload(passages, keyboard)


def question(
    viewer: Viewer, *, group: bool, private_bot: bool, admin: bool, by_night: bool
) -> Payload:
    """Return what is asked before everything is deleted; `by_night`: traces stay until then."""
    _ = viewer.texts.gettext
    if group:
        asked = _(
            "Delete everything about this group: settings, follows, its own sources, what was "
            "sent? This cannot be undone."
        )
    else:
        asked = _(
            "Delete everything about you: settings, follows, your own sources, what you saved and "
            "what was sent? This cannot be undone."
        )
        if private_bot:
            asked += " " + _("To come back you will need a new invitation.")
        if admin:
            asked += " " + _("You will no longer be an admin of this bot.")
    passages = [line(asked)]
    if by_night:
        passages.append(line(_at_night(viewer.texts), tight=False))
    return payload(
        passages,
        (
            (
                button(_("Delete everything"), PrivacyStep(Privacy.ERASE)),
                button(_("◀ Back"), PrivacyStep(Privacy.HOME)),
            ),
        ),
    )


def erased(texts: Texts, *, group: bool, private_bot: bool, by_night: bool) -> Payload:
    """Return what is said when everything is gone, but for traces in the file where `by_night`."""
    _ = texts.gettext
    if group:
        said = _("Everything about this group is deleted. Any command starts anew.")
    elif private_bot:
        said = _("Everything is deleted. Goodbye!")
    else:
        said = _("Everything is deleted. To start anew: /start")
    return note(f"{said}\n\n{_at_night(texts)}" if by_night else said)


def _at_night(texts: Texts) -> str:
    return texts.gettext(
        "The database is large, so the last traces in its file are overwritten at night."
    )


def exported(texts: Texts) -> str:
    """Return the line below the export."""
    return texts.gettext("All that is stored about this chat.")
