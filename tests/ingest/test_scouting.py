"""What an address would give, and where a site's news are found."""

import pytest

from bot.feeds.entries import FeedKind
from bot.ingest.scouting import PLACES
from tests.ingest.conftest import House
from tests.ingest.newspaper import NOW

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = b"<html><head><title>News</title></head><body><p>Words of a page.</p>%s</body></html>"
ITEM = "<item><title>News</title><link>http://news.example/1</link></item>"


def rss(title: str = "Found", items: str = ITEM) -> bytes:
    return f'<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'.encode()


def sitemap(house: House, *children: str) -> bytes:
    places = "".join(
        f"<sitemap><loc>{house.paper.url}/{child}</loc></sitemap>" for child in children
    )
    return (
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</sitemapindex>'
    ).encode()


NEWS_SITEMAP = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>
 <loc>http://news.example/1</loc><news:news><news:publication><news:name>News</news:name>
 <news:language>en</news:language></news:publication>
 <news:publication_date>2026-11-22T11:00:00Z</news:publication_date>
 <news:title>Bridge opens</news:title></news:news></url></urlset>"""


@pytest.fixture
def site(house: House) -> House:
    """A site whose front page announces nothing and whose usual places are empty."""
    house.paper.files["/"] = PAGE % b""
    for name in ("rss", "feed", "atom", "index", "sitemap", "sitemap_news"):
        house.paper.statuses[f"/{name}.xml"] = 404
    for name in ("news-sitemap", "sitemap-news"):
        house.paper.statuses[f"/{name}.xml"] = 404
    return house


async def found(site: House, path: str = "/") -> list[tuple[str, str, FeedKind]]:
    report = await site.pipeline.scout.check(site.paper.url + path, NOW)
    assert report.error
    return [(one.url.removeprefix(site.paper.url), one.title, one.kind) for one in report.found]


def asked(site: House) -> int:
    return sum(site.paper.asked.values())


async def test_a_feed_of_a_usual_place_is_found_and_the_search_ends(site: House) -> None:
    site.paper.files["/feed"] = rss()
    assert await found(site) == [("/feed", "Found", FeedKind.FEED)]
    assert asked(site) <= 4


@pytest.mark.parametrize("place", ["/export/rss", "/index.xml", "/feed.json"])
async def test_no_usual_place_is_left_out(site: House, place: str) -> None:
    site.paper.statuses.pop(place, None)
    site.paper.files[place] = rss()
    assert await found(site) == [(place, "Found", FeedKind.FEED)]


async def test_a_rubrics_own_feed_comes_before_the_sites(site: House) -> None:
    site.paper.files["/sport"] = PAGE % b""
    site.paper.files["/sport/feed"] = rss("Sport")
    site.paper.files["/rss"] = rss("All")
    assert await found(site, "/sport") == [("/sport/feed", "Sport", FeedKind.FEED)]


async def test_an_empty_place_and_a_place_that_says_no_are_passed_by(site: House) -> None:
    site.paper.files["/rss"] = rss(items="")
    site.paper.statuses["/feed"] = 500
    site.paper.statuses.pop("/atom.xml")
    site.paper.files["/atom.xml"] = rss()
    assert await found(site) == [("/atom.xml", "Found", FeedKind.FEED)]


async def test_a_page_that_lists_feeds_in_a_usual_place_is_followed(site: House) -> None:
    site.paper.files["/rss"] = PAGE % b'<a href="/export/main.rss">All news</a>'
    site.paper.files["/export/main.rss"] = rss("Main")
    assert await found(site) == [("/export/main.rss", "Main", FeedKind.FEED)]


async def test_the_sitemap_of_robots_txt_is_found_by_way_of_an_index(site: House) -> None:
    robots = f"User-agent: *\nDisallow: /x\nSitemap: {site.paper.url}/map/all.xml\n"
    site.paper.files["/robots.txt"] = robots.encode()
    site.paper.files["/map/all.xml"] = sitemap(site, "map/news.xml")
    site.paper.files["/map/news.xml"] = NEWS_SITEMAP
    ((url, _, kind),) = await found(site)
    assert (url, kind) == ("/map/news.xml", FeedKind.SITEMAP)


async def test_a_site_without_news_costs_a_bounded_number_of_requests(site: House) -> None:
    assert await found(site) == []
    assert asked(site) <= PLACES + 2


async def test_what_the_page_announces_is_a_choice_and_nothing_else_is_asked(site: House) -> None:
    site.paper.files["/"] = (
        b'<html><head><link rel="alternate" type="application/rss+xml" href="/a" title="All">'
        b'<link rel="alternate" type="application/atom+xml" href="/s" title="Sport"></head></html>'
    )
    assert await found(site) == [("/a", "All", FeedKind.FEED), ("/s", "Sport", FeedKind.FEED)]
    assert asked(site) == 1


async def test_a_channel_alone_is_offered_behind_the_feed_of_a_usual_place(site: House) -> None:
    site.paper.files["/"] = PAGE % b'<a href="https://t.me/example_news">We are on Telegram</a>'
    site.paper.files["/feed"] = rss()
    (feed, channel) = await found(site)
    assert feed == ("/feed", "Found", FeedKind.FEED)
    assert channel[::2] == ("https://t.me/s/example_news", FeedKind.CHANNEL)


async def test_an_index_of_sitemaps_is_a_choice(site: House) -> None:
    site.paper.files["/all"] = sitemap(site, "news-1.xml", "news-2.xml")
    assert len(await found(site, "/all")) == 2


async def test_a_check_without_pages_asks_for_none(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    report = await house.pipeline.scout.check(house.paper.feed_url, NOW, pages=0)
    assert (report.entries, report.drafts, report.error) == (1, (), None)
    assert report.titles == ("Утверждён план развития железных дорог",)
    assert house.paper.asked["/one.html"] == 0
