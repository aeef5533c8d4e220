"""What all commands share with the terminal: settings, failures in one line, clean text."""

import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console

from bot.config import Settings, SettingsError, load_settings
from bot.logs import CONTROL, configure_logging, redact
from storage import StorageError

_PIPE_WIDTH = 240


class CommandError(Exception):
    """What a command cannot do, as one line that names cause and remedy."""


def read_settings(log_level: str | None = None) -> Settings:
    """The settings, with logging configured by them; raises SettingsError.

    `log_level` overrules LOG_LEVEL, for commands whose output is a table and not a log.
    """
    # However quiet the command is: a mistyped setting is warned of while they are read.
    configure_logging("WARNING" if log_level else "INFO")
    settings = load_settings()
    configure_logging(log_level or settings.log_level)
    return settings


def explain(error: Exception) -> tuple[str | None, int]:
    """A failure's line for the operator and its exit status; no line where it is a bug."""
    if isinstance(error, SettingsError):
        return str(error), 2
    if isinstance(error, (CommandError, StorageError)):
        return clean(redact(str(error))), 1
    return None, 1


def clean(text: str) -> str:
    """One line of foreign text, without the codes that a terminal would obey."""
    return CONTROL.sub(" ", text)


def console() -> Console:
    """stdout, with neither markup nor emoji read into foreign texts.

    In a pipe a line may be as long as it likes: an address cut in two cannot be copied.
    """
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=False, width=width)


def local_time(moment: datetime | None, settings: Settings) -> str:
    """A time as the operator's readers see it by default; a dash for none."""
    if moment is None:
        return "–"
    return moment.astimezone(ZoneInfo(settings.time_zone)).strftime("%Y-%m-%d %H:%M %Z")
