"""A broadcast's message in its author's chat: how far it is, at a calm pace, and how it ended."""

import logging
from datetime import timedelta

import pytest

from bot.delivery.digest import Digests
from bot.delivery.tallies import Tallies
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from storage import ClaimBatch, DeliveryState, Outcome, Storage
from tests.delivery.conftest import Clock, Newsroom
from tests.telegram.conftest import Server, error

AUTHOR, MESSAGE = 7, 55


@pytest.fixture
def limiter() -> Limiter:
    return Limiter(None)


@pytest.fixture
def tallies(storage: Storage, bulk: BulkClient, limiter: Limiter, clock: Clock) -> Tallies:
    return Tallies(storage, bulk, limiter, Digests(storage, load_all()), clock=clock)


async def sent_off(newsroom: Newsroom, readers: int, *, message: int = MESSAGE) -> int:
    """A broadcast that is owed to its author and so many readers more; its id."""
    owing, now = newsroom.storage.owing, newsroom.clock.now
    await newsroom.reader(AUTHOR)
    for _ in range(readers):
        await newsroom.reader()
    draft = await owing.draft_broadcast("Завтра бот отдыхает", author=AUTHOR, now=now)
    assert await owing.confirm_broadcast(
        draft, author=AUTHOR, now=now, expires=now + timedelta(days=2)
    )
    await owing.show_broadcast_in(draft, message)
    (found,) = await owing.open_broadcasts()
    await owing.expand_broadcast(found, now=now)
    return draft


async def end(newsroom: Newsroom, count: int, state: DeliveryState, reason: str = "") -> None:
    """Let so many of what is owed end."""
    now = newsroom.clock.now
    claims = await newsroom.storage.outbox.tick(ClaimBatch(limit=count), now=now)
    assert len(claims) == count
    await newsroom.storage.outbox.acknowledge(
        [
            Outcome(one.delivery.id, state, now, reason=reason or None, message_id=9)
            for one in claims
        ]
    )


def said(server: Server) -> list[str]:
    return [one.fields["text"] for one in server.of("editMessageText")]


async def test_it_is_edited_as_it_goes_on_and_at_the_end(
    newsroom: Newsroom, tallies: Tallies, server: Server
) -> None:
    broadcast = await sent_off(newsroom, 4)
    await end(newsroom, 2, DeliveryState.SENT)
    assert await tallies.show() == 1
    (edit,) = server.of("editMessageText")
    assert (edit.fields["chat_id"], edit.fields["message_id"]) == (AUTHOR, MESSAGE)
    assert "Отправлено: 2 из 5, в очереди: 3." in edit.fields["text"]
    assert "Остановить" in str(edit.fields["reply_markup"])
    await end(newsroom, 1, DeliveryState.CANCELLED, "blocked")
    assert await tallies.show() == 0, "the pace is calm"
    newsroom.clock.forward(minutes=5)
    assert await tallies.show() == 1
    newsroom.clock.forward(minutes=5)
    assert await tallies.show() == 0, "nothing is new"
    await end(newsroom, 1, DeliveryState.SENT)
    await end(newsroom, 1, DeliveryState.FAILED, "message too strange")
    newsroom.clock.forward(minutes=5)
    assert await tallies.show() == 1
    assert (
        "Готово. Отправлено: 3 из 5. Заблокировали бота: 1. Не доставлено: 1." in said(server)[-1]
    )
    assert "inline_keyboard" not in str(server.of("editMessageText")[-1].fields.get("reply_markup"))
    newsroom.clock.forward(hours=1)
    assert await tallies.show() == 0
    assert await newsroom.storage.owing.shown_broadcasts() == []
    assert (await newsroom.storage.insight.broadcast(broadcast)).blocked == 1


async def test_the_log_says_its_end(
    newsroom: Newsroom, tallies: Tallies, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    await sent_off(newsroom, 3, message=0)  # a crash came before its message was noted
    await end(newsroom, 2, DeliveryState.SENT)
    await tallies.show()
    assert caplog.messages == []
    await end(newsroom, 1, DeliveryState.CANCELLED, "blocked")
    await end(newsroom, 1, DeliveryState.CANCELLED, "late")
    newsroom.clock.forward(minutes=5)
    await tallies.show()
    await tallies.show()
    assert caplog.messages == ["broadcast 1 has ended: 2 sent, 1 blocked the bot, 1 not reached"]


async def test_a_restart_goes_on_with_it(
    newsroom: Newsroom,
    tallies: Tallies,
    server: Server,
    storage: Storage,
    bulk: BulkClient,
    clock: Clock,
) -> None:
    await sent_off(newsroom, 1)
    assert await tallies.show() == 1
    await end(newsroom, 2, DeliveryState.SENT)
    again = Tallies(storage, bulk, Limiter(None), Digests(storage, load_all()), clock=clock)
    assert await again.show() == 1
    assert "Готово. Отправлено: 2 из 2." in said(server)[-1]


async def test_one_that_is_stopped_says_its_end_when_nothing_is_on_its_way(
    newsroom: Newsroom, tallies: Tallies, server: Server
) -> None:
    broadcast = await sent_off(newsroom, 2)
    now = newsroom.clock.now
    (flying,) = await newsroom.storage.outbox.tick(ClaimBatch(limit=1), now=now)
    await newsroom.storage.owing.call_off_broadcast(broadcast, now)
    assert await tallies.show() == 1
    await newsroom.storage.outbox.acknowledge(
        [Outcome(flying.delivery.id, DeliveryState.SENT, now, message_id=9)]
    )
    newsroom.clock.forward(minutes=5)
    assert await tallies.show() == 1
    assert "Остановлено. Отправлено: 1 из 3." in said(server)[-1]
    assert await newsroom.storage.owing.shown_broadcasts() == []


async def test_what_passes_by_is_tried_again_and_a_message_that_is_gone_is_not(
    newsroom: Newsroom, tallies: Tallies, server: Server
) -> None:
    await sent_off(newsroom, 1)
    server.script("editMessageText", error(502, "Bad Gateway"))
    assert await tallies.show() == 0
    newsroom.clock.forward(minutes=5)
    server.script("editMessageText", error(400, "Bad Request: message to edit not found"))
    assert await tallies.show() == 0
    await end(newsroom, 1, DeliveryState.SENT)
    newsroom.clock.forward(minutes=5)
    assert await tallies.show() == 0
    assert len(server.of("editMessageText")) == 2
    await end(newsroom, 1, DeliveryState.SENT)
    newsroom.clock.forward(minutes=5)
    await tallies.show()
    assert len(server.of("editMessageText")) == 2
    assert await newsroom.storage.owing.shown_broadcasts() == [], "it ended all the same"


async def test_while_bulk_rests_it_waits(
    newsroom: Newsroom, tallies: Tallies, server: Server, limiter: Limiter
) -> None:
    await sent_off(newsroom, 1)
    limiter.pause_bulk(seconds=60)
    assert await tallies.show() == 0
    assert server.of("editMessageText") == []
    assert len(await newsroom.storage.owing.shown_broadcasts()) == 1


async def test_whose_author_is_forgotten_is_edited_no_more(
    newsroom: Newsroom, tallies: Tallies, server: Server
) -> None:
    await sent_off(newsroom, 1)
    await newsroom.storage.privacy.erase(AUTHOR)
    assert await tallies.show() == 0
    assert server.of("editMessageText") == []
