"""Callback data: what a button carries (Bot API: 1–64 bytes), packed and parsed.

Written as `1<code>` and the fields, joined by `:`; the leading digit is the version, so that old
buttons can be told from new ones after an upgrade. Fields are database ids, enum values and short
tokens, never positions in memory, so a button keeps working after a restart. Callback data is user
input: `parse` answers None for anything that `pack` could not have written, and whoever acts on it
checks the rights again.
"""

import hashlib
import re
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from itertools import groupby

from storage import FollowKind, Level, Topic

VERSION = "1"
MAX_BYTES = 64  # Bot API, InlineKeyboardButton.callback_data
_TOKEN = re.compile(r"[A-Za-z0-9_/.+-]{0,40}")
_MAX_ID = 2**63 - 1
_MAX_PARTS = 1000  # messages that a button names; its data can be forged
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Screen(StrEnum):
    """The screens of /settings."""

    HOME = "home"
    ALERTS = "alerts"
    DIGEST = "digest"
    QUIET = "quiet"
    HOURLY = "hourly"
    ZONE = "zone"
    LANGUAGE = "language"
    NEWS = "news"
    LAYOUT = "layout"
    HEADLINES = "headlines"
    DAILY = "daily"


class Setting(StrEnum):
    """What a button of /settings changes; `Change.value` is read by `bot.messages.forms`."""

    ALERTS = "alerts"
    DIGEST = "digest"
    QUIET = "quiet"
    HOURLY = "hourly"
    ZONE = "zone"
    LANGUAGE = "language"
    NEWS = "news"
    LAYOUT = "layout"
    HEADLINES = "headlines"
    SILENT = "silent"
    PICTURES = "pictures"
    DAILY = "daily"


class FollowScreen(StrEnum):
    """The screens of /subscribe."""

    HOME = "home"
    TOPICS = "topics"
    SOURCES = "sources"
    WORDS = "words"
    STORIES = "stories"
    HIDDEN = "hidden"
    DROP = "drop"


class Asked(StrEnum):
    """What a button asks a reader to type about follows and mutes."""

    WORDS = "words"
    SOURCE = "source"
    HIDE = "hide"


class AdminScreen(StrEnum):
    """The screens of /admin."""

    HOME = "home"
    LINKS = "links"
    PEOPLE = "people"
    REMOVED = "removed"
    FEEDS = "feeds"


class Privacy(StrEnum):
    """What a button of /privacy asks for."""

    HOME = "home"
    EXPORT = "export"
    ASK = "ask"
    ERASE = "erase"


class EditionScreen(StrEnum):
    """The screens of a channel's edition."""

    HOME = "home"
    TOPICS = "topics"
    SOURCES = "sources"
    WORDS = "words"
    QUIET = "quiet"
    LIMITS = "limits"
    ZONE = "zone"


class EditionSetting(StrEnum):
    """What a button of a channel's edition changes."""

    MODE = "mode"
    EVERYTHING = "everything"
    TOPIC = "topic"
    SOURCE = "source"
    WORDS = "words"
    LANGUAGE = "language"
    PICTURES = "pictures"
    QUIET = "quiet"
    HOURLY = "hourly"
    DAILY = "daily"
    KEEPER = "keeper"
    ZONE = "zone"


class Ready(StrEnum):
    """Mutes that are ready to be tapped."""

    SPORT = "sport"
    INCIDENTS = "incidents"
    HOROSCOPES = "horoscopes"


@dataclass(frozen=True, slots=True)
class Read:
    """«Читать»: the article's whole text."""

    article: int


@dataclass(frozen=True, slots=True)
class Card:
    """The article's card."""

    article: int


@dataclass(frozen=True, slots=True)
class Collapse:
    """«Свернуть»: back to the card; `parts` are the message ids of the text's parts."""

    article: int
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HideMenu:
    """«Не показывать…»: what can be hidden."""

    article: int


@dataclass(frozen=True, slots=True)
class Hide:
    """Mute the article's topic or source for `days`, 0 for ever."""

    article: int
    kind: FollowKind
    days: int


@dataclass(frozen=True, slots=True)
class Latest:
    """A page of /latest: older than `before` or newer than `after` (search keys, 0: no bound)."""

    topic: str = ""
    source: int = 0
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class LatestTopics:
    """The choice of a topic for /latest."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day's archive; `offset` is of buttons that counted headlines."""

    day: date
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """A page of the stored search `query`."""

    query: int
    offset: int


