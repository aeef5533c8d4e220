"""Groups, forum topics, threads of private chats: who is answered, where, who alone reads it."""

from datetime import timedelta
from typing import Any

from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import (
    EditEphemeralMessageText,
    GetChatMember,
    GetMe,
    SendDocument,
    SendMessage,
)
from aiogram.types import ForceReply

from bot.handlers import Answer
from bot.messages import callbacks as cb
from bot.messages.payloads import Button
from storage import FollowKind, Level, Subscriber, SubscriberState
from tests.handlers.conftest import ADMIN, ANNA, BOT_ID, NOW, Person, Shown, World, bad

GROUP = -1001234
OWNER = 1
TOPIC = 9


async def found(world: World, chat: int, thread: int = 0) -> Subscriber:
    subscriber = await world.storage.subscribers.find(chat, thread)
    assert subscriber
    return subscriber


def owner(world: World, *, thread: int = 0) -> Person:
    world.telegram.owners.add(OWNER)
    return world.person(OWNER, group=GROUP, thread=thread)


def mention(text: str, name: str = "@newsboy_bot") -> dict[str, Any]:
    mark = {"type": "mention", "offset": text.index(name), "length": len(name)}
    return {"text": text, "entities": [mark]}


def reply_to(shown: Shown) -> dict[str, Any]:
    above = {
        "message_id": shown.message_id,
        "date": int(NOW.timestamp()),
        "chat": {"id": GROUP, "type": "supergroup", "title": "Группа"},
        "from": {"id": BOT_ID, "is_bot": True, "first_name": "News"},
        "text": shown.text,
    }
    return {"reply_to_message": above}


class TestWhispers:
    async def test_settings_and_refusals_are_for_the_asker_alone(self, world: World) -> None:
        world.telegram.whispers = True
        (screen,) = await owner(world).say("/settings")
        assert screen.alone == OWNER
        (refused,) = await world.person(group=GROUP).say("/settings")
        assert (refused.alone, refused.text) == (
            ANNA,
            "Настройки здесь меняют только администраторы.",
        )
        (latest,) = await owner(world).say("/latest")
        assert latest.alone is None, "answers to reading commands are for all"

    async def test_a_whispered_screen_is_one_message(self, world: World) -> None:
        world.telegram.whispers = True
        one = owner(world)
        (screen,) = await one.say("/settings")
        before = world.telegram.last_id
        after = await one.press(screen, "☐ Всё без звука")
        assert after
        assert "☑ Всё без звука" in after.labels
        assert world.telegram.last_id == before
        assert (await found(world, GROUP)).silent

    async def test_what_expired_comes_anew_and_what_is_so_already_stays(self, world: World) -> None:
        world.telegram.whispers = True
        one = owner(world)
        (screen,) = await one.say("/settings")
        await one.press(screen, cb.Settings(cb.Screen.HOME))
        assert len(one.messages()) == 1, "the same screen is no error"
        world.telegram.faults.append((EditEphemeralMessageText, bad("MESSAGE_ID_INVALID")))
        await one.press(screen, cb.Settings(cb.Screen.DIGEST))
        assert [shown.alone for shown in one.messages()] == [OWNER, OWNER]
        sent = next(r for r in reversed(world.telegram.requests) if isinstance(r, SendMessage))
        assert sent.ephemeral_message_parameters
        assert sent.ephemeral_message_parameters.callback_query_id == "1"

    async def test_what_telegram_does_not_whisper_is_a_short_reply(self, world: World) -> None:
        member = world.person(group=GROUP)
        (refused,) = await member.say("/settings")
        assert refused.alone is None
        assert refused.reply_to is not None
        (screen,) = await owner(world).say("/settings")
        await member.press(screen, cb.Settings(cb.Screen.HOME))
        assert world.telegram.toasts[-1] == "Настройки здесь меняют только администраторы."

    async def test_a_flood_is_no_reason_to_say_it_aloud(self, world: World) -> None:
        world.telegram.whispers = True
        one = owner(world)
        flood = TelegramRetryAfter(GetMe(), "Too Many Requests", 5)
        world.telegram.faults.append((SendMessage, flood))
        said = await one.say("/settings")
        assert all("Не получилось" in shown.text for shown in said)

    async def test_a_whispered_command_is_answered_as_a_reply_to_it(self, world: World) -> None:
        world.telegram.whispers = True
        await owner(world).send(
            {
                "text": "/settings",
                "entities": [{"type": "bot_command", "offset": 0, "length": 9}],
                "message_id": 0,
                "ephemeral_message_id": 55,
            }
        )
        sent = world.telegram.requests[-1]
        assert isinstance(sent, SendMessage)
        assert sent.reply_parameters
        assert sent.reply_parameters.ephemeral_message_id == 55
        assert sent.reply_parameters.message_id is None

    async def test_files_and_buttons_can_be_whispered(self, world: World) -> None:
        world.telegram.whispers = True
        answer = Answer(world.bot, world.desk, GROUP, asker=ANNA, heard=5)
        await answer.document("a.json", b"{}")
        shown = world.person(group=GROUP).messages()[-1]
        assert shown.alone == ANNA
        pressed = Answer(world.bot, world.desk, GROUP, asker=ANNA, whispered=shown.message_id)
        await pressed.remark(((Button("✓", data="1x"),),))
        after = world.person(group=GROUP).message(shown.message_id)
        assert after
        assert after.labels == ["✓"]
        world.telegram.whispers = False
        await answer.document("b.json", b"{}")
        last = world.telegram.requests[-1]
        assert isinstance(last, SendDocument)
        assert last.ephemeral_message_parameters is None

    async def test_an_anonymous_admin_cannot_be_whispered_to(self, world: World) -> None:
        world.telegram.whispers = True
        (said,) = await world.person(group=GROUP).send(
            {
                "text": "/settings",
                "entities": [{"type": "bot_command", "offset": 0, "length": 9}],
                "from": {"id": 1087968824, "is_bot": True, "first_name": "Group"},
                "sender_chat": {"id": GROUP, "type": "supergroup", "title": "Группа"},
            }
        )
        assert said.alone is None

    async def test_private_chats_need_no_whispers(self, world: World) -> None:
        world.telegram.whispers = True
        (screen,) = await world.person().say("/settings")
        assert screen.alone is None


