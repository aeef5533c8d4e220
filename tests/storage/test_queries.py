"""Kept queries: what was typed and found, under ids that nobody guesses."""

import pytest

from storage import KeptSearch, NotFoundError, Storage, Wanted
from tests.storage.newsroom import HOUR, NOW, execute, feed, publish


async def test_what_was_found_is_kept(storage: Storage) -> None:
    one = await feed(storage)
    stored = [await publish(storage, one, str(n), published=NOW - n * HOUR) for n in range(3)]
    hits = await storage.search.find(Wanted(terms=("title",)), now=NOW)
    kept = await storage.queries.keep("titel", NOW, hits, tried="title")
    found = tuple(one.article_id for one in await storage.articles.by_keys(hits.keys))
    assert sorted(found) == sorted(one.article_id for one in stored)
    assert await storage.queries.get(kept) == KeptSearch("titel", "title", found, 3)
    assert [line.article_id for line in await storage.articles.by_ids(found)] == list(found)
    with pytest.raises(NotFoundError):
        await storage.queries.get(kept + 1)


async def test_a_text_alone_is_kept(storage: Storage) -> None:
    query = await storage.queries.keep("/latest 5", NOW)
    assert await storage.queries.get(query) == KeptSearch("/latest 5")


async def test_what_an_earlier_version_kept_is_read(storage: Storage) -> None:
    await execute(
        storage, "INSERT INTO query (id, text, limit_key, asked) VALUES (1, 'cat', 77, 0)"
    )
    assert await storage.queries.get(1) == KeptSearch("cat", newest=77)
