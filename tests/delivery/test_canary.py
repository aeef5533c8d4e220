"""The canary: what Telegram refuses costs a request or two, and not one for each reader."""

import asyncio

import pytest

from bot.delivery.canary import Canaries
from storage import SlotPlan, SubscriberState
from tests.delivery.conftest import NOW, Newsroom, Start
from tests.delivery.test_sender import EVERY_DAY, texts
from tests.telegram.conftest import Answer, Request, Server, error, message, ok

FORM = ("article", 1)


async def test_the_first_goes_alone_and_the_others_after_it() -> None:
    canaries = Canaries()
    assert await canaries.role(FORM, patience=1)
    others = [asyncio.create_task(canaries.role(FORM, patience=1)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in others)
    canaries.came_back(FORM, taken=True)
    assert await asyncio.gather(*others) == [False] * 3
    assert canaries.taken(FORM)
    assert not await canaries.role(FORM, patience=1)
    assert await canaries.role(("another", 1), patience=1)


async def test_where_the_first_came_to_naught_the_next_goes_alone() -> None:
    canaries = Canaries()
    assert await canaries.role(FORM, patience=1)
    second, third = (asyncio.create_task(canaries.role(FORM, patience=1)) for _ in range(2))
    await asyncio.sleep(0)
    canaries.came_back(FORM, taken=False)
    assert await second
    assert not third.done()
    canaries.came_back(FORM, taken=False)
    assert await third
    canaries.came_back(FORM, taken=False)
    assert await canaries.role(FORM, patience=1), "nobody waited: whoever comes goes first"


async def test_one_of_those_who_wait_goes_too_where_the_first_is_silent() -> None:
    canaries = Canaries()
    assert await canaries.role(FORM, patience=0.05)
    waiting = [asyncio.create_task(canaries.role(FORM, patience=0.05)) for _ in range(3)]
    went = await asyncio.gather(*waiting, return_exceptions=True)
    assert went.count(True) == 1
    assert sum(isinstance(one, TimeoutError) for one in went) == 2
    canaries.came_back(FORM, taken=True)
    assert not await canaries.role(FORM, patience=0.05)
    canaries.came_back(FORM, taken=False)  # the silent one, after all
    assert canaries.taken(FORM)


async def test_who_left_is_not_called() -> None:
    canaries = Canaries()
    assert await canaries.role(FORM, patience=1)
    cancelled = asyncio.create_task(canaries.role(FORM, patience=1))
    waits = asyncio.create_task(canaries.role(FORM, patience=1))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.sleep(0)
    canaries.came_back(FORM, taken=False)
    assert await waits


async def test_who_is_called_and_cancelled_at_once_passes_it_on() -> None:
    canaries = Canaries()
    assert await canaries.role(FORM, patience=1)
    called, waits = (asyncio.create_task(canaries.role(FORM, patience=1)) for _ in range(2))
    await asyncio.sleep(0)
    canaries.came_back(FORM, taken=False)
    called.cancel()
    assert await waits
    assert called.cancelled()


def test_it_takes_two_chats_to_stop_a_push() -> None:
    canaries = Canaries()
    assert not canaries.refused("push", 1, "bad")
    assert not canaries.refused("push", 1, "bad")
    assert not canaries.stopped("push")
    assert canaries.refused("push", 2, "worse")
    assert not canaries.refused("push", 3, "worse")
    assert canaries.stopped("push")
    assert not canaries.stopped("another")


# ---------------------------------------------------------------- against Telegram


def refuses_markup(request: Request) -> Answer:
    if "parse_mode" in request.fields:
        return error(400, "Bad Request: can't parse entities: oops")
    return ok(message())


async def test_refused_markup_turns_the_push_to_plain_text_for_all(
    newsroom: Newsroom, start: Start, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    readers = [await newsroom.reader() for _ in range(20)]
    stored = await newsroom.article("A & B")
    server.default = refuses_markup
    async with start() as desk:
        await desk.settle()
        assert set((await desk.states()).values()) == {"sent"}
        states = {(await desk.storage.subscribers.get(one.id)).state for one in readers}
    assert states == {SubscriberState.ACTIVE}
    assert len([one for one in server.requests if "parse_mode" in one.fields]) == 1
    plain = [one for one in server.requests if "parse_mode" not in one.fields]
    assert sorted(one.fields["chat_id"] for one in plain) == [one.chat_id for one in readers]
    assert all(one.fields["text"].startswith("A & B") for one in plain)
    errors = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert sum(f"article {stored.article_id} goes as plain text" in one for one in errors) == 1


async def test_a_restart_does_not_try_refused_markup_again(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    for _ in range(2):
        await newsroom.reader()
    await newsroom.article()
    server.default = refuses_markup
    async with start() as desk:
        await desk.settle()
        late = await newsroom.reader()
    async with desk.storage.owing._database.transaction() as transaction:
        await transaction.run("UPDATE push SET done = 0, cursor = 0")
    before = len(server.requests)
    async with start() as desk:
        await desk.settle()
    (after,) = server.requests[before:]
    assert after.fields["chat_id"] == late.chat_id
    assert "parse_mode" not in after.fields


async def test_what_is_refused_in_every_form_is_left_to_the_digest(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    for _ in range(20):
        await newsroom.reader(
            slots=(SlotPlan(19 * 60, EVERY_DAY, False),), slot_dues=(NOW.replace(hour=16),)
        )
    await newsroom.article("Неподъёмная")
    server.default = lambda _: error(400, "Bad Request: message is too long")
    async with start() as desk:
        await desk.settle()
        assert set((await desk.states()).values()) == {"deferred"}
        assert len(server.requests) == 4, "two chats, each in both forms"
        server.default = None
        desk.clock.forward(hours=7)
        await desk.settle()
    assert len(server.requests) == 24
    assert all("Неподъёмная" in one for one in texts(server)[4:])


async def test_one_odd_chat_stops_nobody(newsroom: Newsroom, start: Start, server: Server) -> None:
    odd, *others = [await newsroom.reader() for _ in range(10)]
    await newsroom.article()
    server.default = lambda request: (
        error(400, "Bad Request: CHAT_IS_ODD")
        if request.fields["chat_id"] == odd.chat_id
        else ok(message())
    )
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def others_told() -> bool:
            return [*(await desk.states()).values()].count("sent") >= len(others)

        await desk.until(others_told)
    told = [one for one in server.requests if one.fields["chat_id"] != odd.chat_id]
    assert sorted(one.fields["chat_id"] for one in told) == [one.chat_id for one in others]
    assert all("parse_mode" in one.fields for one in told), "nor is it plain for them"


@pytest.mark.parametrize(
    "answer",
    [
        error(403, "Forbidden: bot was blocked by the user"),
        error(429, "Too Many Requests: retry after 5", retry_after=5),
        error(400, "Bad Request: group upgraded", migrate_to_chat_id=-100500),
        Answer(drop=True),
    ],
    ids=["blocked", "flood", "migrated", "unanswered"],
)
async def test_the_role_passes_on_where_the_chat_is_the_reason(
    answer: Answer, newsroom: Newsroom, start: Start, server: Server
) -> None:
    first, *others = [await newsroom.reader() for _ in range(5)]
    await newsroom.article()
    server.script("sendMessage", answer)
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def told() -> bool:
            return [*(await desk.states()).values()].count("sent") >= len(others)

        await desk.until(told)
    assert server.requests[0].fields["chat_id"] == first.chat_id
    asked = {one.fields["chat_id"] for one in server.requests}
    assert asked >= {one.chat_id for one in others}


async def test_a_silent_canary_holds_nobody_back_for_long(
    newsroom: Newsroom, start: Start, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.sender._TURN", 0.2)
    for _ in range(12):
        await newsroom.reader()
    await newsroom.article("Немая")
    await newsroom.article("Другая")
    server.script("sendMessage", Answer(body='{"ok":true,"result":{"message_id":9}}', hang=4.0))
    async with start(rate=28) as desk:  # so few places that those who wait fill them all
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def all_told() -> bool:
            desk.clock.forward(seconds=1)
            return len(server.requests) == 24

        await desk.until(all_told, 3)
