"""Same story: certain where it says yes, and never by a template."""

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.articles.likeness import (
    SAME_STORY,
    SAME_TEXT,
    Evidence,
    evidence,
    fingerprint,
    is_reprint,
    likeness,
    resemblance,
    signature,
)
from bot.articles.rarity import rarities
from bot.sandbox.newspaper.manuscripts import Paragraph as PaperParagraph
from bot.sandbox.newspaper.wire import notice
from bot.words.normaliser import Normaliser
from tests.articles.practice import records

_NORMALISER = Normaliser()

Told = tuple[str, str]


def _likeness(one: Told, other: Told, language: str = "ru") -> float:
    a, b = (fingerprint(*told, _NORMALISER, language) for told in (one, other))
    assert likeness(a, b) == pytest.approx(likeness(b, a))
    return likeness(a, b)


def _same(one: Told, other: Told, language: str = "ru") -> bool:
    return _likeness(one, other, language) >= SAME_STORY


_TOLD_TWICE: dict[str, tuple[Told, Told]] = {
    "in other words": (
        (
            "В Заречье открыли новый мост через реку",
            "Мост через реку Светлую открыли в Заречье на месяц раньше срока, сообщил мэр Орлов.",
        ),
        (
            "Новый мост в Заречье открылся раньше срока",
            "Мэр Заречья Орлов открыл мост через Светлую: первые машины проехали утром.",
        ),
    ),
    "other order": (
        (
            "Учёные нашли в Сибири останки мамонта возрастом 40 тысяч лет",
            "Палеонтологи Сибирского университета обнаружили на берегу Лены почти целый скелет "
            "мамонта. Возраст находки оценили в 40 тысяч лет. Скелет отправят в Якутск.",
        ),
        (
            "На берегу Лены обнаружен почти целый скелет мамонта",
            "Возраст скелета мамонта, который нашли на берегу Лены палеонтологи Сибирского "
            "университета, — около 40 тысяч лет. Останки доставят в Якутск для изучения.",
        ),
    ),
    "a number more in the headline": (
        (
            "Илон Маск пообещал отправить корабль на Марс в 2028 году",
            "Основатель SpaceX Илон Маск заявил, что первый корабль Starship полетит на Марс в "
            "конце 2028 года без экипажа. Об этом он написал в соцсети.",
        ),
        (
            "Первый Starship полетит к Марсу через два года, заявил Маск",
            "Илон Маск сообщил, что беспилотный корабль Starship компании SpaceX отправится на "
            "Марс в 2028 году.",
        ),
    ),
    "an obituary": (
        (
            "Умер актёр Иван Ветров",
            "Народный артист Иван Ветров скончался на 81-м году жизни, сообщили в театре имени "
            "Ермоловой. Он сыграл более ста ролей в театре и кино.",
        ),
        (
            "Скончался народный артист Иван Ветров",
            "Актёр театра имени Ермоловой Иван Ветров умер в возрасте 80 лет. На его счету более "
            "ста ролей в театре и кино.",
        ),
    ),
    "a fire put out": (
        (
            "Пожар на заводе в Ярске потушили спустя шесть часов",
            "Пожар на заводе «Ярскхим» площадью две тысячи квадратных метров ликвидирован, "
            "сообщили в МЧС. Пострадавших нет, работали 80 человек.",
        ),
        (
            "В Ярске ликвидировали пожар на химическом заводе",
            "МЧС сообщило о ликвидации пожара на «Ярскхиме». Огонь охватил две тысячи квадратных "
            "метров, никто не пострадал.",
        ),
    ),
    "names in other letters": (
        (
            "Boeing отзывает двести самолётов из-за трещин",
            "Корпорация Boeing отзывает двести самолётов: в креплениях крыла нашли трещины. "
            "Осмотр займёт два месяца, рейсы не отменят.",
        ),
        (
            "«Боинг» отзовёт двести самолётов",
            "Трещины в креплениях крыла заставили корпорацию «Боинг» отозвать двести самолётов. "
            "На осмотр каждого уйдёт час, отмены рейсов не будет.",
        ),
    ),
    "in English": (
        (
            "Storm Edith leaves 40,000 homes without power in Ireland",
            "Storm Edith cut power to 40,000 homes across Ireland on Sunday, ESB Networks said, "
            "as winds reached 120 km an hour in Galway.",
        ),
        (
            "Thousands lose power in Ireland as Storm Edith hits",
            "About 40,000 Irish homes were without electricity on Sunday after Storm Edith "
            "brought winds of up to 120 km/h to Galway, according to ESB Networks.",
        ),
    ),
    "Title Case": (
        ("Council Approves New Library Downtown", "The council approved a library on Monday."),
        ("Downtown library approved by council", "The council approved a library on Monday."),
    ),
}

