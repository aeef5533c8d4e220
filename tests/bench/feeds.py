"""Feeds with a known right reading: ours against feedparser's and fastfeedparser's, bare.

    sample + expected reading ─▶ three parsers, the same bytes ─▶ value by value: equal or not

The samples are gofeed's tests, which stand beside the repository where they were put: `translator`
(what one reader makes of every format), `parser` (format by format), and real feeds without an
expected reading, of which only what must not happen is counted. Beside them stand feeds of our own
with one fault each (`tests/feeds/edge_cases.py`).

What is compared is what a newspaper keeps: titles, links and dates of the entries, and the feed's
title, its site's address and its own. Each of the samples tests one element and leaves out the
rest, but an entry that says nothing at all is no news and is left out here; so every entry without
a title is given a numbered one first, for all three parsers alike. Titles are compared as plain
text, with the markup of all taken off in the same way, because that is what a title is here.
"""

import calendar
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import fastfeedparser
import feedparser

from bot.feeds.entries import ParsedEntry
from bot.feeds.errors import FeedError
from bot.feeds.parser import parse, plain_text
from tests.bench.report import Figure
from tests.feeds.edge_cases import URL, edge_cases

DATA = Path(__file__).parents[3] / "shared" / "data"
_LATER = datetime(2100, 1, 1, tzinfo=UTC)
_COLUMNS: Final = ("titles", "links", "dates")
_OURS: Final = "newsboy"

# A value's place: the entry's number, or None for the feed's own; and the value's name.
_Place = tuple[int | None, str]
_Values = Mapping[_Place, object]


@dataclass(frozen=True)
class Sample:
    """A feed and what a right reading of it holds."""

    name: str
    body: bytes
    wanted: _Values
    entries: int


@dataclass(frozen=True)
class Difference:
    """A value that our parser reads otherwise than the sample's authors want, and why.

    `reason` is "" where none of the known ones holds: that would be a fault of ours.
    """

    sample: str
    name: str
    reason: str


async def measure() -> list[Figure]:
    """The figures of all folders; without the practice data there are the edge cases alone."""
    if not DATA.is_dir():
        absent = f"the practice data is not beside the repository ({DATA.name}/)"
        return [Figure("samples skipped", absent), _edge_cases()]
    figures: list[Figure] = []
    for folder in ("translator", "parser"):
        tested = samples(folder)
        figures += [_figure(folder, column, tested) for column in _COLUMNS]
        figures += [
            Figure(f"  {one.name} of {one.sample}", one.reason or "differs for no known reason")
            for one in differences(tested)
        ]
    return [*figures, *_real_feeds(), _edge_cases()]


def _figure(folder: str, column: str, tested: Sequence[Sample]) -> Figure:
    asked = sum(_column(place) == column for sample in tested for place in sample.wanted)
    right = {
        name: sum(
            _column(place) == column and read.get(place) == value
            for sample in tested
            for read in (_read(reader, sample),)
            for place, value in sample.wanted.items()
        )
        for name, reader in _PARSERS.items()
    }
    best = max(count for name, count in right.items() if name != _OURS)
    others = ", ".join(f"{name} {count}" for name, count in right.items() if name != _OURS)
    return Figure(
        f"{folder}: {column} equal",
        f"{right[_OURS]} of {asked}; {others}",
        goal="≥ both",
        met=right[_OURS] >= best,
    )


def _column(place: _Place) -> str:
    return {"title": "titles", "published": "dates", "updated": "dates"}.get(place[1], "links")


def differences(tested: Sequence[Sample]) -> list[Difference]:
    """What our parser reads otherwise than wanted."""
    found = []
    for sample in tested:
        read = _ours(sample.body)
        other_count = read.get((None, "entries")) != sample.entries
        for (number, name), value in sample.wanted.items():
            if number is not None and other_count:
                reason = "an entry that says nothing, or says it twice, is left out"
                found.append(Difference(sample.name, name, reason))
            elif read.get((number, name)) != value:
                found.append(Difference(sample.name, name, _reason(sample, name, value)))
    return found


