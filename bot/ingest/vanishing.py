"""Pages that go: which articles' pages are there no more, without believing a server's bad day.

    told at once ─▶ looked for after two hours and after a day, and when its feed drops it
                 ─▶ there, or not, or no answer
    not there (404, 410) ─▶ missing ─▶ a day later still ─▶ too many of this source? ─▶ gone

An article that is gone is told to nobody any more and says so where it was told; its text stays.
It is looked for once more a day later: one that is there again is live again. A look asks for the
page conditionally, at its host's pace and by its robots.txt, and reads no more than a byte.
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from bot.ingest.decider import (
    CORRECTIONS_FOR,
    GONE_AFTER,
    absence,
    is_outage,
    next_check,
    next_look,
)
from bot.web.errors import (
    BadUrlError,
    FetchError,
    ForbiddenAddressError,
    HostPausedError,
    RobotsForbidError,
)
from bot.web.fetcher import Fetcher
from bot.web.robots import Robots
from storage import ArticleState, Feed, NoticeKind, PendingPage, Source, Storage

log = logging.getLogger(__name__)

_DROPPED_KEPT = 10_000
_SECONDS = 10.0  # a dead host must not hold up the pages that readers wait for
_HOPELESS = (BadUrlError, ForbiddenAddressError, RobotsForbidError)


class Vanishing:
    """Looks for pages, and notes which are gone."""

    def __init__(self, storage: Storage, fetcher: Fetcher, robots: Robots) -> None:
        self._storage = storage
        self._fetcher = fetcher
        self._robots = robots
        self._dropped: OrderedDict[int, None] = OrderedDict()  # articles, each looked for once

    async def dropped(
        self, feed: Feed, guids: Sequence[str], oldest: datetime, now: datetime
    ) -> None:
        """Have the pages looked for soon that a feed names no more, though it names older ones.

        A publisher who withdraws an article takes it out of the feed first of all.
        """
        articles = self._storage.articles
        found = await articles.dropped(feed.id, feed.source_id, guids, since=oldest, now=now)
        new = [one for one in found if one not in self._dropped]
        if new:
            await articles.hurry_pages(new, now)
        self._dropped.update(dict.fromkeys(new))
        while len(self._dropped) > _DROPPED_KEPT:
            self._dropped.popitem(last=False)

    async def look(self, pending: PendingPage, source: Source, now: datetime) -> None:
        """See whether a page that was read before is still there."""
        draft = pending.draft
        due = next_check(pending.told, now) if pending.told is not None else None
        status = 0
        try:
            response = await self._fetcher.fetch(
                draft.url,
                last_modified=format_datetime(draft.fetched, usegmt=True),
                first_bytes=1,
                seconds=_SECONDS,
                permit=self._robots.permit,
            )
            status = response.status
        except HostPausedError:
            due = now + GONE_AFTER / 24  # its turn comes later
        except _HOPELESS as error:
            log.debug("%s cannot be looked for: %s", draft.url, error)
            due = None
        except FetchError as error:
            log.debug("%s: %s", draft.url, error)
        seen = absence(status, draft.missing, read=True, now=now)
        if seen.since is None:
            if status:
                await self._storage.articles.page_found(pending.article_id, now=now, due=due)
            else:
                await self._storage.articles.page_missed(pending.article_id, since=None, due=due)
        elif seen.gone:
            await self.lost(pending.article_id, source, seen.since, pending.state, now)
        else:
            due = next_look(seen.since, now)
            await self._storage.articles.page_missed(pending.article_id, since=seen.since, due=due)

    async def lost(
        self,
        article_id: int,
        source: Source,
        since: datetime,
        state: ArticleState,
        now: datetime,
    ) -> None:
        """A page is gone for good, missing `since`: mark its article, unless too many went.

        `state` is the article's so far.
        """
        articles = self._storage.articles
        again = now + GONE_AFTER if now - since < CORRECTIONS_FOR else None
        # Noted before it is counted: of many that go at once none may miss the others.
        await articles.page_missed(article_id, since=since, due=again)
        vanished, published = await articles.vanished(source.id, since - GONE_AFTER)
        if state is not ArticleState.GONE and is_outage(vanished, published):
            log.warning("%s: %d pages vanished at once: none is marked", source.domain, vanished)
            if source.owner is None:
                details = {"pages": str(vanished)}
                await self._storage.notices.owe(NoticeKind.VANISHED, source.domain, details, now)
            return
        due = None if state is ArticleState.GONE else again
        await articles.lose(article_id, since=since, now=now, due=due)
