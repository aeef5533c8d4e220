"""The newspaper as a running HTTP server: three sources, each on its own loopback address.

A request is routed by the address it came in on (or by a prefix, where the system has one loopback
address only), counted, spoiled if a fault was ordered for it, and answered from the edition, feeds
rendered once per change, with ETag, Last-Modified, 304 and gzip as a well-behaved publisher does
(RFC 9110, sections 8.8 and 13). Articles appear by themselves every so often, or when `publish`
is called; `/__control/…` offers the same to other processes.
"""

import asyncio
import contextlib
import errno
import gzip
import hashlib
import ipaddress
import json
import re
import socket
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

from aiohttp import web

from . import feeds, pages, pictures
from .edition import Edition
from .manuscripts import Manuscript, ManuscriptError, load, parse_body, parse_picture
from .sources import FEED_PATHS, RUBRICS, SOURCES, Source, bench_sources
from .synthetic import SyntheticArticle, synthetic
from .wire import notice

_HTML = "text/html; charset=utf-8"
_PICTURE_PATH = re.compile(r"/pictures/(?P<scene>[a-z]+)-(?P<seed>\d{1,9})\.png")
_MAX_CONTROL_BODY = 1_000_000


class Fault(StrEnum):
    """What can go wrong with an address when a test orders it."""

    ERROR = "error"  # 500
    UNAVAILABLE = "unavailable"  # 503 with Retry-After
    MISSING = "missing"  # 404
    SLOW = "slow"  # the right answer, late
    DROP = "drop"  # the connection ends before any answer
    CUT = "cut"  # the connection ends within the body
    TYPE = "type"  # a picture's content type on whatever comes
    GARBAGE = "garbage"  # 200 with bytes that are no document


@dataclass(frozen=True, slots=True)
class Hits:
    """How an address was asked for: requests in all, those answered 304, those spoiled."""

    requests: int = 0
    not_modified: int = 0
    faults: int = 0


@dataclass(slots=True)
class _Order:
    fault: Fault
    times: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Document:
    body: bytes
    content_type: str
    status: int = 200
    modified: datetime | None = None
    packed: bytes = b""
    etag: str = ""


@dataclass(slots=True)
class _Desk:
    """An edition with its feed as rendered at some version of it."""

    edition: Edition
    version: int = -1
    feed: _Document | None = None


