"""`newsboy doctor`: what is wrong, and what to do about it.

    settings ─▶ token (getMe) ─┐
             ─▶ database ─▶ disk ├─▶ findings ─▶ one table ─▶ exit status
             ─▶ every feed ─────┘

Each check returns findings and raises nothing that an operator can mend. The token's check speaks
plain HTTP: the framework would take seconds to import.
"""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import typer
from rich.table import Table

from bot.commands.terminal import clean, console, read_settings
from bot.config import PASSWORD, Settings, SettingsError
from bot.ingest.given import given_feeds
from bot.logs import redact
from bot.web.errors import FetchError
from bot.web.fetcher import Fetcher
from storage import Feed, FeedState, Storage, StorageError

FREE_BYTES = 500_000_000  # a backup before a migration, the log, a year of news
SECONDS = 15


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table. `remedy` is empty where all is well."""

    subject: str
    found: str
    remedy: str = ""


def doctor() -> None:
    """Print the findings; exit status 1 where one of them is a fault."""
    try:
        settings = read_settings("ERROR")
    except SettingsError as error:
        findings: Sequence[Finding] = [Finding("settings", str(error), "Mend it and try again.")]
    else:
        findings = [Finding("settings", "all valid"), *asyncio.run(_examine(settings))]
    table = Table("")
    for title in ("What", "Found", "Remedy"):
        table.add_column(title, overflow="fold")  # an address cut short helps nobody
    for finding in findings:
        sign, style = ("✗", "red") if finding.remedy else ("✓", "green")
        cells = (finding.subject, finding.found, finding.remedy)
        table.add_row(sign, *(clean(redact(cell)) for cell in cells), style=style)
    console().print(table)
    if any(finding.remedy for finding in findings):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Finding]:
    database, feeds = await _database(settings)
    token, reached = await asyncio.gather(_token(settings), _feeds(settings, feeds))
    return [token, *database, _disk(settings.database), *reached]


async def _token(settings: Settings) -> Finding:
    try:
        url = f"{settings.telegram_api_url}/bot{settings.token}/getMe"
    except SettingsError as error:
        return Finding("token", str(error), "Ask @BotFather for one and set BOT_TOKEN.")
    server = PASSWORD.sub("//…@", settings.telegram_api_url)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
            session.get(url, proxy=settings.telegram_proxy) as reply,
        ):
            answer = await reply.json(content_type=None)
            name = answer["result"]["username"] if answer.get("ok") else None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        fault = f"{server} cannot be reached ({error.__class__.__name__})"
        return Finding("token", fault, "Check the network, TELEGRAM_PROXY and TELEGRAM_API_URL.")
    except (ValueError, LookupError, TypeError, AttributeError):
        fault = f"{server} does not answer as Telegram does (status {reply.status})"
        return Finding("token", fault, "Check TELEGRAM_API_URL and TELEGRAM_PROXY.")
    if name is not None:
        return Finding("token", f"@{name} at {server}")
    fault = f"{server} refuses the token ({answer.get('description')})"
    return Finding("token", fault, "Ask @BotFather for the bot's present token, set BOT_TOKEN.")


async def _database(settings: Settings) -> tuple[list[Finding], Sequence[Feed] | None]:
    """The database's findings, and its feeds (None: no database that can be read)."""
    path = settings.database
    if not path.exists():
        return [Finding("database", f"{path} will be made at the first start")], None
    try:
        async with Storage.open_readonly(path) as storage:
            integrity = await storage.upkeep.integrity()
            counts = await storage.upkeep.counts()
            feeds = await storage.feeds.all()
    except StorageError as error:
        return [Finding("database", str(error), "Restore a backup: newsboy restore PATH")], None
    if integrity != "ok":
        fault = f"{path} is damaged: {integrity}"
        return [Finding("database", fault, "Restore a backup: newsboy restore PATH")], None
    found = f"{path} is sound: {counts.articles} articles, {counts.feeds} feeds"
    found += f", {counts.subscribers} subscribers, {counts.owed} messages owed"
    return [Finding("database", found)], feeds


def _disk(database: Path) -> Finding:
    folder = database.absolute().parent
    free = shutil.disk_usage(folder).free
    # A backup or a migration needs the file's own size once more.
    needed = FREE_BYTES + (database.stat().st_size if database.exists() else 0)
    found = f"{free / 1e9:.1f} GB free in {folder}"
    if free >= needed:
        return Finding("disk", found)
    return Finding("disk", found, f"Free {(needed - free) / 1e6:.0f} MB, or move DATABASE.")


async def _feeds(settings: Settings, stored: Sequence[Feed] | None) -> list[Finding]:
    if stored is None:
        try:
            addresses = given_feeds(settings)
        except SettingsError as error:
            return [Finding("feeds", str(error), "Mend FEEDS and try again.")]
    else:
        addresses = [feed.url for feed in stored if feed.state is FeedState.ACTIVE]
    gone = [_gone(feed.url) for feed in stored or () if feed.state is FeedState.GONE]
    if not addresses:
        return [*gone, Finding("feeds", "none", "Add one: newsboy feed add URL")]
    async with Fetcher(
        agent=settings.user_agent,
        allow_private=settings.allow_private_networks,
        proxy=settings.feed_proxy,
    ) as fetcher:
        asked = await asyncio.gather(*(_feed(fetcher, address) for address in addresses))
        return [*asked, *gone]


def _gone(address: str) -> Finding:
    return Finding(
        address,
        "is no longer asked: its server said that it is gone for good (status 410)",
        f"newsboy feed remove {address}, or feed add to ask it again",
    )


async def _feed(fetcher: Fetcher, address: str) -> Finding:
    try:
        response = await fetcher.fetch(address)
    except FetchError as error:
        return Finding(address, str(error), f"See: newsboy feed check {address}")
    if 200 <= response.status < 300:
        size = f"{len(response.body) / 1000:.0f} kB"
        return Finding(address, f"answers ({size} in {response.elapsed:.1f} s)")
    fault = f"answers with status {response.status}"
    if response.status in {404, 410}:
        return Finding(address, fault, f"It is gone: newsboy feed remove {address}")
    return Finding(address, fault, "Open it in a browser; it is tried again by itself.")
