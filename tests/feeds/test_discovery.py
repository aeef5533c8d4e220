"""The feeds that a page announces and links."""

import pytest

from bot.feeds.discovery import find_feeds
from bot.feeds.entries import FeedKind, FoundFeed

PAGE = "https://paper.example/news/"


def found(page: str, url: str = PAGE) -> list[str]:
    return [one.url for one in find_feeds(page.encode(), url=url)]


def test_announced_feeds_are_found_absolute_once_and_by_name() -> None:
    page = """<html><head><title>Газета</title>
      <link rel="alternate" type="application/rss+xml" href="/rss.xml" title=" Газета:
      все  новости ">
      <link rel="ALTERNATE home" type="application/atom+xml; charset=utf-8" href="a?x=1&amp;y=2">
      <link rel="alternate" type="application/feed+json" href="https://other.example/feed.json">
      <link rel="alternate" type="application/rss+xml" href="/rss.xml?utm_source=page">
      <link rel="alternate" hreflang="en" href="/en">
      <link rel="stylesheet" type="application/rss+xml" href="/no">
      <link rel="alternate" type="application/json+oembed" href="/oembed?format=json">
      <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
      <link rel="alternate" type="application/rss+xml" href="http://[broken/">
    </head>""".encode("cp1251")
    assert find_feeds(page, url=PAGE, content_type="text/html; charset=cp1251") == (
        FoundFeed("https://paper.example/rss.xml", "Газета: все новости"),
        FoundFeed("https://paper.example/news/a?x=1&y=2"),
        FoundFeed("https://other.example/feed.json"),
    )


def test_a_page_that_declares_its_charset_itself_is_read() -> None:
    page = '<meta charset="koi8-r"><link rel=alternate type=application/rss+xml href=/a title=Газ>'
    (one,) = find_feeds(page.encode("koi8-r"), url=PAGE, content_type="text/html")
    assert one.title == "Газ"


def test_the_base_of_the_page_counts() -> None:
    page = '<base href="/b/"><link rel=alternate type=application/rss+xml href=f>'
    assert found(page) == ["https://paper.example/b/f"]


def test_feeds_of_comments_and_in_other_languages_come_later() -> None:
    page = """<html lang="ru"><link rel=alternate type=application/rss+xml href=/comments/feed/>
      <link rel=alternate type=application/rss+xml href=/a title="Комментарии: Газета">
      <link rel=alternate type=application/rss+xml href=/en.xml hreflang=en-GB>
      <link rel=alternate type=application/rss+xml href=/ru.xml hreflang=ru>
      <link rel=sitemap href=/news-sitemap.xml>"""
    assert [url.removeprefix("https://paper.example") for url in found(page)] == [
        "/ru.xml",
        "/en.xml",
        "/comments/feed/",
        "/a",
        "/news-sitemap.xml",
    ]


@pytest.mark.parametrize(
    "href",
    [
        "/rss",
        "/rss/",
        "/feed.xml",
        "/export/rss/first.xml",
        "/feeds/news",
        "/news.rss",
        "/atom.php",
        "/index.php?feed=rss2",
        "https://feeds.paper.example/rss",
        "https://feeds.feedburner.com/paper/rss",
    ],
)
def test_a_link_that_looks_like_a_feed_is_one(href: str) -> None:
    assert len(found(f'<a href="{href}">RSS</a>')) == 1


@pytest.mark.parametrize(
    "href",
    [
        "/feedback",
        "/news/rss-is-not-dead",
        "/2026/11/feeding-birds.html",
        "https://other.example/rss",
        "https://feedly.example/i/subscription/feed/https://paper.example/rss",
        "mailto:rss@paper.example",
    ],
)
def test_a_link_that_only_sounds_like_a_feed_is_none(href: str) -> None:
    assert found(f'<a href="{href}">RSS</a>') == []


def test_what_is_announced_comes_before_what_is_linked_and_the_channel_comes_last() -> None:
    page = """<a href="https://t.me/friend">x</a><a href="https://t.me/paper">1</a>
      <a href="https://t.me/paper/17">2</a><a href="https://t.me/paper_bot">3</a>
      <a href="https://t.me/share/url?url=x">4</a><a href="/rss"> Наш RSS </a>
      <link rel=alternate type=application/atom+xml href=/atom>"""
    assert find_feeds(page.encode(), url=PAGE) == (
        FoundFeed("https://paper.example/atom"),
        FoundFeed("https://paper.example/rss", "Наш RSS"),
        FoundFeed("https://t.me/s/paper", "@paper", FeedKind.CHANNEL),
    )


def test_a_channel_named_in_the_pages_metadata_is_its_own() -> None:
    page = '<meta property="telegram:channel" content="@own_paper"><a href="https://t.me/it">x</a>'
    assert found(page) == ["https://t.me/s/own_paper"]


def test_a_page_never_finds_itself() -> None:
    page = "<link rel=alternate type=application/rss+xml href='https://www.paper.example/news'>"
    assert found(page) == []


@pytest.mark.parametrize("page", ["", "<p>nothing <link rel=alternate", "<a href>", "<" * 100_000])
def test_a_page_without_feeds_has_none(page: str) -> None:
    assert found(page) == []


def test_a_flood_of_links_is_cut() -> None:
    links = "".join(f"<link rel=alternate type=application/rss+xml href=/{n}>" for n in range(9999))
    assert len(found(links)) == 20
