"""Puts a pipeline together from the settings, for the bot and for `newsboy fetch` alike."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.ingest.clustering import Clustering
from bot.ingest.pipeline import Pipeline
from bot.ingest.workers import Workers
from bot.web.fetcher import Fetcher
from bot.words.normaliser import Normaliser
from storage import Storage


@asynccontextmanager
async def open_pipeline(
    settings: Settings,
    storage: Storage,
    normaliser: Normaliser,
    *,
    on_push: Callable[[], None] = lambda: None,
) -> AsyncIterator[Pipeline]:
    """A pipeline whose connections and workers live as long as the block.

    Polls still under way at its end are cut off; what they had not stored is read again.
    """
    workers = Workers()
    async with Fetcher(
        agent=settings.user_agent,
        allow_private=settings.allow_private_networks,
        proxy=settings.feed_proxy,
    ) as fetcher:
        pipeline = Pipeline(
            storage=storage,
            fetcher=fetcher,
            workers=workers,
            clustering=Clustering(storage, normaliser),
            floor=settings.poll_seconds,
            on_push=on_push,
        )
        try:
            yield pipeline
        finally:
            await pipeline.stop()
            await workers.stop()
