"""The one normaliser: search, follows, mutes, summaries and clustering compare its tokens.

text ─▶ words ─▶ folded (NFKC, case, ё→е, accents of Latin letters) ─▶ token, where the token is
the Snowball stem of the pymorphy3 lemma for a Russian word, the English stem for an ASCII one,
the folded word for the rest, and a stop-word itself. Tokens hold only letters and digits, so
that an FTS5 `unicode61` index splits a normalised text exactly where it was joined.

An analysis costs some 70 µs and language repeats itself, so the latest forms are remembered.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Any

import Stemmer

from bot.words.stopwords import STOP_WORDS

NORMALISER_VERSION = 1
"""Changes with the tokens: whatever was indexed under another number has to be indexed anew."""

REMEMBERED_FORMS = 50_000
"""Forms kept with their token: 30 MB when full, and nearly all that a day's news use."""

REMEMBERED_READINGS = 5_000
"""Capitalised forms kept with their readings: the names of a day's news."""

QUERY_TERMS = 16
"""Terms taken from a query at most: more only cost time."""

# Inside a word: letters and digits, accents set beside their letter, invisible hyphens and
# joiners, an apostrophe between letters.
_WORD = re.compile(
    r"[^\W_](?:[^\W_]|[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]|['’ʼ](?=[^\W_]))*"
)
_POSSESSIVE = re.compile(r"['’ʼ]s$")
_RUSSIAN_WORD = re.compile(r"[а-я]+$")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word's token and its place in the text: `text[start:end]`."""

    start: int
    end: int
    token: str


def fold(word: str) -> str:
    """The word without case, ё, accents and anything but letters and digits; may be empty."""
    folded = unicodedata.normalize("NFKC", word).casefold().replace("ё", "е")
    folded = _POSSESSIVE.sub("", folded)
    if not _CYRILLIC.search(folded) and not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded)
    return "".join(filter(str.isalnum, folded))


class Normaliser:
    """Turns texts into tokens. Loads its dictionaries (25 MB, half a second) at the first need."""

    def __init__(self) -> None:
        self._russian = Stemmer.Stemmer("russian")
        self._english = Stemmer.Stemmer("english")
        self._morphology: Any = None
        self._token_of = lru_cache(maxsize=REMEMBERED_FORMS)(self._token)
        self.readings = lru_cache(maxsize=REMEMBERED_READINGS)(self._readings)

    def words(self, text: str) -> Iterator[Word]:
        """The text's words in order, each with its token and its place."""
        for match in _WORD.finditer(text):
            token = self._token_of(match.group().lower())
            if token:
                yield Word(match.start(), match.end(), token)

    def tokens(self, text: str) -> list[str]:
        """The text's tokens in order, stop-words included."""
        return [word.token for word in self.words(text)]

    def text(self, text: str) -> str:
        """The text's tokens joined by spaces: what the search index holds."""
        return " ".join(self.tokens(text))

    def phrase(self, text: str) -> str:
        """The key of a follow or mute by words: tokens joined by spaces, without stop-words.

        A phrase of nothing but stop-words («The Who») keeps them.
        """
        tokens = self.tokens(text)
        return " ".join([token for token in tokens if token not in STOP_WORDS] or tokens)

    def query_terms(self, text: str) -> list[str]:
        """The tokens to search for: each once, in order, at most `QUERY_TERMS`.

        Stop-words are dropped unless there is nothing else.
        """
        return list(dict.fromkeys(self.phrase(text).split()))[:QUERY_TERMS]

    def _token(self, word: str) -> str:
        folded = fold(word)
        if folded in STOP_WORDS or folded.isdigit():
            return intern(folded)
        if folded.isascii():
            return intern(str(self._english.stemWord(folded)))
        if _RUSSIAN_WORD.match(folded):
            return intern(str(self._russian.stemWord(self._lemma(folded))) or folded)
        return intern(folded)

    def _lemma(self, word: str) -> str:
        lemma = str(self._analyser().normal_forms(word)[0])
        return "".join(filter(str.isalnum, lemma.replace("ё", "е"))) or word

    def _readings(self, word: str) -> tuple[Any, ...]:
        """pymorphy3's parses of a Russian word (`tag`, `normal_form`, …), the likeliest first."""
        return tuple(self._analyser().parse(word))

    def _analyser(self) -> Any:
        if self._morphology is None:
            # Importing it at the first need keeps commands that read no Russian quick.
            from pymorphy3 import MorphAnalyzer

            self._morphology = MorphAnalyzer()
        return self._morphology
