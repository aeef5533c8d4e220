"""One record of an archive: a line of JSON or a saved page, turned into an article's draft.

    line ─▶ read_line ─▶ Record ─┐
    page ────────────▶ Record ─┴▶ file_records (in a worker) ─▶ Filed: draft and publisher

Records say what newspapers' exports and scrapers say; the names that JSON Feed, schema.org and the
usual scrapers give their fields are all understood. What names no date is refused: an old article
must not come up as today's news.
"""

import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from bot.articles.metadata import default_zone
from bot.articles.newsroom import Desk, FeedItem, Newsroom
from bot.feeds.dates import parse_date
from bot.ingest.decider import title_hash
from bot.ingest.jobs import PageBytes, extract_page, the_newsroom
from bot.web.addresses import canonical_url, check_url, source_domain, url_key
from bot.web.errors import BadUrlError
from storage import ArticleDraft, EntryKey, PictureBlock

_NAMES: Mapping[str, tuple[str, ...]] = {
    "url": ("url", "link", "href", "canonical_url", "canonical"),
    "guid": ("guid", "id", "uid"),
    "title": ("title", "headline", "name"),
    "published": (
        "published", "date_published", "datePublished", "published_at", "pub_date", "pubDate",
        "publish_date", "date", "time", "timestamp", "created", "created_at",
    ),
    "updated": ("updated", "date_modified", "dateModified", "modified", "updated_at"),
    "standfirst": ("standfirst", "lead", "summary", "description", "excerpt", "subtitle"),
    "markup": ("content_html", "html", "body_html"),
    "text": ("text", "content_text", "articleBody", "body", "content", "full_text"),
    "page": ("page", "page_html", "raw_html"),
    "author": ("author", "authors", "creator", "byline"),
    "rubric": ("rubric", "section", "articleSection", "category", "categories", "topic", "topics",
               "tags"),
    "language": ("language", "lang", "inLanguage"),
    "image": ("image", "image_url", "banner_image", "picture", "thumbnail"),
    "source": ("source", "publisher", "site", "site_name"),
}  # fmt: skip

_LONGEST_TITLE = 1000
_MILLISECONDS = 100_000_000_000  # as seconds, the year 5138
_EPOCH = re.compile(r"\d{9,13}(?:\.\d+)?")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a record is no article, for the operator."""

    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """What an archive says of an article. Empty texts are unknown; `page` is a whole page's bytes.

    `domain` is the publisher's, where the operator named it.
    """

    url: str = ""
    guid: str = ""
    title: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    standfirst: str = ""
    markup: str = ""
    author: str = ""
    rubrics: tuple[str, ...] = ()
    language: str = ""
    image: str = ""
    source: str = ""
    page: bytes = b""
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A draft without feed and source, and the publisher that it is to be filed under."""

    draft: ArticleDraft
    domain: str
    source: str  # what the publisher calls itself, "" where unknown


def read_line(line: bytes, *, domain: str | None = None) -> Record | Refused:
    """The record of one line: an object with an address or a title, a date, and a text."""
    try:
        said = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return Refused(f"is no JSON in UTF-8: {error}"[:200])
    if not isinstance(said, dict):
        return Refused("is no JSON object: every line has to be one, {…}.")
    fields = {name: _first(said, names) for name, names in _NAMES.items()}
    zone = default_zone(_words(fields["url"]), _words(fields["language"])[:2].lower())
    published = _time(fields["published"], zone)
    page = fields["page"] if isinstance(fields["page"], str) else ""
    if published is None and not page:
        return Refused('has no date: give "published" as 2026-11-22T09:30:00+03:00.')
    url = _words(fields["url"])
    if url:
        try:
            url = canonical_url(check_url(url))
        except BadUrlError as error:
            return Refused(str(error))
    record = Record(
        url=url,
        guid=_words(fields["guid"]),
        title=_words(fields["title"])[:_LONGEST_TITLE],
        published=published,
        updated=_time(fields["updated"], zone),
        standfirst=_words(fields["standfirst"]),
        markup=_markup(fields["markup"], fields["text"]),
        author=", ".join(_names(fields["author"])),
        rubrics=_names(fields["rubric"]),
        language=_words(fields["language"])[:2].lower(),
        image=next(iter(_names(fields["image"])), ""),
        source=next(iter(_names(fields["source"])), ""),
        page=page.encode(errors="replace"),
        domain=domain,
    )
    if not (record.title or record.page):
        return Refused('has no title: give "title".')
    if not (record.url or record.domain or record.page):
        return Refused('has no address: give "url", or name the publisher with --source.')
    return record


