"""Everything that the sandbox knows: people, chats, messages, updates, counts. In memory.

`methods` (what the bot does) and `control` (what people do) call the operations here; each keeps
the three views of an event together: the stored message, the update owed to the bot, and the event
for whoever watches (`Watcher`). A message is stored as the JSON that the Bot API returns for it,
and is replaced, never changed, when it is edited: updates already queued keep the old text.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from bot.sandbox.answers import ApiError, Json, deny, forbid, refuse
from bot.sandbox.faults import Faults
from bot.sandbox.markup import Markup
from bot.sandbox.media import Files
from bot.sandbox.rates import Limits, Rates
from bot.sandbox.view import message_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A server that knows no ephemeral messages refuses them, or does not look at what asks for them.
Ephemerals = Literal["allowed", "refused", "ignored"]
ChatKind = Literal["private", "group", "supergroup", "channel"]
BotStatus = Literal["none", "member", "administrator", "left", "kicked"]

CALLS_KEPT = 200_000
EPHEMERAL_SECONDS = 15
_PRESSES_KEPT = 1000
# Updates that a bot gets only if it names them (Bot API, getUpdates, allowed_updates).
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
    "can_post_messages",
    "can_edit_messages",
    "can_pin_messages",
    "can_manage_topics",
)


class UnknownError(LookupError):
    """The control API was asked about a person, chat, message or query that does not exist."""


@dataclass(slots=True)
class Person:
    """A user of Telegram who is not the bot."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    deactivated: bool = False

    def api(self) -> Json:
        """The User object (Bot API)."""
        user: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        for name in ("last_name", "username", "language_code"):
            if (value := getattr(self, name)) is not None:
                user[name] = value
        return user


@dataclass(slots=True)
class Topic:
    """A forum topic, or a thread of a private chat in threaded mode."""

    id: int
    name: str
    closed: bool = False


@dataclass(slots=True, eq=False)
class Stored:
    """A message: `raw` is its Bot API JSON. `version` grows with every change anywhere. `at` is
    when it came, in Unix time; `answered` is off where the bot sent it and was not told that it
    had come: the bot may send it again. `alone` is the one person who sees an ephemeral one."""

    raw: Json
    from_bot: bool
    version: int
    edits: int = 0
    accessible: bool = True
    answered: bool = True
    at: float = field(default_factory=time.time)
    reply_keyboard: Json | None = None
    alone: int | None = None

    @property
    def id(self) -> int:
        """Its number in the chat; an ephemeral message has one of its own instead of the usual."""
        return int(self.raw.get("ephemeral_message_id") or self.raw["message_id"])


@dataclass(slots=True, eq=False)
class Chat:
    """A conversation. `messages` are in order of their ids; `members` maps user id to status.

    `linked` is a channel's discussion group, or that group's channel; `denied` are the rights that
    the bot has not got as an administrator."""

    id: int
    kind: ChatKind
    title: str
    username: str | None = None
    forum: bool = False
    bot_status: BotStatus = "member"
    linked: int | None = None
    denied: frozenset[str] = frozenset()
    members: dict[int, str] = field(default_factory=dict)
    messages: dict[int, Stored] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    migrated_to: int | None = None
    menu_button: Json | None = None
    last_id: int = 0
    version: int = 0
    person: Person | None = None
    waiters: list[asyncio.Future[None]] = field(default_factory=list)
    _api: Json | None = None

    def api(self) -> Json:
        """The Chat object (Bot API)."""
        if self._api is None:
            chat: Json = {"id": self.id, "type": self.kind}
            if self.person is not None:
                user = self.person.api()
                chat |= {
                    key: user[key] for key in ("first_name", "last_name", "username") if key in user
                }
            else:
                chat["title"] = self.title
                if self.username:
                    chat["username"] = self.username
                if self.forum:
                    chat["is_forum"] = True
            self._api = chat
        return self._api

    @property
    def is_group(self) -> bool:
        """Whether Telegram's limit for groups holds here."""
        return self.kind in ("group", "supergroup")


