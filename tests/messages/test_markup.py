"""Measuring and splitting, against Telegram's own parser."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import markup
from bot.messages.markup import Passage, Quote, Run
from tests.messages.samples import parsed

_TEXT = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["Привет, мир. ", "שלום עולם", "👩‍👩‍👧‍👦", "<b>&amp;\"'", "a" * 5000, "слово " * 900]
    ),
)
_RUNS = st.builds(
    Run,
    _TEXT.map(markup.clean),
    bold=st.booleans(),
    italic=st.booleans(),
    link=st.sampled_from(["", 'https://example.org/?a=1&b="<x>']),
)
_PASSAGES = st.lists(
    st.builds(
        Passage,
        st.lists(_RUNS, max_size=6).map(tuple),
        st.sampled_from(Quote),
        tight=st.booleans(),
        keep=st.booleans(),
    ),
    max_size=8,
)


def unspaced(text: str) -> str:
    return re.sub(r"\s", "", text)


def shown(passages: list[Passage]) -> str:
    """Return the characters of the passages that show something, without spaces."""
    texts = ("".join(run.text for run in passage.runs) for passage in passages)
    return unspaced("".join(text for text in texts if markup.visible(text)))


@given(_PASSAGES)
@settings(max_examples=80, deadline=None)
def test_split_keeps_the_limits_and_every_character(passages: list[Passage]) -> None:
    parts = markup.split(passages)
    delivered = []
    for part in parts:
        message = parsed(markup.to_html(part))
        assert message.text == markup.to_plain(part)
        assert message.units <= markup.MESSAGE_UNITS
        assert len(message.entities) <= markup.MESSAGE_ENTITIES
        assert markup.visible(message.text)
        length, entities = markup.measure(part)
        assert length == message.units
        assert entities >= len(message.entities)
        delivered.append(message.text)
    # An invisible piece of a long passage is all that may be left out.
    wanted, got = shown(passages), unspaced("".join(delivered))
    assert [c for c in got if markup.visible(c)] == [c for c in wanted if markup.visible(c)]


def test_many_links_are_split_by_entities() -> None:
    runs = tuple(Run(f"слово{n} ", bold=True, link="https://example.org/") for n in range(250))
    parts = markup.split([Passage(runs, Quote.PLAIN)])
    assert len(parts) >= 5
    assert all(len(parsed(markup.to_html(part)).entities) <= 100 for part in parts)
    assert "".join(map(markup.to_plain, parts)) == "".join(run.text for run in runs)


def test_long_paragraph_is_cut_after_a_sentence_then_a_word() -> None:
    sentence = "Это предложение из нескольких слов. "
    parts = markup.split([Passage((Run((sentence * 300).strip()),))])
    assert all(markup.to_plain(part).rstrip().endswith("слов.") for part in parts)
    words = ("слово " * 2000).strip()
    parts = markup.split([Passage((Run(words),))])
    assert all(markup.to_plain(part).rstrip().endswith("слово") for part in parts)


def test_emoji_families_and_accents_are_not_torn() -> None:
    for unit in ("👩‍👩‍👧‍👦", "e\u0301", "👍🏽"):
        for part in markup.split([Passage((Run(unit * 3000),))]):
            text = markup.to_plain(part)
            assert unicodedata.category(text[0]) != "Mn"
            assert text[0] not in "\u200d🏽"
            assert not text.endswith("\u200d")


def test_heading_goes_with_what_follows() -> None:
    passages = [
        Passage((Run("а" * 4000),)),
        Passage((Run("Заголовок", bold=True),), keep=True),
        Passage((Run("б" * 200),)),
    ]
    first, second = markup.split(passages)
    assert markup.to_plain(first) == "а" * 4000
    assert markup.to_plain(second).startswith("Заголовок\n\nб")


def test_clean_drops_what_telegram_drops() -> None:
    assert markup.clean("a\u202eb\x00c\r\n d\ud800") == "ab c d"
    assert markup.clean_lines("  x\n\ty\u202e\n") == "  x\n    y"
    assert not markup.visible(" \u200b\u00a0\u2060")
    assert markup.visible("🙂")


def test_links_are_http_only() -> None:
    assert markup.web_link("javascript:alert(1)") == ""
    assert markup.web_link("tg://user?id=1") == ""
    assert markup.web_link("https://a.example/\nx") == ""
    assert markup.web_link(" HTTPS://a.example/ ") == "HTTPS://a.example/"


def test_clip() -> None:
    assert markup.clip("коротко", 10) == "коротко"
    assert markup.clip("несколько слов подряд", 16) == "несколько слов…"
    assert markup.units(markup.clip("🙂" * 50, 10)) <= 10


def test_marked() -> None:
    runs = markup.marked("переговоры в Японии", ((0, 10), (13, 19)))
    assert [run.text for run in runs if run.bold] == ["переговоры", "Японии"]
    assert "".join(run.text for run in runs) == "переговоры в Японии"
    assert markup.marked("текст", ((3, 99), (1, 2))) == (
        Run("т"),
        Run("е", bold=True),
        Run("к"),
        Run("ст", bold=True),
    )
