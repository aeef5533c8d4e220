"""/admin: operators see how the bot does, let people in and keep them out, in their private chat.

To everybody else neither the command nor its buttons exist; every press is judged anew. Ending a
link leaves in who came by it; removing a person keeps them out of a public bot too.
"""

from datetime import timedelta

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed
from bot.handlers.inviting import AdminsChat, make_link
from bot.messages import admin, notices
from bot.messages.admin import PAGE
from bot.messages.callbacks import (
    Admin,
    AdminScreen,
    NewLink,
    ReadmitPerson,
    RemovePerson,
    RevokeLink,
)
from bot.messages.payloads import Payload
from storage import ALL_CHATS, Feed, FeedState, Person

_LINKS = 15  # links on the screen; older ones come up as these end
_MOST_FEEDS = 30


def make_router(desk: Desk) -> Router:
    """Return the router of /admin."""
    router = Router(name="admin")
    router.callback_query.filter(AdminsChat(desk))
    people = desk.storage.people

    @router.message(Command("admin", ignore_case=True), AdminsChat(desk))
    async def opened(message: Message, reader: Reader, answer: Answer) -> None:
        await answer.say(await _home(desk, reader))

    @router.callback_query(Pressed(Admin))
    async def screen(query: CallbackQuery, pressed: Admin, reader: Reader, answer: Answer) -> None:
        await answer.turn(await _screen(desk, reader, pressed))

    @router.callback_query(Pressed(NewLink))
    async def new_link(
        query: CallbackQuery, pressed: NewLink, reader: Reader, answer: Answer, bot: Bot
    ) -> None:
        if pressed.people not in admin.PEOPLE or pressed.days not in admin.DAYS:
            await answer.toast(notices.stale_button(reader.texts))
        elif not pressed.made:
            await answer.turn(admin.new_link(pressed, reader.viewer))
        else:
            life = timedelta(days=pressed.days)
            said = await make_link(desk, reader, bot, people=pressed.people, life=life)
            await answer.turn(admin.made(said, reader.viewer))

    @router.callback_query(Pressed(RevokeLink))
    async def revoke(
        query: CallbackQuery, pressed: RevokeLink, reader: Reader, answer: Answer
    ) -> None:
        if not pressed.confirmed:
            for one in await people.invitations(reader.viewer.now, _LINKS):
                if one.code == pressed.code:
                    await answer.turn(admin.revoke_question(one, reader.viewer))
                    return
        else:
            await people.revoke(pressed.code)
            await answer.toast(admin.revoked(reader.texts))
        await answer.turn(await _screen(desk, reader, Admin(AdminScreen.LINKS)))

    @router.callback_query(Pressed(RemovePerson))
    async def remove(
        query: CallbackQuery, pressed: RemovePerson, reader: Reader, answer: Answer
    ) -> None:
        if pressed.person == reader.person_id or pressed.person in desk.settings.admins:
            await answer.toast(admin.not_this_one(reader.texts), alert=True)
            return
        if not pressed.confirmed:
            listed = await people.listed(after=pressed.person - 1, limit=1)
            known = listed[0] if listed and listed[0].id == pressed.person else None
            if known is not None:
                await answer.turn(admin.remove_question(known, pressed.after, reader.viewer))
                return
        else:
            await people.remove(pressed.person, reader.viewer.now)
            await answer.toast(admin.removed(reader.texts))
        await answer.turn(await _screen(desk, reader, Admin(AdminScreen.PEOPLE, pressed.after)))

    @router.callback_query(Pressed(ReadmitPerson))
    async def readmit(
        query: CallbackQuery, pressed: ReadmitPerson, reader: Reader, answer: Answer
    ) -> None:
        if await people.readmit(pressed.person, reader.viewer.now):
            await answer.toast(admin.let_in(reader.texts))
        await answer.turn(await _screen(desk, reader, Admin(AdminScreen.REMOVED)))

    return router


async def _screen(desk: Desk, reader: Reader, here: Admin) -> Payload:
    people, viewer = desk.storage.people, reader.viewer
    match here.screen:
        case AdminScreen.HOME:
            return await _home(desk, reader)
        case AdminScreen.LINKS:
            return admin.invitations(await people.invitations(viewer.now, _LINKS), viewer)
        case AdminScreen.FEEDS:
            return admin.feeds((await _failing(desk))[:_MOST_FEEDS], viewer)
        case AdminScreen.PEOPLE | AdminScreen.REMOVED:
            removed = here.screen is AdminScreen.REMOVED
            listing = people.removed if removed else people.listed
            found: list[Person] = await listing(after=here.after, limit=PAGE + 1)
            return admin.people(
                found[:PAGE], viewer, after=here.after, more=len(found) > PAGE, removed=removed
            )


async def _home(desk: Desk, reader: Reader) -> Payload:
    storage, now = desk.storage, reader.viewer.now
    people, removed = await storage.people.counts()
    depths = await storage.insight.depths(now)
    oldest = min((one.oldest for one in depths if one.oldest is not None), default=None)
    state = admin.State(
        readers=await storage.insight.readers(),
        people=people,
        removed=removed,
        public=desk.public,
        owed=sum(one.owed for one in depths),
        oldest=oldest if oldest is not None and oldest < now else None,
        rests_until=(await storage.outbox.pauses(now)).get(ALL_CHATS),
        failing=len(await _failing(desk)),
    )
    return admin.home(state, reader.viewer)


async def _failing(desk: Desk) -> list[Feed]:
    return [
        feed
        for feed in await desk.storage.feeds.all()
        if feed.state is FeedState.GONE or (feed.error is not None and feed.failures)
    ]
