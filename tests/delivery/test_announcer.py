"""What the admins are told by themselves: once, in their language, whatever one of them does."""

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from bot.delivery.announcer import Announcer
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from storage import ALL_CHATS, NoticeKind, Storage
from tests.delivery.conftest import Clock, Newsroom
from tests.telegram.conftest import Server, error

FEED = "https://vestnik.example/rss.xml"
OF_THE_BOT = (NoticeKind.BULK_RESTS, NoticeKind.BULK_GOES_ON)
BRAKED = {"new": "400", "usual": "6", "matched": "12"}


@pytest.fixture
def announcer(storage: Storage, bulk: BulkClient, clock: Clock) -> Announcer:
    return Announcer(
        storage,
        bulk,
        Limiter(None),
        load_all(),
        admins=[1, 2],
        language="en",
        zone=UTC,
        clock=clock,
    )


async def test_each_admin_is_told_once_in_their_language(
    newsroom: Newsroom, server: Server, announcer: Announcer
) -> None:
    await newsroom.reader(2, language="ru")
    notices = newsroom.storage.notices
    await notices.owe(NoticeKind.BRAKED, FEED, BRAKED, newsroom.clock.now)
    await notices.owe(NoticeKind.GONE, FEED, {"title": "Вестник"}, newsroom.clock.now)
    gone = {"pages": "73"}
    await notices.owe(NoticeKind.VANISHED, "vestnik.example", gone, newsroom.clock.now)
    assert await announcer.announce() == 3
    english, russian = server.of("sendMessage")
    assert english.fields["chat_id"] == 1
    for number in ("400", "6", "12", "410", FEED, "vestnik.example", "73"):
        assert number in english.fields["text"]
    assert "нет" in russian.fields["text"]
    assert await announcer.announce() == 0
    assert len(server.of("sendMessage")) == 2


async def test_an_admin_who_blocked_the_bot_costs_the_others_nothing(
    newsroom: Newsroom, server: Server, announcer: Announcer
) -> None:
    await newsroom.storage.notices.owe(NoticeKind.GONE, FEED, {}, newsroom.clock.now)
    server.script("sendMessage", error(403, "Forbidden: bot was blocked by the user"))
    assert await announcer.announce() == 1
    assert [one.fields["chat_id"] for one in server.of("sendMessage")] == [1, 2]


async def test_while_telegram_is_away_it_waits(
    newsroom: Newsroom, server: Server, announcer: Announcer
) -> None:
    await newsroom.storage.notices.owe(NoticeKind.GONE, FEED, {}, newsroom.clock.now)
    server.script("sendMessage", error(502, "Bad Gateway"))
    assert await announcer.announce() == 0
    assert await announcer.announce() == 1


@pytest.mark.parametrize("kind", [*NoticeKind, "of a newer version"])
async def test_markup_and_gaps_in_details_do_no_harm(
    newsroom: Newsroom, server: Server, announcer: Announcer, kind: str
) -> None:
    details = {"error": "<b>&{feed}{x}", "usual": "{0}"}
    await newsroom.storage.notices.owe(
        kind, "https://a.example/?a=1&b=<2>", details, newsroom.clock.now
    )
    assert await announcer.announce() == 1
    text = server.of("sendMessage")[0].fields["text"]
    assert kind in OF_THE_BOT or "a=1&amp;b=&lt;2&gt;" in text
    assert "<b>&" not in text


async def test_after_a_bad_day_no_message_is_longer_than_telegram_takes(
    newsroom: Newsroom, server: Server, announcer: Announcer
) -> None:
    for number in range(30):
        await newsroom.storage.notices.owe(
            NoticeKind.FAILING, f"{FEED}?{number}", {"error": "x" * 500}, newsroom.clock.now
        )
    while await announcer.announce():
        pass
    told = [one.fields["text"] for one in server.of("sendMessage") if one.fields["chat_id"] == 1]
    assert max(map(len, told)) <= 4096
    assert all(any(f"rss.xml?{number} " in text for text in told) for number in range(30))


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(None, clock=lambda: clock.now.timestamp())


@pytest.fixture
def watching(
    storage: Storage, bulk: BulkClient, clock: Clock, limiter: Limiter
) -> Callable[[], Announcer]:
    return lambda: Announcer(
        storage, bulk, limiter, load_all(), admins=[1], language="en", zone=UTC, clock=clock
    )


async def test_a_long_rest_of_bulk_is_told_once_and_its_end_too(
    server: Server, clock: Clock, limiter: Limiter, watching: Callable[[], Announcer]
) -> None:
    announcer = watching()
    limiter.pause_bulk(seconds=1800, flood=True)
    for _ in range(3):
        await announcer.watch()  # told at once, although bulk rests
        clock.forward(seconds=5)
    (told,) = server.of("sendMessage")
    assert "rest until 09:30" in told.fields["text"]
    limiter.pause_bulk(seconds=3600)  # another flood: the same pause grew
    await announcer.watch()
    clock.forward(seconds=3610)
    await announcer.watch()
    assert len(server.of("sendMessage")) == 1  # it may begin again within a moment
    clock.forward(seconds=61)
    for _ in range(2):
        await announcer.watch()
    _, over = server.of("sendMessage")
    assert "go out again" in over.fields["text"]


async def test_short_rests_are_told_only_where_one_follows_the_other(
    server: Server, clock: Clock, limiter: Limiter, watching: Callable[[], Announcer]
) -> None:
    announcer = watching()
    for _ in range(3):
        limiter.pause_bulk(seconds=40)
        await announcer.watch()
        clock.forward(seconds=300)
        await announcer.watch()
    assert server.of("sendMessage") == []
    for _ in range(3):
        limiter.pause_bulk(seconds=40)
        await announcer.watch()
        clock.forward(seconds=45)
    assert len(server.of("sendMessage")) == 1


async def test_a_restart_tells_a_pause_no_second_time_and_still_tells_its_end(
    storage: Storage,
    server: Server,
    clock: Clock,
    limiter: Limiter,
    watching: Callable[[], Announcer],
) -> None:
    limiter.pause_bulk(seconds=1800, flood=True)
    await storage.outbox.pause(ALL_CHATS, clock.now + timedelta(seconds=1800))
    await watching().watch()
    clock.forward(seconds=60)
    limiter.pause_bulk(seconds=0)
    after = watching()
    await after.watch()
    assert len(server.of("sendMessage")) == 1
    clock.forward(hours=1)
    await after.watch()
    assert len(server.of("sendMessage")) == 2
