"""The one door for requests from outside: Telegram's updates and hubs' announcements.

    reverse proxy (TLS), or TLS of its own ─▶ Listener ─▶ the handler of the path ─▶ answer

It is open only where WEBHOOK_URL gives the bot a public address. What is no known path is a bare
404, bodies are bounded, and a handler's fault is logged and answered with 500, so that the sender
tries again.
"""

import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

log = logging.getLogger(__name__)

MOST_BYTES = 5_000_000  # of a request's body

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path with its handler; `method` is GET or POST, `path` is aiohttp's pattern."""

    method: str
    path: str
    handle: Handler


class ListenError(Exception):
    """The address cannot be listened on; the message says what to do."""


@asynccontextmanager
async def listening(
    host: str, port: int, routes: Sequence[Route], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve the routes while the block lives; gives the port (where 0 was asked: the one found).

    With `tls` it speaks https and nothing else. Raises ListenError where the address is taken or is
    not this machine's.
    """
    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes([web.route(route.method, route.path, route.handle) for route in routes])
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            raise ListenError(
                f"WEBHOOK_LISTEN: {host}:{port} cannot be listened on ({error.strerror}). Name a "
                "free port of this machine, for example 127.0.0.1:8081."
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
