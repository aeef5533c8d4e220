"""Which of the product's topics an article belongs to.

rubrics ─▶ the publisher's own word, where the table knows it
url     ─▶ else the section in the address, if it says what and not only where
words   ─▶ else a classifier: every word that it knows votes, a rare one louder, a title's thrice;
           OTHER where too few words are known, or the likeliest topic is not likely enough

The classifier is a logistic regression on averaged word vectors. Such a model is linear in the
words, so that all of it is one row of scores a word: the table in `weights/topics.bin` gives the
verdict that the vectors gave, by look-ups, in a third of a millisecond. `tests/training/topics.py`
makes it and tells of the data and licences behind it. The words are the normaliser's tokens, so
that one row serves all the forms of a Russian word.
"""

import json
import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from math import exp, log1p
from urllib.parse import urlsplit

from storage import Topic

_RUBRICS: Mapping[Topic, str] = {
    Topic.SPORT: """спорт футбол хоккей теннис баскетбол волейбол гандбол биатлон бокс фигурное лыжи
        единоборств мма гимнастик плавание шахмат автоспорт мотоспорт формула-1 киберспорт олимпи
        чемпионат рпл кхл нхл нба sport football soccer hockey tennis basketball baseball nba nfl
        nhl mlb ncaa wwe ufc cricket rugby golf racing motorsport autosport
        formula-1 f1 boxing mma olympic athletics swimming cycling snooker chess esports
        premier-league champions-league""",
    Topic.ECONOMY: """эконом бизнес финанс деньг рынк рынок банк биржа компани недвижимост ипотек
        промышлен энергетик нефт инвестиц налог крипто криптовалют ритейл агро апк тариф бюджет
        работа карьер вакансии economy economic business financ money market stocks compan industr
        invest banking bank crypto retail trade energy oil earnings wall-street taxes jobs career
        real-estate realestate property""",
    Topic.POLITICS: """политик выборы власть кремл армия оборон госдум дума сенат парламент санкци
        правительств дипломат politic elections election government parliament congress senate
        white-house whitehouse westminster brexit impeachment campaign diplomacy army defence
        defense military""",
    Topic.WORLD: """мир миров в-мире за-рубежом зарубеж международн ближнее-зарубежье бывший-ссср
        ближний-восток иностран снг украин белорус европ азия америк world international global
        foreign europe asia asia-pacific africa middle-east mideast latin-america americas china
        india ukraine usa""",
    Topic.INCIDENTS: """происшеств криминал чп чрезвычайн дтп авари преступлен правопорядок суд суды
        силовые силовые-структуры катастроф пожар crime incident accident police court disaster
        emergenc""",
    Topic.CULTURE: """культур кино музык театр книг искусств шоу-бизнес шоубиз шоу светск звезд
        знаменитост сериал телевид развлечен афиша литератур выставк концерт фестивал аниме комикс
        игры видеоигр гейминг culture art arts entertainment film movie music theatre theater books
        book celebrit celebs hollywood bollywood k-pop tv tv-radio television showbiz anime comics
        games gaming video-games""",
    Topic.SCIENCE: """наук научн космос космическ астроном физик биолог математик археолог
        палеонтолог эколог scien space environment climate physics biolog astronom archaeolog
        paleontolog research""",
    Topic.TECHNOLOGY: """технолог hi-tech хайтек техник интернет гаджет смартфон софт нейросет робот
        кибербезопасн стартап телеком it айти ии искусственн авто авторын автомобил
        автоновост транспорт связь digital цифров tech gadget internet software smartphone
        phones apps computer mobile android iphone cyber robot startup auto automotive motoring
        cars car ai artificial-intelligence""",
    Topic.LIFE: """жизнь стиль здоров медицин еда кухня кулинар рецепт путешеств туризм отдых досуг
        отпуск мода красот психолог семья дети отношения дом дача сад гороскоп астролог лайфстайл
        образ-жизни женщин мать-и-дитя питомц животны погод диет фитнес полезн life lifestyle health
        medicine wellbeing food recipe cooking dining travel fashion style beauty parent family
        relationship home garden horoscope pets wellness fitness weather""",
    Topic.SOCIETY: """обществ социум социальн образован школ регион город москва петербург
        россия в-россии в-стране религи право закон жкх молодеж экспертн мнени колумн автор
        society social education schools region local national nation city moscow russia
        religion law opinion community uk us us-news""",
}  # fmt: skip

_NEIGHBOURS = (Topic.SOCIETY, Topic.POLITICS, Topic.WORLD, Topic.INCIDENTS)
"""Neighbours that readers themselves tell apart badly: weighed together against the others, and
only then against each other."""

_SAYS_WHERE = (Topic.SOCIETY, Topic.WORLD)
"""Sections of an address that hold all that happens somewhere: a match abroad, a city's concert.
Without this rule sections are right in .79 of the practice articles, and words in .91 of them."""

_NO_SECTIONS = ("home", "it")
_HYPHENS = 3
"""More of them are in a headline, not in a section's name."""

TITLE_WEIGHT = 3
WORDS_READ = 1600
"""Words read of a text."""

_LIKELY = 0.3
"""The likeliest topic's probability from which it is told. Of real articles one in two hundred
stays below; from 0.5 on, one in sixteen would, and right verdicts would go as often as wrong."""

_FEW_WORDS = 1.3
"""Rare words that a verdict needs, each counted by its rarity; «Итоги дня» has fewer. A headline
alone is told right four times out of five, with thirty words of text seven times out of eight."""

_DATE_OR_FILE = re.compile(r"\d|\.")


