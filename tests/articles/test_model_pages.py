"""The model publisher's pages, from no address of its own: whole, and nothing besides."""

import pytest

from bot.articles.blocks import block_text, plain_text
from bot.articles.extractor import extract
from bot.articles.page import ExtractedPage
from storage import PictureBlock
from tests.articles.model_pages import LEAKS, URL, ModelPage, model_pages

PAGES = [pytest.param(page, id=page.name) for page in model_pages()]


def read(page: ModelPage) -> ExtractedPage:
    return extract(page.html, url=URL, content_type=page.content_type)


@pytest.mark.parametrize("page", PAGES)
def test_every_part_is_found(page: ModelPage) -> None:
    found = read(page)
    assert found.title == page.title
    assert found.subheadline == page.subheadline
    assert found.standfirst == page.standfirst
    assert tuple((type(block).__name__, block_text(block)) for block in found.body) == page.body
    assert found.author == page.author
    assert (found.published, found.updated) == (page.published, page.updated)
    assert found.rubric == page.rubric
    assert found.url == page.canonical
    assert found.language == "ru"
    assert tuple(b for b in found.body if isinstance(b, PictureBlock)) == page.pictures
    if page.image is not None:
        assert found.image == found.pictures[0] == page.image
    assert found.labels == page.labels


@pytest.mark.parametrize("page", PAGES)
def test_nothing_else_leaks(page: ModelPage) -> None:
    found = read(page)
    said = "\n".join((found.title, found.subheadline, found.standfirst, plain_text(found.body)))
    assert [leak for leak in LEAKS if leak in said] == []
