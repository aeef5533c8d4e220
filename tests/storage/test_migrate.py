"""Migrations: the schema's history, the copy made before it, and failures that leave no trace."""

import sqlite3
from pathlib import Path

import aiosqlite
import pytest

from storage import ClaimBatch, DatabaseTooNewError, Storage, StorageError
from storage.migrate import migrate, migrations
from storage.search import first_key, pack_text
from tests.storage.newsroom import MINUTE, NOW, feed, publish, values

NEWEST = migrations()[-1][0]
_PARENTS = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE child (parent_id INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE);
INSERT INTO parent (id, name) VALUES (1, 'one; still one -- not a comment');
INSERT INTO child (parent_id) VALUES (1);
"""


async def run(path: Path, steps: list[tuple[int, str]]) -> None:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await migrate(connection, path, steps)


def dump(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        return [f"version {version}", *connection.iterdump()]
    finally:
        connection.close()


def schema(path: Path) -> list[tuple[str, str, str]]:
    connection = sqlite3.connect(path)
    try:
        return sorted(connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master"))
    finally:
        connection.close()


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [number for number, _ in migrations()] == list(range(1, NEWEST + 1))


async def test_a_fresh_schema_equals_a_migrated_one(tmp_path: Path) -> None:
    fresh, migrated = tmp_path / "fresh.db", tmp_path / "migrated.db"
    async with Storage.open(fresh):
        pass
    for last in range(1, NEWEST + 1):
        await run(migrated, migrations()[:last])
    assert schema(migrated) == schema(fresh)
    assert dump(fresh)[0] == f"version {NEWEST}"


_TOLD = int(NOW.timestamp())

# A newsroom at work as the first schema knew it: two feeds, one of them gone, a story of two
# articles, an entry whose text was pruned, a reader who was told.
_AT_WORK = f"""
INSERT INTO meta VALUES ('normaliser', '1');
INSERT INTO source VALUES (3, 'one.example', 'One', 'ru', 'summary', NULL, {_TOLD}),
                          (4, 'two.example', 'Two', 'ru', 'full', NULL, {_TOLD});
INSERT INTO feed VALUES
    (5, 3, 'https://one.example/new', 'https://one.example/old', 'One; the feed', 'active',
     '"etag"', 'Sun, 22 Nov 2026 09:00:00 GMT', 'hash', 600, {_TOLD}, {_TOLD}, {_TOLD}, 2, 'slow',
     'https://one.example/moved', {_TOLD}),
    (6, 4, 'https://two.example/rss', 'https://two.example/rss', '', 'gone', NULL, NULL, NULL, 0,
     {_TOLD}, NULL, NULL, 9, '410', NULL, {_TOLD});
INSERT INTO story VALUES (7, 8, 'ru', 'politics', 2, 2, {_TOLD}, {_TOLD}, {_TOLD}, NULL, NULL);
INSERT INTO article VALUES
    (8, {first_key(NOW)}, 7, 3, 5, 1, NULL, 'politics', 'ru', {_TOLD}, NULL, {_TOLD}, {_TOLD},
     'corrected', 2, 'https://one.example/8', 'guid-8', 'Title eight', '', 'Standfirst', 'Summary',
     'Anna', NULL, NULL, 'rubric', '["16+"]', '[]', 'content', 'page', NULL, 0, NULL, 0,
     '[["p", "Body"]]', :eight),
    (9, {first_key(NOW) + 1}, 7, 4, 6, 0, NULL, 'politics', 'ru', {_TOLD}, NULL, {_TOLD}, {_TOLD},
     'live', 1, 'https://two.example/9', 'guid-9', 'Title nine', '', '', 'Summary', '', NULL,
     'https://two.example/9.jpg', '', '[]', '[]', 'content', 'feed', 'slow', 1, {_TOLD}, 0, '[]',
     :nine);
INSERT INTO search (rowid, title, body)
    VALUES ({first_key(NOW)}, 'eight', 'body'), ({first_key(NOW) + 1}, 'nine', '');
INSERT INTO entry VALUES
    (1, 5, 3, 'guid-8', 'one.example/8', 'hash-8', 'item', 8, {_TOLD}, {_TOLD}),
    (2, 6, 4, 'guid-9', 'two.example/9', 'hash-9', 'item', 9, {_TOLD}, {_TOLD}),
    (3, 5, 3, 'pruned', 'one.example/1', 'hash-1', 'item', NULL, {_TOLD}, {_TOLD});
INSERT INTO revision VALUES (8, 1, 'Title', 'Before', '[]', {_TOLD});
INSERT INTO picture VALUES ('https://two.example/9.jpg', 600, 400, {_TOLD}, 1, NULL);
INSERT INTO subscriber (id, chat_id, kind, title, language, news_language, zone, alerts, headlines,
                        created)
    VALUES (1, 42, 'private', 'Reader', 'ru', 'all', 'Europe/Moscow', 'on', 7, {_TOLD});
