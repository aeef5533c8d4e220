"""Hubs: feeds whose news are announced by a WebSub hub, and how each subscription stands."""

from datetime import datetime

from storage.database import (
    Database,
    Row,
    from_epoch,
    maybe_datetime,
    maybe_epoch,
    to_epoch,
)
from storage.models import HubSubscription


def _subscription(row: Row) -> HubSubscription:
    return HubSubscription(
        feed_id=row["feed_id"],
        hub=row["hub"],
        topic=row["topic"],
        callback=row["callback"],
        secret=row["secret"],
        state=row["state"],
        due=from_epoch(row["due"]),
        expires=maybe_datetime(row["expires"]),
        failures=row["failures"],
    )


class Hubs:
    """One subscription a feed at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, feed_id: int) -> HubSubscription | None:
        """A feed's subscription, or None."""
        row = await self._database.row(
            "SELECT * FROM websub WHERE feed_id = :feed", {"feed": feed_id}
        )
        return None if row is None else _subscription(row)

    async def by_callback(self, callback: str) -> HubSubscription | None:
        """The subscription whose hub calls at this unguessable address, or None."""
        row = await self._database.row(
            "SELECT * FROM websub WHERE callback = :callback", {"callback": callback}
        )
        return None if row is None else _subscription(row)

    async def due(self, now: datetime) -> list[HubSubscription]:
        """The subscriptions of polled feeds whose hub is to be asked (again), most due first."""
        rows = await self._database.rows(
            """
            SELECT w.* FROM websub w JOIN feed f ON f.id = w.feed_id
            WHERE w.due <= :now AND f.state = 'active' ORDER BY w.due
            """,
            {"now": to_epoch(now)},
        )
        return [_subscription(row) for row in rows]

    async def save(self, subscription: HubSubscription) -> None:
        """Write how a feed's subscription stands, in place of an earlier one."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                INSERT INTO websub (feed_id, hub, topic, callback, secret, state, due, expires,
                                    failures)
                VALUES (:feed, :hub, :topic, :callback, :secret, :state, :due, :expires, :failures)
                ON CONFLICT (feed_id) DO UPDATE SET
                    hub = excluded.hub, topic = excluded.topic, callback = excluded.callback,
                    secret = excluded.secret, state = excluded.state, due = excluded.due,
                    expires = excluded.expires, failures = excluded.failures
                """,
                {
                    "feed": subscription.feed_id,
                    "hub": subscription.hub,
                    "topic": subscription.topic,
                    "callback": subscription.callback,
                    "secret": subscription.secret,
                    "state": subscription.state,
                    "due": to_epoch(subscription.due),
                    "expires": maybe_epoch(subscription.expires),
                    "failures": subscription.failures,
                },
            )

    async def remove(self, feed_id: int) -> None:
        """Forget a feed's subscription."""
        async with self._database.transaction() as transaction:
            await transaction.run("DELETE FROM websub WHERE feed_id = :feed", {"feed": feed_id})
