"""Which picture an article is shown with: the first of its candidates that really is one.

    candidates ─▶ what the store knows ─▶ unknown: the first 64 kB are fetched, through the guard
               ─▶ judged by their bytes, never by a header ─▶ the picture, with its true size

A picture must not delay its article: after three seconds the article goes with what is known by
then, and a picture that could not be had is kept unjudged, since Telegram may yet get it. What
newsboy or Telegram found to be none is remembered as bad and asked for no more.

robots.txt is not asked: the publisher names these pictures for previews, and one part of one file
is read. imagesize reads the size: small, kept (Sphinx needs it), only headers; Pillow would bring
decoders in C to judge strangers' bytes that nobody here decodes.
"""

import asyncio
import io
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from itertools import islice

import imagesize  # type: ignore[import-untyped]  # ships no types

from bot.articles.illustrations import FINE_WIDTH, MOST_CANDIDATES, SMALLEST
from bot.web.errors import BadUrlError, FetchError, ForbiddenAddressError
from bot.web.fetcher import Fetcher, Response
from storage import Picture, PictureBlock, Storage, StorageError

log = logging.getLogger(__name__)

SECONDS = 3.0  # for all candidates of an article together
UPLOAD_SECONDS = 8.0  # for a whole picture; those who wait for its push must not wait long
HEAD_BYTES = 65_536
BANNER = 10.0  # times as wide as high, or as high as wide
# What Telegram takes by address (Bot API, "Sending files" and sendPhoto).
MOST_BYTES = 5_000_000
MOST_PIXELS = 10_000  # width and height together
LOGO_USES = 5  # of a source's newest 50 articles: such a picture tells nothing of any of them

_WHOLE = {
    "Accept": "image/jpeg, image/png, image/webp, image/gif;q=0.9, image/*;q=0.5",
    "Accept-Encoding": "identity",
}
_HEADERS = {**_WHOLE, "Range": f"bytes=0-{HEAD_BYTES - 1}"}
_KINDS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_NOWHERE = frozenset({404, 410})


class Finding(Enum):
    """What became of a candidate."""

    GOOD = auto()
    BAD = auto()  # it is no picture that could be shown, and will be none
    MISSING = auto()  # not there now: not for this article
    UNKNOWN = auto()  # its server did not say


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, with the size in pixels where the bytes tell it."""

    finding: Finding
    width: int | None = None
    height: int | None = None


def judge(head: bytes, size: int | None) -> Judged:
    """What a file is by its first bytes; `size` is that of the whole file where it is known."""
    if not (head.startswith(_KINDS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")):
        return Judged(Finding.BAD)
    if size is not None and size > MOST_BYTES:
        return Judged(Finding.BAD)
    width, height = imagesize.get(io.BytesIO(head), exif_rotation=False)
    if width <= 0 or height <= 0:
        # A camera's notes may push the size beyond what was read; a short file is a broken one.
        cut = len(head) >= HEAD_BYTES
        return Judged(Finding.GOOD if cut else Finding.BAD)
    fits = (
        width >= SMALLEST[0]
        and height >= SMALLEST[1]
        and width + height <= MOST_PIXELS
        and max(width / height, height / width) < BANNER
    )
    return Judged(Finding.GOOD if fits else Finding.BAD, width, height)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Checks pictures, and remembers what they were found to be."""

    storage: Storage
    fetcher: Fetcher

    async def check(
        self, candidates: Sequence[PictureBlock], *, source_id: int, now: datetime
    ) -> PictureBlock | None:
        """The first of an article's candidates that can be shown, or None.

        A narrow one gives way to a wider one that follows, one that could not be judged to any
        that could. Takes three seconds at most, and raises nothing that strangers could cause.
        """
        unique: dict[str, PictureBlock] = {}
        for one in candidates:
            unique.setdefault(one.url, one)
        choice = _Choice(islice(unique.values(), MOST_CANDIDATES))
        try:
            async with asyncio.timeout(SECONDS):
                await self._choose(choice, source_id, now)
        except TimeoutError:
            log.debug("%s: no picture was judged in time", next(iter(unique), ""))
        except StorageError as error:
            log.warning("pictures cannot be looked up: %s", error)
        return choice.taken

    async def whole(self, url: str) -> bytes | None:
        """A picture's file, to be uploaded as a photo (Bot API, sendPhoto); None where that fails.

        Raises nothing that strangers could cause. A moving picture is no photo.
        """
        try:
            response = await self.fetcher.fetch(
                url, headers=_WHOLE, max_bytes=MOST_BYTES, seconds=UPLOAD_SECONDS
            )
        except FetchError as error:
            log.debug("%s: the picture cannot be uploaded: %s", url, error)
            return None
        judged = _judged(response)
        if judged.finding is not Finding.GOOD or response.body.startswith(b"GIF"):
            return None
        return response.body

    async def _choose(self, choice: "_Choice", source_id: int, now: datetime) -> None:
        known = await self.storage.pictures.known_many([one.url for one in choice.left])
        for one in tuple(choice.left):
            found = known.get(one.url)
            if found is not None and await self._is_logo(found, source_id):
                judged = Judged(Finding.MISSING)
            elif found is not None and (found.bad or found.checked is not None):
                finding = Finding.BAD if found.bad else Finding.GOOD
                judged = Judged(finding, found.width, found.height)
            else:
                judged = await self._look(one.url)
                await self._remember(one.url, judged, now)
            choice.note(one, judged)
            if choice.settled:
                return

    async def _is_logo(self, known: Picture, source_id: int) -> bool:
        return await self.storage.pictures.uses(known.url, source_id) >= LOGO_USES

    async def _look(self, url: str) -> Judged:
        try:
            response = await self.fetcher.fetch(
                url, headers=_HEADERS, first_bytes=HEAD_BYTES, seconds=SECONDS
            )
        except (BadUrlError, ForbiddenAddressError):
            return Judged(Finding.MISSING)  # not for us to see, nor for Telegram
        except FetchError:
            return Judged(Finding.UNKNOWN)
        return _judged(response)

    async def _remember(self, url: str, judged: Judged, now: datetime) -> None:
        if judged.finding in {Finding.GOOD, Finding.BAD}:
            bad = judged.finding is Finding.BAD
            await self.storage.pictures.save(
                Picture(url, judged.width, judged.height, checked=now, bad=bad)
            )


def _judged(response: Response) -> Judged:
    if response.status in _NOWHERE:
        return Judged(Finding.MISSING)
    if not 200 <= response.status < 300 or not response.body:
        return Judged(Finding.UNKNOWN)
    return judge(response.body, response.size)


class _Choice:
    """The candidates left, and the best so far; what is not judged yet counts as unknown."""

    def __init__(self, candidates: Iterable[PictureBlock]) -> None:
        self.left = list(candidates)
        self._unknown: list[PictureBlock] = []
        self._narrow: PictureBlock | None = None
        self._fine: PictureBlock | None = None

    @property
    def settled(self) -> bool:
        return self._fine is not None

    @property
    def taken(self) -> PictureBlock | None:
        waiting = [*self._unknown, *self.left]
        return self._fine or self._narrow or next(iter(waiting), None)

    def note(self, one: PictureBlock, judged: Judged) -> None:
        self.left.remove(one)
        sized = replace(one, width=judged.width or one.width, height=judged.height or one.height)
        if judged.finding is Finding.UNKNOWN:
            self._unknown.append(one)
        elif judged.finding is Finding.GOOD and (sized.width or FINE_WIDTH) >= FINE_WIDTH:
            self._fine = sized
        elif judged.finding is Finding.GOOD:
            self._narrow = self._narrow or sized
