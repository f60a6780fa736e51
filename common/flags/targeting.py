"""Checks the targeting of a flag before it holds: known operators, possible results, shares that add up.

flagd's evaluator reads targeting at each evaluation, so a slip in a rarely met branch would show itself only there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import cast

from pydantic import JsonValue

__all__ = ["TargetingProblem", "check_targeting", "resolve_references"]

_MAX_WEIGHTS = 2_147_483_647
_YES_NO = frozenset(
    {"==", "!=", "===", "!==", "<", ">", "<=", ">=", "!", "!!", "in", "all", "some", "none"}
    | {"starts_with", "ends_with", "sem_ver"}
)
_VALUES = frozenset(
    {"+", "*", "-", "/", "%", "min", "max", "cat", "var", "substr", "merge", "missing", "missing_some"}
    | {"filter", "reduce", "map"}
)
_CHOOSING = frozenset({"if", "?:", "and", "or", "fractional"})
_OPERATORS = _YES_NO | _VALUES | _CHOOSING
_REFERENCE = "$ref"
_MAX_PARTS = 50_000
_MAX_DEPTH = 100

_ANY = object()
"""A result that is known at the evaluation only."""


class TargetingProblem(ValueError):
    """What is wrong with a targeting, and where in it."""

    def __init__(self, what: str, place: str) -> None:
        super().__init__(what)
        self.place = place


def resolve_references(rule: JsonValue, evaluators: Mapping[str, JsonValue], place: str) -> JsonValue:
    """The rule with each ``{"$ref": name}`` replaced by the evaluator of that name. Raises `TargetingProblem`."""
    return _Resolver(evaluators).resolved(rule, place, (), 0)


class _Resolver:
    """Replaces references within bounds, for evaluators that name others twice each would grow without end."""

    def __init__(self, evaluators: Mapping[str, JsonValue]) -> None:
        self._evaluators = evaluators
        self._parts = 0

    def resolved(self, rule: JsonValue, place: str, within: tuple[str, ...], depth: int) -> JsonValue:
        self._parts += 1
        if self._parts > _MAX_PARTS or depth > _MAX_DEPTH:
            raise TargetingProblem("grows too large with all its evaluators in place", place)
        if isinstance(rule, list):
            return [self.resolved(item, f"{place}[{index}]", within, depth + 1) for index, item in enumerate(rule)]
        if not isinstance(rule, dict):
            return rule
        if set(rule) != {_REFERENCE}:
            return {key: self.resolved(value, f"{place}.{key}", within, depth + 1) for key, value in rule.items()}
        name = rule[_REFERENCE]
        if not isinstance(name, str) or name not in self._evaluators:
            raise TargetingProblem(f"there is no evaluator {name!r} under $evaluators", place)
        if name in within:
            raise TargetingProblem(f"the evaluators {' → '.join((*within, name))} lead in a circle", place)
        return self.resolved(self._evaluators[name], place, (*within, name), depth + 1)


def check_targeting(rule: JsonValue, variants: Mapping[str, JsonValue], place: str) -> None:
    """Raise `TargetingProblem` for a targeting that can't be meant."""
    if not isinstance(rule, dict):
        raise TargetingProblem("targeting must be an object", place)
    _check_operators(rule, place)
    for result, where in _results(rule, place):
        if result is _ANY or result is None:
            continue
        name = str(result).lower() if isinstance(result, bool) else str(result)
        if name not in variants:
            raise TargetingProblem(f"leads to {name!r}, which is none of the variants {_listed(variants)}", where)


def _check_operators(rule: JsonValue, place: str) -> None:
    if isinstance(rule, list):
        for index, item in enumerate(rule):
            _check_operators(item, f"{place}[{index}]")
    if not isinstance(rule, dict) or not rule:
        return
    if len(rule) > 1:
        raise TargetingProblem(f"an object with {len(rule)} keys, where one operator is expected", place)
    operator, arguments = next(iter(rule.items()))
    if operator == "log":
        raise TargetingProblem("the operator 'log' would write to the standard output of the application", place)
    if operator not in _OPERATORS:
        near = get_close_matches(operator, _OPERATORS, n=1)
        raise TargetingProblem(f"unknown operator {operator!r}{f'; did you mean {near[0]!r}?' if near else ''}", place)
    _check_operators(arguments, f"{place}.{operator}")
    if operator == "fractional":
        _check_shares(arguments, f"{place}.fractional")


def _check_shares(arguments: JsonValue, place: str) -> None:
    shares = _shares(arguments)
    if not shares:
        raise TargetingProblem("no shares: at least one [variant, weight] is needed", place)
    total = 0
    for index, share in shares:
        where = f"{place}[{index}]"
        if not isinstance(share, list) or not 1 <= len(share) <= 2:
            raise TargetingProblem("a share is a list of a variant and a weight", where)
        weight = share[1] if len(share) == 2 else 1
        if isinstance(weight, dict):
            return  # computed at the evaluation
        if isinstance(weight, bool) or not isinstance(weight, int) or weight < 0:
            raise TargetingProblem(f"the weight {weight!r} is no whole number from 0 on", where)
        total += weight
    if not 0 < total <= _MAX_WEIGHTS:
        raise TargetingProblem(f"the weights add up to {total}, not to 1 to {_MAX_WEIGHTS}", place)


def _shares(arguments: JsonValue) -> list[tuple[int, JsonValue]]:
    """The shares with their places; what stands before them says by what is divided."""
    items = arguments if isinstance(arguments, list) else [arguments]
    numbered = list(enumerate(items))
    return numbered if items and isinstance(items[0], list) else numbered[1:]


def _results(rule: JsonValue, place: str) -> Iterator[tuple[object, str]]:
    """Every result that the rule can have; `_ANY` where only an evaluation tells."""
    if not isinstance(rule, dict) or not rule:
        yield (rule if isinstance(rule, (str, bool, int, float)) or rule is None else _ANY), place
        return
    operator, given = next(iter(rule.items()))
    arguments: Sequence[JsonValue] = given if isinstance(given, list) else [given]
    where = f"{place}.{operator}"
    if operator in ("if", "?:"):
        last = len(arguments) - 1
        for index, argument in enumerate(arguments):
            if index % 2 or index == last:
                yield from _results(argument, f"{where}[{index}]")
    elif operator in ("and", "or"):
        yield from _either(operator, arguments, where)
    elif operator == "fractional":
        for index, share in _shares(given):
            yield from _results(cast("list[JsonValue]", share)[0], f"{where}[{index}][0]")
    elif operator in _YES_NO:
        yield from ((True, where), (False, where))
    else:
        yield _ANY, where


def _either(operator: str, arguments: Sequence[JsonValue], where: str) -> Iterator[tuple[object, str]]:
    """Of `and` every operand but the last comes out where it is false, of `or` where it is true."""
    for index, argument in enumerate(arguments):
        for result, place in _results(argument, f"{where}[{index}]"):
            comes_out = index == len(arguments) - 1 or result is _ANY or bool(result) is (operator == "or")
            if comes_out:
                yield result, place


def _listed(variants: Mapping[str, JsonValue]) -> str:
    return ", ".join(variants)
