"""The composition root: builds everything, starts it, and stops it in the right order.

    settings ─▶ store ─▶ wire (session, limiter) ─▶ newsroom, delivery, handlers ─▶ ticks
    a signal, or a part that ends ─▶ ticks stop ─▶ polling drains ─▶ sender drains ─▶ store closes

The store is opened first and closed last. Nothing is kept at module level.
"""

import asyncio
import contextlib
import gc
import logging
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiogram import Bot
from aiogram.exceptions import AiogramError

from bot import __version__
from bot.config import PushPictures, Settings
from bot.delivery.announcer import Announcer
from bot.delivery.approvals import Approvals
from bot.delivery.digest import Digests
from bot.delivery.editor import Editor
from bot.delivery.insight import Insight
from bot.delivery.outbox import Outbox
from bot.delivery.photos import Photos
from bot.delivery.sender import Sender
from bot.delivery.tallies import Tallies
from bot.handlers import Desk, Sourcing, install
from bot.ingest.adding import Newcomers
from bot.ingest.assembly import open_pipeline
from bot.ingest.given import add_given_feeds
from bot.ingest.llm import improve_summaries
from bot.ingest.orders import Orders
from bot.ingest.reindexing import index_in_step
from bot.ingest.websub import Hubs
from bot.messages.menu import WHISPERED, admins_commands, commands, reading_commands
from bot.messages.texts import load_all
from bot.scheduler import Scheduler
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from bot.telegram.menu import register_menu_of, register_menus
from bot.telegram.received import Received
from bot.telegram.retries import PatientRequests
from bot.telegram.rights import may_post
from bot.telegram.session import LeanSession
from bot.telegram.updates import PollingDispatcher
from bot.telegram.webhook import PATH, WebhookReceiver
from bot.web.certificate import own_certificate
from bot.web.listener import Route, listening
from bot.words.normaliser import Normaliser
from storage import SQLITE_VERSION, DiskFullError, Feed, FeedState, Storage

if TYPE_CHECKING:
    from bot.ingest.pipeline import Pipeline

log = logging.getLogger(__name__)

_OUTBOX_SECONDS = 5.0
_THREADS = 64
_POLL_TICK_SECONDS = 5.0
_PAGES_SECONDS = 60.0
_EDITS_SECONDS = 5.0
_DRAFTS_SECONDS = 2.0
_TALLIES_SECONDS = 5.0
_ORDERS_SECONDS = 2.0
_WATCH_SECONDS = 5.0
_ERASED_SECONDS = 1.0
_UPKEEP_HOUR = 4
_USERNAME = "username"  # the name in the store of the bot's own
_ADMIN_LINK_LIFE = timedelta(days=1)


def now() -> datetime:
    """The one clock of the process."""
    return datetime.now(UTC)


