"""The sender: claims what is owed, rechecks, renders, sends within the limits, acknowledges.

    tick: {acknowledge what came back, claim the next batch} in one transaction
          ─▶ recheck ─▶ render (once per article, language, zone) ─▶ limiter ─▶ Telegram ─▶ outcome

Telegram has no idempotency key, so a crash between a send and its acknowledgement is ambiguous:
what is claimed is sent again at the next start. The repeats of a crash are bounded by what was
sent since the last tick and what is on the wire, and those of an unanswered send to a few. While
the disk is full nothing can be acknowledged, so nothing is claimed or sent until there is space
again.
"""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.delivery.digest import Digests, sent_digest
from bot.delivery.recheck import Drop, late, recheck
from bot.messages import classic, lists
from bot.messages.payloads import Payload
from bot.telegram.bulk import BulkClient, SentMessage
from bot.telegram.faults import Fault, FaultKind, classify
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.requests import Ready, ready
from bot.telegram.updates import TokenRefusedError
from storage import (
    ALL_CHATS,
    Claim,
    ClaimBatch,
    DeliveryKind,
    DeliveryState,
    Layout,
    NotFoundError,
    Outcome,
    Storage,
    StorageError,
    View,
)

log = logging.getLogger(__name__)

IN_FLIGHT = 200
_TICK = 0.05
_IDLE = 1.0
_AFTER_FAULT = 5.0
_TRIES_AFTER_BUGS = 5
_DRAIN = 6.0
_RENDERINGS = 256
_FRESH_FOR = timedelta(seconds=30)
_LONGEST_BACKOFF = 300
_LONGEST_OUTAGE_PAUSE = 30.0
# Whoever waits longer than this for its chat, or for the bot's turn, goes back: its place is for
# others, and the reader may stop or mute meanwhile.
_CHAT_WAIT = 5.0
_TURN = 20.0
_PLACES_A_CHAT = 3  # as many pushes as a chat takes at once; the limiter would hold the others
_AFTER_DIGEST = 1.0
# A send without an answer may have arrived: so often it is repeated, and then left to the digest.
_TRIES_IF_UNANSWERED = 5


