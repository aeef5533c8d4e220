"""What a reader does not want to see: «Не показывать…» under an article.

In a group only its admins get here (`door.Keepers`).
"""

from dataclasses import replace
from datetime import timedelta

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.handlers.answering import Answer
from bot.handlers.articles import find, note_view
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Keepers, Pressed
from bot.messages import classic, keyboards, notices
from bot.messages.callbacks import Hide, HideMenu
from storage import FollowKind, Mute, View


def make_router(desk: Desk) -> Router:
    """Return the router of what is hidden."""
    router = Router(name="hiding")
    router.callback_query.middleware(Keepers())

    @router.callback_query(Pressed(HideMenu))
    async def hide_menu(
        query: CallbackQuery, pressed: HideMenu, reader: Reader, answer: Answer
    ) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        shown = classic.card(article, reader.viewer, caption=answer.captioned)
        await answer.turn(replace(shown, keyboard=keyboards.hide(article, reader.texts)))
        await note_view(desk, reader, answer, View.CARD)

    @router.callback_query(Pressed(Hide))
    async def hide(query: CallbackQuery, pressed: Hide, reader: Reader, answer: Answer) -> None:
        article = await find(desk, reader, pressed.article)
        if article is None:
            await answer.toast(notices.gone(reader.texts))
            return
        if pressed.kind is FollowKind.TOPIC:
            key, name = article.topic.value, reader.texts.topic(article.topic)
        elif pressed.kind is FollowKind.SOURCE:
            key, name = article.source_domain, article.source or article.source_domain
        else:
            await answer.toast(notices.stale_button(reader.texts))
            return
        days = min(pressed.days, 3650)
        expires = reader.viewer.now + timedelta(days=days) if days else None
        await desk.storage.subscribers.mute(
            Mute(reader.subscriber.id, pressed.kind, key, name, expires)
        )
        await answer.toast(notices.hidden(reader.texts, name, days), alert=True)
        await answer.turn(classic.card(article, reader.viewer, caption=answer.captioned))

    return router
