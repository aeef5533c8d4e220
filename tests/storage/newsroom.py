"""Short ways to fill a real store: feeds, articles, readers, and the SQL that has no API yet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from storage import (
    Alerts,
    ArticleDraft,
    BodyFrom,
    ChatKind,
    Claim,
    ClaimBatch,
    EntryKey,
    Feed,
    FollowKind,
    Level,
    Paragraph,
    PushPlan,
    Span,
    Storage,
    Stored,
    Subscriber,
    SubscriberDefaults,
    Subscription,
    Topic,
)
from storage.database import Database

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

DEFAULTS = SubscriberDefaults(
    language="ru",
    news_language="all",
    zone="Europe/Moscow",
    alerts=Alerts.OFF,
    quiet_from=None,
    quiet_to=None,
    hourly=None,
    daily=None,
)


def database_of(storage: Storage) -> Database:
    """The connections behind a store."""
    return storage.feeds._database


async def execute(storage: Storage, sql: str, **parameters: object) -> int:
    """Run SQL for which the store has no method (yet)."""
    async with database_of(storage).transaction() as transaction:
        return await transaction.run(sql, parameters)


async def values(storage: Storage, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
    """The rows of a query, as tuples."""
    return [tuple(row) for row in await database_of(storage).rows(sql, parameters)]


async def feed(storage: Storage, domain: str = "one.example", path: str = "rss") -> Feed:
    """A polled feed of a source."""
    url = f"https://{domain}/{path}"
    await storage.feeds.ensure([(url, domain)], NOW)
    return await storage.feeds.by_url(url)


async def private_feed(storage: Storage, owner: int, domain: str = "own.example") -> Feed:
    """A feed of a subscriber's own source."""
    return await storage.feeds.add(f"https://{domain}/rss", domain, NOW, owner=owner)


def draft(of: Feed, name: str, **changes: Any) -> ArticleDraft:
    """An article of a feed; its guid, address, title and words are made of its name."""
    made = ArticleDraft(
        feed_id=of.id,
        source_id=of.source_id,
        key=EntryKey(f"guid-{name}", f"https://{of.source_id}.example/{name}", f"hash-{name}"),
        url=f"https://{of.source_id}.example/{name}?utm_source=rss",
        title=f"Title {name}",
        published=NOW,
        fetched=NOW,
        language="ru",
        standfirst=f"Standfirst {name}",
        summary=f"Summary {name}",
        body=(Paragraph((Span(f"Body {name}"),)),),
        body_from=BodyFrom.PAGE,
        topic=Topic.POLITICS,
        search_title=f"title {name}",
        search_body=f"body {name}",
    )
    return replace(made, **changes)


async def publish(
    storage: Storage,
    of: Feed,
    name: str,
    *,
    now: datetime = NOW,
    story_id: int | None = None,
    lead: int | None = None,
    push: bool = False,
    **changes: Any,
) -> Stored:
    """Store an article; with `push` a push is owed for six hours."""
    return await storage.articles.store(
        draft(of, name, **changes),
        now=now,
        story_id=story_id,
        lead=lead,
        push=PushPlan(now + 6 * HOUR) if push else None,
    )


async def reader(
    storage: Storage, chat_id: int = 1, *, defaults: SubscriberDefaults = DEFAULTS
) -> Subscriber:
    """A private chat that follows everything in the digest."""
    made, _ = await storage.subscribers.create(
        chat_id,
        kind=ChatKind.PRIVATE,
        title="Reader",
        defaults=defaults,
        now=NOW,
        covered_before=NOW - DAY,
    )
    return made


async def follow(
    storage: Storage, subscriber_id: int, kind: FollowKind, key: str, level: Level
) -> None:
    """Follow something; the label is the key."""
    await storage.subscribers.follow(Subscription(subscriber_id, kind, key, key, level))


async def expand_all(
    storage: Storage,
    keys: Sequence[tuple[FollowKind, str]] = ((FollowKind.EVERYTHING, ""),),
    *,
    now: datetime = NOW,
    chunk: int = 2000,
) -> int:
    """Match the open pushes with these keys and expand them to their end."""
    for push in await storage.owing.open_pushes():
        await storage.owing.match_push(push.id, keys)
    added = 0
    while pushes := await storage.owing.open_pushes():
        added += (await storage.owing.expand(pushes[0], now=now, chunk=chunk))[0]
    return added


async def claim(storage: Storage, limit: int = 100, *, now: datetime = NOW) -> list[Claim]:
    """Claim what is due, with nothing to acknowledge."""
    return await storage.outbox.tick(ClaimBatch(limit=limit), now=now)
