"""Readers walk through every screen: each chapter in both languages, and in both layouts.

A walk is cut into chapters that run side by side in chats of their own, since Telegram takes one
message a second for a chat; what one language walks in classic messages the other walks in rich.
At every step the answer is in the reader's language (but for the news, names and commands), nothing
went wrong, and each press is answered.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import aiohttp
import pytest

from bot.messages import links
from bot.messages.texts import Texts
from storage import Level
from tests.e2e.conftest import Town
from tests.e2e.test_day import Message, buttons, first_article, ready

_OTHER_SCRIPT = {"ru": re.compile(r"[A-Za-z]{2,}"), "en": re.compile(r"[А-Яа-яЁё]{2,}")}
_NAMES = re.compile(
    r"https?://\S+|/\w+|@?\w+_bot\b|127\.0\.0\.\d|Русский|English|JSON|HTML|OPML|Telegram|UTC"
    r"|The Harbour Courier|Городской вестник|Северная хроника"
)
_BROKEN = ("Не получилось", "That didn't work", "Слишком быстро", "Too fast")


@dataclass(frozen=True)
class Words:
    """What a reader of one language types."""

    search: str
    narrow: str
    typo: str
    nowhere: str
    meant: str
    topic: str
    city: str
    zone: str
    follow: str
    told: str
    corrected: str
    paper: str
    long: str


WORDS = {
    "ru": Words(
        search="трамвайные пути",
        narrow="трамвай -землетрясение источник:вестник",
        typo="землятрясение",
        nowhere="бегемотоведение",
        meant="землетрясение",
        topic="наука",
        city="Омск",
        zone="Омск",
        follow="полярная экспедиция",
        told="Вернулась полярная экспедиция, которую не ждали",
        corrected="Полярная экспедиция вернулась с опозданием на год",
        paper="vestnik",
        long="Сто лет на рельсах",
    ),
    "en": Words(
        search="lighthouses",
        narrow="ferry -lighthouse source:courier",
        typo="lighthuose",
        nowhere="hippopotamology",
        meant="lighthouse",
        topic="technology",
        city="Lisbon",
        zone="Lisbon",
        follow="polar expedition",
        told="A polar expedition that nobody awaited is back",
        corrected="A polar expedition is back a year late",
        paper="courier",
        long="",
    ),
}


@dataclass
class Reader:
    """A person with a language, and the eyes to see what does not belong on a screen."""

    town: Town
    id: int
    language: str
    words: Words
    texts: Texts
    news: frozenset[str]
    version: int = 0
    seen: list[str] = field(default_factory=list)

    def says(self, text: str) -> str:
        """The interface's text in the reader's language."""
        return self.texts.gettext(text)

    async def ask(self, text: str, contains: str = "", timeout: float = 20.0) -> Message:  # noqa: ASYNC109 - the server is what waits
        """Write, and look at what is answered."""
        answer = await self.town.people.ask(self.id, text, contains=contains, timeout=timeout)
        return self.looked_at(answer)

    async def press(self, message: Message, label: str) -> dict[str, Any]:
        """Press a button; what Telegram shows at once."""
        found = [one for one in buttons(message) if one.startswith(label)]
        exact = found[0] if found else label  # a rich message has buttons inside
        pressed = await self.town.people.press(self.id, message["id"], exact)
        assert pressed["answer"] is not None, f"{exact} was not answered"
        self._judge(pressed["answer"]["text"])
        return dict(pressed["answer"])

    async def turn(self, message: Message, label: str) -> Message:
        """Press a button that turns its own message into another screen."""
        await self.press(message, label)
        turned = await self._changed(message)
        return self.looked_at(turned)

    async def shown(self, message: Message) -> Message:
        """A message as it stands now."""
        for one in await self.town.people.messages(self.id):
            if one["id"] == message["id"]:
                return one
        raise AssertionError("the message is gone")

    async def _changed(self, message: Message) -> Message:
        found: list[Message] = []

        async def changed() -> bool:
            found[:] = [await self.shown(message)]
            return bool(found[0]["version"] > message["version"])

        await self.town.until(changed)
        return found[0]

    def looked_at(self, message: Message) -> Message:
        """The message, once nothing on it is amiss."""
        self._judge(message["text"])
        for label in buttons(message):
            self._judge(label)
        return message

    def _judge(self, said: str) -> None:
        self.seen.append(said)
        assert not any(one in said for one in _BROKEN), said
        for word in _OTHER_SCRIPT[self.language].findall(_NAMES.sub(" ", said)):
            assert word in self.news, f"“{word}” in: {said}"


def _news(language: str) -> frozenset[str]:
    """The words of the other script that the news of a language have."""
    folder = files("bot.sandbox.newspaper").joinpath("content")
    names = ("vestnik", "chronicle") if language == "ru" else ("courier",)
    text = " ".join(folder.joinpath(f"{name}.txt").read_text(encoding="utf-8") for name in names)
    return frozenset(_OTHER_SCRIPT[language].findall(text))


async def _arrived(town: Town, language: str, layout: str) -> Reader:
    """A newcomer who has been greeted, and who confirms to see rich messages where wanted."""
    person = await town.people.create_user(language_code=language)
    reader = Reader(town, person, language, WORDS[language], Texts.load(language), _news(language))
    hello = await reader.ask("/start")
    assert hello["text"].count("/full_") == 3, "three headlines at once"
    assert hello["text"].startswith(reader.says("Hello! Here is the news."))
    assert buttons(hello) == [
        reader.says("Choose topics"),
        reader.says("Change times"),
        *(("Русский", "English") if language == "ru" else ("English", "Русский")),
    ]
    if layout == "rich":
        sample = await reader.ask("/settings layout rich")
        assert sample["kind"] == "rich"
        await reader.turn(sample, reader.says("Yes, all of it"))
    return reader


async def _lists(reader: Reader, layout: str) -> None:
    """The lists: latest, by topic and day, the top, the front page."""
    says = reader.says
    latest = await reader.ask("/latest")
    older = await reader.turn(latest, says("Older ▶"))
    assert older["text"] != latest["text"]
    newer = await reader.turn(older, says("◀ Newer"))
    assert newer["text"] == latest["text"]
    topics = await reader.turn(newer, says("Topic…"))
    science = reader.texts.gettext("Science")
    chosen = await reader.turn(topics, science)
    assert chosen["text"].splitlines()[0].endswith(science)
    day = await reader.turn(chosen, says("By day"))
    row = next(one for one in day["keyboard"] if one[0]["callback_data"].endswith(":0:0"))
    before = await reader.turn(day, row[0]["text"])
    assert before["text"] != day["text"]
    await reader.turn(before, says("Latest news"))

    await reader.ask("/archive")
    assert "/full_" in (await reader.ask("/latest " + reader.words.topic))["text"]
    top = await reader.ask("/top")
    await reader.turn(top, says("Topic…"))

    front = await reader.ask("/digest")
    assert front["kind"] == ("rich" if layout == "rich" else "text")
    headline = (await reader.shown(top))["text"]
    assert headline, "still there"
    again = await reader.ask("/digest")
    assert says("Nothing new since the last digest. All news: /latest") in again["text"]


async def _search(reader: Reader, layout: str) -> None:
    """Searches: plain text, operators, a slip of the finger, nothing and the offer to tell."""
    says, words = reader.says, reader.words
    found = await reader.ask(f"/search {words.search}")
    assert "/full_" in found["text"]
    plain = await reader.ask(words.search)
    assert "/full_" in plain["text"]
    assert "/full_" in (await reader.ask(f"/search {words.narrow}"))["text"]
    slipped = await reader.ask(words.typo)
    assert words.meant in slipped["text"].splitlines()[0]
    assert any(entity["type"] == "bold" for entity in slipped["entities"])
    await reader.turn(slipped, says("Search for “{words}”").format(words=words.typo)[:8])
    nothing = await reader.ask(f"/search {words.nowhere}")
    assert says("Nothing found. Tell you when something appears?") in nothing["text"]
    await reader.press(nothing, says("Tell me"))
    follows = await reader.ask("/subscribe")
    assert words.nowhere in follows["text"]

    page = await reader.town.people.inline(reader.id, words.search)
    assert page["answer"]["results"]
    newest = await reader.town.people.inline(reader.id, "")
    assert len(newest["answer"]["results"]) > 5


async def _reading(reader: Reader, layout: str) -> None:
    """A card, its text and all that its buttons lead to; an article in parts; what is kept."""
    says = reader.says
    number = first_article(await reader.ask("/top"))
    card = await reader.ask(f"/summary {number}")
    text = await reader.turn(card, says("Read"))
    assert text["kind"] == ("rich" if layout == "rich" else "text")
    assert len(text["text"]) > len(card["text"])
    folded = await reader.turn(text, says("Collapse"))
    assert folded["text"] == card["text"]
    related = await reader.turn(folded, says("Related"))
    back = await reader.turn(related, says("◀ Back"))
    kept = await reader.turn(back, says("Save"))
    assert says("✓ Saved") in buttons(kept)
    hide = await reader.turn(kept, says("Hide…"))
    hidden = await reader.turn(hide, says("Source: {name}").partition("{")[0])
    undone = await reader.turn(hidden, says("Show again"))
    assert says("✓ Saved") in buttons(undone), "hiding forgets nothing else"
    await _shared(reader, text, number)

    if reader.words.long:
        await _parts(reader, layout)
    saved = await reader.ask("/saved")
    assert saved["text"].count("/full_") == 1
    await reader.press(saved, says("Export"))
    file = await _file(reader, saved)
    assert file.lstrip().lower().startswith(b"<!doctype html>")
    assert file.rstrip().endswith(b"</html>")
    taking = await reader.turn(saved, says("Remove…"))
    empty = await reader.turn(taking, "✕")
    assert "/full_" not in empty["text"]


async def _shared(reader: Reader, text: Message, number: int) -> None:
    """The address that a reader shares opens the same article for somebody else."""
    links = re.findall(r"https://t\.me/share/url[^\"\\]*", json.dumps(text))
    assert links, "no way to share"
    target = parse_qs(urlsplit(links[0]).query)["url"][0]
    payload = parse_qs(urlsplit(target).query)["start"][0]
    assert payload == f"a{number}"
    friend = await reader.town.people.create_user(language_code=reader.language)
    opened = await reader.town.people.ask(friend, f"/start {payload}", timeout=20)
    assert text["text"].splitlines()[0] in opened["text"]
    hello = reader.says("Hello! Here is the news.")
    await reader.town.people.wait_message(friend, after=opened["id"], contains=hello)


async def _parts(reader: Reader, layout: str) -> None:
    """A long article comes whole, in one rich message or in parts that are folded together."""
    says = reader.says
    number = first_article(await reader.ask(f"/search {reader.words.long}"))
    sent = await reader.town.people.send_text(reader.id, f"/full_{number}")
    last = await reader.town.people.wait_message(
        reader.id, after=sent["id"], contains="поедет на работу", timeout=20
    )
    parts = [
        one
        for one in await reader.town.people.messages(reader.id, after=sent["id"])
        if one["from_bot"]
    ]
    assert (len(parts) > 1) == (layout == "classic")
    await reader.press(last, says("Collapse"))
    if layout == "classic":

        async def gone() -> bool:
            left = await reader.town.people.messages(reader.id, after=sent["id"])
            return len([one for one in left if one["from_bot"]]) < len(parts)

        await reader.town.until(gone)


async def _file(reader: Reader, after: Message) -> bytes:
    """The next document that the bot sends."""
    found: list[Message] = []

    async def there() -> bool:
        found[:] = [
            one
            for one in await reader.town.people.messages(reader.id, after=after["id"])
            if "document" in one
        ]
        return bool(found)

    await reader.town.until(there)
    file = quote(found[0]["document"]["file_id"])
    url = f"{reader.town.sandbox.url}/control/files/{file}"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        return await response.read()


async def _following(reader: Reader, layout: str) -> None:
    """What is followed and hidden, by taps and typed."""
    says, words = reader.says, reader.words
    home = await reader.ask("/subscribe")
    topics = await reader.turn(home, says("Topics"))
    topic = await reader.turn(topics, "📰 " + says("Science"))
    assert says("In the last 24 hours:") in topic["text"]
    at_once = await reader.turn(topic, reader.texts.level(Level.NOW))
    assert "✓ " + reader.texts.level(Level.NOW) in buttons(at_once)
    listed = await reader.turn(at_once, says("◀ Back"))
    assert "⚡ " + says("Science") in buttons(listed)
    home = await reader.turn(listed, says("◀ Back"))
    sources = await reader.turn(home, says("Sources"))
    source = await reader.turn(sources, "📰")
    home = await reader.turn(await reader.turn(source, says("◀ Back")), says("◀ Back"))
    asked = await reader.turn(await reader.turn(home, says("Words")), says("Add words"))
    assert asked["id"] == home["id"], "one screen, one message"
    followed = await reader.ask(words.follow)
    assert words.follow in followed["text"]
    assert "✓ " + reader.texts.level(Level.NOW) in buttons(followed)
    typed = await reader.ask(f"/subscribe {words.meant}")
    assert says("In the last 24 hours:") in typed["text"], "what it would have brought"
    offered = await reader.ask("/unsubscribe")
    await reader.turn(offered, "✕")

    mutes = await reader.ask("/mute")
    hidden = await reader.turn(mutes, says("Hide: {name}").format(name=says("Sport")))
    assert says("Sport") in hidden["text"]
    await reader.ask("/unmute")
    shown = await reader.turn(hidden, "✕")
    assert says("Nothing is hidden yet.") in shown["text"]


async def _settings(reader: Reader, layout: str) -> None:
    """Every screen of the settings by taps; times, a typed city, the language there and back."""
    says, words = reader.says, reader.words
    home = await reader.ask("/settings")
    opened = 0
    for label in buttons(home):
        if label.startswith(("☐", "☑")):
            home = await reader.turn(home, label)
            home = await reader.turn(home, next(_same(home, label)))
            continue
        screen = await reader.turn(home, label)
        assert says("◀ Back") in buttons(screen), f"a dead end: {label}"
        home = await reader.turn(screen, says("◀ Back"))
        opened += 1
    assert opened >= 8

    digest = (
        "digest 08:30 mon-fri 10:00 sat-sun"
        if reader.language == "en"
        else ("дайджест 08:30 пн-пт 10:00 сб-вс")
    )
    done = await reader.ask(f"/settings {digest}")
    assert "08:30" in done["text"]
    zones = await reader.town.people.wait_message(reader.id, after=done["id"])
    assert says("What time is it for you?") in zones["text"]
    await asyncio.sleep(0.5)  # people read a question before they answer it
    placed = await reader.ask(words.city)
    assert words.zone in placed["text"], placed["text"]
    assert words.zone in (await reader.ask("/settings"))["text"]
    wrong = await reader.ask("/settings quiet 99")
    assert "23:00" in wrong["text"], "a wrong value is answered with what would do"

    other = "en" if reader.language == "ru" else "ru"
    foreign = Texts.load(other)
    home = await reader.ask("/settings")
    screen = await reader.turn(home, says("Language"))
    name = {"en": "English", "ru": "Русский"}
    await reader.town.people.press(reader.id, screen["id"], name[other])
    switched = await reader._changed(screen)
    assert foreign.gettext("◀ Back") in buttons(switched)
    own = next(one for one in buttons(switched) if one.endswith(name[reader.language]))
    await reader.turn(switched, own)


def _same(home: Message, label: str) -> Iterator[str]:
    """A switch's label as it is now."""
    return (one for one in buttons(home) if one[1:] == label[1:])


