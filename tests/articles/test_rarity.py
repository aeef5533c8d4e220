"""Rarities: the table is of this normaliser's tokens, and an archive overrules it in time."""

from bot.articles.rarity import RAREST, by_length, made_by, rarities, table, usual
from bot.words.normaliser import NORMALISER_VERSION, Normaliser


def test_the_table_was_made_for_this_normaliser() -> None:
    """Where this fails, run `python -m tests.training.rarity` and the bench of stories."""
    assert made_by() == str(NORMALISER_VERSION)
    common = Normaliser().tokens("год человек президент город мост суд новость company president")
    assert set(common) <= table().keys()


def test_rare_words_tell_more_than_common_ones() -> None:
    year, bridge, unheard = Normaliser().tokens("год мост хвощеватый")
    assert usual(year) < usual(bridge) < usual(unheard) == RAREST
    assert usual("7") < usual("1917")


def test_an_archive_learns_the_words_of_its_town() -> None:
    (town,) = Normaliser().tokens("Заречный")
    alone = rarities([town], {}, 0)[town]
    assert alone == usual(town)
    assert rarities([town], {town: 90}, 100)[town] < alone
    assert rarities([town], {town: 45_000}, 50_000)[town] < 0.5
    assert rarities([town], {}, 100_000)[town] == RAREST


def test_in_a_language_without_a_table_long_words_tell_more() -> None:
    assert by_length("und") < by_length("gesetz") < by_length("regierung") == by_length("x" * 30)
    assert by_length("regierung") < RAREST
