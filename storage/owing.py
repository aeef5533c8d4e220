"""What is owed to whom: pushes, digests and broadcasts become deliveries, in chunks.

    push, broadcast ──expand by a cursor──▶ deliveries owed
    slots due ──owe_digests──▶ deliveries owed, slots moved on

A chunk's deliveries and its cursor (or its slots) move in one transaction: a crash anywhere neither
loses a reader nor owes one twice. A story is told once to a subscriber, whatever source told it
first: the ledger's index on both refuses a second push.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from storage.database import (
    Database,
    Row,
    from_epoch,
    json_list,
    maybe_datetime,
    to_epoch,
)
from storage.errors import NotFoundError
from storage.models import (
    Broadcast,
    DigestOwed,
    FollowKind,
    Push,
    Slot,
    SlotDue,
    Subscriber,
    SubscriberState,
)
from storage.subscribers import slot_of, subscriber_of

# How push p comes at once to subscriber s: 1 with sound, 0 without, NULL not at all. Words and
# stories decide for themselves; a topic or source that is off silences the rest; "everything"
# speaks only where no topic or source does. `also` is what brings it besides a follow's own level.
_AT_ONCE = """
    (
        SELECT max(f.level = 'sound') FROM json_each(p.keys) k
        JOIN subscription f ON f.subscriber_id = s.id
             AND f.kind = k.value ->> 0 AND f.key = k.value ->> 1
        WHERE (f.level IN ('now', 'sound'){also})
          AND (f.kind IN ('words', 'story') OR NOT EXISTS (
               SELECT 1 FROM json_each(p.keys) x
               JOIN subscription o ON o.subscriber_id = s.id
                    AND o.kind = x.value ->> 0 AND o.key = x.value ->> 1
               WHERE o.kind IN ('topic', 'source')
                     AND (o.level = 'off' OR f.kind = 'everything'))))
"""

AT_ONCE = _AT_ONCE.format(
    also="""
               OR f.level = 'digest'
                  AND (s.alerts = 'on' OR s.alerts = 'important' AND p.kind = 'important')"""
)

# Whether it is for being important alone that push p comes at once.
URGED = f"""
    CASE WHEN p.kind = 'important' AND s.alerts = 'important'
         THEN {_AT_ONCE.format(also="")} IS NULL ELSE 0 END
"""

MUTED = """
    EXISTS (
        SELECT 1 FROM json_each(p.keys) k
        JOIN mute m ON m.subscriber_id = s.id
             AND m.kind = k.value ->> 0 AND m.key = k.value ->> 1
        WHERE m.expires IS NULL OR m.expires > :now)
"""

# One is enough: where a merged message is owed already, it brings this too. To a reader with
# digests it is owed for two hours; after that the next digest brings what it would have.
OWE_MERGED = """
    INSERT INTO delivery (subscriber_id, state, due, expires, slot_id, scheduled, since,
                          sound)
    SELECT s.id, 'owed', :due,
           :due + CASE WHEN EXISTS (SELECT 1 FROM slot WHERE subscriber_id = s.id)
                  THEN 7200 ELSE 86400 END,
           0, :due, 0, 0
    FROM subscriber s
    WHERE s.id = {reader} AND s.kind <> 'channel' AND NOT EXISTS (
        SELECT 1 FROM delivery o
        WHERE o.subscriber_id = s.id AND o.kind = 'digest' AND o.state IN ('owed', 'claimed')
              AND o.state = 'owed' AND o.slot_id = 0 AND o.due <= :due)
    ON CONFLICT (subscriber_id, slot_id, scheduled) WHERE kind = 'digest' DO NOTHING
"""

# The readers whom some follow brings the push at once. Each follow and audience is one range of
# `subscription_audience`, in the order of readers.
_FOLLOWS = """
    SELECT f.subscriber_id AS reader, f.kind, f.level
    FROM json_each(:keys) k CROSS JOIN json_each(:audiences) u CROSS JOIN subscription f
    WHERE f.kind = k.value ->> 0 AND f.key = k.value ->> 1 AND f.audience = u.value
          AND f.subscriber_id > :cursor AND f.subscriber_id <= :reach
