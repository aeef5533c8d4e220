"""Sources of one's own: offered, chosen, added, refused with a word, dropped."""

import asyncio

import pytest

from bot.feeds.entries import FeedKind, FoundFeed
from bot.feeds.offers import Offer, Refusal
from bot.handlers.sourcing import is_address
from bot.messages import callbacks as cb
from storage import FollowKind, Level, Subscriber
from tests.handlers.conftest import ANNA, World

FEED = "https://own.example/rss.xml"
OTHER = 1002


def offer(url: str = FEED) -> Offer:
    return Offer(url, title="Своя газета", language="ru", entries=21, titles=("Один", "Два"))


async def reader(world: World, chat: int = ANNA) -> Subscriber:
    found = await world.storage.subscribers.find(chat)
    assert found is not None
    return found


@pytest.mark.parametrize("said", [FEED, f"/subscribe {FEED}", "/subscribe own.example"])
async def test_an_address_is_offered_added_and_followed(world: World, said: str) -> None:
    world.offers = {FEED: offer(), "own.example": offer()}
    anna = world.person()
    (shown,) = await anna.say(said)
    for told in ("Своя газета", "21 запись", "Один", "Два", "только вам"):
        assert told in shown.text
    assert await world.storage.feeds.owned((await reader(world)).id) == []
    after = await anna.press(shown, "Добавить")
    assert after
    assert "Своя газета" in after.text
    subscriber = await reader(world)
    (feed,) = await world.storage.feeds.owned(subscriber.id)
    assert feed.url == FEED
    followed = await world.storage.subscribers.subscriptions(subscriber.id)
    assert [
        (one.kind, one.key, one.level) for one in followed if one.kind is FollowKind.SOURCE
    ] == [(FollowKind.SOURCE, "own.example", Level.DIGEST)]


async def test_several_feeds_are_a_choice(world: World) -> None:
    found = (
        FoundFeed("https://own.example/sport.xml", "Спорт"),
        FoundFeed("https://own.example/sitemap.xml", "", FeedKind.SITEMAP),
        FoundFeed("https://t.me/s/own", "", FeedKind.CHANNEL),
    )
    sport = "https://own.example/sport.xml"
    world.offers = {
        "https://own.example/": Offer("https://own.example/", choices=found),
        sport: offer(sport),
    }
    anna = world.person()
    (shown,) = await anna.say("https://own.example/")
    for told in ("Спорт", "Карта новостей", "Телеграм-канал", "https://t.me/s/own"):
        assert told in shown.text
    after = await anna.press(shown, "1. Спорт")
    assert after
    (feed,) = await world.storage.feeds.owned((await reader(world)).id)
    assert feed.url == sport


async def test_cancel_adds_nothing(world: World) -> None:
    world.offers = {FEED: offer()}
    anna = world.person()
    (shown,) = await anna.say(FEED)
    after = await anna.press(shown, "Отмена")
    assert after
    assert after.text == "Ничего не добавлено."
    assert await world.storage.feeds.owned((await reader(world)).id) == []


@pytest.mark.parametrize("refusal", list(Refusal))
async def test_every_refusal_is_said_in_the_readers_language(
    world: World, refusal: Refusal
) -> None:
    world.offers = {FEED: Offer(FEED, refusal=refusal, why="English words for the log", most=5)}
    (shown,) = await world.person().say(f"/subscribe {FEED}")
    assert "English" not in shown.text
    assert any("а" <= char <= "я" for char in shown.text)
    (english,) = await world.person(OTHER, language="en").say(f"/subscribe {FEED}")
    assert not any("а" <= char <= "я" for char in english.text)


async def test_one_look_at_a_time(world: World) -> None:
    going, done = asyncio.Event(), asyncio.Event()

    async def slow(text: str, owner: int) -> Offer:
        going.set()
        await done.wait()
        return offer()

    object.__setattr__(world.desk.sourcing, "look", slow)
    anna = world.person()
    first = asyncio.create_task(anna.say(FEED))
    await going.wait()
    await world.person().say(FEED)
    done.set()
    await first
    texts = [shown.text for shown in anna.messages()]
    assert sum("По одному адресу за раз" in text for text in texts) == 1
    assert sum("Своя газета" in text for text in texts) == 1


