"""/digest and /top, as a person sees them."""

from datetime import timedelta

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SendMessage, SendRichMessage

from bot.messages import callbacks as cb
from bot.messages.lists import PAGE
from storage import Alerts, FollowKind, Layout, Mute, Subscriber, Topic
from tests.handlers.conftest import ANNA, NOW, Person, Shown, World, bad

OFFER = "Сообщать сразу о самом важном? Не больше трёх в день."


async def subscriber(world: World, chat_id: int = ANNA) -> Subscriber:
    found = await world.storage.subscribers.find(chat_id)
    assert found
    return found


async def third_digest(world: World, anna: Person) -> Shown:
    """The digest under which important stories are offered."""
    for number in range(3):
        for topic in (Topic.SPORT, Topic.CULTURE):
            await world.article(f"Новость {number} {topic.value}", topic=topic)
        (shown,) = await anna.say("/digest")
    return shown


class TestDigest:
    async def test_tells_what_is_new_once(self, world: World) -> None:
        await world.article("Открыт новый мост")
        anna = world.person()
        (first,) = await anna.say("/digest")
        assert first.text.splitlines()[:2] == ["Открыт новый мост", "Дневной дайджест · 22 ноября"]
        assert first.text.splitlines()[-1] == "Все новости: /latest"
        (nothing,) = await anna.say("/digest")
        assert nothing.text.startswith("С прошлого дайджеста ничего нового.")

    async def test_the_rest_comes_page_by_page_and_back(self, world: World) -> None:
        for number in range(20):
            await world.article(f"Матч {number}", topic=Topic.SPORT)
        anna = world.person()
        (front,) = await anna.say("/digest")
        assert front.labels == ["Ещё 18 заголовков"]
        assert await anna.press(front, "Ещё 18 заголовков") == front, "the front page stays"
        below = anna.messages()[-1]
        assert below.text.startswith("Ещё из дайджеста")
        second = await anna.press(below, "Ещё 10 заголовков")
        assert second
        assert "◀ Назад" in second.labels
        back = await anna.press(second, "◀ Назад")
        assert back == below

    async def test_a_stale_page_says_so(self, world: World) -> None:
        await world.article()
        anna, boris = world.person(), world.person(2002)
        (front,) = await anna.say("/digest")
        await boris.say("/help")
        await boris.press(front, cb.DigestMore(10**9, 8))
        assert world.telegram.toasts[-1]
        line = await world.storage.outbox.by_message((await subscriber(world)).id, front.message_id)
        assert line
        await boris.press(front, cb.DigestMore(line.id, 0))
        assert "мост" not in "".join(one.text for one in boris.messages()), "another's digest"

    async def test_answers_in_a_group_and_in_its_topic(self, world: World) -> None:
        await world.article()
        world.telegram.owners.add(ANNA)
        anna = world.person(group=-1005)
        (digest,) = await anna.say("/digest", message_thread_id=9, is_topic_message=True)
        assert digest.text.startswith("Открыт новый мост")
        sent = [one for one in world.telegram.requests if isinstance(one, SendMessage)][-1]
        assert sent.chat_id == -1005
        assert sent.message_thread_id == 9
        assert sent.reply_parameters is not None


class TestRichDigest:
    async def start(self, world: World) -> Person:
        anna = world.person()
        await anna.say("/start")
        reader = await subscriber(world)
        await world.storage.subscribers.change(reader.id, layout=Layout.RICH, rich_confirmed=True)
        await world.article("Открыт новый мост", picture="https://vestnik.example/1.jpg")
        return anna

    async def layout(self, world: World, shown: Shown) -> Layout | None:
        reader = await subscriber(world)
        line = await world.storage.outbox.by_message(reader.id, shown.message_id)
        return line.layout if line else None

    async def test_is_rich_and_noted_so(self, world: World) -> None:
        anna = await self.start(world)
        (digest,) = await anna.say("/digest")
        assert digest.rich
        assert await self.layout(world, digest) is Layout.RICH

    @pytest.mark.parametrize(
        "refusal",
        [
            "can't parse rich message: no",
            "not enough rights to send photos to the chat",
        ],
    )
    async def test_refused_it_comes_classic_and_is_told_once(
        self, world: World, refusal: str
    ) -> None:
        anna = await self.start(world)
        asked = SendRichMessage.model_construct(chat_id=ANNA)
        world.telegram.faults.append(
            (SendRichMessage, TelegramBadRequest(asked, f"Bad Request: {refusal}"))
        )
        (digest,) = await anna.say("/digest")
        assert digest.text.startswith("Открыт новый мост")
        assert await self.layout(world, digest) is Layout.CLASSIC
        (nothing,) = await anna.say("/digest")
        assert "ничего нового" in nothing.text

    async def test_a_refused_picture_costs_the_picture_alone(self, world: World) -> None:
        anna = await self.start(world)
        world.telegram.faults.append((SendRichMessage, bad("failed to get HTTP URL content")))
        (digest,) = await anna.say("/digest")
        assert digest.rich
        assert "Открыт новый мост" in digest.text
        assert await self.layout(world, digest) is Layout.RICH
        known = await world.storage.pictures.known("https://vestnik.example/1.jpg")
        assert known is not None
        assert known.bad

    async def test_the_offer_goes_and_the_page_stays_rich(self, world: World) -> None:
        anna = await self.start(world)
        shown = await third_digest(world, anna)
        assert shown.rich
        after = await anna.press(shown, "Нет, спасибо")
        assert after
        assert after.rich
        assert after.labels == []


