"""An entry to a draft: what a publisher's manners cost an article, and what they must not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.articles.newsroom import Desk
from bot.feeds.entries import EntryImage, ParsedEntry
from bot.ingest.composing import Composer
from bot.ingest.decider import candidate
from bot.ingest.pictures import Pictures
from bot.ingest.workers import Workers
from bot.web.fetcher import Fetcher
from bot.web.robots import Robots
from storage import ArticleDraft, BodyFrom, Reading, Source, Storage
from tests.ingest.newspaper import NOW, PARAGRAPHS, Newspaper
from tests.ingest.test_pictures import png

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOURCE = Source(1, "gudok.example", "Гудок", "ru", Reading.FULL)
NAME = "http://8.8.8.8"  # a stranger's: the proxy of these tests answers for it


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    pool = Workers(size=1)
    yield pool
    await pool.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def paper() -> AsyncIterator[Newspaper]:
    paper = Newspaper()
    await paper.start()
    yield paper
    await paper.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def composer(workers: Workers, paper: Newspaper, tmp_path: Path) -> AsyncIterator[Composer]:
    # The newspaper stands for the proxy that it is asked through, so that pace and pauses hold.
    async with (
        Storage.open(tmp_path / "newsboy.db") as storage,
        Fetcher(agent="newsboy-test", proxy=paper.url, seconds=5) as fetcher,
    ):
        yield Composer(fetcher, workers, Robots(fetcher), Pictures(storage, fetcher))


async def composed(composer: Composer, name: str) -> ArticleDraft:
    entry = ParsedEntry(
        guid=name,
        url=f"{NAME}/{name}.html",
        title="Утверждён план развития железных дорог",
        summary_html="<p>Правительство утвердило план развития железных дорог.</p>",
        image=EntryImage(f"{NAME}/photo"),
    )
    return (await composer.article(candidate(entry), Desk(1, 1, "Гудок", "ru"), NOW)).draft


async def test_a_page_is_read_where_nothing_forbids_it(
    composer: Composer, paper: Newspaper
) -> None:
    paper.publish("one", "Утверждён план развития железных дорог")
    draft = await composed(composer, "one")
    assert (draft.body_from, draft.page_error) == (BodyFrom.PAGE, None)


async def test_a_page_that_robots_txt_forbids_is_never_asked_for(
    composer: Composer, paper: Newspaper
) -> None:
    paper.publish("one", "Утверждён план развития железных дорог")
    paper.files["/robots.txt"] = b"User-agent: newsboy-test\nDisallow: /"
    draft = await composed(composer, "one")
    assert "Правительство утвердило" in draft.summary, "the feed's own text stays"
    assert draft.page_error is not None
    assert draft.page_error.startswith("robots.txt of 8.8.8.8 forbids")
    assert draft.page_due is None
    assert not paper.asked["/one.html"]


async def test_a_page_waits_for_a_host_that_cannot_say_its_rules(
    composer: Composer, paper: Newspaper
) -> None:
    paper.publish("one", "Утверждён план развития железных дорог")
    paper.statuses["/robots.txt"] = 503
    draft = await composed(composer, "one")
    assert "robots.txt" in (draft.page_error or "")
    assert (draft.page_tries, draft.page_due) == (1, NOW + timedelta(minutes=5))
    assert not paper.asked["/one.html"]


async def test_a_turn_that_did_not_come_is_no_try(composer: Composer, paper: Newspaper) -> None:
    for name in ("one", "two", "three"):
        paper.publish(name, "Утверждён план развития железных дорог")
    paper.statuses = {"/two.html": 429}
    paper.headers = {"Retry-After": "600"}
    assert (await composed(composer, "one")).page_error is None
    assert "less often" in ((await composed(composer, "two")).page_error or "")
    put_off = await composed(composer, "three")
    assert put_off.page_tries == 0
    assert put_off.page_due is not None
    assert timedelta(minutes=9) < put_off.page_due - NOW <= timedelta(minutes=10)
    assert not paper.asked["/three.html"], "one 429 speaks for the whole host"
    again = await composer.complete(put_off, SOURCE, NOW)
    assert (again.page_tries, again.page_due is None) == (0, False)


async def test_a_page_that_came_late_completes_its_article(
    composer: Composer, paper: Newspaper
) -> None:
    paper.publish("one", "Утверждён план развития железных дорог")
    paper.statuses = {"/one.html": 500}
    draft = await composed(composer, "one")
    assert draft.page_tries == 1
    again = await composer.complete(draft, SOURCE, NOW)
    assert (again.page_tries, again.page_due) == (2, NOW + timedelta(minutes=30))
    paper.statuses = {}
    whole = await composer.complete(again, SOURCE, NOW)
    assert whole.body_from is BodyFrom.PAGE
    assert any(PARAGRAPHS[2] in str(block) for block in whole.body)


async def test_an_articles_picture_is_checked_and_a_bad_one_left_out(
    composer: Composer, paper: Newspaper
) -> None:
    paper.publish("one", "Утверждён план развития железных дорог")
    paper.files["/photo"] = b"<html>no such picture</html>"
    assert (await composed(composer, "one")).image is None
    await composed(composer, "one")
    assert paper.asked["/photo"] == 1
    paper.publish("two", "Учёные нашли новый вид бабочек")
    paper.files["/wide"] = png(1200, 800)
    paper.files["/two.html"] = (
        "<html><head><title>Учёные нашли новый вид бабочек</title>"
        f'<meta property="og:image" content="{NAME}/wide"></head>'
        f"<body><article><p>{'</p><p>'.join(PARAGRAPHS)}</p></article></body></html>"
    ).encode()
    image = (await composed(composer, "two")).image
    assert image is not None
    assert (image.url, image.width, image.height) == (f"{NAME}/wide", 1200, 800)


async def test_the_next_of_a_pages_pictures_stands_in_for_a_bad_one(
    composer: Composer, paper: Newspaper
) -> None:
    paper.publish("three", "Музей открыл выставку часов")
    paper.files = {
        "/photo": b"no picture",
        "/first": b"no picture either",
        "/second.jpg": png(900, 600),
        "/three.html": (
            "<html><head><title>Музей открыл выставку часов</title>"
            f'<meta property="og:image" content="{NAME}/first">'
            f'<meta name="twitter:image" content="{NAME}/second.jpg"></head><body><article>'
            f"<h1>Музей открыл выставку часов</h1><p>{'</p><p>'.join(PARAGRAPHS)}</p>"
            "</article></body></html>"
        ).encode(),
    }
    image = (await composed(composer, "three")).image
    assert image is not None
    assert (image.url, image.width) == (f"{NAME}/second.jpg", 900)
