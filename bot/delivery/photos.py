"""Pictures of pushes as photos: a file goes up once, with the first message, then by its id.

    push's picture ─▶ its id known? ─▶ a ready photo for every chat
                   └▶ fetched through the guard ─▶ uploaded with one message ─▶ id kept ─▶ as above

Where the file cannot be had, the push is the text with a link preview that it is elsewhere, and
the publisher is asked again after a while, not for each reader.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.messages.payloads import Payload
from bot.telegram.requests import Ready, ready, ready_photo
from storage import Storage

log = logging.getLogger(__name__)

FetchPicture = Callable[[str, int | None], Awaitable[bytes | None]]
"""Gets a picture's file by its address, and by the reader whose own source shows it; None where
that fails."""

_ASK_AGAIN = timedelta(minutes=10)
_REMEMBERED = 1000  # addresses that gave nothing


class Photos:
    """The files behind pushes' pictures. `clock` gives aware UTC datetimes."""

    def __init__(
        self, storage: Storage, fetch: FetchPicture, *, clock: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._fetch = fetch
        self._clock = clock
        self._vain: dict[str, datetime] = {}

    async def ready(self, payload: Payload) -> Ready | None:
        """The photo for every chat, where Telegram has its file; None: it is to be uploaded."""
        known = await self._storage.pictures.known(payload.photo)
        if known is None or known.file_id is None:
            return None
        return ready_photo(payload, known.file_id)

    async def file(self, payload: Payload, owner: int | None) -> bytes | None:
        """The file to upload, None where it cannot be had."""
        asked = self._vain.get(payload.photo)
        if asked is not None and self._clock() - asked < _ASK_AGAIN:
            return None
        file = await self._fetch(payload.photo, owner)
        if file is None:
            self.refused(payload)
        return file

    async def uploaded(self, payload: Payload, file_id: str) -> Ready:
        """Remember the id that Telegram gave the file; returns the photo for every other chat."""
        await self._storage.pictures.set_file_id(payload.photo, file_id)
        return ready_photo(payload, file_id)

    async def forget(self, payload: Payload) -> None:
        """Telegram does not know the id any more (another bot's token): it is uploaded anew."""
        await self._storage.pictures.forget_file_id(payload.photo)

    def refused(self, payload: Payload) -> None:
        """The file cannot be had, or is no photo for Telegram: not tried again for a while."""
        while len(self._vain) >= _REMEMBERED:
            del self._vain[next(iter(self._vain))]
        self._vain[payload.photo] = self._clock()


def as_text(payload: Payload) -> Payload:
    """The same as a text with a link preview."""
    return replace(payload, photo="", preview=payload.photo) if payload.photo else payload


def ready_text(payload: Payload) -> Ready:
    """`as_text`, for every chat."""
    return ready(as_text(payload))
