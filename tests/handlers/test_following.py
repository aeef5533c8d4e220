"""What is followed shows at once what it would have brought; stories; unfollowing by taps."""

from datetime import timedelta

import pytest

from bot.messages import callbacks as cb
from storage import FollowKind, Level, Topic
from tests.handlers.conftest import ANNA, Person, Shown, World

HOUR = timedelta(hours=1)


async def follows(world: World) -> dict[tuple[FollowKind, str], Level]:
    reader = await world.storage.subscribers.find(ANNA)
    assert reader
    found = await world.storage.subscribers.subscriptions(reader.id)
    return {(one.kind, one.key): one.level for one in found}


async def pressed(person: Person, shown: Shown, wanted: cb.Callback | str) -> Shown:
    after = await person.press(shown, wanted)
    assert after
    return after


class TestWhatItWouldHaveBrought:
    async def test_words_in_any_form_of_the_last_day_the_newest_first(self, world: World) -> None:
        await world.article("Мост через Волгу открыт", age=HOUR)
        await world.article("Новости дня", body="У моста через Волгу дежурят.", age=2 * HOUR)
        await world.article("Через Волгу построят новый мост", age=3 * HOUR)
        await world.article("Мост через Волгу закрыт", age=30 * HOUR)
        await world.article("Мост обсуждают", body="Его построят через реку, не Волгу.")
        (shown,) = await world.person().say("/subscribe мосты через Волгу")
        assert shown.text.startswith("«мосты через Волгу»: сразу.\n\nЗа последние сутки:")
        titles = [line for line in shown.text.splitlines() if "ост" in line and "мосты" not in line]
        assert titles == [
            "Мост через Волгу открыт",
            "Новости дня",
            "Через Волгу построят новый мост",
        ]
        assert "/full_1" in shown.text

    async def test_at_most_four_and_how_many_more(self, world: World) -> None:
        for number in range(7):
            await world.article(f"Матч {number}", topic=Topic.SPORT, age=number * HOUR)
        (shown,) = await world.person().say("/subscribe спорт")
        assert shown.text.count("/full_") == 4
        assert "…и ещё 3" in shown.text

    async def test_a_source_and_ones_own(self, world: World) -> None:
        anna = world.person()
        await anna.say("/start")
        reader = await world.storage.subscribers.find(ANNA)
        assert reader
        await world.article("Тайное", domain="own.example", owner=reader.id)
        await world.article("Чужое", domain="other.example")
        (shown,) = await anna.say("/subscribe own.example")
        assert "Тайное" in shown.text
        assert "Чужое" not in shown.text
        other = world.person(2002)
        (shown,) = await other.say("/subscribe words тайное")
        assert "За последние сутки ничего" in shown.text, "another reader's source is nobody else's"

    async def test_only_what_the_reader_could_read(self, world: World) -> None:
        await world.article("Bridge opened", language="en", domain="courier.example")
        await world.article()
        anna = world.person()
        await anna.say("/settings news ru")
        (shown,) = await anna.say("/subscribe bridge")
        assert "За последние сутки ничего не было. Сообщим, как только появится." in shown.text
        await anna.say("/settings news both")
        (shown,) = await anna.say("/subscribe bridge")
        assert "Bridge opened" in shown.text

    async def test_one_line_a_story(self, world: World) -> None:
        first = await world.article("Мост открыт")
        await world.article("Мост открыт", domain="courier.example", story=first.story_id)
        (shown,) = await world.person().say("/subscribe слова мост")
        assert shown.text.count("/full_") == 1


