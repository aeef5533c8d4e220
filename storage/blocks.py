"""An article's body as JSON text, and back.

Every block is a list whose first item names its kind, every span a list of its text, its style
letters ("b", "i") and its link, so that a body costs little more than its words. Unknown kinds
(written by a newer version) are passed over when read.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from storage.models import (
    Block,
    Embed,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Quote,
    Span,
    Table,
)


def _spans(spans: Iterable[Span]) -> list[Any]:
    packed: list[Any] = []
    for span in spans:
        style = ("b" if span.bold else "") + ("i" if span.italic else "")
        if span.link is not None:
            packed.append([span.text, style, span.link])
        elif style:
            packed.append([span.text, style])
        else:
            packed.append(span.text)
    return packed


def _unpack_spans(packed: list[Any]) -> tuple[Span, ...]:
    spans = []
    for item in packed:
        if isinstance(item, str):
            spans.append(Span(item))
        else:
            text, style, *link = item
            spans.append(Span(text, "b" in style, "i" in style, link[0] if link else None))
    return tuple(spans)


def _pack(block: Block) -> list[Any]:
    match block:
        case Paragraph(spans):
            return ["p", _spans(spans)]
        case Heading(text, level):
            return ["h", text, level]
        case Quote(paragraphs, credit):
            return ["q", [_spans(spans) for spans in paragraphs], credit]
        case ListBlock(items, ordered):
            return ["l", [_spans(spans) for spans in items], ordered]
        case PictureBlock(url, caption, credit, width, height):
            return ["i", url, caption, credit, width, height]
        case Table(rows, header):
            return ["t", [list(row) for row in rows], header]
        case Preformatted(text):
            return ["c", text]
        case Embed(link, label):
            return ["e", link, label]


_UNPACK: dict[str, Callable[..., Block]] = {
    "p": lambda spans: Paragraph(_unpack_spans(spans)),
    "h": lambda text, level: Heading(text, level),
    "q": lambda paragraphs, credit: Quote(tuple(_unpack_spans(p) for p in paragraphs), credit),
    "l": lambda items, ordered: ListBlock(tuple(_unpack_spans(i) for i in items), ordered),
    "i": lambda *fields: PictureBlock(*fields),
    "t": lambda rows, header: Table(tuple(tuple(row) for row in rows), header),
    "c": lambda text: Preformatted(text),
    "e": lambda link, label: Embed(link, label),
}


_RUNNING = frozenset("pql")  # paragraphs, quotes, lists


def blocks_to_json(blocks: Iterable[Block]) -> str:
    """Blocks as compact JSON."""
    return json.dumps([_pack(block) for block in blocks], ensure_ascii=False, separators=(",", ":"))


def blocks_from_json(text: str) -> tuple[Block, ...]:
    """The blocks of `blocks_to_json`."""
    return tuple(_UNPACK[kind](*rest) for kind, *rest in json.loads(text) if kind in _UNPACK)


def beginning(packed: str, length: int) -> str:
    """The running text with which a body begins, a line a paragraph, cut at `length` characters.

    Headings, pictures, tables, embeds and preformatted text are left out: nobody tells news there.
    """
    lines: list[str] = []
    room = length
    for kind, *rest in json.loads(packed):
        if kind not in _RUNNING or room <= 0:
            continue
        for spans in [rest[0]] if kind == "p" else rest[0]:
            line = "".join(span if isinstance(span, str) else span[0] for span in spans)
            lines.append(line)
            room -= len(line) + 1
    return "\n".join(lines)[:length]


def picture_to_json(picture: PictureBlock | None) -> str | None:
    """One picture as JSON, or None."""
    return None if picture is None else blocks_to_json([picture])


def picture_from_json(text: str | None) -> PictureBlock | None:
    """The picture of `picture_to_json`."""
    if text is None:
        return None
    (picture,) = blocks_from_json(text)
    return picture if isinstance(picture, PictureBlock) else None
