"""Makes a summary of an article's own sentences, and shortens one to fewer.

text ─▶ sentences ─▶ how likely each word is in a good summary (`salience`)
     ─▶ the one or two sentences whose words together promise most, in the text's order

The first sentences are worth a little more, and a first one that tells the title again is the
article's lead and always in. Each can be read where it stands: one that leans on the sentence
before it («при этом он добавил») comes only with that one, fragments never come. An article that
has no sentence to show by itself has no summary.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.articles.openings import is_complete, is_fragment, is_speech, leans_back
from bot.articles.salience import REFERENCE, Words, expected_f1, probabilities, words_of
from bot.articles.sentences import sentences
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS

SUMMARY_LIMIT = 400
"""Characters that a card's summary may have."""

PUSH_LIMIT = 280
"""Characters that a push's text should have; only a long lead is let over it."""

_SENTENCES = 2
_READ = 20_000
_LOOKED_AT = 40
_CHOSEN_FROM = 20
"""Characters and sentences after these say nothing; those after the last are never chosen."""

_PLACE, _PLACE_FADES, _SPEECH = 0.05, 3.0, 0.06
"""What the first place adds to a summary's expected F1, in how many sentences that falls by e
times, and what somebody's direct words take from it."""

_LEAD = 0.5
"""The share of the title's words that a first sentence has where it is the lead."""

_LANGUAGES = frozenset({"ru", "en"})

_CLAUSE = re.compile(r"[,;:—–]\s")


@dataclass(frozen=True, slots=True)
class Outline:
    """The sentences that a summary can be made of, and what is known of their words.

    `alone` are the places of those that can be read by themselves; `followers` of those that can
    stand behind the sentence before them; `speech` of those that are somebody's own words.
    """

    pieces: Sequence[str]
    words: Words
    alone: Sequence[int]
    followers: frozenset[int]
    speech: frozenset[int]
    has_lead: bool


def summarise(
    title: str, text: str, *, language: str, normaliser: Normaliser, limit: int = SUMMARY_LIMIT
) -> str:
    """One or two whole sentences that tell the text best, in `limit` characters.

    Empty for a text that has none to show by itself. Where each of them is longer than `limit`,
    the first is cut at a clause or a word.
    """
    seen = outline(title, text, language=language, normaliser=normaliser)
    chosen = choose(seen, probabilities(seen.words.features), limit=limit)
    if chosen:
        return " ".join(seen.pieces[at] for at in chosen)
    return _cut(seen.pieces[seen.alone[0]], limit) if seen.alone else ""


def outline(title: str, text: str, *, language: str, normaliser: Normaliser) -> Outline:
    """What there is to choose from. Which sentence leans on another is known in two languages."""
    pieces = [piece for piece in sentences(text[:_READ]) if any(map(str.isalpha, piece))]
    del pieces[_LOOKED_AT:]
    known = language in _LANGUAGES
    whole = [at for at, piece in enumerate(pieces[:_CHOSEN_FROM]) if not is_fragment(piece)]
    # Headings and captions serve only where nothing else does.
    whole = [at for at in whole if is_complete(pieces[at])] or whole
    leaning = frozenset(at for at in whole if known and leans_back(pieces[at]))
    told = set(normaliser.tokens(title)) - STOP_WORDS
    shared = told.intersection(normaliser.tokens(pieces[0])) if pieces else set()
    return Outline(
        pieces=pieces,
        words=words_of(title, pieces, normaliser),
        alone=[at for at in whole if at not in leaning],
        followers=leaning,
        speech=frozenset(at for at in whole if is_speech(pieces[at])),
        has_lead=bool(told) and len(shared) >= _LEAD * len(told),
    )


def choose(
    seen: Outline,
    likely: Mapping[str, float],
    *,
    limit: int = SUMMARY_LIMIT,
    reference: float = REFERENCE,
) -> list[int]:
    """The places of a summary's sentences, rising; `likely` tells a word's probability.

    Empty where none that stands alone is within `limit` characters.
    """

    def worth(chosen: Sequence[int]) -> float:
        told = frozenset[str]().union(*(seen.words.sentences[at] for at in chosen))
        place = math.exp(-min(chosen) / _PLACE_FADES)
        speech = len(seen.speech.intersection(chosen))
        return expected_f1(told, likely, reference) + _PLACE * place - _SPEECH * speech

    length = {at: len(seen.pieces[at]) for at in {*seen.alone, *seen.followers}}
    fitting = [at for at in seen.alone if length[at] <= limit]
    if not fitting:
        return []
    short = [at for at in fitting if length[at] <= PUSH_LIMIT]
    lead = [0] if seen.has_lead and fitting[0] == 0 else []
    taken = lead or [max(short or fitting, key=lambda at: worth([at]))]
    left = min(limit, PUSH_LIMIT) - length[taken[0]] - 1
    follower = seen.followers & {taken[0] + 1}
    more = [at for at in {*fitting, *follower} - {*taken} if length[at] <= left]
    best = max(more, key=lambda at: worth([*taken, at]), default=None)
    if best is not None and worth([*taken, best]) > worth(taken):
        taken.append(best)
    return sorted(taken)


def shorten(text: str, limit: int = PUSH_LIMIT) -> str:
    """The text's first one or two sentences within `limit` characters.

    A first sentence over the limit is cut at a clause, or at a word, and ends with «…».
    """
    pieces = sentences(text[:_READ])
    if not pieces:
        return ""
    kept = pieces[0]
    for piece in pieces[1:_SENTENCES]:
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
