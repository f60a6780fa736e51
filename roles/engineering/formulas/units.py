"""Units of formulas, as far as those of their names tell: money over money is a ratio, money plus years a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from roles.engineering.formulas.tree import Binary, Call, Conditional, Expression, Name, Negative, Node, Number

__all__ = ["ToldUnit", "unit_of"]

_PLAIN = frozenset({"", "x", "fraction", "ratio", "count", "units", "percent", "%"})
_SAME = frozenset(
    {
        "min", "max", "abs", "round", "sum", "mean", "median", "minimum", "maximum", "first", "last", "percentile",
        "stdev", "population_stdev", "clamp", "coalesce", "floor", "ceil", "only",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToldUnit:
    """A unit, empty where it is not known, and what is wrong, empty where nothing is."""

    unit: str = ""
    problem: str = ""


def unit_of(expression: Expression, units: Mapping[str, str]) -> ToldUnit:
    """The unit of a formula by those of its names; names without one fit everything."""
    return _unit(expression.tree, units)


def _unit(node: Node, units: Mapping[str, str]) -> ToldUnit:
    match node:
        case Name(name=name):
            return ToldUnit(units.get(name, ""))
        case Negative(operand=operand):
            return _unit(operand, units)
        case Binary(operator=operator, left=left, right=right):
            return _binary(operator, _unit(left, units), _unit(right, units), left, right)
        case Conditional(then=then, otherwise=otherwise):
            return _sum("chooses between", _unit(then, units), _unit(otherwise, units))
        case Call(function=function, arguments=arguments) if function in _SAME and arguments:
            return _unit(arguments[0], units)
        case _:
            return ToldUnit()


def _binary(operator: str, left: ToldUnit, right: ToldUnit, first: Node, second: Node) -> ToldUnit:
    problem = left.problem or right.problem
    if operator in ("+", "-"):
        if isinstance(first, Number) or isinstance(second, Number):
            return ToldUnit(left.unit or right.unit, problem)
        return _sum("adds" if operator == "+" else "subtracts", left, right)
    if operator == "/" and left.unit and left.unit == right.unit:
        return ToldUnit("ratio", problem)
    if operator in ("*", "/") and right.unit in _PLAIN and left.unit not in _PLAIN:
        return ToldUnit(left.unit if right.unit or isinstance(second, Number) else "", problem)
    if operator == "*" and left.unit in _PLAIN and right.unit not in _PLAIN:
        return ToldUnit(right.unit if left.unit or isinstance(first, Number) else "", problem)
    return ToldUnit("", problem)


def _sum(verb: str, left: ToldUnit, right: ToldUnit) -> ToldUnit:
    problem = left.problem or right.problem
    if not problem and left.unit not in _PLAIN and right.unit not in _PLAIN and left.unit != right.unit:
        problem = f"it {verb} {left.unit} and {right.unit}."
    return ToldUnit(left.unit or right.unit, problem)
