"""Which picture an article gets: judged by its bytes, remembered, never waited for too long."""

import asyncio
import random
import struct
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from bot.ingest.pictures import HEAD_BYTES, LOGO_USES, MOST_BYTES, Finding, Pictures, judge
from bot.web.fetcher import Fetcher
from storage import Picture, PictureBlock, Storage
from tests.storage.newsroom import feed, publish

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00\x3b"


def jpeg(width: int, height: int, notes: int = 0) -> bytes:
    """A JPEG's header, after so many bytes of a camera's notes."""
    parts = [b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"]
    while notes > 0:
        parts.append(b"\xff\xe2" + struct.pack(">H", 60_002) + bytes(60_000))
        notes -= 60_000
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    parts.append(b"\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame)
    return b"".join(parts)


def webp(width: int, height: int, kind: bytes = b"VP8X") -> bytes:
    if kind == b"VP8X":
        body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == b"VP8L":
        body = b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + bytes(5)
    else:
        body = b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", width, height)
    chunk = kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


# ---------------------------------------------------------------- by its bytes


@pytest.mark.parametrize(
    "head",
    [
        png(800, 600),
        gif(800, 600),
        jpeg(800, 600),
        jpeg(800, 600, notes=30_000),
        webp(800, 600),
        webp(800, 600, b"VP8L"),
        webp(800, 600, b"VP8 "),
    ],
)
def test_every_kind_tells_its_size(head: bytes) -> None:
    judged = judge(head, len(head))
    assert (judged.finding, judged.width, judged.height) == (Finding.GOOD, 800, 600)


@pytest.mark.parametrize(
    ("width", "height", "finding"),
    [
        (200, 100, Finding.GOOD),
        (199, 100, Finding.BAD),
        (200, 99, Finding.BAD),
        (1, 1, Finding.BAD),
        (1990, 200, Finding.GOOD),
        (2000, 200, Finding.BAD),
        (200, 2000, Finding.BAD),
        (5000, 5000, Finding.GOOD),
        (5001, 5000, Finding.BAD),
        (0, 600, Finding.BAD),
    ],
)
def test_sizes_that_can_be_shown(width: int, height: int, finding: Finding) -> None:
    assert judge(png(width, height), None).finding is finding


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"<html><body>Not found</body></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='800' height='600'/>",
        b"BM" + bytes(100),
        b"\x00\x00\x01\x00" + bytes(100),
        b"\x00\x00\x00\x20ftypavif" + bytes(100),
        b"RIFF\x00\x00\x00\x00WAVE" + bytes(100),
        b"P6 800 600 255\n",
        png(800, 600)[:12],
        jpeg(800, 600)[:20],
    ],
)
def test_what_is_no_picture_for_telegram_is_bad(head: bytes) -> None:
    assert judge(head, len(head)).finding is Finding.BAD


def test_a_file_too_large_for_telegram_is_bad() -> None:
    assert judge(png(800, 600), MOST_BYTES).finding is Finding.GOOD
    assert judge(png(800, 600), MOST_BYTES + 1).finding is Finding.BAD


def test_a_size_beyond_what_was_read_is_unknown_and_the_picture_good() -> None:
    head = jpeg(800, 600, notes=200_000)[:HEAD_BYTES]
    judged = judge(head, 300_000)
    assert (judged.finding, judged.width, judged.height) == (Finding.GOOD, None, None)


def test_hostile_bytes_are_judged_without_a_fault() -> None:
    dice = random.Random(7)  # noqa: S311 - bytes for a test
    for sample in (png(800, 600), gif(800, 600), jpeg(800, 600, 30_000), webp(800, 600)):
        for _ in range(100):
            broken = bytearray(sample)
            for _ in range(dice.randint(1, 12)):
                broken[dice.randrange(4, min(len(broken), 200))] = dice.randrange(256)
            judge(bytes(broken[: dice.randrange(4, len(broken) + 1)]), None)
    assert judge(b"\xff\xd8\xff" + b"\xff" * HEAD_BYTES, None).finding is not None
    assert judge(b"\xff\xd8" + b"\xff\xe0\x00\x02" * 16_000, None).finding is not None


