"""What is known about updates received, over a real store, and where the store fails."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.telegram.received import TICK_SECONDS, Received
from storage import Storage
from tests.telegram.conftest import NOW
from tests.telegram.test_updates import update


@pytest.fixture
async def other(storage: Storage) -> AsyncIterator[sqlite3.Connection]:
    """Another program's connection, which can keep the store from writing."""
    connection = sqlite3.connect(storage.path, isolation_level=None)
    yield connection
    connection.close()


def after(storage: Storage) -> Received:
    """The next process, over the same store."""
    return Received(storage.updates, lambda: NOW)


async def noted(storage: Storage, number: int) -> None:
    async with asyncio.timeout(60):
        while number not in await storage.updates.newest(10):  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.005)


async def test_what_is_kept_comes_back_until_it_is_handled(storage: Storage) -> None:
    first = after(storage)
    for number in (1, 2):
        first.take(number)
        first.keep(number, update(number))
    await first.kept()
    first.handled(2)
    await first.close()
    second = after(storage)
    assert await second.left() == [update(1)]
    assert second.knows(1)
    assert second.knows(2)
    assert not second.knows(3)
    second.handled(1)
    await second.close()
    assert await after(storage).left() == []


async def test_what_ended_is_noted_by_itself_a_tick_later(storage: Storage) -> None:
    received = after(storage)
    received.take(1)
    received.handled(1)
    begun = asyncio.get_running_loop().time()
    await noted(storage, 1)
    assert asyncio.get_running_loop().time() - begun >= TICK_SECONDS / 2
    # And again, after a pause.
    received.handled(2)
    await noted(storage, 2)
    await received.close()


async def test_nothing_is_written_for_what_is_kept_and_handled_within_a_tick(
    storage: Storage, other: sqlite3.Connection
) -> None:
    received = after(storage)
    received.take(1)
    received.keep(1, update(1, "secret"))
    received.handled(1)
    await received.close()
    assert other.execute("SELECT update_id, raw FROM received").fetchall() == [(1, None)]


async def test_the_text_is_gone_when_it_is_handled(
    storage: Storage, other: sqlite3.Connection
) -> None:
    received = after(storage)
    received.keep(1, update(1, "secret"))
    await received.kept()
    assert "secret" in other.execute("SELECT raw FROM received").fetchone()[0]
    received.handled(1)
    await received.close()
    assert other.execute("SELECT raw FROM received").fetchone() == (None,)


async def test_a_store_that_fails_stops_nobody_and_gets_it_later(
    storage: Storage,
    other: sqlite3.Connection,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.received._AGAIN_SECONDS", 0.02)
    caplog.set_level(logging.INFO)
    received = after(storage)
    await storage.updates.note({}, [77], NOW)
    (pages,) = other.execute("PRAGMA page_count").fetchone()
    async with storage.updates._database._writing() as writer:
        await writer.execute(f"PRAGMA max_page_count = {pages}")
    text = "x" * 100_000  # more than the free pages hold
    received.take(1)
    received.keep(1, update(1, text))
    await received.kept()
    received.keep(2, update(2, text))
    await received.kept()
    assert received.knows(1)
    known = after(storage)
    assert await known.left() == []
    assert known.knows(77)  # noted before; a full disk can be read
    assert caplog.text.count("people are answered, but a crash now would lose updates") == 1
    assert "full" in caplog.text
    async with storage.updates._database._writing() as writer:
        await writer.execute("PRAGMA max_page_count = 1000000")
    await noted(storage, 2)
    await received.close()
    assert "updates are kept again" in caplog.text
    assert await after(storage).left() == [update(1, text), update(2, text)]


async def test_a_store_that_is_slow_is_not_waited_for_long(
    storage: Storage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.received._PATIENCE_SECONDS", 0.05)
    received = after(storage)
    received.keep(1, update(1))
    async with storage.updates._database._writing():
        async with asyncio.timeout(1):
            await received.kept()
    assert "takes over a second" in caplog.text
    await noted(storage, 1)
    await received.close()


async def test_what_is_being_written_is_waited_for(storage: Storage) -> None:
    """The write behind everybody's back may have begun just before."""
    received = after(storage)
    received.keep(1, update(1))
    async with storage.updates._database._writing():
        await asyncio.sleep(2 * TICK_SECONDS)
        waiting = asyncio.create_task(received.kept())
        await asyncio.sleep(0.02)
        assert not waiting.done()
    await waiting
    assert await storage.updates.newest(1) == [1]
    await received.close()


async def test_a_store_that_cannot_be_read_is_said_and_survived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Storage.open(tmp_path / "closed.db") as closed:
        received = after(closed)
    assert await received.left() == []
    assert "are not answered" in caplog.text
    received.take(1)
    assert received.knows(1)


async def test_only_so_many_ids_are_remembered(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.received._REMEMBERED", 3)
    received = after(storage)
    for number in (9, 1, 2, 3):
        received.take(number)
    assert [number for number in (9, 1, 2, 3) if received.knows(number)] == [1, 2, 3]
