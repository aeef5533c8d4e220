"""What came back since the sender's last tick, until the next one writes it in one transaction."""

from dataclasses import dataclass, field, fields
from datetime import datetime

from storage import ClaimBatch, Outcome


@dataclass(slots=True)
class Inbox:
    """The parts of a `ClaimBatch`, gathered one by one."""

    outcomes: list[Outcome] = field(default_factory=list)
    paused: list[tuple[int, str]] = field(default_factory=list)
    silenced: list[tuple[int, str]] = field(default_factory=list)
    missed: list[tuple[int, str]] = field(default_factory=list)
    found: list[int] = field(default_factory=list)
    migrated: list[tuple[int, int]] = field(default_factory=list)
    waits: list[tuple[int, datetime]] = field(default_factory=list)
    plain: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self))

    def batch(self, *, limit: int = 0, served: int = 0) -> ClaimBatch:
        """All of it, to be written; it stays here until `forget`."""
        return ClaimBatch(
            **{one.name: tuple(getattr(self, one.name)) for one in fields(self)},
            limit=limit,
            served=served,
        )

    def forget(self, batch: ClaimBatch) -> None:
        """It is written. What came meanwhile stays."""
        for one in fields(self):
            del getattr(self, one.name)[: len(getattr(batch, one.name))]
