"""A push to a crowd of whom one in ten follows it: the time to owe it, and what that writes.

The store is opened as the product does, and every chunk is a durable commit. The bytes are all that
the process wrote meanwhile; the log is folded into the file later, and what that adds is told
apart. The baseline writes as many rows of the same columns to a bare table, without an index and
without asking who is to get one, in as many durable commits. How long the writer is held is what
another task waits for it, that asks for it all the time, during pushes that fill the log.

A push to ten times as many readers says whether the cost grows with those who match: a match may
cost no more there. That takes minutes and gigabytes, so it is run by its name alone.
"""

import asyncio
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.delivery.matching import plain_keys
from storage import (
    ArticleDraft,
    EntryKey,
    PushPlan,
    Storage,
    Topic,
)
from tests.bench.crowd import MATCHING, SUBSCRIBERS, gather, settle
from tests.bench.report import Figure, cpu_seconds, percentile

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOAL_SECONDS = 2.0
GOAL_BYTES = 150
GOAL_HELD_MS = 100
GOAL_RATIO = 1.2
_RUNS = 3
_LARGER = 10
_FOLDED = 3  # pushes in a row: the log is folded into the file meanwhile, twice or so
_SPACE = 12 << 30


@dataclass(frozen=True)
class Owed:
    """A push owed to its end; `folded` are the bytes that the log's folding wrote after it."""

    matches: int
    chunks: int
    seconds: float
    cpu: float
    written: int
    folded: int


