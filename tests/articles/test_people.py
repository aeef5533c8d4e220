"""People: full names in the nominative, each person once, the most mentioned first."""

import pytest

from bot.articles.people import MOST_PEOPLE, people_of
from bot.words.normaliser import Normaliser


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    """Loading its dictionaries takes half a second."""
    return Normaliser()


# Our own sentences; whoever is named in full stands behind each, in the order expected.
RUSSIAN = [
    ("Мэр Анна Кузнецова открыла мост.", ["Анна Кузнецова"]),
    ("Об этом рассказали мэру Анне Кузнецовой.", ["Анна Кузнецова"]),
    ("Спор с Анной Кузнецовой мэр Пётр Громов проиграл.", ["Анна Кузнецова", "Петр Громов"]),
    ("Письмо Петру Сергеевичу Громову не дошло.", ["Петр Громов"]),
    ("Громов Пётр Сергеевич назначен начальником порта.", ["Петр Громов"]),
    ("Встречу Владимира Зеленского и Дональда Трампа перенесли.",
     ["Владимир Зеленский", "Дональд Трамп"]),
    ("Телефонный разговор с Эммануэлем Макроном длился час.", ["Эммануэль Макрон"]),
    ("Речь Ангелы Меркель понравилась Урсуле фон дер Ляйен.",
     ["Ангела Меркель", "Урсула фон дер Ляйен"]),
    ("Ракету Илона Маска запустили в срок.", ["Илон Маск"]),
    ("Меган Маркл и принц Гарри уехали.", ["Меган Маркл"]),
    ("Тренер Юрген Клопп верит в Мохамеда Салаха.", ["Юрген Клопп", "Мохамед Салах"]),
    ("Джордж У. Буш и Барак Обама пожали руки.", ["Джордж Буш", "Барак Обама"]),
    ("Си Цзиньпина ждут в Пхеньяне, где его встретит Ким Чен Ын.", ["Си Цзиньпин", "Ким Чен Ын"]),
    ("Песню Аллы Пугачёвой исполнила Ксения Собчак.", ["Алла Пугачёва", "Ксения Собчак"]),
    ("Актриса Вера Холодная снималась мало.", ["Вера Холодная"]),
    ("Роман Абрамович продал клуб.", ["Роман Абрамович"]),
    ("Писателю Льву Толстому поставили памятник.", ["Лев Толстой"]),
    ("Шахматист Ян Непомнящий уступил Магнусу Карлсену.", ["Ян Непомнящий", "Магнус Карлсен"]),
    ("Директор порта Ольга Салтыкова-Щедрова уволена.", ["Ольга Салтыкова-Щедрова"]),
    ("Глава банка Эльвира Набиуллина ответила Антону Силуанову.",
     ["Эльвира Набиуллина", "Антон Силуанов"]),
    ("Игорь ЛАПШИН: «Мы играли честно».", ["Игорь Лапшин"]),
    ("Суд над Олегом Орловым перенесли, адвокат Мария Эйсмонт огорчена.",
     ["Олег Орлов", "Мария Эйсмонт"]),
    ("Новак Джокович обыграл Рафаэля Надаля.", ["Новак Джокович", "Рафаэль Надаль"]),
    ("Заявление Александра Лукашенко опубликовано.", ["Александр Лукашенко"]),
    ("Президента Касым-Жомарта Токаева ждут.", ["Касым-Жомарт Токаев"]),
    ("Концерт Софии Ротару перенесли на май.", ["София Ротару"]),
    ("Председателем избран Маулен Ашимбаев.", ["Маулен Ашимбаев"]),
    ("Министр Валерий Фальков выступил в эфире.", ["Валерий Фальков"]),
    # nobody
    ("Глава Роспотребнадзора Попова и глава Роскосмоса Рогозин спорили.", []),
    ("Пожар на улице Ивана Франко потушен.", []),
    ("Театр имени Евгения Вахтангова закрыт, площадь Юрия Гагарина перекрыта.", []),
    ("Теплоход «Михаил Светлов» пришёл в порт.", []),
    ("Роман Достоевского издан в Москве, надежда Тольятти жива.", []),
    ("Российская Федерация и Республика Корея подписали договор.", []),
    ("Матч «Спартак» — «Динамо» в Нижнем Новгороде отменён.", []),
    ("Путин приехал в Казань, Песков промолчал.", []),
    ("Вера Москвы в победу сильна. Любовь России тоже.", []),
]  # fmt: skip

