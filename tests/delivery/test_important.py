"""Alerts on important stories alone: what comes of them, how many a day, and the offer of them."""

from datetime import timedelta

from storage import Alerts, ChatKind, FollowKind, Level, SlotPlan, Stored, Subscription, Topic
from tests.delivery.conftest import NOW, Newsroom, Start
from tests.telegram.conftest import Server

SLOTS = tuple(SlotPlan(hour * 60, 127, False) for hour in (13, 15, 17, 19, 21))
DUES = tuple(NOW + timedelta(hours=hours) for hours in (1, 3, 5, 7, 9))
QUESTION = "Сообщать сразу о самом важном?"


def texts(server: Server) -> list[str]:
    return [request.fields["text"] for request in server.of("sendMessage")]


async def told_by(newsroom: Newsroom, title: str, sources: int) -> Stored:
    """A story as so many sources tell it within the hour."""
    first = await newsroom.article(title, domain="one.example")
    for number in range(1, sources):
        await newsroom.article(title, domain=f"s{number}.example", story=first.story_id)
    return first


async def test_what_three_sources_tell_comes_at_once_and_nothing_else(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    await newsroom.reader(alerts=Alerts.IMPORTANT)
    await told_by(newsroom, "Двое о мосте", 2)
    await told_by(newsroom, "Трое о мосте", 3)
    async with start() as desk:
        await desk.settle()
    (text,) = texts(server)
    assert "Трое о мосте" in text


async def test_no_more_than_three_a_day_and_the_rest_is_in_the_digest(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    """At once or one after another; and the day after there are three more."""
    reader = await newsroom.reader(
        alerts=Alerts.IMPORTANT, slots=SLOTS[3:4], slot_dues=(NOW + timedelta(hours=7),)
    )
    for number in range(5):
        await told_by(newsroom, f"Важное {number}", 3)
    async with start() as desk:
        await desk.settle()
        assert len(texts(server)) == 3
        await told_by(newsroom, "Важное потом", 3)
        await desk.settle()
        assert len(texts(server)) == 3
        # What is followed to come at once is no matter of this cap.
        await newsroom.storage.subscribers.follow(
            Subscription(reader.id, FollowKind.TOPIC, "sport", "", Level.NOW)
        )
        await newsroom.article("Матч", topic=Topic.SPORT)
        await desk.settle()
        assert "Матч" in texts(server)[-1]
        desk.clock.forward(hours=7)
        await desk.settle()
        digest = texts(server)[-1]
        assert len(texts(server)) == 5
        assert "Важное потом" in digest
        assert "Важное 4" in digest
        last = server.requests[-1].fields["reply_markup"]["inline_keyboard"]
        assert last[0][0]["text"] == "Ещё 1 заголовок"
        desk.clock.forward(hours=24)
        await told_by(newsroom, "Важное завтра", 3)
        await desk.settle()
    assert "Важное завтра" in texts(server)[-2] + texts(server)[-1]


async def test_offered_under_the_third_digest_that_comes_and_never_again(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(alerts=Alerts.OFF, slots=SLOTS, slot_dues=DUES)
    async with start() as desk:
        for number in range(5):
            await newsroom.article(f"Новость {number}", push=False)
            desk.clock.now = DUES[number]
            await desk.settle()
        after = await desk.storage.subscribers.get(reader.id)
    assert [QUESTION in text for text in texts(server)] == [False, False, True, False, False]
    third = server.of("sendMessage")[2]
    labels = [one["text"] for row in third.fields["reply_markup"]["inline_keyboard"] for one in row]
    assert labels == ["Да", "Нет, спасибо"]
    assert after.important_offered


async def test_groups_are_offered_nothing(newsroom: Newsroom, start: Start, server: Server) -> None:
    await newsroom.reader(alerts=Alerts.OFF, kind=ChatKind.GROUP, slots=SLOTS, slot_dues=DUES)
    async with start() as desk:
        for number in range(4):
            await newsroom.article(f"Новость {number}", push=False)
            desk.clock.now = DUES[number]
            await desk.settle()
    assert len(texts(server)) == 4
    assert not any(QUESTION in text for text in texts(server))
