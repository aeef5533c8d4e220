"""Topics by keywords: what the product did before it had a trained table; the baseline of topics.

Prefixes stand for whole families of words: «футбол» is also «футболист».
"""

import re
from collections.abc import Mapping

from storage import Topic

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
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


class Keywords:
    """The table, compiled once."""

    def __init__(self) -> None:
        self._families = [
            (
                topic,
                re.compile(
                    "(?<![^\\W_])(?:"
                    + "|".join(
                        re.escape(word) + (r"(?![^\W_])" if len(word) < 4 else "")
                        for word in sorted(set(words.split()), key=len, reverse=True)
                    )
                    + ")"
                ),
            )
            for topic, words in _KEYWORDS.items()
        ]

    def topic_of(self, title: str, text: str) -> Topic:
        """The topic with most families found, those of the title twice; OTHER under two points."""
        head, lines = (
            " ".join(_WORD.findall(said.casefold().replace("ё", "е")))
            for said in (title, text[:_READ])
        )
        scores = []
        for topic, pattern in self._families:
            in_title = set(pattern.findall(head))
            in_text = set(pattern.findall(lines)) - in_title
            scores.append((_TITLE_WEIGHT * len(in_title) + len(in_text), topic))
        score, topic = max(scores, key=lambda pair: pair[0])
        return topic if score >= _ENOUGH else Topic.OTHER
