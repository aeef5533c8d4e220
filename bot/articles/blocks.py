"""HTML in, structured blocks out; blocks in, plain text out.

Markup (a feed's `content:encoded`, a page's body found by the extractor) is parsed the way a
browser does, walked once, and cut into the blocks of `storage.models`. What is no text of the
article (scripts, forms, hidden parts, tracking pixels, data: pictures) is left behind; links and
pictures come out absolute, http(s) only. A text without any markup (`yandex:full-text`) is cut
at its line breaks.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from unicodedata import normalize
from urllib.parse import urlsplit

import turbohtml

from bot.web.addresses import absolute_url
from storage import (
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

_NO_TEXT = """script style noscript template svg math form button input select textarea nav head
title meta link object param area map canvas dialog"""
_BLOCK_LEVEL = """address article aside body center dd details div dl dt fieldset figcaption footer
header hgroup html main p section summary tbody thead tfoot tr td th caption li"""
_DROPPED = frozenset(_NO_TEXT.split())
_BREAKING = frozenset(_BLOCK_LEVEL.split())
_HEADINGS = {"h1": 2, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BOLD = frozenset({"b", "strong"})
_ITALIC = frozenset({"i", "em", "cite", "dfn"})
_EMBEDS = frozenset({"iframe", "video", "audio", "embed"})
_SMALL_PRINT = frozenset({"small", "cite"})  # in a caption: who made the picture
_CREDITS = re.compile(r"credit|copyright|author|source|byline", re.IGNORECASE)

_CAPTIONS = re.compile(r"caption|подпись|podpis|photo-?(?:desc|title|text)", re.IGNORECASE)
_FIGURES = re.compile(r"phot|foto|image|img|pic|figure|media|illustr|caption|slide", re.IGNORECASE)
_PULL_QUOTE = re.compile(
    r"(?:[\w-]*[-_])?(?:pull-?quote|block-?quote|quote|citata|citation)"
    r"(?:[-_](?:block|text|box|wrap(?:per)?|item|inner))?",
    re.IGNORECASE,
)
_SPEAKERS = re.compile(r"(?:quote|citata)\w*[-_](?:author|name|person|source)", re.IGNORECASE)
_NAMED_CREDIT = re.compile(
    r"(?:^|(?<=[\s(.|/—–-]))(?:фото|фотография|изображение|иллюстрация|источник|photo(?:graph)?|image"
    r"|picture|credit)s?(?:\s(?:by|credit|courtesy(?:\sof)?))?\s?[:©]\s?(?P<who>[^:]{2,80}?)\)?\.?$"
    r"|©\s?(?P<whose>.{2,80})$",
    re.IGNORECASE,
)
_LONGEST_CAPTION, _LONGEST_QUOTE = 600, 1200  # characters
_PICTURE_SOURCES = ("data-src", "data-original", "data-lazy-src", "src")
_SRCSET = re.compile(r"([^\s,]\S*[^\s,])(?:\s+([\d.]{1,6})([wx]))?\s*(?:,|$)")
_LONGEST_SRCSET = 4000
_WIDEST_PICTURE = 2560
_PIXELS_OF_ONE = 1000
"""How wide (pixels) a picture of density 1 is taken to be."""

_TAG = re.compile(r"<(?:[a-z!/?])", re.IGNORECASE)
_ESCAPED_TAG = re.compile(r"&lt;/?(?:p|br|div|a|b|i|img|span|strong|em)\b", re.IGNORECASE)
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2060"
    "\ufeff\u202a-\u202e\u2066-\u2069\ufffe\uffff"
    # Halves of surrogate pairs: JSON-LD has them where a text was cut in an emoji, and neither the
    # store nor Telegram takes them.
    "\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")
_DEEP = 60
_NO_ADDRESS = re.compile('[\\s<>"\ud800-\udfff]')
_SMALLEST_PICTURE = 50
"""A picture declared narrower or lower than this (pixels) is an icon or a tracking pixel."""
_LAYOUT_CELL = 400
"""A table with a longer cell (characters) lays out a page; its cells are read as text."""


def blocks_from_html(markup: str, base_url: str) -> tuple[Block, ...]:
    """The blocks of a piece of HTML, or of plain text; relative addresses count from `base_url`."""
    if not _TAG.search(markup) and _ESCAPED_TAG.search(markup):
        markup = html.unescape(markup)
    if not _TAG.search(markup):
        return tuple(
            Paragraph((Span(line),))
            for line in map(one_line, html.unescape(markup).splitlines())
            if line
        )
    return blocks_of(turbohtml.parse(markup, positions=False), base_url)


def blocks_of(node: turbohtml.Node, base_url: str) -> tuple[Block, ...]:
    """The blocks of a parsed tree's inside; quotes' credits and captions are taken out of it."""
    walk = _Walk(base_url)
    walk.children(node, _Style(), 0)
    walk.flush()
    return tuple(walk.blocks)


def plain_text(blocks: Iterable[Block]) -> str:
    """The blocks' running text, a line each, parted by blank lines; no pictures, no embeds."""
    return "\n\n".join(text for text in map(block_text, blocks) if text)


