"""One article: card, text, parts, hiding."""

import asyncio
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import DeleteMessages, EditMessageText, SendMessage, SendRichMessage
from aiogram.types import InlineKeyboardButton

from bot.messages import callbacks as cb
from storage import (
    DeliveryState,
    FollowKind,
    Layout,
    Outcome,
    Paragraph,
    PictureBlock,
    Span,
    View,
)
from tests.handlers.conftest import ANNA, NOW, Person, Shown, World


def refused(text: str) -> TelegramBadRequest:
    return TelegramBadRequest(SendMessage(chat_id=1, text="x"), f"Bad Request: {text}")


async def delivered(world: World, person: Person, shown: Shown, article: Any) -> int:
    """Put a sent message into the ledger, as if it had been a digest's line about one story."""
    subscriber = await world.storage.subscribers.find(person.chat_id)
    assert subscriber
    outbox = world.storage.outbox
    delivery = await outbox.begin_digest(subscriber.id, [article.story_id], NOW)
    await outbox.acknowledge(
        [Outcome(delivery, DeliveryState.SENT, NOW, message_id=shown.message_id, view=View.PUSH)]
    )
    return delivery


@pytest.mark.parametrize("command", ["/full {id}", "/full_{id}", "/full_{id}@newsboy_bot"])
async def test_full_by_command(world: World, command: str) -> None:
    article = await world.article("Мост", body="Весь текст целиком.")
    (full,) = await world.person().say(command.format(id=article.article_id))
    assert "Весь текст целиком." in full.text
    assert "Свернуть" in full.labels


async def test_summary_then_the_text_and_back_in_one_message(world: World) -> None:
    article = await world.article("Мост", body="Первое. " * 60)
    anna = world.person()
    (card,) = await anna.say(f"/summary {article.article_id}")
    full = await anna.press(card, "Читать")
    assert full
    assert full.text.count("Первое.") == 60
    back = await anna.press(full, "Свернуть")
    assert back == card
    assert len(anna.messages()) == 1


async def test_full_as_a_reply(world: World) -> None:
    article = await world.article("Мост")
    anna = world.person()
    (card,) = await anna.say(f"/summary {article.article_id}")
    (full,) = await anna.say("/full", reply_to_message=_reply(anna, card))
    assert "Движение открыли утром." in full.text
    (nothing,) = await anna.say("/full")
    assert "/full_123" in nothing.text
    (gone,) = await anna.say("/full 999")
    assert "Этой статьи уже нет в архиве" in gone.text
    (wrong,) = await anna.say("/summary сто")
    assert "/latest" in wrong.text


def _reply(person: Person, shown: Shown) -> dict[str, Any]:
    return {
        "message_id": shown.message_id,
        "date": int(NOW.timestamp()),
        "chat": {"id": person.chat_id, "type": "private"},
        "from": {"id": 123456789, "is_bot": True, "first_name": "News"},
        "text": shown.text,
        "reply_markup": {
            "inline_keyboard": [
                [button.model_dump(exclude_none=True) for button in row] for row in shown.keyboard
            ]
        },
    }


