"""Each row of what an error means, at the sender: who is paused, what waits; nothing is lost.

Payload faults are the canary's: see test_canary.py.
"""

import asyncio
import sqlite3
from datetime import timedelta

import pytest

from bot.delivery.inbox import Inbox
from bot.telegram.updates import TokenRefusedError
from storage import (
    ALL_CHATS,
    Alerts,
    ChatKind,
    DatabaseCorruptError,
    SlotPlan,
    Subscriber,
    SubscriberState,
)
from tests.delivery.conftest import NOW, Desk, Newsroom, Start
from tests.delivery.test_sender import EVERY_DAY, texts
from tests.telegram.conftest import Answer, Request, Server, error, message, ok

FORUM = -100700


async def state(desk: Desk, reader: Subscriber) -> SubscriberState:
    return (await desk.storage.subscribers.get(reader.id)).state


async def reason(desk: Desk, delivery: int = 1) -> str | None:
    line = await desk.storage.outbox.delivery(delivery)
    assert line is not None
    return line.reason


# ---------------------------------------------------------------- the chat


@pytest.mark.parametrize(
    "words",
    [
        "Forbidden: bot was blocked by the user",
        "Forbidden: bot was kicked from the supergroup chat",
        "Forbidden: user is deactivated",
        "Forbidden: bot is not a member of the channel chat",
    ],
)
async def test_who_does_not_want_the_bot_is_paused_with_all_settings(
    words: str, newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(hourly=5)
    other = await newsroom.reader()
    await newsroom.article()
    server.script("sendMessage", error(403, words))
    async with start() as desk:
        await desk.settle()
        paused = await desk.storage.subscribers.get(reader.id)
        assert (paused.state, paused.hourly) == (SubscriberState.PAUSED, 5)
        assert paused.paused_reason == words
        assert await state(desk, other) is SubscriberState.ACTIVE
        await newsroom.article()
        await desk.settle()
        assert [one.fields["chat_id"] for one in server.requests].count(reader.chat_id) == 1
        await desk.storage.subscribers.revive(reader.chat_id)
        await desk.outbox.owe_digests(NOW)
        await desk.settle()
    assert "Открыт новый мост" in texts(server)[-1], "what was missed comes when they are back"
    assert server.requests[-1].fields["chat_id"] == reader.chat_id


async def test_lost_rights_pause_the_chat(newsroom: Newsroom, start: Start, server: Server) -> None:
    whole = await newsroom.reader(FORUM, kind=ChatKind.SUPERGROUP)
    topic = await newsroom.reader(FORUM, kind=ChatKind.SUPERGROUP, thread_id=12)
    await newsroom.article()
    server.default = lambda _: error(
        400, "Bad Request: not enough rights to send text messages to the chat"
    )
    async with start() as desk:
        await desk.settle()
        assert await state(desk, whole) is SubscriberState.PAUSED
        assert await state(desk, topic) is SubscriberState.PAUSED


async def test_a_topic_closed_in_every_way_pauses_that_subscription_alone(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    closed = await newsroom.reader(FORUM, kind=ChatKind.SUPERGROUP, thread_id=12)
    open_ = await newsroom.reader(FORUM, kind=ChatKind.SUPERGROUP, thread_id=34)
    await newsroom.article()

    def answer(request: Request) -> Answer:
        if request.fields.get("message_thread_id") == 34:
            return ok(message())
        return error(400, "Bad Request: TOPIC_CLOSED")

    server.default = answer
    async with start() as desk:
        await desk.settle()
        assert await state(desk, closed) is SubscriberState.PAUSED
        assert await state(desk, open_) is SubscriberState.ACTIVE
    threads = [one.fields.get("message_thread_id") for one in server.requests]
    assert sorted(threads, key=str) == [12, 34, None]


# ---------------------------------------------------------------- chat not found: two strikes

NOT_FOUND = error(400, "Bad Request: chat not found")


async def test_a_chat_not_found_counts_the_second_time_a_day_later(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader()
    await newsroom.article("Раз")
    server.default = lambda _: NOT_FOUND
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def missed() -> bool:
            found = await desk.storage.subscribers.get(reader.id)
            return found.missed is not None and "claimed" not in (await desk.states()).values()

        await desk.until(missed)
        assert (await desk.storage.subscribers.get(reader.id)).missed == NOW
        await newsroom.article("Два")  # within the day: no second strike
        desk.clock.forward(hours=23)
        await desk.outbox.expand(desk.clock.now)

        async def asked_again() -> bool:  # and noted as of then, before the clock goes on
            noted = "claimed" not in (await desk.states()).values()
            return len(server.requests) == 2 and noted

        await desk.until(asked_again)
        assert await state(desk, reader) is SubscriberState.ACTIVE
        desk.clock.forward(hours=1, seconds=1)
        desk.sender.wake()

        async def paused() -> bool:
            return await state(desk, reader) is SubscriberState.PAUSED

        await desk.until(paused)
        assert len(server.requests) == 3
        server.default = None
        await desk.storage.subscribers.revive(reader.chat_id)
        assert (await desk.storage.subscribers.get(reader.id)).missed is None
        desk.clock.forward(days=1)
        await desk.settle()
    assert "Раз" in texts(server)[-1]
    assert "Два" in texts(server)[-1]


async def test_a_chat_that_is_found_again_starts_anew(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(
        slots=(SlotPlan(19 * 60, EVERY_DAY, False),), slot_dues=(NOW + timedelta(hours=7),)
    )
    await newsroom.article("Раз")
    server.script("sendMessage", NOT_FOUND)
    async with start() as desk:
        await desk.settle()
        assert (await desk.storage.subscribers.get(reader.id)).missed == NOW
        desk.clock.forward(hours=7)
        await desk.settle()
        assert "Раз" in texts(server)[-1]

        async def forgiven() -> bool:
            return (await desk.storage.subscribers.get(reader.id)).missed is None

        await desk.until(forgiven)
        server.script("sendMessage", NOT_FOUND)
        desk.clock.forward(days=2)
        await newsroom.article("Два")
        await desk.settle()
        assert await state(desk, reader) is SubscriberState.ACTIVE


# ---------------------------------------------------------------- migration


async def test_a_group_that_moved_into_one_that_is_known_is_told_once(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    old = await newsroom.reader(-50, kind=ChatKind.GROUP)
    newsroom.clock.forward(seconds=1)
    await newsroom.reader(FORUM, kind=ChatKind.SUPERGROUP)
    for title in ("Раз", "Два"):
        await newsroom.article(title)
    server.default = lambda request: (
        error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=FORUM)
        if request.fields["chat_id"] == -50
        else ok(message())
    )
    async with start() as desk:
        await desk.settle()
        moved = await desk.storage.subscribers.get(old.id)
        assert (moved.chat_id, moved.state) == (FORUM, SubscriberState.ACTIVE)
        assert await desk.storage.subscribers.find(-50) is None
    told = [one.fields["text"] for one in server.requests if one.fields["chat_id"] == FORUM]
    assert sum("Раз" in one for one in told) == 1
    assert sum("Два" in one for one in told) == 1


# ---------------------------------------------------------------- the token


@pytest.mark.parametrize("answer", [error(401, "Unauthorized"), error(404, "Not Found")])
async def test_a_refused_token_stops_all_and_loses_nothing(
    answer: Answer, newsroom: Newsroom, start: Start, server: Server
) -> None:
    for _ in range(20):
        await newsroom.reader()
    await newsroom.article()
    server.default = lambda _: answer
    async with start(own_run=False) as desk:
        await desk.outbox.expand(NOW)
        running = asyncio.create_task(desk.sender.run())
        with pytest.raises(TokenRefusedError):
            await asyncio.wait_for(running, 5)
        asked = len(server.requests)
        assert asked <= 2
        await asyncio.sleep(0.2)
        assert len(server.requests) == asked
        assert set((await desk.states()).values()) == {"owed"}


# ---------------------------------------------------------------- what passes


async def test_a_refused_connection_is_tried_again(
    newsroom: Newsroom, start: Start, server: Server, unused_tcp_port: int
) -> None:
    await newsroom.reader()
    await newsroom.article()
    there, server.url = server.url, f"http://127.0.0.1:{unused_tcp_port}"
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def failed() -> bool:
            return await reason(desk) == "retry"

        await desk.until(failed)
    server.url = there
    async with start() as desk:
        desk.clock.forward(seconds=5)
        await desk.settle()
    assert len(server.requests) == 1


async def test_no_answer_in_time_may_mean_that_it_arrived(
    newsroom: Newsroom, start: Start, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.delivery.conftest.ANSWER_SECONDS", 0.2)
    await newsroom.reader()
    await newsroom.article()
    server.script("sendMessage", Answer(body='{"ok":true,"result":{"message_id":9}}', hang=1.0))
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def unanswered() -> bool:
            return await reason(desk) == "ambiguous"

        await desk.until(unanswered)
        desk.clock.forward(seconds=2)
        await desk.settle()
    assert len(server.requests) == 2


async def test_an_answer_that_says_ok_and_nothing_else_counts_as_no_answer(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader()
    await newsroom.article()
    server.script("sendMessage", Answer(body='{"ok":true,"result":{}}'))
    async with start(resend=False) as desk:
        await desk.settle()
        assert await reason(desk) == "unanswered"
    assert len(server.requests) == 1


# ---------------------------------------------------------------- floods


async def test_a_pause_that_people_caused_survives_a_restart(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    async with start() as desk:
        desk.sender.rested(3600)

        async def noted() -> bool:
            return ALL_CHATS in await desk.storage.outbox.pauses(NOW)

        await desk.until(noted)
    await newsroom.reader()
    await newsroom.article()
    async with start() as desk:
        await desk.outbox.expand(NOW)

        async def paused() -> bool:
            return bool(desk.limiter.bulk_delay() > 3500)

        await desk.until(paused)
    assert not server.requests


async def test_nothing_is_sent_during_a_pause_and_it_begins_with_little(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    for _ in range(40):
        await newsroom.reader()
    for _ in range(2):
        await newsroom.article()
    server.default = lambda _: error(429, "Too Many Requests: retry after 1", retry_after=1)
    async with start(rate=28) as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def paused() -> bool:
            return bool(desk.limiter.bulk_delay() > 0)

        await desk.until(paused)
        await asyncio.sleep(0.2)  # what is on the wire comes back
        refused = len(server.requests)
        assert refused <= 12
        await asyncio.sleep(0.6)
        assert len(server.requests) == refused
        assert desk.limiter.rate < 28
        server.default = None
        desk.clock.forward(seconds=2)
        asked = len(server.requests)
        await asyncio.sleep(max(0.0, desk.limiter.bulk_delay()) + 0.3)
        assert 0 < len(server.requests) - asked <= 9


async def test_a_wait_of_hours_is_known_after_a_restart(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(
        slots=(SlotPlan(19 * 60, EVERY_DAY, False),), slot_dues=(NOW + timedelta(hours=7),)
    )
    await newsroom.article("Раз")
    until = NOW + timedelta(hours=5)
    await newsroom.storage.outbox.pause(ALL_CHATS, until)
    async with start() as desk:
        await desk.outbox.expand(NOW)
        await asyncio.sleep(0.2)
        assert server.requests == []
        assert 4.9 < desk.limiter.bulk_delay() / 3600 <= 5
        assert set((await desk.states()).values()) == {"owed"}
    newsroom.clock.forward(hours=5)
    async with start() as desk:
        await desk.settle()
        assert server.requests == [], "it is late: the digest at seven brings it"
        assert (await desk.states())[1] == "deferred"
        desk.clock.forward(hours=2)
        await desk.settle()
    assert "Раз" in texts(server)[0]
    assert reader.id == 1


async def test_a_push_that_a_flood_holds_too_long_is_left_to_the_digest_at_once(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    """Owed for hours, it would be missing in a digest that comes before."""
    await newsroom.reader(
        slots=(SlotPlan(16 * 60, EVERY_DAY, False),), slot_dues=(NOW + timedelta(hours=4),)
    )
    await newsroom.article("Раз")
    hours = 3 * 3600
    server.script("sendMessage", error(429, "Too Many Requests", retry_after=hours))
    async with start() as desk:
        await desk.settle()
        assert (await desk.states())[1] == "deferred"


# ---------------------------------------------------------------- the file


async def test_a_damaged_file_ends_the_sender_with_the_remedy(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    for _ in range(3):
        await newsroom.reader()
    await newsroom.article()
    async with start() as desk:
        pass
    await desk.outbox.expand(NOW)
    # SQLite's own word for damage, met at the first acknowledgement.
    writer = newsroom.storage.outbox._database._writer
    assert writer is not None

    def damaged(_: object) -> None:
        failure = sqlite3.DatabaseError("database disk image is malformed")
        failure.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise failure

    execute = writer.executemany

    async def broken(sql: str, rows: object) -> object:
        if "message_id" in sql:
            damaged(rows)
        return await execute(sql, rows)

    writer.executemany = broken  # type: ignore[method-assign,assignment]  # the edge of the store
    async with start(in_flight=1, own_run=False) as desk:
        running = asyncio.create_task(desk.sender.run())
        with pytest.raises(DatabaseCorruptError, match="newsboy restore"):
            await asyncio.wait_for(running, 5)
        sent = len(server.requests)
        assert sent <= 2
        await asyncio.sleep(0.2)
        assert len(server.requests) == sent


async def test_on_a_full_disk_what_is_claimed_waits_too(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    for _ in range(12):
        await newsroom.reader()
    await newsroom.article()
    await newsroom.fill_disk()
    async with start(rate=20) as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def stopped() -> bool:
            return bool(desk.sender._disk_full)

        await desk.until(stopped)
        await asyncio.sleep(0.1)
        sent = len(server.requests)
        await asyncio.sleep(0.4)
        assert len(server.requests) == sent < 12
        await newsroom.free_disk()
        desk.sender.wake()
        await desk.settle()
    assert len(server.requests) == 12


# ---------------------------------------------------------------- a crash


async def crash(desk: Desk, running: "asyncio.Task[None]") -> None:
    """What a kill leaves: nothing is noted any more."""
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    # All that is claimed is on the wire now: a connection that is cancelled half-made would leak.
    await asyncio.sleep(0.3)
    tasks = tuple(desk.sender._tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    desk.sender._inbox, desk.sender._open = Inbox(), {}


@pytest.mark.parametrize("resend", [True, False], ids=["resend", "skip"])
@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "before"])
async def test_a_crash_repeats_or_loses_no_more_than_was_claimed(
    resend: bool, accepted: bool, newsroom: Newsroom, start: Start, server: Server
) -> None:
    readers = [await newsroom.reader() for _ in range(30)]
    await newsroom.article()
    arrived: list[int] = []

    def answer(request: Request) -> Answer:
        dies = len(arrived) >= 10
        if accepted or not dies:
            arrived.append(request.fields["chat_id"])
        return Answer(body='{"ok":true,"result":{"message_id":9}}', hang=30 if dies else 0)

    server.default = answer
    async with start(rate=200, own_run=False, resend=resend) as desk:
        await desk.outbox.expand(NOW)
        running = asyncio.create_task(desk.sender.run())

        async def hanging() -> bool:
            return len(server.requests) > 20

        await desk.until(hanging)
        await crash(desk, running)
    doubtful = [*(await desk.states()).values()].count("claimed")
    assert 0 < doubtful < 30
    server.default = lambda request: (
        arrived.append(request.fields["chat_id"]) or ok(message())  # type: ignore[func-returns-value]  # noted first
    )
    async with start(resend=resend) as desk:
        await desk.settle()
        assert set((await desk.states()).values()) == {"sent"}
    lost = {one.chat_id for one in readers} - set(arrived)
    repeated = len(arrived) - len(set(arrived))
    if resend:
        assert lost == set()
        assert repeated <= doubtful
    else:
        assert repeated == 0
        assert len(lost) <= doubtful


async def test_with_skip_a_digest_in_doubt_is_not_told_again(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(
        alerts=Alerts.OFF, slots=(SlotPlan(720, EVERY_DAY, False),), slot_dues=(NOW,)
    )
    await newsroom.article("Однажды", push=False)
    server.default = lambda _: Answer(body='{"ok":true,"result":{"message_id":9}}', hang=30)
    async with start(own_run=False, resend=False) as desk:
        await desk.outbox.owe_digests(NOW)
        running = asyncio.create_task(desk.sender.run())

        async def asked() -> bool:
            return bool(server.requests)

        await desk.until(asked)
        await crash(desk, running)
    server.default = None
    async with start(resend=False) as desk:
        await newsroom.article("Дважды", push=False)
        desk.clock.forward(days=1)
        await desk.settle()
        assert await reason(desk) == "interrupted"
    _, second = texts(server)
    assert "Дважды" in second
    assert "Однажды" not in second


async def test_a_stop_gives_back_what_only_waited(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    """With either policy: what never went on the wire is in no doubt."""
    for _ in range(30):
        await newsroom.reader()
    await newsroom.article()
    async with start(rate=10, resend=False) as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def begun() -> bool:
            return len(server.requests) >= 2

        await desk.until(begun)
    assert set((await desk.states()).values()) == {"sent", "owed"}
    assert [*(await desk.states()).values()].count("sent") == len(server.requests)
