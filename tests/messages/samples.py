"""Articles, headlines and readers for the tests of messages, and Telegram's own parser."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import tdjson

from bot.messages.texts import Texts, Viewer
from storage import (
    Alerts,
    Article,
    ArticleState,
    BodyFrom,
    ChatKind,
    Headline,
    Layout,
    Paragraph,
    PictureBlock,
    Reading,
    Slot,
    Span,
    Subscriber,
    SubscriberState,
    Topic,
)

NOW = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
RU = Texts.load("ru")
EN = Texts.load("en")
LANGUAGES = {"ru": RU, "en": EN}
tdjson.td_execute(json.dumps({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}).encode())


@dataclass(frozen=True)
class Parsed:
    """What TDLib makes of a message's HTML."""

    text: str
    entities: tuple[dict[str, Any], ...]

    @property
    def units(self) -> int:
        return len(self.text.encode("utf-16-le")) // 2

    def kinds(self) -> list[str]:
        return [entity["type"]["@type"].removeprefix("textEntityType") for entity in self.entities]

    def of_kind(self, kind: str) -> list[str]:
        """Return the texts of the entities of one kind."""
        raw = self.text.encode("utf-16-le")
        return [
            raw[e["offset"] * 2 : (e["offset"] + e["length"]) * 2].decode("utf-16-le")
            for e in self.entities
            if e["type"]["@type"] == f"textEntityType{kind}"
        ]


def parsed(html: str) -> Parsed:
    """Parse as Telegram does; fails where Telegram would refuse."""
    request = {
        "@type": "parseTextEntities",
        "text": html,
        "parse_mode": {"@type": "textParseModeHTML"},
    }
    answer = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"{}")
    assert answer["@type"] == "formattedText", answer
    return Parsed(answer["text"], tuple(answer["entities"]))


def viewer(texts: Texts = RU, now: datetime = NOW, *, pictures: bool = True) -> Viewer:
    return Viewer(texts, MOSCOW, now, pictures)


def article(**changes: Any) -> Article:
    given: dict[str, Any] = {
        "id": 123,
        "story_id": 7,
        "feed_id": 1,
        "source_id": 1,
        "source": "Газета.Ru",
        "source_domain": "gazeta.ru",
        "reading": Reading.FULL,
        "url": "https://www.gazeta.ru/politics/1.shtml?a=1&b=2",
        "guid": "g",
        "title": "Япония & Россия: переговоры <продолжены>",
        "subheadline": "Подзаголовок",
        "standfirst": "Стороны договорились. Подробности позже.",
        "summary": "Стороны договорились.",
        "body": (Paragraph((Span("Первый абзац."),)), Paragraph((Span("Второй абзац."),))),
        "body_from": BodyFrom.PAGE,
        "author": "Иван Петров",
        "image": PictureBlock("https://img.example/1.jpg"),
        "topic": Topic.POLITICS,
        "rubric": "Политика",
        "language": "ru",
        "labels": (),
        "cited": (),
        "state": ArticleState.LIVE,
        "revision": 1,
        "published": NOW - timedelta(minutes=5),
        "updated": None,
        "fetched": NOW,
        "content_hash": "",
        "page_error": None,
        "page_tries": 0,
    }
    return Article(**given | changes)


def headline(number: int = 1, **changes: Any) -> Headline:
    given: dict[str, Any] = {
        "article_id": number,
        "story_id": number,
        "title": f"Заголовок {number}",
        "summary": "Кратко о главном.",
        "source": "Газета.Ru",
        "source_domain": "gazeta.ru",
        "url": f"https://www.gazeta.ru/{number}",
        "topic": Topic.POLITICS,
        "language": "ru",
        "published": NOW - timedelta(hours=number % 10_000),
        "image_url": "https://img.example/1.jpg",
        "sources_in_story": 1,
        "articles_in_story": 1,
        "search_key": 1000 - number,
    }
    return Headline(**given | changes)


def subscriber(**changes: Any) -> Subscriber:
    given: dict[str, Any] = {
        "id": 1,
        "chat_id": 10,
        "thread_id": 0,
        "kind": ChatKind.PRIVATE,
        "title": "",
        "state": SubscriberState.ACTIVE,
        "paused_reason": None,
        "language": "ru",
        "language_chosen": False,
        "news_language": "all",
        "zone": "Europe/Moscow",
        "zone_chosen": False,
        "alerts": Alerts.OFF,
        "quiet_from": 23 * 60,
        "quiet_to": 8 * 60,
        "hourly": 3,
        "daily": 12,
        "headlines": 7,
        "silent": False,
        "pictures": True,
        "layout": Layout.CLASSIC,
        "rich_confirmed": False,
        "watermark": 0,
        "created": NOW,
    }
    return Subscriber(**given | changes)


def slots() -> tuple[Slot, ...]:
    return (
        Slot(1, 1, 480, 0b0011111, silent=False, due=NOW),
        Slot(2, 1, 600, 0b1100000, silent=False, due=NOW),
        Slot(3, 1, 1140, 0b1111111, silent=True, due=NOW),
    )
