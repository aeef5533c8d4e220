"""How likely each word of an article is to be in a good summary of it.

title, sentences ─▶ words and marks ─▶ features, by kind ─▶ a linear model a kind ─▶ probability

A summary's worth is then what words it is expected to share with the one that an editor would
write (`expected_f1`), so that likeness to the title, frequent words, names, length and repetition
are weighed together and not one by one. The weights are 19 numbers that
`python -m tests.training.summary` fits by ridge regression on leads of Russian news; no text of
them is in here. Nothing in the features is of one language, and English works as well.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS

REFERENCE = 33.6
"""Different words and marks in an editor's summary, on the average of the leads."""

_MARKS = {
    ",": "comma", ".": "stop", "«": "quote", "»": "quote", '"': "quote", "“": "quote", "”": "quote",
} | dict.fromkeys("()—–-:;?!…„", "mark")  # fmt: skip

WEIGHTS: Mapping[str, Sequence[float]] = {
    "comma": (0.787,),
    "function": (0.159, 0.349, 0.158, -0.160),
    "mark": (0.154,),
    "number": (0.035, 0.268, 0.069, 0.019),
    "quote": (0.344,),
    "stop": (0.979,),
    "word": (0.007, 0.382, 0.056, 0.111, 0.028, 0.033, 0.037),
}

_LEAST, _MOST = 0.01, 1.0
_FADES = 3.0
"""Sentences after which a word's first place says e times less."""


class WordFeatures(NamedTuple):
    """A word of an article or a mark: its kind names the model, the values are its features."""

    kind: str
    values: tuple[float, ...]


class Words(NamedTuple):
    """An article's sentences, each as its different words and marks, and the features of all."""

    sentences: list[frozenset[str]]
    features: dict[str, WordFeatures]


def words_of(title: str, sentences: Sequence[str], normaliser: Normaliser) -> Words:
    """The article's words, lower-cased but not normalised: summaries are compared by these."""
    token_of: dict[str, str] = {}
    first: dict[str, int] = {}
    counts: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    names: set[str] = set()
    different: list[frozenset[str]] = []
    for at, sentence in enumerate(sentences):
        here: set[str] = set(sentence) & _MARKS.keys()
        for place, found in enumerate(normaliser.words(sentence)):
            shown = sentence[found.start : found.end]
            word = shown.lower()
            here.add(word)
            token_of[word] = found.token
            first.setdefault(word, at)
            counts[word] += 1
            tokens[found.token] += 1
            if place and shown[0].isupper():
                names.add(word)
        different.append(frozenset(here))
    told = {
        found.token: title[found.start : found.end].lower() for found in normaliser.words(title)
    }
    in_title = set(told.values())
    features = {
        mark: WordFeatures(kind, (1.0,))
        for mark, kind in _MARKS.items()
        if any(mark in sentence for sentence in different)
    }
    for word, token in token_of.items():
        shared, often = float(word in in_title), math.log(counts[word])
        if word[0].isdigit():
            features[word] = WordFeatures("number", (1.0, shared, often, float(len(word) == 4)))
        elif token in STOP_WORDS or word in STOP_WORDS:
            features[word] = WordFeatures("function", (1.0, shared, often, min(len(word), 4) / 4))
        else:
            features[word] = WordFeatures(
                "word",
                (
                    1.0,
                    shared,
                    float(token in told),
                    often,
                    math.log(tokens[token]),
                    float(word in names),
                    math.exp(-first[word] / _FADES),
                ),
            )
    return Words(different, features)


def probabilities(
    features: Mapping[str, WordFeatures], weights: Mapping[str, Sequence[float]] = WEIGHTS
) -> dict[str, float]:
    """How likely each word is to be in the summary."""
    return {
        word: min(
            _MOST,
            max(_LEAST, sum(w * value for w, value in zip(weights[kind], values, strict=True))),
        )
        for word, (kind, values) in features.items()
    }


def expected_f1(
    words: Collection[str], likely: Mapping[str, float], reference: float = REFERENCE
) -> float:
    """The F1 that a summary of these words can hope for, of an editor's that has `reference`."""
    return 2 * sum(map(likely.__getitem__, words)) / (len(words) + reference)
