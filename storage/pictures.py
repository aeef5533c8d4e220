"""Pictures: what is known of each address, so that a bad one is shown once and never again.

An article keeps the address of its picture whatever becomes of it; lists and articles are read
without a picture that is marked bad. Telegram's id of a file that went up once is kept beside it.
"""

from collections.abc import Sequence
from datetime import datetime

from storage.database import Database, Row, json_list, maybe_datetime, maybe_epoch, to_epoch
from storage.models import Picture

_NEWEST = 50


def _picture(row: Row) -> Picture:
    return Picture(
        url=row["url"],
        width=row["width"],
        height=row["height"],
        checked=maybe_datetime(row["checked"]),
        bad=bool(row["bad"]),
        file_id=row["file_id"],
    )


class Pictures:
    """Pictures by their address."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, url: str) -> Picture | None:
        """What is known of a picture, or None."""
        return (await self.known_many([url])).get(url)

    async def known_many(self, urls: Sequence[str]) -> dict[str, Picture]:
        """What is known of these pictures, by address; unknown ones are absent."""
        rows = await self._database.rows(
            """
            SELECT p.* FROM json_each(:urls) u CROSS JOIN picture p WHERE p.url = u.value
            """,
            {"urls": json_list(dict.fromkeys(urls))},
        )
        return {row["url"]: _picture(row) for row in rows}

    async def save(self, picture: Picture) -> None:
        """Write what a check found; Telegram's file id stays where the record has none."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                INSERT INTO picture (url, width, height, checked, bad, file_id)
                VALUES (:url, :width, :height, :checked, :bad, :file)
                ON CONFLICT (url) DO UPDATE SET
                    width = excluded.width, height = excluded.height, checked = excluded.checked,
                    bad = excluded.bad, file_id = coalesce(excluded.file_id, file_id)
                """,
                {
                    "url": picture.url,
                    "width": picture.width,
                    "height": picture.height,
                    "checked": maybe_epoch(picture.checked),
                    "bad": int(picture.bad),
                    "file": picture.file_id,
                },
            )

    async def mark_bad(self, url: str, now: datetime) -> None:
        """Telegram refuses the picture, or it is none: no list and no article shows it any more."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                INSERT INTO picture (url, checked, bad) VALUES (:url, :now, 1)
                ON CONFLICT (url) DO UPDATE SET checked = excluded.checked, bad = 1, file_id = NULL
                """,
                {"url": url, "now": to_epoch(now)},
            )

    async def set_file_id(self, url: str, file_id: str) -> None:
        """Remember under which id Telegram keeps the picture."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                """
                INSERT INTO picture (url, file_id) VALUES (:url, :file)
                ON CONFLICT (url) DO UPDATE SET file_id = excluded.file_id
                """,
                {"url": url, "file": file_id},
            )

    async def forget_file_id(self, url: str) -> None:
        """Ids are a bot's own (Bot API, "Sending files"): Telegram does not know this one."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE picture SET file_id = NULL WHERE url = :url", {"url": url}
            )

    async def uses(self, url: str, source_id: int) -> int:
        """How many of a source's newest 50 articles have this picture: many mean a logotype."""
        return int(
            await self._database.value(
                """
                SELECT count(*) FROM (
                    SELECT image_url FROM article WHERE source_id = :source
                    ORDER BY search_key DESC LIMIT :newest)
                WHERE image_url = :url
                """,
                {"url": url, "source": source_id, "newest": _NEWEST},
            )
        )
