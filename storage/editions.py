"""Channels: how news is posted in them, and the drafts that wait for somebody's approval.

    a push claimed for a channel with approval ─▶ deferred, with a draft, in one transaction
    a draft: waiting ─▶ approved (its line is owed, and sent as any other) | skipped | expired

A draft's message in its keeper's chat follows what became of the draft: `untold` says which do not
say so yet, `outrun` which show an article that has changed since. Of two who decide at once the
first one's word counts; nobody approves of an article that is gone.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from storage.database import Database, Row, from_epoch, json_list, to_epoch
from storage.models import Edition, EditionMode, PostDraft, Subscriber
from storage.subscribers import subscriber_of

AWAITS_APPROVAL = "approval"
"""The reason of a delivery that is held back until somebody approves of it."""

_APPROVED_FOR = timedelta(hours=2)

FREE_DRAFTS = (
    "UPDATE edition SET keeper = 0 WHERE keeper = :id",
    """
    UPDATE draft SET person_id = NULL, message_id = NULL,
           told = CASE WHEN state = 'waiting' THEN NULL ELSE told END
    WHERE person_id = :id
    """,
)
"""What leaves person `id` no channel's drafts: those that wait are shown to its next keeper."""

# What became of draft r, whose line of the ledger is d.
_STATUS = """
    CASE WHEN r.state <> 'approved' THEN r.state
         WHEN d.state = 'sent' THEN 'published'
         WHEN d.state = 'cancelled' AND d.reason = 'gone' THEN 'withdrawn'
         WHEN d.state IN ('cancelled', 'failed') THEN 'failed'
         ELSE 'approved' END
"""
# All that a post may say of article a: silent changes (a page that is read late, a better summary)
# are no revisions, but an editor is to see them too.
_LOOK = """
    (a.state || ' ' || a.revision || ' ' || a.body_from || char(10) || a.title || char(10)
     || a.standfirst || char(10) || a.summary || char(10) || a.labels)
"""
_DRAFT = f"""
    SELECT r.*, {_STATUS} AS status, d.message_id AS post_id, d.story_id, d.layout, {_LOOK} AS look
    FROM draft r JOIN delivery d ON d.id = r.delivery_id LEFT JOIN article a ON a.id = r.article_id
"""


def _edition(row: Row) -> Edition:
    return Edition(
        subscriber_id=row["subscriber_id"],
        mode=EditionMode(row["mode"]),
        keeper=row["keeper"],
        username=row["username"],
        linked=row["linked"],
        warned=bool(row["warned"]),
    )


def _draft(row: Row) -> PostDraft:
    return PostDraft(
        id=row["id"],
        subscriber_id=row["subscriber_id"],
        article_id=row["article_id"],
        status=row["status"],
        words=row["words"],
        expires=from_epoch(row["expires"]),
        person_id=row["person_id"],
        message_id=row["message_id"],
        post_id=row["post_id"],
        photo=row["layout"] == "photo",
        look=row["look"],
        seen=row["seen"],
    )


