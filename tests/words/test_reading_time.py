"""Reading time: rounded to the nearest minute, by the language's pace."""

import pytest

from bot.words.reading_time import reading_minutes


@pytest.mark.parametrize(
    ("words", "language", "minutes"),
    [
        (0, "ru", 1),
        (180, "ru", 1),
        (269, "ru", 1),
        (270, "ru", 2),
        (540, "ru", 3),
        (540, "en", 2),
        (660, "en", 3),
        (660, "", 3),
        (660, "uk", 4),
    ],
)
def test_reading_minutes(words: int, language: str, minutes: int) -> None:
    assert reading_minutes(words, language) == minutes
