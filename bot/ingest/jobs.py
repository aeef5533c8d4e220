"""What the workers are asked to do.

Each job imports what it needs when it runs, in the worker: the bot's own process names these
functions and passes their arguments and results on, and must not carry the parsers' weight.
Composing runs here too: a feed can carry a megabyte of text, and the bot answers people meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import cache

from bot.articles.newsroom import Desk, FeedItem, Newsroom
from bot.articles.page import ExtractedPage
from bot.feeds.entries import FoundFeed, ParsedFeed
from bot.words.normaliser import Normaliser
from storage import ArticleDraft, EntryKey, IndexedText, PictureBlock

NO_ARTICLE = "No article was found on the page."


@dataclass(frozen=True, slots=True)
class PageBytes:
    """An article's page as it was fetched."""

    body: bytes
    url: str
    content_type: str | None


@dataclass(frozen=True, slots=True)
class PageState:
    """How an article's page failed, how often, and when it is due: stored as it is.

    `status` is its server's answer, 0 for none.
    """

    error: str | None = None
    tries: int = 0
    due: datetime | None = None
    status: int = 0


@dataclass(frozen=True, slots=True)
class Composed:
    """An article ready to be stored, what its site calls itself ("" where unknown), and which
    pictures its page offers, best first."""

    draft: ArticleDraft
    site: str = ""
    pictures: tuple[PictureBlock, ...] = ()


def parse_feed(
    body: bytes, *, url: str, content_type: str | None, zone: tzinfo, now: datetime
) -> ParsedFeed:
    """See `bot.feeds.parser.parse`."""
    from bot.feeds.parser import parse

    return parse(body, url=url, content_type=content_type, zone=zone, now=now)


def find_feeds(body: bytes, *, url: str, content_type: str | None) -> tuple[FoundFeed, ...]:
    """See `bot.feeds.discovery.find_feeds`."""
    from bot.feeds import discovery

    return discovery.find_feeds(body, url=url, content_type=content_type)


def extract_page(page: PageBytes) -> ExtractedPage:
    """See `bot.articles.extractor.extract`."""
    from bot.articles.extractor import extract

    return extract(page.body, url=page.url, content_type=page.content_type)


def compose(
    item: FeedItem,
    page: PageBytes | None,
    *,
    desk: Desk,
    key: EntryKey,
    now: datetime,
    state: PageState,
) -> Composed:
    """The article of an entry and its page; see `bot.articles.newsroom`.

    A page without any article counts as failed, and is not asked for again.
    """
    extracted = extract_page(page) if page is not None else None
    if extracted is not None and not extracted.body:
        state = PageState(error=NO_ARTICLE, tries=1)
    draft = the_newsroom().compose(
        item,
        extracted,
        desk=desk,
        key=key,
        now=now,
        page_error=state.error,
        page_tries=state.tries,
        page_due=state.due,
    )
    if extracted is None:
        return Composed(draft)
    return Composed(draft, extracted.site, extracted.pictures)


def complete(draft: ArticleDraft, page: PageBytes, *, desk: Desk, now: datetime) -> ArticleDraft:
    """A stored article with its page, which came late; its body is the better of the two."""
    extracted = extract_page(page)
    if not extracted.body:
        return replace(draft, page_error=NO_ARTICLE, page_tries=draft.page_tries + 1, page_due=None)
    return the_newsroom().with_page(draft, extracted, desk=desk, now=now)


def words_of(rows: Sequence[IndexedText]) -> list[tuple[int, str, str]]:
    """(article, title, body) with the words that the search index is to hold."""
    from bot.articles.blocks import plain_text
    from bot.articles.indexing import index_words

    normaliser = _the_normaliser()
    return [
        (
            row.article_id,
            *index_words(
                normaliser,
                title=row.title,
                subheadline=row.subheadline,
                standfirst=row.standfirst,
                summary=row.summary,
                text=plain_text(row.body),
            ),
        )
        for row in rows
    ]


@cache
def the_newsroom() -> Newsroom:
    """The worker's own, with its dictionaries: they take longer to load than an article to read."""
    return Newsroom(_the_normaliser())


@cache
def _the_normaliser() -> Normaliser:
    return Normaliser()
