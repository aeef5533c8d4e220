"""What the session puts on the wire, and what becomes of everything that can come back."""

import traceback
from datetime import timedelta

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.methods import SendMessage
from aiogram.types import BufferedInputFile, LinkPreviewOptions
from aiohttp import web

from bot.telegram.faults import FaultKind, UnsentError, classify
from bot.telegram.session import LeanSession
from tests.telegram.conftest import TOKEN, Answer, Server, error, message, ok

SEND = SendMessage(chat_id=5, text="x")
HTML_502 = Answer(502, f"<html>502 Bad Gateway at /bot{TOKEN}/sendMessage</html>")


def leaks(caught: BaseException) -> bool:
    """Whether the token shows in the exception, its notes, or anything chained to it."""
    printed = "".join(traceback.format_exception(caught))
    chain: BaseException | None = caught
    while chain is not None:
        printed += f"{chain!r} {chain} {vars(chain)}"
        chain = chain.__cause__ or chain.__context__
    return TOKEN in printed or TOKEN.partition(":")[2] in printed


async def test_json_without_what_is_unset(server: Server, bot: Bot) -> None:
    sent = await bot.send_message(
        5,
        "Жёлтая «пресса»",
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        disable_notification=True,
    )
    assert sent.message_id == 7
    assert sent.bot is bot
    (request,) = server.requests
    assert request.content_type == "application/json"
    assert request.fields == {
        "chat_id": 5,
        "text": "Жёлтая «пресса»",
        "link_preview_options": {"is_disabled": True},
        "disable_notification": True,
    }


async def test_false_and_empty_are_sent(server: Server, bot: Bot) -> None:
    await bot.answer_callback_query("1", text="", show_alert=False)
    (request,) = server.requests
    assert request.fields == {"callback_query_id": "1", "text": "", "show_alert": False}


async def test_times_become_seconds(server: Server, bot: Bot) -> None:
    await bot.ban_chat_member(-5, 7, until_date=timedelta(days=1))
    assert int(server.requests[0].fields["until_date"]) > 1_700_000_000


async def test_a_file_goes_as_a_form(server: Server, bot: Bot) -> None:
    await bot.send_document(5, BufferedInputFile(b"<opml/>", "feeds.opml"), caption="Ваши ленты")
    (request,) = server.requests
    assert request.content_type == "multipart/form-data"
    assert request.fields["chat_id"] == "5"
    assert request.fields["caption"] == "Ваши ленты"
    assert list(request.files.values()) == [b"<opml/>"]


@pytest.mark.parametrize(
    ("answer", "kind", "raised"),
    [
        (error(400, "Bad Request: chat not found"), FaultKind.CHAT_NOT_FOUND, TelegramBadRequest),
        (
            error(403, "Forbidden: bot was blocked by the user"),
            FaultKind.BLOCKED,
            TelegramForbiddenError,
        ),
        (
            error(429, "Too Many Requests: retry after 3", retry_after=3),
            FaultKind.FLOOD,
            TelegramRetryAfter,
        ),
        (HTML_502, FaultKind.RETRY, ClientDecodeError),
        (Answer(403, "<html>a proxy's own refusal</html>"), FaultKind.RETRY, ClientDecodeError),
        (Answer(404, "<html>not the Bot API at all</html>"), FaultKind.RETRY, ClientDecodeError),
        (Answer(200, '{"ok": true, "result": {"mess'), FaultKind.AMBIGUOUS, ClientDecodeError),
        (Answer(200, '{"ok": false, "error_co'), FaultKind.RETRY, ClientDecodeError),
        (Answer(200, "[]"), FaultKind.RETRY, ClientDecodeError),
        (ok({"message_id": "no message"}), FaultKind.AMBIGUOUS, ClientDecodeError),
        (Answer(drop=True), FaultKind.AMBIGUOUS, TelegramNetworkError),
    ],
)
async def test_what_comes_back(
    server: Server, bot: Bot, answer: Answer, kind: FaultKind, raised: type[Exception]
) -> None:
    server.script("sendMessage", answer)
    with pytest.raises(raised) as caught:
        await bot.send_message(5, "x")
    assert classify(caught.value).kind is kind
    assert not leaks(caught.value)


async def test_no_answer_in_time_is_ambiguous(server: Server) -> None:
    server.script("sendMessage", Answer(hang=5))
    session = LeanSession(server.url, answer_seconds=0.1)
    with pytest.raises(TelegramNetworkError) as caught:
        await session(Bot(TOKEN, session=session), SendMessage(chat_id=5, text="x"))
    await session.close()
    assert classify(caught.value).kind is FaultKind.AMBIGUOUS
    assert not leaks(caught.value)


