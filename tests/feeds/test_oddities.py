"""What real feeds do that no specification allows: each oddity costs at most itself."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.feeds.decoding import decode, without_prolog
from bot.feeds.entries import EntryImage, ParsedEntry, ParsedFeed
from bot.feeds.errors import FeedError, HostileFeedError, NotAFeedError
from bot.feeds.mending import mended
from bot.feeds.parser import parse, plain_text

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BASE = "https://news.example/rss/all.xml"
TITLE = "Мост через реку открыли"
LINKED = f"<title>{TITLE}</title><link>https://news.example/1</link>"


def read(body: str | bytes, content_type: str | None = None) -> ParsedFeed:
    raw = body.encode() if isinstance(body, str) else body
    zone = ZoneInfo("Europe/Moscow")
    return parse(raw, url=BASE, content_type=content_type, zone=zone, now=NOW)


def rss(items: str, attributes: str = "", channel: str = "") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <rss version="2.0" {attributes}><channel><title>Газета</title>{channel}{items}</channel>
    </rss>"""


def item(inside: str, attributes: str = "") -> ParsedEntry:
    (entry,) = read(rss(f"<item>{inside}</item>", attributes)).entries
    return entry


def atom(inside: str, attributes: str = "", feed: str = "") -> ParsedFeed:
    return read(
        f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" {attributes}>
        <title>Газета</title>{feed}<entry><id>urn:1</id>{inside}</entry></feed>"""
    )


# ---------------------------------------------------------------- encodings, as served


@pytest.mark.parametrize(
    ("encoding", "declared", "charset"),
    [
        ("utf-8-sig", "windows-1251", "koi8-r"),
        ("utf-16", "utf-16", None),
        ("utf-16-be", "utf-8", None),
        ("utf-32", "utf-32", "utf-8"),
        ("koi8-r", "koi8-r", None),
        ("koi8-r", "utf-8", "koi8-r"),
        ("koi8-r", "koi8-r", "windows-1251"),
        ("cp1251", "windows-1251", None),
        ("cp1251", "UTF-8", "windows-1251"),
        ("cp1251", "windows-1251", "utf-8"),
        ("cp1251", "windows-1251", "ISO-8859-1"),
        ("cp1251", "utf-8", None),
        ("cp1251", "x-no-such", "binary"),
        ("utf-8", "windows-1251", "windows-1251"),
        ("utf-8", "us-ascii", "us-ascii"),
    ],
)
def test_titles_survive_every_encoding(encoding: str, declared: str, charset: str | None) -> None:
    body = rss(f"<item>{LINKED}<description>{'Что было дальше? ' * 5}</description></item>")
    body = body.replace('encoding="UTF-8"', f'encoding="{declared}"')
    header = f"text/xml; charset={charset}" if charset else "text/xml"
    feed = read(body.encode(encoding), header)
    assert (feed.title, feed.entries[0].title) == ("Газета", TITLE)


def test_items_in_windows_1251_inside_a_feed_in_utf8_are_read() -> None:
    old = "<item><title>Старая «Ёлка» в архиве</title><link>/old</link></item>".encode("cp1251")
    head, tail = rss(f"<item>{LINKED}</item>@@").encode().split(b"@@")
    titles = [entry.title for entry in read(head + old + tail).entries]
    assert titles == [TITLE, "Старая «Ёлка» в архиве"]


def test_windows_quotes_in_latin_feeds_are_read() -> None:
    body = rss("<item><title>“Été” – l’avis</title><link>/1</link></item>")
    body = body.replace("UTF-8", "ISO-8859-1").replace("Газета", "Gazette")
    assert read(body.encode("cp1252")).entries[0].title == "“Été” – l’avis"


# ---------------------------------------------------------------- broken markup


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        ("<title>AT&T & «Ко»</title>", "AT&T & «Ко»"),
        ("<title>&laquo;Да&raquo; &mdash; нет&nbsp;&hellip;</title>", "«Да» — нет …"),
        ("<title>&nosuch; &;</title>", "&nosuch; &;"),
        ("<title>&copy 2026 a&b=1</title>", "© 2026 a&b=1"),
        ("<title>2 < 3 и 4 > 1</title>", "2 < 3 и 4 > 1"),
        ("<title>За\x0bго\x1bловок\ufffe</title>", "Заголовок"),
        ("<title><![CDATA[<b>Да</b> &amp; нет]]></title>", "Да & нет"),
        ("<title><![CDATA[Да]]> и <![CDATA[нет]]></title>", "Да и нет"),
        ("<title><![CDATA[AT&T: 1 < 2]]></title>", "AT&T: 1 < 2"),
        ("<title>&lt;b&gt;Да&lt;/b&gt;</title>", "Да"),
        ("<title>&amp;lt;b&amp;gt;Да&amp;lt;/b&amp;gt;</title>", "Да"),
        ("<title>&amp;amp;quot;Да&amp;amp;quot;</title>", '"Да"'),
        ("<title>Да <b>и</b> <i>нет</i></title>", "Да и нет"),
        ("<title>\n  Да\n\n  и\tнет </title>", "Да и нет"),
        ("<!-- a -- b --><title>Да</title>", "Да"),
        ("<TITLE>Да</TITLE>", "Да"),
        ("<title/><title>Да</title>", "Да"),
        ("<title>Да]]></title>", "Да"),
    ],
)
def test_titles_come_out_as_their_readers_should_see_them(inside: str, title: str) -> None:
    link = "<link>https://news.example/1</link>"
    assert item(inside + link).title == title


@pytest.mark.parametrize(
    "named",
    [
        "<dc:title>Да</dc:title>",
        "<media:title>Да</media:title>",
        "<itunes:title>Да</itunes:title>",
        "<title/><description>&lt;p&gt;Да&lt;/p&gt;</description>",
        "<content:encoded><![CDATA[<p>Да</p>]]></content:encoded>",
    ],
)
def test_an_entry_without_a_title_is_named_by_what_it_has(named: str) -> None:
    assert item(named).title == "Да"


@pytest.mark.parametrize(
    "slip",
    [
        "<description>a & b &nbsp; &euro;</description>",
        "<description><p>Открыто<br>и не закрыто</description>",
        "<media:content url='https://i.example/1.jpg' medium='image'/>",
        "<dc:creator>Анна</dc:creator><unknown:tag a:b='c'/>",
        "<description>text ]]> text</description>",
        "<link rel=alternate href=https://news.example/1>",
        "<guid isPermaLink=false>x</guid>",
        "<!-- never -- closed -- well -->",
        "<category domain='a' domain='b'>c</category>",
    ],
)
def test_a_slip_in_one_item_costs_no_other(slip: str) -> None:
    feed = read(
        rss(
            f"<item>{LINKED}</item><item><title>Второй</title><link>/2</link>{slip}</item>"
            "<item><title>Третий</title><link>https://news.example/3</link></item>"
        )
    )
    assert [entry.title for entry in feed.entries] == [TITLE, "Второй", "Третий"]
    assert feed.entries[2].url == "https://news.example/3"


@pytest.mark.parametrize(
    "cut", ["<item><title>Нача", "<item><title>A</title><link>ht", "<it", "<!["]
)
def test_a_document_that_is_cut_keeps_what_came_whole(cut: str) -> None:
    body = rss(f"<item>{LINKED}</item>").partition("</channel>")[0]
    assert read(body + cut).entries[0].title == TITLE


def test_what_comes_after_the_feed_is_ignored() -> None:
    feed = read(rss(f"<item>{LINKED}</item>") + "\n<!-- cached -->\n<script>track()</script>")
    assert [entry.title for entry in feed.entries] == [TITLE]


def test_forgotten_prefixes_mean_what_they_always_mean() -> None:
    entry = item(
        f"{LINKED}<dc:date>2026-11-22T10:00:00Z</dc:date><dc:creator>Анна</dc:creator>"
        "<content:encoded><![CDATA[<p>Весь текст</p>]]></content:encoded>"
        '<media:content url="https://i.example/1.jpg" medium="image"/>'
    )
    assert entry.published == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert (entry.author, entry.content_html) == ("Анна", "<p>Весь текст</p>")
    assert entry.image == EntryImage("https://i.example/1.jpg")


def test_a_namespace_counts_and_not_its_prefix() -> None:
    entry = item(
        f"{LINKED}<d:creator>Анна</d:creator><c:encoded>&lt;p&gt;Текст&lt;/p&gt;</c:encoded>"
        '<y:full-text>Весь длинный текст</y:full-text><m:content url="https://i.example/1.jpg"/>',
        'xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:m="http://search.yahoo.com/mrss/" '
        'xmlns:c="http://purl.org/rss/1.0/modules/content/" xmlns:y="http://news.yandex.ru"',
    )
    assert (entry.author, entry.content_html) == ("Анна", "<p>Весь длинный текст</p>")
    assert entry.image == EntryImage("https://i.example/1.jpg")


def test_atom_under_a_prefix_is_atom() -> None:
    feed = read(
        '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>Газета</a:title><a:entry><a:id>1</a:id>'
        '<a:title>Да</a:title><a:link href="https://news.example/1"/></a:entry></a:feed>'
    )
    assert (feed.entries[0].title, feed.entries[0].url) == ("Да", "https://news.example/1")


# ---------------------------------------------------------------- other titles, links, guids


@pytest.mark.parametrize(
    "other",
    [
        "<image><url>https://i.example/1.jpg</url><title>Картинка</title><link>/i</link></image>",
        "<media:title>Картинка</media:title>",
        '<media:content url="https://i.example/1.jpg"><media:title>Картинка</media:title>'
        "<media:description>Вид</media:description></media:content>",
        '<media:group><media:content url="https://i.example/1.jpg"/><media:title>К</media:title>'
        "</media:group>",
        '<source url="https://other.example/rss">Другая газета</source>',
        "<itunes:title>Выпуск</itunes:title>",
        "<author><name>Анна</name></author>",
        "<comments>https://news.example/1#comments</comments>",
        '<atom:link rel="self" href="https://news.example/self"/>',
        '<atom:link rel="replies" href="https://news.example/replies"/>',
        '<enclosure url="https://news.example/1.mp3" type="audio/mpeg" length="1"/>',
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_what_belongs_to_another_is_not_the_entrys(other: str, first: bool) -> None:
    entry = item(other + LINKED if first else LINKED + other)
    assert (entry.title, entry.url) == (TITLE, "https://news.example/1")


@pytest.mark.parametrize(
    ("inside", "url"),
    [
        ("<link>/a</link>", "https://news.example/a"),
        ("<link>a.html?x=1&y=2</link>", "https://news.example/rss/a.html?x=1&y=2"),
        ("<link> \n https://news.example/a \n </link>", "https://news.example/a"),
        (
            "<link><![CDATA[https://news.example/a?b=1&c=2]]></link>",
            "https://news.example/a?b=1&c=2",
        ),
        ("<link>/a?b=1&amp;amp;c=2</link>", "https://news.example/a?b=1&c=2"),
        ("<link>//other.example/a</link>", "https://other.example/a"),
        ('<link href="https://news.example/a"/>', "https://news.example/a"),
        ('<link uri="at://did:plc:x/y">https://news.example/a</link>', "https://news.example/a"),
        ('<atom:link href="https://news.example/a" rel="alternate"/>', "https://news.example/a"),
        ("<link></link><guid>https://news.example/a</guid>", "https://news.example/a"),
        ('<guid isPermaLink="true">https://news.example/a</guid>', "https://news.example/a"),
        ('<guid isPermaLink="false">https://news.example/a</guid>', ""),
        ("<guid>17</guid>", ""),
        ("<link>javascript:alert(1)</link>", ""),
        ("<link>mailto:a@b.example</link>", ""),
        ("<link>https://</link>", ""),
        (
            "<link>https://feeds.example/~r/x</link>"
            "<feedburner:origLink>https://news.example/a</feedburner:origLink>",
            "https://news.example/a",
        ),
    ],
)
def test_links_from_wherever_they_stand(inside: str, url: str) -> None:
    assert item(f"<title>{TITLE}</title>{inside}").url == url


@pytest.mark.parametrize(
    "links",
    [
        '<link href="https://news.example/1"/>',
        '<link rel="self" href="/self"/><link rel="alternate" href="https://news.example/1"/>',
        '<link rel="alternate" href="https://news.example/1"/><link rel="self" href="/self"/>',
        '<link rel="enclosure" type="image/jpeg" href="/1.jpg"/><link href="https://news.example/1"/>',
        '<link rel="edit" href="/edit"/><link rel="replies" href="/r"/>'
        '<link rel="alternate" type="text/html" href="https://news.example/1"/>',
        '<link rel="http://www.iana.org/assignments/relation/alternate" href="https://news.example/1"/>',
    ],
)
def test_atoms_alternate_link_is_the_page(links: str) -> None:
    assert atom(f"<title>{TITLE}</title>{links}").entries[0].url == "https://news.example/1"


def test_a_guid_does_not_move_with_its_feed() -> None:
    body = rss(f"<item><guid>17</guid>{LINKED}</item>").encode()
    moved = [
        parse(body, url=url, content_type=None, zone=UTC, now=NOW).entries[0].guid
        for url in ("http://old.example/rss", "https://new.example/feed/all.xml")
    ]
    assert moved == ["17", "17"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("<guid>1</guid>", "<guid>1</guid>"),
        ("<guid>1</guid>", "<guid>2</guid>"),
        ("", "<guid>2</guid>"),
        ("", "<pubDate>Sun, 22 Nov 2026 10:00:00 GMT</pubDate><guid>2</guid>"),
        ("<pubDate>Sun, 22 Nov 2026 10:00:00 GMT</pubDate>", "<guid>2</guid>"),
        ("<category>Город</category>", "<category>Мосты</category>"),
    ],
)
def test_an_entry_listed_twice_is_one(first: str, second: str) -> None:
    again = LINKED.replace("news.example/1", "www.news.example/1/?utm_source=rss")
    feed = read(rss(f"<item>{LINKED}{first}</item><item>{again}{second}</item>"))
    assert [entry.title for entry in feed.entries] == [TITLE]


def test_xml_base_counts() -> None:
    feed = atom(f'<title>{TITLE}</title><link href="1"/>', 'xml:base="https://other.example/news/"')
    assert feed.entries[0].url == "https://other.example/news/1"
    entry = read(
        rss(
            f"<item xml:base='https://other.example/a/'><title>{TITLE}</title><link>1</link></item>"
        )
    ).entries[0]
    assert entry.url == "https://other.example/a/1"


# ---------------------------------------------------------------- atom's texts


@pytest.mark.parametrize(
    ("title", "read_as"),
    [
        ('<title type="text">1 &lt; 2</title>', "1 < 2"),
        ('<title type="html">&lt;em&gt;Да&lt;/em&gt; &amp;amp; нет</title>', "Да & нет"),
        (
            '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Да <b>и</b> нет</div>'
            "</title>",
            "Да и нет",
        ),
        ('<title type="html"><![CDATA[<p>Да</p>]]></title>', "Да"),
    ],
)
def test_atoms_kinds_of_text(title: str, read_as: str) -> None:
    assert atom(f'{title}<link href="/1"/>').entries[0].title == read_as


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_xhtml_content_is_markup(prefix: str) -> None:
    declared = 'xmlns:x="http://www.w3.org/1999/xhtml"' if prefix else ""
    inner = 'xmlns="http://www.w3.org/1999/xhtml"' if not prefix else ""
    feed = atom(
        f'<title>{TITLE}</title><content type="xhtml"><{prefix}div {inner}><{prefix}p>Раз &lt; два'
        f"</{prefix}p></{prefix}div></content>",
        declared,
    )
    assert "<p>Раз &lt; два</p>" in feed.entries[0].content_html


def test_atom_of_2003_is_read() -> None:
    feed = read(
        """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Газета</title><entry>
        <title mode="escaped">&lt;b&gt;Да&lt;/b&gt;</title><id>tag:1</id>
        <link rel="alternate" type="text/html" href="https://news.example/1"/>
        <issued>2026-11-22T10:00:00+03:00</issued><modified>2026-11-22T11:00:00+03:00</modified>
        <content type="text/html" mode="escaped">&lt;p&gt;Текст&lt;/p&gt;</content></entry>
        </feed>"""
    )
    (entry,) = feed.entries
    assert (entry.title, entry.url, entry.content_html) == (
        "Да",
        "https://news.example/1",
        "<p>Текст</p>",
    )
    assert entry.published == datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    assert entry.updated == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("version", ["0.91", "0.92", "0.93", "0.94", "2.0", "2.0.1", ""])
def test_every_rss_is_read(version: str) -> None:
    body = rss(f"<item>{LINKED}</item>").replace('version="2.0"', f'version="{version}"')
    assert read(body).entries[0].title == TITLE


def test_rss_of_1999_is_read() -> None:
    feed = read(
        f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>Газета</title>
        <link>https://news.example/</link></channel><image><title>Знак</title></image>
        <item>{LINKED}</item><textinput><title>Поиск</title></textinput></rdf:RDF>"""
    )
    assert (feed.title, feed.entries[0].title, feed.site) == (
        "Газета",
        TITLE,
        "https://news.example/",
    )


