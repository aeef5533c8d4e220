"""Articles: the one transaction that stores one, its changes, and the lists that show it.

Storing writes entry, story, article, search index and at most one owed push together, so that a
crash leaves either all of them or none; the poll's outcome can ride in the same transaction.

An article is public, or a subscriber's own (`owner`). Lists show public ones; where a `reader`
is named, what that subscriber owns is shown too, but never in the general lists.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, NamedTuple

from storage.article_rows import (
    ARTICLE,
    HEADLINE,
    article,
    draft_of,
    draft_parameters,
    headline,
    revision_of,
)
from storage.blocks import beginning, blocks_from_json
from storage.corrections import THE_PAGE, owe_correction
from storage.database import (
    Database,
    Transaction,
    from_epoch,
    json_list,
    maybe_datetime,
    maybe_epoch,
    to_epoch,
)
from storage.entries import claim_entry
from storage.errors import NotFoundError
from storage.feeds import save_outcome
from storage.meta import put
from storage.models import (
    Article,
    ArticleDraft,
    ArticleState,
    Block,
    BodyFrom,
    FeedOutcome,
    Headline,
    PendingPage,
    PushPlan,
    Revision,
    Stored,
    StoryCandidate,
    Topic,
)
from storage.search import first_key, free_key, index, pack_text, settle, unindex, unpack_text
from storage.stories import becomes_important, join_story, let_lead, let_live_lead

THIS = 0
"""`lead` of `Articles.store`: the article that is being stored."""


class IndexedText(NamedTuple):
    """What an article's line in the search index is made of."""

    article_id: int
    title: str
    subheadline: str
    standfirst: str
    summary: str
    body: tuple[Block, ...]
    language: str


_LIVE = "CASE WHEN state <> 'gone' THEN state WHEN revision > 1 THEN 'corrected' ELSE 'live' END"

_COMPARED = 1500
"""Characters of a body that clustering compares: more of it tells no better."""

INSERT_ARTICLE = """
    INSERT INTO article
           (search_key, story_id, source_id, feed_id, leads, owner, topic, language, published,
            updated, fetched, stored, url, guid, title, subheadline, standfirst, summary, author,
            image, image_url, rubric, labels, cited, people, words, signature, content_hash,
            body_from, page_error, page_tries, page_due, missing, imported, body, search_text)
    VALUES (:key, :story, :source, :feed, :leads, (SELECT owner FROM source WHERE id = :source),
            :topic, :language, :published, :updated, :fetched, :now, :url, :guid, :title,
            :subheadline, :standfirst, :summary, :author, :image, :image_url, :rubric, :labels,
            :cited, :people, :words, :signature, :content_hash, :body_from, :page_error,
            :page_tries, :page_due, :missing, :imported, :body, :search_text)
    RETURNING id
"""


