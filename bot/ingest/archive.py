"""An archive into the store: JSON Lines, or a folder of saved pages. Nothing of it is pushed.

    file or folder ─▶ records, in order ─▶ batches ─▶ read and composed (workers, side by side)
                   ─▶ one transaction a batch: its articles, and how far the import has come

An import that was interrupted goes on behind its last batch; one that ended starts anew, and
passes over what is known. A record that cannot be read is counted, with its place and the reason,
and costs nothing but itself.
"""

import asyncio
import gzip
import hashlib
import os
import zlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from bot.ingest.archive_records import Filed, Record, Refused, file_records, read_line
from bot.ingest.workers import Workers
from storage import ArticleDraft, Storage

BATCH = 20
_AHEAD = 3  # batches being composed while one is stored
_TELLING_BYTES = 4096  # of a file's beginning: they tell it from another under the same name
_PAGES = (".html", ".htm", ".xhtml", ".html.gz", ".htm.gz")
_LONGEST = 5_000_000  # bytes of a line or page
_REFUSED_TOLD = 20
_ZIPPED = b"\x1f\x8b"


class ArchiveError(Exception):
    """The archive as a whole cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: its number, from 1, and its name («line 12», or a page's path)."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, in records. `reasons` tell of the first refused ones: place and cause.

    `behind` is how many an earlier, interrupted run had done.
    """

    behind: int
    stored: int = 0
    known: int = 0
    refused: int = 0
    reasons: tuple[tuple[str, str], ...] = ()


_Entry = tuple[Place, Record | Refused]
_Read = tuple[Place, Filed | Refused]


class Archive:
    """An archive on disk. `domain` names the publisher, where its records may not.

    Raises ArchiveError where there is nothing to read.
    """

    def __init__(self, path: Path, *, domain: str | None = None) -> None:
        self._path = path
        self._domain = domain
        self._pages: list[Path] = []
        if path.is_dir():
            self._pages = sorted(
                page
                for page in path.rglob("*")
                if page.name.lower().endswith(_PAGES) and page.is_file()
            )
            if not self._pages:
                raise ArchiveError(f"{path} holds no saved page (*.html or *.htm, .gz or not).")
        elif not path.is_file():
            raise ArchiveError(f"{path} does not exist: name a JSON Lines file or a folder.")
        self._beginning = b"" if self._pages else _beginning(path)

    @property
    def key(self) -> str:
        """The name under which the progress of this archive's import is kept.

        A folder to which pages were added is another archive: their order has changed.
        """
        name = hashlib.sha256(os.fsencode(self._path.resolve()) + bytes(1))
        for page in self._pages:
            name.update(os.fsencode(page.relative_to(self._path)) + bytes(1))
        name.update(self._beginning)
        return f"import:{name.hexdigest()[:32]}"

    def size(self) -> int:
        """How many records there are."""
        return len(self._pages) or sum(1 for _ in self._lines())

    def records(self, *, behind: int = 0) -> Iterator[_Entry]:
        """The records behind the first `behind` ones, in order."""
        for number, page in enumerate(self._pages[behind:], start=behind + 1):
            yield Place(number, str(page.relative_to(self._path))), self._page(page)
        if self._pages:
            return
        for number, (name, line) in enumerate(self._lines(), start=1):
            if number > behind:
                yield Place(number, name), self._line(line)

    def _lines(self) -> Iterator[tuple[str, bytes]]:
        """The lines with something in them; one that is too long comes cut."""
        zipped = self._beginning.startswith(_ZIPPED)
        number = 0
        try:
            with gzip.open(self._path) if zipped else self._path.open("rb") as file:
                while line := file.readline(_LONGEST + 1):
                    number += 1
                    if len(line) > _LONGEST:
                        _pass_over(file, line)
                    if line.strip(b"\xef\xbb\xbf\r\n\t "):
                        yield f"line {number}", line
        except (OSError, EOFError, zlib.error) as error:
            raise ArchiveError(
                f"{self._path} cannot be read behind line {number}: {error}. What came before is "
                "stored; mend the file and import it again."
            ) from error

    def _line(self, line: bytes) -> Record | Refused:
        if len(line) > _LONGEST:
            return _too_large()
        try:
            return read_line(line, domain=self._domain)
        except Exception as error:  # noqa: BLE001 - whatever is in a line, it costs itself
            return Refused(f"cannot be read: {error}")

    def _page(self, page: Path) -> Record | Refused:
        try:
            with page.open("rb") as file:
                zipped = file.read(len(_ZIPPED)) == _ZIPPED
            with gzip.open(page) if zipped else page.open("rb") as file:
                body = file.read(_LONGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            return Refused(f"cannot be read: {error}")
        return _too_large() if len(body) > _LONGEST else Record(page=body, domain=self._domain)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_TELLING_BYTES)
    except OSError as error:
        raise ArchiveError(
            f"{path} cannot be read ({error.strerror}): check its owner and permissions."
        ) from error


