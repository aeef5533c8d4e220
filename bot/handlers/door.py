"""The door: who may ask, and as whom; every handler behind it gets a `Reader` and an `Answer`.

    update ─▶ chat and person ─▶ admitted? ─▶ subscriber (made, revived) ─▶ handler
                     └─ no: one polite line in a private chat, silence in a group

A private bot admits its admins and those whom they invited; a group is admitted by whom added it,
or by an admitted member who speaks. `Keepers` then lets only a group's admins change settings.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.filters import Filter
from aiogram.types import (
    CallbackQuery,
    Chat,
    ChatMemberAdministrator,
    ChatMemberOwner,
    Message,
    TelegramObject,
    User,
)

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader, viewer_of
from bot.messages import notices
from bot.messages.callbacks import Callback, parse
from storage import ChatKind, Subscriber, SubscriberState

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Pressed(Filter):
    """Passes the presses of these buttons, and gives the handler what the button says."""

    def __init__(self, *kinds: type[Callback]) -> None:
        self._kinds = kinds

    async def __call__(
        self, query: CallbackQuery, button: Callback | None = None
    ) -> bool | dict[str, Any]:
        """`button` comes from the door, which parsed it once."""
        return {"pressed": button} if isinstance(button, self._kinds) else False


class Door(BaseMiddleware):
    """Outer middleware of messages and button presses."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Let the event in, with `reader` and `answer`, or turn it away."""
        bot: Bot = data["bot"]
        if isinstance(event, Message):
            return await self._message(handler, event, data, bot)
        if isinstance(event, CallbackQuery):
            return await self._press(handler, event, data, bot)
        return await handler(event, data)

    async def _message(
        self, handler: Handler, message: Message, data: dict[str, Any], bot: Bot
    ) -> Any:
        chat, person = message.chat, message.from_user
        if message.migrate_to_chat_id is not None or message.migrate_from_chat_id is not None:
            return await handler(message, data)
        anonymous = message.sender_chat is not None and message.sender_chat.id == chat.id
        if person is None or (person.is_bot and not anonymous) or not _has_content(message):
            return None
        group = _is_group(chat)
        answer = Answer.to_message(bot, self._desk, message, group=group)
        if not group and await self._invited(message, person):
            data["invited"] = True
        subscriber = await self._subscriber(chat, person)
        if subscriber is None:
            if not group:
                texts = self._desk.texts[self._desk.language(person.language_code)]
                await answer.tell(notices.stranger(texts))
            return None
        data["reader"] = self._reader(subscriber, person, group=group, anonymous=anonymous)
        data["answer"] = answer
        return await handler(message, data)

    async def _press(
        self, handler: Handler, query: CallbackQuery, data: dict[str, Any], bot: Bot
    ) -> Any:
        texts = self._desk.texts[self._desk.language(query.from_user.language_code)]
        if query.message is None:
            await query.answer(notices.toast(notices.stale_button(texts)))
            return None
        chat = query.message.chat
        answer = Answer.to_press(bot, self._desk, query, query.message)
        subscriber = await self._subscriber(chat, query.from_user)
        if subscriber is None:
            await answer.toast(notices.stranger(texts))
            return None
        data["reader"] = self._reader(subscriber, query.from_user, group=_is_group(chat))
        data["answer"] = answer
        data["button"] = parse(query.data)
        result = await handler(query, data)
        await answer.toast()
        return result

    def _reader(
        self, subscriber: Subscriber, person: User, *, group: bool, anonymous: bool = False
    ) -> Reader:
        viewer = viewer_of(subscriber, self._desk.texts, self._desk.clock(), self._desk.digests.bot)
        return Reader(subscriber, viewer, person.id, group, anonymous_admin=anonymous)

    async def _invited(self, message: Message, person: User) -> bool:
        """Whether the message opens an invitation link whose code was good."""
        command, _space, code = (message.text or "").partition(" ")
        if command != "/start" or not code:
            return False
        invitation = await self._desk.storage.people.redeem(
            code.strip(), person.id, self._desk.clock()
        )
        return invitation is not None

    async def _subscriber(self, chat: Chat, person: User) -> Subscriber | None:
        """The chat's subscriber, made where the person may use the bot; None: turned away."""
        subscribers = self._desk.storage.subscribers
        found = await subscribers.find(chat.id)
        group = _is_group(chat)
        if (found is None or not group) and not await self._desk.admitted(person.id):
            return None
        if found is None:
            kind = ChatKind(chat.type)
            title = chat.title or person.full_name
            found, _created = await self._desk.enrol(chat.id, kind, title, person.language_code)
        elif found.state is SubscriberState.PAUSED and await subscribers.revive(chat.id):
            found = await subscribers.get(found.id)
        if not group and not found.language_chosen:
            spoken = self._desk.language(person.language_code or found.language)
            if spoken != found.language:
                found = await subscribers.change(found.id, language=spoken)
        return found


class Keepers(BaseMiddleware):
    """Inner middleware: what changes a group's settings is for the group's admins."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Go on, or say who may."""
        reader: Reader = data["reader"]
        answer: Answer = data["answer"]
        if await keeps(answer.bot, reader, answer.chat_id):
            return await handler(event, data)
        refusal = notices.admins_only(reader.texts)
        if isinstance(event, CallbackQuery):
            await answer.toast(refusal, alert=True)
        else:
            await answer.tell(refusal)
        return None


async def keeps(bot: Bot, reader: Reader, chat_id: int) -> bool:
    """Whether the reader may change the chat's settings."""
    if not reader.group or reader.anonymous_admin:
        return True
    member = await bot.get_chat_member(chat_id, reader.person_id)
    return isinstance(member, ChatMemberOwner | ChatMemberAdministrator)


def _is_group(chat: Chat) -> bool:
    return chat.type != ChatKind.PRIVATE.value


def _has_content(message: Message) -> bool:
    """Whether a person wrote or sent something; service messages are nobody's question."""
    return any(
        part is not None
        for part in (
            message.text,
            message.caption,
            message.photo,
            message.sticker,
            message.voice,
            message.document,
            message.video,
            message.audio,
            message.animation,
            message.video_note,
            message.location,
            message.contact,
        )
    )
