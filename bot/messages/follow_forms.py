"""Typed forms of follows and mutes: what a reader writes after /subscribe, /unsubscribe, /mute,
/unmute. The words that may be typed stand in the catalogues, and those of all languages will do.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from bot.messages.callbacks import FollowScreen
from bot.messages.forms import Fault, Wrong
from bot.messages.texts import Texts
from storage import FollowKind, Level, Source, Topic

_Key = TypeVar("_Key")

MAX_WORDS = 100  # characters of followed words
MAX_DAYS = 365
THIRTY = "30"  # a bare number of days that is no part of words: «формула 1» is
_QUOTES = str.maketrans("", "", '"«»“”„‟')
_TAIL = 4  # words of the longest level: "at once with sound"


@dataclass(frozen=True, slots=True)
class FollowIntent:
    """What to follow, or to follow no more (`level` off).

    `key` is a topic's value, a source's domain, "" for everything; of words it is "" too, since
    only the normaliser can make it of `label`, which is as the reader wrote it. `level` None:
    whatever is usual for the kind.
    """

    kind: FollowKind
    key: str
    label: str
    level: Level | None


@dataclass(frozen=True, slots=True)
class MuteIntent:
    """What to hide for `days`, 0 for ever; or to show again. `key` as of a `FollowIntent`."""

    kind: FollowKind
    key: str
    label: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class UnfollowAll:
    """`/unsubscribe all`."""


@dataclass(frozen=True, slots=True)
class UnmuteAll:
    """`/unmute all`."""


@dataclass(frozen=True, slots=True)
class _What:
    """What a form is about, before it is followed or hidden."""

    kind: FollowKind
    key: str
    label: str


# ---------------------------------------------------------------- the words of the forms


def _levels(texts: Texts) -> Mapping[Level, str]:
    pgettext = texts.pgettext
    return {
        Level.OFF: pgettext("typed", "off no none"),
        Level.DIGEST: pgettext("typed", "digest in_digest in_the_digest"),
        Level.NOW: pgettext("typed", "now at_once immediately"),
        Level.SOUND: pgettext("typed", "sound with_sound at_once_with_sound loud"),
    }


def _kinds(texts: Texts) -> Mapping[FollowKind, str]:
    pgettext = texts.pgettext
    return {
        FollowKind.TOPIC: pgettext("typed", "topic topics"),
        FollowKind.SOURCE: pgettext("typed", "source sources site"),
        FollowKind.WORDS: pgettext("typed", "words word"),
        FollowKind.STORY: pgettext("typed", "story stories"),
    }


def _everything(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "all everything")}


def _for_ever(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "forever for_ever always")}


def _days(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "days day d")}


def _for(texts: Texts) -> Mapping[bool, str]:
    return {True: texts.pgettext("typed", "for")}


def _plain(text: str) -> str:
    return "_".join(text.lower().replace("ё", "е").split())


def _meant(
    words: Sequence[str],
    table: Callable[[Texts], Mapping[_Key, str]],
    texts: Iterable[Texts],
) -> _Key | None:
    """Return what these words are called for in any language."""
    typed = _plain(" ".join(words)).strip(".,!")
    for one in texts:
        for key, forms in table(one).items():
            if typed in map(_plain, forms.split()):
                return key
    return None


def topic_names(texts: Iterable[Texts]) -> Mapping[str, Topic]:
    """Return the topics by their lower-case names in all languages and by their values."""
    names = {topic.value: topic for topic in Topic}
    for one in texts:
        names |= {_plain(one.topic(topic)): topic for topic in Topic}
    return names


def find_topic(name: str, texts: Iterable[Texts]) -> Topic | None:
    """Return the topic of that name in any language."""
    return topic_names(texts).get(_plain(name))


def find_source(name: str, sources: Sequence[Source], *, part: bool) -> Source | None:
    """Return the source that a domain, an address or a title names.

    With `part`, whole words of a title will do where no other title has them.
    """
    plain = " ".join(name.lower().split())
    host = _host(plain) or plain
    for source in sources:
        domain = source.domain.lower()
        if host == domain or host.endswith("." + domain) or plain == source.title.lower():
            return source
    if not part or not plain:
        return None
    words = re.compile(rf"\b{re.escape(plain)}\b")
    named = [source for source in sources if words.search(source.title.lower())]
    return named[0] if len(named) == 1 else None


def names_of(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return what a reader may call the sources: the titles that lists show."""
    return tuple(one.title or one.domain for one in sources[:20])


