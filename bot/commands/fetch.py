"""`newsboy fetch`: one pass over the feeds, without Telegram.

    settings' feeds ─▶ store ─▶ those due (or all) ─▶ polls side by side ─▶ table ─▶ exit status

The same pipeline as the running bot's: what it owes, the bot sends when it runs.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot.commands.terminal import clean, console, local_time, read_settings
from bot.config import Settings
from bot.ingest.assembly import open_pipeline
from bot.ingest.given import add_given_feeds
from bot.ingest.pipeline import FeedReport
from bot.words.normaliser import Normaliser
from storage import FeedState, Storage

COLUMNS = ("Feed", "Entries", "New", "Changed", "No page", "Seconds", "Result")


def fetch(*, everything: bool) -> None:
    """Poll the due feeds, or `everything`; exit status 1 where all of them failed."""
    settings = read_settings("ERROR")
    reports = asyncio.run(_fetch(settings, everything=everything))
    if not reports:
        return
    console().print(_table(reports))
    if all(report.error is not None for report in reports):
        raise typer.Exit(1)


async def _fetch(settings: Settings, *, everything: bool) -> list[FeedReport]:
    now = datetime.now(UTC)
    async with Storage.open(settings.database) as storage:
        await add_given_feeds(storage, settings, now)
        if everything:
            feeds = [f for f in await storage.feeds.all() if f.state is FeedState.ACTIVE]
        else:
            feeds = await storage.feeds.due(now)
        if not feeds:
            next_due = await storage.feeds.next_due()
            typer.echo(
                "There are no feeds. Add one: newsboy feed add URL"
                if next_due is None
                else f"No feed is due before {local_time(next_due, settings)}. "
                "To ask every feed now: newsboy fetch --all"
            )
            return []
        screen = Console(stderr=True)
        with Progress(console=screen, transient=True, disable=not screen.is_terminal) as progress:
            bar = progress.add_task("Feeds", total=len(feeds))
            async with open_pipeline(settings, storage, Normaliser()) as pipeline:
                reports = []
                for poll in asyncio.as_completed([pipeline.fetch_feed(f, now) for f in feeds]):
                    reports.append(await poll)
                    progress.advance(bar)
                await pipeline.retry_pages(now)
        return sorted(reports, key=lambda report: report.feed_id)


def _table(reports: Sequence[FeedReport]) -> Table:
    table = Table()
    for title in COLUMNS:
        number = title not in {"Feed", "Result"}
        table.add_column(title, overflow="fold", justify="right" if number else "left")
    for report in reports:
        result, style = _result(report)
        numbers = (report.entries, report.stored, report.corrected, report.without_page)
        name = f"{report.title}\n{report.url}" if report.title else report.url
        table.add_row(
            Text("\n".join(clean(line) for line in name.splitlines())),
            *map(str, numbers),
            f"{report.seconds:.1f}",
            Text(clean(result), style=style),
        )
    return table


def _result(report: FeedReport) -> tuple[str, str]:
    if report.error is not None:
        return report.error, "red"
    if report.problems:
        return "; ".join(report.problems), "yellow"
    return ("unchanged" if report.unchanged else "well"), "green"
