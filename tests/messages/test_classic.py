"""An article as push, card and whole text, judged by Telegram's own parser."""

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.messages import callbacks as cb
from bot.messages import classic, markup
from bot.messages.payloads import Payload
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
from tests.messages.samples import EN, NOW, article, parsed, viewer


def pressed(payload: Payload) -> list[cb.Callback | None]:
    return [cb.parse(b.data) for row in payload.keyboard for b in row if b.data]


def checked(payload: Payload) -> str:
    """Return the text that Telegram shows, once it is within the limits."""
    message = parsed(payload.text)
    assert message.text == payload.plain
    assert message.units <= 4096
    assert len(message.entities) <= 100
    assert markup.visible(message.text)
    for row in payload.keyboard:
        for button in row:
            assert button.text
            assert bool(button.data) != bool(button.url)
    return message.text


class TestPhoto:
    """A push as a photo with the text below it."""

    PICTURE = PictureBlock("https://gazeta.example/a.jpg", "", "", 1200, 800)

    def test_the_text_is_the_caption(self) -> None:
        told = article(image=self.PICTURE)
        payload = classic.push(told, viewer(), photo=True)
        assert payload.photo == self.PICTURE.url
        assert payload.preview == ""
        assert checked(payload) == checked(classic.push(told, viewer()))
        assert markup.fits_caption(payload)

    def test_a_text_too_long_for_a_caption_keeps_the_preview(self) -> None:
        told = article(image=self.PICTURE, title="Слово " * 60, summary="Ещё слово. " * 80)
        payload = classic.push(told, viewer(), photo=True)
        assert not markup.fits_caption(payload)
        assert (payload.photo, payload.preview) == ("", self.PICTURE.url)

    def test_without_a_picture_it_is_a_text(self) -> None:
        assert classic.push(article(image=None), viewer(), photo=True).photo == ""
        told = article(image=self.PICTURE)
        assert classic.push(told, viewer(pictures=False), photo=True).photo == ""

    @pytest.mark.parametrize("length", [0, 300, 2000])
    def test_a_card_fits_below_its_photo(self, length: int) -> None:
        told = article(
            title="Заголовок " * 60, subheadline="Ниже " * 120, standfirst="Вводка. " * length
        )
        assert markup.fits_caption(classic.card(told, viewer(), caption=True))
        assert markup.fits_caption(classic.folded(told, viewer(), (1, 2), caption=True))


class TestPush:
    def test_fresh(self) -> None:
        payload = classic.push(article(), viewer())
        assert checked(payload) == (
            "Япония & Россия: переговоры <продолжены>\n\nСтороны договорились.\n\nГазета.Ru"
        )
        message = parsed(payload.text)
        assert message.of_kind("Bold") == ["Япония & Россия: переговоры <продолжены>"]
        assert message.of_kind("TextUrl") == ["Газета.Ru"]
        assert (
            message.entities[-1]["type"]["url"] == "https://www.gazeta.ru/politics/1.shtml?a=1&b=2"
        )
        assert payload.preview == "https://img.example/1.jpg"
        assert pressed(payload) == [cb.Read(123), cb.Save(123), cb.HideMenu(123)]

    def test_shows_the_time_when_over_fifteen_minutes_old(self) -> None:
        old = article(published=NOW - timedelta(minutes=16))
        payload = classic.push(old, viewer())
        assert checked(payload).endswith("Газета.Ru · 08:14")
        (time,) = [e for e in parsed(payload.text).entities if "DateTime" in e["type"]["@type"]]
        assert time["type"]["unix_time"] == int(old.published.timestamp())

    def test_without_pictures_and_with_labels(self) -> None:
        payload = classic.push(article(labels=("18+",)), viewer(pictures=False))
        assert payload.preview == ""
        assert checked(payload).endswith("Газета.Ru · 18+")

    def test_headline_sources_show_no_summary(self) -> None:
        payload = classic.push(article(reading=Reading.HEADLINE), viewer())
        assert "договорились" not in checked(payload)

    def test_corrected_and_gone(self) -> None:
        corrected = article(state=ArticleState.CORRECTED, updated=NOW)
        assert checked(classic.push(corrected, viewer())).endswith("Обновлено в 08:30")
        gone = article(state=ArticleState.GONE)
        assert checked(classic.push(gone, viewer())).endswith("Страница недоступна.")

    @pytest.mark.parametrize("title", ["", "\u200b", " \n"])
    def test_invisible_title(self, title: str) -> None:
        assert checked(classic.push(article(title=title), viewer())).startswith("Без заголовка")

    def test_hostile_address(self) -> None:
        payload = classic.push(article(url="javascript:alert(1)", image=None), viewer())
        checked(payload)
        assert "javascript" not in payload.text


