"""How delivery does: counters that the senders turn, gauges read when somebody asks.

    sender, editor, answers to people ─▶ counters (in memory, since the start)
    asked for ─▶ the store (what is owed, how late) + the limiter (what rests) ─▶ `Snapshot`, gauges

A turn of a counter costs about a microsecond and never waits. `snapshot` is for code; `registry`
holds the same for a page that is scraped: after `snapshot` its gauges are as fresh. Each Insight
has a registry of its own, so that two bots in one process do not add up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.telegram.faults import FaultKind
from bot.telegram.limiter import Limiter
from storage import ALL_CHATS, DeliveryKind, Depth, Lag, PushLag, Storage

_LAGS = (5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)  # seconds


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All figures at one moment. The counts are since the process started, times in seconds."""

    at: datetime
    depths: tuple[Depth, ...]
    in_flight: int
    open_corrections: int
    oldest_due: datetime | None  # of what could go now
    lag: Lag | None  # of the last day's alerts
    pushes: tuple[PushLag, ...]
    sent: Mapping[str, int]  # by kind of delivery
    edited: int
    retried: Mapping[str, int]  # by reason
    faults: Mapping[str, int]  # by FaultKind
    floods: int  # answers 429
    bulk_pauses: int
    bulk_paused_seconds: float
    bulk_paused_until: datetime | None
    chats_paused: int
    rate: float  # sends a second that the bot allows itself now; inf without a limit


