"""`newsboy status`: how the delivery does, read beside a running bot.

    store ─▶ one record of plain values ─▶ tables, or JSON

Times are said in TIME_ZONE, in JSON as ISO 8601 with their offset. What only the running process
knows (chats that rest for a second, its counters) is not here; flood waits are, since they are
kept.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from bot.commands.terminal import clean, console, local_time, read_settings
from bot.config import Settings
from storage import (
    ALL_CHATS,
    BroadcastProgress,
    Depth,
    Ended,
    Feed,
    FeedState,
    Lag,
    PushLag,
    Storage,
    SubscriberState,
)

_BEYOND = 10_000_000  # rows; so far a count that nobody waits for goes
_REASONS = 20


@dataclass(frozen=True, slots=True)
class Status:
    """All that is shown."""

    at: datetime
    readers: dict[SubscriberState, int]
    depths: Sequence[Depth]
    in_flight: int
    corrections: int
    pauses: dict[int, datetime]
    lag: Lag | None
    pushes: Sequence[PushLag]
    ended: Sequence[Ended]
    broadcasts: Sequence[BroadcastProgress]
    failing: Sequence[Feed]


def status(*, as_json: bool) -> None:
    """Print how the delivery does."""
    settings = read_settings("WARNING")
    taken = asyncio.run(_read(settings))
    if as_json:
        typer.echo(json.dumps(_plain(taken, settings), ensure_ascii=False, indent=2))
        return
    screen = console()
    for line in _lines(taken, settings):
        screen.print(Text(line))
    for table in _tables(taken, settings):
        if table.row_count:
            screen.print(table)


async def _read(settings: Settings) -> Status:
    now = datetime.now(UTC)
    async with Storage.open_readonly(settings.database) as storage:
        insight = storage.insight
        return Status(
            at=now,
            readers=await insight.readers(),
            depths=await insight.depths(now, most=_BEYOND),
            in_flight=await insight.in_flight(),
            corrections=await insight.open_corrections(),
            pauses=await storage.outbox.pauses(now),
            lag=await insight.lag(now),
            pushes=await insight.push_lags(now),
            ended=await insight.ended(now),
            broadcasts=await insight.broadcasts(),
            failing=[
                feed
                for feed in await storage.feeds.all()
                if feed.state is FeedState.GONE or (feed.error is not None and feed.failures)
            ],
        )


# ---------------------------------------------------------------- for people


def _lines(taken: Status, settings: Settings) -> list[str]:
    readers = ", ".join(f"{count:,} {state.value}" for state, count in taken.readers.items())
    lines = [f"Readers: {readers}."]
    owed = sum(depth.owed for depth in taken.depths)
    lines.append(f"Owed: {owed:,}; in flight: {taken.in_flight:,}.")
    oldest = _oldest(taken)
    if oldest is not None:
        since = local_time(oldest, settings)
        lines.append(f"The oldest that could go now waits since {since} ({_age(taken, oldest)}).")
    chats = len(taken.pauses) - (ALL_CHATS in taken.pauses)
    if ALL_CHATS in taken.pauses:
        until = local_time(taken.pauses[ALL_CHATS], settings)
        lines.append(f"Bulk rests until {until}: Telegram asked for it. People are answered.")
    if chats:
        last = max(until for chat, until in taken.pauses.items() if chat != ALL_CHATS)
        lines.append(f"Chats that rest: {chats:,}, the last until {local_time(last, settings)}.")
    if not taken.pauses:
        lines.append("Nothing rests: Telegram asked for no pause.")
    if taken.corrections:
        lines.append(f"Corrections under way: {taken.corrections:,}.")
    if taken.lag is None:
        lines.append("No alert was sent within the last day.")
    return lines


def _tables(taken: Status, settings: Settings) -> list[Table]:
    return [
        _outbox(taken, settings),
        _lags(taken, settings),
        _ended(taken),
        _broadcasts(taken, settings),
        _feeds(taken, settings),
    ]


def _table(title: str, *columns: str, left: int = 1) -> Table:
    """A table; its first `left` columns are texts, the others numbers."""
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, overflow="fold", justify="left" if index < left else "right")
    return table


def _outbox(taken: Status, settings: Settings) -> Table:
    table = _table("Owed", "Lane", "What", "Owed", "May go now", "Oldest due", left=2)
    for depth in taken.depths:
        oldest = local_time(depth.oldest, settings)
        table.add_row(_LANES[depth.queue], depth.queue, f"{depth.owed:,}", f"{depth.due:,}", oldest)
    return table


_LANES = {"push": "instant", "merged": "instant", "digest": "digest", "broadcast": "broadcast"}


def _lags(taken: Status, settings: Settings) -> Table:
    tenths = [f"{tenth}0%" for tenth in range(1, 11)]
    title = "How late the last day's alerts came: this share of their readers had them within"
    table = _table(title, "Of", "From", *tenths, left=2)
    if taken.lag is not None:
        _lag_rows(table, f"all (a sample of {taken.lag.sample:,})", taken.lag)
    for push in taken.pushes:
        made = local_time(push.created, settings)
        _lag_rows(table, f"article {push.article_id}, {made}", push.lag)
    return table


def _lag_rows(table: Table, name: str, lag: Lag) -> None:
    table.add_row(name, "publication", *map(_span, lag.from_publication))
    table.add_row("", "storing", *map(_span, lag.from_storing))


def _ended(taken: Status) -> Table:
    table = _table("Deliveries of the last day", "What", "Ended", "Why", "How many", left=3)
    for one in taken.ended[:_REASONS]:
        table.add_row(one.kind, one.state.value, clean(one.reason), f"{one.count:,}")
    rest = sum(one.count for one in taken.ended[_REASONS:])
    if rest:
        table.add_row("", "", "other reasons (all: --json)", f"{rest:,}")
    return table


def _broadcasts(taken: Status, settings: Settings) -> Table:
    table = _table(
        "Your messages to all", "When", "Text", "State", "Sent", "Waiting", "Not reached", left=3
    )
    for one in taken.broadcasts:
        state = "stopped" if one.called_off else "done" if one.done else "being sent"
        table.add_row(
            local_time(one.created, settings),
            clean(one.text)[:60],
            state,
            f"{one.sent:,}",
            # Further readers are still being looked up.
            f"{one.waiting:,}" + ("" if one.owed_to_all or one.done else "+"),
            f"{one.missed:,}",
        )
    return table


def _feeds(taken: Status, settings: Settings) -> Table:
    table = _table("Feeds that fail", "Feed", "Error", "Failures", "Last success", left=2)
    for feed in taken.failing:
        gone = feed.state is FeedState.GONE
        error = "gone: its server says 410" if gone else feed.error or ""
        succeeded = local_time(feed.succeeded, settings)
        table.add_row(clean(feed.url), clean(error), str(feed.failures), succeeded)
    return table


def _oldest(taken: Status) -> datetime | None:
    waiting = [one.oldest for one in taken.depths if one.oldest and one.oldest <= taken.at]
    return min(waiting, default=None)


def _age(taken: Status, oldest: datetime) -> str:
    return _span((taken.at - oldest).total_seconds())


def _span(seconds: float) -> str:
    """A time that passed, as short as it can be read."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{timedelta(seconds=round(seconds)) / timedelta(hours=1):.1f} h"


