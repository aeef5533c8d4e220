"""The fetcher against a real server on loopback."""

import asyncio
import gzip
import json
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import brotli  # type: ignore[import-untyped]  # ships no types
import pytest
import pytest_asyncio
from aiohttp import web

from bot.web.errors import (
    BadReplyError,
    BadUrlError,
    ForbiddenAddressError,
    HostPausedError,
    TimedOutError,
    TooLargeError,
    TooManyRedirectsError,
    UnreachableError,
)
from bot.web.fetcher import MAX_HOPS, Fetcher, Response, max_age_seconds, retry_after_seconds

AGENT = "newsboy-test (+https://example.com)"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """A server whose every path is answered by the handler of the moment."""

    def __init__(self) -> None:
        self.handler: Handler = self.hello
        self.requests: list[web.Request] = []
        self.url = ""

    async def hello(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text="привет", content_type="text/html")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.handler(request)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    site.url = f"http://{host}:{port}"
    yield site
    await runner.cleanup()


@pytest_asyncio.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(agent=AGENT, allow_private=True, seconds=1, max_bytes=100_000) as fetcher:
        yield fetcher


async def test_an_answer_comes_with_what_the_next_request_needs(
    site: Site, fetcher: Fetcher
) -> None:
    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(
            body="привет".encode("cp1251"),
            headers={
                "Content-Type": "Application/RSS+XML; charset=windows-1251",
                "ETag": 'W/"a, b"',
                "Last-Modified": "Sun, 22 Nov 2026 10:00:00 GMT",
                "Cache-Control": "public, max-age=600",
            },
        )

    site.handler = reply
    got = await fetcher.fetch(f"{site.url}/feed#part")
    assert got.status == 200
    assert got.body.decode("cp1251") == "привет"
    assert got.url == f"{site.url}/feed"
    assert got.full_content_type == "application/rss+xml; charset=windows-1251"
    assert (got.etag, got.last_modified) == ('W/"a, b"', "Sun, 22 Nov 2026 10:00:00 GMT")
    assert got.max_age == 600
    assert not got.permanent
    assert site.requests[0].headers["User-Agent"] == AGENT


async def test_validators_go_back_byte_for_byte(site: Site, fetcher: Fetcher) -> None:
    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=304)

    site.handler = reply
    got = await fetcher.fetch(site.url, etag='W/"x, y"', last_modified="yesterday, about noon")
    assert (got.status, got.body) == (304, b"")
    headers = site.requests[0].headers
    assert headers["If-None-Match"] == 'W/"x, y"'
    assert headers["If-Modified-Since"] == "yesterday, about noon"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_every_compression_that_is_asked_for_is_read(
    site: Site, fetcher: Fetcher, coding: str
) -> None:
    if coding == "zstd":
        pytest.importorskip("backports.zstd", reason="newer Pythons have it built in")
        from backports import zstd

        packed = zstd.compress(b"news" * 100)
    else:
        packed = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}[coding](
            b"news" * 100
        )

    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": coding})

    site.handler = reply
    assert (await fetcher.fetch(site.url)).body == b"news" * 100
    assert coding in site.requests[0].headers["Accept-Encoding"]


async def test_a_bomb_is_stopped_at_the_cap(site: Site, fetcher: Fetcher) -> None:
    bomb = gzip.compress(bytes(50_000_000))

    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    site.handler = reply
    with pytest.raises(TooLargeError, match=r"0\.1 MB"):
        await fetcher.fetch(site.url)


async def test_a_slow_drip_is_cut(site: Site) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(50):
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    site.handler = reply
    async with Fetcher(agent=AGENT, allow_private=True, seconds=0.3) as fetcher:
        with pytest.raises(TimedOutError, match=r"0\.3 s"):
            await fetcher.fetch(site.url)


