"""Same story: the labelled pairs cross-validated, single-pass clustering, and what both cost.

Ten times over the pairs are dealt into five folds so that no article is in two of them; each fold
is judged by weights learned from the others (`tests/training/stories.py`, the very fit that made
the shipped weights). The threshold that ships is judged apart from the best one. The rarities'
table was made without the pairs' articles. The baseline is judged in the same run: the cosine of
TF-IDF over the lemmas of headline (twice) and text.

For clustering, all practice articles run through the real `Clustering` and the real store one
after another, as if published at once; half of the pairs' articles by weights that were learned
from the other half's pairs. The cost of a new article is measured in a store of 100,000.
"""

import math
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from bot.articles.likeness import (
    SAME_STORY,
    Fingerprint,
    Weights,
    fingerprint,
    likeness,
    signature,
    verdict,
)
from bot.articles.rarity import usual
from bot.articles.summary import summarise
from bot.ingest.clustering import Clustering
from bot.sandbox.newspaper.synthetic import synthetic
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS
from storage import ArticleDraft, EntryKey, Feed, Paragraph, Span, Storage
from tests.articles.practice import DATA, records
from tests.bench.archive import ENDS, SOURCES, archive, draft_of
from tests.bench.report import Figure, percentile
from tests.training.stories import Pair, folds, learned, pairs

ROUNDS, FOLDS = 10, 5
GOAL_F1, GOAL_PRECISION, GOAL_MS = 0.84, 0.90, 15.0
STORED = 100_000
ASKED, WARMED = 400, 100
_SEED = 9_000_000  # texts that the archive has none of
_T = TypeVar("_T")
_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Judged:
    """How a threshold parts the pairs: shares of 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


async def measure() -> list[Figure]:
    """Precision and recall on the pairs, clustering on all practice articles, milliseconds."""
    normaliser = Normaliser()
    if not (DATA / "pairs" / "pairs.jsonl").exists():
        skipped = [Figure("labelled pairs", "skipped: no practice data beside the repository")]
        return skipped + await _cost_of_an_article(normaliser)
    labelled = pairs(normaliser)
    return [
        *_cross_validated(labelled, normaliser),
        *await _clustered(labelled, normaliser),
        *_cost_of_a_pair(labelled, normaliser),
        *await _cost_of_an_article(normaliser),
    ]


# ---------------------------------------------------------------- pairs


def _cross_validated(labelled: Sequence[Pair], normaliser: Normaliser) -> list[Figure]:
    rounds = [_held_out(labelled, seed) for seed in range(ROUNDS)]
    russian = [at for at, pair in enumerate(labelled) if pair.language == "ru"]
    english = [at for at, pair in enumerate(labelled) if pair.language == "en"]
    said = [pair.same for pair in labelled]
    plain = _lemmas_alone(normaliser)
    best = [_best_f1(scores, said, russian) for scores in rounds]
    ours = [_at(SAME_STORY, scores, said, russian) for scores in rounds]
    in_english = [_at(SAME_STORY, scores, said, english) for scores in rounds]
    f1, precision = statistics.mean(best), statistics.mean(one.precision for one in ours)
    named = f"{len(russian)} Russian pairs, {ROUNDS} × {FOLDS} folds"
    figures = [
        Figure(f"{named}: F1 at the best threshold", _spread(best), f"≥ {GOAL_F1}", f1 >= GOAL_F1),
        Figure(
            "TF-IDF of lemmas alone (baseline): F1 at its best threshold",
            f"{_best_f1(plain, said, russian):.3f}",
        ),
        Figure(
            f"at the threshold that ships ({SAME_STORY}): precision",
            _spread([one.precision for one in ours]),
            f"≥ {GOAL_PRECISION:.2f}",
            precision >= GOAL_PRECISION,
        ),
        Figure("recall there", _spread([one.recall for one in ours])),
        Figure(
            "TF-IDF of lemmas alone (baseline): recall at precision ≥ .90",
            f"{_recall_at(GOAL_PRECISION, plain, said, russian):.3f}",
        ),
    ]
    if not any(said[at] for at in english):
        return figures
    return [
        *figures,
        Figure(
            f"{len(english)} English pairs: F1 at the best threshold",
            _spread([_best_f1(scores, said, english) for scores in rounds]),
        ),
        Figure(
            "precision, recall at the threshold that ships",
            f"{statistics.mean(one.precision for one in in_english):.3f}, "
            f"{statistics.mean(one.recall for one in in_english):.3f}",
        ),
    ]


def _held_out(labelled: Sequence[Pair], seed: int) -> list[float]:
    """Each pair's likeness by weights that have seen neither of its articles."""
    scores = [0.0] * len(labelled)
    for others, judged in folds(labelled, FOLDS, seed):
        weights = learned([labelled[at] for at in others])
        for at in judged:
            pair = labelled[at]
            scores[at] = verdict(pair.found, pair.first, pair.second, weights)
    return scores


