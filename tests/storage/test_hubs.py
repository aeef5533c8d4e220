"""WebSub subscriptions: one a feed, found by its callback, due while the feed is polled."""

from dataclasses import replace

from storage import FeedOutcome, HubSubscription, Storage
from tests.storage.newsroom import DAY, HOUR, MINUTE, NOW, feed


def asked(feed_id: int, **changes: object) -> HubSubscription:
    made = HubSubscription(
        feed_id=feed_id,
        hub="https://hub.example/",
        topic="https://one.example/rss",
        callback=f"secret-{feed_id}",
        secret="hush",
        state="asked",
        due=NOW,
        expires=None,
        failures=0,
    )
    return replace(made, **changes)  # type: ignore[arg-type] # the caller names fields


async def test_a_subscriptions_life(storage: Storage) -> None:
    one = await feed(storage)
    hubs = storage.hubs
    assert await hubs.get(one.id) is None
    await hubs.save(asked(one.id))
    assert await hubs.get(one.id) == asked(one.id)
    active = asked(one.id, state="active", callback="new", due=NOW + DAY, expires=NOW + 2 * DAY)
    await hubs.save(active)
    assert await hubs.by_callback("new") == active
    assert await hubs.by_callback(asked(one.id).callback) is None
    await hubs.remove(one.id)
    assert await hubs.get(one.id) is None
    await hubs.remove(one.id)


async def test_hubs_are_asked_when_due_and_the_feed_is_polled(storage: Storage) -> None:
    feeds = [await feed(storage, f"{name}.example") for name in "abcd"]
    for number, one in enumerate(feeds):
        await storage.hubs.save(asked(one.id, due=NOW - number * MINUTE))
    await storage.feeds.remove(feeds[1].url)
    await storage.feeds.save_outcome(
        FeedOutcome(feeds[2].id, checked=NOW, due=NOW, interval=300, ok=False, gone=True)
    )
    due = await storage.hubs.due(NOW)
    assert [one.feed_id for one in due] == [feeds[3].id, feeds[0].id]
    assert [one.feed_id for one in await storage.hubs.due(NOW - MINUTE)] == [feeds[3].id]
    assert await storage.hubs.due(NOW - HOUR) == []
