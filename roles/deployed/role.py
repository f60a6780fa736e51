"""A built agent as a role: its operations as tools, read from requests like those of any other role."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, JsonValue
from typing_extensions import override

from common.errors import AgentError
from common.health import HealthCheck, Probe
from common.language.calls import CallPlan, CallPlanner, PlannedCall
from common.language.parts import Part
from common.language.slots import compile_slots, fill_slots, scope_of
from common.results import RoleResult
from common.run_context import RunContext
from common.tool import Fact, Tool, ToolContext, ToolHandler, ToolResult
from roles.deployed.answers import answer_text, same_figure
from roles.deployed.arguments import MODE, arguments_class, has_mode, values_for
from roles.deployed.other_figure import other_figure
from roles.deployed.rivals import OTHER_WAY, Fit, figures_asked, first_of, fit_of
from roles.deployed.said_numbers import SaidNumbers
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
_MAX_DESCRIPTION = 400
_MOST_RIVALS = 3
"""Agents that answer one request, where nothing tells them apart."""
_LOOSE = 0.1
"""The least fit of an operation for what no example resembles."""


class BuiltRole(DomainRole):
    """The role of a built agent. Its tools only read: `<agent>.<operation>`; `serving` tells who answers their calls.

    A version that is on trial has the same operations: improvements leave the specification as it is. `peers` are the
    built agents that serve besides: where one of them calculates the figure that is asked for, too, the one that fits
    the request better answers, and the answer says which it was.
    """

    def __init__(
        self,
        resources: RoleResources,
        specification: Specification,
        serving: Serving,
        probe: Probe,
        peers: Callable[[], Sequence[BuiltRole]] = tuple,
    ) -> None:
        self.specification = specification
        self.version = serving.current.version
        self._serving = serving
        self._peers = peers
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
        self._numbers = {
            tool.name: SaidNumbers(specification, one, tool.schema)
            for tool, one in zip(self.tools, specification.operations, strict=True)
        }

    @override
    async def execute(self, request: str, run: RunContext) -> RoleResult:
        """Answer one request, or have the agent answer it that fits better; see `common.role.Role`."""
        peers = [one for one in self._peers() if one.name != self.name]
        asked = figures_asked(request, [one.specification for one in (self, *peers)]) if peers else frozenset[str]()
        able = [one for one in peers if one.calculates(asked)]
        if not able:
            return await super().execute(request, run)
        candidates = [self, *able]
        best = [candidates[at] for at in first_of([one.fit(request, asked, run) for one in candidates])]
        answers = [await one.execute_alone(request, run) for one in best[:_MOST_RIVALS]]
        others = [one for one in candidates if one not in best and one.calculates(asked)]
        return _of_several(best, answers, others)

    async def execute_alone(self, request: str, run: RunContext) -> RoleResult:
        """Answer one request, whoever else could."""
        return await super().execute(request, run)

    def calculates(self, figures: frozenset[str]) -> bool:
        """Whether one of these figures is among its own."""
        return any(not figures.isdisjoint(one.formulas) for one in self.specification.operations)

    def fit(self, request: str, asked: frozenset[str], run: RunContext) -> Fit:
        """How well it fits a request for these figures."""
        plan = self._plan(request, run, run.facts)
        told = [self._numbers[call.tool].read(request) for call in plan.calls]
        given, beside = any(one.values for one in told), any(one.beside for one in told)
        return fit_of(request, self.specification, asked, plan, given=given, beside=beside)

    def _read(self, said: str) -> tuple[str, Mapping[str, JsonValue]] | None:
        """A call for what was routed here though it resembles no example; None where an argument is missing.

        The words matter less than for other roles: an agent has few operations, and they only read.
        """
        if self._loose is None:
            self._loose = CallPlanner([tool_shape(tool, {}) for tool in self.tools], enough=_LOOSE)
        calls = self._loose.plan(said).calls
        if calls:
            call = self._completed(calls[0])
            return None if call.missing else (call.tool, call.arguments)
        if len(self.tools) != 1:
            return None
        tool = self.tools[0]
        slots = compile_slots(tool.schema)
        filled = fill_slots(slots, scope_of(Part(0, said, said), said)).values
        values, missing = self._numbers[tool.name].completed(said, filled)
        return None if missing else (tool.name, values)

    @override
    def _plan(self, request: str, run: RunContext, facts: Sequence[Fact]) -> CallPlan:
        """The calls for a request, with the values that it names; a text that is missing is looked for where the
        examples have theirs."""
        plan = super()._plan(request, run, facts)
        calls = [self._completed(call) for call in plan.calls]
        left: list[Part] = []
        for part in plan.unmatched:
            call = self._lacking(part, len(calls))
            if call is None:
                left.append(part)
            else:
                calls.append(call)
        return CallPlan(tuple(calls), tuple(left))

    def _lacking(self, part: Part, index: int) -> PlannedCall | None:
        """The call of the only operation for a part that gives values it reads, so that what it lacks is asked for."""
        if len(self.tools) != 1:
            return None
        (tool,) = self.tools
        told = self._numbers[tool.name].read(part.standalone)
        if not told.values and not told.beside:
            return None
        values, missing = self._numbers[tool.name].completed(part.standalone, {})
        return PlannedCall(index, part, tool.name, values, missing, (), 0.0)

    def _completed(self, call: PlannedCall) -> PlannedCall:
        operation = next((one for one in self.specification.operations if call.tool.endswith(f".{one.name}")), None)
        if operation is None:
            return call
        arguments, missing = self._numbers[call.tool].completed(call.part.standalone, call.arguments)
        call = replace(call, arguments=arguments, missing=missing)
        if len(call.missing) != 1:
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
            text = answer_text(self.specification, operation, values, result)
            text += self._unheeded(arguments) + self._read_elsewhere(operation, arguments, result)
            return ToolResult(text=text, data=cast("JsonValue", result))

        return handle

    def _refuse_another(self, arguments: BaseModel) -> None:
        """Raise `AgentError` where the words of the request name a figure that is not among the agent's own."""
        if other := other_figure(str(getattr(arguments, MODE, "")), self.specification):
            own = self.specification.title or self.specification.name
            raise AgentError("invalid_input", f"this is about the {other}, which “{own}” does not calculate")

    def _unheeded(self, arguments: BaseModel) -> str:
        """A line about words that ask for another way of calculating, where there is only one."""
        found = None if self.specification.modes else OTHER_WAY.search(str(getattr(arguments, MODE, "")))
        return "" if found is None else f"\nIt is calculated in one way only: “{found[0]}” is not taken into account."

    def _read_elsewhere(self, operation: Operation, arguments: BaseModel, result: Mapping[str, JsonValue]) -> str:
        """A line about values that were said, and that the operation has from the database all the same."""
        told = self._numbers[f"{self.specification.name}.{operation.name}"].read(str(getattr(arguments, MODE, "")))
        if not told.beside or result.get(MODE) in {one.name for one in self.specification.modes if one.custom}:
            return ""
        said = " and ".join(f"“{one}”" for one in told.beside)
        return f"\nIt is calculated from what the database has: {said} is not taken into account."

    def _mode(self, operation: Operation, arguments: BaseModel) -> str | None:
        """The words that the mode is read from; None where the operation has none, or nothing was said."""
        if not has_mode(self.specification, operation):
            return None
        return str(getattr(arguments, MODE, "") or "") or None


