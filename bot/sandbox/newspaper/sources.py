"""Who publishes: the three invented newspapers, and how rubrics are called in each language.

A source is told apart by its host, so each has a loopback address of its own; where a system
answers on 127.0.0.1 alone, the server puts the source's key before its paths instead.
"""

from dataclasses import dataclass
from typing import Literal

Form = Literal["rss", "atom", "json"]


@dataclass(frozen=True, slots=True)
class Source:
    """A publisher: its feed's format also decides the shape of its pages."""

    key: str
    title: str
    tagline: str
    language: Literal["ru", "en"]
    form: Form
    address: str


SOURCES = (
    Source("vestnik", "Городской вестник", "Газета Старозёрска", "ru", "rss", "127.0.0.1"),
    Source("chronicle", "Северная хроника", "Экономика и наука Севера", "ru", "atom", "127.0.0.2"),
    Source("courier", "The Harbour Courier", "News from Port Ellery", "en", "json", "127.0.0.3"),
)

FEED_PATHS: dict[Form, str] = {
    "rss": "/export/rss/first.xml",
    "atom": "/feed/atom.xml",
    "json": "/feed.json",
}

RUBRICS: dict[str, dict[str, str]] = {
    "ru": {
        "politics": "Политика",
        "economy": "Экономика",
        "society": "Общество",
        "world": "Мир",
        "incidents": "Происшествия",
        "sport": "Спорт",
        "culture": "Культура",
        "science": "Наука",
        "technology": "Технологии",
        "life": "Жизнь",
    },
    "en": {
        "politics": "Politics",
        "economy": "Business",
        "society": "Society",
        "world": "World",
        "incidents": "Incidents",
        "sport": "Sport",
        "culture": "Culture",
        "science": "Science",
        "technology": "Technology",
        "life": "Life",
    },
}


def bench_sources(count: int) -> tuple[Source, ...]:
    """Invented bulletins for measurements, each with its own address in 127.0.1.0/24 and on.

    All three formats and both languages take turns.
    """
    forms: tuple[Form, ...] = ("rss", "atom", "json")
    return tuple(
        Source(
            key=f"bulletin{number:03}",
            title=f"Бюллетень № {number}" if number % 4 else f"Bulletin No. {number}",
            tagline="",
            language="ru" if number % 4 else "en",
            form=forms[number % 3],
            address=f"127.0.{1 + number // 250}.{1 + number % 250}",
        )
        for number in range(count)
    )
