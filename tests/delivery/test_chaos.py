"""Two days of faults, crashes and whims: whatever happens, every reader has every story."""

import asyncio
from collections import Counter
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from aiogram import Bot

from bot.delivery.digest import Digests
from bot.delivery.outbox import Outbox
from bot.delivery.schedule import next_due
from bot.delivery.sender import Sender
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from bot.telegram.session import LeanSession
from storage import ChatKind, SlotPlan, Storage, SubscriberState, Topic
from tests.delivery.conftest import NOW, Clock, Newsroom
from tests.delivery.test_sender import EVERY_DAY
from tests.telegram.conftest import TOKEN, Answer, Request, Server, error

MOSCOW = ZoneInfo("Europe/Moscow")
STORIES = 30
ROUNDS = 2 * 24


def title(number: int) -> str:
    return f"Новость №{number:03}."


class Weather:
    """Answers as Telegram does on a bad day, and remembers what arrived where."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.bad = True
        self.blocked: set[int] = set()
        self.unblocked: set[int] = set()
        self.moved: dict[int, int] = {}
        self.arrived: Counter[tuple[int, int]] = Counter()

    def __call__(self, request: Request) -> Answer:
        chat = request.fields["chat_id"]
        if chat in self.blocked:
            return error(403, "Forbidden: bot was blocked by the user")
        if self.bad and self.random.random() < 0.01:
            return error(400, "Bad Request: chat not found")  # for a moment
        if chat in self.moved:
            return error(400, "Bad Request: moved", migrate_to_chat_id=self.moved[chat])
        luck = self.random.random() if self.bad else 1.0
        if luck < 0.04:
            return error(429, "Too Many Requests: retry after 1", retry_after=1)
        if luck < 0.08:
            return error(500, "Internal Server Error")
        if luck < 0.12:
            return Answer(502, "<html>Bad Gateway</html>")
        if luck < 0.14:
            return Answer(drop=True)
        if luck < 0.16:
            return error(400, "Bad Request: can't parse entities: oops")
        if luck < 0.17:
            return error(400, "Bad Request: TOO_ODD")  # in plain text too, now and then
        for number in range(STORIES):
            if title(number) in request.fields["text"]:
                self.arrived[chat, number] += 1
        if luck < 0.19:
            return Answer(drop=True)  # accepted, and nobody is told so
        return Answer(body='{"ok":true,"result":{"message_id":9}}')


async def test_every_reader_has_every_story(
    storage: Storage, newsroom: Newsroom, clock: Clock, server: Server
) -> None:
    random = Random(7)  # noqa: S311  # a test's dice
    weather = Weather(random)
    server.default = weather
    session = LeanSession(server.url, answer_seconds=5)
    bot = Bot(TOKEN, session=session)
    plans = (SlotPlan(8 * 60, EVERY_DAY, False), SlotPlan(19 * 60, EVERY_DAY, True))
    readers = []
    for number in range(12):
        slots = plans if number % 2 else ()
        readers.append(
            await newsroom.reader(
                -50 - number if number % 4 == 2 else 1000 + number,
                kind=ChatKind.GROUP if number % 4 == 2 else ChatKind.PRIVATE,
                quiet_from=23 * 60 if number % 3 else None,
                quiet_to=8 * 60 if number % 3 else None,
                hourly=random.choice([None, 1, 3]),
                daily=random.choice([None, 12]),
                headlines=30,
                slots=slots,
                slot_dues=tuple(
                    next_due(one.minute, one.weekdays, MOSCOW, NOW, None) for one in slots
                ),
            )
        )
    begun = list[int]()
    limiter = Limiter(None)

    def start() -> tuple[Sender, Outbox, asyncio.Task[None]]:
        digests = Digests(storage, load_all())
        sender = Sender(storage, BulkClient(bot, session), limiter, digests, clock=clock)
        return sender, Outbox(storage, owed=sender.wake), asyncio.create_task(sender.run())

    async def settle(sender: Sender, outbox: Outbox) -> None:
        await outbox.expand(clock.now)
        await outbox.owe_digests(clock.now)
        for _ in range(7):
            limiter._bulk_paused_until = 0.0  # pauses are the real clock's
            limiter._chats.clear()
            sender.wake()
            await asyncio.sleep(0.01)
            clock.forward(seconds=40)

    sender, outbox, running = start()
    try:
        for hour in range(ROUNDS):
            while len(begun) < STORIES * hour / (ROUNDS - 12):
                if len(begun) == STORIES:
                    break
                old = timedelta(hours=4) if random.random() < 0.2 else timedelta(minutes=1)
                stored = await newsroom.article(
                    title(len(begun)),
                    topic=Topic.OTHER,
                    words=f"слово{len(begun)}",
                    published=clock.now - old,
                )
                begun.append(stored.story_id)
                if random.random() < 0.3:
                    await newsroom.article(
                        title(len(begun) - 1),
                        topic=Topic.OTHER,
                        domain="hronika.example",
                        story=stored.story_id,
                    )
            whim, reader = random.random(), random.choice(readers)
            now = await storage.subscribers.get(reader.id)
            # Who blocks the bot keeps to digests: what comes meanwhile only they can bring.
            blocker = readers.index(reader) % 2 == 1
            if whim < 0.1 and blocker:
                weather.blocked.add(now.chat_id)
            elif whim < 0.3 and weather.blocked:
                back = random.choice(sorted(weather.blocked))
                weather.blocked.discard(back)
                weather.unblocked.add(back)
                await storage.subscribers.revive(back)
            elif whim < 0.35 and now.kind is ChatKind.GROUP and now.chat_id not in weather.blocked:
                weather.moved[now.chat_id] = -100_500 - reader.id
            elif whim < 0.6 and not blocker:
                taken = () if await storage.subscribers.slots(reader.id) else plans
                dues = [
                    next_due(one.minute, one.weekdays, MOSCOW, clock.now, None) for one in taken
                ]
                await storage.subscribers.set_slots(reader.id, taken, dues)
            await settle(sender, outbox)
            if random.random() < 0.15:
                if random.random() < 0.5:
                    await sender.stop()
                running.cancel()  # or a crash
                await asyncio.gather(running, return_exceptions=True)
                for task in tuple(sender._tasks):
                    task.cancel()
                await asyncio.gather(*sender._tasks, return_exceptions=True)
                clock.forward(hours=random.choice([0, 1, 9]))
                sender, outbox, running = start()
            clock.now = NOW + timedelta(hours=max(hour + 1, (clock.now - NOW) / timedelta(hours=1)))
        weather.bad = False
        gone = sorted(weather.blocked | weather.unblocked)
        weather.blocked.clear()
        for _ in range(30):
            for chat in gone:  # more than once: a refusal of before may still be on its way
                await storage.subscribers.revive(chat)
            await settle(sender, outbox)
            clock.forward(hours=1)
    finally:
        await sender.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await session.close()
    missing = []
    for reader in readers:
        last = await storage.subscribers.get(reader.id)
        assert last.state is SubscriberState.ACTIVE
        chats = {reader.chat_id, last.chat_id}
        missing += [
            (reader.id, number)
            for number in range(STORIES)
            if not any(weather.arrived[chat, number] for chat in chats)
        ]
    assert len(begun) == STORIES
    assert missing == []
