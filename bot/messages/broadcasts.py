"""The operator's messages to all readers: how a reader sees one, and what its author is shown."""

from collections.abc import Iterable, Sequence

from babel.numbers import format_decimal

from bot.messages.callbacks import CallOff, SendOff
from bot.messages.keyboards import button
from bot.messages.markup import (
    MESSAGE_UNITS,
    Passage,
    Run,
    clean,
    clean_lines,
    clip,
    line,
    payload,
    units,
)
from bot.messages.payloads import Button, Payload
from bot.messages.texts import Texts, Viewer
from storage import BroadcastProgress

_OPENING = 60  # characters of a message by which its author knows it


def broadcast(text: str, texts: Texts) -> Payload:
    """Return the message as a reader sees it: plain text below a line that says whose it is."""
    heading = texts.gettext("From the operator of this bot")
    return payload([line(Run(f"📣 {heading}", bold=True)), line(clean_lines(text), tight=False)])


def length(text: str, languages: Iterable[Texts]) -> int:
    """Return how long the message is in the language where it is longest, in UTF-16 units."""
    return max(units(broadcast(text, texts).plain) for texts in languages)


def usage(texts: Texts) -> str:
    """`/broadcast` without words, before anything was sent."""
    example = "/broadcast " + texts.gettext("The bot will be down tomorrow from 03:00 to 04:00.")
    return texts.gettext("Write what all readers should get: {example}").format(example=example)


def too_long(texts: Texts, given: int) -> str:
    """A message that Telegram would refuse."""
    return texts.gettext(
        "Too long: {given} characters with the heading; the limit is {most}. Nothing was sent: "
        "shorten it."
    ).format(given=_number(given, texts), most=_number(MESSAGE_UNITS, texts))


def question(draft: int, readers: int, texts: Texts) -> Payload:
    """Return what is asked below the preview."""
    _ = texts.gettext
    asked = texts.ngettext(
        "This is how it will look. Send it to {n} reader?",
        "This is how it will look. Send it to {n} readers?",
        readers,
    ).format(n=_number(readers, texts))
    return payload(
        [line(asked)],
        (
            (
                button(_("Send"), SendOff(draft, confirmed=True)),
                button(_("Cancel"), SendOff(draft, confirmed=False)),
            ),
        ),
    )


def dropped(texts: Texts) -> str:
    """A draft that its author does not want to send."""
    return texts.gettext("Nothing was sent.")


def stale(texts: Texts) -> str:
    """A draft that is too old to be sent, or somebody else's."""
    return texts.gettext("This draft can no longer be sent: write /broadcast again.")


def progress(broadcasts: Sequence[BroadcastProgress], viewer: Viewer) -> Payload:
    """Return how far the last broadcasts are, with a button for each that can be stopped."""
    texts = viewer.texts
    _ = texts.gettext
    passages: list[Passage] = []
    rows: list[tuple[Button, ...]] = []
    for one in broadcasts:
        opening = texts.quoted(clip(clean(one.text), _OPENING))
        when = texts.moment(one.created, viewer.now, viewer.zone)
        passages.append(line(f"{when} · {opening}", tight=not passages))
        passages.append(line(_state(one, texts)))
        if not one.done:
            rows.append((button(_("Stop {opening}").format(opening=opening), CallOff(one.id)),))
    if any(not one.done for one in broadcasts):
        passages.append(line(_("/broadcast shows how far it is."), tight=False))
    return payload(passages, tuple(rows))


def _state(one: BroadcastProgress, texts: Texts) -> str:
    _ = texts.gettext
    numbers = {
        "sent": _number(one.sent, texts),
        "total": _number(one.total, texts),
        "waiting": _number(one.waiting, texts),
        "missed": _number(one.missed - one.blocked, texts),
        "blocked": _number(one.blocked, texts),
    }
    if one.called_off:
        said = [_("Stopped. Sent: {sent} of {total}.")]
    elif one.done:
        said = [_("Done. Sent: {sent} of {total}.")]
    elif one.owed_to_all:
        said = [_("Sent: {sent} of {total}; {waiting} on the way.")]
    else:
        said = [_("Sending. Sent so far: {sent}.")]
    if one.blocked and not one.called_off:
        said.append(_("Blocked the bot: {blocked}."))
    if one.missed > one.blocked and not one.called_off:
        said.append(_("Not reached: {missed}."))
    return " ".join(said).format(**numbers)


def _number(number: int, texts: Texts) -> str:
    return format_decimal(number, locale=texts.language)
