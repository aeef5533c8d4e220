"""What a follow would have brought lately, and which followed stories a new article may go on with.

Search keys come out, newest first: they name articles, and lists turn them into headlines. Nothing
here looks further back than it is asked to, so an archive of any size costs the same.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from storage.database import Database, json_list
from storage.models import Topic
from storage.search import first_key

STORY_FOLLOWED = timedelta(days=7)
"""A story is followed so long after its latest article; then that follow ends by itself."""

STORY_MUTED = timedelta(days=30)
"""What goes on with a muted story is known so long after its articles: as long as it is hidden."""

# What a push would reach the reader with: its own, or public and in a language that it reads.
_FOR_READER = """
    a.state <> 'gone' AND (a.owner = :reader
        OR a.owner IS NULL AND (:language = 'all' OR a.language = :language))
"""


class Place(NamedTuple):
    """Where an article stands: its id, its story and its place in lists."""

    article_id: int
    story_id: int
    search_key: int


def _match(words: Sequence[str], joint: str) -> str:
    return f" {joint} ".join('"' + word.replace('"', '""') + '"' for word in words)


class Brought:
    """The latest articles by what readers follow."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_topic(
        self, topic: Topic | None, *, language: str, since: datetime, limit: int
    ) -> list[int]:
        """Keys of the stories of a topic, or of all of them, published since then."""
        of_topic = "" if topic is None else "AND topic = :topic"
        rows = await self._database.rows(
            f"""
            SELECT search_key FROM article
            WHERE leads = 1 AND owner IS NULL AND search_key >= :lowest {of_topic}
                  AND state <> 'gone' AND (:language = 'all' OR language = :language)
            ORDER BY search_key DESC LIMIT :limit
            """,
            {
                "topic": topic.value if topic else None,
                "language": language,
                "lowest": first_key(since),
                "limit": limit,
            },
        )
        return [row["search_key"] for row in rows]

    async def of_source(
        self, domain: str, *, reader: int, language: str, since: datetime, limit: int
    ) -> list[int]:
        """Keys of the articles of a domain's sources, the public one and the reader's own."""
        rows = await self._database.rows(
            f"""
            SELECT a.search_key FROM source s JOIN article a ON a.source_id = s.id
            WHERE s.domain = :domain AND a.search_key >= :lowest AND {_FOR_READER}
            ORDER BY a.search_key DESC LIMIT :limit
            """,
            {
                "domain": domain,
                "reader": reader,
                "language": language,
                "lowest": first_key(since),
                "limit": limit,
            },
        )
        return [row["search_key"] for row in rows]

    async def with_words(
        self, words: Sequence[str], *, reader: int, language: str, since: datetime, limit: int
    ) -> list[Place]:
        """The articles that have all these normalised words somewhere, published since then."""
        rows = await self._database.rows(
            f"""
            SELECT a.id, a.story_id, a.search_key FROM search
            CROSS JOIN article a ON a.search_key = search.rowid
            WHERE search MATCH :match AND search.rowid >= :lowest AND {_FOR_READER}
            ORDER BY search.rowid DESC LIMIT :limit
            """,
            {
                "match": _match(words, "AND"),
                "reader": reader,
                "language": language,
                "lowest": first_key(since),
                "limit": limit,
            },
        )
        return [Place(row["id"], row["story_id"], row["search_key"]) for row in rows]

    async def followed_stories(self) -> list[int]:
        """The stories that anybody follows."""
        return await self._stories("subscription", "AND s.audience IS NOT NULL")

    async def muted_stories(self) -> list[int]:
        """The stories that anybody muted."""
        return await self._stories("mute", "")

    async def _stories(self, table: str, only: str) -> list[int]:
        # Each key is met once, however many follow or mute it.
        rows = await self._database.rows(
            f"""
            WITH RECURSIVE held (key) AS (
                SELECT min(s.key) FROM {table} s WHERE s.kind = 'story' {only}
                UNION ALL
                SELECT (SELECT min(s.key) FROM {table} s
                        WHERE s.kind = 'story' {only} AND s.key > held.key)
                FROM held WHERE key IS NOT NULL)
            SELECT CAST(key AS INTEGER) AS story FROM held WHERE key IS NOT NULL
            """
        )
        return [row["story"] for row in rows]

    async def of_stories(
        self, terms: Sequence[str], stories: Sequence[int], *, since: datetime, limit: int
    ) -> list[int]:
        """Keys of these stories' public articles with any of the terms, the likest first."""
        if not terms or not stories:
            return []
        # The plus sign keeps SQLite from asking the index for each of the articles.
        rows = await self._database.rows(
            """
            SELECT rowid AS key FROM search
            WHERE search MATCH :match AND rowid >= :lowest AND +rowid IN (
                SELECT a.search_key FROM json_each(:stories) j
                JOIN article a ON a.story_id = j.value AND a.owner IS NULL)
            ORDER BY bm25(search, 4.0, 1.0) LIMIT :limit
            """,
            {
                "match": _match(terms, "OR"),
                "stories": json_list(stories),
                "lowest": first_key(since),
                "limit": limit,
            },
        )
        return [row["key"] for row in rows]
