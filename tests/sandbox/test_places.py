"""Ephemeral messages as Telegram judges them: to whom, when, and who sees them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox.client import ControlError

if TYPE_CHECKING:
    from bot.sandbox.client import Control

    from .conftest import Api

MENU = [
    {"command": "settings", "description": "Settings", "is_ephemeral": True},
    {"command": "latest", "description": "News"},
]


async def group(people: Control, bot: str = "administrator") -> tuple[int, int, int]:
    anna = await people.create_user(first_name="Анна")
    boris = await people.create_user(first_name="Борис")
    chat = await people.create_chat("supergroup", "Соседи", members=[anna, boris], bot=bot)
    return chat, anna, boris


async def next_press(api: Api) -> dict[str, Any]:
    offset = 0
    while True:
        updates = await api.call("getUpdates", offset=offset, timeout=2)
        assert updates
        for update in updates:
            if "callback_query" in update:
                query: dict[str, Any] = update["callback_query"]
                await api.call("getUpdates", offset=update["update_id"] + 1)
                return query
            offset = update["update_id"] + 1


def to(person: int, **more: object) -> dict[str, object]:
    return {"receiver_user_id": person, **more}


async def test_only_the_receiver_sees_it(api: Api, people: Control) -> None:
    chat, anna, boris = await group(people)
    sent = await api.call(
        "sendMessage",
        chat_id=chat,
        text="Настройки",
        ephemeral_message_parameters=to(anna),
        reply_markup={"inline_keyboard": [[{"text": "Время", "callback_data": "t"}]]},
    )
    assert sent["message_id"] == 0
    assert sent["receiver_user"]["id"] == anna
    number = sent["ephemeral_message_id"]
    seen = (await people.messages(chat, by=anna))[-1]
    assert (seen["id"], seen["alone"]) == (number, anna)
    assert number not in [message["id"] for message in await people.messages(chat, by=boris)]
    with pytest.raises(ControlError):
        await people.press(chat, number, "Время", by=boris)

    press = asyncio.create_task(people.press(chat, number, "Время", by=anna))
    query = await next_press(api)
    assert query["message"]["ephemeral_message_id"] == number
    await api.call("answerCallbackQuery", callback_query_id=query["id"])
    await press

    named = {"chat_id": chat, "receiver_user_id": anna, "ephemeral_message_id": number}
    assert await api.call("editEphemeralMessageText", text="Время", **named) is True
    assert (await people.messages(chat, by=anna))[-1]["text"] == "Время"
    assert "not modified" in await api.error("editEphemeralMessageText", text="Время", **named)
    too_long = await api.error("editEphemeralMessageText", text="ы" * 1025, **named)
    assert "MEDIA_CAPTION_TOO_LONG" in too_long
    keyboard = {"inline_keyboard": [[{"text": "Назад", "callback_data": "b"}]]}
    await api.call("editEphemeralMessageReplyMarkup", reply_markup=keyboard, **named)
    assert "not found" in await api.error(
        "editMessageText", chat_id=chat, message_id=number, text="x"
    )
    assert "MESSAGE_ID_INVALID" in await api.error(
        "editEphemeralMessageText", text="x", **named | {"receiver_user_id": boris}
    )
    await api.call("deleteEphemeralMessage", **named)
    assert number not in [message["id"] for message in await people.messages(chat)]
    assert await people.violations() == []


async def test_a_bot_that_is_no_admin_answers_within_seconds(api: Api, people: Control) -> None:
    chat, anna, boris = await group(people, "member")
    asked = {"chat_id": chat, "text": "Настройки"}
    plain = await people.send_text(chat, "/settings", by=anna)
    assert "alone" not in plain, "the menu does not say that it is ephemeral"
    refused = await api.error("sendMessage", **asked, ephemeral_message_parameters=to(anna))
    assert "BOT_NOT_ADMIN" in refused

    await api.call("setMyCommands", commands=MENU)
    heard = await people.send_text(chat, "/settings", by=anna)
    assert heard["alone"] == anna
    update = (await api.call("getUpdates", offset=-1))[-1]["message"]
    assert (update["message_id"], update["receiver_user"]["is_bot"]) == (0, True)
    reply = {"ephemeral_message_id": update["ephemeral_message_id"]}
    sent = await api.call(
        "sendMessage",
        **asked,
        ephemeral_message_parameters=to(anna),
        reply_parameters=reply,
        reply_markup={"inline_keyboard": [[{"text": "Время", "callback_data": "t"}]]},
    )
    other = await api.error(
        "sendMessage", **asked, ephemeral_message_parameters=to(boris), reply_parameters=reply
    )
    assert "BOT_NOT_ADMIN" in other
    assert "must be ephemeral" in await api.error("sendMessage", **asked, reply_parameters=reply)
    assert "alone" not in await people.send_text(chat, "/latest", by=anna)
    answer = await people.send_text(chat, "Токио", by=anna, reply_to=sent["ephemeral_message_id"])
    assert answer["alone"] == anna, "a reply to an ephemeral message is one"

    press = asyncio.create_task(people.press(chat, sent["ephemeral_message_id"], "Время", by=anna))
    query = await next_press(api)
    await api.call("answerCallbackQuery", callback_query_id=query["id"])
    await press
    await api.call(
        "sendMessage",
        **asked,
        ephemeral_message_parameters=to(anna, callback_query_id=query["id"]),
    )
    assert await people.violations() == []


async def test_nobody_else_can_receive_one(api: Api, people: Control) -> None:
    chat, anna, _boris = await group(people)
    stranger = await people.create_user()
    asked = {"chat_id": chat, "text": "x"}
    assert "USER_NOT_PARTICIPANT" in await api.error(
        "sendMessage", **asked, ephemeral_message_parameters=to(stranger)
    )
    await people.send_text(anna, "/start")
    await api.error("sendMessage", chat_id=anna, text="x", ephemeral_message_parameters=to(anna))
    assert len(await people.violations()) == 1, "a private chat has nobody else"


async def test_an_older_server(api: Api, people: Control) -> None:
    chat, anna, boris = await group(people)
    asked = {"chat_id": chat, "text": "x", "ephemeral_message_parameters": to(anna)}
    await people.set_ephemerals("refused")
    assert "supported" in await api.error("sendMessage", **asked)
    await people.set_ephemerals("ignored")
    sent = await api.call("sendMessage", **asked)
    assert sent["message_id"] > 0
    assert (await people.messages(chat, by=boris))[-1]["id"] == sent["message_id"]
    with pytest.raises(ControlError):
        await people.set_ephemerals("unheard of")
