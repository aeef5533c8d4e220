"""The whole wire against the strict sandbox, in real time: polling, people and bulk together."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.types import Message

from bot.messages.payloads import Payload
from bot.sandbox import Sandbox
from bot.sandbox.client import Control
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.received import Received
from bot.telegram.requests import ready
from bot.telegram.retries import PatientRequests
from bot.telegram.session import LeanSession
from bot.telegram.updates import PollingDispatcher
from tests.telegram.conftest import TOKEN


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(TOKEN)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def test_people_are_answered_during_a_broadcast_and_no_limit_is_broken(
    sandbox: Sandbox, received: Received
) -> None:
    limiter = Limiter(28)
    session = LeanSession(sandbox.url)
    session.middleware(PatientRequests(limiter))
    bot = Bot(TOKEN, session=session)
    bulk = BulkClient(bot, session)
    dispatcher = PollingDispatcher(received=received, disable_fsm=True)
    once = ready(Payload("<b>Открыт мост</b>", "Открыт мост"))

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(f"Ответ: {message.text}")

    async def push(chat: int) -> None:
        await limiter.acquire(chat, Lane.INSTANT)
        await bulk.send(once, chat)

    async with Control(sandbox.url) as people:
        readers = await people.create_users(50)
        polling = asyncio.create_task(dispatcher.receive(bot))
        await people.poison_update()
        broadcast = [asyncio.create_task(push(chat)) for chat in readers]
        asked = asyncio.get_running_loop().time()
        for number in range(3):  # with the push, one more than a chat may have at once
            await people.send_text(readers[-1], f"вопрос {number}")
        await people.send_text(readers[0], "вопрос")
        await people.wait_message(readers[0], contains="Ответ: вопрос")
        assert asyncio.get_running_loop().time() - asked < 1
        await asyncio.gather(*broadcast)
        await people.wait_message(readers[-1], contains="Ответ: вопрос 2")
        await dispatcher.stop_polling()
        await polling
        assert await people.violations() == []
        assert await people.tally("Открыт мост") == dict.fromkeys(readers, 1)
        assert dispatcher.skipped == 1
    await session.close()
