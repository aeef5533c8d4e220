"""Floods: updates of one person beyond all that a thumb can do are dropped unread.

    raw update ─▶ whose? ─▶ enough left of their allowance ─▶ read ─▶ handlers, with their budget
                                     └─ no: dropped, for microseconds, so that nobody waits for it

Reading an update, keeping it and finding its handler takes most of a millisecond; of a flood of
thousands each that comes behind it would wait for all of them. An allowance is a token bucket; one
that is full again is forgotten, so that memory holds those of the last seconds only.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

BURST = 100.0
REFILL = 10.0


@dataclass(slots=True)
class Allowance:
    """A token bucket: `left` was right at the second `counted`."""

    burst: float
    refill: float
    left: float
    counted: float

    def take(self, cost: float, now: float) -> bool:
        """Pay, where there is enough. Dearer than all that there can be is what empties it."""
        self.left = min(self.left + (now - self.counted) * self.refill, self.burst)
        self.counted = now
        if self.left < min(cost, self.burst):
            return False
        self.left -= min(cost, self.burst)
        return True

    def full(self, now: float) -> bool:
        """Whether a new one would be the same."""
        return self.left + (now - self.counted) * self.refill >= self.burst


@dataclass(slots=True)
class Floods:
    """Who sends how much. `clock` gives seconds."""

    clock: Callable[[], float] = time.monotonic
    burst: float = BURST
    refill: float = REFILL
    dropped: int = 0
    _held: dict[Hashable, Allowance] = field(default_factory=dict)  # the longest untouched first

    def __len__(self) -> int:
        return len(self._held)

    def drops(self, raw: Any) -> bool:
        """Whether an update as it came is one too many of its sender's."""
        sender = sender_of(raw)
        if sender is None:
            return False
        now = self.clock()
        allowance = self._held.pop(sender, None) or Allowance(
            self.burst, self.refill, self.burst, now
        )
        self._held[sender] = allowance
        # Two for one that may be new: they leave faster than others come.
        for _ in range(2):
            oldest = next(iter(self._held))
            if oldest == sender or not self._held[oldest].full(now):
                break
            del self._held[oldest]
        if allowance.take(1, now):
            return False
        self.dropped += 1
        return True


def sender_of(raw: Any) -> int | None:
    """The person who sent what a thumb can send; None for all else, and for whom many share.

    Anonymous admins and channels write as accounts of Telegram's own (Bot API, Message.from).
    """
    if not isinstance(raw, dict):
        return None
    for kind in ("callback_query", "message", "inline_query"):
        event = raw.get(kind)
        if isinstance(event, dict) and "sender_chat" not in event:
            person = event.get("from")
            number = person.get("id") if isinstance(person, dict) else None
            return number if isinstance(number, int) else None
    return None
