"""Computes formulas by walking their trees: the evaluation that generated code is checked against.

It shares no arithmetic with `roles.engineering.formulas.arithmetic`, from which generated code is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import NoneType

from roles.engineering.formulas.condense import condense, condense_pairs
from roles.engineering.formulas.money import MONEY
from roles.engineering.formulas.tree import (
    Binary,
    Call,
    Compare,
    Conditional,
    Expression,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Text,
    walk,
)  # fmt: skip
from roles.engineering.formulas.undefined import Undefined

__all__ = ["Scalar", "Undefined", "Value", "evaluate", "evaluate_rows"]

Scalar = float | int | bool | str | None
Value = Scalar | Sequence[Scalar]
_SCALARS = (float, int, str, NoneType)


class _Null(Exception):
    """A value that is needed is NULL."""


def evaluate(expression: Expression, values: Mapping[str, Value]) -> float | bool | None:
    """The value of a formula; None where a value that it needs is NULL, or a series has no values.

    `values` are single ones, and lists for series. Raises `Undefined` for a division by zero and the like, `KeyError`
    for a name without a value.
    """
    needed = set(expression.scalar_names) - set(expression.optional_names)
    if any(values[name] is None for name in needed):
        return None
    try:
        found = _Walker(values).value(expression.tree)
    except _Null:
        return None
    except OverflowError:
        raise Undefined("the number is too large") from None
    if isinstance(found, bool):
        return found
    return _finite(_number(found))


def evaluate_rows(expression: Expression, values: Mapping[str, Value]) -> list[float | bool | None]:
    """The value of a formula for each row: names with lists go along the rows, the others stay.

    A row has None where a value is NULL or where its value is undefined.
    """
    lists = {name: values[name] for name in expression.names if isinstance(values[name], list | tuple)}
    rows: list[float | bool | None] = []
    for row in zip(*lists.values(), strict=True):  # type: ignore[arg-type]
        try:
            rows.append(evaluate(expression, {**values, **dict(zip(lists, row, strict=True))}))
        except Undefined:
            rows.append(None)
    return rows


class _Walker:
    """Evaluates nodes with one set of values."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values

    def value(self, node: Node) -> Scalar:
        match node:
            case Number(value=value) | Text(value=value):
                return value
            case Name(name=name):
                return self.named(name)
            case Negative(operand=operand):
                return -_number(self.value(operand))
            case Binary(operator=operator, left=left, right=right):
                return _ARITHMETIC[operator](_number(self.value(left)), _number(self.value(right)))
            case Compare(operands=operands, operators=operators):
                return self.compared(operands, operators)
            case Logic(operator="and", operands=operands):
                return all(_truth(self.value(one)) for one in operands)
            case Logic(operands=operands):
                return any(_truth(self.value(one)) for one in operands)
            case Not(operand=operand):
                return not _truth(self.value(operand))
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.value(then if _truth(self.value(condition)) else otherwise)
            case Call(function=function, arguments=arguments):
                return self.called(function, arguments)

    def named(self, name: str) -> Scalar:
        value = self.values[name]
        if isinstance(value, _SCALARS):
            return value
        raise TypeError(f"{name} is a series where one value is wanted")

    def compared(self, operands: tuple[Node, ...], operators: tuple[str, ...]) -> bool:
        left = self.value(operands[0])
        for operator, node in zip(operators, operands[1:], strict=True):
            right = self.value(node)
            if not _COMPARED[operator](left, right):
                return False
            left = right
        return True

    def called(self, function: str, arguments: tuple[Node, ...]) -> Scalar:
        if function == "coalesce":
            return next((one for one in map(self.value, arguments) if one is not None), None)
        if function == "is_null":
            return self.value(arguments[0]) is None
        if function in _PAIRS:
            columns = [self.column(one) for one in arguments]
            return condense_pairs(function, [
                (_number(one), _number(other)) for one, other in zip(*columns, strict=True)
                if one is not None and other is not None
            ])  # fmt: skip
        if function in ("npv", "percentile"):
            series, parameter = arguments if function == "percentile" else reversed(arguments)
            if not (numbers := self.numbers(series)):
                raise _Null
            return condense(function, numbers, _number(self.value(parameter)))
        if function in ("count", "distinct"):
            rows = self.rows(arguments[0])
            return float(len(rows) if function == "count" else len(set(rows)))
        if function in ("count_true", "share"):
            rows = [_truth(one) for one in self.rows(arguments[0])]
            if function == "share" and not rows:
                raise _Null
            return float(sum(rows)) if function == "count_true" else sum(rows) / len(rows)
        if function in _CONDENSED:
            numbers = self.numbers(arguments[0])
            if not numbers and function != "sum":
                raise _Null
            return condense(function, numbers)
        if function in ("days_between", "days_since"):
            days = [*(_date(self.value(one)) for one in arguments), date.today()]
            return float((days[1] - days[0]).days)
        numbers = [_number(self.value(one)) for one in arguments]
        return MONEY[function](*numbers) if function in MONEY else _SINGLE[function](*numbers)

    def column(self, node: Node) -> Sequence[Scalar]:
        value = self.values[node.name] if isinstance(node, Name) else None
        if isinstance(value, _SCALARS):
            raise TypeError("a series is wanted where one value is given")
        return value

    def numbers(self, node: Node) -> list[float]:
        return [_number(one) for one in self.rows(node)]

    def rows(self, node: Node) -> list[Scalar]:
        """The values of a series' rows; rows with a NULL in them are left out."""
        condition = None
        if isinstance(node, Call) and node.function == "only":
            node, condition = node.arguments
        names = {
            one.name for tree in (node, condition) if tree is not None
            for one in walk(tree) if isinstance(one, Name) and not isinstance(self.values[one.name], _SCALARS)
        }  # fmt: skip
        lists = [self.column(Name(name, True)) for name in names]
        found: list[Scalar] = []
        for row in zip(*lists, strict=True):
            if any(one is None for one in row):
                continue
            walker = _Walker({**self.values, **dict(zip(names, row, strict=True))})
            if condition is None or _truth(walker.value(condition)):
                found.append(walker.value(node))
        return found


