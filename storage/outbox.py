"""What is owed goes out: claims, acknowledgements, the ledger, pauses.

    deliveries owed ──claim──▶ claimed ──acknowledge──▶ sent, deferred, …

The acknowledgements that came back and the next claim are one transaction. After a crash every
claimed delivery is owed again: Telegram has no idempotency key, so what was in flight may come
twice and is never lost. The rows are the ledger: a claim says whether a digest told its story.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.database import (
    Database,
    Row,
    Transaction,
    from_epoch,
    json_list,
    maybe_datetime,
    maybe_epoch,
    to_epoch,
)
from storage.models import (
    Claim,
    ClaimBatch,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Layout,
    Outcome,
    View,
)
from storage.owing import AT_ONCE, MUTED, OWE_MERGED
from storage.subscribers import migrate_chat, subscriber_of

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
ALL_CHATS = 0


def delivery_of(row: Row) -> Delivery:
    """A row of `delivery` as a record."""
    return Delivery(
        id=row["id"],
        subscriber_id=row["subscriber_id"],
        kind=DeliveryKind(row["kind"]),
        state=DeliveryState(row["state"]),
        due=from_epoch(row["due"]),
        expires=from_epoch(row["expires"]),
        attempts=row["attempts"],
        push_id=row["push_id"],
        story_id=row["story_id"],
        article_id=row["article_id"],
        slot_id=row["slot_id"],
        scheduled=maybe_datetime(row["scheduled"]),
        since=row["since"],
        sound=bool(row["sound"]),
        message_id=row["message_id"],
        stories=tuple(json.loads(row["stories"])) if row["stories"] else (),
        parts=tuple(json.loads(row["parts"])) if row["parts"] else (),
        view=View(row["view"]) if row["view"] else None,
        reason=row["reason"],
        layout=Layout(row["layout"]) if row["layout"] else None,
        language=row["language"],
    )


class Outbox:
    """Claiming, acknowledging, looking up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ digests

    async def begin_digest(self, subscriber_id: int, stories: Sequence[int], now: datetime) -> int:
        """Open the ledger's line of a digest asked for by command; `acknowledge` ends it."""
        async with self._database.transaction() as transaction:
            return int(
                await transaction.value(
                    """
                    INSERT INTO delivery (subscriber_id, kind, state, due, expires, scheduled,
                                          since, stories)
                    SELECT id, 'digest', 'claimed', :now, :now, :now, watermark, :stories
                    FROM subscriber WHERE id = :id
                    RETURNING id
                    """,
                    {
                        "id": subscriber_id,
                        "now": to_epoch(now),
                        "stories": json.dumps(list(stories)),
                    },
                )
            )

    async def told_or_owed(self, subscriber_id: int, stories: Sequence[int]) -> set[int]:
        """Of these stories those that this reader was told, or that a push will tell."""
        rows = await self._database.rows(
            """
            SELECT d.story_id FROM json_each(:stories) j
            JOIN delivery d ON d.subscriber_id = :id AND d.story_id = j.value AND d.kind = 'push'
            WHERE d.state IN ('owed', 'claimed', 'sent')
            UNION
            SELECT t.value FROM delivery d, json_each(d.stories) t
            WHERE d.subscriber_id = :id AND d.state = 'sent' AND d.kind = 'digest'
                  AND d.ended >= (SELECT min(s.stored) FROM json_each(:stories) j
                                  JOIN story s ON s.id = j.value)
                  AND t.value IN (SELECT value FROM json_each(:stories))
            """,
            {"id": subscriber_id, "stories": json_list(stories)},
        )
        return {row["story_id"] for row in rows}

    async def deferred(self, subscriber_id: int) -> list[int]:
        """The stories that quiet hours, caps or lateness held back, in their order."""
        rows = await self._database.rows(
            """
            SELECT story_id FROM delivery
            WHERE subscriber_id = :id AND state = 'deferred' ORDER BY id
            """,
            {"id": subscriber_id},
        )
        return [row["story_id"] for row in rows]

    # ------------------------------------------------------------ the sender's tick

    async def recover(self, now: datetime) -> int:
        """At start: what was in flight when the process died is owed again; returns how many."""
        async with self._database.transaction() as transaction:
            # A digest that was asked for by command is asked for again by its reader.
            await transaction.run(
                """
                UPDATE delivery SET state = 'cancelled', reason = 'interrupted', ended = :now
                WHERE state = 'claimed' AND kind = 'digest' AND slot_id IS NULL
                """,
                {"now": to_epoch(now)},
            )
            return await transaction.run(
                "UPDATE delivery SET state = 'owed' WHERE state = 'claimed'"
            )

    async def tick(self, batch: ClaimBatch, *, now: datetime) -> list[Claim]:
        """Acknowledge what came back and claim the next deliveries, in one transaction."""
        async with self._database.transaction() as transaction:
            await _acknowledge(transaction, batch.outcomes)
            for chat_id, reason in batch.paused:
                await transaction.run(
                    """
                    UPDATE subscriber SET state = 'paused', paused_reason = :reason
                    WHERE chat_id = :chat AND state = 'active'
                    """,
                    {"chat": chat_id, "reason": reason},
                )
            for old, new in batch.migrated:
                await migrate_chat(transaction, old, new)
            if batch.limit <= 0:
                return []
            rows = await transaction.rows(
                """
                UPDATE delivery SET state = 'claimed' WHERE id IN (
                    SELECT id FROM delivery WHERE state = 'owed' AND due <= :now
                    ORDER BY kind DESC, due LIMIT :limit)
                RETURNING id
                """,
                {"now": to_epoch(now), "limit": batch.limit},
            )
            return await _claims(transaction, [row["id"] for row in rows], now)

    async def acknowledge(self, outcomes: Sequence[Outcome]) -> None:
        """Acknowledge without claiming: for a reply to a command, or at the end."""
        async with self._database.transaction() as transaction:
            await _acknowledge(transaction, outcomes)

    # ------------------------------------------------------------ the ledger

    async def delivery(self, delivery_id: int) -> Delivery | None:
        """One line of the ledger."""
        row = await self._database.row("SELECT * FROM delivery WHERE id = :id", {"id": delivery_id})
        return None if row is None else delivery_of(row)

    async def by_message(self, subscriber_id: int, message_id: int) -> Delivery | None:
        """What a message in a subscriber's chat delivered, where the ledger still has it."""
        row = await self._database.row(
            "SELECT * FROM delivery WHERE subscriber_id = :id AND message_id = :message",
            {"id": subscriber_id, "message": message_id},
        )
        return None if row is None else delivery_of(row)

    async def show(self, delivery_id: int, view: View, parts: Sequence[int]) -> None:
        """Note what a message shows now, and the ids of the text parts below it."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE delivery SET view = :view, parts = :parts WHERE id = :id",
                {"id": delivery_id, "view": view.value, "parts": json.dumps(list(parts))},
            )

    # ------------------------------------------------------------ pauses

    async def pause(self, chat_id: int, until: datetime) -> None:
        """Remember a flood wait of a chat, or of all (`ALL_CHATS`), across restarts."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                INSERT INTO pause (chat_id, until) VALUES (:chat, :until)
                ON CONFLICT (chat_id) DO UPDATE SET until = max(until, excluded.until)
                """,
                {"chat": chat_id, "until": to_epoch(until)},
            )

    async def pauses(self, now: datetime) -> dict[int, datetime]:
        """The flood waits that are not over, by chat."""
        rows = await self._database.rows(
            "SELECT chat_id, until FROM pause WHERE until > :now", {"now": to_epoch(now)}
        )
        return {row["chat_id"]: from_epoch(row["until"]) for row in rows}


async def _acknowledge(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
    """Write how deliveries ended; each statement runs for all that it concerns."""
    await transaction.run_many(
        """
        UPDATE delivery SET state = 'owed', due = :due, reason = :reason,
               attempts = attempts + :tried
        WHERE id = :id
        """,
        [
            _outcome_parameters(outcome)
            for outcome in outcomes
            if outcome.state is DeliveryState.OWED
        ],
    )
    ended = [
        _outcome_parameters(outcome)
        for outcome in outcomes
        if outcome.state is not DeliveryState.OWED
    ]
    await transaction.run_many(
        """
        UPDATE delivery SET state = :state, ended = :at, reason = :reason, message_id = :message,
               layout = :layout, language = :language, view = :view,
               stories = coalesce(:stories, stories)
        WHERE id = :id
        """,
        ended,
    )
    # A reader without digests gets what was held back as one message.
    await transaction.run_many(
        OWE_MERGED.format(reader="(SELECT subscriber_id FROM delivery WHERE id = :id)"),
        [row for row in ended if row["due"] is not None],
    )
    await transaction.run_many(
        """
        UPDATE subscriber SET watermark = max(watermark, :watermark)
        WHERE id = (SELECT subscriber_id FROM delivery WHERE id = :id)
        """,
        [row for row in ended if row["watermark"] is not None],
    )
    await transaction.run_many(
        """
        UPDATE delivery SET state = 'sent', reason = 'digest'
        WHERE state = 'deferred'
              AND subscriber_id = (SELECT subscriber_id FROM delivery WHERE id = :id)
              AND story_id IN (SELECT value FROM json_each(:stories))
        """,
        [row for row in ended if row["stories"] is not None],
    )


def _outcome_parameters(outcome: Outcome) -> dict[str, object]:
    return {
        "id": outcome.delivery_id,
        "state": outcome.state.value,
        "at": to_epoch(outcome.at),
        "due": maybe_epoch(outcome.due),
        "tried": int(outcome.tried),
        "reason": outcome.reason,
        "message": outcome.message_id,
        "layout": outcome.layout.value if outcome.layout else None,
        "language": outcome.language,
        "view": outcome.view.value if outcome.view else None,
        "stories": json_list(outcome.stories) if outcome.stories else None,
        "watermark": outcome.watermark,
    }


async def _claims(transaction: Transaction, ids: Sequence[int], now: datetime) -> list[Claim]:
    """The claimed deliveries with all that a recheck needs."""
    # The plus signs keep SQLite from counting by the index on message ids, day or no day.
    rows = await transaction.rows(
        f"""
        SELECT d.*,
            {AT_ONCE} IS NOT NULL AS followed,
            {MUTED} AS muted,
            EXISTS (
                SELECT 1 FROM delivery o, json_each(o.stories) j
                WHERE o.subscriber_id = d.subscriber_id AND o.state = 'sent'
                      AND o.ended >= (SELECT stored FROM story WHERE id = d.story_id)
                      AND o.kind = 'digest' AND j.value = d.story_id)
            AS told,
            EXISTS (SELECT 1 FROM article a WHERE a.id = d.article_id AND a.state <> 'gone')
            AS live,
            coalesce((SELECT revision FROM article WHERE id = d.article_id), 0) AS revision,
            (SELECT count(*) FROM delivery o
             WHERE o.subscriber_id = d.subscriber_id AND o.state = 'sent' AND o.ended > :hour
                   AND o.kind = 'push' AND +o.message_id IS NOT NULL) AS sent_hour,
            (SELECT count(*) FROM delivery o
             WHERE o.subscriber_id = d.subscriber_id AND o.state = 'sent' AND o.ended > :day
                   AND o.kind = 'push' AND +o.message_id IS NOT NULL) AS sent_day,
            (SELECT min(due) FROM slot WHERE subscriber_id = d.subscriber_id) AS next_digest
        FROM delivery d
        JOIN subscriber s ON s.id = d.subscriber_id
        LEFT JOIN push p ON p.id = d.push_id
        WHERE d.id IN (SELECT value FROM json_each(:ids))
        ORDER BY d.kind DESC, d.due, d.id
        """,
        {
            "ids": json_list(ids),
            "now": to_epoch(now),
            "hour": to_epoch(now - _HOUR),
            "day": to_epoch(now - _DAY),
        },
    )
    readers = {
        row["id"]: subscriber_of(row)
        for row in await transaction.rows(
            """
            SELECT * FROM subscriber WHERE id IN (
                SELECT subscriber_id FROM delivery
                WHERE id IN (SELECT value FROM json_each(:ids)))
            """,
            {"ids": json_list(ids)},
        )
    }
    return [
        Claim(
            delivery=delivery_of(row),
            subscriber=readers[row["subscriber_id"]],
            followed=bool(row["followed"]),
            muted=bool(row["muted"]),
            told=bool(row["told"]),
            live=bool(row["live"]),
            revision=row["revision"],
            sent_hour=row["sent_hour"],
            sent_day=row["sent_day"],
            next_digest=maybe_datetime(row["next_digest"]),
        )
        for row in rows
    ]
