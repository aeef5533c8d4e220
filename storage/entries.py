"""Entries: which of what a feed says is new.

What is new is decided by the insert of the entry, never by an earlier read: two feeds of a
publisher, or a feed read twice after a crash, give one article. A subscriber's own source is apart:
it hides no public news, and public news hide none of its articles from their owner.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from storage.database import Database, Transaction, json_list, to_epoch
from storage.errors import NotFoundError
from storage.models import ArticleDraft, EntryKey

# The same title from one source this close together is the same article under another address, and
# the same address in one feed is the same article corrected under a new guid. Further apart it may
# be a daily column; and in one feed, bulletins under one title differ in their texts.
SAME_WITHIN = timedelta(hours=12)


async def claim_entry(
    transaction: Transaction, draft: ArticleDraft, item_hash: str, now: datetime
) -> tuple[int, bool, int | None]:
    """Insert the entry: (its id, whether it is a new article, the article that it is else).

    Raises NotFoundError where the feed has gone: a subscriber's own leaves without a trace.
    """
    parameters = {
        "feed": draft.feed_id,
        "source": draft.source_id,
        "guid": draft.key.guid,
        "url": draft.key.url,
        "title": draft.key.title_hash,
        "item": item_hash,
        "published": to_epoch(draft.published),
        "now": to_epoch(now),
        "content": draft.content_hash,
        "near": SAME_WITHIN.total_seconds(),
    }
    inserted = await transaction.row(
        """
        INSERT INTO entry
               (feed_id, source_id, guid, url, title_hash, item_hash, published, seen)
        SELECT id, :source, :guid, :url, :title, :item, :published, :now FROM feed WHERE id = :feed
        ON CONFLICT (feed_id, guid) DO NOTHING
        RETURNING id
        """,
        parameters,
    )
    if inserted is None:
        known = await transaction.row(
            "SELECT id, article_id FROM entry WHERE feed_id = :feed AND guid = :guid", parameters
        )
        if known is None:
            raise NotFoundError(f"feed {draft.feed_id} was removed meanwhile")
        return known["id"], False, known["article_id"]
    entry_id = int(inserted["id"])
    same = await transaction.row(
        """
        SELECT e.id, e.article_id FROM entry e JOIN source o ON o.id = e.source_id
        WHERE e.id <> :id
              AND (e.url = :url AND :url <> ''
                      AND (e.feed_id <> :feed OR abs(e.published - :published) <= :near)
                   OR e.source_id = :source AND e.title_hash = :title AND :title <> ''
                      AND abs(e.published - :published) <= :near
                      AND (e.feed_id <> :feed OR :content =
                           (SELECT content_hash FROM article WHERE id = e.article_id)))
              AND o.owner IS (SELECT owner FROM source WHERE id = :source)
        ORDER BY e.article_id IS NULL, e.url <> :url, e.id LIMIT 1
        """,
        {**parameters, "id": entry_id},
    )
    if same is None:
        return entry_id, True, None
    await transaction.run(
        "UPDATE entry SET article_id = :article WHERE id = :id",
        {"article": same["article_id"], "id": entry_id},
    )
    return entry_id, False, same["article_id"]


class ToldEntry(NamedTuple):
    """An entry under whose address another guid was told: its article (0: pruned), where, what."""

    entry_id: int
    article_id: int
    feed_id: int
    item_hash: str


class Entries:
    """What is known of feeds' entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, feed_id: int, guids: Sequence[str]) -> dict[str, str]:
        """Of these guids the known ones, each with the hash of what the feed last said of it."""
        rows = await self._database.rows(
            """
            SELECT e.guid, e.item_hash FROM json_each(:guids) g CROSS JOIN entry e
            WHERE e.feed_id = :feed AND e.guid = g.value
            """,
            {"feed": feed_id, "guids": json_list(guids)},
        )
        return {row["guid"]: row["item_hash"] for row in rows}

    async def told_before(
        self, feed_id: int, source_id: int, keys: Sequence[tuple[str, str, datetime]]
    ) -> dict[str, list[ToldEntry]]:
        """Which new entries of a feed stand at a known address: guid → the entries told there.

        `keys` are (guid, canonical URL, published). The rule is the one by which storing takes an
        entry for a known article: in the same feed only within twelve hours. It saves asking for
        pages that are known; whether an entry is new is still decided when it is stored.
        """
        rows = await self._database.rows(
            """
            SELECT k.value ->> 0 AS guid, e.id, coalesce(e.article_id, 0) AS article, e.feed_id,
                   e.item_hash
            FROM json_each(:keys) k CROSS JOIN entry e JOIN source o ON o.id = e.source_id
            WHERE e.url = k.value ->> 1 AND e.url <> ''
                  AND (e.feed_id <> :feed OR abs(e.published - (k.value ->> 2)) <= :near)
                  AND o.owner IS (SELECT owner FROM source WHERE id = :source)
            ORDER BY k.key, e.article_id IS NULL, e.id
            """,
            {
                "feed": feed_id,
                "source": source_id,
                "near": SAME_WITHIN.total_seconds(),
                "keys": json_list(
                    (guid, url, to_epoch(published)) for guid, url, published in keys
                ),
            },
        )
        told: dict[str, list[ToldEntry]] = {}
        for row in rows:
            told.setdefault(row["guid"], []).append(
                ToldEntry(row["id"], row["article"], row["feed_id"], row["item_hash"])
            )
        return told

    async def known_otherwise(
        self, source_id: int, keys: Sequence[tuple[str, str, str, datetime]]
    ) -> dict[str, int]:
        """Which new entries a source told under other guids: guid → article (0: pruned).

        `keys` are (guid, canonical URL, title hash, published). An entry is known by its title
        within twelve hours, or by its URL; a URL that several entries or articles share (a site's
        front page) counts only within those hours.
        """
        rows = await self._database.rows(
            """
            SELECT k.key AS place, k.value ->> 1 = e.url AND e.url <> '' AS same_url,
                   coalesce(e.article_id, 0) AS article, e.id,
                   abs(e.published - (k.value ->> 3)) <= :near AS near
            FROM json_each(:keys) k CROSS JOIN entry e
            WHERE e.url = k.value ->> 1 AND e.url <> '' AND e.source_id = :source
            UNION
            SELECT k.key, k.value ->> 1 = e.url AND e.url <> '', coalesce(e.article_id, 0), e.id, 1
            FROM json_each(:keys) k CROSS JOIN entry e
            WHERE e.source_id = :source AND e.title_hash = k.value ->> 2 AND e.title_hash <> ''
                  AND abs(e.published - (k.value ->> 3)) <= :near
            """,
            {
                "source": source_id,
                "near": SAME_WITHIN.total_seconds(),
                "keys": json_list(
                    (guid, url, title_hash, to_epoch(published))
                    for guid, url, title_hash, published in keys
                ),
            },
        )
        shared = Counter(url for _guid, url, _title, _published in keys)
        told: dict[int, set[int]] = {}
        for row in rows:
            if row["same_url"]:
                told.setdefault(row["place"], set()).add(row["article"])
        found: dict[str, int] = {}
        # By URL before by title, a kept article before a pruned one, then the first.
        for row in sorted(
            rows, key=lambda row: (not row["same_url"], not row["article"], row["id"])
        ):
            guid, url, _title, _published = keys[row["place"]]
            alone = shared[url] == 1 and len(told.get(row["place"], ())) == 1
            if row["near"] or alone:
                found.setdefault(guid, row["article"])
        return found

    async def adopt(
        self,
        feed_id: int,
        source_id: int,
        entries: Sequence[tuple[EntryKey, datetime, str, int]],
        now: datetime,
    ) -> None:
        """Note entries as known that point to known articles: nothing is stored, nothing told.

        `entries` are (key, published, item hash, article); the article is 0 where it was pruned.
        """
        async with self._database.transaction() as transaction:
            await transaction.run_many(
                """
                INSERT INTO entry (feed_id, source_id, guid, url, title_hash, item_hash, article_id,
                                   published, seen)
                VALUES (:feed, :source, :guid, :url, :title, :item,
                        (SELECT id FROM article WHERE id = :article), :published, :now)
                ON CONFLICT (feed_id, guid) DO NOTHING
                """,
                [
                    {
                        "feed": feed_id,
                        "source": source_id,
                        "guid": key.guid,
                        "url": key.url,
                        "title": key.title_hash,
                        "item": item_hash,
                        "article": article_id,
                        "published": to_epoch(published),
                        "now": to_epoch(now),
                    }
                    for key, published, item_hash, article_id in entries
                ],
            )

    async def rename(
        self, renamed: Sequence[tuple[int, EntryKey, datetime, str]], now: datetime
    ) -> None:
        """Give known entries the guids that their feed has for them now.

        `renamed` are (entry, key, published, item hash). A feed that makes up new guids at every
        reading would fill the store, were each of them kept.
        """
        async with self._database.transaction() as transaction:
            await transaction.run_many(
                """
                UPDATE entry SET guid = :guid, title_hash = :title, item_hash = :item,
                       published = :published, seen = :now
                WHERE id = :entry AND NOT EXISTS (
                    SELECT 1 FROM entry o WHERE o.feed_id = entry.feed_id AND o.guid = :guid)
                """,
                [
                    {
                        "entry": entry_id,
                        "guid": key.guid,
                        "title": key.title_hash,
                        "item": item_hash,
                        "published": to_epoch(published),
                        "now": to_epoch(now),
                    }
                    for entry_id, key, published, item_hash in renamed
                ],
            )

    async def note(self, feed_id: int, guid: str, item_hash: str) -> None:
        """Remember what a feed last said of an entry, so that its next change is noticed."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE entry SET item_hash = :item WHERE feed_id = :feed AND guid = :guid",
                {"item": item_hash, "feed": feed_id, "guid": guid},
            )
