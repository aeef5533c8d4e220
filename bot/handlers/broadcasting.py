"""/broadcast: an admin writes to all readers, after a look at it and a press of a button.

    /broadcast TEXT ─▶ draft, preview ─▶ «Send» ─▶ owed to all ─▶ sent in a lane of its own, while
                       the message of the button says how far it is (`bot.delivery.tallies`)
    /broadcast      ─▶ how far the last ones are, and a button to stop each

For admins alone, in their private chat: to everybody else neither command nor buttons exist. A
draft is confirmed once, however often its button is pressed, and by its author alone.
"""

import logging
from datetime import timedelta

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed
from bot.handlers.inviting import AdminsChat
from bot.messages import broadcasts, notices
from bot.messages.callbacks import CallOff, SendOff
from bot.messages.markup import MESSAGE_UNITS, clean_lines, visible
from bot.messages.payloads import Payload
from storage import Broadcast, NotFoundError

log = logging.getLogger(__name__)

LIFE = timedelta(days=1)
"""A message that did not go out by then is not sent; a draft that old is no longer meant."""


def make_router(desk: Desk) -> Router:
    """Return the router of /broadcast."""
    router = Router(name="broadcasting")
    router.callback_query.filter(AdminsChat(desk))
    owing, insight = desk.storage.owing, desk.storage.insight

    async def shown(reader: Reader) -> Payload:
        last = await insight.broadcasts()
        if not last:
            return notices.note(broadcasts.usage(reader.texts))
        return broadcasts.progress(last, reader.viewer)

    async def found(broadcast_id: int) -> Broadcast | None:
        try:
            return await owing.broadcast(broadcast_id)
        except NotFoundError:
            return None

    @router.message(Command("broadcast", ignore_case=True), AdminsChat(desk))
    async def broadcast(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        text = clean_lines(command.args or "")
        if not visible(text):
            await answer.say(await shown(reader))
            return
        units = broadcasts.length(text, desk.texts.values())
        if units > MESSAGE_UNITS:
            await answer.tell(broadcasts.too_long(reader.texts, units))
            return
        draft = await owing.draft_broadcast(text, author=reader.person_id, now=desk.clock())
        await answer.say(broadcasts.broadcast(text, reader.texts))
        readers = await insight.active_readers()
        await answer.say(broadcasts.question(draft, readers, reader.texts))

    @router.callback_query(Pressed(SendOff))
    async def send_off(
        query: CallbackQuery, pressed: SendOff, reader: Reader, answer: Answer
    ) -> None:
        now = desk.clock()
        draft = await found(pressed.broadcast)
        if draft is None or draft.author != reader.person_id:
            await answer.toast(broadcasts.stale(reader.texts), alert=True)
            return
        if draft.confirmed is None and not pressed.confirmed:
            await owing.drop_draft(draft.id, now)
            await answer.turn(notices.note(broadcasts.dropped(reader.texts)))
            return
        if draft.confirmed is None:
            fresh = now < draft.created + LIFE
            sent_off = fresh and await owing.confirm_broadcast(
                draft.id, author=reader.person_id, now=now, expires=now + LIFE
            )
            if sent_off:
                log.info("broadcast %d goes out to all readers", draft.id)
            again = await found(draft.id)
            if not sent_off and (again is None or again.confirmed is None):
                await answer.turn(notices.note(broadcasts.stale(reader.texts)))
                return
        # Noted first: from then on its message follows what becomes of it, over a crash too.
        await owing.show_broadcast_in(draft.id, answer.message_id or 0)
        begun = broadcasts.progress([await insight.broadcast(draft.id)], reader.viewer)
        if sent := await answer.turn(begun):
            await owing.show_broadcast_in(draft.id, sent)

    @router.callback_query(Pressed(CallOff))
    async def call_off(
        query: CallbackQuery, pressed: CallOff, reader: Reader, answer: Answer
    ) -> None:
        known = await found(pressed.broadcast)
        if known is None or known.confirmed is None:
            await answer.toast(notices.stale_button(reader.texts))
            return
        await owing.call_off_broadcast(known.id, desk.clock())
        if answer.message_id == known.message_id:
            stopped = await insight.broadcast(known.id)
            await answer.turn(broadcasts.progress([stopped], reader.viewer))
        else:
            await answer.turn(await shown(reader))

    return router
