"""The news that never ends: when all written articles are out, these are composed by number.

Each kind of notice (weather, traffic, exchange rates, matches, library and port figures) is a
template with figures and names that follow from the number alone, so number 17 is the same text
on every start and no two are alike.
"""

from collections.abc import Callable
from random import Random

from .manuscripts import Manuscript, Paragraph, Picture

_STREETS = ("Мостовой", "Садовой", "Ярмарочной", "Причальной", "Липовой", "Заводской", "Школьной")
_TOWNS = (
    "Старозёрске",
    "Кедроборске",
    "Усть-Велье",
    "Полуночном",
    "Верхней Пристани",
    "Ледовитске",
)
_TEAMS = ("«Волна»", "«Кедр»", "«Локомобиль»", "«Северянка»", "«Буревестник-Велья»", "«Маяк»")
_ENGLISH_TOWNS = (
    "Port Ellery",
    "Harrowmouth",
    "Kestrel Bay",
    "Long Sable",
    "St Maren",
    "Widow's Reach",
)
_ENGLISH_TEAMS = (
    "Ellery Town",
    "Harrowmouth Rovers",
    "Kestrel Bay",
    "Sable Albion",
    "Maren United",
)
_VESSELS = (
    "Grey Heron",
    "Mary Tolland",
    "Northern Lamp",
    "Patient Anne",
    "Quiet Tide",
    "Saltmarsh",
)


def _plural(number: int, one: str, few: str, many: str) -> str:
    if number % 10 == 1 and number % 100 != 11:
        return f"{number} {one}"
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return f"{number} {few}"
    return f"{number} {many}"


def _paragraphs(*texts: str) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(text) for text in texts)


def _weather(rng: Random, number: int) -> Manuscript:
    town, wind, day = rng.choice(_TOWNS), rng.randint(3, 14), rng.randint(-9, 21)
    sky = rng.choice(("пасмурная погода", "переменная облачность", "ясное небо", "утренний туман"))
    rain = rng.choice(("осадков не будет", "небольшой дождь", "к вечеру дождь", "местами морось"))
    metres = _plural(wind, "метра", "метров", "метров")
    cooler = _plural(rng.randint(3, 8), "градус", "градуса", "градусов")
    return Manuscript(
        source=rng.choice(("vestnik", "chronicle")),
        rubric="life",
        tags=("погода",),
        title=f"Погода в {town}: {day:+} °C, {sky}, сводка № {number}",
        standfirst=f"В {town} ожидается {sky}, {rain}. Ветер до {metres} в секунду.",
        picture=Picture("hills", number) if number % 2 else None,
        body=_paragraphs(
            f"Метеостанция сообщает: в ближайшие сутки в {town} ожидается {sky}, {rain}. Воздух "
            f"прогреется до {day:+} °C, ночью похолодает ещё на {cooler}.",
            f"Ветер северо-западный, порывами до {metres} в секунду. Атмосферное давление — "
            f"{_plural(rng.randint(742, 769), 'миллиметр', 'миллиметра', 'миллиметров')} ртутного "
            f"столба, влажность — {rng.randint(48, 97)} %.",
            "Синоптики советуют не ставить машины под старыми деревьями и не забывать о зонте: "
            "прогноз уточняют каждые три часа.",
        ),
    )


def _traffic(rng: Random, number: int) -> Manuscript:
    street, days = rng.choice(_STREETS), rng.randint(2, 9)
    term = _plural(days, "день", "дня", "дней")
    return Manuscript(
        source="vestnik",
        rubric="society",
        tags=("транспорт", "ремонт"),
        title=f"На {street} улице ограничат движение на {term}: участок № {number}",
        standfirst=f"На {street} улице меняют трубы, автобусы пойдут в объезд {term}.",
        picture=Picture("road", number) if number % 2 else None,
        body=_paragraphs(
            f"На {street} улице начинается замена водопровода. Для машин останется одна полоса, "
            f"а автобусы № {rng.randint(2, 29)} и № {rng.randint(30, 58)} временно пойдут "
            "в объезд.",
            f"Рабочим предстоит уложить {rng.randint(140, 980)} метров труб. По расчётам городской "
            f"службы дорог, на это уйдёт {term}, если не помешает дождь.",
            "Остановки перенесли на соседние кварталы, у каждой вывесили временное расписание.",
        ),
    )


def _rates(rng: Random, number: int) -> Manuscript:
    index, change = rng.randint(820, 2460), rng.randint(-240, 240) / 100
    verb = "прибавил" if change > 0 else "потерял"
    roubles = ("рубль", "рубля", "рублей")
    share = f"{abs(change):.2f}".replace(".", ",")
    return Manuscript(
        source="chronicle",
        rubric="economy",
        tags=("биржа", "рыба"),
        title=f"Индекс рыбной биржи {verb} {share} % на торгах № {number}",
        standfirst=f"К закрытию он составил {_plural(index, 'пункт', 'пункта', 'пунктов')}.",
        picture=Picture("chart", number),
        body=_paragraphs(
            f"Индекс Северной рыбной биржи {verb} {share} % и к закрытию составил "
            f"{_plural(index, 'пункт', 'пункта', 'пунктов')}. За сессию заключено "
            f"{_plural(rng.randint(90, 700), 'сделка', 'сделки', 'сделок')}.",
            f"Цена трески — {_plural(rng.randint(180, 320), *roubles)} за килограмм, пикши — "
            f"{_plural(rng.randint(120, 240), *roubles)}. Больше всего заявок — из Полуночного.",
            "По данным агентства «Полярная строка», на складах порта лежит "
            f"{_plural(rng.randint(11, 48), 'тысяча', 'тысячи', 'тысяч')} тонн мороженой рыбы — "
            "достаточно, чтобы цены не скакали до конца месяца.",
        ),
    )


