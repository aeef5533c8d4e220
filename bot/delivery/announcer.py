"""What befalls feeds and bot, told to the admins: one short message, in their own language.

    bulk rests for over a minute, or goes on ─▶ a notice owed, once for each pause
    notices owed ─▶ the admins' private chats, each once ─▶ told

It comes at any hour, since something is wrong, and without sound where the admin wants none. An
admin who blocked the bot, or never started it, costs the others nothing. While bulk rests the
admins are told all the same, in the lane of people.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bot.messages import notices
from bot.messages.texts import Texts, Viewer
from bot.telegram.bulk import BulkClient
from bot.telegram.faults import FaultKind, classify
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.requests import ready
from storage import ALL_CHATS, NoticeKind, Storage

log = logging.getLogger(__name__)

_AT_ONCE = 12  # notices: as many as fit one message for sure

_LATER = frozenset({FaultKind.FLOOD, FaultKind.RETRY, FaultKind.AMBIGUOUS, FaultKind.TOKEN})


_LONG = timedelta(minutes=1)
_PATIENCE = 30.0  # seconds for the limiter; then it waits for the next call


@dataclass(frozen=True, slots=True)
class _Rest:
    """A rest of bulk as far as it is known. Two with less than a minute between are one."""

    since: datetime
    until: datetime


class Announcer:
    """Tells the admins. `admins` are ids of the settings; those of the store come on top."""

    def __init__(
        self,
        storage: Storage,
        bulk: BulkClient,
        limiter: Limiter,
        texts: Mapping[str, Texts],
        *,
        admins: Iterable[int],
        language: str,
        zone: tzinfo,
        clock: Callable[[], datetime],
    ) -> None:
        self._storage = storage
        self._bulk = bulk
        self._limiter = limiter
        self._texts = texts
        self._admins = frozenset(admins)
        self._language = language
        self._zone = zone
        self._clock = clock
        self._telling = asyncio.Lock()
        self._rest: _Rest | None = None
        self._rest_is_told: bool | None = None  # None: as the store says

    async def watch(self) -> None:
        """Tell when bulk rests for over a minute, and when that is over; call it often."""
        if await self._note_rest():
            await self.announce()

    async def _note_rest(self) -> bool:
        """Owe a notice where bulk's rest begins or ends; returns whether one is owed."""
        now, notices_ = self._clock(), self._storage.notices
        if self._rest_is_told is None:
            last = await notices_.latest((NoticeKind.BULK_RESTS, NoticeKind.BULK_GOES_ON))
            self._rest_is_told = last is not None and last.kind == NoticeKind.BULK_RESTS
        # The store knows of a pause that began before the last restart.
        known = (await self._storage.outbox.pauses(now)).get(ALL_CHATS, now)
        until = max(known, now + timedelta(seconds=self._limiter.bulk_delay()))
        over = self._rest is None or now - self._rest.until > _LONG
        if until > now:
            since = now if self._rest is None or over else self._rest.since
            self._rest = _Rest(since, until)
            if self._rest_is_told or until - since <= _LONG:
                return False
            log.warning("bulk rests until %s; people are answered", until.isoformat(" ", "seconds"))
            await notices_.owe(
                NoticeKind.BULK_RESTS, "", {"until": until.isoformat()}, now, quiet=timedelta(0)
            )
            self._rest_is_told = True
            return True
        if not (self._rest_is_told and over):
            return False
        log.warning("bulk goes on")
        await notices_.owe(NoticeKind.BULK_GOES_ON, "", {}, now, quiet=timedelta(0))
        self._rest_is_told = False
        return True

    async def announce(self) -> int:
        """Tell what is untold; returns how many notices that were.

        Where Telegram is out of reach for the first admin, all of it waits for the next call.
        """
        async with self._telling:
            return await self._announce()

    async def _announce(self) -> int:
        owed = await self._storage.notices.untold(_AT_ONCE)
        admins = sorted(self._admins | set(await self._storage.people.admins()))
        if not owed or not admins:
            return 0
        reached = False
        for admin in admins:
            reader = await self._storage.subscribers.find(admin)
            language = reader.language if reader is not None else self._language
            viewer = Viewer(self._texts[language], self._zone, self._clock())
            message = ready(notices.to_admins(owed, viewer))
            try:
                await self._limiter.acquire(admin, Lane.INTERACTIVE, patience=_PATIENCE)
            except TimeoutError:
                if not reached:
                    return 0
                log.warning("admin %d cannot be told: the chat is at its limit", admin)
                continue
            try:
                await self._bulk.send(message, admin, silent=reader is None or reader.silent)
            except Exception as error:  # noqa: BLE001  # every error is classified here
                fault = classify(error)
                if fault.kind is FaultKind.FLOOD:
                    self._limiter.flooded(
                        admin, retry_after=fault.retry_after, lane=Lane.INTERACTIVE
                    )
                if fault.kind in _LATER and not reached:
                    return 0
                log.warning("admin %d cannot be told: %s", admin, fault.text)
            reached = True
        await self._storage.notices.told([one.id for one in owed], self._clock())
        return len(owed)
