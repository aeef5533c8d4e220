"""A feed's bytes to its entries: pure, and run where it can be killed (`bot.ingest.workers`).

    bytes ─▶ decode ─▶ what is it?  JSON Feed ─▶ `bot.feeds.jsonfeed`
                                    a channel's preview page ─▶ `bot.feeds.channel`
                                    a sitemap ─▶ mend ─▶ `bot.feeds.sitemap`
                                    else ─▶ mend ─▶ feedparser
          ─▶ entry by entry: identity, absolute link, plain title, dates ─▶ ParsedFeed

feedparser reads RSS 0.9x–2.0, RDF and Atom best of all that were measured; around it stand the
steps that it lacks: decoding that survives wrong declarations, markup mended (`bot.feeds.mending`),
dates in Moscow time and Russian, titles escaped twice. Its own cleaning of markup is switched off:
it takes most of the time, and the newsroom reads markup as hostile anyway. The other readers give
entries in feedparser's shape, so that the last step is one for all.
"""

import calendar
import hashlib
import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from io import BytesIO
from typing import Any
from xml.sax import SAXException

import feedparser

from bot.feeds.channel import is_channel, read_channel
from bot.feeds.dates import parse_date
from bot.feeds.decoding import charset_of, decode, without_prolog
from bot.feeds.entries import EntryImage, FeedKind, ParsedEntry, ParsedFeed
from bot.feeds.errors import NotAFeedError
from bot.feeds.jsonfeed import read_json_feed
from bot.feeds.mending import NOT_XML, mended
from bot.feeds.sitemap import is_sitemap, read_sitemap
from bot.web.addresses import absolute_url, url_key

