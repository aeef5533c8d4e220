"""Which article stands for its story: exactly one, whoever joins and whoever goes."""

from storage import THIS, Storage
from tests.storage.newsroom import DAY, MINUTE, NOW, feed, publish, values


async def leaders(storage: Storage) -> list[tuple[int, int, list[int]]]:
    """(story, the article that it names, the articles that lead it) of each story."""
    return [
        (
            story,
            named,
            [
                leader
                for (leader,) in await values(
                    storage,
                    "SELECT id FROM article WHERE story_id = :story AND leads = 1",
                    story=story,
                )
            ],
        )
        for story, named in await values(storage, "SELECT id, article_id FROM story ORDER BY id")
    ]


async def test_the_first_one_leads_until_somebody_says_otherwise(storage: Storage) -> None:
    first = await publish(storage, await feed(storage, "a.example"), "a", lead=THIS)
    story = first.story_id
    second = await publish(storage, await feed(storage, "b.example"), "b", story_id=story)
    assert await leaders(storage) == [(story, first.article_id, [first.article_id])]
    third = await publish(storage, await feed(storage, "c.example"), "c", story_id=story, lead=THIS)
    assert await leaders(storage) == [(story, third.article_id, [third.article_id])]
    await publish(
        storage,
        await feed(storage, "d.example"),
        "d",
        story_id=story,
        lead=second.article_id,
    )
    assert await leaders(storage) == [(story, second.article_id, [second.article_id])]
    (shown,) = await storage.articles.latest(language="all", limit=8)
    assert (shown.title, shown.sources_in_story) == ("Title b", 4)
    (shown,) = await storage.articles.of_stories([story])
    assert shown.article_id == second.article_id


async def test_an_article_of_another_story_cannot_lead(storage: Storage) -> None:
    one, two = await feed(storage, "a.example"), await feed(storage, "b.example")
    first, other = await publish(storage, one, "a"), await publish(storage, two, "b")
    for stranger in (other.article_id, 999):
        await publish(storage, two, f"c{stranger}", story_id=first.story_id, lead=stranger)
        assert await leaders(storage) == [
            (first.story_id, first.article_id, [first.article_id]),
            (other.story_id, other.article_id, [other.article_id]),
        ]


async def test_one_that_is_known_changes_nothing(storage: Storage) -> None:
    one, two = await feed(storage, "a.example"), await feed(storage, "b.example")
    first = await publish(storage, one, "a")
    await publish(storage, two, "b", story_id=first.story_id)
    known = await publish(storage, two, "b", story_id=first.story_id, lead=THIS)
    assert not known.new
    assert await leaders(storage) == [(first.story_id, first.article_id, [first.article_id])]


async def test_when_the_leader_goes_another_one_stands_up(storage: Storage) -> None:
    names = ("a", "b", "c")
    feeds = [await feed(storage, f"{name}.example") for name in names]
    stored = [await publish(storage, feeds[0], "a", now=NOW - DAY)]
    story = stored[0].story_id
    stored += [await publish(storage, feeds[1], "b", story_id=story)]
    stored += [await publish(storage, feeds[2], "c", story_id=story, lead=THIS, now=NOW - DAY)]
    assert await storage.upkeep.prune_articles(NOW - MINUTE) == 2
    left = stored[1].article_id
    assert await leaders(storage) == [(story, left, [left])]
    assert await storage.upkeep.prune_articles(NOW + MINUTE) == 1
    assert await leaders(storage) == []


async def test_pruning_another_leaves_the_leader(storage: Storage) -> None:
    one, two = await feed(storage, "a.example"), await feed(storage, "b.example")
    first = await publish(storage, one, "a", now=NOW - DAY)
    later = await publish(storage, two, "b", story_id=first.story_id, lead=THIS)
    await storage.upkeep.prune_articles(NOW - MINUTE)
    assert await leaders(storage) == [(first.story_id, later.article_id, [later.article_id])]


async def test_where_a_page_is_gone_another_article_leads(storage: Storage) -> None:
    feeds = [await feed(storage, f"{name}.example") for name in "abc"]
    first = await publish(storage, feeds[0], "a")
    second = await publish(storage, feeds[1], "b", story_id=first.story_id)
    await storage.articles.lose(first.article_id, since=NOW, now=NOW, due=None)
    assert await leaders(storage) == [(first.story_id, second.article_id, [second.article_id])]
    await storage.articles.page_found(first.article_id, now=NOW, due=None)
    assert await leaders(storage) == [(first.story_id, second.article_id, [second.article_id])]
    # Where all are gone, the last one that led stands for the story still; whoever joins leads.
    for one in (first, second):
        await storage.articles.lose(one.article_id, since=NOW, now=NOW, due=None)
    assert await leaders(storage) == [(first.story_id, second.article_id, [second.article_id])]
    assert await storage.articles.of_stories([first.story_id]) == []
    third = await publish(storage, feeds[2], "c", story_id=first.story_id)
    assert await leaders(storage) == [(first.story_id, third.article_id, [third.article_id])]
    (shown,) = await storage.articles.latest(language="all", limit=8)
    assert shown.article_id == third.article_id


async def test_a_gone_article_does_not_inherit_a_story(storage: Storage) -> None:
    feeds = [await feed(storage, f"{name}.example") for name in "abc"]
    first = await publish(storage, feeds[0], "a", now=NOW - DAY)
    second = await publish(storage, feeds[1], "b", story_id=first.story_id)
    third = await publish(storage, feeds[2], "c", story_id=first.story_id)
    await storage.articles.lose(second.article_id, since=NOW, now=NOW, due=None)
    await storage.upkeep.prune_articles(NOW - MINUTE)
    assert await leaders(storage) == [(first.story_id, third.article_id, [third.article_id])]
