"""Stories: which one an article joins, which of its articles stands for it, when it is important.

Exactly one article of a story *leads*: it stands for the story in lists, and `story.article_id`
names it. When it goes, or its page does, another one stands up; a story without articles goes too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.database import Transaction, to_epoch
from storage.models import ArticleDraft
from storage.search import settle, unindex

_IMPORTANT_SOURCES = 3
_IMPORTANT_WITHIN = timedelta(hours=1)


async def join_story(
    transaction: Transaction, draft: ArticleDraft, story_id: int | None, now: datetime
) -> tuple[int, bool]:
    """The story that an article tells, and whether it begins it.

    It does where `story_id` is None, has gone, or is not for the same eyes (one of the two is a
    subscriber's own).
    """
    parameters = {
        "story": story_id,
        "language": draft.language,
        "topic": draft.topic.value,
        "published": to_epoch(draft.published),
        "now": to_epoch(now),
        "source": draft.source_id,
    }
    if story_id is not None:
        joined = await transaction.run(
            """
            UPDATE story SET
                   articles = articles + 1,
                   sources = sources + (NOT EXISTS (SELECT 1 FROM article
                       WHERE story_id = :story AND source_id = :source)),
                   published = min(published, :published),
                   latest = max(latest, :published)
            WHERE id = :story AND owner IS (SELECT owner FROM source WHERE id = :source)
            """,
            parameters,
        )
        if joined:
            return story_id, False
    created = await transaction.value(
        """
        INSERT INTO story (language, topic, published, latest, stored, owner)
        SELECT :language, :topic, :published, :published, :now, owner
        FROM source WHERE id = :source
        RETURNING id
        """,
        parameters,
    )
    return int(created), True


async def becomes_important(transaction: Transaction, story_id: int, now: datetime) -> bool:
    """Whether the story has just come to be told by several sources within the hour."""
    return bool(
        await transaction.run(
            """
            UPDATE story SET important = :now
            WHERE id = :story AND important IS NULL AND sources >= :sources AND EXISTS (
                SELECT 1 FROM article first
                WHERE first.story_id = :story AND :sources <= (
                    SELECT count(DISTINCT near.source_id) FROM article near
                    WHERE near.story_id = :story AND near.published
                          BETWEEN first.published AND first.published + :near))
            """,
            {
                "story": story_id,
                "now": to_epoch(now),
                "sources": _IMPORTANT_SOURCES,
                "near": _IMPORTANT_WITHIN.total_seconds(),
            },
        )
    )


async def let_lead(transaction: Transaction, story_id: int, article_id: int) -> None:
    """Let an article stand for its story from now on; one of another story changes nothing."""
    parameters = {"story": story_id, "article": article_id}
    changed = await transaction.run(
        """
        UPDATE story SET article_id = :article
        WHERE id = :story AND article_id IS NOT :article AND EXISTS (
            SELECT 1 FROM article WHERE id = :article AND story_id = :story)
        """,
        parameters,
    )
    if changed:
        await transaction.run(
            """
            UPDATE article SET leads = (id = :article)
            WHERE story_id = :story AND leads <> (id = :article)
            """,
            parameters,
        )


async def let_live_lead(transaction: Transaction, story_id: int) -> None:
    """Where the page of the article that stands for a story is gone, another article leads."""
    row = await transaction.row(
        """
        SELECT a.id FROM article a
        WHERE a.story_id = :story AND a.state <> 'gone' AND EXISTS (
            SELECT 1 FROM story s JOIN article l ON l.id = s.article_id
            WHERE s.id = :story AND l.state = 'gone')
        ORDER BY a.id LIMIT 1
        """,
        {"story": story_id},
    )
    if row is not None:
        await let_lead(transaction, story_id, row["id"])


async def drop_articles(transaction: Transaction, ids: Sequence[int]) -> None:
    """Delete articles; their entries stay.

    Where the article that stood for its story went, another one stands up.
    """
    for article_id in ids:
        row = await transaction.row(
            "SELECT id, story_id, search_key, search_text FROM article WHERE id = :id",
            {"id": article_id},
        )
        if row is None:
            continue
        await unindex(transaction, row["search_key"], row["search_text"])
        await transaction.run("DELETE FROM article WHERE id = :id", {"id": row["id"]})
        parameters = {"story": row["story_id"]}
        await transaction.run(
            """
            UPDATE story SET article_id = (SELECT min(id) FROM article WHERE story_id = :story)
            WHERE id = :story
                  AND NOT EXISTS (SELECT 1 FROM article WHERE id = story.article_id)
            """,
            parameters,
        )
        await transaction.run(
            """
            UPDATE article SET leads = 1
            WHERE id = (SELECT article_id FROM story WHERE id = :story) AND leads = 0
            """,
            parameters,
        )
        await let_live_lead(transaction, row["story_id"])
        await transaction.run(
            "DELETE FROM story WHERE id = :story AND article_id IS NULL", parameters
        )
    await settle(transaction, len(ids))
