"""HTML to blocks: structure kept, junk left behind, hostile markup survived."""

import time

import pytest

from bot.articles.blocks import absolute_link, blocks_from_html, clean_text, plain_text
from storage import (
    Embed,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Quote,
    Span,
    Table,
)

BASE = "https://paper.example/news/1"


def test_styles_and_links_survive_in_spans() -> None:
    markup = '<p>До <b>жирного <i>и</i></b> <a href="/a?x=1&amp;y=2">ссылка</a>\n конец </p>'
    assert blocks_from_html(markup, BASE) == (
        Paragraph(
            (
                Span("До "),
                Span("жирного ", bold=True),
                Span("и", bold=True, italic=True),
                Span(" "),
                Span("ссылка", link="https://paper.example/a?x=1&y=2"),
                Span(" конец"),
            )
        ),
    )


def test_every_kind_of_block_is_told_apart() -> None:
    markup = """
      <h2>Глава</h2><p>Текст</p>
      <blockquote><p>Раз</p><p>Два</p><footer>— Автор</footer></blockquote>
      <ol><li>один<ul><li>внутри</li></ul></li><li><p>два</p></li></ol>
      <figure><img src="a.jpg" width="600" height="400px">
        <figcaption>Подпись <span class="photo-credit">Агентство</span></figcaption></figure>
      <table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>
      <pre>x\n  y</pre>
      <iframe src="//www.youtube.com/embed/abcdefghijk?rel=0"></iframe>"""
    assert blocks_from_html(markup, BASE) == (
        Heading("Глава", 2),
        Paragraph((Span("Текст"),)),
        Quote(((Span("Раз"),), (Span("Два"),)), "Автор"),
        ListBlock(((Span("один"),), (Span("внутри"),), (Span("два"),)), ordered=True),
        PictureBlock("https://paper.example/news/a.jpg", "Подпись", "Агентство", 600, 400),
        Table((("A", "B"), ("1", "2")), header=True),
        Preformatted("x\n  y"),
        Embed("https://www.youtube.com/watch?v=abcdefghijk", "youtube.com"),
    )


def test_line_breaks_part_lines_and_double_ones_paragraphs() -> None:
    assert plain_text(blocks_from_html("раз<br>два<br><br/>три<br> <br>", BASE)) == (
        "раз\nдва\n\nтри"
    )


@pytest.mark.parametrize(
    "junk",
    [
        "<script>alert(1)</script>",
        "<style>p{}</style>",
        '<img src="https://t.example/p.gif" width="1" height="1">',
        '<img src="data:image/png;base64,AAAA">',
        '<p style="display: none">скрыто</p>',
        "<form><input value=1><button>Go</button></form>",
        "<!-- comment -->",
        "<p> \u200b&nbsp;</p>",
        "<iframe src='about:blank'></iframe>",
    ],
)
def test_what_is_no_text_is_left_behind(junk: str) -> None:
    assert blocks_from_html(f"{junk}<p>текст</p>{junk}", BASE) == (Paragraph((Span("текст"),)),)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "tg://resolve?domain=x", "http://[", "", None, "http://"]
)
def test_only_web_links_are_kept(link: str | None) -> None:
    assert absolute_link(link, BASE) is None


def test_plain_text_is_cut_at_its_lines() -> None:
    assert blocks_from_html("Раз &amp; два\n\n Три\u00a0четыре ", BASE) == (
        Paragraph((Span("Раз & два"),)),
        Paragraph((Span("Три четыре"),)),
    )


def test_markup_escaped_twice_is_read_as_markup() -> None:
    assert plain_text(blocks_from_html("&lt;p&gt;раз&lt;/p&gt;&lt;p&gt;два&lt;/p&gt;", BASE)) == (
        "раз\n\nдва"
    )


def test_a_layout_table_is_read_as_text() -> None:
    assert plain_text(
        blocks_from_html("<table><tr><td><p>a</p><p>b</p></td></tr></table>", BASE)
    ) == ("a\n\nb")


