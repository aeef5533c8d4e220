"""A feed's bytes to its entries: pure, and run where it can be killed (`bot.ingest.workers`).

    bytes ─▶ decode ─▶ refuse entities ─▶ feedparser, or JSON Feed's few fields
          ─▶ entry by entry: identity, absolute link, plain title, dates ─▶ ParsedFeed

feedparser reads RSS 0.9x–2.0, RDF and Atom best of all that were measured; around it stand the
steps that it lacks: decoding that survives wrong declarations, dates in Moscow time and Russian,
titles escaped twice. JSON Feed is read here: fastfeedparser, the library that knows it, gives up
a whole feed for one item of an unexpected type.
"""

import calendar
import hashlib
import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urljoin

import feedparser

from bot.feeds.dates import parse_date
from bot.feeds.decoding import charset_of, decode, without_prolog
from bot.feeds.entries import EntryImage, ParsedEntry, ParsedFeed
from bot.feeds.errors import HostileFeedError, NotAFeedError
from bot.web.addresses import url_key

_TITLE_FROM_SUMMARY = 90  # characters, where an entry has no title of its own
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--|!\[CDATA\[|\?[^<>]*)>|\]\]>", re.DOTALL)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_HIDDEN = {"<![CDATA[": "]]>", "<!--": "-->"}
_HIDING = re.compile(r"<!\[CDATA\[|<!--")
_DECLARATION = re.compile(r"<!ENTITY|<!DOCTYPE[^>]*\[", re.IGNORECASE)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HTML_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_EMAIL = re.compile(r"\(?\S+@\S+\.\w+\)?")
_AGE = re.compile(r"\b(?:0|6|12|16|18)\+")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_Raw = Mapping[str, Any]


def parse(
    body: bytes, *, url: str, content_type: str | None, zone: tzinfo, now: datetime
) -> ParsedFeed:
    """Read a feed that came from `url`.

    `zone` is for dates that name none. Raises NotAFeedError for anything but RSS, RDF, Atom and
    JSON Feed, HostileFeedError for a document that declares entities.
    """
    text = decode(body, charset_of(content_type)).strip()
    if text.startswith("{"):
        return _parse_json(text, url, zone, now)
    text = _NOT_XML.sub("", without_prolog(text))
    _refuse_declarations(text)
    raw = feedparser.parse(
        text.encode(errors="replace"),
        response_headers={
            "content-type": "application/xml; charset=utf-8",
            "content-location": url,
        },
    )
    if not raw.get("version"):
        raise _not_a_feed(text)
    problems: list[str] = []
    if raw.get("bozo") and not isinstance(
        raw.get("bozo_exception"), feedparser.CharacterEncodingOverride
    ):
        problems.append(f"The XML is broken and was repaired: {raw.get('bozo_exception')}")
    channel: _Raw = raw.feed
    return ParsedFeed(
        title=plain_text(channel.get("title", "")),
        entries=_entries(raw.entries, url, zone, now, problems),
        site=_absolute(url, channel.get("link")),
        language=_language(channel.get("language")),
        ttl=_ttl(channel.get("ttl")),
        skip_hours=frozenset(int(hour) % 24 for hour in _skipped(text, "skipHours", r"(\d{1,2})")),
        skip_days=frozenset(
            _DAYS.index(day.lower())
            for day in _skipped(text, "skipDays", r"([A-Za-z]+)")
            if day.lower() in _DAYS
        ),
        problems=tuple(problems),
    )


def plain_text(markup: str) -> str:
    """Markup, escaped once or twice, as one line of text."""
    text = html.unescape(markup) if "&" in markup else markup
    text = _TAG.sub("", _BREAK.sub(" ", text))
    return " ".join(html.unescape(text).replace("\u00ad", "").split())


