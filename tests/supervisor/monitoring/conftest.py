"""A supervisor whose monitoring is stepped by hand, on a clock that is moved."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.monitoring_settings import MonitoringSettings
from common.settings import StoreSettings
from events.catalogue.base import Event
from events.catalogue.system import SystemSampled
from events.catalogue.trace import TaskFinished, TaskStarted, ToolCalled, TraceEnded
from supervisor import Supervisor
from supervisor.monitoring.models import AnalysisReport
from supervisor.monitoring.service import Monitoring
from supervisor.testing import MovableClock, offline_settings

EVERY = timedelta(seconds=30)


class Stepped:
    """A supervisor without loops; `level` is what its metric `heat` tells, 10 at the most."""

    def __init__(self, supervisor: Supervisor, clock: MovableClock) -> None:
        self.supervisor = supervisor
        self.clock = clock
        self.heat = 0.0
        self._traces = 0

    @property
    def monitoring(self) -> Monitoring:
        return self.supervisor.monitoring

    async def sample(self, times: int = 1, **heat: float) -> SystemSampled:
        """Samples, 30 seconds apart."""
        self.heat = heat.get("heat", self.heat)
        for _ in range(times - 1):
            self.clock.move(EVERY)
            await self.monitoring.sample()
        self.clock.move(EVERY)
        return await self.monitoring.sample()

    async def analyse(self, times: int = 1) -> AnalysisReport:
        """Analyses, five minutes apart, each after a sample; the last one's report."""
        for _ in range(times - 1):
            self.clock.move(timedelta(minutes=5))
            await self.monitoring.sample()
            await self.monitoring.trigger_analysis()
        self.clock.move(timedelta(minutes=5))
        await self.monitoring.sample()
        return await self.monitoring.trigger_analysis()

    async def handled(self, count: int, *, seconds: float = 1.0, ok: bool = True, tool: str = "shop.buy") -> None:
        """Requests that the log tells of, each with one task of the role timer and one call of the tool."""
        for _ in range(count):
            self._traces += 1
            error = None if ok else "ValueError"
            events: list[Event] = [
                TaskStarted(task="t1", role="timer", request="x"),
                ToolCalled(task="t1", call_id="c", tool=tool, ok=ok, seconds=seconds, error=error),
                TaskFinished(task="t1", role="timer", ok=ok, seconds=seconds),
                TraceEnded(outcome="success" if ok else "failure", response=_response(seconds)),
            ]
            await self.supervisor.store.append(f"trace/made{self._traces}", events)


def _response(seconds: float) -> dict[str, Any]:
    return {"duration_ms": 1000 * seconds, "metadata": {"approach": "direct"}}


Open = Callable[..., AbstractAsyncContextManager[Stepped]]


@pytest.fixture
def open_stepped(tmp_path: Path, movable_clock: MovableClock) -> Open:
    """Opens a supervisor with these settings of monitoring; with `url` on a log of that address."""

    @asynccontextmanager
    async def open_one(*, url: str = "memory://", **monitoring: Any) -> AsyncGenerator[Stepped]:
        # what the machine is busy with is not what is tested
        calm = {"cpu_usage": 100, "memory_usage": 100, "disk_usage": 100, "loop_lag": 1e9, "file_descriptors": 100}
        given = {"thresholds": calm, **monitoring}
        settings = offline_settings(tmp_path).model_copy(
            update={"monitoring": MonitoringSettings.model_validate(given), "store": StoreSettings(url=url)}
        )
        supervisor = Supervisor(settings, clock=movable_clock, background=False)
        stepped = Stepped(supervisor, movable_clock)
        supervisor.metric("heat", lambda: stepped.heat, limit=10, unit="°C")
        async with supervisor:
            yield stepped

    return open_one


@pytest.fixture
async def stepped(open_stepped: Open) -> AsyncGenerator[Stepped]:
    """One with the usual settings."""
    async with open_stepped() as opened:
        yield opened
