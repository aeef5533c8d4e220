"""Updates received: what their handlers still owe an answer to, and which ids are not new.

    received ─▶ kept with its text ─▶ handled: only the id stays ─▶ forgotten after two days
                      └─ a crash ─▶ `unfinished` at the next start

Update ids are compared for equality only: after a week without updates Telegram goes on at random
(Bot API, Update.update_id).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from storage.database import Database, to_epoch

RawUpdate = Mapping[str, Any]
"""An update as Telegram sent it."""

UPDATE_LIFE = timedelta(days=1)
"""How long an update is worth an answer: Telegram keeps it as long (Bot API, getUpdates)."""

_MOST_STARTS = 3


class Updates:
    """The ledger of updates received."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, received: Mapping[int, RawUpdate], handled: Sequence[int], now: datetime
    ) -> None:
        """Keep the updates that are being handled, and of those that were only the ids.

        Both by update id, in one transaction. Noting again what is known changes nothing.
        """
        at = to_epoch(now)
        async with self._database.transaction() as transaction:
            if received:
                await transaction.run_many(
                    """
                    INSERT INTO received (update_id, at, raw) VALUES (:id, :at, :raw)
                    ON CONFLICT (update_id) DO NOTHING
                    """,
                    [
                        {"id": number, "at": at, "raw": json.dumps(raw)}
                        for number, raw in received.items()
                    ],
                )
            if handled:
                await transaction.run_many(
                    """
                    INSERT INTO received (update_id, at) VALUES (:id, :at)
                    ON CONFLICT (update_id) DO UPDATE SET raw = NULL
                    """,
                    [{"id": number, "at": at} for number in handled],
                )

    async def unfinished(self, now: datetime) -> tuple[list[RawUpdate], list[int]]:
        """At a start: the updates whose handlers the last process left, and those given up.

        The first in the order of their coming. Given up, by id, are those received over a day ago
        and those that three processes in a row have died with: they may be what killed them.
        """
        async with self._database.transaction() as transaction:
            given_up = await transaction.rows(
                """
                UPDATE received SET raw = NULL
                WHERE raw IS NOT NULL AND (at < :old OR starts >= :most)
                RETURNING update_id
                """,
                {"old": to_epoch(now - UPDATE_LIFE), "most": _MOST_STARTS},
            )
            left = await transaction.rows(
                """
                UPDATE received SET starts = starts + 1 WHERE raw IS NOT NULL
                RETURNING update_id, at, raw
                """
            )
        left.sort(key=lambda row: (row["at"], row["update_id"]))
        return [json.loads(row["raw"]) for row in left], [row["update_id"] for row in given_up]

    async def newest(self, most: int) -> list[int]:
        """The ids received last, at most so many, the oldest of them first."""
        rows = await self._database.rows(
            "SELECT update_id FROM received ORDER BY at DESC, update_id DESC LIMIT :most",
            {"most": most},
        )
        return [row["update_id"] for row in reversed(rows)]
