"""What a process and its descendants cost, read from /proc (Linux only; see proc(5))."""

import os
from pathlib import Path

_PROC = Path("/proc")


def family(pid: int) -> list[int]:
    """The process and its living descendants."""
    parents: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile
            # The name, in brackets, may hold spaces and brackets itself.
            parent = int(stat.rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found.extend(parents.get(one, ()))
    return found


def pss_megabytes(pid: int) -> float:
    """Proportional set size of a process, in 10^6 bytes: its share of what it shares counts."""
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0]) * 1024 / 1e6
    raise ValueError(f"no Pss of process {pid}")


def cpu_seconds_of(pid: int) -> float:
    """User and system CPU seconds of a process, its ended children not counted."""
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
