"""Rendered messages become requests: the Bot API's fields for a payload, a chat added.

Handlers get methods of the framework (`send`, `edit`) and inline results; the bulk lane gets a
`Ready` message, the same fields as JSON bytes without a chat, so that one rendering serves every
chat. Field names and their meaning: Bot API, sendMessage, sendRichMessage (10.1), sendPhoto,
sendDocument, editMessageText, editMessageCaption, editMessageReplyMarkup, the editEphemeral…
methods, EphemeralMessageParameters (10.3), LinkPreviewOptions, InlineQueryResultArticle.
"""

import json
from dataclasses import dataclass
from typing import Any

from aiogram.methods import (
    EditEphemeralMessageReplyMarkup,
    EditEphemeralMessageText,
    EditMessageCaption,
    EditMessageReplyMarkup,
    EditMessageText,
    SendDocument,
    SendMessage,
    SendPhoto,
    SendRichMessage,
)
from aiogram.types import BufferedInputFile, InlineQueryResultArticle

from bot.messages.payloads import Keyboard, Payload


@dataclass(frozen=True, slots=True)
class Ready:
    """A message for any chat: `body` is a JSON object's bytes without the chat's fields."""

    method: type[SendMessage] | type[SendRichMessage] | type[SendPhoto]
    body: bytes
    silent: bool


@dataclass(frozen=True, slots=True)
class Whisper:
    """To whom alone in a group a message is shown, and what lets it be.

    A bot that is no admin may whisper only within 15 seconds of a press (`query_id`), or in reply
    to what was whispered to it (`heard`, an ephemeral message's id).
    """

    person_id: int
    query_id: str | None = None
    heard: int | None = None


def send(
    payload: Payload,
    chat_id: int,
    *,
    thread_id: int = 0,
    reply_to: int | None = None,
    plain: bool = False,
    whisper: Whisper | None = None,
) -> SendMessage | SendRichMessage:
    """The request that posts a payload; `plain` sends the text without markup, never rich.

    A reply whose target is gone is sent all the same. A whisper replies to nothing but what was
    whispered.
    """
    fields: dict[str, Any] = {"chat_id": chat_id, **_content(payload, plain)}
    if payload.silent:
        fields["disable_notification"] = True
    if thread_id:
        fields["message_thread_id"] = thread_id
    if whisper is not None:
        fields |= _whispered(whisper)
    elif reply_to is not None:
        fields["reply_parameters"] = _reply(reply_to)
        if payload.asks and not payload.keyboard:
            fields["reply_markup"] = {"force_reply": True, "selective": True}
    return _method(payload, plain).model_validate(fields)


def edit(
    payload: Payload, chat_id: int, message_id: int, *, plain: bool = False, caption: bool = False
) -> EditMessageText | EditMessageCaption:
    """The request that turns a sent message into the payload; no keyboard removes the old one.

    `caption` says that the message is a photo, whose caption is changed.
    """
    fields: dict[str, Any] = {"chat_id": chat_id, "message_id": message_id}
    if caption:
        return EditMessageCaption.model_validate({**fields, **_caption(payload, plain)})
    return EditMessageText.model_validate({**fields, **_content(payload, plain)})


def edit_whisper(
    payload: Payload, chat_id: int, person_id: int, ephemeral_id: int
) -> EditEphemeralMessageText:
    """The request that turns what one member alone sees into the payload."""
    fields = {
        "chat_id": chat_id,
        "receiver_user_id": person_id,
        "ephemeral_message_id": ephemeral_id,
    }
    return EditEphemeralMessageText.model_validate({**fields, **_content(payload, plain=False)})


def remark_whisper(
    keyboard: Keyboard, chat_id: int, person_id: int, ephemeral_id: int
) -> EditEphemeralMessageReplyMarkup:
    """The request that changes the buttons of what one member alone sees."""
    return EditEphemeralMessageReplyMarkup.model_validate(
        {
            "chat_id": chat_id,
            "receiver_user_id": person_id,
            "ephemeral_message_id": ephemeral_id,
            "reply_markup": _markup(keyboard),
        }
    )


def remark(keyboard: Keyboard, chat_id: int, message_id: int) -> EditMessageReplyMarkup:
    """The request that changes a sent message's buttons; an empty keyboard removes them."""
    return EditMessageReplyMarkup.model_validate(
        {"chat_id": chat_id, "message_id": message_id, "reply_markup": _markup(keyboard)}
    )


def document(
    filename: str,
    content: bytes,
    chat_id: int,
    *,
    caption: str = "",
    thread_id: int = 0,
    reply_to: int | None = None,
    whisper: Whisper | None = None,
) -> SendDocument:
    """The request that posts a file; `caption` is plain text, at most 1,024 UTF-16 units."""
    fields: dict[str, Any] = {
        "chat_id": chat_id,
        "document": BufferedInputFile(content, filename),
        "parse_mode": None,
    }
    if caption:
        fields["caption"] = caption
    if thread_id:
        fields["message_thread_id"] = thread_id
    if whisper is not None:
        fields |= _whispered(whisper)
    elif reply_to is not None:
        fields["reply_parameters"] = _reply(reply_to)
    return SendDocument.model_validate(fields)