INSERT INTO subscription VALUES (1, 'source', 'one.example', '', 'One', 'now');
INSERT INTO slot VALUES (1, 1, 480, 127, 0, {_TOLD}, NULL);
INSERT INTO saved VALUES (42, 8, {_TOLD});
INSERT INTO push VALUES (1, 7, 8, 'created', {_TOLD}, {_TOLD + 7200}, 1, NULL, 1);
INSERT INTO delivery (id, subscriber_id, kind, state, due, expires, push_id, story_id, article_id,
                      ended, message_id, view)
    VALUES (1, 1, 'push', 'sent', {_TOLD}, {_TOLD + 7200}, 1, 7, 8, {_TOLD}, 77, 'push');
"""  # noqa: S608 - numbers of our own
_TABLES = (
    "meta",
    "source",
    "feed",
    "story",
    "article",
    "entry",
    "revision",
    "picture",
    "subscriber",
    "subscription",
    "slot",
    "saved",
    "push",
    "delivery",
)


def _rows(path: Path, like: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """What the tables hold in these columns."""
    connection = sqlite3.connect(path)
    try:
        return {
            table: sorted(connection.execute(f"SELECT {', '.join(names)} FROM {table}"), key=str)  # noqa: S608 - our own names
            for table, names in like.items()
        }
    finally:
        connection.close()


async def test_a_newsroom_at_work_comes_through_whole(path: Path) -> None:
    await run(path, migrations()[:1])
    connection = sqlite3.connect(path)
    packed = {"eight": pack_text("eight", "body"), "nine": pack_text("nine", "")}
    for statement in _AT_WORK.split(";\n"):
        given = {name: text for name, text in packed.items() if f":{name}" in statement}
        connection.execute(statement, given)
    connection.commit()
    columns = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for table in _TABLES
    }
    connection.close()
    before = _rows(path, columns)
    assert all(before.values()), "each table has something to lose"

    async with Storage.open(path) as storage:
        assert _rows(path, columns) == before
        assert await values(storage, "PRAGMA foreign_key_check") == []
        assert await storage.upkeep.integrity() == "ok"
        article = await storage.articles.get(8)
        assert (article.title, article.labels, article.people) == ("Title eight", ("16+",), ())
        assert (await storage.search.keys(["eight"], now=NOW))[0] == [first_key(NOW)]
        one = await storage.feeds.by_url("https://one.example/old")
        assert (one.url, one.etag, one.failures, one.entries, one.owner) == (
            "https://one.example/new",
            '"etag"',
            2,
            2,
            None,
        )
        # What was read before is not new again, and what was told is found and corrected.
        assert set(await storage.entries.known(5, ["guid-8", "pruned", "new"])) == {
            "guid-8",
            "pruned",
        }
        assert (await publish(storage, one, "new", published=NOW + MINUTE)).new
        pending = await storage.articles.pages_due(NOW)
        await storage.articles.replace(8, pending[0].draft, now=NOW + MINUTE, revision=True)
        (correction,) = await storage.corrections.open_corrections()
        messages = await storage.corrections.messages_showing(correction, since=NOW, limit=9)
        assert [delivery.message_id for delivery, _ in messages] == [77]
        # The rows still hang on each other as the first schema had it.
        await storage.upkeep.prune_articles(NOW + MINUTE)
        assert await values(storage, "SELECT article_id FROM entry WHERE guid = 'guid-9'") == [
            (None,)
        ]
        assert await values(storage, "PRAGMA foreign_key_check") == []


# A ledger as the second schema knew it: each kind of line, readers of each sort.
_LEDGER = f"""
INSERT INTO source VALUES (3, 'one.example', 'One', 'ru', 'full', NULL, {_TOLD});
INSERT INTO feed (id, source_id, url, given, due, created)
    VALUES (5, 3, 'https://one.example/rss', 'https://one.example/rss', {_TOLD}, {_TOLD});
INSERT INTO story VALUES (7, NULL, 'ru', 'politics', 1, 1, {_TOLD}, {_TOLD}, {_TOLD}, NULL, NULL);
INSERT INTO subscriber (id, chat_id, kind, title, state, language, news_language, zone, alerts,
                        headlines, created)
    VALUES (1, 41, 'private', 'A', 'active', 'ru', 'all', 'Europe/Moscow', 'on', 7, {_TOLD}),
           (2, 42, 'private', 'B', 'active', 'ru', 'ru', 'Europe/Moscow', 'important', 7, {_TOLD}),
           (3, 43, 'private', 'C', 'active', 'ru', 'en', 'Europe/Moscow', 'off', 7, {_TOLD}),
           (4, 44, 'private', 'D', 'paused', 'ru', 'ru', 'Europe/Moscow', 'on', 7, {_TOLD});
