"""What a reader follows: /subscribe and /unsubscribe, by screens and typed forms.

A typed form and a button become the same intent (`bot.messages.follow_forms`), are applied by the
same function and confirmed by the same screen, which shows what the follow would have brought in
the last 24 hours. In a group only its admins get here (`door.Keepers`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.delivery.matching import headline_keys, phrase_keys
from bot.handlers.answering import Answer
from bot.handlers.articles import find, turn_aside
from bot.handlers.asking import Question
from bot.handlers.desk import Desk, Reader, known_source
from bot.handlers.door import Keepers, Pressed
from bot.handlers.searching import followed_words
from bot.handlers.sourcing import is_address, look_at
from bot.messages import follow_forms, forms, hiding, notices, places
from bot.messages import follows as screens
from bot.messages.callbacks import (
    Asked,
    AskFollow,
    Follow,
    FollowItem,
    FollowLevel,
    FollowQuery,
    Follows,
    FollowScreen,
    FollowStory,
    LiftMute,
    Ready,
    Unfollow,
    UnfollowEverything,
    word_token,
)
from bot.messages.follow_forms import FollowIntent, UnfollowAll
from bot.messages.follows import SHOWN, Brought, Followed, Item
from bot.messages.forms import Wrong
from bot.messages.markup import clean, clip
from bot.messages.payloads import Payload
from bot.words.stopwords import STOP_WORDS
from storage import (
    FollowKind,
    Headline,
    Level,
    Mute,
    NotFoundError,
    Subscription,
    Topic,
)

# How a follow comes where nothing is said: words are rare and wanted, the rest is plenty.
_USUAL = {FollowKind.WORDS: Level.NOW, FollowKind.STORY: Level.NOW}
_QUESTIONS = {
    Asked.WORDS: Question.FOLLOW,
    Asked.SOURCE: Question.SOURCE,
    Asked.HIDE: Question.HIDE,
}
_LATELY = timedelta(days=1)
_LOOKED_AT = 300  # articles of that day: more of one follow are only "many"
_TITLE = 200  # characters of a story's title that its follow is called by


@dataclass(frozen=True, slots=True)
class Target:
    """What a button or a form means: `token` is what buttons call it."""

    kind: FollowKind
    key: str
    token: str
    label: str


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
        if isinstance(intent, FollowScreen):
            await answer.say(await follows_screen(desk, reader, intent))
        elif isinstance(intent, Wrong) and intent.fault is forms.Fault.ADDRESS:
            await look_at(desk, reader, answer, intent.given)
        else:
            await follow_typed(desk, reader, answer, intent)

    @router.message(Command("unsubscribe", ignore_case=True))
    async def unsubscribe(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        if not command.args:
            await answer.say(await follows_screen(desk, reader, FollowScreen.DROP))
            return
        intent = follow_forms.parse_unsubscribe(
            command.args, desk.texts, await storage.feeds.sources(reader=reader.subscriber.id)
        )
        if isinstance(intent, UnfollowAll):
            await storage.subscribers.unfollow_all(reader.subscriber.id)
            said = notices.unfollowed_all(reader.texts)
            await answer.say(screens.said(said, reader.texts, group=reader.group))
        elif isinstance(intent, FollowScreen):
            await answer.say(await follows_screen(desk, reader, intent))
        else:
            await follow_typed(desk, reader, answer, intent)

    @router.callback_query(Pressed(Follows))
    async def follows(
        query: CallbackQuery, pressed: Follows, reader: Reader, answer: Answer
    ) -> None:
        await answer.turn(await follows_screen(desk, reader, pressed.screen, pressed.page))

    @router.callback_query(Pressed(FollowItem))
    async def item(
        query: CallbackQuery, pressed: FollowItem, reader: Reader, answer: Answer
    ) -> None:
        target = await target_of(desk, reader, pressed.kind, pressed.key)
        if target is None:
            await _stale(desk, reader, answer, pressed.kind)
            return
        await answer.turn(await item_screen(desk, reader, target, page=pressed.page))

    @router.callback_query(Pressed(FollowLevel))
    async def level(
        query: CallbackQuery, pressed: FollowLevel, reader: Reader, answer: Answer
    ) -> None:
        target = await target_of(desk, reader, pressed.kind, pressed.key)
        if target is None:
            await _stale(desk, reader, answer, pressed.kind)
            return
        await answer.toast(await set_level(desk, reader, target, pressed.level))
        gone = pressed.level is Level.OFF and pressed.kind in (FollowKind.WORDS, FollowKind.STORY)
        if gone:
            shown = await follows_screen(desk, reader, screens.list_of(pressed.kind), pressed.page)
        else:
            shown = await item_screen(desk, reader, target, page=pressed.page)
        await answer.turn(shown)

    @router.callback_query(Pressed(LiftMute))
    async def lift(query: CallbackQuery, pressed: LiftMute, reader: Reader, answer: Answer) -> None:
        mute = await mute_named(desk, reader, pressed.kind, pressed.mute)
        if mute is not None:
            await storage.subscribers.unmute(reader.subscriber.id, mute.kind, mute.key)
            name = notices.name_of(mute.kind, mute.key, mute.label, reader.texts)
            await answer.toast(hiding.shown_again(name, reader.texts))
        target = await target_of(desk, reader, pressed.follow, pressed.key)
        if target is None:
            await _stale(desk, reader, answer, pressed.follow)
            return
        await answer.turn(await item_screen(desk, reader, target, page=pressed.page))

    @router.callback_query(Pressed(Follow))
    async def follow(query: CallbackQuery, pressed: Follow, reader: Reader, answer: Answer) -> None:
        """A button of former screens, which listed follows with their next level."""
        target = await target_of(desk, reader, pressed.kind, pressed.key)
        if target is None or pressed.kind is FollowKind.STORY:
            await answer.toast(notices.stale_button(reader.texts))
            return
        await answer.toast(await set_level(desk, reader, target, pressed.level))
        listed = screens.list_of(pressed.kind)
        await answer.turn(await follows_screen(desk, reader, listed, pressed.page))

    @router.callback_query(Pressed(Unfollow))
    async def unfollow(
        query: CallbackQuery, pressed: Unfollow, reader: Reader, answer: Answer
    ) -> None:
        target = await target_of(desk, reader, pressed.kind, pressed.key)
        said = notices.stale_button(reader.texts)
        if target is not None:
            said = await set_level(desk, reader, target, Level.OFF)
        await answer.toast(said)
        await answer.turn(await follows_screen(desk, reader, FollowScreen.DROP, pressed.page))

    @router.callback_query(Pressed(UnfollowEverything))
    async def unfollow_everything(
        query: CallbackQuery, pressed: UnfollowEverything, reader: Reader, answer: Answer
    ) -> None:
        if not pressed.confirmed:
            await answer.turn(screens.unfollow_question(reader.viewer))
            return
        await storage.subscribers.unfollow_all(reader.subscriber.id)
        await answer.toast(notices.unfollowed_all(reader.texts))
        await answer.turn(await follows_screen(desk, reader, FollowScreen.HOME))

    @router.callback_query(Pressed(FollowStory))
    async def follow_story(
        query: CallbackQuery, pressed: FollowStory, reader: Reader, answer: Answer
    ) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        label = clip(clean(article.title), _TITLE)
        key = str(article.story_id)
        target = Target(FollowKind.STORY, key, key, label)
        if await _level_of(desk, reader, target) is Level.OFF:
            await set_level(desk, reader, target, Level.NOW)
        await answer.toast(notices.followed(clip(label, 100), Level.NOW, reader.texts))
        shown = await item_screen(desk, reader, target, article=article.id)
        await turn_aside(desk, reader, answer, shown)

    @router.callback_query(Pressed(AskFollow))
    async def ask(query: CallbackQuery, pressed: AskFollow, reader: Reader, answer: Answer) -> None:
        shown = screens.question(
            pressed.asked, reader.texts, pressed.article, group=reader.group, alone=answer.alone
        )
        await desk.asking.ask(reader, answer, _QUESTIONS[pressed.asked], shown)

    async def words_given(reader: Reader, answer: Answer, text: str, data: str) -> bool:
        if is_address(text):
            return False
        await follow_typed(desk, reader, answer, follow_forms.words_of(text, desk.texts))
        return True

    async def source_given(reader: Reader, answer: Answer, text: str, data: str) -> bool:
        await look_at(desk, reader, answer, text)
        return True

    desk.asking.expect(Question.FOLLOW, words_given)
    desk.asking.expect(Question.SOURCE, source_given)

    @router.callback_query(Pressed(FollowQuery))
    async def follow_query(
        query: CallbackQuery, pressed: FollowQuery, reader: Reader, answer: Answer
    ) -> None:
        try:
            words, found = await followed_words(desk, reader, pressed.query)
        except NotFoundError:
            await answer.toast(notices.stale_button(reader.texts))
            return
        label = follow_forms.whole_words(words)
        target = target_of_intent(desk, FollowIntent(FollowKind.WORDS, "", label, None))
        if isinstance(target, Wrong):
            await answer.toast(notices.wrong(target, reader.texts), alert=True)
            return
        # Whoever asks to be told changes no louder follow, and no longer hides what it brings.
        louder = await _level_of(desk, reader, target) is Level.SOUND
        level = Level.SOUND if louder else Level.NOW
        await storage.subscribers.unmute(reader.subscriber.id, target.kind, target.key)
        said = await set_level(desk, reader, target, level)
        # Over a list it is read before it goes: the list stays, and no message piles up below it.
        await answer.toast(said, alert=found)
        if not found:
            await answer.turn(await item_screen(desk, reader, target))

    return router


# ---------------------------------------------------------------- screens


async def follows_screen(
    desk: Desk, reader: Reader, screen: FollowScreen, page: int = 0
) -> Payload:
    """A screen of /subscribe, /unsubscribe or /mute as things stand."""
    if screen is FollowScreen.HIDDEN:
        mutes = await desk.storage.subscribers.mutes(reader.subscriber.id, reader.viewer.now)
        return hiding.screen(mutes, ready(desk, reader, mutes), reader.viewer, page)
    followed = await _followed(desk, reader)
    if screen is FollowScreen.DROP:
        return screens.drop_screen(followed, reader.viewer, page)
    shown = screens.follows_screen(screen, followed, reader.viewer, page)
    home = screen is FollowScreen.HOME
    return places.with_way_back(shown, reader.subscriber, reader.texts) if home else shown


async def _followed(desk: Desk, reader: Reader) -> Followed:
    subscriber, subscribers = reader.subscriber, desk.storage.subscribers
    return Followed(
        tuple(await subscribers.subscriptions(subscriber.id)),
        tuple(await desk.storage.feeds.sources(reader=subscriber.id)),
        subscriber.alerts,
        mutes=tuple(await subscribers.mutes(subscriber.id, reader.viewer.now)),
        digests=bool(await subscribers.slots(subscriber.id)),
        adds=desk.settings.readers_add_sources > 0,
        group=reader.group,
    )


async def item_screen(
    desk: Desk, reader: Reader, target: Target, *, page: int = 0, article: int = 0
) -> Payload:
    """The screen of one follow as things stand, with what it would have brought."""
    followed = await _followed(desk, reader)
    source = None
    if target.kind is FollowKind.SOURCE:
        source = await known_source(desk, reader, int(target.token))
    item = Item(
        kind=target.kind,
        key=target.key,
        token=target.token,
        label=target.label,
        level=followed.level(target.kind, target.key),
        brought=await brought(desk, reader, target, followed.mutes),
        mute=followed.mute(target.kind, target.key),
        source=source,
        article=article,
        page=page,
    )
    return screens.item_screen(item, followed, reader.viewer)


def ready(desk: Desk, reader: Reader, mutes: Sequence[Mute]) -> list[Ready]:
    """The mutes that are ready to be tapped and do not hold yet."""
    held = {(one.kind, one.key) for one in mutes}
    return [
        one
        for one in Ready
        if any((kind, key) not in held for kind, key, _label in ready_keys(desk, reader, one))
    ]


def ready_keys(desk: Desk, reader: Reader, one: Ready) -> list[tuple[FollowKind, str, str]]:
    """What a ready mute hides: (kind, key, label). Words in the languages that the reader reads."""
    match one:
        case Ready.SPORT:
            return [(FollowKind.TOPIC, Topic.SPORT.value, Topic.SPORT.value)]
        case Ready.INCIDENTS:
            return [(FollowKind.TOPIC, Topic.INCIDENTS.value, Topic.INCIDENTS.value)]
        case Ready.HOROSCOPES:
            read = reader.subscriber.news_language
            languages = [read] if read in desk.texts else sorted(desk.texts)
            words = [desk.texts[code].pgettext("hidden word", "horoscope") for code in languages]
            return [(FollowKind.WORDS, desk.normaliser.phrase(word), word) for word in words]


async def _stale(desk: Desk, reader: Reader, answer: Answer, kind: FollowKind) -> None:
    """A button of what is followed, or there, no more: say so, and show what there is."""
    await answer.toast(notices.stale_button(reader.texts))
    await answer.turn(await follows_screen(desk, reader, screens.list_of(kind)))


# ---------------------------------------------------------------- what a follow brings


async def brought(desk: Desk, reader: Reader, target: Target, mutes: Sequence[Mute]) -> Brought:
    """What a follow would have brought in the last 24 hours, one headline a story.

    What a mute hides is counted to that mute; the follow's own is told otherwise.
    """
    storage, subscriber = desk.storage, reader.subscriber
    since = reader.viewer.now - _LATELY
    language = subscriber.news_language
    match target.kind:
        case FollowKind.EVERYTHING | FollowKind.TOPIC:
            topic = Topic(target.key) if target.kind is FollowKind.TOPIC else None
            keys = await storage.brought.of_topic(
                topic, language=language, since=since, limit=_LOOKED_AT
            )
            many = len(keys) == _LOOKED_AT
        case FollowKind.SOURCE:
            keys = await storage.brought.of_source(
                target.key, reader=subscriber.id, language=language, since=since, limit=_LOOKED_AT
            )
            many = len(keys) == _LOOKED_AT
        case FollowKind.WORDS:
            keys, many = await _with_phrase(desk, reader, target.key)
        case FollowKind.STORY:
            return Brought()
    others = [one for one in mutes if (one.kind, one.key) != (target.kind, target.key)]
    if not others:
        headlines = await storage.articles.by_keys(keys[:SHOWN], reader=subscriber.id)
        return Brought(tuple(headlines), len(keys), many)
    headlines = await storage.articles.by_keys(keys, reader=subscriber.id)
    hidden = await _hidden_by(desk, headlines, others)
    shown = [one for one in headlines if one.article_id not in hidden]
    by_mute = tuple(Counter(hidden.values()).most_common())
    return Brought(tuple(shown[:SHOWN]), len(shown), many, by_mute)


async def _hidden_by(
    desk: Desk, headlines: Sequence[Headline], mutes: Sequence[Mute]
) -> dict[int, Mute]:
    """Of these articles those that do not come, by id, each with a mute that it meets."""
    by_key = {(one.kind, one.key): one for one in mutes}
    phrases = [one.key for one in mutes if one.kind is FollowKind.WORDS]
    ids = [one.article_id for one in headlines]
    texts = await desk.storage.articles.words_of(ids) if phrases else {}
    sequels = {}
    if any(one.kind is FollowKind.STORY for one in mutes):
        sequels = await desk.storage.fronts.gone_on_with([one.story_id for one in headlines])
    hidden = {}
    for one in headlines:
        met = [
            *headline_keys(one),
            *((FollowKind.STORY, str(before)) for before in sequels.get(one.story_id, ())),
            *(phrase_keys(phrases, *texts[one.article_id]) if one.article_id in texts else ()),
        ]
        if mute := next((by_key[key] for key in met if key in by_key), None):
            hidden[one.article_id] = mute
    return hidden


async def _with_phrase(desk: Desk, reader: Reader, phrase: str) -> tuple[list[int], bool]:
    """Keys of the day's articles in which a phrase stands, one a story; whether there are more."""
    storage, words = desk.storage, phrase.split()
    places = await storage.brought.with_words(
        words,
        reader=reader.subscriber.id,
        language=reader.subscriber.news_language,
        since=reader.viewer.now - _LATELY,
        limit=_LOOKED_AT,
    )
    if len(words) > 1:
        texts = await storage.articles.words_of([place.article_id for place in places])
        standing = {one for one, text in texts.items() if phrase_keys([phrase], *text)}
        found = [place for place in places if place.article_id in standing]
    else:
        found = places
    stories = {place.story_id: place.search_key for place in reversed(found)}
    return sorted(stories.values(), reverse=True), len(places) == _LOOKED_AT


