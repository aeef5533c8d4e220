"""Migrations: the schema's history, the copy made before it, and failures that leave no trace."""

import sqlite3
from pathlib import Path

import aiosqlite
import pytest

from storage import DatabaseTooNewError, Storage, StorageError
from storage.migrate import migrate, migrations
from tests.storage.newsroom import feed, publish

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
