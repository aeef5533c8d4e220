"""Every row of what an error means, with the wording Telegram uses."""

from typing import Any

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramBadRequest,
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
from aiogram.methods import SendMessage

from bot.telegram.faults import DEFAULT_FLOOD_WAIT, FaultKind, UnsentError, classify

METHOD = SendMessage(chat_id=1, text="x")


def bad(text: str) -> TelegramBadRequest:
    return TelegramBadRequest(method=METHOD, message=f"Bad Request: {text}")


def forbidden(text: str) -> TelegramForbiddenError:
    return TelegramForbiddenError(method=METHOD, message=f"Forbidden: {text}")


def undecodable(data: Any) -> ClientDecodeError:
    return ClientDecodeError("Failed to decode object", ValueError("no JSON"), data)


ROWS: list[tuple[Exception, FaultKind]] = [
    (forbidden("bot was blocked by the user"), FaultKind.BLOCKED),
    (forbidden("user is deactivated"), FaultKind.BLOCKED),
    (forbidden("bot was kicked from the supergroup chat"), FaultKind.BLOCKED),
    (forbidden("bot is not a member of the channel chat"), FaultKind.BLOCKED),
    (forbidden("bot can't initiate conversation with a user"), FaultKind.BLOCKED),
    (forbidden("bot can't send messages to bots"), FaultKind.BLOCKED),
    (forbidden("the group chat was deleted"), FaultKind.BLOCKED),
    (forbidden("something that nobody has seen yet"), FaultKind.BLOCKED),
    (bad("group chat was deactivated"), FaultKind.BLOCKED),
    (bad("USER_IS_BLOCKED"), FaultKind.BLOCKED),
    (bad("INPUT_USER_DEACTIVATED"), FaultKind.BLOCKED),
    (bad("CHANNEL_PRIVATE"), FaultKind.BLOCKED),
    (bad("chat not found"), FaultKind.CHAT_NOT_FOUND),
    (bad("user not found"), FaultKind.CHAT_NOT_FOUND),
    (bad("PEER_ID_INVALID"), FaultKind.CHAT_NOT_FOUND),
    (bad("CHAT_ID_INVALID"), FaultKind.CHAT_NOT_FOUND),
    (bad("group chat was upgraded to a supergroup chat"), FaultKind.CHAT_NOT_FOUND),
    (bad("message thread not found"), FaultKind.THREAD_GONE),
    (bad("TOPIC_CLOSED"), FaultKind.THREAD_GONE),
    (bad("TOPIC_DELETED"), FaultKind.THREAD_GONE),
    (bad("TOPIC_ID_INVALID"), FaultKind.THREAD_GONE),
    (bad("not enough rights to send text messages to the chat"), FaultKind.NO_RIGHTS),
    (forbidden("not enough rights to send text messages to the chat"), FaultKind.NO_RIGHTS),
    (bad("have no rights to send a message"), FaultKind.NO_RIGHTS),
    (bad("need administrator rights in the channel chat"), FaultKind.NO_RIGHTS),
    (bad("CHAT_WRITE_FORBIDDEN"), FaultKind.NO_RIGHTS),
    (bad("CHAT_ADMIN_REQUIRED"), FaultKind.NO_RIGHTS),
    (bad("CHAT_RESTRICTED"), FaultKind.NO_RIGHTS),
    (bad("CHAT_SEND_PLAIN_FORBIDDEN"), FaultKind.NO_RIGHTS),
    (bad("can't parse entities: Unsupported start tag"), FaultKind.PAYLOAD),
    (bad("message is too long"), FaultKind.PAYLOAD),
    (bad("message text is empty"), FaultKind.PAYLOAD),
    (bad("BUTTON_DATA_INVALID"), FaultKind.PAYLOAD),
    (bad("something that nobody has seen yet"), FaultKind.PAYLOAD),
    (TelegramEntityTooLarge(METHOD, "Request Entity Too Large"), FaultKind.PAYLOAD),
    (TelegramNotFound(METHOD, "Not Found: method not found"), FaultKind.PAYLOAD),
    (KeyError("our own bug"), FaultKind.PAYLOAD),
    (bad("failed to get HTTP URL content"), FaultKind.PICTURE),
    (bad("wrong type of the web page content"), FaultKind.PICTURE),
    (bad("wrong file identifier/HTTP URL specified"), FaultKind.PICTURE),
    (bad("wrong remote file identifier specified: Wrong padding"), FaultKind.PICTURE),
    (bad("WEBPAGE_CURL_FAILED"), FaultKind.PICTURE),
    (bad("WEBPAGE_MEDIA_EMPTY"), FaultKind.PICTURE),
    (bad("IMAGE_PROCESS_FAILED"), FaultKind.PICTURE),
    (bad("PHOTO_INVALID_DIMENSIONS"), FaultKind.PICTURE),
    (bad("message is not modified: specified new message content…"), FaultKind.NOTHING_TO_DO),
    (bad("message to edit not found"), FaultKind.NOTHING_TO_DO),
    (bad("CHAT_SEND_PHOTOS_FORBIDDEN"), FaultKind.NO_RIGHTS),
    (bad("CHAT_SEND_MEDIA_FORBIDDEN"), FaultKind.NO_RIGHTS),
    (bad("message to delete not found"), FaultKind.NOTHING_TO_DO),
    (bad("message can't be edited"), FaultKind.NOTHING_TO_DO),
    (bad("message can't be deleted for everyone"), FaultKind.NOTHING_TO_DO),
    (bad("MESSAGE_ID_INVALID"), FaultKind.NOTHING_TO_DO),
    (
        bad("query is too old and response timeout expired or query ID is invalid"),
        FaultKind.NOTHING_TO_DO,
    ),
    (bad("query ID is invalid"), FaultKind.NOTHING_TO_DO),
    (bad("BOT_NOT_ADMIN"), FaultKind.NOTHING_TO_DO),
    (bad("USER_NOT_PARTICIPANT"), FaultKind.NOTHING_TO_DO),
    (TelegramUnauthorizedError(METHOD, "Unauthorized"), FaultKind.TOKEN),
    (TelegramNotFound(METHOD, "Not Found"), FaultKind.TOKEN),
    (TelegramServerError(METHOD, "Internal Server Error"), FaultKind.RETRY),
    (RestartingTelegram(METHOD, "Bad Gateway: restart"), FaultKind.RETRY),
    (TelegramConflictError(METHOD, "Conflict: terminated by other getUpdates"), FaultKind.RETRY),
    (UnsentError(METHOD, "connection refused"), FaultKind.RETRY),
    (undecodable("<html>502 Bad Gateway</html>"), FaultKind.RETRY),
    (undecodable({"ok": False, "parameters": "nonsense"}), FaultKind.RETRY),
    (undecodable({"ok": True, "result": {"nonsense": 1}}), FaultKind.AMBIGUOUS),
    (TelegramNetworkError(METHOD, "Request timeout error"), FaultKind.AMBIGUOUS),
    (TimeoutError(), FaultKind.AMBIGUOUS),
]


