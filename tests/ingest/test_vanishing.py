"""Pages that go: looked for with manners, believed to be gone in time, and never all at once."""

from datetime import timedelta

import pytest

from bot.delivery.outbox import Outbox
from bot.delivery.recheck import Drop, recheck
from bot.ingest.decider import GONE_AFTER
from storage import (
    THE_PAGE,
    Alerts,
    Article,
    ArticleState,
    ClaimBatch,
    DeliveryState,
    FollowKind,
    Level,
    Outcome,
    Subscriber,
    View,
)
from tests.ingest.conftest import House
from tests.ingest.newspaper import NOW
from tests.ingest.test_intake import SUBJECTS
from tests.storage.newsroom import follow, reader

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = timedelta(hours=1)
TOLD = NOW + timedelta(minutes=10)


async def tell(house: House, *names: str) -> None:
    """Publish articles that owe a push each: the feed's first sight lies behind them."""
    house.paper.publish("first", "Музей открыл выставку старых часов", ago=5 * HOUR)
    await house.poll()
    for number, name in enumerate(names):
        house.paper.publish(name, f"Новость: {SUBJECTS[number]}", ago=timedelta(minutes=number))
    report = await house.poll(10)
    assert report.pushes == len(names)


async def look(house: House, *hours: float) -> None:
    """Let the pipeline ask for pages so many hours after the articles were told."""
    for one in hours:
        await house.pipeline.retry_pages(TOLD + one * HOUR)


async def stored(house: House, name: str) -> Article:
    article = await house.storage.articles.by_entry(1, name)
    assert article is not None
    return article


async def alerted(house: House) -> Subscriber:
    made = await reader(house.storage)
    await house.storage.subscribers.change(made.id, alerts=Alerts.ON)
    await follow(house.storage, made.id, FollowKind.EVERYTHING, "", Level.NOW)
    return made


# ---------------------------------------------------------------- when a page is asked for


async def test_a_told_page_is_looked_for_twice_and_no_more(house: House) -> None:
    await tell(house, "one")
    await look(house, 1, 1.9)
    assert house.paper.asked["/one.html"] == 1
    await look(house, 2, 3, 12, 23)
    assert house.paper.asked["/one.html"] == 2
    await look(house, 24, 30, 80)
    assert house.paper.asked["/one.html"] == 3
    assert house.paper.asked["/first.html"] == 1, "nobody was told at once"
    article = await stored(house, "one")
    assert (article.state, article.missing, article.page_error) == (ArticleState.LIVE, None, None)


async def test_a_page_that_its_feed_drops_is_looked_for_at_once_and_but_once(
    house: House,
) -> None:
    await tell(house, "one", "two")
    item = house.paper.items.pop("one")
    house.paper.statuses["/one.html"] = 410
    await house.poll(20)
    await house.pipeline.retry_pages(NOW + timedelta(minutes=21))
    assert (await stored(house, "one")).state is ArticleState.GONE
    assert (await stored(house, "two")).state is ArticleState.LIVE
    assert house.paper.asked["/two.html"] == 1
    house.paper.items["one"] = item
    del house.paper.items["two"]
    for minutes in range(30, 110, 10):
        house.paper.publish("busy", f"Число дня: {minutes}", ago=timedelta(hours=1))
        await house.poll(minutes)
        await house.pipeline.retry_pages(NOW + timedelta(minutes=minutes + 1))
    assert house.paper.asked["/two.html"] == 2, "it is there"


async def test_what_is_too_old_for_its_feed_was_not_withdrawn(house: House) -> None:
    await tell(house, "one", "two")
    house.paper.items = {"one": house.paper.items["one"]}
    house.paper.statuses["/two.html"] = 410
    await house.poll(20)
    await house.pipeline.retry_pages(NOW + timedelta(minutes=21))
    assert house.paper.asked["/two.html"] == 1
    assert (await stored(house, "two")).state is ArticleState.LIVE


