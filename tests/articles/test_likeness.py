"""Same story: certain where it says yes."""

import pytest

from bot.articles.likeness import SAME_STORY, fingerprint, likeness, rarities
from bot.words.normaliser import Normaliser
from tests.articles.practice import records


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


def _same(normaliser: Normaliser, one: tuple[str, str], other: tuple[str, str]) -> bool:
    a, b = fingerprint(*one, normaliser), fingerprint(*other, normaliser)
    assert likeness(a, b) == pytest.approx(likeness(b, a))
    return likeness(a, b) >= SAME_STORY


def test_one_event_told_twice(normaliser: Normaliser) -> None:
    one = (
        "В Заречье открыли новый мост через реку",
        "Мост через реку Светлую открыли в Заречье на месяц раньше срока, сообщил мэр Орлов.",
    )
    other = (
        "Новый мост в Заречье открылся раньше срока",
        "Мэр Заречья Орлов открыл мост через Светлую: первые машины проехали утром.",
    )
    assert _same(normaliser, one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Прогноз погоды на 8 ноября", "Ночью ожидается слабый снег, ветер северный."),
         ("Прогноз погоды на 16 ноября", "Ночью ожидается слабый снег, ветер северный.")),
        (("Погода в Бресте на 17 мая", "Сегодня в Бресте облачно."),
         ("Погода в Гомеле на 17 мая", "Сегодня в Гомеле облачно.")),
        (("Ещё 11 человек заболели в области", "В области 11 новых случаев."),
         ("Ещё 25 человек заболели в области", "В области 25 новых случаев.")),
        (("", ""), ("", "")),
    ],
)  # fmt: skip
def test_what_disagrees_is_not_one_story(
    normaliser: Normaliser, one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert not _same(normaliser, one, other)


def test_title_case_capitals_are_no_names(normaliser: Normaliser) -> None:
    one = ("Council Approves New Library Downtown", "The council approved a library on Monday.")
    other = ("Downtown library approved by council", "The council approved a library on Monday.")
    assert _same(normaliser, one, other)


def test_an_article_is_like_itself(normaliser: Normaliser) -> None:
    mine = fingerprint("В Заречье открыли мост", "Мост открыл мэр Орлов.", normaliser)
    assert likeness(mine, mine) == pytest.approx(1.0)


def test_labelled_pairs(normaliser: Normaliser) -> None:
    right = wrong = missed = 0
    for pair in records("pairs/pairs.jsonl"):
        first, second = pair["first"], pair["second"]
        one, other = (first["title"], first["text"]), (second["title"], second["text"])
        same, said = pair["same"] == "OK", _same(normaliser, one, other)
        right += same and said
        wrong += said and not same
        missed += same and not said
    assert right / (right + wrong) >= 0.9  # .93 when written
    assert right / (right + missed) >= 0.55  # .60 when written


def test_common_words_do_not_make_a_story(normaliser: Normaliser) -> None:
    """In a city's own paper the city's name says nothing."""
    one = fingerprint("Сто лет на рельсах: трамвай Заречья", "Трамваю Заречья сто лет.", normaliser)
    other = fingerprint("В Заречье открыли мост для трамвая", "Мост ждали в Заречье.", normaliser)
    counts = dict.fromkeys(normaliser.tokens("Заречье трамвай"), 90)
    known = rarities(one.words, counts, 100)
    assert likeness(one, other, known) < likeness(one, other)
