"""The HTTP side: Bot API requests in, Telegram's answers out, injected faults between.

A request ``/bot<token>/<method>`` is decoded (`params`), may meet a fault (`faults`), is answered
by `methods`, counted, and written as Telegram writes it. ``/file/bot<token>/<path>`` gives files.
``/control`` and the chat page (`control`) stand on the same port, for loopback only. While a
webhook is set, a task posts the updates to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import inspect
import json
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from bot.sandbox.answers import ApiError, Json, deny, flood
from bot.sandbox.control import add_control
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.methods import METHODS, encode
from bot.sandbox.params import Params, read_params
from bot.sandbox.rates import Limits
from bot.sandbox.state import State, Stored, Webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REQUEST_BYTES = 60 * 1024 * 1024
WEBHOOK_RETRY_SECONDS = 1.0
_SENT = web.RequestKey("sent", Stored)  # the message that a request made
_HTML_502 = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)


def make_app(state: State) -> web.Application:
    """The application that serves the Bot API, the control API and the chat page over `state`."""
    api = _BotApi(state)
    app = web.Application(client_max_size=REQUEST_BYTES)
    app.router.add_route("*", "/bot{token}/{method}", api.handle)
    app.router.add_get("/file/bot{token}/{path:.+}", api.file)
    add_control(app, state)
    app.cleanup_ctx.append(api.webhook)
    app.on_shutdown.append(api.release)
    return app


class Sandbox:
    """A sandbox server with its own life: start, use `url` and `state`, stop.

    `rates` off lifts Telegram's limits; `latency` is a delay in seconds put before every answer,
    when what was asked for is done already;
    ``strict=False`` leaves TDLib out. Raises TdlibMissingError where TDLib is wanted and absent.
    """

    def __init__(
        self,
        token: str,
        *,
        bot_username: str = "newsboy_bot",
        strict: bool = True,
        rates: bool = True,
        latency: float = 0.0,
    ) -> None:
        limits = Limits(enabled=rates)
        self.state = State(token, bot_username, strict, limits, latency)
        self._runner: web.AppRunner | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """``http://host:port``: the Bot API, the control API and the page."""
        if not self._url:
            raise RuntimeError("the sandbox has not been started")
        return self._url

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError where the port is taken."""
        # The access log would show the token in every line.
        runner = web.AppRunner(make_app(self.state), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        listener = socket.create_server((host, port), backlog=1024)
        try:
            await web.SockSite(runner, listener).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner
        self._url = f"http://{host}:{listener.getsockname()[1]}"

    async def shut(self) -> None:
        """Be unreachable until `reopen`: every connection is cut, new ones are refused."""
        if self._runner is None or self._runner.server is None:
            raise RuntimeError("the sandbox has not been started")
        for site in list(self._runner.sites):
            await site.stop()
        for connection in self._runner.server.connections:
            connection.force_close()

    async def reopen(self) -> None:
        """Listen again where it listened before `shut`."""
        if self._runner is None:
            raise RuntimeError("the sandbox has not been started")
        at = urlsplit(self.url)
        listener = socket.create_server((at.hostname or "", at.port or 0), backlog=1024)
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Close every connection; what is in memory stays readable through `state`."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


class _BotApi:
    def __init__(self, state: State) -> None:
        self._state = state
        self._stopped = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        state = self._state
        if not _same(request.match_info["token"], state.token):
            return _reply(ApiError(401, "Unauthorized"))
        method = request.match_info["method"].lower()
        try:
            params = await read_params(request)
        except ApiError as error:
            state.note_call(method, None, error)
            return _reply(error)
        chat_id = _chat_id(state, params)
        answer = await self._meet(request, method, params, chat_id)
        # After the deed, so that a latency that changes bunches nothing that was sent evenly.
        if state.latency:
            await asyncio.sleep(state.latency)
        if (sent := request.get(_SENT)) is not None and not _waits(request):
            sent.answered = False
        return answer

    async def _meet(
        self, request: web.Request, method: str, params: Params, chat_id: int | None
    ) -> web.StreamResponse:
        """What was asked for, or the fault that it meets."""
        state = self._state
        if state.faults.waiting and method != "getupdates":
            fault = state.faults.take(method, chat_id, time.monotonic())
        elif state.faults.waiting:
            # A long poll must not use up the faults meant for any method.
            fault = state.faults.take(method, chat_id, time.monotonic(), named=True)
        else:
            fault = None
        if fault is not None:
            return await self._misfortune(fault, request, method, params, chat_id)
        return await self._answer(method, params, chat_id, request)

    async def file(self, request: web.Request) -> web.Response:
        if not _same(request.match_info["token"], self._state.token):
            return _reply(ApiError(401, "Unauthorized"))
        stored = self._state.files.at_path(request.match_info["path"])
        if stored is None:
            return _reply(ApiError(404, "Not Found"))
        return web.Response(body=stored.data, content_type="application/octet-stream")

    async def release(self, _: web.Application) -> None:
        """Let the long poll go, so that stopping takes no time."""
        self._stopped.set()
        poll = self._state.poll
        if poll is not None and not poll.woken.done():
            poll.woken.set_result(True)

    async def _answer(
        self,
        method: str,
        params: Params,
        chat_id: int | None,
        request: web.Request | None = None,
    ) -> web.Response:
        """Do what is asked; a message sent is noted with its `request`."""
        state = self._state
        state.current_method, state.current_chat = method, chat_id
        handler = METHODS.get(method)
        if handler is None:
            error = ApiError(404, "Not Found: method not found", violation=True)
            return self._fail(method, chat_id, error)
        try:
            result = handler(state, params)
            if inspect.isawaitable(result):
                result = await result
        except ApiError as error:
            return self._fail(method, chat_id, error)
        state.note_call(method, chat_id, None)
        if request is not None and method.startswith("send") and isinstance(result, dict):
            request[_SENT] = state.chats[result["chat"]["id"]].messages[
                result.get("ephemeral_message_id") or result["message_id"]
            ]
        return web.Response(body=encode(result), content_type="application/json")

    async def _misfortune(
        self,
        fault: Fault,
        request: web.Request,
        method: str,
        params: Params,
        chat_id: int | None,
    ) -> web.StreamResponse:
        state = self._state
        state.faults_met[fault.kind] += 1
        accepted: web.Response | None = None
        match fault.kind:
            case FaultKind.FLOOD:
                return self._fail(method, chat_id, flood(fault.retry_after, violation=False))
            case FaultKind.SERVER_ERROR | FaultKind.ERROR:
                error = ApiError(fault.code, fault.description, parameters=fault.parameters)
                return self._fail(method, chat_id, error)
            case FaultKind.HTML_502:
                state.note_call(method, chat_id, ApiError(502, "HTML 502"))
                return web.Response(status=502, text=_HTML_502, content_type="text/html")
            case FaultKind.MIGRATE:
                chat = state.chats.get(chat_id or 0)
                if chat is None or chat.kind != "group":
                    return self._fail(method, chat_id, deny("chat not found"))
                state.migrate(chat)
                return await self._answer(method, params, chat_id, request)
            case FaultKind.DELAY:
                await self._pause(fault.seconds)
                return await self._answer(method, params, chat_id, request)
            case FaultKind.TIMEOUT_AFTER | FaultKind.DROP_AFTER | FaultKind.MALFORMED_JSON:
                accepted = await self._answer(method, params, chat_id, request)
                if (sent := request.get(_SENT)) is not None:
                    sent.answered = False
            case FaultKind.TIMEOUT_BEFORE | FaultKind.DROP_BEFORE:
                state.note_call(method, chat_id, ApiError(0, fault.kind))
        if fault.kind in (FaultKind.TIMEOUT_AFTER, FaultKind.TIMEOUT_BEFORE):
            await self._pause(fault.seconds)
        if accepted is not None and fault.kind is FaultKind.MALFORMED_JSON:
            body = accepted.body if isinstance(accepted.body, bytes) else b""
            return web.Response(body=body[: len(body) // 2], content_type="application/json")
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _fail(self, method: str, chat_id: int | None, error: ApiError) -> web.Response:
        self._state.note_call(method, chat_id, error)
        return _reply(error)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def webhook(self, _: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(self._post_updates())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _post_updates(self) -> None:
        state = self._state
        while True:
            await state.webhook_news.wait()
            state.webhook_news.clear()
            if state.webhook is None:
                continue
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
                while (hook := state.webhook) is not None and state.updates:
                    update = state.updates[0]
                    headers = {"Content-Type": "application/json"}
                    if hook.secret_token:
                        headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret_token
                    fault = await self._post(session, hook, update, headers)
                    if fault is None:
                        with contextlib.suppress(ValueError):
                            state.updates.remove(update)
                    else:
                        hook.last_error = (int(time.time()), fault)
                        await asyncio.sleep(WEBHOOK_RETRY_SECONDS)

    async def _post(
        self, session: aiohttp.ClientSession, hook: Webhook, update: Json, headers: dict[str, str]
    ) -> str | None:
        """Deliver one update; the reply may be a method call (Bot API, "Making requests when
        getting updates"). The text of what went wrong, or None."""
        try:
            async with session.post(
                hook.url, data=json.dumps(update), headers=headers, ssl=_trust(hook)
            ) as response:
                if response.status // 100 != 2:
                    return f"Wrong response from the webhook: {response.status} {response.reason}"
                body = await response.read()
        except aiohttp.ClientConnectorCertificateError as error:
            return f"SSL error {{{error.certificate_error}}}"
        except (TimeoutError, aiohttp.ClientError, ssl.SSLError) as error:
            return f"Connection failed: {type(error).__name__}"
        with contextlib.suppress(ValueError):
            reply = json.loads(body)
            if isinstance(reply, dict) and "method" in reply:
                params = Params(reply, {})
                method = str(reply["method"]).lower()
                await self._answer(method, params, _chat_id(self._state, params))
        return None


def _trust(hook: Webhook) -> ssl.SSLContext:
    """Certificates that the poster believes: the uploaded one, else the public authorities'."""
    try:
        return ssl.create_default_context(cadata=hook.certificate)
    except ssl.SSLError:
        # As at Telegram, what cannot be read shows only when it is posted to.
        return ssl.create_default_context()


def _reply(error: ApiError) -> web.Response:
    body = json.dumps(error.payload(), ensure_ascii=False).encode()
    return web.Response(status=error.code, body=body, content_type="application/json")


def _waits(request: web.Request) -> bool:
    """Whether somebody is still there to hear the answer."""
    return request.transport is not None and not request.transport.is_closing()


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _chat_id(state: State, params: Params) -> int | None:
    value: Any = params.raw("chat_id")
    if isinstance(value, str) and value.startswith("@"):
        return state.usernames.get(value[1:].lower())
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        return None
