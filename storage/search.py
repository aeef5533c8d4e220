"""The full-text index: normalised text in, article keys out.

The index is contentless: it holds no text of its own, and its row id is the article's *search
key*, the published second times 4,096 plus a counter, so that keys rise with the published time
even for an archive that was imported later. A row can be deleted only with exactly the text that
it was made of, so that text is kept, compressed, with the article. A query's terms come already
normalised by `bot.words`; all of them must occur, and where fewer than ten articles have all,
any of them may. Ranking weighs the title four times the body and fades with age.
"""

import math
import zlib
from collections.abc import Sequence
from datetime import datetime

from storage.database import Database, Row, Transaction, from_epoch, json_list, to_epoch
from storage.meta import put

KEYS_A_SECOND = 4096
_COMMON = 5001
_NEWEST_OF_COMMON = 2000
_RANKED = 200
_ENOUGH = 10
_FADE_SECONDS = 30 * 86400

# An article writes one to three pages, which are merged again on each of some five levels.
_MERGED_PAGES = 16

# Of all that is others' own; there are few, so the list is made once a query.
_HIDDEN = """
    SELECT search_key FROM article WHERE owner IS NOT NULL AND owner IS NOT :reader
"""


def pack_text(title: str, body: str) -> bytes:
    """The indexed text as it is kept with the article; normalised, so without a NUL."""
    return zlib.compress(f"{title}\0{body}".encode(), 6)


def unpack_text(packed: bytes) -> tuple[str, str]:
    """(title, body) of `pack_text`."""
    title, _, body = zlib.decompress(packed).decode().partition("\0")
    return title, body


def first_key(moment: datetime) -> int:
    """The smallest search key of an article published at `moment` or later."""
    return to_epoch(moment) * KEYS_A_SECOND


