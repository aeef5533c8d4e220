"""Pages in, articles out: the model publisher's shape, others' pages, broken ones."""

import pickle
import re
from datetime import UTC, datetime

import pytest

from bot.articles.blocks import block_text, plain_text
from bot.articles.extractor import extract
from storage import Embed, Heading, ListBlock, Paragraph, PictureBlock, Quote
from tests.articles.practice import practice_pages, precision_recall

URL = "https://paper.example/politics/news/2026/11/22/1.shtml"

GAZETA = """<!doctype html><html lang="ru"><head><meta charset="utf-8">
<title>Мост открыли раньше срока - Газета</title>
<meta property="og:title" content="Мост открыли раньше срока">
<meta property="og:description" content="Новый мост через реку принял первые машины.">
<meta property="og:image" content="https://img.example/bridge.jpg">
<meta property="og:image:width" content="1200"><meta property="og:image:height" content="800">
<link rel="canonical" href="https://paper.example/politics/news/2026/11/22/1.shtml"></head><body>
<nav><a href="/politics/">Политика</a> <span>18+</span></nav>
<div class="b_article-breadcrumb-item"><a class="rubric" href="/social/">Общество</a></div>
<div class="b_ears"><a class="b_ear" href="/n/2"><span class="b_ear-title">Чужой заголовок про
снегопад в горах</span></a><time
class="b_ear-time" datetime="2026-11-22T09:00:00+03:00"></time></div>
<article id="_id_article"><h1 class="headline">Мост открыли раньше срока</h1>
<h2 class="subheader">Первые машины проехали утром</h2>
<time itemprop="datePublished" datetime="2026-11-22T10:30:00+03:00">10:30</time>
<span itemprop="author"><span itemprop="name">Иван Петров</span></span>
<div class="b_article-intro"><span itemprop="description">Новый мост через реку принял первые машины
на месяц раньше, чем обещали строители.</span></div>
<div class="b_article-text" itemprop="articleBody">
<p>Новый мост через реку принял первые машины на месяц раньше, чем обещали строители.</p>
<p>Движение открыли в <b>шесть утра</b>, сообщает <a href="/tass">ТАСС</a>.</p>
<div class="b_article-incut"><p>Врезка: другая новость</p></div>
<figure><img src="/p/1.jpg" width="800" height="600"><figcaption>Мост утром</figcaption></figure>
<blockquote><p>«Мы успели», — сказал прораб.</p></blockquote>
<h2>Что дальше</h2><p>Через год рядом построят ещё один мост, для трамвая и пешеходов.</p>
<p>Компания признана в РФ иностранным агентом.</p>
<p>Реклама 0+ ООО «Ромашка»</p><p>Gazeta.Banner.show(12);</p>
<p>Чужой заголовок про снегопад в горах</p>
<p>Ранее <a href="/n/3">сообщалось</a> о задержке.</p><p>Что думаешь?</p></div></article>
<div class="cookie"><p>Мы используем cookie. Соглашаюсь.</p></div>
<footer><p>* Иноагент: по решению Минюста.</p></footer></body></html>"""

