"""A channel's edition, as its editor lives it: drafts, posts, corrections, a process that dies."""

import re
from typing import Any

from tests.e2e.conftest import Town
from tests.e2e.test_day import buttons, ready

Message = dict[str, Any]
SECONDS = 30.0
DRAFT_SECONDS = 12.0


async def draft_after(town: Town, editor: int, after: int) -> Message:
    return await town.people.wait_message(
        editor, after=after, contains="Черновик для канала", timeout=DRAFT_SECONDS
    )


async def published(town: Town, editor: int, after: int) -> tuple[str, Message]:
    """The address of a new article, and its draft; news in English is none of the channel's."""
    for _ in range(4):
        url = town.newspaper.publish()
        try:
            return url, await draft_after(town, editor, after)
        except TimeoutError:
            continue
    raise AssertionError("no draft")


async def pressed(town: Town, person: int, message: Message, text: str) -> Message:
    """The message as it is after a press."""
    await town.people.press(person, message["id"], text)
    return await town.people.wait_message(person, since=message["version"])


async def test_an_editor_approves_rewords_and_skips(town: Town) -> None:
    """Each story once, in the editor's words where there are any, whatever kills the process."""
    people, paper = town.people, town.newspaper
    bot = await town.newsboy(DEFAULT_ALERTS="off")
    editor = await people.create_user(first_name="Анна", language_code="ru")
    await people.ask(editor, "/start")
    await ready(town, editor)
    before = (await people.messages(editor))[-1]["id"]
    channel = await people.create_chat(
        "channel", "Новости дня", members=[editor], bot="administrator", username="news_day"
    )
    group = await people.create_chat("supergroup", "Обсуждение", members=[editor])
    await people.link(channel, group)
    screen = await people.wait_message(editor, after=before, contains="Новости дня")
    screen = await pressed(town, editor, screen, "после проверки")
    assert "✓ после проверки" in buttons(screen)
    screen = await pressed(town, editor, screen, "Источники")
    while off := [one for one in buttons(screen) if one.startswith("☐")]:
        screen = await pressed(town, editor, screen, off[0])

    # Reworded, and then published.
    reworded, draft = await published(town, editor, screen["id"])
    asked = await pressed(town, editor, draft, "Править")
    assert "Пришлите текст поста" in asked["text"]
    preview = await people.ask(editor, "Наш заголовок\nИ наш рассказ.", contains="Наш заголовок")
    assert await people.messages(channel) == []
    await pressed(town, editor, preview, "Опубликовать")
    post = await people.wait_message(channel, contains="И наш рассказ.", timeout=SECONDS)
    assert buttons(post) == ["Читать"]
    done = await people.wait_message(editor, contains="Опубликовано в канале", timeout=SECONDS)
    assert buttons(done) == ["Открыть пост"]

    # Skipped.
    last = (await people.messages(editor))[-1]["id"]
    _url, draft = await published(town, editor, last)
    skipped = await pressed(town, editor, draft, "Пропустить")
    assert "Пропущено" in skipped["text"]

    # Waiting while the process dies.
    corrected, draft = await published(town, editor, draft["id"])
    await bot.kill()
    bot = await town.newsboy(DEFAULT_ALERTS="off")
    await people.press(editor, draft["id"], "Опубликовать")
    second = await people.wait_message(channel, after=post["id"], timeout=SECONDS)
    link = second["keyboard"][0][0]["url"]
    article = re.fullmatch(r"https://t\.me/\w+\?start=(a\d+)", link)
    assert article is not None, link
    assert len(await people.messages(channel)) == 2

    # A correction edits the post, and asks about the one that has an editor's words.
    paper.correct(corrected, title="Совсем другой заголовок")
    edited = await people.wait_message(
        channel, since=second["version"], contains="Совсем другой заголовок", timeout=SECONDS
    )
    assert edited["id"] == second["id"]
    assert "Обновлено" in edited["text"]
    assert edited["keyboard"] == second["keyboard"]
    paper.correct(reworded, title="Источник передумал")
    notice = await people.wait_message(
        editor, after=draft["id"], contains="Источник изменил статью", timeout=SECONDS
    )
    kept = await people.messages(channel)
    assert "И наш рассказ." in kept[0]["text"]
    await people.press(editor, notice["id"], "Обновить пост")
    await people.wait_message(
        channel, since=edited["version"], contains="Источник передумал", timeout=SECONDS
    )

    # The post's link opens the article for a newcomer, who finds the discussion there.
    boris = await people.create_user(first_name="Борис", language_code="ru")
    card = await people.ask(boris, f"/start {article[1]}", contains="Совсем другой заголовок")
    assert "Обсудить" in buttons(card)
    assert len(await people.messages(channel)) == 2
    assert await people.violations() == []
