"""How long a text takes to read, from its words: an honest minute or two, never a promise.

Adults read prose silently at 238 words a minute in English (Brysbaert 2019, 190 studies) and at
about 184 in Russian, whose words are longer (Trauzettel-Klosinski and Dietz 2012); news on a
telephone is read a little slower.
"""

_WORDS_A_MINUTE = {"ru": 180, "uk": 180, "be": 180, "bg": 180}
_OTHERS = 220


def reading_minutes(words: int, language: str) -> int:
    """Whole minutes, rounded to the nearest, at least 1; `language` is an ISO 639-1 code or ""."""
    pace = _WORDS_A_MINUTE.get(language, _OTHERS)
    return max(1, (2 * words + pace) // (2 * pace))