def in_the_groups_name(text: str, **more: Any) -> dict[str, Any]:
    """A text of an admin who stays anonymous, as Telegram shows it to bots."""
    command = text.partition(" ")[0]
    entities = [{"type": "bot_command", "offset": 0, "length": len(command)}]
    return {
        "text": text,
        "from": {"id": 1087968824, "is_bot": True, "first_name": "Group"},
        "sender_chat": {"id": GROUP, "type": "supergroup", "title": "Группа"},
        **({"entities": entities} if text.startswith("/") else {}),
        **more,
    }


class TestAnonymousAdmins:
    """Their presses name them, their messages do not."""

    async def asked(self, world: World) -> tuple[Person, Shown]:
        """A question that an anonymous admin asked for by a button."""
        admin = owner(world)
        world.telegram.hidden.add(admin.id)
        (screen,) = await admin.send(in_the_groups_name("/subscribe"))
        asked = await admin.press(screen, cb.AskFollow(cb.Asked.WORDS))
        assert asked
        return admin, asked

    async def labels(self, world: World) -> set[str]:
        group = await found(world, GROUP)
        return {one.label for one in await world.storage.subscribers.subscriptions(group.id)}

    async def test_their_reply_answers_the_question_of_their_press(self, world: World) -> None:
        admin, asked = await self.asked(world)
        (said,) = await admin.send(in_the_groups_name("землетрясение", **reply_to(asked)))
        assert "землетрясение" in said.text
        assert "землетрясение" in await self.labels(world)
        again = await admin.send(in_the_groups_name("наводнение", **reply_to(asked)))
        assert again == [], "answered once"

    async def test_the_question_of_an_admin_who_is_seen_is_not_theirs(self, world: World) -> None:
        admin, asked = await self.asked(world)
        world.telegram.hidden.discard(admin.id)
        assert await admin.send(in_the_groups_name("наводнение", **reply_to(asked))) == []
        assert "наводнение" not in await self.labels(world)
        (said,) = await admin.say("землетрясение", **reply_to(asked))
        assert "землетрясение" in said.text

    async def test_nobody_else_may_answer_it(self, world: World) -> None:
        _admin, asked = await self.asked(world)
        member = world.person(5, group=GROUP)
        assert await member.say("наводнение", **reply_to(asked)) == []
        # In the name of some other channel.
        channel = {"id": -100777, "type": "channel", "title": "Канал"}
        forged = in_the_groups_name("наводнение", **reply_to(asked), sender_chat=channel)
        assert await member.send(forged) == []
        assert "наводнение" not in await self.labels(world)

    async def test_of_who_is_no_admin_any_more_the_question_waits_for_none(
        self, world: World
    ) -> None:
        admin, asked = await self.asked(world)
        world.telegram.owners.discard(admin.id)
        assert await admin.send(in_the_groups_name("наводнение", **reply_to(asked))) == []
        assert "наводнение" not in await self.labels(world)

    async def test_a_reply_to_another_message_or_too_late_answers_nothing(
        self, world: World
    ) -> None:
        admin, asked = await self.asked(world)
        (other,) = await admin.send(in_the_groups_name("/help"))
        assert await admin.send(in_the_groups_name("наводнение", **reply_to(other))) == []
        world.now += timedelta(minutes=16)
        assert await admin.send(in_the_groups_name("наводнение", **reply_to(asked))) == []
        assert "наводнение" not in await self.labels(world)

    async def test_it_is_known_where_telegram_tells_of_no_single_member(self, world: World) -> None:
        admin, asked = await self.asked(world)
        world.telegram.faults.append((GetChatMember, bad("member list is inaccessible")))
        (said,) = await admin.send(in_the_groups_name("землетрясение", **reply_to(asked)))
        assert "землетрясение" in said.text


