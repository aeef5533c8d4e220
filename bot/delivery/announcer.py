"""What befalls the feeds, told to the admins: one short message, in their own language.

    notices owed ─▶ the admins' private chats, each once ─▶ told

It comes at any hour, since something is wrong, and without sound where the admin wants none. An
admin who blocked the bot, or never started it, costs the others nothing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from bot.messages import notices
from bot.messages.texts import Texts
from bot.telegram.bulk import BulkClient
from bot.telegram.faults import FaultKind, classify
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.requests import ready
from storage import Storage

log = logging.getLogger(__name__)

_AT_ONCE = 12  # notices: as many as fit one message for sure

_LATER = frozenset({FaultKind.FLOOD, FaultKind.RETRY, FaultKind.AMBIGUOUS, FaultKind.TOKEN})


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
        clock: Callable[[], datetime],
    ) -> None:
        self._storage = storage
        self._bulk = bulk
        self._limiter = limiter
        self._texts = texts
        self._admins = frozenset(admins)
        self._language = language
        self._clock = clock

    async def announce(self) -> int:
        """Tell what is untold; returns how many notices that were.

        Where Telegram is out of reach for the first admin, all of it waits for the next call.
        """
        owed = await self._storage.notices.untold(_AT_ONCE)
        admins = sorted(self._admins | set(await self._storage.people.admins()))
        if not owed or not admins:
            return 0
        reached = False
        for admin in admins:
            reader = await self._storage.subscribers.find(admin)
            language = reader.language if reader is not None else self._language
            message = ready(notices.to_admins(owed, self._texts[language]))
            await self._limiter.acquire(admin, Lane.INSTANT)
            try:
                await self._bulk.send(message, admin, silent=reader is None or reader.silent)
            except Exception as error:  # noqa: BLE001  # every error is classified here
                fault = classify(error)
                if fault.kind in _LATER and not reached:
                    return 0
                log.warning("admin %d cannot be told: %s", admin, fault.text)
            reached = True
        await self._storage.notices.told([one.id for one in owed], self._clock())
        return len(owed)
