"""Feeds of every format, with the faults that real ones have."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.feeds.entries import EntryImage, ParsedEntry, ParsedFeed
from bot.feeds.errors import HostileFeedError, NotAFeedError
from bot.feeds.parser import parse, plain_text

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BASE = "https://news.example/rss.xml"


def read(body: str | bytes, content_type: str | None = None) -> ParsedFeed:
    raw = body.encode() if isinstance(body, str) else body
    zone = ZoneInfo("Europe/Moscow")
    return parse(raw, url=BASE, content_type=content_type, zone=zone, now=NOW)


def rss(items: str, channel: str = "") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
      xmlns:yandex="http://news.yandex.ru" xmlns:turbo="http://turbo.yandex.ru"
      xmlns:content="http://purl.org/rss/1.0/modules/content/"
      xmlns:dc="http://purl.org/dc/elements/1.1/">
    <channel><title>Газета</title>{channel}{items}</channel></rss>"""


def item(inside: str) -> ParsedEntry:
    (entry,) = read(rss(f"<item>{inside}</item>")).entries
    return entry


LINKED = "<title>Заголовок</title><link>/a</link>"
OTHER = "<item><title>Другой</title><link>/b</link></item>"


# ---------------------------------------------------------------- formats


def test_rss_with_all_that_publishers_put_in() -> None:
    feed = read(
        rss(
            """<item><guid isPermaLink="false">id-1</guid>
            <title>Указ &amp;quot;О мире&amp;quot; &lt;b&gt;подписан&lt;/b&gt;</title>
            <link>/news/1?utm_source=rss</link>
            <author>noreply@news.example (Иван Петров)</author>
            <category>Политика</category><category>Россия</category><category>Политика</category>
            <pubDate>Вс, 22 ноя 2026 14:00:00 MSK</pubDate>
            <description>&lt;p&gt;Коротко.&lt;/p&gt;</description>
            <yandex:full-text>Полный текст
            во второй строке</yandex:full-text>
            <media:rating>18+</media:rating>
            <media:thumbnail url="/t.jpg" width="100" height="50"/>
            <media:content url="/p.jpg" medium="image" width="800" height="400"/>
            <enclosure url="/v.mp4" type="video/mp4" length="1"/></item>""",
            """<link>https://news.example/</link><language>ru-RU</language><ttl>15</ttl>
            <skipHours><hour>1</hour><hour>2</hour><hour>24</hour></skipHours>
            <skipDays><day>Saturday</day><day>Sunday</day></skipDays>""",
        )
    )
    assert feed.title == "Газета"
    assert (feed.language, feed.ttl) == ("ru", 900)
    assert feed.skip_hours == frozenset({0, 1, 2})
    assert feed.skip_days == frozenset({5, 6})
    assert feed.problems == ()
    assert feed.entries == (
        ParsedEntry(
            guid="id-1",
            url="https://news.example/news/1?utm_source=rss",
            title='Указ "О мире" подписан',
            published=datetime(2026, 11, 22, 11, 0, tzinfo=UTC),
            author="Иван Петров",
            summary_html="<p>Коротко.</p>",
            content_html="<p>Полный текст</p><p>во второй строке</p>",
            categories=("Политика", "Россия"),
            image=EntryImage("https://news.example/p.jpg", 800, 400),
            labels=("18+",),
        ),
    )


def test_atom() -> None:
    feed = read(
        """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Example</title>
        <entry><id>urn:1</id><title type="html">Fish &amp;amp; chips</title>
        <link rel="self" href="https://x.example/self"/>
        <link rel="alternate" href="https://news.example/1"/>
        <updated>2026-11-22T10:00:00Z</updated><published>2026-11-22T09:00:00Z</published>
        <author><name>Ann</name></author><author><name>Bob</name></author>
        <category term="world" label="World"/>
        <summary>Short.</summary><content type="html">&lt;p&gt;Long.&lt;/p&gt;</content>
        </entry></feed>"""
    )
    (entry,) = feed.entries
    assert (entry.guid, entry.url) == ("urn:1", "https://news.example/1")
    assert entry.title == "Fish & chips"
    assert entry.published == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert entry.updated == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert (entry.author, entry.categories) == ("Ann, Bob", ("World",))
    assert (entry.summary_html, entry.content_html) == ("Short.", "<p>Long.</p>")


