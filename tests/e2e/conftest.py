"""A town on loopback: a Telegram, a newspaper and the real `newsboy run` process between them."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.client import Control
from bot.sandbox.newspaper import Newspaper

TOKEN = "42:sandbox-token-of-no-value-anywhere"
ADMIN = 900_001
START_SECONDS = 90.0
STOP_SECONDS = 20.0


@dataclass
class Newsboy:
    """A `newsboy run` process; `stop` ends it kindly, `kill` does not."""

    process: asyncio.subprocess.Process
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def stop(self, number: int = signal.SIGTERM) -> int:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        async with asyncio.timeout(STOP_SECONDS):
            return await self.process.wait()


@dataclass
class Town:
    """What a test acts with: people's side of Telegram, the editors' desk, the bot."""

    sandbox: Sandbox
    people: Control
    newspaper: Newspaper
    folder: Path
    settings: dict[str, str]
    started: list[Newsboy] = field(default_factory=list)

    async def newsboy(self, *, said: str = "is at work", **settings: str) -> Newsboy:
        """Start the bot and wait until it has said something; AssertionError where it ends."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in {"PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV"}
        }
        log = self.folder / f"newsboy-{len(self.started)}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                cwd=self.folder,
                env={
                    "PYTHONPATH": str(Path(__file__).parents[2]),
                    **environment,
                    **self.settings,
                    **settings,
                },
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
            )
        bot = Newsboy(process, log)
        self.started.append(bot)
        async with asyncio.timeout(START_SECONDS):
            while said not in bot.output():
                if process.returncode is not None:
                    raise AssertionError(f"newsboy run ended: {bot.output()}")
                await asyncio.sleep(0.05)
        return bot

    async def until(self, condition: Callable[[], Any], seconds: float = 60.0) -> None:
        """Wait until a condition (a function, plain or async) holds."""
        async with asyncio.timeout(seconds):
            while True:
                held = condition()
                if asyncio.iscoroutine(held):
                    held = await held
                if held:
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def open_town(folder: Path, **options: Any) -> AsyncIterator[Town]:
    """Sandbox and newspaper up; every bot that the block started is ended with it."""
    sandbox = Sandbox(TOKEN, **options)
    newspaper = Newspaper()
    await sandbox.start()
    await newspaper.start()
    async with Control(sandbox.url) as people:
        town = Town(
            sandbox=sandbox,
            people=people,
            newspaper=newspaper,
            folder=folder,
            settings={
                "BOT_TOKEN": TOKEN,
                "TELEGRAM_API_URL": sandbox.url,
                "FEEDS": " ".join(newspaper.feeds),
                "DATABASE": "newsboy.db",
                "ADMINS": str(ADMIN),
                "ACCESS": "public",
                "POLL_SECONDS": "2",
                "DEFAULT_ALERTS": "on",
                "DEFAULT_QUIET": "off",
                "DEFAULT_HOURLY": "off",
                "DEFAULT_DAILY": "off",
                "ALLOW_PRIVATE_NETWORKS": "on",
                "LOG_LEVEL": "INFO",
            },
        )
        try:
            yield town
        finally:
            for bot in town.started:
                if bot.process.returncode is None:
                    await bot.kill()
            await newspaper.stop()
            await sandbox.stop()


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A town; at the end nothing that the bot sent may have broken Telegram's rules."""
    async with open_town(tmp_path) as opened:
        yield opened
        violations = await opened.people.violations()
    for bot in opened.started:  # pytest shows it where the test failed
        print(f"{bot.log.name}:\n{bot.output()[-4000:]}")
    assert violations == []
