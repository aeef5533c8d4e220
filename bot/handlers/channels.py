"""Channels: the bot's coming and going there, the screens of an edition, drafts and their fate.

    the bot becomes a channel's admin ─▶ an edition that is off ─▶ its screen, in the private chat
    a draft's button, or its new text ─▶ rights asked of Telegram ─▶ approved, skipped, reworded

All of it is said in private chats; whoever may post in the channel may do all of it, and is asked
for by `getChatMember` at every press, since buttons outlive rights.
"""

import asyncio
import logging
import re
from dataclasses import replace
from zoneinfo import available_timezones

from aiogram import Bot, Router
from aiogram.exceptions import AiogramError
from aiogram.filters import Command, Filter
from aiogram.types import CallbackQuery, ChatMemberAdministrator, ChatMemberUpdated, Message

from bot.handlers.answering import Answer
from bot.handlers.asking import Question
from bot.handlers.desk import Desk, Reader, viewer_of
from bot.handlers.door import Pressed
from bot.handlers.settings import places_meant
from bot.messages import classic, editions, forms, notices
from bot.messages.callbacks import (
    AskEditionWords,
    Channels,
    EditionOf,
    EditionScreen,
    EditionSetting,
    PublishDraft,
    RewordDraft,
    SetEdition,
    Setting,
    ShowDraft,
    SkipDraft,
    UpdatePost,
    word_token,
)
from bot.messages.editions import Kept
from bot.messages.payloads import Payload
from bot.messages.settings import zone_set
from bot.telegram.faults import FaultKind, classify
from bot.telegram.rights import may_post
from bot.words.stopwords import STOP_WORDS
from storage import (
    Alerts,
    Article,
    ArticleState,
    ChatKind,
    EditionMode,
    FollowKind,
    Level,
    NotFoundError,
    PostDraft,
    Subscriber,
    Subscription,
    Topic,
)

log = logging.getLogger(__name__)

WORDS_MOST = 3000
"""UTF-16 units of an editor's text: with headline and source it fits a message (4,096)."""

_ID = re.compile(r"\d{1,18}", re.ASCII)  # what SQLite holds
_ASKED_AT_ONCE = 10  # channels whose rights are asked for
_ASKED_ABOUT = 50
_SHOWN_SCREEN = {
    EditionSetting.TOPIC: EditionScreen.TOPICS,
    EditionSetting.SOURCE: EditionScreen.SOURCES,
    EditionSetting.WORDS: EditionScreen.WORDS,
    EditionSetting.QUIET: EditionScreen.QUIET,
    EditionSetting.HOURLY: EditionScreen.LIMITS,
    EditionSetting.DAILY: EditionScreen.LIMITS,
}


class OfChannel(Filter):
    """Passes what befalls the bot in a channel."""

    async def __call__(self, update: ChatMemberUpdated) -> bool:
        """Groups and private chats are the arrivals' matter."""
        return update.chat.type == ChatKind.CHANNEL.value


class Private(Filter):
    """Passes what is said in a private chat."""

    async def __call__(self, message: Message) -> bool:
        """A channel's matters are no group's."""
        return message.chat.type == ChatKind.PRIVATE.value