def _number(value: Scalar) -> float:
    if value is None:
        raise _Null
    if isinstance(value, str):
        raise Undefined(f"{value!r} is a text, not a number")
    return float(value)


def _truth(value: Scalar) -> bool:
    if value is None:
        raise _Null
    return bool(value)


def _date(value: Scalar) -> date:
    if value is None:
        raise _Null
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Undefined(f"{value!r} is no date") from None


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Undefined("the number is too large")
    return value


def _divided(left: float, right: float) -> float:
    if right == 0:
        raise Undefined("it divides by zero")
    return left / right


def _remainder(left: float, right: float) -> float:
    if right == 0:
        raise Undefined("it divides by zero")
    rest = math.fmod(left, right)
    return rest + right if rest and (rest < 0) != (right < 0) else rest


def _raised(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        raise Undefined("it divides by zero")
    try:
        return math.pow(base, exponent)
    except ValueError:
        raise Undefined("a root of a negative number") from None


def _logarithm(value: float, base: float = math.e) -> float:
    if value <= 0 or base <= 0 or base == 1:
        raise Undefined("the logarithm of a number that is not above zero")
    return math.log(value) / math.log(base) if base != math.e else math.log(value)


def _root(value: float) -> float:
    if value < 0:
        raise Undefined("a root of a negative number")
    return math.sqrt(value)


def _rounded(value: float, digits: float = 0.0) -> float:
    return float(round(value, max(-15, min(15, int(digits)))))


def _sign(value: float) -> float:
    return 0.0 if value == 0 else math.copysign(1.0, value)


def _clamped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[Scalar, Scalar], bool]:
    def compared(left: Scalar, right: Scalar) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return compare((left > right) - (left < right), 0)
        return compare(_number(left), _number(right))

    return compared


def _equal(left: Scalar, right: Scalar) -> bool:
    if left is None or right is None:
        raise _Null
    if isinstance(left, str) != isinstance(right, str):
        raise Undefined("it compares a text with a number")
    return left == right


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": _remainder,
    "**": _raised,
}
_COMPARED: Mapping[str, Callable[[Scalar, Scalar], bool]] = {
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
}
_SINGLE: Mapping[str, Callable[..., float]] = {
    "abs": math.fabs,
    "min": lambda *numbers: sorted(numbers)[0],
    "max": lambda *numbers: sorted(numbers)[-1],
    "round": _rounded,
    "sqrt": _root,
    "log": _logarithm,
    "exp": math.exp,
    "floor": math.floor,
    "ceil": math.ceil,
    "sign": _sign,
    "clamp": _clamped,
}
_PAIRS = frozenset({"correlation", "covariance", "regression_slope", "weighted_mean"})
_CONDENSED = frozenset(
    {
        "sum", "mean", "median", "minimum", "maximum", "stdev", "variance", "population_stdev", "first", "last",
        "growth", "volatility", "max_drawdown", "slope", "irr",
    }
)  # fmt: skip