@dataclass(slots=True)
class _Inbox:
    """What came back since the last tick."""

    outcomes: list[Outcome] = field(default_factory=list)
    paused: list[tuple[int, str]] = field(default_factory=list)
    migrated: list[tuple[int, int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.outcomes or self.paused or self.migrated)


class Sender:
    """Sends deliveries until stopped. `clock` gives aware UTC datetimes."""

    def __init__(
        self,
        storage: Storage,
        bulk: BulkClient,
        limiter: Limiter,
        digests: Digests,
        *,
        clock: Callable[[], datetime],
        in_flight: int = IN_FLIGHT,
    ) -> None:
        self._storage = storage
        self._bulk = bulk
        self._limiter = limiter
        self._digests = digests
        self._clock = clock
        self._in_flight = in_flight
        self._ticking = asyncio.Lock()
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._room = asyncio.Event()
        self._inbox = _Inbox()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Task[None]] = set()
        self._open: dict[int, Claim] = {}  # claimed and not acknowledged, by delivery
        self._renderings: OrderedDict[tuple[object, ...], tuple[datetime, _Message]] = OrderedDict()
        self._condemning = asyncio.Lock()
        self._failing: int | None = None  # the first chat that failed since the last success
        self._outages = 0
        self._refused: TokenRefusedError | None = None
        self._disk_full = False

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`; raises TokenRefusedError where the token is no good."""
        now = self._clock()
        recovered = await self._storage.outbox.recover(now)
        if recovered:
            log.info(
                "%d deliveries were in flight at the last stop: they are sent again", recovered
            )
        for chat_id, until in (await self._storage.outbox.pauses(now)).items():
            seconds = (until - now).total_seconds()
            if chat_id == ALL_CHATS:
                log.warning("Telegram asked to wait: no bulk messages for %.0f s", seconds)
                self._limiter.pause_bulk(seconds=seconds)
            else:
                self._limiter.pause_chat(chat_id, seconds=seconds)
        while not self._stopping.is_set():
            self._wake.clear()
            async with self._ticking:
                claimed = await self._tick()
            if self._refused is not None:
                await self.stop()
                raise self._refused
            busy = bool(claimed or self._tasks or self._inbox)
            await self._rest(busy=busy and not self._disk_full)

    async def stop(self) -> None:
        """Claim no more, let what is on the wire come back, acknowledge it."""
        self._stopping.set()
        self._wake.set()
        # What only waits for its turn was not sent: it stays claimed and is owed at the next start.
        for task in list(self._waiting):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_DRAIN)
        async with self._ticking:  # what is being noted now must not be cancelled with the tick
            await self._acknowledge_rest()

    async def _acknowledge_rest(self) -> None:
        if self._inbox:
            try:
                await self._storage.outbox.tick(self._take_inbox(), now=self._clock())
            except StorageError as error:
                log.error("what was just sent could not be noted and may come twice: %s", error)

    # ------------------------------------------------------------ the tick

    async def _rest(self, *, busy: bool) -> None:
        """Until the next tick: a moment while there is work, else until woken."""
        if busy:
            self._room.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), _TICK)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), _AFTER_FAULT if self._disk_full else _IDLE)

    async def _tick(self) -> int:
        room = self._in_flight - len(self._tasks)
        if self._limiter.bulk_delay() > 0 or self._disk_full:
            room = 0
        if room <= 0 and not self._inbox and not self._disk_full:
            return 0
        batch = self._take_inbox(limit=room)
        try:
            claims = await self._storage.outbox.tick(batch, now=self._clock())
        except StorageError as error:
            self._put_back(batch)
            if not self._disk_full:
                log.error("sending stops: %s", error)
            self._disk_full = True
            return 0
        if self._disk_full:
            log.info("the store takes writes again: sending goes on")
            self._disk_full = False
            self._wake.set()
        for outcome in batch.outcomes:
            self._open.pop(outcome.delivery_id, None)
        self._start(claims)
        return len(claims)

    def _take_inbox(self, limit: int = 0) -> ClaimBatch:
        inbox, self._inbox = self._inbox, _Inbox()
        return ClaimBatch(
            outcomes=tuple(inbox.outcomes),
            paused=tuple(inbox.paused),
            migrated=tuple(inbox.migrated),
            limit=limit,
        )

    def _put_back(self, batch: ClaimBatch) -> None:
        self._inbox.outcomes[:0] = batch.outcomes
        self._inbox.paused[:0] = batch.paused
        self._inbox.migrated[:0] = batch.migrated

    def _start(self, claims: list[Claim]) -> None:
        now = self._clock()
        on_their_way = Counter(
            (one.subscriber.id, one.delivery.kind) for one in self._open.values()
        )
        queued: Counter[int] = Counter()
        for claim in claims:
            reader, kind = claim.subscriber.id, claim.delivery.kind
            pushes = on_their_way[reader, DeliveryKind.PUSH]
            decision = recheck(claim, now, already=pushes)
            if isinstance(decision, Drop):
                self._drop(claim, decision)
            elif on_their_way[reader, DeliveryKind.DIGEST]:
                # The digest on its way may tell the same, and moves the watermark.
                self._wait(claim, _AFTER_DIGEST, "digest")
            elif kind is DeliveryKind.PUSH and pushes >= _PLACES_A_CHAT:
                queued[reader] += 1
                self._wait(claim, queued[reader], "turn")
            else:
                on_their_way[reader, kind] += 1
                self._open[claim.delivery.id] = claim
                task = asyncio.create_task(self._deliver(claim))
                self._tasks.add(task)
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # Early enough that the wire does not run dry while the next ones are claimed.
        if len(self._tasks) <= self._in_flight * 3 // 4:
            self._room.set()

    def _drop(self, claim: Claim, drop: Drop) -> None:
        self._inbox.outcomes.append(
            Outcome(
                delivery_id=claim.delivery.id,
                state=drop.state,
                at=self._clock(),
                reason=drop.reason,
                due=drop.due,
                tried=False,
            )
        )

    # ------------------------------------------------------------ one delivery

    async def _deliver(self, claim: Claim) -> None:
        try:
            if claim.delivery.kind is DeliveryKind.PUSH:
                await self._push(claim)
            else:
                await self._digest(claim)
        except StorageError as error:
            log.error("delivery %d waits: %s", claim.delivery.id, error)
            self._wait(claim, _AFTER_FAULT, "store")
        except Exception as error:  # one delivery's fault must not end the sender
            log.exception("delivery %d failed", claim.delivery.id)
            if claim.delivery.attempts < _TRIES_AFTER_BUGS:
                self._again(claim, _AFTER_FAULT * 2**claim.delivery.attempts, "error")
            else:
                self._fail(claim, f"{type(error).__name__}: {error}")

    async def _push(self, claim: Claim) -> None:
        delivery, subscriber = claim.delivery, claim.subscriber
        if delivery.article_id is None:
            self._fail(claim, "no article")
            return
        try:
            message = await self._rendered(delivery.article_id, claim)
        except NotFoundError:
            self._drop(claim, Drop(DeliveryState.CANCELLED, "gone"))
            return
        silent = subscriber.silent or not delivery.sound
        sent = await self._send(claim, message, silent=silent)
        if sent is not None:
            self._inbox.outcomes.append(
                Outcome(
                    delivery_id=delivery.id,
                    state=DeliveryState.SENT,
                    at=self._clock(),
                    message_id=sent.message_id,
                    layout=Layout.CLASSIC,
                    language=subscriber.language,
                    view=View.PUSH,
                )
            )

    async def _digest(self, claim: Claim) -> None:
        delivery, subscriber, now = claim.delivery, claim.subscriber, self._clock()
        silent = subscriber.silent or not delivery.sound
        if delivery.slot_id == 0:
            await self._merged(claim, silent=silent)
            return
        async with self._digests.turn(subscriber.id):
            # Read again: a digest by command may have told what is new a moment ago.
            subscriber = await self._storage.subscribers.get(subscriber.id)
            composed = await self._digests.compose(subscriber, now)
            if composed is None:
                self._inbox.outcomes.append(
                    Outcome(delivery.id, DeliveryState.EMPTY, now, reason="nothing new")
                )
                return
            payload = self._digests.render(composed, subscriber, delivery.id, now)
            sent = await self._send(claim, _message(payload), silent=silent)
            if sent is None:
                return
            told = sent_digest(delivery.id, composed, subscriber, sent.message_id, self._clock())
            # Noted before the turn ends, and not with the next tick: a digest by command that
            # waits for its turn must find the watermark moved.
            try:
                await self._storage.outbox.acknowledge([told])
            except StorageError:
                self._inbox.outcomes.append(told)  # the tick says what is wrong, and tries again
            else:
                self._open.pop(delivery.id, None)

    async def _merged(self, claim: Claim, *, silent: bool) -> None:
        """What was held back from a reader without digests; what one message cannot hold is owed
        as another, so that a fault there repeats nothing here.
        """
        delivery, subscriber, now = claim.delivery, claim.subscriber, self._clock()
        headlines = await self._digests.held_back(subscriber)
        if not headlines:
            self._inbox.outcomes.append(
                Outcome(delivery.id, DeliveryState.EMPTY, now, reason="nothing held")
            )
            return
        payload, taken = lists.merged(headlines, self._digests.viewer(subscriber, now))
        sent = await self._send(claim, _message(payload), silent=silent)
        if sent is None:
            return
        next_due = max(now, delivery.due) + timedelta(seconds=1)
        self._inbox.outcomes.append(
            Outcome(
                delivery_id=delivery.id,
                state=DeliveryState.SENT,
                at=self._clock(),
                message_id=sent.message_id,
                layout=Layout.CLASSIC,
                language=subscriber.language,
                view=View.DIGEST,
                stories=tuple(one.story_id for one in headlines[:taken]),
                due=next_due if taken < len(headlines) else None,
            )
        )

    async def _rendered(self, article_id: int, claim: Claim) -> "_Message":
        """A push as ready JSON, made once for all alike readers.

        By the revision too: the editor relies on what is claimed after a correction showing it.
        """
        subscriber, now = claim.subscriber, self._clock()
        key = (
            article_id,
            claim.revision,
            subscriber.language,
            subscriber.zone,
            subscriber.pictures,
        )
        found = self._renderings.get(key)
        if found is not None and now - found[0] < _FRESH_FOR:
            return found[1]
        article = await self._storage.articles.get(article_id)
        made = _message(classic.push(article, self._digests.viewer(subscriber, now)))
        self._renderings[key] = (now, made)
        while len(self._renderings) > _RENDERINGS:
            self._renderings.popitem(last=False)
        return made

    async def _send(self, claim: Claim, message: "_Message", *, silent: bool) -> SentMessage | None:
        """Send one message; None where the outcome is noted already (or the bot is stopping)."""
        subscriber = claim.subscriber
        thread = subscriber.thread_id
        form, picture = message.marked, message.payload.preview
        while True:
            if not await self._turn(claim):
                return None
            try:
                sent = await self._bulk.send(form, subscriber.chat_id, thread, silent=silent)
            except Exception as error:  # noqa: BLE001  # every error is classified below
                fault = classify(error)
                if fault.kind is FaultKind.THREAD_GONE and thread:
                    thread = 0
                elif fault.kind is FaultKind.PICTURE and picture:
                    await self._condemn(picture)
                    form, picture = ready(replace(message.payload, preview="")), ""
                elif (
                    fault.kind in (FaultKind.PAYLOAD, FaultKind.PICTURE)
                    and form is not message.plain
                ):
                    log.error("Telegram refuses a message, its plain text goes: %s", fault.text)
                    form = message.plain
                else:
                    await self._failed(claim, fault)
                    return None
            else:
                self._failing = None
                self._outages = 0
                return sent

    async def _condemn(self, picture: str) -> None:
        """Telegram cannot show the picture: nobody is sent it from now on."""
        async with self._condemning:  # what is on the wire comes back with the same refusal
            for key, (_, made) in tuple(self._renderings.items()):
                if made.payload.preview == picture:
                    del self._renderings[key]
            known = await self._storage.pictures.known(picture)
            if known is None or not known.bad:
                log.info("Telegram refuses a picture: %s", picture)
                await self._storage.pictures.mark_bad(picture, self._clock())

    async def _turn(self, claim: Claim) -> bool:
        """Wait for the limiter; False where the delivery goes back instead."""
        chat_id = claim.subscriber.chat_id
        wait = self._limiter.delay(chat_id)
        if wait > _CHAT_WAIT:
            self._wait(claim, wait, "flood")
            return False
        task = asyncio.current_task()
        if task is None or self._stopping.is_set():
            return False
        self._waiting.add(task)
        try:
            async with asyncio.timeout(_TURN):
                await self._limiter.acquire(chat_id, Lane.BULK)
        except TimeoutError:
            self._wait(claim, 0, "waiting")
            return False
        finally:
            self._waiting.discard(task)
        if self._clock() >= claim.delivery.expires:
            self._drop(claim, late(claim, self._clock()))
            return False
        return not self._stopping.is_set()

    # ------------------------------------------------------------ faults

    async def _failed(self, claim: Claim, fault: Fault) -> None:
        chat_id = claim.subscriber.chat_id
        match fault.kind:
            case FaultKind.FLOOD:
                await self._flooded(claim, fault.retry_after)
            case (
                FaultKind.BLOCKED
                | FaultKind.CHAT_NOT_FOUND
                | FaultKind.NO_RIGHTS
                | FaultKind.THREAD_GONE  # the general topic too
            ):
                log.info("chat %d is paused: %s", chat_id, fault.text)
                self._inbox.paused.append((chat_id, fault.text))
                # Whoever comes back finds the story in the next digest or merged message.
                push = claim.delivery.kind is DeliveryKind.PUSH
                state = DeliveryState.DEFERRED if push else DeliveryState.CANCELLED
                self._drop(claim, Drop(state, fault.kind.value))
            case FaultKind.MIGRATED if fault.chat_id is not None:
                self._inbox.migrated.append((chat_id, fault.chat_id))
                self._wait(claim, 0, fault.kind.value)
            case FaultKind.TOKEN:
                self._refused = TokenRefusedError()
                self._wait(claim, 0, fault.kind.value)
            case FaultKind.RETRY | FaultKind.AMBIGUOUS:
                self._note_outage(chat_id)
                attempts = claim.delivery.attempts
                if fault.kind is FaultKind.AMBIGUOUS and attempts + 1 >= _TRIES_IF_UNANSWERED:
                    self._drop(claim, late(claim, self._clock(), "unanswered"))
                else:
                    self._again(claim, min(2**attempts, _LONGEST_BACKOFF), fault.kind.value)
            case _:
                log.error("delivery %d cannot be sent: %s", claim.delivery.id, fault.text)
                self._fail(claim, fault.text)

    def _note_outage(self, chat_id: int) -> None:
        """One chat's trouble is its own; that of two in a row is everybody's: all wait, longer
        each time, and what fails while they wait counts no more.
        """
        if self._failing is None or self._failing == chat_id:
            self._failing = chat_id
        elif self._limiter.bulk_delay() == 0:
            self._outages += 1
            seconds = min(2.0 ** min(self._outages, 6), _LONGEST_OUTAGE_PAUSE)
            log.warning("Telegram does not answer: bulk rests for %.0f s", seconds)
            self._limiter.pause_bulk(seconds=seconds)

    async def _flooded(self, claim: Claim, seconds: float) -> None:
        chat_id = claim.subscriber.chat_id
        everybody = self._limiter.flooded(chat_id, retry_after=seconds)
        until = self._clock() + timedelta(seconds=seconds)
        if everybody:
            log.warning("Telegram asks to wait: no bulk messages for %.0f s", seconds)
        with suppress(StorageError):  # the pause holds in memory; the tick says what is wrong
            await self._storage.outbox.pause(ALL_CHATS if everybody else chat_id, until)
        self._wait(claim, seconds, "flood")

    def _wait(self, claim: Claim, seconds: float, reason: str) -> None:
        """Back among what is owed, without having failed."""
        self._again(claim, seconds, reason, tried=False)

    def _again(self, claim: Claim, seconds: float, reason: str, *, tried: bool = True) -> None:
        now = self._clock()
        self._inbox.outcomes.append(
            Outcome(
                delivery_id=claim.delivery.id,
                state=DeliveryState.OWED,
                at=now,
                reason=reason,
                due=now + timedelta(seconds=seconds),
                tried=tried,
            )
        )

    def _fail(self, claim: Claim, reason: str) -> None:
        """Give up a message; a push's story is left to the next digest, which says it otherwise."""
        now, reason = self._clock(), reason[:300]
        if claim.delivery.kind is DeliveryKind.PUSH:
            self._drop(claim, late(claim, now, reason))
        else:
            self._drop(claim, Drop(DeliveryState.FAILED, reason))


@dataclass(frozen=True, slots=True)
class _Message:
    """A message as it is meant, and the plain one that goes where Telegram refuses that."""

    payload: Payload
    marked: Ready
    plain: Ready


def _message(payload: Payload) -> _Message:
    return _Message(payload, ready(payload), ready(replace(payload, preview=""), plain=True))
