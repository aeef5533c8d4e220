"""Search: which articles match, in what order, and what a hostile query can do (nothing)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import Hits, Storage, Topic, Wanted
from storage.search import first_key, pack_text, published_at, unpack_text
from tests.storage.newsroom import DAY, HOUR, NOW, database_of, execute, feed, publish

_SECOND = timedelta(seconds=1)


async def found(storage: Storage, *terms: str) -> list[str]:
    """The names of the matching articles, best first."""
    keys, _ = await storage.search.keys(terms, now=NOW)
    return [line.title.removeprefix("Title ") for line in await storage.articles.by_keys(keys)]


async def test_all_terms_must_occur(storage: Storage) -> None:
    one = await feed(storage)
    for number in range(10):
        await publish(storage, one, f"both{number}", search_title="cat", search_body="dog")
    await publish(storage, one, "cat", search_title="cat", search_body="")
    keys, loose = await storage.search.keys(["cat", "dog"], now=NOW)
    assert len(keys) == 10
    assert not loose
    assert len(await found(storage, "cat")) == 11


async def test_any_term_may_where_few_have_all(storage: Storage) -> None:
    one = await feed(storage)
    await publish(storage, one, "dog", search_title="dog dog dog", search_body="")
    await publish(storage, one, "both", search_title="", search_body="dog and a cat of words")
    keys, loose = await storage.search.keys(["cat", "dog"], now=NOW)
    assert await found(storage, "cat", "dog") == ["both", "dog"]  # those with all come first
    assert not loose
    assert len(keys) == len(set(keys))
    keys, loose = await storage.search.keys(["dog", "absent"], now=NOW)
    assert len(keys) == 2
    assert loose  # nothing had both: the reader is told
    assert await storage.search.keys(["absent", "missing"], now=NOW) == ([], False)
    assert await storage.search.keys(["absent"], now=NOW) == ([], False)
    assert await storage.search.keys([], now=NOW) == ([], False)


async def test_the_title_weighs_more_and_the_new_more_than_the_old(storage: Storage) -> None:
    one = await feed(storage)
    filler = "words that fill the text"
    texts = {"title": ("cat", filler), "body": ("fill", f"cat {filler}")}
    for name, (title, body) in texts.items():
        await publish(storage, one, name, search_title=title, search_body=body)
    assert await found(storage, "cat") == ["title", "body"]
    for days in (300, 30, 0):
        await publish(
            storage,
            one,
            str(days),
            published=NOW - days * DAY,
            search_title="dog",
            search_body=filler,
        )
    assert await found(storage, "dog") == ["0", "30", "300"]


async def test_age_never_takes_more_than_half(storage: Storage) -> None:
    one = await feed(storage)
    filler = " ".join(f"word{number}" for number in range(100))
    await publish(
        storage,
        one,
        "old but to the point",
        published=NOW - 3650 * DAY,
        search_title="cat",
        search_body="cat cat cat",
    )
    await publish(storage, one, "new", search_title="other", search_body=f"cat {filler}")
    for number in range(20):  # without them the word is in every article and weighs nothing
        await publish(storage, one, f"x{number}", search_title="x", search_body="x")
    assert await found(storage, "cat") == ["old but to the point", "new"]


async def test_pages_stay_stable_while_news_arrives(storage: Storage) -> None:
    one = await feed(storage)
    for number in range(3):
        await publish(storage, one, f"{number}", search_title="cat", published=NOW - number * HOUR)
    limit = first_key(NOW + _SECOND) - 1
    before, _ = await storage.search.keys(["cat"], now=NOW, before_key=limit)
    assert len(before) == 3
    await publish(storage, one, "later", search_title="cat cat", published=NOW + _SECOND)
    assert (await storage.search.keys(["cat"], now=NOW, before_key=limit))[0] == before
    assert len((await storage.search.keys(["cat"], now=NOW))[0]) == 4


async def sought(storage: Storage, wanted: Wanted, **more: Any) -> list[str]:
    """The names of what a search finds."""
    hits = await storage.search.find(wanted, now=NOW, **more)
    return [line.title.removeprefix("Title ") for line in await storage.articles.by_keys(hits.keys)]


async def test_phrases_stand_in_order_and_exclusions_nowhere(storage: Storage) -> None:
    one = await feed(storage)
    await publish(storage, one, "in order", search_title="red square", search_body="a parade")
    await publish(storage, one, "turned", search_title="square red", search_body="a parade")
    await publish(storage, one, "apart", search_title="red", search_body="square and parade")
    phrase = (("red", "square"),)
    assert await sought(storage, Wanted(phrases=phrase)) == ["in order"]
    assert await sought(storage, Wanted(terms=("parade",), phrases=phrase)) == ["in order"]
    assert await sought(storage, Wanted(terms=("parade",), phrases=(("red", "cat"),))) == []
    without = Wanted(terms=("parade",), without=(*phrase, ("cat",)))
    assert sorted(await sought(storage, without)) == ["apart", "turned"]
    assert await sought(storage, Wanted(terms=("parade",), without=(("red",),))) == []
    listed = Wanted(without=phrase)
    assert sorted(await sought(storage, listed)) == ["apart", "turned"]
    assert await sought(storage, Wanted()) == []


async def test_partly_found_needs_the_telling_half(storage: Storage) -> None:
    one = await feed(storage)
    await publish(storage, one, "idle", search_title="hello", search_body="x")
    await publish(storage, one, "telling", search_title="quake", search_body="x")
    await publish(storage, one, "two", search_title="quake", search_body="island hello")
    wanted = Wanted(terms=("quake", "island", "hello"), rarity=(5.0, 6.0, 0.7))
    hits = await storage.search.find(wanted, now=NOW)
    assert hits.whole == 1
    assert await sought(storage, wanted) == ["two"]
    both = Wanted(terms=("quake", "volcano"), rarity=(5.0, 7.0))
    assert sorted(await sought(storage, both)) == ["telling", "two"]
    idle = Wanted(terms=("hello", "volcano"), rarity=(0.7, 7.0))
    assert await storage.search.find(idle, now=NOW) == Hits()


async def test_words_side_by_side_come_before_words_apart(storage: Storage) -> None:
    one = await feed(storage)
    filler = " ".join(f"word{n}" for n in range(40))
    await publish(storage, one, "apart", search_title="x", search_body=f"cat {filler} dog")
    await publish(
        storage,
        one,
        "beside",
        published=NOW - 5 * DAY,
        search_title="x",
        search_body=f"cat dog {filler}",
    )
    assert await sought(storage, Wanted(terms=("cat", "dog"))) == ["beside", "apart"]


async def test_bounds_hold_for_searches_and_lists(storage: Storage) -> None:
    one = await feed(storage)
    two = await feed(storage, "two.example")
    await publish(storage, one, "a", topic=Topic.SPORT, published=NOW - 3 * DAY)
    await publish(storage, two, "b", topic=Topic.LIFE, published=NOW - 2 * DAY)
    await publish(storage, one, "c", topic=Topic.LIFE, published=NOW - DAY)
    for bounds, expected in (
        (Wanted(topics=(Topic.LIFE,)), "cb"),
        (Wanted(topics=(Topic.LIFE, Topic.SPORT)), "cba"),
        (Wanted(not_topics=(Topic.LIFE,)), "a"),
        (Wanted(sources=(two.source_id,)), "b"),
        (Wanted(not_sources=(two.source_id,)), "ca"),
        (Wanted(since=NOW - 2 * DAY), "cb"),
        (Wanted(until=NOW - 2 * DAY), "a"),
        (Wanted(since=NOW - 2 * DAY, until=NOW - DAY), "b"),
        (Wanted(topics=(Topic.LIFE,), sources=(one.source_id,)), "c"),
        (Wanted(topics=(Topic.SPORT,), since=NOW - DAY), ""),
    ):
        assert await sought(storage, bounds) == list(expected)
        with_word = replace(bounds, terms=("title",))
        assert sorted(await sought(storage, with_word)) == sorted(expected)


async def test_indexed_terms_that_a_word_resembles(storage: Storage) -> None:
    one = await feed(storage)
    await publish(storage, one, "a", search_title="earthquake island 2026 cat", search_body="early")
    resembling = storage.search.resembling
    assert await resembling("earthqake", [], 3) == ["early", "earthquake"]
    assert await resembling("searthquake", ["earthquake", "none"], 3) == ["earthquake"]
    assert await resembling("ear", [], 3) == ["early"]
    assert await resembling("2027", ["2026", "cat"], 3) == []
    assert await storage.search.known(["cat", "cats", "cat", '"']) == {"cat"}
    assert await storage.search.known([]) == set()


async def _many(storage: Storage, count: int, title: str = "common") -> None:
    """Index rows without articles, one a second up to now; every third lacks `second`."""
    async with database_of(storage).transaction() as transaction:
        await transaction.run_many(
            "INSERT INTO search (rowid, title, body) VALUES (:key, :title, :body)",
            [
                {
                    "key": first_key(NOW - number * _SECOND),
                    "title": title if number < count - 1 else f"{title} {title} {title}",
                    "body": "second" if number % 3 else "third",
                }
                for number in range(count)
            ],
        )


async def test_of_a_very_common_word_the_newest_are_ranked(storage: Storage) -> None:
    await _many(storage, 6000)
    keys, loose = await storage.search.keys(["common"], now=NOW)
    assert (len(keys), loose) == (200, False)
    oldest_looked_at = first_key(NOW - 2000 * _SECOND)
    assert all(key > oldest_looked_at for key in keys)
    # A rare word beside it is found however old it is.
    await execute(
        storage,
        "INSERT INTO search (rowid, title, body) VALUES (:key, 'common rare', '')",
        key=first_key(NOW - DAY),
    )
    keys, _ = await storage.search.keys(["common", "rare"], now=NOW)
    assert keys[0] == first_key(NOW - DAY)


async def test_the_newest_of_a_common_word_are_those_before_the_limit(storage: Storage) -> None:
    await _many(storage, 6000)
    limit = first_key(NOW - 3000 * _SECOND)
    keys, _ = await storage.search.keys(["common"], now=NOW, before_key=limit)
    assert len(keys) == 200
    assert all(first_key(NOW - 5000 * _SECOND) < key <= limit for key in keys)


async def test_no_more_than_two_hundred(storage: Storage) -> None:
    await _many(storage, 450)
    assert len((await storage.search.keys(["common"], now=NOW))[0]) == 200


async def test_frequencies_and_size(storage: Storage) -> None:
    one = await feed(storage)
    await publish(storage, one, "a", search_title="cat cat", search_body="cat dog")
    await publish(storage, one, "b", search_title="кот", search_body="cat")
    assert await storage.search.frequencies(["cat", "dog", "кот", "none", 'x"y']) == {
        "cat": 2,
        "dog": 1,
        "кот": 1,
    }
    assert await storage.search.size() == 2
    await _many(storage, 5100)
    assert await storage.search.frequencies(["common", "second"]) == {
        "common": 5001,  # more is not counted
        "second": 3400,
    }


async def test_candidates_are_recent_and_best_first(storage: Storage) -> None:
    one = await feed(storage)
    await publish(storage, one, "old", published=NOW - 4 * DAY, search_title="cat dog")
    await publish(storage, one, "one", published=NOW - DAY, search_title="cat", search_body="x")
    await publish(storage, one, "two", published=NOW - DAY, search_title="cat dog", search_body="x")
    for number in range(9):
        await publish(storage, one, f"other{number}", search_title="x", search_body="x")
    candidates = storage.search.candidates
    keys = await candidates(["cat", "dog"], since=NOW - 3 * DAY)
    names = [c.title for c in await storage.articles.story_candidates(keys)]
    assert names == ["Title two", "Title one"]
    assert len(await candidates(["cat", "dog"], since=NOW - 3 * DAY, limit=1)) == 1
    assert await candidates([], since=NOW) == []


@pytest.mark.parametrize(
    "term",
    [
        *['"', '""', 'a"b', "*", "a*", "NEAR(a b)", "-a", "^a", "title:a", "a OR b", "(", ")", "'"],
        *["", " ", ";", "\\", "{a}", "+", "🙂", "a\0b", "\0", "NOT", "AND", "я" * 5000, "e\u0301"],
    ],
)
async def test_hostile_terms_are_only_words(storage: Storage, term: str) -> None:
    one = await feed(storage)
    await publish(storage, one, "a", search_title="plain", search_body="text")
    for terms in ([term], [term, "plain"], ["plain", term]):
        keys, _ = await storage.search.keys(terms, now=NOW)
        assert len(keys) <= 1
        await storage.search.candidates(terms, since=NOW - DAY)
        await storage.search.frequencies(terms)
    assert await found(storage, "plain") == ["a"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(title=st.text(), body=st.text())
def test_what_was_indexed_is_kept_exactly(title: str, body: str) -> None:
    if "\0" not in title:
        assert unpack_text(pack_text(title, body)) == (title, body)


def test_keys_rise_with_the_time() -> None:
    assert first_key(NOW) < first_key(NOW + _SECOND)
    assert published_at(first_key(NOW) + 4095) == NOW
    assert published_at(first_key(NOW - 30_000 * DAY)) == NOW - 30_000 * DAY  # before 1970