def test_the_title_of_the_channels_logo_is_not_the_channels() -> None:
    logo = "<image><url>https://i.example/l.png</url><title>Знак</title><link>/l</link></image>"
    for body in (rss("", channel=logo), rss("").replace("<title>", f"{logo}<title>")):
        assert read(body).title == "Газета"


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("date", "hour"),
    [
        ("<pubDate>Sun, 22 Nov 2026 10:00:00 MSK</pubDate>", 7),
        ("<pubDate>sun, 22 nov 26 10:00 +0300</pubDate>", 7),
        ("<pubDate>Вс, 22 ноября 2026 10:00:00 UTC+3</pubDate>", 7),
        ("<pubDate>2026-11-22 10:00:00</pubDate>", 7),
        ("<pubDate>1795330800</pubDate>", 7),
        ("<pubDate></pubDate><dc:date>2026-11-22T10:00:00+03:00</dc:date>", 7),
        ("<pubDate>soon</pubDate><dc:date>2026-11-22T10:00:00+03:00</dc:date>", 7),
        ("<pubdate>Sun, 22 Nov 2026 10:00:00 +0300</pubdate>", 7),
        ("<dcterms:issued>2026-11-22T10:00:00+03:00</dcterms:issued>", 7),
        ("<prism:publicationDate>2026-11-22T10:00:00+03:00</prism:publicationDate>", 7),
        ("<a10:updated>2026-11-22T10:00:00+03:00</a10:updated>", 7),
        ("<atom:updated>2026-11-22T10:00:00+03:00</atom:updated>", 7),
        ("<pubDate>Tue, 22 Nov 2046 10:00:00 GMT</pubDate>", 12),
    ],
)
def test_dates_from_wherever_they_stand(date: str, hour: int) -> None:
    published = item(LINKED + date).published
    assert published == datetime(2026, 11, 22, hour, 0, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "<pubDate/>", "<pubDate>31 Feb 2026</pubDate>"])
