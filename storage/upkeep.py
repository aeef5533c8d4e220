"""Retention, statistics and backups: what keeps the file small, quick and safe.

What is pruned is text and ledger lines; the small rows that remember what was seen stay, so that
a pruned article is not new again.
"""

import asyncio
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from storage.database import (
    Database,
    ProcessLock,
    corrupt_message,
    maybe_datetime,
    to_epoch,
    wrapped_errors,
)
from storage.errors import AlreadyExistsError, DatabaseCorruptError, DatabaseTooNewError
from storage.migrate import migrations
from storage.models import Counts
from storage.search import unindex

_CHUNK = 500
_QUERY_LIFE = timedelta(days=30)


class Upkeep:
    """Nightly work and figures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prune_ledger(self, before: datetime, now: datetime) -> int:
        """Delete deliveries that ended before a time, and what else is past its use."""
        removed = 0
        while True:
            async with self._database.transaction() as transaction:
                count = await transaction.run(
                    """
                    DELETE FROM delivery WHERE id IN (
                        SELECT id FROM delivery
                        WHERE ended < :before AND state NOT IN ('owed', 'claimed', 'deferred')
                        LIMIT :chunk)
                    """,
                    {"before": to_epoch(before), "chunk": _CHUNK},
                )
            removed += count
            if count < _CHUNK:
                break
        async with self._database.transaction() as transaction:
            parameters = {"before": to_epoch(before), "now": to_epoch(now)}
            await transaction.run(
                """
                DELETE FROM push WHERE done = 1 AND created < :before
                AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.push_id = push.id)
                """,
                parameters,
            )
            await transaction.run(
                "DELETE FROM query WHERE asked < :old", {"old": to_epoch(now - _QUERY_LIFE)}
            )
            await transaction.run("DELETE FROM mute WHERE expires <= :now", parameters)
            await transaction.run("DELETE FROM pause WHERE until <= :now", parameters)
            await transaction.run("DELETE FROM prompt WHERE asked < :before", parameters)
            await transaction.run(
                "DELETE FROM invitation WHERE uses_left <= 0 OR expires <= :now", parameters
            )
        return removed

    async def prune_articles(self, before: datetime) -> int:
        """Delete the text of articles stored before a time; their identity stays."""
        removed = 0
        while True:
            async with self._database.transaction() as transaction:
                rows = await transaction.rows(
                    """
                    SELECT id, story_id, search_key, search_text FROM article
                    WHERE stored < :before AND imported = 0
                          AND NOT EXISTS (SELECT 1 FROM saved v WHERE v.article_id = article.id)
                    ORDER BY stored LIMIT :chunk
                    """,
                    {"before": to_epoch(before), "chunk": _CHUNK},
                )
                for row in rows:
                    await unindex(transaction, row["search_key"], row["search_text"])
                    await transaction.run("DELETE FROM article WHERE id = :id", {"id": row["id"]})
                    # Where the article that stood for its story went, another one stands up.
                    await transaction.run(
                        """
                        UPDATE story SET article_id =
                               (SELECT min(id) FROM article WHERE story_id = :story)
                        WHERE id = :story
                        """,
                        {"story": row["story_id"]},
                    )
                    await transaction.run(
                        """
                        UPDATE article SET leads = 1
                        WHERE id = (SELECT article_id FROM story WHERE id = :story)
                        """,
                        {"story": row["story_id"]},
                    )
                    await transaction.run(
                        "DELETE FROM story WHERE id = :story AND article_id IS NULL",
                        {"story": row["story_id"]},
                    )
            removed += len(rows)
            if len(rows) < _CHUNK:
                return removed

    async def tidy(self) -> None:
        """Refresh the planner's statistics and fold the log into the file."""
        await self._database.upkeep()

    async def counts(self) -> Counts:
        """How many rows there are of each kind."""
        row = await self._database.row(
            """
            SELECT (SELECT count(*) FROM article) AS articles,
                   (SELECT count(*) FROM story) AS stories,
                   (SELECT count(*) FROM feed WHERE state = 'active') AS feeds,
                   (SELECT count(*) FROM subscriber WHERE state = 'active') AS subscribers,
                   (SELECT count(*) FROM delivery WHERE state = 'owed') AS owed,
                   (SELECT min(due) FROM delivery WHERE state = 'owed') AS oldest
            """
        )
        if row is None:
            raise AssertionError("a SELECT without FROM gives one row")
        return Counts(
            articles=row["articles"],
            stories=row["stories"],
            feeds=row["feeds"],
            subscribers=row["subscribers"],
            owed=row["owed"],
            oldest_owed=maybe_datetime(row["oldest"]),
        )

    async def integrity(self) -> str:
        """ "ok", or SQLite's first finding; reads the whole file."""
        return str(await self._database.value("PRAGMA integrity_check(1)"))


def check_file(path: Path) -> None:
    """Raise DatabaseCorruptError or DatabaseTooNewError unless the file is a sound database."""
    with wrapped_errors(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            fault = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        finally:
            connection.close()
    if fault != "ok":
        raise DatabaseCorruptError(corrupt_message(path, fault))
    newest = migrations()[-1][0]
    if not 1 <= version <= newest:
        raise DatabaseTooNewError(
            f"{path} is not a database that this newsboy can read (schema {version}, "
            f"this one knows up to {newest})"
        )


def _copy(source: Path, target: Path) -> None:
    with wrapped_errors(source):
        reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
        try:
            writing = sqlite3.connect(target)
            try:
                # All pages in one step: a copy in steps starts anew at every write beside it.
                reading.backup(writing, pages=-1)
                writing.execute("PRAGMA journal_mode = DELETE")
            finally:
                writing.close()
        finally:
            reading.close()


def _backup(database: Path, target: Path) -> None:
    if target.exists():
        raise AlreadyExistsError(f"{target} exists: name another file, or remove it first")
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        _copy(database, partial)
        check_file(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


async def backup(database: Path, target: Path) -> None:
    """Copy a database, in use or not, to `target`; checks the copy.

    Raises AlreadyExistsError where the target exists, and a child of StorageError where the copy
    fails; a partial copy is never left under the target's name.
    """
    await asyncio.to_thread(_backup, database, target)


def _restore(backup_file: Path, database: Path, now: datetime) -> Path | None:
    check_file(backup_file)
    lock = ProcessLock(database)
    lock.acquire()
    try:
        partial = database.with_name(database.name + ".restoring")
        partial.unlink(missing_ok=True)
        _copy(backup_file, partial)
        aside = None
        if database.exists():
            aside = database.with_name(f"{database.name}.before-restore-{now:%Y%m%d-%H%M%S}")
            for suffix in ("-wal", "-shm"):
                journal = database.with_name(database.name + suffix)
                if journal.exists():
                    journal.replace(aside.with_name(aside.name + suffix))
            database.replace(aside)
        partial.replace(database)
        return aside
    finally:
        lock.release()


async def restore(backup_file: Path, database: Path, now: datetime) -> Path | None:
    """Put a backup in the database's place; returns where the present file was kept, if any.

    Raises DatabaseLockedError while a bot runs on it, DatabaseCorruptError for a bad backup;
    nothing is changed then.
    """
    return await asyncio.to_thread(_restore, backup_file, database, now)
