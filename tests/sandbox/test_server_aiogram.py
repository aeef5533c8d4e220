"""An unmodified aiogram client cannot tell the sandbox from Telegram."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiogram import Bot, types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
    TelegramServerError,
)

from .conftest import TOKEN
from .test_server import png

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox import Sandbox
    from bot.sandbox.client import Control


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.url))
    async with Bot(TOKEN, session=session) as bot:
        yield bot


@pytest.fixture
async def reader(people: Control) -> int:
    return await people.create_user(first_name="Анна", started=True)


_KEYBOARD = types.InlineKeyboardMarkup(
    inline_keyboard=[[types.InlineKeyboardButton(text="Читать", callback_data="full:1")]]
)


async def test_messages_round_trip(bot: Bot, people: Control, reader: int) -> None:
    me = await bot.me()
    assert me.username == "newsboy_bot"
    sent = await bot.send_message(
        reader,
        '<b>Жирный</b> <tg-time unix="1647531900" format="t">22:45</tg-time> /full_1',
        parse_mode="HTML",
        reply_markup=_KEYBOARD,
        link_preview_options=types.LinkPreviewOptions(url="https://a.ru/", prefer_small_media=True),
    )
    assert [entity.type for entity in sent.entities or []] == ["bold", "date_time", "bot_command"]
    assert sent.link_preview_options is not None
    assert sent.link_preview_options.prefer_small_media
    assert sent.reply_markup is not None
    assert sent.reply_markup.model_dump() == _KEYBOARD.model_dump()
    edited = await bot.edit_message_text("новый", chat_id=reader, message_id=sent.message_id)
    assert isinstance(edited, types.Message)
    assert edited.edit_date is not None
    assert await bot.delete_message(reader, sent.message_id)
    assert await people.messages(reader) == []


async def test_rich_messages_round_trip(bot: Bot, reader: int) -> None:
    photo = types.BufferedInputFile(png(30, 20), "a.png")
    rich = types.InputRichMessage(
        blocks=[
            types.InputRichBlockSectionHeading(text="Заголовок", size=1),
            types.InputRichBlockPhoto(
                photo=types.InputMediaPhoto(media=photo),
                caption=types.RichBlockCaption(text="Подпись", credit="Фото"),
            ),
            types.InputRichBlockParagraph(
                text=[
                    "Текст ",
                    types.RichTextBold(text="жирный"),
                    types.RichTextDateTime(
                        text="22:45", unix_time=1647531900, date_time_format="t"
                    ),
                    types.RichTextUrl(text="ссылка", url="https://a.ru/"),
                ]
            ),
            types.InputRichBlockBlockQuotation(
                blocks=[types.InputRichBlockParagraph(text="Цитата")], credit="Автор"
            ),
            types.InputRichBlockList(
                items=[
                    types.InputRichBlockListItem(blocks=[types.InputRichBlockParagraph(text="раз")])
                ]
            ),
            types.InputRichBlockTable(
                cells=[[types.RichBlockTableCell(align="left", valign="top", text="клетка")]]
            ),
            types.InputRichBlockButtons(
                buttons=[types.RichMessageButton(text="Да", callback_data="y")]
            ),
            types.InputRichBlockFooter(text="Источник"),
        ],
        skip_entity_detection=True,
    )
    sent = await bot.send_rich_message(reader, rich)
    assert sent.rich_message is not None
    kinds = [block.type for block in sent.rich_message.blocks]
    assert kinds == [
        "heading",
        "photo",
        "paragraph",
        "blockquote",
        "list",
        "table",
        "buttons",
        "footer",
    ]
    picture = sent.rich_message.blocks[1]
    assert isinstance(picture, types.RichBlockPhoto)
    assert picture.photo[0].width == 30
    flipped = await bot.edit_message_text("кратко", chat_id=reader, message_id=sent.message_id)
    assert isinstance(flipped, types.Message)
    assert (flipped.text, flipped.rich_message) == ("кратко", None)


async def test_updates_decode(bot: Bot, people: Control, reader: int) -> None:
    group = await people.create_chat("supergroup", "Чат", members=[reader], forum=True)
    topic = await people.create_topic(group, "Тема")
    await people.set_bot(group, "administrator")
    await people.set_bot(group, "kicked")
    sent = await bot.send_message(reader, "a", reply_markup=_KEYBOARD)
    await people.press(reader, sent.message_id, "Читать", timeout=0.01)
    await people.make_inaccessible(reader, sent.message_id)
    await people.press(reader, sent.message_id, "Читать", timeout=0.01)
    await people.block(reader)
    updates = await bot.get_updates()
    assert topic
    assert [update.event_type for update in updates] == [
        "my_chat_member",
        "message",
        "message",
        "my_chat_member",
        "my_chat_member",
        "callback_query",
        "callback_query",
        "my_chat_member",
    ]
    query = updates[-2].callback_query
    assert query is not None
    assert isinstance(query.message, types.InaccessibleMessage)


async def test_photo_upload(bot: Bot, reader: int) -> None:
    sent = await bot.send_photo(reader, types.BufferedInputFile(png(9, 9), "a.png"), caption="к")
    assert sent.photo is not None
    again = await bot.send_photo(reader, sent.photo[-1].file_id)
    assert again.photo == sent.photo
    file = await bot.get_file(sent.photo[-1].file_id)
    assert file.file_path is not None
    content = await bot.download_file(file.file_path)
    assert content is not None
    assert content.read() == png(9, 9)


async def test_errors_have_aiograms_types(bot: Bot, people: Control, reader: int) -> None:
    for _ in range(3):
        await bot.send_message(reader, "a")
    with pytest.raises(TelegramRetryAfter) as flood:
        await bot.send_message(reader, "a")
    assert flood.value.retry_after == 1
    await people.set_limits(enabled=False)
    with pytest.raises(TelegramBadRequest, match="can't parse entities"):
        await bot.send_message(reader, "<b>", parse_mode="HTML")
    await people.add_fault("5xx", code=502, description="Bad Gateway")
    with pytest.raises(TelegramServerError):
        await bot.send_message(reader, "a")
    await people.add_fault("html_502")
    with pytest.raises(ClientDecodeError):
        await bot.send_message(reader, "a")
    group = await people.create_chat("group", "Чат", members=[reader])
    heir = await people.migrate(group)
    with pytest.raises(TelegramMigrateToChat) as moved:
        await bot.send_message(group, "a")
    assert moved.value.migrate_to_chat_id == heir
    await people.block(reader)
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(reader, "a")
    first = asyncio.create_task(bot.get_updates(offset=-1, timeout=5))
    await first
    second = asyncio.create_task(
        bot.get_updates(offset=(await bot.get_updates())[-1].update_id + 1, timeout=5)
    )
    await asyncio.sleep(0.05)
    await bot.get_updates(timeout=0)
    with pytest.raises(TelegramConflictError):
        await second


async def test_full_objects_decode(bot: Bot, people: Control, reader: int) -> None:
    group = await people.create_chat("supergroup", "Чат", members=[reader], bot="administrator")
    assert (await bot.get_chat(group)).title == "Чат"
    member = await bot.get_chat_member(group, (await bot.me()).id)
    assert isinstance(member, types.ChatMemberAdministrator)
    assert len(await bot.get_chat_administrators(group)) == 2
    assert (await bot.get_webhook_info()).url == ""
    commands = [types.BotCommand(command="latest", description="Свежие новости")]
    await bot.set_my_commands(commands, scope=types.BotCommandScopeChat(chat_id=group))
    got = await bot.get_my_commands(scope=types.BotCommandScopeChat(chat_id=group))
    assert [command.description for command in got] == ["Свежие новости"]
    assert await bot.send_chat_action(group, "typing")