class TestWhatMutesHide:
    """A follow shows what really would have come, and names the mute that takes the rest."""

    async def test_a_muted_topic_is_named_and_lifted_on_the_spot(self, world: World) -> None:
        await world.article("Мост выиграл кубок", topic=Topic.SPORT, age=HOUR)
        await world.article("Открыт мост", age=2 * HOUR)
        await world.article("Мост чемпионов", topic=Topic.SPORT, age=3 * HOUR)
        anna = world.person()
        await anna.say("/mute спорт")
        (shown,) = await anna.say("/subscribe слова мост")
        assert shown.text.count("/full_") == 1
        assert "Открыт мост" in shown.text
        assert "Скрыто за последние сутки: Спорт (2)" in shown.text
        after = await pressed(anna, shown, "Вернуть: Спорт")
        assert "Спорт: снова показываем" in world.telegram.toasts[-1]
        assert after.text.startswith("«мост»")
        assert after.text.count("/full_") == 3
        assert "Скрыто" not in after.text
        assert "Вернуть: Спорт" not in after.labels

    async def test_where_all_of_it_is_hidden_nothing_is_promised(self, world: World) -> None:
        await world.article("Мост: гороскоп на неделю", domain="vestnik.example")
        anna = world.person()
        await anna.say("/mute слова гороскопы")
        (shown,) = await anna.say("/subscribe source vestnik.example")
        assert "/full_" not in shown.text
        assert "Скрыто за последние сутки: «гороскопы» (1)" in shown.text
        assert "За последние сутки ничего" not in shown.text
        assert "За последние сутки:" not in shown.text
        assert "Вернуть: «гороскопы»" in shown.labels

    async def test_the_count_is_of_what_comes(self, world: World) -> None:
        for number in range(6):
            await world.article(f"Мост {number}", age=number * HOUR)
        for number in range(3):
            await world.article(f"Мост {number}0", domain="spam.example", age=number * HOUR)
        anna = world.person()
        await anna.say("/mute spam.example")
        (shown,) = await anna.say("/subscribe слова мост")
        assert "…и ещё 2" in shown.text
        assert "(3)" in shown.text

    async def test_its_own_mute_is_told_as_before_and_an_ended_one_hides_nothing(
        self, world: World
    ) -> None:
        await world.article("Мост чемпионов", topic=Topic.SPORT)
        anna = world.person()
        await anna.say("/subscribe слова мост")
        await anna.say("/mute спорт 1")
        world.now += timedelta(days=1)
        await world.article("Мост опять", topic=Topic.SPORT)
        (shown,) = await anna.say("/subscribe слова мост")
        assert "Мост опять" in shown.text
        assert "Скрыто" not in shown.text

    async def test_a_mute_lifted_elsewhere_leaves_a_button_that_does_no_harm(
        self, world: World
    ) -> None:
        await world.article("Мост чемпионов", topic=Topic.SPORT)
        anna = world.person()
        await anna.say("/mute спорт")
        (shown,) = await anna.say("/subscribe слова мост")
        await anna.say("/unmute спорт")
        after = await pressed(anna, shown, "Вернуть: Спорт")
        assert "Мост чемпионов" in after.text
        lift = cb.LiftMute(FollowKind.TOPIC, cb.word_token("sport"), FollowKind.WORDS, "nosuch", 0)
        after = await pressed(anna, shown, lift)
        assert after.text.startswith("Слова")


class TestTyped:
    @pytest.mark.parametrize(
        ("typed", "kind", "key", "level"),
        [
            ("all", FollowKind.EVERYTHING, "", Level.DIGEST),
            ("всё со звуком", FollowKind.EVERYTHING, "", Level.SOUND),
            ("topic politics now", FollowKind.TOPIC, "politics", Level.NOW),
            ("тема политика сразу со звуком", FollowKind.TOPIC, "politics", Level.SOUND),
            ("source vestnik.example digest", FollowKind.SOURCE, "vestnik.example", Level.DIGEST),
            ("https://www.vestnik.example/", FollowKind.SOURCE, "vestnik.example", Level.DIGEST),
            ('nosuch "', FollowKind.WORDS, "nosuch", Level.NOW),
            ("«Илон Маск» в дайджесте", FollowKind.WORDS, "илон маск", Level.DIGEST),
            ("спорт выкл", FollowKind.TOPIC, "sport", Level.OFF),
            ("спорт не присылать", FollowKind.TOPIC, "sport", Level.OFF),
        ],
    )
    async def test_forms(
        self, world: World, typed: str, kind: FollowKind, key: str, level: Level
    ) -> None:
        await world.article()
        await world.person().say(f"/subscribe {typed}")
        assert (await follows(world))[kind, key] is level

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            (
                "topic politics завтра",
                "Можно так: не присылать, в дайджесте, сразу, сразу со звуком.",
            ),
            ("тема астрология", "Есть: Политика, Экономика"),
            ("source nosuch now", "Есть: vestnik.example"),
            ('"', "Какие слова?"),
        ],
    )
    async def test_a_wrong_value_is_answered_with_those_that_would_do(
        self, world: World, typed: str, said: str
    ) -> None:
        await world.article()
        (shown,) = await world.person().say(f"/subscribe {typed}")
        assert said in shown.text
        assert list(await follows(world)) == [(FollowKind.EVERYTHING, "")]

    @pytest.mark.parametrize(
        ("typed", "screen"),
        [("темы", "Темы"), ("sources", "Источники"), ("слова", "Слова"), ("сюжеты", "Сюжеты")],
    )
    async def test_a_kind_alone_opens_its_screen(
        self, world: World, typed: str, screen: str
    ) -> None:
        (shown,) = await world.person().say(f"/subscribe {typed}")
        assert shown.text.startswith(screen)


