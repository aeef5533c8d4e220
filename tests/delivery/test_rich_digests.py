"""Digests as rich messages: sent as such by schedule, and as text where Telegram refuses them."""

import json

import pytest

from storage import Delivery, Layout, PictureBlock, SlotPlan, SubscriberState
from tests.delivery.conftest import NOW, Newsroom, Start
from tests.telegram.conftest import Answer, Request, Server, error, message, ok

PICTURE = "https://vestnik.example/picture.jpg"


async def owed(newsroom: Newsroom) -> int:
    """One reader who sees rich messages, and whose digest is due; returns the reader's id."""
    reader = await newsroom.reader(slots=(SlotPlan(720, 127, False),), slot_dues=(NOW,))
    await newsroom.storage.subscribers.change(reader.id, layout=Layout.RICH, rich_confirmed=True)
    await newsroom.article("Главное", push=False, image=PictureBlock(PICTURE))
    return reader.id


async def sent(start: Start) -> Delivery:
    async with start() as desk:
        await desk.settle()
        line: Delivery | None = await desk.storage.outbox.delivery(1)
    assert line is not None
    assert line.state.value == "sent"
    return line


async def test_a_digest_is_rich_for_who_confirmed_it(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await owed(newsroom)
    line = await sent(start)
    (request,) = server.requests
    assert request.method == "sendRichMessage"
    blocks = request.fields["rich_message"]["blocks"]
    assert blocks[0] == {"type": "heading", "text": "Главное", "size": 1}
    assert {"type": "photo", "photo": {"type": "photo", "media": PICTURE}} in blocks
    assert line.layout is Layout.RICH


async def test_chosen_and_not_confirmed_is_classic(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader_id = await owed(newsroom)
    await newsroom.storage.subscribers.change(reader_id, rich_confirmed=False)
    line = await sent(start)
    assert [one.method for one in server.requests] == ["sendMessage"]
    assert line.layout is Layout.CLASSIC


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        (400, "Bad Request: can't parse rich message: unsupported block"),
        (400, "Bad Request: not enough rights to send photos to the chat"),
        (404, "Not Found: method not found"),
    ],
)
async def test_what_telegram_refuses_goes_in_classic_layout(
    newsroom: Newsroom, start: Start, server: Server, code: int, refusal: str
) -> None:
    reader_id = await owed(newsroom)
    server.script("sendRichMessage", error(code, refusal))
    line = await sent(start)
    rich, classic = server.requests
    assert (rich.method, classic.method) == ("sendRichMessage", "sendMessage")
    assert classic.fields["text"].startswith("<b>Главное</b>")
    assert classic.fields["link_preview_options"]["url"] == PICTURE
    assert line.layout is Layout.CLASSIC
    reader = await newsroom.storage.subscribers.get(reader_id)
    assert reader.state is SubscriberState.ACTIVE


async def test_a_picture_that_cannot_be_fetched_is_left_out_from_then_on(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await owed(newsroom)
    server.script("sendRichMessage", error(400, "Bad Request: failed to get HTTP URL content"))
    line = await sent(start)
    refused, taken = server.requests
    assert PICTURE in json.dumps(refused.fields)
    assert taken.method == "sendRichMessage", "the layout was not at fault"
    blocks = taken.fields["rich_message"]["blocks"]
    assert blocks[0] == {"type": "heading", "text": "Главное", "size": 1}
    assert PICTURE not in json.dumps(taken.fields)
    assert line.layout is Layout.RICH
    known = await newsroom.storage.pictures.known(PICTURE)
    assert known is not None
    assert known.bad


async def test_refused_without_its_picture_too_it_goes_in_classic_layout(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await owed(newsroom)
    server.script(
        "sendRichMessage",
        error(400, "Bad Request: failed to get HTTP URL content"),
        error(400, "Bad Request: failed to get HTTP URL content"),
    )
    line = await sent(start)
    assert [one.method for one in server.requests] == [*["sendRichMessage"] * 2, "sendMessage"]
    assert server.requests[-1].fields["link_preview_options"] == {"is_disabled": True}
    assert line.layout is Layout.CLASSIC


async def test_where_markup_is_refused_too_the_plain_text_goes(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await owed(newsroom)

    def refuse(request: Request) -> Answer:
        marked = request.method == "sendRichMessage" or "parse_mode" in request.fields
        return error(400, "Bad Request: can't parse entities") if marked else ok(message())

    server.default = refuse
    line = await sent(start)
    assert len(server.requests) == 3
    assert "<b>" not in json.dumps(server.requests[-1].fields)
    assert line.layout is Layout.CLASSIC
