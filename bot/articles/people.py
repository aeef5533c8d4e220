"""Whom an article is about: the full names in it, in the nominative, the most mentioned first.

text ─▶ capitalised words ─▶ full names (Russian: pymorphy3's names, patronymics and surnames that
agree in case and gender; elsewhere a first name of a list and a capitalised word after it)
     ─▶ one person for all forms of a name ─▶ surnames standing alone counted to them ─▶ ranked

A name that is a street's, a ship's or a prize's is left out, and so is a surname without any
first name. A tagger (slovnet with its vectors) finds more, but weighs 200 MB and 10 ms a text
for what only suggests whom to follow: a follow itself matches the reader's own words.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.articles.names import (
    ALSO_THINGS,
    BEARS_A_NAME,
    FIRST_NAMES,
    MORE_MEN,
    MORE_WOMEN,
    NAMED_AFTER,
    OTHER_CYRILLIC,
    PARTICLES,
    SURNAME_FIRST,
    TITLES,
)
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS

MOST_PEOPLE = 8

_READ = 12_000
"""Characters read: whom an article is about it names early."""


_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MIDDLE_INITIAL = re.compile(r"(?<=[^\W\d_]) [A-ZА-ЯЁ]\. (?=[A-ZА-ЯЁ])")


_SURE = 0.3
"""The probability from which a word that can also be a thing («Вера») is a name by itself."""

_FIXED = 0.2
"""What a name without endings («Анне» of Finland) is less likely than one with («Анне»: Анна)."""

_CERTAIN = 0.95
"""The probability from which a form that no dictionary has is a first name («Эммануэлем»)."""

# What a name has in the nominative, what it has here instead, the case.
_MALE_ENDINGS = (
    ("", "", "nomn"),
    ("", "а", "gent"),
    ("", "а", "accs"),
    ("", "у", "datv"),
    ("", "ом", "ablt"),
    ("", "ем", "ablt"),
    ("", "е", "loct"),
    ("ь", "я", "gent"),
    ("ь", "я", "accs"),
    ("ь", "ю", "datv"),
    ("ь", "ем", "ablt"),
    ("ь", "е", "loct"),
)
_FEMALE_ENDINGS = (
    ("", "", ""),
    ("а", "ы", "gent"),
    ("а", "е", "datv"),
    ("а", "у", "accs"),
    ("а", "ой", "ablt"),
    ("а", "е", "loct"),
    ("я", "и", "gent"),
    ("я", "и", "datv"),
    ("я", "ю", "accs"),
    ("я", "ей", "ablt"),
    ("я", "и", "loct"),
)

# Ending, its cases, whether it is a soft stem's: for men, and for women.
_ENDINGS = (
    (
        ("а", ("gent", "accs"), False),
        ("я", ("gent", "accs"), True),
        ("у", ("datv",), False),
        ("ю", ("datv",), True),
        ("ом", ("ablt",), False),
        ("ем", ("ablt",), True),
        ("е", ("loct",), False),
    ),
    (
        ("ы", ("gent",), False),
        ("у", ("accs",), False),
        ("ой", ("ablt", "gent", "datv", "loct"), False),
        ("е", ("datv", "loct"), False),
    ),
)
_VOWELS = "аеёиоуыэюя"
_PART = re.compile(r"(?:^|(?<=[-'’]))[^\W\d_]")
_EAST_ASIAN_CASE = re.compile(r"(?<=[нкгпрл])(?:а|у|ом|е)$")
_MANS_NAME = re.compile(r"(?!Рос|Мин|Глав|Гос|Мос)[А-ЯЁ][а-яё]+[бвгджзйклмнпрстфхцчшщьоиэ]$")
_NO_NAMES = ("VERB", "INFN", "ADVB", "PREP", "CONJ", "PRCL", "NPRO")
_RUSSIAN_SURNAME = re.compile(r"(?:[оеё]в|[иы]н|[сц]кий|енко|ян)$")
_SYLLABLE = 5
"""Letters: a shorter word of an East Asian name is followed by another."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word and what stands between it and the word before."""

    text: str
    start: int
    end: int
    gap: str

    @property
    def capitalised(self) -> bool:
        return self.text[0].isupper() and len(self.text) > 1


@dataclass(frozen=True, slots=True)
class _Mention:
    """A full name found: `first` and `last` are nominative as far as the form tells."""

    first: str
    last: str
    last_form: str
    place: range  # of its tokens
    sure: bool  # the nominative is the dictionary's, or was written so


@dataclass(slots=True)
class _Person:
    mentions: list[_Mention] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    alone: int = 0

    @property
    def name(self) -> str:
        """As most of the sure mentions have it; else the shortest form, which has no ending."""
        sure = Counter(f"{m.first} {m.last}" for m in self.mentions if m.sure)
        if sure:
            return sure.most_common(1)[0][0]
        return min((f"{m.first} {m.last}" for m in self.mentions), key=len)


