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
        (feed("utf-32-be"), None),
        (
            feed("utf-16-le").replace(
                b"<\x00?\x00x\x00m\x00l\x00", b" \x00<\x00?\x00x\x00m\x00l\x00"
            ),
            None,
        ),
        (feed("utf-8", "utf-16"), None),
        (feed("koi8-r", "koi8-r"), "iso-8859-1"),
        (feed("cp1251", "windows-1251"), "koi8-r"),
        (feed("cp1251", "iso-8859-1"), "windows-1251"),
        (feed("cp866", "cp866"), None),
        (feed("cp1251"), "iso-8859-1"),
        (feed("cp1251", "ISO-8859-1"), "ISO-8859-1"),
        (feed("koi8-r", "windows-1252"), None),
        (feed("iso8859-5", "ISO-8859-5"), "utf-8"),
        (feed("cp1251", "windows-1251") + b"\x98", None),
        (feed("cp1251", "cp1251"), "unicode_escape"),
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


@pytest.mark.parametrize(
    "text",
    [
        "L’été où l’élève créée aïe ÉTÉ à Nîmes",
        "Þetta er íslenska, ðöð æðstu",
        "Größe für Öl, Straße",
    ],
)
def test_western_text_is_as_it_is_claimed(text: str) -> None:
    assert (
        decode(f"<rss><title>{text}</title></rss>".encode("cp1252"), "iso-8859-1")[12:-14] == text
    )


def test_undeclared_western_text_is_not_taken_for_central_european() -> None:
    text = "La psychologie très complexe des élèves, où l'été à la forêt est évoqué. " * 5
    assert decode(text.encode("latin-1")) == text


def test_ascii_is_ascii_whatever_is_declared() -> None:
    for declared in ("utf-16", "utf-32", "utf-7", "koi8-r"):
        body = f'<?xml version="1.0" encoding="{declared}"?><rss>+AGE-</rss>'.encode()
        assert decode(body, declared).endswith("<rss>+AGE-</rss>")


def test_japanese_that_hides_in_seven_bits_is_read() -> None:
    assert decode("<rss>日本</rss>".encode("iso-2022-jp"), "ISO-2022-JP") == "<rss>日本</rss>"


def test_utf8_with_pieces_of_windows_1251_keeps_both() -> None:
    ours, moved = RUSSIAN.encode() * 3, "Архив: «Ёлка» — 5 €".encode("cp1251")
    text = decode(b'<?xml version="1.0" encoding="utf-8"?><rss>' + ours + moved + b"</rss>")
    assert RUSSIAN * 3 in text
    assert "Архив: «Ёлка» — 5 €" in text
    assert "café crème" in decode(
        "Été à la forêt, café ".encode() * 3 + "crème brûlée".encode("cp1252")
    )


def test_a_false_claim_does_not_beat_text_that_is_plainly_utf8() -> None:
    body = feed("utf-8", "windows-1251")[:-1] + b"\xd0>"
    assert RUSSIAN in decode(body, "windows-1251")


def test_one_accent_under_a_true_claim_is_read() -> None:
    assert decode("<rss>caf\xe9</rss>".encode("latin-1"), "iso-8859-1") == "<rss>café</rss>"


def test_a_cut_character_does_not_spoil_the_rest() -> None:
    assert decode(RUSSIAN.encode()[:-1] + b"\xd0</title>").startswith(RUSSIAN[:-1])


def test_nothing_makes_it_fail() -> None:
    assert decode(b"") == ""
    assert decode(bytes(range(256)) * 10)


def test_the_prolog_goes_since_its_encoding_is_no_longer_true() -> None:
    assert without_prolog(' <?xml version="1.0" encoding="koi8-r"?>\n<rss/>') == "<rss/>"
    assert without_prolog("<rss/>") == "<rss/>"


@pytest.mark.parametrize(
    "junk",
    [
        "\n\n \ufeff",
        "<br />\n<b>Warning</b>: include(x.php) failed on line <b>3</b><br />\n",
        "Deprecated: foo() in /srv/a.php\n",
        "<!-- made by <rss> generator --> <!-- and cached -->",
        "<script>alert(1)</script>",
        "\ufeff<?xml version='1.0'?>\n",
    ],
)
@pytest.mark.parametrize("prolog", ["", '<?xml version="1.0" encoding="koi8-r"?>\n'])
def test_what_a_broken_server_writes_first_goes(junk: str, prolog: str) -> None:
    assert without_prolog(f"{junk}{prolog}<rss><a/></rss>") == "<rss><a/></rss>"


@pytest.mark.parametrize(
    "text",
    [
        "<html><body><pre>&lt;rss&gt;</pre><rss></rss></body></html>",
        "<!DOCTYPE html><p>how to write <rss version=2>",
        "<!ENTITY a 'b'><rss/>",
        "plain words",
        "<!-- never closed <rss/>",
        "",
    ],
)
def test_a_page_or_a_text_is_left_alone(text: str) -> None:
    assert without_prolog(text) == text


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
