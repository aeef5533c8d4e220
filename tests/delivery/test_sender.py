"""The sender against a loopback Telegram: once to each, nothing lost, every fault met."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.telegram.updates import TokenRefusedError
from storage import (
    Alerts,
    ChatKind,
    ClaimBatch,
    FollowKind,
    Level,
    PictureBlock,
    SlotPlan,
    SubscriberState,
    Subscription,
    Topic,
    View,
)
from tests.delivery.conftest import NOW, Newsroom, Start
from tests.telegram.conftest import Answer, Request, Server, error

EVERY_DAY = 127


def texts(server: Server) -> list[str]:
    return [request.fields["text"] for request in server.of("sendMessage")]


async def test_a_push_goes_once_to_each_follower(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    readers = [await newsroom.reader() for _ in range(5)]
    await newsroom.reader(alerts=Alerts.OFF)
    await newsroom.article("Открыт новый мост")
    async with start() as desk:
        await desk.settle()
        await desk.settle()
        line = await desk.storage.outbox.delivery(1)
    assert sorted(one.fields["chat_id"] for one in server.requests) == [
        one.chat_id for one in readers
    ]
    assert line is not None
    assert (line.state.value, line.message_id, line.view) == ("sent", 7, View.PUSH)


async def test_at_once_is_silent_unless_sound_was_chosen(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader()
    await newsroom.article()
    async with start() as desk:
        await desk.settle()
    assert server.requests[0].fields["disable_notification"] is True


async def test_what_was_in_flight_at_a_crash_is_sent_again(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader()
    await newsroom.article()
    async with start() as desk:
        pass
    await desk.outbox.expand(NOW)
    claimed = await newsroom.storage.outbox.tick(ClaimBatch(limit=10), now=NOW)
    assert len(claimed) == 1  # and then the process dies
    async with start() as desk:
        await desk.settle()
    assert len(server.of("sendMessage")) == 1


async def test_a_stop_waits_for_what_is_on_the_wire_and_notes_it(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader()
    await newsroom.article()
    server.default = lambda _: Answer(body='{"ok":true,"result":{"message_id":9}}', hang=0.4)
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def asked() -> bool:
            return bool(server.requests)

        await desk.until(asked)
    line = await newsroom.storage.outbox.delivery(1)
    assert line is not None
    assert (line.state.value, line.message_id) == ("sent", 9)


async def test_a_block_pauses_the_reader_softly_and_the_next_digest_has_the_story(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader()
    stored = await newsroom.article()
    server.script("sendMessage", error(403, "Forbidden: bot was blocked by the user"))
    async with start() as desk:
        await desk.settle()
        paused = await desk.storage.subscribers.get(reader.id)
        assert paused.state is SubscriberState.PAUSED
        assert "blocked" in (paused.paused_reason or "")
        await desk.storage.subscribers.revive(reader.chat_id)
        composed = await desk.digests.compose(await desk.storage.subscribers.get(reader.id), NOW)
    assert composed is not None
    assert composed.stories == (stored.story_id,)


async def test_a_group_that_became_a_supergroup_is_followed(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(-50, kind=ChatKind.GROUP)
    await newsroom.article()
    server.script(
        "sendMessage",
        error(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=-100500,
        ),
    )
    async with start() as desk:
        await desk.settle()
        moved = await desk.storage.subscribers.get(reader.id)
    assert moved.chat_id == -100500
    assert [one.fields["chat_id"] for one in server.requests] == [-50, -100500]


async def test_a_closed_topic_falls_to_the_general_one(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(-100700, kind=ChatKind.SUPERGROUP, thread_id=12)
    await newsroom.article()
    server.script("sendMessage", error(400, "Bad Request: message thread not found"))
    async with start() as desk:
        await desk.settle()
    first, second = server.requests
    assert first.fields["message_thread_id"] == 12
    assert "message_thread_id" not in second.fields


async def test_refused_markup_is_sent_as_plain_text(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader()
    await newsroom.article("A & B")
    server.script("sendMessage", error(400, "Bad Request: can't parse entities: oops"))
    async with start() as desk:
        await desk.settle()
        same = await desk.storage.subscribers.get(reader.id)
    assert "parse_mode" not in server.requests[1].fields
    assert "A & B" in server.requests[1].fields["text"]
    assert same.state is SubscriberState.ACTIVE


async def test_a_message_refused_in_every_form_fails_alone(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(
        slots=(SlotPlan(19 * 60, EVERY_DAY, False),), slot_dues=(NOW + timedelta(hours=7),)
    )
    await newsroom.article("Неподъёмная")
    server.script("sendMessage", *[error(400, "Bad Request: message is too long")] * 2)
    async with start() as desk:
        await desk.settle()
        line = await desk.storage.outbox.delivery(1)
        same = await desk.storage.subscribers.get(reader.id)
        assert line is not None
        assert (line.state.value, line.reason) == ("deferred", "Bad Request: message is too long")
        assert same.state is SubscriberState.ACTIVE
        desk.clock.forward(hours=7)
        await desk.settle()
    assert len(server.requests) == 3
    assert "Неподъёмная" in texts(server)[2]


@pytest.mark.parametrize(
    "answer",
    [
        error(500, "Internal Server Error"),
        Answer(502, "<html>Bad Gateway</html>"),
        Answer(200, "{"),
        Answer(drop=True),
    ],
    ids=["500", "html", "malformed", "dropped"],
)
async def test_a_passing_fault_is_tried_again(
    answer: Answer, newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader()
    await newsroom.article()
    server.script("sendMessage", answer)
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def retried() -> bool:
            desk.clock.forward(seconds=1)
            line = await desk.storage.outbox.delivery(1)
            return line is not None and line.state.value == "sent"

        await desk.until(retried)
    assert len(server.requests) == 2


async def test_a_flood_pauses_its_chat_and_is_remembered(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader()
    await newsroom.article()
    server.script("sendMessage", error(429, "Too Many Requests: retry after 40", retry_after=40))
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def noted() -> bool:
            return bool(reader.chat_id in await desk.storage.outbox.pauses(NOW))

        await desk.until(noted)
        assert desk.limiter.delay(reader.chat_id) > 30
        assert desk.limiter.bulk_delay() == 0
    async with start() as desk:

        async def still_paused() -> bool:
            return bool(desk.limiter.delay(reader.chat_id) > 30)

        await desk.until(still_paused)
    assert len(server.requests) == 1


async def test_a_second_chats_flood_pauses_bulk_for_everybody(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    for _ in range(20):
        await newsroom.reader()
    await newsroom.article()
    server.default = lambda _: error(429, "Too Many Requests: retry after 30", retry_after=30)
    async with start(in_flight=2) as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def paused() -> bool:
            return bool(desk.limiter.bulk_delay() > 20)

        await desk.until(paused)
        await asyncio.sleep(0.3)
        assert len(server.requests) <= 3
        states = await desk.states()
    assert set(states.values()) <= {"owed", "claimed"}
    assert len(states) == 20


async def test_a_refused_token_ends_the_sender(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader()
    await newsroom.article()
    server.default = lambda _: error(401, "Unauthorized")
    async with start(own_run=False) as desk:
        await desk.outbox.expand(NOW)
        running = asyncio.create_task(desk.sender.run())
        with pytest.raises(TokenRefusedError):
            await asyncio.wait_for(running, 5)


async def test_a_full_disk_stops_sending_and_loses_and_repeats_nothing(
    newsroom: Newsroom, start: Start, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        await newsroom.reader()
    await newsroom.article()
    await newsroom.fill_disk()
    async with start(in_flight=1) as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def stopped() -> bool:
            return "sending stops" in caplog.text

        await desk.until(stopped)
        await asyncio.sleep(0.2)
        assert len(server.requests) == 1
        assert "free some space" in caplog.text
        await newsroom.free_disk()
        desk.sender.wake()
        await desk.settle()
    assert len({one.fields["chat_id"] for one in server.requests}) == 3
    assert len(server.requests) == 3


async def test_quiet_hours_that_end_near_a_digest_leave_a_push_to_it(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(
        quiet_from=11 * 60,
        quiet_to=13 * 60,
        slots=(SlotPlan(15 * 60, EVERY_DAY, False),),
        slot_dues=(NOW + timedelta(hours=3),),
    )
    stored = await newsroom.article("Ночная новость")
    async with start() as desk:
        await desk.settle()
        assert server.requests == []
        desk.clock.forward(hours=2)
        await desk.settle()
        assert server.requests == []
        desk.clock.forward(hours=1)
        await desk.settle()
        line = await desk.storage.outbox.delivery(2)
    assert "Ночная новость" in texts(server)[0]
    assert line is not None
    assert line.stories == (stored.story_id,)


async def test_quiet_hours_that_end_far_from_a_digest_end_with_one_merged_message(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(
        quiet_from=11 * 60,
        quiet_to=13 * 60,
        slots=(SlotPlan(19 * 60, EVERY_DAY, False),),
        slot_dues=(NOW + timedelta(hours=7),),
    )
    for title in ("Первая ночная", "Вторая ночная"):
        await newsroom.article(title)
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def held() -> bool:
            return [*(await desk.states()).values()] == ["deferred", "deferred", "owed"]

        await desk.until(held)
        desk.clock.forward(hours=1)
        await desk.settle()
        (merged,) = texts(server)
        assert "За тихие часы: 2 новости" in merged
        assert "Первая ночная" in merged
        assert "Вторая ночная" in merged
        desk.clock.forward(hours=6)
        await desk.settle()
    assert len(server.requests) == 1, "the digest tells nothing twice"


async def test_without_digests_what_was_held_back_comes_merged(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(hourly=1)
    for title in ("Раз", "Два", "Три"):
        await newsroom.article(title)
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def one_told_two_held() -> bool:
            held = [*(await desk.states()).values()].count("deferred")
            return len(texts(server)) == 1 and held == 2

        await desk.until(one_told_two_held)
        desk.clock.forward(hours=1)
        await desk.settle()
    first, merged = texts(server)
    assert "Раз" in first
    assert merged.startswith("<b>2 новости</b>"), "it was not quiet: there were too many"
    assert "Два" in merged
    assert "Три" in merged


async def test_an_expired_push_becomes_a_line_of_a_digest_that_is_near(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(
        slots=(SlotPlan(17 * 60, EVERY_DAY, False),),
        slot_dues=(NOW + timedelta(hours=5),),
    )
    await newsroom.article("Поздняя")
    async with start() as desk:
        desk.clock.forward(hours=3)
        await desk.settle()
        assert server.requests == []
        desk.clock.forward(hours=2)
        await desk.settle()
    (digest,) = texts(server)
    assert "Поздняя" in digest
    assert "дайджест" in digest


async def test_expired_pushes_come_as_one_message_where_the_digest_is_far(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(
        slots=(SlotPlan(19 * 60, EVERY_DAY, False),),
        slot_dues=(NOW + timedelta(hours=7),),
    )
    for title in ("Раз", "Два"):
        await newsroom.article(title)
    async with start() as desk:
        desk.clock.forward(hours=3)
        await desk.settle()
        (merged,) = texts(server)
        assert "Раз" in merged
        assert "Два" in merged
        desk.clock.forward(hours=4)
        await desk.settle()
    assert len(server.requests) == 1


async def test_late_pushes_of_one_reader_are_merged_and_one_alone_goes_as_it_is(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    crowded = await newsroom.reader()
    alone = await newsroom.reader(alerts=Alerts.OFF)
    follow = Subscription(alone.id, FollowKind.WORDS, "зверь", "зверь", Level.NOW)
    await newsroom.storage.subscribers.follow(follow)
    await newsroom.article("Раз")
    await newsroom.article("Два", words="зверь")
    async with start() as desk:
        pass
    await desk.outbox.expand(NOW)
    desk.clock.forward(minutes=6)  # the bot was busy
    async with start() as desk:
        await desk.settle()
    messages = {one.fields["chat_id"]: one.fields["text"] for one in server.requests}
    assert len(server.requests) == 2
    assert "Раз" in messages[crowded.chat_id]
    assert "Два" in messages[crowded.chat_id]
    assert messages[alone.chat_id].startswith("<b>Два</b>")


async def test_old_news_is_gathered_into_one_message(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    """The bot was down, or the feed slow: nobody wants a dozen alerts of this morning."""
    await newsroom.reader()
    morning = NOW - timedelta(hours=3)
    async with start() as desk:
        for title in ("Раз", "Два"):
            await newsroom.article(title, published=morning)
            await desk.outbox.expand(NOW)
            desk.sender.wake()
        await newsroom.article("Свежая")

        async def held() -> bool:
            await desk.outbox.expand(NOW)
            return len(texts(server)) == 1 and "claimed" not in (await desk.states()).values()

        await desk.until(held)
        assert "Свежая" in texts(server)[0]
        desk.clock.forward(minutes=3)
        await desk.settle()
    _, merged = texts(server)
    assert "Раз" in merged
    assert "Два" in merged


async def test_a_digest_fires_once_a_slot_and_one_covers_a_gap(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(
        alerts=Alerts.OFF,
        slots=(SlotPlan(8 * 60, EVERY_DAY, True),),
        slot_dues=(NOW - timedelta(days=4),),
    )
    await newsroom.article("Главное", push=False)
    async with start() as desk:
        await desk.settle()
        await desk.settle()
        (slot,) = await desk.storage.subscribers.slots(reader.id)
        same = await desk.storage.subscribers.get(reader.id)
    assert len(texts(server)) == 1
    assert texts(server)[0].startswith("<b>Главное</b>")
    assert server.requests[0].fields["disable_notification"] is True
    assert slot.due == NOW.replace(hour=5) + timedelta(days=1)
    assert same.watermark > 0


async def test_an_empty_digest_is_not_sent(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(slots=(SlotPlan(720, EVERY_DAY, False),), slot_dues=(NOW,))
    async with start() as desk:
        await desk.settle()
        line = await desk.storage.outbox.delivery(1)
    assert server.requests == []
    assert line is not None
    assert line.state.value == "empty"


async def test_who_stopped_gets_nothing(newsroom: Newsroom, start: Start, server: Server) -> None:
    reader = await newsroom.reader()
    await newsroom.article()
    async with start() as desk:
        pass
    await desk.outbox.expand(NOW)
    await newsroom.storage.subscribers.change(reader.id, state=SubscriberState.STOPPED)
    async with start() as desk:
        await desk.settle()
    assert server.requests == []


async def test_a_story_told_by_another_source_is_not_pushed_again(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader()
    first = await newsroom.article("Мост открыт")
    async with start() as desk:
        await desk.settle()
        await newsroom.article("Открыли мост", domain="hronika.example", story=first.story_id)
        await desk.settle()
    assert len(texts(server)) == 1


async def test_each_reader_gets_the_interface_in_their_language(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    russian = await newsroom.reader()
    english = await newsroom.reader(news_language="all", language="en")
    await newsroom.article("Мост", topic=Topic.SPORT)
    async with start() as desk:
        await desk.settle()
    keyboards = {one.fields["chat_id"]: str(one.fields["reply_markup"]) for one in server.requests}
    assert "Читать" in keyboards[russian.chat_id]
    assert "Read" in keyboards[english.chat_id]


async def test_two_digests_missed_in_one_gap_tell_nothing_twice(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    """Down over the evening's digest and the morning's: both are owed at the start."""
    await newsroom.reader(
        alerts=Alerts.OFF,
        slots=(SlotPlan(19 * 60, EVERY_DAY, False), SlotPlan(8 * 60, EVERY_DAY, False)),
        slot_dues=(NOW - timedelta(hours=17), NOW - timedelta(hours=4)),
    )
    await newsroom.article("Главное", push=False)
    async with start() as desk:
        await desk.outbox.owe_digests(NOW)

        async def both_ended() -> bool:
            desk.clock.forward(seconds=1)
            return [*(await desk.states()).values()] in (["sent", "empty"], ["empty", "sent"])

        await desk.until(both_ended)
    assert len(texts(server)) == 1


async def test_a_digest_that_missed_its_hour_waits_while_it_is_quiet(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    """Down at 19:00, back at night: the phone stays silent till the quiet hours end."""
    await newsroom.reader(
        alerts=Alerts.OFF,
        quiet_from=11 * 60,
        quiet_to=13 * 60,
        slots=(SlotPlan(8 * 60, EVERY_DAY, False),),
        slot_dues=(NOW - timedelta(hours=4),),
    )
    await newsroom.reader(
        alerts=Alerts.OFF,
        quiet_from=11 * 60,
        quiet_to=13 * 60,
        slots=(SlotPlan(12 * 60, EVERY_DAY, False),),  # set within quiet hours: meant so
        slot_dues=(NOW,),
    )
    await newsroom.article("Главное", push=False)
    async with start() as desk:
        await desk.outbox.owe_digests(NOW)

        async def one_waits() -> bool:
            return sorted((await desk.states()).values()) == ["owed", "sent"]

        await desk.until(one_waits)
        assert len(texts(server)) == 1
        desk.clock.forward(hours=1)
        await desk.settle()
    assert len(texts(server)) == 2


async def test_a_cap_counts_what_is_still_on_the_wire(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(hourly=1)
    server.default = lambda _: Answer(body='{"ok":true,"result":{"message_id":9}}', hang=0.4)
    async with start() as desk:
        await newsroom.article("Раз")
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def asked() -> bool:
            return bool(server.requests)

        await desk.until(asked)
        await newsroom.article("Два")
        await desk.outbox.expand(NOW)

        async def held() -> bool:
            return "deferred" in (await desk.states()).values()

        await desk.until(held)
        assert await desk.storage.outbox.deferred(reader.id) == [2]
    assert len(server.requests) == 1


async def test_a_digest_and_a_push_of_one_story_do_not_cross(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    """A story stored as the digest is composed, its push expanded while that is on the wire."""
    await newsroom.reader(slots=(SlotPlan(720, EVERY_DAY, False),), slot_dues=(NOW,))
    server.default = lambda _: Answer(body='{"ok":true,"result":{"message_id":9}}', hang=0.4)
    async with start() as desk:
        await newsroom.article("Только что")
        await desk.outbox.owe_digests(NOW)

        async def asked() -> bool:
            return bool(server.requests)

        await desk.until(asked)
        await desk.outbox.expand(NOW)

        async def ended() -> bool:
            desk.clock.forward(seconds=1)
            return sorted((await desk.states()).values()) == ["cancelled", "sent"]

        await desk.until(ended)
    assert len(server.requests) == 1


async def test_what_may_have_arrived_is_repeated_a_few_times_and_then_left_to_the_digest(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(
        slots=(SlotPlan(19 * 60, EVERY_DAY, False),), slot_dues=(NOW + timedelta(hours=7),)
    )
    await newsroom.article("Дошла ли")
    server.default = lambda _: Answer(drop=True)
    async with start() as desk:
        await desk.outbox.expand(NOW)

        async def given_up() -> bool:
            desk.clock.forward(seconds=20)
            desk.limiter._bulk_paused_until = 0.0  # outages are waited out by the real clock
            desk.sender.wake()
            return "deferred" in (await desk.states()).values()

        await desk.until(given_up)
        assert len(server.requests) == 5
        server.default = None
        desk.limiter._bulk_paused_until = 0.0
        desk.clock.now = NOW + timedelta(hours=7)
        await desk.settle()
    assert "Дошла ли" in texts(server)[-1]
    assert "дайджест" in texts(server)[-1]


async def test_a_digest_whose_picture_is_refused_comes_without(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(
        alerts=Alerts.OFF, slots=(SlotPlan(720, EVERY_DAY, False),), slot_dues=(NOW,)
    )
    await newsroom.article(
        "Главное", push=False, image=PictureBlock("https://vestnik.example/picture.jpg")
    )

    def refuse(request: Request) -> Answer:
        if "url" in request.fields["link_preview_options"]:
            return error(400, "Bad Request: WEBPAGE_MEDIA_EMPTY")
        return Answer(body='{"ok":true,"result":{"message_id":9}}')

    server.default = refuse
    async with start() as desk:
        await desk.settle()
        line = await desk.storage.outbox.delivery(1)
    assert line is not None
    assert line.state.value == "sent"
    assert "<b>" in texts(server)[-1], "the markup was not at fault"
    assert "Главное" in texts(server)[-1]


async def test_a_refused_picture_is_sent_to_nobody_any_more(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    url = "https://vestnik.example/picture.jpg"
    for _ in range(3):
        await newsroom.reader()
    article = await newsroom.article("Мост", image=PictureBlock(url))
    refusals = 0

    def refuse(request: Request) -> Answer:
        nonlocal refusals
        if "url" in request.fields["link_preview_options"]:
            refusals += 1
            return error(400, "Bad Request: failed to get HTTP URL content")
        return Answer(body='{"ok":true,"result":{"message_id":9}}')

    server.default = refuse
    async with start() as desk:
        await desk.outbox.expand(NOW)
        await desk.settle()
        assert set((await desk.states()).values()) == {"sent"}
        known = await desk.storage.pictures.known(url)
        assert known is not None
        assert known.bad
        assert (await desk.storage.articles.get(article.article_id)).image is None
        before = refusals
        assert 1 <= before <= 3, "only what was on the wire already"
        await newsroom.article("Тоннель", image=PictureBlock(url))
        await desk.outbox.expand(NOW)
        await desk.settle()
    assert refusals == before, "another article with that picture comes without it"
    assert "Тоннель" in texts(server)[-1]


async def test_a_closed_general_topic_pauses_the_group(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(-100700, kind=ChatKind.SUPERGROUP, thread_id=12)
    await newsroom.article()
    server.default = lambda _: error(400, "Bad Request: TOPIC_CLOSED")
    async with start() as desk:
        await desk.settle()
        paused = await desk.storage.subscribers.get(reader.id)
    assert paused.state is SubscriberState.PAUSED
    assert len(server.requests) == 2


async def test_one_chats_heap_leaves_places_for_the_others(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    """Forty stories for one chat, and then one for another: it need not wait for the forty."""
    flooded = await newsroom.reader()
    subscribers = newsroom.storage.subscribers
    quiet = await newsroom.reader(alerts=Alerts.OFF)
    await subscribers.follow(Subscription(quiet.id, FollowKind.WORDS, "зверь", "зверь", Level.NOW))
    for _ in range(40):
        await newsroom.article()
    await newsroom.article(words="зверь")
    async with start(rate=1000, in_flight=10) as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def told() -> bool:
            return any(one.fields["chat_id"] == quiet.chat_id for one in server.requests)

        await desk.until(told, 3)
        to_flooded = [one for one in server.requests if one.fields["chat_id"] == flooded.chat_id]
        assert len(to_flooded) <= 6


async def test_a_pause_of_the_bulk_lane_gives_back_what_waits(
    newsroom: Newsroom, start: Start, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours later readers may have stopped: what waited is judged again before it goes."""
    monkeypatch.setattr("bot.delivery.sender._TURN", 0.2)
    reader = await newsroom.reader()
    await newsroom.article()
    async with start() as desk:
        desk.limiter.pause_bulk(seconds=0)
        claimed = desk.limiter.bulk_delay
        desk.limiter.bulk_delay = lambda: 0.0
        desk.limiter.pause_bulk(seconds=1.0)
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def given_back() -> bool:
            line = await desk.storage.outbox.delivery(1)
            return line is not None and line.reason == "waiting"

        await desk.until(given_back)
        desk.limiter.bulk_delay = claimed
        await desk.storage.subscribers.change(reader.id, state=SubscriberState.STOPPED)
        desk.clock.forward(hours=1)
        await desk.settle()
    assert server.requests == []


