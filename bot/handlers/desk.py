"""What handlers work with: the desk, which the composition root lays once, and who is asking."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.config import Access, Settings
from bot.delivery.digest import Digests
from bot.delivery.schedule import first_due
from bot.feeds.offers import Offer, Taken
from bot.handlers.asking import Asking
from bot.messages.texts import Texts, Viewer, closest
from bot.words.cities import Cities
from bot.words.normaliser import Normaliser
from storage import (
    ChatKind,
    NotFoundError,
    Slot,
    SlotPlan,
    Source,
    Storage,
    Subscriber,
    SubscriberDefaults,
)

# A new reader's first digest reaches back so far.
_COVERED = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Sourcing:
    """How readers' own sources are looked at and taken in: an address and the subscriber.

    The newsroom does both, and handlers do not know it. `looking` are the readers who wait.
    """

    look: Callable[[str, int], Awaitable[Offer]]
    take: Callable[[str, int], Awaitable[Offer | Taken]]
    looking: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Desk:
    """The dependencies of all handlers. `texts` are all languages by code."""

    storage: Storage
    texts: Mapping[str, Texts]
    normaliser: Normaliser
    digests: Digests
    settings: Settings
    clock: Callable[[], datetime]
    sourcing: Sourcing
    asking: Asking = field(init=False)
    cities: Cities = field(init=False, default_factory=Cities)

    def __post_init__(self) -> None:
        """Questions are kept in the same store."""
        object.__setattr__(self, "asking", Asking(self.storage))

    @property
    def public(self) -> bool:
        """Whether anybody may use the bot."""
        return self.settings.access is Access.PUBLIC

    def language(self, code: str | None) -> str:
        """The interface language for a client's `language_code`."""
        return closest(code, self.texts, self.settings.language)

    async def admin(self, person_id: int) -> bool:
        """Whether a person runs the bot: by the settings, or by the one-time link."""
        return person_id in self.settings.admins or await self.storage.people.admin(person_id)

    async def admitted(self, person_id: int) -> bool:
        """Whether a person may use the bot."""
        if person_id in self.settings.admins:
            return True
        person = await self.storage.people.find(person_id)
        return self.public if person is None else person.blocked is None

    async def removed(self, person_id: int) -> bool:
        """Whether a person is kept out, of groups' chats too."""
        if person_id in self.settings.admins:
            return False
        person = await self.storage.people.find(person_id)
        return person is not None and person.blocked is not None

    async def news_language(self, texts: Texts) -> str:
        """The news language of a reader who chose none: the interface's, if any source has it."""
        return texts.language if texts.language in await self.storage.feeds.languages() else "all"

    async def enrol(
        self, chat_id: int, kind: ChatKind, title: str, language_code: str | None
    ) -> tuple[Subscriber, bool]:
        """The chat's subscriber, made with the operator's defaults where it is new.

        A group starts without digests: it asked for nothing yet.
        """
        settings, now = self.settings, self.clock()
        language = self.language(language_code)
        news = await self.news_language(self.texts[language])
        slots = settings.default_digest if kind is ChatKind.PRIVATE else ()
        quiet_from, quiet_to = settings.default_quiet or (None, None)
        defaults = SubscriberDefaults(
            language=language,
            news_language=news,
            zone=settings.time_zone,
            alerts=settings.default_alerts,
            quiet_from=quiet_from,
            quiet_to=quiet_to,
            hourly=settings.default_hourly,
            daily=settings.default_daily,
            slots=slots,
            slot_dues=dues(slots, settings.time_zone, now),
        )
        return await self.storage.subscribers.create(
            chat_id,
            kind=kind,
            title=title,
            defaults=defaults,
            now=now,
            covered_before=now - _COVERED,
        )

    async def part(self, reader: "Reader") -> "Reader":
        """The reader with settings of the thread's own, made from the chat's where there are none.

        A thread starts without digests and alerts, as a group does.
        """
        now = self.clock()
        own = await self.storage.subscribers.part(
            reader.subscriber.id, reader.thread_id, now=now, covered_before=now - _COVERED
        )
        return reader.changed(own, self.texts)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, where, and how it is to be answered."""

    subscriber: Subscriber
    viewer: Viewer
    person_id: int
    group: bool
    anonymous_admin: bool = False
    thread_id: int = 0  # where they ask: a forum topic, or a private chat's thread

    @property
    def texts(self) -> Texts:
        """The reader's language."""
        return self.viewer.texts

    @property
    def shares(self) -> bool:
        """Whether they ask in a thread where the whole chat's settings hold."""
        return self.thread_id != self.subscriber.thread_id

    def changed(self, subscriber: Subscriber, texts: Mapping[str, Texts]) -> "Reader":
        """The reader after a change of the subscriber's settings."""
        return replace(
            self,
            subscriber=subscriber,
            viewer=viewer_of(subscriber, texts, self.viewer.now, self.viewer.bot),
        )


def viewer_of(
    subscriber: Subscriber, texts: Mapping[str, Texts], now: datetime, bot: str
) -> Viewer:
    """How messages are rendered for a subscriber; `bot` is the bot's username."""
    return Viewer(
        texts=texts[subscriber.language],
        zone=ZoneInfo(subscriber.zone),
        now=now,
        pictures=subscriber.pictures,
        bot=bot,
    )


async def known_source(desk: Desk, reader: Reader, source_id: int) -> Source | None:
    """The source that a button names, where it exists and is everybody's or the reader's own."""
    try:
        source = await desk.storage.feeds.source(source_id)
    except NotFoundError:
        return None
    return source if source.owner in (None, reader.subscriber.id) else None


def dues(
    plans: tuple[SlotPlan, ...],
    zone: str,
    now: datetime,
    former: tuple[Slot, ...] = (),
    last_digest: datetime | None = None,
    *,
    begun: timedelta = timedelta(0),
) -> tuple[datetime, ...]:
    """The first instants of digest times: see `first_due`."""
    before = {slot.minute: slot for slot in former}
    return tuple(
        first_due(plan, ZoneInfo(zone), now, before.get(plan.minute), last_digest, begun=begun)
        for plan in plans
    )
