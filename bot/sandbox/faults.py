"""Misfortunes that a test asks for: which request meets which, how often and when.

`control` adds a `Fault`; `server` asks `Faults.take` for each Bot API request and acts on what it
gets. A fault that has been met `count` times, or whose time is over, is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any


class FaultKind(StrEnum):
    """What happens to the request."""

    FLOOD = "429"
    SERVER_ERROR = "5xx"
    HTML_502 = "html_502"
    ERROR = "error"
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    MALFORMED_JSON = "malformed_json"
    MIGRATE = "migrate"
    DELAY = "delay"


@dataclass(slots=True)
class Fault:
    """One misfortune. `method` and `chat_id` narrow it (None: any); `skip` requests pass first;
    `share` of the others meet it, by lot; `count` is how many are met (None: no end); `starts` and
    `ends` are monotonic seconds.
    `code`, `description` and `parameters` are for ERROR and SERVER_ERROR, `retry_after` for FLOOD,
    `seconds` is how long TIMEOUT_* hang and DELAY waits."""

    id: int
    kind: FaultKind
    method: str | None = None
    chat_id: int | None = None
    count: int | None = 1
    skip: int = 0
    share: float = 1.0
    starts: float = 0.0
    ends: float = float("inf")
    code: int = 500
    description: str = "Internal Server Error"
    parameters: dict[str, Any] | None = None
    retry_after: int = 1
    seconds: float = 5.0
    met: int = 0

    def concerns(self, method: str, chat_id: int | None, now: float) -> bool:
        """Whether a request to `method` (lower case) about `chat_id` is one of those meant."""
        return (
            (self.method is None or self.method == method)
            and (self.chat_id is None or self.chat_id == chat_id)
            and self.starts <= now < self.ends
        )


@dataclass(slots=True)
class Faults:
    """The faults waiting, in the order in which they were added."""

    waiting: list[Fault] = field(default_factory=list)
    # The same lots on every start: a test that failed can be run again.
    _lots: Random = field(default_factory=lambda: Random(1))  # noqa: S311
    _next_id: int = 1

    def add(self, fault: Fault) -> Fault:
        """Keep `fault` under a fresh id."""
        fault.id = self._next_id
        self._next_id += 1
        self.waiting.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        """Forget one fault, or all of them."""
        self.waiting = [f for f in self.waiting if fault_id is not None and f.id != fault_id]

    def take(
        self, method: str, chat_id: int | None, now: float, *, named: bool = False
    ) -> Fault | None:
        """The fault that this request meets, if any; `named`: only one that names the method."""
        self.waiting = [fault for fault in self.waiting if now < fault.ends]
        for fault in self.waiting:
            if not fault.concerns(method, chat_id, now) or (named and fault.method is None):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.share < 1.0 and self._lots.random() >= fault.share:
                continue
            fault.met += 1
            if fault.count is not None and fault.met >= fault.count:
                self.waiting.remove(fault)
            return fault
        return None