class Editions:
    """Channels' editions and drafts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ editions

    async def open(self, subscriber_id: int, keeper: int) -> bool:
        """Give a channel its edition; returns whether it had none.

        It starts off, and with what is important. News from before is not posted.
        """
        parameters = {"id": subscriber_id, "keeper": keeper}
        async with self._database.transaction() as transaction:
            made = await transaction.run(
                """
                INSERT INTO edition (subscriber_id, keeper) VALUES (:id, :keeper)
                ON CONFLICT (subscriber_id) DO NOTHING
                """,
                parameters,
            )
            if made:
                await transaction.run(
                    """
                    UPDATE subscriber SET state = 'stopped', alerts = 'important',
                           watermark = coalesce((SELECT max(id) FROM article), 0)
                    WHERE id = :id
                    """,
                    parameters,
                )
        return bool(made)

    async def find(self, subscriber_id: int) -> Edition | None:
        """A subscriber's edition."""
        row = await self._database.row(
            "SELECT * FROM edition WHERE subscriber_id = :id", {"id": subscriber_id}
        )
        return None if row is None else _edition(row)

    async def all(self) -> list[tuple[Edition, Subscriber]]:
        """All editions with their channels, by title."""
        rows = await self._database.rows(
            """
            SELECT e.*, s.* FROM edition e JOIN subscriber s ON s.id = e.subscriber_id
            ORDER BY s.title, s.id
            """
        )
        return [(_edition(row), subscriber_of(row)) for row in rows]

    async def set_mode(self, subscriber_id: int, mode: EditionMode, keeper: int) -> None:
        """Choose how posts come. `keeper` gets the drafts where nobody does.

        What waits for approval goes on waiting, but where nothing is to be posted.
        """
        parameters = {"id": subscriber_id, "mode": mode.value, "keeper": keeper}
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE edition SET mode = :mode,
                       keeper = CASE keeper WHEN 0 THEN :keeper ELSE keeper END
                WHERE subscriber_id = :id
                """,
                parameters,
            )
            await transaction.run(
                """
                UPDATE subscriber SET state = CASE
                    WHEN :mode = 'off' THEN 'stopped'
                    WHEN state = 'stopped' THEN 'active' ELSE state END
                WHERE id = :id
                """,
                parameters,
            )
            if mode is EditionMode.OFF:
                await transaction.run(
                    f"""
                    UPDATE delivery SET state = 'cancelled', reason = 'stopped'
                    WHERE subscriber_id = :id AND state = 'deferred'
                          AND reason = '{AWAITS_APPROVAL}'
                    """,
                    parameters,
                )
                await transaction.run(
                    """
                    UPDATE draft SET state = 'skipped', told = coalesce(told, 'skipped')
                    WHERE subscriber_id = :id AND state = 'waiting'
                    """,
                    parameters,
                )

    async def set_keeper(self, subscriber_id: int, keeper: int) -> None:
        """Choose who gets the drafts from now on."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE edition SET keeper = :keeper WHERE subscriber_id = :id",
                {"id": subscriber_id, "keeper": keeper},
            )

    async def leave(self, subscriber_id: int, person_id: int) -> None:
        """Let a person keep a channel no more; what waits in their chat goes to its next keeper."""
        parameters = {"id": subscriber_id, "person": person_id}
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE edition SET keeper = 0 WHERE subscriber_id = :id AND keeper = :person
                """,
                parameters,
            )
            await transaction.run(
                """
                UPDATE draft SET person_id = NULL, message_id = NULL, told = NULL
                WHERE subscriber_id = :id AND person_id = :person AND state = 'waiting'
                """,
                parameters,
            )

    async def note_chat(self, subscriber_id: int, username: str, linked: int | None) -> None:
        """Note a channel's public name ("" for none) and its discussion group."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE edition SET username = :username, linked = :linked
                WHERE subscriber_id = :id
                """,
                {"id": subscriber_id, "username": username, "linked": linked},
            )

    async def resume(self, subscriber_id: int, now: datetime) -> None:
        """The bot may post again: owe what could not be posted meanwhile and is news still."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                f"""
                UPDATE delivery SET state = 'owed', due = :now
                WHERE subscriber_id = :id AND state = 'deferred' AND expires > :now
                      AND reason IS NOT '{AWAITS_APPROVAL}'
                """,
                {"id": subscriber_id, "now": to_epoch(now)},
            )
            await transaction.run(
                "UPDATE edition SET warned = 0 WHERE subscriber_id = :id", {"id": subscriber_id}
            )

    async def silenced(self) -> list[tuple[Edition, Subscriber]]:
        """The editions whose channel refuses the bot's posts and whose keeper does not know."""
        rows = await self._database.rows(
            """
            SELECT e.*, s.* FROM edition e JOIN subscriber s ON s.id = e.subscriber_id
            WHERE s.state = 'paused' AND e.warned = 0 AND e.mode <> 'off'
            """
        )
        return [(_edition(row), subscriber_of(row)) for row in rows]

    async def warned(self, subscriber_id: int) -> None:
        """The keeper was told that the bot may not post."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE edition SET warned = 1 WHERE subscriber_id = :id", {"id": subscriber_id}
            )

    async def discussion(self, story_id: int) -> tuple[str, int] | None:
        """Where a story is discussed: a public channel with a discussion group, and its post."""
        row = await self._database.row(
            """
            SELECT e.username, d.message_id
            FROM edition e CROSS JOIN delivery d ON d.subscriber_id = e.subscriber_id
            WHERE e.username <> '' AND e.linked IS NOT NULL AND d.story_id = :story
                  AND d.kind = 'push' AND d.state = 'sent' AND d.message_id IS NOT NULL
            ORDER BY d.id LIMIT 1
            """,
            {"story": story_id},
        )
        return None if row is None else (row["username"], row["message_id"])

    # ------------------------------------------------------------ drafts

    async def draft(self, draft_id: int) -> PostDraft | None:
        """One draft."""
        row = await self._database.row(f"{_DRAFT} WHERE r.id = :id", {"id": draft_id})
        return None if row is None else _draft(row)

    async def untold(
        self, limit: int = 50, *, without: Collection[int] = frozenset()
    ) -> list[PostDraft]:
        """The drafts that nobody was shown, and those whose message says what is past.

        Nothing of people in `without`, whom nothing reaches now, nor of channels without a keeper:
        what waits for these must not hold up the others'.
        """
        rows = await self._database.rows(
            f"""
            {_DRAFT}
            WHERE (r.told IS NULL OR r.told IN ('waiting', 'approved'))
                  AND r.told IS NOT {_STATUS}
                  AND CASE WHEN r.state = 'waiting' THEN (
                          SELECT keeper NOT IN (SELECT value FROM json_each(:without))
                          FROM edition e WHERE e.subscriber_id = r.subscriber_id)
                      ELSE coalesce(r.person_id, 0) = 0
                           OR r.person_id NOT IN (SELECT value FROM json_each(:without)) END
            ORDER BY r.id LIMIT :limit
            """,
            {"limit": limit, "without": json_list({0, *without})},
        )
        return [_draft(row) for row in rows]

    async def outrun(self, limit: int = 50) -> list[PostDraft]:
        """The drafts that wait, and whose message shows an article that has changed since."""
        rows = await self._database.rows(
            f"""
            {_DRAFT}
            WHERE r.told = 'waiting' AND r.state = 'waiting' AND r.message_id IS NOT NULL
                  AND r.seen <> {_LOOK}
            ORDER BY r.id LIMIT :limit
            """,
            {"limit": limit},
        )
        return [_draft(row) for row in rows]

    async def told(
        self,
        draft_id: int,
        status: str,
        *,
        person_id: int | None = None,
        message_id: int | None = None,
        seen: str | None = None,
    ) -> None:
        """A draft's message says this of it; `message_id` is that of a new message.

        `seen` is the look of the article that it shows.
        """
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE draft SET told = :status, person_id = coalesce(:person, person_id),
                       message_id = coalesce(:message, message_id), seen = coalesce(:seen, seen)
                WHERE id = :id
                """,
                {
                    "id": draft_id,
                    "seen": seen,
                    "status": status,
                    "person": person_id,
                    "message": message_id,
                },
            )

    async def approve(self, draft_id: int, now: datetime) -> bool:
        """Owe a waiting draft's post; False where it was decided on, or its article is gone."""
        parameters = {
            "id": draft_id,
            "now": to_epoch(now),
            "expires": to_epoch(now + _APPROVED_FOR),
        }
        async with self._database.transaction() as transaction:
            approved = await transaction.run(
                """
                UPDATE draft SET state = 'approved'
                WHERE id = :id AND state = 'waiting'
                      AND EXISTS (SELECT 1 FROM article a
                                  WHERE a.id = draft.article_id AND a.state <> 'gone')
                """,
                parameters,
            )
            if approved:
                await transaction.run(
                    """
                    UPDATE delivery SET state = 'owed', due = :now, expires = :expires,
                           reason = 'approved', ended = NULL
                    WHERE id = (SELECT delivery_id FROM draft WHERE id = :id)
                    """,
                    parameters,
                )
        return bool(approved)

    async def skip(self, draft_id: int) -> bool:
        """Never post a waiting draft; False where somebody decided already."""
        parameters = {"id": draft_id}
        async with self._database.transaction() as transaction:
            skipped = await transaction.run(
                "UPDATE draft SET state = 'skipped' WHERE id = :id AND state = 'waiting'",
                parameters,
            )
            if skipped:
                await transaction.run(
                    """
                    UPDATE delivery SET state = 'cancelled', reason = 'skipped'
                    WHERE id = (SELECT delivery_id FROM draft WHERE id = :id)
                    """,
                    parameters,
                )
        return bool(skipped)

    async def expire(self, now: datetime) -> int:
        """Give up drafts that nobody decided on in time; returns how many."""
        parameters = {"now": to_epoch(now)}
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                UPDATE delivery SET state = 'cancelled', reason = 'expired'
                WHERE id IN (SELECT delivery_id FROM draft
                             WHERE state = 'waiting' AND expires <= :now)
                """,
                parameters,
            )
            return await transaction.run(
                """
                UPDATE draft SET state = 'expired', told = coalesce(told, 'expired')
                WHERE state = 'waiting' AND expires <= :now
                """,
                parameters,
            )

    async def reword(self, draft_id: int, words: str) -> bool:
        """Give a waiting draft an editor's words; False where it was decided on already."""
        async with self._database.transaction() as transaction:
            return bool(
                await transaction.run(
                    "UPDATE draft SET words = :words WHERE id = :id AND state = 'waiting'",
                    {"id": draft_id, "words": words},
                )
            )

    async def outdate(self, delivery_id: int) -> bool:
        """The article of a post has changed: whether the post is in an editor's words.

        Then its keeper is to be told of it, and the post stays as it is.
        """
        row = await self._database.row(
            "SELECT id FROM draft WHERE delivery_id = :id AND words <> ''", {"id": delivery_id}
        )
        if row is None:
            return False
        async with self._database.transaction() as transaction:
            await transaction.run("UPDATE draft SET outdated = 1 WHERE id = :id", {"id": row["id"]})
        return True

    async def outdated(self) -> list[PostDraft]:
        """The drafts in an editor's words whose article has changed since, untold."""
        rows = await self._database.rows(f"{_DRAFT} WHERE r.outdated = 1 ORDER BY r.id LIMIT 50")
        return [_draft(row) for row in rows]

    async def outdated_told(self, draft_id: int) -> None:
        """Its keeper knows that the article has changed."""
        async with self._database.transaction() as transaction:
            await transaction.run("UPDATE draft SET outdated = 0 WHERE id = :id", {"id": draft_id})

    async def drop_words(self, draft_id: int) -> None:
        """Let a post follow its article again instead of an editor's words."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE draft SET words = '', outdated = 0 WHERE id = :id", {"id": draft_id}
            )