# ---------------------------------------------------------------- what is meant, and done


async def mute_named(desk: Desk, reader: Reader, kind: FollowKind, token: str) -> Mute | None:
    """The mute that a button names by the `word_token` of its key, where it still holds."""
    mutes = await desk.storage.subscribers.mutes(reader.subscriber.id, reader.viewer.now)
    return next((one for one in mutes if one.kind is kind and word_token(one.key) == token), None)


async def target_of(desk: Desk, reader: Reader, kind: FollowKind, key: str) -> Target | None:
    """What a button means; None where that is no longer there."""
    match kind:
        case FollowKind.EVERYTHING:
            return Target(kind, "", "", "")
        case FollowKind.TOPIC if key in set(Topic):
            return Target(kind, key, key, key)
        case FollowKind.SOURCE if key.isascii() and key.isdigit():
            source = await known_source(desk, reader, int(key))
            if source is not None:
                return Target(kind, source.domain, key, source.title or source.domain)
        case FollowKind.WORDS | FollowKind.STORY:
            for one in await desk.storage.subscribers.subscriptions(reader.subscriber.id):
                if one.kind is kind and key == screens.token_of(kind, one.key):
                    return Target(kind, one.key, key, one.label)
    return None


def target_of_intent(desk: Desk, intent: FollowIntent) -> Target | Wrong:
    """What a typed form means; Wrong where its words cannot be followed."""
    if intent.kind is not FollowKind.WORDS:
        return Target(intent.kind, intent.key, intent.key, intent.label)
    key = desk.normaliser.phrase(intent.label)
    # A lone «и» stands in every article: that would be following everything at once.
    if key in STOP_WORDS:
        return Wrong(forms.Fault.COMMON, intent.label)
    if not key:
        return Wrong(forms.Fault.WORDS, intent.label, (str(follow_forms.MAX_WORDS),))
    return Target(intent.kind, key, word_token(key), intent.label)


