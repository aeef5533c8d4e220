"""Channels' editions: opened off, drafts decided once whoever comes first, nothing lost between."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from storage import (
    AWAITS_APPROVAL,
    Alerts,
    Claim,
    DeliveryState,
    EditionMode,
    FollowKind,
    Level,
    Outcome,
    Storage,
    Subscriber,
    SubscriberState,
)
from tests.storage.newsroom import (
    DAY,
    HOUR,
    NOW,
    claim,
    execute,
    expand_all,
    feed,
    follow,
    publish,
    reader,
    values,
)

KEEPER, OTHER = 501, 502
LINKED = -1009


async def channel_of(
    storage: Storage, chat: int = -1001, mode: EditionMode = EditionMode.APPROVAL
) -> Subscriber:
    """A channel that posts one topic, with an edition of this mode."""
    made = await reader(storage, chat)
    assert await storage.editions.open(made.id, KEEPER)
    await storage.editions.set_mode(made.id, mode, KEEPER)
    await follow(storage, made.id, FollowKind.EVERYTHING, "", Level.NOW)
    return await storage.subscribers.get(made.id)


async def owed(storage: Storage, name: str = "one") -> list[Claim]:
    """What a story's push owes now, claimed."""
    await publish(storage, await feed(storage, f"{name}.example"), name, push=True)
    await expand_all(storage)
    return await claim(storage)


async def held_back(storage: Storage, name: str = "one") -> int:
    """A draft of one story; its id."""
    (post,) = await owed(storage, name)
    await hold(storage, post)
    return (await values(storage, "SELECT max(id) FROM draft"))[0][0]  # type: ignore[no-any-return]  # a number


async def hold(storage: Storage, post: Claim) -> None:
    held = Outcome(post.delivery.id, DeliveryState.DEFERRED, NOW, reason=AWAITS_APPROVAL)
    await storage.outbox.acknowledge([held])


async def line_of(storage: Storage, draft_id: int) -> tuple[str, str | None]:
    """The state and reason of a draft's line of the ledger."""
    ((state, reason),) = await values(
        storage,
        "SELECT state, reason FROM delivery WHERE id = "
        "(SELECT delivery_id FROM draft WHERE id = :id)",
        id=draft_id,
    )
    return state, reason