"""

_OWNERS_FOLLOWS = """
    SELECT f.subscriber_id AS reader, f.kind, f.level
    FROM json_each(:keys) k CROSS JOIN subscription f
    WHERE f.subscriber_id = :owner AND f.kind = k.value ->> 0 AND f.key = k.value ->> 1
          AND f.audience IS NOT NULL AND (:important OR f.audience NOT LIKE '!%')
"""

_REACH = """
    SELECT min((
        SELECT f.subscriber_id FROM subscription f
        WHERE f.kind = k.value ->> 0 AND f.key = k.value ->> 1 AND f.audience = u.value
              AND f.subscriber_id > :cursor
        ORDER BY f.subscriber_id LIMIT 1 OFFSET :chunk - 1))
    FROM json_each(:keys) k CROSS JOIN json_each(:audiences) u
"""

# `AT_ONCE` and `MUTED` for many readers: what is the same for all of them is asked once. A post in
# a channel may wait for the end of quiet hours: ten hours more.
_OWE_PUSH = """
    INSERT INTO delivery (subscriber_id, state, due, expires, push_id, story_id, article_id, sound)
    WITH narrow (kind, key) AS MATERIALIZED (
        SELECT value ->> 0, value ->> 1 FROM json_each(:keys)
        WHERE value ->> 0 IN ('topic', 'source')),
    muted (kind, key) AS MATERIALIZED (
        SELECT value ->> 0, value ->> 1 FROM json_each(:keys)
        WHERE EXISTS (SELECT 1 FROM mute m WHERE m.kind = value ->> 0 AND m.key = value ->> 1)),
    audience AS MATERIALIZED (
        SELECT f.reader, max(f.level = 'sound') AS sound FROM ({follows}) f
        WHERE f.kind IN ('words', 'story') OR NOT EXISTS (
            SELECT 1 FROM narrow CROSS JOIN subscription o
            WHERE o.subscriber_id = f.reader AND o.kind = narrow.kind AND o.key = narrow.key
                  AND (o.level = 'off' OR f.kind = 'everything'))
        GROUP BY f.reader)
    SELECT s.id, 'owed', :now,
           p.expires + CASE s.kind WHEN 'channel' THEN 36000 ELSE 0 END,
           p.id, p.story_id, p.article_id, audience.sound
    FROM push p CROSS JOIN audience CROSS JOIN subscriber s
    WHERE p.id = :push AND s.id = audience.reader AND s.watermark < p.article_id
          AND NOT EXISTS (
              SELECT 1 FROM muted CROSS JOIN mute m
              WHERE m.subscriber_id = audience.reader AND m.kind = muted.kind
                    AND m.key = muted.key
                    AND (m.expires IS NULL OR m.expires > :now))
    ORDER BY audience.reader
    ON CONFLICT (story_id, subscriber_id) WHERE story_id IS NOT NULL DO NOTHING
"""

# The phrases with these first words, each met once however many follow or mute it.
_PHRASES = """
    SELECT key FROM (
        WITH RECURSIVE phrase (anchor, key) AS (
            SELECT w.value, (SELECT min(s.key) FROM {table} s
                             WHERE s.anchor = w.value AND s.anchor <> '')
            FROM json_each(:words) w
            UNION ALL
            SELECT phrase.anchor, (
                SELECT min(s.key) FROM {table} s
                WHERE s.anchor = phrase.anchor AND s.anchor <> '' AND s.key > phrase.key)
            FROM phrase WHERE key IS NOT NULL)
        SELECT key FROM phrase WHERE key IS NOT NULL)
