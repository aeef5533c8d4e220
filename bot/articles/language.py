"""Which language a text is in: the publisher's word, unless the letters deny it.

Letters alone part the scripts and, by letters that only one of them uses, the Cyrillic languages
that news come in. Latin ones are told by their commonest words; where these are too few, the
publisher's word is taken, and English where there is none.
"""

import re

_CYRILLIC = re.compile(r"[Ѐ-ӿ]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_IN_CYRILLIC = "ru uk be bg sr mk kk ky tg mn tt ba cv os ab uz"
_IN_OTHER_SCRIPTS = "ar he fa ur el hy ka zh ja ko th hi bn ta te ml kn gu pa am km"
_CYRILLIC_LANGUAGES = frozenset(_IN_CYRILLIC.split())
_OTHER_SCRIPTS = frozenset(_IN_OTHER_SCRIPTS.split())
_OWN_LETTERS = (
    ("be", re.compile("[ўЎ]")),
    ("kk", re.compile("[әғқңұһӘҒҚҢҰҺ]")),
    ("uk", re.compile("[іїєґІЇЄҐ]")),
    ("sr", re.compile("[ђћџљњјЂЋЏЉЊЈ]")),
    ("ru", re.compile("[ыэёЫЭЁ]")),
    ("bg", re.compile("[ъЪ]")),
)
_COMMON_WORDS = {
    "en": "the of and to in is that for was with on it",
    "de": "der die und das ist nicht mit von den ein auf für",
    "fr": "le les des et est une dans pour que qui sur du",
    "es": "el los las que del una por con para se en su",
    "pt": "os que do da em um uma não com para no dos",
    "it": "il di che per una con del della non sono gli è",
    "pl": "i w na się nie że jest z do to od przez",
    "nl": "het een van en de is dat niet op te zijn voor",
    "tr": "ve bir bu için ile olarak çok olan daha gibi kadar",
    "id": "yang dan di dari untuk dengan ini itu pada tidak",
}
_WORD = re.compile(r"[^\W\d_]+")
_READ = 2000
_FEW_WORDS = 3
_ENOUGH = 0.004
"""A foreign name or quotation brings fewer of another language's own letters than this."""


def language_of(declared: str, title: str, text: str) -> str:
    """The ISO 639-1 code of the text's language, "" where nothing tells it.

    `declared` is the publisher's word for it, "" where there is none.
    """
    sample = f"{title} {text}"[:_READ]
    cyrillic, latin = len(_CYRILLIC.findall(sample)), len(_LATIN.findall(sample))
    letters = sum(map(str.isalpha, sample))
    if cyrillic * 2 > letters:
        own = [(name, len(pattern.findall(sample))) for name, pattern in _OWN_LETTERS]
        found = next((name for name, count in own if count > _ENOUGH * cyrillic), "")
        if declared in _CYRILLIC_LANGUAGES and (not found or declared not in dict(own)):
            return declared
        return found or (declared if declared in _CYRILLIC_LANGUAGES else "ru")
    if latin * 2 > letters:
        foreign = _CYRILLIC_LANGUAGES | _OTHER_SCRIPTS
        return _by_words(sample, declared if declared not in foreign else "")
    return declared


def _by_words(sample: str, declared: str) -> str:
    words = _WORD.findall(sample.casefold())
    counts = {
        name: sum(map(frozenset(common.split()).__contains__, words))
        for name, common in _COMMON_WORDS.items()
    }
    likeliest = max(counts, key=lambda name: (counts[name], name == "en"))
    sure = counts[likeliest] > max(_FEW_WORDS, 1.5 * counts.get(declared, 0))
    # A language that the table lacks cannot be outvoted by its neighbours' words.
    if sure and (declared in counts or not declared):
        return likeliest
    return declared or (likeliest if counts[likeliest] else "en")
