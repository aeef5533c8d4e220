"""Owing: what was held back always finds a way, one bad push stops no other."""

import logging
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.delivery.outbox import Outbox, digest_of
from storage import Alerts, FollowKind, Level, Outcome, SlotDue, SlotPlan, Subscriber, Subscription
from storage import DeliveryState as State
from tests.delivery.conftest import NOW, Newsroom, Start
from tests.delivery.test_sender import EVERY_DAY, texts
from tests.telegram.conftest import Server, error


async def test_a_reader_without_digests_who_comes_back_gets_what_was_missed(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader()
    await newsroom.article("Пока был блок")
    server.script("sendMessage", error(403, "Forbidden: bot was blocked by the user"))
    async with start() as desk:
        await desk.settle()
        await desk.settle()
        assert len(server.requests) == 1  # nothing for whom cannot be reached
        await desk.storage.subscribers.revive(reader.chat_id)
        await desk.settle()
        await desk.settle()
    assert len(server.requests) == 2
    assert "Пока был блок" in texts(server)[1]


async def test_what_was_held_back_for_a_digest_comes_although_digests_are_off_now(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(
        quiet_from=11 * 60,
        quiet_to=18 * 60,
        slots=(SlotPlan(19 * 60, EVERY_DAY, False),),
        slot_dues=(NOW + timedelta(hours=7),),
    )
    await newsroom.article("Ночная новость")
    async with start() as desk:
        await desk.settle()
        await desk.storage.subscribers.set_slots(reader.id, [], [])
        await desk.outbox.owe_digests(NOW)
        assert server.requests == []
        desk.clock.forward(hours=6)
        await desk.settle()
    assert ["Ночная новость" in text for text in texts(server)] == [True]


async def test_a_merged_message_that_was_too_late_is_owed_anew(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(hourly=1)
    await newsroom.article("Раз")
    await newsroom.article("Два")
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def held() -> bool:
            return "deferred" in (await desk.states()).values()

        await desk.until(held)
    desk.clock.forward(hours=30)  # the machine was off
    async with start() as desk:
        desk.sender.wake()

        async def expired() -> bool:
            return "cancelled" in (await desk.states()).values()

        await desk.until(expired)
        desk.clock.forward(hours=2)
        await desk.settle()
    assert "Два" in texts(server)[1]


async def test_a_block_during_a_digest_cancels_it_and_the_next_one_has_the_same(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(
        alerts=Alerts.OFF, slots=(SlotPlan(720, EVERY_DAY, False),), slot_dues=(NOW,)
    )
    await newsroom.article("Главное", push=False)
    server.script("sendMessage", error(403, "Forbidden: bot was blocked by the user"))
    async with start() as desk:
        await desk.settle()
        line = await desk.storage.outbox.delivery(1)
        assert line is not None
        assert (line.state, line.reason) == (State.CANCELLED, "blocked")
        await desk.storage.subscribers.revive(reader.chat_id)
        desk.clock.forward(days=1)
        await desk.settle()
    assert "Главное" in texts(server)[1]


async def test_a_push_that_cannot_be_matched_stops_no_other(
    newsroom: Newsroom, start: Start, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    await newsroom.reader()
    await newsroom.article("Испорченная")
    await newsroom.article("Целая")
    writer = newsroom.storage.outbox._database._writer
    assert writer is not None
    await writer.execute("UPDATE article SET topic = 'unheard-of' WHERE id = 1")
    async with start() as desk:
        await desk.settle()
    assert ["Целая" in text for text in texts(server)] == [True]
    assert "push 1" in caplog.text


async def test_a_digest_of_many_stories_forgets_none(newsroom: Newsroom, start: Start) -> None:
    """A reader of one topic among hundreds of stories that are not theirs."""
    reader = await newsroom.reader(alerts=Alerts.OFF)
    subscribers = newsroom.storage.subscribers
    await subscribers.unfollow_all(reader.id)
    await subscribers.follow(
        Subscription(reader.id, FollowKind.WORDS, "зверь", "зверь", Level.DIGEST)
    )
    mine = await newsroom.article("Зверь", words="зверь", push=False)
    writer = newsroom.storage.outbox._database._writer
    assert writer is not None
    await writer.execute("PRAGMA synchronous = OFF")
    for _ in range(410):
        await newsroom.article(push=False)
    async with start() as desk:
        composed = await desk.digests.compose(reader, NOW)
    assert composed is not None
    assert composed.stories == (mine.story_id,)


async def test_a_weekly_digest_covers_its_week_and_waits_for_no_late_push(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(
        slots=(SlotPlan(600, 0b1000000, False),), slot_dues=(NOW + timedelta(days=6),)
    )
    plain = await newsroom.article("В понедельник", push=False)
    await newsroom.article("Ночью")
    async with start() as desk:
        desk.clock.forward(hours=3)  # too late for a push, and the digest is far
        await desk.settle()
        await desk.settle()
        composed = await desk.digests.compose(reader, NOW + timedelta(days=6))
    assert composed is not None
    assert composed.stories == (plain.story_id,)
    assert ["Ночью" in text for text in texts(server)] == [True]


async def test_only_the_readers_ledger_line_ends(newsroom: Newsroom) -> None:
    """An acknowledgement of what was only waiting counts no failed try."""
    await newsroom.reader()
    await newsroom.article()
    owing, outbox = newsroom.storage.owing, newsroom.storage.outbox
    (push,) = await owing.open_pushes()
    await owing.match_push(push.id, [(FollowKind.EVERYTHING, "")])
    (push,) = await owing.open_pushes()
    await owing.expand(push, now=NOW)
    await outbox.acknowledge([Outcome(1, State.OWED, NOW, due=NOW, tried=False)])
    await outbox.acknowledge([Outcome(1, State.OWED, NOW, due=NOW)])
    line = await outbox.delivery(1)
    assert line is not None
    assert line.attempts == 1


async def follows_only(newsroom: Newsroom, domain: str, level: Level) -> Subscriber:
    reader = await newsroom.reader(alerts=Alerts.OFF)
    subscribers = newsroom.storage.subscribers
    await subscribers.unfollow_all(reader.id)
    await subscribers.follow(Subscription(reader.id, FollowKind.SOURCE, domain, domain, level))
    return reader


async def test_a_story_that_another_source_began_reaches_who_follows_only_the_second(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    everything = await newsroom.reader()
    second = await follows_only(newsroom, "hronika.example", Level.NOW)
    async with start() as desk:
        begun = await newsroom.article("Мост открыт")
        await desk.settle()
        await newsroom.article("Открыли мост", domain="hronika.example", story=begun.story_id)
        await desk.settle()
    said = {one.fields["chat_id"]: one.fields["text"] for one in server.requests}
    assert len(server.requests) == 2
    assert "Мост открыт" in said[everything.chat_id]
    assert "Открыли мост" in said[second.chat_id]


async def test_a_digest_has_what_joined_a_story_of_before_for_whom_was_not_told(
    newsroom: Newsroom, start: Start
) -> None:
    everything = await newsroom.reader(alerts=Alerts.OFF)
    second = await follows_only(newsroom, "hronika.example", Level.DIGEST)
    begun = await newsroom.article("Мост открыт", push=False)
    await newsroom.article("Другое", domain="hronika.example", push=False)
    storage = newsroom.storage
    async with start() as desk:
        for reader in (everything, second):
            issue = await desk.digests.issue(reader, NOW)
            assert issue is not None
            assert (begun.story_id in issue.composed.stories) == (reader is everything)
            await desk.digests.told(issue, reader, 7, NOW)
        joined = await newsroom.article(
            "Открыли мост", domain="hronika.example", story=begun.story_id, push=False
        )
        composed = await desk.digests.compose(await storage.subscribers.get(second.id), NOW)
        assert composed is not None
        assert composed.front.lead.article_id == joined.article_id
        assert await desk.digests.compose(await storage.subscribers.get(everything.id), NOW) is None


async def test_no_push_repeats_what_a_digest_told(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    """The digest told the story by its first article; a second one comes to it later."""
    reader = await newsroom.reader()
    begun = await newsroom.article("Мост открыт", push=False)
    async with start() as desk:
        issue = await desk.digests.issue(reader, NOW)
        assert issue is not None
        await desk.digests.told(issue, reader, 7, NOW)
        desk.clock.forward(hours=1)
        await newsroom.article("Открыли мост", domain="hronika.example", story=begun.story_id)
        await desk.settle()
    assert server.requests == []


async def test_a_page_that_comes_late_tells_who_follows_its_words(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    everything = await newsroom.reader()
    reader = await newsroom.reader(alerts=Alerts.OFF)
    await newsroom.storage.subscribers.follow(
        Subscription(reader.id, FollowKind.WORDS, "зверь", "зверь", Level.NOW)
    )
    stored = await newsroom.article("Что-то случилось")
    async with start() as desk:
        await desk.settle()
        assert [one.fields["chat_id"] for one in server.requests] == [everything.chat_id]
        draft = newsroom.draft("Что-то случилось", words="зверь")
        await newsroom.storage.articles.replace(stored.article_id, draft, now=NOW, revision=False)
        await desk.settle()
    assert [one.fields["chat_id"] for one in server.requests] == [
        everything.chat_id,
        reader.chat_id,
    ]


async def test_a_page_that_comes_while_its_push_is_matched_is_matched_too(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words of before, written down after those of the page came, would lose their readers."""
    reader = await newsroom.reader(alerts=Alerts.OFF)
    storage = newsroom.storage
    for word in ("мост", "зверь"):
        await storage.subscribers.follow(
            Subscription(reader.id, FollowKind.WORDS, word, word, Level.NOW)
        )
    stored = await newsroom.article("Что-то случилось", words="дом", content_hash="of the feed")
    ordinary, pages = storage.owing.word_keys, ["зверь"]

    async def meanwhile(words: Sequence[str]) -> list[str]:
        found = await ordinary(words)
        while pages:
            draft = newsroom.draft("Что-то", words=pages.pop(), content_hash="of the page")
            await storage.articles.replace(stored.article_id, draft, now=NOW, revision=False)
        return found

    monkeypatch.setattr(storage.owing, "word_keys", meanwhile)
    assert await Outbox(storage, owed=lambda: None).expand(NOW) == 1
    assert await storage.owing.open_pushes() == []


async def test_a_digest_time_that_is_set_again_keeps_its_rest(newsroom: Newsroom) -> None:
    """Two changes of the settings after a digest, the second by a reader who flew west."""
    plans = (SlotPlan(720, EVERY_DAY, False),)
    reader = await newsroom.reader(alerts=Alerts.OFF, slots=plans, slot_dues=(NOW,))
    subscribers = newsroom.storage.subscribers
    (slot,) = await subscribers.slots(reader.id)
    due = SlotDue(slot, reader.zone, reader.state)
    await newsroom.storage.owing.owe_digests([digest_of(due, NOW)])
    await subscribers.set_slots(
        reader.id, (*plans, SlotPlan(60, EVERY_DAY, False)), (NOW + timedelta(days=1),) * 2
    )
    assert [one.fired for one in await subscribers.slots(reader.id)] == [None, NOW]


async def test_the_log_counts_digests_and_names_no_reader(
    newsroom: Newsroom, start: Start, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    for _ in range(3):
        await newsroom.reader(
            slots=(SlotPlan(12 * 60, EVERY_DAY, False),), slot_dues=(newsroom.clock.now,)
        )
    await newsroom.article("Раз")
    server.script("sendMessage", error(403, "Forbidden: bot was blocked by the user"))
    async with start() as desk:
        await desk.settle()
        await desk.settle()
    assert len(server.of("sendMessage")) == 3  # one of them refused
    assert caplog.messages == ["digests due: 3"]
