"""The feeds that a web page announces: for the person who gave the site's address instead."""

from html.parser import HTMLParser
from urllib.parse import urljoin

from bot.feeds.decoding import charset_of, decode

_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
    }
)


def feed_links(body: bytes, *, url: str, content_type: str | None = None) -> tuple[str, ...]:
    """Absolute http(s) addresses of the feeds in the page's `<link rel="alternate">`, in order."""
    page = _Links(url)
    page.feed(decode(body, charset_of(content_type)))
    return tuple(dict.fromkeys(page.found))


class _Links(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: (value or "").strip() for name, value in attrs}
        href = values.get("href", "")
        try:
            address = urljoin(self.base, href)
        except ValueError:
            return
        if tag == "base" and href:
            self.base = address
        elif tag == "link" and href:
            kind = values.get("type", "").partition(";")[0].strip().lower()
            announced = "alternate" in values.get("rel", "").lower().split() and kind in _TYPES
            if announced and address.startswith(("http://", "https://")):
                self.found.append(address)
