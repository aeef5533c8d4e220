"""One polite, bounded request at a time: the only way that newsboy asks a stranger's server.

    address ─▶ [ scheme, port, guard ] ─▶ request ─▶ redirect? back to the guard, MAX_HOPS at most
                                              └────▶ body, counted as it is unpacked ─▶ Response

The redirect loop is our own, so that the guard sees every hop and the pipeline learns whether the
whole way was permanent. `bot.web.pacing` says when a request may go; the time limit counts from
the moment it has its place. No cookie is ever kept, no credentials are ever sent to a publisher.
"""

import asyncio
import json as jsonlib
import os
import re
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from bot.web.errors import (
    BadReplyError,
    BadUrlError,
    FetchError,
    ForbiddenAddressError,
    TimedOutError,
    TooLargeError,
    TooManyRedirectsError,
    UnreachableError,
)
from bot.web.guard import REFUSAL, forbidden, guarded_connector, is_web_port, judge_host
from bot.web.pacing import Pacer

MAX_HOPS = 7
MAX_BYTES = 5_000_000  # of a feed or a page, decompressed
SECONDS = 20.0

# Asked about an address before it is: the least time between pages of its host, in seconds.
# Raises a FetchError where the address may not be asked for.
Permit = Callable[[str], Awaitable[float]]

SLOWEST = 1_000  # bytes a second that a body must come with, once it has come for
SLOW_AFTER = 8.0  # seconds