@dataclass(slots=True, eq=False)
class Press:
    """A callback query waiting for its answer."""

    id: str
    person_id: int
    chat_id: int
    answer: asyncio.Future[Json]
    aged: bool = False
    answered: bool = False
    at: float = field(default_factory=time.time)


@dataclass(slots=True, eq=False)
class InlineQuery:
    """An inline query waiting for its results."""

    id: str
    person_id: int
    query: str
    answer: asyncio.Future[Json]
    results: dict[str, Json] = field(default_factory=dict)
    aged: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A Bot API request and how it ended; `at` is Unix time."""

    at: float
    method: str
    chat_id: int | None
    ok: bool
    description: str | None

    def view(self) -> Json:
        """As the control API gives it."""
        return {
            "at": self.at,
            "method": self.method,
            "chat_id": self.chat_id,
            "ok": self.ok,
            "description": self.description,
        }


@dataclass(slots=True)
class Webhook:
    """Where updates go instead of getUpdates; `certificate` is the PEM that was uploaded."""

    url: str
    secret_token: str | None
    max_connections: int
    certificate: str | None = None
    last_error: tuple[int, str] | None = None


@dataclass(slots=True)
class Poll:
    """A getUpdates request that waits. `woken` gets True for news, False if another took over."""

    woken: asyncio.Future[bool]


@dataclass(eq=False)
class State:
    """The whole of one sandbox. Times that it hands out are Unix seconds."""

    token: str
    bot_username: str = "newsboy_bot"
    strict: bool = True
    limits: Limits = field(default_factory=Limits)
    latency: float = 0.0

    def __post_init__(self) -> None:
        bot_id = int(self.token.partition(":")[0])
        self.bot: Json = {
            "id": bot_id,
            "is_bot": True,
            "first_name": "Newsboy",
            "username": self.bot_username,
        }
        self.markup = Markup(self.strict, self._user, self.note_violation)
        self.rates = Rates(self.limits)
        self.faults = Faults()
        self.files = Files()
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.usernames: dict[str, int] = {}
        self.updates: deque[Json] = deque()
        self.allowed_updates: frozenset[str] | None = None
        self.poll: Poll | None = None
        self.webhook: Webhook | None = None
        self.webhook_news = asyncio.Event()
        self.presses: dict[str, Press] = {}
        self.last_presses: deque[Press] = deque(maxlen=_PRESSES_KEPT)
        self.ephemerals: Ephemerals = "allowed"
        self.inline_queries: dict[str, InlineQuery] = {}
        self.inline_messages: dict[str, tuple[int, int]] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.descriptions: dict[tuple[str, str], str] = {}
        self.menu_button: Json = {"type": "commands"}
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.violations: list[Json] = []
        self.counters: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.faults_met: Counter[str] = Counter()
        self.accepted = 0
        self.worst_second = 0
        self.current_method = ""
        self.current_chat: int | None = None
        self.watchers: set[asyncio.Queue[Json]] = set()
        self._last_second: deque[float] = deque()
        self._version = itertools.count(1)
        self._ids = itertools.count(1)
        self._query_ids = itertools.count(int(time.time()) << 24)
        # Milliseconds, so that a server that starts again gives no id a second time.
        self._update_ids = itertools.count(int(time.time() * 1000) % 2_000_000_000)
        self._supergroup_ids = itertools.count(1_000_000_001)
        self._group_ids = itertools.count(4_000_001)
        self._person_ids = itertools.count(700_000_001)

    # People and chats

    def add_person(
        self,
        *,
        person_id: int | None = None,
        first_name: str = "Anna",
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = "ru",
        started: bool = False,
    ) -> Person:
        """A new person with a private chat; `started`: the bot may write first."""
        person_id = next(self._person_ids) if person_id is None else person_id
        person = Person(person_id, first_name, last_name, username, language_code)
        self.people[person_id] = person
        chat = Chat(person_id, "private", first_name, username, person=person)
        chat.bot_status = "member" if started else "none"
        self._keep(chat)
        return person

    def add_chat(
        self,
        kind: ChatKind,
        title: str,
        *,
        username: str | None = None,
        forum: bool = False,
        members: Iterable[int] = (),
        chat_id: int | None = None,
    ) -> Chat:
        """A new group, supergroup or channel without the bot; the first member is its creator."""
        if chat_id is None:
            group = kind == "group"
            chat_id = -next(self._group_ids) if group else -(10**12) - next(self._supergroup_ids)
        chat = Chat(chat_id, kind, title, username, forum, bot_status="left")
        for member in members:
            self.person(member)
            chat.members[member] = "member" if chat.members else "creator"
        self._keep(chat)
        return chat

    def person(self, person_id: int) -> Person:
        """The person with this id. Raises UnknownError."""
        if (person := self.people.get(person_id)) is None:
            raise UnknownError(f"no person {person_id}")
        return person

    def chat(self, chat_id: int) -> Chat:
        """The chat with this id. Raises UnknownError."""
        if (chat := self.chats.get(chat_id)) is None:
            raise UnknownError(f"no chat {chat_id}")
        return chat

    def message(self, chat: Chat, message_id: int) -> Stored:
        """A message that a person can still see. Raises UnknownError."""
        if (stored := chat.messages.get(message_id)) is None:
            raise UnknownError(f"no message {message_id} in chat {chat.id}")
        return stored

    def addressed(self, chat_id: Any) -> Chat:
        """The chat that a request names by id or @username, as Telegram finds it."""
        if chat_id is None:
            raise refuse("chat_id is empty")
        chat: Chat | None = None
        if isinstance(chat_id, str) and chat_id.startswith("@"):
            known = self.usernames.get(chat_id[1:].lower())
            chat = None if known is None else self.chats.get(known)
        else:
            try:
                chat = self.chats.get(int(chat_id))
            except ValueError:
                chat = None
        if chat is None:
            raise deny("chat not found")
        return chat

    def check_access(self, chat: Chat) -> None:
        """Raise what Telegram answers to a bot that may not write to `chat`."""
        if chat.migrated_to is not None:
            raise deny(
                "group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": chat.migrated_to},
            )
        status = chat.bot_status
        if chat.person is not None:
            if chat.person.deactivated:
                raise forbid("user is deactivated")
            if status == "kicked":
                raise forbid("bot was blocked by the user")
            if status == "none":
                raise forbid("bot can't initiate conversation with a user")
        elif status == "kicked":
            raise forbid(f"bot was kicked from the {chat.kind} chat")
        elif status in ("left", "none"):
            raise forbid(f"bot is not a member of the {chat.kind} chat")
        elif chat.kind == "channel" and status != "administrator":
            raise deny("need administrator rights in the channel chat")

    def member(self, chat: Chat, user: Json, status: str) -> Json:
        """The ChatMember object (Bot API) of `user`."""
        member: Json = {"status": status, "user": user}
        if status == "creator":
            member["is_anonymous"] = False
        elif status == "administrator":
            member |= {"can_be_edited": False, "is_anonymous": False}
            member |= dict.fromkeys(_RIGHTS, True)
            if user["id"] == self.bot["id"]:
                member |= dict.fromkeys(chat.denied, False)
            if chat.kind != "supergroup":
                del member["can_manage_topics"]
        elif status == "kicked":
            member["until_date"] = 0
        return member

    def check_right(self, chat: Chat, right: str) -> None:
        """Raise what Telegram answers to a bot that lacks a right in a channel."""
        if chat.kind == "channel" and right in chat.denied:
            raise deny("need administrator rights in the channel chat")

    def change_bot(
        self, chat: Chat, status: BotStatus, actor: Person, denied: Iterable[str] = ()
    ) -> None:
        """`actor` adds, promotes, removes or blocks the bot: a my_chat_member update.

        As an administrator it gets all rights but those `denied`.
        """
        was, lacking = chat.bot_status, frozenset(denied)
        if unknown := lacking - set(_RIGHTS):
            raise UnknownError(f"no right {min(unknown)}")
        if was == status and chat.denied == lacking:
            return
        shown = {"none": "left"}
        before = self.member(chat, self.bot, shown.get(was, was))
        chat.bot_status, chat.denied = status, lacking
        self.push(
            "my_chat_member",
            {
                "chat": chat.api(),
                "from": actor.api(),
                "date": int(time.time()),
                "old_chat_member": before,
                "new_chat_member": self.member(chat, self.bot, shown.get(status, status)),
            },
        )
        joined = was in ("left", "kicked", "none") and status in ("member", "administrator")
        if chat.is_group and joined:
            self.say(chat, actor, {"new_chat_members": [self.bot]})
        self.tell("chat", chat)

    def migrate(self, chat: Chat) -> Chat:
        """Upgrade a basic group to a supergroup; both service messages reach the bot."""
        if chat.migrated_to is not None:
            return self.chats[chat.migrated_to]
        heir = self.add_chat("supergroup", chat.title)
        heir.members = dict(chat.members)
        heir.bot_status = chat.bot_status
        actor = self.people[next(iter(chat.members))] if chat.members else None
        if actor is not None and chat.bot_status in ("member", "administrator"):
            self.say(chat, actor, {"migrate_to_chat_id": heir.id})
            self.say(heir, actor, {"migrate_from_chat_id": chat.id})
        chat.migrated_to = heir.id
        self.tell("chat", heir)
        return heir

    # Messages

    def next_message_id(self, chat: Chat) -> int:
        """Supergroups and channels count for themselves, all other chats together (Telegram)."""
        if chat.kind in ("supergroup", "channel"):
            chat.last_id += 1
        else:
            chat.last_id = next(self._ids)
        return chat.last_id

    def base(self, chat: Chat, sender: Json) -> Json:
        """The beginning of every message."""
        raw: Json = {"message_id": self.next_message_id(chat)}
        if chat.kind == "channel":
            raw["sender_chat"] = chat.api()
        else:
            raw["from"] = sender
        raw["chat"] = chat.api()
        raw["date"] = int(time.time())
        return raw

    def keep(
        self,
        chat: Chat,
        raw: Json,
        *,
        from_bot: bool,
        reply_keyboard: Json | None = None,
        alone: int | None = None,
    ) -> Stored:
        """Store a complete message and show it; `alone` is who alone is to see it."""
        if alone is not None:
            receiver = self.people[alone].api() if from_bot else self.bot
            raw = raw | {
                "message_id": 0,
                "ephemeral_message_id": raw["message_id"],
                "receiver_user": receiver,
            }
        stored = Stored(
            raw, from_bot, next(self._version), reply_keyboard=reply_keyboard, alone=alone
        )
        chat.messages[stored.id] = stored
        self.tell("message", chat, stored)
        return stored

    def say(
        self,
        chat: Chat,
        person: Person,
        content: Json,
        *,
        hidden: bool = False,
        whispered: bool = False,
    ) -> Stored:
        """A person's message: stored, shown, and owed to the bot unless it is `hidden` from it or
        the bot is not there to see it. Nobody but the bot reads one that is `whispered`."""
        raw = self.base(chat, person.api()) | content
        stored = self.keep(chat, raw, from_bot=False, alone=person.id if whispered else None)
        if not hidden and chat.bot_status in ("member", "administrator"):
            self.push("channel_post" if chat.kind == "channel" else "message", stored.raw)
        return stored

    def replace(self, chat: Chat, stored: Stored, raw: Json) -> None:
        """Put an edited version in a message's place."""
        stored.raw = raw
        stored.edits += 1
        stored.version = next(self._version)
        self.tell("edit", chat, stored)

    def remove(self, chat: Chat, message_id: int) -> None:
        """Delete a message for everyone."""
        chat.messages.pop(message_id, None)
        self.tell("delete", chat, message_id=message_id)

    def count_sent(self) -> None:
        """Count an accepted message, and keep the most of any one second."""
        self.accepted += 1
        now = time.monotonic()
        second = self._last_second
        second.append(now)
        while now - second[0] >= 1.0:
            second.popleft()
        self.worst_second = max(self.worst_second, len(second))

    # Updates

    def push(self, kind: str, payload: Json) -> None:
        """Owe the bot an update, if it asked for this kind."""
        allowed = self.allowed_updates
        if kind not in allowed if allowed is not None else kind in _ON_REQUEST:
            return
        self.push_raw({kind: payload})

    def push_raw(self, update: Json) -> None:
        """Owe the bot any update, decodable or not."""
        self.updates.append({"update_id": next(self._update_ids), **update})
        if self.poll is not None and not self.poll.woken.done():
            self.poll.woken.set_result(True)
        self.webhook_news.set()

    def open_press(self, person: Person, chat: Chat) -> Press:
        """A fresh callback query."""
        press = Press(
            str(next(self._query_ids)),
            person.id,
            chat.id,
            asyncio.get_running_loop().create_future(),
        )
        self.presses[press.id] = press
        self.last_presses.append(press)
        return press

    def open_inline_query(self, person: Person, query: str) -> InlineQuery:
        """A fresh inline query."""
        asked = InlineQuery(
            str(next(self._query_ids)), person.id, query, asyncio.get_running_loop().create_future()
        )
        self.inline_queries[asked.id] = asked
        return asked

    # Counts

    def note_call(self, method: str, chat_id: int | None, error: ApiError | None) -> None:
        """Count a finished request, and a violation if it was one."""
        self.counters[method] += 1
        description = None if error is None else error.description
        self.calls.append(Call(time.time(), method, chat_id, error is None, description))
        if error is not None:
            self.refusals[error.description] += 1
            if error.violation:
                self._violation(method, chat_id, error.description)

    def note_violation(self, text: str) -> None:
        """Count what Telegram would take without a word, but the bot should not send."""
        self._violation(self.current_method, self.current_chat, text)

    def _violation(self, method: str, chat_id: int | None, text: str) -> None:
        violation = {"at": time.time(), "method": method, "chat_id": chat_id, "text": text}
        self.violations.append(violation)
        self.broadcast({"kind": "violation", "violation": violation})

    # Watching

    def tell(
        self,
        kind: str,
        chat: Chat,
        stored: Stored | None = None,
        *,
        message_id: int | None = None,
    ) -> None:
        """Wake those who wait for this chat, and show the event to the watchers."""
        chat.version = next(self._version)
        if chat.waiters:
            for waiter in chat.waiters:
                if not waiter.done():
                    waiter.set_result(None)
            chat.waiters.clear()
        if self.watchers:
            event: Json = {"kind": kind, "chat_id": chat.id}
            if stored is not None:
                event["message"] = message_view(stored)
            if message_id is not None:
                event["message_id"] = message_id
            self.broadcast(event)

    def broadcast(self, event: Json) -> None:
        """Show an event to every watcher; one that lags too far behind is told to reload."""
        for queue in self.watchers:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait({"kind": "reload"})
            else:
                queue.put_nowait(event)

    async def until(self, chat: Chat, check: Callable[[], Any], seconds: float) -> Any:
        """The first true answer of `check`, asked at every change in `chat`; else None."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not (found := check()):
            waiter = loop.create_future()
            chat.waiters.append(waiter)
            await asyncio.wait([waiter], timeout=max(0.0, deadline - loop.time()))
            if loop.time() >= deadline:
                return check() or None
        return found

    def _user(self, user_id: int) -> Json | None:
        if user_id == self.bot["id"]:
            return self.bot
        person = self.people.get(user_id)
        return None if person is None else person.api()

    def _keep(self, chat: Chat) -> None:
        self.chats[chat.id] = chat
        if chat.username:
            self.usernames[chat.username.lower()] = chat.id
        self.tell("chat", chat)
