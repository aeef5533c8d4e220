"""What a poll means."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.feeds.entries import ParsedEntry, ParsedFeed
from bot.ingest.decider import (
    candidate,
    decide,
    fault,
    is_silent,
    next_page_try,
    outcome_of_change,
    outcome_of_failure,
    outcome_of_no_change,
    owed_push,
)
from bot.web.fetcher import Response
from storage import Feed, FeedState

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL = "https://news.example/rss.xml"


def entry(guid: str, published: datetime | None = NOW, title: str = "Title") -> ParsedEntry:
    return ParsedEntry(
        guid=guid, url=f"https://news.example/{guid}", title=title, published=published
    )


def parsed(*entries: ParsedEntry) -> ParsedFeed:
    return ParsedFeed(title="News", entries=entries)


def feed(**changes: object) -> Feed:
    base = Feed(
        id=1,
        source_id=2,
        url=URL,
        title="",
        state=FeedState.ACTIVE,
        etag='"old"',
        modified="old date",
        body_hash="old hash",
        interval=600,
        due=NOW,
        checked=None,
        succeeded=NOW - HOUR,
        failures=0,
        error=None,
        entries=0,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # a test's shorthand


# ---------------------------------------------------------------- entries


def test_what_was_never_seen_is_new_and_comes_newest_first() -> None:
    feed_now = parsed(
        entry("old", NOW - 3 * HOUR), entry("undated", None), entry("young"), entry("known")
    )
    decision = decide(feed_now, {"known": candidate(entry("known")).item_hash}, NOW)
    assert [one.entry.guid for one in decision.new] == ["undated", "young", "old"]
    assert decision.changed == ()


def test_what_reads_otherwise_is_changed_unless_it_is_old() -> None:
    feed_now = parsed(
        entry("1", title="Corrected"),
        entry("2", NOW - timedelta(days=4), title="Corrected"),
        entry("3", title="Never hashed"),
    )
    known = {"1": candidate(entry("1")).item_hash, "2": "other", "3": ""}
    assert [one.entry.guid for one in decide(feed_now, known, NOW).changed] == ["1"]


def test_an_entrys_identity_passes_over_what_does_not_matter() -> None:
    one = candidate(replace(entry("1"), title="«Указ» подписан!"))
    other = candidate(
        replace(entry("1"), title="Указ  ПОДПИСАН", url="http://news.example/1?utm_source=x")
    )
    assert one.key == other.key
    assert one.item_hash != other.item_hash


def test_an_address_that_entries_share_identifies_none_of_them() -> None:
    first, second, own = entry("1"), entry("2"), entry("3")
    first = replace(first, url="https://news.example/log#v1")
    second = replace(second, url="https://news.example/log#v2")
    new = decide(parsed(first, second, own), {}, NOW).new
    assert [one.key.url for one in new] == ["", "", "news.example/3"]


# ---------------------------------------------------------------- pushes


@pytest.mark.parametrize(
    ("succeeded", "silent"),
    [(None, True), (NOW - timedelta(days=8), True), (NOW - timedelta(days=6), False), (NOW, False)],
)
def test_first_sight_and_return_are_silent(succeeded: datetime | None, silent: bool) -> None:
    assert is_silent(feed(succeeded=succeeded), NOW) is silent


def test_only_fresh_news_is_pushed() -> None:
    fresh = owed_push(NOW - 5 * HOUR, silent=False, now=NOW)
    assert fresh is not None
    assert fresh.expires > NOW
    assert owed_push(NOW - 6 * HOUR, silent=False, now=NOW) is None
    assert owed_push(NOW, silent=True, now=NOW) is None


def test_a_failed_page_is_asked_for_three_times_more() -> None:
    waits = [next_page_try(tries, NOW) for tries in (1, 2, 3, 4)]
    assert [wait and wait - NOW for wait in waits] == [
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        None,
    ]


# ---------------------------------------------------------------- outcomes


def test_a_change_keeps_what_the_next_request_needs() -> None:
    answer = Response(url=URL, status=200, body=b"<rss/>", etag='"new"', last_modified="new date")
    outcome = outcome_of_change(feed(), answer, parsed(entry("1")), floor=300, now=NOW, dice=0.5)
    assert outcome.ok
    assert (outcome.etag, outcome.modified, outcome.title) == ('"new"', "new date", "News")
    assert outcome.body_hash not in {None, "old hash"}
    assert (outcome.interval, outcome.due) == (300, NOW + timedelta(seconds=300))
    assert outcome.new_url is None


def test_no_change_keeps_the_validators_that_a_304_left_out() -> None:
    answer = Response(url=URL, status=304)
    outcome = outcome_of_no_change(feed(), answer, floor=300, now=NOW, dice=0.5)
    assert outcome.ok
    assert (outcome.etag, outcome.modified, outcome.body_hash) == ('"old"', "old date", "old hash")
    assert 600 < outcome.interval < 620


def test_a_failure_backs_off_and_honours_retry_after() -> None:
    outcome = outcome_of_failure(
        feed(failures=2), "why", floor=300, now=NOW, dice=0.5, retry_after=9000
    )
    assert not outcome.ok
    assert outcome.error == "why"
    assert outcome.due == NOW + timedelta(seconds=9000)
    assert not outcome.gone


def test_a_move_is_followed_at_its_second_sight() -> None:
    there = "https://other.example/rss.xml"
    answer = Response(url=there, status=200, permanent=True)
    first = outcome_of_change(feed(), answer, parsed(), floor=300, now=NOW, dice=0.5)
    assert (first.moved_to, first.new_url) == (there, None)
    second = outcome_of_change(feed(moved_to=there), answer, parsed(), floor=300, now=NOW, dice=0.5)
    assert second.new_url == there
    passing = replace(answer, permanent=False)
    outcome = outcome_of_change(
        feed(moved_to=there), passing, parsed(), floor=300, now=NOW, dice=0.5
    )
    assert (outcome.moved_to, outcome.new_url) == (None, None)


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "nothing at this address"), (410, "gone"), (503, "trouble of its own"), (418, "418")],
)
def test_a_status_is_explained(status: int, said: str) -> None:
    assert said in fault(status, "news.example")
    assert str(status) in fault(status, "news.example")