class TestImportantOffer:
    @pytest.mark.parametrize(
        ("answered", "alerts"), [("Да", Alerts.IMPORTANT), ("Нет, спасибо", Alerts.OFF)]
    )
    async def test_answered_the_page_stands_without_it(
        self, world: World, answered: str, alerts: Alerts
    ) -> None:
        anna = world.person()
        shown = await third_digest(world, anna)
        assert OFFER in shown.text
        world.now += timedelta(hours=9)
        after = await anna.press(shown, answered)
        assert after
        assert after.text == shown.text.replace(f"{OFFER}\n\n", "")
        assert after.labels == []
        assert "/settings" in world.telegram.toasts[-1]
        assert (await subscriber(world)).alerts is alerts
        await world.article("Ещё одна", topic=Topic.WORLD)
        (fourth,) = await anna.say("/digest")
        assert OFFER not in fourth.text

    async def test_more_of_the_digest_stays_a_button_away(self, world: World) -> None:
        anna = world.person()
        for number in range(4):
            await world.article(f"Матч {number}", topic=Topic.SPORT)
            await anna.say("/digest")
        for number in range(5):
            await world.article(f"Гол {number}", topic=Topic.SPORT)
        reader = await subscriber(world)
        await world.storage.subscribers.change(reader.id, important_offered=False)
        (shown,) = await anna.say("/digest")
        assert shown.labels == ["Ещё 3 заголовка", "Да", "Нет, спасибо"]
        after = await anna.press(shown, "Да")
        assert after
        assert after.labels == ["Ещё 3 заголовка"]
        assert after.callbacks == shown.callbacks[:1]

    async def test_who_chose_alerts_meanwhile_keeps_them(self, world: World) -> None:
        anna = world.person()
        shown = await third_digest(world, anna)
        await anna.say("/settings alerts on")
        await anna.press(shown, "Да")
        assert (await subscriber(world)).alerts is Alerts.ON

    async def test_who_ever_chose_alerts_is_not_asked(self, world: World) -> None:
        anna = world.person()
        await anna.say("/start")
        await anna.say("/settings alerts on")
        await anna.say("/settings alerts off")
        assert OFFER not in (await third_digest(world, anna)).text

    async def test_a_forged_answer_changes_no_group(self, world: World) -> None:
        world.telegram.owners.add(ANNA)
        anna = world.person(group=-1005)
        await world.article()
        (digest,) = await anna.say("/digest")
        await anna.press(digest, cb.Important(1, 1, wanted=True))
        assert (await subscriber(world, -1005)).alerts is Alerts.OFF

    async def test_under_a_digest_that_was_forgotten_it_is_answered_all_the_same(
        self, world: World
    ) -> None:
        anna = world.person()
        shown = await third_digest(world, anna)
        after = await anna.press(shown, cb.Important(10**9, 3, wanted=True))
        assert after
        assert after.text == shown.text
        assert after.labels == []
        assert (await subscriber(world)).alerts is Alerts.IMPORTANT
        old = {"message_id": shown.message_id, "date": 0, "chat": {"id": ANNA, "type": "private"}}
        before = len(anna.messages())
        await anna.press_raw(cb.pack(cb.Important(1, 3, wanted=False)), old)
        assert len(anna.messages()) == before, "the digest does not come again"

    async def test_another_ones_digest_shows_nothing(self, world: World) -> None:
        shown = await third_digest(world, world.person())
        reader = await subscriber(world)
        line = await world.storage.outbox.by_message(reader.id, shown.message_id)
        assert line
        boris = world.person(2002)
        (help_,) = await boris.say("/help")
        await boris.press(help_, cb.Important(line.id, 1, wanted=False))
        assert boris.messages()[-1].text == help_.text


