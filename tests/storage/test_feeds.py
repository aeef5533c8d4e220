"""Feeds: added once, removed for good, polled in order, with what the last poll left."""

from dataclasses import replace
from datetime import datetime

import pytest

from storage import (
    AlreadyExistsError,
    EntryKey,
    Feed,
    FeedHints,
    FeedOutcome,
    FeedState,
    NotFoundError,
    Reading,
    Storage,
)
from tests.storage.newsroom import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    draft,
    execute,
    feed,
    private_feed,
    publish,
    reader,
)

ONE, TWO = "https://one.example/rss", "https://two.example/rss"


def polled(feed_id: int, *, ok: bool = True, **more: object) -> FeedOutcome:
    made = FeedOutcome(feed_id, checked=NOW, due=NOW + HOUR, interval=3600, ok=ok)
    return replace(made, **more)  # type: ignore[arg-type] # the caller names fields


async def test_a_new_feed(storage: Storage) -> None:
    assert await storage.feeds.ensure([(ONE, "one.example")], NOW) == 1
    made = await storage.feeds.by_url(ONE)
    assert (made.state, made.due, made.failures, made.entries) == (FeedState.ACTIVE, NOW, 0, 0)
    assert (made.checked, made.succeeded, made.error, made.etag) == (None, None, None, None)
    source = await storage.feeds.source(made.source_id)
    assert (source.domain, source.title, source.language) == ("one.example", "one.example", "")
    assert (source.reading, source.owner, source.newest) == (Reading.FULL, None, None)


async def test_ensuring_adds_only_what_was_never_known(storage: Storage) -> None:
    pairs = [(ONE, "one.example"), (TWO, "two.example"), (ONE, "one.example")]
    assert await storage.feeds.ensure(pairs, NOW) == 2
    assert await storage.feeds.ensure(pairs, NOW) == 0
    await storage.feeds.remove(ONE)
    assert await storage.feeds.ensure(pairs, NOW) == 0
    assert [known.url for known in await storage.feeds.all()] == [TWO]
    assert await storage.feeds.due(NOW) == [await storage.feeds.by_url(TWO)]


async def test_two_feeds_of_a_domain_are_one_source(storage: Storage) -> None:
    one = await feed(storage)
    other = await feed(storage, path="sport")
    assert one.source_id == other.source_id
    assert len(await storage.feeds.sources()) == 1


async def test_adding_removing_and_adding_again(storage: Storage) -> None:
    made = await storage.feeds.add(ONE, "one.example", NOW)
    with pytest.raises(AlreadyExistsError):
        await storage.feeds.add(ONE, "one.example", NOW)
    await storage.feeds.save_outcome(polled(made.id, etag="e", modified="m", body_hash="b"))
    await storage.feeds.remove(ONE)
    with pytest.raises(NotFoundError):
        await storage.feeds.remove(ONE)
    with pytest.raises(NotFoundError):
        await storage.feeds.remove(TWO)
    back = await storage.feeds.add(ONE, "one.example", NOW + DAY)
    # Without validators, or an unchanged feed would answer 304 and bring nothing.
    assert back == replace(
        made,
        due=NOW + DAY,
        checked=NOW,
        succeeded=NOW,
        interval=3600,
    )


async def test_a_gone_feed_comes_back_by_command_alone(storage: Storage) -> None:
    made = await feed(storage)
    await storage.feeds.save_outcome(polled(made.id, ok=False, error="HTTP 410", gone=True))
    assert (await storage.feeds.by_url(ONE)).state is FeedState.GONE
    assert await storage.feeds.due(NOW + DAY) == []
    assert await storage.feeds.next_due() is None
    assert await storage.feeds.ensure([(ONE, "one.example")], NOW) == 0
    assert [known.state for known in await storage.feeds.all()] == [FeedState.GONE]
    back = await storage.feeds.add(ONE, "one.example", NOW)
    assert (back.state, back.failures, back.error) == (FeedState.ACTIVE, 0, None)


async def test_a_poll_under_way_does_not_bring_a_removed_feed_back(storage: Storage) -> None:
    made = await feed(storage)
    await storage.feeds.remove(ONE)
    await storage.feeds.save_outcome(polled(made.id))
    await storage.feeds.save_outcome(polled(made.id, ok=False, error="HTTP 410", gone=True))
    assert (await storage.feeds.by_url(ONE)).state is FeedState.REMOVED


async def test_a_failure_keeps_the_validators_and_a_success_resets(storage: Storage) -> None:
    made = await feed(storage)
    good = polled(
        made.id, etag='W/"e"', modified="Sun, 22 Nov", body_hash="b", title="Feed", language="ru"
    )
    await storage.feeds.save_outcome(good)
    for failures in (1, 2):
        at = NOW + failures * HOUR
        await storage.feeds.save_outcome(
            polled(made.id, ok=False, error="timed out", checked=at, due=at + HOUR, interval=7200)
        )
        failed = await storage.feeds.by_url(ONE)
        assert (failed.failures, failed.error, failed.interval) == (failures, "timed out", 7200)
        assert (failed.etag, failed.modified, failed.body_hash) == ('W/"e"', "Sun, 22 Nov", "b")
        assert (failed.checked, failed.succeeded, failed.due) == (at, NOW, at + HOUR)
        assert failed.title == "Feed"
    await storage.feeds.save_outcome(replace(good, etag=None, title=None))
    now = await storage.feeds.by_url(ONE)
    assert (now.failures, now.error, now.etag, now.title) == (0, None, None, "Feed")


