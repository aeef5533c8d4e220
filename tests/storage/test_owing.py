"""Owing at any size: chunks that survive a crash, a story told once, whom a push meets at all."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import (
    Alerts,
    ChatKind,
    DigestOwed,
    FollowKind,
    Level,
    NotFoundError,
    SlotDue,
    SlotPlan,
    Storage,
    StorageError,
    SubscriberState,
    Subscription,
)
from storage.owing import _HELD_SECONDS, _Pace
from tests.storage.newsroom import (
    DAY,
    DEFAULTS,
    HOUR,
    MINUTE,
    NOW,
    execute,
    expand_all,
    feed,
    follow,
    publish,
    reader,
    values,
)

ALERTED = replace(DEFAULTS, alerts=Alerts.ON)
EVERYTHING = (FollowKind.EVERYTHING, "")
SPORT = (FollowKind.TOPIC, "sport")


async def _crowd(storage: Storage, many: int) -> list[int]:
    return [(await reader(storage, chat, defaults=ALERTED)).id for chat in range(1, many + 1)]


async def _told(storage: Storage) -> list[int]:
    """The readers of all deliveries, by id."""
    rows = await values(storage, "SELECT subscriber_id FROM delivery ORDER BY subscriber_id")
    return [row[0] for row in rows]


async def _broadcast(storage: Storage, expires: datetime) -> int:
    number = await storage.owing.draft_broadcast("Hello", author=42, now=NOW)
    assert await storage.owing.confirm_broadcast(number, author=42, now=NOW, expires=expires)
    return number


async def _matched(storage: Storage, keys: tuple[tuple[FollowKind, str], ...]) -> None:
    for push in await storage.owing.open_pushes():
        await storage.owing.match_push(push.id, keys)


async def test_two_pushes_of_a_story_side_by_side_tell_it_once(storage: Storage) -> None:
    readers = await _crowd(storage, 30)
    first = await publish(storage, await feed(storage), "a", push=True)
    other = await feed(storage, "two.example")
    await publish(storage, other, "b", story_id=first.story_id, push=True)
    await _matched(storage, (EVERYTHING,))
    assert len(await storage.owing.open_pushes()) == 2

    async def carry_on(which: int, chunk: int) -> int:
        added, done = 0, False
        while not done:
            push = next(one for one in await storage.owing.open_pushes() if one.id == which)
            count, done = await storage.owing.expand(push, now=NOW, chunk=chunk)
            added += count
        return added

    one, two = [push.id for push in await storage.owing.open_pushes()]
    added = await asyncio.gather(carry_on(one, 3), carry_on(two, 4))
    assert sum(added) == 30
    assert await _told(storage) == readers


async def test_a_push_goes_on_where_the_last_process_stopped(path: Path) -> None:
    async with Storage.open(path) as storage:
        readers = await _crowd(storage, 10)
        await publish(storage, await feed(storage), "a", push=True)
        await _matched(storage, (EVERYTHING,))
    chunks = 0
    while True:
        async with Storage.open(path) as storage:
            pushes = await storage.owing.open_pushes()
            if not pushes:
                break
            await storage.owing.expand(pushes[0], now=NOW, chunk=3)
            assert await _told(storage) == readers[: 3 * (chunks + 1)]
            chunks += 1
    assert chunks == 4


@pytest.mark.parametrize("cut", ["AFTER INSERT ON delivery", "BEFORE UPDATE OF done ON push"])
async def test_a_chunk_that_is_cut_short_leaves_no_trace(storage: Storage, cut: str) -> None:
    readers = await _crowd(storage, 5)
    await publish(storage, await feed(storage), "a", push=True)
    await _matched(storage, (EVERYTHING,))
    (push,) = await storage.owing.open_pushes()
    await storage.owing.expand(push, now=NOW, chunk=2)
    await execute(storage, f"CREATE TRIGGER cut {cut} BEGIN SELECT raise(FAIL, 'cut'); END")
    (push,) = await storage.owing.open_pushes()
    with pytest.raises(StorageError):
        await storage.owing.expand(push, now=NOW)
    assert await _told(storage) == readers[:2]
    assert await storage.owing.open_pushes() == [push]
    await execute(storage, "DROP TRIGGER cut")
    assert await storage.owing.expand(push, now=NOW) == (3, True)
    assert await _told(storage) == readers


async def test_a_push_begun_anew_meanwhile_is_left_alone(storage: Storage) -> None:
    """The article's better body came: its words are matched anew, from the first reader on."""
    await _crowd(storage, 4)
    await publish(storage, await feed(storage), "a", push=True)
    await _matched(storage, (EVERYTHING,))
    (push,) = await storage.owing.open_pushes()
    await storage.owing.expand(push, now=NOW, chunk=2)
    (seen,) = await storage.owing.open_pushes()
    await execute(storage, "UPDATE push SET cursor = 0, keys = NULL")
    assert await storage.owing.expand(seen, now=NOW) == (0, False)
    (push,) = await storage.owing.open_pushes()
    assert (push.cursor, push.keys) == (0, None)
    assert await expand_all(storage) == 2


