"""Connections, transactions and the wrapping of SQLite's errors.

One writer connection behind a lock that is held for a whole transaction, and one read-only
connection for everything else: two connections that write or checkpoint would meet the WAL-reset
bug of SQLite before 3.51.3, and a read on the writer's connection would wait for its commits.
A second process is kept out by an advisory lock on a file beside the database, which the kernel
frees when the process dies, however it dies.
"""

import asyncio
import errno
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import aiosqlite

from storage.errors import (
    DatabaseCorruptError,
    DatabaseLockedError,
    DiskFullError,
    NotFoundError,
    StorageError,
)
from storage.migrate import make_private, migrate, migrations, refuse_other_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows has no advisory locks of this kind: SQLite's own must do
    fcntl = None  # type: ignore[assignment]  # a module elsewhere; asked for before each use

Row = sqlite3.Row
Parameters = Mapping[str, object]

SQLITE_VERSION = sqlite3.sqlite_version
"""The library's version, for logs and fault reports: what it can do depends on it."""

_BUSY_MS = 5000
_EMPTYING_MS = 200
"""How long a read that needs the log may keep everybody from writing."""
_WRITER_CACHE_KIB = 32 * 1024
"""What a chunk of deliveries touches fits: else its pages go to the log more than once."""
_LOG_PAGES = 4000
"""16 MiB of log before it is folded into the file: a page that many commits change is copied once,
and 100,000 deliveries are owed without folding in between. Takes about 50 ms."""


def to_epoch(moment: datetime) -> int:
    """Seconds since 1970 of an aware datetime; a naive one is a bug and is refused."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}: the store takes aware ones only")
    return int(moment.timestamp())


def maybe_epoch(moment: datetime | None) -> int | None:
    """`to_epoch`, with None for None."""
    return None if moment is None else to_epoch(moment)


def from_epoch(seconds: int) -> datetime:
    """The aware UTC datetime of epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def maybe_datetime(seconds: int | None) -> datetime | None:
    """`from_epoch`, with None for None."""
    return None if seconds is None else from_epoch(seconds)


def json_list(values: Iterable[object]) -> str:
    """A JSON list for `json_each(:parameter)`: SQLite has no list parameters."""
    return json.dumps(list(values), ensure_ascii=False)


