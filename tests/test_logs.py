"""Logging: no token leaves, no foreign text forges a line."""

import logging
import subprocess
import sys

import pytest

from bot.logs import RedactingFormatter, configure_logging, redact

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("bot.telegram", logging.ERROR, __file__, 1, message, args, info)


def test_token_is_redacted_in_message_arguments_and_traceback() -> None:
    try:
        raise ValueError(f"cannot reach https://api.telegram.org/bot{TOKEN}/getMe")  # noqa: TRY301
    except ValueError as error:
        text = RedactingFormatter().format(record("bot%s failed", TOKEN, error=error))
    assert TOKEN.partition(":")[2] not in text
    assert "Traceback" in text
    assert "bot[token]/getMe" in text


def test_foreign_text_cannot_forge_a_line() -> None:
    text = RedactingFormatter().format(record("feed says %s", "x\n2026-01-01 INFO bot: \x1b[2J"))
    assert "\n" not in text
    assert "\x1b" not in text
    assert r"x\n2026" in text


def test_foreign_text_cannot_forge_a_line_in_a_traceback_either() -> None:
    try:
        raise ValueError("x\n2026-01-01 INFO bot: \x1b[2J\r\u2028")  # noqa: TRY301
    except ValueError as error:
        text = RedactingFormatter().format(record("failed", error=error))
    assert "\x1b" not in text
    assert "\r" not in text
    head, *below = text.splitlines()
    assert head.endswith("failed")
    assert all(line.startswith("  ") for line in below)


def test_ordinary_text_is_left_alone() -> None:
    text = (
        "12:30 news, 1:2, «ёлочки» https://example.org:8080/a-long-path-of-more-than-thirty-signs"
    )
    assert redact(text) == text


def test_chatty_libraries_speak_only_when_debugging() -> None:
    configured = logging.getLogger("apscheduler").level, logging.root.handlers[:]
    try:
        configure_logging("INFO")
        assert not logging.getLogger("apscheduler.scheduler").isEnabledFor(logging.INFO)
        configure_logging("DEBUG")
        assert logging.getLogger("apscheduler.scheduler").isEnabledFor(logging.DEBUG)
        assert len(logging.root.handlers) == 1
    finally:
        sys.excepthook = sys.__excepthook__
        logging.getLogger("apscheduler").setLevel(configured[0])
        logging.root.handlers[:] = configured[1]
        logging.root.setLevel(logging.WARNING)


@pytest.mark.parametrize("level", ["INFO", "ERROR"])
def test_uncaught_exception_leaves_redacted(level: str) -> None:
    code = (
        "from bot.logs import configure_logging\n"
        f"configure_logging({level!r})\n"
        f"raise RuntimeError('bot{TOKEN}')\n"
    )
    done = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert TOKEN not in done.stderr
    assert "  RuntimeError: bot[token]" in done.stderr
