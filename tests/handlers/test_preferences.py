"""Settings, follows and /stop, typed and tapped."""

import asyncio

from bot.messages import callbacks as cb
from storage import Alerts, FollowKind, Level, Subscriber, SubscriberState
from tests.handlers.conftest import ANNA, Person, Shown, World


async def reader(world: World, chat: int = ANNA) -> Subscriber:
    found = await world.storage.subscribers.find(chat)
    assert found
    return found


async def follows(world: World) -> dict[tuple[FollowKind, str], Level]:
    subscriber = await reader(world)
    found = await world.storage.subscribers.subscriptions(subscriber.id)
    return {(one.kind, one.key): one.level for one in found}


async def minutes(world: World) -> list[int]:
    subscriber = await reader(world)
    return [slot.minute for slot in await world.storage.subscribers.slots(subscriber.id)]


async def pressed(person: Person, shown: Shown, wanted: str) -> Shown:
    after = await person.press(shown, wanted)
    assert after
    return after


class TestTyped:
    async def test_each_is_confirmed_in_one_line_and_stored(self, world: World) -> None:
        anna = world.person()
        (said,) = await anna.say("/settings alerts on")
        assert said.text == "Уведомления: включены."
        await anna.say("/settings hourly off")
        await anna.say("/settings headlines 10")
        await anna.say("/settings silent on")
        await anna.say("/settings pictures off")
        await anna.say("/settings news both")
        subscriber = await reader(world)
        assert subscriber.alerts is Alerts.ON
        assert subscriber.hourly is None
        assert subscriber.headlines == 10
        assert subscriber.silent
        assert not subscriber.pictures
        assert subscriber.news_language == "all"

    async def test_language_answers_in_the_new_one(self, world: World) -> None:
        anna = world.person()
        (said,) = await anna.say("/settings language en")
        assert said.text == "Language: English."
        (helped,) = await anna.say("/help")
        assert "Read" in helped.text, "a chosen language outlives the client's"

    async def test_wrong_values_name_what_would_do(self, world: World) -> None:
        (said,) = await world.person().say("/settings alerts perhaps")
        assert said.text == "«perhaps» не подходит. Можно так: вкл, важные, выкл."
        (said,) = await world.person().say("/settings чепуха")
        assert "уведомления, дайджест, тишина, лимит, город" in said.text

    async def test_every_name_that_is_offered_is_understood(self, world: World) -> None:
        for language in ("ru", "en"):
            anna = world.person(language=language)
            (said,) = await anna.say("/settings xyzzy")
            names = said.text.partition(": ")[2].partition(". ")[0].split(", ")
            assert len(names) == len(cb.Setting)
            for name in names:
                (screen,) = await anna.say(f"/settings {name}")
                assert screen.keyboard, f"{name} opens the screen where it is chosen"

    async def test_an_offset_reads_the_right_way_round(self, world: World) -> None:
        (said,) = await world.person().say("/settings zone +3")
        assert said.text == "Часовой пояс: UTC+3, сейчас 12:00."
        assert (await reader(world)).zone == "Etc/GMT-3"

    async def test_first_time_asks_for_the_zone_once(self, world: World) -> None:
        anna = world.person()
        said, zones = await anna.say("/settings digest 8:00 пн-пт 20:00")
        assert said.text == "Дайджест: 08:00 по будням и 20:00 ежедневно."
        assert "Который у вас час?" in zones.text
        assert await minutes(world) == [480, 1200]
        tokyo = await anna.press(zones, cb.Change(cb.Setting.ZONE, "Asia/Vladivostok"))
        assert tokyo
        assert (await reader(world)).zone == "Asia/Vladivostok"
        (again,) = await anna.say("/settings digest 9:00")
        assert "09:00" in again.text

    async def test_a_new_zone_moves_the_digests(self, world: World) -> None:
        anna = world.person()
        await anna.say("/start")
        subscriber = await reader(world)
        before = await world.storage.subscribers.slots(subscriber.id)
        await anna.say("/settings zone владивосток")
        after = await world.storage.subscribers.slots(subscriber.id)
        assert [slot.minute for slot in before] == [slot.minute for slot in after]
        assert [slot.due for slot in before] != [slot.due for slot in after]


