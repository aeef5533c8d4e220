"""What one source has published so far: the newspaper's only state about texts.

Manuscripts go in; each gets an address, a time and a place in the lists. Corrections and removals
change what is there. `version` rises with every change, so that whatever was rendered from an
edition can be kept until then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from .manuscripts import Manuscript
from .sources import FEED_PATHS, Source

MOSCOW = timezone(timedelta(hours=3), "MSK")


@dataclass(frozen=True, slots=True)
class Published:
    """A manuscript in print. `path` begins with a slash; `gone` means withdrawn for good."""

    manuscript: Manuscript
    number: int
    path: str
    published: datetime
    updated: datetime | None = None
    gone: bool = False

    @property
    def changed(self) -> datetime:
        """The time of its last change."""
        return self.updated or self.published


class Edition:
    """One source's articles, by path, and their order by time."""

    def __init__(self, source: Source, base: str, started: datetime) -> None:
        self.source = source
        self.base = base
        self.version = 0
        self.changed = started
        self._by_path: dict[str, Published] = {}
        self._paths_by_slug: dict[str, str] = {}

    @property
    def feed_url(self) -> str:
        """The address of the source's feed."""
        return self.base + FEED_PATHS[self.source.form]

    def url(self, path: str) -> str:
        """The whole address of a path of this source."""
        return self.base + path

    def open(self, manuscripts: Iterable[Manuscript], started: datetime) -> None:
        """Prints what was written before the start, each at its age."""
        aged = sorted(manuscripts, key=lambda manuscript: -manuscript.minutes)
        for manuscript in aged:
            self.publish(manuscript, started - timedelta(minutes=manuscript.minutes))
        self.changed = max((a.changed for a in self._by_path.values()), default=started)

    def publish(self, manuscript: Manuscript, now: datetime) -> Published:
        """Prints a manuscript as of `now`; a slug used before gets a number behind it."""
        number = 20_418_001 + 17 * len(self._by_path)
        slug = manuscript.slug or f"story-{number}"
        if slug in self._paths_by_slug:
            slug = f"{slug}-{number}"
        now = now.replace(microsecond=0)  # as precise as the least precise of the feeds
        path = self._path(manuscript.rubric, slug, number, now)
        article = Published(replace(manuscript, slug=slug), number, path, now)
        self._by_path[path] = article
        self._paths_by_slug[slug] = path
        self._touch(now)
        return article

    def correct(self, path: str, manuscript: Manuscript, now: datetime) -> Published:
        """Puts a new text in the place of an old one. Raises KeyError for an unknown path."""
        now = now.replace(microsecond=0)
        article = replace(self._by_path[path], manuscript=manuscript, updated=now)
        self._by_path[path] = article
        self._touch(now)
        return article

    def remove(self, path: str, now: datetime) -> None:
        """Withdraws an article: it answers 410 from now on. Raises KeyError if unknown."""
        self._by_path[path] = replace(self._by_path[path], gone=True)
        self._touch(now)

    def article(self, path: str) -> Published | None:
        """The article at a path, withdrawn or not."""
        return self._by_path.get(path)

    def path_of(self, slug: str) -> str:
        """Where an article called by its slug stands; the archive if nowhere."""
        return self._paths_by_slug.get(slug, "/archive")

    def newest(self, count: int | None = None, rubric: str | None = None) -> list[Published]:
        """Articles in print, newest first."""
        live = [
            article
            for article in self._by_path.values()
            if not article.gone and rubric in (None, article.manuscript.rubric)
        ]
        live.sort(key=lambda article: (article.published, article.number), reverse=True)
        return live[:count]

    def _path(self, rubric: str, slug: str, number: int, now: datetime) -> str:
        day = now.astimezone(MOSCOW)
        if self.source.form == "rss":
            return f"/{rubric}/news/{day:%Y/%m/%d}/{number}.shtml"
        if self.source.form == "atom":
            return f"/{day:%Y/%m/%d}/{slug}"
        return f"/{rubric}/{slug}.html"

    def _touch(self, now: datetime) -> None:
        self.version += 1
        self.changed = max(self.changed, now.astimezone(UTC))