def make_router(desk: Desk) -> Router:
    """Return the router of channels."""
    router = Router(name="channels")
    storage = desk.storage

    @router.my_chat_member(OfChannel())
    async def membership(update: ChatMemberUpdated, bot: Bot) -> None:
        await _membership(desk, update, bot)

    async def reworded(reader: Reader, answer: Answer, text: str, data: str) -> bool:
        return await _reworded(desk, reader, answer, int(data), text)

    async def words_said(reader: Reader, answer: Answer, text: str, data: str) -> bool:
        await _words_added(desk, reader, answer, int(data), text)
        return True

    async def zone_said(reader: Reader, answer: Answer, text: str, data: str) -> bool:
        await _zone_given(desk, reader, answer, int(data), text)
        return True

    desk.asking.expect(Question.CHANNEL_ZONE, zone_said)
    desk.asking.expect(Question.POST, reworded)
    desk.asking.expect(Question.CHANNEL, words_said)

    @router.message(Private(), Command("channels", ignore_case=True))
    async def list_command(message: Message, reader: Reader, answer: Answer) -> None:
        await answer.say(await _channels(desk, reader, answer.bot))

    @router.callback_query(Pressed(Channels))
    async def list_pressed(query: CallbackQuery, reader: Reader, answer: Answer) -> None:
        await answer.turn(await _channels(desk, reader, answer.bot))

    @router.callback_query(Pressed(EditionOf))
    async def screen(
        query: CallbackQuery, pressed: EditionOf, reader: Reader, answer: Answer
    ) -> None:
        channel = await _managed(desk, reader, answer, pressed.channel)
        if channel is None:
            return
        await _note_chat(desk, answer.bot, channel)
        shown = await _screen(desk, reader, channel, pressed.screen, pressed.page)
        if pressed.screen is EditionScreen.ZONE:
            await desk.asking.ask(reader, answer, Question.CHANNEL_ZONE, shown, str(channel.id))
        else:
            await answer.turn(shown)

    @router.callback_query(Pressed(SetEdition))
    async def change(
        query: CallbackQuery, pressed: SetEdition, reader: Reader, answer: Answer
    ) -> None:
        channel = await _managed(desk, reader, answer, pressed.channel)
        if channel is None:
            return
        if not await _change(desk, reader, channel, pressed):
            await answer.toast(notices.stale_button(reader.texts))
            return
        channel = await storage.subscribers.get(channel.id)
        if pressed.setting is EditionSetting.ZONE:
            await answer.toast(zone_set("", channel.zone, reader.viewer))
        shown = _SHOWN_SCREEN.get(pressed.setting, EditionScreen.HOME)
        await answer.turn(await _screen(desk, reader, channel, shown, pressed.page))

    @router.callback_query(Pressed(AskEditionWords))
    async def ask_words(
        query: CallbackQuery, pressed: AskEditionWords, reader: Reader, answer: Answer
    ) -> None:
        channel = await _managed(desk, reader, answer, pressed.channel)
        if channel is not None:
            asked = editions.words_question(reader.texts, channel)
            await desk.asking.ask(reader, answer, Question.CHANNEL, asked, str(channel.id))

    @router.callback_query(Pressed(PublishDraft))
    async def publish(
        query: CallbackQuery, pressed: PublishDraft, reader: Reader, answer: Answer
    ) -> None:
        draft, channel = await _draft(desk, reader, answer, pressed.draft)
        if draft is None or channel is None:
            return
        if draft.status == "waiting" and draft.outrun:
            await _show_outrun(desk, reader, answer, channel, draft)
            return
        if not await storage.editions.approve(draft.id, desk.clock()):
            await _decided_already(desk, reader, answer, channel, draft.id)
            return
        await _show_decided(desk, reader, answer, channel, draft.id)

    @router.callback_query(Pressed(SkipDraft))
    async def skip(
        query: CallbackQuery, pressed: SkipDraft, reader: Reader, answer: Answer
    ) -> None:
        draft, channel = await _draft(desk, reader, answer, pressed.draft)
        if draft is None or channel is None:
            return
        if not await storage.editions.skip(draft.id):
            await _decided_already(desk, reader, answer, channel, draft.id)
            return
        await _show_decided(desk, reader, answer, channel, draft.id)

    @router.callback_query(Pressed(RewordDraft))
    async def reword(
        query: CallbackQuery, pressed: RewordDraft, reader: Reader, answer: Answer
    ) -> None:
        draft, channel = await _draft(desk, reader, answer, pressed.draft)
        if draft is None or channel is None:
            return
        if draft.status != "waiting":
            await _decided_already(desk, reader, answer, channel, draft.id)
            return
        article = await _article(desk, draft)
        if article is None or article.state is ArticleState.GONE:
            await _show_outrun(desk, reader, answer, channel, draft)
            return
        asked = editions.reword_question(draft, article, reader.viewer)
        await desk.asking.ask(reader, answer, Question.POST, asked, str(draft.id))

    @router.callback_query(Pressed(ShowDraft))
    async def show_draft(
        query: CallbackQuery, pressed: ShowDraft, reader: Reader, answer: Answer
    ) -> None:
        draft, channel = await _draft(desk, reader, answer, pressed.draft)
        if draft is None or channel is None:
            return
        article = await _article(desk, draft)
        if draft.status != "waiting" or article is None:
            await _show_decided(desk, reader, answer, channel, draft.id)
            return
        await _show_waiting(desk, reader, answer, channel, draft, article)

    @router.callback_query(Pressed(UpdatePost))
    async def update_post(
        query: CallbackQuery, pressed: UpdatePost, reader: Reader, answer: Answer
    ) -> None:
        draft, channel = await _draft(desk, reader, answer, pressed.draft)
        if draft is None or channel is None or draft.post_id is None:
            return
        await _update_post(desk, reader, answer, channel, draft)

    return router


