"""`newsboy feed …`: the list of feeds, by hand.

Adding and removing write, so they refuse beside a running bot (its admins use the chat); listing
and checking only read.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from bot.commands.terminal import CommandError, clean, console, local_time, read_settings
from bot.config import Settings
from bot.web.addresses import check_url
from bot.web.errors import BadUrlError
from storage import Feed, FeedState, Storage


def list_feeds() -> None:
    """Print all feeds but the removed ones."""
    settings = read_settings("WARNING")

    async def read() -> Sequence[Feed]:
        async with Storage.open_readonly(settings.database) as storage:
            return await storage.feeds.all()

    feeds = asyncio.run(read())
    if not feeds:
        console().print("No feeds yet. Add one: newsboy feed add URL")
        return
    table = Table()
    for title in ("Feed", "Title", "Last success", "Entries", "State"):
        table.add_column(title, overflow="fold", justify="right" if title == "Entries" else "left")
    for feed in feeds:
        state, style = _state(feed, settings)
        table.add_row(
            clean(feed.url),
            Text(clean(feed.title)),
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
    if feed.checked is None:
        return "not asked yet", "dim"
    return f"well; next poll {local_time(feed.due, settings)}", "green"


def remove(url: str) -> None:
    """Stop polling a feed; raises NotFoundError where it is not polled."""
    settings = read_settings("WARNING")
    address = _address(url)

    async def write() -> None:
        async with Storage.open(settings.database) as storage:
            await storage.feeds.remove(address)

    asyncio.run(write())
    console().print(f"{address} is no longer polled; its articles stay.")


def _address(url: str) -> str:
    try:
        return check_url(url)
    except BadUrlError as error:
        raise CommandError(str(error)) from error