class TestEditions:
    async def test_one_opens_off_with_what_is_important_and_no_old_news(
        self, storage: Storage
    ) -> None:
        await publish(storage, await feed(storage), "old")
        made = await reader(storage, -1001)
        assert await storage.editions.open(made.id, KEEPER)
        after = await storage.subscribers.get(made.id)
        assert (after.state, after.alerts) == (SubscriberState.STOPPED, Alerts.IMPORTANT)
        ((watermark, newest),) = await values(
            storage, "SELECT watermark, (SELECT max(id) FROM article) FROM subscriber"
        )
        assert watermark == newest
        edition = await storage.editions.find(made.id)
        assert edition is not None
        assert (edition.mode, edition.keeper, edition.warned) == (EditionMode.OFF, KEEPER, False)

    async def test_opened_again_it_stays_as_it_is(self, storage: Storage) -> None:
        channel = await channel_of(storage)
        assert not await storage.editions.open(channel.id, OTHER)
        edition = await storage.editions.find(channel.id)
        assert edition is not None
        assert (edition.mode, edition.keeper) == (EditionMode.APPROVAL, KEEPER)
        assert (await storage.subscribers.get(channel.id)).state is SubscriberState.ACTIVE

    async def test_a_mode_is_chosen_by_many_but_the_keeper_stays(self, storage: Storage) -> None:
        channel = await channel_of(storage)
        await storage.editions.set_mode(channel.id, EditionMode.AUTO, OTHER)
        assert (await storage.editions.find(channel.id)).keeper == KEEPER  # type: ignore[union-attr]  # it is there
        await storage.editions.set_keeper(channel.id, 0)
        await storage.editions.set_mode(channel.id, EditionMode.APPROVAL, OTHER)
        assert (await storage.editions.find(channel.id)).keeper == OTHER  # type: ignore[union-attr]  # it is there

    async def test_a_paused_channel_stays_paused_whatever_the_mode(self, storage: Storage) -> None:
        channel = await channel_of(storage)
        await storage.subscribers.pause(channel.chat_id, "membership: left")
        await storage.editions.set_mode(channel.id, EditionMode.AUTO, KEEPER)
        assert (await storage.subscribers.get(channel.id)).state is SubscriberState.PAUSED

    async def test_they_are_listed_by_title_with_their_channels(self, storage: Storage) -> None:
        one, two = await channel_of(storage, -1002), await channel_of(storage, -1001)
        await storage.subscribers.rename(-1001, "Аист")
        await storage.subscribers.rename(-1002, "Бобр")
        listed = await storage.editions.all()
        assert [(edition.subscriber_id, channel.title) for edition, channel in listed] == [
            (two.id, "Аист"),
            (one.id, "Бобр"),
        ]

    async def test_of_a_subscriber_without_one_there_is_none(self, storage: Storage) -> None:
        assert await storage.editions.find((await reader(storage, 5)).id) is None
        assert await storage.editions.draft(1) is None

    async def test_a_lost_right_to_post_is_told_once_until_it_was_back(
        self, storage: Storage
    ) -> None:
        channel = await channel_of(storage)
        assert await storage.editions.silenced() == []
        await storage.subscribers.pause(channel.chat_id, "membership: may not post")
        assert [one.id for _edition, one in await storage.editions.silenced()] == [channel.id]
        await storage.editions.warned(channel.id)
        assert await storage.editions.silenced() == []
        await storage.subscribers.revive(channel.chat_id)
        await storage.editions.resume(channel.id, NOW)
        await storage.subscribers.pause(channel.chat_id, "membership: may not post")
        assert len(await storage.editions.silenced()) == 1

    async def test_back_it_owes_what_is_news_still_but_nothing_unapproved(
        self, storage: Storage
    ) -> None:
        channel = await channel_of(storage)
        waiting = await held_back(storage)
        (post,) = await owed(storage, "two")
        await storage.outbox.acknowledge(
            [Outcome(post.delivery.id, DeliveryState.DEFERRED, NOW, reason="paused")]
        )
        await storage.editions.resume(channel.id, NOW + timedelta(minutes=1))
        assert await line_of(storage, waiting) == ("deferred", AWAITS_APPROVAL)
        states = await values(
            storage, "SELECT state FROM delivery WHERE id = :id", id=post.delivery.id
        )
        assert states == [("owed",)]

    async def test_a_discussion_is_that_of_a_public_channels_post(self, storage: Storage) -> None:
        channel = await channel_of(storage, mode=EditionMode.AUTO)
        (post,) = await owed(storage)
        story = (await values(storage, "SELECT story_id FROM delivery"))[0][0]
        await storage.editions.note_chat(channel.id, "news_day", LINKED)
        assert await storage.editions.discussion(story) is None
        await storage.outbox.acknowledge(
            [Outcome(post.delivery.id, DeliveryState.SENT, NOW, message_id=77)]
        )
        assert await storage.editions.discussion(story) == ("news_day", 77)
        await storage.editions.note_chat(channel.id, "news_day", None)
        assert await storage.editions.discussion(story) is None
        await storage.editions.note_chat(channel.id, "", LINKED)
        assert await storage.editions.discussion(story) is None


