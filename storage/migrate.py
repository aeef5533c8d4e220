"""Brings a database file to the newest schema.

`PRAGMA user_version` counts the migrations that a file has run. Each numbered SQL file runs in a
transaction together with its new number, so a crash leaves the schema as it was; a file that has
data is copied aside first.
"""

import re
import sqlite3
from importlib import resources
from pathlib import Path

import aiosqlite

from storage.errors import DatabaseTooNewError

_NAME = re.compile(r"(\d{4})_\w+\.sql")


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
    return statements


async def migrate(connection: aiosqlite.Connection, path: Path) -> None:
    """Run what the file has not run yet; raises DatabaseTooNewError for a newer file."""
    rows = await connection.execute_fetchall("PRAGMA user_version")
    version = int(next(iter(rows))[0])
    steps = migrations()
    newest = steps[-1][0]
    if version > newest:
        raise DatabaseTooNewError(
            f"{path} was written by a newer newsboy (schema {version}, this one knows {newest}): "
            f"install that version, or restore an older backup with: newsboy restore BACKUP"
        )
    if 0 < version < newest:
        aside = path.with_name(f"{path.name}.before-{newest:04}")
        aside.unlink(missing_ok=True)
        await connection.execute("VACUUM INTO :aside", {"aside": str(aside)})
    for number, script in steps:
        if number <= version:
            continue
        await connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(script):
                await connection.execute(statement)
            await connection.execute(f"PRAGMA user_version = {number}")
            await connection.execute("COMMIT")
        except BaseException:
            await connection.execute("ROLLBACK")
            raise