class TestLongText:
    async def test_comes_in_parts_below_the_card_and_is_folded_from_the_last(
        self, world: World
    ) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        anna = world.person()
        (card,) = await anna.say(f"/summary {article.article_id}")
        folded = await anna.press(card, "Читать")
        assert folded
        assert "Свернуть" in folded.labels
        parts = anna.messages()[1:]
        assert len(parts) > 2
        assert sum(part.text.count("Слова идут.") for part in parts) == 800
        assert {part.reply_to for part in parts} == {card.message_id}
        await anna.press(parts[-1], "Свернуть")
        assert anna.messages() == [card]

    async def test_two_presses_at_once_bring_it_once(self, world: World) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        anna = world.person()
        (card,) = await anna.say(f"/summary {article.article_id}")
        await asyncio.gather(anna.press(card, "Читать"), anna.press(card, "Читать"))
        assert sum(one.text.count("Слова идут.") for one in anna.messages()[1:]) == 800
        assert len(world.telegram.toasts) == 2, "every press is answered"

    async def test_a_press_that_crossed_with_the_card_brings_no_second_text(
        self, world: World
    ) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        anna = world.person()
        (card,) = await anna.say(f"/summary {article.article_id}")
        await delivered(world, anna, card, article)
        folded = await anna.press(card, "Читать")
        shown = anna.messages()
        await anna.press(card, "Читать")  # as its button was shown a moment ago
        assert anna.messages() == shown
        assert folded
        await anna.press(folded, "Свернуть")
        await anna.press(card, "Читать")
        assert len(anna.messages()) == len(shown), "once folded, it is read again"

    async def test_a_text_of_many_parts_is_folded_whole(self, world: World) -> None:
        article = await world.article("Мост", body="Слова идут. " * 300, paragraphs=130)
        anna = world.person()
        parts = await anna.say(f"/full {article.article_id}")
        assert len(parts) > 100
        await anna.press(parts[-1], "Свернуть")
        assert len(anna.messages()) == 1
        deletions = [one for one in world.telegram.requests if isinstance(one, DeleteMessages)]
        assert all(len(one.message_ids) <= 100 for one in deletions)
        card = anna.messages()[0]
        folded = await anna.press(card, "Читать")
        assert folded
        await anna.press(folded, "Свернуть")
        assert anna.messages() == [card]

    async def test_under_a_message_that_is_too_old_the_text_stands_alone(
        self, world: World
    ) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        anna = world.person()
        await anna.press_raw(
            cb.pack(cb.Read(article.article_id)),
            {"message_id": 7, "date": 0, "chat": {"id": ANNA, "type": "private"}},
        )
        parts = anna.messages()
        assert sum(one.text.count("Слова идут.") for one in parts) == 800
        assert [bool(one.labels) for one in parts] == [False] * (len(parts) - 1) + [True]
        await anna.press(parts[-1], "Свернуть")
        assert len(anna.messages()) == 1

    async def test_is_folded_from_the_card(self, world: World) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        anna = world.person()
        (card,) = await anna.say(f"/summary {article.article_id}")
        delivery = await delivered(world, anna, card, article)
        folded = await anna.press(card, "Читать")
        assert folded
        ledger = await world.storage.outbox.delivery(delivery)
        assert ledger
        assert ledger.view is View.FULL
        assert list(ledger.parts) == [part.message_id for part in anna.messages()[1:]]
        await anna.press(folded, "Свернуть")
        assert anna.messages() == [card]
        ledger = await world.storage.outbox.delivery(delivery)
        assert ledger
        assert (ledger.view, ledger.parts) == (View.CARD, ())

    async def test_by_command_is_folded_into_a_card(self, world: World) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        anna = world.person()
        parts = await anna.say(f"/full {article.article_id}")
        assert len(parts) > 2
        await anna.press(parts[-1], "Свернуть")
        (card,) = anna.messages()
        assert "Читать" in card.labels

    async def test_parts_too_old_to_delete_stay(self, world: World) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        anna = world.person()
        (card,) = await anna.say(f"/summary {article.article_id}")
        folded = await anna.press(card, "Читать")
        assert folded
        world.telegram.faults.append((DeleteMessages, refused("message can't be deleted")))
        again = await anna.press(folded, "Свернуть")
        assert again == card
        assert "48" in world.telegram.toasts[-1]

    async def test_a_member_of_a_group_folds_the_text_whole(self, world: World) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        world.telegram.owners.add(1)
        member = world.person(ANNA, group=-100)
        parts = await member.say(f"/full {article.article_id}")
        assert len(parts) > 2
        await member.press(parts[-1], "Свернуть")
        (card,) = member.messages()
        assert "Читать" in card.labels
        await member.press(card, "Читать")
        await member.press(member.messages()[-1], "Свернуть")
        assert [one.message_id for one in member.messages()] == [card.message_id]

    async def test_related_leaves_a_long_text_whole(self, world: World) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        anna = world.person()
        parts = await anna.say(f"/full {article.article_id}")
        await anna.press(parts[-1], "По теме")
        assert anna.messages()[:-1] == parts
        assert "По теме" in anna.messages()[-1].text

    async def test_a_member_of_a_group_cannot_have_named_messages_deleted(
        self, world: World
    ) -> None:
        article = await world.article("Мост")
        world.telegram.owners.add(1)
        member = world.person(ANNA, group=-100)
        (card,) = await member.say(f"/full {article.article_id}")
        await member.press(card, cb.Collapse(article.article_id, (1, 2, 3)))
        assert not [r for r in world.telegram.requests if isinstance(r, DeleteMessages)]
        owner = world.person(1, group=-100)
        await owner.press(card, cb.Collapse(article.article_id, (1, 2, 3)))
        assert [r for r in world.telegram.requests if isinstance(r, DeleteMessages)]


