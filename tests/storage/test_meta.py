"""Values by name, and budgets that begin anew each day."""

import asyncio

from storage import Storage
from tests.storage.newsroom import values


async def test_a_value_is_there_until_another_one(storage: Storage) -> None:
    assert await storage.meta.get("a") is None
    await storage.meta.set("a", "1")
    await storage.meta.set("a", "«2»")
    assert await storage.meta.get("a") == "«2»"
    assert await storage.meta.get("b") is None


async def test_a_budget_is_spent_and_comes_back_the_next_day(storage: Storage) -> None:
    spend = storage.meta.spend
    assert [await spend("llm", "2026-11-22", 2) for _ in range(4)] == [True, True, False, False]
    assert await spend("other", "2026-11-22", 1)
    assert await spend("llm", "2026-11-23", 1)
    assert not await spend("llm", "2026-11-23", 1)
    # A limit that was raised or lowered meanwhile holds for what is spent already.
    assert await spend("llm", "2026-11-23", 2)
    assert not await spend("llm", "2026-11-23", 1)
    assert not await spend("nothing", "2026-11-23", 0)
    assert len(await values(storage, "SELECT key FROM meta")) == 2


async def test_a_budget_is_no_value(storage: Storage) -> None:
    await storage.meta.set("llm", "on")
    assert await storage.meta.spend("llm", "2026-11-22", 1)
    assert await storage.meta.get("llm") == "on"


async def test_spending_at_once_never_overspends(storage: Storage) -> None:
    taken = await asyncio.gather(*(storage.meta.spend("llm", "today", 5) for _ in range(12)))
    assert taken.count(True) == 5
