"""The practice data that may stand beside the repository, and the page benchmark's measure."""

import gzip
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True)
class PracticePage:
    """A saved page and the text of the article on it, as people marked it."""

    url: str
    html: bytes
    text: str


def records(name: str) -> list[dict[str, Any]]:
    """The records of a practice file; skips the test where it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip("the practice data is not beside the repository")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def practice_pages() -> list[PracticePage]:
    """The article pages; none where the practice data is absent."""
    folder = DATA / "pages"
    if not folder.exists():
        return []
    truths = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    return [
        PracticePage(
            truth["url"],
            gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()),
            truth["articleBody"],
        )
        for name, truth in truths.items()
    ]


def precision_recall(truth: str, found: str) -> tuple[float, float]:
    """As the article extraction benchmark counts: the share of four-word shingles in common."""
    wanted, got = _shingles(truth), _shingles(found)
    shared = (wanted & got).total()
    if wanted == got:
        return 1.0, 1.0
    return shared / max(1, got.total()), shared / max(1, wanted.total())


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    if len(words) < 4:
        return Counter([tuple(words)] if words else [])
    return Counter(tuple(words[at : at + 4]) for at in range(len(words) - 3))
