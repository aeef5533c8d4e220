"""Handlers: an update in, an answer out. No markup and no SQL here.

update ─▶ budget ─▶ door (who may ask, as whom) ─▶ a router ─▶ storage ─▶ messages ─▶ Answer
"""

from typing import Any

from aiogram import Dispatcher
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.types import Message

from bot.handlers import (
    admin,
    arrivals,
    articles,
    broadcasting,
    channels,
    digests,
    following,
    hiding,
    inline,
    inviting,
    places,
    privacy,
    reading,
    rest,
    saving,
    searching,
    settings,
    sourcing,
)
from bot.handlers.answering import Answer
from bot.handlers.asking import EndsQuestions
from bot.handlers.budget import Budget, Rates, Rules
from bot.handlers.desk import Desk, Reader, Sourcing
from bot.handlers.door import Door
from bot.handlers.patience import SLOW, Patience

__all__ = ["Answer", "Desk", "Door", "Rates", "Reader", "Rules", "Sourcing", "install"]


def install(
    dispatcher: Dispatcher, desk: Desk, rules: Rules | None = None, *, patience: float = SLOW
) -> None:
    """Give a dispatcher the budget, the door, all routers and the error handler.

    An answer that takes longer than `patience`, in seconds, is shown to be on its way.
    """
    budget, door = Budget(desk, rules), Door(desk)
    for asked in (dispatcher.message, dispatcher.callback_query, dispatcher.inline_query):
        asked.outer_middleware(budget)
    dispatcher.message.outer_middleware(door)
    dispatcher.callback_query.outer_middleware(door)

    async def again(message: Message, data: dict[str, Any]) -> Any:
        """Past the door: its reader and answer are given."""
        for router in dispatcher.sub_routers:
            result = await router.propagate_event("message", message, **data)
            if result is not UNHANDLED:
                return result
        return UNHANDLED

    for inner in (Patience(patience), EndsQuestions(desk.storage)):
        dispatcher.message.middleware(inner)
        dispatcher.callback_query.middleware(inner)
    dispatcher.include_routers(
        channels.make_router(desk),
        arrivals.make_router(desk),
        admin.make_router(desk),
        privacy.make_router(desk),
        inviting.make_router(desk),
        broadcasting.make_router(desk),
        reading.make_router(desk),
        digests.make_router(desk),
        searching.make_router(desk),
        articles.make_router(desk),
        saving.make_router(desk),
        settings.make_router(desk),
        hiding.make_router(desk),
        following.make_router(desk),
        sourcing.make_router(desk),
        inline.make_router(desk),
        places.make_router(desk, again),
        rest.make_router(desk, again),
    )
    dispatcher.errors.register(rest.make_error_handler(desk))
