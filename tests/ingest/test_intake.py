"""What a feed brought becomes articles: brakes, duplicates, corrections, modes, first sights."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from email.utils import format_datetime

import pytest

from bot.articles.blocks import plain_text
from bot.ingest import decider, intake
from bot.ingest.decider import CORRECTIONS_A_POLL
from storage import ArticleState, BodyFrom, Feed, NotFoundError, Reading
from tests.feeds.test_channel import page, post
from tests.ingest.conftest import House
from tests.ingest.newspaper import NOW, PARAGRAPHS

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = timedelta(hours=1)
SUBJECTS = (
    "железных дорог", "морских портов", "горных троп", "школьных садов", "речных мостов",
    "сельских клиник", "городских парков", "детских театров", "лесных озёр", "степных заповедников",
    "старых усадеб", "новых кварталов", "северных посёлков", "южных курортов", "ветряных станций",
    "книжных ярмарок", "конных заводов", "рыбных хозяйств", "шахматных клубов", "народных хоров",
    "музеев часов", "цирковых школ", "лыжных трасс", "ледовых арен",
)  # fmt: skip


def news(house: House, names: Sequence[str], *, ago: timedelta = timedelta(minutes=5)) -> None:
    """Publish an article under each name, each about its own subject and with its own text."""
    for number, name in enumerate(names):
        subject = SUBJECTS[number]
        house.paper.publish(
            name,
            f"Утверждён план развития {subject}",
            paragraphs=tuple(f"{subject.capitalize()}: {text}" for text in PARAGRAPHS),
            ago=ago,
        )


async def settle(house: House) -> None:
    """Three readings of an article each, after the first sight: that is what is usual."""
    house.paper.publish("first", "Открылась выставка картин")
    await house.poll()
    for number in range(3):
        house.paper.publish(f"usual-{number}", f"Выпуск {number}: {SUBJECTS[-1 - number]}")
        await house.poll(5 + 5 * number)


async def braked(house: House) -> list[dict[str, str]]:
    return [
        dict(notice.details)
        for notice in await house.storage.notices.untold()
        if (notice.kind, notice.subject) == ("braked", house.paper.feed_url)
    ]


# ---------------------------------------------------------------- brakes


async def test_ten_times_the_usual_is_stored_and_pushes_nothing(house: House) -> None:
    await settle(house)
    pushed = len(house.pushes)
    usual = (await house.feed()).usual
    names = [f"burst-{number}" for number in range(12)]
    news(house, names)
    report = await house.poll(20)
    assert (report.stored, report.pushes) == (12, 0)
    assert len(house.pushes) == pushed
    assert await braked(house) == [{"new": "12", "usual": "1", "matched": "0"}]
    feed = await house.feed()
    assert "12 new entries at once" in feed.problems[0]
    assert report.problems == feed.problems
    assert feed.usual <= usual * 2, "the average is not spoilt"
    house.paper.publish("after", "Найден новый вид бабочек")
    assert (await house.poll(25)).pushes == 1, "the next news is pushed as ever"
    assert (await house.feed()).problems == ()


async def test_a_changed_guid_scheme_is_matched_and_told_once(house: House) -> None:
    await settle(house)
    names = [f"old-{number}" for number in range(8)]
    for name, subject in zip(names, SUBJECTS, strict=False):
        house.paper.publish(name, f"Утверждён план развития {subject}")
        await house.poll(20 + 5 * int(name[-1]))
    stored = len(await house.articles())
    asked = house.paper.asked.copy()
    house.paper.items = {
        name: item.replace("<guid isPermaLink='false'>", "<guid isPermaLink='false'>v2:")
        for name, item in house.paper.items.items()
    }
    report = await house.poll(65)
    assert (report.stored, report.corrected, report.pushes) == (0, 0, 0)
    assert await braked(house) == [{"new": "12", "usual": "1", "matched": "12"}]
    house.paper.asked["/rss.xml"] -= 1
    assert house.paper.asked == asked, "no page was asked for"
    assert len(await house.articles()) == stored
    house.paper.publish("after", "Найден новый вид бабочек")
    report = await house.poll(70)
    assert (report.stored, report.pushes, report.problems) == (1, 1, ())


async def test_a_changed_guid_scheme_right_after_the_first_sight_is_noticed(house: House) -> None:
    news(house, [f"old-{number}" for number in range(12)])
    await house.poll()
    house.paper.items = {
        name: item.replace("<guid isPermaLink='false'>", "<guid isPermaLink='false'>v2:")
        for name, item in house.paper.items.items()
    }
    report = await house.poll(5)
    assert (report.stored, report.corrected, report.pushes) == (0, 0, 0)
    assert await braked(house) == [{"new": "12", "usual": "1", "matched": "12"}]


async def test_what_other_feeds_told_first_is_no_burst(house: House) -> None:
    rubric = await more(house, "rubric")
    news(house, [f"n{number}" for number in range(12)])
    await house.poll()
    titles = [f"Утверждён план развития {subject}" for subject in SUBJECTS[:12]]
    items = [item(f"n{n}", title, guid=f"r{n}") for n, title in enumerate(titles)]
    house.paper.files["/rubric"] = rss(house, *items)
    report = await house.pipeline.fetch_feed(rubric, NOW + timedelta(minutes=5))
    assert (report.entries, report.stored, report.problems) == (12, 0, ())
    assert await house.storage.notices.untold() == []


async def test_a_sites_move_is_matched_by_title_and_the_rest_stored_silently(house: House) -> None:
    await settle(house)
    for number, subject in enumerate(SUBJECTS[:8]):
        house.paper.publish(f"old-{number}", f"Утверждён план развития {subject}")
        await house.poll(20 + 5 * number)
    house.paper.items = {
        name: item.replace("<link>/", "<link>http://new.example/").replace(
            "<guid isPermaLink='false'>", "<guid isPermaLink='false'>http://new.example/"
        )
        for name, item in house.paper.items.items()
    }
    house.paper.publish("fresh", "Найден новый вид бабочек")
    report = await house.poll(65)
    assert (report.stored, report.pushes) == (1, 0)
    assert await braked(house) == [{"new": "13", "usual": "1", "matched": "12"}]


async def test_a_morning_after_a_night_off_is_pushed(house: House) -> None:
    await settle(house)
    news(house, [f"night-{number}" for number in range(20)], ago=-timedelta(hours=8))
    report = await house.poll(8 * 60 + 20)
    assert (report.stored, report.pushes) == (20, 20)
    assert await braked(house) == []


async def test_guids_made_up_anew_at_every_reading_silence_no_news_for_long(house: House) -> None:
    news(house, [f"n{number}" for number in range(12)])
    await house.poll()
    original = dict(house.paper.items)
    for reading in range(1, 8):
        house.paper.items = {
            name: item.replace(
                "<guid isPermaLink='false'>", f"<guid isPermaLink='false'>{reading}:"
            )
            for name, item in original.items()
        }
        await house.poll(5 * reading)
    house.paper.publish("fresh", "Найден новый вид бабочек", ago=-timedelta(minutes=39))
    report = await house.poll(40)
    assert (report.stored, report.pushes, report.problems) == (1, 1, ())
    assert len(await braked(house)) == 1
    before = (await house.feed()).entries
    for reading in range(9, 12):
        for name, item in original.items():
            house.paper.items[name] = item.replace(
                "<guid isPermaLink='false'>", f"<guid isPermaLink='false'>{reading}:"
            )
        await house.poll(5 * reading)
    assert (await house.feed()).entries == before, "a guid takes the place of another"
    assert house.paper.asked["/n3.html"] == 1


# ---------------------------------------------------------------- the same article again


def rss(house: House, *items: str) -> bytes:
    """A feed of these items, with addresses of the newspaper."""
    text = "".join(items).replace("<link>/", f"<link>{house.paper.url}/")
    return f'<rss version="2.0"><channel><title>Ещё</title>{text}</channel></rss>'.encode()


def item(name: str, title: str, *, guid: str = "", text: str = "") -> str:
    return (
        f"<item><guid isPermaLink='false'>{guid or name}</guid><title>{title}</title>"
        f"<link>/{name}.html</link><pubDate>{format_datetime(NOW)}</pubDate>"
        f"<description>{text}</description></item>"
    )


async def more(house: House, path: str, domain: str = "127.0.0.1") -> Feed:
    """Another feed of the newspaper's, read once already while it was empty."""
    address = f"{house.paper.url}/{path}"
    house.paper.files[f"/{path}"] = rss(house)
    feed = await house.storage.feeds.add(address, domain, NOW)
    await house.pipeline.fetch_feed(feed, NOW)
    return await house.storage.feeds.by_url(address)