# ---------------------------------------------------------------- coming and going


async def _membership(desk: Desk, update: ChatMemberUpdated, bot: Bot) -> None:
    chat, person, storage = update.chat, update.from_user, desk.storage
    member = update.new_chat_member
    subscriber = await storage.subscribers.find(chat.id)
    if not isinstance(member, ChatMemberAdministrator) or member.can_post_messages is False:
        await storage.subscribers.pause(chat.id, f"membership: {member.status}")
        return
    if subscriber is None:
        if not await desk.admitted(person.id):
            texts = desk.texts[desk.language(person.language_code)]
            said = notices.note(editions.stranger(texts, chat.title or ""))
            await _tell(desk, bot, person.id, said)
            return
        own = await storage.subscribers.find(person.id)
        subscriber, _made = await desk.enrol(
            chat.id, ChatKind.CHANNEL, chat.title or "", person.language_code
        )
        if own is not None:
            subscriber = await storage.subscribers.change(
                subscriber.id, language=own.language, zone=own.zone
            )
    await storage.subscribers.revive(chat.id)
    made = await storage.editions.open(subscriber.id, person.id)
    await storage.editions.resume(subscriber.id, desk.clock())
    subscriber = await storage.subscribers.get(subscriber.id)
    await _note_chat(desk, bot, subscriber)
    if made:
        own = await storage.subscribers.find(person.id)
        viewer = viewer_of(own or subscriber, desk.texts, desk.clock(), desk.digests.bot)
        reader = Reader(own or subscriber, viewer, person.id, group=False)
        shown = await _screen(desk, reader, subscriber, EditionScreen.HOME)
        await _tell(desk, bot, person.id, shown)


async def _tell(desk: Desk, bot: Bot, person_id: int, payload: Payload) -> None:
    """Write to somebody who may never have started the bot; /channels tells the same later."""
    try:
        await Answer(bot, desk, person_id).say(payload)
    except AiogramError as error:
        log.debug("person %d is not told of a channel: %s", person_id, classify(error).text)


async def _note_chat(desk: Desk, bot: Bot, channel: Subscriber) -> None:
    """Note the channel's public name and its discussion group, where Telegram says them."""
    try:
        full = await bot.get_chat(channel.chat_id)
    except AiogramError as error:
        log.debug("chat %d is not described: %s", channel.chat_id, classify(error).text)
        return
    await desk.storage.editions.note_chat(channel.id, full.username or "", full.linked_chat_id)
    if full.title and full.title != channel.title:
        await desk.storage.subscribers.rename(channel.chat_id, full.title)


# ---------------------------------------------------------------- rights


async def _managed(
    desk: Desk, reader: Reader, answer: Answer, channel_id: int
) -> Subscriber | None:
    """The channel that a button names, where whoever pressed may post in it; else they are told."""
    try:
        channel = await desk.storage.subscribers.get(channel_id)
    except NotFoundError:
        channel = None
    if channel is None or await desk.storage.editions.find(channel.id) is None:
        await answer.toast(notices.stale_button(reader.texts))
        return None
    if not await may_post(answer.bot, channel.chat_id, reader.person_id):
        await answer.toast(editions.not_admin(reader.texts), alert=True)
        return None
    return channel


