"""Updates that are posted: real requests to the real listener."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiogram import Bot

from bot.telegram.received import Received
from bot.telegram.updates import TokenRefusedError
from bot.telegram.webhook import PATH, SECRET_HEADER, WebhookReceiver
from bot.web.certificate import OwnCertificate
from bot.web.listener import Route, listening
from storage import Storage
from tests.telegram.conftest import NOW, Answer, Server, error, ok
from tests.telegram.test_updates import POISON, Inbox, until, update
from tests.web.pem import make_pair

URL = "https://bot.example/telegram"


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
async def receiving(
    server: Server, bot: Bot, inbox: Inbox, own: OwnCertificate | None = None, **options: Any
) -> AsyncIterator[Telegram]:
    receiver = WebhookReceiver(inbox.dispatcher, bot, URL, own, **options)
    before = len(server.of("setWebhook"))
    async with (
        listening("127.0.0.1", 0, [Route("POST", PATH, receiver.handle)]) as port,
        aiohttp.ClientSession() as session,
    ):
        task = asyncio.create_task(receiver.receive())
        await until(lambda: len(server.of("setWebhook")) > before)
        fields = server.of("setWebhook")[-1].fields
        assert fields["url"] == URL
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
    receiver = WebhookReceiver(inbox.dispatcher, bot, URL)
    task = asyncio.create_task(receiver.receive())
    await until(lambda: bool(server.of("setWebhook")))
    async with asyncio.timeout(20):
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


async def test_what_the_last_process_handled_is_not_handled_again(
    server: Server, bot: Bot, storage: Storage
) -> None:
    server.script("setWebhook", ok(True), ok(True))
    for texts in (["hello"], []):
        inbox = Inbox(Received(storage.updates, lambda: NOW))
        async with receiving(server, bot, inbox) as telegram:
            assert await telegram.post(update(1, "hello")) == 200
            assert inbox.texts == texts


async def test_what_is_answered_before_its_handler_ends_outlives_a_crash(
    server: Server, bot: Bot, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.webhook.ANSWER_SECONDS", 0.05)
    server.script("setWebhook", ok(True), ok(True))
    inbox = Inbox(Received(storage.updates, lambda: NOW), drain_seconds=0.05)
    async with receiving(server, bot, inbox) as telegram:
        inbox.work = 60
        assert await telegram.post(update(1, "slow")) == 200
        assert inbox.finished == []
    inbox = Inbox(Received(storage.updates, lambda: NOW))
    async with receiving(server, bot, inbox) as telegram:
        await until(lambda: inbox.finished == ["slow"])
        assert await telegram.post(update(1, "slow")) == 200
    assert inbox.texts == ["slow"]


def info(url: str = URL, **more: Any) -> Answer:
    return ok(
        {"url": url, "has_custom_certificate": False, "pending_update_count": 0, **more},
    )


@pytest.mark.parametrize(
    ("url", "named"), [("https://thief.example/hook", "thief.example"), ("", "removed")]
)
async def test_a_webhook_that_others_took_is_taken_back(
    server: Server,
    bot: Bot,
    received: Received,
    caplog: pytest.LogCaptureFixture,
    url: str,
    named: str,
) -> None:
    server.script("setWebhook", ok(True), ok(True))
    server.script("getWebhookInfo", info(), error(502, "Bad Gateway"), info(url), *[info()] * 9)
    async with receiving(server, bot, Inbox(received), look_seconds=0.01) as telegram:
        await until(lambda: len(server.of("getWebhookInfo")) > 4)
        told = [request.fields for request in server.of("setWebhook")]
        assert [fields["url"] for fields in told] == [URL, URL]
        assert told[1]["secret_token"] == telegram.secret
    assert "another program" in caplog.text
    assert named in caplog.text


async def test_what_telegram_complains_of_is_said_once(
    server: Server, bot: Bot, received: Received, caplog: pytest.LogCaptureFixture
) -> None:
    complaint = info(last_error_date=1_790_000_000, last_error_message="Connection refused")
    server.script("setWebhook", ok(True))
    server.script("getWebhookInfo", info(), *[complaint] * 99)
    async with receiving(server, bot, Inbox(received), look_seconds=0.01):
        await until(lambda: len(server.of("getWebhookInfo")) > 4)
    assert caplog.text.count(f"Telegram cannot post to {URL}: Connection refused") == 1


async def test_a_token_refused_while_it_receives_ends_it(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    server.script("getWebhookInfo", error(401, "Unauthorized"))
    receiver = WebhookReceiver(Inbox(received).dispatcher, bot, URL, look_seconds=0.01)
    with pytest.raises(TokenRefusedError):
        await receiver.receive()


async def test_a_stop_does_not_wait_for_a_look(
    server: Server, bot: Bot, received: Received
) -> None:
    server.script("setWebhook", ok(True))
    server.script("getWebhookInfo", Answer(hang=40))
    async with asyncio.timeout(20), receiving(server, bot, Inbox(received), look_seconds=0.01):
        await until(lambda: bool(server.of("getWebhookInfo")))


async def test_a_certificate_that_signed_itself_is_shown_again_when_renewed(
    server: Server, bot: Bot, received: Received, tmp_path: Path
) -> None:
    pair = make_pair(tmp_path, "bot.example")
    own = OwnCertificate(pair.certificate, pair.key, "bot.example")
    server.script("setWebhook", ok(True), ok(True))
    server.script("getWebhookInfo", *[info()] * 999)
    async with receiving(server, bot, Inbox(received), own, look_seconds=0.02):
        shown = [pair.certificate.read_bytes()]
        await asyncio.to_thread(make_pair, tmp_path, "bot.example")
        shown.append(pair.certificate.read_bytes())
        await until(lambda: len(server.of("setWebhook")) == 2)
        assert [[*request.files.values()] for request in server.of("setWebhook")] == [
            [shown[0]],
            [shown[1]],
        ]


async def test_a_renewed_certificate_is_shown_although_telegram_was_away(
    server: Server, bot: Bot, received: Received, tmp_path: Path
) -> None:
    pair = make_pair(tmp_path, "bot.example")
    own = OwnCertificate(pair.certificate, pair.key, "bot.example")
    away = error(502, "Bad Gateway")
    server.script("setWebhook", ok(True), *[away] * 9, ok(True))
    server.script("getWebhookInfo", *[away] * 9, *[info()] * 999)
    async with receiving(server, bot, Inbox(received), own, look_seconds=0.01):
        await asyncio.to_thread(make_pair, tmp_path, "bot.example")
        await until(lambda: len(server.of("setWebhook")) == 11)
        told = server.of("setWebhook")[-1]
        assert [*told.files.values()] == [pair.certificate.read_bytes()]
        looks = len(server.of("getWebhookInfo"))
        await until(lambda: len(server.of("getWebhookInfo")) > looks + 2)
        assert len(server.of("setWebhook")) == 11


async def test_a_certificate_of_an_authority_is_not_shown(
    server: Server, bot: Bot, received: Received, tmp_path: Path
) -> None:
    pair = make_pair(tmp_path, "bot.example", by_authority=True)
    server.script("setWebhook", ok(True))
    own = OwnCertificate(pair.certificate, pair.key, "bot.example")
    async with receiving(server, bot, Inbox(received), own):
        assert "certificate" not in server.of("setWebhook")[0].fields
        assert not server.of("setWebhook")[0].files