async def measure() -> list[Figure]:
    """Time, bytes and the writer's wait among a million readers, each beside its baseline."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crowd.db"
        await gather(path, SUBSCRIBERS, NOW - timedelta(days=1))
        settle(path)
        ours, bare = [], []
        for run in range(_RUNS):
            ours.append(await _owe(path, f"push {run}"))
            bare.append(_insert(Path(folder) / f"bare-{run}.db", ours[-1]))
        waits = await _waits(path)
    seconds = percentile([one.seconds for one in ours], 0.5)
    matches = ours[0].matches
    written = percentile([one.written / one.matches for one in ours], 0.5)
    folded = percentile([one.folded / one.matches for one in ours], 0.5)
    held = max(waits) * 1000
    return [
        Figure(
            f"a push to {SUBSCRIBERS:,} of whom {matches:,} match: time to owe, median of {_RUNS}",
            f"{seconds:.2f} s in {ours[-1].chunks} commits",
            f"≤ {GOAL_SECONDS:.0f} s",
            seconds <= GOAL_SECONDS,
        ),
        Figure(
            "the slowest; CPU", f"{max(o.seconds for o in ours):.2f} s; {_median_cpu(ours):.2f} s"
        ),
        Figure(
            "as many bare rows in as many commits (baseline): time; CPU",
            f"{percentile([b.seconds for b in bare], 0.5):.2f} s; {_median_cpu(bare):.2f} s",
        ),
        Figure(
            "bytes written per delivery",
            f"{written:.0f} B",
            f"≤ {GOAL_BYTES} B",
            written <= GOAL_BYTES,
        ),
        Figure("by folding the log into the file, later", f"{folded:.0f} B"),
        Figure(
            "a bare row (baseline): written; folded",
            f"{bare[0].written / matches:.0f} B; {bare[0].folded / matches:.0f} B",
        ),
        Figure(
            f"longest wait for the writer, of {len(waits):,}",
            f"{held:.0f} ms",
            f"≤ {GOAL_HELD_MS} ms",
            held <= GOAL_HELD_MS,
        ),
        Figure("wait for the writer, p99", f"{percentile(waits, 0.99) * 1000:.0f} ms"),
    ]


async def measure_growth() -> list[Figure]:
    """Time and CPU per match among ten times as many readers, over those among a million."""
    with tempfile.TemporaryDirectory() as folder:
        if shutil.disk_usage(folder).free < _SPACE:
            raise SystemExit(f"{folder} has less than {_SPACE >> 30} GiB free")
        small, large = Path(folder) / "small.db", Path(folder) / "large.db"
        for path, many in ((small, SUBSCRIBERS), (large, SUBSCRIBERS * _LARGER)):
            await gather(path, many, NOW - timedelta(days=1))
            settle(path)
        # A push to the million takes a tenth as long, so it is run as often again.
        few = [await _owe(small, f"push {run}") for run in range(_RUNS)]
        many_owed = [await _owe(large, f"push {run}") for run in range(_RUNS)]
        few += [await _owe(small, f"push {run} again") for run in range(_RUNS)]
    per_few = percentile([one.seconds / one.matches for one in few], 0.5)
    per_many = percentile([one.seconds / one.matches for one in many_owed], 0.5)
    ratio = per_many / per_few
    return [
        Figure(f"a match among {SUBSCRIBERS:,} (baseline)", f"{per_few * 1e6:.1f} µs"),
        Figure(
            f"a match among {SUBSCRIBERS * _LARGER:,}, of {many_owed[0].matches:,}",
            f"{per_many * 1e6:.1f} µs",
        ),
        Figure("the one over the other", f"{ratio:.2f}", f"≤ {GOAL_RATIO}", ratio <= GOAL_RATIO),
        Figure(
            "the same in CPU",
            f"{_cpu_per_match(many_owed) / _cpu_per_match(few):.2f}",
        ),
        Figure(
            "bytes written per delivery there",
            f"{percentile([one.written / one.matches for one in many_owed], 0.5):.0f} B",
        ),
    ]


async def _owe(path: Path, name: str) -> Owed:
    """Owe a new push to its end; what is owed is taken away after, to begin each run alike."""
    async with Storage.open(path) as storage:
        await _push(storage, name)
        written, cpu, began = _written(), cpu_seconds(), time.perf_counter()
        matches, chunks = await _expand(storage)
        seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu
        written = _written() - written
        folded = _written()
        await storage.upkeep.tidy()
        folded = _written() - folded
    _forget(path)
    return Owed(matches, chunks, seconds, cpu, written, folded)


async def _expand(storage: Storage) -> tuple[int, int]:
    """Expand what is open: (deliveries, chunks)."""
    matches = chunks = 0
    while pushes := await storage.owing.open_pushes():
        added, _done = await storage.owing.expand(pushes[0], now=NOW)
        matches += added
        chunks += 1
    return matches, chunks


async def _waits(path: Path) -> list[float]:
    """How long another task waited for the writer each time, during a few pushes."""
    waits: list[float] = []

    async def ask(storage: Storage, asked: asyncio.Event) -> None:
        while not asked.is_set():
            began = time.perf_counter()
            await storage.meta.set("asked", str(len(waits)))
            waits.append(time.perf_counter() - began)

    async with Storage.open(path) as storage:
        for number in range(_FOLDED):
            await _push(storage, f"waited for {number}")
        done = asyncio.Event()
        asking = asyncio.create_task(ask(storage, done))
        await _expand(storage)
        done.set()
        await asking
    _forget(path)
    return waits


async def _push(storage: Storage, name: str) -> None:
    """A story about politics, matched."""
    await storage.feeds.ensure([("https://one.example/rss", "one.example")], NOW)
    feed = await storage.feeds.by_url("https://one.example/rss")
    stored = await storage.articles.store(
        ArticleDraft(
            feed_id=feed.id,
            source_id=feed.source_id,
            key=EntryKey(name, f"https://one.example/{name}", name),
            url=f"https://one.example/{name}",
            title=name,
            published=NOW,
            fetched=NOW,
            language="ru",
            topic=Topic.POLITICS,
        ),
        now=NOW,
        push=PushPlan(NOW + timedelta(hours=2)),
    )
    push = (await storage.owing.open_pushes())[-1]
    keys = plain_keys(Topic.POLITICS, "one.example", stored.story_id)
    await storage.owing.match_push(push.id, keys)


def _insert(path: Path, like: Owed) -> Owed:
    """The baseline: as many rows of the ledger's columns into a bare table, in as many commits."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(
            """
            CREATE TABLE delivery (
                id INTEGER PRIMARY KEY, subscriber_id INTEGER, state TEXT, due INTEGER,
                expires INTEGER, attempts INTEGER, push_id INTEGER, story_id INTEGER,
                article_id INTEGER, broadcast_id INTEGER, slot_id INTEGER, scheduled INTEGER,
                since INTEGER, sound INTEGER, ended INTEGER, reason TEXT, message_id INTEGER,
                layout TEXT, language TEXT, view TEXT, parts TEXT, stories TEXT) STRICT
            """
        )
        size = -(-like.matches // like.chunks)
        written, cpu, began = _written(), cpu_seconds(), time.perf_counter()
        for first in range(0, like.matches, size):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                """
                WITH RECURSIVE n (i) AS (
                    SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
                INSERT INTO delivery (subscriber_id, state, due, expires, attempts, push_id,
                                      story_id, article_id, sound)
                SELECT i * :tenth, 'owed', 1795348800, 1795356000, 0, 50001, 80001, 100001, 0
                FROM n
                """,
                {
                    "first": first,
                    "last": min(first + size, like.matches) - 1,
                    "tenth": MATCHING,
                },
            )
            connection.execute("COMMIT")
        seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu
        written = _written() - written
        folded = _written()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        folded = _written() - folded
    return Owed(like.matches, like.chunks, seconds, cpu, written, folded)


def _forget(path: Path) -> None:
    """Take what is owed out of the ledger again."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM delivery WHERE state = 'owed'")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _written() -> int:
    """Bytes that this process has written so far."""
    for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(": ")
        if name == "wchar":
            return int(value)
    raise AssertionError("Linux counts what a process writes")


def _median_cpu(runs: list[Owed]) -> float:
    return percentile([one.cpu for one in runs], 0.5)


def _cpu_per_match(runs: list[Owed]) -> float:
    return percentile([one.cpu / one.matches for one in runs], 0.5)
