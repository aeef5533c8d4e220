"""Readers by the thousand, written straight into the store: nobody waits for their /start.

Each is a chat that the sandbox knows and a subscriber with the settings asked for. The store must
not be open in a running bot meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage import (
    Alerts,
    ArticleDraft,
    ChatKind,
    EntryKey,
    PushPlan,
    Storage,
    SubscriberDefaults,
)

PLAIN = SubscriberDefaults(
    language="ru",
    news_language="all",
    zone="Europe/Moscow",
    alerts=Alerts.ON,
    quiet_from=None,
    quiet_to=None,
    hourly=None,
    daily=None,
    headlines=30,
)
"""Everything at once, whatever the hour."""


@dataclass(frozen=True)
class Seat:
    """Where a reader sits, and what was set there."""

    chat: int
    kind: ChatKind = ChatKind.PRIVATE
    thread: int = 0
    settings: SubscriberDefaults = PLAIN


async def subscribe(storage: Storage, seats: Iterable[Seat]) -> list[int]:
    """Make the readers; their subscriber ids, in the same order."""
    now = datetime.now(UTC)
    made = []
    for seat in seats:
        subscriber, _ = await storage.subscribers.create(
            seat.chat,
            kind=seat.kind,
            title="Reader",
            defaults=seat.settings,
            now=now,
            covered_before=now,
            thread_id=seat.thread,
        )
        made.append(subscriber.id)
    return made


async def publish(storage: Storage, title: str) -> None:
    """Store one article that everybody who follows everything is owed."""
    now = datetime.now(UTC)
    # Nothing listens there: no second article comes between the counts.
    feed = await storage.feeds.add("http://127.0.0.1:9/feed", "127.0.0.1", now)
    await storage.articles.store(
        ArticleDraft(
            feed_id=feed.id,
            source_id=feed.source_id,
            key=EntryKey("1", "127.0.0.1/1", "1"),
            url="http://127.0.0.1:9/1",
            title=title,
            published=now,
            fetched=now,
            language="ru",
            summary="Движение по мосту открыли утром.",
            search_title="мост",
            search_body="мост",
        ),
        now=now,
        push=PushPlan(now + timedelta(hours=2)),
    )
