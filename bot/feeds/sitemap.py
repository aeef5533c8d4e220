"""News sitemaps: what publishers write for search engines, often before it is in their feeds.

    <urlset> ─▶ its pages with a title (`news:news`) in feedparser's shape ─▶ the parser's last step
    <sitemapindex> ─▶ where its parts are, the likeliest to hold news first

(https://www.sitemaps.org/protocol.html, and Google's extensions for news and for images.) A plain
sitemap lists every page of a site without title or date: nothing that a newsroom could tell apart,
so it is refused, and its pages in a mixed one are counted and left out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from bot.feeds.entries import FeedKind, FoundFeed
from bot.feeds.errors import NotAFeedError
from bot.feeds.places import absolute_link

_ROOT = re.compile(r"<(?:[\w.-]{1,30}:)?(?:urlset|sitemapindex)\b", re.IGNORECASE)
_FIRST = re.compile(r"<(?![!?])")
_NEWS: Final = "http://www.google.com/schemas/sitemap-news/"
_NEWS_WORDS = re.compile(r"news|новост|google", re.IGNORECASE)
_MOST_CHILDREN = 20


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A sitemap's news, as entries in feedparser's shape; `untitled` counts the pages without.

    `children` are what an index lists; `title` and `language` are the publication's.
    """

    pages: tuple[Mapping[str, Any], ...] = ()
    untitled: int = 0
    title: str = ""
    language: str = ""
    children: tuple[FoundFeed, ...] = ()


def is_sitemap(text: str) -> bool:
    """Whether the document's root is a sitemap's or an index's."""
    first = _FIRST.search(text)
    return first is not None and _ROOT.match(text, first.start()) is not None


def read_sitemap(text: str, url: str) -> Sitemap:
    """A sitemap that came from `url`; one that is cut is read as far as it goes.

    Raises NotAFeedError for a sitemap without news.
    """
    pages: list[Mapping[str, Any]] = []
    publications: Counter[tuple[str, str]] = Counter()
    children: list[tuple[str, str]] = []
    untitled = 0
    # Entities cannot be declared in what gets here, see bot.feeds.mending.
    parser: ET.XMLPullParser[Any] = ET.XMLPullParser(("end",))
    parser.feed(text)
    try:
        for _, element in cast("Iterable[tuple[str, ET.Element]]", parser.read_events()):
            name = _name(element)
            if name == "sitemap":
                children.append((_text(element, "lastmod"), _text(element, "loc")))
            elif name == "url":
                news = _child(element, "news")
                if news is None or not _text(news, "title"):
                    untitled += 1
                else:
                    pages.append(_page(element, news))
                    publication = _child(news, "publication")
                    publications[_text(publication, "name"), _text(publication, "language")] += 1
            if name in {"sitemap", "url"}:
                element.clear()
    except ET.ParseError:
        pass  # what came before the fault is whole
    if children:
        return Sitemap(children=_ordered(children, url))
    if not pages and (untitled or _NEWS not in text):
        raise NotAFeedError(
            "The sitemap lists pages without titles, so it tells no news. Look for the site's news "
            "sitemap, which its robots.txt may name, or for its RSS feed."
        )
    ((title, language), _count), *_ = publications.most_common(1) or [(("", ""), 0)]
    return Sitemap(tuple(pages), untitled, title, language)


def _page(page: ET.Element, news: ET.Element) -> Mapping[str, Any]:
    """A page with news, in feedparser's shape."""
    pictures = [child for child in page if _name(child) == "image"]
    words = _text(news, "keywords").split(",")
    return {
        "link": _text(page, "loc"),
        "title": _text(news, "title"),
        "published": _text(news, "publication_date"),
        "updated": _text(page, "lastmod"),
        "tags": [{"term": word.strip()} for word in words],
        "image": next((found for one in pictures if (found := _text(one, "loc"))), ""),
    }


def _ordered(children: list[tuple[str, str]], url: str) -> tuple[FoundFeed, ...]:
    """The parts of an index: those that sound like news first, then the one changed last."""
    newest = sorted(children, key=lambda child: child[0], reverse=True)  # ISO 8601 sorts as text
    addresses = dict.fromkeys(found for _, link in newest if (found := absolute_link(link, url)))
    news = sorted(addresses, key=lambda one: not _NEWS_WORDS.search(urlsplit(one).path))
    return tuple(FoundFeed(address, "", FeedKind.SITEMAP) for address in news[:_MOST_CHILDREN])


def _name(element: ET.Element) -> str:
    """An element's name without its namespace, which publishers write in many ways."""
    return element.tag.rpartition("}")[2].lower()


def _child(element: ET.Element | None, name: str) -> ET.Element | None:
    children = element if element is not None else ()
    return next((child for child in children if _name(child) == name), None)


def _text(element: ET.Element | None, name: str) -> str:
    """The text of an element's child, "" where there is none."""
    child = _child(element, name)
    return "".join(child.itertext()).strip() if child is not None else ""
