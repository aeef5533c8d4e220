"""Threads with settings of their own: made from the chat's, and given up for them again."""

from datetime import timedelta

import pytest

from storage import (
    Alerts,
    ChatKind,
    FollowKind,
    Layout,
    Level,
    NotFoundError,
    SlotPlan,
    Storage,
    Subscriber,
    Subscription,
)
from tests.storage.newsroom import DEFAULTS, HOUR, NOW, feed, publish

GROUP = -1001234


async def forum(storage: Storage) -> Subscriber:
    made, _ = await storage.subscribers.create(
        GROUP,
        kind=ChatKind.SUPERGROUP,
        title="Соседи",
        defaults=DEFAULTS,
        now=NOW,
        covered_before=NOW - HOUR,
    )
    await storage.subscribers.set_slots(made.id, [SlotPlan(480, 127, silent=False)], [NOW + HOUR])
    return await storage.subscribers.change(
        made.id, language="en", zone="Asia/Tokyo", alerts=Alerts.ON, layout=Layout.RICH, silent=True
    )


async def part(storage: Storage, whole: Subscriber, thread: int = 9) -> Subscriber:
    return await storage.subscribers.part(
        whole.id, thread, now=NOW, covered_before=NOW - timedelta(hours=12)
    )


async def test_a_thread_begins_with_the_chats_settings_and_nothing_that_comes(
    storage: Storage,
) -> None:
    whole = await forum(storage)
    await publish(storage, await feed(storage), "bridge")
    own = await part(storage, whole)
    assert (own.chat_id, own.thread_id, own.title) == (GROUP, 9, "Соседи")
    assert (own.language, own.zone, own.layout, own.silent) == ("en", "Asia/Tokyo", "rich", True)
    assert own.alerts is Alerts.OFF
    assert await storage.subscribers.slots(own.id) == []
    (everything,) = await storage.subscribers.subscriptions(own.id)
    assert (everything.kind, everything.level) == (FollowKind.EVERYTHING, Level.DIGEST)
    assert own.watermark == 0, "its first digest reaches back as a new reader's does"


async def test_once_made_it_stays_as_it_is(storage: Storage) -> None:
    whole = await forum(storage)
    own = await part(storage, whole)
    changed = await storage.subscribers.change(own.id, zone="Europe/Paris")
    assert await part(storage, whole) == changed
    assert len(await storage.subscribers.subscriptions(own.id)) == 1
    with pytest.raises(NotFoundError):
        await storage.subscribers.part(999, 9, now=NOW, covered_before=NOW)


async def test_given_up_it_leaves_the_chat_alone(storage: Storage) -> None:
    whole = await forum(storage)
    own = await part(storage, whole)
    await storage.subscribers.follow(
        Subscription(own.id, FollowKind.TOPIC, "sport", "Спорт", Level.NOW)
    )
    await storage.subscribers.rejoin(own.id)
    assert await storage.subscribers.find(GROUP, 9) is None
    assert await storage.subscribers.subscriptions(own.id) == []
    await storage.subscribers.rejoin(whole.id)
    assert await storage.subscribers.find(GROUP) == whole, "a chat itself cannot be given up"


async def test_a_title_is_that_of_all_threads(storage: Storage) -> None:
    whole = await forum(storage)
    own = await part(storage, whole)
    await storage.subscribers.rename(GROUP, "Дом 7")
    for made in (whole, own):
        assert (await storage.subscribers.get(made.id)).title == "Дом 7"


async def test_a_thread_moves_with_its_group(storage: Storage) -> None:
    own = await part(storage, await forum(storage))
    await storage.subscribers.migrate_chat(GROUP, -100999)
    moved = await storage.subscribers.find(-100999, 9)
    assert moved is not None
    assert moved.id == own.id
