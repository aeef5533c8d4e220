"""Corrections: the pushes that show a changed article are edited where they stand.

    open corrections ─▶ round by round, some messages of each, with the view that each shows now
        ─▶ rendered once for all alike readers ─▶ limiter (the lowest lane) ─▶ edited ─▶ cursor
    what failed is set aside, and tried again when it is due; what a reader turned over meanwhile
    is edited once more

Nothing is sent anew: an edit makes no sound and may come twice without harm, so a crash costs
nothing. The cursor in the store stays below whatever is still set aside. Digests and answers are
not edited, nor is what a reader opened in an article's place: its way back shows the new article.
Of a text that stands in several messages the card above it is, and its parts as long as the new
text needs as many. Buttons stay as their reader left them: what is saved stays saved.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.delivery.digest import Digests
from bot.delivery.insight import Insight
from bot.messages import classic, keyboards, rich
from bot.messages.markup import fits_caption
from bot.messages.payloads import Payload
from bot.messages.rich_blocks import pictures as pictures_of
from bot.messages.rich_blocks import without
from bot.messages.texts import Viewer
from bot.telegram.bulk import BulkClient
from bot.telegram.faults import FaultKind, classify
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.requests import Ready, ready, ready_caption
from storage import (
    ALL_CHATS,
    THE_PAGE,
    Article,
    ChatKind,
    Correction,
    Delivery,
    Layout,
    NotFoundError,
    Reading,
    Storage,
    StorageError,
    Subscriber,
    View,
)

log = logging.getLogger(__name__)

EDITED_FOR = timedelta(days=1)
MARKED_FOR = timedelta(days=4)
"""So long a message is marked where its article's page goes: a 404 is believed after a day."""

_CORRECTIONS_AT_ONCE = 100  # read from the store
CHUNK = 64  # messages of one correction, before it is the next one's turn
IN_FLIGHT = 16
_MOST_ASIDE = 500  # of one correction; then it waits for them
_CHAT_WAIT = 5.0  # seconds; a chat that must wait longer holds no place
_TURN = 20.0
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 600.0
_LONGEST_REST = 60.0
_TURNED_OVER = 3  # looks after a chunk at what its readers turned over meanwhile
_CHATS_TO_DROP = 2  # that refuse a form: one odd chat must not cost the others their markup

_Message = tuple[Delivery, Subscriber]


@dataclass(frozen=True, slots=True)
class _Aside:
    """When a message is tried again, and how often it failed."""

    due: datetime
    tries: int


@dataclass(slots=True)
class _Work:
    """How far a correction is. One that replaced another begins where that one stood, and comes
    round to what lies before: else an article that changes all the time would never be corrected
    for the last of its readers.
    """

    correction_id: int
    begun: int
    cursor: int
    highest: int  # where the cursor was so far
    came_round: bool = False
    ended: bool = False  # all were looked at; some may be aside
    aside: dict[int, _Aside] = field(default_factory=dict)

    @property
    def crowded(self) -> bool:
        """Whether so many are aside that no others are looked at."""
        return len(self.aside) >= _MOST_ASIDE

    def passed(self, fresh: Sequence[_Message], correction: Correction) -> tuple[bool, bool]:
        """Go on behind a chunk: whether there is more to read, and whether it was the last."""
        if fresh:
            self.cursor = fresh[-1][0].id
            self.highest = max(self.highest, self.cursor)
        if len(fresh) == CHUNK:
            return True, False
        if self.begun and not self.came_round:
            self.came_round, self.cursor = True, 0
            return True, False
        self.ended = not correction.waits
        return False, True

    def stored_cursor(self, correction: Correction) -> int:
        """Up to where nothing needs to be looked at again after a restart."""
        if self.begun and not self.came_round:
            return correction.cursor
        return min([self.cursor, *(one - 1 for one in self.aside)])