class TestTalk:
    async def test_a_mention_with_words_is_a_search(self, world: World) -> None:
        await world.article("Землетрясение на Камчатке")
        anna = world.person(group=GROUP)
        for text in ("@newsboy_bot землетрясение", "землетрясение, @newsboy_bot"):
            (said,) = await anna.send(mention(text))
            assert "Камчатке" in said.text
            assert said.reply_to is not None
        (helped,) = await anna.send(mention("@newsboy_bot"))
        assert "/latest" in helped.text

    async def test_a_search_asks_for_its_words_and_takes_the_reply(self, world: World) -> None:
        await world.article("Открыт мост через реку")
        member = world.person(group=GROUP)
        (asked,) = await member.say("/search")
        assert "Ответьте на это сообщение" in asked.text
        sent = world.telegram.requests[-1]
        assert isinstance(sent, SendMessage)
        assert isinstance(sent.reply_markup, ForceReply)
        assert sent.reply_markup.selective
        assert sent.reply_parameters, "the one who asked is meant"
        assert await world.person(5, group=GROUP).say("мост", **reply_to(asked)) == []
        (found,) = await member.say("мост", **reply_to(asked))
        assert "Открыт мост через реку" in found.text
        assert await member.say("мост", **reply_to(asked)) == [], "answered once"

    async def test_a_question_says_how_it_is_answered_in_a_group(self, world: World) -> None:
        one = owner(world)
        (screen,) = await one.say("/subscribe")
        asked = await one.press(screen, cb.AskFollow(cb.Asked.WORDS))
        assert asked
        assert "Ответьте на это сообщение или напишите: /subscribe" in asked.text
        await one.say("землетрясение", **reply_to(asked))
        group = await found(world, GROUP)
        followed = await world.storage.subscribers.subscriptions(group.id)
        assert "землетрясение" in {follow.label for follow in followed}
        world.telegram.whispers = True
        (screen,) = await one.say("/subscribe")
        asked = await one.press(screen, cb.AskFollow(cb.Asked.WORDS))
        assert asked
        assert "Командой: /subscribe" in asked.text
        assert "Ответьте" not in asked.text

    async def test_a_mention_in_passing_is_not(self, world: World) -> None:
        anna = world.person(group=GROUP)
        assert await anna.send(mention("спроси @newsboy_bot или друзей")) == []
        assert await anna.send(mention("@newsboy_bots землетрясение", "@newsboy_bots")) == []

    async def test_forwards_of_the_linked_channel_and_shared_articles_are_no_questions(
        self, world: World
    ) -> None:
        anna = world.person(group=GROUP)
        command = {
            "text": "/latest",
            "entities": [{"type": "bot_command", "offset": 0, "length": 7}],
        }
        channel = {"id": -100555, "type": "channel", "title": "Канал"}
        telegram = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
        forward = {"is_automatic_forward": True, "sender_chat": channel, "from": telegram}
        assert await anna.send(command | forward) == []
        bot = {"id": world.bot.id, "is_bot": True, "first_name": "News"}
        assert await world.person().send({"text": "Мост", "via_bot": bot}) == []

    async def test_a_new_title_is_noted(self, world: World) -> None:
        anna = world.person(group=GROUP)
        await anna.say("/help")
        assert await anna.send({"new_chat_title": "Семья"}) == []
        assert (await found(world, GROUP)).title == "Семья"

    async def test_admins_are_known_where_telegram_tells_of_no_single_member(
        self, world: World
    ) -> None:
        one = owner(world)
        world.telegram.faults.append((GetChatMember, bad("member list is inaccessible")))
        (screen,) = await one.say("/settings")
        assert screen.labels
        world.telegram.faults.append((GetChatMember, bad("member list is inaccessible")))
        (refused,) = await world.person(group=GROUP).say("/settings")
        assert "администраторы" in refused.text


