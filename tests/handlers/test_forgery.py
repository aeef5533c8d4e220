"""Forged presses: no button lets a group's member change what its admins keep."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from enum import StrEnum
from itertools import islice, product
from typing import Any, get_args, get_type_hints

import pytest

from bot.messages import callbacks as cb
from tests.handlers.conftest import ANNA, NOW, World
from tests.storage.newsroom import values

GROUP = -1001234
OWNER = 1
_TABLES = ("subscriber", "subscription", "mute", "slot", "feed", "edition", "person", "invitation")
_WORDS = ("", "on", "en", "classic", "politics", "Asia/Tokyo", "08.00", "auto")


def _choices(kind: Any) -> tuple[Any, ...]:
    if kind is bool:
        return (True, False)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(kind)
    if kind is int:
        return (1, 0)
    if kind is date:
        return (NOW.date(),)
    return _WORDS if kind is str else ((),)


def _forged(kind: type) -> Iterator[cb.Callback]:
    hints = get_type_hints(kind)
    for given in product(*(_choices(hints[field.name]) for field in fields(kind))):
        yield kind(*given)


async def _changes(world: World, kind: type, person: int) -> bool:
    """Whether the presses of a person, with all that such a button may say, change anything."""
    world.telegram.owners.add(OWNER)
    await world.person(OWNER, group=GROUP).say("/subscribe words мост")
    await world.article("Открыт мост")
    presser = world.person(person, group=GROUP)
    shown = (await presser.say("/latest"))[-1]

    async def held() -> list[Any]:
        return [await values(world.storage, f"SELECT * FROM {name}") for name in _TABLES]  # noqa: S608  # ours

    before = await held()
    for button in islice(_forged(kind), 120):
        try:
            data = cb.pack(button)
        except ValueError:  # no button can say that
            continue
        await presser.press_raw(data, _message(shown.message_id))
        if await held() != before:
            return True
    return False


@pytest.mark.parametrize("kind", get_args(cb.Callback), ids=lambda kind: kind.__name__)
async def test_a_member_changes_nothing_of_the_groups(world: World, kind: type) -> None:
    assert not await _changes(world, kind, ANNA)


@pytest.mark.parametrize("kind", [cb.Change, cb.Follow, cb.Hide, cb.Stop, cb.GroupDigest])
async def test_the_same_presses_of_an_admin_do(world: World, kind: type) -> None:
    assert await _changes(world, kind, OWNER)


def _message(number: int) -> dict[str, Any]:
    return {
        "message_id": number,
        "date": int(NOW.timestamp()),
        "chat": {"id": GROUP, "type": "supergroup", "title": "Группа"},
        "from": {"id": 42, "is_bot": True, "first_name": "News"},
        "text": "Новости",
    }
