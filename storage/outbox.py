"""What the sender asks of the outbox: claims by lane, acknowledgements, the ledger, flood waits.

    deliveries owed ──claim──▶ claimed ──acknowledge──▶ sent, deferred, …

The acknowledgements that came back and the next claim are one transaction. After a crash every
claimed delivery is owed again, or, where the operator prefers that, counts as sent: Telegram has
no idempotency key. A claim carries all that decides whether the delivery is still wanted.
"""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

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
from storage.editions import AWAITS_APPROVAL
from storage.models import (
    Alerts,
    Claim,
    ClaimBatch,
    Delivery,
    DeliveryKind,
    DeliveryState,
    EditionMode,
    Layout,
    Outcome,
    View,
)
from storage.owing import AT_ONCE, MUTED, OWE_MERGED, URGED
from storage.subscribers import migrate_chat, subscriber_of

ALL_CHATS = 0

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_LATE = timedelta(minutes=5)
"""A push that is late by so much is merged with whatever else its reader is owed."""

_MOST_ALONG = 2000

_DRAFT_FOR = timedelta(hours=6)  # then it is news no more

# The lanes in their order, each with the part of the claims that is its own, whatever waits
# before it: every n-th.
_LANES = (
    ("kind = 'push'", "kind = 'digest' AND slot_id = 0"),  # a merged message was to come at once
    ("kind = 'digest' AND slot_id <> 0",),
    ("kind = 'broadcast'",),
)
_DIGESTS_TURN = 10
_BROADCASTS_TURN = 20
_DUE = " UNION ALL ".join(
    f"""
    SELECT {lane} AS lane, id, due FROM (
        SELECT id, due FROM delivery WHERE state = 'owed' AND {which} AND due <= :now
        ORDER BY due LIMIT :limit)
    """
    for lane, queues in enumerate(_LANES)
    for which in queues
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
        broadcast_id=row["broadcast_id"],
    )


