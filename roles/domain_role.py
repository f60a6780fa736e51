"""The base of the domain roles: a fast path without any model, and an agent with the role's tools behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.agent_configuration import AgentConfiguration
from common.health import HealthCheck
from common.intents import IntentHandler
from common.language.calls import CallPlan, CallPlanner, PlannedCall, ToolShape
from common.language.formats import CHOICES, UTTERANCES
from common.language.parts import Part
from common.remembered import Remembered
from common.results import RoleResult
from common.run_context import RunContext
from common.tool import Choices, Fact, Tool, ToolResult
from events.projection import View
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from llm_provider.tool_execution import execute_tool, prepare_tools
from roles.prompts import load_prompt
from roles.resources import RoleResources

__all__ = ["DomainRole", "Fallback", "Service", "tool_shape"]


def tool_shape(tool: Tool, choices: Choices) -> ToolShape:
    """How the call planner sees a tool: its schema with utterances and this request's choices written in."""
    schema: dict[str, Any] = {**tool.schema, UTTERANCES: list(tool.utterances)}
    if choices:
        properties: dict[str, Any] = {name: dict(value) for name, value in schema.get("properties", {}).items()}
        for name, values in choices.items():
            if name in properties:
                properties[name][CHOICES] = {value: list(aliases) for value, aliases in values.items()}
        schema["properties"] = properties
    return ToolShape(tool.name, tool.description, schema)


Fallback = Callable[[str], tuple[str, Mapping[str, Any]] | None]
"""From a part that was routed to the role, though no tool's words fit it, to a read-only tool and its arguments."""

Service = Callable[[], Awaitable[None]]
"""Something that runs until it is cancelled."""


@dataclass(slots=True)
class _Prepared:
    choices: list[Choices]
    planner: CallPlanner
    plan: Remembered[CallPlan]


