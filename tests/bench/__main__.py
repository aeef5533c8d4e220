"""`python -m tests.bench [--list] [--quick] [NAME …]`: run the measurements, print their tables.

The exit status is 1 where a goal is missed. All of them take about eight minutes, and four more
the first time, when the database of 100,000 articles is filled. Run them on a machine that has
nothing else to do.
"""

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from tests.bench import (
    broadcast,
    burst,
    commands,
    digests,
    feeds,
    freshness,
    hostile,
    ingest,
    insert,
    interactive,
    limit,
    owing,
    pages,
    paid,
    search,
    startup,
    stories,
    summaries,
    topics,
    updates,
)
from tests.bench.report import Figure, show

Measure = Callable[[], Awaitable[list[Figure]]]

_BY_NAME_ALONE = frozenset({"owing-10m"})
"""Takes ten minutes and as many gigabytes."""


def _measurements(*, quick: bool, long: bool) -> dict[str, tuple[str, Measure]]:
    """What can be measured: title and function by name."""
    return {
        "startup": ("Start, and weight at rest", partial(startup.measure, quick=quick)),
        "freshness": ("Feed change to message, POLL_SECONDS=2", freshness.measure),
        "ingest": ("From the newspaper into the store", partial(ingest.measure, quick=quick)),
        "feeds": ("Feeds with a known right reading, against two parsers", feeds.measure),
        "pages": ("Articles' texts against bare trafilatura's", pages.measure),
        "summaries": ("Summaries against the first three sentences", summaries.measure),
        "stories": ("Same story? Labelled pairs cross-validated", stories.measure),
        "topics": ("Topics of labelled articles", topics.measure),
        "commands": ("Update fed to request written, 100,000 articles", commands.measure),
        "burst": ("Five hundred pressing at once, beside one who floods", burst.measure),
        "search": ("Real texts found among 100,000 by what readers type", search.measure),
        "updates": ("Updates kept before they are confirmed", updates.measure),
        "hostile": ("Feeds and pages made to hurt, beside ordinary ones", hostile.measure),
        "digests": ("A digest tick over a million readers, and composing", digests.measure),
        "insert": ("An article stored among 100,000", insert.measure),
        "owing": ("A push owed to those of a million who follow it", owing.measure),
        "owing-10m": ("The same of ten million, a match each", owing.measure_growth),
        "broadcast": ("A push to 10,000 chats, the limit lifted", broadcast.measure),
        "paid": ("A push at 1000/s, 120 ms latency", paid.measure),
        "interactive": ("Replies while bulk saturates 28/s", interactive.measure),
        "limit": ("Most in any one second, the limit at 28", partial(limit.measure, long=long)),
    }


def main() -> int:
    """Read the arguments and measure; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="The figures, each against its goal or baseline."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all by default")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    parser.add_argument("--quick", action="store_true", help="rest ten seconds, not a minute")
    parser.add_argument("--long", action="store_true", help="count the limit for ten minutes")
    options = parser.parse_args()
    measurements = _measurements(quick=options.quick, long=options.long)
    if options.list:
        for name, (title, _measure) in measurements.items():
            print(f"{name:11} {title}")
        return 0
    if unknown := set(options.names) - measurements.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; --list says what there is")
    names = options.names or [name for name in measurements if name not in _BY_NAME_ALONE]
    if len(names) > 1:
        return _each_in_a_process(
            names, [f"--{one}" for one in ("quick", "long") if getattr(options, one)]
        )
    logging.basicConfig(level=logging.ERROR)
    title, measure = measurements[names[0]]
    begun = time.perf_counter()
    figures = asyncio.run(_run(measure))
    taken, load = time.perf_counter() - begun, os.getloadavg()[0]
    show(f"{names[0]}: {title} ({taken:.0f} s, load {load:.1f})", figures)
    return 0 if all(figure.met for figure in figures) else 1


def _each_in_a_process(names: Sequence[str], options: Sequence[str]) -> int:
    """One process a measurement: what one leaves in memory slows the next one's collector."""
    missed = []
    for name in names:
        command = [sys.executable, "-m", "tests.bench", name, *options]
        if subprocess.run(command, check=False).returncode:  # noqa: S603  # our own
            missed.append(name)
    print(f"missed or failed: {', '.join(missed)}" if missed else "all goals met")
    return 1 if missed else 0


async def _run(measure: Measure) -> list[Figure]:
    return await measure()


if __name__ == "__main__":
    sys.exit(main())