def _host(text: str) -> str:
    """Return the host of something that looks like an address, else ""."""
    if " " in text or "." not in text.strip("."):
        return ""
    try:
        host = urlsplit(text if "://" in text else f"https://{text}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.") if "." in host else ""


# ---------------------------------------------------------------- the forms


def parse_subscribe(
    text: str, texts: Mapping[str, Texts], sources: Sequence[Source]
) -> FollowIntent | FollowScreen | Wrong:
    """Return what `/subscribe <text>` asks for: `[kind] what [level]`, a guess, or a screen."""
    words, spoken = text.split(), list(texts.values())
    if len(words) == 1 and (kind := _meant(words, _kinds, spoken)):
        return _SCREENS[kind]
    level, words = _level(words, spoken)
    what = _what(words, texts, sources, level_missing=level is None)
    if isinstance(what, Wrong):
        return what
    if what.kind is FollowKind.STORY:
        return FollowScreen.STORIES
    return FollowIntent(what.kind, what.key, what.label, level)


def words_of(text: str, texts: Mapping[str, Texts]) -> FollowIntent | Wrong:
    """Return what an answer to "which words?" asks for: words, and maybe how they come."""
    words = text.split()
    level, words = _level(words, list(texts.values()))
    what = _words(" ".join(words))
    if isinstance(what, Wrong):
        return what
    return FollowIntent(what.kind, what.key, what.label, level)


def hidden_words_of(text: str, texts: Mapping[str, Texts]) -> MuteIntent | Wrong:
    """Return what an answer to "which words are not to come?" asks for, and for how long."""
    words = text.split()
    days, taken = _term(words, list(texts.values()))
    what = _words(" ".join(words[: len(words) - taken]))
    return what if isinstance(what, Wrong) else MuteIntent(what.kind, what.key, what.label, days)


def _level(words: Sequence[str], texts: Sequence[Texts]) -> tuple[Level | None, list[str]]:
    """Return the level that the last words say, and the words before them.

    They are one only after something to follow: "/subscribe now" follows a word.
    """
    for taken in range(min(_TAIL, len(words) - 1), 0, -1):
        if found := _meant(words[-taken:], _levels, texts):
            return found, list(words[:-taken])
    return None, list(words)


_SCREENS = {
    FollowKind.TOPIC: FollowScreen.TOPICS,
    FollowKind.SOURCE: FollowScreen.SOURCES,
    FollowKind.WORDS: FollowScreen.WORDS,
    FollowKind.STORY: FollowScreen.STORIES,
}


def parse_unsubscribe(
    text: str, texts: Mapping[str, Texts], sources: Sequence[Source]
) -> FollowIntent | FollowScreen | UnfollowAll | Wrong:
    """Return what `/unsubscribe <text>` asks for: `all`, `[kind] what`, or a screen."""
    words, spoken = text.split(), list(texts.values())
    if _meant(words, _everything, spoken):
        return UnfollowAll()
    if len(words) == 1 and (kind := _meant(words, _kinds, spoken)):
        return _SCREENS[kind]
    what = _what(words, texts, sources)
    if isinstance(what, Wrong):
        return what
    if what.kind is FollowKind.STORY:
        return FollowScreen.STORIES
    return FollowIntent(what.kind, what.key, what.label, Level.OFF)


def parse_mute(
    text: str, texts: Mapping[str, Texts], sources: Sequence[Source]
) -> MuteIntent | Wrong:
    """Return what `/mute <text>` asks for: `[kind] what [30 | 30 days | forever]`."""
    words, spoken = text.split(), list(texts.values())
    days, taken = _term(words, spoken)
    what = _what(words[: len(words) - taken], texts, sources)
    if isinstance(what, Wrong):
        return what
    if what.kind in (FollowKind.EVERYTHING, FollowKind.STORY):
        return Wrong(Fault.WORDS, text, (str(MAX_WORDS),))
    return MuteIntent(what.kind, what.key, what.label, days)


