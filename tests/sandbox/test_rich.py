"""Rich messages: shapes, limits, and what Telegram gives back."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.answers import ApiError
from bot.sandbox.rich import read_rich
from bot.sandbox.view import plain_text

Block = dict[str, Any]


def paragraph(text: Any = "a") -> Block:
    return {"type": "paragraph", "text": text}


def read(*blocks: Any) -> Block:
    return read_rich({"blocks": list(blocks)}, lambda url: "." in url)[0]


def nested(depth: int) -> Block:
    block = paragraph()
    for _ in range(depth - 1):
        block = {"type": "blockquote", "blocks": [block]}
    return block


def row(columns: int) -> list[Block]:
    return [{"align": "left", "valign": "top", "text": "a"}] * columns


def picture(number: int) -> Block:
    return {"type": "photo", "photo": {"type": "photo", "media": f"id{number}"}}


def test_an_article_comes_back_as_it_was_sent() -> None:
    message = read(
        {"type": "heading", "text": "Заголовок", "size": 1},
        paragraph(
            [
                "Текст ",
                {"type": "bold", "text": "жирный"},
                {"type": "url", "text": "x", "url": "http://a.ru"},
            ]
        ),
        {"type": "blockquote", "blocks": [paragraph("цитата")], "credit": "Автор"},
        {"type": "list", "items": [{"blocks": [paragraph("раз")]}, {"blocks": [paragraph("два")]}]},
        {
            "type": "list",
            "items": [
                {"blocks": [paragraph("раз")], "value": 3},
                {"blocks": [paragraph("два")], "type": "1"},
            ],
        },
        {"type": "details", "summary": "Ещё", "blocks": [{"type": "divider"}]},
        {"type": "buttons", "buttons": [{"text": "Сохранить", "callback_data": "s"}]},
        {"type": "footer", "text": "Источник"},
    )
    assert [item["label"] for item in message["blocks"][3]["items"]] == ["•", "•"]
    assert [item["label"] for item in message["blocks"][4]["items"]] == ["3.", "4."]
    assert plain_text(message).splitlines() == [
        "Заголовок",
        "Текст жирныйx",
        "цитата",
        "Автор",
        "• раз",
        "• два",
        "3. раз",
        "4. два",
        "Ещё",
        "[Сохранить]",
        "Источник",
    ]


def test_media_wait_to_be_filled_in() -> None:
    slides = {
        "type": "slideshow",
        "blocks": [picture(1) | {"caption": {"text": "подпись", "credit": "фото"}}, picture(2)],
    }
    message, pending = read_rich({"blocks": [slides]}, lambda _: True)
    assert [item.media for item in pending] == ["id1", "id2"]
    pending[0].block[pending[0].field] = [{"file_id": "x"}]
    assert message["blocks"][0]["blocks"][0]["photo"] == [{"file_id": "x"}]
    assert plain_text(message) == "подпись\nфото"


@pytest.mark.parametrize(
    "blocks",
    [
        [paragraph("я" * 32_768)],
        [paragraph()] * 500,
        [nested(16)],
        [picture(n) for n in range(50)],
        [{"type": "table", "cells": [row(20)]}],
    ],
    ids=["characters", "blocks", "depth", "media", "columns"],
)
def test_limits_can_be_reached(blocks: list[Block]) -> None:
    read(*blocks)


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([paragraph("я" * 32_767 + "👍")], "more than 32768 characters"),
        ([paragraph()] * 501, "more than 500 blocks"),
        ([{"type": "list", "items": [{"blocks": [paragraph()]}] * 250}], "more than 500 blocks"),
        ([{"type": "table", "cells": [row(1)] * 500}], "more than 500 blocks"),
        ([nested(17)], "nested deeper than 16"),
        ([picture(n) for n in range(51)], "more than 50 media"),
        ([{"type": "table", "cells": [row(21)]}], "more than 20 columns"),
    ],
)
def test_limits_cannot_be_passed(blocks: list[Block], error: str) -> None:
    with pytest.raises(ApiError, match=error) as refused:
        read(*blocks)
    assert refused.value.violation


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ({"type": "marquee", "text": "a"}, "unsupported block type"),
        ({"type": "heading", "text": "a", "size": 7}, "heading size"),
        ({"type": "paragraph"}, "must be a RichText"),
        (paragraph({"type": "blink", "text": "a"}), "unsupported text type"),
        (paragraph({"type": "url", "text": "a", "url": "nowhere"}), "invalid URL"),
        (paragraph({"type": "url", "text": "a"}), 'needs the field "url"'),
        ({"type": "list", "items": []}, "list must have items"),
        ({"type": "slideshow", "blocks": [paragraph()]}, "pictures and videos only"),
        ({"type": "photo", "photo": "id"}, "must be an InputMediaPhoto"),
        ({"type": "table", "cells": [[{"text": "a"}]]}, "alignment"),
        ({"type": "buttons", "buttons": []}, "1 to 8 buttons"),
        (
            {"type": "buttons", "buttons": [{"text": "a", "callback_data": "я" * 33}]},
            "BUTTON_DATA_INVALID",
        ),
        (paragraph(" \u200b"), "message text is empty"),
    ],
)
def test_malformed_blocks_are_refused(block: Block, error: str) -> None:
    with pytest.raises(ApiError, match=error):
        read(block)


@pytest.mark.parametrize("value", [None, {}, {"blocks": [], "html": "a"}, {"blocks": "a"}])
def test_exactly_one_form_is_read(value: Any) -> None:
    with pytest.raises(ApiError, match="can't parse rich message"):
        read_rich(value, lambda _: True)
