"""/invite: a link for so many people and days, made by admins alone."""

import re
from datetime import timedelta

import pytest

from tests.handlers.conftest import ADMIN, ANNA, World


async def test_an_admin_invites_and_who_opens_the_link_is_in(private_world: World) -> None:
    (refused,) = await private_world.person(ANNA).say("/start")
    assert "приглаш" in refused.text
    (made,) = await private_world.person(ADMIN).say("/invite")
    link = re.search(r"https://t\.me/\w+\?start=([\w-]+)", made.text)
    assert link is not None
    welcome, *_ = await private_world.person(ANNA).say(f"/start {link[1]}")
    assert "Добро пожаловать" in welcome.text
    (page,) = await private_world.person(ANNA).say("/latest")
    assert "Свежие новости" in page.text
    (used_up,) = await private_world.person(ANNA + 1).say(f"/start {link[1]}")
    assert "приглаш" in used_up.text


async def test_a_link_lets_in_as_many_as_it_says_and_a_week_long(private_world: World) -> None:
    (made,) = await private_world.person(ADMIN).say("/invite 2")
    assert "2 человека" in made.text
    code = made.text.partition("start=")[2].split()[0]
    for person in (ANNA, ANNA + 1):
        welcome, *_ = await private_world.person(person).say(f"/start {code}")
        assert "Добро пожаловать" in welcome.text
    (made,) = await private_world.person(ADMIN).say("/invite 2")
    code = made.text.partition("start=")[2].split()[0]
    private_world.now += timedelta(days=8)
    (late,) = await private_world.person(ANNA + 2).say(f"/start {code}")
    assert "приглаш" in late.text


@pytest.mark.parametrize("wish", ["0", "-1", "many", "1001", "1 0", "1 366", "²"])
async def test_a_wrong_number_is_answered_with_the_right_ones(
    private_world: World, wish: str
) -> None:
    (answer,) = await private_world.person(ADMIN).say(f"/invite {wish}")
    assert "от 1 до 1000" in answer.text


async def test_for_others_the_command_does_not_exist(world: World) -> None:
    (answer,) = await world.person(ANNA).say("/invite")
    assert "start=" not in answer.text
