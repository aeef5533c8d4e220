"""Export tells all, erasure leaves nothing: neither rows nor bytes in the files."""

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from storage import (
    ChatKind,
    DeliveryState,
    FollowKind,
    Level,
    Mute,
    NotFoundError,
    Outcome,
    Prompt,
    Storage,
    StorageError,
    Subscriber,
    View,
)
from tests.storage.newsroom import (
    DAY,
    DEFAULTS,
    NOW,
    claim,
    execute,
    expand_all,
    feed,
    follow,
    private_feed,
    publish,
    reader,
    values,
)

WHO = 0x5AA5C3963C  # a pattern of bytes that nothing else has
NAME, WORD = "Мандрагора", "mandragora"


def _varint(number: int) -> bytes:
    """As SQLite writes a row id (https://sqlite.org/fileformat2.html, 1.6)."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


TRACES = {
    "the id in digits": str(WHO).encode(),
    "the id in bytes": WHO.to_bytes(5, "big"),
    "the id as a row's": _varint(WHO),
    "the name": NAME.encode(),
    "the words": WORD.encode(),
}


def traces(path: Path) -> set[str]:
    """What of the person is in any file beside the database."""
    held = b"".join(one.read_bytes() for one in path.parent.iterdir())
    return {name for name, trace in TRACES.items() if trace in held}


async def _known(storage: Storage) -> Subscriber:
    """Somebody of whom the store has everything that it can have."""
    who, _ = await storage.subscribers.create(
        WHO,
        kind=ChatKind.PRIVATE,
        title=f"{NAME} Иванова",
        defaults=DEFAULTS,
        now=NOW,
        covered_before=NOW - DAY,
    )
    await storage.people.invite("code", now=NOW, uses=9, expires=None, label="x")
    await storage.people.redeem("code", WHO, NOW)
    await storage.people.invite("theirs", now=NOW, uses=1, expires=None, author=WHO)
    await follow(storage, who.id, FollowKind.WORDS, WORD, Level.NOW)
    await storage.subscribers.mute(Mute(who.id, FollowKind.WORDS, f"{WORD} x", f"{WORD} x", None))
    await storage.questions.ask(Prompt(who.id, WHO, "follow", 5, NOW))
    await storage.outbox.pause(WHO, NOW + DAY)
    own = await private_feed(storage, who.id, f"{WORD}.example")
    await publish(storage, own, "own")
    await storage.notices.owe("failing", own.url, {"error": WORD}, NOW)
    one = await publish(storage, await feed(storage), "one", push=True)
    await storage.saved.save(WHO, one.article_id, now=NOW, subscriber_id=who.id, most=9)
    channel = await reader(storage, -1001)
    await execute(
        storage,
        "INSERT INTO edition (subscriber_id, mode, keeper) VALUES (:id, 'approval', :who)",
        id=channel.id,
        who=WHO,
    )
    update = {
        "update_id": 5,
        "message": {"from": {"id": WHO, "first_name": NAME}, "text": WORD * 900},
    }
    await storage.updates.note({5: update}, [], NOW)
    return who


async def _people(storage: Storage, count: int, seed: int) -> None:
    """Others around them, so that rows move from page to page."""
    for number in range(count):
        other = seed + number * 7_654_321 % 50_000_000_000
        await reader(storage, other)
        await execute(
            storage,
            "INSERT INTO person (id, admitted) VALUES (:id, 1) ON CONFLICT DO NOTHING",
            id=other,
        )


async def test_no_trace_is_left_in_the_files(path: Path) -> None:
    async with Storage.open(path) as storage:
        await _people(storage, 60, 10_000_000_000)
        await _known(storage)
        await _people(storage, 60, 10_000_000_007)
        assert traces(path) == set(TRACES)  # else the search would prove nothing
        await storage.privacy.erase(WHO)
        # The update that asked for it is still being handled.
        assert not await storage.privacy.settle(NOW)
        await storage.updates.note({}, [5], NOW)
        assert await storage.privacy.settle(NOW)
        assert traces(path) == set()
        assert await values(storage, "PRAGMA foreign_key_check") == []
        assert await storage.upkeep.integrity() == "ok"
    assert traces(path) == set()


async def test_copies_of_rows_that_moved_are_gone_too(path: Path) -> None:
    """A page that was divided keeps what moved, though all rows are overwritten when deleted."""
    async with Storage.open(path) as storage:
        await _known(storage)
        await storage.updates.note({}, [5], NOW)
        await storage.privacy.erase(WHO)
        assert await storage.privacy.settle(NOW)
        (free,) = await values(storage, "PRAGMA freelist_count")
        assert free == (0,)  # the file was written anew


async def test_a_second_erasure_within_a_minute_waits_for_the_file(storage: Storage) -> None:
    await reader(storage, 1)
    await reader(storage, 2)
    await storage.privacy.erase(1)
    assert await storage.privacy.settle(NOW)
    await storage.privacy.erase(2)
    assert not await storage.privacy.settle(NOW + timedelta(seconds=59))
    assert await storage.privacy.settle(NOW + timedelta(seconds=60))


async def test_erasure_forgets_one_person_and_nobody_else(storage: Storage) -> None:
    other = await reader(storage, 77)
    await follow(storage, other.id, FollowKind.WORDS, "мост", Level.NOW)
    await storage.people.invite("others", now=NOW, uses=1, expires=None, author=77)
    await _known(storage)
    await storage.updates.note({}, [5], NOW)
    kept = await storage.privacy.export(77)
    await storage.privacy.erase(WHO)
    assert await storage.privacy.export(77) == kept
    nothing = await storage.privacy.export(WHO)
    assert not any(nothing.values())
    assert not await storage.people.admitted(WHO)
    assert await values(storage, "SELECT count(*) FROM feed WHERE owner IS NOT NULL") == [(0,)]
    # A link of theirs goes on, as nobody's.
    assert await storage.people.redeem("theirs", 78, NOW) is not None


async def test_export_holds_what_is_stored(storage: Storage) -> None:
    await _known(storage)
    held = json.loads(json.dumps(await storage.privacy.export(WHO), ensure_ascii=False))
    (chat,) = held["chats"]
    assert chat["chat_id"] == WHO
    assert chat["created"] == NOW.isoformat()
    assert {one["label"] for one in chat["follows"]} == {"", WORD}
    assert [one["label"] for one in chat["hidden"]] == [f"{WORD} x"]
    assert chat["own_sources"][0]["url"] == f"https://{WORD}.example/rss"
    assert [one["title"] for one in held["saved"]] == ["Title one"]
    assert held["admission"][0]["admitted"] == NOW.isoformat()
    assert held["channels_kept"] == [{"title": "Reader", "mode": "approval"}]
    assert held["questions_waiting"][0]["kind"] == "follow"
    assert [one["uses"] for one in held["invitations"]] == [1]
    assert len(held["pauses"]) == 1
    assert "watermark" not in chat


async def test_every_column_that_names_a_person_is_exported_and_erased(storage: Storage) -> None:
    """A new one fails here: `export` and `erase` are to learn of it."""
    columns = await values(
        storage,
        """
        SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND (
            c.name IN ('person_id', 'subscriber_id', 'chat_id', 'keeper', 'author', 'owner')
            OR m.name = 'person' AND c.name = 'id')
        """,
    )
    assert {name for (name,) in columns} == {
        "article.author",  # who wrote it
        "article.owner",
        "broadcast.author",
        "delivery.subscriber_id",
        "draft.person_id",
        "draft.subscriber_id",
        "edition.keeper",
        "edition.subscriber_id",
        "feed.owner",
        "invitation.author",
        "mute.subscriber_id",
        "pause.chat_id",
        "person.id",
        "prompt.person_id",
        "prompt.subscriber_id",
        "saved.person_id",
        "slot.subscriber_id",
        "source.owner",
        "story.owner",
        "subscriber.chat_id",
        "subscription.subscriber_id",
    }


async def test_the_export_names_what_a_digest_told_and_the_drafts_shown(storage: Storage) -> None:
    who = await _known(storage)
    await execute(
        storage,
        """
        INSERT INTO delivery (subscriber_id, state, due, expires, slot_id, ended, stories)
        SELECT :id, 'sent', 1, 1, 1, 1, json_array(s.id) FROM story s JOIN article a
        ON a.id = s.article_id WHERE a.title = 'Title one'
        """,
        id=who.id,
    )
    await execute(
        storage,
        """
        INSERT INTO draft (subscriber_id, delivery_id, article_id, expires, person_id, message_id)
        SELECT e.subscriber_id, d.id, a.id, 1, :who, 5 FROM edition e, delivery d, article a
        WHERE a.title = 'Title one' AND d.stories IS NOT NULL
        """,
        who=WHO,
    )
    held = await storage.privacy.export(WHO)
    (chat,) = held["chats"]
    assert [one["told"] for one in chat["deliveries"]] == [["Title one"]]
    assert [one["title"] for one in held["drafts_shown"]] == ["Title one"]


async def test_what_is_being_sent_leaves_no_trace(storage: Storage) -> None:
    """A delivery claimed at that moment is acknowledged into nothing."""
    who = await _known(storage)
    await follow(storage, who.id, FollowKind.EVERYTHING, "", Level.NOW)
    await expand_all(storage)
    claims = await claim(storage)
    assert [one.subscriber.id for one in claims] == [who.id]
    await storage.privacy.erase(WHO)
    delivery = claims[0].delivery.id
    await storage.outbox.acknowledge([Outcome(delivery, DeliveryState.SENT, NOW, message_id=9)])
    await storage.outbox.show(delivery, View.CARD, ())
    assert await values(storage, "SELECT count(*) FROM delivery") == [(0,)]
    assert await claim(storage) == []
    assert await storage.subscribers.find(WHO) is None


async def test_handlers_under_way_make_nobody_anew(storage: Storage) -> None:
    who = await _known(storage)

    async def press() -> None:
        with suppress(NotFoundError, StorageError):
            await storage.subscribers.change(who.id, headlines=5)
        with suppress(StorageError):
            await follow(storage, who.id, FollowKind.WORDS, WORD, Level.NOW)
        with suppress(StorageError):
            await storage.questions.ask(Prompt(who.id, WHO, "follow", 5, NOW))

    await asyncio.gather(storage.privacy.erase(WHO), *(press() for _ in range(20)))
    await press()
    await storage.updates.note({}, [5], NOW)
    # A site that was being looked at while its reader left.
    await private_feed(storage, who.id, f"late-{WORD}.example")
    await storage.privacy.settle(NOW)
    await storage.privacy.erase(-1001)
    for table in ("subscriber", "subscription", "prompt", "saved", "person", "edition"):
        rows = await values(storage, f"SELECT count(*) FROM {table}")  # noqa: S608  # ours
        assert rows == [(0,)], table
    assert await values(storage, "SELECT count(*) FROM feed WHERE owner IS NOT NULL") == [(0,)]


async def test_a_long_ledger_goes_in_chunks(storage: Storage) -> None:
    who = await reader(storage, WHO)
    await execute(
        storage,
        """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO delivery (subscriber_id, state, due, expires, story_id, ended)
        SELECT :id, 'sent', 1, 1, i, 1 FROM n
        """,
        id=who.id,
    )
    waits: list[float] = []

    async def write() -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            await storage.meta.set("x", "y")
            waits.append(loop.time() - begun)

    others = asyncio.create_task(write())
    await storage.privacy.erase(WHO)
    others.cancel()
    assert len(waits) >= 20  # others write between the chunks
    assert await values(storage, "SELECT count(*) FROM delivery") == [(0,)]


async def test_a_large_file_is_written_anew_at_night(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.privacy._REWRITTEN_AT_ONCE", 1)
    await reader(storage, WHO)
    assert not await storage.privacy.tidy()
    await storage.privacy.erase(WHO)
    assert await storage.privacy.settle(NOW)
    assert await storage.privacy.tidy()
    assert not await storage.privacy.tidy()
