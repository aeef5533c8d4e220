"""One budget for everything that the bot writes to chats, whoever asks.

A caller says which chat and which lane and is let through when three gates are open: the whole
bot's (one send every 1/rate seconds), the chat's own (three at once, then one a second), and, for
a group, twenty in any minute. A ready interactive request always goes before a ready bulk one,
inside the same budget; among the bulk lanes the higher goes first, but each lower one that waits
is sure of its small share; within a lane the chats take turns, so that one noisy chat makes only
itself wait. No task runs here: a grant is made when somebody asks or when a timer says that a gate
opens.

The bot's gate is a GCRA that spaces bulk sends evenly, and a list of the last second's sends, so
that no window of one second ever holds more than rate + 1 (30 a second is Telegram's bound, Bot API
FAQ "My bot is hitting limits"). Bulk leaves a place or a few of each second free: a person's answer
takes it at once, between two bulk sends, and on a machine so busy that what was sent evenly arrives
bunched, it is what keeps the bound at the other end. A send counts from when its caller runs on,
since a busy event loop may let a granted one wait. Libraries were tried: aiolimiter at 30 lets 59
through in one second; pyrate-limiter keeps the bound but knows neither lanes nor turns, which are
most of this module.

A 429 pauses its chat; one of a second chat within a second means that the bot as a whole is too
fast: bulk rests, and goes on at a lowered rate that climbs back step by step.
"""

import asyncio
import heapq
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, inf

ChatId = int | str

_CHAT_BURST = 3
_CHAT_INTERVAL = 1.0
_GROUP_SENDS = 20
# A second more than the minute that Telegram counts: the first of twenty may have travelled slowly
# and the twenty-first fast.
_GROUP_WINDOW = 61.0
_SECOND_CHAT_WITHIN = 1.0
_SWEEP_EVERY = 10.0
# A timer of the event loop is late by up to a millisecond, and a little more where it is busy.
_LATENESS = 0.002
# Beyond the free rate, up to so many seconds may be made good: whatever comes in bursts there, the
# list of the last second's sends holds the bound.
_FREE_RATE = 30.0
_MADE_GOOD = 0.05
# Places of each second that bulk leaves free: this one always, and so many while people write.
_KEPT = 1
_KEPT_FOR_PEOPLE = 3
_PEOPLE_ARE_ABOUT = 10.0  # seconds after one was answered
_RATE_A_PLACE = 9.0  # at lower rates a kept place would cost too much: one for so many sends
_SLOWER = 0.7
_SLOWEST = 0.1
_CLIMB = 0.05
_CLIMB_EVERY = 10.0
# While bulk rests for a flood, a person's refused request lets all people's wait this long at
# most: who knows whether it was only that chat's own limit.
_PEOPLE_REST = 10.0


class Lane(StrEnum):
    """Who waits for the answer: a person now, or nobody in particular (the bulk lanes)."""

    INTERACTIVE = "interactive"
    INSTANT = "instant"
    DIGEST = "digest"
    BROADCAST = "broadcast"
    EDIT = "edit"


BULK_LANES = (Lane.INSTANT, Lane.DIGEST, Lane.BROADCAST, Lane.EDIT)
"""The lanes that nobody in particular waits for, the most urgent first."""

# Of a hundred bulk sends, how many each lane is sure of while it has any to make.
_SHARES = {Lane.INSTANT: 0, Lane.DIGEST: 15, Lane.BROADCAST: 10, Lane.EDIT: 5}


@dataclass(frozen=True, slots=True)
class Pauses:
    """What rests now: seconds left of the bulk lanes' pause, of people's, and of single chats'."""

    bulk: float
    interactive: float
    chats: dict[ChatId, float]


class Pace:
    """How fast the bot may be: what it was set to, less after a flood, then climbing back.

    Pure: every method is told the time, in seconds of one monotonic clock.
    """

    def __init__(self, full: float) -> None:
        """`full` is in sends a second."""
        self._full = full
        self._lowered = full
        self._since = -inf

    def at(self, now: float) -> float:
        """Sends a second that are allowed now."""
        if self._lowered >= self._full:
            return self._full
        steps = max(0, int((now - self._since) / _CLIMB_EVERY))
        rate = self._lowered + steps * _CLIMB * self._full
        if rate >= self._full:
            self._lowered = self._full
        return min(self._full, rate)

    def lower(self, now: float, rest: float) -> None:
        """Slow down, and climb back from the end of so many seconds of rest on."""
        self._lowered = max(self._full * _SLOWEST, self.at(now) * _SLOWER)
        self._since = now + rest


