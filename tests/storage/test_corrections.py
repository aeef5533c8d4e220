"""A publisher's change is kept as a revision and owed to every message that shows the article."""

from dataclasses import replace
from datetime import datetime

import pytest

from storage import (
    Alerts,
    ArticleDraft,
    DeliveryState,
    Layout,
    NotFoundError,
    Outcome,
    Paragraph,
    Span,
    Storage,
    Stored,
    Subscriber,
    View,
)
from tests.storage.newsroom import (
    DAY,
    DEFAULTS,
    HOUR,
    MINUTE,
    NOW,
    claim,
    draft,
    expand_all,
    feed,
    publish,
    reader,
    values,
)

ALERTED = replace(DEFAULTS, alerts=Alerts.ON)
LONG_AGO = NOW - DAY


async def correct(
    storage: Storage, stored: Stored, *changed: str, now: datetime = NOW + HOUR, text: str = "New"
) -> ArticleDraft:
    """A revision of an article."""
    made = draft(await feed(storage), "a", title=f"{text} title", body=(Paragraph((Span(text),)),))
    await storage.articles.replace(stored.article_id, made, now=now, revision=True, changed=changed)
    return made


async def tell(storage: Storage, count: int) -> tuple[Stored, list[Subscriber]]:
    """An article pushed to some readers, each in a message of its own."""
    readers = [await reader(storage, chat, defaults=ALERTED) for chat in range(1, count + 1)]
    stored = await publish(storage, await feed(storage), "a", push=True)
    await expand_all(storage)
    await storage.outbox.acknowledge(
        [
            Outcome(
                one.delivery.id,
                DeliveryState.SENT,
                NOW + MINUTE,
                message_id=100 + one.delivery.id,
                layout=Layout.RICH,
                language="ru",
                view=View.PUSH,
            )
            for one in await claim(storage)
        ]
    )
    return stored, readers


async def test_a_revision_keeps_what_was_there(storage: Storage) -> None:
    stored = await publish(storage, await feed(storage), "a", subheadline="Sub")
    await correct(storage, stored, "title", "body")
    await correct(storage, stored, "body", now=NOW + 2 * HOUR, text="Newer")
    newer, first = await storage.articles.revisions(stored.article_id)
    assert (first.number, first.title, first.subheadline) == (1, "Title a", "Sub")
    assert (first.standfirst, first.body) == ("Standfirst a", (Paragraph((Span("Body a"),)),))
    assert (first.changed, first.replaced) == (("title", "body"), NOW + HOUR)
    assert (newer.number, newer.title, newer.changed) == (2, "New title", ("body",))
    assert (await storage.articles.get(stored.article_id)).revision == 3
    assert await storage.articles.revisions(999) == []


async def test_a_silent_replacement_owes_no_correction(storage: Storage) -> None:
    one = await feed(storage)
    stored = await publish(storage, one, "a")
    await storage.articles.replace(stored.article_id, draft(one, "a"), now=NOW, revision=False)
    assert await storage.articles.revisions(stored.article_id) == []
    assert await storage.corrections.open_corrections() == []


async def test_the_messages_that_show_it_by_chunks(storage: Storage) -> None:
    stored, readers = await tell(storage, 5)
    await publish(storage, await feed(storage), "other", push=True)
    await correct(storage, stored, "title")
    (owed,) = await storage.corrections.open_corrections()
    assert (owed.article_id, owed.story_id) == (stored.article_id, stored.story_id)
    assert (owed.revision, owed.changed, owed.cursor) == (2, ("title",), 0)
    assert owed.created == NOW + HOUR
    seen: list[int] = []
    while showing := await storage.corrections.messages_showing(owed, since=LONG_AGO, limit=2):
        seen += [one.id for _, one in showing]
        delivery = showing[-1][0]
        assert (delivery.message_id, delivery.view) == (100 + delivery.id, View.PUSH)
        assert (delivery.layout, delivery.language) == (Layout.RICH, "ru")
        await storage.corrections.advance_correction(owed.id, delivery.id, done=False)
        (owed,) = await storage.corrections.open_corrections()
        assert owed.cursor == delivery.id
    assert seen == [one.id for one in readers]
    await storage.corrections.advance_correction(owed.id, owed.cursor, done=True)
    assert await storage.corrections.open_corrections() == []


async def test_only_messages_that_are_there_and_can_be_reached(storage: Storage) -> None:
    stored, readers = await tell(storage, 4)
    await storage.subscribers.pause(readers[0].chat_id, "blocked")
    (delivery,) = [
        row[0]
        for row in await values(
            storage, "SELECT id FROM delivery WHERE subscriber_id = :id", id=readers[1].id
        )
    ]
    # Another reader's push failed.
    await storage.outbox.acknowledge([Outcome(delivery, DeliveryState.FAILED, NOW)])
    await correct(storage, stored, "body")
    (owed,) = await storage.corrections.open_corrections()
    showing = await storage.corrections.messages_showing(owed, since=LONG_AGO, limit=9)
    assert [one.id for _, one in showing] == [one.id for one in readers[2:]]
    # Telegram lets nobody edit what is too old.
    late = await storage.corrections.messages_showing(owed, since=NOW + HOUR, limit=9)
    assert late == []


