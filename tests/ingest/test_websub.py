"""Subscribing at a hub on loopback, and believing it nothing that is not signed."""

import asyncio
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web

from bot.ingest.clustering import Clustering
from bot.ingest.pipeline import Pipeline
from bot.ingest.websub import LEASE, Hubs, is_announced
from bot.ingest.workers import Workers
from bot.web.fetcher import Fetcher
from bot.web.listener import listening
from bot.words.normaliser import Normaliser
from storage import Feed, HubSubscription, Storage
from tests.ingest.newspaper import NOW as NEWS
from tests.ingest.newspaper import Newspaper

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TOPIC = "https://news.example/rss.xml"


@dataclass
class World:
    """The bot's side, the hub's side, and a clock."""

    storage: Storage
    feed: Feed
    hubs: Hubs
    session: aiohttp.ClientSession
    hub: str
    status: int = 202
    now: datetime = NOW
    asked: list[dict[str, str]] = field(default_factory=list)
    pings: list[int] = field(default_factory=list)

    async def subscribe(self, request: web.Request) -> web.Response:
        self.asked.append({name: one[0] for name, one in parse_qs(await request.text()).items()})
        return web.Response(status=self.status)

    async def ping(self, feed_id: int) -> None:
        self.pings.append(feed_id)

    async def known(self) -> HubSubscription:
        known = await self.storage.hubs.get(self.feed.id)
        assert known is not None
        return known

    async def verify(self, **changed: str) -> tuple[int, str]:
        query = {
            "hub.mode": "subscribe",
            "hub.topic": self.asked[-1]["hub.topic"],
            "hub.challenge": "42-challenge",
            "hub.lease_seconds": "86400",
            **{f"hub.{name}": value for name, value in changed.items()},
        }
        async with self.session.get(self.asked[-1]["hub.callback"], params=query) as answer:
            return answer.status, await answer.text()

    async def announce(self, body: bytes, signature: str) -> int:
        async with self.session.post(
            self.asked[-1]["hub.callback"], data=body, headers={"X-Hub-Signature": signature}
        ) as answer:
            return answer.status

    def signature(self, body: bytes, method: str = "sha256") -> str:
        secret = self.asked[-1]["hub.secret"].encode()
        return f"{method}={hmac.new(secret, body, getattr(hashlib, method)).hexdigest()}"


@asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    worlds: list[World] = []

    async def hub(request: web.Request) -> web.Response:
        return await worlds[0].subscribe(request)

    app = web.Application()
    app.router.add_post("/hub", hub)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with (
            Storage.open(folder / "newsboy.db") as storage,
            Fetcher(agent="newsboy-test", allow_private=True) as fetcher,
            aiohttp.ClientSession() as session,
        ):
            feed = await storage.feeds.add(TOPIC, "news.example", NOW)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            hubs = Hubs(
                storage,
                fetcher,
                public_url=f"http://127.0.0.1:{port}/",
                ping=lambda feed_id: worlds[0].ping(feed_id),
                clock=lambda: worlds[0].now,
            )
            async with listening("127.0.0.1", port, hubs.routes()):
                address = f"http://127.0.0.1:{runner.addresses[0][1]}/hub"
                worlds.append(World(storage, feed, hubs, session, address))
                yield worlds[0]
    finally:
        await runner.cleanup()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


async def subscribed(world: World) -> None:
    await world.hubs.offer(world.feed.id, world.hub, TOPIC)
    await world.hubs.subscribe_due()
    assert await world.verify() == (200, "42-challenge")


async def test_subscribes_confirms_and_renews(world: World) -> None:
    await world.hubs.offer(world.feed.id, world.hub, TOPIC)
    assert not await is_announced(world.storage, world.feed.id, NOW)
    await world.hubs.subscribe_due()
    (asked,) = world.asked
    assert asked["hub.mode"] == "subscribe"
    assert asked["hub.topic"] == TOPIC
    assert asked["hub.lease_seconds"] == str(int(LEASE.total_seconds()))
    assert len(asked["hub.secret"]) >= 32
    assert len(urlsplit(asked["hub.callback"]).path) >= 32
    assert not await is_announced(world.storage, world.feed.id, NOW)
    assert await world.verify() == (200, "42-challenge")
    known = await world.known()
    assert (known.state, known.expires) == ("active", NOW + timedelta(days=1))
    assert await is_announced(world.storage, world.feed.id, NOW)
    assert not await is_announced(world.storage, world.feed.id, NOW + timedelta(days=1))

    await world.hubs.offer(world.feed.id, world.hub, TOPIC)  # the feed's next reading
    await world.hubs.subscribe_due()
    assert len(world.asked) == 1
    world.now = NOW + timedelta(hours=20)  # before the lease ends
    await world.hubs.subscribe_due()
    assert len(world.asked) == 2
    assert world.asked[1]["hub.callback"] == asked["hub.callback"]
    assert await is_announced(world.storage, world.feed.id, world.now)