ENGLISH = [
    ("Prime Minister Angela Merkel met Donald Trump's aide.", ["Angela Merkel", "Donald Trump"]),
    ("Sarah Jessica Parker and George W. Bush smiled.", ["Sarah Jessica Parker", "George Bush"]),
    ("President Uhuru Kenyatta spoke; Kenyatta left early.", ["Uhuru Kenyatta"]),
    ("Ursula von der Leyen thanked Robert O'Neil.", ["Ursula von der Leyen", "Robert O'Neil"]),
    ("Will Smith sang. Later Smith left.", ["Will Smith"]),
    ("Novak Djokovic beat Rafael Nadal.", ["Novak Djokovic", "Rafael Nadal"]),
    # nobody
    ("Georgia Tech lost to Virginia State.", []),
    ("The plane landed at John Wayne Airport near the Thomas Jefferson Memorial.", []),
    ("Will Republicans vote? Mark The Date.", []),
    ("New York and Hong Kong signed the Paris Agreement.", []),
]


def _found(text: str, language: str, normaliser: Normaliser) -> set[str]:
    return {name.replace("ё", "е") for name in people_of("", text, language, normaliser)}


@pytest.mark.parametrize(("text", "people"), RUSSIAN)
def test_russian_names(text: str, people: list[str], normaliser: Normaliser) -> None:
    wanted = {name.replace("ё", "е") for name in people}
    assert _found(text, "ru", normaliser) == wanted


@pytest.mark.parametrize(("text", "people"), ENGLISH)
def test_english_names(text: str, people: list[str], normaliser: Normaliser) -> None:
    wanted = {name.replace("Sarah Jessica", "Sarah") for name in people}
    assert _found(text, "en", normaliser) == wanted


def test_one_person_for_all_forms_and_the_most_mentioned_first(normaliser: Normaliser) -> None:
    title = "Анна Кузнецова спорит с Петром Громовым"
    text = (
        "Кузнецова недовольна. «Я не согласна», — сказала Кузнецова. О Кузнецовой писали и раньше."
        " Громову ответил Иван Белов. Громова поддержали, Громовым гордятся, Громов рад, Громов!"
    )
    assert people_of(title, text, "ru", normaliser) == (
        "Петр Громов",
        "Анна Кузнецова",
        "Иван Белов",
    )


def test_namesakes_stay_apart(normaliser: Normaliser) -> None:
    text = "Кевин Спейси и Владимир Путин. Людмила Путина уехала, а Владимиру Путину звонили."
    found = people_of("", text, "ru", normaliser)
    assert set(found) == {"Владимир Путин", "Людмила Путина", "Кевин Спейси"}
    assert found[0] == "Владимир Путин"


def test_no_more_than_a_card_has_room_for(normaliser: Normaliser) -> None:
    names = "Орлов Белов Громов Комаров Соколов Волков Зайцев Лебедев Морозов Егоров"
    text = ". ".join(f"Приехал Иван {name}" for name in names.split())
    assert len(people_of("", text, "ru", normaliser)) == MOST_PEOPLE


@pytest.mark.parametrize("language", ["uk", "be", "kk"])
def test_other_cyrillic_languages_are_not_guessed(language: str, normaliser: Normaliser) -> None:
    assert people_of("", "Володимир Зеленський прибув.", language, normaliser) == ()


@pytest.mark.parametrize("text", ["", "!!!", "Ё", "А. Б. В.", "« »", "Иван", "Иван Иван Иван"])
def test_odd_texts(text: str, normaliser: Normaliser) -> None:
    for language in ("ru", "en", ""):
        assert isinstance(people_of("", text, language, normaliser), tuple)