def _parse_json(text: str, url: str, zone: tzinfo, now: datetime) -> ParsedFeed:
    """JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise _not_a_feed(text) from error
    if not isinstance(raw.get("items"), list) or "version" not in raw:
        raise _not_a_feed(text)
    problems: list[str] = []
    return ParsedFeed(
        title=plain_text(_string(raw.get("title"))),
        entries=_entries(map(_json_item, raw["items"]), url, zone, now, problems),
        site=_absolute(url, _string(raw.get("home_page_url"))),
        language=_language(raw.get("language")),
        problems=tuple(problems),
    )


def _json_item(item: object) -> _Raw:
    """An item in feedparser's shape; a value of an unexpected type is passed over."""
    if not isinstance(item, dict):
        return {}
    markup, text = _string(item.get("content_html")), _string(item.get("content_text"))
    authors = [*_dicts(item.get("authors")), *_dicts([item.get("author")])]
    return {
        "id": _string(item.get("id")),
        "link": _string(item.get("url")) or _string(item.get("external_url")),
        "title": _string(item.get("title")),
        "summary": html.escape(_string(item.get("summary")), quote=False),
        "content": [{"value": markup or html.escape(text, quote=False)}],
        "published": _string(item.get("date_published")),
        "updated": _string(item.get("date_modified")),
        "authors": [{"name": _string(author.get("name"))} for author in authors],
        "tags": [{"term": _string(tag)} for tag in item.get("tags") or () if tag],
        "image": _string(item.get("image")) or _string(item.get("banner_image")),
        "enclosures": [
            {"type": _string(file.get("mime_type")), "href": _string(file.get("url"))}
            for file in _dicts(item.get("attachments"))
        ],
    }


