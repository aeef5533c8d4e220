"""The sample newspaper keeps its promises: good manners over HTTP, faults on order, good texts."""

import asyncio
import json
import socket
import struct
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.newspaper import (
    SOURCES,
    Fault,
    Heading,
    Hits,
    Items,
    Manuscript,
    ManuscriptError,
    Newspaper,
    Paragraph,
    Picture,
    Quote,
    Table,
    load,
    parse_body,
    synthetic,
)
from bot.sandbox.newspaper.manuscripts import parse_manuscripts
from bot.sandbox.newspaper.markup import inline, plain
from bot.sandbox.newspaper.pictures import SCENES, draw
from bot.sandbox.newspaper.sources import RUBRICS, bench_sources
from bot.sandbox.newspaper.wire import notice

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
async def newspaper() -> AsyncIterator[Newspaper]:
    paper = Newspaper()
    await paper.start()
    yield paper
    await paper.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def read(client: aiohttp.ClientSession, url: str) -> str:
    async with client.get(url) as response:
        assert response.status == 200, url
        return await response.text()


def links(rss: str) -> list[str]:
    return [item.findtext("link", "") for item in ET.fromstring(rss).iter("item")]  # noqa: S314 - our own feed


async def control(client: aiohttp.ClientSession, paper: Newspaper, action: str, **wish: Any) -> Any:
    async with client.post(f"{paper.url}/__control/{action}", json=wish) as response:
        return await response.json()


# ---------------------------------------------------------------- texts


class TestTexts:
    finished = tuple(m for source in SOURCES for m in load(source.key, source.key))
    coming = load("coming")

    def test_enough_of_them_and_spread_over_thirty_hours(self) -> None:
        assert len(self.finished) >= 36
        assert len(self.coming) >= 24
        assert {m.source for m in self.coming} == {source.key for source in SOURCES}
        assert min(m.minutes for m in self.finished) < 30
        assert 24 * 60 < max(m.minutes for m in self.finished) <= 30 * 60

    def test_slugs_and_titles_are_unique_and_rubrics_known(self) -> None:
        everything = (*self.finished, *self.coming)
        assert len({m.slug for m in everything}) == len(everything)
        assert len({m.title for m in everything}) == len(everything)
        assert {m.rubric for m in everything} == set(RUBRICS["ru"])

    def test_they_hold_every_kind_of_block(self) -> None:
        kinds = Counter(type(block) for m in self.finished for block in m.body)
        assert set(kinds) == {Paragraph, Heading, Quote, Items, Picture, Table}
        assert all(q.credit for m in self.finished for q in m.body if isinstance(q, Quote))

    def test_they_hold_the_hard_cases(self) -> None:
        titles = " ".join(m.title for m in self.finished)
        assert all(sign in titles for sign in '&<"“«🎄')
        assert any(not m.standfirst and len(m.body) > 4 for m in self.finished)
        assert any("18+" in m.labels for m in self.finished)
        texts = [
            " ".join(b.text for b in m.body if isinstance(b, Paragraph)) for m in self.finished
        ]
        assert max(map(len, texts)) > 8_000
        assert min(map(len, texts)) < 300
        assert any("ТАСС" in text for text in texts)
        assert any("агентства «" in text for text in texts)

    def test_pictures_exist_and_links_lead_somewhere(self) -> None:
        slugs = {m.slug for m in self.finished}
        pictures = [m.picture for m in (*self.finished, *self.coming) if m.picture]
        assert len({picture.path for picture in pictures}) >= 15
        assert all(picture.scene in SCENES for picture in pictures)
        for manuscript in self.finished:
            for block in manuscript.body:
                if isinstance(block, Paragraph):
                    for target in block.text.split("](@")[1:]:
                        assert target.split(")")[0] in slugs

    def test_no_mark_up_is_left_over(self) -> None:
        for manuscript in (*self.finished, *self.coming):
            for block in manuscript.body:
                if isinstance(block, Paragraph):
                    assert not block.text.startswith((">", "-", "#", "|", "!"))
                    assert not any(sign in plain(block.text) for sign in "*[]")


