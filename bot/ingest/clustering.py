"""Does a new article tell a story that another source told already?

    its rarest words ─▶ candidates from the search index (three days back), by their stories
        ─▶ likeness to each (a reprint is certain) ─▶ the story that it is like as a whole ─▶ Place

A wrong merge hides an article from lists and pushes, a missed one only shows a story twice: so the
threshold is high, an article must be like the story's articles together and not like one of them
(chains of neighbours would end in one story of everything), a source is never merged with itself,
and a story stops growing after three days. Articles never move between stories; what may change is
which of them stands for its story: the one that is most like the others.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import fmean

from bot.articles.blocks import block_text
from bot.articles.likeness import (
    SAME_STORY,
    SAME_TEXT,
    TEXT,
    WEIGHTS,
    Fingerprint,
    Weights,
    evidence,
    fingerprint,
    is_reprint,
    resemblance,
    verdict,
)
from bot.articles.rarity import rarities, usual
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS
from storage import ArticleDraft, ListBlock, Paragraph, Quote, Storage, StoryCandidate

STORY_LIFE = timedelta(days=3)

AS_A_WHOLE = 0.5
"""The likeness to a story's articles on average from which one more belongs to them."""

REPRINT = 1.0
"""The likeness of a text to its reprint: no weighing of evidence reaches it."""