async def test_robots_txt_holds_for_a_look_too(house: House) -> None:
    await tell(house, "one")
    house.pipeline._everybodys.vanishing._robots._rules.clear()
    house.paper.files["/robots.txt"] = b"User-agent: *\nDisallow: /"
    await look(house, 2, 24)
    assert house.paper.asked["/one.html"] == 1


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_a_page_that_fails_otherwise_says_nothing(house: House, status: int) -> None:
    await tell(house, "one")
    house.paper.statuses["/one.html"] = status
    await look(house, 2, 24, 48)
    article = await stored(house, "one")
    assert (article.state, article.missing) == (ArticleState.LIVE, None)
    assert house.paper.asked["/one.html"] == 3


# ---------------------------------------------------------------- gone


async def test_a_page_that_is_not_there_for_a_day_is_gone(house: House) -> None:
    await alerted(house)
    await tell(house, "one", "two")
    house.paper.statuses["/one.html"] = 404
    await look(house, 2)
    article = await stored(house, "one")
    assert (article.state, article.missing) == (ArticleState.LIVE, TOLD + 2 * HOUR)
    await look(house, 25.9)
    assert (await stored(house, "one")).state is ArticleState.LIVE
    await look(house, 26)
    article = await stored(house, "one")
    assert article.state is ArticleState.GONE
    assert article.body, "its text stays"
    assert (await stored(house, "two")).state is ArticleState.LIVE
    (correction,) = await house.storage.corrections.open_corrections()
    assert (correction.article_id, correction.changed) == (article.id, (THE_PAGE,))


async def test_what_is_gone_is_no_news_and_stays_readable(house: House) -> None:
    await tell(house, "one", "two")
    house.paper.statuses["/one.html"] = 410
    await look(house, 2)
    articles = house.storage.articles
    gone, live = await stored(house, "one"), await stored(house, "two")
    assert gone.state is ArticleState.GONE, "410 is believed at once"
    since = NOW - timedelta(days=2)
    for found in (
        await articles.latest(language="all", limit=9),
        await articles.latest(language="all", limit=9, source_id=gone.source_id),
        await articles.top(since, language="all"),
        await articles.stored_since(0, language="all", since=since),
        await articles.of_stories([gone.story_id, live.story_id]),
    ):
        ids = {one.article_id for one in found}
        assert live.id in ids
        assert gone.id not in ids
    archive = await articles.between(NOW - timedelta(days=1), NOW + HOUR, language="all", limit=9)
    assert gone.id in {one.article_id for one in archive}
    assert gone.body


async def test_what_is_owed_of_a_gone_page_is_not_sent(house: House) -> None:
    await alerted(house)
    await tell(house, "one", "two")
    outbox = Outbox(house.storage, owed=lambda: None)
    await outbox.expand(TOLD)
    house.paper.statuses["/one.html"] = 410
    await look(house, 2)
    gone = await stored(house, "one")
    claims = await house.storage.outbox.tick(ClaimBatch(limit=9), now=TOLD + timedelta(minutes=5))
    live = {claim.delivery.article_id: claim.live for claim in claims}
    assert live == {gone.id: False, (await stored(house, "two")).id: True}
    (claim,) = [one for one in claims if not one.live]
    decision = recheck(claim, TOLD + timedelta(minutes=5))
    assert decision == Drop(DeliveryState.CANCELLED, "gone")


async def test_an_open_push_of_a_gone_page_is_owed_to_nobody(house: House) -> None:
    await alerted(house)
    await tell(house, "one")
    house.paper.statuses["/one.html"] = 410
    await look(house, 2)
    assert await Outbox(house.storage, owed=lambda: None).expand(TOLD + 2 * HOUR) == 0


async def test_whoever_was_told_is_to_see_it(house: House) -> None:
    await alerted(house)
    await tell(house, "one")
    await Outbox(house.storage, owed=lambda: None).expand(TOLD)
    (claim,) = await house.storage.outbox.tick(ClaimBatch(limit=9), now=TOLD)
    await house.storage.outbox.acknowledge(
        [Outcome(claim.delivery.id, DeliveryState.SENT, TOLD, message_id=5, view=View.PUSH)]
    )
    house.paper.statuses["/one.html"] = 404
    await look(house, 2, 26)
    (correction,) = await house.storage.corrections.open_corrections()
    ((delivery, _),) = await house.storage.corrections.messages_showing(
        correction, since=TOLD - HOUR, limit=9
    )
    assert delivery.message_id == 5