class Newspaper:
    """A sample newspaper over HTTP.

    `every` is the number of seconds between new articles, None for none; `ttl` is what the RSS
    feed asks of its readers in minutes, None to say nothing; `max_age` is Cache-Control's, in
    seconds. `bench_feeds` adds that many invented bulletins, each with `bench_articles` texts.
    """

    def __init__(
        self,
        every: float | None = None,
        *,
        ttl: int | None = None,
        max_age: int = 0,
        bench_feeds: int = 0,
        bench_articles: int = 50,
    ) -> None:
        self._every = every
        self._ttl = ttl
        self._max_age = max_age
        self._sources = (*SOURCES, *bench_sources(bench_feeds))
        self._bench_articles = bench_articles
        self._desks: dict[str, _Desk] = {}
        self._by_address: dict[str, _Desk] = {}
        self._coming: list[Manuscript] = []
        self._notices = 0
        self._orders: dict[str, _Order] = {}
        self._hits: dict[str, Hits] = {}
        self._prefixed = False
        self._runner: web.AppRunner | None = None
        self._ticker: asyncio.Task[None] | None = None

    # ------------------------------------------------------------ life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Opens the doors. With `host` 127.0.0.1 each source gets its own loopback address, if
        the system has them; with any other host the sources share it under path prefixes.

        Raises OSError if the port is taken and RuntimeError if the newspaper runs already.
        """
        if self._runner is not None:
            raise RuntimeError("the newspaper is already running")
        sockets = _bind(host, port, [source.address for source in self._sources])
        self._prefixed = len(sockets) == 1 and len(self._sources) > 1
        actual = sockets[0].getsockname()[1]
        self._open_editions(host, actual)
        app = web.Application(client_max_size=_MAX_CONTROL_BODY)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True
        )
        await self._runner.setup()
        for listener in sockets:
            await web.SockSite(self._runner, listener, backlog=512).start()
        if self._every is not None:
            self._ticker = asyncio.create_task(self._tick(self._every))

    async def stop(self) -> None:
        """Closes the doors; connections still open are cut after a moment."""
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
            self._ticker = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        """The first source's front page, and the base of `/__control/`, without a last slash."""
        return self._desk(SOURCES[0].key).edition.base

    @property
    def feeds(self) -> list[str]:
        """The addresses of the three feeds, and of the bulletins' after them."""
        return [desk.edition.feed_url for desk in self._desks.values()]

    def edition(self, key: str) -> Edition:
        """A source's edition by its key (`vestnik`, `chronicle`, `courier`)."""
        return self._desk(key).edition

    # ------------------------------------------------------------ the editors' desk

    def publish(
        self, manuscript: Manuscript | None = None, *, published: datetime | None = None
    ) -> str:
        """Prints an article, the next in waiting where none is given, and returns its address.

        `published` is the time it bears, by default now. Raises KeyError for an unknown source.
        """
        if manuscript is None:
            manuscript = self._next()
        edition = self._desk(manuscript.source).edition
        article = edition.publish(manuscript, published or datetime.now(UTC))
        return edition.url(article.path)

    def correct(
        self,
        url: str,
        *,
        title: str | None = None,
        standfirst: str | None = None,
        body: str | None = None,
    ) -> None:
        """Puts new words into an article; `body` is in the mark-up of manuscripts.

        Raises KeyError for an address where no article stands.
        """
        edition, path = self._find(url)
        article = edition.article(path)
        if article is None:
            raise KeyError(url)
        manuscript = article.manuscript
        if title is not None:
            manuscript = replace(manuscript, title=title)
        if standfirst is not None:
            manuscript = replace(manuscript, standfirst=standfirst)
        if body is not None:
            manuscript = replace(manuscript, body=parse_body(body))
        edition.correct(path, manuscript, datetime.now(UTC))

    def remove(self, url: str) -> None:
        """Withdraws an article: out of all lists, and its page answers 410. Raises KeyError."""
        edition, path = self._find(url)
        edition.remove(path, datetime.now(UTC))

    def fail(
        self, url: str, fault: Fault, *, times: int | None = None, seconds: float = 30.0
    ) -> None:
        """Spoils an address, `times` times or until `heal`; `seconds` is SLOW's delay."""
        self._orders[url] = _Order(fault, times, seconds)

    def heal(self, url: str | None = None) -> None:
        """Ends the faults of an address, or all of them."""
        if url is None:
            self._orders.clear()
        else:
            self._orders.pop(url, None)

    def hits(self, url: str) -> Hits:
        """How an address was asked for since the start or the last `forget_hits`."""
        return self._hits.get(url, Hits())

    def forget_hits(self) -> None:
        """Counts from nothing again."""
        self._hits.clear()

    # ------------------------------------------------------------ inside

    def _open_editions(self, host: str, port: int) -> None:
        started = datetime.now(UTC)
        for source in self._sources:
            if self._prefixed:
                base = f"http://{host}:{port}/{source.key}"
            else:
                base = f"http://{source.address}:{port}"
            desk = _Desk(Edition(source, base, started))
            self._desks[source.key] = self._by_address[source.address] = desk
        for source in SOURCES:
            self.edition(source.key).open(load(source.key, source.key), started)
        bulletins = self._sources[len(SOURCES) :]
        texts = synthetic(len(bulletins) * self._bench_articles, sources=max(1, len(bulletins)))
        filed: dict[str, list[Manuscript]] = {source.key: [] for source in bulletins}
        for number, text in enumerate(texts):
            source = bulletins[text.source]
            filed[source.key].append(bulletin(text, source, minutes=5 + number // len(bulletins)))
        for key, manuscripts in filed.items():
            self.edition(key).open(manuscripts, started)
        self._coming = list(reversed(load("coming")))
        self._notices = 0

    def _next(self) -> Manuscript:
        if self._coming:
            return self._coming.pop()
        self._notices += 1
        return notice(self._notices)

    async def _tick(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            self.publish()

    def _desk(self, key: str) -> _Desk:
        if not self._desks:
            raise RuntimeError("the newspaper has no address before start()")
        return self._desks[key]

    def _find(self, url: str) -> tuple[Edition, str]:
        for desk in self._desks.values():
            if url.startswith(desk.edition.base + "/"):
                return desk.edition, url.removeprefix(desk.edition.base)
        raise KeyError(url)

    # ------------------------------------------------------------ answering

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        desk, path = self._route(request)
        if path.startswith("/__control/"):
            return await self._control(request, path.removeprefix("/__control/"))
        if desk is None:
            return web.Response(status=404, text="Not found")
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        url = desk.edition.url(path)
        hits = self._hits.get(url, Hits())
        self._hits[url] = replace(hits, requests=hits.requests + 1)
        order = self._due_fault(url)
        document = self._document(desk, path)
        if order is not None:
            spoiled = await _spoil(request, order, document)
            if spoiled is not None:
                return spoiled
        headers = {"Cache-Control": self._caching(desk, path), "Vary": "Accept-Encoding"}
        if document.status != 200:
            return web.Response(
                body=document.body,
                status=document.status,
                headers={**headers, "Content-Type": document.content_type},
            )
        headers["ETag"] = document.etag
        if document.modified is not None:
            headers["Last-Modified"] = format_datetime(document.modified, usegmt=True)
        if _unchanged(request, document):
            hits = self._hits[url]
            self._hits[url] = replace(hits, not_modified=hits.not_modified + 1)
            return web.Response(status=304, headers=headers)
        body = document.body
        if document.packed and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"], body = "gzip", document.packed
        headers["Content-Type"] = document.content_type
        return web.Response(body=body, headers=headers)

    def _route(self, request: web.Request) -> tuple[_Desk | None, str]:
        path = request.path
        if self._prefixed:
            key, _, rest = path.lstrip("/").partition("/")
            if key == "__control":
                return None, path
            return self._desks.get(key), f"/{rest}"
        local = request.transport.get_extra_info("sockname") if request.transport else None
        return self._by_address.get(local[0]) if local else None, path

    def _due_fault(self, url: str) -> _Order | None:
        order = self._orders.get(url)
        if order is None:
            return None
        if order.times is not None:
            order.times -= 1
            if order.times <= 0:
                del self._orders[url]
        hits = self._hits[url]
        self._hits[url] = replace(hits, faults=hits.faults + 1)
        return order

    def _caching(self, desk: _Desk, path: str) -> str:
        if path.startswith("/pictures/"):
            return "public, max-age=86400, immutable"
        if path == FEED_PATHS[desk.edition.source.form]:
            return f"public, max-age={self._max_age}, must-revalidate"
        return "public, max-age=0, must-revalidate"

    def _document(self, desk: _Desk, path: str) -> _Document:
        # Only feeds are kept: they are polled without end, and pages are too many to keep.
        if path != FEED_PATHS[desk.edition.source.form]:
            return _finish(self._render(desk.edition, path))
        if desk.feed is None or desk.version != desk.edition.version:
            desk.feed = _finish(self._render(desk.edition, path))
            desk.version = desk.edition.version
        return desk.feed

    def _render(self, edition: Edition, path: str) -> _Document:
        if path == FEED_PATHS[edition.source.form]:
            body, content_type = feeds.render(edition, self._ttl)
            return _Document(body, content_type, modified=edition.changed)
        article = edition.article(path)
        if article is not None:
            if article.gone:
                return _Document(pages.missing_page(edition, True).encode(), _HTML, 410)
            page = pages.article_page(edition, article)
            return _Document(page.encode(), _HTML, modified=edition.changed)
        if path == "/robots.txt":
            text = "User-agent: *\nDisallow: /__control/\n"
            return _Document(text.encode(), "text/plain; charset=utf-8")
        picture = _PICTURE_PATH.fullmatch(path)
        if picture and picture["scene"] in pictures.SCENES:
            drawn = pictures.draw(picture["scene"], int(picture["seed"]))
            return _Document(drawn, "image/png")
        listed = self._list(edition, path)
        if listed is not None:
            return _Document(listed.encode(), _HTML, modified=edition.changed)
        return _Document(pages.missing_page(edition, False).encode(), _HTML, 404)

    def _list(self, edition: Edition, path: str) -> str | None:
        russian = edition.source.language == "ru"
        if path == "/":
            return pages.list_page(edition, "", edition.newest(30))
        if path == "/archive":
            return pages.list_page(edition, "Архив" if russian else "Archive", edition.newest())
        if path == "/about":
            return pages.list_page(edition, "О газете" if russian else "About us", [])
        rubric = path.strip("/")
        if rubric in RUBRICS[edition.source.language]:
            title = RUBRICS[edition.source.language][rubric]
            return pages.list_page(edition, title, edition.newest(30, rubric))
        return None

    # ------------------------------------------------------------ control by other processes

    async def _control(self, request: web.Request, action: str) -> web.Response:
        if not _is_loopback(request.remote) or not _is_loopback(request.host.rsplit(":", 1)[0]):
            return _refusal(403, "control is for this machine only")
        if request.method != "POST" or request.content_type != "application/json":
            return _refusal(405, "control wants POST and application/json")
        try:
            wish = await request.json()
        except json.JSONDecodeError:
            return _refusal(400, "not JSON")
        if not isinstance(wish, dict):
            return _refusal(400, "an object is wanted")
        try:
            return web.json_response(self._obey(action, wish))
        except KeyError as fault:
            return _refusal(404, f"not found or not given: {fault}")
        except (TypeError, ValueError, ManuscriptError) as fault:
            return _refusal(400, str(fault))

    def _obey(self, action: str, wish: dict[str, Any]) -> dict[str, Any]:
        if action == "publish":
            age = timedelta(minutes=float(wish.get("minutes_ago", 0)))
            manuscript = _manuscript(wish) if "title" in wish else None
            return {"url": self.publish(manuscript, published=datetime.now(UTC) - age)}
        if action == "correct":
            words = {key: str(wish[key]) for key in ("title", "standfirst", "body") if key in wish}
            self.correct(str(wish["url"]), **words)
        elif action == "remove":
            self.remove(str(wish["url"]))
        elif action == "fail":
            times = wish.get("times")
            self.fail(
                str(wish["url"]),
                Fault(wish["fault"]),
                times=None if times is None else int(times),
                seconds=float(wish.get("seconds", 30.0)),
            )
        elif action == "heal":
            self.heal(wish.get("url"))
        elif action == "counters":
            counters = {
                url: {"requests": h.requests, "not_modified": h.not_modified, "faults": h.faults}
                for url, h in self._hits.items()
            }
            if wish.get("reset"):
                self.forget_hits()
            return {"counters": counters}
        elif action == "articles":
            return {"articles": self._inventory()}
        else:
            raise KeyError(action)
        return {"ok": True}

    def _inventory(self) -> list[dict[str, str]]:
        return [
            {
                "url": desk.edition.url(article.path),
                "source": key,
                "title": article.manuscript.title,
                "slug": article.manuscript.slug,
                "rubric": article.manuscript.rubric,
                "published": article.published.isoformat(),
            }
            for key, desk in self._desks.items()
            for article in desk.edition.newest()
        ]


def bulletin(text: SyntheticArticle, source: Source, minutes: int = 0) -> Manuscript:
    """A synthetic text as a manuscript of a source."""
    return Manuscript(
        source=source.key,
        title=text.title,
        standfirst=text.standfirst,
        body=parse_body("\n\n".join(text.paragraphs)),
        rubric=text.rubric,
        minutes=minutes,
    )


def _manuscript(wish: dict[str, Any]) -> Manuscript:
    source = str(wish.get("source", SOURCES[0].key))
    if source not in {known.key for known in SOURCES}:
        raise KeyError(source)
    tags: list[object] = wish.get("tags", [])
    labels: list[object] = wish.get("labels", [])
    return Manuscript(
        source=source,
        title=str(wish["title"]),
        body=parse_body(str(wish.get("body") or wish["title"])),
        slug=str(wish.get("slug", "")),
        rubric=str(wish.get("rubric", "society")),
        subheadline=str(wish.get("subheadline", "")),
        standfirst=str(wish.get("standfirst", "")),
        author=str(wish.get("author", "")),
        tags=tuple(str(tag) for tag in tags),
        labels=tuple(str(label) for label in labels),
        picture=parse_picture(str(wish["picture"])) if wish.get("picture") else None,
        feed_text=bool(wish.get("feed_text", False)),
    )


def _bind(host: str, port: int, addresses: list[str]) -> list[socket.socket]:
    """Listening sockets on one port: one for each address, or `host` alone as the last resort."""
    if host != SOURCES[0].address:
        return [_listen(host, port)]
    for _ in range(20):
        opened = [_listen(addresses[0], port)]
        try:
            actual = opened[0].getsockname()[1]
            for address in addresses[1:]:
                opened.append(_listen(address, actual))  # noqa: PERF401 - what is open must be closed
        except OSError as fault:
            if fault.errno == errno.EADDRINUSE and port == 0:
                for listener in opened:
                    listener.close()
                continue
            for listener in opened[1:]:
                listener.close()
            if fault.errno == errno.EADDRNOTAVAIL:
                return opened[:1]
            opened[0].close()
            raise
        return opened
    raise OSError(errno.EADDRINUSE, "no port is free on all loopback addresses")


def _listen(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    return listener


def _finish(document: _Document) -> _Document:
    # The two encodings share the tag, so it is a weak one (RFC 9110, 8.8.1).
    etag = f'W/"{hashlib.sha256(document.body).hexdigest()[:20]}"'
    packed = b"" if document.content_type.startswith("image/") else document.body
    if packed and document.status == 200:
        packed = gzip.compress(packed, compresslevel=6, mtime=0)
    return replace(document, etag=etag, packed=packed)


def _unchanged(request: web.Request, document: _Document) -> bool:
    if "If-None-Match" in request.headers:
        asked = request.headers["If-None-Match"]
        tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
        return asked.strip() == "*" or document.etag.removeprefix("W/") in tags
    since = request.if_modified_since
    if since is None or document.modified is None:
        return False
    return document.modified.replace(microsecond=0) <= since


async def _spoil(
    request: web.Request, order: _Order, document: _Document
) -> web.StreamResponse | None:
    fault = order.fault
    if fault is Fault.SLOW:
        await asyncio.sleep(order.seconds)
        return None
    if fault is Fault.ERROR:
        return web.Response(status=500, text="<h1>500 Internal Server Error</h1>")
    if fault is Fault.UNAVAILABLE:
        return web.Response(status=503, text="busy", headers={"Retry-After": "120"})
    if fault is Fault.MISSING:
        return web.Response(status=404, text="<h1>404 Not Found</h1>")
    if fault is Fault.TYPE:
        return web.Response(body=document.body, content_type="image/jpeg")
    if fault is Fault.GARBAGE:
        return web.Response(body=bytes(range(256)) * 16, content_type="text/html")
    response = web.StreamResponse(headers={"Content-Length": str(len(document.body))})
    if fault is Fault.CUT:
        await response.prepare(request)
        await response.write(document.body[: len(document.body) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _refusal(status: int, reason: str) -> web.Response:
    return web.json_response({"ok": False, "error": reason}, status=status)
