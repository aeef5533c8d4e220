"""Entries: which of what a feed says is new.

What is new is decided by the insert of the entry, never by an earlier read: two feeds of a
publisher, or a feed read twice after a crash, give one article. A subscriber's own source is apart:
it hides no public news, and public news hide none of its articles from their owner.
"""

from datetime import datetime, timedelta

from storage.database import Transaction, to_epoch
from storage.errors import NotFoundError
from storage.models import ArticleDraft

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
