"""One budget for everything that the bot writes to chats, whoever asks.

A caller says which chat and which lane and is let through when three gates are open: the whole
bot's (one send every 1/rate seconds), the chat's own (three at once, then one a second), and, for
a group, twenty in any minute. A ready interactive request always goes before a ready bulk one,
inside the same budget; within a lane the chats take turns, so that one noisy chat makes only
itself wait. No task runs here: a grant is made when somebody asks or when a timer says that a gate
opens.

The bot's gate is a GCRA without tolerance: sends are at least 1/rate apart, so no window of one
second ever holds more than rate + 1 (30 a second is Telegram's bound, Bot API FAQ "My bot is
hitting limits"). Libraries were tried: aiolimiter at 30 lets 59 through in one second; pyrate-
limiter keeps the bound but knows neither lanes nor turns, which are most of this module.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

ChatId = int | str

_CHAT_BURST = 3
_CHAT_INTERVAL = 1.0
_GROUP_SENDS = 20
# A second more than the minute that Telegram counts: the first of twenty may have travelled slowly
# and the twenty-first fast.
_GROUP_WINDOW = 61.0
_SECOND_CHAT_WITHIN = 1.0
_SWEEP_EVERY = 10.0


class Lane(StrEnum):
    """Who waits for the answer: a person now, or nobody in particular."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


@dataclass(slots=True)
class _Chat:
    """What is remembered of a chat while it matters."""

    group: bool
    free_at: float = -inf  # when the chat's burst is whole again (GCRA's theoretical arrival)
    paused_until: float = -inf
    sends: deque[float] = field(default_factory=deque)  # a group's last ones, oldest first

    def ready_at(self) -> float:
        ready = max(self.paused_until, self.free_at - (_CHAT_BURST - 1) * _CHAT_INTERVAL)
        if len(self.sends) == _GROUP_SENDS:
            ready = max(ready, self.sends[0] + _GROUP_WINDOW)
        return ready

    def spend(self, now: float) -> None:
        self.free_at = max(self.free_at, now) + _CHAT_INTERVAL
        if self.group:
            if len(self.sends) == _GROUP_SENDS:
                self.sends.popleft()
            self.sends.append(now)

    def forgettable(self, now: float) -> bool:
        return (
            self.free_at <= now
            and self.paused_until <= now
            and (not self.sends or self.sends[-1] + _GROUP_WINDOW <= now)
        )


class _Queue:
    """A lane's waiters: chats take turns, a chat's own requests keep their order."""

    def __init__(self) -> None:
        self._chats: dict[ChatId, deque[asyncio.Future[None]]] = {}

    def waiting(self, chat_id: ChatId) -> int:
        return len(self._chats.get(chat_id, ()))

    def add(self, chat_id: ChatId, waiter: asyncio.Future[None]) -> None:
        self._chats.setdefault(chat_id, deque()).append(waiter)

    def discard(self, chat_id: ChatId, waiter: asyncio.Future[None]) -> None:
        waiters = self._chats.get(chat_id)
        if waiters is not None and waiter in waiters:
            waiters.remove(waiter)
            if not waiters:
                del self._chats[chat_id]

    def soonest(self, now: float, ready_at: Callable[[ChatId], float]) -> tuple[ChatId, float]:
        """The first chat in turn that is ready, else the one that is so first: (chat, when).

        ("", inf) where nobody waits.
        """
        best: tuple[ChatId, float] = ("", inf)
        for chat_id in self._chats:
            when = ready_at(chat_id)
            if when <= now:
                return chat_id, when
            if when < best[1]:
                best = (chat_id, when)
        return best

    def pop(self, chat_id: ChatId) -> asyncio.Future[None]:
        """Take the chat's first waiter and send the chat to the end of the turn."""
        waiters = self._chats.pop(chat_id)
        waiter = waiters.popleft()
        if waiters:
            self._chats[chat_id] = waiters
        return waiter


