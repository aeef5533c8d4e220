"""`newsboy doctor`: every fault has its line and its remedy; what is well says so."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.newspaper import Fault, Newspaper
from bot.sandbox.state import Webhook
from storage import FeedOutcome, Storage
from tests.commands.conftest import NOW, Result
from tests.web.pem import make_pair

Newsboy = Callable[..., Result]
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


@pytest.fixture
async def telegram() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(TOKEN, strict=False)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def newspaper() -> AsyncIterator[Newspaper]:
    paper = Newspaper()
    await paper.start()
    yield paper
    await paper.stop()


async def doctor(newsboy: Newsboy, **settings: str) -> Result:
    text = "".join(f'{name}="{value}"\n' for name, value in settings.items())
    await asyncio.to_thread(Path(".env").write_text, text, encoding="utf-8")
    return await asyncio.to_thread(newsboy, "doctor")


async def test_all_well(
    newsboy: Newsboy, database: Path, telegram: Sandbox, newspaper: Newspaper
) -> None:
    feed = newspaper.feeds[0]
    async with Storage.open(database) as storage:
        await storage.feeds.remove("https://news.example/rss.xml")
        await storage.feeds.add(feed, "paper.example", NOW)
        # Beside a running bot, too.
        result = await doctor(
            newsboy,
            BOT_TOKEN=TOKEN,
            TELEGRAM_API_URL=telegram.url,
            ALLOW_PRIVATE_NETWORKS="on",
        )
    assert result.status == 0, result.out
    assert "@newsboy_bot" in result.out
    assert "1 articles, 1 feeds" in result.out
    assert "28 a second" in result.out
    assert "Stars" not in result.out
    assert "✗" not in result.out
    assert TOKEN not in result.out + result.err


async def test_every_fault_has_a_remedy(
    newsboy: Newsboy, telegram: Sandbox, newspaper: Newspaper
) -> None:
    paper = newspaper.feeds
    newspaper.fail(paper[1], Fault.MISSING)
    wrong = TOKEN.replace("AAH", "BBH")
    result = await doctor(
        newsboy,
        BOT_TOKEN=wrong,
        TELEGRAM_API_URL=telegram.url,
        FEEDS=f"{paper[0]} {paper[1]} http://127.0.0.1:9/rss",
        ALLOW_PRIVATE_NETWORKS="on",
    )
    assert result.status == 1
    assert "refuses the token (Unauthorized)" in result.out
    assert "status 404" in result.out
    assert f"newsboy feed remove {paper[1]}" in result.out
    assert "newsboy feed check http://127.0.0.1:9/rss" in result.out
    assert result.out.count("✗") == 3
    assert wrong not in result.out + result.err


async def test_a_feed_that_is_gone_is_not_passed_over_in_silence(
    newsboy: Newsboy, database: Path
) -> None:
    feed = "https://news.example/rss.xml"
    async with Storage.open(database) as storage:
        known = await storage.feeds.by_url(feed)
        gone = FeedOutcome(
            feed_id=known.id, checked=NOW, due=NOW, interval=300, ok=False, gone=True
        )
        await storage.feeds.save_outcome(gone)
    result = await doctor(newsboy)
    assert result.status == 1
    assert "gone for good" in result.out
    assert f"newsboy feed remove {feed}" in result.out


async def test_feeds_of_an_opml_file_are_asked_before_the_first_start(
    newsboy: Newsboy, folder: Path, newspaper: Newspaper
) -> None:
    opml = folder / "feeds.opml"
    outline = f'<opml version="2.0"><body><outline xmlUrl="{newspaper.feeds[0]}"/></body></opml>'
    await asyncio.to_thread(opml.write_text, outline)
    result = await doctor(newsboy, FEEDS="feeds.opml", ALLOW_PRIVATE_NETWORKS="on")
    assert f"{newspaper.feeds[0]} │ answers" in result.out
    await asyncio.to_thread(opml.write_text, "no list")
    result = await doctor(newsboy, FEEDS="feeds.opml")
    assert "FEEDS names feeds.opml" in result.out
    assert "Traceback" not in result.err


async def test_telegram_out_of_reach_and_a_guarded_feed(newsboy: Newsboy) -> None:
    result = await doctor(
        newsboy,
        BOT_TOKEN=TOKEN,
        TELEGRAM_API_URL="http://127.0.0.1:9",
        FEEDS="http://127.0.0.1:9/rss",
    )
    assert result.status == 1
    assert "cannot be reached" in result.out
    assert "TELEGRAM_PROXY" in result.out
    assert result.out.count("✗") == 2


async def test_something_else_answers_in_telegrams_place(
    newsboy: Newsboy, newspaper: Newspaper
) -> None:
    result = await doctor(newsboy, BOT_TOKEN=TOKEN, TELEGRAM_API_URL=newspaper.url, FEEDS="off")
    assert result.status == 1
    assert "does not answer as Telegram does (status 404)" in result.out
    assert "newsboy feed add URL" in result.out


def test_damaged_database_names_the_restore_command(newsboy: Newsboy, database: Path) -> None:
    damaged = bytearray(database.read_bytes())
    damaged[8192:81920] = os.urandom(81920 - 8192)
    database.write_bytes(damaged)
    result = asyncio.run(doctor(newsboy, FEEDS="off"))
    assert result.status == 1
    assert "newsboy restore" in result.out


async def test_wrong_setting_and_missing_token_are_findings(newsboy: Newsboy) -> None:
    result = await doctor(newsboy, POLL_SECONDS="soon")
    assert result.status == 1
    assert "POLL_SECONDS is wrong" in result.out
    result = await doctor(newsboy, FEEDS="off")
    assert result.status == 1
    assert "BOT_TOKEN is not set" in result.out
    assert "@BotFather" in result.out


async def test_full_disk_is_a_finding(newsboy: Newsboy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.doctor.FREE_BYTES", 10**18)
    result = await doctor(newsboy, FEEDS="off")
    assert "or move DATABASE" in result.out


async def test_a_mistyped_setting_is_named(newsboy: Newsboy) -> None:
    result = await doctor(newsboy, FEED="https://news.example/rss", FEEDS="off")
    assert "did you mean FEEDS?" in result.err


async def test_what_costs_stars_is_said(newsboy: Newsboy) -> None:
    result = await doctor(newsboy, PAID_BROADCASTS="on", MESSAGES_PER_SECOND="900")
    assert "900 a second" in result.out
    assert "0.1 Stars" in " ".join(result.out.replace("│", " ").split())


async def test_the_webhook_and_its_certificate(
    newsboy: Newsboy, folder: Path, telegram: Sandbox
) -> None:
    pair = await asyncio.to_thread(make_pair, folder)
    settings = {
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "FEEDS": "off",
        "WEBHOOK_URL": "https://localhost:8443",
        "WEBHOOK_CERTIFICATE": "fullchain.pem",
        "WEBHOOK_KEY": "privkey.pem",
    }
    result = await doctor(newsboy, **settings)
    assert "not set yet" in result.out
    assert "signed by itself" in result.out
    hook = telegram.state.webhook = Webhook("https://localhost:8443/telegram", None, 40)
    assert "0 updates wait" in (await doctor(newsboy, **settings)).out
    hook.last_error = (int(time.time()) - 60, "Connection refused")
    result = await doctor(newsboy, **settings)
    assert "could not post to https://localhost:8443 (Connection refused)" in result.out
    hook.last_error = (int(time.time()) - 7200, "Connection refused")
    assert "Connection refused" not in (await doctor(newsboy, **settings)).out
    await asyncio.to_thread(make_pair, folder, ends=timedelta(days=3))
    assert "Renew it." in (await doctor(newsboy, **settings)).out
    pair.key.unlink()
    assert "WEBHOOK_KEY: privkey.pem cannot be read" in (await doctor(newsboy, **settings)).out


async def test_a_webhook_that_telegram_would_refuse(newsboy: Newsboy) -> None:
    result = await doctor(newsboy, FEEDS="off", WEBHOOK_URL="https://bot.example.org:8080")
    assert result.status == 1
    assert "port 8080" in result.out
