"""What is owed to whom: pushes, deliveries, pauses. The rows are the ledger.

    push ──expand in chunks──▶ deliveries owed ──claim──▶ claimed ──acknowledge──▶ sent, …
    slots due ──owe_digests──▶

A chunk's deliveries and the push's cursor move in one transaction, and so do the
acknowledgements that came back and the next claim. After a crash every claimed delivery is owed
again: Telegram has no idempotency key, so what was in flight may come twice and is never lost.
A story is told once to a subscriber: the index on (subscriber, story) refuses a second push, and
a claim says whether a digest told it.
"""

import json
from collections.abc import Mapping, Sequence
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
    DigestOwed,
    FollowKind,
    Layout,
    Outcome,
    Push,
    Slot,
    Subscriber,
    View,
)
from storage.subscribers import migrate_chat, subscriber_of

# How push p comes at once to subscriber s: 1 with sound, 0 without, NULL not at all. Words and
# stories decide for themselves; a topic or source that is off silences the rest; "everything"
# speaks only where no topic or source does.
_AT_ONCE = """
    (
        SELECT max(f.level = 'sound') FROM json_each(p.keys) k
        JOIN subscription f ON f.subscriber_id = s.id
             AND f.kind = k.value ->> 0 AND f.key = k.value ->> 1
        WHERE (f.level IN ('now', 'sound')
               OR f.level = 'digest'
                  AND (s.alerts = 'on' OR s.alerts = 'important' AND p.kind = 'important'))
          AND (f.kind IN ('words', 'story') OR NOT EXISTS (
               SELECT 1 FROM json_each(p.keys) x
               JOIN subscription o ON o.subscriber_id = s.id
                    AND o.kind = x.value ->> 0 AND o.key = x.value ->> 1
               WHERE o.kind IN ('topic', 'source')
                     AND (o.level = 'off' OR f.kind = 'everything'))))
"""

_MUTED = """
    EXISTS (
        SELECT 1 FROM json_each(p.keys) k
        JOIN mute m ON m.subscriber_id = s.id
             AND m.kind = k.value ->> 0 AND m.key = k.value ->> 1
        WHERE m.expires IS NULL OR m.expires > :now)
"""

_OWE_MERGED = """
    INSERT INTO delivery (subscriber_id, kind, state, due, expires, slot_id, scheduled, since,
                          sound)
    SELECT id, 'digest', 'owed', :due, :due + 86400, 0, :due, 0, 0
    FROM subscriber WHERE id = {reader}
    ON CONFLICT (subscriber_id, slot_id, scheduled) WHERE kind = 'digest' DO NOTHING
"""

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
ALL_CHATS = 0


