"""Posts in channels on their way: what holds them back, how drafts are shown, what is sent."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from aiogram.types import ChatMemberAdministrator

from bot.delivery.approvals import Approvals
from bot.delivery.digest import Digests
from bot.delivery.recheck import GO, STALE_POST, Drop, given_up, late, recheck
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from bot.telegram.rights import may_post
from storage import (
    AWAITS_APPROVAL,
    Alerts,
    ChatKind,
    Claim,
    DeliveryState,
    EditionMode,
    Prompt,
    Storage,
    Subscriber,
    SubscriberState,
)
from tests.delivery.conftest import NOW, READER, Clock, Desk, Newsroom, Start
from tests.delivery.test_recheck import QUIET, QUIET_ENDS, push
from tests.telegram.conftest import Answer, Request, Server, error, message, ok

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


@dataclass
class Members:
    """What Telegram says of a channel's members: a creator is everybody who is not named here."""

    status: dict[int, dict[str, Any]] = field(default_factory=dict)
    silent: bool = False

    def __call__(self, request: Request) -> Answer:
        if request.method != "getChatMember":
            return ok(message())
        if self.silent:
            return error(400, "Bad Request: member list is inaccessible")
        person = request.fields["user_id"]
        user = {"id": person, "is_bot": False, "first_name": "Anna"}
        return ok(
            self.status.get(person, {"status": "creator", "is_anonymous": False}) | {"user": user}
        )


@pytest.fixture
def members(server: Server) -> Members:
    said = Members()
    server.default = said
    return said


@pytest.fixture
def limiter() -> Limiter:
    return Limiter(None)


@pytest.fixture
def approvals(
    storage: Storage, bulk: BulkClient, limiter: Limiter, clock: Clock, members: Members
) -> Approvals:
    rights = partial(may_post, bulk._bot)
    digests = Digests(storage, load_all())
    return Approvals(storage, bulk, limiter, digests, may_post=rights, clock=clock)


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


class TestChangedBeforeTheDecision:
    """What an editor approves of is what the article says now."""

    async def waiting(self, desk: Desk, newsroom: Newsroom, approvals: Approvals) -> int:
        """A draft that its keeper sees in message 7; its article's id."""
        await channel_with(newsroom, EditionMode.APPROVAL)
        stored = await newsroom.article()
        await desk.settle()
        assert await approvals.show() == 1
        return stored.article_id

    async def correct(self, newsroom: Newsroom, article_id: int, title: str) -> None:
        newsroom.clock.forward(minutes=5)
        await newsroom.storage.articles.replace(
            article_id,
            newsroom.draft(title),
            now=newsroom.clock.now,
            revision=True,
            changed=("title",),
        )

    async def lose(self, newsroom: Newsroom, article_id: int) -> None:
        now = newsroom.clock.now
        await newsroom.storage.articles.lose(
            article_id, since=now - timedelta(days=1), now=now, due=None
        )

    async def test_a_correction_is_shown_in_the_draft_once(
        self, start: Start, newsroom: Newsroom, approvals: Approvals, server: Server
    ) -> None:
        async with start() as desk:
            article_id = await self.waiting(desk, newsroom, approvals)
            await self.correct(newsroom, article_id, "Мост закрыт")
            assert [await approvals.show(), await approvals.show()] == [1, 0]
            (edit,) = server.of("editMessageText")
            assert (edit.fields["chat_id"], edit.fields["message_id"]) == (KEEPER, 7)
            assert "Мост закрыт" in edit.fields["text"]
            assert "Черновик для канала" in edit.fields["text"]
            assert "Опубликовать" in str(edit.fields["reply_markup"])
            assert len(server.of("sendMessage")) == 1

    async def test_a_page_that_went_takes_the_button_and_one_that_came_back_brings_it(
        self, start: Start, newsroom: Newsroom, approvals: Approvals, server: Server
    ) -> None:
        async with start() as desk:
            article_id = await self.waiting(desk, newsroom, approvals)
            await self.lose(newsroom, article_id)
            assert await approvals.show() == 1
            (edit,) = server.of("editMessageText")
            assert "Страница недоступна" in edit.fields["text"]
            assert "Опубликовать" not in str(edit.fields["reply_markup"])
            assert "Пропустить" in str(edit.fields["reply_markup"])
            assert not await newsroom.storage.editions.approve(1, newsroom.clock.now)
            await newsroom.storage.articles.page_found(article_id, now=newsroom.clock.now, due=None)
            assert await approvals.show() == 1
            assert "Опубликовать" in str(server.of("editMessageText")[-1].fields["reply_markup"])

    async def test_a_page_that_goes_after_the_approval_is_not_posted_and_the_keeper_reads_why(
        self, start: Start, newsroom: Newsroom, approvals: Approvals, server: Server
    ) -> None:
        async with start() as desk:
            article_id = await self.waiting(desk, newsroom, approvals)
            assert await newsroom.storage.editions.approve(1, newsroom.clock.now)
            await self.lose(newsroom, article_id)
            await desk.settle()
            await approvals.show()
            assert [r for r in server.of("sendMessage") if r.fields["chat_id"] == CHANNEL] == []
            assert "страница статьи недоступна" in server.of("editMessageText")[-1].fields["text"]

    async def test_an_editors_words_stay_and_the_editor_knows_of_the_change(
        self, start: Start, newsroom: Newsroom, approvals: Approvals, server: Server
    ) -> None:
        async with start() as desk:
            article_id = await self.waiting(desk, newsroom, approvals)
            await newsroom.storage.editions.reword(1, "Поехали!")
            await self.correct(newsroom, article_id, "Мост закрыт")
            assert await approvals.show() == 1
            shown = server.of("editMessageText")[-1].fields["text"]
            assert "Поехали!" in shown
            assert "Мост закрыт" not in shown
            assert "Источник изменил статью" in shown

    async def test_a_question_that_stands_in_the_drafts_place_stays_one(
        self, start: Start, newsroom: Newsroom, approvals: Approvals, server: Server, clock: Clock
    ) -> None:
        keeper = await newsroom.reader(KEEPER, alerts=Alerts.OFF)
        async with start() as desk:
            article_id = await self.waiting(desk, newsroom, approvals)
            await newsroom.storage.questions.ask(Prompt(keeper.id, KEEPER, "post 1", 7, clock.now))
            await self.correct(newsroom, article_id, "Мост закрыт")
            assert await approvals.show() == 1
            shown = server.of("editMessageText")[-1].fields
            assert "Пришлите текст поста" in shown["text"]
            assert "Мост закрыт" in shown["text"]
            assert "Отмена" in str(shown["reply_markup"])

    async def test_while_bulk_rests_nothing_is_refreshed_and_new_drafts_come(
        self,
        start: Start,
        newsroom: Newsroom,
        approvals: Approvals,
        server: Server,
        limiter: Limiter,
    ) -> None:
        async with start() as desk:
            article_id = await self.waiting(desk, newsroom, approvals)
            await self.correct(newsroom, article_id, "Мост закрыт")
            await newsroom.article("Другая новость")
            await desk.settle()
            limiter.pause_bulk(seconds=60, flood=True)
            assert await approvals.show() == 1
            assert server.of("editMessageText") == []
            assert len(server.of("sendMessage")) == 2


