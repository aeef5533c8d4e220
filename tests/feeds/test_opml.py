"""Lists of feeds from other readers."""

import pytest

from bot.feeds.errors import HostileFeedError, NotAFeedError
from bot.feeds.opml import read_opml, write_opml


def test_folders_are_opened_and_doubles_dropped() -> None:
    text = """<?xml version="1.0" encoding="UTF-8"?>
    <opml version="2.0"><head><title>Мои</title></head><body>
      <outline text="Новости">
        <outline type="rss" text="Газета" xmlUrl="https://example.com/rss.xml"/>
        <outline type="rss" title=" Вторая " text="x" xmlurl="example.com/second"/>
        <outline text="again" xmlUrl="https://example.com/rss.xml"/>
        <outline text="bad" xmlUrl="file:///etc/passwd"/>
      </outline>
    </body></opml>"""
    assert read_opml(text) == ("https://example.com/rss.xml", "https://example.com/second")


@pytest.mark.parametrize("text", ["", "just words", "<rss/>", "<opml>"])
def test_what_is_no_opml_is_refused(text: str) -> None:
    with pytest.raises(NotAFeedError):
        read_opml(text)


def test_entities_are_refused() -> None:
    with pytest.raises(HostileFeedError):
        read_opml('<!DOCTYPE opml [<!ENTITY a "b">]><opml><body/></opml>')


def test_what_is_written_can_be_read_again() -> None:
    feeds = [
        ("Газета & «Друзья»", "https://example.com/rss.xml?a=1&b=2"),
        ("\x00", "https://b.com/"),
    ]
    assert read_opml(write_opml("Newsboy", feeds).decode()) == tuple(url for _title, url in feeds)
    with pytest.raises(NotAFeedError):
        read_opml("<html></html>")