async def test_chunks_end_where_any_follow_is_at_its_limit(storage: Storage) -> None:
    """Readers of one follow lie far behind those of another; nobody between is passed over."""
    readers = await _crowd(storage, 12)
    for one in readers:
        await storage.subscribers.unfollow(one, *EVERYTHING)
        narrow = SPORT if one % 3 == 0 else (FollowKind.SOURCE, "one.example")
        await follow(storage, one, *narrow, Level.NOW)
    await publish(storage, await feed(storage), "a", push=True)
    assert await expand_all(storage, [SPORT, (FollowKind.SOURCE, "one.example")], chunk=2) == 12
    assert await _told(storage) == readers


_CHANGES = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.one_of(
            st.sampled_from(Alerts),
            st.sampled_from(["all", "ru", "en"]),
            st.sampled_from(SubscriberState),
            st.tuples(st.sampled_from([EVERYTHING, SPORT]), st.sampled_from(Level)),
            st.sampled_from([EVERYTHING, SPORT]),
        ),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=25)
@given(changes=_CHANGES)
def test_the_audience_follows_every_change(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, object]]
) -> None:
    """It is a copy of what three columns elsewhere say, and stays one."""
    asyncio.run(_change_about(tmp_path_factory.mktemp("audience") / "news.db", changes))


async def _change_about(path: Path, changes: list[tuple[int, object]]) -> None:
    async with Storage.open(path) as storage:
        readers = await _crowd(storage, 2)
        change = storage.subscribers.change
        for number, to in changes:
            one = readers[number]
            match to:
                case Alerts():
                    await change(one, alerts=to)
                case SubscriberState():
                    await change(one, state=to)
                case str():
                    await change(one, news_language=to)
                case ((FollowKind() as kind, str(key)), Level() as level):
                    await storage.subscribers.follow(Subscription(one, kind, key, key, level))
                case (FollowKind() as kind, str(key)):
                    await storage.subscribers.unfollow(one, kind, key)
                case _:
                    raise AssertionError(to)
        wrong = await values(
            storage,
            """
            SELECT f.kind, f.audience, r.audience FROM subscription f
            JOIN reached r USING (subscriber_id, kind, key)
            WHERE f.audience IS NOT r.audience
            """,
        )
        assert wrong == []


async def test_who_is_not_reached_at_once_is_not_met(storage: Storage) -> None:
    """Given up, another language, the digest alone: none of them costs a push anything."""
    paused, english, digest, important, sound = await _crowd(storage, 5)
    change = storage.subscribers.change
    await change(paused, state=SubscriberState.PAUSED)
    await change(english, news_language="en")
    await change(digest, alerts=Alerts.OFF)
    await change(important, alerts=Alerts.IMPORTANT)
    await change(sound, alerts=Alerts.OFF)
    await follow(storage, sound, *EVERYTHING, Level.SOUND)
    rows = await values(storage, "SELECT subscriber_id, audience FROM subscription ORDER BY 1")
    assert rows == [
        (paused, None),
        (english, "en"),
        (digest, None),
        (important, "!all"),
        (sound, "all"),
    ]
    await storage.subscribers.revive(1)
    assert (await values(storage, "SELECT audience FROM subscription WHERE subscriber_id = 1")) == [
        ("all",)
    ]


async def test_many_followers_of_a_phrase_are_one_phrase(storage: Storage) -> None:
    for one in await _crowd(storage, 3):
        for phrase in ("кот", "кот баюн", "кот учёный", "пёс"):
            await follow(storage, one, FollowKind.WORDS, phrase, Level.DIGEST)
    assert sorted(await storage.owing.word_keys(["кот", "лук"])) == [
        "кот",
        "кот баюн",
        "кот учёный",
    ]
    assert await storage.owing.word_keys([]) == []


def test_a_chunk_is_as_large_as_the_writer_may_be_held() -> None:
    pace = _Pace()
    for _ in range(9):
        pace.took(0.001)
    largest = pace.chunk
    pace.took(10 * _HELD_SECONDS)
    assert pace.chunk == largest // 10
    for _ in range(9):
        pace.took(9.0)
    assert pace.chunk >= 100  # there is an end


def _in_the_file(path: Path) -> int:
    """How many deliveries the file holds without its log."""
    without_log = path.with_name("copy.db")
    without_log.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(without_log)) as copy:
        if not copy.execute("SELECT * FROM sqlite_master WHERE name = 'delivery'").fetchall():
            return 0
        return int(copy.execute("SELECT count(*) FROM delivery").fetchone()[0])


