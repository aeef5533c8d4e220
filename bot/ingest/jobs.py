"""What the workers are asked to do.

Each job imports what it needs when it runs, in the worker: the bot's own process names these
functions and passes their arguments and results on, and must not carry the parsers' weight.
"""

from datetime import datetime, tzinfo

from bot.feeds.entries import ParsedFeed


def parse_feed(
    body: bytes, *, url: str, content_type: str | None, zone: tzinfo, now: datetime
) -> ParsedFeed:
    """See `bot.feeds.parser.parse`."""
    from bot.feeds.parser import parse

    return parse(body, url=url, content_type=content_type, zone=zone, now=now)


def find_feeds(body: bytes, *, url: str, content_type: str | None) -> tuple[str, ...]:
    """See `bot.feeds.discovery.feed_links`."""
    from bot.feeds.discovery import feed_links

    return feed_links(body, url=url, content_type=content_type)
