"""Floods are dropped before they are read; nobody else's updates are."""

from typing import Any

import pytest

from bot.telegram.floods import Floods, sender_of


def _press(person: int) -> dict[str, Any]:
    return {"update_id": 1, "callback_query": {"from": {"id": person}, "data": "x"}}


def test_a_flood_is_dropped_and_others_are_not() -> None:
    now = [0.0]
    floods = Floods(clock=lambda: now[0])
    assert sum(floods.drops(_press(1)) for _ in range(2_000)) == 1_900
    assert not any(floods.drops(_press(person)) for person in range(2, 500))
    now[0] = 1.0
    assert [floods.drops(_press(1)) for _ in range(11)] == [False] * 10 + [True]
    assert floods.dropped == 1_901


def test_who_is_quiet_again_is_forgotten() -> None:
    now = [0.0]
    floods = Floods(clock=lambda: now[0])
    for person in range(10_000):
        now[0] += 0.01
        floods.drops(_press(person))
    assert len(floods) <= 40


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {},
        {"message": None},
        {"message": {"from": None}},
        {"message": {"from": {"id": "7"}}},
        {"message": {"from": {"id": 1087968824}, "sender_chat": {"id": -100}}},
        {"my_chat_member": {"from": {"id": 7}}},
    ],
)
def test_what_has_no_person_of_its_own_is_read(raw: Any) -> None:
    assert sender_of(raw) is None


@pytest.mark.parametrize("kind", ["message", "callback_query", "inline_query"])
def test_who_sent_it(kind: str) -> None:
    assert sender_of({"update_id": 1, kind: {"from": {"id": 7}}}) == 7