PLAIN = """<html lang="en"><head><title>Council approves new library | Paper</title>
<meta property="og:site_name" content="Paper"><meta property="og:title" content="Council approves
 new library"><meta name="description" content="The vote ended a decade of argument.">
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":
"NewsArticle","headline":"Council approves new library","datePublished":"2026-11-20T08:00:00Z",
"dateModified":"2026-11-20T09:00:00Z","author":[{"@type":"Person","name":"By Ann Lee"},
{"@type":"Person","name":"Bo Ray"}],"articleSection":["Local"]}]}</script></head><body>
<header><a href="/">Home</a></header><main><h1>Council approves new library</h1>
<p>We use cookies. Accept?</p>
<p>The city council voted on Thursday to build a new library on the old market square, ending an
argument that had lasted for more than ten years and three mayors.</p>
<p>Construction is to begin in <a href="/spring">the spring</a>, and the doors should open two years
later, according to the plan that the council published after the vote.</p>
<figure><a href="/gallery"><img src="/l.jpg" width="640" height="480"></a>
<figcaption>The old market</figcaption></figure>
<blockquote class="twitter-tweet"><p>At last, a library for this city!</p>— Ann
<a href="https://x.example/1">Nov 20</a></blockquote>
<h2>What it costs</h2>
<p>The building will cost forty million, half of which the region pays, said the mayor, who called
the decision the most important one of her term in office so far.</p>
<ul><li>Reading rooms for two hundred people</li><li>A hall for concerts and meetings</li></ul>
<p>Critics said that the money would be better spent on schools, many of which need new roofs before
the next winter comes, and promised to bring the matter to court.</p>
<p>Sign up for our newsletter</p><h3>Related stories</h3>
<ul><li><a href="/a">Mayor opens a new bridge</a></li>
<li><a href="/b">Schools need roofs</a></li></ul>
</main><footer>© Paper 2026</footer></body></html>"""


def test_the_model_publishers_page_is_taken_apart() -> None:
    page = extract(GAZETA.encode(), url=URL)
    assert page.title == "Мост открыли раньше срока"
    assert page.subheadline == "Первые машины проехали утром"
    assert page.standfirst.startswith("Новый мост через реку принял первые машины на месяц раньше")
    assert page.author == "Иван Петров"
    assert page.published == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
    assert page.rubric == "Общество"
    assert page.language == "ru"
    assert page.image == PictureBlock("https://img.example/bridge.jpg", width=1200, height=800)
    assert page.url == URL
    assert [type(block) for block in page.body] == [
        Paragraph, PictureBlock, Quote, Heading, Paragraph, Paragraph,
    ]  # fmt: skip
    text = plain_text(page.body)
    for junk in ("месяц раньше", "Врезка", "Реклама", "Banner", "снегопад", "Ранее", "думаешь"):
        assert junk not in text
    link = page.body[0]
    assert isinstance(link, Paragraph)
    assert [span.link for span in link.spans if span.link] == ["https://paper.example/tass"]
    assert [span.text for span in link.spans if span.bold] == ["шесть утра"]


def test_age_marks_and_legal_notices_stay() -> None:
    page = extract(GAZETA.encode(), url=URL)
    assert "признана в РФ иностранным агентом" in plain_text(page.body)
    assert page.labels == ("18+", "* Иноагент: по решению Минюста.")


def test_news_of_a_notice_is_no_label() -> None:
    news = "<div>Минюст пополнил реестр иноагентов, экстремистов ждёт суд</div>"
    html = GAZETA.replace("<footer>", f"{news}<footer>").replace(
        "принял первые машины\nна", "не назван экстремистским и принял машины\nна"
    )
    page = extract(html.encode(), url=URL)
    assert page.labels == ("18+", "* Иноагент: по решению Минюста.")


def test_the_model_shape_serves_without_a_lead() -> None:
    bare = re.sub(r'<div class="b_article-intro">.*?</div>', "", GAZETA, flags=re.DOTALL)
    page = extract(bare.encode(), url=URL)
    assert page.standfirst == ""
    assert page.description == "Новый мост через реку принял первые машины."
    assert plain_text(page.body).startswith("Новый мост через реку принял первые машины на месяц")


def test_an_unknown_publishers_page_keeps_its_form() -> None:
    page = extract(PLAIN.encode(), url="https://paper.example/local/1")
    assert page.title == "Council approves new library"
    assert page.description == "The vote ended a decade of argument."
    assert page.standfirst == ""
    assert page.author == "Ann Lee, Bo Ray"
    assert page.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert page.updated == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert page.rubric == "Local"
    assert page.site == "Paper"
    kinds = [type(block) for block in page.body]
    assert kinds[:2] == [Paragraph, Paragraph]
    assert kinds[-3:] == [Paragraph, ListBlock, Paragraph]
    assert Heading in kinds
    assert Quote in kinds
    text = plain_text(page.body)
    assert text.startswith("The city council voted")
    for junk in ("cookies", "Sign up", "Related", "Schools need roofs", "©"):
        assert junk not in text
    spans = [s for b in page.body if isinstance(b, Paragraph) for s in b.spans]
    assert "https://paper.example/spring" in {span.link for span in spans}


