"""Bytes of a feed to text, whatever its server and its prolog claim.

The order, measured against wrong declarations: byte order mark, or the zero bytes of UTF-16 and
UTF-32 → strict UTF-8 where the bytes are not plain ASCII (no other encoding passes that by chance)
→ UTF-8 with a few broken bytes → the server's charset and the XML declaration, the likelier where
they disagree → UTF-8 with pieces of another encoding → a detector.
"""

import codecs
import re
from typing import Final

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Where a document starts with two characters of ASCII: the places of their zero bytes.
_ZEROS: Final[dict[tuple[int, ...], str]] = {
    (1, 3): "utf-16-le",
    (0, 2): "utf-16-be",
    (1, 2, 3): "utf-32-le",
    (0, 1, 2): "utf-32-be",
}
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
_NO_CHARSETS = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode"})
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9_.:-]{1,40})""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_BLANK = re.compile("[\ufeff\\s]*")
_PROLOG = re.compile("(?:<\\?xml[^>]{0,500}\\?>[\ufeff\\s]*)+")
_XML_STARTS = ("<?", "<!", "<rss", "<feed", "<rdf:RDF")
_XML_START = re.compile(
    r"<\?xml\b|<(?:[\w-]{1,20}:)?(?:rss|rdf|feed|urlset|sitemapindex)\b", re.IGNORECASE
)
_NO_JUNK = re.compile(r"<!(?!--)|<(?:html|head|body)\b", re.IGNORECASE)
_JUNK = 20_000  # characters that may stand before a feed
# What the detector may choose from: among all that it knows it takes rare cousins of these.
_LIKELY = ["cp1251", "cp1252", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"]
_LIKELY += ["gb18030", "shift_jis", "euc_jp", "euc_kr", "big5"]
_SAMPLE = 100_000  # bytes that the detector looks at
_FEW = 0.02  # of the characters outside ASCII: a cut or a slip, not another encoding
_NEARLY = 0.9  # of them valid UTF-8: no claim of another encoding can be true
_TOO_UNLIKELY = 0.1  # Russian taken for Western European reaches 0.2
_MIXED = 0.3  # of them valid UTF-8: East Asian encodings reach 0.2 by chance, Russian ones 0.03
# What a wrong encoding looks like: alphabets mixed in a word, capitals after small letters (KOI8-R
# and windows-1251 swap them), accents in a row, control and drawing characters among letters.
_UNLIKELY = re.compile(
    r"[a-z][а-яё]|[а-яё][a-z]|[а-яёà-ÿ](?:[А-ЯЁ]|[À-Þ])|[À-ÿ]{3}|[\x7f-\x9f]|[\u2500-\u259f]"
    r"|[Ђ-ЏҐђ-џґ][а-я]|\w[¤¦§¬¶±µ]\w"
)
_HAS_RUSSIAN = re.compile("[а-я]{3}", re.IGNORECASE)


def decode(body: bytes, charset: str | None = None) -> str:
    """`body` as text; `charset` is what the Content-Type header said. Never fails."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    zeros = tuple(place for place, byte in enumerate(body[:4]) if not byte)
    if zeros in _ZEROS:
        return body.decode(_ZEROS[zeros], errors="replace")
    declared = _DECLARED.search(body[:1024])
    claims = [_codec(charset), _codec(declared[1].decode() if declared else None)]
    if body.isascii():
        return _seven_bits(body, claims)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        lenient = body.decode("utf-8", errors="replace")
    broken, foreign = lenient.count("\ufffd"), _foreign(lenient)
    valid = (foreign - broken) / foreign
    if valid < _NEARLY and (claimed := _claimed(body, claims)):
        return claimed
    if valid < _MIXED:
        return body.decode(_detect(body), errors="replace")
    if broken <= max(1, foreign * _FEW):
        return lenient
    return _mixed(body, "cp1251" if _HAS_RUSSIAN.search(lenient) else "cp1252")


def _foreign(text: str) -> int:
    """How many characters of a text are not ASCII."""
    return len(text) - len(text.encode("ascii", errors="ignore"))


def _seven_bits(body: bytes, claims: list[str | None]) -> str:
    """Bytes of ASCII are ASCII, but for the encodings that shift letters into it."""
    for claim in claims:
        if claim is not None and claim.startswith(("iso2022", "hz")):
            return body.decode(claim, errors="replace")
    return body.decode("ascii")


def _claimed(body: bytes, claims: list[str | None]) -> str:
    """The text as it is claimed to be encoded, the likelier of two; "" where no claim can be true.

    The server's word counts first (RFC 7303, 3), but a server often says the same of all it has.
    """
    texts = []
    for claim in dict.fromkeys(claims):
        # Where UTF-16 is meant the zero bytes or the mark have told already.
        if claim is None or claim.startswith("utf"):
            continue
        text = body.decode(claim, errors="replace")
        if text.count("\ufffd") <= max(1, _foreign(text) * _FEW):
            texts.append(text)
    if texts and min(map(_unlikely, texts)) > _TOO_UNLIKELY:
        texts.append(body.decode(_detect(body), errors="replace"))
    return min(texts, key=_unlikely, default="")


def _unlikely(text: str) -> float:
    """How much of a text, among its characters outside ASCII, looks wrongly decoded."""
    sample = text[:_SAMPLE]
    return len(_UNLIKELY.findall(sample)) / max(1, _foreign(sample))


def _mixed(body: bytes, other: str) -> str:
    """UTF-8 in which pieces of another encoding stand, as a site leaves that moved half-way."""
    escaped = body.decode("utf-8", errors="surrogateescape")  # U+DC80 to U+DCFF for such bytes

    def piece(found: re.Match[str]) -> str:
        return found[0].encode("utf-8", "surrogateescape").decode(other, errors="replace")

    return re.sub("[\udc80-\udcff]+", piece, escaped)


def without_prolog(text: str) -> str:
    """`text` from its first element or comment on.

    Its XML declaration goes, because its encoding is no longer true; so does what a broken server
    writes before it (warnings of PHP, blank lines, a second mark of order).
    """
    at = _BLANK.match(text).end()  # type: ignore[union-attr]  # it matches nothing too
    while text.startswith("<!--", at) and (end := text.find("-->", at)) >= 0:
        at = _BLANK.match(text, end + 3).end()  # type: ignore[union-attr]  # as above
    if not text.startswith(_XML_STARTS, at):
        start = _XML_START.search(text, at, at + _JUNK)
        if start is not None and not _NO_JUNK.search(text, at, start.start()):
            at = start.start()
    prolog = _PROLOG.match(text, at)
    return text[prolog.end() if prolog else at :]


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
        if info.name in _NO_CHARSETS:
            return None
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
