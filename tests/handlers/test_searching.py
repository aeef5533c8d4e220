"""Searching, as a person sees it: operators, second tries, pages that stay as they were."""

from datetime import timedelta
from random import Random

import pytest

from bot.messages import callbacks as cb
from storage import Topic
from tests.handlers.conftest import Shown, World
from tests.storage.newsroom import execute

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def ids(shown: Shown | None) -> list[int]:
    """The articles that a page lists, in order."""
    assert shown
    words = shown.text.split()
    return [int(word.removeprefix("/full_")) for word in words if word.startswith("/full_")]


class TestOperators:
    async def test_a_phrase_is_found_in_any_inflection_and_in_order(self, world: World) -> None:
        await world.article("Парад на Красной площади")
        await world.article("Площадь красная от флагов, а стены серые")
        anna = world.person()
        for quoted in ('"красная площадь"', "«красной площадью»", "“Красные площади”"):
            (found,) = await anna.say(f"/search {quoted}")
            assert "Парад" in found.text
            assert "флагов" not in found.text
        (both,) = await anna.say("/search красная площадь")
        assert "флагов" in both.text

    async def test_a_word_or_a_phrase_is_left_out(self, world: World) -> None:
        await world.article("Мост в Казани открыт")
        await world.article("Крымский мост перекрыт")
        anna = world.person()
        (found,) = await anna.say("мост -крымского")
        assert ids(found) == [1]
        (found,) = await anna.say('мост -"мосты в казань"')
        assert ids(found) == [2]

    async def test_source_topic_and_days(self, world: World) -> None:
        await world.article("Мост первый", topic=Topic.SPORT, age=3 * DAY)
        await world.article("Мост второй", domain="gazeta.example", age=DAY)
        await world.article("Мост третий", topic=Topic.SPORT, age=HOUR)
        anna = world.person()
        for query, expected in (
            ("мост source:gazeta.example", [2]),
            ("мост источник: gazeta.example", [2]),
            ("мост -source:gazeta.example", [3, 1]),
            ("тема:спорт мост", [3, 1]),
            ("мост -topic:sport", [2]),
            ("мост after:вчера", [3, 2]),
            ("мост после:2026-11-22", [3]),
            ("мост до:21.11", [1]),
            ("мост after:21.11 before:22.11", [2]),
            ("мост после:21.11 до:21.11", [2]),
            ("topic:sport after:20.11", [3]),
        ):
            world.now += timedelta(minutes=1)
            (found,) = await anna.say(f"/search {query}")
            assert ids(found) == expected, query

    async def test_operators_alone_list_the_newest_first(self, world: World) -> None:
        for n in range(12):
            await world.article(f"Матч {n}", topic=Topic.SPORT, age=n * HOUR)
        await world.article("Закон", topic=Topic.POLITICS)
        anna = world.person()
        (found,) = await anna.say("тема:спорт -закон")
        assert ids(found) == [*range(1, 9)]
        assert "1–8 из 12" in found.text
        assert not any(isinstance(one, cb.FollowQuery) for one in found.callbacks)
        rest = await anna.press(found, "Ещё ▶")
        assert ids(rest) == [9, 10, 11, 12]

    async def test_a_wrong_value_is_answered_with_what_would_do(self, world: World) -> None:
        await world.article()
        anna = world.person()
        (answer,) = await anna.say("мост источник:чепуха")
        assert "«чепуха»" in answer.text
        assert "vestnik.example" in answer.text
        (answer,) = await anna.say("мост тема:чепуха")
        assert "Спорт" in answer.text
        (answer,) = await anna.say("мост после:никогда")
        assert "после:15.11 до:2026-11-22" in answer.text
        (found,) = await anna.say("мост после:15.11 до:2026-11-22")
        assert "до:2026-11-22" in found.text, "what is shown as an example is understood"
        (answer,) = await anna.say("мост после:22.11 до:21.11")
        assert "нет ни одного дня" in answer.text
        (english,) = await world.person(1002, language="en").say("bridge after:never")
        assert "after:15.11" in english.text

    async def test_the_words_are_what_is_followed(self, world: World) -> None:
        anna = world.person()
        for query, followed in (
            ("землетрясение тема:спорт", "землетрясение"),
            ('жертвы "красная площадь" после:вчера', "красная площадь"),
        ):
            (nothing,) = await anna.say(query)
            assert f"Сообщить, когда появится «{followed}»?" in nothing.text
            await anna.press(nothing, "Сообщить")
            assert followed in world.telegram.toasts[-1]
        (nothing,) = await anna.say("тема:спорт после:вчера")
        assert nothing.labels == ["Свежие новости"]

    async def test_own_sources_are_named_by_their_owner_alone(self, world: World) -> None:
        anna, boris = world.person(), world.person(1002)
        await anna.say("/start")
        owner = await world.storage.subscribers.find(anna.id)
        assert owner
        await world.article("Мост мой", domain="mine.example", owner=owner.id)
        (mine,) = await anna.say("мост источник:mine.example")
        assert ids(mine) == [1]
        (refused,) = await boris.say("мост источник:mine.example")
        assert "mine.example" not in refused.text.replace("«mine.example»", "")
        (nothing,) = await boris.say("мост")
        assert ids(nothing) == []


