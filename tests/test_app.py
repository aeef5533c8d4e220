"""The bot's first line in the log says what is started."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot import __version__
from bot.app import start_line
from bot.config import Settings, load_settings
from storage import Feed, FeedState, Storage
from tests.storage.newsroom import NOW

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


@pytest.fixture
async def feeds(tmp_path: Path) -> list[Feed]:
    async with Storage.open(tmp_path / "newsboy.db") as storage:
        for name in ("a", "b", "c"):
            await storage.feeds.add(f"https://{name}.example/feed", f"{name}.example", NOW)
        return list(await storage.feeds.all())


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    file = tmp_path / ".env"
    file.write_text(
        f"BOT_TOKEN={TOKEN}\nTIME_ZONE=Asia/Tokyo\nDATABASE={tmp_path}/newsboy.db",
        encoding="utf-8",
    )
    return load_settings(file)


def test_of_a_plain_bot(settings: Settings, feeds: list[Feed], tmp_path: Path) -> None:
    assert start_line(settings, feeds) == (
        f"newsboy {__version__} starts; database {tmp_path}/newsboy.db; feeds: 3; polling;"
        " private bot; zone Asia/Tokyo"
    )


def test_what_is_polled_counts_and_what_fails_is_told(
    settings: Settings, feeds: list[Feed]
) -> None:
    one, two, three = feeds
    known = [one, replace(two, failures=4), replace(three, state=FeedState.GONE)]
    assert "; feeds: 2 (1 failing); " in start_line(settings, known)


def test_of_a_public_bot_behind_a_webhook(settings: Settings) -> None:
    changed = {"access": "public", "webhook_url": "https://news.example/hook"}
    public = Settings(**{**settings.model_dump(), **changed})
    said = start_line(public, [])
    assert "; feeds: 0; webhook https://news.example/hook; public bot; " in said
    assert TOKEN not in said