# ---------------------------------------------------------------- for programs


def _plain(taken: Status, settings: Settings) -> dict[str, object]:
    zone = ZoneInfo(settings.time_zone)

    def iso(moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")

    def lag(one: Lag | None) -> dict[str, object] | None:
        if one is None:
            return None
        return {
            "sample": one.sample,
            "from_publication": list(one.from_publication),
            "from_storing": list(one.from_storing),
        }

    oldest = _oldest(taken)
    return {
        "at": iso(taken.at),
        "readers": {state.value: count for state, count in taken.readers.items()},
        "owed": [
            {
                "queue": one.queue,
                "lane": _LANES[one.queue],
                "owed": one.owed,
                "due": one.due,
                "oldest_due": iso(one.oldest),
            }
            for one in taken.depths
        ],
        "in_flight": taken.in_flight,
        "oldest_due": iso(oldest),
        "oldest_due_seconds": None if oldest is None else int((taken.at - oldest).total_seconds()),
        "corrections": taken.corrections,
        "bulk_paused_until": iso(taken.pauses.get(ALL_CHATS)),
        "chats_paused": [
            {"chat": chat, "until": iso(until)}
            for chat, until in taken.pauses.items()
            if chat != ALL_CHATS
        ],
        "lag_seconds": lag(taken.lag),
        "pushes": [
            {
                "push": one.push_id,
                "article": one.article_id,
                "created": iso(one.created),
                "lag_seconds": lag(one.lag),
            }
            for one in taken.pushes
        ],
        "ended": [
            {
                "kind": one.kind,
                "state": one.state.value,
                "reason": one.reason,
                "count": one.count,
            }
            for one in taken.ended
        ],
        "broadcasts": [
            {
                "id": one.id,
                "created": iso(one.created),
                "called_off": one.called_off,
                "owed_to_all": one.owed_to_all,
                "done": one.done,
                "sent": one.sent,
                "waiting": one.waiting,
                "missed": one.missed,
            }
            for one in taken.broadcasts
        ],
        "feeds_failing": [
            {
                "feed": feed.url,
                "error": feed.error,
                "failures": feed.failures,
                "gone": feed.state is FeedState.GONE,
                "succeeded": iso(feed.succeeded),
            }
            for feed in taken.failing
        ],
    }
