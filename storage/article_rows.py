"""How an article lies in its row: from a draft to columns, and from a row to the records.

Lists and articles are read without a picture that is known to be bad, and without anything but the
headline where no more of a source may be shown: the row keeps it, the record does not show it.
"""

import json

from storage.blocks import (
    blocks_from_json,
    blocks_to_json,
    picture_from_json,
    picture_to_json,
)
from storage.database import Row, from_epoch, json_list, maybe_datetime, maybe_epoch, to_epoch
from storage.models import (
    Article,
    ArticleDraft,
    ArticleState,
    BodyFrom,
    EntryKey,
    Headline,
    Reading,
    Revision,
    Topic,
)
from storage.search import pack_text, unpack_text

# By the short index of the bad ones: a list of thousands asks for each of its pictures.
_BAD = "EXISTS (SELECT 1 FROM picture INDEXED BY picture_bad WHERE url = a.image_url AND bad = 1)"

HEADLINE = f"""
    SELECT a.id, a.story_id, a.title, s.title AS source, s.domain, a.url, a.topic,
           a.language, a.published, st.sources, st.articles, a.search_key, st.important, a.owner,
           a.state = 'gone' AS gone,
           CASE WHEN s.reading <> 'headline' THEN a.summary ELSE '' END AS summary,
           CASE WHEN s.reading <> 'headline' AND NOT {_BAD} THEN a.image_url END AS image_url
    FROM article a
    JOIN source s ON s.id = a.source_id
    JOIN story st ON st.id = a.story_id
"""

ARTICLE = f"""
    SELECT a.*, s.title AS source, s.domain, s.reading, st.sources, st.important,
           {_BAD} AS bad_image
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
        gone=bool(row["gone"]),
    )


def article(row: Row) -> Article:
    """A row of `ARTICLE` as a record."""
    shown = not row["bad_image"] and row["reading"] != Reading.HEADLINE
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
        image=picture_from_json(row["image"]) if shown else None,
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
        missing=maybe_datetime(row["missing"]),
    )


def revision_of(row: Row) -> Revision:
    """A row of `revision` as a record."""
    return Revision(
        article_id=row["article_id"],
        number=row["number"],
        title=row["title"],
        subheadline=row["subheadline"],
        standfirst=row["standfirst"],
        body=blocks_from_json(row["body"]),
        replaced=from_epoch(row["replaced"]),
        changed=tuple(json.loads(row["changed"])),
    )


def draft_parameters(draft: ArticleDraft) -> dict[str, object]:
    """A draft as parameters; compresses its indexed text, so not inside a transaction."""
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
        "missing": maybe_epoch(draft.missing),
        "body": blocks_to_json(draft.body),
        "search_text": pack_text(draft.search_title, draft.search_body),
    }


def draft_of(row: Row) -> ArticleDraft:
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
        missing=maybe_datetime(row["missing"]),
        search_title=title,
        search_body=body,
    )