class TestSecondTry:
    @pytest.fixture
    async def stocked(self, world: World) -> World:
        await world.article("Переговоры с Японией о рыболовстве", body="Делегации у пролива.")
        await world.article("Путин прибыл в Казань", body="Самолёт сел утром.")
        await world.article("Землетрясение на Камчатке", body="Толчки ночью.")
        await world.article("Зеленский выступил", body="Он говорил о войне.")
        await world.article("Trump speaks", body="He talked about tariffs.", language="en")
        return world

    @pytest.mark.parametrize(
        ("typed", "shown", "found"),
        [
            ("переговоры с япнией", "переговоры с японией", 1),
            ("землитрясение", "землетрясение", 3),
            ("землетресение на камчатке", "землетрясение на камчатке", 3),
            ("рыболвство", "рыболовство", 1),
            ("зеленсикй", "зеленский", 4),
            ("gthtujdjhs c zgjybtq", "переговоры с японией", 1),
            ("genby", "путин", 2),
            ("putin", "путин", 2),
            ("putin kazan", "путин казань", 2),
            ("zelensky", "зеленский", 4),
            ("peregovory", "переговоры", 1),
            ("zemletresenie", "землетрясение", 3),
            ("екгьз", "trump", 5),
            ("tarifs", "tariffs", 5),
        ],
    )
    async def test_it_finds_and_says_what_was_changed(
        self, stocked: World, typed: str, shown: str, found: int
    ) -> None:
        (page,) = await stocked.person().say(typed)
        assert ids(page)[:1] == [found]
        assert "Показано по запросу" in page.text
        assert f"«{shown}" in page.text
        assert any(label.startswith(f"Искать «{typed[:14]}") for label in page.labels)

    async def test_the_words_as_typed_can_be_had(self, stocked: World) -> None:
        anna = stocked.person()
        (page,) = await anna.say("япнией")
        exactly = await anna.press(page, "Искать «япнией»")
        assert exactly
        assert exactly.text.startswith("япнией\nНичего не нашлось. Сообщить, когда появится?")
        await anna.press(exactly, "Сообщить")
        assert "«япнией»" in stocked.telegram.toasts[-1]

    async def test_what_was_put_right_is_what_is_followed(self, stocked: World) -> None:
        anna = stocked.person()
        (page,) = await anna.say("япнией")
        await anna.press(page, "Сообщать о новых")
        assert "«японией»" in stocked.telegram.toasts[-1]

    async def test_known_words_are_left_alone(self, stocked: World) -> None:
        (page,) = await stocked.person().say("trump")
        assert page.text.startswith("Найдено по запросу «trump»")

    @pytest.mark.parametrize("typed", ["кракозябра", "hqzxw", "😀 ?", "123456", "кот"])
    async def test_nothing_near_is_nothing(self, stocked: World, typed: str) -> None:
        (page,) = await stocked.person().say(typed)
        assert ids(page) == []

    async def test_idle_words_find_nothing(self, world: World) -> None:
        for n in range(12):
            await world.article(f"Дело номер {n}", body="Новые дела.")
        (page,) = await world.person().say("привет как дела")
        assert "Ничего не нашлось" in page.text

    async def test_the_telling_part_of_the_words_is_enough(self, stocked: World) -> None:
        (page,) = await stocked.person().say("рыболовство на байкале")
        assert ids(page) == [1]
        assert "Со всеми этими словами ничего нет. Вот что есть с некоторыми:" in page.text

    async def test_others_own_news_lend_no_words(self, world: World) -> None:
        anna, boris = world.person(), world.person(1002)
        await anna.say("/start")
        owner = await world.storage.subscribers.find(anna.id)
        assert owner
        await world.article("Ксенобиология", domain="mine.example", owner=owner.id)
        (page,) = await boris.say("ксенобеология")
        assert "ксенобиология" not in page.text