def _of_several(best: Sequence[BuiltRole], answers: Sequence[RoleResult], others: Sequence[BuiltRole]) -> RoleResult:
    """The answer of the agents that fit best, saying which it is of; where they differ, which is meant is asked.

    Of some that answer and some that refuse, those count that answer.
    """
    given = [at for at, one in enumerate(answers) if one.ok]
    if 0 < len(given) < len(answers):
        return _of_several([best[at] for at in given], [answers[at] for at in given], others)
    first = answers[0]
    names = " and ".join(one.name for one in best[: len(answers)])
    if len(answers) == 1:
        also = f" {' and '.join(one.name for one in others)} could, too." if others and first.ok else ""
        return replace(first, text=f"{first.text}\n{names} answered.{also}")
    if all(one.ok == first.ok and same_figure(one.text, first.text) for one in answers):
        return replace(first, text=f"{first.text}\n{names} say the same.")
    lines = [f"- {role.name}: {answer.text}" for role, answer in zip(best, answers, strict=False)]
    text = "\n".join([
        "Several agents calculate that, and they say different things. Which one is meant?", *lines,
        f"Name it in the request, as in “by {best[0].name}”.",
    ])  # fmt: skip
    called = tuple(name for one in answers for name in one.tools_called)
    return replace(first, text=text, ok=False, partly=any(one.ok for one in answers), tools_called=called)


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