def _match(rng: Random, number: int) -> Manuscript:
    home, guest = rng.sample(_TEAMS, 2)
    ours, theirs = rng.randint(0, 5), rng.randint(0, 4)
    minute = rng.randint(48, 89)
    return Manuscript(
        source=rng.choice(("vestnik", "chronicle")),
        rubric="sport",
        tags=("футбол",),
        title=f"{home} — {guest}: {ours}:{theirs} в {number}-м матче лиги",
        picture=Picture("stadium", number) if number % 2 else None,
        body=_paragraphs(
            f"Очередной матч Озёрной лиги завершился со счётом {ours}:{theirs}. На трибунах было "
            f"{_plural(rng.randint(400, 9000), 'зритель', 'зрителя', 'зрителей')}.",
            f"Главный момент пришёлся на {minute}-ю минуту: после углового мяч попал в перекладину "
            f"и выскочил прямо на линию. Судья посмотрел повтор и остался при своём решении.",
            f"{home} набирает {_plural(rng.randint(11, 44), 'очко', 'очка', 'очков')} и ждёт "
            f"следующего тура. {guest} через неделю играет дома.",
        ),
    )


def _library(rng: Random, number: int) -> Manuscript:
    books = rng.randint(1200, 9800)
    newcomers = _plural(rng.randint(12, 140), "человек", "человека", "человек")
    shelf = rng.choice(("детективами", "сказками", "атласами", "путешествиями"))
    return Manuscript(
        source="vestnik",
        rubric="culture",
        tags=("библиотеки", "книги"),
        title=f"Библиотеки выдали {_plural(books, 'книгу', 'книги', 'книг')}: обзор № {number}",
        standfirst=f"Самой востребованной стала полка с {shelf}.",
        picture=Picture("books", number) if number % 2 else None,
        body=_paragraphs(
            f"За неделю городские библиотеки выдали {_plural(books, 'книгу', 'книги', 'книг')}. "
            f"Читательский клуб пополнился: пришли {newcomers}.",
            f"На отдельные тома с этой полки выстроилась очередь: ждать придётся "
            f"{_plural(rng.randint(2, 9), 'неделю', 'недели', 'недель')}.",
            "Библиотекари напоминают: вернуть книгу можно в любой филиал и даже ночью — "
            "через ящик у входа.",
        ),
    )


def _harbour(rng: Random, number: int) -> Manuscript:
    vessel, tonnes = rng.choice(_VESSELS), rng.randint(300, 4200)
    return Manuscript(
        source="courier",
        rubric="economy",
        tags=("harbour", "shipping"),
        title=f"Harbour log {number}: {vessel} lands {tonnes:,} tonnes",
        standfirst=f"The {vessel} tied up on the morning tide with {tonnes:,} tonnes aboard.",
        picture=Picture("sea", number),
        body=_paragraphs(
            f"The {vessel} came in from {rng.choice(_ENGLISH_TOWNS)} on the morning tide and had "
            f"{tonnes:,} tonnes of cargo on the quay before lunch, the harbour office said.",
            f"She was one of {rng.randint(4, 19)} arrivals of the day. The longest wait for a "
            f"berth was {rng.randint(12, 95)} minutes.",
            f"Pilots report a swell of {rng.randint(4, 31) / 10:.1f} metres off the breakwater. "
            "Small boats are advised to keep to the inner channel.",
        ),
    )


def _score(rng: Random, number: int) -> Manuscript:
    home, guest = rng.sample(_ENGLISH_TEAMS, 2)
    ours, theirs = rng.randint(0, 5), rng.randint(0, 4)
    return Manuscript(
        source="courier",
        rubric="sport",
        tags=("football",),
        title=f"{home} {ours}–{theirs} {guest}: round {number} report",
        picture=Picture("stadium", number) if number % 2 else None,
        body=_paragraphs(
            f"A crowd of {rng.randint(300, 6200):,} braved the wind to watch {home} and {guest} "
            f"finish {ours}–{theirs} in the Coastal League.",
            f"The turning point came after {rng.randint(50, 88)} minutes, when a goal kick was "
            "carried back by a gust and bounced off the post.",
            f"{guest} stay {rng.choice(('third', 'fourth', 'fifth', 'sixth'))}; {home} travel to "
            f"{rng.choice(_ENGLISH_TOWNS)} next week.",
        ),
    )


def _ferry(rng: Random, number: int) -> Manuscript:
    town, people = rng.choice(_ENGLISH_TOWNS), rng.randint(900, 7400)
    return Manuscript(
        source="courier",
        rubric="society",
        tags=("ferries", "transport"),
        title=f"Ferry bulletin {number}: {people:,} passengers on the {town} run",
        standfirst=f"Crossings to {town} ran {rng.randint(88, 99)} per cent on time.",
        body=_paragraphs(
            f"The {town} ferry carried {people:,} passengers and {rng.randint(40, 900)} bicycles "
            "this week, the operator said.",
            f"{rng.randint(1, 6)} crossings were put off because of fog, none for longer than "
            f"{rng.randint(15, 80)} minutes.",
            "Extra evening boats will run whenever the market stays open late.",
        ),
    )


_KINDS: tuple[Callable[[Random, int], Manuscript], ...] = (
    _weather,
    _harbour,
    _rates,
    _match,
    _score,
    _traffic,
    _library,
    _ferry,
)


def notice(number: int) -> Manuscript:
    """The notice of that number (from 1); the kinds, sources and languages take turns."""
    rng = Random(f"wire-{number}")  # noqa: S311 - varied text, not a secret
    return _KINDS[(number - 1) % len(_KINDS)](rng, number)
