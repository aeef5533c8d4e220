"""Lists and searches, as a person sees them."""

import asyncio
from datetime import date, timedelta

import pytest

from bot.messages import callbacks as cb
from bot.messages.days import read_day
from bot.messages.texts import load_all
from storage import Topic
from tests.handlers.conftest import NOW, World


async def test_latest_pages_back_and_forth(world: World) -> None:
    for n in range(20):
        await world.article(f"Новость {n}", age=timedelta(minutes=30 - n))
    anna = world.person()
    (first,) = await anna.say("/latest")
    assert "Новость 19" in first.text
    assert "Новость 11" not in first.text
    second = await anna.press(first, "Раньше ▶")
    assert second
    assert "Новость 11" in second.text
    assert "Новость 12" not in second.text
    third = await anna.press(second, "Раньше ▶")
    assert third
    assert "Новость 0 " in third.text.replace("\n", " ")
    assert "Раньше ▶" not in third.labels
    back = await anna.press(third, "◀ Новее")
    assert back
    assert back.text == second.text
    top = await anna.press(back, "◀ Новее")
    assert top == first
    assert world.telegram.toasts == [""] * 4, "every press is answered"


async def test_latest_of_a_topic_or_source(world: World) -> None:
    await world.article("Матч", topic=Topic.SPORT)
    await world.article("Закон", topic=Topic.POLITICS, domain="gazeta.example")
    anna = world.person()
    (sport,) = await anna.say("/latest спорт")
    assert "Матч" in sport.text
    assert "Закон" not in sport.text
    (source,) = await anna.say("/latest gazeta.example")
    assert "Закон" in source.text
    assert "Матч" not in source.text
    (unknown,) = await anna.say("/latest гороскоп")
    assert "Нет ни темы, ни источника «гороскоп»" in unknown.text
    choice = await anna.press(sport, "Тема…")
    assert choice
    politics = await anna.press(choice, "Политика")
    assert politics
    assert "Закон" in politics.text
    assert cb.Latest() in politics.callbacks


async def test_empty_lists_say_what_to_do(world: World) -> None:
    anna = world.person()
    for command in ("/latest", "/top", "/archive", "/digest"):
        (answer,) = await anna.say(command)
        assert answer.text


async def test_top_weighs_and_names(world: World) -> None:
    await world.article("Давнее", age=timedelta(hours=40))
    await world.article("Свежее")
    (top,) = await world.person().say("/top")
    assert "Свежее" in top.text
    assert "Давнее" not in top.text


async def test_archive_goes_day_by_day(world: World) -> None:
    for n in range(10):
        await world.article(f"Сегодня {n}", age=timedelta(minutes=n))
    await world.article("Вчерашнее", age=timedelta(days=1))
    anna = world.person()
    (today,) = await anna.say("/archive")
    assert "Сегодня 0" in today.text
    rest = await anna.press(today, "Раньше ▶")
    assert rest
    assert "Сегодня 9" in rest.text
    assert await anna.press(rest, "◀ Новее") == today
    yesterday = await anna.press(rest, "◀ 21 ноября")
    assert yesterday
    assert "Вчерашнее\n11:55 · " not in yesterday.text
    assert "Вчерашнее\n12:00 · " in yesterday.text, "the heading names the day already"
    (latest,) = await anna.say("/latest")
    by_day = await anna.press(latest, "По дням")
    assert by_day
    assert by_day.text == today.text
    (typed,) = await anna.say("/archive 21.11")
    assert typed.text == yesterday.text
    (wrong,) = await anna.say("/archive чепуха")
    assert "/archive 2026-11-22" in wrong.text


async def test_archive_pages_stay_while_news_arrives(world: World) -> None:
    for n in range(20):
        await world.article(f"Новость {n}", age=timedelta(minutes=10 * n))
    anna = world.person()
    (first,) = await anna.say("/archive")
    await world.article("Поздняя", age=timedelta(minutes=1))
    await world.article("Внесённая задним числом", age=timedelta(minutes=65))
    second = await anna.press(first, "Раньше ▶")
    assert second
    assert [f"Новость {n}\n" in second.text for n in (7, 8, 15, 16)] == [False, True, True, False]
    third = await anna.press(second, "Раньше ▶")
    assert third
    assert third.text.count("/full_") == 4
    back = await anna.press(third, "◀ Новее")
    assert back
    assert back.text == second.text
    top = await anna.press(back, "◀ Новее")
    assert top
    again = await anna.press(top, "◀ Новее") if "◀ Новее" in top.labels else top
    assert again
    assert "Поздняя" in again.text


