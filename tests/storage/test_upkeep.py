"""What the nightly work removes, and what it must keep."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from storage import (
    Alerts,
    Counts,
    DeliveryState,
    FollowKind,
    Mute,
    NotFoundError,
    Outcome,
    Paragraph,
    Prompt,
    Span,
    Storage,
)
from tests.storage.newsroom import (
    DAY,
    DEFAULTS,
    HOUR,
    MINUTE,
    NOW,
    claim,
    draft,
    execute,
    expand_all,
    feed,
    publish,
    reader,
    values,
)

OLD = NOW - 20 * DAY
KEPT_SINCE = NOW - 14 * DAY


async def _push(storage: Storage, name: str, at: datetime = NOW) -> int:
    """A story pushed to all readers at a time; returns its id."""
    stored = await publish(storage, await feed(storage), name, push=True, now=at)
    await expand_all(storage, now=at)
    return stored.story_id


async def test_the_ledger_forgets_what_ended_long_ago(storage: Storage) -> None:
    await reader(storage, defaults=replace(DEFAULTS, alerts=Alerts.ON))
    for number, state in enumerate(
        (
            DeliveryState.SENT,
            DeliveryState.CANCELLED,
            DeliveryState.EMPTY,
            DeliveryState.FAILED,
            DeliveryState.DEFERRED,
        )
    ):
        for at in (OLD, KEPT_SINCE):
            await _push(storage, f"{number} {at}", at)
            (claimed,) = await claim(storage, now=at)
            await storage.outbox.acknowledge([Outcome(claimed.delivery.id, state, at)])
    await _push(storage, "claimed", OLD)
    await claim(storage, now=OLD)
    await _push(storage, "owed", OLD)
    assert await storage.upkeep.prune_ledger(KEPT_SINCE, NOW) == 5
    assert await values(
        storage, "SELECT state, count(*) FROM delivery GROUP BY state ORDER BY state"
    ) == [
        ("cancelled", 1),
        ("claimed", 1),
        ("deferred", 1),
        ("empty", 1),
        ("failed", 1),
        ("owed", 1),
        ("sent", 1),
    ]
    # A push stays as long as a line of the ledger needs it.
    assert await values(storage, "SELECT count(*) FROM push") == [(7,)]
    assert await storage.upkeep.prune_ledger(KEPT_SINCE, NOW) == 0


async def test_many_lines_are_removed_in_chunks(storage: Storage) -> None:
    made = await reader(storage)
    async with storage.feeds._database.transaction() as transaction:
        await transaction.run_many(
            """
            INSERT INTO delivery (subscriber_id, state, due, expires, ended)
            VALUES (:id, 'sent', 0, 0, :ended)
            """,
            [{"id": made.id, "ended": number} for number in range(1203)],
        )
    assert await storage.upkeep.prune_ledger(KEPT_SINCE, NOW) == 1203


async def test_what_is_past_its_use_goes_too(storage: Storage) -> None:
    made = await reader(storage)
    for days in (-1, 1):
        at = NOW + days * DAY
        await storage.subscribers.mute(Mute(made.id, FollowKind.TOPIC, f"{days}", "x", at))
        await storage.outbox.pause(100 + days, at)
        await storage.people.invite(f"{days}", now=OLD, uses=1, expires=at)
    await storage.subscribers.mute(Mute(made.id, FollowKind.TOPIC, "ever", "x", None))
    await storage.people.invite("used", now=NOW, uses=1, expires=None)
    await storage.people.redeem("used", 5, NOW)
    await storage.people.invite("open", now=OLD, uses=1, expires=None)
    await storage.questions.ask(Prompt(made.id, 1, "old", 1, OLD))
    await storage.questions.ask(Prompt(made.id, 2, "new", 1, NOW - HOUR))
    old = await storage.queries.keep("old", NOW - 31 * DAY)
    new = await storage.queries.keep("new", NOW - 29 * DAY)
    await storage.upkeep.prune_ledger(KEPT_SINCE, NOW)
    assert [mute.key for mute in await storage.subscribers.mutes(made.id, OLD)] == ["1", "ever"]
    assert list(await storage.outbox.pauses(OLD)) == [101]
    assert await values(storage, "SELECT code FROM invitation ORDER BY code") == [("1",), ("open",)]
    assert await storage.questions.answer(made.id, 1) is None
    assert await storage.questions.answer(made.id, 2) is not None
    assert (await storage.queries.get(new)).text == "new"
    with pytest.raises(NotFoundError):
        await storage.queries.get(old)


async def test_old_articles_go_and_their_identity_stays(storage: Storage) -> None:
    one = await feed(storage)
    for number in range(120):  # more than one chunk
        await publish(storage, one, f"old{number}", now=OLD, published=NOW)
    kept = await publish(storage, one, "kept", now=KEPT_SINCE, published=OLD)
    saved = await publish(storage, one, "saved", now=OLD)
    imported = await publish(storage, one, "imported", now=OLD)
    await execute(storage, "INSERT INTO saved VALUES (1, :id, 0)", id=saved.article_id)
    await execute(storage, "UPDATE article SET imported = 1 WHERE id = :id", id=imported.article_id)
    assert await storage.upkeep.prune_articles(KEPT_SINCE) == 120
    left = await storage.articles.latest(language="all", limit=9)
    assert {line.article_id for line in left} == {
        kept.article_id,
        saved.article_id,
        imported.article_id,
    }
    assert await values(storage, "SELECT count(*) FROM entry") == [(123,)]
    assert await values(storage, "SELECT count(*) FROM story") == [(3,)]
    assert (await storage.search.frequencies(["title"])) == {"title": 3}
    await execute(storage, "INSERT INTO search (search) VALUES ('integrity-check')")
    assert await storage.upkeep.prune_articles(KEPT_SINCE) == 0
    assert (await storage.articles.get(kept.article_id)).title == "Title kept"


async def test_another_article_stands_up_for_its_story(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    first = await publish(storage, one, "first", now=OLD)
    second = await publish(storage, two, "second", now=NOW, story_id=first.story_id)
    await storage.articles.replace(
        first.article_id,
        draft(one, "first"),
        now=NOW,
        revision=True,
    )
    assert await storage.upkeep.prune_articles(KEPT_SINCE) == 1
    (line,) = await storage.articles.latest(language="all", limit=8)
    assert (line.article_id, line.story_id) == (second.article_id, first.story_id)
    assert [line.article_id for line in await storage.articles.of_stories([first.story_id])] == [
        second.article_id
    ]
    assert await values(storage, "SELECT * FROM revision") == []
    third = await publish(storage, one, "third", story_id=first.story_id)
    assert third.story_id == first.story_id


async def test_story_numbers_are_never_used_twice(storage: Storage) -> None:
    one = await feed(storage)
    before = await publish(storage, one, "a", now=OLD)
    await storage.upkeep.prune_articles(KEPT_SINCE)
    after = await publish(storage, one, "b")
    assert after.story_id > before.story_id  # watermarks and the ledger name them
    assert after.article_id > before.article_id


async def test_pruning_leaves_the_ledger_readable(storage: Storage) -> None:
    made = await reader(storage, defaults=replace(DEFAULTS, alerts=Alerts.ON))
    story = await _push(storage, "a", OLD)
    (claimed,) = await claim(storage, now=OLD)
    await storage.outbox.acknowledge(
        [Outcome(claimed.delivery.id, DeliveryState.SENT, NOW, message_id=7)]
    )
    await storage.upkeep.prune_articles(KEPT_SINCE)
    line = await storage.outbox.by_message(made.id, 7)
    assert line is not None
    assert line.story_id == story


async def test_counts(storage: Storage) -> None:
    assert await storage.upkeep.counts() == Counts(0, 0, 0, 0, 0, None)
    for chat in (1, 2):
        await reader(storage, chat, defaults=replace(DEFAULTS, alerts=Alerts.ON))
    await _push(storage, "a", NOW - HOUR)
    one, two = await feed(storage), await feed(storage, "two.example")
    await publish(storage, two, "b", story_id=1)
    await storage.feeds.remove(one.url)
    await storage.subscribers.pause(2, "blocked")
    assert await storage.upkeep.counts() == Counts(
        articles=2, stories=1, feeds=1, subscribers=1, owed=2, oldest_owed=NOW - HOUR
    )
    await claim(storage)
    assert (await storage.upkeep.counts()).owed == 0


async def test_tidying_and_integrity(storage: Storage) -> None:
    one = await feed(storage)
    for number in range(30):
        await publish(storage, one, f"{number}", published=NOW - number * MINUTE)
    await storage.upkeep.tidy()
    assert await storage.upkeep.integrity() == "ok"
    assert len(await storage.articles.latest(language="ru", limit=8)) == 8


# ---------------------------------------------------------------- retention by size


async def _shelf(storage: Storage, ages: Sequence[int]) -> dict[int, int]:
    """Articles of so many days' age, each of about 50 kB: id by age."""
    one = await feed(storage)
    long = (Paragraph((Span("Текст " * 5000),)),)
    ids = {}
    for age in ages:
        at = NOW - age * DAY
        stored = await publish(storage, one, str(age), now=at, published=at, body=long)
        ids[age] = stored.article_id
    return ids


