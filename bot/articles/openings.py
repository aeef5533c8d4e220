"""Whether a sentence can be read alone: a summary must not begin with «он сообщил об этом».

A sentence leans on the one before it where its first clause points back (a pronoun for its
subject, «этот», «при этом», "however") or where somebody unnamed speaks («добавил он»). A fragment
(a half of a quotation, an item of a list, a heading) is no sentence at all. Both are told by their
words alone, in Russian and English; of other languages only fragments are known.
"""

import re

from bot.articles.sentences import is_open

_SPEAKS = r"""(?:сказал|сообщил|заявил|отметил|добавил|подчеркнул|уточнил|пояснил|рассказал|считает
    |объяснил|заметил|признал(?:ся)?|написал|заключил|уверен|напомнил|предположил|говорит|отмечает
    |подытожил|утверждает|продолжил|ответил|призвал|пишет|сетует|полагает|указал|поделился
    |резюмировал|вспоминает|посетовал|пообещал|передал|добавляет|подчёркивает|подчеркивает
    |рассказывает|поясняет|объясняет|уточняет)[аи]?(?:сь)?"""

# «В этом году» is told of the reader's own time.
_NOT_NOW = r"""(?!\s(?:год|недел|месяц|весн|лет|осен|зим|сезон|раз\b|утр|вечер|ноч|дн[её]м
    |понедельник|вторник|сред|четверг|пятниц|суббот|воскресен))"""

_NOW = (
    r"(?!\s(?:year|month|week|weekend|morning|afternoon|evening|spring|summer|autumn|fall|winter))"
)

_POINTS_BACK = re.compile(
    rf"""[«“"(\s]{{0,3}}(?:
    # who or what: the sentence's subject is another sentence's
      (?:он|она|оно|они|его|е[её]|их|ему|ей|им|ими|(?:тот|та|те)(?!,\sк)|оба|обе
        |последн(?:ий|яя|ие)(?=\s\w+л[аи]?\b)|остальн(?:ые|ых|ым)|друг(?:ие|ой|ая|их)|перв(?:ый|ая)\sиз\sних|один\sиз\sних)\b(?!-)
    | (?:[а-яё]+\s){{0,1}}(?:него|не[её]|них|нему|ней|ним|ними|н[её]м)\b
    | (?:по|с|из|судя\sпо)\s(?:его|е[её]|их)\s
    | (?:[а-яё]+\s){{0,2}}(?:эт(?:о|от|а|и|ого|ому|им|ой|у|ом|их|ими){_NOT_NOW}
        |так(?:ой|ая|ое|ие|им|их|ого|ому|ую|ими)|данн(?:ый|ая|ое|ого|ой|ому|ую)
        |указанн\w+|упомянут\w+|вышеупомянут\w+)\b(?!-)
    | (?:в|на|к|с|до|от|из|для|при|без|за|о|об|около|помимо|кроме|более|после|между|вместе\sс|из-за
        |благодаря|согласно|вследствие)\s(?:того|тому|тем|том|той|тех)\b
    | (?:\S+\s){{1,3}}(?:также|тоже|also|too)\b
    # how it goes on from there
    | (?:однако|но|а|и|или|да|зато|также|тоже|ещ[её]|впрочем|поэтому|потому|следовательно|итак
        |например|наконец|напротив|наоборот|кстати|затем|потом|вскоре|иначе|правда(?=,)|причем|прич[её]м
        |притом|тогда|там|тут|здесь|туда|оттуда|отсюда|так|столь|именно|вдобавок|тем|словом
        |действительно|аналогичн\w+|позже|позднее|ранее|во-(?:первых|вторых)|в-(?:третьих|четвертых)
        |далее|впоследствии|одновременно|поначалу|сначала|параллельно|соответственно
        |чуть\s(?:позже|ранее)|напомним|отметим|добавим|уточним)\b(?![-.])
    | (?:кроме|более|помимо)\sтого | тем\s(?:не\sменее|временем|самым|более) | в\sчастности
    | в\s(?:то\sже|это\sже|тот\sже|свою\sочередь)\b | к\sпримеру | таким\sобразом
    | в\s(?:результате|итоге)(?:,|\s(?:\w+л(?:[аои]|ся|[аио]сь)?|погиб)\b)
    | с\sдругой\sстороны | с\sодной\sстороны | дело\sв\sтом | к\s(?:слову|тому\sже)
    | по\s(?:словам|мнению|данным|сведениям)\s(?:эксперта|собеседник\w*|источник\w*|издани\w+|газеты
        |агентства|политика|чиновника|спикера|актрисы|актёра|артист\w+|специалист\w*)\b
        (?!\s(?:«|(?-i:[A-ZА-ЯЁ])))
    # somebody unnamed says, or it is said of what was told before
    | (?:как\s)?{_SPEAKS}\s(?!в\b|во\b|на\b|журналист|агентств|глава|президент|министр|премьер
        |губернатор|представитель|«|(?-i:[A-ZА-ЯЁ]))
    | (?:как\s)?(?:уточня|отмеча|поясня|добавля|подч[её]ркива|напомина|указыва)ется\b
    # a life told without its name
    | (?:родил(?:ся|ась)|учил(?:ся|ась)|работал[аи]?|служил[аи]?|жил[аи]?)\s(?:в|на|с|у|над)\b
    | (?:окончил[аи]?|женат|замужем)\b
    # English
    | (?:he|she|they|it|its|his|her|their|theirs|him|them|this{_NOW}|that|these
        |those|such|both(?!(?:\s\S+){{1,3}}\sand\s)|another
        |the\s(?:latter|former|two|pair|duo|move|decision|latest|same|others?|rest))\b(?!\s?[-’'])
    | (?:in|on|at|for|from|by|with|to|of|after|before|despite|during|under|as|because\sof|since
        |according\sto)\s(?:him|her|them|it|this{_NOW}|that|these|those|such|his|their)\b
    | (?:it|he|she|they|that)[’'](?:s|d|ll|ve|re)\b
    | (?:but|and|or|so|yet|nor|however|meanwhile|moreover|also|then|still|instead|nevertheless
        |nonetheless|therefore|thus|hence|besides|additionally|furthermore|otherwise|likewise
        |similarly|consequently|afterwards?|later|elsewhere|indeed|here|plus|too|overall
        |in\s(?:addition|contrast|turn|fact|response|other\swords|particular)|for\s(?:example
        |instance)|as\sa\sresult|on\sthe\s(?:other\shand|contrary)|at\sthe\ssame\stime
        |as\swell|even\s(?:so|then)|after\sall|among\sthem)\b(?!-)
    )""",
    re.IGNORECASE | re.VERBOSE,
)

