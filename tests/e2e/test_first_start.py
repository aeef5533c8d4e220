"""First starts: a bot without admins, whose log has a link, and one on another bot's database."""

import re
import signal
import sqlite3
from contextlib import closing

from tests.e2e.conftest import Town

PRIVATE = "This news bot is private"


async def test_the_first_start_prints_a_link_that_makes_one_admin(town: Town) -> None:
    alone = {"ADMINS": "", "ACCESS": "private"}
    bot = await town.newsboy(**alone)
    links = re.findall(r"https://t\.me/newsboy_bot\?start=([\w-]+)", bot.output())
    assert len(links) == 1
    (first,) = [line for line in bot.output().splitlines() if " starts; database " in line]
    assert first.endswith("; private bot; zone Europe/Moscow")
    owner, stranger = [await town.people.create_user(language_code="en") for _ in range(2)]
    assert PRIVATE in (await town.people.ask(stranger, "/start"))["text"]
    assert PRIVATE not in (await town.people.ask(owner, f"/start {links[0]}"))["text"]
    await town.people.ask(owner, "/invite", contains="https://t.me/newsboy_bot?start=")
    assert PRIVATE in (await town.people.ask(stranger, f"/start {links[0]}"))["text"]
    assert await bot.stop(signal.SIGINT) == 0
    assert bot.output().splitlines()[-1].endswith(" INFO    bot.app: stopped")

    again = await town.newsboy(**alone)
    assert "t.me/" not in again.output(), "there is an admin"


async def test_a_database_that_was_another_bots_is_taken_over(town: Town) -> None:
    bot = await town.newsboy()
    assert await bot.stop() == 0
    with closing(sqlite3.connect(town.folder / "newsboy.db")) as other:
        other.execute("UPDATE meta SET value = '7' WHERE key = 'bot'")
        other.execute("INSERT INTO received (update_id, at) VALUES (1, 1)")
        other.commit()
    for said in (1, 0):
        bot = await town.newsboy()
        assert await bot.stop() == 0
        assert bot.output().count("BOT_TOKEN is another bot's") == said
        with closing(sqlite3.connect(town.folder / "newsboy.db")) as other:
            assert other.execute("SELECT count(*) FROM received").fetchone() == (0,)
