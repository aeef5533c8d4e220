"""The front page by command: /digest, what it left out and offers, and /top."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.delivery.digest import weight
from bot.delivery.matching import Key, phrase_keys
from bot.handlers.answering import Answer, RichRefusedError
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Pressed
from bot.messages import fronts, notices
from bot.messages.callbacks import DigestMore, Important, Top, TopTopics
from bot.messages.follow_forms import find_topic
from bot.messages.lists import PAGE
from bot.messages.payloads import Payload
from storage import Alerts, ChatKind, FollowKind, Headline, Topic, View

_DAY = timedelta(hours=24)


def make_router(desk: Desk) -> Router:
    """Return the router of /digest and /top."""
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
            rich = issue.payload.rich is not None
            try:
                message_id = await answer.say(issue.payload)
            except RichRefusedError:
                rich = False
                message_id = await answer.say(replace(issue.payload, rich=None))
            await desk.digests.told(issue, subscriber, message_id, desk.clock(), rich=rich)

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

    @router.callback_query(Pressed(Important))
    async def important(
        query: CallbackQuery, pressed: Important, reader: Reader, answer: Answer
    ) -> None:
        subscriber = reader.subscriber
        if subscriber.kind is not ChatKind.PRIVATE:
            await answer.toast(notices.stale_button(reader.texts))
            return
        # Who chose alerts meanwhile keeps what was chosen.
        if pressed.wanted and subscriber.alerts is Alerts.OFF:
            subscriber = await storage.subscribers.change(
                subscriber.id, alerts=Alerts.IMPORTANT, important_offered=True
            )
        await answer.toast(
            notices.important_on(reader.texts)
            if pressed.wanted
            else notices.important_off(reader.texts)
        )
        if answer.message_id is None:
            return  # too old to be edited: its buttons go on answering
        delivery = await storage.outbox.delivery(pressed.delivery)
        page = None
        if delivery is not None and delivery.subscriber_id == subscriber.id:
            page = await desk.digests.again(delivery, pressed.shown, subscriber, reader.viewer.now)
        if page is None:
            await answer.remark(())
            return
        try:
            await answer.turn(page)
        except RichRefusedError:
            await answer.turn(replace(page, rich=None))

    @router.message(Command("top", ignore_case=True))
    async def top(message: Message, command: CommandObject, reader: Reader, answer: Answer) -> None:
        named = (command.args or "").strip()
        topic = find_topic(named, desk.texts.values()) if named else None
        if named and topic is None:
            await answer.tell(notices.unknown_topic(reader.texts, named))
            return
        await answer.say(await top_page(desk, reader, Top(topic.value if topic else "")))

    @router.callback_query(Pressed(Top))
    async def top_pressed(
        query: CallbackQuery, pressed: Top, reader: Reader, answer: Answer
    ) -> None:
        await answer.turn(await top_page(desk, reader, pressed))

    @router.callback_query(Pressed(TopTopics))
    async def top_topics(query: CallbackQuery, reader: Reader, answer: Answer) -> None:
        await answer.turn(fronts.top_topics(reader.viewer))

    return router


async def top_page(desk: Desk, reader: Reader, here: Top) -> Payload:
    """A page of the day's top stories; the pages after it are those of the same moment."""
    now = reader.viewer.now.replace(microsecond=0)
    age = int(now.timestamp()) - here.asked
    if not 0 <= age < _DAY.total_seconds():  # asked now, or so long ago that it is another list
        here, age = Top(here.topic), 0
    asked = now - timedelta(seconds=age)
    topic = Topic(here.topic) if here.topic else None
    found = await desk.storage.articles.top(
        asked - _DAY, language=reader.subscriber.news_language, until=asked, topic=topic
    )
    hidden = {
        (mute.kind, mute.key)
        for mute in await desk.storage.subscribers.mutes(reader.subscriber.id, now)
        # Who asks for a topic wants to see it.
        if topic is None or mute.kind is not FollowKind.TOPIC
    }
    shown = [one for one in found if hidden.isdisjoint(_keys(one))]
    shown = await _without(desk, shown, hidden)
    shown.sort(key=lambda one: weight(one, asked, followed=False), reverse=True)
    page = shown[here.offset : here.offset + PAGE]
    more = len(shown) > here.offset + PAGE
    here = replace(here, asked=int(asked.timestamp()))
    return fronts.top(page, reader.viewer, here, more=more, page=PAGE)


async def _without(
    desk: Desk, headlines: list[Headline], hidden: Collection[Key]
) -> list[Headline]:
    """The headlines without those that have hidden words, or go on with a hidden story."""
    phrases = [key for kind, key in hidden if kind is FollowKind.WORDS]
    if phrases:
        words = await desk.storage.articles.words_of([one.article_id for one in headlines])
        met = {one for one, text in words.items() if phrase_keys(phrases, *text)}
        headlines = [one for one in headlines if one.article_id not in met]
    stories = {int(key) for kind, key in hidden if kind is FollowKind.STORY}
    if stories:
        before = await desk.storage.fronts.gone_on_with([one.story_id for one in headlines])
        headlines = [one for one in headlines if stories.isdisjoint(before.get(one.story_id, ()))]
    return headlines


def _keys(headline: Headline) -> list[tuple[FollowKind, str]]:
    return [
        (FollowKind.TOPIC, headline.topic.value),
        (FollowKind.SOURCE, headline.source_domain),
        (FollowKind.STORY, str(headline.story_id)),
    ]
