"""Posts in channels on their way: what holds them back, how drafts are shown, what is sent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.approvals import Approvals
from bot.delivery.digest import Digests
from bot.delivery.recheck import GO, STALE_POST, Drop, given_up, late, recheck
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from storage import (
    AWAITS_APPROVAL,
    Alerts,
    ChatKind,
    Claim,
    DeliveryState,
    EditionMode,
    Storage,
    Subscriber,
    SubscriberState,
)
from tests.delivery.conftest import NOW, Clock, Newsroom, Start
from tests.delivery.test_recheck import QUIET, QUIET_ENDS, READER, push
from tests.telegram.conftest import Server

CHANNEL = -1001234567890
KEEPER = 4242


def post(subscriber: Subscriber = READER, **more: object) -> Claim:
    """A post that goes by itself and that nothing stands in the way of, but for `more`."""
    given = {"edition": EditionMode.AUTO, **more}
    return replace(push(replace(subscriber, kind=ChatKind.CHANNEL)), **given)  # type: ignore[arg-type]  # fields of mixed types, by name


@pytest.mark.parametrize(
    ("claim", "decided"),
    [
        (post(), GO),
        (post(edition=EditionMode.OFF), Drop(DeliveryState.CANCELLED, "stopped")),
        (post(edition=EditionMode.APPROVAL), Drop(DeliveryState.DEFERRED, AWAITS_APPROVAL)),
        (post(edition=EditionMode.APPROVAL, approved=True), GO),
        # No merged message: it waits for its turn.
        (post(QUIET), Drop(DeliveryState.OWED, "held", QUIET_ENDS)),
        (post(others=True), GO),
        # Somebody's word is above quiet hours, caps and follows, but not above a page that is gone.
        (post(QUIET, approved=True, followed=False, sent_hour=99), GO),
        (post(approved=True, live=False), Drop(DeliveryState.CANCELLED, "gone")),
        (post(followed=False), Drop(DeliveryState.CANCELLED, "unfollowed")),
        (post(published=NOW - STALE_POST), GO),
        (
            post(published=NOW - STALE_POST - timedelta(seconds=1)),
            Drop(DeliveryState.CANCELLED, "old"),
        ),
        (post(published=NOW - timedelta(days=2), approved=True), GO),
        (
            post(replace(READER, state=SubscriberState.PAUSED)),
            Drop(DeliveryState.DEFERRED, "paused"),
        ),
        (
            post(replace(READER, state=SubscriberState.STOPPED), approved=True),
            Drop(DeliveryState.CANCELLED, "stopped"),
        ),
    ],
)
def test_what_becomes_of_a_post(claim: Claim, decided: object) -> None:
    assert recheck(claim, NOW) == decided


def test_nothing_is_left_to_a_merged_message() -> None:
    assert late(post(), NOW) == Drop(DeliveryState.CANCELLED, "late")
    assert given_up(post(), NOW, "refused") == Drop(DeliveryState.FAILED, "refused")


@pytest.fixture
def approvals(storage: Storage, bulk: BulkClient, clock: Clock) -> Approvals:
    return Approvals(storage, bulk, Limiter(None), Digests(storage, load_all()), clock=clock)


async def channel_with(newsroom: Newsroom, mode: EditionMode) -> Subscriber:
    editions = newsroom.storage.editions
    channel = await newsroom.reader(CHANNEL, kind=ChatKind.CHANNEL)
    await editions.open(channel.id, KEEPER)
    await editions.set_mode(channel.id, mode, KEEPER)
    return await newsroom.storage.subscribers.change(channel.id, alerts=Alerts.ON)


async def test_a_draft_is_shown_once_and_posted_once(
    start: Start, newsroom: Newsroom, approvals: Approvals, server: Server, storage: Storage
) -> None:
    await channel_with(newsroom, EditionMode.APPROVAL)
    await newsroom.article()
    async with start() as desk:
        await desk.settle()
        assert server.of("sendMessage") == []
        assert [await approvals.show(), await approvals.show()] == [1, 0]
        (shown,) = server.of("sendMessage")
        assert shown.fields["chat_id"] == KEEPER
        # What was shown is known after a restart; what was not noted is shown again.
        (draft,) = [await storage.editions.draft(1)]
        assert draft is not None
        assert draft.message_id is not None
        assert [await storage.editions.approve(1, NOW), await storage.editions.approve(1, NOW)] == [
            True,
            False,
        ]
        await desk.settle()
        posts = [one for one in server.of("sendMessage") if one.fields["chat_id"] == CHANNEL]
        assert len(posts) == 1
        assert "callback_data" not in str(posts[0].fields)
        await approvals.show()
        assert "Опубликовано" in server.of("editMessageText")[-1].fields["text"]


async def test_drafts_expire_and_say_so(
    start: Start,
    newsroom: Newsroom,
    approvals: Approvals,
    server: Server,
    storage: Storage,
    clock: Clock,
) -> None:
    await channel_with(newsroom, EditionMode.APPROVAL)
    await newsroom.article()
    async with start() as desk:
        await desk.settle()
        await approvals.show()
        clock.forward(hours=6)
        await approvals.show()
        assert "уже поздно" in server.of("editMessageText")[-1].fields["text"]
        assert await storage.editions.approve(1, clock.now) is False
        assert set((await desk.states()).values()) == {"cancelled"}


async def test_a_readers_own_source_never_reaches_a_channel(
    start: Start, newsroom: Newsroom, server: Server
) -> None:
    await channel_with(newsroom, EditionMode.AUTO)
    reader = await newsroom.reader()
    await newsroom.article(domain="own.example", owner=reader.id)
    async with start() as desk:
        await desk.settle()
    assert [one for one in server.of("sendMessage") if one.fields["chat_id"] == CHANNEL] == []