def block_text(block: Block) -> str:
    """A block's text without styles; empty for a picture or an embed."""
    match block:
        case Paragraph(spans):
            return spans_text(spans)
        case Heading(text) | Preformatted(text):
            return text
        case Quote(paragraphs):
            return "\n".join(map(spans_text, paragraphs))
        case ListBlock(items):
            return "\n".join(map(spans_text, items))
        case Table(rows):
            return "\n".join(" · ".join(filter(None, row)) for row in rows)
        case PictureBlock() | Embed():
            return ""


def spans_text(spans: Iterable[Span]) -> str:
    """The spans' text without styles."""
    return "".join(span.text for span in spans)


def one_line(text: str) -> str:
    """The text on one line, single spaces, without control, bidi and zero-width characters."""
    return _flat(text).strip()


def _flat(text: str) -> str:
    # Some editors write «й» as «и» with a breve: composed, equal words are equal.
    return _SPACES.sub(" ", normalize("NFC", _INVISIBLE.sub("", text)))


def clean_text(markup: str) -> str:
    """One line of plain text from a title or summary that may hold markup and entities."""
    text = markup
    for _ in range(2):  # publishers escape once or twice
        if _TAG.search(text):
            spaced = re.sub(r"<(?=/?(?:p|br|div|li|tr|td|h\d)\b)", " <", text, flags=re.IGNORECASE)
            fragment = turbohtml.parse_fragment(spaced, positions=False)
            for element in fragment.find_all(list(_DROPPED)):
                element.decompose()
            text = fragment.text
        else:
            text = html.unescape(text)
    return one_line(text)


def absolute_link(link: str | None, base_url: str) -> str | None:
    """The absolute http(s) address, or None where the link is no such thing."""
    address = absolute_url(link or "", base_url)
    return None if not address or _NO_ADDRESS.search(address) else address


@dataclass(frozen=True, slots=True)
class _Style:
    bold: bool = False
    italic: bool = False
    link: str | None = None


