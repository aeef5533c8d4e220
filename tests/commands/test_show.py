"""`newsboy show`: every kind of block is there, and no foreign text is obeyed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Result

Newsboy = Callable[..., Result]


@pytest.mark.usefixtures("database")
def test_shows_the_whole_article_and_obeys_nothing_in_it(newsboy: Newsboy) -> None:
    shown = newsboy("show", "1")
    assert shown.status == 0
    for part in (
        "Мост через [bold]Оку[/bold] открыт",
        "Движение пустили утром",
        "2026-11-22 12:30",  # by TIME_ZONE's default, Moscow
        "По мосту поехали первые автобусы.",
        "Обычный текст, важный и ссылка",
        "Что дальше",
        "    Ждали пять лет.",
        "— Инженер",
        "2. второе",
        "[Вид с берега] https://news.example/1.jpg",
        "12 000",
        "а  б\n",
        "[Видео] https://video.example/7",
        "the text is from the page",
    ):
        assert part in shown.out
    assert "\x1b" not in shown.out


@pytest.mark.usefixtures("database")
def test_unknown_article_is_one_line(newsboy: Newsboy) -> None:
    shown = newsboy("show", "77")
    assert (shown.status, shown.out) == (1, "")
    assert shown.err == "newsboy: there is no article 77\n"


def test_missing_database_is_one_line_and_is_not_made(newsboy: Newsboy, folder: Path) -> None:
    shown = newsboy("show", "1")
    assert shown.status == 1
    assert shown.err.count("\n") == 1
    assert "newsboy.db" in shown.err
    assert list(folder.iterdir()) == []
