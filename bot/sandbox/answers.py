"""What a refused request is told: Telegram's error code, text and parameters.

Methods raise `ApiError`; `server` turns it into the JSON that Telegram answers. `refuse` marks the
request as a violation, which is counted for the tests to read: the bot sent what no bot should.
`deny` and `forbid` are the ordinary misfortunes of a bot's life and are not violations.
Texts are those of the Bot API server and of TDLib, as bots see them.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """An unsuccessful answer: `code` is also the HTTP status, `description` is Telegram's text."""

    def __init__(
        self,
        code: int,
        description: str,
        *,
        parameters: Json | None = None,
        violation: bool = False,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters
        self.violation = violation

    def payload(self) -> Json:
        """The body of the answer (Bot API, "Making requests")."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def refuse(reason: str) -> ApiError:
    """A 400 that a correct bot never meets: counted as a violation."""
    return ApiError(400, f"Bad Request: {reason}", violation=True)


def deny(reason: str, parameters: Json | None = None) -> ApiError:
    """A 400 that a correct bot may meet (a message is gone, a chat has moved)."""
    return ApiError(400, f"Bad Request: {reason}", parameters=parameters)


def forbid(reason: str) -> ApiError:
    """A 403: the chat does not want the bot."""
    return ApiError(403, f"Forbidden: {reason}")


def flood(retry_after: int, *, violation: bool) -> ApiError:
    """A 429 with the seconds to wait (Bot API, ResponseParameters)."""
    return ApiError(
        429,
        f"Too Many Requests: retry after {retry_after}",
        parameters={"retry_after": retry_after},
        violation=violation,
    )