async def store_article(
    transaction: Transaction,
    draft: ArticleDraft,
    parameters: dict[str, object],
    *,
    now: datetime,
    item_hash: str = "",
    story_id: int | None = None,
    lead: int | None = None,
    push: PushPlan | None = None,
    imported: bool = False,
) -> Stored:
    """Store a draft, with its `draft_parameters`, as a part of a transaction: `Articles.store`.

    Whoever calls it settles the index at the end of the transaction.
    """
    entry_id, new, known = await claim_entry(transaction, draft, item_hash, now)
    if not new:
        told = await transaction.row("SELECT story_id FROM article WHERE id = :id", {"id": known})
        return Stored(known or 0, told["story_id"] if told else 0, new=False)
    story, begun = await join_story(transaction, draft, story_id, now)
    key = await free_key(transaction, draft.published)
    article_id = int(
        await transaction.value(
            INSERT_ARTICLE,
            {
                **parameters,
                "key": key,
                "story": story,
                "leads": int(begun),
                "now": to_epoch(now),
                "imported": int(imported),
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
    else:
        if lead is not None:
            await let_lead(transaction, story, lead or article_id)
        await let_live_lead(transaction, story)
    await index(transaction, key, draft.search_title, draft.search_body)
    push_id = None
    if push is not None:
        important = not begun and await becomes_important(transaction, story, now)
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
        lead: int | None = None,
        push: PushPlan | None = None,
        outcome: FeedOutcome | None = None,
    ) -> Stored:
        """Store an article in one transaction, with its story, index and owed push.

        Where the entry is known, or is another address of a known article, nothing is stored and
        `Stored.new` is False (ids are 0 where the text was pruned). An article that joins a story
        owes its push as one that begins it does: it passes over whoever was told, and reaches who
        follows only this source, or its words. The one by which three sources come to tell a story
        within an hour also goes to those who want only important ones.

        `lead` says which article stands for the joined story from now on: None leaves it as it
        is, `THIS` (0) is the one being stored, else the id of an article of that story.
        """
        parameters = draft_parameters(draft)
        async with self._database.transaction() as transaction:
            stored = await store_article(
                transaction,
                draft,
                parameters,
                now=now,
                item_hash=item_hash,
                story_id=story_id,
                lead=lead,
                push=push,
            )
            if stored.new:
                await settle(transaction, 1)
            if outcome is not None:
                await save_outcome(transaction, outcome)
        return stored

    async def replace(
        self,
        article_id: int,
        draft: ArticleDraft,
        *,
        now: datetime,
        revision: bool,
        changed: Sequence[str] = (),
        content_hash: str | None = None,
    ) -> None:
        """Replace an article's text: silently, or as a `revision` that keeps the old text.

        Silent is for the better body of a page that had failed: a push that is not too late goes
        round again, to who follows words that only the page has. A publisher's change is a
        revision, whose `changed` names the parts that differ; it owes a correction of the messages
        that show the article. Identity, story, published time and place in lists stay. A summary
        that a model wrote stays as long as title and body do. An article whose page was missing or
        gone and was read now is live again. With `content_hash`, nothing is written where the text
        has changed since it was that one. Raises NotFoundError.
        """
        parameters = {
            **draft_parameters(draft),
            "id": article_id,
            "now": to_epoch(now),
            "there": draft.body_from is BodyFrom.PAGE and draft.page_error is None,
        }
        async with self._database.transaction() as transaction:
            old = await transaction.row(
                """
                SELECT search_key, search_text, story_id, content_hash, state FROM article
                WHERE id = :id
                """,
                {"id": article_id},
            )
            if old is None:
                raise NotFoundError(f"there is no article {article_id}")
            if content_hash not in (None, old["content_hash"]):
                return
            if parameters["there"] and old["state"] == ArticleState.GONE:
                await owe_correction(transaction, article_id, [THE_PAGE], now)
            if revision:
                await transaction.run(
                    """
                    INSERT INTO revision (article_id, number, title, subheadline, standfirst, body,
                                          replaced, changed)
                    SELECT id, revision, title, subheadline, standfirst, body, :now, :changed
                    FROM article WHERE id = :id
                    """,
                    {"id": article_id, "now": to_epoch(now), "changed": json_list(changed)},
                )
                await transaction.run(
                    """
                    UPDATE article SET revision = revision + 1,
                           state = CASE WHEN state = 'gone' THEN 'gone' ELSE 'corrected' END,
                           updated = coalesce(:updated, :now) WHERE id = :id
                    """,
                    parameters,
                )
                await owe_correction(transaction, article_id, changed, now)
            else:
                await transaction.run(
                    """
                    UPDATE push SET done = 0, cursor = 0, keys = NULL
                    WHERE story_id = :story AND article_id = :id AND expires > :now
                    """,
                    {"story": old["story_id"], "id": article_id, "now": to_epoch(now)},
                )
            # A good page's `page_due` is when somebody looks whether it is still there: that stays.
            await transaction.run(
                f"""
                UPDATE article SET
                       topic = :topic, language = :language, fetched = :fetched, title = :title,
                       subheadline = :subheadline, standfirst = :standfirst,
                       summary = CASE WHEN upgraded IS NOT NULL AND title = :title
                                           AND body = :body AND :standfirst = ''
                                 THEN summary ELSE :summary END,
                       upgraded = CASE WHEN title = :title AND body = :body THEN upgraded END,
                       author = :author, image = :image, image_url = :image_url,
                       rubric = :rubric, labels = :labels, cited = :cited, people = :people,
                       words = :words, signature = :signature,
                       content_hash = :content_hash, body_from = :body_from,
                       page_error = :page_error, page_tries = :page_tries,
                       page_due = coalesce(
                           :page_due, CASE WHEN body_from = 'page' THEN page_due END),
                       missing = CASE WHEN NOT :there THEN coalesce(missing, :missing) END,
                       state = CASE WHEN :there THEN {_LIVE} ELSE state END,
                       body = :body, search_text = :search_text
                WHERE id = :id
                """,
                parameters,
            )
            await unindex(transaction, old["search_key"], old["search_text"])
            await index(transaction, old["search_key"], draft.search_title, draft.search_body)
            await settle(transaction, 1)

    async def upgrade_summary(
        self,
        article_id: int,
        summary: str | None,
        now: datetime,
        *,
        content_hash: str | None = None,
    ) -> None:
        """Note that a model was asked for a better summary, and take it where there is one.

        With `content_hash`, nothing is written where the text has changed since it was asked.
        """
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE article SET upgraded = :now, summary = coalesce(:summary, summary)
                WHERE id = :id AND content_hash = coalesce(:content, content_hash)
                """,
                {
                    "now": to_epoch(now),
                    "summary": summary,
                    "id": article_id,
                    "content": content_hash,
                },
            )

    async def page_failed(
        self,
        article_id: int,
        *,
        error: str,
        tries: int,
        due: datetime | None,
        content_hash: str,
        missing: datetime | None = None,
    ) -> None:
        """A page failed again: when it is asked for next, or never; since when it is missing.

        Nothing is written where the text is another one than that of `content_hash` by now.
        """
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE article SET page_error = :error, page_tries = :tries, page_due = :due,
                       missing = :missing
                WHERE id = :id AND content_hash = :content
                """,
                {
                    "error": error,
                    "tries": tries,
                    "due": maybe_epoch(due),
                    "missing": maybe_epoch(missing),
                    "id": article_id,
                    "content": content_hash,
                },
            )

    # ------------------------------------------------------------ pages that go

    async def page_missed(
        self, article_id: int, *, since: datetime | None, due: datetime | None
    ) -> None:
        """Note since when a page is missing (None: it is not), and when it is asked for again."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE article SET missing = :since, page_due = :due WHERE id = :id",
                {"id": article_id, "since": maybe_epoch(since), "due": maybe_epoch(due)},
            )

    async def page_found(self, article_id: int, *, now: datetime, due: datetime | None) -> None:
        """A page is there, and is asked for again at `due`: a gone article is live again.

        The messages that say otherwise are to be edited.
        """
        async with self._database.transaction() as transaction:
            was = await transaction.row(
                "SELECT state FROM article WHERE id = :id", {"id": article_id}
            )
            await transaction.run(
                f"""
                UPDATE article SET missing = NULL, page_due = :due, state = {_LIVE} WHERE id = :id
                """,
                {"id": article_id, "due": maybe_epoch(due)},
            )
            if was is not None and was["state"] == ArticleState.GONE:
                await owe_correction(transaction, article_id, [THE_PAGE], now)

    async def lose(
        self, article_id: int, *, since: datetime, now: datetime, due: datetime | None
    ) -> None:
        """The page of an article is gone for good, missing since `since`; asked for again at `due`.

        Nothing more of it is sent, no news list shows it, and it leads no story that another
        article tells; the messages that show it are to be edited. Its text stays.
        """
        parameters = {"id": article_id, "since": to_epoch(since), "due": maybe_epoch(due)}
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE article SET missing = :since, page_due = :due WHERE id = :id", parameters
            )
            lost = await transaction.row(
                """
                UPDATE article SET state = 'gone' WHERE id = :id AND state <> 'gone'
                RETURNING story_id
                """,
                {"id": article_id},
            )
            if lost is None:
                return
            await let_live_lead(transaction, lost["story_id"])
            # Whom it was owed to already is told nothing either: a claim sees the article's state.
            await transaction.run(
                "UPDATE push SET done = 1 WHERE story_id = :story AND article_id = :id",
                {"story": lost["story_id"], "id": article_id},
            )
            await owe_correction(transaction, article_id, [THE_PAGE], now)

    async def dropped(
        self, feed_id: int, source_id: int, guids: Sequence[str], *, since: datetime, now: datetime
    ) -> list[int]:
        """Articles of a feed that is read whole, with none of these guids, though published since.

        Those alone whose page somebody is to look for after `now`.
        """
        rows = await self._database.rows(
            """
            SELECT id FROM article
            WHERE source_id = :source AND search_key >= :lowest AND feed_id = :feed
                  AND page_due > :now AND body_from = 'page' AND missing IS NULL
                  AND guid NOT IN (SELECT value FROM json_each(:guids))
            """,
            {
                "source": source_id,
                "lowest": first_key(since),
                "feed": feed_id,
                "now": to_epoch(now),
                "guids": json_list(guids),
            },
        )
        return [row["id"] for row in rows]

    async def hurry_pages(self, ids: Sequence[int], now: datetime) -> None:
        """Have the pages of articles asked for now."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE article SET page_due = :now
                WHERE id IN (SELECT value FROM json_each(:ids)) AND page_due > :now
                """,
                {"ids": json_list(ids), "now": to_epoch(now)},
            )

    async def vanished(self, source_id: int, since: datetime) -> tuple[int, int]:
        """How many of a source's pages went missing since then, and how many articles it has since.

        Counted by the time that its articles were published.
        """
        row = await self._database.row(
            """
            SELECT (SELECT count(*) FROM article WHERE source_id = :source AND missing >= :since)
                   AS vanished,
                   (SELECT count(*) FROM article
                    WHERE source_id = :source AND search_key >= :lowest) AS published
            """,
            {"source": source_id, "since": to_epoch(since), "lowest": first_key(since)},
        )
        return (row["vanished"], row["published"]) if row is not None else (0, 0)

    # ------------------------------------------------------------ reading one

    async def get(self, article_id: int) -> Article:
        """One article, whole; raises NotFoundError."""
        row = await self._database.row(f"{ARTICLE} WHERE a.id = :id", {"id": article_id})
        if row is None:
            raise NotFoundError(f"there is no article {article_id}")
        return article(row)

    async def by_entry(self, feed_id: int, guid: str) -> Article | None:
        """The article of a feed's entry, where its text is still kept."""
        row = await self._database.row(
            f"""
            {ARTICLE} WHERE a.id =
                (SELECT article_id FROM entry WHERE feed_id = :feed AND guid = :guid)
            """,
            {"feed": feed_id, "guid": guid},
        )
        return None if row is None else article(row)

    async def words(self, article_id: int) -> tuple[list[str], list[str]]:
        """An article's normalised words, of title and of body: what follows by words match."""
        row = await self._database.row(
            "SELECT search_text FROM article WHERE id = :id", {"id": article_id}
        )
        if row is None:
            return [], []
        title, body = unpack_text(row["search_text"])
        return title.split(), body.split()

    async def words_of(self, article_ids: Sequence[int]) -> dict[int, tuple[list[str], list[str]]]:
        """`words` of several articles, by id; what was pruned is left out."""
        rows = await self._database.rows(
            """
            SELECT a.id, a.search_text FROM json_each(:ids) j JOIN article a ON a.id = j.value
            """,
            {"ids": json_list(article_ids)},
        )
        found = {}
        for row in rows:
            title, body = unpack_text(row["search_text"])
            found[row["id"]] = (title.split(), body.split())
        return found

    async def pages_due(self, now: datetime, limit: int = 50) -> list[PendingPage]:
        """Articles whose page is to be asked for (again): those that failed, then those that may
        have gone.
        """
        rows = await self._database.rows(
            f"""
            SELECT found.*, (
                SELECT min(created) FROM push
                WHERE story_id = found.story_id AND article_id = found.id) AS told
            FROM ({ARTICLE} WHERE a.page_due IS NOT NULL AND a.page_due <= :now
                  ORDER BY a.body_from = 'page', a.page_due LIMIT :limit) found
            ORDER BY found.body_from = 'page', found.page_due
            """,
            {"now": to_epoch(now), "limit": limit},
        )
        return [
            PendingPage(
                row["id"],
                draft_of(row),
                told=maybe_datetime(row["told"]),
                state=ArticleState(row["state"]),
            )
            for row in rows
        ]

    async def revisions(self, article_id: int) -> list[Revision]:
        """The texts that corrections replaced, the newest first."""
        rows = await self._database.rows(
            "SELECT * FROM revision WHERE article_id = :id ORDER BY number DESC",
            {"id": article_id},
        )
        return [revision_of(row) for row in rows]

    async def summaries_wanted(self, since: datetime, limit: int) -> list[Article]:
        """Public articles fetched since then that a model could summarise better, newest first.

        These have no standfirst, and no model was asked yet. Imported ones and those of which
        only the headline may be shown are left alone.
        """
        rows = await self._database.rows(
            f"""
            {ARTICLE} WHERE a.id IN (
                SELECT id FROM article INDEXED BY article_upgrade
                WHERE upgraded IS NULL AND standfirst = '' AND owner IS NULL AND imported = 0
                      AND fetched >= :since AND state <> 'gone'
                      AND source_id NOT IN (SELECT id FROM source WHERE reading = 'headline')
                ORDER BY search_key DESC LIMIT :limit)
            ORDER BY a.search_key DESC
            """,
            {"since": to_epoch(since), "limit": limit},
        )
        return [article(row) for row in rows]

    # ------------------------------------------------------------ a new normaliser

    async def to_reindex(self, after_id: int, limit: int) -> list[IndexedText]:
        """The next articles after an id, in the order of ids, with what their index is made of."""
        rows = await self._database.rows(
            """
            SELECT id, title, subheadline, standfirst, summary, body, language FROM article
            WHERE id > :after ORDER BY id LIMIT :limit
            """,
            {"after": after_id, "limit": limit},
        )
        return [
            IndexedText(
                row["id"],
                row["title"],
                row["subheadline"],
                row["standfirst"],
                row["summary"],
                blocks_from_json(row["body"]),
                row["language"],
            )
            for row in rows
        ]

    async def reindex(
        self, rows: Sequence[tuple[int, str, str]], *, progress: tuple[str, str]
    ) -> None:
        """Index articles anew by (id, title, body), both normalised; what was pruned is passed.

        `progress` is a key and value of `Meta`, written in the same transaction, so that the work
        goes on there after an interruption. At most 100 rows, or others wait for the writer.
        """
        packed = [
            (article_id, title, body, pack_text(title, body)) for article_id, title, body in rows
        ]
        async with self._database.transaction() as transaction:
            for article_id, title, body, text in packed:
                old = await transaction.row(
                    "SELECT search_key, search_text FROM article WHERE id = :id",
                    {"id": article_id},
                )
                if old is None or old["search_text"] == text:
                    continue
                await unindex(transaction, old["search_key"], old["search_text"])
                await index(transaction, old["search_key"], title, body)
                await transaction.run(
                    "UPDATE article SET search_text = :text WHERE id = :id",
                    {"text": text, "id": article_id},
                )
            await settle(transaction, len(packed))
            await put(transaction, *progress)

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
        reader: int | None = None,
    ) -> list[Headline]:
        """The newest headlines, one a story (all of a source's own where one is asked for).

        `language` is a code or "all". Pages go by search key: older than `before_key`, or the
        next newer than `after_key` (still newest first). A source that is the `reader`'s own shows
        its articles to that reader. What is gone is no news.
        """
        conditions = ["a.state <> 'gone'"]
        if source_id is not None:
            conditions += ["a.source_id = :source", "(a.owner IS NULL OR a.owner = :reader)"]
        else:
            conditions += ["a.owner IS NULL", "a.leads = 1"]
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
            f"{HEADLINE} WHERE {' AND '.join(conditions)} "
            f"ORDER BY a.search_key {order} LIMIT :limit",
            {
                "language": language,
                "limit": limit,
                "before": before_key,
                "after": after_key,
                "topic": topic.value if topic else None,
                "source": source_id,
                "reader": reader,
            },
        )
        found = [headline(row) for row in rows]
        return found[::-1] if after_key is not None else found

    async def between(
        self,
        start: datetime,
        end: datetime,
        *,
        language: str,
        limit: int,
        before_key: int | None = None,
        after_key: int | None = None,
        offset: int = 0,
    ) -> list[Headline]:
        """The headlines of a span of time, newest first: a day of the archive.

        Pages go by search key: older than `before_key`, or the next newer than `after_key` (still
        newest first); `offset` is for old buttons, whose pages shift while news arrives.
        """
        low, high = first_key(start), first_key(end)
        if before_key is not None:
            high = min(high, before_key)
        if after_key is not None:
            low = max(low, after_key + 1)
        order = "ASC" if after_key is not None else "DESC"
        rows = await self._database.rows(
            f"""
            {HEADLINE} WHERE a.leads = 1 AND a.owner IS NULL
                AND (:language = 'all' OR a.language = :language)
                AND a.search_key >= :low AND a.search_key < :high
            ORDER BY a.search_key {order} LIMIT :limit OFFSET :offset
            """,
            {"language": language, "low": low, "high": high, "limit": limit, "offset": offset},
        )
        found = [headline(row) for row in rows]
        return found[::-1] if after_key is not None else found

    async def nearest(
        self, moment: datetime, *, language: str, later: bool = False
    ) -> datetime | None:
        """When the last article before a time, or the first one since, was published.

        Of those that lists show; None where there is none. The archive leads there from a day
        without news.
        """
        side, order = (">=", "ASC") if later else ("<", "DESC")
        row = await self._database.row(
            f"""
            SELECT published FROM article
            WHERE leads = 1 AND owner IS NULL AND search_key {side} :key
                AND (:language = 'all' OR language = :language)
            ORDER BY search_key {order} LIMIT 1
            """,
            {"key": first_key(moment), "language": language},
        )
        return None if row is None else from_epoch(row["published"])

    async def by_keys(self, keys: Sequence[int], *, reader: int | None = None) -> list[Headline]:
        """The headlines of these search keys, public or the reader's own, in their order."""
        return await self._listed("search_key", keys, reader)

    async def by_ids(self, ids: Sequence[int], *, reader: int | None = None) -> list[Headline]:
        """The headlines of these articles, public or the reader's own, in their order."""
        return await self._listed("id", ids, reader)

    async def _listed(
        self, column: Literal["id", "search_key"], numbers: Sequence[int], reader: int | None
    ) -> list[Headline]:
        rows = await self._database.rows(
            f"""
            {HEADLINE} JOIN json_each(:numbers) k ON k.value = a.{column}
            WHERE a.owner IS NULL OR a.owner = :reader ORDER BY k.key
            """,
            {"numbers": json_list(numbers), "reader": reader},
        )
        return [headline(row) for row in rows]

    async def of_stories(self, story_ids: Sequence[int]) -> list[Headline]:
        """The headlines that stand for these stories, in their order; without what is gone."""
        rows = await self._database.rows(
            f"""
            SELECT * FROM (
                SELECT k.key AS place, h.* FROM json_each(:ids) k
                JOIN ({HEADLINE} WHERE a.leads = 1 AND a.state <> 'gone') h ON h.story_id = k.value)
            ORDER BY place
            """,
            {"ids": json_list(story_ids)},
        )
        return [headline(row) for row in rows]

    async def telling(self, story_id: int) -> list[Headline]:
        """A story's articles, the first of each source whose page is there, as they came."""
        rows = await self._database.rows(
            f"""{HEADLINE}
            WHERE a.story_id = :story AND a.id = (
                SELECT id FROM article
                WHERE story_id = :story AND source_id = a.source_id AND state <> 'gone'
                ORDER BY published, id LIMIT 1)
            ORDER BY a.published, a.id LIMIT 20
            """,
            {"story": story_id},
        )
        return [headline(row) for row in rows]

    async def stored_since(
        self, article_id: int, *, language: str, since: datetime, reader: int | None = None
    ) -> list[Headline]:
        """All articles stored after `article_id`, by story: a digest's candidates.

        The newest story comes first, and of a story the article that stands for it. Stories whose
        last article is older than `since` are passed over, and so are imported articles: they are
        no news. The `reader`'s own come whatever their language.
        """
        # SQLite is to start from the few newest articles, and not to read an archive that was
        # imported after them.
        rows = await self._database.rows(
            f"""
            {HEADLINE} WHERE a.id IN (
                    SELECT id FROM article INDEXED BY article_news
                    WHERE id > :article AND imported = 0)
                AND +st.latest >= :since AND a.state <> 'gone'
                AND (a.owner = :reader
                     OR +a.owner IS NULL AND (:language = 'all' OR a.language = :language))
            ORDER BY a.story_id DESC, a.leads DESC, a.id
            """,
            {
                "article": article_id,
                "since": to_epoch(since),
                "language": language,
                "reader": reader,
            },
        )
        return [headline(row) for row in rows]

    async def top(
        self,
        since: datetime,
        *,
        language: str,
        until: datetime | None = None,
        topic: Topic | None = None,
        limit: int = 200,
    ) -> list[Headline]:
        """Headlines of the stories told since `since`, most sources first: to be weighed.

        With `until`, as things stood then: without the articles that were stored later, whenever
        they were published, so that pages hold still. With `topic`, of that alone.
        """
        # The plus sign keeps SQLite from reading all stories in the order that they are grouped by.
        rows = await self._database.rows(
            f"""
            SELECT h.*, found.tellers, found.told FROM (
                SELECT st.article_id, count(DISTINCT o.source_id) AS tellers, count(*) AS told
                FROM story st CROSS JOIN article o ON o.story_id = st.id
                WHERE st.latest >= :since AND st.owner IS NULL
                      AND (:until IS NULL OR o.stored <= :until)
                GROUP BY +st.id HAVING max(o.published) >= :since) found
            CROSS JOIN (
                {HEADLINE} WHERE a.owner IS NULL AND a.imported = 0 AND a.state <> 'gone'
                    AND (:language = 'all' OR a.language = :language)
                    AND (:until IS NULL OR a.published <= :until)
                    AND (:topic IS NULL OR a.topic = :topic)) h ON h.id = found.article_id
            ORDER BY found.tellers DESC, found.told DESC, h.search_key DESC LIMIT :limit
            """,
            {
                "since": to_epoch(since),
                "language": language,
                "until": maybe_epoch(until),
                "topic": topic.value if topic else None,
                "limit": limit,
            },
        )
        return [
            replace(headline(row), sources_in_story=row["tellers"], articles_in_story=row["told"])
            for row in rows
        ]

    async def newest(self) -> int:
        """The highest article id: a digest's watermark."""
        return int(await self._database.value("SELECT coalesce(max(id), 0) FROM article"))

    async def story_candidates(
        self, keys: Sequence[int], *, owner: int | None = None
    ) -> list[StoryCandidate]:
        """What clustering compares a new article with, in the order of the search keys.

        Public articles, or those that `owner` alone may see; never imported ones.
        """
        rows = await self._database.rows(
            """
            SELECT a.id, a.story_id, a.source_id, a.title, a.summary, a.language, a.published,
                   st.published AS begun, a.signature, a.leads, a.standfirst, a.body
            FROM json_each(:keys) k
            JOIN article a ON a.search_key = k.value
            JOIN story st ON st.id = a.story_id
            WHERE a.owner IS :owner AND a.imported = 0
            ORDER BY k.key
            """,
            {"keys": json_list(keys), "owner": owner},
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
                signature=row["signature"],
                leads=bool(row["leads"]),
                standfirst=row["standfirst"],
                text=beginning(row["body"], _COMPARED),
            )
            for row in rows
        ]