async def _left(storage: Storage) -> list[int]:
    return [row[0] for row in await values(storage, "SELECT id FROM article ORDER BY id")]


async def _used(storage: Storage) -> int:
    ((pages, free, size),) = await values(
        storage,
        """
        SELECT * FROM pragma_page_count() p, pragma_freelist_count() f, pragma_page_size() s
        """,
    )
    return int((pages - free) * size)


async def test_the_oldest_go_until_the_file_fits(storage: Storage) -> None:
    ids = await _shelf(storage, range(200, 0, -1))
    whole = await _used(storage)
    assert await storage.upkeep.prune_to_size(whole) == 0
    removed = await storage.upkeep.prune_to_size(whole // 2)
    assert 80 <= removed <= 150
    assert await _used(storage) <= whole // 2
    assert await _left(storage) == list(ids.values())[removed:]
    # Their identity stays.
    assert len(await values(storage, "SELECT id FROM entry")) == 200
    assert not (await publish(storage, await feed(storage), "200")).new


async def test_saved_and_fresh_articles_stay_whatever_the_size(storage: Storage) -> None:
    ids = await _shelf(storage, (9, 8, 7, 2, 1))
    await execute(
        storage,
        "INSERT INTO saved (person_id, article_id, saved) VALUES (1, :id, 0)",
        id=ids[8],
    )
    assert await storage.upkeep.prune_to_size(1) == 2
    assert await _left(storage) == [ids[8], ids[2], ids[1]]


async def test_imported_articles_go_last(storage: Storage) -> None:
    ids = await _shelf(storage, (9, 8, 1))
    archive = await storage.feeds.archive("old.example", "Old", "ru", NOW)
    old = [draft(archive, f"archive {n}", published=NOW - 3000 * DAY) for n in range(2)]
    await storage.archive.store_batch(old, now=NOW - 10 * DAY)
    whole = await _used(storage)
    assert await storage.upkeep.prune_to_size(whole - 60_000) == 2
    assert len(await _left(storage)) == 3
    assert await storage.upkeep.prune_to_size(1) == 2
    assert await _left(storage) == [ids[1]]
    assert await storage.upkeep.prune_to_size(1) == 0


async def test_an_empty_store_has_nothing_to_prune(storage: Storage) -> None:
    assert await storage.upkeep.prune_to_size(0) == 0


async def test_another_bot_inherits_no_message_and_no_update(storage: Storage) -> None:
    """Ids of messages and updates are each bot's own: its own would be taken for the former's."""
    chat = await reader(storage, defaults=replace(DEFAULTS, alerts=Alerts.ON))
    await _push(storage, "told")
    one = (await claim(storage))[0].delivery
    await storage.outbox.acknowledge([Outcome(one.id, DeliveryState.SENT, NOW, message_id=5)])
    await storage.updates.note({1: {"update_id": 1}}, [2], NOW)

    # The first that is known, and the same once more.
    for _ in range(2):
        assert not await storage.upkeep.change_bot(111)
        assert await storage.outbox.by_message(chat.id, 5) is not None
        assert await storage.updates.newest(9) == [1, 2]

    assert await storage.upkeep.change_bot(222)
    assert await storage.outbox.by_message(chat.id, 5) is None
    assert await storage.updates.newest(9) == []
    assert await storage.outbox.delivery(one.id) is not None  # told is told
    assert not await storage.upkeep.change_bot(222)
