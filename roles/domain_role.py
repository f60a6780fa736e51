"""The base of the domain roles: a fast path without any model, and an agent with the role's tools behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from common.follow_up import FollowUp
from common.health import HealthCheck
from common.intents import IntentHandler
from common.language.calls import CallPlan, CallPlanner, PlannedCall, ToolShape
from common.language.formats import CHOICES, UTTERANCES
from common.language.parts import Part
from common.language.rules import Rules, parse_rules
from common.remembered import Remembered
from common.results import RoleResult
from common.run_context import RunContext
from common.tool import Choices, Fact, Tool, ToolResult
from events.projection import View
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from llm_provider.tool_execution import execute_tool, prepare_tools
from roles.resources import RoleResources
from roles.role_agent import run_role_agent

__all__ = ["DomainRole", "Fallback", "ReadFollowUp", "Service", "tool_shape"]


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

ReadFollowUp = Callable[[FollowUp], tuple[str, Mapping[str, Any]] | None]
"""From what a request means of earlier turns to a tool and its arguments; the tool is told of the things meant."""

Service = Callable[[], Awaitable[None]]
"""Something that runs until it is cancelled."""


_NO_RULES = Rules()
_GUIDELINES = 8
"""Versions of a guideline whose plans are remembered at a time."""


@dataclass(slots=True)
class _Prepared:
    choices: list[Choices]
    planner: CallPlanner
    plans: dict[tuple[str, ...], Remembered[CallPlan]] = field(
        default_factory=dict[tuple[str, ...], Remembered[CallPlan]]
    )

    def plan(self, request: str, guideline: tuple[str, ...]) -> CallPlan:
        """The calls for a request by the rules of a guideline."""
        remembered = self.plans.get(guideline)
        if remembered is None:
            if len(self.plans) >= _GUIDELINES:
                self.plans.clear()
            remembered = self.plans[guideline] = Remembered(partial(self.planner.plan, rules=guideline))
        return remembered(request)


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
        follow_up: ReadFollowUp | None = None,
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
        self._follow_up = follow_up
        self._requests = resources.settings.requests
        self._runtime: RuntimeAgentFactory | None = resources.runtime
        self._by_name: Mapping[str, Tool] = {tool.name: tool for tool in self.tools}
        self._prepared: _Prepared | None = None

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Answer one request; see `common.role.Role`."""
        await prepare_tools(self.tools, run.context)
        if run.follow_up is not None and self._follow_up is not None:
            call = self._follow_up(run.follow_up)
            if call is not None:
                known = PlannedCall(0, Part(0, request, request), call[0], dict(call[1]), (), (), 1.0)
                return await self._run_calls(request, CallPlan((known,), ()), run)
        plan = self._plan(request, run, run.facts)
        complete = bool(plan.calls) and not plan.unmatched
        complete = complete and not any(call.missing or call.part.condition for call in plan.calls)
        if not complete and self._runtime is not None and not self._runtime.is_offline:
            names = [tool.name for tool in self.tools]
            return await run_role_agent(self._runtime, self.name, self.description, names, request, run)
        return await self._run_calls(request, plan, run)

    def _plan(self, request: str, run: RunContext, facts: Sequence[Fact]) -> CallPlan:
        """The calls for a request; a part that no tool's words fit goes to the fallback, if the role has one."""
        prepared = self._prepare(run)
        rules = run.hints.guideline
        plan = prepared.planner.plan(request, facts=facts, rules=rules) if facts else prepared.plan(request, rules)
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
            prepared = self._prepared = _Prepared(choices, CallPlanner(shapes))
        return prepared

    async def _run_calls(self, request: str, plan: CallPlan, run: RunContext) -> RoleResult:
        facts: list[Fact] = list(run.facts)
        texts: list[str] = []
        called: list[str] = []
        ok, done, stopped = bool(plan.calls), False, False
        rules = parse_rules(run.hints.guideline) if run.hints.guideline else _NO_RULES
        for index in range(len(plan.calls)):
            if plan.calls[index].waits_for:
                plan = self._plan(request, run, facts)
                if index >= len(plan.calls):
                    break
            call = plan.calls[index]
            reason = _stopped(call.part) if stopped else self._reason_against(call)
            if reason is not None:
                ok = False
                texts.append(reason)
                continue
            within = run.for_task(run.task, facts=tuple(facts))
            result, registered = await self._call(call, within, rules.retries(call.tool))
            called.append(call.tool)
            facts.extend(result.facts)
            ok = ok and result.ok
            done = done or result.ok
            stopped = result.ok and rules.stops_after(call.tool)
            if not registered:
                texts.append(result.text)
        if plan.unmatched or not plan.calls:
            ok = False
            texts.append(self._unmatched(request, plan))
        stated = tuple(facts[len(run.facts) :])
        return RoleResult(
            "\n".join(texts), ok=ok, partly=done and not ok, facts=stated, tools_called=tuple(called), iterations=1
        )

    def _reason_against(self, call: PlannedCall) -> str | None:
        """Why a call can't be made, or None."""
        if call.part.condition:
            return _conditional(call.part)
        return self._missing(call) if call.missing else None

    async def _call(self, call: PlannedCall, run: RunContext, retries: int) -> tuple[ToolResult, bool]:
        """Make a call, and again as often as a rule of the guideline has it while it fails."""
        name = f"{run.task or self.name}-{call.index + 1}"
        result, registered = await self._attempt(call, run, name)
        for attempt in range(2, retries + 2):
            if result.ok or registered:
                break
            result, registered = await self._attempt(call, run, f"{name}-{attempt}")
        return result, registered

    async def _attempt(self, call: PlannedCall, run: RunContext, call_id: str) -> tuple[ToolResult, bool]:
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


def _stopped(part: Part) -> str:
    return f"“{part.text}” was not done: the guideline says to stop before it."


def _conditional(part: Part) -> str:
    return f"Whether “{part.condition}” holds I can't tell without a language model, so “{part.action}” was not done."
