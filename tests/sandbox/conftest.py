"""A running sandbox, a person's hands in it, and raw calls to the Bot API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.client import Control

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "42:sandbox-token-for-the-tests-abcdefghij"


@dataclass(frozen=True)
class Api:
    """Calls to the Bot API with JSON bodies."""

    session: aiohttp.ClientSession
    base: str

    async def raw(self, method: str, **params: Any) -> dict[str, Any]:
        """The whole answer."""
        url = f"{self.base}/bot{TOKEN}/{method}"
        async with self.session.post(url, json=params) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == (200 if answer["ok"] else answer["error_code"])
            return answer

    async def call(self, method: str, **params: Any) -> Any:
        """The result of a call that must succeed."""
        answer = await self.raw(method, **params)
        assert answer["ok"], answer
        return answer["result"]

    async def error(self, method: str, **params: Any) -> str:
        """The description of a call that must fail."""
        answer = await self.raw(method, **params)
        assert not answer["ok"], answer
        description: str = answer["description"]
        return description


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    server = Sandbox(TOKEN)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def people(sandbox: Sandbox) -> AsyncIterator[Control]:
    async with Control(sandbox.url) as control:
        yield control


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(session, sandbox.url)
