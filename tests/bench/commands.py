"""What readers send and press, with 100,000 articles and 10,000 subscribers stored.

Timed from the update fed to the last request written. Everything between is real: dispatcher, door,
handlers, the file, rendering, limiter, the session's JSON. Only the wire is cut: `_Recorder` notes
when a request's bytes are ready and answers at once. Updates come one at a time, each of another
reader, so that no chat's limit is met.
"""

import gc
import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.methods import TelegramMethod
from aiogram.types import Update
from pydantic import SecretStr

from bot.config import Access, Settings
from bot.delivery.digest import Digests
from bot.feeds.offers import Offer, Refusal
from bot.handlers import Desk, Sourcing, install
from bot.messages.callbacks import Read, Related, pack
from bot.messages.follow_forms import MAX_WORDS
from bot.messages.texts import load_all
from bot.sandbox.__main__ import TOKEN
from bot.telegram.limiter import Limiter
from bot.telegram.received import Received
from bot.telegram.retries import PatientRequests
from bot.telegram.session import LeanSession
from bot.telegram.updates import PollingDispatcher
from bot.words.normaliser import Normaliser
from storage import Storage, Topic
from tests.bench.archive import ENDS, SOURCES, titles
from tests.bench.readers import FIRST, READERS, readers_archive
from tests.bench.report import Figure, percentile

ARTICLES = 100_000
TIMES = 1_000
_WARM = 500  # commands before the first that is timed
GOAL_MS, SEARCH_GOAL_MS = 50.0, 150.0

_WORD = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]+)*")
_COMMON = ("город", "вопрос", "программы", "миллионов рублей", "начало в городе", "council plan")


class _Recorder(LeanSession):
    """The wire's near end: what is written is timed, and answered as Telegram would."""

    def __init__(self) -> None:
        super().__init__("http://telegram.invalid")
        self.written = 0.0
        self.requests = 0

    async def post(
        self,
        bot: Bot,
        method: TelegramMethod[Any],
        body: bytes | aiohttp.FormData,
        timeout: float | None = None,  # noqa: ASYNC109  # the overridden signature
    ) -> tuple[int, bytes]:
        self.written = time.perf_counter()
        self.requests += 1
        chat = {"id": getattr(method, "chat_id", 1), "type": "private"}
        sent = {"message_id": self.requests, "date": 0, "chat": chat, "text": "-"}
        result = True if method.__returning__ is bool else sent
        return 200, json.dumps({"ok": True, "result": result}).encode()


@dataclass(frozen=True)
class _Command:
    """Something that readers do: texts that they type or data that they press, the p99's goal."""

    name: str
    texts: Sequence[str] = ()
    goal: float = GOAL_MS
    pressed: Sequence[str] = ()
    inline: Sequence[str] = ()


def _commands(stored: Sequence[str], rng: Random) -> list[_Command]:
    topics = [topic.value for topic in Topic if topic is not Topic.OTHER]
    sources = [f"bulletin{number}.example" for number in range(SOURCES)]
    latest = ["/latest", "/latest", *(f"/latest {rng.choice(topics)}" for _ in range(4))]
    latest += [f"/latest {rng.choice(sources)}" for _ in range(2)]
    numbers = [rng.randint(1, ARTICLES) for _ in range(TIMES)]
    days = [f"/archive {ENDS.date() - timedelta(days=back)}" for back in range(90)]
    queries = list(_queries(stored, rng))
    words = [query for query in queries if len(query) < MAX_WORDS]
    return [
        _Command("/help", ["/help"]),
        _Command("/start", ["/start"]),
        _Command("/latest", latest),
        _Command("/top", ["/top"]),
        _Command("/digest", ["/digest"], SEARCH_GOAL_MS),
        _Command("/archive", days),
        _Command("/summary", [f"/summary {number}" for number in numbers]),
        _Command("/full", [f"/full_{number}" for number in numbers]),
        _Command("/search", [f"/search {query}" for query in queries], SEARCH_GOAL_MS),
        _Command("inline", inline=["", *queries], goal=SEARCH_GOAL_MS),
        _Command("/subscribe", ["/subscribe"]),
        _Command("/subscribe words", [f"/subscribe words {one}" for one in words], SEARCH_GOAL_MS),
        _Command("/saved", ["/saved"]),
        _Command("/settings", ["/settings"]),
        _Command("/settings alerts on", ["/settings alerts on", "/settings alerts off"]),
        _Command("Читать", pressed=[pack(Read(number)) for number in numbers]),
        _Command(
            "По теме", goal=SEARCH_GOAL_MS, pressed=[pack(Related(number)) for number in numbers]
        ),
    ]