@dataclass(slots=True)
class _Walk:
    """One pass over a tree: spans gather in `spans`, whole blocks in `blocks`."""

    base_url: str
    blocks: list[Block] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    def children(self, node: turbohtml.Node, style: _Style, depth: int) -> None:
        for child in node.children:
            if isinstance(child, turbohtml.Element):
                if depth < _DEEP:
                    self.element(child, style, depth + 1)
                else:
                    self.text(child.text, style)
            elif isinstance(child, turbohtml.Text):
                self.text(child.data, style)

    def text(self, text: str, style: _Style) -> None:
        # A line break of the source is a space; a real one comes from <br>.
        flat = _flat(text)
        if flat:
            self.spans.append(Span(flat, style.bold, style.italic, style.link))

    def flush(self) -> None:
        """End the paragraph that is being gathered."""
        spans, self.spans = self.spans, []
        for paragraph in _paragraphs(spans):
            self.blocks.append(Paragraph(paragraph))

    def element(self, element: turbohtml.Element, style: _Style, depth: int) -> None:
        tag = element.tag
        if tag in _DROPPED or _hidden(element):
            return
        if tag == "br":
            self.spans.append(Span("\n"))
        elif tag in _BOLD:
            self.children(element, replace(style, bold=True), depth)
        elif tag in _ITALIC:
            self.children(element, replace(style, italic=True), depth)
        elif tag == "a":
            link = absolute_link(_attribute(element, "href"), self.base_url)
            self.children(element, replace(style, link=link), depth)
        elif tag in _BREAKING:
            self.flush()
            if _is_pull_quote(element):
                self.own_block(self.quote(element, depth))
            elif _is_figure(element):
                self.figure(element, style, depth)
            else:
                self.children(element, style, depth)
            self.flush()
        elif tag in {"hr", "wbr"}:
            if tag == "hr":
                self.flush()
        else:
            self.special(element, tag, style, depth)

    def special(self, element: turbohtml.Element, tag: str, style: _Style, depth: int) -> None:
        """Elements that make a block of their own kind."""
        if tag in _HEADINGS:
            self.own_block(self.heading(element, tag))
        elif tag == "blockquote":
            self.own_block(self.quote(element, depth))
        elif tag in {"ul", "ol", "menu"}:
            self.flush()
            self.listing(element, tag, depth)
        elif tag == "img":
            self.own_block(_picture(element, self.base_url))
        elif tag == "figure":
            self.flush()
            self.figure(element, style, depth)
        elif tag == "table":
            self.flush()
            self.table(element, style, depth)
        elif tag in {"pre", "listing"}:
            text = _INVISIBLE.sub("", element.text).strip("\n")
            self.own_block(Preformatted(text) if text.strip() else None)
        elif tag in _EMBEDS:
            self.own_block(_embed(element, self.base_url))
        else:
            self.children(element, style, depth)

    def own_block(self, block: Block | None) -> None:
        if block is not None:
            self.flush()
            self.blocks.append(block)

    def inside(self, element: turbohtml.Element, depth: int) -> list[Block]:
        """The blocks of the element's inside, apart from those gathered so far."""
        walk = _Walk(self.base_url)
        walk.children(element, _Style(), depth)
        walk.flush()
        return walk.blocks

    def heading(self, element: turbohtml.Element, tag: str) -> Heading | None:
        for picture in element.find_all("img"):
            self.own_block(_picture(picture, self.base_url))
        text = one_line(element.text)
        return Heading(text, _HEADINGS[tag]) if text else None

    def quote(self, element: turbohtml.Element, depth: int) -> Quote | None:
        credit = ""
        for source in [*element.find_all(["cite", "footer"]), *_marked(element, _SPEAKERS)]:
            credit = credit or one_line(source.text).lstrip("—– ")
            source.decompose()
        paragraphs: list[tuple[Span, ...]] = []
        for block in self.inside(element, depth):
            match block:
                case Paragraph(spans):
                    paragraphs.append(spans)
                case ListBlock(items):
                    paragraphs += items
                case Quote(inner):
                    paragraphs += inner
                case PictureBlock() | Embed():
                    self.own_block(block)
                case Heading() | Preformatted() | Table():
                    paragraphs.append((Span(block_text(block)),))
        return Quote(tuple(paragraphs), credit) if paragraphs else None

    def listing(self, element: turbohtml.Element, tag: str, depth: int) -> None:
        items: list[tuple[Span, ...]] = []
        apart: list[Block] = []
        for block in self.inside(element, depth):
            match block:
                case Paragraph(spans):
                    items.append(spans)
                case ListBlock(inner):
                    items += inner
                case Heading(text):
                    items.append((Span(text, bold=True),))
                case _:
                    apart.append(block)
        if items:
            self.blocks.append(ListBlock(tuple(items), ordered=tag == "ol"))
        self.blocks += apart

    def figure(self, element: turbohtml.Element, style: _Style, depth: int) -> None:
        caption, credit = _caption(element)
        at = len(self.blocks)
        self.children(element, style, depth)
        self.flush()
        if not any(isinstance(block, PictureBlock | Embed) for block in self.blocks[at:]):
            # Where scripts load the picture, those without them find it here.
            hidden = [img for part in element.find_all("noscript") for img in part.find_all("img")]
            for picture in hidden[:1]:
                self.own_block(_picture(picture, self.base_url))
        for place, block in enumerate(self.blocks[at:], at):
            if isinstance(block, PictureBlock) and not block.caption:
                self.blocks[place] = replace(block, caption=caption, credit=credit)
                return
        if caption and len(self.blocks) > at:
            self.blocks.append(Paragraph((Span(caption, italic=True),)))

    def table(self, element: turbohtml.Element, style: _Style, depth: int) -> None:
        rows = [
            [cell for cell in row.children if isinstance(cell, turbohtml.Element)]
            for row in element.find_all("tr")
        ]
        texts = [tuple(one_line(cell.text) for cell in row) for row in rows]
        kept = [(row, text) for row, text in zip(rows, texts, strict=True) if any(text)]
        laid_out = (
            element.find("table") is not None
            or all(len(text) < 2 for _, text in kept)
            or any(len(cell) > _LAYOUT_CELL for _, text in kept for cell in text)
        )
        if laid_out:
            self.children(element, style, depth)
            self.flush()
            return
        for picture in element.find_all("img"):
            self.own_block(_picture(picture, self.base_url))
        header = all(cell.tag == "th" for cell in kept[0][0])
        self.blocks.append(Table(tuple(text for _, text in kept), header))


