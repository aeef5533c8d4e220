"""Which of the product's topics an article belongs to.

The publisher's own rubric decides where the table knows it, then the section in the address, then
keywords of title and first lines; where these stay silent or disagree, the topic is OTHER.
Prefixes stand for whole families of words: «футбол» is also «футболист».
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from storage import Topic

_RUBRICS: Mapping[Topic, str] = {
    Topic.SPORT: """спорт футбол хоккей теннис баскетбол волейбол биатлон бокс фигурное единоборств
        формула-1 киберспорт олимпи чемпионат sport football soccer hockey tennis basketball nba nfl
        nhl mlb cricket rugby golf racing f1 boxing mma olympic esports""",
    Topic.ECONOMY: """эконом бизнес финанс деньг рынк рынок банк биржа компани недвижимост
        промышлен энергетик инвестиц налог работа карьер economy economic business financ money
        market compan industr invest real-estate realestate property""",
    Topic.POLITICS: """политик выборы власть армия оборон госдум парламент правительств
        politic elections election government parliament congress white-house army defence
        defense military""",
    Topic.WORLD: """мир миров в-мире за-рубежом зарубеж международн ближнее-зарубежье бывший-ссср
        иностран world international global europe asia africa middle-east americas usa""",
    Topic.INCIDENTS: """происшеств криминал чп дтп преступлен суд силовые силовые-структуры
        катастроф пожар crime incident accident police court disaster""",
    Topic.CULTURE: """культур кино музык театр книг искусств шоу-бизнес шоубиз шоу светск звезд
        знаменитост сериал телевид развлечен афиша литератур выставк culture art arts entertainment
        film movie music theatre theater books book celebrit tv showbiz television""",
    Topic.SCIENCE: """наук научн космос эколог археолог scien space environment climate physics
        biolog astronom""",
    Topic.TECHNOLOGY: """технолог hi-tech хайтек техник интернет гаджет игры софт it айти авто
        автомобил транспорт связь digital цифров tech gadget internet software games gaming
        computer mobile auto automotive cars car ai""",
    Topic.LIFE: """жизнь стиль здоровье медицин еда кухня рецепт путешеств туризм отдых мода красот
        психолог семья дети отношения дом дача сад гороскоп астролог лайфстайл образ-жизни
        женщин мать-и-дитя питомц животны погода life lifestyle health medicine food recipe travel
        fashion style beauty parent family relationship home garden horoscope pets wellness
        fitness weather""",
    Topic.SOCIETY: """обществ социум социальн образован школ регион город москва петербург
        россия в-россии в-стране религи право закон жкх экспертн мнени колумн society social
        education region local national nation city moscow russia religion law opinion community
        uk us-news""",
}  # fmt: skip

_KEYWORDS: Mapping[Topic, str] = {
    Topic.SPORT: """футбол хокке теннис баскетбол волейбол биатлон боксер боксёр боксерск нокаут
        матч тренер сборн клуб чемпионат турнир кубок гол голкипер вратар нападающ полузащитн
        защитник лига лиги олимпи медал финал плей-офф нхл кхл рпл фифа уефа спартак зенит цска
        динамо локомотив реал барселон ювентус стадион болельщик судей гонщик гран-при фигурист
        пояс поединок боец ufc спортсмен match coach tournament championship league striker
        goalkeeper quarterback touchdown nba nfl nhl mlb fifa uefa playoff midfielder defender
        cricket wicket tennis wimbledon olympic stadium rugby golf grand prix boxing premier
        football soccer hockey baseball basketball""",
    Topic.ECONOMY: """рубл доллар евро курс акци акций облигац дивиденд бирж банк вклад ипотек
        кредит инфляц экономик эконом бюджет налог пенси экспорт импорт нефт газпром brent баррел
        инвест миллиард млрд млн рынок рынк цены цена тариф компан выручк прибыл убыт продаж
        предприят завод производств бизнес ввп центробанк цб минфин ставк stocks stock shares
        market economy economic inflation bank investor profit revenue earnings billion trade
        tariff dollar oil prices ipo gdp startup ceo quarterly retail""",
    Topic.POLITICS: """президент путин кремл песков правительств министр премьер-министр госдум
        депутат сенатор парламент партия партии выбор голосован законопроект губернатор кандидат
        оппозиц зеленск порошенко трамп байден лавров мид санкц конституц рада импичмент саммит
        переговор посол посольств president trump biden senate congress parliament minister
        election vote republican democrat impeachment government lawmaker campaign sanctions
        brexit tory labour governor policy""",
    Topic.WORLD: """сша китай китая украин германи франци британ великобритан япони инди израил
        сирии сирия турци ирак иран польш белорус казахстан нато оон евросоюз ес ракет обстрел военн
        china ukraine israel iran syria nato un gaza hong kong european united nations beijing
        embassy troops missile""",
    Topic.INCIDENTS: """погиб пострадал авари дтп пожар взрыв убийств убил убит задержа арест
        полици следовател следственн ск прокуратур уголовн дело суд приговор колони мошенни краж
        грабеж изнасил наезд столкнул утонул спасател мчс взятк наркотик обыск подозрева обвиня
        стрельб ножом труп тело killed dead death police arrested murder crash fire shooting
        suspect charged court victim injured stabbed jail sentenced guilty accident explosion
        rescue""",
    Topic.CULTURE: """фильм кино сериал актер актёр актрис режиссер режиссёр певиц певец певца
        музык концерт альбом песн клип театр спектакл премьер выставк музе книг писател шоу звезда
        звезды блогер телеведущ инстаграм фотосесси образ оскар фестивал рэпер поклонник
        film movie actor actress singer album song concert theatre museum netflix oscar celebrity
        band star tv series show trailer music kardashian instagram fans""",
    Topic.SCIENCE: """учены учёны исследован исследовател науч открыт космос космическ наса nasa
        роскосмос марс луна астероид планет телескоп спутник галакт физик биолог археолог
        палеонтолог ген днк клетк вирус эксперимент мозг климат scientist researchers study space
        planet asteroid physics telescope species fossil dna brain climate galaxy astronomers
        journal cells""",
    Topic.TECHNOLOGY: """смартфон iphone apple google android samsung xiaomi huawei redmi microsoft
        windows приложен нейросет искусственн интеллект робот гаджет процессор ноутбук
        видеокарт игров playstation xbox браузер хакер сервис пользовател обновлен автомобил
        электромобил двигател кроссовер tesla telegram вконтакте facebook яндекс интернет
        smartphone app software iphone ai chip camera battery device users electric gadget
        update feature console startup robot""",
    Topic.LIFE: """гороскоп знак зодиак рецепт диет похуд витамин продукт питан здоров врач диетолог
        психолог отношен косметик модн стил маникюр причёск путешеств турист отпуск дач сад огород
        приметы праздник погод осадк температур заморозк гидромет horoscope recipe diet healthy
        vitamin weight fashion beauty skincare travel vacation hotel cooking gift""",
    Topic.SOCIETY: """школ учител студент детск сад больниц пациент коронавирус covid карантин
        эпидеми вакцин жител горожан ремонт дорог жкх отоплен пенсионер ветеран волонтер церк
        митрополит мигрант акция акции памятник благоустройств парк метро автобус мэр мэри район
        област school students teacher hospital residents community church council coronavirus
        pandemic city protest migrants""",
}  # fmt: skip

_TITLE_WEIGHT = 2
_READ = 2000
_ENOUGH = 2
"""Points that keywords need; the title's words count double, each family once."""
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_DATE_OR_FILE = re.compile(r"\d|\.")


