"""The figures are found by indexes: asking for them costs the same however much is owed."""

from datetime import UTC, datetime

import pytest

from storage import NotFoundError, Storage
from storage.insight import _DEPTHS, Insight

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


async def test_counting_what_is_owed_scans_nothing(storage: Storage) -> None:
    plan = await storage.insight._database.rows(
        f"EXPLAIN QUERY PLAN {_DEPTHS}", {"now": 0, "most": 10}
    )
    steps = [row["detail"] for row in plan if "delivery" in row["detail"]]
    assert len(steps) == 12
    assert all((step.startswith("SEARCH") and "due" in step) or "merged" in step for step in steps)


async def test_an_unknown_broadcast_is_not_found(storage: Storage) -> None:
    with pytest.raises(NotFoundError):
        await storage.insight.broadcast(7)


async def test_an_empty_ledger_has_no_figures(storage: Storage) -> None:
    insight: Insight = storage.insight
    assert await insight.lag(NOW) is None
    assert await insight.push_lags(NOW) == []
    assert await insight.ended(NOW) == []
    assert await insight.broadcasts() == []
