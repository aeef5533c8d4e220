"""Kept queries: what was typed, under an id, since a button holds 64 bytes.

A search is kept with what it found, so that its pages stay as they were while news arrives, is
deleted, or is imported under older dates. Any other text (a command, an address) is kept alone.
"""

import json
import secrets
from datetime import datetime

from storage.database import Database, json_list, to_epoch
from storage.errors import NotFoundError
from storage.models import Hits, KeptSearch


class Queries:
    """What buttons say again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(
        self, text: str, now: datetime, hits: Hits | None = None, *, tried: str = ""
    ) -> int:
        """Keep a text, and what a search for it (or for what was `tried` instead) found; its id.

        The id is random: whoever forges a button must not read what others looked for.
        """
        found = None if hits is None else json_list(await self._article_ids(hits))
        async with self._database.transaction() as transaction:
            return int(
                await transaction.value(
                    """
                    INSERT INTO query (id, text, tried, found, whole, limit_key, asked)
                    VALUES (:id, :text, :tried, :found, :whole, 0, :now) RETURNING id
                    """,
                    {
                        "id": secrets.randbits(62),
                        "text": text,
                        "tried": tried,
                        "found": found,
                        "whole": 0 if hits is None else hits.whole,
                        "now": to_epoch(now),
                    },
                )
            )

    async def get(self, query_id: int) -> KeptSearch:
        """What is kept under an id; raises NotFoundError where it is kept no more."""
        row = await self._database.row(
            "SELECT text, tried, found, whole, limit_key FROM query WHERE id = :id",
            {"id": query_id},
        )
        if row is None:
            raise NotFoundError(f"there is no query {query_id}")
        found = None if row["found"] is None else tuple(json.loads(row["found"]))
        return KeptSearch(
            row["text"], row["tried"], found, row["whole"], newest=row["limit_key"] or None
        )

    async def _article_ids(self, hits: Hits) -> list[int]:
        rows = await self._database.rows(
            """
            SELECT a.id FROM json_each(:keys) k JOIN article a ON a.search_key = k.value
            ORDER BY k.key
            """,
            {"keys": json_list(hits.keys)},
        )
        return [row["id"] for row in rows]
