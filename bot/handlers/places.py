"""Groups and threads: the digest offered to a group, a thread's own settings, mentions.

A command that was asked about («Для всей группы или только для этой темы?») runs again, as its
presser's, once that is known; in a group a mention with words is a search.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot, Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Keepers, Pressed
from bot.handlers.searching import search_for
from bot.handlers.settings import apply
from bot.messages import forms, notices, places, screens
from bot.messages.callbacks import GroupDigest, Place, Share
from storage import NotFoundError

Again = Callable[[Message, dict[str, Any]], Awaitable[Any]]
"""Runs a message through all routers, with the data that the door gives to handlers."""


class Mentioned(Filter):
    """Passes a group's messages that begin or end with the bot's name; gives what else they say."""

    async def __call__(
        self, message: Message, bot: Bot, desk: Desk, reader: Reader | None = None
    ) -> bool | dict[str, Any]:
        """`desk` and `reader` come from the door."""
        if reader is None or not reader.group:
            return False
        text = message.text or message.caption or ""
        name = f"@{desk.digests.bot}".lower()
        for entity in message.entities or message.caption_entities or ():
            called = entity.extract_from(text)
            person = entity.user
            ours = called.lower() == name if entity.type == "mention" else False
            if not ours and (person is None or person.id != bot.id):
                continue
            before, _, after = text.partition(called)
            if not before.strip() or not after.strip():
                return {"words": f"{before} {after}".strip(" ,:;—–-\n")}
        return False


def make_router(desk: Desk, again: Again) -> Router:
    """Return the router of groups and threads."""
    router = Router(name="places")
    keeping = Router(name="keeping places")
    keeping.callback_query.middleware(Keepers())
    router.include_router(keeping)

    @router.message(Mentioned())
    async def mentioned(message: Message, words: str, reader: Reader, answer: Answer) -> None:
        if words:
            await search_for(desk, reader, answer, words)
        else:
            await answer.say(screens.help_screen(reader.viewer, group=True))

    @keeping.callback_query(Pressed(Place))
    async def place(
        query: CallbackQuery, bot: Bot, pressed: Place, reader: Reader, answer: Answer
    ) -> None:
        try:
            text = (await desk.storage.queries.get(pressed.query)).text
        except NotFoundError:
            text = ""
        if not text.startswith("/") or not isinstance(query.message, Message):
            await answer.toast(notices.stale_button(reader.texts))
            return
        if pressed.own and reader.shares:
            reader = await desk.part(reader)
        typed = query.message.model_copy(
            update={"text": text, "entities": None, "from_user": query.from_user}
        )
        answer.instead()
        await again(
            typed, {"bot": bot, "desk": desk, "reader": reader, "answer": answer, "placed": True}
        )

    @keeping.callback_query(Pressed(Share))
    async def share(query: CallbackQuery, pressed: Share, reader: Reader, answer: Answer) -> None:
        if reader.subscriber.thread_id and not pressed.confirmed:
            await answer.turn(places.share_question(reader.subscriber, reader.texts))
            return
        await desk.storage.subscribers.rejoin(reader.subscriber.id)
        await answer.turn(places.shared(reader.texts))

    @keeping.callback_query(Pressed(GroupDigest))
    async def group_digest(
        query: CallbackQuery, pressed: GroupDigest, reader: Reader, answer: Answer
    ) -> None:
        intent = forms.SetDigest(desk.settings.default_digest if pressed.wanted else ())
        async with desk.digests.turn(reader.subscriber.id):
            reader = await apply(desk, reader, intent)
        if intent.plans:
            said = notices.done(intent, reader.texts)
            await answer.turn(places.digest_comes(reader.texts, said))
        else:
            await answer.turn(places.no_digest(reader.texts))

    return router
