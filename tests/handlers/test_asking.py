"""Questions: what answers one, however quick it comes, and what ends it."""

import asyncio
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import EditMessageText, SendMessage, TelegramMethod

from bot.messages import callbacks as cb
from tests.handlers.conftest import BOT_ID, NOW, Person, Shown, World, bad

_ZONE = cb.Settings(cb.Screen.ZONE)


@pytest.fixture
def quick(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[type[TelegramMethod[Any]], str]:
    """What Anna answers to the next request of a kind before Telegram has confirmed it."""
    answers: dict[type[TelegramMethod[Any]], str] = {}
    request = world.telegram.make_request

    async def answered_at_once(bot: Bot, method: TelegramMethod[Any], timeout: Any = None) -> Any:  # noqa: ASYNC109 — the framework's signature
        done = await request(bot, method, timeout)
        if text := answers.pop(type(method), ""):
            await asyncio.create_task(world.person().say(text))
        return done

    monkeypatch.setattr(world.telegram, "make_request", answered_at_once)
    return answers


async def zone(anna: Person) -> str:
    reader = await anna.world.storage.subscribers.find(anna.id)
    assert reader is not None
    return reader.zone


async def test_an_answer_that_comes_before_the_question_is_confirmed_is_one(
    world: World, quick: dict[type[TelegramMethod[Any]], str]
) -> None:
    anna = world.person()
    await anna.say("/start")
    (home,) = await anna.say("/settings")
    quick[EditMessageText] = "Asia/Tokyo"
    await anna.press(home, _ZONE)
    assert await zone(anna) == "Asia/Tokyo"
    # And it was the only one: what follows is a search.
    (found,) = await anna.say("Europe/Paris")
    assert "Europe/Paris" in found.text
    assert await zone(anna) == "Asia/Tokyo"


async def test_so_it_is_where_the_question_came_as_a_new_message(
    world: World, quick: dict[type[TelegramMethod[Any]], str]
) -> None:
    anna = world.person()
    await anna.say("/start")
    (home,) = await anna.say("/settings")
    world.telegram.faults.append((EditMessageText, bad("message to edit not found")))
    quick[SendMessage] = "Asia/Tokyo"
    await anna.press(home, _ZONE)
    assert await zone(anna) == "Asia/Tokyo"
    await anna.say("Europe/Paris")
    assert await zone(anna) == "Asia/Tokyo"


async def test_a_reply_answers_the_question_where_it_is_now(world: World) -> None:
    anna = world.person()
    await anna.say("/start")
    (home,) = await anna.say("/settings")
    world.telegram.faults.append((EditMessageText, bad("message to edit not found")))
    await anna.press(home, _ZONE)
    asked = anna.messages()[-1]
    assert asked.message_id != home.message_id
    await anna.say("Asia/Tokyo", reply_to_message=replied(anna, home))
    assert await zone(anna) == "Europe/Moscow", "a reply to something else is none"
    await anna.say("Asia/Tokyo", reply_to_message=replied(anna, asked))
    assert await zone(anna) == "Asia/Tokyo"


async def test_a_question_that_could_not_be_shown_waits_for_nothing(world: World) -> None:
    anna = world.person()
    await anna.say("/start")
    (home,) = await anna.say("/settings")
    lost = TelegramNetworkError(EditMessageText(text="x"), "connection lost")
    world.telegram.faults.append((EditMessageText, lost))
    await anna.press(home, _ZONE)
    await anna.say("Asia/Tokyo")
    assert await zone(anna) == "Europe/Moscow"


def replied(anna: Person, shown: Shown) -> dict[str, Any]:
    """A message of the bot's, as a reply names it."""
    return {
        "message_id": shown.message_id,
        "date": int(NOW.timestamp()),
        "chat": {"id": anna.chat_id, "type": "private", "first_name": "Анна"},
        "from": {"id": BOT_ID, "is_bot": True, "first_name": "News"},
        **shown.content,
    }
