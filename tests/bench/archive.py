"""A database of many synthetic articles, filled once and kept in the user's cache folder.

    blocks of synthetic texts, normalised in other processes ─▶ drafts ─▶ `store_article`

The file is named by the count and by all that decides its contents, so a change of the schema, the
normaliser or the texts makes a new one. The store's SQL runs on a plain connection without
durable commits, many articles a transaction, because a hundred thousand commits would take an
hour; the last thousand go through the front door, one by one, and leave the index with the many
small segments that a running bot's has.
"""

import hashlib
import os
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bot.sandbox.newspaper.synthetic import SyntheticArticle, synthetic
from bot.words.normaliser import NORMALISER_VERSION, Normaliser
from storage import (
    ArticleDraft,
    BodyFrom,
    EntryKey,
    Feed,
    FeedOutcome,
    Paragraph,
    PictureBlock,
    Span,
    Storage,
    Topic,
)
from storage.article_rows import draft_parameters
from storage.articles import store_article
from storage.database import Transaction
from storage.search import settle

if TYPE_CHECKING:
    import aiosqlite

SOURCES = 100
ENDS = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
"""When the newest article was published; measurements take it for now."""

_EDITION = 1  # to be raised when this module makes other articles
_A_DAY = 1_000
_BLOCK = 1_000  # texts made at a time in another process
_ONE_BY_ONE = 1_000
_A_COMMIT = 100
_WORKERS = 2


async def archive(count: int) -> Path:
    """The path of a database with `count` articles of a hundred sources, a thousand a day.

    A quarter is English; every fifth tells the story of the one before. Its feeds are removed, so
    that a bot can run on it. Made where it is not cached, which takes about 2 ms an article.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsboy-bench"
    path = folder / f"{count}-{_version()}.db"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        for stale in folder.glob(f"{count}-*"):
            stale.unlink()
        await _fill(unfinished, count)
        unfinished.rename(path)
        unfinished.with_name(unfinished.name + ".lock").unlink()
    return path


def _version() -> str:
    parts = [f"{_EDITION} {NORMALISER_VERSION}".encode()]
    for package, folder in (("storage", "migrations"), ("bot.sandbox.newspaper", "content")):
        files = resources.files(package).joinpath(folder).iterdir()
        parts += [
            file.read_bytes()
            for file in sorted(files, key=lambda file: file.name)
            if file.name.endswith((".sql", ".toml"))
        ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


class _Straight:
    """A connection in the calling thread that passes for the writer's: no thread hop a call."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str, parameters: Mapping[str, object]) -> sqlite3.Cursor:
        return self._connection.execute(sql, parameters)

    async def execute_fetchall(
        self, sql: str, parameters: Mapping[str, object]
    ) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()


async def _fill(path: Path, count: int) -> None:
    feeds = await feeds_of(path)
    drafts = _drafts(feeds, count)
    story = await store_in_bulk(path, drafts, count - _ONE_BY_ONE)
    async with Storage.open(path) as storage:
        for number, draft in drafts:
            stored = await storage.articles.store(
                draft, now=draft.fetched, story_id=_joined(number, story)
            )
            story = stored.story_id
        await storage.upkeep.tidy()


async def feeds_of(path: Path) -> list[Feed]:
    """Make a database of a hundred sources, whose feeds are removed; returns the feeds."""
    async with Storage.open(path) as storage:
        wanted = [
            (f"https://bulletin{number}.example/feed", f"bulletin{number}.example")
            for number in range(SOURCES)
        ]
        await storage.feeds.ensure(wanted, ENDS)
        feeds = [await storage.feeds.by_url(url) for url, _domain in wanted]
        for number, feed in enumerate(feeds):
            await storage.feeds.save_outcome(
                FeedOutcome(
                    feed_id=feed.id,
                    checked=ENDS,
                    due=ENDS,
                    interval=300,
                    ok=True,
                    title=f"Бюллетень № {number}",
                    language="ru" if number % 4 else "en",
                )
            )
            await storage.feeds.remove(feed.url)
    return feeds


