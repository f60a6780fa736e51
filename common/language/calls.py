"""Plans the tool calls that a request needs: one for each of its parts, with the arguments that the part says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from common.language.choices import Choices
from common.language.fitting import Fit, ToolFit, ToolShape, choice_marks, content_of
from common.language.parts import Part, split
from common.language.relevance import Ranker
from common.language.rules import Rules, parse_rules, rule_name
from common.language.slots import Scope, scope_of
from common.settings import LanguageSettings
from common.tool import Fact

__all__ = ["CallPlan", "CallPlanner", "PlannedCall", "ToolShape", "plan_calls"]

ENOUGH = 0.27
"""The least fit of a tool for a part; below it the part has no tool."""
_CONSIDERED = 6
_LEAST = 0.12
_MAX_CALLS = 40
_MAX_SAME = 12


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call. `missing` are required arguments that nothing was said for; `waits_for` are the indices of calls that
    must end before it (its time may count from what they find); `confidence` is 0 to 1."""

    index: int
    part: Part
    tool: str
    arguments: dict[str, Any]
    missing: tuple[str, ...]
    waits_for: tuple[int, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The calls in the order they are to be made, and the parts for which no tool fits."""

    calls: tuple[PlannedCall, ...]
    unmatched: tuple[Part, ...]


class CallPlanner:
    """Plans calls over a fixed set of tools; build it once for the set, use it for any number of requests.

    `enough` is the least fit of a tool for a part; a caller who knows that the request concerns these tools may set it
    lower.
    """

    def __init__(self, tools: Sequence[ToolShape], *, enough: float = ENOUGH) -> None:
        self._enough = enough
        self._fits = {tool.name: ToolFit(tool) for tool in tools}
        self._marks = choice_marks([fit.slots for fit in self._fits.values()])
        self._ranker = Ranker({name: fit.candidate for name, fit in self._fits.items()}, self._marks)

    def plan(
        self,
        request: str,
        *,
        facts: Sequence[Fact] = (),
        rules: Sequence[str] = (),
        now: datetime | None = None,
        language: LanguageSettings | None = None,
    ) -> CallPlan:
        """The calls that the request needs.

        `facts` are what earlier calls found; a time that counts from one of them becomes "an hour before <ISO>".
        `rules` are guideline lines, see `common.language.rules`. `now` is needed only for tools that take dates in
        the formats of JSON Schema (`date`, `time`, `date-time`).
        """
        guide = parse_rules(rules) if rules else Rules()
        calls: list[PlannedCall] = []
        unmatched: list[Part] = []
        by_part: dict[int, list[int]] = {}
        for part in split(request):
            scope = scope_of(part, request, now=now, facts=facts, language=language)
            match = self._match(scope, guide)
            if match is None:
                unmatched.append(part)
                continue
            before = (*part.depends_on, *part.after)
            waits = tuple(sorted(call for index in before for call in by_part.get(index, ())))
            for arguments in self._spread(match, scope):
                if len(calls) >= _MAX_CALLS:
                    break
                if arguments and calls and calls[-1].tool == match.tool and calls[-1].arguments == arguments:
                    continue
                by_part.setdefault(part.index, []).append(len(calls))
                missing = tuple(
                    slot.name for slot in self._fits[match.tool].slots if slot.required and slot.name not in arguments
                )
                confidence = round(min(1.0, match.score), 4)
                calls.append(PlannedCall(len(calls), part, match.tool, arguments, missing, waits, confidence))
        return CallPlan(tuple(_ordered(calls, guide)), tuple(unmatched))

    def _match(self, scope: Scope, rules: Rules) -> Fit | None:
        """The tool that fits the part best, its slots filled; None where none fits well enough."""
        marked = scope.marked
        ranked = self._ranker.rank_tokens(marked.tokens, marked.spans, _CONSIDERED)
        content = content_of(marked)
        fits = [self._fits[name].weigh(score, scope, content) for name, score in ranked if score >= _LEAST]
        fitting = sorted((fit for fit in fits if fit.score >= self._enough), key=lambda fit: -fit.score)
        return _guided(fitting, rules) if fitting else None

    def _spread(self, match: Fit, scope: Scope) -> list[dict[str, Any]]:
        """The arguments; of "all the lights" once for each value that is meant."""
        values = match.filled.values
        for slot in self._fits[match.tool].slots:
            if slot.kind != "choice" or slot.choices is None or not slot.required:
                continue
            every = slot.choices.everything(scope.marked)
            chosen = values.get(slot.name)
            if len(every) > 1 and (chosen is None or not _names_group(chosen, slot.choices, scope)):
                return [{**values, slot.name: value} for value in every[:_MAX_SAME]]
        return [values]


def _names_group(chosen: Any, choices: Choices, scope: Scope) -> bool:
    """Whether the value that was read is one that stands for all of them ("all lights")."""
    low = scope.marked.low
    said = next((choice for choice in choices.said(scope.marked) if choice.value == chosen), None)
    return said is not None and any(word in ("all", "every", "both") for word in low[said.first : said.last])


def _guided(fitting: Sequence[Fit], rules: Rules) -> Fit:
    """The best match that the rules leave."""
    if rules.empty:
        return fitting[0]
    tool = rules.choose([match.tool for match in fitting])
    return next(match for match in fitting if match.tool == tool)


def _ordered(calls: list[PlannedCall], rules: Rules) -> list[PlannedCall]:
    """The calls with those first that rules or waiting put first; indices follow the order."""
    if not rules.order:
        return calls
    waits: dict[int, set[int]] = {call.index: set(call.waits_for) for call in calls}
    for first, second in rules.order:
        for before in calls:
            for after in calls:
                fits = rule_name(before.tool) == first and rule_name(after.tool) == second and before is not after
                if fits and not _reaches(waits, before.index, after.index):
                    waits[after.index].add(before.index)
    order: list[int] = []
    left = [call.index for call in calls]
    while left:
        ready = next((index for index in left if waits[index] <= set(order)), left[0])
        order.append(ready)
        left.remove(ready)
    place = {index: n for n, index in enumerate(order)}
    return [
        replace(calls[index], index=n, waits_for=tuple(sorted(place[before] for before in waits[index])))
        for n, index in enumerate(order)
    ]


def _reaches(waits: Mapping[int, set[int]], start: int, goal: int) -> bool:
    """Whether `start` waits, directly or not, for `goal`."""
    seen: set[int] = set()
    stack = [start]
    while stack:
        index = stack.pop()
        if index == goal:
            return True
        if index not in seen:
            seen.add(index)
            stack.extend(waits.get(index, ()))
    return False


def plan_calls(
    request: str,
    tools: Sequence[ToolShape],
    *,
    facts: Sequence[Fact] = (),
    rules: Sequence[str] = (),
    now: datetime | None = None,
    language: LanguageSettings | None = None,
) -> CallPlan:
    """`CallPlanner.plan` for a set of tools that is used once; see there."""
    return CallPlanner(tools).plan(request, facts=facts, rules=rules, now=now, language=language)