def test_rdf() -> None:
    feed = read(
        """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="x"><title>Heise</title></channel>
        <item rdf:about="https://news.example/1"><title>One</title>
        <link>https://news.example/1</link><dc:date>2026-11-22T10:00:00+01:00</dc:date></item>
        </rdf:RDF>"""
    )
    assert feed.title == "Heise"
    assert feed.entries[0].published == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_json_feed() -> None:
    feed = read(
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "JSON & co",
                "language": "en-GB",
                "items": [
                    {
                        "id": "1",
                        "url": "https://news.example/1?a=1&b=2",
                        "title": "AT&T &amp; others",
                        "content_html": "<p>Text</p>",
                        "summary": "Short",
                        "image": "https://news.example/1.jpg",
                        "date_published": "2026-11-22T10:00:00+03:00",
                        "authors": [{"name": "Ann"}],
                        "tags": ["World"],
                    },
                    {"id": "2", "url": "https://news.example/2"},
                ],
            }
        )
    )
    assert (feed.title, feed.language) == ("JSON & co", "en")
    assert feed.entries == (
        ParsedEntry(
            guid="1",
            url="https://news.example/1?a=1&b=2",
            title="AT&T & others",
            published=datetime(2026, 11, 22, 7, 0, tzinfo=UTC),
            author="Ann",
            summary_html="Short",
            content_html="<p>Text</p>",
            categories=("World",),
            image=EntryImage("https://news.example/1.jpg"),
        ),
    )
    assert feed.problems == ("1 entry without title or text was left out.",)


def test_json_of_unexpected_shape_loses_only_what_is_odd() -> None:
    feed = read(
        """{"version": "https://jsonfeed.org/version/1", "title": "T", "items": [
        {"id": 7, "url": "https://news.example/7", "title": "Half \\ud83d pair, \\ud83d\\ude00",
         "content_text": "1 <b> 2", "tags": ["a", null, 3], "authors": null},
        {"id": "8", "url": 5, "title": {"a": 1}}, {"id": "9", "date_published": 5}, null,
        {"id": "10", "title": "Ten", "tags": 5, "attachments": 5}]}"""
    )
    entry, ten = feed.entries
    assert (ten.guid, ten.categories) == ("10", ())
    assert (entry.guid, entry.title) == ("7", "Half ? pair, \U0001f600")
    assert entry.content_html == "1 &lt;b&gt; 2"
    assert entry.categories == ("a", "3")
    assert feed.problems == ("3 entries without title or text were left out.",)


# ---------------------------------------------------------------- identity


def test_an_entry_without_a_title_is_called_by_its_first_words() -> None:
    entry = item(f"<link>/a</link><description>{'слово ' * 40}</description>")
    assert entry.title.startswith("слово слово")
    assert entry.title.endswith("слово…")
    assert len(entry.title) <= 90


def test_a_permalink_guid_serves_as_link() -> None:
    assert (
        item("<title>A</title><guid>https://news.example/7</guid>").url == "https://news.example/7"
    )


def test_entries_that_are_nothing_are_left_out_and_told() -> None:
    feed = read(rss(f"<item><link>/empty</link></item><item>{LINKED}</item>"))
    assert [entry.title for entry in feed.entries] == ["Заголовок"]
    assert feed.problems == ("1 entry without title or text was left out.",)


def test_entries_without_a_usable_link_are_kept_without_one() -> None:
    feed = read(
        rss(
            """<item><title>No link</title></item><item><title>Other</title></item>
            <item><title>Script</title><link>javascript:alert(1)</link></item>
            <item><title>Bracket</title><link>http://[broken/</link></item>
            <item><title>Permalink</title><guid>http://[broken/</guid></item>
            <item><title>No host</title><link>http://:80/a</link></item>"""
        )
    )
    titles = ["No link", "Other", "Script", "Bracket", "Permalink", "No host"]
    assert [entry.title for entry in feed.entries] == titles
    assert {entry.url for entry in feed.entries} == {""}
    assert len({entry.guid for entry in feed.entries}) == 6


def test_without_a_guid_the_address_is_the_identity() -> None:
    assert item(LINKED).guid == "https://news.example/a"


def test_one_guid_for_all_entries_identifies_none() -> None:
    feed = read(
        rss(
            "".join(
                f"<item><guid>https://news.example/</guid><title>T{n}</title><link>/{n}</link></item>"
                for n in range(3)
            )
        )
    )
    assert [entry.guid for entry in feed.entries] == [f"https://news.example/{n}" for n in range(3)]


def test_one_link_for_all_entries_without_guids_loses_none() -> None:
    feed = read(
        rss("".join(f"<item><title>T{n}</title><link>/all</link></item>" for n in range(3)))
    )
    assert len({entry.guid for entry in feed.entries}) == 3


