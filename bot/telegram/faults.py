"""What an error from Telegram means, so that callers decide by meaning and not by wording.

An exception of the framework goes in, a `Fault` comes out; nothing is sent or stored here. Both
lanes raise the same exceptions (the bulk lane lets the session read an error's answer), so one
table serves both. The texts come from the Bot API's own descriptions; Telegram writes some in
words and some as codes (`TOPIC_CLOSED`), hence the comparison in lower case.
"""

from dataclasses import dataclass
from enum import StrEnum

from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)


class UnsentError(TelegramNetworkError):
    """The request provably never left: no connection was made. Safe to repeat."""


class FaultKind(StrEnum):
    """What is to be done about an error."""

    BLOCKED = "blocked"  # the chat does not want us or is no more: pause the subscriber softly
    CHAT_NOT_FOUND = "chat not found"  # pause the subscriber
    MIGRATED = "migrated"  # the group became a supergroup: move the row to `chat_id`
    THREAD_GONE = "thread gone"  # the topic is closed or deleted: use the general one
    NO_RIGHTS = "no rights"  # an admin took the right to write away: pause the subscriber
    PAYLOAD = "payload"  # our own mistake: send the plain text, log it, never repeat as it is
    PICTURE = "picture"  # Telegram cannot fetch the picture: send without it
    NOTHING_TO_DO = "nothing to do"  # what was asked for is so already, or too late: count it
    FLOOD = "flood"  # wait `retry_after` seconds
    TOKEN = "token"  # noqa: S105  # a kind of fault, no secret: the bot's token is refused
    RETRY = "retry"  # it did not happen: repeat with a growing wait
    AMBIGUOUS = "ambiguous"  # sent, but no answer: it may have happened


@dataclass(frozen=True, slots=True)
class Fault:
    """An error's meaning; `text` is what Telegram said, for logs and for the ledger."""

    kind: FaultKind
    text: str
    retry_after: float = 0.0  # seconds; of a FLOOD
    chat_id: int | None = None  # the new id; of a MIGRATED


DEFAULT_FLOOD_WAIT = 5.0
"""Seconds to wait where a 429 does not say for how long (the Bot API's RESTARTING case)."""

_MEANINGS: tuple[tuple[str, FaultKind], ...] = (
    ("too many requests", FaultKind.FLOOD),
    ("bot was blocked by the user", FaultKind.BLOCKED),
    ("user_is_blocked", FaultKind.BLOCKED),
    ("user is deactivated", FaultKind.BLOCKED),
    ("user_deactivated", FaultKind.BLOCKED),
    ("bot was kicked", FaultKind.BLOCKED),
    ("bot is not a member", FaultKind.BLOCKED),
    ("bot can't initiate conversation", FaultKind.BLOCKED),
    ("bot can't send messages to bots", FaultKind.BLOCKED),
    ("group chat was deleted", FaultKind.BLOCKED),
    ("group chat was deactivated", FaultKind.BLOCKED),
    ("channel_private", FaultKind.BLOCKED),
    ("chat not found", FaultKind.CHAT_NOT_FOUND),
    ("user not found", FaultKind.CHAT_NOT_FOUND),
    ("peer_id_invalid", FaultKind.CHAT_NOT_FOUND),
    ("chat_id_invalid", FaultKind.CHAT_NOT_FOUND),
    ("upgraded to a supergroup", FaultKind.CHAT_NOT_FOUND),  # said without the new id
    ("message thread not found", FaultKind.THREAD_GONE),
    ("topic_closed", FaultKind.THREAD_GONE),
    ("topic_deleted", FaultKind.THREAD_GONE),
    ("topic_id_invalid", FaultKind.THREAD_GONE),
    ("not enough rights", FaultKind.NO_RIGHTS),
    ("have no rights", FaultKind.NO_RIGHTS),
    ("need administrator rights", FaultKind.NO_RIGHTS),
    ("chat_write_forbidden", FaultKind.NO_RIGHTS),
    ("chat_admin_required", FaultKind.NO_RIGHTS),
    ("chat_restricted", FaultKind.NO_RIGHTS),
    ("chat_send_plain_forbidden", FaultKind.NO_RIGHTS),
    ("chat_send_photos_forbidden", FaultKind.NO_RIGHTS),
    ("chat_send_media_forbidden", FaultKind.NO_RIGHTS),
    ("failed to get http url content", FaultKind.PICTURE),
    ("wrong type of the web page content", FaultKind.PICTURE),
    ("wrong file identifier/http url", FaultKind.PICTURE),
    ("wrong remote file identifier", FaultKind.PICTURE),
    ("webpage_", FaultKind.PICTURE),
    ("image_process_failed", FaultKind.PICTURE),
    ("photo_invalid_dimensions", FaultKind.PICTURE),
    ("message is not modified", FaultKind.NOTHING_TO_DO),
    ("message to edit not found", FaultKind.NOTHING_TO_DO),
    ("message to delete not found", FaultKind.NOTHING_TO_DO),
    ("message can't be edited", FaultKind.NOTHING_TO_DO),
    ("message can't be deleted", FaultKind.NOTHING_TO_DO),
    ("message_id_invalid", FaultKind.NOTHING_TO_DO),
    ("query is too old", FaultKind.NOTHING_TO_DO),
    ("query id is invalid", FaultKind.NOTHING_TO_DO),
    # Said of whispers alone: who may not be whispered to is spoken to.
    ("bot_not_admin", FaultKind.NOTHING_TO_DO),
    ("user_not_participant", FaultKind.NOTHING_TO_DO),
    ("method not found", FaultKind.PAYLOAD),  # a 404 that says nothing about the token
)