async def test_where_readers_may_add_none_an_address_is_searched_for(world: World) -> None:
    world.desk.settings.__dict__["readers_add_sources"] = 0
    await world.person().say(FEED)
    assert world.looked == []


async def test_dropping_asks_and_takes_the_articles_along(world: World) -> None:
    anna = world.person()
    await anna.say("/start")
    owner = (await reader(world)).id
    await world.article("Открыт тайный мост", domain="own.example", owner=owner)
    (shown,) = await anna.say("/subscribe")
    sources = await anna.press(shown, cb.Follows(cb.FollowScreen.SOURCES))
    assert sources
    assert "ваш источник" in sources.text
    own = await anna.press(sources, next(one for one in sources.labels if "own.example" in one))
    assert own
    asked = await anna.press(own, "Удалить own.example")
    assert asked
    assert await world.storage.feeds.owned(owner)
    after = await anna.press(asked, "Удалить")
    assert after
    assert "больше нет" in after.text
    assert await world.storage.feeds.owned(owner) == []
    (found,) = await anna.say("/search тайный")
    assert "Открыт тайный мост" not in found.text


async def test_ones_own_feed_of_a_site_that_is_followed_leaves_that_as_it_is(world: World) -> None:
    await world.article(domain="own.example")
    world.offers = {FEED: offer()}
    anna = world.person()
    await anna.say("/subscribe own.example сразу")
    (shown,) = await anna.say(FEED)
    after = await anna.press(shown, "Добавить")
    assert after
    assert "сразу" in after.text

    async def level() -> list[Level]:
        held = await world.storage.subscribers.subscriptions((await reader(world)).id)
        return [one.level for one in held if one.kind is FollowKind.SOURCE]

    assert await level() == [Level.NOW]
    owner = (await reader(world)).id
    own = await world.storage.feeds.source_by_domain("own.example", owner)
    assert own is not None
    await anna.press(after, cb.DropSource(own.id, confirmed=True))
    assert await world.storage.feeds.owned(owner) == []
    assert await level() == [Level.NOW]


async def test_nobody_drops_what_is_not_theirs(world: World) -> None:
    await world.person().say("/start")
    await world.person(OTHER).say("/start")
    owner = (await reader(world)).id
    await world.article(domain="own.example", owner=owner)
    await world.article(domain="public.example")
    (feed,) = await world.storage.feeds.owned(owner)
    public = await world.storage.feeds.source_by_domain("public.example")
    assert public is not None
    other = world.person(OTHER)
    (shown,) = await other.say("/subscribe")
    for source in (feed.source_id, public.id, 999):
        await other.press(shown, cb.DropSource(source, confirmed=True))
    assert await world.storage.feeds.owned(owner)
    assert len(await world.storage.feeds.all()) == 2


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.org", True),
        ("http://example.org/rss.xml?x=1", True),
        ("t.me/newspaper", True),
        ("www.example.org", True),
        ("example.org/rss", True),
        ("example.org", False),  # words to search for, too
        ("т.е. мост", False),
        ("https://example.org и ещё", False),
        ("мост", False),
        ("3.14", False),
    ],
)
def test_what_is_an_address(text: str, address: bool) -> None:
    assert is_address(text) is address


async def test_related_leads_there_and_back(world: World) -> None:
    body = "Мост через Волгу у Саратова открыли для движения после ремонта опор."
    article = await world.article("Мост у Саратова открыт", body=body)
    await world.article(
        "Ремонт опор моста у Саратова завершён", domain="courier.example", body=body
    )
    await world.article(
        "Курс рубля вырос", domain="courier.example", body="Биржа закрылась ростом."
    )
    anna = world.person()
    (card,) = await anna.say(f"/summary {article.article_id}")
    shown = await anna.press(card, "По теме")
    assert shown
    assert "Ремонт опор моста" in shown.text
    assert "Курс рубля" not in shown.text
    back = await anna.press(shown, "◀ Назад")
    assert back
    assert back.labels == card.labels
