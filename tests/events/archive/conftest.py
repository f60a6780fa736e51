"""A store with an archive, on each database."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from events.store import EventStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
async def store(url: str, folder: Path) -> AsyncGenerator[EventStore]:
    async with await EventStore.open(url, timeout=5, archive=folder) as opened:
        yield opened
