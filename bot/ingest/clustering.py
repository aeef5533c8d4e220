"""Does a new article tell a story that another source told already?

    its rarest words ─▶ candidates from the search index (three days back) ─▶ likeness ─▶ a story

A wrong merge hides an article from lists and pushes, a missed one only shows a story twice: so the
threshold is high, a source is never merged with itself, and a story stops growing after three
days.
"""

from datetime import datetime, timedelta
from functools import lru_cache

from bot.articles.likeness import SAME_STORY, Fingerprint, fingerprint, likeness, rarities
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS
from storage import ArticleDraft, Storage, StoryCandidate

STORY_LIFE = timedelta(days=3)
_RAREST = 6
_CANDIDATES = 30
_REMEMBERED = 500  # fingerprints: the same recent articles are candidates again and again
_TELLING = 1000  # articles, before how rare a word is among them says much


class Clustering:
    """Finds the story that a draft belongs to."""

    def __init__(self, storage: Storage, normaliser: Normaliser) -> None:
        self._storage = storage
        self._normaliser = normaliser
        self._fingerprint = lru_cache(maxsize=_REMEMBERED)(self._fingerprint_of)

    async def story_of(self, draft: ArticleDraft, now: datetime) -> int | None:
        """The story that the article tells too, or None where it begins one."""
        since = now - STORY_LIFE
        words = self._normaliser.tokens(f"{draft.title} {draft.summary}")
        terms = [word for word in dict.fromkeys(words) if word not in STOP_WORDS]
        # Of the words that some other article has too, the rarest find the candidates.
        counts = await self._storage.search.frequencies(terms)
        rarest = sorted(counts, key=lambda term: (counts[term], term))[:_RAREST]
        keys = await self._storage.search.candidates(rarest, since=since, limit=_CANDIDATES)
        candidates = eligible(await self._storage.articles.story_candidates(keys), draft, since)
        if not candidates:
            return None
        mine = self._fingerprint(draft.title, draft.summary)
        documents = await self._storage.search.size()
        rarity = rarities(terms, counts, documents) if documents >= _TELLING else None
        best: tuple[float, int] | None = None
        for candidate in candidates:
            theirs = self._fingerprint(candidate.title, candidate.summary)
            score = likeness(mine, theirs, rarity)
            if score >= SAME_STORY and (best is None or score > best[0]):
                best = (score, candidate.story_id)
        return None if best is None else best[1]

    def _fingerprint_of(self, title: str, summary: str) -> Fingerprint:
        return fingerprint(title, summary, self._normaliser)


def eligible(
    candidates: list[StoryCandidate], draft: ArticleDraft, since: datetime
) -> list[StoryCandidate]:
    """Those of other sources, in the same language, whose story has none of this source yet."""
    own = {one.story_id for one in candidates if one.source_id == draft.source_id}
    return [
        one
        for one in candidates
        if one.story_id not in own and one.language == draft.language and one.story_begun >= since
    ]
