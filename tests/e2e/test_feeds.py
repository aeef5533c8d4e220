"""The operator adds and removes a feed beside the running bot, which reads it at once."""

import asyncio
import os
import sys
from pathlib import Path

from storage import Feed, Storage
from tests.e2e.conftest import Town
from tests.ingest.newspaper import Newspaper


async def command(town: Town, *words: str) -> tuple[int, str]:
    """Run `newsboy …` beside the bot; its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        cwd=town.folder,
        env={**os.environ, **town.settings, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _none = await process.communicate()
    return process.returncode or 0, said.decode()


async def polled(town: Town, url: str) -> Feed | None:
    async with Storage.open_readonly(town.folder / "newsboy.db") as storage:
        return next((feed for feed in await storage.feeds.all() if feed.url == url), None)


async def test_feeds_change_while_the_bot_runs(town: Town) -> None:
    other = Newspaper()
    await other.start()
    try:
        other.publish("one", "Утверждён план развития железных дорог")
        bot = await town.newsboy()
        status, said = await command(town, "feed", "add", other.feed_url)
        assert (status, "The running bot reads it now." in said) == (0, True), said

        async def is_read() -> bool:
            feed = await polled(town, other.feed_url)
            return feed is not None and feed.succeeded is not None

        await town.until(is_read, 30)
        status, said = await command(town, "feed", "remove", other.feed_url)
        assert status == 0, said
        assert await polled(town, other.feed_url) is None
        assert await bot.stop() == 0
        assert bot.output().count("by command: feed ") == 2
        assert not list(town.folder.glob("*.orders"))
    finally:
        await other.stop()