# ---------------------------------------------------------------- there again


async def test_a_page_that_comes_back_in_time_was_never_gone(house: House) -> None:
    await tell(house, "one")
    house.paper.statuses["/one.html"] = 404
    await look(house, 2)
    house.paper.statuses.clear()
    await look(house, 26)
    article = await stored(house, "one")
    assert (article.state, article.missing) == (ArticleState.LIVE, None)
    house.paper.statuses["/one.html"] = 404
    await look(house, 50)
    assert (await stored(house, "one")).state is ArticleState.LIVE
    assert await house.storage.corrections.open_corrections() == []


async def test_a_silent_server_neither_ends_nor_proves_an_absence(house: House) -> None:
    await tell(house, "one")
    house.paper.statuses["/one.html"] = 404
    await look(house, 2)
    house.paper.statuses["/one.html"] = 503
    await look(house, 26)
    article = await stored(house, "one")
    assert (article.state, article.missing) == (ArticleState.LIVE, TOLD + 2 * HOUR)
    house.paper.statuses["/one.html"] = 404
    await look(house, 33)
    assert (await stored(house, "one")).state is ArticleState.GONE


async def test_a_gone_page_that_comes_back_is_live_again(house: House) -> None:
    await tell(house, "one")
    house.paper.statuses["/one.html"] = 410
    await look(house, 2)
    assert (await stored(house, "one")).state is ArticleState.GONE
    house.paper.statuses.clear()
    await look(house, 20)
    assert (await stored(house, "one")).state is ArticleState.GONE, "it is looked for a day later"
    await look(house, 26)
    article = await stored(house, "one")
    assert (article.state, article.missing) == (ArticleState.LIVE, None)
    latest = await house.storage.articles.latest(language="all", limit=9)
    assert article.id in {one.article_id for one in latest}
    (correction,) = await house.storage.corrections.open_corrections()
    assert correction.changed == (THE_PAGE,), (
        "whoever saw that it was gone is to see that it is not"
    )


async def test_a_gone_page_is_asked_for_once_more_and_then_left(house: House) -> None:
    await tell(house, "one")
    house.paper.statuses["/one.html"] = 410
    await look(house, 2, 26, 50, 80, 200)
    assert house.paper.asked["/one.html"] == 3
    assert (await stored(house, "one")).state is ArticleState.GONE


async def test_a_correction_by_the_feed_brings_a_gone_page_back(house: House) -> None:
    await tell(house, "one")
    house.paper.statuses["/one.html"] = 410
    await look(house, 2)
    house.paper.statuses.clear()
    house.paper.publish("one", "Новость другая: мост закрыт на ремонт", ago=timedelta(0))
    assert (await house.poll(10 + 3 * 60)).corrected == 1
    article = await stored(house, "one")
    assert (article.state, article.missing) == (ArticleState.CORRECTED, None)


# ---------------------------------------------------------------- pages that never came


async def test_a_page_that_was_never_there_is_gone_after_a_day(house: House) -> None:
    house.paper.publish("one", "Утверждён план развития железных дорог")
    house.paper.statuses["/one.html"] = 404
    await house.poll()
    article = await stored(house, "one")
    assert (article.state, article.missing) == (ArticleState.LIVE, NOW)
    for hours in (0.1, 1, 4, 12, 23.9):
        await house.pipeline.retry_pages(NOW + hours * HOUR)
    assert (await stored(house, "one")).state is ArticleState.LIVE
    assert house.paper.asked["/one.html"] == 4
    await house.pipeline.retry_pages(NOW + 24 * HOUR)
    article = await stored(house, "one")
    assert (article.state, article.missing) == (ArticleState.GONE, NOW)
    assert article.summary


async def test_a_page_that_refuses_a_stranger_at_first_sight_costs_nobody_the_news(
    house: House,
) -> None:
    await alerted(house)
    house.paper.publish("first", "Музей открыл выставку старых часов", ago=5 * HOUR)
    await house.poll()
    house.paper.publish("one", "Утверждён план развития железных дорог", ago=timedelta(0))
    house.paper.statuses["/one.html"] = 410
    assert (await house.poll(10)).pushes == 1
    assert (await stored(house, "one")).state is ArticleState.LIVE
    await house.pipeline.retry_pages(TOLD + timedelta(minutes=5))
    assert (await stored(house, "one")).state is ArticleState.GONE, "at the second sight"


