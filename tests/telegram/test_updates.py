"""Polling through poison, outages, conflicts and the end, against a server on loopback."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram import Bot
from aiogram.types import Message

from bot.telegram.received import Received
from bot.telegram.updates import PollingDispatcher, TokenRefusedError
from storage import Storage
from tests.telegram.conftest import NOW, Answer, Request, Server, error, message, ok


def update(number: int, text: str = "x") -> dict[str, Any]:
    return {"update_id": number, "message": message(number, text=text)}


POISON: list[Any] = [
    {"update_id": 2, "message": {"message_id": "no number", "date": "never"}},
    {"update_id": 2, "message": {"text": ["a private word"]}},
    {"update_id": 2, "message": None, "something_new": {"id": 1}},
    {"update_id": 2, "callback_query": {"id": 1, "data": ["a"]}},
]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # the server's and the handlers' state in one
            await asyncio.sleep(0.005)


class Inbox:
    """A dispatcher that notes what its handlers got, and can be waited for."""

    def __init__(self, received: Received, **kwargs: Any) -> None:
        self.dispatcher = PollingDispatcher(
            received=received, disable_fsm=True, first_wait=0.01, **kwargs
        )
        self.texts: list[str] = []
        self.finished: list[str] = []
        self.work = 0.0
        self.slow: dict[str, float] = {}  # by text
        self.dispatcher.message.register(self.handle)

    async def handle(self, message: Message) -> None:
        self.texts.append(message.text or "")
        await asyncio.sleep(self.slow.get(message.text or "", self.work))
        self.finished.append(message.text or "")

    @asynccontextmanager
    async def polling(self, bot: Bot) -> AsyncIterator[None]:
        task = asyncio.create_task(self.dispatcher.receive(bot))
        try:
            yield
        finally:
            if not task.done():
                await self.dispatcher.stop_polling()
            await task


def offsets(server: Server) -> list[int | None]:
    return [request.fields.get("offset") for request in server.of("getUpdates")]


@pytest.mark.parametrize("poison", POISON)
async def test_poison_is_skipped_and_counted(
    server: Server, bot: Bot, received: Received, poison: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.script("getUpdates", ok([update(1, "before"), poison, update(3, "after")]))
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: 4 in offsets(server))
    assert inbox.texts == ["before", "after"]
    assert inbox.dispatcher.skipped == 1
    assert "update 2 skipped" in caplog.text
    assert "private word" not in caplog.text  # a log is no place for what people write


async def test_poison_alone_moves_the_offset(server: Server, bot: Bot, received: Received) -> None:
    server.script("getUpdates", ok([POISON[0]]), ok([7, None, "text"]))
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: 3 in offsets(server) and inbox.dispatcher.skipped == 4)


async def test_half_characters_are_read_as_question_marks(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("getUpdates", ok([update(1, "мост \ud83d"), update(2, "\udc00лёд 🌉")]))
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: 3 in offsets(server))
    assert inbox.texts == ["мост ?", "?лёд 🌉"]
    assert inbox.dispatcher.skipped == 0


async def test_updates_are_bound_to_the_bot(server: Server, bot: Bot, received: Received) -> None:
    bots: list[Bot | None] = []
    dispatcher = PollingDispatcher(received=received, disable_fsm=True)

    @dispatcher.message()
    async def note(message: Message) -> None:
        bots.append(message.bot)

    server.script("getUpdates", ok([update(1)]))
    task = asyncio.create_task(dispatcher.receive(bot))
    await until(lambda: bool(bots))
    await dispatcher.stop_polling()
    await task
    assert bots[0] is bot


async def test_polling_resumes_after_every_kind_of_outage(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script(
        "getUpdates",
        Answer(502, "<html>Bad Gateway</html>"),
        Answer(drop=True),
        Answer(200, '{"ok": true, "resul'),
        error(500, "Internal Server Error"),
        error(400, "Bad Request: nobody knows why"),
        ok([update(1, "survived")]),
    )
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: bool(inbox.texts))
    assert inbox.texts == ["survived"]


async def test_starting_during_an_outage_waits(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("getMe", Answer(502, "<html></html>"), Answer(drop=True))
    server.script("getUpdates", ok([update(1)]))
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: bool(inbox.texts))
    assert len(server.of("getMe")) == 3


async def test_stopping_during_an_outage(server: Server, bot: Bot, received: Received) -> None:
    server.default = lambda request: Answer(502, "<html></html>")
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: len(server.of("getMe")) > 1)


async def test_another_poller_is_explained_once(
    server: Server, bot: Bot, received: Received, caplog: pytest.LogCaptureFixture
) -> None:
    conflict = error(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance "
        "is running",
    )
    server.script("getUpdates", conflict, conflict, conflict, ok([update(1)]))
    inbox = Inbox(received)
    with caplog.at_level(logging.INFO):
        async with inbox.polling(bot):
            await until(lambda: bool(inbox.texts))
    lines = [record.getMessage() for record in caplog.records if "token" in record.getMessage()]
    assert len(lines) == 1
    assert "another process polls with this bot's token" in lines[0]


async def test_a_webhook_in_the_way_is_removed(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script(
        "getUpdates",
        error(409, "Conflict: can't use getUpdates method while webhook is active"),
        ok([update(1)]),
    )
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: bool(inbox.texts))
    assert len(server.of("deleteWebhook")) == 1


@pytest.mark.parametrize("code", [401, 404])
@pytest.mark.parametrize("method", ["getMe", "getUpdates"])
async def test_a_refused_token_ends_polling(
    server: Server, bot: Bot, received: Received, method: str, code: int
) -> None:
    server.script(method, error(code, "Unauthorized" if code == 401 else "Not Found"))
    with pytest.raises(TokenRefusedError, match="BOT_TOKEN"):
        await Inbox(received).dispatcher.receive(bot)


async def test_handlers_in_flight_finish_before_the_end(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("getUpdates", ok([update(1, "slow")]))
    inbox = Inbox(received)
    inbox.work = 0.3
    async with inbox.polling(bot):
        await until(lambda: bool(inbox.texts))
    assert inbox.finished == ["slow"]


async def test_handlers_that_hang_are_cut_off(
    server: Server, bot: Bot, received: Received, caplog: pytest.LogCaptureFixture
) -> None:
    server.script("getUpdates", ok([update(1, "stuck")]))
    inbox = Inbox(received, drain_seconds=0.05)
    inbox.work = 3600
    async with inbox.polling(bot):
        await until(lambda: bool(inbox.texts))
    assert inbox.finished == []
    assert "handlers cut off" in caplog.text


async def test_backpressure(server: Server, bot: Bot, received: Received) -> None:
    server.script("getUpdates", ok([update(n, str(n)) for n in range(1, 9)]))
    inbox = Inbox(received, handlers_at_once=2)
    inbox.work = 0.05
    async with inbox.polling(bot):
        await until(lambda: len(inbox.texts) == 2)
        await asyncio.sleep(0.02)
        assert len(inbox.texts) == 2
        await until(lambda: len(inbox.finished) == 8)


async def test_stopping_within_a_batch_confirms_what_was_handled(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("getUpdates", ok([update(n, str(n)) for n in range(1, 9)]))
    inbox = Inbox(received, handlers_at_once=2)
    inbox.work = 0.2
    async with inbox.polling(bot):
        await until(lambda: len(inbox.texts) == 2)
    assert inbox.finished == ["1", "2"]
    assert offsets(server) == [None, 3]


async def test_an_error_in_a_handler_stops_nothing(
    server: Server, bot: Bot, received: Received
) -> None:
    dispatcher = PollingDispatcher(received=received, disable_fsm=True)
    handled: list[str] = []

    @dispatcher.message()
    async def fragile(message: Message) -> None:
        handled.append(message.text or "")
        if message.text == "1":
            raise RuntimeError("a bug")

    server.script("getUpdates", ok([update(1, "1")]), ok([update(2, "2")]))
    task = asyncio.create_task(dispatcher.receive(bot))
    await until(lambda: len(handled) == 2)
    await dispatcher.stop_polling()
    await task


def posted(server: Server, *updates: Any) -> None:
    """Telegram's own queue: what is not confirmed comes again, at once."""

    def answer(request: Request) -> Answer:
        if request.method != "getUpdates":
            return ok({"id": 123456789, "is_bot": True, "first_name": "B", "username": "b_bot"})
        offset = request.fields.get("offset") or 0
        waiting[:] = [one for one in waiting if one["update_id"] >= offset]
        return ok(waiting) if waiting else Answer(body='{"ok": true, "result": []}', hang=0.02)

    waiting = list(updates)
    server.default = answer


