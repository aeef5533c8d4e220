"""Patience: a slow answer shows that it is on its way, a quick one costs no request more."""

import asyncio

import pytest
from aiogram.methods import SendChatAction

from bot.config import Access
from bot.messages import callbacks as cb
from bot.words.normaliser import Normaliser
from storage import Storage
from tests.handlers.conftest import ANNA, UNHURRIED, World

_SLOW = 0.3


@pytest.fixture
def slow_world(storage: Storage, normaliser: Normaliser) -> World:
    """A public bot whose answers are slow a little sooner."""
    return World(storage, Access.PUBLIC, normaliser, UNHURRIED, patience=_SLOW)


def typings(world: World) -> list[SendChatAction]:
    return [one for one in world.telegram.requests if isinstance(one, SendChatAction)]


async def shown_as_typing(world: World) -> SendChatAction:
    async with asyncio.timeout(10):
        while not typings(world):  # noqa: ASYNC110 — the transport tells nobody
            await asyncio.sleep(0.01)
    return typings(world)[0]


async def turn(world: World) -> asyncio.Lock:
    """What a digest of Anna's waits for."""
    reader = await world.storage.subscribers.find(ANNA)
    assert reader is not None
    return world.desk.digests.turn(reader.id)


async def test_a_slow_command_is_shown_as_typing_and_then_answered(slow_world: World) -> None:
    await slow_world.article()
    anna = slow_world.person()
    await anna.say("/start")
    async with await turn(slow_world):
        asked = asyncio.create_task(anna.say("/digest"))
        typing = await shown_as_typing(slow_world)
        assert (typing.chat_id, typing.action) == (ANNA, "typing")
    (digest,) = await asked
    assert "Открыт новый мост" in digest.text


async def test_a_slow_press_is_answered_at_once_and_told_of_when_done(slow_world: World) -> None:
    """Telegram shows a press as waiting for seconds only; what its toast would say is not lost."""
    anna = slow_world.person()
    await anna.say("/start")
    (screen,) = await anna.say("/settings")
    async with await turn(slow_world):
        pressed = asyncio.create_task(anna.press(screen, cb.Change(cb.Setting.DIGEST, "09.30")))
        await shown_as_typing(slow_world)
        assert slow_world.telegram.toasts == [""]
    await pressed
    assert slow_world.telegram.toasts == [""]  # a press is answered once
    assert any(one.text.startswith("Дайджест") and "09:30" in one.text for one in anna.messages())


async def test_a_quick_answer_shows_nothing(storage: Storage, normaliser: Normaliser) -> None:
    patience = 2.0  # seconds: what is quick takes its time beside other tests
    world = World(storage, Access.PUBLIC, normaliser, UNHURRIED, patience=patience)
    anna = world.person()
    await anna.say("/start")
    await anna.say("/help")
    await asyncio.sleep(patience * 1.2)
    assert not typings(world)