def file_records(records: Sequence[Record], now: datetime) -> list[Filed | Refused]:
    """The articles of some records; runs in a worker, where the parsers may be loaded."""
    newsroom = the_newsroom()
    return [_file(record, newsroom, now) for record in records]


def _file(record: Record, newsroom: Newsroom, now: datetime) -> Filed | Refused:
    page = None
    if record.page:
        page = extract_page(PageBytes(record.page, record.url, None))
        if not (page.title and page.body):
            return Refused("No article was found on the page.")
    url = record.url or (page.url if page else "")
    published = record.published or (page.published if page else None)
    if published is None:
        return Refused("has no date: neither on the page nor beside it.")
    published = max(_EARLIEST, published)
    if not (url or record.domain):
        return Refused("names no address of its own: name the publisher with --source.")
    item = FeedItem(
        url=url,
        title=record.title or (page.title if page else ""),
        published=published,
        updated=record.updated,
        author=record.author,
        summary_html=html.escape(record.standfirst),
        content_html=record.markup,
        categories=record.rubrics,
        image=PictureBlock(record.image) if record.image.startswith("http") else None,
    )
    key = _key(record.guid or url, url, item.title, published)
    desk = Desk(0, 0, record.source, record.language)
    draft = newsroom.compose(item, page, desk=desk, key=key, now=now)
    domain = record.domain or source_domain(url)
    return Filed(draft, domain, record.source or (page.site if page else ""))


def _key(guid: str, url: str, title: str, published: datetime) -> EntryKey:
    return EntryKey(
        guid=guid or hashlib.sha256(f"{title}\0{published.isoformat()}".encode()).hexdigest()[:32],
        url=url_key(url) if url else "",
        title_hash=title_hash(title),
    )


def _first(said: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((said[name] for name in names if said.get(name)), None)


def _words(value: Any) -> str:
    if not isinstance(value, (str, int, float)):
        return ""
    # JSON may hold halves of a character («\ud83d»), which no database takes.
    return " ".join(str(value).encode(errors="ignore").decode().split())


def _names(value: Any) -> tuple[str, ...]:
    """Texts out of a text, an object with a name or address, or a list of such."""
    if isinstance(value, Mapping):
        return _names(value.get("name") or value.get("url"))
    if isinstance(value, (list, tuple)):
        return tuple(name for one in value[:20] for name in _names(one))
    return (_words(value),) if _words(value) else ()


def _markup(markup: Any, text: Any) -> str:
    """The body as markup: as it is, or plain text whose lines are its paragraphs."""
    if isinstance(markup, str) and markup.strip():
        return markup
    if isinstance(text, (list, tuple)):
        text = "\n".join(one for one in text if isinstance(one, str))
    if not isinstance(text, str):
        return ""
    if re.search(r"</?(?:p|div|br|h[1-6]|ul|li|blockquote)\b[^<>]{0,200}>", text[:5000]):
        return text
    paragraphs = (line.strip() for line in text.splitlines())
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in paragraphs if line)


def _time(value: Any, zone: tzinfo) -> datetime | None:
    """A time in any usual form: ISO 8601, RFC 822, seconds or milliseconds since 1970.

    `zone` is for the forms that name none.
    """
    if isinstance(value, str) and not _EPOCH.fullmatch(value.strip()):
        return parse_date(value, zone)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
        return datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
