"""What a mistyped word may have meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words import slips


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ghbdtn", "привет"),
        ("Ghbdtn", "привет"),
        ("ghbdtn,", "привет"),
        ("[jrrtq", "хоккей"),
        ("c,th", "сбер"),
        ("екгьз", "trump"),
        ("'rjyjvbrf", "экономика"),
        ("gjlj;lb", "подожди"),
    ],
)
def test_the_other_layout(typed: str, meant: str) -> None:
    assert meant in slips.other_layout(typed)


def test_a_mark_at_the_end_may_be_a_letter() -> None:
    assert "столб" in slips.other_layout("cnjk,")


@pytest.mark.parametrize("typed", ["2026", "", "...", "ghbпривет", "🙂", "-"])
def test_what_no_layout_gives(typed: str) -> None:
    assert slips.other_layout(typed) == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("putin", "путин"),
        ("Moskva", "москва"),
        ("zelensky", "зеленский"),
        ("Shchukin", "щукин"),
        ("voyna", "война"),
        ("rossiya", "россия"),
        ("kazan", "казань"),
        ("zhirinovskiy", "жириновский"),
        ("chelyabinsk", "челябинск"),
        ("yuriy", "юрий"),
        ("tsentr", "центр"),
        ("podezd", "подезд"),
        ("rossii", "россии"),
        ("krasnaya", "красная"),
    ],
)
def test_russian_in_latin_letters(typed: str, meant: str) -> None:
    assert meant in slips.in_russian_letters(typed)


@pytest.mark.parametrize("typed", ["путин", "a1", "", "x", "https://x"])
def test_what_is_no_latin_word(typed: str) -> None:
    assert slips.in_russian_letters(typed) == []


@given(st.text(max_size=60))
def test_nothing_typed_breaks_them_or_grows_without_end(typed: str) -> None:
    assert len(slips.other_layout(typed)) <= 4
    assert len(slips.in_russian_letters(typed)) <= 24


def test_long_latin_words_are_few_spellings() -> None:
    assert len(slips.in_russian_letters("ceihcwyxl" * 30)) <= 24


def test_the_nearest_come_first_and_the_far_not_at_all() -> None:
    def nearest(typed: str, term: str, *known: str) -> list[list[str]]:
        return [terms for _apart, terms in slips.nearest(typed, term, known)]

    known = ("землетрясени", "землетрясен", "землетрус", "земл")
    assert nearest("землитрясение", "землитрясен", *known)[0] == ["землетрясен"]
    assert nearest("переговроы", "переговр", "перегон", "переговор")[0] == ["переговор"]
    assert nearest("япнией", "япн", "япон", "япв", "японо") == [["япон"]]
    assert nearest("кот", "кот", "код", "кто") == []
    assert nearest("землетрясен", "землетрясен", "землетрясен") == []


def test_short_words_and_numbers_have_no_slips() -> None:
    assert [slips.slips_allowed(one) for one in ("кот", "2024", "кошк", "собаки", "переезд")] == [
        0,
        0,
        1,
        1,
        2,
    ]


def test_edits_are_all_that_is_one_slip_away() -> None:
    edits = slips.edits("япон")
    assert {"япо", "япно", "ипон", "япион", "японя"} <= set(edits)
    assert "япон" not in edits
    assert len(edits) == len(set(edits)) > 250
    assert "japan" in slips.edits("japn")


def test_the_form_most_like_what_was_typed() -> None:
    assert slips.closest_form("япнией", ["япония", "японии", "японией"]) == "японией"
