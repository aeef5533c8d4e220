"""No question that is asked all day long reads a whole table, with the statistics of a full store.

SQLite chooses its way by statistics, so an empty file is given those of 100,000 articles.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from storage import (
    ClaimBatch,
    Correction,
    FollowKind,
    Hits,
    PushPlan,
    Storage,
    Topic,
    Wanted,
)
from tests.storage.newsroom import DAY, HOUR, NOW, database_of, draft, feed, publish, reader

# As ANALYZE found them in a store of 100,000 articles, 100 sources and a million deliveries.
_STATISTICS = """
    article  article_feed                  100000 1000
    article  article_language              70000 20000 1
    article  article_leads                 80000 1
    article  article_private               500 100 1
    article  article_source                100000 1000 1
    article  article_prunable              100000 50000 1
    article  article_story                 100000 2
    article  article_topic                 80000 10000 1
    article  article_upgrade               30000 1
    article  sqlite_autoindex_article_1    100000 1
    entry    entry_article                 100000 1
    entry    entry_feed                    100000 1000
    entry    entry_title                   100000 1000 1
    entry    entry_url                     100000 1
    entry    sqlite_autoindex_entry_1      100000 1000 1
    feed     feed_given                    300 1
    feed     feed_source                   300 2
    feed     feed_url                      300 1 1
    source   source_domain                 150 1 1
    story    story_latest                  80000 1
    push     push_story                    50000 1
    picture  sqlite_autoindex_picture_1    50000 1
    delivery delivery_push                 900000 1000 1
    delivery delivery_digest               100000 10 5 1
    delivery delivery_told                 900000 100 2 1
    delivery delivery_shown                800000 1000
    delivery delivery_ended                900000 20
    delivery delivery_owed                 100000 2
    delivery delivery_push_due             70000 100
    delivery delivery_digest_due           30000 100
    delivery delivery_broadcast_due        10000 100
    delivery delivery_merged               1000 2
    delivery delivery_digest_live          30000 2 1
    delivery delivery_claimed              300 1
    delivery delivery_deferred             20000 2
    delivery delivery_broadcast            100000 20000 1
    slot     slot_due                      12000 30
    slot     slot_subscriber               12000 2
    mute     mute_key                      5000 1000 100
    subscriber sqlite_autoindex_subscriber_1 10000 1 1
    subscription subscription              40000 4 1 1
    subscription subscription_audience     20000 5000 1000 500 1 1