INSERT INTO subscription
    VALUES (1, 'everything', '', '', '', 'digest'), (2, 'everything', '', '', '', 'digest'),
           (3, 'everything', '', '', '', 'digest'), (3, 'topic', 'politics', '', 'P', 'sound'),
           (3, 'topic', 'sport', '', 'S', 'off'), (4, 'everything', '', '', '', 'digest');
INSERT INTO slot VALUES (6, 1, 480, 127, 0, {_TOLD}, NULL);
INSERT INTO push VALUES (9, 7, 8, 'created', {_TOLD}, {_TOLD + 7200}, 2, '[["everything", ""]]', 0);
INSERT INTO delivery (id, subscriber_id, kind, state, due, expires, attempts, push_id, story_id,
                      article_id, sound, ended, reason, message_id, layout, language, view, parts)
    VALUES (11, 1, 'push', 'sent', {_TOLD}, {_TOLD + 7200}, 1, 9, 7, 8, 1, {_TOLD}, NULL, 77,
            'classic', 'ru', 'full', '[78, 79]'),
           (12, 2, 'push', 'owed', {_TOLD}, {_TOLD + 7200}, 0, 9, 7, 8, 0, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL),
           (15, 3, 'push', 'deferred', {_TOLD}, {_TOLD + 7200}, 0, NULL, 6, 8, 0, {_TOLD}, 'held',
            NULL, NULL, NULL, NULL, NULL);
INSERT INTO delivery (id, subscriber_id, kind, state, due, expires, slot_id, scheduled, since,
                      ended, message_id, stories)
    VALUES (13, 1, 'digest', 'sent', {_TOLD}, {_TOLD}, 6, {_TOLD}, 0, {_TOLD}, 80, '[6, 7]'),
           (14, 1, 'digest', 'owed', {_TOLD}, {_TOLD + 7200}, 6, {_TOLD + 60}, 5, NULL, NULL, NULL),
           (16, 2, 'digest', 'claimed', {_TOLD}, {_TOLD}, NULL, {_TOLD}, 0, NULL, NULL, '[7]');
