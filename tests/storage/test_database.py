"""Opening, closing, locking, transactions and what is refused, on real files."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from storage import (
    DatabaseCorruptError,
    DatabaseLockedError,
    DatabaseTooNewError,
    DiskFullError,
    NotFoundError,
    Storage,
    StorageError,
)
from storage.database import Database, from_epoch, to_epoch
from tests.storage.newsroom import NOW, database_of, draft, execute, feed, publish, values

_HOLDER = """
import asyncio, sys
from pathlib import Path
from storage import Storage

async def main():
    async with Storage.open(Path(sys.argv[1])) as storage:
        await storage.feeds.ensure([("https://one.example/rss", "one.example")], sys_now)
        print("open", flush=True)
        await asyncio.sleep(60)

from datetime import UTC, datetime
sys_now = datetime(2026, 11, 22, tzinfo=UTC)
asyncio.run(main())
"""


@contextmanager
def holder(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has the database open for writing."""
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", _HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.kill()
        process.communicate()


# ---------------------------------------------------------------- connections


async def test_the_writers_settings(storage: Storage) -> None:
    async with database_of(storage).transaction() as transaction:
        assert await transaction.value("PRAGMA journal_mode") == "wal"
        assert await transaction.value("PRAGMA synchronous") == 2  # FULL
        assert await transaction.value("PRAGMA foreign_keys") == 1
        assert await transaction.value("PRAGMA busy_timeout") == 5000


async def test_what_was_written_is_there_after_reopening(path: Path) -> None:
    async with Storage.open(path) as storage:
        one = await feed(storage)
        await publish(storage, one, "a")
    assert not path.with_name("news.db-wal").exists()  # folded into the file
    async with Storage.open(path) as storage:
        assert len(await storage.articles.latest(language="all", limit=8)) == 1


async def test_the_reader_sees_a_commit_at_once_and_nothing_before(storage: Storage) -> None:
    one = await feed(storage)
    async with database_of(storage).transaction() as transaction:
        await transaction.run("UPDATE feed SET title = 'changed'")
        assert (await storage.feeds.by_url(one.url)).title == ""
    assert (await storage.feeds.by_url(one.url)).title == "changed"


async def test_the_readers_connection_cannot_write(storage: Storage) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        await database_of(storage).rows("DELETE FROM feed RETURNING id")


async def test_reading_beside_a_running_bot(storage: Storage, path: Path) -> None:
    one = await feed(storage)
    async with Storage.open_readonly(path) as beside:
        assert [known.url for known in await beside.feeds.all()] == [one.url]
        await publish(storage, one, "a")
        assert len(await beside.articles.latest(language="all", limit=8)) == 1
        with pytest.raises(StorageError, match="reading only"):
            await beside.feeds.remove(one.url)
        with pytest.raises(StorageError, match="reading only"):
            await beside.upkeep.tidy()
    assert (await publish(storage, one, "b")).new


async def test_reading_where_nobody_writes(path: Path) -> None:
    async with Storage.open(path) as storage:
        await feed(storage)
    async with Storage.open_readonly(path) as beside:
        assert len(await beside.feeds.all()) == 1
    async with Storage.open(path) as storage:
        await storage.upkeep.tidy()


async def test_a_closed_store_refuses(path: Path) -> None:
    async with Storage.open(path) as storage:
        pass
    with pytest.raises(StorageError, match="closed"):
        await storage.feeds.all()
    with pytest.raises(StorageError, match="closed"):
        await feed(storage)
    await database_of(storage).close()  # twice does no harm


async def test_closing_waits_for_the_transaction_under_way(path: Path) -> None:
    database = Database(path, readonly=False)
    await database.open()
    inside = asyncio.Event()

    async def write() -> None:
        async with database.transaction() as transaction:
            inside.set()
            for number in range(5):
                await transaction.run(
                    "INSERT INTO meta (key, value) VALUES (:key, '')", {"key": str(number)}
                )

    task = asyncio.create_task(write())
    await inside.wait()
    await database.close()
    await task
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM meta").fetchone() == (5,)
    connection.close()


