"""Five hundred people press at once, without and with one who presses two thousand times.

Over our own polling and the whole way through dispatcher, budget, door, handler and store; only
Telegram is played, and answers at once. The flood comes first in the queue and shares it with the
others, so their presses wait behind at least some of it. Taken in turns, so that both meet the same
machine; a press counts from its coming to Telegram to the first request that answers it.
"""

import asyncio
import tempfile
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageText,
    GetMe,
    TelegramMethod,
)
from aiogram.types import User
from pydantic import SecretStr

from bot.config import Access, Settings
from bot.delivery.digest import Digests
from bot.handlers import Desk, Sourcing, install
from bot.messages.callbacks import Latest, pack
from bot.messages.texts import load_all
from bot.sandbox.__main__ import TOKEN
from bot.telegram.received import Received
from bot.telegram.updates import PollingDispatcher, RawUpdates
from bot.words.normaliser import Normaliser
from storage import Storage
from tests.bench.commands import newsroom_away
from tests.bench.report import Figure, percentile
from tests.storage.newsroom import NOW, feed, publish, reader

PEOPLE = 500
FLOOD = 2_000
ROUNDS = 3
ARTICLES = 50
BATCH = 100  # Telegram's (Bot API, getUpdates)
GUEST = 10_000  # the one who floods

_PRESSED = pack(Latest())


@dataclass
class _Played(BaseSession):
    """Telegram's end: hands out updates in batches, notes when each person was answered."""

    queue: deque[dict[str, Any]] = field(default_factory=deque)
    came: dict[int, float] = field(default_factory=dict)
    taken: dict[int, float] = field(default_factory=dict)  # seconds, by person
    answers: int = 0
    there: asyncio.Event = field(default_factory=asyncio.Event)
    number: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    async def close(self) -> None:
        """Nothing is open."""

    async def stream_content(self, *args: Any, **kwargs: Any) -> AsyncGenerator[bytes, None]:
        yield b""

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: Any = None) -> Any:  # noqa: ASYNC109 — the framework's signature
        match method:
            case RawUpdates():
                while not self.queue:
                    self.there.clear()
                    await self.there.wait()
                return [self.queue.popleft() for _ in range(min(BATCH, len(self.queue)))]
            case GetMe():
                return User(id=1, is_bot=True, first_name="News", username="newsboy_bot")
            case EditMessageText():
                person = int(method.chat_id or 0)
                self.taken.setdefault(person, time.perf_counter() - self.came[person])
                self.answers += 1
                return True
            case AnswerCallbackQuery():
                return True
            case _:
                raise AssertionError(f"unexpected {method!r}")

    def press(self, people: Sequence[int]) -> None:
        """Everybody presses once, all at the same moment and in this order."""
        now = time.perf_counter()
        for person in people:
            self.number += 1
            self.came.setdefault(person, now)
            user = {"id": person, "is_bot": False, "first_name": "Anna", "language_code": "ru"}
            chat = {"id": person, "type": "private", "first_name": "Anna"}
            message = {"message_id": 1, "date": int(NOW.timestamp()), "chat": chat, "text": "-"}
            self.queue.append(
                {
                    "update_id": self.number,
                    "callback_query": {
                        "id": str(self.number),
                        "from": user,
                        "chat_instance": "1",
                        "message": message,
                        "data": _PRESSED,
                    },
                }
            )
        self.there.set()


@asynccontextmanager
async def _bot(folder: str) -> AsyncIterator[_Played]:
    """A polling bot with a few articles and all the people enrolled."""
    path = Path(folder) / "news.db"
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        bot_token=SecretStr(TOKEN),
        access=Access.PUBLIC,
        database=path,
    )
    played = _Played()
    bot = Bot(TOKEN, session=played)
    texts = load_all()
    async with Storage.open(path) as storage:
        source = await feed(storage)
        for number in range(ARTICLES):
            await publish(storage, source, f"a{number}")
        for person in (*range(1, PEOPLE + 1), GUEST):
            await reader(storage, person)
        received = Received(storage.updates, lambda: NOW)
        dispatcher = PollingDispatcher(received=received, disable_fsm=True)
        digests = Digests(storage, texts)
        sourcing = Sourcing(newsroom_away, newsroom_away)
        install(
            dispatcher,
            Desk(storage, texts, Normaliser(), digests, settings, lambda: NOW, sourcing),
        )
        polling = asyncio.create_task(dispatcher.receive(bot))
        try:
            yield played
        finally:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)


async def _burst(played: _Played, flood: int) -> tuple[list[float], int]:
    """Seconds until each of the others was answered; how many answers the flood had by then."""
    played.taken.clear()
    played.came.clear()
    before = played.answers
    # The flood comes among the others, four of its presses to one of theirs, and begins.
    people: list[int] = []
    share = flood // PEOPLE
    for person in range(1, PEOPLE + 1):
        people += [GUEST] * share
        people.append(person)
    played.press(people)
    async with asyncio.timeout(120):
        while len(played.taken) - (GUEST in played.taken) < PEOPLE:  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.002)
    others = [taken for person, taken in played.taken.items() if person != GUEST]
    answered = played.answers - before - PEOPLE
    async with asyncio.timeout(120):
        while played.queue:  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.01)
    await asyncio.sleep(12)  # the flooding one's budget grows back
    return others, answered


async def measure() -> list[Figure]:
    """p50 and p99 of the five hundred, alone and beside the flood; how even they are."""
    alone: list[float] = []
    beside: list[float] = []
    answered = 0
    with tempfile.TemporaryDirectory() as folder:
        async with _bot(folder) as played:
            await _burst(played, 0)  # models built, pages read
            for _ in range(ROUNDS):
                alone += (await _burst(played, 0))[0]
                others, answered = await _burst(played, FLOOD)
                beside += others
    half, most = percentile(alone, 0.5), percentile(alone, 0.99)
    half_beside, most_beside = percentile(beside, 0.5), percentile(beside, 0.99)
    ratio = most_beside / most
    return [
        Figure(f"{PEOPLE} at once, p50", f"{half * 1000:.0f} ms"),
        Figure(f"{PEOPLE} at once, p99", f"{most * 1000:.0f} ms"),
        Figure("p99 over p50", f"{most / half:.1f}", "≤ 3", most / half <= 3),
        Figure("the last answered over the first", f"{max(alone) / min(alone):.0f}"),
        Figure(f"beside a flood of {FLOOD:,}, p50", f"{half_beside * 1000:.0f} ms"),
        Figure(f"beside a flood of {FLOOD:,}, p99", f"{most_beside * 1000:.0f} ms"),
        Figure("p99 over p50, beside it", f"{most_beside / half_beside:.1f}"),
        Figure("p99 beside the flood over alone", f"{ratio:.2f}", "≤ 2", ratio <= 2),
        Figure("presses of the flood that were answered", f"{answered}", "≤ 40", answered <= 40),
    ]
