"""Each update is handled once, although processes die: what is known about updates received.

    received ─▶ new? ─▶ its handler starts ─▶ kept in the store ─▶ confirmed to Telegram
                             └─▶ handled ─▶ noted in the store, a tick later

A confirmed update does not come again, so the store keeps it until its handler has ended, and
gives it back after a crash. An unconfirmed one does come again, so the ids of those that were
handled are remembered. Nothing of this is waited for by whoever gets the answer: handlers run
while the store is written, and where it cannot be written they run all the same.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from storage import RawUpdate, StorageError, Updates

TICK_SECONDS: Final = 0.05
"""How long after its end a handler may be unknown to the store: a crash then repeats it."""

_AGAIN_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 1.0
_REMEMBERED: Final = 10_000

_log = logging.getLogger(__name__)


class Received:
    """The updates of this process and of the one before it, by update id."""

    def __init__(self, updates: Updates, clock: Callable[[], datetime]) -> None:
        self._updates = updates
        self._clock = clock
        self._known: dict[int, None] = {}  # the newest last
        self._to_keep: dict[int, RawUpdate] = {}
        self._to_note: list[int] = []  # handled
        self._store = asyncio.Lock()
        self._failing = False
        self._writing: set[asyncio.Task[None]] = set()
        self._behind: asyncio.Task[None] | None = None

    async def left(self) -> list[RawUpdate]:
        """What the last process did not finish; to be asked once, before anything is received."""
        try:
            # First: a full disk can be read.
            self._known = dict.fromkeys(await self._updates.newest(_REMEMBERED))
            left, given_up = await self._updates.unfinished(self._clock())
        except StorageError as error:
            _log.error("updates that a crash cut off, if any, are not answered: %s", error)
            return []
        if given_up:
            _log.error(
                "updates %s are given up: they are a day old, or newsboy died with them time and "
                "again",
                ", ".join(map(str, given_up)),
            )
        if left:
            _log.info("%d updates are handled anew: the last stop cut them off", len(left))
        return left

    def knows(self, number: int) -> bool:
        """Whether this update was handled, or is being handled."""
        return number in self._known

    def take(self, number: int) -> None:
        """This update is being handled from now on."""
        self._known[number] = None
        while len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]

    def keep(self, number: int, raw: RawUpdate) -> None:
        """Have the store keep an update that is being handled; `kept` waits for that."""
        self._to_keep[number] = raw
        self._write_soon()

    async def kept(self) -> None:
        """Wait until the store has what it was to keep, or is too slow, or fails.

        In those two cases a crash loses what is being handled; Telegram's queue would otherwise
        stand still for everybody.
        """
        if not self._to_keep and not self._store.locked():
            return
        writing = asyncio.create_task(self._write(), name="updates")
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        _, late = await asyncio.wait({writing}, timeout=_PATIENCE_SECONDS)
        if late:
            _log.warning(
                "the database takes over a second to keep updates; a crash would lose them"
            )

    def handled(self, number: int) -> None:
        """The handler of this update has ended."""
        self._to_keep.pop(number, None)
        self._to_note.append(number)
        self._write_soon()

    async def close(self) -> None:
        """Write what is left to write."""
        await self._write()
        if self._behind is not None:
            self._behind.cancel()

    def _write_soon(self) -> None:
        if self._behind is None or self._behind.done():
            self._behind = asyncio.create_task(self._write_behind(), name="updates behind")

    async def _write_behind(self) -> None:
        while self._to_keep or self._to_note:
            await asyncio.sleep(_AGAIN_SECONDS if self._failing else TICK_SECONDS)
            await self._write()

    async def _write(self) -> None:
        async with self._store:
            keep, self._to_keep = self._to_keep, {}
            note, self._to_note = self._to_note, []
            if not keep and not note:
                return
            try:
                await self._updates.note(keep, note, self._clock())
            except StorageError as error:
                self._to_keep = {**keep, **self._to_keep}
                self._to_note = [*note, *self._to_note][-_REMEMBERED:]
                if not self._failing:
                    _log.error("people are answered, but a crash now would lose updates: %s", error)
                self._failing = True
            else:
                if self._failing:
                    _log.info("updates are kept again")
                self._failing = False
