"""Sources, feeds and what entries of theirs are known.

A feed is due at a time; its poll's outcome is saved after the articles that it announced, in one
row. A feed removed by command stays as a row, so that a restart with the same settings does not
add it again.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from storage.database import (
    Database,
    Row,
    Transaction,
    from_epoch,
    json_list,
    maybe_datetime,
    to_epoch,
)
from storage.errors import AlreadyExistsError, NotFoundError
from storage.models import Feed, FeedHints, FeedOutcome, FeedState, Reading, Source
from storage.search import published_at

_FEED = """
    SELECT f.id, f.source_id, f.url, f.title, f.state, f.etag, f.modified, f.body_hash, f.interval,
           f.due, f.checked, f.succeeded, f.failures, f.error, f.moved_to, f.owner, f.problems,
           f.ttl, f.skip_hours, f.skip_days, f.usual, f.readings,
           (SELECT count(*) FROM entry e WHERE e.feed_id = f.id) AS entries
    FROM feed f
"""

_BY_URL = "WHERE f.url = :url OR f.given = :url ORDER BY f.url = :url DESC LIMIT 1"


def _feed(row: Row) -> Feed:
    return Feed(
        id=row["id"],
        source_id=row["source_id"],
        url=row["url"],
        title=row["title"],
        state=FeedState(row["state"]),
        etag=row["etag"],
        modified=row["modified"],
        body_hash=row["body_hash"],
        interval=row["interval"],
        due=from_epoch(row["due"]),
        checked=maybe_datetime(row["checked"]),
        succeeded=maybe_datetime(row["succeeded"]),
        failures=row["failures"],
        error=row["error"],
        entries=row["entries"],
        moved_to=row["moved_to"],
        owner=row["owner"],
        problems=tuple(json.loads(row["problems"])),
        hints=FeedHints(
            row["ttl"],
            frozenset(json.loads(row["skip_hours"])),
            frozenset(json.loads(row["skip_days"])),
        ),
        usual=row["usual"],
        readings=row["readings"],
    )


def _source(row: Row) -> Source:
    return Source(
        id=row["id"],
        domain=row["domain"],
        title=row["title"],
        language=row["language"],
        reading=Reading(row["reading"]),
        owner=row["owner"],
        newest=None if row["newest"] is None else published_at(row["newest"]),
    )


_SOURCE = """
    SELECT s.*, (SELECT max(search_key) FROM article a WHERE a.source_id = s.id) AS newest
    FROM source s
