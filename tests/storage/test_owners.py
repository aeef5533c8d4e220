"""A subscriber's own sources: apart from public ones, seen by their owner, gone without a trace."""

from dataclasses import replace

import pytest

from storage import (
    Alerts,
    AlreadyExistsError,
    Feed,
    FeedOutcome,
    FollowKind,
    Level,
    NotFoundError,
    Storage,
    SubscriberDefaults,
)
from tests.storage.newsroom import (
    DAY,
    DEFAULTS,
    HOUR,
    NOW,
    draft,
    expand_all,
    feed,
    follow,
    private_feed,
    publish,
    reader,
    values,
)

URL = "https://one.example/rss"


async def poll(storage: Storage, of: Feed, **more: object) -> None:
    made = FeedOutcome(of.id, checked=NOW, due=NOW + HOUR, interval=3600, ok=True)
    await storage.feeds.save_outcome(replace(made, **more))  # type: ignore[arg-type]


async def test_one_address_for_the_public_and_for_two_owners(storage: Storage) -> None:
    public = await storage.feeds.add(URL, "one.example", NOW)
    one = await storage.feeds.add(URL, "one.example", NOW, owner=1, title="Mine")
    two = await storage.feeds.add(URL, "one.example", NOW, owner=2)
    assert len({public.source_id, one.source_id, two.source_id}) == 3
    assert (public.owner, one.owner, two.owner) == (None, 1, 2)
    with pytest.raises(AlreadyExistsError):
        await storage.feeds.add(URL, "one.example", NOW, owner=1)
    assert await storage.feeds.by_url(URL) == public
    assert await storage.feeds.by_url(URL, owner=2) == two
    with pytest.raises(NotFoundError):
        await storage.feeds.by_url(URL, owner=3)
    assert await storage.feeds.all() == [public, one, two]
    assert await storage.feeds.owned(1) == [one]
    assert [one.id for one in await storage.feeds.due(NOW)] == [public.id, one.id, two.id]
    source = await storage.feeds.source_by_domain("one.example", 1)
    assert source is not None
    assert (source.id, source.owner, source.title) == (one.source_id, 1, "Mine")
    public_source = await storage.feeds.source_by_domain("one.example")
    assert public_source is not None
    assert public_source.id == public.source_id
    assert await storage.feeds.source_by_domain("one.example", 3) is None
    assert await storage.feeds.source_by_domain("two.example") is None


async def test_feeds_of_the_settings_are_public(storage: Storage) -> None:
    await storage.feeds.add(URL, "one.example", NOW, owner=1)
    assert await storage.feeds.ensure([(URL, "one.example")], NOW) == 1
    assert (await storage.feeds.by_url(URL)).owner is None


async def test_a_move_looks_at_the_same_owners_feeds(storage: Storage) -> None:
    public = await storage.feeds.add("https://new.example/rss", "new.example", NOW)
    own = await storage.feeds.add(URL, "one.example", NOW, owner=1)
    await poll(storage, own, new_url=public.url)
    assert (await storage.feeds.by_url(public.url, owner=1)).id == own.id
    other = await storage.feeds.add("https://two.example/rss", "two.example", NOW, owner=1)
    await poll(storage, other, new_url=public.url)
    assert (await storage.feeds.by_url(other.url, owner=1)).id == other.id
    # Known by the old address still, to its owner alone.
    with pytest.raises(AlreadyExistsError):
        await storage.feeds.add(URL, "one.example", NOW, owner=1)


async def test_a_readers_sources_are_public_ones_and_the_own(storage: Storage) -> None:
    await storage.feeds.add(URL, "one.example", NOW)
    await storage.feeds.add("https://b.example/rss", "b.example", NOW, owner=1)
    await storage.feeds.add("https://c.example/rss", "c.example", NOW, owner=2)
    of = storage.feeds.sources
    assert [one.domain for one in await of()] == ["one.example"]
    assert [one.domain for one in await of(reader=1)] == ["b.example", "one.example"]
    assert [one.domain for one in await of(reader=3)] == ["one.example"]


