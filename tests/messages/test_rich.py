"""Rich messages: blocks that aiogram's own types accept, within Telegram's limits."""

from dataclasses import replace
from typing import Any

import pytest
from aiogram.types import InputRichMessage
from hypothesis import HealthCheck, given, settings

from bot.messages import callbacks as cb
from bot.messages import rich, rich_blocks
from bot.messages.markup import units
from storage import (
    Article,
    Block,
    BodyFrom,
    Embed,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Quote,
    Reading,
    Span,
    Table,
)
from tests.messages.samples import EN, article, viewer
from tests.messages.test_classic import _ARTICLES, body_words, checked, letters, pressed

_NESTED = ("text", "blocks", "items", "cells", "caption", "credit")


def shown(value: Any) -> str:
    """Return the characters of a block, a rich text, or a list of them, in order."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(shown, value))
    return "".join(shown(value[name]) for name in _NESTED if name in value)


def count(blocks: list[Any]) -> int:
    """Count blocks as Telegram does: nested ones, list items and table rows too."""
    total = 0
    for block in blocks:
        total += 1 + len(block.get("cells", ())) + count(block.get("blocks", []))
        total += sum(1 + count(item["blocks"]) for item in block.get("items", ()))
    return total


def media(blocks: list[Any]) -> int:
    """Count pictures, those of slideshows too."""
    return sum(
        media(block["blocks"]) if block["type"] == "slideshow" else block["type"] == "photo"
        for block in blocks
    )


def messages(any_article: Article) -> list[list[Any]]:
    """Return the blocks of each message, checked against the types and the limits."""
    parts = rich.full(any_article, viewer())
    gathered = []
    for part in parts:
        checked(part)
        assert part.rich is not None
        InputRichMessage.model_validate(dict(part.rich))
        assert part.rich["skip_entity_detection"] is True
        blocks = part.rich["blocks"]
        assert units(shown(blocks)) <= rich_blocks.MAX_UNITS
        assert count(blocks) <= rich_blocks.MAX_BLOCKS
        assert media(blocks) <= rich_blocks.MAX_MEDIA
        gathered.append(blocks)
    return gathered


def test_every_kind_of_block() -> None:
    body: tuple[Block, ...] = (
        Heading("Раздел", 2),
        Paragraph((Span("жирный", bold=True), Span(" ссылка", link="https://example.org/"))),
        Quote(((Span("Слова"),), (Span("Ещё"),)), credit="Очевидец"),
        ListBlock(((Span("первое"),), (Span("второе"),)), ordered=True),
        PictureBlock("https://img.example/2.jpg", "Подпись", "ТАСС"),
        Table((("Год", "Цена"), ("2026", "100")), header=True),
        Preformatted("a\n  b"),
        Embed("https://video.example/", "Видео"),
    )
    failed = article(body=body, body_from=BodyFrom.FEED, page_error="timed out", cited=("ТАСС",))
    (blocks,) = messages(failed)
    kinds = [block["type"] for block in blocks]
    assert kinds == [
        "heading",
        "heading",
        "photo",
        "paragraph",
        "paragraph",
        "heading",
        "paragraph",
        "blockquote",
        "list",
        "photo",
        "table",
        "pre",
        "paragraph",
        "footer",
        "footer",
        "buttons",
    ]
    quote = blocks[7]
    assert [one["text"] for one in quote["blocks"]] == ["Слова", "Ещё"]
    assert quote["credit"] == "Очевидец"
    assert blocks[8]["items"][1]["value"] == 2
    assert blocks[9]["caption"] == {"text": "Подпись", "credit": "ТАСС"}
    assert blocks[10]["cells"][0][0]["is_header"] is True
    assert blocks[-3]["text"][-1]["type"] == "date_time"
    assert "ТАСС" in blocks[-2]["text"]


def test_the_picture_is_not_shown_twice_nor_against_the_readers_wish() -> None:
    picture = PictureBlock("https://img.example/1.jpg", "Подпись")
    (blocks,) = messages(article(body=(picture, Paragraph((Span("Текст"),)))))
    assert [block["type"] for block in blocks].count("photo") == 1
    (payload,) = rich.full(article(body=(picture,)), viewer(pictures=False))
    assert payload.rich is not None
    assert "photo" not in [block["type"] for block in payload.rich["blocks"]]
    assert "Подпись" in shown(payload.rich["blocks"])


@pytest.mark.parametrize(
    "body",
    [
        tuple(Paragraph((Span("Слова идут. " * 30),)) for _ in range(300)),
        (ListBlock(tuple((Span(f"пункт {n}"),) for n in range(1000))),),
        (Table(tuple((str(n), "x") for n in range(1200))),),
        tuple(PictureBlock(f"https://img.example/{n}.jpg") for n in range(120)),
        (Paragraph((Span("а" * 100_000),)),),
        (Table((tuple("ячейка" for _ in range(40)),)),),
    ],
)
def test_long_articles_become_several_messages(body: tuple[Block, ...]) -> None:
    gathered = messages(article(body=body))
    assert len(gathered) > 1 or len(body) == 1
    delivered = iter(letters("".join(map(shown, gathered))))
    for wanted in letters("".join(body_words(body))):
        assert any(wanted == got for got in delivered)


@given(_ARTICLES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_article_is_whole(any_article: Article) -> None:
    if not any_article.body:
        return
    delivered = iter(letters("".join(map(shown, messages(any_article)))))
    for wanted in letters("".join(body_words(any_article.body))):
        assert any(wanted == got for got in delivered), wanted


def test_pictures_that_follow_each_other_are_a_slideshow() -> None:
    words = Paragraph((Span("Текст"),))
    one, two, three = (PictureBlock(f"https://img.example/{n}.jpg", f"Вид {n}") for n in (2, 3, 4))
    (blocks,) = messages(article(body=(words, one, two, words, three)))
    assert [block["type"] for block in blocks if "photo" in block or "blocks" in block] == [
        "photo",
        "slideshow",
        "photo",
    ]
    (slides,) = [block["blocks"] for block in blocks if block["type"] == "slideshow"]
    assert [slide["caption"]["text"] for slide in slides] == ["Вид 2", "Вид 3"]


def test_a_short_quotation_with_a_name_is_pulled_out() -> None:
    short = Quote(((Span("Мы ждали этого дня."),),), credit="Павел Орлов, мэр")
    nameless = Quote(((Span("Мы ждали этого дня."),),))
    (blocks,) = messages(article(body=(short, nameless)))
    (pulled,) = [block for block in blocks if block["type"] == "pullquote"]
    assert (pulled["text"], pulled["credit"]) == ("Мы ждали этого дня.", "Павел Орлов, мэр")
    assert [block["type"] for block in blocks].count("blockquote") == 1


def test_what_leads_on_stands_in_the_message() -> None:
    (payload,) = rich.full(article(), replace(viewer(), bot="newsboy_bot"))
    assert payload.rich is not None
    buttons = payload.rich["blocks"][-1]["buttons"]
    assert [button["text"] for button in buttons] == ["По теме", "Поделиться", "Источник"]
    assert pressed(payload) == [cb.Collapse(123), cb.Save(123)]
    (own,) = rich.full(article(owner=5), replace(viewer(), bot="newsboy_bot"))
    assert own.rich is not None
    assert "Поделиться" not in str(own.rich), "nobody else could open it"


def test_a_language_written_from_the_right_is_shown_so() -> None:
    (payload,) = rich.full(article(language="ar"), viewer())
    assert payload.rich is not None
    assert payload.rich["is_rtl"] is True


def test_a_heading_goes_with_what_it_heads() -> None:
    body: list[Block] = []
    for n in range(200):
        body += [Heading(f"Глава {n}"), Paragraph((Span("Слова идут. " * 20),))]
    for blocks in messages(article(body=tuple(body)))[:-1]:
        assert blocks[-1]["type"] != "heading"


def test_limited_sources_stay_classic() -> None:
    (payload,) = rich.full(article(reading=Reading.SUMMARY), viewer())
    assert payload.rich is None


def test_buttons_are_under_the_last_message() -> None:
    body = tuple(Paragraph((Span("Слова идут. " * 30),)) for _ in range(300))
    parts = rich.full(article(body=body), viewer())
    assert not any(part.keyboard for part in parts[:-1])
    assert cb.Collapse(123) in pressed(parts[-1])


def test_sample_asks_whether_it_is_seen() -> None:
    payload = rich.sample(viewer(EN), 5)
    assert payload.rich is not None
    InputRichMessage.model_validate(dict(payload.rich))
    assert pressed(payload) == [cb.RichSeen(True, 5), cb.RichSeen(False, 5)]