"""


@pytest.fixture
async def full(path: Path) -> AsyncIterator[Storage]:
    """A store that takes itself for a full one."""
    async with Storage.open(path) as storage, database_of(storage).transaction() as transaction:
        await transaction.run("ANALYZE")
        await transaction.run_many(
            "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)",
            [
                dict(zip(("tbl", "idx", "stat"), line.split(maxsplit=2), strict=True))
                for line in _STATISTICS.strip().splitlines()
            ],
        )
    async with Storage.open(path) as storage:
        yield storage


async def _store(storage: Storage) -> None:
    one = await feed(storage)
    await storage.articles.store(
        draft(one, "b"), now=NOW, story_id=1, lead=0, push=PushPlan(NOW + HOUR)
    )


async def _replace(storage: Storage) -> None:
    one = await feed(storage)
    await storage.articles.replace(1, draft(one, "a"), now=NOW, revision=True, changed=("title",))


async def _expand(storage: Storage) -> None:
    keys = ((FollowKind.EVERYTHING, ""), (FollowKind.TOPIC, "politics"))
    await storage.owing.match_push(1, keys)
    (push,) = await storage.owing.open_pushes()
    await storage.owing.expand(push, now=NOW)


async def _broadcast(storage: Storage) -> None:
    number = await storage.owing.draft_broadcast("Hello", author=1, now=NOW)
    await storage.owing.confirm_broadcast(number, author=1, now=NOW, expires=NOW + DAY)
    (broadcast,) = await storage.owing.open_broadcasts()
    await storage.owing.expand_broadcast(broadcast, now=NOW)


async def test_the_statistics_are_of_indexes_that_there_are(full: Storage) -> None:
    """Those of an index that is gone say nothing, and its successor is taken for an empty one."""
    rows = await database_of(full).rows("SELECT name FROM sqlite_schema")
    names = {row["name"] for row in rows}
    assert {line.split()[1] for line in _STATISTICS.strip().splitlines()} <= names
    owed = {name for name in names if name.startswith("delivery_")}
    assert owed <= {line.split()[1] for line in _STATISTICS.strip().splitlines()}


# Walked in order and left at the limit, as short as what is open, or what a part has found.
_IN_ORDER = {
    "SCAN found",
    "SCAN audience",
    "SCAN narrow",
    "SCAN muted",
    "SCAN phrase",
    "SCAN broadcast USING INDEX broadcast_open",
    "SCAN source",
    "SCAN a USING INDEX article_leads",
    "SCAN c USING INDEX correction_open",
    "SCAN notice USING INDEX notice_untold",
    "SCAN delivery USING INDEX delivery_deferred",
    "SCAN h",
    "SCAN push USING INDEX push_open",
    "SCAN f USING INDEX feed_due",
}

CORRECTION = Correction(1, 1, 1, 1, (), NOW, 0)

QUESTIONS: dict[str, Callable[[Storage], Awaitable[object]]] = {
    "latest": lambda s: s.articles.latest(language="all", limit=8),
    "latest, older": lambda s: s.articles.latest(language="all", limit=8, before_key=9**18),
    "latest in Russian": lambda s: s.articles.latest(language="ru", limit=8),
    "latest of a topic": lambda s: s.articles.latest(language="all", limit=8, topic=Topic.SPORT),
    "latest of a source": lambda s: s.articles.latest(
        language="all", limit=8, source_id=1, reader=1
    ),
    "a day": lambda s: s.articles.between(NOW, NOW + DAY, language="all", limit=8),
    "by keys": lambda s: s.articles.by_keys([1, 2], reader=1),
    "of stories": lambda s: s.articles.of_stories([1]),
    "a digest's candidates": lambda s: s.articles.stored_since(
        5, language="ru", since=NOW - DAY, reader=1
    ),
    "top": lambda s: s.articles.top(NOW - DAY, language="ru"),
    "one article": lambda s: s.articles.get(1),
    "one by its entry": lambda s: s.articles.by_entry(1, "guid-a"),
    "pages due": lambda s: s.articles.pages_due(NOW),
    "revisions": lambda s: s.articles.revisions(1),
    "summaries wanted": lambda s: s.articles.summaries_wanted(NOW - DAY, 5),
    "story candidates": lambda s: s.articles.story_candidates([1, 2], owner=1),
    "search": lambda s: s.search.keys(["title", "a"], now=NOW, reader=1),
    "search within bounds": lambda s: s.search.find(
        Wanted(
            terms=("title", "zz"),
            phrases=(("title",),),
            without=(("b",),),
            topics=(Topic.SPORT,),
            sources=(1,),
            not_topics=(Topic.LIFE,),
            not_sources=(2,),
            since=NOW - DAY,
            until=NOW,
        ),
        now=NOW,
        reader=1,
    ),
    "list by topic": lambda s: s.search.find(Wanted(topics=(Topic.SPORT,)), now=NOW, reader=1),
    "list by source and day": lambda s: s.search.find(
        Wanted(sources=(1,), since=NOW - DAY), now=NOW, reader=1
    ),
    "keep a search": lambda s: s.queries.keep("a", NOW, Hits((1, 2), 2)),
    "known terms": lambda s: s.search.known(["title", "a"]),
    "resembling terms": lambda s: s.search.resembling("title", ["titel"], 3),
    "by ids": lambda s: s.articles.by_ids([1, 2], reader=1),
    "the news before a day": lambda s: s.articles.nearest(NOW, language="ru"),
    "the news after a day": lambda s: s.articles.nearest(NOW, language="all", later=True),
    "candidates": lambda s: s.search.candidates(["title"], since=NOW - DAY),
    "own candidates": lambda s: s.search.candidates(["title"], since=NOW - DAY, owner=1),
    "a picture's uses": lambda s: s.pictures.uses("x", 1),
    "pictures": lambda s: s.pictures.known_many(["x", "y"]),
    "feeds due": lambda s: s.feeds.due(NOW),
    "a feed": lambda s: s.feeds.by_url("https://one.example/rss"),
    "own feeds": lambda s: s.feeds.owned(1),
    "known entries": lambda s: s.entries.known(1, ["a"]),
    "known otherwise": lambda s: s.entries.known_otherwise(1, [("g", "u", "t", NOW)]),
    "a source": lambda s: s.feeds.source_by_domain("one.example"),
    "corrections": lambda s: s.corrections.open_corrections(),
    "messages showing": lambda s: s.corrections.messages_showing(CORRECTION, since=NOW, limit=5),
    "messages once more": lambda s: s.corrections.messages([1, 2], since=NOW),
    "a page that is gone": lambda s: s.articles.lose(1, since=NOW, now=NOW, due=None),
    "a page that is there": lambda s: s.articles.page_found(1, now=NOW, due=None),
    "pages that a feed dropped": lambda s: s.articles.dropped(1, 1, ["x"], since=NOW, now=NOW),
    "hurry pages": lambda s: s.articles.hurry_pages([1], NOW),
    "pages that vanished": lambda s: s.articles.vanished(1, NOW),
    "advance a correction": lambda s: s.corrections.advance_correction(1, 0, done=True),
    "notices": lambda s: s.notices.untold(),
    "owe a notice": lambda s: s.notices.owe("a", "b", {}, NOW),
    "pushes": lambda s: s.owing.open_pushes(),
    "tick": lambda s: s.outbox.tick(ClaimBatch(limit=5), now=NOW),
    "store": _store,
    "replace": _replace,
    "prune articles": lambda s: s.upkeep.prune_articles(NOW - DAY),
    "expand": _expand,
    "expand a broadcast": _broadcast,
    "phrases": lambda s: s.owing.word_keys(["a", "b"]),
    "a message": lambda s: s.outbox.by_message(1, 1),
    "held back": lambda s: s.outbox.deferred(1),
    "held back by quiet hours alone": lambda s: s.outbox.only_quiet(1),
    "digests due": lambda s: s.owing.slots_due(NOW),
    "held back from whom": lambda s: s.owing.unmerged(NOW, NOW - DAY),
    "a front page's needs": lambda s: s.fronts.needs(1, 0, NOW),
    "what was told": lambda s: s.fronts.told(1, NOW - DAY),
    "the last digest": lambda s: s.subscribers.last_digest(1),
    "call a broadcast off": lambda s: s.owing.call_off_broadcast(1, NOW),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_table_is_read_whole(full: Storage, question: str) -> None:
    await feed(full)
    await reader(full)
    await publish(full, await feed(full), "a", push=True)
    database = database_of(full)
    asked: list[str] = []
    for connection in (database._reader, database._writer):
        assert connection is not None
        await connection.set_trace_callback(asked.append)
    await QUESTIONS[question](full)
    statements = [sql for sql in asked if _is_ours(sql)]
    assert statements
    for sql in statements:
        plan = [row["detail"] for row in await database.rows(f"EXPLAIN QUERY PLAN {sql}")]
        assert not set(_whole(plan)) - _IN_ORDER, "\n".join((sql, *plan))


def _is_ours(sql: str) -> bool:
    """Whether the store's own code wrote it, and it is about tables."""
    return (
        sql.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")
        and "INTO search" not in sql
        and "'main'.'search" not in sql
        and "EXPLAIN" not in sql
    )


def _whole(plan: Iterable[str]) -> Iterable[str]:
    """What is read from end to end, but lists of the question itself and what a part gave."""
    for line in plan:
        if line.startswith("SCAN") and not any(
            mark in line for mark in ("VIRTUAL TABLE", "CONSTANT ROW", "(subquery")
        ):
            yield line
