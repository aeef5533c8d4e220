"""Rich messages (Bot API 10.1): an InputRichMessage is judged and becomes a RichMessage.

`read_rich` walks the typed blocks, checks each against its shape, counts against the limits, and
writes the blocks as Telegram returns them: list items get their labels, pictures wait in `pending`
for `methods` to fetch. Limits are the documented ones; Telegram does not document the texts of
these refusals, so they are our own. Only typed blocks are read, not `html` and `markdown`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.answers import ApiError, Json, refuse
from bot.sandbox.keyboards import ROW, check_button
from bot.sandbox.markup import is_blank, units

if TYPE_CHECKING:
    from collections.abc import Callable

CHARACTERS = 32_768
BLOCKS = 500
DEPTH = 16
MEDIA = 50
COLUMNS = 20

# Inline kinds: the fields that each needs besides `text`.
_TEXTS: dict[str, tuple[str, ...]] = {
    "bold": (),
    "italic": (),
    "underline": (),
    "strikethrough": (),
    "spoiler": (),
    "subscript": (),
    "superscript": (),
    "marked": (),
    "code": (),
    "date_time": ("unix_time", "date_time_format"),
    "text_mention": ("user",),
    "url": ("url",),
    "email_address": ("email_address",),
    "phone_number": ("phone_number",),
    "bank_card_number": ("bank_card_number",),
    "mention": ("username",),
    "hashtag": ("hashtag",),
    "cashtag": ("cashtag",),
    "bot_command": ("bot_command",),
    "anchor_link": ("anchor_name",),
    "reference": ("name",),
    "reference_link": ("reference_name",),
}
_TEXTLESS: dict[str, tuple[str, ...]] = {
    "anchor": ("name",),
    "custom_emoji": ("custom_emoji_id", "alternative_text"),
    "mathematical_expression": ("expression",),
}
_ALIGN = frozenset({"left", "center", "right"})
_VALIGN = frozenset({"top", "middle", "bottom"})
_LABELS = frozenset({"a", "A", "i", "I", "1"})
_GALLERY = frozenset({"photo", "video", "animation"})


@dataclass(frozen=True, slots=True)
class PendingMedia:
    """A file named by a block: `block[field]` is to become what Telegram returns for it."""

    block: Json
    field: str
    media: Any


@dataclass(slots=True)
class RichReader:
    """One walk over a message: what it wrote and what it counted."""

    is_link: Callable[[str], bool]
    pending: list[PendingMedia] = field(default_factory=list)
    characters: int = 0
    blocks: int = 0
    visible: bool = False

    def read_blocks(self, value: Any, depth: int) -> list[Json]:
        """A list of blocks at nesting `depth` (1 at the top)."""
        if not isinstance(value, list):
            raise bad("blocks must be an Array of InputRichBlock")
        if value and depth > DEPTH:
            raise bad(f"blocks are nested deeper than {DEPTH}")
        return [self._block(block, depth) for block in value]

    def _block(self, block: Any, depth: int) -> Json:
        if not isinstance(block, dict):
            raise bad("block must be an Object")
        self._count_block()
        kind = block.get("type")
        out: Json = {"type": kind}
        match kind:
            case "paragraph" | "footer":
                out["text"] = self.text(block.get("text"))
            case "heading":
                out["text"] = self.text(block.get("text"))
                out["size"] = _number(block.get("size"), 1, 6, "heading size")
            case "pre":
                out["text"] = self.text(block.get("text"))
                _copy(block, out, "language")
            case "expandable_blockquote" | "pullquote":
                out["text"] = self.text(block.get("text"))
                self._optional_text(block, out, "credit")
            case "blockquote":
                out["blocks"] = self.read_blocks(block.get("blocks"), depth + 1)
                self._optional_text(block, out, "credit")
            case "details":
                out["summary"] = self.text(block.get("summary"))
                out["blocks"] = self.read_blocks(block.get("blocks"), depth + 1)
                _copy(block, out, "is_open")
            case "list":
                out["items"] = self._items(block.get("items"), depth + 1)
            case "table":
                self._table(block, out)
            case "collage" | "slideshow":
                self._gallery(block, out, depth)
            case "photo" | "document":
                self._file(block, out, str(kind))
            case "buttons":
                out["buttons"] = self._buttons(block.get("buttons"))
                _copy(block, out, "align")
            case "anchor":
                out["name"] = _string(block.get("name"), "anchor name")
            case "mathematical_expression":
                out["expression"] = _string(block.get("expression"), "expression")
                self._count_text(out["expression"])
            case "divider":
                self.visible = True
            case _:
                raise bad(f"unsupported block type {kind!r}")
        return out

    def _items(self, items: Any, depth: int) -> list[Json]:
        if not isinstance(items, list) or not items:
            raise bad("list must have items")
        written: list[Json] = []
        number = 0
        for item in items:
            if not isinstance(item, dict):
                raise bad("list item must be an Object")
            self._count_block()
            ordered = item.get("value") is not None or item.get("type") is not None
            if ordered and item.get("type", "1") not in _LABELS:
                raise bad("list item type is invalid")
            number = int(item["value"]) if item.get("value") is not None else number + 1
            out: Json = {"label": f"{number}." if ordered else "•"}
            out["blocks"] = self.read_blocks(item.get("blocks"), depth)
            _copy(item, out, "has_checkbox", "is_checked", "value", "type")
            written.append(out)
        return written

    def _table(self, block: Json, out: Json) -> None:
        rows = block.get("cells")
        if not isinstance(rows, list) or not rows:
            raise bad("table must have rows")
        out["cells"] = []
        for row in rows:
            self._count_block()
            if not isinstance(row, list) or not all(isinstance(cell, dict) for cell in row):
                raise bad("table row must be an Array of RichBlockTableCell")
            if sum(int(cell.get("colspan") or 1) for cell in row) > COLUMNS:
                raise bad(f"table has more than {COLUMNS} columns")
            out["cells"].append([self._cell(cell) for cell in row])
        self._optional_text(block, out, "caption")
        _copy(block, out, "is_bordered", "is_striped", "is_compact")

    def _cell(self, cell: Json) -> Json:
        if cell.get("align") not in _ALIGN or cell.get("valign") not in _VALIGN:
            raise bad("table cell alignment is invalid")
        out: Json = {"align": cell["align"], "valign": cell["valign"]}
        self._optional_text(cell, out, "text")
        _copy(cell, out, "is_header", "colspan", "rowspan")
        return out

    def _gallery(self, block: Json, out: Json, depth: int) -> None:
        children = block.get("blocks")
        if not isinstance(children, list) or not children:
            raise bad(f"{block['type']} must have elements")
        if any(
            not isinstance(child, dict) or child.get("type") not in _GALLERY for child in children
        ):
            raise bad(f"{block['type']} may hold pictures and videos only")
        out["blocks"] = self.read_blocks(children, depth + 1)
        self._caption(block, out)

    def _file(self, block: Json, out: Json, kind: str) -> None:
        source = block.get(kind)
        if not isinstance(source, dict) or source.get("type") != kind or not source.get("media"):
            raise bad(f"{kind} must be an InputMedia{kind.capitalize()}")
        self.pending.append(PendingMedia(out, kind, source["media"]))
        if len(self.pending) > MEDIA:
            raise bad(f"more than {MEDIA} media")
        # Filled when the file is there; named now so that the field keeps its place.
        out[kind] = None
        if source.get("has_spoiler"):
            out["has_spoiler"] = True
        self._caption(block, out)
        self.visible = True

    def _caption(self, block: Json, out: Json) -> None:
        caption = block.get("caption")
        if caption is None:
            return
        if not isinstance(caption, dict):
            raise bad("caption must be a RichBlockCaption")
        written: Json = {"text": self.text(caption.get("text"))}
        self._optional_text(caption, written, "credit")
        out["caption"] = written

    def _buttons(self, buttons: Any) -> list[Json]:
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= ROW:
            raise bad(f"a row must have 1 to {ROW} buttons")
        return [self._button(button) for button in buttons]

    def _button(self, button: Any) -> Json:
        check_button(button, self.is_link)
        return {key: value for key, value in button.items() if value is not None} | {
            "text": self.text(button["text"])
        }

    def _optional_text(self, source: Json, out: Json, name: str) -> None:
        if source.get(name) is not None:
            out[name] = self.text(source[name])

    def text(self, value: Any, depth: int = 1) -> Any:
        """A RichText: a string, a list, or one object with a type."""
        if depth > DEPTH:
            raise bad(f"text is nested deeper than {DEPTH}")
        if isinstance(value, str):
            self._count_text(value)
            return value
        if isinstance(value, list):
            return [self.text(part, depth + 1) for part in value]
        if not isinstance(value, dict):
            raise bad("text must be a RichText")
        kind = value.get("type")
        if kind == "button":
            return {"type": "button", "button": self._button(value.get("button"))}
        needs = _TEXTS.get(kind, _TEXTLESS.get(kind)) if isinstance(kind, str) else None
        if needs is None:
            raise bad(f"unsupported text type {kind!r}")
        for name in needs:
            if value.get(name) is None:
                raise bad(f'text of type {kind} needs the field "{name}"')
        if kind == "url" and not self.is_link(str(value["url"])):
            raise bad(f"invalid URL {value['url']!r}")
        out: Json = {"type": kind} | {name: value[name] for name in needs}
        if kind in _TEXTS:
            out["text"] = self.text(value.get("text"), depth + 1)
        else:
            self._count_text(str(value.get("alternative_text") or value.get("expression") or ""))
        return out

    def _count_text(self, text: str) -> None:
        self.characters += units(text)
        if self.characters > CHARACTERS:
            raise bad(f"more than {CHARACTERS} characters")
        self.visible = self.visible or not is_blank(text)

    def _count_block(self) -> None:
        self.blocks += 1
        if self.blocks > BLOCKS:
            raise bad(f"more than {BLOCKS} blocks")


def read_rich(value: Any, is_link: Callable[[str], bool]) -> tuple[Json, list[PendingMedia]]:
    """A decoded InputRichMessage as a RichMessage, and the media still to be filled in.

    Raises ApiError where a block is malformed or a limit is passed.
    """
    if not isinstance(value, dict):
        raise bad("object expected")
    given = [name for name in ("html", "markdown", "blocks") if value.get(name) is not None]
    if len(given) != 1:
        raise bad("exactly one of html, markdown and blocks must be used")
    if given != ["blocks"]:
        raise bad("the sandbox reads typed blocks only")
    reader = RichReader(is_link)
    message: Json = {"blocks": reader.read_blocks(value["blocks"], 1)}
    if not reader.visible:
        raise refuse("message text is empty")
    if value.get("is_rtl"):
        message["is_rtl"] = True
    return message, reader.pending


def bad(reason: str) -> ApiError:
    """The refusal of a rich message."""
    return refuse(f"can't parse rich message: {reason}")


def _copy(source: Json, out: Json, *names: str) -> None:
    for name in names:
        if source.get(name) is not None:
            out[name] = source[name]


def _string(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise bad(f"{what} must be a non-empty String")
    return value


def _number(value: Any, low: int, high: int, what: str) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise bad(f"{what} must be from {low} to {high}")
    return value
