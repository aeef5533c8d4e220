"""Sources and feeds: which addresses are polled, when, and how the last poll ended.

A feed is due at a time; its poll's outcome is saved after the articles that it announced, in one
row. A feed removed by command stays as a row, so that a restart with the same settings does not
add it again.

A subscriber may have feeds and sources of its own, apart from the public ones even where the
address is the same: `owner` names the subscriber, None the public. They leave without a trace,
since an address may hold a secret. An archive that was imported hangs on a feed that is never due.
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
from storage.models import (
    Feed,
    FeedHints,
    FeedOutcome,
    FeedState,
    Reading,
    Source,
)
from storage.search import published_at
from storage.stories import drop_articles

_FEED = """
    SELECT f.id, f.source_id, f.url, f.title, f.state, f.etag, f.modified, f.body_hash, f.interval,
           f.due, f.checked, f.succeeded, f.failures, f.error, f.moved_to, f.owner, f.problems,
           f.ttl, f.skip_hours, f.skip_days, f.usual, f.readings,
           (SELECT count(*) FROM entry e WHERE e.feed_id = f.id) AS entries
    FROM feed f
"""


_BY_URL = """
    WHERE (f.url = :url OR f.given = :url) AND f.owner IS :owner AND f.state <> 'archive'
    ORDER BY f.url = :url DESC LIMIT 1
