"""The outbox: owed once, claimed, acknowledged; nothing lost, nothing told twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from storage import (
    ALL_CHATS,
    Alerts,
    ChatKind,
    Claim,
    ClaimBatch,
    DeliveryKind,
    DeliveryState,
    DigestOwed,
    FollowKind,
    Layout,
    Level,
    Mute,
    Outcome,
    SlotPlan,
    Storage,
    StorageError,
    Stored,
    SubscriberState,
    View,
)
from storage.outbox import in_turn
from tests.storage.newsroom import (
    DAY,
    DEFAULTS,
    HOUR,
    MINUTE,
    NOW,
    claim,
    draft,
    execute,
    expand_all,
    feed,
    follow,
    private_feed,
    publish,
    reader,
    values,
)

EVERYTHING = (FollowKind.EVERYTHING, "")
SPORT = (FollowKind.TOPIC, "sport")
WORDS = (FollowKind.WORDS, "кот сапог")

ALERTED = replace(DEFAULTS, alerts=Alerts.ON)


async def told(storage: Storage, name: str = "a", **changes: object) -> Stored:
    """A story that owes a push."""
    return await publish(storage, await feed(storage), name, push=True, **changes)  # type: ignore[arg-type] # the draft's fields


def outcome(of: Claim, state: DeliveryState = DeliveryState.SENT, **more: object) -> Outcome:
    return replace(Outcome(of.delivery.id, state, NOW), **more)  # type: ignore[arg-type] # the caller names fields


async def end(storage: Storage, *outcomes: Outcome, now: datetime = NOW) -> list[Claim]:
    return await storage.outbox.tick(ClaimBatch(outcomes=outcomes), now=now)


async def states(storage: Storage) -> list[str]:
    return [row[0] for row in await values(storage, "SELECT state FROM delivery ORDER BY id")]


async def send_one(storage: Storage, message_id: int = 1, *, at: datetime = NOW) -> Claim:
    """Claim one delivery and acknowledge it as sent."""
    (claimed,) = await claim(storage, 1)
    await end(storage, outcome(claimed, at=at, message_id=message_id, view=View.PUSH))
    return claimed


# ---------------------------------------------------------------- pushes become deliveries


async def test_a_push_reaches_its_reader(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    story = await told(storage)
    (push,) = await storage.owing.open_pushes()
    assert (push.story_id, push.article_id) == (story.story_id, story.article_id)
    assert (push.created, push.expires, push.cursor, push.keys) == (NOW, NOW + 6 * HOUR, 0, None)
    with pytest.raises(ValueError, match="not matched"):
        await storage.owing.expand(push, now=NOW)
    await storage.owing.match_push(push.id, [EVERYTHING, SPORT])
    (push,) = await storage.owing.open_pushes()
    assert push.keys == (EVERYTHING, SPORT)
    assert await storage.owing.expand(push, now=NOW + MINUTE) == (1, True)
    assert await storage.owing.open_pushes() == []
    (claimed,) = await claim(storage, now=NOW + MINUTE)
    owed = claimed.delivery
    assert (owed.kind, owed.state) == (DeliveryKind.PUSH, DeliveryState.CLAIMED)
    assert (owed.push_id, owed.story_id, owed.article_id) == (
        push.id,
        story.story_id,
        story.article_id,
    )
    assert (owed.due, owed.expires, owed.attempts) == (NOW + MINUTE, NOW + 6 * HOUR, 0)
    assert claimed.subscriber == made
    assert (claimed.followed, claimed.muted, claimed.told, claimed.live) == (
        True,
        False,
        False,
        True,
    )
    assert (claimed.sent_hour, claimed.sent_day, claimed.next_digest) == (0, 0, None)


async def test_a_push_that_nobody_follows_ends(storage: Storage) -> None:
    await reader(storage)
    await told(storage)
    assert await expand_all(storage, []) == 0
    assert await expand_all(storage) == 0
    assert await storage.owing.open_pushes() == []


async def test_expanding_again_owes_nothing_again(storage: Storage) -> None:
    await reader(storage, defaults=ALERTED)
    await told(storage)
    (push,) = await storage.owing.open_pushes()
    await storage.owing.match_push(push.id, [EVERYTHING])
    (push,) = await storage.owing.open_pushes()
    assert await storage.owing.expand(push, now=NOW) == (1, True)
    assert await storage.owing.expand(push, now=NOW) == (0, True)  # as after a crash
    assert len(await claim(storage)) == 1


@pytest.mark.parametrize(
    ("changes", "reached"),
    [
        ({"news_language": "ru"}, True),
        ({"news_language": "en"}, False),
        ({"state": SubscriberState.STOPPED}, False),
        ({"state": SubscriberState.PAUSED}, False),
        ({"alerts": Alerts.OFF}, False),
        ({"alerts": Alerts.IMPORTANT}, False),
    ],
)
async def test_whom_a_push_passes_over(
    storage: Storage, changes: dict[str, object], reached: bool
) -> None:
    made = await reader(storage, defaults=ALERTED)
    await storage.subscribers.change(made.id, **changes)  # type: ignore[arg-type] # parametrised
    await told(storage)
    assert await expand_all(storage) == int(reached)


async def test_what_a_digest_covered_is_not_pushed(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    await told(storage, "a")
    story = await told(storage, "b")
    await execute(storage, "UPDATE subscriber SET watermark = :mark", mark=story.article_id - 1)
    assert await expand_all(storage) == 1
    owed = await values(
        storage, "SELECT story_id FROM delivery WHERE subscriber_id = :id", id=made.id
    )
    assert owed == [(story.story_id,)]


async def test_a_reader_is_told_a_story_once(storage: Storage) -> None:
    """The push that says that a story became important passes over whoever was told."""
    await reader(storage, 1, defaults=ALERTED)
    late = await reader(storage, 2, defaults=replace(DEFAULTS, alerts=Alerts.IMPORTANT))
    story = await told(storage)
    assert await expand_all(storage) == 1
    for domain in ("two.example", "three.example"):
        source = await feed(storage, domain)
        await publish(storage, source, domain, story_id=story.story_id, push=True)
    assert await expand_all(storage) == 1
    assert [one.delivery.subscriber_id for one in await claim(storage)] == [1, late.id]


async def test_mutes_end(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    await storage.subscribers.mute(Mute(made.id, *SPORT, "Sport", NOW + HOUR))
    await told(storage, "a")
    await told(storage, "b")
    first, second = await storage.owing.open_pushes()
    for push in (first, second):
        await storage.owing.match_push(push.id, [EVERYTHING, SPORT])
    first, second = await storage.owing.open_pushes()
    assert await storage.owing.expand(first, now=NOW) == (0, True)
    assert await storage.owing.expand(second, now=NOW + HOUR) == (1, True)


async def test_words_are_found_by_their_first(storage: Storage) -> None:
    first, second = await reader(storage, 1), await reader(storage, 2)
    await follow(storage, first.id, *WORDS, Level.NOW)
    await follow(storage, second.id, *WORDS, Level.DIGEST)
    await follow(storage, second.id, FollowKind.WORDS, "сапог", Level.NOW)
    await storage.subscribers.mute(Mute(first.id, FollowKind.WORDS, "кот", "Кот", None))
    await follow(storage, second.id, FollowKind.TOPIC, "кот", Level.NOW)
    keys = await storage.owing.word_keys(["пёс", "кот", "кот"])
    assert sorted(keys) == ["кот", "кот сапог"]
    assert await storage.owing.word_keys(["", "слон"]) == []


async def test_sound_is_of_the_follow_that_speaks(storage: Storage) -> None:
    loud, silenced = await reader(storage, 1), await reader(storage, 2)
    await follow(storage, loud.id, *SPORT, Level.SOUND)
    # "Everything" with sound does not speak where a topic does.
    await follow(storage, silenced.id, *EVERYTHING, Level.SOUND)
    await follow(storage, silenced.id, *SPORT, Level.NOW)
    await told(storage)
    assert await expand_all(storage, [EVERYTHING, SPORT]) == 2
    assert [one.delivery.sound for one in await claim(storage)] == [True, False]


async def test_a_private_story_is_for_its_owner_alone(storage: Storage) -> None:
    owner = await reader(storage, 1, defaults=ALERTED)
    await reader(storage, 2, defaults=ALERTED)
    own = await private_feed(storage, owner.id)
    await publish(storage, own, "secret", push=True)
    assert await expand_all(storage) == 1
    assert [one.delivery.subscriber_id for one in await claim(storage)] == [owner.id]


# ---------------------------------------------------------------- claim and acknowledge


async def _readers(storage: Storage, count: int) -> None:
    for chat in range(1, count + 1):
        await reader(storage, chat, defaults=ALERTED)
    await told(storage)
    assert await expand_all(storage) == count


async def test_each_is_claimed_once(storage: Storage) -> None:
    await _readers(storage, 5)
    first = await claim(storage, 3)
    second = await storage.outbox.tick(
        ClaimBatch(outcomes=tuple(outcome(one) for one in first), limit=3), now=NOW
    )
    assert [one.subscriber.chat_id for one in (*first, *second)] == [1, 2, 3, 4, 5]
    assert await claim(storage) == []
    assert await states(storage) == ["sent"] * 3 + ["claimed"] * 2
    assert await end(storage, *(outcome(one) for one in second)) == []
    assert await states(storage) == ["sent"] * 5


async def test_pushes_go_before_digests_and_the_older_first(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    await storage.subscribers.set_slots(made.id, [SlotPlan(0, 127, silent=False)], [NOW - DAY])
    await _fire(storage, NOW)
    await told(storage, "a")
    await told(storage, "b")
    first, second = await storage.owing.open_pushes()
    for push, due in ((first, NOW), (second, NOW - HOUR)):
        await storage.owing.match_push(push.id, [EVERYTHING])
        (push_now,) = [one for one in await storage.owing.open_pushes() if one.id == push.id]
        await storage.owing.expand(push_now, now=due)
    claims = await claim(storage)
    assert [one.delivery.push_id for one in claims] == [second.id, first.id, None]
    assert [one.delivery.push_id for one in claims[:1]] == [second.id]


async def test_what_was_sent_is_in_the_ledger(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    await told(storage)
    await expand_all(storage)
    (claimed,) = await claim(storage)
    assert await storage.outbox.by_message(made.id, 77) is None
    sent = outcome(
        claimed,
        at=NOW + MINUTE,
        message_id=77,
        layout=Layout.RICH,
        language="ru",
        view=View.PUSH,
    )
    await end(storage, sent)
    line = await storage.outbox.by_message(made.id, 77)
    assert line is not None
    assert (line.state, line.message_id, line.view) == (DeliveryState.SENT, 77, View.PUSH)
    assert line == await storage.outbox.delivery(claimed.delivery.id)
    assert await values(storage, "SELECT ended, layout, language FROM delivery") == [
        (int((NOW + MINUTE).timestamp()), "rich", "ru")
    ]
    await storage.outbox.show(line.id, View.FULL, [78, 79])
    assert await storage.outbox.delivery(line.id) == replace(line, view=View.FULL, parts=(78, 79))
    assert await storage.outbox.by_message(made.id + 1, 77) is None
    assert await storage.outbox.delivery(404) is None


async def test_a_retry_comes_when_it_is_due(storage: Storage) -> None:
    await _readers(storage, 1)
    for attempt in (1, 2):
        (claimed,) = await claim(storage, now=NOW + attempt * HOUR)
        again = outcome(
            claimed, DeliveryState.OWED, due=NOW + (attempt + 1) * HOUR, reason="HTTP 502"
        )
        await end(storage, again)
        assert await claim(storage, now=NOW + (attempt + 1) * HOUR - MINUTE) == []
    (claimed,) = await claim(storage, now=NOW + 3 * HOUR)
    assert (claimed.delivery.attempts, claimed.delivery.reason) == (2, "HTTP 502")


@pytest.mark.parametrize(
    "state", [DeliveryState.CANCELLED, DeliveryState.FAILED, DeliveryState.EMPTY]
)
async def test_what_ended_is_not_claimed_again(storage: Storage, state: DeliveryState) -> None:
    await _readers(storage, 1)
    (claimed,) = await claim(storage)
    await end(storage, outcome(claimed, state, reason="muted"))
    line = await storage.outbox.delivery(claimed.delivery.id)
    assert line is not None
    assert (line.state, line.reason) == (state, "muted")
    assert await storage.outbox.recover(NOW) == 0
    assert await claim(storage, now=NOW + DAY) == []


async def test_a_batch_pauses_and_moves_chats(storage: Storage) -> None:
    await _readers(storage, 3)
    claims = await claim(storage)
    batch = ClaimBatch(
        outcomes=tuple(outcome(one, DeliveryState.CANCELLED) for one in claims[:2]),
        paused=((1, "blocked"),),
        migrated=((2, -1002),),
    )
    assert await storage.outbox.tick(batch, now=NOW) == []
    paused = await storage.subscribers.get(1)
    assert (paused.state, paused.paused_reason) == (SubscriberState.PAUSED, "blocked")
    assert (await storage.subscribers.get(2)).chat_id == -1002
    assert (await storage.subscribers.get(3)).state is SubscriberState.ACTIVE


async def test_a_tick_is_one_transaction(storage: Storage) -> None:
    await _readers(storage, 2)
    claims = await claim(storage, 1)
    bad = replace(outcome(claims[0]), state=DeliveryState.OWED)  # without a due time
    with pytest.raises(StorageError):
        await storage.outbox.tick(
            ClaimBatch(outcomes=(bad,), paused=((1, "blocked"),), limit=9), now=NOW
        )
    assert await states(storage) == ["claimed", "owed"]
    assert (await storage.subscribers.get(1)).state is SubscriberState.ACTIVE


async def test_after_a_crash_what_was_in_flight_is_owed_again(storage: Storage) -> None:
    await _readers(storage, 4)
    await send_one(storage)
    await claim(storage, 2)
    asked = await storage.outbox.begin_digest(1, [5], NOW)
    assert await storage.outbox.recover(NOW + MINUTE) == 2
    assert await states(storage) == ["sent", "owed", "owed", "owed", "cancelled"]
    line = await storage.outbox.delivery(asked)
    assert line is not None
    assert line.reason == "interrupted"
    assert len(await claim(storage)) == 3
    assert await storage.outbox.recover(NOW) == 3


async def test_what_a_late_push_brings_along_is_in_no_doubt_after_a_crash(
    storage: Storage,
) -> None:
    await reader(storage, defaults=ALERTED)
    for name in "abc":
        await told(storage, name)
    await expand_all(storage)
    brought = await claim(storage, 1, now=NOW + HOUR)
    assert [one.others for one in brought] == [True] * 3, "all are to be merged, none is sent"
    assert await storage.outbox.recover(NOW + HOUR, resend=False) == 1
    assert sorted(await states(storage)) == ["owed", "owed", "sent"]


# ---------------------------------------------------------------- the recheck


async def test_the_recheck_sees_what_changed_since(storage: Storage) -> None:
    for chat in range(1, 5):
        await reader(storage, chat, defaults=ALERTED)
    story = await told(storage)
    await expand_all(storage, [EVERYTHING, SPORT])
    await storage.subscribers.unfollow_all(1)
    await storage.subscribers.mute(Mute(2, *SPORT, "Sport", NOW + HOUR))
    await storage.subscribers.mute(Mute(3, *SPORT, "Sport", NOW))  # over already
    await follow(storage, 4, *SPORT, Level.OFF)
    await storage.subscribers.pause(3, "blocked")
    claims = await claim(storage)
    assert [(one.followed, one.muted) for one in claims] == [
        (False, False),
        (True, True),
        (True, False),
        (False, False),
    ]
    assert claims[2].subscriber.state is SubscriberState.PAUSED
    assert all(one.live for one in claims)
    assert await storage.outbox.recover(NOW) == 4
    await execute(storage, "UPDATE article SET state = 'gone' WHERE id = :id", id=story.article_id)
    assert not any(one.live for one in await claim(storage))
    assert await storage.outbox.recover(NOW) == 4
    await storage.upkeep.prune_articles(NOW + MINUTE)
    assert not any(one.live for one in await claim(storage))


async def test_a_story_told_by_a_digest_meanwhile(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    other = await reader(storage, 2, defaults=ALERTED)
    story = await told(storage, "a")
    untold = await told(storage, "b")
    await expand_all(storage)
    asked = await storage.outbox.begin_digest(made.id, [story.story_id], NOW)
    done = Outcome(
        asked,
        DeliveryState.SENT,
        NOW + MINUTE,
        message_id=5,
        view=View.DIGEST,
        stories=(story.story_id,),
    )
    await storage.outbox.acknowledge([done])
    seen = {
        (one.subscriber.id, one.delivery.story_id): one.told
        for one in await claim(storage, now=NOW + HOUR)
    }
    assert seen == {
        (made.id, story.story_id): True,
        (made.id, untold.story_id): False,
        (other.id, story.story_id): False,
        (other.id, untold.story_id): False,
    }


async def test_a_digest_that_was_not_sent_told_nothing(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    story = await told(storage)
    await expand_all(storage)
    asked = await storage.outbox.begin_digest(made.id, [story.story_id], NOW)
    await storage.outbox.acknowledge([Outcome(asked, DeliveryState.FAILED, NOW)])
    assert [one.told for one in await claim(storage)] == [False]


async def test_caps_count_what_was_sent(storage: Storage) -> None:
    made = await reader(storage, defaults=replace(ALERTED, daily=12))
    ages = (30 * MINUTE, 59 * MINUTE, HOUR, 3 * HOUR, DAY - MINUTE, DAY)
    for number, age in enumerate(ages):
        await told(storage, str(number))
        await expand_all(storage)
        await send_one(storage, number + 1, at=NOW - age)
    # Neither a digest nor what was not sent counts.
    asked = await storage.outbox.begin_digest(made.id, [], NOW)
    await storage.outbox.acknowledge([Outcome(asked, DeliveryState.SENT, NOW, message_id=99)])
    await told(storage, "cancelled")
    await expand_all(storage)
    await end(storage, outcome((await claim(storage))[0], DeliveryState.CANCELLED))
    await told(storage, "last")
    await expand_all(storage)
    (last,) = await claim(storage)
    assert (last.sent_hour, last.sent_day) == (2, 5)


async def test_what_comes_for_being_important_alone_is_counted(storage: Storage) -> None:
    """To one reader it comes for that alone, to the other by a follow's level."""
    urged = await reader(storage, 1, defaults=replace(DEFAULTS, alerts=Alerts.IMPORTANT))
    follower = await reader(storage, 2, defaults=replace(DEFAULTS, alerts=Alerts.IMPORTANT))
    await follow(storage, follower.id, *SPORT, Level.NOW)
    for number, age in enumerate((HOUR, DAY - MINUTE, DAY)):
        await told(storage, str(number))
        await execute(storage, "UPDATE push SET kind = 'important'")
        await expand_all(storage, [EVERYTHING, SPORT])
        seen = {one.subscriber.id: one for one in await claim(storage)}
        assert [seen[one.id].urged for one in (urged, follower)] == [True, False]
        assert seen[urged.id].urged_day == min(number, 2)
        await end(
            storage, *(outcome(one, at=NOW - age, message_id=number) for one in seen.values())
        )
    # What was told at once for being new is none of them.
    await told(storage, "plain")
    await expand_all(storage, [EVERYTHING, SPORT])
    (plain,) = await claim(storage)
    assert (plain.subscriber.id, plain.urged, plain.urged_day) == (follower.id, False, 2)