async def _leaving(reader: Reader, layout: str) -> None:
    """What is stored, exported and deleted; /stop and /start; what is not understood."""
    says = reader.says
    mistyped = await reader.ask("/serch")
    assert "/search" in mistyped["text"]
    await reader.ask("/help")
    gone = await reader.ask("/full 999999")
    assert says("This article is no longer in the archive.") in gone["text"]
    old = await reader.ask("/latest")
    data = [key["callback_data"] for row in old["keyboard"] for key in row]
    await reader.town.people.age_message(reader.id, old["id"], 30 * 24 * 3600)
    await reader.town.people.press(reader.id, old["id"], data=data[0])
    await reader.town.people.wait_message(reader.id, since=old["version"], contains="/full_")
    link = await reader.ask("/start t-science", contains=f": {says('Science')}")
    assert "/full_" in link["text"]
    address = links.search("newsboy_bot", reader.words.meant)
    payload = parse_qs(urlsplit(address).query)["start"][0]
    await reader.ask(f"/start {payload}", contains=f"{reader.words.meant}")

    question = await reader.ask("/stop")
    await reader.turn(question, says("Stop"))
    revived = await reader.ask("/start")
    assert "/full_" in revived["text"]

    privacy = await reader.ask("/privacy")
    await reader.press(privacy, says("Export (JSON)"))
    stored = json.loads(await _file(reader, privacy))
    assert str(reader.id) in json.dumps(stored)
    asked = await reader.turn(privacy, says("Delete everything…"))
    deleted = await reader.turn(asked, says("Delete everything"))
    assert says("Everything is deleted. To start anew: /start") == deleted["text"]
    anew = await reader.ask("/start")
    assert anew["text"].startswith(says("Hello! Here is the news."))
    assert (await reader.ask("/saved"))["text"].count("/full_") == 0


