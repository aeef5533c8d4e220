"""What feeds and pages cost that were made to hurt, and what everybody else feels of it.

Each document goes the real way, from its server through fetcher, pipeline and workers, with ten
ordinary feeds being read and readers' commands being answered at the same time. Counted are the
seconds until the hostile feed is done with, the workers' largest memory (their own high-water
marks, see proc(5)), and by how much the event loop was late, sampled every few milliseconds.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

from bot.config import Settings
from bot.ingest.assembly import open_pipeline
from bot.ingest.pipeline import FeedReport, Pipeline
from bot.web.addresses import source_domain
from bot.words.normaliser import Normaliser
from storage import Storage
from tests.bench.commands import Feeder, feeder
from tests.bench.hostile_site import ENTRIES
from tests.bench.processes import family
from tests.bench.report import Figure, percentile
from tests.bench.servers import server

SECONDS, START, MEGABYTES, LAG_MS, COMMAND_MS = 10.0, 3.0, 300.0, 50.0, 250.0
PLAIN_FEEDS = 10
_EVERY = 0.005
_COMMANDS = ("/latest", "/help", "/search мост", "/settings")


@dataclass
class _Watch:
    """What was seen while hostile documents were read."""

    lags: list[float] = field(default_factory=list)  # ms
    answers: list[float] = field(default_factory=list)  # ms
    peak: float = 0.0  # MB of a worker, of the document being read

    async def loop(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(_EVERY)
            self.lags.append((time.perf_counter() - begun - _EVERY) * 1000)

    async def memory(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            self.peak = max([self.peak, *(await asyncio.to_thread(_peaks))])

    async def commands(self, ask: Feeder) -> None:
        for text in cycle(_COMMANDS):
            self.answers.append(await ask.time(text))
            await asyncio.sleep(0.02)


def _workers() -> list[Path]:
    found = []
    for pid in family(_own_pid())[1:]:
        process = Path(f"/proc/{pid}")
        with suppress(OSError):
            if b"bot.ingest.worker" in (process / "cmdline").read_bytes():
                found.append(process)
    return found


def _peaks() -> list[float]:
    """The workers' high-water marks in 10^6 bytes."""
    peaks = []
    for process in _workers():
        with suppress(OSError, IndexError):  # it may end meanwhile
            status = (process / "status").read_text()
            peaks.append(int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6)
    return peaks


def _forget_peaks() -> None:
    for process in _workers():
        with suppress(OSError):
            (process / "clear_refs").write_text("5")


def _own_pid() -> int:
    return int(Path("/proc/self").readlink().name)


async def measure() -> list[Figure]:
    """A line for each document, then what the others felt over all of them."""
    watch = _Watch()
    figures: list[Figure] = []
    plain_seconds: list[float] = []
    async with (
        server("tests.bench.hostile_site") as site,
        _house() as (pipeline, storage, ask),
        asyncio.TaskGroup() as watching,
    ):
        await _read(pipeline, storage, [f"{site['url']}/plain/first/0"])  # workers started
        tasks = [
            watching.create_task(part)
            for part in (watch.loop(), watch.memory(), watch.commands(ask))
        ]
        documents = [("feed", name) for name in site["feeds"]]
        documents += [("host", name) for name in site["pages"]]
        for number, (kind, name) in enumerate(documents):
            await asyncio.to_thread(_forget_peaks)
            watch.peak = 0.0
            plain = [f"{site['url']}/plain/{number}/{n}" for n in range(PLAIN_FEEDS)]
            hostile, others = await asyncio.gather(
                _read(pipeline, storage, [f"{site['url']}/{kind}/{quote(name, safe='')}"]),
                _read(pipeline, storage, plain),
            )
            if sum(one.stored for one in others) != PLAIN_FEEDS * ENTRIES:
                raise AssertionError(f"{name}: an ordinary feed was not read")
            plain_seconds.append(max(one.seconds for one in others))
            taken, peak = hostile[0].seconds, max([watch.peak, *(await asyncio.to_thread(_peaks))])
            what = "feed" if kind == "feed" else "page"
            figures.append(
                Figure(
                    f"{what}: {name}",
                    f"{taken:.1f} s, {peak:.0f} MB",
                    f"≤ {SECONDS:.0f} s + start, ≤ {MEGABYTES:.0f} MB",
                    taken <= SECONDS + START and peak <= MEGABYTES,
                )
            )
        for task in tasks:
            task.cancel()
    lag, answer = percentile(watch.lags, 0.99), percentile(watch.answers, 0.99)
    return [
        *figures,
        Figure(
            "event loop late meanwhile, p99", f"{lag:.1f} ms", f"≤ {LAG_MS:.0f} ms", lag <= LAG_MS
        ),
        Figure("event loop late, most", f"{max(watch.lags):.0f} ms"),
        Figure(
            f"commands meanwhile ({len(watch.answers)}), p99",
            f"{answer:.1f} ms",
            f"≤ {COMMAND_MS:.0f} ms",
            answer <= COMMAND_MS,
        ),
        Figure(
            f"{PLAIN_FEEDS} ordinary feeds beside each, the slowest",
            f"{percentile(plain_seconds, 0.5):.1f} s median, {max(plain_seconds):.1f} s at worst",
            f"≤ {SECONDS + START:.0f} s",
            max(plain_seconds) <= SECONDS + START,
        ),
    ]


@asynccontextmanager
async def _house() -> AsyncIterator[tuple[Pipeline, Storage, Feeder]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "newsboy.db"
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
            database=path,
            allow_private_networks=True,
        )
        async with (
            feeder(path) as (ask, storage),
            open_pipeline(settings, storage, Normaliser()) as pipeline,
        ):
            yield pipeline, storage, ask


async def _read(pipeline: Pipeline, storage: Storage, urls: list[str]) -> list[FeedReport]:
    """Poll these new feeds side by side."""
    now = datetime.now(UTC)
    await storage.feeds.ensure([(url, source_domain(url)) for url in urls], now)
    feeds = [await storage.feeds.by_url(url) for url in urls]
    return list(await asyncio.gather(*(pipeline.fetch_feed(feed, now) for feed in feeds)))
