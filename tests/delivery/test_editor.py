"""Corrected articles: the pushes that show them are edited, once, within a day."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from bot.delivery.digest import Digests
from bot.delivery.editor import CHUNK, EDITED_FOR, IN_FLIGHT, Editor
from bot.delivery.insight import Insight
from bot.delivery.outbox import Outbox
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Lane, Limiter
from storage import (
    ALL_CHATS,
    ClaimBatch,
    DeliveryState,
    Layout,
    Outcome,
    Paragraph,
    Reading,
    Span,
    Storage,
    View,
)
from tests.delivery.conftest import Clock, Newsroom, Start
from tests.messages.samples import parsed
from tests.storage.newsroom import execute
from tests.telegram.conftest import Answer, Request, Server, error, ok


@pytest.fixture
def limiter() -> Limiter:
    return Limiter(None)


@pytest.fixture
def insight(storage: Storage, limiter: Limiter, clock: Clock) -> Insight:
    return Insight(storage, limiter, clock=clock)


@pytest.fixture
def editor(
    storage: Storage, bulk: BulkClient, limiter: Limiter, insight: Insight, clock: Clock
) -> Editor:
    digests = Digests(storage, load_all())
    return Editor(storage, bulk, limiter, digests, clock=clock, insight=insight)


async def told(newsroom: Newsroom, readers: int = 1, **fields: Any) -> int:
    """An article that some readers were told, each in the message 100 + his number; its id."""
    for _ in range(readers):
        await newsroom.reader()
    stored = await newsroom.article("Открыт новый мост", **fields)
    await deliver(newsroom)
    return stored.article_id


async def deliver(newsroom: Newsroom) -> None:
    """Owe the open pushes, and note them as sent."""
    storage, now = newsroom.storage, newsroom.clock.now
    await Outbox(storage, owed=lambda: None).expand(now)
    claims = await storage.outbox.tick(ClaimBatch(limit=1000), now=now)
    await storage.outbox.acknowledge(
        [
            Outcome(
                claim.delivery.id,
                DeliveryState.SENT,
                now,
                message_id=100 + claim.delivery.id,
                layout=Layout.CLASSIC,
                language="ru",
                view=View.PUSH,
            )
            for claim in claims
        ]
    )


async def correct(newsroom: Newsroom, article_id: int, title: str = "Мост закрыт") -> None:
    newsroom.clock.forward(minutes=5)
    await newsroom.storage.articles.replace(
        article_id,
        newsroom.draft(title),
        now=newsroom.clock.now,
        revision=True,
        changed=("title",),
    )


async def test_every_reader_told_sees_the_correction_where_it_was(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=3)
    await correct(newsroom, article_id)
    assert await editor.edit() == 3
    edits = server.of("editMessageText")
    assert sorted(one.fields["chat_id"] for one in edits) == [1001, 1002, 1003]
    for one in edits:
        assert one.fields["message_id"] == one.fields["chat_id"] - 900
        assert "Мост закрыт" in one.fields["text"]
        assert "Изменено" in one.fields["text"] or "Обновлено" in one.fields["text"]
    assert await editor.edit() == 0
    assert len(server.of("editMessageText")) == 3
    assert server.of("sendMessage") == []  # nothing is sent anew


async def test_a_day_later_it_stays_as_it_was(newsroom: Newsroom, editor: Editor) -> None:
    article_id = await told(newsroom)
    newsroom.clock.forward(seconds=EDITED_FOR.total_seconds() + 60)
    await correct(newsroom, article_id)
    assert await editor.edit() == 0
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_one_message_that_fails_passes_nobody_by(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    """It is come back to, and meanwhile all others are corrected, of later corrections too."""
    article_id = await told(newsroom, readers=3)
    another = (await newsroom.article("Новый парк открыт")).article_id
    await deliver(newsroom)
    server.default = lambda request: (
        error(502, "Bad Gateway") if request.fields["message_id"] == 102 else ok(True)
    )
    await correct(newsroom, article_id)
    await correct(newsroom, another, "Новый парк закрыт")
    assert await editor.edit() == 5
    (waiting,) = await newsroom.storage.corrections.open_corrections()
    assert waiting.cursor < 2  # a restart would not pass it by either
    assert await editor.edit() == 0, "it is not asked for in a storm"
    for _ in range(30):
        newsroom.clock.forward(minutes=5)
        assert await editor.edit() == 0
    tries = [one for one in server.of("editMessageText") if one.fields["message_id"] == 102]
    assert 5 < len(tries) <= 31
    server.default = None
    newsroom.clock.forward(minutes=11)
    assert await editor.edit() == 1
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_where_many_fail_the_rest_waits_for_them(
    newsroom: Newsroom, server: Server, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.editor._MOST_ASIDE", 5)
    monkeypatch.setattr(editor, "_note_outage", lambda _chat_id, _text: None)
    await correct(newsroom, await told(newsroom, readers=200))
    server.default = lambda request: (
        error(500, "Oops") if request.fields["message_id"] % 10 == 0 else ok(True)
    )
    first = await editor.edit()
    assert 50 < first < 100
    newsroom.clock.forward(minutes=20)
    assert await editor.edit() == 0
    server.default = None
    newsroom.clock.forward(minutes=20)
    assert await editor.edit() == 200 - first
    assert {one.fields["message_id"] for one in server.requests} == set(range(101, 301))
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_a_message_that_fails_all_day_is_let_go(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom)
    await correct(newsroom, article_id)
    server.default = lambda _request: error(500, "Internal Server Error")
    await editor.edit()
    newsroom.clock.forward(days=1)
    await editor.edit()
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_an_outage_lets_the_rest_wait(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=200)
    await correct(newsroom, article_id)
    server.default = lambda _request: error(502, "Bad Gateway")
    assert await editor.edit() == 0
    assert len(server.of("editMessageText")) <= 2 * IN_FLIGHT
    assert await editor.edit() == 0, "the edits rest"
    for _ in range(20):
        newsroom.clock.forward(seconds=30)
        await editor.edit()
    assert len(server.of("editMessageText")) <= 20 * 2 * IN_FLIGHT
    server.default = None
    newsroom.clock.forward(minutes=15)
    assert await editor.edit() == 200
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_a_flood_wait_pauses_its_chat_across_restarts_and_holds_nobody_else_up(
    newsroom: Newsroom, server: Server, editor: Editor, limiter: Limiter
) -> None:
    article_id = await told(newsroom, readers=3)
    await correct(newsroom, article_id)
    hours = error(429, "Too Many Requests: retry after 7200", retry_after=7200)
    server.script("editMessageText", hours)
    assert await editor.edit() == 2
    flooded = server.of("editMessageText")[0].fields["chat_id"]
    assert limiter.delay(flooded) > 7000
    assert await newsroom.storage.outbox.pauses(newsroom.clock.now) == {
        flooded: newsroom.clock.now + timedelta(hours=2)
    }
    newsroom.clock.forward(hours=1)
    assert await editor.edit() == 0
    assert len(server.of("editMessageText")) == 3
    (owed,) = await newsroom.storage.corrections.open_corrections()
    assert owed.article_id == article_id


async def test_a_flood_wait_of_all_stops_at_once(
    newsroom: Newsroom, server: Server, editor: Editor, limiter: Limiter
) -> None:
    article_id = await told(newsroom, readers=200)
    await correct(newsroom, article_id)
    server.default = lambda _request: error(429, "Too Many Requests", retry_after=600)
    assert await editor.edit() == 0
    assert len(server.of("editMessageText")) <= 2 * IN_FLIGHT
    assert limiter.bulk_delay() > 500
    assert ALL_CHATS in await newsroom.storage.outbox.pauses(newsroom.clock.now)
    asked = len(server.requests)
    newsroom.clock.forward(hours=2)
    assert await editor.edit() == 0, "the limiter's own clock says that bulk is paused"
    assert len(server.requests) == asked


async def test_a_flood_wait_of_before_a_restart_is_heeded(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    await correct(newsroom, await told(newsroom, readers=2))
    until = newsroom.clock.now + timedelta(hours=1)
    await newsroom.storage.outbox.pause(ALL_CHATS, until)
    assert await editor.edit() == 0
    assert server.requests == []


async def test_the_newest_of_many_corrections_is_shown(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=2)
    for title in ("Мост закрыт", "Мост открыт снова", "Мост закрыт до утра"):
        await correct(newsroom, article_id, title)
    assert await editor.edit() == 2
    assert all("до утра" in one.fields["text"] for one in server.of("editMessageText"))


async def test_an_article_that_changes_all_the_time_is_corrected_for_the_last_readers_too(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    """A newer correction goes on where the older one stood, and comes round to the rest."""
    article_id = await told(newsroom, readers=CHUNK + 10)
    await correct(newsroom, article_id)
    seen: list[int] = []

    def stop_after_a_chunk(request: Request) -> Answer:
        seen.append(request.fields["message_id"])
        if len(seen) == CHUNK:
            editor.stop()
        return ok(True)

    server.default = stop_after_a_chunk
    assert await editor.edit() == CHUNK
    await correct(newsroom, article_id, "Мост открыт снова")
    editor._stopping = False
    assert await editor.edit() == CHUNK + 10
    late = sorted(range(101 + CHUNK, 111 + CHUNK))
    assert sorted(seen[CHUNK : CHUNK + 10]) == late
    assert len(seen) == 2 * CHUNK + 10
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_what_is_on_its_way_is_waited_for_and_nobody_passed_over(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=5)
    await execute(
        newsroom.storage,
        "UPDATE delivery SET state = 'claimed', message_id = NULL, ended = NULL WHERE id = 3",
    )
    await correct(newsroom, article_id)
    assert await editor.edit() == 2
    assert await editor.edit() == 0
    newsroom.clock.forward(minutes=1)
    sent = Outcome(3, DeliveryState.SENT, newsroom.clock.now, message_id=103, view=View.PUSH)
    await newsroom.storage.outbox.acknowledge([sent])
    assert await editor.edit() == 3
    seen = [one.fields["message_id"] for one in server.of("editMessageText")]
    assert sorted(seen) == [101, 102, 103, 104, 105]
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_stopping_waits_for_no_turn(
    newsroom: Newsroom, server: Server, bulk: BulkClient, clock: Clock
) -> None:
    limiter = Limiter(0.5)
    digests = Digests(newsroom.storage, load_all())
    editor = Editor(newsroom.storage, bulk, limiter, digests, clock=clock)
    await correct(newsroom, await told(newsroom, readers=20))
    editing = asyncio.create_task(editor.edit())
    while not server.requests:  # noqa: ASYNC110  # the server has no event
        await asyncio.sleep(0.001)
    editor.stop()
    async with asyncio.timeout(1):
        assert await editing <= 2
    (owed,) = await newsroom.storage.corrections.open_corrections()
    assert owed.cursor <= 2


async def test_a_restart_goes_on_where_it_stood(
    newsroom: Newsroom, server: Server, bulk: BulkClient, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=CHUNK + 10)
    await correct(newsroom, article_id)
    server.script("editMessageText", *[ok(True)] * CHUNK)
    server.default = lambda _request: error(502, "Bad Gateway")
    assert await editor.edit() == CHUNK
    server.default = None
    another = Editor(
        newsroom.storage,
        bulk,
        Limiter(None),
        Digests(newsroom.storage, load_all()),
        clock=newsroom.clock,
    )
    asked = len(server.requests)
    assert await another.edit() == 10
    assert len(server.requests) - asked == 10
    assert await newsroom.storage.corrections.open_corrections() == []


class WatchedLimiter(Limiter):
    """Notes the lanes in the order in which it lets them through."""

    def __init__(self, a_second: float) -> None:
        super().__init__(a_second)
        self.through: list[Lane] = []

    async def acquire(
        self, chat_id: int | str, lane: Lane, *, patience: float | None = None
    ) -> None:
        await super().acquire(chat_id, lane, patience=patience)
        self.through.append(lane)


async def test_edits_go_in_the_lowest_lane(
    newsroom: Newsroom, bulk: BulkClient, clock: Clock
) -> None:
    limiter = WatchedLimiter(200)
    editor = Editor(
        newsroom.storage, bulk, limiter, Digests(newsroom.storage, load_all()), clock=clock
    )
    await correct(newsroom, await told(newsroom, readers=40))
    editing = asyncio.create_task(editor.edit())
    while not limiter.through:  # noqa: ASYNC110  # the limiter has no event
        await asyncio.sleep(0.001)
    before = len(limiter.through)
    # All at once: a machine that is busy elsewhere leaves no turn free between two of them.
    await asyncio.gather(*(limiter.acquire(chat, Lane.INSTANT) for chat in range(1, 21)))
    edits = limiter.through[before:].count(Lane.EDIT)
    assert edits <= 6, "a small share is theirs all the same"
    assert await editing == 40


async def test_a_message_turned_over_while_it_is_edited_shows_what_its_reader_chose(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=2)
    body = (Paragraph((Span("Движение снова закрыли вечером, сообщил мастер."),)),)
    newsroom.clock.forward(minutes=5)
    await newsroom.storage.articles.replace(
        article_id, newsroom.draft("Мост закрыт", body=body), now=newsroom.clock.now, revision=True
    )
    server.script("editMessageText", Answer(body=ok(True).body, hang=0.1), ok(True))
    editing = asyncio.create_task(editor.edit())
    while not server.requests:  # noqa: ASYNC110  # the server has no event
        await asyncio.sleep(0.001)
    turned = server.requests[0].fields["message_id"]
    await newsroom.storage.outbox.show(turned - 100, View.FULL, ())
    await editing
    texts = [
        one.fields["text"]
        for one in server.of("editMessageText")
        if one.fields["message_id"] == turned
    ]
    assert "вечером, сообщил" not in texts[0]
    assert "вечером, сообщил" in texts[-1]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "fault",
    [
        error(400, "Bad Request: message is not modified"),
        error(400, "Bad Request: message to edit not found"),
        error(403, "Forbidden: bot was blocked by the user"),
    ],
)
async def test_a_message_that_cannot_be_edited_holds_nothing_up(
    newsroom: Newsroom, server: Server, editor: Editor, fault: Any
) -> None:
    article_id = await told(newsroom, readers=2)
    await correct(newsroom, article_id)
    server.script("editMessageText", fault)
    await editor.edit()
    assert len(server.of("editMessageText")) == 2
    assert await newsroom.storage.corrections.open_corrections() == []


@pytest.mark.parametrize(
    "fault",
    [
        error(400, "Bad Request: can't parse entities"),
        error(400, "Bad Request: wrong type of the web page content"),
    ],
)
async def test_where_telegram_refuses_the_message_its_plain_text_is_corrected(
    newsroom: Newsroom, server: Server, editor: Editor, fault: Any
) -> None:
    article_id = await told(newsroom)
    await correct(newsroom, article_id)
    server.script("editMessageText", fault)
    await editor.edit()
    refused, taken = server.of("editMessageText")
    assert refused.fields.get("parse_mode")
    assert not taken.fields.get("parse_mode")
    assert "Мост закрыт" in taken.fields["text"]
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_a_message_that_cannot_be_made_holds_nothing_up(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=2)
    await newsroom.storage.subscribers.change(1, zone="No/Where")
    await correct(newsroom, article_id)
    await editor.edit()
    assert [one.fields["chat_id"] for one in server.of("editMessageText")] == [1002]
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_who_is_told_after_a_correction_is_told_the_corrected_text(
    newsroom: Newsroom, start: Start, server: Server, editor: Editor
) -> None:
    """A push that goes out while its article is corrected shows no rendering of before."""
    for _ in range(2):
        await newsroom.reader()
    stored = await newsroom.article("Открыт новый мост")
    server.script("sendMessage", error(502, "Bad Gateway"))
    async with start() as desk:
        await desk.outbox.expand(newsroom.clock.now)
        desk.sender.wake()

        async def one_waits() -> bool:
            return sorted((await desk.states()).values()) == ["owed", "sent"]

        await desk.until(one_waits)
        newsroom.clock.forward(seconds=5)
        await newsroom.storage.articles.replace(
            stored.article_id,
            newsroom.draft("Мост закрыт"),
            now=newsroom.clock.now,
            revision=True,
            changed=("title",),
        )
        newsroom.clock.forward(seconds=5)
        await desk.settle()
    before, _, after = server.of("sendMessage")
    assert "Открыт новый мост" in before.fields["text"]
    assert "Мост закрыт" in after.fields["text"]
    assert await editor.edit() == 1


async def test_each_view_is_made_anew(newsroom: Newsroom, server: Server, editor: Editor) -> None:
    article_id = await told(newsroom, readers=3)
    outbox = newsroom.storage.outbox
    await outbox.show(2, View.CARD, ())
    await outbox.show(3, View.FULL, ())
    newsroom.clock.forward(minutes=5)
    body = (Paragraph((Span("Движение снова закрыли вечером, сообщил мастер."),)),)
    await newsroom.storage.articles.replace(
        article_id, newsroom.draft("Мост закрыт", body=body), now=newsroom.clock.now, revision=True
    )
    await editor.edit()
    texts = {one.fields["chat_id"]: one.fields["text"] for one in server.of("editMessageText")}
    assert set(texts) == {1001, 1002, 1003}
    assert "снова закрыли вечером" in texts[1003]
    assert "снова закрыли вечером" not in texts[1001]


def long_text(paragraphs: int, word: str) -> tuple[Paragraph, ...]:
    said = f"{word} движение по мосту закрыто. " * 12
    return tuple(Paragraph((Span(f"{number}. {said}"),)) for number in range(paragraphs))


@pytest.mark.parametrize(("paragraphs", "edited"), [(24, [101, 801, 802, 803]), (40, [101])])
async def test_of_a_long_text_the_card_is_marked_and_its_parts_follow_where_they_fit(
    newsroom: Newsroom, server: Server, editor: Editor, paragraphs: int, edited: list[int]
) -> None:
    article_id = await told(newsroom, body=long_text(24, "Вчера"))
    await newsroom.storage.outbox.show(1, View.FULL, (801, 802, 803))
    newsroom.clock.forward(minutes=5)
    await newsroom.storage.articles.replace(
        article_id,
        newsroom.draft("Мост закрыт", body=long_text(paragraphs, "Сегодня")),
        now=newsroom.clock.now,
        revision=True,
        changed=("body",),
    )
    assert await editor.edit() == 1
    edits = server.of("editMessageText")
    assert [one.fields["message_id"] for one in edits] == edited
    assert "Обновлено" in edits[0].fields["text"]
    assert "Свернуть" in str(edits[0].fields["reply_markup"])
    assert all("Сегодня" in one.fields["text"] for one in edits[1:])


async def test_who_reads_in_the_rich_layout_keeps_it(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom)
    await newsroom.storage.subscribers.change(1, layout=Layout.RICH, rich_confirmed=True)
    await newsroom.storage.outbox.show(1, View.FULL, ())
    await correct(newsroom, article_id)
    server.script("editMessageText", error(400, "Bad Request: RICH_MESSAGE_INVALID"))
    await editor.edit()
    refused, taken = server.of("editMessageText")
    assert "rich_message" in refused.fields
    assert taken.fields["parse_mode"] == "HTML"


async def test_a_text_that_came_in_parts_keeps_its_layout_when_its_reader_chose_another(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, body=long_text(24, "Вчера"))
    await newsroom.storage.outbox.show(1, View.FULL, (801, 802, 803))
    await newsroom.storage.subscribers.change(1, layout=Layout.RICH, rich_confirmed=True)
    newsroom.clock.forward(minutes=5)
    await newsroom.storage.articles.replace(
        article_id,
        newsroom.draft("Мост закрыт", body=long_text(24, "Сегодня")),
        now=newsroom.clock.now,
        revision=True,
        changed=("body",),
    )
    assert await editor.edit() == 1
    card, *parts = server.of("editMessageText")
    assert "Обновлено" in card.fields["text"]
    assert [one.fields["message_id"] for one in parts] == [801, 802, 803]
    assert all("Сегодня" in one.fields["text"] for one in parts)


async def test_a_rich_text_in_one_message_is_edited_as_such(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, body=long_text(24, "Вчера"))
    await newsroom.storage.subscribers.change(1, layout=Layout.RICH, rich_confirmed=True)
    await newsroom.storage.outbox.show(1, View.FULL, ())
    newsroom.clock.forward(minutes=5)
    await newsroom.storage.articles.replace(
        article_id,
        newsroom.draft("Мост закрыт", body=long_text(24, "Сегодня")),
        now=newsroom.clock.now,
        revision=True,
        changed=("body",),
    )
    await editor.edit()
    (edited,) = server.of("editMessageText")
    shown = json.dumps(edited.fields["rich_message"], ensure_ascii=False)
    assert shown.count("Сегодня") >= 24
    assert "Обновлено" in shown
    assert "link_preview_options" not in edited.fields


async def test_the_caption_of_a_photo_is_edited_whatever_it_shows(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=4)
    await execute(newsroom.storage, "UPDATE delivery SET layout = 'photo' WHERE id <> 4")
    await newsroom.storage.outbox.show(2, View.FULL, ())
    await newsroom.storage.outbox.show(3, View.FULL, (801, 802, 803))
    newsroom.clock.forward(minutes=5)
    await newsroom.storage.articles.replace(
        article_id,
        newsroom.draft("Мост закрыт", body=long_text(24, "Сегодня"), summary="Долго. " * 300),
        now=newsroom.clock.now,
        revision=True,
        changed=("body",),
    )
    server.script("editMessageCaption", error(400, "Bad Request: can't parse entities"))
    await editor.edit()
    captions = server.of("editMessageCaption")
    assert {one.fields["message_id"] for one in captions} == {101, 102, 103}
    assert all("Мост закрыт" in one.fields["caption"] for one in captions)
    shown = [one for one in captions if one.fields.get("parse_mode")]
    assert all(parsed(one.fields["caption"]).units <= 1024 for one in shown)
    assert all("vestnik" in one.fields["caption"] for one in shown), "the source stays named"
    push = next(one for one in shown if one.fields["message_id"] == 101)
    rows = push.fields["reply_markup"]["inline_keyboard"]
    labels = [one["text"] for row in rows for one in row]
    assert labels == ["Читать", "Отложить", "Не показывать…"]
    assert [one.fields.get("parse_mode") for one in captions].count("HTML") == 3
    assert len(captions) == 4, "one was refused, and went as plain text"
    texts = {one.fields["message_id"] for one in server.of("editMessageText")}
    assert texts == {104, 801, 802, 803}
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_a_push_that_went_as_plain_text_stays_plain(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=2)
    await execute(newsroom.storage, "UPDATE push SET plain = 1")
    await newsroom.storage.outbox.show(2, View.CARD, ())
    await correct(newsroom, article_id)
    await editor.edit()
    kinds = {one.fields["message_id"]: one.fields.get("parse_mode") for one in server.requests}
    assert kinds == {101: None, 102: "HTML"}


async def test_what_two_chats_refuse_is_not_tried_with_each_of_the_others(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=60)
    await correct(newsroom, article_id)
    server.default = lambda request: (
        error(400, "Bad Request: can't parse entities")
        if request.fields.get("parse_mode")
        else ok(True)
    )
    assert await editor.edit() == 60
    assert len(server.requests) <= 60 + IN_FLIGHT


async def test_a_page_that_is_gone_is_said_in_messages_of_days_ago(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom)
    newsroom.clock.forward(hours=30)
    now, storage = newsroom.clock.now, newsroom.storage
    await storage.articles.lose(article_id, since=now - timedelta(days=1), now=now, due=None)
    assert await editor.edit() == 1
    newsroom.clock.forward(hours=1)
    await storage.articles.page_found(article_id, now=newsroom.clock.now, due=None)
    assert await editor.edit() == 1
    gone, back = (one.fields["text"] for one in server.of("editMessageText"))
    assert "Страница недоступна" in gone
    assert "недоступна" not in back


async def test_what_came_to_nothing_is_counted(
    newsroom: Newsroom, server: Server, editor: Editor, insight: Insight
) -> None:
    article_id = await told(newsroom, readers=3)
    await correct(newsroom, article_id)
    server.script(
        "editMessageText",
        error(400, "Bad Request: message is not modified"),
        error(403, "Forbidden: bot was blocked by the user"),
    )
    assert await editor.edit() == 3
    seen = await insight.snapshot()
    assert (seen.edited, dict(seen.faults)) == (1, {"nothing to do": 1, "blocked": 1})


def buttons(request: Request) -> list[str]:
    rows = request.fields["reply_markup"]["inline_keyboard"]
    return [button["text"] for row in rows for button in row]


async def test_what_is_saved_stays_saved_under_whatever_shows_it(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=4, body=long_text(24, "Вчера"))
    outbox, saved = newsroom.storage.outbox, newsroom.storage.saved
    await outbox.show(2, View.CARD, ())
    await outbox.show(3, View.FULL, (801, 802, 803))
    for reader in (1, 2, 3):
        await saved.save(
            1000 + reader, article_id, now=newsroom.clock.now, subscriber_id=reader, most=9
        )
    await correct(newsroom, article_id)
    assert await editor.edit() == 4
    edits = {one.fields["message_id"]: one for one in server.of("editMessageText")}
    for shown in (101, 102, 103):
        assert "✓ Отложено" in buttons(edits[shown])
        assert "Отложить" not in buttons(edits[shown])
    assert buttons(edits[104]) == ["Читать", "Отложить", "Не показывать…"]


async def test_who_saves_while_the_edit_is_on_its_way_sees_that_it_is_saved(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom)
    await correct(newsroom, article_id)
    server.script("editMessageText", Answer(body=ok(True).body, hang=0.1), ok(True))
    editing = asyncio.create_task(editor.edit())
    while not server.requests:  # noqa: ASYNC110  # the server has no event
        await asyncio.sleep(0.001)
    await newsroom.storage.saved.save(
        1001, article_id, now=newsroom.clock.now, subscriber_id=1, most=9
    )
    assert await editing == 1
    before, after = server.of("editMessageText")
    assert "Отложить" in buttons(before)
    assert "✓ Отложено" in buttons(after)


async def test_what_a_reader_opened_in_its_place_is_left_alone(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=2)
    await newsroom.storage.outbox.show(1, View.ASIDE, ())
    await correct(newsroom, article_id)
    await editor.edit()
    assert [one.fields["message_id"] for one in server.requests] == [102]
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_a_card_keeps_its_way_to_the_discussion(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, readers=3)
    storage = newsroom.storage
    await execute(
        storage,
        "UPDATE subscriber SET kind = 'channel', chat_id = -1003 WHERE id = 3",
    )
    await execute(
        storage,
        "INSERT INTO edition (subscriber_id, mode, keeper, username, linked) "
        "VALUES (3, 'auto', 1001, 'vestnik', -1009)",
    )
    await storage.outbox.show(2, View.CARD, ())
    await correct(newsroom, article_id)
    await editor.edit()
    edits = {one.fields["message_id"]: one for one in server.of("editMessageText")}
    assert "Обсудить" in buttons(edits[102])
    assert "Обсудить" not in buttons(edits[101]), "a push has its three buttons"


async def test_a_source_that_shows_no_texts_any_more_is_heeded(
    newsroom: Newsroom, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom)
    await newsroom.storage.outbox.show(1, View.FULL, ())
    article = await newsroom.storage.articles.get(article_id)
    await newsroom.storage.feeds.set_reading(article.source_id, Reading.HEADLINE)
    await correct(newsroom, article_id)
    await editor.edit()
    (edit,) = server.of("editMessageText")
    assert "Мост закрыт" in edit.fields["text"]
    assert "Движение" not in edit.fields["text"]


async def test_a_pruned_article_is_no_fault(newsroom: Newsroom, editor: Editor) -> None:
    article_id = await told(newsroom)
    await correct(newsroom, article_id)
    await newsroom.storage.upkeep.prune_articles(newsroom.clock.now + timedelta(days=1))
    assert await editor.edit() == 0


@pytest.mark.parametrize("summary", ["Движение открыли.", "Долго. " * 300])
async def test_a_photo_post_of_a_channel_keeps_its_photo_and_gets_a_new_caption(
    newsroom: Newsroom, server: Server, editor: Editor, summary: str
) -> None:
    article_id = await told(newsroom, readers=2)
    await execute(newsroom.storage, "UPDATE subscriber SET kind = 'channel', chat_id = -1000 - id")
    await execute(newsroom.storage, "UPDATE delivery SET layout = 'photo' WHERE id = 1")
    newsroom.clock.forward(minutes=5)
    await newsroom.storage.articles.replace(
        article_id,
        newsroom.draft("Мост закрыт", summary=summary),
        now=newsroom.clock.now,
        revision=True,
        changed=("title",),
    )
    assert await editor.edit() == 2
    (caption,) = server.of("editMessageCaption")
    assert (caption.fields["chat_id"], caption.fields["message_id"]) == (-1001, 101)
    assert "Мост закрыт" in caption.fields["caption"]
    assert parsed(caption.fields["caption"]).units <= 1024, "as much as a caption holds"
    assert "reply_markup" not in caption.fields or all(
        "callback_data" not in button
        for row in caption.fields["reply_markup"]["inline_keyboard"]
        for button in row
    )
    (text,) = server.of("editMessageText")
    assert text.fields["message_id"] == 102
    assert "Мост закрыт" in text.fields["text"]
