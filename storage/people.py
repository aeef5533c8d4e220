"""People: who may use the bot, who runs it, and the invitations that let others in."""

from datetime import datetime

from storage.database import Database, maybe_datetime, maybe_epoch, to_epoch
from storage.models import Invitation


class People:
    """Admission by Telegram's user ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def admitted(self, person_id: int) -> bool:
        """Whether a person was let in by an invitation."""
        row = await self._database.row("SELECT 1 FROM person WHERE id = :id", {"id": person_id})
        return row is not None

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

    async def invite(
        self, code: str, *, now: datetime, uses: int, expires: datetime | None, admin: bool = False
    ) -> Invitation:
        """Make an invitation; an admin's replaces the earlier admin's ones."""
        async with self._database.transaction() as transaction:
            if admin:
                await transaction.run("DELETE FROM invitation WHERE admin = 1")
            await transaction.run(
                """
                INSERT INTO invitation (code, admin, uses_left, expires, created)
                VALUES (:code, :admin, :uses, :expires, :now)
                """,
                {
                    "code": code,
                    "admin": int(admin),
                    "uses": uses,
                    "expires": maybe_epoch(expires),
                    "now": to_epoch(now),
                },
            )
        return Invitation(code, admin, uses, expires)

    async def redeem(self, code: str, person_id: int, now: datetime) -> Invitation | None:
        """Use an invitation: the person is let in; None where it is unknown, used up or late.

        Who is in already and opens a guests' link again takes nobody's place.
        """
        async with self._database.transaction() as transaction:
            row = await transaction.row(
                """
                UPDATE invitation SET uses_left = uses_left - (
                    admin = 1 OR NOT EXISTS (SELECT 1 FROM person WHERE id = :id))
                WHERE code = :code AND (expires IS NULL OR expires > :now)
                  AND (uses_left > 0
                       OR (admin = 0 AND EXISTS (SELECT 1 FROM person WHERE id = :id)))
                RETURNING code, admin, uses_left, expires
                """,
                {"code": code, "id": person_id, "now": to_epoch(now)},
            )
            if row is None:
                return None
            await transaction.run(
                """
                INSERT INTO person (id, admin, admitted) VALUES (:id, :admin, :now)
                ON CONFLICT (id) DO UPDATE SET admin = max(admin, excluded.admin)
                """,
                {"id": person_id, "admin": row["admin"], "now": to_epoch(now)},
            )
        return Invitation(
            row["code"], bool(row["admin"]), row["uses_left"], maybe_datetime(row["expires"])
        )
