"""Cuts a text into sentences: razdel's rules, and what news in two languages needs beyond them.

razdel parts «Вопрос?» — спросил он. and a quotation of two sentences, and knows Russian
abbreviations only. So a piece that starts with a dash belongs to the sentence before it, as does
one that follows a quotation or a bracket still open; English titles («Gov.»), months («Nov. 5»)
and hours («9 a.m. Tuesday») end no sentence, and «in the U.S. The» does, where razdel sees
initials.
"""

import re

import razdel

_DASH = re.compile(r"[—–-]\s")

# The space after these parts no sentences: titles, and what is short only before a number.
_ENGLISH_JOINED = re.compile(
    r"""(?<![^\s(«“"'])(
      (?:Gov|Sen|Rep|Gen|Lt|Col|Sgt|Capt|Maj|Cmdr|Adm|Rev|Hon|Supt|Det|Insp|Messrs|Mr|Mrs|Ms|Mx|Dr
        |Prof|St|Mt|Ft|vs)\.(?=\s[A-Z0-9“"'])
    | (?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Nos?|Fig|Vol|pp?)\.(?=\s\d)
    | (?:Jr|Sr|Inc|Corp|Co|Ltd|Bros)\.(?=\s[\d,&])
    | [ap]\.m\.(?=\s(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|GMT|UTC|[A-Z]{1,3}T\b
        |(?:Eastern|Central|Pacific|Mountain|Moscow|London|Beijing)\b))
    )\s""",
    re.VERBOSE,
)
_GLUE = "\ue000"
"""Stands for such a space while razdel reads: of the private use area, so in no text."""

_ENGLISH_PARTED = re.compile(
    r"(?<=\b[A-Z]\.[A-Z]\.)\s(?=(?:The|An?|This|That|These|Those|It|He|She|They|We|His|Her|Their"
    r"|In|On|At|For|But|And|As|After|While|When|With|Under|Last)\s)"
)
_LONGEST_OPEN, _MOST_OPEN = 600, 12
"""Characters and pieces in which a quotation or bracket of several sentences has to close."""


def sentences(text: str) -> list[str]:
    """The text's sentences in order, without surrounding spaces. Lines part sentences too."""
    found: list[str] = []
    for line in text.splitlines():
        pieces = [
            sentence.replace(_GLUE, " ")
            for piece in razdel.sentenize(_ENGLISH_JOINED.sub(rf"\1{_GLUE}", line))
            for sentence in _ENGLISH_PARTED.split(piece.text.strip())
            if sentence
        ]
        at = 0
        while at < len(pieces):
            end = _end_of_quotation(pieces, at)
            while end < len(pieces) and _DASH.match(pieces[end]):
                end = _end_of_quotation(pieces, end)
            found.append(" ".join(pieces[at:end]))
            at = end
    return found


def _end_of_quotation(pieces: list[str], start: int) -> int:
    """Where the sentence that starts here ends, its quotation or bracket included.

    One that closes nowhere near is a slip of the pen and joins nothing.
    """
    whole = pieces[start]
    for end in range(start + 1, len(pieces) + 1):
        if not is_open(whole):
            return end
        if end == len(pieces) or len(whole) > _LONGEST_OPEN or end - start > _MOST_OPEN:
            break
        whole = f"{whole} {pieces[end]}"
    return start + 1


def is_open(sentence: str) -> bool:
    """Whether a quotation or a bracket that begins in the sentence does not end in it."""
    count = sentence.count
    return (
        count('"') % 2 == 1
        or count("«") > count("»")
        or count("(") > count(")")
        # „German“ and “English”: the first pair's closing sign opens the second.
        or count("„") > count("“") + count("”")
        or count("“") - count("„") > count("”")
    )
