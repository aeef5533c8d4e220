"""The digest tick with 100,000 due of 1,000,000, and what composing a digest costs.

The tick is the bot's own: slots found by index, digests owed, slots moved on. The composed digests
are those of readers with the defaults out of 300 stories, against digests composed by a newsroom
that shares nothing between readers: a fresh one for each.
"""

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from bot.delivery.digest import Digests
from bot.delivery.outbox import Outbox
from bot.messages.texts import load_all
from storage import ArticleDraft, EntryKey, Storage, Subscriber, Topic
from tests.bench.crowd import gather, settle
from tests.bench.report import Figure, cpu_seconds

READERS = 1_000_000
DUE = 100_000
STORIES = 300
DIGESTS = 2_000
ALONE = 200
_NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


@asynccontextmanager
async def _watched(storage: Storage) -> AsyncIterator[tuple[list[float], list[float]]]:
    """How long the writer was held by each transaction, and by how much the loop was late."""
    held, late = [0.0], [0.0]
    database = storage.outbox._database
    ordinary = database._writing

    @asynccontextmanager
    async def timed() -> AsyncIterator[aiosqlite.Connection]:
        async with ordinary() as writer:  # waited for; what is held includes the commit
            began = time.perf_counter()
            try:
                yield writer
            finally:
                held.append(time.perf_counter() - began)

    async def beat() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            late.append(time.perf_counter() - began - 0.001)

    database._writing = timed  # type: ignore[method-assign]  # its callers are to be timed
    task = asyncio.create_task(beat())
    try:
        yield held, late
    finally:
        task.cancel()
        database._writing = ordinary  # type: ignore[method-assign]  # as it was


async def _tick(folder: Path) -> list[Figure]:
    path = folder / "crowd.db"
    await gather(path, READERS, _NOW, due=DUE)
    settle(path)
    async with Storage.open(path) as storage:
        outbox = Outbox(storage, owed=lambda: None)
        gc.collect()
        gc.freeze()  # as the bot does at start
        async with _watched(storage) as (held, late):
            began, cpu = time.perf_counter(), cpu_seconds()
            owed = await outbox.owe_digests(_NOW)
            seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu
        if owed != DUE or await outbox.owe_digests(_NOW):
            raise AssertionError(f"{owed} digests were owed, not {DUE}, or some twice")
    return [
        Figure(
            f"digest tick, {DUE:,} due of {READERS:,}", f"{seconds:.1f} s", "≤ 10 s", seconds <= 10
        ),
        Figure("its CPU, all threads", f"{cpu:.1f} s"),
        Figure(
            "the writer held, at most", f"{max(held) * 1e3:.0f} ms", "≤ 100 ms", max(held) <= 0.1
        ),
        Figure("the event loop late, at most", f"{max(late) * 1e3:.0f} ms"),
    ]


async def _compose(digests: Digests, readers: Sequence[Subscriber]) -> str:
    text = ""
    for reader in readers:
        composed = await digests.compose(reader, _NOW)
        if composed is None or len(composed.stories) != STORIES:
            raise AssertionError("a digest lacks stories")
        text = digests.render(composed, reader, 1, _NOW).text
    return text


async def _composing(folder: Path) -> list[Figure]:
    path = folder / "composing.db"
    await gather(path, 1_000, _NOW, due=1_000)
    async with Storage.open(path) as storage:
        feed = await storage.feeds.add("https://vestnik.example/feed", "vestnik.example", _NOW)
        for number in range(STORIES):
            await storage.articles.store(
                ArticleDraft(
                    feed_id=feed.id,
                    source_id=feed.source_id,
                    key=EntryKey(str(number), f"vestnik.example/{number}", str(number)),
                    url=f"https://vestnik.example/{number}",
                    title=f"Через реку открыли новый мост, уже {number}-й за год",
                    summary="Движение по мосту открыли утром. Дорога в центр стала короче.",
                    published=_NOW,
                    fetched=_NOW,
                    language="ru",
                    topic=tuple(Topic)[number % len(Topic)],
                    search_title="мост",
                    search_body="мост",
                ),
                now=_NOW,
            )
        # One in six of the crowd follows "everything" alone, in all languages: the defaults.
        alike = await storage.subscribers.get(12)
        readers = [alike] * DIGESTS
        texts = load_all()
        shared = Digests(storage, texts)
        ours = theirs = 0.0
        for part in range(4):  # in turn: a busy neighbour so wrongs neither
            cpu = cpu_seconds()
            text = await _compose(shared, readers[part::4])
            ours += cpu_seconds() - cpu
            cpu = cpu_seconds()
            for _ in range(ALONE // 4):
                if await _compose(Digests(storage, texts), [alike]) != text:
                    raise AssertionError("what is shared reads otherwise")
            theirs += cpu_seconds() - cpu
    each, alone = ours / DIGESTS * 1e6, theirs / ALONE * 1e6
    return [
        Figure(f"CPU a digest of {STORIES} stories, {DIGESTS:,} readers alike", f"{each:.0f} µs"),
        Figure("the same, nothing shared", f"{alone:.0f} µs"),
        Figure("shared over unshared", f"{each / alone:.3f}", "≤ 0.2", each <= alone / 5),
    ]


async def measure() -> list[Figure]:
    """The tick's time and its longest holds; CPU a composed digest, shared and not."""
    with tempfile.TemporaryDirectory() as folder:
        return [*await _composing(Path(folder)), *await _tick(Path(folder))]
