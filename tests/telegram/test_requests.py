"""Payloads as the Bot API's fields, by way of the framework and as ready JSON."""

import json
from dataclasses import replace
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.exceptions import ClientDecodeError, TelegramForbiddenError
from aiogram.methods import TelegramMethod

from bot.messages.payloads import Button, Payload
from bot.telegram.bulk import BulkClient, SentMessage
from bot.telegram.faults import FaultKind, classify
from bot.telegram.requests import (
    addressed,
    document,
    edit,
    ready,
    ready_photo,
    remark,
    send,
    upload,
)
from bot.telegram.session import LeanSession
from tests.telegram.conftest import TOKEN, Answer, Server, error, message, ok

PLAIN = Payload("<b>Заголовок</b>", "Заголовок")
BUTTONS = replace(
    PLAIN,
    keyboard=((Button("Читать", data="f:1"), Button("Сайт", url="https://a.example/")),),
    preview="https://a.example/1",
)
RICH = replace(
    BUTTONS,
    rich={
        "blocks": [
            {"type": "heading", "text": "Заголовок", "size": 2},
            {"type": "paragraph", "text": ["а ", {"type": "bold", "text": "б"}]},
        ],
        "skip_entity_detection": True,
    },
)
MARKUP = {
    "inline_keyboard": [
        [
            {"text": "Читать", "callback_data": "f:1"},
            {"text": "Сайт", "url": "https://a.example/"},
        ]
    ]
}


async def sent(server: Server, bot: Bot, method: TelegramMethod[Any]) -> dict[str, Any]:
    await bot(method)
    return server.requests[-1].fields


async def test_a_text(server: Server, bot: Bot) -> None:
    assert await sent(server, bot, send(PLAIN, 5)) == {
        "chat_id": 5,
        "text": "<b>Заголовок</b>",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


async def test_buttons_alone(server: Server, bot: Bot) -> None:
    fields = await sent(server, bot, remark(BUTTONS.keyboard, 5, 9))
    assert fields == {"chat_id": 5, "message_id": 9, "reply_markup": MARKUP}
    assert await sent(server, bot, remark((), 5, 9)) == {"chat_id": 5, "message_id": 9}


def test_a_file_as_a_reply() -> None:
    request = document("s.json", b"{}", 5, caption="Отложенное", thread_id=3, reply_to=9)
    assert request.caption == "Отложенное"
    assert request.parse_mode is None
    assert request.message_thread_id == 3
    assert request.reply_parameters is not None
    assert request.reply_parameters.allow_sending_without_reply


async def test_all_that_a_text_can_have(server: Server, bot: Bot) -> None:
    payload = replace(BUTTONS, silent=True, preview_large=True)
    assert await sent(server, bot, send(payload, -5, thread_id=3, reply_to=9)) == {
        "chat_id": -5,
        "text": "<b>Заголовок</b>",
        "parse_mode": "HTML",
        "link_preview_options": {"url": "https://a.example/1", "prefer_large_media": True},
        "reply_markup": MARKUP,
        "disable_notification": True,
        "message_thread_id": 3,
        "reply_parameters": {"message_id": 9, "allow_sending_without_reply": True},
    }


async def test_a_small_preview(server: Server, bot: Bot) -> None:
    fields = await sent(server, bot, send(BUTTONS, 5))
    assert fields["link_preview_options"] == {
        "url": "https://a.example/1",
        "prefer_small_media": True,
    }


async def test_plain_text_is_parsed_by_nobody(server: Server, session: LeanSession) -> None:
    bot = Bot(TOKEN, session=session, default=DefaultBotProperties(parse_mode="HTML"))
    fields = await sent(server, bot, send(RICH, 5, plain=True))
    assert fields["text"] == "Заголовок"
    assert "parse_mode" not in fields
    assert server.requests[-1].method == "sendMessage"


async def test_a_rich_message(server: Server, bot: Bot) -> None:
    fields = await sent(server, bot, send(RICH, 5))
    assert server.requests[-1].method == "sendRichMessage"
    assert fields == {"chat_id": 5, "rich_message": RICH.rich, "reply_markup": MARKUP}


async def test_edits(server: Server, bot: Bot) -> None:
    fields = await sent(server, bot, edit(PLAIN, 5, 11))
    assert server.requests[-1].method == "editMessageText"
    assert fields == {
        "chat_id": 5,
        "message_id": 11,
        "text": "<b>Заголовок</b>",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    fields = await sent(server, bot, edit(RICH, 5, 11))
    assert fields == {
        "chat_id": 5,
        "message_id": 11,
        "rich_message": RICH.rich,
        "reply_markup": MARKUP,
    }


@pytest.mark.parametrize("payload", [PLAIN, BUTTONS, RICH, replace(BUTTONS, silent=True)])
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("thread", [0, 3])
async def test_ready_json_says_what_the_framework_says(
    server: Server, bot: Bot, payload: Payload, plain: bool, thread: int
) -> None:
    fields = await sent(server, bot, send(payload, 5, thread_id=thread, plain=plain))
    assert json.loads(addressed(ready(payload, plain=plain), 5, thread)) == fields


def test_a_reader_may_want_silence_where_the_payload_does_not() -> None:
    assert json.loads(addressed(ready(PLAIN), 5, silent=True))["disable_notification"] is True


class TestBulkClient:
    @pytest.fixture
    def bulk(self, bot: Bot, session: LeanSession) -> BulkClient:
        return BulkClient(bot, session)

    async def test_one_rendering_for_many_chats(self, server: Server, bulk: BulkClient) -> None:
        server.script("sendMessage", ok(message(1)), ok(message(2)))
        once = ready(BUTTONS)
        assert await bulk.send(once, 5) == SentMessage(1)
        assert await bulk.send(once, -100, 4, silent=True) == SentMessage(2)
        first, second = (request.fields for request in server.requests)
        assert (first["chat_id"], second["chat_id"]) == (5, -100)
        assert second["message_thread_id"] == 4
        assert second["disable_notification"] is True
        assert first["reply_markup"] == second["reply_markup"] == MARKUP
        assert server.requests[0].content_type == "application/json"

    async def test_rich(self, server: Server, bulk: BulkClient) -> None:
        await bulk.send(ready(RICH), 5)
        assert server.requests[0].method == "sendRichMessage"
        assert server.requests[0].fields["rich_message"] == RICH.rich

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (error(403, "Forbidden: bot was blocked by the user"), FaultKind.BLOCKED),
            (error(429, "Too Many Requests", retry_after=7), FaultKind.FLOOD),
            (error(400, "Bad Request: migrated", migrate_to_chat_id=-1009), FaultKind.MIGRATED),
            (error(500, "Internal Server Error"), FaultKind.RETRY),
            (Answer(502, "<html></html>"), FaultKind.RETRY),
            (Answer(200, ""), FaultKind.RETRY),
            (Answer(200, '"ok"'), FaultKind.RETRY),
            (ok({}), FaultKind.AMBIGUOUS),
            (ok(True), FaultKind.AMBIGUOUS),
            (Answer(drop=True), FaultKind.AMBIGUOUS),
        ],
    )
    async def test_errors(
        self, server: Server, bulk: BulkClient, answer: Answer, kind: FaultKind
    ) -> None:
        server.script("sendMessage", answer)
        with pytest.raises(Exception) as caught:  # noqa: PT011  # its meaning is what counts
            await bulk.send(ready(PLAIN), 5)
        assert classify(caught.value).kind is kind

    async def test_an_error_names_its_chat(self, server: Server, bulk: BulkClient) -> None:
        server.script("sendMessage", error(403, "Forbidden: bot was blocked by the user"))
        with pytest.raises(TelegramForbiddenError) as caught:
            await bulk.send(ready(PLAIN), 5)
        assert getattr(caught.value.method, "chat_id", None) == 5

    async def test_an_unreadable_message_was_sent(self, server: Server, bulk: BulkClient) -> None:
        server.script("sendMessage", ok({"message_id": None}))
        with pytest.raises(ClientDecodeError):
            await bulk.send(ready(PLAIN), 5)


