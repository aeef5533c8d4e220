"""The mark-up of manuscripts as HTML, for pages and for feeds that carry the whole text.

`link` turns a target as written (an address, a path, `@slug`) into what stands in `href`; feeds
give whole addresses, pages may give paths. `image` does the same for a picture's path.
"""

import re
from collections.abc import Callable
from html import escape

from .manuscripts import Block, Heading, Items, Paragraph, Picture, Quote

Link = Callable[[str], str]

_INLINE = re.compile(
    r"\*\*(?P<bold>.+?)\*\*(?!\*)|\*(?P<italic>.+?)\*|\[(?P<label>[^\]]+)\]\((?P<target>[^)\s]+)\)"
)


def inline(text: str, link: Link) -> str:
    """Inline mark-up as HTML; everything else is escaped."""
    parts: list[str] = []
    done = 0
    for match in _INLINE.finditer(text):
        parts.append(escape(text[done : match.start()], quote=False))
        done = match.end()
        if match["bold"] is not None:
            parts.append(f"<strong>{inline(match['bold'], link)}</strong>")
        elif match["italic"] is not None:
            parts.append(f"<em>{inline(match['italic'], link)}</em>")
        else:
            label = inline(match["label"], link)
            parts.append(f'<a href="{escape(link(match["target"]))}">{label}</a>')
    parts.append(escape(text[done:], quote=False))
    return "".join(parts)


def plain(text: str) -> str:
    """Inline mark-up taken away."""
    return _INLINE.sub(lambda m: plain(m["bold"] or m["italic"] or m["label"]), text)


def block(item: Block, link: Link) -> str:
    """A block as HTML without any class names."""
    if isinstance(item, Paragraph):
        return f"<p>{inline(item.text, link)}</p>"
    if isinstance(item, Heading):
        return f"<h2>{escape(item.text, quote=False)}</h2>"
    if isinstance(item, Quote):
        said = "".join(f"<p>{inline(paragraph, link)}</p>" for paragraph in item.paragraphs)
        credit = f"<cite>{escape(item.credit, quote=False)}</cite>" if item.credit else ""
        return f"<blockquote>{said}{credit}</blockquote>"
    if isinstance(item, Items):
        tag = "ol" if item.ordered else "ul"
        lines = "".join(f"<li>{inline(line, link)}</li>" for line in item.items)
        return f"<{tag}>{lines}</{tag}>"
    if isinstance(item, Picture):
        return figure(item, link)
    head, *rows = item.rows
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def figure(picture: Picture, link: Link) -> str:
    """A picture with its caption and credit."""
    caption = escape(picture.caption, quote=False)
    if picture.credit:
        caption += f" <small>{escape(picture.credit, quote=False)}</small>"
    return (
        f'<figure><img src="{escape(link(picture.path))}" width="800" height="450" '
        f'alt="{escape(picture.caption)}">'
        + (f"<figcaption>{caption.strip()}</figcaption>" if caption else "")
        + "</figure>"
    )


def body(blocks: tuple[Block, ...], link: Link) -> str:
    """A whole body as HTML."""
    return "\n".join(block(item, link) for item in blocks)
