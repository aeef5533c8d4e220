"""The limit as the server counts it: the most that arrives in any one second of a long backlog.

A push that fills the limit of 28 a second goes out while people ask now and then; every window of
less than a second between two arrivals counts. A minute of it, or ten with --long.
"""

import asyncio
import tempfile
from pathlib import Path

import aiohttp

from bot.delivery.digest import Digests
from bot.messages.texts import load_all
from bot.telegram.limiter import Limiter
from storage import Storage
from tests.bench.broadcast import backlog, fill
from tests.bench.people import people
from tests.bench.report import Figure
from tests.bench.servers import server, tally

RATE = 28
LATENCY = 0.12
ASKED = 2.0


async def measure(*, long: bool = False) -> list[Figure]:
    """Half of the time bulk alone, half with people."""
    half = 300.0 if long else 30.0
    limiter = Limiter(RATE)
    async with (
        server("tests.bench.loopback", "--latency", str(LATENCY)) as telegram,
        aiohttp.ClientSession() as asking,
        people(telegram, limiter, ASKED) as readers,
    ):
        with tempfile.TemporaryDirectory() as folder:
            async with Storage.open(Path(folder) / "newsboy.db") as storage:
                await fill(storage, range(1, round(2 * half * RATE) + 1))
                digests = Digests(storage, load_all())
                async with backlog(telegram, storage, digests, limiter):
                    await asyncio.sleep(half)
                    alone = await tally(asking, telegram["url"])
                    await readers.ask(half)
                    mixed = await tally(asking, telegram["url"])
    figures = []
    for what, counted in (("bulk alone", alone), ("bulk and people", mixed)):
        most = counted["most_in_a_second"]
        figures += [
            Figure(f"{what}, {half:.0f} s: most in any second", f"{most}", "≤ 29", most <= 29),
            Figure(f"{what}: messages/s", f"{counted['messages'] / half:.1f}"),
        ]
    return figures