async def test_a_poll_names_its_source_once(storage: Storage) -> None:
    made = await feed(storage)
    await storage.feeds.save_outcome(polled(made.id, title="Feed title"))
    assert (await storage.feeds.source(made.source_id)).title == "Feed title"
    await storage.feeds.save_outcome(polled(made.id, source_title="Later", language="ru"))
    await storage.feeds.save_outcome(polled(made.id, language="en"))
    source = await storage.feeds.source(made.source_id)
    assert (source.title, source.language) == ("Feed title", "ru")
    with pytest.raises(NotFoundError):
        await storage.feeds.source(99)


async def test_a_permanent_redirect(storage: Storage) -> None:
    made = await feed(storage)
    await storage.feeds.save_outcome(polled(made.id, moved_to="https://one.example/new"))
    assert (await storage.feeds.by_url(ONE)).moved_to == "https://one.example/new"
    assert (await storage.feeds.by_url(ONE)).url == ONE
    await storage.feeds.save_outcome(polled(made.id, new_url="https://one.example/new"))
    moved = await storage.feeds.by_url("https://one.example/new")
    assert (moved.id, moved.moved_to) == (made.id, None)


async def test_a_moved_feed_is_known_by_its_old_address(storage: Storage) -> None:
    made = await feed(storage)
    new = "https://one.example/new"
    await storage.feeds.save_outcome(polled(made.id, new_url=new))
    assert await storage.feeds.ensure([(ONE, "one.example")], NOW) == 0
    with pytest.raises(AlreadyExistsError):
        await storage.feeds.add(ONE, "one.example", NOW)
    await storage.feeds.remove(ONE)
    # A restart with the old address in FEEDS does not undo the removal.
    assert await storage.feeds.ensure([(ONE, "one.example")], NOW) == 0
    assert await storage.feeds.all() == []
    assert (await storage.feeds.add(ONE, "one.example", NOW)).url == new