_NEIGHBOURS: dict[str, tuple[Told, Told]] = {
    "another town": (
        (
            "В Ярске на пожаре в жилом доме погибли два человека",
            "Пожар произошёл ночью в квартире на третьем этаже дома на улице Мира в Ярске. "
            "Погибли мужчина и женщина, сообщили в управлении МЧС. Причину устанавливают.",
        ),
        (
            "В Белогорье на пожаре в жилом доме погибли два человека",
            "Пожар произошёл вечером в квартире на пятом этаже дома на улице Ленина в Белогорье. "
            "Погибли двое пенсионеров, сообщили в управлении МЧС. Причину устанавливают.",
        ),
    ),
    "another match of the round": (
        (
            "«Спартак» победил «Зенит» в матче чемпионата России",
            "Московский «Спартак» обыграл «Зенит» в матче 12-го тура чемпионата России по "
            "футболу. Встреча завершилась со счётом 2:1. Голы забили Орлов и Климов.",
        ),
        (
            "«Локомотив» победил «Ростов» в матче чемпионата России",
            "Московский «Локомотив» обыграл «Ростов» в матче 12-го тура чемпионата России по "
            "футболу. Встреча завершилась со счётом 1:0. Единственный гол забил Громов.",
        ),
    ),
    "another who died": (
        (
            "Умер актёр Иван Ветров",
            "Народный артист Иван Ветров скончался на 81-м году жизни, сообщили в театре. Он "
            "сыграл более ста ролей. Прощание пройдёт в пятницу.",
        ),
        (
            "Умер режиссёр Пётр Лозинский",
            "Режиссёр Пётр Лозинский скончался на 77-м году жизни, сообщили родственники. Он "
            "поставил более тридцати спектаклей. Прощание пройдёт в субботу.",
        ),
    ),
    "the weather of another day": (
        (
            "Погода в Заречном на 12 мая",
            "В среду, 12 мая, в Заречном ожидается переменная облачность, без осадков. Ветер "
            "северный, 3–5 метров в секунду. Днём воздух прогреется до 18 градусов.",
        ),
        (
            "Погода в Заречном на 13 мая",
            "В четверг, 13 мая, в Заречном ожидается облачная погода, небольшой дождь. Ветер "
            "западный, 5–7 метров в секунду. Днём воздух прогреется до 15 градусов.",
        ),
    ),
    "the weather of another town": (
        ("Погода в Бресте на 17 мая", "Сегодня в Бресте облачно."),
        ("Погода в Гомеле на 17 мая", "Сегодня в Гомеле облачно."),
    ),
    "the rate of another day": (
        (
            "Центробанк установил курс доллара на уровне 91,2 рубля",
            "Официальный курс доллара на вторник составил 91,2 рубля, курс евро — 98,7 рубля, "
            "сообщил Центробанк. Доллар подешевел на 34 копейки.",
        ),
        (
            "Центробанк установил курс доллара на уровне 92,5 рубля",
            "Официальный курс доллара на среду составил 92,5 рубля, курс евро — 99,3 рубля, "
            "сообщил Центробанк. Доллар подорожал на 1,3 рубля.",
        ),
    ),
    "the count of another day": (
        (
            "За сутки в области выявили 141 случай гриппа",
            "За минувшие сутки в области выявлен 141 новый случай гриппа, сообщил оперативный "
            "штаб. Госпитализированы 12 человек, выздоровели 98.",
        ),
        (
            "За сутки в области выявили 158 случаев гриппа",
            "За минувшие сутки в области выявлены 158 новых случаев гриппа, сообщил оперативный "
            "штаб. Госпитализированы 15 человек, выздоровели 104.",
        ),
    ),
    "a match to come": (
        (
            "Сборная России сыграет с Сербией 5 июня",
            "Товарищеский матч России и Сербии пройдёт 5 июня в Москве, сообщил футбольный союз.",
        ),
        (
            "Сборная России сыграет с Катаром 9 июня",
            "Товарищеский матч России и Катара пройдёт 9 июня в Дохе, сообщил футбольный союз.",
        ),
    ),
    "the next thing somebody does": (
        (
            "Губернатор Климов отчитался о работе за год",
            "Губернатор Климов выступил с отчётом перед областной думой. Он рассказал о "
            "строительстве дорог и школ, о налогах и о том, что не удалось.",
        ),
        (
            "Губернатор Климов наградил учителей",
            "Губернатор Климов вручил награды лучшим учителям области в День знаний. Награды "
            "получили сорок человек.",
        ),
    ),
    "a follow-up": (
        (
            "На заводе в Ярске прогремел взрыв",
            "Взрыв произошёл в цехе завода «Ярскхим» около полудня. Пострадали семь рабочих, их "
            "отвезли в больницу. На месте работают спасатели и пожарные, жителей просят закрыть "
            "окна.",
        ),
        (
            "Директора «Ярскхима» оштрафовали за нарушения",
            "Суд назначил директору предприятия штраф в 300 тысяч рублей. Проверка, начатая после "
            "гибели оборудования, нашла просроченные огнетушители и запертые выходы. Защита "
            "обжалует решение.",
        ),
    ),
    "another earthquake": (
        (
            "Magnitude 5.8 earthquake strikes off Japan",
            "A magnitude 5.8 earthquake struck off the coast of Japan on Monday, the weather "
            "agency said. There were no reports of damage and no tsunami warning was issued.",
        ),
        (
            "Magnitude 6.1 earthquake strikes off Indonesia",
            "A magnitude 6.1 earthquake struck off the coast of Indonesia on Friday, the "
            "geological agency said. There were no reports of damage and no tsunami warning.",
        ),
    ),
    "another score": (
        (
            "Arsenal beat Everton 2-0 to go top",
            "Arsenal beat Everton 2-0 at home on Saturday to move top of the Premier League. Saka "
            "and Jesus scored the goals in the second half.",
        ),
        (
            "Chelsea beat Fulham 2-0 to go third",
            "Chelsea beat Fulham 2-0 at home on Saturday to move third in the Premier League. "
            "Palmer and Jackson scored the goals in the second half.",
        ),
    ),
    "another rate": (
        ("Dollar rises to 91.2 roubles", "The dollar rose to 91.2 roubles on Tuesday."),
        ("Dollar rises to 92.5 roubles", "The dollar rose to 92.5 roubles on Wednesday."),
    ),
    "nothing at all": (("", ""), ("", "")),
    "nothing beside something": (("", ""), ("В Заречье открыли мост", "Мост открыл мэр.")),
}


