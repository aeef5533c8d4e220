"""Coming and going: /start, /help, /stop, the bot added, blocked or moved with a group."""

from datetime import timedelta
from typing import Any

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject, Filter
from aiogram.types import (
    CallbackQuery,
    ChatMemberAdministrator,
    ChatMemberRestricted,
    ChatMemberUnion,
    ChatMemberUpdated,
    Message,
)

from bot.delivery.digest import weight
from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader, viewer_of
from bot.handlers.door import Keepers, Pressed, keeps
from bot.handlers.opening import open_link
from bot.handlers.saving import show_saved
from bot.messages import links, lists, notices, places, screens
from bot.messages.callbacks import Stop
from bot.messages.payloads import Payload
from storage import ChatKind, Headline, SubscriberState

_GREETING = 3  # headlines under the greeting
_PRESENT = ("member", "administrator", "creator", "restricted")


class Migration(Filter):
    """Passes the two service messages of a group that became a supergroup."""

    async def __call__(self, message: Message) -> bool | dict[str, Any]:
        """Give the handler the old and the new id."""
        if message.migrate_to_chat_id is not None:
            return {"old": message.chat.id, "new": message.migrate_to_chat_id}
        if message.migrate_from_chat_id is not None:
            return {"old": message.migrate_from_chat_id, "new": message.chat.id}
        return False


def make_router(desk: Desk) -> Router:
    """Return the router of /start, /help, /stop and membership."""
    router = Router(name="arrivals")
    stopping = Router(name="stopping")
    stopping.message.middleware(Keepers())
    stopping.callback_query.middleware(Keepers())
    router.include_router(stopping)

    @router.message(Migration())
    async def migrated(message: Message, old: int, new: int) -> None:
        await desk.storage.subscribers.migrate_chat(old, new)

    @router.message(Command("start", ignore_case=True))
    async def start(
        message: Message,
        command: CommandObject,
        reader: Reader,
        answer: Answer,
        invited: bool = False,
        newcomer: bool = False,
    ) -> None:
        payload = (command.args or "").strip()
        # What only a group's admins may stop, only they may bring back.
        stopped = reader.subscriber.state is not SubscriberState.ACTIVE
        if stopped and await keeps(answer.bot, reader, answer.chat_id):
            active = await desk.storage.subscribers.change(
                reader.subscriber.id, state=SubscriberState.ACTIVE
            )
            reader = reader.changed(active, desk.texts)
        if payload == links.SAVED and not reader.group:
            await show_saved(desk, reader, answer)
            return
        # An invitation's random code may look like a link.
        link = None if invited else links.parse(payload)
        if link is not None:
            await open_link(desk, reader, answer, link)
            if newcomer and not reader.group:
                await answer.say(await greeting(desk, reader))
            return
        if invited:
            admin = await desk.admin(reader.person_id)
            await answer.tell(notices.welcome(reader.texts, admin=admin))
        elif payload and payload != links.FROM_INLINE:
            await answer.tell(notices.bad_invitation(reader.texts))
        if reader.group:
            await answer.say(screens.help_screen(reader.viewer, group=True))
            return
        await answer.say(await greeting(desk, reader))

    @router.message(Command("help", ignore_case=True))
    async def help_command(message: Message, reader: Reader, answer: Answer) -> None:
        own = bool(desk.settings.readers_add_sources)
        admin = await desk.admin(reader.person_id)
        told = screens.help_screen(reader.viewer, group=reader.group, own_sources=own, admin=admin)
        await answer.say(told)

    @stopping.message(Command("stop", ignore_case=True))
    async def stop(message: Message, reader: Reader, answer: Answer) -> None:
        await answer.say(screens.stop_question(reader.viewer))

    @stopping.callback_query(Pressed(Stop))
    async def stop_pressed(
        query: CallbackQuery, pressed: Stop, reader: Reader, answer: Answer
    ) -> None:
        if pressed.confirmed:
            await desk.storage.subscribers.change(
                reader.subscriber.id, state=SubscriberState.STOPPED
            )
            await answer.turn(notices.note(notices.stopped(reader.texts)))
        else:
            await answer.turn(notices.note(notices.not_stopped(reader.texts)))

    @router.my_chat_member()
    async def membership(update: ChatMemberUpdated, bot: Bot) -> None:
        chat = update.chat
        subscribers = desk.storage.subscribers
        hindered = _hindered(update.new_chat_member)
        if hindered:
            await subscribers.pause(chat.id, hindered)
            return
        await subscribers.revive(chat.id)
        joined = update.old_chat_member.status not in _PRESENT
        if chat.type not in (ChatKind.GROUP, ChatKind.SUPERGROUP) or not joined:
            return
        if not await desk.admitted(update.from_user.id):
            return
        subscriber, _created = await desk.enrol(
            chat.id, ChatKind(chat.type), chat.title or "", update.from_user.language_code
        )
        viewer = viewer_of(subscriber, desk.texts, desk.clock(), desk.digests.bot)
        known = await subscribers.slots(subscriber.id)
        offered = () if known else desk.settings.default_digest
        await Answer(bot, desk, chat.id).say(places.welcome(viewer, offered))

    return router


def _hindered(member: ChatMemberUnion) -> str:
    """Why the bot cannot write to a chat where it is such a member; "" where it can."""
    if member.status not in _PRESENT:
        return f"membership: {member.status}"
    if isinstance(member, ChatMemberRestricted) and not (
        member.is_member and member.can_send_messages
    ):
        return "membership: may not write"
    if isinstance(member, ChatMemberAdministrator) and member.can_post_messages is False:
        return "membership: may not post"
    return ""


async def top_headlines(desk: Desk, reader: Reader, count: int) -> list[Headline]:
    """The day's weightiest headlines; the newest where the day had none."""
    now, language = reader.viewer.now, reader.subscriber.news_language
    found = await desk.storage.articles.top(now - timedelta(hours=24), language=language)
    found.sort(key=lambda one: weight(one, now, followed=False), reverse=True)
    return found[:count] or await desk.storage.articles.latest(language=language, limit=count)


async def greeting(desk: Desk, reader: Reader) -> Payload:
    """The answer to /start: the top headlines at once, and when news will come."""
    return lists.greeting(
        await top_headlines(desk, reader, _GREETING),
        reader.viewer,
        reader.subscriber,
        await desk.storage.subscribers.slots(reader.subscriber.id),
        screens.greeting_keyboard(reader.texts, desk.texts),
    )
