"""What every reader had to be told, and what they were told: the ledger of truth of a soak.

Stories are known by a number in their titles, so that any message says which it tells: a push, a
line of a merged message or of a digest. The sandbox knows of every message whether the bot heard
that it had arrived. From both follows the verdict:

    lost       a story that a reader followed while they were there, and that never came
    repeated   a story that came again although the bot knew that it had come
    explained  one that came again because the bot could not know: no answer, or a crash
    unwanted   a story that the reader does not follow
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.sandbox import State
from tests.e2e.crowd import Seat

_NUMBER = re.compile(r"№(\d{5})")
# From the print to the moment when the store knows to whom it is owed, a bad minute included.
_OWED_WITHIN = 90.0
# What was sent just before a crash cannot have been noted: the tick, the commit, the wire.
_UNNOTED = 1.0


@dataclass(frozen=True)
class Story:
    """A story in print: `at` is Unix time, `rare` whether its title holds the rare word."""

    number: int
    source: str
    rare: bool
    at: float
    url: str

    @property
    def mark(self) -> str:
        """What its title begins with."""
        return f"№{self.number:05}"


@dataclass
class Reader:
    """A reader, and when they were away: [from, to) in Unix time, `inf` for good.

    `catches_up`: a digest brings what came while they were away.
    """

    name: str
    seat: Seat
    subscriber: int
    follows: Callable[[Story], bool]
    catches_up: bool
    away: list[tuple[float, float]] = field(default_factory=list)

    @property
    def left(self) -> bool:
        """Whether they blocked the bot for good."""
        return any(until == float("inf") for _, until in self.away)

    def must_have(self, story: Story) -> bool:
        """Whether this story may not be missing."""
        if self.left or not self.follows(story):
            return False
        return self.catches_up or not any(
            begun - _OWED_WITHIN < story.at < until + _OWED_WITHIN for begun, until in self.away
        )


@dataclass(frozen=True)
class Arrival:
    """A message that told a story; `certain`: the bot knew that it had arrived."""

    at: float
    certain: bool


@dataclass(frozen=True)
class Verdict:
    """Lines of text for what went wrong, and counts of the rest."""

    due: int
    lost: tuple[str, ...]
    repeated: tuple[str, ...]
    unwanted: tuple[str, ...]
    explained: int
    lags: tuple[float, ...]


@dataclass
class Truth:
    """Readers and stories of one run; `crashes` are Unix times."""

    readers: list[Reader] = field(default_factory=list)
    stories: list[Story] = field(default_factory=list)
    crashes: list[float] = field(default_factory=list)

    def unread(self, database: Path) -> list[int]:
        """The stories in print that are not in the store."""
        first, _ = _stories(database)
        return [story.number for story in self.stories if story.number not in first]

    def missing(self, state: State, database: Path) -> list[Reader]:
        """The readers who lack a story that they must have."""
        stories, told = self._told(state, database)
        return [
            reader
            for reader in self.readers
            if any(
                reader.must_have(story) and not told[reader.subscriber].get(story.number)
                for story in stories
            )
        ]

    def verdict(self, state: State, database: Path) -> Verdict:
        """Judge the whole run by the messages in the sandbox."""
        stories, told = self._told(state, database)
        lost, repeated, unwanted, lags = [], [], [], []
        due = explained = 0
        for reader in self.readers:
            for story in stories:
                arrivals = told[reader.subscriber].get(story.number, [])
                must = reader.must_have(story)
                due += must
                about = f"{reader.name} (subscriber {reader.subscriber}): {story.mark}"
                if must and not arrivals:
                    lost.append(about)
                if arrivals:
                    lags.append(arrivals[0].at - story.at)
                if arrivals and not reader.follows(story):
                    unwanted.append(about)
                known = False
                for number, arrival in enumerate(arrivals):
                    if known:
                        times = [round(one.at - story.at, 1) for one in arrivals]
                        repeated.append(f"{about} after {times} s")
                    elif number:
                        explained += 1
                    known |= arrival.certain
        return Verdict(
            due=due,
            lost=tuple(lost),
            repeated=tuple(repeated),
            unwanted=tuple(unwanted),
            explained=explained,
            lags=tuple(lags),
        )

    def _told(
        self, state: State, database: Path
    ) -> tuple[list[Story], dict[int, dict[int, list[Arrival]]]]:
        """The stories, and of each subscriber the arrivals of each, in order of time.

        Where the bot took two articles for one story, the first stands for both.
        """
        first, stories = _stories(database)
        listed = _listed(database, stories)
        told = {
            reader.subscriber: self._arrivals(
                state, reader, first, listed.get(reader.subscriber, {})
            )
            for reader in self.readers
        }
        return [
            one for one in self.stories if first.get(one.number, one.number) == one.number
        ], told

    def _arrivals(
        self, state: State, reader: Reader, first: dict[int, int], listed: dict[int, set[int]]
    ) -> dict[int, list[Arrival]]:
        found: dict[int, list[Arrival]] = {}
        for chat in chats_of(state, reader.seat.chat):
            for number, stored in state.chats[chat].messages.items():
                if not stored.from_bot:
                    continue
                numbers = map(int, _NUMBER.findall(stored.raw.get("text", "")))
                shown = {first.get(one, one) for one in numbers}
                more = listed.get(number, set())
                # A group and what it became count their messages apart.
                for story in shown | more if shown & more else shown:
                    found.setdefault(story, []).append(
                        Arrival(stored.at, stored.answered and not self._crashed_after(stored.at))
                    )
        for arrivals in found.values():
            arrivals.sort(key=lambda one: one.at)
        return found

    def _crashed_after(self, at: float) -> bool:
        return any(at - _UNNOTED < crash < at + _UNNOTED for crash in self.crashes)


def _stories(database: Path) -> tuple[dict[int, int], dict[int, int]]:
    """The first number of the story that each number belongs to, and of each story in the store."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT story_id, title FROM article ORDER BY id").fetchall()
    first: dict[int, int] = {}
    stories: dict[int, int] = {}
    for story, title in rows:
        for number in map(int, _NUMBER.findall(title)):
            first[number] = stories.setdefault(story, number)
    return first, stories


def chats_of(state: State, chat: int) -> Iterator[int]:
    """A chat and whatever it became."""
    following: int | None = chat
    while following is not None:
        yield following
        following = state.chats[following].migrated_to


def _listed(database: Path, numbers: dict[int, int]) -> dict[int, dict[int, set[int]]]:
    """Of each subscriber and message the stories that a digest lists, a button away included."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows: Sequence[tuple[int, int, str]] = connection.execute(
            """
            SELECT subscriber_id, message_id, stories FROM delivery
            WHERE kind = 'digest' AND state = 'sent' AND message_id IS NOT NULL
                  AND stories IS NOT NULL
            """
        ).fetchall()
    found: dict[int, dict[int, set[int]]] = {}
    for subscriber, message, stories in rows:
        told = {numbers[story] for story in json.loads(stories) if story in numbers}
        found.setdefault(subscriber, {})[message] = told
    return found
