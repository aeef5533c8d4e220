"""Which follows a story meets, and the one rule that the store's SQL follows too."""

import pytest

from bot.delivery.matching import Reading, level_of, phrase_keys, plain_keys, specific
from storage import FollowKind, Level, Topic

EVERYTHING = (FollowKind.EVERYTHING, "")
SPORT = (FollowKind.TOPIC, "sport")
CULTURE = (FollowKind.TOPIC, "culture")
SOURCE = (FollowKind.SOURCE, "vestnik.example")
WORDS = (FollowKind.WORDS, "мост волг")
KEYS = [*plain_keys(Topic.SPORT, "vestnik.example", 7), WORDS]


Follow = tuple[tuple[FollowKind, str], Level]


def reading(*follows: Follow, muted: frozenset[tuple[FollowKind, str]] = frozenset()) -> Reading:
    return Reading(dict(follows), muted)


@pytest.mark.parametrize(
    ("follows", "expected"),
    [
        ([], Level.OFF),
        ([(EVERYTHING, Level.DIGEST)], Level.DIGEST),
        ([(EVERYTHING, Level.DIGEST), (SPORT, Level.NOW)], Level.NOW),
        ([(EVERYTHING, Level.NOW), (SPORT, Level.DIGEST)], Level.DIGEST),
        ([(EVERYTHING, Level.NOW), (SPORT, Level.OFF)], Level.OFF),
        ([(SOURCE, Level.NOW), (SPORT, Level.OFF)], Level.OFF),
        ([(SOURCE, Level.SOUND), (SPORT, Level.DIGEST)], Level.SOUND),
        ([(EVERYTHING, Level.OFF), (SPORT, Level.OFF), (WORDS, Level.NOW)], Level.NOW),
        ([(CULTURE, Level.NOW)], Level.OFF),
        ([((FollowKind.STORY, "7"), Level.NOW)], Level.NOW),
    ],
)
def test_the_narrower_follow_decides(follows: list[Follow], expected: Level) -> None:
    assert level_of(KEYS, reading(*follows)) is expected


def test_a_mute_silences_even_followed_words() -> None:
    follows = [(WORDS, Level.NOW), (EVERYTHING, Level.NOW)]
    assert level_of(KEYS, reading(*follows, muted=frozenset({SPORT}))) is Level.OFF
    assert level_of(KEYS, reading(*follows, muted=frozenset({CULTURE}))) is Level.NOW


def test_phrases_are_found_side_by_side() -> None:
    found = phrase_keys(["нов мост", "мост нов"], [], ["дорог", "нов", "мост", "волг"])
    assert found == [(FollowKind.WORDS, "нов мост")]
    assert phrase_keys(["мост волг"], ["мост"], ["волг"]) == []
    assert phrase_keys(["мост волг"], ["мост", "через", "волг"], []) == [WORDS]


def test_in_a_title_telling_words_may_stand_anywhere() -> None:
    """«На Камчатке произошло землетрясение» is what «землетрясение на Камчатке» asks for."""
    quake = ["на", "камчатк", "произойт", "землетрясен", "магнитуд", "6"]
    (found,) = phrase_keys(["землетрясен камчатк"], quake, [])
    assert found == (FollowKind.WORDS, "землетрясен камчатк")
    far = ["землетрясен", "в", "турц", "ощути", "житель", "столиц", "сообщ", "тасс", "камчатк"]
    assert phrase_keys(["землетрясен камчатк"], [], far) == [], "a body is too long for that"
    assert phrase_keys(["нов год"], ["год", "в", "нов", "дом"], []) == [], "words of every day"
    assert phrase_keys(["землетрясен камчатк"], ["землетрясен"], ["камчатк"]) == []


def test_in_a_body_telling_words_stand_near_each_other() -> None:
    """Else who asked to be told «when something appears» would hear of titles alone."""
    told = ["утр", "на", "камчатк", "произойт", "сильн", "землетрясен", "цун", "не", "жда"]
    assert phrase_keys(["землетрясен камчатк"], ["толчк"], told)
    assert phrase_keys(["землетрясен камчатк цун"], ["толчк"], told)
    assert not phrase_keys(["землетрясен камчатк вулкан"], ["толчк"], told)
    assert not phrase_keys(["нов год"], [], ["год", "в", "нов", "дом"]), "words of every day"


def test_following_everything_is_not_specific() -> None:
    assert not specific(KEYS, reading((EVERYTHING, Level.NOW)))
    assert not specific(KEYS, reading((SPORT, Level.OFF)))
    assert specific(KEYS, reading((SPORT, Level.DIGEST)))
