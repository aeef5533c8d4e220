"""What the command line asks of a running bot about its feeds.

    newsboy feed add URL ─▶ DATABASE.orders/N.order ─▶ the bot's next tick: done in its own store
                         ◀─ DATABASE.orders/N.answer ◀─

One process alone may write to the database (see `storage.database`), so a command beside a running
bot leaves an order in a folder that only the owner of the database may enter, and waits for the
answer. The folder is there while a bot takes orders. What nobody answers in time is taken back.
"""

import asyncio
import json
import logging
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bot.web.addresses import check_url, source_domain
from bot.web.errors import BadUrlError
from storage import Reading, Storage, StorageError

log = logging.getLogger(__name__)

PATIENCE = 20.0
"""Seconds that a command waits for the bot, which looks every other second."""

_LOOK_SECONDS = 0.1
_MOST_BYTES = 10_000


class Act(StrEnum):
    """What is to be done with a feed."""

    ADD = "add"
    REMOVE = "remove"
    MODE = "mode"


@dataclass(frozen=True, slots=True)
class Order:
    """One change of a feed; `reading` is that of `Act.MODE`."""

    act: Act
    url: str
    reading: Reading = Reading.FULL


@dataclass(frozen=True, slots=True)
class Publisher:
    """Whose feed it is."""

    title: str
    domain: str


class OrderError(Exception):
    """An order that was not carried out, as one line for the operator."""


async def carry_out(storage: Storage, order: Order, now: datetime) -> Publisher:
    """Change a feed; raises StorageError where it is not polled, or is polled already."""
    feeds = storage.feeds
    match order.act:
        case Act.ADD:
            feed = await feeds.add(order.url, source_domain(order.url), now)
        case Act.REMOVE:
            feed = await feeds.by_url(order.url)
            await feeds.remove(order.url)
        case Act.MODE:
            feed = await feeds.by_url(order.url)
            await feeds.set_reading(feed.source_id, order.reading)
    source = await feeds.source(feed.source_id)
    return Publisher(source.title, source.domain)


# ---------------------------------------------------------------- the command's side


async def hand_over(database: Path, order: Order, *, patience: float = PATIENCE) -> Publisher:
    """Have the running bot carry out an order; raises OrderError."""
    folder = _folder(database)
    name = uuid.uuid4().hex
    written, asked, answered = (
        folder / f"{name}.{suffix}" for suffix in ("draft", "order", "answer")
    )
    try:
        written.write_text(json.dumps(asdict(order)), encoding="utf-8")
        written.rename(asked)  # whole or not there
        async with asyncio.timeout(patience):
            while not answered.exists():  # noqa: ASYNC110  # between processes there is no event
                await asyncio.sleep(_LOOK_SECONDS)
        answer = json.loads(answered.read_text(encoding="utf-8"))
    except TimeoutError as error:
        raise OrderError("the running bot does not answer: see its log, or stop it") from error
    except OSError as error:
        raise OrderError(f"the running bot cannot be asked: {error}") from error
    finally:
        for path in (written, asked, answered):
            with suppress(OSError):  # a folder that is not ours says so above
                path.unlink()
    if answer["error"] is not None:
        raise OrderError(answer["error"])
    return Publisher(answer["title"], answer["domain"])


def is_open(database: Path) -> bool:
    """Whether a bot on this database takes orders."""
    return _folder(database).is_dir()


# ---------------------------------------------------------------- the bot's side


class Orders:
    """Carries out what commands leave. `clock` gives aware UTC datetimes."""

    def __init__(self, database: Path, storage: Storage, *, clock: Callable[[], datetime]) -> None:
        self._folder = _folder(database)
        self._storage = storage
        self._clock = clock
        self._is_open = False  # never for a folder that somebody else made: its orders are theirs

    @contextmanager
    def open(self) -> Iterator[None]:
        """Take orders within the block. What an earlier run left is thrown away.

        A folder that cannot be made is only logged: then feeds are changed while the bot rests.
        """
        try:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(mode=0o700)
            self._is_open = True
        except OSError as error:
            log.warning("commands cannot change feeds while the bot runs: %s", error)
        try:
            yield
        finally:
            self._is_open = False
            shutil.rmtree(self._folder, ignore_errors=True)

    async def take(self) -> int:
        """Carry out the orders that are there, while `open`; returns how many."""
        if not self._is_open:
            return 0
        orders = await asyncio.to_thread(lambda: sorted(self._folder.glob("*.order")))
        for path in orders:
            await self._answer(path)
        return len(orders)

    async def _answer(self, path: Path) -> None:
        answer: dict[str, str | None]
        try:
            order = await asyncio.to_thread(_taken, path)
            publisher = await carry_out(self._storage, order, self._clock())
        except (OrderError, StorageError) as error:
            answer = {"error": str(error)}
        else:
            answer = {"error": None} | asdict(publisher)
            log.info("by command: feed %s %s", order.act.value, order.url)
        try:
            await asyncio.to_thread(_leave, path, answer)
        except OSError as error:
            log.warning("a command cannot be answered: %s", error)


def _taken(path: Path) -> Order:
    """An order as it was left, which is gone then; raises OrderError where it is none."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        path.unlink()
        if len(content) > _MOST_BYTES:
            raise OrderError("this is no order: it is too long")
        given = json.loads(content)
        if not isinstance(given["url"], str):
            raise OrderError("this is no order: its address is no text")
        return Order(Act(given["act"]), check_url(given["url"]), Reading(given["reading"]))
    except (OSError, ValueError, KeyError, TypeError, BadUrlError) as error:
        raise OrderError(f"this is no order: {error}") from error


def _leave(path: Path, answer: dict[str, str | None]) -> None:
    """Answer an order: whole or not there."""
    written = path.with_suffix(".written")
    written.write_text(json.dumps(answer), encoding="utf-8")
    written.rename(path.with_suffix(".answer"))


def _folder(database: Path) -> Path:
    return database.with_name(database.name + ".orders")