def upload(
    payload: Payload, picture: bytes, chat_id: int, thread_id: int = 0, *, silent: bool = False
) -> SendPhoto:
    """The request that posts a photo with its file; Telegram answers with the file's id."""
    fields = _caption(payload, plain=False)
    return SendPhoto(
        chat_id=chat_id,
        message_thread_id=thread_id or None,
        photo=BufferedInputFile(picture, "photo"),
        disable_notification=silent or payload.silent or None,
        **fields,
    )


def ready_photo(payload: Payload, file_id: str) -> Ready:
    """A photo that Telegram has already, as JSON, to be sent to many chats."""
    fields = {key: value for key, value in _caption(payload, plain=False).items() if value}
    body = json.dumps({"photo": file_id, **fields}, ensure_ascii=False).encode()
    return Ready(SendPhoto, body, payload.silent)


def ready(payload: Payload, *, plain: bool = False) -> Ready:
    """The payload as JSON, to be sent to many chats."""
    fields = {key: value for key, value in _content(payload, plain).items() if value is not None}
    body = json.dumps(fields, ensure_ascii=False).encode()
    return Ready(_method(payload, plain), body, payload.silent)


def ready_caption(payload: Payload, *, plain: bool = False) -> Ready:
    """The text below photos that were sent already, as JSON, to be edited (editMessageCaption)."""
    fields = {key: value for key, value in _caption(payload, plain).items() if value}
    return Ready(SendPhoto, json.dumps(fields, ensure_ascii=False).encode(), payload.silent)


def addressed(
    message: Ready, chat_id: int, thread_id: int = 0, *, silent: bool = False, paid: bool = False
) -> bytes:
    """The JSON body of a ready message to one chat (or a thread of it).

    `paid` lets Telegram charge Stars for it, and send it beyond the free limit.
    """
    head = f'{{"chat_id":{chat_id:d},'
    if thread_id:
        head += f'"message_thread_id":{thread_id:d},'
    if silent or message.silent:
        head += '"disable_notification":true,'
    if paid:
        head += '"allow_paid_broadcast":true,'
    return head.encode() + message.body[1:]


def changing(message: Ready, chat_id: int, message_id: int) -> bytes:
    """The JSON body that turns a sent message into the ready one (editMessageText, …Caption)."""
    head = f'{{"chat_id":{chat_id:d},"message_id":{message_id:d},'
    return head.encode() + message.body[1:]


def inline_article(
    result_id: str, title: str, about: str, picture: str, payload: Payload
) -> InlineQueryResultArticle:
    """An article offered in inline mode: how the list shows it, and the message that it sends.

    `result_id` has 1–64 bytes (Bot API, InlineQueryResultArticle).
    """
    content = _content(payload, plain=False)
    return InlineQueryResultArticle.model_validate(
        {
            "id": result_id,
            "title": title,
            "description": about,
            "thumbnail_url": picture or None,
            "input_message_content": {
                "message_text": content["text"],
                "parse_mode": content["parse_mode"],
                "link_preview_options": content["link_preview_options"],
            },
            "reply_markup": content.get("reply_markup"),
        }
    )


def _reply(message_id: int) -> dict[str, Any]:
    return {"message_id": message_id, "allow_sending_without_reply": True}


def _whispered(whisper: Whisper) -> dict[str, Any]:
    """The fields of a message that one member alone sees."""
    alone: dict[str, Any] = {"receiver_user_id": whisper.person_id}
    if whisper.query_id is not None:
        alone["callback_query_id"] = whisper.query_id
    fields: dict[str, Any] = {"ephemeral_message_parameters": alone}
    if whisper.heard is not None:
        fields["reply_parameters"] = {"ephemeral_message_id": whisper.heard}
    return fields


def _markup(keyboard: Keyboard) -> dict[str, Any] | None:
    return {"inline_keyboard": _rows(keyboard)} if keyboard else None


def _method(payload: Payload, plain: bool) -> type[SendMessage] | type[SendRichMessage]:
    return SendMessage if payload.rich is None or plain else SendRichMessage


def _content(payload: Payload, plain: bool) -> dict[str, Any]:
    fields: dict[str, Any]
    if payload.rich is not None and not plain:
        fields = {"rich_message": dict(payload.rich)}
    else:
        fields = {
            "text": payload.plain if plain else payload.text,
            # None, and not left out: the framework would put the bot's default there.
            "parse_mode": None if plain else "HTML",
            "link_preview_options": _preview(payload),
        }
    if payload.keyboard:
        fields["reply_markup"] = {"inline_keyboard": _rows(payload.keyboard)}
    return fields


def _caption(payload: Payload, plain: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "caption": payload.plain if plain else payload.text,
        "parse_mode": None if plain else "HTML",
    }
    if payload.keyboard:
        fields["reply_markup"] = {"inline_keyboard": _rows(payload.keyboard)}
    return fields


def _preview(payload: Payload) -> dict[str, Any]:
    if not payload.preview:
        return {"is_disabled": True}
    size = "prefer_large_media" if payload.preview_large else "prefer_small_media"
    return {"url": payload.preview, size: True}


def _rows(keyboard: Keyboard) -> list[list[dict[str, str]]]:
    return [
        [
            {"text": button.text, "url": button.url}
            if button.url
            else {"text": button.text, "callback_data": button.data}
            for button in row
        ]
        for row in keyboard
    ]
