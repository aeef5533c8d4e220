"""Sources of one's own: offered, chosen, added, refused with a word, dropped."""

import asyncio
from typing import Any

import pytest

from bot.feeds.entries import FeedKind, FoundFeed
from bot.feeds.offers import Offer, Refusal
from bot.feeds.opml import read_opml
from bot.handlers.sourcing import is_address
from bot.messages import callbacks as cb
from storage import FollowKind, Level, Subscriber
from tests.handlers.conftest import ANNA, Person, Shown, World

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
    for told in ("Спорт", "Карта новостей", "Канал в Telegram", "https://t.me/s/own"):
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


@pytest.mark.parametrize("said", [FEED, f"/subscribe {FEED}"])
async def test_where_readers_may_add_none_an_address_is_answered_kindly(
    world: World, said: str
) -> None:
    world.desk.settings.__dict__["readers_add_sources"] = 0
    anna = world.person()
    (shown,) = await anna.say(said)
    assert "Добавлять свои источники здесь нельзя" in shown.text
    assert world.looked == [], "neither looked at nor searched for"
    (sources,) = await anna.say("/subscribe источники")
    assert "Добавить источник" not in sources.labels


OPML = """<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head><title>Мои ленты</title></head><body>
<outline text="Новости"><outline type="rss" text="Своя" xmlUrl="https://own.example/rss.xml"/>
<outline type="rss" text="Другая" xmlUrl="https://other.example/rss.xml"/></outline>
<outline type="rss" text="Пусто" xmlUrl="https://none.example/rss.xml"/>
<outline type="rss" text="Лишняя" xmlUrl="https://more.example/rss.xml"/>
</body></opml>"""


async def send_file(
    person: Person, content: bytes, name: str = "feeds.opml", **more: Any
) -> list[Shown]:
    person.world.telegram.files["file"] = content
    document = {"file_id": "file", "file_unique_id": "file", "file_name": name, **more}
    return await person.send({"document": document})


async def test_a_file_of_sources_is_taken_in_as_far_as_it_fits(world: World) -> None:
    other, more = "https://other.example/rss.xml", "https://more.example/rss.xml"
    world.offers = {
        FEED: offer(),
        other: offer(other),
        more: Offer(more, refusal=Refusal.TOO_MANY, most=2),
    }
    anna = world.person()
    (shown,) = await send_file(anna, OPML.encode())
    assert "Добавлено 2 из 4." in shown.text
    assert "✓ Своя газета" in shown.text
    assert "none.example/rss.xml: ленты новостей там нет" in shown.text
    assert "не больше 2" in shown.text
    owner = (await reader(world)).id
    assert len(await world.storage.feeds.owned(owner)) == 2
    followed = await world.storage.subscribers.subscriptions(owner)
    assert {one.key for one in followed if one.kind is FollowKind.SOURCE} == {
        "own.example",
        "other.example",
    }
    sources = await anna.press(shown, "Источники")
    assert sources
    await anna.press(sources, "Свои источники файлом")
    sent = anna.messages()[-1]
    assert sent.document is not None
    assert read_opml(sent.document.decode()) == (FEED, other)


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        (b"<html>", {}, "нет списка источников"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><opml/>", {}, "нет списка источников"),
        (b"<opml><body><outline text='folder'/></body></opml>", {}, "нет списка источников"),
        (b"<opml/>", {"file_size": 2_000_000}, "слишком большой"),
        (b"x" * 1_100_000, {}, "не загрузился"),
    ],
)
async def test_other_files_are_refused_with_a_word(
    world: World, content: bytes, more: dict[str, Any], said: str
) -> None:
    (shown,) = await send_file(world.person(), content, **more)
    assert said in shown.text
    assert world.looked == []


async def test_a_file_that_telegram_lost_is_asked_for_again(world: World) -> None:
    (shown,) = await world.person().send(
        {"document": {"file_id": "lost", "file_unique_id": "lost", "file_name": "a.opml"}}
    )
    assert "Пришлите его ещё раз" in shown.text


async def test_files_in_groups_are_nobodys_question(world: World) -> None:
    assert await send_file(world.person(group=-100), OPML.encode()) == []


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
    assert after.text == "Источник «own.example» удалён."
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
