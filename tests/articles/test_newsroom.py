"""Articles composed of what feed and page say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.articles.blocks import plain_text
from bot.articles.newsroom import Desk, FeedItem, Newsroom, content_hash
from bot.articles.page import ExtractedPage
from bot.words.normaliser import Normaliser
from storage import ArticleDraft, Block, BodyFrom, EntryKey, Paragraph, PictureBlock, Span, Topic

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "https://paper.example/politics/1.shtml"
KEY = EntryKey("guid", "paper.example/politics/1.shtml", "hash")
DESK = Desk(feed_id=3, source_id=4, source="Газета", language="ru")

TITLE = "Мост через реку открыли раньше срока"
STANDFIRST = "Новый мост принял первые машины на месяц раньше, чем обещали строители."
FIRST = "Движение по мосту открыли в шесть утра, сообщает ТАСС со ссылкой на мэра."
SECOND = "Через год рядом построят ещё один мост, для трамвая и для пешеходов."
THIRD = "Стоимость работ выросла вдвое, но город обошёлся без кредитов и займов."


def paragraphs(*texts: str) -> tuple[Block, ...]:
    return tuple(Paragraph((Span(text),)) for text in texts)


ITEM = FeedItem(
    url=URL,
    title=TITLE,
    published=NOW - timedelta(hours=1),
    summary_html=f"<p>{STANDFIRST} <a href='{URL}'>Читать далее</a></p>",
    categories=("Общество",),
    labels=("18+",),
)
PAGE = ExtractedPage(
    url=URL,
    title="Мост через реку открыли раньше обещанного срока",
    subheadline="Первые машины проехали утром",
    standfirst=STANDFIRST,
    description=STANDFIRST,
    body=paragraphs(FIRST, SECOND, THIRD),
    author="Иван Петров",
    image=PictureBlock("https://img.example/1.jpg"),
    rubric="Политика",
    language="ru",
    labels=("18+", "* иноагент"),
)


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(Normaliser())


def compose(newsroom: Newsroom, item: FeedItem, page: ExtractedPage | None) -> ArticleDraft:
    return newsroom.compose(item, page, desk=DESK, key=KEY, now=NOW)


def test_feed_and_page_make_one_article(newsroom: Newsroom) -> None:
    draft = compose(newsroom, ITEM, PAGE)
    assert draft.title == PAGE.title
    assert draft.subheadline == PAGE.subheadline
    assert draft.standfirst == draft.summary == STANDFIRST
    assert draft.body == PAGE.body
    assert draft.body_from is BodyFrom.PAGE
    assert draft.author == "Иван Петров"
    assert draft.image == PAGE.image
    assert draft.topic is Topic.POLITICS
    assert draft.rubric == "Политика"
    assert draft.language == "ru"
    assert draft.labels == ("18+", "* иноагент")
    assert draft.cited == ("ТАСС",)
    assert draft.published == ITEM.published
    assert (draft.feed_id, draft.source_id, draft.key) == (3, 4, KEY)
    assert "мост" in draft.search_title.split()
    assert {"перв", "трамва"} <= set(draft.search_body.split())


def test_people_and_words_are_told(newsroom: Newsroom) -> None:
    content = "<p>Мост откроет мэр Анна Кузнецова. «Он нужен городу», — сказала Кузнецова.</p>"
    item = replace(ITEM, title="Мост откроют", summary_html="", content_html=content)
    draft = compose(newsroom, item, None)
    assert draft.people == ("Анна Кузнецова",)
    assert draft.words == 2 + 11


def test_without_a_page_the_feed_serves(newsroom: Newsroom) -> None:
    content = f"<h1>{TITLE}</h1><p>{FIRST}</p><p>{SECOND}</p><p>The post X appeared first on Y.</p>"
    draft = newsroom.compose(
        replace(ITEM, content_html=content),
        None,
        desk=DESK,
        key=KEY,
        now=NOW,
        page_error="404",
        page_tries=1,
        page_due=NOW + timedelta(minutes=5),
    )
    assert draft.body == paragraphs(FIRST, SECOND)
    assert draft.body_from is BodyFrom.FEED
    assert draft.standfirst == STANDFIRST
    assert draft.topic is Topic.SOCIETY
    assert (draft.page_error, draft.page_tries) == ("404", 1)
    assert draft.page_due == NOW + timedelta(minutes=5)


def test_a_bare_entry_is_an_article_too(newsroom: Newsroom) -> None:
    draft = compose(newsroom, FeedItem(url=URL, title="Мост &amp; река"), None)
    assert draft.title == "Мост & река"
    assert draft.body_from is BodyFrom.NONE
    assert draft.body == ()
    assert draft.published == NOW
    assert draft.summary == draft.standfirst == ""


def test_a_page_about_something_else_does_not_change_the_title(newsroom: Newsroom) -> None:
    other = replace(PAGE, title="Подтвердите, что вы не робот")
    assert compose(newsroom, ITEM, other).title == TITLE


def test_a_heading_that_holds_the_whole_page_is_no_title(newsroom: Newsroom) -> None:
    everything = " ".join([TITLE, *(FIRST, SECOND, THIRD) * 3])
    page = replace(
        PAGE, title=everything, subheadline=everything, labels=tuple(map(str, range(99)))
    )
    draft = compose(newsroom, ITEM, page)
    assert (draft.title, draft.subheadline) == (TITLE, "")
    assert len(draft.labels) == 10


def test_an_excerpt_on_the_page_does_not_replace_the_feeds_text(newsroom: Newsroom) -> None:
    item = replace(ITEM, content_html=f"<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>")
    draft = compose(newsroom, item, replace(PAGE, body=paragraphs(FIRST)))
    assert draft.body_from is BodyFrom.FEED
    assert THIRD in plain_text(draft.body)


@pytest.mark.parametrize(
    "slogan",
    [
        "Главные события дня, фото, видео, аналитика и репортажи на нашем сайте",
        TITLE,
        "Движение по мосту открыли в шесть…",
        "Мост",
        "мост " * 200,
    ],
)
def test_what_is_no_standfirst_gives_way_to_a_computed_summary(
    newsroom: Newsroom, slogan: str
) -> None:
    page = replace(PAGE, standfirst="", description=slogan)
    draft = compose(newsroom, replace(ITEM, summary_html=""), page)
    assert draft.standfirst == ""
    assert draft.summary.startswith(FIRST)


def test_a_description_that_the_body_repeats_is_the_summary_alone(newsroom: Newsroom) -> None:
    page = replace(PAGE, standfirst="", description=FIRST)
    draft = compose(newsroom, replace(ITEM, summary_html=""), page)
    assert draft.standfirst == ""
    assert draft.summary == FIRST
    assert draft.body == PAGE.body


def test_the_lead_stands_once(newsroom: Newsroom) -> None:
    draft = compose(newsroom, ITEM, replace(PAGE, body=paragraphs(STANDFIRST, FIRST, SECOND)))
    assert draft.standfirst == STANDFIRST
    assert draft.body == paragraphs(FIRST, SECOND)


def test_the_articles_picture_stands_once(newsroom: Newsroom) -> None:
    hero = PictureBlock("https://img.example/1.jpg", "Мост утром", "ТАСС", 800, 450)
    draft = compose(newsroom, ITEM, replace(PAGE, body=(hero, *PAGE.body)))
    assert draft.image == hero
    assert draft.body == PAGE.body
    other = replace(hero, url="https://img.example/2.jpg")
    draft = compose(newsroom, ITEM, replace(PAGE, body=(other, *PAGE.body)))
    assert draft.image == PAGE.image
    assert draft.body[0] == other
    bare = compose(newsroom, ITEM, replace(PAGE, image=None, body=(hero, *PAGE.body)))
    assert bare.image == hero
    assert bare.body == PAGE.body


def test_times_are_never_in_the_future(newsroom: Newsroom) -> None:
    page = replace(PAGE, published=NOW - timedelta(days=1), updated=NOW - timedelta(minutes=5))
    late = compose(newsroom, replace(ITEM, published=NOW + timedelta(hours=2)), page)
    assert late.published == NOW
    assert late.updated is None
    undated = compose(newsroom, replace(ITEM, published=None), page)
    assert undated.published == NOW - timedelta(days=1)
    assert undated.updated == NOW - timedelta(minutes=5)


def test_the_hash_changes_with_the_words_alone(newsroom: Newsroom) -> None:
    spaced = replace(PAGE, body=paragraphs(FIRST.replace(" ", "  "), SECOND, f"{THIRD} "))
    changed = replace(PAGE, body=paragraphs(FIRST, SECOND, THIRD.replace("вдвое", "втрое")))
    mine = compose(newsroom, ITEM, PAGE).content_hash
    assert compose(newsroom, ITEM, spaced).content_hash == mine
    assert compose(newsroom, ITEM, changed).content_hash != mine
    assert content_hash("а", "б", "") != content_hash("аб", "", "")


def test_a_page_that_comes_late_completes_the_article(newsroom: Newsroom) -> None:
    stored = compose(newsroom, replace(ITEM, content_html=f"<p>{FIRST}</p>"), None)
    better = newsroom.with_page(stored, PAGE, desk=DESK, now=NOW + timedelta(hours=1))
    assert better.body == PAGE.body
    assert better.body_from is BodyFrom.PAGE
    assert better.published == stored.published
    assert better.key == stored.key
    assert better.page_error is None
    excerpt = replace(PAGE, body=paragraphs("Кратко."))
    kept = newsroom.with_page(stored, excerpt, desk=DESK, now=NOW)
    assert kept.body == stored.body
    assert kept.body_from is BodyFrom.FEED


def test_the_main_process_stays_light() -> None:
    """trafilatura is for worker processes; numpy is for nobody."""
    import subprocess
    import sys

    code = (
        "import sys, bot.articles.newsroom, bot.articles.likeness; "
        "print(*sorted({'trafilatura', 'numpy', 'lxml'} & set(sys.modules)))"
    )
    run = subprocess.run(  # noqa: S603 (our own interpreter and code)
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == ""
