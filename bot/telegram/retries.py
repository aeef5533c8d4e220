"""Interactive requests keep to the limits and survive what passes by itself.

A middleware of the session, so every `bot(...)` of a handler goes through it: it waits for the
interactive lane where the request writes to a chat, and repeats for up to a minute what failed for
a passing reason (429, 5xx, a proxy's HTML page, no connection). A request that was sent and not
answered is repeated only where twice is the same as once (edits, answers, deletions): a second
copy of a message would puzzle its reader. Polling, and the getMe before it, have a loop of their
own and pass untouched; the bulk lane does not come by here.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from random import uniform
from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.exceptions import AiogramError, TelegramRetryAfter
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.telegram.faults import Fault, FaultKind, classify
from bot.telegram.limiter import ChatId, Lane, Limiter

PATIENCE = 60.0
"""Seconds after which a request that still fails is given up; also the longest flood wait."""

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 8.0
_WRITING = ("send", "edit", "copy", "forward")
# It shows "typing…" and writes nothing; Telegram does not count it.
_NOT_WRITING = frozenset({"sendChatAction"})
_POLLING = frozenset({"getMe", "getUpdates"})
_REPEATABLE = ("answer", "delete", "edit", "get", "set")

_log = logging.getLogger(__name__)


class PatientRequests(BaseRequestMiddleware):
    """Limits and repeats; register it with `session.middleware(PatientRequests(limiter))`."""

    def __init__(
        self,
        limiter: Limiter,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        on_fault: Callable[[FaultKind], None] | None = None,
        on_pause: Callable[[float], None] | None = None,
    ) -> None:
        """`on_fault` hears of every request that failed, `on_pause` for how many seconds bulk is
        to rest.
        """
        self._on_fault = on_fault
        self._on_pause = on_pause
        self._limiter = limiter
        self._patience = patience
        self._clock = clock

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Make the request; raises its last error, or TelegramRetryAfter where the chat waits."""
        name = method.__api_method__
        if name in _POLLING:
            return await make_request(bot, method)
        deadline = self._clock() + self._patience
        wait = _FIRST_WAIT
        while True:
            if name.startswith(_WRITING) and name not in _NOT_WRITING:
                await self._take_turn(method, deadline)
            try:
                return await make_request(bot, method)
            except AiogramError as error:
                fault = classify(error)
                if self._on_fault is not None:
                    self._on_fault(fault.kind)
                if not _passing(fault, name):
                    raise
                pause = fault.retry_after or wait * uniform(0.8, 1.2)  # noqa: S311  # only jitter
                if fault.kind is FaultKind.FLOOD:
                    self._note_flood(method, fault.retry_after)
                if self._clock() + pause > deadline:
                    raise
                _log.warning("%s: %s; again in %.1f s", name, fault.text, pause)
            await asyncio.sleep(pause)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _take_turn(self, method: TelegramMethod[Any], deadline: float) -> None:
        chat_id = _chat_of(method)
        if chat_id is None:  # an inline message's edit: no chat to count it for
            return
        left = deadline - self._clock()
        delay = max(self._limiter.delay(chat_id), self._limiter.interactive_delay())
        # A wait that is hopeless ends here: it would hold one of the handlers' places for nothing.
        if delay <= left:
            try:
                await self._limiter.acquire(chat_id, Lane.INTERACTIVE, patience=left)
            except TimeoutError:
                delay = max(self._limiter.delay(chat_id), self._limiter.interactive_delay())
            else:
                return
        raise TelegramRetryAfter(method, "not sent: the chat is at its limit", max(1, round(delay)))

    def _note_flood(self, method: TelegramMethod[Any], retry_after: float) -> None:
        chat_id = _chat_of(method)
        if chat_id is not None and self._limiter.flooded(
            chat_id, retry_after=retry_after, lane=Lane.INTERACTIVE
        ):
            _log.warning("two chats were refused for speed: bulk rests for %.0f s", retry_after)
            if self._on_pause is not None:
                self._on_pause(retry_after)


def _passing(fault: Fault, name: str) -> bool:
    """Whether the same request may be made again."""
    if fault.kind is FaultKind.AMBIGUOUS:
        return name.startswith(_REPEATABLE)
    return fault.kind in {FaultKind.FLOOD, FaultKind.RETRY}


def _chat_of(method: TelegramMethod[Any]) -> ChatId | None:
    chat_id: ChatId | None = getattr(method, "chat_id", None)
    return chat_id
