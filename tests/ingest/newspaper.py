"""A newspaper on loopback for the pipeline's tests: one feed, its pages, and its bad days."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from aiohttp import web

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PARAGRAPHS = (
    "Правительство утвердило план развития железных дорог на ближайшие десять лет.",
    "По словам министра транспорта, новые поезда выйдут на линию уже следующей весной.",
    "Эксперты считают, что стоимость проезда при этом не изменится, а скорость вырастет вдвое.",
    "Строительство первого участка начнётся в январе и займёт около полутора лет.",
)


class Newspaper:
    """Its articles by name, with the page's paragraphs; its statuses; what it was asked for."""

    def __init__(self) -> None:
        self.items: dict[str, str] = {}
        self.pages: dict[str, tuple[str, ...]] = {}
        self.files: dict[str, bytes] = {}
        self.statuses: dict[str, int] = {}
        self.stalled: set[str] = set()
        self.headers: dict[str, str] = {}
        self.moved: str | None = None
        self.raw_feed: bytes | None = None
        self.asked: Counter[str] = Counter()
        self.validators: list[str | None] = []
        self.etag = True
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def feed_url(self) -> str:
        return f"{self.url}/rss.xml"

    def publish(
        self,
        name: str,
        title: str,
        *,
        ago: timedelta = timedelta(minutes=5),
        summary: str = "Коротко о главном: утверждён план развития железных дорог.",
        content: str = "",
        paragraphs: tuple[str, ...] = PARAGRAPHS,
        page: str | None = None,
    ) -> None:
        """Put an article into the feed and its page on the site, by its name or as `page`."""
        page = page or name
        text = f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else ""
        self.items[name] = (
            f"<item><guid isPermaLink='false'>{name}</guid><title>{title}</title>"
            f"<link>/{page}.html</link><pubDate>{format_datetime(NOW - ago)}</pubDate>"
            f"<description>{summary}</description>{text}</item>"
        )
        self.pages[f"/{page}.html"] = (title, *paragraphs)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path] += 1
        if request.path in self.stalled:
            await asyncio.sleep(60)
        status = self.statuses.get(request.path, 200)
        if status != 200:
            return web.Response(status=status, headers=self.headers)
        if request.path in self.files:
            kind = "text/html" if request.path.endswith(".html") else "application/octet-stream"
            return web.Response(body=self.files[request.path], content_type=kind)
        if request.path in self.pages:
            return self._page(request.path)
        if self.moved is not None and request.path == "/rss.xml":
            return web.Response(status=301, headers={"Location": self.moved})
        if request.path.endswith(".xml"):
            return self._feed(request)
        return web.Response(status=404)

    def _page(self, path: str) -> web.Response:
        title, *paragraphs = self.pages[path]
        text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        return web.Response(
            text=f"<html lang=ru><head><title>{title}</title>"
            '<meta property="og:site_name" content="Гудок">'
            f"</head><body><article><h1>{title}</h1>{text}</article></body></html>",
            content_type="text/html",
        )

    def _feed(self, request: web.Request) -> web.Response:
        if self.raw_feed is not None:
            return web.Response(body=self.raw_feed, content_type="text/html")
        body = (
            '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
            "<channel><title>Новости Гудка</title><language>ru</language>"
            f"{''.join(self.items.values())}</channel></rss>"
        ).encode()
        etag = f'"{hash(body)}"'
        self.validators.append(request.headers.get("If-None-Match"))
        if self.etag and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        headers = {"ETag": etag, **self.headers} if self.etag else self.headers
        return web.Response(body=body, content_type="application/rss+xml", headers=headers)
