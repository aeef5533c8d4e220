"""A push to 10,000 chats with the limit lifted, against a bare loop of `send_message`.

Both run in this process, in turn, against one bare server in a process of its own, each with the
requests in flight that suit it. The delivery side pays for everything: matching, expansion, claims,
rechecks, rendering, durable acknowledgements.
"""

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import TelegramMethod
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions

from bot.delivery.digest import Digests
from bot.delivery.outbox import Outbox
from bot.delivery.sender import Sender
from bot.messages import classic
from bot.messages.payloads import Payload
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from bot.telegram.session import LeanSession
from storage import (
    Alerts,
    ArticleDraft,
    ChatKind,
    EntryKey,
    PushPlan,
    Storage,
    Stored,
    SubscriberDefaults,
)
from tests.bench.report import Figure, cpu_seconds
from tests.bench.servers import server, tally

CHATS = 10_000
BARE_IN_FLIGHT = 100  # more make the bare loop slower, and would flatter us
BARE = 6_000


@dataclass(frozen=True)
class Cost:
    """What something took: seconds by the clock, and seconds of this process's CPU."""

    seconds: float
    cpu: float


class CountingSession(LeanSession):
    """The bot's own session, which tells when as many messages were answered as there are chats."""

    def __init__(self, url: str, chats: int) -> None:
        super().__init__(url)
        self.all_answered = asyncio.Event()
        self._left = chats

    async def post_ready(
        self, bot: Bot, method: TelegramMethod[Any], body: bytes
    ) -> tuple[int, bytes]:
        answer = await super().post_ready(bot, method, body)
        self._left -= 1
        if self._left == 0:
            self.all_answered.set()
        return answer


def now() -> datetime:
    return datetime.now(UTC)


async def fill(storage: Storage, chats: Iterable[int]) -> Stored:
    at = now()
    feed = await storage.feeds.add("https://vestnik.example/feed", "vestnik.example", at)
    defaults = SubscriberDefaults(
        language="ru",
        news_language="ru",
        zone="Europe/Moscow",
        alerts=Alerts.ON,
        quiet_from=None,
        quiet_to=None,
        hourly=None,
        daily=None,
    )
    for chat in chats:
        await storage.subscribers.create(
            chat,
            kind=ChatKind.PRIVATE,
            title="Reader",
            defaults=defaults,
            now=at,
            covered_before=at,
        )
    return await storage.articles.store(
        ArticleDraft(
            feed_id=feed.id,
            source_id=feed.source_id,
            key=EntryKey("1", "vestnik.example/1", "1"),
            url="https://vestnik.example/1",
            title="Через реку открыли новый мост",
            summary="Движение по мосту открыли утром. Дорога в центр стала короче вдвое.",
            published=at,
            fetched=at,
            language="ru",
            search_title="мост",
            search_body="мост",
        ),
        now=at,
        push=PushPlan(at + timedelta(hours=2)),
    )


class Loop:
    """The baseline: the framework's own bot and session, and `send_message` in bare loops."""

    def __init__(
        self, url: str, token: str, payload: Payload, *, in_flight: int = BARE_IN_FLIGHT
    ) -> None:
        self._in_flight = in_flight
        self._session = AiohttpSession(api=TelegramAPIServer.from_base(url), limit=in_flight)
        self._bot = Bot(token, session=self._session)
        self._payload = payload
        self._keyboard = InlineKeyboardMarkup(
            inline_keyboard=[
                [InlineKeyboardButton(text=one.text, callback_data=one.data) for one in row]
                for row in payload.keyboard
            ]
        )

    async def send(self, chats: Sequence[int]) -> Cost:
        """Send to all of them, so many at once."""
        waiting = iter(chats)
        preview = LinkPreviewOptions(is_disabled=True)

        async def loop() -> None:
            for chat in waiting:
                await self._bot.send_message(
                    chat,
                    self._payload.text,
                    parse_mode="HTML",
                    reply_markup=self._keyboard,
                    link_preview_options=preview,
                    disable_notification=True,
                )

        began, cpu = time.perf_counter(), cpu_seconds()
        await asyncio.gather(*(loop() for _ in range(self._in_flight)))
        return Cost(time.perf_counter() - began, cpu_seconds() - cpu)

    async def close(self) -> None:
        await self._session.close()


