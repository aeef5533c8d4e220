"""What a reader asks a search for: words, and the operators among them.

    "точная фраза"  -слово  -"фраза"  источник:…  тема:…,…  после:22.11  до:вчера

Names of operators belong to the catalogues, and all languages are understood at once. A value is
the word after the colon, or as many as name something; a minus before an operator turns it round.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, auto

from bot.messages.days import is_to_come, plain, read_day, said_as
from bot.messages.follow_forms import find_source, find_topic
from bot.messages.texts import Texts
from storage import Source, Topic

MAX_QUERY = 300
"""Characters of a query that are read: more is a text, not a question."""

_PIECE = re.compile(
    r"(?P<minus>(?<!\S)[-−–](?=\S))?"
    r"(?:\"(?P<straight>[^\"]*)\"|«(?P<angled>[^»]*)»|[“„](?P<curly>[^”“]*)[”“]"
    r"|(?P<bare>[^\s\"«“„]+))"
)
_QUOTED = ("straight", "angled", "curly")
_VALUE_WORDS = 4  # of a name that is not quoted


class Operator(Enum):
    """What stands before a colon."""

    SOURCE = auto()
    TOPIC = auto()
    AFTER = auto()
    BEFORE = auto()


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. `words` are the plain ones, as written.

    News of the day `after` belong to it, those of the day `before` do not. Topics and sources
    (by id) are any of those named.
    """

    words: str = ""
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    sources: tuple[int, ...] = ()
    not_topics: tuple[Topic, ...] = ()
    not_sources: tuple[int, ...] = ()
    after: date | None = None
    before: date | None = None

    @property
    def limits(self) -> bool:
        """Whether a topic, source or time is asked for."""
        limits = (self.topics, self.sources, self.not_topics, self.not_sources)
        return any(limits) or bool(self.after or self.before)

    @property
    def followable(self) -> str:
        """The words that can be followed: a phrase where one is quoted; "" for operators alone."""
        return self.phrases[0] if self.phrases else self.words


@dataclass(frozen=True, slots=True)
class WrongOperator:
    """An operator whose value names nothing; with BEFORE and no `given`, days that leave none."""

    operator: Operator
    given: str


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    quoted: bool
    minus: bool


@dataclass(slots=True)
class _Reading:
    """A query while it is read."""

    texts: Collection[Texts]
    sources: Sequence[Source]
    today: date
    words: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    topics: dict[bool, list[Topic]] = field(default_factory=lambda: {True: [], False: []})
    sources_named: dict[bool, list[int]] = field(default_factory=lambda: {True: [], False: []})
    after: list[date] = field(default_factory=list)
    before: list[date] = field(default_factory=list)

    def _sources_of(self, value: str) -> list[Source | None]:
        return [find_source(name, self.sources, part=True) for name in _listed(value)]

    def take(self, operator: Operator, minus: bool, value: str) -> bool:
        """Take an operator's value; returns whether it names something."""
        match operator:
            case Operator.TOPIC:
                topics = [find_topic(name, self.texts) for name in _listed(value)]
                known = [topic for topic in topics if topic is not None]
                if len(known) == len(topics):
                    self.topics[minus] += known
                return len(known) == len(topics)
            case Operator.SOURCE:
                whole = find_source(value, self.sources, part=True)  # a name may have a comma
                found = [whole] if whole else self._sources_of(value)
                ids = [source.id for source in found if source is not None]
                if len(ids) == len(found):
                    self.sources_named[minus] += ids
                return len(ids) == len(found)
            case _:
                day = read_day(value, self.today, self.texts)
                # What is not after a day is before it.
                later = (operator is Operator.AFTER) is not minus
                if day:
                    (self.after if later else self.before).append(day)
                # All news is from before a day to come.
                return day is not None or (not later and is_to_come(value, self.today, self.texts))


