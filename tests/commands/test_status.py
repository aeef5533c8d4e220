"""`newsboy status`: the delivery's figures, in a table and as JSON, beside a running bot."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import (
    ALL_CHATS,
    Alerts,
    ChatKind,
    ClaimBatch,
    DeliveryState,
    FeedOutcome,
    Outcome,
    Storage,
    SubscriberDefaults,
    SubscriberState,
)
from tests.commands.conftest import FEED, Result

Newsboy = Callable[..., Result]
NOW = datetime.now(UTC).replace(microsecond=0)
UNTIL = NOW + timedelta(hours=2)
READER = SubscriberDefaults(
    language="ru",
    news_language="ru",
    zone="Europe/Moscow",
    alerts=Alerts.ON,
    quiet_from=None,
    quiet_to=None,
    hourly=None,
    daily=None,
)


async def fill(storage: Storage) -> None:
    """Four readers, one of them stopped; a broadcast sent to one, owed to the others."""
    for chat in range(1, 5):
        reader, _ = await storage.subscribers.create(
            chat, kind=ChatKind.PRIVATE, title="", defaults=READER, now=NOW, covered_before=NOW
        )
    await storage.subscribers.change(reader.id, state=SubscriberState.STOPPED)
    early = NOW - timedelta(minutes=10)
    draft = await storage.owing.draft_broadcast("Всем привет\x1b[2J", author=7, now=early)
    await storage.owing.confirm_broadcast(draft, author=7, now=early, expires=UNTIL)
    (broadcast,) = await storage.owing.open_broadcasts()
    assert await storage.owing.expand_broadcast(broadcast, now=early) == (3, True)
    (claim,) = await storage.outbox.tick(ClaimBatch(limit=1), now=NOW)
    sent = Outcome(claim.delivery.id, DeliveryState.SENT, NOW, message_id=1)
    await storage.outbox.acknowledge([sent])
    await storage.outbox.pause(ALL_CHATS, UNTIL)
    await storage.outbox.pause(2, UNTIL)
    await storage.feeds.save_outcome(
        FeedOutcome(
            feed_id=1, checked=NOW, due=NOW, interval=600, ok=False, error="HTTP 500", title=""
        )
    )


@pytest.fixture
def filled(database: Path) -> Path:
    async def write() -> None:
        async with Storage.open(database) as storage:
            await fill(storage)

    asyncio.run(write())
    return database


def test_the_tables_say_what_an_operator_asks(newsboy: Newsboy, filled: Path) -> None:
    shown = newsboy("status")
    assert shown.status == 0
    said = " ".join(shown.out.split())
    assert "3 active, 1 stopped, 0 paused" in said
    assert "Owed: 2; in flight: 0." in said
    waits = re.search(r"\((\d+) min\)", said)  # more where this test comes late in a long run
    assert waits is not None
    assert 10 <= int(waits[1]) < 120
    moscow = (UNTIL + timedelta(hours=3)).strftime("%Y-%m-%d %H:%M MSK")
    assert f"Bulk rests until {moscow}" in said
    assert "Chats that rest: 1," in said
    assert "No alert was sent within the last day." in said
    assert "being sent" in said
    assert FEED in said
    assert "HTTP 500" in said
    assert "\x1b" not in shown.out


def test_json_says_the_same_to_programs(newsboy: Newsboy, filled: Path) -> None:
    shown = newsboy("status", "--json")
    assert shown.status == 0
    told: dict[str, Any] = json.loads(shown.out)
    assert told["readers"]["active"] == 3
    assert [(one["queue"], one["owed"], one["due"]) for one in told["owed"]] == [
        ("push", 0, 0),
        ("merged", 0, 0),
        ("digest", 0, 0),
        ("broadcast", 2, 2),
    ]
    assert 600 <= told["oldest_due_seconds"] < 7200  # more where this test comes late
    assert datetime.fromisoformat(told["bulk_paused_until"]) == UNTIL
    assert [one["chat"] for one in told["chats_paused"]] == [2]
    assert told["lag_seconds"] is None
    assert told["ended"] == [{"kind": "broadcast", "state": "sent", "reason": "", "count": 1}]
    assert (told["broadcasts"][0]["sent"], told["broadcasts"][0]["waiting"]) == (1, 2)
    assert told["feeds_failing"][0]["error"] == "HTTP 500"


def test_a_message_to_all_that_is_not_owed_yet_is_not_done(
    newsboy: Newsboy, database: Path
) -> None:
    """Its readers are owed it a little later; until then "waiting 0" would be wrong."""

    async def write() -> None:
        async with Storage.open(database) as storage:
            draft = await storage.owing.draft_broadcast("Всем привет", author=7, now=NOW)
            await storage.owing.confirm_broadcast(draft, author=7, now=NOW, expires=UNTIL)

    asyncio.run(write())
    row = next(one for one in newsboy("status").out.splitlines() if "Всем привет" in one)
    assert "being sent" in row
    assert "0+" in row
    told = json.loads(newsboy("status", "--json").out)["broadcasts"][0]
    assert (told["waiting"], told["owed_to_all"], told["done"]) == (0, False, False)


def test_it_works_beside_a_running_bot(newsboy: Newsboy, filled: Path) -> None:
    async def running() -> Result:
        async with Storage.open(filled):
            return await asyncio.to_thread(newsboy, "status")

    assert asyncio.run(running()).status == 0


def test_an_empty_store_is_no_fault(newsboy: Newsboy, database: Path) -> None:
    shown = newsboy("status")
    assert shown.status == 0
    assert "0 active" in shown.out
    assert "Nothing rests" in shown.out
    assert json.loads(newsboy("status", "--json").out)["oldest_due"] is None


def test_without_a_database_it_says_so(newsboy: Newsboy, folder: Path) -> None:
    shown = newsboy("status")
    assert shown.status == 1
    assert "no database" in shown.err
