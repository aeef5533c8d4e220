"""The building blocks of rich messages (Bot API 10.1, InputRichBlock), and their packing.

    runs ─▶ RichText ─▶ blocks, each with what it counts ─▶ packed into messages ─▶ InputRichMessage

Typed blocks are used, which need no escaping. Limits (Bot API, rich messages): 32,768 characters,
500 blocks with nested ones, list items and table rows counted, 16 levels, 50 media, 20 table
columns, 8 buttons a row. Every block made here keeps far below them, so that `packed` can divide
any length of text between blocks: every character stays, in order.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from bot.messages.markup import Passage, Run, caption_of, split, units, visible
from bot.messages.payloads import Button, Keyboard

MAX_UNITS = 32_768
MAX_BLOCKS = 500
MAX_MEDIA = 50
MAX_COLUMNS = 20
MAX_ROW = 8
_PIECE = 8_000  # UTF-16 units of one block; a longer one is cut at a sentence
_RUNS = 1_000  # of one block
_ITEMS = 40  # items, rows or paragraphs within one block; the rest makes another one
_SLIDES = 10
_CAPTION = 2_000  # UTF-16 units of a picture's caption and credit
_CELL = 200  # UTF-16 units; a table with longer ones is no table to be read on a phone

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """A block with what it counts towards the limits.

    `keep`: not to be the last one of a message that is followed by another (a heading).
    """

    json: Json
    units: int
    blocks: int = 1
    media: int = 0
    keep: bool = False


def message(blocks: Sequence[Json], *, rtl: bool = False) -> Json:
    """Return the InputRichMessage of some blocks; they must keep the limits."""
    made: Json = {"blocks": list(blocks), "skip_entity_detection": True}
    return made | {"is_rtl": True} if rtl else made


def packed(blocks: Iterable[Block]) -> Iterator[list[Json]]:
    """Yield `blocks` in order, in as few messages as the limits allow."""
    part: list[Block] = []
    count = Block({}, 0, blocks=0)
    for one in blocks:
        with_it = _sum(count, one)
        if part and not _within(with_it):
            kept: list[Block] = []
            while len(part) > 1 and part[-1].keep:
                kept.insert(0, part.pop())
            if kept and not fits([*kept, one]):
                part, kept = part + kept, []
            yield [block.json for block in part]
            part = kept
            with_it = reduce(_sum, [*kept, one])
        part.append(one)
        count = with_it
    if part:
        yield [block.json for block in part]


def fits(blocks: Sequence[Block]) -> bool:
    """Tell whether `blocks` make one message."""
    return not blocks or _within(reduce(_sum, blocks))


def _sum(one: Block, other: Block) -> Block:
    return Block({}, one.units + other.units, one.blocks + other.blocks, one.media + other.media)


def _within(count: Block) -> bool:
    return count.units <= MAX_UNITS and count.blocks <= MAX_BLOCKS and count.media <= MAX_MEDIA


# ---------------------------------------------------------------- text


def rich_text(pieces: Sequence[Run | Button]) -> Any:
    """Return runs as RichText: a string, an object, or a list of them.

    A `Button` among them is a link in the running text that calls back, or opens its address.
    """
    written = [_piece(piece) for piece in pieces]
    return written[0] if len(written) == 1 else written


def _piece(piece: Run | Button) -> Any:
    if isinstance(piece, Button):
        if piece.url:
            return {"type": "url", "text": piece.text, "url": piece.url}
        return {"type": "button", "button": _button(piece) | {"style": "link"}}
    written: Any = piece.text
    if piece.unix is not None:
        written = {
            "type": "date_time",
            "text": written,
            "unix_time": piece.unix,
            "date_time_format": piece.form,
        }
    if piece.link:
        written = {"type": "url", "text": written, "url": piece.link}
    for on, kind in (
        (piece.underline, "underline"),
        (piece.italic, "italic"),
        (piece.bold, "bold"),
    ):
        if on:
            written = {"type": kind, "text": written}
    return written


def length(pieces: Iterable[Run | Button]) -> int:
    """Return the UTF-16 units of a text."""
    return sum(units(piece.text) for piece in pieces)


def cut(runs: tuple[Run, ...]) -> Iterator[tuple[Run, ...]]:
    """Yield a paragraph cut where it is too long for one block; nothing where it shows nothing."""
    for part in split([Passage(runs)], _PIECE, _RUNS):
        for passage in part:
            yield passage.runs


# ---------------------------------------------------------------- blocks of text


def line(*pieces: Run | Button | str, kind: str = "paragraph") -> Block:
    """Return one short paragraph (or footer) of runs, buttons in the text, and plain strings."""
    made = [Run(piece) if isinstance(piece, str) else piece for piece in pieces]
    return Block({"type": kind, "text": rich_text(made)}, length(made))


def paragraphs(
    runs: tuple[Run, ...],
    kind: str = "paragraph",
    fields: Json | None = None,
    *,
    keep: bool = False,
) -> Iterator[Block]:
    """Yield a paragraph, or as many as its length needs, each with the block's other `fields`."""
    for piece in cut(runs):
        made = {"type": kind, "text": rich_text(piece), **(fields or {})}
        yield Block(made, length(piece), keep=keep)


