"""Telegram's and the operator's bad days: nobody misses a story, and the process ends kindly."""

import asyncio
import signal
import time

import pytest

from storage import Storage
from tests.e2e.conftest import Newsboy, Town
from tests.e2e.test_crash import published
from tests.e2e.test_day import ready

UNSURE = ("timeout_after", "drop_after", "malformed_json")


async def ended(bot: Newsboy) -> int:
    async with asyncio.timeout(60):
        return await bot.process.wait()


async def test_faults_while_a_push_goes_out(town: Town) -> None:
    """Refused, unanswered, moved and blocked: each gets the story, few get it twice."""
    await town.newsboy()
    people = town.people
    fine, blocked, gone, proxied, *unsure = await people.create_users(4 + len(UNSURE))
    everybody = [fine, blocked, gone, proxied, *unsure]
    for one in everybody:
        await people.ask(one, "/start")
    group = await people.create_chat("group", "Дача", members=[fine])
    await people.wait_message(group)
    await ready(town, fine)
    await people.add_fault(
        "error",
        method="sendmessage",
        chat=blocked,
        code=403,
        description="Forbidden: bot was blocked by the user",
    )
    await people.block(gone)
    await people.add_fault("html_502", method="sendmessage", chat=proxied, count=2)
    await people.add_fault("migrate", method="sendmessage", chat=group)
    for kind, one in zip(UNSURE, unsure, strict=True):
        await people.add_fault(kind, method="sendmessage", chat=one, seconds=0.5)
    title = published(town)

    async def all_told() -> bool:
        return len(await people.tally(title)) == len(everybody) - 2 + 1

    await town.until(all_told, 60)
    (heir,) = (chat["id"] for chat in await people.chats() if chat["kind"] == "supergroup")
    await people.unblock(gone)
    for one in (blocked, gone):
        digest = await people.ask(one, "/digest")
        assert title in digest["text"]
    tally = await people.tally(title)
    assert tally[heir] == 1
    assert group not in tally
    assert tally[fine] == tally[proxied] == 1
    assert all(1 <= tally[one] <= 2 for one in unsure)
    after = published(town)

    async def again() -> bool:
        return set(await people.tally(after)) == {*everybody, heir}

    await town.until(again, 30)


async def test_a_refused_token_ends_it_with_one_line(town: Town) -> None:
    """At the start and, where it is revoked, later; never with a traceback."""
    with pytest.raises(AssertionError):
        await town.newsboy(BOT_TOKEN="42:another-token-of-no-value-any-where")
    refused = town.started[-1]
    assert refused.process.returncode == 2
    bot = await town.newsboy()
    await town.people.add_fault(
        "error", method="getupdates", code=401, description="Unauthorized", count=None
    )
    # The long poll in flight is answered as soon as somebody writes.
    await town.people.send_text(await town.people.create_user(), "/help")
    assert await ended(bot) == 2
    for one in (refused, bot):
        lines = one.output().splitlines()
        assert lines[-1].startswith("newsboy: BOT_TOKEN")
        assert "Traceback" not in one.output()
        assert "no-value" not in one.output()


async def test_without_telegram_the_news_come_in_and_it_still_stops(town: Town) -> None:
    """No route to Telegram at the start: said once, tried on, feeds read, ended by a signal."""
    bot = await town.newsboy(TELEGRAM_API_URL="http://127.0.0.1:9", said="trying again")

    async def read() -> bool:
        async with Storage.open_readonly(town.folder / "newsboy.db") as storage:
            return all(feed.succeeded for feed in await storage.feeds.all())

    await town.until(read, 40)
    assert await bot.stop(signal.SIGTERM) == 0
    assert "Traceback" not in bot.output()


async def test_a_stop_is_quick_while_telegram_hangs(town: Town) -> None:
    """Answers that do not come hold up neither drain, and a second Ctrl-C breaks nothing."""
    bot = await town.newsboy()
    anna = await town.people.create_user()
    await town.people.ask(anna, "/start")
    await ready(town, anna)
    for method in ("sendmessage", "getupdates"):
        await town.people.add_fault("timeout_before", method=method, count=None, seconds=30)
    published(town)

    async def asked() -> bool:
        met = (await town.people.counters())["faults"]
        return bool(met.get("timeout_before", 0) >= 2)

    await town.people.send_text(anna, "/help")
    await town.until(asked)
    began = time.monotonic()
    bot.process.send_signal(signal.SIGINT)
    await asyncio.sleep(0.2)
    assert await bot.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 10
    assert "Traceback" not in bot.output()
