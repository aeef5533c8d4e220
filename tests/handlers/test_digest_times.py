"""Digest times as readers change them, with the ticks that owe what came due in between."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.delivery.outbox import Outbox
from bot.delivery.schedule import REST
from tests.handlers.conftest import ANNA, World

MOSCOW = ZoneInfo("Europe/Moscow")
MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=MOSCOW)  # a Monday
DAY = timedelta(days=1)


async def live(world: World, until: datetime) -> list[datetime]:
    """Minute by minute to that time; returns for when digests were owed, in order, over all."""
    outbox = Outbox(world.storage, owed=lambda: None)
    while world.now < until:
        world.now = min(until, world.now + timedelta(minutes=10)).astimezone(UTC)
        await outbox.owe_digests(world.now)
    rows = await world.storage.outbox._database.rows(
        "SELECT scheduled FROM delivery WHERE kind = 'digest' ORDER BY scheduled"
    )
    return [datetime.fromtimestamp(row["scheduled"], UTC) for row in rows]


async def begin(world: World, times: str = "8:00") -> None:
    """A reader in Moscow with a digest, on the evening before."""
    world.now = (MORNING - DAY / 2).astimezone(UTC)
    anna = world.person()
    await anna.say("/settings zone Europe/Moscow")
    await anna.say(f"/settings digest {times}")


async def test_a_time_moved_by_minutes_after_it_came_is_no_second_digest(world: World) -> None:
    await begin(world)
    await live(world, MORNING + timedelta(minutes=2))
    await world.person().say("/settings digest 8:05")
    owed = await live(world, MORNING + 2 * DAY)
    assert owed == [MORNING, MORNING + DAY + timedelta(minutes=5)]


async def test_a_time_moved_before_it_came_comes_that_morning(world: World) -> None:
    await begin(world)
    await live(world, MORNING - timedelta(minutes=2))
    await world.person().say("/settings digest 8:05")
    assert await live(world, MORNING + DAY / 2) == [MORNING + timedelta(minutes=5)]


async def test_a_time_that_is_due_and_set_again_is_not_lost(world: World) -> None:
    """At eight sharp the settings may be quicker than the tick."""
    await begin(world)
    world.now = MORNING.astimezone(UTC)
    await world.person().say("/settings digest 8:00 20:00")
    assert await live(world, MORNING + timedelta(minutes=10)) == [MORNING]


async def test_a_time_that_began_while_it_was_typed_comes_at_once(world: World) -> None:
    """And one that was missed by more comes with the next day, as does one just after a digest."""
    await begin(world, "20:00")
    world.now = (MORNING + timedelta(seconds=40)).astimezone(UTC)
    await world.person().say("/settings digest 8:00")
    assert await live(world, MORNING + timedelta(minutes=20)) == [MORNING]
    await world.person().say("/settings digest 8:20")
    world.now = (MORNING + timedelta(hours=6, minutes=5)).astimezone(UTC)
    await world.person().say("/settings digest 14:00")
    assert await live(world, MORNING + timedelta(hours=8)) == [MORNING]


async def test_an_evening_added_after_the_mornings_comes_the_same_day(world: World) -> None:
    await begin(world)
    await live(world, MORNING + timedelta(minutes=2))
    await world.person().say("/settings digest 8:00 13:00")
    assert await live(world, MORNING + DAY) == [MORNING, MORNING + DAY * 5 / 24, MORNING + DAY]


async def test_a_time_taken_off_and_added_again_comes_on_as_before(world: World) -> None:
    await begin(world)
    await live(world, MORNING + timedelta(minutes=2))
    anna = world.person()
    await anna.say("/settings digest off")
    await live(world, MORNING + timedelta(hours=1))
    assert await world.storage.subscribers.slots(1) == []
    await anna.say("/settings digest 8:00")
    assert await live(world, MORNING + 2 * DAY) == [MORNING, MORNING + DAY, MORNING + 2 * DAY]


async def test_a_flight_west_brings_one_digest_a_morning(world: World) -> None:
    """Eight o'clock comes twice within a day; the second time is too soon after the first."""
    await begin(world)
    await live(world, MORNING + timedelta(hours=1))
    await world.person().say("/settings zone America/New_York")
    owed = await live(world, MORNING + 2 * DAY)
    assert owed == [MORNING, datetime(2026, 11, 24, 8, 0, tzinfo=ZoneInfo("America/New_York"))]
    assert owed[1] - owed[0] >= REST
    assert (await world.storage.subscribers.get(1)).chat_id == ANNA
