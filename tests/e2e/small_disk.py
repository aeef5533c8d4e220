"""A file system of a few megabytes that a test can fill and empty again.

Only root may mount one; where that is refused, `small_disk` yields None and the caller says what
it could not try.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_MOUNT, _UMOUNT = shutil.which("mount"), shutil.which("umount")


@dataclass
class SmallDisk:
    """The mounted folder; `database` is the file on it that is to meet the full disk."""

    folder: Path
    database: Path
    _reader: sqlite3.Connection | None = field(default=None, init=False)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Leave not a byte free."""
        # SQLite writes over the old part of its log where it can, and would not ask for space for
        # minutes: a reader in the middle of a read (a backup, say) keeps that part in use.
        # Filling takes a moment: it is done in a thread, and undone in another.
        self._reader = sqlite3.connect(
            f"file:{self.database}?mode=ro", uri=True, check_same_thread=False
        )
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with self._ballast.open("wb") as ballast:
            size = 0
            while free := _free(self.folder):
                with suppress(OSError):  # the bot writes meanwhile
                    os.posix_fallocate(ballast.fileno(), size, free)
                    size += free

    def empty(self) -> None:
        """Give the space back."""
        self._ballast.unlink(missing_ok=True)
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _free(folder: Path) -> int:
    at = os.statvfs(folder)
    return at.f_bavail * at.f_frsize


@contextmanager
def small_disk(folder: Path, megabytes: int, name: str) -> Iterator[SmallDisk | None]:
    """Mount one at an empty folder for the block; `name` is the database's that will be on it."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [_MOUNT or "mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "newsboy", str(folder)]
    if _MOUNT is None or _UMOUNT is None or not _done(command):
        yield None
        return
    disk = SmallDisk(folder, folder / name)
    try:
        yield disk
    finally:
        disk.empty()
        # Whoever was killed a moment ago may still hold a file.
        _done([_UMOUNT, "--lazy", str(folder)])


def _done(command: list[str]) -> bool:
    return not subprocess.run(command, check=False, capture_output=True).returncode  # noqa: S603  # our own words
