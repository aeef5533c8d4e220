"""What it costs that an update is kept in the store before it is confirmed.

The same handler behind the framework's own polling, which confirms at once, and behind ours, in
turns; both over HTTP on loopback. Updates come at random moments, twenty a second, and each handler
takes as long as a request to Telegram would: so several are always in flight.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from aiogram import Bot, Dispatcher
from aiogram.types import Message

from bot.sandbox import Sandbox
from bot.sandbox.__main__ import TOKEN
from bot.telegram.received import Received
from bot.telegram.session import LeanSession
from bot.telegram.updates import PollingDispatcher
from storage import Storage
from tests.bench.report import Figure, cpu_seconds, percentile

UPDATES = 100
ROUNDS = 3
A_SECOND = 20
HANDLER_SECONDS = 0.12
QUEUED = 1_000


class _Stopwatch:
    """Answers after a while, and notes how long each update took from its coming to its answer."""

    def __init__(self) -> None:
        self.came: dict[int, float] = {}
        self.begun: list[float] = []
        self.taken: list[float] = []
        self.slow = HANDLER_SECONDS

    async def answer(self, message: Message) -> None:
        came = self.came[int(message.text or "")]
        self.begun.append((time.perf_counter() - came) * 1000)
        await asyncio.sleep(self.slow)
        self.taken.append((time.perf_counter() - came) * 1000)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.taken) < count:  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(0.001)


@asynccontextmanager
async def _polling(dispatcher: Dispatcher, bot: Bot) -> AsyncIterator[None]:
    polling = asyncio.create_task(
        dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False)
    )
    await asyncio.sleep(0.2)
    yield
    await dispatcher.stop_polling()
    await polling


def _push(sandbox: Sandbox, watch: _Stopwatch, number: int) -> None:
    watch.came[number] = time.perf_counter()
    chat = {"id": number + 1, "type": "private", "first_name": "Anna"}
    sandbox.state.push_raw(
        {
            "message": {
                "message_id": 1,
                "date": 1_790_000_000,
                "chat": chat,
                "from": {"id": number + 1, "is_bot": False, "first_name": "Anna"},
                "text": str(number),
            }
        }
    )


async def _one_by_one(
    sandbox: Sandbox, dispatcher: Dispatcher, bot: Bot, watch: _Stopwatch, rng: Random
) -> float:
    """CPU milliseconds an update, the sandbox's own included."""
    watch.slow = HANDLER_SECONDS
    before = len(watch.taken)
    async with _polling(dispatcher, bot):
        cpu = cpu_seconds()
        for number in range(UPDATES):
            _push(sandbox, watch, number)
            await asyncio.sleep(rng.expovariate(A_SECOND))
        await watch.until(before + UPDATES)
        return (cpu_seconds() - cpu) / UPDATES * 1000


async def _queued(sandbox: Sandbox, dispatcher: Dispatcher, bot: Bot, watch: _Stopwatch) -> float:
    """Updates a second, of a queue that waits when the bot comes."""
    watch.slow = 0
    taken, begun = watch.taken, watch.begun
    watch.taken, watch.begun = [], []
    try:
        for number in range(QUEUED):
            _push(sandbox, watch, number)
        start = time.perf_counter()
        async with _polling(dispatcher, bot):
            await watch.until(QUEUED)
            return QUEUED / (time.perf_counter() - start)
    finally:
        watch.taken, watch.begun = taken, begun


async def measure() -> list[Figure]:
    """Time from an update's coming to its handler and to its answer; updates a second; CPU."""
    rng = Random(1)  # noqa: S311  # repeatable
    sandbox = Sandbox(TOKEN, strict=False, rates=False)
    await sandbox.start()
    session = LeanSession(sandbox.url)
    bot = Bot(TOKEN, session=session)
    bare, kept = _Stopwatch(), _Stopwatch()
    cpu: dict[_Stopwatch, list[float]] = {bare: [], kept: []}
    speed: dict[_Stopwatch, list[float]] = {bare: [], kept: []}
    with tempfile.TemporaryDirectory() as folder:
        async with Storage.open(Path(folder) / "news.db") as storage:
            for turn in range(ROUNDS * 2):
                watch = kept if turn % 2 else bare
                dispatcher = (
                    PollingDispatcher(
                        received=Received(storage.updates, lambda: datetime.now(UTC)),
                        disable_fsm=True,
                    )
                    if watch is kept
                    else Dispatcher(disable_fsm=True)
                )
                dispatcher.message.register(watch.answer)
                cpu[watch].append(await _one_by_one(sandbox, dispatcher, bot, watch, rng))
                speed[watch].append(await _queued(sandbox, dispatcher, bot, watch))
    await session.close()
    await sandbox.stop()
    figures = []
    for name, ours, theirs in (
        ("to its handler", kept.begun, bare.begun),
        ("to its answer", kept.taken, bare.taken),
    ):
        for label, share in (("p50", 0.5), ("p99", 0.99)):
            mine, other = percentile(ours, share), percentile(theirs, share)
            figures.append(
                Figure(f"update {name}, {label}", f"{mine:.1f} ms; framework {other:.1f} ms")
            )
    mine, other = percentile(kept.taken, 0.99), percentile(bare.taken, 0.99)
    figures.append(
        Figure(
            "answer, p99, ours / the framework's",
            f"{mine / other:.3f}",
            "≤ 1.1",
            mine <= 1.1 * other,
        )
    )
    figures.append(
        Figure(
            "CPU an update, sandbox included",
            f"{min(cpu[kept]):.2f} ms; framework {min(cpu[bare]):.2f} ms",
        )
    )
    figures.append(
        Figure(
            "of a queue, updates a second",
            f"{max(speed[kept]):.0f}; framework {max(speed[bare]):.0f}",
        )
    )
    return figures
