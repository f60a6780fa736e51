"""Helps hosts test with the supervisor: a clock that can be moved, settings that touch nothing, pytest fixtures.

In a host's conftest: ``pytest_plugins = ["supervisor.testing"]``. The tests are async under anyio's own pytest plugin.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.settings import Settings, StoreSettings, WeatherSettings
from supervisor.facade import Supervisor

__all__ = ["MovableClock", "movable_clock", "offline_settings", "supervisor"]


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("start must be aware")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The time it shows, aware, in UTC."""
        return self._now

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by

    def set(self, to: datetime) -> None:
        """Show another time."""
        self._now = to.astimezone(UTC)


def offline_settings(folder: Path) -> Settings:
    """Settings with a store in memory, local files in `folder`, and outside services that refuse at once."""
    nowhere = "http://127.0.0.1:9/none"
    return Settings(
        data_dir=folder,
        timezone="Europe/Zurich",
        location="Bern",
        store=StoreSettings(url="memory://"),
        weather=WeatherSettings(forecast_url=nowhere, geocoding_url=nowhere, timeout=0.5),
    )


@pytest.fixture
def movable_clock() -> MovableClock:
    """A clock at Monday 16 November 2026, 10:00 in Zurich."""
    return MovableClock(datetime(2026, 11, 16, 9, 0, tzinfo=UTC))


@pytest.fixture
async def supervisor(tmp_path: Path, movable_clock: MovableClock) -> AsyncGenerator[Supervisor]:
    """A supervisor on `offline_settings` and the movable clock, without loops."""
    async with Supervisor(offline_settings(tmp_path), clock=movable_clock, background=False) as running:
        yield running
