"""What an operation has to answer: computed from the specification alone, by the evaluation of formulas.

It shares nothing with the code that is written, so that tests and checks compare two computations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue

from roles.engineering.formulas import Scalar, Undefined, Value, evaluate, evaluate_rows
from roles.engineering.formulas.scope import is_series, read_formulas, read_rules
from roles.engineering.specification import Adjustment, Operation, Specification

__all__ = ["TOLD", "Expected", "expected_answer"]

TOLD = frozenset({"analysis", "suggestions", "report", "adjustments"})
"""Outputs in words: that they are there is checked, not what they say."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The outputs of an answer, or the code of the error that there must be instead."""

    outputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    error: str = ""


def expected_answer(
    spec: Specification,
    operation: Operation,
    arguments: Mapping[str, JsonValue],
    rows: Sequence[Mapping[str, JsonValue]] = (),
    *,
    mode: str = "",
    adjustments: Sequence[Adjustment] = (),
) -> Expected:
    """What the operation answers to valid arguments when its query gives these rows.

    `mode` is the name of the mode; `adjustments` are those of the custom one.
    """
    query = spec.query(operation.query) if operation.query is not None else None
    if query is not None and query.one and not rows:
        return Expected(error="not_found")
    if query is not None and query.one and not query.order_by and len(rows) > 1:
        return Expected(error="unsupported")
    values: dict[str, Value] = {one.name: cast(Scalar, one.default) for one in operation.inputs}
    values |= cast("Mapping[str, Scalar]", arguments)
    if query is not None:
        for column in query.columns:
            series = [cast(Scalar, row.get(column.name)) for row in rows]
            values[column.name] = series if is_series(query) else series[0]
    changes: Sequence[Adjustment] = ()
    if spec.takes_mode(operation):
        found = next(one for one in spec.modes if one.name == (mode or spec.modes[0].name))
        changes = adjustments if found.custom else found.adjustments
    values = {name: _adjusted(name, value, changes) for name, value in values.items()}
    try:
        failed = _calculated(spec, operation, values, changes)
    except Undefined:
        return Expected(error="undefined")
    except _Missing:
        return Expected(error="missing_value")
    special: dict[str, Value] = {
        "mode": mode or (spec.modes[0].name if spec.modes else ""),
        "validation_status": "FAIL" if failed else "PASS",
        "failed_rules": failed,
        "row_count": len(rows),
    }
    outputs = {
        one.name: values.get(one.name, special.get(one.name))
        for one in operation.outputs
        if one.name in values or one.name not in TOLD
    }
    return Expected(cast("Mapping[str, JsonValue]", outputs))


class _Missing(Exception):
    """A value that is needed is NULL."""


def _calculated(
    spec: Specification, operation: Operation, values: dict[str, Value], changes: Sequence[Adjustment]
) -> list[str]:
    """Add the formulas' values; returns what the rules that do not hold say."""
    for read in read_formulas(spec, operation):
        name = read.formula.name
        if read.per_row:
            values[name] = cast("list[Scalar]", evaluate_rows(read.expression, values))
        elif (value := evaluate(read.expression, values)) is None:
            raise _Missing(name)
        else:
            values[name] = value
        values[name] = _adjusted(name, values[name], changes)
    failed: list[str] = []
    for rule, expression in read_rules(spec, operation):
        if any(isinstance(values[name], list | tuple) for name in expression.scalar_names):
            held = all(one is None or one for one in evaluate_rows(expression, values))
        elif (truth := evaluate(expression, values)) is None:
            raise _Missing(rule.name)
        else:
            held = bool(truth)
        if not held:
            failed.append(rule.description or rule.expression)
    return failed


def _adjusted(name: str, value: Value, changes: Sequence[Adjustment]) -> Value:
    if isinstance(value, list | tuple):
        return [cast(Scalar, _adjusted(name, one, changes)) for one in value]
    for one in changes:
        if one.target == name and isinstance(value, int | float) and not isinstance(value, bool):
            if one.operation == "multiply":
                value = value * one.amount
            else:
                value = value + one.amount if one.operation == "add" else one.amount
    return value
