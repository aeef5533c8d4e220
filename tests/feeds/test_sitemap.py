"""News sitemaps and their indexes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.feeds.entries import EntryImage, FeedKind, FoundFeed, ParsedEntry, ParsedFeed
from bot.feeds.errors import HostileFeedError, NotAFeedError
from bot.feeds.parser import parse

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "https://paper.example/sitemap_news.xml"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


def read(body: str, content_type: str | None = "text/xml") -> ParsedFeed:
    zone = ZoneInfo("Europe/Moscow")
    return parse(body.encode(), url=URL, content_type=content_type, zone=zone, now=NOW)


def sitemap(pages: str, news: str = "news") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <?xml-stylesheet type="text/xsl" href="/news.xsl"?>
    <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:{news}="{NEWS}"
      xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">{pages}</urlset>"""


def page(number: int, title: str = "Новость", extra: str = "") -> str:
    return f"""<url><loc>https://paper.example/{number}</loc><news:news><news:publication>
    <news:name>Газета</news:name><news:language>ru</news:language></news:publication>
    <news:publication_date>2026-11-22T10:00:00+03:00</news:publication_date>
    <news:title>{title}</news:title></news:news>{extra}</url>"""


def test_a_news_sitemap_is_a_feed() -> None:
    feed = read(
        sitemap(
            """<url><loc> https://paper.example/1?a=1&amp;b=2 </loc>
            <lastmod>2026-11-22T11:00:00+03:00</lastmod>
            <news:news><news:publication><news:name>Газета</news:name>
            <news:language>ru</news:language></news:publication>
            <news:publication_date>2026-11-22T10:00:00+03:00</news:publication_date>
            <news:title><![CDATA[Мост & река: «открыли»]]></news:title>
            <news:keywords>мост, река</news:keywords></news:news>
            <image:image><image:loc>/1.jpg</image:loc><image:title>Мост</image:title></image:image>
            <image:image><image:loc>/2.jpg</image:loc></image:image></url>"""
        )
    )
    assert (feed.kind, feed.title, feed.language) == (FeedKind.SITEMAP, "Газета", "ru")
    assert feed.problems == ()
    assert feed.entries == (
        ParsedEntry(
            guid="https://paper.example/1?a=1&b=2",
            url="https://paper.example/1?a=1&b=2",
            title="Мост & река: «открыли»",
            published=datetime(2026, 11, 22, 7, 0, tzinfo=UTC),
            updated=datetime(2026, 11, 22, 8, 0, tzinfo=UTC),
            categories=("мост", "река"),
            image=EntryImage("https://paper.example/1.jpg"),
        ),
    )


@pytest.mark.parametrize(
    "body",
    [
        sitemap(page(1)).replace("news:", "n:").replace("xmlns:n:=", "xmlns:n="),
        sitemap(page(1)).replace(f'xmlns:news="{NEWS}"', ""),
        sitemap(page(1)).replace("2026-11-22T10:00:00+03:00", "2026-11-22"),
        sitemap(page(1)).replace("</urlset>", "<url><loc>https://paper.example/2</loc><news:ne"),
        sitemap(page(1, "Новость &nbsp; & ещё")),
        sitemap(page(1)).replace("<urlset", "<sm:urlset").replace("</urlset", "</sm:urlset"),
        "\n\n" + sitemap(page(1)),
    ],
)
def test_it_is_read_however_it_is_written(body: str) -> None:
    body = body.replace("<urlset", '<urlset xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9"')
    (entry,) = read(body, "application/octet-stream").entries
    assert entry.title.startswith("Новость")
    assert entry.published is not None


def test_pages_without_a_title_are_counted_and_left_out() -> None:
    plain = "<url><loc>https://paper.example/about</loc></url>"
    feed = read(sitemap(plain + page(1) + plain + page(2, " ")))
    assert len(feed.entries) == 1
    assert feed.problems == ("3 entries that the sitemap tells no news of were left out.",)


def test_a_quiet_day_is_no_error() -> None:
    assert read(sitemap("")).entries == ()


@pytest.mark.parametrize(
    "pages", ["", "<url><loc>https://paper.example/1</loc><lastmod>2026-11-22</lastmod></url>"]
)
def test_a_plain_sitemap_is_refused_with_what_to_do(pages: str) -> None:
    body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{pages}</urlset>'
    with pytest.raises(NotAFeedError, match="news sitemap"):
        read(body)


def test_an_index_names_its_parts_those_with_news_first_then_the_newest() -> None:
    feed = read(
        """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
        <sitemap><loc>https://paper.example/pages.xml</loc></sitemap>
        <sitemap><loc>https://paper.example/2026-10.xml.gz</loc><lastmod>2026-10-31</lastmod></sitemap>
        <sitemap><loc>/2026-11.xml</loc><lastmod>2026-11-22T10:00:00Z</lastmod></sitemap>
        <sitemap><loc>https://paper.example/news.xml</loc><lastmod>2026-01-01</lastmod></sitemap>
        <sitemap><loc>javascript:alert(1)</loc></sitemap>
        <sitemap><loc>http://[broken/news.xml</loc></sitemap></sitemapindex>"""
    )
    assert (feed.kind, feed.entries) == (FeedKind.SITEMAP, ())
    assert feed.children == tuple(
        FoundFeed(f"https://paper.example/{name}", "", FeedKind.SITEMAP)
        for name in ("news.xml", "2026-11.xml", "2026-10.xml.gz", "pages.xml")
    )


def test_entities_are_refused_here_too() -> None:
    with pytest.raises(HostileFeedError):
        read('<!DOCTYPE urlset [<!ENTITY a "b">]>' + sitemap(page(1)).partition("?>")[2])


def test_a_large_sitemap_is_read_fast() -> None:
    begun = datetime.now(UTC)
    assert len(read(sitemap("".join(page(n, f"Новость {n}") for n in range(1000)))).entries) == 1000
    assert (datetime.now(UTC) - begun).total_seconds() < 3
