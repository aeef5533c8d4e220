"""Lists of feeds as other readers write and read them (OPML 2.0, http://opml.org/spec2.opml)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET

from bot.feeds.errors import HostileFeedError, NotAFeedError
from bot.web.addresses import check_url
from bot.web.errors import BadUrlError


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """A line of the list: a feed's address and what it is called, "" where the list says not."""

    url: str
    title: str = ""


def read_opml(text: str) -> tuple[OpmlFeed, ...]:
    """The feeds of an OPML document, in its order, each address once.

    Outlines without a usable address (folders) are passed over. Raises NotAFeedError where the
    text is no OPML, HostileFeedError where it declares a document type.
    """
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise HostileFeedError("The OPML file declares a document type; newsboy does not read it.")
    try:
        root = ET.fromstring(text.strip())  # noqa: S314 - no DTD gets here, see above
    except ET.ParseError as error:
        raise NotAFeedError(f"The file is not valid OPML: {error}.") from error
    if root.tag.lower() != "opml":
        raise NotAFeedError(f"The file is not OPML: it begins with <{root.tag}>.")
    feeds: dict[str, OpmlFeed] = {}
    for outline in root.iter("outline"):
        attributes = {name.lower(): value for name, value in outline.attrib.items()}
        try:
            url = check_url(attributes.get("xmlurl", ""))
        except BadUrlError:
            continue
        title = attributes.get("title") or attributes.get("text") or ""
        feeds.setdefault(url, OpmlFeed(url, " ".join(title.split())))
    return tuple(feeds.values())


def write_opml(feeds: Iterable[OpmlFeed], *, title: str, now: datetime) -> str:
    """An OPML 2.0 document that lists `feeds`; `now` (aware) is its date."""
    root = ET.Element("opml", version="2.0")
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "title").text = title
    ET.SubElement(head, "dateCreated").text = format_datetime(now)
    body = ET.SubElement(root, "body")
    for feed in feeds:
        name = feed.title or feed.url
        ET.SubElement(body, "outline", type="rss", text=name, title=name, xmlUrl=feed.url)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