class Outbox:
    """Claiming, acknowledging."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ digests

    async def begin_digest(self, subscriber_id: int, stories: Sequence[int], now: datetime) -> int:
        """Open the ledger's line of a digest asked for by command; `acknowledge` ends it."""
        async with self._database.transaction() as transaction:
            return int(
                await transaction.value(
                    """
                    INSERT INTO delivery (subscriber_id, state, due, expires, scheduled, since,
                                          stories)
                    SELECT id, 'claimed', :now, :now, :now, watermark, :stories
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

    async def only_quiet(self, subscriber_id: int) -> bool:
        """Whether all that is held back from a reader is so for quiet hours, and nothing else."""
        return not await self._database.value(
            """
            SELECT EXISTS (
                SELECT 1 FROM delivery
                WHERE subscriber_id = :id AND state = 'deferred' AND reason IS NOT 'quiet')
            """,
            {"id": subscriber_id},
        )

    # ------------------------------------------------------------ the sender's tick

    async def recover(self, now: datetime, *, resend: bool = True) -> int:
        """At start: settle what was in flight when the process died; returns how many those were.

        It is owed again, or, without `resend`, counts as sent, and what it told as told.
        """
        async with self._database.transaction() as transaction:
            # A digest that was asked for by command is asked for again by its reader.
            await transaction.run(
                """
                UPDATE delivery SET state = 'cancelled', reason = 'interrupted', ended = :now
                WHERE state = 'claimed' AND kind = 'digest' AND slot_id IS NULL
                """,
                {"now": to_epoch(now)},
            )
            if resend:
                return await transaction.run(
                    "UPDATE delivery SET state = 'owed' WHERE state = 'claimed'"
                )
            # Without stories it was not composed yet, so it cannot have been sent.
            await transaction.run(
                """
                UPDATE delivery SET state = 'owed'
                WHERE state = 'claimed' AND kind = 'digest' AND stories IS NULL
                """
            )
            uncertain = await transaction.rows(
                """
                UPDATE delivery SET state = 'sent', reason = 'interrupted', ended = :now
                WHERE state = 'claimed' RETURNING id, stories
                """,
                {"now": to_epoch(now)},
            )
            await transaction.run_many(
                _HELD_BACK_IS_TOLD, [dict(row) for row in uncertain if row["stories"] is not None]
            )
            return len(uncertain)

    async def tick(self, batch: ClaimBatch, *, now: datetime) -> list[Claim]:
        """Acknowledge what came back and claim the next deliveries, in one transaction.

        A late push brings along what else its reader is owed at once, beyond the batch's limit. All
        of it is to be merged and none sent, so what was brought stays owed until it is noted.
        """
        async with self._database.transaction() as transaction:
            await _acknowledge(transaction, batch.outcomes)
            await _note(transaction, batch, now)
            if batch.limit <= 0:
                return []
            due = await transaction.rows(_DUE, {"now": to_epoch(now), "limit": batch.limit})
            lanes = [
                [id_ for _, id_ in sorted((r["due"], r["id"]) for r in due if r["lane"] == lane)]
                for lane in range(len(_LANES))
            ]
            ids = in_turn(lanes, batch.limit, batch.served)
            return await _claims(transaction, ids, now) if ids else []

    async def acknowledge(self, outcomes: Sequence[Outcome]) -> None:
        """Acknowledge without claiming: for a reply to a command, or at the end."""
        async with self._database.transaction() as transaction:
            await _acknowledge(transaction, outcomes)

    async def note_stories(self, delivery_id: int, stories: Sequence[int]) -> None:
        """Say before it is sent what a digest tells, for the case that nobody can say so after."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE delivery SET stories = :stories WHERE id = :id AND state = 'claimed'",
                {"id": delivery_id, "stories": json_list(stories)},
            )

    # ------------------------------------------------------------ the ledger

    async def delivery(self, delivery_id: int) -> Delivery | None:
        """One line of the ledger."""
        row = await self._database.row("SELECT * FROM delivery WHERE id = :id", {"id": delivery_id})
        return None if row is None else delivery_of(row)

    async def by_message(self, subscriber_id: int, message_id: int) -> Delivery | None:
        """What a message in a subscriber's chat delivered, where the ledger still has it."""
        row = await self._database.row(
            """
            SELECT * FROM delivery
            WHERE subscriber_id = :id AND ended IS NOT NULL AND message_id = :message
            """,
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
            await _pause(transaction, [(chat_id, until)])

    async def pauses(self, now: datetime) -> dict[int, datetime]:
        """The flood waits that are not over, by chat."""
        rows = await self._database.rows(
            "SELECT chat_id, until FROM pause WHERE until > :now", {"now": to_epoch(now)}
        )
        return {row["chat_id"]: from_epoch(row["until"]) for row in rows}


def in_turn(lanes: Sequence[Sequence[int]], limit: int, served: int) -> list[int]:
    """The first `limit` of all lanes, a lane before the next, each with its own turns.

    Every tenth place is first of all the second lane's, every twentieth the third's: so nobody
    starves, however few are claimed at once. `served` counts the places given out before.
    """
    heads = [0] * len(lanes)
    taken = []
    for place in range(served, served + limit):
        first = 0
        if place % _BROADCASTS_TURN == _BROADCASTS_TURN // 4:
            first = 2
        elif place % _DIGESTS_TURN == _DIGESTS_TURN - 1:
            first = 1
        lane = next(
            (one for one in (first, *range(len(lanes))) if heads[one] < len(lanes[one])), None
        )
        if lane is None:
            break
        taken.append(lanes[lane][heads[lane]])
        heads[lane] += 1
    return taken


async def _note(transaction: Transaction, batch: ClaimBatch, now: datetime) -> None:
    """What Telegram said of chats and pushes."""
    at = to_epoch(now)
    await transaction.run_many(
        """
        UPDATE subscriber SET state = 'paused', paused_reason = :reason
        WHERE chat_id = :chat AND state = 'active'
        """,
        [{"chat": chat, "reason": reason} for chat, reason in batch.paused],
    )
    await transaction.run_many(
        """
        UPDATE subscriber SET state = 'paused', paused_reason = :reason
        WHERE id = :id AND state = 'active'
        """,
        [{"id": reader, "reason": reason} for reader, reason in batch.silenced],
    )
    await transaction.run_many(
        "UPDATE subscriber SET missed = NULL WHERE chat_id = :chat",
        [{"chat": chat} for chat in batch.found],
    )
    await transaction.run_many(
        """
        UPDATE subscriber SET missed = coalesce(missed, :now),
               paused_reason = CASE WHEN state = 'active' AND missed <= :before THEN :reason
                               ELSE paused_reason END,
               state = CASE WHEN state = 'active' AND missed <= :before THEN 'paused'
                       ELSE state END
        WHERE chat_id = :chat
        """,
        [
            {"chat": chat, "reason": reason, "now": at, "before": to_epoch(now - _DAY)}
            for chat, reason in batch.missed
        ],
    )
    await transaction.run_many(
        "UPDATE push SET plain = 1 WHERE id = :id", [{"id": push} for push in batch.plain]
    )
    for old, new in batch.migrated:
        await migrate_chat(transaction, old, new)
    await _pause(transaction, batch.waits)


async def _pause(transaction: Transaction, waits: Sequence[tuple[int, datetime]]) -> None:
    await transaction.run_many(
        """
        INSERT INTO pause (chat_id, until) VALUES (:chat, :until)
        ON CONFLICT (chat_id) DO UPDATE SET until = max(until, excluded.until)
        """,
        [{"chat": chat, "until": to_epoch(until)} for chat, until in waits],
    )


# What a message with these stories told is held back no more.
_HELD_BACK_IS_TOLD = """
    UPDATE delivery SET state = 'sent', reason = 'digest'
    WHERE state = 'deferred'
          AND subscriber_id = (SELECT subscriber_id FROM delivery WHERE id = :id)
          AND story_id IN (SELECT value FROM json_each(:stories))
"""


async def _acknowledge(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
    """Write how deliveries ended; each statement runs for all that it concerns."""
    if not outcomes:
        return
    await transaction.run_many(
        """
        UPDATE delivery SET state = 'owed', due = :due, reason = :reason,
               attempts = attempts + :tried
        WHERE id = :id
        """,
        [
            {
                "id": outcome.delivery_id,
                "due": maybe_epoch(outcome.due),
                "reason": outcome.reason,
                "tried": int(outcome.tried),
            }
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
    await transaction.run_many(
        """
        UPDATE subscriber SET watermark = max(watermark, :watermark), digests = digests + 1,
               important_offered = max(important_offered, :offered)
        WHERE id = (SELECT subscriber_id FROM delivery WHERE id = :id)
        """,
        [row for row in ended if row["watermark"] is not None],
    )
    await transaction.run_many(
        _HELD_BACK_IS_TOLD, [row for row in ended if row["stories"] is not None]
    )
    await transaction.run_many(
        """
        INSERT INTO draft (subscriber_id, delivery_id, article_id, expires)
        SELECT subscriber_id, id, article_id, :expires FROM delivery WHERE id = :id
        ON CONFLICT (delivery_id) DO NOTHING
        """,
        [
            {"id": outcome.delivery_id, "expires": to_epoch(outcome.at + _DRAFT_FOR)}
            for outcome in outcomes
            if outcome.state is DeliveryState.DEFERRED and outcome.reason == AWAITS_APPROVAL
        ],
    )
    # What is held back comes as one message, unless a digest brings it.
    await transaction.run_many(
        OWE_MERGED.format(reader="(SELECT subscriber_id FROM delivery WHERE id = :id)"),
        [row for row in ended if row["due"] is not None],
    )


def _outcome_parameters(outcome: Outcome) -> dict[str, object]:
    return {
        "id": outcome.delivery_id,
        "state": outcome.state.value,
        "at": to_epoch(outcome.at),
        "due": maybe_epoch(outcome.due),
        "reason": outcome.reason,
        "message": outcome.message_id,
        "layout": outcome.layout.value if outcome.layout else None,
        "language": outcome.language,
        "view": outcome.view.value if outcome.view else None,
        "stories": json_list(outcome.stories) if outcome.stories else None,
        "watermark": outcome.watermark,
        "offered": int(outcome.offered),
    }


# What was held back, and was muted before its digest or merged message came.
_MUTED_MEANWHILE = f"""
    UPDATE delivery SET state = 'cancelled', reason = 'muted' WHERE id IN (
        SELECT h.id FROM delivery d
        CROSS JOIN delivery h ON h.subscriber_id = d.subscriber_id AND h.state = 'deferred'
        JOIN subscriber s ON s.id = h.subscriber_id
        JOIN push p ON p.id = h.push_id
        WHERE d.id IN (SELECT value FROM json_each(:ids)) AND d.kind = 'digest' AND {MUTED})
"""


async def _claims(transaction: Transaction, ids: Sequence[int], now: datetime) -> list[Claim]:
    """Claim these, and what late ones bring along, with all that a recheck needs."""
    epoch = to_epoch(now)
    await transaction.run(_MUTED_MEANWHILE, {"ids": json_list(ids), "now": epoch})
    late = to_epoch(now - _LATE)
    along = await transaction.rows(
        """
        SELECT id FROM delivery WHERE +kind = 'push' AND state = 'owed' AND subscriber_id IN (
            SELECT d.subscriber_id FROM delivery d JOIN push p ON p.id = d.push_id
            JOIN subscriber s ON s.id = d.subscriber_id AND s.kind <> 'channel'
            WHERE d.id IN (SELECT value FROM json_each(:ids)) AND p.created <= :late)
        LIMIT :most
        """,
        {"ids": json_list(ids), "late": late, "most": _MOST_ALONG},
    )
    claimed = json_list({*ids, *(row["id"] for row in along)})
    await transaction.run(
        "UPDATE delivery SET state = 'claimed' WHERE id IN (SELECT value FROM json_each(:ids))",
        {"ids": json_list(ids)},
    )
    rows = await transaction.rows(
        f"""
        SELECT d.*, p.created AS pushed, p.plain, b.text, b.called_off,
            {AT_ONCE} IS NOT NULL AS followed,
            {MUTED} AS muted,
            {URGED} AS urged,
            s.news_language = 'all' OR t.owner IS NOT NULL OR s.news_language = t.language
            AS understood,
            EXISTS (
                SELECT 1 FROM delivery o, json_each(o.stories) j
                WHERE o.subscriber_id = d.subscriber_id AND o.state = 'sent'
                      AND o.ended >= t.stored AND o.kind = 'digest' AND j.value = d.story_id)
            AS told,
            a.state AS article_state, a.revision, a.published,
            CASE s.kind WHEN 'channel' THEN coalesce(e.mode, 'off') END AS edition,
            r.state IS 'approved' AS approved, r.words
        FROM delivery d
        JOIN subscriber s ON s.id = d.subscriber_id
        LEFT JOIN push p ON p.id = d.push_id
        LEFT JOIN story t ON t.id = d.story_id
        LEFT JOIN article a ON a.id = d.article_id
        LEFT JOIN broadcast b ON b.id = d.broadcast_id
        LEFT JOIN edition e ON e.subscriber_id = d.subscriber_id
        LEFT JOIN draft r ON r.delivery_id = d.id
        WHERE d.id IN (SELECT value FROM json_each(:ids))
        ORDER BY d.kind DESC, d.due, d.id
        """,
        {"ids": claimed, "now": epoch},
    )
    readers = {
        row["id"]: subscriber_of(row)
        for row in await transaction.rows(
            "SELECT * FROM subscriber WHERE id IN (SELECT value FROM json_each(:ids))",
            {"ids": json_list({row["subscriber_id"] for row in rows})},
        )
    }
    pushed = [row for row in rows if row["kind"] == "push"]
    digests = await _digests_of(transaction, list(readers))
    capped = [
        one.id
        for one in readers.values()
        if one.hourly is not None or one.daily is not None or one.alerts is Alerts.IMPORTANT
    ]
    sent = await _pushes_sent(transaction, capped, now)
    pushes = Counter(row["subscriber_id"] for row in pushed)
    late_readers = {row["subscriber_id"] for row in pushed if (row["pushed"] or row["due"]) <= late}
    return [
        Claim(
            delivery=delivery_of(row),
            subscriber=readers[reader],
            followed=bool(row["followed"]),
            muted=bool(row["muted"]),
            told=bool(row["told"]),
            live=row["article_state"] not in (None, "gone")
            if row["broadcast_id"] is None
            else row["called_off"] is None,
            revision=row["revision"] or 0,
            sent_hour=sent.get(reader, _NONE_SENT).hour,
            sent_day=sent.get(reader, _NONE_SENT).day,
            next_digest=now
            if row["kind"] == "push" and reader in digests.owed
            else maybe_datetime(digests.slots.get(reader)),
            understood=bool(row["understood"]),
            published=maybe_datetime(row["published"]),
            others=reader in late_readers and (pushes[reader] > 1 or reader in digests.merged),
            plain=bool(row["plain"]),
            text=row["text"] or "",
            urged=bool(row["urged"]),
            urged_day=sent.get(reader, _NONE_SENT).urged,
            edition=EditionMode(row["edition"]) if row["edition"] is not None else None,
            approved=bool(row["approved"]),
            words=row["words"] or "",
        )
        for row in rows
        for reader in (row["subscriber_id"],)
    ]


class _DigestsOf(NamedTuple):
    """Of readers: when their next slot is due, who is owed a digest, who a merged message."""

    slots: dict[int, int]
    owed: set[int]
    merged: set[int]


async def _digests_of(transaction: Transaction, readers: Sequence[int]) -> _DigestsOf:
    rows = await transaction.rows(
        """
        SELECT subscriber_id, min(due) AS due, NULL AS slot_id FROM slot
        WHERE subscriber_id IN (SELECT value FROM json_each(:readers)) GROUP BY subscriber_id
        UNION ALL
        SELECT subscriber_id, NULL, slot_id FROM delivery
        WHERE subscriber_id IN (SELECT value FROM json_each(:readers))
              AND kind = 'digest' AND state IN ('owed', 'claimed') AND slot_id IS NOT NULL
        """,
        {"readers": json_list(readers)},
    )
    return _DigestsOf(
        slots={row["subscriber_id"]: row["due"] for row in rows if row["slot_id"] is None},
        owed={row["subscriber_id"] for row in rows if row["slot_id"]},
        merged={row["subscriber_id"] for row in rows if row["slot_id"] == 0},
    )


class _Sent(NamedTuple):
    """How many pushes a reader was sent in the last hour and day, and important ones that day."""

    hour: int
    day: int
    urged: int


_NONE_SENT = _Sent(0, 0, 0)


async def _pushes_sent(
    transaction: Transaction, readers: Sequence[int], now: datetime
) -> dict[int, _Sent]:
    if not readers:
        return {}
    rows = await transaction.rows(
        """
        SELECT subscriber_id, sum(ended > :hour) AS hour, count(*) AS day,
               sum(p.kind = 'important') AS urged
        FROM delivery LEFT JOIN push p ON p.id = push_id
        WHERE subscriber_id IN (SELECT value FROM json_each(:readers)) AND ended > :day
              AND delivery.kind = 'push' AND state = 'sent'
              AND (reason IS NULL OR reason <> 'digest')
        GROUP BY subscriber_id
        """,
        {
            "readers": json_list(readers),
            "hour": to_epoch(now - _HOUR),
            "day": to_epoch(now - _DAY),
        },
    )
    return {row["subscriber_id"]: _Sent(row["hour"], row["day"], row["urged"] or 0) for row in rows}
