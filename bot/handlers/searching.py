"""/search, by command or as plain text."""

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed
from bot.messages import hits, notices
from bot.messages.callbacks import Search
from bot.messages.hits import Found
from bot.messages.lists import PAGE
from bot.messages.payloads import Payload
from bot.words.matching import highlight
from storage import NotFoundError


def make_router(desk: Desk) -> Router:
    """Return the router of /search."""
    router = Router(name="searching")

    @router.message(Command("search", ignore_case=True))
    async def search(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        await search_for(desk, reader, answer, command.args or "")

    @router.callback_query(Pressed(Search))
    async def search_pressed(
        query: CallbackQuery, pressed: Search, reader: Reader, answer: Answer
    ) -> None:
        try:
            page = await search_page(desk, reader, pressed)
        except NotFoundError:
            await answer.toast(notices.stale_button(reader.texts))
            return
        await answer.turn(page)

    return router


async def search_for(desk: Desk, reader: Reader, answer: Answer, words: str) -> None:
    """Answer a search, typed as a command or as plain text."""
    if not desk.normaliser.query_terms(words):
        await answer.tell(notices.needs_words(reader.texts))
        return
    query = await desk.storage.subscribers.save_query(words.strip(), reader.viewer.now)
    await answer.say(await search_page(desk, reader, Search(query, 0)))


async def search_page(desk: Desk, reader: Reader, page: Search) -> Payload:
    """A page of a kept search; raises NotFoundError where it is kept no more."""
    words, newest = await desk.storage.subscribers.query(page.query)
    terms = desk.normaliser.query_terms(words)
    keys, _any = await desk.storage.search.keys(
        terms, now=reader.viewer.now, before_key=newest or None, reader=reader.subscriber.id
    )
    headlines = await desk.storage.articles.by_keys(
        keys[page.offset : page.offset + PAGE], reader=reader.subscriber.id
    )
    found = [
        Found(
            one,
            title=tuple(highlight(one.title, terms, desk.normaliser)),
            summary=tuple(highlight(one.summary, terms, desk.normaliser)),
        )
        for one in headlines
    ]
    more = len(keys) > page.offset + PAGE
    return hits.search(found, reader.viewer, words, page.query, page.offset, more=more)
