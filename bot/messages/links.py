"""Links into the bot (Telegram: deep links): what a payload after /start opens, and sharing.

A payload holds 1–64 characters of A-Z, a-z, 0-9, _ and -. It says itself what it opens, so that a
link stays good for ever and tells nobody what others have searched for. Where the bot's username is
not known yet there is no link, and no button is shown for one.

    a123 article · t-sport topic · s7 source · w-… words in windows-1251 · u-… words in UTF-8
"""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import quote

from storage import Topic

MAX_PAYLOAD = 64  # Telegram: deep linking
FROM_INLINE = "inline"  # the payload of who comes from inline mode: opens nothing more
SAVED = "saved"  # opens the list of what the person keeps for later
_NUMBERED = re.compile(r"([as])(\d{1,18})", re.ASCII)
_TOPIC = re.compile(r"t-([a-z]+)", re.ASCII)
_WORDS = re.compile(r"([wu])-([A-Za-z0-9_-]{2,62})", re.ASCII)
# Russian words take half the room in it, so that a search of 46 letters fits a link.
_CODECS = {"w": "cp1251", "u": "utf-8"}


@dataclass(frozen=True, slots=True)
class OpenArticle:
    """A link to an article's card."""

    article: int


@dataclass(frozen=True, slots=True)
class OpenTopic:
    """A link to the latest news of a topic."""

    topic: Topic


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A link to the latest news of a source."""

    source: int


@dataclass(frozen=True, slots=True)
class OpenSearch:
    """A link to what a search finds."""

    words: str


Link = OpenArticle | OpenTopic | OpenSource | OpenSearch


def parse(payload: str) -> Link | None:
    """Return what a payload opens; None for one that is no link of these. Never raises."""
    if numbered := _NUMBERED.fullmatch(payload):
        number = int(numbered[2])
        return OpenArticle(number) if numbered[1] == "a" else OpenSource(number)
    if (named := _TOPIC.fullmatch(payload)) and named[1] in set(Topic):
        return OpenTopic(Topic(named[1]))
    if written := _WORDS.fullmatch(payload):
        padded = written[2] + "=" * (-len(written[2]) % 4)
        try:
            words = base64.urlsafe_b64decode(padded).decode(_CODECS[written[1]])
        except (binascii.Error, UnicodeDecodeError):
            return None
        return OpenSearch(words)
    return None


def start(bot: str, payload: str) -> str:
    """Return the link that opens the bot with a payload; "" where the bot is not known."""
    return f"https://t.me/{bot}?start={payload}" if bot else ""


def article(bot: str, article_id: int) -> str:
    """Return the link that opens an article's card."""
    return start(bot, f"a{article_id}")


def topic(bot: str, shown: Topic) -> str:
    """Return the link that opens the latest news of a topic."""
    return start(bot, f"t-{shown.value}")


def source(bot: str, source_id: int) -> str:
    """Return the link that opens the latest news of a source."""
    return start(bot, f"s{source_id}")


def search(bot: str, words: str) -> str:
    """Return the link that opens a search; "" where the words are too long for one."""
    for mark, codec in _CODECS.items():
        try:
            written = words.encode(codec)
        except UnicodeEncodeError:
            continue
        payload = f"{mark}-{base64.urlsafe_b64encode(written).decode('ascii').rstrip('=')}"
        return start(bot, payload) if written and len(payload) <= MAX_PAYLOAD else ""
    return ""


def share(bot: str, article_id: int, title: str) -> str:
    """Return the address that lets a reader choose a chat to send an article to."""
    return shared(article(bot, article_id), title)


def shared(link: str, title: str) -> str:
    """Return the address that lets a reader choose a chat to send a link to; "" for no link."""
    if not link:
        return ""
    return f"https://t.me/share/url?url={quote(link, safe='')}&text={quote(title, safe='')}"