class TestDrafts:
    async def test_one_is_made_with_its_line_and_waits(self, storage: Storage) -> None:
        channel = await channel_of(storage)
        number = await held_back(storage)
        draft = await storage.editions.draft(number)
        assert draft is not None
        assert (draft.subscriber_id, draft.status, draft.words) == (channel.id, "waiting", "")
        assert draft.expires > NOW
        assert await line_of(storage, number) == ("deferred", AWAITS_APPROVAL)
        assert await claim(storage) == []

    async def test_held_back_twice_it_is_one(self, storage: Storage) -> None:
        await channel_of(storage)
        (post,) = await owed(storage)
        await hold(storage, post)
        await hold(storage, post)
        assert await values(storage, "SELECT count(*) FROM draft") == [(1,)]

    async def test_approved_it_is_sent_as_any_other(self, storage: Storage) -> None:
        await channel_of(storage)
        number = await held_back(storage)
        assert await storage.editions.approve(number, NOW)
        (post,) = await claim(storage)
        assert post.approved
        assert (await storage.editions.draft(number)).status == "approved"  # type: ignore[union-attr]  # it is there
        await storage.outbox.acknowledge(
            [Outcome(post.delivery.id, DeliveryState.SENT, NOW, message_id=9)]
        )
        draft = await storage.editions.draft(number)
        assert draft is not None
        assert (draft.status, draft.post_id) == ("published", 9)

    async def test_of_many_who_decide_at_once_one_does(self, storage: Storage) -> None:
        await channel_of(storage)
        number = await held_back(storage)
        decided = await asyncio.gather(
            *(storage.editions.approve(number, NOW) for _ in range(5)),
            *(storage.editions.skip(number) for _ in range(5)),
        )
        assert sum(decided) == 1
        assert not await storage.editions.reword(number, "Late")

    async def test_skipped_it_is_never_posted(self, storage: Storage) -> None:
        await channel_of(storage)
        number = await held_back(storage)
        assert await storage.editions.skip(number)
        assert not await storage.editions.approve(number, NOW)
        assert await line_of(storage, number) == ("cancelled", "skipped")
        assert await claim(storage) == []

    async def test_it_expires_at_its_moment_and_not_before(self, storage: Storage) -> None:
        await channel_of(storage)
        number = await held_back(storage)
        draft = await storage.editions.draft(number)
        assert draft is not None
        assert await storage.editions.expire(draft.expires - timedelta(seconds=1)) == 0
        assert await storage.editions.expire(draft.expires) == 1
        assert await storage.editions.expire(draft.expires) == 0
        assert await line_of(storage, number) == ("cancelled", "expired")
        assert not await storage.editions.approve(number, draft.expires)

    async def test_nobody_was_shown_it_nobody_is_told_of_its_end(self, storage: Storage) -> None:
        await channel_of(storage)
        number = await held_back(storage)
        await storage.editions.expire(NOW + DAY)
        assert await storage.editions.untold() == []
        assert (await storage.editions.draft(number)).status == "expired"  # type: ignore[union-attr]  # it is there

    async def test_its_message_follows_what_becomes_of_it(self, storage: Storage) -> None:
        await channel_of(storage)
        number = await held_back(storage)
        editions = storage.editions

        async def untold() -> list[tuple[int, str]]:
            return [(one.id, one.status) for one in await editions.untold()]

        assert await untold() == [(number, "waiting")]
        await editions.told(number, "waiting", person_id=KEEPER, message_id=3)
        assert await untold() == []
        await editions.approve(number, NOW)
        assert await untold() == [(number, "approved")]
        await editions.told(number, "approved")
        (post,) = await claim(storage)
        await storage.outbox.acknowledge(
            [Outcome(post.delivery.id, DeliveryState.FAILED, NOW, reason="refused")]
        )
        assert await untold() == [(number, "failed")]
        await editions.told(number, "failed")
        assert await untold() == []
        shown = await editions.draft(number)
        assert shown is not None
        assert (shown.person_id, shown.message_id) == (KEEPER, 3)

    async def test_turned_off_a_channel_drops_what_waits_and_keeps_what_was_approved(
        self, storage: Storage
    ) -> None:
        channel = await channel_of(storage)
        approved, waiting = await held_back(storage), await held_back(storage, "two")
        await storage.editions.approve(approved, NOW)
        await storage.editions.set_mode(channel.id, EditionMode.OFF, KEEPER)
        assert await line_of(storage, waiting) == ("cancelled", "stopped")
        assert (await storage.editions.draft(waiting)).status == "skipped"  # type: ignore[union-attr]  # it is there
        assert (await line_of(storage, approved))[0] == "owed"

    async def test_an_unreached_keepers_many_hold_up_nobody_elses(self, storage: Storage) -> None:
        first = await channel_of(storage)
        for number in range(3):
            await held_back(storage, f"n{number}")
        second = await channel_of(storage, -1002)
        await storage.editions.set_keeper(second.id, OTHER)
        for post in await owed(storage, "last"):
            await hold(storage, post)
        shown = await storage.editions.untold(2, without={KEEPER})
        assert [one.subscriber_id for one in shown] == [second.id]
        await storage.editions.set_keeper(first.id, 0)
        shown = await storage.editions.untold(2)
        assert [one.subscriber_id for one in shown] == [second.id]

    @pytest.mark.parametrize("forgotten", ["erased", "removed"])
    async def test_what_a_keeper_leaves_is_shown_to_the_next_one(
        self, storage: Storage, forgotten: str
    ) -> None:
        channel = await channel_of(storage)
        decided, waiting = await held_back(storage), await held_back(storage, "two")
        for number in (decided, waiting):
            await storage.editions.told(number, "waiting", person_id=KEEPER, message_id=number)
        await storage.editions.skip(decided)
        await storage.editions.told(decided, "skipped")
        if forgotten == "erased":
            await storage.privacy.erase(KEEPER)
        else:
            await storage.people.remove(KEEPER, NOW)
        assert await storage.editions.untold() == []
        await storage.editions.set_keeper(channel.id, OTHER)
        (again,) = await storage.editions.untold()
        assert (again.id, again.person_id, again.message_id) == (waiting, None, None)


