"""People: who may use the bot, who runs it, and the invitations that let others in.

    invitation ─▶ opened ─▶ person ─▶ removed: kept out until let in again

A person's row is Telegram's user id and how they came. Who uses a public bot has none, until they
are removed from it.
"""

from datetime import datetime

from storage.database import Database, Row, from_epoch, maybe_datetime, maybe_epoch, to_epoch
from storage.editions import FREE_DRAFTS
from storage.models import Invitation, Person

_PERSON = """
    SELECT p.*, coalesce(s.title, '') AS title
    FROM person p LEFT JOIN subscriber s ON s.chat_id = p.id AND s.thread_id = 0
"""


def _invitation(row: Row) -> Invitation:
    return Invitation(
        code=row["code"],
        admin=bool(row["admin"]),
        uses_left=row["uses_left"],
        expires=maybe_datetime(row["expires"]),
        uses=row["uses"],
        label=row["label"],
    )


def _person(row: Row) -> Person:
    return Person(
        id=row["id"],
        admin=bool(row["admin"]),
        admitted=from_epoch(row["admitted"]),
        blocked=maybe_datetime(row["blocked"]),
        label=row["label"],
        title=row["title"],
    )


class People:
    """Admission by Telegram's user ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, person_id: int) -> Person | None:
        """Who was let in, or removed; None for who never was either."""
        row = await self._database.row(f"{_PERSON} WHERE p.id = :id", {"id": person_id})
        return None if row is None else _person(row)

    async def admitted(self, person_id: int) -> bool:
        """Whether a person was let in by an invitation, and not removed since."""
        person = await self.find(person_id)
        return person is not None and person.blocked is None

    async def admin(self, person_id: int) -> bool:
        """Whether a person became admin by the one-time link."""
        row = await self._database.row(
            "SELECT 1 FROM person WHERE id = :id AND admin = 1", {"id": person_id}
        )
        return row is not None

    async def admins(self) -> list[int]:
        """The admins made by link."""
        rows = await self._database.rows("SELECT id FROM person WHERE admin = 1 ORDER BY id")
        return [row["id"] for row in rows]

    # ------------------------------------------------------------ lists

    async def listed(self, *, after: int = 0, limit: int) -> list[Person]:
        """Who may use the bot, by id from the one after `after`.

        Those who were let in, and those with a private chat, of whom a public bot has no row.
        """
        rows = await self._database.rows(
            f"""
            SELECT * FROM (
                SELECT * FROM (
                    {_PERSON} WHERE p.id > :after AND p.blocked IS NULL ORDER BY p.id LIMIT :limit)
                UNION ALL
                SELECT * FROM (
                    SELECT s.chat_id AS id, 0 AS admin, s.created AS admitted, NULL AS blocked,
                           '' AS label, s.title
                    FROM subscriber s
                    WHERE s.chat_id > :after AND s.thread_id = 0
                          AND NOT EXISTS (SELECT 1 FROM person p WHERE p.id = s.chat_id)
                    ORDER BY s.chat_id LIMIT :limit))
            ORDER BY id LIMIT :limit
            """,
            {"after": after, "limit": limit},
        )
        return [_person(row) for row in rows]

    async def removed(self, *, after: int = 0, limit: int) -> list[Person]:
        """Who was removed, by id from the one after `after`."""
        rows = await self._database.rows(
            f"""
            {_PERSON} WHERE p.id > :after AND p.blocked IS NOT NULL ORDER BY p.id LIMIT :limit
            """,
            {"after": after, "limit": limit},
        )
        return [_person(row) for row in rows]

    async def counts(self) -> tuple[int, int]:
        """How many people may use the bot, as `listed`, and how many were removed."""
        row = await self._database.row(
            """
            SELECT (SELECT count(*) FROM person WHERE blocked IS NULL)
                   + (SELECT count(*) FROM subscriber s
                      WHERE s.chat_id > 0 AND s.thread_id = 0
                            AND NOT EXISTS (SELECT 1 FROM person p WHERE p.id = s.chat_id))
                   AS listed,
                   (SELECT count(*) FROM person WHERE blocked IS NOT NULL) AS removed
            """
        )
        return (0, 0) if row is None else (row["listed"], row["removed"])

    # ------------------------------------------------------------ invitations

    async def invite(
        self,
        code: str,
        *,
        now: datetime,
        uses: int,
        expires: datetime | None,
        admin: bool = False,
        author: int | None = None,
        label: str = "",
    ) -> Invitation:
        """Make an invitation; an admin's replaces the earlier admin's ones."""
        async with self._database.transaction() as transaction:
            if admin:
                await transaction.run("DELETE FROM invitation WHERE admin = 1")
            await transaction.run(
                """
                INSERT INTO invitation (code, admin, uses_left, uses, expires, created, author,
                                        label)
                VALUES (:code, :admin, :uses, :uses, :expires, :now, :author, :label)
                """,
                {
                    "code": code,
                    "admin": int(admin),
                    "uses": uses,
                    "expires": maybe_epoch(expires),
                    "now": to_epoch(now),
                    "author": author,
                    "label": label,
                },
            )
        return Invitation(code, admin, uses, expires, uses, label)

    async def invitations(self, now: datetime, limit: int) -> list[Invitation]:
        """The links that still let people in, the newest first; the admin's own is not among them.

        At most `limit`.
        """
        rows = await self._database.rows(
            """
            SELECT * FROM invitation
            WHERE admin = 0 AND uses_left > 0 AND (expires IS NULL OR expires > :now)
            ORDER BY created DESC, code LIMIT :limit
            """,
            {"now": to_epoch(now), "limit": limit},
        )
        return [_invitation(row) for row in rows]

    async def revoke(self, code: str) -> bool:
        """End an invitation; who came by it stays. Returns whether there was one."""
        async with self._database.transaction() as transaction:
            return bool(
                await transaction.run(
                    "DELETE FROM invitation WHERE code = :code AND admin = 0", {"code": code}
                )
            )

    async def redeem(
        self, code: str, person_id: int, now: datetime, *, inside: bool = False
    ) -> Invitation | None:
        """Use an invitation: the person is let in; None where it is unknown, used up or late.

        Who is in already and opens a guests' link again takes nobody's place; `inside` says so of
        who needs no row for that. Who was removed is let in by the admin's link alone.
        """
        async with self._database.transaction() as transaction:
            row = await transaction.row(
                """
                UPDATE invitation SET uses_left = uses_left - (
                    admin = 1 OR NOT (:inside OR EXISTS (SELECT 1 FROM person WHERE id = :id)))
                WHERE code = :code AND (expires IS NULL OR expires > :now)
                  AND (uses_left > 0
                       OR (admin = 0
                           AND (:inside OR EXISTS (SELECT 1 FROM person WHERE id = :id))))
                  AND (admin = 1 OR NOT EXISTS (
                      SELECT 1 FROM person WHERE id = :id AND blocked IS NOT NULL))
                RETURNING *
                """,
                {"code": code, "id": person_id, "now": to_epoch(now), "inside": int(inside)},
            )
            if row is None:
                return None
            if row["admin"] or not inside:
                await transaction.run(
                    """
                    INSERT INTO person (id, admin, admitted, label)
                    VALUES (:id, :admin, :now, :label)
                    ON CONFLICT (id) DO UPDATE
                    SET admin = max(admin, excluded.admin), blocked = NULL
                    """,
                    {
                        "id": person_id,
                        "admin": row["admin"],
                        "now": to_epoch(now),
                        "label": row["label"],
                    },
                )
        return _invitation(row)

    # ------------------------------------------------------------ removal

    async def remove(self, person_id: int, now: datetime) -> None:
        """Keep a person out from now on, and send nothing more to their private chat.

        The links that they made end, lest they come back by one, and drafts of channels' posts that
        waited for them wait for another admin.
        """
        parameters = {"id": person_id, "now": to_epoch(now)}
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                INSERT INTO person (id, admitted, blocked) VALUES (:id, :now, :now)
                ON CONFLICT (id) DO UPDATE
                SET admin = 0, blocked = coalesce(blocked, excluded.blocked)
                """,
                parameters,
            )
            for statement in (
                "UPDATE subscriber SET state = 'stopped' WHERE chat_id = :id",
                "DELETE FROM invitation WHERE author = :id",
                *FREE_DRAFTS,
            ):
                await transaction.run(statement, parameters)

    async def readmit(self, person_id: int, now: datetime) -> bool:
        """Let a removed person in again; returns whether they were kept out."""
        async with self._database.transaction() as transaction:
            return bool(
                await transaction.run(
                    """
                    UPDATE person SET blocked = NULL, admitted = :now
                    WHERE id = :id AND blocked IS NOT NULL
                    """,
                    {"id": person_id, "now": to_epoch(now)},
                )
            )