@pytest.mark.parametrize(("error", "kind"), ROWS, ids=[f"{e!r}"[:70] for e, _ in ROWS])
def test_meaning(error: Exception, kind: FaultKind) -> None:
    fault = classify(error)
    assert fault.kind is kind
    assert fault.text
    assert fault.chat_id is None
    assert fault.retry_after == 0


def test_flood_carries_its_wait() -> None:
    fault = classify(TelegramRetryAfter(METHOD, "Too Many Requests: retry after 17", 17))
    assert (fault.kind, fault.retry_after) == (FaultKind.FLOOD, 17)


@pytest.mark.parametrize("seconds", [0, -5])
def test_no_flood_invites_to_ask_again_at_once(seconds: int) -> None:
    assert classify(TelegramRetryAfter(METHOD, "Too Many Requests", seconds)).retry_after == 1


def test_flood_without_a_wait_gets_a_bounded_one() -> None:
    fault = classify(TelegramAPIError(METHOD, "Too Many Requests: retry later"))
    assert (fault.kind, fault.retry_after) == (FaultKind.FLOOD, DEFAULT_FLOOD_WAIT)


def test_migration_carries_the_new_id() -> None:
    fault = classify(TelegramMigrateToChat(METHOD, "group chat was upgraded", -1001))
    assert (fault.kind, fault.chat_id) == (FaultKind.MIGRATED, -1001)