_CHUNK = 65_536
_HEADER_BYTES = 32_768  # of one header: content policies of real sites pass aiohttp's 8 kB
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REPEATED = frozenset({307, 308})  # redirects that keep a request's method and body
_BUSY = frozenset({429, 503})
_GZIP = b"\x1f\x8b\x08"
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, "
    "text/html;q=0.8, */*;q=0.5"
)
_MAX_AGE = re.compile(r'(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Response:
    """A server's final answer. To a GET, `body` is empty unless `status` is 2xx.

    `permanent` says that there were redirects, that every one was 301 or 308 and that none fell
    from https to http: `url` is then where the page lives now. `etag` and `last_modified` are the
    server's, byte for byte. `retry_after` and `max_age` are seconds from now. `content_type` is
    lower-case, without parameters. `size` is the whole body's, in bytes, where the server says it.
    `hub` and `self_url` are the addresses that Link headers name (WebSub section 4).
    """

    url: str
    status: int
    body: bytes = b""
    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None
    charset: str | None = None
    retry_after: int | None = None
    max_age: int | None = None
    permanent: bool = False
    elapsed: float = 0.0  # seconds
    size: int | None = None
    hub: str | None = None
    self_url: str | None = None

    @property
    def full_content_type(self) -> str | None:
        """Content type and charset as one header value, the way parsers take it."""
        if self.content_type is None:
            return None
        return f"{self.content_type}; charset={self.charset}" if self.charset else self.content_type


@dataclass(slots=True)
class _Budget:
    """What a request has left over all its hops."""

    seconds: float
    max_bytes: int
    first_bytes: int | None = None
    started: float = field(default_factory=time.monotonic)
    whole: float = 0.0

    def __post_init__(self) -> None:
        self.whole = self.seconds


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked, beside where."""

    method: str
    headers: Mapping[str, str]
    body: bytes | None = None
    permit: Permit | None = None
    own_host: str | None = None  # the operator's, that may lie in a private network


@dataclass(frozen=True, slots=True)
class _Moved:
    """Where a redirect leads."""

    url: URL
    status: int


class Fetcher:
    """An HTTP client for strangers' servers; `async with` it, or call `start` and `close`.

    `proxy` is an http(s) proxy's address, through which then everything goes. `agent` should
    carry an address where an unhappy publisher can complain. Of private networks all may be asked
    (`allow_private`), or certain hosts alone (`private_hosts`, with their ports).
    """

    def __init__(
        self,
        *,
        agent: str,
        allow_private: bool = False,
        private_hosts: frozenset[tuple[str, int | None]] = frozenset(),
        proxy: str | None = None,
        seconds: float = SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.agent = agent
        self._allow_private = allow_private
        self._private_hosts = private_hosts
        self._proxy = proxy
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None
        self._own_session: aiohttp.ClientSession | None = None
        self._pacer = Pacer()

    async def start(self) -> None:
        """Open the session; must be called inside the event loop that will use it."""
        # The proxy's own address is the operator's choice and may well be private.
        self._session = self._open(private=self._allow_private or self._proxy is not None)
        self._own_session = self._open(private=True)

    def _open(self, *, private: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=guarded_connector(allow_private=private),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self.agent, "Accept": _ACCEPT},
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the session; a fetch in flight fails with a FetchError."""
        for session in (self._session, self._own_session):
            if session is not None:
                await session.close()
        self._session = self._own_session = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def fetch(
        self,
        address: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        first_bytes: int | None = None,
        seconds: float | None = None,
        permit: Permit | None = None,
    ) -> Response:
        """Ask for `address`, following redirects; with validators, conditionally.

        With `first_bytes` no more of the body is read, and what follows is no error. `permit` is
        asked about every hop. Raises a child of FetchError where no answer arrives; any HTTP
        status is an answer.
        """
        asked = dict(headers or {})
        if etag:
            asked["If-None-Match"] = etag
        if last_modified:
            asked["If-Modified-Since"] = last_modified
        return await self._ask(
            address,
            _Request("GET", asked, permit=permit),
            _Budget(seconds or self._seconds, max_bytes or self._max_bytes, first_bytes),
        )

    async def post(
        self,
        address: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
        max_bytes: int | None = None,
        allow_private_host: str | None = None,
    ) -> Response:
        """Send `json` or `form`; the answer's body is there whatever its status.

        A redirect that keeps the method (307, 308) is followed, without `headers` once it leaves
        the host; any other is the answer. `allow_private_host` is a host that the operator named
        in the settings and that may lie in a private network. It waits for no feed's or page's
        place, and holds none. Raises as `fetch` does.
        """
        if json is not None:
            kind, body = "application/json", jsonlib.dumps(json, ensure_ascii=False).encode()
        else:
            kind, body = "application/x-www-form-urlencoded", urlencode(form or {}).encode()
        return await self._ask(
            address,
            _Request(
                "POST",
                {"Accept": "application/json, */*;q=0.5", **(headers or {}), "Content-Type": kind},
                body=body,
                own_host=allow_private_host,
            ),
            _Budget(seconds or self._seconds, max_bytes or self._max_bytes),
        )

    async def _ask(self, address: str, request: _Request, budget: _Budget) -> Response:
        """Follow `address` to its answer."""
        url = _parse(address)
        seen = {url}
        permanent = True
        for hop in range(MAX_HOPS + 1):
            answer = await self._hop(url, request, budget)
            if isinstance(answer, Response):
                return replace(
                    answer,
                    permanent=permanent and hop > 0,
                    elapsed=time.monotonic() - budget.started,
                )
            downgraded = url.scheme == "https" and answer.url.scheme == "http"
            permanent = permanent and answer.status in _PERMANENT and not downgraded
            if answer.url.host != url.host and request.method == "POST":
                kept = {"Accept", "Content-Type"}
                request = replace(
                    request, headers={k: v for k, v in request.headers.items() if k in kept}
                )
            url = answer.url
            if url in seen:
                raise TooManyRedirectsError(
                    f"{address} redirects in a ring. Some sites do so to whoever keeps no cookies: "
                    "open it in a browser and use the address where it ends."
                )
            seen.add(url)
        raise TooManyRedirectsError(
            f"{address} redirects more than {MAX_HOPS} times. Open it in a browser and use the "
            "address where it ends."
        )

    async def _hop(self, url: URL, request: _Request, budget: _Budget) -> Response | _Moved:
        """One request: an answer, or where it redirects."""
        host = url.host or ""
        own = (host, url.port) in self._private_hosts or (
            request.own_host is not None and host == request.own_host.lower()
        )
        if not (own or self._allow_private or is_web_port(url.port)):
            raise BadUrlError(f"{host}: port {url.port} is no web server's.")
        gap = await request.permit(str(url)) if request.permit else 0.0
        async with self._place(url, request, gap):
            begun = time.monotonic()
            try:
                async with asyncio.timeout(budget.seconds):
                    session, proxy = await self._way(host, url.port or 443, own=own)
                    async with session.request(
                        request.method,
                        url,
                        allow_redirects=False,
                        headers=request.headers,
                        data=request.body,
                        proxy=proxy,
                        timeout=aiohttp.ClientTimeout(total=None),
                    ) as reply:
                        return await self._answer(url, reply, request, budget)
            except TimeoutError as error:
                raise TimedOutError(
                    f"{host} did not answer in full within {budget.whole:g} s. It is tried again "
                    "later."
                ) from error
            except aiohttp.ClientError as error:
                raise _explain(host, error) from error
            except (OSError, ValueError) as error:
                raise BadReplyError(
                    f"{host} answered with something that is not valid HTTP ({error})."
                ) from error
            finally:
                # Waiting for a place is not the server's fault: only time with it counts.
                budget.seconds = max(budget.seconds - (time.monotonic() - begun), 0.001)

    def _place(self, url: URL, request: _Request, gap: float) -> AbstractAsyncContextManager[None]:
        host = url.host or ""
        if request.method == "POST":
            return self._pacer.place_apart(host, url.port)
        return self._pacer.place(host, url.port, gap=gap)

    async def _way(
        self, host: str, port: int, *, own: bool
    ) -> tuple[aiohttp.ClientSession, str | None]:
        """The session that may go to `host`, and the proxy that it goes through."""
        if self._session is None or self._own_session is None:
            raise UnreachableError("newsboy is stopping.")
        if self._proxy is None:
            return (self._own_session if own else self._session), None
        if self._allow_private:
            return self._session, self._proxy
        try:
            await judge_host(host, port)
        except ForbiddenAddressError:
            if own:  # a proxy to the world knows no way into the operator's house
                return self._own_session, None
            raise
        return self._session, self._proxy

    async def _answer(
        self, url: URL, reply: aiohttp.ClientResponse, request: _Request, budget: _Budget
    ) -> Response | _Moved:
        location = reply.headers.get("Location")
        followed = _REDIRECTS if request.method == "GET" else _REPEATED
        if reply.status in followed and location:
            return _Moved(_redirected(url, location), reply.status)
        body = b""
        if 200 <= reply.status < 300 or request.method == "POST":
            body = await _read(reply, budget)
        response = _response(reply, body, datetime.now(UTC))
        if reply.status in _BUSY and response.retry_after and request.method == "GET":
            self._pacer.pause(url.host or "", url.port, response.retry_after)
        return response


def retry_after_seconds(value: str | None, now: datetime) -> int | None:
    """Retry-After (RFC 9110 10.2.3), seconds or an HTTP date, as seconds from `now`."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), 999_999_999)
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0, int((then - now).total_seconds()))


def max_age_seconds(cache_control: str | None) -> int | None:
    """The max-age of a Cache-Control header (RFC 9111 5.2.2.1), or None."""
    found = _MAX_AGE.search(cache_control or "")
    return int(found[1]) if found else None


def _parse(address: str) -> URL:
    try:
        url = URL(address)
        host = url.host
    except ValueError as error:
        raise BadUrlError(f"{address!r} is not a web address.") from error
    if url.scheme not in {"http", "https"} or not host:
        raise BadUrlError(f"{address!r} is not an http or https address.")
    # A name and password in a link are a stranger's choice and are not sent.
    return url.with_fragment(None).with_user(None) if url.user else url.with_fragment(None)


def _redirected(url: URL, location: str) -> URL:
    try:
        return _parse(str(url.join(URL(location))))
    except ValueError as error:
        raise BadUrlError(f"{url.host} redirects to {location!r}, which is no address.") from error


async def _read(reply: aiohttp.ClientResponse, budget: _Budget) -> bytes:
    """The body, as far as it is wanted; raises TooLargeError, TimedOutError for a mere drip."""
    body = bytearray()
    begun = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(begun + SLOW_AFTER) as limit:
            async for chunk in reply.content.iter_chunked(_CHUNK):
                body += chunk
                if budget.first_bytes is not None and len(body) >= budget.first_bytes:
                    reply.close()
                    return bytes(body[: budget.first_bytes])
                if len(body) > budget.max_bytes:
                    reply.close()
                    raise _too_large(reply, budget.max_bytes)
                if not limit.expired():
                    limit.reschedule(begun + SLOW_AFTER + len(body) / SLOWEST)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TimedOutError(
            f"{reply.url.host} sends its answer too slowly, {len(body)} bytes in "
            f"{asyncio.get_running_loop().time() - begun:.0f} s. It is tried again later."
        ) from error
    if body.startswith(_GZIP):
        return _gunzipped(reply, bytes(body), budget.max_bytes)
    return bytes(body)


def _gunzipped(reply: aiohttp.ClientResponse, body: bytes, max_bytes: int) -> bytes:
    """A file that is gzip itself (`sitemap.xml.gz`), or packed and not declared so; bounded.

    What only looks like gzip, or is broken, comes back as it came.
    """
    whole = bytearray()
    rest = body
    try:
        while rest.startswith(_GZIP):  # a file may hold several members (RFC 1952 2.2)
            unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
            whole += unpacking.decompress(rest, max_bytes + 1 - len(whole))
            if len(whole) > max_bytes:
                raise _too_large(reply, max_bytes)
            if not unpacking.eof:
                return body
            rest = unpacking.unused_data
    except zlib.error:
        return body
    return bytes(whole)


def _too_large(reply: aiohttp.ClientResponse, max_bytes: int) -> TooLargeError:
    return TooLargeError(
        f"{reply.url.host} sends more than {max_bytes / 1e6:g} MB, more than newsboy reads. If "
        "this is a feed, look for a shorter one of the same site: of a rubric, or of the news."
    )


def _response(reply: aiohttp.ClientResponse, body: bytes, now: datetime) -> Response:
    headers = reply.headers
    links = _links(reply)
    return Response(
        url=str(reply.url),
        status=reply.status,
        body=body,
        etag=_validator(headers.get("ETag")),
        last_modified=_validator(headers.get("Last-Modified")),
        content_type=reply.content_type.lower() if "Content-Type" in headers else None,
        charset=reply.charset if "Content-Type" in headers else None,
        retry_after=retry_after_seconds(headers.get("Retry-After"), now),
        max_age=max_age_seconds(headers.get("Cache-Control")),
        size=_size(headers),
        hub=links.get("hub"),
        self_url=links.get("self"),
    )


def _links(reply: aiohttp.ClientResponse) -> dict[str, str]:
    """The first http(s) address of each relation that Link headers name (RFC 8288)."""
    found: dict[str, str] = {}
    try:
        for link in reply.links.values():
            address = str(link.get("url", ""))
            if address.startswith(("http://", "https://")):
                for relation in str(link.get("rel", "")).lower().split():
                    found.setdefault(relation, address)
    except ValueError:  # an address that is none
        return found
    return found


def _size(headers: Mapping[str, str]) -> int | None:
    """The whole body's size: of a part, the total (RFC 9110 14.4); of a packed one, unknown."""
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        return None
    _, slash, total = headers.get("Content-Range", "").rpartition("/")
    said = total if slash else headers.get("Content-Length", "")
    return int(said[:15]) if said.isascii() and said.isdigit() else None


def _validator(value: str | None) -> str | None:
    """A validator that can be stored and sent back unchanged; others are of no use."""
    if not value:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


def _explain(host: str, error: aiohttp.ClientError) -> FetchError:
    """The operator's words for a client error."""
    if isinstance(error, aiohttp.ClientConnectorError) and REFUSAL in str(error.os_error):
        return forbidden(host)
    if isinstance(error, aiohttp.InvalidURL):
        return BadUrlError(f"{host} is not the name of a web server.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return UnreachableError(f"{host} is not known to the DNS. Check the spelling.")
    if isinstance(error, (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError)):
        return UnreachableError(
            f"{host} has no valid certificate ({error.__class__.__name__}). Its owner has to renew "
            "it; an http:// address may work meanwhile."
        )
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return UnreachableError("The proxy does not answer. Check FEED_PROXY.")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return UnreachableError(
            f"The proxy refuses to connect to {host} (status {error.status}). Check FEED_PROXY."
        )
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientResponseError)):
        return BadReplyError(f"{host} sent a broken answer. It is tried again later.")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return UnreachableError(f"{host} hung up before it answered. It is tried again later.")
    if isinstance(error, aiohttp.ClientOSError):
        reason = os.strerror(error.errno) if error.errno else error.__class__.__name__
        return UnreachableError(f"{host} cannot be reached ({reason}). It is tried again later.")
    return UnreachableError(f"{host} cannot be reached ({error.__class__.__name__}).")
