"""Fixtures that every test may use."""

from __future__ import annotations

import pytest

pytest_plugins = ["supervisor.testing"]


@pytest.fixture
def anyio_backend() -> str:
    """Strands needs asyncio."""
    return "asyncio"
