"""Corrections: the pushes that show a corrected article are edited where they stand.

    open corrections ─▶ the messages that show the article, a day back ─▶ the view that each shows
                     ─▶ limiter (bulk lane) ─▶ edited ─▶ cursor

Nothing is sent anew: an edit makes no sound and may come twice without harm, so a crash costs
nothing. Digests and answers are not edited, nor texts that stand in several messages: their parts
would no longer fit each other.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery.digest import Digests
from bot.messages import classic
from bot.messages.payloads import Payload
from bot.telegram.bulk import BulkClient
from bot.telegram.faults import Fault, FaultKind, classify
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.requests import Ready, ready
from storage import (
    Article,
    Delivery,
    NotFoundError,
    Reading,
    Storage,
    Subscriber,
    View,
)

log = logging.getLogger(__name__)

EDITED_FOR = timedelta(days=1)
_AT_ONCE = 200
_REFUSED = frozenset({FaultKind.PICTURE, FaultKind.PAYLOAD})
_WAITING = frozenset({FaultKind.FLOOD, FaultKind.RETRY, FaultKind.AMBIGUOUS, FaultKind.TOKEN})

_Forms = tuple[Ready, ...]
"""A message as it is meant, and the plain one that goes where Telegram refuses that."""


class Editor:
    """Edits what was sent. `clock` gives aware UTC datetimes."""

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

    async def edit(self) -> int:
        """Edit the next messages of each open correction; returns how many were edited.

        Stops at the first fault that passes by itself: the next call goes on there.
        """
        edited = 0
        for correction in await self._storage.corrections.open_corrections():
            messages = await self._storage.corrections.messages_showing(
                correction, since=self._clock() - EDITED_FOR, limit=_AT_ONCE
            )
            cursor, whole = correction.cursor, True
            try:
                article = await self._storage.articles.get(correction.article_id)
            except NotFoundError:
                messages = []
            rendered: dict[tuple[object, ...], _Forms] = {}
            for delivery, reader in messages:
                fault = await self._edit_one(article, delivery, reader, rendered)
                if fault is not None:
                    log.warning("corrections wait: %s", fault.text)
                    whole = False
                    break
                cursor = delivery.id
                edited += 1
            done = whole and len(messages) < _AT_ONCE
            if done or cursor != correction.cursor:
                await self._storage.corrections.advance_correction(correction.id, cursor, done)
            if not whole:
                break
        return edited

    async def _edit_one(
        self,
        article: Article,
        delivery: Delivery,
        reader: Subscriber,
        rendered: dict[tuple[object, ...], _Forms],
    ) -> Fault | None:
        """Edit one message; returns the fault that lets the rest wait."""
        try:
            forms = self._forms(article, delivery, reader, rendered)
        except Exception:  # one article's fault must not hold up all later corrections
            log.exception("article %d cannot be shown anew", article.id)
            return None
        if delivery.message_id is None:
            return None
        for form in forms:
            await self._limiter.acquire(reader.chat_id, Lane.BULK)
            try:
                await self._bulk.edit(form, reader.chat_id, delivery.message_id)
            except Exception as error:  # noqa: BLE001  # every error is classified here
                fault = classify(error)
                if fault.kind is FaultKind.FLOOD:
                    self._limiter.flooded(reader.chat_id, retry_after=fault.retry_after)
                if fault.kind in _WAITING:
                    return fault
                if fault.kind in _REFUSED:
                    continue
                # A message that is the same, was deleted, or whose chat is gone, needs no edit.
                log.debug("message %d is not edited: %s", delivery.message_id, fault.text)
            break
        return None

    def _forms(
        self,
        article: Article,
        delivery: Delivery,
        reader: Subscriber,
        rendered: dict[tuple[object, ...], _Forms],
    ) -> _Forms:
        """The message as it is to be, made once for all alike readers; none: left as it is."""
        if delivery.parts:
            return ()
        view = delivery.view or View.PUSH
        key = (view, reader.language, reader.zone, reader.pictures)
        if key not in rendered:
            payload = self._view(article, view, reader)
            rendered[key] = ready(payload), ready(replace(payload, preview=""), plain=True)
        return rendered[key]

    def _view(self, article: Article, view: View, reader: Subscriber) -> Payload:
        viewer = self._digests.viewer(reader, self._clock())
        if view is View.PUSH:
            return classic.push(article, viewer)
        if view is View.FULL and article.reading is Reading.FULL:
            parts = classic.full(article, viewer)
            # A text that has grown beyond one message folds to its card.
            return parts[0] if len(parts) == 1 else classic.card(article, viewer)
        return classic.card(article, viewer)
