"""`newsboy feed …`: the list of feeds, by hand.

What adds, removes or changes has a running bot do it (`bot.ingest.orders`), since one process alone
may write; beside another command it refuses. Listing and checking only read.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from bot.commands.terminal import CommandError, clean, console, local_time, read_settings
from bot.config import Settings
from bot.ingest.assembly import open_pipeline
from bot.ingest.orders import Act, Order, OrderError, Publisher, carry_out, hand_over, is_open
from bot.ingest.scouting import CheckReport
from bot.web.addresses import check_url
from bot.web.errors import BadUrlError
from bot.words.normaliser import Normaliser
from storage import ArticleDraft, DatabaseLockedError, Feed, FeedState, Reading, Source, Storage


def list_feeds() -> None:
    """Print all feeds but the removed ones."""
    settings = read_settings("WARNING")

    async def read() -> Sequence[tuple[Feed, Source]]:
        async with Storage.open_readonly(settings.database) as storage:
            feeds = await storage.feeds.all()
            return [(feed, await storage.feeds.source(feed.source_id)) for feed in feeds]

    feeds = asyncio.run(read())
    if not feeds:
        typer.echo("No feeds yet. Add one: newsboy feed add URL")
        return
    table = Table()
    for title in ("Feed", "Title", "Shows", "Last success", "Entries", "State"):
        table.add_column(title, overflow="fold", justify="right" if title == "Entries" else "left")
    for feed, source in feeds:
        state, style = _state(feed, settings)
        title = clean(feed.title) if feed.owner is None else f"{clean(feed.title)} (a reader's own)"
        table.add_row(
            clean(feed.url),
            Text(title),
            source.reading.value,
            local_time(feed.succeeded, settings),
            str(feed.entries),
            Text(clean(state), style=style),
        )
    console().print(table)


def _state(feed: Feed, settings: Settings) -> tuple[str, str]:
    """What an operator wants to know of the feed, and its colour."""
    if feed.state is FeedState.GONE:
        return "gone: its server says 410, it is no longer asked", "red"
    if feed.error is not None and feed.failures:
        times = "once" if feed.failures == 1 else f"{feed.failures} times"
        due = local_time(feed.due, settings)
        return f"failed {times}: {feed.error} Next try {due}", "red"
    if feed.error is not None:
        return f"read in part: {feed.error}", "yellow"
    if feed.checked is None:
        return "not asked yet", "dim"
    if feed.problems:
        due = local_time(feed.due, settings)
        return f"well, but: {' '.join(feed.problems)} Next poll {due}", "yellow"
    return f"well; next poll {local_time(feed.due, settings)}", "green"


def add(url: str) -> None:
    """Add the feed at an address, or the one feed that the page there announces.

    Raises CommandError where there is no feed, or a choice of several.
    """
    settings = read_settings("ERROR")
    address = _address(url)

    async def write() -> tuple[str, CheckReport, bool]:
        now = datetime.now(UTC)
        try:
            async with Storage.open(settings.database) as storage:
                found, report = await _looked_at(settings, storage, address, now)
                await carry_out(storage, Order(Act.ADD, found), now)
                return found, report, False
        except DatabaseLockedError:
            if not is_open(settings.database):
                raise
        async with _scratch() as storage:
            found, report = await _looked_at(settings, storage, address, now)
        await _handed_over(settings, Order(Act.ADD, found))
        return found, report, True

    added, report, running = asyncio.run(write())
    typer.echo(f"{added} is added: {clean(report.title)}, {_entries(report.entries)}.")
    if running:
        typer.echo("The running bot reads it now.")
    else:
        typer.echo("The bot reads it when it runs. To read it now: newsboy fetch")


async def _looked_at(
    settings: Settings, storage: Storage, address: str, now: datetime
) -> tuple[str, CheckReport]:
    """The feed at an address, or the one that the page there announces; raises CommandError."""
    async with open_pipeline(settings, storage, Normaliser()) as pipeline:
        report = await pipeline.scout.check(address, now)
        found = address
        if report.error is not None:
            found = _address(_only(report))
            report = await pipeline.scout.check(found, now)
            if report.error is not None:
                raise _not_added(found, report)
        return found, report


@asynccontextmanager
async def _scratch() -> AsyncIterator[Storage]:
    """A store that is thrown away: the pipeline needs one, and a bot may run on the real one."""
    with tempfile.TemporaryDirectory(prefix="newsboy-check-") as folder:
        async with Storage.open(Path(folder, "check.db")) as storage:
            yield storage


async def _done(settings: Settings, order: Order) -> Publisher:
    """Change a feed, by way of the bot where one runs."""
    try:
        async with Storage.open(settings.database) as storage:
            return await carry_out(storage, order, datetime.now(UTC))
    except DatabaseLockedError:
        if not is_open(settings.database):
            raise
    return await _handed_over(settings, order)


async def _handed_over(settings: Settings, order: Order) -> Publisher:
    try:
        return await hand_over(settings.database, order)
    except OrderError as error:
        raise CommandError(str(error)) from error


def _only(report: CheckReport) -> str:
    """The one feed that a page announces; raises CommandError for none or several."""
    if not report.found:
        raise _not_added(report.url, report)
    if len(report.found) > 1:
        raise CommandError(
            f"{report.url} is a page with several feeds: add one of "
            f"{', '.join(one.url for one in report.found)}"
        )
    return report.found[0].url


def _not_added(url: str, report: CheckReport) -> CommandError:
    """The refusal; what is not added is not tried again by itself, as a feed that is polled is."""
    error = (report.error or "").replace("It is tried again later.", "Try again later.")
    return CommandError(f"{url} is not added. {error}")


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def check(url: str) -> None:
    """Print what a feed would give, and store nothing; exit status 1 where it gives nothing."""
    settings = read_settings("ERROR")
    address = _address(url)

    async def read() -> CheckReport:
        async with (
            _scratch() as storage,
            open_pipeline(settings, storage, Normaliser()) as pipeline,
        ):
            return await pipeline.scout.check(address, datetime.now(UTC))

    report = asyncio.run(read())
    screen = console()
    if report.error is not None:
        screen.print(Text(clean(report.error), style="red"))
        if report.found:
            typer.echo("The page announces these feeds:")
            for found in report.found:
                typer.echo(clean(f"  {found.url} {found.title}").rstrip())
        raise typer.Exit(1)
    screen.print(Text(clean(report.title), style="bold"))
    typer.echo(f"{clean(report.url)}, language {report.language or 'unknown'}")
    for problem in report.problems:
        screen.print(Text(clean(problem), style="yellow"))
    typer.echo(f"{_entries(report.entries)}; the newest would be stored like this:")
    for draft in report.drafts:
        screen.print(_draft(draft, settings))
    typer.echo("Nothing was stored.")


def _draft(draft: ArticleDraft, settings: Settings) -> Text:
    """An article to be, in a few lines."""
    facts = [local_time(draft.published, settings), draft.author, draft.topic.value]
    blocks = "1 block" if len(draft.body) == 1 else f"{len(draft.body)} blocks"
    body = f"{blocks} from the {draft.body_from}" if draft.body else "no text"
    text = Text(f"\n{clean(draft.title)}\n", style="bold")
    if draft.subheadline:
        text.append(clean(draft.subheadline) + "\n", style="not bold")
    text.append(clean(" · ".join(filter(None, [*facts, body]))) + "\n", style="not bold dim")
    text.append(clean(draft.url) + "\n", style="not bold dim")
    text.append(clean(draft.standfirst or draft.summary), style="not bold")
    if draft.page_error:
        text.append(f"\n{clean(draft.page_error)}", style="not bold yellow")
    return text


def remove(url: str) -> None:
    """Stop polling a feed; raises NotFoundError where it is not polled."""
    settings = read_settings("WARNING")
    address = _address(url)

    asyncio.run(_done(settings, Order(Act.REMOVE, address)))
    typer.echo(f"{address} is no longer polled; its articles stay.")


def mode(url: str, reading: Reading) -> None:
    """Choose how much of a feed's publisher readers see; raises NotFoundError."""
    settings = read_settings("WARNING")
    address = _address(url)

    source = asyncio.run(_done(settings, Order(Act.MODE, address, reading)))
    shown = {
        Reading.FULL: "headlines, summaries and whole texts",
        Reading.SUMMARY: "headlines and summaries",
        Reading.HEADLINE: "headlines alone",
    }
    name = clean(source.title)
    publisher = name if name == source.domain else f"{name} ({source.domain})"
    typer.echo(f"Of {publisher}, readers see {shown[reading]}.")


def _address(url: str) -> str:
    try:
        return check_url(url)
    except BadUrlError as error:
        raise CommandError(str(error)) from error
