"""Which news agencies, papers and channels an article cites.

A name from the lexicon counts where somebody cites it: a cue stands close to it on the right side
(«сообщает ТАСС», «ТАСС сообщает», "told Reuters"), or it is the wire's own mark («(Reuters) —»,
«/ТАСС/»). A name alone, or one that belongs to a thing («здание ТАСС»), is news about the agency.
Names that follow one another in a list share the cue.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from bot.articles.sentences import sentences

_SOURCES = {
    "ТАСС": r"(?:ИТАР-)?ТАСС",
    "РИА Новости": r"РИА\s?«?Новост(?:и|ей|ям|ями|ях)»?|РИАН\b|«РИА\sНовости»",
    "Интерфакс": r"«?Интерфакс\w{0,2}»?|Interfax",
    "РБК": r"РБК",
    "Коммерсантъ": r"[«\"]?Коммерсант(?:ъ|у|а|ом|е)?[»\"]?(?:\sFM)?|Kommersant",
    "Ведомости": r"[«\"]Ведомост\w+[»\"]",
    "Известия": r"[«\"]Извести\w+[»\"]",
    "Газета.Ru": r"[«\"]?Газет\w\.\s?[Rr]u[»\"]?|Gazeta\.[Rr]u",
    "Российская газета": r"[«\"]?Российск\w{2,3}\sгазет\w{1,2}[»\"]?",
    "Новая газета": r"[«\"]Нов\w{2,3}\sгазет\w{1,2}[»\"]",
    "Парламентская газета": r"[«\"]?Парламентск\w{2,3}\sгазет\w{1,2}[»\"]?",
    "Комсомольская правда": r"[«\"]?Комсомольск\w{2,3}\sправд\w{1,2}[»\"]?",
    "Московский комсомолец": r"[«\"]?Московск\w{2,3}\sкомсомол\w{2,4}[»\"]?|[«\"]МК[»\"]|МК\.ру",
    "Аргументы и факты": r"[«\"]?Аргумент\w+\sи\sфакт\w+[»\"]?|[«\"]?АиФ[»\"]?",
    "Независимая газета": r"[«\"]?Независим\w{2,3}\sгазет\w{1,2}[»\"]?",
    "Lenta.ru": r"[«\"]?Лент\w\.ру[»\"]?|Lenta\.ru",
    "RT": r"RT\b",
    "Фонтанка": r"[«\"]?Фонтанк\w{1,2}(?:\.ру)?[»\"]?",
    "Life": r"Life(?:\.ru|News)?(?=[\s,.]|$)",
    "Медуза": r"[«\"]Медуз\w{1,2}[»\"]",
    "Росбалт": r"[«\"]?Росбалт\w{0,2}[»\"]?",
    "Регнум": r"[«\"]?Регнум[»\"]?|REGNUM",
    "URA.RU": r"URA\.R[Uu]|[«\"]?Ура\.ру[»\"]?",
    "НСН": r"НСН",
    "Вести": r"[«\"]Вест(?:и|ей|ям|ями)(?:\.[Rr]u|\sFM)?[»\"]",
    "Россия 24": r"[«\"]?Росси\w[\s-]24[»\"]?",
    "НТВ": r"НТВ",
    "Первый канал": r"Перв\w{2,3}\sканал\w{0,2}",
    "Звезда": r"[«\"]Звезд\w{1,2}[»\"]",
    "Взгляд": r"[«\"]Взгляд\w{0,2}[»\"]",
    "Эхо Москвы": r"[«\"]?Эх\w{1,2}\sМосквы[»\"]?",
    "Говорит Москва": r"[«\"]Говорит\sМосква[»\"]",
    "Москва 24": r"[«\"]?Москв\w\s24[»\"]?",
    "Матч ТВ": r"[«\"]?Матч\sТВ[»\"]?",
    "Спорт-Экспресс": r"[«\"]?Спорт-[Ээ]кспресс\w{0,2}[»\"]?",
    "Чемпионат": r"[«\"]Чемпионат\w{0,2}[»\"]",
    "Mash": r"[«\"]?Mash[»\"]?",
    "Baza": r"[«\"]?Baza[»\"]?",
    "Shot": r"[«\"]?(?:SHOT|Shot)[»\"]?(?=[\s,.]|$)",
    "112": r"[«\"]112[»\"]",
    "Подъём": r"[«\"]Подъ[её]м[»\"]",
    "БелТА": r"[«\"]?Бел[Тт][Аа][»\"]?",
    "УНИАН": r"УНИАН",
    "Укринформ": r"[«\"]?Укринформ\w{0,2}[»\"]?",
    "Синьхуа": r"[«\"]?Синьхуа[»\"]?|Xinhua",
    "Reuters": r"Reuters|[«\"]?Рейтер(?:с|з)?[»\"]?",
    "Associated Press": r"Associated\sPress|AP\b(?!-)|Ассошиэйтед\sПресс",
    "AFP": r"AFP\b|Agence\sFrance-Presse|[«\"]?Франс\s?Пресс[»\"]?|АФП",
    "Bloomberg": r"Bloomberg(?!\sTower)|[«\"]?Блумберг\w{0,2}[»\"]?",
    "BBC": r"BBC(?:\sNews)?\b|[«\"]?Би-[Бб]и-[Сс]и[»\"]?",
    "CNN": r"CNN\b",
    "Fox News": r"Fox\sNews",
    "NBC News": r"NBC(?:\sNews)?\b",
    "CBS News": r"CBS(?:\sNews)?\b",
    "ABC News": r"ABC\sNews",
    "CNBC": r"CNBC",
    "Sky News": r"Sky\sNews",
    "Euronews": r"[Ee]uronews|[«\"]?Евроньюс[»\"]?",
    "Deutsche Welle": r"Deutsche\sWelle|[«\"]?Немецк\w{2,3}\sволн\w{1,2}[»\"]?",
    "The New York Times": r"(?:The\s)?New\sYork\sTimes|NYT\b",
    "The Washington Post": r"(?:The\s)?Washington\sPost",
    "The Wall Street Journal": r"(?:The\s)?Wall\sStreet\sJournal|WSJ\b",
    "Los Angeles Times": r"(?:The\s)?Los\sAngeles\sTimes|L\.A\.\sTimes",
    "USA Today": r"USA\sToday",
    "The Guardian": r"(?:The\s)?Guardian\b(?!\sAngel)",
    "The Times": r"(?<!York\s)(?<!Financial\s)(?<!Angeles\s)The\sTimes(?!\sof)",
    "The Telegraph": r"(?:The\s|Daily\s)Telegraph",
    "The Sun": r"The\sSun(?=[\s,.]|$)",
    "The Independent": r"The\sIndependent",
    "The Economist": r"The\sEconomist",
    "Financial Times": r"Financial\sTimes|FT\b",
    "Politico": r"Politico\b",
    "Axios": r"Axios\b",
    "Newsweek": r"Newsweek",
    "Forbes": r"Forbes|[«\"]Форбс[»\"]",
    "Business Insider": r"Business\sInsider",
    "The Verge": r"The\sVerge",
    "TechCrunch": r"TechCrunch",
    "Variety": r"Variety\b(?!\s(?:of|show))",
    "Al Jazeera": r"Al[\s-]Jazeera|[«\"]?Аль-Джазир\w{1,2}[»\"]?",
    "Daily Mail": r"(?:The\s)?Daily\sMail",
    "Der Spiegel": r"(?:Der\s)?Spiegel\b",
    "Bild": r"Bild\b",
    "Die Welt": r"Die\sWelt",
    "Le Monde": r"Le\sMonde\b",
    "Le Figaro": r"Le\sFigaro",
    "El País": r"El\sPa[ií]s",
    "Corriere della Sera": r"Corriere\sdella\sSera",
    "L’Équipe": r"L[’'][ÉE]quipe",
    "Marca": r"Marca\b",
    "DPA": r"\bdpa\b|DPA\b",
    "ANSA": r"ANSA\b",
    "NHK": r"NHK\b",
    "Nikkei": r"Nikkei",
    "Kyodo": r"Kyodo|[«\"]?Киодо[»\"]?",
    "Yonhap": r"Yonhap|[«\"]?Р[её]нхап[»\"]?",
    "South China Morning Post": r"South\sChina\sMorning\sPost|SCMP\b",
    "Global Times": r"Global\sTimes",
    "Anadolu": r"Anadolu|[«\"]?Анадолу[»\"]?",
    "PTI": r"PTI\b|Press\sTrust\sof\sIndia",
}

# «сообщает», «сообщили в беседе с», «со ссылкой на», "told", "according to": then the name.
_TELLS = r"""(?:сообщ|переда[вёелю]|пишет|пишут|писал|написал|рассказ|заяв|отмеча|отметил|цитиру
    |уточн|узнал|сказал|поясн|напомин|выясн|информиру|опублик|публику|подтверд|опроверг|объясн
    |приводит|приводят|утвержда|подч[её]рк|призна[лю]|добав|прокоммент|поделил|ответил|говорит|говорил)\w*"""
_CUE_BEFORE = re.compile(
    rf"""\b(?:{_TELLS}
    |со\sссылкой\sна|ссыла\w+\sна|сославши\w+\sна
    |п[ор]\s(?:данным|информации|сведениям|сообщени\w+|словам|версии|подсч[её]там|мнению)
    |согласно\s(?:сообщени\w+|данным|информации|публикации|материал\w*|отч[её]ту)
    |(?:судя\sпо|в)\s(?:публикаци\w+|материал\w*|стать\w+)
    |(?:интервью|беседе|разговоре|эфире|комментари\w+|сообщени[еия]|цитат\w*)
    |источник\w*|собеседник\w*|корреспондент(?:у|ам|ы)?|обозревател[ьюи]|слова\sкоторо\w+
    |according\sto|told|telling|tells|cit(?:es|ed|ing)|quot(?:ed|ing)\sby|report(?:ed|s)?\s(?:by|from|in|to)
    |interviews?\s(?:with|to|on|for)|via|(?:speaking|spoke|speaks|statement|confirmed|confirms)\s(?:to|with|on)
    |(?:obtained|seen|reviewed)\sby|inputs\sfrom
    |(?:said|reports|reported|says|wrote|writes)(?:\sthe)?
    |(?:источник|source|по\sматериалам|материал)\s?[:—–-])
    (?!\w)(?P<gap>[^,.!?;:()]{{0,60}})$""",
    re.IGNORECASE | re.VERBOSE,
)
# … and the name first. Of Russian verbs only those that nothing but a paper does to news.
_CUE_AFTER = re.compile(
    r"""[»”\"]?(?P<gap>[^,.!?;:()—–]{0,30}?)(?:
    ,?\s(?:со\sссылкой|ссыла\w+|цитируя|сославшись|citing|quoting)
    |\s(?:сообща|сообщил|переда[ёе]т|переда[лю]|пиш[еу]т|(?:на)?писал|рассказал|отмеча|отметил
    |(?:про)?цитиру|процитировал|уточня|уточнил|узнал|выясн|информиру|опублик|публику|приводит
    |приводят|утвержда|напомина|поясн|заявля|стало\sизвестно)\w*
    |\s(?:(?:has|had|have|first|also|previously|earlier|exclusively)\s){0,2}(?:reported|reports
    |report|said|says|wrote|writes|cites|cited|quoted|quotes|learned|revealed|understands
    |published)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
# What is about the name and not from it: «о покупке РБК», «здание ТАСС», "CNN affiliate".
_ABOUT_IN_GAP = re.compile(
    r"""(?<![\w-])(?:о|об|обо|про|против|для|из-за|среди|у|about|of|against|at|affiliate|anchor|host
    |journalists?|reporters?|editor\w*|chief|owner|staff|executives?|spokes\w+|studios?|offices?
    |headquarters|viewers?|readers?|with|was|were)(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_AND = re.compile(r"\s(?:и|а|но|and|but)(?=\s|$)", re.IGNORECASE)
_BELONGS = re.compile(
    r"""(?<!\w)(?:директор|глав|главред|редактор|основател|владел|собственник|совладел|акционер|акци|офис|здани
    |штаб-квартир|сотрудник|журналист|репортер|репорт[её]р|фотограф|оператор|ведущ|телеведущ|бывш
    |редакци|пресс-служб|представител|юрист|сайт\sпроекта|сери[ял]|сериал|компани|бренд|при[зя]|преми
    |owner|chief|editor|director|offices?|shares|founder|host|journalists?|reporters?|CEO|staff)\w*
    \s(?:(?:of|at|for|from|with)\s)?(?:the\s)?(?:агентств\w*|газет\w*|телеканал\w*|канал\w*|издани\w*
    |холдинг\w*)?\s?[«“\"]?$""",
    re.IGNORECASE | re.VERBOSE,
)
_MARK_BEFORE = re.compile(r"(?:\(|/|(?:^|\s)[—–-]\s?[«“\"]?)$")
_MARK_AFTER = re.compile(r"(?:\)\s?(?:[—–-]|\.?$)|/|[»”\"]?\.?$|\.(?=[А-ЯЁ]))")
_CREDIT = re.compile(r"contributed\sto\sth(?:is|e)\s(?:report|story|article)", re.IGNORECASE)
_DATELINE = re.compile(r",\s\d{1,2}\s[а-яё]{3,8}\b|,\s[A-Z][a-z]{2,8}\.?\s\d{1,2}\b")
_LISTED = re.compile(
    r"""[»”\"]?(?:,|\sи|,?\sа\sтакже|,?\sand|\sor|\sили)\s
    (?:агентств\w+\s|газет\w+\s|издани\w+\s|телеканал\w*\s|the\s)?[«“\"]?""",
    re.IGNORECASE | re.VERBOSE,
)

_READ = 40_000
"""Characters looked at: no article's sources come later."""

_MOST = 20
"""Names of one sentence that are judged."""

_REACH = 90
"""Characters around a name in which its cue stands."""


class _Mention(NamedTuple):
    """A name's place in a sentence."""

    start: int
    end: int
    name: str


class Citations:
    """The lexicon, compiled once."""

    def __init__(self) -> None:
        self._names = dict(zip((f"n{at}" for at in range(len(_SOURCES))), _SOURCES, strict=True))
        patterns = (f"(?P<{group}>{_SOURCES[name]})" for group, name in self._names.items())
        self._any = re.compile(rf"(?<![\w-])(?:{'|'.join(patterns)})(?![\w-])")

    def cited(self, text: str, own: Iterable[str] = ()) -> tuple[str, ...]:
        """The sources cited in the text, each once, in the text's order.

        `own` are names of the publisher itself, which cites nobody when it names itself.
        """
        if not self._any.search(text[:_READ]):
            return ()
        skipped = {name.casefold() for name in own}
        found: dict[str, None] = {}
        for sentence in sentences(text[:_READ]):
            if mentions := list(islice(self._mentions(sentence), _MOST)):
                names = (mention.name for mention in _cited(sentence, mentions))
                found |= dict.fromkeys(name for name in names if name.casefold() not in skipped)
        return tuple(found)

    def _mentions(self, sentence: str) -> Iterator[_Mention]:
        """The names in a sentence, in order."""
        for match in self._any.finditer(sentence):
            assert match.lastgroup is not None  # noqa: S101  # every alternative is a group
            yield _Mention(match.start(), match.end(), self._names[match.lastgroup])


def _cited(sentence: str, mentions: list[_Mention]) -> list[_Mention]:
    """The mentions that somebody cites; one in a list with a cited one is cited too."""
    verdicts = [_is_cited(sentence, mention) for mention in mentions]
    for order in (range(1, len(mentions)), range(len(mentions) - 1, 0, -1)):
        for at in order:
            between = sentence[mentions[at - 1].end : mentions[at].start]
            if _LISTED.fullmatch(between):
                verdicts[at - 1] = verdicts[at] = verdicts[at - 1] or verdicts[at]
    return [mention for mention, verdict in zip(mentions, verdicts, strict=True) if verdict]


def _is_cited(sentence: str, mention: _Mention) -> bool:
    before = sentence[max(0, mention.start - _REACH) : mention.start]
    after = sentence[mention.end : mention.end + _REACH]
    if _MARK_BEFORE.search(before) and _MARK_AFTER.match(after):
        return True
    if not before.strip('«"“ ') and _DATELINE.match(after):
        return True
    if _CREDIT.search(sentence):
        return True
    if _BELONGS.search(before):
        return False
    cue = _CUE_BEFORE.search(before)
    while cue:
        if not _ABOUT_IN_GAP.search(cue["gap"]):
            return True
        cue = _CUE_BEFORE.search(before, cue.start() + 1)
    cue = _CUE_AFTER.match(after)
    return bool(cue and not _ABOUT_IN_GAP.search(cue["gap"]) and not _AND.search(cue["gap"]))
