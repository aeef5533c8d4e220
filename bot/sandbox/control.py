"""What people do in the sandbox, and what a test may ask it: JSON under ``/control``, and the page.

Each route reads its parameters, calls an operation of `State`, and answers JSON; errors are
``{"error": …}`` with 400, 403, 404 or 409. Only this machine may use it, and only a page that it
served itself: a foreign ``Host`` or ``Origin`` is refused, so that no web page elsewhere can drive
the sandbox through the reader's browser. `client.Control` has a method for each route.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import json
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast, get_args
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.markup import TEXT_UNITS, units
from bot.sandbox.media import URL_PHOTO_BYTES, FetchError, fetch_local, picture_mime, picture_size
from bot.sandbox.previews import link_card
from bot.sandbox.state import (
    BotStatus,
    Chat,
    ChatKind,
    Ephemerals,
    InlineQuery,
    Person,
    State,
    Stored,
    Topic,
    UnknownError,
)
from bot.sandbox.view import message_view, plain_text

if TYPE_CHECKING:
    from bot.sandbox.answers import Json

WAIT_SECONDS = 60.0
HISTORY = 100
CHATS_LISTED = 300
WATCHER_EVENTS = 2000
KEEPALIVE_SECONDS = 15.0

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = {
    "/": ("index.html", "text/html"),
    "/app.js": ("app.js", "text/javascript"),
    "/render.js": ("render.js", "text/javascript"),
    "/texts.js": ("texts.js", "text/javascript"),
    "/style.css": ("style.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
# What a poison update looks like: a newer server's field in a shape that no client expects.
_POISON: Json = {"message": {"message_id": "not a number", "date": "never", "chat": 1}}

_Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RefusedError(Exception):
    """A person cannot do what was asked (press an absent button, write after blocking)."""


def add_control(app: web.Application, state: State) -> None:
    """Add the control API and the page to `app`."""
    control = _Control(state)
    inner = web.Application(middlewares=[_guard], client_max_size=16 * 1024 * 1024)
    inner.add_routes(control.routes())
    app.add_subapp("/control", inner)
    for path in _PAGE:
        app.router.add_get(path, _page)
    app.on_shutdown.append(control.release)


@web.middleware
async def _guard(request: web.Request, handler: _Route) -> web.StreamResponse:
    if not _is_trusted(request):
        return _json({"error": "the control API answers only this machine's own page"}, 403)
    try:
        return await handler(request)
    except UnknownError as error:
        return _json({"error": str(error.args[0])}, 404)
    except RefusedError as error:
        return _json({"error": str(error)}, 409)
    except (KeyError, TypeError, ValueError) as error:
        return _json({"error": f"{type(error).__name__}: {error}"}, 400)


def _is_trusted(request: web.Request) -> bool:
    if not _is_loopback(request.remote or ""):
        return False
    if not _is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        return False
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(value: Any, status: int = 200) -> web.Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return web.Response(status=status, body=body, content_type="application/json")


async def _page(request: web.Request) -> web.Response:
    if not _is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        return web.Response(status=403, text="The sandbox answers only this machine.")
    name, mime = _PAGE[request.path]
    body = files("bot.sandbox").joinpath("page", name).read_bytes()
    return web.Response(
        body=body,
        content_type=mime,
        charset="utf-8",
        headers={
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )


class _Control:
    def __init__(self, state: State) -> None:
        self._state = state
        self._stopped = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/me", self.me),
            web.post("/users", self.create_users),
            web.post("/users/{user}/block", self.block),
            web.post("/users/{user}/unblock", self.unblock),
            web.post("/users/{user}/deactivate", self.deactivate),
            web.post("/users/{user}/inline", self.inline),
            web.post("/users/{user}/inline/{query}/choose", self.choose_inline),
            web.get("/chats", self.chats),
            web.post("/chats", self.create_chat),
            web.get("/chats/{chat}", self.one_chat),
            web.post("/chats/{chat}/bot", self.change_bot),
            web.post("/chats/{chat}/link", self.link),
            web.post("/chats/{chat}/members", self.change_member),
            web.post("/chats/{chat}/topics", self.create_topic),
            web.post("/chats/{chat}/topics/{topic}", self.change_topic),
            web.post("/chats/{chat}/migrate", self.migrate),
            web.get("/chats/{chat}/commands", self.commands),
            web.get("/chats/{chat}/messages", self.messages),
            web.post("/chats/{chat}/messages", self.send_text),
            web.post("/chats/{chat}/documents", self.send_document),
            web.get("/chats/{chat}/wait", self.wait),
            web.post("/chats/{chat}/press", self.press),
            web.post("/chats/{chat}/messages/{message}/delete", self.delete),
            web.post("/chats/{chat}/messages/{message}/inaccessible", self.inaccessible),
            web.post("/chats/{chat}/messages/{message}/age", self.age),
            web.post("/queries/age", self.age_queries),
            web.get("/tally", self.tally),
            web.get("/calls", self.calls),
            web.get("/violations", self.violations),
            web.delete("/violations", self.clear_violations),
            web.get("/counters", self.counters),
            web.get("/faults", self.faults),
            web.post("/faults", self.add_fault),
            web.delete("/faults", self.clear_faults),
            web.get("/limits", self.limits),
            web.post("/limits", self.set_limits),
            web.post("/ephemerals", self.set_ephemerals),
            web.post("/updates", self.push_update),
            web.get("/events", self.events),
            web.get("/preview", self.preview),
            web.get("/picture", self.picture),
            web.get("/files/{file}", self.file),
        ]

    async def release(self, _: web.Application) -> None:
        """End the event streams and the waits, so that stopping takes no time."""
        self._stopped = True
        self._state.broadcast({"kind": "stop"})
        for chat in self._state.chats.values():
            for waiter in chat.waiters:
                if not waiter.done():
                    waiter.set_result(None)

    # The bot and the people

    async def me(self, _: web.Request) -> web.Response:
        state = self._state
        return _json({"bot": state.bot, "menu_button": state.menu_button})

    async def create_users(self, request: web.Request) -> web.Response:
        body = await _body(request)
        count = int(body.pop("count", 1))
        body["person_id"] = body.pop("id", None)
        if count == 1:
            return _json(self._state.add_person(**body).api())
        started = bool(body.get("started", True))
        return _json([self._state.add_person(started=started).id for _ in range(count)])

    async def block(self, request: web.Request) -> web.Response:
        person = self._person(request)
        self._state.change_bot(self._state.chat(person.id), "kicked", person)
        return _json({})

    async def unblock(self, request: web.Request) -> web.Response:
        person = self._person(request)
        self._state.change_bot(self._state.chat(person.id), "member", person)
        return _json({})

    async def deactivate(self, request: web.Request) -> web.Response:
        self._person(request).deactivated = True
        return _json({})

    # Chats

    async def chats(self, _: web.Request) -> web.Response:
        newest = sorted(self._state.chats.values(), key=lambda chat: -chat.version)
        return _json([self._chat_view(chat) for chat in newest[:CHATS_LISTED]])

    async def one_chat(self, request: web.Request) -> web.Response:
        return _json(self._chat_view(self._chat(request)))

    async def create_chat(self, request: web.Request) -> web.Response:
        body = await _body(request)
        chat = self._state.add_chat(
            cast("ChatKind", body["kind"]),
            body["title"],
            username=body.get("username"),
            forum=bool(body.get("forum")),
            members=body.get("members", ()),
        )
        status = body.get("bot")
        if status:
            self._state.change_bot(chat, status, self._actor(chat, None))
        return _json(self._chat_view(chat))

    async def change_bot(self, request: web.Request) -> web.Response:
        body = await _body(request)
        chat = self._chat(request)
        status = cast("BotStatus", body["status"])
        actor = self._actor(chat, body.get("by"))
        self._state.change_bot(chat, status, actor, body.get("denied") or ())
        return _json({})

    async def link(self, request: web.Request) -> web.Response:
        body = await _body(request)
        channel, group = self._chat(request), self._state.chat(int(body["group"]))
        channel.linked, group.linked = group.id, channel.id
        return _json({})

    async def change_member(self, request: web.Request) -> web.Response:
        body = await _body(request)
        chat = self._chat(request)
        person = self._state.person(int(body["user_id"]))
        chat.members[person.id] = str(body.get("status", "member"))
        return _json({})

    async def create_topic(self, request: web.Request) -> web.Response:
        body = await _body(request)
        chat = self._chat(request)
        if not chat.forum and chat.kind != "private":
            raise RefusedError("the chat is not a forum")
        actor = self._actor(chat, body.get("by"))
        stored = self._state.say(
            chat,
            actor,
            {"forum_topic_created": {"name": body["name"], "icon_color": 7322096}},
        )
        topic = Topic(stored.raw["message_id"], str(body["name"]))
        chat.topics[topic.id] = topic
        self._state.tell("chat", chat)
        return _json({"id": topic.id, "name": topic.name})

    async def change_topic(self, request: web.Request) -> web.Response:
        body = await _body(request)
        chat = self._chat(request)
        topic_id = int(request.match_info["topic"])
        if topic_id not in chat.topics:
            raise UnknownError(f"no topic {topic_id}")
        if body.get("deleted"):
            del chat.topics[topic_id]
        else:
            chat.topics[topic_id].closed = bool(body["closed"])
        self._state.tell("chat", chat)
        return _json({})

    async def migrate(self, request: web.Request) -> web.Response:
        return _json(self._chat_view(self._state.migrate(self._chat(request))))

    async def commands(self, request: web.Request) -> web.Response:
        """The command menu that a person sees in this chat."""
        chat = self._chat(request)
        return _json(self._menu(chat, self._actor(chat, request.query.get("by"))))

    def _menu(self, chat: Chat, person: Person) -> list[Json]:
        """As the Bot API's "Determining list of commands" has it."""
        kinds = [f"chat:{chat.id}"]
        if chat.kind == "private":
            kinds.append("all_private_chats")
        else:
            kinds.insert(0, f"chat_member:{chat.id}:{person.id}")
            if chat.members.get(person.id) in ("creator", "administrator"):
                kinds.insert(1, f"chat_administrators:{chat.id}")
                kinds.append("all_chat_administrators")
            kinds.append("all_group_chats")
        for kind in (*kinds, "default"):
            for language in (person.language_code or "", ""):
                if found := self._state.commands.get((kind, language)):
                    return found
        return []

    # Messages

    async def messages(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        after = int(request.query.get("after", 0))
        before = int(request.query.get("before", 2**63))
        limit = int(request.query.get("limit", HISTORY))
        by = request.query.get("by")
        shown = [
            stored
            for number, stored in chat.messages.items()
            if after < number < before and (by is None or stored.alone in (None, int(by)))
        ]
        return _json([message_view(stored) for stored in shown[-limit:]])

    async def send_text(self, request: web.Request) -> web.Response:
        body = await _body(request)
        chat = self._chat(request)
        person = self._actor(chat, body.get("by"))
        text = str(body["text"]).strip()
        if not text or units(text) > TEXT_UNITS:
            raise RefusedError("a message has 1 to 4096 characters")
        if chat.kind == "private":
            if chat.bot_status == "kicked":
                raise RefusedError("the bot is blocked: unblock it first")
            chat.bot_status = "member"
        content: Json = {"text": text}
        if marks := self._state.markup.find(text):
            content["entities"] = marks
        if thread_id := body.get("thread"):
            if int(thread_id) not in chat.topics:
                raise UnknownError(f"no topic {thread_id}")
            content |= {"message_thread_id": int(thread_id), "is_topic_message": True}
        reply_to: Stored | None = None
        if body.get("reply_to"):
            reply_to = self._state.message(chat, int(body["reply_to"]))
            if reply_to.alone is None:
                content["reply_to_message"] = {
                    key: value for key, value in reply_to.raw.items() if key != "reply_to_message"
                }
        whispered = self._is_whispered(chat, person, text, reply_to)
        hidden = not whispered and not self._is_for_bot(chat, text, reply_to)
        stored = self._state.say(chat, person, content, hidden=hidden, whispered=whispered)
        return _json(message_view(stored))

    async def send_document(self, request: web.Request) -> web.Response:
        """A person sends a file: `content` is base64."""
        body = await _body(request)
        chat = self._chat(request)
        person = self._actor(chat, body.get("by"))
        if chat.kind == "private" and chat.bot_status == "kicked":
            raise RefusedError("the bot is blocked: unblock it first")
        try:
            data = base64.b64decode(str(body["content"]), validate=True)
        except binascii.Error as error:
            raise RefusedError("the content is no base64") from error
        if not data:
            raise RefusedError("a file must be non-empty")
        name, mime = str(body["name"]), str(body.get("mime") or "application/octet-stream")
        file = self._state.files.add(data, name=name, mime=mime, photo=False)
        content: Json = {"document": file.document()}
        if caption := str(body.get("caption") or ""):
            content["caption"] = caption
        return _json(message_view(self._state.say(chat, person, content)))

    def _is_whispered(self, chat: Chat, person: Person, text: str, reply_to: Stored | None) -> bool:
        """What a client sends to the bot alone: a command that the menu says is ephemeral, a reply
        to an ephemeral message."""
        if not chat.is_group or self._state.ephemerals == "ignored":
            return False
        if reply_to is not None and reply_to.alone is not None:
            return True
        command = re.match(r"/(\w+)", text)
        return command is not None and any(
            known["command"] == command[1] and known.get("is_ephemeral")
            for known in self._menu(chat, person)
        )

    def _is_for_bot(self, chat: Chat, text: str, reply_to: Stored | None) -> bool:
        """Privacy mode: which messages of a group reach a bot that is no admin."""
        if not chat.is_group or chat.bot_status == "administrator":
            return True
        if reply_to is not None and reply_to.from_bot:
            return True
        command = re.match(r"/\w+(?:@(\w+))?", text)
        return command is not None and (
            command[1] is None or command[1].lower() == self._state.bot_username.lower()
        )

    async def wait(self, request: web.Request) -> web.Response:
        """The first message of the bot with an id over `after`, or a version over `since` (an
        edit counts), whose text contains `contains`; null when `timeout` seconds pass."""
        chat = self._chat(request)
        query = request.query
        after, since = int(query.get("after", 0)), int(query.get("since", 0))
        contains = query.get("contains", "")
        timeout = min(float(query.get("timeout", 10)), WAIT_SECONDS)

        def look() -> Stored | None:
            for number, stored in chat.messages.items():
                if (
                    number > after
                    and stored.version > since
                    and stored.from_bot
                    and (not contains or contains in message_view(stored)["text"])
                ):
                    return stored
            return None

        found = await self._state.until(chat, look, timeout)
        return _json(None if found is None else message_view(found))

    async def delete(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        self._state.message(chat, int(request.match_info["message"]))
        self._state.remove(chat, int(request.match_info["message"]))
        return _json({})

    async def inaccessible(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        self._state.message(chat, int(request.match_info["message"])).accessible = False
        return _json({})

    async def age(self, request: web.Request) -> web.Response:
        body = await _body(request)
        stored = self._state.message(self._chat(request), int(request.match_info["message"]))
        stored.raw = stored.raw | {"date": stored.raw["date"] - int(body["seconds"])}
        return _json({})

    # Buttons and inline queries

    async def press(self, request: web.Request) -> web.Response:
        """Press a button by its `text`, its `data`, or its `row` and `column`. What it does: an
        address, a text to copy, or the bot's answer (null when `timeout` seconds pass)."""
        body = await _body(request)
        chat = self._chat(request)
        person = self._actor(chat, body.get("by"))
        stored = self._state.message(chat, int(body["message_id"]))
        if stored.alone not in (None, person.id):
            raise RefusedError("only its receiver sees the message")
        button = _button(stored, body)
        if "callback_data" not in button:
            return _json({key: value for key, value in button.items() if key != "text"})
        press = self._state.open_press(person, chat)
        press.aged = bool(body.get("aged"))
        update: Json = {"id": press.id, "from": person.api(), "chat_instance": str(chat.id)}
        inline_id = next(
            (key for key, place in self._state.inline_messages.items()
             if place == (chat.id, stored.id)),
            None,
        ) if "via_bot" in stored.raw else None  # fmt: skip
        if inline_id is not None:
            update["inline_message_id"] = inline_id
        elif stored.accessible:
            update["message"] = stored.raw
        else:
            update["message"] = {
                "chat": chat.api(), "message_id": stored.raw["message_id"], "date": 0
            }  # fmt: skip
        update["data"] = button["callback_data"]
        self._state.push("callback_query", update)
        timeout = min(float(body.get("timeout", 5.0)), WAIT_SECONDS)
        answer = await _within(press.answer, timeout)
        return _json({"query_id": press.id, "answer": answer})

    async def inline(self, request: web.Request) -> web.Response:
        body = await _body(request)
        person = self._person(request)
        query = str(body.get("query", ""))
        asked = self._state.open_inline_query(person, query)
        self._state.push(
            "inline_query",
            {
                "id": asked.id,
                "from": person.api(),
                "query": query,
                "offset": str(body.get("offset", "")),
                "chat_type": body.get("chat_type", "sender"),
            },
        )
        answer = await _within(asked.answer, min(float(body.get("timeout", 5.0)), WAIT_SECONDS))
        return _json({"query_id": asked.id, "answer": answer})

    async def choose_inline(self, request: web.Request) -> web.Response:
        body = await _body(request)
        person = self._person(request)
        asked = self._inline_query(request)
        content = asked.results[str(body["result_id"])]
        chat = self._state.chat(int(body.get("chat", person.id)))
        raw = self._state.base(chat, person.api()) | content | {"via_bot": self._state.bot}
        stored = self._state.keep(chat, raw, from_bot=False)
        inline_id = f"inline-{asked.id}-{raw['message_id']}"
        self._state.inline_messages[inline_id] = (chat.id, raw["message_id"])
        self._state.push(
            "chosen_inline_result",
            {
                "result_id": str(body["result_id"]),
                "from": person.api(),
                "query": asked.query,
                "inline_message_id": inline_id,
            },
        )
        return _json(message_view(stored))

    async def age_queries(self, _: web.Request) -> web.Response:
        """Let every open callback and inline query become too old to answer."""
        for press in self._state.presses.values():
            press.aged = True
        for asked in self._state.inline_queries.values():
            asked.aged = True
        return _json({})

    # Counts, faults, limits

    async def tally(self, request: web.Request) -> web.Response:
        """How many of the bot's messages containing `contains` each chat holds, by chat id."""
        contains = request.query.get("contains", "")
        found: Counter[int] = Counter()
        for chat in self._state.chats.values():
            for stored in chat.messages.values():
                if stored.from_bot and contains in _text(stored.raw):
                    found[chat.id] += 1
        return _json(found)

    async def calls(self, request: web.Request) -> web.Response:
        """The latest calls of the bot; `method`, `chat` and `since` (Unix time) narrow them."""
        query = request.query
        method = query.get("method", "").lower()
        chat_id = int(query["chat"]) if "chat" in query else None
        since = float(query.get("since", 0))
        limit = int(query.get("limit", 1000))
        found = [
            call.view()
            for call in self._state.calls
            if call.at >= since
            and method in ("", call.method)
            and (chat_id is None or chat_id == call.chat_id)
        ]
        return _json(found[-limit:])

    async def violations(self, _: web.Request) -> web.Response:
        return _json(self._state.violations)

    async def clear_violations(self, _: web.Request) -> web.Response:
        self._state.violations.clear()
        return _json({})

    async def counters(self, _: web.Request) -> web.Response:
        state = self._state
        return _json(
            {
                "methods": state.counters,
                "refusals": state.refusals,
                "faults": state.faults_met,
                "violations": len(state.violations),
                "accepted": state.accepted,
                "worst_second": state.worst_second,
                "chats": len(state.chats),
                "pending_updates": len(state.updates),
                "unanswered_presses": [
                    press.id for press in state.presses.values() if not press.aged
                ],
            }
        )

    async def faults(self, _: web.Request) -> web.Response:
        return _json([_fault_view(fault) for fault in self._state.faults.waiting])

    async def add_fault(self, request: web.Request) -> web.Response:
        """Add a fault; `in_seconds` and `for_seconds` make its time window."""
        body = await _body(request)
        now = time.monotonic()
        starts = now + float(body.pop("in_seconds", 0.0))
        ends = starts + float(body.pop("for_seconds", float("inf")))
        kind = FaultKind(body.pop("kind"))
        method = body.pop("method", None)
        fault = Fault(
            0,
            kind,
            method=None if method is None else str(method).lower(),
            starts=starts,
            ends=ends,
            **body,
        )
        return _json(_fault_view(self._state.faults.add(fault)))

    async def clear_faults(self, request: web.Request) -> web.Response:
        number = request.query.get("id")
        self._state.faults.clear(None if number is None else int(number))
        return _json({})

    async def limits(self, _: web.Request) -> web.Response:
        return _json(self._limits())

    async def set_limits(self, request: web.Request) -> web.Response:
        """Change the sending limits (`rates.Limits`) and the `latency` of every answer."""
        body = await _body(request)
        if "latency" in body:
            self._state.latency = float(body.pop("latency"))
        for name, value in body.items():
            if name not in self._limits():
                raise KeyError(name)
            setattr(self._state.limits, name, value)
        return _json(self._limits())

    def _limits(self) -> Json:
        limits = self._state.limits
        return {
            "enabled": limits.enabled,
            "per_second": limits.per_second,
            "chat_per_second": limits.chat_per_second,
            "chat_burst": limits.chat_burst,
            "group_per_minute": limits.group_per_minute,
            "latency": self._state.latency,
        }

    async def set_ephemerals(self, request: web.Request) -> web.Response:
        """What the server makes of ephemeral messages (`state.Ephemerals`)."""
        mode = str((await _body(request))["mode"])
        if mode not in get_args(Ephemerals):
            raise ValueError(mode)
        self._state.ephemerals = cast("Ephemerals", mode)
        return _json({})

    async def push_update(self, request: web.Request) -> web.Response:
        """Owe the bot any update as it stands; without a body, one that no client can decode."""
        self._state.push_raw(await _body(request) or _POISON)
        return _json({})

    # Watching and pictures

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: what happens from now on."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        queue: asyncio.Queue[Json] = asyncio.Queue(WATCHER_EVENTS)
        self._state.watchers.add(queue)
        try:
            await response.write(b": ready\n\n")
            while not self._stopped:
                try:
                    event = await asyncio.wait_for(queue.get(), KEEPALIVE_SECONDS)
                    line = f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
                except TimeoutError:
                    line = ": still here\n\n"
                await response.write(line.encode())
        except ConnectionError:
            # The watcher left; there is nobody to tell.
            return response
        finally:
            self._state.watchers.discard(queue)
        return response

    async def preview(self, request: web.Request) -> web.Response:
        return _json(await link_card(request.query["url"]))

    async def picture(self, request: web.Request) -> web.Response:
        try:
            _, data = await fetch_local(request.query["url"], URL_PHOTO_BYTES)
        except FetchError as error:
            raise UnknownError(str(error)) from error
        if picture_size(data) is None:
            raise UnknownError("not a picture")
        return web.Response(body=data, content_type=picture_mime(data))

    async def file(self, request: web.Request) -> web.Response:
        stored = self._state.files.by_id.get(request.match_info["file"])
        if stored is None:
            raise UnknownError("no such file")
        if stored.size is not None:
            return web.Response(body=stored.data, content_type=stored.mime)
        # What a bot uploads may be HTML: it must not run as a page of this server.
        return web.Response(
            body=stored.data,
            content_type="application/octet-stream",
            headers={"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"},
        )

    # Reading a request

    def _chat(self, request: web.Request) -> Chat:
        return self._state.chat(int(request.match_info["chat"]))

    def _person(self, request: web.Request) -> Person:
        return self._state.person(int(request.match_info["user"]))

    def _inline_query(self, request: web.Request) -> InlineQuery:
        asked = self._state.inline_queries.get(request.match_info["query"])
        if asked is None:
            raise UnknownError("no such inline query")
        return asked

    def _actor(self, chat: Chat, person_id: Any) -> Person:
        """Who acts: the named person, or the chat's own, or its first member."""
        if person_id is not None:
            return self._state.person(int(person_id))
        if chat.person is not None:
            return chat.person
        if not chat.members:
            raise RefusedError("the chat has no members: name a person")
        return self._state.person(next(iter(chat.members)))

    def _chat_view(self, chat: Chat) -> Json:
        last = next(reversed(chat.messages.values()), None)
        return {
            "id": chat.id,
            "kind": chat.kind,
            "title": chat.title,
            "username": chat.username,
            "forum": chat.forum,
            "bot_status": chat.bot_status,
            "members": chat.members,
            "migrated_to": chat.migrated_to,
            "topics": [
                {"id": topic.id, "name": topic.name, "closed": topic.closed}
                for topic in chat.topics.values()
            ],
            "person": None if chat.person is None else chat.person.api(),
            "deactivated": chat.person is not None and chat.person.deactivated,
            "last": None if last is None else _text(last.raw)[:80],
            "last_date": None if last is None else last.raw["date"],
            "version": chat.version,
        }


async def _body(request: web.Request) -> Json:
    if not request.body_exists:
        return {}
    # A form can be posted by any page without asking; JSON cannot.
    if request.content_type != "application/json":
        raise ValueError("the body must be application/json")
    body = await request.json()
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return body


async def _within(answer: asyncio.Future[Json], seconds: float) -> Json | None:
    await asyncio.wait([answer], timeout=seconds)
    return answer.result() if answer.done() else None


def _text(raw: Json) -> str:
    if "rich_message" in raw:
        return plain_text(raw["rich_message"])
    return str(raw.get("text") or raw.get("caption") or "")


def _button(stored: Stored, wanted: Json) -> Json:
    keyboard = stored.raw.get("reply_markup", {}).get("inline_keyboard", [])
    if "row" in wanted:
        try:
            return cast("Json", keyboard[int(wanted["row"])][int(wanted.get("column", 0))])
        except IndexError:
            raise RefusedError("there is no such button") from None
    buttons = [button for row in keyboard for button in row]
    buttons += _rich_buttons(stored.raw.get("rich_message"))
    for button in buttons:
        if "data" in wanted and button.get("callback_data") == wanted["data"]:
            return cast("Json", button)
        if "text" in wanted and button["text"] == wanted["text"]:
            return cast("Json", button)
    shown = [(button["text"], button.get("callback_data")) for button in buttons]
    raise RefusedError(f"there is no such button; there are {shown}")


def _rich_buttons(node: Any) -> Iterator[Json]:
    if isinstance(node, list):
        for part in node:
            yield from _rich_buttons(part)
    elif isinstance(node, dict):
        if node.get("type") == "buttons":
            yield from node["buttons"]
        elif node.get("type") == "button":
            yield node["button"]
        else:
            for part in node.values():
                yield from _rich_buttons(part)


def _fault_view(fault: Fault) -> Json:
    return {
        "id": fault.id,
        "kind": fault.kind,
        "method": fault.method,
        "chat_id": fault.chat_id,
        "count": fault.count,
        "met": fault.met,
    }
