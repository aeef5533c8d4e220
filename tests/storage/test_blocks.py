"""A body comes back from JSON as it went in."""

import json

from hypothesis import given
from hypothesis import strategies as st

from storage import (
    Block,
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
from storage.blocks import (
    beginning,
    blocks_from_json,
    blocks_to_json,
    picture_from_json,
    picture_to_json,
)

_TEXT = st.text(max_size=20)
_SPAN = st.builds(Span, _TEXT, bold=st.booleans(), italic=st.booleans(), link=st.none() | _TEXT)
_SPANS = st.lists(_SPAN, max_size=4).map(tuple)
_SIZE = st.none() | st.integers(0, 10_000)
_PICTURE = st.builds(PictureBlock, _TEXT, _TEXT, _TEXT, _SIZE, _SIZE)
_BLOCK: st.SearchStrategy[Block] = st.one_of(
    st.builds(Paragraph, _SPANS),
    st.builds(Heading, _TEXT, st.integers(2, 6)),
    st.builds(Quote, st.lists(_SPANS, max_size=3).map(tuple), _TEXT),
    st.builds(ListBlock, st.lists(_SPANS, max_size=3).map(tuple), st.booleans()),
    _PICTURE,
    st.builds(
        Table,
        st.lists(st.lists(_TEXT, max_size=3).map(tuple), max_size=3).map(tuple),
        st.booleans(),
    ),
    st.builds(Preformatted, _TEXT),
    st.builds(Embed, _TEXT, _TEXT),
)


@given(st.lists(_BLOCK, max_size=6).map(tuple))
def test_round_trip(blocks: tuple[Block, ...]) -> None:
    assert blocks_from_json(blocks_to_json(blocks)) == blocks


@given(st.none() | _PICTURE)
def test_a_pictures_round_trip(picture: PictureBlock | None) -> None:
    assert picture_from_json(picture_to_json(picture)) == picture


def test_plain_text_costs_little() -> None:
    body = (Paragraph((Span("Слово"), Span(" и ", bold=True), Span("дело", link="https://x"))),)
    assert blocks_to_json(body) == '[["p",["Слово",[" и ","b"],["дело","","https://x"]]]]'


def test_kinds_of_a_newer_version_are_passed_over() -> None:
    text = json.dumps([["p", ["a"]], ["hologram", 1, 2], ["c", "b"]])
    assert blocks_from_json(text) == (Paragraph((Span("a"),)), Preformatted("b"))


def test_a_body_begins_with_what_it_tells() -> None:
    body = (
        PictureBlock("https://example.org/a.png", "Caption"),
        Paragraph((Span("Мост "), Span("открыт", bold=True), Span("."))),
        Heading("Subject", 2),
        Quote(((Span("Ура"),), (Span("Наконец"),)), "Мэр"),
        ListBlock(((Span("раз"),), (Span("два"),)), ordered=False),
        Embed("https://example.org/video", "Video"),
    )
    packed = blocks_to_json(body)
    assert beginning(packed, 1000) == "Мост открыт.\nУра\nНаконец\nраз\nдва"
    assert beginning(packed, 8) == "Мост отк"
    assert beginning(blocks_to_json(()), 10) == ""