@pytest.mark.parametrize("told", _TOLD_TWICE.values(), ids=_TOLD_TWICE)
def test_one_event_told_twice(told: tuple[Told, Told]) -> None:
    assert _same(*told)


@pytest.mark.parametrize("told", _NEIGHBOURS.values(), ids=_NEIGHBOURS)
def test_what_disagrees_is_not_one_story(told: tuple[Told, Told]) -> None:
    assert not _same(*told)


def test_none_of_these_events_is_another() -> None:
    told = list(_TOLD_TWICE.items())
    for (name, ones), (other_name, others) in product(told, told):
        if name != other_name and "bridge" not in (name, other_name):
            assert not any(_same(one, other) for one, other in product(ones, others))


def test_a_language_without_a_table_has_its_stories_too() -> None:
    taxes = (
        "Regierung senkt die Mehrwertsteuer auf Lebensmittel",
        "Die Bundesregierung hat am Montag beschlossen, die Mehrwertsteuer auf Lebensmittel zu "
        "senken. Finanzminister Huber rechnet mit zwei Milliarden Euro weniger Einnahmen.",
    )
    taxes_again = (
        "Mehrwertsteuer auf Lebensmittel wird gesenkt",
        "Auf Lebensmittel wird die Mehrwertsteuer gesenkt, das hat die Bundesregierung "
        "beschlossen. Finanzminister Huber sprach von zwei Milliarden Euro.",
    )
    snow = (
        "Das Wetter am Wochenende: in den Bergen fällt der erste Schnee",
        "Die Meteorologen haben am Montag gesagt, dass es in der Nacht kälter wird und mit Schnee "
        "zu rechnen ist. In der Ebene kommt der Winter im nächsten Monat.",
    )
    assert _same(taxes, taxes_again, "de")
    assert _likeness(taxes, snow, "de") < 0.1


def test_an_article_is_like_itself() -> None:
    one, _ = _TOLD_TWICE["an obituary"]
    assert _likeness(one, one) > 0.95


@given(*[st.tuples(st.text(max_size=60), st.text(max_size=200))] * 2)
def test_any_two_texts_can_be_compared(one: Told, other: Told) -> None:
    assert 0 <= _likeness(one, other) < 1


def test_common_words_do_not_make_a_story() -> None:
    """In a city's own paper the city's name says nothing."""
    one = fingerprint("Сто лет на рельсах: трамвай Заречья", "Трамваю сто лет.", _NORMALISER)
    other = fingerprint("В Заречье открыли мост для трамвая", "Мост ждали.", _NORMALISER)
    counts = dict.fromkeys(_NORMALISER.tokens("Заречье трамвай"), 900)
    known = rarities(one.words, counts, 1000)
    assert likeness(one, other, known) < likeness(one, other)


