"""Every feed with a fault is read right."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.feeds.parser import parse
from tests.feeds.edge_cases import URL, EdgeCase, edge_cases

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("case", list(edge_cases()), ids=lambda case: case.name)
def test_its_first_entry_is_read_right(case: EdgeCase) -> None:
    zone = ZoneInfo("Europe/Moscow")
    feed = parse(case.body, url=URL, content_type=case.content_type, zone=zone, now=NOW)
    entry = feed.entries[0]
    assert (entry.title, entry.url, entry.published) == (case.title, case.link, case.published)
