"""kill -9 while people ask: what was asked is answered once, whoever still knows of it."""

import asyncio
from typing import Any

from tests.e2e.conftest import Town
from tests.e2e.test_day import ready


async def answers(town: Town, person: int, after: int = 0) -> list[dict[str, Any]]:
    """What the bot wrote to a person."""
    return [one for one in await town.people.messages(person, after=after) if one["from_bot"]]


async def test_a_command_that_is_being_answered_is_answered_after_the_restart(town: Town) -> None:
    """Telegram was told that the update arrived and has forgotten it; the bot has not."""
    bot = await town.newsboy()
    anna = await town.people.create_user(language_code="ru")
    await ready(town, anna)
    await town.people.add_fault("timeout_before", method="sendMessage", seconds=60)
    asked = await town.people.send_text(anna, "/help")
    await town.until(lambda: town.sandbox.state.faults_met["timeout_before"] == 1)
    await town.until(lambda: not town.sandbox.state.updates)
    await bot.kill()
    bot = await town.newsboy()
    await town.people.wait_message(anna, after=asked["id"], contains="/latest")
    # Nor does the next process answer it again.
    await asyncio.sleep(0.2)
    await bot.kill()
    bot = await town.newsboy()
    await town.people.ask(anna, "/settings")
    assert await bot.stop() == 0
    assert len(await answers(town, anna, asked["id"])) == 2


async def test_what_was_answered_is_not_answered_again(town: Town) -> None:
    """Telegram was not told that the update arrived and sends it again."""
    state = town.sandbox.state
    bot = await town.newsboy()
    anna = await town.people.create_user(language_code="ru")
    page = await ready(town, anna)
    for pressed in (False, True):
        # The poll that waits now brings the update; the next one, which confirms it, never arrives.
        await town.until(lambda: state.poll is not None)
        await town.people.add_fault("timeout_before", method="getUpdates", seconds=60, count=None)
        if pressed:
            assert (await town.people.press(anna, page["id"], "Раньше ▶"))["answer"] is not None
            await town.people.wait_message(anna, since=page["version"])
        else:
            await town.people.ask(anna, "/help")
        await asyncio.sleep(0.2)
        assert len(state.updates) == 1
        await bot.kill()
        await town.people.clear_faults()
        messages, edits = len(await answers(town, anna)), state.counters["editmessagetext"]
        bot = await town.newsboy()
        await town.people.ask(anna, "/settings")
        await town.until(lambda: not state.updates)
        assert len(await answers(town, anna)) == messages + 1
        assert state.counters["editmessagetext"] == edits
    assert await bot.stop() == 0
