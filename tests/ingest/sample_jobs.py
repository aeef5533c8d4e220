"""Functions that the tests of the worker pool run in workers."""

import os
import time
from typing import Any


class OwnError(Exception):
    """An error of a job's own."""


class CannotTravelError(Exception):
    """An error that pickles and does not unpickle."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def pid() -> int:
    return os.getpid()


def double(values: list[Any]) -> list[Any]:
    return values * 2


def noisy() -> str:
    print("\x00\x00\x00\x00\x00\x00\x00\x05noise")
    return "quiet"


def fail() -> None:
    raise OwnError("the cause")


def fail_untransportably() -> None:
    raise CannotTravelError("a", "b")


def hang() -> None:
    time.sleep(60)


def rest(seconds: float) -> None:
    time.sleep(seconds)


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


def die() -> None:
    os._exit(3)


def allocate(size: int) -> int:
    return len(bytearray(size))


def environment() -> dict[str, str]:
    return dict(os.environ)
