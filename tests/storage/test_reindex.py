"""A new normaliser: the index and the readers' words are made anew, and nothing is lost between."""

import pytest

from storage import FollowKind, Level, Mute, Paragraph, Span, Storage
from tests.storage.newsroom import (
    DAY,
    HOUR,
    NOW,
    draft,
    feed,
    follow,
    publish,
    reader,
)


async def found(storage: Storage, *terms: str) -> list[str]:
    keys, _ = await storage.search.keys(terms, now=NOW)
    return [one.title for one in await storage.articles.by_keys(keys)]


async def test_the_version_is_remembered(storage: Storage) -> None:
    assert await storage.search.normaliser_version() is None
    await storage.search.set_normaliser_version("2")
    assert await storage.search.normaliser_version() == "2"


async def test_all_articles_come_once_in_the_order_of_ids(storage: Storage) -> None:
    one = await feed(storage)
    for number in range(5):
        await publish(storage, one, str(number), published=NOW - number * HOUR, subheadline="Sub")
    seen: list[str] = []
    after = 0
    while rows := await storage.articles.to_reindex(after, 2):
        seen += [row.title for row in rows]
        after = rows[-1].article_id
    assert seen == [f"Title {number}" for number in range(5)]
    (first,) = await storage.articles.to_reindex(0, 1)
    assert first[1:] == (
        "Title 0",
        "Sub",
        "Standfirst 0",
        "Summary 0",
        (Paragraph((Span("Body 0"),)),),
        "ru",
    )


async def test_the_old_words_go_and_the_new_ones_are_found(storage: Storage) -> None:
    one = await feed(storage)
    ids = [
        (
            await publish(storage, one, name, search_title="old", search_body=f"old {name}")
        ).article_id
        for name in "abc"
    ]
    await storage.articles.reindex(
        [(ids[0], "new", "a"), (999, "new", "pruned"), (ids[1], "new", "new b")],
        progress=("reindex", str(ids[1])),
    )
    assert await storage.meta.get("reindex") == str(ids[1])
    assert await found(storage, "old") == ["Title c"]
    assert sorted(await found(storage, "new")) == ["Title a", "Title b"]
    # The text that the index holds is the one to delete by.
    await storage.articles.replace(
        ids[0], draft(one, "a", search_title="newer"), now=NOW, revision=False
    )
    assert await found(storage, "newer") == ["Title a"]
    assert await found(storage, "new") == ["Title b"]
    assert await storage.upkeep.prune_articles(NOW + DAY) == 3
    frequencies = await storage.search.frequencies(["old", "new", "newer", "a", "b", "c"])
    assert frequencies == {}
    assert await storage.upkeep.integrity() == "ok"


async def test_an_interrupted_step_changes_nothing(storage: Storage) -> None:
    one = await feed(storage)
    stored = await publish(storage, one, "a", search_title="old")
    with pytest.raises(Exception, match="NOT NULL"):
        await storage.articles.reindex(
            [(stored.article_id, "new", "new")],
            progress=("reindex", None),  # type: ignore[arg-type] # what the store refuses
        )
    assert await found(storage, "old") == ["Title a"]
    assert await found(storage, "new") == []


# ---------------------------------------------------------------- follows and mutes


async def keys_of(storage: Storage, subscriber_id: int) -> dict[str, Level]:
    kept = await storage.subscribers.subscriptions(subscriber_id)
    return {one.key: one.level for one in kept if one.kind is FollowKind.WORDS}


