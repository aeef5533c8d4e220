"""Updates received: kept until handled, known after that, given up and forgotten in time."""

from datetime import UTC, datetime, timedelta

from storage import RawUpdate, Storage

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def raw(number: int, text: str = "привет \ud800") -> RawUpdate:
    return {"update_id": number, "message": {"text": text}}


async def test_what_was_not_handled_comes_back_in_order_and_as_it_was(storage: Storage) -> None:
    updates = storage.updates
    await updates.note({9: raw(9)}, [], NOW)
    # After a week of silence Telegram numbers at random: later ones may have lower ids.
    await updates.note({3: raw(3), 4: raw(4), 5: raw(5)}, [], NOW + SECOND)
    await updates.note({}, [4], NOW + SECOND)
    left, given_up = await updates.unfinished(NOW + 2 * SECOND)
    assert left == [raw(9), raw(3), raw(5)]
    assert given_up == []


async def test_all_ids_are_known_the_newest_last(storage: Storage) -> None:
    updates = storage.updates
    await updates.note({9: raw(9)}, [], NOW)
    await updates.note({3: raw(3)}, [7, 9], NOW + SECOND)
    assert await updates.newest(10) == [9, 3, 7]
    assert await updates.newest(2) == [3, 7]


async def test_noting_twice_changes_nothing(storage: Storage) -> None:
    updates = storage.updates
    await updates.note({1: raw(1)}, [1, 1], NOW)
    await updates.note({1: raw(1)}, [1], NOW + SECOND)
    assert await updates.unfinished(NOW + SECOND) == ([], [])
    assert await updates.newest(10) == [1]


async def test_what_kills_process_after_process_is_given_up(storage: Storage) -> None:
    await storage.updates.note({1: raw(1)}, [], NOW)
    for _ in range(3):
        assert await storage.updates.unfinished(NOW) == ([raw(1)], [])
    assert await storage.updates.unfinished(NOW) == ([], [1])
    assert await storage.updates.unfinished(NOW) == ([], [])
    assert await storage.updates.newest(10) == [1]


async def test_what_is_a_day_old_is_not_answered(storage: Storage) -> None:
    await storage.updates.note({1: raw(1)}, [], NOW)
    await storage.updates.note({2: raw(2)}, [], NOW + SECOND)
    assert await storage.updates.unfinished(NOW + SECOND + DAY) == ([raw(2)], [1])


async def test_ids_are_forgotten_when_telegram_has_forgotten_them(storage: Storage) -> None:
    await storage.updates.note({1: raw(1)}, [2], NOW)
    await storage.updates.note({3: raw(3)}, [4], NOW + SECOND)
    await storage.upkeep.prune_ledger(NOW - DAY, NOW + SECOND + 2 * DAY)
    assert await storage.updates.newest(10) == [3, 4]


async def test_what_people_wrote_is_overwritten_when_it_is_handled(storage: Storage) -> None:
    long = "a private word " * 1000
    await storage.updates.note({1: raw(1, "a private word"), 2: raw(2, long)}, [], NOW)
    await storage.updates.note({}, [1, 2], NOW)
    await storage.upkeep.tidy()
    for file in storage.path.parent.glob(f"{storage.path.name}*"):
        assert b"a private word" not in file.read_bytes()
