"""Orders: a command has the running bot change its feeds, or learns why not."""

import asyncio
import json
import stat
from pathlib import Path

import pytest

from bot.ingest.orders import Act, Order, OrderError, Orders, hand_over, is_open
from storage import Reading, Storage
from tests.ingest.newspaper import NOW

URL = "https://news.example/rss.xml"
FOLDER = "newsboy.db.orders"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "newsboy.db"


async def asked(database: Path, orders: Orders, *given: Order) -> list[object]:
    """What the commands get that leave these orders at once."""
    commands = [asyncio.create_task(hand_over(database, one)) for one in given]
    done = 0
    async with asyncio.timeout(10):
        while done < len(given):
            done += await orders.take()
            await asyncio.sleep(0.01)
    return list(await asyncio.gather(*commands, return_exceptions=True))


async def test_a_feed_is_added_shown_otherwise_and_removed_while_the_bot_runs(
    database: Path,
) -> None:
    async with Storage.open(database) as storage:
        orders = Orders(database, storage, clock=lambda: NOW)
        with orders.open():
            await asked(database, orders, Order(Act.ADD, URL))
            (feed,) = await storage.feeds.due(NOW)
            assert feed.url == URL, "due at once: the next tick reads it"
            (publisher,) = await asked(database, orders, Order(Act.MODE, URL, Reading.HEADLINE))
            assert publisher.domain == "news.example"  # type: ignore[attr-defined]  # no error
            assert (await storage.feeds.source(feed.source_id)).reading is Reading.HEADLINE
            await asked(database, orders, Order(Act.REMOVE, URL))
            assert await storage.feeds.all() == []
            assert list((database.parent / FOLDER).iterdir()) == [], "nothing is left behind"


async def test_what_cannot_be_done_is_told(database: Path) -> None:
    async with Storage.open(database) as storage:
        orders = Orders(database, storage, clock=lambda: NOW)
        with orders.open():
            twice = await asked(database, orders, Order(Act.ADD, URL), Order(Act.ADD, URL))
            (failed,) = [one for one in twice if isinstance(one, OrderError)]
            assert str(failed) == f"{URL} is polled already"
            (unknown,) = await asked(database, orders, Order(Act.REMOVE, URL + "?2"))
            assert "is not polled" in str(unknown)


@pytest.mark.parametrize(
    "left",
    [
        "",
        "[]",
        "{",
        json.dumps({"act": "drop", "url": URL, "reading": "full"}),
        json.dumps({"act": "add", "url": "file:///etc/passwd", "reading": "full"}),
        json.dumps({"act": "add", "url": 7, "reading": "full"}),
        json.dumps({"act": "add", "url": URL, "reading": "full"}) + " " * 20_000 + "x",
    ],
)
async def test_what_is_no_order_changes_nothing_and_stops_nothing(
    database: Path, left: str
) -> None:
    async with Storage.open(database) as storage:
        orders = Orders(database, storage, clock=lambda: NOW)
        with orders.open():
            (database.parent / FOLDER / "x.order").write_text(left, encoding="utf-8")
            assert await orders.take() == 1
            assert await orders.take() == 0
            answer = json.loads((database.parent / FOLDER / "x.answer").read_bytes())
            assert answer["error"].startswith("this is no order")
            assert len(await storage.feeds.all()) == 0


async def test_an_order_that_nobody_answers_is_taken_back(database: Path) -> None:
    async with Storage.open(database) as storage:
        orders = Orders(database, storage, clock=lambda: NOW)
        with orders.open():
            with pytest.raises(OrderError, match="does not answer"):
                await hand_over(database, Order(Act.ADD, URL), patience=0.01)
            assert await orders.take() == 0


async def test_the_folder_is_its_owners_and_there_while_orders_are_taken(database: Path) -> None:
    async with Storage.open(database) as storage:
        orders = Orders(database, storage, clock=lambda: NOW)
        folder = database.parent / FOLDER
        assert not is_open(database)
        folder.mkdir()
        (folder / "old.order").write_text("{}")  # a bot was killed
        with orders.open():
            assert is_open(database)
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert await orders.take() == 0
        assert not is_open(database)
        with pytest.raises(OrderError, match="cannot be asked"):
            await hand_over(database, Order(Act.ADD, URL))


async def test_a_folder_that_is_not_the_bots_gives_no_orders(
    database: Path, tmp_path: Path
) -> None:
    """In a folder that many may write to, somebody can be there first."""
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    (database.parent / FOLDER).symlink_to(strangers)
    async with Storage.open(database) as storage:
        orders = Orders(database, storage, clock=lambda: NOW)
        (strangers / "x.order").write_text(
            json.dumps({"act": "add", "url": URL, "reading": "full"}), encoding="utf-8"
        )
        with orders.open():
            assert await orders.take() == 0
            assert await storage.feeds.all() == []
        assert (strangers / "x.order").exists(), "nor is anything of it deleted"


async def test_a_folder_that_cannot_be_written_to_is_told_of(database: Path) -> None:
    (database.parent / FOLDER).write_text("no folder")
    with pytest.raises(OrderError, match="cannot be asked"):
        await hand_over(database, Order(Act.ADD, URL))
