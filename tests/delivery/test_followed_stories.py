"""A followed story brings what happens next; a muted word keeps quiet at every step."""

from datetime import timedelta
from typing import Any

import pytest

from bot.delivery import muting
from bot.delivery.outbox import Outbox
from bot.words.normaliser import Normaliser
from storage import (
    STORY_FOLLOWED,
    Alerts,
    FollowKind,
    Level,
    Mute,
    Paragraph,
    Span,
    Stored,
    Subscriber,
    Subscription,
    Topic,
)
from tests.delivery.conftest import NOW, Newsroom, Start
from tests.delivery.test_sender import texts
from tests.telegram.conftest import Server

QUAKE = (
    "Землетрясение магнитудой 7,1 произошло у берегов Камчатки",
    "Эпицентр находился в Авачинском заливе, сообщила геофизическая служба. В Петропавловске-"
    "Камчатском жители вышли на улицы, объявлена угроза цунами.",
)
AFTERSHOCK = (
    "Жителей Камчатки предупредили о новых толчках после землетрясения",
    "Геофизическая служба ждёт афтершоков магнитудой до шести. В Петропавловске-Камчатском после "
    "землетрясения осматривают дома, угрозу цунами отменили.",
)
UNRELATED = (
    "Центральный банк сохранил ключевую ставку",
    "Инфляция замедлилась второй месяц подряд, сообщил регулятор после заседания совета.",
)
ANOTHER_QUAKE = (
    "Землетрясение в Чили: двое пострадавших",
    "Подземные толчки ощущались в Сантьяго, аэропорт столицы работает в обычном режиме.",
)


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser()


async def write(
    newsroom: Newsroom, normaliser: Normaliser, text: tuple[str, str], **fields: Any
) -> Stored:
    title, body = text
    return await newsroom.article(
        title,
        summary=body,
        body=(Paragraph((Span(body),)),),
        search_title=normaliser.text(title),
        search_body=normaliser.text(body),
        topic=Topic.INCIDENTS,
        **fields,
    )


async def follow(newsroom: Newsroom, reader: Subscriber, story: int) -> None:
    await newsroom.storage.subscribers.follow(
        Subscription(reader.id, FollowKind.STORY, str(story), "Землетрясение", Level.NOW)
    )


async def test_what_happens_next_comes_at_once_to_who_follows_the_story(
    newsroom: Newsroom, normaliser: Normaliser, start: Start, server: Server
) -> None:
    reader = await newsroom.reader(alerts=Alerts.OFF)
    await newsroom.reader(alerts=Alerts.OFF)
    quake = await write(newsroom, normaliser, QUAKE)
    await follow(newsroom, reader, quake.story_id)
    for text in (AFTERSHOCK, UNRELATED, ANOTHER_QUAKE):
        await write(newsroom, normaliser, text, domain="courier.example")
    async with start() as desk:
        await desk.settle()
    # The followed story itself was owed to nobody before: its follower is told it, once.
    told = "\n".join(texts(server))
    assert len(texts(server)) == 2
    assert AFTERSHOCK[0] in told
    assert QUAKE[0] in told
    assert UNRELATED[0] not in told
    assert ANOTHER_QUAKE[0] not in told


async def test_a_story_is_followed_no_longer_than_it_lives(
    newsroom: Newsroom, normaliser: Normaliser
) -> None:
    reader = await newsroom.reader()
    quake = await write(newsroom, normaliser, QUAKE)
    await follow(newsroom, reader, quake.story_id)
    await newsroom.storage.subscribers.mute(
        Mute(reader.id, FollowKind.STORY, str(quake.story_id), "x", None)
    )
    storage = newsroom.storage
    for passed, kept in ((timedelta(days=6), 1), (STORY_FOLLOWED, 0)):
        now = NOW + passed
        await storage.upkeep.prune_ledger(now - timedelta(days=14), now)
        followed = await storage.subscribers.subscriptions(reader.id)
        assert len([one for one in followed if one.kind is FollowKind.STORY]) == kept
        assert len(await storage.subscribers.mutes(reader.id, now)) == kept
        assert len(await storage.brought.followed_stories()) == kept
    assert len(await storage.subscribers.subscriptions(reader.id)) == 1  # everything


@pytest.mark.parametrize("muted", ["before it is owed", "before it is sent", "before the digest"])
async def test_muted_words_in_any_form_come_neither_at_once_nor_in_a_digest(
    newsroom: Newsroom, normaliser: Normaliser, start: Start, server: Server, muted: str
) -> None:
    reader = await newsroom.reader(alerts=Alerts.OFF if "digest" in muted else Alerts.ON)

    async def mute() -> None:
        key = normaliser.phrase("землетрясения на камчатке")
        await muting.mute(
            newsroom.storage,
            Mute(reader.id, FollowKind.WORDS, key, "землетрясения на Камчатке", None),
        )

    if muted == "before it is owed":
        await mute()
    await write(newsroom, normaliser, QUAKE)
    await write(newsroom, normaliser, UNRELATED, domain="courier.example")
    if muted == "before it is sent":  # nobody muted these words when the push was matched
        await Outbox(newsroom.storage, owed=lambda: None).expand(NOW)
        await mute()
    async with start() as desk:
        await desk.settle()
        if muted == "before the digest":
            await mute()
            page = await desk.digests.compose(reader, NOW)
            assert page is not None
            assert len(page.stories) == 1
            return
    assert [UNRELATED[0] in text for text in texts(server)] == [True]


@pytest.mark.parametrize("alerts", [Alerts.ON, Alerts.OFF])
async def test_what_goes_on_with_a_muted_story_is_hidden_as_that_is(
    newsroom: Newsroom, normaliser: Normaliser, start: Start, server: Server, alerts: Alerts
) -> None:
    """Whether the story is followed by somebody or by nobody."""
    reader = await newsroom.reader(alerts=alerts)
    other = await newsroom.reader(alerts=alerts)
    quake = await write(newsroom, normaliser, QUAKE, push=False)
    await newsroom.storage.subscribers.mute(
        Mute(reader.id, FollowKind.STORY, str(quake.story_id), "x", NOW + timedelta(days=30))
    )
    told = await write(newsroom, normaliser, UNRELATED, domain="courier.example")
    hidden = await write(newsroom, normaliser, AFTERSHOCK, domain="courier.example")
    async with start() as desk:
        await desk.settle()
        if alerts is Alerts.ON:
            sent = [
                request.fields["chat_id"]
                for request in server.of("sendMessage")
                if AFTERSHOCK[0] in request.fields["text"]
            ]
            assert sent == [other.chat_id]
            return
        page = await desk.digests.compose(reader, NOW)
        assert page is not None
        assert page.stories == (told.story_id,)
        page = await desk.digests.compose(other, NOW)
        assert page is not None
        assert set(page.stories) == {quake.story_id, told.story_id, hidden.story_id}