"""

_LAST = (1 << 63) - 1

# Others wait while the writer is held; a commit has its price too, a few chunks a second are few.
_HELD_SECONDS = 0.03
_FIRST_CHUNK = 2000
_LEAST_CHUNK = 200
_MOST_CHUNK = 4000
_CALLED_OFF_AT_ONCE = 2000
_FOLDED_AFTER = 5000  # slots moved: some 3 MB of log, folded within some hundredths of a second
_HOUR = timedelta(hours=1)


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


def _keys(keys: Iterable[tuple[FollowKind, str]]) -> str:
    return json_list([kind.value, key] for kind, key in keys)


def _broadcast(row: Row) -> Broadcast:
    return Broadcast(
        id=row["id"],
        text=row["text"],
        author=row["author"],
        created=from_epoch(row["created"]),
        expires=from_epoch(row["expires"]),
        cursor=row["cursor"],
        confirmed=maybe_datetime(row["confirmed"]),
        message_id=row["message_id"],
    )


class _Pace:
    """How many readers a chunk has, by how long the writer was held for the last one."""

    def __init__(self) -> None:
        self.chunk = _FIRST_CHUNK

    def took(self, seconds: float) -> None:
        """The last chunk, commit included, took so long."""
        fits = self.chunk * _HELD_SECONDS / max(seconds, _HELD_SECONDS / 2)
        self.chunk = max(_LEAST_CHUNK, min(_MOST_CHUNK, int(fits)))


class Owing:
    """Finds whom something is owed, and writes it down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pushed = _Pace()
        self._unfolded = 0  # slots moved since

    # ------------------------------------------------------------ pushes

    async def open_pushes(self) -> list[Push]:
        """The pushes that are not expanded to their end, the oldest first."""
        rows = await self._database.rows("SELECT * FROM push WHERE done = 0 ORDER BY id")
        return [_push(row) for row in rows]

    async def word_keys(self, words: Sequence[str]) -> list[str]:
        """The phrases that somebody follows or mutes and whose first word is one of these."""
        rows = await self._database.rows(
            f"{_PHRASES.format(table='subscription')} UNION {_PHRASES.format(table='mute')}",
            {"words": json_list(words)},
        )
        return [row["key"] for row in rows]

    async def match_push(
        self,
        push_id: int,
        keys: Sequence[tuple[FollowKind, str]],
        *,
        content_hash: str | None = None,
    ) -> bool:
        """Note the follows (and mutes) that a push meets: its audience is found by them.

        With `content_hash`, nothing is noted (False) where the article's text is another by now:
        the words of the old one would hide the push from who follows those of the new one.
        """
        async with self._database.transaction() as transaction:
            return bool(
                await transaction.run(
                    """
                    UPDATE push SET keys = :keys
                    WHERE id = :id AND (:content IS NULL OR :content = (
                        SELECT content_hash FROM article WHERE id = push.article_id))
                    """,
                    {"id": push_id, "keys": _keys(keys), "content": content_hash},
                )
            )

    async def waiting(self, subscriber_id: int) -> list[tuple[int, int]]:
        """The pushes that a reader is owed, or that are held back: each (push, article)."""
        rows = await self._database.rows(
            """
            SELECT push_id, article_id FROM delivery
            WHERE subscriber_id = :id AND state = 'owed' AND push_id IS NOT NULL
            UNION ALL
            SELECT push_id, article_id FROM delivery
            WHERE subscriber_id = :id AND state = 'deferred' AND push_id IS NOT NULL
            """,
            {"id": subscriber_id},
        )
        return [(row["push_id"], row["article_id"]) for row in rows]

    async def meet(self, push_ids: Sequence[int], key: tuple[FollowKind, str]) -> None:
        """Note one more follow or mute that pushes meet: nobody had it when they were matched."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE push SET keys = json_insert(keys, '$[#]', json_array(:kind, :key))
                WHERE id IN (SELECT value FROM json_each(:ids)) AND keys IS NOT NULL
                      AND NOT EXISTS (
                          SELECT 1 FROM json_each(push.keys) k
                          WHERE k.value ->> 0 = :kind AND k.value ->> 1 = :key)
                """,
                {"ids": json_list(push_ids), "kind": key[0].value, "key": key[1]},
            )

    async def expand(
        self, push: Push, *, now: datetime, chunk: int | None = None
    ) -> tuple[int, bool]:
        """Owe a push to its next readers, by id: (how many were added, whether it is at its end).

        A chunk ends where any of the follows that the push meets has had so many more readers; as
        a rule so many that the writer is held for some hundredths of a second. A story of a
        subscriber's own source is owed to that one alone, whatever its language. A push that was
        begun anew meanwhile is left alone: it is open still.
        """
        if push.keys is None:
            raise ValueError(f"push {push.id} is not matched yet")
        story = await self._database.row(
            """
            SELECT s.language, s.owner, p.kind = 'important' AS important
            FROM push p JOIN story s ON s.id = p.story_id WHERE p.id = :id
            """,
            {"id": push.id},
        )
        if story is None:
            return 0, True
        audiences = ["all", story["language"]]
        if story["important"]:
            audiences += [f"!{language}" for language in audiences]
        parameters: dict[str, object] = {
            "push": push.id,
            "keys": _keys(push.keys),
            "audiences": json_list(audiences),
            "cursor": push.cursor,
            "now": to_epoch(now),
            "chunk": self._pushed.chunk if chunk is None else chunk,
            "owner": story["owner"],
            "important": story["important"],
        }
        # Where the chunk ends is no promise, so it is looked for without the writer.
        reach = None
        if story["owner"] is None:
            reach = await self._database.value(_REACH, parameters)
        async with self._database.transaction() as transaction:
            began = time.perf_counter()
            moved = await transaction.run(
                """
                UPDATE push SET cursor = coalesce(:reach, cursor)
                WHERE id = :push AND done = 0 AND cursor = :cursor AND keys = :keys
                """,
                {**parameters, "reach": reach},
            )
            if not moved:
                done = await transaction.rows("SELECT done FROM push WHERE id = :push", parameters)
                return 0, all(row["done"] for row in done)
            added = await transaction.run(
                _OWE_PUSH.format(follows=_FOLLOWS if story["owner"] is None else _OWNERS_FOLLOWS),
                {**parameters, "reach": _LAST if reach is None else reach},
            )
            if reach is None:
                await transaction.run("UPDATE push SET done = 1 WHERE id = :push", parameters)
        if chunk is None:
            self._pushed.took(time.perf_counter() - began)
        return added, reach is None

    # ------------------------------------------------------------ broadcasts

    async def draft_broadcast(self, text: str, *, author: int, now: datetime) -> int:
        """Keep an operator's message that nobody gets before it is confirmed; returns its id.

        `author` is the Telegram id of the person who wrote it.
        """
        async with self._database.transaction() as transaction:
            return int(
                await transaction.value(
                    """
                    INSERT INTO broadcast (text, author, created, expires, done)
                    VALUES (:text, :author, :now, :now, 1) RETURNING id
                    """,
                    {"text": text, "author": author, "now": to_epoch(now)},
                )
            )

    async def confirm_broadcast(
        self, broadcast_id: int, *, author: int, now: datetime, expires: datetime
    ) -> bool:
        """Owe a draft to all active readers; False where it is no draft of this author's any more.

        So of two presses only the first counts.
        """
        async with self._database.transaction() as transaction:
            return bool(
                await transaction.run(
                    """
                    UPDATE broadcast SET confirmed = :now, expires = :expires, done = 0,
                           message_id = 0
                    WHERE id = :id AND author = :author AND confirmed IS NULL
                          AND called_off IS NULL
                    """,
                    {
                        "id": broadcast_id,
                        "author": author,
                        "now": to_epoch(now),
                        "expires": to_epoch(expires),
                    },
                )
            )

    async def show_broadcast_in(self, broadcast_id: int, message_id: int | None) -> None:
        """Note the message that says how far a broadcast is: 0 for none, None at its end."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE broadcast SET message_id = :message
                WHERE id = :id AND message_id IS NOT NULL
                """,
                {"id": broadcast_id, "message": message_id},
            )

    async def shown_broadcasts(self) -> list[Broadcast]:
        """The broadcasts that were sent off and whose end nobody has said, the oldest first."""
        rows = await self._database.rows(
            "SELECT * FROM broadcast WHERE message_id IS NOT NULL ORDER BY id"
        )
        return [_broadcast(row) for row in rows]

    async def drop_draft(self, broadcast_id: int, now: datetime) -> None:
        """Let a draft be confirmed no more; what was confirmed meanwhile goes out."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE broadcast SET called_off = :now WHERE id = :id AND confirmed IS NULL",
                {"id": broadcast_id, "now": to_epoch(now)},
            )

    async def call_off_broadcast(self, broadcast_id: int, now: datetime) -> None:
        """Owe a broadcast to nobody more: what is not on its way is cancelled, by chunks."""
        parameters = {"id": broadcast_id, "now": to_epoch(now), "chunk": _CALLED_OFF_AT_ONCE}
        async with self._database.transaction() as transaction:
            # First of all: what is claimed from now on is refused by it, whatever stops the rest.
            await transaction.run(
                """
                UPDATE broadcast SET called_off = coalesce(called_off, :now), done = 1
                WHERE id = :id
                """,
                parameters,
            )
        after: int | None = 0
        while after is not None:
            async with self._database.transaction() as transaction:
                reach = await transaction.value(
                    """
                    SELECT max(subscriber_id) FROM (
                        SELECT subscriber_id FROM delivery
                        WHERE broadcast_id = :id AND subscriber_id > :after
                        ORDER BY subscriber_id LIMIT :chunk)
                    """,
                    {**parameters, "after": after},
                )
                await transaction.run(
                    """
                    UPDATE delivery SET state = 'cancelled', reason = 'called off', ended = :now
                    WHERE broadcast_id = :id AND subscriber_id > :after
                          AND subscriber_id <= :reach AND state = 'owed'
                    """,
                    {**parameters, "after": after, "reach": reach},
                )
            after = reach

    async def broadcast(self, broadcast_id: int) -> Broadcast:
        """One broadcast; raises NotFoundError."""
        row = await self._database.row(
            "SELECT * FROM broadcast WHERE id = :id", {"id": broadcast_id}
        )
        if row is None:
            raise NotFoundError(f"there is no broadcast {broadcast_id}")
        return _broadcast(row)

    async def open_broadcasts(self) -> list[Broadcast]:
        """The broadcasts that are not expanded to their end, the oldest first."""
        rows = await self._database.rows("SELECT * FROM broadcast WHERE done = 0 ORDER BY id")
        return [_broadcast(row) for row in rows]

    async def expand_broadcast(
        self, broadcast: Broadcast, *, now: datetime, chunk: int = 2000
    ) -> tuple[int, bool]:
        """Owe a broadcast to its next `chunk` subscribers, in the order of their ids; no channel.

        Returns how many of them were active, and whether those were the last.
        """
        async with self._database.transaction() as transaction:
            reach = await transaction.value(
                """
                SELECT max(id) FROM (
                    SELECT id FROM subscriber WHERE id > :cursor ORDER BY id LIMIT :chunk)
                """,
                {"cursor": broadcast.cursor, "chunk": chunk},
            )
            added = await transaction.run(
                """
                INSERT INTO delivery (subscriber_id, state, due, expires, broadcast_id, sound)
                SELECT id, 'owed', :now, :expires, :broadcast, 1
                FROM subscriber WHERE id > :cursor AND id <= :reach AND state = 'active'
                      AND kind <> 'channel' AND thread_id = 0
                      AND (SELECT called_off IS NULL FROM broadcast WHERE id = :broadcast)
                ORDER BY id
                ON CONFLICT (broadcast_id, subscriber_id) WHERE broadcast_id IS NOT NULL
                DO NOTHING
                """,
                {
                    "now": to_epoch(now),
                    "expires": to_epoch(broadcast.expires),
                    "broadcast": broadcast.id,
                    "cursor": broadcast.cursor,
                    "reach": reach,
                },
            )
            done = await transaction.value(
                """
                UPDATE broadcast SET cursor = coalesce(:reach, cursor),
                       done = called_off IS NOT NULL OR NOT EXISTS (
                           SELECT 1 FROM subscriber WHERE id > coalesce(:reach, broadcast.cursor))
                WHERE id = :id RETURNING done
                """,
                {"id": broadcast.id, "reach": reach},
            )
        return added, bool(done)

    # ------------------------------------------------------------ digests

    async def slots_due(self, now: datetime, limit: int = 2000) -> list[SlotDue]:
        """The digest times that have come, whether or not their reader is active."""
        rows = await self._database.rows(
            """
            SELECT d.*, s.zone, s.state
            FROM slot d CROSS JOIN subscriber s ON s.id = d.subscriber_id
            WHERE d.due <= :now ORDER BY d.due LIMIT :limit
            """,
            {"now": to_epoch(now), "limit": limit},
        )
        return [SlotDue(slot_of(row), row["zone"], SubscriberState(row["state"])) for row in rows]

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
            count = await transaction.run(
                """
                INSERT INTO delivery (subscriber_id, state, due, expires, slot_id, scheduled,
                                      since, sound)
                SELECT s.id, 'owed', j.value ->> 'scheduled', j.value ->> 'expires',
                       j.value ->> 'slot', j.value ->> 'scheduled', s.watermark, j.value ->> 'sound'
                FROM json_each(:items) j
                JOIN subscriber s ON s.id = j.value ->> 'subscriber'
                WHERE j.value ->> 'wanted'
                      AND j.value ->> 'slot' IN (SELECT value FROM json_each(:moved))
                ON CONFLICT (subscriber_id, slot_id, scheduled) WHERE kind = 'digest' DO NOTHING
                """,
                {"items": items, "moved": json_list(row["id"] for row in moved)},
            )
        # A full log would be folded while a chunk holds the writer already.
        self._unfolded += len(owed)
        if self._unfolded >= _FOLDED_AFTER:
            self._unfolded = 0
            await self._database.fold()
        return count

    async def last_due(self) -> datetime | None:
        """The instant of the digest time that is farthest off; None where nobody has any."""
        return maybe_datetime(await self._database.value("SELECT max(due) FROM slot"))

    async def slots_ahead(
        self, now: datetime, after_id: int = 0, limit: int = 2000
    ) -> list[tuple[Slot, str]]:
        """The digest times that are yet to come, in the order of ids, each with its zone."""
        rows = await self._database.rows(
            """
            SELECT d.*, s.zone FROM slot d JOIN subscriber s ON s.id = d.subscriber_id
            WHERE d.id > :after AND +d.due > :now ORDER BY d.id LIMIT :limit
            """,
            {"after": after_id, "now": to_epoch(now), "limit": limit},
        )
        return [(slot_of(row), row["zone"]) for row in rows]

    async def reschedule(self, slots: Sequence[tuple[Slot, datetime]]) -> None:
        """Give digest times another next instant, unless they were changed or fired meanwhile."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE slot SET due = j.value ->> 2 FROM json_each(:items) j
                WHERE slot.id = j.value ->> 0 AND slot.due = j.value ->> 1
                """,
                {
                    "items": json_list(
                        [slot.id, to_epoch(slot.due), to_epoch(due)] for slot, due in slots
                    )
                },
            )

    async def unmerged(self, now: datetime, since: datetime, limit: int = 1000) -> list[Subscriber]:
        """Readers without digests to whom something held back is owed by nothing.

        They came back after a block, took their digests off, or a merged message failed them (that
        is tried again after an hour). Articles published before `since` are no news any more.
        """
        rows = await self._database.rows(
            """
            SELECT s.* FROM (
                SELECT DISTINCT subscriber_id FROM delivery
                WHERE state = 'deferred' AND NOT EXISTS (
                    SELECT 1 FROM slot WHERE subscriber_id = delivery.subscriber_id)) h
            JOIN subscriber s ON s.id = h.subscriber_id
            WHERE s.state = 'active' AND s.kind <> 'channel'
                  AND NOT EXISTS (
                      SELECT 1 FROM delivery o
                      WHERE o.subscriber_id = s.id AND o.kind = 'digest' AND o.slot_id = 0
                            AND (o.state IN ('owed', 'claimed') OR o.ended > :hour))
                  AND EXISTS (
                      SELECT 1 FROM delivery d
                      JOIN article a ON a.story_id = d.story_id AND a.leads = 1
                      WHERE d.subscriber_id = s.id AND d.state = 'deferred'
                            AND a.published >= :since AND a.state <> 'gone')
            LIMIT :limit
            """,
            {"hour": to_epoch(now - _HOUR), "since": to_epoch(since), "limit": limit},
        )
        return [subscriber_of(row) for row in rows]

    async def owe_merged(self, dues: Mapping[int, datetime]) -> int:
        """Owe readers (by id) one message of all that is held back from them; returns how many."""
        async with self._database.transaction() as transaction:
            return await transaction.run_many(
                OWE_MERGED.format(reader=":reader"),
                [{"reader": reader, "due": to_epoch(due)} for reader, due in dues.items()],
            )