@pytest.mark.parametrize(
    "changed",
    [
        {"topic": "https://other.example/rss.xml"},
        {"mode": "unsubscribe"},
        {"challenge": ""},
        {"challenge": "x" * 2000},
        {"mode": "publish"},
    ],
)
async def test_confirms_only_what_was_asked(world: World, changed: dict[str, str]) -> None:
    await world.hubs.offer(world.feed.id, world.hub, TOPIC)
    await world.hubs.subscribe_due()
    assert (await world.verify(**changed))[0] == 404
    assert (await world.known()).state == "asked"


async def test_an_unknown_address_is_nothing(world: World) -> None:
    await subscribed(world)
    world.asked[-1]["hub.callback"] += "x"
    assert (await world.verify())[0] == 404
    assert await world.announce(b"<rss/>", world.signature(b"<rss/>")) == 410
    assert world.pings == []


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_a_signed_announcement_polls_the_feed(world: World, method: str) -> None:
    await subscribed(world)
    body = "<rss>новость</rss>".encode()
    assert await world.announce(body, world.signature(body, method)) == 202
    assert world.pings == [world.feed.id]


async def test_a_forged_announcement_is_passed_over(world: World) -> None:
    await subscribed(world)
    body = b"<rss/>"
    right = world.signature(body)
    for wrong in ("", "sha256=", "md5=" + "0" * 32, right[:-1] + "g", "sha256=привет", right * 2):
        assert await world.announce(body, wrong) == 202
    assert await world.announce(body + b" ", right) == 202
    assert world.pings == []


async def test_a_refusal_is_kept_for_a_day(world: World) -> None:
    await world.hubs.offer(world.feed.id, world.hub, TOPIC)
    await world.hubs.subscribe_due()
    assert (await world.verify(mode="denied", reason="closed"))[0] == 200
    assert (await world.known()).state == "refused"
    world.now = NOW + timedelta(hours=23)
    await world.hubs.subscribe_due()
    assert len(world.asked) == 1
    world.now = NOW + timedelta(hours=25)
    await world.hubs.subscribe_due()
    assert len(world.asked) == 2


async def test_a_hub_that_fails_is_asked_less_and_less(world: World) -> None:
    world.status = 500
    await world.hubs.offer(world.feed.id, world.hub, TOPIC)
    waits = []
    for _ in range(10):
        before = len(world.asked)
        await world.hubs.subscribe_due()
        assert len(world.asked) == before + 1
        due = (await world.known()).due
        waits.append(due - world.now)
        world.now = due
    assert waits[0] == timedelta(hours=1)
    assert waits[1:] == sorted(waits[1:])
    assert waits[-1] == timedelta(days=1)


async def test_another_hub_takes_the_place_of_the_first(world: World) -> None:
    await subscribed(world)
    before = await world.known()
    await world.hubs.offer(world.feed.id, f"{world.hub}?other", TOPIC)
    after = await world.known()
    assert after.state == "asked"
    assert (after.callback, after.secret) != (before.callback, before.secret)
    assert not await is_announced(world.storage, world.feed.id, NOW)


async def test_a_feed_that_names_its_hub_is_announced_and_then_polled_slowly(
    world: World,
) -> None:
    paper = Newspaper()
    await paper.start()
    paper.headers["Link"] = f'<{world.hub}>; rel="hub", <{paper.feed_url}>; rel="self"'
    paper.publish("one", "Утверждён план развития железных дорог")
    workers = Workers(size=1)
    feed = await world.storage.feeds.add(paper.feed_url, "127.0.0.1", NEWS)
    async with Fetcher(agent="newsboy-test", allow_private=True, seconds=5) as fetcher:
        pipeline = Pipeline(
            storage=world.storage,
            fetcher=fetcher,
            workers=workers,
            clustering=Clustering(world.storage, Normaliser()),
            floor=5,
            hubs=world.hubs,
        )
        world.now = NEWS
        assert (await pipeline.fetch_feed(feed, NEWS)).stored == 1
        await world.hubs.subscribe_due()
        assert world.asked[-1]["hub.topic"] == paper.feed_url
        before = await world.storage.feeds.by_url(paper.feed_url)
        assert await world.verify() == (200, "42-challenge")
        later = NEWS + timedelta(minutes=30)
        assert (await pipeline.fetch_feed(before, later)).unchanged
        slow = await world.storage.feeds.by_url(paper.feed_url)
        assert slow.due - later > timedelta(minutes=50)
        await pipeline.hurry(feed.id, later)
        soon = later + timedelta(minutes=1)  # a hub may announce as often as it likes
        assert feed.id not in [one.id for one in await world.storage.feeds.due(later)]
        assert feed.id in [one.id for one in await world.storage.feeds.due(soon)]

        # What is announced during a poll may have come after the feed was read.
        poll = asyncio.create_task(pipeline.fetch_feed(slow, soon))
        await asyncio.sleep(0)
        await pipeline.hurry(feed.id, soon)
        assert (await poll).unchanged
        again = await world.storage.feeds.by_url(paper.feed_url)
        assert again.due == soon + timedelta(minutes=1)
        await pipeline.stop()
    await workers.stop()
    await paper.stop()
