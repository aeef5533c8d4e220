"""How far an operator's broadcast is, kept up to date in the message that sent it off.

    «Send» pressed ─▶ the message is noted ─▶ counted and edited at a calm pace ─▶ its end, once

The message is noted in the store, so a restart goes on with it. Counting walks the ledger: the
longer that takes, the rarer it is done. An author who deleted the message is shown nothing; the end
goes to the log all the same.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.delivery.digest import Digests
from bot.messages import broadcasts
from bot.telegram.bulk import BulkClient
from bot.telegram.faults import FaultKind, classify
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.requests import ready
from storage import Broadcast, BroadcastProgress, Storage

log = logging.getLogger(__name__)

PACE = timedelta(seconds=5)
"""No message is edited more often."""

_REST = 50  # times as long as counting took
_PATIENCE = 5.0  # seconds for the limiter; then it waits for the next call

_LATER = frozenset({FaultKind.FLOOD, FaultKind.RETRY, FaultKind.AMBIGUOUS, FaultKind.TOKEN})


class Tallies:
    """Edits the broadcasts' messages. `clock` gives aware UTC datetimes."""

    def __init__(
        self,
        storage: Storage,
        bulk: BulkClient,
        limiter: Limiter,
        digests: Digests,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._storage = storage
        self._bulk = bulk
        self._limiter = limiter
        self._digests = digests
        self._clock = clock
        self._showing = asyncio.Lock()
        self._due: dict[int, datetime] = {}  # by broadcast: when it is counted again
        self._said: dict[int, BroadcastProgress] = {}  # what its message says

    async def show(self) -> int:
        """Bring the messages up to date that are due; returns how many were edited."""
        async with self._showing:
            now, shown = self._clock(), 0
            followed = await self._storage.owing.shown_broadcasts()
            ids = {one.id for one in followed}
            self._due = {one: due for one, due in self._due.items() if one in ids}
            self._said = {one: said for one, said in self._said.items() if one in ids}
            for one in followed:
                if self._due.get(one.id, now) <= now:
                    shown += await self._follow(one, now)
            return shown

    async def _follow(self, one: Broadcast, now: datetime) -> bool:
        """Show how far a broadcast is, where that is new; returns whether its message says it."""
        began = time.monotonic()
        progress = await self._storage.insight.broadcast(one.id)
        took = timedelta(seconds=time.monotonic() - began)
        self._due[one.id] = now + max(PACE, _REST * took)
        ended = progress.done and not progress.waiting
        edited = False
        if one.message_id and progress != self._said.get(one.id):
            said = await self._edit(one.author, one.message_id, progress)
            if said is None:
                return False
            if not said:
                await self._storage.owing.show_broadcast_in(one.id, 0)
            edited = said
            self._said[one.id] = progress
        if ended:
            await self._storage.owing.show_broadcast_in(one.id, None)
            log.info(
                "broadcast %d has ended%s: %d sent, %d blocked the bot, %d not reached",
                one.id,
                " early" if progress.called_off else "",
                progress.sent,
                progress.blocked,
                progress.missed - progress.blocked,
            )
        return edited

    async def _edit(
        self, person_id: int, message_id: int, progress: BroadcastProgress
    ) -> bool | None:
        """Edit a message; False where it is not there any more, None where it is tried again."""
        author = await self._storage.subscribers.find(person_id)
        if author is None:
            return False
        if self._limiter.bulk_delay() > 0:
            return None
        shown = broadcasts.progress([progress], self._digests.viewer(author, self._clock()))
        try:
            await self._limiter.acquire(person_id, Lane.EDIT, patience=_PATIENCE)
            await self._bulk.edit(ready(shown), person_id, message_id)
        except TimeoutError:
            return None
        except Exception as error:  # noqa: BLE001  # every error is classified here
            fault = classify(error)
            if fault.kind is FaultKind.FLOOD:
                self._limiter.flooded(person_id, retry_after=fault.retry_after)
            if fault.kind in _LATER:
                return None
            if "not modified" in fault.text.lower():
                return True
            log.info("broadcast's message %d is not edited: %s", message_id, fault.text)
            return False
        return True
