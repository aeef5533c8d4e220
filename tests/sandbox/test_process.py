"""The sandbox as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp

_ROOT = Path(__file__).parents[2]


async def test_it_says_where_it_listens_and_stops_on_a_signal() -> None:
    process = subprocess.Popen(  # noqa: ASYNC220 - one line is read, and it comes at once
        [sys.executable, "-m", "bot.sandbox", "--lax", "--token", "7:abc"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    )
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{said['url']}/bot{said['token']}/getMe") as response,
        ):
            assert (await response.json())["result"]["id"] == 7
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