def test_one_guid_for_entries_of_some_pages_loses_none() -> None:
    items = "".join(
        f"<item><guid isPermaLink='false'>site</guid><title>{title}</title>"
        f"<link>/{page}</link></item>"
        for title, page in (("Раз", "live"), ("Два", "live"), ("Три", "other"))
    )
    entries = read(rss(items)).entries
    assert [entry.title for entry in entries] == ["Раз", "Два", "Три"]
    assert len({entry.guid for entry in entries}) == 3


def test_bulletins_under_one_title_and_page_are_apart_by_their_dates() -> None:
    items = "".join(
        f"<item><guid isPermaLink='false'>{hour}</guid><title>Плановые работы</title>"
        f"<link>/status</link><pubDate>2026-11-22 {hour}:00</pubDate></item>"
        for hour in (10, 11)
    )
    assert len(read(rss(items)).entries) == 2


def test_an_identity_made_of_a_date_to_come_does_not_move_with_the_clock() -> None:
    body = rss(
        "<item><guid isPermaLink='false'>site</guid><title>Один</title>"
        "<pubDate>2026-12-01 10:00</pubDate></item>"
        "<item><guid isPermaLink='false'>site</guid><title>Другой</title></item>"
    )
    guids = [
        [
            entry.guid
            for entry in parse(
                body.encode(), url=BASE, content_type=None, zone=UTC, now=now
            ).entries
        ]
        for now in (NOW, NOW + timedelta(minutes=5))
    ]
    assert guids[0] == guids[1]
    assert len(set(guids[0])) == 2


def test_doubles_are_dropped() -> None:
    twice = f"<item><guid isPermaLink='false'>1</guid>{LINKED}</item>" * 2
    other = f"<item><guid>2</guid>{LINKED.replace('/a', '/a?utm_source=x')}</item>"
    assert [entry.guid for entry in read(rss(twice + other)).entries] == ["1"]


def test_what_the_library_stumbles_over_costs_no_entry() -> None:
    body = rss(f"<item><guid>1</guid>{LINKED}</item><image></width></image>&nothing <b")
    assert [entry.guid for entry in read(body).entries] == ["1"]


# ---------------------------------------------------------------- texts, dates, pictures


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("AT&amp;T", "AT&T"),
        ("&amp;laquo;Да&amp;raquo;", "«Да»"),
        ("a <b>b</b> c", "a b c"),
        ("one<br/>two</p><p>three", "one two three"),
        ("2 < 3 and 4 > 1", "2 < 3 and 4 > 1"),
        ("x&lt;y и y&gt;z", "x<y и y>z"),
        ("if a<b and c>d", "if a<b and c>d"),
        ("<p class='x' hidden>a</p ><hr noshade><br /><img src=x>b", "a b"),
        ("  many \n\t spaces\u00a0here ", "many spaces here"),
        ("пере\u00adнос", "перенос"),
        ("<!-- no -->yes", "yes"),
    ],
)
def test_plain_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def test_dates_in_the_future_are_now() -> None:
    assert item(f"{LINKED}<pubDate>Mon, 23 Nov 2026 00:00:00 GMT</pubDate>").published == NOW


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_templates_placeholder_is_no_date(date: str) -> None:
    assert item(f"{LINKED}<pubDate>{date}</pubDate>").published is None


def test_a_date_without_a_zone_is_in_the_feeds_own() -> None:
    published = item(f"{LINKED}<pubDate>Sun, 22 Nov 2026 10:00:00</pubDate>").published
    assert published == datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def test_an_unreadable_date_is_none() -> None:
    assert item(f"{LINKED}<pubDate>soon</pubDate>").published is None


def test_the_longest_text_is_the_content() -> None:
    entry = item(
        f"{LINKED}<content:encoded><![CDATA[<p>Short</p>]]></content:encoded>"
        "<turbo:content><![CDATA[<p>Much longer than that</p>]]></turbo:content>"
    )
    assert entry.content_html == "<p>Much longer than that</p>"


def test_text_that_talks_about_markup_stays_text() -> None:
    assert item(f"{LINKED}<yandex:full-text>1 &lt; 2</yandex:full-text>").content_html == (
        "<p>1 &lt; 2</p>"
    )


@pytest.mark.parametrize(
    ("inside", "image"),
    [
        ('<enclosure url="/e.jpg" type="image/jpeg" length="1"/>', "https://news.example/e.jpg"),
        ('<media:content url="https://i.example/x.webp?w=1"/>', "https://i.example/x.webp?w=1"),
        ('<media:thumbnail url="//i.example/t.png"/>', "https://i.example/t.png"),
    ],
)
def test_pictures_from_wherever_they_are(inside: str, image: str) -> None:
    assert item(LINKED + inside).image == EntryImage(image)


