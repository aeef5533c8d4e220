"""The judge of the soak sees what it is there to see."""

from pathlib import Path

import pytest

from bot.sandbox import State
from storage import Storage
from tests.e2e.conftest import TOKEN
from tests.e2e.crowd import Seat
from tests.e2e.truth import Reader, Story, Truth

NOON = 1_795_392_000.0


class Town:
    """One reader who follows what the first source prints, and a store without articles."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.state = State(TOKEN, strict=False)
        self.chat = self.state.chat(self.state.add_person(started=True).id)
        self.reader = Reader("all", Seat(self.chat.id), 1, lambda one: one.source == "a", False)
        self.truth = Truth(readers=[self.reader])

    def printed(self, number: int, source: str = "a", at: float = NOON) -> None:
        self.truth.stories.append(Story(number, source, False, at, ""))

    def arrives(self, *numbers: int, after: float = 1.0, answered: bool = True) -> None:
        text = " ".join(f"№{number:05} новость" for number in numbers)
        raw = self.state.base(self.chat, self.state.bot) | {"text": text}
        stored = self.state.keep(self.chat, raw, from_bot=True)
        stored.at, stored.answered = NOON + after, answered


@pytest.fixture
async def town(tmp_path: Path) -> Town:
    async with Storage.open(tmp_path / "newsboy.db"):
        return Town(tmp_path / "newsboy.db")


def test_what_never_came_is_lost(town: Town) -> None:
    for number in (1, 2, 3):
        town.printed(number)
    town.printed(4, source="b")
    town.arrives(1)
    town.arrives(3)
    verdict = town.truth.verdict(town.state, town.database)
    assert [line.rpartition(" ")[2] for line in verdict.lost] == ["№00002"]
    assert verdict.due == 3
    assert verdict.repeated == verdict.unwanted == ()
    assert town.truth.missing(town.state, town.database) == [town.reader]
    assert town.truth.unread(town.database) == [1, 2, 3, 4]


def test_what_the_bot_knew_to_have_come_is_repeated(town: Town) -> None:
    """Once more in a list, too; an unanswered message excuses one more, and no third one."""
    for number in (1, 2, 3):
        town.printed(number)
    town.arrives(1)
    town.arrives(1, 2, after=5, answered=False)
    town.arrives(2, after=6)
    town.arrives(3)
    verdict = town.truth.verdict(town.state, town.database)
    assert len(verdict.repeated) == 1
    assert "№00001 after [1.0, 5.0] s" in verdict.repeated[0]
    assert verdict.explained == 1
    town.arrives(2, after=9)
    assert len(town.truth.verdict(town.state, town.database).repeated) == 2


def test_a_crash_excuses_what_was_sent_just_before(town: Town) -> None:
    town.printed(1)
    town.printed(2)
    town.arrives(1, 2, after=10)
    town.arrives(1, after=14)
    town.truth.crashes.append(NOON + 10.4)
    verdict = town.truth.verdict(town.state, town.database)
    assert verdict.repeated == ()
    assert verdict.explained == 1
    town.truth.crashes[:] = [NOON + 13]
    assert len(town.truth.verdict(town.state, town.database).repeated) == 1


def test_who_was_away_need_not_have_it(town: Town) -> None:
    """Unless a digest catches up with them; who left for good need have nothing."""
    town.printed(1)
    town.printed(2, at=NOON + 600)
    town.reader.away = [(NOON + 590, NOON + 605)]
    assert len(town.truth.verdict(town.state, town.database).lost) == 1
    town.reader.catches_up = True
    assert len(town.truth.verdict(town.state, town.database).lost) == 2
    town.reader.away.append((NOON + 700, float("inf")))
    assert town.truth.verdict(town.state, town.database).due == 0


def test_what_is_not_followed_is_unwanted(town: Town) -> None:
    town.printed(1, source="b")
    town.arrives(1)
    assert len(town.truth.verdict(town.state, town.database).unwanted) == 1


def test_a_group_that_became_another_is_one_reader(town: Town) -> None:
    town.printed(1)
    group = town.state.add_chat("group", "Дача", members=[town.chat.id])
    heir = town.state.migrate(group)
    town.reader.seat = Seat(group.id)
    town.chat = heir
    town.arrives(1)
    verdict = town.truth.verdict(town.state, town.database)
    assert verdict.lost == verdict.repeated == ()
