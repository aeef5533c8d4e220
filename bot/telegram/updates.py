"""Receiving updates, which nothing stops: neither one that cannot be read nor an outage.

This is long polling; `bot.telegram.webhook` hands over what Telegram posts.

    getUpdates ─▶ each one read by itself ─▶ handlers start ─▶ kept in the store ─▶ confirmed

getUpdates returns raw objects here, and each is turned into an `Update` by itself: one that does
not decode is skipped, counted and logged, where the framework would fail the whole batch and ask
for the same one for ever. Failures are waited out with a growing pause; only a refused token ends
polling, as `TokenRefusedError`. Updates are confirmed when the store has them (`received`), so that
the next ones are waited for while handlers run, and a crash loses none. On the way out the handlers
in flight are given time to finish.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, ClassVar, TypeVar

from aiogram import Bot, Dispatcher
from aiogram.exceptions import AiogramError
from aiogram.methods import GetUpdates
from aiogram.types import Update, User
from aiogram.utils.backoff import Backoff, BackoffConfig
from pydantic import ValidationError

from bot.telegram.faults import Fault, FaultKind, classify
from bot.telegram.floods import Floods
from bot.telegram.received import Received

POLL_SECONDS = 30
HANDLERS_AT_ONCE = 200
DRAIN_SECONDS = 6.0
LONGEST_WAIT = 30.0

# How long an answer may be overdue before the connection counts as dead.
_ANSWER_MARGIN = 10

_log = logging.getLogger(__name__)

T = TypeVar("T")


class TokenRefusedError(Exception):
    """Telegram does not know the token (401), or has no such bot (404). Says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "BOT_TOKEN: Telegram refuses the token; copy it anew from @BotFather, for example "
            "123456789:AAE…"
        )


class RawUpdates(GetUpdates):
    """getUpdates whose updates stay as they came."""

    __returning__: ClassVar[Any] = list[Any]


