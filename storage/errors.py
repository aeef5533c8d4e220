"""What can go wrong in the store.

StorageError
├── DatabaseLockedError     another process owns the database for writing
├── DatabaseCorruptError    the file fails its integrity check; names the restore command
├── DatabaseTooNewError     the file was written by a newer newsboy
├── DiskFullError           nothing was changed; try again when there is space
├── NotFoundError           the row asked for does not exist
├── AlreadyExistsError      the row to add is there already
└── TooManyError            nobody may have more of these; says how many

Every other sqlite3 error is wrapped in a plain StorageError with its cause attached.
"""


class StorageError(Exception):
    """The base of all that the store raises on purpose."""


class DatabaseLockedError(StorageError):
    """Another process owns the database; `pid` names it where known."""

    def __init__(self, message: str, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class DatabaseCorruptError(StorageError):
    """The file is damaged; the message names the command that restores a backup."""


class DatabaseTooNewError(StorageError):
    """The file's schema is newer than this program knows."""


class DiskFullError(StorageError):
    """The disk has no room; the transaction was rolled back whole."""


class NotFoundError(StorageError):
    """No such row."""


class AlreadyExistsError(StorageError):
    """The row exists already."""


class TooManyError(StorageError):
    """There are `most` already, and nobody may have more."""

    def __init__(self, message: str, most: int) -> None:
        super().__init__(message)
        self.most = most
