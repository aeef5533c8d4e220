"""Every button that a reader can reach, in both languages and both layouts, pressed once.

From each command on, whatever the chat has shown is pressed until nothing new is left, also buttons
of a screen that has given way to another, as an old client may. Each press must be answered once;
no screen may be a dead end, show a word of the other language, or break.
"""

import logging
import re
from collections import Counter, deque
from collections.abc import Iterator
from datetime import timedelta
from typing import get_args

import pytest

from bot.messages import callbacks as cb
from storage import Topic
from tests.handlers.conftest import ADMIN, Person, Shown, World

_COMMANDS = (
    "/start",
    "/help",
    "/latest",
    "/top",
    "/digest",
    "/archive",
    "/search",
    "/search bridge мост",
    "/search hippopotamology бегемотоведение",
    "/search икшвпу",
    "/search vjcne",
    "/summary 1",
    "/full_1",
    "/full_2",
    "/full_3",
    "/saved",
    "/subscribe",
    "/subscribe words bridge",
    "/unsubscribe",
    "/mute",
    "/unmute",
    "/settings",
    "/admin",
    "/admin",
    "/invite",
    "/stop",
    "/privacy",
)
_A_WHILE = timedelta(seconds=20)
_OF_A_KIND = 14  # presses after a command: days, pages and articles are without end
_BODY = ("Движение открыли", "Traffic began")
_LAST_WORDS = ("Новости будут приходить как прежде.", "The news keeps coming.")

_COMMAND = re.compile(r"/\w+")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]{2,}")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_NAMES = re.compile(
    r"https?://\S+|\w+\.example|@?newsboy_bot|bridge|мост|hippopotamology|бегемотоведение|икшвпу|vjcne"
    r"|Анна|Русский|English|JSON|HTML|OPML|Telegram|UTC|Tokyo"
)
# Reached from elsewhere: offers of sources, broadcasts, groups, channels, digests sent by time,
# answers that are none.
_ELSEWHERE: set[type[cb.Callback]] = {
    cb.Find,
    cb.AddSource,
    cb.SendOff,
    cb.CallOff,
    cb.GroupDigest,
    cb.Place,
    cb.Share,
    cb.Important,
    cb.Channels,
    cb.EditionOf,
    cb.SetEdition,
    cb.AskEditionWords,
    cb.ShowDraft,
    cb.PublishDraft,
    cb.RewordDraft,
    cb.SkipDraft,
    cb.UpdatePost,
}
# On buttons of earlier versions alone, which go on working: other tests press them.
_FORMER: set[type[cb.Callback]] = {cb.Day, cb.Follow}


async def _newsroom(world: World, language: str) -> None:
    """News of every topic, two sources, short and long; one story that both tell."""
    ru = language == "ru"
    body = "Движение открыли утром." if ru else "Traffic began in the morning."
    sources = ("courier.example", "vestnik.example")
    first = await world.article(
        "Открыт мост" if ru else "A bridge opens", language=language, domain=sources[0], body=body
    )
    for number, topic in enumerate(Topic):
        await world.article(
            f"Открыт мост номер {number}" if ru else f"Bridge number {number} opens",
            topic=topic,
            language=language,
            domain=sources[number % 2],
            body=body,
            paragraphs=400 if number == 1 else 3,
            story=first.story_id if number == 3 else None,
        )


async def _household(world: World, anna: Person) -> None:
    """Something of one's own everywhere: a source, saved articles, somebody in, somebody out."""
    storage = world.storage
    reader = await storage.subscribers.find(anna.id)
    assert reader is not None
    await storage.feeds.add("https://own.example/feed", "own.example", world.now, owner=reader.id)
    for article in range(3, 13):
        await storage.saved.save(
            anna.id, article, now=world.now, subscriber_id=reader.id, most=5000
        )
    await storage.people.invite("code", now=world.now, uses=2, expires=None)
    await storage.people.redeem("code", 1002, world.now)
    await storage.people.remove(1003, world.now)


def _buttons(shown: Shown) -> Iterator[tuple[str, cb.Callback]]:
    for row in shown.keyboard:
        for key in row:
            if data := key.callback_data:
                button = cb.parse(data)
                assert button is not None, data
                yield data, button


def _another_language(button: cb.Callback, language: str) -> bool:
    match button:
        case cb.Greet(chosen) | cb.Change(cb.Setting.LANGUAGE, chosen):
            return chosen != language
        case _:
            return False


@pytest.mark.parametrize("layout", ["classic", "rich"])
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_button(
    world: World, language: str, layout: str, caplog: pytest.LogCaptureFixture
) -> None:
    await _newsroom(world, language)
    anna = world.person(ADMIN, language=language)
    await anna.say("/start")
    await _household(world, anna)
    if layout == "rich":
        (sample,) = await anna.say("/settings layout rich")
        await anna.press(sample, cb.RichSeen(seen=True))
    seen: dict[str, Shown] = {}
    met: set[str] = set()
    waiting: deque[tuple[Shown, str, cb.Callback]] = deque()
    kinds: Counter[type[cb.Callback]] = Counter()

    def look() -> None:
        for shown in anna.messages():
            seen[shown.text] = shown
            for data, button in _buttons(shown):
                kind = type(button)
                if data in met or kinds[kind] == _OF_A_KIND or _another_language(button, language):
                    continue
                met.add(data)
                kinds[kind] += 1
                waiting.append((shown, data, button))

    everywhere: set[type[cb.Callback]] = set()
    for command in _COMMANDS:
        assert await anna.say(command), command
        look()
        while waiting:
            shown, data, button = waiting.popleft()
            world.now += _A_WHILE
            toasts = len(world.telegram.toasts)
            await anna.press(shown, data)
            assert len(world.telegram.toasts) == toasts + 1, f"{button} was not answered once"
            assert not [one for one in caplog.records if one.levelno >= logging.ERROR], button
            look()
        everywhere |= kinds.keys()
        kinds.clear()
    for text, shown in seen.items():
        assert shown.keyboard or shown.document or _leads_on(text), f"a dead end: {text}"
        for said in (text, *shown.labels):
            assert not _foreign(said, language), said
    missed = set(get_args(cb.Callback)) - everywhere - _ELSEWHERE - _FORMER
    if layout == "rich":  # nobody is asked twice
        missed -= {cb.RichOffer, cb.RichSeen}
    assert not " ".join(sorted(one.__name__ for one in missed))


def _leads_on(text: str) -> bool:
    """Whether a message without buttons says what to do next, asks, or is a part of a text."""
    asks = text.splitlines()[0].endswith("?")
    told = asks or _COMMAND.search(text) or "t.me/" in text
    return bool(told) or any(one in text for one in _BODY + _LAST_WORDS)


def _foreign(text: str, language: str) -> list[str]:
    """The words of the other language that are none of the news, names, links or commands."""
    plain = _COMMAND.sub("", _NAMES.sub("", text))
    return (_CYRILLIC if language == "en" else _LATIN).findall(plain)