def _paragraphs(spans: list[Span]) -> Iterator[tuple[Span, ...]]:
    """The gathered spans, tidied, cut where a blank line stands between them."""
    gathered: list[Span] = []
    breaks = 0
    for span in spans:
        if span.text == "\n":
            breaks += 1
        elif span.text.strip():
            if breaks > 1:
                yield from _tidied(gathered)
                gathered = []
            elif breaks and gathered:
                gathered.append(Span("\n"))
            breaks = 0
            gathered.append(span)
        elif not breaks:
            gathered.append(span)
    yield from _tidied(gathered)


def _tidied(spans: list[Span]) -> Iterator[tuple[Span, ...]]:
    """One paragraph: neighbours of one style joined, no space twice or at the ends."""
    kept: list[Span] = []
    at_start = True
    for span in spans:
        text = span.text.lstrip(" ") if at_start else span.text
        if not kept:
            text = text.lstrip()
        if text == "\n":
            kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip(" "))
        if text:
            at_start = text.endswith((" ", "\n"))
            kept.append(replace(span, text=text))
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
        yield tuple(
            Span("".join(span.text for span in run), *style)
            for style, run in groupby(kept, key=lambda span: (span.bold, span.italic, span.link))
        )


def _attribute(element: turbohtml.Element, name: str) -> str:
    value = element.attrs.get(name)
    return value if isinstance(value, str) else " ".join(value or ())


def _hidden(element: turbohtml.Element) -> bool:
    attributes = element.attrs
    if not attributes:
        return False
    style = _attribute(element, "style").replace(" ", "").lower()
    return "hidden" in attributes or "display:none" in style


def _pixels(value: str) -> int | None:
    number = re.match(r"\s*(\d{1,5})(?:px)?\s*$", value)
    return int(number.group(1)) if number else None