class _Send:
    """A grant: when its caller was let through, or, once that is known, ran on."""

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at


class _Budget:
    """The whole bot's gate."""

    def __init__(self, rate: float) -> None:
        self.pace = Pace(rate)
        self._sends: deque[_Send] = deque(maxlen=max(1, int(rate)))
        self._due = -inf  # GCRA's theoretical arrival: when the next send is due
        self._answered = -inf  # when a person was, last

    def ready_at(self, now: float, *, interactive: bool) -> float:
        """When the next send may be made: now or earlier, where it may be now."""
        rate = self.pace.at(now)
        count = whole = max(1, int(rate))
        ready = self._due - _tolerance(rate)
        if interactive:
            ready -= _kept(rate, _KEPT_FOR_PEOPLE) / rate
        else:
            about = now - self._answered < _PEOPLE_ARE_ABOUT
            count -= _kept(rate, _KEPT_FOR_PEOPLE if about else _KEPT)
        if len(self._sends) >= count:
            ready = max(ready, self._sends[-count].at + whole / rate)
        return ready

    def spend(self, now: float, *, interactive: bool) -> _Send:
        self._due = max(self._due, now) + 1 / self.pace.at(now)
        if interactive:
            self._answered = now
        send = _Send(now)
        self._sends.append(send)
        return send

    def ran_on(self, send: _Send, now: float) -> None:
        """Note when a granted send is really made: those after it keep their distance from it."""
        rate = self.pace.at(now)
        if now - send.at > _tolerance(rate):
            self._due = max(self._due, now + 1 / rate)
        send.at = now


def _tolerance(rate: float) -> float:
    """How late a send may be, in seconds, without letting those after it be late too."""
    return _LATENESS + _MADE_GOOD * max(0.0, 1 - _FREE_RATE / rate)


def _kept(rate: float, places: int) -> int:
    return min(places, int(rate / _RATE_A_PLACE))


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


_Waiter = asyncio.Future[_Send | None]


class _Queue:
    """A lane's waiters: chats take turns, a chat's own requests keep their order.

    A chat that waits stands either in the turn or, while its own gate is shut, among the later
    ones, by when to look at it again; so a grant does not look at all that wait.
    """

    def __init__(self) -> None:
        self._waiters: dict[ChatId, deque[_Waiter]] = {}
        self._turn: dict[ChatId, None] = {}
        self._later: list[tuple[float, int, ChatId]] = []
        self._is_later: set[ChatId] = set()
        self._numbers = 0

    def __bool__(self) -> bool:
        return bool(self._waiters)

    def waiting(self, chat_id: ChatId) -> int:
        return len(self._waiters.get(chat_id, ()))

    def add(self, chat_id: ChatId, waiter: _Waiter) -> None:
        self._waiters.setdefault(chat_id, deque()).append(waiter)
        if chat_id not in self._is_later:
            self._turn.setdefault(chat_id)

    def discard(self, chat_id: ChatId, waiter: _Waiter) -> None:
        waiters = self._waiters.get(chat_id)
        if waiters is not None and waiter in waiters:
            waiters.remove(waiter)
            if not waiters:
                del self._waiters[chat_id]
                self._turn.pop(chat_id, None)

    def soonest(self, now: float, ready_at: Callable[[ChatId], float]) -> tuple[ChatId, float]:
        """The first chat in turn that is ready, else the one that may be so first: (chat, when).

        ("", inf) where nobody waits.
        """
        while self._later and self._later[0][0] <= now:
            _, _, chat_id = heapq.heappop(self._later)
            self._is_later.discard(chat_id)
            if chat_id in self._waiters:  # else whoever waited has left
                self._turn.setdefault(chat_id)
        while self._turn:
            chat_id = next(iter(self._turn))
            when = ready_at(chat_id)
            if when <= now:
                return chat_id, when
            del self._turn[chat_id]
            self._numbers += 1
            self._is_later.add(chat_id)
            heapq.heappush(self._later, (when, self._numbers, chat_id))
        return (self._later[0][2], self._later[0][0]) if self._waiters else ("", inf)

    def pop(self, chat_id: ChatId) -> _Waiter:
        """Take the first waiter of a chat in turn and send the chat to the end of the turn."""
        waiters = self._waiters[chat_id]
        waiter = waiters.popleft()
        del self._turn[chat_id]
        if waiters:
            self._turn[chat_id] = None
        else:
            del self._waiters[chat_id]
        return waiter


