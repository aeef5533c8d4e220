"""Articles as rich messages (Bot API 10.1, InputRichMessage), for readers who confirmed them.

Typed blocks are used, which need no escaping. Limits (Bot API, rich messages): 32,768 characters,
500 blocks with nested ones, list items and table rows counted, 50 media, 20 table columns; an
article beyond them becomes several messages, every character in order. Each payload also carries
its classic rendering, for a server that refuses the rich one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.messages import classic, keyboards
from bot.messages.classic import runs_of, time_run, title_of
from bot.messages.markup import (
    Passage,
    Run,
    clean,
    clean_lines,
    line,
    payload,
    split,
    units,
    visible,
    web_link,
)
from bot.messages.payloads import Payload
from bot.messages.texts import Viewer
from storage import (
    Article,
    BodyFrom,
    Embed,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Quote,
    Reading,
    Span,
    Table,
)

MAX_UNITS = 32_768
MAX_BLOCKS = 500
MAX_MEDIA = 50
MAX_COLUMNS = 20
_PIECE = 8_000  # UTF-16 units of one paragraph; a longer one is cut at a sentence
_ROWS = 40  # items or rows of one list or table; the rest makes another one

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A block with what it counts towards the limits."""

    block: Json
    units: int
    blocks: int = 1
    media: int = 0


def full(article: Article, viewer: Viewer) -> tuple[Payload, ...]:
    """Return the whole text as rich messages; the classic ones where there is no text to show."""
    if article.reading is not Reading.FULL or not article.body:
        return classic.full(article, viewer)
    parts = list(_packed(_blocks(article, viewer)))
    fallbacks = classic.full(article, viewer)
    keyboard = keyboards.full(article, viewer.texts)
    if len(parts) == 1 and len(fallbacks) == 1:
        return (replace(fallbacks[0], rich=_message(parts[0])),)
    # A fallback that needs more messages than the rich text cannot ride on it whole: the card does.
    card = classic.card(article, viewer)
    last = len(parts) - 1
    return tuple(
        replace(
            card,
            keyboard=keyboard if index == last else (),
            silent=index > 0,
            rich=_message(part),
        )
        for index, part in enumerate(parts)
    )


def sample(viewer: Viewer, article: int = 0) -> Payload:
    """Return the rich sample with «Видно?»; the answer may open `article`."""
    _ = viewer.texts.gettext
    question = _("Can you see a heading, a quote and a list above?")
    classic_text = _("The rich layout needs a newer Telegram app.")
    blocks: list[Json] = [
        {"type": "heading", "text": _("The rich layout"), "size": 2},
        {
            "type": "blockquote",
            "blocks": [{"type": "paragraph", "text": _("This is how a quote looks.")}],
        },
        {
            "type": "list",
            "items": [
                {"blocks": [{"type": "paragraph", "text": text}]}
                for text in (_("First"), _("Second"))
            ],
        },
        {"type": "paragraph", "text": {"type": "bold", "text": question}},
    ]
    plain = payload([line(f"{classic_text} {question}")])
    return replace(
        plain, rich=_message(blocks), keyboard=keyboards.rich_sample(article, viewer.texts)
    )


def _message(blocks: Sequence[Json]) -> Json:
    return {"blocks": list(blocks), "skip_entity_detection": True}


def _packed(blocks: Iterator[_Weighed]) -> Iterator[list[Json]]:
    part: list[Json] = []
    length = count = media = 0
    for one in blocks:
        over = (
            length + one.units > MAX_UNITS
            or count + one.blocks > MAX_BLOCKS
            or media + one.media > MAX_MEDIA
        )
        if part and over:
            yield part
            part, length, count, media = [], 0, 0, 0
        part.append(one.block)
        length += one.units
        count += one.blocks
        media += one.media
    if part:
        yield part


# ---------------------------------------------------------------- text


def _text(runs: Sequence[Run]) -> Any:
    """Return runs as RichText: a string, an object, or a list of them."""
    pieces: list[Any] = []
    for run in runs:
        piece: Any = run.text
        if run.unix is not None:
            piece = {
                "type": "date_time",
                "text": piece,
                "unix_time": run.unix,
                "date_time_format": run.form,
            }
        if run.link:
            piece = {"type": "url", "text": piece, "url": run.link}
        if run.italic:
            piece = {"type": "italic", "text": piece}
        if run.bold:
            piece = {"type": "bold", "text": piece}
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else pieces


def _length(runs: Sequence[Run]) -> int:
    return sum(units(run.text) for run in runs)


def _pieces(runs: tuple[Run, ...]) -> Iterator[tuple[Run, ...]]:
    """Yield a paragraph cut where it is too long for one block; nothing where it shows nothing."""
    for part in split([Passage(runs)], _PIECE, _PIECE):
        for passage in part:
            yield passage.runs


def _paragraphs(
    runs: tuple[Run, ...], kind: str = "paragraph", **more: object
) -> Iterator[_Weighed]:
    for piece in _pieces(runs):
        yield _Weighed({"type": kind, "text": _text(piece), **more}, _length(piece))


# ---------------------------------------------------------------- blocks


