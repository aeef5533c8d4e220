"""Files: what the bot uploads, what it names by address, and what a reader downloads.

`take_photo` and `take_document` accept the three forms of the Bot API ("Sending files"): an upload
(by field or ``attach://``), an HTTP address, a file_id known already. Addresses are fetched from
loopback only, where the sample newspaper stands; any other is a page that Telegram could not get.
A picture is judged by its own bytes, as Telegram does.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from bot.sandbox.answers import Json, deny, refuse

if TYPE_CHECKING:
    from bot.sandbox.params import Params, Upload

PHOTO_BYTES = 10 * 1024 * 1024
URL_PHOTO_BYTES = 5 * 1024 * 1024
URL_FILE_BYTES = 20 * 1024 * 1024
PHOTO_SIDES = 10_000
PHOTO_RATIO = 20
FETCH_SECONDS = 5.0


class FetchError(Exception):
    """A local address gave nothing; the text says why, in Telegram's words."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that Telegram knows."""

    file_id: str
    unique_id: str
    path: str
    name: str
    mime: str
    data: bytes = field(repr=False)
    size: tuple[int, int] | None = None

    def photo(self) -> list[Json]:
        """The array of PhotoSize (Bot API)."""
        width, height = self.size or (0, 0)
        return [self._base() | {"width": width, "height": height}]

    def document(self) -> Json:
        """The Document object (Bot API)."""
        return self._base() | {"file_name": self.name, "mime_type": self.mime}

    def _base(self) -> Json:
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_size": len(self.data),
        }


@dataclass(slots=True)
class Files:
    """Everything stored, by file_id; addresses fetched once are remembered, as Telegram does."""

    by_id: dict[str, StoredFile] = field(default_factory=dict)
    by_url: dict[str, StoredFile] = field(default_factory=dict)

    def add(self, data: bytes, *, name: str, mime: str, photo: bool) -> StoredFile:
        """Store bytes; the same bytes in the same role give the same file."""
        digest = hashlib.sha256(data + (b"p" if photo else b"d") + name.encode()).digest()
        unique_id = base64.urlsafe_b64encode(digest[:11]).decode().rstrip("=")
        file_id = ("AgACAgI" if photo else "BQACAgI") + base64.urlsafe_b64encode(
            digest[:24]
        ).decode().rstrip("=")
        number = len(self.by_id)
        suffix = "jpg" if photo else name.rpartition(".")[2]
        path = f"{'photos' if photo else 'documents'}/file_{number}.{suffix}"
        stored = StoredFile(
            file_id, unique_id, path, name, mime, data, picture_size(data) if photo else None
        )
        return self.by_id.setdefault(file_id, stored)

    def at_path(self, path: str) -> StoredFile | None:
        """The file that getFile gave this path for."""
        return next((stored for stored in self.by_id.values() if stored.path == path), None)

    async def take_photo(self, value: Any, params: Params, field_name: str) -> StoredFile:
        """The picture that a request means. Raises ApiError."""
        upload = uploaded(value, params, field_name)
        if upload is not None:
            return self._photo(upload.data, upload.name, PHOTO_BYTES)
        if isinstance(value, str) and _is_url(value):
            if value not in self.by_url:
                _, data = await self._fetch(value, "image/", URL_PHOTO_BYTES)
                self.by_url[value] = self._photo(data, "photo.jpg", URL_PHOTO_BYTES)
            return self.by_url[value]
        stored = self._known(value, "photo")
        if stored.size is None:
            raise refuse("can't use file of type Document as Photo")
        return stored

    async def take_document(self, value: Any, params: Params, field_name: str) -> StoredFile:
        """The file that a request means. Raises ApiError."""
        upload = uploaded(value, params, field_name)
        if upload is not None:
            return self.add(upload.data, name=upload.name, mime=upload.mime, photo=False)
        if isinstance(value, str) and _is_url(value):
            mime, data = await self._fetch(value, "", URL_FILE_BYTES)
            name = urlsplit(value).path.rpartition("/")[2] or "file"
            return self.add(data, name=name, mime=mime, photo=False)
        return self._known(value, "document")

    def _known(self, value: Any, what: str) -> StoredFile:
        if not value:
            raise refuse(f"there is no {what} in the request")
        stored = self.by_id.get(value) if isinstance(value, str) else None
        if stored is None:
            raise refuse("wrong remote file identifier specified: Wrong string length")
        return stored

    def _photo(self, data: bytes, name: str, limit: int) -> StoredFile:
        if not data:
            raise refuse("file must be non-empty")
        if len(data) > limit:
            raise refuse("file is too big")
        size = picture_size(data)
        if size is None:
            raise refuse("IMAGE_PROCESS_FAILED")
        width, height = size
        if width + height > PHOTO_SIDES or max(size) > PHOTO_RATIO * max(1, min(size)):
            raise refuse("PHOTO_INVALID_DIMENSIONS")
        return self.add(data, name=name, mime=picture_mime(data), photo=True)

    async def _fetch(self, url: str, kind: str, limit: int) -> tuple[str, bytes]:
        try:
            mime, data = await fetch_local(url, limit)
        except FetchError as error:
            # The bot cannot know beforehand: no violation.
            raise deny(str(error)) from error
        if not mime.startswith(kind):
            raise deny("wrong type of the web page content")
        return mime, data


async def fetch_local(url: str, limit: int) -> tuple[str, bytes]:
    """MIME type and at most `limit` bytes of an address on this machine. Raises FetchError."""
    if not is_local(url):
        raise FetchError("failed to get HTTP URL content")
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise FetchError("failed to get HTTP URL content")
            data = await response.content.read(limit + 1)
            while len(data) <= limit and (more := await response.content.read(limit)):
                data += more
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        raise FetchError("failed to get HTTP URL content") from error
    if len(data) > limit:
        raise FetchError("failed to get HTTP URL content")
    return response.content_type, data


def is_local(url: str) -> bool:
    """Whether `url` names this machine over HTTP."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def picture_mime(data: bytes) -> str:
    """The MIME type by the first bytes of a PNG, GIF, WebP or JPEG."""
    if data.startswith(b"\x89PNG"):
        return "image/png"
    if data.startswith(b"GIF8"):
        return "image/gif"
    return "image/webp" if data[8:12] == b"WEBP" else "image/jpeg"


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, WebP or JPEG, or None for anything else."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height = struct.unpack(">II", data[16:24])
            return width, height
        if data[:6] in (b"GIF87a", b"GIF89a"):
            width, height = struct.unpack("<HH", data[6:10])
            return width, height
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_size(data)
        if data.startswith(b"\xff\xd8"):
            return _jpeg_size(data)
    except (struct.error, IndexError):
        return None
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    form = data[12:16]
    if form == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        return width, 1 + int.from_bytes(data[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def uploaded(value: Any, params: Params, field_name: str) -> Upload | None:
    """The file that came with the request for this field, or None; by name or ``attach://``."""
    if field_name in params.files:
        return params.files[field_name]
    if isinstance(value, str) and value.startswith("attach://"):
        upload = params.files.get(value.removeprefix("attach://"))
        if upload is None:
            raise refuse("there is no file with the specified name in the request")
        return upload
    return None


def _is_url(value: str) -> bool:
    return value.startswith(("http://", "https://"))
