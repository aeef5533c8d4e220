"""Which of a page's pictures an article may be shown with, best first. Pure.

What the page names for previews comes first, then what stands in the article; each picture once,
with the caption, the credit and the size that any of its places tells. Logos, portraits of
authors, placeholders and counters are told by their addresses and declared sizes; whether a
candidate really is a picture is for `bot.ingest.pictures` to find out.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from storage import PictureBlock

MOST_CANDIDATES = 4
FINE_WIDTH = 400
"""A narrower picture (pixels) gives way to a wider one of the same article."""
SMALLEST = (200, 100)
"""Width and height (pixels); less is an icon, a counter or a face beside a name."""
_LONGEST_STRIP = 4.0
"""A picture declared this many times as wide as high is a banner."""

_NO_PHOTO = re.compile(r"\.(?:svgz?|ico|cur|bmp|mp4|webm|m3u8|pdf)$", re.IGNORECASE)
_FURNITURE_NAME = re.compile(
    r"""(?:^|[_.\-])(?:
      (?:site|main|brand|header|footer|amp|app|social|og|fb|twitter|vk|publisher)?[_\-]?logo(?:type|s)?\d*
      |avatars?|userpics?|gravatar|placeholder|dummy|blank|spacer|pixel|1x1|transparent|spinner
      |sprites?|icons?|favicon|apple-touch-icon|emoji|smil(?:ey|ies)|badges?|buttons?
      |no[_\-]?(?:image|photo|pic|img)|default|stub|zaglushka
      |(?:default|fallback|social|og|fb|vk|twitter)[_\-]?(?:share|sharing|image|img|preview|cover|card)
      |(?:share|sharing)[_\-]?(?:image|img|default|logo|preview)
    )(?=$|[_.\-\dx])""",
    re.IGNORECASE | re.VERBOSE,
)
_FURNITURE_FOLDER = re.compile(
    r"/(?:logos?|avatars?|userpics?|gravatar|icons?|sprites?|blavatar|emojis?|smil(?:ey|ie)s?|badges)/",
    re.IGNORECASE,
)
_SIZE_IN_NAME = re.compile(
    r"[-_]?\d{2,4}x\d{2,4}|[-_@]\d(?:\.\d)?x$|[-_](?:scaled|large|medium|small)$"
)


def best_pictures(
    named: Iterable[PictureBlock], shown: Iterable[PictureBlock]
) -> tuple[PictureBlock, ...]:
    """Up to four pictures of an article, best first.

    `named`: those its metadata names, in order; `shown`: those in and above its text.
    """
    found: dict[str, PictureBlock] = {}
    for picture in (*named, *shown):
        key = picture_key(picture.url)
        known = found.get(key)
        found[key] = picture if known is None else told_more(known, picture)
    usable = [picture for picture in found.values() if may_illustrate(picture)]
    usable.sort(key=lambda picture: (picture.width or FINE_WIDTH) < FINE_WIDTH)
    return tuple(usable[:MOST_CANDIDATES])


def may_illustrate(picture: PictureBlock) -> bool:
    """Whether address and declared size let a picture stand for an article."""
    path = urlsplit(picture.url).path
    name = path.rpartition("/")[2]
    if _NO_PHOTO.search(name) or _FURNITURE_NAME.search(name) or _FURNITURE_FOLDER.search(path):
        return False
    width, height = picture.width, picture.height
    if (width or SMALLEST[0]) < SMALLEST[0] or (height or SMALLEST[1]) < SMALLEST[1]:
        return False
    return not (width and height and width / height > _LONGEST_STRIP)


def told_more(known: PictureBlock, other: PictureBlock) -> PictureBlock:
    """A picture with what another place of it tells beside: caption, credit, size."""
    sized = known.width is not None or known.url != other.url
    return replace(
        known,
        caption=known.caption or other.caption,
        credit=known.credit or other.credit,
        width=known.width if sized else other.width,
        height=known.height if sized else other.height,
    )


def picture_key(url: str) -> str:
    """Equal for addresses of one picture in several sizes: folder and name, without the size."""
    parts = urlsplit(url)
    folder, _, name = parts.path.rpartition("/")
    stem, dot, kind = name.rpartition(".")
    bare = _SIZE_IN_NAME.sub("", stem if dot and len(kind) <= 4 else name)
    # Behind a resizing script the picture is told by the query alone.
    query = parts.query if not dot or kind.lower() in {"php", "aspx", "ashx"} else ""
    return f"{parts.hostname}{_SIZE_IN_NAME.sub('', folder)}/{bare}?{query}"