def test_no_date_is_no_date(date: str) -> None:
    assert item(LINKED + date).published is None


# ---------------------------------------------------------------- pictures and texts


def test_the_largest_of_a_group_is_the_picture() -> None:
    entry = item(
        f"{LINKED}<media:group><media:content url='/s.jpg' width='100' height='50'/>"
        "<media:content url='https://i.example/l.jpg' width='1200' height='600'/></media:group>"
        "<media:thumbnail url='https://i.example/t.jpg' width='75' height='75'/>"
        "<enclosure url='https://i.example/e.jpg' type='image/jpeg' length='1'/>"
        "<enclosure url='https://i.example/a.mp3' type='audio/mpeg' length='1'/>"
    )
    assert entry.image == EntryImage("https://i.example/l.jpg", 1200, 600)


def test_a_podcasts_picture_is_found() -> None:
    entry = item(f"{LINKED}<itunes:image href='https://i.example/p.jpg'/>")
    assert entry.image == EntryImage("https://i.example/p.jpg")


def test_the_whole_text_is_told_from_the_short_one() -> None:
    entry = item(
        f"{LINKED}<description>Коротко.</description>"
        "<content:encoded><![CDATA[<p>Длинно и подробно.</p>]]></content:encoded>"
    )
    assert (entry.summary_html, entry.content_html) == ("Коротко.", "<p>Длинно и подробно.</p>")