async def test_old_buttons_of_the_archive_still_turn_its_pages(world: World) -> None:
    for n in range(20):
        await world.article(f"Новость {n}", age=timedelta(minutes=n))
    anna = world.person()
    (shown,) = await anna.say("/help")
    page = await anna.press(shown, cb.Day(date(2026, 11, 22), 8))
    assert page
    assert "Новость 8\n" in page.text
    assert "Новость 7\n" not in page.text
    older = await anna.press(page, "Раньше ▶")
    assert older
    assert "Новость 16\n" in older.text
    past = await anna.press(shown, cb.Day(date(2026, 11, 22), 800))
    assert past
    assert "Новость 0\n" in past.text


async def test_an_empty_day_leads_to_the_nearest_with_news(world: World) -> None:
    await world.article("Старая", age=timedelta(days=90))
    await world.article("Новая", age=timedelta(days=10))
    anna = world.person()
    (empty,) = await anna.say("/archive 1 октября")
    assert "За этот день новостей нет." in empty.text
    assert empty.labels[:2] == ["◀ 24 августа", "12 ноября ▶"]
    old = await anna.press(empty, "◀ 24 августа")
    assert old
    assert "Старая" in old.text
    week = await anna.press(old, "◀ Неделей раньше")
    assert week
    assert "17 августа" in week.text
    (day,) = await anna.say("/latest 12 ноября")
    assert "Новая" in day.text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("", None),
        ("Сегодня", date(2026, 11, 22)),
        ("yesterday", date(2026, 11, 21)),
        ("позавчера", date(2026, 11, 20)),
        ("the day before yesterday", date(2026, 11, 20)),
        ("5 ноября", date(2026, 11, 5)),
        ("5 мар. 2025", date(2025, 3, 5)),
        ("декабрь 5", date(2025, 12, 5)),
        ("November 5, 2024", date(2024, 11, 5)),
        ("29.02", date(2024, 2, 29)),
        ("31 июня", None),
        ("5 мартобря", None),
        ("вчера", date(2026, 11, 21)),
        ("2026-11-01", date(2026, 11, 1)),
        ("1.11.2025", date(2025, 11, 1)),
        ("22.12", date(2025, 12, 22)),
        ("31.02", None),
        ("2027-01-01", None),
        ("0001-01-01", None),
        ("завтра", None),
        ("22.11.26", date(2026, 11, 22)),
        ("1-11-2025", date(2025, 11, 1)),
        ("11/21", date(2026, 11, 21)),
        ("2026.11.5", date(2026, 11, 5)),
        ("2026-11", date(2026, 11, 1)),
        ("03.2025", date(2025, 3, 1)),
        ("2025", date(2025, 1, 1)),
        ("ноябрь", date(2026, 11, 1)),
        ("декабря", date(2025, 12, 1)),
        ("March 2025", date(2025, 3, 1)),
        ("2026-13", None),
        ("0000", None),
        ("мартобрь", None),
    ],
)
def test_days_as_people_write_them(text: str, day: date | None) -> None:
    assert read_day(text, date(2026, 11, 22), load_all().values()) == day


class TestSearch:
    async def test_plain_text_is_a_search(self, world: World) -> None:
        await world.article("Переговоры в Японии продолжаются")
        await world.article("Совсем другое")
        anna = world.person()
        (found,) = await anna.say("переговоры с японией")
        assert "Переговоры в Японии" in found.text
        assert "Совсем другое" not in found.text
        (again,) = await anna.say("/search переговоры с японией")
        assert again.text == found.text

    async def test_pages_stay_while_news_arrives(self, world: World) -> None:
        for n in range(12):
            await world.article(f"Мост номер {n}", age=timedelta(minutes=60 - n))
        anna = world.person()
        (first,) = await anna.say("/search мост")
        world.now += timedelta(minutes=1)
        await world.article("Мост самый новый")
        second = await anna.press(first, "Ещё ▶")
        assert second
        assert "самый новый" not in second.text
        back = await anna.press(second, "◀ Назад")
        assert back
        assert back.text == first.text

    async def test_nothing_found_can_be_followed(self, world: World) -> None:
        anna = world.person()
        (nothing,) = await anna.say("/search землетрясение на камчатке")
        assert "Ничего не нашлось. Сообщить, когда появится?" in nothing.text
        await anna.press(nothing, "Сообщить")
        (subscriber,) = [await world.storage.subscribers.find(anna.id)]
        assert subscriber
        follows = await world.storage.subscribers.subscriptions(subscriber.id)
        assert "землетрясение на камчатке" in [one.label for one in follows]
        assert world.telegram.toasts[-1] == "«землетрясение на камчатке»: сразу."
        (shown,) = anna.messages()  # a press adds no message: this one shows what is followed
        assert shown.text.startswith(
            "«землетрясение на камчатке»: сразу.\n\nЗа последние сутки ничего не было."
        )

    async def test_without_words_it_asks_what_to_find(self, world: World) -> None:
        anna = world.person()
        (asked,) = await anna.say("/search")
        assert asked.text.startswith("Что найти?")
        assert "«точная фраза», -слово, источник:…, тема:…, после:22.11, до:вчера" in asked.text
        (signs,) = await anna.say("!!!")
        assert signs.text == asked.text
        await world.article("Мост")
        (found,) = await anna.say("мосты")
        assert "/full_1" in found.text
        (photo,) = await anna.send({"photo": []})
        assert photo.text.startswith("Бот понимает только текст")
        (group,) = await world.person(group=-100).say("/search")
        assert "или напишите: /search переговоры с японией" in group.text

    async def test_a_search_that_is_kept_no_more(self, world: World) -> None:
        anna = world.person()
        (shown,) = await anna.say("/help")
        await anna.press(shown, cb.Search(999, 8))
        assert "устарела" in world.telegram.toasts[-1]

    async def test_what_others_looked_for_cannot_be_guessed(self, world: World) -> None:
        """A button's data can be forged: ids that count up would let anybody read along."""
        boris = world.person(1002)
        await world.article("Мост")
        ids = []
        for words in ("мост", "мосты"):
            (found,) = await boris.say(words)
            ids += [one.query for one in found.callbacks if isinstance(one, cb.FollowQuery)]
        first, second = ids
        assert abs(first - second) > 1000
        assert min(ids) > 1000


