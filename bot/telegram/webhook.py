"""Updates that Telegram posts, in place of polling.

    POST + secret ─▶ read ─▶ handled ─▶ 200: only now Telegram strikes the update off its list

So an update whose handler a crash cut off comes again. One that is being handled, or was, by this
process or the last (`received`), is answered and not handled twice: Telegram repeats what it had no
answer to in time. The secret is made anew at each start and compared in constant time; a request
without it learns nothing.

Once a minute the receiver looks whether Telegram still posts here, says what Telegram complains of,
and takes up a renewed certificate.
"""

import asyncio
import hmac
import json
import logging
import secrets
from typing import Final
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import BufferedInputFile
from aiohttp import web

from bot.telegram.faults import FaultKind, classify
from bot.telegram.updates import PollingDispatcher, TokenRefusedError
from bot.web.certificate import CertificateError, OwnCertificate

PATH: Final = "/telegram"
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
CONNECTIONS: Final = 40
LOOK_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 30.0  # a slower handler goes on, but Telegram is not kept waiting

_log = logging.getLogger(__name__)


class WebhookReceiver:
    """Receives updates at `url` (the public address of PATH) and hands them to the dispatcher.

    `own` is the certificate that the listener shows, where no reverse proxy does; Telegram is sent
    it where it signed itself.
    """

    def __init__(
        self,
        dispatcher: PollingDispatcher,
        bot: Bot,
        url: str,
        own: OwnCertificate | None = None,
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._dispatcher = dispatcher
        self._bot = bot
        self._url = url
        self._own = own
        self._look_seconds = look_seconds
        self._complained: object = None  # when Telegram last did
        self._outdated = False  # what Telegram was told, until it took what is so now
        self._secret = secrets.token_urlsafe(32)
        self._running: dict[int, asyncio.Task[object]] = {}
        self._waiting: set[int] = set()  # for room
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    async def receive(self) -> None:
        """Tell Telegram where to post, and receive until `stop`. Raises TokenRefusedError."""
        await self._dispatcher.emit_startup(bot=self._bot)
        try:
            # Before the first post: only now the ids are known that are not new.
            await self._dispatcher.resume(self._bot)
            # Nobody waits for the end of this: while Telegram is away, it has none.
            await self._dispatcher.until_done(self._register)
            self._ended.clear()
            _log.info("updates come to %s", self._url)
            await self._look_until_stopped()
        finally:
            await self._dispatcher.emit_shutdown(bot=self._bot)
            self._ended.set()

    async def stop(self) -> None:
        """Take in no more, and wait for the handlers in flight.

        What comes now is refused, and Telegram posts it again after the restart.
        """
        self._stopping.set()
        await self._ended.wait()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request of Telegram's."""
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(errors="replace"), self._secret.encode()):
            return web.Response(status=401)
        if self._stopping.is_set():
            return web.Response(status=503)
        try:
            raw = json.loads(await request.read())
            number = int(raw["update_id"])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            _log.error("a request with Telegram's secret holds no update; it is passed over")
            return web.Response()
        if number in self._waiting:
            return web.Response(status=503)
        task = self._running.get(number)
        if task is None:
            if self._dispatcher.received.knows(number):
                return web.Response()
            self._waiting.add(number)
            try:
                await self._dispatcher.room()
            finally:
                self._waiting.discard(number)
            if self._stopping.is_set():  # the handlers in flight were waited for, and no others
                return web.Response(status=503)
            task = self._dispatcher.take(self._bot, raw)
            if task is None:
                return web.Response()
            self._running[number] = task
            task.add_done_callback(lambda _: self._running.pop(number, None))
        await asyncio.wait({task}, timeout=ANSWER_SECONDS)
        if task.cancelled():  # cut off by the stop: it comes again after the restart
            return web.Response(status=503)
        if not task.done():
            # Telegram strikes it off now: after a crash only the store knows it.
            self._dispatcher.received.keep(number, raw)
            await self._dispatcher.received.kept()
        return web.Response()

    async def _look_until_stopped(self) -> None:
        looking = asyncio.create_task(self._look_again_and_again(), name="webhook")
        stopping = asyncio.create_task(self._stopping.wait(), name="stop")
        try:
            # A stop does not wait for a Telegram that is away.
            await asyncio.wait({looking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if looking.done():
                looking.result()
        finally:
            looking.cancel()
            stopping.cancel()

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(self._look_seconds)
            await self._look()

    async def _look(self) -> None:
        """Set the webhook anew where that is due; say what Telegram complains of, once each."""
        self._outdated |= self._renewed()
        try:
            info = await self._bot.get_webhook_info()
            if info.url != self._url:
                _log.warning(
                    "another program with this bot's token took its updates away (webhook: %s); "
                    "they come here again. Stop it, or give one of the two a token of its own",
                    urlsplit(info.url).hostname or "removed",
                )
                self._outdated = True
            if info.last_error_date not in {None, self._complained}:
                self._complained = info.last_error_date
                _log.warning("Telegram cannot post to %s: %s", self._url, info.last_error_message)
            if self._outdated:
                await self._register()
                self._outdated = False
        except AiogramError as error:
            fault = classify(error)
            if fault.kind is FaultKind.TOKEN:
                raise TokenRefusedError from error
            _log.warning("whether updates come here is not known: %s", fault.text)

    def _renewed(self) -> bool:
        """Whether Telegram is to be shown another certificate than before."""
        try:
            if self._own is None or not self._own.renewed():
                return False
        except CertificateError as error:
            _log.error("the former certificate stays in use. %s", error)
            return False
        _log.info("the certificate was renewed; it ends %s", self._own.current.expires.date())
        return True

    async def _register(self) -> bool:
        shown = None
        if self._own is not None and self._own.current.self_signed:
            shown = BufferedInputFile(self._own.current.pem.encode(), "certificate.pem")
        return await self._bot.set_webhook(
            self._url,
            certificate=shown,
            secret_token=self._secret,
            max_connections=CONNECTIONS,
            # Told each time: what is left out stays as it was set by whoever had the token before.
            allowed_updates=self._dispatcher.resolve_used_update_types(),
        )
