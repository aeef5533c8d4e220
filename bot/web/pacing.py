"""How hard newsboy leans on one host: two requests at once, a gentle pace, and pauses asked for.

    request ─▶ paused? refused ─▶ its turn ─▶ one of the host's places ─▶ one of all places ─▶ ask

The pace lets a burst through and then a few requests a second, so that a feed seen for the first
time does not fetch a hundred pages in a second; `Crawl-delay` asks for a longer gap between pages.
Whose turn is too far off is refused and asked for again later: it must not hold its feed up. On a
host of the operator's own (loopback, a private address, a name without a dot) pace and pauses do
not apply: they are manners towards strangers, and such a host is often many sites at once.
"""

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.web.errors import HostPausedError
from bot.web.guard import is_public

PER_HOST = 2
IN_ALL = 12
BURST = 10  # requests that a host gets as fast as its two places allow
A_SECOND = 4  # requests after the burst
LONGEST_TURN = 10.0  # seconds that a request waits for its turn
LONGEST_PAUSE = 3600.0  # seconds that one answer can close a whole host for
_HOSTS_KEPT = 1_000


@dataclass(slots=True)
class _Host:
    """What is remembered of a host; times are the clock's seconds."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PER_HOST))
    users: int = 0
    paced_until: float = 0.0  # where its requests would end, were they spread evenly
    next_page: float = 0.0  # when a page may be asked for again, by its own Crawl-delay
    paused_until: float = 0.0


class Pacer:
    """Hands out places to requests; `clock` counts seconds, `sleep` waits for some."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._all = asyncio.Semaphore(IN_ALL)
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def place(self, host: str, port: int | None, *, gap: float = 0.0) -> AsyncIterator[None]:
        """Wait for a place and its turn; `gap` is the least time between pages of this host.

        Raises HostPausedError while the host asked to be left alone. The host's own place comes
        first, so that a slow host does not hold the others' up.
        """
        known = self._known(host, port)
        known.users += 1
        try:
            await self._sleep(self._turn(host, known, gap))
            async with known.places:
                self._refuse_paused(host, known)
                async with self._all:
                    yield
        finally:
            known.users -= 1

    @asynccontextmanager
    async def place_apart(self, host: str, port: int | None) -> AsyncIterator[None]:
        """One of the host's places, for a request that neither waits for feeds nor holds them."""
        known = self._known(host, port)
        known.users += 1
        try:
            async with known.places:
                yield
        finally:
            known.users -= 1

    def pause(self, host: str, port: int | None, seconds: float) -> None:
        """Leave `host` alone for `seconds`: it asked for that, whichever address was asked."""
        if not is_own(host):
            until = self._clock() + min(seconds, LONGEST_PAUSE)
            known = self._known(host, port)
            known.paused_until = max(known.paused_until, until)

    def _refuse_paused(self, host: str, known: _Host) -> None:
        left = known.paused_until - self._clock()
        if left > 0:
            raise HostPausedError(f"{host} asked newsboy to come again later.", seconds=left)

    def _turn(self, host: str, known: _Host, gap: float) -> float:
        """Seconds until this request may go (the generic cell rate algorithm)."""
        self._refuse_paused(host, known)
        now = self._clock()
        paced = max(known.paced_until, now)
        wait = 0.0 if is_own(host) else max(0.0, paced + (1 - BURST) / A_SECOND - now)
        if gap:
            wait = max(wait, known.next_page - now)
        if wait > LONGEST_TURN:
            raise HostPausedError(
                f"{host} wants its pages asked for one by one; this one's turn comes later.",
                seconds=wait,
            )
        known.paced_until = paced + 1 / A_SECOND
        if gap:
            known.next_page = now + wait + gap
        return wait

    def _known(self, host: str, port: int | None) -> _Host:
        # Loopback holds many servers, one a port; a stranger's ports are one server.
        key = f"{host}:{port}" if is_own(host) else host
        known = self._hosts.pop(key, None) or _Host()
        self._hosts[key] = known
        if len(self._hosts) > _HOSTS_KEPT:
            self._forget()
        return known

    def _forget(self) -> None:
        """Drop what says nothing any more; the newest half stays at least."""
        now = self._clock()
        for key, known in list(self._hosts.items())[: _HOSTS_KEPT // 2]:
            if not known.users and max(known.paused_until, known.next_page) <= now:
                del self._hosts[key]


def is_own(host: str) -> bool:
    """Whether a host is the operator's own by its name: no stranger's server is called so."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))
    return not is_public(host)
