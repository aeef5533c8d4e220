"""kill -9 in the middle of a broadcast, SIGTERM, a second process, Telegram's bad days."""

import asyncio
import signal
import time

import pytest

from tests.e2e.conftest import Town
from tests.e2e.test_day import ready

CHATS = 300


def published(town: Town) -> str:
    """The title of an article that the newspaper has just printed."""
    url = town.newspaper.publish()
    return next(
        one.manuscript.title
        for key in ("vestnik", "chronicle", "courier")
        for one in town.newspaper.edition(key).newest()
        if url.endswith(one.path)
    )


async def test_a_broadcast_cut_short_loses_nothing(town: Town) -> None:
    """300 readers each get the story; after SIGTERM nothing comes twice, and after kill -9 only
    what was in flight.
    """
    bot = await town.newsboy()
    readers = [await town.people.create_user(language_code="ru") for _ in range(CHATS)]
    await town.people.set_limits(enabled=False)
    for reader in readers:
        await town.people.send_text(reader, "/start")

    async def greeted() -> bool:
        return len(await town.people.tally("Здравствуйте")) == CHATS

    await town.until(greeted, 90)
    await ready(town, readers[0])
    await town.people.set_limits(enabled=True)

    async def told(title: str, count: int) -> None:
        async with asyncio.timeout(60):
            while len(await town.people.tally(title)) < count:  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.05)

    for kindly, bound in ((True, 0), (False, 10)):
        title = published(town)
        await told(title, CHATS // 4)
        if kindly:
            assert await bot.stop() == 0
        else:
            await bot.kill()
        bot = await town.newsboy()
        await told(title, CHATS)
        await asyncio.sleep(1)
        repeats = sum(count - 1 for count in (await town.people.tally(title)).values())
        assert repeats <= bound, f"{repeats} repeats"


async def test_sigterm_lets_the_handler_in_flight_answer(town: Town) -> None:
    """A command that is being answered when SIGTERM comes still gets its answer."""
    bot = await town.newsboy()
    anna = await town.people.create_user(language_code="ru")
    await ready(town, anna)
    await town.people.set_limits(latency=1.5)
    sent = await town.people.send_text(anna, "/help")
    await asyncio.sleep(0.3)
    began = time.monotonic()
    status = await bot.stop(signal.SIGTERM)
    assert status == 0
    assert time.monotonic() - began < 10
    await town.people.set_limits(latency=0.0)
    answers = await town.people.messages(anna, after=sent["id"])
    assert len(answers) == 1


async def test_a_poison_update_and_an_html_502_are_survived(town: Town) -> None:
    """Neither an update that does not decode nor a proxy's page stops the answers."""
    bot = await town.newsboy()
    anna = await town.people.create_user(language_code="ru")
    await town.people.poison_update()
    await town.people.add_fault("html_502", method="getUpdates")
    await town.people.add_fault("html_502", method="sendMessage")
    answer = await town.people.ask(anna, "/help", timeout=20)
    assert "/latest" in answer["text"]
    assert "cannot be read" in bot.output()


async def test_a_second_process_is_refused_by_name(town: Town) -> None:
    """Two bots on one database would send everything twice."""
    bot = await town.newsboy()
    with pytest.raises(AssertionError) as refused:
        await town.newsboy()
    assert str(bot.pid) in str(refused.value)
    assert "Traceback" not in str(refused.value)


async def test_old_queries_and_inaccessible_messages_are_answered_kindly(town: Town) -> None:
    """A press long ago, or under a message that is no more, harms nothing."""
    bot = await town.newsboy()
    anna = await town.people.create_user(language_code="ru")
    page = await ready(town, anna)
    await town.people.press(anna, page["id"], "Раньше ▶", aged=True, timeout=2)
    await town.people.make_inaccessible(anna, page["id"])
    before = (await town.people.messages(anna))[-1]["id"]
    await town.people.press(anna, page["id"], "Тема…")
    answer = await town.people.wait_message(anna, after=before)
    assert answer["text"]
    assert "Traceback" not in bot.output()
