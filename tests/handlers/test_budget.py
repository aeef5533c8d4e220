"""The budget: who asks too much is told so now and then, and slows nobody else."""

import asyncio
from typing import Any

import pytest
from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.config import Access
from bot.handlers import Rates, Rules
from bot.handlers.budget import Accounts, cost_of
from bot.messages import callbacks as cb
from bot.words.normaliser import Normaliser
from storage import Storage
from tests.handlers.conftest import ADMIN, ANNA, World

STRICT = Rules(Rates(5, 0.001), Rates(8, 0.001), Rates(4, 0.001), running=2, pending=4)


@pytest.fixture
def busy(storage: Storage, normaliser: Normaliser) -> World:
    """A public bot with a small budget that hardly grows."""
    return World(storage, Access.PUBLIC, normaliser, STRICT)


async def test_a_flood_of_presses_is_told_so_once_in_a_while(busy: World) -> None:
    anna = busy.person()
    (page,) = await anna.say("/latest")
    for _ in range(50):
        await anna.press(page, cb.Latest())
    said = [toast for toast in busy.telegram.toasts if toast]
    assert said == ["Слишком быстро. Подождите секунду."]
    assert len(busy.telegram.toasts) <= 6  # the rest is dropped without a word
    # Others are answered as ever.
    assert await busy.person(ANNA + 1).say("/latest")


async def test_a_flood_of_messages_gets_one_line(busy: World) -> None:
    anna = busy.person()
    answers = [shown.text for _ in range(30) for shown in await anna.say("/help")]
    assert answers.count("Слишком быстро. Подождите секунду.") == 1
    assert len(answers) <= 7


async def test_admins_have_the_same_budget(busy: World) -> None:
    answers = [await busy.person(ADMIN).say("/help") for _ in range(30)]
    assert [] in answers


async def test_a_strangers_flood_is_answered_no_more_often(
    storage: Storage, normaliser: Normaliser
) -> None:
    world = World(storage, Access.PRIVATE, normaliser, STRICT)
    lines = [shown for _ in range(30) for shown in await world.person().say("/start")]
    assert len(lines) <= 7


async def test_a_group_has_a_budget_and_its_talk_costs_nothing(busy: World) -> None:
    group = -100500
    for _ in range(50):
        await busy.person(ANNA, group=group).say("доброе утро")
    answered = 0
    for person in range(2001, 2021):
        said = await busy.person(person, group=group).say("/help")
        answered += any("Читать" in shown.text or "/latest" in shown.text for shown in said)
    assert answered in range(7, 10)
    # A member's own budget is not spent for the others.
    assert await busy.person(2001).say("/help")


async def test_the_language_is_the_readers(busy: World) -> None:
    anna = busy.person(language="ru")
    (screen,) = await anna.say("/settings")
    await anna.press(screen, cb.Change(cb.Setting.LANGUAGE, "en"))
    said = [shown.text for _ in range(9) for shown in await anna.say("/help")]
    assert "Too fast. Wait a second." in said


async def test_inline_queries_have_a_budget_of_their_own(busy: World) -> None:
    anna = busy.person()
    for _ in range(4):
        await anna.ask_inline("мост")
    with pytest.raises(IndexError):
        await anna.ask_inline("мост")
    assert await anna.say("/help")


async def test_few_handlers_of_one_person_run_at_once(busy: World) -> None:
    running: list[int] = []
    most: list[int] = []
    go = asyncio.Event()
    slow = Router()

    @slow.message(Command("slow"))
    async def handler(message: Message, **_: Any) -> None:
        running.append(1)
        most.append(len(running))
        await go.wait()
        running.pop()

    busy.dispatcher.sub_routers.insert(0, slow)
    asking = [asyncio.create_task(busy.person().say("/slow")) for _ in range(5)]
    other = asyncio.create_task(busy.person(ANNA + 1).say("/slow"))
    while len(running) < 3:  # noqa: ASYNC110  # no event tells
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)
    assert max(most) == 3  # two of one person, one of another
    go.set()
    await asyncio.gather(*asking, other)
    assert len(most) == 5  # of the five one was too many to wait


def test_a_reader_who_waits_for_answers_never_meets_it() -> None:
    """Telegram takes a message a second for a chat: the dearest ordinary wish, for an hour."""
    accounts = Accounts(60)
    rules = Rules()
    for second in range(3600):
        account = accounts.of(("person", 1), rules.person, float(second))
        assert account.take(3, float(second))


def test_fast_paging_does_not_meet_it() -> None:
    """Five presses a second for ten seconds, as fast as a thumb goes."""
    account = Accounts(60).of(("person", 1), Rules().person, 0.0)
    assert all(account.take(1, number / 5) for number in range(50))


def test_idle_accounts_are_forgotten() -> None:
    accounts, rates = Accounts(60), Rates(5, 1)
    for person in range(10_000):
        accounts.of(("person", person), rates, person / 10).take(1, person / 10)
    # Those of the last seconds alone, until what was paid has grown back.
    assert len(accounts) <= 20


def test_one_that_hangs_keeps_nobody_elses_account() -> None:
    accounts, rates = Accounts(60), Rates(5, 1)
    stuck = accounts.of(("person", -1), rates, 0.0)
    stuck.pending = 1
    for person in range(10_000):
        accounts.of(("person", person), rates, person / 10).take(1, person / 10)
    assert len(accounts) <= 40
    assert accounts.of(("person", -1), rates, 1000.0) is stuck


@pytest.mark.parametrize(
    ("text", "chat", "cost"),
    [
        ("/Search@newsboy_bot мост", 1, 3),
        ("мост", 1, 3),
        ("/help", 1, 1),
        ("/search мост", -1, 3),
        ("мост", -1, 0),
    ],
)
def test_what_asks_for_more_work_costs_more(text: str, chat: int, cost: float) -> None:
    kind = "private" if chat > 0 else "group"
    message = {"message_id": 1, "date": 1, "chat": {"id": chat, "type": kind}, "text": text}
    assert cost_of(Message.model_validate(message)) == cost