def _is_figure(element: turbohtml.Element) -> bool:
    """Whether a plain box holds one picture with its caption, as older templates have it."""
    if not _FIGURES.search(f"{_attribute(element, 'class')} {_attribute(element, 'itemprop')}"):
        return False
    pictures = element.find_all("img", limit=2)
    return (
        len(pictures) == 1
        and len(element.text) <= _LONGEST_CAPTION
        and (element.find("figcaption") is not None or bool(_marked(element, _CAPTIONS)))
    )


def _is_pull_quote(element: turbohtml.Element) -> bool:
    names = _attribute(element, "class").split()
    return any(map(_PULL_QUOTE.fullmatch, names)) and len(element.text) <= _LONGEST_QUOTE


def _marked(element: turbohtml.Element, names: re.Pattern[str]) -> list[turbohtml.Element]:
    return [
        part
        for part in element.iter_elements()
        if names.search(f"{_attribute(part, 'class')} {_attribute(part, 'itemprop')}")
        and part.find("img") is None
    ]


def _caption(figure: turbohtml.Element) -> tuple[str, str]:
    """A figure's caption and credit, taken out of it."""
    caption = credit = ""
    parts = figure.find_all("figcaption") or _marked(figure, _CAPTIONS)
    for part in parts:
        for child in list(part.iter_elements()):
            if not credit and (
                child.tag in _SMALL_PRINT or _CREDITS.search(_attribute(child, "class"))
            ):
                credit = one_line(child.text)
                child.decompose()
        caption = caption or one_line(part.text)
        part.decompose()
    for part in _marked(figure, _CREDITS):
        credit = credit or one_line(part.text)
        part.decompose()
    if not credit and (named := _NAMED_CREDIT.search(caption)):
        credit = named["who"] or named["whose"]
        caption = caption[: named.start()].rstrip(" (—–-|,/")
    return caption, credit.strip(" ()|/")


def _picture(element: turbohtml.Element, base_url: str) -> PictureBlock | None:
    width, height = _pixels(_attribute(element, "width")), _pixels(_attribute(element, "height"))
    if min(width or _SMALLEST_PICTURE, height or _SMALLEST_PICTURE) < _SMALLEST_PICTURE:
        return None
    # Pages that load lazily hold a placeholder in `src`.
    addresses = [_largest(element), *(_attribute(element, name) for name in _PICTURE_SOURCES)]
    picture = element.closest("picture")
    if picture is not None:
        addresses += [_largest(source) for source in picture.find_all("source")]
    for address in addresses:
        if link := absolute_link(address, base_url):
            return PictureBlock(link, width=width, height=height)
    return None


def _largest(element: turbohtml.Element) -> str:
    """The largest picture of a `srcset` that is not wasteful, "" where there is none."""
    found = [
        (float(size or 1) * (_PIXELS_OF_ONE if unit != "w" else 1), address)
        for name in ("data-srcset", "srcset")
        for address, size, unit in _SRCSET.findall(_attribute(element, name)[:_LONGEST_SRCSET])
        if not address.startswith("data:")
    ]
    fitting = [one for one in found if one[0] <= _WIDEST_PICTURE] or sorted(found)[:1]
    return max(fitting, default=(0.0, ""), key=lambda one: one[0])[1]


def _embed(element: turbohtml.Element, base_url: str) -> Embed | None:
    source = _attribute(element, "src") or _attribute(element, "data-src")
    if not source and (inner := element.find("source")):
        source = _attribute(inner, "src")
    link = absolute_link(source, base_url)
    if link is None:
        return None
    video = re.search(r"(?:youtube(?:-nocookie)?\.com/embed/)([\w-]{6,})", link)
    if video:
        link = f"https://www.youtube.com/watch?v={video.group(1)}"
    host = (urlsplit(link).hostname or "").removeprefix("www.")
    return Embed(link, one_line(_attribute(element, "title")) or host)