async def _told(reader: Reader, layout: str) -> None:
    """A push is read in its own message, and corrected where it stands."""
    says, paper = reader.says, reader.town.newspaper
    number = {"classic": "1", "rich": "2"}[layout]  # each reader's own news: others read it too
    followed = await reader.ask(f"/subscribe {reader.words.follow}")
    former = paper.edition(reader.words.paper).newest(1)[0].manuscript
    news = replace(former, slug=f"told-{layout}", title=f"{reader.words.told} ({number})")
    url = paper.publish(news)
    push = reader.looked_at(
        await reader.town.people.wait_message(
            reader.id, after=followed["id"], contains=f"({number})", timeout=30
        )
    )
    assert buttons(push) == [says("Read"), says("Save"), says("Hide…")]
    text = await reader.turn(push, says("Read"))
    assert len(text["text"]) > len(push["text"])
    card = await reader.turn(text, says("Collapse"))
    assert f"({number})" in card["text"]
    title = f"{reader.words.corrected} ({number})"
    paper.correct(url, title=title)
    mark = says("Updated at {time}").partition("{")[0]

    async def corrected() -> bool:
        now = (await reader.shown(card))["text"]
        return title in now and mark in now

    await reader.town.until(corrected, 40)


_CHAPTERS = (_lists, _search, _reading, _following, _settings, _leaving, _told)


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_screen(town: Town, language: str) -> None:
    """Readers of a language walk through all chapters, in one layout and the other by turns."""
    bot = await town.newsboy(DEFAULT_ALERTS="off", READERS_ADD_SOURCES="5", DEFAULT_QUIET="off")
    scout = await town.people.create_user(language_code=language)
    await ready(town, scout)

    async def walk(chapter: Any, layout: str) -> None:
        try:
            await chapter(await _arrived(town, language, layout), layout)
        except Exception as error:
            error.add_note(f"{chapter.__name__} in {language}, {layout}")
            raise

    layouts = ("classic", "rich") if language == "ru" else ("rich", "classic")
    walks = [walk(chapter, layouts[at % 2]) for at, chapter in enumerate(_CHAPTERS)]
    found = await asyncio.gather(*walks, return_exceptions=True)
    failed = [one for one in found if isinstance(one, BaseException)]
    if failed:
        raise BaseExceptionGroup("walks", failed)
    assert " ERROR " not in bot.output()
