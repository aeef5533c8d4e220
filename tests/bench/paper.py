"""`python -m tests.bench.paper`: the sample newspaper with bulletins added, in its own process.

Prints one line of JSON with the addresses of its feeds, then serves until it is told to stop.
"""

import argparse
import asyncio
import json
import signal

from bot.sandbox.newspaper import Newspaper


async def _serve(feeds: int, articles: int) -> None:
    newspaper = Newspaper(bench_feeds=feeds, bench_articles=articles)
    await newspaper.start()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(json.dumps({"feeds": newspaper.feeds}), flush=True)
    await stop.wait()
    await newspaper.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.paper", description=__doc__)
    parser.add_argument("--feeds", type=int, default=12, help="bulletins beside the three papers")
    parser.add_argument("--articles", type=int, default=50, help="texts of each bulletin")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.feeds, arguments.articles))