async def _draft(
    desk: Desk, reader: Reader, answer: Answer, draft_id: int
) -> tuple[PostDraft | None, Subscriber | None]:
    draft = await desk.storage.editions.draft(draft_id)
    if draft is None:
        await answer.toast(notices.stale_button(reader.texts))
        return None, None
    return draft, await _managed(desk, reader, answer, draft.subscriber_id)


# ---------------------------------------------------------------- screens


async def _channels(desk: Desk, reader: Reader, bot: Bot) -> Payload:
    """The channels that the reader may manage, as Telegram says of each.

    Theirs first, then those that nobody keeps: a bot of many channels asks about so many alone.
    """
    everything = await desk.storage.editions.all()
    everything.sort(key=lambda one: (one[0].keeper != reader.person_id, one[0].keeper != 0))
    known = everything[:_ASKED_ABOUT]
    places = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def allowed(channel: Subscriber) -> bool:
        async with places:
            return bool(await may_post(bot, channel.chat_id, reader.person_id))

    may = await asyncio.gather(*(allowed(channel) for _edition, channel in known))
    kept = [one for one, yes in zip(known, may, strict=True) if yes]
    return editions.channels(kept, reader.viewer)


async def _screen(
    desk: Desk, reader: Reader, channel: Subscriber, screen: EditionScreen, page: int = 0
) -> Payload:
    kept = await _kept(desk, reader, channel)
    return editions.edition_screen(kept, reader.viewer, screen, page)


async def _kept(desk: Desk, reader: Reader, channel: Subscriber) -> Kept:
    edition = await desk.storage.editions.find(channel.id)
    if edition is None:
        raise NotFoundError(f"subscriber {channel.id} has no edition")
    return Kept(
        edition,
        channel,
        tuple(await desk.storage.subscribers.subscriptions(channel.id)),
        tuple(await desk.storage.feeds.sources(reader=channel.id)),
        here=edition.keeper == reader.person_id,
        languages=tuple(sorted(desk.texts)),
        closed=not desk.public,
    )


async def _change(desk: Desk, reader: Reader, channel: Subscriber, pressed: SetEdition) -> bool:
    """Store a change; False where its value is none (buttons can be forged)."""
    subscribers, value = desk.storage.subscribers, pressed.value
    switched = value == "on"
    match pressed.setting:
        case EditionSetting.MODE if value in set(EditionMode):
            await desk.storage.editions.set_mode(channel.id, EditionMode(value), reader.person_id)
        case EditionSetting.KEEPER:
            await desk.storage.editions.set_keeper(channel.id, reader.person_id)
            if await subscribers.find(reader.person_id) is None:  # erased at their wish meanwhile
                await desk.storage.editions.leave(channel.id, reader.person_id)
        case EditionSetting.EVERYTHING:
            alerts = Alerts.IMPORTANT if switched else Alerts.OFF
            await subscribers.change(channel.id, alerts=alerts)
        case EditionSetting.PICTURES:
            await subscribers.change(channel.id, pictures=switched)
        case EditionSetting.LANGUAGE if value in desk.texts:
            news = await desk.news_language(desk.texts[value])
            await subscribers.change(channel.id, language=value, news_language=news)
        case EditionSetting.QUIET | EditionSetting.HOURLY:
            intent = forms.parse_setting(Setting(pressed.setting.value), value, desk.texts, ())
            match intent:
                case forms.SetQuiet(hours):
                    start, end = hours or (None, None)
                    await subscribers.change(channel.id, quiet_from=start, quiet_to=end)
                case forms.SetHourly(hourly):
                    await subscribers.change(channel.id, hourly=hourly)
                case _:
                    return False
        case EditionSetting.DAILY if value in (*editions.DAILY, "off"):
            await subscribers.change(channel.id, daily=None if value == "off" else int(value))
        case EditionSetting.ZONE if value in available_timezones():
            await subscribers.change(channel.id, zone=value, zone_chosen=True)
        case EditionSetting.TOPIC | EditionSetting.SOURCE:
            return await _follow(desk, channel, pressed.setting, value[:1] == "+", value[1:])
        case EditionSetting.WORDS:
            for one in await subscribers.subscriptions(channel.id):
                if one.kind is FollowKind.WORDS and word_token(one.key) == value:
                    await subscribers.unfollow(channel.id, one.kind, one.key)
        case _:
            return False
    return True


