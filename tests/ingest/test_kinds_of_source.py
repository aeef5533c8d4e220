"""Sources that are no feeds: a channel's preview page and a news sitemap go down the same road."""

from datetime import timedelta

import pytest

from bot.articles.blocks import plain_text
from storage import BodyFrom
from tests.feeds.test_channel import link, page, post
from tests.ingest.conftest import House
from tests.ingest.newspaper import NOW, PARAGRAPHS

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_channels_post_is_an_article_without_a_page(house: House) -> None:
    text = f"<b>Мост через реку открыли раньше срока</b><br/><br/>{PARAGRAPHS[0]}<br/>@paper_ru"
    house.paper.raw_feed = page(post(7, text)).encode()
    report = await house.poll()
    assert (report.entries, report.stored, report.without_page, report.error) == (1, 1, 0, None)
    (article,) = await house.articles()
    assert article.title == "Мост через реку открыли раньше срока"
    assert article.url == "https://t.me/paper_ru/7"
    assert article.published == NOW.replace(hour=10, minute=7)
    assert (article.body_from, plain_text(article.body)) == (BodyFrom.FEED, PARAGRAPHS[0])
    assert set(house.paper.asked) == {"/rss.xml"}


async def test_a_post_that_announces_a_page_is_that_page(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    headline = link(f"{house.paper.url}/one.html?utm_source=tg", "План дорог утверждён")
    about = link(house.paper.url, "Сайт")
    house.paper.raw_feed = page(post(7, headline), about=about).encode()
    report = await house.poll(10)
    assert (report.entries, report.stored) == (1, 0), "it is known from the feed"
    assert len(await house.articles()) == 1


async def test_a_news_sitemap_gives_articles(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    house.paper.raw_feed = f"""<?xml version="1.0"?>
    <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
     xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>
     <loc>{house.paper.url}/one.html</loc><news:news><news:publication><news:name>Гудок</news:name>
     <news:language>ru</news:language></news:publication>
     <news:publication_date>{(NOW - timedelta(hours=1)).isoformat()}</news:publication_date>
     <news:title>Утверждён план развития железных дорог</news:title></news:news></url>
     <url><loc>{house.paper.url}/about</loc></url></urlset>""".encode()
    report = await house.poll()
    assert (report.stored, report.error) == (1, None)
    assert "1 entry that the sitemap tells no news of was left out." in report.problems
    (article,) = await house.articles()
    assert article.published == NOW - timedelta(hours=1)
    assert article.url == f"{house.paper.url}/one.html"


async def test_a_plain_sitemap_fails_with_what_to_do(house: House) -> None:
    house.paper.raw_feed = b"<urlset><url><loc>https://a.example/</loc></url></urlset>"
    report = await house.poll()
    assert report.error is not None
    assert "news sitemap" in report.error
    assert (await house.feed()).error == report.error