class TestTop:
    async def test_weighs_and_counts_sources(self, world: World) -> None:
        await world.article("Давнее", age=timedelta(hours=40))
        await world.article("Свежее")
        (top,) = await world.person().say("/top")
        assert top.text.startswith("Главное за сутки")
        assert "Свежее" in top.text
        assert "Давнее" not in top.text

    async def test_pages_hold_still_while_news_arrives(self, world: World) -> None:
        for number in range(20):
            await world.article(f"Новость {number}.", age=timedelta(minutes=10 * number + 5))
        anna = world.person()
        (first,) = await anna.say("/top")
        assert first.text.count("/full_") == PAGE
        world.now += timedelta(minutes=30)
        await world.article("Самое новое")
        second = await anna.press(first, "Ещё ▶")
        assert second
        assert "Самое новое" not in second.text
        assert [f"Новость {n}." in second.text for n in (7, 8, 15, 16)] == [0, 1, 1, 0]
        third = await anna.press(second, "Ещё ▶")
        assert third
        assert "Новость 19." in third.text
        back = await anna.press(second, "◀ Назад")
        assert back
        assert back.text == first.text
        assert "Ещё ▶" not in third.labels
        again = await anna.press(third, cb.Top("", 8, int(NOW.timestamp()) - 90_000))
        assert again
        assert "Самое новое" in again.text, "yesterday's button begins anew"

    async def test_pages_hold_still_while_stories_grow_and_late_news_comes(
        self, world: World
    ) -> None:
        """What a slow feed brings was published before the list was asked for, and stored after."""
        stored = [
            await world.article(f"Новость {number}.", age=timedelta(minutes=10 * number + 5))
            for number in range(20)
        ]
        anna = world.person()
        (first,) = await anna.say("/top")
        world.now += timedelta(minutes=3)
        await world.article("Запоздалое", age=timedelta(minutes=8))
        for domain in ("courier.example", "globe.example"):
            grown = stored[18].story_id
            await world.article("Ещё о ней", domain=domain, story=grown)
        second = await anna.press(first, "Ещё ▶")
        assert second
        assert "Запоздалое" not in second.text
        assert [f"Новость {n}." in second.text for n in (7, 8, 15, 18)] == [0, 1, 1, 0]

    async def test_of_a_topic_typed_or_tapped(self, world: World) -> None:
        await world.article("Матч", topic=Topic.SPORT)
        await world.article("Закон", topic=Topic.POLITICS)
        anna = world.person()
        (typed,) = await anna.say("/top спорт")
        assert typed.text.startswith("Главное за сутки: Спорт")
        assert "Закон" not in typed.text
        choice = await anna.press(typed, "Тема…")
        assert choice
        politics = await anna.press(choice, "Политика")
        assert politics
        assert "Закон" in politics.text
        every = await anna.press(politics, "Все темы")
        assert every
        assert "Закон" in every.text
        assert "Матч" in every.text
        (unknown,) = await anna.say("/top гороскоп")
        assert unknown.text.startswith("Темы «гороскоп» нет. Есть: Политика")

    async def test_leaves_out_what_the_reader_hid_unless_it_is_asked_for(
        self, world: World
    ) -> None:
        await world.article("Матч", topic=Topic.SPORT)
        await world.article("Закон", topic=Topic.POLITICS)
        anna = world.person()
        await anna.say("/start")
        reader = await subscriber(world)
        await world.storage.subscribers.mute(Mute(reader.id, FollowKind.TOPIC, "sport", "", None))
        (top,) = await anna.say("/top")
        assert "Матч" not in top.text
        assert "Закон" in top.text
        (sport,) = await anna.say("/top sport")
        assert "Матч" in sport.text

    async def test_hidden_words_are_among_the_top_stories_in_no_form(self, world: World) -> None:
        await world.article("О гороскопах на неделю")
        await world.article("Закон принят", body="Гороскопов в нём нет.")
        await world.article("Мост открыт")
        anna = world.person()
        await anna.say("/mute слова гороскоп 30")
        (top,) = await anna.say("/top")
        assert [one in top.text for one in ("О гороскопах", "Закон", "Мост")] == [0, 0, 1]

    async def test_forged_pages_are_harmless(self, world: World) -> None:
        await world.article("Закон")
        anna = world.person()
        (top,) = await anna.say("/top")
        for forged in (cb.Top("", 2**62, 2**62), cb.Top("", 10**6, int(NOW.timestamp()))):
            assert await anna.press(top, forged)
