"""The operator's messages on their way: to whom, how, and to nobody twice."""

from datetime import timedelta

from storage import Storage, SubscriberState
from tests.delivery.conftest import Clock, Newsroom, Start
from tests.telegram.conftest import Server, error

TEXT = "Завтра <b>бот</b> & не работает.\nС трёх часов."


async def sent_off(storage: Storage, clock: Clock, text: str = TEXT) -> int:
    draft = await storage.owing.draft_broadcast(text, author=7, now=clock.now)
    assert await storage.owing.confirm_broadcast(
        draft, author=7, now=clock.now, expires=clock.now + timedelta(days=1)
    )
    return draft


async def test_each_active_reader_gets_it_once_in_words_as_they_are(
    newsroom: Newsroom, server: Server, start: Start
) -> None:
    russian = await newsroom.reader()
    english = await newsroom.reader(language="en")
    quiet = await newsroom.reader()
    await newsroom.storage.subscribers.change(quiet.id, silent=True)
    for state in (SubscriberState.STOPPED, SubscriberState.PAUSED):
        gone = await newsroom.reader()
        await newsroom.storage.subscribers.change(gone.id, state=state)
    broadcast = await sent_off(newsroom.storage, newsroom.clock)
    async with start() as desk:
        await desk.settle()
        await desk.settle()
    messages = {one.fields["chat_id"]: one.fields for one in server.of("sendMessage")}
    assert len(server.of("sendMessage")) == 3
    assert messages[russian.chat_id]["text"] == (
        "<b>📣 От владельца бота</b>\n\nЗавтра &lt;b&gt;бот&lt;/b&gt; &amp; не работает.\n"
        "С трёх часов."
    )
    assert "From the operator of this bot" in messages[english.chat_id]["text"]
    assert not messages[russian.chat_id].get("disable_notification")
    assert messages[quiet.chat_id]["disable_notification"] is True
    progress = await newsroom.storage.insight.broadcast(broadcast)
    assert (progress.sent, progress.total, progress.done) == (3, 3, True)


async def test_quiet_hours_defer_it_and_a_stop_meanwhile_is_heard(
    newsroom: Newsroom, server: Server, start: Start
) -> None:
    sleeping = [await newsroom.reader(quiet_from=11 * 60, quiet_to=14 * 60) for _ in range(2)]
    broadcast = await sent_off(newsroom.storage, newsroom.clock)  # at noon in Moscow
    await newsroom.storage.subscribers.change(sleeping[1].id, state=SubscriberState.STOPPED)
    async with start() as desk:
        # The state is read as it is at each claim.
        await newsroom.storage.subscribers.change(sleeping[1].id, state=SubscriberState.ACTIVE)
        await desk.outbox.expand(newsroom.clock.now)
        await desk.until(lambda: _waits(newsroom))
        assert server.of("sendMessage") == []
        await newsroom.storage.subscribers.change(sleeping[1].id, state=SubscriberState.STOPPED)
        newsroom.clock.forward(hours=2, seconds=1)
        desk.sender.wake()
        await desk.settle()
    (sent,) = server.of("sendMessage")
    assert sent.fields["chat_id"] == sleeping[0].chat_id
    progress = await newsroom.storage.insight.broadcast(broadcast)
    assert (progress.sent, progress.missed) == (1, 1)


async def _waits(newsroom: Newsroom) -> bool:
    (depth,) = [
        one
        for one in await newsroom.storage.insight.depths(newsroom.clock.now)
        if one.queue == "broadcast"
    ]
    return (depth.owed, depth.due) == (2, 0)


async def test_a_restart_in_the_middle_goes_on_and_sends_nobody_twice(
    newsroom: Newsroom, server: Server, start: Start
) -> None:
    readers = [await newsroom.reader() for _ in range(12)]
    broadcast = await sent_off(newsroom.storage, newsroom.clock)
    (found,) = await newsroom.storage.owing.open_broadcasts()
    await newsroom.storage.owing.expand_broadcast(found, now=newsroom.clock.now, chunk=5)
    async with start(in_flight=2) as desk:
        await desk.until(lambda: _some(server, 2))
    async with start(in_flight=2) as desk:  # the rest is expanded and sent
        await desk.settle()
        await desk.settle()
    assert sorted(one.fields["chat_id"] for one in server.of("sendMessage")) == sorted(
        one.chat_id for one in readers
    )
    assert (await newsroom.storage.insight.broadcast(broadcast)).done


async def _some(server: Server, count: int) -> bool:
    return len(server.of("sendMessage")) >= count


async def test_what_nobody_can_be_sent_stops_with_the_first(
    newsroom: Newsroom, server: Server, start: Start
) -> None:
    readers = [await newsroom.reader() for _ in range(5)]
    broadcast = await sent_off(newsroom.storage, newsroom.clock)
    refused = error(400, "Bad Request: MESSAGE_TOO_STRANGE")
    server.script("sendMessage", *[refused] * 20)
    async with start() as desk:
        await desk.settle()
    assert len(server.of("sendMessage")) < 5 * 2
    progress = await newsroom.storage.insight.broadcast(broadcast)
    assert (progress.sent, progress.missed) == (0, 5)
    for one in readers:
        known = await newsroom.storage.subscribers.get(one.id)
        assert known.state is SubscriberState.ACTIVE
