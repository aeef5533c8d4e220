"""What an article speaks of, in a few words: names first, then the rarest things of its headline.

They are shown as a dictionary has them («Камчатка», not «на Камчатке»), so that a reader can pick
one to hide. A word that half of the news has would hide half of the news.
"""

from bot.articles.rarity import usual
from bot.words.normaliser import Normaliser, fold
from bot.words.stopwords import STOP_WORDS
from storage import Article

MOST = 4
_PEOPLE = 2
_SHORTEST = 4  # letters
_TELLING = 3.0  # a rarity: «мост» is about as common as may be
_THINGS = frozenset({"NOUN", None})  # parts of speech; None: none is known, as of a Latin word


def mentioned(article: Article, normaliser: Normaliser) -> list[str]:
    """At most four names and words of an article, as they may be shown and followed."""
    found = {normaliser.phrase(name): name for name in article.people[:_PEOPLE]}
    known = {token for phrase in found for token in phrase.split()}
    title = article.title
    words = [
        word
        for word in normaliser.words(title)
        if word.token not in STOP_WORDS
        and word.token not in known
        and not any(char.isdigit() for char in word.token)
        and len(word.token) >= _SHORTEST
        and usual(word.token) >= _TELLING
    ]
    for word in sorted(words, key=lambda word: -usual(word.token)):
        shown = _in_dictionary(title[word.start : word.end], word.start, normaliser)
        if shown and len(found) < MOST:
            found.setdefault(word.token, shown)
    found.pop("", None)
    return list(found.values())


def _in_dictionary(word: str, start: int, normaliser: Normaliser) -> str:
    """A word's first form, with its capital unless it only begins the headline; "" of no thing."""
    if fold(word).isascii():
        return word
    reading = normaliser.readings(word)[0]
    if reading.tag.POS not in _THINGS:
        return ""
    form = str(reading.normal_form)
    name = "Name" in reading.tag or "Surn" in reading.tag or "Geox" in reading.tag
    return form.capitalize() if name or (start and word[:1].isupper()) else form
