"""A pipeline over a newspaper on loopback, with a real database and real workers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from bot.ingest.clustering import Clustering
from bot.ingest.pipeline import FeedReport, Pipeline
from bot.ingest.workers import Workers
from bot.web.fetcher import Fetcher
from bot.words.normaliser import Normaliser
from storage import Article, Feed, Storage
from tests.ingest.newspaper import NOW, Newspaper


@dataclass
class House:
    """A pipeline over a newspaper, with its clock in hand."""

    storage: Storage
    paper: Newspaper
    pipeline: Pipeline
    pushes: list[bool] = field(default_factory=list)

    async def poll(self, minutes: float = 0) -> FeedReport:
        """Poll the newspaper's feed so many minutes after the start."""
        now = NOW + timedelta(minutes=minutes)
        return await self.pipeline.fetch_feed(await self.feed(), now)

    async def feed(self) -> Feed:
        (feed,) = [one for one in await self.storage.feeds.all() if one.id == 1]
        return feed

    async def articles(self) -> list[Article]:
        """The newspaper's articles, newest first."""
        found = await self.storage.articles.latest(language="all", limit=100)
        return [await self.storage.articles.get(one.article_id) for one in found]

    async def pushes_owed(self) -> int:
        return len(await self.storage.owing.open_pushes())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    pool = Workers(size=2)
    yield pool
    await pool.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path, workers: Workers) -> AsyncIterator[House]:
    paper = Newspaper()
    await paper.start()
    pushes: list[bool] = []
    normaliser = Normaliser()
    async with (
        Storage.open(tmp_path / "newsboy.db") as storage,
        Fetcher(agent="newsboy-test", allow_private=True, seconds=5) as fetcher,
    ):
        pipeline = Pipeline(
            storage=storage,
            fetcher=fetcher,
            workers=workers,
            clustering=Clustering(storage, normaliser),
            floor=300,
            on_push=lambda: pushes.append(True),
        )
        await storage.feeds.add(paper.feed_url, "127.0.0.1", NOW)
        yield House(storage, paper, pipeline, pushes)
        await pipeline.stop()
    await paper.stop()