async def test_a_drip_is_cut_long_before_the_time_is_up(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.fetcher.SLOW_AFTER", 0.1)

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(20):
            await response.write(b"x" * int(request.query["bytes"]))
            await asyncio.sleep(0.02)
        return response

    site.handler = reply
    with pytest.raises(TimedOutError, match="too slowly"):
        await fetcher.fetch(f"{site.url}/?bytes=1")
    assert len((await fetcher.fetch(f"{site.url}/?bytes=100")).body) == 2000


async def test_waiting_for_a_place_is_not_the_servers_time(site: Site) -> None:
    running = 0
    most = 0

    async def reply(_request: web.Request) -> web.StreamResponse:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.6)
        running -= 1
        return web.Response(text="ok")

    site.handler = reply
    async with Fetcher(agent=AGENT, allow_private=True, seconds=2) as fetcher:
        got = await asyncio.gather(*(fetcher.fetch(f"{site.url}/{n}") for n in range(8)))
    assert {one.status for one in got} == {200}
    assert most == 2, "two requests a host at once"


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [((301,), True), ((308, 301), True), ((301, 302), False), ((307,), False), ((303,), False)],
)
async def test_redirects_are_followed_and_known_for_what_they_are(
    site: Site, fetcher: Fetcher, statuses: tuple[int, ...], permanent: bool
) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        hop = int(request.path.strip("/") or 0)
        if hop < len(statuses):
            return web.Response(status=statuses[hop], headers={"Location": f"/{hop + 1}"})
        return web.Response(text="here")

    site.handler = reply
    got = await fetcher.fetch(site.url)
    assert (got.url, got.body) == (f"{site.url}/{len(statuses)}", b"here")
    assert got.permanent is permanent


async def test_a_ring_of_redirects_ends_at_once(site: Site, fetcher: Fetcher) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        other = {"/a": "/b", "/b": "/a"}.get(request.path, "/a")
        return web.Response(status=302, headers={"Location": other})

    site.handler = reply
    with pytest.raises(TooManyRedirectsError, match="ring"):
        await fetcher.fetch(f"{site.url}/a")
    assert len(site.requests) == 2


async def test_an_endless_chain_of_redirects_ends(site: Site, fetcher: Fetcher) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": f"{request.path}x"})

    site.handler = reply
    with pytest.raises(TooManyRedirectsError, match=str(MAX_HOPS)):
        await fetcher.fetch(site.url)
    assert len(site.requests) == MAX_HOPS + 1


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://x/", "http://[::1"])
async def test_a_redirect_out_of_the_web_is_refused(
    site: Site, fetcher: Fetcher, target: str
) -> None:
    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": target})

    site.handler = reply
    with pytest.raises(BadUrlError):
        await fetcher.fetch(site.url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_no_spelling_of_home_is_reached(site: Site, host: str) -> None:
    port = site.url.rpartition(":")[2]
    async with Fetcher(agent=AGENT) as fetcher:
        # The client itself refuses a decimal number as the name of a server.
        refused = BadUrlError if host.isdigit() else ForbiddenAddressError
        with pytest.raises(refused):
            await fetcher.fetch(f"http://{host}:{port}/")
    assert not site.requests


async def test_a_proxy_is_reached_but_not_asked_for_home(site: Site) -> None:
    async with Fetcher(agent=AGENT, proxy=site.url) as fetcher:
        with pytest.raises(ForbiddenAddressError):
            await fetcher.fetch("http://192.168.0.1/")
        assert not site.requests
        got = await fetcher.fetch("http://8.8.8.8/page")
    assert got.status == 200
    assert site.requests[0].headers["Host"] == "8.8.8.8"


async def test_a_redirect_home_is_refused_behind_a_proxy(site: Site) -> None:
    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=301, headers={"Location": "http://127.0.0.1/"})

    site.handler = reply
    async with Fetcher(agent=AGENT, proxy=site.url) as fetcher:
        with pytest.raises(ForbiddenAddressError):
            await fetcher.fetch("http://8.8.8.8/")


async def test_the_environments_proxy_is_not_used(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert (await fetcher.fetch(site.url)).status == 200


async def test_statuses_are_answers(site: Site, fetcher: Fetcher) -> None:
    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, text="later", headers={"Retry-After": "120"})

    site.handler = reply
    got = await fetcher.fetch(site.url)
    assert (got.status, got.retry_after, got.body) == (503, 120, b"")


async def test_what_is_no_http_is_told_apart(fetcher: Fetcher) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(BadReplyError):
            await fetcher.fetch(f"http://127.0.0.1:{port}/")


async def test_a_closed_door_says_so(fetcher: Fetcher) -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(UnreachableError, match="hung up"):
            await fetcher.fetch(f"http://127.0.0.1:{port}/")
    with pytest.raises(UnreachableError, match="cannot be reached"):
        await fetcher.fetch(f"http://127.0.0.1:{port}/")


