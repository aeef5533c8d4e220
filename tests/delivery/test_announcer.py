"""What the admins are told by themselves: once, in their language, whatever one of them does."""

import pytest

from bot.delivery.announcer import Announcer
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from storage import NoticeKind, Storage
from tests.delivery.conftest import Clock, Newsroom
from tests.telegram.conftest import Server, error

FEED = "https://vestnik.example/rss.xml"
BRAKED = {"new": "400", "usual": "6", "matched": "12"}


@pytest.fixture
def announcer(storage: Storage, bulk: BulkClient, clock: Clock) -> Announcer:
    return Announcer(
        storage, bulk, Limiter(None), load_all(), admins=[1, 2], language="en", clock=clock
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
    assert "a=1&amp;b=&lt;2&gt;" in text
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