async def run(settings: Settings) -> None:
    """Run the bot until SIGINT or SIGTERM.

    Raises SettingsError, StorageError or TokenRefusedError, each a line for the operator.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    # Names are looked up in threads, by default in six on two cores: that many hosts with a dead
    # name server would keep everybody waiting, Telegram's own name included.
    loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="newsboy"))
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows' event loop takes no signal handlers; there Ctrl-C raises KeyboardInterrupt.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopping.set)
    async with Storage.open(settings.database) as storage:
        await add_given_feeds(storage, settings, now())
        log.info("%s", start_line(settings, await storage.feeds.all()))
        await _Newsboy(settings, storage).run(stopping)
    log.info("stopped")


def start_line(settings: Settings, feeds: Sequence[Feed]) -> str:
    """What is started, for the log: where a wrong setting shows at once."""
    polled = [one for one in feeds if one.state is FeedState.ACTIVE]
    failing = sum(one.failures > 0 for one in polled)
    facts = (
        f"newsboy {__version__} starts",
        f"database {settings.database.resolve()}",
        f"feeds: {len(polled)} ({failing} failing)" if failing else f"feeds: {len(polled)}",
        "polling" if settings.webhook is None else f"webhook {settings.webhook.url}",
        f"{settings.access.value} bot",
        f"zone {settings.time_zone}",
    )
    return "; ".join(facts)


class _Newsboy:
    """The running bot."""

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._settings = settings
        self._storage = storage
        self._texts = load_all()
        self._limiter = Limiter(settings.messages_per_second)
        self._session = LeanSession(settings.telegram_api_url, proxy=settings.telegram_proxy)
        self._insight = Insight(storage, self._limiter, clock=now)
        self._session.middleware(
            PatientRequests(self._limiter, on_fault=self._insight.fault, on_pause=self._bulk_rests)
        )
        self._bot = Bot(settings.token, session=self._session)
        self._digests = Digests(storage, self._texts)
        self._pipeline: Pipeline | None = None  # until it runs
        bulk = BulkClient(self._bot, self._session, paid=settings.paid_broadcasts)
        self._sender = Sender(
            storage,
            bulk,
            self._limiter,
            self._digests,
            clock=now,
            photos=Photos(storage, self._picture, clock=now)
            if settings.push_pictures is PushPictures.PHOTO
            else None,
            resend=settings.after_crash == "resend",
            insight=self._insight,
        )
        self._editor = Editor(
            storage, bulk, self._limiter, self._digests, clock=now, insight=self._insight
        )
        self._approvals = Approvals(
            storage,
            bulk,
            self._limiter,
            self._digests,
            may_post=partial(may_post, self._bot),
            clock=now,
        )
        self._tallies = Tallies(storage, bulk, self._limiter, self._digests, clock=now)
        self._announcer = Announcer(
            storage,
            bulk,
            self._limiter,
            self._texts,
            admins=settings.admins,
            language=settings.language,
            zone=ZoneInfo(settings.time_zone),
            clock=now,
        )
        self._normaliser = Normaliser()
        self._outbox = Outbox(storage, owed=self._sender.wake, normaliser=self._normaliser)
        self._stored = asyncio.Event()

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`, or until a part ends by an error, which is raised."""
        received = Received(self._storage.updates, now)
        # News may go out before Telegram has said who the bot is.
        self._digests.bot = await self._storage.meta.get(_USERNAME) or ""
        dispatcher = PollingDispatcher(received=received, disable_fsm=True)
        scheduler = Scheduler()
        async with (
            _closing(self._session),
            open_pipeline(
                self._settings,
                self._storage,
                self._normaliser,
                on_push=self._stored.set,
                hubs_clock=now,
            ) as pipeline,
            index_in_step(self._storage, self._normaliser),
            improve_summaries(self._settings, self._storage, self._normaliser, clock=now),
            self._door(dispatcher, pipeline.hubs) as webhook,
        ):
            orders = Orders(self._settings.database, self._storage, clock=now)
            self._pipeline = pipeline
            newcomers = Newcomers(
                self._storage,
                scout=pipeline.scout,
                guest_scout=pipeline.guest_scout,
                most=self._settings.readers_add_sources,
                clock=now,
            )
            install(
                dispatcher,
                Desk(
                    storage=self._storage,
                    settings=self._settings,
                    texts=self._texts,
                    normaliser=self._normaliser,
                    digests=self._digests,
                    clock=now,
                    sourcing=Sourcing(
                        look=lambda text, owner: newcomers.look(text, owner=owner),
                        take=lambda url, owner: newcomers.add(url, owner=owner),
                    ),
                ),
            )
            # Where tick and interval are equal, a feed due a blink after its tick waits twice.
            poll_seconds = min(_POLL_TICK_SECONDS, self._settings.poll_seconds / 4)
            scheduler.every(poll_seconds, lambda: pipeline.start_due(now()), "poll")
            pages_seconds = min(_PAGES_SECONDS, self._settings.poll_seconds)
            scheduler.every(pages_seconds, lambda: pipeline.retry_pages(now()), "pages")
            scheduler.every(_OUTBOX_SECONDS, lambda: self._outbox.expand(now()), "outbox")
            if pipeline.hubs is not None:
                scheduler.every(60, pipeline.hubs.subscribe_due, "hubs")
            scheduler.every(_EDITS_SECONDS, self._editor.edit, "corrections")
            scheduler.every(_DRAFTS_SECONDS, self._approvals.show, "drafts")
            scheduler.every(_TALLIES_SECONDS, self._tallies.show, "tallies")
            scheduler.every(_ORDERS_SECONDS, orders.take, "orders")
            scheduler.every(60, self._announcer.announce, "notices")
            scheduler.every(_WATCH_SECONDS, self._announcer.watch, "pauses")
            scheduler.every(_ERASED_SECONDS, self._settle, "erasures")
            scheduler.each_minute(lambda: self._outbox.owe_digests(now()), "digests")
            zone = ZoneInfo(self._settings.time_zone)
            scheduler.nightly(_UPKEEP_HOUR, zone, self._upkeep, "upkeep")
            # What is there now stays for good; looking through it again and again would cost the
            # collector a quarter of a delivery's CPU.
            gc.collect()
            gc.freeze()
            parts = [
                asyncio.create_task(part, name=name)
                for name, part in (
                    ("updates", self._receive(dispatcher, webhook)),
                    ("sender", self._sender.run()),
                    ("expansion", self._expand()),
                    ("stop", stopping.wait()),
                )
            ]
            # News come in from the start, however long Telegram cannot be reached.
            scheduler.start()
            try:
                with orders.open():
                    await _first_end(parts)
            finally:
                ending = _stop_polling(dispatcher) if webhook is None else webhook.stop()
                await self._stop(scheduler, ending, parts)

    @contextlib.asynccontextmanager
    async def _door(
        self, dispatcher: PollingDispatcher, hubs: Hubs | None
    ) -> AsyncIterator[WebhookReceiver | None]:
        """Where there is a public address, the door that Telegram and hubs come to.

        Raises ListenError, CertificateError.
        """
        given = self._settings.webhook
        if given is None:
            yield None
            return
        own = own_certificate(given)
        webhook = WebhookReceiver(dispatcher, self._bot, given.url + PATH, own)
        routes = [Route("POST", PATH, webhook.handle), *(hubs.routes() if hubs else ())]
        tls = None if own is None else own.context
        async with listening(*given.listen, routes, tls):
            yield webhook

    async def _stop(
        self,
        scheduler: Scheduler,
        ending: Awaitable[None],
        parts: Sequence[asyncio.Task[object]],
    ) -> None:
        """Take in no more, let what is in flight come back, end the rest."""
        log.info("stopping")
        self._editor.stop()
        await asyncio.gather(scheduler.stop(), ending, self._sender.stop(), return_exceptions=True)
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)

    async def _receive(
        self, dispatcher: PollingDispatcher, webhook: WebhookReceiver | None
    ) -> None:
        """Answer readers, as soon as Telegram answers; raises TokenRefusedError."""
        account = await dispatcher.reach(self._bot)
        if await self._storage.upkeep.change_bot(account.id):
            log.warning(
                "BOT_TOKEN is another bot's than before: what the former one sent stays as it is, "
                "and readers have to start this one before it can write to them"
            )
        await self._named(account.username or "")
        await self._invite_admin(account.username or "")
        menus = asyncio.create_task(self._register_menus(), name="menus")
        log.info("@%s is at work with SQLite %s; Ctrl-C stops it", account.username, SQLITE_VERSION)
        try:
            await (dispatcher.receive(self._bot) if webhook is None else webhook.receive())
        finally:
            menus.cancel()

    async def _named(self, username: str) -> None:
        """Know the bot's username, which links into it carry; over a restart too."""
        if username != self._digests.bot:
            self._digests.bot = username
            await self._storage.meta.set(_USERNAME, username)

    def _bulk_rests(self, seconds: float) -> None:
        """Requests of people were too fast, so that bulk is to rest; over a restart too."""
        self._insight.paused(seconds)
        self._sender.rested(seconds)

    async def _picture(self, url: str, owner: int | None) -> bytes | None:
        """The file of an article's picture, through the newsroom's way out."""
        return None if self._pipeline is None else await self._pipeline.picture(url, owner)

    async def _expand(self) -> None:
        """Owe a push the moment that its article is stored; the tick is only the safety net."""
        while True:
            await self._stored.wait()
            self._stored.clear()
            try:
                await self._outbox.expand(now())
            except DiskFullError as error:
                log.error("a push could not be owed; it is tried again: %s", error)
            except Exception:  # the tick tries again
                log.exception("a push could not be owed; it is tried again")

    async def _register_menus(self) -> None:
        """Name the commands to Telegram; the bot works without, so a failure is only logged."""
        try:
            await register_menus(
                self._bot,
                {language: commands(texts) for language, texts in self._texts.items()},
                fallback=self._settings.language,
                in_groups={
                    name for name, _ in reading_commands(self._texts[self._settings.language])
                },
                whispered=WHISPERED,
            )
            await register_menu_of(
                self._bot,
                sorted(self._settings.admins | set(await self._storage.people.admins())),
                {
                    language: (*commands(texts), *admins_commands(texts))
                    for language, texts in self._texts.items()
                },
                fallback=self._settings.language,
            )
        except AiogramError as error:
            log.warning("the command menu was not registered: %s", error)

    async def _invite_admin(self, username: str) -> None:
        """With no admin known, print the link that makes its opener the admin, once."""
        if self._settings.admins or await self._storage.people.admins():
            return
        code = secrets.token_urlsafe(16)
        await self._storage.people.invite(
            code, now=now(), uses=1, expires=now() + _ADMIN_LINK_LIFE, admin=True
        )
        log.warning(
            "nobody is admin yet: open https://t.me/%s?start=%s within a day to become it",
            username,
            code,
        )

    async def _settle(self) -> None:
        """Leave no copies of what people had deleted."""
        await self._storage.privacy.settle(now())

    async def _upkeep(self) -> None:
        """Nightly: forget what is past its use, tidy the file."""
        at = now()
        settings, upkeep = self._settings, self._storage.upkeep
        lines = await upkeep.prune_ledger(at - timedelta(days=settings.keep_deliveries_days), at)
        articles = 0
        if settings.keep_articles_days is not None:
            articles += await upkeep.prune_articles(
                at - timedelta(days=settings.keep_articles_days)
            )
        if settings.keep_database_mb is not None:
            articles += await upkeep.prune_to_size(settings.keep_database_mb * 1_000_000)
        upkeep.prune_copies(at)
        await upkeep.tidy()
        await self._storage.privacy.tidy()
        log.info("upkeep is done; removed articles: %d, deliveries: %d", articles, lines)


@contextlib.asynccontextmanager
async def _closing(session: LeanSession) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await session.close()


async def _first_end(parts: Sequence[asyncio.Task[object]]) -> None:
    """Wait until one part ends, and raise what ended it."""
    done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    for part in done:
        await part


async def _stop_polling(dispatcher: PollingDispatcher) -> None:
    """Stop polling, where it has begun; this waits for the handlers in flight."""
    with contextlib.suppress(RuntimeError):  # the framework's word for "not begun"
        await dispatcher.stop_polling()