async def test_a_redirect_to_a_known_feed_is_not_followed(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    await storage.feeds.save_outcome(polled(one.id, new_url=two.url, etag="e"))
    assert (await storage.feeds.by_url(ONE)).etag == "e"
    assert (await storage.feeds.by_url(TWO)).id == two.id


async def test_the_longest_waiting_is_polled_first(storage: Storage) -> None:
    dues = {"a.example": 30, "b.example": 10, "c.example": 20, "d.example": 90}
    for domain, minutes in dues.items():
        made = await feed(storage, domain)
        await storage.feeds.save_outcome(polled(made.id, due=NOW + minutes * MINUTE))
    due = await storage.feeds.due(NOW + 30 * MINUTE)
    assert [one.url.split("/")[2][0] for one in due] == ["b", "c", "a"]
    assert len(await storage.feeds.due(NOW + DAY, limit=2)) == 2
    assert await storage.feeds.due(NOW) == []
    assert await storage.feeds.next_due() == NOW + 10 * MINUTE


async def test_a_feeds_entries(storage: Storage) -> None:
    made = await feed(storage)
    for hours in (5, 1, 3):
        await publish(storage, made, str(hours), published=NOW - hours * HOUR)
    assert (await storage.feeds.by_url(ONE)).entries == 3
    assert (await storage.feeds.source(made.source_id)).newest == NOW - HOUR
    assert await storage.entries.known(made.id, ["guid-1", "guid-9"]) == {"guid-1": ""}
    assert await storage.entries.known(made.id, []) == {}


async def test_sources_are_public_and_alive(storage: Storage) -> None:
    owner = await reader(storage)
    await private_feed(storage, owner.id)
    read, silent = await feed(storage), await feed(storage, "silent.example")
    await feed(storage, "polled.example")
    await publish(storage, read, "a")
    await storage.feeds.remove(read.url)
    await storage.feeds.remove(silent.url)
    assert [source.domain for source in await storage.feeds.sources()] == [
        "one.example",
        "polled.example",
    ]


async def test_languages_of_the_public_sources(storage: Storage) -> None:
    for domain, language in (("a.example", "en"), ("b.example", "ru"), ("c.example", "ru")):
        made = await feed(storage, domain)
        await storage.feeds.save_outcome(polled(made.id, language=language))
    owner = await reader(storage)
    own = await private_feed(storage, owner.id)
    await execute(storage, "UPDATE source SET language = 'de' WHERE id = :id", id=own.source_id)
    assert await storage.feeds.languages() == ["ru", "en"]


# ---------------------------------------------------------------- what a reading says of its feed


async def test_what_a_reading_left_out_and_hinted_at_stays_until_the_next(
    storage: Storage,
) -> None:
    made = await feed(storage)
    hints = FeedHints(ttl=3600, skip_hours=frozenset({1, 2}), skip_days=frozenset({5, 6}))
    problems = ("3 × no title", "1 × «дата»")
    await storage.feeds.save_outcome(
        polled(made.id, problems=problems, hints=hints, usual=2.5, readings=4)
    )
    for later in (polled(made.id, ok=False, error="timed out"), polled(made.id)):
        await storage.feeds.save_outcome(later)
        known = await storage.feeds.by_url(ONE)
        assert (known.problems, known.hints) == (problems, hints)
        assert (known.usual, known.readings) == (2.5, 4)
    await storage.feeds.save_outcome(
        polled(made.id, problems=(), hints=FeedHints(), usual=0.0, readings=0)
    )
    known = await storage.feeds.by_url(ONE)
    assert (known.problems, known.hints, known.usual, known.readings) == ((), FeedHints(), 0.0, 0)


# ---------------------------------------------------------------- a feed whose guids changed


def key_of(of: Feed, name: str, guid: str) -> tuple[str, str, str, datetime]:
    """A known entry under another guid."""
    key = draft(of, name).key
    return guid, key.url, key.title_hash, NOW


async def test_entries_are_known_by_address_or_title(storage: Storage) -> None:
    one = await feed(storage)
    ids = [(await publish(storage, one, name)).article_id for name in "ab"]
    _, url, _, _ = key_of(one, "a", "")
    _, _, title, _ = key_of(one, "b", "")
    found = await storage.entries.known_otherwise(
        one.source_id,
        [
            ("by-url", url, "another title", NOW + 30 * DAY),
            ("by-title", "https://elsewhere.example/", title, NOW + 12 * HOUR),
            ("too-late", "https://elsewhere.example/2", title, NOW + 13 * HOUR),
            ("new", "https://elsewhere.example/3", "new", NOW),
            ("nothing", "", "", NOW),
        ],
    )
    assert found == {"by-url": ids[0], "by-title": ids[1]}
    assert await storage.entries.known_otherwise(one.source_id, []) == {}


async def test_entries_of_other_sources_are_not_known(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    await publish(storage, one, "a")
    assert await storage.entries.known_otherwise(two.source_id, [key_of(one, "a", "g")]) == {}


async def test_an_address_that_many_share_tells_nothing(storage: Storage) -> None:
    one = await feed(storage)
    front = "https://one.example/"
    for number in range(2):
        at = NOW - number * 30 * DAY
        key = EntryKey(str(number), front, f"hash-{number}")
        await publish(storage, one, str(number), key=key, published=at)
    known = storage.entries.known_otherwise
    assert await known(one.source_id, [("g", front, "other", NOW + 2 * DAY)]) == {}
    assert await known(one.source_id, [("g", front, "other", NOW + HOUR)]) == {"g": 1}
    # One article there, but many new entries.
    await publish(storage, one, "c", key=EntryKey("c", "https://one.example/c", "c"))
    keys = [(str(n), "https://one.example/c", f"new {n}", NOW + DAY) for n in range(2)]
    assert await known(one.source_id, keys) == {}
    assert await known(one.source_id, keys[:1]) == {"0": 3}


async def test_adopted_entries_are_known_and_nothing_is_told(storage: Storage) -> None:
    one = await feed(storage)
    stored = await publish(storage, one, "a")
    keys = [key_of(one, "a", "new-a"), key_of(one, "b", "new-b")]
    found = await storage.entries.known_otherwise(one.source_id, keys)
    adopted = [
        (EntryKey(guid, url, title), published, "item", found.get(guid, 0))
        for guid, url, title, published in keys
    ]
    await storage.entries.adopt(one.id, one.source_id, adopted, NOW)
    await storage.entries.adopt(one.id, one.source_id, adopted, NOW)
    assert await storage.entries.known(one.id, ["new-a", "new-b"]) == {
        "new-a": "item",
        "new-b": "item",
    }
    article = await storage.articles.by_entry(one.id, "new-a")
    assert article is not None
    assert article.id == stored.article_id
    assert await storage.articles.by_entry(one.id, "new-b") is None
    known = draft(one, "a", key=EntryKey("new-a", *key_of(one, "a", "")[1:3]))
    assert not (await storage.articles.store(known, now=NOW)).new
    assert await storage.owing.open_pushes() == []


async def test_what_was_pruned_is_known_and_adopted_too(storage: Storage) -> None:
    one = await feed(storage)
    stored = await publish(storage, one, "a")
    await storage.upkeep.prune_articles(NOW + DAY)
    (key,) = [key_of(one, "a", "new-a")]
    assert await storage.entries.known_otherwise(one.source_id, [key]) == {"new-a": 0}
    # Pruned between the two steps.
    entry = (EntryKey(*key[:3]), NOW, "", stored.article_id)
    await storage.entries.adopt(one.id, one.source_id, [entry], NOW)
    assert await storage.entries.known(one.id, ["new-a"]) == {"new-a": ""}