def _blocks(article: Article, viewer: Viewer) -> Iterator[_Weighed]:
    _ = viewer.texts.gettext
    title = clean(article.title)
    yield from _paragraphs(
        (Run(title if visible(title) else title_of("", viewer)),), "heading", size=1
    )
    yield from _paragraphs((Run(clean(article.subheadline)),), "heading", size=3)
    shown = {block.url for block in article.body if isinstance(block, PictureBlock)}
    if article.image and viewer.pictures and article.image.url not in shown:
        yield from _picture(article.image, viewer)
    yield from _paragraphs((Run(clean(article.standfirst), bold=True),))
    if article.body_from is BodyFrom.FEED and article.page_error:
        yield from _paragraphs(
            (Run(_("The page didn't open. Here is the feed's text:"), italic=True),)
        )
    for block in article.body:
        match block:
            case Paragraph(spans):
                yield from _paragraphs(runs_of(spans))
            case Heading(text, level):
                size = min(6, max(2, level))
                yield from _paragraphs((Run(clean(text)),), "heading", size=size)
            case Quote(paragraphs, credit):
                yield from _quotation(paragraphs, credit)
            case ListBlock(items, ordered):
                yield from _list(items, ordered)
            case PictureBlock():
                yield from _picture(block, viewer)
            case Table(rows, header):
                yield from _table(rows, header)
            case Preformatted(text):
                yield from _paragraphs((Run(clean_lines(text)),), "pre")
            case Embed(link, label):
                target = web_link(link)
                name = clean(label)
                yield from _paragraphs((Run(name if visible(name) else target, link=target),))
    yield from _footer(article, viewer)


def _footer(article: Article, viewer: Viewer) -> Iterator[_Weighed]:
    texts = viewer.texts
    runs = [classic.source_run(article)]
    if visible(author := clean(article.author)):
        runs += [Run(" · "), Run(author)]
    runs += [Run(" · "), time_run(article.published, viewer)]
    if length := classic.reading_time(article, viewer):
        runs += [Run(" · "), Run(length)]
    if cited := [name for name in map(clean, article.cited) if visible(name)]:
        said = texts.gettext("Citing {names}").format(names=texts.join(cited[:5]))
        runs += [Run(" · "), Run(said)]
    for label in map(clean, article.labels):
        runs += [Run(" · "), Run(label)]
    yield from _paragraphs(tuple(runs), "footer")


def _quotation(paragraphs: Sequence[tuple[Span, ...]], credit: str) -> Iterator[_Weighed]:
    name = clean(credit)
    written = [one for spans in paragraphs for one in _paragraphs(runs_of(spans))]
    credited = bool(written) and visible(name) and units(name) <= _PIECE
    for index, one in enumerate(written):
        block: Json = {"type": "blockquote", "blocks": [one.block]}
        length = one.units
        if credited and index == len(written) - 1:
            block["credit"] = name
            length += units(name)
        yield _Weighed(block, length, blocks=2)
    if not credited:
        yield from _paragraphs((Run(name, italic=True),))


def _list(items: Sequence[tuple[Span, ...]], ordered: bool) -> Iterator[_Weighed]:
    gathered: list[Json] = []
    length = count = 0
    for number, spans in enumerate(items, 1):
        written = list(_paragraphs(runs_of(spans)))
        if not written:
            continue
        weight = sum(one.units for one in written)
        if gathered and (len(gathered) >= _ROWS or length + weight > _PIECE):
            yield _Weighed({"type": "list", "items": gathered}, length, blocks=1 + count)
            gathered, length, count = [], 0, 0
        if weight > _PIECE:
            # Longer than a message may be with others: its own paragraphs, not an item.
            yield from written
            continue
        item: Json = {"blocks": [one.block for one in written]}
        if ordered:
            item |= {"value": number, "type": "1"}
        gathered.append(item)
        length += weight
        count += 1 + len(written)
    if gathered:
        yield _Weighed({"type": "list", "items": gathered}, length, blocks=1 + count)


def _table(rows: Sequence[tuple[str, ...]], header: bool) -> Iterator[_Weighed]:
    width = max((len(row) for row in rows), default=0)
    if width > MAX_COLUMNS or any(units(cell) > 200 for row in rows for cell in row):
        for row in rows:
            yield from _paragraphs((Run(" | ".join(map(clean, row))),))
        return
    gathered: list[list[Json]] = []
    length = 0
    for index, row in enumerate(rows):
        texts = [clean(cell) for cell in row]
        weight = sum(map(units, texts))
        if gathered and (len(gathered) >= _ROWS or length + weight > _PIECE):
            yield _weighed_table(gathered, length)
            gathered, length = [], 0
        mark = {"is_header": True} if header and index == 0 else {}
        if texts:
            gathered.append(
                [{"align": "left", "valign": "top", "text": text} | mark for text in texts]
            )
            length += weight
    if gathered:
        yield _weighed_table(gathered, length)


def _weighed_table(cells: list[list[Json]], length: int) -> _Weighed:
    return _Weighed(
        {"type": "table", "cells": cells, "is_bordered": True}, length, blocks=1 + len(cells)
    )


def _picture(picture: PictureBlock, viewer: Viewer) -> Iterator[_Weighed]:
    url = web_link(picture.url)
    caption, credit = clean(picture.caption), clean(picture.credit)
    length = units(caption) + units(credit)
    if not url or not viewer.pictures or length > _PIECE:
        yield from _paragraphs((Run(". ".join(text for text in (caption, credit) if text)),))
        return
    block: Json = {"type": "photo", "photo": {"type": "photo", "media": url}}
    if visible(caption) or visible(credit):
        block["caption"] = {"text": caption} | ({"credit": credit} if visible(credit) else {})
    yield _Weighed(block, length, media=1)
