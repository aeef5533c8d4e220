"""A real store with a newsroom's rows in it, and a sender that talks to a loopback Telegram."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot

from bot.delivery.digest import Digests
from bot.delivery.outbox import Outbox
from bot.delivery.photos import Photos
from bot.delivery.sender import Sender
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from bot.telegram.session import LeanSession
from storage import (
    Alerts,
    ArticleDraft,
    BodyFrom,
    ChatKind,
    EntryKey,
    Feed,
    Layout,
    Paragraph,
    PushPlan,
    SlotPlan,
    Span,
    Storage,
    Stored,
    Subscriber,
    SubscriberDefaults,
    SubscriberState,
    Topic,
)
from tests.telegram.conftest import TOKEN, Server, server

__all__ = ["server"]  # the loopback Telegram is a fixture here too

ANSWER_SECONDS = 5.0
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # noon in Moscow, a Sunday

READER = Subscriber(
    id=1,
    chat_id=1001,
    thread_id=0,
    kind=ChatKind.PRIVATE,
    title="Reader",
    state=SubscriberState.ACTIVE,
    paused_reason=None,
    language="ru",
    language_chosen=False,
    news_language="ru",
    zone="Europe/Moscow",
    zone_chosen=False,
    alerts=Alerts.ON,
    quiet_from=None,
    quiet_to=None,
    hourly=None,
    daily=None,
    headlines=7,
    silent=False,
    pictures=True,
    layout=Layout.CLASSIC,
    rich_confirmed=False,
    watermark=0,
    created=NOW,
)
"""A private chat at noon, which gets everything at once."""


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


class Newsroom:
    """Fills the store: articles with owed pushes, subscribers with settings."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self.storage = storage
        self.clock = clock
        self._feeds: dict[str, Feed] = {}
        self._articles = 0
        self._chats = 0

    async def article(
        self,
        title: str = "Открыт новый мост",
        *,
        domain: str = "vestnik.example",
        topic: Topic = Topic.SOCIETY,
        language: str = "ru",
        push: bool = True,
        words: str = "",
        story: int | None = None,
        owner: int | None = None,
        **fields: Any,
    ) -> Stored:
        if domain not in self._feeds:
            self._feeds[domain] = await self.storage.feeds.add(
                f"https://{domain}/feed", domain, self.clock.now, owner=owner
            )
        return await self.storage.articles.store(
            self.draft(title, domain=domain, topic=topic, language=language, words=words, **fields),
            now=self.clock.now,
            story_id=story,
            push=PushPlan(self.clock.now + timedelta(hours=2)) if push else None,
        )

    def draft(
        self,
        title: str,
        *,
        domain: str = "vestnik.example",
        topic: Topic = Topic.SOCIETY,
        language: str = "ru",
        words: str = "",
        **fields: Any,
    ) -> ArticleDraft:
        feed = self._feeds[domain]
        self._articles += 1
        number = self._articles
        draft = ArticleDraft(
            feed_id=feed.id,
            source_id=feed.source_id,
            key=EntryKey(f"guid{number}", f"{domain}/{number}", f"hash{number}"),
            url=f"https://{domain}/{number}",
            title=title,
            summary="Движение открыли утром.",
            published=self.clock.now - timedelta(minutes=1),
            fetched=self.clock.now,
            language=language,
            topic=topic,
            body=(Paragraph((Span("Движение открыли утром."),)),),
            body_from=BodyFrom.PAGE,
            search_title=words or "мост",
            search_body=words,
        )
        return replace(draft, **fields)

    async def reader(
        self,
        chat_id: int | None = None,
        *,
        alerts: Alerts = Alerts.ON,
        slots: tuple[SlotPlan, ...] = (),
        slot_dues: tuple[datetime, ...] = (),
        kind: ChatKind = ChatKind.PRIVATE,
        thread_id: int = 0,
        **defaults: Any,
    ) -> Subscriber:
        self._chats += 1
        base = SubscriberDefaults(
            language="ru",
            news_language="ru",
            zone="Europe/Moscow",
            alerts=alerts,
            quiet_from=None,
            quiet_to=None,
            hourly=None,
            daily=None,
            slots=slots,
            slot_dues=slot_dues,
        )
        subscriber, _ = await self.storage.subscribers.create(
            chat_id or 1000 + self._chats,
            kind=kind,
            title="Reader",
            defaults=replace(base, **defaults),
            now=self.clock.now,
            covered_before=self.clock.now - timedelta(hours=12),
            thread_id=thread_id,
        )
        return subscriber

    async def fill_disk(self) -> None:
        """From now on an acknowledgement needs pages that the file may not have."""
        await self._write("CREATE TABLE filler (x)")
        await self._write(
            """
            CREATE TRIGGER greedy AFTER UPDATE ON delivery WHEN new.state = 'sent'
            BEGIN INSERT INTO filler VALUES (zeroblob(200000)); END
            """
        )
        ((pages,),) = await self._write("PRAGMA page_count")
        await self._write(f"PRAGMA max_page_count = {pages + 1}")

    async def free_disk(self) -> None:
        """There is space again."""
        await self._write("PRAGMA max_page_count = 1000000")

    async def _write(self, sql: str) -> Any:
        writer = self.storage.outbox._database._writer
        assert writer is not None
        return await writer.execute_fetchall(sql)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with Storage.open(tmp_path / "newsboy.db") as opened:
        yield opened


