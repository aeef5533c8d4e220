"""Pushes as photos: the picture goes up once, with the canary, and then by its id."""

from dataclasses import dataclass, field

import pytest

from bot.delivery.photos import Photos
from storage import FollowKind, Layout, Level, PictureBlock, Storage, Subscription
from tests.delivery.conftest import Clock, Newsroom, Start
from tests.telegram.conftest import Answer, Request, Server, error, message, ok

URL = "https://vestnik.example/bridge.jpg"
FILE_ID = "AgACAgI-large"
UPLOADED = {
    **message(77),
    "photo": [
        {"file_id": "small", "file_unique_id": "s", "width": 90, "height": 60},
        {"file_id": FILE_ID, "file_unique_id": "l", "width": 1200, "height": 800},
    ],
}


@dataclass
class Publisher:
    """Where pictures' files come from."""

    files: dict[str, bytes] = field(default_factory=lambda: {URL: b"the file"})
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    async def fetch(self, url: str, owner: int | None) -> bytes | None:
        self.asked.append((url, owner))
        return self.files.get(url)


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def photos(storage: Storage, clock: Clock, publisher: Publisher) -> Photos:
    return Photos(storage, publisher.fetch, clock=clock)


async def told(newsroom: Newsroom, readers: int) -> None:
    for _ in range(readers):
        await newsroom.reader()
    await newsroom.article(image=PictureBlock(URL, width=1200, height=800))


def takes_photos(request: Request) -> Answer:
    return ok(UPLOADED if request.method == "sendPhoto" else message(78))


async def test_the_picture_goes_up_once_and_then_by_its_id(
    storage: Storage,
    newsroom: Newsroom,
    server: Server,
    start: Start,
    photos: Photos,
    publisher: Publisher,
) -> None:
    server.default = takes_photos
    await told(newsroom, 5)
    async with start(photos=photos) as desk:
        await desk.settle()
    first, *others = server.of("sendPhoto")
    assert list(first.files.values()) == [b"the file"]
    assert [one.fields["photo"] for one in others] == [FILE_ID] * 4
    assert all("Открыт новый мост" in one.fields["caption"] for one in (first, *others))
    assert not server.of("sendMessage")
    assert publisher.asked == [(URL, None)]
    line = await storage.outbox.delivery(1)
    assert line is not None
    assert (line.message_id, line.layout) == (77, Layout.PHOTO)


async def test_the_id_is_remembered_for_the_next_push_and_over_a_restart(
    newsroom: Newsroom, server: Server, start: Start, photos: Photos, publisher: Publisher
) -> None:
    server.default = takes_photos
    await told(newsroom, 1)
    async with start(photos=photos) as desk:
        await desk.settle()
    await newsroom.article("Второй мост", words="второй", image=PictureBlock(URL))
    async with start(photos=photos) as desk:
        await desk.settle()
    assert [bool(one.files) for one in server.of("sendPhoto")] == [True, False]
    assert len(publisher.asked) == 1


async def test_readers_of_two_languages_share_one_upload(
    newsroom: Newsroom, server: Server, start: Start, photos: Photos
) -> None:
    server.default = takes_photos
    for language in ("ru", "en", "ru", "en"):
        await newsroom.reader(language=language)
    await newsroom.article(image=PictureBlock(URL))
    async with start(photos=photos) as desk:
        await desk.settle()
    assert [bool(one.files) for one in server.of("sendPhoto")].count(True) == 1
    assert len(server.of("sendPhoto")) == 4


async def test_a_reader_without_pictures_gets_the_text_alone(
    newsroom: Newsroom, server: Server, start: Start, photos: Photos, storage: Storage
) -> None:
    server.default = takes_photos
    reader = await newsroom.reader()
    await storage.subscribers.change(reader.id, pictures=False)
    await newsroom.article(image=PictureBlock(URL))
    async with start(photos=photos) as desk:
        await desk.settle()
    (only,) = server.requests
    assert only.fields["link_preview_options"] == {"is_disabled": True}


