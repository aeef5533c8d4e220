"""What is stored about a chat and its person, and how it is forgotten.

    erase: send nothing more ─▶ own sources ─▶ ledger, in chunks ─▶ all the rest at once ─▶ settle
    settle: nothing that is being handled names them ─▶ the file is written anew, the log emptied

Deleted rows are overwritten in the file (PRAGMA secure_delete). But pages keep copies of rows that
moved to other pages, the log keeps former pages, and updates that are being handled are kept until
their handlers end: so `settle` is called again and again, and does its work once it can. A large
file is written anew at night. An erasure that a crash cuts off is begun anew with the update that
asked for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from storage.database import Database, Row, from_epoch, json_list
from storage.editions import FREE_DRAFTS
from storage.errors import DiskFullError
from storage.feeds import forget_feed, orphan
from storage.meta import put
from storage.subscribers import lines_of

_LINES_AT_ONCE = 500
_REWRITTEN_AT_ONCE = 100_000_000
"""A file of so many bytes is written anew by day: it keeps others from writing for a second."""
_REWRITING = timedelta(minutes=1)  # not more often
_COPIES = "copies"  # the name in the store of "the file may hold copies of what was erased"
_PATIENCE = 100  # calls of `settle` for which an update that names somebody is waited for

_MOMENTS = frozenset(
    {"created", "admitted", "blocked", "due", "fired", "expires", "saved", "ended", "scheduled"}
    | {"asked", "published", "missed", "confirmed", "called_off"}
)
_FLAGS = frozenset(
    {"admin", "silent", "pictures", "language_chosen", "zone_chosen", "rich_confirmed", "sound"}
    | {"important_offered", "rich_offered"}
)
_INNER = frozenset({"anchor", "audience", "watermark", "subscriber_id", "cursor", "done"})


@dataclass(frozen=True, slots=True)
class _Forgotten:
    """Whom updates may still name: its subscribers, and how often that was asked."""

    readers: tuple[int, ...]
    asked: int = 0


class Privacy:
    """Export and erasure of everything about a chat; a private chat's number is its person's."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # At the start the log may hold what a crash left.
        self._unsettled = not database.readonly
        self._copies = False
        self._rewritten: datetime | None = None
        self._waiting: dict[str, _Forgotten] = {}

    # ------------------------------------------------------------ export

    async def export(self, chat_id: int) -> dict[str, Any]:
        """All that is stored about a chat, and of a private one about its person, as plain values.

        Times are ISO 8601, UTC. Articles are named by title and address.
        """
        rows = await self._database.rows(
            "SELECT * FROM subscriber WHERE chat_id = :chat ORDER BY thread_id", {"chat": chat_id}
        )
        held: dict[str, Any] = {
            "chats": [{**_plain(row), **await self._of_subscriber(row["id"])} for row in rows]
        }
        if chat_id > 0:
            held |= await self._of_person(chat_id)
        return held

    async def _of_subscriber(self, subscriber_id: int) -> dict[str, Any]:
        questions = {
            "follows": "SELECT * FROM subscription WHERE subscriber_id = :id",
            "hidden": "SELECT * FROM mute WHERE subscriber_id = :id",
            "digest_times": "SELECT * FROM slot WHERE subscriber_id = :id",
            "own_sources": """
                SELECT f.url, f.given, s.title, f.state, f.created
                FROM feed f JOIN source s ON s.id = f.source_id WHERE f.owner = :id
            """,
            "deliveries": f"""
                SELECT d.kind, d.state, d.due, d.ended, d.reason, d.message_id, d.parts, d.view,
                       d.layout, d.language, d.sound, d.scheduled, a.title, a.url,
                       CASE WHEN d.stories IS NOT NULL THEN (
                           SELECT json_group_array(t.title)
                           FROM json_each(d.stories) j JOIN story s ON s.id = j.value
                                JOIN article t ON t.id = s.article_id) END AS told
                FROM delivery d LEFT JOIN article a ON a.id = d.article_id
                WHERE d.id IN ({lines_of(":id")}) ORDER BY d.id
            """,
        }
        return {
            name: [_plain(row) for row in await self._database.rows(sql, {"id": subscriber_id})]
            for name, sql in questions.items()
        }

    async def _of_person(self, person_id: int) -> dict[str, Any]:
        questions = {
            "admission": "SELECT * FROM person WHERE id = :id",
            "saved": """
                SELECT v.saved, a.title, a.url FROM saved v JOIN article a ON a.id = v.article_id
                WHERE v.person_id = :id ORDER BY v.saved, v.article_id
            """,
            "questions_waiting": "SELECT kind, asked FROM prompt WHERE person_id = :id",
            "invitations": """
                SELECT label, uses, uses_left, created, expires FROM invitation WHERE author = :id
            """,
            "broadcasts": "SELECT text, created, confirmed FROM broadcast WHERE author = :id",
            "pauses": "SELECT until FROM pause WHERE chat_id = :id",
            "channels_kept": """
                SELECT s.title, e.mode FROM edition e JOIN subscriber s ON s.id = e.subscriber_id
                WHERE e.keeper = :id
            """,
            "drafts_shown": """
                SELECT a.title, r.state, r.message_id, r.expires
                FROM draft r LEFT JOIN article a ON a.id = r.article_id WHERE r.person_id = :id
            """,
        }
        return {
            name: [_plain(row) for row in await self._database.rows(sql, {"id": person_id})]
            for name, sql in questions.items()
        }

    # ------------------------------------------------------------ erasure

    async def erase(self, chat_id: int) -> None:
        """Forget a chat, and of a private one its person, whatever refers to either.

        Others wait for a chunk of it at most. What is being sent meanwhile arrives, and leaves no
        trace here.
        """
        async with self._database.transaction() as transaction:
            readers = [
                row["id"]
                for row in await transaction.rows(
                    """
                    UPDATE subscriber SET state = 'stopped' WHERE chat_id = :chat RETURNING id
                    """,
                    {"chat": chat_id},
                )
            ]
        for reader in readers:
            await self._forget_feeds(reader)
            await self._forget_lines(reader)
        async with self._database.transaction() as transaction:
            # Some were made meanwhile, by a press that was still being handled.
            for row in await transaction.rows(
                "DELETE FROM subscriber WHERE chat_id = :chat RETURNING id", {"chat": chat_id}
            ):
                await transaction.run(
                    f"DELETE FROM delivery WHERE id IN ({lines_of(':reader')})",
                    {"reader": row["id"]},
                )
                await orphan(transaction, row["id"])
            for statement in (
                "DELETE FROM saved WHERE person_id = :chat",
                "DELETE FROM prompt WHERE person_id = :chat",
                "DELETE FROM pause WHERE chat_id = :chat",
                "UPDATE invitation SET author = NULL WHERE author = :chat",
                "UPDATE broadcast SET author = 0, message_id = min(message_id, 0)"
                " WHERE author = :chat",
                *FREE_DRAFTS,
                "DELETE FROM person WHERE id = :chat",
            ):
                await transaction.run(statement, {"chat": chat_id, "id": chat_id})
            await put(transaction, _COPIES, "1")
        self._waiting[str(chat_id)] = _Forgotten(tuple(readers))
        self._unsettled = self._copies = True
        await self._database.empty_log()

    async def _forget_feeds(self, reader: int) -> None:
        feeds = await self._database.rows(
            "SELECT id, url, given FROM feed WHERE owner = :reader", {"reader": reader}
        )
        for feed in feeds:
            await forget_feed(self._database, feed["id"])
        if feeds:
            addresses = json_list({feed[name] for feed in feeds for name in ("url", "given")})
            async with self._database.transaction() as transaction:
                await transaction.run(
                    "DELETE FROM notice WHERE subject IN (SELECT value FROM json_each(:addresses))",
                    {"addresses": addresses},
                )

    async def _forget_lines(self, reader: int) -> None:
        count = 1
        while count:
            async with self._database.transaction() as transaction:
                count = await transaction.run(
                    f"DELETE FROM delivery WHERE id IN ({lines_of(':reader')} LIMIT :chunk)",
                    {"reader": reader, "chunk": _LINES_AT_ONCE},
                )

    async def settle(self, now: datetime) -> bool:
        """Leave no copies, once nothing that is being handled names who was forgotten.

        Returns whether nothing is left to do.
        """
        if not self._unsettled:
            return True
        for number, forgotten in list(self._waiting.items()):
            if forgotten.asked < _PATIENCE and await self._named(number):
                self._waiting[number] = replace(forgotten, asked=forgotten.asked + 1)
                continue
            del self._waiting[number]
            for reader in forgotten.readers:
                await self._forget_late(reader)
        if self._waiting:
            return False
        if self._copies and await self._bytes() <= _REWRITTEN_AT_ONCE:
            if self._rewritten is not None and now < self._rewritten + _REWRITING:
                return False
            self._rewritten = now
            try:
                await self._rewrite()
            except DiskFullError:
                self._copies = False  # the night tries again
        self._unsettled = not await self._database.empty_log()
        return not self._unsettled

    async def by_night(self) -> bool:
        """Whether the file is so large that copies of what is erased stay in it until the night."""
        return await self._bytes() > _REWRITTEN_AT_ONCE

    async def tidy(self) -> bool:
        """At night: what `settle` left of a large file; returns whether it was written anew."""
        if not self._copies:
            row = await self._database.row("SELECT 1 FROM meta WHERE key = :key", {"key": _COPIES})
            if row is None:
                return False
        await self._rewrite()
        return await self._database.empty_log()

    async def _rewrite(self) -> None:
        await self._database.rewrite()
        async with self._database.transaction() as transaction:
            await transaction.run("DELETE FROM meta WHERE key = :key", {"key": _COPIES})
        self._copies = False

    async def _bytes(self) -> int:
        return int(
            await self._database.value(
                "SELECT p.page_count * s.page_size FROM pragma_page_count() p, pragma_page_size() s"
            )
        )

    async def _forget_late(self, reader: int) -> None:
        """A source that was being looked at when its reader left may have been added since."""
        taken = await self._database.row(
            "SELECT 1 FROM subscriber WHERE id = :reader", {"reader": reader}
        )
        if taken is None:  # the number is nobody's yet
            await self._forget_feeds(reader)

    async def _named(self, number: str) -> bool:
        row = await self._database.row(
            "SELECT 1 FROM received WHERE raw IS NOT NULL AND instr(raw, :number) LIMIT 1",
            {"number": number},
        )
        return row is not None


def _plain(row: Row) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    for name in row.keys():  # noqa: SIM118  # a Row iterates over its values
        value = row[name]
        if name in _INNER or name == "id":
            continue
        if name in _MOMENTS and isinstance(value, int):
            value = from_epoch(value).isoformat()
        elif name in _FLAGS:
            value = bool(value)
        elif name in ("parts", "told") and value:
            value = json.loads(value)
        values[name] = value
    return values
