"""Handlers as they run: a real dispatcher and a real store; only Telegram's end is played.

`Telegram` is a session of the framework: it judges what is sent as the server does (markup by
TDLib, lengths, "not modified"), keeps what each chat shows, and plays people and faults.
"""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import (
    AnswerCallbackQuery,
    AnswerInlineQuery,
    DeleteMessages,
    EditEphemeralMessageReplyMarkup,
    EditEphemeralMessageText,
    EditMessageCaption,
    EditMessageReplyMarkup,
    EditMessageText,
    GetChat,
    GetChatAdministrators,
    GetChatMember,
    GetFile,
    GetMe,
    SendChatAction,
    SendDocument,
    SendMessage,
    SendRichMessage,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    ChatFullInfo,
    ChatMemberMember,
    ChatMemberOwner,
    ChatMemberRestricted,
    File,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    Message,
    Update,
    User,
)

from bot.config import Access, Settings
from bot.delivery.digest import Digests
from bot.feeds.offers import Offer, Refusal, Taken
from bot.handlers import Desk, Rates, Rules, Sourcing, install
from bot.messages.callbacks import Callback, pack, parse
from bot.messages.texts import load_all
from bot.web.addresses import source_domain
from bot.words.normaliser import Normaliser
from storage import (
    ArticleDraft,
    Block,
    BodyFrom,
    EntryKey,
    Feed,
    FeedOutcome,
    Paragraph,
    PictureBlock,
    PushPlan,
    Span,
    Storage,
    Stored,
    Topic,
)
from tests.messages.samples import parsed

# Of a restricted member (Bot API, ChatMemberRestricted).
_RIGHTS = [
    name
    for name, field in ChatMemberRestricted.model_fields.items()
    if name.startswith("can_") and field.is_required()
]
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # noon in Moscow, a Sunday
BOT_ID = 123456789
ADMIN = 7
ANNA = 1001
UNHURRIED = Rules(Rates(1e6, 1e6), Rates(1e6, 1e6), Rates(1e6, 1e6))  # no budget
PATIENT = 60.0  # seconds: no answer is slow, however busy the machine

# Where a rich message holds words (Bot API, InputRichMessage and its blocks).
_WORDS_OF_RICH = ("text", "caption", "credit", "summary", "items", "cells", "blocks", "buttons")


def bad(text: str) -> TelegramBadRequest:
    """Telegram's refusal."""
    return TelegramBadRequest(GetMe(), f"Bad Request: {text}")


@dataclass
class Shown:
    """A message as its chat shows it."""

    message_id: int
    text: str
    keyboard: list[list[InlineKeyboardButton]]
    reply_to: int | None = None
    rich: bool = False
    photo: bool = False
    document: bytes | None = None
    filename: str = ""
    alone: int | None = None  # who alone sees it

    @property
    def content(self) -> dict[str, Any]:
        """What it holds, as an update says it."""
        if not self.photo:
            return {"text": self.text or "x"}
        size = {"file_id": "p", "file_unique_id": "p", "width": 800, "height": 600}
        return {"photo": [size], "caption": self.text}

    @property
    def labels(self) -> list[str]:
        return [button.text for row in self.keyboard for button in row]

    @property
    def callbacks(self) -> list[Callback | None]:
        return [parse(b.callback_data) for row in self.keyboard for b in row if b.callback_data]


