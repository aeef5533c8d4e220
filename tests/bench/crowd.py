"""A store with a crowd of readers, filled by SQL that counts: what is measured is owing to them.

Each has a chat, a digest time and follows everything in the digest, as the bot makes them. Every
tenth follows politics at once (`matching` says which topic), and some follow other things, mute
some, read another language, or were given up: a push that is not for them must not meet them. The
ledger holds what was sent before, as many lines as there are readers and a million at most.
"""

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from math import gcd
from pathlib import Path

from storage import Storage

SUBSCRIBERS = 1_000_000
MATCHING = 10
"""Every so manieth reader follows politics at once."""

_LEDGER = 1_000_000
_A_STORY = 50_000  # lines of the ledger that one story has


async def gather(path: Path, subscribers: int, now: datetime, *, due: int = 0) -> None:
    """Make a store at `path` with so many readers.

    Their digests are due a day after `now`; those of `due` readers, evenly spread, at `now`.
    """
    async with Storage.open(path):
        pass  # makes the tables
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Nobody minds if this file is lost half made; what is timed later is opened as ever.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("BEGIN")
        parameters = {
            "readers": subscribers,
            "now": int(now.timestamp()),
            "every": max(1, subscribers // due) if due else 0,
            "due": due,
            "tenth": MATCHING,
            "lines": min(subscribers, _LEDGER),
            "story": _A_STORY,
            # What scatters the ledger over the readers: a step that meets each once.
            "step": next(n for n in range(subscribers * 5 // 8, 0, -1) if gcd(n, subscribers) == 1),
        }
        for statement in _FILL:
            used = {name: value for name, value in parameters.items() if f":{name}" in statement}
            connection.execute(statement, used)
        connection.execute("COMMIT")
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("PRAGMA analysis_limit = 400")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def settle(path: Path) -> None:
    """Let the disk have all of a file, or the first commit would wait for it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


_FILL = (
    "CREATE TEMP TABLE n (i INTEGER PRIMARY KEY)",
    """
    WITH RECURSIVE counted (i) AS (
        SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < :readers)
    INSERT INTO n SELECT i FROM counted
    """,
    # One in twenty was given up; two in three read all languages, the rest one of two.
    """
    INSERT INTO subscriber (id, chat_id, kind, title, state, language, news_language, zone, alerts,
                            headlines, created)
    SELECT i, 10000000 + i, 'private', 'Reader ' || i,
           CASE WHEN i % 20 = 7 THEN 'paused' ELSE 'active' END,
           CASE WHEN i % 3 = 1 THEN 'en' ELSE 'ru' END,
           CASE WHEN i % :tenth = 0 OR i % 3 = 0 THEN 'all'
                WHEN i % 3 = 1 THEN 'en' ELSE 'ru' END,
           CASE i % 5 WHEN 0 THEN 'Europe/Moscow' WHEN 1 THEN 'Asia/Yekaterinburg'
                WHEN 2 THEN 'Europe/Berlin' WHEN 3 THEN 'America/New_York'
                ELSE 'Asia/Vladivostok' END,
           'off', 7, :now
    FROM n
    """,
    """
    INSERT INTO subscription (subscriber_id, kind, key, label, level)
    SELECT i, 'everything', '', '', 'digest' FROM n
    """,
    """
    INSERT INTO subscription (subscriber_id, kind, key, label, level)
    SELECT i, 'topic', 'politics', 'politics', 'now' FROM n WHERE i % :tenth = 0
    """,
    # The others follow other things, at once too, or the same one in the digest.
    """
    INSERT INTO subscription (subscriber_id, kind, key, label, level)
    SELECT i, 'topic', CASE i % 4 WHEN 0 THEN 'sport' WHEN 1 THEN 'politics' ELSE 'science' END,
           'a topic', CASE WHEN i % 4 = 1 THEN 'digest' ELSE 'now' END
    FROM n WHERE i % :tenth <> 0 AND i % 2 = 1
    """,
    """
    INSERT INTO mute (subscriber_id, kind, key, label)
    SELECT i, 'topic', 'culture', 'culture' FROM n WHERE i % 6 = 5
    """,
    """
    INSERT INTO slot (subscriber_id, minute, weekdays, due)
    SELECT i, 480, 127, CASE WHEN :due > 0 AND i % :every = 0 AND i / :every <= :due THEN :now
                        ELSE :now + 86400 END
    FROM n
    """,
    "UPDATE subscription SET audience = (SELECT r.audience FROM reached r WHERE "
    "r.subscriber_id = subscription.subscriber_id AND r.kind = subscription.kind "
    "AND r.key = subscription.key)",
    # The ledger: stories told weeks ago, each to readers anywhere.
    """
    INSERT INTO delivery (subscriber_id, state, due, expires, push_id, story_id, article_id, ended,
                          message_id, layout, language, view)
    SELECT 1 + i * :step % :readers, 'sent', :now - 900000, :now - 890000, 1 + i / :story,
           1 + i / :story, 1 + i / :story, :now - 900000 + i / 30, 1 + i / :story, 'classic', 'ru',
           'push'
    FROM n WHERE i <= :lines
    """,
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('story', 80000), ('article', 100000),"
    " ('push', 50000)",
)
