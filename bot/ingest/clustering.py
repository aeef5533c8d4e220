"""Does a new article tell a story that another source told already?

    its rarest words ─▶ candidates from the search index (three days back) ─▶ likeness ─▶ a story

A wrong merge hides an article from lists and pushes, a missed one only shows a story twice: so the
threshold is high, a source is never merged with itself, and a story stops growing after three
days.
"""

from datetime import datetime, timedelta

from bot.articles.likeness import SAME_STORY, fingerprint, likeness
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS
from storage import ArticleDraft, Storage, StoryCandidate

STORY_LIFE = timedelta(days=3)
_RAREST = 6
_CANDIDATES = 30


class Clustering:
    """Finds the story that a draft belongs to."""

    def __init__(self, storage: Storage, normaliser: Normaliser) -> None:
        self._storage = storage
        self._normaliser = normaliser

    async def story_of(self, draft: ArticleDraft, now: datetime) -> int | None:
        """The story that the article tells too, or None where it begins one."""
        since = now - STORY_LIFE
        keys = await self._storage.search.candidates(
            await self._rarest(draft), since=since, limit=_CANDIDATES
        )
        if not keys:
            return None
        candidates = await self._storage.articles.story_candidates(keys)
        mine = fingerprint(draft.title, draft.summary, self._normaliser)
        best: tuple[float, int] | None = None
        for candidate in eligible(candidates, draft, since):
            theirs = fingerprint(candidate.title, candidate.summary, self._normaliser)
            score = likeness(mine, theirs)
            if score >= SAME_STORY and (best is None or score > best[0]):
                best = (score, candidate.story_id)
        return None if best is None else best[1]

    async def _rarest(self, draft: ArticleDraft) -> list[str]:
        """The article's rarest words that some other article has too."""
        words = self._normaliser.tokens(f"{draft.title} {draft.summary}")
        terms = [word for word in dict.fromkeys(words) if word not in STOP_WORDS]
        counts = await self._storage.search.frequencies(terms)
        return sorted(counts, key=lambda term: (counts[term], term))[:_RAREST]


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
