"""Who gets in, groups, comings and goings, and what happens when something breaks."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
)
from aiogram.methods import AnswerCallbackQuery, EditMessageText, GetUpdates, SendMessage

from bot.messages import callbacks as cb
from bot.messages import links
from storage import ChatKind, SubscriberState, Topic
from tests.handlers.conftest import ADMIN, ANNA, NOW, World

GROUP = -1001234


def bad(text: str) -> TelegramBadRequest:
    return TelegramBadRequest(GetUpdates(), f"Bad Request: {text}")


_POLL = {
    "id": "1",
    "question": "Какой мост?",
    "options": [{"persistent_id": "1", "text": "Новый", "voter_count": 0}],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": False,
    "members_only": False,
}
_STORY = {"chat": {"id": -1009, "type": "channel", "title": "Канал"}, "id": 1}


@pytest.mark.parametrize(
    "content",
    [
        {"poll": _POLL},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"story": _STORY},
        {"game": {"title": "g", "description": "d", "photo": []}},
        {"paid_media": {"star_count": 1, "paid_media": []}},
    ],
    ids=lambda content: next(iter(content)),
)
async def test_whatever_holds_no_words_is_answered(world: World, content: dict[str, Any]) -> None:
    (told,) = await world.person().send(content)
    assert told.text.startswith("Бот понимает только текст")


class TestStart:
    async def test_greets_with_headlines_and_three_choices(self, world: World) -> None:
        for n in range(5):
            await world.article(f"Новость {n}")
        (greeting,) = await world.person().say("/start")
        assert greeting.text.count("/full_") == 3
        assert greeting.text.endswith(
            "Главное дважды в день, в 08:00 и 19:00 по Москве. Срочные уведомления выключены."
        )
        assert greeting.labels == ["Выбрать темы", "Изменить время", "Русский", "English"]
        subscriber = await world.storage.subscribers.find(ANNA)
        assert subscriber
        assert subscriber.news_language == "ru"
        assert len(await world.storage.subscribers.slots(subscriber.id)) == 3

    async def test_the_language_is_the_clients_until_one_is_picked(self, world: World) -> None:
        (greeting,) = await world.person(language="en-GB").say("/start")
        assert "Hello!" in greeting.text
        (again,) = await world.person(language="ru").say("/start")
        assert "Здравствуйте!" in again.text
        anna = world.person(language="ru")
        picked = await anna.press(again, "English")
        assert picked
        assert "Hello!" in picked.text
        (still,) = await anna.say("/start")
        assert "Hello!" in still.text

    async def test_payloads(self, world: World) -> None:
        article = await world.article("Мост", topic=Topic.SPORT)
        anna = world.person()
        card, greeting = await anna.say(f"/start a{article.article_id}")
        assert greeting.text.startswith("Здравствуйте!"), "who came by a link learns what comes"
        world.now += timedelta(minutes=1)
        assert "Мост" in card.text
        assert "Читать" in card.labels
        (topic,) = await anna.say("/start t-sport")
        assert topic.text.startswith("Свежие новости: Спорт")
        source = (await world.storage.articles.get(article.article_id)).source
        listed = await world.storage.feeds.sources()
        (of_source,) = await anna.say(f"/start s{listed[0].id}")
        assert of_source.text.startswith(f"Свежие новости: {source}")
        link = links.search("newsboy_bot", "мосты")
        (found,) = await anna.say(f"/start {link.rpartition('=')[2]}")
        assert f"/full_{article.article_id}" in found.text
        (gone,) = await anna.say("/start a999")
        assert "уже нет в архиве" in gone.text
        said, greeting = await anna.say("/start чепуха")
        assert "приглашение больше не действует" in said.text
        assert "Здравствуйте!" in greeting.text


class TestPrivateBot:
    async def test_a_stranger_gets_one_line_and_nothing_else(self, private_world: World) -> None:
        anna = private_world.person()
        for text in ("/start", "/latest", "мост", "/start wrong-code"):
            (said,) = await anna.say(text)
            assert said.text == (
                "Это закрытый новостной бот: он открывается по ссылке-приглашению."
            )
        await anna.press(said, cb.Latest())
        assert private_world.telegram.toasts == [said.text]
        assert await private_world.storage.subscribers.find(ANNA) is None

    async def test_an_invitation_opens_it(self, private_world: World) -> None:
        people = private_world.storage.people
        await people.invite("code", now=NOW, uses=1, expires=None)
        anna = private_world.person()
        said, greeting = await anna.say("/start code")
        assert said.text == "Добро пожаловать!"
        assert "Здравствуйте!" in greeting.text
        (used_up,) = await private_world.person(1002).say("/start code")
        assert "закрытый" in used_up.text

    async def test_the_one_time_link_makes_an_admin(self, private_world: World) -> None:
        await private_world.storage.people.invite(
            "first", now=NOW, uses=1, expires=None, admin=True
        )
        said, _greeting = await private_world.person().say("/start first")
        assert said.text.startswith("Теперь вы администратор этого бота.")
        assert await private_world.desk.admin(ANNA)

    async def test_admins_of_the_settings_are_in(self, private_world: World) -> None:
        (greeting,) = await private_world.person(ADMIN).say("/start")
        assert "Здравствуйте!" in greeting.text


class TestGroups:
    async def test_reads_for_all_as_a_reply_and_keeps_quiet_otherwise(self, world: World) -> None:
        await world.article("Мост")
        anna = world.person(group=GROUP)
        (latest,) = await anna.say("/latest")
        assert "Мост" in latest.text
        assert latest.reply_to is not None
        assert await anna.say("просто разговор") == []
        assert await anna.say("/unknown_thing") == []
        assert await anna.say("/latest@other_bot") == []
        subscriber = await world.storage.subscribers.find(GROUP)
        assert subscriber
        assert await world.storage.subscribers.slots(subscriber.id) == []

    async def test_settings_are_for_its_admins(self, world: World) -> None:
        member, owner = world.person(group=GROUP), world.person(1, group=GROUP)
        world.telegram.owners.add(1)
        for command in ("/settings alerts on", "/subscribe спорт", "/stop", "/unsubscribe all"):
            (said,) = await member.say(command)
            assert "администраторы" in said.text
        (screen,) = await owner.say("/settings")
        await member.press(screen, "☐ Всё без звука")
        assert "администраторы" in world.telegram.toasts[-1]
        after = await owner.press(screen, "☐ Всё без звука")
        assert after
        assert "☑ Всё без звука" in after.labels

    async def test_an_anonymous_admin_is_one(self, world: World) -> None:
        group = {"id": GROUP, "type": "supergroup", "title": "Группа"}
        anna = world.person(group=GROUP)
        (said,) = await anna.send(
            {
                "text": "/settings silent on",
                "entities": [{"type": "bot_command", "offset": 0, "length": 9}],
                "from": {"id": 1087968824, "is_bot": True, "first_name": "Group"},
                "sender_chat": group,
            }
        )
        assert said.text == "Все сообщения приходят без звука."

    async def test_other_bots_are_not_answered(self, world: World) -> None:
        anna = world.person(group=GROUP)
        bot = {"id": 5, "is_bot": True, "first_name": "Bot"}
        assert await anna.send({"text": "/latest", "from": bot}) == []

    async def test_answers_go_to_the_topic(self, world: World) -> None:
        await world.person(group=GROUP).say("/help", message_thread_id=9, is_topic_message=True)
        request = world.telegram.requests[-1]
        assert isinstance(request, SendMessage)
        assert request.message_thread_id == 9
        world.telegram.faults.append((SendMessage, bad("message thread not found")))
        (said,) = await world.person(group=GROUP).say(
            "/help", message_thread_id=9, is_topic_message=True
        )
        assert said

    async def test_private_bot_in_groups(self, private_world: World) -> None:
        stranger = private_world.person(group=GROUP)
        assert await stranger.membership("left", "member") == []
        assert await stranger.say("/latest") == []
        admin = private_world.person(ADMIN, group=GROUP)
        (said,) = await admin.membership("left", "member")
        assert "/latest" in said.text
        assert "/settings" not in said.text
        (latest,) = await stranger.say("/latest")
        assert latest

    async def test_becomes_a_supergroup(self, world: World) -> None:
        anna = world.person(group=GROUP)
        await anna.say("/help")
        old = await world.storage.subscribers.find(GROUP)
        await anna.send({"migrate_to_chat_id": -100999})
        new = await world.storage.subscribers.find(-100999)
        assert old
        assert new
        assert (new.id, new.kind) == (old.id, ChatKind.SUPERGROUP)
        assert await world.storage.subscribers.find(GROUP) is None

    async def test_moves_while_it_is_answered(self, world: World) -> None:
        anna = world.person(group=GROUP)
        await anna.say("/help")
        moved = TelegramMigrateToChat(SendMessage(chat_id=1, text="x"), "moved", -100777)
        world.telegram.faults.append((SendMessage, moved))
        await anna.say("/help")
        assert list(world.telegram.chats[-100777])
        assert await world.storage.subscribers.find(-100777)


class TestMembership:
    async def test_blocked_and_back(self, world: World) -> None:
        anna = world.person()
        await anna.say("/settings alerts on")
        await anna.membership("member", "kicked")
        subscriber = await world.storage.subscribers.find(ANNA)
        assert subscriber
        assert subscriber.state is SubscriberState.PAUSED
        assert await anna.membership("kicked", "member") == []
        subscriber = await world.storage.subscribers.find(ANNA)
        assert subscriber
        assert subscriber.state is SubscriberState.ACTIVE

    async def test_any_message_revives(self, world: World) -> None:
        anna = world.person()
        await anna.say("/help")
        await world.storage.subscribers.pause(ANNA, "blocked")
        await anna.say("/latest")
        subscriber = await world.storage.subscribers.find(ANNA)
        assert subscriber
        assert subscriber.state is SubscriberState.ACTIVE


class TestLeftovers:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("/latets", "/latest"),
            ("/setings", "/settings"),
            ("/fulll_3", "/full"),
            ("/qqqq", "/help"),
        ],
    )
    async def test_mistyped_commands(self, world: World, typed: str, meant: str) -> None:
        (said,) = await world.person().say(typed)
        assert "Такой команды нет." in said.text
        assert meant in said.text

    async def test_service_messages_are_nobodys_question(self, world: World) -> None:
        assert await world.person().send({"pinned_message": None, "new_chat_title": "x"}) == []

    async def test_stale_and_foreign_buttons(self, world: World) -> None:
        anna = world.person()
        (shown,) = await anna.say("/help")
        for data in ("0old:1", "1zz", "1r:x"):
            await anna.press(shown, data)
            assert "устарела" in world.telegram.toasts[-1]
        await anna.press_raw("1t", None)
        assert "устарела" in world.telegram.toasts[-1]


class TestWires:
    async def test_inaccessible_message_is_answered_by_a_new_one(self, world: World) -> None:
        await world.article("Мост")
        anna = world.person()
        await anna.say("/help")
        chat: dict[str, Any] = {"id": ANNA, "type": "private", "first_name": "Анна"}
        await anna.press_raw(cb.pack(cb.Latest()), {"message_id": 1, "date": 0, "chat": chat})
        assert "Мост" in anna.messages()[-1].text
        assert not [r for r in world.telegram.requests if isinstance(r, EditMessageText)]

    async def test_message_that_is_gone_comes_anew(self, world: World) -> None:
        await world.article("Мост")
        anna = world.person()
        (shown,) = await anna.say("/help")
        del world.telegram.chats[ANNA][shown.message_id]
        await anna.press(shown, cb.Latest())
        assert "Мост" in anna.messages()[-1].text

    async def test_query_too_old_is_no_error(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        anna = world.person()
        (shown,) = await anna.say("/latest")
        world.telegram.faults.append((AnswerCallbackQuery, bad("query is too old")))
        with caplog.at_level(logging.WARNING):
            await anna.press(shown, cb.LatestTopics())
        assert not [one for one in caplog.records if one.levelno >= logging.WARNING]

    async def test_refused_markup_comes_as_plain_text(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        anna = world.person()
        world.telegram.faults.append((SendMessage, bad("can't parse entities: x")))
        (said,) = await anna.say("/help")
        assert "/latest" in said.text
        assert "refused as markup" in caplog.text
        world.telegram.faults.append((EditMessageText, bad("can't parse entities: x")))
        after = await anna.press(said, cb.LatestTopics())
        assert after
        assert "Какая тема?" in after.text

    async def test_a_picture_that_telegram_refuses_is_left_out_for_good(self, world: World) -> None:
        url = "https://vestnik.example/bridge.jpg"
        article = await world.article("Мост", picture=url)
        world.telegram.faults.append((SendMessage, bad("failed to get HTTP URL content")))
        (card,) = await world.person().say(f"/summary {article.article_id}")
        assert "Мост" in card.text
        known = await world.storage.pictures.known(url)
        assert known is not None
        assert known.bad
        assert (await world.storage.articles.get(article.article_id)).image is None

    async def test_a_refusal_without_a_picture_is_apologised_for(self, world: World) -> None:
        article = await world.article("Мост")
        world.telegram.faults.append((SendMessage, bad("failed to get HTTP URL content")))
        said = await world.person().say(f"/summary {article.article_id}")
        assert len(said) == 1, "no picture to leave out: an apology"

    async def test_a_reader_who_blocked_meanwhile_is_paused(self, world: World) -> None:
        anna = world.person()
        await anna.say("/help")
        blocked = TelegramForbiddenError(
            SendMessage(chat_id=1, text="x"), "Forbidden: bot was blocked by the user"
        )
        world.telegram.faults.append((SendMessage, blocked))
        await anna.say("/help")
        subscriber = await world.storage.subscribers.find(ANNA)
        assert subscriber
        assert subscriber.state is SubscriberState.PAUSED

    @pytest.mark.parametrize(
        "refusal",
        [
            TelegramForbiddenError(GetUpdates(), "Forbidden: bot was kicked from the group chat"),
            bad("chat not found"),
            bad("not enough rights to send text messages to the chat"),
            TelegramMigrateToChat(GetUpdates(), "migrated", migrate_to_chat_id=-100999),
        ],
        ids=["kicked", "gone", "no rights", "migrated"],
    )
    async def test_a_press_is_answered_where_the_chat_is_out_of_reach(
        self, world: World, refusal: Exception
    ) -> None:
        anna = world.person(group=GROUP)
        (shown,) = await anna.say("/latest")
        world.telegram.faults.append((EditMessageText, refusal))
        await anna.press(shown, cb.LatestTopics())
        assert world.telegram.toasts == [""]

    async def test_a_proxys_page_is_apologised_for_and_logged(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        anna = world.person(language="en")
        world.telegram.faults.append(
            (SendMessage, ClientDecodeError("Failed to decode", ValueError("x"), "<html>"))
        )
        (said,) = await anna.say("/help")
        assert said.text == "That didn't work. Try again in a minute."
        assert "update 1 failed" in caplog.text

    async def test_a_bug_is_apologised_for_in_a_toast(
        self, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        anna = world.person()
        (shown,) = await anna.say("/latest")

        async def broken(*args: object, **kwargs: object) -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr(world.storage.articles, "latest", broken)
        await anna.press(shown, cb.Latest())
        assert world.telegram.toasts[-1] == "Не получилось. Попробуйте через минуту."
        assert "broken" in caplog.text
