"""The meta-planning engine: plan → create → run → collect → process → return."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from common.agent_configuration import AgentConfiguration
from common.context import TaskContext
from common.errors import LimitExceeded, SupervisorError
from common.results import RoleResult, WorkflowResult
from common.updates import Planned
from common.updates import TaskStarted as TaskStartedUpdate
from events.catalogue.trace import AgentConfigured, FallbackTaken, TaskStarted
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from roles.core_planning import PlanningRole
from supervisor.engine import Engine, EngineServices
from supervisor.runs import Run
from supervisor.workflow_engine import WorkflowEngine

__all__ = ["SimplifiedWorkflowEngine"]

_TASK = "agent"


class SimplifiedWorkflowEngine(Engine):
    """Has the planner configure one agent, runs it, and carries out the intents it registered.

    A failure before any intent was processed falls back to the TaskGraph engine and says so.
    """

    name = "meta_planning"

    def __init__(
        self, services: EngineServices, planner: PlanningRole, agents: RuntimeAgentFactory, fallback: WorkflowEngine
    ) -> None:
        super().__init__(services)
        self._planner = planner
        self._agents = agents
        self._fallback = fallback

    async def execute_complex_request(
        self, request: str, context: TaskContext, *, run: Run | None = None
    ) -> WorkflowResult:
        """Plan, create the agent, run it, carry out the intents and answer.

        Raises `LimitExceeded` at a bound, and what the TaskGraph engine raises when the fallback fails too.
        """
        return await self.execute(request, context, run)

    async def work(self, run: Run) -> None:
        """Plan, create and run the agent; falls back to the TaskGraph engine on failure."""
        try:
            configuration = await self._plan(run)
            await self._run_agent(configuration, run)
        except LimitExceeded:
            raise
        except SupervisorError as problem:
            await self._fall_back(run, str(problem))

    async def _plan(self, run: Run) -> AgentConfiguration:
        with run.context.telemetry.span("plan", {"gen_ai.operation.name": "plan"}):
            configuration = await self._planner.plan_and_configure_agent(run.request, run.context.context, run.context)
        dropped = cast("Mapping[str, str]", configuration.metadata.get("dropped_tools") or {})
        run.trace.record(
            AgentConfigured(
                configuration=configuration.model_dump(mode="json"),
                dropped_tools=dict(dropped),
                prompt_version=str(configuration.metadata.get("prompt_version", "")),
            )
        )
        run.metadata["plan"] = configuration.plan
        run.metadata["tools_selected"] = configuration.tool_names
        steps = tuple(line for line in configuration.plan.splitlines() if line.strip())
        run.context.emit(Planned(self.name, steps))
        return configuration

    async def _run_agent(self, configuration: AgentConfiguration, run: Run) -> None:
        started = time.perf_counter()
        run.trace.record(TaskStarted(task=_TASK, role=_TASK, request=run.request))
        run.context.emit(TaskStartedUpdate(_TASK, _TASK, run.request))
        agent, collector = self._agents.create_agent(configuration, run.context.context)
        context = run.context.for_task(_TASK, collector=collector)
        result = await agent.run(run.request, run=context, data=run.context.inputs)
        run.context.collector.absorb(collector)
        run.metadata["iterations"] = result.iteration_count
        answer = RoleResult(
            result.final_output,
            ok=result.ok,
            partly=result.partly,
            facts=result.facts,
            tools_called=result.tools_called,
            iterations=result.iteration_count,
        )
        run.finish_task(_TASK, _TASK, answer, time.perf_counter() - started)

    async def _fall_back(self, run: Run, reason: str) -> None:
        run.trace.record(FallbackTaken(source=self.name, target=self._fallback.name, reason=reason))
        run.context.telemetry.metrics.fallbacks.labels(self.name, self._fallback.name).inc()
        run.metadata["fallback"] = f"{self.name} → {self._fallback.name}: {reason}"
        run.context.collector.clear()
        run.outputs.clear()
        await self._fallback.work(run)
