"""HTTP to the Bot API: the framework's requests, and bulk's ready ones by a way of their own.

A method of the framework goes in, is posted as JSON (as a form only where it uploads a file: form
encoding costs twice the CPU), and its decoded result comes out. Ready bytes of the bulk lanes go by
`direct`, on connections of their own, so that no reply waits for one. What goes wrong on the way
leaves as `UnsentError` (provably never sent), `TelegramNetworkError` (sent, no answer) or the
framework's own errors for what Telegram answered. The token is part of the address, so the texts of
the HTTP client's exceptions hold it: they are redacted, and the originals are not chained.
"""

import json
import re
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

import aiohttp
import yarl
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType

from bot import __version__
from bot.logs import redact
from bot.telegram.direct import Direct, NoAnswerError, NotConnectedError
from bot.telegram.faults import UnsentError

if TYPE_CHECKING:
    from aiogram.types import InputFile

CONNECTIONS = 300
"""At most so many requests in flight; the framework's 100 cap the bot at about 500 a second."""

ANSWER_SECONDS = 30.0
CONNECT_SECONDS = 10.0

_JSON = {"Content-Type": "application/json"}
_NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)
# So begins an answer of Telegram's that says yes, wherever it breaks off after that.
_YES = re.compile(rb'\s*\{\s*"ok"\s*:\s*true\b')
# As much of a foreign answer as a log can use.
_EXCERPT = 200


class LeanSession(AiohttpSession):
    """The framework's session with JSON bodies and a plain HTTP proxy."""

    def __init__(
        self, api_url: str, *, proxy: str | None = None, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        """`api_url` is the Bot API server's base, without the token; `proxy` an http:// address."""
        super().__init__(
            api=TelegramAPIServer.from_base(api_url), limit=CONNECTIONS, timeout=answer_seconds
        )
        self._http_proxy = proxy
        self._base = api_url
        self._direct: Direct | None = None
        self._detour = proxy is not None  # the direct way is shut
        self._heads: dict[tuple[str, str], bytes] = {}  # a request's, by token and method

    async def close(self) -> None:
        """Close the connections. The HTTP client waits for them; the framework would add 250 ms."""
        if self._direct is not None:
            await self._direct.close()
            self._direct = None
        if self._session is not None and not self._session.closed:
            await self._session.close()

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109  # the framework's signature
    ) -> TelegramType:
        """Send one method and return what it returns.

        Raises the framework's errors; `ClientDecodeError` for an answer that is none of Telegram's
        (a proxy's HTML page).
        """
        files: dict[str, InputFile] = {}
        fields = {
            key: value
            for key, value in (
                (key, self.prepare_value(value, bot, files, _dumps_json=False))
                for key, value in method.model_dump(warnings=False, exclude_none=True).items()
            )
            if value is not None
        }
        body: bytes | aiohttp.FormData
        if files:
            body = aiohttp.FormData(quote_fields=False)
            for key, value in fields.items():
                body.add_field(key, value if isinstance(value, str) else json.dumps(value))
            for key, file in files.items():
                body.add_field(key, file.read(bot), filename=file.filename or key)
        else:
            body = json.dumps(fields, ensure_ascii=False).encode()
        status, content = await self.post(bot, method, body, timeout)
        return self.read(bot, method, status, content)

    async def post(
        self,
        bot: Bot,
        method: TelegramMethod[Any],
        body: bytes | aiohttp.FormData,
        timeout: float | None = None,  # noqa: ASYNC109  # the HTTP client's own, set per request
    ) -> tuple[int, bytes]:
        """Post a body to the method's address: (status, answer).

        Raises UnsentError or TelegramNetworkError, both naming `method`.
        """
        session = await self.create_session()
        error: TelegramNetworkError
        try:
            async with session.post(
                self.api.api_url(token=bot.token, method=method.__api_method__),
                data=body,
                headers=_JSON if isinstance(body, bytes) else None,
                proxy=self._http_proxy,
                timeout=aiohttp.ClientTimeout(
                    total=self.timeout if timeout is None else timeout,
                    sock_connect=CONNECT_SECONDS,
                ),
            ) as response:
                return response.status, await response.read()
        except _NEVER_SENT as caught:
            error = UnsentError(method=method, message=_describe(caught))
        except (aiohttp.ClientError, TimeoutError, OSError) as caught:
            error = TelegramNetworkError(method=method, message=_describe(caught))
        raise error  # here, and not above, so that no exception with the address is its context

    async def post_ready(
        self, bot: Bot, method: TelegramMethod[Any], body: bytes
    ) -> tuple[int, bytes]:
        """Post JSON that is ready, in the cheapest way: (status, answer).

        Raises as `post` does, which is the way where a proxy or a password stands between.
        """
        if self._direct is None and not self._detour:
            self._direct = self._connections()
        if self._direct is None:
            self._detour = True
            return await self.post(bot, method, body)
        head = self._heads.get((bot.token, method.__api_method__))
        if head is None:
            head = self._head(bot, method.__api_method__)
        error: TelegramNetworkError
        try:
            return await self._direct.post(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        except NotConnectedError as caught:
            error = UnsentError(method=method, message=_describe(caught.__cause__ or caught))
        except NoAnswerError as caught:
            error = TelegramNetworkError(method=method, message=_describe(caught))
        raise error

    def _connections(self) -> Direct | None:
        """The direct way to the server; None where its address is none, or has a password."""
        try:
            base = yarl.URL(self._base)
        except ValueError:
            return None
        if base.host is None or base.port is None or base.user is not None:
            return None
        tls = self._connector_init["ssl"] if base.scheme == "https" else None
        return Direct(
            base.host,
            base.port,
            tls,
            limit=CONNECTIONS,
            connect_seconds=CONNECT_SECONDS,
            answer_seconds=self.timeout,
        )

    def _head(self, bot: Bot, method: str) -> bytes:
        """A request's first lines, all but the length that ends them."""
        url = yarl.URL(self.api.api_url(token=bot.token, method=method))
        head = (
            f"POST {url.raw_path_qs} HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\n"
            f"User-Agent: newsboy/{__version__}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._heads[bot.token, method] = head
        return head

    def read(
        self, bot: Bot, method: TelegramMethod[TelegramType], status: int, content: bytes
    ) -> TelegramType:
        """Decode an answer into the method's result, or raise what the answer says."""
        undecodable: ClientDecodeError
        try:
            response = self.check_response(
                bot, method, status, content.decode("utf-8", errors="replace")
            )
        except ClientDecodeError as caught:
            data: object = caught.data
            if not isinstance(data, Mapping):
                data = {"ok": True} if _YES.match(content) else redact(str(data)[:_EXCERPT])
            undecodable = ClientDecodeError(
                f"status {status}, {redact(caught.message)}", caught.original, data
            )
        else:
            return response.result  # type: ignore[return-value]  # None is a result too
        raise undecodable

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109  # the framework's signature
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        """A file's content in chunks. Raises aiohttp.ClientError without the file's address."""
        session = await self.create_session()
        error: aiohttp.ClientError
        try:
            async with session.get(
                url,
                headers=headers,
                proxy=self._http_proxy,
                timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_SECONDS),
                raise_for_status=raise_for_status,
            ) as response:
                async for chunk in response.content.iter_chunked(chunk_size):
                    yield chunk
        except (aiohttp.ClientError, TimeoutError) as caught:
            error = aiohttp.ClientError(_describe(caught))
        else:
            return
        raise error


def _describe(error: BaseException) -> str:
    return redact(f"{type(error).__name__}: {error}".rstrip(": "))