# ---------------------------------------------------------------- what is refused


async def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="check the folder"):
        async with Storage.open(tmp_path / "absent" / "news.db"):
            pass


async def test_nothing_to_read(path: Path) -> None:
    with pytest.raises(StorageError, match="no database at"):
        async with Storage.open_readonly(path):
            pass
    sqlite3.connect(path).close()  # makes an empty file
    with pytest.raises(StorageError, match="holds no newspaper"):
        async with Storage.open_readonly(path):
            pass


async def filled(path: Path) -> None:
    async with Storage.open(path) as storage:
        one = await feed(storage)
        for number in range(20):
            await publish(storage, one, str(number))


def flip(path: Path, first: int, length: int) -> bytes:
    data = bytearray(path.read_bytes())
    for place in range(first, first + length):
        data[place] ^= 0xFF
    path.write_bytes(data)
    return bytes(data)


def contents(path: Path) -> bytes:
    return path.read_bytes()


@pytest.mark.parametrize(
    ("first", "length"), [(0, 100), (4096, 40 * 4096)], ids=["header", "pages"]
)
async def test_a_damaged_file_is_refused_with_the_remedy(
    path: Path, first: int, length: int
) -> None:
    await filled(path)
    damaged = flip(path, first, length)
    with pytest.raises(DatabaseCorruptError, match="newsboy restore BACKUP") as caught:
        async with Storage.open(path):
            pass
    assert str(path) in str(caught.value)
    assert contents(path) == damaged
    # The lock is free again: a restore can take it.
    with pytest.raises(DatabaseCorruptError):
        async with Storage.open(path):
            pass


async def test_a_damaged_header_is_refused_to_readers_too(path: Path) -> None:
    await filled(path)
    flip(path, 0, 100)
    with pytest.raises(DatabaseCorruptError, match="newsboy restore BACKUP"):
        async with Storage.open_readonly(path):
            pass


