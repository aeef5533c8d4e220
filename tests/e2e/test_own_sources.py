"""A reader's own source, from the address to the article, and nobody else's."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.e2e.conftest import Town
from tests.e2e.test_day import buttons, ready
from tests.ingest.newspaper import Newspaper

TITLE = "Клуб любителей часов открыл мастерскую"


def rss(*titles: str) -> bytes:
    published = format_datetime(datetime.now(UTC) - timedelta(minutes=3))
    items = "".join(
        f"<item><title>{title}</title><guid>{number}</guid><pubDate>{published}</pubDate>"
        f"<description>{title}: подробности узнавайте у мастеров клуба.</description></item>"
        for number, title in enumerate(titles)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>Вестник клуба</title><language>ru</language>{items}</channel></rss>"
    ).encode()


async def test_own_source(town: Town) -> None:
    club = Newspaper()
    await club.start()
    club.publish("one", "Городской бассейн закрыли на ремонт")
    club.files["/club.xml"] = rss(TITLE)
    stranger = Newspaper()
    await stranger.start()
    try:
        feeds = f"{town.settings['FEEDS']} {club.feed_url}"
        await town.newsboy(FEEDS=feeds, READERS_ADD_SOURCES="1")
        anna = await town.people.create_user(language_code="ru")
        boris = await town.people.create_user(language_code="ru")
        await ready(town, anna)

        known = await town.people.ask(anna, club.feed_url)
        assert "уже есть" in known["text"]
        private = await town.people.ask(anna, stranger.feed_url)
        assert "не в открытом интернете" in private["text"]
        assert not stranger.asked

        offered = await town.people.ask(anna, f"{club.url}/club.xml")
        assert "Вестник клуба" in offered["text"]
        assert TITLE in offered["text"]
        assert buttons(offered) == ["Добавить", "Отмена"]
        await town.people.press(anna, offered["id"], "Добавить")
        added = await town.people.wait_message(anna, since=offered["version"])
        assert "добавлен" in added["text"]
        assert (await town.people.ask(anna, f"{club.url}/other.xml"))["text"].startswith(
            "Своих источников может быть не больше 1"
        )

        async def found() -> bool:
            answer = await town.people.ask(anna, "мастерскую")
            return TITLE in answer["text"]

        await town.until(found, 40)
        others = await town.people.ask(boris, "мастерскую")
        assert TITLE not in others["text"]
        for person in (anna, boris):
            assert TITLE not in (await town.people.ask(person, "/latest"))["text"]
    finally:
        await club.stop()
        await stranger.stop()