# «В понедельник он …»: a first clause whose subject is a pronoun.
_FIRST_CLAUSE = re.compile(
    r"(?:(?:on|in|at|by|last|earlier|after|в|во|на|после|по|с|к|за)\s[^,]{1,30},\s)?[^,;:—–«“\"(]*",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:он|она|оно|они|he|she|they)\b(?!-)|\b(?:у|для|о|об|при|к|с|от|за|из|на|в)\s"
    r"(?:н(?:его|е[её]|их|ему|им|ими|[её]м)|ней)\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(
    rf"""\b{_SPEAKS}\s(?:он|она|они)\b
    | [,”"’—–-]\s?(?:he|she|they|it|I)\s(?:also\s)?(?:said|added|told|says|explained|noted|wrote
        |continued|asked|replied|recalled|insisted|concluded|argued|stressed)\b
    | [,”"’—–-]\s?(?:said|added|says)\s(?:he|she|they)(?=[.,;]|$)
    | \bпо\s(?:его|е[её]|их)\s(?:словам|мнению|данным)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_FRAGMENT = re.compile(r"[\s]*(?:[—–\-•*·,;:.…»”)\]/|]|\.\.\.|\d{1,2}[.)]\s)")
_DATELINE = re.compile(r"[A-ZА-ЯЁ][^.!?]{2,40},\s\d{1,2}\s[а-яё]{3,8}\.?(?:\s[—–/-].{0,50})?$")
_WORD = re.compile(r"[^\W_]+")
_ENDED = re.compile(r"[.!?…][»”\"')\]]*$")
_QUOTED = re.compile(r"[«“\"]([^«»“”\"]*)(?:[»”\"]|$)")
_SPEECH = re.compile(r"[«“\"][^»”\"]{0,600}(?:[»”\"],\s?[—–-]|[!?…,][»”\"]\s?[—–-]?)")
_FIRST_PERSON = re.compile(
    r"^[^«“\"]*\b(?:(?i:я|мы|мне|меня|мной|нас|нам|нами|мо[йяие]|моего|моей|we|me|my|our)|I|us)\b(?!\.)"
)
_LONGEST_NAME = 40
"""Characters in quotation marks that may still be a name («Спартак» победил) and no speech."""


def leans_back(sentence: str) -> bool:
    """Whether a sentence needs the one before it to be understood."""
    if _POINTS_BACK.match(sentence) or _SPEAKER.search(sentence):
        return True
    clause = _FIRST_CLAUSE.match(sentence)
    return bool(clause and _SUBJECT.search(clause[0]))


def is_fragment(sentence: str) -> bool:
    """Whether a text is half of a quotation or bracket, an item of a list or a dateline."""
    return (
        _FRAGMENT.match(sentence) is not None
        or _DATELINE.match(sentence) is not None
        or is_open(sentence)
        or sentence.count("»") > sentence.count("«")
        or sentence.count("”") > sentence.count("“") + sentence.count("„")
    )


def is_complete(sentence: str) -> bool:
    """Whether a text begins and ends as a sentence does; headings and captions do not end."""
    word = _WORD.search(sentence)
    # «iPhone» may begin a sentence.
    return word is not None and not word[0].islower() and _ENDED.search(sentence) is not None


def is_speech(sentence: str) -> bool:
    """Whether a sentence is somebody's voice: their words first, a question, an exclamation."""
    if sentence.rstrip("»”\"')").endswith(("?", "!")) or _FIRST_PERSON.search(sentence):
        return True
    quoted = _QUOTED.match(sentence)
    return bool(_SPEECH.match(sentence) or (quoted and len(quoted[1]) > _LONGEST_NAME))
