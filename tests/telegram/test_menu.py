"""The menus as Telegram gets them."""

from aiogram import Bot

from bot.telegram.menu import register_menus
from tests.telegram.conftest import Server

MENUS = {
    "ru": [("latest", "Свежие новости"), ("settings", "Время, уведомления, язык")],
    "en": [("latest", "Latest news"), ("settings", "Times, alerts, language")],
}


async def test_every_language_and_scope(server: Server, bot: Bot) -> None:
    await register_menus(bot, MENUS, fallback="en", in_groups={"latest"}, whispered={"settings"})
    seen = {
        (request.fields["scope"]["type"], request.fields.get("language_code")): [
            (command["command"], command["description"]) for command in request.fields["commands"]
        ]
        for request in server.of("setMyCommands")
    }
    assert seen == {
        ("default", None): MENUS["en"],
        ("default", "ru"): MENUS["ru"],
        ("default", "en"): MENUS["en"],
        ("all_group_chats", None): MENUS["en"][:1],
        ("all_group_chats", "ru"): MENUS["ru"][:1],
        ("all_group_chats", "en"): MENUS["en"][:1],
        ("all_chat_administrators", None): MENUS["en"],
        ("all_chat_administrators", "ru"): MENUS["ru"],
        ("all_chat_administrators", "en"): MENUS["en"],
    }


async def test_only_admins_whisper(server: Server, bot: Bot) -> None:
    await register_menus(bot, MENUS, fallback="en", in_groups={"latest"}, whispered={"settings"})
    whispered = {
        (request.fields["scope"]["type"], command["command"])
        for request in server.of("setMyCommands")
        for command in request.fields["commands"]
        if command.get("is_ephemeral")
    }
    assert whispered == {("all_chat_administrators", "settings")}