class TestScreens:
    async def test_one_message_all_the_way(self, world: World) -> None:
        anna = world.person()
        (home,) = await anna.say("/settings")
        alerts = await pressed(anna, home, "Уведомления")
        on = await pressed(anna, alerts, "включены")
        assert "✓ включены" in on.labels
        home = await pressed(anna, on, "◀ Назад")
        home = await pressed(anna, home, "☐ Всё без звука")
        assert "☑ Всё без звука" in home.labels
        assert len(anna.messages()) == 1
        assert (await reader(world)).silent

    async def test_a_second_tap_on_an_hour_does_not_undo_the_first(self, world: World) -> None:
        anna = world.person()
        await anna.say("/settings zone Europe/Moscow")
        (screen,) = await anna.say("/settings digest")
        await asyncio.gather(anna.press(screen, "12:00"), anna.press(screen, "12:00"))
        assert await minutes(world) == [480, 600, 720, 1140]
        screen = anna.message(screen.message_id) or screen
        for _ in range(2):
            await anna.press(screen, "✓ 12:00")
            assert await minutes(world) == [480, 600, 1140]

    async def test_an_hours_button_of_an_earlier_version_turns_it_round(self, world: World) -> None:
        anna = world.person()
        await anna.say("/settings zone Europe/Moscow")
        (screen,) = await anna.say("/settings digest")
        for expected in ([480, 600, 720, 1140], [480, 600, 1140]):
            await anna.press(screen, cb.Change(cb.Setting.DIGEST, "12.00"))
            assert await minutes(world) == expected

    async def test_digest_hours_are_toggled(self, world: World) -> None:
        anna = world.person()
        (home,) = await anna.say("/settings")
        digest = await pressed(anna, home, "Дайджест")
        zones = await pressed(anna, digest, "13:00")
        assert "Который у вас час?" in zones.text
        assert 780 in await minutes(world)
        home = await pressed(anna, zones, "◀ Назад")
        digest = await pressed(anna, home, "Дайджест")
        digest = await pressed(anna, digest, "✓ 13:00")
        assert 780 not in await minutes(world)
        digest = await pressed(anna, digest, "Без дайджестов")
        assert await minutes(world) == []

    async def test_two_hours_tapped_at_once_are_both_kept(self, world: World) -> None:
        anna = world.person()
        await anna.say("/settings zone Europe/Moscow")
        (home,) = await anna.say("/settings")
        digest = await pressed(anna, home, "Дайджест")
        await asyncio.gather(anna.press(digest, "13:00"), anna.press(digest, "14:00"))
        assert {780, 840} <= set(await minutes(world))

    async def test_too_many_digests(self, world: World) -> None:
        anna = world.person()
        await anna.say("/settings digest 7 8 9 10 11 12")
        (home,) = await anna.say("/settings")
        digest = await pressed(anna, home, "Дайджест")
        await anna.press(digest, "20:00")
        assert "не больше 6" in world.telegram.toasts[-1]
        assert len(await minutes(world)) == 6

    async def test_pressing_what_is_set_already_is_answered(self, world: World) -> None:
        anna = world.person()
        (home,) = await anna.say("/settings")
        screen = await pressed(anna, home, "Тихие часы")
        screen = await pressed(anna, screen, "нет")
        again = await pressed(anna, screen, "✓ нет")
        assert again == screen
        assert world.telegram.toasts[-1] == "Тихих часов нет."


