"""`python -m tests.bench.hostile_site`: feeds and pages made to hurt, and ordinary ones.

Prints one line of JSON with the names of the documents, then serves until it is told to stop:
`/feed/NAME` is a hostile feed, `/host/NAME` an honest feed whose one entry leads to the hostile
page `/page/NAME`, and `/plain/ROUND/N` an ordinary feed with pages of its own.
"""

import asyncio
import gzip
import json
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web

MB = 1_000_000
ENTRIES = 5  # of an ordinary feed
_TEXT = (
    "Городской совет утвердил план ремонта мостов и набережных на ближайшие три года.",
    "По словам инженеров, первой обновят переправу у старого порта, где движение самое плотное.",
    "Жители смогут следить за ходом работ на сайте, а объезды откроют ещё до начала сезона.",
)
_DRIP_SECONDS = 60


@dataclass(frozen=True)
class Document:
    """What a path answers; `drip` sends it a byte at a time."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: bool = False


def _rss(items: bytes, head: bytes = b"") -> bytes:
    return (
        b'<?xml version="1.0" encoding="utf-8"?>' + head + b'<rss version="2.0"><channel>'
        b"<title>Hostile</title><link>http://127.0.0.1/</link>" + items + b"</channel></rss>"
    )


def _item(inner: bytes) -> bytes:
    return b"<item><guid>1</guid><title>One</title><link>/x</link>" + inner + b"</item>"


def _html(inner: bytes) -> bytes:
    text = "".join(f"<p>{line}</p>" for line in _TEXT).encode()
    return (
        b"<!doctype html><html lang=ru><head><title>One</title></head><body><article><h1>One</h1>"
        + text
        + inner
        + b"</article></body></html>"
    )


def _attributes() -> bytes:
    return b"<a " + b" ".join(b'a%d="%d"' % (n, n) for n in range(100_000)) + b">x</a>"


def _nested(tag: bytes, depth: int) -> bytes:
    return b"<%s>" % tag * depth + b"x" + b"</%s>" % tag * depth


def _items(size: int) -> bytes:
    def each() -> Iterator[bytes]:
        left, number = size, 0
        while left > 0:
            number += 1
            item = b"<item><title>t%d</title><guid>%d</guid></item>" % (number, number)
            left -= len(item)
            yield item

    return b"".join(each())


_LAUGHS = (
    b'<!DOCTYPE r [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    + b"]>"
)
_RUN = b'<!DOCTYPE r [<!ENTITY e "' + b"x" * 100_000 + b'">]>'
_GZIP = {"Content-Encoding": "gzip"}


def _feeds() -> dict[str, Callable[[], Document]]:
    def of(body: Callable[[], bytes], **headers: str) -> Callable[[], Document]:
        return lambda: Document(body(), headers)

    return {
        "an element of 100,000 attributes": of(lambda: _rss(_item(_attributes()))),
        "a megabyte of <": of(lambda: _rss(b"<" * MB)),
        "34 MB of items": of(lambda: _rss(_items(34 * MB))),
        "4.9 MB of empty items": of(lambda: _rss(b"<item></item>" * 375_000)),
        "an entity bomb": of(lambda: _rss(_item(b"<description>&a11;</description>"), _LAUGHS)),
        "a quadratic entity bomb": of(lambda: _rss(_item(b"&e;" * 10_000), _RUN)),
        "100,000 elements deep": of(lambda: _rss(_item(_nested(b"a", 100_000)))),
        "100,000 tags deep in a text": of(
            lambda: _rss(
                _item(b"<description><![CDATA[" + _nested(b"b", 100_000) + b"]]></description>")
            )
        ),
        "4.5 MB of CDATA": of(
            lambda: _rss(
                _item(b"<description><![CDATA[" + b"<p>Text " * 560_000 + b"]]></description>")
            )
        ),
        "a title of 2 MB": of(
            lambda: _rss(_item(b"<title>" + b"&lt;b&gt;x " * 200_000 + b"</title>"))
        ),
        "a date of 1 MB": of(
            lambda: _rss(_item(b"<pubDate>" + b"Mon, 01 " * 125_000 + b"</pubDate>"))
        ),
        "2 MB of blanks": of(lambda: _rss(_item(b"<title>a" + b" \t\n" * 700_000 + b"b</title>"))),
        "100,000 open comments": of(lambda: _rss(b"<!-- " * 100_000)),
        "100,000 open CDATA": of(lambda: _rss(_item(b"<![CDATA[" * 100_000))),
        "a megabyte of &": of(lambda: _rss(_item(b"<title>" + b"&" * MB + b"</title>"))),
        "50,000 namespaces": of(
            lambda: _rss(_item(b"".join(b'<x xmlns:n%d="u:%d"/>' % (n, n) for n in range(50_000))))
        ),
        "20,000 categories": of(
            lambda: _rss(_item(b"".join(b"<category>c%d</category>" % n for n in range(20_000))))
        ),
        "JSON, 1,000,000 deep": of(
            lambda: b'{"version":"https://jsonfeed.org/version/1.1","items":' + b"[" * MB
        ),
        "JSON, a number of 4 MB": of(
            lambda: b'{"version":"https://jsonfeed.org/version/1.1","title":' + b"1" * 4 * MB + b"}"
        ),
        "a gzip bomb, 500 MB": of(lambda: gzip.compress(bytes(500 * MB), 6), **_GZIP),
        "an undeclared gzip bomb": of(lambda: gzip.compress(bytes(200 * MB), 6)),
        "zero bytes": of(lambda: bytes(4 * MB)),
        "a drip": lambda: Document(_rss(b""), drip=True),
    }


def _pages() -> dict[str, Callable[[], Document]]:
    def of(inner: Callable[[], bytes], **headers: str) -> Callable[[], Document]:
        return lambda: Document(_html(inner()), {"Content-Type": "text/html", **headers})

    def packed(body: Callable[[], bytes]) -> Callable[[], Document]:
        return lambda: Document(gzip.compress(body(), 6), {"Content-Type": "text/html", **_GZIP})

    return {
        "an element of 100,000 attributes": of(_attributes),
        "a megabyte of <": of(lambda: b"<" * MB),
        "100,000 elements deep": of(lambda: _nested(b"div", 100_000)),
        "20,000 tables deep": of(lambda: b"<table><tr><td>" * 20_000),
        "4.5 MB of text": of(lambda: b"<p>" + b"Some words, and more. " * 200_000 + b"</p>"),
        "500,000 paragraphs": of(lambda: b"<p>a" * 500_000),
        "100,000 links": of(lambda: b"<p><a href=/x>Read also this</a></p>" * 100_000),
        "2 MB of blanks": of(lambda: b"<p>a" + b" \n" * MB + b"b</p>"),
        "100,000 open comments": of(lambda: b"<!-- " * 100_000),
        "an attribute that never ends": of(lambda: b'<a href="' + b"x " * 2 * MB),
        "a megabyte of &": of(lambda: b"<p>" + b"&" * MB + b"</p>"),
        "half a million unknown tags": of(lambda: b"<q><z>" * 250_000),
        "JSON-LD, 300,000 deep": of(
            lambda: b'<script type="application/ld+json">' + b'{"a":' * 300_000 + b"</script>"
        ),
        "JSON-LD of 4 MB": of(
            lambda: (
                b'<script type="application/ld+json">['
                + b'{"@type":"NewsArticle"},' * 160_000
                + b"{}]</script>"
            )
        ),
        "bait for patterns": of(
            lambda: (
                b"<p>"
                + ("Читайте также: " * 20_000 + "-" * 100_000 + "(" * 100_000).encode()
                + b"</p>"
            )
        ),
        "bait for dates and names": of(
            lambda: (
                b"<time>" + b"2026-11-22 " * 100_000 + b"</time><p>" + b"A. B. " * 200_000 + b"</p>"
            )
        ),
        "a gzip bomb, 500 MB": packed(lambda: bytes(500 * MB)),
        "zero bytes": of(lambda: bytes(4 * MB)),
        "a drip": lambda: Document(_html(b""), {"Content-Type": "text/html"}, drip=True),
    }


class _Site:
    def __init__(self) -> None:
        # Made beforehand: what a bomb takes to pack is not its victim's time.
        self.feeds = {name: make() for name, make in _feeds().items()}
        self.pages = {name: make() for name, make in _pages().items()}

    async def feed(self, request: web.Request) -> web.StreamResponse:
        return await _send(request, self.feeds[request.match_info["name"]])

    async def page(self, request: web.Request) -> web.StreamResponse:
        return await _send(request, self.pages[request.match_info["name"]])

    async def host(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        return web.Response(text=_honest([f"/page/{name}"]), content_type="application/rss+xml")

    async def plain(self, request: web.Request) -> web.StreamResponse:
        base = f"/article/{request.match_info['round']}-{request.match_info['number']}"
        paths = [f"{base}-{number}" for number in range(ENTRIES)]
        return web.Response(text=_honest(paths), content_type="application/rss+xml")

    async def article(self, request: web.Request) -> web.StreamResponse:
        text = "".join(f"<p>{line}</p>" for line in _TEXT * 3)
        title = f"Мост {request.match_info['name']}"
        return web.Response(
            text=f"<html lang=ru><title>{title}</title><article><h1>{title}</h1>{text}</article>",
            content_type="text/html",
        )


def _honest(paths: list[str]) -> str:
    now = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><guid>{path}</guid><title>Мост {path.rpartition('/')[2]}</title>"
        f"<link>{path.replace(' ', '%20')}</link><pubDate>{now}</pubDate></item>"
        for path in paths
    )
    return f"<rss version='2.0'><channel><title>Plain</title>{items}</channel></rss>"


async def _send(request: web.Request, document: Document) -> web.StreamResponse:
    if not document.drip:
        return web.Response(body=document.body, headers=document.headers)
    response = web.StreamResponse(headers=document.headers)
    await response.prepare(request)
    for byte in document.body[:_DRIP_SECONDS]:
        with suppress(ConnectionResetError):  # the other side had enough
            await response.write(bytes([byte]))
        await asyncio.sleep(1)
    return response


async def _serve() -> None:
    site = _Site()
    app = web.Application()
    app.router.add_get("/feed/{name}", site.feed)
    app.router.add_get("/page/{name}", site.page)
    app.router.add_get("/host/{name}", site.host)
    app.router.add_get("/plain/{round}/{number}", site.plain)
    app.router.add_get("/article/{name}", site.article)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    host, port = runner.addresses[0][:2]
    names = {"feeds": list(site.feeds), "pages": list(site.pages)}
    print(json.dumps({"url": f"http://{host}:{port}", **names}), flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
