"""A server's answer read as a feed, in a worker."""

from datetime import datetime

from bot.articles.metadata import default_zone
from bot.feeds.entries import ParsedFeed
from bot.feeds.errors import FeedError
from bot.ingest import jobs
from bot.ingest.workers import Workers, WorkerTimeoutError
from bot.web.fetcher import Response


async def read_feed(
    workers: Workers, response: Response, *, language: str, now: datetime
) -> ParsedFeed:
    """The entries of a feed; `language` is its source's, where known.

    Raises FeedError (NotAFeedError for what is none) or WorkerError.
    """
    try:
        return await workers.run(
            jobs.parse_feed,
            response.body,
            url=response.url,
            content_type=response.full_content_type,
            zone=default_zone(response.url, language),
            now=now,
        )
    except WorkerTimeoutError as error:
        raise FeedError(
            "The feed takes too long to read: it is broken, or far too large. Look for a "
            "shorter one of the same site."
        ) from error
