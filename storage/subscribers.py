"""Subscribers: chats that receive, what they follow and mute, and when their digests come.

A subscriber is a chat, or a thread of it that parted from the chat's settings. Nothing here is ever
deleted because Telegram reported an error: a chat that cannot be reached is paused, settings kept,
and revived by any sign of life.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypedDict, Unpack

from storage.database import (
    Database,
    Parameters,
    Row,
    Transaction,
    from_epoch,
    maybe_datetime,
    maybe_epoch,
    to_epoch,
)
from storage.errors import NotFoundError, TooManyError
from storage.feeds import orphan
from storage.models import (
    Alerts,
    ChatKind,
    FollowKind,
    Layout,
    Level,
    Mute,
    Slot,
    SlotPlan,
    Subscriber,
    SubscriberDefaults,
    SubscriberState,
    Subscription,
)
from storage.search import first_key

FOLLOWS_MOST = 1000
"""What one subscriber may follow, and as much hide: matching news and drawing screens costs for
each, and nobody may slow the others."""


class SubscriberChanges(TypedDict, total=False):
    """The settings that a reader can change, by the names of `Subscriber`."""

    title: str
    state: SubscriberState
    language: str
    language_chosen: bool
    news_language: str
    zone: str
    zone_chosen: bool
    alerts: Alerts
    quiet_from: int | None
    quiet_to: int | None
    hourly: int | None
    daily: int | None
    headlines: int
    silent: bool
    pictures: bool
    layout: Layout
    rich_confirmed: bool
    important_offered: bool
    rich_offered: bool


def subscriber_of(row: Row) -> Subscriber:
    """A row of `subscriber` as a record."""
    return Subscriber(
        id=row["id"],
        chat_id=row["chat_id"],
        thread_id=row["thread_id"],
        kind=ChatKind(row["kind"]),
        title=row["title"],
        state=SubscriberState(row["state"]),
        paused_reason=row["paused_reason"],
        language=row["language"],
        language_chosen=bool(row["language_chosen"]),
        news_language=row["news_language"],
        zone=row["zone"],
        zone_chosen=bool(row["zone_chosen"]),
        alerts=Alerts(row["alerts"]),
        quiet_from=row["quiet_from"],
        quiet_to=row["quiet_to"],
        hourly=row["hourly"],
        daily=row["daily"],
        headlines=row["headlines"],
        silent=bool(row["silent"]),
        pictures=bool(row["pictures"]),
        layout=Layout(row["layout"]),
        rich_confirmed=bool(row["rich_confirmed"]),
        watermark=row["watermark"],
        created=from_epoch(row["created"]),
        missed=maybe_datetime(row["missed"]),
        digests=row["digests"],
        important_offered=bool(row["important_offered"]),
        rich_offered=bool(row["rich_offered"]),
    )


def _subscription(row: Row) -> Subscription:
    return Subscription(
        subscriber_id=row["subscriber_id"],
        kind=FollowKind(row["kind"]),
        key=row["key"],
        label=row["label"],
        level=Level(row["level"]),
    )


def _mute(row: Row) -> Mute:
    return Mute(
        subscriber_id=row["subscriber_id"],
        kind=FollowKind(row["kind"]),
        key=row["key"],
        label=row["label"],
        expires=maybe_datetime(row["expires"]),
    )


class WordKey(NamedTuple):
    """A word or phrase that a subscriber follows or mutes, and in which table it is kept."""

    kept_in: Literal["subscription", "mute"]
    subscriber_id: int
    key: str
    label: str


# Up to where a new subscriber's first digest counts the news as told.
_WATERMARK = """
    coalesce((SELECT min(+id) - 1 FROM article WHERE search_key >= :covered),
             (SELECT max(id) FROM article), 0)
"""
_EVERYTHING = """
    INSERT INTO subscription (subscriber_id, kind, key, label, level)
    VALUES (:id, 'everything', '', '', 'digest')
