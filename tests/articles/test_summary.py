"""Sentences, summaries of whole sentences, and their measured worth."""

import pytest
import razdel

from bot.articles.sentences import sentences
from bot.articles.summary import shorten, summarise
from bot.words.normaliser import Normaliser
from tests.articles.practice import records

TEXT = (
    "Совет города решил построить трамвайную линию до вокзала. «Мы ждали этого десять лет. Город "
    "вырос», — сказал мэр. Погода в тот день была ясной. Строительство линии начнут весной и "
    "закончат через два года, стоимость трамвая составит пять миллиардов рублей. Да."
)
TITLE = "Город построит трамвайную линию до вокзала"


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Раз. Два.", ["Раз.", "Два."]),
        ("«Придёте?» — спросил он. Да.", ["«Придёте?» — спросил он.", "Да."]),
        ("«Ждали. Дождались», — сказал мэр.", ["«Ждали. Дождались», — сказал мэр."]),
        ("В 2024 г. А. С. Пушкин и т. д. не писал.", ["В 2024 г. А. С. Пушкин и т. д. не писал."]),
        ("Строка\nДругая", ["Строка", "Другая"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_an_unclosed_quotation_does_not_swallow_the_text() -> None:
    text = "Он сказал: «да. " + "Это обычное предложение о погоде и людях. " * 40
    assert len(sentences(text)) > 20


def test_a_summary_is_the_texts_own_sentences_in_order(normaliser: Normaliser) -> None:
    summary = summarise(TITLE, TEXT, language="ru", normaliser=normaliser)
    found = sentences(summary)
    own = sentences(TEXT)
    assert found == [sentence for sentence in own if sentence in found]
    assert found[0] == own[0]
    assert "стоимость трамвая" in summary
    assert len(found) == 3
    assert len(sentences(summarise(TITLE, TEXT, language="en", normaliser=normaliser))) == 2


@pytest.mark.parametrize("limit", [60, 120, 250, 400])
def test_a_summary_keeps_its_limit(normaliser: Normaliser, limit: int) -> None:
    summary = summarise(TITLE, TEXT * 3, language="ru", normaliser=normaliser, limit=limit)
    assert 0 < len(summary) <= limit


@pytest.mark.parametrize("text", ["", "  \n ", "…", "123 456"])
def test_nothing_makes_no_summary(normaliser: Normaliser, text: str) -> None:
    assert summarise(TITLE, text, language="ru", normaliser=normaliser) == ""


def test_a_text_without_sentences_is_cut_at_a_word(normaliser: Normaliser) -> None:
    summary = summarise("", "слово " * 5000, language="ru", normaliser=normaliser)
    assert len(summary) <= 400
    assert summary.endswith("слово…")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Раз. Два. Три.", 100, "Раз. Два."),
        ("Раз. Два и ещё много слов.", 10, "Раз."),
        ("Очень длинная фраза, которая не кончается, никогда и нигде", 50,
         "Очень длинная фраза, которая не кончается…"),
        ("", 10, ""),
        ("слитно" * 10, 10, "слитносли…"),
    ],
)  # fmt: skip
def test_shortening_keeps_whole_sentences(text: str, limit: int, expected: str) -> None:
    assert shorten(text, limit) == expected


def _rouge1(reference: str, text: str) -> float:
    """As the Gazeta paper counts: sets of razdel's lower-cased tokens, F1."""
    one = {token.text.lower() for token in razdel.tokenize(reference)}
    two = {token.text.lower() for token in razdel.tokenize(text)}
    return 2 * len(one & two) / (len(one) + len(two))


def test_summaries_beat_the_first_three_sentences(normaliser: Normaliser) -> None:
    ours = lead = 0.0
    for record in records("texts/leads.jsonl"):
        title, text, reference = record["title"], record["text"], record["summary"]
        summary = summarise(title, text, language="ru", normaliser=normaliser)
        ours += _rouge1(reference, summary)
        lead += _rouge1(reference, " ".join(sentences(text)[:3]))
    assert ours >= lead
