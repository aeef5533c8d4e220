"""Articles, the stories they tell, and the one transaction that stores an article.

What is new is decided by the insert of the entry, never by an earlier read: two feeds of a
publisher, or a feed read twice after a crash, give one article. Storing writes entry, story,
article, search index and at most one owed push together, so that a crash leaves either all of
them or none; the poll's outcome can ride in the same transaction.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.blocks import (
    blocks_from_json,
    blocks_to_json,
    picture_from_json,
    picture_to_json,
)
from storage.database import (
    Database,
    Row,
    Transaction,
    from_epoch,
    json_list,
    maybe_datetime,
    maybe_epoch,
    to_epoch,
)
from storage.errors import NotFoundError
from storage.feeds import save_outcome
from storage.models import (
    Article,
    ArticleDraft,
    ArticleState,
    BodyFrom,
    EntryKey,
    FeedOutcome,
    Headline,
    PendingPage,
    PushPlan,
    Reading,
    Stored,
    StoryCandidate,
    Topic,
)
from storage.search import first_key, free_key, index, pack_text, unindex, unpack_text

# The same title from one source this close together is the same article under another address, and
# the same address in one feed is the same article corrected under a new guid. Further apart it may
# be a daily column; and in one feed, bulletins under one title differ in their texts.
_SAME_WITHIN = timedelta(hours=12)

_IMPORTANT_SOURCES = 3
_IMPORTANT_WITHIN = timedelta(hours=1)

_HEADLINE = """
    SELECT a.id, a.story_id, a.title, a.summary, s.title AS source, s.domain, a.url, a.topic,
           a.language, a.published, a.image_url, st.sources, st.articles, a.search_key,
           st.important, a.owner
    FROM article a
    JOIN source s ON s.id = a.source_id
    JOIN story st ON st.id = a.story_id
"""

_ARTICLE = """
    SELECT a.*, s.title AS source, s.domain, s.reading, st.sources, st.important
    FROM article a
    JOIN source s ON s.id = a.source_id
    JOIN story st ON st.id = a.story_id
"""


def headline(row: Row) -> Headline:
    """A row of the list query as a record."""
    return Headline(
        article_id=row["id"],
        story_id=row["story_id"],
        title=row["title"],
        summary=row["summary"],
        source=row["source"],
        source_domain=row["domain"],
        url=row["url"],
        topic=Topic(row["topic"]),
        language=row["language"],
        published=from_epoch(row["published"]),
        image_url=row["image_url"],
        sources_in_story=row["sources"],
        articles_in_story=row["articles"],
        search_key=row["search_key"],
        important=row["important"] is not None,
        owner=row["owner"],
    )


def _article(row: Row) -> Article:
    return Article(
        id=row["id"],
        story_id=row["story_id"],
        feed_id=row["feed_id"],
        source_id=row["source_id"],
        source=row["source"],
        source_domain=row["domain"],
        reading=Reading(row["reading"]),
        url=row["url"],
        guid=row["guid"],
        title=row["title"],
        subheadline=row["subheadline"],
        standfirst=row["standfirst"],
        summary=row["summary"],
        body=blocks_from_json(row["body"]),
        body_from=BodyFrom(row["body_from"]),
        author=row["author"],
        image=picture_from_json(row["image"]),
        topic=Topic(row["topic"]),
        rubric=row["rubric"],
        language=row["language"],
        labels=tuple(json.loads(row["labels"])),
        cited=tuple(json.loads(row["cited"])),
        state=ArticleState(row["state"]),
        revision=row["revision"],
        published=from_epoch(row["published"]),
        updated=maybe_datetime(row["updated"]),
        fetched=from_epoch(row["fetched"]),
        content_hash=row["content_hash"],
        page_error=row["page_error"],
        page_tries=row["page_tries"],
        sources_in_story=row["sources"],
        owner=row["owner"],
        people=tuple(json.loads(row["people"])),
        words=row["words"],
        signature=row["signature"],
        important=row["important"] is not None,
    )


def _draft_parameters(draft: ArticleDraft) -> dict[str, object]:
    return {
        "source": draft.source_id,
        "feed": draft.feed_id,
        "topic": draft.topic.value,
        "language": draft.language,
        "published": to_epoch(draft.published),
        "updated": maybe_epoch(draft.updated),
        "fetched": to_epoch(draft.fetched),
        "url": draft.url,
        "guid": draft.key.guid,
        "title": draft.title,
        "subheadline": draft.subheadline,
        "standfirst": draft.standfirst,
        "summary": draft.summary,
        "author": draft.author,
        "image": picture_to_json(draft.image),
        "image_url": draft.image.url if draft.image else None,
        "rubric": draft.rubric,
        "labels": json_list(draft.labels),
        "cited": json_list(draft.cited),
        "people": json_list(draft.people),
        "words": draft.words,
        "signature": draft.signature,
        "content_hash": draft.content_hash,
        "body_from": draft.body_from.value,
        "page_error": draft.page_error,
        "page_tries": draft.page_tries,
        "page_due": maybe_epoch(draft.page_due),
        "body": blocks_to_json(draft.body),
        "search_text": pack_text(draft.search_title, draft.search_body),
    }


async def _claim_entry(
    transaction: Transaction, draft: ArticleDraft, item_hash: str, now: datetime
) -> tuple[int, bool, int | None]:
    """Insert the entry: (its id, whether it is a new article, the article that it is else)."""
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
        "near": _SAME_WITHIN.total_seconds(),
    }
    inserted = await transaction.row(
        """
        INSERT INTO entry
               (feed_id, source_id, guid, url, title_hash, item_hash, published, seen)
        VALUES (:feed, :source, :guid, :url, :title, :item, :published, :now)
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
            raise NotFoundError(f"entry {draft.key.guid} vanished")
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
              AND (o.owner IS NULL OR o.owner = (SELECT owner FROM source WHERE id = :source))
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


