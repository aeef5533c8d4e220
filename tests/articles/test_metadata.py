"""What pages tell machines, in every way that they tell it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import turbohtml

from bot.articles.blocks import plain_text
from bot.articles.extractor import extract
from bot.articles.metadata import Metadata, moment, read_metadata, tidy_author
from storage import PictureBlock

URL = "https://paper.example/news/1"
HOUR = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


def read(head: str, body: str = "", *, base: str = "") -> Metadata:
    page = f"<html><head>{head}</head><body>{body}</body></html>"
    return read_metadata(turbohtml.parse(page, positions=False), URL, base=base)


def linked(data: str) -> str:
    return f'<script type="application/ld+json">{data}</script>'


@pytest.mark.parametrize(
    "data",
    [
        '{"@type":"NewsArticle","headline":"Bridge opens early"}',
        '[{"@type":"Organization"},{"@type":"NewsArticle","headline":"Bridge opens early"}]',
        '{"@graph":[{"@type":"Site"},{"@type":["NewsArticle"],"headline":"Bridge opens early"}]}',
        '{"@type":"WebPage","mainEntity":{"@type":"Article","headline":"Bridge opens early"}}',
        '{"@type":"NewsArticle","headline":"Bridge opens early",}',
        '{"@type":"NewsArticle","headline":"Bridge\nopens early"}',
        '<!-- {"@type":"NewsArticle","headline":"Bridge opens early"} -->',
        '//<![CDATA[\n{"@type":"NewsArticle","headline":"Bridge opens early"}\n//]]>',
        '{"@type":"NewsArticle","headline":"Bridge &lt;b&gt;opens&lt;/b&gt; early"}',
    ],
)  # fmt: skip
def test_json_ld_is_read_as_templates_write_it(data: str) -> None:
    assert read(linked("{broken") + linked(data)).title == "Bridge opens early"


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ('"By Ann Lee"', "Ann Lee"),
        ('{"@type":"Person","name":"Ann Lee"}', "Ann Lee"),
        ('[{"name":"Ann Lee"},{"name":"Bo Ray"},{"name":"ANN LEE"}]', "Ann Lee, Bo Ray"),
        ('{"@type":"Person","name":["Ann Lee","Bo Ray"]}', "Ann Lee, Bo Ray"),
        ('[{"@id":"#ann"}]', "Ann Lee"),
        ('"https://paper.example/ann"', "Desk of the day"),
        ('"admin"', "Desk of the day"),
    ],
)
def test_authors_are_told_in_many_ways(author: str, names: str) -> None:
    head = linked(f'{{"@type":"NewsArticle","headline":"x","author":{author}}}')
    person = linked('{"@graph":[{"@id":"#ann","@type":"Person","name":"Ann Lee"}]}')
    fallback = (
        '<meta name="Author" content="http://x.example/">'
        '<meta name="author" content="Desk of the day">'
    )
    assert read(head + person + fallback).author == names


def test_bylines_are_names_alone() -> None:
    names = ["By Ann Lee", "Автор: Иван Петров", "Текст: Вера Лес", "byron@paper.example", "/staff"]
    assert tidy_author(names) == "Ann Lee, Иван Петров, Вера Лес"
    assert tidy_author(["Byron Hill"]) == "Byron Hill"
    assert tidy_author(["x" * 500]) == ""


def test_other_vocabularies_serve_where_there_is_no_better() -> None:
    dublin = read(
        '<meta name="DC.title" content="Bridge opens early">'
        '<meta name="DC.creator" content="Ann Lee">'
        '<meta name="dcterms.created" content="2026-11-22T10:30:00+03:00">'
        '<meta name="DC.description" content="A month before it was due.">'
    )
    assert (dublin.title, dublin.author) == ("Bridge opens early", "Ann Lee")
    assert (dublin.published, dublin.description) == (HOUR, "A month before it was due.")
    parsely = read(
        '<meta name="parsely-title" content="Bridge opens early"><meta name="parsely-author" '
        'content="Ann Lee"><meta name="parsely-author" content="Bo Ray">'
        '<meta name="parsely-section" content="City">'
        '<meta name="parsely-pub-date" content="2026-11-22T07:30:00Z">'
    )
    assert (parsely.author, parsely.section) == ("Ann Lee, Bo Ray", "City")
    assert parsely.published == HOUR


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-22T10:30:00+03:00", HOUR),
        ("2026-11-22T10:30:00+0300", HOUR),
        ("2026-11-22 10:30:00 +0300", HOUR),
        ("2026-11-22T07:30:00.000Z", HOUR),
        ("2026-11-22T10:30", HOUR),
        ("Sun, 22 Nov 2026 07:30:00 GMT", HOUR),
        ("22.11.2026 10:30", HOUR),
        ("22.11.2026, 10:30:00", HOUR),
        (str(int(HOUR.timestamp())), HOUR),
        (str(int(HOUR.timestamp()) * 1000), HOUR),
        ("0001-01-01T00:00:00", None),
        ("31.02.2026", None),
        ("yesterday", None),
        ("9999999999999999", None),
        ("", None),
    ],
)
def test_times_are_instants(said: str, meant: datetime | None) -> None:
    assert moment(said, ZoneInfo("Europe/Moscow")) == meant


def test_every_picture_that_is_named_is_a_candidate() -> None:
    data = (
        '{"@type":"NewsArticle","image":[{"@type":"ImageObject","url":"/a.jpg","width":"1600px",'
        '"height":{"value":900},"caption":"At dawn","creditText":"Ann Lee"},"/b.jpg"]}'
    )
    preview = (
        '<meta property="og:image" content="/og.jpg"><meta property="og:image:width" content="9">'
    )
    found = read(preview + linked(data), base="https://cdn.example/x/").images
    assert found == (
        PictureBlock("https://cdn.example/og.jpg", width=9),
        PictureBlock("https://cdn.example/a.jpg", "At dawn", "Ann Lee", 1600, 900),
        PictureBlock("https://cdn.example/b.jpg"),
    )


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("/news/2", "https://paper.example/news/2"),
        ("//m.paper.example/news/2#top", "https://m.paper.example/news/2"),
        ("https://original.example/story", "https://original.example/story"),
        ("https://paper.example/", URL),  # a template's fault: the front page
        ("javascript:alert(1)", URL),
        ("", URL),
    ],
)
def test_the_canonical_address(link: str, address: str) -> None:
    assert read(f'<link rel="canonical" href="{link}">').url == address


def test_a_text_that_the_page_shows_by_script_alone_is_read() -> None:
    said = " ".join(f"Sentence number {at} says how the bridge was opened." for at in range(40))
    data = f'{{"@type":"NewsArticle","headline":"Bridge opens early","articleBody":"{said}"}}'
    page = extract(
        f"<html><head>{linked(data)}</head><body><h1>Bridge opens early</h1><div id=app></div>"
        "<p>Enable JavaScript to go on reading.</p></body></html>".encode(),
        url=URL,
    )
    text = plain_text(page.body)
    assert text.split() == said.split()
    assert len(page.body) > 10