def _sent(delivery_id: int, at: datetime) -> Outcome:
    return Outcome(delivery_id, DeliveryState.SENT, at, message_id=100 + delivery_id)


async def test_it_waits_for_what_was_being_sent(storage: Storage) -> None:
    """A message on its way when the article changes shows the old text."""
    corrections, outbox = storage.corrections, storage.outbox
    for chat in range(1, 6):
        await reader(storage, chat, defaults=ALERTED)
    stored = await publish(storage, await feed(storage), "a", push=True)
    await expand_all(storage)
    sent, slow, lost = (one.delivery.id for one in await claim(storage, 3))
    await outbox.acknowledge([_sent(sent, NOW)])
    await correct(storage, stored, "title", now=NOW + MINUTE)

    async def edited() -> list[int]:
        """What an editor does at a time: all that there is, and to the end."""
        (owed,) = await corrections.open_corrections()
        showing = await corrections.messages_showing(owed, since=LONG_AGO, limit=9)
        ids = [delivery.id for delivery, _ in showing]
        await corrections.advance_correction(owed.id, max(ids, default=owed.cursor), done=True)
        return ids

    assert await edited() == [sent]
    # One that was claimed after the change shows the new text, and is no reason to wait.
    (later, _last) = (one.delivery.id for one in await claim(storage, 2, now=NOW + 2 * MINUTE))
    await outbox.acknowledge([_sent(later, NOW + 2 * MINUTE)])
    assert await edited() == []
    # One that came to nothing is not edited, and the one before it not passed over.
    await outbox.acknowledge([Outcome(lost, DeliveryState.FAILED, NOW + 2 * MINUTE)])
    assert await edited() == []
    # It ends between two steps of the editor.
    (owed,) = await corrections.open_corrections()
    assert await corrections.messages_showing(owed, since=LONG_AGO, limit=9) == []
    await outbox.acknowledge([_sent(slow, NOW + 3 * MINUTE)])
    await corrections.advance_correction(owed.id, owed.cursor, done=True)
    assert await edited() == [slow]
    assert await corrections.open_corrections() == []


async def test_a_newer_change_replaces_the_open_correction(storage: Storage) -> None:
    stored, _ = await tell(storage, 2)
    await correct(storage, stored, "title")
    (first,) = await storage.corrections.open_corrections()
    await storage.corrections.advance_correction(first.id, 1, done=False)
    await correct(storage, stored, "body", "title", now=NOW + 2 * HOUR, text="Newer")
    (second,) = await storage.corrections.open_corrections()
    assert (second.revision, second.changed, second.cursor) == (3, ("title", "body"), 0)
    # Whoever still works on the older one must not close the newer.
    await storage.corrections.advance_correction(first.id, 2, done=True)
    assert await storage.corrections.open_corrections() == [second]
    await storage.corrections.advance_correction(second.id, 2, done=True)
    await correct(storage, stored, "body", now=NOW + 3 * HOUR, text="Newest")
    (third,) = await storage.corrections.open_corrections()
    assert third.changed == ("body",)


async def test_corrections_are_owed_in_their_order(storage: Storage) -> None:
    one = await feed(storage)
    ids = [(await publish(storage, one, name)).article_id for name in "abc"]
    for article_id in (ids[1], ids[0], ids[2]):
        await storage.articles.replace(
            article_id, draft(one, str(article_id)), now=NOW, revision=True, changed=("body",)
        )
    owed = await storage.corrections.open_corrections()
    assert [one.article_id for one in owed] == [ids[1], ids[0], ids[2]]


async def test_of_what_was_pruned_nothing_is_owed(storage: Storage) -> None:
    stored, _ = await tell(storage, 1)
    await correct(storage, stored, "body")
    await storage.upkeep.prune_articles(NOW + HOUR)
    assert await storage.corrections.open_corrections() == []
    with pytest.raises(NotFoundError):
        await correct(storage, stored, "body")


async def test_the_ledger_forgets_the_corrections_that_are_done(storage: Storage) -> None:
    one = await feed(storage)
    for name in "ab":
        stored = await publish(storage, one, name)
        await storage.articles.replace(
            stored.article_id, draft(one, name), now=NOW, revision=True, changed=("body",)
        )
    done, _open = await storage.corrections.open_corrections()
    await storage.corrections.advance_correction(done.id, 0, done=True)
    await storage.upkeep.prune_ledger(NOW, NOW)
    assert len(await values(storage, "SELECT id FROM correction")) == 2
    await storage.upkeep.prune_ledger(NOW + MINUTE, NOW + MINUTE)
    assert await values(storage, "SELECT id FROM correction") == [(_open.id,)]