async def _join_story(
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


async def _becomes_important(transaction: Transaction, story_id: int, now: datetime) -> bool:
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


class Articles:
    """Articles and stories."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ writing

    async def store(
        self,
        draft: ArticleDraft,
        *,
        now: datetime,
        item_hash: str = "",
        story_id: int | None = None,
        push: PushPlan | None = None,
        outcome: FeedOutcome | None = None,
    ) -> Stored:
        """Store an article in one transaction, with its story, index and owed push.

        Where the entry is known, or is another address of a known article, nothing is stored and
        `Stored.new` is False (ids are 0 where the text was pruned). An article that joins a story
        owes its push as one that begins it does: it passes over whoever was told, and reaches who
        follows only this source, or its words. The one by which three sources come to tell a story
        within an hour also goes to those who want only important ones.
        """
        async with self._database.transaction() as transaction:
            stored = await self._store(transaction, draft, now, item_hash, story_id, push)
            if outcome is not None:
                await save_outcome(transaction, outcome)
        return stored

    async def _store(
        self,
        transaction: Transaction,
        draft: ArticleDraft,
        now: datetime,
        item_hash: str,
        story_id: int | None,
        push: PushPlan | None,
    ) -> Stored:
        entry_id, new, known = await _claim_entry(transaction, draft, item_hash, now)
        if not new:
            told = await transaction.row(
                "SELECT story_id FROM article WHERE id = :id", {"id": known}
            )
            return Stored(known or 0, told["story_id"] if told else 0, new=False)
        story, begun = await _join_story(transaction, draft, story_id, now)
        key = await free_key(transaction, draft.published)
        article_id = int(
            await transaction.value(
                """
                INSERT INTO article
                       (search_key, story_id, source_id, feed_id, leads, owner, topic, language,
                        published, updated, fetched, stored, url, guid, title, subheadline,
                        standfirst, summary, author, image, image_url, rubric, labels, cited,
                        people, words, signature, content_hash, body_from, page_error, page_tries,
                        page_due, body, search_text)
                VALUES (:key, :story, :source, :feed, :leads,
                        (SELECT owner FROM source WHERE id = :source), :topic, :language,
                        :published, :updated, :fetched, :now, :url, :guid, :title, :subheadline,
                        :standfirst, :summary, :author, :image, :image_url, :rubric, :labels,
                        :cited, :people, :words, :signature, :content_hash, :body_from,
                        :page_error, :page_tries, :page_due, :body, :search_text)
                RETURNING id
                """,
                {
                    **_draft_parameters(draft),
                    "key": key,
                    "story": story,
                    "leads": int(begun),
                    "now": to_epoch(now),
                },
            )
        )
        await transaction.run(
            "UPDATE entry SET article_id = :article WHERE id = :id",
            {"article": article_id, "id": entry_id},
        )
        if begun:
            await transaction.run(
                "UPDATE story SET article_id = :article WHERE id = :story",
                {"article": article_id, "story": story},
            )
        await index(transaction, key, draft.search_title, draft.search_body)
        push_id = None
        if push is not None:
            important = not begun and await _becomes_important(transaction, story, now)
            push_id = int(
                await transaction.value(
                    """
                    INSERT INTO push (story_id, article_id, kind, created, expires)
                    VALUES (:story, :article, :kind, :now, :expires)
                    RETURNING id
                    """,
                    {
                        "kind": "important" if important else "created",
                        "story": story,
                        "article": article_id,
                        "now": to_epoch(now),
                        "expires": to_epoch(push.expires),
                    },
                )
            )
        return Stored(article_id, story, new=True, push_id=push_id)

    async def replace(
        self, article_id: int, draft: ArticleDraft, *, now: datetime, revision: bool
    ) -> None:
        """Replace an article's text: silently, or as a `revision` that keeps the old text.

        Silent is for the better body of a page that had failed: a push that is not too late goes
        round again, to who follows words that only the page has. A publisher's change is a
        revision. Identity, story, published time and place in lists stay.
        """
        async with self._database.transaction() as transaction:
            old = await transaction.row(
                """
                SELECT search_key, search_text, story_id, title, standfirst, body, revision,
                       published
                FROM article WHERE id = :id
                """,
                {"id": article_id},
            )
            if old is None:
                raise NotFoundError(f"there is no article {article_id}")
            parameters = {**_draft_parameters(draft), "id": article_id, "now": to_epoch(now)}
            if revision:
                await transaction.run(
                    """
                    INSERT INTO revision (article_id, number, title, standfirst, body, replaced)
                    VALUES (:id, :number, :title, :standfirst, :body, :now)
                    """,
                    {
                        "id": article_id,
                        "number": old["revision"],
                        "title": old["title"],
                        "standfirst": old["standfirst"],
                        "body": old["body"],
                        "now": to_epoch(now),
                    },
                )
                await transaction.run(
                    """
                    UPDATE article SET revision = revision + 1, state = 'corrected',
                           updated = coalesce(:updated, :now) WHERE id = :id
                    """,
                    parameters,
                )
            else:
                await transaction.run(
                    """
                    UPDATE push SET done = 0, cursor = 0, keys = NULL
                    WHERE story_id = :story AND article_id = :id AND expires > :now
                    """,
                    {"story": old["story_id"], "id": article_id, "now": to_epoch(now)},
                )
            await transaction.run(
                """
                UPDATE article SET
                       topic = :topic, language = :language, fetched = :fetched, title = :title,
                       subheadline = :subheadline, standfirst = :standfirst, summary = :summary,
                       author = :author, image = :image, image_url = :image_url,
                       rubric = :rubric, labels = :labels, cited = :cited, people = :people,
                       words = :words, signature = :signature,
                       content_hash = :content_hash, body_from = :body_from,
                       page_error = :page_error, page_tries = :page_tries, page_due = :page_due,
                       body = :body, search_text = :search_text
                WHERE id = :id
                """,
                parameters,
            )
            await unindex(transaction, old["search_key"], old["search_text"])
            await index(transaction, old["search_key"], draft.search_title, draft.search_body)

    async def note_item(self, feed_id: int, guid: str, item_hash: str) -> None:
        """Remember what a feed last said of an entry, so that its next change is noticed."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE entry SET item_hash = :item WHERE feed_id = :feed AND guid = :guid",
                {"item": item_hash, "feed": feed_id, "guid": guid},
            )

    async def page_failed(
        self, article_id: int, *, error: str, tries: int, due: datetime | None
    ) -> None:
        """A page failed again: when it is asked for next, or never."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE article SET page_error = :error, page_tries = :tries, page_due = :due
                WHERE id = :id
                """,
                {"error": error, "tries": tries, "due": maybe_epoch(due), "id": article_id},
            )

    # ------------------------------------------------------------ reading one

    async def get(self, article_id: int) -> Article:
        """One article, whole; raises NotFoundError."""
        row = await self._database.row(f"{_ARTICLE} WHERE a.id = :id", {"id": article_id})
        if row is None:
            raise NotFoundError(f"there is no article {article_id}")
        return _article(row)

    async def by_entry(self, feed_id: int, guid: str) -> Article | None:
        """The article of a feed's entry, where its text is still kept."""
        row = await self._database.row(
            f"""
            {_ARTICLE} WHERE a.id =
                (SELECT article_id FROM entry WHERE feed_id = :feed AND guid = :guid)
            """,
            {"feed": feed_id, "guid": guid},
        )
        return None if row is None else _article(row)

    async def words(self, article_id: int) -> tuple[list[str], list[str]]:
        """An article's normalised words, of title and of body: what follows by words match."""
        row = await self._database.row(
            "SELECT search_text FROM article WHERE id = :id", {"id": article_id}
        )
        if row is None:
            return [], []
        title, body = unpack_text(row["search_text"])
        return title.split(), body.split()

    async def pages_due(self, now: datetime, limit: int = 50) -> list[PendingPage]:
        """Articles whose page failed and is to be asked for again."""
        rows = await self._database.rows(
            f"""
            {_ARTICLE} WHERE a.page_due IS NOT NULL AND a.page_due <= :now
            ORDER BY a.page_due LIMIT :limit
            """,
            {"now": to_epoch(now), "limit": limit},
        )
        return [PendingPage(row["id"], _draft(row)) for row in rows]

    # ------------------------------------------------------------ lists

    async def latest(
        self,
        *,
        language: str,
        limit: int,
        before_key: int | None = None,
        after_key: int | None = None,
        topic: Topic | None = None,
        source_id: int | None = None,
    ) -> list[Headline]:
        """The newest headlines, one a story (all of a source's own where one is asked for).

        `language` is a code or "all". Pages go by search key: older than `before_key`, or the
        next newer than `after_key` (still newest first).
        """
        conditions = ["a.owner IS NULL"]
        if source_id is not None:
            conditions.append("a.source_id = :source")
        else:
            conditions.append("a.leads = 1")
            if language != "all":
                conditions.append("a.language = :language")
        if topic is not None:
            conditions.append("a.topic = :topic")
        if before_key is not None:
            conditions.append("a.search_key < :before")
        if after_key is not None:
            conditions.append("a.search_key > :after")
        order = "ASC" if after_key is not None else "DESC"
        rows = await self._database.rows(
            f"{_HEADLINE} WHERE {' AND '.join(conditions)} "
            f"ORDER BY a.search_key {order} LIMIT :limit",
            {
                "language": language,
                "limit": limit,
                "before": before_key,
                "after": after_key,
                "topic": topic.value if topic else None,
                "source": source_id,
            },
        )
        found = [headline(row) for row in rows]
        return found[::-1] if after_key is not None else found

    async def between(
        self, start: datetime, end: datetime, *, language: str, limit: int, offset: int = 0
    ) -> list[Headline]:
        """The headlines of a span of time, newest first: a day of the archive."""
        rows = await self._database.rows(
            f"""
            {_HEADLINE} WHERE a.leads = 1 AND a.owner IS NULL
                AND (:language = 'all' OR a.language = :language)
                AND a.search_key >= :start AND a.search_key < :end
            ORDER BY a.search_key DESC LIMIT :limit OFFSET :offset
            """,
            {
                "language": language,
                "start": first_key(start),
                "end": first_key(end),
                "limit": limit,
                "offset": offset,
            },
        )
        return [headline(row) for row in rows]

    async def by_keys(self, keys: Sequence[int]) -> list[Headline]:
        """The public headlines of these search keys, in their order."""
        rows = await self._database.rows(
            f"""
            {_HEADLINE} JOIN json_each(:keys) k ON k.value = a.search_key
            WHERE a.owner IS NULL ORDER BY k.key
            """,
            {"keys": json_list(keys)},
        )
        return [headline(row) for row in rows]

    async def of_stories(self, story_ids: Sequence[int]) -> list[Headline]:
        """The headlines that stand for these stories, in their order."""
        rows = await self._database.rows(
            f"""
            SELECT * FROM (
                SELECT k.key AS place, h.* FROM json_each(:ids) k
                JOIN ({_HEADLINE} WHERE a.leads = 1) h ON h.story_id = k.value)
            ORDER BY place
            """,
            {"ids": json_list(story_ids)},
        )
        return [headline(row) for row in rows]

    async def stored_since(
        self, article_id: int, *, language: str, since: datetime
    ) -> list[Headline]:
        """All articles stored after `article_id`, by story: a digest's candidates.

        The newest story comes first, and of a story the article that stands for it. Stories whose
        last article is older than `since` are passed over: they are no news.
        """
        # The plus signs make SQLite start from the few newest articles.
        rows = await self._database.rows(
            f"""
            {_HEADLINE} WHERE a.id > :article AND +a.owner IS NULL
                AND +st.latest >= :since AND (:language = 'all' OR a.language = :language)
            ORDER BY a.story_id DESC, a.leads DESC, a.id
            """,
            {"article": article_id, "since": to_epoch(since), "language": language},
        )
        return [headline(row) for row in rows]

    async def top(self, since: datetime, *, language: str, limit: int = 200) -> list[Headline]:
        """Headlines of the stories told since `since`, most sources first: to be weighed."""
        rows = await self._database.rows(
            f"""
            {_HEADLINE} WHERE a.id IN (SELECT article_id FROM story WHERE latest >= :since)
                AND a.owner IS NULL AND (:language = 'all' OR a.language = :language)
            ORDER BY st.sources DESC, st.articles DESC, a.search_key DESC LIMIT :limit
            """,
            {"since": to_epoch(since), "language": language, "limit": limit},
        )
        return [headline(row) for row in rows]

    async def newest(self) -> int:
        """The highest article id: a digest's watermark."""
        return int(await self._database.value("SELECT coalesce(max(id), 0) FROM article"))

    async def story_candidates(self, keys: Sequence[int]) -> list[StoryCandidate]:
        """What clustering compares a new article with, in the order of the search keys."""
        rows = await self._database.rows(
            """
            SELECT a.id, a.story_id, a.source_id, a.title, a.summary, a.language, a.published,
                   st.published AS begun, st.sources, a.signature, a.leads
            FROM json_each(:keys) k
            JOIN article a ON a.search_key = k.value
            JOIN story st ON st.id = a.story_id
            WHERE a.owner IS NULL
            ORDER BY k.key
            """,
            {"keys": json_list(keys)},
        )
        return [
            StoryCandidate(
                article_id=row["id"],
                story_id=row["story_id"],
                source_id=row["source_id"],
                title=row["title"],
                summary=row["summary"],
                language=row["language"],
                published=from_epoch(row["published"]),
                story_begun=from_epoch(row["begun"]),
                story_sources=row["sources"],
                signature=row["signature"],
                leads=bool(row["leads"]),
            )
            for row in rows
        ]


