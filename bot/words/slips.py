"""What a reader may have meant: the other keyboard layout, Latin letters for Russian, slips.

Pure: whoever asks knows which words there are. Layouts and letters turn a word as it was typed
into words; slips are looked for among the index's terms, since both sides are normalised.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import product

from rapidfuzz import process
from rapidfuzz.distance import OSA

_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_RUSSIAN = dict(zip(_LATIN_KEYS, _RUSSIAN_KEYS, strict=True)) | {
    "{": "х", "}": "ъ", ":": "ж", '"': "э", "<": "б", ">": "ю", "~": "ё",
}  # fmt: skip
_TO_LATIN = dict(zip(_RUSSIAN_KEYS, _LATIN_KEYS, strict=True))
_ENDING_MARKS = ".,;:!?…"
_LATIN = re.compile(r"[a-z'’`]+")
_LATIN_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюя"

# The longest first. Where letters can stand for several, the likelier comes first.
_SOUNDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("shch", ("щ",)), ("iya", ("ия",)), ("sch", ("щ", "ш")), ("zh", ("ж",)), ("kh", ("х",)),
    ("ts", ("ц", "тс")),
    ("tz", ("ц",)), ("ch", ("ч", "х")), ("sh", ("ш",)), ("yu", ("ю",)), ("ju", ("ю",)),
    ("iu", ("ю", "иу")), ("ya", ("я", "ья")), ("ja", ("я",)), ("ia", ("ия", "я")), ("yo", ("ё",)),
    ("jo", ("ё",)), ("ye", ("е",)), ("iy", ("ий",)), ("yi", ("ый",)), ("ck", ("к",)),
    ("ph", ("ф",)), ("a", ("а",)), ("b", ("б",)), ("c", ("к", "ц")), ("d", ("д",)),
    ("e", ("е", "э")), ("f", ("ф",)), ("g", ("г",)), ("h", ("х",)), ("i", ("и", "ы")),
    ("j", ("й", "дж")), ("k", ("к",)), ("l", ("л", "ль")), ("m", ("м",)), ("n", ("н", "нь")),
    ("o", ("о",)), ("p", ("п",)), ("q", ("к",)), ("r", ("р", "рь")), ("s", ("с", "сь")),
    ("t", ("т", "ть")), ("u", ("у",)), ("v", ("в",)), ("w", ("в", "у")), ("x", ("кс",)),
    ("y", ("ы", "й")), ("z", ("з",)), ("'", ("ь", "")), ("’", ("ь", "")), ("`", ("ь", "")),
)  # fmt: skip
_ENDINGS = (("skiy", "ский"), ("skij", "ский"), ("skii", "ский"), ("sky", "ский"), ("ski", "ский"),
            ("aya", "ая"), ("yy", "ый"), ("iy", "ий"), ("ij", "ий"), ("oy", "ой"), ("ey", "ей"),
            ("ay", "ай"), ("uy", "уй"), ("y", "ий"))  # fmt: skip
_SPELLINGS = 24  # in Russian letters that a Latin word is tried in
_ENDING = 4  # letters at most of a form's ending, which its term has not
_MOST = 2  # slips in a word
_SHORT, _LONG = 4, 7  # letters of a term from which one, and two, of them may be wrong


def other_layout(typed: str) -> list[str]:
    """The words that the same keys give in the other layout: «ghbdtn» привет, «екгьз» trump."""
    typed = typed.lower()
    found = []
    # A mark at the end is a mark, or one of the Russian letters that share its key.
    for word in dict.fromkeys((typed.rstrip(_ENDING_MARKS), typed)):
        for keys in (_TO_RUSSIAN, _TO_LATIN):
            if word and all(char in keys for char in word):
                turned = "".join(keys[char] for char in word)
                if any(map(str.isalpha, turned)) and any(map(str.isalnum, word)):
                    found.append(turned)
    return found


def in_russian_letters(typed: str) -> list[str]:
    """A Latin word's likely Russian spellings, the likeliest first: «moskva» москва."""
    word = typed.lower().strip(_ENDING_MARKS + '"()«»')
    if not _LATIN.fullmatch(word) or len(word) < 2:
        return []
    beginnings = [(word, "")]
    beginnings += [
        (word[: -len(ending)], russian)
        for ending, russian in _ENDINGS
        if word.endswith(ending) and len(word) > len(ending)
    ]
    found: dict[str, int] = {}
    for beginning, end in beginnings:
        sounds = _sounds(beginning)
        # Only a word's last letters are soft without a sign, and few are not what they seem.
        choices = [
            (*range(len(options)),)
            if at == len(sounds) - 1 and not end
            else (*(n for n, option in enumerate(options) if not option.endswith("ь") or n == 0),)
            for at, options in enumerate(sounds)
        ]
        unlikely = [at for at, options in enumerate(choices) if len(options) > 1][-6:]
        for picked in product(*(choices[at] for at in unlikely)):
            turned = dict(zip(unlikely, picked, strict=True))
            spelt = "".join(options[turned.get(at, 0)] for at, options in enumerate(sounds))
            likely = sum(picked) + (2 if word.endswith("y") and not end else 0)
            found.setdefault(spelt + end, likely)
    return sorted(found, key=found.__getitem__)[:_SPELLINGS]


