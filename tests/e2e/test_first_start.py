"""A bot without admins: the link in its log makes its opener the admin, once."""

import re
import signal

from tests.e2e.conftest import Town

PRIVATE = "This news bot is private"


async def test_the_first_start_prints_a_link_that_makes_one_admin(town: Town) -> None:
    alone = {"ADMINS": "", "ACCESS": "private"}
    bot = await town.newsboy(**alone)
    links = re.findall(r"https://t\.me/newsboy_bot\?start=([\w-]+)", bot.output())
    assert len(links) == 1
    owner, stranger = [await town.people.create_user(language_code="en") for _ in range(2)]
    assert PRIVATE in (await town.people.ask(stranger, "/start"))["text"]
    assert PRIVATE not in (await town.people.ask(owner, f"/start {links[0]}"))["text"]
    await town.people.ask(owner, "/invite", contains="https://t.me/newsboy_bot?start=")
    assert PRIVATE in (await town.people.ask(stranger, f"/start {links[0]}"))["text"]
    assert await bot.stop(signal.SIGINT) == 0

    again = await town.newsboy(**alone)
    assert "t.me/" not in again.output(), "there is an admin"