@dataclass(frozen=True, slots=True)
class SearchExactly:
    """Search for the words of the stored search `query` as they were typed."""

    query: int


@dataclass(frozen=True, slots=True)
class DayPage:
    """A page of a day's archive: older than `before`, newer than `after` (search keys, 0: none)."""

    day: date
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class FollowQuery:
    """Follow the words of the stored search `query`."""

    query: int


@dataclass(frozen=True, slots=True)
class DigestMore:
    """What a digest left out: of the ledger's line `delivery`, from the story at `offset` on."""

    delivery: int
    offset: int


@dataclass(frozen=True, slots=True)
class Settings:
    """A screen of /settings."""

    screen: Screen


@dataclass(frozen=True, slots=True)
class Change:
    """Change a setting; afterwards its screen is shown again."""

    setting: Setting
    value: str


@dataclass(frozen=True, slots=True)
class DigestTime:
    """The screen of one digest time, found by its minute of the day and mask of weekdays."""

    minute: int
    weekdays: int


@dataclass(frozen=True, slots=True)
class SetDigestTime:
    """Give a digest time these `days` (a mask, 0 takes it off), with or without sound."""

    minute: int
    weekdays: int
    days: int
    silent: bool


@dataclass(frozen=True, slots=True)
class AskSetting:
    """Ask for a setting's value, to be typed."""

    setting: Setting


@dataclass(frozen=True, slots=True)
class SetZone:
    """Set the zone, then show the screen where it was asked for."""

    zone: str
    back: Screen


@dataclass(frozen=True, slots=True)
class Find:
    """Search for the stored text `query`: it was no answer to a question."""

    query: int


@dataclass(frozen=True, slots=True)
class Greet:
    """Change the interface language under the greeting."""

    language: str


@dataclass(frozen=True, slots=True)
class Follows:
    """A screen of /subscribe; `page` counts from 0."""

    screen: FollowScreen
    page: int = 0


@dataclass(frozen=True, slots=True)
class Follow:
    """Set the level of what is followed.

    `key` is a topic's value, a source's id, the `word_token` of words, or "" for everything.
    """

    kind: FollowKind
    key: str
    level: Level
    page: int = 0


@dataclass(frozen=True, slots=True)
class FollowItem:
    """The screen of one follow; `key` as in `Follow`, of a story its id."""

    kind: FollowKind
    key: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class FollowLevel:
    """Set the level of what is followed, on its own screen."""

    kind: FollowKind
    key: str
    level: Level
    page: int = 0


@dataclass(frozen=True, slots=True)
class FollowStory:
    """«Следить за сюжетом» under an article."""

    article: int


@dataclass(frozen=True, slots=True)
class Unfollow:
    """Follow something no more, on the screen of /unsubscribe; `key` as in `Follow`."""

    kind: FollowKind
    key: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class UnfollowEverything:
    """Follow nothing any more; asked about first."""

    confirmed: bool


@dataclass(frozen=True, slots=True)
class AskFollow:
    """Ask for words, a source's address, or words to hide (of an article, or of none: 0)."""

    asked: Asked
    article: int = 0


@dataclass(frozen=True, slots=True)
class ExportSources:
    """One's own sources as a file."""


@dataclass(frozen=True, slots=True)
class HideWords:
    """Mute words of an article by their `word_token`."""

    article: int
    words: str


@dataclass(frozen=True, slots=True)
class HideReady:
    """Mute what is ready to be muted, for ever."""

    ready: Ready


@dataclass(frozen=True, slots=True)
class HideFor:
    """Mute what is followed or muted for `days`, 0 for ever; `key` is the mute's `word_token`.

    With an article the message is the one that stands in for it, else the list of mutes.
    """

    kind: FollowKind
    key: str
    days: int
    article: int = 0


@dataclass(frozen=True, slots=True)
class Unhide:
    """Lift a mute; as `HideFor`."""

    kind: FollowKind
    key: str
    article: int = 0


