"""The archive: articles imported from files, which are found and listed but are no news.

They hang on a feed that nobody polls (`Feeds.archive`), go by their published time, push nothing,
join no story and are kept by retention.
"""

from collections.abc import Sequence
from datetime import datetime

from storage.article_rows import draft_parameters
from storage.articles import store_article
from storage.database import Database
from storage.meta import put
from storage.models import ArticleDraft
from storage.search import settle


class Archive:
    """Importing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store_batch(
        self,
        drafts: Sequence[ArticleDraft],
        *,
        now: datetime,
        progress: tuple[str, str] | None = None,
    ) -> int:
        """Store drafts in one transaction; returns how many were not known before.

        `progress` is a key and value of `Meta`, written in the same transaction, so that an import
        goes on there after an interruption. At most 100 drafts, or others wait for the writer.
        """
        ready = [(draft, draft_parameters(draft)) for draft in drafts]
        new = 0
        async with self._database.transaction() as transaction:
            for draft, parameters in ready:
                stored = await store_article(transaction, draft, parameters, now=now, imported=True)
                new += stored.new
            await settle(transaction, new)
            if progress is not None:
                await put(transaction, *progress)
        return new
