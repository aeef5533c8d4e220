"""Brings a database file to the newest schema.

`PRAGMA user_version` counts the migrations that a file has run. Each numbered SQL file runs in a
transaction together with its new number, so a crash leaves the schema as it was; a file that has
data is copied aside first. Foreign keys are off meanwhile and checked before each commit.
"""

import os
import re
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path

import aiosqlite

from storage.errors import DatabaseTooNewError, StorageError

_NAME = re.compile(r"(\d{4})_\w+\.sql")


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, unless the file exists.

    SQLite would make it by the umask, as a rule readable to all; what it makes beside an existing
    file, it makes with that file's permissions.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def migrations() -> list[tuple[int, str]]:
    """All migrations as (number, SQL), in order."""
    found = []
    for file in resources.files("storage.migrations").iterdir():
        match = _NAME.fullmatch(file.name)
        if match:
            found.append((int(match[1]), file.read_text(encoding="utf-8")))
    return sorted(found)


def _statements(script: str) -> list[str]:
    """Split a script into statements; `executescript` would commit the open transaction."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return [*statements, pending] if pending.strip() else statements


async def _version(connection: aiosqlite.Connection) -> int:
    rows = await connection.execute_fetchall("PRAGMA user_version")
    return int(next(iter(rows))[0])


def refuse_newer(path: Path, version: int, newest: int) -> None:
    """Raise DatabaseTooNewError for a file with a schema above the newest one known."""
    if version > newest:
        raise DatabaseTooNewError(
            f"{path} was written by a newer newsboy (schema {version}, this one knows {newest}): "
            f"install that version, or restore an older backup with: newsboy restore BACKUP"
        )


async def refuse_other_schema(connection: aiosqlite.Connection, path: Path) -> None:
    """Raise a StorageError unless the file has just the newest schema: nothing else is read."""
    version, newest = await _version(connection), migrations()[-1][0]
    refuse_newer(path, version, newest)
    if version == 0:
        raise StorageError(f"{path} holds no newspaper: set DATABASE, or start newsboy first")
    if version < newest:
        raise StorageError(
            f"{path} was written by an older newsboy: start this one once (newsboy run), "
            f"which brings the file up to date"
        )


async def _refuse_orphans(connection: aiosqlite.Connection, path: Path, number: int) -> None:
    if list(await connection.execute_fetchall("PRAGMA foreign_key_check")):
        raise StorageError(f"{path}: migration {number:04} would leave rows that refer to nothing")


async def migrate(
    connection: aiosqlite.Connection, path: Path, steps: Sequence[tuple[int, str]]
) -> None:
    """Run the steps that the file has not run yet; raises DatabaseTooNewError for a newer file."""
    version, newest = await _version(connection), steps[-1][0]
    refuse_newer(path, version, newest)
    if 0 < version < newest:
        aside = path.with_name(f"{path.name}.before-{newest:04}")
        aside.unlink(missing_ok=True)
        make_private(aside)
        await connection.execute("VACUUM INTO :aside", {"aside": str(aside)})
    for number, script in steps:
        if number <= version:
            continue
        try:
            await connection.execute("BEGIN IMMEDIATE")
            for statement in _statements(script):
                await connection.execute(statement)
            await _refuse_orphans(connection, path, number)
            await connection.execute(f"PRAGMA user_version = {number}")
            await connection.execute("COMMIT")
        except BaseException:
            # Fails where nothing is open any more: a full disk rolls back by itself.
            with suppress(sqlite3.OperationalError):
                await connection.execute("ROLLBACK")
            raise
