"""People who ask while bulk goes out: replies as a handler makes them, and how long each took."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from random import Random
from typing import Any

from aiogram import Bot

from bot.telegram.limiter import Limiter
from bot.telegram.retries import PatientRequests
from bot.telegram.session import LeanSession


class People:
    """Ask at random moments, `rate` times a second, each from a chat of their own."""

    def __init__(self, bot: Bot, rate: float) -> None:
        self._bot = bot
        self._rate = rate
        self._random = Random(7)  # noqa: S311  # the same moments in every run
        self._chats = count(10_000_000)

    async def ask(self, seconds: float) -> list[float]:
        """Ask for so long; returns how many seconds each reply took."""
        replies: list[asyncio.Task[float]] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            replies.append(asyncio.create_task(self._reply()))
            await asyncio.sleep(self._random.expovariate(self._rate))
        return list(await asyncio.gather(*replies))

    async def _reply(self) -> float:
        began = time.perf_counter()
        await self._bot.send_message(next(self._chats), "Ваши источники: 3", parse_mode="HTML")
        return time.perf_counter() - began


@asynccontextmanager
async def people(telegram: dict[str, Any], limiter: Limiter, rate: float) -> AsyncIterator[People]:
    """People who are answered through a session as the bot's own, within the limiter's budget."""
    session = LeanSession(telegram["url"])
    session.middleware(PatientRequests(limiter))
    yield People(Bot(telegram["token"], session=session), rate)
    await session.close()