async def test_an_update_is_confirmed_while_its_handler_runs(
    server: Server, bot: Bot, received: Received, storage: Storage
) -> None:
    """Whatever is slow, the next updates come; what is confirmed is in the store."""
    posted(server, update(5, "slow"), update(6, "slow too"))
    inbox = Inbox(received, drain_seconds=0.05)
    inbox.work = 60
    async with inbox.polling(bot):
        await until(lambda: 7 in offsets(server))
        assert inbox.texts == ["slow", "slow too"]
        # Confirmed once; after that there is nothing to confirm.
        await until(lambda: len(offsets(server)) > 3)
        assert offsets(server)[:4] == [None, 7, None, None]
    left = await Received(storage.updates, lambda: NOW).left()
    assert left == [update(5, "slow"), update(6, "slow too")]


async def test_what_was_cut_off_is_handled_after_the_restart_and_once(
    server: Server, bot: Bot, storage: Storage
) -> None:
    posted(server, update(1, "quick"), update(2, "stuck"))
    inbox = Inbox(Received(storage.updates, lambda: NOW), drain_seconds=0.05)
    inbox.slow["stuck"] = 60
    async with inbox.polling(bot):
        await until(lambda: inbox.texts == ["quick", "stuck"])
    assert inbox.finished == ["quick"]
    # Telegram may not have heard that they arrived.
    posted(server, update(1, "quick"), update(2, "stuck"), update(3, "new"))
    inbox = Inbox(Received(storage.updates, lambda: NOW))
    async with inbox.polling(bot):
        await until(lambda: 4 in offsets(server))
    assert inbox.finished == ["stuck", "new"]
    posted(server, update(2, "stuck"))
    server.requests.clear()
    inbox = Inbox(Received(storage.updates, lambda: NOW))
    async with inbox.polling(bot):
        await until(lambda: 3 in offsets(server))
    assert inbox.texts == []


async def test_ids_that_go_on_at_random_are_new(
    server: Server, bot: Bot, received: Received
) -> None:
    posted(server, update(900, "before"))
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: 901 in offsets(server)[:-1])
        posted(server, update(7, "after a week"))
        await until(lambda: inbox.texts == ["before", "after a week"])


async def test_a_kept_update_that_cannot_be_read_any_more_is_let_go(
    server: Server, bot: Bot, received: Received, storage: Storage
) -> None:
    await storage.updates.note({2: POISON[0]}, [], NOW)
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: inbox.dispatcher.skipped == 1)
    assert await storage.updates.unfinished(NOW) == ([], [])


@pytest.mark.parametrize("number", [-1, 2**63])
async def test_ids_that_are_none_are_poison(
    server: Server, bot: Bot, received: Received, number: Any
) -> None:
    server.script("getUpdates", ok([{**update(1), "update_id": number}, update(8, "after")]))
    inbox = Inbox(received)
    async with inbox.polling(bot):
        await until(lambda: 9 in offsets(server))
    assert inbox.texts == ["after"]
