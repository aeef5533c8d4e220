"""Feeds that people name: looked at, held to the rules, taken in."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.config import Settings
from bot.feeds.offers import Offer, Refusal, Taken
from bot.ingest.adding import Newcomers
from bot.ingest.assembly import open_pipeline
from bot.words.normaliser import Normaliser
from storage import Storage
from tests.ingest.conftest import House
from tests.ingest.newspaper import NOW

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANNA, BORIS = 11, 12
ITEM = "<item><title>Own news</title><link>/{name}-1.html</link></item>"


def publish(house: House, name: str, items: str = ITEM) -> str:
    """Put another feed on the newspaper's site; returns its address."""
    text = items.replace("{name}", name)
    house.paper.files[f"/{name}"] = (
        f'<rss version="2.0"><channel><title>{name}</title>{text}</channel></rss>'.encode()
    )
    return f"{house.paper.url}/{name}"


@pytest.fixture
def newcomers(house: House) -> Newcomers:
    return opened(house)


def opened(house: House, most: int = 2) -> Newcomers:
    return Newcomers(
        house.storage,
        scout=house.pipeline.scout,
        guest_scout=house.pipeline.guest_scout,
        most=most,
        clock=lambda: NOW,
    )


async def test_a_readers_feed_is_looked_at_added_and_read_for_that_reader(
    house: House, newcomers: Newcomers
) -> None:
    url = publish(house, "own")
    offer = await newcomers.look(url, owner=ANNA)
    assert offer == Offer(url, title="own", entries=1, titles=("Own news",))
    assert offer.ready
    assert await house.storage.feeds.owned(ANNA) == [], "looking adds nothing"
    taken = await newcomers.add(url, owner=ANNA)
    assert isinstance(taken, Taken)
    assert (taken.domain, taken.title) == ("127.0.0.1", "own")
    (feed,) = await house.storage.feeds.owned(ANNA)
    assert (feed.id, feed.due, feed.owner) == (taken.feed_id, NOW, ANNA)
    assert (await house.pipeline.fetch_feed(feed, NOW)).stored == 1
    assert await house.articles() == [], "everybody's list"
    mine = await house.storage.articles.latest(
        language="all", limit=9, source_id=taken.source_id, reader=ANNA
    )
    assert [one.title for one in mine] == ["Own news"]


async def test_a_site_with_one_feed_is_that_feed_and_with_several_a_choice(
    house: House, newcomers: Newcomers
) -> None:
    one, other = publish(house, "one"), publish(house, "other")
    link = '<link rel="alternate" type="application/rss+xml" href="/%s">'
    house.paper.files["/"] = (link % "one").encode()
    assert (await newcomers.look(house.paper.url, owner=ANNA)).url == one
    house.paper.files["/"] = (link % "one" + link % "other").encode()
    offer = await newcomers.look(house.paper.url, owner=ANNA)
    assert [choice.url for choice in offer.choices] == [one, other]
    assert not offer.ready
    assert await newcomers.add(house.paper.url, owner=ANNA) == offer


async def test_what_everybody_has_is_pointed_at(house: House, newcomers: Newcomers) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    public = await house.feed()
    for text in (public.url, f"{public.url}/", public.url.replace("http:", "https:")):
        offer = await newcomers.look(text, owner=ANNA)
        assert (offer.refusal, offer.source_id) == (Refusal.PUBLIC, public.source_id)
    assert not house.paper.asked
    house.paper.files["/"] = b'<link rel="alternate" type="application/rss+xml" href="/rss.xml">'
    assert (await newcomers.look(house.paper.url, owner=ANNA)).refusal is Refusal.PUBLIC


async def test_a_reader_has_as_many_as_the_operator_allows(
    house: House, newcomers: Newcomers
) -> None:
    urls = [publish(house, name) for name in ("a", "b", "c")]
    for url in urls[:2]:
        assert isinstance(await newcomers.add(url, owner=ANNA), Taken)
    refused = await newcomers.add(urls[2], owner=ANNA)
    assert refused == Offer(urls[2], refusal=Refusal.TOO_MANY, most=2)
    again = await newcomers.look(urls[0], owner=ANNA)
    assert again.refusal is Refusal.YOURS
    assert isinstance(await newcomers.add(urls[2], owner=BORIS), Taken), "each has their own"
    assert isinstance(await newcomers.add(urls[2]), Taken), "and so has everybody"
    await house.storage.feeds.remove(urls[0], owner=ANNA)
    offer = await newcomers.look(urls[2], owner=ANNA)
    assert offer.refusal is Refusal.PUBLIC
    assert (await opened(house, most=0).look(urls[1], owner=BORIS)).refusal is Refusal.NOT_ALLOWED


