"""Which followed or muted stories an article goes on with: the news that comes of an event.

    the article's rarest words ─▶ articles of those stories that have some ─▶ evidence ─▶ sequels

A story is one event told by several sources, so what happens next begins another story: the second
earthquake, the verdict, the resignation. Here the line lies between `related`, where a subject is
enough, and a story, where all must agree: the headlines share much, rare words above all, and
neither names somebody whom the other does not know.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from bot.articles.blocks import plain_text
from bot.articles.likeness import TEXT, Fingerprint, evidence, fingerprint
from bot.articles.rarity import rarities, usual
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS
from storage import STORY_FOLLOWED, STORY_MUTED, Article, Storage

_ALIKE, _MUCH_ALIKE = 0.35, 0.5  # overlap
_RARE, _RATHER_RARE = 2.0, 1.2
_UNKNOWN = 1.25  # names of a headline that the other article lacks, in units of a usual name

_ASKED = 24  # words whose frequency in the archive is asked for
_RAREST = 8
_CANDIDATES = 8
_REMEMBERED = 500  # fingerprints, 10 kB each: what is followed is a candidate again and again


class Sequels:
    """Finds the followed and the muted stories that an article goes on with."""

    def __init__(self, storage: Storage, normaliser: Normaliser) -> None:
        self._storage = storage
        self._normaliser = normaliser
        self._fingerprint = lru_cache(maxsize=_REMEMBERED)(self._fingerprint_of)

    async def gone_on_with(self, article: Article, *, now: datetime) -> list[int]:
        """The stories that somebody follows or muted, other than its own, that a public article is
        the next news of.
        """
        storage = self._storage
        own = {article.story_id}
        followed = set(await storage.brought.followed_stories()) - own
        muted = set(await storage.brought.muted_stories()) - own - followed
        if not followed and not muted:
            return []
        text = _text(article)
        words = set(self._normaliser.tokens(f"{article.title} {text}")) - STOP_WORDS
        terms = sorted(words, key=usual, reverse=True)[:_ASKED]
        counts = await storage.search.frequencies(terms)
        shared = [term for term in counts if counts[term] > 1]
        rarest = sorted(shared, key=lambda term: (counts[term], term))[:_RAREST]
        # Apart, so that what many muted leaves room for what is followed.
        keys = [
            key
            for stories, span in ((followed, STORY_FOLLOWED), (muted, STORY_MUTED))
            for key in await storage.brought.of_stories(
                rarest, sorted(stories), since=now - span, limit=_CANDIDATES
            )
        ]
        if not keys:
            return []
        rarity = rarities(counts, counts, await storage.search.size())
        mine = fingerprint(article.title, text, self._normaliser, article.language)
        found: dict[int, None] = {}
        for one in await storage.articles.story_candidates(keys):
            if one.language == article.language and one.story_id not in found:
                told = (
                    f"{one.standfirst}\n{one.text}" if one.text else one.standfirst or one.summary
                )
                theirs = self._fingerprint(one.title, told, one.language)
                if _is_sequel(mine, theirs, rarity):
                    found[one.story_id] = None
                await asyncio.sleep(0)  # a millisecond each: others wait for an answer
        return list(found)

    def _fingerprint_of(self, title: str, text: str, language: str) -> Fingerprint:
        return fingerprint(title, text, self._normaliser, language)


def _is_sequel(mine: Fingerprint, theirs: Fingerprint, rarity: Mapping[str, float]) -> bool:
    """Whether one goes on with the other.

    Of the practice pairs that people hold for two stories one in fifteen passes, and nearly all of
    these are news of one event or quarrel; of those that tell one story, three in four; of pairs
    drawn at random none in three thousand. Bulletins of another day have much in common and go on
    with nothing.
    """
    seen = evidence(mine, theirs, rarity)
    if seen.most_unnamed >= _UNKNOWN:
        return False
    alike = seen.overlap >= _ALIKE and seen.rare >= _RARE
    return alike or (seen.overlap >= _MUCH_ALIKE and seen.rare >= _RATHER_RARE and not seen.days)


def _text(article: Article) -> str:
    text = plain_text(article.body)
    return f"{article.standfirst}\n{text}"[:TEXT] if text else article.standfirst or article.summary