class _Forms:
    """A message as it is meant, and what goes where Telegram refuses that: without its pictures,
    and last as plain text. What two chats refuse is not tried with a third.
    """

    def __init__(self, payload: Payload, *, plain: bool = False, captioned: bool = False) -> None:
        self.forms: tuple[Ready, ...]
        if captioned:
            self.forms = (ready_caption(payload), ready_caption(payload, plain=True))[plain:]
        else:
            self.forms = _texts_of(payload, plain=plain)
        self._refusals = [0] * len(self.forms)

    def left(self) -> list[tuple[int, Ready]]:
        """The forms to try, in their order."""
        left = [
            (index, form)
            for index, form in enumerate(self.forms)
            if self._refusals[index] < _CHATS_TO_DROP
        ]
        return left or [(len(self.forms) - 1, self.forms[-1])]

    def refused(self, index: int) -> None:
        self._refusals[index] += 1


def _texts_of(payload: Payload, *, plain: bool) -> tuple[Ready, ...]:
    bare = replace(payload, preview="")
    meant = [] if plain else [payload]
    if meant and payload.rich is not None:
        pictures = pictures_of(payload.rich)
        if pictures and (rich := without(payload.rich, pictures)) is not None:
            meant.append(replace(payload, rich=rich))
        meant.append(replace(payload, rich=None))
    if meant and payload.preview:
        meant.append(replace(bare, rich=None))
    return (*map(ready, meant), ready(bare, plain=True))


@dataclass(frozen=True, slots=True)
class _Job:
    """An article as its messages are to show it, with what was rendered already."""

    article: Article
    correction: Correction
    since: datetime
    discussed: tuple[str, int] | None  # where: a channel's post
    rendered: dict[tuple[object, ...], _Forms] = field(default_factory=dict)


