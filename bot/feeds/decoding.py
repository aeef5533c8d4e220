"""Bytes of a feed to text, whatever its server and its prolog claim.

The order, measured against wrong declarations: byte order mark → strict UTF-8 where the bytes are
not plain ASCII (no other encoding passes that by chance) → the server's charset → the XML
declaration → UTF-8 with a few broken bytes → a detector.
"""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00<\x00?", "utf-16-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
)
# What browsers read for these labels (WHATWG Encoding Standard): publishers mean the superset.
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9_.:-]{1,40})""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_PROLOG = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")
# What the detector may choose from: among all that it knows it takes rare cousins of these.
_LIKELY = ["cp1251", "cp1252", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"]
_LIKELY += ["gb18030", "shift_jis", "euc_jp", "euc_kr", "big5"]
_SAMPLE = 100_000  # bytes that the detector looks at
_FEW = 0.02  # of the characters outside ASCII: a cut or a slip, not another encoding


def decode(body: bytes, charset: str | None = None) -> str:
    """`body` as text; `charset` is what the Content-Type header said. Never fails."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    for start, encoding in _UNMARKED:
        if body.startswith(start):
            return body.decode(encoding, errors="replace")
    if not body.isascii():
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    declared = _DECLARED.search(body[:1024])
    claims = [_codec(charset), _codec(declared[1].decode() if declared else None)]
    for claim in claims:
        if claim is not None and claim != "utf-8":
            try:
                return body.decode(claim)
            except UnicodeDecodeError:
                continue
    if body.isascii():
        return body.decode("ascii")
    lenient = body.decode("utf-8", errors="replace")
    foreign = sum(1 for character in lenient if character > "\x7f")
    if lenient.count("\ufffd") <= max(1, foreign * _FEW):
        return lenient
    return body.decode(_detect(body), errors="replace")


def without_prolog(text: str) -> str:
    """`text` without its XML declaration, whose encoding is no longer true."""
    return _PROLOG.sub("", text, count=1).lstrip()


def charset_of(content_type: str | None) -> str | None:
    """The charset parameter of a Content-Type header value."""
    found = _CHARSET.search(content_type or "")
    return found[1] if found else None


def _codec(label: str | None) -> str | None:
    """Python's name for an encoding label, "utf-8" among them; None where it is not one."""
    if not label:
        return None
    try:
        info = codecs.lookup(label.strip())
        b"<?".decode(info.name)  # refuses codecs that do not make text, such as hex
    except UnicodeDecodeError:
        pass
    except (LookupError, ValueError):
        return None
    return _SUPERSETS.get(info.name, info.name)


def _detect(body: bytes) -> str:
    # Loading the detector takes long, and hardly any feed gets here.
    from charset_normalizer import from_bytes

    best = from_bytes(body[:_SAMPLE], cp_isolation=_LIKELY).best()
    return best.encoding if best is not None else "cp1252"
