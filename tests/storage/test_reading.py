"""How much of a source may be shown, where its articles were stored with more."""

import pytest

from storage import PictureBlock, Reading, Storage
from tests.storage.newsroom import NOW, feed, publish


@pytest.mark.parametrize("reading", Reading)
async def test_a_list_shows_no_more_of_a_source_than_it_may(
    storage: Storage, reading: Reading
) -> None:
    of = await feed(storage)
    picture = PictureBlock("https://one.example/1.jpg")
    stored = await publish(storage, of, "a", image=picture)
    await storage.feeds.set_reading(of.source_id, reading)
    (line,) = await storage.articles.latest(language="all", limit=9)
    (found,) = await storage.articles.by_keys((await storage.search.keys(["body"], now=NOW))[0])
    (told,) = await storage.articles.of_stories([stored.story_id])
    article = await storage.articles.get(stored.article_id)
    assert line == found == told
    assert line.title == "Title a"
    bare = reading is Reading.HEADLINE
    assert (line.summary, line.image_url) == (("", None) if bare else ("Summary a", picture.url))
    assert article.image == (None if bare else picture)
    assert article.reading is reading
