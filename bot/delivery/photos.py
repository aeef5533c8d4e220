"""Pictures of pushes as photos: a file goes up once, with the first message, then by its id.

    push's picture ─▶ its id known? ─▶ a ready photo for every chat
                   └▶ fetched through the guard ─▶ uploaded with one message ─▶ id kept ─▶ as above

Where the file cannot be had, or is no photo for Telegram, the push is the text with a link preview
that it is elsewhere, and the publisher is asked again after a while, not for each reader.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from storage import Storage

FetchPicture = Callable[[str, int | None], Awaitable[bytes | None]]
"""Gets a picture's file by its address, and by the reader whose own source shows it; None where
that fails."""

_ASK_AGAIN = timedelta(minutes=10)
_REMEMBERED = 1000  # addresses that gave nothing


class Photos:
    """The files behind pushes' pictures, by address. `clock` gives aware UTC datetimes."""

    def __init__(
        self, storage: Storage, fetch: FetchPicture, *, clock: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._fetch = fetch
        self._clock = clock
        self._vain: dict[str, datetime] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def turn(self, url: str) -> asyncio.Lock:
        """Held while a picture is uploaded: who comes second finds its id."""
        return self._turns.setdefault(url, asyncio.Lock())

    async def file_id(self, url: str) -> str | None:
        """Telegram's id of the picture, where it has the file."""
        known = await self._storage.pictures.known(url)
        return known.file_id if known is not None else None

    async def file(self, url: str, owner: int | None) -> bytes | None:
        """The file to upload, None where it cannot be had."""
        asked = self._vain.get(url)
        if asked is not None and self._clock() - asked < _ASK_AGAIN:
            return None
        file = await self._fetch(url, owner)
        if file is None:
            self.refused(url)
        return file

    async def uploaded(self, url: str, file_id: str) -> None:
        """Remember the id that Telegram gave the file."""
        await self._storage.pictures.set_file_id(url, file_id)

    async def forget(self, url: str) -> None:
        """Telegram does not know the id any more (another bot's token): it is uploaded anew."""
        await self._storage.pictures.forget_file_id(url)

    def refused(self, url: str) -> None:
        """The file cannot be had, or is no photo for Telegram: not tried again for a while."""
        while len(self._vain) >= _REMEMBERED:
            del self._vain[next(iter(self._vain))]
        self._vain[url] = self._clock()
