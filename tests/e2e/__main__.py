"""`python -m tests.e2e [--list] [NAME …]`: the long runs of the crash and fault harness.

They take about an hour together, one after the other, since each wants the machine for itself; the
exit status is 1 where a floor is missed. `--scale 0.1` makes all of them ten times smaller: the
counts still hold, the memory's figure does not. The lots are printed: `--seed` draws them again.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import SystemRandom

from tests.bench.report import Figure, percentile, show
from tests.e2e import kills, soak

REPEATS = 10
LOSSES = 10
GROWTH = 1.03
_FIRST, _LAST = 300.0, 1800.0

Run = Callable[[Path, int, float], Awaitable[list[Figure]]]


async def _kills(folder: Path, seed: int, scale: float) -> list[Figure]:
    """kill -9 in a push to 20,000 chats, what was in flight sent again."""
    found = await kills.cut_short(folder, _cuts(20_000, 50, seed, scale))
    return [
        *_cut_figures("kill -9", found),
        _at_most("chats lost", found.lost, 0),
        _at_most("repeats for each kill, the worst", max(found.repeats), REPEATS),
        Figure("repeats for each kill, mean", f"{sum(found.repeats) / found.cuts:.1f}"),
    ]


async def _skip(folder: Path, seed: int, scale: float) -> list[Figure]:
    """The same with AFTER_CRASH=skip."""
    plan = _cuts(5_000, 12, seed, scale, after_crash="skip")
    found = await kills.cut_short(folder, plan)
    return [
        *_cut_figures("kill -9", found),
        _at_most("messages repeated", sum(found.repeats), 0),
        _at_most("chats lost for each kill, mean", found.lost / found.cuts, LOSSES),
    ]


async def _terms(folder: Path, seed: int, scale: float) -> list[Figure]:
    """The same with SIGTERM."""
    found = await kills.cut_short(folder, _cuts(5_000, 12, seed, scale, how=signal.SIGTERM))
    return [
        *_cut_figures("SIGTERM", found),
        _at_most("chats lost", found.lost, 0),
        _at_most("messages repeated", sum(found.repeats), 0),
    ]


async def _soak(folder: Path, seed: int, scale: float) -> list[Figure]:
    """Half an hour of bad weather."""
    plan = soak.Plan(
        seconds=max(120.0, (_LAST + 30) * scale),
        readers=300,
        every=20.0,
        pause=6.0,
        seed=seed,
        crashes=False,
        digests=6,
        patience=600.0,
    )
    found = await soak.soak(folder, plan)
    first, last = found.pss_around(_FIRST), found.pss_around(_LAST)
    verdict = found.verdict
    for line in (*verdict.lost, *verdict.repeated, *verdict.unwanted, *found.violations)[:40]:
        print(line)
    figures = [
        Figure("stories, readers", f"{found.stories}, {found.readers}"),
        Figure("messages that Telegram took", str(found.accepted)),
        Figure("misfortunes, requests that met one", f"{found.misfortunes}, {found.spoiled}"),
        Figure("a story owed to a reader", f"{verdict.due} times"),
        _at_most("lost", len(verdict.lost), 0),
        Figure("repeated because no answer came", str(verdict.explained)),
        _at_most("repeated otherwise", len(verdict.repeated), 0),
        _at_most("not followed", len(verdict.unwanted), 0),
        _rules(found),
        Figure("print to message, median", f"{percentile(verdict.lags, 0.5):.0f} s"),
    ]
    if not found.disk:
        figures.append(Figure("disk full", "not tried: this user may mount nothing"))
    if scale >= 1:
        grown = last / first
        figures.append(
            Figure(
                f"PSS at minute 30 ({last:.0f} MB) over minute 5",
                f"{grown:.3f}",
                f"≤ {GROWTH}",
                grown <= GROWTH,
            )
        )
    return figures


_RUNS: dict[str, tuple[str, Run]] = {
    "kills": ("50 random kill -9 in a push to 20,000 chats", _kills),
    "skip": ("12 random kill -9 in a push to 5,000 chats, AFTER_CRASH=skip", _skip),
    "sigterm": ("12 random SIGTERM in a push to 5,000 chats", _terms),
    "soak": ("30 minutes of news in bad weather", _soak),
}


def _cuts(
    chats: int,
    cuts: int,
    seed: int,
    scale: float,
    *,
    how: signal.Signals = signal.SIGKILL,
    after_crash: str = "resend",
) -> kills.Plan:
    return kills.Plan(
        max(200, round(chats * scale)),
        max(2, round(cuts * scale)),
        seed,
        how=how,
        after_crash=after_crash,
    )


def _cut_figures(what: str, found: kills.Found) -> list[Figure]:
    for violation in found.violations[:10]:
        print(violation)
    return [
        Figure("chats, seconds", f"{found.chats}, {found.seconds:.0f}"),
        Figure(f"{what}, times", str(found.cuts)),
        Figure("most messages in one second", str(found.worst_second)),
        _rules(found),
    ]


def _rules(found: kills.Found | soak.Found) -> Figure:
    name, count = "against Telegram's rules", len(found.violations)
    if count == 0 or found.judged:
        return _at_most(name, count, 0)
    return Figure(name, f"{count}, not judged: the server slept {found.held_up:.2f} s")


def _at_most(name: str, value: float, most: float) -> Figure:
    return Figure(
        name, f"{round(value, 1):g}", f"{most:g}" if most == 0 else f"≤ {most:g}", value <= most
    )


def main() -> int:
    """Read the arguments and run; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e",
        description="Crashes and faults, at length; the exit status says whether the floors held.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all by default")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    parser.add_argument("--scale", type=float, default=1.0, help="how big (1)")
    parser.add_argument("--seed", type=int, help="the lots to draw again")
    options = parser.parse_args()
    if options.list:
        for name, (title, _run) in _RUNS.items():
            print(f"{name:8} {title}")
        return 0
    if unknown := set(options.names) - _RUNS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; --list says what there is")
    logging.basicConfig(level=logging.ERROR)
    seed = SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    missed = []
    for name in options.names or _RUNS:
        title, run = _RUNS[name]
        print(f"{name}: seed {seed}", flush=True)
        begun = time.monotonic()
        try:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                figures = asyncio.run(_awaited(run(Path(folder), seed, options.scale)))
        except AssertionError as error:
            print(f"{name} failed: {error}")
            missed.append(name)
            continue
        taken, load = time.monotonic() - begun, os.getloadavg()[0]
        show(f"{name}: {title} (scale {options.scale:g}, {taken:.0f} s, load {load:.1f})", figures)
        if not all(figure.met for figure in figures):
            missed.append(name)
    print(f"missed or failed: {', '.join(missed)}" if missed else "all floors held")
    return 1 if missed else 0


async def _awaited(run: Awaitable[list[Figure]]) -> list[Figure]:
    return await run


if __name__ == "__main__":
    sys.exit(main())