"""  # noqa: S608 - numbers of our own
_LEDGER_TABLES = ("subscriber", "subscription", "slot", "push", "delivery")


async def test_the_ledger_comes_through_line_by_line(path: Path) -> None:
    """Buttons name its lines, corrections its messages, and what it owes still goes out, once."""
    await run(path, migrations()[:2])
    connection = sqlite3.connect(path)
    connection.executescript(_LEDGER)
    columns = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for table in _LEDGER_TABLES
    }
    connection.close()
    before = _rows(path, columns)

    async with Storage.open(path) as storage:
        assert _rows(path, columns) == before
        assert await storage.upkeep.integrity() == "ok"
        line = await storage.outbox.by_message(1, 77)
        assert line is not None
        assert (line.id, line.parts, line.sound) == (11, (78, 79), True)
        assert await storage.outbox.deferred(3) == [6]
        assert await values(
            storage, "SELECT subscriber_id, kind, key, audience FROM subscription ORDER BY 1, 2, 3"
        ) == [
            (1, "everything", "", "all"),
            (2, "everything", "", "!ru"),
            (3, "everything", "", None),
            (3, "topic", "politics", "en"),
            (3, "topic", "sport", None),
            (4, "everything", "", None),
        ]
        # The push goes on behind its cursor, and tells nobody twice.
        (push,) = await storage.owing.open_pushes()
        assert await storage.owing.expand(push, now=NOW) == (0, True)
        assert await storage.outbox.recover(NOW) == 0
        claims = await storage.outbox.tick(ClaimBatch(limit=9), now=NOW + MINUTE)
        assert {one.delivery.id for one in claims} == {12, 14}
        # A number is never given twice.
        assert await storage.outbox.begin_digest(4, [], NOW) > 16


async def test_opening_again_changes_nothing(path: Path) -> None:
    async with Storage.open(path) as storage:
        await publish(storage, await feed(storage), "a")
    before = schema(path)
    async with Storage.open(path) as storage:
        assert len(await storage.articles.latest(language="all", limit=8)) == 1
    assert schema(path) == before
    assert list(path.parent.glob("*.before-*")) == []


async def test_an_old_file_is_copied_aside_first(path: Path) -> None:
    await run(path, [(1, _PARENTS)])
    before = dump(path)
    assert list(path.parent.glob("*.before-*")) == []  # a fresh file has nothing to keep
    await run(
        path,
        [
            (1, "not run again"),
            (2, "ALTER TABLE parent ADD COLUMN age INTEGER;"),
            (3, "UPDATE parent SET age = 3"),  # the last semicolon may be missing
        ],
    )
    assert dump(path)[0] == "version 3"
    assert "INSERT INTO \"parent\" VALUES(1,'one; still one -- not a comment',3);" in dump(path)
    aside = path.with_name("news.db.before-0003")
    assert dump(aside) == before


async def test_a_copy_left_by_a_failed_attempt_is_replaced(path: Path) -> None:
    await run(path, [(1, _PARENTS)])
    aside = path.with_name("news.db.before-0002")
    aside.write_text("half a copy")
    await run(path, [(1, ""), (2, "DELETE FROM child;")])
    assert "version 1" in dump(aside)


@pytest.mark.parametrize(
    "broken",
    [
        "DELETE FROM child; \nCREATE TABLE parent (id);",
        "DELETE FROM child;\nSELECT no_such_column FROM parent;",
        "DELETE FROM child;\nINSERT INTO parent (id) VALUES (2), (3);",
    ],
)
async def test_a_failing_migration_leaves_the_file_as_it_was(path: Path, broken: str) -> None:
    await run(path, [(1, _PARENTS)])
    before = dump(path)
    with pytest.raises(sqlite3.Error):
        await run(path, [(1, ""), (2, broken)])
    assert dump(path) == before
    await run(path, [(1, ""), (2, "DELETE FROM child;")])
    assert dump(path)[0] == "version 2"


async def test_earlier_steps_stay_when_a_later_one_fails(path: Path) -> None:
    with pytest.raises(sqlite3.Error):
        await run(path, [(1, _PARENTS), (2, "no such statement;")])
    assert dump(path)[0] == "version 1"


async def test_rebuilding_a_table_keeps_what_refers_to_it(path: Path) -> None:
    await run(path, [(1, _PARENTS)])
    await run(
        path,
        [
            (1, ""),
            (
                2,
                """
                CREATE TABLE rebuilt (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');
                INSERT INTO rebuilt SELECT id, name FROM parent;
                DROP TABLE parent;
                ALTER TABLE rebuilt RENAME TO parent;
                """,
            ),
        ],
    )
    assert 'INSERT INTO "child" VALUES(1);' in dump(path)


async def test_a_migration_may_not_orphan_rows(path: Path) -> None:
    await run(path, [(1, _PARENTS)])
    before = dump(path)
    with pytest.raises(StorageError, match="refer to nothing"):
        await run(path, [(1, ""), (2, "DELETE FROM parent;")])
    assert dump(path) == before


async def test_a_newer_file_is_refused(path: Path) -> None:
    await run(path, [(1, _PARENTS), (2, "DELETE FROM child;")])
    with pytest.raises(DatabaseTooNewError, match="newer newsboy"):
        await run(path, [(1, _PARENTS)])


async def test_reading_an_older_file_says_what_to_do(path: Path) -> None:
    async with Storage.open(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {NEWEST - 1}")
    connection.close()
    with pytest.raises(StorageError, match="older newsboy" if NEWEST > 1 else "no newspaper"):
        async with Storage.open_readonly(path):
            pass


async def test_what_is_deleted_is_found_by_an_index(path: Path) -> None:
    """Deleting a parent looks for its children: without an index that reads the whole table."""
    async with Storage.open(path):
        pass
    connection = sqlite3.connect(path)
    deleted = {"article", "story", "push", "subscriber", "feed", "source"}
    missing = []
    tables = [row[0] for row in connection.execute("SELECT name FROM pragma_table_list()")]
    for table in tables:
        for key in connection.execute(
            'SELECT "table", "from" FROM pragma_foreign_key_list(?)', (table,)
        ):
            parent, column = key
            if parent in deleted and column not in _leading_columns(connection, table):
                missing.append(f"{table}.{column}")
    connection.close()
    assert missing == []


def _leading_columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """The columns by which an index finds all rows of a table where they are not null."""
    found = {
        name
        for (name,) in connection.execute(
            "SELECT name FROM pragma_table_info(?) WHERE pk = 1 AND type = 'INTEGER'", (table,)
        )
    }
    for name, sql in connection.execute(
        """
        SELECT l.name, m.sql FROM pragma_index_list(?) l LEFT JOIN sqlite_master m USING (name)
        """,
        (table,),
    ):
        (column,) = connection.execute(
            "SELECT name FROM pragma_index_info(?) WHERE seqno = 0", (name,)
        ).fetchone()
        condition = (sql or "").partition("WHERE ")[2]
        if condition in ("", f"{column} IS NOT NULL"):
            found.add(column)
    return found
