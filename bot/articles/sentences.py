"""Cuts a text into sentences: razdel's rules and one more.

razdel parts «Вопрос?» — спросил он. and a quotation of two sentences; a piece that starts with a
dash, or that follows an opened and not yet closed «, belongs to the sentence before it.
"""

import re

import razdel

_DASH = re.compile(r"[—–-]\s")
_LONGEST_QUOTE = 600
"""A « unclosed for longer (characters) is a slip: the sentences part again."""


def sentences(text: str) -> list[str]:
    """The text's sentences in order, without surrounding spaces. Lines part sentences too."""
    found: list[str] = []
    for line in text.splitlines():
        whole: list[str] = []
        for piece in razdel.sentenize(line):
            sentence = piece.text.strip()
            if whole and (_DASH.match(sentence) or _open(whole[-1])):
                whole[-1] = f"{whole[-1]} {sentence}"
            elif sentence:
                whole.append(sentence)
        found += whole
    return found


def _open(sentence: str) -> bool:
    return len(sentence) < _LONGEST_QUOTE and sentence.count("«") > sentence.count("»")