async def test_digests_owed_are_folded_into_the_file_before_the_log_is_full(
    storage: Storage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the chunk that fills the log holds the writer for all of it."""
    monkeypatch.setattr("storage.owing._FOLDED_AFTER", 2)
    plan = SlotPlan(480, 127, False)
    for chat in range(1, 4):
        await reader(storage, chat, defaults=replace(DEFAULTS, slots=(plan,), slot_dues=(NOW,)))
    due = await storage.owing.slots_due(NOW)

    async def owe(one: SlotDue) -> int:
        owed = DigestOwed(
            slot_id=one.slot.id,
            subscriber_id=one.slot.subscriber_id,
            scheduled=one.slot.due,
            next_due=NOW + DAY,
            expires=NOW + DAY,
            sound=True,
            wanted=True,
        )
        assert await storage.owing.owe_digests([owed]) == 1
        return _in_the_file(path)

    assert [await owe(one) for one in due] == [0, 2, 2]


# ------------------------------------------------------------ broadcasts


async def test_a_broadcast_is_owed_to_all_who_are_active(storage: Storage) -> None:
    readers = await _crowd(storage, 7)
    await storage.subscribers.change(readers[2], state=SubscriberState.PAUSED)
    await storage.subscribers.change(readers[5], state=SubscriberState.STOPPED)
    number = await _broadcast(storage, NOW + DAY)
    made = await storage.owing.broadcast(number)
    assert (made.text, made.author, made.created, made.expires, made.cursor) == (
        "Hello",
        42,
        NOW,
        NOW + DAY,
        0,
    )
    added = []
    while one := await storage.owing.open_broadcasts():
        added.append(await storage.owing.expand_broadcast(one[0], now=NOW + MINUTE, chunk=3))
    assert added == [(2, False), (2, False), (1, True)]
    assert await _told(storage) == [one for one in readers if one not in (readers[2], readers[5])]
    assert await values(
        storage, "SELECT DISTINCT kind, state, due, expires, broadcast_id FROM delivery"
    ) == [
        (
            "broadcast",
            "owed",
            int((NOW + MINUTE).timestamp()),
            int((NOW + DAY).timestamp()),
            number,
        )
    ]


async def test_a_broadcast_comes_once_to_a_chat_and_not_into_channels(storage: Storage) -> None:
    whole, channel = await _crowd(storage, 2)
    await storage.subscribers.part(whole, 9, now=NOW, covered_before=NOW - DAY)
    await execute(storage, f"UPDATE subscriber SET kind = 'channel' WHERE id = {channel}")  # noqa: S608 — an id of ours
    await _broadcast(storage, NOW + DAY)
    (seen,) = await storage.owing.open_broadcasts()
    await storage.owing.expand_broadcast(seen, now=NOW, chunk=100)
    assert await _told(storage) == [whole]
    assert await storage.insight.active_readers() == 1


async def test_a_broadcast_goes_on_where_the_last_process_stopped(path: Path) -> None:
    async with Storage.open(path) as storage:
        readers = await _crowd(storage, 5)
        await _broadcast(storage, NOW + DAY)
        (seen,) = await storage.owing.open_broadcasts()
        await storage.owing.expand_broadcast(seen, now=NOW, chunk=2)
    async with Storage.open(path) as storage:
        # Somebody holds the broadcast as it was before the crash: nobody gets it twice.
        await storage.owing.expand_broadcast(seen, now=NOW, chunk=2)
        late = await reader(storage, 99)
        while one := await storage.owing.open_broadcasts():
            await storage.owing.expand_broadcast(one[0], now=NOW, chunk=2)
        assert await _told(storage) == [*readers, late.id]


async def test_a_broadcast_without_readers_ends(storage: Storage) -> None:
    await _broadcast(storage, NOW + HOUR)
    (one,) = await storage.owing.open_broadcasts()
    assert await storage.owing.expand_broadcast(one, now=NOW) == (0, True)
    assert await storage.owing.open_broadcasts() == []
    with pytest.raises(NotFoundError):
        await storage.owing.broadcast(99)


async def test_who_is_deleted_leaves_nothing_owed(storage: Storage) -> None:
    """A chat's row gives way to another's of the same chat: no line names a reader who is gone."""
    await reader(storage, -5, defaults=ALERTED)
    await storage.subscribers.create(
        -1005,
        kind=ChatKind.SUPERGROUP,
        title="New",
        defaults=ALERTED,
        now=NOW + MINUTE,
        covered_before=NOW - DAY,
    )
    await publish(storage, await feed(storage), "a", push=True)
    await expand_all(storage)
    assert len(await _told(storage)) == 2
    await storage.subscribers.migrate_chat(-5, -1005)
    assert await values(
        storage, "SELECT count(*) FROM delivery WHERE subscriber_id IN (SELECT id FROM subscriber)"
    ) == [(1,)]
    assert len(await _told(storage)) == 1
