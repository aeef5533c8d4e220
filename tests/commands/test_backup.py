"""`newsboy backup` and `restore`: what goes out comes back, and nothing is lost on the way."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import Storage
from tests.commands.conftest import FEED, NOW, Result

Newsboy = Callable[..., Result]


def feeds(path: Path) -> list[str]:
    async def read() -> list[str]:
        async with Storage.open_readonly(path) as storage:
            return [feed.url for feed in await storage.feeds.all()]

    return asyncio.run(read())


def add_feed(path: Path, url: str) -> None:
    async def write() -> None:
        async with Storage.open(path) as storage:
            await storage.feeds.add(url, "other.example", NOW)

    asyncio.run(write())


def test_backup_comes_back_and_the_present_file_is_kept(
    newsboy: Newsboy, database: Path, folder: Path
) -> None:
    done = newsboy("backup", "copy.db")
    assert (done.status, done.err) == (0, "")
    assert "copy.db" in done.out
    add_feed(database, "https://other.example/rss")

    done = newsboy("restore", "copy.db")

    assert (done.status, done.err) == (0, "")
    assert feeds(database) == [FEED]
    (aside,) = folder.glob("newsboy.db.before-restore-*[0-9]")
    assert aside.name in done.out
    assert feeds(aside) == [FEED, "https://other.example/rss"]


def test_backup_works_beside_a_running_bot_and_restore_refuses_and_names_it(
    newsboy: Newsboy, database: Path, folder: Path
) -> None:
    async def running(call: Callable[[], Result]) -> Result:
        async with Storage.open(database):
            return await asyncio.to_thread(call)

    done = asyncio.run(running(lambda: newsboy("backup", "copy.db")))
    assert done.status == 0
    before = database.read_bytes()
    done = asyncio.run(running(lambda: newsboy("restore", "copy.db")))
    assert done.status == 1
    assert str(os.getpid()) in done.err
    assert done.err.count("\n") == 1
    assert database.read_bytes() == before
    assert not list(folder.glob("*before-restore*"))


def test_backup_overwrites_nothing(newsboy: Newsboy, database: Path, folder: Path) -> None:
    (folder / "copy.db").write_text("precious")
    done = newsboy("backup", "copy.db")
    assert done.status == 1
    assert (folder / "copy.db").read_text() == "precious"
    assert newsboy("backup", str(database)).status == 1


@pytest.mark.parametrize("content", [b"", b"no database at all" * 500])
def test_restore_refuses_what_is_no_database(
    newsboy: Newsboy, database: Path, folder: Path, content: bytes
) -> None:
    (folder / "bad.db").write_bytes(content)
    done = newsboy("restore", "bad.db")
    assert done.status == 1
    assert done.err.startswith("newsboy: bad.db ")
    assert feeds(database) == [FEED]
    assert not list(folder.glob("*before-restore*"))


def test_restore_refuses_a_backup_with_flipped_pages(
    newsboy: Newsboy, database: Path, folder: Path
) -> None:
    assert newsboy("backup", "copy.db").status == 0
    damaged = bytearray((folder / "copy.db").read_bytes())
    damaged[8192:40960] = os.urandom(40960 - 8192)
    (folder / "copy.db").write_bytes(damaged)
    done = newsboy("restore", "copy.db")
    assert done.status == 1
    assert "damaged" in done.err
    assert feeds(database) == [FEED]


def test_restore_on_a_machine_without_database(newsboy: Newsboy, database: Path) -> None:
    assert newsboy("backup", "copy.db").status == 0
    database.unlink()
    done = newsboy("restore", "copy.db")
    assert done.status == 0
    assert "kept as" not in done.out
    assert feeds(database) == [FEED]


def test_foolish_paths_are_one_line(newsboy: Newsboy, database: Path) -> None:
    for words in (
        ("restore", "absent.db"),
        ("restore", str(database)),
        ("backup", "no/such/folder/copy.db"),
    ):
        done = newsboy(*words)
        assert done.status == 1
        assert done.err.startswith("newsboy: ")
        assert done.err.count("\n") == 1


def test_backup_without_database_is_one_line(newsboy: Newsboy) -> None:
    done = newsboy("backup", "copy.db")
    assert done.status == 1
    assert "there is no database at newsboy.db" in done.err