_TITLE_FROM_SUMMARY = 90  # characters, where an entry has no title of its own
_LONGEST_TITLE = 500  # characters; what is longer is a text in the wrong place
_LONGEST_NAME = 120  # of the feed
_MOST_ENTRIES = 5_000  # a whole blog's archive has fewer, and feeds put the newest first
_MOST_MARKUP = 20_000  # characters, of what is to become a line
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)  # an earlier date is a template's placeholder
_TAG = re.compile(  # with attributes or without, but no «x<y and y>z», whose words are the text's
    r"<(?:/[a-zA-Z][^<>]*|[a-zA-Z][^<>\s]*(?:\s(?:[^<>=]*=[^<>]*|[a-zA-Z]*[\s/]*))?|\?[^<>]*)>"
    r"|<!\[CDATA\[|\]\]>"
)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_HTML_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_EMAIL = re.compile(r"\(?\S+@\S+\.\w+\)?")
_AGE = re.compile(r"\b(?:0|6|12|16|18)\+")
# Tags of the channel's logo and search box, and namespaces with a space in their addresses.
_STUMBLES = re.compile(
    r"</?(?:width|height|name|textinput)(?:\s[^<>]*)?>"
    r"|\sxmlns:[\w.-]+=(?:\"[^\"<>\s]*\s[^\"<>]*\"|'[^'<>\s]*\s[^'<>]*')",
    re.IGNORECASE,
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_Raw = Mapping[str, Any]


def parse(
    body: bytes, *, url: str, content_type: str | None, zone: tzinfo, now: datetime
) -> ParsedFeed:
    """Read a feed that came from `url`.

    `zone` is for dates that name none. Raises NotAFeedError for anything but RSS, RDF, Atom,
    JSON Feed, news sitemaps and channels' previews, HostileFeedError for a document that declares
    entities or is made to keep its reader busy.
    """
    text = decode(body, charset_of(content_type)).strip()
    if text.startswith("{"):
        return _parse_json(text, url, zone, now)
    if is_channel(text):
        channel = read_channel(text)
        problems: list[str] = []
        return ParsedFeed(
            title=_shortened(channel.title, _LONGEST_NAME),
            entries=_entries(channel.posts, url, zone, now, problems),
            kind=FeedKind.CHANNEL,
            site=channel.site,
            problems=tuple(problems),
        )
    text = mended(without_prolog(text))
    if is_sitemap(text):
        return _parse_sitemap(text, url, zone, now)
    return _parse_xml(text, url, zone, now)


def _parse_sitemap(text: str, url: str, zone: tzinfo, now: datetime) -> ParsedFeed:
    sitemap = read_sitemap(text, url)
    problems: list[str] = []
    entries = _entries(sitemap.pages, url, zone, now, problems)
    if sitemap.untitled:
        problems.append(_left_out(sitemap.untitled, "that the sitemap tells no news of"))
    return ParsedFeed(
        title=_shortened(plain_text(sitemap.title), _LONGEST_NAME),
        entries=entries,
        kind=FeedKind.SITEMAP,
        language=_language(sitemap.language),
        children=sitemap.children,
        problems=tuple(problems),
    )


def _parse_xml(text: str, url: str, zone: tzinfo, now: datetime) -> ParsedFeed:
    """RSS, RDF and Atom."""
    try:
        raw = _read(text)
    except Exception:  # noqa: BLE001 - the library stumbles in any way over what it expects least
        try:
            raw = _read(_STUMBLES.sub("", text))
        except Exception as error:  # as above, with nothing left to take out
            raise NotAFeedError("The feed's XML is broken beyond repair.") from error
    if not raw.get("version"):
        raise _not_a_feed(text)
    problems: list[str] = []
    fault = raw.get("bozo_exception") if raw.get("bozo") else None
    if isinstance(fault, SAXException):
        # Without the place: where nothing else changes, the words should not change either.
        problems.append(f"The XML is broken ({fault.getMessage()}) and was repaired.")
    channel: _Raw = raw.feed
    return ParsedFeed(
        title=_shortened(plain_text(channel.get("title", "")), _LONGEST_NAME),
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
        hub=_related(channel, "hub", url),
        self_url=_related(channel, "self", url),
        problems=tuple(problems),
    )


def _read(text: str) -> Any:
    return feedparser.parse(
        # Given bytes, it would take «/etc/feed.xml» for the path of a file and open that.
        BytesIO(text.encode(errors="replace")),
        # No base either: it would make addresses of guids, which a feed that moves has to keep.
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _related(channel: _Raw, relation: str, base: str) -> str:
    """Where the channel's first `<atom:link rel=…>` of a relation leads, absolute or ""."""
    links = (link for link in channel.get("links") or () if link.get("rel") == relation)
    return next((found for link in links if (found := _absolute(base, link.get("href")))), "")


def plain_text(markup: str) -> str:
    """Markup, escaped once or twice, as one line of text."""
    text = html.unescape(markup) if "&" in markup else markup
    head, *commented = text.split("<!--")
    text = "".join((head, *(one.partition("-->")[2] if "-->" in one else one for one in commented)))
    text = html.unescape(_TAG.sub("", _BREAK.sub(" ", text)))
    return " ".join(NOT_XML.sub("", text).replace("\u00ad", "").split())


def _parse_json(text: str, url: str, zone: tzinfo, now: datetime) -> ParsedFeed:
    raw = read_json_feed(text)
    if raw is None:
        raise _not_a_feed(text)
    problems: list[str] = []
    return ParsedFeed(
        title=_shortened(plain_text(raw["title"]), _LONGEST_NAME),
        entries=_entries(raw["entries"], url, zone, now, problems),
        site=_absolute(url, raw["link"]),
        language=_language(raw["language"]),
        hub=_related(raw, "hub", url),
        self_url=_related(raw, "self", url),
        problems=tuple(problems),
    )


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
    except (ValueError, RecursionError):
        return NotAFeedError(
            "The address answers with something that is no RSS, Atom or JSON feed."
        )
    return NotAFeedError("The address answers with JSON that is no JSON Feed.")


# ---------------------------------------------------------------- entries


def _entries(
    raws: Iterable[_Raw], base: str, zone: tzinfo, now: datetime, problems: list[str]
) -> tuple[ParsedEntry, ...]:
    entries: list[ParsedEntry] = []
    refused = 0
    several = list(raws)
    if len(several) > _MOST_ENTRIES:
        problems.append(
            _left_out(len(several) - _MOST_ENTRIES, f"beyond the first {_MOST_ENTRIES}")
        )
    for raw in several[:_MOST_ENTRIES]:
        entry = _entry(raw, base, zone)
        if entry is None:
            refused += 1
        else:
            entries.append(entry)
    if refused:
        problems.append(_left_out(refused, "without title or text"))
    return tuple(
        replace(
            entry,
            published=min(entry.published, now) if entry.published else None,
            updated=min(entry.updated, now) if entry.updated else None,
        )
        # A date still to come is a part of an identity and must not move with the clock.
        for entry in _without_doubles(_with_own_guids(entries))
    )


def _left_out(count: int, which: str) -> str:
    return (
        f"{count} entry {which} was left out."
        if count == 1
        else (f"{count} entries {which} were left out.")
    )


def _entry(raw: _Raw, base: str, zone: tzinfo) -> ParsedEntry | None:
    """The entry; None where it says nothing at all."""
    content = _content(raw)
    summary = _summary(raw, content)
    named = str(raw.get("title") or raw.get("itunes_title") or "")
    title = _shortened(plain_text(named[:_MOST_MARKUP]), _LONGEST_TITLE)
    title = title or _shortened(
        plain_text((summary or content)[:_MOST_MARKUP]), _TITLE_FROM_SUMMARY
    )
    if not title:
        return None
    url = _link(raw, base)  # "" where there is none: the feed's own text is the article
    published = _date(
        raw, ("published", "issued", "created", "prism_publicationdate", "dcterms_date"), zone
    )
    updated = _date(raw, ("updated", "modified"), zone)
    published = published or updated
    guid = NOT_XML.sub("", str(raw.get("id") or "")).strip() or url or _own_guid(title, published)
    return ParsedEntry(
        guid=guid,
        url=url,
        title=title,
        published=published,
        updated=updated,
        author=_author(raw),
        summary_html=summary,
        content_html=content,
        categories=_categories(raw),
        image=_image(raw, base),
        labels=_labels(raw),
        whole=bool(raw.get("whole")),
    )


def _with_own_guids(entries: list[ParsedEntry]) -> list[ParsedEntry]:
    """Replace guids that name no entry.

    Some publishers write one guid (their site) into every item; some give every item the same
    link and no guid. An identity shared by different stories would lose all but the first.
    """
    urls: defaultdict[str, set[str]] = defaultdict(set)
    titles: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        urls[entry.guid].add(url_key(entry.url))
        titles[entry.guid, url_key(entry.url)].add(entry.title)
    owned: list[ParsedEntry] = []
    for entry in entries:
        guid = entry.guid
        told_apart_by_title = len(titles[guid, url_key(entry.url)]) > 1
        if told_apart_by_title or (len(urls[guid]) > 1 and not entry.url):
            guid = _own_guid(entry.title, entry.published)
        elif len(urls[guid]) > 1:
            guid = entry.url
        owned.append(replace(entry, guid=guid))
    return owned


def _own_guid(title: str, published: datetime | None) -> str:
    stamp = published.isoformat() if published else ""
    return hashlib.sha256(f"{title}\n{stamp}".encode(errors="surrogatepass")).hexdigest()


def _without_doubles(entries: list[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """Each entry once; two with a title and a page in common are one unless their dates differ."""
    guids: set[str] = set()
    pages: defaultdict[tuple[str, str], set[datetime | None]] = defaultdict(set)
    kept: list[ParsedEntry] = []
    for entry in entries:
        dates = pages[url_key(entry.url), entry.title]
        seen = bool(dates) and (
            entry.published is None or not dates.isdisjoint({entry.published, None})
        )
        if entry.guid in guids or (entry.url and seen):
            continue
        guids.add(entry.guid)
        dates.add(entry.published)
        kept.append(entry)
    return tuple(kept)


def _link(raw: _Raw, base: str) -> str:
    """The entry's page: its own link before an aggregator's, a guid that is an address last."""
    guid = raw.get("id")
    for candidate in (raw.get("feedburner_origlink"), raw.get("link"), *_alternates(raw)):
        if candidate == guid and raw.get("guidislink") and "/" not in str(guid):
            continue  # a number that nobody declared to be no permalink
        url = _absolute(base, candidate)
        if url and url != base:  # no entry is at its feed's own address
            return url
    declared_none = raw.get("guidislink") is False and "link" not in raw  # isPermaLink="false"
    return "" if declared_none else _absolute("", guid)


def _alternates(raw: _Raw) -> list[str]:
    links = raw.get("links") or ()
    return [
        str(link.get("href") or "")
        for link in sorted(links, key=lambda link: link.get("rel") != "alternate")
        if link.get("rel") not in {"enclosure", "self", "edit", "replies"}
    ]


def _absolute(base: str, link: object) -> str:
    """`link` as an absolute http(s) address, "" where it is none."""
    return absolute_url(str(link or "").replace("&amp;", "&"), base)  # escaped twice


def _content(raw: _Raw) -> str:
    """The whole text as markup: the longest of the places where feeds put it."""
    texts = [_markup(part) for part in raw.get("content") or ()]
    texts += [
        _as_markup(str(raw[key]))
        for key in raw
        # Whatever prefix the publisher gave to the namespace of Yandex.
        if raw[key] and (key == "turbo_content" or key.endswith(("full-text", "fulltext")))
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


def _shortened(text: str, limit: int) -> str:
    """The text, cut at a word where it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1].rpartition(" ")[0] or text[: limit - 1]
    return f"{cut.rstrip(' ,;:—–-')}…"


def _date(raw: _Raw, names: tuple[str, ...], zone: tzinfo) -> datetime | None:
    for name in names:
        found = _instant(_own(raw, name), _own(raw, f"{name}_parsed"), zone)
        if found is not None and found >= _OLDEST:
            return found
    return None


def _instant(text: object, parsed: Any, zone: tzinfo) -> datetime | None:
    """The date as it is written, else as feedparser understands it."""
    if text and (found := parse_date(str(text), zone)):
        return found
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _own(raw: _Raw, name: str) -> Any:
    """A value that the entry itself has: feedparser's `get` answers updated with published."""
    return raw[name] if name in raw else None  # noqa: SIM401 - see above


def _author(raw: _Raw) -> str:
    detail = raw.get("author_detail") or {}
    names = [str(author.get("name") or "") for author in raw.get("authors") or () if author]
    joined = ", ".join(dict.fromkeys(name for name in names if name))
    written = str(raw.get("author") or "")[:_LONGEST_TITLE]
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
    begin = re.search(rf"<{name}>", text, re.IGNORECASE)
    if begin is None:
        return []
    block = text[begin.end() : begin.end() + 2000].lower().partition("</skip")[0]
    return re.findall(rf"<(?:hour|day)>\s*{value}\s*</(?:hour|day)>", block, re.IGNORECASE)
