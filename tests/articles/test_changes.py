"""What a publisher's change is worth telling."""

from dataclasses import replace
from typing import Any

import pytest

from bot.articles.changes import PARTS, changed_parts
from storage import (
    Article,
    ArticleDraft,
    ArticleState,
    Block,
    BodyFrom,
    EntryKey,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Reading,
    Span,
    Topic,
)
from tests.storage.newsroom import NOW


def text(words: str) -> Paragraph:
    return Paragraph((Span(words),))


BODY: tuple[Block, ...] = (
    text("В аварии погибли 12 человек."),
    Heading("Подробности"),
    text("Дорога перекрыта до утра, объезд идёт через посёлок."),
)
BOLD = Paragraph((Span("В аварии погибли", bold=True), Span(" 12 человек.")))
DRAFT = ArticleDraft(
    feed_id=1,
    source_id=1,
    key=EntryKey("g", "u", "t"),
    url="https://one.example/1",
    title="Авария на трассе",
    published=NOW,
    fetched=NOW,
    language="ru",
    standfirst="Движение закрыто в обе стороны.",
    body=BODY,
    body_from=BodyFrom.PAGE,
)
STORED = Article(
    id=1,
    story_id=1,
    feed_id=1,
    source_id=1,
    source="One",
    source_domain="one.example",
    reading=Reading.FULL,
    url=DRAFT.url,
    guid="g",
    title=DRAFT.title,
    subheadline="",
    standfirst=DRAFT.standfirst,
    summary="",
    body=BODY,
    body_from=BodyFrom.PAGE,
    author="",
    image=None,
    topic=Topic.OTHER,
    rubric="",
    language="ru",
    labels=(),
    cited=(),
    state=ArticleState.LIVE,
    revision=1,
    published=NOW,
    updated=None,
    fetched=NOW,
    content_hash="",
    page_error=None,
    page_tries=0,
)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"title": "Авария  на трассе."},
        {"title": "АВАРИЯ НА ТРАССЕ"},
        {"standfirst": "Движение закрыто — в обе стороны"},
        {"body": (*BODY, PictureBlock("https://one.example/1.jpg"))},
        {"body": (*BODY, text("Просмотров: 1 234"))},
        {"body": (*BODY, text("5 комментариев"), text("Обновлено сегодня в 12:35"))},
        {"body": (*BODY, text("12.3K views"), text("Updated 5 minutes ago"))},
        {"body": (BODY[0], BODY[2], BODY[1])},
        {"body": (*BODY[:2], text("Дорога перекрыта до утра, объезд идет через поселок."))},
        {"body": (BOLD, *BODY[1:])},
        {"summary": "Другое", "author": "Другой", "updated": NOW, "image": PictureBlock("x")},
        {"standfirst": "", "body": (text(DRAFT.standfirst), *BODY)},
    ],
    ids=repr,
)  # fmt: skip
def test_what_says_the_same_is_no_correction(change: dict[str, Any]) -> None:
    assert changed_parts(STORED, replace(DRAFT, **change)) == ()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"title": "Авария на трассе М-4"}, ("title",)),
        ({"subheadline": "Есть пострадавшие"}, ("subheadline",)),
        ({"standfirst": "Движение закрыто в одну сторону."}, ("standfirst",)),
        ({"standfirst": ""}, ("standfirst",)),
        ({"body": (text("В аварии погибли 13 человек."), *BODY[1:])}, ("body",)),
        ({"body": BODY[:2]}, ("body",)),
        ({"body": (*BODY, text("Уточнение: 13 человек."))}, ("body",)),
        ({"body": (*BODY, ListBlock(((Span("Первый"),), (Span("Второй"),))))}, ("body",)),
        ({"body": (*BODY, text("Дорогу откроют в 12 часов дня."))}, ("body",)),
        ({"title": "Иное", "standfirst": "Иное", "body": (text("Иное"),)},
         ("title", "standfirst", "body")),
    ],
    ids=repr,
)  # fmt: skip
def test_what_says_something_else_is_named(change: dict[str, Any], parts: tuple[str, ...]) -> None:
    found = changed_parts(STORED, replace(DRAFT, **change))
    assert found == parts
    assert set(found) <= set(PARTS)


def test_how_a_link_is_followed_up_is_no_correction() -> None:
    address = "Подробности: https://one.example/a?id=7&utm_source={}"
    old = replace(STORED, body=(*BODY, text(address.format("rss"))))
    assert changed_parts(old, replace(DRAFT, body=(*BODY, text(address.format("vk"))))) == ()


@pytest.mark.parametrize("before", [BodyFrom.FEED, BodyFrom.NONE])
def test_a_fuller_text_corrects_nothing(before: BodyFrom) -> None:
    poor = replace(STORED, body_from=before, body=())
    assert changed_parts(poor, DRAFT) == ()
    assert changed_parts(poor, replace(DRAFT, title="Иное")) == ("title",)
