"""Lists of feeds, read and written."""

from datetime import UTC, datetime

import pytest

from bot.feeds.errors import HostileFeedError, NotAFeedError
from bot.feeds.opml import OpmlFeed, read_opml, write_opml

NOW = datetime(2026, 11, 22, tzinfo=UTC)


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
    assert read_opml(text) == (
        OpmlFeed("https://example.com/rss.xml", "Газета"),
        OpmlFeed("https://example.com/second", "Вторая"),
    )


def test_what_is_written_is_read_back() -> None:
    feeds = (OpmlFeed("https://example.com/?a=1&b=2", 'Кавычки «"<&>"»'), OpmlFeed("https://b.ru/"))
    text = write_opml(feeds, title="newsboy", now=NOW)
    assert read_opml(text) == (feeds[0], OpmlFeed("https://b.ru/", "https://b.ru/"))
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>')


@pytest.mark.parametrize("text", ["", "just words", "<rss/>", "<opml>"])
def test_what_is_no_opml_is_refused(text: str) -> None:
    with pytest.raises(NotAFeedError):
        read_opml(text)


def test_entities_are_refused() -> None:
    with pytest.raises(HostileFeedError):
        read_opml('<!DOCTYPE opml [<!ENTITY a "b">]><opml><body/></opml>')