class Limiter:
    """The gates. Used from one event loop; `clock` is monotonic, in seconds."""

    def __init__(self, rate: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`rate` is in sends a second for the whole bot; None or 0 lifts every limit but pauses."""
        self._budget = _Budget(rate) if rate else None
        self._clock = clock
        self._bulk_paused_until = -inf
        self._people_paused_until = -inf
        self._flooded_until = -inf  # the part of the bulk lanes' pause that a flood asked for
        self._chats: dict[ChatId, _Chat] = {}
        self._queues = {lane: _Queue() for lane in Lane}
        self._credits = dict.fromkeys(BULK_LANES, 0)
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = inf
        self._swept = -inf
        self._last_flood: tuple[ChatId, float] | None = None

    async def acquire(self, chat_id: ChatId, lane: Lane, *, patience: float | None = None) -> None:
        """Wait until one message may be written to the chat, and take that place.

        Raises TimeoutError where that takes more than `patience` seconds. A caller that gives up
        or is cancelled while it waits takes nothing.
        """
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        self._queues[lane].add(chat_id, waiter)
        self._pump()
        if not waiter.done():  # else no timer is worth its while
            try:
                async with asyncio.timeout(patience):
                    await waiter
            finally:
                self._queues[lane].discard(chat_id, waiter)
        send = waiter.result()
        if send is not None and self._budget is not None:
            self._budget.ran_on(send, self._clock())

    @property
    def rate(self) -> float:
        """Sends a second that the bot allows itself now; inf where the limits are lifted."""
        return inf if self._budget is None else self._budget.pace.at(self._clock())

    def room(self, seconds: float) -> int:
        """How many bulk sends the bot's budget allows within so many seconds from now.

        0 while bulk is paused, else at least one; whoever waits already is among them.
        """
        if self.bulk_delay() > 0:
            return 0
        rate = self.rate
        return sys.maxsize if rate == inf else max(1, ceil(rate * seconds))

    def delay(self, chat_id: ChatId) -> float:
        """Seconds until the chat itself may be written to, the whole bot's budget aside.

        Whoever waits for the chat in the interactive lane goes first, and counts.
        """
        ahead = self._queues[Lane.INTERACTIVE].waiting(chat_id) * _CHAT_INTERVAL
        return max(0.0, self._ready_at(chat_id) - self._clock()) + ahead

    def bulk_delay(self) -> float:
        """Seconds until the bulk lanes' pause ends; 0 where there is none."""
        return max(0.0, self._bulk_paused_until - self._clock())

    def interactive_delay(self) -> float:
        """Seconds until people are answered again after a flood; 0 where they are."""
        return max(0.0, self._people_paused_until - self._clock())

    def pauses(self) -> Pauses:
        """What rests now, and for how long still."""
        now = self._clock()
        return Pauses(
            bulk=self.bulk_delay(),
            interactive=self.interactive_delay(),
            chats={
                chat_id: chat.paused_until - now
                for chat_id, chat in self._chats.items()
                if chat.paused_until > now
            },
        )

    def pause_chat(self, chat_id: ChatId, *, seconds: float) -> None:
        """Let nothing through to the chat for so long; a longer pause stands."""
        chat = self._chat(chat_id)
        chat.paused_until = max(chat.paused_until, self._clock() + seconds)

    def pause_bulk(self, *, seconds: float, flood: bool = False) -> None:
        """Let nothing of the bulk lanes through for so long; a longer pause stands.

        `flood` says that Telegram asked for it because the bot was too fast: afterwards it is
        slower. Further floods during such a pause come from what was sent before it, and make it
        no slower still.
        """
        now = self._clock()
        self._bulk_paused_until = max(self._bulk_paused_until, now + seconds)
        if flood:
            if now >= self._flooded_until and self._budget is not None:
                self._budget.pace.lower(now, seconds)
            self._flooded_until = max(self._flooded_until, now + seconds)

    def flooded(self, chat_id: ChatId, *, retry_after: float, lane: Lane = Lane.INSTANT) -> bool:
        """Note a 429: pause its chat, and the bulk lanes if another chat had one within a second.

        Two chats at once mean that the bot as a whole is too fast. True if bulk was paused. People
        whose requests are refused then (`lane`) wait too, so that not each of them asks for
        another refusal.
        """
        now = self._clock()
        self.pause_chat(chat_id, seconds=retry_after)
        before, self._last_flood = self._last_flood, (chat_id, now)
        if lane is Lane.INTERACTIVE and now < self._flooded_until:
            rest = min(retry_after, _PEOPLE_REST)
            self._people_paused_until = max(self._people_paused_until, now + rest)
        if before is None or before[0] == chat_id or now - before[1] > _SECOND_CHAT_WITHIN:
            return False
        self.pause_bulk(seconds=retry_after, flood=True)
        return True

    @property
    def chats_remembered(self) -> int:
        """How many chats have state; bounded by what was sent in the last minute."""
        return len(self._chats)

    # ------------------------------------------------------------ grants

    def _pump(self) -> None:
        """Grant all that may go now, and set the alarm for when the next gate opens."""
        while True:
            now = self._clock()
            lane, chat_id, when = self._next(now)
            if when > now:
                break
            waiter = self._queues[lane].pop(chat_id)
            if not waiter.done():  # one that is done was cancelled a moment ago
                waiter.set_result(self._spend(chat_id, lane, now))
        if when < inf:
            self._wake_at(when, now)

    def _wake_at(self, when: float, now: float) -> None:
        if self._alarm is not None:
            if now < self._alarm_at <= when:
                return  # it comes too early, and sets itself anew
            self._alarm.cancel()
        self._alarm_at = when
        self._alarm = asyncio.get_running_loop().call_later(when - now, self._ring)

    def _ring(self) -> None:
        self._alarm, self._alarm_at = None, inf
        self._pump()

    def _next(self, now: float) -> tuple[Lane, ChatId, float]:
        """Whose turn is it: (lane, chat, when it may be so); inf where nobody waits."""
        first: tuple[Lane, ChatId, float] = (Lane.INTERACTIVE, "", inf)
        people = self._queues[Lane.INTERACTIVE]
        if people:
            gate = max(self._people_paused_until, self._budget_opens(now, interactive=True))
            chat_id, when = people.soonest(now, self._ready_at)
            first = (Lane.INTERACTIVE, chat_id, max(when, gate))
            if first[2] <= now:
                return first
        waiting = [lane for lane in BULK_LANES if self._queues[lane]]
        if not waiting:
            return first
        gate = max(self._bulk_paused_until, self._budget_opens(now, interactive=False))
        if gate > now:  # nobody need be looked at before
            return first if first[2] < gate else (waiting[0], "", gate)
        ready: list[tuple[Lane, ChatId, float]] = []
        for lane in waiting:
            chat_id, when = self._queues[lane].soonest(now, self._ready_at)
            if when <= now:
                ready.append((lane, chat_id, when))
            elif when < first[2]:
                first = (lane, chat_id, when)
        return self._fair(ready) if ready else first

    def _budget_opens(self, now: float, *, interactive: bool) -> float:
        budget = self._budget
        return -inf if budget is None else budget.ready_at(now, interactive=interactive)

    def _fair(self, ready: list[tuple[Lane, ChatId, float]]) -> tuple[Lane, ChatId, float]:
        """The most urgent of the ready bulk lanes, unless another's share has come due."""
        chosen = next((one for one in ready if self._credits[one[0]] >= 100), ready[0])
        for lane, _, _ in ready:
            self._credits[lane] += _SHARES[lane]
        self._credits[chosen[0]] = max(0, self._credits[chosen[0]] - 100)
        return chosen

    def _ready_at(self, chat_id: ChatId) -> float:
        chat = self._chats.get(chat_id)
        return -inf if chat is None else chat.ready_at()

    def _spend(self, chat_id: ChatId, lane: Lane, now: float) -> _Send | None:
        if self._budget is None:
            return None
        self._chat(chat_id).spend(now)
        return self._budget.spend(now, interactive=lane is Lane.INTERACTIVE)

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
