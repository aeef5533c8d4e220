"""The practice data that may stand beside the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"


def records(name: str) -> list[dict[str, Any]]:
    """The records of a practice file; skips the test where it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip("the practice data is not beside the repository")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
