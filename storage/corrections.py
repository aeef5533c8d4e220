"""Corrections: a publisher's change of an article, until all messages that show it are edited.

    replace(revision) ─▶ an open correction ─▶ messages that show it, in chunks by a cursor ─▶ done

An article has one open correction at most: a newer change closes the open one and begins anew
with the parts of both. Whoever is still at work on the older one moves nothing any more. What was
being sent while the article changed may show the old text: the correction waits for it.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from storage.database import Database, Row, Transaction, from_epoch, json_list, to_epoch
from storage.models import Correction, Delivery, Subscriber
from storage.outbox import delivery_of
from storage.subscribers import subscriber_of

THE_PAGE = "page"
"""What a correction names among the parts that changed, where the page went or came back."""


def _correction(row: Row) -> Correction:
    return Correction(
        id=row["id"],
        article_id=row["article_id"],
        story_id=row["story_id"],
        revision=row["revision"],
        changed=tuple(json.loads(row["changed"])),
        created=from_epoch(row["created"]),
        cursor=row["cursor"],
        waits=bool(row["waits"]),
        plain=frozenset(json.loads(row["plain"])),
    )


async def owe_correction(
    transaction: Transaction, article_id: int, changed: Sequence[str], now: datetime
) -> None:
    """Owe the edit of all messages that show an article; part of the transaction that changes it.

    Nobody was ever told an imported article.
    """
    closed = await transaction.row(
        "UPDATE correction SET done = 1 WHERE article_id = :article AND done = 0 RETURNING changed",
        {"article": article_id},
    )
    earlier = json.loads(closed["changed"]) if closed is not None else ()
    await transaction.run(
        """
        INSERT INTO correction (article_id, revision, changed, created, in_flight)
        SELECT id, revision, :changed, :now, coalesce((
            SELECT max(id) FROM delivery WHERE state = 'claimed' AND article_id = :article), 0)
        FROM article WHERE id = :article AND imported = 0
        """,
        {
            "article": article_id,
            "changed": json_list(dict.fromkeys((*earlier, *changed))),
            "now": to_epoch(now),
        },
    )


class Corrections:
    """What is to be edited, and where."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_corrections(self, *, after: int = 0, limit: int = 1000) -> list[Correction]:
        """The corrections with a higher id that are not carried to their end, the oldest first."""
        rows = await self._database.rows(
            """
            SELECT c.*, a.story_id, c.in_flight > 0 AND EXISTS (
                SELECT 1 FROM delivery d
                WHERE d.state = 'claimed' AND d.article_id = c.article_id AND d.id <= c.in_flight
                ) AS waits, (
                SELECT json_group_array(p.id) FROM push p
                WHERE p.story_id = a.story_id AND p.article_id = a.id AND p.plain = 1) AS plain
            FROM correction c JOIN article a ON a.id = c.article_id
            WHERE c.done = 0 AND c.id > :after ORDER BY c.id LIMIT :limit
            """,
            {"after": after, "limit": limit},
        )
        return [_correction(row) for row in rows]

    async def messages_showing(
        self, correction: Correction, *, since: datetime, limit: int, until: int | None = None
    ) -> list[tuple[Delivery, Subscriber]]:
        """The next messages after the cursor that show the corrected article, by id.

        These are pushes sent since `since` to readers who are active, as far as they may show the
        old text, and up to the delivery `until`. Digests and replies are not edited.
        """
        flying = await self._database.row(
            """
            SELECT c.in_flight, (
                SELECT min(d.id) FROM delivery d
                WHERE d.state = 'claimed' AND d.article_id = c.article_id AND d.id <= c.in_flight
                ) AS first
            FROM correction c WHERE c.id = :id
            """,
            {"id": correction.id},
        )
        if flying is None:
            return []
        pushes = await self._database.rows(
            "SELECT id FROM push WHERE story_id = :story AND article_id = :article",
            {"story": correction.story_id, "article": correction.article_id},
        )
        found: list[Row] = []
        # Push by push (as a rule there is one), so that the index gives the rows in order.
        for push in pushes:
            found += await self._database.rows(
                """
                SELECT d.* FROM delivery d JOIN subscriber s ON s.id = d.subscriber_id
                WHERE d.push_id = :push AND d.id > :cursor AND d.id <= :until AND d.kind = 'push'
                      AND d.state = 'sent' AND d.message_id IS NOT NULL AND d.ended >= :since
                      AND (d.ended <= :changed OR d.id <= :in_flight) AND d.id < :first
                      AND s.state = 'active'
                ORDER BY d.id LIMIT :limit
                """,
                {
                    "push": push["id"],
                    "cursor": correction.cursor,
                    "until": until if until is not None else 1 << 62,
                    "since": to_epoch(since),
                    "changed": to_epoch(correction.created),
                    "in_flight": flying["in_flight"],
                    # The cursor must not pass what is not sent yet.
                    "first": flying["first"] or 1 << 62,
                    "limit": limit,
                },
            )
        found = sorted(found, key=lambda row: int(row["id"]))[:limit]
        return await self._with_readers(found)

    async def messages(
        self, ids: Collection[int], *, since: datetime
    ) -> list[tuple[Delivery, Subscriber]]:
        """Of these deliveries those sent since `since` to readers who are active, as they are now.

        By id.
        """
        rows = await self._database.rows(
            """
            SELECT d.* FROM json_each(:ids) j JOIN delivery d ON d.id = j.value
            JOIN subscriber s ON s.id = d.subscriber_id
            WHERE d.state = 'sent' AND d.message_id IS NOT NULL AND d.ended >= :since
                  AND s.state = 'active'
            ORDER BY d.id
            """,
            {"ids": json_list(ids), "since": to_epoch(since)},
        )
        return await self._with_readers(rows)

    async def _with_readers(self, found: Sequence[Row]) -> list[tuple[Delivery, Subscriber]]:
        if not found:
            return []
        readers = {
            row["id"]: subscriber_of(row)
            for row in await self._database.rows(
                "SELECT * FROM subscriber WHERE id IN (SELECT value FROM json_each(:ids))",
                {"ids": json_list({row["subscriber_id"] for row in found})},
            )
        }
        # A reader who has gone between the two readings has no message to edit.
        return [
            (delivery_of(row), readers[row["subscriber_id"]])
            for row in found
            if row["subscriber_id"] in readers
        ]

    async def advance_correction(self, correction_id: int, cursor: int, done: bool) -> None:
        """Note up to which delivery the messages are edited, and whether those were the last.

        The correction stays open for what was in flight and has come to its end only now.
        """
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE correction SET cursor = :cursor, done = :done AND NOT EXISTS (
                    SELECT 1 FROM delivery d
                    WHERE d.state = 'claimed' AND d.article_id = correction.article_id
                          AND d.id > :cursor AND d.id <= correction.in_flight
                    UNION ALL
                    SELECT 1 FROM article a
                    JOIN push p ON p.story_id = a.story_id AND p.article_id = a.id
                    JOIN delivery d ON d.push_id = p.id
                    JOIN subscriber s ON s.id = d.subscriber_id
                    WHERE a.id = correction.article_id
                          AND d.id > :cursor AND d.id <= correction.in_flight
                          AND d.state = 'sent' AND d.message_id IS NOT NULL
                          AND d.ended >= correction.created AND s.state = 'active')
                WHERE id = :id AND done = 0
                """,
                {"id": correction_id, "cursor": cursor, "done": int(done)},
            )
