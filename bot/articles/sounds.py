"""How a name sounds, whichever letters it is written in: «Боинг» is Boeing, «Гугл» Google.

Consonants alone, and those that the two alphabets render in several ways taken for one. Rough on
purpose: it only spares a name from counting as one that the other article lacks.
"""

import re
from functools import lru_cache

_REMEMBERED = 5_000
_FEWEST = 3
"""Consonants, before a sound tells one name from another."""

_LATIN = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("sch|tch|sh|ch|zh|kh|j", ""),  # rendered in too many ways to count
        ("ph|[fw]", "v"),
        ("th", "t"),
        ("ts|c(?=[eiy])|z", "s"),
        ("ck|q|c", "k"),
        ("x", "ks"),
        ("[^bdgklmnprstv]", ""),
    )
]
_CYRILLIC = str.maketrans(
    dict(zip("бвгдзклмнпрстфц", "bvgdsklmnprstvs", strict=True))
    | dict.fromkeys("аеёиоуыэюяйьъжхчшщ", None)
)
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(_REMEMBERED)
def sound(word: str) -> str:
    """The sound of a lower-cased word; "" where it is too short, or of some third alphabet."""
    word = _DOUBLED.sub(r"\1", word)
    if word.isascii():
        for pattern, said in _LATIN:
            word = pattern.sub(said, word)
    else:
        word = word.replace("дж", "").replace("тс", "с").translate(_CYRILLIC)
    return word if len(word) >= _FEWEST and word.isascii() else ""
