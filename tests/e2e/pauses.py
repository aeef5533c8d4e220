"""How long the judge itself was held up: a sleeping server sees evenly sent messages in a bunch."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_STEP = 0.02


@dataclass
class Pauses:
    """`longest`: seconds by which this process' event loop was late at worst."""

    longest: float = 0.0


@asynccontextmanager
async def pauses() -> AsyncIterator[Pauses]:
    """Watch the event loop for the block."""
    found = Pauses()

    async def watch() -> None:
        while True:
            due = time.monotonic() + _STEP
            await asyncio.sleep(_STEP)
            found.longest = max(found.longest, time.monotonic() - due)

    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        watching.cancel()
