"""POST, and nothing else, over connections that stay open: HTTP for those who send thousands.

    head made once, a body ─▶ an idle connection, else a new one ─▶ one write ─▶ status, content

The framework's HTTP client serves every need and so costs 115–155 µs of CPU a request; this serves
one need for a third of it: small bodies to one server, answers kept whole, no redirects, cookies,
compression or proxy. Answers are parsed by httptools (Node's own parser), TLS and the connections
are asyncio's. RFC 9112 is the protocol; a request without an answer is never repeated here (its
9.2), because it may have been acted on.
"""

import asyncio
import ssl
from collections import deque
from time import monotonic

import httptools

# A server closes what is idle for long (nginx: 75 s, proxies sooner); a request that crosses the
# closing has no answer, and is in doubt.
_IDLE_SECONDS = 15.0
_SWEEP_SECONDS = 1.0
_SECOND_ADDRESS_AFTER = 0.25  # RFC 8305, section 5
# Of one answer, head and all; Telegram's longest to a message is a fiftieth of it.
_MOST_BYTES = 4 << 20


class NotConnectedError(Exception):
    """No connection was made, so that nothing was sent; the cause says why."""


class NoAnswerError(Exception):
    """The request was sent, and no whole answer came back."""


class Direct:
    """Connections to one host. Used from one event loop."""

    def __init__(
        self,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        *,
        limit: int,
        connect_seconds: float,
        answer_seconds: float,
    ) -> None:
        """At most `limit` requests are in flight at once; those beyond it wait."""
        self._host = host
        self._port = port
        self._tls = tls
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._places = asyncio.Semaphore(limit)
        self._open: set[_Connection] = set()
        self._idle: deque[_Connection] = deque()
        self._busy: dict[_Connection, float] = {}  # and when each one's answer is overdue
        self._sweep: asyncio.TimerHandle | None = None

    async def post(self, request: bytes) -> tuple[int, bytes]:
        """Send one whole request; returns the answer's status and content.

        Raises NotConnectedError or NoAnswerError.
        """
        async with self._places:
            connection = self._take() or await self._connect()
            self._busy[connection] = monotonic() + self._answer_seconds
            if self._sweep is None:
                self._sweep_later()
            whole = False
            try:
                answer = await connection.exchange(request)
                whole = True
                return answer
            finally:
                del self._busy[connection]
                if whole and connection.reusable:
                    connection.idle_since = monotonic()
                    self._idle.append(connection)
                else:
                    connection.abort()

    async def close(self) -> None:
        """Close all connections; a request in flight gets no answer any more."""
        if self._sweep is not None:
            self._sweep.cancel()
        self._idle.clear()
        for connection in tuple(self._open):
            connection.abort()  # a farewell by TLS may take half a minute
            await connection.closed.wait()

    def _take(self) -> "_Connection | None":
        """The connection used last, so that those beyond today's need grow old and go."""
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and monotonic() - connection.idle_since < _IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def _connect(self) -> "_Connection":
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self._open),
                    self._host,
                    self._port,
                    ssl=self._tls,
                    happy_eyeballs_delay=_SECOND_ADDRESS_AFTER,
                )
        except (OSError, TimeoutError) as error:  # TLS faults are among them
            raise NotConnectedError from error
        return connection

    def _sweep_later(self) -> None:
        seconds = min(_SWEEP_SECONDS, self._answer_seconds / 4)
        self._sweep = asyncio.get_running_loop().call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        """One timer for all that are in flight: one for each would be a tenth of the cost."""
        self._sweep = None
        now = monotonic()
        for connection, overdue in self._busy.items():
            if now >= overdue:
                connection.fail(NoAnswerError(f"no answer in {self._answer_seconds:g} s"))
        while self._idle and now - self._idle[0].idle_since >= _IDLE_SECONDS:
            self._idle.popleft().close()
        if self._busy or self._idle:
            self._sweep_later()


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, siblings: "set[_Connection]") -> None:
        """It is one of its siblings for as long as its socket is open."""
        self._siblings = siblings
        self.idle_since = 0.0
        self.reusable = True
        self.closed = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._content: list[bytes] = []
        self._received = 0

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        if self._transport is None or not self.reusable:
            raise NoAnswerError("the connection is closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._received = 0
        self._transport.write(request)
        return await self._answer

    def fail(self, error: Exception) -> None:
        """Answer who waits with an error; the connection is of no use any more."""
        self.reusable = False
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def close(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------ asyncio's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._siblings.add(self)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nobody asked: a farewell (status 408), or another's answer
            self.close()
            return
        self._received += len(data)
        if self._received > _MOST_BYTES:
            self.fail(NoAnswerError(f"an answer of over {_MOST_BYTES} bytes"))
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.fail(NoAnswerError(f"no HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._siblings.discard(self)
        self.closed.set()
        self.fail(NoAnswerError(f"the server closed the connection ({exc or 'no error'})"))

    # ------------------------------------------------------------ the parser's calls

    def on_message_begin(self) -> None:
        if self._answer is None:  # more than was asked for: the next request would get its answer
            self.reusable = False

    def on_body(self, body: bytes) -> None:
        self._content.append(body)

    def on_message_complete(self) -> None:
        content, self._content = b"".join(self._content), []
        status = self._parser.get_status_code()
        if status < 200:  # an interim answer (RFC 9110, 15.2)
            return
        if not self._parser.should_keep_alive():
            self.reusable = False
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result((status, content))