# ---------------------------------------------------------------- with a server and a store


@dataclass
class Album:
    """A server of pictures, a store, and the check between them."""

    storage: Storage
    pictures: Pictures
    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    ranges: bool = True
    asked: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.path[1:]
        self.asked[name] += 1
        if self.statuses.get(name) == 0:
            await asyncio.sleep(60)
        if name in self.statuses:
            return web.Response(status=self.statuses[name])
        body = self.files[name]
        headers = {"Content-Type": "text/html"}  # servers lie: only the bytes count
        if self.ranges and "Range" in request.headers:
            last = int(request.headers["Range"].rpartition("-")[2])
            headers["Content-Range"] = f"bytes 0-{last}/{len(body)}"
            return web.Response(status=206, body=body[: last + 1], headers=headers)
        return web.Response(body=body, headers=headers)

    async def check(self, *names: str, source: int = 1) -> PictureBlock | None:
        blocks = [PictureBlock(f"{self.url}/{name}", caption=name) for name in names]
        return await self.pictures.check(blocks, source_id=source, now=NOW)

    async def chosen(self, *names: str) -> str | None:
        found = await self.check(*names)
        return found.caption if found else None


@pytest_asyncio.fixture
async def album(tmp_path: Path) -> AsyncIterator[Album]:
    async with (
        Storage.open(tmp_path / "newsboy.db") as storage,
        Fetcher(agent="newsboy-test", allow_private=True) as fetcher,
    ):
        album = Album(storage, Pictures(storage, fetcher))
        app = web.Application()
        app.router.add_get("/{path:.*}", album.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        album.url = f"http://{host}:{port}"
        yield album
        await runner.cleanup()


async def test_the_first_real_picture_is_taken_with_its_true_size(album: Album) -> None:
    album.files = {
        "page": b"<html>",
        "dot": gif(1, 1),
        "photo": jpeg(1200, 800),
        "next": png(900, 900),
    }
    found = await album.check("page", "dot", "photo", "next")
    assert found == PictureBlock(f"{album.url}/photo", caption="photo", width=1200, height=800)
    assert not album.asked["next"], "no more is asked for than needed"


async def test_a_narrow_picture_gives_way_to_a_wider_one(album: Album) -> None:
    album.files = {"thumb": jpeg(240, 160), "photo": jpeg(1200, 800), "other": jpeg(250, 200)}
    assert await album.chosen("thumb", "photo") == "photo"
    assert await album.chosen("thumb", "other") == "thumb"


async def test_what_is_known_is_not_asked_for_again(album: Album) -> None:
    album.files = {"photo": jpeg(1200, 800), "page": b"<html>"}
    for _ in range(3):
        assert await album.chosen("page", "photo") == "photo"
    assert album.asked == {"page": 1, "photo": 1}
    known = await album.storage.pictures.known(f"{album.url}/photo")
    assert known == Picture(f"{album.url}/photo", 1200, 800, checked=NOW)
    bad = await album.storage.pictures.known(f"{album.url}/page")
    assert bad is not None
    assert bad.bad


async def test_a_picture_that_telegram_refused_is_skipped(album: Album) -> None:
    album.files = {"photo": jpeg(1200, 800)}
    await album.storage.pictures.mark_bad(f"{album.url}/photo", NOW)
    assert await album.chosen("photo") is None
    assert not album.asked


async def test_a_picture_that_is_not_there_is_left_out_and_not_condemned(album: Album) -> None:
    album.statuses = {"late": 404}
    assert await album.chosen("late") is None
    album.statuses, album.files = {}, {"late": jpeg(1200, 800)}
    assert await album.chosen("late") == "late"


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_what_could_not_be_judged_is_kept_behind_what_could(
    album: Album, status: int
) -> None:
    album.statuses, album.files = {"who": status}, {"photo": jpeg(1200, 800)}
    assert await album.chosen("who", "photo") == "photo"
    assert await album.chosen("who") == "who"
    assert await album.storage.pictures.known(f"{album.url}/who") is None


async def test_a_stalling_server_costs_the_time_limit_and_no_picture(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ingest.pictures.SECONDS", 0.2)
    album.statuses, album.files = {"slow": 0}, {"dot": gif(1, 1), "photo": jpeg(1200, 800)}
    begun = asyncio.get_running_loop().time()
    assert await album.chosen("dot", "slow", "photo") == "slow"
    assert asyncio.get_running_loop().time() - begun < 1


async def test_only_the_beginning_of_a_large_file_is_read(album: Album) -> None:
    album.files = {
        "large": jpeg(4000, 3000) + bytes(4_000_000),
        "huge": png(800, 600) + bytes(6_000_000),
    }
    for album.ranges in (True, False):
        album.url = album.url.replace("127.0.0.1", "localhost")  # not known yet
        found = await album.check("large")
        assert found is not None
        assert found.width == 4000
    assert await album.chosen("huge") is None


async def test_a_whole_picture_is_had_for_its_upload(album: Album) -> None:
    album.files = {"photo": jpeg(1200, 800) + bytes(200_000)}
    assert await album.pictures.whole(f"{album.url}/photo") == album.files["photo"]


async def test_what_is_no_photo_is_not_uploaded(album: Album) -> None:
    album.files = {
        "page": b"<html>",
        "moving": gif(1200, 800),
        "dot": png(1, 1),
        "huge": png(800, 600) + bytes(MOST_BYTES),
    }
    album.statuses = {"late": 404, "shy": 403}
    for name in (*album.files, *album.statuses):
        assert await album.pictures.whole(f"{album.url}/{name}") is None
    assert await album.pictures.whole("http://127.0.0.1:1/nobody") is None
    assert await album.pictures.whole("ftp://example.org/a.jpg") is None
    async with Fetcher(agent="newsboy-test") as guarded:
        pictures = Pictures(album.storage, guarded)
        album.files["photo"] = jpeg(1200, 800)
        assert await pictures.whole(f"{album.url}/photo") is None
    assert not album.asked["photo"]


async def test_the_same_address_twice_is_one_candidate(album: Album) -> None:
    album.files = {"page": b"<html>"}
    assert await album.chosen("page", "page", "page") is None
    assert album.asked["page"] == 1


async def test_a_picture_named_once_more_keeps_its_first_place(album: Album) -> None:
    album.files = {"lead": jpeg(1200, 800), "inside": jpeg(900, 600)}
    assert await album.chosen("lead", "inside", "lead") == "lead"
    assert not album.asked["inside"]


async def test_a_private_address_is_never_asked_for(album: Album) -> None:
    album.files = {"photo": jpeg(1200, 800)}
    async with Fetcher(agent="newsboy-test") as guarded:
        pictures = Pictures(album.storage, guarded)
        block = PictureBlock(f"{album.url}/photo")
        assert await pictures.check([block], source_id=1, now=NOW) is None
    assert not album.asked
    assert (
        await pictures.check([PictureBlock("data:image/png;base64,AA")], source_id=1, now=NOW)
        is None
    )
    assert await pictures.check([], source_id=1, now=NOW) is None


async def test_a_sources_logotype_is_no_articles_picture(album: Album) -> None:
    album.files = {"logo": jpeg(1200, 800), "photo": jpeg(1200, 800)}
    assert await album.chosen("logo") == "logo"
    one = await feed(album.storage, "one.example")
    other = await feed(album.storage, "two.example")
    for n in range(LOGO_USES):
        at = NOW + timedelta(minutes=n)
        image = PictureBlock(f"{album.url}/logo")
        await publish(album.storage, one, str(n), now=at, published=at, image=image)
    found = await album.check("logo", "photo", source=one.source_id)
    assert found is not None
    assert found.caption == "photo"
    elsewhere = await album.check("logo", source=other.source_id)
    assert elsewhere is not None, "elsewhere it may be a picture like any other"
