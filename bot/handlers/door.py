"""The door: who may ask, and as whom; every handler behind it gets a `Reader` and an `Answer`.

    update ─▶ chat and person ─▶ admitted? ─▶ subscriber (made, revived) ─▶ handler
                     └─ no: one polite line in a private chat, silence in a group

A private bot admits its admins and those whom they invited; a group is admitted by whom added it,
or by an admitted member who asks. Who was removed is answered nowhere, nor is a press in a channel.
A thread that has settings
of its own (a forum topic, a thread of a private chat) is a subscriber of its own, in any other the
chat's settings hold. `Keepers` then lets only a group's admins change settings, whispers to them,
and asks in a thread which are meant.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import CommandObject, Filter
from aiogram.types import (
    CallbackQuery,
    Chat,
    ChatMemberAdministrator,
    ChatMemberOwner,
    Message,
    TelegramObject,
    User,
)

from bot.handlers.answering import Answer, thread_of
from bot.handlers.desk import Desk, Reader, viewer_of
from bot.messages import notices, places
from bot.messages.callbacks import Callback, parse
from storage import ChatKind, Subscriber, SubscriberState

# What may be meant for a thread alone; all other settings are those that hold there.
_OF_A_PLACE = frozenset({"settings", "subscribe"})

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
        data["desk"] = self._desk
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
        if message.new_chat_title is not None:
            await self._desk.storage.subscribers.rename(chat.id, message.new_chat_title)
        if person is None or (person.is_bot and not anonymous) or not _is_said(message, bot):
            return None
        group = _is_group(chat)
        answer = Answer.to_message(bot, self._desk, message, group=group)
        code = None if group else _code(message)
        invited = code is not None and await self._redeemed(code, person)
        if invited:
            data["invited"] = True
        thread_id = thread_of(message)
        # People of a group talk to each other: who says a word there has asked for nothing.
        asked = not group or _is_asked(message, self._desk.digests.bot)
        subscriber, newcomer = await self._subscriber(chat, person, thread_id, enrol=asked)
        if subscriber is None:
            if not group:
                texts = self._desk.texts[self._desk.language(person.language_code)]
                await answer.tell(notices.stranger(texts, public=self._desk.public))
            return None
        reader = self._reader(subscriber, person, thread_id, group=group)
        data["reader"] = replace(reader, anonymous_admin=anonymous)
        data["answer"] = answer
        data["newcomer"] = newcomer
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
        if chat.type == ChatKind.CHANNEL.value:
            # Posts carry links alone: a press is forged, by whoever reads the channel, and its
            # answer would edit the post.
            await answer.toast(notices.stale_button(texts))
            return None
        thread_id = thread_of(query.message)
        subscriber, _newcomer = await self._subscriber(chat, query.from_user, thread_id)
        if subscriber is None:
            await answer.toast(notices.stranger(texts, public=self._desk.public))
            return None
        data["reader"] = self._reader(subscriber, query.from_user, thread_id, group=_is_group(chat))
        data["answer"] = answer
        data["button"] = parse(query.data)
        result = await handler(query, data)
        await answer.toast()
        return result

    def _reader(
        self, subscriber: Subscriber, person: User, thread_id: int, *, group: bool
    ) -> Reader:
        viewer = viewer_of(subscriber, self._desk.texts, self._desk.clock(), self._desk.digests.bot)
        return Reader(subscriber, viewer, person.id, group, thread_id=thread_id)

    async def _redeemed(self, code: str, person: User) -> bool:
        """Whether an invitation link's code was good."""
        inside = self._desk.public or person.id in self._desk.settings.admins
        invitation = await self._desk.storage.people.redeem(
            code, person.id, self._desk.clock(), inside=inside
        )
        return invitation is not None

    async def _subscriber(
        self, chat: Chat, person: User, thread_id: int, *, enrol: bool = True
    ) -> tuple[Subscriber | None, bool]:
        """The thread's subscriber, else the chat's, and whether it was made just now.

        It is made where the person may use the bot. None: turned away, or not to be made without
        `enrol`.
        """
        subscribers = self._desk.storage.subscribers
        found = await subscribers.find(chat.id, thread_id)
        if found is None and thread_id:
            found = await subscribers.find(chat.id)
        group = _is_group(chat)
        if found is None and not enrol:
            return None, False
        if found is None or not group:
            if not await self._desk.admitted(person.id):
                return None, False
        elif await self._desk.removed(person.id):
            return None, False
        created = False
        if found is None:
            kind = ChatKind(chat.type)
            title = chat.title or person.full_name
            found, created = await self._desk.enrol(chat.id, kind, title, person.language_code)
        elif found.state is SubscriberState.PAUSED and await subscribers.revive(chat.id):
            found = await subscribers.get(found.id)
        if not group and not found.language_chosen:
            spoken = self._desk.language(person.language_code or found.language)
            if spoken != found.language:
                found = await subscribers.change(found.id, language=spoken)
        return found, created