class PollingDispatcher(Dispatcher):
    """The framework's dispatcher with polling that goes on, and a bounded drain at the end.

    `skipped` counts the updates that could not be read since the start, `floods` what one person
    sent too much of; `received` knows the rest.
    """

    def __init__(
        self,
        *,
        received: Received,
        handlers_at_once: int = HANDLERS_AT_ONCE,
        drain_seconds: float = DRAIN_SECONDS,
        first_wait: float = 1.0,
        **kwargs: Any,
    ) -> None:
        """`first_wait` is the pause in seconds after a first failure; it doubles up to 30."""
        super().__init__(**kwargs)
        self.skipped = 0
        self.floods = Floods()
        self._handlers_at_once = handlers_at_once
        self.received = received
        self._offset: int | None = None  # confirms what is before it; None: all is confirmed
        self._told: int | None = None  # the offset that Telegram was last told
        self._drain_seconds = drain_seconds
        self._pauses = BackoffConfig(
            min_delay=first_wait, max_delay=LONGEST_WAIT, factor=2, jitter=first_wait / 20
        )
        self.shutdown.register(self._drain)

    async def receive(self, bot: Bot) -> None:
        """Receive and handle updates until `stop_polling`, which also drains the handlers.

        Raises TokenRefusedError. Leaves signals and the bot's session to the caller.
        """
        await self.start_polling(
            bot,
            polling_timeout=POLL_SECONDS,
            handle_signals=False,
            close_bot_session=False,
        )

    async def reach(self, bot: Bot) -> User:
        """Wait until Telegram answers, however long that takes: the bot's own account.

        Raises TokenRefusedError.
        """
        return await self.until_done(bot.me)

    async def until_done(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request again until Telegram answers it. Raises TokenRefusedError."""
        outage = _Outage(self._pauses)
        while True:
            try:
                answer = await request()
            except AiogramError as error:
                await outage.wait(classify(error))
            else:
                outage.over()
                return answer

    def take(self, bot: Bot, raw: Any) -> asyncio.Task[Any] | None:
        """Begin to handle an update that was posted; None where it cannot be read.

        Whoever calls it has waited for `room` just before.
        """
        update = self._read(bot, raw)
        if update is None:
            return None
        self.received.take(update.update_id)
        task = asyncio.create_task(self._process_update(bot, update))
        self._handle_update_tasks.add(task)
        task.add_done_callback(self._handle_update_tasks.discard)
        return task

    async def room(self) -> None:
        """Wait while too many handlers run.

        Here and not by the framework's `tasks_concurrency_limit`, which at a stop leaves the next
        update's coroutine behind, never awaited.
        """
        while len(self._handle_update_tasks) >= self._handlers_at_once:
            await asyncio.wait(self._handle_update_tasks, return_when=asyncio.FIRST_COMPLETED)

    async def resume(self, bot: Bot) -> None:
        """Begin to handle what the last process began and did not finish."""
        for raw in await self.received.left():
            await self.room()
            if self.take(bot, raw) is None:
                self.received.handled(raw["update_id"])

    async def _polling(self, bot: Bot, *args: Any, **kwargs: Any) -> None:
        await self.reach(bot)  # the framework's own getMe would end polling at the first failure
        await self.resume(bot)
        await super()._polling(bot, *args, **kwargs)

    async def _process_update(self, bot: Bot, update: Update, *args: Any, **kwargs: Any) -> bool:
        handled = await super()._process_update(bot, update, *args, **kwargs)
        # Only here: a handler that was cut off still owes its answer.
        self.received.handled(update.update_id)
        return handled

    async def _listen_updates(  # type: ignore[override]  # an instance method: it counts
        self,
        bot: Bot,
        polling_timeout: int = POLL_SECONDS,
        backoff_config: BackoffConfig | None = None,
        allowed_updates: list[str] | None = None,
    ) -> AsyncGenerator[Update, None]:
        outage = _Outage(self._pauses)
        ask = RawUpdates(timeout=polling_timeout, allowed_updates=allowed_updates)
        while True:
            ask.offset = self._told = self._offset
            try:
                raws: list[Any] = await bot(ask, request_timeout=polling_timeout + _ANSWER_MARGIN)
            except AiogramError as error:
                fault = classify(error)
                await outage.wait(fault)
                if "webhook" in fault.text:
                    await self._remove_webhook(bot)
                continue
            outage.over()
            # After a week without updates the ids go on at random: an old offset might be above.
            self._offset = self._told = None
            for raw in raws:
                update = self._read(bot, raw)
                if update is not None and not self.received.knows(update.update_id):
                    await self.room()
                    self.received.take(update.update_id)
                    self.received.keep(update.update_id, raw)
                    yield update
                # After the yield: what is not handed over is not confirmed.
                number = raw.get("update_id") if isinstance(raw, dict) else None
                if isinstance(number, int):
                    self._offset = number + 1
            await self.received.kept()

    def _read(self, bot: Bot, raw: Any) -> Update | None:
        """The update, or None where it cannot be read, or is one of a flood."""
        if self.floods.drops(raw):
            return None
        try:
            update = Update.model_validate(_whole(raw), context={"bot": bot})
            _ = update.event_type  # raises for a kind that this framework does not know
            if not 0 <= update.update_id < 2**63:
                raise ValueError("its id is out of range")  # noqa: TRY301  # one place for all
        except Exception as error:  # noqa: BLE001  # whatever one update does, the next must come
            self.skipped += 1
            _log.error(
                "update %s skipped, it cannot be read: %s",
                raw.get("update_id") if isinstance(raw, dict) else "?",
                _unreadable(error),
            )
            return None
        return update

    async def _remove_webhook(self, bot: Bot) -> None:
        """A webhook that was set elsewhere keeps polling out until it is removed."""
        try:
            await bot.delete_webhook()
        except AiogramError as error:
            _log.warning("the webhook stays: %s", classify(error).text)
        else:
            _log.warning("a webhook was set for this bot; it was removed, since newsboy polls")

    async def _drain(self, bot: Bot) -> None:
        """Let the handlers in flight finish, end those that take too long, confirm the rest."""
        if self._handle_update_tasks:
            _, late = await asyncio.wait(self._handle_update_tasks, timeout=self._drain_seconds)
            if late:
                _log.warning("%d handlers cut off after %.0f s", len(late), self._drain_seconds)
                for task in late:
                    task.cancel()
                await asyncio.wait(late)
        await self.received.close()
        if self._offset != self._told:
            # Stopped within a batch: what was handled of it would come again at the next start.
            try:
                await bot(RawUpdates(offset=self._offset, limit=1, timeout=0), request_timeout=2)
            except AiogramError as error:
                _log.warning("the last updates will come again: %s", classify(error).text)


class _Outage:
    """A run of failures: says so once, waits longer each time, says when it is over."""

    def __init__(self, pauses: BackoffConfig) -> None:
        self._backoff = Backoff(pauses)

    async def wait(self, fault: Fault) -> None:
        if fault.kind is FaultKind.TOKEN:
            raise TokenRefusedError
        first = self._backoff.counter == 0
        pause = max(0.0, next(self._backoff), fault.retry_after)
        if first:
            _log.warning("%s; trying again until it works", _explain(fault))
        else:
            _log.debug("%s; again in %.1f s", fault.text, pause)
        await asyncio.sleep(pause)

    def over(self) -> None:
        if self._backoff.counter:
            _log.info("Telegram answers again after %d failures", self._backoff.counter)
            self._backoff.reset()


def _whole(raw: Any) -> Any:
    """The update with a «?» for each half of a character: neither the store nor an answer can hold
    what is no Unicode text.
    """
    written = json.dumps(raw, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        return json.loads(written.encode("utf-8", "replace"))
    return raw


def _unreadable(error: Exception) -> str:
    """What is wrong with an update, without what its author wrote."""
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())[:300]
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults)[:300]


def _explain(fault: Fault) -> str:
    if "terminated by other getupdates" in fault.text.lower():
        return (
            "another process polls with this bot's token and takes its updates away: stop it, or "
            "give this one a token of its own"
        )
    return f"no updates from Telegram: {fault.text}"
