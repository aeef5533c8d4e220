"""What is left: plain text is a search, a mistyped command gets the nearest, errors an apology."""

import difflib
import logging
from contextlib import suppress
from typing import Any

from aiogram import Router
from aiogram.exceptions import AiogramError, TelegramMigrateToChat
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, ErrorEvent, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader
from bot.handlers.searching import search_for
from bot.handlers.sourcing import is_address, look_at
from bot.messages import menu, notices
from bot.telegram.faults import FaultKind, classify
from storage import StorageError

log = logging.getLogger(__name__)

_UNREACHABLE = (FaultKind.BLOCKED, FaultKind.CHAT_NOT_FOUND, FaultKind.NO_RIGHTS)


class PrivateChat(Filter):
    """Passes the messages of private chats: in a group people talk to each other."""

    async def __call__(self, message: Message, reader: Reader | None = None) -> bool:
        """`reader` comes from the door."""
        return reader is not None and not reader.group


def make_router(desk: Desk) -> Router:
    """Return the router that comes last."""
    router = Router(name="rest")

    @router.message(PrivateChat())
    async def anything(message: Message, reader: Reader, answer: Answer) -> None:
        text = (message.text or message.caption or "").strip()
        if text.startswith("/"):
            await answer.tell(notices.unknown_command(reader.texts, nearest(text, reader)))
        elif await desk.asking.answered(reader, answer, message):
            return
        elif is_address(text):
            await look_at(desk, reader, answer, text)
        else:
            await search_for(desk, reader, answer, text)

    @router.callback_query()
    async def stale(query: CallbackQuery, reader: Reader, answer: Answer) -> None:
        await answer.toast(notices.stale_button(reader.texts))

    return router


def nearest(text: str, reader: Reader) -> str:
    """The command that a mistyped one is nearest to, "" where none is near."""
    typed = text.split()[0].removeprefix("/").split("@")[0].split("_")[0].lower()
    known = [*(name for name, _ in menu.commands(reader.texts)), *menu.HIDDEN]
    close = difflib.get_close_matches(typed, known, n=1, cutoff=0.55)
    return f"/{close[0]}" if close else ""


def make_error_handler(desk: Desk) -> Any:
    """Return the dispatcher's error handler: log the cause, apologise in the reader's language."""

    async def failed(event: ErrorEvent) -> bool:
        error, update = event.exception, event.update
        query = update.callback_query
        message = update.message or (query.message if query else None)
        chat_id = message.chat.id if message else None
        if isinstance(error, AiogramError) and chat_id is not None:
            fault = classify(error)
            if isinstance(error, TelegramMigrateToChat):
                await desk.storage.subscribers.migrate_chat(chat_id, error.migrate_to_chat_id)
                return True
            if fault.kind in _UNREACHABLE:
                log.info("no answer: %s", fault.text)
                await desk.storage.subscribers.pause(chat_id, fault.text)
                return True
            if fault.kind is FaultKind.NOTHING_TO_DO:
                return True
        if isinstance(error, StorageError) and chat_id is not None:
            with suppress(StorageError):
                if await desk.storage.subscribers.find(chat_id) is None:
                    log.info("a chat was forgotten while it was answered")
                    return True
        log.error("update %d failed", update.update_id, exc_info=error)
        person = query.from_user if query else (update.message and update.message.from_user)
        if message is None or message.bot is None or not person:
            return True
        texts = desk.texts[desk.language(person.language_code)]
        with suppress(Exception):  # the store itself may be what failed
            known = await desk.storage.subscribers.find(message.chat.id)
            texts = desk.texts[known.language] if known else texts
        with suppress(AiogramError):  # said once; the cause is in the log already
            if query:
                await query.answer(notices.toast(notices.failed(texts)), show_alert=True)
            elif isinstance(message, Message):
                group = message.chat.type != "private"
                answer = Answer.to_message(message.bot, desk, message, group=group)
                await answer.tell(notices.failed(texts))
        return True

    return failed
