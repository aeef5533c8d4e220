"""Thousands of arbitrary articles through both renderings, judged by the sandbox as Telegram would.

None is refused, and every character of the cleaned text arrives, in order: as a push, a card, a
folded card and a caption they are never refused, as a whole text nothing of them is lost.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.messages import classic, markup, rich, rich_blocks
from bot.messages.payloads import Payload
from bot.messages.texts import Viewer
from bot.sandbox.keyboards import read_markup
from bot.sandbox.markup import CAPTION_UNITS, TEXT_UNITS, Markup, is_blank
from bot.sandbox.rich import read_rich
from bot.sandbox.view import plain_text
from bot.telegram.requests import ready, ready_caption
from storage import (
    Article,
    ArticleState,
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
from tests.messages.samples import EN, MOSCOW, NOW, RU, article

SMALL, LARGE = 2000, 24  # examples
LONG = 200_000  # characters

_JUDGE = Markup(strict=True)

_ODD = [
    "שלום, עולם. ",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦🇯🇵👍🏽",
    "हिन्दी में समाचार",
    "e\u0301 a\u030a x\u0333 y\u033f",
    "<b>&lt;</b></blockquote><a href='",
    "&amp;&#0;&unknown;]]>",
    "\u202e\x00\u2028\ufeff\ud800",
    "\u200b\u2060\u3164\u2800",
    "/full_12 @name #tag https://t.me/x 4111 1111 1111 1111",
    " \t\n ",
    "",
    "…",
]
_LINKS = [
    None,
    "https://example.org/\"'<>&",
    "https://пример.рф/путь?а=1#б",
    "javascript:alert(1)",
    "tg://resolve?domain=x",
    "http://x",
    "http://a b.c/",
    "http://a.b:99999/",
    "http://a.b|c/",
    "https://a@b@c.d/",
    "http://\x00.ru",
    "https://a.b/" + "x" * 3000,
]
_TEXT = st.one_of(
    st.text(max_size=30), st.sampled_from(_ODD), st.just("Слова идут. "), st.just("Long words. ")
)
_SEEDS = [
    "Слова идут. ",
    "ы",
    "👩‍👩‍👧‍👦",
    "שלום ",
    "<b>&amp;",
    "e\u0301",
    "\u3164",
    "a\n",
    "слово ",
]
_LINK = st.sampled_from(_LINKS)


def _spans(text: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Span, ...]]:
    span = st.builds(Span, text, st.booleans(), st.booleans(), _LINK)
    return st.lists(span, max_size=4).map(tuple)


def _blocks(text: st.SearchStrategy[str]) -> st.SearchStrategy[Block]:
    address = _LINK.map(str)
    return st.one_of(
        st.builds(Paragraph, _spans(text)),
        st.builds(Heading, text, st.integers(0, 9)),
        st.builds(Quote, st.lists(_spans(text), max_size=3).map(tuple), text),
        st.builds(ListBlock, st.lists(_spans(text), max_size=4).map(tuple), st.booleans()),
        st.builds(PictureBlock, address, text, text),
        st.builds(
            Table,
            st.lists(st.lists(text, max_size=3).map(tuple), max_size=3).map(tuple),
            st.booleans(),
        ),
        st.builds(Preformatted, text),
        st.builds(Embed, address, text),
    )


_KINDS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(list(ArticleState)),
        "reading": st.sampled_from([*[Reading.FULL] * 6, Reading.SUMMARY, Reading.HEADLINE]),
        "body_from": st.sampled_from([BodyFrom.PAGE, BodyFrom.FEED]),
        "page_error": st.sampled_from([None, "timed out"]),
        "language": st.sampled_from(["ru", "en", "ar", ""]),
        "sources_in_story": st.integers(1, 4),
        "words": st.integers(0, 3000),
    }
)


@st.composite
def _articles(draw: st.DrawFn, text: st.SearchStrategy[str], most: int) -> Article:
    words = st.lists(text, min_size=5, max_size=5)
    title, subheadline, standfirst, author, source = draw(words)
    body = draw(st.lists(_blocks(text), min_size=1, max_size=most))
    picture = st.builds(PictureBlock, _LINK.map(str), text, text)
    return article(
        title=title,
        subheadline=subheadline,
        standfirst=standfirst,
        summary=standfirst,
        author=author,
        source=source,
        url=draw(_LINK) or "",
        image=draw(st.one_of(st.none(), picture)),
        labels=tuple(draw(st.lists(text, max_size=2))),
        cited=tuple(draw(st.lists(text, max_size=3))),
        body=tuple(body),
        **draw(_KINDS),
    )


_VIEWERS = st.sampled_from(
    [
        Viewer(texts, MOSCOW, NOW, pictures, "newsboy_bot")
        for texts in (RU, EN)
        for pictures in (True, False)
    ]
)


def judged(payload: Payload) -> str:
    """Return what a chat shows of a message; fails where the strict server refuses it."""
    fields: dict[str, Any] = json.loads(ready(payload).body)
    read_markup(fields.get("reply_markup"), _JUDGE.link, inline_only=True)
    if "rich_message" in fields:
        message, media = read_rich(fields["rich_message"], _JUDGE.link)
        assert all(_JUDGE.link(one.media) for one in media)
        return plain_text(message)
    preview = fields["link_preview_options"].get("url")
    assert preview is None or _JUDGE.link(preview)
    text, _entities = _JUDGE.read(fields["text"], "HTML", None, limit=TEXT_UNITS)
    assert text
    assert not is_blank(text)
    return text


def judged_caption(payload: Payload) -> None:
    """Fail where the strict server refuses a photo's caption."""
    fields: dict[str, Any] = json.loads(ready_caption(payload).body)
    read_markup(fields.get("reply_markup"), _JUDGE.link, inline_only=True)
    _JUDGE.read(fields["caption"], "HTML", None, limit=CAPTION_UNITS)


