"""A group, its forum topics and a thread of a private chat, through the strict sandbox."""

from dataclasses import replace
from typing import Any

from tests.e2e.conftest import Town
from tests.e2e.test_day import buttons, ready

Message = dict[str, Any]


async def alone(town: Town, chat: int, person: int, *, since: int = 0) -> Message:
    """The last message that only this person of the group sees, once there is one."""
    found: list[Message] = []

    async def there() -> bool:
        found[:] = [
            message
            for message in await town.people.messages(chat, by=person)
            if message["from_bot"] and message.get("alone") and message["version"] > since
        ]
        return bool(found)

    await town.until(there)
    return found[-1]


async def turned(town: Town, chat: int, message: Message, label: str, by: int) -> Message:
    """The message after a press of one of its buttons."""
    await town.people.press(chat, message["id"], label, by=by)
    after = await town.people.wait_message(chat, after=message["id"] - 1, since=message["version"])
    assert after["id"] == message["id"], "one screen, one message"
    return after


async def test_a_group_with_topics(town: Town) -> None:
    people = town.people
    await town.newsboy(DEFAULT_ALERTS="off")
    olga = await people.create_user(first_name="Ольга", language_code="ru")
    boris = await people.create_user(first_name="Борис", language_code="en")
    await ready(town, olga)
    chat = await people.create_chat(
        "supergroup", "Соседи", members=[olga, boris], bot="member", forum=True
    )

    # Added: a welcome in the language of whoever added it, with buttons for the admins.
    welcome = await people.wait_message(chat)
    assert "Присылать сюда дайджест с главным" in welcome["text"]
    toast = await people.press(chat, welcome["id"], "Присылать", by=boris)
    assert toast["answer"]["text"] == "Настройки здесь меняют только администраторы."
    done = await turned(town, chat, welcome, "Присылать", olga)
    assert done["text"].startswith("Дайджест: 08:00 по будням")

    # People talk; commands and mentions are answered, for all to see.
    before = done["id"]
    await people.send_text(chat, "а что там с погодой?", by=boris)
    latest = await people.ask(chat, "/latest", by=boris)
    assert "/full_" in latest["text"]
    assert "alone" not in latest
    assert [m["id"] for m in await people.messages(chat, after=before) if m["from_bot"]] == [
        latest["id"]
    ]
    paged = await turned(town, chat, latest, "Раньше ▶", olga)
    assert paged["text"] != latest["text"], "anybody turns the page"

    # Settings of a bot that is no admin: the menu's command is whispered, and so is the answer.
    await people.send_text(chat, "/settings", by=olga)
    screen = await alone(town, chat, olga)
    switched = await turned(town, chat, screen, "☐ Всё без звука", olga)
    assert "☑ Всё без звука" in buttons(switched)
    refused = await people.ask(chat, "/settings", by=boris)
    assert refused["text"] == "Настройки здесь меняют только администраторы."
    assert "alone" not in refused, "a plain command of a plain bot: a short reply"

    # An admin bot whispers refusals too; an older server makes them replies again.
    await people.set_bot(chat, "administrator", by=olga)
    await people.send_text(chat, "/settings", by=boris)
    whispered = await alone(town, chat, boris)
    assert whispered["text"] == "Настройки здесь меняют только администраторы."
    for mode in ("refused", "ignored"):
        await people.set_ephemerals(mode)
        again = await people.ask(chat, "/settings", by=boris)
        assert again["text"] == "Настройки здесь меняют только администраторы."
        assert "alone" not in again
    await people.set_ephemerals("allowed")

    # A topic follows what nobody else in the group does.
    topic = await people.create_topic(chat, "Вулканы", by=olga)
    await people.send_text(chat, "/subscribe слова вулкан ключевской", by=olga, thread=topic)
    asked = await alone(town, chat, olga, since=switched["version"])
    assert asked["text"] == "Для всей группы или только для этой темы?"
    await turned(town, chat, asked, "Только для этой темы", olga)

    # So does a thread of a private chat.
    thread = await people.create_topic(olga, "Камчатка")
    private = await people.ask(olga, "/subscribe слова вулкан ключевской", thread=thread)
    assert private["message_thread_id"] == thread
    await turned(town, olga, private, "Только для этой темы", olga)

    first, other = (one.manuscript for one in town.newspaper.edition("vestnik").newest(2))
    title = "Вулкан Ключевской выбросил пепел на пять километров"
    town.newspaper.publish(replace(first, slug="ash", title=title))
    push = await people.wait_message(chat, contains=title, timeout=40)
    assert push["message_thread_id"] == topic

    async def in_thread() -> bool:
        return any(
            message.get("message_thread_id") == thread and title in message["text"]
            for message in await people.messages(olga)
        )

    await town.until(in_thread)

    # The topic is closed: its news go to the general one, and an answer goes where it can.
    await people.set_bot(chat, "member", by=olga)
    await people.close_topic(chat, topic)
    second = "Учёные объяснили, почему молчит вулкан Ключевской"
    town.newspaper.publish(replace(other, slug="silence", title=second))
    fallen = await people.wait_message(
        chat, contains=second, timeout=75
    )  # twenty a minute to a group
    assert "message_thread_id" not in fallen

    # What was said of the group holds on after it moved and after the bot was away.
    await people.set_bot(chat, "left", by=olga)
    await people.set_bot(chat, "member", by=olga)
    back = await people.wait_message(chat, after=fallen["id"])
    assert "Присылать" not in buttons(back), "its digest is known"
