"""Ten thousand readers for the archive of 100,000 articles, as the bot would have made them.

    archive (cached) ─▶ a copy of its own ─▶ subscribers, follows, mutes, saved, digests told

Each follows everything in the digest, most some topics, sources or words besides; each was told
what the digests of the last two weeks held, so that the ledger is as long as a running bot's.
"""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from storage import Topic
from tests.bench.archive import ENDS, SOURCES, archive

FIRST = 1_000  # the first reader's id, and chat
READERS = 10_000
_DIGESTS = 28  # twice a day for two weeks
_A_DIGEST = 7
_SAVED = 30
_WORDS = ("выбор", "мост", "землетрясен", "цен", "суд", "поезд", "погод")


@asynccontextmanager
async def readers_archive(articles: int) -> AsyncIterator[Path]:
    """A copy of the archive with `READERS` readers; it goes when the block ends."""
    source = await archive(articles)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "news.db"
        shutil.copyfile(source, path)
        _enrol(path, articles)
        yield path


def _enrol(path: Path, articles: int) -> None:
    rng = Random(7)  # noqa: S311  # repeatable
    now = int(ENDS.timestamp())
    people = range(FIRST, FIRST + READERS)
    topics = [topic.value for topic in Topic if topic is not Topic.OTHER]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute("DELETE FROM subscriber")
        connection.executemany(
            """
            INSERT INTO subscriber
                   (id, chat_id, kind, title, language, news_language, zone, alerts, quiet_from,
                    quiet_to, hourly, daily, headlines, watermark, created)
            VALUES (:id, :id, 'private', 'Анна', 'ru', 'ru', 'Europe/Moscow', 'off', 1380, 480,
                    3, 12, 7, :watermark, :now)
            """,
            # The last digest was some hours ago, at a thousand articles a day.
            (
                {"id": one, "watermark": articles - rng.randint(80, 1000), "now": now}
                for one in people
            ),
        )
        connection.executemany(
            "INSERT INTO person (id, admin, admitted) VALUES (?, 0, ?) ON CONFLICT DO NOTHING",
            ((one, now) for one in people),
        )
        follows = [(one, "everything", "", "", "", "digest") for one in people]
        for one in people:
            follows += [
                (one, "topic", topic, "", topic, rng.choice(("digest", "now")))
                for topic in rng.sample(topics, rng.randint(0, 3))
            ]
            if one % 3 == 0:
                domain = f"bulletin{rng.randrange(SOURCES)}.example"
                follows.append((one, "source", domain, "", domain, "digest"))
            if one % 2 == 0:
                word = rng.choice(_WORDS)
                follows.append((one, "words", word, word, word, "now"))
        connection.executemany(
            """
            INSERT INTO subscription (subscriber_id, kind, key, anchor, label, level)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            follows,
        )
        connection.executemany(
            "INSERT INTO mute (subscriber_id, kind, key, anchor, label) VALUES (?, ?, ?, '', ?)",
            ((one, "topic", "sport", "sport") for one in people if one % 10 == 0),
        )
        connection.executemany(
            """
            INSERT INTO slot (subscriber_id, minute, weekdays, silent, due)
            VALUES (?, ?, ?, ?, ?)
            """,
            (
                (one, minute, 127, silent, now + 86_400)
                for one in people
                for minute, silent in ((480, 0), (1140, 1))
            ),
        )
        connection.executemany(
            "INSERT INTO saved (person_id, article_id, saved) VALUES (?, ?, ?)",
            (
                (one, article, now - at)
                for one in people
                for at, article in enumerate(rng.sample(range(1, articles + 1), _SAVED))
            ),
        )
        connection.executemany(
            """
            INSERT INTO delivery (subscriber_id, state, due, expires, slot_id, scheduled, ended,
                                  message_id, layout, language, view, stories)
            VALUES (?, 'sent', ?, ?, 1, ?, ?, ?, 'classic', 'ru', 'digest', ?)
            """,
            (
                (
                    one,
                    at := now - number * 43_200,
                    at,
                    at,
                    at,
                    number + 1,
                    json.dumps(rng.sample(range(articles // 2, articles * 3 // 4), _A_DIGEST)),
                )
                for one in people
                for number in range(1, _DIGESTS + 1)
            ),
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA analysis_limit = 400")
        connection.execute("ANALYZE")
