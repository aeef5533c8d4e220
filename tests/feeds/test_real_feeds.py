"""Feeds that others collected: every one is read."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.feeds.parser import parse

DATA = Path(__file__).parents[3] / "shared" / "data"
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.skipif(not DATA.is_dir(), reason="the collected feeds are not part of the repository")
def test_every_real_feed_with_items_gives_them() -> None:
    counts = {path.name: entries(path.read_bytes()) for path in (DATA / "feeds").iterdir()}
    # These samples have no item at all.
    bare = {"iso-8859-1.xml", "windows-1252.xml", "windows-1252-incorrect-prolog.xml"}
    assert {name for name, count in counts.items() if not count} <= bare
    assert counts["encoding_WINDOWS-1251.xml"] == 50
    assert counts["large_atom.xml"] == 25


def entries(body: bytes) -> int:
    feed = parse(body, url="http://example.org/feed", content_type=None, zone=UTC, now=LATER)
    return len(feed.entries)