async def test_nobody_there_is_unsent(unused_tcp_port: int) -> None:
    session = LeanSession(f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(UnsentError) as caught:
        await session(Bot(TOKEN, session=session), SendMessage(chat_id=5, text="x"))
    await session.close()
    assert classify(caught.value).kind is FaultKind.RETRY
    assert not leaks(caught.value)


async def test_an_address_that_is_none_leaks_nothing() -> None:
    session = LeanSession("http://[half")
    with pytest.raises(TelegramNetworkError) as caught:
        await session(Bot(TOKEN, session=session), SendMessage(chat_id=5, text="x"))
    await session.close()
    assert not leaks(caught.value)


async def test_a_missing_file_leaks_nothing(session: LeanSession, server: Server) -> None:
    with pytest.raises(aiohttp.ClientError) as caught:
        async for _ in session.stream_content(f"{server.url}/file/bot{TOKEN}/documents/1"):
            pass
    assert not leaks(caught.value)


async def test_requests_go_through_the_proxy(server: Server) -> None:
    asked: list[str] = []

    async def proxy(request: web.BaseRequest) -> web.Response:
        asked.append(str(request.url))
        return web.json_response({"ok": True, "result": message(9)})

    proxied = web.ServerRunner(web.Server(proxy))
    await proxied.setup()
    await web.TCPSite(proxied, "127.0.0.1", 0).start()
    session = LeanSession(
        "http://api.telegram.invalid", proxy=f"http://127.0.0.1:{proxied.addresses[0][1]}"
    )
    sent = await session(Bot(TOKEN, session=session), SendMessage(chat_id=5, text="x"))
    await session.close()
    await proxied.cleanup()
    assert sent.message_id == 9
    assert asked == [f"http://api.telegram.invalid/bot{TOKEN}/sendMessage"]
    assert not server.requests


class TestReadyPosts:
    """Bulk's own way to the server, which must fail as the other does."""

    async def test_it_says_what_the_framework_says(
        self, server: Server, bot: Bot, session: LeanSession
    ) -> None:
        status, content = await session.post_ready(bot, SEND, b'{"chat_id":5,"text":"x"}')
        assert session.read(bot, SEND, status, content).message_id == 7
        await bot(SEND)
        ready, ordinary = server.requests
        assert ready == ordinary

    async def test_no_answer_in_time_is_ambiguous(self, server: Server) -> None:
        server.script("sendMessage", Answer(hang=5))
        session = LeanSession(server.url, answer_seconds=0.1)
        with pytest.raises(TelegramNetworkError) as caught:
            await session.post_ready(Bot(TOKEN, session=session), SEND, b"{}")
        await session.close()
        assert classify(caught.value).kind is FaultKind.AMBIGUOUS
        assert not leaks(caught.value)

    async def test_a_dropped_connection_is_ambiguous(
        self, server: Server, bot: Bot, session: LeanSession
    ) -> None:
        server.script("sendMessage", Answer(drop=True))
        with pytest.raises(TelegramNetworkError) as caught:
            await session.post_ready(bot, SEND, b"{}")
        assert classify(caught.value).kind is FaultKind.AMBIGUOUS
        assert not leaks(caught.value)

    async def test_nobody_there_is_unsent(self, unused_tcp_port: int) -> None:
        session = LeanSession(f"http://127.0.0.1:{unused_tcp_port}")
        with pytest.raises(UnsentError) as caught:
            await session.post_ready(Bot(TOKEN, session=session), SEND, b"{}")
        await session.close()
        assert classify(caught.value).kind is FaultKind.RETRY
        assert "Connect" in str(caught.value)
        assert not leaks(caught.value)

    async def test_an_address_that_is_none_leaks_nothing(self) -> None:
        session = LeanSession("http://[half")
        with pytest.raises(TelegramNetworkError) as caught:
            await session.post_ready(Bot(TOKEN, session=session), SEND, b"{}")
        await session.close()
        assert not leaks(caught.value)

    async def test_a_proxy_is_never_passed_by(self, server: Server) -> None:
        asked: list[str] = []

        async def proxy(request: web.BaseRequest) -> web.Response:
            asked.append(str(request.url))
            return web.json_response({"ok": True, "result": message(9)})

        proxied = web.ServerRunner(web.Server(proxy))
        await proxied.setup()
        await web.TCPSite(proxied, "127.0.0.1", 0).start()
        session = LeanSession(server.url, proxy=f"http://127.0.0.1:{proxied.addresses[0][1]}")
        status, _ = await session.post_ready(Bot(TOKEN, session=session), SEND, b"{}")
        await session.close()
        await proxied.cleanup()
        assert status == 200
        assert asked == [f"{server.url}/bot{TOKEN}/sendMessage"]
        assert not server.requests

    async def test_a_password_in_the_address_is_sent(self) -> None:
        asked: list[str | None] = []

        async def handle(request: web.BaseRequest) -> web.Response:
            asked.append(request.headers.get("Authorization"))
            return web.json_response({"ok": True, "result": message(9)})

        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        session = LeanSession(f"http://me:secret@127.0.0.1:{runner.addresses[0][1]}")
        await session.post_ready(Bot(TOKEN, session=session), SEND, b"{}")
        await session.close()
        await runner.cleanup()
        assert asked == ["Basic bWU6c2VjcmV0"]