def _sounds(word: str) -> list[tuple[str, ...]]:
    sounds = []
    at = 0
    while at < len(word):
        for letters, options in _SOUNDS:
            if word.startswith(letters, at):
                sounds.append(options)
                at += len(letters)
                break
    return sounds


def slips_allowed(term: str) -> int:
    """How many letters of an indexed term may be wrong: none of a short one's or a number's."""
    if len(term) < _SHORT or any(map(str.isdigit, term)):
        return 0
    return 1 if len(term) < _LONG else _MOST


def edits(term: str) -> list[str]:
    """All terms one slip away: a letter missing, added, wrong, or two that changed places."""
    letters = _LATIN_LETTERS if term.isascii() else _RUSSIAN_LETTERS
    places = range(len(term) + 1)
    found = {term[:at] + term[at + 1 :] for at in places[:-1]}
    found |= {term[:at] + term[at + 1] + term[at] + term[at + 2 :] for at in places[:-2]}
    found |= {term[:at] + letter + term[at + 1 :] for at in places[:-1] for letter in letters}
    found |= {term[:at] + letter + term[at:] for at in places for letter in letters}
    return sorted(found - {term, ""})


def nearest(typed: str, term: str, known: Iterable[str]) -> list[tuple[tuple[int, int], list[str]]]:
    """The indexed terms that a word may be a slip of, the nearest first.

    Those that are as near are together, under how many slips and letters of an ending part them.

    `typed` is the word, folded, and `term` its token. A mistyped word's token tells little, since
    no dictionary has it: so its beginnings are compared too, the rest being an ending.
    """
    choices = list(known)
    compared = [(term, 0)]
    compared += [
        (typed[: len(typed) - ending], ending)
        for ending in range(_ENDING + 1)
        if len(typed) - ending >= _SHORT - 1
    ]
    nearness: dict[str, tuple[int, int]] = {}
    for beginning, ending in compared:
        for one, apart, _ in process.extract(
            beginning, choices, scorer=OSA.distance, score_cutoff=_MOST, limit=None
        ):
            if one != term and apart <= slips_allowed(one):
                nearness[one] = min((int(apart), ending), nearness.get(one, (_MOST, _ENDING)))
    near: dict[tuple[int, int], list[str]] = {}
    for one, apart_by in nearness.items():
        near.setdefault(apart_by, []).append(one)
    return sorted(near.items())


def closest_form(typed: str, forms: Sequence[str]) -> str:
    """Which of a word's forms is written most like what was typed."""
    return min(forms, key=lambda form: (OSA.distance(typed.lower(), form), len(form), form))
