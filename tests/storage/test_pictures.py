"""Pictures: what a check found is kept, and a bad one is shown nowhere."""

from storage import Picture, PictureBlock, Storage
from tests.storage.newsroom import DAY, HOUR, NOW, feed, publish, values

ONE, TWO = "https://img.example/1.jpg", "https://img.example/2.jpg"


async def test_what_a_check_found(storage: Storage) -> None:
    pictures = storage.pictures
    assert await pictures.known(ONE) is None
    found = Picture(ONE, width=800, height=450, checked=NOW)
    await pictures.save(found)
    assert await pictures.known(ONE) == found
    assert await pictures.known_many([ONE, TWO, ONE]) == {ONE: found}
    assert await pictures.known_many([]) == {}


async def test_telegrams_id_survives_another_check(storage: Storage) -> None:
    pictures = storage.pictures
    await pictures.set_file_id(ONE, "file")
    assert await pictures.known(ONE) == Picture(ONE, file_id="file")
    await pictures.save(Picture(ONE, width=10, height=20, checked=NOW))
    assert await pictures.known(ONE) == Picture(ONE, 10, 20, NOW, file_id="file")
    await pictures.save(Picture(ONE, 10, 20, NOW, file_id="other"))
    assert await pictures.known(ONE) == Picture(ONE, 10, 20, NOW, file_id="other")


async def test_a_bad_picture_is_shown_nowhere(storage: Storage) -> None:
    one = await feed(storage)
    first = await publish(storage, one, "a", image=PictureBlock(ONE))
    second = await publish(storage, one, "b", image=PictureBlock(TWO, "Caption"))
    await storage.pictures.set_file_id(ONE, "file")
    await storage.pictures.mark_bad(ONE, NOW + HOUR)
    await storage.pictures.save(Picture(TWO, 800, 450, NOW))
    assert (await storage.articles.get(first.article_id)).image is None
    shown = await storage.articles.get(second.article_id)
    assert shown.image == PictureBlock(TWO, "Caption")
    listed = await storage.articles.latest(language="all", limit=8)
    assert {one.article_id: one.image_url for one in listed} == {
        first.article_id: None,
        second.article_id: TWO,
    }
    assert await storage.pictures.known(ONE) == Picture(ONE, checked=NOW + HOUR, bad=True)


async def test_a_picture_that_was_bad_may_come_back(storage: Storage) -> None:
    stored = await publish(storage, await feed(storage), "a", image=PictureBlock(ONE))
    await storage.pictures.mark_bad(ONE, NOW)
    await storage.pictures.save(Picture(ONE, 800, 450, NOW + DAY))
    assert (await storage.articles.get(stored.article_id)).image == PictureBlock(ONE)


async def test_a_picture_of_many_articles_is_a_logotype(storage: Storage) -> None:
    one, two = await feed(storage), await feed(storage, "two.example")
    for number in range(3):
        await publish(storage, one, f"a{number}", image=PictureBlock(ONE))
    await publish(storage, one, "b", image=PictureBlock(TWO))
    await publish(storage, two, "c", image=PictureBlock(ONE))
    assert await storage.pictures.uses(ONE, one.source_id) == 3
    assert await storage.pictures.uses(TWO, one.source_id) == 1
    assert await storage.pictures.uses(TWO, two.source_id) == 0


async def test_only_the_newest_fifty_tell(storage: Storage) -> None:
    one = await feed(storage)
    await publish(storage, one, "old", image=PictureBlock(ONE), published=NOW - DAY)
    for number in range(49):
        await publish(storage, one, str(number))
    assert await storage.pictures.uses(ONE, one.source_id) == 1
    await publish(storage, one, "last")
    assert await storage.pictures.uses(ONE, one.source_id) == 0


async def test_old_pictures_are_forgotten_but_bad_ones(storage: Storage) -> None:
    old = NOW - 100 * DAY
    await storage.pictures.save(Picture(ONE, checked=old))
    await storage.pictures.mark_bad(TWO, old)
    await storage.pictures.save(Picture("new", checked=NOW - DAY))
    await storage.pictures.set_file_id("uploaded", "file")
    await storage.upkeep.prune_ledger(NOW - DAY, NOW)
    kept = await values(storage, "SELECT url FROM picture ORDER BY url")
    assert kept == [(TWO,), ("new",), ("uploaded",)]


async def test_an_id_that_telegram_does_not_know_is_forgotten(storage: Storage) -> None:
    await storage.pictures.save(Picture(ONE, 10, 20, checked=NOW))
    await storage.pictures.set_file_id(ONE, "file")
    await storage.pictures.forget_file_id(ONE)
    assert await storage.pictures.known(ONE) == Picture(ONE, 10, 20, checked=NOW)