async def test_a_page_that_came_late_is_looked_for_like_any_other(house: House) -> None:
    house.paper.publish("first", "Музей открыл выставку старых часов", ago=5 * HOUR)
    await house.poll()
    house.paper.publish("one", "Утверждён план развития железных дорог", ago=timedelta(0))
    house.paper.statuses["/one.html"] = 500
    await house.poll(10)
    house.paper.statuses.clear()
    await look(house, 0.2)
    assert house.paper.asked["/one.html"] == 2
    await look(house, 2, 24, 26)
    assert house.paper.asked["/one.html"] == 4


# ---------------------------------------------------------------- not believed


async def test_a_site_that_loses_all_its_pages_is_not_believed(house: House) -> None:
    names = [f"n{number}" for number in range(7)]
    await tell(house, *names)
    house.paper.statuses = dict.fromkeys((f"/{name}.html" for name in names), 404)
    await look(house, 2, 26, 50)
    states = {(await stored(house, name)).state for name in names}
    assert states == {ArticleState.LIVE}
    assert await house.storage.corrections.open_corrections() == []
    notices = await house.storage.notices.untold()
    assert {notice.kind for notice in notices} == {"vanished"}
    assert notices[0].subject == "127.0.0.1"
    assert dict(notices[0].details)["pages"] == "7"
    asked = house.paper.asked["/n0.html"]
    await look(house, 74, 98, 122, 300)
    assert house.paper.asked["/n0.html"] - asked <= 3, "and asked for no longer than it is news"


async def test_pages_that_an_outage_took_come_back(house: House) -> None:
    names = [f"n{number}" for number in range(7)]
    await tell(house, *names)
    house.paper.statuses = dict.fromkeys((f"/{name}.html" for name in names), 410)
    await look(house, 2)
    gone = [name for name in names if (await stored(house, name)).state is ArticleState.GONE]
    assert len(gone) <= 5
    house.paper.statuses.clear()
    await look(house, 26)
    assert {(await stored(house, name)).state for name in names} == {ArticleState.LIVE}
    assert {(await stored(house, name)).missing for name in names} == {None}


# ---------------------------------------------------------------- corrections behind bad pages


async def test_pages_that_fail_keep_no_other_correction_waiting(house: House) -> None:
    for number in range(8):
        house.paper.publish(
            f"n{number}", f"Новость: {SUBJECTS[number]}", ago=number * timedelta(minutes=5)
        )
    await house.poll()
    for number in range(8):
        house.paper.publish(
            f"n{number}",
            f"Уточнение: {SUBJECTS[number]}, подробности позже",
            ago=number * timedelta(minutes=5),
        )
    house.paper.statuses = {f"/n{number}.html": 500 for number in range(5)}
    assert (await house.poll(10)).corrected == 0, "the five newest fail"
    assert (await house.poll(15)).corrected == 3, "and let the others pass"
    asked = house.paper.asked["/n0.html"]
    house.paper.etag = False
    for minutes in range(21, 121, 5):
        house.paper.publish("busy", f"Число дня: {minutes}", ago=timedelta(hours=1))
        await house.poll(minutes)
    assert house.paper.asked["/n0.html"] - asked <= 4, "each waits longer every time"
    house.paper.statuses.clear()
    house.paper.publish("busy", "Число дня: последнее", ago=timedelta(hours=1))
    await house.poll(600)
    assert (await stored(house, "n0")).title.startswith("Уточнение")


async def test_a_changed_article_whose_page_is_missing_is_noted(house: House) -> None:
    await tell(house, "one")
    house.paper.publish("one", "Новость другая: мост закрыт на ремонт", ago=timedelta(0))
    house.paper.statuses["/one.html"] = 404
    assert (await house.poll(30)).corrected == 0
    article = await stored(house, "one")
    assert (article.missing, article.state) == (NOW + timedelta(minutes=30), ArticleState.LIVE)
    await house.pipeline.retry_pages(NOW + timedelta(minutes=30) + GONE_AFTER)
    assert (await stored(house, "one")).state is ArticleState.GONE