class TestPages:
    async def test_nothing_is_shown_twice_or_passed_over(self, world: World) -> None:
        """Whatever is published, imported or deleted between two pages."""
        anna = world.person()
        for seed in range(4):
            rng = Random(seed)  # noqa: S311  # repeatable
            for n in range(30):
                await world.article(f"Мост {seed} {n}", age=n * HOUR)
            (page,) = await anna.say(f"мост {seed}")
            kept = next(one for one in page.callbacks if isinstance(one, cb.Search)).query
            whole = list((await world.storage.queries.get(kept)).found or ())
            assert len(whole) >= 30
            seen = ids(page)
            while "Ещё ▶" in page.labels:
                for _ in range(rng.randint(0, 5)):
                    await world.article(f"Мост {seed} новый мост", age=rng.randint(0, 40) * HOUR)
                world.now += timedelta(minutes=rng.randint(0, 60))
                turned = await anna.press(page, "Ещё ▶")
                assert turned
                page = turned
                seen += ids(page)
            assert seen == whole
            back = await anna.press(page, "◀ Назад")
            assert ids(back) == whole[len(whole) - len(ids(page)) - 8 :][:8]

    async def test_a_deleted_article_shifts_nobody(self, world: World) -> None:
        anna = world.person()
        for n in range(20):
            await world.article(f"Мост {n}", age=n * HOUR)
        (first,) = await anna.say("мост")
        kept = next(one for one in first.callbacks if isinstance(one, cb.Search)).query
        found = (await world.storage.queries.get(kept)).found or ()
        world.now += timedelta(days=400)
        await world.storage.upkeep.prune_articles(world.now - timedelta(days=399, hours=23))
        second = await anna.press(first, "Ещё ▶")
        left = ids(second)
        assert left == [one for one in found[8:16] if one in left]

    async def test_a_page_past_the_end_is_the_first(self, world: World) -> None:
        await world.article("Мост")
        anna = world.person()
        (first,) = await anna.say("мост")
        kept = next(one for one in first.callbacks if isinstance(one, cb.FollowQuery)).query
        again = await anna.press(first, cb.Search(kept, 800))
        assert ids(again) == [1]

    async def test_a_search_kept_by_an_earlier_version_goes_on(self, world: World) -> None:
        for n in range(10):
            await world.article(f"Мост {n}", age=n * HOUR)
        anna = world.person()
        (shown,) = await anna.say("/help")
        await execute(
            world.storage,
            """
            INSERT INTO query (id, text, limit_key, asked)
            SELECT 77, 'мост', max(search_key), 0 FROM article
            """,
        )
        await world.article("Мост новый", age=timedelta(0))
        page = await anna.press(shown, cb.Search(77, 0))
        assert page
        assert "новый" not in page.text
        rest = await anna.press(page, "Ещё ▶")
        assert sorted(ids(page) + ids(rest)) == list(range(1, 11))


async def test_gone_pages_are_found_and_marked(world: World) -> None:
    stored = await world.article("Мост")
    await world.storage.articles.lose(
        stored.article_id, since=world.now - DAY, now=world.now, due=None
    )
    (found,) = await world.person().say("мост")
    assert "страница недоступна" in found.text
