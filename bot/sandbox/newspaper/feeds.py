"""An edition as RSS 2.0, Atom 1.0 (RFC 4287) or JSON Feed 1.1.

Each format shows what its real publishers show: RSS carries categories, authors, enclosures and,
for some articles, the whole text; Atom carries summaries and sometimes HTML content; JSON Feed
carries text, HTML, tags and images. Titles are plain text, escaped once.
"""

import json
from datetime import datetime
from email.utils import format_datetime
from html import escape

from . import markup, pictures
from .edition import MOSCOW, Edition, Published
from .manuscripts import Paragraph, Picture
from .sources import RUBRICS

FEED_LENGTH = 100
_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


def render(edition: Edition, ttl: int | None) -> tuple[bytes, str]:
    """The feed of an edition and its content type. `ttl` is RSS's, in minutes."""
    if edition.source.form == "rss":
        text = _rss(edition, ttl)
    elif edition.source.form == "atom":
        text = _atom(edition)
    else:
        text = _json(edition)
    return text.encode(), _TYPES[edition.source.form]


def _link(edition: Edition) -> markup.Link:
    def link(target: str) -> str:
        if target.startswith("@"):
            target = edition.path_of(target[1:])
        return edition.url(target) if target.startswith("/") else target

    return link


def _rubric(edition: Edition, article: Published) -> str:
    return RUBRICS[edition.source.language].get(article.manuscript.rubric, "")


def _xml(text: str) -> str:
    return escape(text, quote=False)


def _cdata(html: str) -> str:
    return "<![CDATA[" + html.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _size(picture: Picture) -> int:
    return len(pictures.draw(picture.scene, picture.seed))


def _rss(edition: Edition, ttl: int | None) -> str:
    source = edition.source
    items = "".join(_rss_item(edition, article) for article in edition.newest(FEED_LENGTH))
    minutes = f"<ttl>{ttl}</ttl>" if ttl is not None else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:yandex="http://news.yandex.ru">\n'
        f"<channel><title>{_xml(source.title)}</title><link>{edition.url('/')}</link>"
        f"<description>{_xml(source.tagline)}</description><language>{source.language}</language>"
        f'<atom:link href="{edition.feed_url}" rel="self" type="application/rss+xml"/>'
        f"<lastBuildDate>{_rfc822(edition.changed)}</lastBuildDate>{minutes}\n"
        f"{items}</channel></rss>\n"
    )


def _rss_item(edition: Edition, article: Published) -> str:
    text = article.manuscript
    url = edition.url(article.path)
    parts = [
        f"<title>{_xml(text.title)}</title><link>{url}</link>",
        f'<guid isPermaLink="true">{url}</guid>',
        f"<pubDate>{_rfc822(article.published)}</pubDate>",
        f"<category>{_xml(_rubric(edition, article))}</category>",
    ]
    parts += [f"<category>{_xml(tag)}</category>" for tag in text.tags]
    if text.standfirst:
        parts.append(f"<description>{_xml(text.standfirst)}</description>")
    if text.author:
        parts.append(f"<dc:creator>{_xml(text.author)}</dc:creator>")
    if text.picture:
        parts.append(
            f'<enclosure url="{edition.url(text.picture.path)}" type="image/png" '
            f'length="{_size(text.picture)}"/>'
        )
    if text.feed_text and article.number % 2:
        whole = markup.body(text.body, _link(edition))
        parts.append(f"<content:encoded>{_cdata(whole)}</content:encoded>")
    elif text.feed_text:
        paragraphs = "\n".join(markup.plain(b.text) for b in text.body if isinstance(b, Paragraph))
        parts.append(f"<yandex:full-text>{_xml(paragraphs)}</yandex:full-text>")
    return "<item>" + "".join(parts) + "</item>\n"


def _atom(edition: Edition) -> str:
    source = edition.source
    entries = "".join(_atom_entry(edition, article) for article in edition.newest(FEED_LENGTH))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{source.language}">'
        f"<title>{_xml(source.title)}</title><subtitle>{_xml(source.tagline)}</subtitle>"
        f"<id>{edition.url('/')}</id><updated>{edition.changed.isoformat()}</updated>"
        f'<link rel="self" href="{edition.feed_url}"/>'
        f'<link rel="alternate" type="text/html" href="{edition.url("/")}"/>'
        f"<author><name>{_xml(source.title)}</name></author>\n{entries}</feed>\n"
    )


def _atom_entry(edition: Edition, article: Published) -> str:
    text = article.manuscript
    parts = [
        f'<title type="text">{_xml(text.title)}</title>',
        f"<id>tag:chronicle.example,2020:{article.number}</id>",
        f'<link rel="alternate" type="text/html" href="{edition.url(article.path)}"/>',
        f"<published>{article.published.astimezone(MOSCOW).isoformat()}</published>",
        f"<updated>{article.changed.astimezone(MOSCOW).isoformat()}</updated>",
        f'<category term="{text.rubric}" label="{escape(_rubric(edition, article))}"/>',
    ]
    parts += [f'<category term="{escape(tag)}"/>' for tag in text.tags]
    if text.author:
        parts.append(f"<author><name>{_xml(text.author)}</name></author>")
    if text.standfirst:
        parts.append(f'<summary type="text">{_xml(text.standfirst)}</summary>')
    if text.picture:
        parts.append(
            f'<link rel="enclosure" type="image/png" length="{_size(text.picture)}" '
            f'href="{edition.url(text.picture.path)}"/>'
        )
    if text.feed_text:
        whole = markup.body(text.body, _link(edition))
        parts.append(f'<content type="html">{_xml(whole)}</content>')
    return "<entry>" + "".join(parts) + "</entry>\n"


def _json(edition: Edition) -> str:
    source = edition.source
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": source.title,
            "description": source.tagline,
            "home_page_url": edition.url("/"),
            "feed_url": edition.feed_url,
            "language": source.language,
            "items": [_json_item(edition, article) for article in edition.newest(FEED_LENGTH)],
        },
        ensure_ascii=False,
        indent=1,
    )


def _json_item(edition: Edition, article: Published) -> dict[str, object]:
    text = article.manuscript
    url = edition.url(article.path)
    item: dict[str, object] = {
        "id": url,
        "url": url,
        "title": text.title,
        "date_published": article.published.isoformat(),
        "tags": [_rubric(edition, article), *text.tags],
    }
    if text.feed_text:
        item["content_html"] = markup.body(text.body, _link(edition))
    else:
        item["content_text"] = text.standfirst or text.title
    if text.standfirst:
        item["summary"] = text.standfirst
    if text.author:
        item["authors"] = [{"name": text.author}]
    if text.picture:
        item["image"] = edition.url(text.picture.path)
    if article.updated:
        item["date_modified"] = article.updated.isoformat()
    return item


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(MOSCOW))
