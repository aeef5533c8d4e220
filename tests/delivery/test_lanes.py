"""Who goes first, at the sender: what comes at once before digests before broadcasts."""

import asyncio
from datetime import timedelta

from bot.telegram.limiter import Lane
from storage import Alerts, FollowKind, Level, SlotPlan, SubscriberState, Subscription
from tests.delivery.conftest import NOW, Desk, Newsroom, Start
from tests.delivery.test_sender import EVERY_DAY, texts
from tests.telegram.conftest import Server

ADMIN = 7


async def broadcast(newsroom: Newsroom, text: str, life: timedelta = timedelta(hours=12)) -> None:
    """Owed to everybody."""
    owing = newsroom.storage.owing
    draft = await owing.draft_broadcast(text, author=ADMIN, now=NOW)
    await owing.confirm_broadcast(draft, author=ADMIN, now=NOW, expires=NOW + life)
    for one in await owing.open_broadcasts():
        await owing.expand_broadcast(one, now=NOW)


async def heap_of_digests(newsroom: Newsroom, count: int) -> None:
    for _ in range(count):
        await newsroom.reader(
            alerts=Alerts.OFF, slots=(SlotPlan(720, EVERY_DAY, False),), slot_dues=(NOW,)
        )
    await newsroom.article("Главное", push=False)


async def urgent(newsroom: Newsroom) -> int:
    """A reader of words at once; returns the chat."""
    reader = await newsroom.reader(alerts=Alerts.OFF)
    await newsroom.storage.subscribers.follow(
        Subscription(reader.id, FollowKind.WORDS, "зверь", "зверь", Level.NOW)
    )
    return reader.chat_id


async def count_of(desk: Desk, state: str) -> int:
    return [*(await desk.states()).values()].count(state)


async def test_a_push_overtakes_a_heap_of_digests_and_little_of_it_is_claimed(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await heap_of_digests(newsroom, 60)
    chat = await urgent(newsroom)
    async with start(rate=40) as desk:
        await desk.outbox.owe_digests(NOW)

        async def begun() -> bool:
            return len(server.requests) >= 3

        await desk.until(begun)
        assert await count_of(desk, "claimed") <= 20
        await newsroom.article("Срочно", words="зверь")
        await desk.outbox.expand(NOW)
        desk.sender.wake()
        before = len(server.requests)

        async def told() -> bool:
            return any(one.fields["chat_id"] == chat for one in server.requests)

        await desk.until(told)
        position = [one.fields["chat_id"] for one in server.requests].index(chat)
        assert position - before <= 10
        assert await count_of(desk, "owed") > 20


async def test_digests_and_broadcasts_get_their_turn_among_pushes(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    for number in range(3):
        await newsroom.article(f"Новость {number}", push=False)
    for _ in range(60):
        await newsroom.reader()
    await newsroom.reader(
        alerts=Alerts.OFF, slots=(SlotPlan(720, EVERY_DAY, False),), slot_dues=(NOW,)
    )
    await broadcast(newsroom, "Слово издателя")
    await newsroom.article("Срочно")
    async with start() as desk:
        pass
    await desk.outbox.expand(NOW)
    await desk.outbox.owe_digests(NOW)
    lanes: list[Lane] = []
    async with start(rate=100) as desk:
        acquire = desk.limiter.acquire

        async def noted(chat: int, lane: Lane, **more: float) -> None:
            await acquire(chat, lane, **more)
            lanes.append(lane)

        desk.limiter.acquire = noted
        desk.sender.wake()

        async def half_told() -> bool:
            return len(server.requests) >= 45

        await desk.until(half_told)
    first = lanes[:45]
    assert first.count(Lane.DIGEST) == 1
    assert 1 <= first.count(Lane.BROADCAST) <= 12
    assert first.count(Lane.INSTANT) >= 30


async def test_a_broadcast_is_the_operators_words_as_they_are(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader()
    quiet = await newsroom.reader(quiet_from=11 * 60, quiet_to=13 * 60)
    stopped = await newsroom.reader()
    await broadcast(newsroom, "Скоро обновление: <2 часов> & всё\n\nСпасибо")
    await newsroom.storage.subscribers.change(stopped.id, state=SubscriberState.STOPPED)
    async with start() as desk:
        desk.sender.wake()

        async def one_told() -> bool:
            return sorted((await desk.states()).values()) == ["cancelled", "owed", "sent"]

        await desk.until(one_told)
        (sent,) = server.requests
        assert sent.fields["chat_id"] == reader.chat_id
        said = "Скоро обновление: &lt;2 часов&gt; &amp; всё\n\nСпасибо"
        assert sent.fields["text"].endswith(said)
        desk.clock.forward(hours=1)
        await desk.settle()
    assert server.requests[1].fields["chat_id"] == quiet.chat_id
    assert len(texts(server)) == 2


async def test_a_broadcast_that_expires_is_not_sent(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader()
    await broadcast(newsroom, "До полудня", timedelta(minutes=1))
    newsroom.clock.forward(minutes=1)
    async with start() as desk:
        await desk.settle()
        assert [*(await desk.states()).values()] == ["cancelled"]
    assert server.requests == []


async def test_who_stops_while_a_heap_goes_out_is_heard(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    readers = [await newsroom.reader() for _ in range(40)]
    await newsroom.article()
    async with start(rate=40) as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def begun() -> bool:
            return len(server.requests) >= 2

        await desk.until(begun)
        await desk.storage.subscribers.change(readers[-1].id, state=SubscriberState.STOPPED)
        await asyncio.sleep(0)
        await desk.settle()
    assert readers[-1].chat_id not in [one.fields["chat_id"] for one in server.requests]
    assert len(server.requests) == 39