def channel(house: House, name: str, text: str) -> bytes:
    """The preview of the newspaper's channel, with a post about an article."""
    links = [f'<a href="{house.paper.url}{path}">Гудок</a>' for path in (f"/{name}.html", "/")]
    return page(post(1, f"<b>{text}</b><br/>{links[0]}"), about=links[1]).encode()


def urlset(*entries: str) -> bytes:
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
        f"{''.join(entries)}</urlset>"
    ).encode()


def sitemap_entry(house: House, name: str, title: str, hours: int = 0) -> str:
    """A news sitemap's entry, published so many hours ago."""
    return (
        f"<url><loc>{house.paper.url}/{name}.html</loc><news:news><news:publication>"
        "<news:name>Гудок</news:name><news:language>ru</news:language></news:publication>"
        f"<news:publication_date>{(NOW - hours * HOUR).isoformat()}</news:publication_date>"
        f"<news:title>{title}</news:title></news:news></url>"
    )


async def test_an_article_in_all_of_a_publishers_feeds_is_read_stored_and_pushed_once(
    house: House,
) -> None:
    others = [await more(house, path) for path in ("rubric", "news-map")]
    others.append(await more(house, "channel", "t.me/paper_ru"))
    await house.poll()
    title = "Утверждён план развития железных дорог"
    house.paper.publish("one", title)
    house.paper.files["/rubric"] = rss(house, item("one", title, guid="r1"))
    house.paper.files["/news-map"] = urlset(sitemap_entry(house, "one", title))
    house.paper.files["/channel"] = channel(house, "one", f"Срочно! {title}")
    assert (await house.poll(5)).pushes == 1
    for feed in others:
        report = await house.pipeline.fetch_feed(feed, NOW + timedelta(minutes=6))
        assert (report.entries, report.stored, report.corrected) == (1, 0, 0), feed.url
        assert (report.pushes, report.error) == (0, None)
    (article,) = await house.articles()
    assert (article.revision, article.state) == (1, ArticleState.LIVE)
    assert house.paper.asked["/one.html"] == 1
    assert await house.pushes_owed() == 1