def photo() -> Payload:
    button = Button("Читать", "r:1")
    return Payload("<b>Мост</b>", "Мост", keyboard=((button,),), photo="https://a.example/a.jpg")


async def test_a_photo_goes_up_once_and_then_by_its_id(
    server: Server, bot: Bot, session: LeanSession
) -> None:
    sizes = [
        {"file_id": name, "file_unique_id": name, "width": width, "height": width}
        for name, width in (("small", 90), ("large", 1200))
    ]
    server.script("sendPhoto", ok({**message(8), "photo": sizes}), ok(message(9)))
    bulk = BulkClient(bot, session)
    sent = await bulk.upload(upload(photo(), b"the file", 5, 3, silent=True))
    assert sent == SentMessage(8, "large")
    assert await bulk.send(ready_photo(photo(), "large"), 6, silent=True) == SentMessage(9)
    first, second = server.of("sendPhoto")
    assert list(first.files.values()) == [b"the file"]
    assert first.fields["caption"] == second.fields["caption"] == "<b>Мост</b>"
    assert json.loads(first.fields["reply_markup"]) == second.fields["reply_markup"]
    assert first.fields["message_thread_id"] == "3"
    assert second.fields["photo"] == "large"
    assert "message_thread_id" not in second.fields
    assert first.fields["disable_notification"] == "true"
    assert second.fields["disable_notification"] is True


async def test_a_photos_caption_is_changed(server: Server, bot: Bot) -> None:
    await bot(edit(photo(), 5, 9, caption=True))
    await bot(edit(photo(), 5, 9, caption=True, plain=True))
    marked, plain = server.of("editMessageCaption")
    assert marked.fields["caption"] == "<b>Мост</b>"
    assert marked.fields["parse_mode"] == "HTML"
    assert plain.fields["caption"] == "Мост"
    assert "parse_mode" not in plain.fields


@pytest.mark.parametrize("paid", [False, True])
async def test_stars_are_spent_only_where_the_operator_said_so(
    server: Server, bot: Bot, session: LeanSession, paid: bool
) -> None:
    bulk = BulkClient(bot, session, paid=paid)
    await bulk.send(ready(PLAIN), 5)
    await bulk.send(ready(RICH), 5, 3, silent=True)
    await bulk.send(ready_photo(photo(), "large"), 5)
    await bulk.upload(upload(photo(), b"the file", 5))
    await bulk.edit(ready(PLAIN), 5, 7)
    *sends, edited = server.requests
    said = [request.fields.get("allow_paid_broadcast") for request in sends]
    assert said == ([True, True, True, "true"] if paid else [None] * 4)
    assert "allow_paid_broadcast" not in edited.fields  # editMessageText knows no such field