def _queries(stored: Sequence[str], rng: Random) -> Iterator[str]:
    """What readers look for: one to four words of a title in any order, or a very common word."""
    for number, title in enumerate(stored):
        words = list(dict.fromkeys(_WORD.findall(title)))
        if number % 10 == 9 or not words:
            yield rng.choice(_COMMON)
        else:
            yield " ".join(rng.sample(words, min(len(words), rng.randint(1, 4))))


class Feeder:
    """Feeds updates to the dispatcher, of one chat after another, and times the answers."""

    def __init__(self, dispatcher: PollingDispatcher, bot: Bot, wire: _Recorder) -> None:
        self._dispatcher = dispatcher
        self._bot = bot
        self._wire = wire
        self._numbers = count(1)

    async def time(self, text: str) -> float:
        """Milliseconds from a message fed to the last request that answers it."""
        number = next(self._numbers)
        command = text.partition(" ")[0]
        entities = [{"type": "bot_command", "offset": 0, "length": len(command)}]
        said = {**_message(number), "from": _person(number), "text": text, "entities": entities}
        return await self._time(number, {"message": said}, text)

    async def press(self, data: str) -> float:
        """Milliseconds from a press fed to the last request that answers it."""
        number = next(self._numbers)
        query = {"id": str(number), "from": _person(number), "chat_instance": "1", "data": data}
        shown = {**_message(number), "from": {"id": 42, "is_bot": True, "first_name": "News"}}
        return await self._time(number, {"callback_query": {**query, "message": shown}}, data)

    async def inline(self, words: str) -> float:
        """Milliseconds from an inline query fed to its answer."""
        number = next(self._numbers)
        query = {"id": str(number), "from": _person(number), "query": words, "offset": ""}
        return await self._time(number, {"inline_query": query}, words)

    async def _time(self, number: int, content: dict[str, Any], what: str) -> float:
        update = Update.model_validate({"update_id": number, **content}, context={"bot": self._bot})
        before = self._wire.requests
        begun = time.perf_counter()
        await self._dispatcher.feed_update(self._bot, update)
        if self._wire.requests == before:
            raise AssertionError(f"no answer to {what}")
        return (self._wire.written - begun) * 1000


def _person(number: int) -> dict[str, Any]:
    person = FIRST + number % READERS
    return {"id": person, "is_bot": False, "first_name": "Anna", "language_code": "ru"}


def _message(number: int) -> dict[str, Any]:
    chat = {"id": FIRST + number % READERS, "type": "private", "first_name": "Anna"}
    return {"message_id": number, "date": int(ENDS.timestamp()), "chat": chat, "text": "-"}


@asynccontextmanager
async def feeder(path: Path) -> AsyncIterator[tuple[Feeder, Storage]]:
    """A bot over the database at `path`, readers enrolled, dictionaries loaded."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        bot_token=SecretStr(TOKEN),
        access=Access.PUBLIC,
        database=path,
    )
    wire = _Recorder()
    wire.middleware(PatientRequests(Limiter(None)))
    bot = Bot(TOKEN, session=wire)
    texts = load_all()
    async with Storage.open(path) as storage:
        dispatcher = PollingDispatcher(
            received=Received(storage.updates, lambda: ENDS), disable_fsm=True
        )
        install(
            dispatcher,
            Desk(
                storage=storage,
                settings=settings,
                texts=texts,
                normaliser=Normaliser(),
                digests=Digests(storage, texts),
                clock=lambda: ENDS,
                sourcing=Sourcing(newsroom_away, newsroom_away),
            ),
        )
        made = Feeder(dispatcher, bot, wire)
        for text in ["/search мост"] + ["/help"] * _WARM:
            await made.time(text)
        gc.collect()
        gc.freeze()  # as the bot does at start
        try:
            yield made, storage
        finally:
            gc.unfreeze()


async def newsroom_away(text: str, owner: int) -> Offer:
    """No address is looked at here."""
    return Offer(text, refusal=Refusal.NOT_ALLOWED)


async def measure() -> list[Figure]:
    """p50 and p99 of each command; /help is what the road costs without the archive."""
    async with readers_archive(ARTICLES) as path, feeder(path) as (feed, _):
        figures: list[Figure] = []
        for command in _commands(titles(path, TIMES), Random(1)):  # noqa: S311  # repeatable
            taken = [await feed.time(text) for text in islice(cycle(command.texts), TIMES)]
            taken += [await feed.press(data) for data in islice(cycle(command.pressed), TIMES)]
            taken += [await feed.inline(words) for words in islice(cycle(command.inline), TIMES)]
            half, most = percentile(taken, 0.5), percentile(taken, 0.99)
            figures.append(Figure(f"{command.name}, p50", f"{half:.1f} ms"))
            figures.append(
                Figure(
                    f"{command.name}, p99",
                    f"{most:.1f} ms",
                    f"≤ {command.goal:.0f} ms",
                    most <= command.goal,
                )
            )
    return figures
