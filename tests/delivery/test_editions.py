"""What readers share in digests is public and current: nobody's page holds what is another's."""

import pytest

from bot.delivery.digest import Composed
from storage import Alerts, FollowKind, Level, Mute, Subscriber, Subscription, Topic
from tests.delivery.conftest import NOW, Newsroom, Start

OWN = "own.example"


def stories(composed: Composed | None) -> set[int]:
    """What a digest tells, on its page and behind its button."""
    assert composed is not None
    front = composed.front
    shown = [front.lead, *(one for _, section in front.sections for one in section)]
    assert {one.story_id for one in shown} <= set(composed.stories)
    return set(composed.stories)


async def follow(newsroom: Newsroom, reader: Subscriber, kind: FollowKind, key: str) -> None:
    follow = Subscription(reader.id, kind, key, key, Level.DIGEST)
    await newsroom.storage.subscribers.follow(follow)


@pytest.mark.parametrize("owner_first", [True, False])
async def test_an_own_story_stays_its_owners(
    newsroom: Newsroom, start: Start, owner_first: bool
) -> None:
    """Two readers who follow the same, of whom one owns the source."""
    owner = await newsroom.reader(alerts=Alerts.OFF)
    other = await newsroom.reader(alerts=Alerts.OFF)
    public = await newsroom.article(push=False)
    own = await newsroom.article("Мой мост", domain=OWN, owner=owner.id, push=False)
    # The newest is public: that an edition must hold it is no reason for it to hold all before.
    newest = await newsroom.article("Матч", topic=Topic.SPORT, push=False)
    for reader in (owner, other):
        await follow(newsroom, reader, FollowKind.SOURCE, OWN)
        await follow(newsroom, reader, FollowKind.WORDS, "мост")
        await follow(newsroom, reader, FollowKind.STORY, str(own.story_id))
    expected = {
        owner.id: {public.story_id, own.story_id, newest.story_id},
        other.id: {public.story_id, newest.story_id},
    }
    turns = [owner, other] if owner_first else [other, owner]
    async with start() as desk:
        for reader in [*turns, *turns]:
            composed = await desk.digests.compose(reader, NOW)
            assert stories(composed) == expected[reader.id]


@pytest.mark.parametrize("muting_first", [True, False])
@pytest.mark.parametrize(("kind", "key"), [(FollowKind.TOPIC, "life"), (FollowKind.WORDS, "овен")])
async def test_ones_mute_is_no_others(
    newsroom: Newsroom, start: Start, kind: FollowKind, key: str, muting_first: bool
) -> None:
    muting = await newsroom.reader(alerts=Alerts.OFF)
    plain = await newsroom.reader(alerts=Alerts.OFF)
    stars = await newsroom.article("Овен", words="овен", topic=Topic.LIFE, push=False)
    kept = await newsroom.article("Мост", push=False)
    await newsroom.storage.subscribers.mute(Mute(muting.id, kind, key, key, None))
    expected = {
        muting.id: {kept.story_id},
        plain.id: {kept.story_id, stars.story_id},
    }
    turns = [muting, plain] if muting_first else [plain, muting]
    async with start() as desk:
        for reader in [*turns, *turns]:
            assert stories(await desk.digests.compose(reader, NOW)) == expected[reader.id]


async def test_ones_words_are_no_others(newsroom: Newsroom, start: Start) -> None:
    """Each follows one word of two, in turn and together with one who follows both."""
    both = ("овен", "мост")
    articles = {
        word: await newsroom.article(word, words=word, topic=Topic.LIFE, push=False)
        for word in both
    }
    readers = {}
    for words in (both, both[:1], both[1:]):
        reader = await newsroom.reader(alerts=Alerts.OFF)
        await newsroom.storage.subscribers.unfollow_all(reader.id)
        for word in words:
            await follow(newsroom, reader, FollowKind.WORDS, word)
        readers[words] = reader
    async with start() as desk:
        for words in [*readers, *reversed(readers)]:
            composed = await desk.digests.compose(readers[words], NOW)
            assert stories(composed) == {articles[word].story_id for word in words}


async def test_ones_ledger_is_no_others(newsroom: Newsroom, start: Start) -> None:
    """What one was told is still new to another who follows the same."""
    first = await newsroom.reader(alerts=Alerts.OFF)
    second = await newsroom.reader(alerts=Alerts.OFF)
    told = await newsroom.article(push=False)
    async with start() as desk:
        issue = await desk.digests.issue(first, NOW)
        assert issue is not None
        await desk.digests.told(issue, first, 7, NOW)
        again = await desk.storage.subscribers.get(first.id)
        assert await desk.digests.compose(again, NOW) is None
        assert stories(await desk.digests.compose(second, NOW)) == {told.story_id}
        fresh = await newsroom.article("Матч", topic=Topic.SPORT, push=False)
        assert stories(await desk.digests.compose(again, NOW)) == {fresh.story_id}
        both = {told.story_id, fresh.story_id}
        assert stories(await desk.digests.compose(second, NOW)) == both


async def test_what_one_was_pushed_is_news_to_another(newsroom: Newsroom, start: Start) -> None:
    """A push moves no watermark: the ledger alone tells the two apart."""
    pushed = await newsroom.reader()
    plain = await newsroom.reader(alerts=Alerts.OFF)
    told = await newsroom.article()
    async with start() as desk:
        await desk.settle()
        for _ in range(2):
            assert stories(await desk.digests.compose(plain, NOW)) == {told.story_id}
            assert await desk.digests.compose(pushed, NOW) is None
