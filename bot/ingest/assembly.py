"""Puts a pipeline together from the settings, for the bot and for `newsboy fetch` alike."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from yarl import URL

from bot.config import Settings
from bot.ingest.clustering import Clustering
from bot.ingest.pipeline import Pipeline
from bot.ingest.websub import Hubs
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
    hubs_clock: Callable[[], datetime] | None = None,
) -> AsyncIterator[Pipeline]:
    """A pipeline whose connections and workers live as long as the block.

    With `hubs_clock` and a public address feeds are announced by hubs too (WebSub); whoever asks
    for that has to serve the hubs' routes.

    Polls still under way at its end are cut off; what they had not stored is read again.
    """
    workers = Workers()
    async with (
        Fetcher(
            agent=settings.user_agent,
            allow_private=settings.allow_private_networks,
            proxy=settings.feed_proxy,
        ) as fetcher,
        _guest_fetcher(settings, storage) as guest_fetcher,
    ):
        hubs = None
        if hubs_clock is not None and settings.webhook_url is not None:
            clock = hubs_clock

            async def hurry(feed_id: int) -> None:
                await pipeline.hurry(feed_id, clock())

            hubs = Hubs(
                storage,
                # A feed names its hub, and its word must not post into the operator's house.
                guest_fetcher or fetcher,
                public_url=settings.webhook_url,
                ping=hurry,
                clock=hubs_clock,
            )
        pipeline = Pipeline(
            storage=storage,
            fetcher=fetcher,
            guest_fetcher=guest_fetcher,
            workers=workers,
            clustering=Clustering(storage, normaliser),
            floor=settings.poll_seconds,
            on_push=on_push,
            hubs=hubs,
        )
        try:
            yield pipeline
        finally:
            await pipeline.stop()
            await workers.stop()


@asynccontextmanager
async def _guest_fetcher(settings: Settings, storage: Storage) -> AsyncIterator[Fetcher | None]:
    """Who goes for readers' own feeds where the operator's may lie in a private network.

    Of private networks readers see no more than the hosts whose feeds the operator gave everybody
    before this start.
    """
    if not settings.allow_private_networks:
        yield None
        return
    hosts = {
        (url.host or "", url.port)
        for feed in await storage.feeds.all()
        if feed.owner is None
        for url in (URL(feed.url),)
    }
    async with Fetcher(
        agent=settings.user_agent, private_hosts=frozenset(hosts), proxy=settings.feed_proxy
    ) as fetcher:
        yield fetcher
