"""Composes an article out of what its feed and its page say. Pure; runs in a worker process.

entry, page ─▶ title (the page's headline where it resembles the feed's)
            ─▶ standfirst (the page's, else the feed's) ─▶ summary (it, else computed)
            ─▶ body (the page's, else the feed's, else none)
            ─▶ topic, language, sources cited, words for search, content hash ─▶ ArticleDraft
"""

import hashlib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.articles.blocks import blocks_from_html, clean_text, plain_text
from bot.articles.citations import Citations
from bot.articles.illustrations import picture_key, told_more
from bot.articles.indexing import index_words
from bot.articles.language import language_of
from bot.articles.likeness import signature
from bot.articles.metadata import resembles, tidy_author
from bot.articles.page import ExtractedPage
from bot.articles.people import people_of
from bot.articles.sentences import sentences
from bot.articles.summary import SUMMARY_LIMIT, shorten, summarise
from bot.articles.tidy import has_text, in_body, pictures, squeezed, tidy
from bot.articles.topics import Topics
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS
from storage import ArticleDraft, Block, BodyFrom, EntryKey, PictureBlock

_FEWEST, _MOST, _MOST_SENTENCES = 25, 700, 4
"""A standfirst's length in characters and sentences; longer texts are bodies."""

_SAME_WORDS = 0.25
"""The share of a standfirst's words that its text has, where the title shares none."""

_NEARLY_ALL = 0.9
"""A page's text this long, compared with the feed's, is not a mere excerpt."""

_LONGEST_FEED_TEXT = 400_000
"""Characters of markup read of one entry: a hostile one must not use up its worker's time. The
longest honest bodies are a tenth of this, and the page is read apart."""

_LONGEST_LABEL = 600
_MOST_LABELS = 10
_LONGEST_TITLE = 300
"""Characters of a page's headline and sub-headline: a heading that was never closed holds all."""