class TestEditorsWords:
    async def test_a_changed_article_is_told_once_where_an_editor_wrote(
        self, storage: Storage
    ) -> None:
        await channel_of(storage)
        number = await held_back(storage)
        ((line,),) = await values(storage, "SELECT delivery_id FROM draft")
        assert not await storage.editions.outdate(line)
        assert await storage.editions.reword(number, "Ours")
        assert await storage.editions.outdate(line)
        (changed,) = await storage.editions.outdated()
        assert (changed.id, changed.words) == (number, "Ours")
        await storage.editions.outdated_told(number)
        assert await storage.editions.outdated() == []

    async def test_dropped_the_post_follows_its_article_again(self, storage: Storage) -> None:
        await channel_of(storage)
        number = await held_back(storage)
        ((line,),) = await values(storage, "SELECT delivery_id FROM draft")
        await storage.editions.reword(number, "Ours")
        await storage.editions.outdate(line)
        await storage.editions.drop_words(number)
        assert await storage.editions.outdated() == []
        assert not await storage.editions.outdate(line)


class TestCrashes:
    async def test_between_showing_and_noting_a_draft_is_shown_again(self, path: Path) -> None:
        async with Storage.open(path) as storage:
            await channel_of(storage)
            number = await held_back(storage)
            assert [one.id for one in await storage.editions.untold()] == [number]
        async with Storage.open(path) as storage:
            assert [one.id for one in await storage.editions.untold()] == [number]

    async def test_between_approval_and_sending_the_post_is_owed(self, path: Path) -> None:
        async with Storage.open(path) as storage:
            await channel_of(storage)
            number = await held_back(storage)
            await storage.editions.approve(number, NOW)
        async with Storage.open(path) as storage:
            (post,) = await claim(storage)
            assert post.approved
            assert not await storage.editions.approve(number, NOW + HOUR)

    async def test_a_ledgers_line_takes_its_draft_along(self, storage: Storage) -> None:
        await channel_of(storage)
        number = await held_back(storage)
        await execute(storage, "DELETE FROM delivery")
        assert await storage.editions.draft(number) is None