@pytest.fixture
def newsroom(storage: Storage, clock: Clock) -> Newsroom:
    return Newsroom(storage, clock)


@pytest.fixture
async def bulk(server: Server) -> AsyncIterator[BulkClient]:
    """The bulk lane's way out, to the loopback Telegram."""
    session = LeanSession(server.url, answer_seconds=5)
    yield BulkClient(Bot(TOKEN, session=session), session)
    await session.close()


@dataclass
class Desk:
    """A running sender with all around it."""

    sender: Sender
    outbox: Outbox
    digests: Digests
    limiter: Limiter
    storage: Storage
    clock: Clock

    async def until(self, condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
        """Wait until the store or the server shows what is expected."""
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110  # the store has no events
                await asyncio.sleep(0.02)

    async def settle(self) -> None:
        """Owe what is open, send it, and wait until nothing is owed or in flight."""
        await self.outbox.expand(self.clock.now)
        await self.outbox.owe_digests(self.clock.now)
        self.sender.wake()

        async def quiet() -> bool:
            states = await self.states()
            return not {"owed", "claimed"} & set(states.values())

        await self.until(quiet)

    async def states(self) -> dict[int, str]:
        """Every delivery's state, by id."""
        rows = await self.storage.outbox._database.rows("SELECT id, state FROM delivery")
        return {row["id"]: row["state"] for row in rows}


Start = Callable[..., Any]


@pytest.fixture
def start(storage: Storage, server: Server, clock: Clock) -> Start:
    """Start a sender for the block; stopped at its end."""

    @asynccontextmanager
    async def run(
        rate: float | None = None,
        in_flight: int = 50,
        photos: Photos | None = None,
        *,
        resend: bool = True,
        own_run: bool = True,
    ) -> AsyncIterator[Desk]:
        """Without `own_run` the caller runs the sender."""
        session = LeanSession(server.url, answer_seconds=ANSWER_SECONDS)
        bot = Bot(TOKEN, session=session)
        limiter = Limiter(rate)
        digests = Digests(storage, load_all())
        sender = Sender(
            storage,
            BulkClient(bot, session),
            limiter,
            digests,
            clock=clock,
            photos=photos,
            in_flight=in_flight,
            resend=resend,
        )
        desk = Desk(
            sender=sender,
            outbox=Outbox(storage, owed=sender.wake),
            digests=digests,
            limiter=limiter,
            storage=storage,
            clock=clock,
        )
        task = asyncio.create_task(sender.run()) if own_run else None
        try:
            yield desk
        finally:
            await sender.stop()
            if task is not None:
                await asyncio.gather(task, return_exceptions=True)
            await session.close()

    return run
