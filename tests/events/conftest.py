"""Stores and views for tests: in memory, in a file and on a server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from events.projection import Views
from events.store import EventStore
from tests.events.example_views import CountView, FactView
from tests.services.postgres_server import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
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
