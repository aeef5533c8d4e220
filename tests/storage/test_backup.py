"""Backups: taken beside a writer, checked, and put back without losing the present file."""

import asyncio
import os
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from storage import (
    AlreadyExistsError,
    DatabaseCorruptError,
    DatabaseLockedError,
    DatabaseTooNewError,
    Storage,
    StorageError,
    backup,
    check_file,
    restore,
)
from tests.storage.newsroom import NOW, execute, feed, publish, values


async def articles(path: Path) -> int:
    async with Storage.open_readonly(path) as storage:
        return (await storage.upkeep.counts()).articles


async def make(path: Path, count: int) -> None:
    async with Storage.open(path) as storage:
        one = await feed(storage)
        for number in range(count):
            await publish(storage, one, str(number))


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 30 * 4096] = b"\xff" * (29 * 4096)
    path.write_bytes(data)


def text_file(path: Path) -> None:
    path.write_text("Not a database at all, but long enough to be taken for one. " * 20)


async def test_a_backup_beside_a_writer_is_one_moment(storage: Storage, path: Path) -> None:
    one = await feed(storage)
    going = True

    async def write() -> int:
        number = 0
        while going:
            async with storage.feeds._database.transaction() as transaction:
                for part in "ab":
                    await transaction.run(
                        "INSERT INTO meta (key, value) VALUES (:key, '')",
                        {"key": f"{number}{part}"},
                    )
            number += 1
        return number

    await publish(storage, one, "before")
    writing = asyncio.create_task(write())
    await asyncio.sleep(0.05)
    targets = [path.with_name(f"copy{number}.db") for number in range(3)]
    for target in targets:
        await backup(path, target)
    going = False
    written = await writing
    assert written > 3
    for target in targets:
        check_file(target)
        assert await articles(target) == 1
        async with Storage.open_readonly(target) as copy:
            ((rows,),) = await values(copy, "SELECT count(*) FROM meta")
            assert rows % 2 == 0  # no half of a transaction
            assert 0 < rows <= 2 * written
    assert (await publish(storage, one, "after")).new


async def test_a_backup_is_one_file(path: Path) -> None:
    await make(path, 3)
    folder = path.with_name("backups")
    folder.mkdir()
    await backup(path, folder / "copy.db")
    assert names(folder) == {"copy.db"}
    check_file(folder / "copy.db")
    assert names(folder) == {"copy.db"}


async def test_a_backup_overwrites_nothing(path: Path, tmp_path: Path) -> None:
    await make(path, 1)
    target = tmp_path / "copy.db"
    text_file(target)
    with pytest.raises(AlreadyExistsError, match="name another file"):
        await backup(path, target)
    assert "copy.db.partial" not in names(tmp_path)


async def test_a_backup_that_fails_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot open"):
        await backup(tmp_path / "absent.db", tmp_path / "copy.db")
    await make(path, 20)
    with pytest.raises(StorageError, match="folder exists") as caught:
        await backup(path, tmp_path / "absent" / "copy.db")
    assert "absent" in str(caught.value)  # the fault is not the database's
    damage(path)
    with pytest.raises(DatabaseCorruptError, match="newsboy restore") as damaged:
        await backup(path, tmp_path / "copy.db")
    assert str(path) in str(damaged.value)
    assert not {"copy.db", "copy.db.partial", "absent.db"} & names(tmp_path)


async def test_restoring_keeps_the_present_file(path: Path, tmp_path: Path) -> None:
    await make(path, 2)
    await backup(path, tmp_path / "copy.db")
    async with Storage.open(path) as storage:
        await publish(storage, await feed(storage), "later")
    aside = await restore(tmp_path / "copy.db", path, NOW)
    assert aside == tmp_path / "news.db.before-restore-20261122-120000"
    assert await articles(path) == 2
    assert await articles(aside) == 3
    assert await articles(tmp_path / "copy.db") == 2  # the backup can serve again
    async with Storage.open(path) as storage:  # and the bot starts on it
        assert (await publish(storage, await feed(storage), "later")).new


async def latest(path: Path, title: str) -> int:
    """The id that an article published now gets."""
    async with Storage.open(path) as storage:
        return (await publish(storage, await feed(storage), title)).article_id


