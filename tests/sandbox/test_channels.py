"""Channels as Telegram judges them: rights, posts, their discussion groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.sandbox.client import ControlError

if TYPE_CHECKING:
    from bot.sandbox.client import Control

    from .conftest import Api

_REFUSED = "Bad Request: need administrator rights in the channel chat"


async def channel(people: Control) -> tuple[int, int]:
    anna = await people.create_user(first_name="Анна")
    return anna, await people.create_chat(
        "channel", "Новости", members=[anna], bot="administrator", username="news_of_town"
    )


async def test_posts_and_their_edits_need_the_right_to_post(api: Api, people: Control) -> None:
    anna, chat = await channel(people)
    post = await api.call("sendMessage", chat_id=chat, text="Мост открыт")
    assert post["sender_chat"]["id"] == chat
    await people.set_bot(chat, "administrator", by=anna, denied=["can_post_messages"])
    updates = await api.call("getUpdates", timeout=2)
    last = updates[-1]["my_chat_member"]
    assert last["old_chat_member"]["can_post_messages"] is True
    assert last["new_chat_member"]["can_post_messages"] is False
    refused = await api.error("sendMessage", chat_id=chat, text="Мост закрыт")
    assert refused == _REFUSED
    refused = await api.error(
        "editMessageText", chat_id=chat, message_id=post["message_id"], text="Мост закрыт"
    )
    assert refused == _REFUSED
    await people.set_bot(chat, "administrator", by=anna)
    await api.call(
        "editMessageText", chat_id=chat, message_id=post["message_id"], text="Мост закрыт"
    )
    assert (await people.messages(chat))[-1]["text"] == "Мост закрыт"


async def test_rights_that_do_not_exist_cannot_be_denied(people: Control) -> None:
    _anna, chat = await channel(people)
    with pytest.raises(ControlError):
        await people.set_bot(chat, "administrator", denied=["can_sing"])


async def test_a_discussion_group_is_told_of(api: Api, people: Control) -> None:
    anna, chat = await channel(people)
    assert "linked_chat_id" not in await api.call("getChat", chat_id=chat)
    group = await people.create_chat("supergroup", "Обсуждение", members=[anna])
    await people.link(chat, group)
    assert (await api.call("getChat", chat_id=chat))["linked_chat_id"] == group
    assert (await api.call("getChat", chat_id=group))["linked_chat_id"] == chat
    assert (await api.call("getChat", chat_id=chat))["username"] == "news_of_town"
