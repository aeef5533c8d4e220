"""The outbox tick: what was stored or came due is owed to its readers.

    open pushes, broadcasts ─▶ matched against what anybody follows ─▶ expanded in turn, by chunks
    slots due ─▶ digests owed, slots moved on, in chunks
    held back from a reader without digests, and owed by nothing ─▶ one merged message

Nothing is sent here. A tick may be cut short anywhere: the cursors stand in the database.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.articles.sequels import Sequels
from bot.delivery.digest import NEWS
from bot.delivery.matching import Key, phrase_keys, plain_keys
from bot.delivery.schedule import FARTHEST, next_due, quiet_ends, rests
from bot.words.normaliser import Normaliser
from storage import (
    Broadcast,
    DigestOwed,
    FollowKind,
    NotFoundError,
    Push,
    Slot,
    SlotDue,
    Storage,
    StorageError,
    SubscriberState,
)

log = logging.getLogger(__name__)

_SLOTS = 500  # as many as are planned within a hundredth of a second: the loop has others
_TICKED = "digests owed at"  # epoch seconds of the latest tick
_SET_BACK = timedelta(minutes=1)
_ALIKE = 4096  # thousands of readers share a time, a zone and so their next instant


class Outbox:
    """Owes pushes, broadcasts and digests; `owed` is called whenever the sender has work."""

    def __init__(
        self, storage: Storage, *, owed: Callable[[], None], normaliser: Normaliser | None = None
    ) -> None:
        self._storage = storage
        self._sequels = Sequels(storage, normaliser or Normaliser())
        self._owed = owed
        self._expanding = asyncio.Lock()
        self._ticking = asyncio.Lock()
        self._ticked: datetime | None = None

    # ------------------------------------------------------------ pushes and broadcasts

    async def expand(self, now: datetime) -> int:
        """Owe all open pushes and broadcasts; returns how many deliveries that made.

        By a chunk of each in turn: what is stored meanwhile waits for no long one to end.
        """
        added = 0
        matched: set[int] = set()
        faulty: set[str] = set()
        async with self._expanding:
            while True:
                turns: dict[str, Push | Broadcast] = {}
                for push in await self._storage.owing.open_pushes():
                    turns[f"push {push.id}"] = push
                for broadcast in await self._storage.owing.open_broadcasts():
                    turns[f"broadcast {broadcast.id}"] = broadcast
                if turns.keys() <= faulty:
                    return added
                for name, one in turns.items():
                    if name in faulty:
                        continue
                    try:
                        count = await self._take_turn(one, now, matched)
                    except StorageError:
                        raise  # none of them fares better
                    except Exception:  # a fault in one article must not keep the others back
                        log.exception("%s could not be expanded; it is tried again", name)
                        faulty.add(name)
                    else:
                        added += count
                        if count:
                            self._owed()

    async def _take_turn(self, one: Push | Broadcast, now: datetime, matched: set[int]) -> int:
        if isinstance(one, Broadcast):
            added, _done = await self._storage.owing.expand_broadcast(one, now=now)
            return added
        # The audience is what readers follow now, so the words are matched again after a restart.
        if one.keys is None or one.id not in matched:
            keys, content = await self._keys(one, now)
            if not await self._storage.owing.match_push(one.id, keys, content_hash=content):
                return 0  # its page came meanwhile: the push is open still
            matched.add(one.id)
            one = replace(one, keys=tuple(keys))
        added, _done = await self._storage.owing.expand(one, now=now)
        return added

    async def _keys(self, push: Push, now: datetime) -> tuple[list[Key], str | None]:
        """The follows that a push meets, and of which text: None where that is gone."""
        try:
            article = await self._storage.articles.get(push.article_id)
        except NotFoundError:
            log.warning("push %d: its article is gone, nobody is told", push.id)
            return [], None
        title, body = await self._storage.articles.words(push.article_id)
        phrases = await self._storage.owing.word_keys(sorted({*title, *body}))
        keys = plain_keys(article.topic, article.source_domain, push.story_id, owner=article.owner)
        keys += phrase_keys(phrases, title, body)
        if article.owner is None:
            for story in await self._sequels.gone_on_with(article, now=now):
                keys.append((FollowKind.STORY, str(story)))
        return keys, article.content_hash

    # ------------------------------------------------------------ digests

    async def owe_digests(self, now: datetime) -> int:
        """Owe the digests whose time has come, once each; returns how many.

        And to readers without digests what nothing else would bring them.
        """
        owed = 0
        async with self._ticking:
            await self._heed_a_clock_set_back(now)
            while due := await self._storage.owing.slots_due(now, _SLOTS):
                count = await self._storage.owing.owe_digests([digest_of(one, now) for one in due])
                owed += count
                if count:
                    self._owed()
                if len(due) < _SLOTS:
                    break
            if owed:
                log.info("digests due: %d", owed)
            if merged := await self._owe_merged(now):
                owed += merged
                self._owed()
        return owed

    async def _heed_a_clock_set_back(self, now: datetime) -> None:
        """Slots that moved on while the clock was ahead wait for no time that is far off by now.

        The tick's time is noted before anything is owed: the next run compares it with its own. A
        clock that was wrong between two ticks shows by a time that no right one plans.
        """
        if self._ticked is None:
            noted = await self._storage.meta.get(_TICKED)
            self._ticked = datetime.fromtimestamp(int(noted), UTC) if noted else now
        farthest = await self._storage.owing.last_due()
        ahead = farthest is not None and farthest > now + FARTHEST
        if ahead or now < self._ticked - _SET_BACK:
            log.warning("the clock was ahead of %s: digests are planned anew", now)
            last = 0
            while slots := await self._storage.owing.slots_ahead(now, last, _SLOTS):
                last = slots[-1][0].id
                if sooner := _sooner(slots, now):
                    await self._storage.owing.reschedule(sooner)
            self._ticked = now
        self._ticked = max(self._ticked, now)
        await self._storage.meta.set(_TICKED, str(int(self._ticked.timestamp())))

    async def _owe_merged(self, now: datetime) -> int:
        dues = {
            one.id: quiet_ends(now, ZoneInfo(one.zone), one.quiet_from, one.quiet_to)
            for one in await self._storage.owing.unmerged(now, now - NEWS)
        }
        return await self._storage.owing.owe_merged(dues) if dues else 0


def digest_of(one: SlotDue, now: datetime) -> DigestOwed:
    """A slot that is due becomes a digest owed until its next time; one covers any gap."""
    slot = one.slot
    wanted = one.state is SubscriberState.ACTIVE and not rests(slot.due, slot.fired)
    coming = _coming(
        slot.minute,
        slot.weekdays,
        one.zone,
        max(now, slot.due),
        slot.due if wanted else slot.fired,
    )
    return DigestOwed(
        slot_id=slot.id,
        subscriber_id=slot.subscriber_id,
        scheduled=slot.due,
        next_due=coming,
        expires=coming,
        sound=not slot.silent,
        wanted=wanted,
    )


def _sooner(slots: Sequence[tuple[Slot, str]], now: datetime) -> list[tuple[Slot, datetime]]:
    """The slots that come sooner than they say, and when."""
    coming = [
        (slot, _coming(slot.minute, slot.weekdays, zone, now, slot.fired)) for slot, zone in slots
    ]
    return [(slot, due) for slot, due in coming if due < slot.due]


@lru_cache(maxsize=_ALIKE)
def _coming(
    minute: int, weekdays: int, zone: str, after: datetime, last_fired: datetime | None
) -> datetime:
    return next_due(minute, weekdays, ZoneInfo(zone), after, last_fired)
