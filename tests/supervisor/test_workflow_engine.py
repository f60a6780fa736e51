"""The TaskGraph engine: AND-join, no barriers, retries, time limits, failures only downstream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from common.context import TaskContext
from common.errors import PlanningError, ToolError
from common.limits import Limits
from common.results import RoleResult
from common.run_context import RunContext
from common.task_graph import Task, TaskGraph
from common.tool import Fact
from supervisor import Supervisor
from supervisor.engine import EngineServices
from supervisor.workflow_engine import WorkflowEngine
from tests.supervisor.scripted_role import Mark, Script, ScriptedRole, settings_that_know_the_role


class FixedPlanner:
    def __init__(self, *tasks: Task) -> None:
        self.graph = TaskGraph(tasks=tasks)

    async def create_task_graph(self, request: str, context: TaskContext, run: RunContext | None = None) -> TaskGraph:
        return self.graph.checked({"scripted"})


def task(name: str, *depends_on: str) -> Task:
    return Task(id=name, role="scripted", request=name, depends_on=depends_on)


async def execute(folder: Path, script: Script, *tasks: Task, limits: Limits | None = None, **requests: Any) -> Any:
    settings = settings_that_know_the_role(folder)
    settings = settings.model_copy(update={"requests": settings.requests.model_copy(update=requests)})
    supervisor = Supervisor(settings, background=False)
    supervisor.add_role(ScriptedRole(script))
    async with supervisor:
        parts = supervisor._running_parts  # pyright: ignore[reportPrivateUsage]
        original = parts.handler._services.task_graph  # pyright: ignore[reportPrivateUsage]
        services = EngineServices(settings, original.services.intents, original.services.open_run)
        engine = WorkflowEngine(services, FixedPlanner(*tasks), parts.roles)  # pyright: ignore[reportArgumentType]
        return await engine.execute_complex_request("do it", TaskContext(limits=limits))


async def test_a_task_starts_when_all_it_needs_is_done_and_not_later(tmp_path: Path) -> None:
    log: list[str] = []
    c_done = anyio.Event()

    async def script(request: str, run: RunContext) -> RoleResult:
        log.append(f"start {request}")
        if request == "b":
            await c_done.wait()
        log.append(f"end {request}")
        if request == "c":
            c_done.set()
        return RoleResult(f"did {request}")

    result = await execute(tmp_path, script, task("a"), task("b"), task("c", "a"), task("d", "a", "b", "c"))

    assert log.index("end c") < log.index("end b"), "c waits for a alone, not for the unrelated b"
    assert log[-2:] == ["start d", "end d"]
    assert log.count("start d") == 1
    assert result.response == "did a\ndid b\ndid c\ndid d"


async def test_results_and_facts_are_passed_on(tmp_path: Path) -> None:
    seen: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    async def script(request: str, run: RunContext) -> RoleResult:
        seen[request] = (run.inputs, tuple(fact.name for fact in run.facts))
        return RoleResult(f"text {request}", facts=(Fact(kind="event", name=f"fact {request}"),))

    await execute(tmp_path, script, task("a"), task("b", "a"), task("c", "b"))
    assert seen == {"a": ((), ()), "b": (("text a",), ("fact a",)), "c": (("text b",), ("fact a", "fact b"))}


async def test_a_failed_task_fails_only_what_depends_on_it(tmp_path: Path) -> None:
    async def script(request: str, run: RunContext) -> RoleResult:
        if request == "a":
            raise ToolError("the service is down")
        run.collector.register(Mark(text=request))
        return RoleResult(f"did {request}")

    result = await execute(tmp_path, script, task("a"), task("b", "a"), task("c"))
    assert "“a” failed: the service is down" in result.response
    assert "“b” was not started, because it needs “a”" in result.response
    assert [report.detail for report in result.intents] == ["marked c"]


async def test_a_retry_forgets_what_the_failed_attempt_registered(tmp_path: Path) -> None:
    attempts = 0

    async def script(request: str, run: RunContext) -> RoleResult:
        nonlocal attempts
        attempts += 1
        run.collector.register(Mark(text=f"attempt {attempts}"))
        if attempts == 1:
            raise ToolError("not yet")
        return RoleResult("done")

    result = await execute(tmp_path, script, task("a"), task_retries=1)
    assert [report.detail for report in result.intents] == ["marked attempt 2"]


async def test_a_task_that_hangs_is_cut_off_and_the_rest_is_done(tmp_path: Path) -> None:
    async def script(request: str, run: RunContext) -> RoleResult:
        if request == "slow":
            await anyio.sleep(60)
        return RoleResult(f"did {request}")

    result = await execute(tmp_path, script, task("slow"), task("quick"), task_timeout=0.05, task_retries=0)
    assert "longer than 0.05 seconds" in result.response
    assert "did quick" in result.response


async def test_a_crash_in_a_role_is_a_failed_task(tmp_path: Path) -> None:
    async def script(request: str, run: RunContext) -> RoleResult:
        raise ZeroDivisionError("oops")

    result = await execute(tmp_path, script, task("a"), task_retries=0)
    assert "ZeroDivisionError: oops" in result.response


async def test_a_circular_plan_is_refused(tmp_path: Path) -> None:
    async def script(request: str, run: RunContext) -> RoleResult:
        raise AssertionError

    with pytest.raises(PlanningError, match="circle"):
        await execute(tmp_path, script, task("a", "b"), task("b", "a"))
