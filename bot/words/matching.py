"""Finding normalised words in texts: followed phrases, and places to highlight.

Both sides come from the same normaliser, so any inflected form meets any other.
"""

from collections.abc import Collection, Sequence

from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS


def phrase_in(tokens: Sequence[str], phrase_tokens: Sequence[str]) -> bool:
    """Whether the phrase's tokens stand side by side, in order, among the text's tokens.

    Stop-words between them do not part them, unless the phrase itself has some. An empty phrase
    is in no text.
    """
    if not phrase_tokens:
        return False
    if STOP_WORDS.isdisjoint(phrase_tokens):
        tokens = [token for token in tokens if token not in STOP_WORDS]
    return f" {' '.join(phrase_tokens)} " in f" {' '.join(tokens)} "


def near_in(tokens: Sequence[str], words: Collection[str], apart: int) -> bool:
    """Whether all words stand in some stretch of the text, in any order.

    Among them there are at most `apart` other tokens, stop-words not counted.
    """
    wanted = frozenset(words)
    last: dict[str, int] = {}
    telling = (token for token in tokens if token not in STOP_WORDS)
    for place, token in enumerate(telling):
        if token in wanted:
            last[token] = place
            if len(last) == len(wanted) and place - min(last.values()) < len(wanted) + apart:
                return True
    return False


def highlight(text: str, terms: Collection[str], normaliser: Normaliser) -> list[tuple[int, int]]:
    """The places (start, end in code points, in order) of words whose tokens are `terms`.

    Found words with nothing but spaces between them are marked as one.
    """
    wanted = frozenset(terms)
    places: list[tuple[int, int]] = []
    bridge = False
    for word in normaliser.words(text):
        if word.token in wanted:
            if bridge and not text[places[-1][1] : word.start].strip():
                places[-1] = (places[-1][0], word.end)
            else:
                places.append((word.start, word.end))
            bridge = True
        else:
            bridge = False
    return places
