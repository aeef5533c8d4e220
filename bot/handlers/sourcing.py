"""A reader's own sources: an address is looked at, offered, added, and dropped again.

An address comes by /subscribe or is simply sent; it is stored as a query, whose number the buttons
carry. Looking takes as long as a stranger's server does, so a reader has one look at a time.
"""

import re
from contextlib import suppress

from aiogram import Router
from aiogram.exceptions import AiogramError
from aiogram.types import CallbackQuery

from bot.feeds.offers import Offer, Taken
from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader, Sourcing, known_source
from bot.handlers.door import Keepers, Pressed
from bot.messages import notices, offers
from bot.messages.callbacks import AddSource, DropSource
from storage import FollowKind, Level, NotFoundError, Subscription

_ADDRESS = re.compile(r"(?:https?://|feed:|t\.me/|www\.)\S+|[\w-]+(?:\.[\w-]+)+/\S*", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether a message is a web address and nothing else: no search, but a source to add."""
    return _ADDRESS.fullmatch(text.strip()) is not None


def make_router(desk: Desk) -> Router:
    """Return the router of the buttons under offers."""
    router = Router(name="sourcing")
    router.callback_query.middleware(Keepers())

    @router.callback_query(Pressed(AddSource))
    async def add(query: CallbackQuery, pressed: AddSource, reader: Reader, answer: Answer) -> None:
        if not pressed.query:
            await answer.turn(notices.note(offers.cancelled(reader.texts)))
            return
        try:
            url, _newest = await desk.storage.subscribers.query(pressed.query)
        except NotFoundError:
            await answer.toast(notices.stale_button(reader.texts))
            return
        await answer.toast()
        found = await _one_at_a_time(desk.sourcing, reader, url, take=True)
        if isinstance(found, Taken):
            await answer.turn(notices.note(await _followed(desk, reader, found)))
        else:
            await answer.turn(notices.note(_said(found, reader)))

    @router.callback_query(Pressed(DropSource))
    async def drop(
        query: CallbackQuery, pressed: DropSource, reader: Reader, answer: Answer
    ) -> None:
        source = await known_source(desk, reader, pressed.source)
        if source is None or source.owner != reader.subscriber.id:
            await answer.toast(notices.stale_button(reader.texts))
            return
        if not pressed.confirmed:
            await answer.turn(offers.drop(source, reader.viewer))
            return
        owner = reader.subscriber.id
        for feed in await desk.storage.feeds.owned(owner):
            if feed.source_id == source.id:
                with suppress(NotFoundError):  # pressed twice
                    await desk.storage.feeds.remove(feed.url, owner=owner)
        # Feeds of one site are followed together, be they one's own or everybody's.
        if await desk.storage.feeds.source_by_domain(source.domain) is None:
            await desk.storage.subscribers.unfollow(owner, FollowKind.SOURCE, source.domain)
        await answer.turn(notices.note(offers.dropped(source.title, reader.texts)))

    return router


async def _followed(desk: Desk, reader: Reader, taken: Taken) -> str:
    """Follow a source that was added, unless the site is followed already; returns how it comes."""
    subscribers, owner = desk.storage.subscribers, reader.subscriber.id
    for one in await subscribers.subscriptions(owner):
        if (one.kind, one.key) == (FollowKind.SOURCE, taken.domain) and one.level is not Level.OFF:
            return notices.followed(taken.title, one.level, reader.texts)
    await subscribers.follow(
        Subscription(owner, FollowKind.SOURCE, taken.domain, taken.title, Level.DIGEST)
    )
    return offers.taken(taken.title, reader.texts)


async def look_at(desk: Desk, reader: Reader, answer: Answer, text: str) -> None:
    """Say what an address turned out to be: a feed to add, a choice, or why neither."""
    with suppress(AiogramError):  # a stranger's server may take its time
        await answer.bot.send_chat_action(answer.chat_id, "typing")
    found = await _one_at_a_time(desk.sourcing, reader, text)
    now = reader.viewer.now
    subscribers = desk.storage.subscribers
    if isinstance(found, Offer) and found.choices:
        choices = [
            (one, await subscribers.save_query(one.url, now))
            for one in found.choices[: offers.MOST_CHOICES]
        ]
        await answer.say(offers.choice(choices, reader.viewer))
    elif isinstance(found, Offer) and found.ready:
        query = await subscribers.save_query(found.url, now)
        await answer.say(offers.offer(found, query, reader.viewer))
    else:
        await answer.tell(_said(found, reader))


async def _one_at_a_time(
    sourcing: Sourcing, reader: Reader, text: str, *, take: bool = False
) -> Offer | Taken | None:
    """Look at an address, or take it in; None while another one of this reader is looked at."""
    owner = reader.subscriber.id
    if owner in sourcing.looking:
        return None
    sourcing.looking.add(owner)
    try:
        return await (sourcing.take if take else sourcing.look)(text, owner)
    finally:
        sourcing.looking.discard(owner)


def _said(found: Offer | Taken | None, reader: Reader) -> str:
    if isinstance(found, Offer):
        if found.choices:  # the feed that was offered has become a page of several
            return notices.stale_button(reader.texts)
        return offers.refused(found, reader.texts)
    return offers.busy(reader.texts)
