"""Articles as their authors hand them in, and the reader of the files that hold them.

The newspaper's texts are plain files in `content/`. A file is a row of articles; each begins with
`=== slug`, then `key: value` lines, an empty line and the body in a small mark-up:

    ## heading            > quotation            - item        1. item
    **bold** *italic*     > -- who said it       | cell | cell |
    [text](https://…)     [text](@slug)          ![scene-seed](caption | credit)

`@slug` is another article of the same source. Data flows one way: text → `Manuscript` → the
edition that publishes it → feeds and pages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text with inline mark-up."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside the body."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quotation and the person quoted."""

    paragraphs: tuple[str, ...]
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list, each item with inline mark-up."""

    items: tuple[str, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of `pictures.draw`, by its scene and seed."""

    scene: str
    seed: int
    caption: str = ""
    credit: str = ""

    @property
    def path(self) -> str:
        """Where every source serves it."""
        return f"/pictures/{self.scene}-{self.seed}.png"


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of plain text, the first row being the head."""

    rows: tuple[tuple[str, ...], ...]


Block = Paragraph | Heading | Quote | Items | Picture | Table


@dataclass(frozen=True, slots=True)
class Manuscript:
    """An article before it has an address and a time.

    `source` is a source's key, `minutes` its age when the newspaper starts, `feed_text` whether
    the feed carries the whole body. Times and addresses are the edition's business.
    """

    source: str
    title: str
    body: tuple[Block, ...]
    slug: str = ""
    rubric: str = "society"
    subheadline: str = ""
    standfirst: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    picture: Picture | None = None
    minutes: int = 0
    feed_text: bool = False


class ManuscriptError(ValueError):
    """A text that is not in the form described above; the message says where."""


_PICTURE = re.compile(
    r"!?\[?(?P<scene>[a-z]+)-(?P<seed>\d+)\]?\s*(?:\((?P<notes>.*)\))?$", re.DOTALL
)


def parse_picture(text: str) -> Picture:
    """Reads `scene-seed`, with `(caption | credit)` after it where there are any."""
    match = _PICTURE.match(text.strip())
    if match is None:
        raise ManuscriptError(f"not a picture: {text!r}, expected ![scene-1](caption | credit)")
    caption, _, credit = (match["notes"] or "").partition("|")
    return Picture(match["scene"], int(match["seed"]), caption.strip(), credit.strip())


def parse_body(text: str) -> tuple[Block, ...]:
    """Reads a body: blocks separated by empty lines."""
    return tuple(_block(chunk) for chunk in re.split(r"\n\s*\n", text.strip()) if chunk.strip())


def _block(chunk: str) -> Block:
    lines = [line.strip() for line in chunk.strip().splitlines()]
    first = lines[0]
    if first.startswith("## "):
        return Heading(first[3:])
    if first.startswith("!["):
        return parse_picture(" ".join(lines))
    if all(line.startswith(">") for line in lines):
        said = [line[1:].strip() for line in lines]
        credit = said.pop()[3:] if said[-1].startswith("-- ") else ""
        return Quote(tuple(said), credit)
    if all(line.startswith("- ") for line in lines):
        return Items(tuple(line[2:] for line in lines))
    if all(re.match(r"\d+\. ", line) for line in lines):
        return Items(tuple(line.split(". ", 1)[1] for line in lines), ordered=True)
    if all(line.startswith("|") for line in lines):
        cells = (tuple(c.strip() for c in line.strip("|").split("|")) for line in lines)
        return Table(tuple(cells))
    return Paragraph(" ".join(lines))


def parse_manuscripts(text: str, source: str) -> Iterator[Manuscript]:
    """Reads a file of articles; those that name no source of their own belong to `source`."""
    for chunk in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        head, _, body = chunk.partition("\n\n")
        slug, *lines = head.splitlines()
        fields: dict[str, str] = {}
        for line in lines:
            key, colon, value = line.partition(":")
            if not colon or key not in _KEYS:
                raise ManuscriptError(f"{slug}: not a field: {line!r}")
            fields[key] = value.strip()
        if "title" not in fields or not body.strip():
            raise ManuscriptError(f"{slug}: an article needs a title and a body")
        yield Manuscript(
            source=fields.get("source", source),
            title=fields["title"],
            body=parse_body(body),
            slug=slug.strip(),
            rubric=fields.get("rubric", "society"),
            subheadline=fields.get("subheadline", ""),
            standfirst=fields.get("standfirst", ""),
            author=fields.get("author", ""),
            tags=_words(fields.get("tags", "")),
            labels=_words(fields.get("labels", "")),
            picture=parse_picture(fields["picture"]) if "picture" in fields else None,
            minutes=int(fields.get("minutes", "0")),
            feed_text=fields.get("feed", "") == "whole",
        )


_KEYS = frozenset(
    {"source", "title", "rubric", "subheadline", "standfirst", "author", "tags", "labels"}
    | {"picture", "minutes", "feed"}
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def load(name: str, source: str = "") -> tuple[Manuscript, ...]:
    """The articles of `content/NAME.txt`, in the file's order."""
    file = resources.files(__package__).joinpath("content", f"{name}.txt")
    return tuple(parse_manuscripts(file.read_text(encoding="utf-8"), source))