@pytest.mark.parametrize("readonly", [False, True])
async def test_a_newer_schema_is_refused(path: Path, readonly: bool) -> None:
    async with Storage.open(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9000")
    connection.close()
    with pytest.raises(DatabaseTooNewError, match="schema 9000"):
        await Database(path, readonly=readonly).open()


# ---------------------------------------------------------------- one process


async def test_a_second_process_is_refused_and_the_owner_named(path: Path) -> None:
    with holder(path) as process:
        with pytest.raises(DatabaseLockedError, match=f"process {process.pid}") as caught:
            async with Storage.open(path):
                pass
        assert caught.value.pid == process.pid
        async with Storage.open_readonly(path) as beside:
            assert len(await beside.feeds.all()) == 1
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        async with Storage.open(path) as storage:  # the kernel freed the lock
            assert len(await storage.feeds.all()) == 1  # and what was committed stays


async def test_a_second_opening_in_one_process_is_refused(storage: Storage, path: Path) -> None:
    with pytest.raises(DatabaseLockedError) as caught:
        async with Storage.open(path):
            pass
    assert caught.value.pid == os.getpid()
    assert await feed(storage)  # the first one is not disturbed


# ---------------------------------------------------------------- transactions


async def _count(storage: Storage) -> int:
    return int((await values(storage, "SELECT count(*) FROM meta"))[0][0])


_INSERT = "INSERT INTO meta (key, value) VALUES (:key, '')"


async def test_an_exception_rolls_all_back(storage: Storage) -> None:
    async def write(twice: bool) -> None:
        async with database_of(storage).transaction() as transaction:
            await transaction.run(_INSERT, {"key": "a"})
            if twice:
                await transaction.run(_INSERT, {"key": "a"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write(twice=False)
    assert await _count(storage) == 0
    with pytest.raises(StorageError, match="UNIQUE"):
        await write(twice=True)
    assert await _count(storage) == 0
    await execute(storage, _INSERT, key="a")
    assert await _count(storage) == 1


async def test_no_row_is_an_error_of_its_own(storage: Storage) -> None:
    with pytest.raises(NotFoundError):
        await database_of(storage).value("SELECT 1 FROM meta")
    with pytest.raises(NotFoundError):
        async with database_of(storage).transaction() as transaction:
            await transaction.value("SELECT 1 FROM meta")


async def test_tasks_write_side_by_side(storage: Storage) -> None:
    async def write(number: int) -> None:
        async with database_of(storage).transaction() as transaction:
            await transaction.run(_INSERT, {"key": f"{number}"})
            await asyncio.sleep(0)
            if number % 3 == 0:
                raise ZeroDivisionError
            await transaction.run(_INSERT, {"key": f"{number} again"})

    ended = await asyncio.gather(*(write(number) for number in range(30)), return_exceptions=True)
    assert sum(isinstance(result, ZeroDivisionError) for result in ended) == 10
    assert await _count(storage) == 40


async def test_cancelled_anywhere_it_leaves_nothing_open(storage: Storage) -> None:
    """Cancelled in BEGIN, between, in COMMIT or in ROLLBACK: all or nothing, and others go on."""
    database = database_of(storage)

    async def write(key: str) -> None:
        async with database.transaction() as transaction:
            for part in range(3):
                await transaction.run(_INSERT, {"key": f"{key}-{part}"})

    expected = 0
    for attempt in range(60):
        task = asyncio.create_task(write(f"cancelled {attempt}"))
        other = asyncio.create_task(write(f"other {attempt}"))
        for _ in range(attempt // 2):
            await asyncio.sleep(0)
        task.cancel()
        if attempt % 2:
            await asyncio.sleep(0)
            task.cancel()  # while it rolls back
        await asyncio.gather(task, return_exceptions=True)
        await other
        expected += 3
    keys = [key for (key,) in await values(storage, "SELECT key FROM meta")]
    assert sum(key.startswith("other") for key in keys) == expected
    for attempt in range(60):
        whole = sum(key.startswith(f"cancelled {attempt}-") for key in keys)
        assert whole in (0, 3), f"attempt {attempt} is half written"


async def test_cancelled_while_waiting_for_its_turn(storage: Storage) -> None:
    async with database_of(storage).transaction() as transaction:
        waiting = asyncio.create_task(execute(storage, _INSERT, key="waiting"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await transaction.run(_INSERT, {"key": "mine"})
    assert await values(storage, "SELECT key FROM meta") == [("mine",)]


async def test_a_full_disk_changes_nothing_and_passes(storage: Storage) -> None:
    one = await feed(storage)
    await publish(storage, one, "a")
    database = database_of(storage)
    async with database.transaction() as transaction:
        pages = await transaction.value("PRAGMA page_count")
        await transaction.run(f"PRAGMA max_page_count = {pages}")
    large = draft(one, "b", search_body=" ".join(str(number) for number in range(50_000)))
    with pytest.raises(DiskFullError, match="free some space"):
        await storage.articles.store(large, now=NOW)
    assert len(await storage.articles.latest(language="all", limit=8)) == 1
    assert await storage.search.keys(["49999"], now=NOW) == ([], False)
    async with database.transaction() as transaction:
        await transaction.run("PRAGMA max_page_count = 1000000")
    assert (await storage.articles.store(large, now=NOW)).new


# ---------------------------------------------------------------- times


def test_times_are_aware() -> None:
    assert from_epoch(to_epoch(NOW)) == NOW
    assert from_epoch(0).utcoffset() is not None
    with pytest.raises(ValueError, match="naive"):
        to_epoch(datetime(2026, 11, 22))  # noqa: DTZ001 - the naive one is what is tested
