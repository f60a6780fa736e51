"""Fixtures of the calendar's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.roles.calendar.server_stage import ServerStage
from tests.services.radicale_server import RadicaleServer, radicale

__all__ = ["own", "radicale", "stage"]


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[ServerStage]:
    """New calendars on the session's server."""
    server: RadicaleServer = request.getfixturevalue("radicale")
    made = ServerStage(server)
    yield made
    made.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[ServerStage]:
    """Calendars on a server of one test alone, which may kill it, and little patience with it."""
    server = RadicaleServer(tmp_path)
    server.process.start()
    made = ServerStage(server, timeout=0.7)
    yield made
    made.close()
    server.process.stop()
