"""What a measurement found, and how it is printed."""

import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of the report; `goal` is "" where the figure is only stated."""

    name: str
    value: str
    goal: str = ""
    met: bool = True


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all are at or under (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def cpu_seconds() -> float:
    """User and system CPU seconds of this process and of its ended children."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (
            resource.getrusage(resource.RUSAGE_SELF),
            resource.getrusage(resource.RUSAGE_CHILDREN),
        )
    )


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print a measurement's figures as a table."""
    table = Table("figure", "measured", "goal", "")
    for figure in figures:
        verdict = "" if not figure.goal else "met" if figure.met else "MISSED"
        table.add_row(figure.name, figure.value, figure.goal, verdict)
    console = Console(file=sys.stdout, width=110, highlight=False)
    console.print(title)
    console.print(table)