async def test_an_unknown_name_says_so(fetcher: Fetcher) -> None:
    with pytest.raises(UnreachableError, match=r"DNS|cannot be reached"):
        await fetcher.fetch("http://no-such-host.invalid/")


@pytest.mark.parametrize("address", ["ftp://example.com", "", "https://[::1", "http:///path"])
async def test_what_is_no_web_address_is_refused(fetcher: Fetcher, address: str) -> None:
    with pytest.raises(BadUrlError):
        await fetcher.fetch(address)


# ---------------------------------------------------------------- attacks


def answering(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Make the DNS give these addresses, one a question, the last one for ever."""
    asked: list[str] = []

    async def look_up(host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        address = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in address.split()]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    return asked


async def test_a_name_that_leads_home_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, "127.0.0.1")
    port = site.url.rpartition(":")[2]
    async with Fetcher(agent=AGENT) as fetcher:
        with pytest.raises(ForbiddenAddressError):
            await fetcher.fetch(f"http://news.example:{port}/")
        with pytest.raises(ForbiddenAddressError):
            await fetcher.post(f"http://news.example:{port}/", json=1)
    assert asked
    assert not site.requests


async def test_a_name_that_leads_home_the_second_time_is_refused_then(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: what is judged is the address of the socket, not an answer given before."""
    port = site.url.rpartition(":")[2]
    answering(monkeypatch, "127.0.0.1", "10.0.0.1", "127.0.0.1")
    async with Fetcher(agent=AGENT) as fetcher:
        for _ in range(3):
            with pytest.raises(ForbiddenAddressError):
                await fetcher.fetch(f"http://news.example:{port}/")
    assert not site.requests


async def test_of_several_addresses_none_that_is_private_is_tried(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "127.0.0.1 169.254.169.254 10.0.0.1")
    port = site.url.rpartition(":")[2]
    async with Fetcher(agent=AGENT) as fetcher:
        with pytest.raises(ForbiddenAddressError):
            await fetcher.fetch(f"http://news.example:{port}/")
    assert not site.requests


@pytest.mark.parametrize("host", ["１２７.０.０.１", "①②⑦.0.0.1", "ⓛocalhost", "127。0。0。1"])
async def test_homes_written_in_other_characters_are_refused(site: Site, host: str) -> None:
    port = site.url.rpartition(":")[2]
    async with Fetcher(agent=AGENT) as fetcher:
        with pytest.raises((ForbiddenAddressError, BadUrlError)):
            await fetcher.fetch(f"http://{host}:{port}/")
    assert not site.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_home_is_refused(site: Site, status: int) -> None:
    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": f"{site.url}/home"})

    site.handler = reply
    host, port = site.url.removeprefix("http://").split(":")
    allowed = frozenset({("localhost", int(port))})
    async with Fetcher(agent=AGENT, private_hosts=allowed) as fetcher:
        with pytest.raises(ForbiddenAddressError, match=host):
            await fetcher.fetch(f"http://localhost:{port}/")
    assert [one.path for one in site.requests] == ["/"]


async def test_other_protocols_ports_are_refused(site: Site) -> None:
    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "http://8.8.8.8:25/"})

    site.handler = reply
    port = int(site.url.rpartition(":")[2])
    async with Fetcher(agent=AGENT, private_hosts=frozenset({("127.0.0.1", port)})) as fetcher:
        with pytest.raises(BadUrlError, match="port 25"):
            await fetcher.fetch(site.url)


async def test_credentials_and_cookies_are_neither_sent_nor_kept(
    site: Site, fetcher: Fetcher
) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        headers = {"Set-Cookie": "session=1; Path=/"}
        if request.path == "/":
            return web.Response(status=302, headers={"Location": "/next", **headers})
        return web.Response(text="ok", headers=headers)

    site.handler = reply
    for _ in range(2):
        got = await fetcher.fetch(site.url.replace("://", "://name:secret@"))
        assert "secret" not in got.url
    for request in site.requests:
        assert "Cookie" not in request.headers
        assert "Authorization" not in request.headers
        assert "Referer" not in request.headers


