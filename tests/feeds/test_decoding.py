"""Bytes to text, whatever the server and the prolog claim."""

import codecs

import pytest

from bot.feeds.decoding import charset_of, decode, without_prolog

RUSSIAN = "Президент подписал указ о назначении министра, сообщает издание. Курс рубля вырос."


def feed(encoding: str, declared: str | None = None) -> bytes:
    prolog = f'<?xml version="1.0" encoding="{declared}"?>' if declared else "<?xml version='1.0'?>"
    return f"{prolog}<rss><title>{RUSSIAN}</title></rss>".encode(encoding)


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (feed("utf-8"), None),
        (feed("utf-8", "windows-1251"), None),
        (feed("utf-8", "utf-8"), "iso-8859-1"),
        (codecs.BOM_UTF8 + feed("utf-8", "koi8-r"), "koi8-r"),
        (feed("utf-16", "utf-16"), None),
        (feed("utf-16-le", "utf-16"), None),
        (feed("utf-16-be"), None),
        (feed("utf-32"), None),
        (feed("cp1251", "windows-1251"), None),
        (feed("cp1251", "utf-8"), "windows-1251"),
        (feed("cp1251"), None),
        (feed("koi8-r", "KOI8-R"), None),
        (feed("koi8-r"), None),
        (feed("cp1251", "no-such-encoding"), "hex"),
    ],
)
def test_russian_survives(body: bytes, charset: str | None) -> None:
    assert RUSSIAN in decode(body, charset)


def test_latin_labels_mean_their_windows_superset() -> None:
    assert decode("café – €".encode("cp1252"), "ISO-8859-1") == "café – €"


def test_undeclared_western_text_is_not_taken_for_central_european() -> None:
    text = "La psychologie très complexe des élèves, où l'été à la forêt est évoqué. " * 5
    assert decode(text.encode("latin-1")) == text


def test_a_cut_character_does_not_spoil_the_rest() -> None:
    assert decode(RUSSIAN.encode()[:-1] + b"\xd0</title>").startswith(RUSSIAN[:-1])


def test_nothing_makes_it_fail() -> None:
    assert decode(b"") == ""
    assert decode(bytes(range(256)) * 10)


def test_the_prolog_goes_since_its_encoding_is_no_longer_true() -> None:
    assert without_prolog(' <?xml version="1.0" encoding="koi8-r"?>\n<rss/>') == "<rss/>"
    assert without_prolog("<rss/>") == "<rss/>"


@pytest.mark.parametrize(
    ("header", "charset"),
    [
        (None, None),
        ("text/xml", None),
        ("text/xml; charset=utf-8", "utf-8"),
        ('text/xml; Charset="KOI8-R"; x=y', "KOI8-R"),
    ],
)
def test_charset_of_a_content_type(header: str | None, charset: str | None) -> None:
    assert charset_of(header) == charset
