"""Which pictures may stand for an article, and in what order."""

import pytest

from bot.articles.illustrations import best_pictures, may_illustrate, picture_key
from storage import PictureBlock

SITE = "https://paper.example"


@pytest.mark.parametrize(
    "path",
    [
        "/static/logo.png",
        "/img/site-logo-512x512.png",
        "/i/logo_og.jpg",
        "/share/og-default.jpg",
        "/img/default-share-image.png",
        "/assets/social-image.jpg",
        "/users/avatar/12.jpg",
        "/avatars/12.jpg",
        "/i/placeholder.jpg",
        "/i/1x1.gif",
        "/sprite.png",
        "/favicon.ico",
        "/chart.svg",
        "/no-photo.jpg",
    ],
)
def test_what_is_nobodys_photograph(path: str) -> None:
    assert not may_illustrate(PictureBlock(SITE + path))


@pytest.mark.parametrize(
    "path",
    [
        "/upload/2026/11/bridge.jpg",
        "/files/logopedist-at-work.jpg",
        "/news/iconic-tower-opens.webp",
        "/photo/catalogue/12.jpg",
        "/sites/default/files/view.jpg?size=1200",
        "/resize?src=abc&w=1200",
    ],
)
def test_what_may_be_one(path: str) -> None:
    assert may_illustrate(PictureBlock(SITE + path))


@pytest.mark.parametrize(("width", "height"), [(120, 90), (600, 60), (900, 100)])
def test_icons_and_banners_are_told_by_their_size(width: int, height: int) -> None:
    assert not may_illustrate(PictureBlock(f"{SITE}/a.jpg", width=width, height=height))


def test_the_preview_comes_first_and_knows_what_the_text_says_of_it() -> None:
    preview = PictureBlock(f"{SITE}/f/bridge-1200x630.jpg", width=1200, height=630)
    shown = PictureBlock(f"{SITE}/f/bridge.jpg", "At dawn", "Ann Lee", 640, 480)
    other = PictureBlock(f"{SITE}/f/tram.jpg")
    assert best_pictures([preview], [shown, other]) == (
        PictureBlock(preview.url, "At dawn", "Ann Lee", 1200, 630),
        other,
    )


def test_a_logo_and_a_narrow_preview_give_way() -> None:
    logo = PictureBlock(f"{SITE}/logo.png", width=1200, height=630)
    narrow = PictureBlock(f"{SITE}/f/small.jpg", width=300, height=200)
    photo = PictureBlock(f"{SITE}/f/photo.jpg")
    assert best_pictures([logo, narrow], [photo]) == (photo, narrow)


def test_four_are_enough() -> None:
    many = [PictureBlock(f"{SITE}/f/{name}.jpg") for name in "abcdefgh"]
    assert best_pictures([], many) == tuple(many[:4])


def test_one_picture_in_several_sizes() -> None:
    assert picture_key(f"{SITE}/f/a-640x480.jpg?v=1") == picture_key(f"{SITE}/f/a.webp")
    assert picture_key(f"{SITE}/f/a.jpg") != picture_key(f"{SITE}/g/a.jpg")
    assert picture_key(f"{SITE}/img.php?id=1") != picture_key(f"{SITE}/img.php?id=2")