@pytest.mark.parametrize(
    ("name", "refusal"),
    [("words", Refusal.NO_FEED), ("missing", Refusal.UNREACHABLE), ("empty", Refusal.EMPTY)],
)
async def test_what_cannot_be_read_is_refused_with_a_reason(
    house: House, newcomers: Newcomers, name: str, refusal: Refusal
) -> None:
    publish(house, "empty", "")
    house.paper.files["/words"] = b"just words"
    for path in ("rss", "feed", "atom", "index", "sitemap", "sitemap_news"):
        house.paper.statuses[f"/{path}.xml"] = 404
    for path in ("news-sitemap", "sitemap-news"):
        house.paper.statuses[f"/{path}.xml"] = 404
    offer = await newcomers.add(f"{house.paper.url}/{name}", owner=ANNA)
    assert isinstance(offer, Offer)
    assert offer.refusal is refusal
    assert await house.storage.feeds.owned(ANNA) == []


@pytest.mark.parametrize("text", ["", "ftp://news.example/rss", "not an address", "a@b:c@d"])
async def test_what_is_no_address_is_refused(newcomers: Newcomers, text: str) -> None:
    assert (await newcomers.look(text, owner=ANNA)).refusal is Refusal.NO_ADDRESS


@pytest_asyncio.fixture(loop_scope="module")
async def strict(tmp_path: Path, house: House) -> AsyncIterator[tuple[Storage, Newcomers, House]]:
    """A bot whose operator reads a private host, the newspaper's, with readers' own feeds."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        allow_private_networks=True,
        readers_add_sources=5,
        webhook_url="https://bot.example",
    )
    async with Storage.open(tmp_path / "strict.db") as storage:
        # «localhost» is the operator's; the same machine by its number is not.
        await storage.feeds.add(
            house.paper.feed_url.replace("127.0.0.1", "localhost"), "localhost", NOW
        )
        async with open_pipeline(
            settings, storage, Normaliser(), hubs_clock=lambda: NOW
        ) as pipeline:
            newcomers = Newcomers(
                storage,
                scout=pipeline.scout,
                guest_scout=pipeline.guest_scout,
                most=settings.readers_add_sources,
                clock=lambda: NOW,
            )
            house.pipeline = pipeline
            yield storage, newcomers, house


async def test_no_reader_gets_into_the_operators_house(
    strict: tuple[Storage, Newcomers, House],
) -> None:
    storage, newcomers, house = strict
    url = publish(house, "own")
    offer = await newcomers.look(url, owner=ANNA)
    assert offer.refusal is Refusal.PRIVATE
    assert house.paper.asked["/own"] == 0
    assert (await newcomers.look(url)).ready, "the operator does"
    # Nor by a feed that was let in before: polls are as strict.
    feed = await storage.feeds.add(url, "own.example", NOW, owner=ANNA)
    report = await house.pipeline.fetch_feed(feed, NOW)
    assert "private network" in (report.error or "")


async def test_of_private_hosts_readers_may_read_those_that_everybody_reads(
    strict: tuple[Storage, Newcomers, House],
) -> None:
    storage, newcomers, house = strict
    link = f"<item><title>Inside</title><link>{house.paper.url}/inside.html</link></item>"
    url = publish(house, "own", link).replace("127.0.0.1", "localhost")
    house.paper.pages["/inside.html"] = ("Inside", "What only the operator may read. " * 9)
    taken = await newcomers.add(url, owner=ANNA)
    assert isinstance(taken, Taken)
    (feed,) = await storage.feeds.owned(ANNA)
    report = await house.pipeline.fetch_feed(feed, NOW)
    assert (report.stored, report.error, report.without_page) == (1, None, 1)
    assert house.paper.asked["/inside.html"] == house.paper.asked["/robots.txt"] == 0
    await house.pipeline.retry_pages(NOW + timedelta(hours=9))
    assert house.paper.asked["/inside.html"] == 0


async def test_no_feed_lets_the_bot_post_into_the_operators_house(
    strict: tuple[Storage, Newcomers, House],
) -> None:
    storage, _, house = strict
    feed = await storage.feeds.add("https://far.example/rss", "far.example", NOW)
    hubs = house.pipeline.hubs
    assert hubs is not None
    await hubs.offer(feed.id, f"{house.paper.url}/router", feed.url)
    await hubs.subscribe_due()
    assert house.paper.asked["/router"] == 0