class TestMarkUp:
    def test_blocks(self) -> None:
        body = parse_body(
            "One\nline.\n\n## Head\n\n> Said.\n> Twice.\n> -- Ann\n\n- a\n- b\n\n1. c\n2. d\n\n"
            "| x | y |\n| 1 | 2 |\n\n![sea-3](Cap | Cred)"
        )
        assert body == (
            Paragraph("One line."),
            Heading("Head"),
            Quote(("Said.", "Twice."), "Ann"),
            Items(("a", "b")),
            Items(("c", "d"), ordered=True),
            Table((("x", "y"), ("1", "2"))),
            Picture("sea", 3, "Cap", "Cred"),
        )

    def test_inline_is_escaped_and_nests(self) -> None:
        html = inline("a < b & **c *d*** [e](@f) *g*", lambda target: f"/{target}?x=1&y=2")
        assert html == (
            "a &lt; b &amp; <strong>c <em>d</em></strong> "
            '<a href="/@f?x=1&amp;y=2">e</a> <em>g</em>'
        )

    @pytest.mark.parametrize(
        "text",
        ["=== a\ntitle: T\n\n", "=== a\nrubric: x\n\nBody", "=== a\ntitle: T\nodd: 1\n\nBody"],
    )
    def test_a_faulty_file_names_the_article(self, text: str) -> None:
        with pytest.raises(ManuscriptError, match=r"^a: "):
            list(parse_manuscripts(text, "vestnik"))


class TestPictures:
    @pytest.mark.parametrize("scene", SCENES)
    def test_is_a_small_png_and_always_the_same(self, scene: str) -> None:
        drawn = draw(scene, 1)
        assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", drawn[16:24]) == (800, 450)
        assert len(drawn) < 60_000
        assert drawn == draw.__wrapped__(scene, 1)
        assert drawn != draw(scene, 2)


# ---------------------------------------------------------------- endless and synthetic texts


def test_notices_never_repeat_and_come_in_both_languages() -> None:
    notices = [notice(number) for number in range(1, 801)]
    assert len({n.title for n in notices}) == len(notices)
    assert {n.source for n in notices} == {source.key for source in SOURCES}
    assert notice(17) == notices[16]


def test_synthetic_articles_are_distinct_deterministic_and_varied() -> None:
    articles = list(synthetic(2_000, sources=10, seed=5))
    assert articles == list(synthetic(2_000, sources=10, seed=5))
    assert articles[0] != next(synthetic(1, sources=10, seed=6))
    assert len({a.title for a in articles}) == 2_000
    assert Counter(a.source for a in articles) == dict.fromkeys(range(10), 200)
    assert {a.language for a in articles} == {"ru", "en"}
    assert all(4 <= len(a.paragraphs) <= 11 and a.standfirst for a in articles)
    words = {word for a in articles for p in a.paragraphs for word in p.lower().split()}
    assert len(words) > 8_000
    assert {a.rubric for a in articles} == set(RUBRICS["ru"])
    assert [s.language for s in bench_sources(10)] == [articles[n].language for n in range(10)]


# ---------------------------------------------------------------- feeds and pages


async def test_each_source_has_its_own_address(newspaper: Newspaper) -> None:
    hosts = [feed.split("/")[2].rsplit(":", 1)[0] for feed in newspaper.feeds]
    assert hosts == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    assert newspaper.url == newspaper.feeds[0].split("/export")[0]


async def test_one_address_with_prefixes_where_the_system_has_no_more(
    client: aiohttp.ClientSession,
) -> None:
    paper = Newspaper()
    await paper.start(host="localhost")
    try:
        assert all(feed.startswith("http://localhost:") for feed in paper.feeds)
        assert len({feed.split("/")[3] for feed in paper.feeds}) == 3
        url = links(await read(client, paper.feeds[0]))[0]
        assert "_id_article" in await read(client, url)
        port = url.split("/")[2]
        async with client.post(f"http://{port}/__control/publish", json={}) as response:
            assert (await response.json())["url"].startswith(f"http://{port}/")
    finally:
        await paper.stop()