def test_markup_in_a_short_text_stays_markup() -> None:
    entry = item(f"{LINKED}<description>&lt;p&gt;AT&amp;amp;T &amp;lt; 1&lt;/p&gt;</description>")
    assert entry.summary_html == "<p>AT&amp;T &lt; 1</p>"


# ---------------------------------------------------------------- WebSub


def test_a_hub_and_its_topic_are_found_in_rss_atom_and_json() -> None:
    links = (
        '<{0}link rel="hub" href="javascript:x"/><{0}link rel="hub" href="https://hub.example/"/>'
        '<{0}link rel="self" href="/topic.xml"/>'
    )
    feeds = (
        read(rss("", 'xmlns:atom="http://www.w3.org/2005/Atom"', links.format("atom:"))),
        read(rss("", "", links.format("atom:"))),
        atom("<title>x</title>", feed=links.format("")),
        read(
            json.dumps(
                {
                    "version": "https://jsonfeed.org/version/1.1",
                    "items": [],
                    "feed_url": "/topic.xml",
                    "hubs": [
                        {"type": "rssCloud", "url": "https://cloud.example/"},
                        5,
                        {"type": "WebSub", "url": "https://hub.example/"},
                    ],
                }
            )
        ),
    )
    for feed in feeds:
        assert (feed.hub, feed.self_url) == (
            "https://hub.example/",
            "https://news.example/topic.xml",
        )
    own = f'<link xmlns="http://www.w3.org/2005/Atom" rel="self" href="{BASE}"/>'
    assert read(rss("", channel=own)).self_url == BASE
    plain = read(rss(""))
    assert (plain.hub, plain.self_url) == ("", "")