class TestFollows:
    async def test_typed(self, world: World) -> None:
        await world.article()
        anna = world.person()
        (said,) = await anna.say("/subscribe спорт сразу")
        assert said.text.splitlines()[0] == "Спорт: сразу."
        assert "За последние сутки ничего не было. Сообщим, как только появится." in said.text
        (said,) = await anna.say("/subscribe землетрясение на Камчатке")
        assert said.text.splitlines()[0] == "«землетрясение на Камчатке»: сразу."
        (said,) = await anna.say("/unsubscribe source vestnik.example")
        assert ": не присылать." in said.text
        (said,) = await anna.say("/subscribe https://unknown.example")
        assert "ленты новостей не нашлось" in said.text
        (said,) = await anna.say("/subscribe source https://unknown.example")
        assert "нет. Есть: vestnik.example." in said.text
        (said,) = await anna.say("/subscribe слова !!!")
        assert "Какие слова?" in said.text
        levels = await follows(world)
        assert levels[FollowKind.TOPIC, "sport"] is Level.NOW
        assert levels[FollowKind.SOURCE, "vestnik.example"] is Level.OFF
        words = [key for kind, key in levels if kind is FollowKind.WORDS]
        assert words == [world.desk.normaliser.phrase("землетрясения на камчатке")]
        (said,) = await anna.say("/unsubscribe землетрясений на Камчатке")
        assert ": не присылать." in said.text
        (said,) = await anna.say("/unsubscribe землетрясений на Камчатке")
        assert "такой подписки нет" in said.text
        (said,) = await anna.say("/unsubscribe all")
        assert await follows(world) == {}

    async def test_tapped(self, world: World) -> None:
        await world.article()
        anna = world.person()
        await anna.say("/subscribe слова мост через Неву")
        (home,) = await anna.say("/subscribe")
        topics = await pressed(anna, home, "Темы")
        sport = await pressed(anna, topics, "📰 Спорт")
        sport = await pressed(anna, sport, "сразу")
        assert "✓ сразу" in sport.labels
        assert world.telegram.toasts[-1] == "Спорт: сразу."
        topics = await pressed(anna, sport, "◀ Назад")
        assert "⚡ Спорт" in topics.labels
        home = await pressed(anna, topics, "◀ Назад")
        sources = await pressed(anna, home, "Источники")
        assert "5 минут назад" in sources.text
        label = next(one for one in sources.labels if "vestnik" in one)
        source = await pressed(anna, sources, label)
        assert "Открыт новый мост" in source.text, "what it would have brought"
        await pressed(anna, source, "сразу")
        home = await pressed(anna, sources, "◀ Назад")
        words = await pressed(anna, home, "Слова")
        words = await pressed(anna, words, "✕")
        assert "Подписок на слова пока нет." in words.text
        home = await pressed(anna, words, "◀ Назад")
        everything = await pressed(anna, home, "📰 Все новости")
        everything = await pressed(anna, everything, "сразу")
        assert len(anna.messages()) == 2, "the confirmation, and one screen all the way"
        levels = await follows(world)
        assert levels == {
            (FollowKind.EVERYTHING, ""): Level.NOW,
            (FollowKind.TOPIC, "sport"): Level.NOW,
            (FollowKind.SOURCE, "vestnik.example"): Level.NOW,
        }

    async def test_buttons_of_former_screens_still_set_a_level(self, world: World) -> None:
        anna = world.person()
        (home,) = await anna.say("/subscribe")
        shown = await anna.press(home, cb.Follow(FollowKind.TOPIC, "sport", Level.SOUND))
        assert shown
        assert "🔔 Спорт" in shown.labels
        assert (await follows(world))[FollowKind.TOPIC, "sport"] is Level.SOUND

    async def test_buttons_of_what_is_no_more(self, world: World) -> None:
        anna = world.person()
        (shown,) = await anna.say("/help")
        for kind, key in (
            (FollowKind.SOURCE, "99"),
            (FollowKind.SOURCE, "x"),
            (FollowKind.TOPIC, "x"),
            (FollowKind.WORDS, cb.word_token("x")),
            (FollowKind.STORY, "1"),
        ):
            await anna.press(shown, cb.Follow(kind, key, Level.NOW))
            assert "устарела" in world.telegram.toasts[-1]


class TestStop:
    async def test_asks_once_and_start_revives(self, world: World) -> None:
        anna = world.person()
        await anna.say("/settings alerts on")
        (question,) = await anna.say("/stop")
        said = await pressed(anna, question, "Остановить")
        assert "/start" in said.text
        assert (await reader(world)).state is SubscriberState.STOPPED
        await anna.say("/latest")
        assert (await reader(world)).state is SubscriberState.STOPPED, "reading is no /start"
        await anna.say("/start")
        assert (await reader(world)).state is SubscriberState.ACTIVE
        assert (await reader(world)).alerts is Alerts.ON

    async def test_a_groups_admins_bring_it_back(self, world: World) -> None:
        world.telegram.owners.add(1)
        owner, member = world.person(1, group=-100), world.person(group=-100)
        (question,) = await owner.say("/stop")
        await owner.press(question, "Остановить")
        await member.say("/start")
        assert (await reader(world, -100)).state is SubscriberState.STOPPED
        await owner.say("/start")
        assert (await reader(world, -100)).state is SubscriberState.ACTIVE

    async def test_called_off(self, world: World) -> None:
        anna = world.person()
        (question,) = await anna.say("/stop")
        await pressed(anna, question, "Не останавливать")
        assert (await reader(world)).state is SubscriberState.ACTIVE


async def test_a_lone_stop_word_is_refused_and_a_phrase_of_them_is_not(world: World) -> None:
    """«и» stands in every article; «The Who» is a name."""
    anna = world.person()
    for text in ("/subscribe слова и", "/subscribe words the"):
        (said,) = await anna.say(text)
        assert "есть в каждой новости" in said.text
    (said,) = await anna.say("/subscribe words the who")
    assert "the who" in said.text
    words = [key for kind, key in await follows(world) if kind is FollowKind.WORDS]
    assert words == ["the who"]


async def test_the_follows_say_so_where_alerts_bring_all_of_it_at_once(world: World) -> None:
    anna = world.person()
    await anna.say("/settings alerts on")
    (screen,) = await anna.say("/subscribe")
    assert "всё это приходит сразу" in screen.text
    await anna.say("/settings alerts off")
    (screen,) = await anna.say("/subscribe")
    assert "приходит сразу" not in screen.text
    assert "в дайджесте" in screen.text