def _reason(sample: Sample, name: str, wanted: object) -> str:
    """A known reason for a difference, or ""."""
    if name in {"link", "self"} and not re.match(r"https?://\S", str(wanted)):
        return "only http and https are links of a newspaper"
    opened, closed = (len(re.findall(mark, sample.body)) for mark in (rb"<title\b", rb"</title\b"))
    if name == "title" and opened > closed:
        return "the title is closed by the end of another element: where it ends is a guess"
    if wanted is None:
        return "the sample's own date is none"
    return ""


# ---------------------------------------------------------------- the samples


def samples(folder: str) -> list[Sample]:
    """The samples of a folder that have both a feed and its expected reading."""
    root = DATA / "feeds-expected" / folder
    found = []
    for expected in sorted(root.rglob("*.json")):
        feed = expected.with_suffix(".xml")
        if not feed.exists():
            feed = expected.with_name(expected.name.replace("_expected.json", ".json"))
        if feed == expected or not feed.exists():
            continue
        reading = json.loads(expected.read_bytes())
        if not isinstance(reading, dict):
            continue
        items = [item for item in reading.get("items") or reading.get("entries") or () if item]
        wanted = dict(_feed_wanted(reading))
        for number, item in enumerate(items):
            wanted.update(((number, name), value) for name, value in _entry_wanted(item))
        name = feed.relative_to(root).as_posix()
        found.append(Sample(name, _completed(feed.read_bytes()), wanted, len(items)))
    return found


def _feed_wanted(reading: Mapping[str, Any]) -> Iterator[tuple[_Place, object]]:
    if title := plain_text(_text(reading.get("title"))):
        yield (None, "title"), title
    if link := _text(reading.get("link")) or _text(reading.get("home_page_url")):
        yield (None, "link"), link
    if own := _text(reading.get("feedLink")) or _text(reading.get("feed_url")):
        yield (None, "self"), own


def _entry_wanted(item: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    if title := plain_text(_text(item.get("title"))):
        yield "title", title
    links = [link for link in item.get("links") or () if isinstance(link, str)]
    if link := _text(item.get("link")) or _text(item.get("url")) or next(iter(links), ""):
        yield "link", link
    for name, keys in (
        ("published", ("publishedParsed", "pubDateParsed", "date_published")),
        ("updated", ("updatedParsed", "date_modified")),
    ):
        if date := next((_text(item[key]) for key in keys if item.get(key)), ""):
            yield name, _instant(date)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _instant(text: object) -> datetime | None:
    """An ISO date, to the second."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).replace(microsecond=0)
    except ValueError:
        return None


def _completed(body: bytes) -> bytes:
    """The feed with a numbered title in every entry that has none."""
    numbers = iter(range(1_000_000))

    def fill(entry: re.Match[bytes]) -> bytes:
        start, prefix, inside, end = entry[1], entry[2] or b"", entry[4], entry[5]
        if re.search(rb"<(?:\w+:)?title\b", inside):
            return entry[0]
        title = b"<%btitle>filled in %d</%btitle>" % (prefix, next(numbers), prefix)
        return start + inside + title + end

    entry = rb"(<(\w+:)?(item|entry)\b[^>]*(?<!/)>)(.*?)(</(?:\w+:)?\3\s*>)"
    return re.sub(entry, fill, body, flags=re.DOTALL)


# ---------------------------------------------------------------- the parsers


def _read(parser: Callable[..., _Values], sample: Sample) -> _Values:
    """What a parser reads; entries only where it finds as many as there are."""
    read = parser(sample.body)
    if read.get((None, "entries")) == sample.entries:
        return read
    return {place: value for place, value in read.items() if place[0] is None}


def _ours(body: bytes, content_type: str | None = None, zone: tzinfo = UTC) -> _Values:
    try:
        feed = parse(body, url=URL, content_type=content_type, zone=zone, now=_LATER)
    except FeedError:
        return {}
    read: dict[_Place, object] = {
        (None, "title"): feed.title,
        (None, "link"): feed.site,
        (None, "self"): feed.self_url,
        (None, "entries"): len(feed.entries),
    }
    for number, entry in enumerate(feed.entries):
        read[number, "title"] = entry.title
        read[number, "link"] = entry.url
        read[number, "published"] = _second(entry, "published")
        read[number, "updated"] = _second(entry, "updated")
    return read


def _second(entry: ParsedEntry, name: str) -> datetime | None:
    found: datetime | None = getattr(entry, name)
    return found.replace(microsecond=0) if found else None


def _feedparser(body: bytes, content_type: str | None = None, _zone: tzinfo = UTC) -> _Values:
    headers = {"content-location": URL} | ({"content-type": content_type} if content_type else {})
    try:
        raw = feedparser.parse(body, response_headers=headers)
    except Exception:  # noqa: BLE001 - a reference to half a character is enough
        return {}
    read: dict[_Place, object] = {
        (None, "title"): plain_text(raw.feed.get("title", "")),
        (None, "link"): raw.feed.get("link"),
        (None, "self"): _self(raw.feed.get("links")),
        (None, "entries"): len(raw.entries),
    }
    for number, entry in enumerate(raw.entries):
        read[number, "title"] = plain_text(entry.get("title", ""))
        read[number, "link"] = entry.get("link")
        for name in ("published", "updated"):
            # Its `get` answers updated with published.
            parsed = entry[f"{name}_parsed"] if f"{name}_parsed" in entry else None  # noqa: SIM401
            read[number, name] = _of_struct(parsed)
    return read


def _of_struct(parsed: Any) -> datetime | None:
    """A time tuple of feedparser's as an instant; some of its years are below zero."""
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError):
        return None