class Editor:
    """Edits what was sent, and counts in `insight`. `clock` gives aware UTC datetimes."""

    def __init__(
        self,
        storage: Storage,
        bulk: BulkClient,
        limiter: Limiter,
        digests: Digests,
        *,
        clock: Callable[[], datetime],
        insight: Insight | None = None,
    ) -> None:
        self._insight = insight or Insight(storage, limiter, clock=clock)
        self._storage = storage
        self._bulk = bulk
        self._limiter = limiter
        self._digests = digests
        self._clock = clock
        self._works: dict[int, _Work] = {}  # by article
        self._rests_until: datetime | None = None
        self._failing: int | None = None  # the first chat that failed since the last success
        self._outages = 0
        self._turns: set[asyncio.Timeout] = set()
        self._recalled = False
        self._stopping = False

    def stop(self) -> None:
        """Begin nothing more; an `edit` under way ends with what is on the wire."""
        self._stopping = True
        for turn in self._turns:
            turn.reschedule(0)  # whoever only waits for its turn is not edited

    async def edit(self) -> int:
        """Edit what is to be edited now; returns how many messages are done with.

        Goes round the open corrections until nothing is left, or Telegram is out of reach or asks
        to wait: the next call goes on there.
        """
        if not self._recalled:
            await self._recall_pauses()
        done, more = 0, True
        while more and not self._held():
            count, more = await self._round()
            done += count
        return done

    async def _round(self) -> tuple[int, bool]:
        """Some messages of each open correction: how many, and whether any has more."""
        done, more, after = 0, False, 0
        articles: set[int] = set()
        while page := await self._storage.corrections.open_corrections(
            after=after, limit=_CORRECTIONS_AT_ONCE
        ):
            after = page[-1].id
            for correction in page:
                if self._held():
                    return done, False
                articles.add(correction.article_id)
                count, left = await self._some(correction)
                done += count
                more |= left
        self._works = {key: work for key, work in self._works.items() if key in articles}
        return done, more

    async def _some(self, correction: Correction) -> tuple[int, bool]:
        corrections = self._storage.corrections
        try:
            article = await self._storage.articles.get(correction.article_id)
        except NotFoundError:  # pruned a moment ago, and its corrections with it
            return 0, False
        work, now = self._work_of(correction), self._clock()
        life = MARKED_FOR if THE_PAGE in correction.changed else EDITED_FOR
        discussed = await self._storage.editions.discussion(article.story_id)
        job = _Job(article, correction, now - life, discussed)
        again = await self._again(work, job, now)
        reads = not work.ended and not work.crowded
        fresh = await self._fresh(work, job) if reads else []
        aside = await self._edit_some(job, [*again, *fresh], work)
        for delivery, _ in again:
            del work.aside[delivery.id]
        work.aside |= aside
        if reads:
            more, whole = work.passed(fresh, correction)
        else:
            more, whole = not work.ended and not work.crowded, work.ended
        if whole and not work.aside:
            await corrections.advance_correction(correction.id, work.highest, True)
        elif (cursor := work.stored_cursor(correction)) != correction.cursor:
            await corrections.advance_correction(correction.id, cursor, False)
        more |= any(one.due <= now for one in work.aside.values())
        return len(again) + len(fresh) - len(aside), more

    async def _again(self, work: _Work, job: _Job, now: datetime) -> list[_Message]:
        """Of the messages set aside those that are due; those that nobody needs any more go."""
        due = [one for one, aside in work.aside.items() if aside.due <= now][:CHUNK]
        if not due:
            return []
        again = await self._storage.corrections.messages(due, since=job.since)
        for one in set(due) - {delivery.id for delivery, _ in again}:
            del work.aside[one]
        return again

    async def _fresh(self, work: _Work, job: _Job) -> list[_Message]:
        """The next messages that were not looked at yet."""
        return await self._storage.corrections.messages_showing(
            replace(job.correction, cursor=work.cursor),
            since=job.since,
            limit=CHUNK,
            until=work.begun if work.came_round else None,
        )

    def _work_of(self, correction: Correction) -> _Work:
        known = self._works.get(correction.article_id)
        if known is not None and known.correction_id == correction.id:
            return known
        begun = 0
        # A message on its way stops the cursor below it: then all begin at the beginning.
        if known is not None and not known.ended and not correction.waits:
            begun = known.cursor
        at = begun or correction.cursor
        work = _Work(correction.id, begun, at, at)
        self._works[correction.article_id] = work
        return work

    # ------------------------------------------------------------ some messages

    async def _edit_some(
        self, job: _Job, messages: Sequence[_Message], work: _Work
    ) -> dict[int, _Aside]:
        """Edit messages, and once more those that their readers turned over meanwhile.

        Returns what is to be tried again.
        """
        aside: dict[int, _Aside] = {}
        for _ in range(_TURNED_OVER):
            if not messages:
                break
            aside |= await self._edit_all(job, messages, work)
            shown = {one.id: (one.view, one.parts) for one, _ in messages if one.id not in aside}
            now_shown = await self._storage.corrections.messages(list(shown), since=job.since)
            messages = [
                (one, reader)
                for one, reader in now_shown
                if (one.view or View.PUSH, one.parts)
                != (shown[one.id][0] or View.PUSH, shown[one.id][1])
            ]
        return aside

    async def _edit_all(
        self, job: _Job, messages: Sequence[_Message], work: _Work
    ) -> dict[int, _Aside]:
        left = deque(messages)
        aside: dict[int, _Aside] = {}

        async def edit_next() -> None:
            while left:
                delivery, reader = left.popleft()
                before = work.aside.get(delivery.id)
                again = await self._edit_one(job, delivery, reader, before.tries if before else 0)
                if again is not None:
                    aside[delivery.id] = again

        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT, len(messages))):
                group.create_task(edit_next())
        return aside

    async def _edit_one(
        self, job: _Job, delivery: Delivery, reader: Subscriber, tries: int
    ) -> _Aside | None:
        """Edit one message (and its parts); returns when it is to be tried again, if it is."""
        if reader.kind is ChatKind.CHANNEL and await self._storage.editions.outdate(delivery.id):
            return None  # in an editor's words, who is asked
        for _ in range(_TURNED_OVER):
            saved = await self._saved(job, reader)
            try:
                forms = self._forms(job, delivery, reader, saved=saved)
            except Exception:  # one article's fault must not hold up all later corrections
                log.exception("article %d cannot be shown anew", job.article.id)
                return None
            for message_id, one in forms:
                again = await self._change(reader.chat_id, message_id, one, tries)
                if again is not None:
                    return again
            if await self._saved(job, reader) == saved:
                break
        return None

    async def _saved(self, job: _Job, reader: Subscriber) -> bool:
        """Whether the reader keeps the article for later; a group's buttons are everybody's."""
        if reader.kind is not ChatKind.PRIVATE:
            return False
        return await self._storage.saved.holds(reader.chat_id, job.article.id)

    async def _change(
        self, chat_id: int, message_id: int, forms: _Forms, tries: int
    ) -> _Aside | None:
        for index, form in forms.left():
            if not await self._turn(chat_id):
                wait = max(self._limiter.delay(chat_id), self._limiter.bulk_delay())
                return self._aside(wait, tries)
            try:
                await self._bulk.edit(form, chat_id, message_id)
            except Exception as error:  # noqa: BLE001  # every error is classified here
                fault = classify(error)
                if fault.kind is not FaultKind.FLOOD:  # counted with its pause
                    self._insight.fault(fault.kind)
                match fault.kind:
                    case FaultKind.FLOOD:
                        await self._flooded(chat_id, fault.retry_after)
                        return self._aside(fault.retry_after, tries)
                    case FaultKind.RETRY | FaultKind.AMBIGUOUS:
                        self._note_outage(chat_id, fault.text)
                        wait = min(_FIRST_WAIT * 2 ** min(tries, 10), _LONGEST_WAIT)
                        return self._aside(wait, tries + 1)
                    case FaultKind.TOKEN:  # the sender ends the process
                        self._rest(_LONGEST_REST)
                        return self._aside(0, tries)
                    case FaultKind.PICTURE | FaultKind.PAYLOAD:
                        log.warning("article's message %d: %s", message_id, fault.text)
                        forms.refused(index)
                    case _:
                        # A message that is the same, was deleted, or whose chat is gone, needs no
                        # edit.
                        log.debug("message %d is not edited: %s", message_id, fault.text)
                        return None
            else:
                self._insight.edited()
                self._failing, self._outages = None, 0
                return None
        return None

    async def _turn(self, chat_id: int) -> bool:
        """Wait for the limiter; False where the message is set aside instead."""
        if self._held() or self._limiter.delay(chat_id) > _CHAT_WAIT:
            return False
        try:
            async with asyncio.timeout(_TURN) as turn:
                self._turns.add(turn)
                try:
                    await self._limiter.acquire(chat_id, Lane.EDIT)
                finally:
                    self._turns.discard(turn)
        except TimeoutError:
            return False
        return not self._held()

    def _aside(self, seconds: float, tries: int) -> _Aside:
        return _Aside(self._clock() + timedelta(seconds=seconds), tries)

    # ------------------------------------------------------------ what holds all of it

    def _held(self) -> bool:
        """Whether no edit may begin now."""
        resting = self._rests_until is not None and self._clock() < self._rests_until
        return self._stopping or resting or self._limiter.bulk_delay() > 0

    async def _recall_pauses(self) -> None:
        """Heed at the start what Telegram asked for before: the sender may not be there yet."""
        now = self._clock()
        for chat_id, until in (await self._storage.outbox.pauses(now)).items():
            seconds = (until - now).total_seconds()
            if chat_id == ALL_CHATS:
                self._limiter.pause_bulk(seconds=seconds, flood=True)
            else:
                self._limiter.pause_chat(chat_id, seconds=seconds)
        self._recalled = True

    def _rest(self, seconds: float) -> None:
        self._rests_until = self._clock() + timedelta(seconds=seconds)

    def _note_outage(self, chat_id: int, text: str) -> None:
        """One chat's trouble is its own; that of two in a row is everybody's: edits rest, longer
        each time.
        """
        if self._failing is None or self._failing == chat_id:
            self._failing = chat_id
        elif not self._held():
            self._outages += 1
            seconds = min(2.0 ** min(self._outages, 6), _LONGEST_REST)
            log.warning("corrections rest for %.0f s: %s", seconds, text)
            self._rest(seconds)

    async def _flooded(self, chat_id: int, seconds: float) -> None:
        everybody = self._limiter.flooded(chat_id, retry_after=seconds)
        self._insight.flooded(seconds, everybody=everybody)
        if everybody:
            log.warning("Telegram asks to wait: no bulk messages for %.0f s", seconds)
        until = self._clock() + timedelta(seconds=seconds)
        with suppress(StorageError):  # the pause holds in memory
            await self._storage.outbox.pause(ALL_CHATS if everybody else chat_id, until)

    # ------------------------------------------------------------ what a message is to show

    def _forms(
        self, job: _Job, delivery: Delivery, reader: Subscriber, *, saved: bool
    ) -> list[tuple[int, _Forms]]:
        """The messages of a delivery, each with the forms that it may take."""
        if delivery.message_id is None or delivery.view is View.ASIDE:
            return []
        viewer = self._digests.viewer(reader, self._clock())
        captioned = delivery.layout is Layout.PHOTO
        if reader.kind is ChatKind.CHANNEL:
            plain = delivery.push_id in job.correction.plain
            post = classic.post(job.article, viewer, caption=captioned)
            return [(delivery.message_id, _Forms(post, plain=plain, captioned=captioned))]
        if delivery.parts:
            return _parted(job, delivery, viewer, captioned, reader=reader, saved=saved)
        view = delivery.view or View.PUSH
        # What its reader opened was shown with its markup, whatever became of the push's own.
        plain = view is View.PUSH and delivery.push_id in job.correction.plain
        is_rich = view is View.FULL and _reads_rich(reader)
        alike = (reader.language, reader.zone, reader.pictures)
        key = (view, plain, captioned, is_rich, saved, *alike)
        if key not in job.rendered:
            payload = _view(job.article, view, viewer, captioned=captioned, is_rich=is_rich)
            payload = _as_left(payload, job, viewer, saved=saved, discussed=view is not View.PUSH)
            job.rendered[key] = _Forms(payload, plain=plain, captioned=captioned)
        return [(delivery.message_id, job.rendered[key])]