def test_a_lead_that_the_page_marks_is_the_standfirst() -> None:
    lead = '<p class="standfirst">The vote ended a decade of argument.</p>'
    page = extract(
        PLAIN.replace("<p>The city council voted", f"{lead}<p>The city council voted").encode(),
        url="https://paper.example/local/1",
    )
    assert page.standfirst == "The vote ended a decade of argument."
    assert plain_text(page.body).startswith("The city council voted")


def test_a_page_survives_the_way_between_processes() -> None:
    page = extract(GAZETA.encode(), url=URL)
    assert pickle.loads(pickle.dumps(page)) == page  # noqa: S301 (our own bytes)


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("windows-1251", "windows-1251", None),
        ("windows-1251", "utf-8", "text/html; charset=windows-1251"),
        ("koi8-r", "koi8-r", "text/html"),
        ("utf-8", "utf-8", "text/html; charset=no-such-charset"),
    ],
)
def test_encodings(encoding: str, declared: str, header: str | None) -> None:
    html = GAZETA.replace("utf-8", declared).replace("—", "-").replace("«", '"').replace("»", '"')
    page = extract(html.encode(encoding), url=URL, content_type=header)
    assert page.title == "Мост открыли раньше срока"


@pytest.mark.parametrize(
    "html",
    [
        b"",
        b"\x00\xff\xfe",
        b"not html at all",
        b"<html></html>",
        b"<p>" * 2000,
        b'<article id="_id_article"></article>',
        b'<script type="application/ld+json">{"@type":"NewsArticle","author":[[[]]]}</script>',
        b'<script type="application/ld+json">{broken</script><p>x',
        b'<meta property="og:image" content="http://[">',
        b'<html lang=""><time itemprop=datePublished datetime="9999-99-99">',
    ],
)
def test_broken_pages_give_an_empty_article(html: bytes) -> None:
    page = extract(html, url="https://paper.example/1")
    assert not any(isinstance(block, ListBlock | Quote | Embed) for block in page.body)
    assert page.published is None


# ---------------------------------------------------------------- the public benchmark


def test_practice_pages() -> None:
    pages = practice_pages()
    if not pages:
        pytest.skip("the practice pages are not beside the repository")
    scores = []
    for practice in pages:
        page = extract(practice.html, url=practice.url)
        paragraphs = sum(bool(block_text(block)) for block in page.body)
        expected = sum(bool(line.strip()) for line in practice.text.split("\n"))
        assert page.title, practice.url
        assert paragraphs >= min(3, expected), practice.url
        scores.append(precision_recall(practice.text, plain_text(page.body)))
    precision = sum(p for p, _ in scores) / len(scores)
    recall = sum(r for _, r in scores) / len(scores)
    assert 2 * precision * recall / (precision + recall) >= 0.983  # .987 when written


@pytest.mark.parametrize(
    "hurt",
    [
        "<p " + " ".join(f"a{number}=1" for number in range(20_000)) + ">",
        "<div>" * 400,
        "<p>" + "<span>" * 400,
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
    ],
    ids=["attributes", "deep", "deep in a line", "deep data"],
)
def test_a_page_made_to_hurt_is_read_all_the_same(hurt: str) -> None:
    text = "Городской совет утвердил план ремонта девяти детских садов на учебный год. " * 8
    html = f"<html><body><main><h1>Совет</h1>{hurt}<p>{text}</p></main></body></html>"
    assert "Городской совет" in plain_text(extract(html.encode(), url=URL).body)