class TestCard:
    def test_says_where_from_and_how_many_tell_it(self) -> None:
        told = article(sources_in_story=4, cited=("ТАСС", "Reuters"))
        text = checked(classic.card(told, viewer()))
        assert "Газета.Ru · Иван Петров · 08:25" in text
        assert "Ещё 3 источника" in text
        assert "Цитируются: ТАСС и Reuters" in text
        assert "Подзаголовок" in text

    def test_english(self) -> None:
        text = checked(classic.card(article(sources_in_story=2), viewer(EN)))
        assert "1 more source" in text

    def test_folded_carries_its_parts(self) -> None:
        payload = classic.folded(article(), viewer(), (5, 6, 7))
        assert cb.Collapse(123, (5, 6, 7)) in pressed(payload)


class TestFull:
    def test_one_message_has_the_text_in_an_expandable_quote(self) -> None:
        (payload,) = classic.full(article(), viewer())
        assert "Первый абзац.\n\nВторой абзац." in checked(payload)
        assert parsed(payload.text).of_kind("ExpandableBlockQuote") == [
            "Первый абзац.\n\nВторой абзац."
        ]
        assert cb.Collapse(123) in pressed(payload)

    def test_long_text_comes_in_parts_split_at_paragraph_ends(self) -> None:
        body = tuple(Paragraph((Span(f"Абзац {n}. " + "Слова идут. " * 40),)) for n in range(40))
        parts = classic.full(article(body=body), viewer())
        assert len(parts) > 3
        texts = [checked(part) for part in parts]
        assert all(re.match(r"Абзац \d+\.", text) for text in texts[1:-1])
        assert not any(part.keyboard for part in parts[:-1])
        assert cb.Collapse(123) in pressed(parts[-1])
        assert "Газета.Ru" in texts[-1]

    def test_feeds_text_says_so(self) -> None:
        notice = "Страница не открылась. Вот текст из ленты:"
        failed = article(body_from=BodyFrom.FEED, page_error="the page timed out")
        (payload,) = classic.full(failed, viewer())
        assert notice in checked(payload)
        # A channel's post, an imported article: the text is all there is, and no page failed.
        (payload,) = classic.full(article(body_from=BodyFrom.FEED), viewer())
        assert notice not in checked(payload)

    @pytest.mark.parametrize(
        "limited",
        [
            article(reading=Reading.SUMMARY),
            article(reading=Reading.HEADLINE),
            article(body=(), body_from=BodyFrom.NONE),
        ],
    )
    def test_link_alone_where_the_text_may_not_be_shown(self, limited: Article) -> None:
        (payload,) = classic.full(limited, viewer())
        assert "Первый абзац" not in checked(payload)
        assert any(button.url for row in payload.keyboard for button in row)

    def test_every_kind_of_block(self) -> None:
        body: tuple[Block, ...] = (
            Heading("Раздел"),
            Paragraph((Span("Текст "), Span("жирный", bold=True), Span(" и ", italic=True))),
            Paragraph((Span("ссылка", link="https://example.org/?x=1&y"), Span("!"))),
            Quote(((Span("Слова очевидца"),),), credit="Очевидец"),
            ListBlock(((Span("первое"),), (Span("второе"),)), ordered=True),
            ListBlock(((Span("пункт"),),)),
            PictureBlock("https://img.example/2.jpg", "Подпись", "ТАСС"),
            Table((("Год", "Цена"), ("2026", "100")), header=True),
            Preformatted("a  b\n  c"),
            Embed("https://video.example/1", "Видео"),
        )
        short = checked(classic.full(article(body=body), viewer())[0])
        for said in (
            "Раздел",
            "Текст жирный и",
            "ссылка!",
            "Слова очевидца\n— Очевидец",
            "1. первое\n2. второе",
            "• пункт",
            "Фото: Подпись. ТАСС",
            "Год | Цена\n2026 | 100",
            "a  b\n  c",
            "▶ Видео",
        ):
            assert said in short
        long = (*body, *(Paragraph((Span("Слова идут. " * 60),)) for _ in range(9)))
        parts = classic.full(article(body=long), viewer())
        assert len(parts) > 1
        assert "BlockQuote" in parsed(parts[0].text).kinds()
        assert "ExpandableBlockQuote" not in parsed(parts[0].text).kinds()

    def test_a_credit_that_says_what_it_is_gets_no_other_label(self) -> None:
        lead = PictureBlock("https://img.example/1.jpg", credit="Рисунок: «Вестник»")
        (payload,) = classic.full(article(image=lead), viewer())
        assert checked(payload).endswith("\nРисунок: «Вестник»")

    def test_a_picture_is_credited_once(self) -> None:
        lead = PictureBlock("https://img.example/1.jpg", credit="Фото: Иван Петров")
        shown = PictureBlock("https://img.example/2.jpg", credit="Фото: Анна Белова")
        bare = PictureBlock("https://img.example/3.jpg")
        (payload,) = classic.full(article(image=lead, body=(shown, bare)), viewer())
        text = checked(payload)
        assert "Фото: Анна Белова\n\nФото\n\n" in text
        assert text.endswith("Фото: Иван Петров")
        assert parsed(payload.text).of_kind("TextUrl")[:2] == ["Фото", "Фото"]

    def test_each_part_shows_its_own_picture(self) -> None:
        words = Paragraph((Span("Слова идут. " * 200),))
        picture = PictureBlock("https://img.example/2.jpg", "Мост")
        parts = classic.full(article(body=(words, words, picture, words)), viewer())
        assert [part.preview for part in parts] == [
            "https://img.example/1.jpg"
            if index == 0
            else picture.url
            if "Мост" in part.plain
            else ""
            for index, part in enumerate(parts)
        ]
        assert picture.url in [part.preview for part in parts]

    def test_nothing_of_a_dangerous_link_is_left(self) -> None:
        body = (Paragraph((Span("жми", link="tg://resolve?domain=x"),)),)
        (payload,) = classic.full(article(body=body), viewer())
        assert "tg://" not in payload.text


