"""/invite: an admin of a private bot gets a link that lets people in.

The link carries a random code; the door redeems it when somebody opens the bot with it. For
admins alone, in their private chat: to everybody else the command does not exist.
"""

import secrets
from datetime import timedelta

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject, Filter
from aiogram.types import CallbackQuery, Message
from aiogram.utils.deep_linking import create_start_link

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader
from bot.messages import notices

LIFE = timedelta(days=7)
MOST_PEOPLE = 1000


class AdminsChat(Filter):
    """Passes an operator's messages and presses in the operator's own chat."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, event: Message | CallbackQuery, reader: Reader | None = None) -> bool:
        """`reader` comes from the door."""
        return reader is not None and not reader.group and await self._desk.admin(reader.person_id)


def make_router(desk: Desk) -> Router:
    """Return the router of /invite."""
    router = Router(name="inviting")

    @router.message(Command("invite", ignore_case=True), AdminsChat(desk))
    async def invite(
        message: Message, command: CommandObject, reader: Reader, answer: Answer, bot: Bot
    ) -> None:
        wish = (command.args or "1").strip()
        people = int(wish) if wish.isascii() and wish.isdigit() and len(wish) < 5 else 0
        if not 1 <= people <= MOST_PEOPLE:
            await answer.tell(notices.wrong_people(reader.texts, MOST_PEOPLE))
            return
        code = secrets.token_urlsafe(16)
        now = desk.clock()
        await desk.storage.people.invite(code, now=now, uses=people, expires=now + LIFE)
        link = await create_start_link(bot, code)
        await answer.tell(notices.invitation(reader.texts, link, people, LIFE.days))

    return router
