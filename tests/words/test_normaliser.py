"""The one normaliser: inflected forms meet, and its output is fit for an FTS5 index."""

import sqlite3

import pytest

from bot.words.matching import highlight, phrase_in
from bot.words.normaliser import QUERY_TERMS, Normaliser
from bot.words.stopwords import STOP_WORDS


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("переговоры", "переговорах"),
        ("шёл", "идти"),
        ("Ёлка", "елки"),
        ("ЯПОНИЯ", "Японии"),
        ("elections", "Election"),
        ("Putin’s", "Putin"),
        ("café", "cafe"),
        ("молоко\u0301", "молока"),
        ("пере\u00adговоры", "переговоры"),
        ("ﬁre", "fire"),
    ],
)
def test_forms_of_one_word_share_a_token(normaliser: Normaliser, one: str, other: str) -> None:
    assert normaliser.tokens(one) == normaliser.tokens(other) != []


def test_words_that_differ_keep_apart(normaliser: Normaliser) -> None:
    assert normaliser.tokens("Россия") != normaliser.tokens("Пруссия")
    assert normaliser.tokens("2024") != normaliser.tokens("2025")


def test_numbers_signs_and_other_scripts(normaliser: Normaliser) -> None:
    assert normaliser.tokens("COVID-19, №5: 3,5 % и 日本; п’є") == [
        "covid", "19", "5", "3", "5", "и", "日本", "пє",
    ]  # fmt: skip
    assert normaliser.tokens("— … «» \u200b 🙂") == []


def test_an_index_splits_a_normalised_text_where_it_was_joined(normaliser: Normaliser) -> None:
    """SQLite's own tokenizer is asked, since it decides what search finds."""
    text = normaliser.text("Ёлка й_Ё don't ½ x² Straße İstanbul naïve ру́сский e-mail 1.5 №7")
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE words USING fts5(x, tokenize='unicode61 remove_diacritics 2')"
    )
    database.execute("CREATE VIRTUAL TABLE seen USING fts5vocab(words, instance)")
    database.execute("INSERT INTO words VALUES (?)", (text,))
    rows = database.execute('SELECT term FROM seen ORDER BY "offset"').fetchall()
    database.close()
    assert len(rows) == len(text.split())


def test_a_stop_word_is_its_own_token(normaliser: Normaliser) -> None:
    assert all(normaliser.tokens(word) == [word] for word in STOP_WORDS)


def test_query_terms_come_once_without_stop_words(normaliser: Normaliser) -> None:
    assert normaliser.query_terms("переговоры с Японией и о Японии") == normaliser.tokens(
        "переговоры японией"
    )
    assert normaliser.query_terms("кто там") == ["кто", "там"]
    assert normaliser.query_terms("") == []
    assert len(normaliser.query_terms(" ".join(map(str, range(100))))) == QUERY_TERMS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Мощное землетрясение произошло на Камчатке", False),
        ("После землетрясения на Камчатке", True),
        ("Землетрясением в Камчатку не ударишь", True),
        ("Камчатка: землетрясение", False),
        ("", False),
    ],
)
def test_a_followed_phrase_meets_its_inflected_forms(
    normaliser: Normaliser, text: str, found: bool
) -> None:
    phrase = normaliser.phrase("землетрясение на Камчатке").split()
    assert phrase_in(normaliser.tokens(text), phrase) is found


def test_phrases_match_whole_words_only(normaliser: Normaliser) -> None:
    assert not phrase_in(normaliser.tokens("скотовод"), normaliser.phrase("кот").split())
    assert not phrase_in(["кот"], [])


def test_a_phrase_of_stop_words_still_works(normaliser: Normaliser) -> None:
    phrase = normaliser.phrase("The Who").split()
    assert phrase_in(normaliser.tokens("Songs by The Who again"), phrase)
    assert not phrase_in(normaliser.tokens("the man who came"), phrase)


def test_found_words_are_highlighted_in_place(normaliser: Normaliser) -> None:
    text = "🙂 Премьер Японии начал переговоры с Россией"
    places = highlight(text, normaliser.query_terms("переговорах с японией"), normaliser)
    assert [text[start:end] for start, end in places] == ["Японии", "переговоры"]


def test_neighbouring_found_words_are_highlighted_as_one(normaliser: Normaliser) -> None:
    text = "Нижний Новгород, Новгород"
    places = highlight(text, normaliser.query_terms("нижнего новгорода"), normaliser)
    assert [text[start:end] for start, end in places] == ["Нижний Новгород", "Новгород"]
