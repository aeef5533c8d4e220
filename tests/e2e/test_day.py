"""A reader's day, as a person lives it: every message through the strict sandbox."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.newspaper.manuscripts import Paragraph
from storage import Storage
from tests.e2e.conftest import Town

Message = dict[str, Any]


async def ready(town: Town, person: int) -> Message:
    """The first page of /latest, once the newspaper has been read to its end."""

    async def read() -> bool:
        async with Storage.open_readonly(town.folder / "newsboy.db") as storage:
            return all(feed.succeeded for feed in await storage.feeds.all())

    await town.until(read, 40)
    return await town.people.ask(person, "/latest", contains="/full_")


def first_article(message: Message) -> int:
    """The id of the first tappable command in a list."""
    found = re.search(r"/full_(\d+)", message["text"])
    assert found is not None, message["text"]
    return int(found[1])


def buttons(message: Message) -> list[str]:
    keyboard = message.get("keyboard", [])
    return [button["text"] for row in keyboard for button in row]


async def test_reading(town: Town) -> None:
    """/start, lists and their pages, summary and full text, search in any form."""
    await town.newsboy()
    anna = await town.people.create_user(first_name="Анна", language_code="ru")
    hello = await town.people.ask(anna, "/start")
    assert "Здравствуйте" in hello["text"]
    assert "08:00" in hello["text"]
    assert "Выбрать темы" in buttons(hello)

    page = await ready(town, anna)
    assert page["text"].count("/full_") == 8
    older = await town.people.press(anna, page["id"], "Раньше ▶")
    assert older["answer"] is not None
    turned = await town.people.wait_message(anna, since=page["version"])
    assert turned["id"] == page["id"]
    assert turned["text"] != page["text"]

    number = first_article(page)
    card = await town.people.ask(anna, f"/summary {number}")
    assert "Читать" in buttons(card)
    text = await town.people.ask(anna, f"/full_{number}")
    assert len(text["text"]) > len(card["text"])
    missing = await town.people.ask(anna, "/full 999999")
    assert "нет в архиве" in missing["text"]

    found = await town.people.ask(anna, "/search мостом")
    assert "/full_" in found["text"]
    plainly = await town.people.ask(anna, "мосты")
    assert "/full_" in plainly["text"]
    nothing = await town.people.ask(anna, "/search бегемотоведение")
    assert "Ничего не нашлось" in nothing["text"]


async def test_every_article_arrives_whole(town: Town) -> None:
    """Each article of the newspaper can be read to its last paragraph."""
    await town.newsboy()
    anna = await town.people.create_user(language_code="ru")
    await ready(town, anna)
    await town.people.ask(anna, "/settings news all")
    checked = 0
    for key in ("vestnik", "chronicle", "courier"):
        edition = town.newspaper.edition(key)
        for published in edition.newest(4):
            title = published.manuscript.title
            found = await town.people.ask(anna, f"/search {title}")
            sent = await town.people.send_text(anna, f"/full_{first_article(found)}")
            await town.people.wait_message(anna, after=sent["id"])
            last = [
                block.text for block in published.manuscript.body if isinstance(block, Paragraph)
            ][-1]
            ending = re.sub(r"[*_\[\]]|\(\S+\)", "", last).strip()[-25:]
            await town.people.wait_message(anna, after=sent["id"], contains=ending)
            checked += 1
    assert checked == 12


async def test_a_push_is_read_in_its_own_message_and_an_english_reader_gets_english(
    town: Town,
) -> None:
    """Follow, receive at once, read, hide, change the language, block and come back."""
    await town.newsboy()
    anna = await town.people.create_user(language_code="ru")
    await town.people.ask(anna, "/start")
    await ready(town, anna)
    before = (await town.people.messages(anna))[-1]["id"]
    town.newspaper.publish()
    push = await town.people.wait_message(anna, after=before, timeout=20)
    assert buttons(push)[:1] == ["Читать"]
    answer = await town.people.press(anna, push["id"], "Читать")
    assert answer["answer"] is not None
    read = await town.people.wait_message(anna, since=push["version"])
    assert len(read["text"]) > len(push["text"])

    english = await town.people.ask(anna, "/settings language en")
    assert "English" in english["text"]
    page = await town.people.ask(anna, "/latest")
    assert "Latest news" in page["text"]

    await town.people.block(anna)
    town.newspaper.publish()
    await town.people.unblock(anna)
    back = await town.people.ask(anna, "/start")
    assert back["text"]


async def test_subscribing_by_words_and_unsubscribing(town: Town) -> None:
    """Only what is followed comes at once; /stop silences, /start revives."""
    await town.newsboy(DEFAULT_ALERTS="off")
    anna = await town.people.create_user(language_code="ru")
    await town.people.ask(anna, "/start")
    await ready(town, anna)
    said = await town.people.ask(anna, "/subscribe words редкий зверь")
    assert "редкий зверь" in said["text"]
    before = (await town.people.messages(anna))[-1]["id"]
    paper = town.newspaper
    manuscript = paper.edition("vestnik").newest(1)[0].manuscript
    paper.publish(replace(manuscript, slug="budget", title="Бюджет района принят единогласно"))
    paper.publish(replace(manuscript, slug="beast", title="В лесу заметили редкого зверя"))
    push = await town.people.wait_message(anna, after=before, timeout=20)
    assert "редкого зверя" in push["text"]
    assert "Бюджет района" not in push["text"]
    gone = await town.people.ask(anna, "/unsubscribe редкий зверь")
    assert gone["text"]


async def test_a_digest_comes_at_its_minute(town: Town) -> None:
    """A slot set for the next full minute fires once, with the top headline first."""
    await town.newsboy(DEFAULT_ALERTS="off")
    anna = await town.people.create_user(language_code="ru")
    await town.people.ask(anna, "/start")
    await ready(town, anna)
    soon = datetime.now(UTC).astimezone(ZoneInfo("Europe/Moscow")) + timedelta(
        seconds=75
    )  # 15 at least
    said = await town.people.ask(anna, f"/settings digest {soon:%H:%M}")
    assert f"{soon:%H:%M}" in said["text"]
    digest = await town.people.wait_message(
        anna, after=said["id"], contains="айджест · ", timeout=100
    )
    assert "Все новости" in digest["text"]
    again = await town.people.ask(anna, "/digest")
    assert "ничего нового" in again["text"]
