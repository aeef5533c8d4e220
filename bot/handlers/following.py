"""What a reader follows: /subscribe and /unsubscribe, by screens and typed forms.

A typed form and a button become the same intent (`bot.messages.follow_forms`) and are applied by
the same function. In a group only its admins get here (`door.Keepers`).
"""

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader, known_source
from bot.handlers.door import Keepers, Pressed
from bot.handlers.sourcing import look_at
from bot.messages import follow_forms, forms, notices
from bot.messages import follows as screens
from bot.messages.callbacks import (
    Follow,
    FollowQuery,
    Follows,
    FollowScreen,
    word_token,
)
from bot.messages.follow_forms import FollowIntent, UnfollowAll
from bot.messages.follows import Followed
from bot.messages.forms import Wrong
from bot.messages.payloads import Payload
from bot.words.stopwords import STOP_WORDS
from storage import (
    FollowKind,
    Level,
    NotFoundError,
    Subscription,
    Topic,
)

# How a follow comes where nothing is said: words are rare and wanted, the rest is plenty.
_USUAL = {FollowKind.WORDS: Level.NOW}


def make_router(desk: Desk) -> Router:
    """Return the router of follows."""
    router = Router(name="following")
    router.message.middleware(Keepers())
    router.callback_query.middleware(Keepers())
    storage = desk.storage

    @router.message(Command("subscribe", ignore_case=True))
    async def subscribe(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        if not command.args:
            await answer.say(await follows_screen(desk, reader, FollowScreen.HOME))
            return
        sources = await storage.feeds.sources(reader=reader.subscriber.id)
        intent = follow_forms.parse_subscribe(command.args, desk.texts, sources)
        if isinstance(intent, Wrong) and intent.fault is forms.Fault.ADDRESS:
            await look_at(desk, reader, answer, intent.given)
            return
        await answer.tell(await _followed(desk, reader, intent))

    @router.message(Command("unsubscribe", ignore_case=True))
    async def unsubscribe(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        if not command.args:
            await answer.say(await follows_screen(desk, reader, FollowScreen.HOME))
            return
        intent = follow_forms.parse_unsubscribe(
            command.args, desk.texts, await storage.feeds.sources(reader=reader.subscriber.id)
        )
        if isinstance(intent, UnfollowAll):
            await storage.subscribers.unfollow_all(reader.subscriber.id)
            await answer.tell(notices.unfollowed_all(reader.texts))
            return
        await answer.tell(await _followed(desk, reader, intent))

    @router.callback_query(Pressed(Follows))
    async def follows(
        query: CallbackQuery, pressed: Follows, reader: Reader, answer: Answer
    ) -> None:
        await answer.turn(await follows_screen(desk, reader, pressed.screen, pressed.page))

    @router.callback_query(Pressed(Follow))
    async def follow(query: CallbackQuery, pressed: Follow, reader: Reader, answer: Answer) -> None:
        intent = await _meant(desk, reader, pressed)
        if intent is None:
            await answer.toast(notices.stale_button(reader.texts))
            return
        said = await _followed(desk, reader, intent)
        shown = {
            FollowKind.TOPIC: FollowScreen.TOPICS,
            FollowKind.SOURCE: FollowScreen.SOURCES,
            FollowKind.WORDS: FollowScreen.WORDS,
        }.get(pressed.kind, FollowScreen.HOME)
        await answer.turn(await follows_screen(desk, reader, shown, pressed.page))
        await answer.toast(said)

    @router.callback_query(Pressed(FollowQuery))
    async def follow_query(
        query: CallbackQuery, pressed: FollowQuery, reader: Reader, answer: Answer
    ) -> None:
        try:
            words, _newest = await storage.subscribers.query(pressed.query)
        except NotFoundError:
            await answer.toast(notices.stale_button(reader.texts))
            return
        intent = FollowIntent(FollowKind.WORDS, "", words[: follow_forms.MAX_WORDS], None)
        # Read before it goes: the list stays as it is, and no message piles up below it.
        await answer.toast(await _followed(desk, reader, intent), alert=True)

    return router


async def follows_screen(
    desk: Desk, reader: Reader, screen: FollowScreen, page: int = 0
) -> Payload:
    """A screen of /subscribe as things stand."""
    followed = Followed(
        tuple(await desk.storage.subscribers.subscriptions(reader.subscriber.id)),
        tuple(await desk.storage.feeds.sources(reader=reader.subscriber.id)),
        reader.subscriber.alerts,
    )
    return screens.follows_screen(screen, followed, reader.viewer, page)


async def _meant(desk: Desk, reader: Reader, pressed: Follow) -> FollowIntent | None:
    """What a button of /subscribe means; None where that is no longer there."""
    if pressed.kind is FollowKind.EVERYTHING:
        return FollowIntent(pressed.kind, "", "", pressed.level)
    if pressed.kind is FollowKind.TOPIC and pressed.key in set(Topic):
        return FollowIntent(pressed.kind, pressed.key, pressed.key, pressed.level)
    if pressed.kind is FollowKind.SOURCE and pressed.key.isascii() and pressed.key.isdigit():
        source = await known_source(desk, reader, int(pressed.key))
        if source is None:
            return None
        return FollowIntent(pressed.kind, source.domain, source.title, pressed.level)
    if pressed.kind is FollowKind.WORDS:
        for one in await desk.storage.subscribers.subscriptions(reader.subscriber.id):
            if one.kind is FollowKind.WORDS and word_token(one.key) == pressed.key:
                return FollowIntent(pressed.kind, one.key, one.label, pressed.level)
    return None


async def _followed(desk: Desk, reader: Reader, intent: FollowIntent | Wrong) -> str:
    """Store a follow; returns the line that confirms it, or says what is wrong with it."""
    texts = reader.texts
    if isinstance(intent, Wrong):
        return notices.wrong(intent, texts)
    key = intent.key
    if intent.kind is FollowKind.WORDS and not key:
        key = desk.normaliser.phrase(intent.label)
        # A lone «и» stands in every article: that would be following everything at once.
        if key in STOP_WORDS:
            return notices.wrong(Wrong(forms.Fault.COMMON, intent.label), texts)
        if not key:
            limit = str(follow_forms.MAX_WORDS)
            return notices.wrong(Wrong(forms.Fault.WORDS, intent.label, (limit,)), texts)
    level = intent.level or _USUAL.get(intent.kind, Level.DIGEST)
    name = notices.name_of(intent.kind, key, intent.label, texts)
    subscriber_id = reader.subscriber.id
    if level is Level.OFF and intent.kind is FollowKind.WORDS:
        if not await desk.storage.subscribers.unfollow(subscriber_id, intent.kind, key):
            return notices.not_followed(name, texts)
    else:
        # A topic or source that is off must say so, or "everything" would speak for it.
        await desk.storage.subscribers.follow(
            Subscription(subscriber_id, intent.kind, key, intent.label, level)
        )
    return notices.followed(name, level, texts)
