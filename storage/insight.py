"""How delivery is doing, read from the ledger: what is owed, what ended how, how late news came.

Nothing is written. What a running bot asks for at any time (`depths`, `lag`) costs milliseconds
however much is owed: counts stop at a bound, and lateness is judged by a sample spread evenly over
the ledger's ids. `ended`, `readers` and a broadcast's progress read all of what they count, so they
are asked for seldom: by the operator, or at a calm pace.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import quantiles

from storage.database import Database, Row, from_epoch, maybe_datetime, to_epoch
from storage.errors import NotFoundError
from storage.models import (
    BroadcastProgress,
    DeliveryState,
    Depth,
    Ended,
    Lag,
    PushLag,
    SubscriberState,
)

MOST_COUNTED = 100_000
"""A queue's rows are counted up to here."""

_SAMPLE = 1000
_ENOUGH = 100
_PUSHES = 5
_READERS_AT_ONCE = 20_000
_DAY = timedelta(days=1)
_TENTHS = 10

# The queues, in the order in which they go out, and how each is found by an index of its own: one
# by `due`, which is asked for even where all are counted, so that SQLite takes no other.
_QUEUES = {
    "push": "kind = 'push'",
    "merged": "kind = 'digest' AND slot_id = 0",
    "digest": "kind = 'digest'",  # the merged ones among them: they are taken off
    "broadcast": "kind = 'broadcast'",
}
_DEPTHS = " UNION ALL ".join(
    f"""
    SELECT '{queue}' AS queue,
           (SELECT count(*) FROM (
                SELECT 1 FROM delivery WHERE state = 'owed' AND {which} AND due >= 0
                LIMIT :most)) AS owed,
           (SELECT count(*) FROM (
                SELECT 1 FROM delivery WHERE state = 'owed' AND {which} AND due <= :now
                LIMIT :most)) AS due,
           (SELECT min(due) FROM delivery WHERE state = 'owed' AND {which}) AS oldest
    """
    for queue, which in _QUEUES.items()
)

# What told readers at once. A story that a digest brought keeps the time when it was held back.
_TOLD = "d.kind = 'push' AND d.state = 'sent' AND d.ended > :since AND d.reason IS NOT 'digest'"