class DomainRole:
    """A role that reads simple requests itself and leaves the rest to an agent.

    The fast path plans tool calls with the same reader the offline model uses and runs them directly, which costs
    well under a millisecond. Where that reading is incomplete an agent with the role's tools answers, if a model is
    configured; otherwise the answer says what is missing.

    `services` run as long as the supervisor does (a connection that is kept, for example) and are started again after
    a failure; `health_checks` ask what the role depends on whether it is there.
    """

    def __init__(
        self,
        resources: RoleResources,
        *,
        name: str,
        description: str,
        examples: Sequence[str],
        tools: Sequence[Tool],
        intent_handlers: Sequence[IntentHandler] = (),
        views: Sequence[View] = (),
        fallback: Fallback | None = None,
        services: Sequence[Service] = (),
        health_checks: Sequence[HealthCheck] = (),
    ) -> None:
        self.name = name
        self.description = description
        self.examples = tuple(examples)
        self.tools = tuple(tools)
        self.intent_handlers = tuple(intent_handlers)
        self.views = tuple(views)
        self.services = tuple(services)
        self.health_checks = tuple(health_checks)
        self._fallback = fallback
        self._requests = resources.settings.requests
        self._runtime: RuntimeAgentFactory | None = resources.runtime
        self._by_name: Mapping[str, Tool] = {tool.name: tool for tool in self.tools}
        self._prepared: _Prepared | None = None

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Answer one request; see `common.role.Role`."""
        await prepare_tools(self.tools, run.context)
        plan = self._plan(request, run, run.facts)
        complete = bool(plan.calls) and not plan.unmatched
        complete = complete and not any(call.missing or call.part.condition for call in plan.calls)
        if not complete and self._runtime is not None and not self._runtime.is_offline:
            return await self._run_agent(self._runtime, request, run)
        return await self._run_calls(request, plan, run)

    def _plan(self, request: str, run: RunContext, facts: Sequence[Fact]) -> CallPlan:
        """The calls for a request; a part that no tool's words fit goes to the fallback, if the role has one."""
        prepared = self._prepare(run)
        rules = run.hints.guideline
        plan = prepared.planner.plan(request, facts=facts, rules=rules) if facts or rules else prepared.plan(request)
        if self._fallback is None or not plan.unmatched:
            return plan
        calls = list(plan.calls)
        left: list[Part] = []
        for part in plan.unmatched:
            call = self._fallback(part.standalone)
            if call is None:
                left.append(part)
            else:
                calls.append(PlannedCall(len(calls), part, call[0], dict(call[1]), (), (), 0.0))
        return CallPlan(tuple(calls), tuple(left))

    def _prepare(self, run: RunContext) -> _Prepared:
        choices: list[Choices] = [tool.choices(run.context) if tool.choices else {} for tool in self.tools]
        prepared = self._prepared
        if prepared is None or prepared.choices != choices:
            shapes = [tool_shape(tool, values) for tool, values in zip(self.tools, choices, strict=True)]
            planner = CallPlanner(shapes)
            prepared = self._prepared = _Prepared(choices, planner, Remembered(planner.plan))
        return prepared

    async def _run_calls(self, request: str, plan: CallPlan, run: RunContext) -> RoleResult:
        facts: list[Fact] = list(run.facts)
        texts: list[str] = []
        called: list[str] = []
        ok, done = bool(plan.calls), False
        for index in range(len(plan.calls)):
            if plan.calls[index].waits_for:
                plan = self._plan(request, run, facts)
                if index >= len(plan.calls):
                    break
            call = plan.calls[index]
            if call.part.condition:
                ok = False
                texts.append(_conditional(call.part))
                continue
            if call.missing:
                ok = False
                texts.append(self._missing(call))
                continue
            result, registered = await self._call(call, run.for_task(run.task, facts=tuple(facts)))
            called.append(call.tool)
            facts.extend(result.facts)
            ok = ok and result.ok
            done = done or result.ok
            if not registered:
                texts.append(result.text)
        if plan.unmatched or not plan.calls:
            ok = False
            texts.append(self._unmatched(request, plan))
        stated = tuple(facts[len(run.facts) :])
        return RoleResult(
            "\n".join(texts), ok=ok, partly=done and not ok, facts=stated, tools_called=tuple(called), iterations=1
        )

    async def _call(self, call: PlannedCall, run: RunContext) -> tuple[ToolResult, bool]:
        call_id = f"{run.task or self.name}-{call.index + 1}"
        run.collector.expect_call(call_id)
        tool = self._by_name[call.tool]
        result = await execute_tool(
            tool,
            call.arguments,
            run,
            call_id,
            timeout=min(tool.timeout, self._requests.tool_timeout),
            max_chars=self._requests.tool_output_chars,
        )
        return result, any(entry.call_id == call_id for entry in run.collector.collected())

    def _missing(self, call: PlannedCall) -> str:
        properties: Mapping[str, Any] = self._by_name[call.tool].schema.get("properties", {})
        wanted = [str(properties.get(name, {}).get("description") or name).rstrip(".") for name in call.missing]
        return f"For “{call.part.text}” I still need: {'; '.join(wanted)}."

    def _unmatched(self, request: str, plan: CallPlan) -> str:
        said = "; ".join(f"“{part.text}”" for part in plan.unmatched) or f"“{request}”"
        examples = "; ".join(f"“{example}”" for example in self.examples[:3])
        return f"I could not tell what to do about {said}. Things I can do: {examples}."

    async def _run_agent(self, runtime: RuntimeAgentFactory, request: str, run: RunContext) -> RoleResult:
        prompt = load_prompt("role")
        configuration = AgentConfiguration(
            plan=request,
            system_prompt=prompt.render(role=self.name, description=self.description).text,
            tool_names=tuple(tool.name for tool in self.tools),
            metadata={"prompt_version": prompt.version, "role": self.name},
        )
        agent, _ = runtime.create_agent(configuration, run.context)
        result = await agent.run(request, run=run, data=run.inputs)
        return RoleResult(
            result.final_output,
            ok=result.ok,
            partly=result.partly,
            facts=result.facts,
            tools_called=result.tools_called,
            iterations=result.iteration_count,
        )


def _conditional(part: Part) -> str:
    return f"Whether “{part.condition}” holds I can't tell without a language model, so “{part.action}” was not done."