async def follow_typed(
    desk: Desk, reader: Reader, answer: Answer, intent: FollowIntent | Wrong
) -> None:
    """Follow what was typed, and confirm it by its screen; or say what is wrong with it."""
    if isinstance(intent, Wrong):
        await answer.tell(notices.wrong(intent, reader.texts))
        return
    target = target_of_intent(desk, intent)
    if isinstance(target, Wrong):
        await answer.tell(notices.wrong(target, reader.texts))
        return
    level = intent.level or _USUAL.get(intent.kind, Level.DIGEST)
    said = await set_level(desk, reader, target, level)
    if level is Level.OFF:
        await answer.say(screens.said(said, reader.texts, group=reader.group))
        return
    if target.kind is FollowKind.SOURCE:
        owned = await desk.storage.feeds.source_by_domain(target.key, reader.subscriber.id)
        source = owned or await desk.storage.feeds.source_by_domain(target.key)
        if source is None:
            await answer.tell(said)
            return
        target = Target(target.kind, target.key, str(source.id), target.label)
    await answer.say(await item_screen(desk, reader, target))


async def _level_of(desk: Desk, reader: Reader, target: Target) -> Level:
    return (await _followed(desk, reader)).level(target.kind, target.key)


async def set_level(desk: Desk, reader: Reader, target: Target, level: Level) -> str:
    """Store a follow, or end it; returns the line that confirms it."""
    texts, subscribers = reader.texts, desk.storage.subscribers
    name = notices.name_of(target.kind, target.key, target.label, texts)
    subscriber_id = reader.subscriber.id
    if level is Level.OFF and target.kind in (FollowKind.WORDS, FollowKind.STORY):
        if not await subscribers.unfollow(subscriber_id, target.kind, target.key):
            return notices.not_followed(name, texts)
    else:
        # A topic or source that is off must say so, or "everything" would speak for it.
        await subscribers.follow(
            Subscription(subscriber_id, target.kind, target.key, target.label, level)
        )
    return notices.followed(name, level, texts)