async def test_rss(newspaper: Newspaper, client: aiohttp.ClientSession) -> None:
    text = await read(client, newspaper.feeds[0])
    items = list(ET.fromstring(text).iter("item"))  # noqa: S314 - our own feed
    assert len(items) == len(load("vestnik", "vestnik"))
    dates = [parsedate_to_datetime(item.findtext("pubDate", "")) for item in items]
    assert dates == sorted(dates, reverse=True)
    assert timedelta(minutes=20) < datetime.now(UTC) - dates[0] < timedelta(minutes=30)
    assert any("< 100" in item.findtext("title", "") for item in items)
    enclosure = items[0].find("enclosure")
    assert enclosure is not None
    async with client.get(enclosure.get("url", "")) as response:
        assert response.content_type == "image/png"
        assert str(len(await response.read())) == enclosure.get("length")
    assert "<content:encoded>" in text
    assert "<yandex:full-text>" in text
    assert "<ttl>" not in text


async def test_atom_and_json_feed(newspaper: Newspaper, client: aiohttp.ClientSession) -> None:
    entries = ET.fromstring(await read(client, newspaper.feeds[1])).findall(f"{ATOM}entry")  # noqa: S314 - our own feed
    assert len(entries) == len(load("chronicle", "chronicle"))
    assert all(datetime.fromisoformat(e.findtext(f"{ATOM}updated", "")).tzinfo for e in entries)
    items = json.loads(await read(client, newspaper.feeds[2]))["items"]
    assert len(items) == len(load("courier", "courier"))
    assert all("content_html" in item or "content_text" in item for item in items)


async def test_pages_show_the_article_and_much_else(
    newspaper: Newspaper, client: aiohttp.ClientSession
) -> None:
    for source in SOURCES:
        for article in newspaper.edition(source.key).newest():
            page = await read(client, newspaper.edition(source.key).url(article.path))
            shown = article.manuscript.title.replace("&", "&amp;").replace("<", "&lt;")
            assert f">{shown}</h1>" in page
            assert 'property="og:title"' in page
            assert page.count('<a href="/') + page.count('<a class="b_ear"') > 12
            assert "](" not in page
    assert 'itemprop="articleBody"' in page


async def test_model_publishers_shape(newspaper: Newspaper, client: aiohttp.ClientSession) -> None:
    edition = newspaper.edition("vestnik")
    url = edition.url(edition.path_of("byudzhet-dvory"))
    page = await read(client, url)
    for mark in (
        'id="_id_article"',
        'class="headline"',
        'class="b_article-intro"',
        'class="b_article-text" itemprop="articleBody"',
        'class="b_article-incut"',
        'class="b_ear"',
        'class="rubric"',
        "Реклама",
    ):
        assert mark in page


async def test_lists_and_robots(newspaper: Newspaper, client: aiohttp.ClientSession) -> None:
    for feed, source in zip(newspaper.feeds, SOURCES, strict=True):
        base = newspaper.edition(source.key).base
        assert feed.startswith(base)
        archive = await read(client, f"{base}/archive")
        assert archive.count("<li>") == len(load(source.key, source.key))
        assert "<li>" in await read(client, f"{base}/")
        assert "<li>" in await read(client, f"{base}/sport/")
        assert "Disallow: /__control/" in await read(client, f"{base}/robots.txt")
        async with client.get(f"{base}/no-such-page") as response:
            assert response.status == 404


# ---------------------------------------------------------------- HTTP manners


async def test_conditional_requests(newspaper: Newspaper, client: aiohttp.ClientSession) -> None:
    for feed in newspaper.feeds:
        async with client.get(feed) as response:
            tag, modified = response.headers["ETag"], response.headers["Last-Modified"]
            assert response.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        for headers in (
            {"If-None-Match": tag},
            {"If-None-Match": f'"other", {tag}'},
            {"If-Modified-Since": modified},
        ):
            async with client.get(feed, headers=headers) as response:
                assert response.status == 304
                assert response.headers["ETag"] == tag
                assert await response.read() == b""
        stale = {"If-None-Match": '"other"', "If-Modified-Since": modified}
        async with client.get(feed, headers=stale) as response:
            assert response.status == 200
        assert newspaper.hits(feed) == Hits(requests=5, not_modified=3)