class TestWelcome:
    async def test_offers_a_digest_to_the_admins(self, world: World) -> None:
        one = owner(world)
        (welcome,) = await one.membership("left", "member")
        assert "Присылать сюда дайджест с главным: по будням в 08:00" in welcome.text
        assert welcome.labels == ["Присылать", "Не нужно", "Выбрать темы", "Настройки"]
        await world.person(group=GROUP).press(welcome, "Присылать")
        assert world.telegram.toasts[-1] == "Настройки здесь меняют только администраторы."
        after = await one.press(welcome, "Присылать")
        assert after
        assert after.text.startswith("Дайджест: ")
        assert after.labels == ["Изменить время", "Выбрать темы"]
        subscriber = await found(world, GROUP)
        assert len(await world.storage.subscribers.slots(subscriber.id)) == 3
        refused = await one.press(welcome, cb.GroupDigest(wanted=False))
        assert refused
        assert "не будет" in refused.text
        assert await world.storage.subscribers.slots(subscriber.id) == []

    async def test_the_language_is_at_first_that_of_whoever_adds_it(self, world: World) -> None:
        (welcome,) = await world.person(group=GROUP, language="en").membership("left", "member")
        assert "Should a digest of the main news come here" in welcome.text

    async def test_back_again_it_finds_its_digests(self, world: World) -> None:
        one = owner(world)
        (welcome,) = await one.membership("left", "member")
        await one.press(welcome, "Присылать")
        await one.membership("member", "kicked")
        assert (await found(world, GROUP)).state is SubscriberState.PAUSED
        (again,) = await one.membership("kicked", "member")
        assert again.labels == ["Выбрать темы", "Настройки"]
        assert (await found(world, GROUP)).state is SubscriberState.ACTIVE

    async def test_without_the_right_to_write_it_pauses(self, world: World) -> None:
        one = owner(world)
        await one.say("/help")
        await one.membership("member", "restricted", can_send_messages=False)
        assert (await found(world, GROUP)).state is SubscriberState.PAUSED
        await one.membership("restricted", "restricted", can_send_messages=True)
        assert (await found(world, GROUP)).state is SubscriberState.ACTIVE


