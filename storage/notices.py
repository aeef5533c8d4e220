"""Notices: single lines owed to the admins, each about one event of one subject.

Who notices something owes a notice, as often as it likes; the first within a quiet time counts,
so that a feed which fails every five minutes is one line a day. Whoever tells the admins takes
what is untold and marks it told after the message went out.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from storage.database import Database, Row, from_epoch, json_list, to_epoch
from storage.models import Notice

_QUIET = timedelta(hours=24)


def _notice(row: Row) -> Notice:
    return Notice(
        id=row["id"],
        kind=row["kind"],
        subject=row["subject"],
        details=tuple(json.loads(row["details"]).items()),
        created=from_epoch(row["created"]),
    )


class Notices:
    """Lines to the admins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owe(
        self,
        kind: str,
        subject: str,
        details: Mapping[str, str],
        now: datetime,
        *,
        quiet: timedelta = _QUIET,
    ) -> bool:
        """Owe a notice; False where one of the same kind and subject is younger than `quiet`."""
        async with self._database.transaction() as transaction:
            return bool(
                await transaction.run(
                    """
                    INSERT INTO notice (kind, subject, details, created)
                    SELECT :kind, :subject, :details, :now
                    WHERE NOT EXISTS (
                        SELECT 1 FROM notice
                        WHERE kind = :kind AND subject = :subject AND created > :since)
                    """,
                    {
                        "kind": kind,
                        "subject": subject,
                        "details": json.dumps(dict(details), ensure_ascii=False),
                        "now": to_epoch(now),
                        "since": to_epoch(now) - int(quiet.total_seconds()),
                    },
                )
            )

    async def untold(self, limit: int = 20) -> list[Notice]:
        """The notices that nobody was told yet, the oldest first."""
        rows = await self._database.rows(
            "SELECT * FROM notice WHERE told IS NULL ORDER BY id LIMIT :limit", {"limit": limit}
        )
        return [_notice(row) for row in rows]

    async def latest(self, kinds: Collection[str]) -> Notice | None:
        """The newest notice of these kinds, told or not."""
        row = await self._database.row(
            """
            SELECT * FROM notice WHERE kind IN (SELECT value FROM json_each(:kinds))
            ORDER BY id DESC LIMIT 1
            """,
            {"kinds": json_list(kinds)},
        )
        return None if row is None else _notice(row)

    async def told(self, ids: Sequence[int], now: datetime) -> None:
        """Mark notices as told."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE notice SET told = :now
                WHERE id IN (SELECT value FROM json_each(:ids)) AND told IS NULL
                """,
                {"now": to_epoch(now), "ids": json_list(ids)},
            )
