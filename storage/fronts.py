"""What one reader's front page is made from, besides the news that all share.

A digest to a hundred thousand readers asks this for each of them, so it is two queries a reader:
what the reader follows, mutes and is held back from; and what was told already. All of it is found
by the reader's own index entries, however large the ledger is. What stories go on with is asked
for the candidates that readers share, and for what was held back.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from storage.database import Database, json_list, maybe_datetime, to_epoch


class Tastes(NamedTuple):
    """What a reader follows (kind, key, level) and mutes (kind, key), as the store keeps it.

    Equal where two readers read alike: thousands have the same.
    """

    follows: tuple[tuple[str, str, str], ...]
    mutes: tuple[tuple[str, str], ...]


class FrontNeeds(NamedTuple):
    """A reader's tastes, the stories held back in their order, and what there is to read.

    `newest` is the highest article id, `corrected` the latest correction's, `owns` whether articles
    of the reader's own sources are newer than the watermark.
    """

    tastes: Tastes
    held: tuple[int, ...]
    newest: int
    corrected: int
    owns: bool


class Fronts:
    """Front pages' makings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def needs(self, subscriber_id: int, watermark: int, now: datetime) -> FrontNeeds:
        """What a subscriber's front page needs that is no other's."""
        rows = await self._database.rows(
            """
            SELECT 'follow' AS what, kind, key, level AS value FROM subscription
            WHERE subscriber_id = :id
            UNION ALL
            SELECT 'mute', kind, key, NULL FROM mute
            WHERE subscriber_id = :id AND (expires IS NULL OR expires > :now)
            UNION ALL
            SELECT 'held', NULL, NULL, story_id FROM (
                SELECT story_id FROM delivery
                WHERE subscriber_id = :id AND state = 'deferred' ORDER BY id)
            UNION ALL
            SELECT 'newest', NULL, NULL, coalesce(max(id), 0) FROM article
            UNION ALL
            SELECT 'corrected', NULL, NULL, coalesce(max(id), 0) FROM correction
            UNION ALL
            SELECT 'own', NULL, NULL, 1
            WHERE EXISTS (SELECT 1 FROM article WHERE owner = :id AND id > :watermark)
            """,
            {"id": subscriber_id, "watermark": watermark, "now": to_epoch(now)},
        )
        follows: list[tuple[str, str, str]] = []
        mutes: list[tuple[str, str]] = []
        held: list[int] = []
        newest, corrected, owns = 0, 0, False
        for what, kind, key, value in rows:
            match what:
                case "follow":
                    follows.append((kind, key, value))
                case "mute":
                    mutes.append((kind, key))
                case "held":
                    held.append(value)
                case "newest":
                    newest = value
                case "corrected":
                    corrected = value
                case _:
                    owns = True
        tastes = Tastes(tuple(sorted(follows)), tuple(sorted(mutes)))
        return FrontNeeds(tastes, tuple(held), newest, corrected, owns)

    async def told(self, subscriber_id: int, since: datetime) -> set[int]:
        """The stories that a subscriber was told since then, or that a push will tell."""
        rows = await self._database.rows(
            """
            SELECT story_id, stories FROM delivery
            WHERE subscriber_id = :id AND ended >= :since AND state = 'sent'
            UNION ALL
            SELECT story_id, NULL FROM delivery
            WHERE subscriber_id = :id AND state = 'owed' AND story_id IS NOT NULL
            UNION ALL
            SELECT story_id, NULL FROM delivery
            WHERE +subscriber_id = :id AND state = 'claimed' AND story_id IS NOT NULL
            """,
            {"id": subscriber_id, "since": to_epoch(since)},
        )
        told: set[int] = set()
        for story, stories in rows:
            if story is not None:
                told.add(story)
            elif stories:
                told.update(json.loads(stories))
        return told

    async def begun(self, stories: Sequence[int]) -> datetime | None:
        """When the first of these stories was stored; None where there are none."""
        return maybe_datetime(
            await self._database.value(
                "SELECT min(s.stored) FROM json_each(:ids) j JOIN story s ON s.id = j.value",
                {"ids": json_list(stories)},
            )
        )

    async def gone_on_with(self, stories: Sequence[int]) -> dict[int, list[int]]:
        """Which stories, followed or muted by anybody, each of these goes on with."""
        # The pushes keep what they meet. Nearly all meet no story but their own.
        rows = await self._database.rows(
            """
            SELECT DISTINCT p.story_id AS story, CAST(k.value ->> 1 AS INTEGER) AS before
            FROM json_each(:ids) j CROSS JOIN push p ON p.story_id = j.value
            CROSS JOIN json_each(p.keys) k
            WHERE p.keys LIKE '%"story"%"story"%'
                  AND k.value ->> 0 = 'story' AND k.value ->> 1 <> p.story_id
            """,
            {"ids": json_list(stories)},
        )
        found: dict[int, list[int]] = {}
        for row in rows:
            found.setdefault(row["story"], []).append(row["before"])
        return found
