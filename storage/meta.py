"""Single values that the store remembers by name, and the day's budgets.

A budget is one row a key, which holds its day and how much of it is spent: the first spending of
a new day begins anew, so yesterday's counter vanishes by itself.
"""

import json

from storage.database import Database, Transaction

_BUDGET = "budget:"


async def put(transaction: Transaction, key: str, value: str) -> None:
    """Remember a value as part of a larger transaction: work's progress beside the work."""
    await transaction.run(
        """
        INSERT INTO meta (key, value) VALUES (:key, :value)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value
        """,
        {"key": key, "value": value},
    )


class Meta:
    """Values by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        """The value remembered under a name, or None."""
        row = await self._database.row("SELECT value FROM meta WHERE key = :key", {"key": key})
        return None if row is None else str(row["value"])

    async def set(self, key: str, value: str) -> None:
        """Remember a value under a name, in place of an earlier one."""
        async with self._database.transaction() as transaction:
            await put(transaction, key, value)

    async def spend(self, key: str, day: str, limit: int) -> bool:
        """Take one of a day's `limit` under a key; False where none is left.

        `day` is any name of the day («2026-11-22»); another one than before begins anew.
        """
        async with self._database.transaction() as transaction:
            row = await transaction.row(
                "SELECT value FROM meta WHERE key = :key", {"key": _BUDGET + key}
            )
            last, spent = json.loads(row["value"]) if row is not None else (day, 0)
            spent = spent if last == day else 0
            if spent >= limit:
                return False
            await put(transaction, _BUDGET + key, json.dumps([day, spent + 1]))
        return True
