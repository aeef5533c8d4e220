"""A reader's own source is in that reader's lists and search, and in nobody else's."""

import pytest

from bot.messages import callbacks as cb
from storage import Stored
from tests.handlers.conftest import World

TITLE = "Открыт тайный мост"
OTHER = 1002


@pytest.fixture
async def own(world: World) -> Stored:
    """An article of Anna's own source, beside a public one."""
    await world.person().say("/start")
    await world.person(OTHER).say("/start")
    anna = await world.storage.subscribers.find(1001)
    assert anna is not None
    await world.article("Открыт явный мост")
    return await world.article(TITLE, domain="own.example", owner=anna.id)


@pytest.mark.parametrize(("person", "seen"), [(1001, True), (OTHER, False)])
async def test_search_and_the_source_show_it_to_its_owner(
    world: World, own: Stored, person: int, seen: bool
) -> None:
    for words in ("/search мост", "/search тайный", "/latest own.example"):
        (answer,) = await world.person(person).say(words)
        assert (TITLE in answer.text) is seen, words


async def test_it_is_in_no_list_for_everybody(world: World, own: Stored) -> None:
    for person in (1001, OTHER):
        for command in ("/latest", "/top", "/archive", "/latest общество"):
            for answer in await world.person(person).say(command):
                assert TITLE not in answer.text, (person, command)


async def test_no_link_command_or_button_opens_it_to_others(world: World, own: Stored) -> None:
    number = own.article_id
    (card,) = await world.person().say(f"/summary {number}")
    assert TITLE in card.text
    other = world.person(OTHER)
    for words in (f"/start a_{number}", f"/summary {number}", f"/full {number}", f"/full_{number}"):
        for answer in await other.say(words):
            assert TITLE not in answer.text, words
    (shown,) = await other.say("/latest")
    source = (await world.storage.articles.get(number)).source_id
    for pressed in (
        cb.Read(number),
        cb.Card(number),
        cb.HideMenu(number),
        cb.Related(number),
        cb.Collapse(number, ()),
        cb.Latest("", source),
    ):
        after = await other.press(shown, pressed)
        assert after is not None
        assert TITLE not in after.text


async def test_its_name_is_no_source_to_others(world: World, own: Stored) -> None:
    (mine,) = await world.person().say("/subscribe own.example")
    (theirs,) = await world.person(OTHER).say("/subscribe own.example")
    assert "own.example" in mine.text
    assert theirs.text != mine.text
    other = await world.storage.subscribers.find(OTHER)
    assert other is not None
    follows = await world.storage.subscribers.subscriptions(other.id)
    assert not any(one.key == "own.example" and one.kind == "source" for one in follows)
