"""The small card under a message that shows where its link leads.

Telegram fetches the page and shows its title, description and picture (Open Graph). The sandbox
does so for pages on this machine; of any other it knows only the address.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from bot.sandbox.media import FetchError, fetch_local, picture_size

if TYPE_CHECKING:
    from bot.sandbox.answers import Json

PAGE_BYTES = 1024 * 1024
_NAMES = {
    "og:title": "title",
    "og:description": "description",
    "description": "description",
    "og:image": "image",
    "og:site_name": "site",
}


class _Head(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.title = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title"
        if tag == "meta":
            values = dict(attrs)
            name = _NAMES.get(values.get("property") or values.get("name") or "")
            if name and values.get("content"):
                self.found.setdefault(name, values["content"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


async def link_card(url: str) -> Json:
    """`url`, `site`, and where known `title`, `description` and `image` (an address of ours);
    `is_picture`: the address is a picture itself."""
    card: Json = {"url": url, "site": urlsplit(url).hostname or url}
    try:
        mime, data = await fetch_local(url, PAGE_BYTES)
    except FetchError:
        return card
    if picture_size(data) is not None:
        return card | {"image": picture_address(url), "is_picture": True}
    if mime not in ("text/html", "application/xhtml+xml"):
        return card
    head = _Head()
    head.feed(data.decode("utf-8", "replace"))
    card |= {"title": head.title.strip()} | head.found
    if "image" in card:
        card["image"] = picture_address(urljoin(url, card["image"]))
    return card


def picture_address(url: str) -> str:
    """Where the control API gives the picture at `url`, so that the page asks only this server."""
    return f"/control/picture?url={quote(url, safe='')}"
