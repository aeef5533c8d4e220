"""Do two articles tell the same story? Answers with a probability, and says no when in doubt.

    title, text ─▶ fingerprint ┐
    title, text ─▶ fingerprint ┴▶ evidence (six numbers) ─▶ likeness

A wrong merge hides news from readers, a missed one shows a story twice: so what disagrees counts
as much as what agrees. Six numbers are weighed by logistic regression; the weights were learned
from labelled pairs by `tests/training/stories.py`, and `tests/bench/stories.py` judges them by
cross-validation. Words weigh by their rarity (`bot.articles.rarity`): that the city is named again
says little in the city's own paper.

What was tried and told no more: word vectors (navec), five-letter prefixes, sentences aligned one
by one, numbers shared. Two rules stand apart, since the pairs have too few such cases to learn
from: headlines with numbers that neither text shares (rates, weather, bulletins of every day) tell
two stories, and so do articles that have some rare words and little else in common (texts of one
template). On the Russian pairs they cost one true merge of 62, and of the bulletins of a made-up
wire they undo all 86 wrong ones.

A signature (MinHash of word triples) tells reprints: the same text under another headline.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from bot.articles.rarity import LANGUAGES, by_length, usual
from bot.articles.sounds import sound
from bot.words.normaliser import Normaliser, Word, fold
from bot.words.stopwords import STOP_WORDS

SAME_STORY = 0.75
"""From this likeness on, two articles are one story."""

SAME_TEXT = 0.5
"""From this resemblance of signatures on, one text is a reprint of the other."""

TEXT = 1500
"""Characters of the text that a fingerprint reads; more of it told no better."""

_FIRST_WORDS = 50
_DATED = 600  # characters in which a news text names its day
_STEEP = 1.5  # the power of a word's rarity in the cosine
_NAME_WEIGHT = 1.5
_RARE = 5.0
_UNNAMED = 6.0  # a name's usual rarity: the unit of names that the other article lacks
_FAINT_OVERLAP, _FAINT_TOLD = 0.35, 0.4

_MONTH = (
    r"(?:янв|фев|март|апрел|ма[йя]\b|июн|июл|август|сентяб|октяб|нояб|декаб"
    r"|jan|feb|mar|apr|may\b|jun|jul|aug|sep|oct|nov|dec)"
)
_DAY = re.compile(
    rf"\b(\d{{1,2}})(?:-?[а-яa-z]{{1,2}})?\s{_MONTH}|\b{_MONTH}[a-z]*\.?\s(\d{{1,2}})\b",
    re.IGNORECASE,
)
_BEGINS_SENTENCE = re.compile(r"[.!?…:\n]|^\W*[–—-]\s")

_BINS = 64
_EMPTY = 0xFFFF
_FEWEST_TRIPLES = 30


class Evidence(NamedTuple):
    """What speaks for and against one story.

    `overlap` is the cosine (0 to 1) of headline and first words; `told` how much of each headline
    the other article tells (0 to 1, the worse of the two); `rare` the logarithm of how much rare
    words both have; `days` is 1 where both name days of the calendar, and different ones;
    `unnamed` and `most_unnamed` weigh the names of each headline that the other article lacks, the
    lesser and the greater of the two: two headlines that name different people say more than one
    that names anybody.
    """

    overlap: float
    told: float
    rare: float
    days: float
    unnamed: float
    most_unnamed: float


@dataclass(frozen=True, slots=True)
class Weights:
    """What each piece of evidence counts for, in units of log-odds, and where they begin."""

    bias: float
    evidence: Evidence


WEIGHTS = Weights(
    bias=-3.18,
    evidence=Evidence(
        overlap=2.66, told=2.30, rare=1.00, days=-2.83, unnamed=-2.00, most_unnamed=-0.87
    ),
)
"""Learned by `python -m tests.training.stories` from the labelled practice pairs."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What likeness compares: normalised words of headline and text, names, numbers, days.

    Stop-words are left out. `first` counts the headline's words twice, with the text's first ones;
    `words` are all of them, with their rarities in news at large. Names of the headline come with
    their sounds, "" where they have none; `sounds` are those of the text's Latin and of its other
    capitalised words, by which «Боинг» is known for Boeing.
    """

    title: frozenset[str]
    first: Mapping[str, int]
    words: Mapping[str, float]
    names: frozenset[str]
    title_names: Mapping[str, str]
    numbers: frozenset[str]
    title_numbers: frozenset[str]
    days: frozenset[int]
    sounds: tuple[frozenset[str], frozenset[str]]


def fingerprint(title: str, text: str, normaliser: Normaliser, language: str = "ru") -> Fingerprint:
    """The fingerprint of an article with this headline and text, standfirst first.

    Words of a language other than Russian and English are weighed by their length.
    """
    text = text[:TEXT]
    in_title, in_text = list(normaliser.words(title)), list(normaliser.words(text))
    titled = [word.token for word in in_title if word.token not in STOP_WORDS]
    told = [word.token for word in in_text if word.token not in STOP_WORDS]
    capitals = _names(title, in_title, small=0)
    if 2 * len(capitals) > len(titled):  # a headline in Title Case: capitals tell nothing
        capitals = frozenset()
    names = _names(text, in_text, small=1) | capitals
    heard = _sounds(title, in_title), _sounds(text, in_text)
    rarity = usual if language in LANGUAGES else by_length
    return Fingerprint(
        title=frozenset(titled),
        first=Counter(titled * 2 + told[:_FIRST_WORDS]),
        words={word: rarity(word) for word in {*titled, *told}},
        names=names,
        title_names={token: said for token, said in heard[0].items() if token in names},
        numbers=_numbers(f"{title} {text}"),
        title_numbers=_numbers(title),
        days=frozenset(int(a or b) for a, b in _DAY.findall(f"{title}\n{text[:_DATED]}")),
        sounds=_by_script(heard),
    )


def likeness(a: Fingerprint, b: Fingerprint, rarity: Mapping[str, float] | None = None) -> float:
    """How surely the two tell the same story, 0 to 1; `SAME_STORY` is the line. Symmetric.

    `rarity` gives the words' rarities where an archive knows better than the shipped table.
    """
    return verdict(evidence(a, b, rarity), a, b)


def evidence(a: Fingerprint, b: Fingerprint, rarity: Mapping[str, float] | None = None) -> Evidence:
    """What speaks for and against one story; see `likeness`."""
    of = _rarity_of(a, b, rarity or {})
    return Evidence(
        overlap=_cosine(a, b, of),
        told=min(_told(a, b, of), _told(b, a, of)),
        rare=math.log1p(sum(max(of(word) - _RARE, 0) for word in a.words.keys() & b.words.keys())),
        days=float(bool(a.days and b.days and not a.days & b.days)),
        unnamed=min(lacking := (_lacking(a, b, of), _lacking(b, a, of))),
        most_unnamed=max(lacking),
    )


def verdict(found: Evidence, a: Fingerprint, b: Fingerprint, weights: Weights = WEIGHTS) -> float:
    """The likeness of two fingerprints by the evidence found between them."""
    faint = found.overlap < _FAINT_OVERLAP and found.told < _FAINT_TOLD
    if not found.overlap or faint or _other_numbers(a, b):
        return 0.0
    odds = weights.bias + sum(x * w for x, w in zip(found, weights.evidence, strict=True))
    return 1 / (1 + math.exp(-odds))


def signature(normalised: str) -> bytes:
    """A normalised text's mark, by which reprints are found: 128 bytes; none of a short text.

    MinHash by one permutation (Li, Owen, Zhang 2012): every triple of words falls into one of 64
    bins, and each bin keeps two bytes of its least.
    """
    tokens = normalised.split()
    triples = {" ".join(three) for three in zip(tokens, tokens[1:], tokens[2:], strict=False)}
    if len(triples) < _FEWEST_TRIPLES:
        return b""
    least = [_EMPTY] * _BINS
    for triple in triples:
        value = int.from_bytes(blake2b(triple.encode(), digest_size=4).digest(), "big")
        place, value = value % _BINS, value >> 16
        least[place] = min(least[place], value)
    return b"".join(value.to_bytes(2, "big") for value in least)


def resemblance(a: bytes, b: bytes) -> float:
    """The share of triples (Jaccard) that two texts have in common, by their signatures."""
    if not a or len(a) != len(b):
        return 0.0
    bins = [(a[at : at + 2], b[at : at + 2]) for at in range(0, len(a), 2)]
    empty = _EMPTY.to_bytes(2, "big")
    filled = [(one, other) for one, other in bins if one != empty or other != empty]
    return sum(one == other for one, other in filled) / len(filled)


def is_reprint(found: Evidence, a: Fingerprint, b: Fingerprint) -> bool:
    """Whether texts that resemble each other tell one event: no other day, number or name.

    Forecasts, exchange rates and tables repeat their words every day.
    """
    return not (found.days or found.unnamed or _other_numbers(a, b))


def _names(text: str, words: Sequence[Word], *, small: int) -> frozenset[str]:
    """The words with a capital where no sentence begins; more often than without, if `small`."""
    capital: Counter[str] = Counter()
    end = 0
    for word in words:
        if not text[word.start].isupper():
            capital[word.token] -= small
        elif end and not _BEGINS_SENTENCE.search(text, end, word.start):
            capital[word.token] += 1
        end = word.end
    return frozenset(
        token
        for token, count in capital.items()
        if count > 0 and token not in STOP_WORDS and not token.isdigit()
    )


def _sounds(text: str, words: Sequence[Word]) -> dict[str, str]:
    """The sounds of the words in capitals, by token; "" of those that have none."""
    return {
        # A Russian ending is no part of the name, but an English stem may lack some («boe»).
        word.token: sound(fold(text[word.start : word.end]) if word.token.isascii() else word.token)
        for word in words
        if text[word.start].isupper() and word.token not in STOP_WORDS
    }


def _by_script(heard: Iterable[Mapping[str, str]]) -> tuple[frozenset[str], frozenset[str]]:
    """Sounds of the words in Latin letters, and of the others."""
    latin: set[str] = set()
    other: set[str] = set()
    for sounds in heard:
        for token, said in sounds.items():
            if said:
                (latin if token.isascii() else other).add(said)
    return frozenset(latin), frozenset(other)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\d+", text))


def _rarity_of(
    a: Fingerprint, b: Fingerprint, known: Mapping[str, float]
) -> Callable[[str], float]:
    def rarity(word: str) -> float:
        return known.get(word) or a.words.get(word) or b.words[word]

    return rarity


def _cosine(a: Fingerprint, b: Fingerprint, rarity: Callable[[str], float]) -> float:
    names = a.names | b.names

    def vector(counts: Mapping[str, int]) -> dict[str, float]:
        return {
            word: (1 + math.log(count))
            * rarity(word) ** _STEEP
            * (_NAME_WEIGHT if word in names else 1)
            for word, count in counts.items()
        }

    one, other = vector(a.first), vector(b.first)
    shared = sum(one[word] * other[word] for word in one.keys() & other.keys())
    lengths = math.hypot(*one.values()) * math.hypot(*other.values())
    return shared / lengths if lengths else 0.0


def _in_both(a: Fingerprint, b: Fingerprint) -> frozenset[str]:
    """The words of a's headline that b has too, names by their sound as well."""
    latin, other = b.sounds
    heard = {
        name for name, said in a.title_names.items() if said in (other if name.isascii() else latin)
    }
    return (a.title & b.words.keys()) | heard


def _told(a: Fingerprint, b: Fingerprint, rarity: Callable[[str], float]) -> float:
    """How much of a's headline b tells."""
    total = sum(rarity(word) ** 2 for word in a.title)
    return sum(rarity(word) ** 2 for word in _in_both(a, b)) / total if total else 0.0


def _lacking(a: Fingerprint, b: Fingerprint, rarity: Callable[[str], float]) -> float:
    """The names in a's headline that b does not know, in units of a usual name."""
    return sum(map(rarity, a.title_names.keys() - _in_both(a, b))) / _UNNAMED


def _other_numbers(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether each headline counts what the other article does not («Ещё 11 …», «Ещё 25 …»)."""
    return bool(a.title_numbers - b.numbers and b.title_numbers - a.numbers)
