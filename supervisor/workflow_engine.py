"""The TaskGraph engine: role tasks that start the moment what they depend on is done."""

from __future__ import annotations

import time
from collections.abc import Mapping

import anyio

from common.context import TaskContext
from common.errors import LimitExceeded, SupervisorError
from common.hints import PLANNING
from common.language.rules import parse_rules
from common.results import RoleResult, WorkflowResult
from common.run_context import RunContext
from common.settings import RequestSettings
from common.task_graph import Task, TaskGraph
from common.updates import Planned
from common.updates import TaskStarted as TaskStartedUpdate
from events.catalogue.trace import TaskGraphPlanned, TaskStarted
from roles.core_planning import PlanningRole
from roles.prompts import load_prompt
from roles.role_registry import RoleRegistry
from supervisor.engine import Engine, EngineServices
from supervisor.kept_tasks import KeptTask
from supervisor.runs import Run

__all__ = ["WorkflowEngine"]


class WorkflowEngine(Engine):
    """Plans a `TaskGraph` and runs it: AND-join, per-task time limit and retry, failures only downstream."""

    name = "task_graph"

    def __init__(self, services: EngineServices, planner: PlanningRole, roles: RoleRegistry) -> None:
        super().__init__(services)
        self._planner = planner
        self._roles = roles

    async def execute_complex_request(
        self, request: str, context: TaskContext, *, run: Run | None = None
    ) -> WorkflowResult:
        """Plan, run every task, carry out the intents and answer.

        Raises `PlanningError` or `ModelError` when no plan can be made and `LimitExceeded` at a bound.
        """
        return await self.execute(request, context, run)

    async def work(self, run: Run) -> None:
        """Plan and run the graph, or what an earlier attempt left of its; the tasks' outputs gather in `run`."""
        finished: Mapping[str, KeptTask] = {}
        if run.before is not None and run.before.graph is not None:
            graph = run.before.graph.checked(self._roles.names)
            finished = run.before.finished
        elif run.graph is not None:  # the session told what each part means
            graph = run.graph.checked(self._roles.names)
        else:
            graph = await self._plan(run)
        run.trace.record(
            TaskGraphPlanned(
                tasks=[task.model_dump(mode="json") for task in graph.tasks],
                prompt_version=load_prompt("task_graph").version,
                guideline_version=run.hints_for(PLANNING).guideline_version,
            )
        )
        steps = [f"{task.id} {task.role}: {task.request}" for task in graph.tasks]
        run.graph = graph
        run.task_order = tuple(task.id for task in graph.tasks)
        run.metadata["plan"] = [task.model_dump(mode="json") for task in graph.tasks]
        run.metadata["tools_selected"] = self._tools_of(graph)
        run.context.emit(Planned(self.name, tuple(steps)))
        policy = run.context.calls
        bounds = self.services.settings.requests if policy is None else policy.requests
        graph_run = _GraphRun(graph, run, self._roles, bounds)
        for name, task in finished.items():
            graph_run.take_over(name, task)
        await graph_run.finish()

    async def _plan(self, run: Run) -> TaskGraph:
        with run.context.telemetry.span("plan", {"gen_ai.operation.name": "plan"}):
            return await self._planner.create_task_graph(run.request, run.context.context, run.context_for(PLANNING))

    def _tools_of(self, graph: TaskGraph) -> tuple[str, ...]:
        names = [tool.name for task in graph.tasks for tool in self._roles.get(task.role).tools]
        return tuple(dict.fromkeys(names))


