"""A sample newspaper: three sources, two Russian and one English, over HTTP on this machine.

The demo reads it, and so do the tests and benches, which drive it through `Newspaper`: publish,
correct, remove, spoil an address, count requests. From another process the same is done by
`POST /__control/…`. All texts in `content/` are our own and invented. Texts flow one way:
`manuscripts` (files) and `wire` (endless notices) → `edition` → `feeds`, `pages` → `server`.
"""

from .manuscripts import (
    Heading,
    Items,
    Manuscript,
    ManuscriptError,
    Paragraph,
    Picture,
    Quote,
    Table,
    load,
    parse_body,
)
from .server import Fault, Hits, Newspaper
from .sources import SOURCES, Source
from .synthetic import SyntheticArticle, synthetic

__all__ = [
    "SOURCES",
    "Fault",
    "Heading",
    "Hits",
    "Items",
    "Manuscript",
    "ManuscriptError",
    "Newspaper",
    "Paragraph",
    "Picture",
    "Quote",
    "Source",
    "SyntheticArticle",
    "Table",
    "load",
    "parse_body",
    "synthetic",
]
