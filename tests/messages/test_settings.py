"""What the screens of /settings say, where it is more than their handlers' tests read."""

import pytest

from bot.messages.settings import Place, place_choices
from bot.messages.texts import Texts
from tests.messages.samples import EN, RU, viewer

_PORTLANDS = [
    Place("Portland", "US", zone)
    for zone in ("America/Los_Angeles", "America/New_York", "America/Chicago")
]


@pytest.mark.parametrize("texts", [RU, EN], ids=["ru", "en"])
def test_no_two_cities_to_choose_from_read_the_same(texts: Texts) -> None:
    detroit = [Place("Birmingham", "US", f"America/{one}") for one in ("Detroit", "New_York")]
    for places in (_PORTLANDS, detroit, [Place("Birmingham", "GB", "Europe/London"), *detroit]):
        choices = place_choices(places, viewer(texts))
        assert [zone for zone, _label in choices] == [place.zone for place in places]
        # The time alone tells nobody which city is meant.
        assert len({label.partition(" ")[2] for _zone, label in choices}) == len(places)


def test_cities_of_one_country_are_told_apart_by_whose_time_they_keep() -> None:
    assert [label for _zone, label in place_choices(_PORTLANDS, viewer(RU))] == [
        "21:30 Portland, Соединенные Штаты (время: Лос-Анджелес)",
        "00:30 Portland, Соединенные Штаты (время: Нью-Йорк)",
        "23:30 Portland, Соединенные Штаты (время: Чикаго)",
    ]


def test_a_city_that_is_alone_in_its_country_needs_no_more_than_its_name() -> None:
    places = [Place("San José", "CR", "America/Costa_Rica"), Place("", "", "Asia/Tokyo")]
    assert [label for _zone, label in place_choices(places, viewer(EN))] == [
        "23:30 San José, Costa Rica",
        "14:30 Tokyo",
    ]


def test_what_reads_the_same_is_offered_once() -> None:
    twice = [Place("Kyiv", "UA", "Europe/Kyiv"), Place("Kyiv", "UA", "Europe/Kiev")]
    assert len(place_choices(twice, viewer(EN))) == 1