"""
_REKEYED = {
    "subscription": """
        INSERT INTO subscription (subscriber_id, kind, key, anchor, label, level)
        VALUES (:subscriber_id, 'words', :key, :anchor, :label, :level)
        ON CONFLICT (subscriber_id, kind, key) DO UPDATE SET level = excluded.level
        WHERE instr('off digest now sound', excluded.level) > instr('off digest now sound', level)
    """,
    "mute": """
        INSERT INTO mute (subscriber_id, kind, key, anchor, label, expires)
        VALUES (:subscriber_id, 'words', :key, :anchor, :label, :expires)
        ON CONFLICT (subscriber_id, kind, key) DO UPDATE SET expires =
            CASE WHEN expires IS NOT NULL THEN max(expires, excluded.expires) END
    """,
}


def _anchor(kind: FollowKind, key: str) -> str:
    return key.split(" ", 1)[0] if kind is FollowKind.WORDS else ""


class Subscribers:
    """Readers' chats and their settings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ the row

    async def find(self, chat_id: int, thread_id: int = 0) -> Subscriber | None:
        """The subscriber of a chat (or thread), or None."""
        row = await self._database.row(
            "SELECT * FROM subscriber WHERE chat_id = :chat AND thread_id = :thread",
            {"chat": chat_id, "thread": thread_id},
        )
        return None if row is None else subscriber_of(row)

    async def get(self, subscriber_id: int) -> Subscriber:
        """One subscriber; raises NotFoundError."""
        row = await self._database.row(
            "SELECT * FROM subscriber WHERE id = :id", {"id": subscriber_id}
        )
        if row is None:
            raise NotFoundError(f"there is no subscriber {subscriber_id}")
        return subscriber_of(row)

    async def create(
        self,
        chat_id: int,
        *,
        kind: ChatKind,
        title: str,
        defaults: SubscriberDefaults,
        now: datetime,
        covered_before: datetime,
        thread_id: int = 0,
    ) -> tuple[Subscriber, bool]:
        """The chat's subscriber, made with the defaults where it is new (the second value).

        A new one follows everything in the digest; its first digest reaches back to the articles
        published since `covered_before`.
        """
        async with self._database.transaction() as transaction:
            created = await transaction.row(
                f"""
                INSERT INTO subscriber
                       (chat_id, thread_id, kind, title, language, news_language, zone, alerts,
                        quiet_from, quiet_to, hourly, daily, headlines, watermark, created)
                VALUES (:chat, :thread, :kind, :title, :language, :news_language, :zone, :alerts,
                        :quiet_from, :quiet_to, :hourly, :daily, :headlines,
                        {_WATERMARK}, :now)
                ON CONFLICT (chat_id, thread_id) DO NOTHING
                RETURNING id
                """,
                {
                    "chat": chat_id,
                    "thread": thread_id,
                    "kind": kind.value,
                    "title": title,
                    "language": defaults.language,
                    "news_language": defaults.news_language,
                    "zone": defaults.zone,
                    "alerts": defaults.alerts.value,
                    "quiet_from": defaults.quiet_from,
                    "quiet_to": defaults.quiet_to,
                    "hourly": defaults.hourly,
                    "daily": defaults.daily,
                    "headlines": defaults.headlines,
                    "covered": first_key(covered_before),
                    "now": to_epoch(now),
                },
            )
            if created is not None:
                await transaction.run(_EVERYTHING, {"id": created["id"]})
                await _put_slots(transaction, created["id"], defaults.slots, defaults.slot_dues)
        found = await self.find(chat_id, thread_id)
        if found is None:
            raise NotFoundError(f"the subscriber of chat {chat_id} vanished")
        return found, created is not None

    async def part(
        self, subscriber_id: int, thread_id: int, *, now: datetime, covered_before: datetime
    ) -> Subscriber:
        """The subscriber of a chat's thread, made with the chat's settings where it is new.

        A new one has no digest times and no alerts, and follows everything in the digest. Raises
        NotFoundError where there is no such chat.
        """
        async with self._database.transaction() as transaction:
            created = await transaction.row(
                f"""
                INSERT INTO subscriber
                       (chat_id, thread_id, kind, title, language, language_chosen, news_language,
                        zone, zone_chosen, alerts, quiet_from, quiet_to, hourly, daily, headlines,
                        silent, pictures, layout, rich_confirmed, rich_offered, important_offered,
                        watermark, created)
                SELECT chat_id, :thread, kind, title, language, language_chosen, news_language,
                       zone, zone_chosen, 'off', quiet_from, quiet_to, hourly, daily, headlines,
                       silent, pictures, layout, rich_confirmed, rich_offered, important_offered,
                       {_WATERMARK}, :now
                FROM subscriber WHERE id = :id
                ON CONFLICT (chat_id, thread_id) DO NOTHING
                RETURNING id
                """,
                {
                    "id": subscriber_id,
                    "thread": thread_id,
                    "covered": first_key(covered_before),
                    "now": to_epoch(now),
                },
            )
            if created is not None:
                await transaction.run(_EVERYTHING, {"id": created["id"]})
        whole = await self.get(subscriber_id)
        found = await self.find(whole.chat_id, thread_id)
        if found is None:
            raise NotFoundError(f"chat {whole.chat_id} has no thread {thread_id}")
        return found

    async def rejoin(self, subscriber_id: int) -> None:
        """Forget a thread's own settings, follows and ledger: the chat's hold there again."""
        async with self._database.transaction() as transaction:
            gone = await transaction.run(
                "DELETE FROM subscriber WHERE id = :id AND thread_id <> 0", {"id": subscriber_id}
            )
            if gone:
                await orphan(transaction, subscriber_id)

    async def rename(self, chat_id: int, title: str) -> None:
        """A chat has another title."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE subscriber SET title = :title WHERE chat_id = :chat AND title <> :title",
                {"chat": chat_id, "title": title},
            )

    async def change(self, subscriber_id: int, **changes: Unpack[SubscriberChanges]) -> Subscriber:
        """Change settings; returns the subscriber as it is now."""
        names = SubscriberChanges.__annotations__.keys() & changes.keys()
        assignments = ", ".join(f"{name} = :{name}" for name in sorted(names))
        async with self._database.transaction() as transaction:
            await transaction.run(
                f"UPDATE subscriber SET {assignments} WHERE id = :id",  # names are ours
                {**{name: _plain(value) for name, value in changes.items()}, "id": subscriber_id},
            )
        return await self.get(subscriber_id)

    async def pause(self, chat_id: int, reason: str) -> None:
        """Telegram cannot reach the chat: send nothing more to it, keep everything."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE subscriber SET state = 'paused', paused_reason = :reason
                WHERE chat_id = :chat AND state = 'active'
                """,
                {"chat": chat_id, "reason": reason},
            )

    async def revive(self, chat_id: int) -> bool:
        """A sign of life from a paused chat; returns whether it was paused."""
        rows = await self._database.rows(
            """
            SELECT state FROM subscriber
            WHERE chat_id = :chat AND (state = 'paused' OR missed IS NOT NULL)
            """,
            {"chat": chat_id},
        )
        if not rows:
            return False
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE subscriber SET missed = NULL, paused_reason = NULL,
                       state = CASE state WHEN 'paused' THEN 'active' ELSE state END
                WHERE chat_id = :chat AND (state = 'paused' OR missed IS NOT NULL)
                """,
                {"chat": chat_id},
            )
        return any(row["state"] == "paused" for row in rows)

    async def migrate_chat(self, old: int, new: int) -> None:
        """A group became a supergroup: its rows move; of two for one thread the older stays."""
        async with self._database.transaction() as transaction:
            await migrate_chat(transaction, old, new)

    # ------------------------------------------------------------ follows and mutes

    async def subscriptions(self, subscriber_id: int) -> list[Subscription]:
        """What a subscriber follows, by kind and label."""
        rows = await self._database.rows(
            """
            SELECT * FROM subscription WHERE subscriber_id = :id ORDER BY kind, label, key
            """,
            {"id": subscriber_id},
        )
        return [_subscription(row) for row in rows]

    async def follow(self, subscription: Subscription) -> None:
        """Follow something, or change how it comes; raises TooManyError."""
        async with self._database.transaction() as transaction:
            await _room_for(transaction, "subscription", subscription)
            await transaction.run(
                """
                INSERT INTO subscription (subscriber_id, kind, key, anchor, label, level)
                VALUES (:id, :kind, :key, :anchor, :label, :level)
                ON CONFLICT (subscriber_id, kind, key)
                DO UPDATE SET label = excluded.label, level = excluded.level
                """,
                {
                    "id": subscription.subscriber_id,
                    "kind": subscription.kind.value,
                    "key": subscription.key,
                    "anchor": _anchor(subscription.kind, subscription.key),
                    "label": subscription.label,
                    "level": subscription.level.value,
                },
            )
            # Following again what was muted is a change of mind.
            await transaction.run(
                """
                DELETE FROM mute
                WHERE subscriber_id = :id AND kind = :kind AND key = :key AND :level <> 'off'
                """,
                {
                    "level": subscription.level.value,
                    "id": subscription.subscriber_id,
                    "kind": subscription.kind.value,
                    "key": subscription.key,
                },
            )

    async def unfollow(self, subscriber_id: int, kind: FollowKind, key: str) -> bool:
        """Stop following; returns whether it was followed."""
        async with self._database.transaction() as transaction:
            return bool(
                await transaction.run(
                    """
                    DELETE FROM subscription
                    WHERE subscriber_id = :id AND kind = :kind AND key = :key
                    """,
                    {"id": subscriber_id, "kind": kind.value, "key": key},
                )
            )

    async def unfollow_all(self, subscriber_id: int) -> int:
        """Stop following anything; returns how many follows that were."""
        async with self._database.transaction() as transaction:
            return await transaction.run(
                "DELETE FROM subscription WHERE subscriber_id = :id", {"id": subscriber_id}
            )

    async def mutes(self, subscriber_id: int, now: datetime) -> list[Mute]:
        """What a subscriber does not want to see now."""
        rows = await self._database.rows(
            """
            SELECT * FROM mute WHERE subscriber_id = :id AND (expires IS NULL OR expires > :now)
            ORDER BY kind, label, key
            """,
            {"id": subscriber_id, "now": to_epoch(now)},
        )
        return [_mute(row) for row in rows]

    async def mute(self, mute: Mute) -> None:
        """Mute something, or change until when; raises TooManyError."""
        async with self._database.transaction() as transaction:
            await _room_for(transaction, "mute", mute)
            await transaction.run(
                """
                INSERT INTO mute (subscriber_id, kind, key, anchor, label, expires)
                VALUES (:id, :kind, :key, :anchor, :label, :expires)
                ON CONFLICT (subscriber_id, kind, key)
                DO UPDATE SET label = excluded.label, expires = excluded.expires
                """,
                {
                    "id": mute.subscriber_id,
                    "kind": mute.kind.value,
                    "key": mute.key,
                    "anchor": _anchor(mute.kind, mute.key),
                    "label": mute.label,
                    "expires": maybe_epoch(mute.expires),
                },
            )

    async def unmute(self, subscriber_id: int, kind: FollowKind, key: str) -> bool:
        """Lift a mute; returns whether there was one."""
        async with self._database.transaction() as transaction:
            return bool(
                await transaction.run(
                    "DELETE FROM mute WHERE subscriber_id = :id AND kind = :kind AND key = :key",
                    {"id": subscriber_id, "kind": kind.value, "key": key},
                )
            )

    async def unmute_all(self, subscriber_id: int) -> int:
        """Lift all mutes; returns how many there were."""
        async with self._database.transaction() as transaction:
            return await transaction.run(
                "DELETE FROM mute WHERE subscriber_id = :id", {"id": subscriber_id}
            )

    # ------------------------------------------------------------ a new normaliser

    async def word_keys(self) -> list[WordKey]:
        """The words that anybody follows or mutes."""
        rows = await self._database.rows(
            """
            SELECT 'subscription' AS kept_in, subscriber_id, key, label FROM subscription
            WHERE kind = 'words' AND anchor <> ''
            UNION ALL
            SELECT 'mute', subscriber_id, key, label FROM mute WHERE kind = 'words' AND anchor <> ''
            """
        )
        return [
            WordKey(row["kept_in"], row["subscriber_id"], row["key"], row["label"]) for row in rows
        ]

    async def rekey_words(self, changes: Sequence[tuple[WordKey, str]]) -> None:
        """Give followed and muted words new keys, as the normaliser makes them now.

        Two that become one merge: the follow that comes louder stays, the mute that lasts longer.
        """
        async with self._database.transaction() as transaction:
            # All leave before any comes back: one's new key may be another's old one.
            taken = []
            for word, key in changes:
                row = await transaction.row(
                    f"""
                    DELETE FROM {word.kept_in}
                    WHERE subscriber_id = :id AND kind = 'words' AND key = :key RETURNING *
                    """,
                    {"id": word.subscriber_id, "key": word.key},
                )
                if row is not None:
                    taken.append((word.kept_in, {**dict(row), "key": key}))
            for kept_in, values in taken:
                await transaction.run(
                    _REKEYED[kept_in],
                    {**values, "anchor": _anchor(FollowKind.WORDS, values["key"])},
                )

    # ------------------------------------------------------------ digests' times

    async def slots(self, subscriber_id: int) -> list[Slot]:
        """A subscriber's digest times, by the time of day."""
        rows = await self._database.rows(
            "SELECT * FROM slot WHERE subscriber_id = :id ORDER BY minute, weekdays",
            {"id": subscriber_id},
        )
        return [slot_of(row) for row in rows]

    async def last_digest(self, subscriber_id: int) -> datetime | None:
        """For when a subscriber's last digest was owed, by any of its times, removed ones too."""
        return maybe_datetime(
            await self._database.value(
                """
                SELECT max(scheduled) FROM delivery
                WHERE subscriber_id = :id AND kind = 'digest' AND slot_id > 0
                """,
                {"id": subscriber_id},
            )
        )

    async def set_slots(
        self, subscriber_id: int, plans: Sequence[SlotPlan], dues: Sequence[datetime]
    ) -> None:
        """Replace a subscriber's digest times; `dues` are their first instants."""
        async with self._database.transaction() as transaction:
            await _put_slots(transaction, subscriber_id, plans, dues)


