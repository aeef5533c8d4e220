"""How much a word tells of what a text is about: the fewer texts have it, the more.

A rarity is −ln of the share of news texts that a word occurs in: 0.2 «год», 3 «мост», 8 a word that
hardly anybody uses. The shipped table (`weights/rarity.txt.gz`, made by `tests/training/rarity.py`)
holds those of some thirty thousand Russian and English tokens, so that a new archive can tell words
apart as well as an old one; as the archive grows, its own counts weigh more and more, and learn the
words of the day and of the town.
"""

import gzip
import math
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import resources

RAREST = 8.0
"""The rarity of whatever the table lacks, and the most that a word can have."""

_COMMONEST = 0.2
_TABLE_WEIGHS = 2000
"""Documents that the table stands for beside the archive's own."""

_REMEMBERED = 20_000
"""Tokens whose rarity is at hand: each article is weighed against dozens of recent ones."""

_NUMBER = 6.0
_SHORT_NUMBER = 4.0
LANGUAGES = frozenset({"ru", "en"})
"""Those whose words the table knows."""

_BY_LENGTH = (0.4, 0.4, 0.7, 1.3, 2.7, 4.0, 5.0, 5.5, 6.0)
"""Rarities by length in letters, in a language that the table does not know: common words are
short. Lower than the table's, because more of what two texts share is chance."""


@cache
def table() -> Mapping[str, float]:
    """The shipped rarities by token; read at the first need (20 ms, 4 MB)."""
    return {token: rarity for _, rarity, token in _rows()}


def made_by() -> str:
    """The version of the normaliser whose tokens the table holds."""
    return next(version for version, _, _ in _rows())


@lru_cache(maxsize=_REMEMBERED)
def usual(token: str) -> float:
    """A token's rarity in news at large."""
    if token.isdigit():
        return _NUMBER if len(token) > 2 else _SHORT_NUMBER
    return table().get(token, RAREST)


def by_length(token: str) -> float:
    """A token's rarity in a language of which nothing is known but how long the word is."""
    return _BY_LENGTH[min(len(token), len(_BY_LENGTH) - 1)]


def rarities(words: Iterable[str], counts: Mapping[str, int], documents: int) -> dict[str, float]:
    """The words' rarities where `counts` of an archive's `documents` have them, and the table."""
    found = {}
    for word in words:
        expected = math.exp(-usual(word)) * _TABLE_WEIGHS
        share = (expected + counts.get(word, 0)) / (_TABLE_WEIGHS + documents)
        found[word] = min(max(-math.log(share), _COMMONEST), RAREST)
    return found


def _rows() -> Iterable[tuple[str, float, str]]:
    packed = resources.files("bot.articles").joinpath("weights/rarity.txt.gz").read_bytes()
    version, *lines = gzip.decompress(packed).decode().splitlines()
    for line in lines:
        rarity, *tokens = line.split()
        for token in tokens:
            yield version, float(rarity), token
