"""Feeds that people name: looked at first, then taken in.

    text ─▶ address ─▶ known already? as many as allowed? ─▶ scout ─▶ Offer
    an offer that is ready ─▶ looked at again ─▶ a feed, due at once ─▶ Taken

A reader's own feeds (`owner`) are held to what everybody's are held to, and to more: so many at
most, never into a private network (whoever operates newsboy may read their own house; who merely
reads it may not), and not what is public already, since that can be followed.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.feeds.offers import Offer, Refusal, Taken
from bot.ingest.scouting import CheckReport, Scout
from bot.web.addresses import check_url, source_domain, url_key
from bot.web.errors import BadUrlError
from storage import AlreadyExistsError, Feed, FeedState, Storage


class Newcomers:
    """Looks at feeds and takes them in.

    `scout` goes where the operator lets it, `guest_scout` to public addresses alone: it serves
    readers, each of whom may have `most` feeds.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        scout: Scout,
        guest_scout: Scout,
        most: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._storage = storage
        self._scout = scout
        self._guest_scout = guest_scout
        self._most = most
        self._clock = clock

    async def look(self, text: str, *, owner: int | None = None) -> Offer:
        """What the address in `text` is, for the public or for a reader (`owner`).

        A site with one feed is that feed; with several it is a choice.
        """
        try:
            url = check_url(text)
        except BadUrlError as error:
            return Offer(text, refusal=Refusal.NO_ADDRESS, why=str(error))
        refused = await self._refused(url, owner)
        if refused is not None:
            return refused
        report = await self._checked(url, owner)
        if len(report.found) == 1:
            url = report.found[0].url
            refused = await self._refused(url, owner)
            if refused is not None:
                return refused
            report = await self._checked(url, owner)
        return await self._offer(url, report, owner)

    async def add(self, url: str, *, owner: int | None = None) -> Offer | Taken:
        """Take in a feed that was offered; an Offer says why not.

        It is looked at once more: a button may be pressed days later.
        """
        offer = await self.look(url, owner=owner)
        if not offer.ready:
            return offer
        domain = source_domain(offer.url)
        try:
            feed = await self._storage.feeds.add(
                offer.url, domain, self._clock(), owner=owner, title=offer.title
            )
        except AlreadyExistsError as error:
            refusal = Refusal.PUBLIC if owner is None else Refusal.YOURS
            return replace(offer, refusal=refusal, why=str(error))
        source = await self._storage.feeds.source(feed.source_id)
        return Taken(feed.id, source.id, source.domain, source.title)

    async def _checked(self, url: str, owner: int | None) -> CheckReport:
        scout = self._scout if owner is None else self._guest_scout
        return await scout.check(url, self._clock(), pages=0)

    async def _refused(self, url: str, owner: int | None) -> Offer | None:
        """Why an address need not be asked for at all; None where it is."""
        feeds = [feed for feed in await self._storage.feeds.all() if feed.state is FeedState.ACTIVE]
        public = _same(url, [feed for feed in feeds if feed.owner is None])
        if public is not None:
            return Offer(url, public.title, refusal=Refusal.PUBLIC, source_id=public.source_id)
        if owner is None:
            return None
        if self._most == 0:
            return Offer(url, refusal=Refusal.NOT_ALLOWED)
        own = [feed for feed in feeds if feed.owner == owner]
        mine = _same(url, own)
        if mine is not None:
            return Offer(url, mine.title, refusal=Refusal.YOURS, source_id=mine.source_id)
        if len(await self._storage.feeds.owned(owner)) >= self._most:
            return Offer(url, refusal=Refusal.TOO_MANY, most=self._most)
        return None

    async def _offer(self, url: str, report: CheckReport, owner: int | None) -> Offer:
        if report.found:
            return Offer(url, choices=report.found, why=report.error or "")
        if report.forbidden:
            return Offer(url, refusal=Refusal.PRIVATE, why=report.error or "")
        if report.error is not None:
            refusal = Refusal.NO_FEED if report.readable else Refusal.UNREACHABLE
            return Offer(url, refusal=refusal, why=report.error)
        if not report.entries:
            return Offer(url, report.title, refusal=Refusal.EMPTY)
        # The redirect's end may be known although its beginning is not.
        refused = await self._refused(report.url, owner)
        if refused is not None:
            return refused
        return Offer(
            url,
            title=report.title,
            language=report.language,
            entries=report.entries,
            titles=report.titles,
        )


def _same(url: str, feeds: list[Feed]) -> Feed | None:
    key = url_key(url)
    return next((feed for feed in feeds if url_key(feed.url) == key), None)
