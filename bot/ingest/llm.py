"""Improves stored summaries by a language model, in the background and never in anyone's way.

    newest article without a standfirst, unasked ─▶ a request of today's left? ─▶ the endpoint
        ─▶ an answer ─▶ guards (`model_summary`) ─▶ the better summary, or the verdict «none»
        └▶ no answer ─▶ once more ─▶ counted; after five such articles in a row a pause

Readers never wait for it: the summary of the article's own sentences is there from the start and
stays wherever the model fails. The verdict is stored with the article, so that none is paid for
twice, and so is what the day has spent. The key goes into the request and nowhere else.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.articles.blocks import plain_text
from bot.articles.model_summary import (
    FEWEST_TOLD,
    NoAnswerError,
    RefusedError,
    check,
    messages,
    reply_text,
    summary_in,
)
from bot.config import Llm, Settings
from bot.web.errors import FetchError
from bot.web.fetcher import Fetcher
from bot.words.normaliser import Normaliser
from storage import Article, Storage, StorageError

log = logging.getLogger(__name__)

FRESH = timedelta(days=1)
"""Older articles keep their summaries: hardly anybody looks at them again."""

SECONDS = 20.0
"""The time that one request has."""

MAX_BYTES = 200_000
FAILURES = 5
PAUSE = timedelta(minutes=10)

_TRIES = 2
_IDLE_SECONDS = 5.0
_LONGEST_PAUSE = 3600
_BUDGET = "llm"


@dataclass(slots=True)
class Breaker:
    """Spares an endpoint that fails: closed, open for a while, then half open for one try."""

    failures: int = 0
    again: datetime | None = None

    def allows(self, now: datetime) -> bool:
        """Whether the endpoint may be asked."""
        return self.again is None or self.again <= now

    def succeeded(self) -> None:
        """It answered: all is forgotten."""
        self.failures, self.again = 0, None

    def failed(self, now: datetime, asked: int | None = None) -> bool:
        """It did not; whether that opens the breaker. `asked` is a pause that it asked for."""
        self.failures += 1
        if asked is not None:
            self.again = now + timedelta(seconds=min(asked, _LONGEST_PAUSE))
        elif self.failures >= FAILURES:
            self.again = now + PAUSE
        return not self.allows(now)


class _FailedError(Exception):
    """The endpoint gave no answer, as the text says; `pause` in seconds, where it asked for one."""

    def __init__(self, text: str, pause: int | None = None) -> None:
        super().__init__(text)
        self.pause = pause


class _NothingLeftError(Exception):
    """The day's requests are spent."""


class SummaryDesk:
    """Asks the model about one article at a time."""

    def __init__(
        self,
        storage: Storage,
        fetcher: Fetcher,
        endpoint: Llm,
        normaliser: Normaliser,
        *,
        clock: Callable[[], datetime],
        seconds: float = SECONDS,
    ) -> None:
        self._storage = storage
        self._fetcher = fetcher
        self._endpoint = endpoint
        self._normaliser = normaliser
        self._clock = clock
        self._seconds = seconds
        self._host = urlsplit(endpoint.url).hostname
        self._breaker = Breaker()
        self._tried: dict[int, int] = {}

    async def run(self) -> None:
        """Improve summaries for ever; no failure ends it."""
        while True:
            try:
                worked = await self.improve_one()
            except StorageError as error:
                log.error("summaries wait: %s", error)
                worked = False
            except Exception:  # one article's fault must not end the improving
                log.exception("a summary could not be improved; others go on")
                worked = False
            if not worked:
                await asyncio.sleep(_IDLE_SECONDS)

    async def improve_one(self) -> bool:
        """Ask about the newest article that waits; False where there is nothing to do for now."""
        now = self._clock()
        if not self._breaker.allows(now):
            return False
        article = await self._next(now)
        if article is None:
            return False
        # Counted before the attempt: whatever it breaks, others get their turn.
        self._tried[article.id] = self._tried.get(article.id, 0) + 1
        text = f"{article.subheadline}\n{plain_text(article.body)}".strip()
        summary: str | None = None
        if len(text) >= FEWEST_TOLD:
            try:
                summary = await self._summary(article, text, now)
            except _NothingLeftError:
                del self._tried[article.id]
                return False
            except _FailedError as error:
                self._note_failure(error)
                return True
            except RefusedError as refused:
                log.debug("the model's summary of article %d is refused: %s", article.id, refused)
        await self._storage.articles.upgrade_summary(
            article.id, summary, now, content_hash=article.content_hash
        )
        del self._tried[article.id]
        return True

    async def _next(self, now: datetime) -> Article | None:
        """The newest article to ask about, without those that failed twice since the start."""
        wanted = await self._storage.articles.summaries_wanted(now - FRESH, len(self._tried) + 1)
        left = [one for one in wanted if self._tried.get(one.id, 0) < _TRIES]
        waiting = {one.id for one in wanted}
        self._tried = {known: count for known, count in self._tried.items() if known in waiting}
        return left[0] if left else None

    async def _summary(self, article: Article, text: str, now: datetime) -> str:
        """The model's summary, guarded; raises _FailedError, _NothingLeftError or RefusedError."""
        said = await self._said(article.title, text, article.language, now)
        self._breaker.succeeded()
        summary = summary_in(said)
        check(
            summary,
            title=article.title,
            text=text,
            language=article.language,
            normaliser=self._normaliser,
        )
        return summary

    async def _said(self, title: str, text: str, language: str, now: datetime) -> str:
        """What the model says of an article, at the second try where the first brings nothing."""
        conversation = messages(title, text, language=language, fence=secrets.token_hex(8))
        try:
            return await self._ask(conversation, now)
        except _FailedError as error:
            if error.pause is not None:
                raise
            return await self._ask(conversation, now)

    async def _ask(self, conversation: list[dict[str, str]], now: datetime) -> str:
        if not await self._storage.meta.spend(
            _BUDGET, now.date().isoformat(), self._endpoint.daily
        ):
            raise _NothingLeftError
        key = self._endpoint.key
        try:
            response = await self._fetcher.post(
                f"{self._endpoint.url}/chat/completions",
                json={
                    "model": self._endpoint.model,
                    "messages": conversation,
                    "temperature": 0,
                    "stream": False,
                },
                headers={"Authorization": f"Bearer {key}"} if key else {},
                seconds=self._seconds,
                max_bytes=MAX_BYTES,
                allow_private_host=self._host,
            )
            if response.status != 200:
                text = f"{self._host} answers with status {response.status}"
                raise _FailedError(text, response.retry_after)
            return reply_text(response.body)
        except (FetchError, NoAnswerError) as error:
            raise _FailedError(str(error)) from error

    def _note_failure(self, error: _FailedError) -> None:
        if self._breaker.failed(self._clock(), error.pause):
            log.warning(
                "the model rests until %s; summaries stay as they are. %s",
                self._breaker.again,
                error,
            )


@asynccontextmanager
async def improve_summaries(
    settings: Settings, storage: Storage, normaliser: Normaliser, *, clock: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Improve summaries in the background as long as the block lasts, where a model is set.

    Raises SettingsError where the settings name an endpoint and no model.
    """
    endpoint = settings.llm
    if endpoint is None:
        yield
        return
    async with Fetcher(
        agent=settings.user_agent,
        allow_private=settings.allow_private_networks,
        proxy=settings.feed_proxy,
    ) as fetcher:
        desk = SummaryDesk(storage, fetcher, endpoint, normaliser, clock=clock)
        task = asyncio.create_task(desk.run(), name="summaries")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
