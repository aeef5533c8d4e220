"""/privacy: what is stored, the export of it, and «Delete everything».

A private chat's data are its person's. A group's are exported and deleted by its admins. What a
handler of the same person does at that moment finds nobody, and makes nobody anew.
"""

import asyncio
import json
import logging
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed, keeps
from bot.messages import notices, privacy
from bot.messages.callbacks import Privacy, PrivacyStep
from bot.messages.payloads import Payload
from storage import COPY_LIFE

log = logging.getLogger(__name__)


def make_router(desk: Desk) -> Router:
    """Return the router of /privacy."""
    router = Router(name="privacy")
    erasing: set[int] = set()  # chats

    def home(reader: Reader) -> Payload:
        return privacy.home(
            reader.viewer,
            group=reader.group,
            ledger_days=desk.settings.keep_deliveries_days,
            copy_days=COPY_LIFE.days,
        )

    @router.message(Command("privacy", ignore_case=True))
    async def opened(message: Message, reader: Reader, answer: Answer) -> None:
        answer.whisper()
        await answer.say(home(reader))

    @router.callback_query(Pressed(PrivacyStep))
    async def step(
        query: CallbackQuery, pressed: PrivacyStep, reader: Reader, answer: Answer
    ) -> None:
        if pressed.step is Privacy.HOME:
            await answer.turn(home(reader))
            return
        if not await keeps(answer.bot, reader, answer.chat_id):
            await answer.toast(notices.admins_only(reader.texts), alert=True)
            return
        if pressed.step is Privacy.EXPORT:
            await answer.toast()
            answer.whisper()
            held = await desk.storage.privacy.export(answer.chat_id)
            day = reader.viewer.now.astimezone(reader.viewer.zone).date()
            content = await asyncio.to_thread(_written, held)
            await answer.document(f"newsboy-{day}.json", content, privacy.exported(reader.texts))
            return
        private_bot = not desk.public and reader.person_id not in desk.settings.admins
        by_night = await desk.storage.privacy.by_night()
        if pressed.step is Privacy.ASK:
            by_link = await desk.storage.people.admin(reader.person_id)
            await answer.turn(
                privacy.question(
                    reader.viewer,
                    group=reader.group,
                    private_bot=private_bot,
                    admin=by_link,
                    by_night=by_night,
                )
            )
            return
        await answer.toast()
        if answer.chat_id in erasing:
            return
        erasing.add(answer.chat_id)
        try:
            await desk.storage.privacy.erase(answer.chat_id)
        finally:
            erasing.discard(answer.chat_id)
        log.info("a chat's data were deleted at its wish")
        await answer.turn(
            privacy.erased(
                reader.texts, group=reader.group, private_bot=private_bot, by_night=by_night
            )
        )

    return router


def _written(held: dict[str, Any]) -> bytes:
    return json.dumps(held, ensure_ascii=False, indent=2).encode("utf-8", "replace")