def _push(row: Row) -> Push:
    keys = row["keys"]
    return Push(
        id=row["id"],
        story_id=row["story_id"],
        article_id=row["article_id"],
        created=from_epoch(row["created"]),
        expires=from_epoch(row["expires"]),
        cursor=row["cursor"],
        keys=None
        if keys is None
        else tuple((FollowKind(kind), key) for kind, key in json.loads(keys)),
    )


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
    """Owing, claiming, acknowledging."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ pushes

    async def open_pushes(self) -> list[Push]:
        """The pushes that are not expanded to their end, the oldest first."""
        rows = await self._database.rows("SELECT * FROM push WHERE done = 0 ORDER BY id")
        return [_push(row) for row in rows]

    async def word_keys(self, words: Sequence[str]) -> list[str]:
        """The phrases that somebody follows or mutes and whose first word is one of these."""
        rows = await self._database.rows(
            """
            SELECT s.key FROM json_each(:words) w CROSS JOIN subscription s
            WHERE s.anchor = w.value AND s.anchor <> ''
            UNION
            SELECT m.key FROM json_each(:words) w CROSS JOIN mute m
            WHERE m.anchor = w.value AND m.anchor <> ''
            """,
            {"words": json_list(words)},
        )
        return [row["key"] for row in rows]

    async def match_push(self, push_id: int, keys: Sequence[tuple[FollowKind, str]]) -> None:
        """Note the follows (and mutes) that a push meets: its audience is found by them."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE push SET keys = :keys WHERE id = :id",
                {"id": push_id, "keys": json.dumps([[kind.value, key] for kind, key in keys])},
            )

    async def expand(self, push: Push, *, now: datetime, chunk: int = 2000) -> tuple[int, bool]:
        """Owe a push to its next readers: (how many were added, whether it is at its end).

        Looks at no more than `chunk` readers of each follow, in the order of their ids, and goes
        only as far as all those lists reach, so that no reader is passed over. A story of a
        subscriber's own source is owed to that one alone, whatever its language.
        """
        if push.keys is None:
            raise ValueError(f"push {push.id} is not matched yet")
        async with self._database.transaction() as transaction:
            readers: set[int] = set()
            reach: int | None = None
            for kind, key in push.keys:
                followers = await transaction.rows(
                    """
                    SELECT subscriber_id FROM subscription
                    WHERE kind = :kind AND key = :key AND subscriber_id > :cursor
                          AND level <> 'off'
                    ORDER BY subscriber_id LIMIT :chunk
                    """,
                    {"kind": kind.value, "key": key, "cursor": push.cursor, "chunk": chunk},
                )
                readers.update(row["subscriber_id"] for row in followers)
                if len(followers) == chunk:
                    last = followers[-1]["subscriber_id"]
                    reach = last if reach is None else min(reach, last)
            reached = sorted(reader for reader in readers if reach is None or reader <= reach)
            added = await transaction.run(
                f"""
                INSERT INTO delivery (subscriber_id, kind, state, due, expires, push_id, story_id,
                                      article_id, sound)
                WITH audience AS MATERIALIZED (
                    SELECT s.id AS reader, p.expires, p.id, p.story_id, p.article_id,
                           {_AT_ONCE} AS sound
                    FROM json_each(:readers) r
                    JOIN subscriber s ON s.id = r.value
                    JOIN push p ON p.id = :push
                    JOIN story st ON st.id = p.story_id
                    WHERE s.state = 'active' AND s.watermark < p.article_id
                          AND (st.owner = s.id OR
                               st.owner IS NULL AND s.news_language IN ('all', st.language))
                          AND NOT {_MUTED})
                SELECT reader, 'push', 'owed', :now, expires, id, story_id, article_id, sound
                FROM audience WHERE sound IS NOT NULL ORDER BY reader
                ON CONFLICT (subscriber_id, story_id) WHERE kind = 'push' DO NOTHING
                """,
                {"now": to_epoch(now), "push": push.id, "readers": json_list(reached)},
            )
            await transaction.run(
                "UPDATE push SET cursor = :cursor, done = :done WHERE id = :id",
                {
                    "id": push.id,
                    "cursor": push.cursor if reach is None else reach,
                    "done": int(reach is None),
                },
            )
        return added, reach is None

    # ------------------------------------------------------------ digests

    async def slots_due(self, now: datetime, limit: int = 2000) -> list[tuple[Slot, Subscriber]]:
        """The digest times that have come, whether or not their reader is active."""
        rows = await self._database.rows(
            """
            SELECT d.id AS slot_id, d.minute, d.weekdays, d.silent AS slot_silent, d.due, d.fired,
                   s.*
            FROM slot d JOIN subscriber s ON s.id = d.subscriber_id
            WHERE d.due <= :now ORDER BY d.due LIMIT :limit
            """,
            {"now": to_epoch(now), "limit": limit},
        )
        return [
            (
                Slot(
                    id=row["slot_id"],
                    subscriber_id=row["id"],
                    minute=row["minute"],
                    weekdays=row["weekdays"],
                    silent=bool(row["slot_silent"]),
                    due=from_epoch(row["due"]),
                    fired=maybe_datetime(row["fired"]),
                ),
                subscriber_of(row),
            )
            for row in rows
        ]

    async def owe_digests(self, owed: Sequence[DigestOwed]) -> int:
        """Owe digests and move their slots on, in one transaction; returns how many were owed.

        A slot that was changed or fired meanwhile (`scheduled` is no longer its due time) is
        left alone.
        """
        # Two statements for all: row by row, a chunk would hold the writer ten times longer.
        items = json_list(
            {
                "slot": item.slot_id,
                "subscriber": item.subscriber_id,
                "scheduled": to_epoch(item.scheduled),
                "next": to_epoch(item.next_due),
                "expires": to_epoch(item.expires),
                "sound": int(item.sound),
                "wanted": int(item.wanted),
            }
            for item in owed
        )
        async with self._database.transaction() as transaction:
            moved = await transaction.rows(
                """
                UPDATE slot SET due = j.value ->> 'next',
                       fired = CASE WHEN j.value ->> 'wanted' THEN slot.due ELSE fired END
                FROM json_each(:items) j
                WHERE slot.id = j.value ->> 'slot' AND slot.due = j.value ->> 'scheduled'
                RETURNING id
                """,
                {"items": items},
            )
            return await transaction.run(
                """
                INSERT INTO delivery (subscriber_id, kind, state, due, expires, slot_id, scheduled,
                                      since, sound)
                SELECT s.id, 'digest', 'owed', j.value ->> 'scheduled', j.value ->> 'expires',
                       j.value ->> 'slot', j.value ->> 'scheduled', s.watermark, j.value ->> 'sound'
                FROM json_each(:items) j
                JOIN subscriber s ON s.id = j.value ->> 'subscriber'
                WHERE j.value ->> 'wanted'
                      AND j.value ->> 'slot' IN (SELECT value FROM json_each(:moved))
                ON CONFLICT (subscriber_id, slot_id, scheduled) WHERE kind = 'digest' DO NOTHING
                """,
                {"items": items, "moved": json_list(row["id"] for row in moved)},
            )

    async def unmerged(self, now: datetime, since: datetime) -> list[Subscriber]:
        """Readers without digests to whom something held back is owed by nothing.

        They came back after a block, took their digests off, or a merged message failed them (that
        is tried again after an hour). Articles published before `since` are no news any more.
        """
        rows = await self._database.rows(
            """
            SELECT s.* FROM (SELECT DISTINCT subscriber_id FROM delivery WHERE state = 'deferred') h
            JOIN subscriber s ON s.id = h.subscriber_id
            WHERE s.state = 'active'
                  AND NOT EXISTS (SELECT 1 FROM slot WHERE subscriber_id = s.id)
                  AND NOT EXISTS (
                      SELECT 1 FROM delivery o
                      WHERE o.subscriber_id = s.id AND o.kind = 'digest' AND o.slot_id = 0
                            AND (o.state IN ('owed', 'claimed') OR o.ended > :hour))
                  AND EXISTS (
                      SELECT 1 FROM delivery d
                      JOIN article a ON a.story_id = d.story_id AND a.leads = 1
                      WHERE d.subscriber_id = s.id AND d.state = 'deferred'
                            AND a.published >= :since)
            """,
            {"hour": to_epoch(now - _HOUR), "since": to_epoch(since)},
        )
        return [subscriber_of(row) for row in rows]

    async def owe_merged(self, dues: Mapping[int, datetime]) -> int:
        """Owe readers (by id) one message of all that is held back from them; returns how many."""
        async with self._database.transaction() as transaction:
            return await transaction.run_many(
                _OWE_MERGED.format(reader=":reader"),
                [{"reader": reader, "due": to_epoch(due)} for reader, due in dues.items()],
            )

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
        _OWE_MERGED.format(reader="(SELECT subscriber_id FROM delivery WHERE id = :id)"),
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
            {_AT_ONCE} IS NOT NULL AS followed,
            {_MUTED} AS muted,
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
