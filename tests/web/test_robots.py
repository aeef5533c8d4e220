"""What robots.txt allows, and what stands in its place when it cannot be had."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp import web

from bot.web.errors import RobotsForbidError, UnreachableError
from bot.web.fetcher import Fetcher
from bot.web.robots import (
    HOSTS_KEPT,
    KEPT_SECONDS,
    LONGEST_GAP,
    RETRY_SECONDS,
    Robots,
    parse_rules,
)

AGENT = "newsboy/1.2 (+https://example.com)"


@dataclass
class Site:
    """A host with a robots.txt and pages; `clock` is moved by hand."""

    url: str = ""
    rules: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    clock: float = 1000.0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path == "/robots.txt":
            return web.Response(body=self.rules, status=self.status, headers=self.headers)
        if request.path == "/hop":
            return web.Response(status=302, headers={"Location": "/private/page"})
        return web.Response(text="a page")


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    site.url = f"http://{host}:{port}"
    yield site
    await runner.cleanup()


@pytest_asyncio.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(agent=AGENT, allow_private=True, seconds=2) as fetcher:
        yield fetcher


@pytest.fixture
def robots(site: Site, fetcher: Fetcher) -> Robots:
    return Robots(fetcher, clock=lambda: site.clock)


async def test_what_is_forbidden_is_told_with_its_remedy(site: Site, robots: Robots) -> None:
    site.rules = b"User-agent: *\nDisallow: /private/\nAllow: /private/open\n"
    assert (await robots.allowed(f"{site.url}/news/1")).allowed
    assert (await robots.allowed(f"{site.url}/private/open/1")).allowed
    verdict = await robots.allowed(f"{site.url}/private/1")
    assert not verdict.allowed
    assert verdict.lasting
    assert verdict.reason.startswith("robots.txt of 127.0.0.1 forbids")
    assert "User-agent: newsboy" in verdict.reason


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("User-agent: newsboy\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: NewsBoy/2.0\nAllow: /", "/a", True),
        ("User-agent: other\nUser-agent: newsboy\nDisallow: /a", "/a", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: newsboy-images\nDisallow: /", "/a", True),
        ("User-agent: boy\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", True),
        ("User-agent: *\nDisallow: /поиск", "/%D0%BF%D0%BE%D0%B8%D1%81%D0%BA/1", False),
        ("\ufeffUser-agent: *\r\nDisallow: /a # why\r\n", "/a", False),
        ("<html><body>Disallow: /</body></html>", "/a", True),
        ("User-agent: *\nDisallow: /a\nUser-agent: *\nDisallow: /b", "/a", False),
    ],
)
async def test_rules_as_the_standard_reads_them(
    site: Site, robots: Robots, rules: str, path: str, allowed: bool
) -> None:
    site.rules = rules.encode()
    assert (await robots.allowed(site.url + path)).allowed is allowed


async def test_the_rules_are_asked_for_once_a_day(site: Site, robots: Robots) -> None:
    site.rules = b"User-agent: *\nDisallow: /"
    await asyncio.gather(*(robots.allowed(f"{site.url}/{n}") for n in range(5)))
    assert site.asked == ["/robots.txt"]
    site.clock += KEPT_SECONDS - 1
    assert not (await robots.allowed(site.url)).allowed
    assert len(site.asked) == 1
    site.rules = b""
    site.clock += 1
    assert (await robots.allowed(site.url)).allowed
    assert len(site.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_no_file_forbids_nothing(site: Site, robots: Robots, status: int) -> None:
    site.status = status
    assert (await robots.allowed(site.url)).allowed


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_host_in_trouble_forbids_all_for_a_while(
    site: Site, robots: Robots, status: int
) -> None:
    site.status = status
    verdict = await robots.allowed(site.url)
    assert not verdict.allowed
    assert not verdict.lasting
    assert str(status) in verdict.reason
    site.status = 404
    assert not (await robots.allowed(site.url)).allowed, "it is not asked at every page"
    site.clock += RETRY_SECONDS
    assert (await robots.allowed(site.url)).allowed


async def test_a_host_in_trouble_is_held_to_what_it_said(site: Site, robots: Robots) -> None:
    site.rules = b"User-agent: *\nDisallow: /private/"
    await robots.allowed(site.url)
    site.clock += KEPT_SECONDS
    site.status = 503
    assert (await robots.allowed(f"{site.url}/news")).allowed
    assert not (await robots.allowed(f"{site.url}/private/")).allowed


async def test_retry_after_is_heeded(site: Site, robots: Robots) -> None:
    site.status, site.headers = 503, {"Retry-After": "7200"}
    await robots.allowed(site.url)
    site.clock += 7199
    await robots.allowed(site.url)
    assert len(site.asked) == 1


async def test_a_dead_host_is_told_in_its_own_words(robots: Robots) -> None:
    verdict = await robots.allowed("http://127.0.0.1:1/page")
    assert not verdict.allowed
    assert not verdict.lasting
    assert "cannot be reached" in verdict.reason


async def test_a_chain_of_redirects_is_no_file(site: Site, robots: Robots) -> None:
    site.status, site.headers = 302, {"Location": "/robots.txt"}
    assert (await robots.allowed(site.url)).allowed


async def test_every_hop_is_judged(site: Site, fetcher: Fetcher, robots: Robots) -> None:
    site.rules = b"User-agent: *\nDisallow: /private/"
    with pytest.raises(RobotsForbidError):
        await fetcher.fetch(f"{site.url}/hop", permit=robots.permit)
    assert site.asked == ["/robots.txt", "/hop"], "what is forbidden was not asked for"
    assert (await fetcher.fetch(f"{site.url}/news", permit=robots.permit)).body == b"a page"
    site.status, site.clock = 500, site.clock + KEPT_SECONDS
    other = site.url.replace("127.0.0.1", "localhost")
    with pytest.raises(UnreachableError):
        await fetcher.fetch(other, permit=robots.permit)


async def test_crawl_delay_is_the_gap_between_pages(site: Site, robots: Robots) -> None:
    site.rules = b"User-agent: *\nCrawl-delay: 2.5"
    assert await robots.permit(site.url) == 2.5
    site.clock += KEPT_SECONDS
    site.rules = b"User-agent: *\nCrawl-delay: 86400"
    assert await robots.permit(site.url) == LONGEST_GAP


async def test_what_is_no_address_is_not_asked_about(site: Site, robots: Robots) -> None:
    for address in ("", "mailto:x@example.com", "http://[::1", "http:///path"):
        assert (await robots.allowed(address)).allowed
    assert not site.asked


async def test_hosts_are_forgotten_in_the_order_of_their_use(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HOSTS_KEPT >= 100
    monkeypatch.setattr("bot.web.robots.HOSTS_KEPT", 1)
    robots = Robots(fetcher)
    port = site.url.rpartition(":")[2]
    for host in ("127.0.0.1", "127.0.0.1", "localhost", "127.0.0.1"):
        await robots.allowed(f"http://{host}:{port}/")
    assert len(site.asked) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"".join(b"User-agent: a%d\n" % n for n in range(18_000)) + b"Disallow: /a*b\n" * 15_000,
        b"User-agent: *\nDisallow: /" + b"*a" * 250_000,
        b"User-agent: *\n" + b"".join(b"Disallow: /*%d*a*b*c\n" % n for n in range(22_000)),
        b"User-agent" * 51_200,
        b"\n" * 512_000,
        bytes(range(256)) * 2_000,
    ],
    ids=["agents-times-rules", "one-long-pattern", "many-patterns", "no-colon", "empty", "bytes"],
)
def test_a_hostile_file_is_read_in_time(body: bytes) -> None:
    begun = time.perf_counter()
    parse_rules(body, "newsboy").can_fetch("http://example.com/" + "ab" * 1000, "newsboy")
    assert time.perf_counter() - begun < 3
