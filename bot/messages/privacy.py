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
            "Messages to the bot: until it has answered, after a failure for a day at most. Words "
            "that were searched for: 30 days, without who did."
        ),
        _("The server's log names neither chats nor what was written."),
        texts.ngettext(
            "A copy of the database is kept for {n} day before an upgrade. Backups that the "
            "operator made earlier keep all of this until newer ones replace them.",
            "A copy of the database is kept for {n} days before an upgrade. Backups that the "
            "operator made earlier keep all of this until newer ones replace them.",
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


def question(viewer: Viewer, *, group: bool, private_bot: bool, admin: bool) -> Payload:
    """Return what is asked before everything is deleted."""
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
    return payload(
        [line(asked)],
        (
            (
                button(_("Delete everything"), PrivacyStep(Privacy.ERASE)),
                button(_("◀ Back"), PrivacyStep(Privacy.HOME)),
            ),
        ),
    )


def erased(texts: Texts, *, group: bool, private_bot: bool) -> Payload:
    """Return what is said when everything is gone."""
    _ = texts.gettext
    if group:
        return note(_("Everything about this group is deleted. Any command begins anew."))
    if private_bot:
        return note(_("Everything is deleted. Goodbye!"))
    return note(_("Everything is deleted. /start begins anew."))


def exported(texts: Texts) -> str:
    """Return the line below the export."""
    return texts.gettext("All that is stored about this chat.")
