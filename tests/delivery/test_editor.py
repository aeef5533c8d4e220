"""Corrected articles: the pushes that show them are edited, once, within a day."""

from datetime import timedelta
from typing import Any

import pytest

from bot.delivery.digest import Digests
from bot.delivery.editor import EDITED_FOR, Editor
from bot.messages.texts import load_all
from bot.telegram.bulk import BulkClient
from bot.telegram.limiter import Limiter
from storage import Paragraph, Reading, Span, Storage, View
from tests.delivery.conftest import Clock, Newsroom, Start
from tests.telegram.conftest import Server, error, ok


@pytest.fixture
def editor(storage: Storage, bulk: BulkClient, clock: Clock) -> Editor:
    return Editor(storage, bulk, Limiter(None), Digests(storage, load_all()), clock=clock)


async def told(newsroom: Newsroom, start: Start, readers: int = 1, **fields: Any) -> int:
    """An article that some readers were told; its id."""
    for _ in range(readers):
        await newsroom.reader()
    stored = await newsroom.article("Открыт новый мост", **fields)
    async with start() as desk:
        await desk.settle()
    return stored.article_id


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
    newsroom: Newsroom, start: Start, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, start, readers=3)
    await correct(newsroom, article_id)
    assert await editor.edit() == 3
    edits = server.of("editMessageText")
    assert sorted(one.fields["chat_id"] for one in edits) == [1001, 1002, 1003]
    for one in edits:
        assert one.fields["message_id"] == 7
        assert "Мост закрыт" in one.fields["text"]
        assert "Изменено" in one.fields["text"] or "Обновлено" in one.fields["text"]
    assert await editor.edit() == 0
    assert len(server.of("editMessageText")) == 3
    assert len(server.of("sendMessage")) == 3  # nothing is sent anew


async def test_a_day_later_it_stays_as_it_was(
    newsroom: Newsroom, start: Start, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, start)
    newsroom.clock.forward(seconds=EDITED_FOR.total_seconds() + 60)
    await correct(newsroom, article_id)
    assert await editor.edit() == 0
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_an_outage_lets_the_rest_wait(
    newsroom: Newsroom, start: Start, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, start, readers=3)
    await correct(newsroom, article_id)
    server.script("editMessageText", ok(True), error(502, "Bad Gateway"))
    assert await editor.edit() == 1
    assert await editor.edit() == 2
    assert await newsroom.storage.corrections.open_corrections() == []


@pytest.mark.parametrize(
    "fault",
    [
        error(400, "Bad Request: message is not modified"),
        error(400, "Bad Request: message to edit not found"),
        error(403, "Forbidden: bot was blocked by the user"),
    ],
)
async def test_a_message_that_cannot_be_edited_holds_nothing_up(
    newsroom: Newsroom, start: Start, server: Server, editor: Editor, fault: Any
) -> None:
    article_id = await told(newsroom, start, readers=2)
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
    newsroom: Newsroom, start: Start, server: Server, editor: Editor, fault: Any
) -> None:
    article_id = await told(newsroom, start)
    await correct(newsroom, article_id)
    server.script("editMessageText", fault)
    await editor.edit()
    refused, taken = server.of("editMessageText")
    assert refused.fields.get("parse_mode")
    assert not taken.fields.get("parse_mode")
    assert "Мост закрыт" in taken.fields["text"]
    assert await newsroom.storage.corrections.open_corrections() == []


async def test_a_message_that_cannot_be_made_holds_nothing_up(
    newsroom: Newsroom, start: Start, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, start, readers=2)
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


async def test_each_view_is_made_anew(
    newsroom: Newsroom, start: Start, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, start, readers=4)
    outbox = newsroom.storage.outbox
    await outbox.show(2, View.CARD, ())
    await outbox.show(3, View.FULL, ())
    await outbox.show(4, View.FULL, (8, 9))  # its text stands in parts below
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


async def test_a_source_that_shows_no_texts_any_more_is_heeded(
    newsroom: Newsroom, start: Start, server: Server, editor: Editor
) -> None:
    article_id = await told(newsroom, start)
    await newsroom.storage.outbox.show(1, View.FULL, ())
    article = await newsroom.storage.articles.get(article_id)
    await newsroom.storage.feeds.set_reading(article.source_id, Reading.HEADLINE)
    await correct(newsroom, article_id)
    await editor.edit()
    (edit,) = server.of("editMessageText")
    assert "Мост закрыт" in edit.fields["text"]
    assert "Движение" not in edit.fields["text"]


async def test_a_pruned_article_is_no_fault(
    newsroom: Newsroom, start: Start, editor: Editor
) -> None:
    article_id = await told(newsroom, start)
    await correct(newsroom, article_id)
    await newsroom.storage.upkeep.prune_articles(newsroom.clock.now + timedelta(days=1))
    assert await editor.edit() == 0
