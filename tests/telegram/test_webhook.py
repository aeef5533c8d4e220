"""Updates that are posted: real requests to the real listener."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiogram import Bot

from bot.telegram.received import Received
from bot.telegram.webhook import PATH, SECRET_HEADER, WebhookReceiver
from bot.web.listener import Route, listening
from tests.telegram.conftest import Server, error, ok
from tests.telegram.test_updates import POISON, Inbox, until, update


@dataclass
class Telegram:
    """Posts what it is given, with the secret that the bot told."""

    session: aiohttp.ClientSession
    url: str
    secret: str
    receiver: WebhookReceiver

    async def post(self, body: Any, **headers: str) -> int:
        sent = {SECRET_HEADER: self.secret, **headers}
        async with self.session.post(self.url, json=body, headers=sent) as answer:
            return answer.status


@asynccontextmanager
async def receiving(server: Server, bot: Bot, inbox: Inbox) -> AsyncIterator[Telegram]:
    receiver = WebhookReceiver(inbox.dispatcher, bot, "https://bot.example/telegram")
    async with (
        listening("127.0.0.1", 0, [Route("POST", PATH, receiver.handle)]) as port,
        aiohttp.ClientSession() as session,
    ):
        task = asyncio.create_task(receiver.receive())
        await until(lambda: bool(server.of("setWebhook")))
        fields = server.of("setWebhook")[-1].fields
        assert fields["url"] == "https://bot.example/telegram"
        yield Telegram(
            session, f"http://127.0.0.1:{port}{PATH}", str(fields["secret_token"]), receiver
        )
        await receiver.stop()
        await task


async def test_an_update_is_handled_before_it_is_answered(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    inbox = Inbox(received)
    async with receiving(server, bot, inbox) as telegram:
        inbox.work = 0.05
        assert await telegram.post(update(1, "hello")) == 200
        assert inbox.finished == ["hello"]


async def test_what_comes_again_is_handled_once(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    inbox = Inbox(received)
    async with receiving(server, bot, inbox) as telegram:
        inbox.work = 0.05
        posts = [telegram.post(update(1, "hello")), telegram.post(update(1, "hello"))]
        assert set(await asyncio.gather(*posts)) <= {200, 503}
        assert await telegram.post(update(1, "hello")) == 200
        assert inbox.texts == ["hello"]


async def test_without_the_secret_nothing_is_read(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    inbox = Inbox(received)
    async with receiving(server, bot, inbox) as telegram:
        for wrong in ("", "guess", telegram.secret[:-1], "секрет"):
            assert await telegram.post(update(1), **{SECRET_HEADER: wrong}) == 401
        async with telegram.session.post(telegram.url, json=update(1)) as answer:
            assert answer.status == 401
        assert inbox.texts == []


async def test_poison_is_answered_so_that_it_does_not_come_again(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    inbox = Inbox(received)
    async with receiving(server, bot, inbox) as telegram:
        for poison in (*POISON, 7, [], {"update_id": None}, {"update_id": "x"}):
            assert await telegram.post(poison) == 200
        assert await telegram.post(update(9, "after")) == 200
        assert inbox.texts == ["after"]
        assert inbox.dispatcher.skipped >= 1


async def test_telegram_is_asked_until_it_takes_the_address(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", error(502, "Bad Gateway"), error(500, "x"), ok(True))
    inbox = Inbox(received)
    async with receiving(server, bot, inbox) as telegram:
        await until(lambda: len(server.of("setWebhook")) == 3)
        assert await telegram.post(update(1, "hello")) == 200


async def test_stopping_waits_for_handlers_and_takes_in_no_more(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    inbox = Inbox(received)
    async with receiving(server, bot, inbox) as telegram:
        inbox.work = 0.2
        first = asyncio.create_task(telegram.post(update(1, "in flight")))
        await until(lambda: inbox.texts == ["in flight"])
        stop = asyncio.create_task(telegram.receiver.stop())
        await asyncio.sleep(0)
        assert await telegram.post(update(2, "late")) == 503
        await stop
        assert inbox.finished == ["in flight"]
        assert await first == 200
    assert inbox.texts == ["in flight"]


async def test_what_waits_for_room_at_the_stop_comes_again(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    inbox = Inbox(received, handlers_at_once=1)
    async with receiving(server, bot, inbox) as telegram:
        inbox.work = 0.2
        first = asyncio.create_task(telegram.post(update(1, "in flight")))
        await until(lambda: inbox.texts == ["in flight"])
        second = asyncio.create_task(telegram.post(update(2, "waiting")))
        await until(lambda: bool(telegram.receiver._waiting))
        await telegram.receiver.stop()
        assert (await first, await second) == (200, 503)
    assert inbox.texts == ["in flight"]


async def test_a_handler_that_the_stop_cuts_off_comes_again(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    inbox = Inbox(received, drain_seconds=0.05)
    async with receiving(server, bot, inbox) as telegram:
        inbox.work = 60
        cut = asyncio.create_task(telegram.post(update(1, "slow")))
        await until(lambda: inbox.texts == ["slow"])
        await telegram.receiver.stop()
        assert await cut == 503


async def test_a_stop_does_not_wait_for_a_telegram_that_is_away(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", *[error(502, "Bad Gateway")] * 99)
    inbox = Inbox(received)
    receiver = WebhookReceiver(inbox.dispatcher, bot, "https://bot.example/telegram")
    task = asyncio.create_task(receiver.receive())
    await until(lambda: bool(server.of("setWebhook")))
    async with asyncio.timeout(1):
        await receiver.stop()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_all_kinds_of_updates_with_a_handler_are_asked_for(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    inbox = Inbox(received)
    async with receiving(server, bot, inbox):
        assert server.of("setWebhook")[-1].fields["allowed_updates"] == ["message"]
