"""Lines to the admins: once in a quiet time, told once, forgotten after a month."""

from datetime import timedelta

from storage import Storage
from tests.storage.newsroom import DAY, HOUR, MINUTE, NOW, values


async def test_a_notice_is_owed_once_a_day(storage: Storage) -> None:
    notices = storage.notices
    assert await notices.owe("failing", "https://one.example/rss", {"error": "«404»"}, NOW)
    assert not await notices.owe("failing", "https://one.example/rss", {}, NOW + DAY - MINUTE)
    assert await notices.owe("gone", "https://one.example/rss", {}, NOW)
    assert await notices.owe("failing", "https://two.example/rss", {}, NOW)
    first, *others = await notices.untold()
    assert (first.kind, first.subject) == ("failing", "https://one.example/rss")
    assert (first.details, first.created) == ((("error", "«404»"),), NOW)
    assert len(others) == 2
    assert await notices.owe("failing", "https://one.example/rss", {}, NOW + DAY)


async def test_another_quiet_time(storage: Storage) -> None:
    notices = storage.notices
    assert await notices.owe("braked", "feed", {}, NOW, quiet=HOUR)
    assert not await notices.owe("braked", "feed", {}, NOW + HOUR - MINUTE, quiet=HOUR)
    assert await notices.owe("braked", "feed", {}, NOW + HOUR, quiet=HOUR)
    # However long: a time before all times.
    assert not await notices.owe("braked", "feed", {}, NOW + 30 * DAY, quiet=timedelta.max)
    assert await notices.owe("braked", "feed", {}, NOW + 30 * DAY, quiet=timedelta(0))


async def test_what_was_told_is_not_told_again(storage: Storage) -> None:
    notices = storage.notices
    for number in range(5):
        await notices.owe("failing", str(number), {}, NOW)
    told = await notices.untold(limit=3)
    assert [one.subject for one in told] == ["0", "1", "2"]
    await notices.told([one.id for one in told], NOW + MINUTE)
    assert [one.subject for one in await notices.untold()] == ["3", "4"]
    # A told one still keeps the next one quiet.
    assert not await notices.owe("failing", "0", {}, NOW + HOUR)
    await notices.told([], NOW)
    assert len(await notices.untold()) == 2


async def test_notices_are_forgotten_after_a_month(storage: Storage) -> None:
    await storage.notices.owe("failing", "old", {}, NOW - 31 * DAY)
    await storage.notices.owe("failing", "new", {}, NOW - 29 * DAY)
    await storage.upkeep.prune_ledger(NOW - DAY, NOW)
    assert await values(storage, "SELECT subject FROM notice") == [("new",)]
