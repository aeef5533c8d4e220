"""Which articles a model may be asked about, once, and what becomes of its answer."""

from typing import Any

from storage import Paragraph, Reading, Span, Storage, Stored
from tests.storage.newsroom import DAY, HOUR, NOW, draft, feed, private_feed, publish


async def wanted(storage: Storage, limit: int = 99) -> list[str]:
    return [one.title for one in await storage.articles.summaries_wanted(NOW - HOUR, limit)]


async def bare(storage: Storage, name: str, **changes: Any) -> Stored:
    """An article without a standfirst."""
    return await publish(storage, await feed(storage), name, standfirst="", **changes)


async def test_those_without_a_standfirst_newest_first(storage: Storage) -> None:
    await bare(storage, "old", fetched=NOW - 2 * HOUR)
    for hours in (3, 1, 2):
        await bare(storage, str(hours), published=NOW - hours * DAY)
    await publish(storage, await feed(storage), "told by its publisher")
    await publish(storage, await private_feed(storage, 1), "own", standfirst="")
    assert await wanted(storage) == ["Title 1", "Title 2", "Title 3"]
    assert await wanted(storage, 2) == ["Title 1", "Title 2"]


async def test_headline_only_sources_are_left_alone(storage: Storage) -> None:
    await bare(storage, "a")
    one = await feed(storage)
    await storage.feeds.set_reading(one.source_id, Reading.HEADLINE)
    assert await wanted(storage) == []
    await storage.feeds.set_reading(one.source_id, Reading.SUMMARY)
    assert await wanted(storage) == ["Title a"]


async def test_an_article_is_asked_about_once(storage: Storage) -> None:
    good, refused = await bare(storage, "good"), await bare(storage, "refused")
    await storage.articles.upgrade_summary(good.article_id, "Better", NOW)
    await storage.articles.upgrade_summary(refused.article_id, None, NOW)
    assert await wanted(storage) == []
    assert (await storage.articles.get(good.article_id)).summary == "Better"
    assert (await storage.articles.get(refused.article_id)).summary == "Summary refused"


async def test_a_changed_text_is_asked_about_again(storage: Storage) -> None:
    stored = await bare(storage, "a")
    one = await feed(storage)
    await storage.articles.upgrade_summary(stored.article_id, "Better", NOW)
    same = draft(one, "a", standfirst="", author="Named now")
    await storage.articles.replace(stored.article_id, same, now=NOW, revision=False)
    assert (await storage.articles.get(stored.article_id)).summary == "Better"
    assert (await storage.articles.get(stored.article_id)).author == "Named now"
    assert await wanted(storage) == []
    changed = draft(one, "a", standfirst="", body=(Paragraph((Span("Another"),)),))
    await storage.articles.replace(stored.article_id, changed, now=NOW, revision=True)
    assert (await storage.articles.get(stored.article_id)).summary == "Summary a"
    assert await wanted(storage) == ["Title a"]


async def test_a_standfirst_that_comes_later_wins(storage: Storage) -> None:
    stored = await bare(storage, "a")
    await storage.articles.upgrade_summary(stored.article_id, "Better", NOW)
    await storage.articles.replace(
        stored.article_id, draft(await feed(storage), "a"), now=NOW, revision=False
    )
    assert (await storage.articles.get(stored.article_id)).summary == "Summary a"


async def test_an_answer_about_a_text_that_is_gone_is_not_taken(storage: Storage) -> None:
    stored = await bare(storage, "a", content_hash="new")
    upgrade = storage.articles.upgrade_summary
    await upgrade(stored.article_id, "Of the old text", NOW, content_hash="old")
    assert await wanted(storage) == ["Title a"]
    assert (await storage.articles.get(stored.article_id)).summary == "Summary a"
    await upgrade(stored.article_id, "Of the new text", NOW, content_hash="new")
    assert (await storage.articles.get(stored.article_id)).summary == "Of the new text"
    await upgrade(999, "Of nothing", NOW)
