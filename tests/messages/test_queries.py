"""What a reader asks a search for, by words and operators."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.days import EARLIEST
from bot.messages.queries import Operator, Query, WrongOperator, operator_names, parse
from bot.messages.texts import load_all
from storage import Reading, Source, Topic

TODAY = date(2026, 11, 23)
TEXTS = load_all()
SOURCES = [
    Source(1, "gazeta.ru", "Газета.Ru", "ru", Reading.FULL),
    Source(2, "bbc.com", "BBC News", "en", Reading.FULL),
    Source(3, "vestnik.example", "Вечерний вестник", "ru", Reading.FULL),
]


def asked(text: str) -> Query | WrongOperator:
    return parse(text, TEXTS.values(), SOURCES, TODAY)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("переговоры с японией", Query("переговоры с японией")),
        ('"красная площадь"', Query(phrases=("красная площадь",))),
        ("«красная площадь» парад", Query("парад", phrases=("красная площадь",))),
        ("“red square” parade", Query("parade", phrases=("red square",))),
        ("„red square“ x", Query("x", phrases=("red square",))),
        ("мост -крым", Query("мост", without=("крым",))),
        ("мост −крым –дорога", Query("мост", without=("крым", "дорога"))),
        (
            'мост -"крымский мост" -«старый мост»',
            Query("мост", without=("крымский мост", "старый мост")),
        ),
        ("нью-йорк кто-то", Query("нью-йорк кто-то")),
        ("цены - рост", Query("цены - рост")),
        ("source:gazeta.ru мост", Query("мост", sources=(1,))),
        ("источник:газета.ru мост", Query("мост", sources=(1,))),
        ("Источник: bbc мост", Query("мост", sources=(2,))),
        ("источник:вечерний вестник мост", Query("мост", sources=(3,))),
        ('мост источник:"Вечерний вестник"', Query("мост", sources=(3,))),
        ("сайт:https://www.gazeta.ru/politics мост", Query("мост", sources=(1,))),
        ("topic:sport тема:политика", Query(topics=(Topic.SPORT, Topic.POLITICS))),
        ("ТЕМА:Спорт матч", Query("матч", topics=(Topic.SPORT,))),
        (
            "-тема:спорт -source:bbc.com рекорд",
            Query("рекорд", not_topics=(Topic.SPORT,), not_sources=(2,)),
        ),
        ("после:22.11", Query(after=date(2026, 11, 22))),
        (
            "after:2026-11-01 before:вчера мост",
            Query("мост", after=date(2026, 11, 1), before=date(2026, 11, 22)),
        ),
        ("до: 5 ноября 2025 мост", Query("мост", before=date(2025, 11, 5))),
        ("-после:22.11", Query(before=date(2026, 11, 22))),
        ("после:22.11 до:22.11", Query(after=date(2026, 11, 22), before=date(2026, 11, 23))),
        ("topic:sport after:22.11", Query(topics=(Topic.SPORT,), after=date(2026, 11, 22))),
        ("тема:спорт,политика", Query(topics=(Topic.SPORT, Topic.POLITICS))),
        ("-источник:bbc,gazeta.ru мост", Query("мост", not_sources=(2, 1))),
        ("мост до:2030-01-01", Query("мост")),
        ("после:2026-11 мост", Query("мост", after=date(2026, 11, 1))),
        ("счёт 3:2 в матче", Query("счёт 3:2 в матче")),
        ("тема", Query("тема")),
        ("https://x.example/a", Query("https://x.example/a")),
        ('незакрытая "кавычка тут', Query("незакрытая кавычка тут")),
        ("", Query()),
        ('"" -""', Query(phrases=("",), without=("",))),
    ],
)
def test_what_is_asked(text: str, query: Query) -> None:
    assert asked(text) == query


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("источник:чепуха мост", WrongOperator(Operator.SOURCE, "чепуха")),
        ("тема: чепуха мост", WrongOperator(Operator.TOPIC, "чепуха")),
        ("тема:", WrongOperator(Operator.TOPIC, "")),
        ("тема:спорт,чепуха", WrongOperator(Operator.TOPIC, "спорт,чепуха")),
        ("после:2030-01-01", WrongOperator(Operator.AFTER, "2030-01-01")),
        ("после:завтра", WrongOperator(Operator.AFTER, "завтра")),
        ("до:32.13", WrongOperator(Operator.BEFORE, "32.13")),
        ('source:"красная площадь"', WrongOperator(Operator.SOURCE, "красная площадь")),
        ("после:22.11 до:20.11", WrongOperator(Operator.BEFORE, "")),
    ],
)
def test_a_value_that_names_nothing(text: str, wrong: WrongOperator) -> None:
    assert asked(text) == wrong


def test_what_can_be_followed() -> None:
    assert Query("мост", phrases=("красная площадь",)).followable == "красная площадь"
    assert Query("новый мост", topics=(Topic.SPORT,)).followable == "новый мост"
    assert Query(topics=(Topic.SPORT,)).followable == ""


def test_operators_are_called_alike_by_nobody() -> None:
    """A name that two languages give to different operators would be read by chance."""
    named: dict[str, Operator] = {}
    for texts in TEXTS.values():
        for name, operator in operator_names([texts]).items():
            assert named.setdefault(name, operator) is operator


@given(st.text(alphabet='абв "«»“”„-−–:., тема:source after:22.11', max_size=80) | st.text())
def test_whatever_is_typed_is_read(text: str) -> None:
    query = asked(text)
    if isinstance(query, Query):
        assert query.after is None or EARLIEST <= query.after <= TODAY