def _string(value: object) -> str:
    """A text or number as text; half a surrogate pair is no character, and no store takes it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode(errors="replace").decode()


def _dicts(values: object) -> list[dict[str, Any]]:
    return (
        [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
    )


def _refuse_declarations(text: str) -> None:
    """Entities can only be declared in a DTD; text that talks about them is let through."""
    if "<!" in text and _DECLARATION.search(_without_hidden(text)):
        raise HostileFeedError(
            "The feed declares XML entities. They serve attacks on readers of feeds, and newsboy "
            "does not read such a feed."
        )


def _without_hidden(text: str) -> str:
    """`text` without CDATA sections and comments; one that never ends hides nothing."""
    shown: list[str] = []
    at = 0
    while found := _HIDING.search(text, at):
        end = text.find(_HIDDEN[found[0]], found.end())
        if end < 0:
            break
        shown.append(text[at : found.start()])
        at = end + len(_HIDDEN[found[0]])
    return "".join((*shown, text[at:]))


def _not_a_feed(text: str) -> NotAFeedError:
    if not text:
        return NotAFeedError("The answer is empty. It is tried again later.")
    if _HTML_PAGE.search(text[:5000]):
        return NotAFeedError(
            "The address answers with a web page, not with a feed. Look on that page for the "
            "address of its RSS feed."
        )
    try:
        json.loads(text)
    except ValueError:
        return NotAFeedError(
            "The address answers with something that is no RSS, Atom or JSON feed."
        )
    return NotAFeedError("The address answers with JSON that is no JSON Feed.")


# ---------------------------------------------------------------- entries


def _entries(
    raws: Iterable[_Raw], base: str, zone: tzinfo, now: datetime, problems: list[str]
) -> tuple[ParsedEntry, ...]:
    entries: list[ParsedEntry] = []
    for number, raw in enumerate(raws, start=1):
        entry = _entry(raw, base, zone, now)
        if isinstance(entry, str):
            problems.append(f"Entry {number} is left out: {entry}")
        else:
            entries.append(entry)
    return _without_doubles(_with_own_guids(entries))


def _entry(raw: _Raw, base: str, zone: tzinfo, now: datetime) -> ParsedEntry | str:
    """The entry, or why it cannot be used."""
    content = _content(raw)
    summary = _summary(raw, content)
    title = plain_text(raw.get("title") or "") or _first_words(plain_text(summary or content))
    if not title:
        return "it has neither a title nor a text."
    url = _link(raw, base)  # "" where there is none: the feed's own text is the article
    published = _date(raw, ("published", "issued", "created"), zone)
    updated = _date(raw, ("updated", "modified"), zone)
    published = published or updated
    guid = str(raw.get("id") or "").strip() or url or _own_guid(title, published)
    return ParsedEntry(
        guid=guid,
        url=url,
        title=title,
        published=min(published, now) if published else None,
        updated=min(updated, now) if updated else None,
        author=_author(raw),
        summary_html=summary,
        content_html=content,
        categories=_categories(raw),
        image=_image(raw, base),
        labels=_labels(raw),
    )


def _with_own_guids(entries: list[ParsedEntry]) -> list[ParsedEntry]:
    """Replace guids that name no entry.

    Some publishers write one guid (their site) into every item; some give every item the same
    link and no guid. An identity shared by different stories would lose all but the first.
    """
    urls: defaultdict[str, set[str]] = defaultdict(set)
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        urls[entry.guid].add(url_key(entry.url))
        titles[entry.guid].add(entry.title)
    owned: list[ParsedEntry] = []
    for entry in entries:
        guid = entry.guid
        if len(urls[guid]) > 1 and entry.url:
            guid = entry.url
        elif len(titles[guid]) > 1:
            guid = _own_guid(entry.title, entry.published)
        owned.append(_replace_guid(entry, guid))
    return owned


def _own_guid(title: str, published: datetime | None) -> str:
    stamp = published.isoformat() if published else ""
    return hashlib.sha256(f"{title}\n{stamp}".encode(errors="surrogatepass")).hexdigest()


def _replace_guid(entry: ParsedEntry, guid: str) -> ParsedEntry:
    if guid == entry.guid:
        return entry
    values = {name: getattr(entry, name) for name in ParsedEntry.__slots__}
    return ParsedEntry(**{**values, "guid": guid})


def _without_doubles(entries: list[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    guids: set[str] = set()
    pages: set[tuple[str, str]] = set()
    kept: list[ParsedEntry] = []
    for entry in entries:
        page = (url_key(entry.url), entry.title)
        if entry.guid in guids or (entry.url and page in pages):
            continue
        guids.add(entry.guid)
        pages.add(page)
        kept.append(entry)
    return tuple(kept)


def _link(raw: _Raw, base: str) -> str:
    """The entry's page: its own link before an aggregator's, a guid that is an address last."""
    for candidate in (raw.get("feedburner_origlink"), raw.get("link"), *_alternates(raw)):
        if url := _absolute(base, candidate):
            return url
    return _absolute("", raw.get("id"))


def _alternates(raw: _Raw) -> list[str]:
    links = raw.get("links") or ()
    return [
        str(link.get("href") or "")
        for link in sorted(links, key=lambda link: link.get("rel") != "alternate")
        if link.get("rel") not in {"enclosure", "self", "edit", "replies"}
    ]


def _absolute(base: str, link: object) -> str:
    """`link` as an absolute http(s) address, "" where it is none."""
    if not link:
        return ""
    try:
        url = urljoin(base, str(link).strip())
    except ValueError:
        return ""
    return url if re.match(r"https?://[^\s/]", url, re.IGNORECASE) else ""


def _content(raw: _Raw) -> str:
    """The whole text as markup: the longest of the places where feeds put it."""
    texts = [_markup(part) for part in raw.get("content") or ()]
    texts += [
        _as_markup(str(raw[key]))
        for key in ("yandex_full-text", "turbo_content", "full-text", "fulltext")
        if raw.get(key)
    ]
    return max(texts, key=len, default="")


def _summary(raw: _Raw, content: str) -> str:
    """The entry's own short text; feedparser repeats the content there where there is none."""
    summary = str(raw.get("summary") or raw.get("description") or "").strip()
    return "" if summary and summary == content.strip() and "summary_detail" not in raw else summary


def _markup(part: _Raw) -> str:
    value = str(part.get("value") or "").strip()
    kind = str(part.get("type") or "")
    if kind.startswith(("image/", "audio/", "video/")):
        return ""
    return _as_markup(value)


def _as_markup(value: str) -> str:
    """Plain text gets paragraphs, so that the newsroom meets markup alone."""
    if re.search(r"<[a-zA-Z!/]|&[a-zA-Z#]\w*;", value):
        return value
    lines = (" ".join(line.split()) for line in value.splitlines())
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in lines if line)


def _first_words(text: str) -> str:
    if len(text) <= _TITLE_FROM_SUMMARY:
        return text
    cut = text[: _TITLE_FROM_SUMMARY - 1].rpartition(" ")[0] or text[: _TITLE_FROM_SUMMARY - 1]
    return f"{cut.rstrip(' ,;:—–-')}…"


def _date(raw: _Raw, names: tuple[str, ...], zone: tzinfo) -> datetime | None:
    for name in names:
        text = _own(raw, name)
        if text and (found := parse_date(str(text), zone)):
            return found
        parsed = _own(raw, f"{name}_parsed")
        if parsed:
            try:
                return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
            except (ValueError, OverflowError, OSError):
                continue
    return None