def parse_unmute(
    text: str, texts: Mapping[str, Texts], sources: Sequence[Source]
) -> MuteIntent | UnmuteAll | Wrong:
    """Return what `/unmute <text>` asks for: `all`, or `[kind] what`."""
    words, spoken = text.split(), list(texts.values())
    if _meant(words, _everything, spoken):
        return UnmuteAll()
    what = _what(words, texts, sources)
    return what if isinstance(what, Wrong) else MuteIntent(what.kind, what.key, what.label)


def _term(words: Sequence[str], texts: Sequence[Texts]) -> tuple[int, int]:
    """Return for how many days (0: for ever), and how many of the last words say so."""
    for taken in (2, 1):
        if len(words) > taken and _meant(words[-taken:], _for_ever, texts):
            return 0, taken
    counted = 0
    numbered = len(words) > 2 and _number(words[-2]) > 0
    if numbered and _meant(words[-1:], _days, texts):
        counted = 2
    elif len(words) > 1 and words[-1] == THIRTY:
        counted = 1
    if not counted:
        return 0, 0
    days = _number(words[-counted])
    if len(words) > counted + 1 and _meant(words[-counted - 1 : -counted], _for, texts):
        counted += 1
    return days, counted


def _number(word: str) -> int:
    """Return a number of days, 0 where it is none."""
    days = int(word) if word.isascii() and word.isdigit() and len(word) <= 3 else 0
    return days if days <= MAX_DAYS else 0


def _what(
    words: Sequence[str],
    texts: Mapping[str, Texts],
    sources: Sequence[Source],
    *,
    level_missing: bool = False,
) -> _What | Wrong:
    spoken = list(texts.values())
    if _meant(words, _everything, spoken):
        return _What(FollowKind.EVERYTHING, "", "")
    kind = _meant(words[:1], _kinds, spoken) if len(words) > 1 else None
    label = _plainly(" ".join(words[1:] if kind else words))
    if kind is FollowKind.STORY:
        return _What(kind, "", label)
    if kind in (None, FollowKind.TOPIC):
        if topic := find_topic(label, spoken):
            return _What(FollowKind.TOPIC, topic.value, label)
        if kind:
            return _unknown(Fault.TOPIC, label, (), texts, sources, level_missing=level_missing)
    if kind in (None, FollowKind.SOURCE):
        if source := find_source(label, sources, part=kind is FollowKind.SOURCE):
            return _What(FollowKind.SOURCE, source.domain, source.title)
        if kind:
            return _unknown(
                Fault.SOURCE, label, names_of(sources), texts, sources, level_missing=level_missing
            )
        if _host(label.lower()):
            return Wrong(Fault.ADDRESS, label, names_of(sources))
    return _words(label)


def _words(text: str) -> _What | Wrong:
    label = _plainly(text)
    if len(label) > MAX_WORDS or not any(char.isalnum() for char in label):
        return Wrong(Fault.WORDS, label, (str(MAX_WORDS),))
    return _What(FollowKind.WORDS, "", label)


def whole_words(text: str) -> str:
    """As many whole words as may be followed: half a word would stand in no article."""
    words = _plainly(text)
    if len(words) <= MAX_WORDS:
        return words
    return words[: MAX_WORDS + 1].rpartition(" ")[0] or words[:MAX_WORDS]


def _plainly(text: str) -> str:
    """The text without quotation marks: they say nothing here, and a stray one would stay."""
    return " ".join(text.translate(_QUOTES).split()).strip("'’ ")


def _unknown(
    fault: Fault,
    label: str,
    values: tuple[str, ...],
    texts: Mapping[str, Texts],
    sources: Sequence[Source],
    *,
    level_missing: bool,
) -> Wrong:
    """Say that there is no such topic or source; where all but the last word is: no such level."""
    rest, _space, last = label.rpartition(" ")
    named = (
        find_topic(rest, texts.values())
        if fault is Fault.TOPIC
        else find_source(rest, sources, part=True)
    )
    if level_missing and rest and named:
        return Wrong(Fault.LEVEL, last)
    return Wrong(fault, label, values)