@contextmanager
def wrapped_errors(path: Path) -> "Iterator[None]":
    """Turn SQLite's errors into the store's, each with its remedy."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        # The low byte is the primary code: https://sqlite.org/rescode.html
        primary = None if code is None else code & 0xFF
        if primary == sqlite3.SQLITE_FULL:
            raise DiskFullError(
                f"the disk that holds {path} is full: free some space, newsboy goes on by itself"
            ) from error
        if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise DatabaseCorruptError(corrupt_message(path, str(error))) from error
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise DatabaseLockedError(
                f"{path} is locked by another program: close it and start again"
            ) from error
        if primary == sqlite3.SQLITE_CANTOPEN:
            raise StorageError(
                f"cannot open {path}: check that its folder exists and can be written to"
            ) from error
        if primary == sqlite3.SQLITE_READONLY:
            raise StorageError(
                f"{path} cannot be written: check the owner and the permissions of the file"
            ) from error
        raise StorageError(f"{path}: {error}") from error


def corrupt_message(path: Path, fault: str) -> str:
    """What an operator reads when the file is damaged."""
    return (
        f"{path} is damaged ({fault}). Restore a backup: newsboy restore BACKUP "
        f"(the damaged file is kept aside)"
    )


class ProcessLock:
    """An exclusive advisory lock beside the database, with its owner's process id inside."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock; raises DatabaseLockedError with the owner's pid where it is held."""
        try:
            make_private(self.path)
            file = self.path.open("a+", encoding="ascii")
        except OSError as error:
            raise StorageError(
                f"cannot write {self.path}: {error.strerror}; check the folder and its permissions"
            ) from error
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                text = file.read().strip()
                file.close()
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise StorageError(f"cannot lock {self.path}: {error.strerror}") from error
                pid = int(text) if text.isdigit() else None
                owner = f"process {pid}" if pid else "another process"
                raise DatabaseLockedError(
                    f"the database is in use by {owner}: stop it first (kill {pid or 'PID'})", pid
                ) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back; the file stays, so that no other process can lock a ghost."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Transaction:
    """The writer's connection inside BEGIN IMMEDIATE … COMMIT."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def run(self, sql: str, parameters: Parameters | None = None) -> int:
        """Execute one statement; returns how many rows it changed."""
        return (await self._connection.execute(sql, parameters or {})).rowcount

    async def run_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Execute one statement for each row of parameters; returns the rows changed."""
        every = list(rows)
        if not every:  # the way to the writer's thread and back is most of the price
            return 0
        return (await self._connection.executemany(sql, every)).rowcount

    async def rows(self, sql: str, parameters: Parameters | None = None) -> list[Row]:
        """All rows of a statement (`… RETURNING` included)."""
        return list(await self._connection.execute_fetchall(sql, parameters or {}))

    async def row(self, sql: str, parameters: Parameters | None = None) -> Row | None:
        """The first row of a statement, or None."""
        found = await self.rows(sql, parameters)
        return found[0] if found else None

    async def value(self, sql: str, parameters: Parameters | None = None) -> Any:
        """The first column of the first row; raises NotFoundError where there is none."""
        found = await self.row(sql, parameters)
        if found is None:
            raise NotFoundError("no such row")
        return found[0]


class Database:
    """A database file, open for reading and, unless `readonly`, for writing."""

    def __init__(self, path: Path, *, readonly: bool) -> None:
        self.path = path
        self.readonly = readonly
        self._lock = asyncio.Lock()
        self._process_lock = ProcessLock(path)
        self._writer: aiosqlite.Connection | None = None
        self._reader: aiosqlite.Connection | None = None

    async def open(self) -> None:
        """Lock, check, migrate and open; raises a child of StorageError, leaving nothing open."""
        try:
            if self.readonly:
                self._refuse_absent()
            else:
                self._process_lock.acquire()
                await self._open_writer()
            with wrapped_errors(self.path):
                self._reader = await aiosqlite.connect(
                    f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
                )
                self._reader.row_factory = sqlite3.Row
                await self._reader.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
                await refuse_other_schema(self._reader, self.path)
        except BaseException:
            await self.close()
            raise

    def _refuse_absent(self) -> None:
        if not self.path.exists():
            raise StorageError(
                f"there is no database at {self.path}: set DATABASE, or start newsboy first"
            )

    async def _open_writer(self) -> None:
        with wrapped_errors(self.path):
            with suppress(OSError):  # SQLite's own error names the remedy
                make_private(self.path)
            writer = await aiosqlite.connect(self.path, isolation_level=None)
            self._writer = writer
            writer.row_factory = sqlite3.Row
            for pragma in (
                f"busy_timeout = {_BUSY_MS}",
                "journal_mode = WAL",
                "synchronous = FULL",
                # What people wrote and wanted deleted; some builds of SQLite do so anyway.
                "secure_delete = ON",
                f"cache_size = -{_WRITER_CACHE_KIB}",
                f"wal_autocheckpoint = {_LOG_PAGES}",
            ):
                await writer.execute(f"PRAGMA {pragma}")
            faults = await writer.execute_fetchall("PRAGMA quick_check(1)")
            fault = str(next(iter(faults))[0])
            if fault != "ok":
                raise DatabaseCorruptError(corrupt_message(self.path, fault))
            await migrate(writer, self.path, migrations())
            # Only now: a migration that rebuilds a table drops the old one, and with foreign keys
            # on that would delete all that refers to it.
            await writer.execute("PRAGMA foreign_keys = ON")

    async def close(self) -> None:
        """Close both connections and free the process lock; safe to call twice.

        Waits for the transaction that is under way, if any; later ones are refused.
        """
        async with self._lock:
            reader, self._reader = self._reader, None
            writer, self._writer = self._writer, None
            try:
                if reader is not None:
                    await reader.close()
            finally:
                # The writer goes last: it folds the log into the file.
                try:
                    if writer is not None:
                        await writer.close()
                finally:
                    self._process_lock.release()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One write transaction; rolled back whole when its block raises.

        Never await HTTP inside: the writer is held until the block ends.
        """
        async with self._writing() as writer:
            try:
                await writer.execute("BEGIN IMMEDIATE")
                yield Transaction(writer)
                await writer.execute("COMMIT")
            except BaseException:
                # A cancelled task's statement goes on in the writer's thread, and this one queues
                # behind it, before anybody else's BEGIN. It fails where nothing is open any more:
                # after a COMMIT that went through, or a full disk that rolled back by itself.
                with suppress(sqlite3.OperationalError):
                    await writer.execute("ROLLBACK")
                raise

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[aiosqlite.Connection]:
        """The writer's connection, held alone."""
        async with self._lock:
            if self._writer is None:
                raise StorageError(
                    "the database is open for reading only"
                    if self.readonly
                    else "the database is closed"
                )
            with wrapped_errors(self.path):
                yield self._writer

    async def rows(self, sql: str, parameters: Parameters | None = None) -> Sequence[Row]:
        """All rows of a reading statement, on the read-only connection."""
        if self._reader is None:
            raise StorageError("the database is closed")
        with wrapped_errors(self.path):
            try:
                return list(await self._reader.execute_fetchall(sql, parameters or {}))
            except OverflowError:
                return []  # a typed number of more than 64 bits is in no row

    async def row(self, sql: str, parameters: Parameters | None = None) -> Row | None:
        """The first row of a reading statement, or None."""
        found = await self.rows(sql, parameters)
        return found[0] if found else None

    async def value(self, sql: str, parameters: Parameters | None = None) -> Any:
        """The first column of the first row; raises NotFoundError where there is none."""
        found = await self.row(sql, parameters)
        if found is None:
            raise NotFoundError("no such row")
        return found[0]

    async def fold(self) -> None:
        """Fold the log into the file now: before it is full, in a hold of the writer's of its own.

        A full disk is no error here: the log keeps what it has.
        """
        async with self._writing() as writer:
            with suppress(sqlite3.OperationalError):
                await writer.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")

    async def empty_log(self) -> bool:
        """Fold the log into the file and cut it to nothing; False where a read was in the way.

        What was deleted or changed stays readable in the log until then.
        """
        async with self._writing() as writer:
            await writer.execute_fetchall(f"PRAGMA busy_timeout = {_EMPTYING_MS}")
            try:
                (row,) = await writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError:
                return False
            finally:
                await writer.execute_fetchall(f"PRAGMA busy_timeout = {_BUSY_MS}")
            return not row[0]

    async def rewrite(self) -> None:
        """Write the whole file anew: pages keep copies of rows that moved to others.

        Holds the writer for a second per 100 MB. Raises DiskFullError, leaving all as it was.
        """
        async with self._writing() as writer:
            await writer.execute("VACUUM")

    async def upkeep(self) -> None:
        """Nightly: refresh the planner's statistics and fold the log into the file."""
        async with self._writing() as writer:
            # A sample is enough, and a whole scan of a large index would hold the writer.
            await writer.execute("PRAGMA analysis_limit = 400")
            await writer.execute("PRAGMA optimize")
            await writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
