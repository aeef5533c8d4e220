"""What a reader does not want to see: /mute, /unmute, and «Не показывать…» under an article.

A mute holds for what comes by itself, at once or in the digest, and for the top stories; what is
asked for otherwise shows all. Every mute is confirmed with the way back. In a group only its admins
get here (`door.Keepers`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.articles.mentions import mentioned
from bot.delivery import muting
from bot.handlers.answering import Answer
from bot.handlers.articles import find, note_view, turn_aside, with_saved
from bot.handlers.asking import Question
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Keepers, Pressed
from bot.handlers.following import (
    follows_screen,
    mute_named,
    ready_keys,
    target_of,
    target_of_intent,
)
from bot.messages import classic, follow_forms, hiding, notices
from bot.messages.callbacks import (
    FollowScreen,
    Hide,
    HideFollow,
    HideFor,
    HideMenu,
    HideReady,
    HideWords,
    Unhide,
    word_token,
)
from bot.messages.follow_forms import FollowIntent, MuteIntent, UnmuteAll
from bot.messages.forms import Wrong
from bot.messages.hiding import DAYS, Offered
from bot.messages.markup import clean, clip
from storage import Article, FollowKind, Mute, View

_LONGEST = 3650  # days: callback data can be forged
_LABEL = 200  # characters


def make_router(desk: Desk) -> Router:
    """Return the router of what is hidden."""
    router = Router(name="hiding")
    router.message.middleware(Keepers())
    router.callback_query.middleware(Keepers())
    subscribers = desk.storage.subscribers

    @router.message(Command("mute", ignore_case=True))
    async def mute(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        if not command.args:
            await answer.say(await follows_screen(desk, reader, FollowScreen.HIDDEN))
            return
        sources = await desk.storage.feeds.sources(reader=reader.subscriber.id)
        intent = follow_forms.parse_mute(command.args, desk.texts, sources)
        await hide_typed(desk, reader, answer, intent)

    @router.message(Command("unmute", ignore_case=True))
    async def unmute(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        if not command.args:
            await answer.say(await follows_screen(desk, reader, FollowScreen.HIDDEN))
            return
        sources = await desk.storage.feeds.sources(reader=reader.subscriber.id)
        intent = follow_forms.parse_unmute(command.args, desk.texts, sources)
        if isinstance(intent, UnmuteAll):
            await subscribers.unmute_all(reader.subscriber.id)
            await answer.say(hiding.said(hiding.all_shown(reader.texts), reader.texts))
            return
        meant = _meant(desk, intent)
        if isinstance(meant, Wrong):
            await answer.tell(notices.wrong(meant, reader.texts))
            return
        kind, key, label = meant
        name = notices.name_of(kind, key, label, reader.texts)
        lifted = await subscribers.unmute(reader.subscriber.id, kind, key)
        line = hiding.shown_again if lifted else hiding.not_hidden
        await answer.say(hiding.said(line(name, reader.texts), reader.texts))

    @router.callback_query(Pressed(HideMenu))
    async def hide_menu(
        query: CallbackQuery, pressed: HideMenu, reader: Reader, answer: Answer
    ) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        shown = classic.card(article, reader.viewer, caption=answer.captioned)
        keyboard = hiding.menu(article, _offered(desk, article), reader.texts)
        await turn_aside(desk, reader, answer, replace(shown, keyboard=keyboard))

    @router.callback_query(Pressed(Hide))
    async def hide(query: CallbackQuery, pressed: Hide, reader: Reader, answer: Answer) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        match pressed.kind:
            case FollowKind.TOPIC:
                key, label = article.topic.value, reader.texts.topic(article.topic)
            case FollowKind.SOURCE:
                key, label = article.source_domain, article.source or article.source_domain
            case FollowKind.STORY:
                key, label = str(article.story_id), clip(clean(article.title), _LABEL)
            case _:
                await answer.toast(notices.stale_button(reader.texts))
                return
        mute = _mute(reader, pressed.kind, key, label, pressed.days)
        await _hidden(desk, reader, answer, mute, article.id)

    @router.callback_query(Pressed(HideWords))
    async def hide_words(
        query: CallbackQuery, pressed: HideWords, reader: Reader, answer: Answer
    ) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        for one in _offered(desk, article):
            if word_token(one.key) == pressed.words:
                mute = _mute(reader, FollowKind.WORDS, one.key, one.label, DAYS)
                await _hidden(desk, reader, answer, mute, article.id)
                return
        await answer.toast(notices.stale_button(reader.texts))  # a correction took the word away

    @router.callback_query(Pressed(HideReady))
    async def hide_ready(
        query: CallbackQuery, pressed: HideReady, reader: Reader, answer: Answer
    ) -> None:
        for kind, key, label in ready_keys(desk, reader, pressed.ready):
            await muting.mute(desk.storage, _mute(reader, kind, key, label, 0))
        await answer.turn(await follows_screen(desk, reader, FollowScreen.HIDDEN))

    @router.callback_query(Pressed(HideFollow))
    async def hide_follow(
        query: CallbackQuery, pressed: HideFollow, reader: Reader, answer: Answer
    ) -> None:
        target = await target_of(desk, reader, pressed.kind, pressed.key)
        if target is None or target.kind in (FollowKind.EVERYTHING, FollowKind.STORY):
            await answer.toast(notices.stale_button(reader.texts))
            return
        mute = _mute(reader, target.kind, target.key, target.label, DAYS)
        await _hidden(desk, reader, answer, mute)

    @router.callback_query(Pressed(HideFor))
    async def hide_for(
        query: CallbackQuery, pressed: HideFor, reader: Reader, answer: Answer
    ) -> None:
        held = await mute_named(desk, reader, pressed.kind, pressed.key)
        if held is None:
            await answer.toast(notices.stale_button(reader.texts))
            return
        mute = _mute(reader, held.kind, held.key, held.label, pressed.days)
        if pressed.article:
            await _hidden(desk, reader, answer, mute, pressed.article)
            return
        await muting.mute(desk.storage, mute)
        await answer.turn(await follows_screen(desk, reader, FollowScreen.HIDDEN))

    @router.callback_query(Pressed(Unhide))
    async def unhide(query: CallbackQuery, pressed: Unhide, reader: Reader, answer: Answer) -> None:
        held = await mute_named(desk, reader, pressed.kind, pressed.key)
        if held is not None:
            await subscribers.unmute(reader.subscriber.id, held.kind, held.key)
            name = notices.name_of(held.kind, held.key, held.label, reader.texts)
            await answer.toast(hiding.shown_again(name, reader.texts))
        if not pressed.article:
            await answer.turn(await follows_screen(desk, reader, FollowScreen.HIDDEN))
            return
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        shown = classic.card(article, reader.viewer, caption=answer.captioned)
        await answer.turn(await with_saved(desk, reader, shown, article))
        await note_view(desk, reader, answer, View.CARD)

    async def words_given(reader: Reader, answer: Answer, text: str, data: str) -> bool:
        await hide_typed(desk, reader, answer, follow_forms.hidden_words_of(text, desk.texts))
        return True

    desk.asking.expect(Question.HIDE, words_given)
    return router


async def hide_typed(
    desk: Desk,
    reader: Reader,
    answer: Answer,
    intent: MuteIntent | Wrong,
) -> None:
    """Hide what was typed, and confirm it with the way back; or say what is wrong with it."""
    meant = _meant(desk, intent)
    if isinstance(meant, Wrong):
        await answer.tell(notices.wrong(meant, reader.texts))
        return
    days = intent.days if isinstance(intent, MuteIntent) else 0
    mute = _mute(reader, *meant, days)
    await muting.mute(desk.storage, mute)
    await answer.say(hiding.hidden(mute, reader.viewer))


async def _hidden(desk: Desk, reader: Reader, answer: Answer, mute: Mute, article: int = 0) -> None:
    await muting.mute(desk.storage, mute)
    await answer.turn(hiding.hidden(mute, reader.viewer, article=article))


def _meant(desk: Desk, intent: MuteIntent | Wrong) -> tuple[FollowKind, str, str] | Wrong:
    if isinstance(intent, Wrong):
        return intent
    target = target_of_intent(desk, FollowIntent(intent.kind, intent.key, intent.label, None))
    if isinstance(target, Wrong):
        return target
    return target.kind, target.key, target.label


def _mute(reader: Reader, kind: FollowKind, key: str, label: str, days: int) -> Mute:
    days = min(days, _LONGEST)
    expires = reader.viewer.now + timedelta(days=days) if days else None
    return Mute(reader.subscriber.id, kind, key, label, expires)


def _offered(desk: Desk, article: Article) -> Sequence[Offered]:
    """The words of an article that may be hidden."""
    return [
        Offered(desk.normaliser.phrase(word), word) for word in mentioned(article, desk.normaliser)
    ]
