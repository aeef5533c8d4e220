"""Rows of buttons: as many beside each other as a phone shows whole, in an order that holds."""

import pytest

from bot.messages import callbacks as cb
from bot.messages import keyboards
from tests.messages.samples import RU, article


def _rows(labels: list[str], width: int) -> list[list[str]]:
    buttons = [keyboards.button(label, cb.Card(1)) for label in labels]
    return [[one.text for one in row] for row in keyboards.rows_of(buttons, width)]


@pytest.mark.parametrize(
    ("labels", "width", "rows"),
    [
        (["Читать", "Отложить", "Источник"], 3, [["Читать", "Отложить", "Источник"]]),
        (["Читать", "Отложить", "Не показывать…"], 3, [["Читать", "Отложить"], ["Не показывать…"]]),
        (["Read", "Save", "Hide…"], 3, [["Read", "Save", "Hide…"]]),
        (
            ["Скрыть: Происшествия", "Скрыть: Спорт"],
            2,
            [["Скрыть: Происшествия"], ["Скрыть: Спорт"]],
        ),
        (["at once", "at once with sound"], 2, [["at once", "at once with sound"]]),
        (["06:00"] * 7, 6, [["06:00"] * 6, ["06:00"]]),
        ([], 2, []),
    ],
)
def test_a_label_that_would_be_cut_short_gets_more_room(
    labels: list[str], width: int, rows: list[list[str]]
) -> None:
    assert _rows(labels, width) == rows


def test_a_tick_moves_no_button() -> None:
    plain, ticked = (_rows([mark + "по выходным", "ежедневно"], 3) for mark in ("", "✓ "))
    assert [len(row) for row in plain] == [len(row) for row in ticked]


def test_a_push_shows_its_three_buttons_whole() -> None:
    rows = [[one.text for one in row] for row in keyboards.push(article(), RU)]
    assert rows == [["Читать", "Отложить"], ["Не показывать…"]]