def people_of(title: str, text: str, language: str, normaliser: Normaliser) -> tuple[str, ...]:
    """The full names in the nominative, the most mentioned first, at most `MOST_PEOPLE`.

    A patronymic or a middle initial is not part of a name. In a language of other letters than
    Russian and Latin, or written in Cyrillic but not Russian, nobody is found.
    """
    if language in OTHER_CYRILLIC:
        return ()
    said = _MIDDLE_INITIAL.sub(" ", f"{title}\n\n{text[:_READ]}")
    tokens = list(_tokens(said))
    find = _Russian(normaliser).mention if language == "ru" else _latin_mention
    people: list[_Person] = []
    taken: set[int] = set()
    for mention in _mentions(tokens, find):
        taken.update(mention.place)
        keys = set(normaliser.tokens(mention.last)) | set(normaliser.tokens(mention.last_form))
        first = normaliser.tokens(mention.first)
        for person in people:
            same_first = first == normaliser.tokens(person.mentions[0].first)
            if same_first and not keys.isdisjoint(person.keys):
                break
        else:
            people.append(person := _Person())
        person.mentions.append(mention)
        person.keys |= keys
    _count_alone(people, tokens, taken, normaliser)
    people.sort(key=lambda person: -(len(person.mentions) + person.alone))
    return tuple(dict.fromkeys(person.name for person in people))[:MOST_PEOPLE]


def _tokens(text: str) -> Iterator[_Token]:
    end = 0
    for match in _WORD.finditer(text):
        yield _Token(match.group(), match.start(), match.end(), text[end : match.start()])
        end = match.end()


def _mentions(
    tokens: Sequence[_Token], find: Callable[[Sequence[_Token], int], _Mention | None]
) -> Iterator[_Mention]:
    place = 0
    while place < len(tokens):
        mention = find(tokens, place) if tokens[place].capitalised else None
        if mention is not None:
            yield mention
        place = mention.place.stop if mention else place + 1


def _count_alone(
    people: Sequence[_Person], tokens: Sequence[_Token], taken: set[int], normaliser: Normaliser
) -> None:
    """Count each surname that stands alone to the person named last before it, else the first."""
    bearers: dict[str, list[_Person]] = {}
    for person in people:
        for key in person.keys:
            bearers.setdefault(key, []).append(person)
    for place, token in enumerate(tokens):
        if place in taken or not token.capitalised:
            continue
        for key in normaliser.tokens(token.text):
            if key in bearers:
                said = [p for p in bearers[key] if p.mentions[0].place.start < place]
                (said or bearers[key])[-1].alone += 1


def _follows(token: _Token) -> bool:
    """Whether a word continues the name that the word before it began."""
    return token.gap in (" ", "\u00a0")


def _last_name(tokens: Sequence[_Token], place: int) -> range:
    """The places of a surname that begins here, particles and all; empty where none does."""
    end = place
    while end < len(tokens) and tokens[end].text in PARTICLES and _follows(tokens[end]):
        end += 1
    if end < len(tokens) and _follows(tokens[end]) and tokens[end].capitalised:
        return range(place, end + 1)
    return range(0)


def _quoted(tokens: Sequence[_Token], place: range) -> bool:
    """Whether quotation marks hold the name and nothing else: a ship, a film."""
    after = tokens[place.stop].gap if place.stop < len(tokens) else ""
    return tokens[place.start].gap.endswith(("«", "“", '"', "„")) and after.startswith(
        ("»", "”", '"', "“")
    )


def _as_name(word: str, written: str) -> str:
    """A word of the dictionary as a name is written, with ё only where the text has it."""
    if "ё" not in written.casefold():
        word = word.replace("ё", "е")
    return _PART.sub(lambda part: part.group().upper(), word)


def _as_written(word: str) -> str:
    return _as_name(word.lower(), word) if word.isupper() else word


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a form as a name; `gender` and `case` are pymorphy3's."""

    nominative: str
    gender: str
    case: str
    score: float


def _agree(first: str, last: str) -> bool:
    return "ms-f" in (first, last) or first == last


