"""From the change of a feed to the message in the reader's chat, through the real process.

Three newspapers in turn print something new at odd moments; one reader with alerts on waits for
each. Polled every two seconds, a change waits one second on average before anybody can know of it.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from random import Random

from bot.sandbox.newspaper import SOURCES, Source, synthetic
from bot.sandbox.newspaper.server import bulletin
from tests.bench.report import Figure, percentile
from tests.e2e.conftest import Town, open_town
from tests.e2e.test_day import ready

PUBLICATIONS = 32
LONGEST_PAUSE = 4.0  # seconds between a message and the next publication
GOAL_SECONDS = 5.0


async def measure() -> list[Figure]:
    """p50, p95 and the worst of the seconds from publication to message."""
    rng = Random(1)  # noqa: S311  # moments, not secrets
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with open_town(Path(folder)) as town:
            await town.newsboy(POLL_SECONDS="2")
            person = await town.people.create_user(language_code="ru")
            await town.people.ask(person, "/start")
            await ready(town, person)
            await town.people.ask(person, "/settings news all")
            for number in range(PUBLICATIONS):
                await asyncio.sleep(rng.uniform(0, LONGEST_PAUSE))
                taken.append(await _publish(town, person, SOURCES[number % len(SOURCES)], number))
    p95 = percentile(taken, 0.95)
    return [
        Figure(
            f"publication to message, {len(taken)} times, p50", f"{percentile(taken, 0.5):.1f} s"
        ),
        Figure("p95", f"{p95:.1f} s", f"≤ {GOAL_SECONDS:.0f} s", p95 <= GOAL_SECONDS),
        Figure("the slowest", f"{max(taken):.1f} s"),
    ]


async def _publish(town: Town, person: int, source: Source, number: int) -> float:
    """Print a new article; seconds until the reader has its message."""
    english = source.language == "en"
    # One of a hundred thousand, so that no two tell the same story.
    text = next(
        text
        for text in synthetic(4, sources=4, seed=1_000 + number)
        if (text.language == "en") is english
    )
    begun = time.perf_counter()
    town.newspaper.publish(bulletin(text, source))
    await town.people.wait_message(person, contains=text.title, timeout=60)
    return time.perf_counter() - begun
