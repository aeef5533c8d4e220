"""Lists: /latest, /top, /archive, /digest, /search and their buttons."""

import re
from datetime import UTC, date, datetime, time, timedelta

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.delivery.digest import weight
from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader, known_source
from bot.handlers.door import Pressed
from bot.messages import lists, notices
from bot.messages.callbacks import Day, DigestMore, Latest, LatestTopics, Search
from bot.messages.forms import find_source, find_topic, names_of
from bot.messages.lists import PAGE, Found
from bot.messages.payloads import Payload
from bot.words.matching import highlight
from storage import NotFoundError, Topic, View

_TOP = 10
_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})(?:[./](\d{4}))?", re.ASCII)
_YESTERDAY = ("yesterday", "вчера")
_TODAY = ("", "today", "сегодня")


def make_router(desk: Desk) -> Router:
    """Return the router of the lists."""
    router = Router(name="reading")
    storage = desk.storage

    @router.message(Command("latest", ignore_case=True))
    async def latest(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        named = (command.args or "").strip()
        here = Latest()
        if named:
            sources = await storage.feeds.sources(reader=reader.subscriber.id)
            if topic := find_topic(named, desk.texts.values()):
                here = Latest(topic=topic.value)
            elif source := find_source(named, sources, part=True):
                here = Latest(source=source.id)
            else:
                names = names_of(sources)
                await answer.tell(notices.unknown_filter(reader.viewer, named, names))
                return
        await answer.say(await latest_page(desk, reader, here))

    @router.callback_query(Pressed(Latest))
    async def latest_pressed(
        query: CallbackQuery, pressed: Latest, reader: Reader, answer: Answer
    ) -> None:
        await answer.turn(await latest_page(desk, reader, pressed))

    @router.callback_query(Pressed(LatestTopics))
    async def topics(query: CallbackQuery, reader: Reader, answer: Answer) -> None:
        await answer.turn(lists.latest_topics(reader.viewer))

    @router.message(Command("top", ignore_case=True))
    async def top(message: Message, reader: Reader, answer: Answer) -> None:
        now = reader.viewer.now
        found = await storage.articles.top(
            now - timedelta(hours=24), language=reader.subscriber.news_language
        )
        found.sort(key=lambda one: weight(one, now, followed=False), reverse=True)
        await answer.say(lists.top(found[:_TOP], reader.viewer))

    @router.message(Command("archive", ignore_case=True))
    async def archive(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        today = reader.viewer.now.astimezone(reader.viewer.zone).date()
        day = read_day(command.args or "", today)
        if day is None:
            await answer.tell(notices.wrong_day(reader.texts))
            return
        await answer.say(await day_page(desk, reader, Day(day)))

    @router.callback_query(Pressed(Day))
    async def day_pressed(
        query: CallbackQuery, pressed: Day, reader: Reader, answer: Answer
    ) -> None:
        await answer.turn(await day_page(desk, reader, pressed))

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
            page = lists.digest_more(
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


async def latest_page(desk: Desk, reader: Reader, here: Latest) -> Payload:
    """A page of /latest, with the keys of the pages around it."""
    topic = Topic(here.topic) if here.topic else None
    label = reader.texts.topic(topic) if topic else ""
    if here.source:
        source = await known_source(desk, reader, here.source)
        label, here = (source.title, here) if source else ("", Latest())
    found = await desk.storage.articles.latest(
        language=reader.subscriber.news_language,
        limit=PAGE + 1,
        before_key=here.before or None,
        after_key=here.after or None,
        topic=topic,
        source_id=here.source or None,
        reader=reader.subscriber.id,
    )
    more = len(found) > PAGE
    if here.after:
        shown = found[1:] if more else found
        newer = shown[0].search_key if more else None
        older = shown[-1].search_key if shown else None
        if len(shown) < PAGE:
            # Back at the top: a full first page reads better than its first few lines.
            return await latest_page(desk, reader, Latest(here.topic, here.source))
    else:
        shown = found[:PAGE]
        newer = shown[0].search_key if here.before and shown else None
        older = shown[-1].search_key if more else None
    return lists.latest(shown, reader.viewer, here, label, older=older, newer=newer)


def read_day(text: str, today: date) -> date | None:
    """The day that «2026-11-22», «22.11», «22.11.2026» or «вчера» names, or None."""
    plain = text.strip().lower()
    if plain in _TODAY:
        return today
    if plain in _YESTERDAY:
        return today - timedelta(days=1)
    try:
        if match := _DAY.fullmatch(plain):
            day = date(int(match[3] or today.year), int(match[2]), int(match[1]))
            # «22.12» said in November is last year's.
            if not match[3] and day > today:
                day = day.replace(year=today.year - 1)
        else:
            day = date.fromisoformat(plain)
    except ValueError:
        return None
    return day if date(1990, 1, 1) <= day <= today else None


async def day_page(desk: Desk, reader: Reader, page: Day) -> Payload:
    """A page of all news of the reader's day."""
    zone = reader.viewer.zone
    today = reader.viewer.now.astimezone(zone).date()
    day = min(max(page.day, date(1990, 1, 1)), today)
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    found = await desk.storage.articles.between(
        start,
        end,
        language=reader.subscriber.news_language,
        limit=PAGE + 1,
        offset=page.offset,
    )
    older = page.offset + PAGE if len(found) > PAGE else None
    newer = max(0, page.offset - PAGE) if page.offset else None
    return lists.archive(found[:PAGE], reader.viewer, day, older=older, newer=newer)


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
    return lists.search(found, reader.viewer, words, page.query, page.offset, more=more)