def _lemmas_alone(normaliser: Normaliser) -> list[float]:
    def vector(article: Mapping[str, str]) -> dict[str, float]:
        counts = Counter(normaliser.tokens(f"{article['title']} " * 2 + article["text"]))
        return {
            token: count * usual(token)
            for token, count in counts.items()
            if token not in STOP_WORDS
        }

    def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
        shared = sum(one[token] * other[token] for token in one.keys() & other.keys())
        return shared / (math.hypot(*one.values()) * math.hypot(*other.values()) or 1.0)

    return [
        cosine(vector(pair["first"]), vector(pair["second"]))
        for pair in records("pairs/pairs.jsonl")
    ]


def _at(
    threshold: float, scores: Sequence[float], said: Sequence[bool], places: Sequence[int]
) -> Judged:
    merged = [said[at] for at in places if scores[at] >= threshold]
    return Judged(
        sum(merged) / len(merged) if merged else 1.0,
        sum(merged) / sum(said[at] for at in places),
    )


def _thresholds(
    scores: Sequence[float], said: Sequence[bool], places: Sequence[int]
) -> Iterator[Judged]:
    return (_at(scores[place], scores, said, places) for place in places)


def _best_f1(scores: Sequence[float], said: Sequence[bool], places: Sequence[int]) -> float:
    return max(one.f1 for one in _thresholds(scores, said, places))


def _recall_at(
    precision: float, scores: Sequence[float], said: Sequence[bool], places: Sequence[int]
) -> float:
    every = _thresholds(scores, said, places)
    return max((one.recall for one in every if one.precision >= precision), default=0.0)


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


# ---------------------------------------------------------------- clustering


async def _clustered(labelled: Sequence[Pair], normaliser: Normaliser) -> list[Figure]:
    drafts = _drafts(normaliser)
    right = wrong = missed = 0
    for half in (0, 1):
        weights = learned([pair for pair in labelled if pair.group % 2 != half])
        stories = await _single_pass(drafts, normaliser, weights)
        for pair in labelled:
            if pair.group % 2 == half:
                one, other = (stories[url] for url in pair.urls)
                right += one == other and pair.same
                wrong += one == other and not pair.same
                missed += one != other and pair.same
    judged = Judged(
        right / (right + wrong) if right + wrong else 1.0, right / ((right + missed) or 1)
    )
    return [
        Figure(
            f"single pass over {len(drafts)} articles: labelled pairs merged, precision",
            f"{judged.precision:.3f}",
            f"≥ {GOAL_PRECISION:.2f}",
            judged.precision >= GOAL_PRECISION,
        ),
        Figure("recall, F1", f"{judged.recall:.3f}, {judged.f1:.3f}"),
    ]


def _drafts(normaliser: Normaliser) -> dict[str, ArticleDraft]:
    """All practice articles by address, as the newsroom would have composed them."""
    articles = [
        (pair["lang"], pair[side])
        for pair in records("pairs/pairs.jsonl")
        for side in ("first", "second")
    ]
    articles += [(article["lang"], article) for article in records("texts/topics.jsonl")]
    drafts: dict[str, ArticleDraft] = {}
    for language, article in articles:
        url, title, text = article["url"], article["title"], article["text"]
        if url in drafts:
            continue
        body = normaliser.text(text)
        drafts[url] = ArticleDraft(
            feed_id=0,
            source_id=0,
            key=EntryKey(url, url, url),
            url=url,
            title=title,
            summary=summarise(title, text, language=language, normaliser=normaliser),
            body=(Paragraph((Span(text),)),),
            published=_NOW,
            fetched=_NOW,
            language=language,
            signature=signature(body),
            search_title=normaliser.text(title),
            search_body=body,
        )
    return drafts


