"""The child's side of `bot.ingest.workers`: runs one job after another until told to end.

    stdin: size, job ─▶ import the function ─▶ Begun ─▶ run it ─▶ stdout: size, Done or Failed

It loads nothing but what its jobs need, holds no secret (the parent passes it a bare
environment), may take only so much memory, and goes when its parent goes: at the end of its
standard input, or, on Linux, killed by the kernel even in the middle of a job.
"""

import importlib
import os
import pickle
import struct
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = struct.Struct(">Q")
_NICENESS = 5  # of 19, see nice(2): a third of the bot's share where both want the same core


@dataclass(frozen=True, slots=True)
class Job:
    """A function at the top of a module, and its arguments, already pickled."""

    module: str
    name: str
    arguments: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """The function is imported; from here on the job's time counts."""


@dataclass(frozen=True, slots=True)
class Done:
    """What the function returned."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """What the function raised."""

    error: BaseException


def main(memory_bytes: int) -> None:
    """Serve jobs from standard input until it ends."""
    _die_with_parent()
    _limit_memory(memory_bytes)
    _be_nice()
    jobs = sys.stdin.buffer
    # What a library prints must not end up among the replies.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while frame := _read(jobs):
        reply = _run(pickle.loads(frame), replies)  # noqa: S301 - from our own parent
        _write(replies, reply)


def _run(job: Job, replies: BinaryIO) -> Done | Failed:
    try:
        function: Callable[..., Any] = getattr(importlib.import_module(job.module), job.name)
        _write(replies, Begun())
        arguments, keywords = pickle.loads(job.arguments)  # noqa: S301 - from our own parent
        return Done(function(*arguments, **keywords))
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the parent's to judge
        error.add_note("".join(traceback.format_exception(error)))
        return Failed(error)


def _read(stream: BinaryIO) -> bytes:
    """The next frame, b"" at the end."""
    head = stream.read(SIZE.size)
    if len(head) < SIZE.size:
        return b""
    return stream.read(SIZE.unpack(head)[0])


def _write(stream: BinaryIO, reply: Begun | Done | Failed) -> None:
    try:
        frame = pickle.dumps(reply)
        pickle.loads(frame)  # noqa: S301 - an exception may pickle and yet not unpickle
    except Exception as error:  # noqa: BLE001 - anything may go wrong inside foreign objects
        text = reply.error if isinstance(reply, Failed) else error
        frame = pickle.dumps(Failed(RuntimeError(f"{type(text).__name__}: {text}")))
    stream.write(SIZE.pack(len(frame)) + frame)
    stream.flush()


def _limit_memory(memory_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    # RLIMIT_DATA counts what is really allocated; RLIMIT_AS would count mapped libraries too.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def _be_nice() -> None:
    """Leave the processor first to the bot: whoever sent a command waits, an article need not."""
    if sys.platform != "win32":
        os.nice(_NICENESS)


def _die_with_parent() -> None:
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    pr_set_pdeathsig = 1  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
