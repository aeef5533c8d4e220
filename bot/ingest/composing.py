"""An entry to an article: its page is fetched here, and read and composed in a worker; then its
picture is checked.

A page that fails is no error: the article is composed of what the feed says, and the page is
asked for again later. What breaks or stalls the newsroom is left out piece by piece: first the
page, then the feed's own texts; a headline with its link is always left.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.articles.newsroom import Desk, FeedItem
from bot.articles.tidy import pictures
from bot.feeds.entries import ParsedEntry
from bot.ingest import jobs
from bot.ingest.decider import (
    Candidate,
    absence,
    article_url,
    asks_page,
    fault,
    next_look,
    next_page_try,
)
from bot.ingest.jobs import Composed, PageBytes, PageState
from bot.ingest.pictures import Pictures
from bot.ingest.workers import WorkerCrashedError, Workers
from bot.web.errors import (
    BadUrlError,
    FetchError,
    ForbiddenAddressError,
    HostPausedError,
    RobotsForbidError,
    TooLargeError,
)
from bot.web.fetcher import Fetcher
from bot.web.robots import Robots
from storage import Article, ArticleDraft, BodyFrom, PictureBlock, Reading, Source

log = logging.getLogger(__name__)

_HOPELESS = (BadUrlError, ForbiddenAddressError, RobotsForbidError, TooLargeError)
_PAGES = ("text/html", "application/xhtml+xml", "text/xml", "application/xml", "text/plain")


@dataclass(frozen=True, slots=True)
class Composer:
    """Turns entries into drafts, as far as `robots` lets it read their pages."""

    fetcher: Fetcher
    workers: Workers
    robots: Robots
    pictures: Pictures

    async def article(
        self,
        one: Candidate,
        desk: Desk,
        now: datetime,
        *,
        reading: Reading = Reading.FULL,
        later: datetime | None = None,
        known: Article | None = None,
    ) -> Composed:
        """The article of a feed's entry; raises only where no worker can be had at all.

        `reading` is how much of its source is shown; `later` is when its page is to be asked for,
        None: at once; `known` is what is stored of it already.
        """
        item = item_of(one.entry)
        if reading is Reading.HEADLINE:
            item = replace(item, summary_html="", content_html="", image=None)
        composed = await self._composed(
            item, one, desk, now, reading=reading, later=later, known=known
        )
        if not desk.source_id:  # only tried: nothing is kept, so nothing is to be remembered
            return composed
        offered = [*composed.pictures, *([item.image] if item.image else [])]
        return replace(composed, draft=await self._illustrated(composed.draft, offered, now))

    async def _composed(
        self,
        item: FeedItem,
        one: Candidate,
        desk: Desk,
        now: datetime,
        *,
        reading: Reading,
        later: datetime | None,
        known: Article | None,
    ) -> Composed:
        page, state = None, PageState()
        if asks_page(one.entry, reading):
            if later is None:
                page, state = await self._page(item.url, 1, now)
            else:
                state = PageState(due=later)
        read = known is not None and known.body_from is BodyFrom.PAGE
        since = known.missing if known is not None else None
        lost = absence(state.status, since, read=read, now=now)
        composed = await self._read(item, page, one, desk, now, state)
        draft = replace(composed.draft, missing=lost.since, gone=lost.gone)
        return replace(composed, draft=draft)

    async def _read(
        self,
        item: FeedItem,
        page: PageBytes | None,
        one: Candidate,
        desk: Desk,
        now: datetime,
        state: PageState,
    ) -> Composed:
        """The entry and its page composed in a worker, or as much of them as can be."""
        for said, shown in ((item, page), (item, None))[page is None :]:
            try:
                return await self.workers.run(
                    jobs.compose, said, shown, desk=desk, key=one.key, now=now, state=state
                )
            except Exception as error:  # noqa: BLE001 - the next attempt has less to stumble over
                log.warning("%s cannot be read whole: %s", item.url, error)
                # A worker dies of its machine's lack of memory too, not only of a page.
                crashed = page is not None and isinstance(error, WorkerCrashedError)
                due = next_page_try(1, now) if crashed else state.due
                state = PageState(f"The page cannot be read: {error}", 1, due)
        bare = replace(item, summary_html="", content_html="")
        return await self.workers.run(
            jobs.compose, bare, None, desk=desk, key=one.key, now=now, state=state
        )

    async def complete(self, draft: ArticleDraft, source: Source, now: datetime) -> ArticleDraft:
        """A stored draft whose page failed, with its page; or with how the page failed again."""
        if source.reading is Reading.HEADLINE:
            return replace(draft, page_error=None, page_due=None)
        tries = draft.page_tries + 1
        page, state = await self._page(draft.url, tries, now)
        lost = absence(state.status, draft.missing, read=False, now=now)
        draft = replace(draft, missing=lost.since, gone=lost.gone)
        if state.due is None and lost.since is not None:
            state = replace(state, due=next_look(lost.since, now))
        if page is not None:
            desk = Desk(draft.feed_id, draft.source_id, source.title, source.language)
            try:
                whole = await self.workers.run(jobs.complete, draft, page, desk=desk, now=now)
                return await self._illustrated(whole, (), now)
            except WorkerCrashedError as error:
                state = PageState(str(error), tries, next_page_try(tries, now))
            except Exception as error:  # noqa: BLE001 - whatever a page does, the feed's text stays
                state = PageState(f"The page cannot be read: {error}", tries)
        return replace(draft, page_error=state.error, page_tries=state.tries, page_due=state.due)

    async def _illustrated(
        self, draft: ArticleDraft, offered: Sequence[PictureBlock], now: datetime
    ) -> ArticleDraft:
        """The draft with the picture that it can be shown with, if any."""
        candidates = [one for one in (draft.image, *offered, *pictures(draft.body)) if one]
        if not candidates:
            return draft
        image = await self.pictures.check(candidates, source_id=draft.source_id, now=now)
        return replace(draft, image=image)

    async def _page(
        self, url: str, tries: int, now: datetime
    ) -> tuple[PageBytes | None, PageState]:
        host = urlsplit(url).hostname or url
        again = next_page_try(tries, now)
        try:
            response = await self.fetcher.fetch(url, permit=self.robots.permit)
        except HostPausedError as error:  # its turn did not come: that is no try
            turn = now + timedelta(seconds=error.seconds)
            return None, PageState(str(error), tries - 1, turn)
        except FetchError as error:
            due = None if isinstance(error, _HOPELESS) else again
            return None, PageState(str(error), tries, due)
        if not 200 <= response.status < 300:
            return None, PageState(fault(response.status, host), tries, again, response.status)
        if response.content_type is not None and response.content_type not in _PAGES:
            said = f"{host} sends {response.content_type}, which is no web page."
            return None, PageState(said, tries, status=response.status)
        page = PageBytes(response.body, response.url, response.full_content_type)
        return page, PageState(status=response.status)


def item_of(entry: ParsedEntry) -> FeedItem:
    """A feed's entry as the newsroom reads it."""
    image = entry.image
    return FeedItem(
        url=article_url(entry),
        title=entry.title,
        published=entry.published,
        updated=entry.updated,
        author=entry.author,
        summary_html=entry.summary_html,
        content_html=entry.content_html,
        categories=entry.categories,
        image=PictureBlock(image.url, width=image.width, height=image.height) if image else None,
        labels=entry.labels,
    )