def _as_left(
    shown: Payload, job: _Job, viewer: Viewer, *, saved: bool, discussed: bool = True
) -> Payload:
    """The message with the buttons that its reader saw below it."""
    if discussed and job.discussed is not None:
        shown = keyboards.with_discussion(shown, *job.discussed, viewer.texts)
    return keyboards.with_saved(shown, job.article.id, viewer.texts) if saved else shown


def _parted(
    job: _Job,
    delivery: Delivery,
    viewer: Viewer,
    captioned: bool,
    *,
    reader: Subscriber,
    saved: bool,
) -> list[tuple[int, _Forms]]:
    """The card above a long text, and the text's parts where they still fit each other."""
    article, parts, is_rich = job.article, delivery.parts, _reads_rich(reader)
    folded = classic.folded(article, viewer, parts, caption=captioned)
    head = _Forms(_as_left(folded, job, viewer, saved=saved), captioned=captioned)
    shown = [(delivery.message_id or 0, head)]
    # Sent in the layout of that day: the one that makes as many messages is what was sent.
    renderings = (_texts(article, viewer, is_rich=layout) for layout in (is_rich, not is_rich))
    texts = next((texts for texts in renderings if len(texts) == len(parts)), ())
    if texts:
        onward = texts[-1].rich is None
        folding = keyboards.full(article, viewer, parts[:-1], onward=onward)
        last = _as_left(replace(texts[-1], keyboard=folding), job, viewer, saved=saved)
        texts = (*texts[:-1], last)
        shown += [(part, _Forms(text)) for part, text in zip(parts, texts, strict=True)]
    return shown


def _reads_rich(reader: Subscriber) -> bool:
    return reader.layout is Layout.RICH and reader.rich_confirmed


def _texts(article: Article, viewer: Viewer, *, is_rich: bool) -> tuple[Payload, ...]:
    return rich.full(article, viewer) if is_rich else classic.full(article, viewer)


def _view(
    article: Article, view: View, viewer: Viewer, *, captioned: bool, is_rich: bool
) -> Payload:
    if view is View.PUSH:
        shown = classic.push(article, viewer, caption=captioned)
    elif view is View.FULL and article.reading is Reading.FULL:
        texts = _texts(article, viewer, is_rich=is_rich)
        # A text that has grown beyond one message folds to its card.
        shown = texts[0] if len(texts) == 1 else classic.card(article, viewer)
    else:
        shown = classic.card(article, viewer)
    if captioned and not fits_caption(shown):
        return classic.card(article, viewer, caption=True)
    return shown
