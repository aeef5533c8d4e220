"""Articles: what is new, what a story owes, what lists show."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from storage import (
    ArticleState,
    BodyFrom,
    FeedOutcome,
    Headline,
    NotFoundError,
    Paragraph,
    PictureBlock,
    PushPlan,
    Reading,
    Span,
    Storage,
    Topic,
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
    values,
)


def titles(found: list[Headline]) -> list[str]:
    return [headline.title.removeprefix("Title ") for headline in found]


async def keys_of(storage: Storage, *words: str) -> list[int]:
    return (await storage.search.keys(words, now=NOW))[0]


async def test_stores_an_article_whole(storage: Storage) -> None:
    one = await feed(storage)
    await storage.feeds.set_reading(one.source_id, Reading.SUMMARY)
    picture = PictureBlock("https://one.example/1.jpg", "Caption", "Credit", 640, 480)
    sent = draft(
        one,
        "a",
        subheadline="Sub",
        author="Author",
        image=picture,
        body=(Paragraph((Span("Bold", bold=True), Span(" link", link="https://x.example"))),),
        topic=Topic.SCIENCE,
        rubric="Наука",
        labels=("18+",),
        cited=("ТАСС",),
        updated=NOW + MINUTE,
        content_hash="hash",
        page_error="HTTP 500",
        page_tries=1,
    )
    stored = await storage.articles.store(sent, now=NOW)
    article = await storage.articles.get(stored.article_id)
    same = sent.__dataclass_fields__.keys() & article.__dataclass_fields__.keys()
    assert len(same) == 26
    for name in same:
        assert getattr(article, name) == getattr(sent, name), name
    assert (article.guid, article.source_domain, article.reading) == (
        "guid-a",
        "one.example",
        Reading.SUMMARY,
    )
    assert (article.state, article.revision, article.sources_in_story) == (
        ArticleState.LIVE,
        1,
        1,
    )
    (headline,) = await storage.articles.latest(language="all", limit=8)
    assert (headline.article_id, headline.story_id) == (stored.article_id, stored.story_id)
    assert headline.image_url == picture.url


async def test_the_same_entry_is_new_once(storage: Storage) -> None:
    one = await feed(storage)
    first = await publish(storage, one, "a", push=True)
    again = await publish(storage, one, "a", push=True, title="Another title")
    assert first.new
    assert first.push_id is not None
    assert (again.new, again.push_id) == (False, None)
    assert (again.article_id, again.story_id) == (first.article_id, first.story_id)
    assert titles(await storage.articles.latest(language="all", limit=8)) == ["a"]


async def test_one_address_in_two_feeds_is_one_article(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    first = await publish(storage, one, "a", push=True)
    key = replace(draft(one, "a").key, guid="other", title_hash="other")
    second = await publish(storage, two, "b", key=key, push=True)
    assert (second.new, second.article_id) == (False, first.article_id)
    assert (await storage.articles.by_entry(two.id, "other")) == (
        await storage.articles.get(first.article_id)
    )
    assert len(await storage.owing.open_pushes()) == 1


@pytest.mark.parametrize(
    ("later", "new"), [(timedelta(), False), (12 * HOUR, False), (12 * HOUR + MINUTE, True)]
)
@pytest.mark.parametrize("sign", [1, -1])
async def test_one_title_of_a_source_within_twelve_hours_is_one_article(
    storage: Storage, later: timedelta, new: bool, sign: int
) -> None:
    one = await feed(storage)
    first = await publish(storage, one, "a")
    key = replace(draft(one, "b").key, title_hash="hash-a")
    second = await publish(storage, one, "b", key=key, published=NOW + sign * later)
    assert second.new is new
    assert (second.article_id == first.article_id) is not new


async def test_one_title_in_one_feed_with_another_text_is_another_article(
    storage: Storage,
) -> None:
    one, section = await feed(storage), await feed(storage, path="section")
    await publish(storage, one, "a", content_hash="one text")
    key = replace(draft(one, "b").key, title_hash="hash-a")
    assert (await publish(storage, one, "b", key=key, content_hash="another")).new
    key = replace(draft(section, "c").key, title_hash="hash-a")
    assert not (await publish(storage, section, "c", key=key, content_hash="a third")).new


async def test_one_address_in_one_feed_is_one_article_for_twelve_hours(storage: Storage) -> None:
    one = await feed(storage)
    first = await publish(storage, one, "a")
    for name, later, new in (("b", 11 * HOUR, False), ("c", 30 * HOUR, True)):
        key = replace(draft(one, name).key, url=draft(one, "a").key.url)
        stored = await publish(storage, one, name, key=key, published=NOW + later)
        assert stored.new is new
        assert (stored.article_id == first.article_id) is not new


async def test_one_title_of_two_sources_is_two_articles(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    await publish(storage, one, "a")
    key = replace(draft(two, "b").key, title_hash="hash-a")
    assert (await publish(storage, two, "b", key=key)).new


async def test_entries_without_title_or_address_are_not_alike(storage: Storage) -> None:
    one = await feed(storage)
    for name in "ab":
        key = replace(draft(one, name).key, url="", title_hash="")
        assert (await publish(storage, one, name, key=key)).new


async def test_a_pruned_article_is_not_new_again(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    await publish(storage, one, "a")
    assert await storage.upkeep.prune_articles(NOW + MINUTE) == 1
    again = await publish(storage, one, "a", push=True)
    assert (again.new, again.article_id, again.story_id, again.push_id) == (False, 0, 0, None)
    key = replace(draft(one, "a").key, guid="elsewhere")
    assert not (await publish(storage, two, "b", key=key, push=True)).new
    assert await storage.entries.known(one.id, ["guid-a"]) == {"guid-a": ""}
    assert await storage.owing.open_pushes() == []


async def test_the_outcome_rides_in_the_transaction(storage: Storage) -> None:
    one = await feed(storage)
    outcome = FeedOutcome(one.id, NOW, NOW + HOUR, 3600, ok=True, etag='"e"')
    await storage.articles.store(draft(one, "a"), now=NOW, outcome=outcome, item_hash="h")
    assert (await storage.feeds.by_url(one.url)).etag == '"e"'
    assert await storage.entries.known(one.id, ["guid-a", "x"]) == {"guid-a": "h"}
    # What fails halfway leaves neither the article nor the validators.
    bad = draft(one, "b", source_id=999)
    with pytest.raises(Exception, match="FOREIGN KEY"):
        await storage.articles.store(
            bad, now=NOW, outcome=replace(outcome, etag='"later"'), push=PushPlan(NOW)
        )
    assert (await storage.feeds.by_url(one.url)).etag == '"e"'
    assert titles(await storage.articles.latest(language="all", limit=8)) == ["a"]
    assert await keys_of(storage, "b") == []


# ---------------------------------------------------------------- stories


async def test_a_story_grows(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    first = await publish(storage, one, "a", push=True)
    second = await publish(storage, two, "b", story_id=first.story_id, push=True)
    third = await publish(storage, two, "c", story_id=first.story_id, push=True)
    assert second.story_id == third.story_id == first.story_id
    (headline,) = await storage.articles.latest(language="all", limit=8)
    assert (headline.article_id, headline.sources_in_story, headline.articles_in_story) == (
        first.article_id,
        2,
        3,
    )
    assert titles(await storage.articles.of_stories([99, first.story_id])) == ["a"]


async def test_a_story_that_has_gone_begins_anew(storage: Storage) -> None:
    one = await feed(storage)
    stored = await publish(storage, one, "a", story_id=77, push=True)
    assert stored.story_id != 77
    assert stored.push_id is not None


async def _told(storage: Storage, *minutes: int, push: bool = True) -> list[str]:
    """One source after the other tells a story: the kinds of the pushes owed."""
    story: int | None = None
    for number, minute in enumerate(minutes):
        source = await feed(storage, f"s{number}.example")
        at = NOW + minute * MINUTE
        stored = await publish(
            storage, source, f"n{number}", story_id=story, now=at, published=at, push=push
        )
        story = stored.story_id
        assert (stored.push_id is not None) == push
    return [kind for (kind,) in await values(storage, "SELECT kind FROM push ORDER BY id")]


async def test_three_sources_within_the_hour_make_it_important_once(storage: Storage) -> None:
    kinds = await _told(storage, 0, 30, 60, 61)
    assert kinds == ["created", "created", "important", "created"]


async def test_three_sources_over_hours_do_not(storage: Storage) -> None:
    assert await _told(storage, 0, 30, 61) == ["created"] * 3


async def test_the_hour_may_begin_late_and_news_may_come_in_any_order(storage: Storage) -> None:
    assert await _told(storage, 0, 300, 350, 340) == ["created"] * 3 + ["important"]


async def test_two_articles_of_a_source_count_once(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    first = await publish(storage, one, "a", push=True)
    for name in "bcd":
        source = two if name == "d" else one
        await publish(storage, source, name, story_id=first.story_id, push=True)
    assert await values(storage, "SELECT DISTINCT kind FROM push") == [("created",)]


async def test_old_news_owes_no_push(storage: Storage) -> None:
    assert await _told(storage, 0, 1, 2, push=False) == []


# ---------------------------------------------------------------- replacing


async def test_a_better_body_replaces_silently(storage: Storage) -> None:
    one = await feed(storage)
    failed = draft(
        one,
        "a",
        body=(),
        body_from=BodyFrom.FEED,
        page_error="HTTP 500",
        page_tries=1,
        page_due=NOW + 5 * MINUTE,
        search_body="short",
    )
    stored = await storage.articles.store(failed, now=NOW)
    assert await storage.articles.pages_due(NOW) == []
    (pending,) = await storage.articles.pages_due(NOW + 5 * MINUTE)
    assert pending.article_id == stored.article_id
    assert (pending.draft.body_from, pending.draft.page_tries) == (BodyFrom.FEED, 1)
    assert (pending.draft.search_title, pending.draft.search_body) == ("title a", "short")

    better = replace(
        pending.draft,
        body=(Paragraph((Span("Long"),)),),
        body_from=BodyFrom.PAGE,
        page_error=None,
        page_due=None,
        search_body="long",
    )
    await storage.articles.replace(stored.article_id, better, now=NOW + HOUR, revision=False)
    article = await storage.articles.get(stored.article_id)
    assert (article.body, article.page_error) == (better.body, None)
    assert (article.state, article.revision, article.updated) == (ArticleState.LIVE, 1, None)
    assert (article.url, article.guid, article.published) == (failed.url, "guid-a", NOW)
    assert await storage.articles.pages_due(NOW + DAY) == []
    assert await values(storage, "SELECT * FROM revision") == []


async def test_a_revision_keeps_the_old_text(storage: Storage) -> None:
    one = await feed(storage)
    stored = await publish(storage, one, "a")
    for number in (2, 3):
        changed = draft(one, "a", title=f"Version {number}", published=NOW - DAY)
        await storage.articles.replace(
            stored.article_id, changed, now=NOW + number * HOUR, revision=True
        )
        article = await storage.articles.get(stored.article_id)
        assert (article.revision, article.state) == (number, ArticleState.CORRECTED)
        assert article.updated == NOW + number * HOUR
        assert article.published == NOW
    assert await values(storage, "SELECT number, title FROM revision ORDER BY number") == [
        (1, "Title a"),
        (2, "Version 2"),
    ]


async def test_replacing_what_is_not_there(storage: Storage) -> None:
    one = await feed(storage)
    with pytest.raises(NotFoundError):
        await storage.articles.replace(9, draft(one, "a"), now=NOW, revision=True)
    with pytest.raises(NotFoundError):
        await storage.articles.get(9)
    with pytest.raises(NotFoundError):
        await storage.articles.get(10**20)
    assert await storage.articles.words(9) == ([], [])


async def test_the_index_follows_the_text(storage: Storage) -> None:
    one = await feed(storage)
    stored = await publish(storage, one, "a", search_title="old head", search_body="old text")
    await publish(storage, one, "b")
    await storage.articles.replace(
        stored.article_id,
        draft(one, "a", search_title="new head", search_body="new text text"),
        now=NOW,
        revision=True,
    )
    assert await keys_of(storage, "old") == []
    assert len(await keys_of(storage, "new")) == 1
    assert await storage.articles.words(stored.article_id) == (
        ["new", "head"],
        ["new", "text", "text"],
    )
    await storage.upkeep.prune_articles(NOW + MINUTE)
    assert await keys_of(storage, "new") == []
    # A ghost that "delete" with other words would leave is not seen by the integrity check, but
    # it stays in the vocabulary.
    assert await values(storage, "SELECT term FROM search_terms") == []
    await execute(storage, "INSERT INTO search (search) VALUES ('integrity-check')")


async def test_page_tries(storage: Storage) -> None:
    one = await feed(storage)
    stored = await publish(storage, one, "a", page_due=NOW, page_tries=1, content_hash="text")
    failed = partial(storage.articles.page_failed, stored.article_id, content_hash="text")
    await failed(error="HTTP 503", tries=2, due=NOW + HOUR)
    assert await storage.articles.pages_due(NOW) == []
    await failed(error="HTTP 404", tries=3, due=None)
    assert await storage.articles.pages_due(NOW + DAY) == []
    article = await storage.articles.get(stored.article_id)
    assert (article.page_error, article.page_tries) == ("HTTP 404", 3)


async def test_a_page_that_comes_late_undoes_no_correction(storage: Storage) -> None:
    one = await feed(storage)
    stored = await publish(storage, one, "a", page_due=NOW, content_hash="old")
    (pending,) = await storage.articles.pages_due(NOW)
    corrected = draft(one, "a", title="Corrected", content_hash="new")
    await storage.articles.replace(stored.article_id, corrected, now=NOW, revision=True)
    late = replace(pending.draft, body_from=BodyFrom.PAGE)
    known = pending.draft.content_hash
    await storage.articles.replace(
        stored.article_id, late, now=NOW, revision=False, content_hash=known
    )
    await storage.articles.page_failed(
        stored.article_id, error="HTTP 503", tries=2, due=NOW, content_hash=known
    )
    article = await storage.articles.get(stored.article_id)
    assert (article.title, article.page_error) == ("Corrected", None)


async def test_what_the_feed_last_said_is_noted(storage: Storage) -> None:
    one = await feed(storage)
    await publish(storage, one, "a")
    await storage.entries.note(one.id, "guid-a", "later")
    assert await storage.entries.known(one.id, ["guid-a"]) == {"guid-a": "later"}


# ---------------------------------------------------------------- lists


async def _week(storage: Storage) -> dict[str, int]:
    """Seven articles, one a day, stored in a mixed order; returns their search keys."""
    one, two = await feed(storage), await feed(storage, "two.example")
    for day in (3, 1, 7, 5, 2, 6, 4):
        await publish(
            storage,
            two if day % 2 else one,
            str(day),
            published=NOW - day * DAY,
            topic=Topic.SPORT if day < 4 else Topic.WORLD,
            language="en" if day == 6 else "ru",
        )
    found = await storage.articles.latest(language="all", limit=8)
    return {headline.title.removeprefix("Title "): headline.search_key for headline in found}


async def test_latest_goes_by_published_time_and_pages_both_ways(storage: Storage) -> None:
    keys = await _week(storage)
    assert "".join(keys) == "1234567"
    latest = storage.articles.latest
    assert titles(await latest(language="all", limit=3)) == ["1", "2", "3"]
    assert titles(await latest(language="all", limit=3, before_key=keys["3"])) == ["4", "5", "6"]
    assert titles(await latest(language="all", limit=3, before_key=keys["6"])) == ["7"]
    assert titles(await latest(language="all", limit=3, after_key=keys["7"])) == ["4", "5", "6"]
    assert titles(await latest(language="all", limit=3, after_key=keys["1"])) == []


async def test_latest_by_language_topic_and_source(storage: Storage) -> None:
    await _week(storage)
    one = await feed(storage)
    latest = storage.articles.latest
    assert titles(await latest(language="en", limit=8)) == ["6"]
    assert titles(await latest(language="ru", limit=8, topic=Topic.SPORT)) == ["1", "2", "3"]
    assert titles(await latest(language="ru", limit=8, source_id=one.source_id)) == ["2", "4", "6"]


async def test_a_source_shows_all_of_its_own(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    first = await publish(storage, one, "a")
    await publish(storage, two, "b", story_id=first.story_id)
    latest = storage.articles.latest
    assert titles(await latest(language="all", limit=8)) == ["a"]
    assert titles(await latest(language="all", limit=8, source_id=two.source_id)) == ["b"]


async def test_a_day_of_the_archive(storage: Storage) -> None:
    await _week(storage)
    between = storage.articles.between
    start, end = NOW - 5 * DAY, NOW - 2 * DAY
    assert titles(await between(start, end, language="all", limit=8)) == ["3", "4", "5"]
    assert titles(await between(start, end, language="all", limit=1, offset=2)) == ["5"]
    assert titles(await between(NOW - 7 * DAY, NOW, language="en", limit=8)) == ["6"]


async def test_by_keys_keeps_the_order_and_passes_over_the_absent(storage: Storage) -> None:
    keys = await _week(storage)
    asked = [keys["5"], 17, keys["1"], keys["7"]]
    assert titles(await storage.articles.by_keys(asked)) == ["5", "1", "7"]
    assert [c.title for c in await storage.articles.story_candidates(asked)] == [
        "Title 5",
        "Title 1",
        "Title 7",
    ]


async def test_many_articles_of_one_second(storage: Storage) -> None:
    one = await feed(storage)
    for number in range(5):
        await publish(storage, one, str(number))
    keys = [row[0] for row in await values(storage, "SELECT search_key FROM article ORDER BY id")]
    assert keys == list(range(keys[0], keys[0] + 5))


async def test_a_full_second_flows_into_the_next(storage: Storage) -> None:
    one = await feed(storage)
    second = timedelta(seconds=1)
    await publish(storage, one, "a")
    await publish(storage, one, "next", published=NOW + second)
    (first,), (following,) = await values(storage, "SELECT search_key FROM article ORDER BY id")
    # As if the second's other keys were all taken.
    await execute(
        storage,
        "UPDATE article SET search_key = :key WHERE search_key = :old",
        key=following - 1,
        old=first,
    )
    await publish(storage, one, "b")
    await publish(storage, one, "c", published=NOW)

    async def key(title: str) -> int:
        ((found,),) = await values(
            storage, "SELECT search_key FROM article WHERE title = :title", title=title
        )
        return int(found)

    assert await key("Title b") == first
    assert await key("Title c") == first + 1


async def test_digest_candidates(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    old = await publish(storage, one, "old", published=NOW - 3 * DAY)
    known = await publish(storage, one, "known")
    await publish(storage, one, "ru")
    await publish(storage, two, "second", story_id=known.story_id)
    await publish(storage, one, "en", language="en")
    since = storage.articles.stored_since
    assert titles(await since(0, language="all", since=NOW - DAY)) == [
        "en",
        "ru",
        "known",
        "second",
    ]
    assert titles(await since(known.article_id, language="ru", since=NOW - DAY)) == ["ru", "second"]
    assert titles(await storage.articles.top(NOW - DAY, language="ru")) == ["known", "ru"]
    assert titles(await storage.articles.top(NOW - 4 * DAY, language="ru", limit=2)) == [
        "known",
        "ru",
    ]
    assert await storage.articles.newest() == old.article_id + 4


async def test_an_empty_store(storage: Storage) -> None:
    assert await storage.articles.latest(language="ru", limit=8) == []
    assert await storage.articles.newest() == 0
    assert await storage.articles.by_keys([]) == []
    assert await storage.articles.of_stories([]) == []
    assert await storage.search.keys(["word"], now=NOW) == ([], False)


# ---------------------------------------------------------------- subscribers' own sources


async def test_private_articles_are_in_no_public_list(storage: Storage) -> None:
    owner = await reader(storage)
    own = await private_feed(storage, owner.id)
    stored = await publish(storage, own, "secret", push=True, published=NOW, language="ru")
    assert (await storage.articles.get(stored.article_id)).owner == owner.id
    articles = storage.articles
    assert await articles.latest(language="all", limit=8) == []
    assert await articles.latest(language="all", limit=8, source_id=own.source_id) == []
    assert await articles.between(NOW - DAY, NOW + DAY, language="all", limit=8) == []
    assert await articles.stored_since(0, language="all", since=NOW - DAY) == []
    assert await articles.top(NOW - DAY, language="all") == []
    assert await keys_of(storage, "secret") == []
    assert await storage.search.candidates(["secret"], since=NOW - DAY) == []
    ((key,),) = await values(storage, "SELECT search_key FROM article")
    assert await articles.by_keys([key]) == []
    assert await articles.story_candidates([key]) == []
    assert await storage.feeds.sources() == []


async def test_a_private_source_does_not_hide_public_news(storage: Storage) -> None:
    owner, other = await reader(storage, 1), await reader(storage, 2)
    own, others = await private_feed(storage, owner.id), await private_feed(storage, other.id)
    public = await feed(storage)
    key = draft(own, "a").key
    assert (await publish(storage, own, "a", key=key)).new
    assert (await publish(storage, others, "a", key=key)).new
    assert (await publish(storage, public, "a", key=key)).new
    # Nor the other way round: who follows the own source waits for its articles.
    later = draft(public, "b").key
    assert (await publish(storage, public, "b", key=later)).new
    assert (await publish(storage, own, "b", key=later)).new


async def test_public_and_private_articles_share_no_story(storage: Storage) -> None:
    owner = await reader(storage)
    own, public = await private_feed(storage, owner.id), await feed(storage)
    shown = await publish(storage, public, "a")
    hidden = await publish(storage, own, "b", story_id=shown.story_id)
    assert hidden.story_id != shown.story_id
    assert (await publish(storage, public, "c", story_id=hidden.story_id)).story_id not in (
        shown.story_id,
        hidden.story_id,
    )
    (*_, headline) = await storage.articles.latest(language="all", limit=8)
    assert headline.sources_in_story == 1


async def test_naive_times_are_refused(storage: Storage) -> None:
    one = await feed(storage)
    naive = datetime(2026, 11, 22)  # noqa: DTZ001 - the naive one is what is tested
    with pytest.raises(ValueError, match="naive"):
        await publish(storage, one, "a", published=naive)
    with pytest.raises(ValueError, match="naive"):
        await publish(storage, one, "a", now=naive)
    assert await storage.articles.latest(language="all", limit=8) == []
    assert (await publish(storage, one, "a")).new
