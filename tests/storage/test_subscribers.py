"""Subscribers: made once, changed, paused and revived, moved, and what they follow."""

from dataclasses import replace

import pytest

from storage import (
    Alerts,
    ChatKind,
    FollowKind,
    Layout,
    Level,
    Mute,
    NotFoundError,
    SlotPlan,
    Storage,
    StorageError,
    Subscriber,
    SubscriberDefaults,
    SubscriberState,
    Subscription,
)
from tests.storage.newsroom import (
    DAY,
    DEFAULTS,
    HOUR,
    NOW,
    claim,
    expand_all,
    feed,
    follow,
    publish,
    reader,
)


async def group(storage: Storage, chat_id: int, thread_id: int = 0, day: int = 0) -> Subscriber:
    made, _ = await storage.subscribers.create(
        chat_id,
        kind=ChatKind.GROUP,
        title="Group",
        defaults=DEFAULTS,
        now=NOW + day * DAY,
        covered_before=NOW - DAY,
        thread_id=thread_id,
    )
    return made


async def test_made_once_with_the_defaults(storage: Storage) -> None:
    defaults = SubscriberDefaults(
        language="en",
        news_language="all",
        zone="Asia/Tokyo",
        alerts=Alerts.IMPORTANT,
        quiet_from=1380,
        quiet_to=480,
        hourly=3,
        daily=12,
        headlines=5,
        slots=(SlotPlan(1140, 127, silent=True), SlotPlan(480, 31, silent=False)),
        slot_dues=(NOW + 8 * HOUR, NOW + 20 * HOUR),
    )

    async def make(title: str) -> tuple[Subscriber, bool]:
        return await storage.subscribers.create(
            -100,
            kind=ChatKind.SUPERGROUP,
            title=title,
            defaults=defaults,
            now=NOW,
            covered_before=NOW - DAY,
            thread_id=7,
        )

    made, new = await make("First")
    assert new
    assert made == Subscriber(
        id=made.id,
        chat_id=-100,
        thread_id=7,
        kind=ChatKind.SUPERGROUP,
        title="First",
        state=SubscriberState.ACTIVE,
        paused_reason=None,
        language="en",
        language_chosen=False,
        news_language="all",
        zone="Asia/Tokyo",
        zone_chosen=False,
        alerts=Alerts.IMPORTANT,
        quiet_from=1380,
        quiet_to=480,
        hourly=3,
        daily=12,
        headlines=5,
        silent=False,
        pictures=True,
        layout=Layout.CLASSIC,
        rich_confirmed=False,
        watermark=0,
        created=NOW,
    )
    slots = await storage.subscribers.slots(made.id)
    assert [(slot.minute, slot.weekdays, slot.silent, slot.due) for slot in slots] == [
        (480, 31, False, NOW + 20 * HOUR),
        (1140, 127, True, NOW + 8 * HOUR),
    ]
    assert await storage.subscribers.subscriptions(made.id) == [
        Subscription(made.id, FollowKind.EVERYTHING, "", "", Level.DIGEST)
    ]

    await storage.subscribers.unfollow_all(made.id)
    changed = await storage.subscribers.change(made.id, language="ru")
    assert await make("Second") == (changed, False)
    assert await storage.subscribers.subscriptions(made.id) == []
    assert await storage.subscribers.find(-100) is None
    assert await storage.subscribers.find(-100, 7) == changed


async def test_the_first_digest_reaches_back(storage: Storage) -> None:
    one = await feed(storage)
    assert (await reader(storage, 1)).watermark == 0
    old = await publish(storage, one, "old", published=NOW - 3 * DAY)
    assert (await reader(storage, 2)).watermark == old.article_id
    fresh = await publish(storage, one, "fresh", published=NOW - HOUR)
    # A feed that is added brings old stories under new numbers; the fresh one still counts.
    await publish(storage, one, "older", published=NOW - 9 * DAY)
    made = await reader(storage, 3)
    assert made.watermark == fresh.article_id - 1
    lines = await storage.articles.stored_since(made.watermark, language="all", since=NOW - DAY)
    assert [line.story_id for line in lines] == [fresh.story_id]


async def test_change(storage: Storage) -> None:
    made = await reader(storage)
    changed = await storage.subscribers.change(
        made.id,
        alerts=Alerts.ON,
        quiet_from=None,
        quiet_to=30,
        hourly=2,
        layout=Layout.RICH,
        rich_confirmed=True,
        pictures=False,
        state=SubscriberState.STOPPED,
    )
    assert changed == replace(
        made,
        alerts=Alerts.ON,
        quiet_to=30,
        hourly=2,
        layout=Layout.RICH,
        rich_confirmed=True,
        pictures=False,
        state=SubscriberState.STOPPED,
    )
    assert await storage.subscribers.get(made.id) == changed
    with pytest.raises(NotFoundError):
        await storage.subscribers.change(99, silent=True)
    with pytest.raises(NotFoundError):
        await storage.subscribers.get(99)


async def test_pausing_and_reviving(storage: Storage) -> None:
    made, thread = await group(storage, -5), await group(storage, -5, 3)
    other = await reader(storage, 6)
    await storage.subscribers.pause(-5, "blocked")
    for paused in (made, thread):
        now = await storage.subscribers.get(paused.id)
        assert (now.state, now.paused_reason) == (SubscriberState.PAUSED, "blocked")
    assert await storage.subscribers.get(other.id) == other
    assert await storage.subscribers.revive(-5)
    assert await storage.subscribers.get(made.id) == made
    assert not await storage.subscribers.revive(-5)
    assert not await storage.subscribers.revive(404)


