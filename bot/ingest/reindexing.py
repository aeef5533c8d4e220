"""Keeps the search index in step with the normaliser: after an upgrade it is made anew.

    the index's version is not the normaliser's ─▶ followed and muted words get their new keys
        ─▶ articles, some at a time: normalised (worker) ─▶ indexed, with how far it got
        ─▶ the version is noted

It runs beside everything else, for about a minute and a half per 100,000 articles: news are
indexed the new way from the start, and search finds what the old and the new way have in common
until it is through. After a restart it goes on where it was.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from bot.ingest import jobs
from bot.ingest.workers import WorkerError, Workers
from bot.words.normaliser import NORMALISER_VERSION, Normaliser
from storage import IndexedText, Storage, StorageError

log = logging.getLogger(__name__)

ARTICLES_AT_ONCE = 50
PROGRESS = "reindexed"
"""The name under which the store remembers how far it got: «version article»."""

_UNNAMED = 1
"""The version of an index that was made before versions were noted."""

_AGAIN_SECONDS = 60.0


@asynccontextmanager
async def index_in_step(storage: Storage, normaliser: Normaliser) -> AsyncIterator[None]:
    """Bring the index up to date in the background, as long as the block lasts."""
    task = asyncio.create_task(_patiently(storage, normaliser), name="reindexing")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _patiently(storage: Storage, normaliser: Normaliser) -> None:
    while True:
        try:
            await rebuild(storage, normaliser)
        except StorageError as error:
            log.error("the search index is not up to date yet: %s", error)
        except Exception:  # search works meanwhile, if not as well: nothing else may end for it
            log.exception("the search index is not up to date yet; it is tried again")
        else:
            return
        await asyncio.sleep(_AGAIN_SECONDS)


async def rebuild(
    storage: Storage, normaliser: Normaliser, *, version: int = NORMALISER_VERSION
) -> int:
    """Make the index anew where another version made it; returns how many articles that were."""
    noted = await storage.search.normaliser_version()
    if noted is None:
        noted = str(_UNNAMED if await storage.articles.newest() else version)
    if noted == str(version):
        await storage.search.set_normaliser_version(noted)
        return 0
    done = await _progress(storage, version)
    log.warning(
        "the way words are compared has changed: search is incomplete until the index is made anew"
    )
    await _rekey(storage, normaliser)
    count = 0
    workers = Workers(size=1)
    try:
        while rows := await storage.articles.to_reindex(done, ARTICLES_AT_ONCE):
            indexed = await _indexed(workers, rows)
            done = rows[-1].article_id
            await storage.articles.reindex(indexed, progress=(PROGRESS, f"{version} {done}"))
            count += len(rows)
    finally:
        await workers.stop()
    await storage.search.set_normaliser_version(str(version))
    log.warning("the search index is made anew: %d articles", count)
    return count


async def _progress(storage: Storage, version: int) -> int:
    """The last article that this version indexed, 0 where it has not begun."""
    begun, _, last = (await storage.meta.get(PROGRESS) or "").partition(" ")
    return int(last) if begun == str(version) else 0


async def _rekey(storage: Storage, normaliser: Normaliser) -> None:
    """Give followed and muted words the keys that news have from now on."""
    changes = [
        (word, key)
        for word in await storage.subscribers.word_keys()
        if (key := normaliser.phrase(word.label)) not in {"", word.key}
    ]
    if changes:
        await storage.subscribers.rekey_words(changes)


async def _indexed(workers: Workers, rows: Sequence[IndexedText]) -> list[tuple[int, str, str]]:
    """The articles' words; one that no worker can read keeps those that it has."""
    try:
        return await workers.run(jobs.words_of, rows)
    except WorkerError as error:
        if len(rows) == 1:
            log.warning("article %d stays indexed as it was: %s", rows[0].article_id, error)
            return []
    return [one for row in rows for one in await _indexed(workers, [row])]
