"""Lists: /latest, /archive and their buttons."""

from datetime import UTC, date, datetime, time, timedelta

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader, known_source
from bot.handlers.door import Pressed
from bot.messages import lists, notices
from bot.messages.callbacks import Day, DayPage, Latest, LatestTopics
from bot.messages.days import EARLIEST, read_day
from bot.messages.follow_forms import find_source, find_topic, names_of
from bot.messages.lists import PAGE
from bot.messages.payloads import Payload
from storage import Topic


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
            elif day := _named_day(desk, reader, named):
                await answer.say(await day_page(desk, reader, DayPage(day)))
                return
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

    @router.message(Command("archive", ignore_case=True))
    async def archive(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        named = (command.args or "").strip()
        day = _named_day(desk, reader, named) if named else _today(reader)
        if day is None:
            await answer.tell(notices.wrong_day(reader.texts))
            return
        await answer.say(await day_page(desk, reader, DayPage(day)))

    @router.callback_query(Pressed(DayPage))
    async def day_pressed(
        query: CallbackQuery, pressed: DayPage, reader: Reader, answer: Answer
    ) -> None:
        await answer.turn(await day_page(desk, reader, pressed))

    @router.callback_query(Pressed(Day))
    async def counted_day_pressed(
        query: CallbackQuery, pressed: Day, reader: Reader, answer: Answer
    ) -> None:
        await answer.turn(await day_page(desk, reader, DayPage(pressed.day), pressed.offset))

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
        if here.before and not shown:
            # What was older went meanwhile.
            return await latest_page(desk, reader, Latest(here.topic, here.source))
        newer = shown[0].search_key if here.before else None
        older = shown[-1].search_key if more else None
    return lists.latest(shown, reader.viewer, here, label, older=older, newer=newer)


def _today(reader: Reader) -> date:
    return reader.viewer.now.astimezone(reader.viewer.zone).date()


def _named_day(desk: Desk, reader: Reader, text: str) -> date | None:
    return read_day(text, _today(reader), desk.texts.values())


async def day_page(desk: Desk, reader: Reader, page: DayPage, offset: int = 0) -> Payload:
    """A page of all news of the reader's day; `offset` is of buttons that counted headlines."""
    zone, articles = reader.viewer.zone, desk.storage.articles
    language = reader.subscriber.news_language
    day = min(max(page.day, EARLIEST), _today(reader))
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    found = await articles.between(
        start,
        end,
        language=language,
        limit=PAGE + 1,
        before_key=page.before or None,
        after_key=page.after or None,
        offset=offset,
    )
    more = len(found) > PAGE
    inside = bool(page.before or page.after or offset)
    newer: int | None
    older: int | None
    if inside and (not found or (page.after and not more)):
        # Back at the day's top, or what was there went: a full first page reads better.
        return await day_page(desk, reader, DayPage(day))
    if page.after:
        shown = found[1:]
        newer, older = shown[0].search_key, shown[-1].search_key
    else:
        shown = found[:PAGE]
        newer = shown[0].search_key if inside else None
        older = shown[-1].search_key if more else None
    around: tuple[date | None, date | None] = day - timedelta(days=1), day + timedelta(days=1)
    if not shown:
        last = await articles.nearest(start, language=language)
        following = await articles.nearest(end, language=language, later=True)
        around = (
            last.astimezone(zone).date() if last else None,
            following.astimezone(zone).date() if following else None,
        )
    return lists.archive(shown, reader.viewer, day, around, older=older, newer=newer)