class Limiter:
    """The gates. Used from one event loop; `clock` is monotonic, in seconds."""

    def __init__(self, rate: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`rate` is in sends a second for the whole bot; None or 0 lifts every limit but pauses."""
        self._interval = 1 / rate if rate else 0.0
        self._lifted = not rate
        self._clock = clock
        self._free_at = -inf
        self._bulk_paused_until = -inf
        self._chats: dict[ChatId, _Chat] = {}
        self._queues = {lane: _Queue() for lane in Lane}
        self._alarm: asyncio.TimerHandle | None = None
        self._swept = -inf
        self._last_flood: tuple[ChatId, float] | None = None

    async def acquire(self, chat_id: ChatId, lane: Lane) -> None:
        """Wait until one message may be written to the chat, and take that place.

        A caller that is cancelled while it waits takes nothing.
        """
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues[lane].add(chat_id, waiter)
        self._pump()
        try:
            await waiter
        finally:
            self._queues[lane].discard(chat_id, waiter)

    def delay(self, chat_id: ChatId) -> float:
        """Seconds until the chat itself may be written to, the whole bot's budget aside.

        Whoever waits for the chat in the interactive lane goes first, and counts.
        """
        ahead = self._queues[Lane.INTERACTIVE].waiting(chat_id) * _CHAT_INTERVAL
        return max(0.0, self._ready_at(chat_id) - self._clock()) + ahead

    def bulk_delay(self) -> float:
        """Seconds until the bulk lane's pause ends; 0 where there is none."""
        return max(0.0, self._bulk_paused_until - self._clock())

    def pause_chat(self, chat_id: ChatId, *, seconds: float) -> None:
        """Let nothing through to the chat for so long; a longer pause stands."""
        chat = self._chat(chat_id)
        chat.paused_until = max(chat.paused_until, self._clock() + seconds)

    def pause_bulk(self, *, seconds: float) -> None:
        """Let nothing of the bulk lane through for so long; a longer pause stands."""
        self._bulk_paused_until = max(self._bulk_paused_until, self._clock() + seconds)

    def flooded(self, chat_id: ChatId, *, retry_after: float) -> bool:
        """Note a 429: pause its chat, and the bulk lane if another chat had one within a second.

        Two chats at once mean that the bot as a whole is too fast. True if bulk was paused.
        """
        now = self._clock()
        self.pause_chat(chat_id, seconds=retry_after)
        before, self._last_flood = self._last_flood, (chat_id, now)
        if before is None or before[0] == chat_id or now - before[1] > _SECOND_CHAT_WITHIN:
            return False
        self.pause_bulk(seconds=retry_after)
        return True

    @property
    def chats_remembered(self) -> int:
        """How many chats have state; bounded by what was sent in the last minute."""
        return len(self._chats)

    # ------------------------------------------------------------ grants

    def _pump(self) -> None:
        """Grant all that may go now, and set the alarm for when the next gate opens."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while True:
            now = self._clock()
            lane, chat_id, when = self._next(now)
            when = max(when, self._free_at)
            if when > now:
                break
            waiter = self._queues[lane].pop(chat_id)
            if not waiter.done():  # one that is done was cancelled a moment ago
                self._spend(chat_id, now)
                waiter.set_result(None)
        if when < inf:
            self._alarm = asyncio.get_running_loop().call_later(when - now, self._pump)

    def _next(self, now: float) -> tuple[Lane, ChatId, float]:
        """Whose turn is it: (lane, chat, when that chat is ready); inf where nobody waits."""
        chat_id, when = self._queues[Lane.INTERACTIVE].soonest(now, self._ready_at)
        if when <= now:
            return Lane.INTERACTIVE, chat_id, when
        bulk_chat, bulk_when = self._queues[Lane.BULK].soonest(now, self._ready_at)
        bulk_when = max(bulk_when, self._bulk_paused_until)
        if bulk_when < when:
            return Lane.BULK, bulk_chat, bulk_when
        return Lane.INTERACTIVE, chat_id, when

    def _ready_at(self, chat_id: ChatId) -> float:
        chat = self._chats.get(chat_id)
        return -inf if chat is None else chat.ready_at()

    def _spend(self, chat_id: ChatId, now: float) -> None:
        if self._lifted:
            return
        self._free_at = now + self._interval
        self._chat(chat_id).spend(now)

    def _chat(self, chat_id: ChatId) -> _Chat:
        self._sweep()
        chat = self._chats.get(chat_id)
        if chat is None:
            group = isinstance(chat_id, str) or chat_id < 0
            chat = self._chats[chat_id] = _Chat(group)
        return chat

    def _sweep(self) -> None:
        now = self._clock()
        if now - self._swept >= _SWEEP_EVERY:
            self._swept = now
            self._chats = {id_: c for id_, c in self._chats.items() if not c.forgettable(now)}