class TestThreads:
    async def test_a_command_is_asked_about_and_runs_for_the_topic(self, world: World) -> None:
        one = owner(world, thread=TOPIC)
        (asked,) = await one.say("/subscribe спорт")
        assert asked.text == "Для всей группы или только для этой темы?"
        assert await world.storage.subscribers.find(GROUP, TOPIC) is None
        done = await one.press(asked, "Только для этой темы")
        assert done
        assert "порт" in done.text, "the question became the command's answer"
        topic, group = await found(world, GROUP, TOPIC), await found(world, GROUP)
        follows = await world.storage.subscribers.subscriptions(topic.id)
        assert (FollowKind.TOPIC, "sport") in {(one.kind, one.key) for one in follows}
        assert len(await world.storage.subscribers.subscriptions(group.id)) == 1
        assert await world.storage.subscribers.slots(topic.id) == []
        assert topic.language == group.language

    async def test_or_for_the_whole_group(self, world: World) -> None:
        one = owner(world, thread=TOPIC)
        (asked,) = await one.say("/settings silent on")
        done = await one.press(asked, "Для всей группы")
        assert done
        assert done.text == "Все сообщения приходят без звука."
        assert (await found(world, GROUP)).silent
        assert await world.storage.subscribers.find(GROUP, TOPIC) is None

    async def test_only_admins_are_asked_and_only_they_answer(self, world: World) -> None:
        member = world.person(group=GROUP, thread=TOPIC)
        (refused,) = await member.say("/subscribe спорт")
        assert "администраторы" in refused.text
        (asked,) = await owner(world, thread=TOPIC).say("/subscribe спорт")
        await member.press(asked, "Только для этой темы")
        assert world.telegram.toasts[-1] == "Настройки здесь меняют только администраторы."
        assert await world.storage.subscribers.find(GROUP, TOPIC) is None

    async def test_a_topic_with_its_own_is_not_asked_about_and_can_go_back(
        self, world: World
    ) -> None:
        one = owner(world, thread=TOPIC)
        (asked,) = await one.say("/settings")
        screen = await one.press(asked, "Только для этой темы")
        assert screen
        assert "Как во всей группе" in screen.labels
        (said,) = await one.say("/settings silent on")
        assert said.text == "Все сообщения приходят без звука."
        assert (await found(world, GROUP, TOPIC)).silent
        assert not (await found(world, GROUP)).silent
        sure = await one.press(screen, "Как во всей группе")
        assert sure
        assert "Удалить подписки" in sure.text
        back = await one.press(sure, "Как во всей группе")
        assert back
        assert "общие настройки" in back.text
        assert await world.storage.subscribers.find(GROUP, TOPIC) is None
        await one.press(screen, cb.Share(confirmed=True))
        assert await world.storage.subscribers.find(GROUP), "the group itself stays"
        whole = await one.press(back, "Настройки")
        assert whole
        assert "Как во всей группе" not in whole.labels

    async def test_reading_in_a_topic_is_by_its_own_settings(self, world: World) -> None:
        await world.article("Мост")
        await world.article("Bridge", language="en", domain="herald.example")
        one = owner(world, thread=TOPIC)
        (asked,) = await one.say("/settings news en")
        await one.press(asked, "Только для этой темы")
        (here,) = await world.person(group=GROUP, thread=TOPIC).say("/latest")
        assert "Bridge" in here.text
        assert "Мост" not in here.text
        (there,) = await world.person(group=GROUP, thread=8).say("/latest")
        assert "Мост" in there.text

    async def test_a_thread_of_a_private_chat(self, world: World) -> None:
        anna = world.person(thread=TOPIC)
        (asked,) = await anna.say("/subscribe слова землетрясение")
        assert asked.text == "Для всего чата или только для этой темы?"
        await anna.press(asked, "Только для этой темы")
        own = await found(world, ANNA, TOPIC)
        follows = await world.storage.subscribers.subscriptions(own.id)
        assert Level.NOW in {one.level for one in follows if one.kind is FollowKind.WORDS}
        sent = [r for r in world.telegram.requests if isinstance(r, SendMessage)]
        assert {request.message_thread_id for request in sent} == {TOPIC}
        (plain,) = await world.person().say("/settings")
        assert "Как во всём чате" not in plain.labels, "outside of threads nothing is asked"

    async def test_stopping_a_topic_leaves_the_group(self, world: World) -> None:
        one = owner(world, thread=TOPIC)
        (asked,) = await one.say("/settings")
        await one.press(asked, "Только для этой темы")
        (sure,) = await one.say("/stop")
        await one.press(sure, cb.Stop(confirmed=True))
        assert (await found(world, GROUP, TOPIC)).state is SubscriberState.STOPPED
        assert (await found(world, GROUP)).state is SubscriberState.ACTIVE

    async def test_a_forged_place_is_stale(self, world: World) -> None:
        one = owner(world, thread=TOPIC)
        (shown,) = await one.say("/latest")
        await one.press(shown, cb.Place(5, own=True))
        assert "устарела" in world.telegram.toasts[-1]
        query = await world.storage.queries.keep("мосты", world.now)
        await one.press(shown, cb.Place(query, own=True))
        assert "устарела" in world.telegram.toasts[-1]
        assert await world.storage.subscribers.find(GROUP, TOPIC) is None

    async def test_a_private_bots_group_threads_are_open_to_its_members(
        self, private_world: World
    ) -> None:
        await private_world.person(ADMIN, group=GROUP).membership("left", "member")
        (said,) = await private_world.person(group=GROUP, thread=TOPIC).say("/latest")
        assert said
