"""Lists: /latest, /archive and their buttons."""

import re
from datetime import UTC, date, datetime, time, timedelta

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader, known_source
from bot.handlers.door import Pressed
from bot.messages import lists, notices
from bot.messages.callbacks import Day, Latest, LatestTopics
from bot.messages.follow_forms import find_source, find_topic, names_of
from bot.messages.lists import PAGE
from bot.messages.payloads import Payload
from storage import Topic

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
