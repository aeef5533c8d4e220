"""Retention, statistics and backups: what keeps the file small, quick and safe.

What is pruned is text, ledger lines and what is past its use (mutes that ended, questions nobody
answered, kept queries); the small rows that remember what was seen stay, so that a pruned article
is not new again.
"""

import asyncio
import glob
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

from storage.brought import STORY_FOLLOWED
from storage.database import (
    Database,
    ProcessLock,
    corrupt_message,
    json_list,
    maybe_datetime,
    to_epoch,
    wrapped_errors,
)
from storage.errors import AlreadyExistsError, DatabaseCorruptError, StorageError
from storage.feeds import forget_feed
from storage.meta import put
from storage.migrate import make_private, migrations, refuse_newer
from storage.models import Counts
from storage.stories import drop_articles
from storage.updates import UPDATE_LIFE

_LINES_AT_ONCE = 500
_ARTICLES_AT_ONCE = 50
_QUERY_LIFE = timedelta(days=30)
_NOTICE_LIFE = timedelta(days=30)
_PICTURE_LIFE = timedelta(days=90)
_FRESH = timedelta(days=3)
_IDS_SINCE_BACKUP = 1_000_000  # more than a bot gives out between two backups
COPY_LIFE = timedelta(days=30)
"""How long the copy of the database is kept that is made before it is brought up to date."""
_BOT = "bot"