async def migrate_chat(transaction: Transaction, old: int, new: int) -> None:
    """Move a chat's rows to its new id; of two for one thread the older stays, and takes over what
    the other was told and is owed.

    A move is a sign of life: where the old chat was given up already, it goes on in the new one.
    """
    pairs = await transaction.rows(
        """
        SELECT CASE WHEN o.created <= n.created THEN o.id ELSE n.id END AS keeps,
               CASE WHEN o.created <= n.created THEN n.id ELSE o.id END AS goes
        FROM subscriber o
        JOIN subscriber n ON n.chat_id = :new AND n.thread_id = o.thread_id
        WHERE o.chat_id = :old
        """,
        {"old": old, "new": new},
    )
    for pair in pairs:
        await _take_over(transaction, dict(pair))
        await transaction.run("DELETE FROM subscriber WHERE id = :goes", dict(pair))
        await orphan(transaction, pair["goes"])
    await transaction.run(
        """
        UPDATE subscriber SET chat_id = :new, kind = 'supergroup', missed = NULL,
               paused_reason = NULL, state = CASE state WHEN 'paused' THEN 'active' ELSE state END
        WHERE chat_id = :old
        """,
        {"old": old, "new": new},
    )


def lines_of(reader: str) -> str:
    """SQL for the ids of all deliveries of the subscriber that this parameter names.

    By the indexes that know readers: a line is in one of these at least.
    """
    of_reader = f"SELECT id FROM delivery WHERE subscriber_id = {reader} AND"
    return f"""
        {of_reader} state = 'owed'
        UNION ALL {of_reader} state = 'claimed'
        UNION ALL {of_reader} state = 'deferred'
        UNION ALL {of_reader} ended IS NOT NULL
    """


