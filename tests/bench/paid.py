"""The paid rate: a push at 1000 a second to a server that answers after 120 ms.

The rate is counted at the server, over the middle nine tenths of the push: it begins with a canary
and ends with stragglers. The baseline is a bare loop of the framework's `send_message` against the
same server, as fast as it goes with as many requests in flight.
"""

import gc
import tempfile
from pathlib import Path

import aiohttp

from bot.delivery.digest import Digests
from bot.messages import classic
from bot.messages.texts import load_all
from bot.telegram.limiter import Limiter
from storage import Storage
from tests.bench.broadcast import Loop, fill, now, push
from tests.bench.report import Figure
from tests.bench.servers import server, tally

RATE = 1000
LATENCY = 0.12
CHATS = 15_000
BARE = 3_000
IN_FLIGHT = 200


async def measure() -> list[Figure]:
    """The rate held and what it costs, ours and the bare loop's."""
    others = range(CHATS + 1, CHATS + BARE + 1)
    async with (
        server("tests.bench.loopback", "--latency", str(LATENCY)) as telegram,
        aiohttp.ClientSession() as asking,
    ):
        with tempfile.TemporaryDirectory() as folder:
            async with Storage.open(Path(folder) / "newsboy.db") as storage:
                stored = await fill(storage, range(1, CHATS + 1))
                digests = Digests(storage, load_all())
                article = await storage.articles.get(stored.article_id)
                subscriber = await storage.subscribers.get(1)
                payload = classic.push(article, digests.viewer(subscriber, now()))
                loop = Loop(telegram["url"], telegram["token"], payload, in_flight=IN_FLIGHT)
                await loop.send(others[:IN_FLIGHT])  # connections opened, models built
                gc.collect()
                gc.freeze()  # as the bot does at start
                before = await loop.send(others[: BARE // 2])
                await tally(asking, telegram["url"])
                limiter = Limiter(RATE)
                ours = await push(telegram, storage, digests, chats=CHATS, limiter=limiter)
                counted = await tally(asking, telegram["url"])
                after = await loop.send(others[BARE // 2 :])
                await loop.close()
    if (counted["messages"], counted["chats"], counted["most_to_one"]) != (CHATS, CHATS, 1):
        raise AssertionError(f"not every chat has exactly one message: {counted}")
    rate, most = counted["rate"], counted["most_in_a_second"]
    share = ours.cpu / ours.seconds
    bare_rate = BARE / (before.seconds + after.seconds)
    bare_share = (before.cpu + after.cpu) / (before.seconds + after.seconds)
    return [
        Figure("rate held at 1000/s, 120 ms latency", f"{rate:.0f}/s", "≥ 990/s", rate >= 990),
        Figure("share of a core meanwhile", f"{share:.0%}", "≤ 70 %", share <= 0.7),
        Figure("most in any one second, at the server", f"{most}"),
        Figure("bare send_message, 200 in flight: rate", f"{bare_rate:.0f}/s"),
        Figure("bare send_message: share of a core", f"{bare_share:.0%}"),
    ]
