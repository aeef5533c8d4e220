"""What a page tells machines about its article: JSON-LD, microdata, OpenGraph, meta tags.

All formats are read in one walk (turbohtml) into flat records, best first; each field is taken
from the first record that has it. The headline on the page itself goes before the machines'
title where the two resemble each other, because the latter carries site names and is cut.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urldefrag
from zoneinfo import ZoneInfo

import turbohtml

from bot.articles.blocks import absolute_link, clean_text, one_line
from storage import PictureBlock

_ARTICLE = re.compile(r"(?:Article|Posting|Review|Report)$")
_LISTS = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement")
_DEEP = 6
# OpenGraph, then Twitter's, Parse.ly's, Dublin Core's, Sailthru's and older names (lower case).
_TITLES = ("og:title", "twitter:title", "parsely-title", "dc.title", "dcterms.title",
           "sailthru.title", "title")  # fmt: skip
_DESCRIPTIONS = ("og:description", "description", "twitter:description", "dc.description",
                 "dcterms.description", "dcterms.abstract", "sailthru.description")  # fmt: skip
_AUTHORS = ("author", "article:author", "parsely-author", "dc.creator", "dcterms.creator",
            "dc.contributor", "sailthru.author", "byl", "cxenseparse:author")  # fmt: skip
_PUBLISHED = ("article:published_time", "og:published_time", "parsely-pub-date", "dc.date.issued",
              "dcterms.created", "dcterms.issued", "dc.date", "dcterms.date", "sailthru.date",
              "cxenseparse:recs:publishtime", "publication_date", "publish-date", "pubdate",
              "ptime", "date")  # fmt: skip
_UPDATED = ("article:modified_time", "og:updated_time", "dcterms.modified", "dc.date.modified",
            "last-modified", "utime")  # fmt: skip
_SECTIONS = ("article:section", "og:section", "parsely-section", "cxenseparse:recs:category",
             "section")  # fmt: skip
_MOST_IMAGES = 8
_LONGEST_AUTHOR = 120
_LONGEST_SECTION = 60
_LONGEST_SITE = 60
_OLDEST = 1990
"""A date of an earlier year is a template's placeholder («0001-01-01»)."""
_MOSCOW = ZoneInfo("Europe/Moscow")
_WORDS = re.compile(r"\w+")
_BYLINE = re.compile(
    r"^(?:(?:by|written by|автор(?:ы)?(?: текста)?|текст|von|por|par)\b\s*:?\s+)+", re.IGNORECASE
)
_NOBODY = re.compile(r"admin(?:istrator)?|root|user|webmaster|author|null|none|n/a", re.IGNORECASE)
_WRAPPING = re.compile(r"^(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)"
                       r"|(?://\s*-->|-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)$")  # fmt: skip
_SURPLUS_COMMA = re.compile(r",\s*([}\]])")
_DOTTED = re.compile(
    r"\s*(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?\s(?:в\s)?(\d{1,2}):(\d{2})(?::\d{2})?)?\s*"
)
_SITE_TAIL = re.compile(r"\s+[|\-–—:•·/]+\s+[^|–—•·/]{2,40}$")


@dataclass(frozen=True, slots=True)
class Metadata:
    """A page's own account of its article; empty where it keeps silent."""

    title: str = ""
    subheadline: str = ""
    description: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    images: tuple[PictureBlock, ...] = ()  # those it names, in order of trust
    section: str = ""
    url: str = ""
    language: str = ""
    site: str = ""
    body: str = ""  # the article's text or markup, as JSON-LD may repeat it


def read_metadata(document: turbohtml.Document, url: str, *, base: str = "") -> Metadata:
    """The metadata of a page fetched from `url`; relative addresses count from `base`."""
    graph = _meta(document)
    linked = list(_linked_data(document))
    records = list(_articles(linked))
    declared = [body for r in records if isinstance(body := r.get("articleBody"), str)]
    try:
        data = document.structured_data()
    except (RecursionError, ValueError):  # hostile nesting: the meta tags still serve
        pass
    else:
        records += _articles([_plain(item) for item in data.microdata])
        graph |= {name: value for name, value in data.opengraph.items() if value}
    known = {key: one for one in _all(linked) if isinstance(key := one.get("@id"), str)}
    records = [_resolved(record, known) for record in records]
    zone = default_zone(url, _language(document, records, graph))

    def text(*names: str) -> str:
        return next((found for name in names for r in records if (found := _text(r.get(name)))), "")

    def meta(*names: str) -> str:
        return next((found for name in names if (found := clean_text(graph.get(name, "")))), "")

    def when(declared: Iterable[str], named: Iterable[str]) -> datetime | None:
        times = (*(text(name) for name in declared), *(meta(name) for name in named))
        return next((found for time in times if (found := moment(time, zone))), None)

    site = meta("og:site_name", "application-name") or text("publisher")
    return Metadata(
        title=_title(document, text("headline"), meta(*_TITLES), site),
        subheadline=text("alternativeHeadline"),
        description=text("description") or meta(*_DESCRIPTIONS),
        author=_author(records, [_contents(document, name) for name in _AUTHORS]),
        published=when(("datePublished", "dateCreated"), _PUBLISHED),
        updated=when(("dateModified",), _UPDATED),
        images=_images(records, graph, base or url),
        section=_section(text("articleSection") or meta(*_SECTIONS)),
        url=_canonical(document, graph, base or url) or url,
        language=_language(document, records, graph),
        site=site if len(site) <= _LONGEST_SITE else "",
        body=max(declared, key=len, default=""),
    )


