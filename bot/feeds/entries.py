"""What a parsed feed consists of: the records between the parser and the pipeline.

They stand apart from the parser because the bot's own process passes them on and must not load
what parses them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FeedKind(StrEnum):
    """What a source's document is: a feed proper (RSS, RDF, Atom, JSON Feed), a news sitemap, or
    the public preview page of a Telegram channel."""

    FEED = "feed"
    SITEMAP = "sitemap"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A place where a site's news may be read; `title` is "" where the page gives it none."""

    url: str
    title: str = ""
    kind: FeedKind = FeedKind.FEED


@dataclass(frozen=True, slots=True)
class EntryImage:
    """A picture that an entry names; sizes in pixels where the feed states them."""

    url: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One item of a feed.

    `url` is absolute http(s), "" where the entry names no page. `title` is plain text, never
    empty. Times are aware UTC and never in the future. `summary_html` and `content_html` are the
    feed's own markup, "" where it has none; `content_html` is the whole text (content:encoded,
    yandex:full-text, turbo:content, Atom's content). `labels` are the publisher's age marks
    («18+») and ratings. `whole` says that the entry's own text is all there is, so that no page
    need be asked for (a post of a Telegram channel); `url` is for the reader then.
    """

    guid: str
    url: str
    title: str
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    summary_html: str = ""
    content_html: str = ""
    categories: tuple[str, ...] = ()
    image: EntryImage | None = None
    labels: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed's entries in its own order, with what it says about itself.

    `site` is the page that the feed belongs to. `language` is ISO 639-1 or "". `ttl` is seconds.
    `skip_hours` are hours 0–23 and `skip_days` weekdays (0 Monday), both UTC (RSS 2.0). `hub` is
    where changes are announced and `self_url` the topic to subscribe to there (WebSub, W3C
    Recommendation 2018, section 4). All addresses are absolute http(s) or "". `children` are what
    an index of sitemaps lists, the likeliest to hold news first; it has no entries of its own.
    `problems` tell the operator what was left out or repaired.
    """

    title: str
    entries: tuple[ParsedEntry, ...]
    kind: FeedKind = FeedKind.FEED
    site: str = ""
    language: str = ""
    ttl: int | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    hub: str = ""
    self_url: str = ""
    children: tuple[FoundFeed, ...] = ()
    problems: tuple[str, ...] = ()