class Keepers(BaseMiddleware):
    """Inner middleware: what changes a group's settings is for the group's admins.

    They and those who are refused are answered by whispers. Where a thread shares its chat's
    settings, a command that may be meant for it alone is asked about first, and kept meanwhile;
    `placed` says that it was.
    """

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Go on, or say who may."""
        reader: Reader = data["reader"]
        answer: Answer = data["answer"]
        answer.whisper()
        if not await keeps(answer.bot, reader, answer.chat_id):
            refusal = notices.admins_only(reader.texts)
            if isinstance(event, CallbackQuery):
                await answer.toast(refusal, alert=True)
            else:
                await answer.tell(refusal)
            return None
        command: CommandObject | None = data.get("command")
        if (
            isinstance(event, Message)
            and reader.shares
            and command is not None
            and command.command.lower() in _OF_A_PLACE
            and not data.get("placed")
        ):
            desk: Desk = data["desk"]
            text = f"/{command.command} {command.args or ''}".strip()
            query = await desk.storage.queries.keep(text, reader.viewer.now)
            await answer.say(places.which(reader.texts, query, group=reader.group))
            return None
        return await handler(event, data)


async def keeps(bot: Bot, reader: Reader, chat_id: int) -> bool:
    """Whether the reader may change the chat's settings."""
    if not reader.group or reader.anonymous_admin:
        return True
    return await _admin(bot, chat_id, reader.person_id) is not None


async def hides_as_admin(bot: Bot, chat_id: int, person_id: int) -> bool:
    """Whether a person is an admin of the group who writes in its name."""
    admin = await _admin(bot, chat_id, person_id)
    return admin is not None and admin.is_anonymous


async def _admin(
    bot: Bot, chat_id: int, person_id: int
) -> ChatMemberOwner | ChatMemberAdministrator | None:
    """A person as an admin of the group, None where they are none."""
    try:
        members = [await bot.get_chat_member(chat_id, person_id)]
    except TelegramBadRequest:
        # Sure to work for a bot that is an admin only (Bot API, getChatMember); this always does.
        admins = await bot.get_chat_administrators(chat_id)
        members = [one for one in admins if one.user.id == person_id]
    for member in members:
        if isinstance(member, ChatMemberOwner | ChatMemberAdministrator):
            return member
    return None


def _code(message: Message) -> str | None:
    """What a link to the bot carries after /start, None for nothing."""
    command, _space, code = (message.text or "").partition(" ")
    return code.strip() or None if command == "/start" else None


def _is_asked(message: Message, name: str) -> bool:
    """Whether a group's message is meant for a bot."""
    text = message.text or message.caption or ""
    return text.startswith("/") or (name != "" and f"@{name}".lower() in text.lower())


def _is_group(chat: Chat) -> bool:
    return chat.type != ChatKind.PRIVATE.value


def _is_said(message: Message, bot: Bot) -> bool:
    """Whether a person wrote or sent something to be answered.

    Service messages are nobody's question, nor are posts that a linked channel forwards by itself
    or articles that somebody shares by way of this bot.
    """
    if message.is_automatic_forward or (message.via_bot and message.via_bot.id == bot.id):
        return False
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
            message.venue,
            message.contact,
            message.poll,
            message.checklist,
            message.dice,
            message.game,
            message.story,
            message.paid_media,
            message.rich_message,
        )
    )
