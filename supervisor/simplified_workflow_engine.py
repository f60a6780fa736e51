"""The meta-planning engine: plan → create → run → collect → process → return."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from common.agent_configuration import AgentConfiguration
from common.context import TaskContext
from common.errors import LimitExceeded, PlanningError, SupervisorError
from common.hints import AGENT, PLANNING
from common.results import RoleResult, WorkflowResult
from common.updates import Planned
from common.updates import TaskStarted as TaskStartedUpdate
from events.catalogue.trace import AgentConfigured, FallbackTaken, TaskStarted
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from roles.core_planning import PlanningRole
from supervisor.engine import Engine, EngineServices
from supervisor.resumption import Before
from supervisor.runs import Run
from supervisor.workflow_engine import WorkflowEngine

__all__ = ["SimplifiedWorkflowEngine"]

_TASK = AGENT


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
        """Plan, create and run the agent, as an earlier attempt planned it where one did.

        Falls back to the TaskGraph engine on failure.
        """
        before = run.before if run.before is not None and run.before.configured is not None else None
        try:
            configuration = await self._plan(run) if before is None else self._planned_before(before, run)
            if before is not None and (done := before.finished.get(_TASK)) is not None:
                run.take_over(done, before.trace_id)
            else:
                await self._run_agent(configuration, run)
        except LimitExceeded:
            raise
        except SupervisorError as problem:
            await self._fall_back(run, str(problem))

    async def _plan(self, run: Run) -> AgentConfiguration:
        with run.context.telemetry.span("plan", {"gen_ai.operation.name": "plan"}):
            configuration = await self._planner.plan_and_configure_agent(
                run.request, run.context.context, run.context_for(PLANNING)
            )
        self._configured(configuration, run)
        return configuration

    def _planned_before(self, before: Before, run: Run) -> AgentConfiguration:
        configuration = before.configuration
        if configuration is None:
            raise PlanningError("the earlier attempt configured no agent", where=f"trace {before.trace_id}")
        self._configured(configuration, run)
        return configuration

    def _configured(self, configuration: AgentConfiguration, run: Run) -> None:
        dropped = cast("Mapping[str, str]", configuration.metadata.get("dropped_tools") or {})
        run.trace.record(
            AgentConfigured(
                configuration=configuration.model_dump(mode="json"),
                dropped_tools=dict(dropped),
                prompt_version=str(configuration.metadata.get("prompt_version", "")),
                guideline_version=run.hints_for(PLANNING).guideline_version,
            )
        )
        run.metadata["plan"] = configuration.plan
        run.metadata["tools_selected"] = configuration.tool_names
        steps = tuple(line for line in configuration.plan.splitlines() if line.strip())
        run.context.emit(Planned(self.name, steps))

    async def _run_agent(self, configuration: AgentConfiguration, run: Run) -> None:
        started = time.perf_counter()
        hints = run.hints_for(AGENT)
        version = hints.guideline_version
        run.trace.record(TaskStarted(task=_TASK, role=_TASK, request=run.request, guideline_version=version))
        run.context.emit(TaskStartedUpdate(_TASK, _TASK, run.request))
        agent, collector = self._agents.create_agent(configuration, run.context.context)
        context = run.context.for_task(_TASK, collector=collector, hints=hints)
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
        seconds = time.perf_counter() - started
        run.finish_task(_TASK, _TASK, answer, seconds, intents=collector.collected())

    async def _fall_back(self, run: Run, reason: str) -> None:
        run.trace.record(FallbackTaken(source=self.name, target=self._fallback.name, reason=reason))
        run.context.telemetry.metrics.fallbacks.labels(self.name, self._fallback.name).inc()
        run.metadata["fallback"] = f"{self.name} → {self._fallback.name}: {reason}"
        run.context.collector.clear()
        run.outputs.clear()
        await self._fallback.work(run)