class Topics:
    """The tables, compiled once."""

    def __init__(self) -> None:
        self._rubrics = _families(_RUBRICS)
        self._keywords = _families(_KEYWORDS)

    def topic_of(self, rubrics: Iterable[str], url: str, title: str, text: str) -> Topic:
        """The article's topic. `rubrics` are the publisher's categories, the best first."""
        for rubric in rubrics:
            if (topic := self._by_rubric(rubric)) is not None:
                return topic
        for section in urlsplit(url).path.split("/")[:-1]:
            name = "" if _DATE_OR_FILE.search(section) else section.replace("_", "-")
            if (topic := self._by_rubric(name)) is not None:
                return topic
        return self._by_words(title, text)

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

    def _by_words(self, title: str, text: str) -> Topic:
        head = " ".join(_WORD.findall(title.casefold().replace("ё", "е")))
        lines = " ".join(_WORD.findall(text[:_READ].casefold().replace("ё", "е")))
        scores = []
        for topic, pattern in self._keywords:
            in_title = set(pattern.findall(head))
            in_text = set(pattern.findall(lines)) - in_title
            scores.append((_TITLE_WEIGHT * len(in_title) + len(in_text), topic))
        scores.sort(key=lambda score: -score[0])
        return scores[0][1] if scores[0][0] >= _ENOUGH else Topic.OTHER


def _families(table: Mapping[Topic, str]) -> list[tuple[Topic, re.Pattern[str]]]:
    """One pattern a topic: its words at a word's start; those under five letters are whole."""
    families = []
    for topic, words in table.items():
        prefixes = sorted(
            {re.escape(word) + (r"(?![^\W_])" if len(word) < 4 else "") for word in words.split()},
            key=len,
            reverse=True,
        )
        families.append((topic, re.compile(rf"(?<![^\W_])(?:{'|'.join(prefixes)})")))
    return families