async def test_a_full_disk_is_not_hammered(
    newsroom: Newsroom, start: Start, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await newsroom.reader()
    await newsroom.article()
    writer = newsroom.storage.outbox._database._writer
    assert writer is not None
    await writer.execute(
        """
        CREATE TRIGGER full BEFORE UPDATE ON delivery WHEN new.state = 'sent'
        BEGIN SELECT RAISE(ABORT, 'no'); END
        """
    )
    tries = 0
    tick = newsroom.storage.outbox.tick

    async def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal tries
        tries += 1
        return await tick(*args, **kwargs)

    monkeypatch.setattr(newsroom.storage.outbox, "tick", counted)
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def sent() -> bool:
            return bool(server.requests)

        await desk.until(sent)
        await asyncio.sleep(0.2)
        before = tries
        await asyncio.sleep(0.5)
        assert tries - before <= 1
        await writer.execute("DROP TRIGGER full")


async def test_an_outage_makes_all_wait_once_a_round_and_one_chats_trouble_nobody(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    readers = [await newsroom.reader() for _ in range(8)]
    await newsroom.article()
    server.default = lambda _: error(502, "Bad Gateway")
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def noticed() -> bool:
            return bool(desk.limiter.bulk_delay() > 0)

        await desk.until(noticed)
        assert len(server.requests) == 2, "the canary, and the next one"
        assert 1 < desk.limiter.bulk_delay() <= 2
        desk.limiter._bulk_paused_until = 0.0
        alone = readers[0].chat_id
        server.default = lambda request: (
            error(502, "Bad Gateway")
            if request.fields["chat_id"] == alone
            else Answer(body='{"ok":true,"result":{"message_id":9}}')
        )

        async def others_told() -> bool:
            desk.clock.forward(seconds=5)
            return [*(await desk.states()).values()].count("sent") == len(readers) - 1

        await desk.until(others_told)
        before = len(server.requests)

        async def tried_on() -> bool:
            desk.clock.forward(seconds=20)
            return len(server.requests) >= before + 4

        await desk.until(tried_on)
        assert desk.limiter.bulk_delay() == 0


async def test_a_stop_waits_for_the_acknowledgement_under_way(
    newsroom: Newsroom, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent and is being noted must not be rolled back with the sender's task."""
    await newsroom.reader()
    await newsroom.article()
    tick = newsroom.storage.outbox.tick
    noting = asyncio.Event()

    async def slow(batch: ClaimBatch, **kwargs: Any) -> Any:
        if batch.outcomes:
            noting.set()
            await asyncio.sleep(0.3)
        return await tick(batch, **kwargs)

    monkeypatch.setattr(newsroom.storage.outbox, "tick", slow)
    async with start(own_run=False) as desk:
        running = asyncio.create_task(desk.sender.run())
        await desk.outbox.expand(NOW)
        desk.sender.wake()
        await noting.wait()
        await desk.sender.stop()
        running.cancel()
        line = await newsroom.storage.outbox.delivery(1)
    assert line is not None
    assert line.state.value == "sent"


async def test_a_digest_by_command_waits_for_the_one_on_the_wire(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(
        alerts=Alerts.OFF, slots=(SlotPlan(720, EVERY_DAY, False),), slot_dues=(NOW,)
    )
    await newsroom.article(push=False)
    server.default = lambda _: Answer(body='{"ok":true,"result":{"message_id":9}}', hang=0.4)
    async with start() as desk:
        await desk.outbox.owe_digests(NOW)
        desk.sender.wake()

        async def on_the_wire() -> bool:
            return bool(server.requests)

        await desk.until(on_the_wire)
        async with desk.digests.turn(reader.id):
            same = await desk.storage.subscribers.get(reader.id)
            assert await desk.digests.issue(same, NOW) is None
    assert len(server.requests) == 1