_ASKED = 24  # words whose frequency in the archive is asked for: the rarest in news at large
_RAREST = 8
_CANDIDATES = 20
_WEIGHED = 10  # the first of those that the article may join; the true one is among them
_REMEMBERED = 2000  # fingerprints, 10 kB each: the same recent articles are candidates again
_CLEARLY = 0.05
_COMPARED = 6  # articles of a story, before who stands for it is settled


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new article goes: its story, None where it begins one, and who stands for it.

    `lead` is as `storage.articles.store` takes it: None leaves it as it is, 0 is the new article.
    """

    story_id: int | None = None
    lead: int | None = None


@dataclass(frozen=True, slots=True)
class Rival:
    """A candidate with its fingerprint, and how surely it tells what the new article tells."""

    candidate: StoryCandidate
    fingerprint: Fingerprint
    likeness: float


class Clustering:
    """Finds the story that a draft belongs to."""

    def __init__(
        self, storage: Storage, normaliser: Normaliser, weights: Weights = WEIGHTS
    ) -> None:
        self._storage = storage
        self._normaliser = normaliser
        self._weights = weights
        self._fingerprint = lru_cache(maxsize=_REMEMBERED)(self._fingerprint_of)

    async def story_of(
        self, draft: ArticleDraft, now: datetime, *, owner: int | None = None
    ) -> Place:
        """The story that the article tells too, if there is one, and who stands for it then.

        An article of a reader's own source (`owner`) meets none but that reader's.
        """
        since = now - STORY_LIFE
        counts = await self._storage.search.frequencies(self._terms(draft))
        # Of the words that some other article has too, the rarest find the candidates.
        rarest = sorted(counts, key=lambda term: (counts[term], term))[:_RAREST]
        keys = await self._storage.search.candidates(
            rarest, since=since, limit=_CANDIDATES, owner=owner
        )
        found = await self._storage.articles.story_candidates(keys, owner=owner)
        candidates = eligible(found, draft, since)[:_WEIGHED]
        if not candidates:
            return Place()
        # That the candidate has a word too says nothing of how rare it is.
        others = {term: count - 1 for term, count in counts.items()}
        rarity = rarities(others, others, await self._storage.search.size())
        mine = self._fingerprint(draft.title, told(draft), draft.language)
        rivals = [self._rival(candidate, draft, mine, rarity) for candidate in candidates]
        story_id = likest(rivals)
        if story_id is None:
            return Place()
        story = [rival for rival in rivals if rival.candidate.story_id == story_id]
        return Place(story_id, new_lead(story, mine, rarity, has_text=bool(draft.body)))

    def _rival(
        self,
        candidate: StoryCandidate,
        draft: ArticleDraft,
        mine: Fingerprint,
        rarity: Mapping[str, float],
    ) -> Rival:
        theirs = self._fingerprint(candidate.title, _told(candidate), candidate.language)
        found = evidence(mine, theirs, rarity)
        alike = resemblance(draft.signature, candidate.signature) >= SAME_TEXT
        if alike and is_reprint(found, mine, theirs):
            return Rival(candidate, theirs, REPRINT)
        return Rival(candidate, theirs, verdict(found, mine, theirs, self._weights))

    def _terms(self, draft: ArticleDraft) -> list[str]:
        words = self._normaliser.tokens(f"{draft.title} {draft.summary}")
        terms = [word for word in dict.fromkeys(words) if word not in STOP_WORDS]
        return sorted(terms, key=usual, reverse=True)[:_ASKED]

    def _fingerprint_of(self, title: str, text: str, language: str) -> Fingerprint:
        return fingerprint(title, text, self._normaliser, language)


def eligible(
    candidates: Sequence[StoryCandidate], draft: ArticleDraft, since: datetime
) -> list[StoryCandidate]:
    """Those of other sources, in the same language, whose story has none of this source yet."""
    own = {one.story_id for one in candidates if one.source_id == draft.source_id}
    return [
        one
        for one in candidates
        if one.story_id not in own and one.language == draft.language and one.story_begun >= since
    ]


def told(draft: ArticleDraft) -> str:
    """What a fingerprint reads of a draft: its standfirst and its text, else its summary."""
    running = (
        block_text(block)
        for block in draft.body
        if isinstance(block, Paragraph | Quote | ListBlock)
    )
    return _whole(draft.standfirst, "\n".join(running), draft.summary)


def likest(rivals: Sequence[Rival]) -> int | None:
    """The story that an article belongs to: the one that it is like most surely.

    One of the story's articles must be `SAME_STORY`, and all that were found of it `AS_A_WHOLE`;
    a reprint of one of them is enough.
    """
    stories: dict[int, list[float]] = defaultdict(list)
    for rival in rivals:
        stories[rival.candidate.story_id].append(rival.likeness)
    sure = {
        story: (max(likenesses), fmean(likenesses))
        for story, likenesses in stories.items()
        if max(likenesses) >= REPRINT
        or (max(likenesses) >= SAME_STORY and fmean(likenesses) >= AS_A_WHOLE)
    }
    return max(sure, key=lambda story: (*sure[story], -story), default=None)


def new_lead(
    story: Sequence[Rival], mine: Fingerprint, rarity: Mapping[str, float], *, has_text: bool
) -> int | None:
    """Who is to stand for a story that an article joins: None the one who does, 0 the new one.

    The most central of them, if it is clearly more like the others than who leads now, or the
    first with a text where the leader has none. Nothing changes where the leader was not found.
    """
    known = sorted(story, key=lambda rival: (not rival.candidate.leads, -rival.likeness))
    known = known[:_COMPARED]
    if not known[0].candidate.leads:
        return None
    prints = [*(rival.fingerprint for rival in known), mine]
    texts = [*(bool(rival.candidate.text) for rival in known), has_text]
    ids = [*(rival.candidate.article_id for rival in known), 0]
    central = centrality(prints, rarity)
    best = max(range(len(ids)), key=lambda at: (texts[at], central[at]))
    clearly = central[best] > central[0] + _CLEARLY or (texts[best] and not texts[0])
    return ids[best] if best and clearly else None


def centrality(prints: Sequence[Fingerprint], rarity: Mapping[str, float]) -> list[float]:
    """How like the others each of the articles is, on average (0 to 1)."""
    sums = [0.0] * len(prints)
    for at, one in enumerate(prints):
        for other_at in range(at):
            overlap = evidence(one, prints[other_at], rarity).overlap
            sums[at] += overlap
            sums[other_at] += overlap
    return [total / (len(prints) - 1) for total in sums]


def _told(candidate: StoryCandidate) -> str:
    return _whole(candidate.standfirst, candidate.text, candidate.summary)


def _whole(standfirst: str, text: str, summary: str) -> str:
    return f"{standfirst}\n{text}"[:TEXT].strip() if text else standfirst or summary
