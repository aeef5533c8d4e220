"""The budget: how much one person, or one group, may ask for in a while; the rest is dropped.

    update ─▶ who asks, what it costs ─▶ enough left, few of theirs under way? ─▶ the door
                                                └─ no: «Слишком быстро», now and then, or silence

It stands before the door, so that a flood costs neither a look into the store nor an answer each.
Everybody has the same budget, admins too. Who waits for each answer never meets it: Telegram takes
one message a second for a chat, and the budget grows by the price of the dearest ordinary wish in
that time. Of one person only a few handlers run at once, and not many more wait for them.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.types import CallbackQuery, InlineQuery, Message, TelegramObject

from bot.handlers.answering import Answer
from bot.handlers.desk import Desk, Reader
from bot.handlers.door import Handler
from bot.messages import notices
from bot.messages.callbacks import (
    AddSource,
    Channels,
    DigestMore,
    ExportSaved,
    FollowQuery,
    Privacy,
    PrivacyStep,
    Related,
    parse,
)
from bot.messages.texts import Texts
from bot.telegram.floods import Allowance

_COMMANDS = {
    "search": 3,
    "digest": 3,
    "top": 2,
    "archive": 2,
    "subscribe": 2,
    "broadcast": 3,
    "channels": 3,  # asks Telegram about each
}
_TEXT = 3  # a search, or the address of a site to look at
_FILE = 6  # a list of sources, each to be looked at
_PRESSES = {
    AddSource: 3,
    Related: 2,
    DigestMore: 2,
    FollowQuery: 2,
    ExportSaved: 10,
    Channels: 3,
}
_PRIVACY = {Privacy.EXPORT: 10, Privacy.ERASE: 10}


@dataclass(frozen=True, slots=True)
class Rates:
    """A budget: so much at once, and so much more a second."""

    burst: float
    refill: float


@dataclass(frozen=True, slots=True)
class Rules:
    """The budgets, and how many handlers of one person run and wait at once. Times in seconds."""

    person: Rates = Rates(30, 3)
    group: Rates = Rates(60, 6)
    inline: Rates = Rates(30, 4)  # a client asks at every key pressed
    running: int = 3
    pending: int = 16  # the running ones among them
    toast_every: float = 3
    line_every: float = 60


Key = tuple[str, int]


@dataclass(slots=True)
class _Account(Allowance):
    """What somebody has left, and what they were told."""

    pending: int = 0
    turns: asyncio.Semaphore | None = None
    language: str = ""
    toasted: float = float("-inf")
    told: float = float("-inf")

    def idle(self, now: float, line_every: float) -> bool:
        """Whether a new account would be the same."""
        return not self.pending and self.full(now) and now - self.told >= line_every


@dataclass(slots=True)
class Accounts:
    """The accounts in use, the longest untouched first; an idle one is forgotten."""

    line_every: float
    _held: dict[Key, _Account] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._held)

    def of(self, key: Key, rates: Rates, now: float) -> _Account:
        """Somebody's account, made full where they have none."""
        account = self._held.pop(key, None) or _Account(rates.burst, rates.refill, rates.burst, now)
        self._held[key] = account
        # Two for one that may be new: the idle ones leave faster than others come. One that is in
        # use goes behind, lest a handler that hangs keep all that came after it.
        for _ in range(2):
            oldest = next(iter(self._held))
            if oldest == key:
                break
            held = self._held.pop(oldest)
            if not held.idle(now, self.line_every):
                self._held[oldest] = held
        return account


class Budget(BaseMiddleware):
    """Outer middleware of messages, presses and inline queries. `clock` gives seconds."""

    def __init__(
        self, desk: Desk, rules: Rules | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._desk = desk
        self._rules = rules or Rules()
        self._clock = clock
        self.accounts = Accounts(self._rules.line_every)

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Let the event in while there is enough left for it."""
        cost = cost_of(event)
        accounts = self._accounts(event) if cost else ()
        if not accounts:
            return await handler(event, data)
        now = self._clock()
        first = accounts[0]
        if first.pending >= self._rules.pending or not all(one.take(cost, now) for one in accounts):
            await self._refuse(event, data["bot"], first, now)
            return None
        if first.turns is None:
            first.turns = asyncio.Semaphore(self._rules.running)
        first.pending += 1
        try:
            async with first.turns:
                return await handler(event, data)
        finally:
            first.pending -= 1
            reader: Reader | None = data.get("reader")
            if reader is not None:
                first.language = reader.texts.language

    def _accounts(self, event: TelegramObject) -> list[_Account]:
        """Who pays: the person, and in a group the group too.

        Who writes in the name of a group or channel is known by nothing else.
        """
        rules, now = self._rules, self._clock()
        keys: list[tuple[Key, Rates]] = []
        if isinstance(event, InlineQuery):
            keys.append((("inline", event.from_user.id), rules.inline))
        elif isinstance(event, CallbackQuery | Message):
            person = event.from_user
            message = event.message if isinstance(event, CallbackQuery) else event
            hidden = isinstance(event, Message) and event.sender_chat is not None
            if person is not None and not hidden:
                keys.append((("person", person.id), rules.person))
            if message is not None and message.chat.id < 0:
                keys.append((("group", message.chat.id), rules.group))
        return [self.accounts.of(key, rates, now) for key, rates in keys]

    async def _refuse(self, event: TelegramObject, bot: Bot, payer: _Account, now: float) -> None:
        if isinstance(event, CallbackQuery) and now - payer.toasted >= self._rules.toast_every:
            payer.toasted = now
            texts = self._texts(payer, event.from_user.language_code)
            message = event.message
            if message is not None:
                answer = Answer.to_press(bot, self._desk, event, message)
                await answer.toast(notices.too_fast(texts))
        elif isinstance(event, Message) and now - payer.told >= self._rules.line_every:
            payer.told = now
            texts = self._texts(payer, event.from_user.language_code if event.from_user else None)
            answer = Answer.to_message(bot, self._desk, event, group=event.chat.id < 0)
            answer.whisper()
            await answer.tell(notices.too_fast(texts))

    def _texts(self, payer: _Account, code: str | None) -> Texts:
        return self._desk.texts[payer.language or self._desk.language(code)]


def cost_of(event: TelegramObject) -> float:
    """What an event costs: 0 for what nobody asks for, such as what people in a group write."""
    if isinstance(event, InlineQuery):
        return 1
    if isinstance(event, CallbackQuery):
        button = parse(event.data)
        if isinstance(button, PrivacyStep):
            return _PRIVACY.get(button.step, 1)
        return _PRESSES.get(type(button), 1) if button is not None else 1
    if not isinstance(event, Message):
        return 0
    text = event.text or event.caption or ""
    if text.startswith("/"):
        command = text.split(maxsplit=1)[0].removeprefix("/").partition("@")[0].lower()
        return _COMMANDS.get(command, 1)
    if event.chat.id < 0:
        return 0
    return _FILE if event.document is not None else _TEXT if text else 1
