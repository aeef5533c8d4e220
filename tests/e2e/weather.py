"""Bad weather for a running bot: what goes wrong, when, and for how long, by lot.

`Weather.blow` draws one misfortune after another, each of some seconds, several at once, until
its time is over. Each puts right what it did: who blocked the bot comes back (but for those who
leave for good), what was shut opens, the disk is emptied. What people did is written into
the readers of `truth`, what fell on the bot alone into the sandbox's own counts.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.sandbox.newspaper.server import Fault
from storage import ChatKind
from tests.e2e.conftest import Town
from tests.e2e.small_disk import SmallDisk
from tests.e2e.truth import Reader, Truth

FOR_GOOD = float("inf")
FOR_GOOD_SHARE = 0.1  # of those who block the bot
SEND = "sendmessage"
LATENCY = 0.05  # seconds, in good weather
# A bot that could not note what it sent looks again after five seconds; a crash before that would
# be one with the disk still full.
_NOTED_AFTER_FULL_DISK = 8.0
_PARSE = "Bad Request: can't parse entities: Unsupported start tag"

Misfortune = Callable[[], Coroutine[Any, Any, None]]


@dataclass
class Weather:
    """`hang` is how long an answer that never comes is waited for; `span` stretches durations."""

    town: Town
    truth: Truth
    lots: Random
    disk: SmallDisk | None
    hang: float
    span: float = 1.0
    crash: Callable[[bool], Awaitable[None]] | None = None
    met: Counter[str] = field(default_factory=Counter)
    _upheaval: asyncio.Lock = field(default_factory=asyncio.Lock)
    # The sandbox's own desk is behind the door that `refused` shuts.
    _door: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def blow(self, until: float, pause: float) -> None:
        """Draw misfortunes until a monotonic time, `pause` seconds apart on average; returns when
        the last of them is over.
        """
        drawn: list[tuple[str, Misfortune]] = []
        async with asyncio.TaskGroup() as running:
            while time.monotonic() < until:
                if not drawn:  # each of them before any of them again
                    drawn = list(self._misfortunes().items())
                    self.lots.shuffle(drawn)
                name, misfortune = drawn.pop()
                self.met[name] += 1
                running.create_task(misfortune(), name=name)
                await asyncio.sleep(min(self.lots.expovariate(1 / pause), 4 * pause))

    async def clear(self) -> None:
        """End what was meant for requests that have not come yet."""
        await self.town.people.clear_faults()
        self.town.newspaper.heal()

    def _misfortunes(self) -> dict[str, Misfortune]:
        found: dict[str, Misfortune] = {
            "one chat's 429": self._chat_flood,
            "429 storm": self._storm,
            "5xx": lambda: self._answers("5xx", code=self.lots.choice([500, 502, 503, 504])),
            "HTML 502": lambda: self._answers("html_502"),
            "malformed JSON": lambda: self._answers("malformed_json"),
            "dropped before": lambda: self._answers("drop_before"),
            "dropped after": lambda: self._answers("drop_after"),
            "time-out before": lambda: self._hangs("timeout_before"),
            "time-out after": lambda: self._hangs("timeout_after"),
            "slow answers": self._slow,
            "refused": self._refused,
            "markup refused": self._markup,
            "updates broken": self._updates,
            "poison update": self._poison,
            "chat not found": self._not_found,
            "blocked": self._block,
            "deactivated": self._deactivate,
            "kicked": self._kick,
            "migrated": self._migrate,
            "topic closed": self._topic,
            "newspaper down": self._newspaper,
            "correction": self._correct,
            "command": self._command,
        }
        if self.disk is not None:
            found["disk full"] = self._disk_full
        if self.crash is not None:
            found["kill -9"] = lambda: self._end(kindly=False)
            found["SIGTERM"] = lambda: self._end(kindly=True)
        return found

    def _seconds(self, least: float, most: float) -> float:
        return self.span * self.lots.uniform(least, most)

    def _reader(self, *kinds: ChatKind) -> Reader | None:
        """One of those who are there now."""
        found = [
            one
            for one in self.truth.readers
            if one.seat.kind in kinds and not (one.away and one.away[-1][1] > time.time())
        ]
        return self.lots.choice(found) if found else None

    # ------------------------------------------------------------ Telegram

    async def _fault(self, kind: str, **details: Any) -> None:
        async with self._door:
            await self.town.people.add_fault(kind, **details)

    async def _chat_flood(self) -> None:
        reader = self._reader(*ChatKind)
        if reader is not None:
            await self._fault(
                "429",
                method=SEND,
                chat=reader.seat.chat,
                count=self.lots.randint(1, 3),
                for_seconds=60.0,
                retry_after=self.lots.randint(1, 5),
            )

    async def _storm(self) -> None:
        seconds = self._seconds(2, 6)
        wait = self.lots.randint(1, max(1, round(seconds)))
        await self._fault("429", method=SEND, count=None, for_seconds=seconds, retry_after=wait)
        await asyncio.sleep(seconds)

    async def _answers(self, kind: str, **details: Any) -> None:
        """Some or all requests, the senders' or everybody's, go wrong for a while."""
        seconds = self._seconds(2, 8)
        await self._fault(
            kind,
            method=self.lots.choice([SEND, SEND, None]),
            share=self.lots.choice([0.1, 0.3, 0.6, 1.0]),
            count=None,
            for_seconds=seconds,
            **details,
        )
        await asyncio.sleep(seconds)

    async def _hangs(self, kind: str) -> None:
        await self._fault(
            kind,
            method=SEND,
            share=0.3,
            count=self.lots.randint(1, 6),
            for_seconds=self._seconds(2, 6),
            seconds=self.hang,
        )
        await asyncio.sleep(self.hang)

    async def _markup(self) -> None:
        await self._fault(
            "error", method=SEND, code=400, description=_PARSE, for_seconds=self._seconds(5, 10)
        )

    async def _not_found(self) -> None:
        """Once, and never again: no reason to give a reader up."""
        reader = self._reader(ChatKind.PRIVATE)
        if reader is not None:
            await self._fault(
                "error",
                method=SEND,
                chat=reader.seat.chat,
                code=400,
                description="Bad Request: chat not found",
                for_seconds=60.0,
            )

    async def _slow(self) -> None:
        state = self.town.sandbox.state
        state.latency = self.lots.uniform(0.5, 2.0)
        await asyncio.sleep(self._seconds(2, 6))
        state.latency = LATENCY

    async def _refused(self) -> None:
        async with self._door:
            await self.town.sandbox.shut()
            await asyncio.sleep(self._seconds(1, 6))
            await self.town.sandbox.reopen()

    async def _updates(self) -> None:
        kind = self.lots.choice(["5xx", "html_502", "malformed_json", "drop_before"])
        await self._fault(kind, method="getupdates", count=self.lots.randint(1, 3), for_seconds=30)

    async def _poison(self) -> None:
        async with self._door:
            await self.town.people.poison_update()

    # ------------------------------------------------------------ people

    async def _block(self) -> None:
        reader = self._reader(ChatKind.PRIVATE)
        if reader is None:
            return
        person = reader.seat.chat
        async with self._leaving(reader, for_good=self.lots.random() < FOR_GOOD_SHARE) as back:
            async with self._door:
                await self.town.people.block(person)
            await asyncio.sleep(self._seconds(4, 20))
            if back:
                async with self._door:
                    await self.town.people.unblock(person)

    async def _deactivate(self) -> None:
        reader = self._reader(ChatKind.PRIVATE)
        if reader is not None:
            reader.away.append((time.time(), FOR_GOOD))
            async with self._door:
                await self.town.people.deactivate(reader.seat.chat)

    async def _kick(self) -> None:
        reader = self._reader(ChatKind.SUPERGROUP)
        if reader is None or reader.seat.thread:  # a forum would be subscribed as a whole, too
            return
        async with self._leaving(reader, for_good=False):
            for status in ("kicked", "member"):
                async with self._door:
                    await self.town.people.set_bot(reader.seat.chat, status)
                await asyncio.sleep(self._seconds(4, 20) if status == "kicked" else 0)

    @asynccontextmanager
    async def _leaving(self, reader: Reader, *, for_good: bool) -> AsyncIterator[bool]:
        """Note that a reader is away for the block; yields whether they come back."""
        reader.away.append((time.time(), FOR_GOOD))
        yield not for_good
        if not for_good:
            reader.away[-1] = (reader.away[-1][0], time.time())

    async def _migrate(self) -> None:
        reader = self._reader(ChatKind.GROUP)
        if reader is None or self.town.sandbox.state.chats[reader.seat.chat].migrated_to:
            return
        if self.lots.random() < 0.5:
            await self._fault("migrate", method=SEND, chat=reader.seat.chat, for_seconds=60.0)
        else:
            async with self._door:
                await self.town.people.migrate(reader.seat.chat)

    async def _topic(self) -> None:
        reader = self._reader(ChatKind.SUPERGROUP)
        if reader is None or not reader.seat.thread:
            return
        for closed in (True, False):
            async with self._door:
                await self.town.people.close_topic(
                    reader.seat.chat, reader.seat.thread, closed=closed
                )
            await asyncio.sleep(self._seconds(2, 10) if closed else 0)

    async def _command(self) -> None:
        reader = self._reader(ChatKind.PRIVATE)
        if reader is not None:
            async with self._door:
                await self.town.people.send_text(reader.seat.chat, "/help")

    # ------------------------------------------------------------ the newspaper, the machine

    async def _newspaper(self) -> None:
        feed = self.lots.choice(self.town.newspaper.feeds)
        # Not UNAVAILABLE, which asks for minutes: what piles up by then may be taken for a fault
        # of the feed, and is not pushed.
        kind = self.lots.choice([Fault.ERROR, Fault.DROP, Fault.CUT])
        self.town.newspaper.fail(feed, kind, times=self.lots.randint(1, 3))

    async def _correct(self) -> None:
        if self.truth.stories:
            story = self.lots.choice(self.truth.stories[-20:])
            said = f"Уточнено: {self.lots.randint(2, 9)} из {self.lots.randint(10, 99)}."
            self.town.newspaper.correct(story.url, standfirst=said)

    async def _disk_full(self) -> None:
        if self.disk is None:
            return
        async with self._upheaval:
            await asyncio.to_thread(self.disk.fill)
            await asyncio.sleep(self._seconds(3, 10))
            self.disk.empty()
            if self.crash is not None:
                await asyncio.sleep(_NOTED_AFTER_FULL_DISK)

    async def _end(self, *, kindly: bool) -> None:
        if self.crash is not None:
            async with self._upheaval:
                await self.crash(kindly)
