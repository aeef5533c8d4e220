"""What is hidden: typed, tapped under an article and in lists, and always brought back."""

from datetime import timedelta

import pytest

from bot.messages import callbacks as cb
from storage import FollowKind, Level, Topic
from tests.handlers.conftest import ANNA, NOW, Person, Shown, World


async def mutes(world: World) -> dict[tuple[FollowKind, str], int | None]:
    """What is hidden, and for how many days."""
    reader = await world.storage.subscribers.find(ANNA)
    assert reader
    return {
        (one.kind, one.key): (one.expires - NOW).days if one.expires else None
        for one in await world.storage.subscribers.mutes(reader.id, NOW)
    }


async def pressed(person: Person, shown: Shown, wanted: cb.Callback | str) -> Shown:
    after = await person.press(shown, wanted)
    assert after
    return after


@pytest.mark.parametrize(
    ("typed", "kind", "key", "days"),
    [
        ("спорт", FollowKind.TOPIC, "sport", None),
        ("topic politics 30", FollowKind.TOPIC, "politics", 30),
        ("тему Политика на 7 дней", FollowKind.TOPIC, "politics", 7),
        ("words гороскоп 30", FollowKind.WORDS, "гороскоп", 30),
        ("слова гороскоп на 30 дней", FollowKind.WORDS, "гороскоп", 30),
        ("слова гороскоп навсегда", FollowKind.WORDS, "гороскоп", None),
        ("source vestnik.example forever", FollowKind.SOURCE, "vestnik.example", None),
        ("vestnik.example for 30 days", FollowKind.SOURCE, "vestnik.example", 30),
        ("слова формула 1", FollowKind.WORDS, "формул 1", None),
        ('слова "гороскоп', FollowKind.WORDS, "гороскоп", None),
    ],
)
async def test_typed(
    world: World, typed: str, kind: FollowKind, key: str, days: int | None
) -> None:
    await world.article()
    anna = world.person()
    (said,) = await anna.say(f"/mute {typed}")
    assert said.text.startswith("Скрыто до " if days else "Скрыто навсегда: ")
    assert await mutes(world) == {(kind, key): days}
    await pressed(anna, said, "Вернуть")
    assert await mutes(world) == {}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("и", "есть в каждой новости"),
        ("тема гороскопы", "Есть: Политика"),
        ("source nosuch", "Есть: vestnik.example"),
        ("!!!", "Какие слова?"),
        ("https://unknown.example/", "Источника «https://unknown.example/» здесь нет"),
    ],
)
async def test_what_cannot_be_hidden_is_answered_with_what_can(
    world: World, typed: str, said: str
) -> None:
    await world.article()
    (shown,) = await world.person().say(f"/mute {typed}")
    assert said in shown.text
    assert await mutes(world) == {}


async def test_unmute_typed(world: World) -> None:
    anna = world.person()
    await anna.say("/mute спорт")
    await anna.say("/mute слова гороскопы")
    (said,) = await anna.say("/unmute гороскоп")
    assert said.text == "«гороскоп»: снова показываем."
    (said,) = await anna.say("/unmute гороскоп")
    assert "не скрыто" in said.text
    (said,) = await anna.say("/unmute всё")
    assert said.text == "Больше ничего не скрыто."
    assert await mutes(world) == {}
    (screen,) = await anna.say("/unmute")
    assert "Пока ничего не скрыто." in screen.text


async def test_the_list_changes_terms_lifts_and_hides_by_one_tap(world: World) -> None:
    await world.article()
    anna = world.person()
    (screen,) = await anna.say("/mute")
    screen = await pressed(anna, screen, "Скрыть: Спорт")
    screen = await pressed(anna, screen, "Скрыть: Гороскопы")
    assert "Скрыть: Спорт" not in screen.labels
    assert "Скрыть: Гороскопы" not in screen.labels
    sport = (FollowKind.TOPIC, "sport")
    assert await mutes(world) == {sport: None, (FollowKind.WORDS, "гороскоп"): None}
    assert "Спорт: навсегда" in screen.text
    screen = await pressed(anna, screen, "Спорт")
    assert (await mutes(world))[sport] == 30
    assert "Спорт: до 22 декабря" in screen.text
    screen = await pressed(anna, screen, "Спорт")
    assert (await mutes(world))[sport] is None
    screen = await pressed(anna, screen, cb.Unhide(FollowKind.TOPIC, cb.word_token("sport")))
    assert sport not in await mutes(world)
    assert "Скрыть: Спорт" in screen.labels
    assert world.telegram.toasts[-1] == "Спорт: снова показываем."
    assert len(anna.messages()) == 1


