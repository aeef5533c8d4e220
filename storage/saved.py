"""Saved for later: which articles a person keeps, the newest kept first.

What is saved belongs to the person, wherever they pressed; what a reader's own source brought is
shown to that reader alone. Pages are named by the time and the article that they begin after, so
that they hold still while more is saved.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from storage.article_rows import ARTICLE, HEADLINE, article, headline
from storage.database import Database, from_epoch, json_list, to_epoch
from storage.models import Article, Saved, Saving

_MINE = """
    FROM saved v JOIN article a ON a.id = v.article_id
    WHERE v.person_id = :person AND (a.owner IS NULL OR a.owner IN (
        SELECT id FROM subscriber WHERE chat_id = :person))
"""


class SavedKey(NamedTuple):
    """A place in the list: when an article was saved, in seconds of the epoch, and which it was."""

    at: int
    article_id: int


class SavedArticles:
    """People's lists of what to read later. A person's private chat has their own number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(
        self, person_id: int, article_id: int, *, now: datetime, subscriber_id: int, most: int
    ) -> Saving:
        """Keep an article; one that is kept already stays where it is. At most `most` of them.

        `subscriber_id` is the chat where it was asked for: once forgotten, it keeps nothing more.
        """
        parameters = {
            "person": person_id,
            "article": article_id,
            "now": to_epoch(now),
            "subscriber": subscriber_id,
            "most": most,
        }
        async with self._database.transaction() as transaction:
            there = await transaction.row(
                """
                SELECT (SELECT count(*) FROM (
                            SELECT 1 FROM saved WHERE person_id = :person LIMIT :most)) AS many,
                       EXISTS (SELECT 1 FROM saved
                               WHERE person_id = :person AND article_id = :article) AS kept
                WHERE EXISTS (SELECT 1 FROM article WHERE id = :article)
                      AND EXISTS (SELECT 1 FROM subscriber WHERE id = :subscriber)
                """,
                parameters,
            )
            if there is None:
                return Saving.GONE
            if there["kept"]:
                return Saving.DONE
            if there["many"] >= most:
                return Saving.FULL
            await transaction.run(
                "INSERT INTO saved (person_id, article_id, saved) VALUES (:person, :article, :now)",
                parameters,
            )
        return Saving.DONE

    async def drop(self, person_id: int, article_id: int) -> bool:
        """Keep an article no longer; returns whether it was kept."""
        async with self._database.transaction() as transaction:
            return bool(
                await transaction.run(
                    "DELETE FROM saved WHERE person_id = :person AND article_id = :article",
                    {"person": person_id, "article": article_id},
                )
            )

    async def holds(self, person_id: int, article_id: int) -> bool:
        """Whether a person keeps an article."""
        row = await self._database.row(
            "SELECT 1 FROM saved WHERE person_id = :person AND article_id = :article",
            {"person": person_id, "article": article_id},
        )
        return row is not None

    async def count(self, person_id: int) -> int:
        """How many articles a person keeps."""
        return int(await self._database.value(f"SELECT count(*) {_MINE}", {"person": person_id}))

    async def page(
        self,
        person_id: int,
        *,
        limit: int,
        below: SavedKey | None = None,
        above: SavedKey | None = None,
    ) -> list[Saved]:
        """Kept articles, the newest first: at most `limit` next below one, or next above one."""
        keys = await self._keys(person_id, limit=limit, below=below, above=above)
        rows = await self._database.rows(
            f"{HEADLINE} WHERE a.id IN (SELECT value FROM json_each(:ids))",
            {"ids": json_list(key.article_id for key in keys)},
        )
        headlines = {row["id"]: headline(row) for row in rows}
        return [
            Saved(headlines[key.article_id], from_epoch(key.at))
            for key in keys
            if key.article_id in headlines  # pruned between the two reads
        ]

    async def articles(
        self, person_id: int, *, limit: int, below: SavedKey | None = None
    ) -> tuple[list[Article], SavedKey | None]:
        """Kept articles, whole, as `page`; and where to go on below, None after the last."""
        keys = await self._keys(person_id, limit=limit, below=below, above=None)
        rows = await self._database.rows(
            f"{ARTICLE} WHERE a.id IN (SELECT value FROM json_each(:ids))",
            {"ids": json_list(key.article_id for key in keys)},
        )
        found = {row["id"]: article(row) for row in rows}
        return (
            [found[key.article_id] for key in keys if key.article_id in found],
            keys[-1] if len(keys) == limit else None,
        )

    async def _keys(
        self, person_id: int, *, limit: int, below: SavedKey | None, above: SavedKey | None
    ) -> Sequence[SavedKey]:
        place = below or above
        bound, order = "", "DESC"
        if below is not None:
            bound = "AND (v.saved, v.article_id) < (:at, :article)"
        elif above is not None:
            bound, order = "AND (v.saved, v.article_id) > (:at, :article)", "ASC"
        rows = await self._database.rows(
            f"""
            SELECT v.saved, v.article_id {_MINE} {bound}
            ORDER BY v.saved {order}, v.article_id {order} LIMIT :limit
            """,
            {
                "person": person_id,
                "limit": limit,
                "at": place.at if place else 0,
                "article": place.article_id if place else 0,
            },
        )
        keys = [SavedKey(row["saved"], row["article_id"]) for row in rows]
        return keys if order == "DESC" else keys[::-1]
