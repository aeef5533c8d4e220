"""A reader's own source comes to that reader alone, and never as a part of "everything"."""

import pytest

from storage import Alerts, FollowKind, Level, Mute, Subscriber, Subscription
from tests.delivery.conftest import NOW, Newsroom, Start
from tests.delivery.test_sender import texts
from tests.telegram.conftest import Server

OWN = "own.example"


async def follow(newsroom: Newsroom, reader: Subscriber, kind: FollowKind, key: str) -> None:
    follow = Subscription(reader.id, kind, key, key, Level.NOW)
    await newsroom.storage.subscribers.follow(follow)


@pytest.mark.parametrize(
    ("kind", "key", "comes"),
    [
        (FollowKind.EVERYTHING, "", False),
        (FollowKind.TOPIC, "society", False),
        (FollowKind.SOURCE, OWN, True),
        (FollowKind.WORDS, "мост", True),
    ],
)
async def test_by_source_and_words_an_own_story_comes_to_its_owner(
    newsroom: Newsroom, start: Start, server: Server, kind: FollowKind, key: str, comes: bool
) -> None:
    owner = await newsroom.reader(alerts=Alerts.ON)
    await newsroom.storage.subscribers.unfollow_all(owner.id)
    await follow(newsroom, owner, kind, key)
    await newsroom.article("Мой мост", domain=OWN, owner=owner.id)
    async with start() as desk:
        await desk.settle()
        assert len(texts(server)) == comes
        if not comes:
            assert await desk.digests.compose(owner, NOW) is None


async def test_nobody_else_is_told_whatever_they_follow(
    newsroom: Newsroom, start: Start, server: Server
) -> None:
    owner, other = await newsroom.reader(), await newsroom.reader(alerts=Alerts.ON)
    await newsroom.storage.subscribers.unfollow_all(owner.id)
    for kind, key in (
        (FollowKind.EVERYTHING, ""),
        (FollowKind.TOPIC, "society"),
        (FollowKind.SOURCE, OWN),
        (FollowKind.WORDS, "мост"),
    ):
        await follow(newsroom, other, kind, key)
    own = await newsroom.article("Мой мост", domain=OWN, owner=owner.id)
    await follow(newsroom, other, FollowKind.STORY, str(own.story_id))
    async with start() as desk:
        await desk.settle()
        assert texts(server) == []
        assert await desk.digests.compose(other, NOW) is None


async def test_an_own_story_is_in_the_owners_digest_whatever_its_language(
    newsroom: Newsroom, start: Start
) -> None:
    owner = await newsroom.reader()
    await follow(newsroom, owner, FollowKind.SOURCE, OWN)
    own = await newsroom.article("My bridge", domain=OWN, owner=owner.id, language="en", push=False)
    public = await newsroom.article(push=False)
    async with start() as desk:
        digest = await desk.digests.compose(owner, NOW)
        assert digest is not None
        assert set(digest.stories) == {own.story_id, public.story_id}
        await newsroom.storage.subscribers.mute(
            Mute(owner.id, FollowKind.SOURCE, OWN, OWN, expires=None)
        )
        digest = await desk.digests.compose(owner, NOW)
        assert digest is not None
        assert digest.stories == (public.story_id,)
