"""What is left: plain text is a search, a mistyped command gets the nearest, errors an apology."""

import difflib
import logging
from contextlib import suppress
from functools import partial
from typing import Any

from aiogram import Bot, Router
from aiogram.exceptions import AiogramError, TelegramMigrateToChat
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, ErrorEvent, Message

from bot.handlers.answering import Answer
from bot.handlers.asking import Question
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed, hides_as_admin, keeps
from bot.handlers.places import Again
from bot.handlers.searching import search_for
from bot.handlers.sourcing import is_address, look_at
from bot.messages import menu, notices
from bot.messages.callbacks import Find
from bot.telegram.faults import FaultKind, classify
from storage import NotFoundError, Prompt, StorageError, TooManyError

log = logging.getLogger(__name__)

_UNREACHABLE = (FaultKind.BLOCKED, FaultKind.CHAT_NOT_FOUND, FaultKind.NO_RIGHTS)


class PrivateChat(Filter):
    """Passes the messages of private chats: in a group people talk to each other."""

    async def __call__(self, message: Message, reader: Reader | None = None) -> bool:
        """`reader` comes from the door."""
        return reader is not None and not reader.group


class Answering(Filter):
    """Passes a group's replies to questions, by whom they were asked; gives the question."""

    async def __call__(
        self, message: Message, bot: Bot, desk: Desk, reader: Reader | None = None
    ) -> bool | dict[str, Any]:
        """`desk` and `reader` come from the door."""
        if reader is None or not reader.group or message.reply_to_message is None:
            return False
        prompt = await desk.asking.take(reader, message)
        if prompt is None:
            hides = partial(hides_as_admin, bot, message.chat.id)
            prompt = await desk.asking.take_hidden(reader, message, hides)
        return {"prompt": prompt} if prompt is not None else False


def make_router(desk: Desk, again: Again) -> Router:
    """Return the router that comes last."""
    router = Router(name="rest")

    @router.message(PrivateChat())
    async def anything(message: Message, bot: Bot, reader: Reader, answer: Answer) -> None:
        text = (message.text or message.caption or "").strip()
        if text.startswith("/"):
            name, _space, rest = text.partition(" ")
            command = menu.meant(name, desk.texts.values())
            if command and command != name.removeprefix("/").lower():
                typed = message.model_copy(update={"text": f"/{command} {rest}", "entities": None})
                data = {"bot": bot, "desk": desk, "reader": reader, "answer": answer}
                await again(typed, data)
                return
            await answer.tell(notices.unknown_command(reader.texts, nearest(name, desk)))
        elif await desk.asking.answered(reader, answer, message):
            return
        elif is_address(text):
            await look_at(desk, reader, answer, text)
        elif text:
            await search_for(desk, reader, answer, text)
        else:
            await answer.tell(notices.words_only(reader.texts))

    @router.message(Answering())
    async def replied(message: Message, prompt: Prompt, reader: Reader, answer: Answer) -> None:
        free = prompt.kind.startswith(Question.SEARCH)
        if free or await keeps(answer.bot, reader, answer.chat_id):
            await desk.asking.hand(reader, answer, message, prompt)
        else:
            await answer.tell(notices.admins_only(reader.texts))

    @router.callback_query(Pressed(Find))
    async def find(query: CallbackQuery, pressed: Find, reader: Reader, answer: Answer) -> None:
        """What was typed was meant for the search after all."""
        try:
            text = (await desk.storage.queries.get(pressed.query)).text
        except NotFoundError:
            await answer.toast(notices.stale_button(reader.texts))
            return
        await answer.toast()
        answer.instead()
        await search_for(desk, reader, answer, text)

    @router.callback_query()
    async def stale(query: CallbackQuery, reader: Reader, answer: Answer) -> None:
        await answer.toast(notices.stale_button(reader.texts))

    return router


def nearest(typed: str, desk: Desk) -> str:
    """The command that a mistyped one is nearest to, "" where none is near."""
    plain = typed.removeprefix("/").split("@")[0].split("_")[0].lower()
    names = menu.names(desk.texts.values())
    close = difflib.get_close_matches(plain, names, n=1, cutoff=0.55)
    return f"/{names[close[0]]}" if close else ""


def make_error_handler(desk: Desk) -> Any:
    """Return the dispatcher's error handler: log the cause, apologise in the reader's language."""

    async def failed(event: ErrorEvent) -> bool:
        error, update = event.exception, event.update
        query = update.callback_query
        message = update.message or (query.message if query else None)
        chat_id = message.chat.id if message else None
        if await _expected(desk, error, chat_id):
            with suppress(AiogramError):  # whoever pressed waits for some answer
                if query:
                    await query.answer()
            return True
        full = error if isinstance(error, TooManyError) else None
        if full is None:
            log.error("update %d failed", update.update_id, exc_info=error)
        person = query.from_user if query else (update.message and update.message.from_user)
        if message is None or message.bot is None or not person:
            return True
        texts = desk.texts[desk.language(person.language_code)]
        with suppress(Exception):  # the store itself may be what failed
            known = await desk.storage.subscribers.find(message.chat.id)
            texts = desk.texts[known.language] if known else texts
        said = notices.too_many(texts, full.most) if full else notices.failed(texts)
        with suppress(AiogramError):  # said once; the cause is in the log already
            if query:
                await query.answer(notices.toast(said), show_alert=True)
            elif isinstance(message, Message):
                group = message.chat.type != "private"
                answer = Answer.to_message(message.bot, desk, message, group=group)
                await answer.tell(said)
        return True

    return failed


async def _expected(desk: Desk, error: Exception, chat_id: int | None) -> bool:
    """Whether nobody can mend the error: the chat moved, is out of reach or was forgotten, or the
    query is too old. What is asked inline comes from no chat.
    """
    if chat_id is None:
        return isinstance(error, AiogramError) and (classify(error).kind is FaultKind.NOTHING_TO_DO)
    if isinstance(error, TelegramMigrateToChat):
        await desk.storage.subscribers.migrate_chat(chat_id, error.migrate_to_chat_id)
        return True
    if isinstance(error, AiogramError):
        fault = classify(error)
        if fault.kind in _UNREACHABLE:
            log.debug("no answer: %s", fault.text)
            await desk.storage.subscribers.pause(chat_id, fault.text)
            return True
        return fault.kind is FaultKind.NOTHING_TO_DO
    if isinstance(error, StorageError):
        with suppress(StorageError):
            if await desk.storage.subscribers.find(chat_id) is None:
                log.debug("a chat was forgotten while it was answered")
                return True
    return False