async def _take_over(transaction: Transaction, pair: Parameters) -> None:
    """One chat, one ledger: nothing that either was told is told again, nothing owed is lost."""
    # Of two lines for one story the one that was sent, or is on its way, stays.
    await transaction.run(
        """
        DELETE FROM delivery
        WHERE id IN (SELECT id FROM delivery WHERE subscriber_id = :keeps AND state = 'owed'
                     UNION ALL
                     SELECT id FROM delivery WHERE subscriber_id = :keeps AND state = 'deferred')
              AND EXISTS (
                  SELECT 1 FROM delivery o
                  WHERE o.story_id = delivery.story_id AND o.subscriber_id = :goes
                        AND o.state IN ('sent', 'claimed')
                  UNION ALL
                  SELECT 1 FROM delivery o
                  WHERE o.broadcast_id = delivery.broadcast_id AND o.subscriber_id = :goes
                        AND o.state IN ('sent', 'claimed'))
        """,
        pair,
    )
    # Not what the other has a line of already, nor the digests still owed by times that go too.
    await transaction.run(
        f"""
        UPDATE delivery SET subscriber_id = :keeps
        WHERE id IN ({lines_of(":goes")})
              AND NOT (kind = 'digest' AND state = 'owed' AND slot_id > 0)
              AND NOT EXISTS (
                  SELECT 1 FROM delivery k
                  WHERE k.story_id = delivery.story_id AND k.subscriber_id = :keeps
                  UNION ALL
                  SELECT 1 FROM delivery k
                  WHERE k.broadcast_id = delivery.broadcast_id AND k.subscriber_id = :keeps
                  UNION ALL
                  SELECT 1 FROM delivery k
                  WHERE k.subscriber_id = :keeps AND k.kind = 'digest'
                        AND delivery.kind = 'digest' AND k.slot_id = delivery.slot_id
                        AND k.scheduled = delivery.scheduled)
        """,
        pair,
    )
    await transaction.run(f"DELETE FROM delivery WHERE id IN ({lines_of(':goes')})", pair)