def _joined(spans: tuple[Span, ...]) -> str:
    return " ".join(markup.clean(span.text) for span in spans)


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(spans):
            yield _joined(spans)
        case Heading(text):
            yield markup.clean(text)
        case Quote(paragraphs, credit):
            yield from map(_joined, paragraphs)
            yield markup.clean(credit)
        case ListBlock(items):
            yield from map(_joined, items)
        case PictureBlock(caption=caption, credit=credit):
            yield markup.clean(caption)
            yield markup.clean(credit)
        case Table(rows):
            yield from (markup.clean(cell) for row in rows for cell in row)
        case Preformatted(text):
            yield markup.clean_lines(text)
        case Embed(label=label):
            yield markup.clean(label)


def _solid(text: str) -> str:
    """Text without white space, and without a letter that is blank on the screen."""
    return "".join(text.replace("\u3164", " ").split())


def check_whole(shown: str, told: Article) -> None:
    """Every text of the article, unbroken but for white space, each after the one before it."""
    head = [markup.clean(text) for text in (told.title, told.subheadline, told.standfirst)]
    wanted = [*head, *(text for block in told.body for text in _texts(block))]
    delivered, at = _solid(shown), 0
    for text in map(_solid, filter(markup.visible, wanted)):
        found = delivered.find(text, at)
        assert found >= 0, (text[:100], len(text))
        at = found + len(text)
    # And nothing twice: beside the article's texts there are marks, the footer and the buttons.
    footer = [told.author, told.source, *told.labels, *told.cited]
    footer += [told.image.caption, told.image.credit] if told.image else []
    most = sum(map(len, map(_solid, [*wanted, *footer]))) + 40 * len(wanted) + 800
    assert len(delivered) <= most


def check(told: Article, viewer: Viewer) -> None:
    """All that is ever shown of an article."""
    for one in (
        classic.push(told, viewer),
        classic.card(told, viewer),
        classic.folded(told, viewer, (7, 8, 9)),
    ):
        judged(one)
    photo = classic.push(told, viewer, photo=True)
    judged_caption(photo) if photo.photo else judged(photo)
    judged_caption(classic.push(told, viewer, caption=True))
    judged_caption(classic.post(told, viewer, caption=True))
    judged_caption(classic.card(told, viewer, caption=True))
    judged_caption(classic.folded(told, viewer, (7, 8), caption=True))
    for render in (classic.full, rich.full):
        shown = "\n".join(map(judged, render(told, viewer)))
        if told.reading is Reading.FULL:
            check_whole(shown, told)
    for part in rich.full(told, viewer):
        if part.rich is not None:
            check_without_pictures(part)


