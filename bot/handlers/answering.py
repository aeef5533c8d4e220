"""Answers: rendered payloads go back to the chat, thread and message that an update came from.

Limits and repeats are the session's (`bot.telegram.retries`). What is handled here is what an
answer can do about a refusal: a screen that cannot be edited any more comes as a new message, one
that shows the same already stays, a group that became a supergroup is followed there, a closed
thread gives way to the chat, markup that is refused goes out as plain text.

In a group an answer can be whispered: shown to the asker alone (Bot API 10.2, "Ephemeral Messages
and Commands"). Telegram lets an admin bot do so any time, another one within 15 seconds of a press
or of what was whispered to it; whatever it refuses as a whisper is said aloud, as a short reply.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramAPIError
from aiogram.types import CallbackQuery, InaccessibleMessage, Message

from bot.handlers.desk import Desk
from bot.messages.markup import CAPTION_UNITS, clip, fits_caption
from bot.messages.notices import note, toast
from bot.messages.payloads import Keyboard, Payload
from bot.messages.rich_blocks import with_fewer
from bot.telegram.faults import Fault, FaultKind, classify
from bot.telegram.requests import (
    Whisper,
    document,
    edit,
    edit_whisper,
    remark,
    remark_whisper,
    send,
)
from storage import StorageError

log = logging.getLogger(__name__)

# What refuses a rich message need not refuse the same as text; a chat may bar media alone.
_NOT_RICH = (FaultKind.PAYLOAD, FaultKind.PICTURE, FaultKind.NO_RIGHTS)

_DELETED_AT_ONCE = 100  # Bot API, deleteMessages

# Faults that say nothing about whispers: the same aloud would fail the same way.
_UNSAID = frozenset({FaultKind.FLOOD, FaultKind.RETRY, FaultKind.AMBIGUOUS, FaultKind.TOKEN})


class RichRefusedError(Exception):
    """Telegram refused a rich message: the classic one is to be sent."""


class Answer:
    """Answers one update. `message_id` is the pressed message, None where it cannot be edited.

    `captioned` says that it is a photo: what it is to show must fit a caption. `asker` is who can
    be whispered to, where somebody can; `heard` is the id of what the asker whispered, and
    `whispered` that of the pressed message where the asker alone sees it.
    """

    def __init__(
        self,
        bot: Bot,
        desk: Desk,
        chat_id: int,
        *,
        thread_id: int = 0,
        reply_to: int | None = None,
        message_id: int | None = None,
        captioned: bool = False,
        query: CallbackQuery | None = None,
        asker: int | None = None,
        heard: int | None = None,
        whispered: int | None = None,
    ) -> None:
        self.bot = bot
        self.chat_id = chat_id
        self.message_id = message_id
        self.captioned = captioned
        self._desk = desk
        self._thread_id = thread_id
        self._reply_to = reply_to
        self._query = query
        self._asker = asker
        self._heard = heard
        self._whispered = whispered
        self._whispering = heard is not None or whispered is not None
        self._instead = False
        self._toasted = False
        self._hurried = False
        self.asked: int | None = None  # the message of the question that is being answered

    @classmethod
    def to_message(cls, bot: Bot, desk: Desk, message: Message, *, group: bool) -> "Answer":
        """An answer to a message: in its thread, and in a group as a reply."""
        heard = message.ephemeral_message_id
        person = message.from_user
        return cls(
            bot,
            desk,
            message.chat.id,
            thread_id=thread_of(message),
            reply_to=message.message_id if group and heard is None else None,
            asker=person.id if group and person is not None and not person.is_bot else None,
            heard=heard,
        )

    @classmethod
    def to_press(
        cls,
        bot: Bot,
        desk: Desk,
        query: CallbackQuery,
        message: Message | InaccessibleMessage,
    ) -> "Answer":
        """An answer to a button: the pressed message is edited while Telegram lets us."""
        seen = message if isinstance(message, Message) else None
        whispered = seen.ephemeral_message_id if seen is not None else None
        return cls(
            bot,
            desk,
            message.chat.id,
            thread_id=thread_of(message),
            message_id=seen.message_id if seen is not None and whispered is None else None,
            captioned=seen is not None and bool(seen.photo),
            query=query,
            asker=query.from_user.id if message.chat.id < 0 else None,
            whispered=whispered,
        )

    def whisper(self) -> None:
        """Say what follows to the asker alone, where there are others and Telegram allows it."""
        self._whispering = self._asker is not None

    @property
    def alone(self) -> bool:
        """Whether the pressed message is one that the asker alone sees."""
        return self._whispered is not None

    def instead(self) -> None:
        """Put what is said next in the pressed message's place."""
        self._instead = True

    async def say(self, payload: Payload, *, reply_to: int | None = None) -> int:
        """Send a message; returns its id, 0 where it was whispered.

        Raises RichRefusedError, and the framework's error where the chat cannot be reached.
        """
        if self._instead:
            self._instead = False
            anew = await self.turn(payload)
            return anew if anew is not None else self.message_id or 0
        if self._whispering and await self._said_alone(payload):
            return 0
        refused = _Refused(payload)
        target = reply_to if reply_to is not None else self._reply_to
        while True:
            request = send(
                refused.payload,
                self.chat_id,
                thread_id=self._thread_id,
                reply_to=target,
                plain=refused.plain,
            )
            try:
                sent = await self.bot(request)
            except AiogramError as error:
                fault = classify(error)
                if await self._redirected(fault):
                    target = None if fault.kind is FaultKind.MIGRATED else target
                elif not refused.again(fault, error):
                    raise
            else:
                await self._note_bad(refused)
                return sent.message_id

    async def _said_alone(self, payload: Payload) -> bool:
        """Whether the asker alone was sent the payload; what Telegram refuses is to be said aloud.

        Raises the framework's error where Telegram cannot be reached.
        """
        whisper = self._to_asker()
        if whisper is None:
            return False
        try:
            await self.bot(send(payload, self.chat_id, thread_id=self._thread_id, whisper=whisper))
        except AiogramError as error:
            if classify(error).kind in _UNSAID:
                raise
            log.debug("not whispered: %s", classify(error).text)
            return False
        return True

    def _to_asker(self) -> Whisper | None:
        if self._asker is None:
            return None
        query_id = self._query.id if self._query is not None else None
        return Whisper(self._asker, query_id, self._heard)

    async def _note_bad(self, refused: "_Refused") -> None:
        """Remember a picture that Telegram refused, if it is certain which one it was."""
        if len(refused.left_out) != 1:
            return
        try:
            await self._desk.storage.pictures.mark_bad(refused.left_out[0], self._desk.clock())
        except StorageError as fault:  # the reader is answered all the same
            log.warning("a refused picture could not be noted: %s", fault)

    def can_become(self, payload: Payload) -> bool:
        """Whether the pressed message can show the payload: a photo holds a caption alone."""
        return not self.captioned or fits_caption(payload)

    async def tell(self, text: str) -> None:
        """Send one plain text."""
        await self.say(note(text))

    async def turn(
        self, payload: Payload, message_id: int | None = None, *, captioned: bool | None = None
    ) -> int | None:
        """Make the pressed message (or `message_id`) show the payload; else send it anew.

        Returns the id of the message that was sent then. `captioned` is said of another message
        than the pressed one. Raises as `say` does.
        """
        if message_id is None and self._whispered is not None:
            return await self._turn_whisper(payload, self._whispered)
        target = message_id if message_id is not None else self.message_id
        captioned = self.captioned if captioned is None else captioned
        if target is None or (captioned and not fits_caption(payload)):
            return await self.say(payload)
        refused = _Refused(payload)
        while True:
            request = edit(
                refused.payload, self.chat_id, target, plain=refused.plain, caption=captioned
            )
            try:
                await self.bot(request)
            except AiogramError as error:
                fault = classify(error)
                if fault.kind is FaultKind.NOTHING_TO_DO:
                    if "not modified" in fault.text.lower():
                        return None
                    return await self.say(payload)
                if not refused.again(fault, error):
                    raise
            else:
                await self._note_bad(refused)
                return None

    async def _turn_whisper(self, payload: Payload, ephemeral_id: int) -> int | None:
        """`turn`, of a message that the asker alone sees.

        It expires without a word, and Telegram takes no long texts as edits: then it comes anew.
        """
        assert self._asker is not None  # noqa: S101  # only a person presses buttons
        try:
            await self.bot(edit_whisper(payload, self.chat_id, self._asker, ephemeral_id))
        except AiogramError as error:
            fault = classify(error)
            if fault.kind in _UNSAID:
                raise
            if fault.kind is FaultKind.NOTHING_TO_DO and "not modified" in fault.text.lower():
                return None
            return await self.say(payload)
        return None

    async def remark(self, keyboard: Keyboard) -> None:
        """Change the pressed message's buttons, and nothing else; one that is gone stays gone.

        Raises the framework's error where Telegram refuses the buttons or cannot be reached.
        """
        try:
            if self._whispered is not None and self._asker is not None:
                await self.bot(remark_whisper(keyboard, self.chat_id, self._asker, self._whispered))
            elif self.message_id is not None:
                await self.bot(remark(keyboard, self.chat_id, self.message_id))
        except AiogramError as error:
            if classify(error).kind is not FaultKind.NOTHING_TO_DO:
                raise

    async def document(self, filename: str, content: bytes, caption: str = "") -> int:
        """Send a file with a line of plain text below it; returns the message's id.

        Raises the framework's error where Telegram refuses it (50 MB at most) or the chat cannot
        be reached.
        """
        whisper = self._to_asker() if self._whispering else None
        while True:
            request = document(
                filename,
                content,
                self.chat_id,
                caption=clip(caption, CAPTION_UNITS),
                thread_id=self._thread_id,
                reply_to=self._reply_to,
                whisper=whisper,
            )
            try:
                return (await self.bot(request)).message_id
            except AiogramError as error:
                if whisper is not None and classify(error).kind not in _UNSAID:
                    whisper = None
                elif not await self._redirected(classify(error)):
                    raise

    async def _redirected(self, fault: Fault) -> bool:
        """Whether the fault says where else the answer goes; it goes there from now on."""
        if fault.kind is FaultKind.MIGRATED and fault.chat_id is not None:
            await self._desk.storage.subscribers.migrate_chat(self.chat_id, fault.chat_id)
            self.chat_id, self._reply_to = fault.chat_id, None
        elif fault.kind is FaultKind.THREAD_GONE and self._thread_id:
            self._thread_id = 0
        else:
            return False
        return True

    async def toast(self, text: str = "", *, alert: bool = False) -> None:
        """Answer the press, once; the query may be too old for that.

        What is told after `hurry` comes as a message.
        """
        if self._query is None:
            return
        if self._toasted:
            if self._hurried and text:
                self._hurried = False
                self.whisper()
                await self.tell(text)
            return
        self._toasted = True
        try:
            await self._query.answer(toast(text) if text else None, show_alert=alert or None)
        except AiogramError as error:
            if classify(error).kind is not FaultKind.NOTHING_TO_DO:
                log.warning("a press was not answered: %s", classify(error).text)

    async def hurry(self) -> None:
        """Show that the answer is on its way: the press is answered, the bot is typing."""
        if not self._toasted:
            await self.toast()
            self._hurried = self._query is not None
        try:
            await self.bot.send_chat_action(
                self.chat_id, "typing", message_thread_id=self._thread_id or None
            )
        except AiogramError as error:  # the answer itself will tell
            log.debug("not shown as typing: %s", classify(error).text)

    async def delete(self, message_ids: Sequence[int]) -> bool:
        """Delete messages of ours; returns whether Telegram did."""
        deleted = True
        for at in range(0, len(message_ids), _DELETED_AT_ONCE):
            some = list(message_ids[at : at + _DELETED_AT_ONCE])
            try:
                deleted &= await self.bot.delete_messages(self.chat_id, some)
            except AiogramError as error:
                if classify(error).kind not in (FaultKind.NOTHING_TO_DO, FaultKind.PAYLOAD):
                    raise
                deleted = False
        return deleted


