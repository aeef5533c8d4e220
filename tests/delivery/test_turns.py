"""Expansion goes in turns: none waits for another's end, none is stopped by a faulty one."""

from collections import Counter
from datetime import datetime
from itertools import groupby

import pytest

from bot.delivery.outbox import Outbox
from storage import Broadcast, Stored
from tests.delivery.conftest import NOW, Clock, Newsroom
from tests.delivery.test_broadcasts import sent_off

PUSHES = 50
READERS = 40
CHUNK = 10
FAULTY = 7


async def test_pushes_and_a_broadcast_are_owed_a_chunk_of_each_in_turn(
    newsroom: Newsroom,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Fifty, one of which cannot be read; one more is stored while they are under way."""
    storage = newsroom.storage
    writer = storage.owing._database._writer
    assert writer is not None
    await writer.execute("PRAGMA synchronous = OFF")
    for _ in range(READERS):
        await newsroom.reader()
    for _ in range(PUSHES):
        await newsroom.article()
    await writer.execute("UPDATE article SET topic = ? WHERE id = ?", ("unheard-of", FAULTY))
    broadcast = await sent_off(storage, clock)

    for bound in ("_LEAST_CHUNK", "_MOST_CHUNK"):
        monkeypatch.setattr(f"storage.owing.{bound}", CHUNK)
    monkeypatch.setattr(storage.owing._pushed, "chunk", CHUNK)
    ordinary, came = storage.owing.expand_broadcast, list[Stored]()

    async def by_chunks(one: Broadcast, *, now: datetime) -> tuple[int, bool]:
        if not came:
            came.append(await newsroom.article("Пришла последней"))
        return await ordinary(one, now=now, chunk=CHUNK)

    monkeypatch.setattr(storage.owing, "expand_broadcast", by_chunks)
    calls = list[None]()
    outbox = Outbox(storage, owed=lambda: calls.append(None))
    added = await outbox.expand(NOW)

    rows = await storage.owing._database.rows(
        "SELECT subscriber_id, push_id, broadcast_id FROM delivery ORDER BY id"
    )
    assert added == len(rows) == len({tuple(row) for row in rows}) == (PUSHES + 1) * READERS
    each = Counter((row["push_id"], row["broadcast_id"]) for row in rows)
    assert set(each.values()) == {READERS}
    order = [one for one, _ in groupby((row["push_id"], row["broadcast_id"]) for row in rows)]
    whole = [(n, None) for n in range(1, PUSHES + 1) if n != FAULTY]
    late, announced = (PUSHES + 1, None), (None, broadcast)
    a_turn = [*whole, late, announced]
    rounds = READERS // CHUNK
    assert order == [*whole, announced, *(a_turn * (rounds - 1)), late]
    assert len(calls) == len(order), "the sender hears of each chunk, and not of the whole alone"
    assert [one.message.split()[:2] for one in caplog.records] == [["push", str(FAULTY)]]
    assert [one.id for one in await storage.owing.open_pushes()] == [FAULTY]

    await writer.execute("UPDATE article SET topic = ? WHERE id = ?", ("society", FAULTY))
    assert await outbox.expand(NOW) == READERS, "it is tried again"
