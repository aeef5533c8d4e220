"""A message as a person sees it: what the control API gives to tests and to the chat page.

Telegram's JSON goes in, a flat record comes out: visible text, entities, an HTML rendering for
reading in a test's failure, rich blocks, pictures by address, buttons, marks such as "edited".
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.sandbox.answers import Json
    from bot.sandbox.state import Stored

_SERVICE = (
    "new_chat_members",
    "left_chat_member",
    "group_chat_created",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "forum_topic_created",
    "forum_topic_closed",
    "forum_topic_reopened",
    "pinned_message",
)
_TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "tg-spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}


def message_view(stored: Stored) -> Json:
    """The record of one message; absent parts are left out."""
    raw = stored.raw
    text: str = raw.get("text") or raw.get("caption") or ""
    entities: list[Json] = raw.get("entities") or raw.get("caption_entities") or []
    rich = raw.get("rich_message")
    view: Json = {
        "id": stored.id,
        "chat_id": raw["chat"]["id"],
        "date": raw["date"],
        "from": raw.get("from") or raw.get("sender_chat"),
        "from_bot": stored.from_bot,
        "kind": _kind(raw),
        "text": plain_text(rich) if rich else text,
        "html": "" if rich else to_html(text, entities),
        "entities": entities,
        "edited": "edit_date" in raw,
        "edits": stored.edits,
        "version": stored.version,
        "accessible": stored.accessible,
        "answered": stored.answered,
    }
    for name in ("message_thread_id", "link_preview_options", "via_bot", "edit_date"):
        if name in raw:
            view[name] = raw[name]
    if stored.alone is not None:
        view["alone"] = stored.alone
    if rich:
        view["rich"] = rich
    if "photo" in raw:
        view["photo"] = raw["photo"][-1]
    if "document" in raw:
        view["document"] = raw["document"]
    if "reply_to_message" in raw:
        view["reply_to"] = raw["reply_to_message"]["message_id"]
    if "reply_markup" in raw:
        view["keyboard"] = raw["reply_markup"]["inline_keyboard"]
    if stored.reply_keyboard is not None:
        view["reply_keyboard"] = stored.reply_keyboard
    for name in _SERVICE:
        if name in raw:
            view["service"] = {name: raw[name]}
    return view


def _kind(raw: Json) -> str:
    for name, kind in (
        ("rich_message", "rich"),
        ("photo", "photo"),
        ("document", "document"),
        ("text", "text"),
    ):
        if name in raw:
            return kind
    return "service"


def to_html(text: str, entities: list[Json]) -> str:
    """Text with entities as HTML, in the tags that the Bot API reads."""
    if not entities:
        return html.escape(text, quote=False)
    data = text.encode("utf-16-le")
    opening: dict[int, list[str]] = {}
    closing: dict[int, list[str]] = {}
    # Longer ones open first; closing tags stand in the reverse order of opening.
    for mark in sorted(entities, key=lambda mark: (mark["offset"], -mark["length"])):
        tags = _tags(mark)
        if tags is not None:
            opening.setdefault(mark["offset"], []).append(tags[0])
            closing.setdefault(mark["offset"] + mark["length"], []).insert(0, tags[1])
    parts: list[str] = []
    last = 0
    for at in sorted(opening.keys() | closing.keys()):
        parts.append(html.escape(data[2 * last : 2 * at].decode("utf-16-le"), quote=False))
        parts.extend(closing.get(at, []))
        parts.extend(opening.get(at, []))
        last = at
    parts.append(html.escape(data[2 * last :].decode("utf-16-le"), quote=False))
    return "".join(parts)


def _tags(mark: Json) -> tuple[str, str] | None:
    kind = mark["type"]
    if kind in _TAGS:
        return f"<{_TAGS[kind]}>", f"</{_TAGS[kind]}>"
    if kind == "expandable_blockquote":
        return "<blockquote expandable>", "</blockquote>"
    if kind == "text_link":
        return f'<a href="{html.escape(mark["url"])}">', "</a>"
    if kind == "text_mention":
        return f'<a href="tg://user?id={mark["user"]["id"]}">', "</a>"
    if kind == "date_time":
        form = mark.get("date_time_format", "")
        return f'<tg-time unix="{mark["unix_time"]}" format="{form}">', "</tg-time>"
    return None


def plain_text(rich: Json) -> str:
    """All the text of a rich message, a line for each block."""
    return "\n".join(line for block in rich["blocks"] for line in _block_lines(block))


def _block_lines(block: Json) -> list[str]:
    lines = [_flat(block[name]) for name in ("text", "summary") if name in block]
    if block.get("expression"):
        lines.append(block["expression"])
    for item in block.get("items", []):
        inner = [line for child in item["blocks"] for line in _block_lines(child)]
        lines.append(f"{item['label']} {' '.join(inner)}")
    lines += [
        " | ".join(_flat(cell.get("text", "")) for cell in row) for row in block.get("cells", [])
    ]
    for child in block.get("blocks", []):
        lines.extend(_block_lines(child))
    if block.get("buttons"):
        lines.append(" ".join(f"[{_flat(button['text'])}]" for button in block["buttons"]))
    caption = block.get("caption")
    if isinstance(caption, dict) and "credit" in caption:
        lines.extend(_flat(caption[key]) for key in ("text", "credit"))
    elif isinstance(caption, dict) and "text" in caption and "type" not in caption:
        lines.append(_flat(caption["text"]))
    elif caption is not None:
        lines.append(_flat(caption))
    if "credit" in block:
        lines.append(_flat(block["credit"]))
    return lines


def _flat(text: Any) -> str:
    if isinstance(text, str):
        return text
    if isinstance(text, list):
        return "".join(_flat(part) for part in text)
    if "button" in text:
        return f"[{_flat(text['button']['text'])}]"
    for name in ("text", "alternative_text", "expression"):
        if name in text:
            return _flat(text[name])
    return ""
