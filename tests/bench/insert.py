"""An article into a store of 100,000: story, index and owed push, against the bare row.

Both write to the same file in turn, each in a transaction of its own with the same durable commit.
Two of three articles join the story of the one before and lead it from then on. The bare row goes
into the article table with its indices and nothing else. What is timed is all of `store`, from the
draft to the commit.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.sandbox.newspaper.synthetic import synthetic
from bot.words.normaliser import Normaliser
from storage import THIS, ArticleDraft, PushPlan, Storage
from storage.article_rows import draft_parameters
from storage.articles import INSERT_ARTICLE
from storage.database import to_epoch
from tests.bench.archive import ENDS, SOURCES, archive, draft_of
from tests.bench.report import Figure, percentile

STORED = 100_000
INSERTED = 1_000
GOAL_MS = 20.0
_SEED = 7_000_000  # texts that the archive has none of


async def measure() -> list[Figure]:
    """p50, p99 and the worst of `store`, and of the bare row."""
    source = await archive(STORED)
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        path = Path(folder) / source.name
        shutil.copy(source, path)
        with path.open("rb") as copied:  # or the first commit would wait for all of the copy
            os.fsync(copied.fileno())
        async with Storage.open(path) as storage:
            whole, bare = await _insert(storage, await _drafts(storage))
    p99 = percentile(whole, 0.99)
    return [
        Figure(f"an article among {STORED:,}, {INSERTED} times, p50", _ms(percentile(whole, 0.5))),
        Figure("p99", _ms(p99), f"≤ {GOAL_MS:.0f} ms", p99 * 1000 <= GOAL_MS),
        Figure("the slowest", _ms(max(whole))),
        Figure("its bare row alone (baseline), p50", _ms(percentile(bare, 0.5))),
        Figure("p99", _ms(percentile(bare, 0.99))),
        Figure("the slowest", _ms(max(bare))),
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


async def _drafts(storage: Storage) -> list[ArticleDraft]:
    normaliser = Normaliser()
    rows = await storage.feeds._database.rows("SELECT url FROM feed ORDER BY id")
    feeds = [await storage.feeds.by_url(row["url"]) for row in rows]
    return [
        replace(
            draft_of(text, feeds[text.source], _SEED + number, normaliser),
            published=ENDS + timedelta(seconds=number),
            fetched=ENDS + timedelta(seconds=number),
        )
        for number, text in enumerate(synthetic(2 * INSERTED, sources=SOURCES, seed=_SEED))
    ]


async def _insert(
    storage: Storage, drafts: Sequence[ArticleDraft]
) -> tuple[list[float], list[float]]:
    """Seconds of each `store`, and of each bare row between them."""
    whole: list[float] = []
    bare: list[float] = []
    story: int | None = None
    for number, draft in enumerate(drafts):
        now = draft.fetched
        if number % 2 == 0:
            begun = time.perf_counter()
            stored = await storage.articles.store(
                draft, now=now, story_id=story, lead=THIS, push=PushPlan(now + timedelta(hours=6))
            )
            whole.append(time.perf_counter() - begun)
            story = None if number % 3 == 2 else stored.story_id
        else:
            row = draft_parameters(draft) | {
                "key": -number,
                "story": 1,
                "leads": 0,
                "now": to_epoch(now),
                "imported": 0,
            }
            begun = time.perf_counter()
            async with storage.feeds._database.transaction() as transaction:
                await transaction.value(INSERT_ARTICLE, row)
            bare.append(time.perf_counter() - begun)
    return whole, bare
