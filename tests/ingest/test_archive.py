"""An archive into the store: any usual export, broken records, interruption, no push."""

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.ingest.archive import BATCH, Archive, ArchiveError, Importer, ImportReport
from bot.ingest.archive_records import Record, Refused, read_line
from bot.ingest.workers import Workers
from storage import BodyFrom, Storage

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

PAGE = """<!doctype html><html lang="ru"><head><meta charset="utf-8">
<link rel="canonical" href="https://archive.example/2019/05/bridge">
<meta property="article:published_time" content="2019-05-04T12:00:00+03:00">
<title>Мост открыли раньше срока</title></head><body><article><h1>Мост открыли раньше срока</h1>
<p>Новый мост через реку открыли на месяц раньше срока, сообщил начальник стройки. Движение по нему
пустили в субботу утром, и первыми проехали те, кто его строил.</p>
<p>Старый мост разберут осенью. Его опоры оставят как память о тех, кто работал здесь сто лет
назад, а рядом поставят скамейки.</p></article></body></html>"""


def line(number: int, **fields: Any) -> str:
    said = {
        "url": f"https://archive.example/{number}",
        "title": f"Заметка под номером {number}",
        "published": f"2019-03-{number % 28 + 1:02}T10:00:00+03:00",
        "text": f"Первый абзац заметки {number}.\nВторой абзац, в котором сказано чуть больше.",
        **fields,
    }
    return json.dumps({name: one for name, one in said.items() if one is not None})


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with Storage.open(tmp_path / "newsboy.db") as opened:
        yield opened


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    opened = Workers()
    yield opened
    await opened.stop()


async def imported(storage: Storage, workers: Workers, archive: Archive) -> ImportReport:
    return await Importer(storage, workers, clock=lambda: NOW).run(archive)


async def test_lines_become_articles_that_are_found_and_not_pushed(
    storage: Storage, workers: Workers, tmp_path: Path
) -> None:
    path = tmp_path / "archive.jsonl"
    path.write_text("\n\n".join(line(number) for number in range(1, 46)), encoding="utf-8")
    report = await imported(storage, workers, Archive(path))
    assert (report.stored, report.known, report.refused) == (45, 0, 0)
    newest, *_ = await storage.articles.latest(language="all", limit=100)
    article = await storage.articles.get(newest.article_id)
    assert article.published == datetime(2019, 3, 28, 7, tzinfo=UTC)
    assert article.source_domain == "archive.example"
    assert article.body_from is BodyFrom.FEED
    assert len(article.body) == 2
    assert await storage.owing.open_pushes() == []
    assert (
        await storage.articles.stored_since(0, language="all", since=NOW - timedelta(days=9999))
        == []
    )
    assert await storage.feeds.due(NOW + timedelta(days=9999)) == []
    keys, _ = await storage.search.keys(["заметк"], now=NOW)
    assert len(keys) == 45

    again = await imported(storage, workers, Archive(path))
    assert (again.stored, again.known, again.refused, again.behind) == (0, 45, 0, 0)


async def test_a_broken_record_costs_nothing_but_itself(
    storage: Storage, workers: Workers, tmp_path: Path
) -> None:
    broken = [
        "{",
        "[1, 2]",
        '"text"',
        line(90, published=None),
        line(91, title=None),
        line(92, url="javascript:alert(1)"),
        line(93, url=None),
        "\x00\x01",
        '{"a":' * 3000,
        line(94, author="nested").replace('"nested"', "[" * 800 + "]" * 800),
        line(95, published=None, timestamp="large").replace('"large"', "9" * 400),
    ]
    lines = [line(1), *broken, line(2)]
    path = tmp_path / "archive.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    report = await imported(storage, workers, Archive(path))
    assert (report.stored, report.refused) == (2, len(broken))
    assert [place for place, _ in report.reasons] == [
        f"line {number}" for number in range(2, len(broken) + 2)
    ]
    told = dict(report.reasons)
    assert '"published"' in told["line 5"]
    assert '"title"' in told["line 6"]
    assert "--source" in told["line 8"]


async def test_half_a_character_is_left_out(
    storage: Storage, workers: Workers, tmp_path: Path
) -> None:
    halves = {name: f"{name}\ud83d" for name in ("guid", "title", "author", "section", "publisher")}
    path = tmp_path / "archive.jsonl"
    path.write_text(line(1, image="https://a.example/\ud83d.jpg", **halves), encoding="utf-8")
    assert (await imported(storage, workers, Archive(path))).stored == 1
    (found,) = await storage.articles.latest(language="all", limit=9)
    assert (found.title, found.source) == ("title", "publisher")


async def test_pages_that_were_added_after_an_interruption_are_imported(
    storage: Storage, workers: Workers, tmp_path: Path
) -> None:
    (tmp_path / "b.html").write_text(PAGE, encoding="utf-8")
    await storage.meta.set(Archive(tmp_path).key, "1")
    assert (await imported(storage, workers, Archive(tmp_path))).behind == 1
    await storage.meta.set(Archive(tmp_path).key, "1")
    (tmp_path / "a.html").write_text(PAGE, encoding="utf-8")
    assert (await imported(storage, workers, Archive(tmp_path))).stored == 1


