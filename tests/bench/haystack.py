"""A hay of 100,000 articles with needles in it: real texts among what their words could also say.

    practice texts ─▶ a half of them: needles, as the newsroom would index them
          └─ the others' words ─▶ hay: each article mixes the words of a few texts at random

So the needles' common words are as common in the hay as in news, their rarer ones occur in some
hundred articles, beside each other too, and only the needle tells what it tells: texts about a
needle's own event give no words. The texts are others': the database stays in the cache folder.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

from bot.articles.indexing import index_words
from bot.articles.rarity import usual
from bot.words.normaliser import NORMALISER_VERSION, Normaliser
from storage import ArticleDraft, BodyFrom, EntryKey, Feed, Paragraph, Span, Storage, Topic
from storage.migrate import migrations
from tests.bench.archive import ENDS, feeds_of, store_in_bulk

DATA = Path(__file__).parents[3] / "shared" / "data" / "texts"
ARTICLES = 100_000

_EDITION = 1  # to be raised when this module makes another hay
_MIXED = 5  # texts whose words an article of the hay takes
_TITLE, _BODY = range(5, 11), range(90, 260)  # tokens
_SAME_EVENT, _RARE = 3, 6.0  # words in common, of that rarity, tell of one event
_LEADS, _DAYS = 25, 100
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Needle:
    """A practice text; `key` is a hash of its title."""

    key: str
    title: str
    standfirst: str
    text: str
    language: str


def needles() -> list[Needle]:
    """The practice texts, one a title; none where they are not beside the repository."""
    found: dict[str, Needle] = {}
    for name in ("topics.jsonl", "leads.jsonl"):
        path = DATA / name
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            said = json.loads(line)
            title = str(said["title"]).strip()
            key = hashlib.sha256(title.encode()).hexdigest()[:12]
            if title and said["text"]:
                one = Needle(
                    key, title, said.get("summary", ""), said["text"], said.get("lang", "ru")
                )
                found.setdefault(key, one)
    return list(found.values())


async def haystack(known: Sequence[Needle], hay: Sequence[Needle]) -> Path:
    """The path of a database with the needles `known` and 100,000 articles of the words of `hay`.

    Made where it is not cached, which takes two minutes.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsboy-bench"
    keys = [one.key for one in known], [one.key for one in hay]
    decided = keys, migrations(), NORMALISER_VERSION, _EDITION
    path = folder / f"hay-{hashlib.sha256(repr(decided).encode()).hexdigest()[:12]}.db"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        for stale in folder.glob("hay-*"):
            stale.unlink()
        feeds = await feeds_of(unfinished)
        drafts = enumerate(_drafts(known, hay, feeds))
        await store_in_bulk(unfinished, drafts, ARTICLES + len(known))
        async with Storage.open(unfinished) as storage:
            await storage.upkeep.tidy()
        unfinished.rename(path)
        unfinished.with_name(unfinished.name + ".lock").unlink()
    return path


def _drafts(
    known: Sequence[Needle], hay: Sequence[Needle], feeds: Sequence[Feed]
) -> Iterator[ArticleDraft]:
    """Needles and hay in random order, evenly over a hundred days."""
    rng = Random(1)  # noqa: S311  # repeatable
    normaliser = Normaliser()
    token_of = cache(normaliser.text)
    straws: dict[str, list[tuple[list[str], list[str]]]] = {"ru": [], "en": []}
    told = [_rare(one, normaliser) for one in known]
    for one in hay:
        rare = _rare(one, normaliser)
        if all(len(rare & of_needle) < _SAME_EVENT for of_needle in told):
            straws[one.language].append((_words(one.title), _words(f"{one.standfirst} {one.text}")))
    count = ARTICLES + len(known)
    places = dict(zip(rng.sample(range(count), len(known)), known, strict=True))
    for number in range(count):
        published = ENDS - timedelta(days=_DAYS) * (count - number) / count
        feed = feeds[number % len(feeds)]
        if needle := places.get(number):
            lead = needle.standfirst or _beginning(needle.text)
            indexed = index_words(
                normaliser,
                title=needle.title,
                subheadline="",
                standfirst=needle.standfirst,
                summary="",
                text=needle.text,
            )
            texts = (needle.title, lead, needle.text)
            yield _draft(number, feed, texts, indexed, needle.language, published)
            continue
        language = "ru" if number % 4 else "en"
        mixed = rng.sample(straws[language], _MIXED)
        title = rng.choices([word for short, _ in mixed for word in short], k=rng.choice(_TITLE))
        drawn = rng.choices([word for _, long in mixed for word in long], k=rng.choice(_BODY))
        texts = (" ".join(title), " ".join(drawn[:_LEADS]), " ".join(drawn))
        indexed = (" ".join(map(token_of, title)), " ".join(map(token_of, drawn)))
        yield _draft(number, feed, texts, indexed, language, published)


def _rare(one: Needle, normaliser: Normaliser) -> set[str]:
    tokens = normaliser.tokens(f"{one.title} {one.standfirst} {one.text}")
    return {token for token in tokens if len(token) > 3 and usual(token) >= _RARE}


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _beginning(text: str) -> str:
    """The first sentences, some 200 characters."""
    sentences = re.split(r"(?<=[.!?…])\s+", text[:600])
    lead = sentences[0]
    for sentence in sentences[1:]:
        if len(lead) > 200:
            break
        lead = f"{lead} {sentence}"
    return lead


def _draft(
    number: int,
    feed: Feed,
    texts: tuple[str, str, str],
    indexed: tuple[str, str],
    language: str,
    published: datetime,
) -> ArticleDraft:
    title, lead, text = texts
    search_title, search_body = indexed
    url = f"{feed.url.removesuffix('/feed')}/{number}"
    return ArticleDraft(
        feed_id=feed.id,
        source_id=feed.source_id,
        key=EntryKey(url, url.removeprefix("https://"), str(number)),
        url=url,
        title=title,
        published=published,
        fetched=published + timedelta(minutes=2),
        language=language,
        summary=lead,
        body=(Paragraph((Span(text),)),),
        body_from=BodyFrom.PAGE,
        topic=list(Topic)[number % len(Topic)],
        content_hash=str(number),
        search_title=search_title,
        search_body=search_body,
    )