async def test_an_own_feed_leaves_without_a_trace(storage: Storage) -> None:
    public = await storage.feeds.add(URL, "one.example", NOW)
    own = await storage.feeds.add(URL, "one.example", NOW, owner=1)
    sport = await storage.feeds.add("https://one.example/sport", "one.example", NOW, owner=1)
    await publish(storage, public, "a")
    # More than one chunk.
    for number in range(101):
        await publish(storage, own, str(number), push=number == 0)
    kept = await publish(storage, sport, "kept")
    await storage.feeds.remove(URL, owner=1)
    assert await values(storage, "SELECT title FROM article ORDER BY id") == [
        ("Title a",),
        ("Title kept",),
    ]
    assert await storage.feeds.owned(1) == [await storage.feeds.by_url(sport.url, owner=1)]
    assert len(await values(storage, "SELECT id FROM entry")) == 2
    assert await storage.search.keys(["50"], now=NOW, reader=1) == ([], False)
    assert (await storage.articles.get(kept.article_id)).owner == 1
    with pytest.raises(NotFoundError):
        await storage.feeds.remove(URL, owner=1)
    # Added again it begins anew.
    again = await storage.feeds.add(URL, "one.example", NOW, owner=1)
    assert (await publish(storage, again, "50")).new
    await storage.feeds.remove(sport.url, owner=1)
    await storage.feeds.remove(URL, owner=1)
    assert await values(storage, "SELECT domain, owner FROM source") == [("one.example", None)]


async def test_a_poll_under_way_of_a_forgotten_feed_stores_nothing(storage: Storage) -> None:
    own = await storage.feeds.add(URL, "one.example", NOW, owner=1)
    await storage.feeds.remove(URL, owner=1)
    with pytest.raises(NotFoundError, match="removed"):
        await publish(storage, own, "a")
    await poll(storage, own)
    assert await storage.feeds.owned(1) == []


async def test_what_a_lost_subscriber_owned_is_nobodys(storage: Storage) -> None:
    """Of two subscribers that become one chat, one is deleted, and its number used again."""
    kept, lost = await reader(storage, -1), await reader(storage, -100)
    own = await private_feed(storage, lost.id)
    await publish(storage, own, "secret")
    await storage.subscribers.migrate_chat(-1, -100)
    heir = await reader(storage, 3)
    assert (await storage.subscribers.get(kept.id)).chat_id == -100
    assert heir.id == lost.id
    assert await storage.feeds.owned(heir.id) == []
    assert await storage.feeds.sources(reader=heir.id) == []
    assert await storage.feeds.due(NOW) == []
    listed = storage.articles.stored_since
    assert await listed(0, language="all", since=NOW - DAY, reader=heir.id) == []
    # Added by the new one it is that one's own, and the night takes only what is nobody's.
    again = await private_feed(storage, heir.id)
    await publish(storage, again, "mine")
    await storage.upkeep.prune_ledger(NOW - DAY, NOW)
    assert await values(storage, "SELECT title, owner FROM article") == [("Title mine", heir.id)]
    assert await values(storage, "SELECT owner FROM source") == [(heir.id,)]


async def test_a_number_lost_twice_in_a_day_leaves_nothing(storage: Storage) -> None:
    await reader(storage, -1)
    for _ in range(2):
        lost = await reader(storage, -100)
        await publish(storage, await private_feed(storage, lost.id), "secret")
        await storage.subscribers.migrate_chat(-1, -100)
        await storage.subscribers.migrate_chat(-100, -1)
    await storage.upkeep.prune_ledger(NOW - DAY, NOW)
    left = "SELECT title FROM source UNION SELECT url FROM feed UNION SELECT title FROM article"
    assert await values(storage, left) == []


# ---------------------------------------------------------------- what a reader sees


