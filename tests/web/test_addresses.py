"""Typed addresses, canonical addresses, and the key that compares them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.addresses import (
    absolute_url,
    canonical_url,
    channel_of,
    channel_preview,
    check_url,
    source_domain,
    url_key,
)
from bot.web.errors import BadUrlError


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gazeta.ru/rss", "https://gazeta.ru/rss"),
        ("  <https://Example.com/a#part> ", "https://example.com/a"),
        ("http://example.com", "http://example.com"),
        ("feed://example.com/rss", "https://example.com/rss"),
        ("feed:http://example.com/rss", "http://example.com/rss"),
        ("пример.рф/лента", "https://xn--e1afmkfd.xn--p1ai/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0"),
        ("localhost:8000/feed", "https://localhost:8000/feed"),
        ("//example.com/a", "https://example.com/a"),
        ("[::1]:8080/a", "https://[::1]:8080/a"),
    ],
)
def test_a_typed_address_becomes_a_full_one(typed: str, meant: str) -> None:
    assert check_url(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "https://",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://example.com/a",
        "mailto:a@example.com",
        "https://user:secret@example.com/",
        "two words.ru",
        "example.com:99999",
        "https://[::1",
        "https://example.com\r\nHost:x",
    ],
)
def test_what_cannot_be_asked_is_refused(typed: str) -> None:
    with pytest.raises(BadUrlError):
        check_url(typed)


def test_a_refusal_does_not_repeat_a_password() -> None:
    with pytest.raises(BadUrlError) as caught:
        check_url("https://user:secret@example.com/")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("HTTPS://Example.COM:443/A?utm_source=x&id=2&yclid=3#top", "https://example.com/A?id=2"),
        (
            "https://example.com/a?fbclid=1&gclid=2&ysclid=3&ref=rss&from=RSS",
            "https://example.com/a",
        ),
        ("https://example.com/a?at_medium=RSS&at_campaign=rss&pk_kwd=x", "https://example.com/a"),
        ("https://example.com/a?&", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://example.com/#!/news/5", "https://example.com/#!/news/5"),
        ("  https://example.com/a  ", "https://example.com/a"),
        ("http://[::1]:80/x", "http://[::1]/x"),
        ("not an address", "not an address"),
    ],
)
def test_what_only_tracks_the_reader_is_dropped(address: str, canonical: str) -> None:
    assert canonical_url(address) == canonical


@pytest.mark.parametrize(
    "query",
    [
        "eid=5",
        "uid=5",
        "source=5",
        "clid=5",
        "session=3",
        "updated",
        "from=7",
        "pk_news=5",
        "at_id=5",
    ],
)
def test_what_may_name_the_page_stays(query: str) -> None:
    assert canonical_url(f"https://example.com/a?{query}") == f"https://example.com/a?{query}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.com/a", "https://www.example.com/a/"),
        ("https://example.com/a?b=1&a=2", "https://example.com/a?a=2&b=1"),
        ("https://пример.рф/а", "https://xn--e1afmkfd.xn--p1ai/%D0%B0"),
        ("https://example.com", "https://example.com/?utm_medium=rss"),
    ],
)
def test_addresses_of_one_page_have_one_key(one: str, other: str) -> None:
    assert url_key(one) == url_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/?id=1", "https://example.com/?id=2"),
        ("https://example.com/a", "https://example.com/A"),
        ("https://example.com/a", "https://example.com:8080/a"),
        ("https://a.example.com/", "https://example.com/"),
    ],
)
def test_addresses_of_different_pages_have_different_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://a.ru/", "https://a.ru/?"]))
def test_nothing_breaks_them_and_twice_is_once(text: str, start: str) -> None:
    canonical = canonical_url(start + text)
    assert canonical_url(canonical) == canonical
    assert url_key(canonical) == url_key(start + text)
    try:
        checked = check_url(start + text)
    except BadUrlError:
        return
    assert check_url(checked) == checked


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.example.org/rss.xml", "example.org"),
        ("https://RSS.Example.org/all", "example.org"),
        ("https://news.example.co.uk/feed", "example.co.uk"),
        ("https://anna.blogs.example/feed", "anna.blogs.example"),
        ("http://127.0.0.2:8080/feed", "127.0.0.2"),
        ("https://news.ru/rss", "news.ru"),
    ],
)
def test_the_publisher_behind_an_address(address: str, domain: str) -> None:
    assert source_domain(address) == domain


@pytest.mark.parametrize(
    "named",
    [
        "t.me/Paper_ru",
        "https://t.me/s/Paper_ru",
        "https://t.me/s/Paper_ru/?before=17",
        "http://www.telegram.me/Paper_ru/",
        "telegram.dog/@Paper_ru",
        "Paper_ru.t.me",
        "@Paper_ru",
        " <https://t.me/Paper_ru?utm_source=x#y> ",
        "tg://resolve?domain=Paper_ru",
    ],
)
def test_a_telegram_channel_is_asked_for_its_preview(named: str) -> None:
    assert check_url(named) == "https://t.me/s/Paper_ru"


@pytest.mark.parametrize(
    "other",
    [
        "https://t.me/+AbCdEf",
        "https://t.me/joinchat/AbCdEf",
        "https://t.me/share/url?url=x",
        "https://t.me/paper/17",
        "https://not-t.me/paper",
        "https://t.me/",
        "https://t.me/abc",
        "@имя_канала",
        "mail@paper",
    ],
)
def test_what_names_no_channel_has_no_preview(other: str) -> None:
    assert channel_preview(other) == ""


def test_each_channel_is_a_source_of_its_own() -> None:
    assert source_domain("https://t.me/s/Paper_ru") == "t.me/paper_ru"
    assert source_domain("https://t.me/Paper_ru/17") == "t.me/paper_ru"
    assert source_domain("https://t.me/+AbCdEf") == "t.me"
    assert channel_of("https://t.me/Paper_ru/17?single") == "Paper_ru"
    assert channel_of("https://paper.example/t.me/paper") == ""


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("/a", "https://news.example/a"),
        (" b c.html ", "https://news.example/dir/b c.html"),
        ("//other.example/x", "https://other.example/x"),
        ("", ""),
        ("  ", ""),
        ("javascript:alert(1)", ""),
        ("mailto:a@b.example", ""),
        ("http://", ""),
        ("http://[bad/x", ""),
        ("http://:80/a", ""),
        ("/" + "x" * 2048, ""),
    ],
)
def test_absolute_url_is_an_address_or_nothing(link: str, address: str) -> None:
    assert absolute_url(link, "https://news.example/dir/page") == address
