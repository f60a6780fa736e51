"""A shop whose tool is slow: a supervisor stepped by hand, whose one role asks the tool for a price."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import BaseModel

from common.monitoring_settings import MonitoringSettings
from common.results import RoleResult
from common.run_context import RunContext
from common.settings import StoreSettings
from common.tool import Tool, ToolContext, ToolResult
from events.catalogue.improvement import ImprovementPlan, ImprovementSuggested
from events.catalogue.trace import ToolCalled
from events.catalogue.tuning import SettingTuned
from llm_provider.tool_execution import execute_tool
from supervisor import Supervisor
from supervisor.monitoring.models import ImprovementRecord
from supervisor.testing import MovableClock
from tests.events.improvement_samples import suggestion
from tests.supervisor.scripted_role import ScriptedRole, settings_that_know_the_role

TOOL = "tool:shop.price"
CACHE = "tool.shop.price.cache"


class Price(BaseModel):
    """What is asked."""

    article: str = "tea"


class Shop:
    """A supervisor with a slow tool; `seconds` is how long it takes, `asked` how often it was called."""

    def __init__(self, supervisor: Supervisor, clock: MovableClock) -> None:
        self.supervisor = supervisor
        self.clock = clock
        self.seconds = 0.1
        self.fails = False
        self.asked = 0
        self._number = 0

    async def price(self, arguments: Price, context: ToolContext) -> ToolResult:
        self.asked += 1
        await anyio.sleep(self.seconds)
        if self.fails:
            return ToolResult(ok=False, text="closed")
        return ToolResult(text=f"{arguments.article} is 3.20")

    async def buy(self, times: int) -> list[str]:
        """Requests that need the tool; what they answered."""
        return [(await self.supervisor.process_request("play the script")).text for _ in range(times)]

    async def analysed(self) -> None:
        """Two samples after what was done, so that health has settled, and an analysis."""
        for _ in range(2):
            self.clock.move(timedelta(seconds=30))
            await self.supervisor.monitoring.sample()
        await self.supervisor.monitoring.trigger_analysis()

    async def found(self) -> ImprovementRecord:
        """The improvement that the slow tool was made."""
        page = await self.supervisor.monitoring.get_improvements()
        (record,) = [item for item in page.items if item.affected_components == (TOOL,)]
        return record

    async def found_slow(self) -> ImprovementRecord:
        """The tool is used, and becomes an improvement."""
        await self.supervisor.monitoring.sample()
        await self.buy(6)
        await self.analysed()
        return await self.found()

    async def suggest(self, name: str = "imp-1", /, *, changes: dict[str, Any] | None = None, **more: Any) -> str:
        """An improvement that sets `changes`, by default the cache of the tool."""
        usual = {"component": TOOL, "metric": "response_time", "changes": changes or {CACHE: 60.0}}
        plan = ImprovementPlan(
            action=more.pop("action", "tune"),
            specialist=more.pop("specialist", "performance_analyst"),
            arguments=more.pop("arguments", usual),
        )
        made: ImprovementSuggested = suggestion(name, implementation_plan=plan, **more)
        await self.supervisor.monitoring.improvements.suggest(made)
        return name

    async def tuned(self) -> list[SettingTuned]:
        """Every change of a setting that the log knows."""
        read = await self.supervisor.store.read_all(0, {SettingTuned.TOPIC}, limit=1_000)
        return [entry.event for entry in read if isinstance(entry.event, SettingTuned)]

    async def called(self) -> list[ToolCalled]:
        """Every call of a tool that the log knows."""
        read = await self.supervisor.store.read_all(0, {ToolCalled.TOPIC}, limit=1_000)
        return [entry.event for entry in read if isinstance(entry.event, ToolCalled)]

    async def status(self, name: str) -> str:
        return str((await self.supervisor.monitoring.get_improvement(name)).status)


Open = Callable[..., AbstractAsyncContextManager[Shop]]


@pytest.fixture
def open_shop(tmp_path: Path) -> Open:
    """Opens a shop with these settings of monitoring, on the log of `url`; its clock shows the time of the log."""

    @asynccontextmanager
    async def open_one(
        *, url: str = "memory://", notifier: Any = None, background: bool = False, **monitoring: Any
    ) -> AsyncGenerator[Shop]:
        calm = {"cpu_usage": 100, "memory_usage": 100, "disk_usage": 100, "loop_lag": 1e9, "file_descriptors": 100}
        given = {"thresholds": {**calm, "response_time": 0.05}, "measure_calls": 5, **monitoring}
        settings = settings_that_know_the_role(tmp_path).model_copy(
            update={"monitoring": MonitoringSettings.model_validate(given), "store": StoreSettings(url=url)}
        )
        clock = MovableClock(datetime.now(UTC))
        supervisor = Supervisor(settings, clock=clock, notifier=notifier, background=background)
        shop = Shop(supervisor, clock)
        tool = Tool("shop.price", "What an article costs.", Price, shop.price, cacheable_for=600.0)

        async def script(request: str, run: RunContext) -> RoleResult:
            result = await execute_tool(tool, {}, run, "c1", timeout=10.0, max_chars=1_000)
            return RoleResult(result.text, ok=result.ok, tools_called=(tool.name,))

        supervisor.add_role(ScriptedRole(script, tools=(tool,)))
        async with supervisor:
            yield shop

    return open_one


@pytest.fixture
async def shop(open_shop: Open) -> AsyncGenerator[Shop]:
    """One with the usual settings."""
    async with open_shop() as opened:
        yield opened