# ---------------------------------------------------------------- refusals and problems


def test_refused_entries_are_counted_in_one_line() -> None:
    nothing = "<item><guid>x</guid></item><item></item><item><title> </title></item>"
    feed = read(rss(f"{nothing}<item>{LINKED}</item>"))
    assert len(feed.entries) == 1
    assert feed.problems == ("3 entries without title or text were left out.",)


def test_a_flood_of_entries_is_cut_and_told() -> None:
    items = [{"id": number, "title": f"Новость {number}"} for number in range(5_002)]
    feed = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}))
    assert len(feed.entries) == 5_000
    assert feed.entries[0].title == "Новость 0"
    assert feed.problems == ("2 entries beyond the first 5000 were left out.",)


def test_what_could_be_mended_is_no_problem() -> None:
    feed = read(rss(f"<item>{LINKED}<description>a & b &nbsp; <x:y/></description></item>"))
    assert feed.problems == ()


def test_a_fault_reads_the_same_wherever_it_stands() -> None:
    bodies = (rss(f"{'<item/>' * n}<item>{LINKED}</wrong></item>") for n in (0, 5))
    faults = {read(body).problems[0] for body in bodies}
    assert faults == {"The XML is broken (mismatched tag) and was repaired."}


@pytest.mark.parametrize("body", [rss(""), "<feed xmlns='http://www.w3.org/2005/Atom'/>"])
def test_a_feed_without_entries_is_a_feed(body: str) -> None:
    assert read(body).entries == ()
    assert read(body).problems == ()


