"""The front page: weighed, capped, nothing twice, nothing lost."""

from datetime import timedelta

from bot.delivery.digest import arrange, front_page, in_print_order, weight
from storage import FollowKind, Headline, Level, Mute, Subscription, Topic
from tests.delivery.conftest import NOW, Newsroom, Start


def headline(number: int, topic: Topic = Topic.SPORT, **fields: object) -> Headline:
    values: dict[str, object] = {
        "article_id": number,
        "story_id": number,
        "title": f"Title {number}",
        "summary": "",
        "source": "S",
        "source_domain": "s.example",
        "url": f"https://s.example/{number}",
        "topic": topic,
        "language": "ru",
        "published": NOW,
        "image_url": None,
        "sources_in_story": 1,
        "articles_in_story": 1,
        "search_key": number,
    }
    return Headline(**{**values, **fields})  # type: ignore[arg-type]


def test_weight_rises_with_sources_articles_follows_and_falls_with_age() -> None:
    plain = weight(headline(1), NOW, followed=False)
    assert weight(headline(1, sources_in_story=2), NOW, followed=False) > plain
    assert weight(headline(1, articles_in_story=3), NOW, followed=False) > plain
    assert weight(headline(1), NOW, followed=True) > plain
    assert weight(headline(1, published=NOW - timedelta(hours=10)), NOW, followed=False) < plain


def test_a_front_page_has_two_a_topic_and_no_more_than_asked() -> None:
    ranked = [headline(n, Topic.SPORT if n < 6 else Topic.CULTURE) for n in range(1, 11)]
    assert [one.story_id for one in arrange(ranked, 7)] == [1, 2, 6, 7]
    assert len(arrange(ranked, 3)) == 3


def test_other_is_no_topic_and_has_no_cap() -> None:
    assert len(arrange([headline(n, Topic.OTHER) for n in range(10)], 7)) == 7


def test_sections_follow_their_weightiest_story() -> None:
    front = front_page(
        [headline(1), headline(2, Topic.WORLD), headline(3), headline(4, Topic.WORLD)], more=5
    )
    assert front.lead.story_id == 1
    assert [topic for topic, _ in front.sections] == [Topic.WORLD, Topic.SPORT]
    assert [one.story_id for one in in_print_order(front)] == [1, 2, 4, 3]
    assert (front.more, front.offset) == (5, 4)


async def test_by_command_it_tells_what_is_new_once(newsroom: Newsroom, start: Start) -> None:
    reader = await newsroom.reader()
    first = await newsroom.article("Первая", push=False)
    async with start() as desk:
        issue = await desk.digests.issue(reader, NOW)
        assert issue is not None
        assert "Первая" in issue.payload.text
        await desk.digests.told(issue, reader, 77, NOW)
        reader = await desk.storage.subscribers.get(reader.id)
        assert await desk.digests.issue(reader, NOW) is None
        await newsroom.article("Вторая", push=False, topic=Topic.SPORT)
        again = await desk.digests.compose(reader, NOW)
        assert again is not None
        assert first.story_id not in again.stories


async def test_a_digest_that_was_not_sent_moves_no_watermark(
    newsroom: Newsroom, start: Start
) -> None:
    reader = await newsroom.reader()
    await newsroom.article(push=False)
    async with start() as desk:
        assert await desk.digests.issue(reader, NOW) is not None
        same = await desk.storage.subscribers.get(reader.id)
        assert await desk.digests.issue(same, NOW) is not None


async def test_what_is_muted_off_or_in_another_language_is_left_out(
    newsroom: Newsroom, start: Start
) -> None:
    reader = await newsroom.reader()
    storage = newsroom.storage
    sport = await newsroom.article("Матч", topic=Topic.SPORT, push=False)
    stars = await newsroom.article("Овен", words="гороскоп овен", topic=Topic.LIFE, push=False)
    english = await newsroom.article("Bridge", language="en", push=False)
    kept = await newsroom.article("Мост", topic=Topic.SOCIETY, push=False)
    await storage.subscribers.follow(
        Subscription(reader.id, FollowKind.TOPIC, "sport", "", Level.OFF)
    )
    await storage.subscribers.mute(Mute(reader.id, FollowKind.WORDS, "гороскоп", "", None))
    async with start() as desk:
        composed = await desk.digests.compose(reader, NOW)
    assert composed is not None
    assert composed.stories == (kept.story_id,)
    assert not {sport.story_id, stars.story_id, english.story_id} & set(composed.stories)


async def test_what_is_corrected_or_withdrawn_shows_so_in_the_very_next_digest(
    newsroom: Newsroom, start: Start
) -> None:
    """However many readers share one: nobody corrects a digest that was sent."""
    reader = await newsroom.reader()
    wrong = await newsroom.article("Ошибка", push=False)
    gone = await newsroom.article("Пропажа", topic=Topic.SPORT, push=False)
    articles = newsroom.storage.articles
    async with start() as desk:
        composed = await desk.digests.compose(reader, NOW)
        assert composed is not None
        assert set(composed.stories) == {wrong.story_id, gone.story_id}
        await articles.lose(gone.article_id, since=NOW, now=NOW, due=None)
        composed = await desk.digests.compose(reader, NOW)
        assert composed is not None
        assert composed.stories == (wrong.story_id,)
        draft = newsroom.draft("Поправка")
        await articles.replace(wrong.article_id, draft, now=NOW, revision=True)
        composed = await desk.digests.compose(reader, NOW)
        assert composed is not None
        assert composed.front.lead.title == "Поправка"


async def test_what_was_held_back_and_muted_then_is_left_out(
    newsroom: Newsroom, start: Start
) -> None:
    reader = await newsroom.reader(quiet_from=11 * 60, quiet_to=18 * 60)
    storage = newsroom.storage
    await newsroom.article("Матч", topic=Topic.SPORT)
    await newsroom.article("Овен", words="гороскоп овен", topic=Topic.LIFE)
    kept = await newsroom.article("Мост", topic=Topic.SOCIETY)
    async with start() as desk:
        await desk.outbox.expand(NOW)
        desk.sender.wake()

        async def held() -> bool:
            return list((await desk.states()).values()).count("deferred") == 3

        await desk.until(held)
        await storage.subscribers.mute(Mute(reader.id, FollowKind.TOPIC, "sport", "", None))
        await storage.subscribers.mute(Mute(reader.id, FollowKind.WORDS, "гороскоп", "", None))
        composed = await desk.digests.compose(reader, NOW)
    assert composed is not None
    assert composed.stories == (kept.story_id,)


async def test_the_rest_is_a_button_away(newsroom: Newsroom, start: Start) -> None:
    reader = await newsroom.reader()
    for _ in range(5):
        await newsroom.article(topic=Topic.SPORT, push=False)
    async with start() as desk:
        issue = await desk.digests.issue(reader, NOW)
    assert issue is not None
    assert len(issue.composed.stories) == 5
    assert issue.composed.front.more == 3
    assert "3" in issue.payload.keyboard[0][0].text