class _GraphRun:
    """One execution of one graph."""

    def __init__(self, graph: TaskGraph, run: Run, roles: RoleRegistry, settings: RequestSettings) -> None:
        self._graph = graph
        self._run = run
        self._roles = roles
        self._settings = settings
        self._tasks: Mapping[str, Task] = {task.id: task for task in graph.tasks}
        self._done = {task.id: anyio.Event() for task in graph.tasks}
        self._results: dict[str, RoleResult] = {}
        self._stopped_by: LimitExceeded | None = None
        self._rules = parse_rules(run.hints_for(PLANNING).guideline)

    def take_over(self, name: str, task: KeptTask) -> None:
        """Have a task count as done that ended in an earlier attempt."""
        output = task.output
        self._results[name] = RoleResult(output.text, output.ok, output.partly, output.facts, output.tools_called)
        self._done[name].set()
        self._run.take_over(task, self._run.before.trace_id if self._run.before is not None else "")

    async def finish(self) -> None:
        """Run all tasks that are not done.

        Raises `LimitExceeded` once a bound trips; the other tasks are cancelled then.
        """
        async with anyio.create_task_group() as group:
            for task in self._graph.tasks:
                if task.id not in self._results:
                    group.start_soon(self._when_ready, task, group.cancel_scope)
        self._run.outputs.sort(key=lambda output: list(self._tasks).index(output.task))
        if self._stopped_by is not None:
            raise self._stopped_by

    async def _when_ready(self, task: Task, scope: anyio.CancelScope) -> None:
        for dependency in task.waits_for:
            await self._done[dependency].wait()
        failed = [name for name in task.depends_on if not self._results[name].ok]
        if failed:
            result = RoleResult(
                f"“{task.request}” was not started, because it needs {_quoted(self, failed)}.", ok=False
            )
            self._run.finish_task(task.id, task.role, result, 0.0, error="a task it depends on failed", intents=())
        elif self._comes_after_the_end(task):
            result = RoleResult(f"“{task.request}” was not done: the guideline says to stop before it.", ok=False)
            self._run.finish_task(task.id, task.role, result, 0.0, error="a rule of the guideline", intents=())
        else:
            try:
                result = await self._attempts(task)
            except LimitExceeded as limit:
                self._stopped_by = self._stopped_by or limit
                scope.cancel()
                return
        self._results[task.id] = result
        self._done[task.id].set()

    def _comes_after_the_end(self, task: Task) -> bool:
        """Whether a rule ends the plan with a task that this one waited for, and that succeeded."""
        before = (name for name in task.waits_for if self._rules.stops_after(self._tasks[name].role))
        return any(self._results[name].ok for name in before)

    def request_of(self, task_id: str) -> str:
        """A task's request, for messages."""
        return self._tasks[task_id].request

    async def _attempts(self, task: Task) -> RoleResult:
        started = time.perf_counter()
        role = self._roles.get(task.role)
        error = ""
        for attempt in range(1, self._settings.task_retries + 2):
            self._run.trace.record(
                TaskStarted(
                    task=task.id,
                    role=task.role,
                    request=task.request,
                    attempt=attempt,
                    guideline_version=self._run.hints_for(task.role).guideline_version,
                )
            )
            self._run.context.emit(TaskStartedUpdate(task.id, task.role, task.request))
            context = self._context_for(task)
            try:
                with (
                    anyio.fail_after(self._settings.task_timeout),
                    context.telemetry.span(
                        f"invoke_agent {task.role}",
                        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": task.role},
                    ),
                ):
                    result = await role.execute(task.request, context)
            except LimitExceeded:
                raise
            except TimeoutError:
                error = f"it took longer than {self._settings.task_timeout:g} seconds"
            except SupervisorError as problem:
                error = str(problem)
            except Exception as problem:  # a role's own fault fails this task alone
                error = f"{type(problem).__name__}: {problem}"
            else:
                self._run.context.collector.absorb(context.collector)
                intents = context.collector.collected()
                self._run.finish_task(task.id, task.role, result, time.perf_counter() - started, intents=intents)
                return result
        result = RoleResult(f"“{task.request}” failed: {error}", ok=False)
        self._run.finish_task(task.id, task.role, result, time.perf_counter() - started, error=error, intents=())
        return result

    def _context_for(self, task: Task) -> RunContext:
        """The run as the task sees it: what it depends on, however far back, as inputs and facts."""
        before = self._ancestors(task.id)
        facts = [*self._run.context.facts, *task.facts]
        facts += [fact for name in before for fact in self._results[name].facts]
        inputs = tuple(self._results[name].text for name in task.depends_on if self._results[name].text)
        return self._run.context.for_task(
            task.id,
            facts=tuple(facts),
            inputs=inputs,
            collector=self._run.context.collector.child(),
            hints=self._run.hints_for(task.role),
            follow_up=task.follow_up,
        )

    def _ancestors(self, task_id: str) -> list[str]:
        found: list[str] = []
        for name in self._tasks[task_id].waits_for:
            found += [earlier for earlier in self._ancestors(name) if earlier not in found]
            if name not in found:
                found.append(name)
        return found


def _quoted(graph: _GraphRun, tasks: list[str]) -> str:
    return " and ".join(f"“{graph.request_of(task)}”" for task in tasks)
