"""Replies to people while a push takes all that the limit leaves, against replies without it.

Both in turn, twice, with one limiter of 28 a second and one server that answers after 120 ms: so
the baseline pays for limiter, framework and session as well, and only bulk makes the difference.
"""

import gc
import tempfile
from pathlib import Path

import aiohttp

from bot.delivery.digest import Digests
from bot.messages.texts import load_all
from bot.telegram.limiter import Limiter
from storage import Storage
from tests.bench.broadcast import backlog, fill
from tests.bench.people import people
from tests.bench.report import Figure, percentile
from tests.bench.servers import server, tally

RATE = 28
LATENCY = 0.12
SECONDS = 20.0
ROUNDS = 2
ASKED = 5.0
CHATS = 2_000  # more than go out in all rounds


async def measure() -> list[Figure]:
    """The slowest of a hundred replies, with bulk and without."""
    limiter = Limiter(RATE)
    quiet: list[float] = []
    busy: list[float] = []
    most = sent = 0
    async with (
        server("tests.bench.loopback", "--latency", str(LATENCY)) as telegram,
        aiohttp.ClientSession() as asking,
        people(telegram, limiter, ASKED) as readers,
    ):
        with tempfile.TemporaryDirectory() as folder:
            async with Storage.open(Path(folder) / "newsboy.db") as storage:
                await fill(storage, range(1, CHATS + 1))
                digests = Digests(storage, load_all())
                await readers.ask(1)  # connections opened, models built
                gc.collect()
                gc.freeze()  # as the bot does at start
                for _ in range(ROUNDS):
                    quiet += await readers.ask(SECONDS)
                    async with backlog(telegram, storage, digests, limiter):
                        await readers.ask(2)
                        await tally(asking, telegram["url"])
                        busy += await readers.ask(SECONDS)
                        counted = await tally(asking, telegram["url"])
                    sent += counted["messages"]
                    most = max(most, counted["most_in_a_second"])
    bare, ours = percentile(quiet, 0.99), percentile(busy, 0.99)
    ratio = ours / bare
    return [
        Figure(f"p99 of {len(quiet)} replies without bulk", f"{bare * 1000:.1f} ms"),
        Figure(f"p99 of {len(busy)} replies while bulk saturates 28/s", f"{ours * 1000:.1f} ms"),
        Figure("p99 with bulk over without", f"{ratio:.2f}", "≤ 1.1", ratio <= 1.1),
        Figure("messages/s meanwhile, at the server", f"{sent / ROUNDS / SECONDS:.1f}"),
        Figure("most in any one second meanwhile", f"{most}", "≤ 29", most <= RATE + 1),
    ]