def test_names_are_told_from_words_that_begin_a_sentence() -> None:
    found = fingerprint(
        "Орлов открыл мост",
        "Мост открыл мэр Орлов. Стройка шла год. «Мост хорош», — сказал Климов.",
        _NORMALISER,
    )
    assert list(found.title_names) == _NORMALISER.tokens("Орлов")
    assert found.names == frozenset(_NORMALISER.tokens("Орлов Климов"))


def test_what_each_piece_of_evidence_measures() -> None:
    one = fingerprint("В Ярск 5 мая приедет Климов", "Гостя ждут 5 мая.", _NORMALISER)
    other = fingerprint("В Ярск 7 мая приедет Громов", "Гостя ждут 7 мая.", _NORMALISER)
    found = evidence(one, other)
    assert found.days == 1
    assert 0 < found.unnamed <= found.most_unnamed
    assert 0 < found.overlap < 1
    same = evidence(one, one)
    assert same == pytest.approx(Evidence(1, 1, same.rare, 0, 0, 0))


_WIRE = (
    "Правление банка решило снизить ставку по вкладам на полпроцента, сообщила пресс-служба. "
    "Решение вступит в силу со следующей недели и коснётся новых договоров. Прежние вклады "
    "останутся на старых условиях до конца срока. Аналитики ждали такого шага ещё весной, когда "
    "инфляция замедлилась, а спрос на кредиты начал расти быстрее прогноза."
)


def _signature(text: str) -> bytes:
    return signature(_NORMALISER.text(text))


def test_a_reprint_is_known_though_it_was_shortened() -> None:
    shorter = _WIRE.replace(" Прежние вклады останутся на старых условиях до конца срока.", "")
    assert len(_signature(_WIRE)) == 128
    assert resemblance(_signature(_WIRE), _signature(_WIRE)) == 1
    assert resemblance(_signature(_WIRE), _signature(f"Агентство. {shorter}")) >= SAME_TEXT


def test_other_texts_are_no_reprints_and_short_ones_have_no_signature() -> None:
    other = " ".join(text for _, text in (*_TOLD_TWICE["other order"], *_TOLD_TWICE["an obituary"]))
    assert resemblance(_signature(_WIRE), _signature(other)) < 0.1
    assert _signature("Мост открыт.") == b""
    assert resemblance(b"", b"") == 0
    assert resemblance(_signature(_WIRE), b"") == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Банк снизил ставку до 7 процентов", "Банк снизил ставку до 6 процентов"),
        ("Банк снизил ставку с 1 мая", "Банк снизил ставку с 9 мая"),
        ("Ставку снизил банк «Орион»", "Ставку снизил банк «Вега»"),
    ],
)
def test_a_template_filled_anew_is_no_reprint(one: str, other: str) -> None:
    a, b = fingerprint(one, _WIRE, _NORMALISER), fingerprint(other, _WIRE, _NORMALISER)
    assert not is_reprint(evidence(a, b), a, b)
    c = fingerprint("Проценты по вкладам снижены", _WIRE, _NORMALISER)
    assert is_reprint(evidence(a, c), a, c)


def test_labelled_pairs() -> None:
    right = wrong = missed = 0
    for pair in records("pairs/pairs.jsonl"):
        first, second = pair["first"], pair["second"]
        one, other = (first["title"], first["text"]), (second["title"], second["text"])
        same, said = pair["same"] == "OK", _same(one, other)
        right += same and said
        wrong += said and not same
        missed += same and not said
    assert right / (right + wrong) >= 0.9  # .95 when written; .93 cross-validated
    assert right / (right + missed) >= 0.7  # .78 when written; .77 cross-validated


def test_the_bulletins_of_every_day_are_stories_of_their_own() -> None:
    """Weather, rates, landings: the same words each day, and other numbers."""
    prints = []
    for number in range(1, 49):
        one = notice(number)
        text = "\n".join(block.text for block in one.body if isinstance(block, PaperParagraph))
        prints.append((one.title, fingerprint(one.title, text, _NORMALISER)))
    for (title, a), (other, b) in combinations(prints, 2):
        assert likeness(a, b) < SAME_STORY, f"{title} | {other}"


def test_a_few_rare_words_in_common_are_no_story() -> None:
    frame = "Вслух прозвучали слова телескоп, радиатор и повязка. В списке покупок кабель и сливки."
    one = fingerprint(
        "Верхнегорск решит вопрос льготных лекарств", f"{frame} Аптекари довольны.", _NORMALISER
    )
    other = fingerprint(
        "Расходы на сбор отходов вырастут вдвое", f"{frame} Мусоровозы вышли на линию.", _NORMALISER
    )
    assert likeness(one, other) < SAME_STORY
