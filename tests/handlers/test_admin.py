"""/admin: numbers, links and people by taps; for everybody else it does not exist."""

from datetime import timedelta

from bot.messages import callbacks as cb
from storage import SubscriberState
from tests.handlers.conftest import ADMIN, ANNA, World

CALLS: list[cb.Callback] = [
    cb.Admin(cb.AdminScreen.HOME),
    cb.Admin(cb.AdminScreen.PEOPLE),
    cb.NewLink(5, 7, made=True),
    cb.RevokeLink("code", confirmed=True),
    cb.RemovePerson(ADMIN + 1, confirmed=True),
    cb.ReadmitPerson(ANNA),
]


async def test_for_others_neither_command_nor_buttons_exist(world: World) -> None:
    anna = world.person()
    (unknown,) = await anna.say("/admin")
    assert "Такой команды нет" in unknown.text
    await world.storage.people.invite("code", now=world.now, uses=3, expires=None)
    for call in CALLS:
        await anna.press(unknown, call)
        assert "устарела" in world.telegram.toasts[-1]
    assert anna.message(unknown.message_id) == unknown
    assert len(await world.storage.people.invitations(world.now, 9)) == 1
    assert await world.storage.people.removed(limit=9) == []
    # Nor for an admin in a group, where others read along.
    (said,) = await world.person(ADMIN, group=-5).say("/help")
    before = said.text
    pressed = await world.person(ADMIN, group=-5).press(said, CALLS[0])
    assert pressed is not None
    assert pressed.text == before


async def test_a_link_is_made_listed_and_revoked_by_taps(private_world: World) -> None:
    admin = private_world.person(ADMIN)
    (home,) = await admin.say("/admin")
    assert "Бот закрытый" in home.text
    assert "Все ленты читаются" in home.text
    screen = await admin.press(home, "Приглашения") or home
    assert "Действующих приглашений нет" in screen.text
    screen = await admin.press(screen, "Новое приглашение") or home
    screen = await admin.press(screen, "5 человек") or home
    assert "✓ 5 человек" in screen.labels
    screen = await admin.press(screen, "30 дней") or home
    screen = await admin.press(screen, "Создать ссылку") or home
    assert "30 дней" in screen.text
    code = screen.text.partition("start=")[2].split()[0]
    anna = private_world.person()
    welcome, *_ = await anna.say(f"/start {code}")
    assert "Добро пожаловать" in welcome.text
    await admin.say("/invite 3 1 Дача")
    screen = await admin.press(screen, "◀ Назад") or home
    assert "осталось 4 из 5" in screen.text
    assert "«Дача» · осталось 3 из 3" in screen.text
    screen = await admin.press(screen, cb.RevokeLink(code)) or home
    assert "Отозвать ссылку?" in screen.text
    screen = await admin.press(screen, "Отозвать") or home
    assert "из 5" not in screen.text
    (stranger,) = await private_world.person(ANNA + 1).say(f"/start {code}")
    assert "закрытый" in stranger.text
    (page,) = await anna.say("/latest")
    assert "Свежие новости" in page.text


async def test_a_removed_person_is_a_stranger_until_let_in(private_world: World) -> None:
    admin, anna = private_world.person(ADMIN), private_world.person()
    await private_world.storage.people.invite("code", now=private_world.now, uses=9, expires=None)
    *_, greeting = await anna.say("/start code")
    (home,) = await admin.say("/admin")
    screen = await admin.press(home, "Люди") or home
    assert f"Анна ({ANNA})" in screen.text
    screen = await admin.press(screen, f"Удалить: Анна ({ANNA})") or home
    screen = await admin.press(screen, "Удалить") or home
    assert str(ANNA) not in screen.text
    line = "Это закрытый новостной бот: он открывается по ссылке-приглашению."
    for text in ("/latest", "мост", "/start code", "/privacy"):
        (said,) = await anna.say(text)
        assert said.text == line
    await anna.press(greeting, cb.Latest())
    assert private_world.telegram.toasts[-1] == line
    assert not (await anna.ask_inline("мост")).results
    chat = await private_world.storage.subscribers.find(ANNA)
    assert chat is not None
    assert chat.state is SubscriberState.STOPPED
    # Nor is the person answered in a group that is in.
    group = private_world.person(ADMIN, group=-5)
    await group.say("/latest")
    assert await private_world.person(ANNA, group=-5).say("/latest") == []
    screen = await admin.press(screen, "Удалённые") or home
    await admin.press(screen, f"Впустить: Анна ({ANNA})")
    (page,) = await anna.say("/latest")
    assert "Свежие новости" in page.text


async def test_a_removed_person_stays_out_of_a_public_bot(world: World) -> None:
    admin, anna = world.person(ADMIN), world.person()
    await anna.say("/start")
    (home,) = await admin.say("/admin")
    assert "Бот открыт для всех" in home.text
    await admin.press(home, cb.RemovePerson(ANNA, confirmed=True))
    (said,) = await anna.say("/start")
    assert said.text == "Доступ к этому боту для вас закрыт."
    assert not (await anna.ask_inline("мост")).results


async def test_nobody_removes_themselves_or_the_settings_admins(private_world: World) -> None:
    people = private_world.storage.people
    await people.invite("first", now=private_world.now, uses=1, expires=None, admin=True)
    boris = private_world.person(8)
    await boris.say("/start first")
    (home,) = await boris.say("/admin")
    for person in (8, ADMIN):
        await boris.press(home, cb.RemovePerson(person, confirmed=True))
        assert "Нельзя удалить себя" in private_world.telegram.toasts[-1]
    (mine,) = await private_world.person(ADMIN).say("/admin")
    await private_world.person(ADMIN).press(mine, cb.RemovePerson(8, confirmed=True))
    # A button pressed after the rights were taken does nothing.
    await boris.press(home, cb.NewLink(1, 1, made=True))
    assert await people.invitations(private_world.now, 9) == []


async def test_pages_of_people(private_world: World) -> None:
    people = private_world.storage.people
    await people.invite("code", now=private_world.now, uses=99, expires=None)
    for person in range(2001, 2020):
        await people.redeem("code", person, private_world.now)
    admin = private_world.person(ADMIN)
    (home,) = await admin.say("/admin")
    assert "Людей: 20" in home.text  # the admin's own chat among them
    seen: list[str] = []
    screen = await admin.press(home, "Люди") or home
    while True:
        seen += [label for label in screen.labels if label.startswith("Удалить:")]
        if "Ещё ▶" not in screen.labels:
            break
        screen = await admin.press(screen, "Ещё ▶") or home
    assert len(seen) == len(set(seen)) == 20


async def test_forged_numbers_make_no_link(world: World) -> None:
    admin = world.person(ADMIN)
    (home,) = await admin.say("/admin")
    await admin.press(home, cb.NewLink(999, 365, made=True))
    assert "устарела" in world.telegram.toasts[-1]
    assert await world.storage.people.invitations(world.now + timedelta(0), 9) == []
