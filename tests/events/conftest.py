"""Stores and views for tests: in memory and in a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from events.projection import Views
from events.store import EventStore
from tests.events.example_views import CountView, FactView


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'events.db'}"


@pytest.fixture
async def store(url: str) -> AsyncGenerator[EventStore]:
    async with await EventStore.open(url, timeout=5) as opened:
        yield opened


@pytest.fixture
async def views(store: EventStore) -> AsyncGenerator[Views]:
    opened = Views(store, [FactView(), CountView()], page_size=10)
    yield opened
    await opened.close()
