"""Makes a summary of an article's own sentences, and shortens one to what a push shows.

Each sentence is weighed by its place (news tell the main thing first), its likeness to the whole
text (TF-IDF centroid) and to the title; short ones and those that begin with somebody's words
weigh less. The best are taken one by one, each judged also by what it adds to those taken
(maximal marginal relevance), and come in the text's order. Always whole sentences.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from bot.articles.sentences import sentences
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS

SUMMARY_LIMIT = 400
"""Characters that a card's summary may have."""

PUSH_LIMIT = 250
"""Characters that a push's text may have."""

_PUSH_SENTENCES = 2
_PLACE, _PLACE_FADES, _CENTROID, _TITLE = 2.0, 3.0, 0.5, 0.8
_RELEVANCE = 0.8
_READ = 20_000
_LOOKED_AT = 40
"""Characters and sentences after these never make a summary; a book must not cost seconds."""
_SHORT = 40
_WEAK = 0.6
_QUOTE_FIRST = re.compile(r"[«\"“„—–-]")
_CLAUSE = re.compile(r"[,;:—–]\s")

_Vector = Mapping[str, float]


def summarise(
    title: str, text: str, *, language: str, normaliser: Normaliser, limit: int = SUMMARY_LIMIT
) -> str:
    """The sentences that tell the text best: up to three, two for English, in `limit` characters.

    Empty for an empty text. A first sentence over the limit is cut at a word.
    """
    pieces = [piece for piece in sentences(text[:_READ]) if any(map(str.isalpha, piece))][
        :_LOOKED_AT
    ]
    if not pieces:
        return ""
    most = 2 if language == "en" else 3
    vectors = _vectors([_content(piece, normaliser) for piece in pieces])
    weights = _weights(pieces, vectors, frozenset(_content(title, normaliser)))
    taken: list[int] = []
    left = limit
    while len(taken) < most:
        best = _best(pieces, vectors, weights, taken, left)
        if best is None:
            break
        taken.append(best)
        left -= len(pieces[best]) + 1
    if not taken:
        return shorten(pieces[0], limit)
    return " ".join(pieces[at] for at in sorted(taken))


def shorten(text: str, limit: int = PUSH_LIMIT) -> str:
    """The text's first one or two sentences within `limit` characters.

    A first sentence over the limit is cut at a clause, or at a word, and ends with «…».
    """
    pieces = sentences(text[:_READ])
    if not pieces:
        return ""
    kept = pieces[0]
    for piece in pieces[1:_PUSH_SENTENCES]:
        if len(kept) + 1 + len(piece) <= limit:
            kept = f"{kept} {piece}"
    return kept if len(kept) <= limit else _cut(kept, limit)


def _cut(sentence: str, limit: int) -> str:
    head = sentence[: max(1, limit - 1)]
    clauses = [match.start() for match in _CLAUSE.finditer(head)]
    if clauses and clauses[-1] > limit * 2 // 3:
        head = head[: clauses[-1]]
    elif " " in head:
        head = head[: head.rindex(" ")]
    return head.rstrip(" ,;:—–-«(") + "…"


def _content(text: str, normaliser: Normaliser) -> list[str]:
    return [token for token in normaliser.tokens(text) if token not in STOP_WORDS]


def _vectors(tokens: Sequence[Sequence[str]]) -> list[_Vector]:
    """Each sentence's TF-IDF weights, of length 1; sentences are the documents counted."""
    seen = Counter(token for sentence in tokens for token in set(sentence))
    vectors: list[_Vector] = []
    for sentence in tokens:
        raw = {
            token: count * math.log(1 + len(tokens) / seen[token])
            for token, count in Counter(sentence).items()
        }
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        vectors.append({token: weight / length for token, weight in raw.items()})
    return vectors


def _weights(
    pieces: Sequence[str], vectors: Sequence[_Vector], title: frozenset[str]
) -> list[float]:
    centroid: Counter[str] = Counter()
    for vector in vectors:
        centroid.update(vector)
    length = math.sqrt(sum(weight * weight for weight in centroid.values())) or 1.0
    weights = []
    for at, (piece, vector) in enumerate(zip(pieces, vectors, strict=True)):
        likeness = sum(weight * centroid[token] for token, weight in vector.items()) / length
        shared = len(title & vector.keys()) / len(title) if title else 0.0
        weight = _PLACE * math.exp(-at / _PLACE_FADES) + _CENTROID * likeness + _TITLE * shared
        if len(piece) < _SHORT or _QUOTE_FIRST.match(piece):
            weight *= _WEAK
        weights.append(weight)
    return weights


def _best(
    pieces: Sequence[str],
    vectors: Sequence[_Vector],
    weights: Sequence[float],
    taken: Sequence[int],
    left: int,
) -> int | None:
    """The sentence to take next among those that fit in `left` characters."""

    def gain(at: int) -> float:
        repeated = max((_cosine(vectors[at], vectors[other]) for other in taken), default=0.0)
        return _RELEVANCE * weights[at] - (1 - _RELEVANCE) * repeated

    fitting = [at for at in range(len(pieces)) if at not in taken and len(pieces[at]) <= left]
    return max(fitting, key=gain, default=None)


def _cosine(one: _Vector, other: _Vector) -> float:
    return sum(weight * other.get(token, 0.0) for token, weight in one.items())
