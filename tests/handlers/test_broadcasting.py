"""/broadcast: shown first, sent once, by admins alone, and stopped at any time."""

import logging
from datetime import timedelta

import pytest

from bot.messages.callbacks import CallOff, SendOff
from storage import ClaimBatch, DeliveryState, NotFoundError, Outcome
from tests.handlers.conftest import ADMIN, ANNA, Shown, World

TEXT = "Завтра бот не работает.\n\n<b>С 3 до 4</b> часов & не дольше."
GROUP = -100500


async def drafted(world: World, text: str = TEXT) -> Shown:
    _preview, question = await world.person(ADMIN).say(f"/broadcast {text}")
    return question


async def expanded(world: World) -> int:
    owing, added = world.storage.owing, 0
    while broadcasts := await owing.open_broadcasts():
        for one in broadcasts:
            added += (await owing.expand_broadcast(one, now=world.now))[0]
    return added


async def send_all_but(world: World, count: int) -> None:
    claims = await world.storage.outbox.tick(ClaimBatch(limit=100), now=world.now)
    outcomes = [
        Outcome(claim.delivery.id, DeliveryState.SENT, world.now, message_id=9)
        for claim in claims[count:]
    ]
    back = [
        Outcome(claim.delivery.id, DeliveryState.OWED, world.now, due=world.now, tried=False)
        for claim in claims[:count]
    ]
    await world.storage.outbox.acknowledge([*outcomes, *back])


async def test_it_is_shown_as_readers_will_see_it_and_goes_out_by_the_button(world: World) -> None:
    for person in range(ANNA, ANNA + 3):
        await world.person(person).say("/start")
    preview, question = await world.person(ADMIN).say(f"/broadcast {TEXT}")
    assert preview.text == f"📣 От владельца бота\n\n{TEXT}"
    assert "4 читателя" in question.text
    assert question.labels == ["Отправить", "Отмена"]
    assert await expanded(world) == 0  # nobody gets a draft

    begun = await world.person(ADMIN).press(question, "Отправить")
    assert begun is not None
    assert "«Завтра бот не работает." in begun.text
    assert await expanded(world) == 4
    await send_all_but(world, 1)
    (progress,) = await world.person(ADMIN).say("/broadcast")
    assert "Отправлено: 3 из 4, в очереди: 1." in progress.text

    world.now += timedelta(minutes=1)
    await send_all_but(world, 0)
    (progress,) = await world.person(ADMIN).say("/broadcast")
    assert "Готово. Отправлено: 4 из 4." in progress.text
    assert progress.labels == []


async def test_help_names_it_to_admins_alone(world: World) -> None:
    (told,) = await world.person(ADMIN).say("/help")
    assert "/broadcast" in told.text
    await world.person(ANNA).say("/start")
    (told,) = await world.person(ANNA).say("/help")
    assert "/broadcast" not in told.text


async def test_a_double_press_sends_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    question = await drafted(world)
    await world.person(ADMIN).press(question, SendOff(1, confirmed=True))
    assert await expanded(world) == 1
    for _ in range(2):
        await world.person(ADMIN).press(question, SendOff(1, confirmed=True))
    assert await world.storage.owing.open_broadcasts() == []
    said = [one.getMessage() for one in caplog.records if one.name.startswith("bot.")]
    assert said == ["broadcast 1 goes out to all readers"]
    # A press on «Отмена» of the same message comes too late, and says how far it is.
    late = await world.person(ADMIN).press(question, SendOff(1, confirmed=False))
    assert late is not None
    assert "в очереди: 1" in late.text


async def test_a_dropped_draft_cannot_be_sent(world: World) -> None:
    question = await drafted(world)
    dropped = await world.person(ADMIN).press(question, "Отмена")
    assert dropped is not None
    assert dropped.text == "Ничего не отправлено."
    await world.person(ADMIN).press(question, SendOff(1, confirmed=True))
    assert await expanded(world) == 0


async def test_a_draft_of_yesterday_is_not_meant_any_more(world: World) -> None:
    question = await drafted(world)
    world.now += timedelta(hours=25)
    stale = await world.person(ADMIN).press(question, "Отправить")
    assert stale is not None
    assert "заново" in stale.text
    assert await expanded(world) == 0


async def test_stopping_sends_no_more_and_says_what_went_out(world: World) -> None:
    for person in range(ANNA, ANNA + 3):
        await world.person(person).say("/start")
    question = await drafted(world)
    await world.person(ADMIN).press(question, "Отправить")
    await expanded(world)
    await send_all_but(world, 2)
    (progress,) = await world.person(ADMIN).say("/broadcast")
    assert len(progress.labels) == 1
    stopped = await world.person(ADMIN).press(progress, progress.labels[0])
    assert stopped is not None
    assert "Остановлено. Отправлено: 2 из 4." in stopped.text
    assert await world.storage.outbox.tick(ClaimBatch(limit=100), now=world.now) == []