async def test_a_restored_file_gives_out_no_id_again(path: Path, tmp_path: Path) -> None:
    """What was sent since the backup names its articles by id: it must not open others."""
    await make(path, 2)
    await backup(path, tmp_path / "copy.db")
    last = await latest(path, "since")
    await restore(tmp_path / "copy.db", path, NOW)
    assert await latest(path, "after") == last + 1
    damage(path)  # nobody knows which were given out
    await restore(tmp_path / "copy.db", path, NOW + timedelta(days=1))
    assert await latest(path, "again") > last + 1000


async def test_restoring_where_nothing_is(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    await make(other, 2)
    path.with_name("news.db-wal").write_bytes(b"left over")
    assert await restore(other, path, NOW) is None
    assert await articles(path) == 2


async def test_what_a_crash_left_in_the_log_is_kept_aside_too(path: Path, tmp_path: Path) -> None:
    """After kill -9 the last commits are in the log alone; it must not reach the restored file."""
    await make(path, 1)
    await backup(path, tmp_path / "copy.db")
    async with Storage.open(path) as storage:
        await publish(storage, await feed(storage), "later")
        crashed = {name: (tmp_path / name).read_bytes() for name in ("news.db", "news.db-wal")}
    assert len(crashed["news.db-wal"]) > 0
    for name, data in crashed.items():
        (tmp_path / name).write_bytes(data)
    aside = await restore(tmp_path / "copy.db", path, NOW)
    assert aside is not None
    assert await articles(path) == 1
    assert await articles(aside) == 2


async def test_a_damaged_file_can_be_replaced(path: Path, tmp_path: Path) -> None:
    await make(path, 20)
    await backup(path, tmp_path / "copy.db")
    damage(path)
    with pytest.raises(DatabaseCorruptError):
        await make(path, 1)
    assert await restore(tmp_path / "copy.db", path, NOW) is not None
    assert await articles(path) == 20


async def test_no_restore_under_a_running_bot(storage: Storage, path: Path) -> None:
    await publish(storage, await feed(storage), "a")
    copy = path.with_name("copy.db")
    await backup(path, copy)
    with pytest.raises(DatabaseLockedError, match="in use by process"):
        await restore(copy, path, NOW)
    assert (await publish(storage, await feed(storage), "b")).new
    assert not [name for name in names(path.parent) if "before-restore" in name]


async def test_a_bad_backup_changes_nothing(path: Path, tmp_path: Path) -> None:
    await make(path, 20)
    bad = tmp_path / "bad.db"

    await backup(path, bad)
    damage(bad)
    with pytest.raises(DatabaseCorruptError, match="take another backup"):
        await restore(bad, path, NOW)

    text_file(bad)
    with pytest.raises(DatabaseCorruptError, match="take another backup"):
        await restore(bad, path, NOW)

    with pytest.raises(StorageError, match="cannot open"):
        await restore(tmp_path / "absent.db", path, NOW)

    sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE other (id)").connection.close()
    with pytest.raises(StorageError, match="not a database of newsboy"):
        await restore(tmp_path / "empty.db", path, NOW)

    newer = tmp_path / "newer.db"
    await backup(path, newer)
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 9000")
    connection.close()
    with pytest.raises(DatabaseTooNewError, match="9000"):
        await restore(newer, path, NOW)

    assert await articles(path) == 20
    assert not [name for name in names(tmp_path) if "restor" in name]


async def test_the_lock_is_free_after_a_restore(path: Path, tmp_path: Path) -> None:
    await make(path, 1)
    await backup(path, tmp_path / "copy.db")
    await restore(tmp_path / "copy.db", path, NOW)
    async with Storage.open(path) as storage:
        await execute(storage, "INSERT INTO meta (key, value) VALUES ('a', '')")
        assert await storage.upkeep.integrity() == "ok"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
async def test_files_are_their_owners_alone(path: Path, tmp_path: Path) -> None:
    usual = os.umask(0)
    try:
        async with Storage.open(path) as storage:
            await feed(storage)
            await backup(path, tmp_path / "copy")
            modes = {name: mode(tmp_path / name) for name in names(tmp_path)}
        os.chmod(path, 0o640)  # noqa: PTH101 - pathlib's would be refused in a coroutine
        await restore(tmp_path / "copy", path, NOW)
    finally:
        os.umask(usual)
    assert {path.name, f"{path.name}-wal", f"{path.name}.lock", "copy"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert mode(path) == 0o640, "what the operator chose stays"