@dataclass
class Telegram(BaseSession):
    """Telegram's end of the wire."""

    requests: list[TelegramMethod[Any]] = field(default_factory=list)
    chats: dict[int, dict[int, Shown]] = field(default_factory=dict)
    toasts: list[str] = field(default_factory=list)
    offered: list[AnswerInlineQuery] = field(default_factory=list)
    owners: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)  # of them: who writes in the group's name
    channels: dict[int, dict[str, Any]] = field(default_factory=dict)  # what getChat says of them
    whispers: bool = False  # whether the bot, an admin of its groups, may whisper
    faults: deque[tuple[type[TelegramMethod[Any]], Exception]] = field(default_factory=deque)
    files: dict[str, bytes] = field(default_factory=dict)  # what people sent, by file_id
    last_id: int = 100

    def __post_init__(self) -> None:
        super().__init__()

    async def close(self) -> None:
        """Nothing is open."""

    async def stream_content(
        self, url: str, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[bytes, None]:
        yield self.files[url.rpartition("/")[2]]

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: Any = None) -> Any:  # noqa: ASYNC109 — the framework's signature
        self.requests.append(method)
        if self.faults and isinstance(method, self.faults[0][0]):
            raise self.faults.popleft()[1]
        match method:
            case SendMessage() | SendRichMessage():
                return self._sent(bot, method)
            case EditMessageText() | EditMessageCaption():
                return self._edited(method)
            case EditMessageReplyMarkup() | EditEphemeralMessageReplyMarkup():
                return self._remarked(method)
            case EditEphemeralMessageText():
                return self._edited_alone(method)
            case SendDocument():
                return self._sent_document(bot, method)
            case DeleteMessages():
                for message_id in method.message_ids:
                    self.chats.get(int(method.chat_id), {}).pop(message_id, None)
                return True
            case AnswerCallbackQuery():
                assert len(method.text or "") <= 200
                self.toasts.append(method.text or "")
                return True
            case GetChat():
                if int(method.chat_id) not in self.channels:
                    raise TelegramBadRequest(method, "Bad Request: chat not found")
                return ChatFullInfo.model_construct(
                    id=int(method.chat_id),
                    type="channel",
                    title="Новости дня",
                    **self.channels[int(method.chat_id)],
                )
            case GetChatMember():
                user = User(id=method.user_id, is_bot=False, first_name="x")
                if method.user_id in self.owners:
                    return ChatMemberOwner(user=user, is_anonymous=method.user_id in self.hidden)
                return ChatMemberMember(user=user)
            case GetChatAdministrators():
                users = (User(id=one, is_bot=False, first_name="x") for one in self.owners)
                return [
                    ChatMemberOwner(user=one, is_anonymous=one.id in self.hidden) for one in users
                ]
            case GetMe():
                return User(id=BOT_ID, is_bot=True, first_name="News", username="newsboy_bot")
            case AnswerInlineQuery():
                self._judge_results(method)
                self.offered.append(method)
                return True
            case SendChatAction():
                return True
            case GetFile():
                content = self.files.get(method.file_id)
                if content is None:
                    raise TelegramBadRequest(method, "Bad Request: wrong file_id")
                return File(
                    file_id=method.file_id,
                    file_unique_id=method.file_id,
                    file_size=len(content),
                    file_path=method.file_id,
                )
            case _:
                raise AssertionError(f"unexpected {method!r}")

    def _judge_results(self, method: AnswerInlineQuery) -> None:
        """As the Bot API does: answerInlineQuery, InlineQueryResultArticle."""
        ids = [result.id for result in method.results]
        assert len(ids) <= 50
        assert len(set(ids)) == len(ids)
        assert all(1 <= len(one.encode()) <= 64 for one in ids)
        assert len((method.next_offset or "").encode()) <= 64
        for result in method.results:
            assert isinstance(result, InlineQueryResultArticle)
            assert result.title.strip()
            content = result.input_message_content
            assert isinstance(content, InputTextMessageContent)
            assert content.parse_mode == "HTML"
            assert 1 <= parsed(content.message_text).units <= 4096

    def _shown(
        self, message_id: int, method: Any, reply_to: int | None = None, alone: int | None = None
    ) -> Shown:
        rich = getattr(method, "rich_message", None) is not None
        photo = isinstance(method, EditMessageCaption)
        text = _written(method.rich_message) if rich else method.caption if photo else method.text
        if not rich and method.parse_mode == "HTML":
            message = parsed(text)
            assert message.units <= (1024 if photo else 4096)
            text = message.text
        assert rich or text.strip()
        markup = method.reply_markup
        keyboard = markup.inline_keyboard if isinstance(markup, InlineKeyboardMarkup) else []
        for row in keyboard:
            assert 1 <= len(row) <= 8
            assert all(len((b.callback_data or b.url or "").encode()) >= 1 for b in row)
        return Shown(message_id, text, keyboard, reply_to, rich, photo, alone=alone)

    def _sent(self, bot: Bot, method: SendMessage | SendRichMessage) -> Message:
        alone = self._alone(method)
        self.last_id += 1
        chat_id = int(method.chat_id)
        reply_to = method.reply_parameters.message_id if method.reply_parameters else None
        shown = self._shown(self.last_id, method, reply_to, alone=alone)
        self.chats.setdefault(chat_id, {})[self.last_id] = shown
        return self._message(bot, chat_id, alone)

    def _alone(self, method: SendMessage | SendRichMessage | SendDocument) -> int | None:
        """Who alone is to see it (Bot API, Ephemeral Messages and Commands)."""
        parameters = method.ephemeral_message_parameters
        if parameters is None:
            return None
        if not self.whispers:
            raise TelegramBadRequest(method, "Bad Request: BOT_NOT_ADMIN")
        assert int(method.chat_id) < 0
        assert method.reply_parameters is None or method.reply_parameters.message_id is None
        return parameters.receiver_user_id

    def _message(self, bot: Bot, chat_id: int, alone: int | None) -> Message:
        ids = {"message_id": self.last_id}
        if alone is not None:
            ids = {"message_id": 0, "ephemeral_message_id": self.last_id}
        return Message.model_validate(
            {**ids, "date": NOW, "chat": {"id": chat_id, "type": "private"}},
            context={"bot": bot},
        )

    def _edited_alone(self, method: EditEphemeralMessageText) -> bool:
        chat = self.chats.setdefault(int(cast("int", method.chat_id)), {})
        before = chat.get(method.ephemeral_message_id)
        if before is None or before.alone != method.receiver_user_id:
            raise TelegramBadRequest(method, "Bad Request: MESSAGE_ID_INVALID")
        after = self._shown(before.message_id, method, alone=before.alone)
        if len(after.text.encode("utf-16-le")) > 2 * 1024:
            raise TelegramBadRequest(method, "Bad Request: MEDIA_CAPTION_TOO_LONG")
        if after == before:
            raise TelegramBadRequest(method, "Bad Request: message is not modified")
        chat[before.message_id] = after
        return True

    def _sent_document(self, bot: Bot, method: SendDocument) -> Message:
        assert isinstance(method.document, BufferedInputFile)
        alone = self._alone(method)
        self.last_id += 1
        chat_id = int(method.chat_id)
        caption = method.caption or ""
        assert len(caption.encode("utf-16-le")) <= 2 * 1024
        self.chats.setdefault(chat_id, {})[self.last_id] = Shown(
            self.last_id,
            caption,
            [],
            method.reply_parameters.message_id if method.reply_parameters else None,
            document=method.document.data,
            filename=method.document.filename or "",
            alone=alone,
        )
        return self._message(bot, chat_id, alone)

    def _remarked(self, method: EditMessageReplyMarkup | EditEphemeralMessageReplyMarkup) -> bool:
        chat = self.chats.setdefault(int(cast("int", method.chat_id)), {})
        if isinstance(method, EditMessageReplyMarkup):
            before, whispered = chat.get(method.message_id or 0), False
        else:
            before, whispered = chat.get(method.ephemeral_message_id), True
        if before is None or (before.alone is not None) is not whispered:
            raise bad("message to edit not found")
        keyboard = method.reply_markup.inline_keyboard if method.reply_markup else []
        if keyboard == before.keyboard:
            raise bad("message is not modified")
        chat[before.message_id] = replace(before, keyboard=keyboard)
        return True

    def _edited(self, method: EditMessageText | EditMessageCaption) -> bool:
        chat = self.chats.setdefault(int(cast("int", method.chat_id)), {})
        before = chat.get(method.message_id or 0)
        if before is None or before.alone is not None:
            raise TelegramBadRequest(method, "Bad Request: message to edit not found")
        if before.photo != isinstance(method, EditMessageCaption):
            raise TelegramBadRequest(method, "Bad Request: there is no text in the message to edit")
        after = self._shown(before.message_id, method, before.reply_to)
        if after == before:
            raise TelegramBadRequest(method, "Bad Request: message is not modified")
        chat[before.message_id] = after
        return True


