"""Inline mode: articles to send anywhere, for whom may use the bot, in pages that stay stable."""

import logging
from datetime import timedelta

import pytest
from aiogram.methods import AnswerCallbackQuery, AnswerInlineQuery
from aiogram.types import InlineQueryResultArticle, InputTextMessageContent

from storage import Reading
from tests.handlers.conftest import ADMIN, ANNA, World, bad
from tests.messages.samples import parsed


def titles(answer: AnswerInlineQuery) -> list[str]:
    return [one.title for one in answer.results if isinstance(one, InlineQueryResultArticle)]


def message(answer: AnswerInlineQuery, at: int = 0) -> str:
    result = answer.results[at]
    assert isinstance(result, InlineQueryResultArticle)
    assert isinstance(result.input_message_content, InputTextMessageContent)
    return parsed(result.input_message_content.message_text).text


class TestOffered:
    async def test_no_words_bring_the_newest(self, world: World) -> None:
        await world.article("Старая", age=timedelta(hours=2))
        await world.article("Новая")
        answer = await world.person().ask_inline()
        assert titles(answer) == ["Новая", "Старая"]
        assert answer.is_personal
        assert answer.next_offset == ""
        assert answer.button is None

    async def test_words_are_found_in_any_form(self, world: World) -> None:
        await world.article("Открыт мост через реку")
        await world.article("Погода на неделю")
        assert titles(await world.person().ask_inline("мостами")) == ["Открыт мост через реку"]

    async def test_the_message_reads_well_and_opens_the_bot(self, world: World) -> None:
        stored = await world.article(
            "Мост & «река» <b>", body="Движение открыли.", picture="https://vestnik.example/1.png"
        )
        answer = await world.person().ask_inline()
        [result] = answer.results
        assert isinstance(result, InlineQueryResultArticle)
        text = message(answer)
        assert text.startswith("Мост & «река» <b>\n\nДвижение открыли.\n\nvestnik.example · ")
        assert result.reply_markup is not None
        [[button]] = result.reply_markup.inline_keyboard
        assert button.text == "Читать в боте"
        assert button.url == f"https://t.me/newsboy_bot?start=a{stored.article_id}"
        assert result.thumbnail_url == "https://vestnik.example/1.png"
        assert result.description is not None
        assert result.description.startswith("vestnik.example · 11:55\nДвижение открыли.")

    async def test_a_forged_offset_is_none(self, world: World) -> None:
        await world.article("Новая")
        for offset in ("9" * 19, "9" * 18 + ".9999", "-1", "nonsense"):
            assert titles(await world.person().ask_inline("", offset)) == ["Новая"]

    async def test_nothing_found_leads_to_the_bot(self, world: World) -> None:
        answer = await world.person().ask_inline("бегемот")
        assert not answer.results
        assert answer.button is not None
        assert answer.button.text == "Ничего не нашлось · открыть бота"
        greeting = (await world.person().say(f"/start {answer.button.start_parameter}"))[0]
        assert greeting.text.startswith("Здравствуйте!")

    async def test_english_is_spoken_to_english_clients(self, world: World) -> None:
        await world.article("Мост")
        await world.article("A bridge opens", domain="courier.example", language="en")
        answer = await world.person(language="en").ask_inline()
        assert titles(answer) == ["A bridge opens"]

    async def test_the_readers_own_news_language_counts(self, world: World) -> None:
        await world.article("Мост")
        await world.article("A bridge opens", domain="courier.example", language="en")
        anna = world.person()
        await anna.say("/settings news en")
        assert titles(await anna.ask_inline()) == ["A bridge opens"]

    async def test_what_a_source_keeps_to_itself_is_not_sent(self, world: World) -> None:
        stored = await world.article("Мост", body="Только для своих.")
        article = await world.storage.articles.get(stored.article_id)
        source = await world.storage.feeds.source_by_domain(article.source_domain)
        assert source is not None
        await world.storage.feeds.set_reading(source.id, Reading.HEADLINE)
        assert "Только" not in message(await world.person().ask_inline())

    async def test_ones_own_sources_are_not_offered(self, world: World) -> None:
        anna = world.person()
        await anna.say("/start")
        subscriber = await world.storage.subscribers.find(ANNA)
        assert subscriber is not None
        await world.article("Личное", domain="own.example", owner=subscriber.id)
        assert titles(await anna.ask_inline()) == []
        assert titles(await anna.ask_inline("личное")) == []


class TestPages:
    async def test_newest_go_on_where_the_page_ended(self, world: World) -> None:
        for n in range(45):
            await world.article(f"Новость {n}", age=timedelta(minutes=n))
        anna = world.person()
        first = await anna.ask_inline()
        await world.article("Совсем свежая", age=timedelta())
        second = await anna.ask_inline(offset=first.next_offset or "")
        third = await anna.ask_inline(offset=second.next_offset or "")
        found = titles(first) + titles(second) + titles(third)
        assert found == [f"Новость {n}" for n in range(45)]
        assert third.next_offset == ""

    async def test_a_search_goes_on_where_the_page_ended(self, world: World) -> None:
        for n in range(25):
            await world.article(f"Мост номер {n}", age=timedelta(hours=n))
        anna = world.person()
        first = await anna.ask_inline("мосты")
        await world.article("Мост и ещё мост", age=timedelta())
        second = await anna.ask_inline("мосты", first.next_offset or "")
        found = titles(first) + titles(second)
        assert sorted(found) == sorted(f"Мост номер {n}" for n in range(25))
        assert second.next_offset == ""

    async def test_a_forged_offset_is_the_first_page(self, world: World) -> None:
        await world.article("Мост")
        for offset in ("x", "-1", "9" * 60, "1.2.3", "٣"):
            assert titles(await world.person().ask_inline(offset=offset)) == ["Мост"]


class TestAccess:
    async def test_a_stranger_gets_the_way_to_the_bot_and_no_news(
        self, private_world: World
    ) -> None:
        await private_world.article("Мост")
        answer = await private_world.person().ask_inline("мост")
        assert not answer.results
        assert answer.button is not None
        assert answer.button.text == "Открыть бота"
        assert await private_world.storage.subscribers.find(ANNA) is None

    async def test_the_admitted_need_no_chat_with_the_bot(self, private_world: World) -> None:
        await private_world.article("Мост")
        assert titles(await private_world.person(ADMIN).ask_inline()) == ["Мост"]
        assert await private_world.storage.subscribers.find(ADMIN) is None


async def test_operators_and_slips_are_understood(world: World) -> None:
    await world.article("Открыт мост через реку")
    await world.article("Мост закрыт на ремонт")
    anna = world.person()
    assert titles(await anna.ask_inline("мост -ремонт")) == ["Открыт мост через реку"]
    assert titles(await anna.ask_inline("htvjyn")) == ["Мост закрыт на ремонт"]
    assert titles(await anna.ask_inline("тема:чепуха мост")) == []


async def test_answers_that_come_too_late_are_nothing_to_mend(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    anna = world.person()
    late = bad("query is too old and response timeout expired or query ID is invalid")
    world.telegram.faults.append((AnswerInlineQuery, late))
    query = {"id": "1", "from": anna._user, "query": "мост", "offset": ""}
    await world.update({"inline_query": query})
    world.telegram.faults.append((AnswerCallbackQuery, late))
    await anna.press_raw("1t", None)
    assert not world.telegram.faults
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
