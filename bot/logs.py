"""Logging: one readable line a record on stderr, and no token in any of it.

The token is part of every Bot API address, so it leaks into exception texts and tracebacks. The
formatter redacts whatever looks like one in the finished record, traceback included, and uncaught
exceptions leave through the same formatter.
"""

import logging
import re
import sys
from types import TracebackType

TOKEN = re.compile(r"\d+:[\w-]{30,}", re.ASCII)
# Line breaks and terminal codes in a foreign text could forge a line of the log.
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# Chatty at INFO: a line for every tick, update, request or dictionary.
QUIET_UNLESS_DEBUG = ("aiogram", "aiohttp.access", "apscheduler", "asyncio", "pymorphy3")
# They report every odd page as an error; the pipeline reports what it means.
QUIET_ALWAYS = ("trafilatura", "htmldate", "courlan")


def redact(text: str) -> str:
    """The text with everything that looks like a bot token replaced."""
    return TOKEN.sub("[token]", text)


def _shown(character: re.Match[str]) -> str:
    return repr(character[0])[1:-1]


class RedactingFormatter(logging.Formatter):
    """`time LEVEL logger: message` in one line, a traceback below it; tokens redacted."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname:<7} {name}: {message}", "%Y-%m-%d %H:%M:%S", "{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        """The record's own line, with control characters shown instead of obeyed."""
        line = super().formatMessage(record)
        return CONTROL.sub(_shown, line)

    def formatException(  # noqa: N802  # logging's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """The traceback, indented: no line of a foreign text in it can pass for a record."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"  {CONTROL.sub(_shown, line)}" for line in lines)

    def format(self, record: logging.LogRecord) -> str:
        """The whole record, redacted last so that nothing can slip in behind."""
        return redact(super().format(record))


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logging.getLogger("bot").critical("stopped by a bug", exc_info=(kind, error, trace))


def configure_logging(level: str) -> None:
    """Send all logging of the process to stderr, from `level` (a name of `logging`) up.

    Replaces what was configured before, so it may be called again once the settings are known.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET_UNLESS_DEBUG:
        logging.getLogger(name).setLevel(level if level == "DEBUG" else "WARNING")
    for name in QUIET_ALWAYS:
        logging.getLogger(name).setLevel("CRITICAL")
    sys.excepthook = _log_uncaught