async def store_in_bulk(path: Path, drafts: Iterator[tuple[int, ArticleDraft]], count: int) -> int:
    """Store the first `count` of numbered drafts; returns the last one's story."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = OFF")
        transaction = Transaction(cast("aiosqlite.Connection", _Straight(connection)))
        return await _store_in_bulk(connection, transaction, drafts, count)


async def _store_in_bulk(
    connection: sqlite3.Connection,
    transaction: Transaction,
    drafts: Iterator[tuple[int, ArticleDraft]],
    count: int,
) -> int:
    story = 0
    connection.execute("BEGIN IMMEDIATE")
    for number, draft in drafts:
        stored = await store_article(
            transaction,
            draft,
            draft_parameters(draft),
            now=draft.fetched,
            story_id=_joined(number, story),
        )
        story = stored.story_id
        if number % _A_COMMIT == _A_COMMIT - 1:
            await settle(transaction, _A_COMMIT)
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
        if number == count - 1:
            break
    connection.execute("COMMIT")
    return story


def _joined(number: int, story: int) -> int | None:
    return story if number % 5 == 4 else None


def _drafts(feeds: Sequence[Feed], count: int) -> Iterator[tuple[int, ArticleDraft]]:
    """Numbered drafts, oldest first; a few blocks are made ahead in other processes."""
    blocks = range(0, count, _BLOCK)
    made: deque[Future[list[ArticleDraft]]] = deque()
    number = 0
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("spawn")) as pool:
        for begin in blocks:
            made.append(pool.submit(_block, feeds, begin, min(_BLOCK, count - begin)))
            if len(made) <= _WORKERS:
                continue
            for draft in made.popleft().result():
                yield number, _dated(draft, number, count)
                number += 1
        while made:
            for draft in made.popleft().result():
                yield number, _dated(draft, number, count)
                number += 1


def _dated(draft: ArticleDraft, number: int, count: int) -> ArticleDraft:
    published = ENDS - timedelta(days=1) * (count - number - 1) / _A_DAY
    return replace(draft, published=published, fetched=published + timedelta(minutes=2))


def _block(feeds: Sequence[Feed], begin: int, count: int) -> list[ArticleDraft]:
    normaliser = Normaliser()
    return [
        draft_of(text, feeds[text.source], begin + number, normaliser)
        for number, text in enumerate(synthetic(count, sources=len(feeds), seed=begin))
    ]


def draft_of(
    text: SyntheticArticle, feed: Feed, number: int, normaliser: Normaliser
) -> ArticleDraft:
    url = f"{feed.url.removesuffix('/feed')}/{number}"
    picture = PictureBlock(f"{url}.png", width=800, height=450) if number % 2 else None
    return ArticleDraft(
        feed_id=feed.id,
        source_id=feed.source_id,
        key=EntryKey(url, url.removeprefix("https://"), str(number)),
        url=url,
        title=text.title,
        published=ENDS,
        fetched=ENDS,
        language=text.language,
        standfirst=text.standfirst,
        summary=text.standfirst,
        body=tuple(Paragraph((Span(paragraph),)) for paragraph in text.paragraphs),
        body_from=BodyFrom.PAGE,
        topic=Topic(text.rubric),
        rubric=text.rubric,
        content_hash=str(number),
        search_title=normaliser.text(text.title),
        search_body=normaliser.text(" ".join((text.standfirst, *text.paragraphs))),
        image=picture,
    )


def titles(path: Path, count: int) -> list[str]:
    """`count` stored titles, spread over the whole archive."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT title FROM article WHERE id % :step = 0 LIMIT :count",
            {"step": max(1, _size(connection) // count), "count": count},
        ).fetchall()
    return [str(row[0]) for row in rows]


def _size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM article").fetchone()[0])
