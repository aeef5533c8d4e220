"""`python -m bot.sandbox.newspaper`: the newspaper as a process of its own.

It prints one line of JSON with its address and its feeds, then serves until it is told to stop.
"""

import argparse
import asyncio
import json
import signal
import sys

from .server import Newspaper


async def _serve(host: str, port: int, every: float | None) -> None:
    newspaper = Newspaper(every)
    await newspaper.start(host, port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    line = json.dumps({"url": newspaper.url, "feeds": newspaper.feeds}, ensure_ascii=False)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    await stop.wait()
    await newspaper.stop()


def main() -> None:
    """Reads the arguments and serves."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox.newspaper", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument(
        "--every", type=float, default=30.0, help="seconds between new articles; 0: none"
    )
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.host, arguments.port, arguments.every or None))


if __name__ == "__main__":
    main()
