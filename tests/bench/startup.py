"""From a cold `newsboy run` to the first answer, and what it weighs at rest.

The process is the real one, on a file of 10,000 articles; a person has written /help already when
it starts. It then reads the newspaper's three feeds, answers a search (which loads the
dictionaries), and rests; its memory is the proportional set size of it and its children.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench.archive import archive
from tests.bench.processes import cpu_seconds_of, family, pss_megabytes
from tests.bench.report import Figure
from tests.e2e.conftest import Newsboy, Town, open_town

ARTICLES = 10_000
STARTS = 3
REST, QUICK_REST = 65.0, 10.0  # the workers leave after a minute
GOAL_MB = 250.0


async def measure(*, quick: bool = False) -> list[Figure]:
    """Seconds to the first answer (median of a few starts), megabytes and CPU at rest.

    `quick` rests ten seconds, which is too short for the workers to leave.
    """
    path = await archive(ARTICLES)
    taken: list[float] = []
    imports: list[float] = []
    for number in range(1, STARTS + 1):
        imports.append(await _import_framework())
        with tempfile.TemporaryDirectory() as folder:
            shutil.copyfile(path, Path(folder) / "newsboy.db")
            async with open_town(Path(folder)) as town:
                person = await town.people.create_user()
                bot, seconds = await _start(town, person)
                taken.append(seconds)
                if number == STARTS:
                    weights = await _weigh(town, bot, person, QUICK_REST if quick else REST)
                await bot.stop()
    return [
        Figure("cold newsboy run to the first answer (/help)", f"{median(taken):.1f} s"),
        Figure("importing aiogram alone, in a bare Python", f"{median(imports):.1f} s"),
        *weights,
    ]


async def _start(town: Town, person: int) -> tuple[Newsboy, float]:
    """Start the bot with a question waiting: the bot, and seconds until the answer."""
    asked = await town.people.send_text(person, "/help")
    begun = time.perf_counter()
    answer = asyncio.create_task(town.people.wait_message(person, after=asked["id"], timeout=60))
    bot = await town.newsboy(POLL_SECONDS="300")
    await answer
    return bot, time.perf_counter() - begun


async def _import_framework() -> float:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import aiogram")
    await process.wait()
    return time.perf_counter() - begun


async def _weigh(town: Town, bot: Newsboy, person: int, rest: float) -> list[Figure]:
    await _until_idle(bot)
    await town.people.ask(person, "/latest")
    await town.people.ask(person, "/search молочный кластер")
    at_work = _weight(bot)
    cpu = cpu_seconds_of(bot.pid)
    await asyncio.sleep(rest)
    cpu = cpu_seconds_of(bot.pid) - cpu
    weight, processes = _weight(bot), len(family(bot.pid))
    return [
        Figure("memory (PSS) after the feeds were read, workers still there", f"{at_work:.0f} MB"),
        Figure(
            f"memory (PSS) after {rest:.0f} s of rest, {ARTICLES} articles, "
            f"{processes} process{'es' if processes > 1 else ''}",
            f"{weight:.0f} MB",
            f"≤ {GOAL_MB:.0f} MB",
            weight <= GOAL_MB,
        ),
        Figure("CPU at rest", f"{cpu / rest * 100:.1f} % of a core"),
    ]


def _weight(bot: Newsboy) -> float:
    return sum(pss_megabytes(pid) for pid in family(bot.pid))


async def _until_idle(bot: Newsboy) -> None:
    """Wait until the bot and its workers use next to no CPU."""
    async with asyncio.timeout(120):
        busy = True
        while busy:
            before = sum(cpu_seconds_of(pid) for pid in family(bot.pid))
            await asyncio.sleep(2)
            busy = sum(cpu_seconds_of(pid) for pid in family(bot.pid)) - before > 0.1