@pytest.mark.parametrize(
    "inside",
    [
        '<enclosure url="/e.mp3" type="audio/mpeg" length="1"/>',
        '<media:content url="data:image/png;base64,AAAA" type="image/png"/>',
    ],
)
def test_what_is_no_picture_is_none(inside: str) -> None:
    assert item(LINKED + inside).image is None


@pytest.mark.parametrize(
    ("inside", "labels"),
    [
        ("<media:rating>nonadult</media:rating>", ()),
        ('<media:rating scheme="urn:simple">adult</media:rating>', ("18+",)),
        ("<age>16+</age>", ("16+",)),
    ],
)
def test_age_marks(inside: str, labels: tuple[str, ...]) -> None:
    assert item(LINKED + inside).labels == labels


# ---------------------------------------------------------------- faults


def test_wrong_declarations_do_not_spoil_the_text() -> None:
    body = rss(f"<item>{LINKED}</item>").encode("cp1251")
    assert read(body, "text/xml; charset=windows-1251").entries[0].title == "Заголовок"
    assert read(body).entries[0].title == "Заголовок"


def test_broken_xml_gives_what_can_be_had_and_says_so() -> None:
    feed = read(rss(f"<item>{LINKED}</item><item><title>Cut").replace("</channel></rss>", ""))
    assert feed.entries[0].title == "Заголовок"
    assert "broken" in feed.problems[0]


def test_control_characters_do_not_matter() -> None:
    assert item("<title>За\x08го\x00ловок</title><link>/a</link>").title == "Заголовок"


@pytest.mark.parametrize("reference", ["&#xD800;", "&#99999999999;", "&#1;", "&#0;", "&#xFFFF;"])
def test_a_reference_to_no_character_costs_nothing_but_itself(reference: str) -> None:
    feed = read(rss(f"<item><guid>a{reference}b</guid><title>Раз{reference}</title></item>{OTHER}"))
    assert [entry.title.rstrip("\ufffd") for entry in feed.entries] == ["Раз", "Другой"]
    assert "\x00" not in feed.entries[0].guid
    assert feed.problems == ()


def test_emoji_written_as_two_halves_are_whole_and_escaped_markup_stays_escaped() -> None:
    entry = item(
        "<title>Да &#55357;&#56832;&#xD83D;&#xDE00;</title><description>&#60;b&#62;!</description>"
    )
    assert entry.title == "Да 😀😀"
    assert entry.summary_html == "<b>!"


def test_a_body_that_is_a_path_opens_no_file(tmp_path: Path) -> None:
    file = tmp_path / "private.xml"
    file.write_text(rss(OTHER), encoding="utf-8")
    with pytest.raises(NotAFeedError):
        read(str(file))


def test_texts_in_the_wrong_place_are_cut() -> None:
    entry = item(f"<title>{'слово ' * 1000}</title><link>/{'a' * 3000}</link>")
    assert len(entry.title) <= 500
    assert entry.title.endswith("слово…")
    assert entry.url == "", "no message can hold it"
    feed = read(rss(OTHER).replace("Газета", "Газета " * 100))
    assert len(feed.title) <= 120


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "empty"),
        ("<!DOCTYPE html><html><body>Hi</body></html>", "web page"),
        ("  <html lang=ru><head></head></html>", "web page"),
        ('{"items": "no"}', "JSON"),
        ("[1, 2]", "JSON"),
        ("{broken", "no RSS"),
        ("hello", "no RSS"),
    ],
)
def test_what_is_no_feed_says_what_it_is(body: str, said: str) -> None:
    with pytest.raises(NotAFeedError, match=said):
        read(body)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!doctype rss SYSTEM "x" [ ]>',
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
    ],
)
def test_declared_entities_are_refused(head: str) -> None:
    with pytest.raises(HostileFeedError):
        read(head + rss(f"<item>{LINKED}</item>").partition("?>")[2])


def test_an_article_about_entities_is_read() -> None:
    entry = item(f"{LINKED}<description><![CDATA[<!DOCTYPE x [<!ENTITY a 'b'>]>]]></description>")
    assert entry.title == "Заголовок"


def test_an_old_feeds_public_doctype_is_read() -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://x.example/rss.dtd">'
    channel = f"<channel><title>A</title><item>{LINKED}</item></channel>"
    assert len(read(f"{doctype}<rss version='0.91'>{channel}</rss>").entries) == 1
