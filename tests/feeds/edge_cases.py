"""Feeds with one fault each, and the right reading of their first entry.

All are written for this purpose. A test reads them with our parser; the bench reads them with the
two libraries as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

TITLE = "Мост через реку «Ёлка» открыли"
LINK = "https://news.example/1"
DATE = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
URL = "https://news.example/rss/all.xml"
"""Where all of them come from."""

_PUBLISHED = "<pubDate>Sun, 22 Nov 2026 10:00:00 +0300</pubDate>"


@dataclass(frozen=True)
class EdgeCase:
    """A feed as it is served, and what its first entry says."""

    name: str
    body: bytes
    content_type: str = "application/xml"
    title: str = TITLE
    link: str = LINK
    published: datetime | None = DATE


def _rss(inside: str, *, declared: str = "utf-8", head: str = "", attributes: str = "") -> str:
    return (
        f'{head}<?xml version="1.0" encoding="{declared}"?>\n<rss version="2.0" {attributes}>'
        f"<channel><title>Газета</title><link>https://news.example/</link><item>{inside}</item>"
        "</channel></rss>"
    )


def _item(title: str = TITLE, link: str = LINK, date: str = _PUBLISHED, more: str = "") -> str:
    return f"<title>{title}</title><link>{link}</link>{date}{more}"


def edge_cases() -> Iterator[EdgeCase]:
    """All of them."""
    yield from _encodings()
    yield from _markup()
    yield from _titles()
    yield from _links()
    yield from _dates()


def _encodings() -> Iterator[EdgeCase]:
    latin = "Le Monde : l’été «très» chaud – 5 €"
    for encoding, declared, charset in (
        ("utf-8", "utf-8", ""),
        ("utf-8-sig", "utf-8", ""),
        ("utf-8-sig", "windows-1251", "koi8-r"),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", ""),
        ("utf-16-be", "utf-8", ""),
        ("utf-32", "utf-32", ""),
        ("koi8-r", "koi8-r", ""),
        ("koi8-r", "utf-8", "koi8-r"),
        ("cp1251", "windows-1251", ""),
        ("cp1251", "utf-8", "windows-1251"),
        ("cp1251", "windows-1251", "utf-8"),
        ("cp1251", "windows-1251", "iso-8859-1"),
        ("cp1251", "utf-8", ""),
        ("cp1251", "x-unknown", ""),
        ("utf-8", "windows-1251", ""),
        ("utf-8", "windows-1251", "windows-1251"),
        ("utf-8", "utf-8", "iso-8859-1"),
        ("utf-8", "us-ascii", "us-ascii"),
    ):
        text = _rss(
            _item("Мост через реку открыли", more="<description>Ура</description>"),
            declared=declared,
        )
        header = f"application/xml; charset={charset}" if charset else "application/xml"
        name = f"{encoding}, declared {declared}, sent as {charset or 'nothing'}"
        yield EdgeCase(name, text.encode(encoding), header, title="Мост через реку открыли")
    for declared in ("iso-8859-1", "windows-1252"):
        text = _rss(_item(latin), declared=declared).replace("Газета", "Gazette")
        yield EdgeCase(f"windows-1252, declared {declared}", text.encode("cp1252"), title=latin)
    mixed = _rss(f"{_item()}</item><item><title>@@</title>").encode()
    old = "Старая «Ёлка»".encode("cp1251")
    yield EdgeCase("windows-1251 in places of utf-8", mixed.replace(b"@@", old * 3))
    yield EdgeCase("a character cut in half", _rss(_item(more="<a>Ё")).encode()[:-24] + b"\xd0</a>")


def _markup() -> Iterator[EdgeCase]:
    for name, head in (
        ("blank lines first", "\n\n  "),
        ("warnings of PHP first", "<br />\n<b>Warning</b>: x in <b>a.php</b><br />\n"),
        ("a comment first", "<!-- cached -- at noon -->\n"),
        ("two marks of order", "\ufeff\ufeff"),
    ):
        yield EdgeCase(name, _rss(_item(), head=head).encode())
    for name, more in (
        ("control characters", "<description>a\x0b\x1f\x00b</description>"),
        ("a reference to no character", "<description>&#0;&#xD800;&#xFFFF;</description>"),
        ("an entity of HTML", "<description>&nbsp;&laquo;Да&raquo;&hellip;</description>"),
        ("a bare ampersand", "<description>AT&T, a&b=1</description>"),
        ("a bare less-than sign", "<description>1 < 2</description>"),
        ("naked markup", "<description><p>Да<br>нет</description>"),
        ("forgotten namespaces", '<media:content url="/1.jpg"/><dc:creator>Анна</dc:creator>'),
        ("the end of CDATA in text", "<description>a ]]> b</description>"),
        ("an attribute without quotes", "<guid isPermaLink=false>1</guid>"),
        ("dashes in a comment", "<!-- a -- b -->"),
        ("a picture with a title of its own", "<image><title>Нет</title><link>/no</link></image>"),
        ("media:title", "<media:title>Нет</media:title>"),
        ("a source with a title of its own", '<source url="https://x.example/">Нет</source>'),
    ):
        yield EdgeCase(name, _rss(_item(more=more)).encode())
    yield EdgeCase("cut short", _rss(_item(more="<description>И вот")).encode()[:-40])
    yield EdgeCase("junk after the end", _rss(_item()).encode() + b"<script>x()</script>")


def _titles() -> Iterator[EdgeCase]:
    for name, title, read in (
        ("CDATA with markup", "<![CDATA[<b>Да</b> &amp; нет]]>", "Да & нет"),
        ("escaped markup", "&lt;b&gt;Да&lt;/b&gt; &amp;amp; нет", "Да & нет"),
        ("escaped twice", "&amp;laquo;Да&amp;raquo; &amp;amp;mdash; нет", "«Да» — нет"),
        ("markup inside", "Да <b>и</b> <i>нет</i>", "Да и нет"),
        ("a bare ampersand", "Johnson & Johnson: a?b=1&c=2", "Johnson & Johnson: a?b=1&c=2"),
        ("an emoji in two halves", "Да &#55357;&#56832;", "Да 😀"),
        ("broken into lines", "\n Да\n\t и  нет ", "Да и нет"),
    ):
        yield EdgeCase(f"title: {name}", _rss(_item(title)).encode(), title=read)
    untitled = f"<link>{LINK}</link>{_PUBLISHED}<description>&lt;p&gt;Да.&lt;/p&gt;</description>"
    yield EdgeCase("title: none", _rss(untitled).encode(), title="Да.")


def _links() -> Iterator[EdgeCase]:
    for name, inside, read in (
        ("relative", "<link>/1</link>", LINK),
        ("relative to the feed", "<link>1?a=1&b=2</link>", "https://news.example/rss/1?a=1&b=2"),
        ("without a scheme", "<link>//news.example/1</link>", LINK),
        ("in CDATA", f"<link><![CDATA[ {LINK} ]]></link>", LINK),
        ("escaped twice", "<link>/1?a=1&amp;amp;b=2</link>", f"{LINK}?a=1&b=2"),
        ("as an attribute", f'<link href="{LINK}"/>', LINK),
        ("a permalink guid alone", f"<guid>{LINK}</guid>", LINK),
        ("a guid that is no permalink", f'<guid isPermaLink="false">{LINK}</guid>', ""),
        ("a number as guid", "<guid>17</guid>", ""),
        ("a script", "<link>javascript:alert(1)</link>", ""),
        (
            "FeedBurner's",
            f"<link>https://feeds.example/~r/1</link><f:origLink>{LINK}</f:origLink>",
            LINK,
        ),
    ):
        text = f"<title>{TITLE}</title>{inside}{_PUBLISHED}"
        namespace = 'xmlns:f="http://rssnamespace.org/feedburner/ext/1.0"'
        yield EdgeCase(f"link: {name}", _rss(text, attributes=namespace).encode(), link=read)
    entry = (
        f"<entry><id>1</id><title>{TITLE}</title><link rel='self' href='/self'/>"
        "<link rel='enclosure' href='/1.mp3'/><link href='1'/>"
        "<published>2026-11-22T10:00:00+03:00</published></entry>"
    )
    atom = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://news.example/'>"
    yield EdgeCase("link: among Atom's others, on xml:base", f"{atom}{entry}</feed>".encode())


def _dates() -> Iterator[EdgeCase]:
    for date in (
        "Sun, 22 Nov 2026 10:00:00 MSK",
        "Sun, 22 Nov 2026 10:00:00 UTC+3",
        "sun, 22 nov 26 10:00 +0300",
        "Вс, 22 ноя 2026 10:00:00 +0300",
        "22 ноября 2026 г., 10:00 МСК",
        "2026-11-22T10:00:00+03:00",
        "2026-11-22T07:00:00.000Z",
        "2026-11-22 10:00:00",
        "22.11.2026 10:00",
        "1795330800",
    ):
        inside = _item(date=f"<pubDate>{date}</pubDate>")
        yield EdgeCase(f"date: {date}", _rss(inside).encode())
    for date in ("0000-00-00 00:00:00", "Thu, 01 Jan 1970 00:00:00 GMT", "soon"):
        inside = _item(date=f"<pubDate>{date}</pubDate>")
        yield EdgeCase(f"date: {date}", _rss(inside).encode(), published=None)