async def test_an_interrupted_import_goes_on_where_it_was(
    storage: Storage, workers: Workers, tmp_path: Path
) -> None:
    path = tmp_path / "archive.jsonl.gz"
    lines = "\n".join(line(number) for number in range(1, 4 * BATCH + 1))
    path.write_bytes(gzip.compress(lines.encode()))
    archive = Archive(path)
    assert archive.size() == 4 * BATCH

    def interrupt(done: int) -> None:
        if done >= 2 * BATCH:
            first.cancel()

    first = asyncio.create_task(
        Importer(storage, workers, clock=lambda: NOW).run(archive, progress=interrupt)
    )
    with pytest.raises(asyncio.CancelledError):
        await first
    stored = len(await storage.articles.latest(language="all", limit=1000))
    assert 2 * BATCH <= stored < 4 * BATCH
    report = await imported(storage, workers, Archive(path))
    assert report.behind == stored
    assert (report.stored, report.known) == (4 * BATCH - stored, 0)
    assert (await imported(storage, workers, Archive(path))).behind == 0


async def test_a_file_that_breaks_off_keeps_what_came_before(
    storage: Storage, workers: Workers, tmp_path: Path
) -> None:
    path = tmp_path / "archive.jsonl.gz"
    lines = "\n".join(line(number, noise=f"{number**9}") for number in range(1, 8 * BATCH + 1))
    path.write_bytes(gzip.compress(lines.encode())[:-2000])
    with pytest.raises(ArchiveError, match="mend the file"):
        await imported(storage, workers, Archive(path))
    stored = len(await storage.articles.latest(language="all", limit=1000))
    readable = sum(1 for _ in _until_broken(path))
    assert stored == readable >= BATCH


def _until_broken(path: Path) -> Iterator[object]:
    with pytest.raises(ArchiveError):
        yield from Archive(path).records()


async def test_saved_pages_are_read_like_any_page(
    storage: Storage, workers: Workers, tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    (folder / "2019").mkdir(parents=True)
    (folder / "2019" / "bridge.html").write_text(PAGE, encoding="utf-8")
    (folder / "tunnel.htm.gz").write_bytes(
        gzip.compress(PAGE.replace("ост ", "ост-2 ").replace("/bridge", "/tunnel").encode())
    )
    (folder / "empty.html").write_text("", encoding="utf-8")
    (folder / "note.txt").write_text("no page", encoding="utf-8")
    report = await imported(storage, workers, Archive(folder))
    assert (report.stored, report.refused) == (2, 1)
    assert report.reasons[0][0] == "empty.html"
    found = await storage.articles.latest(language="all", limit=9)
    bridge = next(one for one in found if one.url.endswith("/bridge"))
    article = await storage.articles.get(bridge.article_id)
    assert article.title == "Мост открыли раньше срока"
    assert article.published == datetime(2019, 5, 4, 9, tzinfo=UTC)
    assert article.body_from is BodyFrom.PAGE
    assert article.source_domain == "archive.example"


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({"link": "https://a.example/1?utm_source=x"}, "url", "https://a.example/1"),
        ({"date_published": "2019-03-01T00:00:00Z"}, "published", datetime(2019, 3, 1, tzinfo=UTC)),
        ({"timestamp": 1551398400}, "published", datetime(2019, 3, 1, tzinfo=UTC)),
        ({"timestamp": 1551398400000}, "published", datetime(2019, 3, 1, tzinfo=UTC)),
        ({"date": "1 марта 2019, 03:00 МСК"}, "published", datetime(2019, 3, 1, tzinfo=UTC)),
        (
            {"pubDate": "Fri, 01 Mar 2019 03:00:00 +0300"},
            "published",
            datetime(2019, 3, 1, tzinfo=UTC),
        ),
        ({"authors": [{"name": "Анна"}, "Борис"]}, "author", "Анна, Борис"),
        ({"headline": "Слова"}, "title", "Слова"),
        ({"content_html": "<p>Так</p>"}, "markup", "<p>Так</p>"),
        ({"body": "Раз & два\n\nТри"}, "markup", "<p>Раз &amp; два</p><p>Три</p>"),
        ({"content": "<p>Так</p>"}, "markup", "<p>Так</p>"),
        ({"tags": ["спорт", {"name": "хоккей"}]}, "rubrics", ("спорт", "хоккей")),
        ({"inLanguage": "ru-RU"}, "language", "ru"),
        ({"image": {"url": "https://a.example/1.jpg"}}, "image", "https://a.example/1.jpg"),
        ({"publisher": {"name": "Газета"}}, "source", "Газета"),
    ],
)
def test_understands_the_names_that_exports_use(
    fields: dict[str, Any], name: str, expected: object
) -> None:
    said = {"url": "https://b.example/2", "title": "Т", "published": "2020-01-01"}
    for names in (("link",), ("headline",), ("timestamp", "date", "date_published", "pubDate")):
        if any(one in fields for one in names):
            said.pop({"link": "url", "headline": "title"}.get(names[0], "published"))
    record = read_line(json.dumps({**said, **fields}).encode())
    assert isinstance(record, Record)
    assert getattr(record, name) == expected


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="does not exist"):
        Archive(tmp_path / "none.jsonl")
    with pytest.raises(ArchiveError, match="no saved page"):
        Archive(tmp_path)


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive.jsonl"
    path.touch(0o000)
    with pytest.raises(ArchiveError, match="permissions"):
        Archive(path)


def test_a_line_too_long_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "archive.jsonl"
    path.write_text(f"{line(1)}\n{line(2, text='x' * 5_000_001)}\n{line(3)}\n", encoding="utf-8")
    kinds = [type(one) for _, one in Archive(path).records()]
    assert kinds == [Record, Refused, Record]
