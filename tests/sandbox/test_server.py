"""The Bot API over HTTP: bodies, polling, sending, editing, refusals. Raw requests only."""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from .conftest import TOKEN, Api

if TYPE_CHECKING:
    from bot.sandbox import Sandbox
    from bot.sandbox.client import Control

_INLINE = {"inline_keyboard": [[{"text": "Читать", "callback_data": "full:1"}]]}


def png(width: int, height: int) -> bytes:
    """A white picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xff" * width) * height)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.fixture
async def reader(people: Control) -> int:
    return await people.create_user(first_name="Анна", started=True)


async def test_wrong_token_and_unknown_method(sandbox: Sandbox, people: Control, api: Api) -> None:
    async with api.session.get(f"{sandbox.url}/bot42:wrong/getMe") as response:
        assert response.status == 401
        assert await response.json() == {
            "ok": False,
            "error_code": 401,
            "description": "Unauthorized",
        }
    assert (await api.raw("sendTelepathy"))["error_code"] == 404
    assert [found["method"] for found in await people.violations()] == ["sendtelepathy"]


async def test_every_kind_of_body(sandbox: Sandbox, api: Api, reader: int) -> None:
    url = f"{sandbox.url}/bot{TOKEN}/SENDmessage"
    nested = json.dumps(_INLINE)
    fields = {"chat_id": str(reader), "text": "a", "reply_markup": nested}
    multipart = aiohttp.FormData(fields, default_to_multipart=True)
    requests: list[tuple[str, dict[str, Any]]] = [
        ("GET", {"params": fields}),
        ("POST", {"data": fields}),
        ("POST", {"data": multipart}),
        ("POST", {"json": {"chat_id": reader, "text": "a", "reply_markup": _INLINE}}),
        ("POST", {"json": fields}),
    ]
    sandbox.state.limits.enabled = False
    for method, options in requests:
        async with api.session.request(method, url, **options) as response:
            result = (await response.json())["result"]
            assert result["reply_markup"] == _INLINE
            assert result["chat"] == {"id": reader, "type": "private", "first_name": "Анна"}
            assert result["from"]["is_bot"]


async def test_polling_waits_confirms_and_filters(api: Api, people: Control, reader: int) -> None:
    waiting = asyncio.create_task(api.call("getUpdates", timeout=5, allowed_updates=["message"]))
    await asyncio.sleep(0.05)
    await people.send_text(reader, "/start abc")
    (update,) = await waiting
    assert update["message"]["text"] == "/start abc"
    assert update["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    # Unconfirmed updates come again.
    assert await api.call("getUpdates") == [update]
    await people.block(reader)
    assert await api.call("getUpdates", offset=update["update_id"] + 1) == []
    await api.call("getUpdates", allowed_updates=[])
    await people.unblock(reader)
    (returned,) = await api.call("getUpdates")
    assert returned["my_chat_member"]["old_chat_member"]["status"] == "kicked"
    assert returned["my_chat_member"]["new_chat_member"]["status"] == "member"


async def test_limit_and_negative_offset(api: Api, people: Control, reader: int) -> None:
    for number in range(4):
        await people.send_text(reader, f"m{number}")
    texts = [u["message"]["text"] for u in await api.call("getUpdates", limit=2)]
    assert texts == ["m0", "m1"]
    texts = [u["message"]["text"] for u in await api.call("getUpdates", offset=-1)]
    assert texts == ["m3"]


async def test_a_second_poll_ends_the_first(sandbox: Sandbox, api: Api) -> None:
    first = asyncio.create_task(api.raw("getUpdates", timeout=60))
    while sandbox.state.poll is None:  # noqa: ASYNC110 - the queue has no event
        await asyncio.sleep(0.005)
    second = asyncio.create_task(api.raw("getUpdates", timeout=1))
    assert (await first)["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance "
        "is running"
    )
    assert (await second)["result"] == []


async def test_updates_are_posted_to_a_webhook(api: Api, people: Control, reader: int) -> None:
    got: asyncio.Queue[tuple[str | None, dict[str, Any]]] = asyncio.Queue()

    async def hook(request: web.Request) -> web.Response:
        update = await request.json()
        got.put_nowait((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), update))
        return web.json_response({"method": "sendMessage", "chat_id": reader, "text": "эхо"})

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        await api.call("setWebhook", url=url, secret_token="s-1")
        sent = await people.send_text(reader, "привет")
        secret, update = await asyncio.wait_for(got.get(), 5)
        assert (secret, update["message"]["text"]) == ("s-1", "привет")
        # The reply to the webhook may itself be a method.
        assert (await people.wait_message(reader, after=sent["id"]))["text"] == "эхо"
        assert (await api.error("getUpdates")).startswith("Conflict: can't use getUpdates")
        assert (await api.call("getWebhookInfo"))["pending_update_count"] == 0
        await api.call("deleteWebhook")
        assert await api.call("getUpdates") == []
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"text": ""}, "Bad Request: message text is empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "Bad Request: message text is empty"),
        ({"text": "x" * 4097}, "Bad Request: message is too long"),
        ({"text": "<i>", "parse_mode": "html"}, "Bad Request: can't parse entities: "),
        ({"text": "a", "reply_markup": "{"}, "Bad Request: can't parse reply keyboard markup JSON"),
        (
            {"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}},
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed",
        ),
        (
            {
                "text": "a",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "ы" * 33}]]},
            },
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            {
                "text": "a",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "url": "http://nodot"}]]},
            },
            "Bad Request: BUTTON_URL_INVALID",
        ),
        (
            {
                "text": "a",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}] * 9]},
            },
            "Bad Request: REPLY_MARKUP_TOO_LONG",
        ),
        (
            {
                "text": "a",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]] * 101},
            },
            "Bad Request: REPLY_MARKUP_TOO_LONG",
        ),
    ],
)
async def test_what_telegram_refuses_is_a_violation(
    api: Api, people: Control, reader: int, params: dict[str, Any], error: str
) -> None:
    assert (await api.error("sendMessage", chat_id=reader, **params)).startswith(error)
    (violation,) = await people.violations()
    assert violation["method"] == "sendmessage"
    assert violation["chat_id"] == reader
    assert violation["text"].startswith(error)
    assert await people.messages(reader) == []


async def test_chats_that_do_not_want_the_bot(api: Api, people: Control) -> None:
    stranger = await people.create_user()
    blocker = await people.create_user(started=True)
    gone = await people.create_user(started=True)
    await people.block(blocker)
    await people.deactivate(gone)
    group = await people.create_chat("group", "Чат", members=[stranger], bot=None)
    kicked = await people.create_chat("supergroup", "Чат", members=[stranger])
    await people.set_bot(kicked, "kicked")
    channel = await people.create_chat("channel", "Канал", members=[stranger])
    expected = {
        5: "Bad Request: chat not found",
        stranger: "Forbidden: bot can't initiate conversation with a user",
        blocker: "Forbidden: bot was blocked by the user",
        gone: "Forbidden: user is deactivated",
        group: "Forbidden: bot is not a member of the group chat",
        kicked: "Forbidden: bot was kicked from the supergroup chat",
        channel: "Bad Request: need administrator rights in the channel chat",
    }
    for chat, error in expected.items():
        assert await api.error("sendMessage", chat_id=chat, text="a") == error
    assert await people.violations() == []


async def test_an_upgraded_group_names_its_heir(api: Api, people: Control) -> None:
    person = await people.create_user()
    group = await people.create_chat("group", "Чат", members=[person])
    heir = await people.migrate(group)
    answer = await api.raw("sendMessage", chat_id=group, text="a")
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": heir}
    await api.call("sendMessage", chat_id=heir, text="a")
    updates = await api.call("getUpdates")
    assert [u["message"].get("migrate_to_chat_id") for u in updates[-2:]] == [heir, None]
    assert updates[-1]["message"]["migrate_from_chat_id"] == group


async def test_threads(api: Api, people: Control) -> None:
    person = await people.create_user()
    forum = await people.create_chat("supergroup", "Форум", members=[person], forum=True)
    topic = await people.create_topic(forum, "Новости")
    sent = await api.call("sendMessage", chat_id=forum, text="a", message_thread_id=topic)
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (topic, True)
    asked = await people.send_text(forum, "/latest", thread=topic)
    assert asked["message_thread_id"] == topic
    await people.close_topic(forum, topic)
    error = await api.error("sendMessage", chat_id=forum, text="a", message_thread_id=topic)
    assert error == "Bad Request: TOPIC_CLOSED"
    await people.delete_topic(forum, topic)
    for thread in (topic, 1):
        error = await api.error("sendMessage", chat_id=forum, text="a", message_thread_id=thread)
        assert error == "Bad Request: message thread not found"


async def test_replies(api: Api, people: Control, reader: int) -> None:
    asked = await people.send_text(reader, "вопрос")
    reply = {"message_id": asked["id"]}
    sent = await api.call("sendMessage", chat_id=reader, text="ответ", reply_parameters=reply)
    assert sent["reply_to_message"]["text"] == "вопрос"
    lost = {"message_id": 999}
    error = await api.error("sendMessage", chat_id=reader, text="a", reply_parameters=lost)
    assert error == "Bad Request: message to be replied not found"
    lost["allow_sending_without_reply"] = True
    sent = await api.call("sendMessage", chat_id=reader, text="a", reply_parameters=lost)
    assert "reply_to_message" not in sent


async def test_editing(api: Api, people: Control, reader: int) -> None:
    sent = await api.call("sendMessage", chat_id=reader, text="a", reply_markup=_INLINE)
    place = {"chat_id": reader, "message_id": sent["message_id"]}
    same = await api.error("editMessageText", **place, text=" a ", reply_markup=_INLINE)
    assert same.startswith("Bad Request: message is not modified: specified new message content")
    edited = await api.call("editMessageText", **place, text="<b>b</b>", parse_mode="HTML")
    assert edited["text"] == "b"
    assert edited["edit_date"]
    assert "reply_markup" not in edited
    rich = {"blocks": [{"type": "paragraph", "text": "весь текст"}]}
    flipped = await api.call("editMessageText", **place, rich_message=rich, reply_markup=_INLINE)
    assert flipped["rich_message"] == rich
    assert "text" not in flipped
    await api.call("editMessageReplyMarkup", **place)
    (shown,) = await people.messages(reader)
    assert (shown["text"], shown["edits"], shown["edited"]) == ("весь текст", 3, True)
    assert "keyboard" not in shown
    asked = await people.send_text(reader, "моё")
    error = await api.error("editMessageText", chat_id=reader, message_id=asked["id"], text="b")
    assert error == "Bad Request: message can't be edited"
    error = await api.error("editMessageText", chat_id=reader, message_id=999, text="b")
    assert error == "Bad Request: message to edit not found"
    assert await people.violations() == []


async def test_deleting(api: Api, people: Control, reader: int) -> None:
    ids = [
        (await api.call("sendMessage", chat_id=reader, text=str(n)))["message_id"] for n in range(3)
    ]
    await people.age_message(reader, ids[1], 49 * 3600)
    assert await api.call("deleteMessage", chat_id=reader, message_id=ids[0]) is True
    error = await api.error("deleteMessage", chat_id=reader, message_id=ids[0])
    assert error == "Bad Request: message to delete not found"
    error = await api.error("deleteMessage", chat_id=reader, message_id=ids[1])
    assert error == "Bad Request: message can't be deleted"
    await api.call("deleteMessages", chat_id=reader, message_ids=ids)
    assert [shown["id"] for shown in await people.messages(reader)] == [ids[1]]


async def test_too_many_messages_are_refused_for_a_while(
    api: Api, people: Control, reader: int
) -> None:
    for _ in range(3):
        await api.call("sendMessage", chat_id=reader, text="a")
    answer = await api.raw("sendMessage", chat_id=reader, text="a")
    assert answer["error_code"] == 429
    assert answer["description"] == "Too Many Requests: retry after 1"
    assert answer["parameters"] == {"retry_after": 1}
    assert len(await people.violations()) == 1
    await people.set_limits(enabled=False)
    await api.call("sendMessage", chat_id=reader, text="a")


async def test_pictures_by_upload_id_and_address(
    sandbox: Sandbox, api: Api, people: Control, reader: int
) -> None:
    async def serve(request: web.Request) -> web.Response:
        if request.path == "/a.png":
            return web.Response(body=png(3, 2), content_type="image/png")
        return web.Response(text="<p>no picture</p>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{name}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    await people.set_limits(enabled=False)
    try:
        form = aiohttp.FormData({"chat_id": str(reader), "photo": "attach://p", "caption": "к"})
        form.add_field("p", png(40, 30), filename="a.png", content_type="image/png")
        url = f"{sandbox.url}/bot{TOKEN}/sendPhoto"
        async with api.session.post(url, data=form) as response:
            sent = (await response.json())["result"]
        size = sent["photo"][-1]
        assert (size["width"], size["height"], sent["caption"]) == (40, 30, "к")
        again = await api.call("sendPhoto", chat_id=reader, photo=size["file_id"])
        assert again["photo"] == sent["photo"]
        by_url = await api.call("sendPhoto", chat_id=reader, photo=origin + "/a.png")
        assert by_url["photo"][-1]["width"] == 3
        errors = [
            await api.error("sendPhoto", chat_id=reader, photo=photo)
            for photo in (origin + "/page", "https://example.org/a.png", "nonsense")
        ]
        assert [error.partition(": ")[2] for error in errors] == [
            "wrong type of the web page content",
            "failed to get HTTP URL content",
            "wrong remote file identifier specified: Wrong string length",
        ]
        path = (await api.call("getFile", file_id=size["file_id"]))["file_path"]
        async with api.session.get(f"{sandbox.url}/file/bot{TOKEN}/{path}") as response:
            assert await response.read() == png(40, 30)
        error = await api.error(
            "sendPhoto", chat_id=reader, photo=size["file_id"], caption="x" * 1025
        )
        assert error == "Bad Request: message caption is too long"
    finally:
        await runner.cleanup()


async def test_commands_by_scope_and_language(api: Api, people: Control, reader: int) -> None:
    russian = [{"command": "latest", "description": "Свежие новости"}]
    english = [{"command": "latest", "description": "Latest news"}]
    await api.call("setMyCommands", commands=english)
    await api.call(
        "setMyCommands",
        commands=russian,
        language_code="ru",
        scope={"type": "all_private_chats"},
    )
    foreigner = await people.create_user(language_code="de")
    assert await people.commands(reader) == russian
    assert await people.commands(foreigner) == english
    assert await api.call("getMyCommands") == english
    await api.call("deleteMyCommands")
    assert await people.commands(foreigner) == []
    bad = [{"command": "Не то", "description": "x"}]
    assert await api.error("setMyCommands", commands=bad) == "Bad Request: BOT_COMMAND_INVALID"


async def test_callback_answers(api: Api, people: Control, reader: int) -> None:
    sent = await api.call("sendMessage", chat_id=reader, text="a", reply_markup=_INLINE)
    press = asyncio.create_task(people.press(reader, sent["message_id"], "Читать"))
    (update,) = await api.call("getUpdates", timeout=5)
    query = update["callback_query"]
    assert (query["data"], query["message"]) == ("full:1", sent)
    error = await api.error("answerCallbackQuery", callback_query_id=query["id"], text="x" * 201)
    assert error == "Bad Request: MESSAGE_TOO_LONG"
    await api.call("answerCallbackQuery", callback_query_id=query["id"], text="Открываю")
    assert (await press)["answer"]["text"] == "Открываю"
    error = await api.error("answerCallbackQuery", callback_query_id=query["id"])
    assert error == (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )


async def test_inline_results(api: Api, people: Control, reader: int) -> None:
    article = {
        "type": "article",
        "id": "1",
        "title": "Заголовок",
        "input_message_content": {"message_text": "<b>т</b>", "parse_mode": "HTML"},
    }
    asking = asyncio.create_task(people.inline(reader, "лунa"))
    (update,) = await api.call("getUpdates", timeout=5)
    query_id = update["inline_query"]["id"]
    many = [article | {"id": str(n)} for n in range(51)]
    error = await api.error("answerInlineQuery", inline_query_id=query_id, results=many)
    assert error == "Bad Request: RESULTS_TOO_MUCH"
    broken = article | {"input_message_content": {"message_text": "<b>", "parse_mode": "HTML"}}
    error = await api.error("answerInlineQuery", inline_query_id=query_id, results=[broken])
    assert error.startswith("Bad Request: can't parse entities")
    await api.call("answerInlineQuery", inline_query_id=query_id, results=[article])
    answer = (await asking)["answer"]
    assert [result["title"] for result in answer["results"]] == ["Заголовок"]
    chosen = await people.choose_inline(reader, query_id, "1")
    assert (chosen["html"], chosen["via_bot"]["is_bot"]) == ("<b>т</b>", True)


async def test_chat_information(api: Api, people: Control) -> None:
    creator, admin, other = [await people.create_user() for _ in range(3)]
    group = await people.create_chat(
        "supergroup", "Чат", members=[creator, admin, other], username="chat_name"
    )
    await people.set_member(group, admin, "administrator")
    chat = await api.call("getChat", chat_id="@chat_name")
    assert (chat["id"], chat["title"]) == (group, "Чат")
    status = {
        user: (await api.call("getChatMember", chat_id=group, user_id=user))["status"]
        for user in (creator, admin, other)
    }
    assert list(status.values()) == ["creator", "administrator", "member"]
    admins = await api.call("getChatAdministrators", chat_id=group)
    assert [member["user"]["id"] for member in admins] == [creator, admin]
    await api.call("leaveChat", chat_id=group)
    assert (await people.chat(group))["bot_status"] == "left"


async def test_copying_and_forwarding(api: Api, people: Control, reader: int) -> None:
    sent = await api.call("sendMessage", chat_id=reader, text="<i>a</i>", parse_mode="HTML")
    source = {"from_chat_id": reader, "message_id": sent["message_id"]}
    copied = await api.call("copyMessage", chat_id=reader, **source)
    forwarded = await api.call("forwardMessage", chat_id=reader, **source)
    assert forwarded["forward_origin"]["type"] == "user"
    shown = await people.messages(reader, after=sent["message_id"])
    assert [(message["id"], message["html"]) for message in shown] == [
        (copied["message_id"], "<i>a</i>"),
        (forwarded["message_id"], "<i>a</i>"),
    ]