# ---------------------------------------------------------------- any article

_TEXT = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "שלום, עולם. ",
            "مرحبا",
            "👩‍👩‍👧‍👦🇯🇵",
            "<b>&lt;</b>",
            "Длинно. " * 700,
            "ы" * 6000,
            "\u202e\x00",
        ]
    ),
)
_SPANS = st.lists(
    st.builds(
        Span,
        _TEXT,
        st.booleans(),
        st.booleans(),
        st.sampled_from([None, "https://example.org/\"'<>&", "javascript:1", "http://x"]),
    ),
    max_size=5,
).map(tuple)
_BLOCKS = st.lists(
    st.one_of(
        st.builds(Paragraph, _SPANS),
        st.builds(Heading, _TEXT),
        st.builds(Quote, st.lists(_SPANS, max_size=3).map(tuple), _TEXT),
        st.builds(ListBlock, st.lists(_SPANS, max_size=4).map(tuple), st.booleans()),
        st.builds(PictureBlock, st.just("https://img.example/1.jpg"), _TEXT, _TEXT),
        st.builds(Table, st.lists(st.lists(_TEXT, max_size=3).map(tuple), max_size=3).map(tuple)),
        st.builds(Preformatted, _TEXT),
        st.builds(Embed, st.sampled_from(["https://v.example/", "ftp://x"]), _TEXT),
    ),
    max_size=8,
).map(tuple)
_ARTICLES = st.builds(
    lambda title, sub, standfirst, author, body, source: article(
        title=title,
        subheadline=sub,
        standfirst=standfirst,
        author=author,
        body=body,
        source=source,
    ),
    _TEXT,
    _TEXT,
    _TEXT,
    _TEXT,
    _BLOCKS,
    _TEXT,
)


def body_words(body: tuple[Block, ...]) -> list[str]:
    """Return the texts of a body in order, cleaned as a reader would get them."""
    words: list[str] = []
    for block in body:
        match block:
            case Paragraph(spans):
                words.append("".join(span.text for span in spans))
            case Heading(text) | Preformatted(text):
                words.append(text)
            case Quote(paragraphs, credit):
                words.extend("".join(span.text for span in spans) for spans in paragraphs)
                words.append(credit)
            case ListBlock(items):
                words.extend("".join(span.text for span in spans) for spans in items)
            case PictureBlock(caption=caption, credit=credit):
                words += [caption, credit]
            case Table(rows):
                words.extend(cell for row in rows for cell in row)
            case Embed(label=label):
                words.append(label)
    return [markup.clean_lines(word) for word in words]


def letters(text: str) -> list[str]:
    return [char for char in text if char.isalnum()]


@given(_ARTICLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_article_is_delivered_whole_and_accepted(any_article: Article) -> None:
    checked(classic.push(any_article, viewer()))
    checked(classic.card(any_article, viewer()))
    parts = classic.full(any_article, viewer())
    delivered = iter(letters("".join(checked(part) for part in parts)))
    if any_article.body:
        # Every letter in order: each is found after the one before it.
        for wanted in letters("".join(body_words(any_article.body))):
            assert any(wanted == got for got in delivered), wanted


def test_reading_time_is_told_where_there_is_a_text_to_read() -> None:
    assert "3 минуты чтения" in checked(classic.card(article(words=540), viewer()))
    assert "чтения" not in checked(classic.card(article(words=40), viewer()))
    limited = article(words=540, reading=Reading.SUMMARY)
    assert "чтения" not in checked(classic.card(limited, viewer()))


def test_a_push_names_where_it_is_from_whatever_a_feed_calls_itself() -> None:
    told = article(source="Наш вестник " * 500, labels=("\u200b", "18+ " * 900))
    for shown in (classic.push(told, viewer()), classic.push(told, viewer(), caption=True)):
        said = parsed(shown.text)
        assert said.units <= 1024
        assert "Наш вестник" in said.text
        assert "18+" in said.text