class Insight:
    """Figures of the delivery; nothing here writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ asked for while the bot runs

    async def depths(self, now: datetime, *, most: int = MOST_COUNTED) -> list[Depth]:
        """What each queue of the outbox holds; counts stop at `most`."""
        rows = await self._database.rows(_DEPTHS, {"now": to_epoch(now), "most": most})
        merged = next(row for row in rows if row["queue"] == "merged")
        return [_depth(row, merged if row["queue"] == "digest" else None, most) for row in rows]

    async def in_flight(self) -> int:
        """Deliveries claimed and not acknowledged."""
        return int(
            await self._database.value("SELECT count(*) FROM delivery WHERE state = 'claimed'")
        )

    async def open_corrections(self) -> int:
        """Corrections whose messages are not all edited."""
        return int(await self._database.value("SELECT count(*) FROM correction WHERE done = 0"))

    async def lag(self, now: datetime) -> Lag | None:
        """How late the last day's alerts came; None where there were none.

        By a sample of the ledger, of even steps of its ids, so that each alert counts alike.
        """
        since = to_epoch(now - _DAY)
        bounds = await self._database.row(
            """
            SELECT (SELECT min(d.id) FROM push p JOIN delivery d ON d.id = (
                        SELECT min(id) FROM delivery
                        WHERE push_id = p.id AND message_id IS NOT NULL)
                    WHERE p.created > :since) AS first,
                   (SELECT max(id) FROM delivery) AS last
            """,
            # A push lives for hours: one of before may have been sent since.
            {"since": since - int(_DAY.total_seconds())},
        )
        if bounds is None or bounds["first"] is None:
            return None
        rows = await self._database.rows(
            f"""
            WITH RECURSIVE point (id) AS (
                SELECT :first UNION ALL SELECT id + :step FROM point WHERE id + :step <= :last)
            SELECT d.ended - a.published AS published, d.ended - a.stored AS stored
            FROM point JOIN delivery d ON d.id = point.id
            JOIN article a ON a.id = d.article_id
            WHERE {_TOLD}
            """,
            {**_steps(bounds["first"], bounds["last"]), "since": since},
        )
        if len(rows) < _ENOUGH:  # a few alerts among very many digests
            rows = await self._database.rows(
                f"""
                SELECT d.ended - a.published AS published, d.ended - a.stored AS stored
                FROM delivery d JOIN article a ON a.id = d.article_id
                WHERE d.push_id IS NOT NULL AND d.message_id IS NOT NULL AND {_TOLD}
                      AND d.id >= :first
                ORDER BY d.push_id DESC LIMIT :limit
                """,
                {"since": since, "first": bounds["first"], "limit": _SAMPLE},
            )
        return _lag(rows)

    async def push_lags(self, now: datetime, *, pushes: int = _PUSHES) -> list[PushLag]:
        """How late each of the last day's newest pushes came to each tenth of its readers."""
        found = await self._database.rows(
            """
            SELECT p.id, p.article_id, p.created,
                   (SELECT min(id) FROM delivery
                    WHERE push_id = p.id AND message_id IS NOT NULL) AS first,
                   (SELECT max(id) FROM delivery
                    WHERE push_id = p.id AND message_id IS NOT NULL) AS last
            FROM push p WHERE p.created > :since ORDER BY p.id DESC LIMIT :pushes
            """,
            {"since": to_epoch(now - _DAY), "pushes": pushes},
        )
        lags: list[PushLag] = []
        for push in found:
            if push["first"] is None:
                continue
            rows = await self._database.rows(
                f"""
                WITH RECURSIVE point (id) AS (
                    SELECT :first UNION ALL SELECT id + :step FROM point WHERE id + :step <= :last)
                SELECT DISTINCT d.id, d.ended - a.published AS published,
                       d.ended - a.stored AS stored
                FROM point JOIN delivery d ON d.id = (
                    SELECT id FROM delivery
                    WHERE push_id = :push AND message_id IS NOT NULL AND id >= point.id
                    ORDER BY id LIMIT 1)
                JOIN article a ON a.id = d.article_id
                WHERE {_TOLD}
                """,
                {
                    **_steps(push["first"], push["last"]),
                    "push": push["id"],
                    "since": to_epoch(now - _DAY),
                },
            )
            lag = _lag(rows)
            if lag is not None:
                created = from_epoch(push["created"])
                lags.append(PushLag(push["id"], push["article_id"], created, lag))
        return lags

    # ------------------------------------------------------------ asked for beside the bot

    async def readers(self) -> dict[SubscriberState, int]:
        """How many chats there are in each state."""
        rows = await self._database.rows(
            "SELECT state, count(*) AS count FROM subscriber GROUP BY state"
        )
        found = {SubscriberState(row["state"]): row["count"] for row in rows}
        return {state: found.get(state, 0) for state in SubscriberState}

    async def active_readers(self) -> int:
        """How many chats a message to all would be for."""
        return int(
            await self._database.value(
                """
                SELECT count(*) FROM subscriber
                WHERE state = 'active' AND kind <> 'channel' AND thread_id = 0
                """
            )
        )

    async def ended(self, now: datetime) -> list[Ended]:
        """How the deliveries of the last day ended, the most frequent first.

        Of those that failed the reason is Telegram's own words.
        """
        rows = await self._database.rows(
            """
            SELECT kind, state, reason, count(*) AS count FROM delivery
            WHERE ended > :since GROUP BY kind, state, reason ORDER BY count DESC, kind, state
            """,
            {"since": to_epoch(now - _DAY)},
        )
        return [
            Ended(row["kind"], DeliveryState(row["state"]), row["reason"] or "", row["count"])
            for row in rows
        ]

    # ------------------------------------------------------------ broadcasts

    async def broadcasts(self, limit: int = 3) -> list[BroadcastProgress]:
        """The last broadcasts that were sent off, the newest first."""
        rows = await self._database.rows(
            """
            SELECT id FROM broadcast WHERE confirmed IS NOT NULL ORDER BY id DESC LIMIT :limit
            """,
            {"limit": limit},
        )
        return [await self.broadcast(row["id"]) for row in rows]

    async def broadcast(self, broadcast_id: int) -> BroadcastProgress:
        """How far a broadcast is; raises NotFoundError.

        Counted in parts, so that nobody's read waits for a million rows.
        """
        one = await self._database.row(
            "SELECT * FROM broadcast WHERE id = :id", {"id": broadcast_id}
        )
        if one is None:
            raise NotFoundError(f"there is no broadcast {broadcast_id}")
        counts = dict.fromkeys(DeliveryState, 0)
        after = blocked = 0
        while True:
            rows = await self._database.rows(
                """
                SELECT state, count(*) AS count, max(subscriber_id) AS last,
                       sum(state = 'cancelled' AND reason IN (
                           'blocked', 'no rights', 'thread gone', 'chat not found', 'paused'
                       )) AS blocked
                FROM (
                    SELECT state, reason, subscriber_id FROM delivery
                    WHERE broadcast_id = :id AND subscriber_id > :after
                    ORDER BY subscriber_id LIMIT :chunk)
                GROUP BY state
                """,
                {"id": broadcast_id, "after": after, "chunk": _READERS_AT_ONCE},
            )
            if not rows:
                break
            for row in rows:
                counts[DeliveryState(row["state"])] += row["count"]
                blocked += row["blocked"] or 0
                after = max(after, row["last"])
        return _progress(one, counts, blocked)


def _depth(row: Row, merged: Row | None, most: int) -> Depth:
    owed, due, oldest = row["owed"], row["due"], row["oldest"]
    return Depth(
        queue=row["queue"],
        owed=owed if merged is None else max(0, owed - merged["owed"]),
        due=due if merged is None else max(0, due - merged["due"]),
        oldest=maybe_datetime(oldest),
        counted_all=owed < most,
    )


def _steps(first: int, last: int) -> dict[str, int]:
    """Where a sample of rows begins and ends, and how many ids it steps over."""
    return {"first": first, "last": last, "step": max(1, (last - first + 1) // _SAMPLE)}


def _lag(rows: Sequence[Row]) -> Lag | None:
    if not rows:
        return None
    return Lag(
        sample=len(rows),
        from_publication=_deciles([row["published"] for row in rows]),
        from_storing=_deciles([row["stored"] for row in rows]),
    )


def _deciles(seconds: Sequence[int]) -> tuple[float, ...]:
    """The nine cuts between the tenths, and the longest of all."""
    if len(seconds) == 1:
        return (float(seconds[0]),) * _TENTHS
    return (*quantiles(seconds, n=_TENTHS, method="inclusive"), float(max(seconds)))


def _progress(row: Row, counts: dict[DeliveryState, int], blocked: int) -> BroadcastProgress:
    ended = counts[DeliveryState.SENT]
    waiting = counts[DeliveryState.OWED] + counts[DeliveryState.CLAIMED]
    return BroadcastProgress(
        id=row["id"],
        text=row["text"],
        created=from_epoch(row["created"]),
        called_off=row["called_off"] is not None,
        owed_to_all=bool(row["done"]),
        sent=ended,
        waiting=waiting,
        missed=sum(counts.values()) - ended - waiting,
        blocked=blocked,
    )
