"""/digest: the front page now, and what it left out."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed
from bot.messages import fronts, notices
from bot.messages.callbacks import DigestMore
from bot.messages.lists import PAGE
from storage import View


def make_router(desk: Desk) -> Router:
    """Return the router of /digest."""
    router = Router(name="digests")
    storage = desk.storage

    @router.message(Command("digest", ignore_case=True))
    async def digest(message: Message, reader: Reader, answer: Answer) -> None:
        async with desk.digests.turn(reader.subscriber.id):
            # Read again: the command before this one may have told what is new.
            subscriber = await storage.subscribers.get(reader.subscriber.id)
            issue = await desk.digests.issue(subscriber, reader.viewer.now)
            if issue is None:
                await answer.tell(notices.nothing_new(reader.texts))
                return
            message_id = await answer.say(issue.payload)
            await desk.digests.told(issue, subscriber, message_id, desk.clock())

    @router.callback_query(Pressed(DigestMore))
    async def digest_more(
        query: CallbackQuery, pressed: DigestMore, reader: Reader, answer: Answer
    ) -> None:
        # In turn: of two taps at once the second finds the page of the first.
        async with desk.digests.turn(reader.subscriber.id):
            delivery = await storage.outbox.delivery(pressed.delivery)
            if delivery is None or delivery.subscriber_id != reader.subscriber.id:
                await answer.toast(notices.stale_button(reader.texts))
                return
            end = pressed.offset + PAGE
            headlines = await storage.articles.of_stories(delivery.stories[pressed.offset : end])
            # One that is too old to be seen by a bot is taken for the front page.
            front_page = answer.message_id in (None, delivery.message_id)
            page = fronts.digest_more(
                headlines,
                reader.viewer,
                pressed.delivery,
                end,
                len(delivery.stories) - end,
                back=pressed.offset - PAGE if pressed.offset > PAGE and not front_page else None,
            )
            if not front_page:
                await answer.turn(page)
                return
            # The front page stays; its further pages are one message below it, however often it is
            # asked for them.
            below = delivery.parts[0] if delivery.parts else None
            sent = await (answer.say(page) if below is None else answer.turn(page, below))
            if sent is not None:
                await storage.outbox.show(delivery.id, View.DIGEST, (sent,))

    return router
