"""The real process through bad weather, news without end: nothing lost, nothing twice, no growth.

    newspaper prints ─▶ `newsboy run`, its store on a small disk ─▶ sandbox, as Telegram
          ▲                         ▲                                  ▲
          └──────────── weather: faults, blocks, moves, a full disk ───┘
    time over ─▶ weather cleared ─▶ digests due, nothing owed ─▶ whoever lacks a story asks for a
          digest ─▶ the verdict of `truth`

Readers differ: all at once, one source, a rare word, digests only, a cap with digests, quiet hours
without; private chats, groups, forums. Two runs: a long one, whose process is the same from
beginning to end, so that its memory can be compared, and a short one with crashes among the faults.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import nan
from pathlib import Path
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from bot.sandbox.newspaper import SOURCES, synthetic
from bot.sandbox.newspaper.server import bulletin
from bot.sandbox.rates import JITTER_SECONDS
from bot.words.normaliser import Normaliser
from storage import (
    Alerts,
    ChatKind,
    FollowKind,
    Level,
    SlotPlan,
    Storage,
    SubscriberDefaults,
    Subscription,
)
from tests.bench.processes import family, pss_megabytes
from tests.e2e import crowd
from tests.e2e.conftest import Newsboy, Town, open_town
from tests.e2e.kills import end_kindly, outstanding
from tests.e2e.pauses import pauses
from tests.e2e.small_disk import SmallDisk, small_disk
from tests.e2e.truth import Reader, Story, Truth, Verdict, chats_of
from tests.e2e.weather import LATENCY, Weather

RARE = "росомаха"
_RARE_EVERY = 5
_DISK_MEGABYTES = 96
_PSS_EVERY = 5.0
_START = 6.0  # seconds, about, until the bot is at work and the feeds are read
_ZONE = ZoneInfo("Europe/Moscow")
_EVERY_DAY = 0b111_1111
_ANSWER_SECONDS = 30.0  # the bot's patience with an answer


@dataclass(frozen=True)
class Plan:
    """`seconds` of bad weather; a story every `every`, a misfortune every `pause` on average.

    `crashes` adds kill -9 and SIGTERM to it. `digests` are how many times the readers of digests
    set for the run; the last one comes when the weather is over.
    """

    seconds: float
    readers: int
    every: float
    pause: float
    seed: int
    crashes: bool
    hang: float = _ANSWER_SECONDS + 2
    span: float = 1.0
    digests: int = 1
    rate: int = 28
    patience: float = 60.0  # seconds for what is still owed when the weather is over


@dataclass(frozen=True)
class Found:
    """What came of it. `asked` had to ask for a digest at the end, `met` counts the misfortunes
    by name, `faults` the requests that met one by kind; `pss` is (seconds, megabytes);
    `held_up` says for how many seconds this process saw nothing at worst.
    """

    verdict: Verdict
    readers: int
    stories: int
    accepted: int
    asked: int
    held_up: float
    violations: tuple[str, ...]
    met: dict[str, int]
    faults: dict[str, int]
    disk: bool
    pss: list[tuple[float, float]]

    @property
    def judged(self) -> bool:
        """Whether the server was awake enough to tell a burst from what piled up before it."""
        return self.held_up <= JITTER_SECONDS

    @property
    def misfortunes(self) -> int:
        """How many were drawn."""
        return sum(self.met.values())

    @property
    def spoiled(self) -> int:
        """How many of the bot's requests met one."""
        return sum(self.faults.values())

    def pss_around(self, seconds: float) -> float:
        """Megabytes of the process and its children, the least of two minutes.

        A worker more for a moment, when two feeds have something at once, is no growth.
        """
        return min((value for at, value in self.pss if abs(at - seconds) <= 60), default=nan)


async def soak(folder: Path, plan: Plan) -> Found:
    """Carry a plan out in an empty folder."""
    with small_disk(folder / "disk", _DISK_MEGABYTES, "newsboy.db") as disk:
        async with open_town(folder) as town:
            return await _Soak(folder, plan, town, disk).run()