def heading(text: str, size: int) -> Iterator[Block]:
    """Yield a heading; `size` from 1, the largest, to 6."""
    return paragraphs((Run(text),), "heading", {"size": size}, keep=True)


def footer(runs: tuple[Run, ...]) -> Iterator[Block]:
    """Yield a footer, in small type."""
    return paragraphs(runs, "footer")


def quotation(quoted: Sequence[tuple[Run, ...]], credit: str = "") -> Iterator[Block]:
    """Yield a block quotation of paragraphs; `credit` stands under the last of them."""
    written = [one for runs in quoted for one in paragraphs(runs)]
    named = _credit(credit) if written else ""
    bundles = list(_bundles(written))
    for index, bundle in enumerate(bundles):
        block: Json = {"type": "blockquote", "blocks": [one.json for one in bundle]}
        weight = sum(one.units for one in bundle)
        if named and index == len(bundles) - 1:
            block["credit"] = named
            weight += units(named)
        yield Block(block, weight, blocks=1 + len(bundle))
    if not named:
        yield from paragraphs((Run(credit, italic=True),))


def pull_quotation(runs: tuple[Run, ...], credit: str = "") -> Iterator[Block]:
    """Yield a short quotation set apart, with who said it."""
    written = list(paragraphs(runs, "pullquote"))
    named = _credit(credit) if written else ""
    for index, one in enumerate(written):
        if named and index == len(written) - 1:
            yield Block(one.json | {"credit": named}, one.units + units(named))
        else:
            yield one
    if not named:
        yield from paragraphs((Run(credit, italic=True),))


def _credit(name: str) -> str:
    return name if visible(name) and units(name) <= _CELL else ""


def _bundles(written: Sequence[Block]) -> Iterator[list[Block]]:
    """Yield blocks in groups that may stand within one block."""
    bundle: list[Block] = []
    weight = 0
    for one in written:
        if bundle and (len(bundle) >= _ITEMS or weight + one.units > _PIECE):
            yield bundle
            bundle, weight = [], 0
        bundle.append(one)
        weight += one.units
    if bundle:
        yield bundle


# ---------------------------------------------------------------- lists and tables


def listing(items: Sequence[tuple[Run, ...]], *, ordered: bool = False) -> Iterator[Block]:
    """Yield a list; one too long for a block goes on in the next, numbered on."""
    gathered: list[Json] = []
    weight = count = 0
    for number, runs in enumerate(items, 1):
        written = list(paragraphs(runs))
        if not written:
            continue
        more = sum(one.units for one in written) + len(str(number)) + 2
        if gathered and (len(gathered) >= _ITEMS or weight + more > _PIECE):
            yield Block({"type": "list", "items": gathered}, weight, blocks=1 + count)
            gathered, weight, count = [], 0, 0
        if more > _PIECE:
            # Longer than a message may be with others: its own paragraphs, not an item.
            yield from written
            continue
        item: Json = {"blocks": [one.json for one in written]}
        if ordered:
            item |= {"value": number, "type": "1"}
        gathered.append(item)
        weight += more
        count += 1 + len(written)
    if gathered:
        yield Block({"type": "list", "items": gathered}, weight, blocks=1 + count)


def table(rows: Sequence[tuple[str, ...]], *, header: bool = False) -> Iterator[Block]:
    """Yield a table of cleaned texts; one that no screen could show, as lines."""
    width = max(map(len, rows), default=0)
    if width > MAX_COLUMNS or any(units(cell) > _CELL for row in rows for cell in row):
        for row in rows:
            yield from paragraphs((Run(" | ".join(row)),))
        return
    gathered: list[list[Json]] = []
    weight = 0
    shows = False
    for index, row in enumerate(rows):
        if not row:
            continue
        more = sum(map(units, row))
        if gathered and (len(gathered) >= _ITEMS or weight + more > _PIECE):
            yield from _table(gathered, weight, shows=shows)
            gathered, weight, shows = [], 0, False
        mark = {"is_header": True} if header and index == 0 else {}
        gathered.append([{"align": "left", "valign": "top", "text": text} | mark for text in row])
        weight += more
        shows |= any(map(visible, row))
    yield from _table(gathered, weight, shows=shows)