def _fastfeedparser(body: bytes, _type: str | None = None, _zone: tzinfo = UTC) -> _Values:
    try:
        raw = fastfeedparser.parse(body)
    except Exception:  # noqa: BLE001 - whatever it raises, it read nothing
        return {}
    read: dict[_Place, object] = {
        (None, "title"): plain_text(raw.feed.get("title") or ""),
        (None, "link"): raw.feed.get("link"),
        (None, "self"): _self(raw.feed.get("links")),
        (None, "entries"): len(raw.entries),
    }
    for number, entry in enumerate(raw.entries):
        read[number, "title"] = plain_text(entry.get("title") or "")
        read[number, "link"] = entry.get("link")
        for name in ("published", "updated"):
            read[number, name] = _instant(entry.get(name))
    return read


def _self(links: Any) -> str | None:
    return next((link.get("href") for link in links or () if link.get("rel") == "self"), None)


_PARSERS: Final[Mapping[str, Callable[..., _Values]]] = {
    _OURS: _ours,
    "feedparser": _feedparser,
    "fastfeedparser": _fastfeedparser,
}


# ---------------------------------------------------------------- feeds with a fault


def _edge_cases() -> Figure:
    """Of feeds with one fault each: how many first entries have title, link and date right."""
    cases = list(edge_cases())
    right: Counter[str] = Counter()
    for case in cases:
        for name, parser in _PARSERS.items():
            read = parser(case.body, case.content_type, ZoneInfo("Europe/Moscow"))
            right[name] += (
                read.get((0, "title")) == case.title
                and (read.get((0, "link")) or "") == case.link
                and read.get((0, "published")) == case.published
            )
    others = ", ".join(f"{name} {count}" for name, count in right.items() if name != _OURS)
    return Figure(
        "feeds with one fault each: read right",
        f"{right[_OURS]} of {len(cases)}; {others}",
        goal="all",
        met=right[_OURS] == len(cases),
    )


# ---------------------------------------------------------------- real feeds


def _real_feeds() -> list[Figure]:
    """Of feeds as they were served: how many titles are read without a broken character."""
    bodies = [path.read_bytes() for path in sorted((DATA / "feeds").iterdir())]
    whole: Counter[str] = Counter()
    for name, parser in _PARSERS.items():
        for body in bodies:
            titles = [value for place, value in parser(body).items() if place[1] == "title"]
            whole[name] += sum(bool(title) and not _BROKEN.search(str(title)) for title in titles)
    others = ", ".join(f"{name} {count}" for name, count in whole.items() if name != _OURS)
    return [
        Figure(
            f"{len(bodies)} real feeds: titles without a broken character",
            f"{whole[_OURS]}; {others}",
            goal="≥ both",
            met=whole[_OURS] >= max(whole.values()),
        )
    ]


# What is left of a text that was decoded wrongly.
_BROKEN = re.compile("[\ufffd\x80-\x9f]|Ð.Ð|Ã.Ã|[Рр][‚ЂЃѓ„…†‡€‰Љ‹ЊЌЋЏ]")
