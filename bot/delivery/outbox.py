"""The outbox tick: what was stored or came due is owed to its readers.

    open pushes ─▶ matched against what anybody follows ─▶ expanded in chunks into deliveries
    slots due   ─▶ digests owed, slots moved on, in chunks
    held back from a reader without digests, and owed by nothing ─▶ one merged message

Nothing is sent here. A tick may be cut short anywhere: the cursors stand in the database.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.delivery.digest import NEWS
from bot.delivery.matching import phrase_keys, plain_keys
from bot.delivery.schedule import next_due, quiet_ends
from storage import (
    DigestOwed,
    NotFoundError,
    Push,
    Slot,
    Storage,
    StorageError,
    Subscriber,
    SubscriberState,
)

log = logging.getLogger(__name__)

_CHUNK = 2000
_LONGEST_DIGEST_LIFE = timedelta(hours=24)


class Outbox:
    """Owes pushes and digests; `owed` is called whenever the sender has something to do."""

    def __init__(self, storage: Storage, *, owed: Callable[[], None]) -> None:
        self._storage = storage
        self._owed = owed
        self._busy = asyncio.Lock()

    async def expand(self, now: datetime) -> int:
        """Owe all open pushes to their readers; returns how many deliveries that made."""
        added = 0
        async with self._busy:
            for push in await self._storage.owing.open_pushes():
                try:
                    added += await self._expand(push, now)
                except StorageError:
                    raise  # none of them fares better
                except Exception:  # a fault in one article must not keep the others back
                    log.exception("push %d could not be expanded; it is tried again", push.id)
        return added

    async def _expand(self, push: Push, now: datetime) -> int:
        # The audience is what readers follow now, so the words are matched again after a restart.
        try:
            article = await self._storage.articles.get(push.article_id)
        except NotFoundError:
            log.warning("push %d: its article is gone, nobody is told", push.id)
            await self._storage.owing.match_push(push.id, [])
        else:
            title, body = await self._storage.articles.words(push.article_id)
            phrases = await self._storage.owing.word_keys(sorted({*title, *body}))
            keys = plain_keys(
                article.topic, article.source_domain, push.story_id, owner=article.owner
            )
            await self._storage.owing.match_push(push.id, keys + phrase_keys(phrases, title, body))
        added = 0
        done = False
        while not done:
            current = next(
                (one for one in await self._storage.owing.open_pushes() if one.id == push.id), None
            )
            if current is None:
                break
            count, done = await self._storage.owing.expand(current, now=now, chunk=_CHUNK)
            added += count
            if count:
                self._owed()
        return added

    async def owe_digests(self, now: datetime) -> int:
        """Owe the digests whose time has come, once each; returns how many.

        And to readers without digests what nothing else would bring them.
        """
        owed = 0
        async with self._busy:
            while True:
                due = await self._storage.owing.slots_due(now, _CHUNK)
                if not due:
                    break
                owed += await self._storage.owing.owe_digests(
                    [digest_of(slot, subscriber, now) for slot, subscriber in due]
                )
                if len(due) < _CHUNK:
                    break
            owed += await self._owe_merged(now)
        if owed:
            self._owed()
        return owed

    async def _owe_merged(self, now: datetime) -> int:
        dues = {
            one.id: quiet_ends(now, ZoneInfo(one.zone), one.quiet_from, one.quiet_to)
            for one in await self._storage.owing.unmerged(now, now - NEWS)
        }
        return await self._storage.owing.owe_merged(dues) if dues else 0


def digest_of(slot: Slot, subscriber: Subscriber, now: datetime) -> DigestOwed:
    """A slot that is due becomes a digest owed until its next time; one covers any gap."""
    wanted = subscriber.state is SubscriberState.ACTIVE
    coming = next_due(
        slot.minute,
        slot.weekdays,
        ZoneInfo(subscriber.zone),
        max(now, slot.due),
        slot.due if wanted else slot.fired,
    )
    return DigestOwed(
        slot_id=slot.id,
        subscriber_id=subscriber.id,
        scheduled=slot.due,
        next_due=coming,
        expires=min(coming, now + _LONGEST_DIGEST_LIFE),
        sound=not slot.silent,
        wanted=wanted,
    )
