"""Servers of a measurement run in processes of their own, so that their CPU is not ours."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def server(module: str, *options: str) -> AsyncIterator[dict[str, Any]]:
    """Run `python -m module …`; yields the JSON line that it prints once it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *options, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise AssertionError("a pipe was asked for")
        yield json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def tally(asking: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """What the bare server (tests.bench.loopback) noted since this was asked last."""
    async with asking.get(f"{url}/tally") as response:
        said: dict[str, Any] = await response.json()
        return said