class TestStories:
    async def test_followed_from_its_card_and_left_again(self, world: World) -> None:
        stored = await world.article("Открыт новый мост")
        anna = world.person()
        (card,) = await anna.say(f"/summary {stored.article_id}")
        shown = await pressed(anna, card, "Следить за сюжетом")
        assert "Продолжение придёт" in shown.text
        assert await follows(world) == {
            (FollowKind.EVERYTHING, ""): Level.DIGEST,
            (FollowKind.STORY, str(stored.story_id)): Level.NOW,
        }
        back = await pressed(anna, shown, "◀ Назад")
        assert back == card
        shown = await pressed(anna, back, "Следить за сюжетом")
        shown = await pressed(anna, shown, "сразу со звуком")
        assert (await follows(world))[FollowKind.STORY, str(stored.story_id)] is Level.SOUND
        again = await pressed(anna, card, "Следить за сюжетом")
        assert "✓ сразу со звуком" in again.labels, "a second press leaves it as it was"
        stories = await pressed(anna, again, "Не следить")
        assert "Подписок на сюжеты пока нет." in stories.text
        assert list(await follows(world)) == [(FollowKind.EVERYTHING, "")]
        assert len(anna.messages()) == 1

    async def test_of_ones_own_source_there_is_none(self, world: World) -> None:
        anna = world.person()
        await anna.say("/start")
        reader = await world.storage.subscribers.find(ANNA)
        assert reader
        stored = await world.article("Своё", domain="own.example", owner=reader.id)
        (card,) = await anna.say(f"/summary {stored.article_id}")
        assert "Следить за сюжетом" not in card.labels
        other = world.person(2002)
        (shown,) = await other.say("/help")
        await other.press(shown, cb.FollowStory(stored.article_id))
        assert "нет в архиве" in world.telegram.toasts[-1]


class TestUnsubscribe:
    async def test_by_taps_one_and_all(self, world: World) -> None:
        anna = world.person()
        await anna.say("/subscribe спорт сразу")
        await anna.say("/subscribe слова мост")
        (screen,) = await anna.say("/unsubscribe")
        screen = await pressed(anna, screen, "✕ «мост»")
        assert "✕ «мост»" not in screen.labels
        screen = await pressed(anna, screen, "✕ Спорт")
        assert (await follows(world))[FollowKind.TOPIC, "sport"] is Level.OFF
        asked = await pressed(anna, screen, "Отписаться от всего")
        assert await follows(world)
        screen = await pressed(anna, asked, "◀ Назад")
        asked = await pressed(anna, screen, "Отписаться от всего")
        await pressed(anna, asked, "Отписаться")
        assert await follows(world) == {}
        (screen,) = await anna.say("/unsubscribe")
        assert "/subscribe" in screen.text


async def test_many_follows_are_paged(world: World) -> None:
    anna = world.person()
    for number in range(45):
        await anna.say(f"/subscribe слова слон{number}")
    (home,) = await anna.say("/subscribe")
    words = await pressed(anna, home, "Слова")
    seen = set()
    while True:
        seen |= {label for label in words.labels if "слон" in label}
        if "▶" not in words.labels:
            break
        words = await pressed(anna, words, "▶")
    assert len(seen) == 45
    (drop,) = await anna.say("/unsubscribe")
    assert "▶" in drop.labels


async def test_of_a_search_its_words_are_followed_and_not_its_operators(world: World) -> None:
    await world.article()
    anna = world.person()
    (shown,) = await anna.say('/search "лунный трактор" -марс source:vestnik.example')
    await anna.press(shown, next(one for one in shown.callbacks if isinstance(one, cb.FollowQuery)))
    assert "лунный трактор" in world.telegram.toasts[-1]
    words = [key for kind, key in await follows(world) if kind is FollowKind.WORDS]
    assert words == [world.desk.normaliser.phrase("лунный трактор")]


