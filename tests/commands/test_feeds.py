"""`newsboy feed …`: the list as it is, and a running bot asked to change it."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.ingest.orders import Orders
from storage import FeedOutcome, Storage
from tests.commands.conftest import FEED, NOW, Result
from tests.ingest.newspaper import Newspaper

Newsboy = Callable[..., Result]


def poll(path: Path, *, error: str | None, problems: tuple[str, ...] = ()) -> None:
    async def write() -> None:
        async with Storage.open(path) as storage:
            await storage.feeds.save_outcome(
                FeedOutcome(
                    feed_id=1,
                    checked=NOW,
                    due=NOW + timedelta(minutes=10),
                    interval=600,
                    ok=error is None,
                    error=error,
                    title="Новости\x1b[2J",
                    problems=problems,
                )
            )

    asyncio.run(write())


def test_list_tells_how_each_feed_is(newsboy: Newsboy, database: Path) -> None:
    shown = newsboy("feed", "list")
    assert shown.status == 0
    assert FEED in shown.out
    assert "not asked yet" in shown.out

    poll(database, error=None)
    shown = newsboy("feed", "list")
    assert "2026-11-22 12:30" in shown.out
    assert "well; next poll 2026-11-22 12:40" in shown.out
    assert "Новости" in shown.out
    assert "\x1b" not in shown.out

    poll(database, error="news.example did not answer.")
    shown = newsboy("feed", "list")
    assert "failed once: news.example did not answer." in shown.out
    assert "2026-11-22 12:30" in shown.out


def test_list_tells_what_a_reading_left_out(newsboy: Newsboy, database: Path) -> None:
    poll(database, error=None, problems=("3 entries without title or link were left out.",))
    shown = newsboy("feed", "list")
    assert "well, but: 3 entries without title or link were left out." in shown.out


def test_mode_is_chosen_and_shown(newsboy: Newsboy, database: Path) -> None:
    assert "full" in newsboy("feed", "list").out
    chosen = newsboy("feed", "mode", FEED, "headline")
    assert chosen.status == 0
    assert "Of news.example, readers see headlines alone." in chosen.out
    assert "headline" in newsboy("feed", "list").out
    assert newsboy("feed", "mode", FEED, "some").status == 2
    unknown = newsboy("feed", "mode", "https://other.example/rss", "full")
    assert unknown.status == 1
    assert "newsboy feed list" in unknown.err


def test_list_works_beside_a_running_bot(newsboy: Newsboy, database: Path) -> None:
    async def running() -> Result:
        async with Storage.open(database):
            return await asyncio.to_thread(newsboy, "feed", "list")

    assert asyncio.run(running()).status == 0


def test_removed_feed_is_gone_from_the_list_and_a_second_removal_says_so(
    newsboy: Newsboy, database: Path
) -> None:
    assert database.exists()
    done = newsboy("feed", "remove", FEED)
    assert done.status == 0
    assert FEED in done.out
    assert "newsboy feed add URL" in newsboy("feed", "list").out
    done = newsboy("feed", "remove", FEED)
    assert done.status == 1
    assert done.err.startswith("newsboy: ")
    assert "is not polled" in done.err


@pytest.mark.parametrize("words", [("feed", "remove", FEED), ("feed", "add", FEED)])
def test_writing_beside_another_command_refuses_and_names_its_process(
    newsboy: Newsboy, database: Path, words: tuple[str, ...]
) -> None:
    async def running() -> Result:
        async with Storage.open(database):
            return await asyncio.to_thread(newsboy, *words)

    done = asyncio.run(running())
    assert done.status == 1
    assert f"process {os.getpid()}" in done.err
    assert done.err.count("\n") == 1


def beside_a_bot(newsboy: Newsboy, database: Path, *words: str) -> Result:
    """A command beside a running bot, of which only what takes orders is there."""

    async def running() -> Result:
        async with Storage.open(database) as storage:
            orders = Orders(database, storage, clock=lambda: NOW)
            with orders.open():
                command = asyncio.create_task(asyncio.to_thread(newsboy, *words))
                while not command.done():
                    await orders.take()
                    await asyncio.sleep(0.01)
                return await command

    return asyncio.run(running())


def test_a_running_bot_is_asked_to_change_its_feeds(newsboy: Newsboy, database: Path) -> None:
    changed = beside_a_bot(newsboy, database, "feed", "mode", FEED, "headline")
    assert changed.status == 0
    assert "Of news.example, readers see headlines alone." in changed.out
    removed = beside_a_bot(newsboy, database, "feed", "remove", FEED)
    assert removed.status == 0
    assert "no longer polled" in removed.out
    again = beside_a_bot(newsboy, database, "feed", "remove", FEED)
    assert again.status == 1
    assert again.err.startswith("newsboy: ")
    assert "is not polled" in again.err
    assert "newsboy feed add URL" in newsboy("feed", "list").out


async def test_a_running_bot_is_asked_to_add_a_feed(
    newsboy: Newsboy, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_PRIVATE_NETWORKS", "true")
    paper = Newspaper()
    await paper.start()
    try:
        paper.publish("one", "Утверждён план развития железных дорог")
        added = await asyncio.to_thread(
            beside_a_bot, newsboy, database, "feed", "add", paper.feed_url
        )
        assert added.err == ""
        assert f"{paper.feed_url} is added" in added.out
        assert "The running bot reads it now." in added.out
        twice = await asyncio.to_thread(
            beside_a_bot, newsboy, database, "feed", "add", paper.feed_url
        )
        assert (twice.status, "is polled already" in twice.err) == (1, True)
    finally:
        await paper.stop()


@pytest.mark.parametrize("word", ["ftp://example.org/rss", "not an address"])
def test_what_is_no_address_is_one_line(newsboy: Newsboy, database: Path, word: str) -> None:
    assert database.exists()
    for command in ("add", "remove", "check"):
        done = newsboy("feed", command, word)
        assert done.status == 1
        assert done.err.startswith("newsboy: ")
        assert done.err.count("\n") == 1
