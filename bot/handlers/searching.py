"""/search, by command or as plain text, and the pages of what it found."""

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.asking import Question
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed
from bot.handlers.finding import find, marked_terms, read_query, wanted
from bot.messages import hits, notices
from bot.messages.callbacks import Search, SearchExactly
from bot.messages.follow_forms import names_of
from bot.messages.hits import Found, Page
from bot.messages.lists import PAGE
from bot.messages.payloads import Payload
from bot.messages.queries import Query, WrongOperator
from bot.words.matching import highlight
from storage import Hits, KeptSearch, NotFoundError, Wanted


def make_router(desk: Desk) -> Router:
    """Return the router of /search."""
    router = Router(name="searching")

    async def answered(reader: Reader, answer: Answer, text: str, data: str) -> bool:
        await search_for(desk, reader, answer, text)
        return True

    desk.asking.expect(Question.SEARCH, answered)

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

    @router.callback_query(Pressed(SearchExactly))
    async def search_exactly(
        query: CallbackQuery, pressed: SearchExactly, reader: Reader, answer: Answer
    ) -> None:
        try:
            kept = await desk.storage.queries.get(pressed.query)
        except NotFoundError:
            await answer.toast(notices.stale_button(reader.texts))
            return
        asked = await _as_asked(desk, reader, kept)
        await answer.turn(await _first_page(desk, reader, kept.text, asked, exactly=True))

    return router


async def search_for(desk: Desk, reader: Reader, answer: Answer, text: str) -> None:
    """Answer a search, typed as a command or as plain text; without words, ask for them."""
    text = " ".join(text.split())
    query = await read_query(desk, reader.viewer, reader.subscriber.id, text)
    if isinstance(query, WrongOperator):
        sources = await desk.storage.feeds.sources(reader=reader.subscriber.id)
        await answer.tell(hits.wrong_operator(query, reader.viewer, names_of(sources)))
        return
    if wanted(query, query.words, reader.viewer, desk.normaliser) == Wanted():
        asked = hits.question(reader.texts, group=reader.group)
        await desk.asking.ask(reader, answer, Question.SEARCH, asked)
        return
    await answer.say(await _first_page(desk, reader, text, query))


async def _first_page(
    desk: Desk, reader: Reader, text: str, query: Query, *, exactly: bool = False
) -> Payload:
    outcome = await find(desk, reader.viewer, reader.subscriber.id, query, exactly=exactly)
    kept = await desk.storage.queries.keep(
        text, reader.viewer.now, outcome.hits, tried=outcome.tried
    )
    return await search_page(desk, reader, Search(kept, 0))


async def search_page(desk: Desk, reader: Reader, page: Search) -> Payload:
    """A page of a kept search; raises NotFoundError where it is kept no more.

    What was found is kept with it: no article is shown twice or passed over, whatever was
    published, imported or deleted in between.
    """
    kept = await desk.storage.queries.get(page.query)
    query = await _as_asked(desk, reader, kept)
    asked = wanted(query, kept.tried or query.words, reader.viewer, desk.normaliser)
    if kept.found is None:  # by an earlier version
        kept = await _found_again(desk, reader, kept, asked)
    found = kept.found or ()
    offset = page.offset if page.offset < len(found) else 0
    headlines = await desk.storage.articles.by_ids(
        found[offset : offset + PAGE], reader=reader.subscriber.id
    )
    terms = marked_terms(asked)
    return hits.search(
        [
            Found(
                one,
                title=tuple(highlight(one.title, terms, desk.normaliser)),
                summary=tuple(highlight(one.summary, terms, desk.normaliser)),
                partly=found.index(one.article_id) >= kept.whole,
            )
            for one in headlines
        ],
        reader.viewer,
        Page(
            text=kept.text,
            query=page.query,
            offset=offset,
            total=len(found),
            whole=kept.whole,
            tried=kept.tried,
            follow=kept.tried if kept.tried and not query.phrases else query.followable,
            limited=query.limits,
        ),
    )


async def followed_words(desk: Desk, reader: Reader, query_id: int) -> tuple[str, bool]:
    """What of a kept search is followed: its phrase, or its words as they were put right; and
    whether it found anything.

    "" where it is operators alone; raises NotFoundError where it is kept no more.
    """
    kept = await desk.storage.queries.get(query_id)
    query = await _as_asked(desk, reader, kept)
    words = kept.tried if kept.tried and not query.phrases else query.followable
    return words, bool(kept.found)


async def _as_asked(desk: Desk, reader: Reader, kept: KeptSearch) -> Query:
    """A kept search's query; of operators that name nothing any more, the words alone."""
    query = await read_query(desk, reader.viewer, reader.subscriber.id, kept.text)
    return Query(words=kept.text) if isinstance(query, WrongOperator) else query


async def _found_again(desk: Desk, reader: Reader, kept: KeptSearch, asked: Wanted) -> KeptSearch:
    hits_now: Hits = await desk.storage.search.find(
        asked, now=reader.viewer.now, before_key=kept.newest, reader=reader.subscriber.id
    )
    headlines = await desk.storage.articles.by_keys(hits_now.keys, reader=reader.subscriber.id)
    found = tuple(one.article_id for one in headlines)
    return KeptSearch(kept.text, kept.tried, found, hits_now.whole)
