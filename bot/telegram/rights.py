"""Who may do what in a chat, as Telegram says at that moment (Bot API: getChatMember)."""

import logging

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import ChatMemberAdministrator, ChatMemberOwner

from bot.telegram.faults import classify

log = logging.getLogger(__name__)


async def may_post(bot: Bot, chat_id: int, person_id: int) -> bool | None:
    """Whether a person may post in a channel; None where Telegram does not say."""
    try:
        member = await bot.get_chat_member(chat_id, person_id)
    except AiogramError as error:
        log.debug("rights in chat %d are unknown: %s", chat_id, classify(error).text)
        return None
    if isinstance(member, ChatMemberAdministrator):
        return bool(member.can_post_messages)
    return isinstance(member, ChatMemberOwner)
