"""One polite, bounded request at a time: the only way that newsboy asks a publisher's server.

    address ─▶ [ scheme, guard ] ─▶ request ─▶ redirect? back to the guard, at most MAX_HOPS times
                                        └────▶ body, counted as it is decompressed ─▶ Response

The redirect loop is our own, so that the guard sees every hop and the pipeline learns whether the
whole way was permanent. Two requests a host and a dozen in all run at once; the time limit counts
from the moment a request has its place.
"""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from bot.web.errors import (
    BadReplyError,
    BadUrlError,
    FetchError,
    TimedOutError,
    TooLargeError,
    TooManyRedirectsError,
    UnreachableError,
)
from bot.web.guard import REFUSAL, forbidden, guarded_connector, judge_host

MAX_HOPS = 7
MAX_BYTES = 5_000_000  # of a feed or a page, decompressed
SECONDS = 20.0
PER_HOST = 2
IN_ALL = 12

_CHUNK = 65_536
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, "
    "text/html;q=0.8, */*;q=0.5"
)
_MAX_AGE = re.compile(r'(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Response:
    """A server's final answer. `body` is empty unless `status` is 2xx.

    `permanent` says that there were redirects and every one was 301 or 308: `url` is then where
    the page lives now. `etag` and `last_modified` are the server's, byte for byte. `retry_after`
    and `max_age` are seconds from now. `content_type` is lower-case, without parameters.
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

    @property
    def full_content_type(self) -> str | None:
        """Content type and charset as one header value, the way parsers take it."""
        if self.content_type is None:
            return None
        return f"{self.content_type}; charset={self.charset}" if self.charset else self.content_type


@dataclass(slots=True)
class _Gate:
    semaphore: asyncio.Semaphore
    users: int = 0


@dataclass(slots=True)
class _Budget:
    """What a fetch has left over all its hops."""

    seconds: float
    max_bytes: int
    started: float = field(default_factory=time.monotonic)


class Fetcher:
    """An HTTP client for strangers' servers; `async with` it, or call `start` and `close`.

    `proxy` is an http(s) proxy's address, through which then everything goes. `agent` should
    carry an address where an unhappy publisher can complain.
    """

    def __init__(
        self,
        *,
        agent: str,
        allow_private: bool = False,
        proxy: str | None = None,
        seconds: float = SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._agent = agent
        self._allow_private = allow_private
        self._proxy = proxy
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None
        self._all = asyncio.Semaphore(IN_ALL)
        self._gates: dict[str, _Gate] = {}

    async def start(self) -> None:
        """Open the session; must be called inside the event loop that will use it."""
        self._session = aiohttp.ClientSession(
            # The proxy's own address is the operator's choice and may well be private.
            connector=guarded_connector(
                allow_private=self._allow_private or self._proxy is not None, limit=IN_ALL
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._agent, "Accept": _ACCEPT},
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the session; a fetch in flight fails with a FetchError."""
        if self._session is not None:
            await self._session.close()
            self._session = None

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
        max_bytes: int | None = None,
    ) -> Response:
        """Ask for `address`, following redirects; with validators, conditionally.

        Raises a child of FetchError where no answer arrives; any HTTP status is an answer.
        """
        conditions: dict[str, str] = {}
        if etag:
            conditions["If-None-Match"] = etag
        if last_modified:
            conditions["If-Modified-Since"] = last_modified
        budget = _Budget(self._seconds, max_bytes or self._max_bytes)
        url = _parse(address)
        permanent = True
        for hop in range(MAX_HOPS + 1):
            answer = await self._hop(url, conditions, budget)
            if isinstance(answer, Response):
                return Response(
                    url=answer.url,
                    status=answer.status,
                    body=answer.body,
                    etag=answer.etag,
                    last_modified=answer.last_modified,
                    content_type=answer.content_type,
                    charset=answer.charset,
                    retry_after=answer.retry_after,
                    max_age=answer.max_age,
                    permanent=permanent and hop > 0,
                    elapsed=time.monotonic() - budget.started,
                )
            url, moved_for_good = answer
            permanent = permanent and moved_for_good
        raise TooManyRedirectsError(
            f"{address} redirects more than {MAX_HOPS} times. Open it in a browser and use the "
            "address where it ends."
        )

    async def _hop(
        self, url: URL, conditions: Mapping[str, str], budget: _Budget
    ) -> Response | tuple[URL, bool]:
        """One request: an answer, or where it redirects and whether for good."""
        host = url.host or ""
        if self._session is None:
            raise UnreachableError("newsboy is stopping.")
        async with self._slot(host):
            begun = time.monotonic()
            try:
                if self._proxy is not None and not self._allow_private:
                    async with asyncio.timeout(budget.seconds):
                        await judge_host(host, url.port or 443)
                async with self._session.get(
                    url,
                    allow_redirects=False,
                    headers=conditions,
                    proxy=self._proxy,
                    timeout=aiohttp.ClientTimeout(
                        total=max(budget.seconds - (time.monotonic() - begun), 0.001)
                    ),
                ) as reply:
                    location = reply.headers.get("Location")
                    if reply.status in _REDIRECTS and location:
                        return _redirected(url, location), reply.status in _PERMANENT
                    body = b""
                    if 200 <= reply.status < 300:
                        body = await _read(reply, budget.max_bytes)
                    return _response(reply, body, datetime.now(UTC))
            except TimeoutError as error:
                raise TimedOutError(
                    f"{host} did not answer in full within {self._seconds:g} s. It is tried again "
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
                budget.seconds -= time.monotonic() - begun

    @asynccontextmanager
    async def _slot(self, host: str) -> AsyncIterator[None]:
        """Wait for a place: first the host's, so that a slow host does not hold the others'."""
        gate = self._gates.setdefault(host, _Gate(asyncio.Semaphore(PER_HOST)))
        gate.users += 1
        try:
            async with gate.semaphore, self._all:
                yield
        finally:
            gate.users -= 1
            if not gate.users:
                del self._gates[host]


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
    return url.with_fragment(None).with_user(None) if url.user else url.with_fragment(None)


def _redirected(url: URL, location: str) -> URL:
    try:
        return _parse(str(url.join(URL(location))))
    except ValueError as error:
        raise BadUrlError(f"{url.host} redirects to {location!r}, which is no address.") from error


async def _read(reply: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in reply.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            reply.close()
            raise TooLargeError(
                f"{reply.url.host} sends more than {max_bytes / 1e6:g} MB, more than newsboy reads."
            )
    return bytes(body)


def _response(reply: aiohttp.ClientResponse, body: bytes, now: datetime) -> Response:
    headers = reply.headers
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
    )


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
