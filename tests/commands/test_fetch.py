"""`newsboy fetch`, `feed add` and `feed check` over real HTTP."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.sandbox.newspaper import Fault, Newspaper
from storage import Storage
from tests.commands.conftest import Result

Newsboy = Callable[..., Result]


@pytest.fixture
async def newspaper(folder: Path) -> AsyncIterator[Newspaper]:
    paper = Newspaper()
    await paper.start()
    env = f'ALLOW_PRIVATE_NETWORKS=on\nFEEDS="{" ".join(paper.feeds)}"\n'
    (folder / ".env").write_text(env, encoding="utf-8")
    yield paper
    await paper.stop()


async def call(newsboy: Newsboy, *words: str) -> Result:
    return await asyncio.to_thread(newsboy, *words)


async def test_fetch_reads_the_settings_feeds_and_shows_what_came(
    newsboy: Newsboy, newspaper: Newspaper, folder: Path
) -> None:
    newspaper.fail(newspaper.feeds[2], Fault.ERROR)
    done = await call(newsboy, "fetch")
    assert done.status == 0, done.err
    for feed in newspaper.feeds:
        assert feed in done.out
    assert "Городской вестник" in done.out
    assert "500" in done.out
    async with Storage.open_readonly(folder / "newsboy.db") as storage:
        counts = await storage.upkeep.counts()
        latest = (await storage.articles.latest(language="all", limit=1))[0]
    assert counts.articles > 10
    assert counts.owed == 0
    shown = await call(newsboy, "show", str(latest.article_id))
    assert latest.title in " ".join(shown.out.split())

    done = await call(newsboy, "fetch")
    assert (done.status, done.err) == (0, "")
    assert "newsboy fetch --all" in done.out

    done = await call(newsboy, "fetch", "--all")
    assert done.out.count("unchanged") == 2


async def test_fetch_fails_where_every_feed_fails(newsboy: Newsboy, newspaper: Newspaper) -> None:
    for feed in newspaper.feeds:
        newspaper.fail(feed, Fault.MISSING)
    done = await call(newsboy, "fetch")
    assert done.status == 1
    assert done.out.count("404") == 3


async def test_fetch_without_feeds_says_what_to_do(newsboy: Newsboy, folder: Path) -> None:
    await asyncio.to_thread((folder / ".env").write_text, "FEEDS=off\n")
    done = await call(newsboy, "fetch")
    assert done.status == 0
    assert "newsboy feed add URL" in done.out


async def test_fetch_reads_an_opml_file_and_refuses_a_bad_one(
    newsboy: Newsboy, newspaper: Newspaper, folder: Path
) -> None:
    def settings(opml: str) -> None:
        (folder / "feeds.opml").write_text(opml, encoding="utf-8")
        (folder / ".env").write_text("ALLOW_PRIVATE_NETWORKS=on\nFEEDS=feeds.opml\n")

    outline = f'<outline type="rss" text="x" xmlUrl="{newspaper.feeds[0]}"/>'
    await asyncio.to_thread(settings, f'<opml version="2.0"><body>{outline}</body></opml>')
    done = await call(newsboy, "fetch")
    assert done.status == 0
    assert newspaper.feeds[0] in done.out

    for text, said in (
        ("this is no OPML", "cannot be read"),
        ("<opml version='2.0'><body/></opml>", "lists no feeds"),
    ):
        await asyncio.to_thread(settings, text)
        done = await call(newsboy, "fetch")
        assert done.status == 2
        assert done.err.startswith(f"newsboy: FEEDS names feeds.opml, which {said}")
        assert done.err.count("\n") == 1


async def test_a_feed_removed_by_command_stays_removed_until_added_by_command(
    newsboy: Newsboy, newspaper: Newspaper
) -> None:
    feed = newspaper.feeds[1]
    assert (await call(newsboy, "fetch")).status == 0
    assert (await call(newsboy, "feed", "remove", feed)).status == 0
    assert feed not in (await call(newsboy, "fetch", "--all")).out
    assert (await call(newsboy, "feed", "add", feed)).status == 0
    assert feed in (await call(newsboy, "fetch", "--all")).out


async def test_add_finds_the_feed_that_a_site_announces(
    newsboy: Newsboy, newspaper: Newspaper
) -> None:
    done = await call(newsboy, "feed", "add", newspaper.url)
    assert done.status == 0, done.err
    assert f"{newspaper.feeds[0]} is added: Городской вестник" in done.out
    done = await call(newsboy, "feed", "add", newspaper.feeds[0])
    assert done.status == 1
    assert "polled already" in done.err


async def test_add_refuses_what_is_no_feed(newsboy: Newsboy, newspaper: Newspaper) -> None:
    newspaper.fail(newspaper.feeds[0], Fault.GARBAGE)
    for address in (newspaper.feeds[0], "http://127.0.0.1:9/rss"):
        done = await call(newsboy, "feed", "add", address)
        assert done.status == 1
        assert done.err.startswith(f"newsboy: {address} is not added. ")
        assert "It is tried again" not in done.err
        assert done.err.count("\n") == 1
    assert "No feeds yet" in (await call(newsboy, "feed", "list")).out


async def test_check_shows_what_would_be_stored_and_stores_nothing(
    newsboy: Newsboy, newspaper: Newspaper, folder: Path
) -> None:
    done = await call(newsboy, "feed", "check", newspaper.feeds[0])
    assert done.status == 0, done.err
    assert "Городской вестник" in done.out
    assert "blocks from the page" in done.out
    assert await asyncio.to_thread(os.listdir, folder) == [".env"]

    done = await call(newsboy, "feed", "check", newspaper.url)
    assert done.status == 1
    assert newspaper.feeds[0] in done.out