def slot_of(row: Row) -> Slot:
    """A row of `slot` as a record."""
    return Slot(
        id=row["id"],
        subscriber_id=row["subscriber_id"],
        minute=row["minute"],
        weekdays=row["weekdays"],
        silent=bool(row["silent"]),
        due=from_epoch(row["due"]),
        fired=maybe_datetime(row["fired"]),
    )


async def _put_slots(
    transaction: Transaction,
    subscriber_id: int,
    plans: Sequence[SlotPlan],
    dues: Sequence[datetime],
) -> None:
    # A time that stays keeps its rest, or a reader who flies west would meet it twice a day.
    removed = await transaction.rows(
        "DELETE FROM slot WHERE subscriber_id = :id RETURNING minute, fired", {"id": subscriber_id}
    )
    fired = {row["minute"]: row["fired"] for row in removed}
    await transaction.run_many(
        """
        INSERT INTO slot (subscriber_id, minute, weekdays, silent, due, fired)
        VALUES (:id, :minute, :weekdays, :silent, :due, :fired)
        """,
        [
            {
                "id": subscriber_id,
                "minute": plan.minute,
                "weekdays": plan.weekdays,
                "silent": int(plan.silent),
                "due": to_epoch(due),
                "fired": fired.get(plan.minute),
            }
            for plan, due in zip(plans, dues, strict=True)
        ],
    )


def _plain(value: object) -> object:
    """An enum's value, a bool as SQLite keeps it, anything else as it is."""
    if isinstance(value, bool):
        return int(value)
    return getattr(value, "value", value)


async def _room_for(
    transaction: Transaction, table: Literal["subscription", "mute"], one: Subscription | Mute
) -> None:
    """Raise TooManyError where it would be one more than a subscriber may have."""
    full = await transaction.value(
        f"""
        SELECT count(*) >= :most AND NOT max(kind = :kind AND key = :key)
        FROM {table} WHERE subscriber_id = :id
        """,
        {
            "most": FOLLOWS_MOST,
            "id": one.subscriber_id,
            "kind": one.kind.value,
            "key": one.key,
        },
    )
    if full:
        raise TooManyError(f"subscriber {one.subscriber_id}: no more in {table}", FOLLOWS_MOST)