async def test_a_channel_that_is_ahead_of_the_page_is_completed_by_the_feed(house: House) -> None:
    wire = await more(house, "channel", "t.me/paper_ru")
    await house.poll()
    title = "Утверждён план развития железных дорог"
    house.paper.publish("one", title)
    house.paper.statuses["/one.html"] = 404
    house.paper.files["/channel"] = channel(house, "one", title)
    later = NOW + timedelta(minutes=5)
    assert (await house.pipeline.fetch_feed(wire, later)).pushes == 1
    (early,) = await house.articles()
    assert early.body_from is not BodyFrom.PAGE
    house.paper.statuses.clear()
    report = await house.poll(6)
    assert (report.stored, report.corrected, report.pushes) == (0, 0, 0)
    (article,) = await house.articles()
    assert (article.id, article.body_from, article.page_error) == (early.id, BodyFrom.PAGE, None)
    assert (article.revision, article.state) == (1, ArticleState.LIVE), "silently"
    assert PARAGRAPHS[2] in plain_text(article.body)
    assert await house.pushes_owed() == 1


async def test_a_correction_under_a_new_guid_is_a_revision(house: House) -> None:
    house.paper.publish("one#0", "Утверждён план развития железных дорог", page="one")
    await house.poll()
    del house.paper.items["one#0"]
    house.paper.publish(
        "one#1",
        "Утверждён план развития железных дорог до 2036 года",
        page="one",
        paragraphs=(*PARAGRAPHS, "Уточнение: план рассчитан до 2036 года."),
    )
    report = await house.poll(10)
    assert (report.stored, report.corrected, report.pushes) == (0, 1, 0)
    (article,) = await house.articles()
    assert (article.revision, article.state) == (2, ArticleState.CORRECTED)
    house.paper.publish(
        "one#1",
        "Утверждён план развития железных дорог до 2037 года",
        page="one",
        paragraphs=(*PARAGRAPHS, "Уточнение: план рассчитан до 2037 года."),
    )
    assert (await house.poll(20)).corrected == 1, "the new guid speaks for it from now on"


