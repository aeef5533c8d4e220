"""Telegram's sending limits, seen from Telegram's side.

`Rates.admit` is asked before each new message: it either counts the message or says how many
seconds the bot has to wait. The figures are those of Telegram's bot FAQ ("My bot is hitting
limits"): about 30 messages a second in all, one a second in a chat with short bursts, 20 a minute
in a group. A bot that goes on during a wait is refused until the wait is over.

A busy machine delivers in a bunch what was sent evenly. A message that arrives close behind others
is therefore taken to have been sent a little earlier, `JITTER_SECONDS` at most; a real burst, which
is longer than that, is still seen as one.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

JITTER_SECONDS = 0.25


@dataclass(slots=True)
class Limits:
    """Messages allowed; `enabled` off lifts all of them (for benchmarks)."""

    enabled: bool = True
    per_second: int = 30
    chat_per_second: float = 1.0
    chat_burst: int = 3
    group_per_minute: int = 20


@dataclass(slots=True)
class Rates:
    """The counts behind the limits. Times are seconds of one monotonic clock."""

    limits: Limits = field(default_factory=Limits)
    _recent: deque[float] = field(default_factory=deque)
    _all_until: float = 0.0
    _chat_until: dict[int, float] = field(default_factory=dict)
    _buckets: dict[int, tuple[float, float]] = field(default_factory=dict)
    _groups: dict[int, deque[float]] = field(default_factory=dict)

    def admit(self, chat_id: int, *, group: bool, now: float) -> int | None:
        """Count one message to `chat_id`, or answer the whole seconds to wait."""
        if not self.limits.enabled:
            return None
        waiting = max(self._all_until, self._chat_until.get(chat_id, 0.0)) - now
        if waiting > 0:
            return math.ceil(waiting)
        wait = self._chat_wait(chat_id, now)
        if group:
            wait = max(wait, self._group_wait(chat_id, now))
        if wait > 0:
            self._chat_until[chat_id] = now + math.ceil(wait)
            return math.ceil(wait)
        wait = self._total_wait(now)
        if wait > 0:
            self._all_until = now + math.ceil(wait)
            return math.ceil(wait)
        self._chat_until.pop(chat_id, None)
        self._count(chat_id, group=group, now=now)
        return None

    def _total_wait(self, now: float) -> float:
        recent = self._recent
        sent = self._sent_at(now)
        while recent and sent - recent[0] >= 1.0:
            recent.popleft()
        return recent[0] + 1.0 - sent if len(recent) >= self.limits.per_second else 0.0

    def _sent_at(self, now: float) -> float:
        """When a message that arrives `now` was sent, in the sender's favour."""
        earliest = now - JITTER_SECONDS
        if self._recent:
            earliest = max(earliest, self._recent[-1] + 1.0 / self.limits.per_second)
        return min(earliest, now)

    def _tokens(self, chat_id: int, now: float) -> float:
        tokens, at = self._buckets.get(chat_id, (float(self.limits.chat_burst), now))
        refill = (now - at) * self.limits.chat_per_second
        return min(float(self.limits.chat_burst), tokens + refill)

    def _chat_wait(self, chat_id: int, now: float) -> float:
        missing = 1.0 - self._tokens(chat_id, now)
        wait = missing / self.limits.chat_per_second
        return wait if wait > JITTER_SECONDS else 0.0

    def _group_wait(self, chat_id: int, now: float) -> float:
        sent = self._groups.setdefault(chat_id, deque())
        while sent and now - sent[0] >= 60.0 - JITTER_SECONDS:
            sent.popleft()
        return sent[0] + 60.0 - now if len(sent) >= self.limits.group_per_minute else 0.0

    def _count(self, chat_id: int, *, group: bool, now: float) -> None:
        self._recent.append(self._sent_at(now))
        self._buckets[chat_id] = (self._tokens(chat_id, now) - 1.0, now)
        if group:
            self._groups[chat_id].append(now)
