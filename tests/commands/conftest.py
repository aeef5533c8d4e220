"""The command line called in this process, in an empty folder, with a store to read."""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.config import Settings
from storage import (
    ArticleDraft,
    BodyFrom,
    Embed,
    EntryKey,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Quote,
    Span,
    Storage,
    Table,
    Topic,
)

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FEED = "https://news.example/rss.xml"


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and an environment without settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def newsboy(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Result]]:
    """Calls `newsboy …` and returns its exit status and what it printed."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level

    def call(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["newsboy", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        out, err = capsys.readouterr()
        status = stopped.value.code
        assert status is None or isinstance(status, int)
        return Result(status or 0, out, err)

    yield call
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook = hook


DRAFT = ArticleDraft(
    feed_id=1,
    source_id=1,
    key=EntryKey("guid-1", "https://news.example/1", "hash"),
    url="https://news.example/1",
    title="Мост через [bold]Оку[/bold] открыт\x1b[2J",
    published=NOW,
    fetched=NOW,
    language="ru",
    subheadline="Движение пустили утром",
    standfirst="По мосту поехали первые автобусы.",
    body=(
        Paragraph(
            (Span("Обычный текст, "), Span("важный", bold=True), Span(" и ссылка", link=FEED))
        ),
        Heading("Что дальше"),
        Quote(((Span("Ждали пять лет."),),), credit="Инженер"),
        ListBlock(((Span("первое"),), (Span("второе"),)), ordered=True),
        PictureBlock("https://news.example/1.jpg", caption="Вид с берега"),
        Table((("год", "машин"), ("2026", "12 000")), header=True),
        Preformatted("а  б\nв  г"),
        Embed("https://video.example/7", "Видео"),
    ),
    body_from=BodyFrom.PAGE,
    author="А. Автор",
    topic=Topic.SOCIETY,
    rubric="Общество",
    content_hash="c",
    search_title="мост",
    search_body="мост",
)


@pytest.fixture
def database(folder: Path) -> Path:
    """`newsboy.db` in the working folder, with one feed and one article (id 1)."""
    path = folder / "newsboy.db"

    async def fill() -> None:
        async with Storage.open(path) as storage:
            await storage.feeds.ensure([(FEED, "news.example")], NOW)
            await storage.articles.store(DRAFT, now=NOW)

    asyncio.run(fill())
    return path
