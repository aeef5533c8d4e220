"""``python -m bot.sandbox``: the sandbox as a process of its own, for tests and benchmarks.

Prints one line of JSON, ``{"url": …, "token": …}``, when it listens, and runs until SIGINT or
SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys

from bot.sandbox.markup import TdlibMissingError
from bot.sandbox.server import Sandbox

TOKEN = "42:sandbox-token-of-no-value-anywhere"  # noqa: S105 - opens nothing but this sandbox


async def _serve(options: argparse.Namespace) -> None:
    sandbox = Sandbox(
        options.token,
        bot_username=options.username,
        strict=not options.lax,
        rates=not options.no_rates,
        latency=options.latency,
    )
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows' event loop takes no signal handlers; there Ctrl-C raises KeyboardInterrupt.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    await sandbox.start(options.host, options.port)
    sys.stdout.write(json.dumps({"url": sandbox.url, "token": options.token}) + "\n")
    sys.stdout.flush()
    await stopped.wait()
    await sandbox.stop()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--username", default="newsboy_bot")
    parser.add_argument("--lax", action="store_true", help="leave TDLib out (benchmarks)")
    parser.add_argument("--no-rates", action="store_true", help="lift Telegram's sending limits")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    try:
        asyncio.run(_serve(parser.parse_args()))
    except TdlibMissingError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The sandbox cannot listen: {error}")


if __name__ == "__main__":
    main()