def _listed(value: str) -> list[str]:
    """«политика,спорт» names two."""
    return [name for name in map(str.strip, value.split(",")) if name] or [value]


def parse(
    text: str, texts: Collection[Texts], sources: Sequence[Source], today: date
) -> Query | WrongOperator:
    """Return what a query asks for; `sources` are those that the reader may name."""
    pieces = [
        _Piece(
            next((match[name] for name in _QUOTED if match[name] is not None), match["bare"] or ""),
            match["bare"] is None,
            bool(match["minus"]),
        )
        for match in _PIECE.finditer(text[:MAX_QUERY])
    ]
    names = operator_names(texts)
    reading = _Reading(texts, sources, today)
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        at += 1
        name, colon, value = piece.text.partition(":")
        operator = names.get(plain(name)) if colon and not piece.quoted else None
        if operator is None:
            _take_words(reading, piece)
            continue
        taken = _take_value(reading, operator, piece.minus, value, pieces[at:])
        if taken is None:
            given = value or (pieces[at].text if at < len(pieces) else "")
            return WrongOperator(operator, given)
        at += taken
    return _query(reading)


def operator_names(texts: Collection[Texts]) -> Mapping[str, Operator]:
    """Return the operators by what they are called in all languages."""
    names: dict[str, Operator] = {}
    for one in texts:
        for operator, said in (
            (Operator.SOURCE, one.pgettext("typed", "source site")),
            (Operator.TOPIC, one.pgettext("typed", "topic")),
            (Operator.AFTER, one.pgettext("typed", "after since")),
            (Operator.BEFORE, one.pgettext("typed", "before until")),
        ):
            names |= dict.fromkeys(said_as(said), operator)
    return names


def operator_name(operator: Operator, texts: Texts) -> str:
    """Return what an operator is called in a language."""
    said: dict[Operator, Callable[[], str]] = {
        Operator.SOURCE: lambda: texts.pgettext("typed", "source site"),
        Operator.TOPIC: lambda: texts.pgettext("typed", "topic"),
        Operator.AFTER: lambda: texts.pgettext("typed", "after since"),
        Operator.BEFORE: lambda: texts.pgettext("typed", "before until"),
    }
    return said[operator]().split()[0]


def _take_words(reading: _Reading, piece: _Piece) -> None:
    if piece.minus:
        reading.without.append(piece.text)
    elif piece.quoted:
        reading.phrases.append(piece.text)
    else:
        reading.words.append(piece.text)


def _take_value(
    reading: _Reading,
    operator: Operator,
    minus: bool,
    value: str,
    following: Sequence[_Piece],
) -> int | None:
    """Take an operator's value; returns how many of the following pieces it has, or None."""
    if not value and following and following[0].quoted:
        return 1 if reading.take(operator, minus, following[0].text) else None
    bare: list[str] = []
    for piece in following[: _VALUE_WORDS - bool(value)]:
        if piece.quoted or piece.minus or ":" in piece.text:
            break
        bare.append(piece.text)
    for taken in range(len(bare), -1, -1):
        named = " ".join((*([value] if value else []), *bare[:taken])).rstrip(",;")
        if named and reading.take(operator, minus, named):
            return taken
    return None


def _query(reading: _Reading) -> Query | WrongOperator:
    after = max(reading.after, default=None)
    before = min(reading.before, default=None)
    if after and before and after == before:
        before += timedelta(days=1)  # the day itself must be meant
    if after and before and after > before:
        return WrongOperator(Operator.BEFORE, "")
    return Query(
        words=" ".join(reading.words),
        phrases=tuple(reading.phrases),
        without=tuple(reading.without),
        topics=tuple(dict.fromkeys(reading.topics[False])),
        sources=tuple(dict.fromkeys(reading.sources_named[False])),
        not_topics=tuple(dict.fromkeys(reading.topics[True])),
        not_sources=tuple(dict.fromkeys(reading.sources_named[True])),
        after=after,
        before=before,
    )
