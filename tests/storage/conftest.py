"""A fresh store on a real file for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import Storage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store's file is, or will be."""
    return tmp_path / "news.db"


@pytest.fixture
async def storage(path: Path) -> AsyncIterator[Storage]:
    """An open store."""
    async with Storage.open(path) as opened:
        yield opened
