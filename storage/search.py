"""The full-text index: normalised text in, article keys out.

The index is contentless: it holds no text of its own, and its row id is the article's *search
key*, the published second times 4,096 plus a counter, so that keys rise with the published time
even for an archive that was imported later. A row can be deleted only with exactly the text that
it was made of, so that text is kept, compressed, with the article. A query's terms come already
normalised by `bot.words`; all of them must occur, and where fewer than ten articles have all,
those follow that have the telling half of them. Ranking weighs the title four times the body and
fades with age.

    Wanted ─▶ MATCH with all terms ─▶ enough? else with any of the telling ones ─▶ Hits
"""

import itertools
import math
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from storage.database import Database, Row, Transaction, from_epoch, json_list, to_epoch
from storage.meta import put
from storage.models import Hits, Wanted

KEYS_A_SECOND = 4096
_COMMON = 5001
_NEWEST_OF_COMMON = 2000
_RANKED = 200
_ENOUGH = 10
_FADE_SECONDS = 30 * 86400
_PARTLY = 100  # articles with some of the words that are looked into
_LOOKED_INTO = 60  # articles with all of them whose words' places are compared
_NEAR = 3  # words apart at most, stop-words counted
_CLOSE, _TITLED = 0.8, 0.4  # what words near each other, and those in the title, add to a score
_TELLING = 0.5  # of the words' rarity, that an article without all of them must have
_SATURATED = 4.0  # the rarity from which a word tells what a text is about
_LAST_KEY = 1 << 62
_WORD_LENGTHS = range(4, 31)  # of the terms that a mistyped one may have meant

# An article writes one to three pages, which are merged again on each of some five levels.
_MERGED_PAGES = 16

# Of all that is others' own; there are few, so the list is made once a query.
_HIDDEN = """
    SELECT search_key FROM article WHERE owner IS NOT NULL AND owner IS NOT :reader
"""


def pack_text(title: str, body: str) -> bytes:
    """The indexed text as it is kept with the article; normalised, so without a NUL."""
    return zlib.compress(f"{title}\0{body}".encode(), 6)


def unpack_text(packed: bytes) -> tuple[str, str]:
    """(title, body) of `pack_text`."""
    title, _, body = zlib.decompress(packed).decode().partition("\0")
    return title, body


def first_key(moment: datetime) -> int:
    """The smallest search key of an article published at `moment` or later."""
    return to_epoch(moment) * KEYS_A_SECOND