@pytest.mark.parametrize("body", [b"", b" \n ", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00\x01\x02"])
def test_nothing_is_no_feed(body: bytes) -> None:
    with pytest.raises(NotAFeedError):
        read(body)


def test_a_page_that_shows_a_feeds_source_is_a_page() -> None:
    with pytest.raises(NotAFeedError, match="web page"):
        read("<!DOCTYPE html><html><body><rss><channel><item/></channel></rss></body></html>")


# ---------------------------------------------------------------- hostile ones


def test_a_tag_with_thousands_of_attributes_is_refused_at_once() -> None:
    attributes = " ".join(f'a{number}="1"' for number in range(50_000))
    begun = time.process_time()
    with pytest.raises(HostileFeedError, match="attributes"):
        read(rss(f"<item {attributes}/>"))
    assert time.process_time() - begun < 5
    picture = f"<x src='data:image/png;base64,{'A' * 50_000}=='/>"
    assert item(LINKED + picture).title == TITLE


@pytest.mark.parametrize(
    "flood",
    [
        "<!--",
        "<![CDATA[",
        "<!DOCTYPE ",
        "&",
        "&#1",
        "<link rel=x ",
        "<skipHours>",
        "a@",
        "<br",
        "a:b ",
        "<?xml ",
        "\ufeff",
    ],
)
def test_our_own_steps_take_time_by_length_alone(flood: str) -> None:
    def took(count: int) -> float:
        body = rss(f"<item><title>{flood * count}</title></item>").encode()
        begun = time.process_time()
        for text in (decode(body), flood * count):
            with suppress(FeedError):
                mended(without_prolog(text))
            plain_text(text)
        return time.process_time() - begun

    assert took(40_000) < 0.5 + 30 * took(4_000)