class _Russian:
    """Finds full names by the readings of a Russian dictionary."""

    def __init__(self, normaliser: Normaliser) -> None:
        self._normaliser = normaliser

    def mention(self, tokens: Sequence[_Token], place: int) -> _Mention | None:
        """The full name that begins at a place, None where none does."""
        if not _last_name(tokens, place + 1):
            return None
        if place and self._names_a_thing(tokens[place - 1], tokens[place]):
            return None
        token = tokens[place]
        if token.text in SURNAME_FIRST:
            return self._as_it_stands(tokens, place)
        firsts = self._first_names(token.text)
        found = (
            self._name_first(tokens, place, firsts)
            if firsts
            else self._surname_before_name(tokens, place) or self._strange_name(tokens, place)
        )
        return None if found is None or _quoted(tokens, found.place) else found

    def _names_a_thing(self, before: _Token, first: _Token) -> bool:
        if first.gap.strip(" .\u00a0") or not before.text.isalpha():
            return False
        word = before.text.lower()
        return word in NAMED_AFTER or any(
            reading.normal_form in NAMED_AFTER for reading in self._normaliser.readings(word)[:2]
        )

    def _as_it_stands(self, tokens: Sequence[_Token], place: int) -> _Mention | None:
        """An East Asian name: the surname, then one or two words."""
        end = place + 1
        while end < min(place + 3, len(tokens)) and _last_name(tokens, end):
            short = len(tokens[end].text) < _SYLLABLE
            end += 1
            if not short:
                break
        if end == place + 1:
            return None
        first = " ".join(token.text for token in tokens[place : end - 1])
        written = tokens[end - 1].text
        ending = _EAST_ASIAN_CASE.search(written)
        last = written[: ending.start()] if ending else written
        return _Mention(first, last, written, range(place, end), sure=True)

    def _name_first(
        self, tokens: Sequence[_Token], place: int, firsts: Sequence[_Reading]
    ) -> _Mention | None:
        last = _last_name(tokens, place + 1)
        middle = tokens[last.start].text
        if further := _last_name(tokens, last.start + 1):
            if len(last) == 1 and (self._patronymic(middle) or self._first_names(middle)):
                last = further
        elif self._only_patronymic(middle):
            return None
        written = tokens[last.stop - 1].text
        said = self._with_surname(firsts, written)
        if said is None:
            return None
        name, surname, sure = said
        particles = [token.text for token in tokens[last.start : last.stop - 1]]
        return _Mention(
            name, " ".join([*particles, surname]), written, range(place, last.stop), sure=sure
        )

    def _surname_before_name(self, tokens: Sequence[_Token], place: int) -> _Mention | None:
        """«Петров Иван Иванович», as officials write; the patronymic may be absent."""
        last = [reading for reading in self._surnames(tokens[place].text) if reading.score]
        names = _last_name(tokens, place + 1)
        if not last or len(names) != 1:
            return None
        written = tokens[names.start].text
        end = names.stop
        if _last_name(tokens, end):
            if not self._patronymic(tokens[end].text):
                return None
            end += 1
        pairs = [
            (first.score * surname.score, first, surname)
            for first in self._first_names(written)
            for surname in last
            if first.case == surname.case and _agree(first.gender, surname.gender)
        ]
        if not pairs:
            return None
        _, first, surname = max(pairs, key=lambda pair: pair[0])
        return _Mention(
            first.nominative,
            surname.nominative,
            tokens[place].text,
            range(place, end),
            sure=True,
        )

    def _strange_name(self, tokens: Sequence[_Token], place: int) -> _Mention | None:
        """A word that no dictionary has before a man's surname, both in the nominative.

        In other cases, and for women, it might be what the bearer of the surname is the head of:
        «глава Роспотребнадзора Попова».
        """
        first, last = tokens[place].text, _last_name(tokens, place + 1)
        strange = not any(r.is_known for r in self._normaliser.readings(first.lower()))
        if not strange or len(last) > 1 or not _MANS_NAME.match(first):
            return None
        written = tokens[last.start].text
        surnames = [r for r in self._surnames(written) if (r.gender, r.case) == ("masc", "nomn")]
        if not surnames or not _RUSSIAN_SURNAME.search(written):
            return None
        return _Mention(first, surnames[0].nominative, written, range(place, last.stop), sure=True)

    def _first_names(self, written: str) -> list[_Reading]:
        listed = [
            _Reading(nominative, gender, case, 1.0)
            for names, gender, endings in (
                (MORE_MEN, "masc", _MALE_ENDINGS),
                (MORE_WOMEN, "femn", _FEMALE_ENDINGS),
            )
            for of_nominative, ending, case in endings
            if written.endswith(ending)
            and (nominative := written[: len(written) - len(ending)] + of_nominative) in names
        ]
        if listed:
            return listed
        readings = [
            reading
            for reading in self._normaliser.readings(written.lower())
            if "Name" in reading.tag and reading.tag.number == "sing"
        ]
        known = [r for r in readings if r.is_known or r.score > _CERTAIN]
        if not known and "-" in written and self._first_names(written.split("-")[0]):
            known = readings
        inflected = any("Fixd" not in reading.tag for reading in known)
        return [
            _Reading(
                _as_name(reading.normal_form, written),
                str(reading.tag.gender or "ms-f"),
                str(reading.tag.case),
                reading.score * (_FIXED if inflected and "Fixd" in reading.tag else 1),
            )
            for reading in known
        ]

    def _patronymic(self, written: str) -> bool:
        return any("Patr" in reading.tag for reading in self._normaliser.readings(written.lower()))

    def _only_patronymic(self, written: str) -> bool:
        """«Иван Иванович» tells nobody apart; «Роман Абрамович» and «Новак Джокович» do."""
        known = self._normaliser.readings(written.lower())[0].is_known
        return known and self._patronymic(written) and not self._surnames(written)

    def _surnames(self, written: str) -> list[_Reading]:
        """A word's readings as a surname: the dictionary's, names and adjectives among them."""
        found = []
        for reading in self._normaliser.readings(written.lower()):
            tag = reading.tag
            adjective = tag.POS == "ADJF" and "Apro" not in tag
            if tag.number != "sing" or tag.gender == "neut":
                continue
            if not ("Surn" in tag or adjective or ("Name" in tag and reading.is_known)):
                continue
            gender = str(tag.gender or "ms-f")
            wanted = {"nomn", "sing"} | ({gender} if gender != "ms-f" else set())
            nominative = reading.inflect(wanted)
            if nominative is not None:
                word = _as_name(nominative.word, written)
                found.append(_Reading(word, gender, str(tag.case), reading.score))
        return found

    def _with_surname(
        self, firsts: Sequence[_Reading], written: str
    ) -> tuple[str, str, bool] | None:
        """First name and surname in the nominative, and whether the dictionary knows both."""
        pairs = [
            (first.score * surname.score, first, surname)
            for first in firsts
            for surname in self._surnames(written)
            if first.case in (surname.case, "") and _agree(first.gender, surname.gender)
        ]
        if pairs:
            _, first, last = max(pairs, key=lambda pair: pair[0])
            return first.nominative, last.nominative, True
        readings = self._normaliser.readings(written.lower())
        known = [reading for reading in readings if reading.is_known]
        if known and all(
            reading.tag.POS in _NO_NAMES or "Geox" in reading.tag or "Orgn" in reading.tag
            for reading in known
        ):
            return None
        if any("Surn" in reading.tag and reading.tag.number == "sing" for reading in known):
            return None  # a surname that does not agree is another person's
        first = max(firsts, key=lambda reading: reading.score)
        if sum(reading.score for reading in firsts) < _SURE:
            return None
        cases = {reading.case for reading in firsts}
        surname = _without_ending(_as_written(written), first.gender, cases)
        return first.nominative, surname, cases == {"nomn"}