def test_lazily_loaded_pictures_are_found() -> None:
    markup = '<img src="data:x" data-src="/l.jpg"><img srcset="/s.jpg 1x, /b.jpg 2x">'
    assert blocks_from_html(markup, BASE) == (
        PictureBlock("https://paper.example/l.jpg"),
        PictureBlock("https://paper.example/b.jpg"),
    )


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("AT&amp;amp;T &lt;b&gt;растёт&lt;/b&gt;", "AT&T растёт"),
        ("<p>раз</p><p>два</p>", "раз два"),
        ("a < b и 5<6", "a < b и 5<6"),
        ("  много\n\tпробелов \u202eи\u200b знаков\x00 ", "много пробелов и знаков"),
        ("текст<script>x()</script>", "текст"),
        ("", ""),
    ],
)
def test_clean_text_is_one_plain_line(markup: str, text: str) -> None:
    assert clean_text(markup) == text


@pytest.mark.parametrize(
    "markup",
    [
        "<" * 300_000,
        "<div>" * 100_000 + "x",
        "<blockquote>" * 5_000 + "x",
        "<ul><li>x" * 3_000,
        "<table><tr><td>x" * 2_000,
        "<figure>x" * 3_000,
        "<b><p>" * 5_000 + "x",
        "<p " + " ".join(f"a{number}=1" for number in range(50_000)) + ">x",
    ],
    ids=["lt", "div", "quote", "list", "table", "figure", "formatting", "attributes"],
)
def test_hostile_markup_ends_soon(markup: str) -> None:
    started = time.monotonic()
    blocks_from_html(markup, BASE)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("markup", "picture"),
    [
        (
            "<figure><img src=/a.jpg><figcaption>Мост. Фото: Анна Лес/ТАСС</figcaption></figure>",
            PictureBlock("https://paper.example/a.jpg", "Мост.", "Анна Лес/ТАСС"),
        ),
        (
            "<figure><img src=/a.jpg><figcaption>The bridge (Photo: Ann Lee)</figcaption></figure>",
            PictureBlock("https://paper.example/a.jpg", "The bridge", "Ann Lee"),
        ),
        (
            "<figure><img src=/a.jpg><figcaption>Мост утром © Наша Газета</figcaption></figure>",
            PictureBlock("https://paper.example/a.jpg", "Мост утром", "Наша Газета"),
        ),
        (
            "<div class='article-photo'><img src=/a.jpg><div class='photo-caption'>Мост</div>"
            "<div class='photo-author'>ТАСС</div></div>",
            PictureBlock("https://paper.example/a.jpg", "Мост", "ТАСС"),
        ),
        (
            "<figure><img src='data:x'><noscript><img src=/a.jpg></noscript></figure>",
            PictureBlock("https://paper.example/a.jpg"),
        ),
        (
            "<picture><source srcset='/a-800.webp 800w, /a-1600.webp 1600w'><img src='data:x'>"
            "</picture>",
            PictureBlock("https://paper.example/a-1600.webp"),
        ),
        (
            "<img src=/a.jpg srcset='/a,w_640.jpg 640w, /a,w_2000.jpg 2000w, /a,w_9000.jpg 9000w'>",
            PictureBlock("https://paper.example/a,w_2000.jpg"),
        ),
    ],
)
def test_pictures_come_with_what_is_said_of_them(markup: str, picture: PictureBlock) -> None:
    assert blocks_from_html(markup, BASE) == (picture,)


def test_a_pull_quote_is_a_quote_whatever_holds_it() -> None:
    markup = (
        "<div class='quote-block'><div class='quote-text'>Мы успели.</div>"
        "<div class='quote-author'>Прораб</div></div>"
    )
    assert blocks_from_html(markup, BASE) == (Quote(((Span("Мы успели."),),), "Прораб"),)
    whole = f"<div class='quote'>{'<p>Слово о деле.</p>' * 200}</div>"
    assert len(blocks_from_html(whole, BASE)) == 200