@dataclass(frozen=True, slots=True)
class HideFollow:
    """Mute what a screen of one follow shows; `key` as in `Follow`."""

    kind: FollowKind
    key: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class LiftMute:
    """Lift the mute that hides what a follow would bring, on the screen of that follow.

    `mute` is the `word_token` of the mute's key; `follow`, `key` and `page` as in `FollowItem`.
    """

    kind: FollowKind
    mute: str
    follow: FollowKind
    key: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class RichOffer:
    """«Одним сообщением»: the rich sample, and after a yes the article."""

    article: int


@dataclass(frozen=True, slots=True)
class Tellers:
    """«Кто ещё пишет»: the other sources that tell an article's story."""

    article: int


@dataclass(frozen=True, slots=True)
class RichSeen:
    """The answer to «Видно?» under the rich sample."""

    seen: bool
    article: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """The answer to "stop all messages?"."""

    confirmed: bool


@dataclass(frozen=True, slots=True)
class AddSource:
    """Add the feed whose address is the stored query; 0: rather not."""

    query: int


@dataclass(frozen=True, slots=True)
class DropSource:
    """Drop a source of one's own; asked about first."""

    source: int
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """What else was written on an article's subject."""

    article: int


@dataclass(frozen=True, slots=True)
class SendOff:
    """The answer to "send it to all readers?": of the draft `broadcast`."""

    broadcast: int
    confirmed: bool


@dataclass(frozen=True, slots=True)
class CallOff:
    """Send a broadcast to nobody more."""

    broadcast: int


@dataclass(frozen=True, slots=True)
class Important:
    """The answer to the offer of alerts on important stories, under the digest `delivery`.

    `shown` of its stories stand on its page.
    """

    delivery: int
    shown: int
    wanted: bool


@dataclass(frozen=True, slots=True)
class Top:
    """A page of /top, of a topic or of all, as it was `asked` for at that second of the epoch.

    So pages hold still while news arrives.
    """

    topic: str = ""
    offset: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class TopTopics:
    """The choice of a topic for /top."""


@dataclass(frozen=True, slots=True)
class GroupDigest:
    """The answer to "a digest for this group?"."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Whether the stored command `query` is meant for its thread's own settings."""

    query: int
    own: bool


@dataclass(frozen=True, slots=True)
class Share:
    """Drop a thread's own settings, so that the chat's hold there; asked about first."""

    confirmed: bool


@dataclass(frozen=True, slots=True)
class Save:
    """«Отложить»: keep the article for later, for whoever presses."""

    article: int


@dataclass(frozen=True, slots=True)
class Unsave:
    """«✓ Отложено»: no longer."""

    article: int


@dataclass(frozen=True, slots=True)
class SavedPage:
    """A page of /saved: below the article that was saved at that second of the epoch, or above.

    `saved` 0 is the newest page. With `removing` its articles are there to be taken off.
    """

    saved: int = 0
    article: int = 0
    above: bool = False
    removing: bool = False


@dataclass(frozen=True, slots=True)
class TakeOff:
    """Take an article off the page of /saved that begins below (`saved`, `below`)."""

    article: int
    saved: int
    below: int


@dataclass(frozen=True, slots=True)
class ExportSaved:
    """What is saved as a file."""


@dataclass(frozen=True, slots=True)
class PrivacyStep:
    """A button of /privacy."""

    step: Privacy


@dataclass(frozen=True, slots=True)
class Admin:
    """A screen of /admin; lists of people go on after the person `after`."""

    screen: AdminScreen
    after: int = 0


@dataclass(frozen=True, slots=True)
class NewLink:
    """The choice of how many people and days a new invitation is for; `made` makes it."""

    people: int
    days: int
    made: bool = False


@dataclass(frozen=True, slots=True)
class RevokeLink:
    """End the invitation with this code; asked about first."""

    code: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class RemovePerson:
    """Keep a person out, listed after the person `after`; asked about first."""

    person: int
    after: int = 0
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class ReadmitPerson:
    """Let a person in again who was removed."""

    person: int


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels that one may manage."""


@dataclass(frozen=True, slots=True)
class EditionOf:
    """A screen of a channel's edition; `channel` is the subscriber's id, `page` counts from 0."""

    channel: int
    screen: EditionScreen = EditionScreen.HOME
    page: int = 0


@dataclass(frozen=True, slots=True)
class SetEdition:
    """Change a channel's edition; afterwards its screen is shown again."""

    channel: int
    setting: EditionSetting
    value: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class AskEditionWords:
    """Ask for words that a channel is to post."""

    channel: int