async def test_words_are_found_by_their_new_keys(storage: Storage) -> None:
    one = await reader(storage)
    await follow(storage, one.id, FollowKind.WORDS, "old word", Level.NOW)
    await follow(storage, one.id, FollowKind.TOPIC, "sport", Level.NOW)
    await storage.subscribers.mute(Mute(one.id, FollowKind.WORDS, "old mute", "Label", None))
    follows, mutes = await storage.subscribers.word_keys()
    assert (follows.kept_in, follows.subscriber_id, follows.key) == (
        "subscription",
        one.id,
        "old word",
    )
    assert (mutes.kept_in, mutes.key, mutes.label) == ("mute", "old mute", "Label")
    await storage.subscribers.rekey_words([(follows, "new word"), (mutes, "fresh mute")])
    assert await keys_of(storage, one.id) == {"new word": Level.NOW}
    (muted,) = await storage.subscribers.mutes(one.id, NOW)
    assert (muted.key, muted.label) == ("fresh mute", "Label")
    assert sorted(await storage.owing.word_keys(["new", "old", "fresh"])) == [
        "fresh mute",
        "new word",
    ]


@pytest.mark.parametrize(
    ("one", "two", "merged"),
    [
        (Level.NOW, Level.DIGEST, Level.NOW),
        (Level.DIGEST, Level.SOUND, Level.SOUND),
        (Level.OFF, Level.DIGEST, Level.DIGEST),
        (Level.SOUND, Level.NOW, Level.SOUND),
    ],
)
async def test_two_that_become_one_come_as_the_louder(
    storage: Storage, one: Level, two: Level, merged: Level
) -> None:
    made = await reader(storage)
    await follow(storage, made.id, FollowKind.WORDS, "a", one)
    await follow(storage, made.id, FollowKind.WORDS, "b", two)
    await storage.subscribers.rekey_words(
        [(word, "same") for word in await storage.subscribers.word_keys()]
    )
    assert await keys_of(storage, made.id) == {"same": merged}


async def test_a_new_key_may_be_anothers_old_one(storage: Storage) -> None:
    made = await reader(storage)
    for key, level in (("a", Level.NOW), ("b", Level.SOUND), ("c", Level.DIGEST)):
        await follow(storage, made.id, FollowKind.WORDS, key, level)
    after = {"a": "b", "b": "c", "c": "a"}
    await storage.subscribers.rekey_words(
        [(word, after[word.key]) for word in await storage.subscribers.word_keys()]
    )
    assert await keys_of(storage, made.id) == {
        "b": Level.NOW,
        "c": Level.SOUND,
        "a": Level.DIGEST,
    }


@pytest.mark.parametrize(("one", "two"), [(None, NOW + DAY), (NOW + DAY, None)])
async def test_of_two_mutes_the_longer_stays(storage: Storage, one: object, two: object) -> None:
    made = await reader(storage)
    for key, expires in (("a", one), ("b", two)):
        await storage.subscribers.mute(
            Mute(made.id, FollowKind.WORDS, key, key, expires)  # type: ignore[arg-type]
        )
    await storage.subscribers.rekey_words(
        [(word, "same") for word in await storage.subscribers.word_keys()]
    )
    (muted,) = await storage.subscribers.mutes(made.id, NOW)
    assert (muted.key, muted.expires) == ("same", None)


async def test_mutes_with_two_ends_keep_the_later(storage: Storage) -> None:
    made = await reader(storage)
    for key, days in (("a", 2), ("b", 1)):
        await storage.subscribers.mute(Mute(made.id, FollowKind.WORDS, key, key, NOW + days * DAY))
    await storage.subscribers.rekey_words(
        [(word, "same") for word in await storage.subscribers.word_keys()]
    )
    (muted,) = await storage.subscribers.mutes(made.id, NOW)
    assert muted.expires == NOW + 2 * DAY


async def test_what_was_taken_back_meanwhile_stays_away(storage: Storage) -> None:
    made = await reader(storage)
    await follow(storage, made.id, FollowKind.WORDS, "a", Level.NOW)
    (word,) = await storage.subscribers.word_keys()
    await storage.subscribers.unfollow(made.id, FollowKind.WORDS, "a")
    await storage.subscribers.rekey_words([(word, "b")])
    assert await keys_of(storage, made.id) == {}