def _own(raw: _Raw, name: str) -> Any:
    """A value that the entry itself has: feedparser's `get` answers updated with published."""
    return raw[name] if name in raw else None  # noqa: SIM401 - see above


def _author(raw: _Raw) -> str:
    detail = raw.get("author_detail") or {}
    names = [str(author.get("name") or "") for author in raw.get("authors") or () if author]
    joined = ", ".join(dict.fromkeys(name for name in names if name))
    written = str(raw.get("author") or "")
    if "@" in written and len(names) < 2:  # RSS 2.0 wants «mail@host (Name)» there
        return plain_text(_EMAIL.sub("", written)).strip(" ()")
    return plain_text(joined or str(detail.get("name") or written))


def _categories(raw: _Raw) -> tuple[str, ...]:
    names = (
        plain_text(str(tag.get("label") or tag.get("term") or "")) for tag in raw.get("tags") or ()
    )
    return tuple(dict.fromkeys(name for name in names if name))


def _image(raw: _Raw, base: str) -> EntryImage | None:
    """The largest picture that the entry names: media:content, enclosures, then thumbnails."""
    found: list[EntryImage] = []
    for media in raw.get("media_content") or ():
        medium = f"{media.get('medium') or ''} {media.get('type') or ''}"
        if "image" in medium or _looks_like_picture(str(media.get("url") or "")):
            found.append(_sized(media, media.get("url"), base))
    found += [
        _sized(link, link.get("href") or link.get("url"), base)
        for link in (*(raw.get("enclosures") or ()), *(raw.get("links") or ()))
        if str(link.get("type") or "").startswith("image/")
    ]
    found += [_sized(media, media.get("url"), base) for media in raw.get("media_thumbnail") or ()]
    image = raw.get("image")
    if isinstance(image, str):
        found.append(EntryImage(_absolute(base, image)))
    elif isinstance(image, Mapping):
        found.append(EntryImage(_absolute(base, image.get("href"))))
    # max keeps the first of equals, and so the order above where no sizes are stated.
    return max(
        (picture for picture in found if picture.url),
        key=lambda picture: (picture.width or 0) * (picture.height or picture.width or 0),
        default=None,
    )


def _looks_like_picture(url: str) -> bool:
    return bool(re.search(r"\.(?:jpe?g|png|webp|gif)(?:$|\?)", url, re.IGNORECASE))


def _sized(raw: _Raw, url: object, base: str) -> EntryImage:
    return EntryImage(
        url=_absolute(base, url),
        width=_positive(raw.get("width")),
        height=_positive(raw.get("height")),
    )


def _positive(value: object) -> int | None:
    text = str(value or "").strip()
    return int(text) or None if text.isascii() and text.isdigit() and len(text) < 6 else None


def _labels(raw: _Raw) -> tuple[str, ...]:
    """Age marks («18+») and media:rating's «adult»; «nonadult» is no mark."""
    texts = [str(raw.get(key) or "") for key in ("age", "agelimit", "age_limit", "rating")]
    rating = raw.get("media_rating")
    if isinstance(rating, Mapping):
        texts.append(str(rating.get("content") or ""))
    marks = [mark for text in texts for mark in _AGE.findall(text)]
    marks += ["18+" for text in texts if text.strip().lower() == "adult"]
    return tuple(Counter(marks))


# ---------------------------------------------------------------- the channel


def _language(value: object) -> str:
    """The two letters of a language tag (RFC 5646), or ""."""
    found = re.match(r"\s*([A-Za-z]{2})(?:[-_]|\s*$)", str(value or ""))
    return found[1].lower() if found else ""


def _ttl(value: object) -> int | None:
    minutes = _positive(value)
    return minutes * 60 if minutes else None


def _skipped(text: str, name: str, value: str) -> list[str]:
    """The values inside skipHours or skipDays; feedparser keeps only the last of them."""
    block = re.search(rf"<{name}>(.{{0,2000}}?)</{name}>", text, re.DOTALL | re.IGNORECASE)
    if block is None:
        return []
    return re.findall(rf"<(?:hour|day)>\s*{value}\s*</(?:hour|day)>", block[1], re.IGNORECASE)