def check_without_pictures(part: Payload) -> None:
    """Where Telegram refuses its pictures a message is no less of a text."""
    assert part.rich is not None
    whole = judged(part)
    for left_out, fewer in rich_blocks.with_fewer(part.rich):
        shown = replace(part, rich=fewer)
        assert not {*left_out} & {*rich_blocks.pictures(fewer)}
        assert sorted(_solid(judged(shown)).replace(".", "")) == sorted(
            _solid(whole).replace(".", "")
        )


@given(_articles(_TEXT, 6), _VIEWERS)
@settings(
    max_examples=SMALL,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_articles_of_all_kinds(told: Article, viewer: Viewer) -> None:
    check(told, viewer)


def _long_article(seed: int) -> Article:
    """An article of up to `LONG` characters; its texts are too long for hypothesis to print."""
    chance = random.Random(seed)  # noqa: S311 — nothing secret

    def text() -> str:
        length = chance.choice([0, 12, 300, 4_000, 30_000])
        return (chance.choice(_SEEDS) * length)[:length]

    def spans() -> tuple[Span, ...]:
        count = chance.choice([1, 1, 3])
        return tuple(
            Span(text(), chance.random() < 0.3, chance.random() < 0.3, chance.choice(_LINKS))
            for _ in range(count)
        )

    def block() -> Block:
        match chance.randrange(8):
            case 0:
                return Heading(text(), chance.randrange(7))
            case 1:
                return Quote(tuple(spans() for _ in range(chance.randrange(4))), text())
            case 2:
                items = tuple(spans() for _ in range(chance.randrange(5)))
                return ListBlock(items, chance.random() < 0.5)
            case 3:
                return PictureBlock(str(chance.choice(_LINKS)), text(), text())
            case 4:
                return Table(tuple((text(), text()) for _ in range(chance.randrange(4))))
            case 5:
                return Preformatted(text())
            case 6:
                return Embed(str(chance.choice(_LINKS)), text())
            case _:
                return Paragraph(spans())

    body: list[Block] = [Paragraph((Span(text()),))]
    while sum(len(one) for made in body for one in _texts(made)) < LONG and len(body) < 30:
        body.append(block())
    return article(
        title=text(),
        subheadline=text(),
        standfirst=text(),
        author=text(),
        source=text(),
        body=tuple(body),
    )


@pytest.mark.parametrize("seed", range(LARGE))
def test_articles_of_any_length(seed: int) -> None:
    check(_long_article(seed), Viewer(RU, MOSCOW, NOW, bot="newsboy_bot"))


@pytest.mark.parametrize(
    "body",
    [
        (Paragraph((Span("Слова идут. " * 17_000),)),),
        tuple(Paragraph((Span("Слово.", bold=True, link="https://a.ru/"),)) for _ in range(3000)),
        (Paragraph(tuple(Span("с", n % 2 == 0, link="https://a.ru/") for n in range(5000))),),
        (ListBlock(tuple((Span(f"пункт {n}"),) for n in range(3000)), ordered=True),),
        (Table(tuple((str(n), "x" * 100) for n in range(1500))),),
        tuple(PictureBlock(f"https://img.example/{n}.jpg", f"Вид {n}") for n in range(230)),
        (Quote(tuple((Span(f"Слова {n}."),) for n in range(900)), "Очевидец"),),
        tuple(Heading(f"Глава {n}") for n in range(900)),
        (Preformatted("строка\n  строка\n" * 12_000),),
    ],
)
def test_long_articles_of_one_kind(body: tuple[Block, ...]) -> None:
    check(article(body=body), Viewer(RU, MOSCOW, NOW, bot="newsboy_bot"))
