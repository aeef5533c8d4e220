"""Typed forms: what a reader writes after /subscribe and /unsubscribe; see `forms`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.messages.forms import OFF, Fault, Wrong, lookup, words_of
from bot.messages.texts import Texts
from storage import FollowKind, Level, Source, Topic

MAX_WORDS = 100  # characters of followed words


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
class UnfollowAll:
    """`/unsubscribe all`."""


_LEVELS = {
    Level.OFF: (*OFF,),
    Level.DIGEST: ("digest", "дайджест", "вдайджесте"),
    Level.NOW: ("now", "сразу", "срочно"),
    Level.SOUND: ("sound", "loud", "звук", "созвуком", "громко"),
}
_EVERYTHING = ("all", "everything", "все", "всё")
_KINDS = {
    FollowKind.TOPIC: ("topic", "topics", "тема", "тему", "темы", "рубрика", "рубрику"),
    FollowKind.SOURCE: ("source", "sources", "источник", "источники", "сайт"),
    FollowKind.WORDS: ("words", "word", "слова", "слово"),
}


def topic_names(texts: Iterable[Texts]) -> Mapping[str, Topic]:
    """Return the topics by their lower-case names in all languages and by their values."""
    names = {topic.value: topic for topic in Topic}
    for one in texts:
        names |= {one.topic(topic).lower().replace("ё", "е"): topic for topic in Topic}
    return names


def find_topic(name: str, texts: Iterable[Texts]) -> Topic | None:
    """Return the topic of that name in any language."""
    return topic_names(texts).get(" ".join(words_of(name)))


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


def parse_subscribe(
    text: str, texts: Mapping[str, Texts], sources: Sequence[Source]
) -> FollowIntent | Wrong:
    """Return what `/subscribe <text>` asks for: `[kind] what [level]`, or a guess."""
    words = text.split()
    level: Level | None = None
    # The last word is a level only after something to follow: "/subscribe now" follows a word.
    for taken in (2, 1):
        if len(words) > taken and (
            found := lookup(_LEVELS, "".join(words[-taken:]).replace(" ", ""))
        ):
            level, words = found, words[:-taken]
            break
    return _follow(words, level, texts, sources)


def parse_unsubscribe(
    text: str, texts: Mapping[str, Texts], sources: Sequence[Source]
) -> FollowIntent | UnfollowAll | Wrong:
    """Return what `/unsubscribe <text>` asks for: `all`, or `[kind] what`."""
    words = text.split()
    if len(words) == 1 and words_of(text)[0] in _plain(_EVERYTHING):
        return UnfollowAll()
    return _follow(words, Level.OFF, texts, sources)


def _plain(words: Iterable[str]) -> set[str]:
    return {word.replace("ё", "е") for word in words}


def _follow(
    words: Sequence[str],
    level: Level | None,
    texts: Mapping[str, Texts],
    sources: Sequence[Source],
) -> FollowIntent | Wrong:
    kind = lookup(_KINDS, words[0]) if len(words) > 1 else None
    label = " ".join(words[1:] if kind else words)
    if words_of(label) and len(words) == 1 and words_of(label)[0] in _plain(_EVERYTHING):
        return FollowIntent(FollowKind.EVERYTHING, "", "", level)
    if kind in (None, FollowKind.TOPIC):
        if topic := find_topic(label, texts.values()):
            return FollowIntent(FollowKind.TOPIC, topic.value, label, level)
        if kind:
            # Offered in the language of the one who asks: notices name them.
            return Wrong(Fault.TOPIC, label)
    if kind in (None, FollowKind.SOURCE):
        if source := find_source(label, sources, part=kind is FollowKind.SOURCE):
            return FollowIntent(FollowKind.SOURCE, source.domain, source.title, level)
        if kind:
            return Wrong(Fault.SOURCE, label, names_of(sources))
        if _host(label.lower()):
            return Wrong(Fault.ADDRESS, label, names_of(sources))
    if len(label) > MAX_WORDS or not any(char.isalnum() for char in label):
        return Wrong(Fault.WORDS, label, (str(MAX_WORDS),))
    return FollowIntent(FollowKind.WORDS, "", label, level)
