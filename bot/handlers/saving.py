"""«Отложить»: articles kept for later by their reader, /saved, and the same as files.

    «Отложить» under any message ─▶ kept for the person ─▶ the button says so, in a private chat
    /saved ─▶ a page ─▶ taken off one by one, or sent as files

In a group everybody sees the same buttons, so there they stay as they are.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.articles import find
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed
from bot.messages import keyboards, notices, saved
from bot.messages.callbacks import (
    ExportSaved,
    Save,
    SavedPage,
    TakeOff,
    Unsave,
)
from bot.messages.payloads import Button, Keyboard, Payload
from bot.messages.saved import PAGE
from storage import Article, SavedKey, Saving

MOST = 5000
"""Articles that a person may keep: what is kept is never pruned."""

FILE_BYTES = 20_000_000
"""A file's size, at most by one article more; Telegram takes 50 MB from bots (sendDocument)."""

_AT_ONCE = 50


def make_router(desk: Desk) -> Router:
    """Return the router of saved articles."""
    router = Router(name="saving")
    store = desk.storage.saved
    exporting: set[int] = set()  # whose files are being made

    @router.callback_query(Pressed(Save))
    async def save(query: CallbackQuery, pressed: Save, reader: Reader, answer: Answer) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        if reader.group and article.owner is not None:
            await answer.toast(saved.groups_own(reader.texts), alert=True)
            return
        outcome = await store.save(
            reader.person_id,
            article.id,
            now=reader.viewer.now,
            subscriber_id=reader.subscriber.id,
            most=MOST,
        )
        if outcome is Saving.FULL:
            await answer.toast(saved.full(reader.texts, MOST), alert=True)
        elif outcome is Saving.GONE:
            await answer.toast(notices.gone(reader.texts))
        else:
            await answer.toast(saved.toast(reader.texts, group=reader.group))
            await remark(query, reader, answer, keyboards.saved(article.id, reader.texts))

    @router.callback_query(Pressed(Unsave))
    async def unsave(query: CallbackQuery, pressed: Unsave, reader: Reader, answer: Answer) -> None:
        await store.drop(reader.person_id, pressed.article)
        await answer.toast(saved.dropped(reader.texts))
        await remark(query, reader, answer, keyboards.save(pressed.article, reader.texts))

    @router.message(Command("saved", ignore_case=True))
    async def listed(message: Message, reader: Reader, answer: Answer) -> None:
        await show_saved(desk, reader, answer)

    @router.callback_query(Pressed(SavedPage))
    async def paged(
        query: CallbackQuery, pressed: SavedPage, reader: Reader, answer: Answer
    ) -> None:
        if not reader.group:
            await answer.turn(await page(desk, reader, pressed))

    @router.callback_query(Pressed(TakeOff))
    async def take_off(
        query: CallbackQuery, pressed: TakeOff, reader: Reader, answer: Answer
    ) -> None:
        if reader.group:
            return
        await store.drop(reader.person_id, pressed.article)
        await answer.toast(saved.dropped(reader.texts))
        here = SavedPage(pressed.saved, pressed.below, removing=True)
        await answer.turn(await page(desk, reader, here))

    @router.callback_query(Pressed(ExportSaved))
    async def export(query: CallbackQuery, reader: Reader, answer: Answer) -> None:
        await answer.toast()
        if reader.group or reader.person_id in exporting:
            return
        exporting.add(reader.person_id)
        try:
            await _send_files(desk, reader, answer)
        finally:
            exporting.discard(reader.person_id)

    return router


async def remark(query: CallbackQuery, reader: Reader, answer: Answer, now: Button) -> None:
    """Put a button in the pressed one's place, whatever the message shows."""
    shown = query.message.reply_markup if isinstance(query.message, Message) else None
    if reader.group or shown is None:
        return
    keyboard: Keyboard = tuple(
        tuple(
            now
            if one.callback_data == query.data
            else Button(one.text, one.callback_data or "", one.url or "")
            for one in row
        )
        for row in shown.inline_keyboard
    )
    await answer.remark(keyboard)


async def show_saved(desk: Desk, reader: Reader, answer: Answer) -> None:
    """Answer /saved; in a group by the way to the private chat, since the list is the asker's."""
    if reader.group:
        answer.whisper()
        await answer.say(saved.elsewhere(reader.viewer))
    else:
        await answer.say(await page(desk, reader, SavedPage()))


async def page(desk: Desk, reader: Reader, here: SavedPage) -> Payload:
    """The page of /saved that a button names, or the nearest that has something."""
    store, person = desk.storage.saved, reader.person_id
    key = saved.key_of(here)
    if here.above and key is not None:
        found = await store.page(person, limit=PAGE + 1, above=key)
        newer = len(found) > PAGE
        kept = found[1:] if newer else found
        if len(kept) < PAGE:  # back at the top: a full first page reads better than a few lines
            return await page(desk, reader, SavedPage(removing=here.removing))
        # What begins a page of buttons is said as for one further down.
        first = SavedKey(int(kept[0].at.timestamp()), kept[0].headline.article_id)
        top = await store.page(person, limit=1, above=first)
        before = top[0] if top else None
        here = replace(
            here,
            above=False,
            saved=int(before.at.timestamp()) if before else 0,
            article=before.headline.article_id if before else 0,
        )
        older = True
    else:
        found = await store.page(person, limit=PAGE + 1, below=key)
        kept, older, newer = found[:PAGE], len(found) > PAGE, key is not None
        if not kept and key is not None:
            return await page(desk, reader, SavedPage(removing=here.removing))
    total = await store.count(person)
    return saved.page(kept, reader.viewer, here, total=total, older=older, newer=newer)


async def _send_files(desk: Desk, reader: Reader, answer: Answer) -> None:
    """Send what is saved as one page of HTML, or as several where one would be too large."""
    total = await desk.storage.saved.count(reader.person_id)
    if not total:
        await answer.turn(await page(desk, reader, SavedPage()))
        return
    day = reader.viewer.now.astimezone(reader.viewer.zone).date()
    number = 0
    waiting: bytes | None = None  # the caption of the last file says whether it is the only one
    async for content in _files(desk, reader):
        if waiting is not None:
            number += 1
            await _send_file(answer, reader, waiting, f"newsboy-{day}-{number}.html", total)
        waiting = content
    name = f"newsboy-{day}-{number + 1}.html" if number else f"newsboy-{day}.html"
    if waiting is not None:
        await _send_file(answer, reader, waiting, name, total)


async def _send_file(answer: Answer, reader: Reader, content: bytes, name: str, total: int) -> None:
    await answer.document(name, content, saved.exported(reader.texts, total))


async def _files(desk: Desk, reader: Reader) -> AsyncIterator[bytes]:
    parts: list[bytes] = []
    size = 0
    key: SavedKey | None = None
    while True:
        articles, key = await desk.storage.saved.articles(
            reader.person_id, limit=_AT_ONCE, below=key
        )
        # Thousands of long texts would keep the loop from everybody else.
        for written in await asyncio.to_thread(_written, articles, reader):
            parts.append(written)
            size += len(written)
            if size >= FILE_BYTES:
                yield _whole(parts, reader)
                parts, size = [], 0
        if key is None:
            break
    if parts:
        yield _whole(parts, reader)


def _written(articles: list[Article], reader: Reader) -> list[bytes]:
    return [saved.entry(article, reader.viewer).encode("utf-8", "replace") for article in articles]


def _whole(parts: list[bytes], reader: Reader) -> bytes:
    return b"".join((saved.opening(reader.viewer).encode(), *parts, saved.CLOSING.encode()))