@dataclass(frozen=True, slots=True)
class ShowDraft:
    """A draft as it stands."""

    draft: int


@dataclass(frozen=True, slots=True)
class PublishDraft:
    """Post a draft."""

    draft: int


@dataclass(frozen=True, slots=True)
class RewordDraft:
    """Ask for another text of a draft."""

    draft: int


@dataclass(frozen=True, slots=True)
class SkipDraft:
    """Never post a draft."""

    draft: int


@dataclass(frozen=True, slots=True)
class UpdatePost:
    """Let a post in an editor's words follow the publisher's correction."""

    draft: int


Callback = (
    Read
    | Card
    | Collapse
    | HideMenu
    | Hide
    | Latest
    | LatestTopics
    | Day
    | Search
    | SearchExactly
    | DayPage
    | FollowQuery
    | DigestMore
    | Settings
    | Change
    | DigestTime
    | SetDigestTime
    | AskSetting
    | SetZone
    | Find
    | Greet
    | Follows
    | Follow
    | FollowItem
    | FollowLevel
    | FollowStory
    | Unfollow
    | UnfollowEverything
    | AskFollow
    | ExportSources
    | HideWords
    | HideReady
    | HideFor
    | Unhide
    | HideFollow
    | LiftMute
    | RichSeen
    | RichOffer
    | Tellers
    | Stop
    | AddSource
    | DropSource
    | Related
    | SendOff
    | CallOff
    | Important
    | Top
    | TopTopics
    | GroupDigest
    | Place
    | Share
    | Save
    | Unsave
    | SavedPage
    | TakeOff
    | ExportSaved
    | PrivacyStep
    | Admin
    | NewLink
    | RevokeLink
    | RemovePerson
    | ReadmitPerson
    | Channels
    | EditionOf
    | SetEdition
    | AskEditionWords
    | ShowDraft
    | PublishDraft
    | RewordDraft
    | SkipDraft
    | UpdatePost
)

# Codes are for ever: a button sent years ago still carries its code.
_CODES: dict[str, type[Callback]] = {
    "r": Read,
    "c": Card,
    "k": Collapse,
    "h": HideMenu,
    "m": Hide,
    "l": Latest,
    "t": LatestTopics,
    "d": Day,
    "s": Search,
    "se": SearchExactly,
    "sd": DayPage,
    "w": FollowQuery,
    "g": DigestMore,
    "p": Settings,
    "e": Change,
    "pt": DigestTime,
    "pd": SetDigestTime,
    "pa": AskSetting,
    "pz": SetZone,
    "pf": Find,
    "i": Greet,
    "f": Follows,
    "o": Follow,
    "v": RichSeen,
    "ro": RichOffer,
    "rt": Tellers,
    "x": Stop,
    "a": AddSource,
    "z": DropSource,
    "n": Related,
    "b": SendOff,
    "q": CallOff,
    "gd": GroupDigest,
    "gp": Place,
    "gs": Share,
    "di": Important,
    "dt": Top,
    "dc": TopTopics,
    "fi": FollowItem,
    "fl": FollowLevel,
    "ft": FollowStory,
    "fd": Unfollow,
    "fz": UnfollowEverything,
    "fa": AskFollow,
    "fe": ExportSources,
    "fw": HideWords,
    "fr": HideReady,
    "fh": HideFor,
    "fu": Unhide,
    "fm": HideFollow,
    "fv": LiftMute,
    "as": Save,
    "au": Unsave,
    "al": SavedPage,
    "at": TakeOff,
    "ax": ExportSaved,
    "ap": PrivacyStep,
    "aa": Admin,
    "an": NewLink,
    "ar": RevokeLink,
    "ak": RemovePerson,
    "ab": ReadmitPerson,
    "cl": Channels,
    "ce": EditionOf,
    "cs": SetEdition,
    "cw": AskEditionWords,
    "cd": ShowDraft,
    "cp": PublishDraft,
    "ct": RewordDraft,
    "ck": SkipDraft,
    "cu": UpdatePost,
}
_CODE_OF = {kind: code for code, kind in _CODES.items()}


