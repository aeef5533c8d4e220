"""`newsboy import`: an archive into the store, with progress."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.commands.terminal import CommandError, clean, console, read_settings
from bot.config import Settings
from bot.ingest.archive import Archive, ArchiveError, Importer, ImportReport
from bot.ingest.workers import Workers
from bot.web.addresses import check_url, source_domain
from bot.web.errors import BadUrlError
from storage import Storage


def import_archive(path: Path, source: str) -> None:
    """Import what is not there yet; exit status 1 where not one record could be read."""
    settings = read_settings("ERROR")
    try:
        domain = source_domain(check_url(source)) if source else None
        report = asyncio.run(_import(settings, Archive(path, domain=domain)))
    except (ArchiveError, BadUrlError) as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        raise CommandError(
            "The import was interrupted. What it did is stored; the same command goes on there."
        ) from None
    _tell(report)
    if report.refused and not report.stored + report.known:
        raise typer.Exit(1)


async def _import(settings: Settings, archive: Archive) -> ImportReport:
    workers = Workers()
    screen = Console(stderr=True)
    with Progress(
        TextColumn("Articles"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    ) as progress:
        async with Storage.open(settings.database) as storage:
            bar = progress.add_task("Articles", total=await asyncio.to_thread(archive.size))
            try:
                return await Importer(storage, workers, clock=lambda: datetime.now(UTC)).run(
                    archive, progress=lambda done: progress.update(bar, completed=done)
                )
            finally:
                await workers.stop()


def _tell(report: ImportReport) -> None:
    if report.behind:
        typer.echo(f"An interrupted import goes on behind its first {report.behind} records.")
    typer.echo(
        f"{report.stored} articles stored, {report.known} known already, {report.refused} refused."
    )
    screen = console()
    for place, reason in report.reasons:
        screen.print(f"  {clean(place)}: {clean(reason)}", style="yellow")
    if report.refused > len(report.reasons):
        screen.print(f"  and {report.refused - len(report.reasons)} more", style="yellow")
