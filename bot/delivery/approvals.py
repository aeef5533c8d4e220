"""Drafts of channels' posts, and what became of them, in their keepers' private chats.

    a draft made by the sender ─▶ shown to the channel's keeper ─▶ what was decided, and the post's
                                                                   link once it stands
    nobody decided in time ─▶ expired    the publisher changed what an editor reworded ─▶ asked
    the article changed before somebody decided ─▶ its message is edited

What a draft's message says is noted after it was said: a crash repeats a message rather than lose
one. A keeper who cannot be reached costs the others nothing; their drafts wait in the store. One
who may not post in the channel any more gets no drafts: they wait for its next keeper.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.delivery.digest import Digests
from bot.messages import editions
from bot.messages.payloads import Payload
from bot.messages.texts import Viewer
from bot.telegram.bulk import BulkClient
from bot.telegram.faults import FaultKind, classify
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.requests import ready
from storage import Article, Edition, NotFoundError, PostDraft, Storage, Subscriber

log = logging.getLogger(__name__)

_PATIENCE = 5.0  # seconds for the limiter; then the rest waits for the next call
_UNREACHED_FOR = timedelta(minutes=5)
_ALLOWED_FOR = timedelta(minutes=10)
_ASKED_AGAIN = timedelta(minutes=1)
_ANSWERED_IN = 5.0  # seconds in which Telegram says who may post; the other drafts wait meanwhile

MayPost = Callable[[int, int], Awaitable[bool | None]]
"""Whether a person (second) may post in a channel (first); None: nobody knows now."""


class Approvals:
    """Shows drafts to those who decide. `clock` gives aware UTC datetimes.

    What `may_post` says is believed for some minutes.
    """

    def __init__(
        self,
        storage: Storage,
        bulk: BulkClient,
        limiter: Limiter,
        digests: Digests,
        *,
        may_post: MayPost,
        clock: Callable[[], datetime],
    ) -> None:
        self._may_post = may_post
        self._rights: dict[tuple[int, int], tuple[bool, datetime]] = {}  # and until when it holds
        self._storage = storage
        self._bulk = bulk
        self._limiter = limiter
        self._digests = digests
        self._clock = clock
        self._showing = asyncio.Lock()
        self._unreached: dict[int, datetime] = {}  # until when a keeper is not tried again

    async def show(self) -> int:
        """Show what nobody was shown yet; returns how many messages were sent or edited."""
        async with self._showing:
            now = self._clock()
            await self._storage.editions.expire(now)
            shown = 0
            unreached = {one for one, until in self._unreached.items() if until > now}
            unreached |= {
                one for (_, one), (may, until) in self._rights.items() if not may and until > now
            }
            for draft in await self._storage.editions.untold(without=unreached):
                shown += await self._follow(draft)
            for draft in await self._storage.editions.outdated():
                shown += await self._ask(draft)
            for edition, channel in await self._storage.editions.silenced():
                shown += await self._warn(edition, channel)
            return shown + await self._show_changes()

    async def _follow(self, draft: PostDraft) -> bool:
        """Make a draft's message say what became of it."""
        found = await self._found(draft)
        if found is None:
            await self._storage.editions.told(draft.id, "failed")
            return False
        article, channel, edition = found
        if draft.status == "waiting":
            if not edition.keeper or not await self._still_keeps(channel, edition.keeper):
                return False
            payload = editions.draft(
                draft, article, channel, await self._viewer(edition.keeper, channel)
            )
            message_id = await self._send(payload, edition.keeper)
            if message_id is None:
                return False
            await self._storage.editions.told(
                draft.id,
                "waiting",
                person_id=edition.keeper,
                message_id=message_id,
                seen=draft.look,
            )
            return True
        if draft.person_id is not None and draft.message_id is not None:
            viewer = await self._viewer(draft.person_id, channel)
            payload = editions.decided(draft, article.title, channel, edition.username, viewer)
            if not await self._edit(payload, draft.person_id, draft.message_id):
                return False
        await self._storage.editions.told(draft.id, draft.status)
        return True

    async def _show_changes(self) -> int:
        """Let the drafts that wait show their articles as they are now; returns how many do.

        In the lowest lane, and last of all: what is shown already can wait for what is not.
        """
        shown = 0
        for draft in await self._storage.editions.outrun():
            person_id, message_id = draft.person_id, draft.message_id
            found = await self._found(draft)
            if found is None or person_id is None or message_id is None:
                continue
            article, channel, _edition = found
            if self._limiter.bulk_delay() > 0:
                break
            if self._limiter.delay(person_id) > _PATIENCE:
                continue
            if not await self._still_keeps(channel, person_id):
                continue
            own = await self._storage.subscribers.find(person_id)
            viewer = self._digests.viewer(own or channel, self._clock())
            asked = own and await self._storage.questions.waiting(own.id, person_id)
            if asked and asked.message_id == message_id:
                payload = editions.reword_question(draft, article, viewer)
            else:
                payload = editions.draft(draft, article, channel, viewer)
            if not await self._edit(payload, person_id, message_id, Lane.EDIT):
                break
            await self._storage.editions.told(draft.id, "waiting", seen=draft.look)
            shown += 1
        return shown

    async def _still_keeps(self, channel: Subscriber, person_id: int) -> bool:
        """Whether a person may post in a channel; one who may not keeps it no more."""
        key, now = (channel.chat_id, person_id), self._clock()
        self._rights = {one: known for one, known in self._rights.items() if known[1] > now}
        if key in self._rights:
            return self._rights[key][0]
        try:
            async with asyncio.timeout(_ANSWERED_IN):
                may = await self._may_post(*key)
        except TimeoutError:
            may = None
        if may is False:
            log.info("who kept a channel's edition may not post there any more: gets no drafts")
            await self._storage.editions.leave(channel.id, person_id)
        else:
            self._rights[key] = (may is True, now + (_ALLOWED_FOR if may else _ASKED_AGAIN))
        return may is True

    async def _ask(self, draft: PostDraft) -> bool:
        """Tell the keeper that the publisher changed what stands in an editor's words."""
        found = await self._found(draft)
        if found is not None and found[2].keeper:
            article, channel, edition = found
            if not await self._still_keeps(channel, edition.keeper):
                return False
            viewer = await self._viewer(edition.keeper, channel)
            payload = editions.changed(draft, article, channel, viewer)
            if await self._send(payload, edition.keeper) is None:
                return False
        await self._storage.editions.outdated_told(draft.id)
        return True

    async def _warn(self, edition: Edition, channel: Subscriber) -> bool:
        """Tell the keeper, once, that the bot may not post any more."""
        if edition.keeper:
            viewer = await self._viewer(edition.keeper, channel)
            if await self._send(editions.lost(channel, viewer.texts), edition.keeper) is None:
                return False
        await self._storage.editions.warned(channel.id)
        return True

    async def _found(self, draft: PostDraft) -> tuple[Article, Subscriber, Edition] | None:
        try:
            article = await self._storage.articles.get(draft.article_id)
            channel = await self._storage.subscribers.get(draft.subscriber_id)
        except NotFoundError:
            return None
        edition = await self._storage.editions.find(channel.id)
        return None if edition is None else (article, channel, edition)

    async def _viewer(self, person_id: int, channel: Subscriber) -> Viewer:
        """By the settings of the person's own chat; who has none is told as the channel is."""
        own = await self._storage.subscribers.find(person_id)
        return self._digests.viewer(own or channel, self._clock())

    # ------------------------------------------------------------ the wire

    async def _send(self, payload: Payload, person_id: int) -> int | None:
        """Send to a keeper; None where it is to be tried again later."""
        if not await self._turn(person_id):
            return None
        message = ready(payload)
        while True:
            try:
                return (await self._bulk.send(message, person_id)).message_id
            except Exception as error:  # noqa: BLE001  # every error is classified here
                fault = classify(error)
                plain = ready(payload, plain=True)
                if fault.kind in (FaultKind.PAYLOAD, FaultKind.PICTURE) and message != plain:
                    message = plain
                    continue
                self._failed(person_id, fault.kind, fault.retry_after, fault.text)
                return None

    async def _edit(
        self, payload: Payload, person_id: int, message_id: int, lane: Lane = Lane.INTERACTIVE
    ) -> bool:
        """Edit a keeper's message; False where it is to be tried again later."""
        if not await self._turn(person_id, lane):
            return False
        try:
            await self._bulk.edit(ready(payload), person_id, message_id)
        except Exception as error:  # noqa: BLE001  # every error is classified here
            fault = classify(error)
            if fault.kind in (FaultKind.FLOOD, FaultKind.RETRY, FaultKind.AMBIGUOUS):
                self._failed(person_id, fault.kind, fault.retry_after, fault.text)
                return False
            log.debug("draft's message %d is not edited: %s", message_id, fault.text)
        return True

    async def _turn(self, person_id: int, lane: Lane = Lane.INTERACTIVE) -> bool:
        if self._unreached.get(person_id, self._clock()) > self._clock():
            return False
        try:
            await self._limiter.acquire(person_id, lane, patience=_PATIENCE)
        except TimeoutError:
            return False
        return True

    def _failed(self, person_id: int, kind: FaultKind, seconds: float, said: str) -> None:
        if kind is FaultKind.FLOOD:
            self._limiter.flooded(person_id, retry_after=seconds, lane=Lane.INTERACTIVE)
            return
        if kind not in (FaultKind.RETRY, FaultKind.AMBIGUOUS):
            log.warning("the keeper of a channel's edition cannot be shown a draft: %s", said)
            self._unreached[person_id] = self._clock() + _UNREACHED_FOR
