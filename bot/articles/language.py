"""Which language a text is in: the publisher's word, unless the letters deny it.

Letters alone part the scripts and, by letters that only one of them uses, the Cyrillic languages
that news come in. Latin ones are taken as declared, English where nothing is.
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
_READ = 2000
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
        return declared if declared and declared not in foreign else "en"
    return declared
