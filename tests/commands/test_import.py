"""`newsboy import`, as its operator calls it."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.commands.conftest import Result

Newsboy = Callable[..., Result]

ARTICLE = {
    "url": "https://archive.example/1",
    "title": "Мост открыли раньше срока",
    "published": "2019-05-04T12:00:00+03:00",
    "text": "Новый мост через реку открыли на месяц раньше срока.",
}


def test_says_what_came_and_what_did_not(newsboy: Newsboy, folder: Path) -> None:
    lines = [json.dumps(ARTICLE), "{", json.dumps({**ARTICLE, "url": "https://archive.example/2"})]
    (folder / "archive.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = newsboy("import", "archive.jsonl")
    assert result.status == 0, result.err
    assert "1 articles stored, 1 known already, 1 refused." in result.out
    assert "line 2: is no JSON" in result.out


def test_where_nothing_can_be_read_the_status_says_so(newsboy: Newsboy, folder: Path) -> None:
    (folder / "archive.jsonl").write_text("<rss/>\n", encoding="utf-8")
    assert newsboy("import", "archive.jsonl").status == 1
    missing = newsboy("import", "none.jsonl")
    assert missing.status == 1
    assert "none.jsonl does not exist" in missing.err


def test_a_publisher_is_named_for_records_without_address(newsboy: Newsboy, folder: Path) -> None:
    said = {name: one for name, one in ARTICLE.items() if name != "url"}
    (folder / "archive.jsonl").write_text(json.dumps(said), encoding="utf-8")
    assert newsboy("import", "archive.jsonl").status == 1
    assert newsboy("import", "archive.jsonl", "--source", "archive.example").status == 0
    shown = newsboy("show", "1")
    assert "Мост открыли раньше срока" in shown.out
