"""The command menu of Telegram's clients, in every language of the interface.

Names and descriptions come from `bot.messages`; here they are registered by scope and language. A
client whose language has no menu shows the fallback's. Limits (Bot API, BotCommand, setMyCommands):
100 commands a scope, names of 1–32 of `a-z0-9_`, descriptions of 1–256 characters.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)

Menu = Sequence[tuple[str, str]]
"""(command without the slash, what it does), in the order shown."""


async def register_menus(
    bot: Bot,
    menus: Mapping[str, Menu],
    *,
    fallback: str,
    in_groups: Collection[str],
    whispered: Collection[str] = (),
) -> None:
    """Register each language's menu; groups see only the commands `in_groups`.

    Their admins see those `whispered` too, which nobody else in the group reads (Bot API 10.2,
    BotCommand.is_ephemeral). `menus` is by ISO 639-1 code, `fallback` one of its codes. Raises the
    framework's errors.
    """
    for language in (None, *menus):  # None: whoever speaks none of the languages
        commands = [
            BotCommand(command=name, description=description)
            for name, description in menus[language or fallback]
        ]
        await bot.set_my_commands(commands, scope=BotCommandScopeDefault(), language_code=language)
        await bot.set_my_commands(
            [command for command in commands if command.command in in_groups],
            scope=BotCommandScopeAllGroupChats(),
            language_code=language,
        )
        await bot.set_my_commands(
            [
                BotCommand(
                    command=command.command,
                    description=command.description,
                    is_ephemeral=command.command in whispered or None,
                )
                for command in commands
                if command.command in in_groups or command.command in whispered
            ],
            scope=BotCommandScopeAllChatAdministrators(),
            language_code=language,
        )


async def register_menu_of(
    bot: Bot, chats: Iterable[int], menus: Mapping[str, Menu], *, fallback: str
) -> None:
    """Register a menu for single chats, the admins' own; a chat that never wrote has none yet.

    Arguments and errors are those of `register_menus`.
    """
    for chat_id in chats:
        for language in (None, *menus):
            commands = [
                BotCommand(command=name, description=description)
                for name, description in menus[language or fallback]
            ]
            try:
                await bot.set_my_commands(
                    commands, scope=BotCommandScopeChat(chat_id=chat_id), language_code=language
                )
            except TelegramBadRequest:  # no such chat, as yet
                break
