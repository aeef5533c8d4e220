"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/) in feedparser's shape.

fastfeedparser, the library that knows the format, gives up a whole feed for one item of an
unexpected type; here such a value is passed over.
"""

import html
import json
from collections.abc import Mapping
from typing import Any


def read_json_feed(text: str) -> Mapping[str, Any] | None:
    """The feed's own fields with its `entries`; None where the text is no JSON Feed."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw.get("items"), list) or "version" not in raw:
        return None
    links = [{"rel": "self", "href": _string(raw.get("feed_url"))}]
    links += [
        {"rel": "hub", "href": _string(hub.get("url"))}
        for hub in _dicts(raw.get("hubs"))
        if _string(hub.get("type")).lower() != "rsscloud"
    ]
    return {
        "title": _string(raw.get("title")),
        "link": _string(raw.get("home_page_url")),
        "language": _string(raw.get("language")),
        "links": links,
        "entries": [_entry(item) for item in raw["items"]],
    }


def _entry(item: object) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        return {}
    markup, text = _string(item.get("content_html")), _string(item.get("content_text"))
    authors = [*_dicts(item.get("authors")), *_dicts([item.get("author")])]
    return {
        "id": _string(item.get("id")),
        "link": _string(item.get("url")) or _string(item.get("external_url")),
        "title": _string(item.get("title")),
        "summary": html.escape(_string(item.get("summary")), quote=False),
        "content": [{"value": markup or html.escape(text, quote=False)}],
        "published": _string(item.get("date_published")),
        "updated": _string(item.get("date_modified")),
        "authors": [{"name": _string(author.get("name"))} for author in authors],
        "tags": [{"term": _string(tag)} for tag in _list(item.get("tags"))],
        "image": _string(item.get("image")) or _string(item.get("banner_image")),
        "enclosures": [
            {"type": _string(file.get("mime_type")), "href": _string(file.get("url"))}
            for file in _dicts(item.get("attachments"))
        ],
    }


def _string(value: object) -> str:
    """A text or number as text; half a surrogate pair is no character, and no store takes it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode(errors="replace").decode()


def _list(values: object) -> list[object]:
    return values if isinstance(values, list) else []


def _dicts(values: object) -> list[dict[str, Any]]:
    return [value for value in _list(values) if isinstance(value, dict)]
