"""What people keep for later: in pages that hold still, theirs alone, and never pruned."""

from datetime import timedelta

from storage import SavedKey, Saving, Storage
from tests.storage.newsroom import DAY, NOW, feed, private_feed, publish, reader

ANNA, BORIS = 1001, 1002


async def _kept(storage: Storage, count: int) -> list[int]:
    anna = await reader(storage, ANNA)
    of = await feed(storage)
    ids = []
    for number in range(count):
        one = (await publish(storage, of, f"a{number}")).article_id
        # Several in one second: their order is the articles'.
        now = NOW + timedelta(seconds=number // 2)
        saved = await storage.saved.save(ANNA, one, now=now, subscriber_id=anna.id, most=100)
        assert saved is Saving.DONE
        ids.append(one)
    return ids


async def test_pages_hold_still_while_more_is_saved(storage: Storage) -> None:
    ids = await _kept(storage, 5)
    first = await storage.saved.page(ANNA, limit=2)
    assert [one.headline.article_id for one in first] == [ids[4], ids[3]]
    key = SavedKey(int(first[-1].at.timestamp()), ids[3])
    of = await feed(storage)
    new = (await publish(storage, of, "new")).article_id
    anna = await storage.subscribers.find(ANNA)
    assert anna is not None
    await storage.saved.save(ANNA, new, now=NOW + DAY, subscriber_id=anna.id, most=100)
    second = await storage.saved.page(ANNA, limit=2, below=key)
    assert [one.headline.article_id for one in second] == [ids[2], ids[1]]
    back = SavedKey(int(second[0].at.timestamp()), ids[2])
    above = await storage.saved.page(ANNA, limit=2, above=back)
    assert [one.headline.article_id for one in above] == [ids[4], ids[3]]
    articles, end = await storage.saved.articles(ANNA, limit=4)
    assert [one.id for one in articles] == [new, ids[4], ids[3], ids[2]]
    articles, end = await storage.saved.articles(ANNA, limit=4, below=end)
    assert [one.id for one in articles] == [ids[1], ids[0]]
    assert end is None


async def test_saving_twice_is_saving_once_and_there_is_a_limit(storage: Storage) -> None:
    ids = await _kept(storage, 2)
    anna = await storage.subscribers.find(ANNA)
    assert anna is not None
    more = (await publish(storage, await feed(storage), "more")).article_id
    save = storage.saved.save
    assert await save(ANNA, ids[0], now=NOW, subscriber_id=anna.id, most=2) is Saving.DONE
    assert await save(ANNA, more, now=NOW, subscriber_id=anna.id, most=2) is Saving.FULL
    assert await save(ANNA, 999, now=NOW, subscriber_id=anna.id, most=9) is Saving.GONE
    assert await storage.saved.count(ANNA) == 2
    assert await storage.saved.drop(ANNA, ids[0])
    assert not await storage.saved.drop(ANNA, ids[0])
    assert not await storage.saved.holds(ANNA, ids[0])
    assert await storage.saved.holds(ANNA, ids[1])


async def test_a_forgotten_chat_keeps_nothing_more(storage: Storage) -> None:
    anna = await reader(storage, ANNA)
    one = (await publish(storage, await feed(storage), "one")).article_id
    await storage.privacy.erase(ANNA)
    saved = await storage.saved.save(ANNA, one, now=NOW, subscriber_id=anna.id, most=9)
    assert saved is Saving.GONE
    assert not await storage.saved.holds(ANNA, one)


async def test_others_own_sources_are_not_listed(storage: Storage) -> None:
    anna, boris = await reader(storage, ANNA), await reader(storage, BORIS)
    own = await private_feed(storage, boris.id)
    secret = (await publish(storage, own, "secret")).article_id
    for person, chat in ((ANNA, anna), (BORIS, boris)):
        await storage.saved.save(person, secret, now=NOW, subscriber_id=chat.id, most=9)
    assert await storage.saved.page(ANNA, limit=9) == []
    assert await storage.saved.count(ANNA) == 0
    assert (await storage.saved.articles(ANNA, limit=9))[0] == []
    assert [one.headline.article_id for one in await storage.saved.page(BORIS, limit=9)] == [secret]


async def test_what_is_saved_is_never_pruned(storage: Storage) -> None:
    ids = await _kept(storage, 3)
    loose = (await publish(storage, await feed(storage), "loose")).article_id
    await storage.upkeep.prune_articles(NOW + 400 * DAY)
    assert [one.headline.article_id for one in await storage.saved.page(ANNA, limit=9)] == ids[::-1]
    assert await storage.articles.by_ids([loose]) == []
