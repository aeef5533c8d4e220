"""Real feeds and pages through the whole pipeline: HTTP, workers, decider, SQLite."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest
from aiohttp import web

from bot.config import Settings
from bot.ingest.assembly import open_pipeline
from bot.words.normaliser import Normaliser
from storage import Heading, ListBlock, Paragraph, Quote, Storage

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

pytestmark = [
    pytest.mark.skipif(
        not DATA.is_dir(), reason="the collected feeds and pages are not part of the repository"
    ),
    pytest.mark.timeout(300),
]


@pytest.fixture
async def publisher() -> AsyncIterator[str]:
    """Serves the collected feeds as they are, and a feed of all collected pages.

    As a proxy it keeps the test at home: the feeds' own pages are nowhere to be had.
    """
    pages = sorted((DATA / "pages" / "html").glob("*.html.gz"))

    async def feed(request: web.Request) -> web.Response:
        return web.Response(
            body=(DATA / "feeds" / request.match_info["name"]).read_bytes(),
            content_type="application/xml",
        )

    async def all_pages(request: web.Request) -> web.Response:
        items = "".join(
            f"<item><title>Page {escape(page.name)}</title>"
            f'<guid isPermaLink="false">{page.name}</guid>'
            f"<link>http://{request.host}/pages/{page.name}</link></item>"
            for page in pages
        )
        text = f'<rss version="2.0"><channel><title>All</title>{items}</channel></rss>'
        return web.Response(text=text, content_type="application/rss+xml")

    async def page(request: web.Request) -> web.Response:
        body = gzip.decompress((DATA / "pages" / "html" / request.match_info["name"]).read_bytes())
        return web.Response(body=body, content_type="text/html")

    app = web.Application()
    app.router.add_get("/feeds/{name}", feed)
    app.router.add_get("/all.xml", all_pages)
    app.router.add_get("/pages/{name}", page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def poll(
    storage: Storage, publisher: str, paths: list[str]
) -> dict[str, tuple[int, str | None]]:
    """Add the publisher's feeds, poll them once: each one's articles by number, and its error."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        allow_private_networks=True,
        feed_proxy=publisher,
        poll_seconds=2,
    )
    for number, path in enumerate(paths):
        # Each is its own publisher, as it is in life.
        await storage.feeds.add(f"{publisher}/{path}", f"publisher{number}.example", NOW)
    async with open_pipeline(settings, storage, Normaliser()) as pipeline:
        reports = await pipeline.poll(NOW)
    return {
        report.url.removeprefix(f"{publisher}/"): (report.stored, report.error)
        for report in reports
    }


async def test_every_feed_with_items_is_stored(publisher: str, tmp_path: Path) -> None:
    names = sorted(path.name for path in (DATA / "feeds").iterdir())
    async with Storage.open(tmp_path / "newsboy.db") as storage:
        results = await poll(storage, publisher, [f"feeds/{name}" for name in names])
        # Two of the feeds list the same pages: such an entry is known, its article stored once.
        known = {feed.url.rsplit("/", 1)[1]: feed.entries for feed in await storage.feeds.all()}
    assert {url: error for url, (_, error) in results.items() if error} == {}
    empty = {name for name in names if not known[name]}
    # These have no item at all.
    assert empty == {"iso-8859-1.xml", "windows-1252.xml", "windows-1252-incorrect-prolog.xml"}


async def test_every_page_becomes_an_article(publisher: str, tmp_path: Path) -> None:
    truth = json.loads((DATA / "pages" / "ground-truth.json").read_text(encoding="utf-8"))
    short: list[str] = []
    async with Storage.open(tmp_path / "newsboy.db") as storage:
        results = await poll(storage, publisher, ["all.xml"])
        assert results == {"all.xml": (len(truth), None)}
        (feed,) = await storage.feeds.all()
        for name, expected in truth.items():
            article = await storage.articles.by_entry(feed.id, f"{name}.html.gz")
            assert article is not None
            assert article.title
            passages = sum(
                len(block.items) if isinstance(block, ListBlock) else 1
                for block in article.body
                if isinstance(block, Paragraph | Quote | ListBlock | Heading)
            )
            wanted = len(re.findall(r"\S[^\n]*(?:\n|$)", expected["articleBody"]))
            if passages < min(3, wanted):
                short.append(name)
    assert short == []