async def test_stopping_while_it_is_being_owed_stops_the_owing(world: World) -> None:
    await world.person(ANNA).say("/start")
    question = await drafted(world)
    await world.person(ADMIN).press(question, "Отправить")
    (found,) = await world.storage.owing.open_broadcasts()
    await world.person(ADMIN).press(question, CallOff(1))
    # The tick read it before, and goes on with what it read.
    assert await world.storage.owing.expand_broadcast(found, now=world.now) == (0, True)
    assert await expanded(world) == 0


async def test_what_is_called_off_is_claimed_as_such(world: World) -> None:
    question = await drafted(world)
    await world.person(ADMIN).press(question, "Отправить")
    await expanded(world)
    (claim,) = await world.storage.outbox.tick(ClaimBatch(limit=9), now=world.now)
    assert claim.live
    await world.storage.owing.call_off_broadcast(1, world.now)
    back = Outcome(claim.delivery.id, DeliveryState.OWED, world.now, due=world.now)
    await world.storage.outbox.acknowledge([back])
    (claim,) = await world.storage.outbox.tick(ClaimBatch(limit=9), now=world.now)
    assert not claim.live


@pytest.mark.parametrize("command", ["/broadcast", f"/broadcast {TEXT}", "/BROADCAST x"])
async def test_for_others_it_does_not_exist(world: World, command: str) -> None:
    (answer,) = await world.person(ANNA).say(command)
    assert "акой команды нет" in answer.text
    with pytest.raises(NotFoundError):
        await world.storage.owing.broadcast(1)


async def test_nor_in_a_group_even_for_an_admin(world: World) -> None:
    world.telegram.owners.add(ADMIN)
    await world.person(ADMIN, group=GROUP).say("/start")
    assert await world.person(ADMIN, group=GROUP).say(f"/broadcast {TEXT}") == []


@pytest.mark.parametrize("forged", [SendOff(1, confirmed=True), CallOff(1)])
async def test_a_forged_button_does_nothing(world: World, forged: SendOff | CallOff) -> None:
    (page, *_) = await world.person(ANNA).say("/start")
    question = await drafted(world)
    await world.person(ANNA).press(page, forged)
    assert "устарела" in world.telegram.toasts[-1]
    group = world.person(ADMIN, group=GROUP)
    await group.press(question, forged)
    assert await expanded(world) == 0
    await world.person(ADMIN).press(question, "Отправить")
    await world.person(ANNA).press(page, CallOff(1))
    assert len(await world.storage.owing.open_broadcasts()) == 1


async def test_one_admin_does_not_send_what_another_drafted(world: World) -> None:
    await world.storage.owing.draft_broadcast("x", author=ADMIN + 1, now=world.now)
    (page, *_) = await world.person(ADMIN).say("/start")
    await world.person(ADMIN).press(page, SendOff(1, confirmed=True))
    assert "заново" in world.telegram.toasts[-1]
    assert await expanded(world) == 0


async def test_a_text_too_long_is_refused_with_its_length(world: World) -> None:
    (refused,) = await world.person(ADMIN).say(f"/broadcast {'я' * 4070}")
    assert "можно не больше 4\xa0096" in refused.text
    _preview, _question = await world.person(ADMIN).say(f"/broadcast {'я' * 4040}")


@pytest.mark.parametrize("nothing", ["", " ", "\n\u200b\n"])
async def test_without_words_it_says_how(world: World, nothing: str) -> None:
    (answer,) = await world.person(ADMIN).say(f"/broadcast{nothing}")
    assert "/broadcast Завтра" in answer.text


async def test_an_unknown_broadcast_is_a_stale_button(world: World) -> None:
    (page, *_) = await world.person(ADMIN).say("/start")
    for button in (SendOff(77, confirmed=True), SendOff(77, confirmed=False), CallOff(77)):
        before = len(world.telegram.toasts)
        await world.person(ADMIN).press(page, button)
        assert world.telegram.toasts[before:]


async def test_the_message_of_the_button_is_the_one_that_follows_it(world: World) -> None:
    question = await drafted(world)
    admin = world.person(ADMIN)
    begun = await admin.press(question, "Отправить")
    assert begun is not None
    (shown,) = await world.storage.owing.shown_broadcasts()
    assert (shown.id, shown.message_id) == (1, begun.message_id)
    await drafted(world, "Ещё раз.")
    (again,) = await world.storage.owing.shown_broadcasts()
    assert again == shown, "a draft has nothing to follow"
    stopped = await admin.press(begun, begun.labels[0])
    assert stopped is not None
    assert "Остановлено." in stopped.text
