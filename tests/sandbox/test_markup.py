"""Text as Telegram takes it: parsed, cleaned, trimmed, measured in UTF-16."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from bot.sandbox.answers import ApiError
from bot.sandbox.markup import Markup, TdlibMissingError, is_blank, units


@pytest.fixture(scope="module")
def markup() -> Markup:
    return Markup()


def read(markup: Markup, text: str, mode: str = "HTML") -> tuple[str, list[dict[str, Any]]]:
    return markup.read(text, mode, None, limit=4096)


def test_html_is_parsed_by_tdlib(markup: Markup) -> None:
    text, marks = read(markup, '<b>Жирный 👍</b> <a href="https://a.ru/?x=1&amp;y=2">ссылка</a>')
    assert text == "Жирный 👍 ссылка"
    assert marks == [
        {"type": "bold", "offset": 0, "length": 9},
        {"type": "text_link", "offset": 10, "length": 6, "url": "https://a.ru/?x=1&y=2"},
    ]


@pytest.mark.parametrize(
    ("text", "mode", "error"),
    [
        ("<b>a", "HTML", "can't parse entities: Can't find end tag corresponding to start tag"),
        ("a < b", "HTML", 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
        ("a.b", "MarkdownV2", "can't parse entities: Character '.' is reserved"),
        ("a", "BBCode", "unsupported parse_mode"),
    ],
)
def test_broken_markup_is_refused_with_telegrams_text(
    markup: Markup, text: str, mode: str, error: str
) -> None:
    with pytest.raises(ApiError) as refused:
        read(markup, text, mode)
    assert refused.value.description.startswith(f"Bad Request: {error}")
    assert refused.value.violation


def test_times_keep_their_format(markup: Markup) -> None:
    _, marks = read(markup, '<tg-time unix="1647531900" format="wDt">22:45</tg-time>')
    assert marks == [
        {
            "type": "date_time",
            "offset": 0,
            "length": 5,
            "unix_time": 1647531900,
            "date_time_format": "wDt",
        }
    ]


def test_commands_are_found_beside_markup_but_not_inside_code(markup: Markup) -> None:
    _, marks = read(markup, "<b>a</b> /full_12 <code>/full_13</code>")
    assert [(mark["type"], mark["offset"]) for mark in marks] == [
        ("bold", 0),
        ("bot_command", 2),
        ("code", 11),
    ]


def test_cleaning_moves_the_entities(markup: Markup) -> None:
    text, marks = read(markup, "\r\n  a\u202eb\t<b>c\u202ed</b> \n\n")
    assert text == "ab cd"
    assert marks == [{"type": "bold", "offset": 3, "length": 2}]


def test_an_entity_of_white_space_only_is_dropped(markup: Markup) -> None:
    assert read(markup, "a<b> \n</b>") == ("a", [])


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u2060", "\u3164"])
def test_invisible_text_is_blank(text: str) -> None:
    assert is_blank(text)


def test_length_is_counted_after_parsing_in_utf16(markup: Markup) -> None:
    assert units("a👍") == 3
    read(markup, "<b>" + "👍" * 2048 + "</b>")
    with pytest.raises(ApiError, match="message is too long"):
        read(markup, "👍" * 2048 + "a")


def test_too_many_entities_are_cut_and_noted() -> None:
    notes: list[str] = []
    markup = Markup(note=notes.append)
    _, marks = read(markup, "<b>a</b> " * 101)
    assert len(marks) == 100
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("mark", "error"),
    [
        ({"type": "bold", "offset": 3, "length": 2}, "ENTITY_BOUNDS_INVALID"),
        ({"type": "loud", "offset": 0, "length": 1}, "Unsupported type"),
        ({"type": "text_link", "offset": 0, "length": 1}, 'Can\'t find field "url"'),
        ({"type": "bold", "offset": "0", "length": 1}, "must be of type Number"),
    ],
)
def test_wrong_explicit_entities_are_refused(
    markup: Markup, mark: dict[str, Any], error: str
) -> None:
    with pytest.raises(ApiError, match=error):
        markup.read("abcd", "", [mark], limit=4096)


def test_explicit_entities_are_kept(markup: Markup) -> None:
    bold = {"type": "bold", "offset": 2, "length": 1}
    assert markup.read("  a", "", [bold], limit=4096) == (
        "a",
        [{"type": "bold", "offset": 0, "length": 1}],
    )


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://gazeta.ru/x", True),
        ("tg://resolve?domain=x", True),
        ("http://127.0.0.1:80/a", True),
        ("http://localhost/a", False),
        ("javascript:alert(1)", False),
        ("https://a b.ru/", False),
    ],
)
def test_links_are_judged_by_tdlib(markup: Markup, url: str, good: bool) -> None:
    assert markup.link(url) is good


def test_a_lax_sandbox_needs_no_tdlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tdjson", None)
    with pytest.raises(TdlibMissingError, match=r"pip install 'newsboy\[sandbox\]'"):
        Markup()
    lax = Markup(strict=False)
    assert read(lax, "<b>Ж</b> /full_1") == (
        "Ж /full_1",
        [{"type": "bot_command", "offset": 2, "length": 7}],
    )