_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])\W*$")
_MORE = re.compile(
    r"""\s*(?:[\[(<«]?\s*(?:читать\s(?:далее|полностью|дальше|статью)|подробнее|далее
      |read\s(?:more|on|the\sfull|full\sstory)|continue\sreading|more)\b[^.!?]{0,80}
      |the\spost\s.{1,300}(?:appeared\sfirst\son|first\sappeared\son)\s.{1,100}
      |(?:сообщение|запись)\s.{1,300}(?:появил\w+\sсначала|впервые\sпоявил\w+)\s.{1,100})
      [\s\])>»….]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_FEED_JUNK = re.compile(
    r"(?:the post .+ (?:appeared first on|first appeared on) |(?:сообщение|запись) .+ появил)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An entry of a feed as the newsroom reads it. Times are aware, markup is the feed's own."""

    url: str
    title: str
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    summary_html: str = ""
    content_html: str = ""
    categories: tuple[str, ...] = ()
    image: PictureBlock | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """For whom an article is composed: its feed, its source's name and declared language."""

    feed_id: int
    source_id: int
    source: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Body:
    blocks: tuple[Block, ...] = ()
    origin: BodyFrom = BodyFrom.NONE

    @property
    def text(self) -> str:
        return plain_text(self.blocks)


class Newsroom:
    """Composes drafts; holds the word lists, compiled once, and the one normaliser."""

    def __init__(self, normaliser: Normaliser) -> None:
        self._normaliser = normaliser
        self._topics = Topics()
        self._citations = Citations()

    def compose(
        self,
        item: FeedItem,
        page: ExtractedPage | None,
        *,
        desk: Desk,
        key: EntryKey,
        now: datetime,
        page_error: str | None = None,
        page_tries: int = 0,
        page_due: datetime | None = None,
        in_feed: tuple[Block, ...] | None = None,
    ) -> ArticleDraft:
        """The article of an entry and, where it could be had, its page.

        The `page_…` arguments are stored as they are: how the page failed and when it is due.
        `in_feed` is the feed's own body where it was composed before.
        """
        page = page or ExtractedPage(url=item.url)
        title = _title(clean_text(item.title), page.title)
        body = _body(_feed_body(item, title) if in_feed is None else in_feed, page)
        subheadline = page.subheadline
        if len(subheadline) > _LONGEST_TITLE or squeezed(subheadline) == squeezed(title):
            subheadline = ""
        standfirst, summary = self._standfirst(item, page, title, body)
        if standfirst and body.origin is BodyFrom.PAGE:
            body = replace(body, blocks=tidy(body.blocks, titles=(title, subheadline, standfirst)))
        image = page.image or item.image or next(iter(pictures(body.blocks)), None)
        image, body = _without_repeated_picture(image, body)
        text = body.text
        language = language_of(page.language or desk.language, title, f"{standfirst} {text}")
        if not summary:
            source_text = text or clean_text(
                (item.summary_html or item.content_html)[:_LONGEST_FEED_TEXT]
            )
            summary = summarise(title, source_text, language=language, normaliser=self._normaliser)
        published = min(item.published or page.published or now, now)
        updated = page.updated or item.updated
        rubrics = [name for name in (page.rubric, *item.categories) if name]
        search_title, search_body = index_words(
            self._normaliser,
            title=title,
            subheadline=subheadline,
            standfirst=standfirst,
            summary=summary,
            text=text,
        )
        return ArticleDraft(
            feed_id=desk.feed_id,
            source_id=desk.source_id,
            key=key,
            url=page.url,
            title=title,
            published=published,
            fetched=now,
            language=language,
            subheadline=subheadline,
            standfirst=standfirst,
            summary=summary,
            body=body.blocks,
            body_from=body.origin,
            author=page.author or tidy_author([clean_text(item.author)]),
            image=image,
            topic=self._topics.topic_of(rubrics, item.url, search_title, search_body),
            rubric=next(iter(rubrics), ""),
            labels=_labels((*item.labels, *page.labels)),
            cited=self._citations.cited(f"{standfirst}\n{text}", own=(desk.source, page.site)),
            words=len(f"{title} {standfirst} {text}".split()),
            people=people_of(title, f"{standfirst}\n{text}", language, self._normaliser),
            updated=updated if updated and published < updated <= now else None,
            content_hash=content_hash(title, standfirst, text),
            page_error=page_error,
            page_tries=page_tries,
            page_due=page_due,
            search_title=search_title,
            search_body=search_body,
            signature=signature(search_body),
        )

    def with_page(
        self, draft: ArticleDraft, page: ExtractedPage, *, desk: Desk, now: datetime
    ) -> ArticleDraft:
        """An article that was stored without its page, composed anew now that the page came."""
        item = FeedItem(
            url=draft.url,
            title=draft.title,
            published=draft.published,
            updated=draft.updated,
            author=draft.author,
            summary_html=html.escape(draft.standfirst),
            categories=(draft.rubric,),
            image=draft.image,
            labels=draft.labels,
        )
        return self.compose(item, page, desk=desk, key=draft.key, now=now, in_feed=draft.body)

    def _standfirst(
        self, item: FeedItem, page: ExtractedPage, title: str, body: _Body
    ) -> tuple[str, str]:
        """The standfirst, "" where the body says it anyway, and the summary that it gives."""
        candidates = (
            page.standfirst,
            page.description,
            _MORE.sub("", clean_text(item.summary_html[:_LONGEST_FEED_TEXT])),
        )
        titles = (title, clean_text(item.title), page.subheadline)
        fallback = ""
        for candidate in candidates:
            shown = candidate == page.standfirst
            if not self._is_standfirst(candidate, titles, body.text, trusted=shown):
                continue
            summary = candidate if len(candidate) <= SUMMARY_LIMIT else _whole(candidate)
            if shown or not in_body(candidate, body.blocks):
                return candidate, summary
            fallback = fallback or summary
        return "", fallback

    def _is_standfirst(
        self, text: str, titles: tuple[str, ...], body: str, *, trusted: bool
    ) -> bool:
        """Whether a text can be the article's standfirst: neither cut, nor a body, nor a slogan."""
        if not _FEWEST <= len(text) <= _MOST or _CUT.search(text) or "://" in text:
            return False
        if squeezed(text) in map(squeezed, titles) or len(sentences(text)) > _MOST_SENTENCES:
            return False
        words = self._content(text)
        if trusted or words & self._content(titles[0]):
            return True
        return bool(words) and len(words & self._content(body)) >= _SAME_WORDS * len(words)

    def _content(self, text: str) -> set[str]:
        return set(self._normaliser.tokens(text)) - STOP_WORDS


def content_hash(title: str, standfirst: str, text: str) -> str:
    """Equal for texts that differ only in spaces, punctuation or case."""
    said = "\n".join(map(squeezed, (title, standfirst, text)))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _title(said: str, shown: str) -> str:
    """The page's headline where it is the feed's, else the feed's: a page can hold anything."""
    usable = 0 < len(shown) <= _LONGEST_TITLE
    return shown if usable and (not said or resembles(said, shown)) else said


def _feed_body(item: FeedItem, title: str) -> tuple[Block, ...]:
    """The text that the feed brings: its content, or a summary too long to be a standfirst."""
    markup = item.content_html[:_LONGEST_FEED_TEXT]
    if not markup:
        summary = item.summary_html[:_LONGEST_FEED_TEXT]
        said = clean_text(summary)
        if len(said) > _MOST or len(sentences(said)) > _MOST_SENTENCES:
            markup = summary
    blocks = blocks_from_html(markup, item.url)
    return tidy(blocks, titles=(title,), drop=_FEED_JUNK)


def _body(in_feed: tuple[Block, ...], page: ExtractedPage) -> _Body:
    feed_length = len(plain_text(in_feed)) if has_text(in_feed) else 0
    if has_text(page.body) and len(plain_text(page.body)) >= _NEARLY_ALL * feed_length:
        return _Body(page.body, BodyFrom.PAGE)
    return _Body(in_feed, BodyFrom.FEED) if feed_length else _Body()


def _without_repeated_picture(
    image: PictureBlock | None, body: _Body
) -> tuple[PictureBlock | None, _Body]:
    """The article's picture with what the body knows of it, which need not begin with it again."""
    first = body.blocks[0] if body.blocks else None
    if image is None or not isinstance(first, PictureBlock):
        return image, body
    if picture_key(first.url) != picture_key(image.url):
        return image, body
    return told_more(image, first), replace(body, blocks=body.blocks[1:])


def _whole(text: str) -> str:
    """The text's first sentences, as many as a summary has room for."""
    kept = ""
    for sentence in sentences(text):
        if kept and len(kept) + 1 + len(sentence) > SUMMARY_LIMIT:
            break
        kept = f"{kept} {sentence}".strip()
    return kept if len(kept) <= SUMMARY_LIMIT else shorten(kept, SUMMARY_LIMIT)


def _labels(found: Iterable[str]) -> tuple[str, ...]:
    cleaned = (clean_text(label)[:_LONGEST_LABEL] for label in found)
    return tuple(dict.fromkeys(label for label in cleaned if label))[:_MOST_LABELS]