async def test_own_articles_are_shown_to_their_owner_alone(storage: Storage) -> None:
    own, public = await private_feed(storage, 1), await feed(storage)
    secret = await publish(storage, own, "secret")
    shown = await publish(storage, public, "shown")
    articles, search = storage.articles, storage.search

    async def of_source(reader: int | None) -> list[int]:
        listed = await articles.latest(
            language="all", limit=8, source_id=own.source_id, reader=reader
        )
        return [one.article_id for one in listed]

    assert [await of_source(one) for one in (None, 1, 2)] == [[], [secret.article_id], []]
    # Everything is everybody's: never with one's own.
    everything = await articles.latest(language="all", limit=8, reader=1)
    assert [one.article_id for one in everything] == [shown.article_id]

    keys = [key for (key,) in await values(storage, "SELECT search_key FROM article ORDER BY id")]
    for reader_id, seen in ((None, [shown]), (1, [secret, shown]), (2, [shown])):
        ids = [one.article_id for one in seen]
        listed = await articles.by_keys(keys, reader=reader_id)
        assert [one.article_id for one in listed] == ids
        found, _ = await search.keys(["title"], now=NOW, reader=reader_id)
        assert sorted(found) == sorted(keys if len(ids) == 2 else keys[1:])
        candidates = await articles.stored_since(
            0, language="all", since=NOW - DAY, reader=reader_id
        )
        assert sorted(one.article_id for one in candidates) == ids
    (headline,) = await articles.by_keys(keys[:1], reader=1)
    assert headline.owner == 1


async def test_own_news_come_in_any_language(storage: Storage) -> None:
    own, public = await private_feed(storage, 1), await feed(storage)
    await publish(storage, own, "own", language="en")
    await publish(storage, public, "foreign", language="en")
    listed = await storage.articles.stored_since(0, language="ru", since=NOW - DAY, reader=1)
    assert [one.title for one in listed] == ["Title own"]


async def test_an_own_story_is_pushed_to_its_owner_in_any_language(storage: Storage) -> None:
    defaults: SubscriberDefaults = replace(DEFAULTS, alerts=Alerts.ON, news_language="ru")
    owner = await reader(storage, 1, defaults=defaults)
    other = await reader(storage, 2, defaults=defaults)
    own, public = await private_feed(storage, owner.id), await feed(storage)
    key = str(own.source_id)
    for one in (owner, other):
        await follow(storage, one.id, FollowKind.SOURCE, key, Level.NOW)
    await publish(storage, own, "own", push=True, language="en")
    assert await expand_all(storage, [(FollowKind.SOURCE, key)]) == 1
    assert await values(storage, "SELECT subscriber_id FROM delivery") == [(owner.id,)]
    await publish(storage, public, "foreign", push=True, language="en")
    assert await expand_all(storage) == 0


async def test_clustering_compares_what_the_same_eyes_may_see(storage: Storage) -> None:
    feeds = [await feed(storage), await private_feed(storage, 1), await private_feed(storage, 2)]
    for number, one in enumerate(feeds):
        await publish(storage, one, f"a{number}", search_title="word")
    keys = [key for (key,) in await values(storage, "SELECT search_key FROM article ORDER BY id")]
    for owner, key in zip((None, 1, 2), keys, strict=True):
        found = await storage.search.candidates(["word"], since=NOW - DAY, owner=owner)
        assert found == [key]
        (candidate,) = await storage.articles.story_candidates(keys, owner=owner)
        assert candidate.source_id == feeds[keys.index(key)].source_id
    assert await storage.search.candidates(["word"], since=NOW + HOUR, owner=1) == []


async def test_an_own_source_tells_one_article_once(storage: Storage) -> None:
    own = await private_feed(storage, 1)
    sport = await storage.feeds.add("https://own.example/sport", "own.example", NOW, owner=1)
    first = await publish(storage, own, "a")
    again = await publish(storage, sport, "b", key=draft(own, "a").key)
    assert (again.new, again.article_id) == (False, first.article_id)