async def test_who_stopped_is_neither_paused_nor_revived(storage: Storage) -> None:
    made = await reader(storage)
    stopped = await storage.subscribers.change(made.id, state=SubscriberState.STOPPED)
    await storage.subscribers.pause(made.chat_id, "blocked")
    assert await storage.subscribers.get(made.id) == stopped
    assert not await storage.subscribers.revive(made.chat_id)
    assert await storage.subscribers.get(made.id) == stopped


# ---------------------------------------------------------------- a group becomes a supergroup


async def test_a_migrated_chat_keeps_all(storage: Storage) -> None:
    one = await feed(storage)
    made, thread = await group(storage, -5), await group(storage, -5, 3)
    await storage.subscribers.change(made.id, language="en", alerts=Alerts.ON)
    await follow(storage, made.id, FollowKind.TOPIC, "sport", Level.NOW)
    await publish(storage, one, "a", push=True)
    await expand_all(storage)
    await storage.subscribers.migrate_chat(-5, -1005)
    assert await storage.subscribers.find(-5) is None
    moved = await storage.subscribers.find(-1005)
    assert moved is not None
    assert (moved.id, moved.kind, moved.language) == (made.id, ChatKind.SUPERGROUP, "en")
    assert len(await storage.subscribers.subscriptions(made.id)) == 2
    assert [owed.subscriber.chat_id for owed in await claim(storage)] == [-1005]
    moved_thread = await storage.subscribers.find(-1005, 3)
    assert moved_thread is not None
    assert moved_thread.id == thread.id
    await storage.subscribers.migrate_chat(-5, -1005)  # told twice
    assert await storage.subscribers.find(-1005) == moved


async def test_what_was_made_for_the_new_chat_gives_way(storage: Storage) -> None:
    made = await group(storage, -5)
    await group(storage, -1005, day=1)
    await storage.subscribers.migrate_chat(-5, -1005)
    moved = await storage.subscribers.find(-1005)
    assert moved is not None
    assert moved.id == made.id
    assert await storage.subscribers.find(-5) is None


async def test_an_older_chat_stays_where_it_is(storage: Storage) -> None:
    await group(storage, -5, day=1)
    older = await group(storage, -1005)
    await storage.subscribers.migrate_chat(-5, -1005)
    assert await storage.subscribers.find(-1005) == older
    assert await storage.subscribers.find(-5) is None


# ---------------------------------------------------------------- follows, mutes, slots


async def test_follows(storage: Storage) -> None:
    made = await reader(storage)
    other = await reader(storage, 2)
    words = Subscription(made.id, FollowKind.WORDS, "кот сапог", "Кот в сапогах", Level.NOW)
    await storage.subscribers.unfollow_all(made.id)
    await storage.subscribers.follow(words)
    await storage.subscribers.follow(replace(words, label="КОТ в сапогах", level=Level.SOUND))
    await follow(storage, made.id, FollowKind.TOPIC, "sport", Level.OFF)
    assert await storage.subscribers.subscriptions(made.id) == [
        Subscription(made.id, FollowKind.TOPIC, "sport", "sport", Level.OFF),
        replace(words, label="КОТ в сапогах", level=Level.SOUND),
    ]
    assert await storage.subscribers.unfollow(made.id, FollowKind.WORDS, "кот сапог")
    assert not await storage.subscribers.unfollow(made.id, FollowKind.WORDS, "кот сапог")
    assert await storage.subscribers.unfollow_all(made.id) == 1
    assert len(await storage.subscribers.subscriptions(other.id)) == 1
    with pytest.raises(StorageError, match="FOREIGN KEY"):
        await follow(storage, 99, FollowKind.TOPIC, "sport", Level.NOW)


async def test_mutes(storage: Storage) -> None:
    made = await reader(storage)
    mutes = [
        Mute(made.id, FollowKind.SOURCE, "one.example", "One", None),
        Mute(made.id, FollowKind.TOPIC, "sport", "Sport", NOW + DAY),
    ]
    for mute in mutes:
        await storage.subscribers.mute(mute)
    assert await storage.subscribers.mutes(made.id, NOW) == mutes
    assert await storage.subscribers.mutes(made.id, NOW + DAY) == mutes[:1]
    await storage.subscribers.mute(replace(mutes[1], expires=None))
    assert len(await storage.subscribers.mutes(made.id, NOW + DAY)) == 2


async def test_following_again_ends_the_mute(storage: Storage) -> None:
    made = await reader(storage)
    await storage.subscribers.mute(Mute(made.id, FollowKind.TOPIC, "sport", "Sport", None))
    await storage.subscribers.mute(Mute(made.id, FollowKind.TOPIC, "world", "World", None))
    await follow(storage, made.id, FollowKind.TOPIC, "sport", Level.DIGEST)
    assert [mute.key for mute in await storage.subscribers.mutes(made.id, NOW)] == ["world"]


async def test_slots_are_replaced_whole(storage: Storage) -> None:
    made = await reader(storage)
    plans = [SlotPlan(600, 96, silent=False), SlotPlan(480, 31, silent=True)]
    await storage.subscribers.set_slots(made.id, plans, [NOW + HOUR, NOW + DAY])
    first = await storage.subscribers.slots(made.id)
    assert [(slot.minute, slot.due, slot.fired) for slot in first] == [
        (480, NOW + DAY, None),
        (600, NOW + HOUR, None),
    ]
    await storage.subscribers.set_slots(made.id, plans[:1], [NOW + HOUR])
    (slot,) = await storage.subscribers.slots(made.id)
    # Ids are never used twice: the ledger tells digests apart by them.
    assert slot.id not in {old.id for old in first}
    with pytest.raises(ValueError, match="zip"):
        await storage.subscribers.set_slots(made.id, plans, [NOW])
    assert await storage.subscribers.slots(made.id) == [slot]
    await storage.subscribers.set_slots(made.id, [], [])
    assert await storage.subscribers.slots(made.id) == []
