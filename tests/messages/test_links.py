"""A link carries what it opens, within Telegram's 64 characters; no other payload is one."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import links
from bot.messages.links import OpenArticle, OpenSearch, OpenSource, OpenTopic
from storage import Topic

_ALLOWED = re.compile(r"[A-Za-z0-9_-]{1,64}")  # Telegram: deep linking


def payload_of(link: str) -> str:
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "t.me", "/news_bot")
    [payload] = parse_qs(parts.query)["start"]
    assert _ALLOWED.fullmatch(payload)
    return payload


@pytest.mark.parametrize(
    ("link", "opened"),
    [
        (links.article("news_bot", 123), OpenArticle(123)),
        (links.topic("news_bot", Topic.SPORT), OpenTopic(Topic.SPORT)),
        (links.source("news_bot", 7), OpenSource(7)),
        (links.search("news_bot", "переговоры с Японией"), OpenSearch("переговоры с Японией")),
        (links.search("news_bot", "日本"), OpenSearch("日本")),
    ],
)
def test_a_link_opens_what_it_was_made_of(link: str, opened: links.Link) -> None:
    assert links.parse(payload_of(link)) == opened


@given(st.text(min_size=1, max_size=60))
def test_any_words_travel_whole_or_not_at_all(words: str) -> None:
    link = links.search("news_bot", words) if words.isprintable() else ""
    if link:
        assert links.parse(payload_of(link)) == OpenSearch(words)


def test_a_search_of_a_line_fits() -> None:
    assert links.search("news_bot", "я" * 46)
    assert not links.search("news_bot", "я" * 47)
    assert not links.search("news_bot", "")


@pytest.mark.parametrize(
    "payload",
    ["", "a", "a-1", "a1.5", "a" + "9" * 19, "t-gossip", "t-", "s", "u-_w", "w-A", "x1", "а1"],
)
def test_other_payloads_open_nothing(payload: str) -> None:
    assert links.parse(payload) is None


@given(st.text(max_size=70))
def test_parsing_never_fails(payload: str) -> None:
    links.parse(payload)


def test_sharing_quotes_both_parts() -> None:
    address = links.share("news_bot", 5, "Цены & 100%?")
    query = parse_qs(urlsplit(address).query)
    assert query == {"url": ["https://t.me/news_bot?start=a5"], "text": ["Цены & 100%?"]}


def test_without_a_username_there_is_no_link() -> None:
    made = (links.article("", 1), links.topic("", Topic.SPORT), links.search("", "слова"))
    assert not any((*made, links.source("", 1), links.share("", 1, "title")))