def published_at(key: int) -> datetime:
    """The second that a search key was made of."""
    return from_epoch(key // KEYS_A_SECOND)


async def free_key(transaction: Transaction, published: datetime) -> int:
    """The first search key of the published second, or after it, that no article has."""
    return int(
        await transaction.value(
            """
            SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM article WHERE search_key = :lowest)
                   THEN :lowest
                   ELSE (SELECT a.search_key + 1 FROM article a
                         WHERE a.search_key >= :lowest AND NOT EXISTS (
                             SELECT 1 FROM article b WHERE b.search_key = a.search_key + 1)
                         ORDER BY a.search_key LIMIT 1) END
            """,
            {"lowest": first_key(published)},
        )
    )


async def index(transaction: Transaction, key: int, title: str, body: str) -> None:
    """Add an article's normalised text to the index."""
    await transaction.run(
        "INSERT INTO search (rowid, title, body) VALUES (:key, :title, :body)",
        {"key": key, "title": title, "body": body},
    )
    terms = {*title.split(), *body.split()}
    words = [term for term in terms if len(term) in _WORD_LENGTHS and not term.isdigit()]
    await transaction.run(
        """
        INSERT INTO word (term) SELECT value FROM json_each(:words) WHERE true
        ON CONFLICT DO NOTHING
        """,
        {"words": json_list(words)},
    )


async def unindex(transaction: Transaction, key: int, packed: bytes) -> None:
    """Take an article out of the index, by exactly the text that it was indexed with."""
    title, body = unpack_text(packed)
    await transaction.run(
        """
        INSERT INTO search (search, rowid, title, body)
        VALUES ('delete', :key, :title, :body)
        """,
        {"key": key, "title": title, "body": body},
    )


async def settle(transaction: Transaction, articles: int) -> None:
    """Merge as much of the index as so many articles added; last in a transaction that changes it.

    By itself FTS5 merges in bursts: one commit in fifty took ten times as long as the others. Its
    `automerge` is off, so whoever adds or deletes pays a little each time.
    """
    await transaction.run(
        "INSERT INTO search (search, rank) VALUES ('merge', :pages)",
        {"pages": _MERGED_PAGES * articles},
    )


def quoted(terms: Sequence[str]) -> list[str]:
    """Terms, or phrases of terms joined by spaces, as the index's query language takes them."""
    # The index's own parser would end a query at a NUL, inside the quotes.
    return ['"' + term.replace("\0", " ").replace('"', '""') + '"' for term in terms]


def _phrases(phrases: Sequence[Sequence[str]]) -> list[str]:
    return quoted([" ".join(tokens) for tokens in phrases])


def _telling(rarity: Sequence[float]) -> list[float]:
    """The weight of each word, in shares of one: rare words weigh alike."""
    weights = [min(one, _SATURATED) for one in rarity]
    total = sum(weights) or 1.0
    return [weight / total for weight in weights]


def _closeness(terms: Sequence[str], title: Sequence[str], body: Sequence[str]) -> float:
    """From 1 up: how many neighbours of the query are near each other, how many in the title."""
    wanted = set(terms)
    pairs = set(itertools.pairwise(terms))
    met: set[tuple[str, str]] = set()
    for tokens in (title, body):
        places = [(place, token) for place, token in enumerate(tokens) if token in wanted]
        for (before, one), (after, other) in itertools.pairwise(places):
            if after - before <= _NEAR:
                met |= {(one, other), (other, one)} & pairs
    titled = len(wanted.intersection(title)) / len(wanted)
    return 1 + _CLOSE * len(met) / max(1, len(pairs)) + _TITLED * titled


class Search:
    """Reading the index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many articles each term occurs, counted up to 5,001; absent terms occur nowhere.

        The vocabulary table would count without end: 4 ms for each common word of 100,000 articles.
        """
        rows = await self._database.rows(
            """
            SELECT t.value ->> 0 AS term, (
                SELECT count(*) FROM (
                    SELECT 1 FROM search WHERE search MATCH t.value ->> 1 LIMIT :common) found
                ) AS articles
            FROM json_each(:terms) t
            """,
            {
                "terms": json_list(zip(terms, quoted(terms), strict=True)),
                "common": _COMMON,
            },
        )
        return {row["term"]: row["articles"] for row in rows if row["articles"]}

    async def known(self, terms: Sequence[str]) -> set[str]:
        """Which of the terms occur in any article."""
        unique = list(dict.fromkeys(terms))
        rows = await self._database.rows(
            """
            SELECT t.value ->> 0 AS term FROM json_each(:terms) t
            WHERE EXISTS (SELECT 1 FROM search WHERE search MATCH t.value ->> 1)
            """,
            {"terms": json_list(zip(unique, quoted(unique), strict=True))},
        )
        return {row["term"] for row in rows}

    async def size(self) -> int:
        """How many articles there are, for weighing terms."""
        return int(await self._database.value("SELECT count(*) FROM article"))

    async def normaliser_version(self) -> str | None:
        """By which version of the normaliser the index was made; None where nobody said so yet."""
        row = await self._database.row("SELECT value FROM meta WHERE key = 'normaliser'")
        return None if row is None else str(row["value"])

    async def set_normaliser_version(self, version: str) -> None:
        """Note that all of the index is made by this version of the normaliser."""
        async with self._database.transaction() as transaction:
            await put(transaction, "normaliser", version)

    async def keys(
        self,
        terms: Sequence[str],
        *,
        now: datetime,
        before_key: int | None = None,
        reader: int | None = None,
    ) -> tuple[list[int], bool]:
        """Search keys of the articles that match, best first, at most 200.

        These are public, or the reader's own. `before_key` leaves out what is newer. The second
        value tells that a part of the terms was enough.
        """
        hits = await self.find(
            Wanted(terms=tuple(terms)), now=now, before_key=before_key, reader=reader
        )
        return list(hits.keys), bool(hits.keys) and not hits.whole

    async def find(
        self,
        wanted: Wanted,
        *,
        now: datetime,
        before_key: int | None = None,
        reader: int | None = None,
    ) -> Hits:
        """What a search finds, at most 200 articles: public ones, or the reader's own.

        Those with all terms come first, the best before the others; where fewer than ten have
        all, those follow that have half of them by rarity. Phrases, topics, sources and times
        hold for all. Without terms and phrases everything within those is listed, newest first;
        a search for nothing at all finds nothing. `before_key` leaves out what is newer.
        """
        if wanted == Wanted():
            return Hits()
        bounds = _Bounds(wanted, before_key, reader)
        phrases = _phrases(wanted.phrases)
        if not wanted.terms and not phrases:
            return await self._listed(bounds)
        terms = quoted(wanted.terms)
        counts = await self.frequencies([*wanted.terms, *map(" ".join, wanted.phrases)])
        occurring = [
            counts.get(term, 0) for term in (*wanted.terms, *map(" ".join, wanted.phrases))
        ]
        found: list[int] = []
        if all(occurring):
            match = " AND ".join((*terms, *phrases))
            ranked = await self._ranked(match, bounds, now, common=min(occurring) >= _COMMON)
            found = list(ranked)
            if len(terms) > 1:
                looked_into = found[:_LOOKED_INTO]
                texts = await self._texts(looked_into)
                scores = {
                    key: ranked[key] * _closeness(wanted.terms, *texts.get(key, ((), ())))
                    for key in looked_into
                }
                found[:_LOOKED_INTO] = sorted(scores, key=scores.__getitem__, reverse=True)
        if len(found) >= _ENOUGH or len(terms) < 2:
            return Hits(tuple(found), len(found))
        seen = set(found)
        partly = [key for key in await self._partly(wanted, counts, bounds, now) if key not in seen]
        return Hits(tuple((found + partly)[:_RANKED]), len(found))

    async def _listed(self, bounds: "_Bounds") -> Hits:
        """The newest articles within the bounds."""
        without = (
            "AND search_key NOT IN (SELECT rowid FROM search WHERE search MATCH :without)"
            if bounds.without
            else ""
        )
        rows = await self._database.rows(
            f"""
            SELECT search_key AS key FROM article
            WHERE search_key >= :lowest AND search_key <= :highest {without} AND {bounds.sql("")}
            ORDER BY search_key DESC LIMIT :ranked
            """,
            {**bounds.parameters, "without": bounds.without, "ranked": _RANKED},
        )
        keys = tuple(row["key"] for row in rows)
        return Hits(keys, len(keys))

    async def _partly(
        self, wanted: Wanted, counts: Mapping[str, int], bounds: "_Bounds", now: datetime
    ) -> list[int]:
        """Articles with enough of the words, those with the most telling ones first.

        Whatever has enough of them has one of the rarest, since the commonest alone are too
        little: so those are asked for, and common ones cost nothing.
        """
        shares = _telling(wanted.rarity or [_SATURATED] * len(wanted.terms))
        share_of = dict(zip(wanted.terms, shares, strict=True))
        by_count = sorted(wanted.terms, key=lambda term: counts.get(term, 0))
        asked: list[str] = []
        left = 1.0
        for term in by_count:
            if left < _TELLING:
                break
            left -= share_of[term]
            if term in counts:
                asked.append(term)
        if not asked:
            return []
        any_of_them = f"({' OR '.join(quoted(asked))})"
        expression = " AND ".join((any_of_them, *_phrases(wanted.phrases)))
        common = sum(counts[term] for term in asked) >= _COMMON
        ranked = await self._ranked(expression, bounds, now, common=common)
        scores: dict[int, tuple[float, float]] = {}
        for key, (title, body) in (await self._texts(list(ranked)[:_PARTLY])).items():
            tokens = {*title, *body}
            share = sum(share_of[term] for term in wanted.terms if term in tokens)
            if share >= _TELLING - 1e-9:
                scores[key] = share, ranked[key] * _closeness(wanted.terms, title, body)
        return sorted(scores, key=scores.__getitem__, reverse=True)

    async def _texts(self, keys: Sequence[int]) -> dict[int, tuple[list[str], list[str]]]:
        """The tokens of articles' titles and bodies by search key."""
        rows = await self._database.rows(
            """
            SELECT search_key AS key, search_text FROM article
            WHERE search_key IN (SELECT value FROM json_each(:keys))
            """,
            {"keys": json_list(keys)},
        )
        texts = {}
        for row in rows:
            title, body = unpack_text(row["search_text"])
            texts[row["key"]] = title.split(), body.split()
        return texts

    async def _ranked(
        self, match: str, bounds: "_Bounds", now: datetime, *, common: bool
    ) -> dict[int, float]:
        """Scores by key of what matches within the bounds, best first.

        Of `common` words only the newest articles are looked at.
        """
        if bounds.without:
            match = f"({match}) NOT ({bounds.without})"
        parameters: dict[str, object] = {
            **bounds.parameters,
            "match": match,
            "ranked": _RANKED,
            "newest": _NEWEST_OF_COMMON,
        }
        within = (
            f"search MATCH :match AND rowid <= :highest AND rowid >= :lowest AND {bounds.sql()}"
        )
        if common:
            # Ranking a very common word means scoring every article: the newest must do.
            newest = await self._database.rows(
                f"""
                SELECT min(rowid) AS lowest FROM (
                    SELECT rowid FROM search WHERE {within} ORDER BY rowid DESC LIMIT :newest)
                """,
                parameters,
            )
            parameters["lowest"] = newest[0]["lowest"] or 0
        rows = await self._database.rows(
            f"""
            SELECT rowid AS key, -bm25(search, 4.0, 1.0) AS score FROM search
            WHERE {within} ORDER BY score DESC LIMIT :ranked
            """,
            parameters,
        )

        def faded(row: Row) -> float:
            age = max(0, to_epoch(now) - row["key"] // KEYS_A_SECOND)
            return float(row["score"]) * (0.5 + 0.5 * math.exp(-age / _FADE_SECONDS))

        scores = {row["key"]: faded(row) for row in rows}
        return {key: scores[key] for key in sorted(scores, key=scores.__getitem__, reverse=True)}

    # ------------------------------------------------------------ alike words, alike articles

    async def resembling(self, word: str, edits: Sequence[str], prefix: int) -> list[str]:
        """Indexed terms that a word may be a slip of: any of its `edits`, and those that begin with
        the same `prefix` characters and are not much longer or shorter."""
        beginning = word[:prefix]
        rows = await self._database.rows(
            """
            SELECT term FROM word WHERE term IN (SELECT value FROM json_each(:edits))
            UNION
            SELECT term FROM word
            WHERE term >= :beginning AND term < :beyond
                  AND length(term) BETWEEN :length - 6 AND :length + 2
            """,
            {
                "edits": json_list(edits),
                "beginning": beginning,
                "beyond": beginning[:-1] + chr(ord(beginning[-1]) + 1),
                "length": len(word),
            },
        )
        return [row["term"] for row in rows]

    async def candidates(
        self,
        terms: Sequence[str],
        *,
        since: datetime,
        limit: int = 30,
        owner: int | None = None,
    ) -> list[int]:
        """Search keys since `since` with any of the terms, best first: for clustering.

        Of public articles, or of those that `owner` alone may see.
        """
        if not terms:
            return []
        # The plus sign keeps SQLite from asking the index for each of the owner's articles.
        of_owner = (
            f"rowid NOT IN ({_HIDDEN})"
            if owner is None
            else "+rowid IN (SELECT search_key FROM article WHERE owner = :reader)"
        )
        rows = await self._database.rows(
            f"""
            SELECT rowid AS key FROM search
            WHERE search MATCH :match AND rowid >= :lowest AND {of_owner}
            ORDER BY bm25(search, 4.0, 1.0) LIMIT :limit
            """,
            {
                "match": " OR ".join(quoted(terms)),
                "lowest": first_key(since),
                "limit": limit,
                "reader": owner,
            },
        )
        return [row["key"] for row in rows]


class _Bounds:
    """What limits a search besides its words, as SQL: who may see it, when, where, what not.

    The plus sign keeps SQLite from asking the index for each article of a topic or source.
    """

    def __init__(self, wanted: Wanted, before_key: int | None, reader: int | None) -> None:
        self.without = " OR ".join(_phrases(wanted.without))
        lowest = 0 if wanted.since is None else first_key(wanted.since)
        highest = _LAST_KEY if before_key is None else before_key
        if wanted.until is not None:
            highest = min(highest, first_key(wanted.until) - 1)
        self.parameters: dict[str, object] = {
            "lowest": lowest,
            "highest": highest,
            "reader": reader,
            "topics": json_list(wanted.topics),
            "sources": json_list(wanted.sources),
            "not_topics": json_list(wanted.not_topics),
            "not_sources": json_list(wanted.not_sources),
        }
        self._wanted = wanted

    def sql(self, key: str = "rowid") -> str:
        """Conditions on the search key; with "" on an article's own columns."""
        conditions = [f"{key} NOT IN ({_HIDDEN})" if key else "(owner IS NULL OR owner = :reader)"]
        for column, values, name in (
            ("topic", self._wanted.topics, "topics"),
            ("source_id", self._wanted.sources, "sources"),
            ("topic", self._wanted.not_topics, "not_topics"),
            ("source_id", self._wanted.not_sources, "not_sources"),
        ):
            if not values:
                continue
            negated = "NOT" if name.startswith("not_") else ""
            among = f"(SELECT value FROM json_each(:{name}))"
            if not key:
                conditions.append(f"{column} {negated} IN {among}")
                continue
            keys = f"(SELECT search_key FROM article WHERE {column} IN {among})"
            conditions.append(f"+{key} {negated} IN {keys}")
        return " AND ".join(conditions)
