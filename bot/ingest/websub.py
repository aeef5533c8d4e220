"""News that announce themselves: WebSub (W3C Recommendation, 23 January 2018).

    a feed names its hub ─▶ offer ─▶ tick: subscribe ─▶ the hub asks back ─▶ confirmed, for a lease
    news at the publisher ─▶ the hub posts, signed ─▶ the feed is polled at once

What a hub posts is taken as a hint and never read: the news come from the publisher's own address,
conditionally, by the way that every poll goes. So a hub can neither forge nor hide anything, and
one that falls silent costs nothing but speed, since polling goes on, only slower.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from bot.web.errors import FetchError
from bot.web.fetcher import Fetcher
from bot.web.listener import Route
from storage import HubSubscription, Storage

log = logging.getLogger(__name__)

SLOW_POLL_SECONDS: Final = 3600
"""The shortest interval of a feed whose hub announces its news."""

LEASE: Final = timedelta(days=10)
_PATH: Final = "/websub/"
_VERIFY_WITHIN: Final = timedelta(hours=1)
_RENEW_AT: Final = 0.8  # of the lease
_SHORTEST_LEASE: Final = timedelta(hours=1)
_FIRST_WAIT: Final = timedelta(minutes=15)
_LONGEST_WAIT: Final = timedelta(days=1)
_METHODS: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})  # WebSub, 7.1
_LONGEST_CHALLENGE: Final = 1000


class Hubs:
    """Subscribes feeds at their hubs, and listens to what these say.

    `public_url` is the bot's own address, without a path. `ping` is called with a feed's id when
    its hub announced news.
    """

    def __init__(
        self,
        storage: Storage,
        fetcher: Fetcher,
        *,
        public_url: str,
        ping: Callable[[int], Awaitable[None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._storage = storage
        self._fetcher = fetcher
        self._base = public_url.rstrip("/") + _PATH
        self._ping = ping
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What the listener hands over."""
        path = f"{_PATH}{{callback}}"
        return Route("GET", path, self._verify), Route("POST", path, self._announced)

    async def offer(self, feed_id: int, hub: str, topic: str) -> None:
        """Note the hub that a feed names; nothing changes where it is the one known."""
        known = await self._storage.hubs.get(feed_id)
        if known is not None and (known.hub, known.topic) == (hub, topic):
            return
        await self._storage.hubs.save(
            HubSubscription(
                feed_id=feed_id,
                hub=hub,
                topic=topic,
                callback=secrets.token_urlsafe(24),
                secret=secrets.token_urlsafe(32),
                state="asked",
                due=self._clock(),
                expires=None,
                failures=0,
            )
        )

    async def subscribe_due(self) -> None:
        """Ask the hubs whose time has come: new ones, leases that end, and failures again."""
        for one in await self._storage.hubs.due(self._clock()):
            await self._subscribe(one)

    async def _subscribe(self, one: HubSubscription) -> None:
        now = self._clock()
        # Until the hub's own request comes, or as if it had failed.
        waiting = replace(one, failures=one.failures + 1, due=now + _wait(one.failures))
        await self._storage.hubs.save(waiting)
        try:
            answer = await self._fetcher.post(
                one.hub,
                form={
                    "hub.mode": "subscribe",
                    "hub.topic": one.topic,
                    "hub.callback": self._base + one.callback,
                    "hub.secret": one.secret,
                    "hub.lease_seconds": str(int(LEASE.total_seconds())),
                },
            )
        except FetchError as error:
            log.warning("the hub of %s cannot be asked: %s", one.topic, error)
            return
        if not 200 <= answer.status < 300:
            log.warning("the hub of %s answers with status %d", one.topic, answer.status)

    # ------------------------------------------------------------ what hubs say

    async def _verify(self, request: web.Request) -> web.Response:
        """A hub asks whether the subscription was meant (5.3), or says that it refuses (5.2)."""
        one = await self._storage.hubs.by_callback(request.match_info["callback"])
        query = request.query
        mode, challenge = query.get("hub.mode", ""), query.get("hub.challenge", "")
        if one is None or query.get("hub.topic") != one.topic:
            return web.Response(status=404)
        now = self._clock()
        if mode == "denied":
            log.warning("the hub of %s refuses: %s", one.topic, query.get("hub.reason", "")[:200])
            await self._storage.hubs.save(
                replace(one, state="refused", expires=None, due=now + _LONGEST_WAIT)
            )
            return web.Response()
        if mode != "subscribe" or not 0 < len(challenge) <= _LONGEST_CHALLENGE:
            return web.Response(status=404)  # an unsubscription was not asked for
        lease = _lease(query.get("hub.lease_seconds", ""))
        await self._storage.hubs.save(
            replace(
                one, state="active", failures=0, expires=now + lease, due=now + lease * _RENEW_AT
            )
        )
        return web.Response(text=challenge)

    async def _announced(self, request: web.Request) -> web.Response:
        """A hub announces news (7). A wrong signature is answered like a right one, and ignored."""
        one = await self._storage.hubs.by_callback(request.match_info["callback"])
        if one is None:
            return web.Response(status=410)  # tells the hub to end the subscription
        body = await request.read()
        if not _signed(body, request.headers.get("X-Hub-Signature", ""), one.secret):
            log.warning("an announcement for %s is not signed as agreed; passed over", one.topic)
            return web.Response(status=202)
        await self._ping(one.feed_id)
        return web.Response(status=202)


async def is_announced(storage: Storage, feed_id: int, now: datetime) -> bool:
    """Whether a hub announces the feed's news now, so that polling may be slow."""
    one = await storage.hubs.get(feed_id)
    return (
        one is not None and one.state == "active" and one.expires is not None and one.expires > now
    )


def _wait(failures: int) -> timedelta:
    return min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(failures, 10)) if failures else _VERIFY_WITHIN


def _lease(seconds: str) -> timedelta:
    """What the hub grants: its own word, within reason; ours where it says nothing."""
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) < 10):
        return LEASE
    return max(_SHORTEST_LEASE, min(timedelta(seconds=int(seconds)), 3 * LEASE))


def _signed(body: bytes, signature: str, secret: str) -> bool:
    method, _, digest = signature.strip().partition("=")
    if method not in _METHODS:
        return False
    right = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return hmac.compare_digest(digest.strip().lower().encode(errors="replace"), right.encode())