async def test_the_same_text_under_a_new_guid_costs_no_page(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    house.paper.items["one"] = house.paper.items["one"].replace(">one</guid>", ">two</guid>")
    report = await house.poll(10)
    assert (report.stored, report.corrected) == (0, 0)
    assert house.paper.asked["/one.html"] == 1


# ---------------------------------------------------------------- corrections


async def test_corrections_beyond_a_polls_share_come_next_time(house: House) -> None:
    names = [f"n{number}" for number in range(CORRECTIONS_A_POLL + 3)]
    news(house, names)
    await house.poll()
    for name, subject in zip(names, SUBJECTS, strict=False):
        title = f"Утверждён план развития {subject} до 2036 года"
        house.paper.publish(name, title, paragraphs=(*PARAGRAPHS, f"Уточнение: {subject}."))
    assert (await house.poll(10)).corrected == CORRECTIONS_A_POLL
    report = await house.poll(20)
    assert (report.corrected, report.unchanged) == (3, False), "though the feed has not changed"
    assert (await house.poll(30)).unchanged
    assert Counter(one.revision for one in await house.articles()) == {2: len(names)}


async def test_a_trivial_change_is_noted_and_corrects_nothing(house: House) -> None:
    title = "Утверждён план развития железных дорог"
    house.paper.publish("one", title)
    await house.poll()
    house.paper.publish("one", f"{title}!", paragraphs=(*PARAGRAPHS, "5 комментариев"))
    report = await house.poll(10)
    assert (report.corrected, report.unchanged) == (0, False)
    assert house.paper.asked["/one.html"] == 2
    house.paper.publish("two", "Найден новый вид бабочек")
    assert (await house.poll(20)).stored == 1
    assert house.paper.asked["/one.html"] == 2, "it was looked at once"
    assert [one.revision for one in await house.articles()] == [1, 1]


async def test_a_revision_names_what_was_corrected(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    house.paper.publish(
        "one",
        "Утверждён план развития железных дорог до 2036 года",
        paragraphs=(*PARAGRAPHS, "Уточнение: план рассчитан до 2036 года."),
    )
    await house.poll(10)
    (article,) = await house.articles()
    (revision,) = await house.storage.articles.revisions(article.id)
    assert revision.changed == ("title", "body")
    (correction,) = await house.storage.corrections.open_corrections()
    assert (correction.article_id, correction.changed) == (article.id, ("title", "body"))


# ---------------------------------------------------------------- what is shown, what is asked


async def test_of_headlines_only_nothing_more_is_read(house: House) -> None:
    feed = await house.feed()
    await house.storage.feeds.set_reading(feed.source_id, Reading.HEADLINE)
    house.paper.publish("one", "Утверждён план развития железных дорог", content="<p>Текст.</p>")
    assert (await house.poll()).stored == 1
    (article,) = await house.articles()
    assert article.title == "Утверждён план развития железных дорог"
    assert (article.body, article.standfirst, article.summary) == ((), "", "")
    assert (article.image, article.page_error) == (None, None)
    assert house.paper.asked["/one.html"] == 0
    assert await house.pipeline.retry_pages(NOW + timedelta(days=1)) == 0


async def test_a_first_sight_asks_for_the_newest_pages_and_spreads_the_rest(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decider, "PAGES_A_POLL", 3)
    for number in range(6):
        house.paper.publish(f"n{number}", f"Новость: {SUBJECTS[number]}", ago=number * HOUR)
    assert (await house.poll()).stored == 6
    assert sum(house.paper.asked[f"/n{number}.html"] for number in range(6)) == 3
    articles = await house.articles()
    assert [one.body_from is BodyFrom.PAGE for one in articles] == [True] * 3 + [False] * 3
    assert not any(one.page_error for one in articles)
    assert await house.pipeline.retry_pages(NOW + timedelta(minutes=5)) == 1
    assert await house.pipeline.retry_pages(NOW + timedelta(minutes=7)) == 2
    assert all(one.body_from is BodyFrom.PAGE for one in await house.articles())


async def test_a_sitemap_begins_with_its_newest_entries(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SITEMAP_BEGINS", 2)
    entries = [sitemap_entry(house, f"n{n}", f"Новость: {SUBJECTS[n]}", n) for n in range(5)]
    address = f"{house.paper.url}/news-map"
    house.paper.files["/news-map"] = urlset(*entries)
    feed = await house.storage.feeds.add(address, "127.0.0.1", NOW)
    report = await house.pipeline.fetch_feed(feed, NOW)
    assert (report.entries, report.stored) == (5, 2)
    titles = [one.title for one in await house.articles()]
    assert titles == [f"Новость: {SUBJECTS[0]}", f"Новость: {SUBJECTS[1]}"]
    fresh = sitemap_entry(house, "fresh", "Найден новый вид бабочек", -1)
    house.paper.files["/news-map"] = urlset(fresh, *entries)
    feed = await house.storage.feeds.by_url(address)
    report = await house.pipeline.fetch_feed(feed, NOW + timedelta(hours=2))
    assert (report.stored, report.pushes) == (1, 1), "what was left out is no news later either"


async def test_a_list_of_sitemaps_says_what_to_add(house: House) -> None:
    child = f"<sitemap><loc>{house.paper.url}/news.xml</loc></sitemap>"
    house.paper.files["/all"] = (
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{child}</sitemapindex>'
    ).encode()
    feed = await house.storage.feeds.add(f"{house.paper.url}/all", "127.0.0.1", NOW)
    report = await house.pipeline.fetch_feed(feed, NOW)
    assert f"{house.paper.url}/news.xml" in (report.error or "")


# ---------------------------------------------------------------- what the admins are told


async def kinds(house: House) -> list[str]:
    return [notice.kind for notice in await house.storage.notices.untold()]


async def test_a_feed_that_fails_for_a_day_is_told_once_till_it_works_again(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    house.paper.statuses["/rss.xml"] = 500
    for hours in (1, 2, 12, 23):
        await house.poll(hours * 60)
    assert await kinds(house) == []
    for hours in (25, 50, 90):
        await house.poll(hours * 60)
    (notice,) = await house.storage.notices.untold()
    assert (notice.kind, notice.subject) == ("failing", house.paper.feed_url)
    assert dict(notice.details)["since"] == NOW.isoformat()
    assert "500" in dict(notice.details)["error"]
    house.paper.statuses.clear()
    await house.poll(100 * 60)
    house.paper.statuses["/rss.xml"] = 500
    for hours in (101, 110, 130):
        await house.poll(hours * 60)
    assert await kinds(house) == ["failing", "failing"]


async def test_a_pause_of_newsboy_is_no_failure_of_the_feed(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    await house.poll()
    house.paper.statuses["/rss.xml"] = 500
    await house.poll(48 * 60)
    assert await kinds(house) == []


async def test_a_feed_that_is_gone_or_moved_is_told(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    house.paper.moved, house.paper.etag = f"{house.paper.url}/new.xml", False
    old = house.paper.feed_url
    await house.poll()
    house.paper.publish("two", "Найден новый вид бабочек")
    await house.poll(10)
    house.paper.statuses["/new.xml"] = 410
    await house.poll(20)
    moved, gone = await house.storage.notices.untold()
    assert (moved.kind, moved.subject, moved.details) == ("moved", old, (("to", gone.subject),))
    assert (gone.kind, gone.details) == ("gone", (("title", "Новости Гудка"),))


async def test_a_readers_own_feed_is_no_affair_of_the_admins(house: House) -> None:
    house.paper.files["/own"] = rss(house)
    feed = await house.storage.feeds.add(f"{house.paper.url}/own", "own.example", NOW, owner=7)
    house.paper.statuses["/own"] = 410
    await house.pipeline.fetch_feed(feed, NOW)
    assert await kinds(house) == []
    with pytest.raises(NotFoundError):
        await house.storage.feeds.by_url(feed.url)
