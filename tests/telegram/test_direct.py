"""The lean way to one server, against servers that answer in every way that HTTP allows."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.telegram.direct import Direct, NoAnswerError, NotConnectedError
from tests.web.pem import make_pair

REQUEST = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answering(*answers: bytes) -> Serve:
    """Give each request of a connection the next answer, and hang up after the last."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readexactly(len(REQUEST))
            writer.write(answer)
            await writer.drain()

    return serve


@asynccontextmanager
async def direct(
    serve: Serve,
    *,
    limit: int = 10,
    answer_seconds: float = 5.0,
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
) -> AsyncIterator[tuple[Direct, list[None]]]:
    """A client, its server, and a list as long as the connections made."""
    made: list[None] = []
    serving: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(None)
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client hung up
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=tls[0] if tls else None)
    port = server.sockets[0].getsockname()[1]
    client = Direct(
        "127.0.0.1",
        port,
        tls[1] if tls else None,
        limit=limit,
        connect_seconds=2.0,
        answer_seconds=answer_seconds,
    )
    yield client, made
    await client.close()
    server.close()
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
    await server.wait_closed()


async def test_a_connection_serves_one_request_after_another() -> None:
    async with direct(answering(OK, OK, OK)) as (client, made):
        for _ in range(3):
            assert await client.post(REQUEST) == (200, b"ok")
        assert len(made) == 1


async def test_requests_at_once_have_connections_of_their_own_within_the_limit() -> None:
    at_once: list[int] = []
    now = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now
        while True:
            await reader.readexactly(len(REQUEST))
            now += 1
            at_once.append(now)
            await asyncio.sleep(0.005)
            now -= 1
            writer.write(OK)

    async with direct(serve, limit=4) as (client, made):
        answers = await asyncio.gather(*(client.post(REQUEST) for _ in range(20)))
        assert answers == [(200, b"ok")] * 20
        assert len(made) == 4
        assert max(at_once) == 4


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>", (502, b"<html>")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
            (200, b"ok"),
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, (200, b"ok")),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", (200, b"ok")),
        (b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n", (302, b"")),
    ],
    ids=["502", "chunked", "204", "100", "1.0", "redirect"],
)
async def test_answers(answer: bytes, read: tuple[int, bytes]) -> None:
    async with direct(answering(answer)) as (client, _):
        assert await client.post(REQUEST) == read


async def test_an_answer_may_come_in_pieces() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(REQUEST))
        for byte in OK:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    async with direct(serve) as (client, _):
        assert await client.post(REQUEST) == (200, b"ok")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=["none", "half a head", "half a body", "no HTTP"],
)
async def test_what_is_no_whole_answer_leaves_the_request_in_doubt(answer: bytes) -> None:
    async with direct(answering(answer)) as (client, made):
        with pytest.raises(NoAnswerError):
            await client.post(REQUEST)
        with pytest.raises(NoAnswerError):
            await client.post(REQUEST)
        assert len(made) == 2  # once each: neither repeated, nor on a connection that failed


async def test_a_server_that_closes_has_its_next_request_on_a_new_connection() -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with direct(answering(closing)) as (client, made):
        assert await client.post(REQUEST) == (200, b"ok")
        assert await client.post(REQUEST) == (200, b"ok")
        assert len(made) == 2


async def test_a_connection_closed_while_idle_is_not_used() -> None:
    hung_up = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(REQUEST))
        # The farewell that some proxies send before they close what is idle.
        writer.write(OK + b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        hung_up.set()

    async with direct(serve) as (client, made):
        assert await client.post(REQUEST) == (200, b"ok")
        await hung_up.wait()
        await asyncio.sleep(0.02)
        assert await client.post(REQUEST) == (200, b"ok")
        assert len(made) == 2


@pytest.mark.parametrize("rest", [b"no", b""], ids=["whole", "half"])
async def test_an_answer_too_many_is_not_taken_for_the_next_requests(rest: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(REQUEST))
        writer.write(OK + OK.removesuffix(b"ok") + rest)
        await reader.readexactly(len(REQUEST))
        writer.write((b"" if rest else b"no") + OK)

    async with direct(serve) as (client, made):
        assert await client.post(REQUEST) == (200, b"ok")
        assert await client.post(REQUEST) == (200, b"ok")
        assert len(made) == 2


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n%b\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"%b"),
    ],
    ids=["body", "head"],
)
async def test_an_endless_answer_is_cut_short(head: bytes, more: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(REQUEST))
        writer.write(head)
        while True:
            writer.write(more % (b"x" * 0x10000))
            await writer.drain()

    async with direct(serve, answer_seconds=60) as (client, made):
        async with asyncio.timeout(5):
            with pytest.raises(NoAnswerError):
                await client.post(REQUEST)
        assert len(made) == 1


async def test_no_answer_in_time() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(REQUEST))
        await asyncio.sleep(10)

    async with direct(serve, answer_seconds=0.1) as (client, made):
        with pytest.raises(NoAnswerError, match=r"no answer in 0\.1 s"):
            await client.post(REQUEST)
        with pytest.raises(NoAnswerError):
            await client.post(REQUEST)
        assert len(made) == 2  # a late answer to the first would be taken for the second's


async def test_a_cancelled_request_spoils_nothing() -> None:
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(REQUEST))
        asked.set()
        await cancelled.wait()
        writer.write(OK.replace(b"ok", b"no"))

    async with direct(serve, limit=1) as (client, made):
        asking = asyncio.create_task(client.post(REQUEST))
        await asked.wait()
        asking.cancel()
        await asyncio.wait([asking])
        cancelled.set()
        assert await client.post(REQUEST) == (200, b"no")
        assert len(made) == 2


async def test_nobody_there(unused_tcp_port: int) -> None:
    client = Direct(
        "127.0.0.1", unused_tcp_port, None, limit=1, connect_seconds=1, answer_seconds=1
    )
    with pytest.raises(NotConnectedError) as caught:
        await client.post(REQUEST)
    assert isinstance(caught.value.__cause__, OSError)
    await client.close()


def contexts(folder: Path, host: str, *, trusted: bool) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    pair = make_pair(folder, host)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pair.certificate, pair.key)
    return server, ssl.create_default_context(cafile=pair.certificate if trusted else None)


async def test_tls(tmp_path: Path) -> None:
    tls = contexts(tmp_path, "127.0.0.1", trusted=True)
    async with direct(answering(OK, OK), tls=tls) as (client, made):
        assert await client.post(REQUEST) == (200, b"ok")
        assert await client.post(REQUEST) == (200, b"ok")
        assert len(made) == 1


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("localhost", True)])
async def test_nothing_is_said_to_somebody_else(tmp_path: Path, host: str, trusted: bool) -> None:
    tls = contexts(tmp_path, host, trusted=trusted)
    async with direct(answering(OK), tls=tls) as (client, _):
        with pytest.raises(NotConnectedError) as caught:
            await client.post(REQUEST)
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
