"""What the extractor finds on an article's page; crosses the process boundary pickled.

It stands apart from the extractor so that the main process can read it without trafilatura.
"""

from dataclasses import dataclass
from datetime import datetime

from storage import Block, PictureBlock


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """An article's page, taken apart. Texts are plain, empty where unknown; times are aware.

    `standfirst` is the lead that the page shows, taken out of its body; `description` is what the
    page tells machines: a lead, the body's first words, or a slogan of the site. `labels` are age
    marks and legal notices that stand outside the body.
    """

    url: str  # the canonical address, or the one it was fetched from
    title: str = ""
    subheadline: str = ""
    standfirst: str = ""
    description: str = ""
    body: tuple[Block, ...] = ()
    author: str = ""
    image: PictureBlock | None = None  # the best of `pictures`
    pictures: tuple[PictureBlock, ...] = ()  # up to four, best first: the best may turn out bad
    published: datetime | None = None
    updated: datetime | None = None
    rubric: str = ""
    language: str = ""  # as declared, ISO 639-1
    site: str = ""
    labels: tuple[str, ...] = ()