def _written(rich: Any) -> str:
    """The words of a rich message, in order, a line a block."""
    match rich:
        case str():
            return rich
        case list() | tuple():
            return "".join(map(_written, rich))
        case dict():
            parts = [_written(rich[key]) for key in _WORDS_OF_RICH if rich.get(key)]
            return "\n".join(parts) if "type" in rich and "blocks" in rich else "".join(parts)
        case _ if hasattr(rich, "model_dump"):
            blocks = rich.model_dump(exclude_none=True).get("blocks", [])
            return "\n".join(map(_written, blocks))
        case _:
            return ""


class Person:
    """Somebody in a chat with the bot, seen from their side."""

    def __init__(
        self, world: "World", person_id: int, chat_id: int, language: str = "ru", thread: int = 0
    ) -> None:
        self.thread = thread
        self.world = world
        self.id = person_id
        self.chat_id = chat_id
        self.language = language

    @property
    def _chat(self) -> dict[str, Any]:
        if self.chat_id > 0:
            return {"id": self.chat_id, "type": "private", "first_name": "Анна"}
        return {"id": self.chat_id, "type": "supergroup", "title": "Группа"}

    @property
    def _thread(self) -> dict[str, Any]:
        return {"message_thread_id": self.thread, "is_topic_message": True} if self.thread else {}

    @property
    def _user(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": "Анна",
            "language_code": self.language,
        }

    async def say(self, text: str, **more: Any) -> list[Shown]:
        """Send a text; returns the messages that came in answer."""
        return await self.send({"text": text, **_entities(text), **more})

    async def send(self, content: dict[str, Any]) -> list[Shown]:
        before = self.world.telegram.last_id
        self.world.telegram.last_id += 1
        message = {
            "message_id": self.world.telegram.last_id,
            "date": int(NOW.timestamp()),
            "chat": self._chat,
            "from": self._user,
            **self._thread,
            **content,
        }
        await self.world.update({"message": message})
        return [shown for shown in self.messages() if shown.message_id > before]

    async def press(self, shown: Shown, wanted: Callback | str) -> Shown | None:
        """Press a button by its label or meaning; returns the message as it is then."""
        data = wanted if isinstance(wanted, str) else pack(wanted)
        for row in shown.keyboard:
            for button in row:
                if button.text == wanted:
                    data = button.callback_data or ""
        message: dict[str, Any] = {
            "message_id": shown.message_id if shown.alone is None else 0,
            "date": int(NOW.timestamp()),
            "chat": self._chat,
            "from": {"id": BOT_ID, "is_bot": True, "first_name": "News"},
            **shown.content,
            **self._thread,
        }
        if shown.keyboard:
            rows = [[one.model_dump(exclude_none=True) for one in row] for row in shown.keyboard]
            message["reply_markup"] = {"inline_keyboard": rows}
        if shown.alone is not None:
            message |= {"ephemeral_message_id": shown.message_id, "receiver_user": self._user}
        if shown.reply_to is not None and (above := self.message(shown.reply_to)):
            message["reply_to_message"] = {
                "message_id": above.message_id,
                "date": int(NOW.timestamp()),
                "chat": self._chat,
                "from": {"id": BOT_ID, "is_bot": True, "first_name": "News"},
                **above.content,
            }
        await self.press_raw(data, message)
        return self.message(shown.message_id)

    async def press_raw(self, data: str, message: dict[str, Any] | None) -> None:
        query = {"id": "1", "from": self._user, "chat_instance": "1", "data": data}
        await self.world.update(
            {"callback_query": query | ({"message": message} if message else {})}
        )

    async def ask_inline(self, words: str = "", offset: str = "") -> AnswerInlineQuery:
        """Type «@bot words» in some chat; returns what is offered there."""
        query = {"id": "1", "from": self._user, "query": words, "offset": offset}
        await self.world.update({"inline_query": query})
        return self.world.telegram.offered.pop()

    async def membership(
        self, old: str, new: str, *, can_send_messages: bool = True
    ) -> list[Shown]:
        before = self.world.telegram.last_id
        bot_user = {"id": BOT_ID, "is_bot": True, "first_name": "News"}

        def member(status: str) -> dict[str, Any]:
            found = {"status": status, "user": bot_user, "until_date": 0}
            if status == "restricted":
                rights = dict.fromkeys(_RIGHTS, False)
                found |= rights | {"is_member": True, "can_send_messages": can_send_messages}
            return found

        await self.world.update(
            {
                "my_chat_member": {
                    "chat": self._chat,
                    "from": self._user,
                    "date": int(NOW.timestamp()),
                    "old_chat_member": member(old),
                    "new_chat_member": member(new),
                }
            }
        )
        return [shown for shown in self.messages() if shown.message_id > before]

    def messages(self) -> list[Shown]:
        return list(self.world.telegram.chats.get(self.chat_id, {}).values())

    def message(self, message_id: int) -> Shown | None:
        return self.world.telegram.chats.get(self.chat_id, {}).get(message_id)