async def test_both_languages_horoscopes_are_hidden_from_who_reads_both(world: World) -> None:
    anna = world.person()
    await anna.say("/settings news both")
    (screen,) = await anna.say("/mute")
    await pressed(anna, screen, cb.HideReady(cb.Ready.HOROSCOPES))
    assert await mutes(world) == {
        (FollowKind.WORDS, "гороскоп"): None,
        (FollowKind.WORDS, world.desk.normaliser.phrase("horoscope")): None,
    }


@pytest.mark.parametrize(
    ("label", "kind", "key"),
    [
        ("Тема: Происшествия", FollowKind.TOPIC, "incidents"),
        ("Источник: vestnik.example", FollowKind.SOURCE, "vestnik.example"),
        ("Этот сюжет", FollowKind.STORY, "1"),
        ("«Камчатка»", FollowKind.WORDS, "камчатк"),
    ],
)
async def test_under_an_article(world: World, label: str, kind: FollowKind, key: str) -> None:
    stored = await world.article("Землетрясение на Камчатке", topic=Topic.INCIDENTS)
    anna = world.person()
    (card,) = await anna.say(f"/summary {stored.article_id}")
    menu = await pressed(anna, card, "Не показывать…")
    assert menu.text == card.text
    hidden = await pressed(anna, menu, label)
    assert await mutes(world) == {(kind, key): 30}
    assert "Скрыто до 22 декабря" in hidden.text
    if "Навсегда" in hidden.labels:
        hidden = await pressed(anna, hidden, "Навсегда")
        assert await mutes(world) == {(kind, key): None}
    shown = await pressed(anna, hidden, "Вернуть")
    assert await mutes(world) == {}
    assert shown == card
    assert len(anna.messages()) == 1


async def test_what_is_followed_can_be_hidden_from_its_screen(world: World) -> None:
    anna = world.person()
    (screen,) = await anna.say("/subscribe спорт")
    hidden = await pressed(anna, screen, "Не показывать")
    assert await mutes(world) == {(FollowKind.TOPIC, "sport"): 30}
    everything = await pressed(anna, hidden, "Скрытое")
    assert "Спорт: до 22 декабря" in everything.text
    (home,) = await anna.say("/subscribe")
    assert "Спорт: скрыто до 22 декабря" in home.text
    topics = await pressed(anna, home, "Темы")
    sport = await pressed(anna, topics, "🚫 Спорт")
    assert "Скрыто до 22 декабря." in sport.text
    sport = await pressed(anna, sport, "сразу")
    assert await mutes(world) == {}, "to follow it again is a change of mind"
    sport = await pressed(anna, sport, "Не показывать")
    await anna.press(sport, cb.FollowLevel(FollowKind.TOPIC, "sport", Level.OFF))
    assert await mutes(world) == {(FollowKind.TOPIC, "sport"): 30}, "off is none"


async def test_forged_and_stale_buttons(world: World) -> None:
    stored = await world.article()
    anna = world.person()
    (shown,) = await anna.say("/help")
    for button in (
        cb.HideWords(stored.article_id, cb.word_token("x")),
        cb.HideWords(99, cb.word_token("x")),
        cb.Hide(stored.article_id, FollowKind.EVERYTHING, 30),
        cb.HideFor(FollowKind.TOPIC, cb.word_token("sport"), 30),
        cb.HideFollow(FollowKind.STORY, "1"),
        cb.HideFollow(FollowKind.SOURCE, "99"),
    ):
        await anna.press(shown, button)
        toast = world.telegram.toasts[-1]
        assert "устарела" in toast or "больше нет" in toast or "нет в архиве" in toast
    assert await mutes(world) == {}
    await anna.press(shown, cb.Hide(stored.article_id, FollowKind.TOPIC, 10**15))
    ((_key, days),) = (await mutes(world)).items()
    assert days == timedelta(days=3650).days


async def test_a_groups_mutes_are_its_admins(world: World) -> None:
    stored = await world.article(topic=Topic.SPORT)
    world.telegram.owners.add(1)
    owner, member = world.person(1, group=-100), world.person(group=-100)
    (card,) = await owner.say(f"/summary {stored.article_id}")
    await member.press(card, cb.Hide(stored.article_id, FollowKind.TOPIC, 30))
    (refused,) = await member.say("/mute спорт")
    assert "администраторы" in refused.text
    group = await world.storage.subscribers.find(-100)
    assert group
    assert await world.storage.subscribers.mutes(group.id, NOW) == []
    await owner.say("/mute спорт")
    assert len(await world.storage.subscribers.mutes(group.id, NOW)) == 1
