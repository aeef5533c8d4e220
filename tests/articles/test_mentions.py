"""What an article speaks of, as it may be shown and hidden."""

from dataclasses import replace

import pytest

from bot.articles.mentions import mentioned
from bot.words.normaliser import Normaliser
from tests.messages.samples import article


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


@pytest.mark.parametrize(
    ("title", "people", "words"),
    [
        (
            "Землетрясение магнитудой 6,1 произошло на Камчатке",
            (),
            ["Камчатка", "магнитуда", "землетрясение"],
        ),
        (
            "Петров и Иванова обсудили мост в Саратове",
            ("Пётр Петров", "Анна Иванова", "Сергей Сидоров"),
            ["Пётр Петров", "Анна Иванова", "Саратов", "мост"],
        ),
        ("Apple unveils new iPhone", (), ["unveils", "iPhone", "Apple"]),
        ("Он и она: 25 за 3 дня", (), []),
        ("", (), []),
    ],
)
def test_names_first_then_the_rarest_things(
    normaliser: Normaliser, title: str, people: tuple[str, ...], words: list[str]
) -> None:
    found = mentioned(replace(article(), title=title, people=people), normaliser)
    assert len(found) <= 4
    assert sorted(found) == sorted(words)
    assert found[: len(people[:2])] == list(people[:2])
