"""/invite: an admin gets a link that lets people into a private bot.

    /invite [people] [days] [label]

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
from bot.messages.markup import clean, clip

LIFE = timedelta(days=7)
MOST_PEOPLE = 1000
MOST_DAYS = 365
_LABEL = 60  # characters


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
        words = (command.args or "").split()
        people = _number(words.pop(0)) if words else 1
        days = _number(words.pop(0)) if words and words[0][:1].isdigit() else LIFE.days
        if not 1 <= people <= MOST_PEOPLE or not 1 <= days <= MOST_DAYS:
            await answer.tell(notices.wrong_people(reader.texts, MOST_PEOPLE, MOST_DAYS))
            return
        label = clip(clean(" ".join(words)), _LABEL)
        life = timedelta(days=days)
        await answer.tell(await make_link(desk, reader, bot, people=people, life=life, label=label))

    return router


async def make_link(
    desk: Desk, reader: Reader, bot: Bot, *, people: int, life: timedelta, label: str = ""
) -> str:
    """Make an invitation; returns what its author is told."""
    code = secrets.token_urlsafe(16)
    now = desk.clock()
    await desk.storage.people.invite(
        code, now=now, uses=people, expires=now + life, author=reader.person_id, label=label
    )
    return notices.invitation(reader.texts, await create_start_link(bot, code), people, life.days)


def _number(word: str) -> int:
    """The number that a word is, 0 for none."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 5 else 0
