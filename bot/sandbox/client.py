"""A person's hands and eyes in the sandbox, for tests and the demo: the control API as methods.

``async with Control(sandbox.url) as people: await people.send_text(chat, "/start")``. Everything
is JSON as `control` and `view` describe it; a refused action raises `ControlError`.
"""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from types import TracebackType

    from bot.sandbox.answers import Json


class ControlError(Exception):
    """The sandbox refused an action; the text says why."""


class Control:
    """A client of one sandbox, by its `url`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + "/control"
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=90))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    # People and chats

    async def create_user(
        self,
        *,
        id: int | None = None,  # noqa: A002 - the name that Telegram gives it
        first_name: str = "Anna",
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = "ru",
        started: bool = False,
    ) -> int:
        """A new person; the id is also that of the private chat. `started`: the bot may write
        first."""
        user = await self._post(
            "/users",
            id=id,
            first_name=first_name,
            last_name=last_name,
            username=username,
            language_code=language_code,
            started=started,
        )
        return int(user["id"])

    async def create_users(self, count: int, *, started: bool = True) -> list[int]:
        """Many people at once (two or more); their ids."""
        ids: list[int] = await self._post("/users", count=count, started=started)
        return ids

    async def create_chat(
        self,
        kind: str,
        title: str,
        *,
        members: list[int],
        bot: str | None = "member",
        forum: bool = False,
        username: str | None = None,
    ) -> int:
        """A group, supergroup or channel; the first member creates it. `bot`: member,
        administrator, or None to leave it out."""
        chat = await self._post(
            "/chats",
            kind=kind,
            title=title,
            members=members,
            bot=bot,
            forum=forum,
            username=username,
        )
        return int(chat["id"])

    async def create_topic(self, chat: int, name: str, *, by: int | None = None) -> int:
        """A forum topic; its thread id."""
        topic = await self._post(f"/chats/{chat}/topics", name=name, by=by)
        return int(topic["id"])

    async def close_topic(self, chat: int, topic: int, *, closed: bool = True) -> None:
        """Close or reopen a topic."""
        await self._post(f"/chats/{chat}/topics/{topic}", closed=closed)

    async def delete_topic(self, chat: int, topic: int) -> None:
        """Delete a topic."""
        await self._post(f"/chats/{chat}/topics/{topic}", deleted=True)

    async def set_bot(
        self, chat: int, status: str, *, by: int | None = None, denied: Sequence[str] = ()
    ) -> None:
        """Add (member, administrator), remove (left) or ban (kicked) the bot.

        `denied` are the rights that it does not get as an administrator.
        """
        await self._post(f"/chats/{chat}/bot", status=status, by=by, denied=list(denied))

    async def link(self, channel: int, group: int) -> None:
        """Make a group the discussion group of a channel."""
        await self._post(f"/chats/{channel}/link", group=group)

    async def set_member(self, chat: int, user: int, status: str = "member") -> None:
        """Put a person into a chat, or change their status (administrator, member, left…)."""
        await self._post(f"/chats/{chat}/members", user_id=user, status=status)

    async def migrate(self, chat: int) -> int:
        """Upgrade a group to a supergroup; its new id."""
        return int((await self._post(f"/chats/{chat}/migrate"))["id"])

    async def block(self, user: int) -> None:
        """The person blocks the bot."""
        await self._post(f"/users/{user}/block")

    async def unblock(self, user: int) -> None:
        """The person unblocks the bot."""
        await self._post(f"/users/{user}/unblock")

    async def deactivate(self, user: int) -> None:
        """The person's account is deleted."""
        await self._post(f"/users/{user}/deactivate")

    async def chats(self) -> list[Json]:
        """The chats, latest first."""
        return list(await self._get("/chats"))

    async def chat(self, chat: int) -> Json:
        """One chat: kind, title, bot_status, members, topics…"""
        return dict(await self._get(f"/chats/{chat}"))

    async def commands(self, chat: int, *, by: int | None = None) -> list[Json]:
        """The command menu as the person sees it."""
        return list(await self._get(f"/chats/{chat}/commands", by=by))

    # Messages

    async def send_text(
        self,
        chat: int,
        text: str,
        *,
        by: int | None = None,
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> Json:
        """A person writes (in a group: `by`, or its first member)."""
        return dict(
            await self._post(
                f"/chats/{chat}/messages", text=text, by=by, reply_to=reply_to, thread=thread
            )
        )

    async def send_document(
        self,
        chat: int,
        name: str,
        content: bytes,
        *,
        mime: str = "",
        caption: str = "",
        by: int | None = None,
    ) -> Json:
        """A person sends a file."""
        encoded = base64.b64encode(content).decode()
        return dict(
            await self._post(
                f"/chats/{chat}/documents",
                name=name,
                content=encoded,
                mime=mime,
                caption=caption,
                by=by,
            )
        )

    async def messages(
        self, chat: int, *, after: int = 0, limit: int = 100, by: int | None = None
    ) -> list[Json]:
        """The last `limit` messages over the id `after`; those that `by` sees, else all.

        One that a single person sees names that person as `alone`.
        """
        return list(await self._get(f"/chats/{chat}/messages", after=after, limit=limit, by=by))

    async def wait_message(
        self,
        chat: int,
        *,
        after: int = 0,
        since: int = 0,
        contains: str = "",
        timeout: float = 10.0,  # noqa: ASYNC109 - the server is what waits
    ) -> Json:
        """The bot's first message with an id over `after` and a version over `since` (a `since`
        alone catches edits) that contains a text. Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout
        while True:
            found = await self._get(  # the server waits for a minute at the longest
                f"/chats/{chat}/wait",
                after=after,
                since=since,
                contains=contains,
                timeout=max(0.0, ends - loop.time()),
            )
            if found is not None:
                return dict(found)
            if loop.time() >= ends:
                break
        shown = [message["text"][:80] for message in await self.messages(chat, limit=5)]
        raise TimeoutError(f"no message in chat {chat} in {timeout} s; the last are {shown}")

    async def ask(
        self,
        chat: int,
        text: str,
        *,
        by: int | None = None,
        thread: int | None = None,
        contains: str = "",
        timeout: float = 10.0,  # noqa: ASYNC109 - the server is what waits
    ) -> Json:
        """Write, and wait for the bot's next message."""
        sent = await self.send_text(chat, text, by=by, thread=thread)
        return await self.wait_message(chat, after=sent["id"], contains=contains, timeout=timeout)

    async def press(
        self,
        chat: int,
        message: int,
        text: str | None = None,
        *,
        data: str | None = None,
        by: int | None = None,
        aged: bool = False,
        timeout: float = 5.0,  # noqa: ASYNC109 - the server is what waits
    ) -> Json:
        """Press a button by its text or its data. ``{"query_id", "answer"}`` for a callback
        (`answer`: text, show_alert, url; None if the bot gave none in time), else the button's
        action. `aged`: the query is too old by the time that the bot answers."""
        wanted: Json = {"message_id": message, "by": by, "aged": aged, "timeout": timeout}
        if text is not None:
            wanted["text"] = text
        if data is not None:
            wanted["data"] = data
        return dict(await self._post(f"/chats/{chat}/press", **wanted))

    async def delete_message(self, chat: int, message: int) -> None:
        """A person deletes a message for everyone."""
        await self._post(f"/chats/{chat}/messages/{message}/delete")

    async def make_inaccessible(self, chat: int, message: int) -> None:
        """The bot can no longer read or edit the message, though it is shown."""
        await self._post(f"/chats/{chat}/messages/{message}/inaccessible")

    async def age_message(self, chat: int, message: int, seconds: int) -> None:
        """Put a message's date back."""
        await self._post(f"/chats/{chat}/messages/{message}/age", seconds=seconds)

    async def age_queries(self) -> None:
        """Let all open callback and inline queries become too old."""
        await self._post("/queries/age")

    async def inline(
        self,
        user: int,
        query: str,
        *,
        offset: str = "",
        timeout: float = 5.0,  # noqa: ASYNC109 - the server is what waits
    ) -> Json:
        """Type ``@bot query``: ``{"query_id", "answer"}``, results as the bot gave them."""
        return dict(
            await self._post(f"/users/{user}/inline", query=query, offset=offset, timeout=timeout)
        )

    async def choose_inline(
        self, user: int, query_id: str, result_id: str, *, chat: int | None = None
    ) -> Json:
        """Send an inline result to a chat (the person's own by default)."""
        body: Json = {"result_id": result_id}
        if chat is not None:
            body["chat"] = chat
        return dict(await self._post(f"/users/{user}/inline/{query_id}/choose", **body))

    # Counts, faults, limits

    async def tally(self, contains: str = "") -> dict[int, int]:
        """How many of the bot's messages with this text each chat holds."""
        found = await self._get("/tally", contains=contains)
        return {int(chat): int(count) for chat, count in found.items()}

    async def calls(
        self,
        method: str = "",
        *,
        chat: int | None = None,
        since: float = 0.0,
        limit: int = 1000,
    ) -> list[Json]:
        """The bot's latest calls: at (Unix time), method (lower case), chat_id, ok, description."""
        return list(await self._get("/calls", method=method, chat=chat, since=since, limit=limit))

    async def violations(self) -> list[Json]:
        """What the bot sent against Telegram's rules: at, method, chat_id, text."""
        return list(await self._get("/violations"))

    async def clear_violations(self) -> None:
        """Forget the violations so far."""
        await self._request("DELETE", "/violations")

    async def counters(self) -> Json:
        """Calls by method, refusals by text, faults met, messages accepted in all and in the
        worst second, open queries."""
        return dict(await self._get("/counters"))

    async def add_fault(
        self,
        kind: str,
        *,
        method: str | None = None,
        chat: int | None = None,
        count: int | None = 1,
        skip: int = 0,
        share: float = 1.0,
        in_seconds: float = 0.0,
        for_seconds: float | None = None,
        **details: Any,
    ) -> int:
        """Arrange a fault (`faults.FaultKind`) for matching requests; its id. `details`:
        retry_after, code, description, parameters, seconds."""
        body = details | {"kind": kind, "method": method, "chat_id": chat, "count": count,
                          "skip": skip, "share": share, "in_seconds": in_seconds}  # fmt: skip
        if for_seconds is not None:
            body["for_seconds"] = for_seconds
        return int((await self._post("/faults", **body))["id"])

    async def clear_faults(self) -> None:
        """Forget all arranged faults."""
        await self._request("DELETE", "/faults")

    async def faults(self) -> list[Json]:
        """The faults still waiting."""
        return list(await self._get("/faults"))

    async def set_limits(self, **limits: Any) -> Json:
        """Change sending limits (enabled, per_second, chat_burst, …) or the latency."""
        return dict(await self._post("/limits", **limits))

    async def set_ephemerals(self, mode: str) -> None:
        """Let the server take ephemeral messages: allowed, refused, or ignored (all see them)."""
        await self._post("/ephemerals", mode=mode)

    async def poison_update(self) -> None:
        """Owe the bot an update that does not decode."""
        await self._post("/updates")

    async def push_update(self, update: Json) -> None:
        """Owe the bot an update as it stands, without its update_id."""
        await self._post("/updates", **update)

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Json]]:
        """The stream of events; entering the context means that nothing later is missed."""
        session = self._open()
        timeout = aiohttp.ClientTimeout(total=None)
        async with session.get(self._url + "/events", timeout=timeout) as response:
            await response.content.readline()

            async def read() -> AsyncIterator[Json]:
                async for line in response.content:
                    if line.startswith(b"data: "):
                        yield json.loads(line.removeprefix(b"data: "))

            yield read()

    async def _get(self, path: str, **query: Any) -> Any:
        given = {key: str(value) for key, value in query.items() if value is not None}
        return await self._request("GET", path, params=given)

    async def _post(self, path: str, **body: Any) -> Any:
        return await self._request("POST", path, json=body)

    async def _request(self, method: str, path: str, **options: Any) -> Any:
        async with self._open().request(method, self._url + path, **options) as response:
            answer = await response.json()
            if response.status >= 400:
                raise ControlError(answer.get("error", response.reason))
            return answer

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=90))
        return self._session