async def test_a_digest_is_counted_and_its_offer_noted_with_it(storage: Storage) -> None:
    made = await reader(storage)
    assert (made.digests, made.important_offered) == (0, False)
    for offered in (False, True, False):
        asked = await storage.outbox.begin_digest(made.id, [1], NOW)
        sent = Outcome(asked, DeliveryState.SENT, NOW, message_id=1, watermark=0, offered=offered)
        await storage.outbox.acknowledge([sent])
    after = await storage.subscribers.get(made.id)
    assert (after.digests, after.important_offered) == (3, True)


async def test_what_quiet_hours_alone_hold_back(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    assert await storage.outbox.only_quiet(made.id)
    for name, reason, quiet in (("a", "quiet", True), ("b", "held", False)):
        await told(storage, name)
        await expand_all(storage)
        (claimed,) = await claim(storage)
        await end(storage, outcome(claimed, DeliveryState.DEFERRED, reason=reason))
        assert await storage.outbox.only_quiet(made.id) is quiet


# ---------------------------------------------------------------- held back


async def test_what_is_held_back_comes_with_the_next_digest(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    stories = [(await told(storage, name)).story_id for name in "abc"]
    await expand_all(storage)
    claims = await claim(storage)
    await end(storage, *(outcome(one, DeliveryState.DEFERRED, reason="quiet") for one in claims))
    assert await storage.outbox.deferred(made.id) == stories
    assert await claim(storage, now=NOW + DAY) == []  # the digest brings it, no message of its own
    asked = await storage.outbox.begin_digest(made.id, stories[:2], NOW)
    await storage.outbox.acknowledge(
        [Outcome(asked, DeliveryState.SENT, NOW, message_id=4, stories=tuple(stories[:2]))]
    )
    assert await storage.outbox.deferred(made.id) == stories[2:]
    line = await storage.outbox.delivery(asked)
    assert line is not None
    assert line.stories == tuple(stories[:2])
    assert await storage.outbox.deferred(99) == []


async def test_what_is_muted_after_it_was_held_back_is_not_told(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    stories = [(await told(storage, name)).story_id for name in "ab"]
    for number, push in enumerate(await storage.owing.open_pushes()):
        keys = [EVERYTHING, SPORT] if number else [EVERYTHING]
        await storage.owing.match_push(push.id, keys)
        (push,) = [one for one in await storage.owing.open_pushes() if one.id == push.id]
        await storage.owing.expand(push, now=NOW)
    claims = await claim(storage)
    await end(storage, *(outcome(one, DeliveryState.DEFERRED, due=NOW) for one in claims))
    await storage.subscribers.mute(Mute(made.id, *SPORT, "Sport", None))
    (merged,) = await claim(storage)
    assert merged.delivery.slot_id == 0
    assert await storage.outbox.deferred(made.id) == stories[:1]
    line = await storage.outbox.delivery(claims[1].delivery.id)
    assert line is not None
    assert (line.state, line.reason) == (DeliveryState.CANCELLED, "muted")


async def test_without_digests_it_comes_as_one_merged_message(storage: Storage) -> None:
    made = await reader(storage, defaults=ALERTED)
    other = await reader(storage, 2, defaults=ALERTED)
    for name in "abc":
        await told(storage, name)
    await expand_all(storage)
    claims = await claim(storage)
    due = NOW + HOUR
    await end(storage, *(outcome(one, DeliveryState.DEFERRED, due=due) for one in claims))
    assert await claim(storage, now=due - MINUTE) == []
    merged = await claim(storage, now=due)
    assert [one.subscriber.id for one in merged] == [made.id, other.id]
    for one in merged:
        assert (one.delivery.kind, one.delivery.slot_id) == (DeliveryKind.DIGEST, 0)
        assert (one.delivery.scheduled, one.delivery.since) == (due, 0)
        assert (one.delivery.expires, one.delivery.sound) == (due + DAY, False)
    # A crash does not lose it: it is no digest asked for by command.
    assert await storage.outbox.recover(due) == 2
    assert len(await claim(storage, now=due)) == 2


# ---------------------------------------------------------------- digests


async def _fire(storage: Storage, now: datetime, *, wanted: bool = True) -> int:
    due = await storage.owing.slots_due(now)
    return await storage.owing.owe_digests(
        [
            DigestOwed(
                slot_id=one.slot.id,
                subscriber_id=one.slot.subscriber_id,
                scheduled=one.slot.due,
                next_due=one.slot.due + DAY,
                expires=one.slot.due + 6 * HOUR,
                sound=not one.slot.silent,
                wanted=wanted,
            )
            for one in due
        ]
    )


async def test_a_digest_is_owed_once_per_instant(storage: Storage) -> None:
    made = await reader(storage)
    await told(storage)
    await execute(storage, "UPDATE subscriber SET watermark = 1")
    plans = [SlotPlan(480, 127, silent=True), SlotPlan(600, 127, silent=False)]
    await storage.subscribers.set_slots(made.id, plans, [NOW, NOW + 2 * HOUR])
    (one,) = await storage.owing.slots_due(NOW)
    slot = one.slot
    assert (slot.subscriber_id, slot.minute, slot.due, slot.silent) == (made.id, 480, NOW, True)
    assert (one.zone, one.state) == (made.zone, made.state)
    again = DigestOwed(slot.id, made.id, NOW, NOW + DAY, NOW + HOUR, sound=True, wanted=True)
    assert await storage.owing.owe_digests([again, again]) == 1
    assert await storage.owing.owe_digests([again]) == 0  # as after a crash in between
    assert await storage.owing.slots_due(NOW) == []
    first, second = await storage.subscribers.slots(made.id)
    assert (first.due, first.fired) == (NOW + DAY, NOW)
    assert (second.due, second.fired) == (NOW + 2 * HOUR, None)
    (claimed,) = await claim(storage)
    owed = claimed.delivery
    assert (owed.kind, owed.slot_id, owed.scheduled) == (DeliveryKind.DIGEST, slot.id, NOW)
    assert (owed.since, owed.sound, owed.expires) == (1, True, NOW + HOUR)
    assert (owed.story_id, owed.push_id) == (None, None)
    assert claimed.next_digest == NOW + 2 * HOUR


async def test_a_slot_that_changed_meanwhile_owes_nothing(storage: Storage) -> None:
    made = await reader(storage)
    await storage.subscribers.set_slots(made.id, [SlotPlan(480, 127, silent=True)], [NOW])
    due = await storage.owing.slots_due(NOW)
    later = NOW + 5 * HOUR
    await storage.subscribers.set_slots(made.id, [SlotPlan(800, 127, silent=True)], [later])
    owed = [
        DigestOwed(one.slot.id, made.id, NOW, NOW + DAY, NOW + DAY, sound=True, wanted=True)
        for one in due
    ]
    assert await storage.owing.owe_digests(owed) == 0
    (slot,) = await storage.subscribers.slots(made.id)
    assert slot.due == later


async def test_an_unwanted_digest_only_moves_the_slot_on(storage: Storage) -> None:
    made = await reader(storage)
    await storage.subscribers.set_slots(made.id, [SlotPlan(480, 127, silent=True)], [NOW])
    assert await _fire(storage, NOW, wanted=False) == 0
    (slot,) = await storage.subscribers.slots(made.id)
    assert (slot.due, slot.fired) == (NOW + DAY, None)
    assert await claim(storage, now=NOW + DAY) == []
    assert await _fire(storage, NOW + DAY) == 1
    assert await storage.owing.owe_digests([]) == 0


async def test_slots_due_the_longest_waiting_first(storage: Storage) -> None:
    for chat in range(1, 5):
        made = await reader(storage, chat)
        await storage.subscribers.set_slots(
            made.id, [SlotPlan(480, 127, silent=True)], [NOW - chat * HOUR]
        )
    due = await storage.owing.slots_due(NOW, limit=3)
    assert [one.slot.subscriber_id for one in due] == [4, 3, 2]


async def test_a_sent_digest_moves_the_watermark_and_never_back(storage: Storage) -> None:
    made = await reader(storage)

    async def digest(watermark: int | None, state: DeliveryState) -> int:
        asked = await storage.outbox.begin_digest(made.id, [3], NOW)
        await storage.outbox.acknowledge([Outcome(asked, state, NOW, watermark=watermark)])
        return (await storage.subscribers.get(made.id)).watermark

    assert await digest(7, DeliveryState.SENT) == 7
    assert await digest(5, DeliveryState.SENT) == 7
    assert await digest(None, DeliveryState.CANCELLED) == 7
    assert await digest(9, DeliveryState.EMPTY) == 9


async def test_a_digest_by_command_is_kept_with_its_stories(storage: Storage) -> None:
    made = await reader(storage)
    asked = await storage.outbox.begin_digest(made.id, [3, 4], NOW)
    twice = await storage.outbox.begin_digest(made.id, [3, 4], NOW)  # two taps in a second
    assert asked != twice
    assert await claim(storage) == []  # it is in flight already
    await storage.outbox.acknowledge([Outcome(asked, DeliveryState.SENT, NOW, message_id=8)])
    line = await storage.outbox.by_message(made.id, 8)
    assert line is not None
    assert line.stories == (3, 4)
    with pytest.raises(StorageError):
        await storage.outbox.begin_digest(99, [], NOW)


# ---------------------------------------------------------------- pauses


async def test_pauses_survive_reopening(path: Path) -> None:
    async with Storage.open(path) as storage:
        await storage.outbox.pause(5, NOW + HOUR)
        await storage.outbox.pause(5, NOW + MINUTE)  # a shorter wait does not cut a longer one
        await storage.outbox.pause(ALL_CHATS, NOW + MINUTE)
    async with Storage.open(path) as storage:
        assert await storage.outbox.pauses(NOW) == {5: NOW + HOUR, ALL_CHATS: NOW + MINUTE}
        assert await storage.outbox.pauses(NOW + MINUTE) == {5: NOW + HOUR}
        await storage.outbox.pause(5, NOW + 2 * HOUR)
        assert await storage.outbox.pauses(NOW + HOUR) == {5: NOW + 2 * HOUR}


async def test_what_is_owed_survives_reopening(path: Path) -> None:
    async with Storage.open(path) as storage:
        await _readers(storage, 3)
        await claim(storage, 2)
    async with Storage.open(path) as storage:
        assert await storage.outbox.recover(NOW) == 2
        assert len(await claim(storage)) == 3


async def test_hot_queries_never_read_whole_tables(storage: Storage) -> None:
    """Without statistics, as a fresh database has none."""
    made = await reader(storage, defaults=ALERTED)
    await storage.subscribers.set_slots(made.id, [SlotPlan(480, 127, silent=True)], [NOW])
    seen: list[str] = []
    database = storage.feeds._database
    for connection in (database._reader, database._writer):
        assert connection is not None
        await connection.set_trace_callback(seen.append)
    source = await feed(storage)
    await storage.articles.store(draft(source, "a"), now=NOW)
    await told(storage, "b")
    await storage.owing.word_keys(["a", "b"])
    await expand_all(storage, [EVERYTHING, SPORT])
    await send_one(storage)
    await _fire(storage, NOW)
    await claim(storage)
    await storage.owing.unmerged(NOW, NOW - DAY)
    await storage.outbox.deferred(made.id)
    await storage.outbox.by_message(made.id, 1)
    for topic in (None, draft(source, "a").topic):
        for language in ("all", "ru"):
            await storage.articles.latest(language=language, limit=8, topic=topic)
    await storage.articles.latest(language="ru", limit=8, source_id=source.source_id)
    await storage.articles.between(NOW - DAY, NOW, language="ru", limit=8)
    await storage.articles.stored_since(0, language="ru", since=NOW - DAY)
    await storage.articles.top(NOW - DAY, language="ru")
    await storage.articles.by_keys([1, 2])
    await storage.articles.of_stories([1, 2])
    await storage.articles.by_entry(source.id, "guid-a")
    await storage.articles.pages_due(NOW)
    await storage.feeds.due(NOW)
    await storage.entries.known(source.id, ["a"])
    await storage.subscribers.find(1)
    await storage.upkeep.prune_articles(NOW - DAY)
    assert len(seen) > 40
    assert await _whole_scans(storage, seen) == []


async def _whole_scans(storage: Storage, statements: Sequence[str]) -> list[str]:
    tables = {row["name"] for row in await storage.feeds._database.rows("PRAGMA table_list")}
    large = {"a", "d", "e", "o", "st", "m", *tables} - {"feed", "source"}
    found = []
    for statement in statements:
        if not statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            continue
        for row in await storage.feeds._database.rows(f"EXPLAIN QUERY PLAN {statement}"):
            step = row["detail"].split()
            if step[0] == "SCAN" and "USING" not in step and step[1] in large:
                found.append(f"{row['detail']}: {' '.join(statement.split())}")
    return found


async def test_two_rows_of_a_migrated_chat_become_one_ledger(storage: Storage) -> None:
    """The bot was added to the new group before it heard of the move."""
    old = await reader(storage, -5, defaults=ALERTED)
    first, second, third = [(await told(storage, name)).story_id for name in "abc"]
    await expand_all(storage)
    made, _ = await storage.subscribers.create(
        -1005,
        kind=ChatKind.SUPERGROUP,
        title="New",
        defaults=ALERTED,
        now=NOW + MINUTE,
        covered_before=NOW - DAY,
    )
    for story, state in ((first, "sent"), (second, "owed")):
        await execute(
            storage,
            """
            INSERT INTO delivery (subscriber_id, state, due, expires, story_id, ended)
            VALUES (:id, :state, 0, 9000000000, :story, CASE :state WHEN 'sent' THEN 0 END)
            """,
            id=made.id,
            state=state,
            story=story,
        )
    fourth = (await told(storage, "d")).story_id
    await execute(
        storage,
        """
        INSERT INTO delivery (subscriber_id, state, due, expires, story_id)
        VALUES (:id, 'owed', 0, 9000000000, :story)
        """,
        id=made.id,
        story=fourth,
    )
    await storage.outbox.tick(ClaimBatch(migrated=((-5, -1005),)), now=NOW)
    assert await storage.subscribers.find(-5) is None
    merged = await storage.subscribers.find(-1005)
    assert merged is not None
    assert merged.id == old.id
    owed = await values(
        storage,
        "SELECT story_id, state FROM delivery WHERE subscriber_id = :id ORDER BY story_id",
        id=old.id,
    )
    assert owed == [
        (first, "sent"),
        (second, "owed"),
        (third, "owed"),
        (fourth, "owed"),
    ]


@pytest.mark.parametrize("at_once", [1, 3, 10, 100])
def test_no_lane_starves_however_few_are_claimed_at_once(at_once: int) -> None:
    pushes, digests, broadcasts = (list(range(start, start + 200)) for start in (0, 1000, 2000))
    lanes: list[list[int]] = [pushes, digests, broadcasts]
    served = 0
    taken = []
    while served < 100:
        some = in_turn(lanes, min(at_once, 100 - served), served)
        served += len(some)
        taken += some
        lanes = [[one for one in lane if one not in some] for lane in lanes]
    counts = [sum(one // 1000 == lane for one in taken) for lane in range(3)]
    assert counts == [85, 10, 5]
    assert taken[0] == 0
    for lane in range(3):
        assert [one for one in taken if one // 1000 == lane] == sorted(
            one for one in taken if one // 1000 == lane
        )


def test_a_lane_alone_takes_all_places_and_an_empty_one_leaves_its_own() -> None:
    assert in_turn([[], [], [5, 6]], 9, 0) == [5, 6]
    assert in_turn([[1, 2], [3], []], 9, 9) == [3, 1, 2]
    assert in_turn([[], [], []], 9, 0) == []
