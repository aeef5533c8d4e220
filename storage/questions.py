"""Open questions: what a person was asked in a chat and is expected to type, one at a time.

    ask ─▶ moved (shown in another message) ─▶ answer: taken, by whoever is quickest
      └─ asked anew: the newer one replaces it

What nobody answers goes with the ledger's old lines (`Upkeep.prune_ledger`).
"""

from storage.database import Database, Row, from_epoch, to_epoch
from storage.models import Prompt


def _prompt(row: Row) -> Prompt:
    return Prompt(
        subscriber_id=row["subscriber_id"],
        person_id=row["person_id"],
        kind=row["kind"],
        message_id=row["message_id"],
        asked=from_epoch(row["asked"]),
    )


class Questions:
    """The questions that wait for typed text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, prompt: Prompt) -> None:
        """Remember a question that waits for typed text; a newer one replaces it."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                INSERT INTO prompt (subscriber_id, person_id, kind, message_id, asked)
                VALUES (:id, :person, :kind, :message, :asked)
                ON CONFLICT (subscriber_id, person_id) DO UPDATE
                SET kind = excluded.kind, message_id = excluded.message_id, asked = excluded.asked
                """,
                {
                    "id": prompt.subscriber_id,
                    "person": prompt.person_id,
                    "kind": prompt.kind,
                    "message": prompt.message_id,
                    "asked": to_epoch(prompt.asked),
                },
            )

    async def moved(self, prompt: Prompt, message_id: int) -> None:
        """Note that a question is in another message, unless it was answered or replaced by now."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE prompt SET message_id = :message
                WHERE subscriber_id = :id AND person_id = :person AND kind = :kind
                      AND asked = :asked AND message_id = :former
                """,
                {
                    "id": prompt.subscriber_id,
                    "person": prompt.person_id,
                    "kind": prompt.kind,
                    "asked": to_epoch(prompt.asked),
                    "former": prompt.message_id,
                    "message": message_id,
                },
            )

    async def waiting(self, subscriber_id: int, person_id: int) -> Prompt | None:
        """The question that waits for this person's text, or None."""
        row = await self._database.row(
            "SELECT * FROM prompt WHERE subscriber_id = :id AND person_id = :person",
            {"id": subscriber_id, "person": person_id},
        )
        return _prompt(row) if row is not None else None

    async def shown_in(self, subscriber_id: int, message_id: int) -> list[Prompt]:
        """The questions that wait in one message, whoever was asked; the newest first."""
        rows = await self._database.rows(
            """
            SELECT * FROM prompt WHERE subscriber_id = :id AND message_id = :message
            ORDER BY asked DESC, person_id
            """,
            {"id": subscriber_id, "message": message_id},
        )
        return [_prompt(row) for row in rows]

    async def answer(
        self, subscriber_id: int, person_id: int, *, message_id: int | None = None
    ) -> Prompt | None:
        """Take the question that waits for this person's text, or None.

        With `message_id` only one that is in that message.
        """
        # Most texts answer nothing: a read tells so without taking the writer.
        if await self.waiting(subscriber_id, person_id) is None:
            return None
        async with self._database.transaction() as transaction:
            row = await transaction.row(
                """
                DELETE FROM prompt
                WHERE subscriber_id = :id AND person_id = :person
                      AND message_id = coalesce(:message, message_id)
                RETURNING *
                """,
                {"id": subscriber_id, "person": person_id, "message": message_id},
            )
        return _prompt(row) if row is not None else None  # or another message was quicker