async def test_where_the_file_cannot_be_had_the_push_is_a_text_with_a_preview(
    newsroom: Newsroom, server: Server, start: Start, photos: Photos, publisher: Publisher
) -> None:
    publisher.files.clear()
    await told(newsroom, 3)
    async with start(photos=photos) as desk:
        await desk.settle()
    assert not server.of("sendPhoto")
    previews = [one.fields["link_preview_options"]["url"] for one in server.of("sendMessage")]
    assert previews == [URL] * 3
    assert len(publisher.asked) == 1, "the publisher is not asked for each reader"


@pytest.mark.parametrize(
    "refusal", ["PHOTO_INVALID_DIMENSIONS", "IMAGE_PROCESS_FAILED", "can't parse entities: oops"]
)
async def test_a_file_that_is_no_photo_for_telegram_costs_nobody_the_news(
    newsroom: Newsroom, server: Server, start: Start, photos: Photos, refusal: str
) -> None:
    server.script("sendPhoto", error(400, f"Bad Request: {refusal}"))
    await told(newsroom, 3)
    async with start(photos=photos) as desk:
        await desk.settle()
        assert set((await desk.states()).values()) == {"sent"}
    assert len(server.of("sendPhoto")) == 1
    sent = server.of("sendMessage")
    assert len(sent) == 3
    assert all(one.fields["parse_mode"] == "HTML" for one in sent), "its text was sound"


async def test_an_id_of_another_bots_is_forgotten(
    storage: Storage, newsroom: Newsroom, server: Server, start: Start, photos: Photos
) -> None:
    await storage.pictures.set_file_id(URL, "of-another-bot")
    server.script("sendPhoto", error(400, "Bad Request: wrong file identifier/HTTP URL specified"))
    await told(newsroom, 2)
    async with start(photos=photos) as desk:
        await desk.settle()
    assert len(server.of("sendPhoto")) == 1
    assert len(server.of("sendMessage")) == 2
    known = await storage.pictures.known(URL)
    assert known is not None
    assert known.file_id is None
    assert not known.bad


async def test_a_canary_that_blocked_us_leaves_the_upload_to_the_next(
    newsroom: Newsroom, server: Server, start: Start, photos: Photos
) -> None:
    server.default = takes_photos
    server.script("sendPhoto", error(403, "Forbidden: bot was blocked by the user"))
    await told(newsroom, 3)
    async with start(photos=photos) as desk:
        await desk.settle()
    assert [bool(one.files) for one in server.of("sendPhoto")] == [True, True, False]


@pytest.mark.parametrize(
    "refusal", ["not enough rights to send photos to the chat", "CHAT_SEND_PHOTOS_FORBIDDEN"]
)
async def test_a_chat_that_allows_no_photos_gets_the_text_and_all_others_the_photo(
    newsroom: Newsroom, server: Server, start: Start, photos: Photos, refusal: str
) -> None:
    server.default = takes_photos
    server.script("sendPhoto", error(400, f"Bad Request: {refusal}"))
    await told(newsroom, 4)
    async with start(photos=photos) as desk:
        await desk.settle()
        assert set((await desk.states()).values()) == {"sent"}
    first, *others = server.of("sendPhoto")
    assert [bool(one.files) for one in others] == [True, False, False]
    (text,) = server.of("sendMessage")
    assert text.fields["chat_id"] == int(first.fields["chat_id"])


async def test_an_own_sources_picture_is_fetched_for_its_owner(
    newsroom: Newsroom, server: Server, start: Start, photos: Photos, publisher: Publisher
) -> None:
    server.default = takes_photos
    reader = await newsroom.reader()
    follow = Subscription(reader.id, FollowKind.SOURCE, "own.example", "Own", Level.NOW)
    await newsroom.storage.subscribers.follow(follow)
    await newsroom.article(domain="own.example", owner=reader.id, image=PictureBlock(URL))
    async with start(photos=photos) as desk:
        await desk.settle()
    assert publisher.asked == [(URL, reader.id)]