async def raw(fetcher: Fetcher, answer: bytes) -> Response:
    """What becomes of an answer that no HTTP library would write."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await fetcher.fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(5_000)) + b"\r\nbody",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nbody!",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nnope",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 99999999999 What\r\n\r\n",
        b"\x00" * 10_000,
    ],
    ids=[
        "short", "chunk", "negative", "flood", "long", "length", "coding", "ssh", "status", "zeros",
    ],
)  # fmt: skip
async def test_broken_answers_are_errors_with_words(fetcher: Fetcher, answer: bytes) -> None:
    with pytest.raises((BadReplyError, UnreachableError), match=r"127\.0\.0\.1"):
        await raw(fetcher, answer)


async def test_a_long_header_of_an_honest_site_is_read(fetcher: Fetcher) -> None:
    policy = b"Content-Security-Policy: " + b"https://cdn.example " * 1_000
    got = await raw(fetcher, b"HTTP/1.1 200 OK\r\n" + policy + b"\r\nContent-Length: 2\r\n\r\nok")
    assert got.body == b"ok"


# ---------------------------------------------------------------- files that are gzip themselves


CUT_OFF = gzip.compress(b"<urlset/>")[:-9]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (gzip.compress(b"<urlset/>"), b"<urlset/>"),
        (gzip.compress(b"<url") + gzip.compress(b"set/>"), b"<urlset/>"),
        (gzip.compress(b"<urlset/>") + b"\x00" * 10, b"<urlset/>"),
        (CUT_OFF, CUT_OFF),
        (b"\x1f\x8b\x08 only looks like it", b"\x1f\x8b\x08 only looks like it"),
    ],
    ids=["whole", "two members", "padded", "cut off", "a likeness"],
)
async def test_an_undeclared_gzip_file_is_unpacked(
    site: Site, fetcher: Fetcher, sent: bytes, read: bytes
) -> None:
    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=sent, content_type="application/gzip")

    site.handler = reply
    assert (await fetcher.fetch(site.url)).body == read


async def test_an_undeclared_bomb_is_stopped_at_the_cap(site: Site, fetcher: Fetcher) -> None:
    bombs = (gzip.compress(bytes(50_000_000)), gzip.compress(bytes(60_000)) * 4)

    async def reply(request: web.Request) -> web.StreamResponse:
        return web.Response(body=bombs[int(request.path[1:])])

    site.handler = reply
    for number in range(len(bombs)):
        with pytest.raises(TooLargeError):
            await fetcher.fetch(f"{site.url}/{number}")


# ---------------------------------------------------------------- parts, links


async def test_the_first_bytes_alone_are_read(site: Site, fetcher: Fetcher) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        if "Range" in request.headers:
            headers = {"Content-Range": "bytes 0-9/900000"}
            return web.Response(status=206, body=b"0123456789", headers=headers)
        return web.Response(body=b"0123456789" * 90_000)

    site.handler = reply
    whole = await fetcher.fetch(site.url, first_bytes=10)
    assert (whole.body, whole.size) == (b"0123456789", 900_000)
    part = await fetcher.fetch(site.url, first_bytes=10, headers={"Range": "bytes=0-9"})
    assert (part.status, part.body, part.size) == (206, b"0123456789", 900_000)


@pytest.mark.parametrize(
    ("links", "hub", "own"),
    [
        (['<https://hub.example/>; rel="hub", </feed>; rel="self"'], "https://hub.example/", True),
        (["<https://hub.example/>; rel=hub", "</feed>; rel=self"], "https://hub.example/", True),
        (['<https://one.example/>; rel="hub", <https://two.example/>; rel="hub"'],
         "https://one.example/", False),
        (['</feed>; rel="alternate self"'], None, True),
        (["<javascript:alert(1)>; rel=hub"], None, False),
        (["<http://[::1>; rel=hub", "nonsense", "<>; rel"], None, False),
        ([], None, False),
    ],
)  # fmt: skip
async def test_links_in_the_header(
    site: Site, fetcher: Fetcher, links: list[str], hub: str | None, own: bool
) -> None:
    async def reply(_request: web.Request) -> web.StreamResponse:
        response = web.Response(text="feed")
        for link in links:
            response.headers.add("Link", link)
        return response

    site.handler = reply
    got = await fetcher.fetch(site.url)
    assert got.hub == hub
    assert got.self_url == (f"{site.url}/feed" if own else None)


# ---------------------------------------------------------------- a host's pause


async def test_a_busy_host_is_left_alone_as_a_whole(site: Site) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        if request.path == "/busy":
            return web.Response(status=429, headers={"Retry-After": "120"})
        return web.Response(status=503 if request.path == "/trouble" else 200)

    site.handler = reply
    async with Fetcher(agent=AGENT, proxy=site.url) as fetcher:
        assert (await fetcher.fetch("http://8.8.8.8/trouble")).status == 503, "without Retry-After"
        assert (await fetcher.fetch("http://8.8.8.8/busy")).retry_after == 120
        with pytest.raises(HostPausedError) as caught:
            await fetcher.fetch("http://8.8.8.8/other")
        assert 110 < caught.value.seconds <= 120
        assert (await fetcher.fetch("http://9.9.9.9/other")).status == 200
    assert len(site.requests) == 3


# ---------------------------------------------------------------- posting


async def test_json_is_posted_and_any_answer_has_its_body(site: Site, fetcher: Fetcher) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == "Bearer key"
        return web.json_response({"error": await request.json()}, status=422)

    site.handler = reply
    got = await fetcher.post(
        f"{site.url}/chat", json={"text": "ёж"}, headers={"Authorization": "Bearer key"}
    )
    assert (got.status, json.loads(got.body)) == (422, {"error": {"text": "ёж"}})


async def test_a_form_is_posted(site: Site, fetcher: Fetcher) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        assert dict(await request.post()) == {"hub.mode": "subscribe", "hub.topic": "http://x/?a&b"}
        return web.Response(status=202)

    site.handler = reply
    form = {"hub.mode": "subscribe", "hub.topic": "http://x/?a&b"}
    assert (await fetcher.post(site.url, form=form)).status == 202


async def test_a_post_follows_only_what_keeps_it_a_post(site: Site, fetcher: Fetcher) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        if request.path == "/there":
            return web.Response(text=await request.text())
        return web.Response(status=int(request.path[1:]), headers={"Location": "/there"})

    site.handler = reply
    assert (await fetcher.post(f"{site.url}/307", json=1)).body == b"1"
    assert (await fetcher.post(f"{site.url}/302", json=1)).status == 302


async def test_a_key_is_not_carried_to_another_host(site: Site, fetcher: Fetcher) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        if request.path == "/there":
            return web.Response(text=request.headers.get("Authorization", "no key"))
        port = request.url.port
        location = f"http://localhost:{port}/there"
        return web.Response(status=308, headers={"Location": location})

    site.handler = reply
    got = await fetcher.post(site.url, json=1, headers={"Authorization": "Bearer key"})
    assert got.body == b"no key"


async def test_only_the_named_host_may_be_private(site: Site) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        if request.path == "/out":
            port = request.url.port
            return web.Response(status=307, headers={"Location": f"http://localhost:{port}/"})
        return web.Response(text="own")

    site.handler = reply
    async with Fetcher(agent=AGENT) as fetcher:
        got = await fetcher.post(site.url, json=1, allow_private_host="127.0.0.1")
        assert got.body == b"own"
        for address, own in ((site.url, None), (site.url, "localhost"), (f"{site.url}/out", "::1")):
            with pytest.raises(ForbiddenAddressError):
                await fetcher.post(address, json=1, allow_private_host=own)
        with pytest.raises(ForbiddenAddressError):
            await fetcher.post(f"{site.url}/out", json=1, allow_private_host="127.0.0.1")


async def test_a_post_is_bounded_like_a_fetch(site: Site, fetcher: Fetcher) -> None:
    async def reply(request: web.Request) -> web.StreamResponse:
        if request.path == "/slow":
            await asyncio.sleep(5)
        return web.Response(status=500, body=b"x" * 2000)

    site.handler = reply
    with pytest.raises(TooLargeError):
        await fetcher.post(site.url, json=1, max_bytes=1000)
    with pytest.raises(TimedOutError):
        await fetcher.post(f"{site.url}/slow", json=1, seconds=0.1)


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 22 Nov 2026 12:05:00 GMT", 300),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, 999_999_999),
    ],
)
def test_retry_after_in_both_forms(value: str | None, seconds: int | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


def test_retry_after_counts_from_now() -> None:
    assert retry_after_seconds("Sun, 22 Nov 2026 12:05:00 GMT", NOW + timedelta(minutes=1)) == 240


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("no-cache", None),
        ("max-age=60", 60),
        ('public,max-age="90"', 90),
        ("s-maxage=5", None),
        ("Max-Age = 7", 7),
    ],
)
def test_max_age(header: str | None, seconds: int | None) -> None:
    assert max_age_seconds(header) == seconds
