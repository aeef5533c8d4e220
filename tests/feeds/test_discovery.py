"""The feeds that a page announces."""

from bot.feeds.discovery import feed_links


def test_announced_feeds_are_found_absolute_and_once() -> None:
    page = """<html><head><title>Газета</title>
      <link rel="alternate" type="application/rss+xml" href="/rss.xml">
      <link rel="ALTERNATE home" type="application/atom+xml; charset=utf-8" href="a?x=1&amp;y=2">
      <link rel="alternate" type="application/feed+json" href="https://other.example/feed.json">
      <link rel="alternate" type="application/rss+xml" href="/rss.xml">
      <link rel="alternate" hreflang="en" href="/en">
      <link rel="stylesheet" type="application/rss+xml" href="/no">
      <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
    </head>""".encode("cp1251")
    found = feed_links(
        page, url="https://example.com/news/", content_type="text/html; charset=cp1251"
    )
    assert found == (
        "https://example.com/rss.xml",
        "https://example.com/news/a?x=1&y=2",
        "https://other.example/feed.json",
    )


def test_the_base_of_the_page_counts() -> None:
    page = b'<base href="/b/"><link rel=alternate type=application/rss+xml href=f>'
    assert feed_links(page, url="https://example.com/x") == ("https://example.com/b/f",)


def test_a_page_without_feeds_has_none() -> None:
    assert feed_links(b"<p>nothing <link rel=alternate", url="https://example.com/") == ()