LEFT = {"status": "left"}
ADMIN = {
    **{
        name: True
        for name, one in ChatMemberAdministrator.model_fields.items()
        if one.is_required() and name != "user"
    },
    "status": "administrator",
}


class TestKeepersRights:
    """Drafts are for whoever may post."""

    async def test_who_left_the_channel_gets_no_drafts_and_the_next_keeper_gets_them(
        self,
        start: Start,
        newsroom: Newsroom,
        approvals: Approvals,
        server: Server,
        members: Members,
    ) -> None:
        channel = await channel_with(newsroom, EditionMode.APPROVAL)
        members.status[KEEPER] = LEFT
        await newsroom.article()
        async with start() as desk:
            await desk.settle()
            assert [await approvals.show(), await approvals.show()] == [0, 0]
            assert server.of("sendMessage") == []
            assert len(server.of("getChatMember")) == 1
            await newsroom.storage.editions.set_keeper(channel.id, KEEPER + 1)
            assert await approvals.show() == 1
            (shown,) = server.of("sendMessage")
            assert shown.fields["chat_id"] == KEEPER + 1

    async def test_what_somebody_saw_before_is_not_refreshed_there_but_shown_to_the_next(
        self,
        start: Start,
        newsroom: Newsroom,
        approvals: Approvals,
        server: Server,
        members: Members,
    ) -> None:
        channel = await channel_with(newsroom, EditionMode.APPROVAL)
        stored = await newsroom.article()
        async with start() as desk:
            await desk.settle()
            assert await approvals.show() == 1
            members.status[KEEPER] = {**ADMIN, "can_post_messages": False}
            newsroom.clock.forward(minutes=11)
            now = newsroom.clock.now
            await newsroom.storage.articles.lose(stored.article_id, since=now, now=now, due=None)
            assert await approvals.show() == 0
            assert server.of("editMessageText") == []
            await newsroom.storage.editions.set_keeper(channel.id, KEEPER + 1)
            assert await approvals.show() == 1

    async def test_telegram_is_asked_once_in_a_while(
        self, start: Start, newsroom: Newsroom, approvals: Approvals, server: Server
    ) -> None:
        await channel_with(newsroom, EditionMode.APPROVAL)
        async with start() as desk:
            for number in range(5):
                await newsroom.article(f"Новость {number}")
                await desk.settle()
                assert await approvals.show() == 1
            assert len(server.of("getChatMember")) == 1

    async def test_while_telegram_does_not_say_the_drafts_wait(
        self,
        start: Start,
        newsroom: Newsroom,
        approvals: Approvals,
        server: Server,
        members: Members,
    ) -> None:
        await channel_with(newsroom, EditionMode.APPROVAL)
        await newsroom.article()
        members.silent = True
        async with start() as desk:
            await desk.settle()
            assert [await approvals.show(), await approvals.show()] == [0, 0]
            assert len(server.of("getChatMember")) == 1
            members.silent = False
            newsroom.clock.forward(minutes=2)
            assert await approvals.show() == 1
            (shown,) = server.of("sendMessage")
            assert shown.fields["chat_id"] == KEEPER