@dataclass(frozen=True, slots=True)
class TopicTable:
    """A row of scores for each word: `scores` holds len(topics) numbers a word, in units of `unit`.

    `rarity` weighs each word, in units of 1/255. `bias` is what a text without words scores.
    """

    topics: tuple[Topic, ...]
    bias: tuple[float, ...]
    unit: float
    rows: Mapping[str, int]
    rarity: bytes
    scores: Sequence[int]

    @classmethod
    def read(cls, data: bytes) -> "TopicTable":
        """The table that `write` packed. Raises ValueError where it is none."""
        try:
            head, words, numbers = zlib.decompress(data).split(b"\0", 2)
            said = json.loads(head)
        except (ValueError, zlib.error) as error:
            raise ValueError("not a table of topics: train it anew") from error
        rows = {word: row for row, word in enumerate(words.decode().split("\n"))}
        return cls(
            topics=tuple(map(Topic, said["topics"])),
            bias=tuple(said["bias"]),
            unit=said["unit"],
            rows=rows,
            rarity=numbers[: len(rows)],
            scores=array("b", numbers[len(rows) :]),
        )

    def write(self) -> bytes:
        """The table packed, for `read`."""
        head = {"topics": self.topics, "bias": self.bias, "unit": self.unit}
        words = "\n".join(self.rows).encode()
        numbers = self.rarity + array("b", self.scores).tobytes()
        return zlib.compress(b"\0".join((json.dumps(head).encode(), words, numbers)), 9)

    def weigh(self, title: Sequence[str], text: Sequence[str]) -> tuple[dict[Topic, float], float]:
        """Each topic's probability, and how many rare words they were told from."""
        counts = Counter(text[:WORDS_READ])
        for word in title:
            counts[word] += TITLE_WEIGHT
        many = len(self.topics)
        sums, loudness, known = [0.0] * many, 0.0, 0.0
        for word, count in counts.items():
            row = self.rows.get(word)
            if row is None:
                continue
            rarity = self.rarity[row] / 255
            known += rarity
            loud = rarity * log1p(count)
            loudness += loud
            scores = self.scores[row * many : row * many + many]
            sums = [total + loud * score for total, score in zip(sums, scores, strict=True)]
        factor = self.unit / loudness if loudness else 0.0
        logits = [bias + factor * total for bias, total in zip(self.bias, sums, strict=True)]
        highest = max(logits)
        odds = [exp(logit - highest) for logit in logits]
        whole = sum(odds)
        return {t: odd / whole for t, odd in zip(self.topics, odds, strict=True)}, known

    def topic_of(self, title: Sequence[str], text: Sequence[str]) -> Topic:
        """The likeliest topic of a text's tokens; OTHER where nothing is likely."""
        likely, known = self.weigh(title, text)
        if known < _FEW_WORDS:
            return Topic.OTHER
        together = sum(likely[topic] for topic in _NEIGHBOURS)
        best, chance = max(
            ((topic, p) for topic, p in likely.items() if topic not in _NEIGHBOURS),
            key=lambda pair: pair[1],
        )
        if together > chance:
            best, chance = max(_NEIGHBOURS, key=lambda topic: likely[topic]), together
        return best if chance >= _LIKELY else Topic.OTHER


class Topics:
    """The tables: rubrics compiled once, words read at the first need."""

    def __init__(self) -> None:
        self._rubrics = _families(_RUBRICS)

    @cached_property
    def _table(self) -> TopicTable:
        return TopicTable.read(files("bot.articles").joinpath("weights/topics.bin").read_bytes())

    def topic_of(self, rubrics: Iterable[str], url: str, title: str, text: str) -> Topic:
        """The article's topic.

        `rubrics` are the publisher's categories, the best first; `title` and `text` are normalised
        as for the search index: tokens with spaces between them.
        """
        for rubric in rubrics:
            if (topic := self._by_rubric(rubric)) is not None:
                return topic
        section = self._by_section(url)
        if section is not None and section not in _SAYS_WHERE:
            return section
        told = self._table.topic_of(title.split(), text.split())
        near = told in _NEIGHBOURS or told is Topic.OTHER
        return section if section is not None and near else told

    def _by_section(self, url: str) -> Topic | None:
        """The topic of the first section in the address that the table knows."""
        for section in urlsplit(url).path.split("/")[:-1]:
            name = section.replace("_", "-")
            if _DATE_OR_FILE.search(name) or name.count("-") > _HYPHENS or name in _NO_SECTIONS:
                continue
            if (topic := self._by_rubric(name)) is not None:
                return topic
        return None

    def _by_rubric(self, rubric: str) -> Topic | None:
        name = re.sub(r"[\s/&,|]+", "-", rubric.casefold().replace("ё", "е").strip())
        if len(name) > 60:
            return None
        # The first word that the table knows names the rubric: «Шоу-бизнес» is no business.
        found = [
            (match.start(), -match.end(), topic)
            for topic, pattern in self._rubrics
            if (match := pattern.search(name))
        ]
        return min(found)[2] if found else None


def _families(table: Mapping[Topic, str]) -> list[tuple[Topic, re.Pattern[str]]]:
    """One pattern a topic: its words at a word's start; those under four letters are whole."""
    families = []
    for topic, words in table.items():
        prefixes = sorted(
            {re.escape(word) + (r"(?![^\W_])" if len(word) < 4 else "") for word in words.split()},
            key=len,
            reverse=True,
        )
        families.append((topic, re.compile(rf"(?<![^\W_])(?:{'|'.join(prefixes)})")))
    return families
