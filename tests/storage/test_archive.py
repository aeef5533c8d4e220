"""An imported archive is found and listed, and is no news to anybody."""

from storage import FeedState, Storage
from tests.storage.newsroom import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    draft,
    expand_all,
    feed,
    publish,
    reader,
    values,
)

YEARS_AGO = NOW - 3000 * DAY


async def test_an_archives_feed_is_nobodys_to_poll(storage: Storage) -> None:
    made = await storage.feeds.archive("one.example", "One", "ru", NOW)
    assert (made.url, made.state) == ("archive:one.example", FeedState.ARCHIVE)
    assert await storage.feeds.archive("one.example", "Other", "en", NOW + DAY) == made
    source = await storage.feeds.source(made.source_id)
    assert (source.title, source.language) == ("One", "ru")
    assert await storage.feeds.all() == []
    assert await storage.feeds.due(NOW + DAY) == []
    assert await storage.feeds.next_due() is None
    # Its publisher may be polled beside it, as the same source.
    polled = await feed(storage)
    assert polled.source_id == made.source_id
    assert [one.url for one in await storage.feeds.all()] == [polled.url]


async def test_a_batch_with_its_progress(storage: Storage) -> None:
    archive = await storage.feeds.archive("one.example", "One", "ru", NOW)
    drafts = [
        draft(archive, str(number), published=YEARS_AGO + number * DAY) for number in range(5)
    ]
    store = storage.archive.store_batch
    assert await store(drafts[:3], now=NOW, progress=("import:file", "3")) == 3
    assert await storage.meta.get("import:file") == "3"
    # Interrupted before the progress was noted elsewhere: what is known is passed over.
    assert await store(drafts, now=NOW, progress=("import:file", "5")) == 2
    assert await storage.meta.get("import:file") == "5"
    assert await store(drafts, now=NOW) == 0
    assert await store([], now=NOW) == 0
    listed = await storage.articles.latest(language="all", limit=9)
    assert [one.title for one in listed] == [f"Title {number}" for number in (4, 3, 2, 1, 0)]
    assert len({one.story_id for one in listed}) == 5
    keys, _ = await storage.search.keys(["3"], now=NOW)
    assert [one.title for one in await storage.articles.by_keys(keys)] == ["Title 3"]


async def test_a_failing_batch_leaves_nothing(storage: Storage) -> None:
    archive = await storage.feeds.archive("one.example", "One", "ru", NOW)
    good, bad = draft(archive, "a"), draft(archive, "b", source_id=999)
    try:
        await storage.archive.store_batch([good, bad], now=NOW, progress=("import:file", "2"))
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing may be left
        assert "FOREIGN KEY" in str(error)  # noqa: PT017 - the point is what comes after
    assert await storage.meta.get("import:file") is None
    assert await storage.archive.store_batch([good], now=NOW) == 1


async def test_known_articles_are_not_imported_and_imported_ones_not_news(
    storage: Storage,
) -> None:
    archive = await storage.feeds.archive("one.example", "One", "ru", NOW)
    live = await feed(storage)
    await publish(storage, live, "a")
    assert (
        await storage.archive.store_batch([draft(archive, "a", feed_id=archive.id)], now=NOW) == 0
    )
    assert await storage.archive.store_batch([draft(archive, "b")], now=NOW) == 1
    assert not (await publish(storage, live, "b", push=True)).new
    assert await storage.owing.open_pushes() == []


async def test_an_import_is_in_no_digest_and_in_no_story(storage: Storage) -> None:
    archive = await storage.feeds.archive("one.example", "One", "ru", NOW)
    await reader(storage)
    await storage.archive.store_batch([draft(archive, "a", published=NOW - MINUTE)], now=NOW)
    assert await storage.articles.stored_since(0, language="all", since=NOW - DAY) == []
    assert await storage.articles.top(NOW - DAY, language="all") == []
    assert await expand_all(storage) == 0
    ((key,),) = await values(storage, "SELECT search_key FROM article")
    assert await storage.articles.story_candidates([key]) == []
    assert await storage.articles.summaries_wanted(NOW - DAY, 9) == []


async def test_retention_keeps_an_archive(storage: Storage) -> None:
    archive = await storage.feeds.archive("one.example", "One", "ru", NOW)
    await storage.archive.store_batch([draft(archive, "a")], now=YEARS_AGO)
    assert await storage.upkeep.prune_articles(NOW + HOUR) == 0