async def _follow(
    desk: Desk, channel: Subscriber, setting: EditionSetting, wanted: bool, key: str
) -> bool:
    """Post a topic's or a source's news, or no more; but no reader's own source."""
    kind, label = FollowKind(setting.value), key
    if kind is FollowKind.TOPIC and key not in set(Topic):
        return False
    if kind is FollowKind.SOURCE:
        try:
            source = await desk.storage.feeds.source(int(key) if _ID.fullmatch(key) else 0)
        except NotFoundError:
            return False
        if source.owner is not None:
            return False
        key, label = source.domain, source.title or source.domain
    if wanted:
        await desk.storage.subscribers.follow(Subscription(channel.id, kind, key, label, Level.NOW))
    else:
        await desk.storage.subscribers.unfollow(channel.id, kind, key)
    return True


# ---------------------------------------------------------------- typed answers


async def _article(desk: Desk, draft: PostDraft) -> Article | None:
    try:
        return await desk.storage.articles.get(draft.article_id)
    except NotFoundError:
        return None


async def _reworded(desk: Desk, reader: Reader, answer: Answer, draft_id: int, text: str) -> bool:
    """An editor's text for a draft: shown again as the post will look."""
    draft, channel = await _draft_said(desk, reader, answer, draft_id)
    if draft is None or channel is None:
        return True
    article = await _article(desk, draft)
    if article is None:
        await answer.tell(notices.gone(reader.texts))
        return True
    if len(text.encode("utf-16-le")) > 2 * WORDS_MOST:
        said = notices.note(editions.too_long(reader.texts, WORDS_MOST))
        await desk.asking.ask(reader, answer, Question.POST, said, str(draft_id))
        return True
    if not await desk.storage.editions.reword(draft_id, text):
        await answer.tell(editions.decided_already(draft.status, reader.texts))
        return True
    shown = editions.draft(replace(draft, words=text), article, channel, reader.viewer)
    message_id = await answer.say(shown)
    await desk.storage.editions.told(
        draft_id,
        "waiting",
        person_id=reader.person_id,
        message_id=message_id,
        seen=draft.look,
    )
    if draft.person_id == reader.person_id and draft.message_id is not None:
        await answer.delete([draft.message_id])
    return True


async def _draft_said(
    desk: Desk, reader: Reader, answer: Answer, draft_id: int
) -> tuple[PostDraft | None, Subscriber | None]:
    """A draft that typed text is about, where its writer may post; else they are told."""
    draft = await desk.storage.editions.draft(draft_id)
    if draft is None:
        await answer.tell(notices.gone(reader.texts))
        return None, None
    channel = await _channel_said(desk, reader, answer, draft.subscriber_id)
    return (draft, channel) if channel is not None else (None, None)


async def _channel_said(
    desk: Desk, reader: Reader, answer: Answer, channel_id: int
) -> Subscriber | None:
    """A channel that typed text is about, where its writer may post; else they are told."""
    try:
        channel = await desk.storage.subscribers.get(channel_id)
    except NotFoundError:
        await answer.tell(notices.stale_button(reader.texts))
        return None
    if not await may_post(answer.bot, channel.chat_id, reader.person_id):
        await answer.tell(editions.not_admin(reader.texts))
        return None
    return channel


async def _words_added(
    desk: Desk, reader: Reader, answer: Answer, channel_id: int, text: str
) -> None:
    channel = await _channel_said(desk, reader, answer, channel_id)
    if channel is None:
        return
    label = " ".join(text.split())[:100]
    key = desk.normaliser.phrase(label)
    if not key or key in STOP_WORDS:
        asked = editions.words_question(reader.texts, channel)
        await desk.asking.ask(reader, answer, Question.CHANNEL, asked, str(channel_id))
        return
    await desk.storage.subscribers.follow(
        Subscription(channel.id, FollowKind.WORDS, key, label, Level.NOW)
    )
    await answer.say(await _screen(desk, reader, channel, EditionScreen.WORDS))


