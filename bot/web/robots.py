"""robots.txt: whether a page may be asked for, and how slowly (RFC 9309, and `Crawl-delay`).

    page's address, each hop ─▶ its host's rules, kept a day ─▶ may be asked for, how slowly
                                 └─ unknown: /robots.txt is fetched, once for all who ask

Pages only. A feed is published to be read by programs, and its address was given by the operator
by hand: asking for it is what its reader wants, not crawling, and common robots.txt files forbid
`/rss` to keep feeds out of search results. Addresses that newsboy finds by itself are pages.

Protego (Scrapy's) reads the rules. Its matching is linear, but it copies each rule into each user
agent's set, which a hostile file multiplies without end: agents other than ours and `*` are made
one before it reads them.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from protego import Protego
from yarl import URL

from bot.web.errors import (
    BadUrlError,
    FetchError,
    ForbiddenAddressError,
    RobotsForbidError,
    TooManyRedirectsError,
    UnreachableError,
)
from bot.web.fetcher import Fetcher

MAX_BYTES = 512_000  # at least 500 KiB are to be read (RFC 9309 2.5); the rest is left out
KEPT_SECONDS = 86_400.0  # RFC 9309 2.4
RETRY_SECONDS = 300.0  # after which a host that could not say its rules is asked again
LONGEST_GAP = 10.0  # seconds; a longer Crawl-delay is a wish to have no news read at all
HOSTS_KEPT = 500
_SECONDS = 10.0
_IN_LINE_BYTES = 16_384  # what is parsed at once; more would hold the event loop up


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a page may be asked for. `gap` is the least time between pages, in seconds.

    Where it may not, `reason` is a line for the operator, and `lasting` tells the publisher's own
    word from trouble that may pass.
    """

    allowed: bool
    gap: float = 0.0
    reason: str = ""
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class _Rules:
    """A host's rules: a parsed file, none at all, or the `fault` that forbids all for a while."""

    until: float
    parsed: Protego | None = None
    fault: str = ""


class Robots:
    """The rules of the hosts asked lately; `clock` counts seconds.

    The fetcher's user agent starts with the product token that publishers name in their rules.
    """

    def __init__(self, fetcher: Fetcher, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._agent = fetcher.agent.partition("/")[0].strip().lower()
        self._clock = clock
        self._rules: OrderedDict[str, _Rules] = OrderedDict()
        self._asking: dict[str, asyncio.Task[_Rules]] = {}

    async def permit(self, address: str) -> float:
        """The least time between pages of this host, in seconds, where the page may be read.

        Raises RobotsForbidError, or UnreachableError where the host cannot say. Meant for
        `Fetcher.fetch`, which asks it about every hop.
        """
        verdict = await self.allowed(address)
        if not verdict.allowed:
            raise (RobotsForbidError if verdict.lasting else UnreachableError)(verdict.reason)
        return verdict.gap

    async def allowed(self, address: str) -> Verdict:
        """The host's word on `address`; an address that is none is the fetcher's to refuse."""
        try:
            url = URL(address)
            origin = url.origin() if url.host else None
        except ValueError:
            origin = None
        if origin is None or url.scheme not in {"http", "https"}:
            return Verdict(allowed=True)
        rules = await self._of(str(origin))
        if rules.fault:
            return Verdict(allowed=False, reason=rules.fault)
        if rules.parsed is None:
            return Verdict(allowed=True)
        if not rules.parsed.can_fetch(str(url), self._agent):
            return Verdict(
                allowed=False,
                reason=f"robots.txt of {url.host} forbids this page to newsboy. Its publisher can "
                f"allow it there: User-agent: {self._agent}",
                lasting=True,
            )
        gap = min(rules.parsed.crawl_delay(self._agent) or 0.0, LONGEST_GAP)
        return Verdict(allowed=True, gap=gap)

    async def _of(self, origin: str) -> _Rules:
        known = self._rules.get(origin)
        if known is not None and known.until > self._clock():
            self._rules.move_to_end(origin)
            return known
        asking = self._asking.get(origin)
        if asking is None:
            asking = asyncio.create_task(self._ask(origin))
            self._asking[origin] = asking
            asking.add_done_callback(lambda _: self._asking.pop(origin, None))
        # Others may wait for the same answer: one page given up must not cost them theirs.
        return await asyncio.shield(asking)

    async def _ask(self, origin: str) -> _Rules:
        rules = await self._fetched(origin)
        known = self._rules.get(origin)
        if rules.fault and known is not None and not known.fault:
            # What the host said yesterday holds until it says something else (RFC 9309 2.4).
            rules = replace(known, until=rules.until)
        self._rules[origin] = rules
        self._rules.move_to_end(origin)
        while len(self._rules) > HOSTS_KEPT:
            self._rules.popitem(last=False)
        return rules

    async def _fetched(self, origin: str) -> _Rules:
        host = URL(origin).host
        try:
            response = await self._fetcher.fetch(
                f"{origin}/robots.txt", first_bytes=MAX_BYTES, seconds=_SECONDS
            )
        except (TooManyRedirectsError, BadUrlError, ForbiddenAddressError):
            # No file is to be had there (RFC 9309 2.3.1.2); the page's own request is judged anew.
            return _Rules(self._clock() + RETRY_SECONDS)
        except FetchError as error:
            return _Rules(self._clock() + RETRY_SECONDS, fault=str(error))
        now = self._clock()
        if response.status == 429 or response.status >= 500:
            return _Rules(
                now + max(RETRY_SECONDS, min(response.retry_after or 0.0, KEPT_SECONDS)),
                fault=f"{host} does not say what its robots.txt allows (status {response.status}). "
                "It is tried again later.",
            )
        if not 200 <= response.status < 300:
            return _Rules(now + KEPT_SECONDS)  # it has none: all is allowed (RFC 9309 2.3.1.3)
        if len(response.body) <= _IN_LINE_BYTES:
            parsed = parse_rules(response.body, self._agent)
        else:
            parsed = await asyncio.to_thread(parse_rules, response.body, self._agent)
        return _Rules(now + KEPT_SECONDS, parsed=parsed)


def parse_rules(body: bytes, agent: str) -> Protego:
    """The rules of a robots.txt that concern `agent` (a lower-case product token) and `*`."""
    text = body.decode("utf-8-sig", errors="replace").replace("\x00", "")
    return Protego.parse("\n".join(_ours(line, agent) for line in text.splitlines()))


def _ours(line: str, agent: str) -> str:
    """A line of robots.txt; where it names another user agent, one name for all of them."""
    field, colon, value = line.partition(":")
    if field.strip().lower().replace(" ", "-") not in {"user-agent", "useragent"} or not colon:
        return line
    named = value.partition("#")[0].strip().lower()
    if named == "*":
        return line
    # A publisher may write the whole user agent or the token alone (RFC 9309 2.2.1).
    ours = named.partition("/")[0].strip() == agent
    return f"User-agent: {agent if ours else 'somebody-else'}"
