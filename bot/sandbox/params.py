"""The parameters of one Bot API request, whatever body they came in.

Telegram takes a query string, an urlencoded form, multipart and JSON alike. Forms carry numbers and
booleans as text and nested objects as JSON text; `Params` reads either kind, and treats an empty
value as an absent one, as Telegram does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader

from bot.sandbox.answers import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

UPLOAD_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent in a multipart body."""

    name: str
    mime: str
    data: bytes


class Params:
    """Typed reads of a request's parameters; a value of the wrong kind is refused."""

    __slots__ = ("_values", "files")

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, Upload]) -> None:
        self._values = values
        self.files = files

    def raw(self, name: str) -> Any:
        """The value as it came, or None where it is absent or empty."""
        value = self._values.get(name)
        return None if value == "" else value

    def text(self, name: str) -> str:
        """A text, empty where it is absent."""
        value = self._values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """A number; Telegram takes what is not one for zero."""
        value = self.raw(name)
        if value is None:
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            return 0

    def flag(self, name: str) -> bool:
        """A boolean in any of the forms that the Bot API server takes for true."""
        value = self.raw(name)
        if isinstance(value, str):
            return value.lower() in ("true", "yes", "1")
        return bool(value)

    def structure(self, name: str, what: str) -> Any:
        """A JSON-serialised object or list, or None; `what` names it in the refusal."""
        value = self.raw(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise refuse(f"can't parse {what} JSON object") from None


async def read_params(request: web.Request) -> Params:
    """Decode the body and the query string of `request`; the body wins where both name a value."""
    values: dict[str, Any] = dict(request.query) if request.query_string else {}
    files: dict[str, Upload] = {}
    if request.method == "POST" and request.body_exists:
        kind = request.content_type
        if kind == "application/json":
            values.update(_json_object(await request.read()))
        elif kind == "application/x-www-form-urlencoded":
            body = (await request.read()).decode("utf-8", "replace")
            values.update(parse_qsl(body, keep_blank_values=True))
        elif kind == "multipart/form-data":
            await _read_multipart(request, values, files)
    return Params(values, files)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body) if body else {}
    except ValueError:
        raise refuse("can't parse request body JSON object") from None
    if not isinstance(parsed, dict):
        raise refuse("JSON object expected as the request body")
    return parsed


async def _read_multipart(
    request: web.Request, values: dict[str, Any], files: dict[str, Upload]
) -> None:
    async for part in await request.multipart():
        # A nested multipart body has no place in the Bot API.
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        data = await part.read(decode=True)
        if len(data) > UPLOAD_BYTES:
            raise refuse("file is too big")
        if part.filename is None:
            values[part.name] = bytes(data).decode("utf-8", "replace")
        else:
            mime = part.headers.get("Content-Type", "application/octet-stream")
            files[part.name] = Upload(part.filename, mime, bytes(data))