def _pass_over(file: BinaryIO | gzip.GzipFile, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(_LONGEST)


def _too_large() -> Refused:
    return Refused(f"is larger than {_LONGEST // 1_000_000} MB.")


class Importer:
    """Brings archives into the store. `clock` tells the time of storing."""

    def __init__(
        self, storage: Storage, workers: Workers, *, clock: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._workers = workers
        self._clock = clock
        self._publishers: dict[str, tuple[int, int]] = {}  # domain to feed and source

    async def run(
        self, archive: Archive, *, progress: Callable[[int], None] = lambda behind: None
    ) -> ImportReport:
        """Import what is not there yet; `progress` is told how many records are done.

        Raises ArchiveError where the archive breaks off, and StorageError. What was stored until
        then stays, and the next run goes on from there.
        """
        key = archive.key
        report = ImportReport(behind=int(await self._storage.meta.get(key) or 0))
        progress(report.behind)
        async with aclosing(self._read(archive.records(behind=report.behind))) as batches:
            async for batch in batches:
                drafts = [await self._draft(one) for _, one in batch if isinstance(one, Filed)]
                refused = [
                    (place.name, one.reason) for place, one in batch if isinstance(one, Refused)
                ]
                done = batch[-1][0].number
                stored = await self._storage.archive.store_batch(
                    drafts, now=self._clock(), progress=(key, str(done))
                )
                report = replace(
                    report,
                    stored=report.stored + stored,
                    known=report.known + len(drafts) - stored,
                    refused=report.refused + len(refused),
                    reasons=(*report.reasons, *refused)[:_REFUSED_TOLD],
                )
                progress(done)
        await self._storage.meta.set(key, "0")
        return report

    async def _draft(self, filed: Filed) -> ArticleDraft:
        """The draft under its publisher, whose archive is founded with the first one."""
        if filed.domain not in self._publishers:
            feed = await self._storage.feeds.archive(
                filed.domain, filed.source or filed.domain, filed.draft.language, self._clock()
            )
            self._publishers[filed.domain] = (feed.id, feed.source_id)
        feed_id, source_id = self._publishers[filed.domain]
        return replace(filed.draft, feed_id=feed_id, source_id=source_id)

    async def _read(self, records: Iterator[_Entry]) -> AsyncGenerator[list[_Read], None]:
        """The records in their order, batch by batch; the next batches are under way meanwhile."""
        ahead: deque[asyncio.Task[list[_Read]]] = deque()
        broken: ArchiveError | None = None
        try:
            while True:
                while len(ahead) < _AHEAD and broken is None:
                    batch, broken = _batch(records)
                    if not batch:
                        break
                    ahead.append(asyncio.create_task(self._file(batch)))
                if not ahead:
                    break
                yield await ahead[0]
                ahead.popleft()
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)
        if broken is not None:
            raise broken

    async def _file(self, batch: Sequence[_Entry]) -> list[_Read]:
        """A batch, read in a worker; where that ends badly, record by record."""
        readable = [one for _, one in batch if isinstance(one, Record)]
        try:
            filed = iter(await self._workers.run(file_records, readable, self._clock()))
        except Exception as error:  # noqa: BLE001 - a record that breaks the newsroom costs itself
            if len(batch) > 1:
                return [read for one in batch for read in await self._file([one])]
            filed = iter([Refused(f"cannot be read: {error}")])
        return [(place, next(filed) if isinstance(one, Record) else one) for place, one in batch]


def _batch(records: Iterator[_Entry]) -> tuple[list[_Entry], ArchiveError | None]:
    """The next records, and why there are no more of them where the archive breaks off."""
    batch: list[_Entry] = []
    try:
        batch.extend(islice(records, BATCH))
    except ArchiveError as error:
        return batch, error
    return batch, None
