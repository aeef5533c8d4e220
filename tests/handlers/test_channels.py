"""Channels: the bot's arrival, the edition's screens, drafts decided once, whose rights count."""

from datetime import timedelta
from typing import Any

import pytest
from aiogram.methods import GetChatMember
from aiogram.types import ChatMemberAdministrator

from bot.delivery.recheck import Drop, recheck
from bot.messages.callbacks import (
    Change,
    Channels,
    EditionOf,
    EditionScreen,
    EditionSetting,
    Latest,
    Privacy,
    PrivacyStep,
    PublishDraft,
    Read,
    RewordDraft,
    SetEdition,
    Setting,
    ShowDraft,
    SkipDraft,
    Stop,
    pack,
)
from storage import (
    ChatKind,
    Claim,
    ClaimBatch,
    DeliveryState,
    EditionMode,
    FollowKind,
    Outcome,
    PushPlan,
    Subscriber,
    SubscriberState,
)
from tests.handlers.conftest import ADMIN, ANNA, BOT_ID, NOW, Shown, World

CHANNEL = -1001234567890
BORIS = 1002


async def arrive(world: World, person: int = ANNA, *, may_post: bool = True) -> None:
    """The bot becomes an admin of the channel."""
    bot_user = {"id": BOT_ID, "is_bot": True, "first_name": "News"}
    rights = {
        name: True
        for name, field in ChatMemberAdministrator.model_fields.items()
        if field.is_required() and name != "user"
    }
    admin = {**rights, "status": "administrator", "user": bot_user, "can_post_messages": may_post}
    user = {"id": person, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
    await world.update(
        {
            "my_chat_member": {
                "chat": {"id": CHANNEL, "type": "channel", "title": "Новости дня"},
                "from": user,
                "date": int(NOW.timestamp()),
                "old_chat_member": {"status": "left", "user": bot_user},
                "new_chat_member": admin,
            }
        }
    )


async def opened(world: World) -> tuple[Shown, Subscriber]:
    """Anna's channel with its edition: the screen that she got, and the channel."""
    world.telegram.channels[CHANNEL] = {"username": "news_day", "linked_chat_id": -100777}
    world.telegram.owners.add(ANNA)
    anna = world.person()
    await anna.say("/start")
    await arrive(world)
    channel = await world.storage.subscribers.find(CHANNEL)
    assert channel is not None
    return anna.messages()[-1], channel


async def claimed(world: World, title: str = "Открыт новый мост") -> Claim:
    """A story that the channel is owed, claimed by the sender."""
    await world.article(title, push=PushPlan(world.now + timedelta(hours=2)))
    (push,) = await world.storage.owing.open_pushes()
    keys = [(FollowKind.TOPIC, "society")]
    await world.storage.owing.match_push(push.id, keys)
    (push,) = await world.storage.owing.open_pushes()
    await world.storage.owing.expand(push, now=world.now)
    (claim,) = await world.storage.outbox.tick(ClaimBatch(limit=10), now=world.now)
    return claim


async def draft(world: World, channel: Subscriber) -> int:
    """A draft that waits for approval; its id."""
    anna = world.person()
    screen = anna.messages()[-1]
    await anna.press(screen, SetEdition(channel.id, EditionSetting.MODE, "approval"))
    await anna.press(screen, SetEdition(channel.id, EditionSetting.TOPIC, "+society"))
    claim = await claimed(world)
    decision = recheck(claim, world.now)
    assert isinstance(decision, Drop)
    await world.storage.outbox.acknowledge(
        [Outcome(claim.delivery.id, decision.state, world.now, reason=decision.reason)]
    )
    (waiting,) = await world.storage.editions.untold()
    return waiting.id


async def test_whoever_adds_the_bot_gets_the_channels_screen_and_nothing_is_posted(
    world: World,
) -> None:
    screen, channel = await opened(world)
    assert channel.kind is ChatKind.CHANNEL
    assert channel.state is SubscriberState.STOPPED
    assert "Новости дня" in screen.text
    assert "Пока публикация выключена, в канале ничего не появится." in screen.text
    assert "приглашённым" not in screen.text, "this bot is public"
    assert screen.labels[:3] == ["✓ выключена", "после проверки", "сразу"]
    assert world.telegram.chats.get(CHANNEL) is None
    edition = await world.storage.editions.find(channel.id)
    assert edition is not None
    assert (edition.username, edition.linked) == ("news_day", -100777)


async def test_a_private_bot_serves_no_strangers_channel(private_world: World) -> None:
    await arrive(private_world, BORIS)
    assert await private_world.storage.subscribers.find(CHANNEL) is None
    told = private_world.person(BORIS).messages()
    assert "закрытый" in told[-1].text
    await arrive(private_world, ADMIN)
    assert await private_world.storage.subscribers.find(CHANNEL) is not None
    screen = private_world.person(ADMIN).messages()[-1]
    assert "«Читать» под постом откроет статью только приглашённым" in screen.text


async def test_the_screens_change_what_is_posted(world: World) -> None:
    screen, channel = await opened(world)
    anna = world.person()
    after = await anna.press(screen, "сразу")
    assert after is not None
    assert "✓ сразу" in after.labels
    topics = await anna.press(after, "Темы")
    assert topics is not None
    after = await anna.press(topics, "☐ Спорт")
    assert after is not None
    assert "☑ Спорт" in after.labels
    home = await anna.press(after, "◀ Назад")
    assert home is not None
    assert "темы: спорт" in home.text
    quiet = await anna.press(home, "Тихие часы")
    assert quiet is not None
    after = await anna.press(quiet, "22:00–08:00")
    assert after is not None
    assert "✓ 22:00–08:00" in after.labels
    limits = await anna.press(after, EditionOf(channel.id, EditionScreen.LIMITS))
    assert limits is not None
    after = await anna.press(limits, "48 в день")
    assert after is not None
    assert "✓ 48 в день" in after.labels
    kept = await world.storage.subscribers.get(channel.id)
    assert (kept.quiet_from, kept.daily, kept.state) == (22 * 60, 48, SubscriberState.ACTIVE)


async def test_words_are_typed(world: World) -> None:
    screen, _channel = await opened(world)
    anna = world.person()
    words = await anna.press(screen, "Слова")
    assert words is not None
    asked = await anna.press(words, "Добавить слова")
    assert asked is not None
    assert asked.text.startswith("Какие слова?")
    (after,) = await anna.say("редкий зверь")
    assert "✕ редкий зверь" in after.labels
    after_removal = await anna.press(after, "✕ редкий зверь")
    assert after_removal is not None
    assert not any("зверь" in label for label in after_removal.labels)


@pytest.mark.parametrize(
    "pressed",
    [
        lambda channel: SetEdition(channel, EditionSetting.MODE, "auto"),
        EditionOf,
    ],
)
async def test_only_the_channels_admins_manage_it(world: World, pressed: Any) -> None:
    _screen, channel = await opened(world)
    boris = world.person(BORIS)
    await boris.say("/start")
    await boris.press(boris.messages()[-1], pressed(channel.id))
    assert "администраторы канала" in world.telegram.toasts[-1]
    edition = await world.storage.editions.find(channel.id)
    assert edition is not None
    assert edition.mode is EditionMode.OFF
    (listed,) = await boris.say("/channels")
    assert "Новости дня" not in listed.text
    (listed,) = await world.person().say("/channels")
    assert "Новости дня" in listed.labels


@pytest.mark.parametrize("value", ["nonsense", "+nonsense", "+99999", "99.99-08.00", "xx"])
@pytest.mark.parametrize("setting", list(EditionSetting))
async def test_forged_values_change_nothing_and_break_nothing(
    world: World, setting: EditionSetting, value: str
) -> None:
    screen, channel = await opened(world)
    before = await world.storage.subscribers.subscriptions(channel.id)
    await world.person().press(screen, SetEdition(channel.id, setting, value))
    assert await world.storage.subscribers.subscriptions(channel.id) == before
    await world.person().press(screen, SetEdition(999, setting, value))
    assert "устарела" in world.telegram.toasts[-1]


async def test_of_two_who_publish_the_first_one_counts(world: World) -> None:
    _screen, channel = await opened(world)
    draft_id = await draft(world, channel)
    world.telegram.owners.add(BORIS)
    anna, boris = world.person(), world.person(BORIS)
    await boris.say("/start")
    mine, theirs = anna.messages()[-1], boris.messages()[-1]
    after = await anna.press(mine, PublishDraft(draft_id))
    assert after is not None
    assert "Публикуется в канале «Новости дня»…" in after.text
    await boris.press(theirs, PublishDraft(draft_id))
    assert world.telegram.toasts[-2:].count("Уже опубликовано") == 1
    await boris.press(theirs, SkipDraft(draft_id))
    claims = await world.storage.outbox.tick(ClaimBatch(limit=10), now=world.now)
    assert [claim.approved for claim in claims] == [True]


async def test_what_is_skipped_is_never_posted(world: World) -> None:
    _screen, channel = await opened(world)
    draft_id = await draft(world, channel)
    anna = world.person()
    after = await anna.press(anna.messages()[-1], SkipDraft(draft_id))
    assert after is not None
    assert "Пропущено" in after.text
    await anna.press(after, PublishDraft(draft_id))
    assert await world.storage.outbox.tick(ClaimBatch(limit=10), now=world.now) == []


async def test_a_draft_gets_an_editors_words(world: World) -> None:
    _screen, channel = await opened(world)
    draft_id = await draft(world, channel)
    anna = world.person()
    asked = await anna.press(anna.messages()[-1], RewordDraft(draft_id))
    assert asked is not None
    assert "Пришлите текст поста" in asked.text
    assert "Открыт новый мост" in asked.text
    back = await anna.press(asked, "Отмена")
    assert back is not None
    assert "Черновик для канала «Новости дня»" in back.text
    asked = await anna.press(back, "Править")
    assert asked is not None
    (too_long,) = await anna.say("я" * 3001)
    assert "Слишком длинно" in too_long.text
    (preview,) = await anna.say("Мост открыт\nПоехали <b>все</b>.")
    assert "Мост открыт\n\nПоехали <b>все</b>." in preview.text
    await anna.press(preview, "Опубликовать")
    (claim,) = await world.storage.outbox.tick(ClaimBatch(limit=10), now=world.now)
    assert claim.words == "Мост открыт\nПоехали <b>все</b>."
    # A draft that is on its way is reworded no more.
    await anna.press(preview, RewordDraft(draft_id))
    assert world.telegram.toasts[-1] == "Уже опубликовано"


async def test_turned_off_a_channel_drops_its_drafts(world: World) -> None:
    screen, channel = await opened(world)
    draft_id = await draft(world, channel)
    anna = world.person()
    await anna.press(screen, SetEdition(channel.id, EditionSetting.MODE, "off"))
    await anna.press(screen, PublishDraft(draft_id))
    assert await world.storage.outbox.tick(ClaimBatch(limit=10), now=world.now) == []


async def test_the_card_leads_to_the_posts_discussion(world: World) -> None:
    _screen, channel = await opened(world)
    draft_id = await draft(world, channel)
    anna = world.person()
    await anna.press(anna.messages()[-1], PublishDraft(draft_id))
    (claim,) = await world.storage.outbox.tick(ClaimBatch(limit=10), now=world.now)
    article = claim.delivery.article_id
    (card,) = await anna.say(f"/summary {article}")
    assert "Обсудить" not in card.labels
    sent = Outcome(claim.delivery.id, DeliveryState.SENT, world.now, message_id=77)
    await world.storage.outbox.acknowledge([sent])
    (card,) = await anna.say(f"/summary {article}")
    (link,) = (b.url for row in card.keyboard for b in row if b.text == "Обсудить")
    assert link == "https://t.me/news_day/77?comment=1"
    # A private channel's comments are its members' alone.
    await world.storage.editions.note_chat(channel.id, "", -100777)
    (card,) = await anna.say(f"/summary {article}")
    assert "Обсудить" not in card.labels


async def test_losing_the_right_to_post_pauses_and_getting_it_back_goes_on(world: World) -> None:
    _screen, channel = await opened(world)
    anna = world.person()
    await anna.press(anna.messages()[-1], SetEdition(channel.id, EditionSetting.MODE, "auto"))
    await arrive(world, may_post=False)
    paused = await world.storage.subscribers.get(channel.id)
    assert paused.state is SubscriberState.PAUSED
    ((edition, _channel),) = await world.storage.editions.silenced()
    assert edition.keeper == ANNA
    await world.storage.editions.warned(channel.id)
    assert await world.storage.editions.silenced() == []
    await arrive(world)
    assert (await world.storage.subscribers.get(channel.id)).state is SubscriberState.ACTIVE


async def test_the_list_says_how_to_begin(world: World) -> None:
    (shown,) = await world.person().say("/channels")
    assert "Добавьте бота в свой канал" in shown.text
    after = await world.person().press(shown, Channels())
    assert after is not None


async def test_a_channels_link_opens_the_card_for_a_newcomer(world: World) -> None:
    stored = await world.article("Открыт новый мост")
    card, *_greeting = await world.person(BORIS).say(f"/start a{stored.article_id}")
    assert "Открыт новый мост" in card.text


@pytest.mark.parametrize(
    "forged",
    [
        PrivacyStep(Privacy.ERASE),
        PrivacyStep(Privacy.EXPORT),
        Read(1),
        Latest(),
        Change(Setting.LANGUAGE, "en"),
        Stop(confirmed=True),
    ],
)
async def test_forged_presses_in_a_channel_neither_edit_it_nor_say_anything_there(
    world: World, forged: Any
) -> None:
    _screen, channel = await opened(world)
    await world.article()
    world.telegram.owners.add(BORIS)
    post = {
        "message_id": 5,
        "date": int(NOW.timestamp()),
        "chat": {"id": CHANNEL, "type": "channel", "title": "Новости дня"},
        "text": "Запись",
    }
    await world.person(BORIS).press_raw(pack(forged), post)
    assert "устарела" in world.telegram.toasts[-1]
    assert world.telegram.chats.get(CHANNEL) is None
    assert await world.storage.subscribers.find(CHANNEL) == channel


async def test_a_sources_number_beyond_any_is_a_stale_button(world: World) -> None:
    screen, channel = await opened(world)
    forged = SetEdition(channel.id, EditionSetting.SOURCE, "+" + "9" * 30)
    await world.person().press(screen, forged)
    assert "устарела" in world.telegram.toasts[-1]


async def test_a_removed_keepers_drafts_go_to_the_next_one(world: World) -> None:
    _screen, channel = await opened(world)
    number = await draft(world, channel)
    editions = world.storage.editions
    await editions.told(number, "waiting", person_id=ANNA, message_id=7)
    assert await editions.untold() == []
    await world.storage.people.remove(ANNA, world.now)
    edition = await editions.find(channel.id)
    assert edition is not None
    assert edition.keeper == 0
    assert await editions.untold() == []
    await editions.set_keeper(channel.id, BORIS)
    assert [one.id for one in await editions.untold()] == [number]
    assert await editions.untold(without={BORIS}) == []


class TestZone:
    async def test_it_is_tapped_on_the_channels_screen(self, world: World) -> None:
        screen, channel = await opened(world)
        anna = world.person()
        zones = await anna.press(screen, "Часовой пояс") or screen
        assert "напишите" in zones.text
        wanted = next(label for label in zones.labels if "Владивосток" in label)
        home = await anna.press(zones, wanted) or zones
        assert "Часовой пояс: Владивосток" in home.text
        assert (await world.storage.subscribers.get(channel.id)).zone == "Asia/Vladivostok"
        assert (await world.storage.subscribers.get(channel.id)).quiet_from == channel.quiet_from
        own = await world.storage.subscribers.find(ANNA)
        assert own is not None
        assert own.zone == "Europe/Moscow"

    async def test_or_typed_as_a_city(self, world: World) -> None:
        screen, channel = await opened(world)
        anna = world.person()
        await anna.press(screen, "Часовой пояс")
        unknown = (await anna.say("ыыыыы"))[-1]
        assert "не нашл" in unknown.text
        *_, home = await anna.say("Омск")
        assert "Часовой пояс: Омск" in home.text
        assert (await world.storage.subscribers.get(channel.id)).zone == "Asia/Omsk"

    async def test_of_who_lost_the_right_nothing_is_taken(self, world: World) -> None:
        screen, channel = await opened(world)
        anna = world.person()
        await anna.press(screen, "Часовой пояс")
        world.telegram.owners.discard(ANNA)
        (said,) = await anna.say("Омск")
        assert "администраторы канала" in said.text
        assert (await world.storage.subscribers.get(channel.id)).zone == channel.zone


async def test_of_many_channels_ones_own_are_asked_about(world: World) -> None:
    _screen, channel = await opened(world)
    for number in range(120):
        other, _made = await world.desk.enrol(
            -2_000_000 - number, ChatKind.CHANNEL, f"А {number}", "ru"
        )
        await world.storage.editions.open(other.id, BORIS)
    before = len(world.telegram.requests)
    (listed,) = await world.person().say("/channels")
    assert "Новости дня" in listed.labels
    asked = [r for r in world.telegram.requests[before:] if isinstance(r, GetChatMember)]
    assert len(asked) == 50
    assert asked[0].chat_id == channel.chat_id


class TestOutrunDrafts:
    """The article changed, or went, between the last look and the press."""

    async def shown(self, world: World) -> tuple[Shown, int, int]:
        """A draft that Anna sees; the message, the draft and the article."""
        _screen, channel = await opened(world)
        number = await draft(world, channel)
        anna = world.person()
        screen = await anna.press(anna.messages()[-1], ShowDraft(number)) or anna.messages()[-1]
        waiting = await world.storage.editions.draft(number)
        assert waiting is not None
        await world.storage.editions.told(
            number, "waiting", person_id=ANNA, message_id=screen.message_id, seen=waiting.look
        )
        return screen, number, waiting.article_id

    async def owed(self, world: World) -> list[Claim]:
        return await world.storage.outbox.tick(ClaimBatch(limit=10), now=world.now)

    async def test_one_that_changed_is_looked_at_again_before_it_is_published(
        self, world: World
    ) -> None:
        screen, _number, article_id = await self.shown(world)
        await world.storage.articles.upgrade_summary(article_id, "Иначе сказано.", world.now)
        anna = world.person()
        after = await anna.press(screen, "Опубликовать") or screen
        assert "Статья только что изменилась" in world.telegram.toasts[-1]
        assert "Иначе сказано." in after.text
        assert await self.owed(world) == []
        await anna.press(after, "Опубликовать")
        assert len(await self.owed(world)) == 1

    async def test_one_that_went_cannot_be_published_or_reworded(self, world: World) -> None:
        screen, number, article_id = await self.shown(world)
        day_ago = world.now - timedelta(days=1)
        await world.storage.articles.lose(article_id, since=day_ago, now=world.now, due=None)
        anna = world.person()
        after = await anna.press(screen, "Опубликовать") or screen
        assert "опубликовать её нельзя" in world.telegram.toasts[-1]
        assert "Страница недоступна" in after.text
        assert after.labels == ["Пропустить"]
        await anna.press(after, PublishDraft(number))
        assert "опубликовать её нельзя" in world.telegram.toasts[-1]
        await anna.press(after, RewordDraft(number))
        assert "опубликовать её нельзя" in world.telegram.toasts[-1]
        assert await self.owed(world) == []
        after = await anna.press(after, "Пропустить") or after
        assert "Пропущено" in after.text


async def test_who_is_erased_while_taking_over_the_drafts_keeps_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, channel = await opened(world)
    chosen = world.storage.editions.set_keeper

    async def erased_first(subscriber_id: int, keeper: int) -> None:
        await world.storage.privacy.erase(ANNA)
        await chosen(subscriber_id, keeper)

    monkeypatch.setattr(world.storage.editions, "set_keeper", erased_first)
    await world.person().press(screen, SetEdition(channel.id, EditionSetting.KEEPER, "on"))
    edition = await world.storage.editions.find(channel.id)
    assert edition is not None
    assert edition.keeper == 0
    assert await world.storage.subscribers.find(ANNA) is None
