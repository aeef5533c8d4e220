"""`newsboy doctor`: what is wrong, and what to do about it.

    settings ─▶ token (getMe) ───┐
             ─▶ webhook          │
             ─▶ database ─▶ disk ├─▶ findings ─▶ one table ─▶ exit status
             ─▶ every feed ──────┘

Each check returns findings and raises nothing that an operator can mend. Telegram is asked
by plain HTTP: the framework would take seconds to import.
"""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import typer
from rich.table import Table

from bot.commands.terminal import clean, console, read_settings
from bot.config import PASSWORD, Settings, SettingsError
from bot.ingest.given import given_feeds
from bot.logs import redact
from bot.web.certificate import CertificateError, own_certificate
from bot.web.errors import FetchError
from bot.web.fetcher import Fetcher
from storage import Feed, FeedState, Storage, StorageError

FREE_BYTES = 500_000_000  # a backup before a migration, the log, a year of news
SECONDS = 15
CERTIFICATE_LEFT = timedelta(days=7)
COMPLAINT_LIFE = timedelta(hours=1)


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
    token, webhook, reached = await asyncio.gather(
        _token(settings), _webhook(settings), _feeds(settings, feeds)
    )
    return [token, *webhook, _pace(settings), *database, _disk(settings.database), *reached]


def _pace(settings: Settings) -> Finding:
    found = f"{settings.messages_per_second:g} a second"
    if settings.paid_broadcasts:
        # The fee: Bot API, sendMessage, allow_paid_broadcast.
        found += (
            "; PAID_BROADCASTS is on: for each one that goes out by itself, Telegram takes "
            "0.1 Stars from the bot's balance"
        )
    return Finding("messages", found)


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


async def _webhook(settings: Settings) -> list[Finding]:
    """What stands between Telegram's posts and the bot; nothing where it polls."""
    try:
        webhook = settings.webhook
        own = None if webhook is None else own_certificate(webhook)
    except (SettingsError, CertificateError) as error:
        return [Finding("webhook", str(error), "Mend it and try again.")]
    if webhook is None:
        return []
    findings = []
    if own is not None:
        found = f"valid until {own.current.expires:%Y-%m-%d}"
        found += ", signed by itself: Telegram is shown it" if own.current.self_signed else ""
        soon = own.current.expires - datetime.now(UTC) < CERTIFICATE_LEFT
        findings.append(Finding("certificate", found, "Renew it." if soon else ""))
    info = await _ask(settings, "getWebhookInfo")
    if info is None:
        return findings  # the token's line says what is wrong
    url, complaint = str(info.get("url", "")), str(info.get("last_error_message", ""))
    failed = datetime.fromtimestamp(int(info.get("last_error_date", 0)), UTC)
    if not url.startswith(webhook.url):
        findings.append(Finding("webhook", "not set yet; newsboy sets it when it starts"))
    elif complaint and datetime.now(UTC) - failed < COMPLAINT_LIFE:
        fault = f"Telegram could not post to {webhook.url} ({complaint})"
        remedy = "Check the name, the certificate and what stands before WEBHOOK_LISTEN."
        findings.append(Finding("webhook", fault, remedy))
    else:
        waiting = info.get("pending_update_count", 0)
        findings.append(Finding("webhook", f"{webhook.url}, {waiting} updates wait"))
    return findings


async def _ask(settings: Settings, method: str) -> dict[str, Any] | None:
    """A Bot API method's result, an object, or None where there was no such answer."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
            session.get(
                f"{settings.telegram_api_url}/bot{settings.token}/{method}",
                proxy=settings.telegram_proxy,
            ) as reply,
        ):
            answer = await reply.json(content_type=None)
            result = answer["result"]
    except (SettingsError, aiohttp.ClientError, OSError, ValueError, LookupError, TypeError):
        return None  # TimeoutError is an OSError
    return result if isinstance(result, dict) else None


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
