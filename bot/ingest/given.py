"""The feeds that the settings give: added at start, where they were never known."""

import asyncio
from datetime import datetime
from pathlib import Path

from bot.config import Settings, SettingsError
from bot.feeds.errors import FeedError
from bot.feeds.opml import read_opml
from bot.web.addresses import check_url, source_domain
from bot.web.errors import BadUrlError
from storage import Storage


async def add_given_feeds(storage: Storage, settings: Settings, now: datetime) -> None:
    """Add the feeds of FEEDS that the store never knew.

    A feed removed by command stays removed. Raises SettingsError for a bad address or OPML file.
    """
    urls = await asyncio.to_thread(given_feeds, settings)
    await storage.feeds.ensure([(url, source_domain(url)) for url in urls], now)


def given_feeds(settings: Settings) -> list[str]:
    """The addresses that FEEDS names, itself or in its OPML file; raises SettingsError."""
    given = settings.feeds
    try:
        if isinstance(given, Path):
            if urls := read_opml(given.read_text(encoding="utf-8-sig")):
                return [*urls]
            raise SettingsError(f"FEEDS names {given}, which lists no feeds: export it anew")
        return [check_url(url) for url in given]
    except (OSError, UnicodeDecodeError, FeedError) as error:
        raise SettingsError(f"FEEDS names {given}, which cannot be read: {error}") from error
    except BadUrlError as error:
        raise SettingsError(f"FEEDS has a bad address: {error}") from error