def _without_ending(surname: str, gender: str, cases: set[str]) -> str:
    """The nominative of a surname that no dictionary has, by the cases of its first name."""
    if cases & {"nomn", ""}:
        return surname
    for ending, of_cases, soft in _ENDINGS[gender == "femn"]:
        if not cases.isdisjoint(of_cases) and surname.endswith(ending):
            stem = surname.removesuffix(ending)
            if gender == "femn":
                return stem + "а"
            if not soft:
                return stem if stem[-1:] not in _VOWELS else surname
            return stem + ("й" if stem[-1:] in _VOWELS else "ь")
    return surname


def _latin_mention(tokens: Sequence[_Token], place: int) -> _Mention | None:
    """A first name of the list and a capitalised word after it; a title vouches for others."""
    first = tokens[place].text
    listed = FIRST_NAMES.issuperset(first.split("-"))
    if not listed and not (place and tokens[place - 1].text.lower() in TITLES):
        return None
    last = _last_name(tokens, place + 1)
    if not last:
        return None
    further = _last_name(tokens, last.stop)
    middle = tokens[last.start].text in FIRST_NAMES
    if further and (middle or _alone(tokens, further) > _alone(tokens, last)):
        last = further
    place_of_all = range(place, last.stop)
    surname = _without_possessive(tokens[last.stop - 1].text)
    after = tokens[last.stop] if last.stop < len(tokens) else None
    bears = after is not None and _follows(after) and after.text.lower() in BEARS_A_NAME
    if bears or surname.lower() in BEARS_A_NAME | STOP_WORDS or _quoted(tokens, place_of_all):
        return None
    if not listed or first in ALSO_THINGS:
        common = any(token.text == surname.lower() for token in tokens)
        if common or not _alone(tokens, last):
            return None
    particles = [token.text for token in tokens[last.start : last.stop - 1]]
    said = " ".join([*particles, _as_written(surname)])
    return _Mention(_as_written(first), said, surname, place_of_all, sure=True)


def _alone(tokens: Sequence[_Token], last: range) -> int:
    """How often a surname stands elsewhere in the text."""
    surname = _without_possessive(tokens[last.stop - 1].text)
    return sum(_without_possessive(token.text) == surname for token in tokens) - 1


def _without_possessive(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s")
