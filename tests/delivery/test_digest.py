"""The front page: weighed, capped, nothing twice, nothing lost."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.delivery.digest import arrange, front_page, in_print_order, offers_important, weight
from storage import (
    Alerts,
    ChatKind,
    FollowKind,
    Headline,
    Level,
    Mute,
    Subscriber,
    Subscription,
    Topic,
)
from tests.delivery.conftest import NOW, READER, Newsroom, Start


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


def test_followed_topics_come_first_and_other_last() -> None:
    shown = [
        headline(n, topic)
        for n, topic in enumerate(
            (Topic.SPORT, Topic.OTHER, Topic.WORLD, Topic.CULTURE, Topic.SCIENCE, Topic.OTHER)
        )
    ]
    front = front_page(shown, 0, {Topic.CULTURE, Topic.SCIENCE})
    assert [topic for topic, _ in front.sections] == [
        Topic.CULTURE,
        Topic.SCIENCE,
        Topic.WORLD,
        Topic.OTHER,
    ]
    assert [one.story_id for one in in_print_order(front)] == [0, 3, 4, 2, 1, 5]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Лавров прибыл в Токио на переговоры", "Лавров прибыл в Токио на переговоры с коллегой"),
        ("В Токио начались переговоры с Японией", "Начались переговоры с Японией в Токио"),
        ("Правительство продлило льготную ипотеку", "Льготная ипотека продлена правительством"),
    ],
)
def test_an_echo_is_left_to_the_further_pages(first: str, second: str) -> None:
    """Titles of one event that were not recognised as one story."""
    ranked = [
        headline(1, Topic.WORLD, title=first),
        headline(2, Topic.POLITICS, title=second),
        headline(3, Topic.SPORT),
    ]
    assert [one.story_id for one in arrange(ranked, 7)] == [1, 3]
    assert [one.story_id for one in arrange([ranked[1], ranked[0]], 7)] == [2]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ЦБ повысил ключевую ставку до максимума", "ЦБ снизил ключевую ставку до максимума"),
        ("Суд признал компанию банкротом", "Суд не признал компанию банкротом"),
        ("Через реку открыли мост, уже 12-й", "Через реку открыли мост, уже 13-й"),
        ("Землетрясение на Камчатке сегодня", "Землетрясение на Камчатке сегодня: погибли 7"),
        ("Матч перенесён", "Матч перенесён из-за непогоды в городе"),
    ],
)
def test_what_differs_in_a_word_that_matters_is_no_echo(first: str, second: str) -> None:
    ranked = [headline(1, Topic.WORLD, title=first), headline(2, Topic.SPORT, title=second)]
    assert len(arrange(ranked, 7)) == 2


THIRD = replace(READER, alerts=Alerts.OFF, digests=2, quiet_from=23 * 60, quiet_to=8 * 60)
NIGHT = NOW - timedelta(hours=6)  # six in the morning in Moscow


@pytest.mark.parametrize(
    ("reader", "now", "offers"),
    [
        (THIRD, NOW, True),
        (replace(THIRD, digests=1), NOW, False),
        (replace(THIRD, digests=9), NOW, True),
        (replace(THIRD, important_offered=True), NOW, False),
        (replace(THIRD, alerts=Alerts.ON), NOW, False),
        (replace(THIRD, alerts=Alerts.IMPORTANT), NOW, False),
        (replace(THIRD, kind=ChatKind.SUPERGROUP), NOW, False),
        (replace(THIRD, kind=ChatKind.CHANNEL), NOW, False),
        (THIRD, NIGHT, False),
        (replace(THIRD, quiet_from=None, quiet_to=None), NIGHT, False),
        (replace(THIRD, quiet_from=None, quiet_to=None), NOW, True),
        (replace(THIRD, quiet_from=0, quiet_to=5 * 60), NIGHT, True),
    ],
)
def test_whom_important_stories_are_offered(
    reader: Subscriber, now: datetime, offers: bool
) -> None:
    assert offers_important(reader, now) is offers


async def test_important_stories_are_offered_once_under_the_third_digest(
    newsroom: Newsroom, start: Start
) -> None:
    reader = await newsroom.reader(alerts=Alerts.OFF)
    async with start() as desk:
        offered = []
        for number in range(5):
            await newsroom.article(f"Новость {number}", push=False)
            issue = await desk.digests.issue(reader, NOW)
            assert issue is not None
            offered.append("Сообщать сразу о самом важном?" in issue.payload.text)
            await desk.digests.told(issue, reader, 70 + number, NOW)
            reader = await desk.storage.subscribers.get(reader.id)
        assert offered == [False, False, True, False, False]
        assert reader.important_offered
        assert reader.digests == 5


async def test_a_digest_that_was_not_sent_offered_nothing(newsroom: Newsroom, start: Start) -> None:
    reader = await newsroom.reader(alerts=Alerts.OFF)
    await newsroom.article(push=False)
    third = replace(reader, digests=2)
    async with start() as desk:
        for _ in range(2):
            issue = await desk.digests.issue(third, NOW)
            assert issue is not None
            assert issue.offered
        assert not (await desk.storage.subscribers.get(reader.id)).important_offered


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