async def test_a_groups_follows_are_called_the_chats(world: World) -> None:
    world.telegram.owners.add(1)
    (home,) = await world.person(1, group=-100).say("/subscribe")
    assert home.text.startswith("Подписки этого чата\n")
    (gone,) = await world.person(1, group=-100).say("/unsubscribe спорт")
    assert "Подписки этого чата" in gone.labels
    (own,) = await world.person().say("/subscribe")
    assert own.text.startswith("Ваши подписки\n")


async def test_who_asks_to_be_told_sees_the_follow_and_is_told(world: World) -> None:
    """Whatever was hidden or followed before; of a long query whole words alone are followed."""
    await world.article()
    anna = world.person()
    await anna.say("/mute слова лунный трактор")
    await anna.say("/subscribe слова лунный трактор со звуком")
    (nothing,) = await anna.say('/search "лунный трактор"')
    shown = await pressed(anna, nothing, "Сообщить")
    assert shown.text.startswith("«лунный трактор»: сразу со звуком.")
    assert "Скрыто" not in shown.text
    key = world.desk.normaliser.phrase("лунный трактор")
    assert (await follows(world))[FollowKind.WORDS, key] is Level.SOUND
    long = " ".join(f"{word}ость" for word in "абвгдежзиклмнопрсту" * 2)
    (nothing,) = await anna.say(f"/search {long}")
    await pressed(anna, nothing, "Сообщить")
    keys = {one for kind, one in await follows(world) if kind is FollowKind.WORDS} - {key}
    assert len(keys) == 1
    assert set(keys.pop().split()) <= set(world.desk.normaliser.phrase(long).split())


class TestAsked:
    async def test_words_are_typed_after_a_button(self, world: World) -> None:
        await world.article("Мост через Волгу открыт")
        anna = world.person()
        (words,) = await anna.say("/subscribe слова")
        asked = await pressed(anna, words, "Добавить слова")
        assert "Какие слова?" in asked.text
        (said,) = await anna.say("мосты через Волгу сразу со звуком")
        assert "«мосты через Волгу»: сразу со звуком." in said.text
        assert "Мост через Волгу открыт" in said.text
        (found,) = await anna.say("мост")
        assert "мосты" not in found.text, "a question is answered once"
        assert len(await follows(world)) == 2

    async def test_an_address_is_asked_for(self, world: World) -> None:
        anna = world.person()
        (sources,) = await anna.say("/subscribe источники")
        await pressed(anna, sources, "Добавить источник")
        await anna.say("own.example")
        assert [text for text, _owner in world.looked] == ["own.example"]

    async def test_words_to_hide(self, world: World) -> None:
        stored = await world.article()
        anna = world.person()
        (card,) = await anna.say(f"/summary {stored.article_id}")
        menu = await pressed(anna, card, "Не показывать…")
        asked = await pressed(anna, menu, "Другое слово…")
        back = await pressed(anna, asked, "◀ Назад")
        assert back == card
        await pressed(anna, menu, cb.AskFollow(cb.Asked.HIDE, stored.article_id))
        (said,) = await anna.say("гороскопы 30")
        assert "Скрыто до 22 декабря: «гороскопы»" in said.text

    @pytest.mark.parametrize("left", ["a command", "a button", "a quarter of an hour"])
    async def test_who_goes_elsewhere_has_left_the_question(self, world: World, left: str) -> None:
        await world.article("Мост через Волгу открыт")
        anna = world.person()
        (words,) = await anna.say("/subscribe слова")
        asked = await pressed(anna, words, "Добавить слова")
        if left == "a command":
            await anna.say("/latest")
        elif left == "a button":
            await pressed(anna, asked, "◀ Назад")
        else:
            world.now += timedelta(minutes=16)
        await anna.say("мост")
        assert len(await follows(world)) == 1

    async def test_in_a_group_people_talk_to_each_other(self, world: World) -> None:
        world.telegram.owners.add(1)
        owner = world.person(1, group=-100)
        (words,) = await owner.say("/subscribe слова")
        asked = await pressed(owner, words, "Добавить слова")
        assert "/subscribe слова" in asked.text
        assert await owner.say("пойдёмте обедать") == []
