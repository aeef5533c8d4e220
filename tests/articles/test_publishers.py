"""Profiles: what they are for, how they fail, and what happens when a site is redesigned."""

from importlib.resources import files

import pytest
import turbohtml

from bot.articles.blocks import plain_text
from bot.articles.extractor import extract
from bot.articles.publishers import ProfileError, profile_for, read_profile, shipped_profiles
from tests.articles.model_pages import LEAKS, TITLE, A, B, C, D, plain

GOOD = """
name = "paper"
domains = ["paper.example"]
marks = [".paper-article"]
zone = "Asia/Tokyo"
junk = "Sponsored"
[selectors]
root = ".paper-article"
title = ["h1.big", "h1"]
standfirst = ".deck"
body = ".story"
unwanted = [".inset"]
published = "time"
author = ".by"
"""
PAGE = f"""<html lang="en"><head><title>Bridge opens</title></head><body>
<div class="paper-article"><h1>Bridge opens</h1><p class="deck">A month before it was due.</p>
<time datetime="2026-11-22T10:00">today</time><span class="by">Ann Lee</span>
<div class="story"><p>{"The bridge over the river opened on Sunday morning. " * 4}</p>
<div class="inset"><p>Another story entirely.</p></div><p>Sponsored by nobody at all.</p>
<p>{"Trams will follow in spring, the mayor said at the ceremony. " * 4}</p></div></div>
</body></html>"""


def test_what_stands_at_the_end_alone_is_told_apart() -> None:
    profile = read_profile(
        "paper.toml", GOOD.replace("[selectors]", 'tail = "Earlier"\n[selectors]')
    )
    end = "<p>Earlier we told of the tunnel.</p><figure><img src=/t.jpg></figure><h2>Next</h2>"
    html = PAGE.replace("<p>Trams", "<p>Earlier plans failed.</p><p>Trams")
    html = html.replace("</div></div>\n</body>", f"{end}</div></div></body>")
    assert "tunnel" in html
    page = extract(html.encode(), url="https://paper.example/1", profiles=(profile,))
    text = plain_text(page.body)
    assert "Earlier plans failed." in text
    assert "tunnel" not in text


@pytest.mark.parametrize("url", ["https://www.paper.example/1", "http://127.0.0.1:8000/copy"])
def test_a_profile_serves_its_domain_and_its_marks(url: str) -> None:
    page = extract(PAGE.encode(), url=url, profiles=(read_profile("paper.toml", GOOD),))
    assert page.standfirst == "A month before it was due."
    assert page.author == "Ann Lee"
    assert page.published is not None
    assert page.published.hour == 1  # Tokyo's ten o'clock
    text = plain_text(page.body)
    assert text.startswith("The bridge")
    assert text.endswith("ceremony.")
    assert "Another story" not in text
    assert "Sponsored" not in text


def test_other_pages_are_none_of_its_business() -> None:
    profile = read_profile("paper.toml", GOOD)
    assert profile_for("https://paper.example.evil.test/1", turbohtml.parse(""), [profile]) is None
    assert profile_for("https://notpaper.example/1", turbohtml.parse(""), [profile]) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('root = ".paper-article"', 'root = ".paper["'), "selectors.root"),
        (('body = ".story"', ""), "selectors.body is missing"),
        (('body = ".story"', "body = 7"), "selectors.body must be"),
        (('author = ".by"', 'auhtor = ".by"'), "selectors.auhtor"),
        (('zone = "Asia/Tokyo"', 'zone = "Asia/Nowhere"'), "zone"),
        (('junk = "Sponsored"', 'junk = "("'), "junk"),
        (('name = "paper"', ""), "name is missing"),
        (('name = "paper"', 'name = "paper"\ncolour = "red"'), "colour"),
        (('domains = ["paper.example"]\nmarks = [".paper-article"]', ""), "neither domains nor"),
        (('marks = [".paper-article"]', 'marks = [".ok", "p:nope()"]'), "marks"),
        (("[selectors]", "[selectors"), "no TOML"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_profile_names_its_file_and_key(change: tuple[str, str], said: str) -> None:
    with pytest.raises(ProfileError, match=r"^paper\.toml") as caught:
        read_profile("paper.toml", GOOD.replace(*change))
    assert said in str(caught.value)


def test_every_profile_that_is_shipped_loads() -> None:
    toml = [
        one for one in (files("bot.articles") / "profiles").iterdir() if one.name.endswith(".toml")
    ]
    assert len(shipped_profiles()) == len(toml) > 0


@pytest.mark.parametrize(
    ("gone", "instead"),
    [
        ("b_article-text", "text-2030"),  # the text's class and its microdata are others
        ('id="_id_article"', 'id="article-2030"'),
    ],
)
def test_a_redesigned_page_is_read_the_general_way(gone: str, instead: str) -> None:
    html = plain().html.decode().replace(gone, instead).replace("itemprop=", "data-prop=")
    page = extract(html.encode(), url="https://www.gazeta.ru/social/1.shtml")
    text = plain_text(page.body)
    assert page.title == TITLE
    for paragraph in (A, B, C, D):
        assert paragraph in text
    assert [leak for leak in LEAKS if leak in text] == []


def test_a_profile_that_finds_a_part_of_the_text_alone_gives_way() -> None:
    teaser = "<div class='b_article-text'><p>Коротко о главном за этот день.</p></div>"
    html = plain().html.decode().replace("b_article-text", "story")
    html = html.replace('itemprop="articleBody"', "").replace(
        '<div class="story"', teaser + "<div", 1
    )
    text = plain_text(extract(html.encode(), url="https://www.gazeta.ru/social/1.shtml").body)
    for paragraph in (A, B, C, D):
        assert paragraph in text