async def test_a_new_article_changes_the_validators(
    newspaper: Newspaper, client: aiohttp.ClientSession
) -> None:
    feed = newspaper.feeds[0]
    async with client.get(feed) as response:
        headers = {
            "If-None-Match": response.headers["ETag"],
            "If-Modified-Since": response.headers["Last-Modified"],
        }
    newspaper.publish(Manuscript("vestnik", "Свежее", parse_body("Текст.")))
    async with client.get(feed, headers=headers) as response:
        assert response.status == 200


async def test_gzip_only_where_accepted(newspaper: Newspaper) -> None:
    async with aiohttp.ClientSession(auto_decompress=False) as client:
        async with client.get(newspaper.feeds[0], headers={"Accept-Encoding": "gzip"}) as packed:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert packed.headers["Vary"] == "Accept-Encoding"
            small = await packed.read()
        async with client.get(newspaper.feeds[0], headers={"Accept-Encoding": "identity"}) as whole:
            assert "Content-Encoding" not in whole.headers
            assert len(await whole.read()) > 2 * len(small)


async def test_head_and_other_methods(newspaper: Newspaper, client: aiohttp.ClientSession) -> None:
    async with client.head(newspaper.feeds[0]) as response:
        assert response.status == 200
        assert await response.read() == b""
    async with client.post(newspaper.feeds[0]) as response:
        assert response.status == 405


async def test_hints_on_request(client: aiohttp.ClientSession) -> None:
    paper = Newspaper(ttl=7, max_age=90)
    await paper.start()
    try:
        async with client.get(paper.feeds[0]) as response:
            assert "<ttl>7</ttl>" in await response.text()
            assert "max-age=90" in response.headers["Cache-Control"]
    finally:
        await paper.stop()


# ---------------------------------------------------------------- driving it


async def test_publish_the_next_in_waiting_then_notices(newspaper: Newspaper) -> None:
    count = len(load("coming")) + 5
    urls = [newspaper.publish() for _ in range(count)]
    assert len(set(urls)) == count
    assert urls[0].startswith(newspaper.url)


async def test_correct_and_remove(newspaper: Newspaper, client: aiohttp.ClientSession) -> None:
    manuscript = Manuscript("chronicle", "Было", parse_body("Старый текст."), slug="proba")
    url = newspaper.publish(manuscript, published=datetime.now(UTC) - timedelta(hours=1))
    assert url.endswith("/proba")
    newspaper.correct(url, title="Стало", body="Новый **текст**.")
    page = await read(client, url)
    assert "Стало</h1>" in page
    assert "Новый <strong>текст</strong>." in page
    newspaper.remove(url)
    async with client.get(url) as response:
        assert response.status == 410
    assert url not in await read(client, newspaper.feeds[1])
    with pytest.raises(KeyError):
        newspaper.remove("http://127.0.0.9/x")


async def test_a_slug_used_twice_gets_an_address_of_its_own(newspaper: Newspaper) -> None:
    manuscript = Manuscript("courier", "Again", parse_body("Text."), slug="again")
    assert newspaper.publish(manuscript) != newspaper.publish(manuscript)


async def test_faults(newspaper: Newspaper, client: aiohttp.ClientSession) -> None:
    feed = newspaper.feeds[0]
    for fault, status in (
        (Fault.ERROR, 500),
        (Fault.UNAVAILABLE, 503),
        (Fault.MISSING, 404),
        (Fault.GARBAGE, 200),
    ):
        newspaper.fail(feed, fault, times=1)
        async with client.get(feed) as response:
            assert response.status == status
            assert "ETag" not in response.headers
    newspaper.fail(feed, Fault.TYPE, times=1)
    async with client.get(feed) as response:
        assert response.content_type == "image/jpeg"
    for fault in (Fault.DROP, Fault.CUT):
        newspaper.fail(feed, fault)
        with pytest.raises(aiohttp.ClientError):
            await read(client, feed)
    newspaper.fail(feed, Fault.SLOW, times=1, seconds=30)
    with pytest.raises(TimeoutError):
        async with client.get(feed, timeout=aiohttp.ClientTimeout(total=0.1)):
            pass
    assert newspaper.hits(feed).faults >= 8
    newspaper.fail(feed, Fault.ERROR)
    newspaper.heal(feed)
    await read(client, feed)
    newspaper.forget_hits()
    assert newspaper.hits(feed) == Hits()


