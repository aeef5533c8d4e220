"""Answers: files, buttons alone, and where they go when the place of the question is gone."""

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramMigrateToChat
from aiogram.methods import EditMessageReplyMarkup, GetUpdates, SendDocument

from bot.handlers import Answer
from bot.messages.payloads import Button
from tests.handlers.conftest import ANNA, World

GROUP = -1001234


def bad(text: str) -> TelegramBadRequest:
    return TelegramBadRequest(GetUpdates(), f"Bad Request: {text}")


class TestDocuments:
    async def test_a_file_with_a_line_below_it(self, world: World) -> None:
        sent = await Answer(world.bot, world.desk, ANNA).document(
            "saved.html", b"<p>", "Отложенное: 3 статьи"
        )
        shown = world.person().message(sent)
        assert shown
        assert (shown.filename, shown.document) == ("saved.html", b"<p>")
        assert shown.text == "Отложенное: 3 статьи"

    async def test_follows_a_group_that_moved_and_leaves_a_thread_that_is_gone(
        self, world: World
    ) -> None:
        await world.person(group=GROUP).say("/help")
        world.telegram.faults.append((SendDocument, bad("message thread not found")))
        world.telegram.faults.append(
            (SendDocument, TelegramMigrateToChat(GetUpdates(), "moved", -100777))
        )
        answer = Answer(world.bot, world.desk, GROUP, thread_id=9, reply_to=5)
        await answer.document("a.json", b"{}")
        last = world.telegram.requests[-1]
        assert isinstance(last, SendDocument)
        assert (last.chat_id, last.message_thread_id, last.reply_parameters) == (
            -100777,
            None,
            None,
        )
        assert await world.storage.subscribers.find(-100777)

    async def test_a_long_line_is_cut_to_what_telegram_takes(self, world: World) -> None:
        answer = Answer(world.bot, world.desk, ANNA)
        sent = await answer.document("a.json", b"{}", "слово " * 300)
        shown = world.person().message(sent)
        assert shown
        assert shown.text.endswith("слово…")

    async def test_a_refusal_is_the_callers(self, world: World) -> None:
        world.telegram.faults.append((SendDocument, bad("file is too big")))
        with pytest.raises(TelegramBadRequest):
            await Answer(world.bot, world.desk, ANNA).document("a.json", b"{}")


class TestRemarks:
    async def test_buttons_alone_change(self, world: World) -> None:
        anna = world.person()
        (shown,) = await anna.say("/latest")
        answer = Answer(world.bot, world.desk, ANNA, message_id=shown.message_id)
        await answer.remark(((Button("✓ Отложено", data="1x"),),))
        after = anna.message(shown.message_id)
        assert after
        assert after.labels == ["✓ Отложено"]
        assert after.text == shown.text
        await answer.remark(((Button("✓ Отложено", data="1x"),),))  # the same is no error

    async def test_what_cannot_be_edited_stays(self, world: World) -> None:
        await Answer(world.bot, world.desk, ANNA).remark(())
        assert not world.telegram.requests
        gone = Answer(world.bot, world.desk, ANNA, message_id=77)
        await gone.remark(())
        assert isinstance(world.telegram.requests[-1], EditMessageReplyMarkup)
