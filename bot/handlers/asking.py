"""Questions that are answered by typing: which words, which address, which city.

    a button ─▶ ask: the question is kept and shown ─▶ the next plain text ─▶ whoever expects it

A command, a press of any button or fifteen minutes end a question, and each is answered once:
after that plain text is a search again, as is a reply to some other message. In groups people talk
to each other, so there only a reply to the question is an answer, by whom it was asked; one that
the asker alone sees cannot be replied to, and names the command that says the same. An admin who
stays anonymous presses by name and writes in the group's: what one was asked, any of these answers.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.messages.payloads import Payload
from storage import Prompt, Storage

if TYPE_CHECKING:
    from bot.handlers.answering import Answer
    from bot.handlers.desk import Reader

WAITS = timedelta(minutes=15)


class Question(StrEnum):
    """What a text may be the answer to."""

    FOLLOW = "follow"
    SOURCE = "source"
    HIDE = "hide"
    SEARCH = "search"
    POST = "post"  # of a channel: an editor's text of a draft
    CHANNEL = "channel"  # words that a channel is to post
    CHANNEL_ZONE = "channelzone"
    SETTING = "setting"  # the value of one, and the screen to show afterwards


Answered = Callable[["Reader", "Answer", str, str], Awaitable[bool]]
"""Takes an answer's text and the question's data; returns whether it was one."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks, and hands each answer to whoever expects it."""

    storage: Storage
    expected: dict[Question, Answered] = field(default_factory=dict)

    def expect(self, question: Question, answered: Answered) -> None:
        """Have the answers to a question handed to `answered`."""
        self.expected[question] = answered

    async def ask(
        self,
        reader: "Reader",
        answer: "Answer",
        question: Question,
        payload: Payload,
        data: str = "",
    ) -> None:
        """Show a question, in the pressed message where there is one, and wait for its answer.

        The question is kept before it is shown, since a quick answer comes before Telegram has
        said that it is; one that could not be shown is taken back. Raises as `Answer.turn` does.
        """
        questions = self.storage.questions
        kind = f"{question} {data}".strip()
        shown = answer.message_id or 0
        prompt = Prompt(reader.subscriber.id, reader.person_id, kind, shown, reader.viewer.now)
        # In a group only a reply is an answer, and a reply needs the message that it is to.
        kept = bool(shown) or not reader.group
        if kept:
            await questions.ask(prompt)
        try:
            sent = await answer.turn(payload)
        except Exception:
            await questions.answer(reader.subscriber.id, reader.person_id)
            raise
        if sent is None:
            return
        if kept:
            await questions.moved(prompt, sent)
        elif sent:
            await questions.ask(replace(prompt, message_id=sent))

    async def take(self, reader: "Reader", message: Message) -> Prompt | None:
        """The question that a message answers, which is thereby done; None where it is none."""
        questions = self.storage.questions
        prompt = await questions.waiting(reader.subscriber.id, reader.person_id)
        if prompt is None or not said(message):
            return None
        replied = message.reply_to_message.message_id if message.reply_to_message else None
        if replied != prompt.message_id and (reader.group or replied is not None):
            return None
        prompt = await questions.answer(reader.subscriber.id, reader.person_id)
        late = prompt is None or reader.viewer.now - prompt.asked > WAITS
        return None if late else prompt

    async def take_hidden(
        self, reader: "Reader", message: Message, hides: Callable[[int], Awaitable[bool]]
    ) -> Prompt | None:
        """The question that an anonymous admin's reply answers: one of them was asked by name.

        `hides` says whether a person is an admin who writes anonymously.
        """
        questions, subscriber_id = self.storage.questions, reader.subscriber.id
        replied = message.reply_to_message
        if not reader.anonymous_admin or replied is None or not said(message):
            return None
        for prompt in await questions.shown_in(subscriber_id, replied.message_id):
            fresh = reader.viewer.now - prompt.asked <= WAITS
            if fresh and await hides(prompt.person_id):
                return await questions.answer(
                    subscriber_id, prompt.person_id, message_id=prompt.message_id
                )
        return None

    async def answered(self, reader: "Reader", answer: "Answer", message: Message) -> bool:
        """Whether a message answered the question that waits for this person; if so, it is done."""
        prompt = await self.take(reader, message)
        return prompt is not None and await self.hand(reader, answer, message, prompt)

    async def hand(
        self, reader: "Reader", answer: "Answer", message: Message, prompt: Prompt
    ) -> bool:
        """Give an answer to whoever expects it; returns whether it was one."""
        kind, _space, data = prompt.kind.partition(" ")
        if kind not in set(Question) or Question(kind) not in self.expected:
            return False
        answer.asked = prompt.message_id or None
        return await self.expected[Question(kind)](reader, answer, said(message), data)


def said(message: Message) -> str:
    """What a message answers: its text, or a place on the map as a geo URI (RFC 5870)."""
    if message.location is not None:
        return f"geo:{message.location.latitude},{message.location.longitude}"
    return (message.text or "").strip()


class EndsQuestions(BaseMiddleware):
    """Inner middleware: whoever gives a command or presses a button has left the question."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Forget the question, then go on."""
        reader: Reader | None = data.get("reader")
        commanded = isinstance(event, Message) and (event.text or "").startswith("/")
        if reader is not None and (commanded or isinstance(event, CallbackQuery)):
            await self._storage.questions.answer(reader.subscriber.id, reader.person_id)
        return await handler(event, data)