def classify(error: Exception) -> Fault:
    """Say what an error of a request to Telegram means.

    Whatever is unknown (a new 400, an exception of our own code) is PAYLOAD: that message is not
    repeated, and nobody's subscription suffers for it. An unknown 403 is BLOCKED, since every 403
    of the Bot API says that the bot is not wanted there.
    """
    text = _text(error)
    if isinstance(error, TelegramRetryAfter):
        # No wait at all would be an invitation to a storm.
        return Fault(FaultKind.FLOOD, text, retry_after=max(1.0, float(error.retry_after)))
    if isinstance(error, TelegramMigrateToChat):
        return Fault(FaultKind.MIGRATED, text, chat_id=error.migrate_to_chat_id)
    kind = _kind(error, text.lower())
    return Fault(kind, text, DEFAULT_FLOOD_WAIT if kind is FaultKind.FLOOD else 0.0)


def _kind(error: Exception, text: str) -> FaultKind:
    if isinstance(error, ClientDecodeError):
        # An answer that says "ok" and then cannot be read: Telegram did act.
        acted = isinstance(error.data, dict) and error.data.get("ok") is True
        return FaultKind.AMBIGUOUS if acted else FaultKind.RETRY
    if isinstance(error, TelegramEntityTooLarge):  # a network error only by inheritance
        return FaultKind.PAYLOAD
    if isinstance(error, UnsentError | TelegramServerError | TelegramConflictError):
        return FaultKind.RETRY
    if isinstance(error, TelegramNetworkError | TimeoutError):
        return FaultKind.AMBIGUOUS
    if isinstance(error, TelegramUnauthorizedError):
        return FaultKind.TOKEN
    if isinstance(error, TelegramAPIError):
        for words, kind in _MEANINGS:
            if words in text:
                return kind
        if isinstance(error, TelegramNotFound):
            return FaultKind.TOKEN
        if isinstance(error, TelegramForbiddenError):
            return FaultKind.BLOCKED
    return FaultKind.PAYLOAD


def _text(error: Exception) -> str:
    """Telegram's own words, without the framework's label and links."""
    words = error.message if isinstance(error, TelegramAPIError | ClientDecodeError) else str(error)
    return words or type(error).__name__