def _entities(text: str) -> dict[str, Any]:
    if not text.startswith("/"):
        return {}
    return {"entities": [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]}


class World:
    """The bot at work."""

    def __init__(
        self,
        storage: Storage,
        access: Access,
        normaliser: Normaliser,
        rules: Rules = UNHURRIED,
        patience: float = PATIENT,
    ) -> None:
        self.storage = storage
        self.telegram = Telegram()
        self.bot = Bot(f"{BOT_ID}:{'A' * 35}", session=self.telegram)
        self.now = NOW
        texts = load_all()
        settings = Settings.model_construct(
            admins=frozenset({ADMIN}),
            access=access,
            language="ru",
            time_zone="Europe/Moscow",
            default_alerts=Settings.model_fields["default_alerts"].default,
            default_quiet=(1380, 480),
            default_hourly=3,
            default_daily=12,
            default_digest=Settings.model_fields["default_digest"].default,
            readers_add_sources=5,
        )
        digests = Digests(storage, texts)
        digests.bot = "newsboy_bot"
        self.looked: list[tuple[str, int]] = []
        self.offers: dict[str, Offer] = {}  # what the newsroom finds at an address
        self.desk = Desk(
            storage,
            texts,
            normaliser,
            digests,
            settings,
            lambda: self.now,
            Sourcing(self._look, self._take),
        )
        self.dispatcher = Dispatcher(disable_fsm=True)
        install(self.dispatcher, self.desk, rules, patience=patience)
        self._updates = 0
        self._articles = 0
        self._feeds: dict[str, Feed] = {}

    async def _look(self, text: str, owner: int) -> Offer:
        self.looked.append((text, owner))
        return self.offers.get(text, Offer(text, refusal=Refusal.NO_FEED))

    async def _take(self, url: str, owner: int) -> Offer | Taken:
        """As the newsroom does, into the real store."""
        offer = await self._look(url, owner)
        if not offer.ready:
            return offer
        domain = source_domain(url)
        feed = await self.desk.storage.feeds.add(
            url, domain, self.now, owner=owner, title=offer.title
        )
        return Taken(feed.id, feed.source_id, domain, offer.title)

    async def update(self, content: dict[str, Any]) -> None:
        self._updates += 1
        update = Update.model_validate(
            {"update_id": self._updates, **content}, context={"bot": self.bot}
        )
        await self.dispatcher.feed_update(self.bot, update)

    def person(
        self,
        person_id: int = ANNA,
        *,
        group: int | None = None,
        language: str = "ru",
        thread: int = 0,
    ) -> Person:
        return Person(self, person_id, group or person_id, language, thread)

    async def article(
        self,
        title: str = "Открыт новый мост",
        *,
        domain: str = "vestnik.example",
        topic: Topic = Topic.SOCIETY,
        language: str = "ru",
        age: timedelta = timedelta(minutes=5),
        body: str = "Движение открыли утром.",
        paragraphs: int = 1,
        blocks: tuple[Block, ...] = (),
        owner: int | None = None,
        story: int | None = None,
        picture: str = "",
        push: PushPlan | None = None,
    ) -> Stored:
        """Store an article, of everybody's source or of the owner's."""
        if domain not in self._feeds:
            self._feeds[domain] = await self.storage.feeds.add(
                f"https://{domain}/feed", domain, self.now, owner=owner
            )
            outcome = FeedOutcome(
                self._feeds[domain].id, self.now, self.now, 300, ok=True, language=language
            )
            await self.storage.feeds.save_outcome(outcome)
        feed = self._feeds[domain]
        self._articles += 1
        n = self._articles
        draft = ArticleDraft(
            feed_id=feed.id,
            source_id=feed.source_id,
            key=EntryKey(f"guid{n}", f"{domain}/{n}", f"hash{n}"),
            url=f"https://{domain}/{n}",
            title=title,
            summary=body[:200],
            published=self.now - age,
            fetched=self.now,
            language=language,
            topic=topic,
            body=blocks or (Paragraph((Span(body),)),) * paragraphs,
            body_from=BodyFrom.PAGE,
            image=PictureBlock(picture) if picture else None,
            search_title=self.desk.normaliser.text(title),
            search_body=self.desk.normaliser.text(body),
        )
        return await self.storage.articles.store(draft, now=self.now, story_id=story, push=push)


@pytest.fixture(scope="session")
def normaliser() -> Normaliser:
    """The normaliser takes half a second to load: one for all."""
    return Normaliser()


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with Storage.open(tmp_path / "news.db") as opened:
        yield opened


@pytest.fixture
def world(storage: Storage, normaliser: Normaliser) -> World:
    """A public bot."""
    return World(storage, Access.PUBLIC, normaliser)


@pytest.fixture
def private_world(storage: Storage, normaliser: Normaliser) -> World:
    """A private bot."""
    return World(storage, Access.PRIVATE, normaliser)
