"""Names are known in both alphabets."""

import pytest

from bot.articles.sounds import sound


@pytest.mark.parametrize(
    ("latin", "cyrillic"),
    [
        ("boeing", "боинг"),
        ("google", "гугл"),
        ("musk", "маск"),
        ("microsoft", "майкрософт"),
        ("facebook", "фейсбук"),
        ("volkswagen", "фольксваген"),
        ("spacex", "спейсикс"),
        ("johnson", "джонсон"),
        ("barcelona", "барселона"),
        ("trump", "трамп"),
        ("pfizer", "пфайзер"),
    ],
)
def test_a_name_sounds_alike_in_both_alphabets(latin: str, cyrillic: str) -> None:
    assert sound(latin) == sound(cyrillic) != ""


@pytest.mark.parametrize("word", ["", "рено", "oui", "7", "東京", "ää"])
def test_too_little_to_hear(word: str) -> None:
    assert sound(word) == ""


def test_other_names_sound_otherwise() -> None:
    names = ["boeing", "эйрбас", "google", "яндекс", "trump", "байден", "tesla", "тойота"]
    heard = [sound(name) for name in names]
    assert len({one for one in heard if one}) == sum(map(bool, heard))
