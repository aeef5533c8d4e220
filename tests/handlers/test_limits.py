"""How much one reader may follow and hide: enough for anybody, and no more."""

import logging

import pytest

from bot.messages import callbacks as cb
from storage.subscribers import FOLLOWS_MOST
from tests.handlers.conftest import ANNA, World
from tests.storage.newsroom import execute, values

_FILL = """
    INSERT INTO {table} (subscriber_id, kind, key, label{more})
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)
    SELECT id, 'words', 'слово' || i, 'слово' || i{value} FROM n, subscriber WHERE chat_id = :chat
"""


async def _count(world: World, table: str) -> int:
    rows = await values(world.storage, f"SELECT count(*) FROM {table} WHERE kind = 'words'")  # noqa: S608  # ours
    return int(rows[0][0])


async def test_who_follows_too_much_is_told_what_to_do(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    anna = world.person()
    await anna.say("/start")
    await world.article("Открыт мост")
    # Everything is followed from the start.
    fill = _FILL.format(table="subscription", more=", level", value=", 'now'")
    await execute(world.storage, fill, most=FOLLOWS_MOST - 2, chat=ANNA)
    (last,) = await anna.say("/subscribe words мост")
    assert "«мост»: сразу" in last.text
    (told,) = await anna.say("/subscribe words дом")
    assert told.text == "Больше 1000 не поместится. Сначала уберите лишнее: /unsubscribe, /unmute."
    (found,) = await anna.say("/search горы")
    (tell_me,) = [one for one in found.callbacks if isinstance(one, cb.FollowQuery)]
    await anna.press(found, tell_me)
    assert world.telegram.toasts[-1] == told.text
    assert await _count(world, "subscription") == FOLLOWS_MOST - 1
    # What is there already can be changed, and taken off to make room.
    (changed,) = await anna.say("/subscribe words мост digest")
    assert "«мост»: в дайджест" in changed.text
    await anna.say("/unsubscribe мост")
    (again,) = await anna.say("/subscribe words дом")
    assert "«дом»: сразу" in again.text
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


async def test_who_hides_too_much_is_told_too(world: World) -> None:
    anna = world.person()
    await anna.say("/start")
    article = await world.article("Открыт мост")
    fill = _FILL.format(table="mute", more="", value="")
    await execute(world.storage, fill, most=FOLLOWS_MOST, chat=ANNA)
    (told,) = await anna.say("/mute дом")
    assert told.text.startswith("Больше 1000 не поместится.")
    (card,) = await anna.say(f"/summary {article.article_id}")
    await anna.press(card, cb.HideReady(cb.Ready.SPORT))
    assert world.telegram.toasts[-1] == told.text
    assert await _count(world, "mute") == FOLLOWS_MOST
    (other,) = await world.person(1002).say("/mute дом")
    assert "«дом»" in other.text, "others have room of their own"
