"""Patience: whoever waits for a slow answer sees at once that it is on its way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject

from bot.handlers.answering import Answer

SLOW = 0.7  # seconds: a quick answer costs no request more
_AGAIN = 4.5  # seconds: Telegram shows it for five (Bot API, sendChatAction)
_MOST = 20  # times


class Patience(BaseMiddleware):
    """Inner middleware of messages and presses."""

    def __init__(self, after: float) -> None:
        """`after` so many seconds an answer is slow."""
        self._after = after

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Go on, and show it where that takes long."""
        answer: Answer | None = data.get("answer")
        if answer is None:
            return await handler(event, data)
        waiting = asyncio.create_task(self._wait(answer))
        try:
            return await handler(event, data)
        finally:
            waiting.cancel()
            await asyncio.wait([waiting])

    async def _wait(self, answer: Answer) -> None:
        await asyncio.sleep(self._after)
        for _ in range(_MOST):
            await answer.hurry()
            await asyncio.sleep(_AGAIN)
