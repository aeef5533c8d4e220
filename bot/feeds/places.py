"""Where a site's news may be read, told from addresses and from robots.txt alone.

Pure, and light enough for the bot's own process. Whoever fetches goes down this road, and stops
at the first step that gives a source that parses:

    the address itself is a feed ─▶ done
    else find_feeds(page)                what the page announces or links, a choice for its reader
         (`bot.feeds.discovery`, run in a worker)
    else sitemaps_in_robots(robots.txt)  those that look like news, and
         well_known(url)                 the usual places: checked one by one, in order

A candidate may turn out to be a web page that lists feeds (`/rss/` often is), which is then a page
for `find_feeds` again, or an index of sitemaps, whose children the parser gives
(`ParsedFeed.children`): one level of either is worth following, not more.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from bot.feeds.decoding import decode
from bot.feeds.entries import FeedKind, FoundFeed
from bot.web.addresses import absolute_url, canonical_url, channel_preview

_MOST = 20  # sitemaps; a site may name thousands
_NEWS_SITEMAP = re.compile(r"news|новост", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_WELL_KNOWN: Final = (
    "/rss",
    "/feed",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/export/rss",
    "/rss/news",
    "/feed.json",
)
_WELL_KNOWN_SITEMAPS: Final = (
    "/sitemap_news.xml",
    "/news-sitemap.xml",
    "/sitemap-news.xml",
    "/sitemap.xml",
)
# Hosts whose feeds stand in a place of their own: host, what the path must be, where the feed is.
_PLATFORMS: Final = (
    ("youtube.com", r"/channel/(UC[\w-]+)", r"/feeds/videos.xml?channel_id=\1"),
    ("youtube.com", r"/playlist\?list=([\w-]+)", r"/feeds/videos.xml?playlist_id=\1"),
    ("reddit.com", r"(/(?:r|user)/[\w-]+)", r"\1/.rss"),
    ("medium.com", r"/(@?[\w.-]+)", r"/feed/\1"),
    ("blogspot.com", r"", r"/feeds/posts/default"),
    ("livejournal.com", r"", r"/data/rss"),
    ("substack.com", r"", r"/feed"),
    ("github.com", r"(/[\w.-]+/[\w.-]+)", r"\1/releases.atom"),
)


def well_known(url: str) -> tuple[FoundFeed, ...]:
    """Where the feed of the site at `url` usually is: places to try, the likeliest first.

    A platform whose feeds have a place of their own gives that alone. A page below the root
    (a rubric, a blog) is asked for its own feed before the site's.
    """
    if preview := channel_preview(url):
        return (FoundFeed(preview, "", FeedKind.CHANNEL),)
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    root = f"{parts.scheme}://{parts.netloc}"
    path = parts.path.rstrip("/")
    asked = f"{path}?{parts.query}" if parts.query else path
    for platform, pattern, place in _PLATFORMS:
        known = re.match(pattern, asked) if host.endswith(platform) else None
        if known is not None and host.removesuffix(platform)[-1:] in {"", "."}:
            return (FoundFeed(root + known.expand(place)),)
    own = (f"{path}/feed", f"{path}/rss") if path and "." not in path else ()
    return tuple(FoundFeed(root + place) for place in (*own, *_WELL_KNOWN)) + tuple(
        FoundFeed(root + place, "", FeedKind.SITEMAP) for place in _WELL_KNOWN_SITEMAPS
    )


def sitemaps_in_robots(body: bytes, *, url: str) -> tuple[FoundFeed, ...]:
    """The sitemaps that a robots.txt fetched from `url` names, those of news first.

    (https://www.sitemaps.org/protocol.html, «Specifying the Sitemap location»)
    """
    lines = _SITEMAP_LINE.findall(decode(body))
    addresses = dict.fromkeys(address for line in lines if (address := absolute_link(line, url)))
    ordered = sorted(addresses, key=lambda one: not _NEWS_SITEMAP.search(urlsplit(one).path))
    return tuple(FoundFeed(one, "", FeedKind.SITEMAP) for one in ordered[:_MOST])


def absolute_link(link: str, base: str) -> str:
    """See `bot.web.addresses.absolute_url`; without tracking parameters."""
    return canonical_url(absolute_url(link, base))
