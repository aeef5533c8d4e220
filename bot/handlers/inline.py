"""Inline mode: «@bot words» in any chat offers articles to send there; no words, the newest.

    inline query ─▶ may this person use the bot? ─▶ newest headlines, or a search ─▶ a page

Only what everybody may read is offered: what is sent is read by others. A person need not have a
chat with the bot: then the client's language and the operator's zone serve. The next page is named
by what the former ended with, so that pages stay as they are while news arrives; nothing is stored,
since a client asks at every key pressed.
"""

import re
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.types import (
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    User,
)

from bot.handlers.desk import Desk, viewer_of
from bot.handlers.finding import find, read_query, wanted
from bot.messages import sharing
from bot.messages.links import FROM_INLINE
from bot.messages.queries import WrongOperator
from bot.messages.texts import Viewer
from bot.telegram.requests import inline_article
from storage import Headline, Subscriber, Wanted

PAGE = 20  # results of one answer; Telegram takes 50
_SECONDS = 60  # that clients may show an answer again without asking
_OFFSET = re.compile(r"(\d{1,18})(?:\.(\d{1,4}))?", re.ASCII)  # what SQLite holds


def make_router(desk: Desk) -> Router:
    """Return the router of inline queries."""
    router = Router(name="inline")

    @router.inline_query()
    async def asked(query: InlineQuery) -> None:
        """Answer with a page of articles; a stranger with the way to the bot."""
        person = query.from_user
        subscriber = await desk.storage.subscribers.find(person.id)
        viewer = _viewer(desk, subscriber, person)
        if not await desk.admitted(person.id):
            door = InlineQueryResultsButton(
                text=sharing.open_bot(viewer.texts), start_parameter=FROM_INLINE
            )
            await query.answer([], cache_time=_SECONDS, is_personal=True, button=door)
            return
        news = subscriber.news_language if subscriber else await desk.news_language(viewer.texts)
        found, following = await _page(desk, query.query, query.offset, news, viewer)
        empty = InlineQueryResultsButton(
            text=sharing.nothing_found(viewer.texts), start_parameter=FROM_INLINE
        )
        await query.answer(
            [_result(one, viewer) for one in found],
            cache_time=_SECONDS,
            is_personal=True,
            next_offset=following,
            button=None if found or query.offset else empty,
        )

    return router


def _result(headline: Headline, viewer: Viewer) -> InlineQueryResultArticle:
    one = sharing.shared(headline, viewer)
    return inline_article(one.id, one.title, one.about, one.picture, one.payload)


def _viewer(desk: Desk, subscriber: Subscriber | None, person: User) -> Viewer:
    """In whose language and zone results are shown."""
    now, bot = desk.clock(), desk.digests.bot
    if subscriber is not None:
        return viewer_of(subscriber, desk.texts, now, bot)
    texts = desk.texts[desk.language(person.language_code)]
    return Viewer(texts, ZoneInfo(desk.settings.time_zone), now, bot=bot)


async def _page(
    desk: Desk, words: str, offset: str, news: str, viewer: Viewer
) -> tuple[list[Headline], str]:
    """A page of articles and the offset of the next one, "" where there is none.

    An offset is the search key that the list goes back from and, of a search, how many were shown.
    """
    given = _OFFSET.fullmatch(offset)
    bound, shown = (int(given[1]), int(given[2] or 0)) if given else (None, 0)
    query = await read_query(desk, viewer, None, words)
    if isinstance(query, WrongOperator):  # still being typed
        return [], ""
    if wanted(query, query.words, viewer, desk.normaliser) == Wanted():
        found = await desk.storage.articles.latest(language=news, limit=PAGE + 1, before_key=bound)
        more = len(found) > PAGE
        return found[:PAGE], str(found[PAGE - 1].search_key) if more else ""
    keys = (await find(desk, viewer, None, query, before_key=bound)).hits.keys
    end = shown + PAGE
    found = await desk.storage.articles.by_keys(keys[shown:end])
    following = f"{bound or max(keys)}.{end}" if len(keys) > end else ""
    return found, following
