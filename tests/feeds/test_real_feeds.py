"""Feeds that others collected: every one is read, and not worse than feedparser alone reads it."""

import calendar
import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from bot.feeds.entries import ParsedEntry
from bot.feeds.errors import FeedError
from bot.feeds.parser import parse, plain_text

DATA = Path(__file__).parents[3] / "shared" / "data"
LATER = datetime(2100, 1, 1, tzinfo=UTC)

needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the collected feeds are not part of the repository"
)


def read(body: bytes) -> tuple[ParsedEntry, ...]:
    url = "http://example.org/feed"
    return parse(body, url=url, content_type=None, zone=UTC, now=LATER).entries


@needs_data
def test_every_real_feed_with_items_gives_them() -> None:
    counts = {path.name: len(read(path.read_bytes())) for path in (DATA / "feeds").iterdir()}
    # These samples have no item at all.
    bare = {"iso-8859-1.xml", "windows-1252.xml", "windows-1252-incorrect-prolog.xml"}
    assert {name for name, count in counts.items() if not count} <= bare
    assert counts["encoding_WINDOWS-1251.xml"] == 50
    assert counts["large_atom.xml"] == 25


@needs_data
def test_titles_links_and_dates_are_at_least_feedparsers() -> None:
    asked: Counter[str] = Counter()
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    for expected, body in samples():
        wanted = expected.get("items") or expected.get("entries") or []
        try:
            entries = read(completed(body))
        except FeedError:
            entries = ()
        plain = feedparser.parse(body).entries
        for number, want in enumerate(wanted):
            for name, value in values(want).items():
                asked[name] += 1
                if len(entries) == len(wanted):
                    ours[name] += of_entry(entries[number])[name] == value
                if len(plain) == len(wanted):
                    theirs[name] += of_feedparser(plain[number])[name] == value
    assert all(asked[name] for name in ("title", "link", "date"))
    for name, count in asked.items():
        assert ours[name] >= theirs[name], f"{name}: {ours[name]} against {theirs[name]} of {count}"
        assert ours[name] >= 0.85 * count, f"{name}: {ours[name]} of {count}"


def samples() -> list[tuple[dict[str, Any], bytes]]:
    found = []
    for path in sorted((DATA / "feeds-expected").rglob("*.json")):
        feed = path.with_suffix(".xml")
        if not feed.exists():
            feed = path.with_name(path.name.replace("_expected.json", ".json"))
        if feed != path and feed.exists():
            found.append((json.loads(path.read_bytes()), feed.read_bytes()))
    return found


def completed(body: bytes) -> bytes:
    """The samples test one element each; newsboy passes over entries without title and link."""

    def fill(match: re.Match[bytes]) -> bytes:
        start, kind, inside, end = match[1], match[2], match[3], match[4]
        if not re.search(rb"<(?:\w+:)?link\b", inside):
            inside += b"<link>http://x/</link>" if kind == b"item" else b'<link href="http://x/"/>'
        if not re.search(rb"<(?:\w+:)?title\b", inside):
            inside += b"<title>filled in</title>"
        return start + inside + end

    entry = rb"(<(?:\w+:)?(item|entry)\b[^>]*>)(.*?)(</(?:\w+:)?\2\s*>)"
    return re.sub(entry, fill, body, flags=re.DOTALL)


def values(want: dict[str, Any]) -> dict[str, Any]:
    """What the sample states of title, link and date."""
    links = [link for link in want.get("links") or () if isinstance(link, str)]
    date = want.get("publishedParsed") or want.get("pubDateParsed")
    stated = {
        "title": plain_text(want.get("title") or ""),
        "link": want.get("link") or (links[0] if links else None),
        "date": datetime.fromisoformat(date).replace(microsecond=0) if date else None,
    }
    return {name: value for name, value in stated.items() if value}


def of_entry(entry: ParsedEntry) -> dict[str, Any]:
    return {"title": entry.title, "link": entry.url, "date": entry.published}


def of_feedparser(entry: Any) -> dict[str, Any]:
    parsed = entry.get("published_parsed")
    return {
        "title": plain_text(entry.get("title", "")),
        "link": entry.get("link"),
        "date": datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None,
    }