async def _single_pass(
    drafts: Mapping[str, ArticleDraft], normaliser: Normaliser, weights: Weights
) -> dict[str, int]:
    """Each article's story; every article is a source's of its own."""
    stories = {}
    with tempfile.TemporaryDirectory() as folder:
        async with Storage.open(Path(folder) / "newsboy.db") as storage:
            clustering = Clustering(storage, normaliser, weights)
            domains = [f"bulletin{number}.example" for number in range(len(drafts))]
            await storage.feeds.ensure([(f"https://{name}/", name) for name in domains], _NOW)
            for (url, draft), name in zip(drafts.items(), domains, strict=True):
                feed = await storage.feeds.by_url(f"https://{name}/")
                ours = replace(draft, feed_id=feed.id, source_id=feed.source_id)
                place = await clustering.story_of(ours, _NOW)
                stored = await storage.articles.store(
                    ours, now=_NOW, story_id=place.story_id, lead=place.lead
                )
                stories[url] = stored.story_id
    return stories


# ---------------------------------------------------------------- cost


def _cost_of_a_pair(labelled: Sequence[Pair], normaliser: Normaliser) -> list[Figure]:
    articles = [pair[side] for pair in records("pairs/pairs.jsonl") for side in ("first", "second")]
    bodies = [normaliser.text(article["text"]) for article in articles]

    def printed(article: Mapping[str, str]) -> Fingerprint:
        return fingerprint(article["title"], article["text"], normaliser)

    return [
        Figure("CPU a pair", _each(lambda pair: likeness(pair.first, pair.second), list(labelled))),
        Figure("CPU a fingerprint, word forms known", _each(printed, articles)),
        Figure("CPU a signature (in the worker)", _each(signature, bodies)),
    ]


def _each(do: Callable[[_T], object], things: Sequence[_T]) -> str:
    begun = time.thread_time()
    for thing in things:
        do(thing)
    return f"{(time.thread_time() - begun) / len(things) * 1000:.2f} ms"


async def _cost_of_an_article(normaliser: Normaliser) -> list[Figure]:
    """Of `story_of`: all of it, and what it takes of the event loop apart from the reads.

    Each article is asked about twice: the first time its candidates are seen for the first time
    too, as after a restart; a newsroom that runs has the fingerprints of what it stored lately.
    The first hundred only let the normaliser learn the language again.
    """
    whole: list[list[float]] = [[], []]
    own: list[list[float]] = [[], []]
    async with Storage.open(await archive(STORED)) as storage:
        rows = await storage.feeds._database.rows("SELECT url FROM feed ORDER BY id")
        feeds: list[Feed] = [await storage.feeds.by_url(row["url"]) for row in rows]
        clustering = Clustering(storage, normaliser)
        for number, text in enumerate(synthetic(WARMED + ASKED, sources=SOURCES, seed=_SEED)):
            published = ENDS + timedelta(seconds=number)
            draft = replace(
                draft_of(text, feeds[text.source], _SEED + number, normaliser), published=published
            )
            for time_asked in (0, 1):
                begun, busy = time.perf_counter(), time.thread_time()
                await clustering.story_of(draft, published)
                if number >= WARMED:
                    whole[time_asked].append(time.perf_counter() - begun)
                    own[time_asked].append(time.thread_time() - busy)
    p99 = percentile(own[1], 0.99) * 1000
    return [
        Figure(f"a new article's story among {STORED:,}, reads and all: p50", _ms(whole[1], 0.5)),
        Figure("p99", _ms(whole[1], 0.99)),
        Figure("of it CPU in the event loop, reads apart: p50", _ms(own[1], 0.5)),
        Figure("p99", _ms(own[1], 0.99), f"≤ {GOAL_MS:.0f} ms", p99 <= GOAL_MS),
        Figure("that CPU right after a restart, p50 and p99", _both(own[0])),
    ]


def _both(seconds: Sequence[float]) -> str:
    return f"{_ms(seconds, 0.5)}, {_ms(seconds, 0.99)}"


def _ms(seconds: Sequence[float], share: float) -> str:
    return f"{percentile(seconds, share) * 1000:.1f} ms"