def _draft(row: Row) -> ArticleDraft:
    """A stored article as the draft that it was, to be replaced by a better one."""
    title, body = unpack_text(row["search_text"])
    return ArticleDraft(
        feed_id=row["feed_id"],
        source_id=row["source_id"],
        key=EntryKey(guid=row["guid"], url="", title_hash=""),
        url=row["url"],
        title=row["title"],
        published=from_epoch(row["published"]),
        fetched=from_epoch(row["fetched"]),
        language=row["language"],
        subheadline=row["subheadline"],
        standfirst=row["standfirst"],
        summary=row["summary"],
        body=blocks_from_json(row["body"]),
        body_from=BodyFrom(row["body_from"]),
        author=row["author"],
        image=picture_from_json(row["image"]),
        topic=Topic(row["topic"]),
        rubric=row["rubric"],
        labels=tuple(json.loads(row["labels"])),
        cited=tuple(json.loads(row["cited"])),
        people=tuple(json.loads(row["people"])),
        words=row["words"],
        signature=row["signature"],
        updated=maybe_datetime(row["updated"]),
        content_hash=row["content_hash"],
        page_error=row["page_error"],
        page_tries=row["page_tries"],
        page_due=maybe_datetime(row["page_due"]),
        search_title=title,
        search_body=body,
    )