def thread_of(message: Message | InaccessibleMessage) -> int:
    """The forum topic, or the thread of a private chat, that a message is in; 0 for none.

    The general topic has no id; replies in a group without topics have one that is none's.
    """
    if isinstance(message, InaccessibleMessage) or not message.is_topic_message:
        return 0
    return message.message_thread_id or 0


class _Refused:
    """What is left of a message where Telegram refuses it: without its picture, as plain text,
    and last without the buttons that open addresses.

    `left_out` are the pictures that `payload` lacks. A rich message loses pictures alone: what
    else is refused of it is to be sent in the classic layout.
    """

    def __init__(self, payload: Payload) -> None:
        self.payload = payload
        self.plain = False
        self.left_out: list[str] = []
        self._fewer = with_fewer(payload.rich) if payload.rich is not None else iter(())

    def again(self, fault: Fault, error: AiogramError) -> bool:
        """Whether there is something else to try; raises RichRefusedError."""
        payload = self.payload
        if payload.rich is not None and fault.kind in _NOT_RICH:
            fewer = next(self._fewer, None) if fault.kind is FaultKind.PICTURE else None
            if fewer is None:
                raise RichRefusedError from error
            self.left_out, rich = fewer
            self.payload = replace(payload, rich=rich)
        elif fault.kind is FaultKind.PICTURE and payload.preview:
            self.left_out = [payload.preview]
            self.payload = replace(payload, preview="")
        elif fault.kind is not FaultKind.PAYLOAD or not _refused(error):
            return False
        elif not self.plain:
            log.error("refused as markup, shown as plain text: %s", fault.text, exc_info=error)
            self.plain = True
        elif any(button.url for row in payload.keyboard for button in row):
            self.payload = replace(payload, keyboard=_calling_back(payload.keyboard))
        else:
            return False
        return True


def _calling_back(keyboard: Keyboard) -> Keyboard:
    """The buttons that open no address: Telegram may know better what it is."""
    rows = (tuple(button for button in row if not button.url) for row in keyboard)
    return tuple(row for row in rows if row)


def _refused(error: AiogramError) -> bool:
    """Whether Telegram itself refused the request; else it is a mistake that text cannot cure."""
    return isinstance(error, TelegramAPIError)