async def _zone_given(
    desk: Desk, reader: Reader, answer: Answer, channel_id: int, text: str
) -> None:
    """A channel's zone, typed as a reader's own may be; where several are meant, they are shown."""
    channel = await _channel_said(desk, reader, answer, channel_id)
    if channel is None:
        return
    found = await places_meant(desk, reader, text)
    if len(found) == 1:
        channel = await desk.storage.subscribers.change(
            channel_id, zone=found[0].zone, zone_chosen=True
        )
        await answer.tell(zone_set(found[0].name, channel.zone, reader.viewer))
        await answer.say(await _screen(desk, reader, channel, EditionScreen.HOME))
        return
    kept = await _kept(desk, reader, channel)
    shown = editions.zone_screen(kept, reader.viewer, found, unknown=not found)
    await desk.asking.ask(reader, answer, Question.CHANNEL_ZONE, shown, str(channel_id))


# ---------------------------------------------------------------- drafts decided


async def _show_decided(
    desk: Desk, reader: Reader, answer: Answer, channel: Subscriber, draft_id: int
) -> None:
    """Let the pressed message say what became of its draft."""
    draft = await desk.storage.editions.draft(draft_id)
    edition = await desk.storage.editions.find(channel.id)
    if draft is None or edition is None:
        return
    article = await _article(desk, draft)
    title = article.title if article is not None else ""
    await answer.turn(editions.decided(draft, title, channel, edition.username, reader.viewer))


async def _decided_already(
    desk: Desk, reader: Reader, answer: Answer, channel: Subscriber, draft_id: int
) -> None:
    draft = await desk.storage.editions.draft(draft_id)
    if draft is not None and draft.status == "waiting":
        await _show_outrun(desk, reader, answer, channel, draft)
    elif draft is not None:
        await answer.toast(editions.decided_already(draft.status, reader.texts))
        await _show_decided(desk, reader, answer, channel, draft_id)


async def _show_outrun(
    desk: Desk, reader: Reader, answer: Answer, channel: Subscriber, draft: PostDraft
) -> None:
    """Show a draft whose article has changed since, or is gone, as it is now."""
    article = await _article(desk, draft)
    if article is None:
        await answer.toast(notices.gone(reader.texts))
        return
    gone = article.state is ArticleState.GONE
    said = editions.withdrawn(reader.texts) if gone else editions.look_again(reader.texts)
    await answer.toast(said, alert=True)
    await _show_waiting(desk, reader, answer, channel, draft, article)


async def _show_waiting(
    desk: Desk,
    reader: Reader,
    answer: Answer,
    channel: Subscriber,
    draft: PostDraft,
    article: Article,
) -> None:
    """Let the pressed message show a draft; `draft` was read before its article."""
    await answer.turn(editions.draft(draft, article, channel, reader.viewer))
    if answer.message_id == draft.message_id and reader.person_id == draft.person_id:
        await desk.storage.editions.told(draft.id, "waiting", seen=draft.look)


async def _update_post(
    desk: Desk, reader: Reader, answer: Answer, channel: Subscriber, draft: PostDraft
) -> None:
    """Let a post show the corrected article instead of an editor's words."""
    article = await _article(desk, draft)
    if article is None:
        await answer.toast(notices.gone(reader.texts))
        return
    viewer = viewer_of(channel, desk.texts, desk.clock(), desk.digests.bot)
    shown = classic.post(article, viewer, caption=draft.photo)
    post = Answer(answer.bot, desk, channel.chat_id)
    try:
        await post.turn(shown, draft.post_id, captioned=draft.photo)
    except AiogramError as error:
        fault = classify(error)
        if fault.kind in (FaultKind.BLOCKED, FaultKind.NO_RIGHTS, FaultKind.CHAT_NOT_FOUND):
            await answer.toast(editions.decided_already("failed", reader.texts), alert=True)
            return
        raise
    await desk.storage.editions.drop_words(draft.id)
    await _show_decided(desk, reader, answer, channel, draft.id)
