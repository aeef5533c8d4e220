"""The forms that a message takes on its way, and which is tried after a refusal. Pure.

    photo │ rich ─▶ marked ─▶ plain

A form is ready JSON for every chat. What Telegram refuses costs as little as can be: a picture
before the layout, the layout before the markup, and never the text.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

from bot.messages.payloads import Payload
from bot.messages.rich_blocks import pictures, without
from bot.telegram.faults import Fault, FaultKind
from bot.telegram.requests import Ready, ready, ready_photo

# What refuses a rich message need not refuse the same as text; a chat may bar media alone.
_NOT_RICH = (FaultKind.PAYLOAD, FaultKind.PICTURE, FaultKind.NO_RIGHTS)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is meant, and the plain one that goes where Telegram refuses that.

    `rich` is a rich message, which is tried first.
    `shot` is the same as a photo, and `photo` that for every chat, once Telegram has the file;
    `owner` is the reader whose own source shows it.
    """

    payload: Payload
    marked: Ready
    plain: Ready
    rich: Ready | None = None
    shot: Payload | None = None
    photo: Ready | None = None
    owner: int | None = None

    def with_file(self, file_id: str | None) -> "Message":
        """The same with a photo that Telegram has under this id; None: it has none."""
        if self.shot is None:
            return self
        return replace(self, photo=ready_photo(self.shot, file_id) if file_id else None)

    def plainly(self) -> "Message":
        """The same as plain text alone."""
        return replace(self, marked=self.plain, shot=None, photo=None)


def message_of(payload: Payload) -> Message:
    """A rendered message in all forms but the photo."""
    return Message(
        payload,
        ready(replace(payload, rich=None)),
        ready(replace(payload, preview=""), plain=True),
        ready(payload) if payload.rich is not None else None,
    )


def _without_picture(payload: Payload) -> Payload:
    rich = payload.rich and without(payload.rich, pictures(payload.rich))
    return replace(payload, preview="", rich=rich)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that Telegram took; without an id where its answer was lost and is not asked for
    again. `barred`: as text because its chat allows no photos, which says nothing of others.
    """

    message_id: int | None
    plain: bool = False
    photo: bool = False
    rich: bool = False
    barred: bool = False

    @property
    def reason(self) -> str | None:
        """What the ledger says of it."""
        return "unanswered" if self.message_id is None else None


class Lost(Enum):
    """What a message goes without after a refusal."""

    THREAD = auto()
    PHOTO = auto()  # and it is a photo to nobody
    BARRED_PHOTO = auto()  # perhaps this chat bars photos alone
    PICTURE = auto()
    RICH = auto()
    MARKUP = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message in the form that is tried now, and in which thread of its chat.

    `file` is the picture that goes up with it; `picture`, the address of the one that Telegram is
    to fetch by itself ("": none).
    """

    message: Message
    form: Ready
    thread: int
    picture: str
    file: bytes | None = None
    barred: bool = False

    @property
    def shot(self) -> Payload | None:
        """The photo that goes, if one does."""
        photo = self.file is not None or self.form is self.message.photo
        return self.message.shot if photo else None

    def sent(self, message_id: int) -> Sent:
        """What became of it once Telegram took it."""
        return Sent(
            message_id,
            plain=self.form is self.message.plain,
            photo=self.shot is not None,
            rich=self.form is self.message.rich,
            barred=self.barred,
        )


def first_attempt(message: Message, thread: int, file: bytes | None = None) -> Attempt:
    """A message in its best form."""
    plain = message.marked is message.plain
    return Attempt(
        message,
        message.photo or message.rich or message.marked,
        thread,
        picture="" if plain else message.payload.preview,
        file=file,
    )


def next_attempt(tried: Attempt, fault: Fault) -> tuple[Lost, Attempt] | None:
    """What to try after a refusal; None where no other form would fare better."""
    message, kind = tried.message, fault.kind
    refused = kind in (FaultKind.PAYLOAD, FaultKind.PICTURE)
    if kind is FaultKind.THREAD_GONE and tried.thread:
        return Lost.THREAD, replace(tried, thread=0)
    if tried.shot is not None and refused:
        # Its text may be sound: that decides whether the push goes as plain text.
        return Lost.PHOTO, replace(tried, form=message.marked, file=None)
    if tried.shot is not None and kind is FaultKind.NO_RIGHTS:
        return Lost.BARRED_PHOTO, replace(tried, form=message.marked, file=None, barred=True)
    if kind is FaultKind.PICTURE and tried.picture:
        bare = message_of(_without_picture(message.payload))
        rich = bare.rich if tried.form is message.rich else None
        return Lost.PICTURE, replace(tried, message=bare, form=rich or bare.marked, picture="")
    if tried.form is message.rich and kind in _NOT_RICH:
        return Lost.RICH, replace(tried, form=message.marked)
    if refused and tried.form is not message.plain:
        return Lost.MARKUP, replace(tried, form=message.plain)
    return None