def published_at(key: int) -> datetime:
    """The second that a search key was made of."""
    return from_epoch(key // KEYS_A_SECOND)


async def free_key(transaction: Transaction, published: datetime) -> int:
    """The first search key of the published second, or after it, that no article has."""
    return int(
        await transaction.value(
            """
            SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM article WHERE search_key = :lowest)
                   THEN :lowest
                   ELSE (SELECT a.search_key + 1 FROM article a
                         WHERE a.search_key >= :lowest AND NOT EXISTS (
                             SELECT 1 FROM article b WHERE b.search_key = a.search_key + 1)
                         ORDER BY a.search_key LIMIT 1) END
            """,
            {"lowest": first_key(published)},
        )
    )


async def index(transaction: Transaction, key: int, title: str, body: str) -> None:
    """Add an article's normalised text to the index."""
    await transaction.run(
        "INSERT INTO search (rowid, title, body) VALUES (:key, :title, :body)",
        {"key": key, "title": title, "body": body},
    )


async def unindex(transaction: Transaction, key: int, packed: bytes) -> None:
    """Take an article out of the index, by exactly the text that it was indexed with."""
    title, body = unpack_text(packed)
    await transaction.run(
        """
        INSERT INTO search (search, rowid, title, body)
        VALUES ('delete', :key, :title, :body)
        """,
        {"key": key, "title": title, "body": body},
    )


async def settle(transaction: Transaction, articles: int) -> None:
    """Merge as much of the index as so many articles added; last in a transaction that changes it.

    By itself FTS5 merges in bursts: one commit in fifty took ten times as long as the others. Its
    `automerge` is off, so whoever adds or deletes pays a little each time.
    """
    await transaction.run(
        "INSERT INTO search (search, rank) VALUES ('merge', :pages)",
        {"pages": _MERGED_PAGES * articles},
    )


def _quoted(terms: Sequence[str]) -> list[str]:
    # The index's own parser would end a query at a NUL, inside the quotes.
    return ['"' + term.replace("\0", " ").replace('"', '""') + '"' for term in terms]


class Search:
    """Reading the index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many articles each term occurs, counted up to 5,001; absent terms occur nowhere.

        The vocabulary table would count without end: 4 ms for each common word of 100,000 articles.
        """
        rows = await self._database.rows(
            """
            SELECT t.value ->> 0 AS term, (
                SELECT count(*) FROM (
                    SELECT 1 FROM search WHERE search MATCH t.value ->> 1 LIMIT :common) found
                ) AS articles
            FROM json_each(:terms) t
            """,
            {
                "terms": json_list(zip(terms, _quoted(terms), strict=True)),
                "common": _COMMON,
            },
        )
        return {row["term"]: row["articles"] for row in rows if row["articles"]}

    async def size(self) -> int:
        """How many articles there are, for weighing terms."""
        return int(await self._database.value("SELECT count(*) FROM article"))

    async def normaliser_version(self) -> str | None:
        """By which version of the normaliser the index was made; None where nobody said so yet."""
        row = await self._database.row("SELECT value FROM meta WHERE key = 'normaliser'")
        return None if row is None else str(row["value"])

    async def set_normaliser_version(self, version: str) -> None:
        """Note that all of the index is made by this version of the normaliser."""
        async with self._database.transaction() as transaction:
            await put(transaction, "normaliser", version)

    async def keys(
        self,
        terms: Sequence[str],
        *,
        now: datetime,
        before_key: int | None = None,
        reader: int | None = None,
    ) -> tuple[list[int], bool]:
        """Search keys of the articles that match, best first, at most 200.

        These are public, or the reader's own. `before_key` leaves out what is newer, so that pages
        stay stable while news arrives. The second value tells that any of the terms was enough.
        """
        if not terms:
            return [], False
        quoted = _quoted(terms)
        all_of_them = " AND ".join(quoted)
        found = await self._ranked(all_of_them, terms, now, before_key, reader)
        if len(found) >= _ENOUGH or len(terms) == 1:
            return found, False
        loose = await self._ranked(" OR ".join(quoted), terms, now, before_key, reader)
        seen = set(found)
        more = [key for key in loose if key not in seen]
        return (found + more)[:_RANKED], bool(more) and not found

    async def _ranked(
        self,
        match: str,
        terms: Sequence[str],
        now: datetime,
        before_key: int | None,
        reader: int | None,
    ) -> list[int]:
        counts = await self.frequencies(terms)
        parameters: dict[str, object] = {
            "match": match,
            "until": before_key if before_key is not None else 1 << 62,
            "ranked": _RANKED,
            "lowest": 0,
            "reader": reader,
        }
        if sum(counts.values()) >= _COMMON:
            # Ranking a very common word means scoring every article: the newest must do.
            newest = await self._database.rows(
                f"""
                SELECT min(rowid) AS lowest FROM (
                    SELECT rowid FROM search WHERE search MATCH :match AND rowid <= :until
                        AND rowid NOT IN ({_HIDDEN})
                    ORDER BY rowid DESC LIMIT :newest)
                """,
                {**parameters, "newest": _NEWEST_OF_COMMON},
            )
            parameters["lowest"] = newest[0]["lowest"] or 0
        rows = await self._database.rows(
            f"""
            SELECT rowid AS key, -bm25(search, 4.0, 1.0) AS score FROM search
            WHERE search MATCH :match AND rowid <= :until AND rowid >= :lowest
                  AND rowid NOT IN ({_HIDDEN})
            ORDER BY score DESC LIMIT :ranked
            """,
            parameters,
        )

        def faded(row: Row) -> float:
            age = max(0, to_epoch(now) - row["key"] // KEYS_A_SECOND)
            return float(row["score"]) * (0.5 + 0.5 * math.exp(-age / _FADE_SECONDS))

        return [row["key"] for row in sorted(rows, key=faded, reverse=True)]

    async def candidates(
        self,
        terms: Sequence[str],
        *,
        since: datetime,
        limit: int = 30,
        owner: int | None = None,
    ) -> list[int]:
        """Search keys since `since` with any of the terms, best first: for clustering.

        Of public articles, or of those that `owner` alone may see.
        """
        if not terms:
            return []
        # The plus sign keeps SQLite from asking the index for each of the owner's articles.
        of_owner = (
            f"rowid NOT IN ({_HIDDEN})"
            if owner is None
            else "+rowid IN (SELECT search_key FROM article WHERE owner = :reader)"
        )
        rows = await self._database.rows(
            f"""
            SELECT rowid AS key FROM search
            WHERE search MATCH :match AND rowid >= :lowest AND {of_owner}
            ORDER BY bm25(search, 4.0, 1.0) LIMIT :limit
            """,
            {
                "match": " OR ".join(_quoted(terms)),
                "lowest": first_key(since),
                "limit": limit,
                "reader": owner,
            },
        )
        return [row["key"] for row in rows]
