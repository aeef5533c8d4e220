"""The pipeline, with a newspaper on loopback, a real database and real workers."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from bot.articles.blocks import plain_text
from bot.ingest.clustering import Clustering
from bot.ingest.pipeline import FEEDS_AT_ONCE, Pipeline
from bot.ingest.workers import Workers
from bot.web.fetcher import Fetcher
from bot.words.normaliser import Normaliser
from storage import ArticleState, BodyFrom, FeedState, Storage
from tests.ingest.conftest import House
from tests.ingest.newspaper import NOW, PARAGRAPHS
from tests.storage.newsroom import execute

LATER = NOW + timedelta(minutes=10)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_first_sight_stores_everything_and_pushes_nothing(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    house.paper.publish("two", "Учёные нашли новый вид бабочек", ago=timedelta(hours=1))
    (report,) = await house.pipeline.poll(NOW)
    assert (report.entries, report.stored, report.pushes, report.error) == (2, 2, 0, None)
    newest, older = await house.articles()
    assert newest.title == "Утверждён план развития железных дорог"
    assert older.published == NOW - timedelta(hours=1)
    assert newest.body_from is BodyFrom.PAGE
    assert PARAGRAPHS[2] in plain_text(newest.body)
    assert newest.page_error is None
    assert newest.source == "Гудок", "the site's own name, from its pages"
    assert newest.language == "ru"
    assert not house.pushes
    feed = await house.feed()
    assert (feed.title, feed.failures, feed.succeeded) == ("Новости Гудка", 0, NOW)
    assert feed.due > NOW


async def test_later_news_owes_a_push_if_it_is_fresh(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    house.paper.publish("fresh", "Учёные нашли новый вид бабочек", ago=timedelta(minutes=1))
    house.paper.publish("stale", "Музей открыл выставку часов", ago=timedelta(hours=7))
    report = await house.poll(10)
    assert (report.stored, report.pushes) == (2, 1)
    assert house.pushes == [True]
    assert await house.pushes_owed() == 1


async def test_an_unchanged_feed_costs_a_304_or_a_hash(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    report = await house.poll(10)
    assert report.unchanged
    assert house.paper.validators[1] is not None
    house.paper.etag = False
    feed = await house.feed()
    assert (await house.poll(20)).unchanged, "the same bytes, though the server forgot its ETag"
    assert (await house.feed()).body_hash == feed.body_hash
    assert house.paper.asked["/one.html"] == 1


async def test_a_return_after_a_week_is_silent(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    house.paper.publish("two", "Учёные нашли новый вид бабочек", ago=-timedelta(days=8))
    report = await house.poll(8 * 24 * 60 + 1)
    assert (report.stored, report.pushes) == (1, 0)


async def test_a_failing_feed_is_stored_with_its_reason_and_keeps_its_validators(
    house: House,
) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    before = await house.feed()
    house.paper.statuses["/rss.xml"] = 503
    house.paper.headers = {"Retry-After": "7200"}
    report = await house.poll(10)
    assert report.error is not None
    assert "503" in report.error
    feed = await house.feed()
    assert (feed.failures, feed.error, feed.etag) == (1, report.error, before.etag)
    assert feed.due == LATER + timedelta(hours=2)
    house.paper.statuses.clear()
    assert (await house.poll(200)).error is None
    assert (await house.feed()).failures == 0


async def test_the_log_says_once_that_a_feed_fails_and_once_that_it_is_read_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    assert caplog.messages == [], "what is read well is no event"
    house.paper.statuses["/rss.xml"] = 503
    for minutes in (10, 200, 400):
        await house.poll(minutes)
    house.paper.statuses.clear()
    for minutes in (800, 900):
        await house.poll(minutes)
    failing, well = caplog.records
    assert failing.levelname == "WARNING"
    assert "503" in failing.getMessage()
    assert (well.levelname, well.getMessage()) == (
        "INFO",
        f"{house.paper.feed_url} is read again; failures before: 3",
    )


async def test_a_feed_that_is_gone_is_polled_no_more(house: House) -> None:
    house.paper.statuses["/rss.xml"] = 410
    await house.poll()
    assert (await house.feed()).state is FeedState.GONE
    assert await house.storage.feeds.due(NOW + timedelta(days=30)) == []


async def test_one_bad_feed_does_not_stop_another(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.storage.feeds.add("http://127.0.0.1:9/closed.xml", "closed.example", NOW)
    await house.storage.feeds.add(f"{house.paper.url}/one.html", "page.example", NOW)
    reports = {report.url: report for report in await house.pipeline.poll(NOW)}
    assert reports[house.paper.feed_url].stored == 1
    assert "cannot be reached" in (reports["http://127.0.0.1:9/closed.xml"].error or "")
    assert "web page" in (reports[f"{house.paper.url}/one.html"].error or "")


async def test_a_page_that_fails_leaves_the_feeds_text_and_is_retried(house: House) -> None:
    content = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS[:2])
    house.paper.publish("one", "Утверждён план развития железных дорог", content=content)
    house.paper.statuses["/one.html"] = 500
    report = await house.poll()
    assert (report.stored, report.without_page) == (1, 1)
    (article,) = await house.articles()
    assert article.body_from is BodyFrom.FEED
    assert PARAGRAPHS[1] in plain_text(article.body)
    assert "500" in (article.page_error or "")
    assert await house.pipeline.retry_pages(NOW + timedelta(minutes=4)) == 0
    assert house.paper.asked["/one.html"] == 1
    assert await house.pipeline.retry_pages(NOW + timedelta(minutes=5)) == 0
    assert house.paper.asked["/one.html"] == 2
    house.paper.statuses.clear()
    assert await house.pipeline.retry_pages(NOW + timedelta(minutes=36)) == 1
    (better,) = await house.articles()
    assert (better.id, better.body_from, better.page_error) == (article.id, BodyFrom.PAGE, None)
    assert PARAGRAPHS[3] in plain_text(better.body)
    assert better.state is ArticleState.LIVE, "the better body is no correction"
    assert await house.pipeline.retry_pages(NOW + timedelta(days=1)) == 0


async def test_a_page_that_never_comes_is_given_up(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    house.paper.statuses["/one.html"] = 500
    await house.poll()
    for hours in range(1, 10):
        await house.pipeline.retry_pages(NOW + timedelta(hours=hours * 3))
    assert house.paper.asked["/one.html"] == 4
    (article,) = await house.articles()
    assert article.summary
    assert article.page_tries == 4


async def test_pages_of_a_dead_host_hold_no_feed_up(house: House) -> None:
    for number in range(FEEDS_AT_ONCE + 1):
        house.paper.publish(f"n{number}", f"Новость номер {number} о разных событиях дня")
    house.paper.statuses = dict.fromkeys(house.paper.pages, 500)
    assert (await house.poll()).without_page == FEEDS_AT_ONCE + 1
    house.paper.stalled = set(house.paper.pages)
    house.paper.raw_feed = b"<rss version='2.0'><channel><title>Another</title></channel></rss>"
    address = house.paper.feed_url.replace("127.0.0.1", "localhost")
    other = await house.storage.feeds.add(address, "localhost", NOW)
    retrying = asyncio.create_task(house.pipeline.retry_pages(LATER))
    while not house.paper.asked["/n0.html"] > 1:  # noqa: ASYNC110 - the server has no event
        await asyncio.sleep(0.01)
    async with asyncio.timeout(20):
        report = await house.pipeline.fetch_feed(other, LATER)
    assert (report.error, report.title) == (None, "Another")
    retrying.cancel()


async def test_a_page_that_stalls_its_reader_costs_the_page_alone(
    house: House, tmp_path: Path
) -> None:
    hostile = "<i>слово</i> " * 20_000
    house.paper.publish("hostile", "Утверждён план развития железных дорог", paragraphs=(hostile,))
    house.paper.publish("harmless", "Учёные нашли новый вид бабочек", ago=timedelta(hours=1))
    hurried = Workers(size=1, seconds=3)
    async with (
        Storage.open(tmp_path / "hurried.db") as storage,
        Fetcher(agent="newsboy-test", allow_private=True) as fetcher,
    ):
        feed = await storage.feeds.add(house.paper.feed_url, "127.0.0.1", NOW)
        pipeline = Pipeline(
            storage=storage,
            fetcher=fetcher,
            workers=hurried,
            clustering=Clustering(storage, Normaliser()),
            floor=300,
        )
        report = await pipeline.fetch_feed(feed, NOW)
        assert (report.stored, report.without_page, report.error) == (2, 1, None)
        newest = (await storage.articles.latest(language="all", limit=1))[0]
        article = await storage.articles.get(newest.article_id)
    await hurried.stop()
    assert article.title == "Утверждён план развития железных дорог"
    assert "stopped after 3 s" in (article.page_error or "")
    assert article.summary, "of what the feed says"


async def test_what_no_worker_could_read_is_not_taken_for_read(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    stopped = Workers()
    await stopped.stop()
    async with Fetcher(agent="newsboy-test", allow_private=True) as fetcher:
        pipeline = Pipeline(
            storage=house.storage,
            fetcher=fetcher,
            workers=stopped,
            clustering=Clustering(house.storage, Normaliser()),
            floor=300,
        )
        report = await pipeline.fetch_feed(await house.feed(), NOW)
    assert report.error is not None
    feed = await house.feed()
    assert (feed.etag, feed.succeeded) == (None, None)


async def test_an_article_that_cannot_be_stored_costs_itself_alone(house: House) -> None:
    await execute(
        house.storage,
        "CREATE TRIGGER poison BEFORE INSERT ON article WHEN new.guid = 'poison' "
        "BEGIN SELECT RAISE(ABORT, 'poison'); END",
    )
    house.paper.publish("poison", "Утверждён план развития железных дорог")
    house.paper.publish("harmless", "Учёные нашли новый вид бабочек", ago=timedelta(hours=1))
    report = await house.poll()
    assert (report.stored, report.error) == (1, None)
    assert "1 of its articles" in report.problems[0]
    feed = await house.feed()
    assert (feed.failures, feed.succeeded, feed.etag) == (0, NOW, None)
    assert feed.error == report.problems[0]
    assert feed.due < LATER, "the feed's news goes on at its pace"
    house.paper.publish("later", "Музей открыл выставку часов")
    assert (await house.poll(10)).pushes == 1
    await execute(house.storage, "DROP TRIGGER poison")
    assert (await house.poll(20)).stored == 1, "what was lost comes when it can"
    feed = await house.feed()
    assert (feed.error, feed.etag is None) == (None, False)


async def test_a_full_disk_spares_the_publisher_and_loses_nothing(house: House) -> None:
    long = tuple(f"{number}. {' '.join(PARAGRAPHS)}" for number in range(100))
    house.paper.publish("one", "Утверждён план развития железных дорог", paragraphs=long)
    await execute(house.storage, "PRAGMA max_page_count = 1")  # as small as it is now
    (report,) = await house.pipeline.poll(NOW)
    assert "is full" in (report.error or "")
    assert await house.pipeline.poll(NOW + timedelta(seconds=5)) == []
    await execute(house.storage, "PRAGMA max_page_count = 1000000")
    (report,) = await house.pipeline.poll(NOW + timedelta(minutes=5))
    assert (report.stored, report.error) == (1, None)


async def test_halves_of_an_emoji_in_a_pages_data_are_left_out(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    house.paper.pages["/one.html"] += (
        '<script type="application/ld+json">{"@type": "NewsArticle", "articleSection": "A\\ud83d",'
        '"author": "B\\ude00", "image": "http://news.example/\\ud83d.jpg"}</script>',
    )
    report = await house.poll()
    assert (report.stored, report.error, report.problems) == (1, None, ())
    (article,) = await house.articles()
    assert (article.rubric, article.author) == ("A", "B")
    assert article.image is None or article.image.url == "http://news.example/.jpg"


async def test_bulletins_under_one_title_are_all_stored(house: House) -> None:
    for hour in (3, 2, 1):
        house.paper.publish(
            f"at-{hour}",
            "Главное за час",
            ago=timedelta(hours=hour),
            paragraphs=(f"Сводка за {hour}-й час дня: {PARAGRAPHS[hour]}", PARAGRAPHS[0]),
        )
    assert (await house.poll()).stored == 3


async def test_an_article_under_a_second_address_of_its_feed_is_stored_once(house: House) -> None:
    house.paper.publish("misspelt", "Утверждён план развития железных дорог")
    house.paper.publish("spelt", "Утверждён план развития железных дорог")
    assert (await house.poll()).stored == 1


async def test_entries_that_share_a_page_are_all_stored(house: House) -> None:
    for number in range(3):
        house.paper.publish(f"n{number}", f"Выпуск {number}: перемены дня", page="changes")
    assert (await house.poll()).stored == 3
    del house.paper.items["n0"], house.paper.items["n1"], house.paper.items["n2"]
    house.paper.publish("n3", "Выпуск 3: перемены дня", page="changes", ago=-timedelta(days=1))
    assert (await house.poll(24 * 60)).stored == 1, "a daily column at one address"
    del house.paper.items["n3"]
    house.paper.publish("n3#1", "Выпуск 3, дополненный", page="changes", ago=-timedelta(days=1))
    assert (await house.poll(24 * 60 + 10)).stored == 0, "a correction under a new guid"


async def test_a_publishers_change_becomes_a_revision(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    house.paper.publish(
        "one",
        "Утверждён план развития железных дорог до 2036 года",
        paragraphs=(*PARAGRAPHS, "Уточнение: план рассчитан до 2036 года."),
    )
    report = await house.poll(10)
    assert (report.stored, report.corrected, report.pushes) == (0, 1, 0)
    (article,) = await house.articles()
    assert article.title.endswith("до 2036 года")
    assert article.state is ArticleState.CORRECTED
    assert "Уточнение" in plain_text(article.body)
    house.paper.publish("two", "Учёные нашли новый вид бабочек")
    assert (await house.poll(20)).corrected == 0, "a change is stored once"


async def test_the_same_story_in_two_feeds_is_stored_once(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.storage.feeds.add(f"{house.paper.url}/again.xml", "127.0.0.1", NOW)
    reports = await house.pipeline.poll(NOW)
    assert sum(report.stored for report in reports) == 1
    assert len(await house.articles()) == 1


async def test_a_feed_that_moved_is_followed_at_the_second_sight(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    house.paper.moved = f"{house.paper.url}/new.xml"
    house.paper.etag = False
    await house.poll()
    assert (await house.feed()).url == house.paper.feed_url
    house.paper.publish("two", "Учёные нашли новый вид бабочек")
    await house.poll(10)
    assert (await house.feed()).url == house.paper.moved


async def test_a_poll_cut_off_loses_nothing(house: House) -> None:
    for number in range(8):
        house.paper.publish(f"n{number}", f"Новость номер {number} о разных событиях дня")
    tasks = await house.pipeline.start_due(NOW)
    while not await house.articles():  # noqa: ASYNC110 - the store has no event to wait for
        await asyncio.sleep(0.01)
    await house.pipeline.stop()
    assert all(task.done() for task in tasks)
    assert len(await house.articles()) < 8
    feed = await house.feed()
    assert (feed.etag, feed.succeeded) == (None, None), "validators come last"
    (report,) = await house.pipeline.poll(NOW)
    assert report.error is None
    assert len(await house.articles()) == 8


async def test_a_feed_being_polled_is_not_polled_twice(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    first = await house.pipeline.start_due(NOW)
    assert await house.pipeline.start_due(NOW) == []
    await asyncio.gather(*first)
    assert house.paper.asked["/rss.xml"] == 1


async def test_check_shows_what_would_be_stored_and_stores_nothing(house: House) -> None:
    for number in range(5):
        house.paper.publish(f"n{number}", f"Новость номер {number} о разных событиях дня")
    report = await house.pipeline.scout.check(house.paper.feed_url, NOW)
    assert (report.title, report.language, report.entries) == ("Новости Гудка", "ru", 5)
    assert len(report.drafts) == 3
    assert report.drafts[0].body_from is BodyFrom.PAGE
    assert report.error is None
    assert await house.articles() == []
    assert (await house.feed()).checked is None


async def test_check_finds_the_feed_of_a_site(house: House) -> None:
    house.paper.raw_feed = (
        b'<html><head><link rel="alternate" type="application/rss+xml" href="/real.xml"></head>'
    )
    report = await house.pipeline.scout.check(house.paper.feed_url, NOW)
    assert "web page" in (report.error or "")
    assert [found.url for found in report.found] == [f"{house.paper.url}/real.xml"]


@pytest.mark.parametrize(
    ("path", "said"), [("nothing-here", "404"), ("rss.xml", "no RSS, Atom or JSON feed")]
)
async def test_check_says_what_is_wrong(house: House, path: str, said: str) -> None:
    house.paper.raw_feed = b"just words"
    report = await house.pipeline.scout.check(f"{house.paper.url}/{path}", NOW)
    assert said in (report.error or "")
