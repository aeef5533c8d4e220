"""kill -9 in the middle of a broadcast, SIGTERM, a second process, Telegram's bad days."""

import signal
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Town
from tests.e2e.kills import Plan, cut_short
from tests.e2e.test_day import ready


def published(town: Town) -> str:
    """The title of an article that the newspaper has just printed."""
    url = town.newspaper.publish()
    return next(
        one.manuscript.title
        for key in ("vestnik", "chronicle", "courier")
        for one in town.newspaper.edition(key).newest()
        if url.endswith(one.path)
    )


async def test_kills_in_a_push_lose_nothing(tmp_path: Path) -> None:
    """Three kill -9 at odd moments: everybody has the story, few have it twice."""
    found = await cut_short(tmp_path, Plan(chats=300, cuts=3, seed=3))
    assert found.cuts == 3
    assert found.lost == 0
    assert max(found.repeats) <= 10, found.repeats
    assert found.violations == () or not found.judged


async def test_kills_repeat_nothing_where_that_is_the_policy(tmp_path: Path) -> None:
    """AFTER_CRASH=skip: what was in flight is given up, and nothing comes twice."""
    found = await cut_short(tmp_path, Plan(chats=400, cuts=2, seed=7, rate=90, after_crash="skip"))
    assert sum(found.repeats) == 0, found.repeats
    assert found.lost <= 10 * found.cuts * 90 / 28
    assert found.violations == () or not found.judged


async def test_sigterm_in_a_push_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """It lets what is on the wire come back before it ends."""
    found = await cut_short(tmp_path, Plan(chats=400, cuts=2, seed=10, rate=90, how=signal.SIGTERM))
    assert found.lost == 0
    assert sum(found.repeats) == 0, found.repeats
    assert found.violations == () or not found.judged


async def test_sigterm_lets_the_handler_in_flight_answer(town: Town) -> None:
    """A command that is being answered when SIGTERM comes still gets its answer."""
    bot = await town.newsboy()
    anna = await town.people.create_user(language_code="ru")
    await ready(town, anna)
    await town.people.add_fault("delay", method="sendMessage", seconds=1.5)
    sent = await town.people.send_text(anna, "/help")
    await town.until(lambda: town.sandbox.state.faults_met["delay"] == 1)
    began = time.monotonic()
    status = await bot.stop(signal.SIGTERM)
    assert status == 0
    assert time.monotonic() - began < 10
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
