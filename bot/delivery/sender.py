"""The sender: claims what is owed, rechecks, renders, sends within the limits, acknowledges.

    tick: {acknowledge what came back, claim the next batch} in one transaction
          ─▶ recheck ─▶ render (once for all readers alike) ─▶ canary ─▶ limiter ─▶ Telegram
          ─▶ refused: a lesser form, if any is left ─▶ outcome ─▶ inbox

No more is claimed than can go out at once: a reader who stops or mutes is heard, what comes at once
overtakes a heap of digests, and a crash leaves little in doubt. Telegram has no idempotency key, so
what a crash, or an answer that never came, leaves in doubt is sent again, or, where the operator
prefers that, taken for sent. While the disk is full nothing can be acknowledged, so nothing is
claimed or sent until there is space again; a damaged file ends the sender.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery.canary import Canaries
from bot.delivery.digest import Digests, offers_important, sent_digest
from bot.delivery.forms import (
    Attempt,
    Lost,
    Message,
    Sent,
    first_attempt,
    message_of,
    next_attempt,
)
from bot.delivery.inbox import Inbox
from bot.delivery.insight import Insight
from bot.delivery.photos import Photos
from bot.delivery.recheck import Drop, given_up, late, recheck
from bot.delivery.renderings import Renderings
from bot.messages import fronts
from bot.telegram.bulk import BulkClient
from bot.telegram.faults import Fault, FaultKind, classify
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.requests import upload
from bot.telegram.updates import TokenRefusedError
from storage import (
    ALL_CHATS,
    Claim,
    ClaimBatch,
    DatabaseCorruptError,
    Delivery,
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

IN_FLIGHT = 300
"""At most so many deliveries claimed and not acknowledged; more halve the throughput."""

_AHEAD = 0.25  # seconds of the bot's budget that are claimed ahead: a few ticks
_TICK = 0.05
_IDLE = 1.0
_AFTER_FAULT = 5.0
_TRIES_AFTER_BUGS = 5
_DRAIN = 6.0
_LONGEST_BACKOFF = 300
_LONGEST_OUTAGE_PAUSE = 30.0
# Whoever waits longer than this for its chat, for the bot's turn or for the canary goes back: its
# place is for others, and the reader may stop or mute meanwhile.
_CHAT_WAIT = 0.3
_TURN = 2.0
_PLACES_A_CHAT = 3  # as many pushes as a chat takes at once; the limiter would hold the others
_AFTER_DIGEST = 1.0
# A send without an answer may have arrived: so often it is repeated, and then left to the digest.
_TRIES_IF_UNANSWERED = 5
_SECOND_STRIKE = timedelta(days=1)


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
        photos: Photos | None = None,
        in_flight: int = IN_FLIGHT,
        resend: bool = True,
        insight: Insight | None = None,
    ) -> None:
        """With `photos` a push's picture is a photo. `resend`: what may have been sent is sent
        again, else it counts as sent.
        """
        self._storage = storage
        self._bulk = bulk
        self._limiter = limiter
        self._digests = digests
        self._clock = clock
        self._in_flight = in_flight
        self._resend = resend
        self._insight = insight or Insight(storage, limiter, clock=clock)
        self._ticking = asyncio.Lock()
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._room = asyncio.Event()
        self._low = 0  # so few tasks left wake the tick early
        self._served = 0
        self._inbox = Inbox()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Task[None]] = set()
        self._open: dict[int, Claim] = {}  # claimed and not acknowledged, by delivery
        self._on_the_wire: set[int] = set()
        self._canaries = Canaries()
        self._renderings = Renderings(storage, digests, photos, clock=clock)
        self._failing: int | None = None  # the first chat that failed since the last success
        self._outages = 0
        self._halted: Exception | None = None
        self._disk_full = False

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    def rested(self, seconds: float) -> None:
        """Telegram told somebody else to let bulk rest for so long: note it for after a restart."""
        until = _ceil(self._clock() + timedelta(seconds=seconds))
        self._inbox.waits.append((ALL_CHATS, until))
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`.

        Raises TokenRefusedError where the token is no good, DatabaseCorruptError where the file is.
        """
        now = self._clock()
        uncertain = await self._storage.outbox.recover(now, resend=self._resend)
        if uncertain:
            log.info(
                "%d deliveries were in flight at the last stop: %s",
                uncertain,
                "they are sent again"
                if self._resend
                else "they may have been sent, and are not repeated (AFTER_CRASH=skip)",
            )
        for chat_id, until in (await self._storage.outbox.pauses(now)).items():
            seconds = (until - now).total_seconds()
            if chat_id == ALL_CHATS:
                log.warning("Telegram asked to wait: no bulk messages for %.0f s", seconds)
                self._limiter.pause_bulk(seconds=seconds, flood=True)
                self._insight.paused(seconds)
            else:
                self._limiter.pause_chat(chat_id, seconds=seconds)
        while not self._stopping.is_set():
            self._wake.clear()
            async with self._ticking:
                claimed = await self._tick()
            if self._halted is not None:
                await self.stop()
                raise self._halted
            busy = bool(claimed or self._tasks or self._inbox)
            await self._rest(busy=busy and not self._disk_full)

    async def stop(self) -> None:
        """Claim no more, let what is on the wire come back, acknowledge it, give back the rest."""
        self._stopping.set()
        self._wake.set()
        for task in list(self._waiting):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_DRAIN)
        async with self._ticking:  # what is being noted now must not be cancelled with the tick
            self._give_back_what_waited()
            await self._acknowledge_rest()

    def _give_back_what_waited(self) -> None:
        """What never went on the wire is in no doubt: it is owed."""
        noted = {one.delivery_id for one in self._inbox.outcomes}
        for claim in self._open.values():
            if claim.delivery.id not in noted | self._on_the_wire:
                self._wait(claim, 0, "stopped")

    async def _acknowledge_rest(self) -> None:
        if not self._inbox or isinstance(self._halted, StorageError):
            return
        batch = self._inbox.batch()
        try:
            await self._storage.outbox.tick(batch, now=self._clock())
        except StorageError as error:
            log.error("what was just sent could not be noted and may come twice: %s", error)
        else:
            self._acknowledged(batch)

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
        room = self._places()
        if room <= 0 and not self._inbox and not self._disk_full:
            return 0
        batch = self._inbox.batch(limit=room, served=self._served)
        try:
            claims = await self._storage.outbox.tick(batch, now=self._clock())
        except DatabaseCorruptError as error:
            self._halt(error)
            return 0
        except StorageError as error:
            if not self._disk_full:
                log.error("sending stops: %s", error)
            self._disk_full = True
            return 0
        if self._disk_full:
            log.info("the store takes writes again: sending goes on")
            self._disk_full = False
            self._wake.set()
        self._acknowledged(batch)
        self._served += len(claims)
        self._start(claims)
        return len(claims)

    def _places(self) -> int:
        """How many more deliveries may be claimed now."""
        if self._disk_full or self._halted is not None or self._limiter.bulk_delay() > 0:
            return 0
        soon = self._limiter.room(_AHEAD) - len(self._waiting)
        return min(self._in_flight - len(self._tasks), soon)

    def _acknowledged(self, batch: ClaimBatch) -> None:
        self._inbox.forget(batch)
        for outcome in batch.outcomes:
            self._open.pop(outcome.delivery_id, None)

    def _halt(self, error: Exception) -> None:
        """Nothing more is sent; `run` raises the error."""
        if self._halted is None:
            self._halted = error
        for task in list(self._waiting):
            task.cancel()
        self._wake.set()
        self._room.set()

    def _start(self, claims: list[Claim]) -> None:
        now = self._clock()
        on_their_way = Counter(
            (one.subscriber.id, one.delivery.kind) for one in self._open.values()
        )
        urged = Counter(one.subscriber.id for one in self._open.values() if one.urged)
        queued: Counter[int] = Counter()
        deferred = set[int]()
        for claim in claims:
            reader, kind = claim.subscriber.id, claim.delivery.kind
            pushes = on_their_way[reader, DeliveryKind.PUSH]
            decision = recheck(claim, now, already=pushes, urged=urged[reader])
            if isinstance(decision, Drop):
                self._drop(claim, decision)
                if decision.state is DeliveryState.DEFERRED:
                    deferred.add(reader)
            elif on_their_way[reader, DeliveryKind.DIGEST]:
                # The digest on its way may tell the same, and moves the watermark.
                self._wait(claim, _AFTER_DIGEST, "digest")
            elif kind is DeliveryKind.DIGEST and reader in deferred:
                # What was held back a moment ago is to be in it: after the next acknowledgement.
                self._wait(claim, 0, "gathering")
            elif kind is DeliveryKind.PUSH and pushes >= _PLACES_A_CHAT:
                queued[reader] += 1
                self._wait(claim, queued[reader], "turn")
            else:
                on_their_way[reader, kind] += 1
                urged[reader] += claim.urged
                self._open[claim.delivery.id] = claim
                task = asyncio.create_task(self._deliver(claim))
                self._tasks.add(task)
                task.add_done_callback(self._ended)
        # Early enough that the wire does not run dry while the next ones are claimed.
        self._low = len(self._tasks) * 3 // 4

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if len(self._tasks) <= self._low:
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
            match claim.delivery.kind:
                case DeliveryKind.PUSH:
                    await self._push(claim)
                case DeliveryKind.DIGEST:
                    await self._digest(claim)
                case DeliveryKind.BROADCAST:
                    await self._broadcast(claim)
        except DatabaseCorruptError as error:
            self._halt(error)
        except StorageError as error:
            log.error("delivery %d waits: %s", claim.delivery.id, error)
            self._wait(claim, _AFTER_FAULT, "store")
        except Exception as error:  # one delivery's fault must not end the sender
            log.exception("delivery %d failed", claim.delivery.id)
            if claim.delivery.attempts < _TRIES_AFTER_BUGS:
                self._again(claim, _AFTER_FAULT * 2**claim.delivery.attempts, "error")
            else:
                self._give_up(claim, f"{type(error).__name__}: {error}")

    async def _push(self, claim: Claim) -> None:
        delivery, subscriber = claim.delivery, claim.subscriber
        if delivery.article_id is None:
            self._give_up(claim, "no article")
            return
        article_id = delivery.article_id
        # By the revision too: the editor relies on what is claimed after a correction showing it.
        subject: tuple[int, ...] = (article_id, claim.revision)
        if claim.plain:
            self._canaries.goes_plain(subject)
        if (
            claim.edition is not None
        ):  # a post is like no push: what befalls it says nothing of them
            subject = (*subject, subscriber.id)
        form = (*subject, subscriber.language, subscriber.zone, subscriber.pictures, claim.words)

        async def rendered() -> Message:
            return await self._renderings.push(form, article_id, claim)

        try:
            sent = await self._after_the_canary(claim, subject, form, rendered)
        except NotFoundError:
            self._drop(claim, Drop(DeliveryState.CANCELLED, "gone"))
            return
        if sent is not None:
            self._sent(claim, sent, View.PUSH)

    async def _broadcast(self, claim: Claim) -> None:
        subject = ("broadcast", claim.delivery.broadcast_id)
        form = (*subject, claim.subscriber.language)

        async def rendered() -> Message:
            return self._renderings.broadcast(form, claim)

        sent = await self._after_the_canary(claim, subject, form, rendered)
        if sent is not None:
            self._sent(claim, sent, None)

    async def _after_the_canary(
        self,
        claim: Claim,
        subject: Hashable,
        form: Hashable,
        rendered: Callable[[], Awaitable[Message]],
    ) -> Sent | None:
        """Send what goes to many; None where the outcome is noted already."""
        plain = self._canaries.plain(subject)
        trial = (form, plain)
        goes_first = False
        if not self._canaries.taken(trial):
            try:
                goes_first = await self._role(trial)
            except TimeoutError:
                self._wait(claim, _TURN, "canary")
                return None
        sent = None
        try:
            if reason := self._canaries.stopped(subject):
                self._give_up(claim, reason)
                return None
            message = await rendered()
            if self._canaries.plain(subject):
                message = message.plainly()
            if goes_first and message.shot is not None and message.photo is None:
                # The file goes along; whoever comes after names the picture by its id.
                async with self._renderings.uploading(message, message.shot) as (message, file):
                    sent = await self._send(claim, message, subject=subject, file=file)
            else:
                sent = await self._send(claim, message, subject=subject)
        finally:
            if goes_first:
                self._came_back(claim, subject, form, sent, plain=plain)
        return sent

    def _came_back(
        self, claim: Claim, subject: Hashable, form: Hashable, sent: Sent | None, *, plain: bool
    ) -> None:
        """The canary's fate is everybody's: what it could send, and in which form."""
        taken = sent is not None and sent.message_id is not None and not sent.barred
        if sent is not None and sent.plain and not plain:
            self._canaries.came_back((form, True), taken=True)
            new, push_id = self._canaries.goes_plain(subject), claim.delivery.push_id
            if new and push_id is not None and claim.edition is None:
                log.error("article %s goes as plain text to all", claim.delivery.article_id)
                self._inbox.plain.append(push_id)
        self._canaries.came_back((form, plain), taken=taken)

    async def _role(self, trial: Hashable) -> bool:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a delivery is a task")
        self._waiting.add(task)
        try:
            return await self._canaries.role(trial, patience=_TURN)
        finally:
            self._waiting.discard(task)

    def _sent(self, claim: Claim, sent: Sent, view: View | None) -> None:
        self._inbox.outcomes.append(
            Outcome(
                delivery_id=claim.delivery.id,
                state=DeliveryState.SENT,
                at=self._clock(),
                reason=sent.reason,
                message_id=sent.message_id,
                layout=Layout.PHOTO if sent.photo else Layout.CLASSIC,
                language=claim.subscriber.language,
                view=view,
            )
        )

    async def _digest(self, claim: Claim) -> None:
        delivery, subscriber, now = claim.delivery, claim.subscriber, self._clock()
        if delivery.slot_id == 0:
            await self._merged(claim)
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
            offered = offers_important(subscriber, now)
            await self._note(delivery, composed.stories)
            sent = await self._send(claim, message_of(payload))
            if sent is None:
                return
            at = self._clock()
            told = replace(
                sent_digest(delivery.id, composed, subscriber, 0, at, offered=offered),
                message_id=sent.message_id,
                reason=sent.reason,
                layout=Layout.RICH if sent.rich else Layout.CLASSIC,
            )
            # Noted before the turn ends, and not with the next tick: a digest by command that
            # waits for its turn must find the watermark moved.
            try:
                await self._storage.outbox.acknowledge([told])
            except StorageError:
                self._inbox.outcomes.append(told)  # the tick says what is wrong, and tries again
            else:
                self._open.pop(delivery.id, None)

    async def _merged(self, claim: Claim) -> None:
        """What was held back; what one message cannot hold is owed as another, so that a fault
        there repeats nothing here.
        """
        delivery, subscriber, now = claim.delivery, claim.subscriber, self._clock()
        headlines, quiet = await self._digests.held_back(subscriber)
        if not headlines:
            self._inbox.outcomes.append(
                Outcome(delivery.id, DeliveryState.EMPTY, now, reason="nothing held")
            )
            return
        viewer = self._digests.viewer(subscriber, now)
        payload, taken = fronts.merged(headlines, viewer, quiet=quiet)
        stories = tuple(one.story_id for one in headlines[:taken])
        await self._note(delivery, stories)
        sent = await self._send(claim, message_of(payload))
        if sent is None:
            return
        next_due = max(now, delivery.due) + timedelta(seconds=1)
        self._inbox.outcomes.append(
            Outcome(
                delivery_id=delivery.id,
                state=DeliveryState.SENT,
                at=self._clock(),
                reason=sent.reason,
                message_id=sent.message_id,
                layout=Layout.CLASSIC,
                language=subscriber.language,
                view=View.DIGEST,
                stories=stories,
                due=next_due if taken < len(headlines) else None,
            )
        )

    async def _note(self, delivery: Delivery, stories: tuple[int, ...]) -> None:
        """What a crash is to take for told, where nothing in doubt is repeated."""
        if not self._resend:
            await self._storage.outbox.note_stories(delivery.id, stories)

    async def _send(
        self,
        claim: Claim,
        message: Message,
        *,
        subject: Hashable = None,
        file: bytes | None = None,
    ) -> Sent | None:
        """Send one message; None where the outcome is noted already (or the bot is stopping).

        `subject` is what it is one of many of, `file` the picture that goes up with it.
        """
        delivery, subscriber = claim.delivery, claim.subscriber
        silent = subscriber.silent or not delivery.sound
        lane = _lane(delivery)
        attempt = first_attempt(message, subscriber.thread_id, file)
        while True:
            if not await self._turn(claim, lane):
                return None
            self._on_the_wire.add(delivery.id)
            shot, chat_id, thread = attempt.shot, subscriber.chat_id, attempt.thread
            try:
                if shot is not None and attempt.file is not None:
                    sent = await self._bulk.upload(
                        upload(shot, attempt.file, chat_id, thread, silent=silent)
                    )
                else:
                    sent = await self._bulk.send(attempt.form, chat_id, thread, silent=silent)
            except Exception as error:  # noqa: BLE001  # every error is classified below
                fault = classify(error)
                if fault.kind is not FaultKind.FLOOD:  # counted with its pause
                    self._insight.fault(fault.kind)
                weaker = next_attempt(attempt, fault)
                if weaker is not None:
                    await self._learn(delivery, attempt, weaker[0], fault)
                    attempt = weaker[1]
                elif fault.kind is FaultKind.AMBIGUOUS and not self._resend:
                    self._note_outage(chat_id)
                    return Sent(None)
                else:
                    self._failed(claim, fault, subject)
                    return None
            else:
                self._failing = None
                self._outages = 0
                self._insight.sent(delivery.kind, _lag(claim, self._clock()))
                if subscriber.missed is not None:
                    self._inbox.found.append(chat_id)
                if shot is not None and sent.file_id is not None:
                    await self._renderings.uploaded(shot.photo, sent.file_id)
                return attempt.sent(sent.message_id)
            finally:
                self._on_the_wire.discard(delivery.id)

    async def _learn(self, delivery: Delivery, tried: Attempt, lost: Lost, fault: Fault) -> None:
        """Tell the log, and the others who are owed the same, what a refusal says of it."""
        match lost:
            case Lost.PHOTO if tried.shot is not None:
                await self._renderings.photo_refused(
                    tried.shot.photo, uploaded=tried.file is not None
                )
            case Lost.PICTURE:
                await self._renderings.condemn(tried.picture)
            case Lost.RICH:
                log.warning("delivery %d goes in classic layout: %s", delivery.id, fault.text)
            case Lost.MARKUP:
                log.error(
                    "Telegram refuses delivery %d (article %s), its plain text goes: %s",
                    delivery.id,
                    delivery.article_id,
                    fault.text,
                )
            case Lost.THREAD | Lost.BARRED_PHOTO:
                pass  # the chat's own matter

    async def _turn(self, claim: Claim, lane: Lane) -> bool:
        """Wait for the limiter; False where the delivery goes back instead."""
        chat_id = claim.subscriber.chat_id
        wait = self._limiter.delay(chat_id)
        if wait > _CHAT_WAIT:
            self._wait(claim, wait, "chat")
            return False
        task = asyncio.current_task()
        if task is None or self._closed:
            return False
        self._waiting.add(task)
        try:
            await self._limiter.acquire(chat_id, lane, patience=_TURN)
        except TimeoutError:
            self._wait(claim, 0, "waiting")
            return False
        finally:
            self._waiting.discard(task)
        if self._disk_full:
            self._wait(claim, 0, "store")
            return False
        if self._clock() >= claim.delivery.expires:
            self._drop(claim, late(claim, self._clock()))
            return False
        return not self._closed

    @property
    def _closed(self) -> bool:
        return self._stopping.is_set() or self._halted is not None

    # ------------------------------------------------------------ faults

    def _failed(self, claim: Claim, fault: Fault, subject: Hashable) -> None:
        chat_id = claim.subscriber.chat_id
        match fault.kind:
            case FaultKind.FLOOD:
                self._flooded(claim, fault.retry_after)
            case FaultKind.BLOCKED | FaultKind.NO_RIGHTS:
                log.debug("subscriber %d is paused: %s", claim.subscriber.id, fault.text)
                self._inbox.paused.append((chat_id, fault.text))
                self._drop(claim, _held_for_return(claim, fault))
            case FaultKind.THREAD_GONE:  # the general topic too
                log.debug("subscriber %d, a topic, is paused: %s", claim.subscriber.id, fault.text)
                self._inbox.silenced.append((claim.subscriber.id, fault.text))
                self._drop(claim, _held_for_return(claim, fault))
            case FaultKind.CHAT_NOT_FOUND:
                self._missed(claim, fault)
            case FaultKind.MIGRATED if fault.chat_id is not None:
                self._inbox.migrated.append((chat_id, fault.chat_id))
                self._wait(claim, 0, fault.kind.value)
            case FaultKind.TOKEN:
                self._wait(claim, 0, fault.kind.value)
                self._halt(TokenRefusedError())
            case FaultKind.RETRY | FaultKind.AMBIGUOUS:
                self._note_outage(chat_id)
                attempts = claim.delivery.attempts
                if fault.kind is FaultKind.AMBIGUOUS and attempts + 1 >= _TRIES_IF_UNANSWERED:
                    self._give_up(claim, "unanswered")
                else:
                    self._again(claim, min(2**attempts, _LONGEST_BACKOFF), fault.kind.value)
            case _:
                log.error("delivery %d cannot be sent: %s", claim.delivery.id, fault.text)
                if subject is not None and self._canaries.refused(subject, chat_id, fault.text):
                    log.error("%s is refused in every form: nobody else is sent it", subject)
                self._give_up(claim, fault.text)

    def _missed(self, claim: Claim, fault: Fault) -> None:
        """No such chat: so Telegram says for a moment of some chats that are there. It counts the
        second time, a day later; until then what is owed waits.
        """
        now = self._clock()
        log.debug("the chat of subscriber %d is not found", claim.subscriber.id)
        self._inbox.missed.append((claim.subscriber.chat_id, fault.text))
        if now + _SECOND_STRIKE < claim.delivery.expires:
            self._again(claim, _SECOND_STRIKE.total_seconds(), fault.kind.value)
        else:
            drop = _held_for_return(claim, fault)
            alone = claim.next_digest is None and claim.delivery.kind is not DeliveryKind.BROADCAST
            self._drop(claim, replace(drop, due=_ceil(now + _SECOND_STRIKE)) if alone else drop)

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
            self._insight.paused(seconds)

    def _flooded(self, claim: Claim, seconds: float) -> None:
        chat_id = claim.subscriber.chat_id
        known = self._limiter.bulk_delay() > 0
        everybody = self._limiter.flooded(chat_id, retry_after=seconds)
        self._insight.flooded(seconds, everybody=everybody)
        if everybody and not known:
            log.warning("Telegram asks to wait: no bulk messages for %.0f s", seconds)
        until = self._clock() + timedelta(seconds=seconds)
        self._inbox.waits.append((ALL_CHATS if everybody else chat_id, _ceil(until)))
        self._wait(claim, seconds, "flood")

    def _wait(self, claim: Claim, seconds: float, reason: str) -> None:
        """Back among what is owed, without having failed."""
        self._again(claim, seconds, reason, tried=False)

    def _again(self, claim: Claim, seconds: float, reason: str, *, tried: bool = True) -> None:
        now = self._clock()
        if tried:
            self._insight.retried(reason)
        due = _ceil(now + timedelta(seconds=seconds)) if seconds > 0 else now
        if due >= claim.delivery.expires and due > now:
            self._drop(claim, late(claim, due))
            return
        self._inbox.outcomes.append(
            Outcome(
                delivery_id=claim.delivery.id,
                state=DeliveryState.OWED,
                at=now,
                reason=reason,
                due=due,
                tried=tried,
            )
        )

    def _give_up(self, claim: Claim, reason: str) -> None:
        self._drop(claim, given_up(claim, self._clock(), reason[:300]))


def _held_for_return(claim: Claim, fault: Fault) -> Drop:
    """Whoever comes back finds a push's story in the next digest or merged message."""
    push = claim.delivery.kind is DeliveryKind.PUSH
    return Drop(DeliveryState.DEFERRED if push else DeliveryState.CANCELLED, fault.kind.value)


def _lane(delivery: Delivery) -> Lane:
    """A merged message is made of what was to come at once."""
    match delivery.kind:
        case DeliveryKind.BROADCAST:
            return Lane.BROADCAST
        case DeliveryKind.DIGEST if delivery.slot_id != 0:
            return Lane.DIGEST
        case _:
            return Lane.INSTANT


def _lag(claim: Claim, now: datetime) -> float | None:
    """Seconds from an article's publication to its push."""
    return None if claim.published is None else (now - claim.published).total_seconds()


def _ceil(at: datetime) -> datetime:
    """The next whole second: the store keeps no parts, and what is due too early comes in vain."""
    return datetime.fromtimestamp(math.ceil(at.timestamp()), UTC)