def word_token(key: str) -> str:
    """Return the short token of followed words, which themselves may not fit a button."""
    return hashlib.blake2s(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits


def _write(value: object) -> str:
    match value:
        case bool():
            return str(int(value))
        case tuple():
            # Message ids of parts sent one after another: the first one, then small steps, each
            # with how often it comes in a row.
            steps = (now - before for before, now in zip((0, *value), value, strict=False))
            rows = ((_base36(step), len(list(row))) for step, row in groupby(steps))
            return ".".join(
                f"{step}*{_base36(times)}" if times > 2 else ".".join([step] * times)
                for step, times in rows
            )
        case date():
            return value.isoformat()
        case _:
            return str(value)


def pack(callback: Callback) -> str:
    """Return the callback data, at most 64 bytes.

    Of a `Collapse`, as many of the first parts as fit are kept. Raises ValueError where anything
    else does not fit, or could not be parsed again.
    """
    values = [_write(getattr(callback, field.name)) for field in fields(callback)]
    if any(":" in value for value in values):
        raise ValueError(f"no button can carry {callback!r}")
    data = ":".join((VERSION + _CODE_OF[type(callback)], *values))
    if isinstance(callback, Collapse) and (
        len(data) > MAX_BYTES or len(callback.parts) > _MAX_PARTS
    ):
        return pack(Collapse(callback.article, callback.parts[:_MAX_PARTS][:-1]))
    if len(data.encode()) > MAX_BYTES or parse(data) != callback:
        raise ValueError(f"no button can carry {callback!r}")
    return data


def _number(text: str, base: int = 10) -> int:
    if not text.isascii() or not text.isalnum():
        raise ValueError(text)
    number = int(text, base)
    if number > _MAX_ID:
        raise ValueError(text)
    return number


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise ValueError(text)
    return text


def _message_ids(text: str) -> tuple[int, ...]:
    ids: list[int] = []
    for row in text.split(".") if text else ():
        step, _star, times = row.partition("*")
        alike = _number(times, 36) if times else 1
        for _ in range(min(alike, _MAX_PARTS - len(ids))):
            ids.append((ids[-1] if ids else 0) + _number(step, 36))
    return tuple(ids)


def _build(code: str, values: list[str]) -> Callback:
    match code, values:
        case "r", [article]:
            return Read(_number(article))
        case "c", [article]:
            return Card(_number(article))
        case "k", [article, parts]:
            return Collapse(_number(article), _message_ids(parts))
        case "h", [article]:
            return HideMenu(_number(article))
        case "m", [article, kind, days]:
            return Hide(_number(article), FollowKind(kind), _number(days))
        case "l", [topic, source, before, after]:
            return Latest(
                str(Topic(topic)) if topic else "",
                _number(source),
                _number(before),
                _number(after),
            )
        case "t", []:
            return LatestTopics()
        case "d", [day, offset]:
            return Day(date.fromisoformat(day), _number(offset))
        case "s", [query, offset]:
            return Search(_number(query), _number(offset))
        case "se", [query]:
            return SearchExactly(_number(query))
        case "sd", [day, before, after]:
            return DayPage(date.fromisoformat(day), _number(before), _number(after))
        case "w", [query]:
            return FollowQuery(_number(query))
        case "g", [delivery, offset]:
            return DigestMore(_number(delivery), _number(offset))
        case "p", [screen]:
            return Settings(Screen(screen))
        case "e", [setting, value]:
            return Change(Setting(setting), _token(value))
        case "pt", [minute, weekdays]:
            return DigestTime(_number(minute), _number(weekdays))
        case "pd", [minute, weekdays, days, silent]:
            return SetDigestTime(
                _number(minute), _number(weekdays), _number(days), bool(_number(silent))
            )
        case "pa", [setting]:
            return AskSetting(Setting(setting))
        case "pz", [zone, screen]:
            return SetZone(_token(zone), Screen(screen))
        case "pf", [query]:
            return Find(_number(query))
        case "i", [language]:
            return Greet(_token(language))
        case "f", [follow_screen, page]:
            return Follows(FollowScreen(follow_screen), _number(page))
        case "o", [kind, key, level, page]:
            return Follow(FollowKind(kind), _token(key), Level(level), _number(page))
        case "v", [seen, article]:
            return RichSeen(bool(_number(seen)), _number(article))
        case "ro", [article]:
            return RichOffer(_number(article))
        case "rt", [article]:
            return Tellers(_number(article))
        case "x", [confirmed]:
            return Stop(bool(_number(confirmed)))
        case "a", [query]:
            return AddSource(_number(query))
        case "z", [source, confirmed]:
            return DropSource(_number(source), bool(_number(confirmed)))
        case "n", [article]:
            return Related(_number(article))
        case "b", [broadcast, confirmed]:
            return SendOff(_number(broadcast), bool(_number(confirmed)))
        case "q", [broadcast]:
            return CallOff(_number(broadcast))
        case "gd", [wanted]:
            return GroupDigest(bool(_number(wanted)))
        case "gp", [query, own]:
            return Place(_number(query), bool(_number(own)))
        case "gs", [confirmed]:
            return Share(bool(_number(confirmed)))
        case "di", [delivery, shown, wanted]:
            return Important(_number(delivery), _number(shown), bool(_number(wanted)))
        case "dt", [topic, offset, asked]:
            return Top(str(Topic(topic)) if topic else "", _number(offset), _number(asked))
        case "dc", []:
            return TopTopics()
        case "fi", [kind, key, page]:
            return FollowItem(FollowKind(kind), _token(key), _number(page))
        case "fl", [kind, key, level, page]:
            return FollowLevel(FollowKind(kind), _token(key), Level(level), _number(page))
        case "ft", [article]:
            return FollowStory(_number(article))
        case "fd", [kind, key, page]:
            return Unfollow(FollowKind(kind), _token(key), _number(page))
        case "fz", [confirmed]:
            return UnfollowEverything(bool(_number(confirmed)))
        case "fa", [asked, article]:
            return AskFollow(Asked(asked), _number(article))
        case "fe", []:
            return ExportSources()
        case "fw", [article, words]:
            return HideWords(_number(article), _token(words))
        case "fr", [ready]:
            return HideReady(Ready(ready))
        case "fh", [kind, key, days, article]:
            return HideFor(FollowKind(kind), _token(key), _number(days), _number(article))
        case "fu", [kind, key, article]:
            return Unhide(FollowKind(kind), _token(key), _number(article))
        case "fm", [kind, key, page]:
            return HideFollow(FollowKind(kind), _token(key), _number(page))
        case "fv", [kind, mute, follow, key, page]:
            return LiftMute(
                FollowKind(kind), _token(mute), FollowKind(follow), _token(key), _number(page)
            )
        case "as", [article]:
            return Save(_number(article))
        case "au", [article]:
            return Unsave(_number(article))
        case "al", [saved, article, above, removing]:
            return SavedPage(
                _number(saved), _number(article), bool(_number(above)), bool(_number(removing))
            )
        case "at", [article, saved, below]:
            return TakeOff(_number(article), _number(saved), _number(below))
        case "ax", []:
            return ExportSaved()
        case "ap", [step]:
            return PrivacyStep(Privacy(step))
        case "aa", [screen, after]:
            return Admin(AdminScreen(screen), _number(after))
        case "an", [people, days, made]:
            return NewLink(_number(people), _number(days), bool(_number(made)))
        case "ar", [link_code, confirmed]:
            return RevokeLink(_token(link_code), bool(_number(confirmed)))
        case "ak", [person, after, confirmed]:
            return RemovePerson(_number(person), _number(after), bool(_number(confirmed)))
        case "ab", [person]:
            return ReadmitPerson(_number(person))
        case "cl", []:
            return Channels()
        case "ce", [channel, edition_screen, page]:
            return EditionOf(_number(channel), EditionScreen(edition_screen), _number(page))
        case "cs", [channel, edition_setting, value, page]:
            return SetEdition(
                _number(channel), EditionSetting(edition_setting), _token(value), _number(page)
            )
        case "cw", [channel]:
            return AskEditionWords(_number(channel))
        case "cd", [draft]:
            return ShowDraft(_number(draft))
        case "cp", [draft]:
            return PublishDraft(_number(draft))
        case "ct", [draft]:
            return RewordDraft(_number(draft))
        case "ck", [draft]:
            return SkipDraft(_number(draft))
        case "cu", [draft]:
            return UpdatePost(_number(draft))
        case _:
            raise ValueError(code)


def parse(data: str | None) -> Callback | None:
    """Return what `data` says, or None for foreign, stale or forged data; never raises."""
    if not data or len(data) > MAX_BYTES or not data.startswith(VERSION):
        return None
    code, *values = data[len(VERSION) :].split(":")
    try:
        return _build(code, values)
    except ValueError:
        return None
