"""Where feeds usually are."""

import pytest

from bot.feeds.entries import FeedKind, FoundFeed
from bot.feeds.places import sitemaps_in_robots, well_known


def test_a_site_is_asked_for_feeds_first_and_sitemaps_last() -> None:
    places = well_known("https://paper.example/")
    assert places[0] == FoundFeed("https://paper.example/rss")
    assert FoundFeed("https://paper.example/export/rss") in places
    assert [place.kind for place in places] == sorted(place.kind for place in places)
    assert len(places) == len({place.url for place in places}) < 20


def test_a_rubric_is_asked_for_its_own_feed_before_the_sites() -> None:
    urls = [place.url for place in well_known("https://paper.example/category/world/?page=2")]
    assert urls[0] == "https://paper.example/category/world/feed"
    assert "https://paper.example/rss" in urls


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        (
            "https://www.youtube.com/channel/UCabc_-1",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UCabc_-1",
        ),
        ("https://www.reddit.com/r/python/top", "https://www.reddit.com/r/python/.rss"),
        ("https://medium.com/@anna/story-1", "https://medium.com/feed/@anna"),
        ("https://anna.blogspot.com/2026/", "https://anna.blogspot.com/feeds/posts/default"),
        ("https://anna.substack.com/p/one", "https://anna.substack.com/feed"),
        ("https://github.com/a/b/issues", "https://github.com/a/b/releases.atom"),
    ],
)
def test_platforms_have_their_own_places(page: str, feed: str) -> None:
    assert well_known(page) == (FoundFeed(feed),)


def test_a_host_that_only_ends_like_a_platform_is_none() -> None:
    assert len(well_known("https://notmedium.com/@anna")) > 1


def test_a_channel_has_its_preview() -> None:
    assert well_known("https://t.me/paper") == (
        FoundFeed("https://t.me/s/paper", "", FeedKind.CHANNEL),
    )


def test_sitemaps_of_a_robots_txt_those_of_news_first() -> None:
    robots = (
        "\ufeffUser-agent: *\r\nDisallow: /x\r\nSitemap: https://paper.example/sitemap.xml\r\n"
        " SITEMAP:/news-sitemap.xml # new\r\nSitemap:\r\nSitemap: ftp://paper.example/a\r\n"
        "Sitemap: https://paper.example/sitemap.xml\r\n"
    )
    assert sitemaps_in_robots(robots.encode(), url="https://paper.example/robots.txt") == (
        FoundFeed("https://paper.example/news-sitemap.xml", "", FeedKind.SITEMAP),
        FoundFeed("https://paper.example/sitemap.xml", "", FeedKind.SITEMAP),
    )
    assert sitemaps_in_robots(b"\xff\xfe\x00", url="https://paper.example/robots.txt") == ()