def default_zone(url: str, language: str) -> tzinfo:
    """The zone of a time written without one: Moscow's for Russian publishers, else UTC."""
    russian = language == "ru" or re.match(r"https?://[^/]+\.(?:ru|su|рф|xn--p1ai)(?:[:/]|$)", url)
    return _MOSCOW if russian else UTC


def moment(text: str, zone: tzinfo) -> datetime | None:
    """The aware UTC instant that an ISO 8601 or RFC 2822 date, «22.11.2026 10:30» or the seconds
    since 1970 mean, or None; `zone` is that of a time written without one."""
    try:
        parsed = _parsed(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    try:
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
        return aware.astimezone(UTC) if aware.year >= _OLDEST else None
    except (OverflowError, ValueError):
        return None


def _parsed(text: str) -> datetime:
    if dotted := _DOTTED.fullmatch(text):
        day, month, year, hour, minute = (int(number or 0) for number in dotted.groups())
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001 (its zone comes later)
    if re.fullmatch(r"\d{10}(?:\d{3})?", text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    try:
        return datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", text))
    except ValueError:
        return parsedate_to_datetime(text)


def resembles(first: str, second: str) -> bool:
    """Whether two titles share half of the shorter one's words, and more than a single one."""
    one, two = set(_WORDS.findall(first.casefold())), set(_WORDS.findall(second.casefold()))
    shared = len(one & two)
    return one == two != set() or (shared > 1 and 2 * shared >= min(len(one), len(two)))


def _meta(document: turbohtml.Document) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in document.find_all("meta"):
        name = element.attrs.get("name") or element.attrs.get("property")
        content = element.attrs.get("content")
        if isinstance(name, str) and isinstance(content, str):
            found.setdefault(name.lower(), content)
    return found


def _contents(document: turbohtml.Document, name: str) -> list[str]:
    """What all <meta> elements of that name say."""
    elements = document.select(f'meta[name="{name}" i], meta[property="{name}" i]')
    contents = (element.attrs.get("content") for element in elements)
    return [clean_text(content) for content in contents if isinstance(content, str)]


def _linked_data(document: turbohtml.Document) -> Iterator[object]:
    """The page's JSON-LD. Templates write it with commas too many, line breaks in strings and
    comments around, which Google reads too; a script that is worse is passed over alone."""
    for script in document.select("script[type*='ld+json' i]"):
        text = _WRAPPING.sub("", script.text.strip()).strip().rstrip(";")
        for attempt in (text, _SURPLUS_COMMA.sub(r"\1", text)):
            try:
                yield json.loads(attempt, strict=False)
            except (ValueError, RecursionError):
                continue
            break


def _all(values: object, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The records in nested structured data."""
    if depth > _DEEP:
        return
    if isinstance(values, dict):
        yield values
        values = list(values.values())
    if isinstance(values, list):
        for value in values:
            yield from _all(value, depth + 1)


def _resolved(record: dict[str, Any], known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The record with its references («{"@id": …}») to others of the page followed once."""

    def followed(value: object) -> object:
        if isinstance(value, list):
            return [followed(item) for item in value]
        if isinstance(value, dict) and value.keys() == {"@id"}:
            return known.get(str(value["@id"]), value)
        return value

    return {name: followed(value) for name, value in record.items()}


def _plain(item: turbohtml.MicrodataItem) -> dict[str, Any]:
    return {"@type": (item.type or "").rpartition("/")[2]} | {
        name: [v if isinstance(v, str) else _plain(v) for v in values]
        for name, values in item.properties.items()
    }


def _articles(values: object, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The records among nested structured data that describe an article, outermost first."""
    if depth > _DEEP:
        return
    if isinstance(values, list):
        for value in values:
            yield from _articles(value, depth + 1)
    elif isinstance(values, dict):
        kinds = values.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if any(isinstance(kind, str) and _ARTICLE.search(kind) for kind in kinds):
            yield values
        for name in _LISTS:
            yield from _articles(values.get(name), depth + 1)


def _text(value: object) -> str:
    if isinstance(value, list):
        return next((text for item in value if (text := _text(item))), "")
    if isinstance(value, dict):
        return _text(value.get("name") or value.get("@value"))
    return clean_text(value) if isinstance(value, str) else ""


def _names(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict) and isinstance(value.get("name"), list):
        yield from _names(value["name"])
    elif name := _text(value):
        yield name


def tidy_author(names: Iterable[str]) -> str:
    """Authors' names joined by commas: each once, no addresses, no «By»."""
    kept: dict[str, str] = {}
    for name in names:
        bare = _BYLINE.sub("", one_line(name)).strip(" ,;|")
        if bare and not re.search(r"://|@|^/|^www\.", bare) and not _NOBODY.fullmatch(bare):
            kept.setdefault(bare.casefold(), bare)
    author = ", ".join(kept.values())
    return author if len(author) <= _LONGEST_AUTHOR else ""


def _author(records: list[dict[str, Any]], meta: list[list[str]]) -> str:
    declared = [list(_names(r.get(name))) for name in ("author", "creator") for r in records]
    names = (*declared, *meta)
    return next((author for found in names if (author := tidy_author(found))), "")


def _title(document: turbohtml.Document, headline: str, graph: str, site: str) -> str:
    declared = headline or _without_site(graph, site)
    shown = [text for h1 in document.find_all("h1") if (text := one_line(h1.text))]
    for text in shown:
        if declared and resembles(text, declared):
            return text
    if declared:
        return declared
    titles = document.find_all("title", limit=1)
    title = _without_site(one_line(titles[0].text), site) if titles else ""
    for text in shown:
        if resembles(text, title):
            return text
    return title or (shown[0] if shown else "")


def _without_site(title: str, site: str) -> str:
    if site and title.casefold().endswith(site.casefold()) and len(title) > len(site) + 3:
        return title[: -len(site)].rstrip(" |-–—:•·/")
    cut = _SITE_TAIL.sub("", title)
    return cut if len(cut.split()) > 3 else title


def _section(name: str) -> str:
    """A section's name; a path or a domain instead of one names nothing to a reader."""
    return "" if re.search(r"^/|\w\.\w", name) or len(name) > _LONGEST_SECTION else name


def _images(
    records: list[dict[str, Any]], graph: dict[str, str], url: str
) -> tuple[PictureBlock, ...]:
    """The pictures that the page names, the previews' first; each once."""
    preview = {
        "url": graph.get("og:image") or graph.get("og:image:url"),
        "width": graph.get("og:image:width"),
        "height": graph.get("og:image:height"),
    }
    named = [r.get(name) for r in records for name in ("image", "thumbnailUrl")]
    others = [
        graph.get(name) for name in ("twitter:image", "twitter:image:src", "parsely-image-url")
    ]
    found: dict[str, PictureBlock] = {}
    for picture in _pictures([preview, named, others], url):
        found.setdefault(picture.url, picture)
    return tuple(found.values())[:_MOST_IMAGES]


def _pictures(value: object, url: str, depth: int = 0) -> Iterator[PictureBlock]:
    """The pictures in what an `image` may be: an address, an ImageObject, a list of either."""
    if depth > _DEEP:
        return
    if isinstance(value, list):
        for item in value:
            yield from _pictures(item, url, depth + 1)
    elif isinstance(value, str):
        # Unescaped, not cleaned: an address without its odd characters names another file.
        if link := absolute_link(html.unescape(value), url):
            yield PictureBlock(link)
    elif isinstance(value, dict):
        source = value.get("url") or value.get("contentUrl") or value.get("@id")
        for picture in _pictures(source, url, depth + 1):
            yield replace(
                picture,
                caption=_text(value.get("caption")),
                credit=_text(
                    value.get("creditText") or value.get("author") or value.get("creator")
                ),
                width=_pixels(value.get("width")),
                height=_pixels(value.get("height")),
            )


def _pixels(value: object) -> int | None:
    if isinstance(value, dict):
        value = value.get("value")
    text = re.match(r"\d{1,5}", str(value).strip())
    return int(text.group()) or None if text else None


def _canonical(document: turbohtml.Document, graph: dict[str, str], url: str) -> str:
    """The address that the page calls its own, "" where it names none.

    It may be another site's: a copy names its original.
    """
    links = (element.attrs.get("href") for element in document.select("link[rel~=canonical]"))
    for link in (*links, graph.get("og:url")):
        address = absolute_link(link, url) if isinstance(link, str) and link.strip() else None
        address = urldefrag(address).url if address else None
        # A template's fault makes some sites name their front page on every article.
        if address and re.match(r"https?://[^/]+/.+", address):
            return address
    return ""


def _language(
    document: turbohtml.Document, records: list[dict[str, Any]], graph: dict[str, str]
) -> str:
    root = document.find("html")
    declared = root.attrs.get("lang") if root else None
    candidates = [
        declared,
        *(_text(record.get("inLanguage")) for record in records),
        graph.get("og:locale"),
        graph.get("content-language"),
    ]
    for candidate in candidates:
        if isinstance(candidate, str) and (code := re.match(r"[a-zA-Z]{2}(?![a-zA-Z])", candidate)):
            return code.group().lower()
    return ""