async def push(
    telegram: dict[str, Any],
    storage: Storage,
    digests: Digests,
    *,
    chats: int = CHATS,
    limiter: Limiter | None = None,
) -> Cost:
    """Expand the push and deliver it to everybody, to the last acknowledgement."""
    session = CountingSession(telegram["url"], chats)
    bulk = BulkClient(Bot(telegram["token"], session=session), session)
    sender = Sender(storage, bulk, limiter or Limiter(None), digests, clock=now)
    outbox = Outbox(storage, owed=sender.wake)
    running = asyncio.create_task(sender.run())
    await asyncio.sleep(0.2)
    began, cpu = time.perf_counter(), cpu_seconds()
    await outbox.expand(now())
    async with asyncio.timeout(120):
        await session.all_answered.wait()
    await sender.stop()
    await running
    cost = Cost(time.perf_counter() - began, cpu_seconds() - cpu)
    await session.close()
    return cost


@asynccontextmanager
async def backlog(
    telegram: dict[str, Any], storage: Storage, digests: Digests, limiter: Limiter
) -> AsyncIterator[None]:
    """Deliver the push for as long as the block lasts; what is left is owed to the next."""
    session = LeanSession(telegram["url"])
    bulk = BulkClient(Bot(telegram["token"], session=session), session)
    sender = Sender(storage, bulk, limiter, digests, clock=now)
    running = asyncio.create_task(sender.run())
    await Outbox(storage, owed=sender.wake).expand(now())
    yield
    await sender.stop()
    await running
    await session.close()


async def measure() -> list[Figure]:
    """Deliveries a second and CPU a delivery, ours and the bare loop's."""
    chats, others = list(range(1, CHATS + 1)), range(CHATS + 1, CHATS + BARE + 1)
    async with server("tests.bench.loopback") as telegram, aiohttp.ClientSession() as asking:
        with tempfile.TemporaryDirectory() as folder:
            async with Storage.open(Path(folder) / "newsboy.db") as storage:
                stored = await fill(storage, chats)
                digests = Digests(storage, load_all())
                article = await storage.articles.get(stored.article_id)
                subscriber = await storage.subscribers.get(1)
                payload = classic.push(article, digests.viewer(subscriber, now()))
                loop = Loop(telegram["url"], telegram["token"], payload)
                await loop.send(others[:BARE_IN_FLIGHT])  # connections opened, models built
                gc.collect()
                gc.freeze()  # as the bot does at start
                # Half before and half after: a busy neighbour so wrongs neither.
                before = await loop.send(others[: BARE // 2])
                await tally(asking, telegram["url"])
                ours = await push(telegram, storage, digests)
                counted = await tally(asking, telegram["url"])
                after = await loop.send(others[BARE // 2 :])
                await loop.close()
    if (counted["messages"], counted["chats"], counted["most_to_one"]) != (CHATS, CHATS, 1):
        raise AssertionError(f"not every chat has exactly one message: {counted}")
    rate, bare_rate = CHATS / ours.seconds, BARE / (before.seconds + after.seconds)
    each, bare_each = ours.cpu / CHATS * 1e6, (before.cpu + after.cpu) / BARE * 1e6
    return [
        Figure(f"push to {CHATS} chats, deliveries/s", f"{rate:.0f}"),
        Figure("bare send_message, 100 in flight, messages/s", f"{bare_rate:.0f}"),
        Figure(
            "deliveries/s over the bare loop's",
            f"{rate / bare_rate:.2f}",
            "≥ 1.5",
            rate >= 1.5 * bare_rate,
        ),
        Figure("CPU a delivery, all in", f"{each:.0f} µs"),
        Figure("CPU a bare send_message", f"{bare_each:.0f} µs"),
        Figure(
            "CPU over the bare loop's",
            f"{each / bare_each:.2f}",
            "≤ 0.6",
            each <= 0.6 * bare_each,
        ),
    ]
