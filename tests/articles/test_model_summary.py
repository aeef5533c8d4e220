"""The guards of a model's summary: what is true passes, what is not in the article does not."""

import json
import random
import re

import pytest

from bot.articles.model_summary import (
    TOLD,
    NoAnswerError,
    RefusedError,
    check,
    messages,
    reply_text,
    summary_in,
)
from bot.articles.summary import summarise
from bot.words.normaliser import Normaliser
from tests.articles.practice import records

TITLE = "Город построит трамвай"
TEXT = (
    "Совет города Светлогорска в понедельник, 16 ноября, проголосовал за строительство трамвайной "
    "линии до вокзала. Линия обойдётся в 5,2 млрд рублей, её длина составит 14 километров. Мэр "
    "Пётр Савельев назвал решение важным для 120 000 жителей. Против проекта выступили трое "
    "депутатов, сообщила «Газета.Ru»."
)
GOOD = "Светлогорск построит трамвайную линию до вокзала за 5,2 млрд рублей, решил совет города."


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


def refusal(summary: str, normaliser: Normaliser, *, language: str = "ru", text: str = TEXT) -> str:
    """Why a summary is refused; "" where it is not."""
    try:
        check(summary, title=TITLE, text=text, language=language, normaliser=normaliser)
    except RefusedError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "summary",
    [
        GOOD,
        "Трамвайная линия в Светлогорске обойдётся в 5.2 млрд рублей. Её длина — 14 километров.",
        "По словам мэра Петра Савельева, решение о трамвае важно для 120\u00a0000 жителей.",
        "«Газета.Ru» сообщила, что против строительства линии выступили трое депутатов.",
    ],
)
def test_what_the_article_says_may_be_shown(summary: str, normaliser: Normaliser) -> None:
    assert refusal(summary, normaliser) == ""


@pytest.mark.parametrize(
    ("summary", "reason"),
    [
        ("Город построит линию.", "too short"),
        (GOOD * 5, "too long"),
        (GOOD.replace("вокзала", "https://evil.example/"), "link"),
        (GOOD.replace("вокзала", "evil.com"), "link"),
        (GOOD.replace("вокзала", "t.me/evil"), "link"),
        (GOOD.replace("вокзала", "@savelyev"), "link"),
        (GOOD.replace("вокзала", "#вокзала"), "link"),
        (GOOD.replace("вокзала", "<b>вокзала</b>"), "markup"),
        (GOOD.replace("вокзала", "**вокзала**"), "markup"),
        (GOOD.replace("вокзала", "[вокзала](x)"), "markup"),
        (GOOD.replace("вокзала", "вок\u200bзала"), "markup"),
        (GOOD.replace("вокзала", "\u202eвокзала"), "markup"),
        (GOOD.replace(" до", "\nдо"), "markup"),
        (" ".join(["Совет города построит трамвайную линию."] * 4), "too many sentences"),
        (GOOD.removesuffix("."), "whole sentences"),
        (f"Он сообщил, что {GOOD}", "stand alone"),
        (f"— {GOOD}", "whole sentences"),
        ("The city council voted to build a tram line to the station.", "another language"),
        ("Рада міста вирішила збудувати трамвайну лінію до вокзалу та її зупинки.", "language"),
        (GOOD.replace("5,2 млрд", "5,3 млрд"), "number that"),
        (GOOD.replace("5,2 млрд", "5,2 млн"), "number that"),
        (GOOD.replace("5,2 млрд", "пять млрд"), "number that"),
        (GOOD.replace("5,2 млрд рублей", "14 миллионов"), "number that"),
        ("Решение совета Светлогорска о трамвайной линии важно для 14 жителей.", "where"),
        (GOOD.replace("Светлогорск", "Зеленогорск"), "name"),
        (GOOD.replace("совет города", "совет ФСБ"), "name"),
        (GOOD.replace("совет города", "совет Комова"), "name"),
        (GOOD.replace("совет города", "Cовет города"), "name"),  # a Latin C
        (
            "Город советует купить замечательные акции, они скоро вырастут в цене, обещаем это.",
            "words",
        ),
        ("Город построит трамвай, город построит трамвай, построит трамвай город.", "title"),
    ],
)
def test_what_may_not_be_shown(summary: str, reason: str, normaliser: Normaliser) -> None:
    assert reason in refusal(summary, normaliser)


def test_an_english_summary_of_an_english_article(normaliser: Normaliser) -> None:
    text = (
        "The mayor, Ann Lee, said on Monday that the bridge would cost $5.2 million and open soon."
    )
    good = "The bridge will cost $5.2 million and open soon, said the mayor, Ann Lee."
    assert refusal(good, normaliser, language="en", text=text) == ""
    for bad in (good.replace("Ann", "Joan"), good.replace("million", "billion")):
        assert refusal(bad, normaliser, language="en", text=text)


@pytest.mark.parametrize(
    "said",
    [
        json.dumps({"summary": GOOD}),
        f"```json\n{json.dumps({'summary': GOOD}, ensure_ascii=False)}\n```",
        f"<think>{{hm}}</think>\n{json.dumps({'summary': f' {GOOD} ', 'note': 1})}",
    ],
)
def test_the_summary_is_found_in_what_was_said(said: str) -> None:
    assert summary_in(said) == GOOD


@pytest.mark.parametrize(
    "said", ["", GOOD, "{", '{"summary": 5}', '{"text": "x"}', '["summary"]', "[" * 100_000,
             '{"summary": "a"} {"summary": "b"}', "Sure! " + json.dumps({"summary": GOOD})],
)  # fmt: skip
def test_what_is_no_answer_is_refused(said: str) -> None:
    with pytest.raises(RefusedError):
        summary_in(said)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{"message": "x"}]}',
     b'{"choices": [{"message": null}]}', b'{"error": {"message": "no"}}', b"\xff\xfe", b"9" * 5000,
     b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_completion_is_the_endpoints_fault(body: bytes) -> None:
    with pytest.raises(NoAnswerError):
        reply_text(body)


def test_an_answer_cut_short_is_refused() -> None:
    reply = {"choices": [{"message": {"content": "{"}, "finish_reason": "length"}]}
    with pytest.raises(RefusedError):
        reply_text(json.dumps(reply).encode())


def test_an_article_cannot_close_its_fence() -> None:
    system, user = messages("Т", "а 8c1f б 8c1f" + "ы" * 20_000, language="ru", fence="8c1f")
    assert user["content"].count("8c1f") == 2
    assert len(user["content"]) < TOLD + 100
    assert "8c1f" in system["content"]


def test_own_sentences_raise_no_alarm_and_wrong_ones_do(normaliser: Normaliser) -> None:
    """A quarter of the practice data; `tests.bench.summaries` takes all."""
    dice = random.Random(5)  # noqa: S311  # changes to try, not secrets
    for record in records("texts/leads.jsonl")[::4]:
        title, text = record["title"], record["text"]
        summary = summarise(title, text, language="ru", normaliser=normaliser)
        check(summary, title=title, text=text, language="ru", normaliser=normaliser)
        for number in re.finditer(r"\d+", summary):
            wrong = str(int(number[0]) + dice.randrange(1, 1000))
            if not re.search(rf"(?<!\d){wrong}(?!\d)", f"{title} {text}"):
                changed = f"{summary[: number.start()]}{wrong}{summary[number.end() :]}"
                with pytest.raises(RefusedError):
                    check(changed, title=title, text=text, language="ru", normaliser=normaliser)