class TestDigest:
    async def test_pages_of_the_rest_go_back_and_forth(self, world: World) -> None:
        anna = world.person()
        await anna.say("/start")
        for n in range(28):
            await world.article(f"Событие {n}", topic=list(Topic)[n % 4])
        (digest,) = await anna.say("/digest")
        await anna.press(digest, "Ещё 21 заголовок")
        first = anna.messages()[-1]
        second = await anna.press(first, "Ещё 13 заголовков")
        assert second
        third = await anna.press(second, "Ещё 5 заголовков")
        assert third
        assert third.labels == ["◀ Назад"]
        assert await anna.press(third, "◀ Назад") == second
        assert await anna.press(second, "◀ Назад") == first

    async def test_at_night_it_claims_no_time_of_day(self, world: World) -> None:
        world.now = NOW.replace(hour=22)  # 01:00 in Moscow
        await world.article("Мост")
        (digest,) = await world.person().say("/digest")
        assert digest.text.splitlines()[1] == "Дайджест · 23 ноября"

    async def test_comes_once_and_moves_the_watermark(self, world: World) -> None:
        anna = world.person()
        await anna.say("/start")
        for n in range(12):
            await world.article(f"Событие {n}", topic=list(Topic)[n % 4])
        (digest,) = await anna.say("/digest")
        assert "Дневной дайджест · 22 ноября" in digest.text
        assert digest.text.count("/full_") == 7
        (again,) = await anna.say("/digest")
        assert "С прошлого дайджеста ничего нового." in again.text
        assert "Ещё 5 заголовков" in digest.labels
        await anna.press(digest, "Ещё 5 заголовков")
        more = anna.messages()[-1]
        assert more.text.count("/full_") == 5
        assert anna.message(digest.message_id) == digest, "the front page stays"

    async def test_its_rest_is_one_message_however_often_it_is_asked_for(
        self, world: World
    ) -> None:
        anna = world.person()
        await anna.say("/start")
        for n in range(30):
            await world.article(f"Событие {n}", topic=list(Topic)[n % 4])
        (digest,) = await anna.say("/digest")
        button = digest.labels[0]
        await asyncio.gather(anna.press(digest, button), anna.press(digest, button))
        more = anna.messages()[-1]
        count = len(anna.messages())
        await anna.press(more, more.labels[-1])
        assert anna.message(more.message_id) != more
        await anna.press(digest, button)
        assert anna.message(more.message_id) == more
        assert len(anna.messages()) == count
        assert [one.message_id for one in anna.messages()[-2:]] == [
            digest.message_id,
            more.message_id,
        ]

    async def test_two_digests_asked_for_at_once_tell_the_news_once(self, world: World) -> None:
        await world.article("Мост")
        anna = world.person()
        await anna.say("/start")
        await asyncio.gather(anna.say("/digest"), anna.say("/digest"))
        texts = [shown.text for shown in anna.messages()]
        assert sum("дайджест ·" in text for text in texts) == 1
        assert sum("ничего нового" in text for text in texts) == 1

    async def test_others_digests_stay_theirs(self, world: World) -> None:
        await world.person().say("/start")
        await world.article()
        (digest,) = await world.person().say("/digest")
        assert digest
        boris = world.person(1002)
        (shown,) = await boris.say("/help")
        await boris.press(shown, cb.DigestMore(1, 0))
        assert "устарела" in world.telegram.toasts[-1]
