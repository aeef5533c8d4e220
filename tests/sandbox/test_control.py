"""The control API: faults, people's acts, waiting, counting, and who may use it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox import control
from bot.sandbox.client import ControlError

from .conftest import TOKEN, Api
from .test_server import png

if TYPE_CHECKING:
    from bot.sandbox import Sandbox
    from bot.sandbox.client import Control


@pytest.fixture
async def reader(people: Control) -> int:
    return await people.create_user(first_name="Анна", started=True)


async def test_faults_answer_in_telegrams_place(api: Api, people: Control, reader: int) -> None:
    other = await people.create_user(started=True)
    await people.add_fault("429", method="sendMessage", chat=reader, retry_after=7, skip=1)
    await people.add_fault("5xx", code=503, description="Service Unavailable", chat=other)
    await api.call("sendMessage", chat_id=reader, text="a")
    answer = await api.raw("sendMessage", chat_id=reader, text="a")
    assert (answer["error_code"], answer["parameters"]) == (429, {"retry_after": 7})
    await api.call("sendMessage", chat_id=reader, text="a")
    assert (await api.raw("sendChatAction", chat_id=other, action="typing"))["error_code"] == 503
    await api.call("sendMessage", chat_id=other, text="a")
    assert await people.violations() == []
    assert (await people.counters())["faults"] == {"429": 1, "5xx": 1}
    assert await people.faults() == []


async def test_an_html_502_and_malformed_json(sandbox: Sandbox, api: Api, people: Control) -> None:
    reader = await people.create_user(started=True)
    url = f"{sandbox.url}/bot{TOKEN}/sendMessage"
    body = {"chat_id": reader, "text": "a"}
    await people.add_fault("html_502")
    async with api.session.post(url, json=body) as response:
        assert response.status == 502
        assert response.content_type == "text/html"
    assert await people.messages(reader) == []
    await people.add_fault("malformed_json")
    async with api.session.post(url, json=body) as response:
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            await response.json()
    assert len(await people.messages(reader)) == 1


@pytest.mark.parametrize(
    ("kind", "accepted"),
    [("drop_before", 0), ("drop_after", 1), ("timeout_before", 0), ("timeout_after", 1)],
)
async def test_broken_connections(
    api: Api, people: Control, reader: int, kind: str, accepted: int
) -> None:
    await people.add_fault(kind, method="sendMessage", seconds=0.1)
    began = time.monotonic()
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.raw("sendMessage", chat_id=reader, text="a")
    if kind.startswith("timeout"):
        assert time.monotonic() - began >= 0.1
    messages = await people.messages(reader)
    assert [message["answered"] for message in messages] == [False] * accepted


async def test_whoever_hung_up_is_not_answered(api: Api, people: Control, reader: int) -> None:
    """A bot that dies between its request and the answer cannot know of its message."""
    await api.call("sendMessage", chat_id=reader, text="a")
    await people.set_limits(latency=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await api.raw("sendMessage", chat_id=reader, text="b")
    await asyncio.sleep(1)
    messages = await people.messages(reader)
    assert [message["answered"] for message in messages] == [True, False]


async def test_unreachable_for_a_while(
    sandbox: Sandbox, api: Api, people: Control, reader: int
) -> None:
    """Connections in use are cut, new ones refused; afterwards everything is as it was."""
    await api.call("sendMessage", chat_id=reader, text="a")
    polling = asyncio.create_task(api.raw("getUpdates", timeout=30))
    await asyncio.sleep(0.05)
    await sandbox.shut()
    with pytest.raises(aiohttp.ClientConnectionError):
        await polling
    with pytest.raises(aiohttp.ClientConnectorError):
        await api.raw("sendMessage", chat_id=reader, text="b")
    await sandbox.reopen()
    await api.call("sendMessage", chat_id=reader, text="c")
    assert [message["text"] for message in await people.messages(reader)] == ["a", "c"]


async def test_a_fault_for_a_share_of_the_requests(api: Api, people: Control, reader: int) -> None:
    await people.add_fault("5xx", method="sendChatAction", share=0.5, count=None)
    met = [
        not (await api.raw("sendChatAction", chat_id=reader, action="typing"))["ok"]
        for _ in range(60)
    ]
    assert 15 < sum(met) < 45
    assert (await people.counters())["faults"] == {"5xx": sum(met)}


async def test_a_fault_has_its_time(api: Api, people: Control) -> None:
    await people.add_fault("5xx", count=None, in_seconds=0.0, for_seconds=1)
    assert (await api.raw("getMe"))["error_code"] == 500
    await asyncio.sleep(1.05)
    await api.call("getMe")


async def test_a_group_migrates_under_the_bots_hands(api: Api, people: Control) -> None:
    group = await people.create_chat("group", "Чат", members=[await people.create_user()])
    await people.add_fault("migrate", method="sendMessage", chat=group)
    answer = await api.raw("sendMessage", chat_id=group, text="a")
    heir = answer["parameters"]["migrate_to_chat_id"]
    assert (await people.chat(heir))["kind"] == "supergroup"


async def test_a_long_poll_uses_up_no_fault_meant_for_any_method(api: Api, people: Control) -> None:
    await people.add_fault("5xx")
    await api.call("getUpdates")
    assert (await api.raw("getMe"))["error_code"] == 500
    await people.add_fault("5xx", method="getUpdates")
    assert (await api.raw("getUpdates"))["error_code"] == 500


async def test_a_poison_update_stands_in_the_queue(api: Api, people: Control, reader: int) -> None:
    await people.poison_update()
    await people.send_text(reader, "после яда")
    poison, sane = await api.call("getUpdates")
    assert poison["message"]["date"] == "never"
    assert sane["message"]["text"] == "после яда"


async def test_privacy_mode_hides_group_talk(api: Api, people: Control) -> None:
    person = await people.create_user()
    group = await people.create_chat("supergroup", "Чат", members=[person])
    sent = await api.call("sendMessage", chat_id=group, text="новость")
    await people.send_text(group, "болтовня")
    await people.send_text(group, "/latest@other_bot")
    await people.send_text(group, "/latest@newsboy_bot")
    await people.send_text(group, "ответ", reply_to=sent["message_id"])
    updates = await api.call("getUpdates")
    texts = [u["message"].get("text") for u in updates if "message" in u]
    assert texts == [None, "/latest@newsboy_bot", "ответ"]
    await people.set_bot(group, "administrator")
    await people.send_text(group, "болтовня")
    assert (await api.call("getUpdates"))[-1]["message"]["text"] == "болтовня"


async def test_being_added_to_a_group_is_told(api: Api, people: Control) -> None:
    person = await people.create_user()
    await people.create_chat("group", "Чат", members=[person])
    added, service = await api.call("getUpdates")
    assert added["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert service["message"]["new_chat_members"][0]["id"] == 42


async def test_waiting_for_messages_and_edits(api: Api, people: Control, reader: int) -> None:
    waiting = asyncio.create_task(people.wait_message(reader, contains="вторая"))
    await asyncio.sleep(0.02)
    await api.call("sendMessage", chat_id=reader, text="первая")
    sent = await api.call("sendMessage", chat_id=reader, text="вторая")
    found = await waiting
    assert found["id"] == sent["message_id"]
    edit = asyncio.create_task(people.wait_message(reader, since=found["version"]))
    await api.call("editMessageText", chat_id=reader, message_id=sent["message_id"], text="третья")
    assert (await edit)["text"] == "третья"
    with pytest.raises(TimeoutError, match="третья"):
        await people.wait_message(reader, after=sent["message_id"], timeout=0.05)


async def test_waiting_longer_than_the_server_waits(
    api: Api, people: Control, reader: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "WAIT_SECONDS", 0.1)
    waiting = asyncio.create_task(people.wait_message(reader, timeout=20))
    await asyncio.sleep(0.5)
    sent = await api.call("sendMessage", chat_id=reader, text="a")
    assert (await waiting)["id"] == sent["message_id"]


async def test_pressing_what_is_not_there(api: Api, people: Control, reader: int) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Сайт", "url": "https://a.ru/"}]]}
    sent = await api.call("sendMessage", chat_id=reader, text="a", reply_markup=keyboard)
    assert await people.press(reader, sent["message_id"], "Сайт") == {"url": "https://a.ru/"}
    with pytest.raises(ControlError, match="no such button"):
        await people.press(reader, sent["message_id"], "Другое")


async def test_old_and_inaccessible_messages_under_a_button(
    api: Api, people: Control, reader: int
) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Да", "callback_data": "y"}]]}
    sent = await api.call("sendMessage", chat_id=reader, text="a", reply_markup=keyboard)
    await people.make_inaccessible(reader, sent["message_id"])
    pressed = await people.press(reader, sent["message_id"], data="y", aged=True, timeout=0.05)
    assert pressed["answer"] is None
    (update,) = await api.call("getUpdates")
    message = update["callback_query"]["message"]
    assert message["date"] == 0
    error = await api.error("answerCallbackQuery", callback_query_id=pressed["query_id"])
    assert error.startswith("Bad Request: query is too old")
    error = await api.error(
        "editMessageText", chat_id=reader, message_id=message["message_id"], text="b"
    )
    assert error == "Bad Request: message to edit not found"


async def test_unanswered_presses_are_counted(api: Api, people: Control, reader: int) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Да", "callback_data": "y"}]]}
    sent = await api.call("sendMessage", chat_id=reader, text="a", reply_markup=keyboard)
    pressed = await people.press(reader, sent["message_id"], "Да", timeout=0.01)
    assert (await people.counters())["unanswered_presses"] == [pressed["query_id"]]
    await api.call("answerCallbackQuery", callback_query_id=pressed["query_id"])
    assert (await people.counters())["unanswered_presses"] == []


async def test_calls_and_tallies(api: Api, people: Control) -> None:
    chats = await people.create_users(3)
    for chat in chats[:2]:
        await api.call("sendMessage", chat_id=chat, text="новость дня")
    await api.error("sendMessage", chat_id=1, text="a")
    calls = await people.calls("sendMessage")
    assert [(call["chat_id"], call["ok"]) for call in calls] == [
        (chats[0], True),
        (chats[1], True),
        (1, False),
    ]
    assert await people.tally("новость") == dict.fromkeys(chats[:2], 1)
    assert (await people.counters())["worst_second"] == 2


async def test_events_stream(api: Api, people: Control, reader: int) -> None:
    async with people.events() as events:
        await api.call("sendChatAction", chat_id=reader, action="typing")
        sent = await api.call("sendMessage", chat_id=reader, text="a")
        await api.call("deleteMessage", chat_id=reader, message_id=sent["message_id"])
        kinds = [(await anext(events))["kind"] for _ in range(3)]
    assert kinds == ["action", "message", "delete"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_page_elsewhere_cannot_drive_the_sandbox(
    sandbox: Sandbox, api: Api, headers: dict[str, str]
) -> None:
    url = f"{sandbox.url}/control/chats"
    async with api.session.get(url, headers=headers) as response:
        assert response.status == 403
    async with api.session.post(f"{sandbox.url}/control/users", data="first_name=x") as response:
        assert response.status == 400


async def test_unknown_things_are_404(people: Control) -> None:
    with pytest.raises(ControlError, match="no chat 5"):
        await people.messages(5)


async def test_link_previews_show_local_pages_and_only_name_others(
    sandbox: Sandbox, api: Api
) -> None:
    async def serve(request: web.Request) -> web.Response:
        if request.path == "/p.png":
            return web.Response(body=png(4, 3), content_type="image/png")
        head = '<title>Заголовок</title><meta property="og:image" content="/p.png">'
        return web.Response(text=head, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{name}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    local = f"http://127.0.0.1:{runner.addresses[0][1]}/article"
    try:
        cards = []
        for url in (local, "https://example.org/x"):
            async with api.session.get(f"{sandbox.url}/control/preview", params={"url": url}) as r:
                cards.append(await r.json())
        assert cards[0]["title"] == "Заголовок"
        assert cards[1] == {"url": "https://example.org/x", "site": "example.org"}
        async with api.session.get(sandbox.url + cards[0]["image"]) as response:
            assert await response.read() == png(4, 3)
        foreign = {"url": "https://example.org/p.png"}
        async with api.session.get(f"{sandbox.url}/control/picture", params=foreign) as response:
            assert response.status == 404
    finally:
        await runner.cleanup()


async def test_a_file_that_a_person_sends_is_given_out_to_the_bot(
    sandbox: Sandbox, api: Api, people: Control, reader: int
) -> None:
    await people.send_document(reader, "feeds.opml", b"<opml/>", mime="text/x-opml")
    (update,) = await api.call("getUpdates", offset=-1)
    document = update["message"]["document"]
    assert (document["file_name"], document["file_size"]) == ("feeds.opml", 7)
    path = (await api.call("getFile", file_id=document["file_id"]))["file_path"]
    async with api.session.get(f"{sandbox.url}/file/bot{TOKEN}/{path}") as response:
        assert await response.read() == b"<opml/>"
    with pytest.raises(ControlError):
        await people.send_document(reader, "empty.opml", b"")