"""

_ARTICLES_AT_ONCE = 50
_REST_SECONDS = 60  # between two polls of a feed, however often its hub announces news


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
            WHERE id = :feed AND NOT EXISTS (
                SELECT 1 FROM feed o WHERE o.url = :new_url AND o.owner IS feed.owner)
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


async def forget_feed(database: Database, feed_id: int) -> None:
    """Delete a feed with all that came from it, in chunks, and its source where it is bare."""
    parameters = {"feed": feed_id, "chunk": _ARTICLES_AT_ONCE}
    more = True
    while more:
        async with database.transaction() as transaction:
            rows = await transaction.rows(
                "SELECT id FROM article WHERE feed_id = :feed LIMIT :chunk", parameters
            )
            await drop_articles(transaction, [row["id"] for row in rows])
            more = len(rows) == _ARTICLES_AT_ONCE
            if more:
                continue
            await transaction.run("DELETE FROM entry WHERE feed_id = :feed", parameters)
            gone = await transaction.row(
                "DELETE FROM feed WHERE id = :feed RETURNING source_id", parameters
            )
            if gone is None:  # somebody else was quicker
                return
            await transaction.run(
                """
                DELETE FROM source
                WHERE id = :source AND NOT EXISTS (SELECT 1 FROM feed WHERE source_id = :source)
                """,
                {"source": gone["source_id"]},
            )


async def orphan(transaction: Transaction, subscriber_id: int) -> None:
    """A subscriber is deleted: what it owns is nobody's, and the nightly work's to end.

    Its number may be given to a new subscriber, who must not inherit, and may be lost as well
    before the night: each time it is another nobody.
    """
    nobody = await transaction.value("SELECT min(coalesce(min(owner), 0), 0) - 1 FROM source")
    parameters = {"owner": subscriber_id, "nobody": nobody}
    for owned in (
        "story SET owner = :nobody WHERE id IN (SELECT story_id FROM article WHERE owner = :owner)",
        "article SET owner = :nobody WHERE owner = :owner",
        "source SET owner = :nobody WHERE owner = :owner",
        "feed SET owner = :nobody, state = 'removed' WHERE owner = :owner",
    ):
        await transaction.run(f"UPDATE {owned}", parameters)


class Feeds:
    """Feeds and their sources."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, feeds: Sequence[tuple[str, str]], now: datetime) -> int:
        """Add the public (URL, domain) pairs that were never known; returns how many were added.

        A feed is also known by the address that it had before a permanent redirect.
        """
        added = 0
        async with self._database.transaction() as transaction:
            for url, domain in feeds:
                if await self._known(transaction, url, None) is None:
                    await self._insert(transaction, url, domain, now, None, "")
                    added += 1
        return added

    async def add(
        self, url: str, domain: str, now: datetime, *, owner: int | None = None, title: str = ""
    ) -> Feed:
        """Add a feed by command, or bring a removed or gone one back; due at once.

        `title` is the source's name until a poll tells it. Raises AlreadyExistsError where it is
        polled already, for the public or for the same owner.
        """
        async with self._database.transaction() as transaction:
            known = await self._known(transaction, url, owner)
            if known is None:
                await self._insert(transaction, url, domain, now, owner, title)
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
        return await self.by_url(url, owner=owner)

    @staticmethod
    async def _known(transaction: Transaction, url: str, owner: int | None) -> Row | None:
        return await transaction.row(
            f"SELECT f.id, f.state FROM feed f {_BY_URL}", {"url": url, "owner": owner}
        )

    @staticmethod
    async def _insert(
        transaction: Transaction,
        url: str,
        domain: str,
        now: datetime,
        owner: int | None,
        title: str,
    ) -> None:
        parameters = {
            "url": url,
            "domain": domain,
            "title": title or domain,
            "owner": owner,
            "now": to_epoch(now),
        }
        await transaction.run(
            """
            INSERT INTO source (domain, title, owner, created)
            VALUES (:domain, :title, :owner, :now)
            ON CONFLICT (domain, coalesce(owner, 0)) DO NOTHING
            """,
            parameters,
        )
        await transaction.run(
            """
            INSERT INTO feed (source_id, url, given, owner, due, created)
            SELECT id, :url, :url, :owner, :now, :now FROM source
            WHERE domain = :domain AND owner IS :owner
            """,
            parameters,
        )

    async def archive(self, domain: str, title: str, language: str, now: datetime) -> Feed:
        """The feed on which a publisher's imported articles hang; made where it is absent."""
        url = f"archive:{domain}"
        parameters = {
            "url": url,
            "domain": domain,
            "title": title or domain,
            "language": language,
            "now": to_epoch(now),
        }
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                INSERT INTO source (domain, title, language, created)
                VALUES (:domain, :title, :language, :now)
                ON CONFLICT (domain, coalesce(owner, 0)) DO NOTHING
                """,
                parameters,
            )
            await transaction.run(
                """
                INSERT INTO feed (source_id, url, given, state, due, created)
                SELECT id, :url, :url, 'archive', :now, :now FROM source
                WHERE domain = :domain AND owner IS NULL
                ON CONFLICT (url, coalesce(owner, 0)) DO NOTHING
                """,
                parameters,
            )
        row = await self._database.row(
            f"{_FEED} WHERE f.url = :url AND f.owner IS NULL", parameters
        )
        if row is None:
            raise NotFoundError(f"the archive of {domain} vanished")
        return _feed(row)

    async def remove(self, url: str, *, owner: int | None = None) -> None:
        """Stop polling a feed; raises NotFoundError where it is unknown.

        A public feed's articles stay; of a subscriber's own feed nothing does.
        """
        async with self._database.transaction() as transaction:
            known = await self._known(transaction, url, owner)
            if known is None or known["state"] == FeedState.REMOVED:
                raise NotFoundError(f"{url} is not polled: see newsboy feed list")
            await transaction.run(
                "UPDATE feed SET state = 'removed' WHERE id = :id", {"id": known["id"]}
            )
        if owner is not None:
            await forget_feed(self._database, known["id"])

    async def all(self) -> list[Feed]:
        """All feeds but removed ones and archives, readers' own too, in the order of addition."""
        rows = await self._database.rows(
            f"{_FEED} WHERE f.state NOT IN ('removed', 'archive') ORDER BY f.id"
        )
        return [_feed(row) for row in rows]

    async def owned(self, owner: int) -> list[Feed]:
        """A subscriber's own feeds, in the order of their addition."""
        rows = await self._database.rows(
            f"{_FEED} WHERE f.owner = :owner AND f.state <> 'removed' ORDER BY f.id",
            {"owner": owner},
        )
        return [_feed(row) for row in rows]

    async def by_url(self, url: str, *, owner: int | None = None) -> Feed:
        """One feed, by its address now or as it was added; raises NotFoundError."""
        row = await self._database.row(f"{_FEED} {_BY_URL}", {"url": url, "owner": owner})
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

    async def hurry(self, feed_id: int, now: datetime) -> None:
        """Make a polled feed due now, or a minute after its last poll: its hub announced news."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE feed SET due = max(:now, coalesce(checked, 0) + :rest)
                WHERE id = :id AND state = 'active'
                      AND due > max(:now, coalesce(checked, 0) + :rest)
                """,
                {"id": feed_id, "now": to_epoch(now), "rest": _REST_SECONDS},
            )

    async def save_outcome(self, outcome: FeedOutcome) -> None:
        """Write what a poll learned where it announced no article."""
        async with self._database.transaction() as transaction:
            await save_outcome(transaction, outcome)

    async def sources(self, *, reader: int | None = None) -> list[Source]:
        """The public sources and a reader's own with an active feed or an article, by title."""
        rows = await self._database.rows(
            f"""
            {_SOURCE} WHERE (s.owner IS NULL OR s.owner = :reader) AND (
                EXISTS (SELECT 1 FROM feed f WHERE f.source_id = s.id AND f.state = 'active')
                OR EXISTS (SELECT 1 FROM article a WHERE a.source_id = s.id))
            ORDER BY s.title
            """,
            {"reader": reader},
        )
        return [_source(row) for row in rows]

    async def source_by_domain(self, domain: str, owner: int | None = None) -> Source | None:
        """The public source of a domain, or a subscriber's own; None where there is none."""
        row = await self._database.row(
            f"{_SOURCE} WHERE s.domain = :domain AND s.owner IS :owner",
            {"domain": domain, "owner": owner},
        )
        return None if row is None else _source(row)

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