async def test_articles_appear_by_themselves(client: aiohttp.ClientSession) -> None:
    paper = Newspaper(every=0.02)
    await paper.start()
    try:
        before = len(load("vestnik", "vestnik"))
        async with asyncio.timeout(5):
            while len(links(await read(client, paper.feeds[0]))) < before + 2:
                pass
    finally:
        await paper.stop()


async def test_control(newspaper: Newspaper, client: aiohttp.ClientSession) -> None:
    told = await control(
        client,
        newspaper,
        "publish",
        source="courier",
        title="Told from outside",
        body="First.\n\nSecond.",
        picture="sea-1",
        minutes_ago=30,
    )
    assert "Told from outside" in await read(client, told["url"])
    assert (await control(client, newspaper, "publish"))["url"].startswith("http://127.0.0.")
    assert await control(client, newspaper, "correct", url=told["url"], standfirst="New words") == {
        "ok": True
    }
    assert "New words" in await read(client, told["url"])
    await control(client, newspaper, "fail", url=told["url"], fault="error", times=1)
    async with client.get(told["url"]) as response:
        assert response.status == 500
    counted = (await control(client, newspaper, "counters", reset=True))["counters"][told["url"]]
    assert counted == {"requests": 3, "not_modified": 0, "faults": 1}
    articles = (await control(client, newspaper, "articles"))["articles"]
    assert told["url"] in {article["url"] for article in articles}
    await control(client, newspaper, "remove", url=told["url"])
    async with client.get(told["url"]) as response:
        assert response.status == 410
    await control(client, newspaper, "heal")


@pytest.mark.parametrize(
    ("action", "wish", "status"),
    [
        ("publish", {"title": "T", "source": "nobody"}, 404),
        ("publish", {"title": "T", "picture": "???"}, 400),
        ("correct", {"url": "http://127.0.0.9/x", "title": "T"}, 404),
        ("remove", {}, 404),
        ("fail", {"url": "x", "fault": "odd"}, 400),
        ("dance", {}, 404),
    ],
)
async def test_control_refuses_nonsense(
    newspaper: Newspaper,
    client: aiohttp.ClientSession,
    action: str,
    wish: dict[str, str],
    status: int,
) -> None:
    async with client.post(f"{newspaper.url}/__control/{action}", json=wish) as response:
        assert response.status == status
        assert (await response.json())["ok"] is False


async def test_control_refuses_pages_of_other_sites(
    newspaper: Newspaper, client: aiohttp.ClientSession
) -> None:
    address = f"{newspaper.url}/__control/publish"
    async with client.post(address, data=b"{}", headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 405
    async with client.post(address, json={}, headers={"Host": "evil.example"}) as response:
        assert response.status == 403
    async with client.post(address, data="no", headers={"Content-Type": "application/json"}) as r:
        assert r.status == 400


async def test_bulletins_for_benches(client: aiohttp.ClientSession) -> None:
    paper = Newspaper(bench_feeds=6, bench_articles=4)
    await paper.start()
    try:
        assert len(set(paper.feeds)) == 9
        for number in range(6):
            edition = paper.edition(f"bulletin{number:03}")
            assert len(edition.newest()) == 4
            assert edition.newest()[0].manuscript.title
            await read(client, edition.feed_url)
            await read(client, edition.url(edition.newest()[0].path))
    finally:
        await paper.stop()


async def test_start_twice_and_a_taken_port(newspaper: Newspaper) -> None:
    with pytest.raises(RuntimeError):
        await newspaper.start()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        other = Newspaper()
        with pytest.raises(OSError, match="in use"):
            await other.start(port=taken.getsockname()[1])


async def test_as_a_process() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.sandbox.newspaper",
        "--every",
        "0",
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        assert len(told["feeds"]) == 3
        assert told["feeds"][0].startswith(told["url"])
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
