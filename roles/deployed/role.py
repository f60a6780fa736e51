"""A built agent as a role: its operations as tools, read from requests like those of any other role."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, JsonValue
from typing_extensions import override

from common.errors import AgentError
from common.health import HealthCheck, Probe
from common.language.calls import CallPlan, CallPlanner, PlannedCall
from common.language.parts import Part
from common.language.slots import compile_slots, fill_slots, scope_of
from common.run_context import RunContext
from common.tool import Fact, Tool, ToolContext, ToolHandler, ToolResult
from roles.deployed.answers import answer_text
from roles.deployed.arguments import MODE, arguments_class, has_mode, values_for
from roles.deployed.other_figure import other_figure
from roles.deployed.said_values import said_value
from roles.deployed.serving import Serving
from roles.domain_role import DomainRole, tool_shape

if TYPE_CHECKING:
    from roles.engineering.specification import Operation, Specification
    from roles.resources import RoleResources

__all__ = ["BuiltRole", "examples_of"]

_MARGIN = 20.0
"""Seconds beyond a call's own for the start of a process and for its queries."""
_MAX_EXAMPLES = 200
_OTHER_WAY = re.compile(
    r"\b(?:[a-z]+ (?:mode|case|scenario)|stress(?: test|ed)?|haircut|basis points)\b", re.IGNORECASE
)
_MAX_DESCRIPTION = 400
_LOOSE = 0.1
"""The least fit of an operation for what no example resembles."""


class BuiltRole(DomainRole):
    """The role of a built agent. Its tools only read: `<agent>.<operation>`; `serving` tells who answers their calls.

    A version that is on trial has the same operations: improvements leave the specification as it is.
    """

    def __init__(self, resources: RoleResources, specification: Specification, serving: Serving, probe: Probe) -> None:
        self.specification = specification
        self.version = serving.current.version
        self._serving = serving
        super().__init__(
            resources,
            name=specification.name,
            description=_short(specification.purpose),
            examples=examples_of(specification),
            tools=[self._tool(operation) for operation in specification.operations],
            health_checks=(HealthCheck(f"agent {specification.name}", probe),),
            fallback=self._read,
        )
        self._loose: CallPlanner | None = None

    def _read(self, said: str) -> tuple[str, Mapping[str, JsonValue]] | None:
        """A call for what was routed here though it resembles no example; None where an argument is missing.

        The words matter less than for other roles: an agent has few operations, and they only read.
        """
        if self._loose is None:
            self._loose = CallPlanner([tool_shape(tool, {}) for tool in self.tools], enough=_LOOSE)
        calls = self._loose.plan(said).calls
        if calls:
            return None if calls[0].missing else (calls[0].tool, calls[0].arguments)
        if len(self.tools) != 1:
            return None
        tool = self.tools[0]
        slots = compile_slots(tool.schema)
        values = fill_slots(slots, scope_of(Part(0, said, said), said)).values
        needed = all(slot.name in values for slot in slots if slot.required)
        return (tool.name, values) if needed else None

    @override
    def _plan(self, request: str, run: RunContext, facts: Sequence[Fact]) -> CallPlan:
        """The calls for a request; a text that is missing is looked for where the examples have theirs."""
        plan = super()._plan(request, run, facts)
        return CallPlan(tuple(self._completed(call) for call in plan.calls), plan.unmatched)

    def _completed(self, call: PlannedCall) -> PlannedCall:
        operation = next((one for one in self.specification.operations if call.tool.endswith(f".{one.name}")), None)
        if operation is None or len(call.missing) != 1:
            return call
        texts = {one.name for one in operation.inputs if one.type == "text" and not one.choices}
        if call.missing[0] not in texts:
            return call
        value = said_value(call.part.standalone, operation.examples or self.specification.examples)
        if value is None:
            return call
        return replace(call, arguments={**call.arguments, call.missing[0]: value}, missing=())

    def _tool(self, operation: Operation) -> Tool:
        said = operation.examples
        if not said and len(self.specification.operations) == 1:
            said = self.specification.examples
        return Tool(
            name=f"{self.specification.name}.{operation.name}",
            description=_one_line(operation.description),
            arguments=arguments_class(self.specification, operation),
            handler=self._handler(operation),
            utterances=tuple(said),
            timeout=self.specification.constraints.call_seconds + _MARGIN,
        )

    def _handler(self, operation: Operation) -> ToolHandler:
        async def handle(arguments: BaseModel, context: ToolContext) -> ToolResult:
            try:
                self._refuse_another(arguments)
                values = values_for(operation, arguments, context.context.now, self._mode(operation, arguments))
                side = await self._serving.choose(context)
                context.served.version = side.version
                result = await side.caller.call(operation.name, values, context.served)
                _check(operation, result)
            except AgentError as error:
                return ToolResult(text=_told(error), data={"error": error.case}, ok=False)
            text = answer_text(self.specification, operation, values, result) + self._unheeded(arguments)
            return ToolResult(text=text, data=cast("JsonValue", result))

        return handle

    def _refuse_another(self, arguments: BaseModel) -> None:
        """Raise `AgentError` where the words of the request name a figure that is not among the agent's own."""
        if other := other_figure(str(getattr(arguments, MODE, "")), self.specification):
            own = self.specification.title or self.specification.name
            raise AgentError("invalid_input", f"this is about the {other}, which “{own}” does not calculate")

    def _unheeded(self, arguments: BaseModel) -> str:
        """A line about words that ask for another way of calculating, where there is only one."""
        found = None if self.specification.modes else _OTHER_WAY.search(str(getattr(arguments, MODE, "")))
        return "" if found is None else f"\nIt is calculated in one way only: “{found[0]}” is not taken into account."

    def _mode(self, operation: Operation, arguments: BaseModel) -> str | None:
        """The words that the mode is read from; None where the operation has none, or nothing was said."""
        if not has_mode(self.specification, operation):
            return None
        return str(getattr(arguments, MODE, "") or "") or None


def examples_of(specification: Specification) -> tuple[str, ...]:
    """What people ask the agent: its own examples and those of its operations, each once; else its title."""
    said = [*specification.examples, *(text for one in specification.operations for text in one.examples)]
    said = [text for text in said if text.strip()] or [specification.title]
    return tuple(dict.fromkeys(text.strip() for text in said))[:_MAX_EXAMPLES]


def _check(operation: Operation, result: Mapping[str, JsonValue]) -> None:
    """Raise `AgentError` where the answer is not what the specification promises."""
    missing = [one.name for one in operation.outputs if one.name not in result]
    if missing:
        raise AgentError("internal", f"the agent's answer lacks {', '.join(missing)}", where=operation.name)


def _told(error: AgentError) -> str:
    """The error for the person who asked, without the places that only operators know."""
    text = error.what[:1].upper() + error.what[1:]
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    return f"{text} {error.todo}".strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _short(text: str) -> str:
    """What a description has room for, up to a whole word."""
    line = _one_line(text)
    return line if len(line) <= _MAX_DESCRIPTION else f"{line[:_MAX_DESCRIPTION].rpartition(' ')[0]} …"
