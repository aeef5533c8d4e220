"""The feeds that a web page announces or links: for whoever gave the site's address instead.

What to do with them, and with a page that names none, is told in `bot.feeds.places`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import turbohtml

from bot.feeds.decoding import charset_of, decode
from bot.feeds.elements import attribute
from bot.feeds.entries import FeedKind, FoundFeed
from bot.feeds.places import absolute_link
from bot.web.addresses import channel_of, channel_preview, source_domain, url_key

_MOST = 20  # candidates; nobody chooses among more
_LONGEST_TITLE = 120  # characters
_HEAD = 4_000  # bytes
_MOST_LINKS = 5_000  # that are looked at on one page

_TYPES: Final = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
    }
)
# Types that say nothing by themselves: the address must look like a feed's.
_LOOSE_TYPES: Final = frozenset({"text/xml", "application/xml", "application/json", "text/rss", ""})
_LIKE_A_FEED = re.compile(
    r"""(?ix)
    (?: ^ | [/._-] ) (?: rss | rss2 | feed | feeds | atom | rdf ) (?: \d? | [_-]\w{1,40} )
        (?: \.(?: xml | rss | rdf | atom | php | aspx? | json ) )? /? $
  | \. (?: rss | atom | rdf ) $
  | /export/rss | /rss/[\w./-]{1,80}\.xml $ | /feeds?/(?: posts | rss | atom | all | news ) \b
    """
)
_FEED_QUERY = re.compile(r"(?:^|&)(?:feed|format|type)=(?:rss2?|atom|json)\b", re.IGNORECASE)
_COMMENTS = re.compile(r"comment|коммент|отзыв|replies", re.IGNORECASE)


def find_feeds(body: bytes, *, url: str, content_type: str | None = None) -> tuple[FoundFeed, ...]:
    """The sources that the page at `url` announces or links, the likeliest first, each once.

    First the feeds of its `<link rel="alternate">`, in its order: those in the page's language
    before translations, feeds of comments last; then links that look like feeds, within the
    publisher's own hosts; then sitemaps; and last the site's Telegram channel.
    """
    if channel_of(url):
        return ()  # the page of a channel links other people's sites
    # Decoded here, since a page is as often declared wrongly as a feed; the second place of the
    # charset is its `<meta>`.
    charset = charset_of(content_type) or charset_of(body[:_HEAD].decode("latin-1"))
    page = turbohtml.parse(decode(body, charset), positions=False)
    base = url
    if (element := page.select_one("base[href]")) is not None:
        base = absolute_link(attribute(element, "href"), url) or url
    language = attribute(page.select_one("html"), "lang")[:2].lower()
    announced = sorted(_announced(page, base, language), key=lambda ranked: ranked[0])
    found = [one for _, one in announced] + _linked(page, base)
    found += _channels(page, base)
    unique: dict[str, FoundFeed] = {}
    for one in found:
        unique.setdefault(url_key(one.url), one)
    unique.pop(url_key(url), None)
    return tuple(unique.values())[:_MOST]


def _announced(
    page: turbohtml.Document, base: str, language: str
) -> Iterable[tuple[int, FoundFeed]]:
    """What the page's `<link>` elements name, with its rank: less is better."""
    for element in page.select("link[rel][href]")[:_MOST_LINKS]:
        relations = attribute(element, "rel").lower().split()
        address = absolute_link(attribute(element, "href"), base)
        if not address:
            continue
        title = _title(attribute(element, "title"))
        if "sitemap" in relations:
            yield 4, FoundFeed(address, title, FeedKind.SITEMAP)
            continue
        kind = attribute(element, "type").partition(";")[0].strip().lower()
        named = "alternate" in relations and kind in _TYPES
        named = named or "feed" in relations
        named = named or (
            "alternate" in relations and kind in _LOOSE_TYPES and _looks_like_feed(address)
        )
        if not named:
            continue
        tongue = attribute(element, "hreflang")[:2].lower()
        foreign = bool(tongue and language and tongue != language)
        comments = bool(_COMMENTS.search(title) or _COMMENTS.search(urlsplit(address).path))
        yield 2 if comments else int(foreign), FoundFeed(address, title)


def _linked(page: turbohtml.Document, base: str) -> list[FoundFeed]:
    """Links that look like feeds of the page's own publisher; feeds of comments last."""
    found = []
    for element in page.select("a[href]")[:_MOST_LINKS]:
        address = absolute_link(attribute(element, "href"), base)
        if address and _looks_like_feed(address) and _of_one_publisher(base, address):
            found.append(FoundFeed(address, _title(element.text)))
    return sorted(found, key=lambda one: bool(_COMMENTS.search(f"{one.title} {one.url}")))


def _channels(page: turbohtml.Document, base: str) -> list[FoundFeed]:
    """The site's own Telegram channel: as its metadata name it, else the one it links most."""
    named = page.select_one('meta[property="telegram:channel"], meta[name="telegram:channel"]')
    names = [attribute(named, "content").strip().lstrip("@")]
    linked = Counter(
        name.lower()
        for element in page.select('a[href*="t.me"], a[href*="telegram.me"]')[:_MOST_LINKS]
        if (name := channel_of(absolute_link(attribute(element, "href"), base)))
        and not name.lower().endswith("bot")
    )
    names += [name for name, _ in linked.most_common(1)]
    return [
        FoundFeed(address, f"@{name}", FeedKind.CHANNEL)
        for name in names
        if name and (address := channel_preview(f"@{name}"))
    ][:1]


def _looks_like_feed(address: str) -> bool:
    parts = urlsplit(address)
    return bool(_LIKE_A_FEED.search(parts.path[:300]) or _FEED_QUERY.search(parts.query[:300]))


def _of_one_publisher(page: str, feed: str) -> bool:
    """Whether a feed is on the page's own hosts, or on one that serves feeds for others."""
    ours, theirs = source_domain(page), source_domain(feed)
    return (
        ours == theirs
        or theirs.endswith(f".{ours}")
        or ours.endswith(f".{theirs}")
        or theirs in {"feedburner.com", "feedproxy.google.com"}
    )


def _title(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_TITLE else f"{flat[: _LONGEST_TITLE - 1].rstrip()}…"
