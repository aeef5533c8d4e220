"""A push to 10,000 chats with the limit lifted, against a bare loop of `send_message`.

Both run in this process, one after the other, against one sandbox in a process of its own, with
as many requests in flight. The delivery side pays for everything: matching, expansion, claims,
rechecks, rendering, durable acknowledgements.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions

from bot.delivery.digest import Digests
from bot.delivery.outbox import Outbox
from bot.delivery.sender import IN_FLIGHT, Sender
from bot.messages import classic
from bot.messages.texts import load_all
from bot.sandbox.client import Control
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
from tests.bench.servers import server

CHATS = 10_000
BARE = 3_000


def _now() -> datetime:
    return datetime.now(UTC)


async def _fill(storage: Storage, chats: list[int]) -> Stored:
    now = _now()
    feed = await storage.feeds.add("https://vestnik.example/feed", "vestnik.example", now)
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
            now=now,
            covered_before=now,
        )
    return await storage.articles.store(
        ArticleDraft(
            feed_id=feed.id,
            source_id=feed.source_id,
            key=EntryKey("1", "vestnik.example/1", "1"),
            url="https://vestnik.example/1",
            title="Через реку открыли новый мост",
            summary="Движение по мосту открыли утром. Дорога в центр стала короче вдвое.",
            published=now,
            fetched=now,
            language="ru",
            search_title="мост",
            search_body="мост",
        ),
        now=now,
        push=PushPlan(now + timedelta(hours=2)),
    )


async def _bare(bot: Bot, chats: list[int], text: str, keyboard: InlineKeyboardMarkup) -> None:
    waiting = iter(chats)
    preview = LinkPreviewOptions(is_disabled=True)

    async def loop() -> None:
        for chat in waiting:
            await bot.send_message(
                chat,
                text,
                parse_mode="HTML",
                reply_markup=keyboard,
                link_preview_options=preview,
                disable_notification=True,
            )

    await asyncio.gather(*(loop() for _ in range(IN_FLIGHT)))


async def measure() -> list[Figure]:
    """Deliveries a second and CPU a delivery, ours and the bare loop's."""
    async with (
        server("bot.sandbox", "--lax", "--no-rates") as sandbox,
        Control(sandbox["url"]) as people,
    ):
        chats = await people.create_users(CHATS)
        with tempfile.TemporaryDirectory() as folder:
            async with Storage.open(Path(folder) / "newsboy.db") as storage:
                stored = await _fill(storage, chats)
                session = LeanSession(sandbox["url"])
                bot = Bot(sandbox["token"], session=session)
                digests = Digests(storage, load_all())
                sender = Sender(
                    storage, BulkClient(bot, session), Limiter(None), digests, clock=_now
                )
                outbox = Outbox(storage, owed=sender.wake)
                running = asyncio.create_task(sender.run())
                await asyncio.sleep(0.2)
                began, cpu = time.perf_counter(), cpu_seconds()
                await outbox.expand(_now())
                while sender.counts.sent < CHATS:  # noqa: ASYNC110  # no event for a measure
                    await asyncio.sleep(0.01)
                ours, ours_cpu = time.perf_counter() - began, cpu_seconds() - cpu
                await sender.stop()
                await running
                article = await storage.articles.get(stored.article_id)
                subscriber = await storage.subscribers.get(1)
                payload = classic.push(article, digests.viewer(subscriber, _now()))
                await session.close()
        tally = await people.tally()
        if sorted(tally.values()) != [1] * CHATS:
            raise AssertionError("not every chat has exactly one message")
        keyboard = InlineKeyboardMarkup(
            inline_keyboard=[
                [InlineKeyboardButton(text=one.text, callback_data=one.data) for one in row]
                for row in payload.keyboard
            ]
        )
        stock = AiohttpSession(api=TelegramAPIServer.from_base(sandbox["url"]), limit=IN_FLIGHT)
        bare_bot = Bot(sandbox["token"], session=stock)
        began, cpu = time.perf_counter(), cpu_seconds()
        await _bare(bare_bot, chats[:BARE], payload.text, keyboard)
        bare, bare_cpu = time.perf_counter() - began, cpu_seconds() - cpu
        await stock.close()
    rate, bare_rate = CHATS / ours, BARE / bare
    each, bare_each = ours_cpu / CHATS * 1e6, bare_cpu / BARE * 1e6
    return [
        Figure(f"push to {CHATS} chats, deliveries/s", f"{rate:.0f}"),
        Figure("bare send_message, as many in flight, messages/s", f"{bare_rate:.0f}"),
        Figure(
            "deliveries/s over the bare loop's", f"{rate / bare_rate:.2f}", "≥ 1", rate >= bare_rate
        ),
        Figure("CPU a delivery, all in", f"{each:.0f} µs"),
        Figure("CPU a bare send_message", f"{bare_each:.0f} µs"),
        Figure("CPU over the bare loop's", f"{each / bare_each:.2f}", "≤ 1", each <= bare_each),
    ]