"""


async def save_outcome(transaction: Transaction, outcome: FeedOutcome) -> None:
    """Write what a poll learned; part of the transaction of the poll's last article.

    A failed poll keeps the validators and the last success.
    """
    parameters = {
        "feed": outcome.feed_id,
        "checked": to_epoch(outcome.checked),
        "due": to_epoch(outcome.due),
        "interval": outcome.interval,
        "error": outcome.error,
        "etag": outcome.etag,
        "modified": outcome.modified,
        "body_hash": outcome.body_hash,
        "title": outcome.title,
        "moved_to": outcome.moved_to,
        "new_url": outcome.new_url,
        "state": "gone" if outcome.gone else "active",
        "problems": None if outcome.problems is None else json_list(outcome.problems),
        "hinted": outcome.hints is not None,
        "ttl": outcome.hints.ttl if outcome.hints else None,
        "skip_hours": json_list(sorted(outcome.hints.skip_hours)) if outcome.hints else None,
        "skip_days": json_list(sorted(outcome.hints.skip_days)) if outcome.hints else None,
        "usual": outcome.usual,
        "readings": outcome.readings,
    }
    if not outcome.ok:
        await transaction.run(
            """
            UPDATE feed SET checked = :checked, due = :due, interval = :interval, error = :error,
                   failures = failures + 1,
                   state = CASE state WHEN 'active' THEN :state ELSE state END
            WHERE id = :feed
            """,
            parameters,
        )
        return
    await transaction.run(
        """
        UPDATE feed SET checked = :checked, succeeded = :checked, due = :due,
               interval = :interval, failures = 0, error = :error,
               etag = :etag, modified = :modified, body_hash = :body_hash,
               title = coalesce(:title, title), moved_to = :moved_to,
               problems = coalesce(:problems, problems),
               ttl = CASE WHEN :hinted THEN :ttl ELSE ttl END,
               skip_hours = coalesce(:skip_hours, skip_hours),
               skip_days = coalesce(:skip_days, skip_days),
               usual = coalesce(:usual, usual), readings = coalesce(:readings, readings)
        WHERE id = :feed
        """,
        parameters,
    )
    if outcome.new_url is not None:
        # Where another feed has that address already, this one keeps its own.
        await transaction.run(
            """
            UPDATE feed SET url = :new_url
            WHERE id = :feed AND NOT EXISTS (SELECT 1 FROM feed WHERE url = :new_url)
            """,
            parameters,
        )
    await transaction.run(
        """
        UPDATE source SET
               title = CASE WHEN title = domain THEN coalesce(:title, title) ELSE title END,
               language = CASE WHEN language = '' THEN coalesce(:language, '') ELSE language END
        WHERE id = (SELECT source_id FROM feed WHERE id = :feed)
        """,
        {
            "feed": outcome.feed_id,
            "title": outcome.source_title or outcome.title,
            "language": outcome.language,
        },
    )


class Feeds:
    """Feeds and their sources."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, feeds: Sequence[tuple[str, str]], now: datetime) -> int:
        """Add the (URL, domain) pairs that were never known; returns how many were added.

        A feed is also known by the address that it had before a permanent redirect.
        """
        added = 0
        async with self._database.transaction() as transaction:
            for url, domain in feeds:
                if await self._known(transaction, url) is None:
                    await self._insert(transaction, url, domain, now)
                    added += 1
        return added

    async def add(self, url: str, domain: str, now: datetime) -> Feed:
        """Add a feed by command, or bring a removed or gone one back; due at once.

        Raises AlreadyExistsError where it is polled already.
        """
        async with self._database.transaction() as transaction:
            known = await self._known(transaction, url)
            if known is None:
                await self._insert(transaction, url, domain, now)
            elif known["state"] == FeedState.ACTIVE:
                raise AlreadyExistsError(f"{url} is polled already")
            else:
                await transaction.run(
                    """
                    UPDATE feed SET state = 'active', due = :now, failures = 0, error = NULL,
                           etag = NULL, modified = NULL, body_hash = NULL
                    WHERE id = :id
                    """,
                    {"id": known["id"], "now": to_epoch(now)},
                )
        return await self.by_url(url)

    @staticmethod
    async def _known(transaction: Transaction, url: str) -> Row | None:
        return await transaction.row(f"SELECT f.id, f.state FROM feed f {_BY_URL}", {"url": url})

    @staticmethod
    async def _insert(transaction: Transaction, url: str, domain: str, now: datetime) -> None:
        parameters = {"url": url, "domain": domain, "now": to_epoch(now)}
        await transaction.run(
            """
            INSERT INTO source (domain, title, created) VALUES (:domain, :domain, :now)
            ON CONFLICT (domain, coalesce(owner, 0)) DO NOTHING
            """,
            parameters,
        )
        await transaction.run(
            """
            INSERT INTO feed (source_id, url, given, due, created)
            SELECT id, :url, :url, :now, :now FROM source WHERE domain = :domain AND owner IS NULL
            """,
            parameters,
        )

    async def remove(self, url: str) -> None:
        """Stop polling a feed; its articles stay. Raises NotFoundError where it is unknown."""
        async with self._database.transaction() as transaction:
            known = await self._known(transaction, url)
            if known is None or known["state"] == FeedState.REMOVED:
                raise NotFoundError(f"{url} is not polled: see newsboy feed list")
            await transaction.run(
                "UPDATE feed SET state = 'removed' WHERE id = :id", {"id": known["id"]}
            )

    async def all(self) -> list[Feed]:
        """All feeds but the removed ones, in the order of their addition."""
        rows = await self._database.rows(f"{_FEED} WHERE f.state <> 'removed' ORDER BY f.id")
        return [_feed(row) for row in rows]

    async def by_url(self, url: str) -> Feed:
        """One feed, by its address now or as it was added; raises NotFoundError."""
        row = await self._database.row(f"{_FEED} {_BY_URL}", {"url": url})
        if row is None:
            raise NotFoundError(f"{url} is not polled: see newsboy feed list")
        return _feed(row)

    async def due(self, now: datetime, limit: int = 1000) -> list[Feed]:
        """The active feeds whose time has come, the longest waiting first."""
        rows = await self._database.rows(
            f"{_FEED} WHERE f.state = 'active' AND f.due <= :now ORDER BY f.due LIMIT :limit",
            {"now": to_epoch(now), "limit": limit},
        )
        return [_feed(row) for row in rows]

    async def next_due(self) -> datetime | None:
        """When the next active feed is due."""
        row = await self._database.row("SELECT min(due) AS due FROM feed WHERE state = 'active'")
        return maybe_datetime(row["due"]) if row else None

    async def save_outcome(self, outcome: FeedOutcome) -> None:
        """Write what a poll learned where it announced no article."""
        async with self._database.transaction() as transaction:
            await save_outcome(transaction, outcome)

    async def known_entries(self, feed_id: int, guids: Sequence[str]) -> dict[str, str]:
        """Of these guids the known ones, each with the hash of what the feed last said of it."""
        rows = await self._database.rows(
            """
            SELECT e.guid, e.item_hash FROM json_each(:guids) g CROSS JOIN entry e
            WHERE e.feed_id = :feed AND e.guid = g.value
            """,
            {"feed": feed_id, "guids": json_list(guids)},
        )
        return {row["guid"]: row["item_hash"] for row in rows}

    async def sources(self) -> list[Source]:
        """The public sources that have an active feed or an article, by title."""
        rows = await self._database.rows(
            f"""
            {_SOURCE} WHERE s.owner IS NULL AND (
                EXISTS (SELECT 1 FROM feed f WHERE f.source_id = s.id AND f.state = 'active')
                OR EXISTS (SELECT 1 FROM article a WHERE a.source_id = s.id))
            ORDER BY s.title
            """
        )
        return [_source(row) for row in rows]

    async def source(self, source_id: int) -> Source:
        """One source; raises NotFoundError."""
        row = await self._database.row(f"{_SOURCE} WHERE s.id = :id", {"id": source_id})
        if row is None:
            raise NotFoundError(f"there is no source {source_id}")
        return _source(row)

    async def set_reading(self, source_id: int, reading: Reading) -> None:
        """How much of a source's articles may be shown."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE source SET reading = :reading WHERE id = :id",
                {"reading": reading.value, "id": source_id},
            )

    async def languages(self) -> list[str]:
        """The languages of the public sources, the most common first."""
        rows = await self._database.rows(
            "SELECT language FROM source WHERE language <> '' AND owner IS NULL "
            "GROUP BY language ORDER BY count(*) DESC, language"
        )
        return [row["language"] for row in rows]