async def rich_reader(world: World) -> Person:
    anna = world.person()
    (sample,) = await anna.say("/settings layout rich")
    await anna.press(sample, "Да, всё видно")
    return anna


async def test_a_source_whose_address_makes_no_button_costs_no_text(world: World) -> None:
    """Telegram knows better than we which addresses a button may open."""
    article = await world.article("Мост", body="Весь текст целиком.")
    anna = world.person()
    for _ in range(2):  # as it is meant, and as plain text
        world.telegram.faults.append((SendMessage, refused("BUTTON_URL_INVALID")))
    (full,) = await anna.say(f"/full {article.article_id}")
    assert "Весь текст целиком." in full.text
    assert full.labels == ["Свернуть", "Отложить", "По теме"]


class TestRich:
    async def test_sample_first_then_rich_texts(self, world: World) -> None:
        article = await world.article("Мост")
        anna = world.person()
        (sample,) = await anna.say("/settings layout rich")
        assert sample.rich
        (before,) = await anna.say(f"/full {article.article_id}")
        assert not before.rich, "only after a yes"
        said = await anna.press(sample, "Да, всё видно")
        assert said
        assert "с оформлением" in said.text
        (full,) = await anna.say(f"/full {article.article_id}")
        assert full.rich
        (card,) = await anna.say(f"/summary {article.article_id}")
        flipped = await anna.press(card, "Читать")
        assert flipped
        assert flipped.rich

    async def test_a_no_keeps_the_classic_layout(self, world: World) -> None:
        anna = world.person()
        (sample,) = await anna.say("/settings layout rich")
        await anna.press(sample, "Нет")
        subscriber = await world.storage.subscribers.find(ANNA)
        assert subscriber
        assert subscriber.layout is Layout.CLASSIC

    async def test_refused_rich_messages_come_classic(self, world: World) -> None:
        article = await world.article("Мост")
        anna = world.person()
        (sample,) = await anna.say("/settings layout rich")
        await anna.press(sample, "Да, всё видно")
        world.telegram.faults.append((SendRichMessage, refused("RICH_MESSAGE_INVALID")))
        (full,) = await anna.say(f"/full {article.article_id}")
        assert "Движение открыли утром." in full.text
        (card,) = await anna.say(f"/summary {article.article_id}")
        world.telegram.faults.append((EditMessageText, refused("RICH_MESSAGE_INVALID")))
        shown = await anna.press(card, "Читать")
        assert shown
        assert "Движение открыли утром." in shown.text

    async def test_a_rich_text_whose_picture_is_refused_comes_without_it(
        self, world: World
    ) -> None:
        url = "https://vestnik.example/bridge.jpg"
        article = await world.article("Мост", picture=url)
        anna = await rich_reader(world)
        world.telegram.faults.append((SendRichMessage, refused("WEBPAGE_MEDIA_EMPTY")))
        (full,) = await anna.say(f"/full {article.article_id}")
        assert full.rich
        assert "Движение открыли утром." in full.text
        known = await world.storage.pictures.known(url)
        assert known is not None
        assert known.bad
        asked = len(world.telegram.requests)
        (full,) = await anna.say(f"/full {article.article_id}")
        assert full.rich
        assert len(world.telegram.requests) == asked + 1, "nobody is asked for it again"

    async def test_of_two_pictures_the_bad_one_goes(self, world: World) -> None:
        good, ill = (f"https://vestnik.example/{name}.jpg" for name in ("good", "ill"))
        article = await world.article(
            "Мост",
            blocks=(
                Paragraph((Span("Слова идут."),)),
                PictureBlock(good, "Мост днём", "ТАСС"),
                PictureBlock(ill, "Мост ночью", "ТАСС"),
            ),
        )
        anna = await rich_reader(world)
        (card,) = await anna.say(f"/summary {article.article_id}")
        for _ in range(2):  # the whole; without the first one, which was not at fault
            world.telegram.faults.append((EditMessageText, refused("WEBPAGE_CURL_FAILED")))
        shown = await anna.press(card, "Читать")
        assert shown
        assert shown.rich
        edits = [one for one in world.telegram.requests if isinstance(one, EditMessageText)]
        told = repr(edits[-1].rich_message)
        assert good in told
        assert ill not in told
        assert "Мост ночью" in told, "what was said of it stays"
        known = [await world.storage.pictures.known(url) for url in (good, ill)]
        assert [bool(one and one.bad) for one in known] == [False, True]

    async def test_a_later_part_that_is_refused_loses_nothing(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        article = await world.article("Мост", body="Слова идут. " * 400, paragraphs=12)
        anna = await rich_reader(world)
        (card,) = await anna.say(f"/summary {article.article_id}")
        parts = await anna.say(f"/full {article.article_id}")
        assert len(parts) == 2
        assert all(part.rich for part in parts)
        await anna.press(parts[-1], "Свернуть")
        honest, rich = world.telegram.make_request, 0

        async def refuse_the_second(bot: Bot, method: Any, timeout: Any = None) -> Any:  # noqa: ASYNC109 — the framework's signature
            nonlocal rich
            rich += isinstance(method, SendRichMessage)
            if isinstance(method, SendRichMessage) and rich == 2:
                raise refused("RICH_MESSAGE_INVALID")
            return await honest(bot, method, timeout)

        monkeypatch.setattr(world.telegram, "make_request", refuse_the_second)
        await anna.press(card, "Читать")
        texts = [one for one in anna.messages() if one.reply_to == card.message_id]
        assert sum(one.text.count("Слова идут.") for one in texts) == 4800
        assert not any(one.rich for one in texts), "one layout for the whole text"

    async def test_a_text_in_parts_offers_to_come_in_one_message(self, world: World) -> None:
        article = await world.article("Мост", body="Слова идут. " * 100, paragraphs=8)
        anna = world.person()
        parts = await anna.say(f"/full {article.article_id}")
        later = await anna.say(f"/full {article.article_id}")
        assert "Показать одним сообщением" not in later[-1].labels, "it is offered once"
        await anna.press(parts[-1], "Показать одним сообщением")
        sample = anna.messages()[-1]
        assert sample.rich
        await anna.press(sample, "Да, всё видно")
        text = anna.messages()[-1]
        assert text.rich
        assert "Свернуть" in text.labels
        card = await anna.press(text, "Свернуть")
        assert card
        assert not card.rich
        again = await anna.press(card, "Читать")
        assert again
        assert again.rich, "the same message turns from card to text and back"
        member = world.person(ANNA, group=-100)
        shared = await member.say(f"/full {article.article_id}")
        assert "Показать одним сообщением" not in shared[-1].labels


async def test_who_else_tells_a_story(world: World) -> None:
    article = await world.article("Мост")
    anna = world.person()
    (card,) = await anna.say(f"/summary {article.article_id}")
    assert "Кто ещё пишет" not in card.labels
    told = await anna.press(card, cb.Tellers(article.article_id))
    assert told
    assert "Кто ещё пишет" in told.text
    back = await anna.press(told, "◀ Назад")
    assert back == card


class TestHide:
    async def test_topic_for_a_month(self, world: World) -> None:
        article = await world.article("Мост")
        anna = world.person()
        (card,) = await anna.say(f"/summary {article.article_id}")
        menu = await anna.press(card, "Не показывать…")
        assert menu
        assert "Тема: Общество" in menu.labels
        back = await anna.press(menu, "◀ Назад")
        assert back == card
        hidden = await anna.press(menu, "Тема: Общество")
        assert hidden
        assert "Скрыто до 22 декабря: Общество" in hidden.text
        subscriber = await world.storage.subscribers.find(ANNA)
        assert subscriber
        (mute,) = await world.storage.subscribers.mutes(subscriber.id, NOW)
        assert (mute.kind, mute.key) == (FollowKind.TOPIC, "society")
        await anna.say("/subscribe общество")
        assert not await world.storage.subscribers.mutes(subscriber.id, NOW)

    async def test_source_for_ever(self, world: World) -> None:
        article = await world.article("Мост")
        anna = world.person()
        (card,) = await anna.say(f"/summary {article.article_id}")
        await anna.press(card, cb.Hide(article.article_id, FollowKind.SOURCE, 0))
        subscriber = await world.storage.subscribers.find(ANNA)
        assert subscriber
        (mute,) = await world.storage.subscribers.mutes(subscriber.id, NOW)
        assert (mute.key, mute.expires) == ("vestnik.example", None)


async def test_buttons_of_an_article_that_is_gone(world: World) -> None:
    anna = world.person()
    (shown,) = await anna.say("/help")
    for button in (
        cb.Read(99),
        cb.Card(99),
        cb.Collapse(99),
        cb.HideMenu(99),
        cb.Hide(99, FollowKind.TOPIC, 30),
    ):
        await anna.press(shown, button)
        assert "Этой статьи уже нет в архиве" in world.telegram.toasts[-1]
    assert len(anna.messages()) == 1


def photo_of(world: World, article: Any) -> Shown:
    """A push that came as a photo, in Anna's chat."""
    world.telegram.last_id += 1
    read = InlineKeyboardButton(text="Читать", callback_data=cb.pack(cb.Read(article.article_id)))
    hide = cb.pack(cb.HideMenu(article.article_id))
    keyboard = [[read, InlineKeyboardButton(text="Не показывать…", callback_data=hide)]]
    shown = Shown(world.telegram.last_id, "Мост", keyboard, photo=True)
    world.telegram.chats.setdefault(ANNA, {})[shown.message_id] = shown
    return shown


async def test_a_short_text_becomes_the_caption_of_its_photo(world: World) -> None:
    article = await world.article("Мост", body="Первое. " * 20)
    anna = world.person()
    full = await anna.press(photo_of(world, article), "Читать")
    assert full
    assert full.photo
    assert full.text.count("Первое.") == 20
    back = await anna.press(full, "Свернуть")
    assert back
    assert back.photo
    assert "Читать" in back.labels
    assert len(anna.messages()) == 1


async def test_a_text_longer_than_a_caption_comes_below_its_photo(world: World) -> None:
    article = await world.article("Мост", body="Первое. " * 300)
    anna = world.person()
    photo = photo_of(world, article)
    card = await anna.press(photo, "Читать")
    assert card
    assert card.photo
    assert "Первое." in card.text
    text = anna.messages()[-1]
    assert text.reply_to == photo.message_id
    assert text.text.count("Первое.") == 300
    folded = await anna.press(text, "Свернуть")
    assert folded is None  # the text is deleted
    (left,) = anna.messages()
    assert left.photo
    assert "Читать" in left.labels


async def test_hiding_from_a_photo_keeps_it_a_photo(world: World) -> None:
    article = await world.article("Мост")
    anna = world.person()
    menu = await anna.press(photo_of(world, article), "Не показывать…")
    assert menu
    assert menu.photo
    hidden = await anna.press(menu, "Тема: Общество")
    assert hidden
    assert hidden.photo
    assert "Скрыто до 22 декабря: Общество" in hidden.text
    card = await anna.press(hidden, "Вернуть")
    assert card
    assert card.photo
    assert "Читать" in card.labels


async def test_what_is_opened_in_a_pushs_place_is_noted_as_such(world: World) -> None:
    """So that no correction takes a list away from under its reader's finger."""
    article = await world.article("Мост")
    anna = world.person()
    (card,) = await anna.say(f"/summary {article.article_id}")
    delivery = await delivered(world, anna, card, article)

    async def view() -> View | None:
        line = await world.storage.outbox.delivery(delivery)
        return line.view if line else None

    for label in ("По теме", "Не показывать…", "Следить за сюжетом"):
        shown = await anna.press(card, label)
        assert shown
        assert await view() is View.ASIDE, label
        back = await anna.press(shown, "◀ Назад")
        assert back
        assert await view() is View.CARD
