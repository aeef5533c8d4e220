"""/privacy: what is stored is said, given out, and deleted; afterwards the bot knows nobody."""

import asyncio
import json

import pytest

from bot.messages import callbacks as cb
from storage import FollowKind, Level
from tests.handlers.conftest import ADMIN, ANNA, World
from tests.storage.newsroom import values

GROUP = -100500


async def _everything_of(world: World, person_id: int = ANNA) -> None:
    anna = world.person(person_id)
    await anna.say("/start")
    await anna.say("/subscribe words мандрагора")
    (card,) = await anna.say(f"/summary {(await world.article()).article_id}")
    await anna.press(card, "Отложить")


async def test_the_screen_says_what_is_stored(world: World) -> None:
    (screen,) = await world.person().say("/privacy")
    for said in ("отложенное", "14 дней", "30 дней", "Резервные копии"):
        assert said in screen.text
    assert screen.labels == ["Выгрузить (JSON)", "Удалить всё…"]
    (english,) = await world.person(5, language="en").say("/privacy")
    assert "Backups made earlier" in english.text


async def test_the_export_holds_everything(world: World) -> None:
    await _everything_of(world)
    anna = world.person()
    (screen,) = await anna.say("/privacy")
    await anna.press(screen, "Выгрузить (JSON)")
    file = anna.messages()[-1]
    assert file.filename.endswith(".json")
    held = json.loads(file.document or b"")
    assert held["chats"][0]["chat_id"] == ANNA
    assert "мандрагора" in {one["label"] for one in held["chats"][0]["follows"]}
    assert [one["title"] for one in held["saved"]] == ["Открыт новый мост"]


async def test_deletion_is_asked_once_and_the_bot_then_knows_nobody(world: World) -> None:
    await _everything_of(world)
    anna = world.person()
    (screen,) = await anna.say("/privacy")
    screen = await anna.press(screen, "Удалить всё…") or screen
    assert "Вернуть удалённое нельзя" in screen.text
    assert "приглашение" not in screen.text
    back = await anna.press(screen, "◀ Назад") or screen
    assert "Что хранит бот" in back.text
    assert await world.storage.subscribers.find(ANNA) is not None
    screen = await anna.press(screen, cb.PrivacyStep(cb.Privacy.ERASE)) or screen
    assert screen.text == "Всё удалено. Начать заново: /start"
    for table in ("subscriber", "subscription", "mute", "slot", "saved", "person", "delivery"):
        rows = await values(world.storage, f"SELECT count(*) FROM {table}")  # noqa: S608  # ours
        assert rows == [(0,)], table
    *_, greeting = await anna.say("/start")
    assert "Здравствуйте!" in greeting.text
    (page,) = await anna.say("/saved")
    assert "Пока ничего не отложено" in page.text


async def test_a_large_file_keeps_traces_until_the_night_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.privacy._REWRITTEN_AT_ONCE", 0)
    anna = world.person()
    (screen,) = await anna.say("/privacy")
    for wanted in ("Удалить всё…", "Удалить всё"):
        screen = await anna.press(screen, wanted) or screen
        assert screen.text.endswith("сотрутся ночью.")


async def test_in_a_private_bot_who_left_is_a_stranger(private_world: World) -> None:
    people = private_world.storage.people
    await people.invite("code", now=private_world.now, uses=2, expires=None)
    anna = private_world.person()
    await anna.say("/start code")
    (screen,) = await anna.say("/privacy")
    screen = await anna.press(screen, "Удалить всё…") or screen
    assert "понадобится новое приглашение" in screen.text
    await anna.press(screen, "Удалить всё")
    (said,) = await anna.say("/latest")
    assert "закрытый" in said.text
    assert await private_world.storage.subscribers.find(ANNA) is None


async def test_an_admin_of_the_settings_stays_one(private_world: World) -> None:
    admin = private_world.person(ADMIN)
    (screen,) = await admin.say("/privacy")
    screen = await admin.press(screen, "Удалить всё…") or screen
    assert "приглашение" not in screen.text
    assert "администратором" not in screen.text
    await admin.press(screen, "Удалить всё")
    (home,) = await admin.say("/admin")
    assert "Управление" in home.text


async def test_a_groups_data_are_its_admins_to_delete(world: World) -> None:
    boss, member = world.person(ADMIN, group=GROUP), world.person(ANNA, group=GROUP)
    world.telegram.owners.add(ADMIN)
    await boss.say("/latest")
    (screen,) = await member.say("/privacy")
    assert "Номер и название группы" in screen.text
    for step in (cb.Privacy.EXPORT, cb.Privacy.ASK, cb.Privacy.ERASE):
        await member.press(screen, cb.PrivacyStep(step))
        assert "администраторы" in world.telegram.toasts[-1]
    assert await world.storage.subscribers.find(GROUP) is not None
    screen = await boss.press(screen, "Удалить всё…") or screen
    screen = await boss.press(screen, "Удалить всё") or screen
    assert "Всё об этой группе удалено" in screen.text
    # People who talk to each other there do not bring it back, a command does.
    await member.say("доброе утро")
    assert await world.storage.subscribers.find(GROUP) is None
    await member.say("/latest")
    assert await world.storage.subscribers.find(GROUP) is not None


async def test_presses_at_the_same_time_make_nobody_anew(private_world: World) -> None:
    people = private_world.storage.people
    await people.invite("code", now=private_world.now, uses=2, expires=None)
    anna = private_world.person()
    await anna.say("/start code")
    (card,) = await anna.say(f"/summary {(await private_world.article()).article_id}")
    (screen,) = await anna.say("/privacy")
    presses = [
        anna.press(card, one)
        for one in (
            "Отложить",
            cb.Change(cb.Setting.HEADLINES, "5"),
            cb.Follow(FollowKind.TOPIC, "sport", Level.NOW),
        )
    ]
    await asyncio.gather(
        anna.press(screen, cb.PrivacyStep(cb.Privacy.ERASE)),
        *presses,
        anna.press(screen, cb.PrivacyStep(cb.Privacy.ERASE)),
    )
    for table in ("subscriber", "subscription", "saved", "person"):
        rows = await values(
            private_world.storage,
            f"SELECT count(*) FROM {table}",  # noqa: S608  # ours
        )
        assert rows == [(0,)], table


async def test_a_press_whose_reader_is_forgotten_meanwhile_is_answered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = world.person()
    (screen,) = await anna.say("/settings")
    languages = world.storage.feeds.languages

    async def forgotten_then() -> list[str]:
        await world.storage.privacy.erase(ANNA)
        return await languages()

    monkeypatch.setattr(world.storage.feeds, "languages", forgotten_then)
    await anna.press(screen, cb.Change(cb.Setting.HEADLINES, "5"))
    assert world.telegram.toasts == [""]
    assert await world.storage.subscribers.find(ANNA) is None
