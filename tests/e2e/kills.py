"""A push to many chats, cut short again and again: what was lost, and what came twice.

    readers and one article in the store ─▶ `newsboy run` ─▶ ended at a random moment ─▶ again …
        ─▶ left alone until nothing is owed ─▶ counted in the sandbox, chat by chat

The moments are by lot, seeded: one in four falls into the start of the process (the store opened,
what was in flight recovered, the push expanded), the others into the sending. The sandbox stands
for Telegram, its limits and the latency of its answers included; what it accepted is what counts,
whatever the bot knows of it.
"""

import asyncio
import gc
import signal
import sqlite3
import time
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from bot.sandbox import State
from bot.sandbox.rates import JITTER_SECONDS
from storage import Storage
from tests.e2e import crowd
from tests.e2e.conftest import Newsboy, Town, open_town
from tests.e2e.pauses import pauses

TITLE = "Через реку открыли новый мост"
LATENCY = 0.12  # seconds: Telegram's, as measured from a European data centre
FREE_RATE = 30
_START = 4.0  # seconds from a process' start to its first message
_IN_START = 0.25  # the share of cuts before that
_NEVER = 60.0
_SOON = 900.0


@dataclass(frozen=True)
class Plan:
    """How many chats, how often and how the process is ended, at which rate it sends."""

    chats: int
    cuts: int
    seed: int
    rate: int = 28
    how: signal.Signals = signal.SIGKILL
    after_crash: str = "resend"


@dataclass(frozen=True)
class Found:
    """`repeats` are the messages beyond one in each chat, by the cut that they followed; `lost`
    are the chats without any. `moments` are Unix times; `held_up` says for how many seconds this
    process saw nothing at worst.
    """

    chats: int
    moments: tuple[float, ...]
    lost: int
    repeats: tuple[int, ...]
    seconds: float
    worst_second: int
    held_up: float
    violations: tuple[str, ...]

    @property
    def cuts(self) -> int:
        return len(self.moments)

    @property
    def judged(self) -> bool:
        """Whether the server was awake enough to tell a burst from what piled up before it."""
        return self.held_up <= JITTER_SECONDS


async def cut_short(folder: Path, plan: Plan) -> Found:
    """Carry a plan out in an empty folder."""
    async with open_town(folder) as town:
        town.settings |= {
            "FEEDS": "off",
            "AFTER_CRASH": plan.after_crash,
            "MESSAGES_PER_SECOND": str(plan.rate),
            "PAID_BROADCASTS": "on" if plan.rate > FREE_RATE else "off",
        }
        await town.people.set_limits(latency=LATENCY, per_second=max(FREE_RATE, plan.rate + 2))
        chats = await town.people.create_users(plan.chats)
        async with Storage.open(folder / "newsboy.db") as storage:
            await crowd.subscribe(storage, map(crowd.Seat, chats))
            await crowd.publish(storage, TITLE)
        # Looking through so many chats again and again would hold the server up for half a second.
        gc.collect()
        gc.freeze()
        begun = time.monotonic()
        async with pauses() as own:
            moments = await _cut(town, plan)
            bot = await town.newsboy()
            await _settled(town, bot)
            await end_kindly(bot)
        gc.unfreeze()
        return Found(
            chats=plan.chats,
            moments=tuple(moments),
            lost=_lost(town, chats),
            repeats=_repeats(town, chats, moments),
            seconds=time.monotonic() - begun,
            held_up=own.longest,
            worst_second=town.sandbox.state.worst_second,
            violations=tuple(one["text"] for one in town.sandbox.state.violations),
        )


async def _cut(town: Town, plan: Plan) -> list[float]:
    """Start and end the process by lot; when it was ended, each time."""
    lots = Random(plan.seed)  # noqa: S311  # moments, not secrets
    moments: list[float] = []
    state = town.sandbox.state
    while len(moments) < plan.cuts and (left := plan.chats - state.accepted) > 0:
        sent = state.accepted
        bot = await town.newsboy(said="")
        if lots.random() < _IN_START:
            await asyncio.sleep(lots.uniform(0.2, _START))
        else:
            await town.until(partial(_more, state, sent), _NEVER)
            pace = left / plan.rate / (plan.cuts - len(moments) + 1)
            await asyncio.sleep(pace * lots.uniform(0, 2))
        if bot.process.returncode is not None:
            raise AssertionError(f"it ended by itself: {bot.output()}")
        moments.append(time.time())
        if plan.how is signal.SIGKILL:
            await bot.kill()
        else:
            await end_kindly(bot)
    return moments


def _more(state: State, than: int) -> bool:
    return state.accepted > than


async def end_kindly(bot: Newsboy) -> None:
    """SIGTERM; AssertionError where the process does not end in time and with status 0."""
    early = not bot.output()  # nothing but Python's own start could have been cut short
    status = await bot.stop()
    if status != 0 and not (early and status == -signal.SIGTERM):
        raise AssertionError(f"it ended with status {status}: {bot.output()}")


def outstanding(database: Path) -> int:
    """Pushes not expanded to their end, digests due, deliveries in flight or owed soon."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute(
            """
            SELECT (SELECT count(*) FROM push WHERE done = 0)
                   + (SELECT count(*) FROM slot WHERE due <= :now)
                   + (SELECT count(*) FROM delivery
                      WHERE state = 'claimed' OR state = 'owed' AND due <= :soon)
            """,
            {"now": time.time(), "soon": time.time() + _SOON},
        ).fetchone()
    return int(count)


async def _settled(town: Town, bot: Newsboy) -> None:
    """Wait until nothing is owed; AssertionError where a minute brings nothing new."""
    sent, since = -1, time.monotonic()
    while outstanding(town.folder / "newsboy.db"):
        if town.sandbox.state.accepted > sent:
            sent, since = town.sandbox.state.accepted, time.monotonic()
        elif time.monotonic() - since > 60:
            raise AssertionError(f"it sends no more: {bot.output()}")
        await asyncio.sleep(0.2)


def _lost(town: Town, chats: Sequence[int]) -> int:
    return sum(not _arrivals(town, chat) for chat in chats)


def _repeats(town: Town, chats: Sequence[int], moments: Sequence[float]) -> tuple[int, ...]:
    counts = [0] * (len(moments) + 1)
    for chat in chats:
        for at in _arrivals(town, chat)[1:]:
            counts[bisect_right(moments, at)] += 1
    return tuple(counts)


def _arrivals(town: Town, chat: int) -> list[float]:
    messages = town.sandbox.state.chats[chat].messages.values()
    return [one.at for one in messages if one.from_bot and TITLE in one.raw.get("text", "")]
