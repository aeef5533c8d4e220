"""A reader's own sources: an address is looked at, offered, added, and dropped again.

An address comes by /subscribe or is simply sent; it is stored as a query, whose number the buttons
carry. Looking takes as long as a stranger's server does, so a reader has one look at a time. A file
that lists sources (OPML) is gone through one by one, and one message says how far that is.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from contextlib import suppress

from aiogram import Router
from aiogram.exceptions import AiogramError
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Document, Message

from bot.feeds.decoding import decode
from bot.feeds.errors import FeedError
from bot.feeds.offers import Offer, Refusal, Taken
from bot.feeds.opml import read_opml, write_opml
from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader, Sourcing, known_source
from bot.handlers.door import Keepers, Pressed
from bot.messages import follows, notices, offers
from bot.messages.callbacks import AddSource, DropSource, ExportSources
from bot.messages.offers import Listed
from bot.telegram.files import FileRefusedError, download
from storage import FollowKind, Level, NotFoundError, Subscription

_ADDRESS = re.compile(r"(?:https?://|feed:|t\.me/|www\.)\S+|[\w-]+(?:\.[\w-]+)+/\S*", re.IGNORECASE)

_LIST = re.compile(r".+\.(?:opml|xml)", re.IGNORECASE)
_LIST_BYTES = 1 << 20
_LOOKED_AT = 50  # sources of one file: each may take as long as its server does
_SAYS_AGAIN = 2.0  # seconds: how far it is


class ListOfSources(Filter):
    """Passes files that list sources, in private chats: what is sent in a group is not for us."""

    async def __call__(
        self, message: Message, reader: Reader | None = None
    ) -> bool | dict[str, Document]:
        """`reader` comes from the door."""
        file = message.document
        if reader is None or reader.group or file is None:
            return False
        named = _LIST.fullmatch(file.file_name or "") or "opml" in (file.mime_type or "")
        return {"file": file} if named else False


def is_address(text: str) -> bool:
    """Whether a message is a web address and nothing else: no search, but a source to add."""
    return _ADDRESS.fullmatch(text.strip()) is not None


def make_router(desk: Desk) -> Router:
    """Return the router of files that list sources, and of the buttons under offers."""
    router = Router(name="sourcing")
    router.message.middleware(Keepers())
    router.callback_query.middleware(Keepers())

    @router.message(ListOfSources())
    async def sources(message: Message, file: Document, reader: Reader, answer: Answer) -> None:
        await take_list(desk, reader, answer, file)

    @router.callback_query(Pressed(ExportSources))
    async def export(query: CallbackQuery, reader: Reader, answer: Answer) -> None:
        owned = await desk.storage.feeds.owned(reader.subscriber.id)
        written = write_opml("Newsboy", [(feed.title, feed.url) for feed in owned])
        await answer.toast()
        await answer.document("newsboy.opml", written, offers.exported(reader.texts))

    @router.callback_query(Pressed(AddSource))
    async def add(query: CallbackQuery, pressed: AddSource, reader: Reader, answer: Answer) -> None:
        back = follows.to_sources(reader.texts)
        if not pressed.query:
            await answer.turn(notices.note(offers.cancelled(reader.texts), back))
            return
        try:
            url = (await desk.storage.queries.get(pressed.query)).text
        except NotFoundError:
            await answer.toast(notices.stale_button(reader.texts))
            return
        await answer.toast()
        found = await _one_at_a_time(desk.sourcing, reader, url, take=True)
        if isinstance(found, Taken):
            await answer.turn(notices.note(await _followed(desk, reader, found), back))
        else:
            await answer.turn(notices.note(_said(found, reader), back))

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
        said = offers.dropped(source.title, reader.texts)
        await answer.turn(notices.note(said, follows.to_sources(reader.texts)))

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


async def take_list(desk: Desk, reader: Reader, answer: Answer, file: Document) -> None:
    """Take in the sources that a file lists, as many as fit; one message says how far that is."""
    texts, most = reader.texts, desk.settings.readers_add_sources
    if not most:
        await answer.tell(offers.not_allowed(texts))
        return
    if (file.file_size or 0) > _LIST_BYTES:
        await answer.tell(offers.file_too_large(texts, _LIST_BYTES >> 20))
        return
    try:
        content = await download(answer.bot, file.file_id, _LIST_BYTES)
    except FileRefusedError:
        await answer.tell(offers.file_lost(texts))
        return
    try:
        # A megabyte of nested tags keeps others waiting for a tenth of a second.
        urls = await asyncio.to_thread(lambda: read_opml(decode(content)))
    except FeedError:
        urls = ()
    if not urls:
        await answer.tell(offers.no_list(texts))
        return
    owner = reader.subscriber.id
    if owner in desk.sourcing.looking:
        await answer.tell(offers.busy(texts))
        return
    desk.sourcing.looking.add(owner)
    try:
        shown = await answer.say(offers.looking(texts, 0, len(urls)))
        listed = await _take_each(desk, reader, answer, urls, shown)
    finally:
        desk.sourcing.looking.discard(owner)
    await answer.turn(offers.listed(listed, reader.viewer), shown)


async def _take_each(
    desk: Desk, reader: Reader, answer: Answer, urls: Sequence[str], shown: int
) -> Listed:
    """Take in one source after another; the message `shown` says how far that is."""
    taken: list[str] = []
    refused: list[Offer] = []
    said = time.monotonic()
    for done, url in enumerate(urls[:_LOOKED_AT]):
        if time.monotonic() - said > _SAYS_AGAIN:
            said = time.monotonic()
            await answer.turn(offers.looking(reader.texts, done, len(urls)), shown)
        found = await desk.sourcing.take(url, reader.subscriber.id)
        if isinstance(found, Taken):
            await _followed(desk, reader, found)
            taken.append(found.title or found.domain)
        elif found.refusal is Refusal.TOO_MANY:
            return Listed(tuple(taken), tuple(refused), len(urls) - done, found.most)
        else:
            refused.append(found)
    return Listed(tuple(taken), tuple(refused), max(0, len(urls) - _LOOKED_AT))


async def look_at(desk: Desk, reader: Reader, answer: Answer, text: str) -> None:
    """Say what an address turned out to be: a feed to add, a choice, or why neither."""
    if not desk.settings.readers_add_sources:
        await answer.tell(offers.not_allowed(reader.texts))
        return
    with suppress(AiogramError):  # a stranger's server may take its time
        await answer.bot.send_chat_action(answer.chat_id, "typing")
    found = await _one_at_a_time(desk.sourcing, reader, text)
    now = reader.viewer.now
    queries = desk.storage.queries
    if isinstance(found, Offer) and found.choices:
        choices = [
            (one, await queries.keep(one.url, now)) for one in found.choices[: offers.MOST_CHOICES]
        ]
        await answer.say(offers.choice(choices, reader.viewer))
    elif isinstance(found, Offer) and found.ready:
        query = await queries.keep(found.url, now)
        await answer.say(offers.offer(found, query, reader.viewer, group=reader.group))
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
