"""Broken XML as whole as it can be made without guessing what was meant.

feedparser reads broken XML too, with a second parser that is slower and loses more. Most feeds
that break are one slip away from being well-formed, and those slips are few: a character that XML
does not allow, a reference to a character or an entity that it does not know, an ampersand or a
less-than sign in plain text, a prefix that nobody declared, a comment with two dashes in it.

Each step is linear in the text's length: a feed may be hostile.
"""

import re
from html.entities import html5
from typing import Final

from bot.feeds.errors import HostileFeedError

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 (2.2) does not allow."""

_HIDDEN: Final = {"<![CDATA[": "]]>", "<!--": "-->"}
_HIDING = re.compile(r"<!\[CDATA\[|<!--")
_REFERENCES = re.compile(r"(?:&#(?:x[0-9a-f]+|[0-9]+)\b;?)+", re.IGNORECASE)
_SLIP = re.compile(
    r"&(?:(\w{1,40});|(?!#\d{1,8};))|<(?![a-z_:/!?\u0080-\uffff])|\]\]>", re.IGNORECASE
)
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_LINK = re.compile(r"<link\s[^<>]*(?<!/)>(?=\s*(?:<!\[CDATA\[\s*)?https?://)", re.IGNORECASE)
_ROOT = re.compile(r"<(?![!?])[^\s<>/]+")
_PREFIX = re.compile(r"(?:</?|\s)([A-Za-z_][\w.-]{0,30}):[A-Za-z_]")
_DECLARED = re.compile(r"\sxmlns:([\w.-]{1,31})\s*=")
_MOST_PREFIXES = 50
_LONG_TAG = re.compile(r"<[^<>]{20000,}")
_MOST_ATTRIBUTES = 500
_DOCTYPE = re.compile("<!DOCTYPE", re.IGNORECASE)
# What publishers mean by a prefix that they forget to declare.
_NAMESPACES: Final = {
    "a10": "http://www.w3.org/2005/Atom",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
    "xhtml": "http://www.w3.org/1999/xhtml",
}


def mended(text: str) -> str:
    """The document without its comments, and with those slips put right.

    Raises HostileFeedError for thousands of attributes in a tag, and for declared entities: both
    serve attacks. Entities can only be declared in a document type; text that talks about them is
    let through.
    """
    text = _LINK.sub("<link>", _REFERENCES.sub(_characters, NOT_XML.sub("", text)))
    pieces: list[str] = []  # in turn what is shown and what is hidden
    at = 0
    while found := _HIDING.search(text, at):
        end = text.find(_HIDDEN[found[0]], found.end())
        if end < 0:  # what never ends hides nothing
            break
        pieces.append(text[at : found.start()])
        at = end + len(_HIDDEN[found[0]])
        pieces.append(text[found.start() : at] if found[0] == "<![CDATA[" else "")
    pieces.append(text[at:])
    shown = "".join(pieces[::2])
    _refuse_declarations(shown)
    if any(tag[0].count("=") > _MOST_ATTRIBUTES for tag in _LONG_TAG.finditer(shown)):
        raise HostileFeedError(
            "The feed has an element with thousands of attributes. That serves attacks on readers "
            "of feeds, and newsboy does not read such a feed."
        )
    pieces[::2] = [_SLIP.sub(_put_right, piece) for piece in pieces[::2]]
    return _with_prefixes("".join(pieces), shown)


def _characters(references: re.Match[str]) -> str:
    """Character references without those that name no character of XML (1.0, 2.2).

    Emoji written as two halves of a surrogate pair («&#55357;&#56832;») become whole.
    """
    codes = [
        int(hexadecimal or "0", 16) or int(decimal or "0")
        for hexadecimal, decimal in re.findall(r"&#(?:[xX]([^;&]{1,8})|(\d{1,8}))", references[0])
    ]
    halves = "".join(chr(code) for code in codes if code <= 0x10FFFF)
    whole = halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    # Still as references: some of them stand for markup.
    return "".join(f"&#{ord(character)};" for character in NOT_XML.sub("", whole))


def _put_right(slip: re.Match[str]) -> str:
    if slip[0] == "<":
        return "&lt;"
    if slip[0] == "]]>":
        return "]]&gt;"
    name = slip[1]
    if name in _XML_ENTITIES:
        return slip[0]
    meant = html5.get(f"{name};", "") if name else ""
    return "".join(f"&#{ord(character)};" for character in meant) or f"&amp;{slip[0][1:]}"


def _with_prefixes(text: str, shown: str) -> str:
    """The document with the prefixes that it uses declared at its root."""
    missing = set(_PREFIX.findall(shown)) - set(_DECLARED.findall(shown)) - {"xml", "xmlns"}
    # Text has colons too («сказал: a:b»), so a few names too many are no harm.
    if not missing or len(missing) > _MOST_PREFIXES or (root := _ROOT.search(text)) is None:
        return text
    declared = "".join(
        f' xmlns:{prefix}="{_NAMESPACES.get(prefix.lower(), f"urn:undeclared:{prefix}")}"'
        for prefix in sorted(missing)
    )
    return text[: root.end()] + declared + text[root.end() :]


def _refuse_declarations(shown: str) -> None:
    if "<!" not in shown:
        return
    hostile = "<!ENTITY" in shown.upper()
    at = 0
    while not hostile and at >= 0 and (found := _DOCTYPE.search(shown, at)):
        at = shown.find(">", found.end())
        hostile = shown.find("[", found.end(), at if at >= 0 else len(shown)) >= 0
    if hostile:
        raise HostileFeedError(
            "The feed declares XML entities. They serve attacks on readers of feeds, and newsboy "
            "does not read such a feed."
        )