class Upkeep:
    """Nightly work and figures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def change_bot(self, bot_id: int) -> bool:
        """Note whose database this is; whether it was another bot's until now.

        Ids of messages and of updates are each bot's own: those of the former one are forgotten,
        or an edit would hit another message, and a new update might pass for one that was handled.
        """
        former = await self._database.row("SELECT value FROM meta WHERE key = :key", {"key": _BOT})
        if former is not None and former["value"] == str(bot_id):
            return False
        async with self._database.transaction() as transaction:
            await put(transaction, _BOT, str(bot_id))
            if former is not None:
                await transaction.run("DELETE FROM received")
                await transaction.run(
                    "UPDATE delivery SET message_id = NULL WHERE message_id IS NOT NULL"
                )
        return former is not None

    async def prune_ledger(self, before: datetime, now: datetime) -> int:
        """Delete deliveries that ended before a time, and what else is past its use."""
        removed = 0
        while True:
            async with self._database.transaction() as transaction:
                count = await transaction.run(
                    """
                    DELETE FROM delivery WHERE id IN (
                        SELECT id FROM delivery
                        WHERE ended < :before AND state NOT IN ('owed', 'claimed')
                        LIMIT :chunk)
                    """,
                    {"before": to_epoch(before), "chunk": _LINES_AT_ONCE},
                )
            removed += count
            if count < _LINES_AT_ONCE:
                break
        async with self._database.transaction() as transaction:
            parameters = {"before": to_epoch(before), "now": to_epoch(now)}
            await transaction.run(
                """
                DELETE FROM push WHERE done = 1 AND created < :before
                AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.story_id = push.story_id)
                """,
                parameters,
            )
            await transaction.run(
                "DELETE FROM query WHERE asked < :old", {"old": to_epoch(now - _QUERY_LIFE)}
            )
            await transaction.run(
                "DELETE FROM notice WHERE created < :old", {"old": to_epoch(now - _NOTICE_LIFE)}
            )
            # A picture of an older article is checked anew if anybody asks; a bad one stays bad.
            await transaction.run(
                "DELETE FROM picture WHERE bad = 0 AND checked < :old",
                {"old": to_epoch(now - _PICTURE_LIFE)},
            )
            await transaction.run(
                "DELETE FROM correction WHERE done = 1 AND created < :before", parameters
            )
            await transaction.run("DELETE FROM mute WHERE expires <= :now", parameters)
            await transaction.run("DELETE FROM pause WHERE until <= :now", parameters)
            await transaction.run("DELETE FROM prompt WHERE asked < :before", parameters)
            await transaction.run(
                "DELETE FROM received WHERE at < :old", {"old": to_epoch(now - 2 * UPDATE_LIFE)}
            )
            await transaction.run(
                "DELETE FROM invitation WHERE uses_left <= 0 OR expires <= :now", parameters
            )
        for row in await self._database.rows("SELECT id FROM feed WHERE owner < 0"):
            await forget_feed(self._database, row["id"])
        await self._forget_stories(now)
        return removed

    async def _forget_stories(self, now: datetime) -> None:
        """Follows and mutes of a story end with it, unless a mute says when it does."""
        for table, only in (("subscription", ""), ("mute", "AND expires IS NULL")):
            # Looked for without the writer: there is no index of these alone.
            ended = await self._database.rows(
                f"""
                SELECT subscriber_id, key FROM {table} WHERE kind = 'story' {only} AND NOT EXISTS (
                    SELECT 1 FROM story s
                    WHERE s.id = CAST({table}.key AS INTEGER) AND s.latest > :untold)
                """,
                {"untold": to_epoch(now - STORY_FOLLOWED)},
            )
            async with self._database.transaction() as transaction:
                await transaction.run_many(
                    f"""
                    DELETE FROM {table}
                    WHERE subscriber_id = :subscriber_id AND kind = 'story' AND key = :key
                    """,
                    [dict(row) for row in ended],
                )

    async def prune_articles(self, before: datetime) -> int:
        """Delete the text of articles stored before a time; their identity stays."""
        removed = 0
        while True:
            ids = await self._oldest(imported=False, before=to_epoch(before))
            await self._drop(ids)
            removed += len(ids)
            if len(ids) < _ARTICLES_AT_ONCE:
                return removed

    async def prune_to_size(self, max_bytes: int) -> int:
        """Delete the oldest articles' text until what is used of the file fits; returns how many.

        Their identity stays. Imported ones go last, saved ones never, and neither do those of the
        last three days: stories and digests need them. The file itself does not shrink, its free
        pages are used again.
        """
        newest = await self._database.value(
            """
            SELECT max(coalesce((SELECT max(stored) FROM article WHERE imported = 0), 0),
                       coalesce((SELECT max(stored) FROM article WHERE imported = 1), 0))
            """
        )
        fresh = newest - _FRESH.total_seconds()
        removed = 0
        for imported in (False, True):
            while await self._used_bytes() > max_bytes:
                ids = await self._oldest(
                    imported=imported, before=newest + 1 if imported else fresh
                )
                if not ids:
                    break
                await self._drop(ids)
                removed += len(ids)
        return removed

    async def _oldest(self, *, imported: bool, before: float) -> list[int]:
        rows = await self._database.rows(
            """
            SELECT id FROM article
            WHERE stored < :before AND imported = :imported
                  AND NOT EXISTS (SELECT 1 FROM saved v WHERE v.article_id = article.id)
            ORDER BY stored LIMIT :chunk
            """,
            {"before": before, "imported": imported, "chunk": _ARTICLES_AT_ONCE},
        )
        return [row["id"] for row in rows]

    async def _drop(self, ids: Sequence[int]) -> None:
        async with self._database.transaction() as transaction:
            kept = await transaction.rows(
                """
                SELECT article_id FROM saved
                WHERE article_id IN (SELECT value FROM json_each(:ids))
                """,
                {"ids": json_list(ids)},
            )
            saved = {row["article_id"] for row in kept}  # since they were looked for
            await drop_articles(transaction, [one for one in ids if one not in saved])

    async def _used_bytes(self) -> int:
        return int(
            await self._database.value(
                """
                SELECT (p.page_count - f.freelist_count) * s.page_size
                FROM pragma_page_count() p, pragma_freelist_count() f, pragma_page_size() s
                """
            )
        )

    def prune_copies(self, now: datetime) -> int:
        """Delete the copies made before upgrades that are past their use; returns how many."""
        path, removed = self._database.path, 0
        for copy in path.parent.glob(f"{glob.escape(path.name)}.before-[0-9][0-9][0-9][0-9]"):
            if copy.stat().st_mtime < (now - COPY_LIFE).timestamp():
                copy.unlink(missing_ok=True)
                removed += 1
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
                   (SELECT min(due) FROM (
                        SELECT min(due) AS due FROM delivery WHERE state = 'owed' AND kind = 'push'
                        UNION ALL
                        SELECT min(due) FROM delivery WHERE state = 'owed' AND kind = 'digest'
                        UNION ALL
                        SELECT min(due) FROM delivery WHERE state = 'owed' AND kind = 'broadcast'))
                   AS oldest
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
    """Raise a child of StorageError unless the file is a sound backup that newsboy can read."""
    fault, version = _examined(path)
    if fault != "ok":
        raise DatabaseCorruptError(f"{path} is damaged ({fault}): take another backup")
    if version == 0:
        raise StorageError(f"{path} is not a database of newsboy")
    refuse_newer(path, version, migrations()[-1][0])


def _examined(path: Path) -> tuple[str, int]:
    """("ok" or SQLite's first finding, the schema's number) of a database file."""
    try:
        with wrapped_errors(path):
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            with closing(connection):
                fault = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
                return fault, int(connection.execute("PRAGMA user_version").fetchone()[0])
    except DatabaseCorruptError as error:
        return str(error.__cause__), 0


def _copy(source: Path, target: Path) -> None:
    with wrapped_errors(source):
        reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    with suppress(OSError):  # SQLite's own error names the remedy
        make_private(target)
    # From here on a fault is the target's, most likely a full disk. Damage passes through the copy,
    # and shows when that is read.
    with closing(reading), wrapped_errors(target), closing(sqlite3.connect(target)) as writing:
        # All pages in one step: a copy in steps starts anew at every write beside it.
        reading.backup(writing, pages=-1)
        with wrapped_errors(source):
            writing.execute("PRAGMA journal_mode = DELETE")


def _backup(database: Path, target: Path) -> None:
    if target.exists():
        raise AlreadyExistsError(f"{target} exists: name another file, or remove it first")
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        _copy(database, partial)
        fault, _ = _examined(partial)
        if fault != "ok":
            raise DatabaseCorruptError(corrupt_message(database, fault))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


async def backup(database: Path, target: Path) -> None:
    """Copy a database, in use or not, to `target`; checks the copy.

    Raises AlreadyExistsError where the target exists, and a child of StorageError where the copy
    fails; a partial copy is never left under the target's name.
    """
    await asyncio.to_thread(_backup, database, target)


def _use_no_id_again(database: Path, restored: Path) -> None:
    """Let a restored file give out no id that the present one gave since the backup.

    Buttons and links in chats name articles by id: they must not open others.
    """
    present = None
    if database.exists():
        address = f"{database.absolute().as_uri()}?mode=ro"
        with (
            suppress(sqlite3.DatabaseError),
            closing(sqlite3.connect(address, uri=True)) as connection,
        ):
            present = dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))
    with (
        wrapped_errors(restored),
        closing(sqlite3.connect(restored)) as connection,
        connection,
    ):
        if present is None:  # what was given out is not known any more
            connection.execute("UPDATE sqlite_sequence SET seq = seq + ?", (_IDS_SINCE_BACKUP,))
            return
        for name, last in present.items():
            connection.execute(
                "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (last, name)
            )
            connection.execute(
                """
                INSERT INTO sqlite_sequence (name, seq) SELECT name, ? FROM sqlite_schema
                WHERE name = ? AND type = 'table' AND name NOT IN (
                    SELECT name FROM sqlite_sequence)
                """,
                (last, name),
            )


def _restore(backup_file: Path, database: Path, now: datetime) -> Path | None:
    check_file(backup_file)
    lock = ProcessLock(database)
    lock.acquire()
    partial = database.with_name(database.name + ".restoring")
    try:
        partial.unlink(missing_ok=True)
        _copy(backup_file, partial)
        _use_no_id_again(database, partial)
        kept = database.exists()
        if kept:
            shutil.copymode(database, partial)
        aside = database.with_name(f"{database.name}.before-restore-{now:%Y%m%d-%H%M%S}")
        # The journals go even where the file is absent: they would be played into the new one.
        for suffix in ("-wal", "-shm", ""):
            present = database.with_name(database.name + suffix)
            if present.exists():
                present.replace(aside.with_name(aside.name + suffix))
        partial.replace(database)
        return aside if kept else None
    finally:
        partial.unlink(missing_ok=True)
        lock.release()


async def restore(backup_file: Path, database: Path, now: datetime) -> Path | None:
    """Put a backup in the database's place; returns where the present file was kept, if any.

    Raises DatabaseLockedError while a bot runs on it, DatabaseCorruptError for a bad backup;
    nothing is changed then.
    """
    return await asyncio.to_thread(_restore, backup_file, database, now)