class Insight:
    """The counters. `clock` gives aware UTC datetimes."""

    def __init__(
        self, storage: Storage, limiter: Limiter, *, clock: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._limiter = limiter
        self._clock = clock
        self._paused_until: datetime | None = None
        self.registry = registry = CollectorRegistry()
        sent = Counter(
            "newsboy_sent", "Deliveries that Telegram took.", ["kind"], registry=registry
        )
        # A label's child is looked up under a lock: once, and not at every send.
        self._sent = {kind: sent.labels(kind.value) for kind in DeliveryKind}
        self._lag = Histogram(
            "newsboy_lag_seconds",
            "From an article's publication to its alert.",
            buckets=_LAGS,
            registry=registry,
        )
        self._edited = Counter("newsboy_edited", "Messages corrected.", registry=registry)
        self._retried = Counter(
            "newsboy_retried", "Sends to be tried again.", ["reason"], registry=registry
        )
        faults = Counter("newsboy_faults", "Requests that failed.", ["kind"], registry=registry)
        self._faults = {kind: faults.labels(kind.value) for kind in FaultKind}
        self._pauses = Counter("newsboy_bulk_pauses", "Pauses of all bulk.", registry=registry)
        self._paused = Counter(
            "newsboy_bulk_paused_seconds", "How long bulk was to rest.", registry=registry
        )
        self._gauges = _Gauges(registry)

    # ------------------------------------------------------------ what happens

    def sent(self, kind: DeliveryKind, lag_seconds: float | None = None) -> None:
        """Telegram took a delivery; an alert so long after its article was published."""
        self._sent[kind].inc()
        if lag_seconds is not None:
            self._lag.observe(lag_seconds)

    def edited(self) -> None:
        """A message sent before was corrected."""
        self._edited.inc()

    def retried(self, reason: str) -> None:
        """A delivery that failed will be tried again. `reason` is one of few words."""
        self._retried.labels(reason).inc()

    def fault(self, kind: FaultKind) -> None:
        """A request to Telegram failed; a 429 is one too."""
        self._faults[kind].inc()

    def paused(self, seconds: float) -> None:
        """All bulk rests for so long from now. What a pause under way is told of counts once."""
        now = self._clock()
        until = now + timedelta(seconds=seconds)
        before = self._paused_until
        if before is None or before <= now:
            self._pauses.inc()
            before = now
        if until > before:
            self._paused.inc((until - before).total_seconds())
            self._paused_until = until

    def flooded(self, seconds: float, *, everybody: bool) -> None:
        """Telegram said 429 and asked for so long a wait, of one chat or of the whole bot."""
        self.fault(FaultKind.FLOOD)
        if everybody:
            self.paused(seconds)

    # ------------------------------------------------------------ asked for

    async def snapshot(self) -> Snapshot:
        """All figures now; the registry's gauges are set by the way. Raises StorageError."""
        now, figures = self._clock(), self._storage.insight
        depths = tuple(await figures.depths(now))
        pauses = await self._storage.outbox.pauses(now)
        resting = self._limiter.pauses()
        until = pauses.get(ALL_CHATS)
        if resting.bulk > 0:
            until = max(until or now, now + timedelta(seconds=resting.bulk))
        counts = self._counts()
        taken = Snapshot(
            at=now,
            depths=depths,
            in_flight=await figures.in_flight(),
            open_corrections=await figures.open_corrections(),
            oldest_due=oldest_due(depths, now),
            lag=await figures.lag(now),
            pushes=tuple(await figures.push_lags(now)),
            sent=counts.get("newsboy_sent", {}),
            edited=counts.get("newsboy_edited", {}).get("", 0),
            retried=counts.get("newsboy_retried", {}),
            faults=counts.get("newsboy_faults", {}),
            floods=counts.get("newsboy_faults", {}).get(FaultKind.FLOOD.value, 0),
            bulk_pauses=counts.get("newsboy_bulk_pauses", {}).get("", 0),
            bulk_paused_seconds=self._value("newsboy_bulk_paused_seconds_total"),
            bulk_paused_until=until,
            chats_paused=len(resting.chats),
            rate=self._limiter.rate,
        )
        self._gauges.show(taken)
        return taken

    def _counts(self) -> dict[str, dict[str, int]]:
        """The counters that were turned, by name and by the value of their label ("": none)."""
        return {
            family.name: {
                next(iter(sample.labels.values()), ""): int(sample.value)
                for sample in family.samples
                if sample.name.endswith("_total") and sample.value
            }
            for family in self.registry.collect()
            if family.type == "counter"
        }

    def _value(self, name: str) -> float:
        return self.registry.get_sample_value(name) or 0.0


def oldest_due(depths: tuple[Depth, ...], now: datetime) -> datetime | None:
    """Since when the longest waiting of what could go now waits; None where nothing does."""
    waiting = [one.oldest for one in depths if one.oldest is not None and one.oldest <= now]
    return min(waiting, default=None)


class _Gauges:
    """What stands in the store and the limiter, as it was last looked at."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._owed = Gauge("newsboy_owed", "Deliveries owed.", ["queue"], registry=registry)
        self._due = Gauge("newsboy_due", "Of them, may go now.", ["queue"], registry=registry)
        self._oldest = Gauge(
            "newsboy_oldest_due_seconds", "How long the oldest of them waits.", registry=registry
        )
        self._in_flight = Gauge("newsboy_in_flight", "Claimed deliveries.", registry=registry)
        self._corrections = Gauge(
            "newsboy_open_corrections", "Corrections not ended.", registry=registry
        )
        self._published = Gauge(
            "newsboy_lag_published_seconds",
            "Within how long of publication so many tenths of the last day's alerts came.",
            ["tenth"],
            registry=registry,
        )
        self._stored = Gauge(
            "newsboy_lag_stored_seconds",
            "The same from when the article was stored.",
            ["tenth"],
            registry=registry,
        )
        self._left = Gauge(
            "newsboy_bulk_pause_left_seconds", "Until bulk goes on.", registry=registry
        )
        self._chats = Gauge("newsboy_chats_paused", "Chats that rest.", registry=registry)
        self._rate = Gauge("newsboy_rate", "Sends a second allowed now.", registry=registry)

    def show(self, taken: Snapshot) -> None:
        for depth in taken.depths:
            self._owed.labels(depth.queue).set(depth.owed)
            self._due.labels(depth.queue).set(depth.due)
        self._oldest.set(_seconds(taken.oldest_due, taken.at))
        self._in_flight.set(taken.in_flight)
        self._corrections.set(taken.open_corrections)
        self._published.clear()
        self._stored.clear()
        if taken.lag is not None:
            for gauge, deciles in (
                (self._published, taken.lag.from_publication),
                (self._stored, taken.lag.from_storing),
            ):
                for tenth, seconds in enumerate(deciles, 1):
                    gauge.labels(str(tenth)).set(seconds)
        self._left.set(-_seconds(taken.bulk_paused_until, taken.at))
        self._chats.set(taken.chats_paused)
        self._rate.set(taken.rate)


def _seconds(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else (now - since).total_seconds()
