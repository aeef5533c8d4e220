"""Lists of feeds as other readers write and read them (OPML 2.0, http://opml.org/spec2.opml)."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from bot.feeds.errors import HostileFeedError, NotAFeedError
from bot.web.addresses import check_url
from bot.web.errors import BadUrlError


def read_opml(text: str) -> tuple[str, ...]:
    """The feeds' addresses in an OPML document, in its order, each once.

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
    urls: dict[str, None] = {}
    for outline in root.iter("outline"):
        attributes = {name.lower(): value for name, value in outline.attrib.items()}
        try:
            urls[check_url(attributes.get("xmlurl", ""))] = None
        except BadUrlError:
            continue
    return tuple(urls)


def write_opml(title: str, feeds: Iterable[tuple[str, str]]) -> bytes:
    """An OPML document of feeds, each a (title, address)."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = _xml(title)
    body = ET.SubElement(root, "body")
    for name, url in feeds:
        ET.SubElement(body, "outline", type="rss", text=_xml(name or url), xmlUrl=_xml(url))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _xml(text: str) -> str:
    """The text without what XML 1.0 cannot hold."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)
