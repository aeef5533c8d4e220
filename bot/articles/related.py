"""What else was written of an article's subject, by the same means as stories are found.

    its rarest words ─▶ candidates from the search index (a month back) ─▶ evidence ─▶ the likest

Stories want certainty that two articles tell one event; here the same town, person or quarrel is
what is sought. So other stories alone are given, one article of each, and the line is drawn where
likeness stops being chance.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.articles.blocks import plain_text
from bot.articles.likeness import TEXT, evidence, fingerprint
from bot.articles.rarity import rarities, usual
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS
from storage import Article, Headline, Storage

SPAN = timedelta(days=30)

RELATED = 0.1
"""The overlap from which two articles share a subject: of pairs drawn at random from the labelled
practice pairs one in a hundred reaches it, of pairs that people thought worth comparing three in
four."""

_ASKED = 40  # words whose frequency in the archive is asked for
_RAREST = 8
_CANDIDATES = 24


async def related(
    storage: Storage,
    normaliser: Normaliser,
    article: Article,
    *,
    now: datetime,
    limit: int = 5,
    reader: int | None = None,
) -> list[Headline]:
    """Headlines of other stories about the article's subject, the likest first.

    Public ones in the article's language, and those of the `reader`'s own sources.
    """
    terms = _terms(normaliser, article)
    counts = await storage.search.frequencies(terms)
    # A word that only this article has finds no other.
    shared = [term for term in counts if counts[term] > 1]
    rarest = sorted(shared, key=lambda term: (counts[term], term))[:_RAREST]
    candidates = []
    for owner in dict.fromkeys((None, reader)):
        keys = await storage.search.candidates(
            rarest, since=now - SPAN, limit=_CANDIDATES, owner=owner
        )
        candidates += await storage.articles.story_candidates(keys, owner=owner)
    rarity = rarities(counts, counts, await storage.search.size())
    mine = fingerprint(article.title, _text(article), normaliser, article.language)
    best: dict[int, float] = {}
    for one in candidates:
        if one.story_id == article.story_id or one.language != article.language:
            continue
        text = f"{one.standfirst}\n{one.text}" if one.text else one.standfirst or one.summary
        theirs = fingerprint(one.title, text, normaliser, one.language)
        overlap = evidence(mine, theirs, rarity).overlap
        if overlap >= RELATED:
            best[one.story_id] = max(overlap, best.get(one.story_id, 0.0))
        await asyncio.sleep(0)  # a millisecond each: others are waiting for an answer too
    stories = sorted(best, key=lambda story: (-best[story], -story))[:limit]
    return await storage.articles.of_stories(stories)


def _terms(normaliser: Normaliser, article: Article) -> Sequence[str]:
    """The words that say what the article is about, the rarest in news at large first."""
    words = normaliser.tokens(f"{article.title} {article.summary}")
    terms = [word for word in dict.fromkeys(words) if word not in STOP_WORDS]
    return sorted(terms, key=usual, reverse=True)[:_ASKED]


def _text(article: Article) -> str:
    text = plain_text(article.body)
    return f"{article.standfirst}\n{text}"[:TEXT] if text else article.standfirst or article.summary