def _table(cells: list[list[Json]], weight: int, *, shows: bool) -> Iterator[Block]:
    if shows:
        block = {"type": "table", "cells": cells, "is_bordered": True}
        yield Block(block, weight, blocks=1 + len(cells))


# ---------------------------------------------------------------- pictures


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture: an http(s) address or Telegram's file id, and cleaned texts below it."""

    media: str
    caption: str = ""
    credit: str = ""


def photos(pictures: Sequence[Photo]) -> Iterator[Block]:
    """Yield a picture, or slideshows of several that follow each other.

    What is said of one at length stands below it.
    """
    slides: list[Block] = []
    for one in pictures:
        if units(one.caption) + units(one.credit) <= _CAPTION:
            slides.append(_photo(one))
            if len(slides) < _SLIDES:
                continue
            yield _slideshow(slides)
        else:
            yield from _shown(slides)
            yield _photo(Photo(one.media))
            yield from caption(one)
        slides = []
    yield from _shown(slides)


def _shown(slides: list[Block]) -> Iterator[Block]:
    if len(slides) > 1:
        yield _slideshow(slides)
    else:
        yield from slides


def _slideshow(slides: list[Block]) -> Block:
    return Block(
        {"type": "slideshow", "blocks": [one.json for one in slides]},
        sum(one.units for one in slides),
        blocks=1 + len(slides),
        media=len(slides),
    )


def caption(picture: Photo) -> Iterator[Block]:
    """Yield what is said of a picture, as a paragraph."""
    yield from paragraphs((Run(caption_of(picture.caption, picture.credit), italic=True),))


def _photo(picture: Photo) -> Block:
    block: Json = {"type": "photo", "photo": {"type": "photo", "media": picture.media}}
    credited = visible(picture.credit)
    if visible(picture.caption) or credited:
        block["caption"] = {"text": picture.caption}
        if credited:
            block["caption"]["credit"] = picture.credit
    # With what parts the two where they stand as a paragraph, without the picture.
    return Block(block, units(picture.caption) + units(picture.credit) + len(". "), media=1)


def pictures(shown: Mapping[str, Any]) -> list[str]:
    """Return the addresses (or file ids) of a message's pictures, in their order, each once."""
    found = [one for block in shown["blocks"] for one in (block, *block.get("blocks", ()))]
    return list(dict.fromkeys(one["photo"]["media"] for one in found if one["type"] == "photo"))


def without(shown: Mapping[str, Any], left_out: Collection[str]) -> Json | None:
    """Return a message without some of its pictures; what was said of them stays, as paragraphs.

    None where nothing would be left of it.
    """
    blocks = [kept for block in shown["blocks"] for kept in _without(block, left_out)]
    return {**shown, "blocks": blocks} if blocks else None


def _without(block: Json, left_out: Collection[str]) -> list[Json]:
    match block["type"]:
        case "photo" if block["photo"]["media"] in left_out:
            said = block.get("caption", {})
            told = caption_of(said.get("text", ""), said.get("credit", ""))
            return [one.json for one in paragraphs((Run(told, italic=True),))]
        case "slideshow":
            inner = [kept for one in block["blocks"] for kept in _without(one, left_out)]
            shown = [one for one in inner if one["type"] == "photo"]
            said = [one for one in inner if one["type"] != "photo"]
            return [{**block, "blocks": shown}, *said] if len(shown) > 1 else inner
        case _:
            return [block]


def with_fewer(shown: Mapping[str, Any]) -> Iterator[tuple[list[str], Json]]:
    """Yield what to try in turn where Telegram refuses a picture of a message and names none.

    Each time the pictures that are left out, and the message: of several either half of them, as
    one bad picture must not cost the others their place, and last all.
    """
    every = pictures(shown)
    half = len(every) // 2
    halves = (every[:half], every[half:]) if half else ()
    for left_out in (*halves, every):
        made = without(shown, left_out)
        if left_out and made is not None:
            yield left_out, made


# ---------------------------------------------------------------- buttons


def buttons(rows: Keyboard) -> Iterator[Block]:
    """Yield rows of buttons, in the message."""
    for row in rows:
        for at in range(0, len(row), MAX_ROW):
            group = row[at : at + MAX_ROW]
            yield Block(
                {"type": "buttons", "buttons": [_button(one) for one in group]}, length(group)
            )


def _button(one: Button) -> Json:
    return (
        {"text": one.text, "url": one.url}
        if one.url
        else {
            "text": one.text,
            "callback_data": one.data,
        }
    )
