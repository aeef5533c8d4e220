"""A server on loopback that answers as the test tells it, and a bot that talks to it."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from aiohttp import web

from bot.telegram.received import Received
from bot.telegram.session import LeanSession
from storage import Storage

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz012345"


@dataclass(frozen=True)
class Request:
    """One request as the server saw it."""

    method: str
    fields: dict[str, Any]
    content_type: str
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What to answer: a status and a body; `hang` seconds first; or `drop` the connection."""

    status: int = 200
    body: str = ""
    hang: float = 0.0
    drop: bool = False


def ok(result: Any) -> Answer:
    return Answer(body=json.dumps({"ok": True, "result": result}))


def error(code: int, description: str, **parameters: Any) -> Answer:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Answer(code, json.dumps(body))


def message(number: int = 7, chat_id: int = 5, text: str = "x") -> dict[str, Any]:
    return {
        "message_id": number,
        "date": 1_790_000_000,
        "chat": {"id": chat_id, "type": "private"},
        "text": text,
    }


class Server:
    """Answers each method from its script, then with the default: a message, True or nothing."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self._scripts: dict[str, deque[Answer]] = {}
        self.default: Callable[[Request], Answer] | None = None

    def script(self, method: str, *answers: Answer) -> None:
        self._scripts.setdefault(method, deque()).extend(answers)

    def of(self, method: str) -> list[Request]:
        return [request for request in self.requests if request.method == method]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert request.match_info["token"] == TOKEN
        seen = await _seen(request)
        self.requests.append(seen)
        script = self._scripts.get(seen.method)
        answer = script.popleft() if script else self._default(seen)
        await asyncio.sleep(answer.hang)
        if answer.drop:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=answer.status, text=answer.body)

    def _default(self, request: Request) -> Answer:
        if self.default is not None:
            return self.default(request)
        if request.method == "getMe":
            return ok({"id": 123456789, "is_bot": True, "first_name": "B", "username": "b_bot"})
        if request.method == "getUpdates":
            return Answer(body='{"ok": true, "result": []}', hang=0.02)
        return ok(message() if request.method.startswith(("send", "edit")) else True)


async def _seen(request: web.Request) -> Request:
    method, kind = request.match_info["method"], request.content_type
    if kind == "application/json":
        return Request(method, await request.json(), kind)
    fields: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for key, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[key] = value.file.read()
            value.file.close()
        else:
            fields[key] = value
    return Request(method, fields, kind, files)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with Storage.open(tmp_path / "news.db") as opened:
        yield opened


@pytest.fixture
def received(storage: Storage) -> Received:
    return Received(storage.updates, lambda: NOW)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def session(server: Server) -> AsyncIterator[LeanSession]:
    session = LeanSession(server.url, answer_seconds=5)
    yield session
    await session.close()


@pytest.fixture
def bot(session: LeanSession) -> Bot:
    return Bot(TOKEN, session=session)