class _Soak:
    def __init__(self, folder: Path, plan: Plan, town: Town, disk: SmallDisk | None) -> None:
        self._plan = plan
        self._town = town
        self._disk = disk
        self._database = folder / "disk" / "newsboy.db"
        self._lots = Random(plan.seed)  # noqa: S311  # weather, not secrets
        self._truth = Truth()
        self._pss: list[tuple[float, float]] = []
        self._bot: Newsboy | None = None

    async def run(self) -> Found:
        plan, town, state = self._plan, self._town, self._town.sandbox.state
        town.settings |= {
            "DATABASE": str(self._database),
            "MESSAGES_PER_SECOND": str(plan.rate),
            "PAID_BROADCASTS": "on" if plan.rate > 30 else "off",
        }
        await town.people.set_limits(latency=LATENCY, per_second=max(30, plan.rate + 2))
        ends = time.time() + _START + plan.seconds
        await self._gather_readers(ends)
        self._bot = await town.newsboy()
        await town.until(self._feeds_read, 60)  # what stands there at the start owes no push
        weather = Weather(
            town,
            self._truth,
            Random(plan.seed + 1),  # noqa: S311  # weather, not secrets
            self._disk,
            hang=plan.hang,
            span=plan.span,
            crash=self._crash if plan.crashes else None,
        )
        watching = asyncio.create_task(self._weigh())
        until = time.monotonic() + plan.seconds
        async with pauses() as own:
            try:
                await asyncio.gather(self._print(until), weather.blow(until, plan.pause))
            finally:
                watching.cancel()
        await weather.clear()
        if plan.crashes:  # and so that digests need not wait for the next minute
            await self._crash(kindly=True)
        await self._settled(ends)
        asked = await self._ask_for_the_rest()
        await end_kindly(self._bot)
        return Found(
            verdict=self._truth.verdict(state, self._database),
            readers=len(self._truth.readers),
            stories=len(self._truth.stories),
            accepted=state.accepted,
            asked=asked,
            held_up=own.longest,
            violations=tuple(one["text"] for one in state.violations),
            met=dict(weather.met),
            faults=dict(state.faults_met),
            disk=self._disk is not None,
            pss=self._pss,
        )

    # ------------------------------------------------------------ beginning

    async def _feeds_read(self) -> bool:
        async with Storage.open_readonly(self._database) as storage:
            return all(feed.succeeded for feed in await storage.feeds.all())

    async def _gather_readers(self, ends: float) -> None:
        people = self._town.people
        private = await people.create_users(self._plan.readers)
        host = private[0]
        several = range(max(2, self._plan.readers // 25))
        groups = [self._group("group", host) for _ in several]
        yards = [self._group("supergroup", host) for _ in several]
        forums = [self._group("supergroup", host, forum=True) for _ in several]
        threads = [await people.create_topic(chat, "Новости") for chat in forums]
        seats = [
            *self._private_seats(private, ends),
            *(("group", crowd.Seat(chat, ChatKind.GROUP)) for chat in groups),
            *(("yard", crowd.Seat(chat, ChatKind.SUPERGROUP)) for chat in yards),
            *(
                ("forum", crowd.Seat(chat, ChatKind.SUPERGROUP, thread))
                for chat, thread in zip(forums, threads, strict=True)
            ),
        ]
        async with Storage.open(self._database) as storage:
            ids = await crowd.subscribe(storage, [seat for _, seat in seats])
            for (name, seat), subscriber in zip(seats, ids, strict=True):
                self._truth.readers.append(
                    Reader(
                        name=name,
                        seat=seat,
                        subscriber=subscriber,
                        follows=await _choose(storage, name, subscriber),
                        catches_up=bool(seat.settings.slots),
                    )
                )

    def _group(
        self, kind: Literal["group", "supergroup"], host: int, *, forum: bool = False
    ) -> int:
        """A group that has the bot already: as an update, that would subscribe it once more."""
        chat = self._town.sandbox.state.add_chat(kind, "Двор", forum=forum, members=[host])
        chat.bot_status = "member"
        return chat.id

    def _private_seats(self, chats: list[int], ends: float) -> Iterator[tuple[str, crowd.Seat]]:
        digests = self._with_slots(ends)
        quiet = self._quiet(ends)
        kinds = (
            *[("all", crowd.PLAIN)] * 5,
            ("source", crowd.PLAIN),
            ("word", crowd.PLAIN),
            ("digest", replace(digests, alerts=Alerts.OFF)),
            ("capped", replace(digests, hourly=3)),
            ("quiet", quiet),
        )
        for number, chat in enumerate(chats):
            name, settings = kinds[number % len(kinds)]
            yield name, crowd.Seat(chat, settings=settings)

    def _with_slots(self, ends: float) -> SubscriberDefaults:
        """Digests spread over the run, the first soon after the start, the last after the end."""
        plan, end = self._plan, datetime.fromtimestamp(ends, UTC)
        step = timedelta(seconds=plan.seconds / max(1, plan.digests - 1))
        dues = [end - number * step for number in range(plan.digests)]
        if not plan.crashes:  # the minute's tick sees them; a start sees what is due
            dues = [due.replace(second=0, microsecond=0) + timedelta(minutes=2) for due in dues]
        local = [due.astimezone(_ZONE) for due in dues]
        slots = [SlotPlan(one.hour * 60 + one.minute, _EVERY_DAY, True) for one in local]
        return replace(crowd.PLAIN, slots=tuple(slots), slot_dues=tuple(dues))

    def _quiet(self, ends: float) -> SubscriberDefaults:
        """Quiet hours that end in the middle of the run; none where it is too short for that."""
        middle = datetime.fromtimestamp(ends - self._plan.seconds / 2, _ZONE)
        if self._plan.seconds < 240:
            return crowd.PLAIN
        until = middle.hour * 60 + middle.minute
        return replace(crowd.PLAIN, quiet_from=(until - 120) % 1440, quiet_to=until)

    # ------------------------------------------------------------ the run

    async def _print(self, until: float) -> None:
        """A story every so often, the three sources in turn."""
        number = 0
        while time.monotonic() < until - 1:
            number += 1
            source = SOURCES[number % len(SOURCES)]
            # One of a hundred thousand, so that no two tell the same story.
            text = next(
                text
                for text in synthetic(4, sources=4, seed=1_000 * self._plan.seed + number)
                if text.language == source.language
            )
            rare = number % _RARE_EVERY == 0 and source.language == "ru"
            story = Story(number, source.address, rare, time.time(), "")
            title = f"{story.mark} {text.title}" + (f", а рядом {RARE}" if rare else "")
            url = self._town.newspaper.publish(bulletin(replace(text, title=title), source))
            self._truth.stories.append(replace(story, url=url))
            await asyncio.sleep(self._plan.every)

    async def _crash(self, kindly: bool) -> None:
        if self._bot is None:
            return
        if kindly:
            await end_kindly(self._bot)
        else:
            self._truth.crashes.append(time.time())
            await self._bot.kill()
        self._bot = await self._town.newsboy(said="")

    async def _weigh(self) -> None:
        begun = time.monotonic()
        while self._bot is not None and not self._plan.crashes:
            self._pss.append((time.monotonic() - begun, await asyncio.to_thread(self._pss_now)))
            await asyncio.sleep(_PSS_EVERY)

    def _pss_now(self) -> float:
        total = 0.0
        for pid in family(self._bot.pid) if self._bot is not None else ():
            try:
                total += pss_megabytes(pid)
            except (FileNotFoundError, ProcessLookupError, ValueError):
                continue  # a worker that ended meanwhile
        return total

    # ------------------------------------------------------------ the end

    async def _settled(self, ends: float) -> None:
        """Wait until the last digest was due and nothing is owed any more."""
        if not self._plan.crashes:
            await asyncio.sleep(max(0.0, ends + 125 - time.time()))

        def settled() -> bool:
            return outstanding(self._database) == 0 and not self._truth.unread(self._database)

        try:
            await self._town.until(settled, self._plan.patience)
        except TimeoutError:
            left, unread = outstanding(self._database), self._truth.unread(self._database)
            raise AssertionError(
                f"{left} are owed for ever, {unread} were never read: {self._output()}"
            ) from None

    async def _ask_for_the_rest(self) -> int:
        """Whoever lacks a story asks for a digest, once; how many did.

        What is held back from a reader without digests may be due in an hour or in a day.
        """
        state = self._town.sandbox.state
        missing = self._truth.missing(state, self._database)
        for reader in missing:
            *_, chat = chats_of(state, reader.seat.chat)
            command = "/digest" if state.chats[chat].person else f"/digest@{state.bot_username}"
            await self._town.people.ask(
                chat, command, thread=reader.seat.thread or None, timeout=20
            )
        return len(missing)

    def _output(self) -> str:
        return self._bot.output()[-5000:] if self._bot is not None else ""


async def _choose(storage: Storage, name: str, subscriber: int) -> Callable[[Story], bool]:
    """Store what a reader of this kind follows; which stories that means."""
    chosen: tuple[FollowKind, str] | None = None
    follows: Callable[[Story], bool] = _everything
    if name == "source":
        address = SOURCES[1].address
        chosen, follows = (FollowKind.SOURCE, address), lambda story: story.source == address
    elif name == "word":
        chosen = (FollowKind.WORDS, Normaliser().phrase(RARE))
        follows = _rare
    if chosen is not None:
        kind, key = chosen
        await storage.subscribers.unfollow(subscriber, FollowKind.EVERYTHING, "")
        await storage.subscribers.follow(Subscription(subscriber, kind, key, key, Level.NOW))
    return follows


def _everything(_story: Story) -> bool:
    return True


def _rare(story: Story) -> bool:
    return story.rare
